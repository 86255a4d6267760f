# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Messages from the cloud: their properties, the queue that they wait in, when they are done."""

import pytest
from azure_devices import MOMENT, PATIENCE, in_every_way
from devices import run

from boards.desktop.hub import Step
from nxd_mqtt.azure_iot import *
from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *

pytest_plugins = ["azure_device_fixtures"]

SEPARATORS = "".join(map(chr, range(1, 128)))
BAGS = (
    {},
    {"color": "blue & red", "a=b": "c+d"},
    {"b": "2", "a": "1", "empty": ""},
    {"%24.mid": "100%", "?": "/#+"},
    {SEPARATORS: SEPARATORS[::-1]},
    {"\u00fc\u20ac\U0001f321": "\ud7ff\ue000\uffff\U0010ffff"},
)
MINE = "/devices/%s/messages/devicebound"

receive = nx_azure_iot_hub_client_cloud_message_receive


def listening(device, clean=NX_FALSE):
    """Connect a device that wants messages; returns it."""
    return device.enable(nx_azure_iot_hub_client_cloud_message_enable).connect(clean)


def fates(device) -> list[tuple]:
    """What the service has been told of the device's messages since it asked last."""
    return [
        (record["originalMessageId"], record["statusCode"])
        for record in device.hub.feedback()
        if record["deviceId"] == device.id
    ]


def unread(device) -> int:
    return device.statistics()["unread"]


@in_every_way
def test_a_message_with_its_properties(cloud, make_azure_device, way):
    device = listening(make_azure_device(way))
    cloud.send_message(
        device.id,
        "gr\u00fcn",
        {"color": "blue & red"},
        message_id="m 1",
        correlation_id="c/2",
        content_type="text/plain",
        content_encoding="utf-8",
        user_id="me&you",
        ack="full",
    )
    packet = device.do(receive, PATIENCE)
    assert packet.data == "gr\u00fcn".encode()
    assert device.do(nx_azure_iot_hub_client_cloud_message_properties_get, packet) == [
        ("$.mid", "m 1"),
        ("$.to", MINE % device.id),
        ("$.cid", "c/2"),
        ("$.uid", "me&you"),
        ("$.ct", "text/plain"),
        ("$.ce", "utf-8"),
        ("iothub-ack", "full"),
        ("color", "blue & red"),
    ]
    get = nx_azure_iot_hub_client_cloud_message_property_get
    assert device.do(get, packet, "color") == "blue & red"
    assert device.do(get, packet, b"$.cid") == "c/2"
    assert device.refused(get, packet, "colour") == NX_AZURE_IOT_NOT_FOUND
    cloud.wait(lambda: fates(device) == [("m 1", "Success")])


@pytest.mark.parametrize("bag", BAGS, ids=range(len(BAGS)))
def test_properties_keep_every_character_and_their_order(cloud, make_azure_device, bag):
    device = listening(make_azure_device())
    cloud.send_message(device.id, b"x", bag)
    packet = device.do(receive, PATIENCE)
    found = device.do(nx_azure_iot_hub_client_cloud_message_properties_get, packet)
    assert found == [("$.to", MINE % device.id), *bag.items()]


@pytest.mark.parametrize("body", [b"", b"\x00\xff", bytes(3000)], ids=len)
def test_bodies_of_every_size(cloud, make_azure_device, body):
    device = listening(make_azure_device())
    cloud.send_message(device.id, body)
    packet = device.do(receive, PATIENCE)
    buffer = bytearray(4000)
    assert nx_packet_length_get(packet) == (NX_AZURE_IOT_SUCCESS, len(body))
    assert nx_packet_data_retrieve(packet, buffer) == (NX_AZURE_IOT_SUCCESS, len(body))
    assert buffer[: len(body)] == body
    assert nx_packet_release(packet) == NX_AZURE_IOT_SUCCESS


@in_every_way
def test_fifty_messages_through_a_queue_for_a_few(cloud, make_azure_device, way):
    device = listening(make_azure_device(way, queue=512))
    for number in range(50):
        cloud.send_message(device.id, b"%d" % number)
    assert [device.take(receive) for _ in range(50)] == [b"%d" % number for number in range(50)]
    assert device.refused(receive, MOMENT) == NX_AZURE_IOT_NO_PACKET


def test_a_callback_is_told_of_each_message(cloud, make_azure_device):
    device = make_azure_device()
    taken = []

    def on_message(client, args) -> None:
        # In a callback there is no wait, whatever the call says.
        taken.append((args, device.do(receive, PATIENCE).data))

    device.do(
        nx_azure_iot_hub_client_receive_callback_set,
        NX_AZURE_IOT_HUB_CLOUD_TO_DEVICE_MESSAGE,
        on_message,
        "args",
    )
    listening(device)
    for number in range(5):
        cloud.send_message(device.id, b"%d" % number)
    run(device, until=lambda: len(taken) == 5)
    assert taken == [("args", b"%d" % number) for number in range(5)]
    assert unread(device) == 0


# -- while the device is away -----------------------------------------------------------------


@in_every_way
def test_what_was_sent_while_the_device_was_away_comes_with_the_next_link(
    cloud, make_azure_device, way
):
    device = listening(make_azure_device(way))
    run(device, until=lambda: not device.statistics()["unacknowledged"])
    device.disconnect()
    for number in range(3):
        cloud.send_message(device.id, b"%d" % number)
    subscribed = cloud.statistics()["subscribes"]
    device.connect()
    assert [device.take(receive) for _ in range(3)] == [b"0", b"1", b"2"]
    assert cloud.statistics()["subscribes"] == subscribed


@in_every_way
def test_after_a_reset_the_messages_are_still_there(cloud, make_azure_device, way):
    first = listening(make_azure_device(way))
    run(first, until=lambda: not first.statistics()["unacknowledged"])
    first.disconnect()
    cloud.send_message(first.id, b"x")
    again = listening(make_azure_device(way, device_id=first.id))
    assert again.client.session_present
    assert again.take(receive) == b"x"


def test_a_clean_session_gets_messages_when_it_asks_for_them(cloud, make_azure_device):
    device = make_azure_device().connect(NX_TRUE)
    cloud.send_message(device.id, b"x", message_id="1", ack="full")
    assert device.refused(receive, MOMENT) == NX_AZURE_IOT_NOT_ENABLED
    assert (unread(device), fates(device)) == (0, [])
    device.enable(nx_azure_iot_hub_client_cloud_message_enable)
    assert device.take(receive) == b"x"


def test_messages_come_though_the_hub_has_lost_the_session(cloud, make_azure_device):
    device = listening(make_azure_device().reconnecting())
    run(device, until=lambda: not device.statistics()["unacknowledged"])
    cloud.forget_sessions()
    cloud.cut(device.id)
    cloud.send_message(device.id, b"x")
    assert device.take(receive) == b"x"


def test_a_device_that_wants_no_more_gets_none(cloud, make_azure_device):
    device = listening(make_azure_device())
    cloud.send_message(device.id, b"unread")
    run(device, until=lambda: unread(device) == 1)
    device.do(nx_azure_iot_hub_client_cloud_message_disable)
    assert device.refused(receive, MOMENT) == NX_AZURE_IOT_NOT_ENABLED
    run(device, until=lambda: not device.statistics()["unacknowledged"])
    cloud.send_message(device.id, b"later", message_id="2", ack="full")
    for _ in range(3):
        nxd_mqtt_client_poll(device.client, MOMENT)
    assert fates(device) == []
    assert unread(device) == 0  # what had come was dropped
    device.enable(nx_azure_iot_hub_client_cloud_message_enable)
    assert device.take(receive) == b"later"


# -- when a message is done -------------------------------------------------------------------


def test_a_message_is_done_when_it_is_queued(cloud, make_azure_device):
    device = listening(make_azure_device())
    cloud.send_message(device.id, b"x", message_id="1", ack="full")
    run(device, until=lambda: unread(device) == 1)
    cloud.wait(lambda: fates(device) == [("1", "Success")])


@in_every_way
def test_with_ack_on_get_a_message_is_done_when_it_is_taken(cloud, make_azure_device, way):
    device = make_azure_device(way)
    device.do(nxd_mqtt_client_ack_mode_set, NXD_MQTT_ACK_ON_GET)
    listening(device)
    for name in ("1", "2"):
        cloud.send_message(device.id, name.encode(), message_id=name, ack="full")
    run(device, until=lambda: unread(device) == 2)
    for name in ("1", "2"):
        assert fates(device) == []
        assert device.take(receive) == name.encode()
        nxd_mqtt_client_poll(device.client, 0)
        cloud.wait(lambda name=name: fates(device) == [(name, "Success")])


@in_every_way
def test_with_ack_on_get_a_crash_loses_no_message(cloud, make_azure_device, way):
    device = make_azure_device(way)
    device.do(nxd_mqtt_client_ack_mode_set, NXD_MQTT_ACK_ON_GET)
    listening(device)
    cloud.send_message(device.id, b"1", message_id="1", ack="full")
    cloud.send_message(device.id, b"2", message_id="2", ack="full")
    run(device, until=lambda: unread(device) == 2)
    assert device.take(receive) == b"1"
    nxd_mqtt_client_poll(device.client, 0)
    cloud.wait(lambda: fates(device) == [("1", "Success")])
    # The program has ended without a word, and starts again.
    again = listening(make_azure_device(way, device_id=device.id))
    assert again.take(receive) == b"2"
    cloud.wait(lambda: fates(device) == [("2", "Success")])


@pytest.mark.parametrize("forgotten", [False, True], ids=["kept", "forgotten"])
def test_with_ack_on_get_a_lost_link_makes_no_second_copy(cloud, make_azure_device, forgotten):
    device = make_azure_device().reconnecting()
    device.do(nxd_mqtt_client_ack_mode_set, NXD_MQTT_ACK_ON_GET)
    listening(device)
    for name in ("1", "2", "3"):
        cloud.send_message(device.id, name.encode(), message_id=name, ack="full")
    run(device, until=lambda: unread(device) == 3)
    assert device.take(receive) == b"1"
    nxd_mqtt_client_poll(device.client, 0)
    cloud.wait(lambda: fates(device) == [("1", "Success")])
    if forgotten:
        cloud.forget_sessions()
    cloud.cut(device.id)
    run(device, until=lambda: len(device.told) == 3)
    # A hub that has lost the session sends them, too: the queue has let go of its copies.
    expected = [b"2", b"3"]
    assert [device.take(receive) for _ in expected] == expected
    assert device.refused(receive, MOMENT) == NX_AZURE_IOT_NO_PACKET
    nxd_mqtt_client_poll(device.client, 0)
    found = []
    cloud.wait(lambda: found.extend(fates(device)) or len(found) == 2)
    assert found == [("2", "Success"), ("3", "Success")]


def test_a_message_that_was_lost_on_the_way_comes_with_the_next_link(cloud, make_azure_device):
    device = listening(make_azure_device().reconnecting())
    run(device, until=lambda: not device.statistics()["unacknowledged"])
    cloud.faults.drop(Step.CLOUD_MESSAGE, device.id, times=2)
    cloud.send_message(device.id, b"x", message_id="1", ack="full")
    assert device.take(receive) == b"x"
    assert device.statistics()["reconnects"] == 2
    nxd_mqtt_client_poll(device.client, 0)
    cloud.wait(lambda: fates(device) == [("1", "Success")])


# -- what the queue has no room for -----------------------------------------------------------


@in_every_way
def test_a_message_larger_than_the_queue_is_told_of(cloud, make_azure_device, way):
    device = listening(make_azure_device(way, queue=512))
    told = []
    device.do(
        nx_azure_iot_hub_client_receive_callback_set,
        NX_AZURE_IOT_HUB_CLOUD_TO_DEVICE_MESSAGE,
        lambda client, args: told.append(args),
    )
    cloud.send_message(device.id, bytes(5000), message_id="1", ack="full")
    assert device.refused(receive, PATIENCE) == NX_AZURE_IOT_MESSAGE_TOO_LONG
    cloud.send_message(device.id, b"small")
    assert device.take(receive) == b"small"
    assert device.refused(receive, MOMENT) == NX_AZURE_IOT_NO_PACKET
    run(device, until=lambda: len(told) == 2)
    cloud.wait(lambda: fates(device) == [("1", "Success")])


@pytest.mark.parametrize("count", [2, 5])
def test_each_message_that_is_too_large_is_told_of(cloud, make_azure_device, count):
    device = listening(make_azure_device(queue=128))
    run(device, until=lambda: not device.statistics()["unacknowledged"])
    delivered = cloud.statistics()["delivered"]
    for _ in range(count):
        cloud.send_message(device.id, bytes(200))
    # All of them are there before the device looks.
    cloud.wait(lambda: cloud.statistics()["delivered"] == delivered + count)
    for _ in range(count):
        assert device.refused(receive, PATIENCE) == NX_AZURE_IOT_MESSAGE_TOO_LONG
    assert device.refused(receive, MOMENT) == NX_AZURE_IOT_NO_PACKET


def test_large_messages_of_two_kinds_are_both_told_of(cloud, make_azure_device):
    device = make_azure_device(queue=128).enable(nx_azure_iot_hub_client_direct_method_enable)
    listening(device)
    run(device, until=lambda: not device.statistics()["unacknowledged"])
    cloud.send_message(device.id, bytes(200))
    cloud.begin_method(device.id, "reboot", "x" * 200)
    method = nx_azure_iot_hub_client_direct_method_message_receive
    assert device.refused(receive, PATIENCE) == NX_AZURE_IOT_MESSAGE_TOO_LONG
    assert device.refused(method, PATIENCE) == NX_AZURE_IOT_MESSAGE_TOO_LONG


def test_kinds_are_taken_in_any_order(cloud, make_azure_device):
    device = make_azure_device().enable(
        nx_azure_iot_hub_client_direct_method_enable, nx_azure_iot_hub_client_device_twin_enable
    )
    listening(device)
    run(device, until=lambda: not device.statistics()["unacknowledged"])
    for number in range(3):
        cloud.send_message(device.id, b"message %d" % number)
        cloud.begin_method(device.id, "method", number)
        cloud.patch_twin(device.id, desired={"n": number})
    run(device, until=lambda: unread(device) == 9)
    desired = nx_azure_iot_hub_client_device_twin_desired_properties_receive
    method = nx_azure_iot_hub_client_direct_method_message_receive
    taken = [
        (device.take(desired), device.do(method, MOMENT)[2].data, device.take(receive))
        for _ in range(3)
    ]
    assert taken == [
        (b'{"n":%d,"$version":%d}' % (number, number + 2), b"%d" % number, b"message %d" % number)
        for number in range(3)
    ]
    assert device.statistics()["queue_bytes"] == 0


def test_a_queue_that_is_full_of_another_kind_is_told_of(cloud, make_azure_device):
    device = make_azure_device(queue=256).enable(nx_azure_iot_hub_client_direct_method_enable)
    listening(device)
    run(device, until=lambda: not device.statistics()["unacknowledged"])
    for _ in range(2):
        cloud.send_message(device.id, bytes(150))
    method = nx_azure_iot_hub_client_direct_method_message_receive
    answer = cloud.begin_method(device.id, "method", "x" * 150)
    assert device.refused(method, PATIENCE) == NX_AZURE_IOT_INSUFFICIENT_BUFFER_SPACE
    for _ in range(2):
        device.take(receive)
    name, context, _ = device.do(method, PATIENCE)
    assert name == "method"
    device.do(nx_azure_iot_hub_client_direct_method_message_response, 200, context, None, MOMENT)
    run(device, until=answer.done)
    assert answer.result() == (200, {})


# -- waiting ----------------------------------------------------------------------------------


@in_every_way
def test_who_waits_learns_that_the_link_is_lost(cloud, make_azure_device, way):
    device = listening(make_azure_device(way))
    run(device, until=lambda: not device.statistics()["unacknowledged"])
    cloud.cut(device.id)
    assert device.refused(receive, PATIENCE) == NX_AZURE_IOT_DISCONNECTED
    assert device.told == [NX_AZURE_IOT_SUCCESS, NX_AZURE_IOT_DISCONNECTED]


def test_what_has_come_can_be_taken_after_the_link_is_lost(cloud, make_azure_device):
    device = listening(make_azure_device())
    cloud.send_message(device.id, b"x")
    run(device, until=lambda: unread(device) == 1)
    cloud.cut(device.id)
    run(device, until=lambda: not device.connected)
    assert device.take(receive, MOMENT) == b"x"
    assert device.refused(receive, MOMENT) == NX_AZURE_IOT_DISCONNECTED
