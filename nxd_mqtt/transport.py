# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The platform: from a radio to an open socket, and one dialect for every socket stack.

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

# errno of "not now" in the several stacks: EAGAIN (Linux and lwIP; macOS), SSLWantRead and
# SSLWantWrite, ETIMEDOUT (lwIP; Linux; macOS), -1 of TLS on boards, None of a ``timeout`` class.
_COMMUNICATION_FAILURE = const(0x10007)
_CONNECT_FAILURE = const(0x10005)

_LATER = (11, 35, 2, 3, 116, 110, 60, -1, None)
# getaddrinfo: no such name, no answer, no address.
_UNRESOLVED = (-2, -3, -5)

_TCP = const(6)
_TCP_NODELAY = const(1)
_SHUT_BOTH = const(2)
_POLLIN = const(1)
_POLLOUT = const(4)
# A co-processor takes no more in one transfer.
_SPI_SEND_LIMIT = const(1024)
_SPI_POLL_SECONDS = 0.01


class _NoLock:
    """Stands in for a lock where one thread runs."""

    def __enter__(self):
        pass

    def __exit__(self, kind, value, trace):
        pass


def _failure(status: int, stage: str, error) -> MQTTError:
    """What the stack raised, as the end of a link; an exhausted interpreter is none."""
    if "pystack" in str(error):
        raise error
    return MQTTError(status, stage, error)


class Door:
    """One socket from before it is connected until it is closed, once.

    ConnectionManager leaves a raw socket open when connecting raises RuntimeError, so this object
    poses as the TLS context that wraps the raw socket and as the socket that comes out of it.
    """

    def __init__(self, pool, manager):
        self._pool = pool
        self._manager = manager
        self.socket = None

    def open(self, host: str, port: int, seconds: float, session_id: str) -> None:
        """Resolve and connect; raises what the stack raises."""
        if self._manager:
            self._manager.get_socket(
                host, port, "mqtt:", session_id, timeout=seconds, is_ssl=True, ssl_context=self
            )
            return
        failure = None
        for address in self._pool.getaddrinfo(host, port, 0, self._pool.SOCK_STREAM):
            try:
                self.wrap_socket(self._pool.socket(address[0], address[1]))
                self.settimeout(seconds)
                self.connect(address[-1])
                return
            except OSError as error:
                failure = error
                self.close()
        raise failure or OSError(-2)

    def wrap_socket(self, sock, server_hostname=None):
        """Take the raw socket over."""
        self.socket = sock
        return self

    def settimeout(self, seconds: float) -> None:
        """Set the longest that connecting may take."""
        self.socket.settimeout(seconds)

    def connect(self, address) -> None:
        """Connect, then never block again."""
        try:
            self.socket.setsockopt(_TCP, _TCP_NODELAY, 1)
        except (OSError, AttributeError):
            pass  # an SPI stack has no such option, and no Nagle either
        try:
            self.socket.connect(address)
        except RuntimeError as error:
            # WIZnet's way to say that nobody listens; ConnectionManager closes after an OSError.
            raise OSError(str(_failure(0, "tcp", error).cause))
        self.socket.settimeout(0)

    def close(self) -> None:
        """Close the raw socket, once; ConnectionManager calls it, too."""
        sock = self.socket
        self.socket = None
        if sock is None:
            return
        try:
            if hasattr(sock, "shutdown"):
                # On the desktop another thread may be waiting for this socket: wake it.
                sock.shutdown(_SHUT_BOTH)
        except OSError:
            pass
        try:
            sock.close()
        except (OSError, RuntimeError) as error:
            _failure(0, "tcp", error)

    def leave(self) -> None:
        """Close the way it was opened; never fails."""
        if self._manager and self.socket:
            try:
                self._manager.close_socket(self)
            except RuntimeError as error:
                _failure(0, "tcp", error)  # somebody closed all sockets of the pool
        self.close()


class NX_IP:
    """The control block of a network interface, filled by ``nx_ip_create``.

    Besides the network it is where a client finds its clock and its lock.
    """

    def __init__(self):
        self.clock = None

    def create(self, radio, pool, ssl_context, clock, lock, kernel, link_up) -> None:
        """Fill the control block; the arguments are those of ``nx_ip_create``."""
        self._manager = None
        if radio is not None:
            from adafruit_connection_manager import get_connection_manager, get_radio_socketpool

            pool = get_radio_socketpool(radio)
            self._manager = get_connection_manager(pool)
        if clock is None:
            from adafruit_ticks import ticks_ms as clock
        self._pool = pool
        self._link_up = link_up
        self.ssl_context = ssl_context
        self.lock = lock or _NoLock()
        self.kernel = kernel
        self.clock = clock

    def open(self, host: str, port: int, milliseconds: int, session_id: str) -> Door:
        """Resolve a name and connect to it: the one call that blocks.

        :param int milliseconds: the longest that connecting may take
        :param str session_id: tells this client's sockets from others' to the same place
        :raises MQTTError: at stage ``dns`` or ``tcp``, with nothing left open
        """
        if self._link_up and not self._link_up():
            raise MQTTError(_CONNECT_FAILURE, "dns", "the network is down")
        door = Door(self._pool, self._manager)
        try:
            door.open(host, port, milliseconds / 1000, session_id)
            return door
        except MemoryError:
            door.close()
            raise
        except (OSError, RuntimeError) as error:
            door.close()
            unresolved = getattr(error, "errno", None) in _UNRESOLVED
            stage = "dns" if unresolved or type(error).__name__ == "gaierror" else "tcp"
            raise _failure(_CONNECT_FAILURE, stage, error)

    def watch(self, sock):
        """A poll object for reading this socket, or None where the stack has none."""
        if poll is None or hasattr(sock, "_available"):
            return None
        watcher = poll()
        watcher.register(sock, _POLLIN)
        return watcher

    def wait(self, sock, read: bool, write: bool, milliseconds: int) -> None:
        """Sleep until the socket is ready or the time is over.

        :param sock: a socket, or None to sleep
        :param int milliseconds: -1 is for ever
        """
        wants = read * _POLLIN | write * _POLLOUT
        if sock is None or poll is None or not wants or hasattr(sock, "_available"):
            _sleep(sock if read else None, milliseconds)
            return
        watcher = poll()
        watcher.register(sock, wants)
        watcher.poll(milliseconds)


def _sleep(sock, milliseconds: int) -> None:
    """Sleep in slices, asking a socket that cannot be waited for whether data came."""
    while milliseconds:
        time.sleep(_SPI_POLL_SECONDS)
        if milliseconds > 0:
            milliseconds = max(milliseconds - 10, 0)
        if sock is None or sock._available():
            return


def receive(sock, buffer) -> int:
    """Read what is there.

    :return: bytes read, 0 when there is nothing yet
    :raises MQTTError: when the peer has closed or the connection is broken
    """
    try:
        count = sock.recv_into(buffer)
    except OSError as error:
        if error.errno in _LATER:
            return 0
        raise _failure(_COMMUNICATION_FAILURE, "session", error)
    except RuntimeError as error:
        raise _failure(_COMMUNICATION_FAILURE, "session", error)
    if not count:
        raise MQTTError(_COMMUNICATION_FAILURE, "session", "closed by the peer")
    return count


def receive_airlift(sock, buffer) -> int:
    """Read where "nothing yet" and "closed" both are 0, and a timeout of 0 may mean for ever."""
    try:
        if not sock._available() and sock._connected():
            return 0
    except (OSError, RuntimeError) as error:
        raise _failure(_COMMUNICATION_FAILURE, "session", error)
    return receive(sock, buffer)


def send(sock, view) -> int:
    """Offer bytes; returns how many were taken, 0 when none are now."""
    try:
        return sock.send(view)
    except OSError as error:
        if error.errno in _LATER:
            return 0
        raise _failure(_COMMUNICATION_FAILURE, "session", error)
    except RuntimeError as error:
        raise _failure(_COMMUNICATION_FAILURE, "session", error)


def send_spi(sock, view) -> int:
    """Offer bytes to a co-processor."""
    return send(sock, view[:_SPI_SEND_LIMIT])


def dialect(sock):
    """How to read from and write to this socket: a pair of functions."""
    if not hasattr(sock, "_available"):
        return receive, send
    if callable(getattr(sock, "_connected", None)):
        return receive_airlift, send_spi
    return receive, send_spi
