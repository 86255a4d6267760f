# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A device gets into the hub: by key, token or certificate, in every way, under its own name."""

import time
import urllib.parse

import pytest
from azure_devices import (
    MOMENT,
    PATIENCE,
    SECURE_WAYS,
    certificate,
    in_every_way,
    in_secure_ways,
)
from devices import run
from wire_tap import WireTap

from boards.desktop.broker.packets import Connect, Subscribe
from boards.desktop.hub import Certificates, Hub
from nxd_mqtt.azure_iot import *
from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *

pytest_plugins = ["azure_device_fixtures"]

MODEL = "dtmi:com:example:Thermostat;1"
IDLE = 1


def send_and_see(device, cloud, data: bytes = b"x") -> dict:
    """Send telemetry; returns the hub's own properties of the event that comes of it."""
    packet_id = device.send(data)
    run(device, until=lambda: packet_id in device.acknowledged)
    (event,) = [event for event in cloud.events(device.id) if event.body == data]
    return event.system


# -- what proves who it is --------------------------------------------------------------------


@in_every_way
def test_a_key_proves_who_it_is(cloud, make_azure_device, way):
    device = make_azure_device(way).connect()
    assert device.told == [NX_AZURE_IOT_SUCCESS]
    assert device.id in cloud.connected()
    assert '"sas"' in send_and_see(device, cloud)["iothub-connection-auth-method"]
    device.disconnect()
    cloud.wait(lambda: device.id not in cloud.connected())
    assert device.told == [NX_AZURE_IOT_SUCCESS]


@in_every_way
def test_a_token_that_somebody_else_has_signed(cloud, make_azure_device, way):
    device = make_azure_device(way)
    device.do(nx_azure_iot_hub_client_sas_token_set, cloud.token(device.id))
    device.connect()
    send_and_see(device, cloud)
    assert device.statistics()["token_expiry"] == pytest.approx(time.time() + 3600, abs=60)


@in_every_way
def test_a_callable_is_asked_for_a_token_before_every_connect(cloud, make_azure_device, way):
    device = make_azure_device(way)
    asked = []

    def token() -> str:
        asked.append(1)
        return cloud.token(device.id)

    device.do(nx_azure_iot_hub_client_sas_token_set, token)
    for times in (1, 2):
        device.connect()
        assert len(asked) == times
        device.disconnect()


@in_secure_ways
def test_a_certificate_proves_who_it_is(cloud, make_azure_device, way):
    device = make_azure_device(way, x509=True)
    assert device.settings["x509"]
    files = cloud.certificate(device.id)
    device.do(nx_azure_iot_hub_client_device_cert_set, certificate(*files))
    device.connect()
    assert "certificate" in send_and_see(device, cloud)["iothub-connection-auth-method"]
    assert device.statistics()["token_expiry"] == 0


@in_secure_ways
def test_a_certificate_of_another_device_is_refused(cloud, make_azure_device, way):
    device = make_azure_device(way, x509=True)
    files = cloud.certificate("somebody-else")
    device.do(nx_azure_iot_hub_client_device_cert_set, certificate(*files))
    assert device.refusal() == NXD_MQTT_ERROR_NOT_AUTHORIZED
    assert device.told == [NXD_MQTT_ERROR_NOT_AUTHORIZED]


def test_without_its_certificate_a_device_is_refused(make_azure_device):
    assert make_azure_device("tls", x509=True).refusal() == NXD_MQTT_ERROR_NOT_AUTHORIZED


# -- what proves who the hub is ---------------------------------------------------------------


@in_secure_ways
def test_a_device_with_several_roots_outlives_a_change_of_roots(make_azure_device, tmp_path, way):
    authorities = [Certificates(folder=tmp_path / name) for name in "abc"]
    roots = [authority.ca_pem for authority in authorities]
    hub = Hub(plain_port=0, devices=("dev",))
    device = None
    for authority in authorities:
        hub.certificates = authority
        with hub:
            device = device or make_azure_device(way, hub, device_id="dev", roots=roots[:2])
            if authority is authorities[-1]:
                device.refusal()
                assert device.client.reason[0] == "tls"
                hub.wait(lambda: hub.statistics()["handshakes_failed"] == 1)
            else:
                device.connect().disconnect()
    assert len(device.told) == 3


@in_secure_ways
def test_a_root_that_was_changed_is_noticed_and_can_be_added(make_azure_device, way):
    with Hub(plain_port=0, devices=("dev",)) as hub:
        device = make_azure_device(way, hub, device_id="dev").connect()
        hub.rotate_certificates()
        send_and_see(device, hub)  # an open link stays as it is
        device.disconnect()
        device.refusal()
        assert device.client.reason[0] == "tls"
        device.do(nx_azure_iot_hub_client_trusted_cert_add, certificate(hub.ca_pem))
        device.connect()
        device.disconnect()


def test_behind_an_unknown_root_there_is_no_connect(cloud, make_azure_device, authority):
    device = make_azure_device("tls", roots=authority.root)
    before = cloud.statistics()
    device.refusal()
    assert device.client.reason[0] == "tls"
    cloud.wait(lambda: cloud.statistics()["handshakes_failed"] > before["handshakes_failed"])
    after = cloud.statistics()
    assert [after[name] - before[name] for name in ("accepted", "refused")] == [0, 0]


# -- what it says of itself -------------------------------------------------------------------


def connects(tap: WireTap) -> list[Connect]:
    return [packet for (packet,) in tap.packets(Connect)]


def test_the_connect_of_a_device(cloud, make_azure_device):
    tap = WireTap()
    device = make_azure_device(socket_pool=tap).connect()
    device.disconnect()
    device.connect(clean=NX_TRUE)
    first, second = connects(tap)
    assert first.client_id == device.id
    name = f"localhost/{device.id}/?api-version=2021-04-12&DeviceClientType=nxd_mqtt"
    assert first.username == name
    kind, _, rest = first.password.decode().partition(" ")
    token = urllib.parse.parse_qs(rest)
    assert kind == "SharedAccessSignature"
    assert token["sr"] == [f"localhost/devices/{device.id}"]
    assert int(token["se"][0]) == pytest.approx(time.time() + 3600, abs=60)
    assert (first.clean_session, first.keepalive, first.will) == (False, 240, None)
    assert second.clean_session
    assert second.username == name


def test_the_connect_of_a_plug_and_play_device(cloud, make_azure_device):
    tap = WireTap()
    device = make_azure_device(socket_pool=tap)
    device.do(nx_azure_iot_hub_client_model_id_set, MODEL)
    device.connect()
    assert connects(tap)[0].username.endswith("&model-id=dtmi%3Acom%3Aexample%3AThermostat%3B1")
    assert cloud.twin(device.id)["modelId"] == MODEL


@in_every_way
def test_a_module(cloud, make_azure_device, way):
    owner = make_azure_device(way)
    text = cloud.add_module(owner.id, "camera")
    module = make_azure_device(way, device_id=owner.id, text=text)
    module.enable(
        nx_azure_iot_hub_client_device_twin_enable, nx_azure_iot_hub_client_direct_method_enable
    )
    owner.connect()
    module.connect()
    assert {owner.id, owner.id + "/camera"} <= set(cloud.connected())
    assert send_and_see(module, cloud)["iothub-connection-module-id"] == "camera"
    module.do(nx_azure_iot_hub_client_device_twin_reported_properties_send, '{"a":1}', PATIENCE)
    assert cloud.reported(owner.id, "camera") == {"a": 1}
    assert cloud.reported(owner.id) == {}
    answer = cloud.begin_method(owner.id, "look", 1, module_id="camera")
    name, context, packet = module.do(
        nx_azure_iot_hub_client_direct_method_message_receive, PATIENCE
    )
    assert (name, packet.data) == ("look", b"1")
    module.do(nx_azure_iot_hub_client_direct_method_message_response, 200, context, "2", PATIENCE)
    run(module, until=answer.done)
    assert answer.result() == (200, 2)


def test_a_hub_has_no_messages_for_modules(cloud, make_azure_device):
    owner = make_azure_device()
    module = make_azure_device(device_id=owner.id, text=cloud.add_module(owner.id, "camera"))
    module.enable(nx_azure_iot_hub_client_cloud_message_enable).connect()
    status = module.refused(nx_azure_iot_hub_client_cloud_message_receive, PATIENCE)
    assert status == NX_AZURE_IOT_NO_SUBSCRIBE_ACK
    assert module.connected


@in_secure_ways
def test_through_a_gateway_the_hub_keeps_its_name(make_azure_device, way):
    tap = WireTap()
    with Hub(host="myhub.azure-devices.net", plain_port=0, devices=("dev",)) as hub:
        text = hub.connection_string("dev", gateway="localhost")
        device = make_azure_device(way, hub, device_id="dev", text=text)
        device.aim(hub.port, device.settings["gateway_host"]).connect()
        plain = make_azure_device("tcp", hub, device_id="dev", socket_pool=tap).connect()
        (packet,) = connects(tap)
        assert packet.username.startswith("myhub.azure-devices.net/dev/?")
        assert b"sr=myhub.azure-devices.net%2Fdevices%2Fdev&" in packet.password
        plain.disconnect()
        device.disconnect()


# -- sessions ---------------------------------------------------------------------------------


@in_every_way
def test_a_session_that_is_kept_and_one_that_is_not(cloud, make_azure_device, way):
    device = make_azure_device(way).enable(nx_azure_iot_hub_client_cloud_message_enable)
    subscribed = cloud.statistics()["subscribes"]
    found = []
    for clean in (NX_FALSE, NX_FALSE, NX_TRUE, NX_FALSE):
        device.connect(clean)
        run(device, until=lambda: not device.statistics()["unacknowledged"])
        found.append((device.client.session_present, cloud.statistics()["subscribes"] - subscribed))
        device.disconnect()
    assert found == [(0, 1), (1, 1), (0, 2), (0, 3)]


def test_subscriptions_are_those_of_the_features(make_azure_device):
    tap = WireTap()
    device = make_azure_device(socket_pool=tap).enable(
        nx_azure_iot_hub_client_cloud_message_enable,
        nx_azure_iot_hub_client_direct_method_enable,
        nx_azure_iot_hub_client_device_twin_enable,
    )
    device.connect()
    run(device, until=lambda: not device.statistics()["unacknowledged"])
    (packets,) = tap.packets(Subscribe)
    assert [packet.subscriptions for packet in packets] == [
        ((topic_filter, 1),)
        for topic_filter in (
            f"devices/{device.id}/messages/devicebound/#",
            "$iothub/methods/POST/#",
            "$iothub/twin/res/#",
            "$iothub/twin/PATCH/properties/desired/#",
        )
    ]


# -- refusals ---------------------------------------------------------------------------------

WRONG_KEY = "QSBrZXkgdGhhdCBpcyBub3QgdGhlIHJpZ2h0IG9uZQ=="


def without_right(cloud, device, why: str) -> None:
    """See to it that the hub will refuse a device."""
    if why == "another key":
        device.do(nx_azure_iot_hub_client_symmetric_key_set, WRONG_KEY)
    elif why == "disabled":
        cloud.enable(device.id, False)
    elif why == "unknown":
        cloud.remove_device(device.id)
    elif why == "token of another device":
        cloud.add_device(device.id + "-else")
        device.do(nx_azure_iot_hub_client_sas_token_set, cloud.token(device.id + "-else"))


REFUSED = ("another key", "disabled", "unknown", "token of another device")


@in_every_way
@pytest.mark.parametrize("why", REFUSED)
def test_a_device_without_right_is_told_so_once(cloud, make_azure_device, way, why):
    # Also of one that connects again by itself: no further attempt would mend it.
    device = make_azure_device(way).reconnecting()
    without_right(cloud, device, why)
    assert device.refusal() == NXD_MQTT_ERROR_NOT_AUTHORIZED
    assert device.told == [NXD_MQTT_ERROR_NOT_AUTHORIZED]
    assert (device.client.state, device.statistics()["attempts"]) == (IDLE, 1)
    assert "code 5" in device.client.reason[2]


@in_every_way
def test_a_refused_name_is_told_as_what_it_is(cloud, make_azure_device, way):
    device = make_azure_device(way).reconnecting()
    cloud.faults.refuse(4, device.id)
    status = device.refused(nx_azure_iot_hub_client_connect, NX_FALSE, NX_NO_WAIT)
    assert status == NX_AZURE_IOT_CONNECTING
    run(device, until=lambda: device.told)
    assert device.told == [NXD_MQTT_ERROR_BAD_USERNAME_PASSWORD]
    assert (device.client.state, device.statistics()["attempts"]) == (IDLE, 1)


def test_a_hub_that_is_busy_is_asked_again(cloud, make_azure_device):
    device = make_azure_device().reconnecting()
    cloud.faults.refuse(3, device.id, times=3)
    device.connect()
    assert device.statistics()["attempts"] == 4
    assert device.told == [NX_AZURE_IOT_SUCCESS]


def test_a_token_that_has_expired_is_not_even_sent(cloud, make_azure_device):
    tap = WireTap()
    device = make_azure_device(socket_pool=tap)
    device.do(nx_azure_iot_hub_client_sas_token_set, cloud.token(device.id, seconds=-1))
    assert device.refusal() == NX_AZURE_IOT_SAS_TOKEN_EXPIRED
    assert tap.packets() == []


def test_a_clock_that_was_never_set_signs_nothing(make_azure_device):
    tap = WireTap()
    device = make_azure_device(socket_pool=tap, unix_time=lambda: 946684800)
    assert device.refusal() == NX_AZURE_IOT_TIME_NOT_SET
    assert tap.packets() == []


@pytest.mark.parametrize("way", SECURE_WAYS)
def test_a_certificate_needs_no_clock(cloud, make_azure_device, way):
    device = make_azure_device(way, x509=True, unix_time=lambda: 946684800)
    device.do(nx_azure_iot_hub_client_device_cert_set, certificate(*cloud.certificate(device.id)))
    device.connect()
    send_and_see(device, cloud)


def test_a_second_connect_changes_nothing(make_azure_device):
    device = make_azure_device().connect()
    assert device.refusal() == NX_AZURE_IOT_ALREADY_CONNECTED
    assert device.refusal(MOMENT) == NX_AZURE_IOT_ALREADY_CONNECTED
    assert device.connected
    assert device.statistics()["connects"] == 1
