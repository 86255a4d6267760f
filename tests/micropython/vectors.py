# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Plays the table of packets both ways: what is written, what is read, what is refused."""

from tables import packets
from tables.checks import require
from tables.streams import SMALLEST_STAGING, begin_link, new_reader, read_packets, violation_of

from nxd_mqtt.wire import (
    packet_size,
    put_connect,
    put_publish,
    put_request,
    put_short,
    scan_text,
)

_SPACE = 16400


def check_written() -> int:
    """Rows of what the client writes."""
    buffer = bytearray(64)
    view = memoryview(buffer)
    rows = 0
    for name, keepalive, flags, fields, data in packets.CONNECTS:
        end = put_connect(view, keepalive, flags, fields)
        require(buffer[:end] == data, name)
        require(put_connect(view[: end - 1], keepalive, flags, fields) == -1, name)
        rows += 1
    for name, flags, topic, packet_id, message, data in packets.PUBLISHES:
        end = put_publish(view, 3, flags, topic, packet_id, message)
        require(buffer[3:end] == data, name)
        rows += 1
    for name, first, packet_id, topic, quality, data in packets.REQUESTS:
        end = put_request(view, first, packet_id, topic, quality)
        require(buffer[:end] == data, name)
        rows += 1
    for name, first, packet_id, data in packets.SHORTS:
        end = put_short(view, 5, first, packet_id)
        require(buffer[5:end] == data, name)
        rows += 1
    return rows


def check_borders() -> int:
    """The remaining length at its borders, as far as a packet of that size fits this heap."""
    view = memoryview(bytearray(_SPACE))
    message = memoryview(bytearray(_SPACE))
    for remaining, length in packets.BORDERS:
        size = 1 + len(length) + remaining
        require(packet_size(remaining) == size, "size of %d" % remaining)
        if remaining >= 3 and size <= _SPACE:
            end = put_publish(view, 0, 0, b"t", 0, message[: remaining - 3])
            require(end == size and bytes(view[1 : 1 + len(length)]) == length, str(remaining))
    return len(packets.BORDERS)


def check_read() -> int:
    """Rows of what the client reads: whole, byte by byte, all at once through the least buffer."""
    rows = packets.FROM_SERVER + packets.LONG_WINDED
    for name, kind, fields, data in rows:
        reader, inbox = new_reader()
        require(read_packets(reader, inbox, data) == [(kind, fields)], name)
        require(read_packets(reader, inbox, data, [1] * len(data)) == [(kind, fields)], name)
    stream = b"".join([row[3] for row in rows])
    expected = [row[1:3] for row in rows]
    for staging in (SMALLEST_STAGING, 9, 512):
        reader, inbox = new_reader(staging)
        require(read_packets(reader, inbox, stream) == expected, "staging of %d" % staging)
    return len(rows)


def check_refused() -> int:
    """Rows of what ends the connection."""
    for name, data, *words in packets.MALFORMED:
        for pieces in ((), [1] * len(data)):
            reader, inbox = new_reader()
            error = violation_of(reader, inbox, data, pieces)
            require(error and error.status == 0x1000F, name)
            for word in words:
                require(word in error.cause, name + ": " + error.cause)
            begin_link(reader)
    return len(packets.MALFORMED)


def check_skipped() -> int:
    """Two mebibytes go by a queue of 64 bytes."""
    reader, inbox = new_reader(queue=64)
    require(read_packets(reader, inbox, b"\x32\x80\x80\x80\x01\0\1t\0\7") == [], "not complete")
    block = bytes(2048)
    left = 2097152 - 5
    while left:
        count = min(left, len(block))
        found = read_packets(reader, inbox, memoryview(block)[:count])
        left -= count
    require(found == [(packets.PUBLISH, (7, 1, 2097152 - 5))], "the skipped message")
    return 1


def check_text() -> int:
    """Text, no text and no topic, in one stretch and byte by byte."""
    rows = [(row, 0) for row in packets.TEXTS]
    rows += [(row, -1) for row in packets.NO_TEXTS]
    rows += [(row, -2) for row in packets.NO_TOPICS]
    for (name, data), expected in rows:
        whole = scan_text(data, 0, len(data), 0, False)
        apart = 0
        for at in range(len(data)):
            if apart >= 0:
                apart = scan_text(data, at, at + 1, apart, False)
        require(whole == apart, name)
        # A text that breaks off is inside a character.
        require(whole == expected or (expected == -1 and whole > 0), name)
    return len(rows)


print(
    "rows: %d written, %d borders, %d read, %d refused, %d skipped, %d texts"
    % (
        check_written(),
        check_borders(),
        check_read(),
        check_refused(),
        check_skipped(),
        check_text(),
    )
)
