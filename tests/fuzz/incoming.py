# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What a broker sends: valid packets, packets that are nearly valid, and what is none at all.

Most packets are left as they are, because behind the first violation a link has ended: what is
deep in the client is reached by long conversations with a fault at their end.
"""

from tables.packets import CONNACK, FROM_SERVER, LONG_WINDED, MALFORMED

TOPICS = (b"t", b"a/b", b"/", b"\xe2\x84\x83/\xf0\x9f\x8c\xa1", b"long/" * 9, b"x" * 200)
_NO_TOPICS = (b"", b"+", b"a/#", b"\0", b"\xc3", b"\xed\xa0\x80")
SIZES = (0, 1, 4, 12, 40, 100, 250, 0, 4, 600, 2000)

# The CONNACKs would end a conversation that has begun.
_ROWS = [row[3] for row in FROM_SERVER + LONG_WINDED if row[1] != CONNACK]
_BROKEN = [row[1] for row in MALFORMED]

_PUBACK = 4
_SUBACK = 9
_UNSUBACK = 11
_GRANTS = (1, 0, 0, 1, 0x80, 2)


def two(number: int) -> bytes:
    """A number in two bytes."""
    return bytes([number >> 8 & 0xFF, number & 0xFF])


def framed(first: int, body: bytes) -> bytes:
    """A packet: its first byte, its remaining length, its body."""
    length = []
    left = len(body)
    while left > 0x7F:
        length.append(left & 0x7F | 0x80)
        left >>= 7
    length.append(left)
    return bytes([first]) + bytes(length) + body


def message(first: int, topic: bytes, packet_id: int, payload: bytes) -> bytes:
    """A PUBLISH; at QoS 0 the packet identifier is left out."""
    identifier = two(packet_id) if first & 6 else b""
    return framed(first, two(len(topic)) + topic + identifier + payload)


def answer(kind: int, packet_id: int, code: int = 0) -> bytes:
    """What a broker owes: PUBACK (4), SUBACK (9), UNSUBACK (11) or PINGRESP (13)."""
    if kind == _SUBACK:
        return b"\x90\x03" + two(packet_id) + bytes([code])
    if kind == _PUBACK or kind == _UNSUBACK:
        return bytes([kind << 4, 2]) + two(packet_id)
    return b"\xd0\x00"


class Broker:
    """Makes up what comes in; every message of it can be told from every other.

    :param int largest: the size in bytes of the largest message
    """

    def __init__(self, largest: int):
        self._sizes = [size for size in SIZES if size <= largest]
        self._serial = 0
        self._last = b"\xd0\x00"

    def burst(self, choices, owed: list) -> bytes:
        """Up to four packets in a row, most of them as they should be.

        :param list owed: (packet type, packet identifier) of the answers that the client waits
            for; those that are given are taken out
        """
        data = b""
        for _ in range(1 + choices.below(4)):
            one = self._packet(choices, owed)
            if choices.below(16) == 15 and one:
                one = self._mutated(choices, one)
            self._last = one
            data += one
        return data

    def _packet(self, choices, owed: list) -> bytes:
        return _KINDS[choices.below(len(_KINDS))](self, choices, owed)

    def _payload(self, choices) -> bytes:
        self._serial += 1
        size = choices.one_of(self._sizes)
        return two(self._serial) + bytes(size) if size else two(self._serial)

    def _quality_0(self, choices, owed: list) -> bytes:
        topic = choices.one_of(TOPICS)
        return message(0x30 | choices.below(2), topic, 0, self._payload(choices))

    def _quality_1(self, choices, owed: list) -> bytes:
        topic = choices.one_of(TOPICS)
        first = choices.one_of((0x32, 0x32, 0x33, 0x3A))
        return message(first, topic, 1 + choices.below(300), self._payload(choices))

    def _answer(self, choices, owed: list) -> bytes:
        if not owed:
            return answer(_PUBACK, 1 + choices.below(20))
        kind, packet_id = owed.pop(choices.below(len(owed)))
        return answer(kind, packet_id, choices.one_of(_GRANTS))

    def _all_answers(self, choices, owed: list) -> bytes:
        data = b""
        for kind, packet_id in owed:
            data += answer(kind, packet_id, 1)
        owed.clear()
        return data

    def _row(self, choices, owed: list) -> bytes:
        return choices.one_of(_ROWS)

    def _broken(self, choices, owed: list) -> bytes:
        return choices.one_of(_BROKEN)

    def _raw(self, choices, owed: list) -> bytes:
        return choices.octets(1 + choices.below(12))

    def _odd_topic(self, choices, owed: list) -> bytes:
        first = choices.one_of((0x30, 0x32))
        return message(first, choices.one_of(_NO_TOPICS) + choices.octets(2), 7, b"")

    def _endless(self, choices, owed: list) -> bytes:
        """The beginning of a message that claims to be huge."""
        length = choices.one_of((b"\xff\xff\xff\x7f", b"\x80\x80\x01", b"\xff\xff\x03"))
        return b"\x32" + length + b"\x00\x01t\x00\x09" + bytes(choices.byte())

    def _mutated(self, choices, data: bytes) -> bytes:
        place = choices.below(max(len(data), 1))
        return choices.one_of(_MUTATIONS)(choices, data, place, self._last)


def _flipped(choices, data, place, last):
    return data[:place] + bytes([data[place] ^ 1 << choices.below(8)]) + data[place + 1 :]


def _cut(choices, data, place, last):
    return data[:place]


def _twice(choices, data, place, last):
    return data + data


def _spliced(choices, data, place, last):
    return data[:place] + last[choices.below(max(len(last), 1)) :]


def _other_length(choices, data, place, last):
    return data[:1] + bytes([choices.byte()]) + data[2:]


def _other_flags(choices, data, place, last):
    return bytes([data[0] ^ choices.below(16)]) + data[1:]


def _inserted(choices, data, place, last):
    return data[:place] + choices.octets(1 + choices.below(4)) + data[place:]


_MUTATIONS = (_twice, _flipped, _cut, _spliced, _other_length, _other_flags, _inserted)
# What ends a link comes last and is rare.
_KINDS = (
    (Broker._quality_0, Broker._quality_1, Broker._answer, Broker._quality_1) * 4
    + (Broker._all_answers, Broker._all_answers, Broker._answer)
    + (Broker._row, Broker._endless, Broker._odd_topic, Broker._broken, Broker._raw)
)
