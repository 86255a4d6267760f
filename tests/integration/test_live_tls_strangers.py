# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What answers at the port is no TLS server, or stops being one in the middle of the handshake."""

import time

import pytest
import tls_servers
from devices import NETWORKS, run
from strange_peers import WebServer
from tables.tls_cases import HUNG_UP, NO_TLS, STALLED, STALLS, STRANGERS
from tls_bench import Setup, settled
from tls_bench import descriptors as open_files
from tls_devices import in_two_ways, managed_sockets

from boards.desktop.broker.secure import server_context
from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *
from nxd_mqtt.tls_reasons import NX_SECURE_TLS_HANDSHAKE_FAILURE

# Ticks, and milliseconds that a machine which is busy may take longer.
SHORT = 20
SLACK = 1500

on_every_network = pytest.mark.parametrize("network", NETWORKS, indirect=True)


@pytest.fixture
def peer_of(authority):
    """A function that makes a peer by the name of its class."""

    def make(name):
        return getattr(tls_servers, name)(server_context(*authority.server()))

    return make


@in_two_ways
@pytest.mark.parametrize("row", STRANGERS, ids=lambda row: row.case)
def test_strangers(make_secure_device, authority, peer_of, row, network, wait):
    device = make_secure_device("device")
    before = open_files()
    with peer_of(row.case) as peer:
        status, (stage, number, cause) = device.refusal(peer, wait)
        assert (stage, number) == (row.stage, row.number)
        assert row.advice in cause
        assert status == (number if wait == NX_NO_WAIT else NXD_MQTT_CONNECT_FAILURE)
        assert peer.accepted == 1
    assert settled(before)
    assert managed_sockets() == 0


@on_every_network
def test_a_real_web_server(make_secure_device, network, afterwards):
    device = make_secure_device("device")
    before = open_files()
    with WebServer() as server:
        status, (stage, number, cause) = device.refusal(server)
    assert (status, stage, number) == (NXD_MQTT_CONNECT_FAILURE, "tls", NO_TLS[0])
    assert NO_TLS[1] in cause
    afterwards(device, before)


@in_two_ways
def test_a_real_broker_without_tls(start_broker, make_secure_device, afterwards, network, wait):
    broker = start_broker()
    device = make_secure_device("device")
    before = open_files()
    _, (stage, number, cause) = device.refusal(broker, wait)
    assert (stage, number) == ("tls", HUNG_UP[0])
    assert HUNG_UP[1] in cause
    assert broker.connects() == 0
    afterwards(device, before)


@in_two_ways
def test_a_real_broker_with_tls_and_a_plain_client(
    start_broker, make_device, authority, network, wait
):
    broker = start_broker(files=authority.server())
    device = make_device("device")
    before = open_files()
    status = device.try_to_connect(broker, wait=wait)
    if wait == NX_NO_WAIT:
        assert status == NX_IN_PROGRESS
        run(device, until=lambda: device.polled)
        status = device.polled[-1]
    assert not device.connected
    stage, number, cause = device.client.reason
    # mosquitto answers by an alert, which is no MQTT, or the reset overtakes it.
    assert stage == "connack"
    assert status == number
    assert number in {NXD_MQTT_COMMUNICATION_FAILURE, NXD_MQTT_SERVER_MESSAGE_FAILURE}
    if number == NXD_MQTT_COMMUNICATION_FAILURE:
        assert "is it the right port" in cause
    assert broker.connects() == 0
    assert settled(before)


# --- time ----------------------------------------------------------------------------------------


def milliseconds_since(begun: float) -> float:
    """On the clock of the machine."""
    return (time.monotonic() - begun) * 1000


@on_every_network
@pytest.mark.parametrize("name", STALLS)
def test_a_stall_ends_with_the_wait(make_secure_device, peer_of, name, network):
    device = make_secure_device("device")
    before = open_files()
    with peer_of(name) as peer:
        begun = time.monotonic()
        status, (stage, number, cause) = device.refusal(peer, wait=SHORT)
        assert SHORT * 10 <= milliseconds_since(begun) + 1 < SHORT * 10 + SLACK
        assert (status, stage, number) == (NXD_MQTT_CONNECT_FAILURE, "tls", STALLED[0])
        assert STALLED[1] in cause
    assert settled(before)
    assert managed_sockets() == 0


@in_two_ways
@pytest.mark.parametrize("name", STALLS)
def test_a_stall_ends_with_the_connect_limit(make_secure_device, peer_of, name, network, wait):
    device = make_secure_device("device").allow(NXD_MQTT_TIMEOUT_CONNECT, SHORT)
    with peer_of(name) as peer:
        begun = time.monotonic()
        _, (stage, number, cause) = device.refusal(peer, wait=wait)
        assert SHORT * 10 <= milliseconds_since(begun) + 1 < SHORT * 10 + SLACK
        assert (stage, number) == ("tls", STALLED[0])
        assert STALLED[1] in cause


def test_a_wait_that_is_over_behind_a_stall_leaves_a_client_that_works(
    make_secure_device, peer_of, afterwards
):
    device = make_secure_device("device")
    before = open_files()
    with peer_of("SaysNothing") as peer:
        device.refusal(peer, wait=SHORT)
    afterwards(device, before)


def test_a_server_that_says_no_mqtt(make_secure_device, peer_of):
    device = make_secure_device("device").allow(NXD_MQTT_TIMEOUT_CONNACK, SHORT)
    with peer_of("ShakesHands") as peer:
        begun = time.monotonic()
        status, (stage, number, cause) = device.refusal(peer)
        assert milliseconds_since(begun) < SHORT * 10 + SLACK
    assert (status, stage, number) == (
        NXD_MQTT_COMMUNICATION_FAILURE,
        "connack",
        NXD_MQTT_COMMUNICATION_FAILURE,
    )
    assert "CONNACK" in cause
    assert peer.received[:1] == b"\x10"


# --- again and again -----------------------------------------------------------------------------


@on_every_network
def test_a_server_that_resets_every_handshake_leaks_nothing(make_secure_device, peer_of, network):
    setup = Setup()
    device = make_secure_device("device", setup).reconnecting(1, 1)
    before = open_files()
    with peer_of("ResetsInHandshake") as peer:
        assert device.try_to_connect(peer, wait=NX_NO_WAIT) == NX_IN_PROGRESS
        run(device, until=lambda: device.statistics()["attempts"] >= 8)
        device.disconnect()
    attempts = device.statistics()["attempts"]
    assert peer.accepted == attempts == len(setup.calls)
    reasons = {reason[:2] for reason in device.statistics()["reasons"][:-1]}
    assert reasons == {("tls", NX_SECURE_TLS_HANDSHAKE_FAILURE)}
    assert settled(before)
    assert managed_sockets() == 0
