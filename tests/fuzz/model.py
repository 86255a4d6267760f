# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What a stream of bytes means, told by a second and very plain reading of the standard.

It reads a stream only when all of it is there, and makes no attempt to say why a packet is none:
that is what it has to judge the library's reader by.
"""

PUBLISH = 3

# Type of a packet from a broker: first byte, and bytes of its body.
_FIXED = {2: (0x20, 2), 4: (0x40, 2), 9: (0x90, 3), 11: (0xB0, 2), 13: (0xD0, 0)}
_CONNACK = 2


def split(data):
    """Cut a stream at its packets.

    :return: the whole packets as (first byte, body), and what follows the last of them; None
        instead of that when a length cannot be read
    """
    found = []
    at = 0
    while True:
        place = at + 1
        length = shift = 0
        while place < len(data) and data[place] & 0x80 and shift < 21:
            length |= (data[place] & 0x7F) << shift
            shift += 7
            place += 1
        if place >= len(data):
            return found, bytes(data[at:])
        if data[place] & 0x80:
            return found, None
        length |= data[place] << shift
        end = place + 1 + length
        if end > len(data):
            return found, bytes(data[at:])
        found.append((data[at], bytes(data[place + 1 : end])))
        at = end


def number_at(body, place: int) -> int:
    """Two bytes as a number."""
    return body[place] << 8 | body[place + 1]


def is_topic(topic) -> bool:
    """Whether bytes are a topic name [MQTT-1.5.3-1] [MQTT-3.3.2-2]."""
    try:
        text = str(topic, "utf-8")
    except UnicodeError:
        return False
    return text != "" and not any(sign in text for sign in "\0+#")


def publish_fields(first: int, body):
    """The fields of a PUBLISH: (flags, topic, packet identifier or 0, payload); None if none."""
    quality = first >> 1 & 3
    if quality > 1 or (first & 8 and not quality) or len(body) < 2:
        return None
    topic_end = 2 + number_at(body, 0)
    start = topic_end + 2 * quality
    if start > len(body) or not is_topic(body[2:topic_end]):
        return None
    packet_id = number_at(body, topic_end) if quality else 0
    if quality and not packet_id:
        return None
    return first & 0x0F, body[2:topic_end], packet_id, body[start:]


def server_fields(first: int, body):
    """(packet type, fields) of a packet from a broker, None when it is none."""
    kind = first >> 4
    if kind == PUBLISH:
        fields = publish_fields(first, body)
        return fields and (kind, fields)
    if _FIXED.get(kind) != (first, len(body)):
        return None
    if kind != _CONNACK and body and not number_at(body, 0):
        return None
    if kind == _CONNACK:
        return kind, (body[0], body[1])
    return kind, (number_at(body, 0),) + tuple(body[2:]) if body else ()


def from_server(data):
    """Read what a broker has sent.

    :return: (packet type, fields) of each packet up to the first violation, and how it ends:
        "whole", "cut" in the middle of a packet, or "broken" by a violation
    """
    packets, rest = split(data)
    found = []
    for first, body in packets:
        packet = server_fields(first, body)
        if packet is None:
            return found, "broken"
        found.append(packet)
    if rest is None:
        return found, "broken"
    return found, "cut" if rest else "whole"
