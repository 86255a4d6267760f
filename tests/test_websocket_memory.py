# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Whatever a server announces or sends, WebSocket takes no more memory than when it was set."""

import tracemalloc

import pytest
from client_bench import CONNECTING, IDLE
from doubles.script import CONNACK_PRESENT, publish
from doubles.websocket_peer import (
    BINARY,
    CONTINUATION,
    FIELDS,
    PING,
    PONG,
    STATUS,
    TEXT,
    answer,
    close,
    frame,
)
from test_fixed_memory import sizes_of, taken
from websocket_bench import WebSocketApp

from nxd_mqtt.websocket import nxd_mqtt_client_websocket_set

GIGA = 1 << 30
LENGTHS = (0, 1, 125, 126, 65535, 65536, GIGA, (1 << 63) - 1)


def drain(app):
    """Let everything in that the peer has sent, or until the link has ended."""
    while app.peer.waiting and app.state > IDLE:
        app.poll()
        app.messages()
    app.polls(40)
    app.messages()


def linked():
    """An application that has had a message, so that all is as large as it gets."""
    app = WebSocketApp(queue=256).connect(clean=0)
    app.peer.raw(frame(b"x" * 125, PING) + frame(publish("t", b"the first")))
    drain(app)
    return app


def again(app):
    """End what there is, and connect."""
    app.peer.close()
    app.polls(4)
    app.connect(clean=0, answer=CONNACK_PRESENT)
    app.peer.raw(frame(publish("t", b"m")))
    drain(app)


def test_the_sizes_that_are_compared_have_those_of_websocket():
    sizes = [size for _, size in sizes_of(linked().client)]
    assert sizes.count(512) >= 3
    assert sizes.count(125) >= 2


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("opcode", [CONTINUATION, TEXT, BINARY, close(1)[0] & 0xF, PING, PONG, 15])
def test_a_length_is_only_a_number(length, opcode):
    app = linked()
    before = sizes_of(app.client)
    app.peer.raw(frame(publish("t", bytes(5000)), opcode, length=length))
    drain(app)
    again(app)
    assert sizes_of(app.client) == before


def test_a_gigabyte_in_a_frame_is_only_passed_on():
    app = linked()
    head = b"\x30\xff\xff\xff\x7f\0\1t"
    app.peer.raw(frame(head, length=GIGA))
    drain(app)
    tracemalloc.start()
    try:
        before = taken()
        for _ in range(50):
            app.peer.raw(bytes(10_000))
            drain(app)
        assert taken() - before < 1024
    finally:
        tracemalloc.stop()


FLOODS = {
    "good fields": b"Upgrade: websocket\r\nConnection: Upgrade\r\n",
    "other fields": b"X: y\r\n",
    "a line without an end": b"x" * 100,
    "tokens without an end": b"Connection: " + b"Upgrade, " * 20,
}


@pytest.mark.parametrize("kind", FLOODS)
def test_an_answer_without_an_end_makes_nothing_grow(kind):
    app = WebSocketApp()
    app.serve(lambda end: end.raw(STATUS.encode() + b"\r\n")).silent = True
    app.start()
    app.poll()
    app.peer.raw(FLOODS[kind] * 20)
    drain(app)
    before = sizes_of(app.client)
    for _ in range(50):
        app.peer.raw(FLOODS[kind] * 100)
        drain(app)
    assert sizes_of(app.client) == before
    assert app.state == CONNECTING


def test_links_leave_nothing_behind():
    app = linked()
    before = sizes_of(app.client)
    for number in range(200):
        if number % 4 == 0:
            app.peer.raw(close(1001))
        elif number % 4 == 1:
            app.peer.raw(frame(b"", TEXT))
        again(app)
    assert sizes_of(app.client) == before


def test_a_refusal_leaves_nothing_behind():
    app = linked()
    again(app)
    before = sizes_of(app.client)
    app.peer.close()
    app.polls(3)
    good = app.server.response
    for _ in range(30):
        app.server.response = answer((*FIELDS, ("X", "x" * 5000)), status="HTTP/1.1 500 Oh")
        app.start()
        app.polls(3)
    app.server.response = good
    app.renew_script()
    app.connect(clean=0, answer=CONNACK_PRESENT)
    assert sizes_of(app.client) == before


def test_setting_it_again_leaves_one():
    app = linked()
    before = sizes_of(app.client)
    app.peer.close()
    app.polls(3)
    for _ in range(5):
        assert nxd_mqtt_client_websocket_set(app.client, "test.host.org", "/mqtt") == 0
    app.connect(clean=0, answer=CONNACK_PRESENT)
    app.peer.raw(frame(b"x" * 125, PING) + frame(publish("t", b"the first")))
    drain(app)
    assert sizes_of(app.client) == before
