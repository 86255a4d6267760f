# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A poll does a bounded piece of work; it sleeps when it is asked to, and only then."""

import time

import pytest
from client_bench import CONNECTED, App
from doubles.script import CONNACK, PINGREQ, PINGRESP, puback, publish
from doubles.script import connect as connect_packet
from doubles.sockets import READ, WRITE
from doubles.trials import every
from loopback import Listener, real_client

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *

BUDGET = 16
"""How many packets one poll may handle."""

every_plain = every(where=lambda row: not row.tls)


# --- without a wait ------------------------------------------------------------------------------


@every_plain
def test_a_poll_without_a_wait_never_blocks_and_takes_no_time(dialect):
    app = App(dialect=dialect).connect(keepalive=60)
    began = app.clock.elapsed
    for number in range(1, 200):
        if number % 3 == 0:
            app.peer.send(publish("t", b"data", number))
        if number % 4 == 0:
            app.publish(quality=number % 2)
        app.poll()
        app.messages()
    app.peer.close()
    app.polls(5)
    assert app.sockets.blocked == []
    assert app.sockets.waits == []
    assert app.clock.elapsed == began


@every_plain
def test_nothing_to_do(dialect):
    app = App(dialect=dialect).connect()
    before = len(app.sockets.calls)
    assert app.polls(100) == [NXD_MQTT_SUCCESS]
    assert app.sockets.blocked == []
    assert len(app.sockets.calls) - before <= 100


@every_plain
def test_a_peer_that_dribbles(dialect):
    app = App(dialect=dialect).connect()
    data = publish("topic", b"a payload of some length", 9)
    for at in range(len(data)):
        assert app.heard("receive") == []
        app.peer.send(data[at : at + 1])
        assert app.poll() == NXD_MQTT_SUCCESS
    assert app.heard("receive") == [(1,)]
    app.poll()
    assert app.peer.take() == puback(9)
    assert app.sockets.blocked == []
    assert app.clock.elapsed == 0


def test_a_link_that_takes_a_byte_at_a_time():
    app = App().connect()
    app.peer.accept_limit = iter([1, 0] * 1000).__next__
    app.publish(b"1234567890")
    wanted = publish("t", b"1234567890", 1)
    turns = 0
    while len(app.peer.received) < len(connect_packet("me")) + len(wanted):
        assert app.poll() == NXD_MQTT_SUCCESS
        turns += 1
        assert turns < 100
    assert app.peer.take() == wanted
    assert app.sockets.blocked == []


@pytest.mark.parametrize("pieces", (None, 1, 7, 512))
@pytest.mark.parametrize("quality", (0, 1))
def test_no_poll_handles_more_than_its_budget(pieces, quality):
    app = App(queue=40_000).connect()
    flood = b"".join(publish("t", b"%04d" % n, n if quality else None) for n in range(1, 1001))
    app.peer.send(flood, pieces)
    told = 0
    reads = app.sockets.count("recv_into")
    while told < 1000:
        assert app.poll() == NXD_MQTT_SUCCESS
        now = len(app.heard("receive"))
        assert now - told <= BUDGET
        told = now
        count = app.sockets.count("recv_into")
        assert count - reads <= BUDGET + 1
        reads = count
    assert app.messages() == [b"%04d" % n for n in range(1, 1001)]
    app.poll()
    assert app.peer.take() == (b"".join(puback(n) for n in range(1, 1001)) if quality else b"")
    assert app.sockets.blocked == []


def test_a_flood_does_not_keep_us_from_sending():
    app = App(queue=40_000).connect(keepalive=10)
    app.peer.send(publish("t", b"noise") * 1000)
    app.poll()
    app.clock.advance(7500)
    app.poll()
    assert app.peer.take() == PINGREQ


def test_a_flood_of_what_is_dropped_is_bounded_as_well():
    app = App(queue=64).connect()
    nxd_mqtt_client_queue_policy_set(app.client, NXD_MQTT_QUEUE_DROP_NEW)
    app.peer.send(publish("t", b"1234567890") * 1000)
    turns = 0
    while app.peer.waiting:
        before = app.statistics["dropped"]
        app.poll()
        assert app.statistics["dropped"] - before <= BUDGET
        turns += 1
    assert turns >= 1000 // BUDGET // 4


# --- with a wait ---------------------------------------------------------------------------------


def test_a_wait_with_nothing_to_do_is_slept_to_its_end():
    app = App().connect()
    assert app.poll(30) == NXD_MQTT_SUCCESS
    assert app.clock.elapsed == 300
    assert [(wait.wants, wait.waited) for wait in app.sockets.waits] == [(READ, 300)]


@pytest.mark.parametrize("wait", (30, NX_WAIT_FOREVER))
def test_data_end_a_wait(wait):
    app = App().connect()
    peer = app.peer
    app.clock.later(120, lambda: peer.send(publish("t", b"1")))
    assert app.poll(wait) == NXD_MQTT_SUCCESS
    assert app.clock.elapsed == 120
    assert app.messages() == [b"1"]


@pytest.mark.parametrize("wait", (30, NX_WAIT_FOREVER))
def test_the_end_of_the_link_ends_a_wait(wait):
    app = App().connect()
    app.clock.later(120, app.peer.close)
    assert app.poll(wait) == NXD_MQTT_COMMUNICATION_FAILURE
    assert app.clock.elapsed == 120


@pytest.mark.parametrize("wait", (1000, NX_WAIT_FOREVER))
def test_a_deadline_ends_a_wait(wait):
    app = App().connect(keepalive=10)
    assert app.poll(wait) == NXD_MQTT_SUCCESS
    assert app.clock.elapsed == 7500
    assert app.peer.take() == PINGREQ
    while app.poll(wait) == NXD_MQTT_SUCCESS:
        pass
    assert app.clock.elapsed == 7500 + 10_000


def test_room_for_what_waits_to_be_sent_ends_a_wait():
    app = App().connect()
    app.peer.accept_limit = 0
    app.publish()
    app.clock.later(120, lambda: setattr(app.peer, "accept_limit", None))
    assert app.poll(1000) == NXD_MQTT_SUCCESS
    assert app.clock.elapsed == 120
    assert app.sockets.waits[0].wants == READ | WRITE
    assert app.peer.take() == publish("t", b"m", 1)
    app.poll(10)
    assert app.sockets.waits[-1].wants == READ


def test_a_poll_does_not_sleep_while_there_is_work():
    app = App(queue=4000).connect()
    app.peer.send(publish("t", b"1234567890") * 200)
    while app.statistics["received"] < 200:
        app.poll(1000)
    assert app.clock.elapsed == 0


def test_a_holding_client_does_not_spin():
    app = App(queue=64).connect()
    app.peer.send(publish("t", b"1234567890") * 100)
    app.polls(5)
    began = app.clock.elapsed
    for _ in range(10):
        app.poll(100)
    assert app.clock.elapsed - began >= 100


def test_a_stalled_link_with_a_ping_due_does_not_spin():
    app = App().connect(keepalive=10)
    app.peer.accept_limit = 0
    turns = 0
    while app.poll(NX_WAIT_FOREVER) == NXD_MQTT_SUCCESS:
        turns += 1
        assert turns < 20
    assert app.clock.elapsed == 7500 + 10_000


@pytest.mark.parametrize("wait", (0, 1, 1000, NX_WAIT_FOREVER))
def test_a_poll_without_a_link_rests_for_a_moment_at_most(wait):
    app = App()
    assert app.poll(wait) == NXD_MQTT_NOT_CONNECTED
    assert app.clock.elapsed <= min(wait * 10, 10)


def test_a_wait_during_an_attempt():
    app = App()
    app.script.expect(connect_packet("me")).wait(700).send(CONNACK)
    app.start()
    assert app.poll(1000) == NXD_MQTT_SUCCESS  # opens the link, without sleeping before
    assert app.poll(1000) == NXD_MQTT_SUCCESS
    assert (app.state, app.clock.elapsed) == (CONNECTED, 700)


@every("wiznet", "airlift", "airlift_patient")
def test_a_wait_where_nothing_can_be_selected(dialect):
    app = App(dialect=dialect).connect(keepalive=10)
    peer = app.peer
    app.clock.later(120, lambda: peer.send(PINGRESP))
    assert app.poll(1000) == NXD_MQTT_SUCCESS
    assert app.clock.elapsed == 120
    app.poll(1000)
    assert app.clock.elapsed == 7500
    assert app.peer.take() == PINGREQ
    app.poll(5)
    assert app.clock.elapsed == 7550
    assert app.sockets.waits == []


def test_an_idle_link_without_keepalive_lives_for_ever():
    app = App().connect(keepalive=0)
    for _ in range(5):
        app.clock.advance(3)  # the application does something else between two turns
        assert app.poll(NX_WAIT_FOREVER) == NXD_MQTT_SUCCESS
    assert app.clock.elapsed > 4 * 2**26


def test_arguments():
    app = App()
    for wait in (-1, "1", 1.5):
        assert app.poll(wait) == NXD_MQTT_INVALID_PARAMETER
    assert nxd_mqtt_client_poll(None) == NX_PTR_ERROR


# --- with a real socket --------------------------------------------------------------------------


def test_a_wait_uses_no_processor_time_and_data_end_it():
    with Listener() as listener:
        client, peer = real_client(listener)
        with peer:
            cpu, wall = time.process_time(), time.monotonic()
            assert nxd_mqtt_client_poll(client, 40) == NXD_MQTT_SUCCESS
            assert time.monotonic() - wall >= 0.39
            assert time.process_time() - cpu < 0.02
            peer.sendall(publish("t", b"1"))
            wall = time.monotonic()
            nxd_mqtt_client_poll(client, 1000)
            assert time.monotonic() - wall < 1
            assert nxd_mqtt_client_message_discard(client) == NXD_MQTT_SUCCESS
            nxd_mqtt_client_disconnect(client)
            assert peer.recv(64) == b"\xe0\x00"
