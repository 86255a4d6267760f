# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Telemetry of Microsoft's device SDK reaches the local hub whole, and messages reach the SDK."""

import pytest
from azure_stage import eventually

pytestmark = pytest.mark.long
pytest_plugins = ["azure_fixtures"]

EVERYTHING = "".join(map(chr, range(32, 127))) + "\u00fc\u20ac\U0001f321\r\n\t"

BAGS = (
    {"temp alert": "a&b=c+\u00fc"},
    {"b": "2", "a": "1", "c": ""},
    {"%24.mid": "100%", "$.other": "#/+", "?": "&"},
    {EVERYTHING: EVERYTHING[::-1]},
    {"n%d" % number: str(number) for number in range(30)},
)

SYSTEM = {
    "message_id": ("message-id", "id 1"),
    "correlation_id": ("correlation-id", "corr/1"),
    "user_id": ("user-id", "me&you"),
    "content_type": ("content-type", "application/json"),
    "content_encoding": ("content-encoding", "utf-8"),
    "expiry_time_utc": ("expiry-time", "2027-01-01T00:00:00Z"),
}

# The SDK itself refuses more than 256 KB.
LARGE = 255 * 1024


@pytest.mark.parametrize("bag", BAGS, ids=range(len(BAGS)))
def test_properties_of_telemetry(device, hub, bag):
    device.do("send", body="x", properties=bag)
    (event,) = hub.events(device.name)
    assert event.properties == tuple(sorted(bag.items()))


def test_system_properties_of_telemetry(device, hub):
    fields = {name: value for name, (_, value) in SYSTEM.items()}
    device.do("send", body="x", properties={"mine": "1"}, **fields)
    (event,) = hub.events(device.name)
    assert {name: event.system.get(name) for name, _ in SYSTEM.values()} == dict(SYSTEM.values())
    assert event.properties == (("mine", "1"),)
    assert event.system["iothub-connection-device-id"] == device.name


@pytest.mark.parametrize("body", ["", "\u20ac", '{"temperature": 21.5}', "x" * LARGE], ids=len)
def test_bodies_of_telemetry(device, hub, body):
    device.do("send", body=body)
    (event,) = hub.events(device.name)
    assert event.body.decode() == body


def test_many_messages_stay_in_order(device, hub):
    for number in range(50):
        device.begin("send", body=str(number))
    for _ in range(50):
        device.end_of("send")
    assert [event.body for event in hub.events(device.name)] == [b"%d" % n for n in range(50)]


# ---------------------------------------------------------------- cloud to device


@pytest.mark.parametrize("bag", BAGS, ids=range(len(BAGS)))
def test_properties_of_a_message(device, hub, bag):
    device.do("take_messages")
    hub.send_message(device.name, b"x", bag)
    assert device.told("message")["properties"] == bag


def test_system_properties_of_a_message(device, hub):
    device.do("take_messages")
    fields = {name: SYSTEM[name][1] for name in SYSTEM if name != "expiry_time_utc"}
    hub.send_message(device.name, "\u20ac", {"mine": "1"}, ack="full", **fields)
    message = device.told("message")
    assert message["body"] == "\u20ac"
    assert {name: message[name] for name in fields} == fields
    assert message["properties"] == {"mine": "1"}
    assert message["ack"] == "full"


def test_a_message_without_properties(device, hub):
    device.do("take_messages")
    hub.send_message(device.name, b"")
    message = device.told("message")
    assert (message["body"], message["properties"]) == ("", {})


def test_a_message_is_done_when_the_device_has_acknowledged_it(device, hub):
    device.do("take_messages")
    hub.send_message(device.name, b"x", message_id="done-1", ack="full")
    device.told("message")

    def records():
        return [one for one in hub.feedback() if one["originalMessageId"] == "done-1"]

    (record,) = eventually(records)
    assert (record["statusCode"], record["deviceId"]) == ("Success", device.name)


def test_messages_wait_for_a_device_that_is_away(device, hub):
    device.do("take_messages")
    device.do("disconnect")
    for number in range(5):
        hub.send_message(device.name, b"%d" % number)
    device.do("connect")
    # The SDK hands messages to its program by several threads, in no order.
    assert sorted(device.told("message")["body"] for _ in range(5)) == list("01234")
    assert device.told_nothing("message")
