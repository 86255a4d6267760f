# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The soak: minutes of faults between two clients and a real mosquitto, and nothing may be lost.

A publisher and a subscriber, each with ``nxd_mqtt_client_reconnect_set``, reach one broker through
a faulty wire each. A seed draws the plan of faults. When it is over the wires are whole again, and
what was accepted and does not come then is lost.

What the broker itself forgets is no loss of ours, so it is only ended where it forgets nothing that
counts. ``restart`` is SIGTERM, on which mosquitto writes its database before it ends. ``pause`` is
SIGSTOP. ``kill`` is SIGKILL, and its database is thrown away: mosquitto acknowledges before it
saves, however often it does. So a kill waits until the publisher has every acknowledgement and the
subscriber every message, and the publisher pauses until the subscriber is subscribed again, which
its client must do by itself.

The exit code is 0 when all is as promised, 1 when a message was lost or anything else was not, 2
without mosquitto.
"""

import argparse
import gc
import getpass
import os
import random
import sys
import tempfile
import threading
import time
import traceback
import tracemalloc
from collections import Counter
from pathlib import Path
from typing import NamedTuple

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))
sys.path.append(str(Path(__file__).resolve().parents[1] / "tests" / "integration"))

import peers
from devices import wait
from fault_proxy import TO_BROKER, TO_CLIENT, FaultProxy
from soak_clients import (
    MESSAGES_PER_SECOND,
    TURN_SECONDS,
    Publisher,
    Sockets,
    Subscriber,
)

ROOT = Path(__file__).resolve().parents[1]

# kind: where it strikes, and how many seconds it lasts.
KINDS = {
    "cut": ("wire", 0, 0),
    "reset": ("wire", 0, 0),
    "middle": ("wire", 0, 0),
    "stall": ("wire", 0.3, 4),
    "blackhole": ("wire", 0.2, 3),
    "dribble": ("wire", 0.5, 3),
    "refuse": ("wire", 0.2, 2),
    "restart": ("broker", 0, 1.5),
    "pause": ("broker", 0.3, 4),
    "kill": ("broker", 0, 1.5),
}
WIRES = ("publisher", "subscriber")
ACKNOWLEDGING = ("queue", "get", "both")

# From one fault to the next; those that last overlap.
_GAP_SECONDS = (0.3, 1.5)
# Some cuts fall into CONNECT or CONNACK, others into the messages.
_SKIP_BYTES = (30, 1500)

_QUIET_SECONDS = 20
# A run is told in so many lines.
_PARTS = 6
_DRAIN_SECONDS = 30
_SILENCE_SECONDS = 20
# What is kept of a few endings weighs something; what grows with every link weighs more.
_HEAP_BYTES = 16384


class Fault(NamedTuple):
    """A fault of the plan."""

    at: float
    kind: str
    where: str
    seconds: float
    direction: int
    skip: int


def draw_plan(seed: int, seconds: float) -> list[Fault]:
    """The faults of a run, the same for the same seed; every kind comes before one comes again.

    :param float seconds: before which the last one comes
    """
    draw = random.Random(seed)
    plan = []
    bag = []
    at = draw.uniform(*_GAP_SECONDS)
    while at < seconds:
        bag = bag or draw.sample(sorted(KINDS), len(KINDS))
        kind = bag.pop()
        where, shortest, longest = KINDS[kind]
        plan.append(
            Fault(
                at,
                kind,
                draw.choice(WIRES) if where == "wire" else where,
                draw.uniform(shortest, longest),
                draw.choice((TO_BROKER, TO_CLIENT)),
                draw.randrange(draw.choice(_SKIP_BYTES)),
            )
        )
        at += draw.uniform(*_GAP_SECONDS)
    return plan


# --- the broker ----------------------------------------------------------------------------------


class Broker(peers.Mosquitto):
    """A mosquitto that keeps its sessions over a stop, and bounds nothing.

    :param Path folder: for its files
    """

    def __init__(self, folder: Path) -> None:
        self._database = folder / "mosquitto.db"
        # Started by root it would become a user who may not write into the folder.
        super().__init__(
            folder,
            f"user {getpass.getuser()}\npersistence true\npersistence_location {folder}/\n"
            "max_inflight_messages 0\nlog_type none\nlog_type error\nlog_type warning\n",
        )

    def restart(self, seconds: float) -> None:
        """End it in order, and start it again after a while."""
        self.stop()
        time.sleep(seconds)
        self.start()

    def freeze(self, seconds: float) -> None:
        """Let it do nothing for a while; the system still accepts connections for it."""
        self.pause()
        time.sleep(seconds)
        self.resume()

    def forget(self, seconds: float) -> None:
        """Kill it, take its memory away, and start it again after a while."""
        self.kill()
        self._database.unlink(missing_ok=True)
        time.sleep(seconds)
        self.start()


# --- the run -------------------------------------------------------------------------------------


class Watchdog(threading.Thread):
    """Says what hangs, and ends it.

    :param describe: callable, what is to be said
    :param end: callable, what is to be done then, with the text
    :param float silence: the longest time in seconds without a ``beat``
    """

    def __init__(self, describe, end, silence: float) -> None:
        super().__init__(daemon=True)
        self._describe = describe
        self._end = end
        self._silence = silence
        self._watched = threading.get_ident()
        self._stopped = threading.Event()
        self.beat()

    def beat(self) -> None:
        """The program goes on."""
        self._last = time.monotonic()

    def stop(self) -> None:
        """There is nothing to watch any more."""
        self._stopped.set()

    def run(self) -> None:
        """Watch."""
        while not self._stopped.wait(self._silence / 20):
            if time.monotonic() - self._last > self._silence:
                stack = traceback.format_stack(sys._current_frames()[self._watched])
                self._end(f"hung for {self._silence} s\n{self._describe()}\n{''.join(stack)}")
                return


class Striker(threading.Thread):
    """Carries the plan out, and counts the faults of the broker.

    :param plan: the faults
    :param dict wires: a proxy by the name of its client
    :param Broker broker: behind them
    :param grants: callable, how many subscriptions were granted so far
    """

    def __init__(self, plan: list[Fault], wires: dict, broker: Broker, grants) -> None:
        super().__init__(daemon=True)
        self._plan = plan
        self._wires = wires
        self._broker = broker
        self._grants = grants
        self._stopped = threading.Event()
        self._does = {"restart": broker.restart, "pause": broker.freeze, "kill": self._kill}
        self.faults: Counter = Counter()
        self.complaints: set[str] = set()
        # Whether the publisher is to hold, and whether nothing is under way.
        self.holding = True
        self.quiet = False

    def stop(self) -> None:
        """Strike no more."""
        self._stopped.set()

    def run(self) -> None:
        """Strike; a fault that takes its time delays those that follow."""
        before = 0.0
        try:
            for fault in self._plan:
                if self._stopped.wait(fault.at - before):
                    return
                before = fault.at
                self._strike(fault)
        except BaseException as error:  # whatever it is: the run is none without the faults
            self.complaints.add(f"striking: {error!r}")

    def _strike(self, fault: Fault) -> None:
        if fault.where == "broker":
            self.faults[fault.kind] += 1
            self._does[fault.kind](fault.seconds)
        else:
            wire = self._wires[fault.where]
            wire.strike(fault.kind, fault.seconds, fault.direction, fault.skip)

    def _kill(self, seconds: float) -> None:
        self.holding = True
        if self._comes(lambda: self.quiet):
            granted = self._grants()
            self._broker.forget(seconds)
            if not self._comes(lambda: self._grants() > granted):
                self.complaints.add("nobody subscribed again at a broker that had forgotten")
        else:
            self.faults["kill"] -= 1
        self.holding = False

    @staticmethod
    def _comes(condition) -> bool:
        """Whether something comes true in time."""
        deadline = time.monotonic() + _QUIET_SECONDS
        while not condition() and time.monotonic() < deadline:
            time.sleep(TURN_SECONDS)
        return condition()


class Soak:
    """One run.

    :param plan: the faults
    :param float seconds: how long to publish
    :param str acknowledging: one of ``ACKNOWLEDGING``
    :param Broker broker: a running one
    """

    def __init__(self, plan, seconds: float, acknowledging: str, broker: Broker) -> None:
        self._seconds = seconds
        self._acknowledging = acknowledging
        self._broker = broker
        self._sockets = Sockets()
        # The clients wait a while for the last fault of the broker, still publishing.
        most = int((seconds + 3 * _QUIET_SECONDS) * MESSAGES_PER_SECOND)
        self.publisher = Publisher("publisher", self._sockets)
        self.subscriber = Subscriber("subscriber", self._sockets, most)
        self.parties = (self.publisher, self.subscriber)
        self.wires = {name: FaultProxy(broker) for name in WIRES}
        self._striker = Striker(plan, self.wires, broker, lambda: self.subscriber.grants)
        self._watchdog = Watchdog(self.describe, self._hung, _SILENCE_SECONDS)
        self.complaints: set[str] = set()

    def describe(self) -> str:
        """What both clients say, for people."""
        return "\n".join(party.describe() for party in self.parties)

    def _hung(self, text: str) -> None:
        print(text, flush=True)
        self._broker.kill()
        os._exit(1)

    def run(self) -> dict[str, int]:
        """Publish, drain, count.

        :return: the figures of the last line
        """
        self._watchdog.start()
        try:
            with self.wires["publisher"], self.wires["subscriber"]:
                self._begin()
                self._striker.start()
                weight = self._publish()
                self._drain()
                growth = heap_of_library() - weight
                statistics = {party.name: party.statistics for party in self.parties}
                for party in self.parties:
                    party.leave()
        finally:
            self._watchdog.stop()
        return self._figures(growth, statistics)

    def _begin(self) -> None:
        """Connect both; nothing is published before somebody is there to get it."""
        for party in self.parties:
            party.connect(self.wires[party.name])
        self.subscriber.subscribe()
        if not self._serve(lambda: self.subscriber.grants, _QUIET_SECONDS):
            raise RuntimeError("no subscription\n" + self.describe())
        self._striker.holding = False

    def _publish(self) -> int:
        """The time of the faults; returns what the library weighed when a third of it was over."""
        for part in range(_PARTS):
            late = self._acknowledging == "both" and part >= _PARTS // 2
            if part == _PARTS // 3:
                weight = heap_of_library()
            self.subscriber.acknowledge(on_get=late or self._acknowledging == "get")
            self._serve(self._failed, self._seconds / _PARTS)
            self._tell(part)
        self._striker.stop()
        if not self._serve(lambda: not self._striker.is_alive(), 3 * _QUIET_SECONDS):
            self.complaints.add("the last fault of the broker does not end")
        return weight

    def _tell(self, part: int) -> None:
        faults = sum(self.faults.values())
        print(
            f"{self._seconds * (part + 1) / _PARTS:.0f} s: sent {self.publisher.sent}, "
            f"delivered {self.subscriber.delivered}, duplicates {self.subscriber.duplicates}, "
            f"faults {faults}",
            flush=True,
        )

    def _drain(self) -> None:
        """Whole wires: what has been accepted has time to arrive."""
        self._striker.holding = True
        for wire in self.wires.values():
            wire.heal()
        if not self._serve(self._is_quiet, _DRAIN_SECONDS):
            self.complaints.add("not drained in time\n" + self.describe())

    def _is_quiet(self) -> bool:
        unacknowledged = self.publisher.statistics["unacknowledged"]
        return not unacknowledged and self.publisher.sent == self.subscriber.delivered

    def _failed(self) -> bool:
        return any(source.complaints for source in (*self.parties, self._striker))

    def _serve(self, until, seconds: float) -> bool:
        """The super-loop, until a condition holds or the time is over; whether it holds."""
        deadline = time.monotonic() + seconds
        while not (done := until()) and (now := time.monotonic()) < deadline:
            wait(self.parties, TURN_SECONDS)
            self.publisher.serve(now, self._striker.holding)
            self.subscriber.serve(now)
            self._striker.quiet = self._striker.holding and self._is_quiet()
            self._watchdog.beat()
        return bool(done)

    @property
    def faults(self) -> Counter:
        """How many have happened, by kind."""
        return sum((wire.faults for wire in self.wires.values()), self._striker.faults)

    def _figures(self, growth: int, statistics: dict) -> dict[str, int]:
        publisher, subscriber = self.publisher, self.subscriber
        for source in (*self.parties, self._striker):
            self.complaints |= source.complaints
        return {
            "sent": publisher.sent,
            "delivered": subscriber.delivered,
            "duplicates": subscriber.duplicates,
            "reordered": subscriber.reordered,
            "damaged": subscriber.damaged,
            "faults": sum(self.faults.values()),
            "publisher_reconnects": statistics["publisher"]["reconnects"],
            "subscriber_reconnects": statistics["subscriber"]["reconnects"],
            "resent": statistics["publisher"]["resent"],
            "acknowledged": statistics["publisher"]["acknowledged"],
            "heap_growth": growth,
            "sockets": self._sockets.open,
            "lost": publisher.sent - subscriber.delivered,
        }


def heap_of_library() -> int:
    """How many bytes the library has allocated and not given back, if anybody counts them."""
    gc.collect()
    if not tracemalloc.is_tracing():
        return 0
    ours = tracemalloc.Filter(True, str(ROOT / "nxd_mqtt" / "*"))
    snapshot = tracemalloc.take_snapshot().filter_traces([ours])
    return sum(trace.size for trace in snapshot.traces)


# --- the verdict ---------------------------------------------------------------------------------

# figure: what is wrong when it is more than so much.
_LIMITS = {
    "lost": (0, "messages were accepted and never delivered"),
    "reordered": (0, "messages came for the first time after a later one"),
    "damaged": (0, "messages are not what was sent"),
    "sockets": (0, "sockets are open at the end"),
    "heap_growth": (_HEAP_BYTES, "bytes of growth of the library's heap"),
}


def faults_found(figures: dict[str, int], complaints) -> list[str]:
    """What is not as promised, a line each.

    :param dict figures: those of the last line
    :param complaints: what else there is
    """
    found = [
        f"{figures[name]} {text}" for name, (most, text) in _LIMITS.items() if figures[name] > most
    ]
    if not figures["sent"]:
        found.append("nothing was sent")
    if figures["acknowledged"] != figures["sent"]:
        found.append("the client's counters do not agree with what it accepted")
    return found + sorted(complaints)


def verdict(figures: dict[str, int], complaints=()) -> int:
    """The exit code: 0 when all is as promised, 1 when it is not."""
    return 1 if faults_found(figures, complaints) else 0


def report(figures: dict[str, int], faults: Counter, complaints) -> None:
    """Prints what there was, what is wrong, and the figures as the last line."""
    print("faults: " + ", ".join(f"{kind} {faults[kind]}" for kind in KINDS))
    absent = [kind for kind in KINDS if not faults[kind]]
    if absent:
        print("did not happen: " + ", ".join(absent))
    for line in faults_found(figures, complaints):
        print("WRONG: " + line)
    print(" ".join(f"{name}={number}" for name, number in figures.items()), flush=True)


def soak(seconds: float, seed: int, acknowledging: str = "both") -> int:
    """Run once and print it; returns the exit code.

    :param float seconds: how long to publish
    :param int seed: draws the faults
    :param str acknowledging: one of ``ACKNOWLEDGING``
    """
    plan = draw_plan(seed, seconds)
    print(f"soak: {seconds:g} s, seed {seed}, {len(plan)} faults planned", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        broker = Broker(Path(folder))
        broker.start()
        tracemalloc.start()
        try:
            run = Soak(plan, seconds, acknowledging, broker)
            figures = run.run()
        finally:
            tracemalloc.stop()
            broker.stop()
    report(figures, run.faults, run.complaints)
    return verdict(figures, run.complaints)


def main(arguments=None) -> int:
    """Reads the arguments and runs; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=120, help="how long to publish")
    parser.add_argument("--seed", type=int, help="draws the faults; without one, any")
    parser.add_argument("--acknowledge", choices=ACKNOWLEDGING, default="both")
    options = parser.parse_args(arguments)
    if peers.find_mosquitto() is None:
        print("soak: mosquitto is missing, so nothing was tried", flush=True)
        return 2
    seed = random.SystemRandom().randrange(1 << 31) if options.seed is None else options.seed
    return soak(options.seconds, seed, options.acknowledge)


if __name__ == "__main__":
    raise SystemExit(main())
