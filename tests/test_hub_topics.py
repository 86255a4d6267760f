# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The texts of the hub's MQTT dialect: user names, topics, filters and property bags."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boards.desktop.hub.mqtt_topics import (
    BadText,
    Feature,
    Operation,
    Request,
    User,
    client_id,
    cloud_message_topic,
    decode_bag,
    desired_topic,
    encode_bag,
    method_topic,
    read_filter,
    read_topic,
    read_user,
    takes_status,
    twin_answer_topic,
)

EVENTS = "devices/d/messages/events/"
TEXTS = st.text(st.characters(exclude_categories=("Cs",)))
PROPERTIES = st.lists(st.tuples(TEXTS.filter(bool), st.none() | TEXTS))


# --- property bags -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "properties"),
    [
        ("", []),
        ("a=1", [("a", "1")]),
        ("b=2&a=1", [("b", "2"), ("a", "1")]),
        ("a=1&a=2", [("a", "1"), ("a", "2")]),
        ("a=", [("a", "")]),
        ("a", [("a", None)]),
        ("%24.mid=id%201", [("$.mid", "id 1")]),
        ("$.mid=id 1", [("$.mid", "id 1")]),
        ("a=1+1", [("a", "1+1")]),
        ("a=%c3%BC/%26%3D", [("a", "ü/&=")]),
        ("temp alert=ü", [("temp alert", "ü")]),
    ],
)
def test_a_bag_is_read(text, properties):
    assert decode_bag(text) == properties


@pytest.mark.parametrize(
    "text", ["&", "a=1&", "&a=1", "=1", "a=1&&b=2", "a=%", "a=%2", "a=%zz", "%=1", "a=%ff", "a=1=2"]
)
def test_a_badly_encoded_bag_is_refused(text):
    with pytest.raises(BadText):
        decode_bag(text)


@given(PROPERTIES)
def test_every_bag_survives_the_way(properties):
    text = encode_bag(properties)
    assert decode_bag(text) == properties
    # Nothing in it means anything to a topic or a filter.
    assert text.isascii()
    assert not set("/+#? ") & set(text)


# --- user names ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "user"),
    [
        ("h/d", User("h", "d")),
        ("h/d/", User("h", "d")),
        ("h/d/?api-version=2021-04-12", User("h", "d")),
        ("h/d/api-version=2016-11-14", User("h", "d")),
        ("h/d/m", User("h", "d", "m")),
        ("h/d/m/", User("h", "d", "m")),
        ("h/d/m/?api-version=2021-04-12", User("h", "d", "m")),
        ("h/d/m/api-version=2016-11-14", User("h", "d", "m")),
        ("my.azure-devices.net/a:b=c", User("my.azure-devices.net", "a:b=c")),
    ],
)
def test_every_form_of_a_user_name_is_read(text, user):
    assert read_user(text) == user


def test_a_user_name_tells_options():
    text = "h/d/?api-version=2020-09-30&DeviceClientType=py%2F2&model-id=dtmi%3Acom%3Ax%3B1"
    assert read_user(text).options == {
        "api-version": "2020-09-30",
        "DeviceClientType": "py/2",
        "model-id": "dtmi:com:x;1",
    }


@pytest.mark.parametrize(
    "text",
    [
        "",
        "h",
        "h/",
        "/d",
        "//",
        "h//",
        "h//m",
        "h/d//",
        "h/d/m/n",
        "h/d/?api-version=%zz",
        "h/d/?a=1&",
    ],
)
def test_no_other_user_name_is_read(text):
    with pytest.raises(BadText):
        read_user(text)


def test_a_client_identifier_names_the_module():
    assert client_id("d", None) == "d"
    assert client_id("d", "m") == "d/m"


# --- topics from a device ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("topic", "request_"),
    [
        (EVENTS, Request(Operation.TELEMETRY)),
        (EVENTS + "a=1", Request(Operation.TELEMETRY, [("a", "1")])),
        (EVENTS + "a=1/", Request(Operation.TELEMETRY, [("a", "1")])),
        ("$iothub/twin/GET/?$rid=7", Request(Operation.TWIN_READ, request_id="7")),
        ("$iothub/twin/GET/?%24rid=a%20b", Request(Operation.TWIN_READ, request_id="a%20b")),
        (
            "$iothub/twin/PATCH/properties/reported/?$rid=x&$version=4",
            Request(Operation.REPORT, request_id="x"),
        ),
        (
            "$iothub/methods/res/200/?$rid=1a",
            Request(Operation.METHOD_ANSWER, request_id="1a", status=200),
        ),
        (
            "$iothub/methods/res/-3/?$rid=1",
            Request(Operation.METHOD_ANSWER, request_id="1", status=-3),
        ),
    ],
)
def test_documented_topics_are_read(topic, request_):
    assert read_topic(topic, "d") == request_


@pytest.mark.parametrize(
    "topic",
    [
        "a",
        "devices/d/messages/events",
        "devices/e/messages/events/",
        "devices/d/modules/m/messages/events/",
        "devices/d/messages/devicebound/",
        "Devices/d/messages/events/",
        "$iothub/twin/get/?$rid=1",
        "$iothub/twin/res/200/?$rid=1",
        "$iothub/twin/PATCH/properties/desired/?$rid=1",
        "$iothub/methods/POST/a/?$rid=1",
        "$iothub/",
    ],
)
def test_other_topics_are_not_documented(topic):
    assert read_topic(topic, "d") is None


@pytest.mark.parametrize(
    "topic",
    [
        EVENTS + "a=%",
        "$iothub/twin/GET/",
        "$iothub/twin/GET/?",
        "$iothub/twin/GET/?$rid=",
        "$iothub/twin/GET/$rid=1",
        "$iothub/twin/GET/?rid=1",
        "$iothub/twin/PATCH/properties/reported/",
        "$iothub/methods/res/ok/?$rid=1",
        "$iothub/methods/res//?$rid=1",
        "$iothub/methods/res/200",
        "$iothub/methods/res/200/",
    ],
)
def test_a_documented_topic_that_is_badly_written_is_told_apart(topic):
    with pytest.raises(BadText):
        read_topic(topic, "d")


def test_a_module_has_its_own_events():
    topic = "devices/d/modules/m/messages/events/a=1"
    assert read_topic(topic, "d", "m") == Request(Operation.TELEMETRY, [("a", "1")])
    assert read_topic(topic, "d", "n") is None
    assert read_topic(EVENTS, "d", "m") is None


@pytest.mark.parametrize("written", ["a:b%20c", "a%3Ab%2520c"])
def test_a_device_may_encode_its_own_name(written):
    topic = f"devices/{written}/messages/events/"
    assert read_topic(topic, "a:b%20c") == Request(Operation.TELEMETRY)


# --- filters -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("topic_filter", "feature"),
    [
        ("devices/d/messages/devicebound/#", Feature.CLOUD_MESSAGES),
        ("devices/+/messages/devicebound/#", Feature.CLOUD_MESSAGES),
        ("$iothub/twin/res/#", Feature.TWIN_ANSWERS),
        ("$iothub/twin/PATCH/properties/desired/#", Feature.DESIRED),
        ("$iothub/methods/POST/#", Feature.METHODS),
        ("devices/e/messages/devicebound/#", None),
        ("devices/d/messages/devicebound", None),
        ("devices/d/messages/#", None),
        ("devices/#", None),
        ("$iothub/#", None),
        ("$iothub/methods/#", None),
        ("$iothub/twin/res/200/#", None),
        ("#", None),
    ],
)
def test_filters_are_the_documented_ones(topic_filter, feature):
    assert read_filter(topic_filter, "d") is feature


def test_a_lenient_hub_takes_two_filters_more():
    assert read_filter("$iothub/methods/#", "d", lenient=True) is Feature.METHODS
    assert read_filter("$iothub/twin/res/200/#", "d", lenient=True) is Feature.TWIN_ANSWERS
    assert read_filter("$iothub/#", "d", lenient=True) is None


def test_a_module_has_no_cloud_to_device_messages():
    for start in ("devices/d", "devices/+", "devices/d/modules/m"):
        assert read_filter(start + "/messages/devicebound/#", "d", "m") is None
    assert read_filter("$iothub/methods/POST/#", "d", "m") is Feature.METHODS


def test_a_filter_with_a_status_lets_only_that_one_through():
    assert takes_status("$iothub/twin/res/#", 429)
    assert takes_status("$iothub/twin/res/200/#", 200)
    assert not takes_status("$iothub/twin/res/200/#", 204)


# --- topics to a device --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "device_id", "seen"),
    [("d", "d", "d"), ("+", "d", "d"), ("a%3Ab", "a:b", "a%3Ab"), ("+", "a:b", "a:b")],
)
def test_a_message_comes_to_the_topic_that_was_asked_for(written, device_id, seen):
    topic_filter = f"devices/{written}/messages/devicebound/#"
    properties = [("$.to", "/d"), ("b", None), ("ä", "=")]
    assert (
        cloud_message_topic(topic_filter, device_id, properties)
        == f"devices/{seen}/messages/devicebound/%24.to=%2Fd&b&%C3%A4=%3D"
    )


def test_answers_repeat_the_request_id():
    assert twin_answer_topic(200, "a%20b") == "$iothub/twin/res/200/?$rid=a%20b"
    assert twin_answer_topic(204, "1", 5) == "$iothub/twin/res/204/?$rid=1&$version=5"
    assert desired_topic(3) == "$iothub/twin/PATCH/properties/desired/?$version=3"
    assert method_topic("re boot", "1a") == "$iothub/methods/POST/re%20boot/?$rid=1a"
