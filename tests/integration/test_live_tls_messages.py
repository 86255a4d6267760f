# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Messages over TLS: large ones, many, and those that must survive a broker's restart."""

import socket

import pytest
from devices import NETWORKS, Message, run
from tls_bench import Setup, settled
from tls_bench import descriptors as open_files
from tls_devices import managed_sockets

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *

KILOBYTE = 1024
LARGE = 60 * KILOBYTE

on_every_network = pytest.mark.parametrize("network", NETWORKS, indirect=True)


def pattern(size: int) -> bytes:
    """Bytes of which none stands where another one could."""
    return b"".join(number.to_bytes(4, "big") for number in range(-(-size // 4)))[:size]


@pytest.fixture
def secure_broker(start_broker, authority):
    """A good broker that lets everybody in."""
    return start_broker(files=authority.server())


@on_every_network
@pytest.mark.parametrize("quality", [0, 1])
def test_a_large_message_there_and_back(secure_broker, make_secure_device, network, quality):
    device = make_secure_device("device", queue=2 * LARGE, packet=LARGE + 64, depth=2)
    device.connect(secure_broker).subscribe("large", quality=quality)
    # More than a TLS record holds, and than the socket's buffers may.
    for size in (LARGE, 16 * KILOBYTE, 16 * KILOBYTE + 1, LARGE - 1):
        device.messages.clear()
        device.publish("large", pattern(size), quality=quality)
        run(device, until=lambda: device.messages)
        assert device.messages == [Message("large", pattern(size), quality)]


@on_every_network
def test_large_messages_in_small_room(secure_broker, make_secure_device, network):
    # The queue holds one of them, so reading stops and goes on, with bytes inside of TLS.
    device = make_secure_device("device", queue=LARGE + 256, packet=LARGE + 64, depth=3)
    device.collects = False
    device.connect(secure_broker).subscribe("large")
    for number in range(3):
        payload = bytes((number,)) * LARGE
        assert device.try_to_publish("large", payload, wait=500) == NXD_MQTT_SUCCESS
    run(device, until=lambda: device.statistics()["unread"])
    device.collects = True
    run(device, until=lambda: len(device.messages) == 3)
    assert device.payloads() == [bytes((number,)) * LARGE for number in range(3)]


@on_every_network
def test_many_messages(secure_broker, make_secure_device, network):
    count = 300
    device = make_secure_device("device", depth=32).connect(secure_broker).subscribe("many")
    for number in range(count):
        status = device.try_to_publish("many", b"%d" % number, quality=1, wait=1000)
        assert status == NXD_MQTT_SUCCESS
        device.serve()
    run(device, until=lambda: len(device.messages) >= count)
    assert device.payloads() == [b"%d" % number for number in range(count)]
    assert device.statistics()["resent"] == 0


def test_a_blocking_wait_reads_what_tls_holds(secure_broker, make_secure_device):
    # One record of TLS has many small messages, of which a select says nothing any more.
    reader = make_secure_device("reader").connect(secure_broker).subscribe("small", quality=0)
    writer = make_secure_device("writer", packet=64 * KILOBYTE).connect(secure_broker)
    for _ in range(200):
        writer.publish("small", b"x", quality=0)
    got = 0
    for _ in range(400):
        if got == 200:
            break
        assert nxd_mqtt_client_poll(reader.client, 2 * NX_IP_PERIODIC_RATE) == NXD_MQTT_SUCCESS
        while reader.take():
            got += 1
    assert got == 200


# --- restarts ------------------------------------------------------------------------------------


@on_every_network
def test_a_broker_that_restarts(start_broker, make_secure_device, authority, network):
    broker = start_broker(files=authority.server())
    device = make_secure_device("device", depth=64).reconnecting(2, 8)
    device.connect(broker, clean=NX_FALSE).subscribe("again")
    before = open_files()
    for number in range(3):
        broker.kill()
        assert device.try_to_publish("again", b"%d" % number, wait=NX_NO_WAIT) in {
            NXD_MQTT_SUCCESS,
            NXD_MQTT_COMMUNICATION_FAILURE,
        }
        run(device, until=lambda: not device.connected)
        broker.start()
        run(device, until=lambda: device.connected)
        run(device, until=lambda number=number: b"%d" % number in device.payloads())
    run(device, until=lambda: device.statistics()["unacknowledged"] == 0)
    statistics = device.statistics()
    # Once for each attempt, those included that found nobody there.
    assert statistics["attempts"] == len(device.setup.calls) >= 4
    assert (statistics["connects"], statistics["reconnects"]) == (4, 3)
    assert len(device.endings) == 3
    assert settled(before)
    assert managed_sockets() == (network == NETWORKS[1])


def test_the_callback_may_refuse_for_a_while(start_broker, make_secure_device, authority):
    broker = start_broker(files=authority.server())
    mine = 0x1234
    setup = Setup(authority.root, statuses=[NX_SUCCESS, mine, mine])
    device = make_secure_device("device", setup).reconnecting(2, 8).connect(broker)
    device.drop()
    run(device, until=lambda: device.connected)
    statistics = device.statistics()
    assert len(setup.calls) == statistics["attempts"] == 4
    assert [reason[:2] for reason in statistics["reasons"]].count(("tls", mine)) == 2
    assert statistics["reconnects"] == 1


def test_every_attempt_has_fresh_control_blocks(secure_broker, make_secure_device):
    device = make_secure_device("device").reconnecting(2, 8).connect(secure_broker)
    for _ in range(2):
        device.drop()
        run(device, until=lambda: device.connected)
    device.disconnect()
    device.connect(secure_broker)
    blocks = [block for call in device.setup.calls for block in call[1:]]
    assert len({id(block) for block in blocks}) == len(blocks) == 4 * 3
    assert {call[0] for call in device.setup.calls} == {device.client}


def test_a_link_that_is_cut_in_the_middle_of_a_record(secure_broker, make_secure_device):
    device = make_secure_device("device", packet=LARGE + 64).reconnecting(2, 8)
    device.connect(secure_broker, clean=NX_FALSE)
    assert device.try_to_publish("a", pattern(LARGE)) == NXD_MQTT_SUCCESS
    _, sock, _ = nxd_mqtt_client_socket_get(device.client)
    # Below TLS, so that no goodbye is said.
    socket.socket.shutdown(sock, socket.SHUT_RDWR)
    run(device, until=lambda: device.statistics()["reconnects"] == 1)
    run(device, until=lambda: device.statistics()["unacknowledged"] == 0)
    assert device.statistics()["published"] == 1
