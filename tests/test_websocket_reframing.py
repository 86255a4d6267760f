# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""However a server frames what it says, both ends see what they see without WebSocket.

The stories are those of the file on reframing, played over a server that cuts them into frames and
messages anyhow, with control frames in between, and over sockets that cut the frames again. The
same story is played without WebSocket, and everything that either side has seen must be equal.
"""

from dataclasses import dataclass
from itertools import cycle

import pytest
from doubles.dialects import TAKES_PART, by_name
from doubles.script import publish
from doubles.trials import every
from doubles.websocket_peer import BINARY, CONTINUATION, PING, PONG, frame
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_reframing import DEPTH, LAST_WORDS, PLANS, TURNS, Plan, Trial
from websocket_bench import WebSocketApp

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *


@dataclass
class Framing:
    """How a server makes frames."""

    sizes: list
    """The payload of one frame after the other."""
    finals: list
    """Whether a message ends with the frame."""
    controls: list
    """What comes before the frame: (opcode, size of the payload), or None."""


CONTROLS = st.none() | st.tuples(st.sampled_from((PING, PONG)), st.integers(0, 125))
FRAMINGS = st.builds(
    Framing,
    sizes=st.lists(st.just(0) | st.integers(1, 130) | st.integers(1, 3000), min_size=1).filter(any),
    finals=st.lists(st.booleans(), min_size=1, max_size=6),
    controls=st.lists(CONTROLS, min_size=1, max_size=6),
)
SMALLEST = Framing([1, 0], [False, False, True], [(PING, 1), None, (PONG, 0), (PING, 30)])
BYTE_BY_BYTE = Plan([(1, 20), (0, 5)], [(0, 3), (1, 40), (1, 0)], LAST_WORDS[1], [0, 1], [1], None)


class Framer:
    """Makes frames of a stream; a message may go on from one call to the next."""

    def __init__(self, framing):
        self._sizes = cycle(framing.sizes)
        self._finals = cycle(framing.finals)
        self._controls = cycle(framing.controls)
        self._inside = False
        self.pings = []
        """The payload of each ping."""

    def __call__(self, data):
        """All of it, in frames."""
        frames = bytearray()
        while data:
            size = next(self._sizes)
            frames += self._control(next(self._controls))
            opcode = CONTINUATION if self._inside else BINARY
            final = next(self._finals)
            frames += frame(data[:size], opcode, final)
            self._inside = not final
            data = data[size:]
        return bytes(frames)

    def _control(self, wanted):
        if wanted is None:
            return b""
        opcode, size = wanted
        payload = (b"%d " % len(self.pings) + bytes(125))[:size]
        if opcode == PING:
            self.pings.append(payload)
        return frame(payload, opcode)


class WebSocketTrial(Trial):
    """A story over WebSocket."""

    def __init__(self, dialect, plan, framing):
        self.plan = plan
        self.app = app = WebSocketApp(payload_size=256, depth=DEPTH, queue=1024, dialect=dialect)
        self.messages = []
        app.doing["receive"] = lambda: self.messages.append(app.get())
        self._limits = cycle(plan.limits if dialect.short_send == TAKES_PART else [None])
        self._sizes = cycle(plan.pieces)
        self.framer = Framer(framing)
        app.serve(self._accept, pieces=plan.pieces[0])
        assert app.start(keepalive=60, clean=0) == NX_IN_PROGRESS

    def send(self, data):
        """The broker says something, in frames, in pieces."""
        frames = self.framer(data)
        sizes = []
        while sum(sizes) < len(frames):
            sizes.append(next(self._sizes))
        self.app.peer.raw(frames, sizes)

    def settle(self):
        """Turns of the client until nothing is on its way."""
        app = self.app
        for _ in range(TURNS):
            status = app.poll()
            waits = app.client._link.unsent(app.client._session.unsent())
            on_its_way = app.peer.waiting or waits or app.client._more
            if status or not on_its_way:
                return
        raise AssertionError("it never ends")


def check(dialect, plan, framing):
    """A story in frames is the undisturbed one without them to everybody in it."""
    good = Trial(dialect, plan.undisturbed()).play()
    trial = WebSocketTrial(dialect, plan, framing)
    received, told, messages, reason, statistics = trial.play()
    assert received == good[0]
    assert told == good[1]
    assert messages == good[2]
    assert reason == good[3]
    assert statistics == good[4]
    pongs, pings = trial.app.peer.pongs, iter(trial.framer.pings)
    # In their order, though not all of them have to be answered.
    assert all(pong in pings for pong in pongs)


SHORT = settings(max_examples=12)
LONG = settings(max_examples=40)


@every()
def test_frames_may_lie_anyhow_in_what_comes(dialect):
    play = given(PLANS, FRAMINGS)
    first = example(BYTE_BY_BYTE, SMALLEST)
    SHORT(play(first(lambda plan, framing: check(dialect, plan, framing))))()


@pytest.mark.long
@every()
def test_frames_may_lie_anyhow_in_very_many_ways(dialect):
    LONG(given(PLANS, FRAMINGS)(lambda plan, framing: check(dialect, plan, framing)))()


def test_the_frames_of_this_file_are_cut_and_have_company():
    plan = Plan([(1, 100)], [(1, 200), (0, 7)], b"", [0, 3], [5], None)
    trial = WebSocketTrial(by_name("cpython_tcp"), plan, SMALLEST)
    trial.play()
    assert len(trial.framer.pings) > 100
    assert trial.app.peer.pongs
    assert trial.app.sockets.count("send") > len(trial.app.peer.received) // 3


# --- TLS below -----------------------------------------------------------------------------------

PAYLOADS = [b"%d" % number for number in range(60)]
PACKETS = [publish("t", payload) for payload in PAYLOADS]

every_tls = every(where=lambda dialect: dialect.tls)


def taken(app):
    """Every message, taken in turns that may sleep."""
    found = app.messages()
    while len(found) < len(PAYLOADS):
        assert app.poll(100) == NXD_MQTT_SUCCESS
        found += app.messages()
    return found


@every_tls
@pytest.mark.parametrize("most", [None, 1, 40], ids=["all", "bytes", "few"])
def test_what_a_tls_layer_holds_is_read_while_select_is_silent(dialect, most):
    """All frames come in one record; behind the first read there is nothing on the wire."""
    app = WebSocketApp(dialect=dialect, queue=4096).connect()
    app.peer.connection.deliver_limit = most
    app.peer.raw(b"".join(frame(b"?" * 9, PING) + frame(packet) for packet in PACKETS))
    began = app.clock.elapsed
    assert taken(app) == PAYLOADS
    assert app.clock.elapsed == began
    assert app.sockets.blocked == []


@every_tls
@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 300])
def test_records_may_cut_frames_anywhere(dialect, size):
    app = WebSocketApp(dialect=dialect, queue=4096).connect()
    app.peer.raw(b"".join(map(frame, PACKETS)), size)
    began = app.clock.elapsed
    assert taken(app) == PAYLOADS
    assert app.clock.elapsed == began


@every_tls
def test_an_answer_and_all_that_follows_in_one_record(dialect):
    app = WebSocketApp(dialect=dialect, queue=4096)
    words = frame(b"\x20\2\0\0") + b"".join(map(frame, PACKETS))
    app.serve(lambda end: None, behind=words)
    assert app.start(500) == NXD_MQTT_SUCCESS
    began = app.clock.elapsed
    assert taken(app) == PAYLOADS
    assert app.clock.elapsed == began == 0
