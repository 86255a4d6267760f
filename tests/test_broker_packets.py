# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The broker's MQTT bytes: every packet both ways, every malformed one refused by its number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boards.desktop.broker.packets import (
    FROM_CLIENT,
    FROM_SERVER,
    LARGEST_REMAINING_LENGTH,
    Connack,
    Connect,
    ConnectRefused,
    Disconnect,
    PacketRefused,
    PacketTooLarge,
    Pingreq,
    Pingresp,
    ProtocolViolation,
    Puback,
    Pubcomp,
    Publish,
    Pubrec,
    Pubrel,
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
    Will,
    encode,
    next_packet,
)

# --- fields <-> bytes ----------------------------------------------------------------------------

CLIENT_PACKETS = (
    (Connect("a"), b"\x10\x0d\0\4MQTT\4\2\0\0\0\1a"),
    (Connect(""), b"\x10\x0c\0\4MQTT\4\2\0\0\0\0"),
    (Connect("a", clean_session=False), b"\x10\x0d\0\4MQTT\4\0\0\0\0\1a"),
    (Connect("a", keepalive=0xFFFE), b"\x10\x0d\0\4MQTT\4\2\xff\xfe\0\1a"),
    (Connect("é"), b"\x10\x0e\0\4MQTT\4\2\0\0\0\2\xc3\xa9"),
    (Connect("a", username="u"), b"\x10\x10\0\4MQTT\4\x82\0\0\0\1a\0\1u"),
    (Connect("a", username=""), b"\x10\x0f\0\4MQTT\4\x82\0\0\0\1a\0\0"),
    (
        Connect("a", username="u", password=b"\0\xff"),
        b"\x10\x14\0\4MQTT\4\xc2\0\0\0\1a\0\1u\0\2\0\xff",
    ),
    (Connect("a", will=Will("t")), b"\x10\x12\0\4MQTT\4\6\0\0\0\1a\0\1t\0\0"),
    (Connect("a", will=Will("t", b"w", 1)), b"\x10\x13\0\4MQTT\4\x0e\0\0\0\1a\0\1t\0\1w"),
    (Connect("a", will=Will("t", b"w", 2)), b"\x10\x13\0\4MQTT\4\x16\0\0\0\1a\0\1t\0\1w"),
    (
        Connect("a", False, 60, Will("t", b"w", 1, True), "u", b"p"),
        b"\x10\x19\0\4MQTT\4\xec\0\x3c\0\1a\0\1t\0\1w\0\1u\0\1p",
    ),
    (Subscribe(1, (("a", 0),)), b"\x82\6\0\1\0\1a\0"),
    (Subscribe(0xFFFF, (("a/+/b", 1), ("#", 2))), b"\x82\x0e\xff\xff\0\5a/+/b\1\0\1#\2"),
    (Subscribe(2, (("+/#", 0), ("$x", 1), ("/", 2))), b"\x82\x11\0\2\0\3+/#\0\0\2$x\1\0\1/\2"),
    (Unsubscribe(3, ("a",)), b"\xa2\5\0\3\0\1a"),
    (Unsubscribe(3, ("a", "b/#")), b"\xa2\x0a\0\3\0\1a\0\3b/#"),
    (Pingreq(), b"\xc0\0"),
    (Disconnect(), b"\xe0\0"),
)

SERVER_PACKETS = (
    (Connack(), b"\x20\2\0\0"),
    (Connack(0, True), b"\x20\2\1\0"),
    (Connack(1), b"\x20\2\0\1"),
    (Connack(2), b"\x20\2\0\2"),
    (Connack(3), b"\x20\2\0\3"),
    (Connack(4), b"\x20\2\0\4"),
    (Connack(5), b"\x20\2\0\5"),
    (Suback(1, (0,)), b"\x90\3\0\1\0"),
    (Suback(0x1234, (0, 1, 2, 0x80)), b"\x90\6\x12\x34\0\1\2\x80"),
    (Unsuback(0x100), b"\xb0\2\1\0"),
    (Pingresp(), b"\xd0\0"),
)

EITHER_PACKETS = (
    (Publish("a"), b"\x30\3\0\1a"),
    (Publish("a", b"x"), b"\x30\4\0\1ax"),
    (Publish("a", b"\0\1", retain=True), b"\x31\5\0\1a\0\1"),
    (Publish("a/b", b"x", 1, packet_id=1), b"\x32\x08\0\3a/b\0\1x"),
    (Publish("a", b"", 1, True, False, 0x0203), b"\x33\5\0\1a\2\3"),
    (Publish("a", b"", 2, packet_id=5), b"\x34\5\0\1a\0\5"),
    (Publish("a", b"", 2, True, packet_id=5), b"\x35\5\0\1a\0\5"),
    (Publish("a", b"", 1, duplicate=True, packet_id=5), b"\x3a\5\0\1a\0\5"),
    (Publish("a", b"", 1, True, True, 5), b"\x3b\5\0\1a\0\5"),
    (Publish("a", b"", 2, False, True, 5), b"\x3c\5\0\1a\0\5"),
    (Publish("a", b"", 2, True, True, 0xFFFF), b"\x3d\5\0\1a\xff\xff"),
    # [MQTT-1.5.3-3]: a byte order mark is a character like any other.
    (Publish("\ufeffa"), b"\x30\6\0\4\xef\xbb\xbfa"),
    (Publish("😀"), b"\x30\6\0\4\xf0\x9f\x98\x80"),
    (Publish("a", bytes(124)), b"\x30\x7f\0\1a" + bytes(124)),
    (Publish("a", bytes(125)), b"\x30\x80\1\0\1a" + bytes(125)),
    (Publish("a", bytes(16_380)), b"\x30\xff\x7f\0\1a" + bytes(16_380)),
    (Publish("a", bytes(16_381)), b"\x30\x80\x80\1\0\1a" + bytes(16_381)),
    (Publish("a", bytes(2_097_149)), b"\x30\x80\x80\x80\1\0\1a" + bytes(2_097_149)),
    (Publish("x" * 0xFFFF), b"\x30\x81\x80\4\xff\xff" + b"x" * 0xFFFF),
    (Puback(1), b"\x40\2\0\1"),
    (Pubrec(0x100), b"\x50\2\1\0"),
    (Pubrel(0xFFFF), b"\x62\2\xff\xff"),
    (Pubcomp(7), b"\x70\2\0\7"),
)

BOTH_WAYS = [
    pytest.param(packet, data, sender, id=f"{type(packet).__name__}-{data[:20].hex()}-{side}")
    for side, sender, rows in (
        ("client", FROM_CLIENT, CLIENT_PACKETS + EITHER_PACKETS),
        ("server", FROM_SERVER, SERVER_PACKETS + EITHER_PACKETS),
    )
    for packet, data in rows
]


@pytest.mark.parametrize(("packet", "data", "sender"), BOTH_WAYS)
def test_fields_and_bytes(packet, data, sender):
    assert encode(packet) == data
    assert next_packet(data, 0, sender) == (packet, len(data))
    assert next_packet(b"\xc0" + bytearray(data) + b"\xc0", 1, sender) == (packet, len(data) + 1)


@pytest.mark.parametrize(("packet", "data", "sender"), BOTH_WAYS)
def test_a_packet_without_its_end_waits(packet, data, sender):
    for end in (*range(min(len(data), 40)), len(data) - 1):
        assert next_packet(data[:end], 0, sender) == (None, 0)


def test_packets_that_follow_each_other():
    data = bytearray(b"".join(data for _, data in CLIENT_PACKETS))
    at = 0
    for packet, _ in CLIENT_PACKETS:
        found, at = next_packet(data, at, FROM_CLIENT)
        assert found == packet
    assert next_packet(data, at, FROM_CLIENT) == (None, len(data))


def test_a_remaining_length_may_be_longer_than_needed():
    # Only MQTT 5 asks for the shortest form.
    assert next_packet(b"\xc0\x80\x80\0", 0, FROM_CLIENT) == (Pingreq(), 4)


@pytest.mark.parametrize(
    ("packet", "data"),
    [
        (Connect("a", password=b"p"), b"\x10\x10\0\4MQTT\4\x42\0\0\0\1a\0\1p"),
        (Publish("#", b"", 3, packet_id=0), b"\x36\5\0\1#\0\0"),
        (Subscribe(0, ()), b"\x82\2\0\0"),
    ],
)
def test_writing_does_not_judge(packet, data):
    assert encode(packet) == data


@pytest.mark.parametrize(
    "packet",
    [
        Publish("x" * 0x10000),
        Connect("a", username="u", password=bytes(0x10000)),
        Publish("a", bytes(LARGEST_REMAINING_LENGTH)),
    ],
    ids=("topic", "password", "packet"),
)
def test_fields_that_do_not_fit(packet):
    with pytest.raises(ValueError, match="at most"):
        encode(packet)


def test_a_password_is_not_shown():
    shown = repr(Connect("a", username="u", password=b"secret"))
    assert "secret" not in shown
    assert "'u'" in shown


# --- malformed -----------------------------------------------------------------------------------


def connect(flags: int, payload: bytes, name: bytes = b"\0\4MQTT", level: int = 4) -> bytes:
    """A CONNECT made of bytes."""
    body = name + bytes((level, flags, 0, 60)) + payload
    return bytes((0x10, len(body))) + body


def publish(topic: bytes) -> bytes:
    """A PUBLISH made of a topic's bytes."""
    return bytes((0x30, len(topic) + 2, 0, len(topic))) + topic


def subscribe(topic_filter: bytes) -> bytes:
    """A SUBSCRIBE for a filter's bytes."""
    return bytes((0x82, len(topic_filter) + 5, 0, 1, 0, len(topic_filter))) + topic_filter + b"\0"


def unsubscribe(topic_filter: bytes) -> bytes:
    """An UNSUBSCRIBE for a filter's bytes."""
    return bytes((0xA2, len(topic_filter) + 4, 0, 1, 0, len(topic_filter))) + topic_filter


ANY = "MQTT-4.8.0-1"

MALFORMED_FROM_EITHER = (
    # types
    (ANY, b"\0\0"),
    (ANY, b"\xf0\0"),
    # remaining length
    (ANY, b"\x30\xff\xff\xff\xff"),
    (ANY, b"\x30\x80\x80\x80\x80\0"),
    # flags
    ("MQTT-3.3.1-4", b"\x36\5\0\1a\0\1"),
    ("MQTT-3.3.1-4", b"\x37\5\0\1a\0\1"),
    ("MQTT-3.3.1-4", b"\x3e\5\0\1a\0\1"),
    ("MQTT-3.3.1-4", b"\x3f\5\0\1a\0\1"),
    ("MQTT-3.3.1-2", b"\x38\3\0\1a"),
    ("MQTT-3.3.1-2", b"\x39\3\0\1a"),
    *(("MQTT-2.2.2-2", bytes((0x40 | flags, 2, 0, 1))) for flags in range(1, 16)),
    *(("MQTT-2.2.2-2", bytes((0x50 | flags, 2, 0, 1))) for flags in range(1, 16)),
    *(("MQTT-3.6.1-1", bytes((0x60 | flags, 2, 0, 1))) for flags in range(16) if flags != 2),
    *(("MQTT-2.2.2-2", bytes((0x70 | flags, 2, 0, 1))) for flags in range(1, 16)),
    # PUBLISH
    (ANY, b"\x30\0"),
    (ANY, b"\x30\1\0"),
    (ANY, b"\x30\2\0\1"),
    (ANY, b"\x30\3\0\2a"),
    (ANY, b"\x32\3\0\1a"),
    (ANY, b"\x32\4\0\1a\0"),
    ("MQTT-4.7.3-1", b"\x30\2\0\0"),
    ("MQTT-2.3.1-1", b"\x32\5\0\1a\0\0"),
    ("MQTT-2.3.1-1", b"\x34\5\0\1a\0\0"),
    ("MQTT-3.3.2-2", publish(b"a/+")),
    ("MQTT-3.3.2-2", publish(b"#")),
    ("MQTT-3.3.2-2", publish(b"a#b")),
    ("MQTT-1.5.3-2", publish(b"a\0b")),
    ("MQTT-1.5.3-1", publish(b"\xff")),
    ("MQTT-1.5.3-1", publish(b"\xc3")),  # cut short
    ("MQTT-1.5.3-1", publish(b"\xc0\xaf")),  # overlong
    ("MQTT-1.5.3-1", publish(b"\xed\xa0\x80")),  # surrogate
    ("MQTT-1.5.3-1", publish(b"\xed\xbf\xbf")),
    ("MQTT-1.5.3-1", publish(b"\xf4\x90\x80\x80")),  # beyond U+10FFFF
    # acknowledgements
    *(
        row
        for first in (0x40, 0x50, 0x62, 0x70)
        for row in (
            (ANY, bytes((first, 0))),
            (ANY, bytes((first, 1, 0))),
            (ANY, bytes((first, 3, 0, 1, 0))),
            ("MQTT-2.3.1-1", bytes((first, 2, 0, 0))),
        )
    ),
)

MALFORMED_FROM_CLIENT = (
    # what only a server sends
    (ANY, b"\x20\2\0\0"),
    (ANY, b"\x90\3\0\1\0"),
    (ANY, b"\xb0\2\0\1"),
    (ANY, b"\xd0\0"),
    # flags
    *(("MQTT-2.2.2-2", bytes((0x10 | flags, 0))) for flags in range(1, 16)),
    *(("MQTT-3.8.1-1", bytes((0x80 | flags, 0))) for flags in range(16) if flags != 2),
    *(("MQTT-3.10.1-1", bytes((0xA0 | flags, 0))) for flags in range(16) if flags != 2),
    *(("MQTT-2.2.2-2", bytes((0xC0 | flags, 0))) for flags in range(1, 16)),
    *(("MQTT-3.14.1-1", bytes((0xE0 | flags, 0))) for flags in range(1, 16)),
    # CONNECT
    (ANY, b"\x10\0"),
    (ANY, b"\x10\6\0\4MQTT"),
    (ANY, b"\x10\7\0\4MQTT\4"),
    (ANY, b"\x10\x08\0\4MQTT\4\2"),
    (ANY, b"\x10\x0a\0\4MQTT\4\2\0\0"),
    (ANY, b"\x10\x0c\0\4MQTT\4\2\0\0\0\1"),
    ("MQTT-3.1.2-1", connect(2, b"\0\1a", name=b"\0\4mqtt")),
    ("MQTT-3.1.2-1", connect(2, b"\0\1a", name=b"\0\6MQIsdp", level=3)),
    ("MQTT-3.1.2-1", connect(2, b"\0\1a", name=b"\0\0")),
    ("MQTT-3.1.2-3", connect(0x03, b"\0\1a")),
    ("MQTT-3.1.2-13", connect(0x0A, b"\0\1a")),
    ("MQTT-3.1.2-13", connect(0x12, b"\0\1a")),
    ("MQTT-3.1.2-14", connect(0x1A, b"\0\1a")),
    ("MQTT-3.1.2-14", connect(0x1E, b"\0\1a\0\1t\0\0")),
    ("MQTT-3.1.2-15", connect(0x22, b"\0\1a")),
    ("MQTT-3.1.2-22", connect(0x42, b"\0\1a\0\1p")),
    ("MQTT-3.1.4-1", connect(0x02, b"\0\1a\0\1u")),
    ("MQTT-3.1.4-1", connect(0x82, b"\0\1a\0\1u\0\1p")),
    (ANY, connect(0x06, b"\0\1a")),
    (ANY, connect(0x06, b"\0\1a\0\1t")),
    (ANY, connect(0x82, b"\0\1a")),
    (ANY, connect(0xC2, b"\0\1a\0\1u")),
    ("MQTT-1.5.3-1", connect(0x02, b"\0\1\xff")),
    ("MQTT-1.5.3-2", connect(0x02, b"\0\1\0")),
    ("MQTT-1.5.3-1", connect(0x82, b"\0\1a\0\1\xff")),
    ("MQTT-1.5.3-2", connect(0x82, b"\0\1a\0\1\0")),
    ("MQTT-1.5.3-1", connect(0x06, b"\0\1a\0\1\xff\0\0")),
    ("MQTT-4.7.3-1", connect(0x06, b"\0\1a\0\0\0\0")),
    ("MQTT-3.3.2-2", connect(0x06, b"\0\1a\0\1#\0\0")),
    # SUBSCRIBE
    (ANY, b"\x82\0"),
    ("MQTT-2.3.1-1", b"\x82\6\0\0\0\1a\0"),
    ("MQTT-3.8.3-3", b"\x82\2\0\1"),
    (ANY, b"\x82\3\0\1\0"),
    (ANY, b"\x82\4\0\1\0\1"),
    (ANY, b"\x82\5\0\1\0\1a"),
    (ANY, b"\x82\7\0\1\0\1a\0\0"),
    ("MQTT-3.8.3-4", b"\x82\6\0\1\0\1a\3"),
    ("MQTT-3.8.3-4", b"\x82\6\0\1\0\1a\4"),
    ("MQTT-3.8.3-4", b"\x82\6\0\1\0\1a\x81"),
    ("MQTT-4.7.3-1", subscribe(b"")),
    ("MQTT-1.5.3-1", subscribe(b"\xed\xa0\x80")),
    ("MQTT-1.5.3-2", subscribe(b"\0")),
    *(("MQTT-4.7.1-2", subscribe(text)) for text in (b"a#", b"#a", b"a/#/b", b"##", b"#/", b"+#")),
    *(("MQTT-4.7.1-3", subscribe(text)) for text in (b"a+", b"+a", b"a/b+/c", b"++", b"a/+b")),
    # UNSUBSCRIBE
    (ANY, b"\xa2\0"),
    ("MQTT-2.3.1-1", b"\xa2\5\0\0\0\1a"),
    ("MQTT-3.10.3-2", b"\xa2\2\0\1"),
    (ANY, b"\xa2\4\0\1\0\1"),
    ("MQTT-4.7.3-1", unsubscribe(b"")),
    ("MQTT-1.5.3-1", unsubscribe(b"\xff")),
    ("MQTT-4.7.1-2", unsubscribe(b"a#")),
    ("MQTT-4.7.1-3", unsubscribe(b"a+")),
    # no body allowed
    (ANY, b"\xc0\1\0"),
    (ANY, b"\xe0\1\0"),
)

MALFORMED_FROM_SERVER = (
    # what only a client sends
    (ANY, b"\x10\x0d\0\4MQTT\4\2\0\0\0\1a"),
    (ANY, b"\x82\6\0\1\0\1a\0"),
    (ANY, b"\xa2\5\0\3\0\1a"),
    (ANY, b"\xc0\0"),
    (ANY, b"\xe0\0"),
    # flags
    *(("MQTT-2.2.2-2", bytes((0x20 | flags, 2, 0, 0))) for flags in range(1, 16)),
    *(("MQTT-2.2.2-2", bytes((0x90 | flags, 3, 0, 1, 0))) for flags in range(1, 16)),
    *(("MQTT-2.2.2-2", bytes((0xB0 | flags, 2, 0, 1))) for flags in range(1, 16)),
    *(("MQTT-2.2.2-2", bytes((0xD0 | flags, 0))) for flags in range(1, 16)),
    # CONNACK
    (ANY, b"\x20\0"),
    (ANY, b"\x20\1\0"),
    (ANY, b"\x20\3\0\0\0"),
    ("MQTT-2.2.2-1", b"\x20\2\2\0"),
    ("MQTT-2.2.2-1", b"\x20\2\x81\0"),
    (ANY, b"\x20\2\0\6"),
    ("MQTT-3.2.2-4", b"\x20\2\1\5"),
    # SUBACK
    (ANY, b"\x90\0"),
    ("MQTT-2.3.1-1", b"\x90\3\0\0\0"),
    ("MQTT-3.8.4-5", b"\x90\2\0\1"),
    ("MQTT-3.9.3-2", b"\x90\3\0\1\3"),
    ("MQTT-3.9.3-2", b"\x90\4\0\1\0\x81"),
    # UNSUBACK, PINGRESP
    (ANY, b"\xb0\0"),
    (ANY, b"\xb0\3\0\1\0"),
    ("MQTT-2.3.1-1", b"\xb0\2\0\0"),
    (ANY, b"\xd0\1\0"),
)


@pytest.mark.parametrize(
    ("statement", "data", "sender"),
    [
        pytest.param(statement, data, sender, id=f"{side}-{statement}-{data[:20].hex()}-{number}")
        for side, sender, rows in (
            ("client", FROM_CLIENT, MALFORMED_FROM_CLIENT + MALFORMED_FROM_EITHER),
            ("server", FROM_SERVER, MALFORMED_FROM_SERVER + MALFORMED_FROM_EITHER),
        )
        for number, (statement, data) in enumerate(rows)
    ],
)
def test_malformed(statement, data, sender):
    with pytest.raises(ProtocolViolation) as caught:
        next_packet(data, 0, sender)
    assert caught.value.statement == statement
    assert str(caught.value).startswith(f"[{statement}] ")
    assert not isinstance(caught.value, ConnectRefused)


@pytest.mark.parametrize(
    ("statement", "return_code", "data"),
    [
        ("MQTT-3.1.2-2", 1, connect(2, b"\0\1a", level=3)),
        ("MQTT-3.1.2-2", 1, connect(2, b"\0\0\1a", level=5)),
        ("MQTT-3.1.2-2", 1, connect(2, b"\0\1a", level=0x84)),
        ("MQTT-3.1.2-2", 1, b"\x10\7\0\4MQTT\5"),
        ("MQTT-3.1.3-8", 2, connect(0, b"\0\0")),
    ],
)
def test_connects_that_get_an_answer(statement, return_code, data):
    with pytest.raises(ConnectRefused) as caught:
        next_packet(data, 0, FROM_CLIENT)
    assert (caught.value.statement, caught.value.return_code) == (statement, return_code)


@pytest.mark.parametrize("data", [b"G", b"\x36", b"\xd0", b"\x90\xff\xff"])
def test_a_wrong_first_byte_is_refused_before_the_rest_has_come(data):
    with pytest.raises(ProtocolViolation):
        next_packet(data, 0, FROM_CLIENT)


def test_a_packet_beyond_the_limit_is_refused_before_it_has_come():
    assert next_packet(b"\x30\x08\0\1aabcde", 0, FROM_CLIENT, 10)[1] == 10
    with pytest.raises(PacketTooLarge, match="11 bytes; at most 10"):
        next_packet(b"\x30\x09", 0, FROM_CLIENT, 10)
    with pytest.raises(PacketTooLarge):
        next_packet(b"\x30\xff\xff\xff\x7f", 0, FROM_CLIENT, 1_000_000)


def test_violations_do_not_quote_fields():
    data = connect(0xC2, b"\0\1a\0\7secret\xff\0\1p")
    with pytest.raises(ProtocolViolation) as caught:
        next_packet(data, 0, FROM_CLIENT)
    assert "secret" not in str(caught.value)
    assert caught.value.__suppress_context__


@given(
    st.sampled_from([FROM_CLIENT, FROM_SERVER]),
    st.one_of(
        st.binary(max_size=40),
        # A right first byte and a right length get deeper.
        st.builds(
            lambda first, body: bytes((first, len(body))) + body,
            st.sampled_from(sorted(FROM_CLIENT | FROM_SERVER)),
            st.binary(max_size=40),
        ),
    ),
)
def test_any_bytes_are_a_packet_or_wait_or_are_refused(sender, data):
    try:
        packet, end = next_packet(data, 0, sender)
    except PacketRefused:
        return
    if packet is None:
        assert end == 0
    else:
        assert next_packet(encode(packet), 0, sender)[0] == packet
