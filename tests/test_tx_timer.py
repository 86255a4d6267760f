# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""ThreadX's timers, by the stories of its own regression tests."""

import pytest
from tx_bench import Stage, others_run

from nxd_mqtt.tx import *


@pytest.fixture
def stage():
    return Stage()


def counts(stage, name="timer 0"):
    """An expiration function."""

    def expire(argument):
        assert argument == 0x1234
        stage.count[name] += 1

    return expire


def create(stage, timer, initial, again, auto_activate=TX_AUTO_ACTIVATE, name="timer 0"):
    """Create a timer that counts."""
    return tx_timer_create(timer, name, counts(stage, name), 0x1234, initial, again, auto_activate)


# --- the stories of ThreadX's tests ---------------------------------------------------------------


def refusals(stage, timer):
    """What every call says of what is no timer."""
    missing = TX_TIMER()
    for wrong in (None, missing, stage):
        assert tx_timer_activate(wrong) == TX_TIMER_ERROR
        assert tx_timer_deactivate(wrong) == TX_TIMER_ERROR
        assert tx_timer_change(wrong, 0, 1) == TX_TIMER_ERROR
        assert tx_timer_delete(wrong) == TX_TIMER_ERROR
        assert tx_timer_info_get(wrong) == (TX_TIMER_ERROR,) + (None,) * 5
    assert tx_timer_change(timer, 0, 1) == TX_TICK_ERROR
    assert create(stage, None, 0, 18) == TX_TIMER_ERROR
    assert create(stage, timer, 0, 18) == TX_TIMER_ERROR
    assert create(stage, missing, 0, 18, 4000) == TX_TICK_ERROR
    assert create(stage, missing, 1, 18, 4000) == TX_ACTIVATE_ERROR
    assert create(stage, missing, TX_WAIT_FOREVER, 0) == TX_SUCCESS
    # For ever is no time at which it would expire.
    assert tx_timer_activate(missing) == TX_SUCCESS
    assert tx_timer_info_get(missing)[2] == TX_FALSE
    assert tx_timer_delete(missing) == TX_SUCCESS


def test_timer_simple(stage):
    timer, second = TX_TIMER(), TX_TIMER()

    @stage.thread()
    async def thread_0(_):
        refusals(stage, timer)
        await tx_thread_sleep(20)
        assert stage.count == {"timer 0": 2}
        assert tx_timer_deactivate(timer) == TX_SUCCESS
        await tx_thread_sleep(19)
        assert stage.count == {"timer 0": 2}
        assert tx_timer_change(timer, 100, 1) == TX_SUCCESS
        tx_time_set(0)
        assert tx_timer_activate(timer) == TX_SUCCESS
        assert tx_timer_activate(timer) == TX_ACTIVATE_ERROR
        await tx_thread_sleep(120)
        await others_run()
        assert stage.count == {"timer 0": 23}
        assert tx_time_get() == 120
        for one in (timer, second):
            assert tx_timer_deactivate(one) == TX_SUCCESS
            assert tx_timer_change(one, 100, 100) == TX_SUCCESS
            assert tx_timer_activate(one) == TX_SUCCESS
        assert tx_timer_delete(timer) == TX_SUCCESS
        assert tx_timer_delete(second) == TX_SUCCESS
        assert tx_timer_activate(second) == TX_TIMER_ERROR

    def define(_):
        assert create(stage, timer, 1, 18) == TX_SUCCESS
        assert create(stage, second, 1000, 1000, name="timer 1") == TX_SUCCESS

    stage.play(define)
    assert "timer 1" not in stage.count


def test_timer_activate_deactivate(stage):
    timer = TX_TIMER()

    @stage.thread()
    async def thread_0(_):
        for _ in range(5):
            assert tx_timer_activate(timer) == TX_SUCCESS
            await tx_thread_sleep(9)
            assert tx_timer_deactivate(timer) == TX_SUCCESS
            await tx_thread_sleep(50)
        # 45 ticks have it run, of 100.
        assert stage.count == {}
        assert tx_timer_info_get(timer)[3] == 55
        assert tx_timer_activate(timer) == TX_SUCCESS
        await tx_thread_sleep(54)
        assert stage.count == {}
        await tx_thread_sleep(2)
        assert stage.count == {"timer 0": 1}
        # Once, so there is nothing that could be activated.
        assert tx_timer_info_get(timer)[2:5] == (TX_FALSE, 0, 0)
        assert tx_timer_activate(timer) == TX_ACTIVATE_ERROR
        assert tx_timer_deactivate(timer) == TX_SUCCESS

    stage.play(lambda _: create(stage, timer, 100, 0, TX_NO_ACTIVATE))


def accuracy(stage, initial, again, sleeps):
    """Deactivating and activating at once loses no tick."""
    timer = TX_TIMER()

    @stage.thread()
    async def thread_0(_):
        await tx_thread_sleep(10)
        assert tx_timer_activate(timer) == TX_SUCCESS
        for ticks in sleeps:
            await tx_thread_sleep(ticks)
            assert tx_timer_deactivate(timer) == TX_SUCCESS
            assert tx_timer_activate(timer) == TX_SUCCESS
        assert stage.count == {}
        await tx_thread_sleep(initial - sum(sleeps) - 1)
        assert stage.count == {}
        await tx_thread_sleep(2)
        assert stage.count == {"timer 0": 1}
        assert tx_timer_deactivate(timer) == TX_SUCCESS

    stage.play(lambda _: create(stage, timer, initial, again, TX_NO_ACTIVATE))


def test_timer_deactivate_accuracy(stage):
    accuracy(stage, 29, 31, (2, 3, 4, 5, 6, 7))


def test_timer_large_timer_accuracy(stage):
    accuracy(stage, 100, 31, (20, 35, 2, 1, 2, 5))


def test_timer_multiple(stage):
    timers = [TX_TIMER(), TX_TIMER(), TX_TIMER()]
    names = ["timer 0", "timer 1", "timer 2"]

    @stage.thread()
    async def thread_0(_):
        await tx_thread_sleep(301)
        assert stage.count == dict.fromkeys(names, 2)
        for timer in timers:
            assert tx_timer_deactivate(timer) == TX_SUCCESS
        await tx_thread_sleep(100)
        assert stage.count == dict.fromkeys(names, 2)
        for again, timer in enumerate(timers, 1):
            assert tx_timer_change(timer, 100, again) == TX_SUCCESS
            assert tx_timer_activate(timer) == TX_SUCCESS
        await tx_thread_sleep(200)
        await others_run()
        assert [stage.count[name] for name in names] == [103, 53, 36]
        for timer in (timers[0], timers[2], timers[1]):
            assert tx_timer_deactivate(timer) == TX_SUCCESS
            assert tx_timer_delete(timer) == TX_SUCCESS

    def define(_):
        for name, timer in zip(names, timers, strict=True):
            assert create(stage, timer, 100, 200, name=name) == TX_SUCCESS

    stage.play(define)


def test_timer_multiple_accuracy(stage):
    timers = [TX_TIMER(), TX_TIMER(), TX_TIMER()]

    @stage.thread()
    async def thread_0(_):
        await tx_thread_sleep(1)
        for timer in timers:
            assert tx_timer_activate(timer) == TX_SUCCESS
        await tx_thread_sleep(300)
        await others_run()
        assert stage.count == {1: 300, 2: 150, 3: 100}
        for timer in timers:
            tx_timer_delete(timer)

    def define(_):
        for ticks, timer in enumerate(timers, 1):
            create(stage, timer, ticks, ticks, TX_NO_ACTIVATE, ticks)

    stage.play(define)


def test_timer_information(stage):
    timer, second = TX_TIMER(), TX_TIMER()

    @stage.thread()
    async def thread_0(_):
        tx_timer_change(timer, 100, 1)
        assert tx_timer_info_get(timer) == (TX_SUCCESS, "timer 0", TX_FALSE, 100, 1, second)
        assert tx_timer_activate(timer) == TX_SUCCESS
        # A timer that runs is not changed.
        assert tx_timer_change(timer, 7, 7) == TX_SUCCESS
        assert tx_timer_info_get(timer) == (TX_SUCCESS, "timer 0", TX_TRUE, 100, 1, second)
        await tx_thread_sleep(30)
        assert tx_timer_info_get(timer)[2:5] == (TX_TRUE, 70, 1)
        assert tx_timer_info_get(second) == (TX_SUCCESS, "timer 1", TX_TRUE, 970, 1000, timer)
        await tx_thread_sleep(90)
        await others_run()
        assert stage.count["timer 0"] == 21
        assert tx_timer_info_get(timer)[2:5] == (TX_TRUE, 1, 1)
        assert tx_timer_deactivate(timer) == TX_SUCCESS
        assert tx_timer_info_get(timer)[2:5] == (TX_FALSE, 1, 1)
        assert tx_timer_delete(timer) == TX_SUCCESS
        assert tx_timer_delete(second) == TX_SUCCESS

    def define(_):
        create(stage, timer, 1, 18, TX_NO_ACTIVATE)
        create(stage, second, 1000, 1000, name="timer 1")

    stage.play(define)


# --- what else holds ------------------------------------------------------------------------------


def telling(stage, function=None):
    """An expiration function that writes down when it is called, and does something."""

    def expire(argument):
        stage.told.append((argument, tx_time_get()))
        if function:
            function()

    return expire


def test_the_kernel_stays_while_a_timer_runs_and_no_longer(stage):
    timer = TX_TIMER()

    @stage.thread()
    async def thread_0(_):
        tx_timer_create(timer, "once", telling(stage), "once", 50, 0, TX_AUTO_ACTIVATE)

    stage.play()
    assert stage.told == [("once", 50)]
    assert tx_time_get() == 50


def test_the_kernel_returns_when_the_last_timer_is_stopped(stage):
    timer = TX_TIMER()

    @stage.thread()
    async def thread_0(_):
        tx_timer_create(timer, "often", telling(stage), "often", 5, 5, TX_AUTO_ACTIVATE)
        await tx_thread_sleep(12)
        tx_timer_deactivate(timer)
        await tx_thread_suspend(thread_1)

    @stage.thread()
    async def thread_1(_):
        await tx_thread_suspend(thread_1)

    stage.play()
    assert stage.told == [("often", 5), ("often", 10)]
    assert tx_time_get() == 12


def test_a_timer_of_an_application_without_threads_runs(stage):
    timer = TX_TIMER()

    def define(_):
        tx_timer_create(timer, "thrice", telling(stage, stop), 0, 10, 10, TX_AUTO_ACTIVATE)

    def stop():
        if len(stage.told) == 3:
            assert tx_timer_delete(timer) == TX_SUCCESS

    stage.run(define)
    assert stage.told == [(0, 10), (0, 20), (0, 30)]


def test_a_timer_that_is_late_is_called_for_every_period_in_the_order_of_the_times(stage):
    timers = [TX_TIMER(), TX_TIMER()]

    @stage.thread()
    async def thread_0(_):
        for ticks, timer in zip((2, 3), timers, strict=True):
            tx_timer_create(timer, ticks, telling(stage), ticks, ticks, ticks, TX_AUTO_ACTIVATE)
        await tx_thread_sleep(1)
        stage.compute(6)
        await others_run()
        assert [ticks for ticks, _ in stage.told] == [2, 3, 2, 3, 2]
        # And it does not drift.
        await tx_thread_sleep(1)
        await others_run()
        assert stage.told[-1] == (2, 8)
        for timer in timers:
            tx_timer_delete(timer)

    stage.play()


def test_a_function_that_takes_longer_than_its_period_starves_nobody(stage):
    timer = TX_TIMER()

    @stage.thread()
    async def thread_0(_):
        tx_timer_create(timer, 0, lambda _: stage.compute(2), 0, 1, 1, TX_AUTO_ACTIVATE)
        await tx_thread_sleep(5)
        for _ in range(20):
            await tx_thread_relinquish()
        tx_timer_delete(timer)

    stage.play()


def test_within_its_function_a_timer_may_be_asked_stopped_and_changed(stage):
    timer = TX_TIMER()

    def change():
        stage.told.append(tx_timer_info_get(timer)[2:5])
        assert tx_timer_activate(timer) == TX_ACTIVATE_ERROR
        assert tx_timer_deactivate(timer) == TX_SUCCESS
        # All of its period remains.
        stage.told.append(tx_timer_info_get(timer)[2:5])
        if len(stage.told) < 6:
            tx_timer_change(timer, 3, 9)
            assert tx_timer_activate(timer) == TX_SUCCESS

    def define(_):
        tx_timer_create(timer, 0, telling(stage, change), "at", 10, 20, TX_AUTO_ACTIVATE)

    stage.run(define)
    assert stage.told == [
        ("at", 10),
        (TX_TRUE, 0, 20),
        (TX_FALSE, 20, 20),
        ("at", 13),
        (TX_TRUE, 0, 9),
        (TX_FALSE, 9, 9),
    ]


def test_a_timer_without_a_function_only_lets_time_pass(stage):
    timer = TX_TIMER()
    stage.run(lambda _: tx_timer_create(timer, 0, None, 0, 4, 0, TX_AUTO_ACTIVATE))
    assert tx_time_get() == 4


def test_an_exception_of_a_function_ends_the_kernel(stage):
    timer = TX_TIMER()

    def fail(_):
        raise ZeroDivisionError

    @stage.thread()
    async def thread_0(_):
        tx_timer_create(timer, 0, fail, 0, 4, 4, TX_AUTO_ACTIVATE)
        try:
            await tx_thread_sleep(100)
        finally:
            stage.told.append(tx_time_get())

    with pytest.raises(ZeroDivisionError):
        stage.play()
    assert stage.told == [4]


def test_a_function_may_do_what_is_no_wait(stage):
    timer, queue, group, semaphore = TX_TIMER(), TX_QUEUE(), TX_EVENT_FLAGS_GROUP(), TX_SEMAPHORE()

    def work(_):
        assert tx_queue_send(queue, "message", TX_NO_WAIT) == TX_SUCCESS
        assert tx_queue_send(queue, "message", 1) == TX_WAIT_ERROR
        assert tx_event_flags_set(group, 1, TX_OR) == TX_SUCCESS
        assert tx_semaphore_put(semaphore) == TX_SUCCESS
        assert tx_thread_resume(thread_1) == TX_SUCCESS

    @stage.thread()
    async def thread_0(_):
        assert await tx_queue_receive(queue, 100) == (TX_SUCCESS, "message")
        assert await tx_event_flags_get(group, 1, TX_OR, 100) == (TX_SUCCESS, 1)
        assert await tx_semaphore_get(semaphore, 100) == TX_SUCCESS
        assert tx_time_get() == 6

    @stage.thread(16, TX_DONT_START)
    async def thread_1(_):
        stage.told.append(tx_time_get())

    def define(_):
        tx_queue_create(queue, "queue", TX_1_ULONG, None, 4)
        tx_event_flags_create(group, "group")
        tx_semaphore_create(semaphore, "semaphore", 0)
        tx_timer_create(timer, "timer", work, 0, 6, 0, TX_AUTO_ACTIVATE)

    stage.play(define)
    assert stage.told == [6]


def test_a_timer_of_an_earlier_kernel_may_be_stopped_and_created_again(stage):
    timer = TX_TIMER()

    @stage.thread()
    async def thread_0(_):
        tx_timer_create(timer, 0, telling(stage), "first", 10, 10, TX_AUTO_ACTIVATE)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        stage.play()
    assert tx_timer_deactivate(timer) == TX_SUCCESS

    def define(_):
        status = tx_timer_create(timer, 0, telling(stage), "second", 5, 0, TX_AUTO_ACTIVATE)
        assert status == TX_SUCCESS

    Stage().run(define)
    assert stage.told == [("second", 5)]
