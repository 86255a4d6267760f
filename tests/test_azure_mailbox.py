# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The receive queue by kinds against a plain list: order, bytes, room and acknowledgements.

Messages come and are taken in any order of kinds, links come and go; the list says what must be
there. The reader that remembers what was too large is fed in pieces of any size.
"""

import pytest
from doubles.script import publish
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from nxd_mqtt.azure_iot_mailbox import KindReader, Mailbox
from nxd_mqtt.inbox import Inbox

HELD, ADMITTED, SKIPPED = 0, 1, 2
KINDS = (1, 2, 3, 4)
HEADER, SLACK = 5, 4
QUALITY_1 = 2
# What is left in the ring of a message without body whose PUBACK is owed.
REMAINDER = HEADER + 2


class Record:
    """A message that has come."""

    def __init__(self, packet_id, topic, payload, skipped):
        self.packet_id, self.topic, self.payload = packet_id, topic, payload
        self.kind = 0
        self.unread = not skipped
        self.owes = packet_id > 0
        self.size = HEADER + 2 * (packet_id > 0)
        self.size += 0 if skipped else 2 + len(topic) + len(payload)


class Owner:
    """What a mailbox needs of a client."""

    def __init__(self, inbox):
        self._inbox = inbox

    def take(self):
        """The oldest message leaves the queue."""
        self._inbox.take()


class Queue:
    """The mailbox and the list, which do everything together.

    :param int size: bytes of the ring's memory
    :param int on_get: whether messages are acknowledged when they are taken
    """

    def __init__(self, size, on_get):
        self.inbox = Inbox(bytearray(size))
        self.inbox.ack_on_get = self.on_get = on_get
        self.capacity = size - SLACK
        self.mailbox = Mailbox(Owner(self.inbox))
        self.records = []
        self.coming = None
        self.packet_id = 0
        self.pubacks = []

    # a message comes in

    def arrive(self, topic, payload, quality):
        """A message begins; whether there was room, if need be after compacting."""
        number = 0
        if quality:
            self.packet_id = number = self.packet_id % 65535 + 1
        body = len(topic).to_bytes(2, "big") + topic
        body += number.to_bytes(2, "big") if quality else b""
        body += payload
        flags = QUALITY_1 if quality else 0
        answer = self.inbox.admit(flags, len(body))
        if answer == HELD:
            self.mailbox.compact()
            answer = self.inbox.admit(flags, len(body))
        skipped = answer == SKIPPED
        assert answer == HELD or skipped == (HEADER + len(body) > self.capacity)
        need = HEADER + len(body)
        if need > self.capacity:
            need = HEADER + 2
        if answer == HELD:
            # Compacted it is held for a reason: there is no room.
            assert need + self.most_bytes() > self.capacity
            self.packet_id -= number > 0
            return False
        assert skipped or need + self.least_bytes() <= self.capacity
        self.coming = Record(number, topic, payload, skipped)
        self.left = (number.to_bytes(2, "big") if number else b"") if skipped else body
        return True

    def write(self, count):
        """Some of its bytes come."""
        piece, self.left = self.left[:count], self.left[count:]
        if piece:
            self.inbox.write(memoryview(b"#" + piece + b"#"), 1, 1 + len(piece))

    def commit(self):
        """Its last bytes come."""
        self.write(len(self.left))
        self.inbox.commit()
        if self.coming.unread or self.coming.owes:
            self.records.append(self.coming)
        self.coming = None

    def abort(self):
        """The link is lost in the middle of it."""
        self.inbox.abort()
        self.coming = None

    # bytes that the list knows to be in the ring

    def _gone(self):
        while self.records and not (self.records[0].unread or self.records[0].owes):
            self.records.pop(0)

    def least_bytes(self):
        """At least so many are in use: a message is there until it is taken."""
        return sum(record.size for record in self.records if record.unread)

    def most_bytes(self):
        """At most so many are in use when all that can be has been moved up."""
        used = 0
        # What was taken waits for the PUBACKs before it; only behind what is unread can it move.
        unread = False
        for record in self.records:
            unread = unread or record.unread
            if record.unread or record.owes or not unread:
                used += record.size
            elif record.packet_id:
                used += REMAINDER
        return used

    # what is done with messages

    def first(self, kind):
        """The oldest message of a kind on the list."""
        for record in self.records:
            if record.unread and record.kind == kind:
                return record
        return None

    def _place(self, kind):
        record = self.first(kind)
        at = self.mailbox.find(kind)
        assert (at >= 0) == (record is not None)
        if record:
            assert self.mailbox.topic(at) == record.topic
            assert self.mailbox.body(at) == record.payload
        return at, record

    def sort(self, kind):
        """Look at the oldest message that nobody has looked at; 0 is for one that is dropped."""
        at, record = self._place(0)
        if record and kind:
            self.mailbox.keep(at, kind)
            record.kind = kind
        elif record:
            self._remove(at, record)

    def take(self, kind):
        """Take the oldest message of a kind."""
        at, record = self._place(kind)
        if record:
            self._remove(at, record)

    def _remove(self, at, record):
        self.mailbox.remove(at)
        record.unread = False
        self._gone()

    def due(self):
        """The message whose PUBACK is next, if it is due."""
        for at, record in enumerate(self.records):
            if record.owes:
                waits = self.on_get and any(other.unread for other in self.records[: at + 1])
                return None if waits else record
        return None

    def acknowledge(self):
        """Write the next PUBACK, if one is due."""
        record = self.due()
        assert self.inbox.owed() == (record.packet_id if record else 0)
        if record:
            self.inbox.acknowledged()
            self.pubacks.append(record.packet_id)
            record.owes = False
            self._gone()

    def settle(self, present):
        """A new link: what is owed is not any more, and comes again if the session is kept."""
        self.inbox.settle(present)
        for record in self.records:
            if record.owes:
                record.owes = False
                record.unread = record.unread and not present
        self._gone()

    def clear(self):
        """The program disconnects."""
        self.inbox.clear()
        self.records.clear()

    def check(self):
        """The mailbox says what the list says."""
        inbox = self.inbox
        unread = [record for record in self.records if record.unread]
        assert inbox.count == len(unread)
        for kind in (0, *KINDS):
            wanted = [record for record in unread if record.kind == kind]
            at = self.mailbox.find(kind)
            for record in wanted:
                assert (self.mailbox.topic(at), self.mailbox.body(at)) == (
                    record.topic,
                    record.payload,
                )
                at = self.mailbox.find(kind, at)
            assert at < 0
        record = self.due()
        assert inbox.owed() == (record.packet_id if record else 0)
        assert max(inbox._unread, inbox._unacked) <= self.capacity


TOPICS = st.binary(min_size=1, max_size=20)
PAYLOADS = st.binary(max_size=40)


class QueueMachine(RuleBasedStateMachine):
    """Any story of a queue."""

    @initialize(size=st.integers(32, 160), on_get=st.integers(0, 1))
    def begin(self, size, on_get):
        """A queue of any size."""
        self.queue = Queue(size, on_get)

    @precondition(lambda self: not self.queue.coming)
    @rule(topic=TOPICS, payload=PAYLOADS, quality=st.booleans())
    def arrive(self, topic, payload, quality):
        """A message begins."""
        self.queue.arrive(topic, payload, quality)

    @precondition(lambda self: not self.queue.coming)
    @rule(topic=TOPICS, payload=PAYLOADS, quality=st.booleans(), kind=st.sampled_from(KINDS))
    def arrive_whole(self, topic, payload, quality, kind):
        """A message comes at once and is looked at, as nearly all are."""
        queue = self.queue
        if queue.arrive(topic, payload, quality):
            queue.commit()
            while queue.first(0):
                queue.sort(kind)

    @precondition(lambda self: self.queue.coming)
    @rule(count=st.integers(1, 30))
    def write(self, count):
        """Some bytes of it come."""
        self.queue.write(count)

    @precondition(lambda self: self.queue.coming)
    @rule()
    def commit(self):
        """All bytes of it come."""
        self.queue.commit()

    @precondition(lambda self: self.queue.coming)
    @rule()
    def abort(self):
        """The link is lost."""
        self.queue.abort()

    @rule(kind=st.sampled_from((0, *KINDS)))
    def sort(self, kind):
        """A message is looked at."""
        self.queue.sort(kind)

    @rule(kind=st.sampled_from(KINDS))
    def take(self, kind):
        """A message is taken."""
        self.queue.take(kind)

    @rule(count=st.integers(1, 4))
    def acknowledge(self, count):
        """PUBACKs are written."""
        for _ in range(count):
            self.queue.acknowledge()

    @rule()
    def compact(self):
        """Room is made."""
        self.queue.mailbox.compact()

    @precondition(lambda self: not self.queue.coming)
    @rule(present=st.booleans())
    def settle(self, present):
        """A new link begins."""
        self.queue.settle(present)

    @precondition(lambda self: not self.queue.coming)
    @rule()
    def clear(self):
        """The program disconnects."""
        self.queue.clear()

    @invariant()
    def as_the_list_says(self):
        """The mailbox and the list agree."""
        self.queue.check()

    def teardown(self):
        """All can be taken, and all be acknowledged, in the order of their coming."""
        queue = getattr(self, "queue", None)
        if not queue:
            return
        if queue.coming:
            queue.commit()
        while queue.first(0):
            queue.sort(1)
        owing = [record.packet_id for record in queue.records if record.owes]
        for kind in KINDS:
            while queue.first(kind):
                queue.take(kind)
        queue.pubacks.clear()
        while queue.due():
            queue.acknowledge()
        queue.check()
        assert queue.pubacks == owing
        assert (queue.inbox._unread, queue.inbox._unacked, queue.records) == (0, 0, [])


TestAnyStoryOfAQueue = QueueMachine.TestCase
TestAnyStoryOfAQueue.settings = settings(max_examples=150, stateful_step_count=60)


# --- stories that are worth a name ---------------------------------------------------------------


def filled(queue, kinds, quality=0, payload=b"x" * 10):
    """Messages of these kinds, one after the other, as many as there is room for."""
    for number, kind in enumerate(kinds):
        if not queue.arrive(b"t%02d" % number, payload, quality):
            return number
        queue.commit()
        queue.sort(kind)
    return len(kinds)


@pytest.mark.parametrize("quality", [0, 1])
def test_room_behind_one_old_message_is_used_again_and_again(quality):
    queue = Queue(128, 0)
    filled(queue, [1], quality)
    for number in range(200):
        assert queue.arrive(b"m%d" % number, b"y" * (number % 40), quality)
        queue.commit()
        queue.sort(2)
        queue.take(2)
        queue.acknowledge()
        queue.acknowledge()
        queue.check()
    queue.take(1)
    assert queue.records == []


def test_without_a_pause_for_pubacks_only_their_identifiers_stay():
    """Acknowledged on get: nothing is acknowledged behind a message that is not taken."""
    queue = Queue(256, 1)
    filled(queue, [1], 1)
    taken = 0
    while queue.arrive(b"m", b"y" * 20, 1):
        queue.commit()
        queue.sort(2)
        queue.take(2)
        taken += 1
    # Uncompacted there would be room for seven.
    assert taken >= 25
    queue.check()
    queue.take(1)
    while queue.due():
        queue.acknowledge()
    assert queue.pubacks == list(range(1, taken + 2))


def test_every_other_message_is_taken_at_every_place_of_the_ring():
    for offset in range(90):
        queue = Queue(100, offset % 2)
        if offset:
            queue.arrive(b"o", bytes(offset), 1) and queue.commit()
            filled(queue, [1])
            queue.sort(1)
            queue.take(1)
            queue.acknowledge()
        filled(queue, [2, 3, 2, 3], 1, b"z" * 7)
        queue.take(3)
        queue.mailbox.compact()
        queue.check()
        queue.take(2)
        queue.check()
        queue.take(3)
        queue.check()


def test_nothing_moves_while_a_message_is_coming_in():
    queue = Queue(128, 0)
    filled(queue, [1, 2, 1])
    queue.take(2)
    assert queue.arrive(b"slow", b"0123456789", 0)
    queue.write(5)
    assert not queue.mailbox.compact()
    queue.commit()
    queue.sort(1)
    assert queue.mailbox.compact()
    assert not queue.mailbox.compact()
    queue.check()


# --- what was too large --------------------------------------------------------------------------


class Stream:
    """A reader of kinds, fed with pieces of a stream."""

    def __init__(self, ring, staging=64):
        self.inbox = Inbox(bytearray(ring))
        self.reader = KindReader(bytearray(staging), self.inbox)
        self.reader.connected = True
        self.kinds = []

    def feed(self, data, sizes):
        """Feed it, by pieces of these sizes again and again; whatever is kept is taken."""
        at = turn = 0
        while at < len(data):
            space = self.reader.space()
            count = min(len(space), sizes[turn % len(sizes)], len(data) - at)
            turn += 1
            space[:count] = data[at : at + count]
            self.reader.filled(count)
            at += count
            kind = self.reader.next_packet()
            while kind:
                self.kinds.append(kind)
                self._drain()
                kind = self.reader.next_packet()
            self._drain()
            assert not self.reader.holding

    def _drain(self):
        while self.inbox.peek():
            self.inbox.take()
        while self.inbox.owed():
            self.inbox.acknowledged()


MESSAGES = st.lists(
    st.tuples(
        st.text(st.characters(codec="ascii", exclude_characters="#+\0"), min_size=1, max_size=40),
        st.integers(0, 120),
        st.booleans(),
    ),
    min_size=1,
    max_size=8,
)


@given(MESSAGES, st.lists(st.integers(1, 40), min_size=1, max_size=5), st.integers(40, 90))
def test_the_beginnings_of_topics_that_were_skipped_are_remembered(messages, sizes, ring):
    stream = Stream(ring)
    data, expected = b"", []
    for topic, size, quality in messages:
        packet = publish(topic, bytes(size), 7 if quality else None)
        data += packet
        if HEADER + 2 + len(topic) + 2 * quality + size > ring - SLACK:
            expected.append(topic.encode()[:16])
    stream.feed(data, sizes)
    assert stream.reader.skipped == expected
    assert len(stream.kinds) == len(messages)
    assert stream.inbox.oversize == len(expected)


@pytest.mark.parametrize("length", [1, 15, 16, 17, 63, 64, 65, 300])
@pytest.mark.parametrize("piece", [1, 2, 7, 500])
def test_a_topic_of_any_length_is_remembered_once(length, piece):
    stream = Stream(40)
    topic = "".join(chr(0x61 + number % 26) for number in range(length))
    stream.feed(publish(topic, bytes(100), 9), [piece])
    assert stream.reader.skipped == [topic.encode()[:16]]


def test_a_topic_whose_message_is_cut_off_is_not_mixed_with_the_next_one():
    stream = Stream(40)
    stream.feed(publish("abcdefghijklmnopqrstuvwxyz", bytes(100), 9)[:12], [1])
    stream.reader.reset()
    stream.reader.connected = True
    stream.feed(publish("0123456789", bytes(100), 9), [3])
    assert stream.reader.skipped[-1] == b"0123456789"
    assert b"abcdefgh0123" not in stream.reader.skipped


def test_a_hub_that_sends_nothing_else_cannot_make_the_list_grow():
    stream = Stream(40)
    stream.feed(publish("abc", bytes(100)) * 1000, [64])
    assert len(stream.reader.skipped) <= 64
