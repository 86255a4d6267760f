# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The bench of a fleet: its verdict can be bad, and its limit of open files is raised or named."""

import subprocess
import sys

import pytest
from repository import ROOT

sys.path.append(str(ROOT / "tools"))

from bench import scale
from bench.fleet import Fleet, allow_open_files
from bench.scale import cpu_a_message, memory_of_fleet, rows, steepest

CALM = [{"10": 300.0, "100": 200.0, "1,000": 100.0}]
BUSY = [{"10": 90.0, "100": 92.0, "1,000": 95.0}]
MEMORY = {
    "10": {"traced": 11_000.0, "resident": 2000.0},
    "100": {"traced": 10_900.0, "resident": 9000.0},
    "1,000": {"traced": 10_800.0, "resident": 10_500.0},
}


def changed(figures, **changes):
    """A table by size with other entries."""
    return {**figures, **{name.strip("_").replace("_", ","): new for name, new in changes.items()}}


# --- the verdict ---------------------------------------------------------------------------------


def test_what_falls_with_the_size_has_not_grown():
    assert steepest(CALM) == pytest.approx(2 / 3)


def test_growth_is_found_between_any_two_sizes():
    assert steepest([{"10": 100.0, "100": 40.0, "1,000": 90.0}]) == pytest.approx(2.25)


def test_growth_is_compared_within_a_round():
    # A round on a busy machine is slower all over; that is no growth.
    rounds = [{"10": 10.0, "100": 11.0}, {"10": 30.0, "100": 33.0}, {"10": 10.0, "100": 11.0}]
    assert steepest(rounds) == pytest.approx(1.1)


def test_a_flat_fleet_meets_every_target():
    found = rows(MEMORY, CALM, BUSY)
    assert [row.part for row in found] == ["scale"] * 4
    assert all(len(row.targets) == 1 and row.targets[0].met for row in found)
    assert found[0].figures == {"10": 11_000.0, "100": 10_900.0, "1,000": 10_800.0}


@pytest.mark.parametrize(
    ("which", "memory", "calm", "busy"),
    [
        (0, changed(MEMORY, _1_000={"traced": 22_000.0, "resident": 22_000.0}), CALM, BUSY),
        (1, changed(MEMORY, _1_000={"traced": 10_800.0, "resident": 21_000.0}), CALM, BUSY),
        (2, MEMORY, [changed(CALM[0], _1_000=450.0)], BUSY),
        (3, MEMORY, CALM, [changed(BUSY[0], _1_000=180.0)]),
    ],
)
def test_what_grows_misses_its_target(which, memory, calm, busy):
    found = rows(memory, calm, busy)
    assert [row.targets[0].met for row in found] == [at != which for at in range(4)]


# --- the limit of open files ---------------------------------------------------------------------


def limited(soft, hard, program):
    """Run a program in a process with a limit of open files; returns what it prints."""
    text = (
        "import resource\n"
        f"resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))\n"
        "from bench.fleet import allow_open_files\n" + program
    )
    command = [sys.executable, "-c", text]
    done = subprocess.run(
        command, cwd=ROOT / "tools", capture_output=True, text=True, timeout=30, check=True
    )
    return done.stdout


def test_the_soft_limit_is_raised_as_far_as_needed():
    said = limited(
        128, 512, "allow_open_files(300)\nprint(resource.getrlimit(resource.RLIMIT_NOFILE))"
    ).strip()
    soft, hard = (int(number) for number in said.strip("()").split(","))
    assert 300 < soft < 512
    assert hard == 512


def test_a_soft_limit_that_suffices_stays():
    said = limited(
        256, 512, "allow_open_files(100)\nprint(resource.getrlimit(resource.RLIMIT_NOFILE))"
    )
    assert said.strip() == "(256, 512)"


def test_a_hard_limit_that_is_too_low_is_named_with_what_to_do():
    program = "try:\n    allow_open_files(1000)\nexcept RuntimeError as error:\n    print(error)\n"
    said = limited(128, 512, program)
    assert "1000 clients need 1064 open files" in said
    assert "may have 128 (hard limit 512)" in said
    assert "ulimit -Hn 1064" in said


# --- the measurements ----------------------------------------------------------------------------


def test_a_fleet_publishes_in_turns_and_its_messages_are_counted(port):
    fleet = Fleet(port, 5)
    try:
        fleet.connect()
        assert cpu_a_message(fleet, 23, 0.1) > 0
        assert [member.sent for member in fleet.members] == [5, 5, 5, 4, 4]
    finally:
        fleet.close()


def test_a_message_that_is_not_acknowledged_spoils_the_measurement(port):
    fleet = Fleet(port, 2)
    try:
        fleet.connect()
        publish_evenly = fleet.publish_evenly
        fleet.publish_evenly = lambda messages, *more: publish_evenly(messages - 1, *more)
        with pytest.raises(RuntimeError, match="9 of 10 messages"):
            cpu_a_message(fleet, 10, 0.1)
    finally:
        fleet.close()


def test_a_fleet_whose_broker_is_gone_says_so():
    fleet = Fleet(1, 2)
    with pytest.raises(RuntimeError, match="tcp"):
        fleet.connect()
    fleet.close()


def test_memory_is_counted_for_each_client(port):
    allow_open_files(100)
    found = memory_of_fleet(port, 20)
    # The store, the output buffer, the receive queue and the staging buffer alone are so much.
    assert 4 * 256 + 256 + 2048 + 512 < found["traced"] < 50_000
    assert found["resident"] >= 0


@pytest.mark.long
def test_the_quick_part_runs():
    found = scale.measure(quick=True)
    assert [list(row.figures) for row in found] == [["10", "100"]] * 4
    assert found[0].targets[0].met
