# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT

"""A TLS context whose wrap_socket gives a double's socket TLS's manners, and no cryptography.

A pool whose dialect is a TLS one needs none of this; this is for code that wraps by itself.
"""

from .client_end import KINDS
from .dialects import CPYTHON_TCP, CPYTHON_TLS, ESPRESSIF, ESPRESSIF_TLS, NATIVE_TLS

_TLS_OF = {CPYTHON_TCP.name: CPYTHON_TLS, ESPRESSIF.name: ESPRESSIF_TLS}


class Context:
    """The part of an SSLContext that a client calls once it is set up.

    ``pool.fail("wrap_socket", ...)`` and ``pool.fail("handshake", ...)`` make it fail.
    """

    def __init__(self, pool, dialect=None):
        self._pool = pool
        self.dialect = dialect or _TLS_OF.get(pool.dialect.name, NATIVE_TLS)
        self.server_hostnames = []
        """The host names that certificates would have been checked against."""

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
