# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A socket pool whose one socket follows a script; moving bytes through it takes no heap.

The peer is a function that is told of every write, and that answers through ``Wire.answer``.
"""

import errno
import io

_POLL = 3
_GET_DESCRIPTOR = 10
_POLLIN = 1


class Wire(io.IOBase):
    """The socket, and the bytes that wait to be read from it.

    ``written`` is a buffer, and ``count`` how much of it the client has filled.
    """

    def __init__(self, size: int = 4096) -> None:
        self.written = bytearray(size)
        self.count = 0
        self.waiting = None
        self.closed = 0

    def answer(self, data: bytes) -> None:
        """Let the client read these bytes next, in one piece; nothing else may wait."""
        self.waiting = data

    # What CircuitPython's sockets have.

    def settimeout(self, seconds) -> None:
        """Every call answers at once."""

    def setsockopt(self, level, option, value) -> None:
        """There is nothing to set."""

    def connect(self, address) -> None:
        """Whoever listens, it is the script."""

    def send(self, data) -> int:
        """Take all."""
        end = self.count + len(data)
        self.written[self.count : end] = data
        self.count = end
        return len(data)

    def recv_into(self, buffer) -> int:
        """Hand out the bytes that wait."""
        data = self.waiting
        if data is None:
            raise OSError(errno.EAGAIN)
        self.waiting = None
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Count how often it happens."""
        self.closed += 1

    def ioctl(self, request: int, argument: int) -> int:
        """Answer ``select.poll``."""
        if request == _POLL:
            return argument & ~_POLLIN if self.waiting is None else argument
        return -errno.EINVAL


class Pool:
    """Gives out the one socket."""

    AF_INET = 2
    SOCK_STREAM = 1

    def __init__(self) -> None:
        self.wire = Wire()

    def getaddrinfo(self, host, port, family=0, type=0, proto=0, flags=0) -> list:
        """The one address."""
        return [(self.AF_INET, self.SOCK_STREAM, 0, "", (host, port))]

    def socket(self, family=0, type=0, proto=0) -> Wire:
        """The one socket."""
        return self.wire


class Time:
    """A clock that a script moves."""

    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        return self.now
