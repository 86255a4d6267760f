# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""MQTT 3.1.1 bytes <-> fields, for both directions and every packet type.

Reading is strict: whatever the standard forbids raises `ProtocolViolation`, which carries the
number of the broken statement (a rule that the standard gives no number of its own is reported
as MQTT-4.8.0-1, "close on a protocol violation"). Writing does not judge: `encode` lays out any
fields that fit, so that a test can also make packets that must be refused.

Texts of exceptions name fields and never quote them, as a field may be somebody's password.
"""

from dataclasses import dataclass, field

ACCEPTED = 0
UNACCEPTABLE_PROTOCOL_LEVEL = 1
IDENTIFIER_REJECTED = 2
SERVER_UNAVAILABLE = 3
BAD_USERNAME_OR_PASSWORD = 4
NOT_AUTHORIZED = 5

SUBSCRIPTION_FAILED = 0x80

LARGEST_REMAINING_LENGTH = 268_435_455
# One byte of type, four bytes of length.
LARGEST_PACKET = 5 + LARGEST_REMAINING_LENGTH

_LARGEST_FIELD = 0xFFFF

# The types that the first byte's upper half tells, as far as one is treated apart.
_PUBLISH = 3

# Bits of the first byte of PUBLISH.
_RETAIN = 0x01
_QOS_MASK = 0x06
_DUPLICATE = 0x08

# Bits of the flags of CONNECT.
_RESERVED = 0x01
_CLEAN_SESSION = 0x02
_HAS_WILL = 0x04
_WILL_QOS_MASK = 0x18
_WILL_RETAIN = 0x20
_HAS_PASSWORD = 0x40
_HAS_USERNAME = 0x80

# The remaining length has seven bits in a byte, the lowest first.
_LENGTH_BITS = 0x7F
_LENGTH_GOES_ON = 0x80
_LENGTH_BYTES = 4

_PROTOCOL_LEVEL = 4
_ANY_VIOLATION = "MQTT-4.8.0-1"
_QOS_LEVELS = (0, 1, 2)


class PacketRefused(Exception):
    """Bytes that are not taken; the connection they came on has to end."""


class PacketTooLarge(PacketRefused):
    """A packet beyond the limit of the reader: legal, but not taken here."""


class ProtocolViolation(PacketRefused):
    """Bytes that MQTT 3.1.1 forbids.

    :param str statement: number of the broken statement, as MQTT-3.3.1-4
    :param str text: what is wrong
    """

    def __init__(self, statement: str, text: str):
        super().__init__(f"[{statement}] {text}")
        self.statement = statement


class ConnectRefused(ProtocolViolation):
    """A CONNECT that is answered with a return code before the connection ends."""

    def __init__(self, statement: str, text: str, return_code: int):
        super().__init__(statement, text)
        self.return_code = return_code


# ---------------------------------------------------------------- fields


@dataclass(slots=True)
class Will:
    """The message that a server publishes when a client is lost."""

    topic: str
    payload: bytes = b""
    qos: int = 0
    retain: bool = False


@dataclass(slots=True)
class Connect:
    """CONNECT: `None` stands for a field whose flag is 0."""

    client_id: str
    clean_session: bool = True
    keepalive: int = 0
    will: Will | None = None
    username: str | None = None
    password: bytes | None = field(default=None, repr=False)


@dataclass(slots=True)
class Connack:
    """CONNACK."""

    return_code: int = ACCEPTED
    session_present: bool = False


@dataclass(slots=True)
class Publish:
    """PUBLISH: packet_id is None exactly for QoS 0."""

    topic: str
    payload: bytes = b""
    qos: int = 0
    retain: bool = False
    duplicate: bool = False
    packet_id: int | None = None


@dataclass(slots=True)
class Puback:
    """PUBACK."""

    packet_id: int


@dataclass(slots=True)
class Pubrec:
    """PUBREC."""

    packet_id: int


@dataclass(slots=True)
class Pubrel:
    """PUBREL."""

    packet_id: int


@dataclass(slots=True)
class Pubcomp:
    """PUBCOMP."""

    packet_id: int


@dataclass(slots=True)
class Subscribe:
    """SUBSCRIBE: pairs of topic filter and requested QoS."""

    packet_id: int
    subscriptions: tuple[tuple[str, int], ...]


@dataclass(slots=True)
class Suback:
    """SUBACK: one return code for each subscription, in their order."""

    packet_id: int
    return_codes: tuple[int, ...]


@dataclass(slots=True)
class Unsubscribe:
    """UNSUBSCRIBE."""

    packet_id: int
    topic_filters: tuple[str, ...]


@dataclass(slots=True)
class Unsuback:
    """UNSUBACK."""

    packet_id: int


@dataclass(slots=True)
class Pingreq:
    """PINGREQ."""


@dataclass(slots=True)
class Pingresp:
    """PINGRESP."""


@dataclass(slots=True)
class Disconnect:
    """DISCONNECT."""


# ---------------------------------------------------------------- fields to bytes


def _uint16(number: int) -> bytes:
    return number.to_bytes(2, "big")


def _prefixed(text: str | bytes) -> bytes:
    data = text.encode() if isinstance(text, str) else bytes(text)
    if len(data) > _LARGEST_FIELD:
        raise ValueError("a field takes at most 65,535 bytes")
    return _uint16(len(data)) + data


def _remaining_length(length: int) -> bytes:
    if length > LARGEST_REMAINING_LENGTH:
        raise ValueError("a packet takes at most 268,435,455 bytes after its length")
    encoded = bytearray()
    while length > _LENGTH_BITS:
        encoded.append(length & _LENGTH_BITS | _LENGTH_GOES_ON)
        length >>= 7
    encoded.append(length)
    return bytes(encoded)


def _encode_connect(packet: Connect) -> tuple[int, bytes]:
    flags = _CLEAN_SESSION if packet.clean_session else 0
    payload = [_prefixed(packet.client_id)]
    if packet.will is not None:
        flags |= _HAS_WILL | packet.will.qos << 3 | packet.will.retain << 5
        payload += (_prefixed(packet.will.topic), _prefixed(packet.will.payload))
    if packet.username is not None:
        flags |= _HAS_USERNAME
        payload.append(_prefixed(packet.username))
    if packet.password is not None:
        flags |= _HAS_PASSWORD
        payload.append(_prefixed(packet.password))
    header = _prefixed("MQTT") + bytes((_PROTOCOL_LEVEL, flags)) + _uint16(packet.keepalive)
    return 0x10, header + b"".join(payload)


def _encode_connack(packet: Connack) -> tuple[int, bytes]:
    return 0x20, bytes((packet.session_present, packet.return_code))


def _encode_publish(packet: Publish) -> tuple[int, bytes]:
    first = 0x30 | packet.duplicate << 3 | packet.qos << 1 | packet.retain
    packet_id = b"" if packet.packet_id is None else _uint16(packet.packet_id)
    return first, _prefixed(packet.topic) + packet_id + packet.payload


def _encode_subscribe(packet: Subscribe) -> tuple[int, bytes]:
    pairs = (_prefixed(name) + bytes((qos,)) for name, qos in packet.subscriptions)
    return 0x82, _uint16(packet.packet_id) + b"".join(pairs)


def _encode_suback(packet: Suback) -> tuple[int, bytes]:
    return 0x90, _uint16(packet.packet_id) + bytes(packet.return_codes)


def _encode_unsubscribe(packet: Unsubscribe) -> tuple[int, bytes]:
    return 0xA2, _uint16(packet.packet_id) + b"".join(map(_prefixed, packet.topic_filters))


def _identified(first: int):
    return lambda packet: (first, _uint16(packet.packet_id))


def _bare(first: int):
    return lambda packet: (first, b"")


_ENCODERS = {
    Connect: _encode_connect,
    Connack: _encode_connack,
    Publish: _encode_publish,
    Puback: _identified(0x40),
    Pubrec: _identified(0x50),
    Pubrel: _identified(0x62),
    Pubcomp: _identified(0x70),
    Subscribe: _encode_subscribe,
    Suback: _encode_suback,
    Unsubscribe: _encode_unsubscribe,
    Unsuback: _identified(0xB0),
    Pingreq: _bare(0xC0),
    Pingresp: _bare(0xD0),
    Disconnect: _bare(0xE0),
}


def encode(packet) -> bytes:
    """Lay a packet out as bytes.

    :param packet: one of this module's packets
    :return: the whole packet
    """
    first, body = _ENCODERS[type(packet)](packet)
    return bytes((first,)) + _remaining_length(len(body)) + body


# ---------------------------------------------------------------- bytes to fields


def _take_uint16(body: bytes, at: int, name: str) -> tuple[int, int]:
    if at + 2 > len(body):
        raise ProtocolViolation(_ANY_VIOLATION, f"the packet ends inside {name}")
    return body[at] << 8 | body[at + 1], at + 2


def _take_binary(body: bytes, at: int, name: str) -> tuple[bytes, int]:
    length, at = _take_uint16(body, at, name)
    if at + length > len(body):
        raise ProtocolViolation(_ANY_VIOLATION, f"the packet ends inside {name}")
    return body[at : at + length], at + length


def _take_text(body: bytes, at: int, name: str) -> tuple[str, int]:
    data, at = _take_binary(body, at, name)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        # The original exception holds the bytes, which may be secret.
        raise ProtocolViolation("MQTT-1.5.3-1", f"{name} is not well-formed UTF-8") from None
    if "\0" in text:
        raise ProtocolViolation("MQTT-1.5.3-2", f"{name} contains U+0000")
    return text, at


def _take_topic_name(body: bytes, at: int, name: str = "the topic name") -> tuple[str, int]:
    topic, at = _take_text(body, at, name)
    if not topic:
        raise ProtocolViolation("MQTT-4.7.3-1", f"{name} is empty")
    if "+" in topic or "#" in topic:
        raise ProtocolViolation("MQTT-3.3.2-2", f"{name} contains a wildcard")
    return topic, at


def _take_topic_filter(body: bytes, at: int) -> tuple[str, int]:
    topic_filter, at = _take_text(body, at, "a topic filter")
    if not topic_filter:
        raise ProtocolViolation("MQTT-4.7.3-1", "a topic filter is empty")
    levels = topic_filter.split("/")
    if any("#" in level for level in levels[:-1]) or ("#" in levels[-1] and levels[-1] != "#"):
        raise ProtocolViolation("MQTT-4.7.1-2", "# is not the whole last level of a topic filter")
    if any("+" in level and level != "+" for level in levels):
        raise ProtocolViolation("MQTT-4.7.1-3", "+ is not a whole level of a topic filter")
    return topic_filter, at


def _take_packet_id(body: bytes, at: int) -> tuple[int, int]:
    packet_id, at = _take_uint16(body, at, "the packet identifier")
    if packet_id == 0:
        raise ProtocolViolation("MQTT-2.3.1-1", "the packet identifier is 0")
    return packet_id, at


def _expect_end(body: bytes, at: int, statement: str = _ANY_VIOLATION) -> None:
    if at != len(body):
        raise ProtocolViolation(statement, "the packet is longer than its fields")


# Each row: flags that must not all be set, the flag that would excuse them, the statement, the
# text. The row of will QoS 3 stands before the rows of its single bits.
_CONNECT_FLAG_RULES = (
    (_RESERVED, 0, "MQTT-3.1.2-3", "the reserved flag of CONNECT is 1"),
    (_WILL_QOS_MASK, 0, "MQTT-3.1.2-14", "the will QoS is 3"),
    (0x08, _HAS_WILL, "MQTT-3.1.2-13", "a will QoS without a will"),
    (0x10, _HAS_WILL, "MQTT-3.1.2-13", "a will QoS without a will"),
    (_WILL_RETAIN, _HAS_WILL, "MQTT-3.1.2-15", "a will retain flag without a will"),
    (_HAS_PASSWORD, _HAS_USERNAME, "MQTT-3.1.2-22", "a password without a user name"),
)


def _take_connect_header(body: bytes) -> tuple[int, int, int]:
    name, at = _take_text(body, 0, "the protocol name")
    if name != "MQTT":
        raise ProtocolViolation("MQTT-3.1.2-1", "the protocol name is not MQTT")
    # The level is judged before anything behind it is looked at: only this level's layout is known.
    if at < len(body) and body[at] != _PROTOCOL_LEVEL:
        text = "the protocol level is not 4"
        raise ConnectRefused("MQTT-3.1.2-2", text, UNACCEPTABLE_PROTOCOL_LEVEL)
    level_and_flags, at = _take_uint16(body, at, "the connect flags")
    flags = level_and_flags & 0xFF
    for forbidden, excuse, statement, text in _CONNECT_FLAG_RULES:
        if flags & forbidden == forbidden and not flags & excuse:
            raise ProtocolViolation(statement, text)
    keepalive, at = _take_uint16(body, at, "the keep alive")
    return flags, keepalive, at


def _decode_connect(first: int, body: bytes) -> Connect:
    flags, keepalive, at = _take_connect_header(body)
    client_id, at = _take_text(body, at, "the client identifier")
    will = username = password = None
    if flags & _HAS_WILL:
        topic, at = _take_topic_name(body, at, "the will topic")
        payload, at = _take_binary(body, at, "the will message")
        will = Will(topic, payload, flags >> 3 & 3, bool(flags & _WILL_RETAIN))
    if flags & _HAS_USERNAME:
        username, at = _take_text(body, at, "the user name")
    if flags & _HAS_PASSWORD:
        password, at = _take_binary(body, at, "the password")
    _expect_end(body, at, "MQTT-3.1.4-1")
    clean_session = bool(flags & _CLEAN_SESSION)
    if not client_id and not clean_session:
        text = "an empty client identifier without a clean session"
        raise ConnectRefused("MQTT-3.1.3-8", text, IDENTIFIER_REJECTED)
    return Connect(client_id, clean_session, keepalive, will, username, password)


def _decode_connack(first: int, body: bytes) -> Connack:
    flags_and_code, at = _take_uint16(body, 0, "CONNACK")
    _expect_end(body, at)
    flags, return_code = flags_and_code >> 8, flags_and_code & 0xFF
    if flags > 1:
        raise ProtocolViolation("MQTT-2.2.2-1", "a reserved flag of CONNACK is 1")
    if return_code > NOT_AUTHORIZED:
        raise ProtocolViolation(_ANY_VIOLATION, "the return code of CONNACK is reserved")
    if flags and return_code:
        raise ProtocolViolation("MQTT-3.2.2-4", "session present in a refusal")
    return Connack(return_code, bool(flags))


def _decode_publish(first: int, body: bytes) -> Publish:
    topic, at = _take_topic_name(body, 0)
    qos = first >> 1 & 3
    packet_id = None
    if qos:
        packet_id, at = _take_packet_id(body, at)
    retain, duplicate = bool(first & _RETAIN), bool(first & _DUPLICATE)
    return Publish(topic, body[at:], qos, retain, duplicate, packet_id)


def _decode_identified(kind):
    def decode(first: int, body: bytes):
        packet_id, at = _take_packet_id(body, 0)
        _expect_end(body, at)
        return kind(packet_id)

    return decode


def _decode_bare(kind):
    def decode(first: int, body: bytes):
        _expect_end(body, 0)
        return kind()

    return decode


def _decode_subscribe(first: int, body: bytes) -> Subscribe:
    packet_id, at = _take_packet_id(body, 0)
    subscriptions = []
    while at < len(body):
        topic_filter, at = _take_topic_filter(body, at)
        if at == len(body):
            raise ProtocolViolation(_ANY_VIOLATION, "the packet ends before a requested QoS")
        if body[at] not in _QOS_LEVELS:
            raise ProtocolViolation("MQTT-3.8.3-4", "a requested QoS is not 0, 1 or 2")
        subscriptions.append((topic_filter, body[at]))
        at += 1
    if not subscriptions:
        raise ProtocolViolation("MQTT-3.8.3-3", "SUBSCRIBE without a topic filter")
    return Subscribe(packet_id, tuple(subscriptions))


def _decode_suback(first: int, body: bytes) -> Suback:
    packet_id, at = _take_packet_id(body, 0)
    return_codes = tuple(body[at:])
    if not return_codes:
        raise ProtocolViolation("MQTT-3.8.4-5", "SUBACK without a return code")
    if any(code not in _QOS_LEVELS and code != SUBSCRIPTION_FAILED for code in return_codes):
        raise ProtocolViolation("MQTT-3.9.3-2", "a return code of SUBACK is reserved")
    return Suback(packet_id, return_codes)


def _decode_unsubscribe(first: int, body: bytes) -> Unsubscribe:
    packet_id, at = _take_packet_id(body, 0)
    topic_filters = []
    while at < len(body):
        topic_filter, at = _take_topic_filter(body, at)
        topic_filters.append(topic_filter)
    if not topic_filters:
        raise ProtocolViolation("MQTT-3.10.3-2", "UNSUBSCRIBE without a topic filter")
    return Unsubscribe(packet_id, tuple(topic_filters))


# First byte of a packet -> its decoder: a byte that is missing here is a violation, found before
# the rest of the packet has arrived. 0x36, 0x37, 0x3E, 0x3F (QoS 3) and 0x38, 0x39 (DUP with
# QoS 0) are missing on purpose.
_EITHER = dict.fromkeys((0x30, 0x31, *range(0x32, 0x36), *range(0x3A, 0x3E)), _decode_publish) | {
    0x40: _decode_identified(Puback),
    0x50: _decode_identified(Pubrec),
    0x62: _decode_identified(Pubrel),
    0x70: _decode_identified(Pubcomp),
}
FROM_CLIENT = _EITHER | {
    0x10: _decode_connect,
    0x82: _decode_subscribe,
    0xA2: _decode_unsubscribe,
    0xC0: _decode_bare(Pingreq),
    0xE0: _decode_bare(Disconnect),
}
FROM_SERVER = _EITHER | {
    0x20: _decode_connack,
    0x90: _decode_suback,
    0xB0: _decode_identified(Unsuback),
    0xD0: _decode_bare(Pingresp),
}

# Packet types whose section repeats the rule of 2.2.2 with a number of its own.
_FLAG_STATEMENTS = {
    0x6: "MQTT-3.6.1-1",
    0x8: "MQTT-3.8.1-1",
    0xA: "MQTT-3.10.1-1",
    0xE: "MQTT-3.14.1-1",
}


def _first_byte_violation(first: int, sender: dict) -> ProtocolViolation:
    kind = first >> 4
    if kind == _PUBLISH and first & _QOS_MASK == _QOS_MASK:
        return ProtocolViolation("MQTT-3.3.1-4", "PUBLISH with QoS 3")
    if kind == _PUBLISH:
        return ProtocolViolation("MQTT-3.3.1-2", "PUBLISH with DUP and QoS 0")
    if any(known >> 4 == kind for known in sender):
        statement = _FLAG_STATEMENTS.get(kind, "MQTT-2.2.2-2")
        return ProtocolViolation(statement, f"wrong flags in a packet of type {kind}")
    return ProtocolViolation(_ANY_VIOLATION, f"packet type {kind} is not for this side to send")


def _take_remaining_length(buffer, at: int) -> tuple[int, int] | None:
    length = shift = 0
    for position in range(at, min(at + _LENGTH_BYTES, len(buffer))):
        byte = buffer[position]
        length |= (byte & _LENGTH_BITS) << shift
        if byte < _LENGTH_GOES_ON:
            return length, position + 1
        shift += 7
    if len(buffer) - at >= _LENGTH_BYTES:
        raise ProtocolViolation(_ANY_VIOLATION, "the remaining length takes more than 4 bytes")
    return None


def next_packet(buffer, start: int, sender: dict, largest: int = LARGEST_PACKET):
    """Read the packet that begins at `start`.

    :param buffer: received bytes, which may end anywhere
    :param int start: where the packet begins
    :param dict sender: `FROM_CLIENT` or `FROM_SERVER`
    :param int largest: limit in bytes of the whole packet
    :return: the packet and where the next one begins, or (None, start) while bytes are missing
    :raises PacketRefused: as soon as the bytes that are there cannot become a packet
    """
    if start >= len(buffer):
        return None, start
    first = buffer[start]
    decoder = sender.get(first)
    if decoder is None:
        raise _first_byte_violation(first, sender)
    header = _take_remaining_length(buffer, start + 1)
    if header is None:
        return None, start
    length, body_start = header
    end = body_start + length
    if end - start > largest:
        raise PacketTooLarge(f"a packet of {end - start} bytes; at most {largest} are taken")
    if end > len(buffer):
        return None, start
    return decoder(first, bytes(buffer[body_start:end])), end
