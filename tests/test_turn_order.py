# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What one turn of poll does, and in which order, where a callback is slow, publishes or raises."""

from client_bench import CONNECTED, App
from doubles.script import PINGREQ, PINGRESP, puback, publish, suback

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *

MESSAGE = b"x" * 40


def test_an_acknowledgement_is_in_time_for_what_a_slow_callback_has_published():
    app = App().connect(keepalive=0)
    nxd_mqtt_client_timeout_set(app.client, NXD_MQTT_TIMEOUT_PUBACK, NX_IP_PERIODIC_RATE)
    app.publish(b"one")

    def work():
        app.clock.advance(1200)
        app.publish(b"two")

    app.doing["receive"] = work
    app.peer.send(publish("t", b"x") + puback(1))
    assert app.poll() == NXD_MQTT_SUCCESS
    assert app.heard("acknowledge") == [(4, 1, None)]
    assert app.state == CONNECTED
    app.clock.advance(1001)
    assert app.poll() == NXD_MQTT_COMMUNICATION_FAILURE


def test_what_was_held_is_read_before_anything_is_late():
    app = App(queue=64).connect(keepalive=10)
    nxd_mqtt_client_ack_mode_set(app.client, NXD_MQTT_ACK_ON_GET)
    app.peer.send(publish("t", MESSAGE, 1) + publish("t", MESSAGE, 2))
    app.polls(2)
    app.clock.advance(8000)
    app.poll()
    assert app.peer.take().endswith(PINGREQ)
    app.peer.send(PINGRESP)
    app.polls(2)
    app.clock.advance(11_000)  # the application works on
    assert app.get() == MESSAGE
    assert app.poll() == NXD_MQTT_SUCCESS
    app.polls(2)
    assert (app.get(), app.state) == (MESSAGE, CONNECTED)


def test_what_a_hold_of_one_turn_has_kept_back_is_not_late():
    app = App(queue=64).connect(keepalive=0)
    nxd_mqtt_client_subscribe(app.client, "a", 1)
    app.poll()
    app.peer.send(publish("t", MESSAGE, 1) + publish("t", MESSAGE, 2) + suback(1, 1))
    app.clock.advance(11_000)
    app.doing["receive"] = app.get
    for _ in range(3):
        assert app.poll() == NXD_MQTT_SUCCESS
    assert app.heard("acknowledge") == [(9, 1, 1)]
    assert app.state == CONNECTED


def test_messages_are_acknowledged_though_each_callback_raises():
    app = App().connect(keepalive=0)

    def fail():
        app.get()
        raise KeyError

    app.doing["receive"] = fail
    raised = 0
    for number in range(1, 41):
        app.peer.send(publish("t", b"x", number))
        try:
            app.poll()
        except KeyError:
            raised += 1
    assert raised == 40
    app.poll()
    assert app.peer.take() == b"".join(puback(number) for number in range(1, 41))
