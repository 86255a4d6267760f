# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What the tests over real sockets ask for: a broker, in turn the embedded one and mosquitto."""

import brokers
import pytest
from devices import NETWORKS, Device
from tls_bench import Setup, settled
from tls_devices import SecureDevice, managed_sockets

from nxd_mqtt.nxd import NXD_MQTT_SUCCESS, nxd_mqtt_client_delete


@pytest.fixture(params=brokers.KINDS)
def start_broker(request, tmp_path):
    """A function that starts a broker with settings of its own."""
    started = []

    def start(**settings):
        broker = brokers.KINDS[request.param](tmp_path, **settings)
        broker.start()
        started.append(broker)
        return broker

    yield start
    for broker in started:
        broker.kill()  # at once; mosquitto takes its time to stop


@pytest.fixture
def broker(start_broker):
    """A fresh broker that lets everybody in."""
    return start_broker()


@pytest.fixture
def network(request):
    """Where devices get their sockets from; a test may be parametrised with ``NETWORKS``."""
    return getattr(request, "param", NETWORKS[0])


@pytest.fixture
def make_device(network):
    """A function that makes devices; what is left of them is deleted after the test."""
    made = []

    def make(client_id: str, **measures) -> Device:
        device = Device(client_id, network, **measures)
        made.append(device)
        return device

    yield make
    for device in made:
        if device.client.state:  # a test may have deleted it itself
            assert nxd_mqtt_client_delete(device.client) == NXD_MQTT_SUCCESS


@pytest.fixture
def make_secure_device(authority, network):
    """As ``make_device``; unless told otherwise the devices trust the root, and show nothing."""
    made = []

    def make(client_id: str, setup=None, **measures) -> SecureDevice:
        device = SecureDevice(client_id, setup or Setup(authority.root), network, **measures)
        made.append(device)
        return device

    yield make
    for device in made:
        if device.client.state:
            assert nxd_mqtt_client_delete(device.client) == NXD_MQTT_SUCCESS


@pytest.fixture
def pair(broker, make_device):
    """A publisher and a subscriber, both connected."""
    return make_device("publisher").connect(broker), make_device("subscriber").connect(broker)


@pytest.fixture
def afterwards(start_broker, authority):
    """Sees that nothing was left open and that the client can connect to a good server."""

    def see(device, before):
        assert settled(before)
        assert managed_sockets() == 0
        device.session(start_broker(files=authority.server()))

    return see
