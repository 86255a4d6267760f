# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""One socket's life: wanted, opening, open, and one way out.

Opening blocks, so it happens without the client's lock; the ticket tells whether what it brings is
still wanted when it comes back.
"""

from micropython import const

from .transport import dialect

_POLLOUT = const(4)

CLOSED = const(0)
WANTED = const(1)
OPENING = const(2)
OPEN = const(3)


class Link:
    """The link of one client, one socket after the other.

    :param ip: the platform
    :param str session_id: tells this client's sockets from those of others
    """

    def __init__(self, ip, session_id: str):
        self._ip = ip
        self._session_id = session_id
        self._door = self._watcher = self._receive = self._send = None
        self.state = CLOSED
        self.ticket = 0
        self.socket = None

    def want(self) -> None:
        """Ask for a socket; the next poll opens it."""
        self.state = WANTED

    def begin(self) -> int:
        """Take the order to open; returns its ticket."""
        self.state = OPENING
        return self.ticket

    def open(self, host: str, port: int, milliseconds: int):
        """Open a socket, blocking; to be called without the lock, then ``adopt``."""
        return self._ip.open(host, port, milliseconds, self._session_id)

    def adopt(self, door) -> None:
        """The socket that ``open`` brought becomes this link's."""
        self._door = door
        self.socket = door.socket
        self._receive, self._send = dialect(door.socket)
        watcher = self._ip.watch(door.socket)
        # Asking first is worth it only where asking costs no memory.
        self._watcher = watcher if hasattr(watcher, "ipoll") else None
        self.state = OPEN

    def close(self) -> None:
        """The one way out, from every state."""
        self.ticket += 1
        self.state = CLOSED
        door = self._door
        self._door = self._watcher = self.socket = None
        if door:
            door.leave()

    def selectable(self):
        """The socket, where a select can wait for it."""
        return None if hasattr(self.socket, "_available") else self.socket

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
