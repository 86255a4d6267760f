# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""On a small heap hundreds of links come and go, and the heap stays as it is."""

import pytest

HEAP = "112k"


def samples(output):
    """How many links there were, and the heap bytes that were taken then."""
    return {int(cycles): int(taken) for cycles, taken in map(str.split, output.splitlines())}


def check_cycles(micropython, rounds, again):
    """The heap is after all links what it was after some fifty."""
    output = micropython.run("cycles.py", rounds, int(again), heap=HEAP)
    found = samples(output)
    assert min(found) <= 60
    assert max(found) >= 500
    assert len(set(found.values())) == 1


@pytest.mark.parametrize("again", [True, False], ids=["again", "once"])
def test_hundreds_of_links_leave_no_heap_behind(micropython, again):
    check_cycles(micropython, 30, again)


@pytest.mark.long
@pytest.mark.parametrize("again", [True, False], ids=["again", "once"])
def test_thousands_of_links_leave_no_heap_behind(micropython, again):
    check_cycles(micropython, 300, again)
