# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""One socket's life: wanted, opening, open, and one way out; each attempt has a link of its own.

ConnectionManager leaves a raw socket open when connecting raises RuntimeError. So a link poses as
the TLS context that wraps the raw socket, and as the wrapped socket that ConnectionManager then
connects and keeps. TLS and WebSocket are layers that are handed in; each has a way to begin and one
to take leave.
"""

from micropython import const

from .status import MQTTError
from .transport import CLOSED, _unresolved, dialect, failure, watch

_CONNECT_FAILURE = const(0x10005)
_COMMUNICATION_FAILURE = const(0x10007)
_SERVER_MESSAGE_FAILURE = const(0x10008)
_INVALID_PACKET = const(0x1000F)

_CLOSED = const(0)
_WANTED = const(1)
_OPENING = const(2)
_OPEN = const(3)

_CLOCK_MASK = const((1 << 29) - 1)

# How a server that expected TLS may end a plain link: ECONNRESET, on Linux and lwIP, on macOS.
_RESET = (104, 54)

_TCP = const(6)
_TCP_NODELAY = const(1)
_SHUT_BOTH = const(2)
_POLLOUT = const(4)


class Link:
    """A socket that is wanted, until it is closed.

    :param ip: the platform
    :param str host: name or address
    :param int port: of the broker
    :param secure: makes the link a TLS one, or None
    :param websocket: carries the bytes in frames, or None
    """

    # Of what an answer is awaited before the session begins, as a reason tells it.
    stage = "connack"

    def __init__(self, ip, host: str, port: int, secure=None, websocket=None):
        self.ip = ip
        self.host = host
        self.port = port
        self.secure = secure
        self._websocket = websocket
        # What a layer has taken off the socket no poll object tells of: read until it is empty.
        self._eager = secure
        self._since = self._pause = 0
        # What can be waited for, and what the bytes go through: with TLS not always the same.
        self.socket = self.stream = None
        self.live = False
        self.state = _WANTED

    def again(self, now: int, pause: int):
        """A new link to the same broker.

        :param int now: milliseconds
        :param int pause: milliseconds from now on in which it must not be opened
        """
        link = Link(self.ip, self.host, self.port, self.secure, self._websocket)
        link._since = now
        link._pause = pause
        return link

    def due(self, now: int) -> int:
        """Milliseconds until it may be opened; -1 for a link that has been."""
        return self.left(now) if self.state == _WANTED else -1

    def left(self, now: int) -> int:
        """Milliseconds left of the pause, or while it is opening, of the time for that."""
        return max(self._pause - (now - self._since & _CLOCK_MASK), 0)

    # -- opening ------------------------------------------------------------------------------

    def open(self, milliseconds: int) -> None:
        """Resolve a name and connect to it, with TLS if asked for: the one call that blocks.

        :param int milliseconds: the longest that connecting may take
        :raises MQTTError: at stage ``dns``, ``tcp`` or ``tls``, with nothing left open
        """
        ip = self.ip
        if ip.link_up and not ip.link_up():
            raise MQTTError(_CONNECT_FAILURE, "dns", "the network is down")
        if self.secure:
            self.secure.prepare(self)
        ready = False
        try:
            self._since = ip.clock()
            self._pause = milliseconds
            ip.door.get_socket(
                self.host,
                self.port,
                "mqtt:",
                id(self),
                timeout=milliseconds / 1000,
                is_ssl=True,
                ssl_context=self,
            )
            self.stream.settimeout(0)
            self._receive, self._send = dialect(self.stream)
            self._watcher = watch(self.socket)
            ready = True
        except MemoryError as error:
            if not self.secure:
                raise
            raise self.secure.failure(error)
        except (OSError, RuntimeError, ValueError) as error:
            # What cannot be a name is a ValueError.
            unresolved = isinstance(error, ValueError) or _unresolved(error)
            raise failure(error, _CONNECT_FAILURE, "dns" if unresolved else "tcp")
        finally:
            if not ready:
                self._give_back()

    def begin(self) -> None:
        """It is open, and is what the client uses from now on."""
        self.state = _OPEN
        if self._websocket:
            self._receive, self._send = self._websocket.begin(self, self._receive, self._send)

    def wrap_socket(self, sock, server_hostname=None):
        """Take a raw socket over."""
        self.socket = self.stream = sock
        self.live = True
        return self

    def settimeout(self, seconds: float) -> None:
        """Set the longest that connecting may take."""
        self.socket.settimeout(seconds)

    def connect(self, address) -> None:
        """Connect the raw socket, and make it a TLS one if asked for."""
        try:
            self.socket.setsockopt(_TCP, _TCP_NODELAY, 1)
        except (OSError, AttributeError):
            pass  # an SPI stack has no such option, and no Nagle either
        try:
            if self.secure:
                self.secure.connect(self, address)
            else:
                self.socket.connect(address)
        except RuntimeError as error:
            # WIZnet's way to say that nobody listens; ConnectionManager closes after an OSError.
            raise OSError(str(failure(error).cause))

    def explain(self, status: int, cause):
        """What an ending may mean that came instead of the CONNACK: (status, cause)."""
        if status == _INVALID_PACKET:
            return _SERVER_MESSAGE_FAILURE, cause
        if status == _COMMUNICATION_FAILURE:
            if self.secure:
                status, cause = self.secure.explain(self, status, cause)
            elif cause == CLOSED or getattr(cause, "errno", 0) in _RESET:
                cause = "%s: is it the right port, or one for TLS?" % cause
            if status == _COMMUNICATION_FAILURE and self.stage != Link.stage:
                status = _CONNECT_FAILURE
        return status, cause

    # -- closing ------------------------------------------------------------------------------

    def close(self) -> None:
        """Close the raw socket, once; ConnectionManager calls this, too.

        The closed socket stays: reading it tells that the link has ended.
        """
        if not self.live:
            return
        self.live = False
        try:
            # On the desktop another thread may be waiting for this socket: wake it.
            self.stream.shutdown(_SHUT_BOTH)
        except (OSError, AttributeError, RuntimeError) as error:
            failure(error)
        finally:
            try:
                self.stream.close()
            except (OSError, RuntimeError) as error:
                failure(error)

    def _give_back(self) -> None:
        """Close by way of ConnectionManager, if it knows this socket."""
        if self.live:
            try:
                self.ip.door.close_socket(self)
            except RuntimeError as error:
                failure(error)  # it does not, or somebody has closed all sockets of the pool
        self.close()

    def leave(self) -> None:
        """The one way out, from every state; never fails.

        While another thread is opening, its socket is its own: it sees the state and closes.
        """
        state = self.state
        self.state = _CLOSED
        if state == _OPENING:
            return
        try:
            for layer in (self._websocket, self.secure):
                if state == _OPEN and self.live and layer:
                    layer.leave(self)
        except (OSError, RuntimeError, ValueError, MQTTError) as error:
            failure(error)  # nobody there to take leave of
        finally:
            self._give_back()

    # -- bytes --------------------------------------------------------------------------------

    def read(self, buffer) -> int:
        """Read into a buffer.

        :return: bytes; 0 when there is nothing yet, -1 when what came was a layer's own
        """
        if self._watcher and not self._eager:
            for _, event in self._watcher.ipoll(0):
                if event & ~_POLLOUT:
                    break
            else:
                return 0
        count = self._receive(self.stream, buffer)
        self._eager = count if self.secure else self._websocket and self._websocket.holds()
        return count

    def write(self, view) -> int:
        """Offer bytes; returns how many were taken.

        :param view: None for none: only what a layer holds back goes on
        """
        return self._send(self.stream, view) if view or self._websocket else 0

    def unsent(self, waits: bool) -> bool:
        """Whether there is something to do when the socket takes bytes.

        :param bool waits: whether bytes wait to be offered
        """
        return self._websocket.unsent(waits) if self._websocket else waits
