# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What the client sends: masked frames with MQTT's bytes in them, one for each offer."""

import pytest
from client_bench import CONNECTED, IDLE
from doubles.script import DISCONNECT, PINGREQ, PINGRESP, puback, publish
from doubles.script import connect as connect_packet
from doubles.websocket_peer import BINARY, CLOSE, PING, frame
from websocket_bench import WebSocketApp

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *

NORMAL = 1000
# First byte, length in its shortest form, key.
OVERHEAD = ((125, 6), (65535, 8), (1 << 63, 14))


def overhead(size):
    """Bytes that a frame with so many bytes takes around them."""
    return next(more for most, more in OVERHEAD if size <= most)


def chatted(count=40):
    """An application that has said something in many frames."""
    app = WebSocketApp(depth=count).connect()
    for number in range(count):
        assert app.publish(b"%d" % number) == NXD_MQTT_SUCCESS
    return app


def test_every_frame_is_final_binary_and_masked():
    app = chatted()
    assert len(app.peer.frames) == 41
    for one in app.peer.frames:
        assert (one.final, one.opcode) == (True, BINARY)
        assert len(one.key) == 4


def test_every_frame_has_a_key_of_its_own():
    app = chatted(200)
    keys = [one.key for one in app.peer.frames]
    assert len(set(keys)) == len(keys)
    # All of its bytes are random, and all of its bits.
    for place in range(4):
        assert len({key[place] for key in keys}) > 80
    assert bytes(4) not in keys


def test_the_payload_on_the_wire_is_not_the_packet():
    app = chatted()
    assert b"MQTT" not in app.peer.connection.received.split(b"\r\n\r\n", 1)[1]


def test_what_is_offered_is_one_frame():
    app = WebSocketApp().connect()
    app.publish(b"1")
    app.publish(b"2")
    assert app.peer.data_frames()[1:] == [publish("t", b"1", 1), publish("t", b"2", 2)]


def test_what_waits_together_goes_out_in_one_frame():
    app = WebSocketApp(payload_size=256).connect()
    app.peer.accept_limit = 0
    for number in range(4):
        app.publish(b"%d" % number)
    app.peer.accept_limit = None
    app.poll()
    packets = [publish("t", b"%d" % number, number + 1) for number in range(4)]
    # The first had its frame already, and an offer that was refused stays as it was.
    assert app.peer.data_frames()[1:] == [packets[0], packets[1], b"".join(packets[2:])]


def packets_of_every_size(sizes):
    """(size, payload) of the PUBLISH packets to "t" at QoS 0 of these sizes."""
    for size in sizes:
        for length in range(max(0, size - 8), size):
            if len(publish("t", bytes(length))) == size:
                yield size, bytes([length & 0xFF]) * length


SIZES = [*range(5, 301), 509, 510, 511, 512, 513, 1024]
LONG_SIZES = [*range(65520, 65545), 69_999]


@pytest.mark.parametrize("sizes", [SIZES, LONG_SIZES], ids=["short", "long"])
def test_packets_of_every_size(sizes):
    app = WebSocketApp(payload_size=70_000, depth=1).connect()
    sent = 0
    for size, payload in packets_of_every_size(sizes):
        before = len(app.peer.connection.received)
        assert app.publish(payload, 0) == NXD_MQTT_SUCCESS
        assert app.peer.take() == publish("t", payload)
        # One frame, and the shortest form of its length.
        assert len(app.peer.connection.received) - before == size + overhead(size)
        sent += 1
    assert sent >= len(sizes) - 2
    assert len(app.peer.frames) == sent + 1
    assert app.peer.half == b""


@pytest.mark.parametrize("identifier", [1, 65535])
def test_the_smallest_packets(identifier):
    app = WebSocketApp().connect(keepalive=60)
    app.peer.send(publish("t", b"m", identifier))
    app.poll()
    app.poll()
    app.clock.advance(55_000)
    app.poll()
    assert app.peer.data_frames()[1:] == [puback(identifier), PINGREQ]


@pytest.mark.parametrize("size", [124, 125, 126, 127, 128])
def test_a_packet_where_the_length_changes_its_form_both_ways(size):
    app = WebSocketApp(payload_size=200).connect()
    payload = b"x" * (size - 7)
    packet = publish("t", payload, 1)
    assert len(packet) == size
    assert app.publish(payload) == NXD_MQTT_SUCCESS
    assert app.peer.data_frames()[-1] == packet
    app.peer.send(packet + puback(1))
    app.polls(3)
    assert app.messages() == [payload]
    assert app.statistics["acknowledged"] == 1


# --- the end -------------------------------------------------------------------------------------


def test_disconnect_goes_before_close():
    app = WebSocketApp().connect()
    assert nxd_mqtt_client_disconnect(app.client) == NXD_MQTT_SUCCESS
    data, goodbye = app.peer.frames[1:]
    assert (data.opcode, data.payload) == (BINARY, DISCONNECT)
    assert (goodbye.opcode, goodbye.payload) == (CLOSE, NORMAL.to_bytes(2, "big"))
    assert goodbye.key is not None
    assert app.peer.close_code == NORMAL
    assert app.all_closed()


def test_delete_says_goodbye_too():
    app = WebSocketApp().connect()
    assert nxd_mqtt_client_delete(app.client) == NXD_MQTT_SUCCESS
    assert app.peer.take() == DISCONNECT
    assert app.peer.close_code == NORMAL
    assert app.all_closed()


def test_what_waits_goes_out_before_the_goodbye():
    app = WebSocketApp(payload_size=256).connect()
    app.peer.accept_limit = 0
    app.publish(b"1")
    app.publish(b"2")
    app.peer.raw(frame(b"?", PING))
    app.poll()
    app.peer.accept_limit = None
    assert nxd_mqtt_client_disconnect(app.client) == NXD_MQTT_SUCCESS
    assert app.peer.take() == publish("t", b"1", 1) + publish("t", b"2", 2) + DISCONNECT
    assert app.peer.close_code == NORMAL


@pytest.mark.parametrize("taken", range(1, 15))
def test_nothing_follows_a_half_frame(taken):
    app = WebSocketApp().connect()
    limits = iter([taken, 0])
    app.peer.accept_limit = lambda: next(limits, 0)
    app.publish(b"message")
    assert len(app.peer.half) == taken
    assert nxd_mqtt_client_disconnect(app.client) == NXD_MQTT_SUCCESS
    assert len(app.peer.half) == taken
    assert app.peer.close_code is None
    assert app.all_closed()


@pytest.mark.parametrize("taken", range(9))
def test_a_goodbye_that_is_not_taken_whole(taken):
    """DISCONNECT has gone, of CLOSE a part."""
    app = WebSocketApp().connect()
    limits = iter([None, taken])
    app.peer.accept_limit = lambda: next(limits, 0)
    assert nxd_mqtt_client_disconnect(app.client) == NXD_MQTT_SUCCESS
    assert app.peer.take() == DISCONNECT
    assert app.peer.close_code == (NORMAL if taken == 8 else None)
    assert app.all_closed()


def test_a_link_to_nobody_is_left_without_a_word():
    app = WebSocketApp().connect()
    app.peer.accept_limit = 0
    assert nxd_mqtt_client_disconnect(app.client) == NXD_MQTT_SUCCESS
    assert app.peer.half == b""
    assert app.all_closed()
    app.connect()


def test_the_end_of_a_deaf_link_is_noticed():
    app = WebSocketApp().connect(keepalive=60)
    app.peer.vanish()
    while app.state == CONNECTED:
        app.poll(1000)
    assert app.reason() == ("session", NXD_MQTT_COMMUNICATION_FAILURE)
    assert app.clock.elapsed <= 60_000 + 10_000


# --- keepalive, and links that end ---------------------------------------------------------------


def test_a_pingreq_goes_out_in_time_and_its_answer_is_seen():
    app = WebSocketApp().connect(keepalive=60)
    for count in range(1, 5):
        app.clock.advance(54_999)
        app.poll()
        assert app.peer.received.count(PINGREQ) == count - 1
        app.clock.advance(1)
        app.poll()
        assert app.peer.received.endswith(PINGREQ)
        app.peer.send(PINGRESP)
        assert app.poll() == NXD_MQTT_SUCCESS
    app.clock.advance(55_000)
    app.poll()
    app.clock.advance(10_000)
    assert app.poll() == NXD_MQTT_COMMUNICATION_FAILURE
    assert app.client.reason[2] == "no PINGRESP in time"


def test_a_ping_of_websocket_is_no_answer_to_a_pingreq():
    app = WebSocketApp().connect(keepalive=60)
    app.clock.advance(55_000)
    app.poll()
    for _ in range(20):
        app.clock.advance(500)
        app.peer.raw(frame(b"I am here", PING))
        app.poll()
    assert app.state == IDLE


def test_a_wait_ends_when_a_message_comes_and_not_before():
    app = WebSocketApp().connect()
    app.clock.later(1500, lambda: app.peer.send(publish("t", b"m")))
    waits = len(app.sockets.waits)
    assert app.poll(1000) == NXD_MQTT_SUCCESS
    assert app.messages() == [b"m"]
    assert app.clock.elapsed == 1500
    assert len(app.sockets.waits) == waits + 1


def test_a_wait_is_not_ended_by_frames_without_data_for_long():
    app = WebSocketApp().connect()
    for at in range(1, 10):
        app.clock.later(100 * at, lambda: app.peer.raw(frame(b"?", PING)))
    polls = 0
    while app.clock.elapsed < 2000:
        app.poll(200)
        polls += 1
    assert polls < 40
    assert len(app.peer.pongs) == 9


@pytest.mark.parametrize("taken", range(1, 14))
def test_qos_1_whose_frame_was_cut_is_sent_again_with_dup(taken):
    app = WebSocketApp().connect(clean=0)
    limits = iter([taken, 0])
    app.peer.accept_limit = lambda: next(limits, 0)
    assert app.publish(b"message") == NXD_MQTT_SUCCESS
    assert len(app.peer.half) == taken
    app.peer.reset()
    app.polls(2)
    app.connect(clean=0)
    app.poll()
    assert app.followed + app.peer.take() == publish("t", b"message", 1, flags=0x0A)


def test_the_first_frame_of_the_next_link_is_connect():
    app = WebSocketApp().connect(clean=0)
    app.peer.accept_limit = 0
    app.publish(b"message")
    app.peer.raw(frame(b"?", PING))
    app.poll()
    app.peer.reset()
    app.polls(2)
    app.connect(clean=0)
    assert app.peer.data_frames()[0] == connect_packet("me", 0, 0)
    assert app.peer.pongs == []
