# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The platform: where sockets come from, and one dialect for every socket stack.

Each network hardware says "nothing there yet", "the peer has closed" and "I cannot open that" in
its own way. Those ways are absorbed here and nowhere else: ``receive`` and ``send`` return a count,
0 for "later", and raise MQTTError when the connection is over.
"""

import time

from micropython import const

from .status import MQTTError

try:
    from select import poll
except ImportError:  # boards whose sockets are all behind SPI may lack it
    poll = None

try:
    from _thread import RLock
except ImportError:  # boards have no threads
    RLock = None

_COMMUNICATION_FAILURE = const(0x10007)

# errno of "not now" in the several stacks: EAGAIN (Linux and lwIP; macOS), SSLWantRead and
# SSLWantWrite, ETIMEDOUT (lwIP; Linux; macOS), -1 of TLS on boards, None of a ``timeout`` class.
_LATER = (11, 35, 2, 3, 116, 110, 60, -1, None)

# The cause of an ending that the peer has chosen.
CLOSED = "closed by the peer"

# getaddrinfo: no such name, no answer, no address.
_UNRESOLVED = (-2, -3, -5)

_POLLIN = const(1)
_POLLOUT = const(4)
_SLICE = const(10)
# What a co-processor does not tell by "available" is found out by reading once in a while.
_SPI_WAIT = const(1000)


class NX_IP:
    """The control block of a network interface, filled by ``nx_ip_create``.

    Besides the network it is where a client finds its clock and its lock.
    """

    clock = manager = ssl_context = kernel = link_up = None

    def create(self, radio, pool, clock, lock) -> None:
        """Find out where sockets, time and exclusion come from, as ``nx_ip_create`` is told."""
        if radio is not None:
            from adafruit_connection_manager import get_connection_manager, get_radio_socketpool

            pool = get_radio_socketpool(radio)
            self.door = self.manager = get_connection_manager(pool)
        else:
            from .direct import Direct

            self.door = Direct()
        if clock is None:
            from adafruit_ticks import ticks_ms as clock
        self.radio = radio
        self.pool = pool
        # Whether several threads call; one alone takes the lock that costs least to pass.
        self.shared = hasattr(lock, "acquire")
        self.lock = lock or (RLock() if RLock else self)
        self.clock = clock

    def __enter__(self):
        """Stand in for a lock where one thread runs."""

    def __exit__(self, kind, value, trace):
        pass

    def wait(self, sock, read: bool, write: bool, milliseconds: int) -> None:
        """Sleep until the socket is ready or the time is over.

        :param sock: a socket; with nothing to wait for, None too
        :param int milliseconds: -1 is for ever, which needs something to wait for
        """
        wants = read * _POLLIN | write * _POLLOUT
        try:
            if wants and poll and not is_spi(sock):
                watcher = poll()
                watcher.register(sock, wants)
                watcher.poll(milliseconds)
                return
            slices = _SPI_WAIT // _SLICE
            if 0 <= milliseconds < _SPI_WAIT:
                slices = -(-milliseconds // _SLICE)
            for _ in range(slices):
                time.sleep(_SLICE / 1000)
                if write or (read and sock._available()):
                    return
        except (OSError, RuntimeError, ValueError) as error:
            failure(error)  # a socket that has just been closed: reading it will tell


def failure(error, status: int = _COMMUNICATION_FAILURE, stage: str = "session") -> MQTTError:
    """What the stack raised, as the end of a link; an exhausted interpreter is none."""
    if "pystack" in str(error):
        raise error
    return MQTTError(status, stage, error)


def _unresolved(error) -> bool:
    """Whether an error says that there is no such name."""
    return (
        getattr(error, "errno", 0) in _UNRESOLVED
        or type(error).__name__ == "gaierror"
        or "hostname" in str(error)  # as co-processors say it
    )


def is_spi(sock) -> bool:
    """Whether a socket lives in a co-processor: it cannot be waited for."""
    return hasattr(sock, "_available")


def watch(sock):
    """A poll object that tells without a byte of memory whether to read, or None."""
    watcher = None if poll is None or is_spi(sock) else poll()
    if not hasattr(watcher, "ipoll"):
        return None
    watcher.register(sock, _POLLIN)
    return watcher


def _later(error) -> int:
    """0 for "not now"; everything else ends the link."""
    if getattr(error, "errno", 0) in _LATER:
        return 0
    raise failure(error)


def _closed() -> None:
    raise MQTTError(_COMMUNICATION_FAILURE, "session", CLOSED)


def receive(sock, buffer) -> int:
    """Read what is there.

    :return: bytes read, 0 when there is nothing yet
    :raises MQTTError: when the peer has closed or the connection is broken
    """
    try:
        return sock.recv_into(buffer) or _closed()
    except (OSError, RuntimeError) as error:
        return _later(error)


def send(sock, view) -> int:
    """Offer bytes; returns how many were taken, 0 when none are now."""
    try:
        return sock.send(view)
    except (OSError, RuntimeError) as error:
        return _later(error)


def dialect(sock):
    """How to read from and write to this socket: a pair of functions."""
    if not is_spi(sock):
        return receive, send
    from .spi import receive_airlift, receive_spi, send_spi

    if callable(getattr(sock, "_connected", None)):
        return receive_airlift, send_spi
    return receive_spi, send_spi
