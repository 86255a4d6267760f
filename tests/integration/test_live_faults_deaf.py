# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A broker that never answers: the store fills, a deadline ends the link, without one it stays."""

import time

import pytest
from devices import SUBACK, UNSUBACK, run, run_for
from streams import Stream
from unruly_brokers import UnrulyBroker

from boards.desktop.broker.packets import (
    Connack,
    Connect,
    Pingreq,
    Publish,
    Subscribe,
    Unsubscribe,
)
from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *

DEPTH = 4
CONNECTING = 2
LIMIT_TICKS = 30
LIMIT_SECONDS = 0.3
# What a busy machine may be late.
SLACK_SECONDS = 2
TIMEOUTS = {
    "CONNACK": NXD_MQTT_TIMEOUT_CONNACK,
    "PUBACK": NXD_MQTT_TIMEOUT_PUBACK,
    "SUBACK": NXD_MQTT_TIMEOUT_SUBACK,
    "UNSUBACK": NXD_MQTT_TIMEOUT_UNSUBACK,
}


def impatient(make_device, *names, ticks=LIMIT_TICKS):
    """A device that gives its peer a short time for some answers, and comes again soon."""
    device = make_device("device", depth=DEPTH).reconnecting(minimum=10, maximum=50)
    for name in names:
        device.allow(TIMEOUTS[name], ticks)
    return device


def assert_ended_in_time(device, begun: float, name: str) -> None:
    """One link has ended, because of the answer that did not come."""
    spent = time.monotonic() - begun
    assert LIMIT_SECONDS - 0.01 < spent < LIMIT_SECONDS + SLACK_SECONDS
    cause = f"no {name} in time"
    assert device.endings == [("session", NXD_MQTT_COMMUNICATION_FAILURE, cause)]
    assert device.statistics()["reasons"][0] == device.endings[0]


# --- PUBACK --------------------------------------------------------------------------------------


def test_a_broker_that_swallows_messages_fills_the_store_and_no_more(make_device):
    with UnrulyBroker(Publish) as broker:
        device = impatient(make_device).connect(broker, keepalive=1, clean=NX_FALSE)
        stream = Stream(device, 100)
        assert stream.pour() == NXD_MQTT_PACKET_POOL_FAILURE
        assert stream.sent == DEPTH
        begun = time.monotonic()
        assert device.try_to_publish("a", "x", wait=20) == NXD_MQTT_PACKET_POOL_FAILURE
        assert time.monotonic() - begun >= 0.19
        # By default there is no deadline for a PUBACK: the link stays as long as pings come back.
        run_for(device, seconds=1.2)
        assert len(broker.came(Pingreq)) >= 1
        assert device.connected
        assert (device.endings, device.acknowledged) == ([], [])
        # And nothing is sent twice on a link that lives.
        assert len(broker.published) == DEPTH
        assert device.statistics()["unacknowledged"] == DEPTH
        # QoS 0 takes no room in the store.
        assert device.try_to_publish("a", "x", quality=0) == NXD_MQTT_SUCCESS


def test_an_overdue_puback_ends_the_link_and_the_next_one_resends(make_device):
    with UnrulyBroker(Publish) as broker:
        device = impatient(make_device, "PUBACK").connect(broker, clean=NX_FALSE)
        stream = Stream(device, DEPTH)
        begun = time.monotonic()
        assert stream.pour() == NXD_MQTT_SUCCESS
        run(device, until=lambda: device.endings)
        assert_ended_in_time(device, begun, "PUBACK")
        broker.mute = ()
        run(device, until=lambda: stream.done)
        identifiers = [packet.packet_id for packet in broker.came(Publish)]
        payloads = [b"%08d" % number for number in range(DEPTH)]
        first = list(zip(identifiers, payloads, [False] * DEPTH, strict=True))
        second = list(zip(identifiers, payloads, [True] * DEPTH, strict=True))
        assert broker.published == first + second
        assert device.statistics()["resent"] == DEPTH
        assert len(device.endings) == 1


def test_a_broker_that_never_acknowledges_sees_the_back_off(make_device):
    with UnrulyBroker(Publish) as broker:
        device = impatient(make_device, "PUBACK").connect(broker, clean=NX_FALSE)
        begun = time.monotonic()
        assert Stream(device, DEPTH).pour() == NXD_MQTT_SUCCESS
        run(device, until=lambda: len(device.endings) == 4)
        # Each link lives for the limit; the pauses are 0.1, 0.2 and 0.25 s at least.
        assert time.monotonic() - begun > 4 * LIMIT_SECONDS + 0.1 + 0.2 + 0.25 - 0.05
        assert [reason[2] for reason in device.endings] == ["no PUBACK in time"] * 4
        for number, (packet_id, payload, duplicate) in enumerate(broker.published):
            turn, place = divmod(number, DEPTH)
            assert (packet_id, payload) == (place + 1, b"%08d" % place)
            assert duplicate == (turn > 0)
        assert device.statistics()["unacknowledged"] == DEPTH


# --- SUBACK and UNSUBACK -------------------------------------------------------------------------


def ask(device, kind) -> None:
    """Subscribe or unsubscribe."""
    if kind is Subscribe:
        assert nxd_mqtt_client_subscribe(device.client, "a/#", 1) == NXD_MQTT_SUCCESS
    else:
        assert nxd_mqtt_client_unsubscribe(device.client, "a/#") == NXD_MQTT_SUCCESS


REQUESTS = [(Subscribe, "SUBACK", SUBACK), (Unsubscribe, "UNSUBACK", UNSUBACK)]


@pytest.mark.parametrize(("kind", "name", "answer"), REQUESTS)
def test_an_overdue_answer_to_a_request_ends_the_link(make_device, kind, name, answer):
    with UnrulyBroker(kind) as broker:
        device = impatient(make_device, name).connect(broker, clean=NX_FALSE)
        begun = time.monotonic()
        ask(device, kind)
        packet_id = device.client.packet_identifier
        run(device, until=lambda: device.endings)
        assert_ended_in_time(device, begun, name)
        # It is asked for on the next link, too, where the broker answers: one request, one answer.
        broker.mute = ()
        run(device, until=lambda: device.acknowledged)
        assert device.acknowledged == [(answer, packet_id, 1 if kind is Subscribe else None)]
        requests = [[one for one in link if isinstance(one, kind)] for link in broker.packets]
        assert [[one.packet_id for one in link] for link in requests] == [[packet_id]] * 2
        run_for(device, seconds=LIMIT_SECONDS + 0.1)
        assert device.connected
        assert len(device.endings) == 1


@pytest.mark.parametrize(("kind", "name", "answer"), REQUESTS)
def test_without_a_deadline_a_request_waits(make_device, kind, name, answer):
    with UnrulyBroker(kind) as broker:
        device = impatient(make_device, name, ticks=NX_WAIT_FOREVER).connect(broker)
        ask(device, kind)
        run_for(device, seconds=0.6)
        assert device.connected
        assert (device.endings, device.acknowledged) == ([], [])
        assert len(broker.came(kind)) == 1


# --- CONNACK -------------------------------------------------------------------------------------


def test_an_overdue_connack_is_a_failed_attempt(make_device):
    with UnrulyBroker(Connect) as broker:
        device = impatient(make_device, "CONNACK")
        begun = time.monotonic()
        assert device.try_to_connect(broker, clean=NX_FALSE, wait=NX_NO_WAIT) == NX_IN_PROGRESS
        stream = Stream(device, DEPTH)
        assert stream.pour() == NXD_MQTT_SUCCESS
        run(device, until=lambda: len(device.statistics()["reasons"]) == 3)
        # Three limits, and pauses of 0.1 and 0.2 s at least.
        assert time.monotonic() - begun > 3 * LIMIT_SECONDS + 0.1 + 0.2 - 0.05
        reason = ("connack", NXD_MQTT_COMMUNICATION_FAILURE, "no CONNACK in time")
        assert device.statistics()["reasons"] == [reason] * 3
        # Nobody is told of a link that never was, and nothing goes out before its CONNACK.
        assert (device.endings, device.answers, device.polled) == ([], [], [])
        assert [[type(one) for one in link] for link in broker.packets[:3]] == [[Connect]] * 3
        broker.mute = ()
        run(device, until=lambda: stream.done)
        assert device.answers == [NXD_MQTT_SUCCESS]
        assert [one[1:] for one in broker.published] == [
            (b"%08d" % number, False) for number in range(DEPTH)
        ]


def test_without_a_deadline_a_connack_may_come_late(make_device):
    with UnrulyBroker(Connect) as broker:
        device = impatient(make_device, "CONNACK", ticks=NX_WAIT_FOREVER)
        assert device.try_to_connect(broker, wait=NX_NO_WAIT) == NX_IN_PROGRESS
        run_for(device, seconds=0.8)
        assert device.client.state == CONNECTING
        assert device.client.reason is None
        assert device.statistics()["attempts"] == 1
        broker.send(Connack(0, False))
        run(device, until=lambda: device.connected)
        assert device.answers == [NXD_MQTT_SUCCESS]
        assert len(broker.connections) == 1
