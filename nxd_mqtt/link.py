# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""One socket's life: wanted, opening, open, and one way out; each attempt has a link of its own.

ConnectionManager leaves a raw socket open when connecting raises RuntimeError. So a link poses as
the TLS context that wraps the raw socket, and as the wrapped socket that ConnectionManager then
connects and keeps.
"""

from micropython import const

from .status import MQTTError
from .transport import dialect, failure, watch

_CONNECT_FAILURE = const(0x10005)

_CLOSED = const(0)
_WANTED = const(1)
_OPENING = const(2)

_CLOCK_MASK = const((1 << 29) - 1)

# getaddrinfo: no such name, no answer, no address.
_UNRESOLVED = (-2, -3, -5)

_TCP = const(6)
_TCP_NODELAY = const(1)
_SHUT_BOTH = const(2)
_POLLOUT = const(4)


class Link:
    """A socket that is wanted, until it is closed.

    :param ip: the platform
    :param str host: name or address
    :param int port: of the broker
    :param int now: milliseconds
    :param int pause: milliseconds from now on in which it must not be opened
    """

    def __init__(self, ip, host: str, port: int, now: int = 0, pause: int = 0):
        self._ip = ip
        self._host = host
        self._port = port
        self._since = now
        self._pause = pause
        self.socket = None
        self.live = False
        self.state = _WANTED

    def again(self, now: int, pause: int):
        """A new link to the same broker."""
        return Link(self._ip, self._host, self._port, now, pause)

    def due(self, now: int) -> int:
        """Milliseconds until it may be opened; -1 for a link that has been."""
        if self.state != _WANTED:
            return -1
        return max(self._pause - (now - self._since & _CLOCK_MASK), 0)

    # -- opening ------------------------------------------------------------------------------

    def open(self, milliseconds: int) -> None:
        """Resolve a name and connect to it: the one call that blocks.

        :param int milliseconds: the longest that connecting may take
        :raises MQTTError: at stage ``dns`` or ``tcp``, with nothing left open
        """
        ip = self._ip
        if ip.link_up and not ip.link_up():
            raise MQTTError(_CONNECT_FAILURE, "dns", "the network is down")
        ready = False
        try:
            seconds = milliseconds / 1000
            if ip.manager:
                ip.manager.get_socket(
                    self._host,
                    self._port,
                    "mqtt:",
                    id(self),
                    timeout=seconds,
                    is_ssl=True,
                    ssl_context=self,
                )
            else:
                self._open_directly(ip.pool, seconds)
            self.socket.settimeout(0)
            self._receive, self._send = dialect(self.socket)
            self._watcher = watch(self.socket)
            ready = True
        except (OSError, RuntimeError, ValueError) as error:  # a name that is none: ValueError
            unresolved = isinstance(error, ValueError) or getattr(error, "errno", 0) in _UNRESOLVED
            stage = "dns" if unresolved or type(error).__name__ == "gaierror" else "tcp"
            raise failure(error, _CONNECT_FAILURE, stage)
        finally:
            if not ready:
                self._give_back()

    def _open_directly(self, pool, seconds: float) -> None:
        """Try each address of a name; they share the time."""
        refusal = OSError(-2, "no address")
        addresses = pool.getaddrinfo(self._host, self._port, 0, pool.SOCK_STREAM)
        for address in addresses:
            try:
                self.wrap_socket(pool.socket(address[0], address[1]))
                self.settimeout(seconds / len(addresses))
                return self.connect(address[-1])
            except OSError as error:
                refusal = error
                self.close()
        raise refusal

    def wrap_socket(self, sock, server_hostname=None):
        """Take a raw socket over."""
        self.socket = sock
        self.live = True
        return self

    def settimeout(self, seconds: float) -> None:
        """Set the longest that connecting may take."""
        self.socket.settimeout(seconds)

    def connect(self, address) -> None:
        """Connect the raw socket."""
        try:
            self.socket.setsockopt(_TCP, _TCP_NODELAY, 1)
        except (OSError, AttributeError):
            pass  # an SPI stack has no such option, and no Nagle either
        try:
            self.socket.connect(address)
        except RuntimeError as error:
            # WIZnet's way to say that nobody listens; ConnectionManager closes after an OSError.
            raise OSError(str(failure(error).cause))

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
            self.socket.shutdown(_SHUT_BOTH)
        except (OSError, AttributeError, RuntimeError) as error:
            failure(error)
        finally:
            try:
                self.socket.close()
            except (OSError, RuntimeError) as error:
                failure(error)

    def _give_back(self) -> None:
        """Close by way of ConnectionManager, if it knows this socket."""
        if self.live and self._ip.manager:
            try:
                self._ip.manager.close_socket(self)
            except RuntimeError as error:
                failure(error)  # it does not, or somebody has closed all sockets of the pool
        self.close()

    def leave(self) -> None:
        """The one way out, from every state; never fails.

        While another thread is opening, its socket is its own: it sees the state and closes.
        """
        opening = self.state == _OPENING
        self.state = _CLOSED
        if not opening:
            self._give_back()

    # -- bytes --------------------------------------------------------------------------------

    def read(self, buffer) -> int:
        """Read into a buffer; 0 when there is nothing yet."""
        if self._watcher:
            for _, event in self._watcher.ipoll(0):
                if event & ~_POLLOUT:
                    return self._receive(self.socket, buffer)
            return 0
        return self._receive(self.socket, buffer)

    def write(self, view) -> int:
        """Offer bytes; returns how many were taken."""
        return self._send(self.socket, view)
