# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Bytes in, packets out: cuts the stream into packets and streams messages into the queue.

The reader lends its staging buffer to whoever reads the socket (``space``, ``filled``) and answers
``next_packet`` with a packet type; the packet's fields stay on the reader until the next call. Only
a PUBLISH may be longer than the staging buffer: its body goes on into the receive queue as it
comes. A message that finds no room holds the reader, and everything behind it, until there is room.
"""

from micropython import const

from .status import violation
from .wire import scan_text

_CONNACK = const(2)
_PUBLISH = const(3)
_SUBACK = const(9)
_ADMITTED = const(1)

# Where in a PUBLISH the reader is; _NONE between packets.
_NONE = const(0)
_LENGTH = const(1)
_TOPIC = const(2)
_IDENTIFIER = const(3)
_PAYLOAD = const(4)
_DIRECT = const(5)

# The least remaining length of a PUBLISH, by its flags; 0 for QoS 2 and 3, and for DUP at QoS 0.
_LEAST = b"\3\3\5\5\0\0\0\0\0\0\5\5\0\0\0\0"

# Packet type: its first byte << 8 | its remaining length, for what a broker may send.
_SHORT = {2: 0x2002, 4: 0x4002, 9: 0x9003, 11: 0xB002, 13: 0xD000}
# "HT", of "HTTP/1.1", taken for a first byte and a remaining length.
_HTTP = const(0x4854)


class Reader:
    """The parser of one client, for one link after the other.

    :param bytearray staging: where bytes wait between the socket and their packet
    :param inbox: the receive queue
    """

    def __init__(self, staging, inbox):
        self._data = staging
        self._view = memoryview(staging)
        self._inbox = inbox
        self.packet_id = self.return_code = 0
        self.skipped_topic = self.skipped_message = 0
        self._flags = self._topic_left = self._text = 0
        self.reset()

    def reset(self) -> None:
        """Begin a new stream: nothing of the last one may reach it."""
        self._start = self._end = self._left = 0
        self._stage = _NONE
        self.kept = self.holding = self.connected = False
        self._inbox.abort()

    def space(self):
        """The buffer to read the socket into; it is never empty unless the reader holds."""
        if self._start == self._end:
            self._start = self._end = 0
            if self._stage >= _PAYLOAD and self.kept:
                # What is left of a long message need not be staged.
                if self._left > len(self._data):
                    self._stage = _DIRECT
                    return self._inbox.space(self._left)
                self._stage = _PAYLOAD
            return self._data
        if self._start:
            size = self._end - self._start
            self._data[:size] = self._view[self._start : self._end]
            self._start = 0
            self._end = size
        return self._view[self._end :]

    def filled(self, count: int) -> None:
        """So many bytes were read into the space."""
        if self._stage == _DIRECT:
            self._inbox.wrote(count)
            self._left -= count
        else:
            self._end += count

    def next_packet(self) -> int:
        """Find the next whole packet.

        :return: its packet type, or 0 when bytes or, while ``holding``, room are missing
        """
        if self._stage:
            return self._publish()
        at = self._start + 1
        if at >= self._end:
            return 0
        remaining = self._data[at]
        if remaining > 0x7F:
            remaining = 0
            shift = 0
            while self._data[at] > 0x7F:
                remaining |= (self._data[at] & 0x7F) << shift
                shift += 7
                at += 1
                if shift > 21:
                    violation("remaining length of five bytes")
                if at >= self._end:
                    return 0
            remaining |= self._data[at] << shift
        first = self._data[self._start]
        if first >> 4 == _PUBLISH:
            return self._begin(first & 0x0F, remaining, at + 1)
        return self._whole(first, remaining, at + 1)

    def _whole(self, first: int, remaining: int, at: int) -> int:
        """A packet of a few bytes, taken only when all of it is here."""
        kind = first >> 4
        form = _SHORT.get(kind, -1)
        if first != form >> 8 or remaining != form & 0xFF:
            if first << 8 | remaining == _HTTP:
                violation("the peer speaks HTTP")
            violation("packet type %d, flags %d, %d bytes" % (kind, first & 0x0F, remaining))
        end = at + remaining
        if end > self._end:
            return 0
        self._start = end
        if remaining:
            # Of a CONNACK these are flags and return code.
            self.packet_id = self._data[at] << 8 | self._data[at + 1]
            self.return_code = self._data[at + 1 + (kind == _SUBACK)]
            if not self.packet_id and kind != _CONNACK:
                violation("packet identifier 0")
        return kind

    def _begin(self, flags: int, remaining: int, at: int) -> int:
        """The fixed header of a PUBLISH is here: ask the queue for room."""
        if not (self.connected and 0 < _LEAST[flags] <= remaining):
            self._refuse(flags, remaining)
        answer = self._inbox.admit(flags, remaining)
        self.holding = not answer
        if self.holding:
            return 0
        self._flags = flags
        self.kept = answer == _ADMITTED
        self._left = remaining
        self._start = at
        self._stage = _LENGTH
        return self._publish()

    def _refuse(self, flags: int, remaining: int) -> None:
        if not self.connected:
            violation("PUBLISH before CONNACK")
        if not _LEAST[flags]:
            quality = flags >> 1 & 3
            # Word for word the same when it is sent again, with DUP.
            violation("PUBLISH with QoS %d%s" % (quality, "" if quality else " and DUP"))
        violation("PUBLISH of %d bytes" % remaining)

    def _publish(self) -> int:
        """Go on with the body of a PUBLISH as far as bytes are here."""
        start = at = self._start
        end = self._end if self._left > self._end - at else at + self._left
        if self._stage == _LENGTH and end - at >= 2:
            at = self._length(at)
        if self._stage == _TOPIC:
            at = self._topic(at, end)
        if self._stage == _IDENTIFIER and end - at >= 2:
            self._identifier(at)
        if self._stage >= _PAYLOAD:
            at = end
        if at > start and self.kept:
            self._inbox.write(self._view, start, at)
        self._left -= at - start
        self._start = at
        if self._left:
            return 0
        self._stage = _NONE
        self._inbox.commit()
        return _PUBLISH

    def _length(self, at: int) -> int:
        self._topic_left = length = self._data[at] << 8 | self._data[at + 1]
        rest = self._left - 2 - (self._flags & 2) - length
        if not length:
            violation("empty topic")
        if rest < 0:
            violation("topic longer than its packet")
        if not self.kept:
            self.skipped_topic = length
            self.skipped_message = rest
        self._text = 0
        self._stage = _TOPIC
        return at + 2

    def _topic(self, at: int, end: int) -> int:
        left = self._topic_left
        stop = end if left > end - at else at + left
        self._text = text = scan_text(self._view, at, stop, self._text, False)
        self._topic_left = left = left - stop + at
        if text < 0 or (text and not left):
            violation("topic with wildcard, NUL or bad UTF-8")
        if not left:
            self._stage = _IDENTIFIER if self._flags & 2 else _PAYLOAD
        return stop

    def _identifier(self, at: int) -> None:
        if not (self._data[at] or self._data[at + 1]):
            violation("packet identifier 0")
        if not self.kept:
            self._inbox.write(self._view, at, at + 2)
        self._stage = _PAYLOAD
