# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The parser alone: a stream is read alike however it is cut, and as a second reading has it."""

from tables.checks import require

from nxd_mqtt.inbox import Inbox
from nxd_mqtt.reader import Reader
from nxd_mqtt.status import NXD_MQTT_INVALID_PACKET, MQTTError

from .incoming import Broker
from .model import PUBLISH, from_server

_STAGINGS = (512, 64, 16, 9, 8)
_QUEUES = (2048, 300, 100, 48, 32)
# A stream is as long as so many of its largest messages.
_STREAM = 6
_CONNACK = 2
_SUBACK = 9
_PINGRESP = 13
# What a record of the queue takes beside its body, and bytes of the ring that no record gets.
_HEADER = 5
_SLACK = 4


class Parse:
    """One reading of a stream by the library.

    ``packets`` has (packet type, fields) of each, of a message whether it was kept or else its
    lengths; ``messages`` what came out of the queue, ``acknowledged`` the packet identifiers in
    their order, ``error`` the cause of the violation.

    :param bool lazy: take messages only when the reader holds, and not at once
    """

    def __init__(self, staging: int, queue: int, policy: int, lazy: bool):
        self._inbox = Inbox(bytearray(queue))
        self._inbox.policy = policy
        self._reader = Reader(bytearray(staging), self._inbox)
        self._reader.connected = True
        self._lazy = lazy
        self.packets = []
        self.messages = []
        self.acknowledged = []
        self.error = None

    def read(self, data, pieces):
        """Read all of a stream, in pieces of these sizes again and again."""
        try:
            at = turn = 0
            while at < len(data):
                end = min(at + pieces[turn % len(pieces)], len(data))
                turn += 1
                while at < end:
                    at += self._feed(data, at, end)
        except MQTTError as error:
            status = (error.status, error.stage)
            require(status == (NXD_MQTT_INVALID_PACKET, "session"), "ended as %s" % (status,))
            self.error = error.cause
        self._reader.reset()
        while self._inbox.count:
            self._take()
        return self

    def _feed(self, data, at: int, end: int) -> int:
        reader = self._reader
        space = reader.space()
        count = min(len(space), end - at)
        require(count, "no space, and the reader does not hold")
        space[:count] = data[at : at + count]
        reader.filled(count)
        kind = reader.next_packet()
        while kind or reader.holding:
            if kind:
                self.packets.append((kind, self._fields(kind)))
            if reader.holding or not self._lazy:
                require(self._inbox.count or not reader.holding, "an empty queue holds")
                self._take()
            kind = reader.next_packet()
        return count

    def _fields(self, kind: int):
        reader = self._reader
        if kind == PUBLISH:
            self._acknowledge()
            return () if reader.kept else (reader.skipped_topic, reader.skipped_message)
        if kind == _CONNACK:
            return reader.packet_id >> 8, reader.return_code
        if kind == _SUBACK:
            return reader.packet_id, reader.return_code
        return () if kind == _PINGRESP else (reader.packet_id,)

    def _acknowledge(self) -> None:
        owed = self._inbox.owed()
        while owed:
            self.acknowledged.append(owed)
            self._inbox.acknowledged()
            owed = self._inbox.owed()

    def _take(self) -> None:
        inbox = self._inbox
        if inbox.peek():
            topic, message = bytearray(inbox.topic_length), bytearray(inbox.message_length)
            inbox.copy(topic, message)
            self.messages.append((inbox.flags, bytes(topic), bytes(message)))
            inbox.take()


def _as_read_again(data, queue: int):
    """What an eager reading must find, by the second reading of the standard."""
    packets, messages, identifiers = [], [], []
    found, ending = from_server(data)
    for kind, fields in found:
        if kind != PUBLISH:
            packets.append((kind, fields))
            continue
        flags, topic, packet_id, payload = fields
        size = 2 + len(topic) + (flags & 2) + len(payload)
        fits = _HEADER + size <= queue - _SLACK
        packets.append((kind, () if fits else (len(topic), len(payload))))
        if fits:
            messages.append((flags, topic, payload))
        if packet_id:
            identifiers.append(packet_id)
    return (packets, messages, identifiers), ending


def _same(one, other, what: str) -> None:
    """Two readings are equal; what they were is said only where they are not."""
    if one != other:
        require(False, "%s: %s, but %s" % (what, one, other))


def parse(choices, strict: bool, largest: int) -> None:
    """Play one story of the parser.

    :param choices: of the stream, its cuts and the sizes of the buffers
    :param bool strict: whether this interpreter's own UTF-8 can be believed
    :param int largest: bytes of the largest message
    """
    staging, queue = choices.one_of(_STAGINGS), choices.one_of(_QUEUES)
    policy, lazy = choices.below(3), choices.below(2) == 1
    pieces = [1 + choices.below(64) for _ in range(1 + choices.below(6))]
    broker = Broker(largest)
    data = b""
    while choices.left and len(data) < _STREAM * largest:
        data += broker.burst(choices, [])
    readings = []
    for cut in ([len(data) or 1], [1], pieces):
        one = Parse(staging, queue, policy, lazy).read(data, cut)
        readings.append((one.packets, one.messages, one.acknowledged, one.error))
        _same(readings[0], readings[-1], "in one piece, and cut")
    if not strict:
        return
    expected, ending = _as_read_again(data, queue)
    error = readings[0][3]
    require(error or ending != "broken", "accepted a stream that is broken")
    require(not error or ending != "whole", "refused: %s" % error)
    found = Parse(512, queue, 0, False).read(data, pieces)
    _same((found.packets, found.messages, found.acknowledged), expected, "read, and read again")
