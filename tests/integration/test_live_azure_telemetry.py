# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Telemetry reaches the hub as it was handed in: bodies, properties, qualities, and the will."""

import pytest
from azure_devices import MOMENT, PATIENCE, in_every_way
from devices import run

from boards.desktop.hub import Step
from nxd_mqtt.azure_iot import *
from nxd_mqtt.nxd import *

pytest_plugins = ["azure_device_fixtures"]

# Every character that a URL, a topic or a property bag has a use for, and some that they have not.
SEPARATORS = "".join(map(chr, range(1, 128)))
BAGS = (
    {},
    {"temp alert": "a&b=c+\u00fc"},
    {"b": "2", "a": "1", "empty": ""},
    {"%24.mid": "100%", "$.other": "#/+", "?": "&", "=": "=="},
    {SEPARATORS: SEPARATORS[::-1]},
    {"\u00fc\u20ac\U0001f321": "\ud7ff\ue000\uffff\U0010ffff"},
)

# Name in the property bag -> name in the hub, and a value that has to be encoded.
SYSTEM = {
    "$.mid": ("message-id", "id 1"),
    "$.cid": ("correlation-id", "corr/1"),
    "$.uid": ("user-id", "me&you"),
    "$.ct": ("content-type", "application/json"),
    "$.ce": ("content-encoding", "utf-8"),
    "$.ctime": ("creation-time", "2026-11-22T02:41:29Z"),
}

LARGEST = 262144


def events(device, count: int = 1) -> list:
    """The events of a device, which must become so many."""
    run(device, until=lambda: len(device.hub.events(device.id)) >= count)
    found = device.hub.events(device.id)
    assert len(found) == count
    return found


@in_every_way
@pytest.mark.parametrize("quality", [0, 1])
def test_a_message_arrives_once_with_body_and_properties(make_azure_device, way, quality):
    device = make_azure_device(way).connect()
    packet_id = device.send(b'{"t":20}', {"level": "high"}, quality=quality)
    (event,) = events(device)
    assert event.body == b'{"t":20}'
    assert event.properties == (("level", "high"),)
    run(device, until=lambda: not device.statistics()["unacknowledged"])
    assert device.acknowledged == [packet_id] * quality
    assert bool(packet_id) == bool(quality)


@pytest.mark.parametrize("bag", BAGS, ids=range(len(BAGS)))
def test_properties_keep_every_character_and_their_order(make_azure_device, bag):
    device = make_azure_device(packet=4096).connect()
    device.send(b"x", bag)
    assert events(device)[0].properties == tuple(bag.items())


@in_every_way
def test_system_properties_are_the_hub_s_own(make_azure_device, way):
    device = make_azure_device(way).connect()
    device.send(b"x", {short: value for short, (_, value) in SYSTEM.items()} | {"mine": "1"})
    (event,) = events(device)
    assert {name: event.system.get(name) for name, _ in SYSTEM.values()} == dict(SYSTEM.values())
    assert event.properties == (("mine", "1"),)
    assert event.system["iothub-connection-device-id"] == device.id


def test_a_component_is_named(make_azure_device):
    device = make_azure_device().connect()
    packet = device.message()
    assert nx_azure_iot_hub_client_telemetry_component_set(packet, "thermo", NX_NO_WAIT) == 0
    device.do(nx_azure_iot_hub_client_telemetry_send, packet, "20", PATIENCE)
    (event,) = events(device)
    assert (event.body, event.system["dt-subject"]) == (b"20", "thermo")


@in_every_way
@pytest.mark.parametrize("quality", [0, 1])
def test_retain_becomes_a_property(make_azure_device, way, quality):
    device = make_azure_device(way).connect()
    device.send(b"x", {"mine": "1"}, quality=quality, retain=NX_TRUE)
    assert events(device)[0].properties == (("mine", "1"), ("x-opt-retain", "true"))


@pytest.mark.parametrize("data", [None, "", "\u20ac", b"\x00\xff", bytearray(b"ab"), b"x" * 900])
def test_bodies_of_every_type(make_azure_device, data):
    device = make_azure_device().connect()
    device.send(data)
    expected = data.encode() if isinstance(data, str) else bytes(data or b"")
    assert events(device)[0].body == expected


@in_every_way
def test_many_messages_keep_their_order_and_are_each_acknowledged(make_azure_device, way):
    device = make_azure_device(way).connect()
    sent = [device.send(b"%d" % number) for number in range(60)]
    assert [event.body for event in events(device, 60)] == [b"%d" % n for n in range(60)]
    run(device, until=lambda: len(device.acknowledged) == 60)
    assert device.acknowledged == sent


@in_every_way
@pytest.mark.parametrize("quality", [0, 1])
def test_the_largest_message_arrives_and_a_larger_one_is_refused(make_azure_device, way, quality):
    device = make_azure_device(way, packet=LARGEST + 100, depth=1).connect()
    topic = len(f"devices/{device.id}/messages/events/")
    body = bytes(range(256)) * (LARGEST // 256)
    packet = device.message(quality=quality)
    status = device.refused(nx_azure_iot_hub_client_telemetry_send, packet, body, PATIENCE)
    assert status == NX_AZURE_IOT_MESSAGE_TOO_LONG
    # The message that was refused can still be sent, shorter.
    device.do(nx_azure_iot_hub_client_telemetry_send, packet, body[topic:], PATIENCE)
    assert events(device)[0].body == body[topic:]
    assert device.connected


def test_what_the_pool_has_no_room_for_is_refused(make_azure_device):
    device = make_azure_device(packet=512, depth=2).connect()
    status = device.refused(nx_azure_iot_hub_client_telemetry_send, device.message(), b"x" * 512, 0)
    assert status == NX_AZURE_IOT_MESSAGE_TOO_LONG
    packet = device.message()
    status = nx_azure_iot_hub_client_telemetry_property_add(packet, "n", "v" * 512, 0)
    assert status == NX_AZURE_IOT_TOPIC_TOO_LONG
    device.do(nx_azure_iot_hub_client_telemetry_send, packet, b"x", PATIENCE)
    assert events(device)[0].properties == ()


# -- acknowledgements that are missing --------------------------------------------------------


def test_a_full_store_waits_for_acknowledgements_and_no_longer(cloud, make_azure_device):
    device = make_azure_device(depth=2).connect()
    cloud.faults.no_acknowledgement(device.id, times=2)
    device.send(b"0")
    device.send(b"1")
    status = device.refused(nx_azure_iot_hub_client_telemetry_send, device.message(), b"2", MOMENT)
    assert status == NXD_MQTT_PACKET_POOL_FAILURE
    assert device.connected
    assert device.acknowledged == []


@in_every_way
def test_what_was_not_acknowledged_comes_again_on_the_next_link(cloud, make_azure_device, way):
    device = make_azure_device(way).reconnecting().connect()
    cloud.faults.no_acknowledgement(device.id, times=2)
    sent = [device.send(b"%d" % number) for number in range(3)]
    events(device, 3)
    cloud.cut(device.id)
    run(device, until=lambda: set(sent) <= set(device.acknowledged))
    bodies = [event.body for event in cloud.events(device.id)]
    assert bodies[:3] == [b"0", b"1", b"2"]
    assert bodies[3:5] == [b"0", b"1"]
    assert device.statistics()["resent"] >= 2


@in_every_way
def test_a_link_that_breaks_within_a_message_loses_none(cloud, make_azure_device, way):
    device = make_azure_device(way, depth=20).reconnecting()
    # Behind the CONNACK there is room for three acknowledgements and a bit.
    cloud.faults.drop_after_bytes(4 + 3 * 4 + 2, device.id, times=3)
    device.connect()
    sent = [device.send(b"%d" % number) for number in range(12)]
    run(device, until=lambda: set(sent) <= set(device.acknowledged))
    bodies = [event.body for event in cloud.events(device.id)]
    assert list(dict.fromkeys(bodies)) == [b"%d" % number for number in range(12)]
    assert sorted(device.acknowledged) == sorted(sent)


def test_telemetry_is_accepted_while_the_link_is_away(cloud, make_azure_device):
    device = make_azure_device().reconnecting(20, 20).connect()
    cloud.cut(device.id)
    run(device, until=lambda: not device.connected)
    packet_id = device.send(b"meanwhile")
    status = device.refused(
        nx_azure_iot_hub_client_telemetry_send, device.message(quality=0), b"never", MOMENT
    )
    assert status == NX_AZURE_IOT_DISCONNECTED
    run(device, until=lambda: packet_id in device.acknowledged)
    assert [event.body for event in cloud.events(device.id)] == [b"meanwhile"]


def test_without_a_link_and_without_reconnecting_it_is_refused(make_azure_device):
    device = make_azure_device()
    for quality in (0, 1):
        packet = device.message(quality=quality)
        status = device.refused(nx_azure_iot_hub_client_telemetry_send, packet, b"x", MOMENT)
        assert status == NX_AZURE_IOT_DISCONNECTED


# -- the will ---------------------------------------------------------------------------------


def with_will(device, body, properties=(), quality=1, retain=NX_FALSE):
    """Set a will; returns the device."""
    packet = device.message(properties, retain=retain)
    device.do(nx_azure_iot_hub_client_will_message_set, packet, body, quality)
    return device


@in_every_way
@pytest.mark.parametrize("quality", [0, 1])
def test_the_will_becomes_telemetry_when_the_link_is_lost(cloud, make_azure_device, way, quality):
    device = with_will(make_azure_device(way), "gone", {"why?": "a&b"}, quality).connect()
    cloud.cut(device.id)
    (event,) = events(device)
    assert event.body == b"gone"
    assert event.properties == (("why?", "a&b"), ("iothub-MessageType", "Will"))
    run(device, until=lambda: not device.connected)
    assert device.told == [NX_AZURE_IOT_SUCCESS, NX_AZURE_IOT_DISCONNECTED]


def test_a_will_may_be_retained_and_empty(cloud, make_azure_device):
    device = with_will(make_azure_device(), None, retain=NX_TRUE).connect()
    cloud.cut(device.id)
    (event,) = events(device)
    assert event.body == b""
    assert event.properties == (("iothub-MessageType", "Will"), ("x-opt-retain", "true"))


@in_every_way
def test_there_is_no_will_after_a_disconnect(cloud, make_azure_device, way):
    device = with_will(make_azure_device(way), "gone").connect()
    device.disconnect()
    cloud.wait(lambda: device.id not in cloud.connected())
    assert cloud.events(device.id) == []


def test_the_will_of_a_device_that_is_refused_is_kept_for_itself(cloud, make_azure_device):
    device = with_will(make_azure_device(), "gone")
    cloud.faults.refuse(5, device.id)
    assert device.refusal() == NXD_MQTT_ERROR_NOT_AUTHORIZED
    assert cloud.events(device.id) == []


# -- a hub that takes no more -----------------------------------------------------------------


def test_telemetry_that_the_hub_closes_the_link_for_is_sent_again(cloud, make_azure_device):
    device = make_azure_device().reconnecting().connect()
    cloud.faults.throttle(Step.TELEMETRY, device=device.id, times=2)
    packet_id = device.send(b"x")
    run(device, until=lambda: packet_id in device.acknowledged)
    assert [event.body for event in cloud.events(device.id)] == [b"x"]
    assert device.statistics()["reconnects"] == 2
