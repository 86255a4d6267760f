# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""ThreadX's semaphores, by the stories of its own regression tests."""

import asyncio

import pytest
from tx_bench import Stage, others_run

from nxd_mqtt.tx import *


@pytest.fixture
def stage():
    return Stage()


@pytest.fixture
def semaphore():
    """A control block; each story creates it."""
    return TX_SEMAPHORE()


def creating(semaphore, count=0, name="semaphore 0"):
    """What defines an application with one semaphore."""

    def define(_):
        assert tx_semaphore_create(semaphore, name, count) == TX_SUCCESS

    return define


def takes(stage, semaphore, name, priority=16, auto_start=TX_AUTO_START, ticks=TX_WAIT_FOREVER):
    """A thread that gets an instance again and again, counts before and after, tells who it is."""

    async def entry(_):
        while True:
            stage.count[name] += 1
            if await tx_semaphore_get(semaphore, ticks) != TX_SUCCESS:
                return
            stage.count[name] += 1
            stage.told.append(name)

    return stage.thread(priority, auto_start)(entry)


# --- the stories of ThreadX's tests ---------------------------------------------------------------


def test_semaphore_basic(stage, semaphore):
    second, missing = TX_SEMAPHORE(), TX_SEMAPHORE()

    @stage.thread()
    async def thread_0(_):
        assert tx_semaphore_create(second, "semaphore 1", 1) == TX_SUCCESS
        assert tx_semaphore_create(None, "semaphore 0", 1) == TX_SEMAPHORE_ERROR
        assert tx_semaphore_create(TX_MUTEX(), "semaphore 0", 1) == TX_SEMAPHORE_ERROR
        assert tx_semaphore_create(semaphore, "semaphore 0", 1) == TX_SEMAPHORE_ERROR
        for wrong in (None, missing, thread_0):
            assert tx_semaphore_delete(wrong) == TX_SEMAPHORE_ERROR
            assert await tx_semaphore_get(wrong, TX_NO_WAIT) == TX_SEMAPHORE_ERROR
            assert tx_semaphore_put(wrong) == TX_SEMAPHORE_ERROR
            assert tx_semaphore_ceiling_put(wrong, 0) == TX_SEMAPHORE_ERROR
        assert tx_semaphore_ceiling_put(semaphore, 0) == TX_INVALID_CEILING
        assert await tx_semaphore_get(semaphore, TX_NO_WAIT) == TX_SUCCESS
        assert await tx_semaphore_get(semaphore, TX_NO_WAIT) == TX_NO_INSTANCE
        assert tx_semaphore_put(second) == TX_SUCCESS
        assert tx_semaphore_info_get(second)[2] == 2
        assert await tx_semaphore_get(second, TX_NO_WAIT) == TX_SUCCESS
        assert await tx_semaphore_get(second, TX_NO_WAIT) == TX_SUCCESS
        assert tx_semaphore_delete(semaphore) == TX_SUCCESS
        assert tx_semaphore_delete(second) == TX_SUCCESS
        assert tx_semaphore_put(second) == TX_SEMAPHORE_ERROR

    stage.play(creating(semaphore, 1))


def test_semaphore_delete(stage, semaphore):
    @stage.thread()
    async def thread_0(_):
        await others_run()
        assert tx_semaphore_delete(semaphore) == TX_SUCCESS
        await others_run()
        assert stage.told == [TX_DELETED, TX_DELETED]

    for _ in range(2):

        @stage.thread()
        async def waits(_):
            stage.told.append(await tx_semaphore_get(semaphore, TX_WAIT_FOREVER))

    stage.play(creating(semaphore))


def puts_and_gets(stage, semaphore, put):
    """What two of ThreadX's tests have in common."""

    @stage.thread()
    async def thread_0(_):
        await others_run()
        assert stage.count == {"thread_1": 1}
        assert put(semaphore) == TX_SUCCESS
        # Nobody runs before this thread waits.
        assert stage.count == {"thread_1": 1}
        await others_run()
        assert stage.count == {"thread_1": 3}
        tx_thread_resume(thread_2)
        await others_run()
        assert put(semaphore) == TX_SUCCESS
        assert put(semaphore) == TX_SUCCESS
        await others_run()
        assert stage.count == {"thread_1": 5, "thread_2": 3}

    takes(stage, semaphore, "thread_1")
    thread_2 = takes(stage, semaphore, "thread_2", auto_start=TX_DONT_START)
    stage.play(creating(semaphore))


def test_semaphore_non_preemption(stage, semaphore):
    puts_and_gets(stage, semaphore, tx_semaphore_put)


def test_semaphore_preemption(stage, semaphore):
    @stage.thread(16)
    async def thread_0(_):
        tx_thread_resume(thread_1)
        await others_run()
        assert stage.count == {"thread_1": 1}
        assert tx_semaphore_put(semaphore) == TX_SUCCESS
        await tx_thread_relinquish()
        assert stage.count["thread_1"] >= 2

    thread_1 = takes(stage, semaphore, "thread_1", 15, TX_DONT_START)
    stage.play(creating(semaphore))


def test_semaphore_ceiling_put(stage, semaphore):
    def put(wanted):
        return tx_semaphore_ceiling_put(wanted, 2)

    puts_and_gets(stage, semaphore, put)
    stage = Stage()

    @stage.thread()
    async def thread_0(_):
        statuses = [put(semaphore) for _ in range(3)]
        assert statuses == [TX_SUCCESS, TX_SUCCESS, TX_CEILING_EXCEEDED]
        assert tx_semaphore_info_get(semaphore)[2] == 2

    stage.play(creating(semaphore))


def test_semaphore_timeout(stage, semaphore):
    missing = TX_SEMAPHORE()

    @stage.thread()
    async def thread_0(_):
        assert tx_semaphore_put_notify(None, print) == TX_SEMAPHORE_ERROR
        assert tx_semaphore_put_notify(missing, print) == TX_SEMAPHORE_ERROR
        await tx_thread_sleep(2)
        tx_time_set(0)
        assert await tx_semaphore_get(semaphore, 33) == TX_NO_INSTANCE
        assert tx_time_get() == 33
        assert tx_semaphore_info_get(semaphore)[3:5] == (None, 0)

    stage.play(creating(semaphore))


def test_semaphore_thread_terminate(stage, semaphore):
    @stage.thread()
    async def thread_0(_):
        await others_run()
        for thread in (thread_1, thread_2):
            assert await tx_thread_terminate(thread) == TX_SUCCESS
            await others_run()
        assert tx_semaphore_info_get(semaphore)[3:5] == (None, 0)
        assert stage.count == {"thread_1": 1, "thread_2": 1}
        assert tx_time_get() == 0

    thread_1 = takes(stage, semaphore, "thread_1", ticks=33)
    thread_2 = takes(stage, semaphore, "thread_2", ticks=44)
    stage.play(creating(semaphore))


def test_semaphore_prioritize(stage, semaphore):
    missing = TX_SEMAPHORE()

    @stage.thread()
    async def thread_0(_):
        assert tx_semaphore_prioritize(None) == TX_SEMAPHORE_ERROR
        assert tx_semaphore_prioritize(missing) == TX_SEMAPHORE_ERROR
        assert tx_semaphore_prioritize(semaphore) == TX_SUCCESS
        await others_run()
        # They stand by priority at once, and the call finds nothing to do.
        for _ in range(2):
            assert tx_semaphore_info_get(semaphore)[3:5] == (thread_3, 4)
            assert tx_semaphore_prioritize(semaphore) == TX_SUCCESS
        assert tx_thread_priority_change(thread_1, 1) == (TX_SUCCESS, 15)
        assert tx_semaphore_info_get(semaphore)[3] is thread_1
        for _ in range(4):
            tx_semaphore_put(semaphore)
        await others_run()
        assert stage.told == ["thread_1", "thread_3", "thread_4", "thread_2"]

    thread_1 = takes(stage, semaphore, "thread_1", 15)
    takes(stage, semaphore, "thread_2", 14)
    thread_3 = takes(stage, semaphore, "thread_3", 3)
    takes(stage, semaphore, "thread_4", 4)
    stage.play(creating(semaphore))


def test_semaphore_information(stage, semaphore):
    second = TX_SEMAPHORE()

    @stage.thread()
    async def thread_0(_):
        tx_semaphore_create(second, "semaphore 1", 5)
        assert tx_semaphore_info_get(None) == (TX_SEMAPHORE_ERROR,) + (None,) * 5
        assert tx_semaphore_info_get(TX_SEMAPHORE()) == (TX_SEMAPHORE_ERROR,) + (None,) * 5
        assert tx_semaphore_info_get(second) == (TX_SUCCESS, "semaphore 1", 5, None, 0, semaphore)
        await others_run()
        information = tx_semaphore_info_get(semaphore)
        assert information == (TX_SUCCESS, "semaphore 0", 0, thread_1, 1, second)
        assert tx_thread_info_get(thread_1)[2] == TX_SEMAPHORE_SUSP

    thread_1 = takes(stage, semaphore, "thread_1")
    stage.play(creating(semaphore))


# --- what else holds ------------------------------------------------------------------------------


def test_notify_is_called_after_every_put(stage, semaphore):
    def notify(told):
        stage.told.append((told, semaphore.count, semaphore.waiters[:]))

    @stage.thread()
    async def thread_0(_):
        await others_run()
        tx_semaphore_put_notify(semaphore, notify)
        tx_semaphore_put(semaphore)
        tx_semaphore_ceiling_put(semaphore, 1)
        tx_semaphore_ceiling_put(semaphore, 1)
        tx_semaphore_put_notify(semaphore, None)
        tx_semaphore_put(semaphore)

    @stage.thread()
    async def thread_1(_):
        await tx_semaphore_get(semaphore, TX_WAIT_FOREVER)

    stage.play(creating(semaphore))
    assert stage.told == [(semaphore, 0, []), (semaphore, 1, [])]


def test_a_wait_outside_of_threads_is_an_error(stage, semaphore):
    async def outside():
        stage.told.append(await tx_semaphore_get(semaphore, 1))
        stage.told.append(await tx_semaphore_get(semaphore, TX_NO_WAIT))

    @stage.thread()
    async def thread_0(_):
        await asyncio.create_task(outside())

    stage.play(creating(semaphore, 1))
    assert stage.told == [TX_WAIT_ERROR, TX_SUCCESS]


def test_an_instance_is_not_lost_when_it_comes_in_the_tick_in_which_the_wait_ends(stage, semaphore):
    """Whoever of the two is the first, instance and status belong together."""

    @stage.thread()
    async def thread_0(_):
        stage.later(5, lambda: tx_semaphore_put(semaphore))
        status = await tx_semaphore_get(semaphore, 5)
        await others_run()
        count = tx_semaphore_info_get(semaphore)[2]
        assert (status, count) in ((TX_SUCCESS, 0), (TX_NO_INSTANCE, 1))

    stage.play(creating(semaphore))
