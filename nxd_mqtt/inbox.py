# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The receive queue: a ring of fixed size that keeps whole messages, oldest first.

A record is one byte of flags, four bytes of length, and the body of a PUBLISH as it came: topic
length, topic, packet identifier at QoS 1, payload. Three places move through the ring, all counted
from the oldest record: ``_taken`` (the application has everything before it), ``_acked`` (the peer
has been, or need not be, told of everything before it) and ``_used`` (the end). Room comes free
behind the slower of the first two, so a PUBACK that is owed never needs memory of its own.

A message that cannot ever fit leaves a record without body, so that its PUBACK keeps its turn.
"""

from micropython import const

_HEADER = const(5)
# A header never wraps: it may run over the end of the ring into these bytes.
_SLACK = const(4)

_QUALITY_1 = const(0x02)
_NO_BODY = const(0x80)

_DROP_OLD = const(2)

HELD = const(0)
ADMITTED = const(1)
SKIPPED = const(2)


class Inbox:
    """A ring over the caller's memory.

    :param bytearray memory: where the messages are kept
    """

    def __init__(self, memory):
        self._ring = memoryview(memory)
        self._size = len(memory) - _SLACK
        self.policy = self.ack_on_get = 0
        self.received = 0
        self.dropped = 0
        self.oversize = 0
        self.count = 0
        self.flags = self.topic_length = self.message_length = 0
        self._tail = self._used = self._taken = self._acked = 0
        self._filling = self._write_at = 0

    def admit(self, flags: int, remaining: int) -> int:
        """Ask for room for a PUBLISH that begins.

        :param int flags: the low four bits of its first byte
        :param int remaining: its remaining length in bytes
        :return: ``ADMITTED`` (write it, then commit), ``SKIPPED`` (of its bytes write the packet
            identifier alone, where it has one, then commit) or ``HELD`` (ask again later)
        """
        if _HEADER + remaining > self._size:
            if flags & _QUALITY_1 and not self._make_room(flags | _NO_BODY, 2):
                return HELD
            self.oversize += 1
            return SKIPPED
        if self._make_room(flags, remaining):
            return ADMITTED
        if self.policy and not flags & _QUALITY_1:
            self.dropped += 1
            return SKIPPED
        return HELD

    def _make_room(self, flags: int, remaining: int) -> bool:
        need = _HEADER + remaining
        while self._used + need > self._size:
            if self.policy != _DROP_OLD or not self._drop_oldest():
                return False
        at = (self._tail + self._used) % self._size
        self._ring[at] = flags
        for place in range(at + 4, at, -1):
            self._ring[place] = remaining & 0xFF
            remaining >>= 8
        self._write_at = (at + _HEADER) % self._size
        self._filling = need
        return True

    def write(self, view, start: int, end: int) -> None:
        """Add a stretch of the body of the message that was admitted."""
        at = self._write_at
        room = self._size - at
        if end - start > room:
            self._ring[at : self._size] = view[start : start + room]
            start += room
            at = 0
        stop = at + end - start
        self._ring[at:stop] = view[start:end]
        self._write_at = stop

    def commit(self) -> None:
        """The body is complete: the record can be read and acknowledged."""
        if self._filling:
            if not self._flags(self._used) & _NO_BODY:
                self.count += 1
                self.received += 1
            self._used += self._filling
            self._filling = 0
            self._release()

    def abort(self) -> None:
        """Forget a message whose link ended in the middle of it."""
        self._filling = 0

    def _flags(self, offset: int) -> int:
        return self._ring[(self._tail + offset) % self._size]

    def _record(self, offset: int) -> int:
        """Bytes of a record."""
        at = (self._tail + offset) % self._size
        ring = self._ring
        length = ring[at + 1] << 24 | ring[at + 2] << 16 | ring[at + 3] << 8 | ring[at + 4]
        return _HEADER + length

    def _number(self, offset: int) -> int:
        """Two bytes anywhere in a body."""
        at = (self._tail + offset) % self._size
        return self._ring[at] << 8 | self._ring[(at + 1) % self._size]

    def peek(self) -> bool:
        """Look at the oldest unread message: sets ``flags`` and the two lengths.

        :return: whether there is one
        """
        if not self.count:
            return False
        self.flags = self._flags(self._taken)
        self.topic_length = self._number(self._taken + _HEADER)
        head = _HEADER + 2 + self.topic_length + (self.flags & _QUALITY_1)
        self.message_length = self._record(self._taken) - head
        return True

    def copy(self, topic, message) -> None:
        """Copy the message that was looked at into buffers that are long enough."""
        body = self._taken + _HEADER
        self._copy(body + 2, self.topic_length, topic)
        payload = body + 2 + self.topic_length + (self.flags & _QUALITY_1)
        self._copy(payload, self.message_length, message)

    def _copy(self, offset: int, length: int, target) -> None:
        at = (self._tail + offset) % self._size
        room = self._size - at
        if length > room:
            target[:room] = self._ring[at : self._size]
            target[room:length] = self._ring[: length - room]
        elif length:
            target[:length] = self._ring[at : at + length]

    def take(self) -> None:
        """The application has the message that was looked at."""
        self._taken += self._record(self._taken)
        self.count -= 1
        self._release()

    def owed(self) -> int:
        """The packet identifier of the next message to acknowledge, or 0.

        With ``ack_on_get`` only what the application has taken is acknowledged.
        """
        if self._acked >= (self._taken if self.ack_on_get else self._used):
            return 0
        body = self._acked + _HEADER
        if self._flags(self._acked) & _NO_BODY:
            return self._number(body)
        return self._number(body + 2 + self._number(body))

    def acknowledged(self) -> None:
        """The next message to acknowledge needs it no more."""
        self._acked += self._record(self._acked)
        self._release()

    def _release(self) -> None:
        # What has no body is not there to be read, what is QoS 0 not to be acknowledged.
        while self._taken < self._used and self._flags(self._taken) & _NO_BODY:
            self._taken += self._record(self._taken)
        while self._acked < self._used and not self._flags(self._acked) & _QUALITY_1:
            self._acked += self._record(self._acked)
        room = min(self._taken, self._acked)
        self._used -= room
        self._taken -= room
        self._acked -= room
        # An empty ring starts again at its beginning: fewer messages wrap.
        self._tail = (self._tail + room) % self._size if self._used or self._filling else 0

    def settle(self, session_present: bool) -> None:
        """A new link has begun: what the old one left unacknowledged never will be.

        :param bool session_present: the broker kept the session, so it sends those messages
            again [MQTT-4.4.0-1] and the copies here go; otherwise they stay to be read
        """
        while self._acked < self._used:
            flags = self._flags(self._acked)
            if session_present and flags & _QUALITY_1 and self._acked >= self._taken:
                if not flags & _NO_BODY:
                    self.count -= 1
                self._ring[(self._tail + self._acked) % self._size] = flags | _NO_BODY
            self._acked += self._record(self._acked)
        self._release()

    def clear(self) -> None:
        """Forget every message; a message that is being received is not one yet."""
        self._taken = self._acked = self._used
        self.count = 0
        self._release()

    def _drop_oldest(self) -> bool:
        """Drop the oldest unread message, unless it must not be lost or would free nothing."""
        if not self.peek() or self.flags & _QUALITY_1 or self._acked <= self._taken:
            return False
        self.take()
        self.dropped += 1
        return True
