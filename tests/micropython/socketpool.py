# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""CircuitPython's socket verbs on MicroPython's sockets.

MicroPython's stream calls run until the buffer is full, and its timeouts belong to the operating
system. So a socket is non-blocking underneath from the moment it is connected, and a timeout is a
wait in ``select.poll`` here; with timeout 0 a call that moves bytes allocates nothing.
"""

import errno
import io
import select
import socket

# MicroPython's number of the request by which select.poll asks for a descriptor.
_GET_DESCRIPTOR = 10
_MILLISECONDS = 1000


class SocketPool:
    """The socket pool of a radio.

    :param radio: anything; the operating system is the radio
    """

    AF_INET = socket.AF_INET
    AF_INET6 = socket.AF_INET6
    SOCK_STREAM = socket.SOCK_STREAM
    SOCK_DGRAM = socket.SOCK_DGRAM
    SOL_SOCKET = socket.SOL_SOCKET
    SO_REUSEADDR = socket.SO_REUSEADDR
    IPPROTO_TCP = 6
    TCP_NODELAY = 1
    EAI_NONAME = -2

    class gaierror(OSError):
        """A name that cannot be resolved."""

    def __init__(self, radio=None) -> None:
        self._radio = radio

    def getaddrinfo(self, host: str, port: int, family=0, type=0, proto=0, flags=0) -> list:
        """Addresses of a host, as (family, type, proto, name, (address in text, port)).

        :param str host: a name or an address
        :param int port: a port
        """
        found = []
        for entry in _resolved(host, port, family, type, proto, flags):
            address_family, address, port = socket.sockaddr(entry[4])[:3]
            text = socket.inet_ntop(address_family, address)
            found.append((entry[0], entry[1], entry[2], "", (text, port)))
        return found

    def socket(self, family: int = AF_INET, type: int = SOCK_STREAM, proto: int = 0):
        """A new socket.

        :param int family: ``AF_INET`` or ``AF_INET6``
        :param int type: ``SOCK_STREAM``
        """
        return Socket(socket.socket(family, type, proto))


def _resolved(host: str, port: int, family: int, type: int, proto: int, flags: int) -> list:
    try:
        return socket.getaddrinfo(host, port, family, type, proto, flags)
    except OSError:
        raise SocketPool.gaierror(SocketPool.EAI_NONAME, "Name or service not known")


class Socket(io.IOBase):
    """A socket with the verbs of CircuitPython; can be registered with ``select.poll``.

    :param inner: a socket of the interpreter
    """

    def __init__(self, inner) -> None:
        self._inner = inner
        self._timeout = None
        self._connected = False
        self._poller = select.poll()
        self._poller.register(inner, select.POLLIN)

    def ioctl(self, request: int, _argument: int) -> int:
        """Answers ``select.poll``, which asks for the descriptor."""
        if request == _GET_DESCRIPTOR and self._inner is not None:
            return self._inner.fileno()
        return -errno.EINVAL

    def __enter__(self):
        return self

    def __exit__(self, _type, _value, _trace) -> None:
        self.close()

    def _open(self):
        if self._inner is None:
            raise OSError(errno.EBADF)
        return self._inner

    def settimeout(self, seconds: float | None) -> None:
        """How long a call may wait, in seconds: None for ever, 0 not at all."""
        self._timeout = seconds

    def setblocking(self, flag: bool) -> None:
        """Waits for ever (true) or not at all (false)."""
        self._timeout = None if flag else 0

    def setsockopt(self, level: int, option: int, value) -> None:
        """Sets an option; the value is an integer or bytes."""
        self._open().setsockopt(level, option, value)

    def connect(self, address: tuple) -> None:
        """Connects, blocking for at most the timeout.

        :param tuple address: (host, port)
        """
        inner = self._open()
        inner.settimeout(self._timeout)
        try:
            inner.connect(socket.getaddrinfo(address[0], address[1])[0][4])
        except OSError as error:
            # What the system says when the limit of a blocking connect has passed.
            if error.errno == errno.EINPROGRESS:
                raise OSError(errno.ETIMEDOUT)
            raise
        self._become_stream()

    def _become_stream(self) -> None:
        self._inner.setblocking(False)
        self._connected = True

    def bind(self, address: tuple) -> None:
        """Takes an address, a (host, port), for listening."""
        self._open().bind(socket.getaddrinfo(address[0], address[1])[0][4])

    def listen(self, backlog: int) -> None:
        """Starts to listen."""
        self._open().listen(backlog)
        self._inner.setblocking(False)

    def accept(self) -> tuple:
        """A new connection, as (socket, (address in text, port))."""
        while True:
            self._await(select.POLLIN)
            try:
                inner, raw = self._inner.accept()
            except OSError as error:
                if error.errno != errno.EAGAIN:
                    raise
                continue
            connection = Socket(inner)
            connection._become_stream()
            family, address, port = socket.sockaddr(raw)[:3]
            return connection, (socket.inet_ntop(family, address), port)

    def send(self, data) -> int:
        """Sends what the system takes at once, and returns how many bytes that were.

        :param data: bytes-like
        """
        inner = self._stream()
        while True:
            taken = inner.write(data)
            if taken is not None:
                return taken
            self._await(select.POLLOUT)

    def recv_into(self, buffer, nbytes: int = 0) -> int:
        """Reads what is there and returns how many bytes that were; 0 when the peer has closed.

        :param buffer: a bytearray or a memoryview
        :param int nbytes: at most so many; 0 for the whole buffer
        """
        inner = self._stream()
        while True:
            taken = inner.readinto(buffer, nbytes) if nbytes else inner.readinto(buffer)
            if taken is not None:
                return taken
            self._await(select.POLLIN)

    def _stream(self):
        inner = self._open()
        if not self._connected:
            raise OSError(errno.ENOTCONN)
        return inner

    def _await(self, events: int) -> None:
        if self._timeout == 0:
            raise OSError(errno.EAGAIN)
        limit = -1 if self._timeout is None else int(self._timeout * _MILLISECONDS)
        self._poller.modify(self._open(), events)
        if not self._poller.poll(limit):
            raise OSError(errno.ETIMEDOUT)

    def close(self) -> None:
        """Closes the socket; a second time does nothing."""
        if self._inner is not None:
            self._poller.unregister(self._inner)
            self._inner.close()
            self._inner = None
