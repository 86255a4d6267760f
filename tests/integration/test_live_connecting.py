# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Connecting ends in time, with the right status and reason, whoever is at the other end."""

import errno
import gc
import socket
import time
import warnings
from pathlib import Path
from types import SimpleNamespace

import peers
import pytest
from devices import NETWORKS, Message, run, run_for, turn
from strange_peers import LOOPBACK, SilentPeer, WebServer

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *

# A new line in CONNECT, without which a web server would wait for one: seconds of keepalive.
NEW_LINE = ord("\n")


def at(host: str, port: int) -> SimpleNamespace:
    """A peer by its address."""
    return SimpleNamespace(host=host, port=port)


def has_ipv6() -> bool:
    """Whether this machine has an IPv6 loopback."""
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


# --- brokers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("network", NETWORKS, indirect=True)
def test_blocking(broker, make_device, network):
    device = make_device("device")
    assert device.try_to_connect(broker) == NXD_MQTT_SUCCESS
    assert device.connected
    assert device.try_to_connect(broker) == NXD_MQTT_ALREADY_CONNECTED
    device.publish("a", "x")
    device.disconnect()
    assert not device.connected
    assert device.answers == [NXD_MQTT_SUCCESS]
    assert [status for _, status, _ in device.endings] == [NXD_MQTT_SUCCESS]


@pytest.mark.parametrize("network", NETWORKS, indirect=True)
def test_non_blocking(broker, make_device, network):
    device = make_device("device")
    assert device.try_to_connect(broker, wait=NX_NO_WAIT) == NX_IN_PROGRESS
    assert device.answers == []
    assert device.try_to_connect(broker, wait=NX_NO_WAIT) == NXD_MQTT_CONNECTING
    assert device.try_to_publish("a", "x") == NXD_MQTT_NOT_CONNECTED
    run(device, until=lambda: device.answers)
    assert device.answers == [NXD_MQTT_SUCCESS]
    device.publish("a", "x")
    assert device.endings == []


def test_giving_up_while_connecting(broker, make_device):
    device = make_device("device")
    assert device.try_to_connect(broker, wait=NX_NO_WAIT) == NX_IN_PROGRESS
    device.disconnect()
    assert device.answers == [NXD_MQTT_CONNECT_FAILURE]
    assert device.endings == []
    device.connect(broker)


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6 loopback")
@pytest.mark.parametrize("network", NETWORKS, indirect=True)
def test_an_ipv6_address(start_broker, make_device, network):
    broker = start_broker(host="::1")
    device = make_device("device").connect(broker).subscribe("a")
    device.publish("a", "x")
    run(device, until=lambda: device.messages)
    assert device.messages == [Message("a", b"x", 1)]


def test_a_host_name(broker, make_device):
    # The name may stand for ::1 as well, where nobody listens: then the next address is tried.
    device = make_device("device").connect(at("localhost", broker.port))
    device.publish("a", "x")


class TwoAddresses:
    """The system's sockets, where every name stands for ::1 and then for 127.0.0.1.

    :param bool has_ipv6: whether sockets for the first address can be made
    """

    SOCK_STREAM = socket.SOCK_STREAM

    def __init__(self, has_ipv6: bool):
        self._has_ipv6 = has_ipv6

    def getaddrinfo(self, host: str, port: int, family: int = 0, kind: int = 0) -> list[tuple]:
        """Both addresses, the one that nobody listens on first."""
        stream = (socket.SOCK_STREAM, socket.IPPROTO_TCP, "")
        return [
            (socket.AF_INET6, *stream, ("::1", port, 0, 0)),
            (socket.AF_INET, *stream, (LOOPBACK, port)),
        ]

    def socket(self, family: int, kind: int) -> socket.socket:
        """A socket, as on a machine with or without IPv6."""
        if family == socket.AF_INET6 and not self._has_ipv6:
            raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")
        return socket.socket(family, kind)


@pytest.mark.parametrize("machine_has_ipv6", [True, False])
def test_a_name_whose_first_address_leads_nowhere(broker, make_device, machine_has_ipv6):
    device = make_device("device", socket_pool=TwoAddresses(machine_has_ipv6))
    device.connect(at("two.example", broker.port))
    device.publish("a", "x")


def test_keepalive_keeps_silent_links_up(broker, make_device):
    sleeper = make_device("sleeper").connect(broker, keepalive=1)
    looper = make_device("looper").connect(broker, keepalive=1)
    end = time.monotonic() + 4
    while time.monotonic() < end:
        assert nxd_mqtt_client_poll(sleeper.client, 20) == NXD_MQTT_SUCCESS
        turn([looper], 0)
    for device in (sleeper, looper):
        assert device.connected
        assert device.endings == []
        device.publish("a", "x")
    # One is due after three quarters of each second.
    assert 6 <= broker.pings() <= 12


def test_keepalive_0_is_none(broker, make_device):
    device = make_device("device").connect(broker, keepalive=0)
    run_for(device, seconds=0.2)
    assert broker.pings() == 0
    device.publish("a", "x")


def open_files() -> int:
    """How many file descriptors this process has open."""
    return len(list(Path("/dev/fd").iterdir()))


@pytest.mark.parametrize("network", NETWORKS, indirect=True)
def test_connecting_200_times_leaks_nothing(broker, make_device, network):
    device = make_device("device")
    with warnings.catch_warnings(record=True) as warned:
        # A socket that the collector had to close was leaked: that warns.
        warnings.simplefilter("always", ResourceWarning)
        before = open_files()
        for number in range(200):
            device.connect(broker, clean=number % 2)
            device.publish("a", "x", quality=0)
            if number % 3:
                device.disconnect()
            else:
                device.drop()
        # The embedded broker lives in this process and closes its ends in its own time.
        run(device, until=lambda: open_files() <= before)
        gc.collect()
    assert [str(warning.message) for warning in warned] == []
    assert len(device.endings) == 200
    assert device.answers == [NXD_MQTT_SUCCESS] * 200


# --- login ---------------------------------------------------------------------------------------

USERS = {"alice": "wonder land", "bob": "bündel"}
REFUSED = (NXD_MQTT_ERROR_BAD_USERNAME_PASSWORD, NXD_MQTT_ERROR_NOT_AUTHORIZED)


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("alice", "wonder land"),
        ("bob", "bündel"),
        (b"bob", "bündel".encode()),
        (lambda: "alice", lambda: b"wonder land"),
    ],
    ids=["text", "umlauts", "bytes", "callables"],
)
def test_a_login_that_is_known(start_broker, make_device, username, password):
    # With mosquitto this needs its password program as well; without it, it is named as missing.
    device = make_device("device")
    status = nxd_mqtt_client_login_set(device.client, username, password)
    assert status == NXD_MQTT_SUCCESS
    broker = start_broker(users=USERS)
    for _ in range(2):  # it is kept for later connections
        device.connect(broker)
        device.publish("a", "x")
        device.disconnect()


@pytest.mark.parametrize("network", NETWORKS, indirect=True)
@pytest.mark.parametrize(
    ("username", "password"),
    [("alice", "wrong"), ("alice", None), ("alice", ""), ("carol", "wonder land"), (None, None)],
)
def test_a_login_that_is_refused(start_broker, make_device, network, username, password):
    broker = start_broker(users=USERS)
    device = make_device("device")
    nxd_mqtt_client_login_set(device.client, username, password)
    status = device.try_to_connect(broker)
    assert status in REFUSED
    stage, reason_status, cause = device.client.reason
    assert (stage, reason_status) == ("connack", status)
    assert "CONNACK" in cause
    assert str(status - NXD_MQTT_ERROR_CONNECT_RETURN_CODE) in cause
    assert device.answers == [status]
    assert device.endings == []
    # The client stays usable.
    nxd_mqtt_client_login_set(device.client, "alice", "wonder land")
    device.connect(broker)


@pytest.mark.parametrize(
    ("username", "password"),
    [("alice", None), ("alice", ""), ("", None), ("", ""), (None, None), ("alice", b"\0\xff")],
)
def test_a_login_where_nobody_asks(broker, make_device, username, password):
    device = make_device("device")
    nxd_mqtt_client_login_set(device.client, username, password)
    device.connect(broker)
    device.publish("a", "x")
    if broker.name == "embedded":
        sent = password.encode() if isinstance(password, str) else password
        assert broker.logins == [("device", username, sent)]


# --- no brokers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("network", NETWORKS, indirect=True)
def test_a_refused_port(make_device, network):
    device = make_device("device")
    assert device.try_to_connect(at(LOOPBACK, peers.free_port())) == NXD_MQTT_CONNECT_FAILURE
    stage, status, cause = device.client.reason
    assert (stage, status) == ("tcp", NXD_MQTT_CONNECT_FAILURE)
    assert isinstance(cause, ConnectionRefusedError)
    assert device.answers == []


@pytest.mark.parametrize("network", NETWORKS, indirect=True)
def test_a_refused_port_without_waiting(make_device, network):
    device = make_device("device")
    status = device.try_to_connect(at(LOOPBACK, peers.free_port()), wait=NX_NO_WAIT)
    assert status == NX_IN_PROGRESS
    run(device, until=lambda: device.answers)
    assert device.answers == [NXD_MQTT_CONNECT_FAILURE]
    assert device.polled == [NXD_MQTT_CONNECT_FAILURE]
    assert nxd_mqtt_client_poll(device.client) == NXD_MQTT_NOT_CONNECTED
    assert device.client.reason[0] == "tcp"
    assert device.endings == []


def test_a_name_that_nobody_has(make_device):
    device = make_device("device")
    # A name that may never be given to anybody [RFC 6761].
    assert device.try_to_connect(at("broker.invalid", 1883)) == NXD_MQTT_CONNECT_FAILURE
    assert device.client.reason[0] == "dns"


@pytest.mark.parametrize("network", NETWORKS, indirect=True)
def test_a_peer_that_says_nothing(make_device, network):
    device = make_device("device")
    with SilentPeer() as silent:
        begun = time.monotonic()
        status = device.try_to_connect(silent, wait=NX_IP_PERIODIC_RATE // 2)
        taken = time.monotonic() - begun
        assert status == NXD_MQTT_COMMUNICATION_FAILURE
        assert 0.4 < taken < 3
        stage, reason_status, cause = device.client.reason
        assert (stage, reason_status) == ("connack", NXD_MQTT_COMMUNICATION_FAILURE)
        assert cause
        # It has been left: the peer sees CONNECT and the end.
        with silent.accept() as other_end:
            other_end.settimeout(5)
            assert other_end.recv(100)[:1] == b"\x10"
            assert other_end.recv(100) == b""


def test_a_peer_that_says_nothing_without_waiting(make_device):
    device = make_device("device")
    nxd_mqtt_client_timeout_set(device.client, NXD_MQTT_TIMEOUT_CONNACK, NX_IP_PERIODIC_RATE // 4)
    with SilentPeer() as silent:
        assert device.try_to_connect(silent, wait=NX_NO_WAIT) == NX_IN_PROGRESS
        run(device, until=lambda: device.answers, seconds=3)
    assert device.answers == [NXD_MQTT_CONNECT_FAILURE]
    assert device.polled == [NXD_MQTT_COMMUNICATION_FAILURE]
    stage, _, cause = device.client.reason
    assert stage == "connack"
    assert "CONNACK" in cause


def test_a_peer_that_closes_at_once(make_device):
    device = make_device("device")
    with SilentPeer() as silent:
        assert device.try_to_connect(silent, wait=NX_NO_WAIT) == NX_IN_PROGRESS
        device.serve()
        silent.accept().close()
        run(device, until=lambda: device.answers)
    assert device.client.reason[:2] == ("connack", NXD_MQTT_COMMUNICATION_FAILURE)
    assert not device.connected


@pytest.mark.parametrize("wait", [500, NX_NO_WAIT])
def test_a_web_server(broker, make_device, wait):
    device = make_device("device")
    with WebServer() as server:
        status = device.try_to_connect(server, keepalive=NEW_LINE, wait=wait)
        if wait == NX_NO_WAIT:
            assert status == NX_IN_PROGRESS
            run(device, until=lambda: device.answers)
            status = device.answers[-1]
    assert status == NXD_MQTT_SERVER_MESSAGE_FAILURE
    stage, reason_status, cause = device.client.reason
    assert (stage, reason_status) == ("connack", NXD_MQTT_SERVER_MESSAGE_FAILURE)
    assert "HTTP" in cause
    device.connect(broker)
