# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What a message may cost the processor, in two ways; the ceilings of both only go down.

**By the clock of the processor**, in turns of a yardstick that is measured beside it. This is what
a user pays, and it holds on any machine, but not to the last percent: a ceiling is 1.3 times of
what is usual. Noise is for a moment and a slower library is for ever, so the least of several
measurements counts.

**By counting**, to the last call: how often a function of the library is entered, how often it
calls one that is written in C, and how many lines it runs. The first two are the same on CPython
3.10 to 3.13; of the lines 3.12 tells up to one in a hundred twice. Bytecodes would say more, but
each version has its own, and on 3.12 a tracer does not see all of them. Calls alone would not do:
a loop over the bytes of a topic has none.
"""

import os
import sys
from functools import partial
from pathlib import Path
from typing import NamedTuple

import message_bench as jobs
import pytest
from message_bench import JOBS, TOPIC, WINDOW
from yardstick import in_yardsticks, untraced

import nxd_mqtt

pytestmark = pytest.mark.skipif(
    sys.implementation.name != "cpython", reason="other interpreters have proportions of their own"
)

LIBRARY = str(Path(nxd_mqtt.__file__).parent) + os.sep


class Counts(NamedTuple):
    """What the library does for a window of messages."""

    functions: int
    builtins: int
    lines: int


# Turns of the yardstick for one message: what is usual on CPython 3.11.
USUAL = {
    jobs.PublishAtQuality0: 2.55,
    jobs.PublishAtQuality1: 5.4,
    jobs.ReceiveAtQuality0: 6.8,
    jobs.ReceiveAtQuality1: 8.2,
    jobs.RoundTrip: 29.0,
}
SLACK = 1.3
MEASUREMENTS = 6

# For a window of messages. A ceiling is raised for a feature only, never for comfort.
CEILINGS = {
    jobs.PublishAtQuality0: Counts(448, 240, 1920),
    jobs.PublishAtQuality1: Counts(709, 441, 3796),
    jobs.ReceiveAtQuality0: Counts(537, 291, 3365),
    jobs.ReceiveAtQuality1: Counts(648, 301, 3797),
    jobs.RoundTrip: Counts(2128, 992, 10_800),
}
LINES_TOLD_TWICE = 0.02


@pytest.fixture
def job():
    """Makes jobs, which end with the test."""
    made = []

    def make(kind, *arguments):
        made.append(kind(*arguments))
        return made[-1]

    yield make
    for each in made:
        each.close()


every_job = pytest.mark.parametrize("kind", JOBS, ids=lambda kind: kind.__name__)


# --- by the clock of the processor ---------------------------------------------------------------


def least(work, ceiling):
    """Turns of the yardstick for a message, in the first measurement below the ceiling, or least.

    :param work: moves a window of messages and returns the seconds that it took
    """
    found = []
    while len(found) < MEASUREMENTS and min(found, default=ceiling) >= ceiling:
        found.append(in_yardsticks(work) / WINDOW)
    return min(found)


@every_job
def test_a_message_takes_no_longer_than(job, kind):
    ceiling = USUAL[kind] * SLACK
    found = least(job(kind).work, ceiling)
    assert found < ceiling, f"{found:.2f} turns of the yardstick, {USUAL[kind]:.2f} are usual"


@every_job
def test_a_library_that_takes_twice_as_long_is_noticed(job, kind):
    made = job(kind)
    assert in_yardsticks(lambda: made.work() + made.work()) / WINDOW > USUAL[kind] * SLACK


# --- by counting ---------------------------------------------------------------------------------


def calls_of(call):
    """How many functions of the library, and how many in C for it, a call enters."""
    events = []

    def note(frame, event, argument):
        if event in ("call", "c_call") and frame.f_code.co_filename.startswith(LIBRARY):
            events.append(event)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        call()
    finally:
        sys.setprofile(before)
    return events.count("call"), events.count("c_call")


def lines_of(call):
    """How many lines of the library a call runs."""
    return untraced(_lines_of, call)


def _lines_of(call):
    events = []

    def in_function(frame, event, argument):
        events.append(event)
        return in_function

    def elsewhere(frame, event, argument):
        return in_function if frame.f_code.co_filename.startswith(LIBRARY) else None

    sys.settrace(elsewhere)
    try:
        call()
    finally:
        sys.settrace(None)
    return events.count("line")


def counts(job):
    """What the library does for a window, when it has done so before."""
    job.work()
    return Counts(*job.watched(calls_of), job.watched(lines_of))


@every_job
def test_the_library_does_no_more_for_a_window_than(job, kind):
    found, ceiling = counts(job(kind)), CEILINGS[kind]
    assert found.functions <= ceiling.functions
    assert found.builtins <= ceiling.builtins
    assert found.lines <= ceiling.lines * (1 + LINES_TOLD_TWICE)


def test_what_is_counted_is_the_same_each_time(job):
    made = job(jobs.RoundTrip)
    assert counts(made) == counts(made)


def test_a_topic_that_is_checked_each_time_is_noticed(job):
    found = counts(job(jobs.PublishAtQuality0, bytearray(TOPIC)))
    ceiling = CEILINGS[jobs.PublishAtQuality0]
    assert all(more > most for more, most in zip(found, ceiling, strict=True))


def test_a_topic_that_is_looked_at_byte_by_byte_is_noticed_in_the_lines(job):
    kind = jobs.ReceiveAtQuality0
    plain, found = counts(job(kind)), counts(job(kind, TOPIC.replace(b"/", b" ")))
    assert found.functions == plain.functions
    assert found.builtins < plain.builtins
    assert found.lines > CEILINGS[kind].lines * (1 + LINES_TOLD_TWICE)


# --- what both rest upon -------------------------------------------------------------------------


def test_a_job_that_did_not_happen_is_noticed(job):
    made = job(jobs.PublishAtQuality1)
    with pytest.raises(AssertionError):
        made.watched(lambda run: None)


def test_who_traces_goes_on_afterwards():
    seen = []

    def tracer(frame, event, argument):
        seen.append(frame.f_code.co_name)

    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        untraced(partial(_one, 1))
        told = list(seen)
        _two(1)
    finally:
        sys.settrace(before)
    assert "_one" not in told
    assert seen[len(told) :] == ["_two"]


def _one(number):
    return number


def _two(number):
    return number
