# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""TLS for the broker: a context out of PEM files, and whose certificate a client has shown.

The handshake itself is asyncio's, which ends one that it refuses without an alert: a client without
a good certificate sees its connection end, with TLS 1.3 after a handshake that it found good.
"""

import ssl


def _load(load, *paths, **options) -> None:
    names = [str(path) for path in paths if path is not None]
    for name in names:
        # OpenSSL does not say which file it cannot read.
        with open(name, "rb"):
            pass
    try:
        load(*paths, **options)
    except ssl.SSLError as error:
        text = f"{' with '.join(names)}: {error.strerror}"
        raise ssl.SSLError(error.errno, text, names[0])


def _telling(refused):
    """A side of TLS that tells why it refuses a handshake."""

    class Telling(ssl.SSLObject):
        def do_handshake(self):
            try:
                super().do_handshake()
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError, ssl.SSLSyscallError):
                raise
            except ssl.SSLError as error:
                refused(str(error))
                raise

    return Telling


def server_context(certificate, key=None, client_authority=None, refused=None) -> ssl.SSLContext:
    """Make what `Broker(ssl_context=...)` takes.

    :param certificate: path of the server's certificate, its intermediates after it
    :param key: path of its key without a password; None if it is in the same file
    :param client_authority: path of the authorities of which one must have signed the certificate
        that every client then has to show; None asks no client for one
    :param refused: called with the reason, by the broker's thread, for each handshake that TLS
        refuses on either side; a client that just hangs up has given none
    :raises OSError: a file cannot be read, holds something else, or the key is another one's
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # With a password, though a wrong one, OpenSSL does not stop to ask the terminal for it.
    _load(context.load_cert_chain, certificate, key, password="")
    if client_authority is not None:
        _load(context.load_verify_locations, client_authority)
        context.verify_mode = ssl.CERT_REQUIRED
    if refused is not None:
        context.sslobject_class = _telling(refused)
    return context


def common_name(transport) -> str | None:
    """The common name in the certificate that the other side has shown and that was verified.

    :param transport: a connection's, as asyncio knows it
    """
    certificate = transport.get_extra_info("peercert") or {}
    for part in certificate.get("subject", ()):
        for name, value in part:
            if name == "commonName":
                return value
    return None
