# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""MQTT 3.1.1 bytes: writes packets into the caller's buffer and checks text; keeps no state.

The ``put_`` functions write at ``at`` and return where they stopped. They write through a
memoryview, because slice assignment there never changes a buffer's size.
"""

from struct import pack_into

from micropython import const

_CONNECT = const(0x10)
_PUBLISH = const(0x30)

_PLUS = const(0x2B)
_HASH = const(0x23)

# Well-formed UTF-8, Unicode table 3-7. What must follow a lead byte is one number:
# continuation bytes still to come << 16 | lowest << 8 | highest value of the next one.
_FOLLOW = const(0x80BF)
_ONE_MORE = const(0x180BF)
_TWO_MORE = const(0x280BF)
_THREE_MORE = const(0x380BF)
_NARROW_LEADS = {0xE0: 0x2A0BF, 0xED: 0x2809F, 0xF0: 0x390BF, 0xF4: 0x3808F}

_NOT_TEXT = const(-1)
_WILDCARD = const(-2)


def scan_text(data, start: int, end: int, state: int, wildcards: bool) -> int:
    """Check a stretch of text: UTF-8 without NUL and surrogates.

    MicroPython decodes leniently, so text is checked byte by byte. A text may come in any number
    of stretches; the state carries a character over the cut.

    :param data: buffer with the bytes
    :param int start: first byte to look at
    :param int end: byte to stop before
    :param int state: 0 at the beginning, then what the last call returned
    :param bool wildcards: whether ``+`` and ``#`` may occur
    :return: 0 between characters, more than 0 inside one, -1 for what is not text
        [MQTT-1.5.3-1] [MQTT-1.5.3-2], -2 for a wildcard [MQTT-3.3.2-2]
    """
    text = data if end - start == len(data) else data[start:end]
    # Letters, digits and slashes are what topics are made of: no byte need be looked at alone.
    if end > start and not state and min(text) > _PLUS and max(text) < 0x80:
        return 0
    for byte in text:
        if state:
            if not (state >> 8) & 0xFF <= byte <= state & 0xFF:
                return _NOT_TEXT
            more = (state >> 16) - 1
            state = more << 16 | _FOLLOW if more else 0
        elif byte > 0x7F:
            if not 0xC2 <= byte <= 0xF4:
                return _NOT_TEXT
            usual = _ONE_MORE if byte < 0xE0 else _TWO_MORE if byte < 0xF0 else _THREE_MORE
            state = _NARROW_LEADS.get(byte, usual)
        elif byte == 0:
            return _NOT_TEXT
        elif (byte == _PLUS or byte == _HASH) and not wildcards:
            return _WILDCARD
    return state


def packet_size(remaining: int) -> int:
    """Bytes of a whole packet with this remaining length, section 2.2.3."""
    size = 2 + remaining
    while remaining > 0x7F:
        remaining >>= 7
        size += 1
    return size


def _put_header(buffer, at: int, first: int, remaining: int) -> int:
    buffer[at] = first
    at += 1
    while remaining > 0x7F:
        buffer[at] = remaining & 0x7F | 0x80
        remaining >>= 7
        at += 1
    buffer[at] = remaining
    return at + 1


def _put_field(buffer, at: int, data) -> int:
    length = len(data)
    pack_into(">H", buffer, at, length)
    at += 2
    end = at + length
    buffer[at:end] = data
    return end


def put_publish(buffer, at: int, flags: int, topic, packet_id: int, message) -> int:
    """Write a PUBLISH, section 3.3.

    :param int flags: QoS << 1 | retain
    :param int packet_id: written when the flags ask for QoS 1
    """
    remaining = 2 + len(topic) + (flags & 2) + len(message)
    at = _put_header(buffer, at, _PUBLISH | flags, remaining)
    at = _put_field(buffer, at, topic)
    if flags & 2:
        pack_into(">H", buffer, at, packet_id)
        at += 2
    end = at + len(message)
    buffer[at:end] = message
    return end


def put_request(buffer, first: int, packet_id: int, topic, quality: int) -> int:
    """Write a SUBSCRIBE (``first`` 0x82) or UNSUBSCRIBE (0xA2) with one filter, 3.8 and 3.10.

    :param int quality: the requested QoS, or -1 where the packet has none
    """
    at = _put_header(buffer, 0, first, 4 + len(topic) + (quality >= 0))
    pack_into(">H", buffer, at, packet_id)
    at = _put_field(buffer, at + 2, topic)
    if quality >= 0:
        buffer[at] = quality
        at += 1
    return at


def put_short(buffer, at: int, first: int, packet_id: int = -1) -> int:
    """Write a packet that is its header alone, or its header and a packet identifier."""
    if packet_id < 0:
        return _put_header(buffer, at, first, 0)
    pack_into(">BBH", buffer, at, first, 2, packet_id)
    return at + 4


def put_connect(buffer, keepalive: int, flags: int, fields) -> int:
    """Write a CONNECT, section 3.1, or return -1 when the buffer is too small.

    :param int keepalive: seconds
    :param int flags: the connect flags, section 3.1.2.3
    :param fields: the payload's fields in order: client id, will topic, will message, user name,
        password; each in bytes, those that are absent left out
    """
    remaining = 10
    for data in fields:
        remaining += 2 + len(data)
    if packet_size(remaining) > len(buffer):
        return -1
    at = _put_header(buffer, 0, _CONNECT, remaining)
    at = _put_field(buffer, at, b"MQTT")
    pack_into(">BBH", buffer, at, 4, flags, keepalive)
    at += 4
    for data in fields:
        at = _put_field(buffer, at, data)
    return at
