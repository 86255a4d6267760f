# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""One table both ways: fields to bytes, bytes to fields, and against a codec that shares nothing.

The broker of the desktop board has its own codec: it must read what the client writes, and write
what the client reads.
"""

import itertools

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tables.packets import (
    BORDERS,
    CONNACK,
    CONNECTS,
    FROM_SERVER,
    LONG_WINDED,
    NO_TEXTS,
    NO_TOPICS,
    PINGRESP,
    PUBACK,
    PUBLISH,
    PUBLISHES,
    REQUESTS,
    SHORTS,
    SUBACK,
    TEXTS,
    UNSUBACK,
)
from tables.streams import SMALLEST_STAGING, new_reader, read_packets

from boards.desktop.broker import packets as broker
from nxd_mqtt.wire import (
    packet_size,
    put_connect,
    put_publish,
    put_request,
    put_short,
    scan_text,
)

FILL = 0x55


def named(rows):
    """A table's rows as parameters that are called by their names."""
    return [pytest.param(*row[1:], id=row[0]) for row in rows]


def blank(size: int) -> tuple[bytearray, memoryview]:
    """A buffer that shows what was written, and the view to write through."""
    buffer = bytearray([FILL]) * size
    return buffer, memoryview(buffer)


def decoded(data: bytes):
    """What the broker reads; it must be one packet, all of it."""
    packet, end = broker.next_packet(data, 0, broker.FROM_CLIENT)
    assert end == len(data)
    return packet


# --- what the client writes ----------------------------------------------------------------------


@pytest.mark.parametrize(("keepalive", "flags", "fields", "data"), named(CONNECTS))
def test_connect(keepalive, flags, fields, data):
    buffer, view = blank(len(data) + 3)
    assert put_connect(view, keepalive, flags, fields) == len(data)
    assert buffer == data + bytes([FILL] * 3)


@pytest.mark.parametrize(("keepalive", "flags", "fields", "data"), named(CONNECTS))
def test_the_broker_reads_connect(keepalive, flags, fields, data):
    left = list(fields)
    client_id = left.pop(0).decode()
    will = None
    if flags & 0x04:
        will = broker.Will(left.pop(0).decode(), left.pop(0), flags >> 3 & 3, bool(flags & 0x20))
    username = left.pop(0).decode() if flags & 0x80 else None
    password = left.pop(0) if flags & 0x40 else None
    packet = broker.Connect(client_id, bool(flags & 2), keepalive, will, username, password)
    assert decoded(data) == packet


@pytest.mark.parametrize("size", [0, 1, 14])
def test_connect_that_does_not_fit_writes_nothing(size):
    buffer, view = blank(size)
    assert put_connect(view, 0, 0x02, (b"a",)) == -1
    assert buffer == bytes([FILL] * size)


@pytest.mark.parametrize(("remaining", "length"), BORDERS[2:6])
def test_connect_at_the_borders_of_its_length(remaining, length):
    client_id = b"c" * (remaining - 12)
    data = b"\x10" + length + b"\0\4MQTT\4\2\0\0" + len(client_id).to_bytes(2, "big") + client_id
    buffer, view = blank(len(data))
    assert put_connect(view, 0, 2, (client_id,)) == len(data)
    assert buffer == data
    assert put_connect(view[:-1], 0, 2, (client_id,)) == -1


@pytest.mark.parametrize("at", [0, 5])
@pytest.mark.parametrize(("flags", "topic", "packet_id", "message", "data"), named(PUBLISHES))
def test_publish(flags, topic, packet_id, message, data, at):
    buffer, view = blank(at + len(data) + 3)
    assert put_publish(view, at, flags, topic, packet_id, message) == at + len(data)
    assert buffer == bytes([FILL] * at) + data + bytes([FILL] * 3)
    assert packet_size(len(data) - 2) == len(data)


@pytest.mark.parametrize(("flags", "topic", "packet_id", "message", "data"), named(PUBLISHES))
def test_the_broker_reads_publish(flags, topic, packet_id, message, data):
    number = packet_id if flags & 2 else None
    packet = broker.Publish(topic.decode(), message, flags >> 1, bool(flags & 1), False, number)
    assert decoded(data) == packet


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_publish_takes_all_that_is_like_bytes(kind):
    buffer, view = blank(8)
    assert put_publish(view, 0, 2, kind(b"t"), 1, kind(b"m")) == 8
    assert buffer == b"\x32\6\0\1t\0\1m"


@pytest.mark.parametrize("flags", [0, 1, 2, 3])
@pytest.mark.parametrize(("remaining", "length"), BORDERS[2:8])
def test_publish_at_the_borders_of_its_length(remaining, length, flags):
    identifier = b"\1\2" if flags & 2 else b""
    message = (bytes(range(251)) * (remaining // 251 + 1))[: remaining - 3 - len(identifier)]
    data = bytes([0x30 | flags]) + length + b"\0\1t" + identifier + message
    assert packet_size(remaining) == len(data)
    buffer, view = blank(len(data))
    assert put_publish(view, 0, flags, b"t", 0x0102, message) == len(data)
    assert buffer == data
    number = 0x0102 if flags & 2 else None
    packet = broker.Publish("t", message, flags >> 1, bool(flags & 1), False, number)
    assert decoded(data) == packet


def test_publish_with_the_longest_topic():
    topic = b"t" * 65535
    buffer, view = blank(65541)
    assert put_publish(view, 0, 0, topic, 0, b"") == 65541
    assert buffer == b"\x30\x81\x80\4\xff\xff" + topic


@pytest.mark.parametrize(("first", "packet_id", "topic", "quality", "data"), named(REQUESTS))
def test_request(first, packet_id, topic, quality, data):
    buffer, view = blank(len(data) + 3)
    assert put_request(view, first, packet_id, topic, quality) == len(data)
    assert buffer == data + bytes([FILL] * 3)


@pytest.mark.parametrize(("first", "packet_id", "topic", "quality", "data"), named(REQUESTS))
def test_the_broker_reads_a_request(first, packet_id, topic, quality, data):
    text = topic.decode()
    if quality < 0:
        assert decoded(data) == broker.Unsubscribe(packet_id, (text,))
    else:
        assert decoded(data) == broker.Subscribe(packet_id, ((text, quality),))


@pytest.mark.parametrize(("remaining", "length"), BORDERS[2:6])
@pytest.mark.parametrize(("first", "quality", "end"), [(0x82, 1, b"\1"), (0xA2, -1, b"")])
def test_request_at_the_borders_of_its_length(remaining, length, first, quality, end):
    topic = b"f" * (remaining - 4 - len(end))
    data = bytes([first]) + length + b"\0\7" + len(topic).to_bytes(2, "big") + topic + end
    buffer, view = blank(len(data))
    assert put_request(view, first, 7, topic, quality) == len(data)
    assert buffer == data


@pytest.mark.parametrize("at", [0, 5])
@pytest.mark.parametrize(("first", "packet_id", "data"), named(SHORTS))
def test_short(first, packet_id, data, at):
    buffer, view = blank(at + len(data) + 3)
    arguments = (first,) if packet_id < 0 else (first, packet_id)
    assert put_short(view, at, *arguments) == at + len(data)
    assert buffer == bytes([FILL] * at) + data + bytes([FILL] * 3)


@pytest.mark.parametrize(("first", "packet_id", "data"), named(SHORTS))
def test_the_broker_reads_a_short_one(first, packet_id, data):
    kinds = {0x40: broker.Puback, 0xC0: broker.Pingreq, 0xE0: broker.Disconnect}
    fields = () if packet_id < 0 else (packet_id,)
    assert decoded(data) == kinds[first](*fields)


@pytest.mark.parametrize(("remaining", "length"), BORDERS)
def test_packet_size(remaining, length):
    assert packet_size(remaining) == 1 + len(length) + remaining


# --- what the client reads -----------------------------------------------------------------------


def from_broker(kind: int, fields: tuple):
    """The broker's packet with these fields."""
    if kind == CONNACK:
        return broker.Connack(fields[1], bool(fields[0]))
    if kind == SUBACK:
        return broker.Suback(fields[0], fields[1:])
    if kind == PUBLISH:
        flags, topic, packet_id, message = fields
        duplicate, retain = bool(flags & 8), bool(flags & 1)
        number = packet_id or None
        return broker.Publish(topic.decode(), message, flags >> 1 & 3, retain, duplicate, number)
    return {PUBACK: broker.Puback, UNSUBACK: broker.Unsuback, PINGRESP: broker.Pingresp}[kind](
        *fields
    )


@pytest.mark.parametrize(("kind", "fields", "data"), named(FROM_SERVER))
def test_the_broker_writes_what_the_table_says(kind, fields, data):
    assert broker.encode(from_broker(kind, fields)) == data


@pytest.mark.parametrize(("kind", "fields", "data"), named(FROM_SERVER + LONG_WINDED))
def test_a_packet_is_read_whole(kind, fields, data):
    assert read_packets(*new_reader(), data) == [(kind, fields)]


@pytest.mark.parametrize(("kind", "fields", "data"), named(FROM_SERVER + LONG_WINDED))
def test_a_packet_is_read_byte_by_byte(kind, fields, data):
    reader, inbox = new_reader()
    for count in range(len(data)):
        assert read_packets(reader, inbox, data[count : count + 1]) == (
            [(kind, fields)] if count == len(data) - 1 else []
        )


@pytest.mark.parametrize(("kind", "fields", "data"), named(FROM_SERVER + LONG_WINDED))
def test_a_packet_is_read_with_the_beginning_of_the_next(kind, fields, data):
    for _, next_kind, next_fields, next_data in FROM_SERVER:
        for cut in range(1, len(next_data)):
            reader, inbox = new_reader()
            assert read_packets(reader, inbox, data + next_data[:cut]) == [(kind, fields)]
            found = read_packets(reader, inbox, next_data[cut:])
            assert found == [(next_kind, next_fields)]


def test_all_packets_are_read_at_once():
    rows = FROM_SERVER + LONG_WINDED
    stream = b"".join(row[3] for row in rows) * 3
    expected = [row[1:3] for row in rows] * 3
    assert read_packets(*new_reader(), stream) == expected
    for staging in range(SMALLEST_STAGING, 24):
        assert read_packets(*new_reader(staging), stream) == expected
        assert read_packets(*new_reader(staging), stream, [1] * len(stream)) == expected


# --- text ----------------------------------------------------------------------------------------


def is_text(data: bytes) -> bool:
    """What CPython's strict decoder says, and NUL."""
    try:
        return "\0" not in data.decode("utf-8")
    except UnicodeDecodeError:
        return False


def scan(data: bytes, cuts=(), wildcards: bool = True) -> int:
    """Scan in stretches, out of the middle of a larger buffer."""
    state = 0
    edges = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    for start, end in itertools.pairwise(edges):
        state = scan_text(b"\xff\0" + data + b"\0#", start + 2, end + 2, state, wildcards)
        if state < 0:
            return state
    return state


@pytest.mark.parametrize("data", [row[1] for row in TEXTS], ids=[row[0] for row in TEXTS])
def test_text(data):
    assert is_text(data)
    assert scan(data) == 0
    assert scan(data, range(len(data))) == 0
    assert scan(data * 2, wildcards=False) == 0


@pytest.mark.parametrize("data", [row[1] for row in NO_TEXTS], ids=[row[0] for row in NO_TEXTS])
def test_no_text(data):
    assert not is_text(data)
    assert scan(data) != 0
    assert scan(data, range(len(data))) == scan(data)


@pytest.mark.parametrize("data", [row[1] for row in NO_TOPICS], ids=[row[0] for row in NO_TOPICS])
def test_wildcards_are_refused_where_they_must_not_be(data):
    assert scan(data, wildcards=False) == -2
    assert scan(data) == 0


def test_nothing_is_text():
    assert scan_text(b"", 0, 0, 0, False) == 0


def test_every_pair_of_bytes_is_judged_as_cpython_does():
    for first in range(256):
        for second in range(256):
            data = bytes([first, second])
            assert (scan(data) == 0) == is_text(data), data


def test_every_border_of_three_and_four_bytes_is_judged_as_cpython_does():
    follow = (0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0)
    for first in range(0xC0, 0x100):
        for second in follow:
            for third in follow:
                for tail in (b"", b"\x80", b"\xbf", b"\xc0"):
                    data = bytes([first, second, third]) + tail
                    assert (scan(data, (1, 2, 3)) == 0) == is_text(data), data


PIECES = st.one_of(
    st.text(max_size=4).map(str.encode),
    st.text("\ud7ff\ud800\udbff\udc00\udfff\ue000", max_size=2).map(
        lambda text: text.encode("utf-8", "surrogatepass")
    ),
    st.sampled_from([b"\0", b"+", b"#", b"\xc0\x80", b"\xe0\x80\xaf", b"\xf0\x80\x80\xaf", b"/"]),
    st.binary(max_size=4),
)


@settings(max_examples=500, deadline=None)
@given(
    pieces=st.lists(PIECES, max_size=6),
    cuts=st.lists(st.integers(0, 30), max_size=6),
    wildcards=st.booleans(),
)
@example(pieces=["\U0010ffff".encode()], cuts=[1, 2, 3], wildcards=False)
def test_any_bytes_at_any_cuts_are_judged_as_cpython_does(pieces, cuts, wildcards):
    data = b"".join(pieces)
    state = scan(data, cuts, wildcards)
    if wildcards or not (b"+" in data or b"#" in data):
        assert (state == 0) == is_text(data)
        assert state != -2
    else:
        assert state < 0


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=10), st.integers(0, 9))
def test_the_state_tells_whether_a_character_is_complete(text, cut):
    data = text.replace("\0", "").encode()[:cut]
    complete = data.decode("utf-8", "ignore").encode() == data
    assert (scan(data) > 0) == (not complete)
