# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""MQTT over WebSocket with three servers that others have written, plain and over TLS."""

import pytest
from devices import Message, run, run_for
from websocket_servers import KINDS, WebSocketDevice

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *

LARGE = 65_500
SIZES = [*range(0, 300, 7), 113, 114, 115, 116, 117, 118, 119, 120, 121, 1000, 16384]


@pytest.fixture(params=[(name, secure) for name in KINDS for secure in (False, True)], ids=str)
def server(request, tmp_path, authority):
    """A running server; ``root`` is what its clients have to trust."""
    name, secure = request.param
    made = KINDS[name](tmp_path, authority.server() if secure else None)
    made.root = authority.root if secure else None
    made.start()
    yield made
    made.stop()


@pytest.fixture
def make_device(server):
    """A function that makes devices; what is left of them is deleted after the test."""
    made = []

    def make(client_id, **measures):
        made.append(WebSocketDevice(client_id, server, server.root, **measures))
        return made[-1]

    yield make
    for device in made:
        if device.client.state:
            assert nxd_mqtt_client_delete(device.client) == NXD_MQTT_SUCCESS


def test_messages_of_many_sizes_both_ways(server, make_device):
    """At QoS 1, by one client that sends and receives."""
    device = make_device("both ways", queue=65536, packet=20_000, depth=8).connect(server)
    device.subscribe("sizes/#")
    for number, size in enumerate(SIZES):
        device.publish(f"sizes/{number}", bytes([number]) * size)
    run(device, until=lambda: len(device.messages) >= len(SIZES))
    wanted = [Message(f"sizes/{n}", bytes([n]) * size, 1) for n, size in enumerate(SIZES)]
    assert sorted(device.messages) == sorted(wanted)
    assert device.statistics()["acknowledged"] == len(SIZES)
    assert device.endings == []
    device.disconnect()


@pytest.mark.parametrize("size", [LARGE, 65_521, 65_522, 66_000], ids=str)
def test_a_message_around_65535_bytes(server, make_device, size):
    """The packet is longer by 14; the length of its frame changes its form there."""
    device = make_device("large", queue=70_000, packet=70_000, depth=1).connect(server)
    device.subscribe("large")
    payload = bytes(range(256)) * (size // 256) + bytes(size % 256)
    device.publish("large", payload)
    run(device, until=lambda: device.messages)
    assert device.messages == [Message("large", payload, 1)]


def test_a_connect_that_does_not_wait(server, make_device):
    device = make_device("no wait")
    assert device.try_to_connect(server, wait=NX_NO_WAIT) == NX_IN_PROGRESS
    run(device, until=lambda: device.connected)
    assert device.answers == [NXD_MQTT_SUCCESS]
    device.publish("t", "m")


def test_a_window_of_messages_keeps_its_order(server, make_device):
    sender = make_device("sender", depth=16).connect(server)
    receiver = make_device("receiver", queue=16384).connect(server)
    receiver.subscribe("window")
    for number in range(100):
        while sender.try_to_publish("window", b"%d" % number) == NXD_MQTT_PACKET_POOL_FAILURE:
            run_for(sender, receiver, seconds=0.001)
    run(sender, receiver, until=lambda: len(receiver.messages) >= 100)
    assert receiver.payloads() == [b"%d" % number for number in range(100)]


def test_links_that_are_lost_are_replaced(server, make_device):
    device = make_device("again").reconnecting(minimum=5, maximum=20)
    device.connect(server, clean=NX_FALSE).subscribe("again")
    for number in range(3):
        device.drop()
        device.try_to_publish("again", b"%d" % number)
        run(device, until=lambda number=number: b"%d" % number in device.payloads())
    assert device.statistics()["reconnects"] == 3
    assert len(device.endings) == 3
    device.disconnect()


def test_a_server_that_goes_is_noticed_and_found_again(server, make_device):
    device = make_device("gone").reconnecting(minimum=5, maximum=20)
    device.connect(server, clean=NX_FALSE)
    server.stop()
    run(device, until=lambda: device.endings)
    server.start()
    run(device, until=lambda: device.connected)
    device.publish("t", "after")


def test_an_orderly_end_and_a_next_link(server, make_device):
    device = make_device("orderly")
    for number in range(3):
        device.connect(server)
        device.publish("t", b"%d" % number)
        device.disconnect()
        assert device.endings[number:] == [
            ("session", NXD_MQTT_SUCCESS, "disconnected by the application")
        ]


def test_a_keepalive_is_kept(server, make_device):
    device = make_device("alive").connect(server, keepalive=1)
    run_for(device, seconds=1.8)
    assert device.connected
    assert device.endings == []


def test_a_client_that_speaks_plain_mqtt_learns_nothing_there(server, make_device):
    """It is refused or hung up on, and says that the port may be another one's."""
    device = make_device("plain")
    device.client.websocket = None
    device.allow(NXD_MQTT_TIMEOUT_CONNACK, 100)
    status = nxd_mqtt_client_connect(device.client, server.host, server.port, 60, NX_TRUE, 500)
    assert status not in (NXD_MQTT_SUCCESS, NX_IN_PROGRESS)
    assert device.client.reason[0] == "connack"
