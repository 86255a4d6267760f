# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""MQTT 3.1.1 packets as fields and as bytes, and bytes that are none: data for all interpreters."""

# --- what the client writes ----------------------------------------------------------------------

# (name, keepalive, connect flags, payload fields in order, bytes)
CONNECTS = (
    ("client id", 0, 0x02, (b"a",), b"\x10\x0d\0\4MQTT\4\2\0\0\0\1a"),
    ("no client id", 0, 0x02, (b"",), b"\x10\x0c\0\4MQTT\4\2\0\0\0\0"),
    ("session kept", 0, 0x00, (b"a",), b"\x10\x0d\0\4MQTT\4\0\0\0\0\1a"),
    ("keepalive 60", 60, 0x02, (b"a",), b"\x10\x0d\0\4MQTT\4\2\0\x3c\0\1a"),
    ("keepalive 256", 256, 0x02, (b"a",), b"\x10\x0d\0\4MQTT\4\2\1\0\0\1a"),
    ("longest keepalive", 65535, 0x02, (b"a",), b"\x10\x0d\0\4MQTT\4\2\xff\xff\0\1a"),
    (
        "client id beyond ASCII",
        0,
        0x02,
        (b"\xc3\xa9\xf0\x9f\x8c\xa1",),
        b"\x10\x12\0\4MQTT\4\2\0\0\0\6\xc3\xa9\xf0\x9f\x8c\xa1",
    ),
    ("user name", 0, 0x82, (b"a", b"u"), b"\x10\x10\0\4MQTT\4\x82\0\0\0\1a\0\1u"),
    ("empty user name", 0, 0x82, (b"a", b""), b"\x10\x0f\0\4MQTT\4\x82\0\0\0\1a\0\0"),
    (
        "login",
        0,
        0xC2,
        (b"a", b"u", b"\0\xff"),
        b"\x10\x14\0\4MQTT\4\xc2\0\0\0\1a\0\1u\0\2\0\xff",
    ),
    (
        "empty login",
        0,
        0xC2,
        (b"a", b"", b""),
        b"\x10\x11\0\4MQTT\4\xc2\0\0\0\1a\0\0\0\0",
    ),
    (
        "empty will",
        0,
        0x06,
        (b"a", b"t", b""),
        b"\x10\x12\0\4MQTT\4\6\0\0\0\1a\0\1t\0\0",
    ),
    (
        "will at QoS 1",
        0,
        0x0E,
        (b"a", b"t", b"w"),
        b"\x10\x13\0\4MQTT\4\x0e\0\0\0\1a\0\1t\0\1w",
    ),
    (
        "will that is retained",
        0,
        0x26,
        (b"a", b"t", b"\0\x80"),
        b"\x10\x14\0\4MQTT\4\x26\0\0\0\1a\0\1t\0\2\0\x80",
    ),
    (
        "everything",
        60,
        0xEC,
        (b"a", b"t", b"w", b"u", b"p"),
        b"\x10\x19\0\4MQTT\4\xec\0\x3c\0\1a\0\1t\0\1w\0\1u\0\1p",
    ),
)

# (name, QoS << 1 | retain, topic, packet identifier, message, bytes)
PUBLISHES = (
    ("QoS 0", 0, b"t", 0, b"m", b"\x30\4\0\1tm"),
    ("QoS 0 and retain", 1, b"t", 0, b"m", b"\x31\4\0\1tm"),
    ("QoS 1", 2, b"t", 1, b"m", b"\x32\6\0\1t\0\1m"),
    ("QoS 1 and retain", 3, b"t", 1, b"m", b"\x33\6\0\1t\0\1m"),
    ("empty message at QoS 0", 0, b"t", 0, b"", b"\x30\3\0\1t"),
    ("empty message at QoS 1", 2, b"t", 1, b"", b"\x32\5\0\1t\0\1"),
    ("retain with nothing", 1, b"a/b", 0, b"", b"\x31\5\0\3a/b"),
    ("largest packet identifier", 2, b"t", 65535, b"m", b"\x32\6\0\1t\xff\xffm"),
    ("packet identifier 256", 2, b"t", 256, b"m", b"\x32\6\0\1t\1\0m"),
    ("any bytes", 0, b"t", 0, b"\0\xff\x30\x80", b"\x30\7\0\1t\0\xff\x30\x80"),
    (
        "topic beyond ASCII",
        2,
        b"\xe2\x84\x83/\xf0\x9f\x8c\xa1",
        7,
        b"21",
        b"\x32\x0e\0\x08\xe2\x84\x83/\xf0\x9f\x8c\xa1\0\x0721",
    ),
    ("topic of one slash", 0, b"/", 0, b"", b"\x30\3\0\1/"),
    ("topic with a blank", 0, b" a", 0, b"b", b"\x30\5\0\2 ab"),
)

# (name, first byte, packet identifier, topic filter, requested QoS or -1, bytes)
REQUESTS = (
    ("SUBSCRIBE at QoS 0", 0x82, 1, b"a", 0, b"\x82\6\0\1\0\1a\0"),
    ("SUBSCRIBE at QoS 1", 0x82, 65535, b"a/+/#", 1, b"\x82\x0a\xff\xff\0\5a/+/#\1"),
    ("SUBSCRIBE to all", 0x82, 256, b"#", 1, b"\x82\6\1\0\0\1#\1"),
    ("SUBSCRIBE beyond ASCII", 0x82, 2, b"\xc3\xa9", 0, b"\x82\7\0\2\0\2\xc3\xa9\0"),
    ("UNSUBSCRIBE", 0xA2, 1, b"a", -1, b"\xa2\5\0\1\0\1a"),
    ("UNSUBSCRIBE from many", 0xA2, 258, b"+/b", -1, b"\xa2\7\1\2\0\3+/b"),
)

# (name, first byte, packet identifier or -1, bytes)
SHORTS = (
    ("PUBACK", 0x40, 1, b"\x40\2\0\1"),
    ("PUBACK of the largest", 0x40, 65535, b"\x40\2\xff\xff"),
    ("PUBACK of 256", 0x40, 256, b"\x40\2\1\0"),
    ("PINGREQ", 0xC0, -1, b"\xc0\0"),
    ("DISCONNECT", 0xE0, -1, b"\xe0\0"),
)

# (remaining length, how it is written), section 2.2.3: each border from both sides
BORDERS = (
    (0, b"\0"),
    (1, b"\1"),
    (127, b"\x7f"),
    (128, b"\x80\1"),
    (16383, b"\xff\x7f"),
    (16384, b"\x80\x80\1"),
    (2097151, b"\xff\xff\x7f"),
    (2097152, b"\x80\x80\x80\1"),
    (268435455, b"\xff\xff\xff\x7f"),
)

# --- what the client reads -----------------------------------------------------------------------

CONNACK = 2
PUBLISH = 3
PUBACK = 4
SUBACK = 9
UNSUBACK = 11
PINGRESP = 13

# (name, packet type, fields, bytes). The fields are those of CONNACK: flags, return code;
# PUBLISH: flags, topic, packet identifier (0 at QoS 0), message; SUBACK: packet identifier,
# return code; PUBACK, UNSUBACK: packet identifier.
FROM_SERVER = (
    ("CONNACK", CONNACK, (0, 0), b"\x20\2\0\0"),
    ("CONNACK with session present", CONNACK, (1, 0), b"\x20\2\1\0"),
    ("CONNACK that refuses", CONNACK, (0, 5), b"\x20\2\0\5"),
    ("PUBLISH QoS 0", PUBLISH, (0, b"t", 0, b"m"), b"\x30\4\0\1tm"),
    ("PUBLISH QoS 0 and retain", PUBLISH, (1, b"t", 0, b"m"), b"\x31\4\0\1tm"),
    ("PUBLISH QoS 1", PUBLISH, (2, b"t", 1, b"m"), b"\x32\6\0\1t\0\1m"),
    ("PUBLISH QoS 1 and retain", PUBLISH, (3, b"t", 513, b"m"), b"\x33\6\0\1t\2\1m"),
    ("PUBLISH QoS 1 again", PUBLISH, (0x0A, b"t", 1, b"m"), b"\x3a\6\0\1t\0\1m"),
    ("PUBLISH QoS 1 again, retain", PUBLISH, (0x0B, b"t", 1, b"m"), b"\x3b\6\0\1t\0\1m"),
    ("PUBLISH QoS 0, no message", PUBLISH, (0, b"t", 0, b""), b"\x30\3\0\1t"),
    ("PUBLISH QoS 1, no message", PUBLISH, (2, b"t", 65535, b""), b"\x32\5\0\1t\xff\xff"),
    ("PUBLISH of any bytes", PUBLISH, (0, b"a", 0, b"\0\xff\xd0\0"), b"\x30\7\0\1a\0\xff\xd0\0"),
    (
        "PUBLISH beyond ASCII",
        PUBLISH,
        (2, b"\xe2\x84\x83/\xf0\x9f\x8c\xa1", 7, b"21"),
        b"\x32\x0e\0\x08\xe2\x84\x83/\xf0\x9f\x8c\xa1\0\x0721",
    ),
    ("PUBACK", PUBACK, (1,), b"\x40\2\0\1"),
    ("PUBACK of the largest", PUBACK, (65535,), b"\x40\2\xff\xff"),
    ("PUBACK of 256", PUBACK, (256,), b"\x40\2\1\0"),
    ("SUBACK at QoS 0", SUBACK, (1, 0), b"\x90\3\0\1\0"),
    ("SUBACK at QoS 1", SUBACK, (256, 1), b"\x90\3\1\0\1"),
    ("SUBACK at QoS 2", SUBACK, (3, 2), b"\x90\3\0\3\2"),
    ("SUBACK that refuses", SUBACK, (65535, 0x80), b"\x90\3\xff\xff\x80"),
    ("UNSUBACK", UNSUBACK, (1,), b"\xb0\2\0\1"),
    ("UNSUBACK of the largest", UNSUBACK, (65535,), b"\xb0\2\xff\xff"),
    ("PINGRESP", PINGRESP, (), b"\xd0\0"),
)

# Legal, although the standard's own encoder would not write it so: length bytes that add nothing.
LONG_WINDED = (
    ("PINGRESP", PINGRESP, (), b"\xd0\x80\0"),
    ("PUBACK", PUBACK, (258,), b"\x40\x82\x80\x80\0\1\2"),
    ("PUBLISH", PUBLISH, (0, b"t", 0, b"m"), b"\x30\x84\x80\0\0\1tm"),
)

# --- what ends the connection --------------------------------------------------------------------

# (name, bytes, words that the cause must contain)
MALFORMED = (
    ("type 0", b"\0\0", "type 0"),
    ("CONNECT", b"\x10\x0d\0\4MQTT\4\2\0\0\0\1a", "type 1"),
    ("PUBREC", b"\x50\2\0\1", "type 5"),
    ("PUBREL", b"\x62\2\0\1", "type 6"),
    ("PUBCOMP", b"\x70\2\0\1", "type 7"),
    ("SUBSCRIBE", b"\x82\6\0\1\0\1a\0", "type 8"),
    ("UNSUBSCRIBE", b"\xa2\5\0\1\0\1a", "type 10"),
    ("PINGREQ", b"\xc0\0", "type 12"),
    ("DISCONNECT", b"\xe0\0", "type 14"),
    ("type 15", b"\xf0\0", "type 15"),
    ("a web server", b"HTTP/1.1 400 Bad Request\r\n\r\n", "HTTP"),
    ("CONNACK with flags", b"\x21\2\0\0", "type 2", "flags 1"),
    ("PUBACK with flags", b"\x42\2\0\1", "type 4", "flags 2"),
    ("SUBACK with flags", b"\x92\3\0\1\0", "type 9", "flags 2"),
    ("UNSUBACK with flags", b"\xb8\2\0\1", "type 11", "flags 8"),
    ("PINGRESP with flags", b"\xdf\0", "type 13", "flags 15"),
    ("CONNACK of 0 bytes", b"\x20\0", "type 2", " 0 bytes"),
    ("CONNACK of 1 byte", b"\x20\1\0", "type 2", " 1 bytes"),
    ("CONNACK of 3 bytes", b"\x20\3\0\0\0", "type 2", " 3 bytes"),
    ("PUBACK of 0 bytes", b"\x40\0", "type 4", " 0 bytes"),
    ("PUBACK of 3 bytes", b"\x40\3\0\1\0", "type 4", " 3 bytes"),
    ("SUBACK without code", b"\x90\2\0\1", "type 9", " 2 bytes"),
    ("SUBACK with two codes", b"\x90\4\0\1\0\0", "type 9", " 4 bytes"),
    ("SUBACK of 131 bytes", b"\x90\x83\1\0\1\0", "type 9", " 131 bytes"),
    ("UNSUBACK of 1 byte", b"\xb0\1\1", "type 11", " 1 bytes"),
    ("UNSUBACK of 4 bytes", b"\xb0\4\0\1\0\2", "type 11", " 4 bytes"),
    ("PINGRESP of 1 byte", b"\xd0\1\0", "type 13", " 1 bytes"),
    ("PINGRESP of 2097152 bytes", b"\xd0\x80\x80\x80\1", "type 13", " 2097152 bytes"),
    ("PUBACK of 0", b"\x40\2\0\0", "packet identifier 0"),
    ("SUBACK of 0", b"\x90\3\0\0\1", "packet identifier 0"),
    ("UNSUBACK of 0", b"\xb0\2\0\0", "packet identifier 0"),
    ("length of five bytes", b"\x20\x82\x80\x80\x80\0\0\0", "length", "five bytes"),
    ("length without end", b"\x30\xff\xff\xff\xff", "length", "five bytes"),
    ("PUBLISH QoS 2", b"\x34\6\0\1t\0\1m", "PUBLISH", "QoS 2"),
    ("PUBLISH QoS 2 again", b"\x3c\6\0\1t\0\1m", "PUBLISH", "QoS 2"),
    ("PUBLISH QoS 3", b"\x36\6\0\1t\0\1m", "PUBLISH", "QoS 3"),
    ("PUBLISH QoS 3 again", b"\x3f\6\0\1t\0\1m", "PUBLISH", "QoS 3"),
    ("PUBLISH QoS 0 again", b"\x38\4\0\1tm", "PUBLISH", "QoS 0", "DUP"),
    ("PUBLISH QoS 0 again, retain", b"\x39\4\0\1tm", "PUBLISH", "QoS 0", "DUP"),
    ("PUBLISH of 0 bytes", b"\x30\0", "PUBLISH", " 0 bytes"),
    ("PUBLISH of 2 bytes", b"\x30\2\0\0", "PUBLISH", " 2 bytes"),
    ("PUBLISH QoS 1 of 4 bytes", b"\x32\4\0\1t\0", "PUBLISH", " 4 bytes"),
    ("empty topic", b"\x30\3\0\0m", "empty topic"),
    ("empty topic at QoS 1", b"\x32\5\0\0\0\1m", "empty topic"),
    ("topic over the end", b"\x30\3\0\2t", "topic longer"),
    ("topic far over the end", b"\x30\3\xff\xfft", "topic longer"),
    ("topic over the identifier", b"\x32\5\0\2t\0\1", "topic longer"),
    ("identifier 0", b"\x32\6\0\1t\0\0m", "packet identifier 0"),
    ("identifier 0 again", b"\x3a\5\0\1t\0\0", "packet identifier 0"),
)

# What a topic must not be: (name, bytes)
NO_TOPICS = (
    ("plus", b"a/+"),
    ("hash", b"a/#"),
    ("hash first", b"#"),
    ("plus amid a word", b"a+b"),
)

# What text must not be, section 1.5.3: (name, bytes)
NO_TEXTS = (
    ("NUL", b"\0"),
    ("NUL inside", b"a\0b"),
    ("continuation first", b"\x80"),
    ("continuation after a letter", b"a\xbf"),
    ("continuation too much", b"\xc3\xa9\xa9"),
    ("overlong NUL", b"\xc0\x80"),
    ("overlong in two", b"\xc1\xbf"),
    ("overlong in three", b"\xe0\x9f\xbf"),
    ("overlong in four", b"\xf0\x8f\xbf\xbf"),
    ("first surrogate", b"\xed\xa0\x80"),
    ("last surrogate", b"\xed\xbf\xbf"),
    ("a pair of surrogates", b"\xed\xa0\xbc\xed\xbc\xa1"),
    ("above the last character", b"\xf4\x90\x80\x80"),
    ("far above it", b"\xf5\x80\x80\x80"),
    ("lead of five bytes", b"\xf8\x88\x80\x80\x80"),
    ("no lead at all", b"\xff"),
    ("cut in two", b"\xc3"),
    ("cut in three", b"a\xe2\x82"),
    ("cut in four", b"\xf0\x9f\x8c"),
    ("broken off by a letter", b"\xe2\x82a"),
    ("broken off by a lead", b"\xf0\x9f\xc3\xa9"),
)

# Text at the borders of what UTF-8 can say: (name, bytes)
TEXTS = (
    ("first", b"\x01"),
    ("last of one byte", b"\x7f"),
    ("first of two", b"\xc2\x80"),
    ("last of two", b"\xdf\xbf"),
    ("first of three", b"\xe0\xa0\x80"),
    ("before the surrogates", b"\xed\x9f\xbf"),
    ("after the surrogates", b"\xee\x80\x80"),
    ("byte order mark", b"\xef\xbb\xbf"),
    ("last of three", b"\xef\xbf\xbf"),
    ("first of four", b"\xf0\x90\x80\x80"),
    ("middle of four", b"\xf1\x80\xbf\x80"),
    ("last of all", b"\xf4\x8f\xbf\xbf"),
    ("a mixture", b"a\xc3\xa9\xe2\x82\xac\xf0\x9f\x8c\xa1z"),
)
