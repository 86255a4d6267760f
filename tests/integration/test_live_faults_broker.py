# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Brokers that stop, die, freeze or come late: clients that connect again by themselves go on."""

import time

import pytest
from devices import SUBACK, run, run_for
from streams import Stream, first_comings, longest_step_back, numbers_of
from wire_tap import WireTap

from boards.desktop.broker.packets import Publish, Subscribe
from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *

DEPTH = 16
# What a broker has on its way to one subscriber.
WINDOW = 20
FILTERS = ("stream", "other/+/#", "unused")
# The messages of a stream, and how many of them come before the fault.
TOTAL, BEFORE = 400, 50

CONNECTING = 2
KEEPALIVE_SECONDS = 2
PINGRESP_SECONDS = 1
# A PINGREQ is due after three quarters of the keepalive, so nothing is noticed before.
EARLIEST_SECONDS = KEEPALIVE_SECONDS * 3 / 4
# What a busy machine may be late.
SLACK_SECONDS = 2


class Pair:
    """A publisher with a stream and a subscriber to it, which connect again by themselves.

    What they send is tapped. Both ask for a session that is kept; the subscriber may ask for a
    clean one instead.
    """

    def __init__(self, broker, make_device, keepalive=60, clean=NX_FALSE) -> None:
        self.taps = (WireTap(), WireTap())
        self.publisher = make_device("publisher", depth=DEPTH, socket_pool=self.taps[0])
        self.subscriber = make_device("subscriber", queue=65536, socket_pool=self.taps[1])
        for device in self.devices:
            device.reconnecting()
        self.publisher.connect(broker, keepalive, NX_FALSE)
        self.subscriber.connect(broker, keepalive, clean).subscribe(*FILTERS)
        self.stream = Stream(self.publisher, TOTAL)

    @property
    def devices(self) -> tuple:
        """Both of them."""
        return self.publisher, self.subscriber

    @property
    def numbers(self) -> list[int]:
        """What the subscriber has of the stream, in the order of coming."""
        return numbers_of(self.subscriber)

    def run(self, until) -> None:
        """The super-loop with the stream in it, until a condition holds."""
        self.stream.run(self.subscriber, until=until)

    def run_until_lost(self) -> None:
        """Until both know that their links are gone."""
        self.run(lambda: not (self.publisher.connected or self.subscriber.connected))
        assert (self.publisher.client.state, self.subscriber.client.state) == (CONNECTING,) * 2

    def run_to_the_end(self) -> None:
        """Until the stream has ended at both ends."""
        self.run(lambda: self.stream.done and TOTAL - 1 in self.numbers)

    def subscribe_again(self) -> None:
        """Until the subscriber has been granted all its filters on a second link.

        A broker that has forgotten it gives it nothing before that; so only it runs.
        """
        wanted = 2 * len(FILTERS)
        run(
            self.subscriber,
            until=lambda: sum(it[0] == SUBACK for it in self.subscriber.acknowledged) == wanted,
        )

    def freeze(self, broker) -> None:
        """The broker stops in its tracks, and then the store is filled."""
        broker.pause()
        # What it has answered before that is still on its way.
        run_for(*self.devices, seconds=0.05)
        assert self.stream.pour() == NXD_MQTT_PACKET_POOL_FAILURE
        assert len(self.stream.unacknowledged()) == DEPTH

    def assert_lost_once(self) -> None:
        """Each was told of one loss and of one connection more, and poll went on all the time."""
        for device in self.devices:
            assert [status for _, status, _ in device.endings] == [NXD_MQTT_COMMUNICATION_FAILURE]
            assert device.polled == []
            assert device.answers == [NXD_MQTT_SUCCESS] * 2
            statistics = device.statistics()
            assert (statistics["connects"], statistics["reconnects"]) == (2, 1)

    def assert_resent(self) -> None:
        """What was on its way came first on the second link: same identifiers, same order, DUP."""
        first, second = self.taps[0].packets(Publish)
        identifiers = [packet.packet_id for packet in first[-DEPTH:]]
        assert [packet.packet_id for packet in second[:DEPTH]] == identifiers
        assert [packet.duplicate for packet in second] == [True] * DEPTH + [False] * (
            len(second) - DEPTH
        )


# --- stopped and started -------------------------------------------------------------------------


def test_a_restart_that_keeps_the_sessions_loses_nothing(start_broker, make_device):
    broker = start_broker(persistent=True)
    pair = Pair(broker, make_device)
    pair.run(lambda: len(pair.numbers) >= BEFORE)
    broker.stop()
    pair.run_until_lost()
    assert pair.stream.sent < TOTAL
    broker.start()
    pair.run_to_the_end()
    assert first_comings(pair.numbers) == list(range(TOTAL))
    assert longest_step_back(pair.numbers) < DEPTH + WINDOW
    assert [device.client.session_present for device in pair.devices] == [1, 1]
    # A broker that remembers is asked for nothing again.
    assert [len(packets) for packets in pair.taps[1].packets(Subscribe)] == [len(FILTERS), 0]
    assert broker.subscribes() == len(FILTERS)
    pair.assert_lost_once()


@pytest.mark.parametrize("clean", [NX_FALSE, NX_TRUE])
def test_a_restart_that_forgets_is_asked_for_the_whole_table_once(start_broker, make_device, clean):
    broker = start_broker()
    pair = Pair(broker, make_device, clean=clean)
    # What the broker has acknowledged and not passed on yet would go with it.
    pair.stream.total = BEFORE
    pair.run(lambda: pair.stream.done and len(pair.numbers) == BEFORE)
    broker.stop()
    broker.forget()
    pair.run_until_lost()
    pair.stream.total = TOTAL
    assert pair.stream.pour() == NXD_MQTT_PACKET_POOL_FAILURE
    assert pair.stream.sent == BEFORE + DEPTH
    broker.start()
    pair.subscribe_again()
    pair.run_to_the_end()
    assert pair.numbers == list(range(TOTAL))
    assert pair.subscriber.client.session_present == 0
    first, second = pair.taps[1].packets(Subscribe)
    assert [packet.subscriptions for packet in first] == [((one, 1),) for one in FILTERS]
    assert second == first
    assert broker.subscribes() == 2 * len(FILTERS)
    pair.assert_lost_once()


# --- killed --------------------------------------------------------------------------------------


def test_a_broker_that_is_killed_and_forgets(start_broker, make_device):
    broker = start_broker()
    pair = Pair(broker, make_device)
    pair.run(lambda: len(pair.numbers) >= BEFORE)
    pair.freeze(broker)
    broker.kill()
    broker.resume()
    broker.forget()
    pair.run_until_lost()
    owed = pair.stream.unacknowledged()
    broker.start()
    pair.subscribe_again()
    pair.run_to_the_end()
    # What the broker had acknowledged may have died with it; all the rest is the client's duty.
    missing = set(range(TOTAL)) - set(pair.numbers)
    assert missing <= set(range(min(owed)))
    assert len(missing) < WINDOW
    assert first_comings(pair.numbers) == sorted(set(pair.numbers))
    pair.assert_resent()
    pair.assert_lost_once()


def test_a_broker_that_is_killed_and_has_the_sessions_of_before(start_broker, make_device):
    broker = start_broker(persistent=True)
    pair = Pair(broker, make_device)
    broker.save()
    pair.run(lambda: len(pair.numbers) >= BEFORE)
    pair.freeze(broker)
    broker.kill()
    broker.resume()
    pair.run_until_lost()
    owed = pair.stream.unacknowledged()
    broker.start()
    pair.run_to_the_end()
    missing = set(range(TOTAL)) - set(pair.numbers)
    assert missing <= set(range(min(owed)))
    assert len(missing) < WINDOW
    assert first_comings(pair.numbers) == sorted(set(pair.numbers))
    assert [device.client.session_present for device in pair.devices] == [1, 1]
    assert broker.subscribes() == len(FILTERS)
    pair.assert_resent()
    pair.assert_lost_once()


# --- frozen --------------------------------------------------------------------------------------


def test_a_broker_that_freezes_is_noticed_in_time(broker, make_device):
    pair = Pair(broker, make_device, KEEPALIVE_SECONDS)
    for device in pair.devices:
        device.allow(NXD_MQTT_TIMEOUT_PINGRESP, PINGRESP_SECONDS * NX_IP_PERIODIC_RATE)
    pair.run(lambda: len(pair.numbers) >= BEFORE)
    begun = time.monotonic()
    pair.freeze(broker)
    pair.run_until_lost()
    noticed = time.monotonic() - begun
    assert EARLIEST_SECONDS < noticed < KEEPALIVE_SECONDS + PINGRESP_SECONDS + SLACK_SECONDS
    for device in pair.devices:
        assert device.endings == [device.statistics()["reasons"][0]]
        assert "PINGRESP" in device.endings[0][2]
    # The next attempt finds a socket that connects, and nobody behind it.
    run_for(*pair.devices, seconds=0.5)
    assert [device.statistics()["attempts"] for device in pair.devices] == [2, 2]
    broker.resume()
    pair.run_to_the_end()
    assert first_comings(pair.numbers) == list(range(TOTAL))
    assert longest_step_back(pair.numbers) < DEPTH + WINDOW
    pair.assert_resent()
    pair.assert_lost_once()


# --- not there yet -------------------------------------------------------------------------------


def test_a_broker_that_comes_late_gets_everything_in_order(start_broker, make_device):
    broker = start_broker()
    broker.kill()
    early = make_device("early", depth=DEPTH).reconnecting(minimum=20, maximum=100)
    assert early.try_to_connect(broker, clean=NX_FALSE, wait=NX_NO_WAIT) == NX_IN_PROGRESS
    begun = time.monotonic()
    stream = Stream(early, DEPTH)
    assert stream.pour() == NXD_MQTT_SUCCESS
    assert early.try_to_publish("stream", "17") == NXD_MQTT_PACKET_POOL_FAILURE
    assert early.try_to_publish("stream", "0", quality=0) == NXD_MQTT_NOT_CONNECTED
    run_for(early, seconds=1.5)
    # The pauses are 0.2, 0.4, 0.5, 0.5 ... s at least.
    attempts = early.statistics()["attempts"]
    assert 2 <= attempts <= 3 + (time.monotonic() - begun - 0.6) / 0.5
    assert early.client.state == CONNECTING
    assert early.client.reason[:2] == ("tcp", NXD_MQTT_CONNECT_FAILURE)
    assert (early.polled, early.answers, early.endings) == ([], [], [])
    broker.start()
    subscriber = make_device("subscriber").connect(broker).subscribe("stream")
    run(early, subscriber, until=lambda: stream.done and len(subscriber.messages) == DEPTH)
    assert numbers_of(subscriber) == list(range(DEPTH))
    assert early.answers == [NXD_MQTT_SUCCESS]
    statistics = early.statistics()
    assert (statistics["connects"], statistics["reconnects"], statistics["resent"]) == (1, 0, 0)
