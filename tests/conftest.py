# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What every test may ask for: real peers, and a summary that names those that are missing."""

import gc

import peers
import pytest
from certificates import Authority
from hypothesis import settings
from loopback import Listener
from micropython_lane import Lane
from thread_bench import Threads

from boards.desktop.broker import Broker

# The same examples on every machine, and no verdict on how fast it is: a check that passed on one
# machine passes on the next.
settings.register_profile("house", deadline=None, derandomize=True)
settings.load_profile("house")


@pytest.fixture(scope="module", autouse=True)
def frozen():
    """Each handshake begins with a collection, which need not look at all of pytest each time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="module")
def mosquitto(tmp_path_factory):
    """A running mosquitto on a loopback port, ended after the last test of the module."""
    broker = peers.Mosquitto(tmp_path_factory.mktemp("mosquitto"))
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    """What signs the certificates of all servers and clients."""
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def micropython(tmp_path_factory):
    """The MicroPython bench, with the library compiled for it."""
    return Lane(tmp_path_factory.mktemp("micropython"))


@pytest.fixture
def listener():
    """A listening socket of the system."""
    with Listener() as made:
        yield made


@pytest.fixture
def threads():
    """Threads that have to end with the test."""
    made = Threads()
    yield made
    made.join()


@pytest.fixture
def port():
    """Where an embedded broker listens that keeps every message, in a thread of this process."""
    made = Broker(0, queued_messages=0)
    made.start()
    yield made.port
    made.stop()


def pytest_terminal_summary(terminalreporter) -> None:
    """Names the missing peers in one line."""
    if peers.missing:
        terminalreporter.write_line("missing peers: " + ", ".join(sorted(peers.missing)))
