# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Scale: what a client and a message cost where 10, 100 or 1,000 clients share one process.

Every client publishes at QoS 1, evenly spread, through the loop of ``fleet``: first once a second
each, then so often that the whole fleet sends 1,000 messages a second whatever its size. In the
first a small fleet sleeps most of the time and pays for its waking; the second compares like with
like. CPU is the process's, the broker is another process.

Memory is what the connected and idle clients added, with their sockets and the loop's own notes, as
the interpreter counts it (tracemalloc) and as the system does (resident pages). A fresh process
measures both, so that nothing earlier is in the way. Few clients fit into what a process has spare,
so the two are compared for the largest fleet.

Flat means that a larger fleet costs at most 1.5 of a smaller one: fleets of different sizes wake
and share caches differently, and a cost that rises with the size shows as ten or a hundred times as
much.
"""

import gc
import json
import os
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

from .broker import running_broker
from .fleet import Fleet, allow_open_files
from .rows import Row, Target, medians, ratio

SIZES = (10, 100, 1000)
SLACK = 1.5

_ROUNDS = 3
_SECONDS = 3
_BUSY_RATE = 1000
_BUSY_SECONDS = 2
_PAYLOAD = bytes(64)
_CPU_UNIT = "µs of CPU a message"  # noqa: RUF001

_TOOLS = Path(__file__).resolve().parents[1]


def steepest(rounds: list[dict[str, float]]) -> float:
    """The most that any size costs of a smaller one; the sizes are in ascending order."""
    names = list(rounds[0])
    pairs = [(large, small) for at, large in enumerate(names) for small in names[:at]]
    return max(ratio(rounds, large, small) for large, small in pairs)


def _label(size: int) -> str:
    return f"{size:,}"


def cpu_of_fleet(port: int, size: int, seconds: float, busy_seconds: float) -> tuple:
    """Microseconds of CPU a message, and the same in a fleet that is never idle.

    :param float seconds: how long each client publishes, once a second
    :param float busy_seconds: how long all of them publish 1,000 messages a second
    """
    fleet = Fleet(port, size)
    try:
        fleet.connect()
        fleet.publish_evenly(size, 1, _message)  # warm
        calm = busy = cpu_a_message(fleet, int(size * seconds), seconds)
        if size != _BUSY_RATE:
            busy = cpu_a_message(fleet, int(_BUSY_RATE * busy_seconds), busy_seconds)
        return calm, busy
    finally:
        fleet.close()


def cpu_a_message(fleet: Fleet, messages: int, seconds: float) -> float:
    """Microseconds of CPU for each of so many messages, sent in so much time by all in turn."""
    before = _acknowledged(fleet)
    began = time.process_time()
    fleet.publish_evenly(messages, seconds, _message)
    spent = time.process_time() - began
    found = _acknowledged(fleet) - before
    if found != messages:
        raise RuntimeError(f"{found} of {messages} messages acknowledged")
    return spent / messages * 1e6


def _acknowledged(fleet: Fleet) -> int:
    return sum(member.statistics["acknowledged"] for member in fleet.members)


def _message(number: int, sent: int) -> tuple[bytes, bytes]:
    return b"fleet/%d" % number, _PAYLOAD


# --- memory --------------------------------------------------------------------------------------


def resident_bytes() -> int:
    """Memory of this process as the system counts it."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    command = ["ps", "-o", "rss=", "-p", str(os.getpid())]
    return int(subprocess.run(command, check=True, capture_output=True).stdout) * 1024


def memory_of_fleet(port: int, size: int) -> dict[str, float]:
    """Bytes for each client that is connected and idle, counted in both ways."""
    _connected(port, 1).close()  # what is imported and made once
    before = _settled(resident_bytes)
    fleet = _connected(port, size)
    resident = _settled(resident_bytes) - before
    fleet.close()
    tracemalloc.start()
    before = _settled(_traced_bytes)
    fleet = _connected(port, size)
    traced = _settled(_traced_bytes) - before
    tracemalloc.stop()
    fleet.close()
    return {"resident": resident / size, "traced": traced / size}


def _connected(port: int, size: int) -> Fleet:
    fleet = Fleet(port, size)
    fleet.connect()
    return fleet


def _settled(measure) -> int:
    gc.collect()
    return measure()


def _traced_bytes() -> int:
    return tracemalloc.get_traced_memory()[0]


def _memory_in_a_process(port: int, size: int) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.scale", str(port), str(size)]
    done = subprocess.run(command, cwd=_TOOLS, check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


# --- the part ------------------------------------------------------------------------------------


def measure(quick: bool) -> list[Row]:
    """Measure all sizes; the quick one leaves the largest out, and takes no more than seconds."""
    sizes = SIZES[:2] if quick else SIZES
    rounds = 1 if quick else _ROUNDS
    seconds = (1, 1) if quick else (_SECONDS, _BUSY_SECONDS)
    # Before the broker starts, which takes this limit over.
    allow_open_files(max(sizes))
    calm, busy = [], []
    with running_broker() as port:
        memory = {_label(size): _memory_in_a_process(port, size) for size in sizes}
        for _ in range(rounds):
            found = {_label(size): cpu_of_fleet(port, size, *seconds) for size in sizes}
            calm.append({label: pair[0] for label, pair in found.items()})
            busy.append({label: pair[1] for label, pair in found.items()})
    return rows(memory, calm, busy)


def rows(memory: dict[str, dict], calm: list[dict], busy: list[dict]) -> list[Row]:
    """What was found, with its targets.

    :param dict memory: by size, bytes a client in both ways of counting
    :param list calm: a round each, CPU by size where each client publishes once a second
    :param list busy: the same where all of them publish 1,000 messages a second
    """
    traced = {label: each["traced"] for label, each in memory.items()}
    resident = {label: each["resident"] for label, each in memory.items()}
    largest = list(memory)[-1]
    spare = Target("of what the interpreter counts", SLACK, resident[largest] / traced[largest])
    return [
        _row("an idle client, by the interpreter", "bytes a client", [traced]),
        Row("scale", "an idle client, by the system", "bytes a client", resident, [spare]),
        _row("publish QoS 1, each once a second", _CPU_UNIT, calm),
        _row("publish QoS 1, 1,000 a second in all", _CPU_UNIT, busy),
    ]


def _row(name: str, unit: str, rounds: list[dict[str, float]]) -> Row:
    target = Target("of a smaller fleet", SLACK, steepest(rounds))
    return Row("scale", name, unit, medians(rounds), [target])


if __name__ == "__main__":
    PORT, SIZE = (int(argument) for argument in sys.argv[1:])
    allow_open_files(SIZE)
    print(json.dumps(memory_of_fleet(PORT, SIZE)))
