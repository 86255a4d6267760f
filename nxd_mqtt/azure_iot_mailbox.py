# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Messages of several kinds in one receive queue: each is looked at once, and taken by its kind.

The kind of a message is noted in bits of its record's flags that the queue leaves alone. What is
taken out of the middle leaves a record without body, as a message that never fitted does; its room
comes free when everything before it has gone, or when room is needed and what is left moves up.

A place is where a record begins in the ring. Whoever calls holds the client's lock.
"""

from struct import pack_into

from micropython import const

from .inbox import Inbox
from .reader import Reader

_HEADER = const(5)
_NO_BODY = const(0x80)
_KIND = const(0x70)
_KIND_SHIFT = const(4)
_QUALITY_1 = const(0x02)
# Bytes of a packet identifier.
_IDENTIFIER_BYTES = const(2)
_NOWHERE = const(-1)

# So much of a topic tells the kind of a message.
_TELLING = const(16)
_REMEMBERED = const(16)


class KindInbox(Inbox):
    """A receive queue whose messages are taken in any order."""

    def owed(self) -> int:
        """As ``Inbox.owed``: what is acknowledged on get waits only for what must be before it.

        Those are older messages of QoS 1 that are unread [MQTT-4.6.0-2].
        """
        there = not self._ring[self._acked] & _NO_BODY
        unread = self._unacked <= self._unread
        if not self._unacked or (self.ack_on_get and unread and there):
            return 0
        body = self._acked + _HEADER
        return self._number(body + 2 + self._number(body) if there else body)

    def settle(self, session_present: bool) -> None:
        """As ``Inbox.settle``: a hub sends again what was not acknowledged, in any session."""
        Inbox.settle(self, True)


class Mailbox:
    """The receive queue of one client, by kinds.

    :param client: has the queue
    """

    def __init__(self, client):
        self._client = client
        self._inbox = client._inbox

    def find(self, kind: int, behind: int = _NOWHERE) -> int:
        """The place of the oldest message of a kind, or -1; kind 0 is one not looked at yet.

        :param int behind: a place; the first one behind it is wanted
        """
        inbox = self._inbox
        at = inbox._taken
        left = inbox._unread
        passed = behind == _NOWHERE
        while left > 0:
            if passed and inbox._ring[at] & (_NO_BODY | _KIND) == kind << _KIND_SHIFT:
                return at
            passed = passed or at == behind
            size = inbox._record(at)
            at = (at + size) % inbox._size
            left -= size
        return _NOWHERE

    def keep(self, at: int, kind: int) -> None:
        """A message was looked at, and waits to be taken."""
        self._inbox._ring[at] |= kind << _KIND_SHIFT

    def topic(self, at: int):
        """The bytes of a message's topic."""
        inbox = self._inbox
        return bytes(self._at(at + _HEADER + 2, inbox._number(at + _HEADER)))

    def body(self, at: int):
        """The bytes of a message's payload."""
        return bytes(self.view(at))

    def view(self, at: int):
        """A message's payload where it lies, good for as long as nothing is received or taken."""
        inbox = self._inbox
        before = _HEADER + 2 + inbox._number(at + _HEADER) + (inbox._ring[at] & _QUALITY_1)
        return self._at(at + before, inbox._record(at) - before)

    def _at(self, at: int, length: int):
        """Bytes of a body; those that wrap are put together."""
        inbox = self._inbox
        at %= inbox._size
        over = at + length - inbox._size
        if over <= 0:
            return inbox._ring[at : at + length]
        return bytes(inbox._ring[at : inbox._size]) + bytes(inbox._ring[:over])

    def remove(self, at: int) -> None:
        """A message is taken, or nobody's."""
        inbox = self._inbox
        if at == inbox._taken:
            inbox.peek()
            self._client.take()
            return
        ring = inbox._ring
        if ring[at] & _QUALITY_1:
            # The queue looks for the packet identifier of what has no body right behind the header.
            body = at + _HEADER
            after = body + 2 + inbox._number(body)
            for place in (0, 1):
                ring[(body + place) % inbox._size] = ring[(after + place) % inbox._size]
        ring[at] |= _NO_BODY
        inbox.count -= 1

    def compact(self) -> bool:
        """Make room of what is not there any more behind what is; no message may be coming in.

        :return: whether there is more room now
        """
        inbox = self._inbox
        unread = inbox._unread
        if inbox._filling:
            return False
        source = target = inbox._taken
        passed = kept = 0
        unacked = max(inbox._unacked - unread, 0)
        while passed < unread:
            size = inbox._record(source)
            # Who is to be acknowledged yet is needed, though without the rest of its body.
            owed = unread - passed <= inbox._unacked
            left = self._left_of(source, size, owed)
            self._move(source, target, left)
            source = (source + size) % inbox._size
            target = (target + left) % inbox._size
            passed += size
            kept += left
            if owed:
                unacked += left
        if inbox._unacked < unread:
            inbox._acked = (target - unacked) % inbox._size
        inbox._unread = kept
        inbox._unacked = unacked
        inbox._end = target
        inbox._skip()
        return kept < unread

    def _left_of(self, at: int, size: int, owed: bool) -> int:
        """How many bytes of a record are needed; its length becomes that."""
        ring = self._inbox._ring
        if not ring[at] & _NO_BODY:
            return size
        if not (owed and ring[at] & _QUALITY_1):
            return 0
        pack_into(">I", ring, at + 1, _IDENTIFIER_BYTES)
        return _HEADER + _IDENTIFIER_BYTES

    def _move(self, source: int, target: int, count: int) -> None:
        """Move the beginning of a record down; a header never wraps, a body may."""
        if not count or source == target:
            return
        inbox = self._inbox
        ring = inbox._ring
        size = inbox._size
        ring[target : target + _HEADER] = bytes(ring[source : source + _HEADER])
        source += _HEADER
        target += _HEADER
        count -= _HEADER
        while count:
            source %= size
            target %= size
            part = min(count, size - source, size - target)
            ring[target : target + part] = ring[source : source + part]
            source += part
            target += part
            count -= part


class KindReader(Reader):
    """A reader that remembers what kinds of messages were too large for the queue.

    :param bytearray staging: as for ``Reader``
    :param inbox: the receive queue
    """

    def __init__(self, staging, inbox):
        Reader.__init__(self, staging, inbox)
        self._head = bytearray(_TELLING)
        # The beginnings of the topics of messages that were skipped, until they are looked at.
        self.skipped = []

    def _is_too_large(self) -> bool:
        """Whether the message was skipped for its size, and not dropped by the queue's policy."""
        body = 2 + self.skipped_topic + (self._flags & _QUALITY_1) + self.skipped_message
        return _HEADER + body > self._inbox._size

    def _topic(self, at: int, end: int) -> int:
        offset = self.skipped_topic - self._topic_left
        stop = Reader._topic(self, at, end)
        if not self.kept and offset < _TELLING and self._is_too_large():
            size = min(stop - at, _TELLING - offset)
            self._head[offset : offset + size] = self._view[at : at + size]
            whole = not self._topic_left or offset + size == _TELLING
            if whole and len(self.skipped) < _REMEMBERED:
                self.skipped.append(bytes(self._head[: offset + size]))
        return stop
