# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A mosquitto with the played hub on it and our device, and what tests do with the three."""

import json
import socket
from types import SimpleNamespace

from azure_devices import PATIENCE, AzureDevice
from brokers import MosquittoBroker
from devices import run
from played_hub import HOST, PlayedHub
from wire_tap import WireTap

from boards.desktop.broker.packets import Subscribe
from nxd_mqtt.azure_iot import *
from nxd_mqtt.nxd_extensions import nxd_mqtt_client_socket_get

DEVICE = "dev"
KEY = "c2VjcmV0IG9mIGEgZGV2aWNl"


class Stage:
    """A mosquitto with the played hub on it, and the device that is tested.

    :param Path folder: for mosquitto's files
    :param password: of the hub at a broker that asks for one
    :param settings: of the broker
    """

    def __init__(self, folder, password=None, **settings) -> None:
        self.broker = MosquittoBroker(folder, **settings)
        self.hub = PlayedHub(self.broker, DEVICE, password)
        self.tap = WireTap()
        self._devices = []

    def begin(self):
        """Start both; returns the stage."""
        self.broker.start()
        self.hub.start()
        return self

    def device(self, way="tcp", roots=(), text=None, **measures) -> AzureDevice:
        """The device, which does not know that it is no real hub."""
        where = SimpleNamespace(plain_port=self.broker.port, port=self.broker.port)
        text = text or f"HostName={HOST};DeviceId={DEVICE};SharedAccessKey={KEY}"
        device = AzureDevice(
            where, DEVICE, way, text, roots=roots, socket_pool=self.tap, **measures
        )
        self._devices.append(device)
        return device

    def device_with_everything(self, **measures) -> AzureDevice:
        """The device, which connects again by itself, with all of its subscriptions granted."""
        device = self.device(**measures).reconnecting()
        device.enable(
            nx_azure_iot_hub_client_cloud_message_enable,
            nx_azure_iot_hub_client_direct_method_enable,
            nx_azure_iot_hub_client_device_twin_enable,
        )
        settle(device.connect())
        return device

    def break_off(self) -> None:
        """The broker goes, and the hub's link with it."""
        self.broker.kill()
        self.hub.stop()

    def close(self) -> None:
        """End all of it."""
        for device in self._devices:
            device.delete()
        self.hub.stop()
        self.broker.kill()


def settle(device) -> None:
    """Run until everything is acknowledged."""
    run(device, until=lambda: device.connected and not device.statistics()["unacknowledged"])


def lose(device) -> None:
    """Lose the link without a word, and connect again; the device has to be a reconnecting one."""
    links = device.statistics()["connects"]
    nxd_mqtt_client_socket_get(device.client)[1].shutdown(socket.SHUT_RDWR)
    run(device, until=lambda: device.statistics()["connects"] > links)


def fail(device) -> None:
    """Notice that the broker has gone, and try to connect in vain."""
    run(device, until=lambda: device.statistics()["attempts"] > 3)
    assert not device.connected


def subscribed(tap: WireTap) -> list[list[str]]:
    """The filters that were asked for on each link, all of them one by one and at QoS 1."""
    found = []
    for link in tap.packets(Subscribe):
        assert all(quality == 1 for packet in link for _, quality in packet.subscriptions)
        found.append(
            [topic_filter for packet in link for ((topic_filter, _),) in [packet.subscriptions]]
        )
    return found


def works(stage: Stage, device) -> None:
    """Everything goes through, in both directions."""
    hub = stage.hub
    before = len(hub.events), len(hub.reports), len(hub.answers)
    device.send(b"works")
    hub.send_message(b"to you")
    assert device.take(nx_azure_iot_hub_client_cloud_message_receive) == b"to you"
    hub.call("look", b"1", "7f")
    answer(device, b"2")
    report(device, {"works": 1})
    patch = hub.change(works=2)
    receive = nx_azure_iot_hub_client_device_twin_desired_properties_receive
    assert device.take(receive) == patch
    settle(device)
    hub.wait(lambda: len(hub.answers) > before[2])
    assert hub.events[before[0] :] == [("", b"works", 1)]
    assert hub.reports[before[1] :] == [b'{"works": 1}']
    assert hub.answers[before[2] :] == [(200, "7f", b"2")]


def answer(device, payload: bytes) -> tuple:
    """Take a call and answer it; returns its name and its payload."""
    name, context, packet = device.do(
        nx_azure_iot_hub_client_direct_method_message_receive, PATIENCE
    )
    device.do(
        nx_azure_iot_hub_client_direct_method_message_response, 200, context, payload, PATIENCE
    )
    return name, packet.data


def report(device, patch: dict) -> tuple:
    """Report; returns the hub's status and version."""
    _, status, version = device.do(
        nx_azure_iot_hub_client_device_twin_reported_properties_send, json.dumps(patch), PATIENCE
    )
    return status, version


def read_twin(device) -> dict:
    """Ask for the twin, and take it."""
    device.do(nx_azure_iot_hub_client_device_twin_properties_request, PATIENCE)
    return json.loads(device.take(nx_azure_iot_hub_client_device_twin_properties_receive))
