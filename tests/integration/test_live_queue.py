# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A small receive queue loses nothing and blocks nothing: it holds, and goes on when it is read."""

import random
import time
import tracemalloc
from pathlib import Path

import pytest
from devices import SUBACK, Device, run, turn

import nxd_mqtt
from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *

SEED = 20260501
# What the package may hold on to beyond the start of the measurement: numbers that are no small
# integers any more. A message that stays would be a kilobyte, each.
FLAT_BYTES = 4096


def reads(device: Device) -> bool:
    """Whether the client wants its socket read."""
    return bool(nxd_mqtt_client_socket_get(device.client)[2] & NXD_MQTT_WANTS_READ)


def fill(publisher: Device, subscriber: Device, topic: str, size: int, quality: int) -> int:
    """Publishes until the subscriber holds; returns how many messages it took."""
    subscriber.collects = False
    sent = 0
    deadline = time.monotonic() + 20
    while reads(subscriber):
        assert time.monotonic() < deadline
        if publisher.try_to_publish(topic, b"%08d" % sent + bytes(size - 8), quality) == 0:
            sent += 1
        turn((publisher, subscriber))
    return sent


@pytest.mark.parametrize("quality", [0, 1])
def test_a_full_queue_holds_and_loses_nothing(broker, make_device, quality):
    publisher = make_device("publisher").connect(broker)
    subscriber = make_device("subscriber", queue=1024).connect(broker)
    subscriber.subscribe("a", quality=quality)
    sent = fill(publisher, subscriber, "a", 100, quality)
    assert 0 < subscriber.statistics()["unread"] < sent
    subscriber.collects = True
    run(publisher, subscriber, until=lambda: len(subscriber.messages) == sent)
    assert [int(payload[:8]) for payload in subscriber.payloads()] == list(range(sent))
    assert subscriber.statistics()["dropped"] == 0


def test_taking_a_message_wakes_a_loop_that_holds(broker, make_device):
    publisher = make_device("publisher").connect(broker)
    subscriber = make_device("subscriber", queue=1024).connect(broker).subscribe("a")
    fill(publisher, subscriber, "a", 100, quality=1)
    while subscriber.take():
        pass
    # There is room now, and packets wait inside the client, where no select sees them: a loop
    # that sleeps for as long as it is told would sleep until the next ping.
    status, ticks = nxd_mqtt_client_deadline_get(subscriber.client)
    assert status == NXD_MQTT_SUCCESS
    assert ticks == 0 or reads(subscriber)


def test_taking_a_message_ends_a_hold_for_a_poll_that_waits(broker, make_device):
    publisher = make_device("publisher").connect(broker)
    subscriber = make_device("subscriber", queue=1024).connect(broker).subscribe("a")
    fill(publisher, subscriber, "a", 100, quality=1)
    while subscriber.take():
        pass
    begun = time.monotonic()
    assert nxd_mqtt_client_poll(subscriber.client, 1000) == NXD_MQTT_SUCCESS
    assert time.monotonic() - begun < 1
    assert subscriber.statistics()["unread"] > 0


def test_pings_go_on_while_the_queue_holds(broker, make_device):
    publisher = make_device("publisher").connect(broker)
    subscriber = make_device("subscriber", queue=256).connect(broker, keepalive=1)
    subscriber.subscribe("a")
    sent = fill(publisher, subscriber, "a", 100, quality=1)
    nxd_mqtt_client_timeout_set(subscriber.client, NXD_MQTT_TIMEOUT_PINGRESP, 20)
    before = broker.pings()
    run(publisher, subscriber, until=lambda: broker.pings() >= before + 2)
    # Their answers were behind the messages; that is not the broker's fault.
    assert subscriber.connected
    subscriber.collects = True
    run(publisher, subscriber, until=lambda: len(subscriber.messages) == sent)


@pytest.mark.parametrize("policy", [NXD_MQTT_QUEUE_DROP_NEW, NXD_MQTT_QUEUE_DROP_OLD])
def test_policies_that_drop(broker, make_device, policy):
    publisher = make_device("publisher").connect(broker)
    subscriber = make_device("subscriber", queue=1024).connect(broker)
    subscriber.subscribe("a", quality=0)
    subscriber.collects = False
    assert nxd_mqtt_client_queue_policy_set(subscriber.client, policy) == NXD_MQTT_SUCCESS
    for number in range(100):
        publisher.publish("a", b"%d" % number + b"." * 100, quality=0)
        turn((publisher, subscriber))
    run(
        publisher,
        subscriber,
        until=lambda: sum(map(subscriber.statistics().get, ("unread", "dropped"))) == 100,
    )
    numbers = []
    while message := subscriber.take():
        numbers.append(int(message.payload.rstrip(b".")))
    assert 5 <= len(numbers) <= 10
    first = 0 if policy == NXD_MQTT_QUEUE_DROP_NEW else 100 - len(numbers)
    assert numbers == list(range(first, first + len(numbers)))


class Flood:
    """Messages one way, and for each that is taken a message the other way.

    :param Device source: publishes to ``down`` and gets ``up``
    :param Device small: gets ``down`` through its small queue and publishes to ``up``
    :param int total: how many messages
    """

    def __init__(self, source: Device, small: Device, total: int) -> None:
        self.devices = (source, small)
        self.total = total
        self.sent = 0
        self.holds = 0
        self.taken: list[int] = []
        self.answered = 0
        self._random = random.Random(SEED)
        for device in self.devices:
            # The test's own list of acknowledgements would count as the package's memory.
            device.client.nxd_mqtt_ack_receive_notify = None

    @property
    def done(self) -> bool:
        """Whether everything has arrived at both ends."""
        return len(self.devices[0].messages) == self.total

    def step(self) -> None:
        """One turn; the small device reads only at times, or when its queue is full."""
        source, small = self.devices
        while self.sent < self.total:
            payload = b"%08d" % self.sent + bytes(1016)
            if source.try_to_publish("down", payload) != NXD_MQTT_SUCCESS:
                break
            self.sent += 1
        holds = not reads(small)
        self.holds += holds
        if holds or self._random.random() < 0.3:
            while message := small.take():
                self.taken.append(int(message.payload[:8]))
        # Refused when the store is full; then messages must be taken before it gets emptier.
        while self.answered < len(self.taken) and self._answer() == NXD_MQTT_SUCCESS:
            self.answered += 1
        turn(self.devices, 0.01)

    def _answer(self) -> int:
        payload = b"%08d" % self.answered + bytes(1016)
        return self.devices[1].try_to_publish("up", payload)


def held_by_the_package() -> int:
    """Bytes that the package's lines have allocated and not given back since the trace began."""
    ours = tracemalloc.Filter(True, str(Path(nxd_mqtt.__file__).parent / "*"))
    snapshot = tracemalloc.take_snapshot().filter_traces([ours])
    return sum(trace.size for trace in snapshot.traces)


def test_a_megabyte_through_a_queue_of_8_kilobytes_both_ways(broker, make_device):
    source = make_device("source", packet=1100).connect(broker).subscribe("up")
    small = make_device("small", queue=8192, packet=1100).connect(broker).subscribe("down")
    small.collects = False
    flood = Flood(source, small, 1024)
    deadline = time.monotonic() + 60
    try:
        while not flood.done:
            assert time.monotonic() < deadline, (flood.sent, len(flood.taken), flood.answered)
            if len(flood.taken) >= 700 and not tracemalloc.is_tracing():
                tracemalloc.start()
            flood.step()
        assert tracemalloc.is_tracing()
        assert held_by_the_package() < FLAT_BYTES
    finally:
        tracemalloc.stop()
    assert flood.taken == list(range(1024))
    assert [int(payload[:8]) for payload in source.payloads()] == list(range(1024))
    # It was tight: the queue was full, again and again.
    assert flood.holds > 20
    for device in flood.devices:
        run(device, until=lambda device=device: device.statistics()["unacknowledged"] == 0)
        assert device.endings == []
        assert device.statistics()["resent"] == 0
        assert device.statistics()["dropped"] == 0


@pytest.mark.parametrize("wait", [NX_NO_WAIT, 50, NX_WAIT_FOREVER])
def test_publishing_to_the_own_subscription_never_locks_up(broker, make_device, wait):
    device = make_device("device", queue=256, packet=128, depth=2).connect(broker)
    device.subscribe("loop")
    device.collects = False
    sent = refused = 0
    received = []
    deadline = time.monotonic() + 30
    while len(received) < 200:
        assert time.monotonic() < deadline, (sent, refused, len(received))
        status = device.try_to_publish("loop", b"%08d" % sent + bytes(80), wait=wait)
        if status == NXD_MQTT_SUCCESS:
            sent += 1
        else:
            # The store is full, and what would empty it stands behind unread messages.
            assert status == NXD_MQTT_PACKET_POOL_FAILURE
            refused += 1
            turn([device], 0.01)
            if message := device.take():
                received.append(int(message.payload[:8]))
    assert received == list(range(200))
    assert refused
    assert device.endings == []
    assert device.acknowledged[0][0] == SUBACK
