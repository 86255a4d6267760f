# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The receive queue: a ring of fixed size that keeps whole messages, oldest first.

A record is one byte of flags, four bytes of length, and the body of a PUBLISH as it came: topic
length, topic, packet identifier at QoS 1, payload. Records are written at ``_end``. Two places
follow it round the ring, each with the bytes between it and the end: ``_taken`` with ``_unread``
(the application has everything before it) and ``_acked`` with ``_unacked`` (the peer has been, or
need not be, told of everything before it). Room comes free behind the slower of the two, so a
PUBACK that is owed never needs memory of its own.

A message that cannot ever fit leaves a record without body, so that its PUBACK keeps its turn.
"""

from struct import pack_into

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
        self.count = self.received = self.dropped = self.oversize = 0
        self.flags = self.topic_length = self.message_length = self._length = 0
        self._taken = self._unread = self._acked = self._unacked = self._end = 0
        # Bytes of the record that is being written, and where it goes on.
        self._filling = self._at = 0

    def admit(self, flags: int, remaining: int) -> int:
        """Ask for room for a PUBLISH that begins.

        :param int flags: the low four bits of its first byte
        :param int remaining: its remaining length in bytes
        :return: ``ADMITTED`` (write it, then commit), ``SKIPPED`` (of its bytes write the packet
            identifier alone, where it has one, then commit) or ``HELD`` (ask again later)
        """
        answer = ADMITTED
        quality = flags & _QUALITY_1
        if _HEADER + remaining > self._size:
            answer = SKIPPED
            flags |= _NO_BODY
            remaining = quality
        need = _HEADER + remaining
        spare = self._size - need
        # What leaves neither body nor packet identifier needs no room.
        while remaining and (self._unread > spare or self._unacked > spare):
            if self.policy != _DROP_OLD or not self._drop_oldest():
                if quality or not self.policy:
                    return HELD
                self.dropped += 1
                return SKIPPED
        if answer == SKIPPED:
            self.oversize += 1
        if remaining:
            # An empty ring starts again at its beginning: fewer messages wrap.
            if not (self._unread or self._unacked):
                self._taken = self._acked = self._end = 0
            pack_into(">BI", self._ring, self._end, flags, remaining)
            self._at = (self._end + _HEADER) % self._size
            self._filling = need
        return answer

    def write(self, view, start: int, end: int) -> None:
        """Add a stretch of the body of the message that was admitted."""
        at = self._at
        room = self._size - at
        if end - start > room:
            self._ring[at : self._size] = view[start : start + room]
            start += room
            at = 0
        self._at = stop = at + end - start
        self._ring[at:stop] = view[start:end]

    def space(self, most: int):
        """Where the body of the message that was admitted goes on, to be read into.

        :param int most: bytes of it that are still to come
        """
        self._at = at = self._at % self._size
        return self._ring[at : min(at + most, self._size)]

    def wrote(self, count: int) -> None:
        """So many bytes were read into the space."""
        self._at += count

    def commit(self) -> None:
        """The body is complete: the record can be read and acknowledged."""
        size = self._filling
        if not size:
            return
        flags = self._ring[self._end]
        self._end = end = (self._end + size) % self._size
        self._filling = 0
        self._unread += size
        self._unacked += size
        # What has no body is not there to be read, what is QoS 0 not to be acknowledged.
        if not flags & _NO_BODY:
            self.count += 1
            self.received += 1
        elif self._unread == size:
            self._taken = end
            self._unread = 0
        if self._unacked == size and not flags & _QUALITY_1:
            self._acked = end
            self._unacked = 0

    def abort(self) -> None:
        """Forget a message whose link ended in the middle of it."""
        self._filling = 0

    def _record(self, at: int) -> int:
        """Bytes of a record."""
        ring = self._ring
        length = ring[at + 1] << 24 | ring[at + 2] << 16 | ring[at + 3] << 8 | ring[at + 4]
        return _HEADER + length

    def _number(self, at: int) -> int:
        """Two bytes anywhere in a body; they may wrap."""
        size = self._size
        return self._ring[at % size] << 8 | self._ring[(at + 1) % size]

    def peek(self) -> bool:
        """Look at the oldest unread message: sets ``flags`` and the two lengths.

        :return: whether there is one
        """
        if not self.count:
            return False
        at = self._taken
        self.flags = flags = self._ring[at]
        self._length = length = self._record(at)
        self.topic_length = topic_length = self._number(at + _HEADER)
        self.message_length = length - _HEADER - 2 - topic_length - (flags & _QUALITY_1)
        return True

    def copy(self, topic, message) -> None:
        """Copy the message that was looked at into buffers that are long enough."""
        length = self.topic_length
        at = self._taken + _HEADER + 2
        self._copy(at, length, topic)
        self._copy(at + length + (self.flags & _QUALITY_1), self.message_length, message)

    def _copy(self, at: int, length: int, target) -> None:
        at %= self._size
        room = self._size - at
        if length > room:
            target[:room] = self._ring[at : self._size]
            target[room:length] = self._ring[: length - room]
        elif length:
            target[:length] = self._ring[at : at + length]

    def take(self) -> None:
        """The application has the message that was looked at."""
        self._taken = (self._taken + self._length) % self._size
        self._unread -= self._length
        self.count -= 1
        self._skip()

    def _skip(self) -> None:
        """What has no body is not there to be read."""
        while self._unread and self._ring[self._taken] & _NO_BODY:
            size = self._record(self._taken)
            self._taken = (self._taken + size) % self._size
            self._unread -= size

    def owed(self) -> int:
        """The packet identifier of the next message to acknowledge, or 0.

        With ``ack_on_get`` only what the application has taken is acknowledged.
        """
        if self._unacked <= (self._unread if self.ack_on_get else 0):
            return 0
        body = self._acked + _HEADER
        if not self._ring[self._acked] & _NO_BODY:
            body += 2 + self._number(body)
        return self._number(body)

    def acknowledged(self) -> None:
        """The next message to acknowledge needs it no more; what is QoS 0 never does."""
        while True:
            size = self._record(self._acked)
            self._acked = (self._acked + size) % self._size
            self._unacked -= size
            if not self._unacked or self._ring[self._acked] & _QUALITY_1:
                return

    def settle(self, session_present: bool) -> None:
        """A new link has begun: what the old one left unacknowledged never will be.

        :param bool session_present: the broker kept the session, so it sends those messages
            again [MQTT-4.4.0-1] and the copies here go; otherwise they stay to be read
        """
        while self._unacked:
            at = self._acked
            flags = self._ring[at]
            if session_present and self._unacked <= self._unread:
                if not flags & _NO_BODY:
                    self.count -= 1
                self._ring[at] = flags | _NO_BODY
            self.acknowledged()
        self._skip()

    def clear(self) -> None:
        """Forget every message; a message that is being received is not one yet."""
        self._taken = self._acked = self._end
        self._unread = self._unacked = self.count = 0

    def _drop_oldest(self) -> bool:
        """Drop the oldest unread message, unless it must not be lost or would free nothing."""
        if not self.peek() or self.flags & _QUALITY_1 or self._unacked >= self._unread:
            return False
        self.take()
        self.dropped += 1
        return True
