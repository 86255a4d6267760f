# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Bytes in, packets out: however the stream is cut, and a reason to end for what is no MQTT."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tables.packets import (
    BORDERS,
    FROM_SERVER,
    MALFORMED,
    NO_TEXTS,
    NO_TOPICS,
    PUBACK,
    PUBLISH,
    TEXTS,
)
from tables.streams import (
    SMALLEST_STAGING,
    begin_link,
    new_reader,
    read_packets,
    take_message,
    violation_of,
)

from boards.desktop.broker import packets as broker
from nxd_mqtt.inbox import Inbox
from nxd_mqtt.reader import Reader
from nxd_mqtt.status import MQTTError

PINGRESP = b"\xd0\0"
FIVE = b"\x40\2\0\5"


def publish(message=b"m", packet_id=0, topic=b"t", flags=None) -> bytes:
    """A PUBLISH of any bytes, legal or not."""
    if flags is None:
        flags = 2 if packet_id else 0
    identifier = packet_id.to_bytes(2, "big") if flags & 2 else b""
    body = len(topic).to_bytes(2, "big") + topic + identifier + message
    length = bytearray()
    remaining = len(body)
    while remaining > 127:
        length.append(remaining & 127 | 128)
        remaining >>= 7
    return bytes([0x30 | flags]) + bytes(length) + bytes([remaining]) + body


def feed(reader: Reader, data: bytes) -> None:
    """Put bytes into the staging buffer; they must fit."""
    reader.space()[: len(data)] = data
    reader.filled(len(data))


def kinds(reader: Reader) -> list[int]:
    """The packet types that the reader finds without further bytes."""
    found = []
    while kind := reader.next_packet():
        found.append(kind)
    return found


def message_from(inbox: Inbox) -> bytes:
    """The payload of the oldest message, which is read and, if owed, acknowledged."""
    return take_message(inbox)[3]


# --- what ends the connection --------------------------------------------------------------------


def topics(rows, word: str) -> list:
    """A row of bad input for each bad topic, at both qualities."""
    return [
        (f"{name} in a topic at QoS {packet_id}", publish(b"m", packet_id, text), "topic", word)
        for name, text in rows
        for packet_id in (0, 1)
    ]


ALL_MALFORMED = (*MALFORMED, *topics(NO_TEXTS, "UTF-8"), *topics(NO_TOPICS, "wildcard"))


@pytest.mark.parametrize("before", [b"", PINGRESP + publish(b"before", 9)], ids=["first", "later"])
@pytest.mark.parametrize("piece", [1, 2, 3, 1000])
@pytest.mark.parametrize(
    ("data", "words"),
    [(row[1], row[2:]) for row in ALL_MALFORMED],
    ids=[row[0] for row in ALL_MALFORMED],
)
def test_a_violation_ends_the_connection_and_is_named(data, words, piece, before):
    reader, inbox = new_reader()
    stream = before + data
    error = violation_of(reader, inbox, stream, [piece] * len(stream))
    assert error is not None
    assert (error.status, error.stage) == (0x1000F, "session")
    assert [word for word in words if word not in error.cause] == []
    assert inbox.count == 0
    # The next link starts clean.
    begin_link(reader)
    assert read_packets(reader, inbox, publish(b"after", 8)) == [(PUBLISH, (2, b"t", 8, b"after"))]


@pytest.mark.parametrize("text", [row[1] for row in TEXTS], ids=[row[0] for row in TEXTS])
@pytest.mark.parametrize("packet_id", [0, 5])
def test_every_text_is_a_topic(text, packet_id):
    for cut in range(len(text) + 4):
        reader, inbox = new_reader()
        found = read_packets(reader, inbox, publish(b"m", packet_id, text), [cut])
        assert found == [(PUBLISH, (2 if packet_id else 0, text, packet_id, b"m"))]


@pytest.mark.parametrize("text", [row[1] for row in NO_TEXTS + NO_TOPICS])
@pytest.mark.parametrize("packet_id", [0, 5])
def test_the_topic_of_a_message_that_is_skipped_is_checked_too(text, packet_id):
    reader, inbox = new_reader(queue=32)
    error = violation_of(reader, inbox, publish(bytes(100), packet_id, text))
    assert "topic with wildcard" in error.cause


def test_the_identifier_of_a_message_that_is_skipped_is_checked_too():
    reader, inbox = new_reader(queue=32)
    error = violation_of(reader, inbox, publish(bytes(100), 0, flags=2))
    assert "packet identifier 0" in error.cause
    reader.reset()
    assert inbox.owed() == 0


def test_a_violation_is_seen_before_the_packet_is_complete():
    for data in (b"\x21\x02", b"\x40\x03", b"\x36\x7f", b"\x30\x7f\0\0", b"\x30\x7f\0\3a+", b"HT"):
        assert violation_of(*new_reader(), data)


@pytest.mark.parametrize("packet_id", [0, 1])
def test_a_message_before_connack_is_a_violation(packet_id):
    reader, inbox = new_reader()
    reader.reset()
    error = violation_of(reader, inbox, publish(b"m", packet_id))
    assert (error.status, error.stage) == (0x1000F, "session")
    assert "PUBLISH before CONNACK" in error.cause
    assert inbox.owed() == 0


def test_a_message_whose_topic_breaks_off_is_never_seen():
    reader, inbox = new_reader()
    assert violation_of(reader, inbox, publish(b"m", 0, b"good/\xff"))
    reader.reset()
    assert not inbox.peek()
    assert inbox.owed() == 0


# --- the staging buffer --------------------------------------------------------------------------


def test_the_space_is_the_whole_buffer_when_nothing_waits():
    staging = bytearray(16)
    reader = Reader(staging, Inbox(bytearray(64)))
    assert reader.space() is staging
    feed(reader, PINGRESP + PINGRESP)
    assert kinds(reader) == [13, 13]
    assert reader.space() is staging


def test_what_waits_moves_to_the_front():
    reader, _ = new_reader(staging=8)
    feed(reader, FIVE + b"\x90\3\0")
    assert kinds(reader) == [4]
    assert len(reader.space()) == 5
    feed(reader, b"\7\1")
    assert kinds(reader) == [9]
    assert (reader.packet_id, reader.return_code) == (7, 1)


def test_a_large_rest_moves_over_itself():
    rest = b"".join(bytes([0x40, 2, 1, at]) for at in range(120))
    reader, inbox = new_reader(staging=512, queue=32)
    feed(reader, publish(b"x" * 15) + publish(b"y" * 4) + rest)
    assert reader.next_packet() == 3
    assert reader.next_packet() == 0
    assert reader.holding
    assert len(reader.space()) == 512 - 9 - len(rest)
    assert message_from(inbox) == b"x" * 15
    assert reader.next_packet() == 3
    for at in range(120):
        assert reader.next_packet() == 4
        assert reader.packet_id == 256 + at


def test_fields_stay_until_the_next_packet():
    reader, _ = new_reader()
    feed(reader, FIVE + b"\xb0\2\0\6")
    assert reader.next_packet() == 4
    assert reader.packet_id == 5
    assert reader.next_packet() == 11
    assert reader.packet_id == 6
    assert reader.next_packet() == 0


def test_the_staging_buffer_is_never_resized():
    staging = bytearray(SMALLEST_STAGING)
    inbox = Inbox(bytearray(4096))
    reader = Reader(staging, inbox)
    begin_link(reader)
    found = read_packets(reader, inbox, publish(b"m" * 3000, 7))
    assert found == [(PUBLISH, (2, b"t", 7, b"m" * 3000))]
    assert len(staging) == SMALLEST_STAGING


# --- holding -------------------------------------------------------------------------------------


def test_a_message_without_room_holds_everything_behind_it():
    reader, inbox = new_reader(queue=32)
    feed(reader, publish(b"one" * 5) + publish(b"two" * 5) + PINGRESP)
    assert kinds(reader) == [3]
    assert reader.holding
    assert kinds(reader) == []
    assert inbox.count == 1
    assert message_from(inbox) == b"one" * 5
    assert kinds(reader) == [3, 13]
    assert not reader.holding
    assert message_from(inbox) == b"two" * 5


def test_a_message_that_must_be_acknowledged_holds_until_that_is_done():
    reader, inbox = new_reader(queue=32)
    feed(reader, publish(b"a" * 15, 1) + publish(b"b" * 15, 2))
    assert kinds(reader) == [3]
    assert inbox.peek()
    inbox.take()
    assert kinds(reader) == []
    assert reader.holding
    assert inbox.owed() == 1
    inbox.acknowledged()
    assert kinds(reader) == [3]
    assert inbox.owed() == 2


def test_a_header_holds_although_the_rest_has_not_come():
    reader, inbox = new_reader(queue=32)
    feed(reader, publish(b"a" * 15) + b"\x30\x12")
    assert kinds(reader) == [3]
    assert reader.holding
    message_from(inbox)
    assert kinds(reader) == []
    assert not reader.holding
    feed(reader, publish(b"b" * 15)[2:])
    assert kinds(reader) == [3]
    assert message_from(inbox) == b"b" * 15


def test_a_full_staging_buffer_waits_while_the_reader_holds():
    reader, inbox = new_reader(staging=8, queue=32)
    stream = publish(b"a" * 15) + publish(b"b" * 15)
    at = 0
    while len(reader.space()):
        feed(reader, stream[at : at + 1])
        reader.next_packet()
        at += 1
    assert reader.holding
    assert at == 20 + 8
    assert message_from(inbox) == b"a" * 15
    assert reader.next_packet() == 0
    assert not reader.holding
    for byte in stream[at:]:
        feed(reader, bytes([byte]))
        reader.next_packet()
    assert message_from(inbox) == b"b" * 15


def test_a_message_that_does_not_wait_for_the_policy_is_not_kept():
    reader, inbox = new_reader(queue=32)
    inbox.policy = 1
    feed(reader, publish(b"a" * 15) + publish(b"b" * 15, topic=b"tt") + PINGRESP)
    assert reader.next_packet() == 3
    assert reader.kept
    assert reader.next_packet() == 3
    assert not reader.kept
    assert (reader.skipped_topic, reader.skipped_message) == (2, 15)
    assert reader.next_packet() == 13
    assert (inbox.count, inbox.dropped) == (1, 1)
    assert message_from(inbox) == b"a" * 15


def test_a_message_that_is_held_is_checked_first():
    for bad in (b"\x36\x10", b"\x38\x10", b"\x30\x02"):
        reader, _ = new_reader(queue=32)
        feed(reader, publish(b"a" * 15) + bad)
        assert reader.next_packet() == 3
        with pytest.raises(MQTTError):
            reader.next_packet()


# --- larger than the queue -----------------------------------------------------------------------


@pytest.mark.parametrize("piece", [1, 2, 7, 1000])
@pytest.mark.parametrize("packet_id", [0, 0x1234])
def test_a_message_larger_than_the_queue_is_skipped_and_measured(packet_id, piece):
    reader, inbox = new_reader(queue=64)
    topic = "größer".encode()
    stream = publish(bytes(3000), packet_id, topic) + PINGRESP
    found = read_packets(reader, inbox, stream, [piece] * len(stream))
    assert found == [(PUBLISH, (packet_id, len(topic), 3000)), (13, ())]
    assert (inbox.oversize, inbox.count, inbox.received) == (1, 0, 0)


def test_acknowledgements_stay_in_order_around_a_skipped_message():
    reader, inbox = new_reader(queue=64)
    feed(reader, publish(b"a", 1) + publish(bytes(100), 2) + publish(b"b", 3))
    assert kinds(reader) == [3, 3, 3]
    for packet_id in (1, 2, 3):
        assert inbox.owed() == packet_id
        inbox.acknowledged()
    assert message_from(inbox) == b"a"
    assert message_from(inbox) == b"b"


def test_a_skipped_message_holds_while_its_acknowledgement_finds_no_room():
    reader, inbox = new_reader(queue=32)
    feed(reader, publish(b"a" * 14) + publish(bytes(100), 2) + FIVE)
    assert kinds(reader) == [3]
    assert reader.holding
    assert message_from(inbox) == b"a" * 14
    assert kinds(reader) == [3, 4]
    assert inbox.owed() == 2


@pytest.mark.parametrize(("remaining", "length"), BORDERS[2:8])
@pytest.mark.parametrize("packet_id", [0, 9])
def test_a_message_at_the_borders_of_its_length(remaining, length, packet_id):
    data = publish(bytes(remaining - 3 - 2 * (packet_id > 0)), packet_id)
    assert data[1 : 1 + len(length)] == length
    flags, size = (2, remaining - 5) if packet_id else (0, remaining - 3)
    kept = read_packets(*new_reader(queue=remaining + 9), data + PINGRESP)
    assert kept == [(PUBLISH, (flags, b"t", packet_id, bytes(size))), (13, ())]
    skipped = read_packets(*new_reader(queue=remaining + 8), data + PINGRESP, [1] * 6)
    assert skipped == [(PUBLISH, (packet_id, 1, size)), (13, ())]


def test_nothing_was_skipped_before_the_first_message():
    reader, _ = new_reader()
    assert (reader.skipped_topic, reader.skipped_message) == (0, 0)


def test_two_mebibytes_pass_by():
    reader, inbox = new_reader(queue=64)
    head = publish(b"", 3, b"t" * 300, flags=2)[2:]
    stream = b"\x32\x80\x80\x80\x01" + head[1:] + bytes(2097152 - len(head) + 1) + FIVE
    assert read_packets(reader, inbox, stream) == [
        (PUBLISH, (3, 300, 2097152 - 304)),
        (PUBACK, (5,)),
    ]


# --- the end of a link ---------------------------------------------------------------------------


STREAM = FIVE + publish("grüße".encode() * 3, 7, "ü/€/𝄞".encode()) + PINGRESP


@pytest.mark.parametrize("queue", [32, 2048])
@pytest.mark.parametrize("cut", range(len(STREAM)))
def test_a_link_that_ends_anywhere_leaves_nothing_to_the_next(cut, queue):
    reader, inbox = new_reader(queue=queue)
    read_packets(reader, inbox, STREAM[:cut])
    reader.reset()
    assert (reader.holding, reader.kept) == (False, False)
    assert inbox.owed() == 0
    assert inbox.count == 0
    begin_link(reader)
    fresh, other = new_reader(queue=queue)
    assert read_packets(reader, inbox, STREAM) == read_packets(fresh, other, STREAM)


def test_a_link_that_ends_while_the_reader_holds():
    reader, inbox = new_reader(queue=32)
    feed(reader, publish(b"a" * 15) + publish(b"b" * 15))
    assert kinds(reader) == [3]
    reader.reset()
    assert not reader.holding
    feed(reader, PINGRESP)
    assert kinds(reader) == [13]
    assert message_from(inbox) == b"a" * 15
    assert inbox.count == 0


# --- any stream in any pieces --------------------------------------------------------------------


TOPICS = st.text(
    st.characters(exclude_characters="\0+#", exclude_categories=["Cs"]), min_size=1, max_size=12
)
IDENTIFIERS = st.integers(1, 65535)


@st.composite
def publishes(draw):
    """A PUBLISH at QoS 0 or 1, small or larger than the staging buffer and the queue."""
    qos = draw(st.integers(0, 1))
    size = draw(st.sampled_from([0, 1, 5, 20, 60, 113, 200, 16400]))
    return broker.Publish(
        draw(TOPICS),
        (draw(st.binary(min_size=1, max_size=5)) * size)[:size],
        qos,
        draw(st.booleans()),
        draw(st.booleans()) and qos > 0,
        draw(IDENTIFIERS) if qos else None,
    )


PACKETS = st.one_of(
    publishes(),
    st.builds(broker.Puback, IDENTIFIERS),
    st.builds(broker.Unsuback, IDENTIFIERS),
    st.builds(broker.Suback, IDENTIFIERS, st.sampled_from([(0,), (1,), (2,), (0x80,)])),
    st.builds(broker.Connack, st.integers(0, 5), st.just(False)),
    st.just(broker.Pingresp()),
)


def expected(packet, queue: int) -> tuple:
    """What a reader makes of a packet of the broker."""
    if isinstance(packet, broker.Publish):
        topic = packet.topic.encode()
        number = packet.packet_id or 0
        need = 5 + 2 + len(topic) + 2 * packet.qos + len(packet.payload)
        if need > queue - 4:
            return PUBLISH, (number, len(topic), len(packet.payload))
        flags = packet.duplicate << 3 | packet.qos << 1 | packet.retain
        return PUBLISH, (flags, topic, number, packet.payload)
    if isinstance(packet, broker.Connack):
        return 2, (0, packet.return_code)
    if isinstance(packet, broker.Suback):
        return 9, (packet.packet_id, packet.return_codes[0])
    if isinstance(packet, broker.Pingresp):
        return 13, ()
    return (4 if isinstance(packet, broker.Puback) else 11), (packet.packet_id,)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    packets=st.lists(PACKETS, max_size=8),
    pieces=st.lists(st.integers(0, 70), max_size=40),
    staging=st.integers(SMALLEST_STAGING, 40) | st.sampled_from([512, 20000]),
    queue=st.integers(32, 200) | st.just(20000),
)
def test_any_framing_gives_the_same_packets(packets, pieces, staging, queue):
    stream = b"".join(broker.encode(packet) for packet in packets)
    reader, inbox = new_reader(staging, queue)
    found = read_packets(reader, inbox, stream, pieces)
    assert found == [expected(packet, queue) for packet in packets]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    start=st.sampled_from([row[3] for row in FROM_SERVER]) | st.just(b""),
    junk=st.binary(max_size=40),
    pieces=st.lists(st.integers(0, 9), max_size=10),
)
def test_junk_is_judged_alike_however_it_is_cut(start, junk, pieces):
    stream = start + junk
    whole = violation_of(*new_reader(), stream)
    apart = violation_of(*new_reader(staging=SMALLEST_STAGING), stream, pieces)
    assert (whole and whole.cause) == (apart and apart.cause)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    sizes=st.lists(st.tuples(st.integers(0, 1), st.integers(0, 24)), max_size=12),
    staging=st.integers(SMALLEST_STAGING, 64),
    queue=st.integers(40, 80),
)
def test_nothing_is_lost_by_holding(sizes, staging, queue):
    """The application takes a message only when the reader holds, or when nothing more comes."""
    stream = b""
    for number, (quality, size) in enumerate(sizes, 1):
        stream += publish(bytes([number]) * size, number * quality)
    reader, inbox = new_reader(staging, queue)
    got = []
    at = 0
    while True:
        if reader.next_packet():
            continue
        if reader.holding or (at == len(stream) and inbox.count):
            got.append(message_from(inbox))
        elif at == len(stream):
            break
        else:
            count = min(len(reader.space()), len(stream) - at)
            assert count
            feed(reader, stream[at : at + count])
            at += count
    assert got == [bytes([number]) * size for number, (_, size) in enumerate(sizes, 1)]


@pytest.mark.parametrize("flags", [4, 6])
def test_a_refused_message_is_named_alike_when_it_comes_again(flags):
    """With DUP, then; a client that connects again counts by the words."""
    causes = set()
    for dup in (0, 8):
        reader, inbox = new_reader()
        begin_link(reader)
        causes.add(violation_of(reader, inbox, publish(packet_id=1, flags=flags | dup)).cause)
    assert causes == {"PUBLISH with QoS %d" % (flags >> 1)}
