# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""CircuitPython's module ``ssl`` on MicroPython's mbedTLS: sockets are wrapped first, then connect.

MicroPython wraps a connected socket, takes DER only, and shakes hands without a limit of time. So
the handshake goes through a carrier here that knows how long it may wait.
"""

import errno
import io
import select
from binascii import a2b_base64

import tls
from socketpool import Socket

_BEGIN = "-----BEGIN "
_MILLISECONDS = 1000


def create_default_context():
    """A client's context that verifies its peer."""
    return SSLContext()


def _blocks(text: str) -> list:
    """The DER of each block of PEM text."""
    found = []
    for part in text.split(_BEGIN)[1:]:
        body = part.split("-----")[1]
        found.append(a2b_base64(body.replace("\n", "")))
    return found


def _first_block(path: str) -> bytes:
    with open(path) as file:
        return _blocks(file.read())[0]


class SSLContext:
    """The verbs of CircuitPython's context."""

    def __init__(self) -> None:
        self._context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
        self._context.verify_mode = tls.CERT_REQUIRED

    def load_verify_locations(self, cadata: str) -> None:
        """Trusts certificates.

        :param str cadata: PEM
        """
        found = _blocks(cadata)
        if not found:
            raise ValueError("invalid cert")
        for block in found:
            self._context.load_verify_locations(block)

    def load_cert_chain(self, certfile: str, keyfile: str) -> None:
        """Shows servers a certificate.

        :param str certfile: path of PEM
        :param str keyfile: path of its key
        """
        self._context.load_cert_chain(_first_block(certfile), _first_block(keyfile))

    def wrap_socket(self, sock, server_side: bool = False, server_hostname=None):
        """Makes a TLS socket of one that is not connected yet.

        :param Socket sock: of the pool
        :param str server_hostname: whose certificate it must be
        """
        return SSLSocket(self._context, sock, server_hostname)


class _Carrier(io.IOBase):
    """The connected socket as TLS sees it: while hands are shaken it waits, for a time."""

    def __init__(self, inner) -> None:
        self._inner = inner
        self._poller = select.poll()
        self._poller.register(inner, select.POLLIN)
        self.limit = 0

    def readinto(self, buffer):
        taken = self._inner.readinto(buffer)
        if taken is None and self.limit:
            if not self._poller.poll(self.limit):
                return -errno.ETIMEDOUT
            taken = self._inner.readinto(buffer)
        return taken

    def write(self, data):
        return self._inner.write(data)

    def ioctl(self, request: int, argument: int) -> int:
        return 0


class SSLSocket(Socket):
    """A socket that speaks TLS once it is connected."""

    def __init__(self, context, sock, name) -> None:
        Socket.__init__(self, sock._inner)
        self._context = context
        self._name = name
        self._stream_over_tls = None

    def setsockopt(self, level: int, option: int, value) -> None:
        """CircuitPython's has none."""
        raise AttributeError("setsockopt")

    def connect(self, address: tuple) -> None:
        """Connects and shakes hands; the timeout is that of each wait.

        :param tuple address: (host, port)
        """
        Socket.connect(self, address)
        carrier = _Carrier(self._inner)
        carrier.limit = -1 if self._timeout is None else int(self._timeout * _MILLISECONDS)
        self._stream_over_tls = self._context.wrap_socket(carrier, server_hostname=self._name)
        carrier.limit = 0

    def _stream(self):
        self._open()
        if self._stream_over_tls is None:
            raise OSError(errno.ENOTCONN)
        return self._stream_over_tls
