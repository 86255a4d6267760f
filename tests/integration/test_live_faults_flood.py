# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A flood at a full queue: memory stays flat, poll stays fast, the link lives, nothing is lost."""

import time

import pytest
from devices import run, turn
from measures import MemoryWatch, PollWatch
from streams import Stream, numbers_of
from unruly_brokers import Gush, UnrulyBroker

from boards.desktop.broker.packets import Pingreq, Puback
from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *

MESSAGES_PER_SECOND = 1000
PAYLOAD_BYTES = 100
QUEUE_BYTES = 2048
# Less than a flood takes.
PINGRESP_SECONDS = 2
# By how much what the library holds may grow: a few counters become longer numbers. A message that
# stayed would be a hundred bytes, each.
FLAT_BYTES = 1024
# A poll that waited for anything would take as long as the flood; a busy machine takes some, too.
LONGEST_POLL_SECONDS = 1
# A poll beside the mere parsing of as many messages as it may take.
TYPICAL_POLL_YARDSTICKS = 3

# Seconds that a flood takes, and of the subscriber's keepalive: looking at the memory of a process
# with a broker that keeps all of a long flood takes a part of it.
FLOODS = [
    (3, 1),
    pytest.param(60, 4, marks=[pytest.mark.long, pytest.mark.timeout(240)]),
]


def flood(others, subscriber, pour, seconds: float) -> MemoryWatch:
    """Pour for a while, with a subscriber that is polled and not read, and see what that costs.

    :param others: devices that are served
    :param pour: called with how many messages should have been published by now
    """
    watch = PollWatch(subscriber)
    memory = MemoryWatch()
    begun = time.monotonic()
    with memory:
        # The first part fills the queue.
        for end in (seconds / 3, seconds):
            while (elapsed := time.monotonic() - begun) < end:
                pour(int(elapsed * MESSAGES_PER_SECOND))
                turn(others, 0.002)
                watch.poll()
            memory.look()
    assert watch.longest < LONGEST_POLL_SECONDS
    assert watch.typical < TYPICAL_POLL_YARDSTICKS
    return memory


def flooded_pair(broker, make_device, keepalive: int, quality: int):
    """A publisher, and a subscriber with a small queue that nobody reads."""
    publisher = make_device("publisher", depth=64).reconnecting().connect(broker)
    subscriber = make_device("subscriber", queue=QUEUE_BYTES).reconnecting()
    subscriber.allow(NXD_MQTT_TIMEOUT_PINGRESP, PINGRESP_SECONDS * NX_IP_PERIODIC_RATE)
    subscriber.connect(broker, keepalive, NX_FALSE).subscribe("stream", quality=quality)
    subscriber.collects = False
    for device in (publisher, subscriber):
        # The test's own list of acknowledgements would count as the library's memory.
        device.client.nxd_mqtt_ack_receive_notify = None
    return publisher, subscriber


def fewest_pings(seconds: float, keepalive: int) -> float:
    """A broker ends a link that is silent for one and a half times its keepalive."""
    return seconds / (1.5 * keepalive) - 1


def assert_flat(memory: MemoryWatch) -> None:
    """The library held as much at the end of a flood as after its first part."""
    early, late = memory.held()
    assert late - early < FLAT_BYTES


def assert_undisturbed(*devices) -> None:
    """No link was lost, and nothing was sent twice."""
    for device in devices:
        assert (device.endings, device.polled) == ([], [])
        statistics = device.statistics()
        assert (statistics["attempts"], statistics["resent"]) == (1, 0)


@pytest.mark.parametrize(("seconds", "keepalive"), FLOODS)
def test_a_flood_at_a_queue_that_nobody_reads(broker, make_device, seconds, keepalive):
    publisher, subscriber = flooded_pair(broker, make_device, keepalive, 1)
    stream = Stream(publisher, 0, size=PAYLOAD_BYTES)

    def pour(wanted: int) -> None:
        stream.total = wanted
        stream.pour()

    pings = broker.pings()
    memory = flood([publisher], subscriber, pour, seconds)
    queued = subscriber.statistics()["unread"]
    assert 10 <= queued <= QUEUE_BYTES // PAYLOAD_BYTES
    assert stream.sent > 10 * queued
    assert broker.pings() - pings >= fewest_pings(seconds, keepalive)
    subscriber.collects = True
    stream.run(
        subscriber,
        until=lambda: stream.done and len(subscriber.messages) >= stream.total,
        seconds=20 + seconds,
    )
    assert numbers_of(subscriber) == list(range(stream.total))
    assert subscriber.statistics()["dropped"] == 0
    assert_undisturbed(publisher, subscriber)
    assert_flat(memory)


@pytest.mark.parametrize(("seconds", "keepalive"), FLOODS)
def test_a_broker_that_knows_no_window(make_device, seconds, keepalive):
    with UnrulyBroker(Pingreq) as broker:
        device = make_device("device", queue=QUEUE_BYTES).reconnecting()
        device.allow(NXD_MQTT_TIMEOUT_PINGRESP, PINGRESP_SECONDS * NX_IP_PERIODIC_RATE)
        device.connect(broker, keepalive, NX_FALSE)
        device.collects = False
        gush = Gush(broker, PAYLOAD_BYTES)
        memory = flood([], device, lambda wanted: None, seconds)
        # The connection is full up to the sender, so nothing moves any more.
        sent = gush.sent
        assert sent > 10 * device.statistics()["unread"] > 0
        # Their answers would be behind the messages, so nothing is late.
        assert len(broker.came(Pingreq)) >= fewest_pings(seconds, keepalive)
        gush.end()
        device.collects = True
        run(device, until=lambda: gush.over and len(device.messages) == gush.sent)
        broker.mute = ()
        assert gush.sent <= sent + 200
        assert numbers_of(device) == list(range(gush.sent))
        run(device, until=lambda: len(broker.came(Puback)) == gush.sent)
        identifiers = [packet.packet_id for packet in broker.came(Puback)]
        assert identifiers == [gush.packet_id(number) for number in range(gush.sent)]
        assert_undisturbed(device)
    assert_flat(memory)


@pytest.mark.parametrize("policy", [NXD_MQTT_QUEUE_DROP_NEW, NXD_MQTT_QUEUE_DROP_OLD])
def test_a_flood_of_qos_0_at_a_queue_that_drops(broker, make_device, policy):
    publisher, subscriber = flooded_pair(broker, make_device, 1, 0)
    assert nxd_mqtt_client_queue_policy_set(subscriber.client, policy) == NXD_MQTT_SUCCESS
    sent = 0

    def pour(wanted: int) -> None:
        nonlocal sent
        while sent < wanted:
            payload = (b"%08d" % sent).ljust(PAYLOAD_BYTES, b".")
            if publisher.try_to_publish("stream", payload, 0) != NXD_MQTT_SUCCESS:
                break
            sent += 1

    memory = flood([publisher], subscriber, pour, 1.5)
    run(publisher, subscriber, until=lambda: broker.deliveries() == sent)
    statistics = subscriber.statistics
    run(subscriber, until=lambda: statistics()["unread"] + statistics()["dropped"] == sent)
    assert sent > 10 * QUEUE_BYTES // PAYLOAD_BYTES
    kept = statistics()["unread"]
    assert 10 <= kept <= QUEUE_BYTES // PAYLOAD_BYTES
    subscriber.collects = True
    run(subscriber, until=lambda: len(subscriber.messages) == kept)
    first = 0 if policy == NXD_MQTT_QUEUE_DROP_NEW else sent - kept
    assert numbers_of(subscriber) == list(range(first, first + kept))
    assert_undisturbed(publisher, subscriber)
    assert_flat(memory)
