# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Connecting, with a wait and without: who is told what and when, and how long it may take."""

import pytest
from client_bench import CONNECTED, CONNECTING, IDLE, App
from doubles.platform import Platform
from doubles.script import CONNACK, CONNACK_PRESENT, publish
from doubles.script import connect as connect_packet
from doubles.trials import PORT, every
from session_bench import connect_bytes

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *

CONNECT_FAILURE = NXD_MQTT_CONNECT_FAILURE
COMMUNICATION_FAILURE = NXD_MQTT_COMMUNICATION_FAILURE


def accepting(answer=CONNACK, **named):
    """An application whose next connection is accepted."""
    app = App(**named)
    app.script.accept().expect(connect_packet("me")).send(answer)
    return app


# --- success -------------------------------------------------------------------------------------


@every(where=lambda row: not row.tls)
def test_connecting_with_a_wait(dialect):
    app = accepting(dialect=dialect)
    assert app.start(wait=500) == NXD_MQTT_SUCCESS
    assert app.state == CONNECTED
    assert app.told == [("connect", NXD_MQTT_SUCCESS)]
    assert app.start(wait=500) == NXD_MQTT_ALREADY_CONNECTED
    assert app.poll() == NXD_MQTT_SUCCESS
    app.script.check()


@every(where=lambda row: not row.tls)
def test_connecting_without_a_wait(dialect):
    app = accepting(dialect=dialect)
    assert app.start() == NX_IN_PROGRESS
    assert app.sockets.calls == []
    assert app.polls(4) == [NXD_MQTT_SUCCESS]
    assert app.state == CONNECTED
    assert app.told == [("connect", NXD_MQTT_SUCCESS)]
    app.script.check()


def test_the_poll_that_opens_is_the_only_one_that_blocks():
    app = accepting()
    app.sockets.lookup_takes = 70
    app.sockets.connect_takes = 400
    app.start()
    assert app.clock.elapsed == 0
    app.poll()
    assert app.clock.elapsed == 470
    app.polls(5)
    assert app.clock.elapsed == 470
    assert app.state == CONNECTED


@pytest.mark.parametrize("present", (0, 1))
def test_session_present(present):
    app = App()
    app.connect(clean=0, answer=CONNACK_PRESENT if present else CONNACK)
    assert app.client.session_present == present


def test_what_follows_the_connack_is_handled_by_the_next_poll_at_the_latest():
    app = accepting(CONNACK + publish("t", b"1"))
    app.start(wait=500)
    app.poll()
    assert app.messages() == [b"1"]


def test_connack_in_pieces():
    app = App()
    app.script.expect(connect_packet("me")).send(CONNACK, pieces=1)
    assert app.start(wait=500) == NXD_MQTT_SUCCESS


def test_connect_that_is_taken_in_pieces():
    app = App()
    app.script.call(lambda peer: setattr(peer, "accept_limit", 1))
    app.script.expect(connect_packet("me")).send(CONNACK)
    assert app.start(wait=500) == NXD_MQTT_SUCCESS


def test_a_link_that_ends_right_behind_its_connack():
    app = accepting()
    app.script.close()
    assert app.start(wait=500) == NXD_MQTT_SUCCESS
    found = app.polls(3)
    assert app.told == [("connect", NXD_MQTT_SUCCESS), ("disconnect", COMMUNICATION_FAILURE)]
    assert found in ([COMMUNICATION_FAILURE, NXD_MQTT_NOT_CONNECTED], [NXD_MQTT_NOT_CONNECTED])


# --- deadlines -----------------------------------------------------------------------------------


@pytest.mark.parametrize("wait", (1, 50, 499))
def test_a_wait_bounds_all_of_it_where_nobody_answers(wait):
    app = App()
    app.sockets.listen(PORT, None)
    assert app.start(wait) == CONNECT_FAILURE
    assert app.clock.elapsed == wait * 10
    assert app.all_closed()


@pytest.mark.parametrize("wait", (1, 50, 999))
def test_a_wait_bounds_all_of_it_where_the_broker_is_silent(wait):
    app = App()
    app.script.expect(connect_packet("me"))
    assert app.start(wait) == COMMUNICATION_FAILURE
    assert app.clock.elapsed == wait * 10
    assert app.client.reason[0] == "connack"
    assert app.all_closed()


def test_a_wait_is_one_budget():
    app = App()
    app.sockets.connect_takes = 800
    app.script.expect(connect_packet("me"))
    assert app.start(100) == COMMUNICATION_FAILURE
    assert app.clock.elapsed == 1000


@pytest.mark.parametrize("wait", (0, 6000, NX_WAIT_FOREVER))
def test_a_connect_step_takes_five_seconds_at_most(wait):
    app = App()
    app.sockets.listen(PORT, None)
    app.start(wait)
    app.poll()
    assert app.clock.elapsed == 5000
    assert app.state == IDLE


@pytest.mark.parametrize("wait", (0, 6000, NX_WAIT_FOREVER))
def test_a_connack_takes_ten_seconds_at_most(wait):
    app = App()
    app.script.expect(connect_packet("me"))
    app.start(wait)
    while app.state == CONNECTING:
        app.poll(NX_WAIT_FOREVER)
    assert app.clock.elapsed == 10_000
    assert app.client.reason[:2] == ("connack", COMMUNICATION_FAILURE)


def test_limits_that_are_set():
    app = App()
    nxd_mqtt_client_timeout_set(app.client, NXD_MQTT_TIMEOUT_CONNECT, 20)
    nxd_mqtt_client_timeout_set(app.client, NXD_MQTT_TIMEOUT_CONNACK, 30)
    app.sockets.listen(PORT, None)
    assert app.start(NX_WAIT_FOREVER) == CONNECT_FAILURE
    assert app.clock.elapsed == 200
    app.sockets.listen(PORT, app.script)
    app.script.expect(connect_packet("me"))
    assert app.start(NX_WAIT_FOREVER) == COMMUNICATION_FAILURE
    assert app.clock.elapsed == 500


def test_limits_that_are_switched_off():
    app = App()
    nxd_mqtt_client_timeout_set(app.client, NXD_MQTT_TIMEOUT_CONNECT, NX_WAIT_FOREVER)
    nxd_mqtt_client_timeout_set(app.client, NXD_MQTT_TIMEOUT_CONNACK, 0)
    app.sockets.connect_takes = 100_000
    app.script.expect(connect_packet("me")).wait(100_000).send(CONNACK)
    assert app.start(NX_WAIT_FOREVER) == NXD_MQTT_SUCCESS
    assert app.clock.elapsed == 200_000


@pytest.mark.parametrize("wait", (0, 500))
def test_a_network_that_is_down_costs_no_time(wait):
    app = App(ip=Platform(link_up=lambda: False))
    app.start(wait)
    app.poll()
    assert app.clock.elapsed == 0
    assert app.client.reason[:2] == ("dns", CONNECT_FAILURE)
    assert app.sockets.calls == []


def test_link_up_is_asked_before_each_attempt():
    asked = []
    app = App(ip=Platform(link_up=lambda: asked.append(1) or len(asked) > 1))
    assert app.start(500) == CONNECT_FAILURE
    app.connect()
    assert len(asked) == 2


def test_link_up_that_raises_passes_through():
    def lost():
        raise ValueError("no radio")

    app = App(ip=Platform(link_up=lost))
    with pytest.raises(ValueError):
        app.start(500)
    assert app.state == IDLE
    app.ip.link_up = None
    app.connect()


def test_a_broker_that_never_reads():
    app = App()
    app.script.stall()
    assert app.start(100) == COMMUNICATION_FAILURE
    assert app.clock.elapsed == 1000


# --- login ---------------------------------------------------------------------------------------


def test_callables_are_asked_before_every_connect():
    app = App()
    tokens = iter(("first", b"second"))
    assert nxd_mqtt_client_login_set(app.client, "joe", lambda: next(tokens)) == NXD_MQTT_SUCCESS
    for token in (b"first", b"second"):
        wanted = connect_bytes(0xC2, 0, b"me", b"joe", token)
        app.script.accept().expect(wanted).send(CONNACK)
        assert app.start(500) == NXD_MQTT_SUCCESS
        nxd_mqtt_client_disconnect(app.client)
    assert next(tokens, None) is None


def test_a_callable_is_not_asked_before_it_is_needed():
    app = App(ip=Platform(link_up=lambda: False))
    asked = []
    nxd_mqtt_client_login_set(app.client, lambda: asked.append("name"), lambda: None)
    app.start()
    assert asked == []


def test_callables_may_have_nothing_to_say():
    app = accepting()
    app.script._planned[0][0] = ("expect", list(connect_bytes(0x02, 0, b"me")))
    nxd_mqtt_client_login_set(app.client, lambda: None, lambda: "never sent without a name")
    assert app.start(500) == NXD_MQTT_SUCCESS


@pytest.mark.parametrize("wait", (0, 500))
@pytest.mark.parametrize("which", (0, 1))
def test_a_callable_that_raises(which, wait):
    def failing():
        raise KeyError("the token service is away")

    app = App()
    login = ["joe", "word"]
    login[which] = failing
    nxd_mqtt_client_login_set(app.client, *login)
    with pytest.raises(KeyError):
        app.start(wait)
        app.poll()
    assert app.state == IDLE
    assert app.client.reason[:2] == ("call", CONNECT_FAILURE)
    assert app.all_closed()
    app.polls(3)
    assert app.heard("connect") == ([] if wait else [(CONNECT_FAILURE,)])
    nxd_mqtt_client_login_set(app.client, None, None)
    app.connect()


@pytest.mark.parametrize("wait", (0, 500))
@pytest.mark.parametrize("answer", (5, "a\0b", bytes(70_000)))
def test_a_callable_that_answers_nonsense(answer, wait):
    app = App()
    nxd_mqtt_client_login_set(app.client, lambda: answer, None)
    app.start(wait)
    app.polls(2)
    assert app.state == IDLE
    assert app.client.reason[1] == NXD_MQTT_INVALID_PARAMETER
    assert app.all_closed()


def test_a_secret_is_nowhere_to_be_read():
    app = App()
    nxd_mqtt_client_login_set(app.client, "joe", "s3cret")
    app.script.accept().expect(connect_bytes(0xC2, 0, b"me", b"joe", b"s3cret"))
    app.script.send(b"\x20\x02\x00\x04")
    assert app.start(500) == NXD_MQTT_ERROR_BAD_USERNAME_PASSWORD
    assert "s3cret" not in repr(app.client) + repr(app.client.reason)
    nxd_mqtt_client_login_set(app.client, lambda: "joe", lambda: "s3cret" * 20)
    app.start(500)
    assert "s3cret" not in repr(app.client.reason)


def test_states_of_an_attempt():
    app = accepting()
    assert app.state == IDLE
    app.start()
    assert app.state == CONNECTING
    assert app.start() == NXD_MQTT_CONNECTING
    assert app.publish() == NXD_MQTT_NOT_CONNECTED
    assert nxd_mqtt_client_subscribe(app.client, "t", 0) == NXD_MQTT_NOT_CONNECTED
    app.polls(3)
    assert app.state == CONNECTED
