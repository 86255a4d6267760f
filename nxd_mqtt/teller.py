# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What has happened and was not told yet: callbacks run outside the lock, one at a time.

While a callback runs every turn of the client leaves its events here, in a ring of fixed size, to
be told when it has returned; reading stops when the ring is almost full.
"""

from micropython import const

try:
    from _thread import get_ident
except ImportError:  # one thread, which needs no name

    def get_ident() -> int:
        return 1


# What an event is: the packet type that it speaks of.
_CONNACK = const(2)
_PUBLISH = const(3)
_PUBACK = const(4)
_SUBACK = const(9)
_DISCONNECT = const(14)

# How many events may wait to be told, and how many of them reading leaves for the result of a
# connect, the end of a link and what it is about to read.
_EVENTS = const(16)
_EVENT_RESERVE = const(3)


class Teller:
    """The events of one client.

    :param client: has the callbacks, and is what they are told
    """

    def __init__(self, client):
        self._client = client
        # Outlives a client that is created again inside a callback.
        self.thread = 0
        self.begin()

    def begin(self) -> None:
        """A client is created: it has nothing to tell."""
        # A ring: number << 4 | kind.
        self._events = [0] * _EVENTS
        self._next = self.untold = 0
        # The reasons of the ends that are among them.
        self.endings = []

    def full(self) -> bool:
        """Whether no more may be read, and no link begun."""
        return self.untold > _EVENTS - _EVENT_RESERVE

    def due(self) -> bool:
        """Whether there is something to tell, and nobody is at it."""
        return self.untold > 0 and not self.thread

    def in_callback(self) -> bool:
        """Whether it is a callback that asks."""
        return self.thread != 0 and self.thread == get_ident()

    def note(self, kind: int, number: int) -> None:
        """Keep an event to be told, if anybody wants to know of it.

        There is room, because reading stops in time.
        """
        if kind == _PUBACK and not self._client.nxd_mqtt_ack_receive_notify:
            return
        place = (self._next + self.untold) % _EVENTS
        if kind == _PUBLISH:
            # Messages that follow each other share an entry: their number.
            number = 1
            if self.untold and self._events[place - 1] & 0x0F == _PUBLISH:
                self._events[place - 1] += 0x10
                return
        self._events[place] = number << 4 | kind
        self.untold += 1

    def tell(self) -> None:
        """Tell what has happened, unless a callback is running already."""
        while self.untold:
            with self._client._lock:
                if self.thread or not self.untold:
                    return
                self.thread = get_ident()
                if self.untold > _EVENTS - _EVENT_RESERVE:  # reading had stopped, and can go on
                    self._client._more = True
                event = self._events[self._next]
                # Of several messages one, lest an exception keeps the others back.
                if event & 0x0F == _PUBLISH and event > 0x1F:
                    self._events[self._next] = event - 0x10
                else:
                    self._next = (self._next + 1) % _EVENTS
                    self.untold -= 1
            try:
                self._tell_one(event & 0x0F, event >> 4)
            finally:
                self.thread = 0

    def _tell_one(self, kind: int, number: int) -> None:
        client = self._client
        if kind == _PUBLISH:
            notify = client.receive_notify
            count = client._inbox.count
            if notify and count:
                notify(client, count)
        elif kind == _CONNACK:
            notify = client.nxd_mqtt_connect_notify
            if notify:
                notify(client, number, client.nxd_mqtt_connect_context)
        elif kind == _DISCONNECT:
            newest = client.reason
            ending = client.reason = self.endings.pop(0)
            try:
                notify = client.disconnect_notify
                if notify:
                    notify(client)
            finally:
                if client.reason is ending:
                    client.reason = newest
                # The application's own disconnect lets go of unread messages, after this.
                if not number:
                    client.let_go()
        else:
            notify = client.nxd_mqtt_ack_receive_notify
            if notify:
                code = number >> 16 if kind == _SUBACK else None
                context = client.nxd_mqtt_ack_receive_context
                notify(client, kind, number & 0xFFFF, code, context)
