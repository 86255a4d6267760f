# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The messages that a server may send, right and wrong, and what the client does then.

The rows are those of ``statement_packets``.
"""

from .packets import NO_TEXTS, NO_TOPICS, TEXTS
from .statement_packets import (
    ACCEPTS,
    ANSWERS,
    CONNECTED,
    IGNORES,
    SUBSCRIBING,
    VIOLATION,
    breaks,
    message,
    publish,
    with_flags,
)


def _to_topics(topics):
    """A PUBLISH at QoS 0 and one at QoS 1 to each topic."""
    return tuple(publish(topic) for topic in topics) + tuple(
        publish(topic, 0x32, b"\0\1") for topic in topics
    )


_WILD = tuple(topic for _, topic in NO_TOPICS)
# Longer than what the client reads at once, and than its receive queue on the bench.
_LONG = b"a" * 600

PUBLISHES = (
    (
        "MQTT-3.3.1-4",
        "QoS 3",
        CONNECTED,
        with_flags(3, (6, 7, 14, 15)) + (publish(b"t", 0x36, b"\0\1"),),
        breaks("QoS 3"),
    ),
    (
        "MQTT-3.8.4-6",
        "QoS 2",
        CONNECTED,
        with_flags(3, (4, 5, 12, 13)) + (publish(b"t", 0x34, b"\0\1"),),
        breaks("QoS 2"),
    ),
    ("MQTT-3.3.1-2", "QoS 0 with DUP", CONNECTED, with_flags(3, (8, 9)), breaks("DUP")),
    (
        VIOLATION,
        "PUBLISH at QoS 0, too short",
        CONNECTED,
        (b"\x30\0", b"\x30\1\0", b"\x30\2\0\0", b"\x31\2\0\1"),
        breaks("PUBLISH of {length} bytes"),
    ),
    (
        VIOLATION,
        "PUBLISH at QoS 1, too short",
        CONNECTED,
        (b"\x32\0", b"\x32\1\0", b"\x32\2\0\1", b"\x32\3\0\1t", b"\x32\4\0\1t\0", b"\x3a\4\0\1t\0"),
        breaks("PUBLISH of {length} bytes"),
    ),
    (
        "MQTT-3.3.2-1",
        "topic longer than the packet",
        CONNECTED,
        (
            b"\x30\3\0\2t",
            b"\x30\4\0\3tt",
            b"\x30\3\xff\xfft",
            b"\x32\5\0\2t\0\1",
            b"\x32\5\0\4t\0\1",
        ),
        breaks("topic longer"),
    ),
    ("MQTT-4.7.3-1", "empty topic", CONNECTED, _to_topics([b""]), breaks("empty topic")),
    *(
        (
            "MQTT-1.5.3-2 MQTT-4.7.3-2" if b"\0" in text else "MQTT-1.5.3-1 MQTT-3.3.2-1",
            "topic of bad text, " + name,
            CONNECTED,
            _to_topics([text, _LONG + text]),
            breaks("NUL or bad UTF-8"),
        )
        for name, text in NO_TEXTS
    ),
    (
        "MQTT-3.3.2-2 MQTT-4.7.1-1",
        "topic with a wildcard",
        CONNECTED,
        _to_topics([*_WILD, _LONG + b"/#"]),
        breaks("wildcard"),
    ),
    (
        VIOLATION,
        "a long PUBLISH, seen as soon as it begins",
        CONNECTED,
        (b"\x36\xff\xff\x7f", b"\x34\xff\xff\x7f", b"\x38\xff\xff\x7f"),
        breaks("PUBLISH with QoS"),
    ),
    (
        "MQTT-4.7.3-1",
        "an empty topic, seen as soon as it begins",
        CONNECTED,
        (b"\x30\xff\xff\x7f\0\0", b"\x32\xff\xff\x7f\0\0"),
        breaks("empty topic"),
    ),
    (
        "MQTT-3.3.2-2 MQTT-1.5.3-2",
        "a bad topic, seen as soon as it comes",
        CONNECTED,
        (b"\x30\xff\xff\x7f\xff\xff#", b"\x32\xff\xff\x7f\xff\xffa\0"),
        breaks("wildcard, NUL"),
    ),
    *(
        (
            "MQTT-1.5.3-3" if text == b"\xef\xbb\xbf" else "MQTT-1.5.3-1",
            "topic of good text, " + name,
            CONNECTED,
            (publish(text),),
            (ACCEPTS, (message(text),)),
        )
        for name, text in TEXTS
    ),
    (
        "MQTT-1.5.3-3",
        "topic of good text, byte order marks inside",
        CONNECTED,
        (publish(b"\xef\xbb\xbfa/\xef\xbb\xbf"),),
        (ACCEPTS, (message(b"\xef\xbb\xbfa/\xef\xbb\xbf"),)),
    ),
    (
        "MQTT-1.5.3-1",
        "payload of any bytes",
        CONNECTED,
        (publish(b"t", message=b"\0\xff\xed\xa0\x80+#"),),
        (ACCEPTS, (message(payload=b"\0\xff\xed\xa0\x80+#"),)),
    ),
    (
        "MQTT-2.3.1-5",
        "QoS 0, what looks like an identifier",
        CONNECTED,
        (publish(b"t", message=b"\0\0"),),
        (ACCEPTS, (message(payload=b"\0\0"),)),
    ),
    (
        "MQTT-3.3.2-3",
        "a topic that nobody asked for",
        SUBSCRIBING,
        (publish(b"other"),),
        (ACCEPTS, (message(b"other"),)),
    ),
    ("MQTT-3.3.4-1 MQTT-3.3.1-9", "QoS 0", CONNECTED, (publish(b"t"),), (ACCEPTS, (message(),))),
    (
        "MQTT-3.3.4-1 MQTT-3.3.1-8",
        "QoS 0 with RETAIN",
        CONNECTED,
        (publish(b"t", 0x31),),
        (ACCEPTS, (message(retain=1),)),
    ),
    (
        "MQTT-3.3.4-1 MQTT-2.3.1-6 MQTT-4.3.2-2",
        "QoS 1, with and without DUP",
        CONNECTED,
        (publish(b"t", 0x32, b"\2\1"), publish(b"t", 0x3A, b"\2\1")),
        (ANSWERS, (message(quality=1),), b"\x40\2\2\1"),
    ),
    (
        "MQTT-3.3.4-1 MQTT-3.3.1-8",
        "QoS 1 with RETAIN, with and without DUP",
        CONNECTED,
        (publish(b"t", 0x33, b"\xff\xff"), publish(b"t", 0x3B, b"\xff\xff")),
        (ANSWERS, (message(quality=1, retain=1),), b"\x40\2\xff\xff"),
    ),
    (
        "MQTT-3.3.1-10",
        "an empty message with RETAIN",
        CONNECTED,
        (b"\x31\3\0\1t",),
        (ACCEPTS, (message(payload=b"", retain=1),)),
    ),
    (
        "MQTT-4.3.2-2",
        "the same identifier again, and again with DUP",
        CONNECTED,
        (publish(b"t", 0x32, b"\0\1") * 2 + publish(b"t", 0x3A, b"\0\1"),),
        (ANSWERS, (message(quality=1),) * 3, b"\x40\2\0\1" * 3),
    ),
    (
        "MQTT-4.6.0-2",
        "QoS 1, several at once",
        CONNECTED,
        (b"".join(publish(b"t", 0x32, bytes([0, number])) for number in (7, 3, 9, 1)),),
        (ANSWERS, (message(quality=1),) * 4, b"\x40\2\0\7\x40\2\0\3\x40\2\0\x09\x40\2\0\1"),
    ),
    (
        "MQTT-4.5.0-2",
        "QoS 1, larger than the queue",
        CONNECTED,
        (publish(b"t", 0x32, b"\0\5", _LONG),),
        (ANSWERS, (), b"\x40\2\0\5"),
    ),
    (
        "MQTT-4.5.0-2",
        "QoS 0, larger than the queue",
        CONNECTED,
        (publish(b"t", message=_LONG),),
        (IGNORES,),
    ),
)
