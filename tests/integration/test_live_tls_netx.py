# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Twins of NetX's interoperability tests over TLS: subscribers at a real broker, real sockets."""

import peers
import pytest
from devices import NETWORKS, run
from tls_bench import Setup
from tls_devices import SecureDevice

from nxd_mqtt.nxd import *

KEEPALIVE = 300
CLIENT_IDS = ("mytestclient", "mysecondtestclient")
TOPIC = "test"
HELLO = "hello"

pytestmark = pytest.mark.parametrize("network", NETWORKS, indirect=True)


@pytest.fixture
def secure_broker(start_broker, authority):
    """A broker that speaks TLS only."""
    return start_broker(files=authority.server())


@pytest.fixture
def publisher(secure_broker, make_secure_device) -> SecureDevice:
    """Who says hello."""
    return make_secure_device("somebody else").connect(secure_broker)


def subscriber(device, broker) -> SecureDevice:
    """The device when it is connected, and its subscription granted."""
    assert device.try_to_connect(broker, KEEPALIVE, wait=NX_WAIT_FOREVER) == NXD_MQTT_SUCCESS
    device.messages.clear()
    return device.subscribe(TOPIC, quality=0)


def hears(device, publisher) -> None:
    """It gets what is published, from buffers of the size that NetX's programs have."""
    device.collects = False
    publisher.publish(TOPIC, HELLO, quality=0)
    run(device, publisher, until=lambda: device.statistics()["unread"])
    topic, message = bytearray(12), bytearray(32)
    assert nxd_mqtt_client_message_get(device.client, topic, message) == (NXD_MQTT_SUCCESS, 4, 5)
    assert (topic[:4], message[:5]) == (b"test", b"hello")


def leave(device) -> None:
    """Every goodbye is a success."""
    assert nxd_mqtt_client_unsubscribe(device.client, TOPIC) == NXD_MQTT_SUCCESS
    assert nxd_mqtt_client_disconnect(device.client) == NXD_MQTT_SUCCESS


def test_netx_mqtt_tls_subscriber_test(secure_broker, publisher, make_secure_device, authority):
    setup = Setup(authority.root, statuses=[1])
    device = make_secure_device(CLIENT_IDS[0], setup)
    connects = secure_broker.connects()
    assert device.try_to_connect(secure_broker, KEEPALIVE, wait=NX_WAIT_FOREVER) == 1
    assert device.statistics()["attempts"] == 0
    assert secure_broker.connects() == connects
    hears(subscriber(device, secure_broker), publisher)
    assert len(setup.calls) == 2
    leave(device)
    assert nxd_mqtt_client_delete(device.client) == NXD_MQTT_SUCCESS


def test_netx_mqtt_tls_subscriber_twice_test(secure_broker, publisher, make_secure_device):
    class Nobody:
        host, port = "127.0.0.1", peers.free_port()

    device = make_secure_device(CLIENT_IDS[0])
    status, reason = device.refusal(Nobody)
    assert (status, reason[0]) == (NXD_MQTT_CONNECT_FAILURE, "tcp")
    for number in (2, 3, 4):
        hears(subscriber(device, secure_broker), publisher)
        leave(device)
        assert len(device.setup.calls) == number
    assert nxd_mqtt_client_delete(device.client) == NXD_MQTT_SUCCESS


def test_netx_mqtt_double_subscribers_test(secure_broker, publisher, make_secure_device):
    both = [subscriber(make_secure_device(name), secure_broker) for name in CLIENT_IDS]
    publisher.publish(TOPIC, HELLO, quality=0)
    run(*both, publisher, until=lambda: all(device.messages for device in both))
    assert [device.payloads() for device in both] == [[b"hello"]] * 2
    for device in both:
        leave(device)
        assert nxd_mqtt_client_delete(device.client) == NXD_MQTT_SUCCESS
