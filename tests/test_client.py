# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A client's link begins and ends in every possible way, and each end is told once."""

import adafruit_connection_manager as connection_manager
import pytest
from client_bench import CONNECTED, CONNECTING, IDLE, App
from doubles.clock import Clock
from doubles.dialects import StackError
from doubles.platform import Platform
from doubles.script import CONNACK, PINGREQ, publish, suback
from doubles.script import connect as connect_packet
from doubles.trials import PORT
from loopback import Listener, real_client
from radio_platform import RadioPlatform

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *

NOT_CONNECTED = NXD_MQTT_NOT_CONNECTED
COMMUNICATION_FAILURE = NXD_MQTT_COMMUNICATION_FAILURE
CONNECT_FAILURE = NXD_MQTT_CONNECT_FAILURE
SERVER_MESSAGE_FAILURE = NXD_MQTT_SERVER_MESSAGE_FAILURE
INVALID_PACKET = NXD_MQTT_INVALID_PACKET

# --- the ways a link can end: each sets the scene; polls then find the end ------------------------


def goodbye(app):
    app.peer.close()


def reset(app):
    app.peer.reset()


def error_of_the_stack(app):
    app.sockets.fail("recv_into", StackError(5, "a number"))


def runtime_error_of_the_stack(app):
    app.sockets.fail("recv_into", RuntimeError("The socket has been closed."))


def send_that_fails(app):
    app.sockets.fail("send", StackError(104, "a number"))
    app.publish()


def malformed_packet(app):
    app.peer.send(b"\xf0\x00")


def malformed_packet_behind_good_ones(app):
    app.peer.send(publish("t", b"1") + publish("t", b"2", 0))


def second_connack(app):
    app.peer.send(CONNACK)


def suback_unasked(app):
    app.peer.send(suback(1, 0))


def silence_after_ping(app):
    app.clock.advance(7500)
    app.poll()
    app.clock.advance(10_000)


def silence_after_subscribe(app):
    nxd_mqtt_client_subscribe(app.client, "t", 1)
    app.clock.advance(10_000)


def silence_after_unsubscribe(app):
    nxd_mqtt_client_unsubscribe(app.client, "t")
    app.clock.advance(10_000)


def silence_after_publish(app):
    nxd_mqtt_client_timeout_set(app.client, NXD_MQTT_TIMEOUT_PUBACK, 300)
    app.publish()
    app.clock.advance(3000)


def clock_that_jumps(app):
    app.clock.elapsed += 2**27 + 1


WAYS = (
    (goodbye, COMMUNICATION_FAILURE),
    (reset, COMMUNICATION_FAILURE),
    (error_of_the_stack, COMMUNICATION_FAILURE),
    (runtime_error_of_the_stack, COMMUNICATION_FAILURE),
    (send_that_fails, COMMUNICATION_FAILURE),
    (malformed_packet, INVALID_PACKET),
    (malformed_packet_behind_good_ones, INVALID_PACKET),
    (second_connack, INVALID_PACKET),
    (suback_unasked, INVALID_PACKET),
    (silence_after_ping, COMMUNICATION_FAILURE),
    (silence_after_subscribe, COMMUNICATION_FAILURE),
    (silence_after_unsubscribe, COMMUNICATION_FAILURE),
    (silence_after_publish, COMMUNICATION_FAILURE),
    (clock_that_jumps, COMMUNICATION_FAILURE),
)
every_way = pytest.mark.parametrize(("way", "status"), WAYS, ids=[way.__name__ for way, _ in WAYS])


@every_way
def test_an_end_is_told_once_with_its_reason(way, status):
    app = App().connect(keepalive=10)
    way(app)
    assert app.polls(5) == [status, NOT_CONNECTED]
    assert app.heard("disconnect") == [(status,)]
    assert app.heard("connect") == []
    stage, number, cause = app.client.reason
    assert (stage, number) == ("session", status)
    assert str(cause)
    assert app.state == IDLE
    assert app.all_closed()


@every_way
def test_after_an_end_a_new_link_is_as_good_as_the_first(way, status):
    app = App().connect(keepalive=10)
    app.peer.send(b"\x30\x20")  # the beginning of a packet that never goes on
    app.poll()
    way(app)
    app.polls(3)
    app.connect(keepalive=10, clean=1)
    assert app.sockets.opened == 2
    app.peer.send(publish("t", b"fresh"))
    assert app.polls(3) == [NXD_MQTT_SUCCESS]
    assert app.messages()[-1:] == [b"fresh"]
    assert app.publish(quality=0) == NXD_MQTT_SUCCESS
    assert app.peer.take() == publish("t", b"m")


@every_way
def test_unread_messages_survive_a_lost_link(way, status):
    app = App().connect(keepalive=10)
    app.peer.send(publish("t", b"kept"))
    app.poll()
    way(app)
    app.polls(3)
    assert app.messages()[:1] == [b"kept"]


def test_messages_that_came_before_a_goodbye_are_not_lost():
    app = App().connect()
    app.peer.send(publish("t", b"1") + publish("t", b"2"))
    app.peer.close()
    assert app.polls(3) == [COMMUNICATION_FAILURE, NOT_CONNECTED]
    assert [what[0] for what in app.told] == ["receive", "receive", "disconnect"]
    assert app.messages() == [b"1", b"2"]


def test_the_application_s_own_disconnect():
    app = App().connect()
    app.peer.send(publish("t", b"unread"))
    app.poll()
    app.doing["disconnect"] = lambda: app.told.append(app.get())
    assert nxd_mqtt_client_disconnect(app.client) == NXD_MQTT_SUCCESS
    assert app.told == [("receive", 1), ("disconnect", NXD_MQTT_SUCCESS), b"unread"]
    assert app.peer.take() == b"\xe0\x00"
    assert app.polls(3) == [NOT_CONNECTED]
    assert nxd_mqtt_client_disconnect(app.client) == NXD_MQTT_SUCCESS
    assert app.heard("disconnect") == [(NXD_MQTT_SUCCESS,)]
    assert app.all_closed()


def test_a_disconnect_lets_go_of_unread_messages_on_and_off_line():
    app = App().connect()
    app.peer.send(publish("t", b"1"))
    app.poll()
    nxd_mqtt_client_disconnect(app.client)
    assert app.messages() == []
    app.connect()
    app.peer.send(publish("t", b"2"))
    app.peer.close()
    app.poll()
    assert app.statistics["unread"] == 1
    nxd_mqtt_client_disconnect(app.client)
    assert app.messages() == []


def test_a_disconnect_sends_what_was_accepted_first():
    app = App().connect()
    app.peer.accept_limit = 0
    app.publish(b"1", 0)
    app.peer.accept_limit = None
    nxd_mqtt_client_disconnect(app.client)
    assert app.peer.take() == publish("t", b"1") + b"\xe0\x00"


def test_no_disconnect_packet_inside_another():
    app = App().connect()
    app.peer.accept_limit = iter([3, 0, 0, 0]).__next__
    app.publish(b"1", 0)
    nxd_mqtt_client_disconnect(app.client)
    assert app.peer.take() == publish("t", b"1")[:3]
    assert app.peer.closed_by_client
    assert app.heard("disconnect") == [(NXD_MQTT_SUCCESS,)]


def test_a_disconnect_on_a_link_that_is_broken_already():
    app = App().connect()
    app.sockets.fail("send", StackError(104, "a number"))
    nxd_mqtt_client_disconnect(app.client)
    assert len(app.heard("disconnect")) == 1
    assert app.polls(3) == [NOT_CONNECTED]
    assert app.all_closed()


def test_delete_ends_a_link_in_order():
    app = App().connect()
    assert nxd_mqtt_client_delete(app.client) == NXD_MQTT_SUCCESS
    assert app.peer.take() == b"\xe0\x00"
    assert app.heard("disconnect") == [(NXD_MQTT_SUCCESS,)]
    assert app.state == 0
    assert app.all_closed()
    app.create()
    app.connect()


def test_a_socket_that_fails_to_close_is_none_of_the_application_s_business():
    app = App().connect()
    app.sockets.fail("close", StackError(9, "a number"))
    app.peer.close()
    assert app.polls(3) == [COMMUNICATION_FAILURE, NOT_CONNECTED]
    assert len(app.heard("disconnect")) == 1


@pytest.mark.parametrize("verb", ("recv_into", "send", "close"))
@pytest.mark.parametrize("error", (RuntimeError("pystack exhausted"), MemoryError()), ids=repr)
def test_an_exhausted_interpreter_passes_through_and_the_client_goes_on(verb, error):
    app = App().connect(keepalive=10)
    app.sockets.fail(verb, error)
    app.clock.advance(7500)  # PINGREQ is due
    app.peer.send(b"\xd0\x00")
    if verb == "close":
        app.peer.close()
    with pytest.raises(type(error)) as caught:
        app.polls(2)
    assert caught.value is error
    app.peer.close()
    app.polls(3)
    assert app.state == IDLE
    assert len(app.heard("disconnect")) == 1
    assert app.all_closed()
    app.connect()


@pytest.mark.parametrize("forget", (False, True))
@pytest.mark.parametrize("wait", (0, 100))
def test_somebody_closes_all_sockets_of_the_radio(wait, forget):
    app = App(ip=RadioPlatform()).connect(keepalive=10)
    app.ip.close_all(forget)
    assert app.poll(wait) == COMMUNICATION_FAILURE
    assert app.poll(wait) == NOT_CONNECTED
    assert app.heard("disconnect") == [(COMMUNICATION_FAILURE,)]
    app.connect(keepalive=10)
    assert (app.sockets.open_now, app.ip.manager.managed_socket_count) == (1, 1)


@pytest.mark.parametrize("wait", (0, 20))
def test_somebody_closes_all_sockets_of_the_desktop(wait):
    with Listener() as listener:
        client, peer = real_client(listener, radio=connection_manager.CPythonNetwork())
        with peer:
            connection_manager.connection_manager_close_all()
            assert peer.recv(8) == b""
            assert nxd_mqtt_client_poll(client, wait) == COMMUNICATION_FAILURE
            assert nxd_mqtt_client_poll(client) == NOT_CONNECTED


@pytest.mark.parametrize("call", ("publish", "subscribe", "disconnect", "delete"))
def test_calls_after_somebody_has_closed_all_sockets(call):
    app = App(ip=RadioPlatform()).connect()
    app.ip.close_all()
    if call == "publish":
        assert app.publish(quality=0) == COMMUNICATION_FAILURE
    elif call == "subscribe":
        nxd_mqtt_client_subscribe(app.client, "t", 1)
    elif call == "disconnect":
        nxd_mqtt_client_disconnect(app.client)
    else:
        nxd_mqtt_client_delete(app.client)
    if call != "delete":
        app.polls(3)
    assert len(app.heard("disconnect")) == 1
    assert app.sockets.open_now == 0


# --- attempts that fail --------------------------------------------------------------------------


def refused_port(app):
    app.sockets.refuse(PORT)


def nobody_answers(app):
    app.sockets.listen(PORT, None)


def unknown_host(app):
    app.sockets.hosts.clear()


def network_down(app):
    app.ip.link_up = lambda: False


def broker_refuses(app):
    app.script.expect(connect_packet("me")).send(b"\x20\x02\x00\x05")


def broker_says_nothing(app):
    app.script.expect(connect_packet("me"))


def broker_closes(app):
    app.script.expect(connect_packet("me")).close()


def broker_resets(app):
    app.script.reset()


def no_broker_at_all(app):
    app.script.expect(connect_packet("me")).send(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def message_first(app):
    app.script.expect(connect_packet("me")).send(publish("t", b"early"))


def connect_too_large(app):
    nxd_mqtt_client_login_set(app.client, "n" * 60, None)


# way; (stage, status) of the reason; what connect_notify is told; what a blocking call returns
FAILURES = (
    (refused_port, "tcp", CONNECT_FAILURE, CONNECT_FAILURE),
    (nobody_answers, "tcp", CONNECT_FAILURE, CONNECT_FAILURE),
    (unknown_host, "dns", CONNECT_FAILURE, CONNECT_FAILURE),
    (network_down, "dns", CONNECT_FAILURE, CONNECT_FAILURE),
    (broker_refuses, "connack", 0x10085, 0x10085),
    (broker_says_nothing, "connack", COMMUNICATION_FAILURE, CONNECT_FAILURE),
    (broker_closes, None, COMMUNICATION_FAILURE, CONNECT_FAILURE),
    (broker_resets, None, COMMUNICATION_FAILURE, CONNECT_FAILURE),
    (no_broker_at_all, "connack", SERVER_MESSAGE_FAILURE, SERVER_MESSAGE_FAILURE),
    (message_first, "connack", SERVER_MESSAGE_FAILURE, SERVER_MESSAGE_FAILURE),
    (connect_too_large, "connack", NXD_MQTT_PACKET_POOL_FAILURE, NXD_MQTT_PACKET_POOL_FAILURE),
)
every_failure = pytest.mark.parametrize(
    ("way", "stage", "status", "told"), FAILURES, ids=[row[0].__name__ for row in FAILURES]
)


@every_failure
def test_an_attempt_that_fails_is_told_once(way, stage, status, told):
    app = App()
    way(app)
    assert app.start() == NX_IN_PROGRESS
    assert app.state == CONNECTING
    assert app.sockets.calls == []
    found = []
    for _ in range(30):
        found.append(app.poll())
        app.clock.advance(1000)
    first = next(number for number in found if number != NXD_MQTT_SUCCESS)
    assert first == status
    assert set(found[found.index(first) + 1 :]) == {NOT_CONNECTED}
    assert app.told == [("connect", told)]
    assert app.client.reason[1] == status
    assert stage in (None, app.client.reason[0])
    assert app.state == IDLE
    assert app.all_closed()
    assert app.messages() == []


@every_failure
def test_a_blocking_call_returns_why_it_failed(way, stage, status, told):
    app = App()
    way(app)
    assert app.start(wait=3000) == status
    assert app.client.reason[1] == status
    assert app.state == IDLE
    assert app.all_closed()
    assert app.poll() == NOT_CONNECTED
    assert app.heard("disconnect") == []
    # A blocking caller is told by the status, and by the callback only what a CONNACK said.
    assert app.told == ([("connect", told)] if status >= SERVER_MESSAGE_FAILURE else [])


@every_failure
def test_the_next_attempt_succeeds(way, stage, status, told):
    app = App()
    way(app)
    app.start(wait=3000)
    app.ip.link_up = None
    app.sockets.hosts["broker.test"] = "192.0.2.10"
    nxd_mqtt_client_login_set(app.client, None, None)
    app.renew_script()
    app.connect()
    assert app.state == CONNECTED


def test_giving_up_an_attempt():
    app = App()
    broker_says_nothing(app)
    app.start()
    app.poll()
    assert app.start() == NXD_MQTT_CONNECTING
    assert nxd_mqtt_client_disconnect(app.client) == NXD_MQTT_SUCCESS
    assert app.told == [("connect", CONNECT_FAILURE)]
    assert app.peer.take() == connect_packet("me")
    assert app.all_closed()
    assert app.polls(2) == [NOT_CONNECTED]


def test_giving_up_an_attempt_that_has_not_begun():
    app = App()
    app.start()
    nxd_mqtt_client_disconnect(app.client)
    assert app.told == [("connect", CONNECT_FAILURE)]
    assert app.polls(2) == [NOT_CONNECTED]
    assert app.sockets.calls == []


def test_a_socket_that_cannot_be_set_up_is_closed():
    for error in (MemoryError(), RuntimeError("pystack exhausted"), StackError(9, "a number")):
        app = App()
        app.sockets.fail("settimeout", error, after=1)
        app.start()
        try:
            app.poll()
        except (MemoryError, RuntimeError) as passed:
            assert passed is error
        assert app.all_closed()
        assert app.state == IDLE
        app.poll()  # which tells what an exception has kept the last one from telling
        assert len(app.heard("connect")) == 1


@pytest.mark.parametrize("wait", (0, 500))
def test_an_interruption_while_opening_leaves_nothing_open(wait):
    app = App()
    app.sockets.fail("connect", KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        app.start(wait)
        app.poll()
    assert app.all_closed()
    assert app.state == IDLE
    app.connect()


def test_pings_are_answered_in_a_long_quiet_life():
    # The clock wraps on the way.
    app = App(ip=Platform(Clock(2**29 - 100_000))).connect(keepalive=60)
    app.answer_pings()
    while app.clock.elapsed < 3_600_000:
        assert app.poll(NX_WAIT_FOREVER) == NXD_MQTT_SUCCESS
    assert 60 <= app.peer.received.count(PINGREQ) <= 70
