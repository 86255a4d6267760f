# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What a server sends in frames: packets cut anyhow, control frames in between, and the goodbye."""

import pytest
from client_bench import CONNECTED, IDLE
from doubles.script import PINGRESP, puback, publish, suback
from doubles.script import connect as connect_packet
from doubles.websocket_peer import BINARY, CLOSE, CONTINUATION, PING, PONG, close, frame
from websocket_bench import CLOSED, WebSocketApp

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *

MESSAGES = [b"", b"m", b"x" * 120, b"y" * 121, b"z" * 200]
PACKETS = b"".join(publish("t", message) for message in MESSAGES)


def linked(**named):
    """An application with a link, whose peer has seen CONNECT."""
    return WebSocketApp(queue=4096, **named).connect()


def whole(data):
    """All in one frame."""
    return frame(data)


def each(size):
    """A frame, and a message, for each piece of so many bytes."""
    return lambda data: b"".join(frame(data[at : at + size]) for at in range(0, len(data), size))


def fragments(size, between=b""):
    """One message in fragments of so many bytes."""

    def cut(data):
        starts = range(0, len(data), size)
        return between.join(
            frame(data[at : at + size], CONTINUATION if at else BINARY, at == starts[-1])
            for at in starts
        )

    return cut


CUTS = {
    "one frame": whole,
    "a frame for each byte": each(1),
    "frames of 3": each(3),
    "frames of 125": each(125),
    "frames of 126": each(126),
    "frames of 127": each(127),
    "fragments of 1": fragments(1),
    "fragments of 100": fragments(100),
    "fragments with a ping between": fragments(50, frame(b"?", PING)),
    "fragments with a pong between": fragments(7, frame(b"!", PONG)),
    "fragments with all between": fragments(90, frame(b"a" * 125, PING) + frame(b"", PONG)),
    "fragments with empty ones between": fragments(60, frame(b"", CONTINUATION, False)),
    "an empty one before": lambda data: frame() + frame(data),
    "an empty beginning": lambda data: frame(b"", final=False) + frame(data, CONTINUATION),
    "an empty end": lambda data: frame(data, final=False) + frame(b"", CONTINUATION),
    "a frame for each packet": lambda data: b"".join(
        frame(publish("t", message)) for message in MESSAGES
    ),
}


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("pieces", [None, 1, 2, 100, 513])
def test_packets_come_out_of_frames_however_they_lie_in_them(cut, pieces):
    app = linked()
    app.peer.raw(CUTS[cut](PACKETS), pieces)
    while app.peer.waiting:
        assert app.poll() == NXD_MQTT_SUCCESS, app.client.reason
    # What is in the buffers takes its turns, too.
    assert app.polls(100) == [NXD_MQTT_SUCCESS]
    assert app.messages() == MESSAGES
    assert app.state == CONNECTED


@pytest.mark.parametrize("size", [*range(2, 301), 65533, 65534, 65535, 65536, 65537, 70000])
def test_a_packet_of_every_size_in_one_frame(size):
    """Of exactly 125, 126, 65535 and 65536 bytes, too, where the length changes its form."""
    app = WebSocketApp(queue=70_100).connect()
    packet, message = _packet(size)
    app.peer.raw(frame(packet))
    app.polls(20)
    while app.peer.waiting:
        assert app.poll() == NXD_MQTT_SUCCESS
    assert app.state == CONNECTED
    topic, buffer = bytearray(8), bytearray(70_000)
    status, _, length = nxd_mqtt_client_message_get(app.client, topic, buffer)
    if message is None:
        assert status == NXD_MQTT_NO_MESSAGE
    else:
        assert bytes(buffer[:length]) == message
    # The next one is found where it begins.
    app.peer.raw(frame(publish("t", b"next")))
    app.polls(3)
    assert app.messages() == [b"next"]


def _packet(size):
    """A packet of so many bytes, and the message in it."""
    if size < 5:
        return {2: PINGRESP, 3: PINGRESP + b"", 4: puback(9)}[size], None
    for message in range(max(0, size - 10), size):
        packet = publish("t", bytes([size & 0xFF]) * message)
        if len(packet) == size:
            return packet, bytes([size & 0xFF]) * message
    # No length of a message makes it so: one more byte of length, and none more of payload.
    packet, message = _packet(size - 4)
    return packet + puback(9), message


# --- control frames ------------------------------------------------------------------------------


@pytest.mark.parametrize("payload", [b"", b"x", bytes(range(125))])
def test_a_ping_is_answered_with_its_payload(payload):
    app = linked()
    app.peer.raw(frame(payload, PING))
    assert app.poll() == NXD_MQTT_SUCCESS
    assert app.peer.pongs == [payload]
    assert [one.opcode for one in app.peer.frames] == [BINARY, PONG]
    # And once is enough.
    app.polls(3)
    assert app.peer.pongs == [payload]


def test_a_ping_in_pieces_is_answered_when_it_is_whole():
    app = linked()
    ping = frame(b"payload", PING)
    for byte in ping[:-1]:
        app.peer.raw(bytes([byte]))
        app.poll()
        assert app.peer.pongs == []
    app.peer.raw(ping[-1:])
    app.poll()
    assert app.peer.pongs == [b"payload"]


def test_a_data_frame_behind_an_empty_ping_is_good():
    app = linked()
    app.peer.raw(frame(b"", PING) + frame(publish("t", b"1")) + frame(b"", PING))
    app.peer.raw(frame(publish("t", b"2")))
    app.polls(3)
    assert app.messages() == [b"1", b"2"]
    assert app.peer.pongs[-1] == b""


def test_a_ping_waits_for_room():
    app = linked()
    app.peer.accept_limit = 0
    app.peer.raw(frame(b"first", PING))
    assert app.polls(3) == [NXD_MQTT_SUCCESS]
    app.peer.raw(frame(b"second", PING))
    assert app.polls(3) == [NXD_MQTT_SUCCESS]
    app.peer.raw(frame(b"third", PING))
    assert app.polls(3) == [NXD_MQTT_SUCCESS]
    assert app.peer.pongs == []
    app.peer.accept_limit = None
    app.polls(3)
    # The one that was made already, and the last one; those between may be left out.
    assert app.peer.pongs == [b"first", b"third"]


def test_who_waits_to_answer_a_ping_wakes_when_there_is_room():
    app = linked()
    app.peer.accept_limit = 0
    app.peer.raw(frame(b"?", PING))
    app.poll()
    app.clock.later(700, lambda: setattr(app.peer, "accept_limit", None))
    waits = len(app.sockets.waits)
    began = app.clock.elapsed
    app.poll(1000)
    assert app.clock.elapsed - began == 700
    assert app.peer.pongs == [b"?"]
    assert len(app.sockets.waits) == waits + 1


@pytest.mark.parametrize("taken", range(1, 30))
def test_a_ping_is_never_answered_inside_a_frame(taken):
    """So much of a frame of ours is out, and no more is taken, when the ping comes."""
    app = linked()
    room = [taken, 0]
    app.peer.accept_limit = lambda: room.pop(0) if room else 0
    assert app.publish(b"message of ours") == NXD_MQTT_SUCCESS
    sent = len(app.peer.half)
    app.peer.raw(frame(b"now", PING))
    assert app.polls(3) == [NXD_MQTT_SUCCESS]
    assert len(app.peer.half) == sent
    app.peer.accept_limit = 1
    for _ in range(60):
        assert app.poll() == NXD_MQTT_SUCCESS
    assert app.peer.half == b""
    assert app.peer.pongs == [b"now"]
    assert app.peer.take() == publish("t", b"message of ours", 1)
    assert [one.opcode for one in app.peer.frames] == [BINARY, BINARY, PONG]


def test_a_ping_is_never_answered_inside_a_frame_that_is_longer_than_the_buffer():
    app = WebSocketApp(payload_size=3000, depth=2).connect()
    limits = iter([300, 0])
    app.peer.accept_limit = lambda: next(limits, 0)
    assert app.publish(b"x" * 2000) == NXD_MQTT_SUCCESS
    app.peer.raw(frame(b"now", PING))
    app.polls(3)
    app.peer.accept_limit = None
    app.polls(3)
    assert [one.opcode for one in app.peer.frames] == [BINARY, BINARY, PONG]
    assert app.peer.take() == publish("t", b"x" * 2000, 1)


def test_a_ping_is_answered_right_behind_a_frame_that_waited():
    app = WebSocketApp(payload_size=3000, depth=2).connect()
    app.peer.accept_limit = 0
    assert app.publish(b"x" * 2000) == NXD_MQTT_SUCCESS
    app.peer.raw(frame(b"now", PING))
    app.poll()
    app.peer.accept_limit = None
    began = app.clock.elapsed
    for _ in range(4):  # as often as the buffer is filled
        app.poll(3000)
        if app.peer.pongs:
            break
    assert app.peer.pongs == [b"now"]
    assert app.clock.elapsed == began


def test_several_pings_in_one_read_and_at_least_the_last_is_answered():
    app = linked()
    app.peer.raw(b"".join(frame(b"%d" % number, PING) for number in range(20)))
    app.polls(3)
    assert app.peer.pongs[-1] == b"19"
    assert app.peer.pongs == sorted(app.peer.pongs, key=int)


def test_a_pong_is_ignored():
    app = linked()
    app.peer.raw(frame(b"", PONG) + frame(b"x" * 125, PONG) + frame(publish("t", b"m")))
    app.polls(3)
    assert app.messages() == [b"m"]
    assert len(app.peer.frames) == 1


def test_control_frames_are_told_to_nobody():
    app = linked()
    app.peer.raw(frame(b"a", PING) + frame(b"b", PONG) + frame())
    app.polls(3)
    assert app.told == []


# --- the goodbye ---------------------------------------------------------------------------------

CODES = [1000, 1001, 1002, 1008, 1011, 1012, 3000, 4999]


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("words", [b"", b"going away", b"x" * 123])
def test_close_is_answered_with_its_code_and_told_once(code, words):
    app = linked()
    app.peer.raw(close(code, words))
    assert app.poll() == CLOSED
    assert app.state == IDLE
    assert app.told == [("disconnect", CLOSED)]
    assert app.reason() == ("websocket", CLOSED)
    assert str(code) in app.client.reason[2]
    assert app.peer.close_code == code
    assert [one.opcode for one in app.peer.frames] == [BINARY, CLOSE]
    assert app.all_closed()
    assert app.polls(3) == [NXD_MQTT_NOT_CONNECTED]
    assert app.told == [("disconnect", CLOSED)]


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535])
def test_a_code_that_no_close_may_have_is_not_echoed(code):
    app = linked()
    app.peer.raw(close(code))
    assert app.poll() == CLOSED
    assert str(code) in app.client.reason[2]
    assert app.peer.close_code == 1002
    assert app.told == [("disconnect", CLOSED)]


def test_close_without_a_code():
    app = linked()
    app.peer.raw(close())
    assert app.poll() == CLOSED
    assert app.peer.close_code in (1000, 1005)
    assert app.told == [("disconnect", CLOSED)]


def test_what_comes_before_close_counts_and_nothing_behind_it():
    app = linked()
    app.peer.raw(frame(publish("t", b"1")) + close(1001) + frame(publish("t", b"2")))
    assert app.poll() == CLOSED
    assert app.messages() == [b"1"]
    assert app.told == [("receive", 1), ("disconnect", CLOSED)]


@pytest.mark.parametrize("part", range(1, 6))
def test_close_in_pieces(part):
    app = linked()
    goodbye = close(1000, b"x")
    app.peer.raw(goodbye[:part])
    assert app.poll() == (CLOSED if part == len(goodbye) else NXD_MQTT_SUCCESS)
    app.peer.raw(goodbye[part:])
    app.poll()
    assert app.told == [("disconnect", CLOSED)]


def test_close_between_fragments():
    app = linked()
    app.peer.raw(frame(b"\x30\x10", final=False) + close(1001))
    assert app.poll() == CLOSED
    assert app.peer.close_code == 1001


def test_close_is_not_answered_inside_a_frame():
    app = linked()
    limits = iter([9, 0])
    app.peer.accept_limit = lambda: next(limits, 0)
    app.publish(b"message")
    half = app.peer.half
    app.peer.raw(close(1000))
    assert app.poll() == CLOSED
    assert app.peer.half == half
    assert app.peer.close_code is None
    assert app.all_closed()


def test_close_that_cannot_be_answered_is_told_all_the_same():
    app = linked()
    app.peer.raw(close(1001))
    app.sockets.fail("send", ConnectionResetError(104, "reset"))
    assert app.poll() == CLOSED
    assert app.told == [("disconnect", CLOSED)]
    assert app.all_closed()


def test_close_before_the_connack_is_told_to_connect_notify():
    app = WebSocketApp()
    app.serve(lambda end: end.raw(close(1008, b"who are you?")))
    assert app.start() == NX_IN_PROGRESS
    app.polls(3)
    assert app.told == [("connect", CLOSED)]
    assert app.reason() == ("websocket", CLOSED)
    assert app.peer.close_code == 1008


def test_close_before_the_connack_ends_a_connect_that_waits():
    app = WebSocketApp()
    app.serve(lambda end: end.raw(close(1008)))
    assert app.start(500) == NXD_MQTT_CONNECT_FAILURE
    assert app.reason() == ("websocket", CLOSED)
    assert app.told == []


def test_a_link_after_close_is_a_clean_one():
    app = linked()
    for _ in range(3):
        app.peer.raw(frame(publish("t", b"half")[:4], final=False) + close(1001))
        assert app.poll() == CLOSED
        app.connect()
        app.peer.raw(frame(publish("t", b"m")))
        app.poll()
        assert app.messages() == [b"m"]


def test_a_client_that_connects_again_does_so_after_close():
    app = WebSocketApp()
    assert nxd_mqtt_client_reconnect_set(app.client, 10, 20) == NXD_MQTT_SUCCESS
    app.connect()
    app.script.accept()
    app.peer.raw(close(1012))
    assert app.poll() == NXD_MQTT_SUCCESS
    assert app.told == [("disconnect", CLOSED)]
    app.clock.advance(1000)
    assert app.polls(3) == [NXD_MQTT_SUCCESS]
    assert len(app.server.ends) == 2
    assert app.peer.take() == connect_packet("me")


def test_the_end_of_the_stream_without_close_is_as_without_websocket():
    app = linked()
    app.peer.close()
    assert app.poll() == NXD_MQTT_COMMUNICATION_FAILURE
    assert app.reason() == ("session", NXD_MQTT_COMMUNICATION_FAILURE)


# --- floods --------------------------------------------------------------------------------------

FLOODS = {
    "pings": frame(b"x" * 125, PING),
    "empty pings": frame(b"", PING),
    "pongs": frame(b"", PONG),
    "empty frames": frame(),
}


@pytest.mark.parametrize("kind", FLOODS)
def test_a_flood_without_data_does_not_hold_a_turn(kind):
    app = linked()
    app.peer.raw(FLOODS[kind] * (2_000_000 // len(FLOODS[kind])))
    reads = app.sockets.count("recv_into")
    sends = app.sockets.count("send")
    app.poll()
    assert app.sockets.count("recv_into") - reads <= 17 * 16
    assert app.sockets.count("send") - sends <= 17 * 16 * 256
    assert app.peer.waiting > 1_000_000


def test_a_peer_that_sends_without_end_does_not_hold_a_turn():
    """It refills what is read at once, as a fast network does."""
    app = linked()
    end = app.peer
    read = end.connection.read
    served = [0]

    def endless(limit):
        served[0] += 1
        end.raw(frame(b"", PONG) * 300)
        return read(limit)

    end.connection.read = endless
    end.raw(frame(b"", PONG))
    app.poll()
    assert served[0] <= 17 * 16


def test_a_subscription_over_websocket():
    app = linked()
    assert nxd_mqtt_client_subscribe(app.client, "t/#", 1) == NXD_MQTT_SUCCESS
    assert app.peer.take() == b"\x82\x08\x00\x01\x00\x03t/#\x01"
    app.peer.send(suback(1, 1) + publish("t/a", b"m", 3))
    app.poll()
    assert app.messages() == [b"m"]
    app.poll()
    assert app.peer.take() == puback(3)
