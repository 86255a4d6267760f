# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""CircuitPython's module ``ssl`` on MicroPython's mbedTLS, over the sockets of ``socketpool``.

As on a board the TLS socket sits on the plain one: it connects it, shakes hands, and closes it.
"""

import binascii
import errno

import tls


class SSLContext:
    """A client's context that verifies its peer."""

    def __init__(self):
        self._context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
        self._context.verify_mode = tls.CERT_REQUIRED

    def load_verify_locations(self, cafile=None, cadata=None):
        """Trust the certificate in PEM text, which this mbedTLS wants in DER."""
        lines = cadata.strip().split("\n")
        self._context.load_verify_locations(binascii.a2b_base64("".join(lines[1:-1])))

    def wrap_socket(self, sock, server_side=False, server_hostname=None):
        """The TLS socket over a plain one."""
        return SSLSocket(self._context, sock, server_hostname)


class SSLSocket:
    """TLS's verbs as CircuitPython has them."""

    def __init__(self, context, sock, name):
        self._context = context
        self._socket = sock
        self._name = name
        self._stream = None

    def settimeout(self, seconds):
        """How long a call may wait; the plain socket knows."""
        self._socket.settimeout(seconds)

    def setsockopt(self, level, option, value):
        """Sets an option of the plain socket."""
        self._socket.setsockopt(level, option, value)

    def connect(self, address):
        """Connect the plain socket, and shake hands in what is left of its timeout."""
        self._socket.connect(address)
        inner = self._socket._inner
        inner.settimeout(self._socket._timeout)
        try:
            self._stream = self._context.wrap_socket(inner, server_hostname=self._name)
        except OSError as error:
            raise OSError(errno.ETIMEDOUT) if error.errno == errno.EAGAIN else error
        self._stream.setblocking(False)

    def send(self, data):
        """Offer bytes."""
        return self._or_again(self._open().write(data))

    def recv_into(self, buffer, nbytes=0):
        """Read what is there."""
        return self._or_again(self._open().readinto(buffer, nbytes or len(buffer)))

    def _open(self):
        if self._stream is None:
            raise OSError(errno.EBADF)
        return self._stream

    def _or_again(self, count):
        if count is None:
            raise OSError(errno.EAGAIN)
        return count

    def close(self):
        """Close both."""
        if self._stream:
            self._stream.close()
            self._stream = None
        self._socket.close()


def create_default_context():
    """A context as ``ssl`` makes it."""
    return SSLContext()
