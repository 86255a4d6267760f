# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""ThreadX's objects on MicroPython: one story each, on a clock that runs.

The argument is a folder whose ``asyncio`` is used, ``-`` for MicroPython's own.
"""

import sys

if sys.argv[1] != "-":
    sys.path.insert(0, sys.argv[1])

import asyncio
import gc

from nxd_mqtt.tx import *

TOLD = []


def make(entry, priority=16, entry_input=None, auto_start=TX_AUTO_START):
    """A created thread."""
    thread = TX_THREAD()
    status = tx_thread_create(
        thread, "thread", entry, entry_input, None, 0, priority, priority, 0, auto_start
    )
    check(status, TX_SUCCESS)
    return thread


def check(found, expected):
    """Raise when something is not as it should be; in a thread that ends the kernel."""
    if found != expected:
        raise ValueError("%r is not %r" % (found, expected))


async def others_run():
    """Let every other thread run until it waits."""
    for _ in range(12):
        await tx_thread_relinquish()


def begin_by_priority():
    """Threads begin by priority, then in the order of creation."""

    async def entry(name):
        TOLD.append(name)

    for name, priority in (("d", 9), ("b", 3), ("c", 3), ("e", 9), ("a", 0), ("f", 31), ("g", 31)):
        make(entry, priority, name)
    return list("abcdefg")


def sleeps():
    """Threads wake in the order of their times, and no earlier."""

    async def entry(ticks):
        check(await tx_thread_sleep(ticks), TX_SUCCESS)
        check(tx_time_get() >= ticks, True)
        check(tx_time_get() <= ticks + 200, True)
        TOLD.append(ticks)

    for ticks in (5, 1, 3, 7):
        make(entry, 3, ticks)
    return [1, 3, 5, 7]


def life():
    """Suspend, resume, terminate, reset, abort."""

    async def loops(_):
        try:
            while True:
                await tx_thread_relinquish()
        finally:
            TOLD.append("finally")

    async def sleeps_long(_):
        TOLD.append(await tx_thread_sleep(100000))
        await tx_thread_suspend(tx_thread_identify())
        TOLD.append("resumed")

    async def entry(_):
        await others_run()
        check(await tx_thread_suspend(looping), TX_SUCCESS)
        await others_run()
        check(tx_thread_info_get(looping)[2], TX_SUSPENDED)
        check(tx_thread_resume(looping), TX_SUCCESS)
        await others_run()
        check(await tx_thread_terminate(looping), TX_SUCCESS)
        check(tx_thread_info_get(looping)[2], TX_TERMINATED)
        await others_run()
        check(tx_thread_wait_abort(sleeping), TX_SUCCESS)
        await others_run()
        check(tx_thread_info_get(sleeping)[2], TX_SUSPENDED)
        check(tx_thread_resume(sleeping), TX_SUCCESS)
        await others_run()
        check(tx_thread_info_get(sleeping)[2], TX_COMPLETED)
        check(tx_thread_reset(looping), TX_SUCCESS)
        check(tx_thread_resume(looping), TX_SUCCESS)
        await others_run()
        check(await tx_thread_terminate(looping), TX_SUCCESS)
        await tx_thread_terminate(tx_thread_identify())
        TOLD.append("never")

    looping = make(loops)
    sleeping = make(sleeps_long)
    make(entry)
    return ["finally", TX_WAIT_ABORTED, "resumed", "finally"]


def event_flags():
    """Those who wait are satisfied together; what one clears is cleared afterwards."""
    group = TX_EVENT_FLAGS_GROUP()
    tx_event_flags_create(group, "group")

    async def waits(option):
        TOLD.append((option, await tx_event_flags_get(group, 3, option, TX_WAIT_FOREVER)))

    async def entry(_):
        check(await tx_event_flags_get(group, 4, TX_OR, 2), (TX_NO_EVENTS, 0))
        check(tx_time_get() >= 2, True)
        check(tx_event_flags_info_get(group)[4], 3)
        tx_event_flags_set(group, 0x80000001, TX_OR)
        await others_run()
        tx_event_flags_set(group, 2, TX_OR)
        await others_run()
        check(group.flags, 0x80000000)
        tx_event_flags_set(group, ~0x80000000, TX_AND)
        check(group.flags, 0)
        make(waits, 3, TX_OR)
        await others_run()
        check(tx_event_flags_delete(group), TX_SUCCESS)
        await others_run()

    for option, priority in ((TX_AND, 9), (TX_AND_CLEAR, 3), (TX_OR, 1)):
        make(waits, priority, option)
    make(entry)
    return [
        (TX_OR, (TX_SUCCESS, 0x80000001)),
        (TX_AND_CLEAR, (TX_SUCCESS, 0x80000003)),
        (TX_AND, (TX_SUCCESS, 0x80000003)),
        (TX_OR, (TX_DELETED, 0)),
    ]


def queue_orders():
    """Room goes to the front first, then by priority; times end; flushing frees."""
    queue = TX_QUEUE()
    tx_queue_create(queue, "queue", TX_1_ULONG, None, 8)

    async def sends(request):
        function, message = request
        TOLD.append((message, await tx_wait(function, queue, message, TX_WAIT_FOREVER)))

    async def entry(_):
        check(await tx_queue_receive(queue, 2), (TX_QUEUE_EMPTY, None))
        tx_queue_send(queue, 1, TX_NO_WAIT)
        tx_queue_front_send(queue, 0, TX_NO_WAIT)
        check(tx_queue_send(queue, 2, TX_NO_WAIT), TX_QUEUE_FULL)
        check(tx_queue_send(queue, 2, 5), TX_WAIT_ERROR)
        check(await tx_wait(tx_queue_send, queue, 2, 2), TX_QUEUE_FULL)
        make(sends, 9, (tx_queue_send, "low"))
        make(sends, 3, (tx_queue_send, "high"))
        make(sends, 9, (tx_queue_front_send, "front"))
        await others_run()
        for message in ("front", 0, 1, "high"):
            check(await tx_queue_receive(queue, TX_NO_WAIT), (TX_SUCCESS, message))
            await others_run()
        check(tx_queue_flush(queue), TX_SUCCESS)
        check(await tx_queue_receive(queue, TX_NO_WAIT), (TX_QUEUE_EMPTY, None))

    make(entry)
    return [("front", TX_SUCCESS), ("high", TX_SUCCESS), ("low", TX_SUCCESS)]


def messages():
    """Messages through a queue that is always full, and nothing lost."""
    queue = TX_QUEUE()
    tx_queue_create(queue, "queue", TX_1_ULONG, None, 16)
    number = 2000

    async def sends(_):
        for message in range(number):
            check(await tx_wait(tx_queue_send, queue, message, 1000), TX_SUCCESS)

    async def receives(_):
        for message in range(number):
            check(await tx_queue_receive(queue, 1000), (TX_SUCCESS, message))
        TOLD.append("all")

    make(sends)
    make(receives)
    return ["all"]


def semaphore():
    """Instances go to those who wait by priority, and a wait has an end."""
    made = TX_SEMAPHORE()
    tx_semaphore_create(made, "semaphore", 1)

    async def gets(name):
        TOLD.append((name, await tx_semaphore_get(made, TX_WAIT_FOREVER)))

    async def entry(_):
        check(await tx_semaphore_get(made, TX_NO_WAIT), TX_SUCCESS)
        check(await tx_semaphore_get(made, 2), TX_NO_INSTANCE)
        for name, priority in (("c", 9), ("d", 9), ("a", 1), ("b", 3)):
            make(gets, priority, name)
        await others_run()
        for _ in range(4):
            tx_semaphore_put(made)
            await others_run()
        check(tx_semaphore_ceiling_put(made, 1), TX_SUCCESS)
        check(tx_semaphore_ceiling_put(made, 1), TX_CEILING_EXCEEDED)

    make(entry)
    return [(name, TX_SUCCESS) for name in "abcd"]


def mutex():
    """An owner may get it again, inherits, and lets go of it when it ends."""
    made = TX_MUTEX()
    tx_mutex_create(made, "mutex", TX_INHERIT)

    async def gets(name):
        TOLD.append((name, await tx_mutex_get(made, 50)))

    async def entry(_):
        thread = tx_thread_identify()
        check(await tx_mutex_get(made, TX_NO_WAIT), TX_SUCCESS)
        check(await tx_mutex_get(made, TX_NO_WAIT), TX_SUCCESS)
        make(gets, 9, "b")
        make(gets, 3, "a")
        await others_run()
        check(thread.rank, 3)
        check(tx_mutex_put(made), TX_SUCCESS)
        check(thread.rank, 3)
        check(tx_mutex_put(made), TX_SUCCESS)
        check(thread.rank, 16)
        check(tx_mutex_put(made), TX_NOT_OWNED)
        await others_run()
        check(made.owner, None)

    make(entry)
    return [("a", TX_SUCCESS), ("b", TX_SUCCESS)]


def timers():
    """Functions are called in the order of their times; the kernel stays for them."""
    often, once = TX_TIMER(), TX_TIMER()

    def expire(name):
        TOLD.append(name)
        if len(TOLD) == 4:
            check(tx_timer_deactivate(often), TX_SUCCESS)
            check(tx_time_get() >= 9, True)

    tx_timer_create(often, "often", expire, "often", 3, 3, TX_AUTO_ACTIVATE)
    tx_timer_create(once, "once", expire, "once", 7, 0, TX_AUTO_ACTIVATE)
    return ["often", "often", "once", "often"]


def no_starvation():
    """A loop of calls that need not wait lets the others run."""
    made = TX_SEMAPHORE()
    tx_semaphore_create(made, "semaphore", 0)

    async def loops(_):
        while not TOLD:
            tx_semaphore_put(made)
            check(await tx_semaphore_get(made, 1000), TX_SUCCESS)

    async def entry(_):
        for _ in range(20):
            await tx_thread_relinquish()
        await tx_thread_sleep(2)
        TOLD.append("ran")

    make(loops, 0)
    make(entry, 31)
    return ["ran"]


def little_memory():
    """Setting, putting and sending take no memory, whether or not somebody waits."""
    queue, group, made = TX_QUEUE(), TX_EVENT_FLAGS_GROUP(), TX_SEMAPHORE()
    tx_queue_create(queue, "queue", TX_1_ULONG, None, 16)
    tx_event_flags_create(group, "group")
    tx_semaphore_create(made, "semaphore", 0)

    def work():
        tx_queue_send(queue, "message", TX_NO_WAIT)
        tx_queue_front_send(queue, "message", TX_NO_WAIT)
        tx_event_flags_set(group, 1, TX_OR)
        tx_event_flags_set(group, 0, TX_AND)
        tx_semaphore_put(made)
        tx_semaphore_ceiling_put(made, 9)

    async def receives(_):
        await tx_queue_receive(queue, TX_WAIT_FOREVER)

    async def takes(_):
        await tx_semaphore_get(made, TX_WAIT_FOREVER)

    async def waits(_):
        await tx_event_flags_get(group, 3, TX_OR_CLEAR, TX_WAIT_FOREVER)

    async def entry(_):
        work()
        tx_queue_flush(queue)
        await tx_semaphore_get(made, TX_NO_WAIT)
        await tx_semaphore_get(made, TX_NO_WAIT)
        for waiter in (receives, takes, waits):
            make(waiter)
        await others_run()
        gc.collect()
        gc.disable()
        before = gc.mem_alloc()
        work()
        TOLD.append(gc.mem_alloc() - before)
        gc.enable()

    make(entry)
    return [0]


def failure():
    """An exception ends all threads and comes out of the kernel; then it may be entered again."""

    async def fails(_):
        await tx_thread_sleep(1)
        raise KeyError("as told")

    async def sleeps_long(_):
        try:
            await tx_thread_sleep(100000)
        finally:
            TOLD.append("finally")

    make(sleeps_long)
    make(fails)
    return ["finally", "as told"]


STORIES = (
    begin_by_priority,
    sleeps,
    life,
    event_flags,
    queue_orders,
    messages,
    semaphore,
    mutex,
    timers,
    no_starvation,
    little_memory,
    failure,
)


def play(story):
    """Enter the kernel for one story, and see what was told."""
    TOLD.clear()
    expected = []
    try:
        check(tx_kernel_enter(lambda _: expected.extend(story())), TX_SUCCESS)
    except KeyError as error:
        TOLD.append(error.args[0])
    if expected != TOLD:
        print(story.__name__, "told", TOLD, "instead of", expected)
        sys.exit(1)


for tale in STORIES + STORIES:
    play(tale)
print("%d stories with %s" % (len(STORIES), getattr(asyncio, "__file__", "its own asyncio")))
