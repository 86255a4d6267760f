# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What a server may send other than messages, right and wrong, and what the client does then.

A row is (statements, name, state in which the packets come, packets, what the client
does). Each packet is played by itself. What the client does is one of

- (``ENDS``, status, stage, words of the cause); in the words ``{kind}``, ``{flags}`` and
  ``{length}`` stand for the packet's type, header flags and remaining length, ``{3}`` for its
  byte 3
- (``IGNORES``,): nobody is told, nothing is sent, and the link goes on
- (``ACCEPTS``, what is told)
- (``ANSWERS``, what is told, the bytes that the client sends)

What is told are the callbacks' arguments, then the messages as ("message", topic, payload, QoS,
retain). Statements are numbers with blanks between them.
"""

# States in which bytes come. In the last four the client awaits an answer, with identifier 1.
BEFORE = "before CONNACK"
CLEAN = "before CONNACK, clean session"
CONNECTED = "connected"
PUBLISHING = "PUBLISH awaits PUBACK"
SUBSCRIBING = "SUBSCRIBE awaits SUBACK"
UNSUBSCRIBING = "UNSUBSCRIBE awaits UNSUBACK"
PINGING = "PINGREQ awaits PINGRESP"
STATES = (BEFORE, CLEAN, CONNECTED, PUBLISHING, SUBSCRIBING, UNSUBSCRIBING, PINGING)

ENDS, IGNORES, ACCEPTS, ANSWERS = "ends", "ignores", "accepts", "answers"

_SERVER_MESSAGE_FAILURE = 0x10008
_INVALID_PACKET = 0x1000F
_RETURN_CODE = 0x10080

VIOLATION = "MQTT-4.8.0-1"

# The bytes behind the first one of a well-formed packet, by its type.
_BODIES = (
    b"\0",
    b"\x0c\0\4MQTT\4\2\0\0\0\0",
    b"\2\0\0",
    b"\4\0\1tm",
    b"\2\0\1",
    b"\2\0\1",
    b"\2\0\1",
    b"\2\0\1",
    b"\6\0\1\0\1t\0",
    b"\3\0\1\0",
    b"\5\0\1\0\1t",
    b"\2\0\1",
    b"\0",
    b"\0",
    b"\0",
    b"\0",
)
# Also how HTTP begins: the cause then speaks of that.
_LIKE_HTTP = 0x48
_ANY = range(16)
# Lengths that no short packet has, as they are written.
_LENGTHS = [bytes([number]) for number in (*range(9), 127)]
_LENGTHS += [b"\x80\1", b"\xff\xff\x7f", b"\x80\x80\x80\1", b"\xff\xff\xff\x7f"]


def with_flags(kind, flags=_ANY):
    """A packet of a type with each of the header flags."""
    firsts = [kind << 4 | number for number in flags]
    return tuple(bytes([first]) + _BODIES[kind] for first in firsts if first != _LIKE_HTTP)


def _with_lengths(kind, right):
    """Headers of a type with each length but the right one, and so many bytes where it is small."""
    wrong = [length for length in _LENGTHS if length != bytes([right])]
    return tuple(
        bytes([kind << 4]) + length + (bytes(length[0]) if len(length) == 1 else b"")
        for length in wrong
    )


def publish(topic, first=0x30, identifier=b"", message=b"m"):
    """A PUBLISH of fewer than 16,384 bytes."""
    body = len(topic).to_bytes(2, "big") + topic + identifier + message
    size = len(body)
    length = bytes([size]) if size < 128 else bytes([size & 0x7F | 0x80, size >> 7])
    return bytes([first]) + length + body


def message(topic=b"t", payload=b"m", quality=0, retain=0):
    """A message as it is told."""
    return "message", topic, payload, quality, retain


def breaks(cause):
    """A living link ends."""
    return ENDS, _INVALID_PACKET, "session", cause


def fails(cause):
    """An attempt to connect ends."""
    return ENDS, _SERVER_MESSAGE_FAILURE, "connack", cause


_HEADERS = (
    *(
        (
            "MQTT-2.2.2-1 MQTT-2.2.2-2",
            name + ", wrong flags",
            state,
            with_flags(kind, range(1, 16)),
            (fails if state == BEFORE else breaks)("type {kind}, flags {flags}, {length} bytes"),
        )
        for kind, name, state in (
            (2, "CONNACK", BEFORE),
            (4, "PUBACK", PUBLISHING),
            (9, "SUBACK", SUBSCRIBING),
            (11, "UNSUBACK", UNSUBSCRIBING),
            (13, "PINGRESP", PINGING),
        )
    ),
    (
        "MQTT-2.2.2-1 MQTT-2.2.2-2",
        "PUBACK, flags 8",
        PUBLISHING,
        (b"\x48\2\0\1",),
        breaks("packet type 4, flags 8"),
    ),
    *(
        (
            VIOLATION,
            "%s, any flags" % name,
            CONNECTED,
            with_flags(kind),
            breaks("type {kind}, flags {flags}"),
        )
        for kind, name in (
            (0, "reserved type 0"),
            (1, "CONNECT"),
            (5, "PUBREC"),
            (6, "PUBREL"),
            (7, "PUBCOMP"),
            (8, "SUBSCRIBE"),
            (10, "UNSUBSCRIBE"),
            (12, "PINGREQ"),
            (14, "DISCONNECT"),
            (15, "reserved type 15"),
        )
    ),
    *(
        (
            VIOLATION,
            name + ", wrong length",
            state,
            _with_lengths(kind, right),
            (fails if state == BEFORE else breaks)("type {kind}, flags 0, {length} bytes"),
        )
        for kind, name, right, state in (
            (2, "CONNACK", 2, BEFORE),
            (4, "PUBACK", 2, PUBLISHING),
            (11, "UNSUBACK", 2, UNSUBSCRIBING),
            (13, "PINGRESP", 0, PINGING),
        )
    ),
    (
        "MQTT-4.8.0-1 MQTT-3.8.4-5",
        "SUBACK, wrong length, no code or several",
        SUBSCRIBING,
        (b"\x90\2\0\1", b"\x90\4\0\1\0\0", b"\x90\5\0\1\0\0\0", *_with_lengths(9, 3)),
        breaks("type 9, flags 0, {length} bytes"),
    ),
    *(
        (
            VIOLATION,
            "any type, length of five bytes",
            state,
            tuple(
                bytes([kind << 4]) + length
                for kind in range(16)
                for length in (
                    b"\x80\x80\x80\x80\0",
                    b"\x82\x80\x80\x80\1",
                    b"\xff\xff\xff\xff\x7f",
                )
            ),
            wanted("five bytes"),
        )
        for state, wanted in ((BEFORE, fails), (CONNECTED, breaks))
    ),
    (
        VIOLATION,
        "a web server",
        BEFORE,
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", b"HTTP/1.0 200 OK\r\n\r\n"),
        fails("HTTP"),
    ),
    (VIOLATION, "a TLS alert", BEFORE, (b"\x15\3\1\0\2\2\x46",), fails("type 1")),
    (
        VIOLATION,
        "PINGRESP, length with needless bytes",
        PINGING,
        (b"\xd0\x80\0", b"\xd0\x80\x80\x80\0"),
        (ACCEPTS, ()),
    ),
    (
        VIOLATION,
        "PUBACK, length with needless bytes",
        PUBLISHING,
        (b"\x40\x82\0\0\1", b"\x40\x82\x80\x80\0\0\1"),
        (ACCEPTS, (("acknowledge", 4, 1, None),)),
    ),
    (
        VIOLATION,
        "PUBLISH, length with needless bytes",
        CONNECTED,
        (b"\x30\x84\0\0\1tm", b"\x30\x84\x80\x80\0\0\1tm"),
        (ACCEPTS, (message(),)),
    ),
)

_CONNACKS = (
    (
        "MQTT-3.2.0-1",
        "any other type, any flags",
        BEFORE,
        tuple(packet for kind in (0, 1, *range(4, 16)) for packet in with_flags(kind)),
        fails("type {kind}"),
    ),
    ("MQTT-3.2.0-1", "PUBLISH, any flags", BEFORE, with_flags(3), fails("before CONNACK")),
    (
        "MQTT-3.2.0-1 MQTT-3.1.4-4 MQTT-3.2.2-3",
        "CONNACK",
        BEFORE,
        (b"\x20\2\0\0", b"\x20\x82\0\0\0", b"\x20\x82\x80\x80\0\0\0"),
        (ACCEPTS, (("connect", 0),)),
    ),
    (
        "MQTT-3.2.2-2",
        "CONNACK, session present",
        BEFORE,
        (b"\x20\2\1\0",),
        (ACCEPTS, (("connect", 0),)),
    ),
    (
        "MQTT-3.2.0-1",
        "CONNACK and a message",
        BEFORE,
        (b"\x20\2\0\0" + publish(b"t", 0x32, b"\0\1"),),
        (ANSWERS, (("connect", 0), message(quality=1)), b"\x40\2\0\1"),
    ),
    ("MQTT-3.2.2-1", "CONNACK, session present", CLEAN, (b"\x20\2\1\0",), fails("flags 1, code 0")),
    (
        VIOLATION,
        "CONNACK, reserved bits",
        BEFORE,
        tuple(bytes([0x20, 2, flags, 0]) for flags in range(2, 256)),
        fails("flags {2}, code 0"),
    ),
    (
        VIOLATION,
        "CONNACK again, any flags",
        CONNECTED,
        with_flags(2) + (b"\x20\2\1\0", b"\x20\2\0\5", b"\x20\3\0\0\0", b"\x20\0"),
        breaks("type 2"),
    ),
    *(
        (
            "MQTT-3.2.2-5 " + statements,
            "CONNACK, code %d" % code,
            BEFORE,
            (bytes([0x20, 2, 0, code]),),
            (ENDS, _RETURN_CODE + code, "connack", "code %d" % code),
        )
        for code, statements in enumerate(
            ("MQTT-3.1.2-2", "MQTT-3.1.3-8 MQTT-3.1.3-9", "", "", ""), 1
        )
    ),
    (
        "MQTT-3.2.2-4",
        "CONNACK, session present and a code",
        BEFORE,
        tuple(bytes([0x20, 2, 1, code]) for code in range(1, 256)),
        fails("flags 1, code {3}"),
    ),
    (
        "MQTT-3.2.2-6",
        "CONNACK, unknown code",
        BEFORE,
        tuple(bytes([0x20, 2, 0, code]) for code in range(6, 256)),
        fails("code {3}"),
    ),
)

_ACKNOWLEDGEMENTS = (
    (
        "MQTT-2.3.1-1",
        "identifier 0",
        CONNECTED,
        (
            b"\x40\2\0\0",
            b"\x90\3\0\0\0",
            b"\xb0\2\0\0",
            publish(b"t", 0x32, b"\0\0"),
            publish(b"t", 0x3A, b"\0\0"),
        ),
        breaks("identifier 0"),
    ),
    ("MQTT-2.3.1-6", "PUBACK unasked", CONNECTED, (b"\x40\2\0\1", b"\x40\2\xff\xff"), (IGNORES,)),
    ("MQTT-2.3.1-6", "PUBACK of another", PUBLISHING, (b"\x40\2\0\2",), (IGNORES,)),
    ("MQTT-2.3.1-6", "PUBACK for a SUBSCRIBE", SUBSCRIBING, (b"\x40\2\0\1",), (IGNORES,)),
    (
        "MQTT-2.3.1-6 MQTT-4.3.2-1",
        "PUBACK, once and twice",
        PUBLISHING,
        (b"\x40\2\0\1", b"\x40\2\0\1\x40\2\0\1"),
        (ACCEPTS, (("acknowledge", 4, 1, None),)),
    ),
    (
        "MQTT-2.3.1-7 MQTT-3.8.4-2",
        "SUBACK unasked",
        CONNECTED,
        (b"\x90\3\0\1\0", b"\x90\3\xff\xff\x80"),
        breaks("SUBACK unasked"),
    ),
    (
        "MQTT-2.3.1-7 MQTT-3.8.4-2",
        "SUBACK of another",
        SUBSCRIBING,
        (b"\x90\3\0\2\0",),
        breaks("SUBACK unasked"),
    ),
    (
        "MQTT-2.3.1-7",
        "SUBACK for a PUBLISH",
        PUBLISHING,
        (b"\x90\3\0\1\0",),
        breaks("SUBACK unasked"),
    ),
    (
        "MQTT-2.3.1-7",
        "SUBACK for an UNSUBSCRIBE",
        UNSUBSCRIBING,
        (b"\x90\3\0\1\0",),
        breaks("SUBACK unasked"),
    ),
    (
        "MQTT-3.9.3-2",
        "SUBACK, a reserved code",
        SUBSCRIBING,
        tuple(b"\x90\3\0\1" + bytes([code]) for code in (*range(3, 0x80), *range(0x81, 256))),
        breaks("SUBACK with code {4}"),
    ),
    *(
        (
            "MQTT-3.9.3-2 MQTT-3.8.4-5" + " MQTT-3.8.3-2" * (code == 0x80),
            "SUBACK, code 0x%02x" % code,
            SUBSCRIBING,
            (b"\x90\3\0\1" + bytes([code]), b"\x90\x83\0\0\1" + bytes([code])),
            (ACCEPTS, (("acknowledge", 9, 1, code),)),
        )
        for code in (0, 1, 2, 0x80)
    ),
    ("MQTT-2.3.1-7", "UNSUBACK unasked", CONNECTED, (b"\xb0\2\0\1", b"\xb0\2\xff\xff"), (IGNORES,)),
    (
        "MQTT-2.3.1-7 MQTT-3.10.4-4",
        "UNSUBACK of another",
        UNSUBSCRIBING,
        (b"\xb0\2\0\2",),
        (IGNORES,),
    ),
    ("MQTT-2.3.1-7", "UNSUBACK for a SUBSCRIBE", SUBSCRIBING, (b"\xb0\2\0\1",), (IGNORES,)),
    ("MQTT-2.3.1-7", "UNSUBACK for a PUBLISH", PUBLISHING, (b"\xb0\2\0\1",), (IGNORES,)),
    (
        "MQTT-3.10.4-4 MQTT-3.10.4-5",
        "UNSUBACK",
        UNSUBSCRIBING,
        (b"\xb0\2\0\1", b"\xb0\x82\0\0\1"),
        (ACCEPTS, (("acknowledge", 11, 1, None),)),
    ),
    (
        "MQTT-3.12.4-1",
        "PINGRESP unasked",
        CONNECTED,
        (b"\xd0\0", b"\xd0\0\xd0\0\xd0\0"),
        (IGNORES,),
    ),
    ("MQTT-3.12.4-1", "PINGRESP", PINGING, (b"\xd0\0",), (ACCEPTS, ())),
)

PACKETS = _HEADERS + _CONNACKS + _ACKNOWLEDGEMENTS
