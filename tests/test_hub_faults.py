# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Faults on demand: whom they meet, how often, and what they do to a device."""

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

from boards.desktop.broker.packets import (
    Connack,
    Pingreq,
    Puback,
    Publish,
    Suback,
    Subscribe,
)
from boards.desktop.broker.packets import encode as encoded
from boards.desktop.hub import Hub, HubError, Step
from boards.desktop.hub.faults import ALWAYS, NOTHING, Faults, Plan

READ = "$iothub/twin/GET/?$rid=1"
REPORT = "$iothub/twin/PATCH/properties/reported/?$rid=1"


@pytest.fixture
def clock():
    """The hub's clock."""
    return Clock()


@pytest.fixture
def hub(clock):
    """A hub with two devices, without TLS."""
    with Hub(tls=False, devices=("device", "other"), clock=clock) as hub:
        yield hub


# --- the plan ------------------------------------------------------------------------------------


def test_a_fault_comes_as_often_as_it_was_planned():
    faults = Faults()
    faults.throttle(times=2)
    assert faults.take(Step.TELEMETRY, "a") is NOTHING
    assert faults.take(Step.TWIN_READ, "a") == Plan(status=429)
    assert faults.planned() == 1
    assert faults.take(Step.REPORT, "b") == Plan(status=429)
    assert faults.take(Step.TWIN_READ, "a") is NOTHING
    assert faults.planned() == 0


def test_a_fault_waits_for_its_device():
    faults = Faults()
    faults.drop(Step.TELEMETRY, device="a")
    assert faults.take(Step.TELEMETRY, "b") is NOTHING
    assert faults.take(Step.TELEMETRY, "a").drop


def test_different_faults_come_together_and_like_ones_one_by_one():
    faults = Faults()
    faults.throttle(Step.REPORT)
    faults.fail(Step.REPORT)
    faults.delay(Step.REPORT, 2)
    assert faults.take(Step.REPORT, "a") == Plan(status=429, delay=2)
    assert faults.take(Step.REPORT, "a") == Plan(status=500)


def test_a_fault_may_stay_until_it_is_cleared():
    faults = Faults()
    faults.silence(Step.METHOD, times=ALWAYS)
    assert all(faults.take(Step.METHOD, "a").silent for _ in range(100))
    faults.drop_after_bytes(3)
    faults.clear()
    assert faults.take(Step.METHOD, "a") is NOTHING
    assert faults.take_allowance("a") is None


# --- connecting ----------------------------------------------------------------------------------


def test_a_connect_is_refused_on_demand(hub):
    hub.faults.refuse()
    hub.faults.refuse(5, "device")
    assert answer_to(hub, connect_packet(hub, "other")) == 3
    assert answer_to(hub, connect_packet(hub, "other")) == 0
    assert answer_to(hub, connect_packet(hub)) == 5
    assert answer_to(hub, connect_packet(hub)) == 0


def test_a_refusal_leaves_the_former_connection_alone(hub):
    with connected(hub) as device:
        hub.faults.refuse()
        answer_to(hub, connect_packet(hub))
        device.hear_nothing()


def test_bad_credentials_use_up_no_fault(hub):
    hub.faults.refuse(3)
    assert answer_to(hub, connect_packet(hub, password=b"secret")) == 5
    assert hub.faults.planned() == 1


def test_a_connect_is_answered_late(hub, clock):
    hub.faults.delay(Step.CONNECT, 10)
    with Device(hub) as device:
        # What follows waits with it.
        device.say(connect_packet(hub), Publish(EVENTS, b"x", 1, packet_id=1))
        hub.wait(lambda: hub.faults.planned() == 0)
        assert hub.connected() == []
        forward(hub, clock, 10)
        device.hear(Connack(), Puback(1))


def test_a_connection_ends_right_after_its_beginning(hub):
    hub.faults.drop_after_connack("device", times=3)
    for _ in range(3):
        with connected(hub) as device:
            device.hear_the_end()
    with connected(hub) as device:
        device.hear_nothing()


def test_a_connect_is_dropped_without_a_word(hub):
    hub.faults.drop(Step.CONNECT)
    with Device(hub) as device:
        device.say(connect_packet(hub))
        device.hear_the_end()
    assert hub.statistics()["connections"] == 0


@pytest.mark.parametrize("count", [1, 3, 4, 6, 7])
def test_a_connection_is_cut_after_some_bytes(hub, count):
    whole = encoded(Connack()) + encoded(Suback(7, (1,)))
    hub.faults.drop_after_bytes(count, "device")
    with Device(hub) as device:
        device.say(connect_packet(hub), Subscribe(7, ((METHODS, 1),)))
        assert device.read_to_the_end() == whole[:count]
    with connected(hub) as device:
        device.hear_nothing()


# --- subscribing ---------------------------------------------------------------------------------


def test_a_subscription_is_refused_ignored_delayed_or_dropped(hub, clock):
    subscribe = Subscribe(1, ((METHODS, 1),))
    with connected(hub) as device:
        hub.faults.fail(Step.SUBSCRIBE)
        device.say(subscribe)
        device.hear(Suback(1, (0x80,)))
        hub.faults.silence(Step.SUBSCRIBE)
        device.say(subscribe)
        device.hear_nothing()
        hub.faults.delay(Step.SUBSCRIBE, 5)
        device.say(subscribe)
        device.hear_nothing()
        forward(hub, clock, 5)
        device.hear(Suback(1, (1,)))
        hub.faults.drop(Step.SUBSCRIBE)
        device.say(subscribe)
        device.hear_the_end()


# --- telemetry -----------------------------------------------------------------------------------


def test_telemetry_without_acknowledgement_is_taken_all_the_same(hub):
    hub.faults.no_acknowledgement(times=2)
    with connected(hub) as device:
        device.say(Publish(EVENTS, b"1", 1, packet_id=1), Publish(EVENTS, b"2", 1, packet_id=2))
        device.hear_nothing()
        device.publish(EVENTS, b"3", 3)
    assert [event.body for event in hub.events()] == [b"1", b"2", b"3"]


def test_an_acknowledgement_comes_twice(hub):
    hub.faults.duplicate(Step.TELEMETRY)
    with connected(hub) as device:
        device.publish(EVENTS, b"1", 7)
        device.hear(Puback(7))
    assert len(hub.events()) == 1


def test_an_acknowledgement_comes_late(hub, clock):
    hub.faults.delay(Step.TELEMETRY, 30)
    with connected(hub) as device:
        device.say(Publish(EVENTS, b"1", 1, packet_id=1), Publish(EVENTS, b"2", 1, packet_id=2))
        device.hear(Puback(2))
        forward(hub, clock, 30)
        device.hear(Puback(1))


def test_what_is_delayed_for_too_long_is_lost_with_its_connection(hub, clock):
    hub.faults.delay(Step.TELEMETRY, 30)
    with connected(hub) as device:
        device.say(Publish(EVENTS, b"1", 1, packet_id=1), Pingreq())
        device.take()
    hub.wait(lambda: not hub.connected())
    forward(hub, clock, 30)
    assert hub.events() == []


def test_what_comes_late_may_still_be_refused(hub, clock):
    hub.faults.delay(Step.TELEMETRY, 30)
    with connected(hub) as device:
        device.say(Publish(EVENTS, bytes(262_145), 1, packet_id=1))
        device.hear_nothing()
        forward(hub, clock, 30)
        device.hear_the_end()
    assert hub.statistics()["violations"] == 1


@pytest.mark.parametrize("fault", ["drop", "throttle"])
def test_telemetry_that_is_not_taken_ends_the_connection(hub, fault):
    getattr(hub.faults, fault)(Step.TELEMETRY)
    with connected(hub) as device:
        device.say(Publish(EVENTS, b"1", 1, packet_id=1))
        device.hear_the_end()
    assert hub.events() == []


# --- twins ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("fault", "status"), [("throttle", 429), ("fail", 500)])
@pytest.mark.parametrize("topic", [READ, REPORT])
def test_a_twin_request_fails_on_demand(hub, fault, status, topic):
    getattr(hub.faults, fault)(device="device")
    with subscribed(hub, TWIN_ANSWERS) as device:
        device.publish(topic, b'{"a": 1}')
        device.hear(Publish(f"$iothub/twin/res/{status}/?$rid=1"))
        assert hub.reported("device") == {}
        device.publish(topic, b'{"a": 1}')
        assert device.take().topic.startswith("$iothub/twin/res/20")


def test_a_twin_read_is_never_answered(hub):
    hub.faults.silence(Step.TWIN_READ)
    with subscribed(hub, TWIN_ANSWERS) as device:
        device.publish(READ)
        device.hear_nothing()


def test_a_twin_is_answered_with_what_is_no_json(hub):
    hub.faults.spoil(Step.TWIN_READ)
    with subscribed(hub, TWIN_ANSWERS) as device:
        device.publish(READ)
        answer = device.take()
        assert answer.topic == "$iothub/twin/res/200/?$rid=1"
        with pytest.raises(ValueError):
            json.loads(answer.payload)


def test_a_report_is_answered_late_and_twice(hub, clock):
    hub.faults.delay(Step.REPORT, 4)
    hub.faults.duplicate(Step.REPORT)
    with subscribed(hub, TWIN_ANSWERS) as device:
        device.publish(REPORT, b"{}")
        device.hear_nothing()
        forward(hub, clock, 4)
        answer = Publish("$iothub/twin/res/204/?$rid=1&$version=2")
        device.hear(answer, answer)


def test_the_link_is_lost_before_a_report_is_taken(hub):
    hub.faults.drop(Step.REPORT)
    with subscribed(hub, TWIN_ANSWERS) as device:
        device.say(Publish(REPORT, b'{"a": 1}', 1, packet_id=1))
        device.hear_the_end()
    assert hub.reported("device") == {}


# --- what comes from the hub ---------------------------------------------------------------------


def test_a_message_comes_twice(hub):
    hub.faults.duplicate(Step.CLOUD_MESSAGE)
    with subscribed(hub, CLOUD_MESSAGES) as device:
        hub.send_message("device", b"x", ack="full")
        first = device.take()
        device.hear(first)
        device.say(Puback(first.packet_id), Puback(first.packet_id))
        device.hear_nothing()
    assert len(hub.feedback()) == 1


def test_a_message_is_lost_with_its_connection_and_comes_with_the_next(hub):
    hub.send_message("device", b"1")
    hub.faults.silence(Step.CLOUD_MESSAGE)
    with subscribed(hub, CLOUD_MESSAGES) as device:
        device.hear_nothing()
    hub.faults.drop(Step.CLOUD_MESSAGE)
    with subscribed(hub, CLOUD_MESSAGES) as device:
        device.hear_the_end()
    with subscribed(hub, CLOUD_MESSAGES) as device:
        assert device.take().payload == b"1"


def test_a_message_comes_late(hub, clock):
    hub.faults.delay(Step.CLOUD_MESSAGE, 3)
    with subscribed(hub, CLOUD_MESSAGES) as device:
        hub.send_message("device", b"1")
        hub.send_message("device", b"2")
        assert device.take().payload == b"2"
        forward(hub, clock, 3)
        assert device.take().payload == b"1"


def test_a_desired_patch_is_lost_doubled_and_spoilt(hub):
    with subscribed(hub, DESIRED) as device:
        hub.faults.silence(Step.DESIRED)
        hub.patch_twin("device", {"a": 1})
        device.hear_nothing()
        hub.faults.duplicate(Step.DESIRED)
        hub.patch_twin("device", {"a": 2})
        first = device.take()
        device.hear(first)
        hub.faults.spoil(Step.DESIRED)
        hub.patch_twin("device", {"a": 3})
        with pytest.raises(ValueError):
            json.loads(device.take().payload)
    assert hub.twin("device")["properties"]["desired"]["a"] == 3


def test_a_method_is_lost_doubled_and_cut(hub, clock):
    with subscribed(hub, METHODS) as device:
        hub.faults.silence(Step.METHOD)
        call = hub.begin_method("device", "a", timeouts=(0, 5))
        device.hear_nothing()
        forward(hub, clock, 5)
        with pytest.raises(HubError):
            call.result(0)
        hub.faults.duplicate(Step.METHOD)
        call = hub.begin_method("device", "a")
        device.hear(*[Publish("$iothub/methods/POST/a/?$rid=2")] * 2)
        hub.faults.silence(Step.METHOD_ANSWER)
        device.say(Publish("$iothub/methods/res/200/?$rid=2", b"", 1, packet_id=1))
        assert call.result(PATIENCE) == (200, None)
        device.hear_nothing()
        hub.faults.drop(Step.METHOD)
        hub.begin_method("device", "a")
        device.hear_the_end()
