# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A publishing process is killed at random, again and again: what it accepted arrives."""

import random
import subprocess
import sys
import time

import killed_publisher
import pytest
from devices import run

SEED = 31103
# Seconds that a process may publish before it is killed, at most.
LONGEST_LIFE = 0.15
PATIENCE_SECONDS = 20

KILLS = [
    pytest.param(10, id="10 kills"),
    pytest.param(200, id="200 kills", marks=[pytest.mark.long, pytest.mark.timeout(600)]),
]


def start(broker, path, first: int):
    command = [sys.executable, killed_publisher.__file__, str(broker.port), str(path), str(first)]
    # Without a buffer: what readline has not returned is for communicate.
    pipe = subprocess.PIPE
    return subprocess.Popen(command, bufsize=0, stdout=pipe, stderr=pipe)


def live_and_die(broker, path, first: int, life: float) -> int:
    """One life of the process; returns the number behind the last one that it accepted."""
    process = start(broker, path, first)
    line = process.stdout.readline()  # the first one: from here on it is at work
    assert line, process.stderr.read()
    time.sleep(life)
    assert process.poll() is None, process.stderr.read()
    process.kill()
    rest = process.communicate(timeout=PATIENCE_SECONDS)[0]
    # The last line may be cut off: that number was accepted, too, but nobody has been told.
    lines = (line + rest).split(b"\n")[:-1]
    assert [int(number) for number in lines] == list(range(first, first + len(lines)))
    return first + len(lines)


def last_of(subscriber) -> int:
    """The number that came last, -1 before the first."""
    return int(subscriber.messages[-1].payload) if subscriber.messages else -1


@pytest.mark.parametrize("kills", KILLS)
def test_a_publisher_that_is_killed(broker, make_device, tmp_path, kills):
    chance = random.Random(SEED)
    path = tmp_path / "outbox"
    subscriber = make_device("witness", queue=65536).connect(broker)
    subscriber.subscribe(killed_publisher.TOPIC)
    accepted = 0
    for _ in range(kills):
        accepted = live_and_die(broker, path, accepted, chance.uniform(0, LONGEST_LIFE))
        subscriber.serve()
    last = start(broker, path, killed_publisher.DRAIN)
    errors = last.communicate(timeout=PATIENCE_SECONDS)[1]
    assert last.returncode == 0, errors
    run(subscriber, until=lambda: last_of(subscriber) >= accepted - 1)
    numbers = [int(payload) for payload in subscriber.payloads()]
    lost = set(range(accepted)) - set(numbers)
    assert lost == set()
    first_times = list(dict.fromkeys(numbers))
    assert first_times == sorted(first_times)
    # A number that was accepted and not told is published again by the next process.
    assert first_times[-1] <= accepted
    assert accepted > kills
