# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A session on the bench: with its store, queue and reader, and a test in the place of the link."""

import pytest

from nxd_mqtt.inbox import Inbox
from nxd_mqtt.reader import Reader
from nxd_mqtt.session import Session
from nxd_mqtt.status import MQTTError
from nxd_mqtt.store import Store

IDLE, CONNECTING, CONNECTED = 1, 2, 3
CONNACK, PUBLISH, PUBACK, SUBACK, UNSUBACK, PINGRESP = 2, 3, 4, 9, 11, 13

ACCEPTED = b"\x20\x02\x00\x00"
ACCEPTED_PRESENT = b"\x20\x02\x01\x00"
PINGREQ = b"\xc0\x00"

RETAIN = 1
QUALITY_1 = 2

CLOCK_PERIOD = 1 << 29
LONGEST_GAP = 1 << 27


class Bench:
    """A session, what it works on, and the time.

    :param int payload_size: bytes of the largest packet, and of the output buffer
    :param int depth: packets in the store
    :param int queue: bytes of the receive queue
    :param int start: what the clock shows at first
    """

    def __init__(self, payload_size=64, depth=4, queue=256, start=0):
        self.store = Store(payload_size, depth)
        self.inbox = Inbox(bytearray(queue))
        self.reader = Reader(bytearray(64), self.inbox)
        self.session = Session(self.store, self.inbox, payload_size)
        self.now = start

    def later(self, milliseconds):
        """Let time pass; returns what the clock shows then."""
        self.now = (self.now + milliseconds) % CLOCK_PERIOD
        return self.now

    def begin(self, keepalive=0, clean=False):
        """A link is open and has taken CONNECT, whose bytes are returned."""
        self.session.begin(keepalive, clean)
        self.session.connect(self.now, b"me", None, (None, None))
        return self.take()

    def connect(self, keepalive=0, clean=False, answer=ACCEPTED):
        """A link that the broker accepts."""
        self.begin(keepalive, clean)
        assert self.feed(answer) == [CONNACK]
        return self

    def lose(self):
        """The link is gone."""
        self.session.end()
        self.reader.reset()

    def reconnect(self, clean=False, answer=ACCEPTED):
        """The link is gone and a new one is accepted; returns what the session sends on it."""
        self.lose()
        self.connect(0, clean, answer)
        return self.take()

    def feed(self, data):
        """Bytes come in; returns the packet types of which the application is told."""
        told = []
        while data:
            space = self.reader.space()
            piece = data[: len(space)]
            space[: len(piece)] = piece
            data = data[len(piece) :]
            self.reader.filled(len(piece))
            told += self.read()
        return told

    def read(self):
        """Handle the packets that are here whole."""
        told = []
        kind = self.reader.next_packet()
        while kind:
            if self.session.receive(kind, self.reader, self.now):
                told.append(kind)
            kind = self.reader.next_packet()
        return told

    def offer(self):
        """What the session offers to the link, which takes nothing of it."""
        self.session.fill(self.now)
        view = self.session.output()
        self.session.sent(0, self.now)
        return None if view is None else bytes(view)

    def take(self, limit=1 << 20):
        """What the session sends on a link that takes so many bytes and no more."""
        taken = b""
        while len(taken) < limit:
            self.session.fill(self.now)
            view = self.session.output()
            if view is None:
                break
            view = bytes(view)[: limit - len(taken)]
            taken += view
            self.session.sent(len(view), self.now)
        return taken

    def publish(self, message, flags=QUALITY_1, topic=b"t"):
        """Publish; returns the packet identifier."""
        assert self.session.publish(self.now, topic, message, flags) == 0
        return self.session.packet_id

    def subscribe(self, topic=b"t", quality=1):
        """Subscribe, or with -1 unsubscribe; returns the packet identifier."""
        assert self.session.request(topic, quality) == 0
        return self.session.packet_id

    def tick(self, milliseconds=0, holding=False):
        """Let time pass and have the session look at it."""
        self.session.tick(self.later(milliseconds), holding)

    def deadline(self, holding=False):
        """Milliseconds until the session wants to look again."""
        return self.session.deadline(self.now, holding)


def error_of(call, *arguments):
    """What a call that must fail says: (status, stage, cause)."""
    with pytest.raises(MQTTError) as caught:
        call(*arguments)
    return caught.value.status, caught.value.stage, caught.value.cause


def connect_bytes(flags, keepalive, *fields):
    """A CONNECT with these connect flags and payload fields."""
    body = b"\x00\x04MQTT\x04" + bytes([flags]) + keepalive.to_bytes(2, "big")
    body += b"".join(len(data).to_bytes(2, "big") + data for data in fields)
    return b"\x10" + bytes([len(body)]) + body
