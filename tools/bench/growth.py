# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Growth: what a message costs after many others, with many under way, and when it is a long one.

Everything is QoS 1. By number: fresh clients that move 10, 1,000 or 100,000 messages each. By
messages under way: the depth of the store is the window. Flat means that no more costs at most 1.5
of fewer: the machine is shared and its caches are small, and a cost that grows shows as many times
as much. (Less is common: one message under way is a round trip, many share a wake-up.)

By payload a bare socket moves the same bytes to and from the same broker, in turns with ours. It
reads into one buffer, looks at headers and keeps nothing; our receive queue has room for as many
messages as the publisher's window, 16, and each is taken out by ``message_get``. Bytes per second
are to be at least half of the bare socket's, by CPU time and by time on the wall.

What is received waits at the broker before the clock starts, so nobody's publishing is measured.
"""

import time
from statistics import median
from typing import NamedTuple

from .bare import BareSocket
from .broker import running_broker
from .program import Program
from .rows import Row, Target, medians, ratio
from .scale import SLACK, steepest

BARE_LIMIT = 2.0

_TOPIC = "bench"
_INBOX = "bench/in"
_PAYLOAD = bytes(64)
_WINDOW = 16
_KB = 1024
_BARE = "bare socket, "
_CPU_UNIT = "µs of CPU a message"  # noqa: RUF001
# What waits at the broker at once: fewer messages than there are identifiers, and not much memory.
_FED_MESSAGES = 20_000
_FED_BYTES = 1 << 25


class Measures(NamedTuple):
    """How much to measure."""

    rounds: int
    counts: tuple
    windows: tuple
    sizes: tuple
    # Messages a measurement at least; of long ones as many bytes as that.
    messages: int
    bytes: int


FULL = Measures(
    5, (10, 1000, 100_000), (1, 4, 16, 64), (16, _KB, 16 * _KB, 64 * _KB), 5000, 1 << 27
)
QUICK = Measures(1, (10, 1000), (1, 16), (16, 64 * _KB), 1000, 1 << 23)


class Cost(NamedTuple):
    """Seconds a message: of CPU, and on the wall."""

    cpu: float
    wall: float


class _Clock:
    """Adds up what is spent in its blocks."""

    def __init__(self) -> None:
        self._cpu = self._wall = 0.0

    def __enter__(self) -> None:
        self._began = time.process_time(), time.perf_counter()

    def __exit__(self, *_) -> None:
        self._cpu += time.process_time() - self._began[0]
        self._wall += time.perf_counter() - self._began[1]

    def cost(self, messages: int) -> Cost:
        """What each of so many messages took."""
        return Cost(self._cpu / messages, self._wall / messages)


# --- one measurement -----------------------------------------------------------------------------


def publish_ours(port: int, payload: bytes, count: int, runs: int, window: int = _WINDOW) -> Cost:
    """Fresh clients that publish ``count`` messages each."""
    clock = _Clock()
    topic = _TOPIC.encode()
    for _ in range(runs):
        program = Program(port, "ours", len(payload) + 64, window)
        with clock:
            program.publish(topic, payload, count)
        program.close()
    return clock.cost(count * runs)


def publish_bare(port: int, payload: bytes, count: int, runs: int) -> Cost:
    """The same by a bare socket."""
    clock = _Clock()
    for _ in range(runs):
        bare = BareSocket(port, "bare")
        with clock:
            bare.publish(_TOPIC, payload, count, _WINDOW)
        bare.close()
    return clock.cost(count * runs)


def receive_ours(port: int, payload: bytes, count: int, runs: int) -> Cost:
    """Fresh clients that receive ``count`` messages each."""
    clock = _Clock()
    queue = max(8192, _WINDOW * (len(payload) + 64))
    for _ in range(runs):
        program = Program(port, "ours", queue=queue)
        program.subscribe(_INBOX.encode())
        for part in _fed(port, payload, count):
            with clock:
                program.receive(part)
        program.close()
    return clock.cost(count * runs)


def receive_bare(port: int, payload: bytes, count: int, runs: int) -> Cost:
    """The same by a bare socket."""
    clock = _Clock()
    for _ in range(runs):
        bare = BareSocket(port, "bare")
        bare.subscribe(_INBOX)
        for part in _fed(port, payload, count):
            with clock:
                bare.receive(_INBOX, part)
        bare.close()
    return clock.cost(count * runs)


def _fed(port: int, payload: bytes, count: int):
    """Sees that messages wait at the broker; yields how many do, until it was ``count``."""
    most = min(_FED_MESSAGES, max(_FED_BYTES // max(len(payload), 1), 1))
    while count:
        part = min(count, most)
        feeder = BareSocket(port, "feeder")
        feeder.publish(_INBOX, payload, part, _WINDOW)
        feeder.close()
        yield part
        count -= part


# --- the rows ------------------------------------------------------------------------------------


def measure(quick: bool) -> list[Row]:
    """Measure by number, by messages under way and by payload."""
    measures = QUICK if quick else FULL
    with running_broker() as port:
        return [
            by_number("publish QoS 1", publish_ours, port, measures),
            by_number("receive QoS 1", receive_ours, port, measures),
            by_window(port, measures),
            *by_payload("publish QoS 1", (publish_ours, publish_bare), port, measures),
            *by_payload("receive QoS 1", (receive_ours, receive_bare), port, measures),
        ]


def by_number(name: str, run, port: int, measures: Measures) -> Row:
    """What a message costs a client that moves 10, 1,000 or 100,000 of them."""

    def cost(count: int) -> float:
        return _microseconds(run(port, _PAYLOAD, count, max(measures.messages // count, 1)))

    # The long runs need fewer rounds to agree.
    rounds = [
        {f"{count:,}": cost(count) for count in measures.counts}
        for _ in range((measures.rounds + 1) // 2)
    ]
    return flat_row(name + ", by number", rounds, "of fewer messages")


def by_window(port: int, measures: Measures) -> Row:
    """What a message costs where 1 to 64 are without their acknowledgement."""
    rounds = [
        {
            f"{window}": _microseconds(publish_ours(port, _PAYLOAD, measures.messages, 1, window))
            for window in measures.windows
        }
        for _ in range(measures.rounds)
    ]
    return flat_row("publish QoS 1, by messages under way", rounds, "of fewer under way")


def flat_row(name: str, rounds: list[dict[str, float]], what: str) -> Row:
    """A row whose figures are to be flat."""
    target = Target(what, SLACK, steepest(rounds))
    return Row("growth", name, _CPU_UNIT, medians(rounds), [target])


def by_payload(name: str, runs: tuple, port: int, measures: Measures) -> list[Row]:
    """What a message costs by the size of its payload, the largest beside a bare socket."""
    largest = measures.sizes[-1]
    rounds = []
    for _ in range(measures.rounds):
        found = {
            size_text(size): _by_size(runs[0], port, size, measures) for size in measures.sizes
        }
        found[_BARE + size_text(largest)] = _by_size(runs[1], port, largest, measures)
        rounds.append(found)
    return payload_rows(name, rounds, largest)


def _by_size(run, port: int, size: int, measures: Measures) -> Cost:
    return run(port, bytes(size), min(measures.messages, measures.bytes // size), 1)


def payload_rows(name: str, rounds: list[dict[str, Cost]], largest: int) -> list[Row]:
    """The rows of costs by payload, of which the last is the bare socket's.

    :param int largest: bytes of the largest payload
    """
    text = size_text(largest)
    cpu = [{label: _microseconds(cost) for label, cost in each.items()} for each in rounds]
    speeds = {
        "nxd_mqtt": median(largest / each[text].wall for each in rounds) / 1e6,
        "bare socket": median(largest / each[_BARE + text].wall for each in rounds) / 1e6,
    }
    walls = [{label: cost.wall for label, cost in each.items()} for each in rounds]
    return [
        Row("growth", name + ", by payload", _CPU_UNIT, medians(cpu), [_beside_bare(cpu, text)]),
        Row("growth", f"{name}, {text}", "MB a second", speeds, [_beside_bare(walls, text)]),
    ]


def _beside_bare(rounds: list[dict[str, float]], text: str) -> Target:
    return Target(
        f"of a bare socket's time at {text}", BARE_LIMIT, ratio(rounds, text, _BARE + text)
    )


def size_text(size: int) -> str:
    """A number of bytes for people: 16 bytes, 64 KB."""
    return f"{size} bytes" if size < _KB else f"{size // _KB} KB"


def _microseconds(cost: Cost) -> float:
    return cost.cpu * 1e6
