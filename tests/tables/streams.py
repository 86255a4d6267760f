# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Feeds a reader with a stream in pieces and lists the packets it finds, on any interpreter."""

from nxd_mqtt.inbox import Inbox
from nxd_mqtt.reader import Reader
from nxd_mqtt.status import MQTTError

from .checks import require
from .packets import CONNACK, PINGRESP, PUBLISH, SUBACK

# The smallest staging buffer that every packet can pass: a SUBACK whose length takes four bytes.
SMALLEST_STAGING = 8


def new_reader(staging: int = 512, queue: int = 2048) -> tuple:
    """A reader and its receive queue, of these sizes in bytes."""
    inbox = Inbox(bytearray(queue))
    reader = Reader(bytearray(staging), inbox)
    begin_link(reader)
    return reader, inbox


def begin_link(reader) -> None:
    """A new link, whose CONNACK has come."""
    reader.reset()
    reader.connected = True


def read_packets(reader, inbox, data, pieces=()) -> list:
    """List the packets of a stream as (packet type, fields), as the table of packets has them.

    Messages are taken and acknowledged at once. It ends early when the reader holds.

    :param pieces: sizes of the pieces in which the stream comes; what remains is the last
    """
    found = []
    at = 0
    for size in tuple(pieces) + (len(data),):
        stop = min(at + size, len(data))
        while at < stop and not reader.holding:
            at += _offer(reader, memoryview(data)[at:stop])
            _collect(reader, inbox, found)
    return found


def _offer(reader, data) -> int:
    space = reader.space()
    count = min(len(space), len(data))
    require(count, "no space, and the reader does not hold")
    space[:count] = data[:count]
    reader.filled(count)
    return count


def _collect(reader, inbox, found: list) -> None:
    kind = reader.next_packet()
    while kind:
        found.append((kind, _fields(kind, reader, inbox)))
        kind = reader.next_packet()


def _fields(kind: int, reader, inbox) -> tuple:
    if kind == PUBLISH:
        return take_message(inbox) if reader.kept else _skipped(reader, inbox)
    if kind == CONNACK:
        return reader.packet_id >> 8, reader.return_code
    if kind == SUBACK:
        return reader.packet_id, reader.return_code
    return () if kind == PINGRESP else (reader.packet_id,)


def take_message(inbox) -> tuple:
    """Take and acknowledge the only message: flags, topic, packet identifier or 0, message."""
    require(inbox.peek(), "no message")
    topic = bytearray(inbox.topic_length)
    message = bytearray(inbox.message_length)
    inbox.copy(topic, message)
    flags = inbox.flags
    inbox.take()
    return flags, bytes(topic), _acknowledge(inbox), bytes(message)


def _skipped(reader, inbox) -> tuple:
    """A message that was not kept: its packet identifier or 0, and its two lengths."""
    return _acknowledge(inbox), reader.skipped_topic, reader.skipped_message


def _acknowledge(inbox) -> int:
    owed = inbox.owed()
    if owed:
        inbox.acknowledged()
    return owed


def violation_of(reader, inbox, data, pieces=()):
    """The error with which a stream ends, None when it does not."""
    try:
        read_packets(reader, inbox, data, pieces)
    except MQTTError as error:
        return error
    return None
