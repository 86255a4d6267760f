# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What is wrong, by program, clock or hub, has a status of its own; and then all goes on."""

import random

import pytest
from azure_bench import CONNECTED, CONNECTING, IDLE, MINUTE, SECOND, Device, good
from doubles.played_hub import ANSWERS, CLOUD, DESIRED, KEY, METHODS, START, make_token, properties
from doubles.script import puback, publish
from hypothesis import given
from hypothesis import strategies as st

from nxd_mqtt.azure_iot import *
from nxd_mqtt.nxd import (
    NXD_MQTT_COMMUNICATION_FAILURE,
    NXD_MQTT_ERROR_BAD_USERNAME_PASSWORD,
    NXD_MQTT_ERROR_IDENTIFYIER_REJECTED,
    NXD_MQTT_ERROR_NOT_AUTHORIZED,
    NXD_MQTT_ERROR_SERVER_UNAVAILABLE,
    NXD_MQTT_PACKET_POOL_FAILURE,
)

AGAIN = (300, 6000)
OTHER_KEY = "b3RoZXIga2V5"
BAD = NX_AZURE_IOT_INVALID_PARAMETER
TOO_LONG = NX_AZURE_IOT_MESSAGE_TOO_LONG


@pytest.fixture(autouse=True)
def the_same_jitter_each_time():
    random.seed(7)


# --- logins --------------------------------------------------------------------------------------


def wrong_key(device):
    """The device signs with another key."""
    good(nx_azure_iot_hub_client_symmetric_key_set(device.client, OTHER_KEY))


def foreign_token(device):
    """The token is another device's."""
    token = make_token(START + 3600, resource="hub.test/devices/dev2")
    good(nx_azure_iot_hub_client_sas_token_set(device.client, token))


def no_token(device):
    """The hub expects none, as of a device with a certificate."""
    device.hub.key = None


def unknown(device):
    """The hub does not know the device."""
    device.hub.known = False


def disabled(device):
    """The device is disabled."""
    device.hub.disabled = True


def answering(code):
    """A hub that answers each CONNECT with a code."""

    def prepare(device):
        device.hub.code = code

    prepare.__name__ = f"code_{code}"
    return prepare


REFUSALS = [
    (wrong_key, NXD_MQTT_ERROR_NOT_AUTHORIZED),
    (foreign_token, NXD_MQTT_ERROR_NOT_AUTHORIZED),
    (no_token, NXD_MQTT_ERROR_NOT_AUTHORIZED),
    (unknown, NXD_MQTT_ERROR_NOT_AUTHORIZED),
    (disabled, NXD_MQTT_ERROR_NOT_AUTHORIZED),
    (answering(5), NXD_MQTT_ERROR_NOT_AUTHORIZED),
    (answering(4), NXD_MQTT_ERROR_BAD_USERNAME_PASSWORD),
    (answering(2), NXD_MQTT_ERROR_IDENTIFYIER_REJECTED),
]


def mended(device):
    """The hub is as it should be, and the device has its key."""
    device.hub.key = KEY
    device.hub.known, device.hub.disabled, device.hub.code = True, False, 0
    device.hub.logins.clear()
    good(nx_azure_iot_hub_client_symmetric_key_set(device.client, KEY))
    return device


@pytest.mark.parametrize("again", [None, AGAIN], ids=["alone", "reconnecting"])
@pytest.mark.parametrize("wait", [0, 500])
@pytest.mark.parametrize(("prepare", "status"), REFUSALS)
def test_a_refused_login_is_final_and_told_once(prepare, status, wait, again):
    device = Device(again=again)
    prepare(device)
    assert device.start(wait) == (status if wait else NX_AZURE_IOT_CONNECTING)
    device.run(30 * MINUTE)
    assert device.told == [status]
    assert (device.state, len(device.hub.attempts)) == (IDLE, 1)
    mended(device).works()


def test_a_hub_that_is_not_available_is_no_refusal():
    device = Device(again=AGAIN)
    device.hub.code = 3
    assert device.start(100) == NX_AZURE_IOT_CONNECTING
    device.run(MINUTE)
    assert len(device.hub.attempts) > 2
    device.hub.code = 0
    device.works()
    assert device.told == [0]
    alone = Device()
    alone.hub.code = 3
    assert alone.start(100) == NXD_MQTT_ERROR_SERVER_UNAVAILABLE


RUBBISH = {
    "expired": (make_token(START - 1), NX_AZURE_IOT_SAS_TOKEN_EXPIRED),
    "ends now": (make_token(START), NX_AZURE_IOT_SAS_TOKEN_EXPIRED),
    "no end": ("SharedAccessSignature sr=a&sig=b", NX_AZURE_IOT_SAS_TOKEN_EXPIRED),
    "no number": ("SharedAccessSignature sr=a&sig=b&se=soon", NX_AZURE_IOT_SAS_TOKEN_EXPIRED),
    "empty": ("", NX_AZURE_IOT_SAS_TOKEN_EXPIRED),
    "a number": (5, BAD),
    "a surrogate": ("\ud800", BAD),
    "no UTF-8": (b"\xff", BAD),
    "NUL": ("a\0", BAD),
    "long": ("x" * 65536, BAD),
}


@pytest.mark.parametrize("wait", [0, 500])
@pytest.mark.parametrize(("token", "status"), RUBBISH.values(), ids=RUBBISH)
def test_a_token_that_cannot_be_good_is_refused_before_anything_is_sent(token, status, wait):
    device = Device(key=None)
    good(nx_azure_iot_hub_client_sas_token_set(device.client, lambda: token))
    answer = device.start(wait)
    device.run(MINUTE)
    assert answer == (status if wait else NX_AZURE_IOT_CONNECTING)
    assert device.told == [status]
    assert device.hub.logins == []
    mended(device).works()


NO_TOKENS = [None, "", 5, "\ud800", b"\xff", "a\0", "x" * 65536]


@pytest.mark.parametrize("token", NO_TOKENS, ids=lambda token: repr(token)[:9])
def test_a_ready_token_that_is_no_text_is_refused_when_it_is_set(token):
    device = Device(key=None)
    assert nx_azure_iot_hub_client_sas_token_set(device.client, token) == BAD


@pytest.mark.parametrize("kind", ["expired", "ends now", "no end", "no number"])
def test_a_ready_token_that_is_over_is_refused_by_connect(kind):
    device = Device(key=None)
    good(nx_azure_iot_hub_client_sas_token_set(device.client, RUBBISH[kind][0]))
    assert device.start() == NX_AZURE_IOT_SAS_TOKEN_EXPIRED
    assert device.hub.attempts == []


KEYS = [None, "", 5, "no base64!", "YQ", "YQ=a", "YQ==YQ==", "\ud800", b"\xff\xff\xff\xff", "===="]


@pytest.mark.parametrize("key", KEYS)
def test_a_key_that_is_no_base64_is_refused_when_it_is_set(key):
    device = Device()
    assert nx_azure_iot_hub_client_symmetric_key_set(device.client, key) == BAD
    assert device.client.reason[:2] == ("call", BAD)
    # The one that was set before is still there.
    device.works()


# --- names ---------------------------------------------------------------------------------------

NAMES = [
    {"host_name": ""},
    {"host_name": None},
    {"host_name": "hub test"},
    {"host_name": "hub/test"},
    {"host_name": "h\u00fcb"},
    {"host_name": "hub\n"},
    {"host_name": 5},
    {"device_id": ""},
    {"device_id": None},
    {"device_id": "a/b"},
    {"device_id": "a+"},
    {"device_id": "a#"},
    {"device_id": "a b"},
    {"device_id": "\u00fc"},
    {"device_id": "x" * 129},
    {"device_id": 5},
    {"module_id": "a/b"},
    {"module_id": "x" * 129},
    {"module_id": 5},
]


@pytest.mark.parametrize("names", NAMES, ids=str)
def test_names_that_a_hub_does_not_know_are_refused(names):
    device = Device()
    wanted = {"host_name": "hub.test", "device_id": "dev1"} | names
    hub = NX_AZURE_IOT_HUB_CLIENT()
    assert nx_azure_iot_hub_client_initialize(hub, device.azure, **wanted) == BAD
    assert nx_azure_iot_hub_client_connect(hub, 0, 0) == NX_AZURE_IOT_NOT_INITIALIZED


CONNECTION_STRINGS = [
    ("", "lacks HostName"),
    ("DeviceId=d;SharedAccessKey=YQ==", "lacks HostName"),
    ("HostName=h;SharedAccessKey=YQ==", "lacks DeviceId"),
    ("HostName=h;DeviceId=d", "lacks SharedAccessKey"),
    ("HostName=h;DeviceId=d;x509=false", "lacks SharedAccessKey"),
    ("HostName=h;DeviceId=d;SharedAccessKey=YQ==;x509=true", "which one"),
    ("HostName=h;HostName=h;DeviceId=d;SharedAccessKey=YQ==", "HostName twice"),
    ("HostName=h;DeviceId=;SharedAccessKey=YQ==", "nothing for DeviceId"),
    ("HostName=h;DeviceId=d;SharedAccessKey", "without ="),
    ("HostName=h;SharedAccessKeyName=service;SharedAccessKey=YQ==", "services"),
    (None, "str"),
    (b"HostName=h;DeviceId=d;SharedAccessKey=YQ==", "str"),
]


@pytest.mark.parametrize(("text", "cause"), CONNECTION_STRINGS)
def test_a_connection_string_that_cannot_be_used_says_why(text, cause):
    status, settings, said = nx_azure_iot_connection_string_parse(text)
    assert (status, settings) == (BAD, None)
    assert cause in said


# --- properties ----------------------------------------------------------------------------------


def every_character():
    """All characters of the basic plane, and some of each other one; no surrogates."""
    plane = [chr(code) for code in range(0x10000) if not 0xD800 <= code < 0xE000]
    return "".join(plane + [chr(code) for code in range(0x10000, 0x110000, 997)])


def test_every_character_can_be_in_a_property():
    device = Device(features=(), payload_size=16384, depth=2).connect()
    text = every_character()
    sent = []
    for at in range(0, len(text), 1000):
        name, value = text[at : at + 8], text[at : at + 1000]
        assert device.telemetry(b"", (name, value), wait=100) == 0
        sent.append([(name, value)])
    device.polls()
    assert [properties(event.bag) for event in device.hub.events] == sent
    assert device.hub.violations == []


@given(st.lists(st.tuples(st.text(min_size=1), st.text()), min_size=1, max_size=5))
def test_any_properties_arrive_as_they_were_or_are_refused(pairs):
    device = Device(features=(), payload_size=4096, depth=2).connect()
    packet = device.message()
    expected = []
    for name, value in pairs:
        status = nx_azure_iot_hub_client_telemetry_property_add(packet, name, value, 0)
        if any(0xD800 <= ord(each) < 0xE000 for each in name + value):
            assert status == BAD
        else:
            good(status)
            expected.append((name, value))
    good(nx_azure_iot_hub_client_telemetry_send(device.client, packet, b"x", 100))
    device.poll()
    assert properties(device.hub.events[0].bag) == expected


PROPERTIES = [
    ("", "v"),
    (None, "v"),
    (5, "v"),
    ("n", 5),
    ("n", ["v"]),
    ("\ud800", "v"),
    ("n", "\udfff"),
    (bytearray(), "v"),
    ("n", 1.5),
]


@pytest.mark.parametrize(("name", "value"), PROPERTIES)
def test_a_property_that_is_no_text_is_refused_and_the_message_goes_without_it(name, value):
    device = Device().connect()
    packet = device.message(("before", "1"))
    assert nx_azure_iot_hub_client_telemetry_property_add(packet, name, value, 0) == BAD
    good(nx_azure_iot_hub_client_telemetry_property_add(packet, "behind", None, 0))
    good(nx_azure_iot_hub_client_telemetry_send(device.client, packet, b"x", 100))
    assert properties(device.hub.events[-1].bag) == [("before", "1"), ("behind", "")]
    device.works()


def test_a_topic_that_grows_too_long_is_refused_and_the_message_goes_without_it():
    device = Device(payload_size=512).connect()
    packet = device.message(("before", "1"))
    for size in (10_000, 2000, 500, 500):
        status = nx_azure_iot_hub_client_telemetry_property_add(packet, "n", "x" * size, 0)
        assert status == NX_AZURE_IOT_TOPIC_TOO_LONG
    component = nx_azure_iot_hub_client_telemetry_component_set(packet, "x" * 500, 0)
    assert component == NX_AZURE_IOT_TOPIC_TOO_LONG
    good(nx_azure_iot_hub_client_telemetry_send(device.client, packet, b"x", 100))
    assert properties(device.hub.events[-1].bag) == [("before", "1")]
    device.works()


def test_no_topic_exceeds_what_mqtt_can_say():
    device = Device(payload_size=70_000, depth=2).connect()
    packet = device.message()
    statuses = [
        nx_azure_iot_hub_client_telemetry_property_add(packet, "n", "x" * 30_000, 0)
        for _ in range(3)
    ]
    assert statuses == [0, 0, NX_AZURE_IOT_TOPIC_TOO_LONG]
    good(nx_azure_iot_hub_client_telemetry_send(device.client, packet, b"x", 100))
    assert len(properties(device.hub.events[-1].bag)) == 2


# --- sizes ---------------------------------------------------------------------------------------

LARGEST = 262_144


def test_256_kilobytes_are_sent_and_one_byte_more_is_refused():
    device = Device(payload_size=LARGEST + 100, depth=2).connect()
    room = LARGEST - len("devices/dev1/messages/events/")
    assert device.telemetry(bytes(room + 1), wait=100) == TOO_LONG
    assert "262144" in device.client.reason[2]
    assert device.telemetry(bytes(room), wait=100) == 0
    device.polls()
    assert [len(payload) for payload in device.payloads()] == [room]
    device.works()


@pytest.mark.parametrize("wait", [0, 100])
@pytest.mark.parametrize("quality", [0, 1])
def test_what_never_fits_into_a_packet_is_refused_at_once(quality, wait):
    device = Device(payload_size=512).connect()
    before = device.clock.elapsed
    assert device.telemetry(bytes(512), wait=wait, quality=quality) == TOO_LONG
    assert device.report(b'{"a":"%s"}' % (b"x" * 512), wait=wait)[0] == TOO_LONG
    request = device.hub.call("m")
    _, _, context, _ = device.method(10)
    assert device.respond(context, b'"%s"' % (b"x" * 512), wait=wait) == TOO_LONG
    assert device.clock.elapsed == before
    # The call can still be answered, with less.
    good(device.respond(context, b'"large"'))
    device.poll()
    assert device.hub.method_answers == [(request, 200, b'"large"')]
    device.works()


def test_a_will_that_does_not_fit_into_a_connect_is_told_by_connect():
    device = Device(again=AGAIN)
    will = device.message()
    good(nx_azure_iot_hub_client_will_message_set(device.client, will, bytes(1000), 1))
    assert device.start() == NXD_MQTT_PACKET_POOL_FAILURE
    device.run(MINUTE)
    assert device.state == IDLE
    good(nx_azure_iot_hub_client_will_message_set(device.client, device.message(), b"gone", 1))
    device.works()
    assert device.hub.logins[-1].will == ("devices/dev1/messages/events/", b"gone")


# --- JSON of the hub -----------------------------------------------------------------------------

NO_OBJECTS = [
    b"",
    b" ",
    b"[]",
    b"null",
    b"5",
    b'"desired"',
    b"{",
    b"{]",
    b'{"a"}',
    b'{"a":}',
    b'{"a":1,}',
    b'{"a":01}',
    b'{"a":1}x',
    b'{"a":tru}',
    b'{"a":"\n"}',
    b'{"a":"\xff"}',
    b"\xef\xbb\xbf{}",
    b'{"a":' + b"[" * 40 + b"]" * 40 + b"}",
    b'{"$version":1',
]
NO_TWINS = [
    b"{}",
    b'{"desired":5}',
    b'{"desired":null}',
    b'{"desired":[]}',
    b'{"reported":{"$version":1}}',
]


@pytest.mark.parametrize("body", NO_OBJECTS + NO_TWINS)
def test_a_twin_that_is_none_is_told_to_who_has_asked(body):
    device = Device().connect()
    device.hub.document = lambda: body
    good(device.request())
    assert device.document(100) == (NX_AZURE_IOT_INVALID_PACKET, None)
    del device.hub.document
    device.works()


@pytest.mark.parametrize("body", NO_OBJECTS + NO_TWINS)
def test_a_twin_that_is_none_is_told_though_the_client_has_asked(body):
    device = Device(again=AGAIN).connect()
    device.hub.document = lambda: body
    device.hub.cut()
    device.run(MINUTE)
    assert device.desired() == (NX_AZURE_IOT_INVALID_PACKET, None)
    del device.hub.document
    device.works()


@pytest.mark.parametrize("body", NO_OBJECTS)
def test_a_patch_that_is_none_is_told(body):
    device = Device().connect()
    device.hub.tell(f"{DESIRED}?$version=2", body)
    assert device.desired(100) == (NX_AZURE_IOT_INVALID_PACKET, None)
    device.hub.version = 5
    device.works()


# --- statuses of the hub -------------------------------------------------------------------------

STATUSES = [100, 199, 300, 302, 400, 401, 404, 409, 412, 413, 499, 500, 503, 599, 999]


@pytest.mark.parametrize("status", STATUSES)
def test_an_answer_that_is_no_success_is_told_to_who_waits(status):
    device = Device().connect()
    device.hub.verdicts = [status, status]
    good(device.request())
    assert device.document(100) == (NX_AZURE_IOT_SERVER_RESPONSE_ERROR, None)
    assert device.client.reason == (
        "call",
        NX_AZURE_IOT_SERVER_RESPONSE_ERROR,
        f"the hub answers {status}",
    )
    found = device.report(wait=100)
    assert (found[0], found[2:]) == (0, (status, 0))
    device.works()


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_a_success(status):
    device = Device().connect()
    device.hub.mute.update(("get", "report"))
    good(device.request())
    device.poll()
    device.hub.answer(status, device.hub.asked[-1], device.hub.document())
    assert device.document(100)[0] == 0
    device.clock.later(50, lambda: device.hub.answer(status, device.hub.patches[-1][0]))
    assert device.report(wait=100)[::2] == (0, status)


def test_429_stops_questions_and_reports_until_the_pause_is_over():
    device = Device().connect()
    device.hub.verdicts = [429]
    assert device.report(wait=100)[::2] == (0, 429)
    assert device.report(wait=100)[0] == NX_AZURE_IOT_THROTTLED
    assert device.request() == NX_AZURE_IOT_THROTTLED
    # Telemetry, methods and messages have limits of their own.
    good(device.telemetry(b"t"))
    device.hub.cloud_message(b"c")
    assert device.cloud_message(10) == (0, b"c")
    assert len(device.hub.patches) == 1
    device.run(10 * SECOND)
    device.works()


def test_429_to_a_question_is_told_as_what_it_is():
    device = Device().connect()
    device.hub.verdicts = [429]
    good(device.request())
    assert device.document(100) == (NX_AZURE_IOT_THROTTLED, None)
    device.run(10 * SECOND)
    device.works()


ODD_STATUSES = ["", "abc", "0", "-1", "20 0", "99999999999", "200x", "2e2", "\u0662\u0660\u0660"]


@pytest.mark.parametrize("status", ODD_STATUSES)
def test_an_answer_without_a_status_is_no_success_and_does_not_wedge(status):
    device = Device().connect()
    device.hub.mute.update(("get", "report"))
    good(device.request())
    device.poll()
    device.hub.answer(status, device.hub.asked[-1], device.hub.document())
    assert device.document(100)[0] != 0
    device.clock.later(50, lambda: device.hub.answer(status, device.hub.patches[-1][0]))
    found = device.report(wait=100)
    assert not (found[0] == 0 and 200 <= found[2] < 300)
    device.works()


# --- too large for the queue ---------------------------------------------------------------------


def large_cloud_message(device):
    """A message from the cloud."""
    device.hub.cloud_message(b"x" * 600, "n=1")


def large_method(device):
    """A call of a method."""
    device.hub.call("m", b'"%s"' % (b"x" * 600))


def large_patch(device):
    """Desired properties."""
    device.hub.change(large="x" * 600)


def large_document(device):
    """A twin that the program has asked for."""
    device.hub.desired["large"] = "x" * 600
    good(device.request())


LARGE = [
    (large_cloud_message, "cloud_message", 1),
    (large_method, "method", 2),
    (large_document, "document", 4),
    (large_patch, "desired", 8),
]


def small_device(**more):
    """A device with a receive queue of 512 bytes."""
    return Device(queue=512, **more).connect()


@pytest.mark.parametrize(("send", "receive", "kind"), LARGE)
def test_what_is_larger_than_the_queue_is_told_to_the_waiting_call(send, receive, kind):
    device = small_device()
    send(device)
    assert getattr(device, receive)(100)[0] == TOO_LONG
    # Once: the next one is not there.
    assert getattr(device, receive)(10)[0] == NX_AZURE_IOT_NO_PACKET
    device.hub.desired.clear()
    device.works()


@pytest.mark.parametrize(("send", "receive", "kind"), LARGE)
def test_what_is_larger_than_the_queue_is_told_to_the_callback(send, receive, kind):
    device = small_device()
    told = []

    def take(client, argument):
        told.append((argument, getattr(device, receive)()[0]))

    good(nx_azure_iot_hub_client_receive_callback_set(device.client, kind, take, "argument"))
    send(device)
    device.polls()
    assert told == [("argument", TOO_LONG)]
    device.hub.desired.clear()
    good(nx_azure_iot_hub_client_receive_callback_set(device.client, kind, None))
    device.works()


def test_all_that_is_too_large_is_told_though_it_comes_at_once():
    device = small_device()
    for send, _, _ in LARGE * 3:
        send(device)
    device.polls(8)
    for _ in range(3):
        assert device.cloud_message()[0] == TOO_LONG
        assert device.method()[0] == TOO_LONG
        assert device.desired()[0] == TOO_LONG
    assert device.cloud_message()[0] == NX_AZURE_IOT_NO_PACKET
    assert device.hub.cloud == []


@pytest.mark.parametrize("pieces", [1, 7, 64])
def test_a_message_that_is_too_large_is_told_however_it_comes(pieces):
    device = small_device()
    device.hub.online.deliver_limit = pieces
    large_cloud_message(device)
    assert device.cloud_message(100)[0] == TOO_LONG
    device.polls(100)
    assert device.hub.completed == [1]


def test_a_twin_that_is_too_large_at_a_reconnect_is_told_each_time():
    device = small_device(again=AGAIN)
    device.hub.desired["large"] = "x" * 600
    for _ in range(3):
        device.hub.cut()
        device.run(MINUTE)
        assert device.desired()[0] == TOO_LONG
        assert device.desired()[0] == NX_AZURE_IOT_NO_PACKET
    device.hub.desired.clear()
    device.works()


def test_a_large_answer_to_a_question_of_nobody_is_no_news():
    device = small_device()
    device.hub.answer(200, "5", "x" * 600)
    device.polls()
    assert device.document()[0] == NX_AZURE_IOT_NO_PACKET
    assert device.desired()[0] == NX_AZURE_IOT_NO_PACKET
    device.works()


# --- a full queue --------------------------------------------------------------------------------


def test_a_queue_full_of_another_kind_is_said_to_who_waits():
    device = small_device()
    for number in range(20):
        device.hub.cloud_message(b"%02d" % number + b"x" * 60)
    device.hub.call("m")
    assert device.method(100)[0] == NX_AZURE_IOT_INSUFFICIENT_BUFFER_SPACE
    taken = []
    while len(taken) < 20:
        status, payload = device.cloud_message(10)
        assert status == 0
        taken.append(payload[:2])
    assert taken == [b"%02d" % number for number in range(20)]
    assert device.method(100)[:2] == (0, "m")


def test_what_a_disabled_feature_has_left_does_not_stop_the_others():
    device = small_device()
    for _ in range(20):
        device.hub.cloud_message(b"x" * 60)
    device.polls()
    good(nx_azure_iot_hub_client_cloud_message_disable(device.client))
    for number in range(20):
        assert device.telemetry(b"%d" % number, wait=100) == 0
    assert device.report(wait=100)[::2] == (0, 204)
    good(nx_azure_iot_hub_client_cloud_message_enable(device.client))
    device.works()


@pytest.mark.parametrize("stuck", range(4))
def test_a_feature_is_disabled_whole_or_not_at_all(stuck):
    """Without room for all that has to be said to the hub the feature goes on working."""
    device = Device(depth=4).connect()
    device.polls()
    device.hub.mute.add("telemetry")
    for _ in range(stuck):
        good(device.telemetry(b"x"))
    device.polls()
    status = nx_azure_iot_hub_client_device_twin_disable(device.client)
    device.hub.mute.clear()
    for event in device.hub.events:
        device.hub.send(puback(event.packet_id))
    device.polls(8)
    if status:
        assert status == NXD_MQTT_PACKET_POOL_FAILURE
    else:
        assert not {ANSWERS + "#", DESIRED + "#"} & device.hub.filters
        good(nx_azure_iot_hub_client_device_twin_enable(device.client))
    device.works()


# --- methods -------------------------------------------------------------------------------------


def test_an_unknown_method_is_answered_by_the_program_with_a_status_of_its_own():
    device = Device().connect()
    request = device.hub.call("no such*thing \u00fc/?$rid=9")
    status, name, context, payload = device.method(100)
    assert (status, name, payload) == (0, "no such*thing \u00fc/?$rid=9", b"{}")
    good(device.respond(context, b'"no such method"', 404))
    device.poll()
    assert device.hub.method_answers == [(request, 404, b'"no such method"')]
    device.works()


def test_a_second_answer_is_refused_and_not_sent():
    device = Device().connect()
    device.hub.call("m")
    _, _, context, _ = device.method(100)
    assert [device.respond(context) for _ in range(3)] == [0] + [NX_AZURE_IOT_WRONG_STATE] * 2
    device.polls()
    assert len(device.hub.method_answers) == 1
    device.works()


@pytest.mark.parametrize("status", [None, "200", 200.0, 1 << 31, -(1 << 31) - 1])
def test_an_answer_whose_status_is_no_number_is_refused(status):
    device = Device().connect()
    device.hub.call("m")
    _, _, context, _ = device.method(100)
    assert device.respond(context, status=status) == BAD
    good(device.respond(context))


@pytest.mark.parametrize("context", [None, 5, b"1", object()])
def test_an_answer_to_what_is_no_call_is_refused(context):
    assert Device().connect().respond(context) == BAD


CALLS = ["", "m", "m/", "/?$rid=1", "m/?$rid=", "m/?rid=1", "m?$rid=1", "%ff/?$rid=1", "m/?"]


@pytest.mark.parametrize("behind", CALLS)
def test_a_call_that_is_none_is_told_and_forgotten(behind):
    device = Device().connect()
    device.hub.tell(METHODS + behind, b"{}")
    assert device.method(10)[0] == NX_AZURE_IOT_INVALID_PACKET
    device.works()


# --- answers of another time ---------------------------------------------------------------------


def test_an_answer_to_nobody_is_counted_and_dropped():
    device = Device().connect()
    good(device.request())
    assert device.document(10)[0] == 0
    last = int(device.hub.asked[-1])
    for request in (last, last + 1, last + 2, 1, 0, "x", "", 1 << 40):
        device.hub.answer(200, request, device.hub.document())
    device.polls(8)
    assert device.document()[0] == NX_AZURE_IOT_NO_PACKET
    assert device.statistics["strangers"] == 8
    device.works()


def test_an_answer_that_comes_when_nobody_waits_any_more_goes_to_the_callback():
    device = Device().connect()
    told = []

    def tell(client, *what):
        told.append(what)

    set_callback = nx_azure_iot_hub_client_reported_properties_response_callback_set
    good(set_callback(device.client, tell, "argument"))
    device.hub.mute.add("report")
    status, request, _, _ = device.report(wait=10)
    assert status == NX_AZURE_IOT_NO_PACKET
    for _ in range(2):
        device.hub.answer(204, f"{request}&$version=7")
    device.polls()
    assert told == [(request, 204, 7, "argument")]
    device.works()


def test_an_answer_that_is_sent_twice_is_taken_once():
    device = Device().connect()
    device.hub.mute.add("get")
    good(device.request())
    device.poll()
    for _ in range(2):
        device.hub.answer(200, device.hub.asked[-1], device.hub.document())
    assert device.document(10)[0] == 0
    assert device.document(10)[0] == NX_AZURE_IOT_NO_PACKET


def test_an_answer_of_an_earlier_link_is_not_taken_for_one_of_this():
    device = Device(again=AGAIN).connect()
    device.hub.mute.add("get")
    good(device.request())
    device.poll()
    old = device.hub.asked[-1]
    device.hub.cut()
    device.hub.mute.clear()
    device.run(MINUTE)
    assert device.document()[0] == NX_AZURE_IOT_DISCONNECTED
    device.hub.answer(200, old, device.hub.document())
    device.polls()
    assert device.document()[0] == NX_AZURE_IOT_NO_PACKET
    device.works()


def test_a_call_that_waits_for_an_answer_of_a_link_that_is_gone_is_told():
    """The hub has the patch, so it is not sent again, and the answer has gone with the link."""
    device = Device(again=AGAIN).connect()
    device.hub.mute.add("report")
    device.clock.later(5 * SECOND, device.hub.cut)
    assert device.report(wait=6000)[0] == NX_AZURE_IOT_DISCONNECTED
    device.works()


# --- topics that are none ------------------------------------------------------------------------

TOPICS = [
    "$iothub",
    "$iothub/",
    "$iothub/twin",
    "$iothub/twin/",
    "$iothub/twin/res",
    "$iothub/twin/res/",
    "$iothub/twin/res/200",
    "$iothub/twin/res/200/",
    "$iothub/twin/res/200/?$rid",
    "$iothub/twin/res/200/?$rid=&$rid=2",
    "$iothub/twin/restless/200/?$rid=2",
    "$iothub/twin/GET/?$rid=2",
    "$iothub/twin/POST/",
    "$iothub/methodical",
    "$iothub/streams/POST/x/?$rid=1",
    "devices",
    "device/dev1/messages/devicebound/",
    "$SYS/broker",
    "\u00fc",
    "x" * 300,
]


@pytest.mark.parametrize("quality", [0, 1])
@pytest.mark.parametrize("topic", TOPICS)
def test_a_message_that_nothing_has_asked_for_is_counted_and_dropped(topic, quality):
    device = Device().connect()
    number = device.hub.tell(topic, b'{"desired":{"$version":99}}', quality)
    device.polls()
    assert device.statistics["strangers"] == 1
    assert device.hub.completed == ([number] if quality else [])
    assert device.desired()[0] == NX_AZURE_IOT_NO_PACKET
    device.works()


STRAY = ["devices/dev2/messages/devicebound/", "devices/dev1/other", "$iothub/methods/x"]


@pytest.mark.parametrize("topic", STRAY)
def test_a_topic_that_only_begins_like_one_does_no_harm(topic):
    device = Device().connect()
    device.hub.tell(topic, b"x", 1)
    device.polls()
    device.cloud_message()
    device.method()
    device.works()


# --- properties of the hub's messages ------------------------------------------------------------

BAGS = [
    ("a=%ff", NX_AZURE_IOT_INVALID_PACKET),
    ("a=%C0%80", NX_AZURE_IOT_INVALID_PACKET),
    ("a=%", (0, "%")),
    ("a=%zz", (0, "%zz")),
    ("a", (0, "")),
    ("a=", (0, "")),
    ("a=1&a=2", (0, "1")),
    ("&&a=1&", (0, "1")),
    ("a==", (0, "=")),
    ("b=1", NX_AZURE_IOT_NOT_FOUND),
    ("", NX_AZURE_IOT_NOT_FOUND),
    ("%61=1", (0, "1")),
    ("a=%00", (0, "\0")),
]


@pytest.mark.parametrize(("bag", "expected"), BAGS)
def test_a_property_bag_is_read_whatever_is_in_it(bag, expected):
    device = Device().connect()
    device.hub.cloud_message(b"x", bag)
    _, packet = nx_azure_iot_hub_client_cloud_message_receive(device.client, 10)
    found = nx_azure_iot_hub_client_cloud_message_property_get(device.client, packet, "a")
    assert found == (expected if isinstance(expected, tuple) else (expected, None))
    status, _ = nx_azure_iot_hub_client_cloud_message_properties_get(device.client, packet)
    assert status == (expected if expected == NX_AZURE_IOT_INVALID_PACKET else 0)


# --- a hub that does not answer ------------------------------------------------------------------


def test_a_hub_that_acknowledges_nothing_is_told_by_the_want_of_room():
    device = Device(depth=4).connect()
    device.hub.mute.add("telemetry")
    for _ in range(4):
        good(device.telemetry(b"x", wait=100))
    began = device.clock.elapsed
    assert device.telemetry(b"x", wait=100) == NXD_MQTT_PACKET_POOL_FAILURE
    assert device.clock.elapsed - began == SECOND
    assert device.report(wait=100)[0] == NXD_MQTT_PACKET_POOL_FAILURE
    device.hub.mute.clear()
    device.hub.cut()
    device.works()
    assert len({event.packet_id for event in device.hub.events[:-1]}) == 4


@pytest.mark.parametrize("feature", ["cloud", "methods", "twin"])
def test_a_refused_subscription_is_told_to_who_waits(feature):
    device = Device()
    device.hub.refuse_filters.update((CLOUD + "#", METHODS + "#", ANSWERS + "#", DESIRED + "#"))
    device.connect()
    receive = {"cloud": device.cloud_message, "methods": device.method, "twin": device.desired}
    assert receive[feature](100)[0] == NX_AZURE_IOT_NO_SUBSCRIBE_ACK
    device.hub.refuse_filters.clear()
    device.hub.cut()
    device.poll()
    device.works()


def test_a_hub_that_does_not_answer_a_subscription_is_left():
    device = Device(again=AGAIN)
    device.hub.mute.add("subscribe")
    device.connect()
    device.run(11 * SECOND)
    assert device.client.reason[1:] == (NXD_MQTT_COMMUNICATION_FAILURE, "no SUBACK in time")
    assert device.state == CONNECTING
    device.hub.mute.clear()
    device.works()


def test_a_hub_that_breaks_the_rules_of_mqtt_is_left():
    device = Device(again=AGAIN).connect()
    device.hub.send(publish(CLOUD, b"x", 1, 4))
    device.polls()
    assert device.state == CONNECTING
    device.works()
    assert device.state == CONNECTED
