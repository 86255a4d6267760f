# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""ThreadX's threads and time, by the stories of its own regression tests, and the kernel itself."""

import asyncio

import pytest
from tx_bench import Stage, others_run

from nxd_mqtt.tx import *


@pytest.fixture
def stage():
    return Stage()


def counts_and_suspends(stage, name, priority=16, auto_start=TX_AUTO_START):
    """A thread that counts, and suspends itself, again and again."""

    async def entry(_):
        while True:
            stage.count[name] += 1
            await tx_thread_suspend(tx_thread_identify())

    return stage.thread(priority, auto_start)(entry)


def counts_once(stage, name, priority=16, auto_start=TX_AUTO_START):
    """A thread that counts, tells its name and ends."""

    async def entry(_):
        stage.count[name] += 1
        stage.told.append(name)

    return stage.thread(priority, auto_start)(entry)


# --- the stories of ThreadX's tests ---------------------------------------------------------------


async def refusals(thread):
    """What every call says of what is no thread, and of wrong arguments."""
    missing = TX_THREAD()
    for wrong in (None, missing, TX_SEMAPHORE()):
        assert tx_thread_delete(wrong) == TX_THREAD_ERROR
        assert tx_thread_info_get(wrong) == (TX_THREAD_ERROR,) + (None,) * 8
        assert tx_thread_preemption_change(wrong, 1) == (TX_THREAD_ERROR, None)
        assert tx_thread_priority_change(wrong, 1) == (TX_THREAD_ERROR, None)
        assert tx_thread_time_slice_change(wrong, 1) == (TX_THREAD_ERROR, None)
        assert tx_thread_reset(wrong) == TX_THREAD_ERROR
        assert tx_thread_resume(wrong) == TX_THREAD_ERROR
        assert tx_thread_wait_abort(wrong) == TX_THREAD_ERROR
        assert await tx_thread_suspend(wrong) == TX_THREAD_ERROR
        assert await tx_thread_terminate(wrong) == TX_THREAD_ERROR
    assert tx_thread_preemption_change(thread, 17) == (TX_THRESH_ERROR, None)
    assert tx_thread_priority_change(thread, 2046) == (TX_PRIORITY_ERROR, None)
    assert tx_thread_reset(thread) == TX_NOT_DONE
    assert tx_thread_wait_abort(thread) == TX_WAIT_ABORT_ERROR
    assert tx_thread_resume(thread) == TX_RESUME_ERROR


def create(thread, entry, priority=16, threshold=16, auto_start=TX_AUTO_START):
    """Create a thread as C does it."""
    return tx_thread_create(
        thread, "thread", entry, 1, None, 0, priority, threshold, TX_NO_TIME_SLICE, auto_start
    )


def test_thread_basic_execution(stage):
    @stage.thread(16)
    async def thread_0(_):
        assert tx_thread_identify() is thread_0
        assert create(None, refusals) == TX_THREAD_ERROR
        assert create(thread_0, refusals) == TX_THREAD_ERROR
        for arguments, status in (
            ((None,), TX_PTR_ERROR),
            ((refusals, 5000, 5000), TX_PRIORITY_ERROR),
            ((refusals, 16, 17), TX_THRESH_ERROR),
            ((refusals, 16, 16, 3456), TX_START_ERROR),
        ):
            assert create(TX_THREAD(), *arguments) == status
        await refusals(thread_0)

    stage.play()


def test_thread_completed(stage):
    counted = counts_once(stage, "thread_0", 16)

    async def entry(_):
        assert tx_thread_delete(thread_2) == TX_DELETE_ERROR
        assert tx_thread_info_get(counted)[2] == TX_COMPLETED
        assert await tx_thread_suspend(counted) == TX_SUSPEND_ERROR
        assert tx_thread_resume(counted) == TX_RESUME_ERROR
        assert await tx_thread_terminate(counted) == TX_SUCCESS
        assert tx_thread_info_get(counted)[2] == TX_COMPLETED
        await tx_thread_sleep(2)
        assert tx_thread_delete(thread_2) == TX_SUCCESS
        assert tx_thread_delete(thread_2) == TX_THREAD_ERROR
        stage.told.append("end")

    stage.thread(17)(entry)

    @stage.thread(18)
    async def thread_2(_):
        pass

    stage.play()
    assert stage.told == ["thread_0", "end"]


def test_thread_relinquish(stage):
    """Threads of one priority run by turns."""
    for name in "abc":

        async def entry(_, name=name):
            for turn in range(4):
                stage.told.append((turn, name))
                await tx_thread_relinquish()

        stage.thread()(entry)
    stage.play()
    assert stage.told == [(turn, name) for turn in range(4) for name in "abc"]


def test_thread_simple_suspend(stage):
    thread_1 = counts_and_suspends(stage, "thread_0", 16)

    @stage.thread(17)
    async def thread_0(_):
        await others_run()
        assert tx_thread_info_get(thread_1)[2] == TX_SUSPENDED
        assert stage.count == {"thread_0": 1}

    stage.threads.reverse()
    stage.play()


def test_thread_multiple_suspension(stage):
    @stage.thread(31)
    async def thread_5(_):
        def states():
            return [tx_thread_info_get(thread)[2] for thread in threads]

        await others_run()
        assert states() == [TX_SUSPENDED] * 5
        assert set(stage.count.values()) == {1}
        for number, thread in enumerate(threads):
            assert states() == [TX_READY] * number + [TX_SUSPENDED] * (5 - number)
            assert tx_thread_resume(thread) == TX_SUCCESS
            assert set(stage.count.values()) == {1}
        await others_run()
        assert states() == [TX_SUSPENDED] * 5
        assert set(stage.count.values()) == {2}
        assert await tx_thread_suspend(threads[4]) == TX_SUCCESS
        assert tx_thread_resume(threads[4]) == TX_SUCCESS

    threads = [counts_and_suspends(stage, f"thread_{number}") for number in range(5)]
    stage.play()


def test_thread_multiple_non_current(stage):
    @stage.thread()
    async def thread_0(_):
        assert tx_thread_resume(thread_1) == TX_SUCCESS
        assert tx_thread_resume(thread_2) == TX_SUCCESS
        assert tx_thread_resume(thread_3) == TX_SUCCESS
        assert tx_thread_info_get(thread_1)[2] == TX_READY
        assert stage.told == []
        await others_run()
        assert tx_thread_resume(thread_4) == TX_SUCCESS
        await others_run()
        # Those that end at once end before anybody can suspend them.
        assert stage.told == ["thread_1", "thread_2", "thread_3", "thread_4"]
        assert await tx_thread_suspend(thread_1) == TX_SUSPEND_ERROR

    thread_1, thread_2, thread_3, thread_4 = (
        counts_once(stage, f"thread_{number}", 16, TX_DONT_START) for number in range(1, 5)
    )
    stage.play()


def sleeper(stage, times):
    """Sleep, with the time set to 0 before each."""

    @stage.thread()
    async def thread_0(_):
        for ticks in times:
            tx_time_set(0)
            assert await tx_thread_sleep(ticks) == TX_SUCCESS
            assert tx_time_get() == ticks

    stage.play()


def test_thread_simple_sleep(stage):
    sleeper(stage, [2, 18])


def test_thread_simple_sleep_non_clear(stage):
    @stage.thread()
    async def thread_0(_):
        tx_time_set(0)
        for slept in (18, 36, 54):
            assert await tx_thread_sleep(18) == TX_SUCCESS
            assert tx_time_get() == slept

    stage.play()


def test_thread_sleep_for_100ticks(stage):
    sleeper(stage, [100, 0, 1, 100])


def test_thread_multiple_sleep(stage):
    """Threads that sleep for different times wake in the order of these."""
    for ticks in (7, 3, 33, 1, 20):

        async def entry(_, ticks=ticks):
            for _ in range(3):
                await tx_thread_sleep(ticks)
                stage.told.append((tx_time_get(), ticks))

        stage.thread()(entry)
    stage.play()
    times = [time for time, _ in stage.told]
    assert times == sorted(times)
    assert {ticks * turn for ticks in (7, 3, 33, 1, 20) for turn in (1, 2, 3)} == set(times)


def test_thread_sleep_terminate(stage):
    @stage.thread(17)
    async def thread_0(_):
        await tx_thread_sleep(5)
        assert tx_thread_info_get(thread_1)[2] == TX_SLEEP
        assert await tx_thread_terminate(thread_1) == TX_SUCCESS
        assert tx_thread_info_get(thread_1)[2] == TX_TERMINATED
        assert await tx_thread_suspend(thread_1) == TX_SUSPEND_ERROR
        assert tx_thread_wait_abort(thread_1) == TX_WAIT_ABORT_ERROR

    @stage.thread(18)
    async def thread_1(_):
        stage.told.append("sleeps")
        await tx_thread_sleep(100)
        stage.told.append("wakes")

    stage.play()
    assert stage.told == ["sleeps"]
    assert tx_time_get() == 5


def test_thread_terminate_delete(stage):
    semaphore = TX_SEMAPHORE()

    @stage.thread()
    async def thread_0(_):
        await others_run()
        states = [tx_thread_info_get(thread)[2] for thread in (thread_1, thread_2, thread_3)]
        assert states == [TX_TERMINATED, TX_SUSPENDED, TX_SEMAPHORE_SUSP]
        for thread in (thread_2, thread_3):
            assert await tx_thread_terminate(thread) == TX_SUCCESS
        for thread in (thread_1, thread_2, thread_3):
            assert tx_thread_delete(thread) == TX_SUCCESS
        assert tx_semaphore_info_get(semaphore)[4] == 0

    @stage.thread()
    async def thread_1(_):
        assert tx_thread_identify() is thread_1
        await tx_thread_terminate(thread_1)
        stage.told.append("never")

    @stage.thread()
    async def thread_2(_):
        await tx_thread_suspend(thread_2)
        stage.told.append("never")

    @stage.thread(12)
    async def thread_3(_):
        await tx_semaphore_get(semaphore, TX_WAIT_FOREVER)
        stage.told.append("never")

    stage.play(lambda _: tx_semaphore_create(semaphore, "semaphore 0", 0))
    assert stage.told == []


def test_thread_preemption_change(stage):
    """The threshold is kept, and has no effect."""

    @stage.thread(16)
    async def thread_0(_):
        assert tx_thread_preemption_change(thread_0, 8) == (TX_SUCCESS, 16)
        assert tx_thread_info_get(thread_0)[4:6] == (16, 8)
        assert tx_thread_preemption_change(thread_0, 17) == (TX_THRESH_ERROR, None)
        assert tx_thread_preemption_change(thread_0, 16) == (TX_SUCCESS, 8)

    stage.play()


def test_thread_priority_change(stage):
    @stage.thread(7)
    async def thread_0(_):
        await others_run()
        for new, old in ((21, 22), (19, 21), (8, 19), (7, 8)):
            assert tx_thread_priority_change(thread_1, new) == (TX_SUCCESS, old)
        for new, old in ((22, 7), (8, 22), (7, 8)):
            assert tx_thread_priority_change(thread_0, new) == (TX_SUCCESS, old)
        assert tx_thread_info_get(thread_1)[2:6] == (TX_SUSPENDED, 1, 7, 7)
        assert tx_thread_resume(thread_1) == TX_SUCCESS
        await others_run()
        assert stage.count == {"thread_1": 2}

    thread_1 = counts_and_suspends(stage, "thread_1", 22)
    stage.play()


def test_thread_time_slice_change(stage):
    """The time slice is kept, and has no effect."""

    @stage.thread()
    async def thread_0(_):
        assert tx_thread_time_slice_change(thread_0, 10) == (TX_SUCCESS, 0)
        assert tx_thread_time_slice_change(thread_0, TX_NO_TIME_SLICE) == (TX_SUCCESS, 10)

    stage.play()


def test_thread_delayed_suspension(stage):
    semaphore = TX_SEMAPHORE()

    @stage.thread()
    async def thread_0(_):
        await others_run()
        # It waits; when its wait has ended it is suspended.
        assert await tx_thread_suspend(thread_1) == TX_SUCCESS
        assert tx_thread_info_get(thread_1)[2] == TX_SEMAPHORE_SUSP
        tx_semaphore_put(semaphore)
        await others_run()
        assert tx_thread_info_get(thread_1)[2] == TX_SUSPENDED
        assert stage.count == {}
        assert tx_thread_resume(thread_1) == TX_SUCCESS
        await others_run()
        # What it was released with has not been forgotten meanwhile.
        assert stage.count == {TX_SUCCESS: 1}
        assert await tx_thread_suspend(thread_1) == TX_SUCCESS
        assert tx_thread_resume(thread_1) == TX_SUSPEND_LIFTED
        tx_semaphore_put(semaphore)
        await others_run()
        assert stage.count == {TX_SUCCESS: 2}

    @stage.thread()
    async def thread_1(_):
        while True:
            status = await tx_semaphore_get(semaphore, TX_WAIT_FOREVER)
            stage.count[status] += 1

    stage.play(lambda _: tx_semaphore_create(semaphore, "semaphore 0", 0))


def test_thread_wait_abort(stage):
    @stage.thread(16)
    async def thread_0(_):
        await others_run()
        assert tx_thread_info_get(thread_1)[2] == TX_SLEEP
        assert tx_thread_wait_abort(thread_1) == TX_SUCCESS
        assert tx_thread_wait_abort(thread_1) == TX_WAIT_ABORT_ERROR
        await others_run()
        assert tx_thread_info_get(thread_1)[2] == TX_SUSPENDED
        assert tx_thread_wait_abort(thread_1) == TX_WAIT_ABORT_ERROR

    @stage.thread(15)
    async def thread_1(_):
        stage.told.append(await tx_thread_sleep(1000000000))
        await tx_thread_suspend(thread_1)

    stage.play()
    assert stage.told == [TX_WAIT_ABORTED]
    assert tx_time_get() == 0


def test_thread_information(stage):
    @stage.thread(16)
    async def thread_0(_):
        assert tx_thread_info_get(thread_0)[:3] == (TX_SUCCESS, "thread_0", TX_READY)
        assert tx_thread_info_get(thread_0)[4:8] == (16, 16, 0, thread_1)
        await others_run()
        assert tx_thread_info_get(thread_1)[2:5] == (TX_SUSPENDED, 1, 17)
        assert tx_thread_info_get(thread_1)[7:] == (thread_0, thread_1)
        tx_thread_resume(thread_1)
        await others_run()
        assert tx_thread_info_get(thread_1)[2:4] == (TX_SUSPENDED, 2)

    thread_1 = counts_and_suspends(stage, "thread_1", 17)
    stage.play()


def test_thread_reset(stage):
    counted = counts_once(stage, "thread_0")

    async def entry(_):
        await others_run()
        assert tx_thread_info_get(counted)[2] == TX_COMPLETED
        assert tx_thread_reset(thread_2) == TX_NOT_DONE
        assert tx_thread_reset(counted) == TX_SUCCESS
        assert tx_thread_info_get(counted)[2] == TX_SUSPENDED
        assert stage.count["thread_0"] == 1
        assert await tx_thread_terminate(counted) == TX_SUCCESS
        assert tx_thread_info_get(counted)[2] == TX_TERMINATED
        assert tx_thread_reset(counted) == TX_SUCCESS
        assert tx_thread_resume(counted) == TX_SUCCESS
        await others_run()
        assert tx_thread_info_get(counted)[2] == TX_COMPLETED
        assert stage.count["thread_0"] == 2

    stage.thread(17)(entry)
    thread_2 = counts_and_suspends(stage, "thread_2", 18)
    stage.play()
    assert stage.threads[1].state == TX_COMPLETED


def test_time_get_set(stage):
    @stage.thread()
    async def thread_0(_):
        await tx_thread_sleep(1)
        tx_time_set(0)
        await tx_thread_sleep(35)
        assert tx_time_get() == 35
        tx_time_set(7)
        assert tx_time_get() == 7

    stage.play()


# --- each call ------------------------------------------------------------------------------------


def test_create(stage):
    """A thread may create threads; both ways of starting."""
    started, waiting = TX_THREAD(), TX_THREAD()

    async def entry(entry_input):
        stage.told.append(entry_input)

    @stage.thread()
    async def thread_0(_):
        tx_thread_create(started, "", entry, "started", None, 0, 3)
        tx_thread_create(waiting, "", entry, "waiting", None, 0, 3, 3, 0, TX_DONT_START)
        assert stage.told == []
        await others_run()
        assert stage.told == ["started"]
        tx_thread_resume(waiting)
        await others_run()
        assert stage.told == ["started", "waiting"]

    stage.play()


def test_an_entry_that_never_waits_may_be_a_plain_function(stage):
    tasks = []

    @stage.thread()
    def thread_0(_):
        tasks.append(tx_thread_identify())

    stage.play()
    assert tasks == [thread_0]


def test_threads_begin_by_priority_and_then_in_the_order_of_creation(stage):
    for name, priority in (("d", 9), ("b", 3), ("c", 3), ("e", 9), ("a", 0), ("f", 31)):
        counts_once(stage, name, priority)
    stage.play()
    assert "".join(stage.told) == "abcdef"


def test_sleep(stage):
    """Others run while one sleeps; no time, no sleep; outside of threads nobody sleeps."""

    async def outside():
        stage.told.append(await tx_thread_sleep(1))

    @stage.thread()
    async def thread_0(_):
        assert await tx_thread_sleep(0) == TX_SUCCESS
        assert tx_time_get() == 0
        await asyncio.create_task(outside())
        assert await tx_thread_sleep(10) == TX_SUCCESS
        assert stage.told == [TX_CALLER_ERROR] + list(range(1, 10))

    @stage.thread()
    async def thread_1(_):
        for _ in range(9):
            await tx_thread_sleep(1)
            stage.told.append(tx_time_get())

    stage.play()


def test_a_long_sleep_is_as_long_as_it_should_be(stage):
    ticks = 100 * 60 * 60 * 24 * 400

    @stage.thread()
    async def thread_0(_):
        await tx_thread_sleep(ticks)
        assert tx_time_get() == ticks

    stage.play()


def test_time(stage):
    """It wraps at 32 bits, begins anew with the kernel, and waits do not follow it."""

    @stage.thread()
    async def thread_0(_):
        assert tx_time_get() == 0
        assert tx_time_set(0xFFFFFFFF) == TX_SUCCESS
        await tx_thread_sleep(1)
        assert tx_time_get() == 0
        tx_thread_resume(thread_1)
        await others_run()
        tx_time_set(5000)
        await tx_thread_sleep(9)
        assert stage.told == []
        await tx_thread_sleep(2)
        assert stage.told == [5010]

    @stage.thread(16, TX_DONT_START)
    async def thread_1(_):
        await tx_thread_sleep(10)
        stage.told.append(tx_time_get())

    stage.play()
    Stage().run(lambda _: stage.told.append(tx_time_get()))
    assert stage.told[-1] == 0


def test_relinquish(stage):
    """A loop of calls that need not wait lets the others run, whatever its priority."""
    semaphore = TX_SEMAPHORE()

    @stage.thread(0)
    async def thread_0(_):
        while not stage.told:
            assert await tx_thread_relinquish() == TX_SUCCESS
            stage.count["turns"] += 1

    @stage.thread(0)
    async def thread_1(_):
        while not stage.told:
            tx_semaphore_put(semaphore)
            assert await tx_semaphore_get(semaphore, TX_WAIT_FOREVER) == TX_SUCCESS
            stage.count["gets"] += 1

    @stage.thread(31)
    async def thread_2(_):
        for _ in range(20):
            await tx_thread_relinquish()
        stage.told.append("done")

    stage.play(lambda _: tx_semaphore_create(semaphore, "semaphore", 0))
    assert 15 < stage.count["turns"] < 25
    assert 15 < stage.count["gets"] < 25


def test_suspend(stage):
    """Another thread stops at its next call, whatever that is."""

    @stage.thread()
    async def thread_0(_):
        await others_run()
        count = stage.count["turns"]
        assert await tx_thread_suspend(thread_1) == TX_SUCCESS
        await others_run()
        assert tx_thread_info_get(thread_1)[2] == TX_SUSPENDED
        assert stage.count["turns"] <= count + 2
        assert await tx_thread_terminate(thread_1) == TX_SUCCESS

    @stage.thread()
    async def thread_1(_):
        while True:
            await tx_thread_relinquish()
            stage.count["turns"] += 1

    stage.play()


def test_resume(stage):
    """It goes on where it was suspended; what is to be suspended is not."""

    @stage.thread()
    async def thread_0(_):
        await others_run()
        assert tx_thread_resume(thread_1) == TX_SUCCESS
        assert tx_thread_resume(thread_1) == TX_RESUME_ERROR
        await others_run()
        assert stage.count == {"thread_1": 2}
        assert await tx_thread_suspend(thread_2) == TX_SUCCESS
        assert tx_thread_resume(thread_2) == TX_SUSPEND_LIFTED
        await tx_thread_sleep(2)
        assert stage.told == ["end"]

    thread_1 = counts_and_suspends(stage, "thread_1")

    @stage.thread()
    async def thread_2(_):
        await tx_thread_sleep(1)
        stage.told.append("end")

    stage.play()


@pytest.mark.parametrize("who", ["itself", "another"])
def test_terminate(stage, who):
    """What is in ``finally`` is heeded."""

    @stage.thread()
    async def thread_0(_):
        await tx_thread_sleep(1)
        assert await tx_thread_terminate(thread_1) == TX_SUCCESS
        await others_run()
        assert stage.told == ["begin", "finally"]
        assert tx_thread_info_get(thread_1)[2] == TX_TERMINATED

    @stage.thread()
    async def thread_1(_):
        stage.told.append("begin")
        try:
            if who == "itself":
                await tx_thread_terminate(thread_1)
            await tx_thread_sleep(100)
            stage.told.append("never")
        finally:
            stage.told.append("finally")

    stage.play()


def test_a_thread_that_another_has_ended_is_none_in_its_finally(stage):
    mutex = TX_MUTEX()

    @stage.thread()
    async def thread_0(_):
        await others_run()
        await tx_thread_terminate(thread_1)
        await others_run()

    @stage.thread()
    async def thread_1(_):
        await tx_mutex_get(mutex, TX_NO_WAIT)
        try:
            await tx_thread_sleep(100)
        finally:
            stage.told.append(tx_thread_identify())
            stage.told.append(tx_mutex_put(mutex))
            stage.told.append(await tx_thread_sleep(100))

    stage.play(lambda _: tx_mutex_create(mutex, "mutex", TX_NO_INHERIT))
    assert stage.told == [None, TX_NOT_OWNED, TX_CALLER_ERROR]
    assert tx_time_get() == 0


def test_a_thread_that_has_not_begun_never_does_when_it_is_terminated(stage):
    late = TX_THREAD()

    async def entry(_):
        stage.told.append("never")

    @stage.thread()
    async def thread_0(_):
        await tx_thread_relinquish()
        tx_thread_create(late, "", entry, None, None, 0, 3, 3, 0, TX_DONT_START)
        assert await tx_thread_terminate(late) == TX_SUCCESS
        assert tx_thread_resume(late) == TX_RESUME_ERROR

    stage.play()
    assert stage.told == []


def test_a_terminated_thread_may_be_reset_and_resumed_before_it_has_left(stage):
    @stage.thread()
    async def thread_0(_):
        await others_run()
        assert await tx_thread_suspend(thread_1) == TX_SUCCESS
        assert await tx_thread_terminate(thread_1) == TX_SUCCESS
        # It is not to be suspended any more.
        assert tx_thread_resume(thread_1) == TX_RESUME_ERROR
        assert tx_thread_reset(thread_1) == TX_SUCCESS
        assert tx_thread_resume(thread_1) == TX_SUCCESS
        await others_run()
        assert stage.told == ["begins", "leaves", "begins"]
        assert tx_thread_info_get(thread_1)[2] == TX_SLEEP

    @stage.thread()
    async def thread_1(_):
        stage.told.append("begins")
        try:
            await tx_thread_sleep(5)
        finally:
            stage.told.append("leaves")

    stage.play()
    assert stage.told == ["begins", "leaves", "begins", "leaves"]
    assert thread_1.state == TX_COMPLETED


def test_identify(stage):
    async def outside():
        stage.told.append(tx_thread_identify())

    @stage.thread()
    async def thread_0(_):
        assert tx_thread_identify() is thread_0
        await asyncio.create_task(outside())
        stage.later(1, lambda: stage.told.append(tx_thread_identify()))
        await tx_thread_sleep(2)
        assert tx_thread_identify() is thread_0

    stage.play(lambda _: stage.told.append(tx_thread_identify()))
    assert stage.told == [None, None, None]
    assert tx_thread_identify() is None


# --- the kernel -----------------------------------------------------------------------------------


def test_the_kernel_returns_when_no_thread_is_left_that_can_run(stage):
    semaphore = TX_SEMAPHORE()

    @stage.thread()
    async def thread_0(_):
        await tx_thread_sleep(3)

    @stage.thread()
    async def thread_1(_):
        try:
            await tx_semaphore_get(semaphore, TX_WAIT_FOREVER)
        finally:
            stage.told.append(("semaphore", tx_time_get()))

    @stage.thread()
    async def thread_2(_):
        try:
            await tx_thread_suspend(thread_2)
        finally:
            stage.told.append(("suspended", tx_time_get()))

    @stage.thread()
    async def thread_3(_):
        await tx_semaphore_get(semaphore, 7)
        stage.told.append(("limited", tx_time_get()))

    stage.play(lambda _: tx_semaphore_create(semaphore, "semaphore", 0))
    assert stage.told == [("limited", 7), ("semaphore", 7), ("suspended", 7)]
    assert [thread.state for thread in stage.threads[1:3]] == [TX_TERMINATED] * 2


def test_minus_one_is_for_ever_as_in_c(stage):
    semaphore = TX_SEMAPHORE()

    @stage.thread()
    async def thread_0(_):
        await tx_thread_sleep(3)

    @stage.thread()
    async def thread_1(_):
        stage.told.append(await tx_semaphore_get(semaphore, -1))

    stage.play(lambda _: tx_semaphore_create(semaphore, "semaphore", 0))
    assert stage.told == []
    assert tx_time_get() == 3


def test_an_application_without_threads_is_over_at_once():
    assert tx_kernel_enter() == TX_SUCCESS
    told = []
    assert tx_kernel_enter(told.append) == TX_SUCCESS
    # There is no first unused memory.
    assert told == [None]


def test_the_kernel_can_be_entered_again_with_the_same_objects(stage):
    semaphore, group, mutex = TX_SEMAPHORE(), TX_EVENT_FLAGS_GROUP(), TX_MUTEX()

    def define(_):
        assert tx_semaphore_create(semaphore, "semaphore", 1) == TX_SUCCESS
        assert tx_event_flags_create(group, "group") == TX_SUCCESS
        assert tx_mutex_create(mutex, "mutex", TX_INHERIT) == TX_SUCCESS
        assert tx_thread_create(TX_THREAD(), "", entry, None, None, 0, 3) == TX_SUCCESS

    async def entry(_):
        await tx_mutex_get(mutex, TX_NO_WAIT)
        tx_event_flags_set(group, 1, TX_OR)
        stage.told.append(await tx_semaphore_get(semaphore, TX_NO_WAIT))
        await tx_semaphore_get(semaphore, TX_WAIT_FOREVER)

    for _ in range(3):
        stage.run(define)
        assert (group.flags, mutex.owner) == (1, None)
    assert stage.told == [TX_SUCCESS] * 3


def test_a_kernel_or_a_loop_within_is_an_error(stage):
    @stage.thread()
    async def thread_0(_):
        stage.told.append(tx_kernel_enter(stage.told.append))

    stage.play()

    async def loop():
        stage.told.append(tx_kernel_enter(stage.told.append))

    asyncio.run(loop())
    assert stage.told == [TX_CALLER_ERROR, TX_CALLER_ERROR]


def test_an_exception_ends_its_thread_and_the_others_and_is_raised(stage):
    mutex = TX_MUTEX()

    @stage.thread()
    async def thread_0(_):
        await tx_mutex_get(mutex, TX_NO_WAIT)
        await tx_thread_sleep(5)
        raise ZeroDivisionError

    @stage.thread()
    async def thread_1(_):
        try:
            await tx_thread_sleep(100)
        finally:
            stage.told.append(tx_time_get())

    with pytest.raises(ZeroDivisionError):
        stage.run(lambda _: (tx_mutex_create(mutex, "mutex", 0), stage.define(_)))
    assert stage.told == [5]
    assert [thread.state for thread in stage.threads] == [TX_TERMINATED] * 2
    assert mutex.owner is None
    # And the next kernel knows nothing of it.
    Stage().run(None)


def test_a_thread_that_is_created_while_the_kernel_ends_does_not_begin(stage):
    async def late(_):
        stage.told.append("never")

    @stage.thread()
    async def thread_0(_):
        await tx_thread_sleep(2)

    @stage.thread()
    async def thread_1(_):
        try:
            await tx_thread_suspend(thread_1)
        finally:
            stage.told.append(tx_time_get())
            stage.told.append(tx_thread_create(TX_THREAD(), "late", late, None, None, 0, 3))

    stage.play()
    assert stage.told == [2, TX_SUCCESS]


def test_of_several_exceptions_the_first_is_raised(stage):
    @stage.thread()
    async def thread_0(_):
        await others_run()
        raise ZeroDivisionError

    @stage.thread()
    async def thread_1(_):
        try:
            await tx_thread_sleep(100)
        finally:
            stage.told.append("finally")
            raise KeyError

    with pytest.raises(ZeroDivisionError):
        stage.run(stage.define)
    assert stage.told == ["finally"]


def test_an_exception_of_what_defines_the_application_is_raised(stage):
    def define(_):
        stage.define(_)
        raise ZeroDivisionError

    @stage.thread()
    async def thread_0(_):
        stage.told.append("never")

    with pytest.raises(ZeroDivisionError):
        stage.run(define)
    assert stage.told == []


def test_a_suspended_thread_that_nobody_can_resume_does_not_keep_the_kernel(stage):
    @stage.thread()
    async def thread_0(_):
        await tx_thread_suspend(thread_1)

    @stage.thread()
    async def thread_1(_):
        while True:
            await tx_thread_relinquish()

    stage.play()
    assert thread_1.state == TX_TERMINATED
