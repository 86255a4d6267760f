# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""However the bytes are cut on their way, both ends see what they see when nothing is cut.

Sends take a few bytes or none, reads bring the stream in other pieces, on every socket stack. The
same story is played undisturbed, and everything that either side has seen must be equal.
"""

from dataclasses import dataclass
from itertools import cycle

import pytest
from client_bench import App
from doubles.dialects import TAKES_PART, by_name
from doubles.script import CONNACK, PINGRESP, puback, publish, suback
from doubles.trials import PORT, every
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *

DEPTH = 10
TURNS = 5000
# What a broker says last; the end of the story is the same wherever it is cut.
LAST_WORDS = (
    b"",
    b"\x34\x06\x00\x01a\x00\x01m",
    b"\x30\x05\x00\x03a\xc3b",
    b"\x82\x00",
    b"\x30\xff\xff\xff\xff\x01",
    b"HTTP/1.1 400 Bad Request\r\n",
)


@dataclass
class Plan:
    """What is said, and how it is cut."""

    outgoing: list
    """(QoS, bytes of payload) of each message of the client."""
    incoming: list
    """The same of each message to the client."""
    last: bytes
    limits: list
    """How many bytes one send after the other takes."""
    pieces: list
    """The sizes of the pieces, one after the other, in which the broker's bytes come."""
    most: object
    """How many bytes one read brings at most, or None."""

    def undisturbed(self):
        """The same story on a good day."""
        return Plan(self.outgoing, self.incoming, self.last, [None], [TURNS], None)


SIZES = st.integers(0, 40)
MESSAGES = st.lists(st.tuples(st.integers(0, 1), SIZES | st.just(200)), max_size=DEPTH)
# The reader's buffer is shorter than the longest, and the queue too short for one of them.
LONG_MESSAGES = st.lists(
    st.tuples(st.integers(0, 1), SIZES | st.sampled_from((130, 560, 1100))), max_size=5
)
SMALL = st.integers(1, 7) | st.integers(1, 300)
PLANS = st.builds(
    Plan,
    outgoing=MESSAGES,
    incoming=LONG_MESSAGES,
    last=st.sampled_from(LAST_WORDS),
    limits=st.lists(st.just(0) | SMALL, min_size=1, max_size=8).filter(any),
    pieces=st.lists(SMALL, min_size=1, max_size=8),
    most=st.none() | SMALL,
)
BYTE_BY_BYTE = Plan(
    [(1, 100), (0, 5)], [(0, 3), (1, 130), (1, 0)], LAST_WORDS[1], [0, 1], [1], None
)


class Trial:
    """A story on one socket stack.

    :param plan: what is said, and how it is cut
    """

    def __init__(self, dialect, plan):
        self.plan = plan
        self.app = app = App(payload_size=256, depth=DEPTH, queue=1024, dialect=dialect)
        self.messages = []
        app.doing["receive"] = lambda: self.messages.append(app.get())
        app.sockets.listen(PORT, self._accept)
        # Stacks that send all or nothing have no short sends.
        self._limits = cycle(plan.limits if dialect.short_send == TAKES_PART else [None])
        self._sizes = cycle(plan.pieces)
        assert app.start(keepalive=60, clean=0) == NX_IN_PROGRESS

    def _accept(self, connection):
        connection.accept_limit = lambda: next(self._limits)
        connection.deliver_limit = self.plan.most

    def send(self, data):
        """The broker says something, in pieces."""
        sizes = []
        while sum(sizes) < len(data):
            sizes.append(next(self._sizes))
        self.app.peer.send(data, sizes)

    def settle(self):
        """Turns of the client until nothing is on its way."""
        app = self.app
        for _ in range(TURNS):
            status = app.poll()
            on_its_way = app.peer.waiting or app.client._session.unsent() or app.client._more
            if status or not on_its_way:
                return
        raise AssertionError("it never ends")

    def play(self):
        """The whole story; returns everything that somebody has seen."""
        app, plan = self.app, self.plan
        self.settle()
        self.send(CONNACK)
        self.settle()
        assert nxd_mqtt_client_subscribe(app.client, "a/#", 1) == NXD_MQTT_SUCCESS
        identifiers = []
        for number, (quality, size) in enumerate(plan.outgoing):
            payload = bytes([number]) * size
            while app.publish(payload, quality) != NXD_MQTT_SUCCESS:
                app.poll()
            identifiers += [app.client.packet_identifier] if quality else []
        self.settle()
        answers = suback(1, 1) + b"".join(map(puback, identifiers))
        for number, (quality, size) in enumerate(plan.incoming):
            payload = bytes([number]) * size
            answers += publish("a/b/é", payload, number + 1 if quality else None)
        self.send(answers)
        self.settle()
        app.clock.advance(55_000)
        self.settle()
        self.send(PINGRESP + plan.last)
        self.settle()
        return self._seen()

    def _seen(self):
        app = self.app
        assert (app.sockets.corruptions, app.sockets.double_closes) == ([], [])
        reason = app.client.reason
        return bytes(app.peer.received), app.told, self.messages, reason, app.statistics


def check(dialect, plan):
    """A disturbed story is the undisturbed one to everybody in it."""
    good = Trial(dialect, plan.undisturbed()).play()
    received, told, messages, reason, statistics = Trial(dialect, plan).play()
    assert received == good[0]
    assert told == good[1]
    fitting = [(n, size) for n, (_, size) in enumerate(plan.incoming) if size < 1000]
    assert messages == good[2] == [bytes([n]) * size for n, size in fitting]
    assert reason == good[3]
    assert statistics == good[4]
    assert (reason is None) == (not plan.last)


SHORT = settings(max_examples=25)
LONG = settings(max_examples=1000)


@every()
def test_bytes_may_come_and_go_in_any_pieces(dialect):
    SHORT(given(PLANS)(example(BYTE_BY_BYTE)(lambda plan: check(dialect, plan))))()


@pytest.mark.long
@every()
def test_bytes_may_come_and_go_in_very_many_pieces(dialect):
    LONG(given(PLANS)(lambda plan: check(dialect, plan)))()


def test_a_short_send_is_short():
    plan = Plan([(1, 100)], [], b"", [0, 3], [1], None)
    trial = Trial(by_name("cpython_tcp"), plan)
    trial.play()
    assert trial.app.sockets.count("send") > len(trial.app.peer.received) // 3
    assert trial.app.sockets.count("recv_into") > 4 + 5 + 4 + 2
