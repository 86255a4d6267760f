# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Tokens are renewed in time, and with traffic both ways nothing is lost by it."""

import json
import time

import pytest
from azure_devices import PATIENCE, WAYS
from devices import run, turn

from boards.desktop.hub import Hub, Step
from nxd_mqtt.azure_iot import *
from nxd_mqtt.nxd import *

pytest_plugins = ["azure_device_fixtures"]

RENEWALS = 5
# Seconds. Tokens count in whole ones, and devices here are so far ahead of the hub that it does not
# close the link of a token that has just ended.
LIFE = 2
AHEAD = 3

CLOCK_MASK = (1 << 29) - 1


class Time:
    """The time of hub and devices, which goes faster than the machine's.

    :param float speed: how much
    """

    def __init__(self, speed: float):
        self._speed = speed
        self._start = time.time()

    def _passed(self) -> float:
        return (time.time() - self._start) * self._speed

    def hub(self) -> float:
        """Seconds since 1970."""
        return self._start + self._passed()

    def device(self) -> float:
        """The same, of a device."""
        return self.hub() + AHEAD

    def ticks(self) -> int:
        """A device's milliseconds."""
        return int(self._passed() * 1000) & CLOCK_MASK


TIME = Time(4)


@pytest.fixture(scope="module")
def cloud():
    """A hub whose time goes faster."""
    with Hub(plain_port=0, devices=(), clock=TIME.hub) as hub:
        yield hub


@pytest.fixture
def make_quick_device(make_azure_device):
    """A function that makes devices with the hub's time, and with tokens of a short life."""

    def make(way=WAYS[0], **measures):
        device = make_azure_device(way, unix_time=TIME.device, clock=TIME.ticks, **measures)
        device.do(
            nx_azure_iot_hub_client_sas_token_set,
            lambda: device.hub.token(device.id, seconds=LIFE + AHEAD),
        )
        return device

    return make


class Traffic:
    """A device with a token of a short life, which is busy in both directions.

    :param device: not connected yet
    """

    def __init__(self, device):
        self.device = device
        self.sent = self.messages = self.calls = 0
        self.taken: list[int] = []
        self.answers: list = []
        self.desired = 0
        device.enable(
            nx_azure_iot_hub_client_cloud_message_enable,
            nx_azure_iot_hub_client_direct_method_enable,
            nx_azure_iot_hub_client_device_twin_enable,
        )
        for kind, callback in (
            (NX_AZURE_IOT_HUB_CLOUD_TO_DEVICE_MESSAGE, self._on_message),
            (NX_AZURE_IOT_HUB_DIRECT_METHOD, self._on_method),
            (NX_AZURE_IOT_HUB_DEVICE_TWIN_DESIRED_PROPERTIES, self._on_desired),
        ):
            device.do(nx_azure_iot_hub_client_receive_callback_set, kind, callback)
        device.connect()

    def _on_message(self, client, args) -> None:
        self.taken.append(int(self.device.take(nx_azure_iot_hub_client_cloud_message_receive)))

    def _on_method(self, client, args) -> None:
        _, context, packet = self.device.do(
            nx_azure_iot_hub_client_direct_method_message_receive, NX_NO_WAIT
        )
        self.device.do(
            nx_azure_iot_hub_client_direct_method_message_response,
            200,
            context,
            packet.data,
            NX_NO_WAIT,
        )

    def _on_desired(self, client, args) -> None:
        patch = self.device.take(nx_azure_iot_hub_client_device_twin_desired_properties_receive)
        self.desired = json.loads(patch)["n"]

    def go_on(self) -> None:
        """A bit of everything."""
        device, number = self.device, self.sent
        packet = device.message()
        status = nx_azure_iot_hub_client_telemetry_send(device.client, packet, b"%d" % number, 0)
        assert status in {NX_AZURE_IOT_SUCCESS, NXD_MQTT_PACKET_POOL_FAILURE}
        if status == NX_AZURE_IOT_SUCCESS:
            self.sent += 1
        if number % 10 == 0 and self.messages * 10 <= number:
            device.hub.send_message(device.id, b"%d" % self.messages)
            self.messages += 1
            self.answers.append(device.hub.begin_method(device.id, "echo", number, (10, 30)))
            device.hub.patch_twin(device.id, desired={"n": number})

    def over(self) -> bool:
        """Whether everything has come where it belongs."""
        return (
            not self.device.statistics()["unacknowledged"]
            and len(self.taken) >= self.messages
            and all(answer.done() for answer in self.answers)
        )


def test_a_token_is_renewed_with_traffic_and_nothing_is_lost(cloud, make_quick_device):
    before = cloud.statistics()
    # All ways at once, because the time is real.
    busy = [Traffic(make_quick_device(way, depth=16)) for way in WAYS]
    devices = [each.device for each in busy]
    deadline = time.monotonic() + 20
    while min(device.statistics()["renewals"] for device in devices) < RENEWALS:
        assert time.monotonic() < deadline, [device.statistics() for device in devices]
        for each in busy:
            each.go_on()
        turn(devices, 0.01)
    run(*devices, until=lambda: all(each.over() for each in busy))
    for each in busy:
        device, figures = each.device, each.device.statistics()
        assert device.told == [NX_AZURE_IOT_SUCCESS]
        assert figures["connects"] == figures["renewals"] + 1
        assert 0 < figures["longest_gap"] < 2000
        numbers = [int(event.body) for event in cloud.events(device.id)]
        assert sorted(set(numbers)) == list(range(each.sent))
        assert each.taken == list(range(each.messages))
        assert [answer.result()[0] for answer in each.answers] == [200] * len(each.answers)
        last = cloud.twin(device.id)["properties"]["desired"]["n"]
        run(device, until=lambda each=each, last=last: each.desired == last)
    after = cloud.statistics()
    for name in ("refused", "closed_expired", "violations"):
        assert after[name] == before[name]


def test_a_key_signs_a_new_token_in_time(make_azure_device):
    quick = Time(25)
    with Hub(plain_port=0, devices=("dev",), clock=quick.hub) as hub:
        device = make_azure_device(
            "tls", hub, device_id="dev", unix_time=quick.device, clock=quick.ticks
        )
        device.do(nx_azure_iot_hub_client_token_life_set, 60)
        device.connect()
        first = device.statistics()["token_expiry"]
        run(device, until=lambda: device.statistics()["renewals"])
        # At 85 % of the minute, and not when it is over.
        assert first + 45 < device.statistics()["token_expiry"] < first + 60
        packet_id = device.send(b"x")
        run(device, until=lambda: packet_id in device.acknowledged)
        assert device.told == [NX_AZURE_IOT_SUCCESS]
        assert hub.statistics()["closed_expired"] == 0
        device.disconnect()


def test_a_token_that_cannot_be_renewed_ends_the_link_when_it_ends(cloud, make_quick_device):
    device = make_quick_device().reconnecting()
    token = cloud.token(device.id, seconds=LIFE + AHEAD)
    device.do(nx_azure_iot_hub_client_sas_token_set, token)
    device.connect()
    before = cloud.statistics()["refused"]
    run(device, until=lambda: not device.connected)
    assert device.told == [NX_AZURE_IOT_SUCCESS, NX_AZURE_IOT_SAS_TOKEN_EXPIRED]
    # It goes on as soon as there is another one, and until then bothers nobody.
    run(device, until=lambda: device.statistics()["attempts"] > 3)
    assert cloud.statistics()["refused"] == before
    device.do(nx_azure_iot_hub_client_sas_token_set, cloud.token(device.id))
    run(device, until=lambda: device.connected)
    assert device.told[2:] == [NX_AZURE_IOT_SUCCESS]


def test_a_renewal_that_fails_is_told(cloud, make_quick_device):
    device = make_quick_device().connect()
    cloud.faults.refuse(3, device.id)
    run(device, until=lambda: len(device.told) > 1)
    assert device.told == [NX_AZURE_IOT_SUCCESS, NXD_MQTT_ERROR_SERVER_UNAVAILABLE]
    assert not device.connected
    status = device.refused(nx_azure_iot_hub_client_telemetry_send, device.message(), b"x", 0)
    assert status == NX_AZURE_IOT_DISCONNECTED
    device.connect()


def test_the_gap_of_a_renewal_is_no_loss(cloud, make_quick_device):
    device = make_quick_device().enable(
        nx_azure_iot_hub_client_cloud_message_enable, nx_azure_iot_hub_client_device_twin_enable
    )
    device.connect()
    receive = nx_azure_iot_hub_client_cloud_message_receive
    # The hub takes its time for the next CONNECT.
    cloud.faults.delay(Step.CONNECT, 1, device.id)
    run(device, until=lambda: not device.connected)
    assert device.refused(receive, NX_NO_WAIT) == NX_AZURE_IOT_NO_PACKET
    packet_id = device.send(b"x")
    device.do(nx_azure_iot_hub_client_device_twin_properties_request, PATIENCE)
    assert device.connected
    device.take(nx_azure_iot_hub_client_device_twin_properties_receive)
    run(device, until=lambda: packet_id in device.acknowledged)
    cloud.send_message(device.id, b"y")
    assert device.take(receive) == b"y"
    assert device.told == [NX_AZURE_IOT_SUCCESS]
    assert device.statistics()["longest_gap"] >= 900
