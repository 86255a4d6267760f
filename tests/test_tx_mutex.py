# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""ThreadX's mutexes, by the stories of its own regression tests."""

import asyncio
from itertools import permutations

import pytest
from tx_bench import Stage, others_run

from nxd_mqtt.tx import *


@pytest.fixture
def stage():
    return Stage()


@pytest.fixture
def mutex():
    """A control block; each story creates it."""
    return TX_MUTEX()


def creating(*mutexes, inherit=TX_NO_INHERIT):
    """What defines an application with some mutexes."""

    def define(_):
        for number, mutex in enumerate(mutexes):
            assert tx_mutex_create(mutex, f"mutex {number}", inherit) == TX_SUCCESS

    return define


def gets(stage, mutex, priority, name, auto_start=TX_AUTO_START, ticks=TX_WAIT_FOREVER):
    """A thread that gets a mutex, tells with which status, and puts it."""

    async def entry(_):
        stage.count[name] += 1
        status = await tx_mutex_get(mutex, ticks)
        stage.told.append((name, status))
        if status == TX_SUCCESS:
            tx_mutex_put(mutex)

    return stage.thread(priority, auto_start)(entry)


async def start(*threads):
    """Let threads begin, and run until they wait."""
    for thread in threads:
        assert tx_thread_resume(thread) == TX_SUCCESS
    await others_run()


# --- the stories of ThreadX's tests ---------------------------------------------------------------


def test_mutex_basic(stage, mutex):
    second, kept, missing = TX_MUTEX(), TX_MUTEX(), TX_MUTEX()

    @stage.thread()
    async def thread_0(_):
        assert tx_mutex_create(None, "mutex", TX_NO_INHERIT) == TX_MUTEX_ERROR
        assert tx_mutex_create(mutex, "mutex", TX_NO_INHERIT) == TX_MUTEX_ERROR
        assert tx_mutex_create(mutex, "mutex", 14) == TX_MUTEX_ERROR
        assert tx_mutex_create(missing, "mutex", 14) == TX_INHERIT_ERROR
        for wrong in (None, missing, thread_0):
            assert tx_mutex_delete(wrong) == TX_MUTEX_ERROR
            assert await tx_mutex_get(wrong, TX_NO_WAIT) == TX_MUTEX_ERROR
            assert tx_mutex_put(wrong) == TX_MUTEX_ERROR
        assert await tx_mutex_get(mutex, TX_NO_WAIT) == TX_SUCCESS
        assert await tx_mutex_get(mutex, TX_NO_WAIT) == TX_SUCCESS
        assert tx_mutex_put(mutex) == TX_SUCCESS
        assert tx_mutex_info_get(mutex)[2:4] == (1, thread_0)
        assert tx_mutex_put(mutex) == TX_SUCCESS
        assert tx_mutex_info_get(mutex)[2:4] == (0, None)
        assert tx_mutex_put(mutex) == TX_NOT_OWNED
        await others_run()
        assert await tx_mutex_get(second, TX_NO_WAIT) == TX_NOT_AVAILABLE
        assert tx_mutex_put(second) == TX_NOT_OWNED
        await tx_thread_sleep(2)
        assert thread_1.state == TX_COMPLETED
        # What its end has set free.
        assert tx_mutex_info_get(kept)[2:4] == (0, None)
        assert await tx_mutex_get(kept, TX_NO_WAIT) == TX_SUCCESS
        for one in (mutex, second, kept):
            assert tx_mutex_delete(one) == TX_SUCCESS
        assert tx_mutex_put(kept) == TX_MUTEX_ERROR
        assert thread_0.owned == []

    @stage.thread()
    async def thread_1(_):
        assert await tx_mutex_get(second, TX_NO_WAIT) == TX_SUCCESS
        await tx_thread_sleep(1)
        assert tx_mutex_put(second) == TX_SUCCESS
        for _ in range(2):
            assert await tx_mutex_get(second, TX_NO_WAIT) == TX_SUCCESS
            assert await tx_mutex_get(kept, TX_NO_WAIT) == TX_SUCCESS

    stage.play(creating(mutex, second, kept))


def test_mutex_delete(stage, mutex):
    @stage.thread()
    async def thread_0(_):
        assert await tx_mutex_get(mutex, TX_NO_WAIT) == TX_SUCCESS
        await others_run()
        assert tx_mutex_delete(mutex) == TX_SUCCESS
        await others_run()
        assert stage.told == [("thread_1", TX_DELETED), ("thread_2", TX_DELETED)]
        assert (mutex.owner, thread_0.owned) == (None, [])

    gets(stage, mutex, 16, "thread_1")
    gets(stage, mutex, 16, "thread_2")
    stage.play(creating(mutex))


def test_mutex_preemption(stage, mutex):
    @stage.thread(16)
    async def thread_0(_):
        assert await tx_mutex_get(mutex, TX_NO_WAIT) == TX_SUCCESS
        tx_thread_resume(thread_1)
        await others_run()
        assert stage.count == {"thread_1": 1}
        assert tx_mutex_put(mutex) == TX_SUCCESS
        # It has it already, and runs when this thread waits.
        assert tx_mutex_info_get(mutex)[3] is thread_1
        assert stage.told == []
        await tx_thread_relinquish()
        assert stage.told == [("thread_1", TX_SUCCESS)]

    thread_1 = gets(stage, mutex, 15, "thread_1", TX_DONT_START)
    stage.play(creating(mutex))


def test_mutex_no_preemption(stage, mutex):
    @stage.thread(16)
    async def thread_0(_):
        assert await tx_mutex_get(mutex, TX_NO_WAIT) == TX_SUCCESS
        await others_run()
        assert stage.count == {"thread_1": 1}
        assert tx_mutex_put(mutex) == TX_SUCCESS
        assert stage.told == []
        await others_run()
        assert stage.told == [("thread_1", TX_SUCCESS)]

    gets(stage, mutex, 16, "thread_1")
    stage.play(creating(mutex))


def test_mutex_suspension_timeout(stage, mutex):
    second = TX_MUTEX()

    @stage.thread(16)
    async def thread_0(_):
        await tx_thread_sleep(2)
        tx_time_set(0)
        assert await tx_mutex_get(mutex, 33) == TX_NOT_AVAILABLE
        assert tx_time_get() == 33
        assert await tx_mutex_get(second, TX_WAIT_FOREVER) == TX_SUCCESS
        for thread in (thread_4, thread_3, thread_2):
            tx_thread_resume(thread)
            await others_run()
        assert tx_mutex_put(second) == TX_SUCCESS
        await others_run()
        assert [name for name, _ in stage.told] == ["thread_2", "thread_3", "thread_4"]

    @stage.thread(1)
    async def thread_1(_):
        assert await tx_mutex_get(mutex, TX_NO_WAIT) == TX_SUCCESS
        await tx_thread_suspend(thread_1)

    thread_2 = gets(stage, second, 2, "thread_2", TX_DONT_START)
    thread_3 = gets(stage, second, 3, "thread_3", TX_DONT_START)
    thread_4 = gets(stage, second, 4, "thread_4", TX_DONT_START)
    stage.play(creating(mutex, second))


def test_mutex_thread_terminate(stage, mutex):
    @stage.thread()
    async def thread_0(_):
        assert await tx_mutex_get(mutex, TX_NO_WAIT) == TX_SUCCESS
        await others_run()
        for thread in (thread_1, thread_2):
            assert await tx_thread_terminate(thread) == TX_SUCCESS
            await others_run()
        assert tx_mutex_info_get(mutex)[4:6] == (None, 0)
        assert stage.count == {"thread_1": 1, "thread_2": 1}
        assert stage.told == []

    thread_1 = gets(stage, mutex, 16, "thread_1", ticks=33)
    thread_2 = gets(stage, mutex, 16, "thread_2", ticks=44)
    stage.play(creating(mutex))


def test_mutex_priority_inheritance(stage, mutex):
    second, third = TX_MUTEX(), TX_MUTEX()

    @stage.thread(16)
    async def thread_0(_):
        tx_thread_resume(thread_4)
        await tx_thread_sleep(1)
        assert stage.told == ["thread 4 has 8", "thread 5 has it"]
        assert (thread_4.rank, thread_4.lent) == (10, 32)
        for one in (mutex, second):
            assert await tx_mutex_get(one, TX_NO_WAIT) == TX_SUCCESS
        tx_thread_resume(thread_1)
        await others_run()
        # Its own priority is what it was, the one it has is that of the waiter.
        assert (tx_thread_info_get(thread_0)[4], thread_0.rank) == (16, 15)
        assert tx_mutex_put(mutex) == TX_SUCCESS
        assert thread_0.rank == 16
        await others_run()
        assert stage.count["thread_1"] == 2
        # A sleeping owner inherits, too.
        assert await tx_mutex_get(mutex, TX_NO_WAIT) == TX_SUCCESS
        await tx_thread_sleep(20)
        assert (stage.count["thread_1"], thread_0.rank) == (3, 15)
        # A waiter that is gone leaves what it has lent until the mutex is put, as in ThreadX.
        await tx_thread_terminate(thread_1)
        assert thread_0.rank == 15
        assert tx_mutex_put(mutex) == TX_SUCCESS
        assert thread_0.rank == 16

    @stage.thread(15, TX_DONT_START)
    async def thread_1(_):
        while True:
            stage.count["thread_1"] += 1
            assert await tx_mutex_get(mutex, TX_WAIT_FOREVER) == TX_SUCCESS
            assert tx_mutex_put(mutex) == TX_SUCCESS
            stage.count["thread_1"] += 1
            await tx_thread_sleep(10)

    @stage.thread(10, TX_DONT_START)
    async def thread_4(_):
        for one in (mutex, second, second, third):
            assert await tx_mutex_get(one, TX_WAIT_FOREVER) == TX_SUCCESS
        tx_thread_resume(thread_5)
        await others_run()
        stage.told.append(f"thread 4 has {thread_4.rank}")

    @stage.thread(8, TX_DONT_START)
    async def thread_5(_):
        assert await tx_mutex_get(mutex, TX_WAIT_FOREVER) == TX_SUCCESS
        stage.told.append("thread 5 has it")

    stage.play(creating(mutex, second, third, inherit=TX_INHERIT))


def nested(stage, order):
    """Three mutexes that lend nothing, 8 and 4, put in any order."""
    mutexes = [TX_MUTEX(), TX_MUTEX(), TX_MUTEX()]
    lent = {1: 8, 2: 4}

    @stage.thread(15)
    async def thread_0(_):
        for mutex in mutexes:
            assert await tx_mutex_get(mutex, TX_WAIT_FOREVER) == TX_SUCCESS
        await start(thread_1, thread_2)
        assert thread_0.rank == 4
        held = set(range(3))
        for number in order:
            assert tx_mutex_put(mutexes[number]) == TX_SUCCESS
            held.remove(number)
            assert thread_0.rank == min([lent.get(one, 32) for one in held] + [15])
        await others_run()
        assert len(stage.told) == 2

    thread_1 = gets(stage, mutexes[1], 8, "thread_1", TX_DONT_START)
    thread_2 = gets(stage, mutexes[2], 4, "thread_2", TX_DONT_START)

    def define(_):
        for number, mutex in enumerate(mutexes):
            tx_mutex_create(mutex, f"mutex {number}", TX_INHERIT if number else TX_NO_INHERIT)

    stage.play(define)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_mutex_nested_priority_inheritance(stage, order):
    nested(stage, order)


def test_an_owner_s_new_priority_counts_when_what_was_lent_is_given_back(stage, mutex):
    @stage.thread(16)
    async def thread_0(_):
        assert await tx_mutex_get(mutex, TX_NO_WAIT) == TX_SUCCESS
        await start(thread_1)
        assert thread_0.rank == 4
        assert tx_thread_priority_change(thread_0, 20) == (TX_SUCCESS, 16)
        assert thread_0.rank == 4
        assert tx_mutex_put(mutex) == TX_SUCCESS
        assert thread_0.rank == 20

    thread_1 = gets(stage, mutex, 4, "thread_1", TX_DONT_START)
    stage.play(creating(mutex, inherit=TX_INHERIT))


def test_mutex_proritize(stage, mutex):
    missing = TX_MUTEX()

    @stage.thread()
    async def thread_0(_):
        assert tx_mutex_prioritize(None) == TX_MUTEX_ERROR
        assert tx_mutex_prioritize(missing) == TX_MUTEX_ERROR
        assert tx_mutex_prioritize(mutex) == TX_SUCCESS
        assert await tx_mutex_get(mutex, TX_NO_WAIT) == TX_SUCCESS
        await start(thread_1, thread_2, thread_3)
        for _ in range(2):
            assert tx_mutex_info_get(mutex)[4:6] == (thread_3, 3)
            assert tx_mutex_prioritize(mutex) == TX_SUCCESS
        await tx_thread_terminate(thread_3)
        assert tx_mutex_info_get(mutex)[4:6] == (thread_2, 2)

    thread_1 = gets(stage, mutex, 15, "thread_1", TX_DONT_START)
    thread_2 = gets(stage, mutex, 14, "thread_2", TX_DONT_START)
    thread_3 = gets(stage, mutex, 3, "thread_3", TX_DONT_START)
    stage.play(creating(mutex))


def test_mutex_information(stage, mutex):
    second = TX_MUTEX()

    @stage.thread()
    async def thread_0(_):
        assert tx_mutex_info_get(None) == (TX_MUTEX_ERROR,) + (None,) * 6
        assert tx_mutex_info_get(TX_MUTEX()) == (TX_MUTEX_ERROR,) + (None,) * 6
        assert tx_mutex_info_get(second) == (TX_SUCCESS, "mutex 1", 0, None, None, 0, mutex)
        for _ in range(3):
            await tx_mutex_get(mutex, TX_NO_WAIT)
        await others_run()
        information = tx_mutex_info_get(mutex)
        assert information == (TX_SUCCESS, "mutex 0", 3, thread_0, thread_1, 1, second)
        assert tx_thread_info_get(thread_1)[2] == TX_MUTEX_SUSP

    thread_1 = gets(stage, mutex, 16, "thread_1")
    stage.play(creating(mutex, second))


# --- what else holds ------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["end", "terminate", "terminate itself", "raise nothing, wait"])
def test_a_thread_that_ends_lets_go_of_its_mutexes(stage, mutex, way):
    second = TX_MUTEX()

    @stage.thread()
    async def thread_0(_):
        await others_run()
        if way == "terminate":
            assert await tx_thread_terminate(thread_1) == TX_SUCCESS
        for one in (mutex, second):
            expected = TX_NOT_AVAILABLE if way == "raise nothing, wait" else TX_SUCCESS
            assert await tx_mutex_get(one, TX_NO_WAIT) == expected

    @stage.thread(15)
    async def thread_1(_):
        for one in (mutex, second, mutex):
            assert await tx_mutex_get(one, TX_NO_WAIT) == TX_SUCCESS
        if way == "terminate itself":
            await tx_thread_terminate(thread_1)
        elif way != "end":
            await tx_thread_suspend(thread_1)

    stage.play(creating(mutex, second))


def test_the_mutexes_of_a_thread_that_ends_go_to_those_who_wait_in_the_order_of_getting(
    stage, mutex
):
    second = TX_MUTEX()

    @stage.thread()
    async def thread_0(_):
        await tx_mutex_get(mutex, TX_NO_WAIT)
        await tx_mutex_get(second, TX_NO_WAIT)
        await start(thread_1, thread_2)

    thread_1 = gets(stage, second, 15, "of the second", TX_DONT_START)
    thread_2 = gets(stage, mutex, 15, "of the first", TX_DONT_START)
    stage.play(creating(mutex, second))
    assert stage.told == [("of the first", TX_SUCCESS), ("of the second", TX_SUCCESS)]


def test_the_highest_of_those_who_wait_is_lent_whoever_comes_last(stage, mutex):
    @stage.thread(16)
    async def thread_0(_):
        assert await tx_mutex_get(mutex, TX_NO_WAIT) == TX_SUCCESS
        await start(thread_1)
        assert thread_0.rank == 4
        await start(thread_2)
        assert thread_0.rank == 4
        assert await tx_mutex_get(second, TX_NO_WAIT) == TX_SUCCESS
        assert tx_mutex_put(second) == TX_SUCCESS
        assert thread_0.rank == 4

    second = TX_MUTEX()
    thread_1 = gets(stage, mutex, 4, "thread_1", TX_DONT_START)
    thread_2 = gets(stage, mutex, 8, "thread_2", TX_DONT_START)
    stage.play(creating(mutex, second, inherit=TX_INHERIT))


def test_a_mutex_that_is_got_anew_lends_nothing_of_before(stage, mutex):
    second = TX_MUTEX()

    @stage.thread(16)
    async def thread_0(_):
        for one in (mutex, second):
            assert await tx_mutex_get(one, TX_NO_WAIT) == TX_SUCCESS
        await start(thread_1)
        assert tx_mutex_put(mutex) == TX_SUCCESS
        await others_run()
        assert await tx_mutex_get(mutex, TX_NO_WAIT) == TX_SUCCESS
        assert tx_mutex_put(second) == TX_SUCCESS
        assert thread_0.rank == 16

    thread_1 = gets(stage, mutex, 4, "thread_1", TX_DONT_START)
    stage.play(creating(mutex, second, inherit=TX_INHERIT))


def test_a_new_owner_is_lent_what_those_who_still_wait_have(stage, mutex):
    second = TX_MUTEX()

    @stage.thread(16)
    async def thread_0(_):
        assert await tx_mutex_get(mutex, TX_NO_WAIT) == TX_SUCCESS
        await start(thread_1, thread_2)
        assert tx_mutex_put(mutex) == TX_SUCCESS
        await others_run()
        assert stage.told == [20, 10, ("thread_2", TX_SUCCESS)]

    @stage.thread(5, TX_DONT_START)
    async def thread_1(_):
        for one in (second, mutex):
            assert await tx_mutex_get(one, TX_WAIT_FOREVER) == TX_SUCCESS
        # Now it is the lower of the two; as in ThreadX that shows at its next put.
        tx_thread_priority_change(thread_1, 20)
        stage.told.append(thread_1.rank)
        tx_mutex_put(second)
        stage.told.append(thread_1.rank)
        tx_mutex_put(mutex)

    thread_2 = gets(stage, mutex, 10, "thread_2", TX_DONT_START)
    stage.play(creating(mutex, second, inherit=TX_INHERIT))


def test_outside_of_threads_nobody_owns_a_mutex(stage, mutex):
    async def outside():
        stage.told.append(await tx_mutex_get(mutex, 1))
        stage.told.append(await tx_mutex_get(mutex, TX_NO_WAIT))
        stage.told.append(tx_mutex_put(mutex))

    @stage.thread()
    async def thread_0(_):
        await tx_mutex_get(mutex, TX_NO_WAIT)
        await asyncio.create_task(outside())

    stage.play(creating(mutex))
    assert stage.told == [TX_WAIT_ERROR, TX_CALLER_ERROR, TX_NOT_OWNED]


def test_a_lent_priority_moves_its_owner_among_those_who_wait(stage, mutex):
    """The one effect that a lent priority has without preemption."""
    semaphore = TX_SEMAPHORE()

    @stage.thread(1)
    async def thread_0(_):
        tx_semaphore_create(semaphore, "semaphore", 0)
        await others_run()
        assert tx_semaphore_info_get(semaphore)[3] is thread_2
        tx_thread_resume(thread_3)
        await others_run()
        assert tx_semaphore_info_get(semaphore)[3] is thread_1
        tx_semaphore_put(semaphore)
        await others_run()
        assert stage.told == ["thread_1", ("thread_3", TX_SUCCESS)]

    @stage.thread(20)
    async def thread_1(_):
        await tx_mutex_get(mutex, TX_NO_WAIT)
        await tx_semaphore_get(semaphore, TX_WAIT_FOREVER)
        stage.told.append("thread_1")
        tx_mutex_put(mutex)

    @stage.thread(10)
    async def thread_2(_):
        await tx_semaphore_get(semaphore, TX_WAIT_FOREVER)
        stage.told.append("thread_2")

    thread_3 = gets(stage, mutex, 5, "thread_3", TX_DONT_START)
    stage.play(creating(mutex, inherit=TX_INHERIT))
