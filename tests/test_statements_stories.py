# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The statements that take more than one packet: order, identifiers, time, links that are lost."""

import pytest
from client_bench import CONNECTED as STATE_CONNECTED
from client_bench import CONNECTING, IDLE, App
from doubles.dialects import ALL
from doubles.script import (
    CONNACK,
    CONNACK_PRESENT,
    DISCONNECT,
    PINGREQ,
    puback,
    publish,
    suback,
    unsuback,
)
from doubles.script import connect as connect_packet
from doubles.websocket_peer import BINARY, TEXT, answer, except_for, fields_of, frame
from netx_frame import set_next_packet_id
from websocket_bench import ERROR, VIOLATION, WebSocketApp

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *

OVERDUE = NXD_MQTT_COMMUNICATION_FAILURE
LIMIT = 10_000
AGAIN = 0x0A  # the header flags of QoS 1 with DUP


def lose(app):
    """The link ends without a word."""
    app.peer.reset(discard=True)
    assert app.poll() == NXD_MQTT_COMMUNICATION_FAILURE
    assert app.state == IDLE


# --- connecting --------------------------------------------------------------------------------


def test_connect_is_the_first_packet():
    app = App()
    app.script.accept()
    assert app.start() == NX_IN_PROGRESS
    for _ in range(2):
        assert app.publish() == NXD_MQTT_NOT_CONNECTED
        assert app.publish(quality=0) == NXD_MQTT_NOT_CONNECTED
        assert nxd_mqtt_client_subscribe(app.client, "t", 1) == NXD_MQTT_NOT_CONNECTED
        assert app.poll() == NXD_MQTT_SUCCESS
    assert app.state == CONNECTING
    assert app.peer.received == connect_packet("me")
    assert nxd_mqtt_client_disconnect(app.client) == NXD_MQTT_SUCCESS
    assert app.peer.received == connect_packet("me")
    assert app.peer.closed_by_client


def test_what_is_accepted_without_a_link_waits():
    app = App()
    assert nxd_mqtt_client_reconnect_set(app.client, 100, 1000) == NXD_MQTT_SUCCESS
    app.script.accept()
    app.start()
    assert app.publish(b"1") == NXD_MQTT_SUCCESS
    assert app.poll() == NXD_MQTT_SUCCESS
    assert app.publish(b"2") == NXD_MQTT_SUCCESS
    assert app.polls(3) == [NXD_MQTT_SUCCESS]
    assert app.peer.take() == connect_packet("me")
    app.peer.send(CONNACK)
    assert app.polls(3) == [NXD_MQTT_SUCCESS]
    assert app.peer.take() == publish("t", b"1", 1) + publish("t", b"2", 2)


def test_a_second_connect_is_not_sent():
    app = App()
    app.script.accept()
    app.start()
    assert app.poll() == NXD_MQTT_SUCCESS
    assert app.start() == NXD_MQTT_CONNECTING
    app.peer.send(CONNACK)
    assert app.poll() == NXD_MQTT_SUCCESS
    assert app.start() == NXD_MQTT_ALREADY_CONNECTED
    assert app.polls(3) == [NXD_MQTT_SUCCESS]
    assert app.peer.received == connect_packet("me")
    assert app.sockets.opened == 1


def test_a_password_alone_is_not_sent():
    app = App()
    assert nxd_mqtt_client_login_set(app.client, None, "secret") == NXD_MQTT_SUCCESS
    app.connect()
    assert app.peer.received == connect_packet("me")


@pytest.mark.parametrize("name", (b"\xff", b"a\0", "\ud800"))
def test_a_user_name_from_a_function_is_text(name):
    app = App()
    assert nxd_mqtt_client_login_set(app.client, lambda: name, None) == NXD_MQTT_SUCCESS
    app.script.accept()
    app.start()
    assert app.poll() == NXD_MQTT_INVALID_PARAMETER
    assert app.client.reason[:2] == ("call", NXD_MQTT_INVALID_PARAMETER)
    assert "user name" in app.client.reason[2]
    assert app.told == [("connect", NXD_MQTT_INVALID_PARAMETER)]
    assert all(not peer.received for peer in app.sockets.connections)
    assert app.all_closed()


def test_the_client_identifier_stays():
    app = App()
    for clean in (1, 0, 0, 1):
        app.connect(clean=clean)
        assert app.peer.received == connect_packet("me", 0, clean)
        assert nxd_mqtt_client_disconnect(app.client) == NXD_MQTT_SUCCESS


@pytest.mark.parametrize(("answer", "present"), ((CONNACK, 0), (CONNACK_PRESENT, 1)))
def test_session_present_is_shown(answer, present):
    app = App().connect(clean=0, answer=answer)
    assert app.client.session_present == present


# --- time --------------------------------------------------------------------------------------


@pytest.mark.parametrize("keepalive", (1, 2, 4, 20, 60, 3600, 65535))
def test_a_pingreq_goes_out_in_time(keepalive):
    app = App().connect(keepalive)
    app.answer_pings()
    silent_since = app.clock.elapsed
    pings = app.peer.received.count(PINGREQ)
    while pings < 3:
        assert app.poll(NX_WAIT_FOREVER) == NXD_MQTT_SUCCESS
        found = app.peer.received.count(PINGREQ)
        if found > pings:
            assert 0 < app.clock.elapsed - silent_since < keepalive * 1000
            silent_since, pings = app.clock.elapsed, found


def test_a_publish_counts_for_the_keepalive():
    app = App().connect(keepalive=60)
    for _ in range(5):
        app.clock.advance(50_000)
        app.peer.send(publish("t"))  # the server is heard, too
        assert app.publish(quality=0) == NXD_MQTT_SUCCESS
        assert app.poll() == NXD_MQTT_SUCCESS
    assert PINGREQ not in app.peer.take()
    app.clock.advance(59_000)
    app.poll()
    assert app.peer.take() == PINGREQ


def began(app):
    """CONNACK is awaited."""
    app.script.accept()
    app.start()


def subscribed(app):
    """SUBACK is awaited."""
    app.connect()
    assert nxd_mqtt_client_subscribe(app.client, "t", 1) == NXD_MQTT_SUCCESS


def unsubscribed(app):
    """UNSUBACK is awaited, and one for something else is none."""
    app.connect()
    assert nxd_mqtt_client_unsubscribe(app.client, "t") == NXD_MQTT_SUCCESS
    app.peer.send(unsuback(2))


def pinged(app):
    """PINGRESP is awaited."""
    app.connect(keepalive=3600)
    app.clock.advance(3_595_000)


AWAITED = {"CONNACK": began, "SUBACK": subscribed, "UNSUBACK": unsubscribed, "PINGRESP": pinged}


@pytest.mark.parametrize("answer", AWAITED)
def test_an_overdue_answer_ends_the_link(answer):
    app = App()
    AWAITED[answer](app)
    assert app.poll() == NXD_MQTT_SUCCESS
    app.clock.advance(LIMIT - 1)
    assert app.poll() == NXD_MQTT_SUCCESS
    app.clock.advance(1)
    assert app.poll() == OVERDUE
    assert app.client.reason[1:] == (OVERDUE, "no %s in time" % answer)
    wanted = (
        ("connect", NXD_MQTT_CONNECT_FAILURE) if answer == "CONNACK" else ("disconnect", OVERDUE)
    )
    assert app.told == [wanted]
    assert app.all_closed()


# --- links that are lost -------------------------------------------------------------------------


@pytest.mark.parametrize("answer", (CONNACK, CONNACK_PRESENT))
def test_what_is_unacknowledged_is_sent_again(answer):
    app = App().connect(clean=0)
    messages = (b"1", b"2", b"3", b"4")
    for message in messages:
        assert app.publish(message) == NXD_MQTT_SUCCESS
    app.peer.send(puback(2))
    assert app.poll() == NXD_MQTT_SUCCESS
    left = ((b"1", 1), (b"3", 3), (b"4", 4))
    for _ in range(3):
        lose(app)
        app.connect(clean=0, answer=answer)
        app.poll()
        sent = app.followed + app.peer.take()
        assert sent == b"".join(publish("t", message, number, AGAIN) for message, number in left)
    # New ones follow, without DUP.
    assert app.publish(b"5") == NXD_MQTT_SUCCESS
    assert app.peer.take() == publish("t", b"5", 5)
    app.peer.send(b"".join(puback(number) for number in (1, 3, 4, 5)))
    app.poll()
    lose(app)
    app.connect(clean=0, answer=answer)
    app.poll()
    assert app.followed + app.peer.take() == b""


def test_a_clean_session_forgets_what_was_sent():
    app = App().connect(clean=0)
    app.publish(b"1")
    lose(app)
    app.connect(clean=1)
    assert app.polls(3) == [NXD_MQTT_SUCCESS]
    assert app.followed + app.peer.take() == b""
    app.peer.send(puback(1))
    assert app.poll() == NXD_MQTT_SUCCESS
    assert app.told == []


def test_a_clean_session_owes_nothing_old():
    app = App().connect(clean=0)
    app.peer.accept_limit = 0
    # More than the output buffer takes: some PUBACKs are still owed when the link ends.
    app.peer.send(b"".join(publish("t", b"m", number) for number in range(1, 31)))
    assert app.polls(3) == [NXD_MQTT_SUCCESS]
    assert app.heard("receive")[-1] == (30,)
    lose(app)
    app.connect(clean=1)
    assert app.polls(3) == [NXD_MQTT_SUCCESS]
    assert app.followed + app.peer.take() == b""


# --- identifiers ---------------------------------------------------------------------------------


def test_after_identifier_65535_comes_1():
    app = App().connect()
    set_next_packet_id(app.client, 65534)
    numbers = []
    for _ in range(4):
        assert app.publish() == NXD_MQTT_SUCCESS
        numbers.append(app.client.packet_identifier)
    assert numbers == [65534, 65535, 1, 2]
    assert app.peer.take() == b"".join(publish("t", b"m", number) for number in numbers)


def test_an_identifier_in_use_is_skipped():
    app = App().connect()
    app.publish(b"1")
    assert nxd_mqtt_client_subscribe(app.client, "t", 1) == NXD_MQTT_SUCCESS
    assert nxd_mqtt_client_unsubscribe(app.client, "t") == NXD_MQTT_SUCCESS
    for number in (1, 2, 3):
        set_next_packet_id(app.client, number)
        app.publish(b"new")
        assert app.client.packet_identifier == 3 + number
    sent = app.peer.take()
    for number in (4, 5, 6):
        assert sent.count(publish("t", b"new", number)) == 1


def test_an_acknowledged_identifier_is_free():
    app = App().connect()
    app.publish()
    nxd_mqtt_client_subscribe(app.client, "t", 1)
    nxd_mqtt_client_unsubscribe(app.client, "t")
    app.peer.send(puback(1) + suback(2, 1) + unsuback(3))
    app.poll()
    set_next_packet_id(app.client, 1)
    for number in (1, 2, 3):
        app.publish()
        assert app.client.packet_identifier == number


def test_a_living_link_drops_and_repeats_nothing():
    app = App(depth=2).connect(keepalive=60, clean=0)
    app.answer_pings()
    app.publish(b"1")
    app.publish(b"2")
    sent = bytes(app.peer.received)
    end = app.clock.elapsed + 3_600_000
    while app.clock.elapsed < end:
        assert app.poll(NX_IP_PERIODIC_RATE * 100) == NXD_MQTT_SUCCESS
    assert app.peer.received.startswith(sent)
    assert not app.peer.received[len(sent) :].replace(PINGREQ, b"")
    # Both are there still: the store is full until the server acknowledges.
    assert app.publish(b"3") == NXD_MQTT_PACKET_POOL_FAILURE
    app.peer.send(puback(1))
    app.poll()
    assert app.publish(b"3") == NXD_MQTT_SUCCESS


# --- order ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", (NXD_MQTT_ACK_ON_QUEUE, NXD_MQTT_ACK_ON_GET))
def test_pubacks_keep_their_order(mode):
    app = App()
    assert nxd_mqtt_client_ack_mode_set(app.client, mode) == NXD_MQTT_SUCCESS
    app.connect()
    app.peer.accept_limit = 1  # a slow link
    numbers = (7, 3, 9, 1, 65535, 2)
    for number in numbers:
        app.peer.send(publish("t", b"m", number))
        assert app.poll() == NXD_MQTT_SUCCESS
    assert len(app.messages()) == len(numbers)
    assert app.polls(30) == [NXD_MQTT_SUCCESS]
    assert app.peer.take() == b"".join(puback(number) for number in numbers)


@pytest.mark.parametrize("taken", (None, 1, 5))
def test_disconnect_is_the_last_packet(taken):
    app = App().connect(clean=0)
    app.peer.accept_limit = 0
    for message in (b"1", b"2", b"3"):
        app.publish(message)
    app.peer.send(publish("t", b"m", 7))
    app.poll()
    app.peer.accept_limit = taken
    assert nxd_mqtt_client_disconnect(app.client) == NXD_MQTT_SUCCESS
    assert app.peer.closed_by_client
    assert app.all_closed()
    sent = app.peer.take()
    assert sent.endswith(DISCONNECT)
    assert sent.count(DISCONNECT) == 1
    assert app.publish() == NXD_MQTT_NOT_CONNECTED
    assert app.polls(3) == [NXD_MQTT_NOT_CONNECTED]
    assert app.peer.take() == b""


def test_a_topic_of_65535_bytes_is_sent():
    app = App(payload_size=66_000, depth=1).connect()
    topic = "t" * 65535
    assert nxd_mqtt_client_publish(app.client, topic, "m", 0, 0, 0) == NXD_MQTT_SUCCESS
    assert app.peer.take() == publish(topic, b"m")


# --- violations and errors -----------------------------------------------------------------------


def test_what_comes_before_a_violation_counts():
    app = App().connect()
    app.publish()
    app.peer.take()
    app.peer.send(puback(1) + publish("t", b"1", 7) + b"\xf0\0" + publish("t", b"2", 8))
    assert app.poll() == NXD_MQTT_INVALID_PACKET
    assert app.told == [
        ("acknowledge", 4, 1, None),
        ("receive", 1),
        ("disconnect", NXD_MQTT_INVALID_PACKET),
    ]
    assert app.messages() == [b"1"]
    # No word more: neither an acknowledgement nor a DISCONNECT.
    assert app.peer.take() == b""


def test_a_second_suback_ends_the_link():
    app = App().connect()
    assert nxd_mqtt_client_subscribe(app.client, "t", 1) == NXD_MQTT_SUCCESS
    app.peer.send(suback(1, 1) * 2)
    assert app.poll() == NXD_MQTT_INVALID_PACKET
    assert app.client.reason[2] == "SUBACK unasked"
    assert app.told == [("acknowledge", 9, 1, 1), ("disconnect", NXD_MQTT_INVALID_PACKET)]
    assert app.all_closed()


@pytest.mark.parametrize("error", (ConnectionResetError(104, "reset"), OSError(5, "broken")))
def test_a_failed_read_ends_the_link(error):
    app = App().connect()
    app.peer.send(publish("t", b"message")[:7])
    assert app.poll() == NXD_MQTT_SUCCESS
    app.sockets.fail("recv_into", error)
    app.peer.send(b"age")
    assert app.poll() == NXD_MQTT_COMMUNICATION_FAILURE
    assert app.told == [("disconnect", NXD_MQTT_COMMUNICATION_FAILURE)]
    assert app.messages() == []
    assert app.all_closed()


def test_a_full_queue_loses_nothing():
    app = App(queue=64).connect(keepalive=60)
    messages = [b"message %d" % number for number in range(12)]
    for number, message in enumerate(messages, 1):
        app.peer.send(publish("t", message, number))
    got = []
    while len(got) < len(messages):
        assert app.polls(3) == [NXD_MQTT_SUCCESS]
        app.clock.advance(20_000)
        got += app.messages()
    assert got == messages
    app.poll()
    sent = app.peer.take().replace(PINGREQ, b"")
    assert sent == b"".join(puback(number) for number in range(1, 13))


@pytest.mark.parametrize("pieces", (None, 1, 3))
@pytest.mark.parametrize("dialect", ALL, ids=str)
def test_every_stream_of_bytes_will_do(dialect, pieces):
    app = App(dialect=dialect)
    sent = connect_packet("me") + b"\x82\6\0\1\0\1t\1" + publish("t", b"up", 2)
    app.script.accept().expect(connect_packet("me")).send(CONNACK, pieces)
    app.script.expect(sent[len(connect_packet("me")) :]).send(
        suback(1, 1) + puback(2) + publish("t", b"down", 1), pieces
    )
    app.script.expect(puback(1) + DISCONNECT).expect_close()
    assert app.start(500) == NXD_MQTT_SUCCESS
    assert nxd_mqtt_client_subscribe(app.client, "t", 1) == NXD_MQTT_SUCCESS
    assert app.publish(b"up") == NXD_MQTT_SUCCESS
    for _ in range(30):
        assert app.poll() == NXD_MQTT_SUCCESS
    assert app.state == STATE_CONNECTED
    assert app.heard("acknowledge") == [(9, 1, 1), (4, 2, None)]
    assert app.messages() == [b"down"]
    assert nxd_mqtt_client_disconnect(app.client) == NXD_MQTT_SUCCESS
    app.script.check()
    assert app.all_closed()


# --- WebSocket -----------------------------------------------------------------------------------


def test_packets_travel_in_binary_frames():
    app = WebSocketApp().connect()
    app.publish(b"1")
    nxd_mqtt_client_subscribe(app.client, "t", 1)
    assert {one.opcode for one in app.peer.frames} == {BINARY}
    assert len(app.peer.frames) == 3


@pytest.mark.parametrize("opcode", (TEXT, 3, 7, 11, 15))
def test_a_frame_that_is_not_binary_ends_the_link(opcode):
    app = WebSocketApp().connect()
    app.peer.raw(frame(publish("t", b"m"), opcode))
    assert app.poll() == VIOLATION
    assert app.told == [("disconnect", VIOLATION)]
    assert app.messages() == []
    assert app.all_closed()


@pytest.mark.parametrize("size", (1, 2, 5, 11, 100))
def test_packets_begin_and_end_anywhere_in_frames(size):
    app = WebSocketApp().connect()
    messages = [b"%d" % number * number for number in range(9)]
    stream = b"".join(publish("t", message) for message in messages)
    app.peer.raw(b"".join(frame(stream[at : at + size]) for at in range(0, len(stream), size)))
    assert app.polls(20) == [NXD_MQTT_SUCCESS]
    assert app.messages() == messages


def test_the_subprotocol_mqtt_is_offered():
    app = WebSocketApp().connect()
    assert fields_of(app.peer.request)[b"sec-websocket-protocol"] == b"mqtt"
    assert app.peer.request.lower().count(b"protocol:") == 1


@pytest.mark.parametrize("selected", (None, "mqttv3.1", "MQTT", "chat", ""))
def test_another_subprotocol_ends_the_attempt(selected):
    app = WebSocketApp()
    app.serve(lambda end: None, response=answer(except_for(protocol=selected)))
    app.start()
    assert app.poll() == ERROR
    assert app.told == [("connect", ERROR)]
    assert app.peer.frames == []
    assert app.all_closed()
