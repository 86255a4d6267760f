# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""PUBACK only for what the application has taken: in order, on the link that brought it."""

import pytest
from client_bench import App
from doubles.script import CONNACK, CONNACK_PRESENT, DISCONNECT, puback, publish

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *


def device(**named):
    app = App(**named)
    status = nxd_mqtt_client_ack_mode_set(app.client, NXD_MQTT_ACK_ON_GET)
    assert status == NXD_MQTT_SUCCESS
    return app.connect(clean=0)


def arrive(app, *numbers, size=1):
    """QoS 1 messages with these packet identifiers, or QoS 0 ones where it is 0."""
    for number in numbers:
        app.peer.send(publish("t", b"%d" % number * size, number or None))
    app.polls(len(numbers) + 1)


def acknowledged(app):
    app.polls(3)
    return app.peer.take()


def reconnect(app, answer):
    app.peer.close()
    app.polls(2)
    app.connect(clean=0, answer=answer)


def test_a_message_is_acknowledged_when_it_is_taken():
    app = device()
    arrive(app, 7)
    assert acknowledged(app) == b""
    assert app.get() == b"7"
    assert acknowledged(app) == puback(7)


def test_a_message_is_acknowledged_when_it_is_discarded():
    app = device()
    arrive(app, 7)
    assert nxd_mqtt_client_message_discard(app.client) == NXD_MQTT_SUCCESS
    assert acknowledged(app) == puback(7)


def test_a_message_that_does_not_fit_the_buffers_is_not_taken():
    app = device()
    arrive(app, 7)
    status, _, _ = nxd_mqtt_client_message_get(app.client, bytearray(1), bytearray(0))
    assert status == NXD_MQTT_INSUFFICIENT_BUFFER_SPACE
    assert acknowledged(app) == b""


def test_the_order_is_that_of_arrival():
    app = device()
    arrive(app, 3, 0, 1, 0, 2)
    taken = b""
    for number in (3, 0, 1, 0, 2):
        assert app.get() == b"%d" % number
        taken += puback(number) if number else b""
        assert acknowledged(app) == (puback(number) if number else b"")


def test_the_poll_that_follows_does_not_sleep():
    app = device()
    arrive(app, 7)
    assert nxd_mqtt_client_deadline_get(app.client)[1] > 0
    app.get()
    assert nxd_mqtt_client_deadline_get(app.client)[1] == 0
    before = app.clock.elapsed
    app.poll(NX_WAIT_FOREVER)
    assert (app.clock.elapsed, app.peer.take()) == (before, puback(7))


def test_what_is_taken_inside_the_notify_is_acknowledged_in_the_same_poll():
    app = device()
    app.doing["receive"] = app.get
    app.peer.send(publish("t", b"7", 7))
    app.poll()
    assert acknowledged(app) == puback(7)


def test_the_default_acknowledges_what_is_queued():
    app = App().connect(clean=0)
    arrive(app, 7)
    assert acknowledged(app) == puback(7)


def test_the_mode_can_change_on_the_way():
    app = device()
    arrive(app, 1, 2)
    nxd_mqtt_client_ack_mode_set(app.client, NXD_MQTT_ACK_ON_QUEUE)
    assert nxd_mqtt_client_deadline_get(app.client)[1] == 0
    assert acknowledged(app) == puback(1) + puback(2)
    nxd_mqtt_client_ack_mode_set(app.client, NXD_MQTT_ACK_ON_GET)
    arrive(app, 3)
    assert acknowledged(app) == b""
    assert app.messages() == [b"1", b"2", b"3"]
    assert acknowledged(app) == puback(3)


def test_what_the_broker_sends_again_takes_the_place_of_what_was_not_taken():
    app = device()
    arrive(app, 1, 2, 3)
    assert app.get() == b"1"
    assert acknowledged(app) == puback(1)
    reconnect(app, CONNACK_PRESENT)
    for number in (2, 3):
        app.peer.send(publish("t", b"%d" % number, number, flags=0x0A))
    app.polls(3)
    assert acknowledged(app) == b""
    assert app.messages() == [b"2", b"3"]
    assert acknowledged(app) == puback(2) + puback(3)


def test_what_was_taken_without_a_link_is_not_acknowledged_on_the_next():
    app = device()
    arrive(app, 1, 2)
    app.peer.close()
    app.polls(2)
    assert app.get() == b"1"
    app.connect(clean=0, answer=CONNACK_PRESENT)
    assert acknowledged(app) == b""
    arrive(app, 1, 2)
    assert app.messages() == [b"1", b"2"]
    assert acknowledged(app) == puback(1) + puback(2)


def test_what_a_forgotten_session_has_left_is_read_and_never_acknowledged():
    app = device()
    arrive(app, 1, 2)
    reconnect(app, CONNACK)
    arrive(app, 1)
    assert app.messages() == [b"1", b"2", b"1"]
    assert acknowledged(app) == puback(1)


def test_the_application_s_disconnect_acknowledges_nothing_that_it_throws_away():
    app = device()
    arrive(app, 1)
    nxd_mqtt_client_disconnect(app.client)
    assert app.peer.take() == DISCONNECT
    assert app.get() is None


def test_what_was_taken_is_acknowledged_before_the_goodbye():
    app = device()
    arrive(app, 1)
    app.get()
    nxd_mqtt_client_disconnect(app.client)
    assert app.peer.take() == puback(1) + DISCONNECT


def test_a_full_queue_holds_until_something_is_taken():
    app = device(queue=64)
    for number in (1, 2, 3, 4):
        app.peer.send(publish("t", b"x" * 20, number))
    app.polls(8)
    assert app.statistics["unread"] == 2
    assert acknowledged(app) == b""
    assert len(app.messages()) == 2
    app.polls(8)
    assert acknowledged(app) == puback(1) + puback(2)
    assert len(app.messages()) == 2
    assert acknowledged(app) == puback(3) + puback(4)


def test_a_message_larger_than_the_queue_keeps_its_turn():
    app = device(queue=64)
    arrive(app, 1)
    app.peer.send(publish("t", b"x" * 300, 2))
    arrive(app, 3)
    assert acknowledged(app) == b""
    assert app.get() == b"1"
    assert acknowledged(app) == puback(1) + puback(2)
    assert app.get() == b"3"
    assert acknowledged(app) == puback(3)


@pytest.mark.parametrize("mode", [-1, 2, None, "get"])
def test_no_such_mode(mode):
    app = App()
    assert nxd_mqtt_client_ack_mode_set(app.client, mode) == NXD_MQTT_INVALID_PARAMETER


def test_no_such_client():
    assert nxd_mqtt_client_ack_mode_set(None, 0) == NX_PTR_ERROR
    assert nxd_mqtt_client_ack_mode_set(NXD_MQTT_CLIENT(), 0) == NXD_MQTT_MUTEX_FAILURE
