# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Eight threads do what they like with one client: nobody hangs, and no acknowledgement is lost.

The seed of a run is in the name of the test; ``STRESS_SEED`` in the environment sets another one.
"""

import os
import random
import sys
import threading
import time
from contextlib import suppress

import pytest
from devices import turn
from fault_proxy import TO_BROKER, TO_CLIENT, FaultProxy
from stress_crew import SIZE, STOP_SECONDS, Crew, Sender, Sockets, stacks
from tls_bench import descriptors, settled

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *

SEEDS = [os.environ.get("STRESS_SEED", "20061")]
SECONDS = 5
LONG_SECONDS = 60
# Threads that are switched so often meet in the middle of everything.
SWITCH_SECONDS = 1e-5
TURN_SECONDS = 0.02
# For what the brokers still have when the crew has stopped.
DRAIN_SECONDS = 60

PAUSES = (2, 20)
# Ticks that are over before a link that is only slow would be taken for a dead one.
PATIENCE = (300, 500)
# Between two faults: long enough for a link to come back, and short enough for many.
FAULT_SECONDS = (0.1, 0.8)
FAULTS = ("cut", "cut", "reset", "reset", "middle", "middle", "stall", "dribble", "refuse")


@pytest.fixture
def switching():
    """The interpreter goes from thread to thread as often as it can."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    yield
    sys.setswitchinterval(usual)


def _ended(proxy) -> int:
    """How many links it has ended by a fault that waits for its occasion."""
    return sum(proxy.faults[kind] for kind in proxy.ENDS)


class Stress:
    """One run: the crew, and beside it in this thread an observer who gets all that is sent.

    :param broker: the broker
    :param make_device: makes devices
    :param seed: of all random choices
    :param proxy: the wire of the crew's client, for one that connects again by itself
    """

    def __init__(self, broker, make_device, seed, proxy=None) -> None:
        self.proxy = proxy
        self.ends = 0
        self.next_fault = time.monotonic()
        self.random = random.Random(f"{seed} observer")
        lock = threading.RLock()
        self.sockets = Sockets()
        self.device = make_device(
            "crew", packet=256, queue=1024, depth=16, lock=lock, socket_pool=self.sockets
        )
        client = self.device.client
        more = {"again": True, "timeouts": PATIENCE} if proxy else {}
        self.crew = Crew(client, proxy or broker, lock, seed, **more)
        if proxy:
            self.device.reconnecting(*PAUSES)
        self.observer = make_device("observer", queue=65536, depth=64)
        self.observer.connect(broker, clean=NX_FALSE).subscribe("#")
        self.sender = self.crew.senders["observer"] = Sender("observer")
        self.seen: set[bytes] = set()

    def fail(self, what: str) -> None:
        """End the test with all that is known, and let no thread disturb the next one."""
        crew = self.crew
        crew.going = False
        # A thread that hangs may have the lock, and the client is still to be deleted.
        crew.client._lock = threading.RLock()
        pytest.fail(
            f"seed {crew.seed}: {what}\n{crew.complaints}\n{self.device.statistics()}\n"
            f"{crew.client.reason} {crew.told} {crew.calls()}"
        )

    # -- the observer's turn ------------------------------------------------------------------

    def observe(self, seconds: float = TURN_SECONDS) -> None:
        """See what came."""
        turn([self.observer], seconds)
        for message in self.observer.messages:
            self.crew.came(message.topic, message.payload)
            self.seen.add(message.payload)
        self.observer.messages.clear()

    def send(self) -> None:
        """A few messages for the crew."""
        for _ in range(self.random.randint(0, 8)):
            quality = self.random.randint(0, 1)
            status = self.observer.try_to_publish("in/observer", self.sender.next(), quality)
            self.sender.note(quality, status)

    def strike(self) -> None:
        """Now and then a fault, when the one before has happened."""
        proxy = self.proxy
        now = time.monotonic()
        if not proxy or now < self.next_fault or self.ends > _ended(proxy):
            return
        self.next_fault = now + self.random.uniform(*FAULT_SECONDS)
        kind = self.random.choice(FAULTS)
        self.ends += kind in proxy.ENDS
        with suppress(OSError):  # a wire of the proxy has ended at this very moment
            proxy.strike(
                kind,
                seconds=self.random.choice((0.05, 0.3)),
                direction=self.random.choice((TO_BROKER, TO_CLIENT)),
                skip=self.random.randint(0, 2000),
            )

    def look(self) -> None:
        """Stop at what is wrong already."""
        if self.crew.complaints:
            self.fail("it has complaints")
        if late := self.crew.hanging():
            self.fail("a call does not return: " + late)

    # -- the run ------------------------------------------------------------------------------

    def run(self, seconds: float) -> None:
        """Let the crew work, then stop it and wait for all that is on its way."""
        self.crew.start()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.observe()
            self.send()
            self.strike()
            self.look()
        self.crew.going = False
        end = time.monotonic() + STOP_SECONDS
        while self.crew.working:
            self.observe()
            if time.monotonic() > end:
                self.fail("a thread does not stop: " + stacks())
        if self.proxy:
            self.proxy.heal()
        self.drain()
        self.look()

    def drain(self) -> None:
        """Until everything is acknowledged, and the observer has it."""
        crew = self.crew
        end = time.monotonic() + DRAIN_SECONDS
        while not (crew.connected and self.device.statistics()["unacknowledged"] == 0):
            crew.serve()
            self.observe(0)
            if time.monotonic() > end:
                self.fail("acknowledgements are missing")
        accepted = crew.accepted
        while lost := accepted - self.seen:
            self.observe()
            if time.monotonic() > end:
                self.fail(f"{len(lost)} messages are lost: {list(lost)[:5]}")


def check_the_end(stress: Stress) -> None:
    """What must hold when everything has come: the accounts agree."""
    crew = stress.crew
    crew.leave()
    statistics = stress.device.statistics()
    accepted = sum(len(sender.accepted) for sender in crew.senders.values())
    accepted -= len(stress.sender.accepted)
    assert statistics["acknowledged"] == accepted
    assert crew.acknowledged.total() == accepted
    assert not crew.identifiers - crew.acknowledged
    assert statistics["published"] == accepted + crew.offered - stress.sender.offered
    # Each link that was up was told once, and so was its end.
    assert statistics["connects"] == crew.told["connect", NXD_MQTT_SUCCESS]
    assert statistics["connects"] == len(crew.endings)
    assert statistics["state"] == 1
    assert stress.sockets.open == 0


def check_that_it_was_a_stress(stress: Stress) -> None:
    """Every call was made, links came and went, and each thread had its share."""
    crew = stress.crew
    calls = crew.calls()
    for kind in ("publish 0", "publish 1", "subscribe", "unsubscribe", "poll", "message_get"):
        assert calls[kind, NXD_MQTT_SUCCESS] > 5, calls
    assert calls["message_discard", NXD_MQTT_SUCCESS] > 0
    assert len(crew.endings) > 1
    assert len(crew.identifiers) > 5
    assert min(hand.calls.total() for hand in crew.hands) > 20
    assert len(crew.hands) == SIZE


def stress_it(broker, make_device, seed, seconds, proxy=None) -> Stress:
    """One run with all its checks."""
    stress = Stress(broker, make_device, seed, proxy)
    stress.run(seconds)
    check_the_end(stress)
    check_that_it_was_a_stress(stress)
    return stress


@pytest.mark.parametrize("seed", SEEDS)
def test_eight_threads_and_their_callbacks(broker, make_device, switching, seed):
    before = descriptors()
    stress = stress_it(broker, make_device, seed, SECONDS)
    # Nobody but the application has ended a link.
    statuses = {status for _, status, _ in stress.crew.endings}
    assert statuses == {NXD_MQTT_SUCCESS}, stress.crew.endings
    stress.observer.disconnect()
    assert settled(before)


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", SEEDS)
def test_eight_threads_whose_link_is_cut(broker, make_device, switching, seed):
    before = descriptors()
    with FaultProxy(broker) as proxy:
        stress = stress_it(broker, make_device, seed, LONG_SECONDS, proxy)
        faults = proxy.faults
    assert set(faults) == set(FAULTS)
    assert stress.device.statistics()["reconnects"] > 20
    stress.observer.disconnect()
    assert settled(before)
