# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The fuzzer's stories on MicroPython: on a small heap nothing breaks and nothing grows."""

import re

import peers
import pytest
from micropython_lane import compile_to
from repository import ROOT

HEAP = "256k"
STORIES = 300
# What CPython alone has: its world, and the command.
_ELSEWHERE = {"desk", "run", "with_atheris"}


@pytest.fixture(scope="module")
def stories(tmp_path_factory):
    """The folder with the compiled package of the stories."""
    folder = tmp_path_factory.mktemp("stories")
    for source in (ROOT / "tests" / "fuzz").glob("*.py"):
        if source.stem not in _ELSEWHERE:
            target = folder / "fuzz" / (source.stem + ".mpy")
            compile_to(peers.need("mpy-cross"), source, target)
    return folder


@pytest.mark.parametrize("first", [0, 100_000])
def test_stories_on_a_small_heap_break_nothing_and_leave_nothing(micropython, stories, first):
    output = micropython.run("fuzz.py", str(stories), str(first), str(STORIES), heap=HEAP)
    print(output)
    assert re.search(
        rf"^stories={STORIES} heap=\d+ growth=-?\d+ of a client=-?\d+$", output, re.MULTILINE
    )
