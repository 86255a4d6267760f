# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""CPU of a message on CPython, against a mosquitto in another process.

Every measurement is a fresh interpreter, ``bench.cpu_peers``. In each round everybody has a turn.
"""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from .broker import running_broker
from .rows import OURS, Row, Target, medians, ratio

TOOLS = Path(__file__).resolve().parents[1]

BARE = "bare socket"
MODULES = {
    OURS: "with_nxd_mqtt",
    "paho-mqtt": "with_paho",
    "chumicro-mqtt": "with_chumicro",
    "MiniMQTT": "with_minimqtt",
    BARE: "with_socket",
}
# It needs a newer Python than we do. Where it is not installed the rows are without it.
_OPTIONAL = {"chumicro-mqtt": "chumicro_mqtt"}

# Several short ones: a send costs several times as much when it has to wake the broker up, and
# whether it has to is a mood of the machine that lasts for seconds.
_ROUNDS = 7
_QUICK_ROUNDS = 1
_QUICK_SHARE = 10
_LEAST_MESSAGES = 200
_MICROSECONDS = 1e6
_CPU_UNIT = "µs of CPU a message"  # noqa: RUF001
_CLOCK_UNIT = "µs of the clock a message"  # noqa: RUF001
_MEASUREMENT_SECONDS = 120


class Job(NamedTuple):
    """A job of ``cpu_peers.jobs``: who does how much of it, and what is wanted.

    ``fewer`` is for those who take their time, some 40 ms for each message; ``targets`` are of the
    CPU, ``wall_targets`` of the clock, by whom ours is divided by.
    """

    name: str
    function: str
    quality: int
    count: int
    fewer: dict[str, int]
    targets: dict[str, float]
    wall_targets: dict[str, float]


_PUBLISH = {"paho-mqtt": 0.6, "chumicro-mqtt": 0.8}
_RECEIVE = {"paho-mqtt": 0.6, "chumicro-mqtt": 1.0}
_SLOW = {"MiniMQTT": 3000}
_VERY_SLOW = {"paho-mqtt": 10, "chumicro-mqtt": 10, "MiniMQTT": 5}

JOBS = (
    Job("publish QoS 0", "publish", 0, 8000, _SLOW, _PUBLISH, {}),
    Job("publish QoS 1, window of 16", "publish", 1, 8000, {"MiniMQTT": 10}, _PUBLISH, {}),
    Job("receive QoS 0, a stream", "receive", 0, 8000, _SLOW, _RECEIVE, {}),
    Job("receive QoS 1, a stream", "receive", 1, 8000, _SLOW, _RECEIVE, {}),
    Job("receive QoS 0, 200 that wait", "receive_backlog", 0, 4000, {"MiniMQTT": 1000}, {}, {}),
    Job("receive QoS 1, 200 that wait", "receive_backlog", 1, 4000, {"MiniMQTT": 1000}, {}, {}),
    Job("QoS 1 round trip to itself", "round_trips", 1, 1500, _VERY_SLOW, {}, {BARE: 1.5}),
)


def measure(quick: bool) -> list[Row]:
    """All jobs.

    :param bool quick: one short round each, whose figures mean little
    """
    rows = []
    with running_broker() as port:
        for job in JOBS:
            count = max(job.count // _QUICK_SHARE, _LEAST_MESSAGES) if quick else job.count
            rounds = [
                {
                    name: run(name, job, min(job.fewer.get(name, count), count), port)
                    for name in present()
                }
                for _ in range(_QUICK_ROUNDS if quick else _ROUNDS)
            ]
            rows += rows_of(job, rounds)
    return rows


def present() -> list[str]:
    """Who can take part."""
    return [
        name
        for name in MODULES
        if name not in _OPTIONAL or importlib.util.find_spec(_OPTIONAL[name])
    ]


def run(name: str, job: Job, count: int, port: int) -> dict[str, float]:
    """One measurement: microseconds of CPU and of the clock a message.

    :param str name: whose
    """
    arguments = (MODULES[name], job.function, job.quality, count, port)
    done = subprocess.run(
        [sys.executable, "-m", "bench.cpu_peers", *map(str, arguments)],
        cwd=TOOLS,
        capture_output=True,
        text=True,
        check=False,
        timeout=_MEASUREMENT_SECONDS,
    )
    if done.returncode:
        raise RuntimeError(f"{name}, {job.name}:\n{done.stderr}")
    seconds = json.loads(done.stdout)
    return {kind: value * _MICROSECONDS for kind, value in seconds.items()}


def rows_of(job: Job, rounds: list[dict[str, dict[str, float]]]) -> list[Row]:
    """The row of the CPU, and where the clock counts, that of the clock."""
    rows = [_row(job, rounds, "cpu", _CPU_UNIT, job.targets)]
    if job.wall_targets:
        rows.append(_row(job, rounds, "wall", _CLOCK_UNIT, job.wall_targets))
    return rows


def _row(job: Job, rounds, kind: str, unit: str, targets: dict[str, float]) -> Row:
    figures = [{name: both[kind] for name, both in each.items()} for each in rounds]
    found = [
        Target("of " + name, limit, ratio(figures, OURS, name))
        for name, limit in targets.items()
        if name in figures[0]
    ]
    return Row("cpu", job.name, unit, medians(figures), found)
