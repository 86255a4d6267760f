# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A client that holds goes on as soon as there is room: nothing waits for the application then.

The application takes each message in its callback. A message at QoS 1 keeps its room until its
PUBACK is written, so the one behind it is held although nothing is left to be taken.
"""

import pytest
from client_bench import CONNECTED, IDLE, App
from doubles.dialects import AIRLIFT, CPYTHON_TCP, ESPRESSIF
from doubles.script import puback, publish
from netx_frame import SECOND, Frame

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import nxd_mqtt_client_deadline_get

MESSAGES = [bytes([number]) * 12 for number in range(5)]
STREAM = b"".join(publish("t", message, 0x0100 + number) for number, message in enumerate(MESSAGES))


def taking_client(depth: int = 1):
    """A client whose queue holds one of the messages, and the list of what it takes."""
    frame = Frame(payload_size=64, depth=depth, memory_size=32)
    taken = []

    def take(client, count):
        buffer = bytearray(16)
        status, _, length = nxd_mqtt_client_message_get(client, bytearray(1), buffer)
        assert status == NXD_MQTT_SUCCESS
        taken.append(bytes(buffer[:length]))

    frame.connected()
    assert nxd_mqtt_client_receive_notify_set(frame.client, take) == NXD_MQTT_SUCCESS
    return frame, taken


def test_an_application_that_sleeps_until_the_deadline_gets_everything():
    frame, taken = taking_client()
    frame.script.send(STREAM)
    assert frame.poll() == NXD_MQTT_SUCCESS
    for _ in range(20):
        status, ticks = nxd_mqtt_client_deadline_get(frame.client)
        assert status == NXD_MQTT_SUCCESS
        # The socket has nothing more to tell, so only the deadline can wake the application.
        if ticks:
            break
        assert frame.poll() == NXD_MQTT_SUCCESS
    assert taken == MESSAGES


def test_a_publish_that_waits_for_room_does_not_blame_an_application_that_took_everything():
    frame, taken = taking_client()
    client = frame.client
    first = nxd_mqtt_client_publish(client, "t", b"first", NX_FALSE, 1, NX_NO_WAIT)
    assert first == NXD_MQTT_SUCCESS
    frame.script.expect(publish("t", b"first", 1)).send(STREAM + puback(1))
    second = nxd_mqtt_client_publish(client, "t", b"second", NX_FALSE, 1, SECOND)
    assert second == NXD_MQTT_SUCCESS
    assert taken == MESSAGES


def test_a_publish_that_waits_for_room_blames_an_application_that_takes_nothing():
    frame = Frame(payload_size=64, depth=1, memory_size=32).connected()
    client = frame.client
    frame.script.send(STREAM + puback(1))
    publishes = [nxd_mqtt_client_publish(client, "t", b"m", NX_FALSE, 1, SECOND) for _ in range(2)]
    assert publishes == [NXD_MQTT_SUCCESS, NXD_MQTT_PACKET_POOL_FAILURE]
    assert frame.time.elapsed < 1000


@pytest.mark.parametrize("dialect", [CPYTHON_TCP, ESPRESSIF], ids=str)
def test_acknowledgements_that_cannot_go_do_not_hide_a_dead_link(dialect):
    """The application takes every message at once; the peer takes no byte any more."""
    app = App(payload_size=16, queue=64, dialect=dialect).connect(keepalive=20)
    app.doing["receive"] = app.get
    app.peer.accept_limit = 0
    app.peer.send(b"".join(publish("t", b"0123456789", number) for number in range(1, 20)))
    while app.state == CONNECTED and app.clock.elapsed < 3_600_000:
        app.poll(100)
    assert app.client.reason[2] == "no PINGRESP in time"
    assert app.clock.elapsed < 40_000


def test_the_goodbye_of_a_peer_is_seen_while_acknowledgements_cannot_go():
    """What a co-processor still had for us goes with its socket; at QoS 1 it comes again."""
    app = App(payload_size=48, depth=4, queue=40, dialect=AIRLIFT).connect(keepalive=10)
    app.peer.send(publish("t", b"123456789012", 1) + publish("t", b"123456789012", 2))
    app.peer.close()
    app.publish(b"x" * 38)
    app.poll()
    for _ in range(40):
        app.poll()
        app.clock.advance(1000)
    assert app.state == IDLE
