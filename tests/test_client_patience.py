# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""An application that is away for a while, or does several things at once, loses nothing by it."""

import threading

import pytest
from client_bench import CONNECTED, IDLE, App
from doubles.platform import Platform
from doubles.script import CONNACK, CONNACK_UNAVAILABLE, PINGRESP, puback, publish, suback
from doubles.script import connect as connect_packet

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *


def subscribed(app):
    nxd_mqtt_client_subscribe(app.client, "a", 1)
    app.peer.send(suback(1, 1))


def published(app):
    nxd_mqtt_client_timeout_set(app.client, NXD_MQTT_TIMEOUT_PUBACK, 500)
    app.publish()
    app.peer.send(puback(1))


def pinged(app):
    app.clock.advance(30_000)
    app.poll()
    app.peer.send(PINGRESP)


@pytest.mark.parametrize("ask", [subscribed, published, pinged])
def test_an_answer_that_waits_in_the_socket_is_not_late(ask):
    app = App().connect(keepalive=30)
    ask(app)
    app.clock.advance(12_000)
    assert app.polls(3) == [NXD_MQTT_SUCCESS]
    assert app.state == CONNECTED


def test_a_connack_that_waits_in_the_socket_is_not_late():
    app = App()
    app.script.accept().expect(connect_packet("me")).send(CONNACK)
    app.start()
    app.poll()
    app.clock.advance(12_000)
    assert app.polls(3) == [NXD_MQTT_SUCCESS]
    assert app.state == CONNECTED


def test_a_missing_answer_is_late_all_the_same():
    app = App().connect()
    nxd_mqtt_client_subscribe(app.client, "a", 1)
    app.clock.advance(12_000)
    assert app.poll() == NXD_MQTT_COMMUNICATION_FAILURE


def test_a_message_that_no_link_has_taken_outlives_a_refusal_and_a_clean_session():
    app = App().connect(clean=0)
    app.peer.accept_limit = 0
    assert app.publish() == NXD_MQTT_SUCCESS
    app.peer.reset()
    app.polls(2)
    app.script.accept().expect(connect_packet("me", 0, 0)).send(CONNACK_UNAVAILABLE)
    assert app.start(500, clean=0) != NXD_MQTT_SUCCESS
    app.connect()
    app.polls(2)
    assert app.followed + app.peer.take() == publish("t", b"m", 1)


def test_what_the_next_link_brings_is_not_released_with_the_last_one():
    app = App().connect()

    def inside():
        app.doing.clear()
        nxd_mqtt_client_disconnect(app.client)
        accepting = app.script.accept().expect(connect_packet("me"))
        accepting.send(CONNACK + publish("t", b"new", 7))
        app.start()
        app.polls(5)

    app.doing["receive"] = inside
    app.peer.send(publish("t", b"old"))
    app.polls(5)
    assert b"new" in app.messages()
    assert len(app.heard("disconnect")) == 1


def test_deleting_a_client_whose_callback_has_connected_again_leaves_nothing_open():
    app = App().connect()

    def again():
        app.doing.clear()
        app.script.accept().expect(connect_packet("me")).send(CONNACK)
        app.start()
        app.polls(3)

    app.doing["disconnect"] = again
    assert nxd_mqtt_client_delete(app.client) == NXD_MQTT_SUCCESS
    assert app.all_closed()


def test_acknowledgements_that_wait_to_be_told_are_not_late():
    app = App(depth=40).connect(keepalive=20)
    app.answer_pings()

    def inside():
        app.doing.clear()
        for _ in range(60):
            app.clock.advance(1000)
            app.poll()

    app.doing["acknowledge"] = inside
    for _ in range(30):
        app.publish()
    app.peer.send(b"".join(puback(number) for number in range(1, 31)))
    assert app.polls(10) == [NXD_MQTT_SUCCESS]
    assert app.state == CONNECTED
    assert len(app.heard("acknowledge")) == 30


def test_what_a_raising_callback_has_left_behind_is_taken_up_at_once():
    app = App().connect()

    def fail():
        app.doing.clear()
        raise KeyError("the application's own")

    app.doing["receive"] = fail
    app.peer.send(publish("t", b"1") + publish("t", b"2") + publish("t", b"3"))
    with pytest.raises(KeyError):
        app.polls(5)
    assert nxd_mqtt_client_deadline_get(app.client) == (NXD_MQTT_SUCCESS, 0)
    app.poll(1000)
    assert app.messages() == [b"1", b"2", b"3"]


@pytest.mark.parametrize("host", ["a..b", "x" * 64, "\ud800"])
def test_a_host_that_is_no_name_is_a_status(host):
    import socket

    ip = NX_IP()
    assert nx_ip_create(ip, "ip", socket_pool=socket) == NX_SUCCESS
    app = App(ip=Platform())
    app.client._ip = ip
    assert app.start(100, host=host) == NXD_MQTT_CONNECT_FAILURE
    assert app.client.reason[0] == "dns"
    assert app.state == IDLE


def test_a_lock_that_would_deadlock_is_refused():
    pool = Platform().sockets
    assert nx_ip_create(NX_IP(), "ip", socket_pool=pool, lock=threading.Lock()) == NX_PTR_ERROR
    assert nx_ip_create(NX_IP(), "ip", socket_pool=pool, lock=threading.RLock()) == NX_SUCCESS
