# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A fleet of clients in one process: everything arrives, and a client costs what it costs alone."""

import gc
import sys
import tracemalloc
from contextlib import closing

import brokers
import pytest
from devices import run
from repository import ROOT

sys.path.append(str(ROOT / "tools"))

from bench.fleet import Fleet, allow_open_files
from bench.scale import cpu_a_message

SECONDS = 2
# A poll reads an acknowledgement; now and then one comes for a deadline that has moved away.
POLLS_A_MESSAGE = 1.5
# Counted, so it is the same on every machine; what differs is how full lists and tables are.
MEMORY_SLACK = 1.25
# The machine is shared; a cost that rises with the size would be ten times as much.
CPU_SLACK = 3


@pytest.fixture
def start(tmp_path):
    """A function that starts one kind of broker, for so many clients."""
    started = []

    def start_broker(kind, clients):
        # The embedded broker has its ends of the connections in this process, too.
        allow_open_files(clients * 2 if kind == "embedded" else clients)
        broker = brokers.KINDS[kind](tmp_path)
        broker.start()
        started.append(broker)
        return broker

    yield start_broker
    for broker in started:
        broker.kill()


@pytest.fixture
def make_fleet():
    """A function that connects a fleet."""
    made = []

    def make(broker, size, **measures):
        fleet = Fleet(broker.port, size, **measures)
        made.append(fleet)
        fleet.connect()
        return fleet

    yield make
    for fleet in made:
        fleet.close()


def message(number, sent):
    """Topic and payload that tell who sent it and as which."""
    return b"fleet/%d" % number, b"%d of %d" % (sent, number)


@pytest.mark.parametrize(
    ("kind", "size"),
    [
        ("embedded", 50),
        ("mosquitto", 200),
        pytest.param("mosquitto", 1000, marks=pytest.mark.long),
    ],
)
def test_a_fleet_that_publishes_once_a_second_loses_nothing(
    start, make_fleet, make_device, kind, size
):
    broker = start(kind, size)
    watcher = make_device("watcher", queue=1 << 16).connect(broker).subscribe("fleet/#")
    fleet = make_fleet(broker, size)
    before = fleet.polls
    fleet.publish_evenly(size * SECONDS, SECONDS, message)
    assert fleet.polls - before <= POLLS_A_MESSAGE * size * SECONDS
    run(watcher, until=lambda: len(watcher.messages) >= size * SECONDS)
    came = {}
    for found in watcher.messages:
        came.setdefault(found.topic, []).append(found.payload)
    assert came == {
        f"fleet/{number}": [b"%d of %d" % (sent, number) for sent in range(SECONDS)]
        for number in range(size)
    }
    for member in fleet.members:
        statistics = member.statistics
        assert (statistics["connects"], statistics["resent"]) == (1, 0)
        assert statistics["acknowledged"] == statistics["published"] == SECONDS


@pytest.mark.parametrize("kind", brokers.KINDS)
def test_a_fleet_with_nothing_to_do_is_not_polled(start, make_fleet, kind):
    fleet = make_fleet(start(kind, 50), 50)
    before = fleet.polls
    fleet.run_for(0.3)
    assert fleet.polls == before


@pytest.mark.parametrize("kind", brokers.KINDS)
def test_a_silent_fleet_keeps_its_connections(start, make_fleet, kind):
    broker = start(kind, 50)
    fleet = make_fleet(broker, 50, keepalive=1)
    pings = broker.pings()
    polls = fleet.polls
    fleet.run_for(2)  # a broker ends what is silent for one and a half times as long as announced
    assert {member.statistics["state"] for member in fleet.members} == {3}
    assert broker.pings() - pings >= 2 * 50
    # One poll for the deadline and one for the answer; some deadlines have only moved away.
    assert fleet.polls - polls <= 3 * (broker.pings() - pings)


@pytest.mark.parametrize("large", [200, pytest.param(1000, marks=pytest.mark.long)])
def test_an_idle_client_takes_no_more_memory_in_a_large_fleet(start, make_fleet, large):
    broker = start("mosquitto", large + 50)
    make_fleet(broker, 1)  # what is imported and made once

    def bytes_a_client(size):
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        with closing(Fleet(broker.port, size)) as fleet:
            fleet.connect()
            gc.collect()
            return (tracemalloc.get_traced_memory()[0] - before) / size

    tracemalloc.start()
    try:
        small = bytes_a_client(20)
        assert bytes_a_client(large) <= MEMORY_SLACK * small
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("large", [200, pytest.param(1000, marks=pytest.mark.long)])
def test_a_message_takes_no_more_time_in_a_large_fleet(start, large):
    broker = start("mosquitto", large + 20)

    def cost(size):
        with closing(Fleet(broker.port, size)) as fleet:
            fleet.connect()
            fleet.publish_evenly(size, 0.2, message)  # warm
            return cpu_a_message(fleet, 500, 0.5)

    # The better of two: what others do on this machine in between only adds.
    small = min(cost(20) for _ in range(2))
    assert min(cost(large) for _ in range(2)) <= CPU_SLACK * small
