# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Frames that no server may send end the link at once, with CLOSE 1002 where one may be sent."""

import pytest
from client_bench import CONNECTED, IDLE
from doubles.script import publish
from doubles.websocket_peer import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    close,
    frame,
)
from websocket_bench import VIOLATION, WebSocketApp

from nxd_mqtt.nxd import *

GOOD = publish("t", b"good")
BEGUN = frame(b"\x30", final=False)
KEY = b"\1\2\3\4"

# name: (frames that are good, the one that is not). The one that is not is told by its header.
BAD = {
    "text": (b"", frame(b"\x30\x03\0\1t", TEXT)),
    "empty text": (b"", frame(b"", TEXT)),
    "text in fragments": (b"", frame(b"a", TEXT, final=False)),
    "text inside a message": (BEGUN, frame(b"a", TEXT)),
    **{f"opcode {code}": (b"", frame(b"a", code)) for code in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)},
    **{
        f"reserved bits {bits:#x}": (b"", frame(GOOD, reserved=bits))
        for bits in (0x10, 0x20, 0x40, 0x70)
    },
    "a ping with a reserved bit": (b"", frame(b"", PING, reserved=0x40)),
    "a continuation with a reserved bit": (BEGUN, frame(b"", CONTINUATION, reserved=0x10)),
    "masked": (b"", frame(GOOD, key=KEY)),
    "masked by nothing": (b"", frame(GOOD, key=bytes(4))),
    "masked and empty": (b"", frame(b"", key=KEY)),
    "a masked ping": (b"", frame(b"a", PING, key=KEY)),
    "a masked close": (b"", frame(b"\x03\xe8", CLOSE, key=KEY)),
    "a continuation of nothing": (b"", frame(GOOD, CONTINUATION)),
    "a fragment of nothing": (b"", frame(GOOD, CONTINUATION, final=False)),
    "a continuation of a message that has ended": (frame(GOOD), frame(b"", CONTINUATION)),
    "one more fragment": (BEGUN + frame(b"\x05", CONTINUATION), frame(b"", CONTINUATION)),
    "a message inside a message": (BEGUN, frame(GOOD)),
    "a fragment inside a message": (BEGUN, frame(b"", final=False)),
    "a message behind a ping in a message": (BEGUN + frame(b"", PONG), frame(GOOD)),
    "a ping in fragments": (b"", frame(b"a", PING, final=False)),
    "a pong in fragments": (b"", frame(b"", PONG, final=False)),
    "a close in fragments": (b"", frame(b"\x03\xe8", CLOSE, final=False)),
    "a ping of 126 bytes": (b"", frame(b"x" * 126, PING)),
    "a pong of 126 bytes": (b"", frame(b"x" * 126, PONG)),
    "a close of 126 bytes": (b"", frame(b"\x03\xe8" + b"x" * 124, CLOSE)),
    "a ping of 65536 bytes": (b"", frame(b"", PING, length=65536)),
    "a ping whose short length is long": (b"", frame(b"x", PING, form=2)),
    "a ping whose short length is longer": (b"", frame(b"x", PING, form=8)),
    **{f"{length} as 16 bits": (b"", frame(b"x" * length, form=2)) for length in (0, 1, 124, 125)},
    **{
        f"{length} as 64 bits": (b"", frame(b"", form=8, length=length))
        for length in (0, 125, 126, 65535)
    },
    "a length below zero": (b"", frame(b"", length=1 << 63)),
    "the longest length": (b"", frame(b"", length=(1 << 64) - 1)),
    "1 as a length below zero": (b"", frame(b"x", form=8, length=1 << 63 | 1)),
    "a bad fragment": (BEGUN, frame(b"x", CONTINUATION, form=2)),
}

every = pytest.mark.parametrize("name", BAD)


def linked():
    """An application with a link that is played with no more than its socket."""
    return WebSocketApp().connect()


def ended(app, code=1002):
    """The link has ended by a violation, the server was told, and there is another one."""
    assert app.state == IDLE
    assert app.reason() == ("websocket", VIOLATION)
    assert app.client.reason[2]
    assert app.heard("disconnect") == [(VIOLATION,)]
    assert app.peer.close_code == code
    assert app.peer.half == b""
    assert app.all_closed()
    assert app.polls(3) == [NXD_MQTT_NOT_CONNECTED]
    assert app.heard("disconnect") == [(VIOLATION,)]


def works(app):
    """The next link begins with a clean parser."""
    app.connect()
    app.peer.raw(frame(GOOD[:3], final=False) + frame(GOOD[3:], CONTINUATION))
    assert app.polls(3) == [NXD_MQTT_SUCCESS]
    assert app.messages() == [b"good"]


@every
def test_a_violation_ends_the_link_at_once(name):
    before, bad = BAD[name]
    app = linked()
    app.peer.raw(before + bad)
    assert app.poll() == VIOLATION
    ended(app)
    app.messages()
    works(app)


@every
def test_a_violation_byte_by_byte(name):
    before, bad = BAD[name]
    app = linked()
    app.peer.raw(before)
    assert app.poll() == NXD_MQTT_SUCCESS
    for byte in bad:
        app.peer.raw(bytes([byte]))
        if app.poll():
            break
    ended(app)
    app.messages()
    works(app)


@every
def test_what_comes_before_a_violation_counts_and_nothing_behind_it(name):
    before, bad = BAD[name]
    # The bytes that begin a packet in the good ones are those of one that nobody ends.
    good = frame(publish("t", b"before")) if before.startswith(BEGUN) else frame(GOOD)
    app = linked()
    app.peer.raw(good + before + bad + frame(publish("t", b"behind")))
    assert app.poll() == VIOLATION
    ended(app)
    assert b"behind" not in app.messages()
    assert app.heard("receive")


@every
def test_a_violation_in_the_read_of_the_answer(name):
    before, bad = BAD[name]
    app = WebSocketApp()
    app.serve(lambda end: None, behind=before + bad)
    assert app.start() == NX_IN_PROGRESS
    for _ in range(3):
        app.poll()
    assert app.state == IDLE
    assert app.all_closed()
    # What was good may have been a packet that is none, before anything else.
    if not before:
        assert app.told == [("connect", VIOLATION)]
        assert app.reason() == ("websocket", VIOLATION)
        assert app.peer.close_code == 1002


@pytest.mark.parametrize(
    "name", ["text", "masked", "the longest length", "a continuation of nothing"]
)
def test_a_connect_that_waits_ends_with_a_violation(name):
    _, bad = BAD[name]
    app = WebSocketApp()
    app.serve(lambda end: end.raw(bad))
    assert app.start(500) == NXD_MQTT_CONNECT_FAILURE
    assert app.reason() == ("websocket", VIOLATION)
    assert app.told == []
    assert app.peer.close_code == 1002


@pytest.mark.parametrize("taken", [1, 5, 9, 14])
def test_no_close_is_sent_inside_a_frame(taken):
    app = linked()
    limits = iter([taken, 0])
    app.peer.accept_limit = lambda: next(limits, 0)
    app.publish(b"message")
    half = app.peer.half
    assert len(half) == taken
    app.peer.raw(frame(b"a", TEXT))
    assert app.poll() == VIOLATION
    assert (app.peer.half, app.peer.close_code) == (half, None)
    assert app.all_closed()


def test_no_close_is_sent_inside_a_frame_that_is_longer_than_the_buffer():
    """What is in the buffer goes out with the very last offer, and is not the end of the frame."""
    app = WebSocketApp(payload_size=3000, depth=2).connect()
    limits = iter([None, 0, 0])
    app.peer.accept_limit = lambda: next(limits, None)
    app.publish(b"x" * 2000)
    buffer = len(app.peer.half)
    assert 100 < buffer < 2000
    app.peer.raw(frame(b"a", TEXT))
    assert app.poll() == VIOLATION
    assert next(limits, "all asked") == "all asked"
    # Nothing stands behind the second buffer.
    assert len(app.peer.half) == 2 * buffer
    assert app.peer.close_code is None
    assert app.all_closed()


def test_close_is_sent_when_a_frame_that_waited_has_gone():
    app = linked()
    app.peer.accept_limit = 0
    app.publish(b"message")
    app.peer.raw(frame(b"a", TEXT))
    app.peer.accept_limit = None
    assert app.poll() == VIOLATION
    assert app.peer.take() == publish("t", b"message", 1)
    assert app.peer.close_code == 1002


@pytest.mark.parametrize("error", [ConnectionResetError(104, "reset"), OSError(5, "broken")])
def test_a_violation_whose_close_fails_is_told_as_one(error):
    app = linked()
    app.peer.raw(frame(b"a", TEXT))
    app.sockets.fail("send", error)
    assert app.poll() == VIOLATION
    assert app.told == [("disconnect", VIOLATION)]
    assert app.all_closed()


def test_a_violation_of_mqtt_is_told_as_one_of_mqtt():
    app = linked()
    app.peer.raw(frame(b"\x36\6\0\1t\0\1m"))
    assert app.poll() == NXD_MQTT_INVALID_PACKET
    assert app.reason() == ("session", NXD_MQTT_INVALID_PACKET)
    assert app.peer.close_code is not None


def test_the_frames_of_this_file_are_what_they_say():
    """Those that go before are good: alone they leave a link that lives."""
    for before, _ in BAD.values():
        app = linked()
        app.peer.raw(before)
        assert app.polls(2) == [NXD_MQTT_SUCCESS]
        assert app.state == CONNECTED
    assert BINARY == 2
    assert close(1000) == frame(b"\x03\xe8", CLOSE)
