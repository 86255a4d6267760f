# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""How a link ends, which no shipped NetX test looks at: who is told what, how often, and why."""

import pytest
from doubles.script import CONNACK, CONNACK_UNAVAILABLE, DISCONNECT, puback
from netx_frame import (
    ACKNOWLEDGE_TOLD,
    CONNECT_TOLD,
    DISCONNECT_TOLD,
    PORT,
    RECEIVE_TOLD,
    STANDARD_CONNECT,
    Frame,
)
from test_netx_publish import publish_1

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import (
    NXD_MQTT_TIMEOUT_PUBACK,
    nxd_mqtt_client_poll,
    nxd_mqtt_client_statistics_get,
    nxd_mqtt_client_timeout_set,
)

OWN = ("session", NXD_MQTT_SUCCESS, "disconnected by the application")
IDLE, CONNECTING, CONNECTED = 1, 2, 3


def test_own_disconnect_is_told_once():
    frame = Frame().connected()
    states = []

    def ended(client):
        states.append((client.state, client.reason))

    nxd_mqtt_client_disconnect_notify_set(frame.client, ended)
    frame.script.expect(DISCONNECT).expect_close()
    assert nxd_mqtt_client_disconnect(frame.client) == NXD_MQTT_SUCCESS
    assert states == [(IDLE, OWN)]
    assert frame.poll() == NXD_MQTT_NOT_CONNECTED
    assert nxd_mqtt_client_disconnect(frame.client) == NXD_MQTT_SUCCESS
    assert len(states) == 1
    frame.finish()


def connecting(frame, opened):
    """Begin to connect; with ``opened`` so far that CONNECT is out."""
    if opened:
        frame.script.accept().expect(STANDARD_CONNECT).expect_close()
    assert frame.connect(wait=NX_NO_WAIT) == NX_IN_PROGRESS
    if opened:
        assert frame.poll() == NXD_MQTT_SUCCESS
    assert frame.client.state == CONNECTING


@pytest.mark.parametrize("opened", [False, True])
def test_disconnect_while_connecting_is_told_to_the_connect(opened):
    frame = Frame()
    connecting(frame, opened)
    assert nxd_mqtt_client_disconnect(frame.client) == NXD_MQTT_SUCCESS
    assert frame.told == [(CONNECT_TOLD, NXD_MQTT_CONNECT_FAILURE)]
    assert frame.client.state == IDLE
    assert frame.poll() == NXD_MQTT_NOT_CONNECTED
    frame.check()
    frame.connected()
    frame.script.expect(DISCONNECT)
    frame.finish()


@pytest.mark.parametrize("opened", [False, True])
def test_delete_while_connecting(opened):
    frame = Frame()
    connecting(frame, opened)
    assert nxd_mqtt_client_delete(frame.client) == NXD_MQTT_SUCCESS
    assert frame.told == [(CONNECT_TOLD, NXD_MQTT_CONNECT_FAILURE)]
    assert frame.connect() == NXD_MQTT_INVALID_STATE
    frame.check()


def test_delete_says_goodbye():
    frame = Frame().connected()
    frame.script.expect(DISCONNECT).expect_close()
    assert nxd_mqtt_client_delete(frame.client) == NXD_MQTT_SUCCESS
    assert frame.told == [(DISCONNECT_TOLD,)]
    frame.check()


def test_no_goodbye_in_the_middle_of_a_packet():
    frame = Frame().connected()
    frame.script.connection.accept_limit = lambda: (
        5 if len(frame.script.connection.received) == 18 else 0
    )
    assert frame.publish() == NXD_MQTT_SUCCESS
    frame.script.expect(publish_1(1)[:5]).expect_close()
    frame.finish()


@pytest.mark.parametrize("end, cause", [("close", "closed by the peer"), ("reset", None)])
def test_a_loss_is_told_once(end, cause):
    frame = Frame().connected()
    getattr(frame.script.wait(1000), end)()
    assert frame.run(2000) == NXD_MQTT_COMMUNICATION_FAILURE
    assert frame.told == [(DISCONNECT_TOLD,)]
    stage, status, why = frame.client.reason
    assert (stage, status) == ("session", NXD_MQTT_COMMUNICATION_FAILURE)
    assert why == cause or isinstance(why, OSError)
    assert frame.poll() == NXD_MQTT_NOT_CONNECTED
    frame.finish()
    assert frame.told == [(DISCONNECT_TOLD,)]


def test_what_came_before_the_end_is_told_before_it():
    frame = Frame().connected()
    frame.script.expect(publish_1(1)).send(puback(1) + b"\x30\x04\x00\x01tm").close()
    assert frame.publish() == NXD_MQTT_SUCCESS
    frame.poll(2)
    assert frame.told == [(ACKNOWLEDGE_TOLD, 4, 1, None), (RECEIVE_TOLD, 1), (DISCONNECT_TOLD,)]
    frame.finish()


def test_connect_inside_disconnect_notify():
    frame = Frame().connected()
    statuses = []

    def again(client):
        statuses.append(frame.connect(wait=NX_WAIT_FOREVER))

    nxd_mqtt_client_disconnect_notify_set(frame.client, again)
    frame.script.close()
    frame.poll()
    # Inside a callback nothing waits.
    assert statuses == [NX_IN_PROGRESS]
    frame.script.accept().expect(STANDARD_CONNECT).send(CONNACK)
    frame.poll()
    assert frame.client.state == CONNECTED
    nxd_mqtt_client_disconnect_notify_set(frame.client, None)
    frame.script.expect(DISCONNECT)
    frame.finish()


@pytest.mark.parametrize("function", [nxd_mqtt_client_disconnect, nxd_mqtt_client_delete])
def test_the_end_inside_receive_notify(function):
    frame = Frame().connected()
    statuses = []
    nxd_mqtt_client_receive_notify_set(
        frame.client, lambda client, count: statuses.append(function(client))
    )
    frame.script.send(b"\x30\x04\x00\x01tm").expect(DISCONNECT).expect_close()
    frame.poll()
    assert statuses == [NXD_MQTT_SUCCESS]
    assert frame.told == [(DISCONNECT_TOLD,)]
    frame.check()


def test_an_exception_out_of_a_callback_passes_through_and_is_not_repeated():
    frame = Frame().connected()

    def fail(client, count):
        raise KeyError("of the application")

    nxd_mqtt_client_receive_notify_set(frame.client, fail)
    frame.script.send(b"\x30\x04\x00\x01tm")
    with pytest.raises(KeyError):
        frame.poll()
    assert frame.poll() == NXD_MQTT_SUCCESS
    assert frame.get() == (NXD_MQTT_SUCCESS, b"t", b"m")
    frame.script.expect(DISCONNECT)
    frame.finish()


def test_callbacks_are_not_nested():
    frame = Frame().connected()
    depth = [0]
    deepest = []

    def received(client, count):
        depth[0] += 1
        deepest.append(depth[0])
        assert nxd_mqtt_client_poll(client, 100) == NXD_MQTT_SUCCESS
        depth[0] -= 1

    nxd_mqtt_client_receive_notify_set(frame.client, received)
    frame.script.send(b"\x30\x04\x00\x01tm" * 5, pieces=6)
    frame.poll(5)
    assert deepest == [1] * 5
    frame.script.expect(DISCONNECT)
    frame.finish()


@pytest.mark.parametrize("ticks, ended", [(None, False), (500, True)])
def test_an_overdue_puback_ends_the_link_where_it_is_asked_for(ticks, ended):
    frame = Frame().connected()
    if ticks:
        nxd_mqtt_client_timeout_set(frame.client, NXD_MQTT_TIMEOUT_PUBACK, ticks)
    frame.script.expect(publish_1(1))
    assert frame.publish() == NXD_MQTT_SUCCESS
    assert frame.run(4990) == NXD_MQTT_SUCCESS
    if not ended:
        assert frame.run(3_600_000) == NXD_MQTT_SUCCESS
        frame.script.close()
    else:
        assert frame.run(10) == NXD_MQTT_COMMUNICATION_FAILURE
        assert frame.told == [(DISCONNECT_TOLD,)]
        assert "PUBACK" in frame.client.reason[2]
        assert nxd_mqtt_client_statistics_get(frame.client)[1]["unacknowledged"] == 1
    frame.finish()


def test_a_second_connack_ends_the_link():
    frame = Frame().connected()
    frame.script.send(CONNACK).expect_close()
    assert frame.poll() == NXD_MQTT_INVALID_PACKET
    # In C the application would be told of a new connect, and never of the end.
    assert frame.told == [(DISCONNECT_TOLD,)]
    frame.finish()


def test_what_follows_a_refusal_is_not_looked_at():
    frame = Frame()
    message = b"\x30\x04\x00\x01tm"
    frame.script.accept().expect(STANDARD_CONNECT).send(
        CONNACK_UNAVAILABLE + message
    ).expect_close()
    assert frame.connect(wait=NX_NO_WAIT) == NX_IN_PROGRESS
    assert frame.poll() == NXD_MQTT_ERROR_SERVER_UNAVAILABLE
    assert frame.told == [(CONNECT_TOLD, NXD_MQTT_ERROR_SERVER_UNAVAILABLE)]
    assert frame.get()[0] == NXD_MQTT_NO_MESSAGE
    frame.check()


def test_a_failed_attempt_is_no_end_of_a_link():
    frame = Frame()
    frame.ip.sockets.refuse(PORT)
    assert frame.connect() == NXD_MQTT_CONNECT_FAILURE
    frame.poll()
    assert frame.told == []
    frame.no_leak()


@pytest.mark.parametrize("wait", [0, 100])
@pytest.mark.parametrize("function", [nxd_mqtt_client_disconnect, nxd_mqtt_client_delete])
def test_the_end_inside_connect_notify(function, wait):
    frame = Frame()
    statuses = []

    def leave(client, status, context):
        statuses.append((status, function(client)))

    frame.client.nxd_mqtt_connect_notify = leave
    frame.script.accept().expect(STANDARD_CONNECT).send(CONNACK).expect(DISCONNECT).expect_close()
    status = frame.connect(wait=wait)
    if not wait:
        assert status == NX_IN_PROGRESS
        status = NXD_MQTT_SUCCESS
        frame.poll()
    # It did connect, whatever the application made of it.
    assert status == NXD_MQTT_SUCCESS
    assert statuses == [(NXD_MQTT_SUCCESS, NXD_MQTT_SUCCESS)]
    assert frame.told == [(DISCONNECT_TOLD,)]
    frame.check()


def test_connect_again_inside_connect_notify():
    frame = Frame()
    statuses = []

    def again(client, status, context):
        statuses.append(status)
        if status:
            assert frame.connect(wait=NX_WAIT_FOREVER) == NX_IN_PROGRESS

    frame.client.nxd_mqtt_connect_notify = again
    frame.script.accept().expect(STANDARD_CONNECT).send(CONNACK_UNAVAILABLE).expect_close()
    frame.script.accept().expect(STANDARD_CONNECT).send(CONNACK).expect(DISCONNECT)
    assert frame.connect(wait=NX_NO_WAIT) == NX_IN_PROGRESS
    frame.poll(3)
    assert statuses == [NXD_MQTT_ERROR_SERVER_UNAVAILABLE, NXD_MQTT_SUCCESS]
    assert frame.client.state == CONNECTED
    frame.finish()


def test_delete_inside_disconnect_notify():
    frame = Frame().connected()
    statuses = []
    nxd_mqtt_client_disconnect_notify_set(
        frame.client, lambda client: statuses.append(nxd_mqtt_client_delete(client))
    )
    frame.script.close()
    assert frame.poll() != NXD_MQTT_SUCCESS
    assert statuses == [NXD_MQTT_SUCCESS]
    assert frame.client.state == 0
    frame.check()
    frame.create()
    frame.connected()
    frame.script.expect(DISCONNECT)
    frame.finish()


@pytest.mark.parametrize("wait", [0, 100])
def test_an_exception_out_of_a_login_passes_through(wait):
    frame = Frame()

    def fail():
        raise KeyError("of the application")

    assert nxd_mqtt_client_login_set(frame.client, fail, None) == NXD_MQTT_SUCCESS
    with pytest.raises(KeyError):
        if frame.connect(wait=wait) == NX_IN_PROGRESS:
            frame.poll()
    assert frame.client.state == IDLE
    frame.no_leak()
    assert nxd_mqtt_client_login_set(frame.client, None, None) == NXD_MQTT_SUCCESS
    frame.works()
    frame.no_leak()


def test_publish_inside_every_callback():
    frame = Frame().connected()
    statuses = []

    def publish(*arguments):
        statuses.append(frame.publish(quality=0, wait=NX_WAIT_FOREVER))

    message = b"\x30\x10\x00\x06topic1message1"
    nxd_mqtt_client_receive_notify_set(frame.client, publish)
    frame.client.nxd_mqtt_ack_receive_notify = publish
    nxd_mqtt_client_disconnect_notify_set(frame.client, publish)
    frame.script.expect(publish_1(1)).send(b"\x30\x04\x00\x01tm" + puback(1))
    frame.script.expect(message).expect(message)
    assert frame.publish() == NXD_MQTT_SUCCESS
    frame.poll()
    assert statuses == [NXD_MQTT_SUCCESS, NXD_MQTT_SUCCESS]
    frame.script.close()
    frame.poll()
    assert statuses[2:] == [NXD_MQTT_NOT_CONNECTED]
    frame.finish()
