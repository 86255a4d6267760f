# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT

"""A TLS context whose wrap_socket gives a double's socket TLS's manners, and no cryptography.

A pool whose dialect is a TLS one needs none of this; this is for code that wraps by itself.
"""

from collections import namedtuple

from .client_end import KINDS
from .dialects import (
    CPYTHON_TCP,
    CPYTHON_TLS,
    ESPRESSIF,
    ESPRESSIF_TLS,
    NATIVE_TLS,
    RP2,
    RP2_TLS,
    WIZNET,
    WIZNET_TLS,
    StackError,
)

_TLS_OF = {
    CPYTHON_TCP.name: CPYTHON_TLS,
    ESPRESSIF.name: ESPRESSIF_TLS,
    RP2.name: RP2_TLS,
    WIZNET.name: WIZNET_TLS,
}

Shown = namedtuple("Shown", "certificates key")
Shown.__doc__ = """What a client would show: the text of its certificates, and of its key."""

# What mbedTLS says on a board, as an OSError of its own number and words.
REFUSALS = {
    "unknown issuer": (
        -9984,
        "MBEDTLS_ERR_X509_CERT_VERIFY_FAILED; The certificate is not correctly signed by the "
        "trusted CA",
    ),
    "wrong name": (
        -9984,
        "MBEDTLS_ERR_X509_CERT_VERIFY_FAILED; The certificate Common Name (CN) does not match "
        "with the expected CN",
    ),
    "expired": (
        -9984,
        "MBEDTLS_ERR_X509_CERT_VERIFY_FAILED; The certificate validity has expired",
    ),
    "not yet valid": (
        -9984,
        "MBEDTLS_ERR_X509_CERT_VERIFY_FAILED; The certificate validity starts in the future",
    ),
    "no words": (-9984, "MBEDTLS_ERR_X509_CERT_VERIFY_FAILED"),
    "alert": (-30592, "MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE"),
    "no TLS": (-29184, "MBEDTLS_ERR_SSL_INVALID_RECORD"),
    "hung up": (-29312, "MBEDTLS_ERR_SSL_CONN_EOF"),
}


def refusal(what):
    """The error that a board's handshake ends with."""
    return StackError(*REFUSALS[what])


class Context:
    """The part of an SSLContext that a client uses.

    ``pool.fail`` makes the verbs ``wrap_socket``, ``handshake``, ``load_verify_locations`` and
    ``load_cert_chain`` fail.
    """

    def __init__(self, pool, dialect=None):
        self._pool = pool
        self.dialect = dialect or _TLS_OF.get(pool.dialect.name, NATIVE_TLS)
        self.server_hostnames = []
        """The host names that certificates would have been checked against."""
        self.trusted = []
        """The PEM text of each load_verify_locations."""
        self.shown = []
        """What each load_cert_chain has read."""

    def load_verify_locations(self, cafile=None, capath=None, cadata=None):
        """Trust what the PEM text says; files are for the desktop only, and not for the client."""
        self._pool.note("load_verify_locations")
        self._pool.trip("load_verify_locations")
        if cafile or capath or not isinstance(cadata, str) or "-----BEGIN" not in cadata:
            raise ValueError("PEM text is wanted")
        self.trusted.append(cadata)

    def load_cert_chain(self, certfile, keyfile=None, password=None):
        """Show what is in these files."""
        self._pool.note("load_cert_chain")
        self._pool.trip("load_cert_chain")
        texts = []
        for path in (certfile, keyfile):
            with open(path, encoding="ascii") as file:
                texts.append(file.read())
        self.shown.append(Shown(*texts))

    def wrap_socket(self, sock, server_side=False, server_hostname=None):
        """The TLS socket over a plain one."""
        self._pool.note("wrap_socket", server_hostname)
        self._pool.trip("wrap_socket")
        if server_side:
            raise ValueError("the doubles are clients only")
        self.server_hostnames.append(server_hostname)
        takes_over = self.dialect is CPYTHON_TLS
        carrier = None if takes_over else sock
        wrapped = KINDS[self.dialect.kind](self._pool, self.dialect, carrier)
        wrapped.inherit(sock, takes_over)
        return wrapped
