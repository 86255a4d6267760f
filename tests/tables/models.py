# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Plain lists that tell what the receive queue and the transmit store must do, on any interpreter.

Each trial does every step twice, with the real thing and with its list, and fails where the two
tell different stories. The steps come from hypothesis, or from ``Numbers``, whose sequences are the
same on CPython and on MicroPython.
"""

from nxd_mqtt.inbox import Inbox
from nxd_mqtt.store import Store

from .checks import require

HELD = 0
ADMITTED = 1
SKIPPED = 2

HOLD = 0
DROP_NEW = 1
DROP_OLD = 2

_HEADER = 5
_SLACK = 4
_QUALITY_1 = 2
_GUARD = 8
_GUARD_BYTE = 0xA5
_PUBLISH = 0x30
_DUP = 8


class Numbers:
    """Numbers that look random and are the same everywhere.

    :param int seed: which of the sequences
    """

    def __init__(self, seed: int):
        self._state = seed

    def below(self, limit: int) -> int:
        """The next number, from 0 up to the limit without it."""
        self._state = (self._state * 1103515245 + 12345) & 0x3FFFFFFF
        return (self._state >> 12) % limit

    def octets(self, count: int) -> bytes:
        """So many bytes of any value."""
        return bytes([self.below(256) for _ in range(count)])


def body_of(flags: int, topic: bytes, packet_id: int, message: bytes) -> bytes:
    """What follows the fixed header of a PUBLISH."""
    identifier = packet_id.to_bytes(2, "big") if flags & _QUALITY_1 else b""
    return len(topic).to_bytes(2, "big") + topic + identifier + message


class _Record:
    """A message in the queue, or (``body`` None) a place that is kept for its acknowledgement."""

    def __init__(self, flags: int, fields, need: int):
        self.flags = flags
        self.topic, self.packet_id, self.message = fields
        self.need = need
        self.unread = True
        self.owes = flags & _QUALITY_1 != 0


class RingTrial:
    """An ``Inbox`` and the list of what is in it.

    :param int size: bytes of the queue's memory
    """

    def __init__(self, size: int):
        self._whole = bytearray(bytes([_GUARD_BYTE]) * (size + 2 * _GUARD))
        self._end = _GUARD + size
        self.inbox = Inbox(memoryview(self._whole)[_GUARD : self._end])
        self.capacity = size - _SLACK
        self._records = []
        self._coming = self._body = None
        self._written = 0
        self.policy = HOLD
        self.received = self.dropped = self.oversize = 0
        self.seen = 0
        """A checksum of everything that came out."""

    # -- what the list says -------------------------------------------------------------------

    def _unread(self) -> list:
        return [record for record in self._records if record.unread]

    def _owing(self) -> list:
        return [record for record in self._records if record.owes]

    def room(self) -> int:
        """Bytes that are free."""
        return self.capacity - sum(record.need for record in self._records)

    def _settled(self) -> None:
        # Room comes free from the oldest record on, and only when both sides are done with it.
        while self._records and not (self._records[0].unread or self._records[0].owes):
            self._records.pop(0)

    def _make_room(self, need: int) -> bool:
        while self.room() < need:
            if self.policy != DROP_OLD or not self._records:
                return False
            oldest = self._records[0]
            # Behind a PUBACK that is still owed a drop would free nothing; QoS 1 is never dropped.
            if not oldest.unread or oldest.flags & _QUALITY_1:
                return False
            oldest.unread = False
            self.dropped += 1
            self._settled()
        return True

    def _answer(self, flags: int, need: int) -> int:
        if need > self.capacity:
            if flags & _QUALITY_1 and not self._make_room(_HEADER + 2):
                return HELD
            self.oversize += 1
            return SKIPPED
        if self._make_room(need):
            return ADMITTED
        if self.policy and not flags & _QUALITY_1:
            self.dropped += 1
            return SKIPPED
        return HELD

    # -- a message comes in -------------------------------------------------------------------

    @property
    def filling(self) -> bool:
        """Whether a message is on its way in."""
        return self._body is not None

    @property
    def missing(self) -> int:
        """Bytes of the message on its way in that are still to be written."""
        return len(self._body) - self._written if self.filling else 0

    @property
    def unread(self) -> int:
        """How many messages can be read."""
        return len(self._unread())

    def admit(self, flags: int, topic: bytes, packet_id: int, message: bytes) -> int:
        """A PUBLISH begins: both must answer the same."""
        body = body_of(flags, topic, packet_id, message)
        need = _HEADER + len(body)
        expected = self._answer(flags, need)
        answer = self.inbox.admit(flags, len(body))
        require(answer == expected, "admit %d instead of %d" % (answer, expected))
        self.check()
        if answer == HELD:
            return answer
        self._coming = self._body = None
        self._written = 0
        if answer == ADMITTED:
            self._body = body
            self._coming = _Record(flags, (topic, packet_id, message), need)
        elif flags & _QUALITY_1:
            self._body = packet_id.to_bytes(2, "big")
            self._coming = _Record(flags, (None, packet_id, None), _HEADER + 2)
            self._coming.unread = False
        else:
            self._body = b""
        return answer

    def write(self, count: int) -> None:
        """The next bytes of the body, out of the middle of a larger buffer."""
        count = min(count, self.missing)
        piece = self._body[self._written : self._written + count]
        staging = memoryview(b"##" + piece + b"###")
        self.inbox.write(staging, 2, 2 + count)
        self._written += count
        self.check()

    def commit(self) -> None:
        """The body is complete."""
        while self.missing:
            self.write(self.missing)
        self.inbox.commit()
        if self._coming:
            self._records.append(self._coming)
            self.received += self._coming.unread
        self._coming = self._body = None
        self.check()

    def abort(self) -> None:
        """The link ended in the middle of the message."""
        self.inbox.abort()
        self._coming = self._body = None
        self.check()

    def message(self, flags: int, topic: bytes, packet_id: int, message: bytes) -> int:
        """A whole PUBLISH at once, if there is room."""
        answer = self.admit(flags, topic, packet_id, message)
        if answer != HELD:
            self.commit()
        return answer

    # -- the application ----------------------------------------------------------------------

    def peek(self) -> bool:
        """Look at the oldest unread message."""
        unread = self._unread()
        found = self.inbox.peek()
        require(found == bool(unread), "peek finds %s" % found)
        if found:
            inbox = self.inbox
            oldest = unread[0]
            require(inbox.flags == oldest.flags, "flags %d" % inbox.flags)
            require(inbox.topic_length == len(oldest.topic), "topic of %d" % inbox.topic_length)
            length = inbox.message_length
            require(length == len(oldest.message), "message of %d" % length)
        self.check()
        return found

    def copy(self, spare: int) -> None:
        """Copy the oldest unread message into buffers that are ``spare`` bytes too long."""
        if not self.peek():
            return
        oldest = self._unread()[0]
        topic = bytearray(b"?" * (len(oldest.topic) + spare))
        message = bytearray(b"?" * (len(oldest.message) + spare))
        self.inbox.copy(topic, message)
        require(topic == oldest.topic + b"?" * spare, "topic %s" % bytes(topic))
        require(message == oldest.message + b"?" * spare, "message %s" % bytes(message))
        for byte in topic + message:
            self.seen = (self.seen * 31 + byte) & 0xFFFFFF
        self.check()

    def take(self) -> bool:
        """The application has the oldest unread message."""
        if not self.peek():
            return False
        self.inbox.take()
        self._unread()[0].unread = False
        self._settled()
        self.check()
        return True

    def clear(self) -> None:
        """The application lets go of everything."""
        self.inbox.clear()
        self._records = []
        self.check()

    def set_policy(self, policy: int) -> None:
        """HOLD, DROP_NEW or DROP_OLD."""
        self.inbox.policy = self.policy = policy

    # -- the peer -----------------------------------------------------------------------------

    def owed(self) -> int:
        """The packet identifier that is to be acknowledged next."""
        owing = self._owing()
        expected = owing[0].packet_id if owing else 0
        owed = self.inbox.owed()
        require(owed == expected, "owed %d instead of %d" % (owed, expected))
        self.seen = (self.seen * 31 + owed) & 0xFFFFFF
        self.check()
        return owed

    def acknowledge(self) -> bool:
        """Acknowledge the next message, if one is owed."""
        if not self.owed():
            return False
        self.inbox.acknowledged()
        self._owing()[0].owes = False
        self._settled()
        self.check()
        return True

    def settle(self, session_present: bool) -> None:
        """A new link has begun."""
        self.inbox.settle(session_present)
        for record in self._owing():
            record.owes = False
            if session_present:
                record.unread = False
        self._settled()
        self.check()

    def drain(self) -> None:
        """Read and acknowledge all there is."""
        while self.acknowledge():
            pass
        while self.peek():
            self.copy(0)
            self.take()
        require(self.room() == self.capacity, "an empty queue has all its room")

    def check(self) -> None:
        """What holds after every step."""
        inbox = self.inbox
        require(inbox.count == self.unread, "count %d, not %d" % (inbox.count, self.unread))
        require(inbox.received == self.received, "received %d" % inbox.received)
        require(inbox.dropped == self.dropped, "dropped %d, not %d" % (inbox.dropped, self.dropped))
        require(inbox.oversize == self.oversize, "oversize %d" % inbox.oversize)
        guard = bytes([_GUARD_BYTE]) * _GUARD
        untouched = self._whole[:_GUARD] == guard and self._whole[self._end :] == guard
        require(untouched, "written outside of the memory")


class _Entry:
    """A packet in the store, and where in the output buffer it begins."""

    def __init__(self, packet_id: int, packet: bytes):
        self.packet_id = packet_id
        self.packet = packet
        self.start = 0

    @property
    def is_publish(self) -> bool:
        """Whether it outlives its link."""
        return self.packet[0] & 0xF0 == _PUBLISH


class StoreTrial:
    """A ``Store`` and the list of what is in it, and the output buffer of a link.

    :param int slot_size: bytes of the largest packet
    :param int depth: how many packets
    """

    def __init__(self, slot_size: int, depth: int):
        self.store = Store(slot_size, depth)
        self.slot_size = slot_size
        self.depth = depth
        self.entries = []
        """In the order of the calls."""
        self.handed = self.sent = 0
        self._from = self._to = 0
        self._linked = True

    def add(self, first: int, packet_id: int, rest: bytes) -> bool:
        """Keep a packet, if there is room and its identifier is not in use."""
        store = self.store
        if len(self.entries) == self.depth or self.find(packet_id) >= 0:
            return False
        packet = bytes([first]) + rest
        store.packets[store.count][: len(packet)] = packet
        store.add(packet_id, len(packet))
        self.entries.append(_Entry(packet_id, packet))
        self.check()
        return True

    def find(self, packet_id: int) -> int:
        """The place of a packet identifier, -1 when it is not there."""
        places = [at for at in range(len(self.entries)) if self.entries[at].packet_id == packet_id]
        expected = places[0] if places else -1
        found = self.store.find(packet_id)
        require(found == expected, "found at %d, not %d" % (found, expected))
        return found

    def hand(self) -> bool:
        """Move the next packet into the output buffer, as a session does."""
        if not self._linked or self.handed == len(self.entries):
            return False
        store = self.store
        entry = self.entries[self.handed]
        store.starts[store.handed] = entry.start = self._to
        self._to += len(entry.packet)
        store.handed += 1
        self.handed += 1
        self.check()
        return True

    def take(self, count: int) -> None:
        """The link takes so many bytes of the output buffer."""
        self._from = min(self._from + count, self._to)
        self.store.taken(self._from)
        for entry in self.entries[self.sent : self.handed]:
            self.sent += entry.start < self._from
        if self._from == self._to:
            self._from = self._to = 0
        self.check()

    def send(self) -> bool:
        """Hand the next packet over and let the link take all."""
        handed = self.hand()
        self.take(self._to)
        return handed

    def remove(self, place: int) -> bool:
        """Forget one entry."""
        if place >= len(self.entries):
            return False
        self.store.remove(place)
        self._forget(place)
        self.check()
        return True

    def _forget(self, place: int) -> None:
        self.entries.pop(place)
        self.handed -= place < self.handed
        self.sent -= place < self.sent

    def _begin_link(self) -> None:
        self.handed = self.sent = self._from = self._to = 0
        self._linked = True
        self.check()

    def rewind(self) -> None:
        """A new link: everything is to be sent again."""
        self.store.rewind()
        for entry in self.entries[: self.sent]:
            if entry.is_publish:
                entry.packet = bytes([entry.packet[0] | _DUP]) + entry.packet[1:]
        self._begin_link()

    def drop_sent(self) -> None:
        """A new link that begins anew: the messages that an earlier one has carried go."""
        self.store.drop_sent()
        for place in reversed(range(len(self.entries))):
            entry = self.entries[place]
            if entry.is_publish and (place < self.sent or entry.packet[0] & _DUP):
                self._forget(place)
        self._begin_link()

    def drop_requests(self) -> None:
        """The link ends: SUBSCRIBE and UNSUBSCRIBE go, and the output buffer."""
        self.store.drop_requests()
        for place in reversed(range(len(self.entries))):
            if not self.entries[place].is_publish:
                self._forget(place)
        self._from = self._to = 0
        self._linked = False
        self.check()

    def check(self) -> None:
        """What holds after every step."""
        store = self.store
        require(store.count == len(self.entries), "count %d" % store.count)
        require(store.handed == self.handed, "handed %d, not %d" % (store.handed, self.handed))
        require(store.sent == self.sent, "sent %d, not %d" % (store.sent, self.sent))
        require(len(store.packets) == self.depth, "%d slots" % len(store.packets))
        for place in range(self.depth):
            require(len(store.packets[place]) == self.slot_size, "a slot of another size")
        for place in range(len(self.entries)):
            packet_id, packet = self.entries[place].packet_id, self.entries[place].packet
            require(store.packet_ids[place] == packet_id, "id %d" % store.packet_ids[place])
            require(store.lengths[place] == len(packet), "length %d" % store.lengths[place])
            kept = bytes(store.packets[place][: len(packet)])
            require(kept == packet, "%s at %d" % (kept, place))


# --- sequences -----------------------------------------------------------------------------------


def _any_message(trial: RingTrial, numbers: Numbers) -> None:
    flags = numbers.below(2) | numbers.below(2) << 1
    topic = numbers.octets(1 + numbers.below(6))
    # Now and then one that cannot ever fit.
    limit = trial.capacity + 8 if numbers.below(8) == 0 else 24
    message = numbers.octets(numbers.below(limit))
    trial.admit(flags, topic, 1 + numbers.below(65535), message)


def ring_sequence(seed: int, size: int, steps: int) -> int:
    """Play a sequence with a receive queue; returns a checksum of all that came out."""
    numbers = Numbers(seed)
    trial = RingTrial(size)
    plays = (
        lambda: trial.copy(numbers.below(3)),
        trial.take,
        trial.take,
        trial.owed,
        trial.acknowledge,
        trial.acknowledge,
        lambda: trial.set_policy(numbers.below(3)),
        lambda: trial.settle(numbers.below(2) == 1),
        trial.clear,
    )
    for _ in range(steps):
        step = numbers.below(32)
        if trial.filling and step < 16:
            if trial.missing:
                trial.write(1 + numbers.below(trial.missing))
            else:
                trial.commit()
        elif trial.filling and step == 31:
            trial.abort()
        elif not trial.filling and step < 16:
            _any_message(trial, numbers)
        elif step - 16 < len(plays) and not (trial.filling and step == 23):
            plays[step - 16]()
    if trial.filling:
        trial.commit()
    trial.drain()
    return trial.seen << 24 | trial.received << 16 | trial.dropped << 8 | trial.oversize


def store_sequence(seed: int, slot_size: int, depth: int, steps: int) -> int:
    """Play a sequence with a transmit store; returns a checksum of what was in it."""
    numbers = Numbers(seed)
    trial = StoreTrial(slot_size, depth)
    firsts = (0x32, 0x33, 0x82, 0xA2)
    seen = 0
    for _ in range(steps):
        step = numbers.below(24)
        if step < 8:
            rest = numbers.octets(numbers.below(slot_size))
            trial.add(firsts[numbers.below(4)], 1 + numbers.below(3 * depth), rest)
        elif step < 12:
            trial.hand()
        elif step < 16:
            trial.take(1 + numbers.below(2 * slot_size))
        elif step < 20:
            trial.remove(numbers.below(depth))
        elif step < 23:
            (trial.rewind, trial.drop_requests, trial.drop_sent)[step - 20]()
        for entry in trial.entries:
            first = entry.packet[0]
            seen = (seen * 31 + entry.packet_id + first + len(entry.packet)) & 0xFFFFFFFF
        seen = (seen * 31 + trial.sent) & 0xFFFFFFFF
    return seen


# (seed, bytes of memory, steps)
RING_SEQUENCES = ((1, 32, 400), (2, 33, 400), (3, 40, 400), (4, 64, 400), (5, 101, 400))
# (seed, bytes of a slot, slots, steps)
STORE_SEQUENCES = ((1, 16, 1, 300), (2, 16, 4, 300), (3, 48, 7, 300))
