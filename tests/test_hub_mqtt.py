# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The hub's MQTT dialect, spoken to in packets over plain TCP."""

import json

import pytest
from hub_bench import (
    CLOUD_MESSAGES,
    DESIRED,
    EVENTS,
    METHODS,
    PATIENCE,
    TWIN_ANSWERS,
    Clock,
    Device,
    answer_to,
    connect_packet,
    connected,
    forward,
    subscribed,
)

from boards.desktop.broker import packets
from boards.desktop.broker.packets import (
    Connack,
    Pingreq,
    Puback,
    Publish,
    Pubrel,
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
    Will,
)
from boards.desktop.hub import Hub, HubError
from boards.desktop.hub.credentials import make_token
from boards.desktop.hub.registry import Identity

IDENTIFIER_REJECTED, BAD_USERNAME, NOT_AUTHORIZED = 2, 4, 5
LARGEST = 262_144


@pytest.fixture
def clock():
    """The hub's clock."""
    return Clock()


@pytest.fixture
def hub(clock):
    """A hub with a device and a module, without TLS."""
    with Hub(tls=False, devices=("device",), clock=clock) as hub:
        hub.add_module("device", "module")
        yield hub


def topics(*properties):
    """The topic of a message from the cloud, with more than its address."""
    start = (
        "devices/device/messages/devicebound/%24.to=%2Fdevices%2Fdevice%2Fmessages%2Fdevicebound"
    )
    return "&".join((start, *properties))


# --- who gets in ---------------------------------------------------------------------------------


def test_a_good_token_gets_in(hub):
    with connected(hub) as device:
        assert hub.connected() == ["device"]
        device.hear_nothing()
        device.disconnect()
    assert hub.connected() == []
    assert hub.statistics()["connections"] == 1


def test_a_module_gets_in_beside_its_device(hub):
    with connected(hub), connected(hub, "device", "module"):
        assert hub.connected() == ["device", "device/module"]


@pytest.mark.parametrize(
    "password",
    [
        None,
        b"",
        b"secret",
        b"SharedAccessSignature sr=localhost%2Fdevices%2Fdevice&sig=AAAA&se=9999999999",
    ],
)
def test_a_password_that_is_no_good_token_does_not(hub, password):
    assert answer_to(hub, connect_packet(hub, password=password)) == NOT_AUTHORIZED
    assert hub.statistics()["connects_refused"] == 1


def test_other_keys_scopes_and_times_do_not_get_in(hub, clock):
    hub.add_device("other")
    expired = hub.token("device", seconds=0)
    elsewhere = make_token("elsewhere/devices/device", hub.key("device"), clock() + 60)
    wider = make_token("localhost", hub.key("device"), clock() + 60)
    for token in (expired, elsewhere, wider, hub.token("other"), hub.token("device", "module")):
        packet = connect_packet(hub, password=token.encode())
        assert answer_to(hub, packet) == NOT_AUTHORIZED


def test_unknown_and_disabled_devices_do_not_get_in(hub):
    unknown = connect_packet(hub, client_id="nobody", username="localhost/nobody")
    assert answer_to(hub, unknown) == NOT_AUTHORIZED
    hub.enable("device", False)
    assert answer_to(hub, connect_packet(hub)) == NOT_AUTHORIZED
    hub.enable("device")
    assert answer_to(hub, connect_packet(hub)) == 0


def test_another_host_does_not_get_in(hub):
    packet = connect_packet(hub, username="elsewhere/device")
    assert answer_to(hub, packet) == NOT_AUTHORIZED


@pytest.mark.parametrize(
    "username",
    [
        "localhost/device",
        "localhost/device/",
        "localhost/device/?api-version=2019-10-01&DeviceClientType=a%2Fb",
        "localhost/device/api-version=2016-11-14",
    ],
)
def test_every_form_of_a_user_name_gets_in(hub, username):
    assert answer_to(hub, connect_packet(hub, username=username)) == 0


@pytest.mark.parametrize("username", ["device", "localhost/device/?a=%"])
def test_a_user_name_without_its_form_does_not_get_in(hub, username):
    assert answer_to(hub, connect_packet(hub, username=username)) == BAD_USERNAME


@pytest.mark.parametrize("client_id", ["", "Device", "device2", "device/module"])
def test_the_client_identifier_is_the_one_in_the_user_name(hub, client_id):
    assert answer_to(hub, connect_packet(hub, client_id=client_id)) == IDENTIFIER_REJECTED


def test_a_module_names_itself_in_both(hub):
    packet = connect_packet(hub, "device", "module", client_id="device")
    assert answer_to(hub, packet) == IDENTIFIER_REJECTED


def test_the_model_is_noted(hub):
    model = "dtmi:com:example:Thermostat;1"
    username = (
        "localhost/device/?api-version=2021-04-12&model-id=dtmi%3Acom%3Aexample%3AThermostat%3B1"
    )
    with connected(hub, username=username):
        assert hub.twin("device")["modelId"] == model


def test_connect_comes_first_and_once(hub):
    with Device(hub) as device:
        device.say(Pingreq())
        device.hear_the_end()
    with connected(hub) as device:
        device.say(connect_packet(hub))
        device.hear_the_end()
    statistics = hub.statistics()
    assert (statistics["unknown_protocols"], statistics["violations"]) == (1, 1)


def test_another_version_of_mqtt_is_refused(hub):
    with Device(hub) as device:
        device.socket.sendall(b"\x10\x0d\0\4MQTT\5\2\0\0\0\1d")
        device.hear(Connack(1))
        device.hear_the_end()


def test_packets_may_follow_connect_at_once(hub):
    with Device(hub) as device:
        device.say(
            connect_packet(hub),
            Subscribe(1, ((METHODS, 1),)),
            Publish(EVENTS, b"x", 1, packet_id=2),
            Pingreq(),
        )
        device.hear(Connack(), Suback(1, (1,)), Puback(2), packets.Pingresp())


def test_one_byte_at_a_time(hub):
    with Device(hub) as device:
        for byte in packets.encode(connect_packet(hub)) + packets.encode(Pingreq()):
            device.socket.sendall(bytes((byte,)))
        device.hear(Connack(), packets.Pingresp())


def test_a_silent_client_is_dropped(hub):
    with connected(hub, keepalive=1) as device:
        device.hear_the_end()
    assert hub.statistics()["keepalive_timeouts"] == 1


# --- one connection for each device --------------------------------------------------------------


def test_a_second_connection_ends_the_first_and_lets_its_will_go(hub):
    will = Will(EVENTS + "a=1", b"gone", 1)
    with connected(hub, will=will) as first, connected(hub) as second:
        first.hear_the_end()
        second.hear_nothing()
    (event,) = hub.events()
    assert event.body == b"gone"
    assert event.properties == (("a", "1"), ("iothub-MessageType", "Will"))
    assert hub.statistics()["replaced"] == 1


def test_a_disconnect_takes_the_will_away(hub):
    with connected(hub, will=Will(EVENTS, b"gone")) as device:
        device.disconnect()
    assert hub.events() == []


@pytest.mark.parametrize("end", ["hang up", "cut", "silence", "QoS 2"])
def test_every_other_end_lets_the_will_go(hub, end):
    keepalive = 1 if end == "silence" else 0
    with connected(hub, will=Will(EVENTS, b"gone", retain=True), keepalive=keepalive) as device:
        if end == "hang up":
            device.socket.close()
        elif end == "cut":
            assert hub.cut("device")
        elif end == "QoS 2":
            device.say(Publish(EVENTS, b"", 2, packet_id=1))
        hub.wait(hub.events)
    (event,) = hub.events()
    assert event.properties == (("iothub-MessageType", "Will"), ("x-opt-retain", "true"))


@pytest.mark.parametrize(
    "will",
    [
        Will("a", b""),
        Will("devices/other/messages/events/"),
        Will(EVENTS + "a=%"),
        Will(EVENTS, b"", 2),
        Will("$iothub/twin/GET/?$rid=1"),
    ],
)
def test_a_will_that_is_no_telemetry_is_not_taken(hub, will):
    with Device(hub) as device:
        device.say(connect_packet(hub, will=will))
        device.hear_the_end()
    assert hub.statistics()["violations"] == 1


# --- sessions ------------------------------------------------------------------------------------


def test_a_session_is_kept_for_who_wants_it(hub):
    with connected(hub, clean_session=False) as device:
        device.subscribe(METHODS)
        device.disconnect()
    with connected(hub, clean_session=False, present=True) as device:
        call = hub.begin_method("device", "reboot")
        device.hear(Publish("$iothub/methods/POST/reboot/?$rid=1"))
        device.disconnect()
    assert not call.done()
    assert hub.statistics()["sessions_resumed"] == 1


def test_a_clean_session_leaves_nothing(hub):
    with connected(hub, clean_session=False) as device:
        device.subscribe(METHODS)
    with connected(hub) as device:
        with pytest.raises(HubError, match="not"):
            hub.invoke_method("device", "reboot")
        device.disconnect()
    with connected(hub, clean_session=False) as device:
        device.hear_nothing()


def test_a_session_goes_over_to_the_connection_that_takes_over(hub):
    with connected(hub, clean_session=False) as first:
        first.subscribe(DESIRED)
        with connected(hub, clean_session=False, present=True) as second:
            first.hear_the_end()
            hub.patch_twin("device", {"a": 1})
            assert second.take().topic == "$iothub/twin/PATCH/properties/desired/?$version=2"


def test_a_hub_may_lose_its_sessions(hub):
    with connected(hub, clean_session=False) as device:
        device.subscribe(METHODS)
        device.disconnect()
    hub.forget_sessions()
    with connected(hub, clean_session=False, present=False) as device:
        device.hear_nothing()


def test_a_device_that_was_made_again_has_no_session(hub):
    with connected(hub, clean_session=False) as device:
        device.subscribe(METHODS)
        device.disconnect()
    hub.remove_device("device")
    hub.add_device("device")
    with connected(hub, clean_session=False, present=False) as device:
        device.hear_nothing()


def test_a_hub_that_was_stopped_remembers_everything(hub):
    port = hub.port
    with connected(hub, clean_session=False) as device:
        device.subscribe(CLOUD_MESSAGES)
        hub.patch_twin("device", {"a": 1})
        hub.stop()
        assert device.read_to_the_end() == b""
    hub.send_message("device", b"while it was stopped")
    hub.start()
    assert hub.port == port
    with connected(hub, clean_session=False, present=True) as device:
        assert device.take().payload == b"while it was stopped"
    assert hub.twin("device")["properties"]["desired"]["a"] == 1


# --- subscriptions -------------------------------------------------------------------------------


def test_qos_2_is_granted_as_1_and_unknown_filters_not_at_all(hub):
    filters = (
        (TWIN_ANSWERS, 0),
        (METHODS, 1),
        (DESIRED, 2),
        ("devices/+/messages/devicebound/#", 2),
        ("$iothub/#", 1),
        ("devices/other/messages/devicebound/#", 1),
    )
    with connected(hub) as device:
        device.say(Subscribe(1, filters))
        device.hear(Suback(1, (0, 1, 1, 1, 0x80, 0x80)))
    assert hub.statistics()["filters_refused"] == 2


def test_a_module_has_no_messages_from_the_cloud(hub):
    with connected(hub, "device", "module") as device:
        device.say(Subscribe(1, (("devices/device/messages/devicebound/#", 1), (METHODS, 1))))
        device.hear(Suback(1, (0x80, 1)))


@pytest.mark.parametrize("lenient", [False, True])
def test_the_filters_of_adafruits_library_need_a_lenient_hub(lenient):
    filters = (("$iothub/methods/#", 0), ("$iothub/twin/res/200/#", 0))
    with Hub(tls=False, devices=("device",), lenient=lenient) as hub, connected(hub) as device:
        device.say(Subscribe(1, filters))
        device.hear(Suback(1, (0, 0) if lenient else (0x80, 0x80)))
        device.publish("$iothub/twin/GET/?$rid=0")
        if not lenient:
            device.hear_nothing()
            return
        assert device.take().topic == "$iothub/twin/res/200/?$rid=0"
        # An answer with another status is not for this filter.
        device.publish("$iothub/twin/PATCH/properties/reported/?$rid=1", b"{}")
        device.hear_nothing()
        assert hub.statistics()["answers_unheard"] == 1


def test_unsubscribing_ends_it(hub):
    with subscribed(hub, DESIRED, METHODS, CLOUD_MESSAGES) as device:
        device.say(Unsubscribe(7, (DESIRED, METHODS, CLOUD_MESSAGES, "never/subscribed")))
        device.hear(Unsuback(7))
        hub.patch_twin("device", {"a": 1})
        hub.send_message("device", b"x")
        with pytest.raises(HubError):
            hub.invoke_method("device", "reboot")
        device.hear_nothing()


# --- telemetry -----------------------------------------------------------------------------------


def test_telemetry_arrives_with_its_properties(hub):
    bag = (
        "%24.mid=id%201&%24.cid=corr%2F1&%24.ct=application%2Fjson&%24.ce=utf-8&temp%20alert=a%26b"
    )
    with connected(hub) as device:
        device.publish(EVENTS + bag, b'{"a":1}')
    (event,) = hub.events("device")
    assert event.body == b'{"a":1}'
    assert event.properties == (("temp alert", "a&b"),)
    assert (
        event.system.items()
        >= {
            "message-id": "id 1",
            "correlation-id": "corr/1",
            "content-type": "application/json",
            "content-encoding": "utf-8",
            "iothub-connection-device-id": "device",
        }.items()
    )


def test_telemetry_at_qos_0_is_not_acknowledged(hub):
    with connected(hub) as device:
        device.say(Publish(EVENTS + "empty=&none", b"x"))
        device.hear_nothing()
    assert hub.events()[0].properties == (("empty", ""), ("none", ""))


def test_a_module_sends_in_its_own_name(hub):
    with connected(hub, "device", "module") as device:
        device.publish("devices/device/modules/module/messages/events/", b"x")
    assert hub.events()[0].identity == Identity("device", "module")


def test_retain_becomes_a_property(hub):
    with connected(hub) as device:
        device.publish(EVENTS + "a=1", b"x", retain=True)
    assert hub.events()[0].properties == (("a", "1"), ("x-opt-retain", "true"))


def test_a_repetition_is_one_message_more(hub):
    with connected(hub) as device:
        device.publish(EVENTS, b"x")
        device.publish(EVENTS, b"x", duplicate=True)
    assert len(hub.events()) == 2
    assert hub.statistics()["received_duplicates"] == 1


@pytest.mark.parametrize(
    "packet",
    [
        Publish(EVENTS, b"", 2, packet_id=1),
        Publish("a/topic/of/a/broker"),
        Publish("devices/other/messages/events/"),
        Publish("devices/device/messages/devicebound/"),
        Publish(EVENTS + "a=%zz"),
        Publish(EVENTS + "&"),
        Publish("$iothub/twin/GET/"),
        Publish("$iothub/methods/res/ok/?$rid=1"),
        Publish(EVENTS, bytes(LARGEST + 1)),
        Publish(EVENTS + "abc=defg", bytes(LARGEST - 6)),
        Publish(EVENTS, bytes(2 * LARGEST)),
        Pubrel(1),
    ],
    ids=lambda packet: getattr(packet, "topic", "PUBREL")[-20:],
)
def test_what_the_hub_forbids_ends_the_connection(hub, packet):
    with connected(hub) as device:
        device.say(packet)
        assert device.read_to_the_end() == b""
    assert hub.events() == []
    assert hub.statistics()["violations"] == 1
    assert len(hub.reports()) == 1


def test_the_largest_message_is_taken(hub):
    with connected(hub) as device:
        device.publish(EVENTS + "abc=defg", bytes(LARGEST - 7))
    assert len(hub.events()[0].body) == LARGEST - 7


# --- tokens --------------------------------------------------------------------------------------


def test_a_connection_ends_with_its_token(hub, clock):
    password = hub.token("device", seconds=60).encode()
    with connected(hub, password=password, will=Will(EVENTS, b"gone")) as device:
        forward(hub, clock, 59)
        device.hear_nothing()
        forward(hub, clock, 1)
        device.hear_the_end()
    assert hub.statistics()["closed_expired"] == 1
    assert [event.body for event in hub.events()] == [b"gone"]


def test_a_new_token_comes_with_a_new_connection(hub, clock):
    with connected(hub, password=hub.token("device", seconds=60).encode(), clean_session=False):
        clock.now += 50
        with connected(hub, clean_session=False, present=True) as device:
            forward(hub, clock, 3599)
            device.hear_nothing()
            forward(hub, clock, 1)
            device.hear_the_end()


def test_a_token_can_end_on_demand(hub):
    with connected(hub) as device:
        assert hub.expire("device")
        device.hear_the_end()
    assert not hub.expire("device")


@pytest.mark.parametrize("end", ["closed_disabled", "closed_deleted"])
def test_who_is_disabled_or_removed_is_closed(hub, end):
    with connected(hub, will=Will(EVENTS, b"gone")) as device:
        if end == "closed_disabled":
            hub.enable("device", False)
        else:
            hub.remove_device("device")
        device.hear_the_end()
    assert hub.statistics()[end] == 1
    # Nobody is left in whose name it could be kept.
    assert len(hub.events()) == (end == "closed_disabled")


# --- messages from the cloud ---------------------------------------------------------------------


def test_a_message_is_done_with_its_acknowledgement(hub):
    with subscribed(hub, CLOUD_MESSAGES) as device:
        hub.send_message("device", b"hello", {"a b": "ü"}, message_id="m/1", ack="full")
        topic = topics("iothub-ack=full", "a%20b=%C3%BC").replace(
            "/%24.to", "/%24.mid=m%2F1&%24.to"
        )
        device.hear(Publish(topic, b"hello", 1, packet_id=1))
        assert hub.feedback() == []
        device.say(Puback(1))
        (record,) = hub.wait(hub.feedback)
        assert (record["statusCode"], record["originalMessageId"]) == ("Success", "m/1")
        device.hear_nothing()
    assert hub.statistics()["delivery_acknowledged"] == 1


def test_all_fields_of_a_message_arrive(hub, clock):
    fields = {
        "correlation_id": "c",
        "user_id": "u",
        "content_type": "text/plain",
        "content_encoding": "utf-8",
        "expiry": clock() + 60,
    }
    with subscribed(hub, CLOUD_MESSAGES) as device:
        hub.send_message("device", "text", **fields)
        assert device.take().topic == topics(
            "%24.cid=c",
            "%24.uid=u",
            "%24.ct=text%2Fplain",
            "%24.ce=utf-8",
            "%24.exp=2027-01-15T08%3A01%3A00.000Z",
        )


def test_a_message_without_acknowledgement_comes_again(hub):
    with connected(hub, clean_session=False) as device:
        device.subscribe(CLOUD_MESSAGES)
        hub.send_message("device", b"1")
        hub.send_message("device", b"2")
        device.hear(
            Publish(topics(), b"1", 1, packet_id=1), Publish(topics(), b"2", 1, packet_id=2)
        )
        device.say(Puback(2))
        device.hear_nothing()
    hub.wait(lambda: not hub.connected())
    with connected(hub, clean_session=False, present=True) as device:
        device.hear(Publish(topics(), b"1", 1, duplicate=True, packet_id=1))
        device.say(Puback(1))
        device.disconnect()
    with connected(hub, clean_session=False, present=True) as device:
        device.hear_nothing()
    statistics = hub.statistics()
    assert (statistics["delivered"], statistics["redelivered"]) == (3, 1)


def test_a_new_session_begins_again_with_what_was_not_acknowledged(hub):
    with subscribed(hub, CLOUD_MESSAGES) as device:
        hub.send_message("device", b"1")
        device.hear(Publish(topics(), b"1", 1, packet_id=1))
    with connected(hub) as device:
        device.hear_nothing()
        device.subscribe(CLOUD_MESSAGES)
        device.hear(Publish(topics(), b"1", 1, packet_id=1))


def test_messages_wait_for_who_is_away(hub):
    with connected(hub, clean_session=False) as device:
        device.subscribe(CLOUD_MESSAGES)
        device.disconnect()
    hub.send_message("device", b"1")
    hub.send_message("device", b"2")
    with connected(hub, clean_session=False, present=True) as device:
        device.hear(
            Publish(topics(), b"1", 1, packet_id=1), Publish(topics(), b"2", 1, packet_id=2)
        )


def test_a_message_that_comes_too_often_is_given_up(hub):
    hub.send_message("device", b"1", message_id="m", ack="negative")
    for _ in range(10):
        with subscribed(hub, CLOUD_MESSAGES) as device:
            assert device.take().payload == b"1"
    assert hub.wait(hub.feedback)[0]["statusCode"] == "DeliveryCountExceeded"
    with subscribed(hub, CLOUD_MESSAGES) as device:
        device.hear_nothing()


def test_a_message_that_waits_too_long_expires(hub, clock):
    hub.send_message("device", b"1", message_id="m", ack="full", expiry=clock() + 60)
    forward(hub, clock, 60)
    assert hub.feedback()[0]["statusCode"] == "Expired"
    with subscribed(hub, CLOUD_MESSAGES) as device:
        device.hear_nothing()


def test_at_qos_0_a_message_is_done_when_it_is_sent(hub):
    hub.send_message("device", b"1", message_id="m", ack="full")
    with connected(hub) as device:
        device.say(Subscribe(1, ((CLOUD_MESSAGES, 0),)))
        device.hear(Suback(1, (0,)))
        packet = device.take()
        assert (packet.qos, packet.payload) == (0, b"1")
        assert hub.wait(hub.feedback)[0]["statusCode"] == "Success"


def test_an_acknowledgement_of_nothing_is_harmless(hub):
    with connected(hub) as device:
        device.say(Puback(7))
        device.hear_nothing()
    assert hub.statistics()["unexpected_acknowledgements"] == 1


def test_a_device_that_does_not_read_gets_everything_when_it_does(hub):
    hub.patch_twin("device", {"text%d" % number: "x" * 4000 for number in range(7)})
    reads, body = 300, bytes(60_000)
    with Device(hub, buffer=4096) as device:
        device.say(connect_packet(hub))
        device.hear(Connack())
        device.subscribe(TWIN_ANSWERS, CLOUD_MESSAGES)
        device.say(*[Publish("$iothub/twin/GET/?$rid=%d" % number) for number in range(reads)])
        hub.wait(lambda: hub.statistics()["stalls"])
        for _ in range(20):
            hub.send_message("device", body)
        seen = [device.take() for _ in range(reads + 20)]
        device.say(*[Puback(packet.packet_id) for packet in seen if packet.qos])
        device.hear_nothing()
    answers = [packet.topic.partition("=")[2] for packet in seen if not packet.qos]
    assert answers == [str(number) for number in range(reads)]
    assert [packet.payload for packet in seen if packet.qos] == [body] * 20
    assert hub.statistics()["Success"] == 20


# --- twins ---------------------------------------------------------------------------------------


def test_a_twin_is_read(hub):
    hub.patch_twin("device", {"interval": 5}, tags={"place": "cellar"})
    with subscribed(hub, TWIN_ANSWERS) as device:
        device.publish("$iothub/twin/GET/?$rid=a-1")
        answer = device.take()
        assert (answer.topic, answer.qos) == ("$iothub/twin/res/200/?$rid=a-1", 0)
        assert json.loads(answer.payload) == {
            "desired": {"interval": 5, "$version": 2},
            "reported": {"$version": 1},
        }
        # As Microsoft's SDKs do it: a payload that is one space.
        device.publish("$iothub/twin/GET/?$rid=b", b" ")
        assert device.take().topic == "$iothub/twin/res/200/?$rid=b"
    assert hub.statistics()["twin_reads"] == 2


def test_a_report_is_answered_with_its_version(hub):
    topic = "$iothub/twin/PATCH/properties/reported/?$rid=%d"
    with subscribed(hub, TWIN_ANSWERS) as device:
        device.publish(topic % 1, b'{"a": 1, "b": {"c": 2}}')
        device.hear(Publish("$iothub/twin/res/204/?$rid=1&$version=2"))
        device.publish(topic % 2, b'{"a": null}')
        device.hear(Publish("$iothub/twin/res/204/?$rid=2&$version=3"))
    assert hub.reported("device") == {"b": {"c": 2}}


@pytest.mark.parametrize("body", [b"", b"{", b"1", b"[]", b"null", b'{"$a": 1}', b"\xff"])
def test_a_report_that_cannot_be_merged_is_answered_with_400(hub, body):
    with subscribed(hub, TWIN_ANSWERS) as device:
        device.publish("$iothub/twin/PATCH/properties/reported/?$rid=1", body)
        answer = device.take()
        assert answer.topic == "$iothub/twin/res/400/?$rid=1"
        assert json.loads(answer.payload)["errorCode"] == 400004
        device.hear_nothing()
    assert hub.reported("device") == {}
    assert hub.statistics()["twin_errors"] == 1


def test_an_answer_is_for_those_who_have_subscribed(hub):
    with connected(hub) as device:
        device.publish("$iothub/twin/GET/?$rid=1")
        device.publish("$iothub/twin/PATCH/properties/reported/?$rid=2", b'{"a": 1}')
        device.hear_nothing()
    assert hub.reported("device") == {"a": 1}
    assert hub.statistics()["answers_unheard"] == 2


def test_desired_patches_come_to_those_who_are_there(hub):
    with subscribed(hub, DESIRED) as device:
        hub.patch_twin("device", {"a": 1, "b": None})
        packet = device.take()
        assert (packet.topic, packet.qos) == (DESIRED[:-1] + "?$version=2", 0)
        assert json.loads(packet.payload) == {"a": 1, "b": None, "$version": 2}
        hub.patch_twin("device", tags={"a": 1})
        device.hear_nothing()
        device.disconnect()
    hub.patch_twin("device", {"a": 2})
    with subscribed(hub, DESIRED) as device:
        device.hear_nothing()


def test_a_module_has_a_twin_of_its_own(hub):
    hub.patch_twin("device", {"a": 1}, module_id="module")
    with connected(hub, "device", "module") as device:
        device.subscribe(TWIN_ANSWERS)
        device.publish("$iothub/twin/GET/?$rid=1")
        assert json.loads(device.take().payload)["desired"] == {"a": 1, "$version": 2}
    assert "a" not in hub.twin("device")["properties"]["desired"]


# --- methods -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payload", "body", "answer", "told"),
    [
        ({"delay": 5}, b'{"delay": 5}', b'{"ok": true}', {"ok": True}),
        (None, b"", b"", None),
        ("", b'""', b"null", None),
        ([1], b"[1]", b"1", 1),
    ],
)
def test_a_method_is_called_and_answered(hub, payload, body, answer, told):
    with subscribed(hub, METHODS) as device:
        call = hub.begin_method("device", "reboot", payload)
        device.hear(Publish("$iothub/methods/POST/reboot/?$rid=1", body))
        device.publish("$iothub/methods/res/201/?$rid=1", answer)
        assert call.result(PATIENCE) == (201, told)


def test_several_calls_are_told_apart(hub):
    with subscribed(hub, METHODS) as device:
        calls = [hub.begin_method("device", "add", number) for number in range(3)]
        topics_ = [device.take().topic for _ in calls]
        for number, topic in reversed(list(enumerate(topics_))):
            device.publish("$iothub/methods/res/200/?" + topic.partition("?")[2], b"%d" % number)
        assert [call.result(PATIENCE) for call in calls] == [(200, 0), (200, 1), (200, 2)]


def test_a_call_may_wait_for_the_device(hub):
    call = hub.begin_method("device", "reboot", timeouts=(10, 30))
    with connected(hub) as device:
        device.hear_nothing()
        device.subscribe(METHODS)
        device.hear(Publish("$iothub/methods/POST/reboot/?$rid=1"))
        device.publish("$iothub/methods/res/200/?$rid=1")
        assert call.result(PATIENCE) == (200, None)


def test_an_answer_may_come_after_another_connect(hub):
    with subscribed(hub, METHODS) as device:
        call = hub.begin_method("device", "reboot")
        device.hear(Publish("$iothub/methods/POST/reboot/?$rid=1"))
    with connected(hub) as device:
        device.publish("$iothub/methods/res/200/?$rid=1")
        assert call.result(PATIENCE) == (200, None)


def test_nobody_there_is_404(hub):
    with connected(hub), pytest.raises(HubError) as caught:
        hub.invoke_method("device", "reboot")
    assert (caught.value.status, caught.value.code) == (404, 404103)


def test_no_answer_is_504_and_a_late_one_is_ignored(hub, clock):
    with subscribed(hub, METHODS) as device:
        call = hub.begin_method("device", "reboot", timeouts=(0, 30))
        device.hear(Publish("$iothub/methods/POST/reboot/?$rid=1"))
        forward(hub, clock, 29)
        assert not call.done()
        forward(hub, clock, 1)
        with pytest.raises(HubError) as caught:
            call.result(0)
        device.publish("$iothub/methods/res/200/?$rid=1")
    assert (caught.value.status, caught.value.code) == (504, 504101)
    assert hub.statistics()["stray_answers"] == 1


def test_an_answer_that_is_no_json_is_the_callers_trouble(hub):
    with subscribed(hub, METHODS) as device:
        call = hub.begin_method("device", "reboot")
        device.hear(Publish("$iothub/methods/POST/reboot/?$rid=1"))
        device.publish("$iothub/methods/res/200/?$rid=1", b"{")
        with pytest.raises(HubError) as caught:
            call.result(PATIENCE)
        assert caught.value.status == 502
        device.hear_nothing()


def test_a_second_answer_and_a_foreign_one_are_ignored(hub):
    hub.add_device("other")
    with subscribed(hub, METHODS) as device, connected(hub, "other") as other:
        call = hub.begin_method("device", "reboot")
        device.hear(Publish("$iothub/methods/POST/reboot/?$rid=1"))
        other.publish("$iothub/methods/res/500/?$rid=1")
        device.publish("$iothub/methods/res/200/?$rid=1")
        device.publish("$iothub/methods/res/300/?$rid=1")
        assert call.result(PATIENCE) == (200, None)
    assert hub.statistics()["stray_answers"] == 2


# --- the hub as an object ------------------------------------------------------------------------


def test_no_counter_hides_another(hub):
    fronts, cores = hub._front.counters, hub.core.counters
    assert not fronts.keys() & cores.keys()
    assert hub.statistics().keys() == fronts.keys() | cores.keys()


def test_waiting_ends(hub):
    assert hub.wait(lambda: "something") == "something"
    with pytest.raises(TimeoutError):
        hub.wait(lambda: False, 0.01)


def test_connection_strings_name_everything(hub):
    key = hub.key("device", "module")
    assert hub.connection_string("device", "module", gateway="gate") == (
        "HostName=localhost;DeviceId=device;ModuleId=module;"
        f"SharedAccessKey={key};GatewayHostName=gate"
    )
    assert hub.add_device("sensor", x509=True) == "HostName=localhost;DeviceId=sensor;x509=true"
    service = hub.service_connection_string
    assert service.startswith(f"HostName=localhost:{hub.port};SharedAccessKeyName=iothubowner;")
    hub.ports[0] = 443
    assert hub.service_connection_string.startswith("HostName=localhost;")


def test_waiting_messages_can_be_dropped(hub):
    hub.send_message("device", b"1", message_id="m", ack="full")
    assert hub.purge_messages("device") == 1
    assert hub.feedback()[0]["statusCode"] == "Purged"


def test_what_goes_on_is_told(hub):
    events, reports = [], []
    hub.follow(events.append, reports.append)
    with connected(hub) as device:
        device.publish(EVENTS, b"x")
        device.say(Publish("a"))
        device.hear_the_end()
    assert events == hub.events()
    assert reports == hub.reports() != []


def test_a_hub_does_not_start_twice_and_may_stop_twice(hub):
    with pytest.raises(RuntimeError):
        hub.start()
    hub.stop()
    hub.stop()
    assert hub.twin("device")["deviceId"] == "device"


def test_no_secret_is_in_a_report(hub):
    token = hub.token("device")
    hub.add_device("other")
    answer_to(hub, connect_packet(hub, "other", password=token.encode()))
    answer_to(hub, connect_packet(hub, password=b"SharedAccessSignature sig=secret"))
    text = "\n".join(hub.reports())
    assert "WRONG_SCOPE" in text
    assert "secret" not in text
    assert token.partition("sig=")[2][:20] not in text
