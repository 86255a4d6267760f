# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Our hub client on a real mosquitto, with a script in the hub's place: no server of ours."""

import base64
import hashlib
import hmac
import json
import socket
import time
import urllib.parse

import pytest
from azure_devices import MOMENT, PATIENCE, certificate
from devices import run
from mosquitto_stage import *
from played_hub import HOST, NAME

from boards.desktop.broker.packets import Connect, Disconnect, Publish
from nxd_mqtt.azure_iot import *
from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import nxd_mqtt_client_socket_get

WRONG_KEY = "bm90IHRoZSBzZWNyZXQgb25l"
NOON = 1_800_000_000
FILTERS = [
    f"devices/{DEVICE}/messages/devicebound/#",
    "$iothub/methods/POST/#",
    "$iothub/twin/res/#",
    "$iothub/twin/PATCH/properties/desired/#",
]


@pytest.fixture
def make_stage(tmp_path):
    """A function that makes a stage, which is not begun yet."""
    made = []

    def make(**settings) -> Stage:
        made.append(Stage(tmp_path, **settings))
        return made[-1]

    yield make
    for stage in made:
        stage.close()


@pytest.fixture
def stage(make_stage):
    """A stage that is begun, with a broker that forgets its sessions when it ends."""
    return make_stage().begin()


def signed(key: str, resource: str, expiry: int) -> str:
    """A token, made with nothing of ours."""
    where = urllib.parse.quote(resource, safe="")
    text = f"{where}\n{expiry}".encode()
    digest = hmac.new(base64.b64decode(key), text, hashlib.sha256).digest()
    signature = urllib.parse.quote(base64.b64encode(digest).decode(), safe="")
    return f"SharedAccessSignature sr={where}&sig={signature}&se={expiry}"


# -- login ------------------------------------------------------------------------------------


@pytest.fixture
def strict(make_stage):
    """A stage whose broker asks for the very user name and the very token of the device."""
    name = f"{HOST}/{DEVICE}/?api-version=2021-04-12&DeviceClientType=nxd_mqtt"
    token = signed(KEY, f"{HOST}/devices/{DEVICE}", NOON + 3600)
    return make_stage(password=b"service", users={name: token, NAME: "service"}).begin()


def test_a_broker_that_checks_the_login_lets_the_device_in(strict):
    device = strict.device(unix_time=lambda: NOON).connect()
    ((packet,),) = strict.tap.packets(Connect)
    assert packet.client_id == DEVICE
    assert (packet.clean_session, packet.keepalive, packet.will) == (False, 240, None)
    device.send(b"in")
    settle(device)
    strict.hub.wait(lambda: strict.hub.events)
    assert strict.hub.events == [("", b"in", 1)]


def test_a_broker_that_checks_the_login_refuses_another_key(strict):
    device = strict.device(unix_time=lambda: NOON).reconnecting()
    device.do(nx_azure_iot_hub_client_symmetric_key_set, WRONG_KEY)
    assert device.refusal() == NXD_MQTT_ERROR_NOT_AUTHORIZED
    assert device.told == [NXD_MQTT_ERROR_NOT_AUTHORIZED]
    assert device.statistics()["attempts"] == 1
    device.do(nx_azure_iot_hub_client_symmetric_key_set, KEY)
    device.connect()


def test_a_certificate_instead_of_a_token(make_stage, authority):
    stage = make_stage(files=authority.server(), client_authority=authority.root)
    stage.broker.start()
    text = f"HostName={HOST};DeviceId={DEVICE};x509=true"
    device = stage.device("tls", authority.root, text)
    device.do(nx_azure_iot_hub_client_device_cert_set, certificate(*authority.client()))
    device.connect()
    device.send(b"shown")
    settle(device)
    assert len(device.acknowledged) == 1
    assert "Received PUBLISH from dev " in stage.broker.log


# -- messages ---------------------------------------------------------------------------------


def test_telemetry_with_properties(stage):
    device = stage.device().connect()
    sent = [
        device.send('{"t":20}', {"$.mid": "id 1", "temp alert": "a&b=c+\u00fc"}),
        device.send(b"", {"empty": None}),
        device.send(b"\x00\xff", quality=0),
    ]
    settle(device)
    stage.hub.wait(lambda: len(stage.hub.events) == 3)
    assert stage.hub.events == [
        ("%24.mid=id%201&temp%20alert=a%26b%3Dc%2B%C3%BC", b'{"t":20}', 1),
        ("empty=", b"", 1),
        ("", b"\x00\xff", 0),
    ]
    assert device.acknowledged == sent[:2]
    assert sent[2] == 0


def test_telemetry_that_the_broker_did_not_acknowledge_is_sent_again(stage):
    device = stage.device().reconnecting().connect()
    stage.break_off()
    packet_id = device.send(b"kept")
    fail(device)
    assert device.acknowledged == []
    stage.begin()
    settle(device)
    assert device.acknowledged == [packet_id]
    stage.hub.wait(lambda: stage.hub.events)
    assert stage.hub.events == [("", b"kept", 1)]


def test_the_will_of_a_device_that_vanishes(stage):
    device = stage.device()
    device.do(nx_azure_iot_hub_client_will_message_set, device.message({"why": "a&b"}), "bye", 1)
    device.connect()
    nxd_mqtt_client_socket_get(device.client)[1].shutdown(socket.SHUT_RDWR)
    stage.hub.wait(lambda: stage.hub.events)
    assert stage.hub.events == [("why=a%26b", b"bye", 1)]


def test_a_message_from_the_cloud_with_encoded_properties(stage):
    device = stage.device().enable(nx_azure_iot_hub_client_cloud_message_enable)
    settle(device.connect())
    bag = (
        "%24.mid=id%201&%24.to=%2Fdevices%2Fdev&iothub-ack=full&temp%20alert=a%26b%3Dc%2B%C3%BC&on"
    )
    stage.hub.send_message(b"hello", bag)
    packet = device.do(nx_azure_iot_hub_client_cloud_message_receive, PATIENCE)
    assert packet.data == b"hello"
    assert device.do(nx_azure_iot_hub_client_cloud_message_properties_get, packet) == [
        ("$.mid", "id 1"),
        ("$.to", "/devices/dev"),
        ("iothub-ack", "full"),
        ("temp alert", "a&b=c+\u00fc"),
        ("on", ""),
    ]
    get = nx_azure_iot_hub_client_cloud_message_property_get
    assert device.do(get, packet, "temp alert") == "a&b=c+\u00fc"
    assert device.refused(get, packet, "alert") == NX_AZURE_IOT_NOT_FOUND


def test_messages_wait_for_a_device_that_is_away_and_come_in_order(stage):
    device = stage.device().enable(nx_azure_iot_hub_client_cloud_message_enable)
    settle(device.connect())
    device.disconnect()
    payloads = [b"%d" % number for number in range(60)]
    for payload in payloads:
        stage.hub.send_message(payload)
    device.connect()
    receive = nx_azure_iot_hub_client_cloud_message_receive
    assert [device.take(receive) for _ in payloads] == payloads
    settle(device)
    assert device.refused(receive, MOMENT) == NX_AZURE_IOT_NO_PACKET
    assert subscribed(stage.tap) == [FILTERS[:1], []]
    device.disconnect()
    # All of them were acknowledged: none is kept.
    device.connect()
    assert device.refused(receive, MOMENT) == NX_AZURE_IOT_NO_PACKET


def test_a_clean_session_leaves_what_came_meanwhile(stage):
    device = stage.device().enable(nx_azure_iot_hub_client_cloud_message_enable)
    settle(device.connect())
    device.disconnect()
    stage.hub.send_message(b"lost")
    settle(device.connect(clean=NX_TRUE))
    assert subscribed(stage.tap) == [FILTERS[:1], FILTERS[:1]]
    stage.hub.send_message(b"new")
    assert device.take(nx_azure_iot_hub_client_cloud_message_receive) == b"new"


# -- the twin ---------------------------------------------------------------------------------


def test_the_twin_is_read_and_reported(stage):
    stage.hub.desired["interval"] = 5
    device = stage.device_with_everything()
    assert stage.hub.reads == 0  # nobody has asked yet
    assert read_twin(device) == {
        "desired": {"$version": 1, "interval": 5},
        "reported": {"$version": 1},
    }
    assert report(device, {"t": 20, "u": None}) == (204, 2)
    assert stage.hub.reports == [b'{"t": 20, "u": null}']
    assert report(device, {"t": None}) == (204, 3)
    assert read_twin(device)["reported"] == {"$version": 3}
    (published,) = stage.tap.packets(Publish)
    questions = [packet for packet in published if "/GET/" in packet.topic]
    assert [(packet.payload, packet.qos) for packet in questions] == [(b"", 0)] * 2
    requests = [packet.topic.partition("$rid=")[2] for packet in published]
    assert len(set(requests)) == len(requests) == 4


def test_desired_properties_come_as_they_are_changed(stage):
    device = stage.device_with_everything()
    patches = [stage.hub.change(interval=5), stage.hub.change(interval=None, led=True)]
    receive = nx_azure_iot_hub_client_device_twin_desired_properties_receive
    assert [device.take(receive) for _ in patches] == patches
    assert json.loads(patches[1]) == {"interval": None, "led": True, "$version": 3}
    assert device.refused(receive, MOMENT) == NX_AZURE_IOT_NO_PACKET


def test_refusals_of_the_hub_are_told(stage):
    device = stage.device_with_everything()
    stage.hub.report_status = 400
    assert report(device, {"t": 20}) == (400, 0)
    stage.hub.read_status = 500
    device.do(nx_azure_iot_hub_client_device_twin_properties_request, PATIENCE)
    receive = nx_azure_iot_hub_client_device_twin_properties_receive
    assert device.refused(receive, PATIENCE) == NX_AZURE_IOT_SERVER_RESPONSE_ERROR
    stage.hub.read_status = 429
    request = nx_azure_iot_hub_client_device_twin_properties_request
    device.do(request, PATIENCE)
    assert device.refused(receive, PATIENCE) == NX_AZURE_IOT_THROTTLED
    assert device.refused(request, PATIENCE) == NX_AZURE_IOT_THROTTLED
    assert stage.hub.reads == 2


def test_answers_to_questions_of_others_are_left_alone(stage):
    device = stage.device_with_everything()
    stage.hub.say("$iothub/twin/res/200/?$rid=0", '{"desired":{"$version":9}}')
    stage.hub.say("$iothub/twin/res/204/?$rid=none&$version=9")
    stage.hub.say("$iothub/twin/res/200/")
    run(device, until=lambda: device.statistics()["strangers"] == 3)
    assert read_twin(device)["desired"] == {"$version": 1}


# -- methods ----------------------------------------------------------------------------------


@pytest.mark.parametrize("payload", [b"", b"null", b'{"delay": [3, null]}'])
def test_a_method_is_called_and_answered(stage, payload):
    device = stage.device_with_everything()
    stage.hub.call("reboot", payload, "1a-b")
    assert answer(device, b'{"ok":true}') == ("reboot", payload)
    settle(device)
    stage.hub.wait(lambda: stage.hub.answers)
    assert stage.hub.answers == [(200, "1a-b", b'{"ok":true}')]
    assert device.acknowledged == []  # which is for telemetry


def test_a_method_is_answered_on_a_later_link(stage):
    device = stage.device_with_everything()
    stage.hub.call("slow", b"{}", "2")
    _, context, _ = device.do(nx_azure_iot_hub_client_direct_method_message_receive, PATIENCE)
    lose(device)
    respond = nx_azure_iot_hub_client_direct_method_message_response
    device.do(respond, -1, context, None, PATIENCE)
    settle(device)
    stage.hub.wait(lambda: stage.hub.answers)
    assert stage.hub.answers == [(-1, "2", b"{}")]


# -- connecting again -------------------------------------------------------------------------


def test_where_the_session_is_kept_nothing_is_subscribed_again(stage):
    device = stage.device_with_everything()
    read_twin(device)
    for links in (2, 3):
        lose(device)
        run(device, until=lambda links=links: stage.hub.reads == links)
        assert device.client.session_present == 1
        works(stage, device)
    assert subscribed(stage.tap) == [FILTERS, [], []]
    for link in stage.tap.packets(object)[1:]:
        assert isinstance(link[0], Connect)
        assert link[1].topic.startswith("$iothub/twin/GET/?$rid=")
    assert stage.hub.reads == 3


def test_where_the_session_is_lost_each_filter_is_subscribed_again_once(stage):
    device = stage.device_with_everything()
    read_twin(device)
    stage.break_off()
    fail(device)
    assert device.told == [NX_AZURE_IOT_SUCCESS, NX_AZURE_IOT_DISCONNECTED]
    stage.begin()
    settle(device)
    assert device.client.session_present == 0
    assert subscribed(stage.tap) == [FILTERS, FILTERS]
    works(stage, device)
    assert subscribed(stage.tap) == [FILTERS, FILTERS]


def test_a_broker_that_remembers_brings_what_came_while_it_was_away(make_stage):
    stage = make_stage(persistent=True).begin()
    device = stage.device_with_everything()
    read_twin(device)
    device.disconnect()
    stage.hub.send_message(b"kept")
    stage.broker.save()  # before a rough end
    stage.break_off()
    stage.begin()
    device.connect()
    assert device.client.session_present == 1
    assert device.take(nx_azure_iot_hub_client_cloud_message_receive) == b"kept"
    works(stage, device)
    assert subscribed(stage.tap) == [FILTERS, []]


def test_a_program_that_begins_anew_subscribes_though_the_session_is_kept(stage):
    first = stage.device_with_everything()
    first.delete()
    stage.hub.send_message(b"for whoever comes")
    second = stage.device_with_everything()
    assert second.client.session_present == 1
    assert subscribed(stage.tap) == [FILTERS, FILTERS]
    receive = nx_azure_iot_hub_client_cloud_message_receive
    assert second.take(receive) == b"for whoever comes"
    works(stage, second)


@pytest.mark.parametrize("kept", [True, False])
def test_what_was_desired_while_the_device_was_away_comes_with_the_next_link(stage, kept):
    device = stage.device_with_everything()
    patch = stage.hub.change(interval=5)
    receive = nx_azure_iot_hub_client_device_twin_desired_properties_receive
    assert device.take(receive) == patch
    device.disconnect()
    stage.hub.change(interval=6, led=True)
    stage.hub.change(led=None)
    device.connect(clean=NX_FALSE if kept else NX_TRUE)
    assert json.loads(device.take(receive)) == {"$version": 4, "interval": 6}
    works(stage, device)
    assert stage.hub.reads == 1


def test_a_program_that_has_not_read_the_twin_gets_what_is_desired_with_the_next_link(stage):
    device = stage.device_with_everything()
    lose(device)
    receive = nx_azure_iot_hub_client_device_twin_desired_properties_receive
    assert json.loads(device.take(receive)) == {"$version": 1}


def test_what_the_program_knows_is_not_told_again(stage):
    device = stage.device_with_everything()
    patch = stage.hub.change(interval=5)
    receive = nx_azure_iot_hub_client_device_twin_desired_properties_receive
    assert device.take(receive) == patch
    lose(device)
    run(device, until=lambda: stage.hub.reads == 1)
    # The answer to this question comes behind that to the client's own.
    assert report(device, {"seen": 1}) == (204, 2)
    assert device.refused(receive, NX_NO_WAIT) == NX_AZURE_IOT_NO_PACKET


def test_a_new_token_costs_no_message(stage):
    tokens = []

    def token() -> str:
        # The first one is renewed after a second.
        expiry = int(time.time()) + (3600 if tokens else 2)
        tokens.append(f"SharedAccessSignature sr=r&sig={len(tokens)}&se={expiry}")
        return tokens[-1]

    device = stage.device().enable(nx_azure_iot_hub_client_cloud_message_enable)
    device.do(nx_azure_iot_hub_client_sas_token_set, token)
    settle(device.connect())
    sent = [device.send(b"before")]
    run(device, until=lambda: device.statistics()["renewals"] == 1)
    sent.append(device.send(b"after"))
    stage.hub.send_message(b"to you")
    assert device.take(nx_azure_iot_hub_client_cloud_message_receive) == b"to you"
    settle(device)
    first, second = stage.tap.packets(object)
    assert first[-1] == Disconnect()
    assert [link[0].password.decode() for link in (first, second)] == tokens
    assert subscribed(stage.tap) == [FILTERS[:1], []]
    assert device.acknowledged == sent
    assert device.told == [NX_AZURE_IOT_SUCCESS]
    stage.hub.wait(lambda: len(stage.hub.events) == 2)
    assert [payload for _, payload, _ in stage.hub.events] == [b"before", b"after"]
