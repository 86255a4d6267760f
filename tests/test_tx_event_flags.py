# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""ThreadX's event flags, by the stories of its own regression tests."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tx_bench import Stage, others_run

from nxd_mqtt.tx import *

ALL = 0xFFFFFFFF
BOTH = 0x80008000


@pytest.fixture
def stage():
    return Stage()


@pytest.fixture
def group():
    """A control block; each story creates it."""
    return TX_EVENT_FLAGS_GROUP()


def creating(*groups):
    """What defines an application with some groups."""

    def define(_):
        for number, group in enumerate(groups):
            assert tx_event_flags_create(group, f"group {number}") == TX_SUCCESS

    return define


# --- the stories of ThreadX's tests ---------------------------------------------------------------


def test_event_flag_basic(stage, group):
    second, missing = TX_EVENT_FLAGS_GROUP(), TX_EVENT_FLAGS_GROUP()

    @stage.thread()
    async def thread_0(_):
        assert tx_event_flags_create(None, "group 0") == TX_GROUP_ERROR
        assert tx_event_flags_create(TX_SEMAPHORE(), "group 0") == TX_GROUP_ERROR
        assert tx_event_flags_create(group, "group 0") == TX_GROUP_ERROR
        for wrong in (None, missing, thread_0):
            assert tx_event_flags_delete(wrong) == TX_GROUP_ERROR
            assert await tx_event_flags_get(wrong, BOTH, TX_AND, 0) == (TX_GROUP_ERROR, 0)
            assert tx_event_flags_set(wrong, BOTH, TX_OR) == TX_GROUP_ERROR
            assert tx_event_flags_set_notify(wrong, print) == TX_GROUP_ERROR
        assert await tx_event_flags_get(group, BOTH, 14, TX_NO_WAIT) == (TX_OPTION_ERROR, 0)
        assert tx_event_flags_set(group, BOTH, 14) == TX_OPTION_ERROR
        assert tx_event_flags_set(group, BOTH, TX_OR_CLEAR) == TX_OPTION_ERROR
        for option in (TX_AND, TX_OR, TX_AND_CLEAR, TX_OR_CLEAR):
            assert await tx_event_flags_get(group, BOTH, option, 0) == (TX_NO_EVENTS, 0)
        assert tx_event_flags_set(group, BOTH, TX_OR) == TX_SUCCESS
        assert tx_event_flags_set(group, 0x80000000, TX_AND) == TX_SUCCESS
        assert await tx_event_flags_get(group, BOTH, TX_AND, 0) == (TX_NO_EVENTS, 0)
        assert tx_event_flags_set(group, 0x8000, TX_OR) == TX_SUCCESS
        for option in (TX_AND, TX_OR, TX_AND_CLEAR):
            assert await tx_event_flags_get(group, BOTH, option, 0) == (TX_SUCCESS, BOTH)
        assert await tx_event_flags_get(group, BOTH, TX_OR_CLEAR, 0) == (TX_NO_EVENTS, 0)
        assert tx_event_flags_set(group, BOTH, TX_OR) == TX_SUCCESS
        assert await tx_event_flags_get(group, 0x8000, TX_OR_CLEAR, 0) == (TX_SUCCESS, BOTH)
        assert await tx_event_flags_get(group, BOTH, TX_OR_CLEAR, 0) == (TX_SUCCESS, 0x80000000)
        assert tx_event_flags_delete(group) == TX_SUCCESS
        assert tx_event_flags_delete(second) == TX_SUCCESS
        assert tx_event_flags_delete(second) == TX_GROUP_ERROR
        assert tx_event_flags_create(second, "again") == TX_SUCCESS

    stage.play(creating(group, second))


def test_event_flag_information(stage, group):
    second, missing = TX_EVENT_FLAGS_GROUP(), TX_EVENT_FLAGS_GROUP()
    semaphore = TX_SEMAPHORE()

    @stage.thread()
    async def thread_0(_):
        tx_semaphore_create(semaphore, "of another kind", 0)
        tx_event_flags_set(group, BOTH, TX_OR)
        assert tx_event_flags_info_get(None) == (TX_GROUP_ERROR,) + (None,) * 5
        assert tx_event_flags_info_get(missing) == (TX_GROUP_ERROR,) + (None,) * 5
        assert tx_event_flags_info_get(group) == (TX_SUCCESS, "group 0", BOTH, None, 0, second)
        assert tx_event_flags_info_get(second) == (TX_SUCCESS, "group 1", 0, None, 0, group)
        await others_run()
        information = tx_event_flags_info_get(group)
        assert information == (TX_SUCCESS, "group 0", BOTH, thread_2, 2, second)
        assert tx_thread_info_get(thread_1)[2] == TX_EVENT_FLAG

    @stage.thread(17)
    async def thread_1(_):
        await tx_event_flags_get(group, 1, TX_OR, TX_WAIT_FOREVER)

    @stage.thread(16)
    async def thread_2(_):
        await tx_event_flags_get(group, 1, TX_OR, TX_WAIT_FOREVER)

    stage.play(creating(group, second))


def waits_for(stage, group, flags, option, expected):
    """The entry of a thread that takes flags again and again, and counts."""

    async def entry(_):
        name = tx_thread_identify().name
        while True:
            stage.count[name] += 1
            status, actual = await tx_event_flags_get(group, flags, option, TX_WAIT_FOREVER)
            assert (status, actual) == (TX_SUCCESS, expected)
            if option == TX_AND:
                # In C it goes on until it finds the flags cleared, as they are by then.
                await tx_thread_sleep(1)

    return entry


def test_event_flag_suspension(stage, group):
    @stage.thread()
    async def thread_0(_):
        await others_run()
        for number in range(32):
            assert set(stage.count.values()) == {1}
            assert tx_event_flags_set(group, 1 << number, TX_OR) == TX_SUCCESS
            await others_run()
        assert tx_event_flags_set(group, 0, TX_AND) == TX_SUCCESS
        await tx_thread_sleep(2)
        assert stage.count == {"thread_1": 2, "thread_2": 2, "thread_3": 2}
        assert tx_thread_resume(thread_4) == TX_SUCCESS
        await others_run()
        # It is the last of those who wait, and the only one who is satisfied.
        assert tx_event_flags_info_get(group)[4] == 4
        assert tx_event_flags_set(group, 1, TX_OR) == TX_SUCCESS
        await others_run()
        assert stage.count == {"thread_1": 2, "thread_2": 2, "thread_3": 2, "thread_4": 2}

    for name in ("thread_1", "thread_2", "thread_3"):
        entry = waits_for(stage, group, BOTH, TX_AND, ALL)
        entry.__name__ = name
        stage.thread(15)(entry)
    entry = waits_for(stage, group, 1, TX_OR_CLEAR, 1)
    entry.__name__ = "thread_4"
    thread_4 = stage.thread(15, TX_DONT_START)(entry)
    stage.play(creating(group))


def test_event_flag_suspension_consume(stage, group):
    @stage.thread()
    async def thread_0(_):
        await others_run()
        for number in range(32):
            assert stage.told == []
            assert tx_event_flags_set(group, 1 << number, TX_OR) == TX_SUCCESS
            await others_run()
        # The first one clears them, and the others have been satisfied all the same.
        assert stage.told == [("thread_1", ALL), ("thread_2", ALL), ("thread_3", ALL)]
        assert tx_event_flags_info_get(group)[2] == ALL & ~BOTH

    @stage.thread(15)
    async def thread_1(_):
        stage.told.append(
            ("thread_1", (await tx_event_flags_get(group, BOTH, TX_AND_CLEAR, 1000))[1])
        )

    @stage.thread(15)
    async def thread_2(_):
        stage.told.append(("thread_2", (await tx_event_flags_get(group, BOTH, TX_AND, 1000))[1]))

    @stage.thread(15)
    async def thread_3(_):
        stage.told.append(("thread_3", (await tx_event_flags_get(group, BOTH, TX_AND, 1000))[1]))

    stage.play(creating(group))


def different_bits(stage, group, option):
    """Two threads that wait for one flag each."""

    @stage.thread()
    async def thread_0(_):
        await others_run()
        assert tx_event_flags_set(group, 0x80000000, TX_OR) == TX_SUCCESS
        await others_run()
        assert stage.count == {"thread_1": 2, "thread_2": 1}
        assert tx_event_flags_set(group, 0x8000, TX_OR) == TX_SUCCESS
        await others_run()
        assert stage.count == {"thread_1": 2, "thread_2": 2}
        assert tx_event_flags_info_get(group)[2] == 0

    for name, flags in (("thread_1", 0x80000000), ("thread_2", 0x8000)):
        entry = waits_for(stage, group, flags, option, flags)
        entry.__name__ = name
        stage.thread(15)(entry)
    stage.play(creating(group))


def test_event_flag_suspension_different_bits(stage, group):
    different_bits(stage, group, TX_OR_CLEAR)


def test_event_flag_suspension_different_bits_consume(stage, group):
    different_bits(stage, group, TX_AND_CLEAR)


def test_event_flag_suspension_timeout(stage, group):
    @stage.thread()
    async def thread_0(_):
        tx_event_flags_set(group, 1, TX_OR)
        tx_thread_resume(thread_1)
        tx_thread_resume(thread_2)
        result = await tx_event_flags_get(group, 1, TX_AND_CLEAR, TX_WAIT_FOREVER)
        assert result == (TX_SUCCESS, 1)
        await tx_thread_sleep(64)
        await others_run()
        assert stage.count == {"thread_1": 33, "thread_2": 13}
        assert tx_time_get() == 64
        await tx_thread_terminate(thread_1)
        await tx_thread_terminate(thread_2)

    def times_out(name, flags, ticks):
        async def entry(_):
            while True:
                stage.count[name] += 1
                result = await tx_event_flags_get(group, flags, TX_AND_CLEAR, ticks)
                assert result == (TX_NO_EVENTS, 0)

        return stage.thread(15, TX_DONT_START)(entry)

    thread_1 = times_out("thread_1", 0x80000000, 2)
    thread_2 = times_out("thread_2", 0x8000, 5)
    stage.play(creating(group))


def test_event_flag_thread_terminate(stage, group):
    @stage.thread()
    async def thread_0(_):
        await others_run()
        assert tx_event_flags_info_get(group)[3:5] == (thread_1, 2)
        assert await tx_thread_terminate(thread_2) == TX_SUCCESS
        assert await tx_thread_terminate(thread_1) == TX_SUCCESS
        assert tx_event_flags_info_get(group)[3:5] == (None, 0)
        assert tx_event_flags_set(group, ALL, TX_OR) == TX_SUCCESS
        await others_run()
        assert stage.told == []
        assert tx_event_flags_info_get(group)[2] == ALL

    @stage.thread(15)
    async def thread_1(_):
        stage.told.append(await tx_event_flags_get(group, 0x80000000, TX_AND_CLEAR, 1000))

    @stage.thread(15)
    async def thread_2(_):
        stage.told.append(await tx_event_flags_get(group, 0x8000, TX_AND_CLEAR, 1000))

    stage.play(creating(group))


def test_event_flag_single_thread_terminate(stage, group):
    both = 0x00880000

    @stage.thread(17)
    async def thread_0(_):
        await tx_thread_sleep(5)
        assert tx_thread_resume(thread_2) == TX_SUCCESS
        assert await tx_thread_terminate(thread_1) == TX_SUCCESS
        counts = []
        for flags in (0x00080000, 0x00800000, 0x00000001, 0x00080001):
            await tx_thread_sleep(5)
            assert tx_event_flags_set(group, flags, TX_OR) == TX_SUCCESS
            await tx_thread_sleep(5)
            counts.append(stage.count["thread_2"])
        assert counts == [1, 2, 2, 3]
        assert await tx_thread_terminate(thread_2) == TX_SUCCESS
        assert stage.count == {"thread_1": 1, "thread_2": 3}
        assert tx_event_flags_info_get(group)[3:5] == (None, 0)

    @stage.thread(18)
    async def thread_1(_):
        while True:
            stage.count["thread_1"] += 1
            await tx_thread_suspend(thread_1)

    @stage.thread(18, TX_DONT_START)
    async def thread_2(_):
        for option in (TX_AND_CLEAR, TX_OR_CLEAR, TX_AND_CLEAR):
            stage.count["thread_2"] += 1
            await tx_event_flags_get(group, both, option, TX_WAIT_FOREVER)

    stage.play(creating(group))


def test_event_flag_zero_request(stage, group):
    @stage.thread()
    async def thread_0(_):
        tx_event_flags_set(group, 1, TX_OR)
        for option in (TX_OR, TX_AND, TX_OR_CLEAR, TX_AND_CLEAR):
            result = await tx_event_flags_get(group, 0, option, TX_WAIT_FOREVER)
            assert result == (TX_NO_EVENTS, 0)
        assert await tx_event_flags_get(group, 1, TX_OR_CLEAR, 0) == (TX_SUCCESS, 1)

    stage.play(creating(group))


# --- what else holds ------------------------------------------------------------------------------


def test_delete_ends_every_wait_with_deleted(stage, group):
    @stage.thread()
    async def thread_0(_):
        await others_run()
        assert tx_event_flags_delete(group) == TX_SUCCESS
        assert stage.told == []
        await others_run()
        assert stage.told == [(TX_DELETED, 0)] * 2

    for _ in range(2):

        @stage.thread(15)
        async def waits(_):
            stage.told.append(await tx_event_flags_get(group, 1, TX_OR, TX_WAIT_FOREVER))

    stage.play(creating(group))


def test_a_wait_that_ends_without_flags_gets_none_of_an_earlier_one(stage, group):
    @stage.thread()
    async def thread_0(_):
        stage.later(1, lambda: tx_event_flags_set(group, 4, TX_OR))
        assert await tx_event_flags_get(group, 4, TX_OR_CLEAR, 5) == (TX_SUCCESS, 4)
        assert await tx_event_flags_get(group, 4, TX_OR_CLEAR, 5) == (TX_NO_EVENTS, 0)

    stage.play(creating(group))


def test_a_wait_outside_of_threads_is_an_error(stage, group):
    async def outside():
        stage.told.append(await tx_event_flags_get(group, 1, TX_OR, 1))
        stage.told.append(await tx_event_flags_get(group, 1, TX_OR, TX_NO_WAIT))
        stage.told.append(await tx_event_flags_get(group, 1, 14, 1))

    @stage.thread()
    async def thread_0(_):
        task = asyncio.create_task(outside())
        await tx_thread_sleep(3)
        assert task.done()

    stage.play(creating(group))
    assert stage.told == [(TX_WAIT_ERROR, 0), (TX_NO_EVENTS, 0), (TX_WAIT_ERROR, 0)]


def test_notify_is_called_after_every_or_and_never_for_an_and(stage, group):
    def notify(told):
        assert told is group
        stage.told.append((group.flags, group.waiters[:]))

    @stage.thread()
    async def thread_0(_):
        await others_run()
        assert tx_event_flags_set_notify(group, notify) == TX_SUCCESS
        tx_event_flags_set(group, 2, TX_OR)
        tx_event_flags_set(group, 1, TX_OR)
        tx_event_flags_set(group, 2, TX_AND)
        assert tx_event_flags_set_notify(group, None) == TX_SUCCESS
        tx_event_flags_set(group, 8, TX_OR)

    @stage.thread(15)
    async def thread_1(_):
        await tx_event_flags_get(group, 1, TX_OR_CLEAR, TX_WAIT_FOREVER)

    stage.play(creating(group))
    assert stage.told == [(2, [thread_1]), (2, [])]


def test_flags_may_be_set_by_what_is_no_thread(stage, group):
    @stage.thread()
    async def thread_0(_):
        stage.later(7, lambda: tx_event_flags_set(group, 4, TX_OR))
        assert await tx_event_flags_get(group, 4, TX_OR, 20) == (TX_SUCCESS, 4)
        assert tx_time_get() == 7

    stage.play(creating(group))


def test_masks_are_32_bits_of_any_sign(stage, group):
    @stage.thread()
    async def thread_0(_):
        tx_event_flags_set(group, ~0, TX_OR)
        assert group.flags == ALL
        tx_event_flags_set(group, ~BOTH, TX_AND)
        assert await tx_event_flags_get(group, ~0, TX_OR, 0) == (TX_SUCCESS, ALL & ~BOTH)
        tx_event_flags_set(group, BOTH, TX_OR)
        assert await tx_event_flags_get(group, ~0, TX_AND_CLEAR, 0) == (TX_SUCCESS, ALL)
        assert group.flags == 0

    stage.play(creating(group))


# --- against a model ------------------------------------------------------------------------------

FLAGS = st.integers(0, 15)
STEPS = st.one_of(
    st.tuples(st.just("set"), FLAGS),
    st.tuples(st.just("and"), FLAGS),
    st.tuples(st.just("get"), FLAGS, st.integers(0, 3)),
    st.tuples(st.just("wait"), st.integers(1, 15), st.integers(0, 3), st.integers(0, 31)),
    st.tuples(st.just("end"), st.integers(0, 9)),
)


class Model:
    """A group as ThreadX's manual describes it, with those who wait sorted by priority."""

    def __init__(self):
        self.flags = 0
        self.waiting = []
        self.told = []

    def get(self, wanted, option):
        """Take flags, from what is set."""
        actual = self.flags
        if not self.met(actual, wanted, option):
            return TX_NO_EVENTS, 0
        if option in (TX_OR_CLEAR, TX_AND_CLEAR):
            self.flags &= ~wanted
        return TX_SUCCESS, actual

    @staticmethod
    def met(flags, wanted, option):
        """Whether a request is met."""
        if option in (TX_AND, TX_AND_CLEAR):
            return wanted and flags & wanted == wanted
        return flags & wanted

    def set(self, flags):
        """Set flags; all who are satisfied by them get them, before any is cleared."""
        self.flags |= flags
        before = self.flags
        for waiter in self.waiting[:]:
            name, wanted, option, _ = waiter
            if self.met(before, wanted, option):
                if option in (TX_OR_CLEAR, TX_AND_CLEAR):
                    self.flags &= ~wanted
                self.told.append((name, TX_SUCCESS, before))
                self.waiting.remove(waiter)

    def wait(self, name, wanted, option, priority):
        """Get, or join those who wait."""
        status, actual = self.get(wanted, option)
        if status == TX_SUCCESS:
            self.told.append((name, status, actual))
        else:
            self.waiting.append((name, wanted, option, priority))
            self.waiting.sort(key=lambda waiter: waiter[3])


@given(st.lists(STEPS, max_size=25))
def test_any_sequence_is_as_the_model_has_it(steps):
    stage, group, model = Stage(), TX_EVENT_FLAGS_GROUP(), Model()
    waiters = []

    async def waits(request):
        name, wanted, option = request
        status, actual = await tx_event_flags_get(group, wanted, option, TX_WAIT_FOREVER)
        stage.told.append((name, status, actual))

    async def step(what, *arguments):
        if what == "set":
            assert tx_event_flags_set(group, arguments[0], TX_OR) == TX_SUCCESS
            model.set(arguments[0])
        elif what == "and":
            assert tx_event_flags_set(group, arguments[0], TX_AND) == TX_SUCCESS
            model.flags &= arguments[0]
        elif what == "get":
            result = await tx_event_flags_get(group, *arguments, TX_NO_WAIT)
            assert result == model.get(*arguments)
        elif what == "wait":
            wanted, option, priority = arguments
            name = len(waiters)
            waiters.append(TX_THREAD())
            request = (name, wanted, option)
            tx_thread_create(waiters[-1], name, waits, request, None, 0, priority)
            model.wait(name, wanted, option, priority)
        elif arguments[0] < len(waiters):
            await tx_thread_terminate(waiters[arguments[0]])
            model.waiting = [waiter for waiter in model.waiting if waiter[0] != arguments[0]]

    @stage.thread()
    async def thread_0(_):
        for what in steps:
            await step(*what)
            await others_run()
            assert group.flags == model.flags
            assert [thread.name for thread in group.waiters] == [row[0] for row in model.waiting]
            assert stage.told == model.told

    stage.play(creating(group))
