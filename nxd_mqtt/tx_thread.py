# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""ThreadX's calls for threads and for the time.

Calls that may suspend the caller are awaited: sleep, relinquish, suspend, terminate. The others are
plain. What is asked of another thread takes effect at the call at which that thread stands, or at
its next one.
"""

from asyncio import CancelledError

from micropython import const

from .tx_kernel import TX_KERNEL, TX_THREAD, enter

_COMPLETED = const(1)
_TERMINATED = const(2)
_SUSPENDED = const(3)
_SLEEP = const(4)

_SUCCESS = const(0x00)
_PTR_ERROR = const(0x03)
_THREAD_ERROR = const(0x0E)
_PRIORITY_ERROR = const(0x0F)
_START_ERROR = const(0x10)
_DELETE_ERROR = const(0x11)
_RESUME_ERROR = const(0x12)
_CALLER_ERROR = const(0x13)
_SUSPEND_ERROR = const(0x14)
_THRESH_ERROR = const(0x18)
_SUSPEND_LIFTED = const(0x19)
_WAIT_ABORTED = const(0x1A)
_WAIT_ABORT_ERROR = const(0x1B)
_NOT_DONE = const(0x20)

_AUTO_START = const(1)
_PRIORITIES = const(32)
_MILLISECONDS_PER_TICK = const(10)
_TICKS = const(0xFFFFFFFF)


def _exists(thread) -> bool:
    return isinstance(thread, TX_THREAD) and thread.state is not None


def _is_priority(number) -> bool:
    return isinstance(number, int) and 0 <= number < _PRIORITIES


def tx_kernel_enter(tx_application_define=None) -> int:
    """Run an application's threads; returns when none is left that can run (``tx_kernel_enter``).

    A thread that waits without a limit for what no other thread will do cannot run; a client with a
    link, or on the way to one, can. What is still suspended then is ended. An exception that leaves
    a thread or a callback ends all threads and is raised here.

    :param tx_application_define: callable that creates the first threads; its argument, the first
        unused memory in C, is None
    :return: TX_SUCCESS; TX_CALLER_ERROR inside a kernel, or inside another loop of asyncio
    """
    return TX_KERNEL.enter(tx_application_define)


def tx_thread_create(
    thread,
    name,
    entry_function,
    entry_input,
    stack_start=None,
    stack_size: int = 0,
    priority: int = 0,
    preempt_threshold: int = 0,
    time_slice: int = 0,
    auto_start: int = _AUTO_START,
) -> int:
    """Create a thread (``tx_thread_create``).

    :param TX_THREAD thread: the control block
    :param name: for people
    :param entry_function: an ``async`` function of one argument
    :param entry_input: that argument
    :param stack_start: ignored, as is stack_size
    :param int priority: 0, the highest, to 31: the order of those who wait for one object
    :param int preempt_threshold: kept and ignored, as is time_slice: nothing is preempted
    :param int auto_start: TX_AUTO_START, or TX_DONT_START to wait for ``tx_thread_resume``
    :return: TX_SUCCESS; TX_THREAD_ERROR; TX_PTR_ERROR; TX_PRIORITY_ERROR; TX_THRESH_ERROR;
        TX_START_ERROR
    """
    if not isinstance(thread, TX_THREAD) or thread in TX_KERNEL.threads:
        return _THREAD_ERROR
    if not callable(entry_function):
        return _PTR_ERROR
    if not _is_priority(priority):
        return _PRIORITY_ERROR
    if not (_is_priority(preempt_threshold) and preempt_threshold <= priority):
        return _THRESH_ERROR
    if auto_start not in (0, _AUTO_START):
        return _START_ERROR
    thread.create(name, entry_function, entry_input, priority, preempt_threshold, time_slice)
    TX_KERNEL.threads.append(thread)
    if auto_start:
        thread.start()
    return _SUCCESS


def tx_thread_delete(thread) -> int:
    """Forget a thread that has ended (``tx_thread_delete``).

    :return: TX_SUCCESS; TX_THREAD_ERROR; TX_DELETE_ERROR when it has not ended
    """
    if not _exists(thread):
        return _THREAD_ERROR
    if thread.state != _COMPLETED and thread.state != _TERMINATED:
        return _DELETE_ERROR
    thread.state = None
    if thread in TX_KERNEL.threads:  # not after the kernel has ended
        TX_KERNEL.threads.remove(thread)
    return _SUCCESS


def tx_thread_identify():
    """The thread that is running (``tx_thread_identify``); None outside of threads."""
    return TX_KERNEL.caller()


def tx_thread_info_get(thread):
    """Ask about a thread (``tx_thread_info_get``).

    :return: (status, name, state, run count, priority, preemption threshold, time slice, next
        created thread, next thread that waits for the same); status TX_SUCCESS, or TX_THREAD_ERROR
        and None for the others
    """
    if not _exists(thread):
        return (_THREAD_ERROR,) + (None,) * 8
    return (
        _SUCCESS,
        thread.name,
        thread.state,
        thread.run_count,
        thread.priority,
        thread.threshold,
        thread.time_slice,
        _next(TX_KERNEL.threads, thread),
        _next(thread.waiters, thread),
    )


def _next(threads, thread):
    """The next in a ring, as ThreadX's lists are."""
    if not threads:
        return None
    return threads[(threads.index(thread) + 1) % len(threads)]


def tx_thread_preemption_change(thread, new_threshold: int):
    """Change what is kept for C's sake and has no effect (``tx_thread_preemption_change``).

    :return: (status, old threshold)
    """
    if not _exists(thread):
        return _THREAD_ERROR, None
    if not (_is_priority(new_threshold) and new_threshold <= thread.priority):
        return _THRESH_ERROR, None
    old = thread.threshold
    thread.threshold = new_threshold
    return _SUCCESS, old


def tx_thread_priority_change(thread, new_priority: int):
    """Change a priority; a thread that waits takes its new place (``tx_thread_priority_change``).

    :return: (status, old priority); status TX_SUCCESS, TX_THREAD_ERROR or TX_PRIORITY_ERROR
    """
    if not _exists(thread):
        return _THREAD_ERROR, None
    if not _is_priority(new_priority):
        return _PRIORITY_ERROR, None
    old = thread.priority
    thread.move(new_priority)
    thread.threshold = new_priority
    return _SUCCESS, old


async def tx_thread_relinquish() -> int:
    """Let the other threads run (``tx_thread_relinquish``)."""
    await enter()
    return _SUCCESS


def tx_thread_reset(thread) -> int:
    """Make a thread that has ended ready to begin anew, suspended (``tx_thread_reset``).

    :return: TX_SUCCESS; TX_THREAD_ERROR; TX_NOT_DONE when it has not ended
    """
    if not _exists(thread):
        return _THREAD_ERROR
    if thread.state != _COMPLETED and thread.state != _TERMINATED:
        return _NOT_DONE
    thread.reset()
    return _SUCCESS


def tx_thread_resume(thread) -> int:
    """Let a suspended thread go on, or a created one begin (``tx_thread_resume``).

    :return: TX_SUCCESS; TX_THREAD_ERROR; TX_SUSPEND_LIFTED when it was still to be suspended;
        TX_RESUME_ERROR when it was not suspended
    """
    if not _exists(thread):
        return _THREAD_ERROR
    if thread.suspending:
        thread.suspending = False
        return _SUSPEND_LIFTED
    if thread.state != _SUSPENDED:
        return _RESUME_ERROR
    if thread.task:
        thread.release()
    else:
        thread.start()
    return _SUCCESS


async def tx_thread_sleep(timer_ticks: int) -> int:
    """Sleep (``tx_thread_sleep``).

    :param int timer_ticks: 10 ms each
    :return: TX_SUCCESS; TX_WAIT_ABORTED; TX_CALLER_ERROR outside of threads
    """
    thread = await enter()
    if not thread:
        return _CALLER_ERROR
    if timer_ticks < 1:
        return _SUCCESS
    return await thread.wait([], _SLEEP, timer_ticks, _SUCCESS)


async def tx_thread_suspend(thread) -> int:
    """Suspend a thread, the caller's own or another (``tx_thread_suspend``).

    :return: TX_SUCCESS; TX_THREAD_ERROR; TX_SUSPEND_ERROR when it has ended
    """
    caller = await enter()
    if not _exists(thread):
        return _THREAD_ERROR
    if thread.state == _COMPLETED or thread.state == _TERMINATED:
        return _SUSPEND_ERROR
    if thread.state != _SUSPENDED:
        thread.suspending = True
    if thread is caller:
        await thread.obey()
    return _SUCCESS


async def tx_thread_terminate(thread) -> int:
    """End a thread, the caller's own or another (``tx_thread_terminate``).

    It leaves its functions by asyncio's CancelledError, so ``finally`` is heeded. Mutexes that it
    owns are free again.

    :return: TX_SUCCESS; TX_THREAD_ERROR
    """
    caller = await enter()
    if not _exists(thread):
        return _THREAD_ERROR
    if thread.state != _COMPLETED and thread.state != _TERMINATED:
        if thread is caller:
            raise CancelledError
        thread.kill()
    return _SUCCESS


def tx_thread_time_slice_change(thread, new_time_slice: int):
    """Change what is kept for C's sake and has no effect (``tx_thread_time_slice_change``).

    :return: (status, old time slice)
    """
    if not _exists(thread):
        return _THREAD_ERROR, None
    old = thread.time_slice
    thread.time_slice = new_time_slice
    return _SUCCESS, old


def tx_thread_wait_abort(thread) -> int:
    """End another thread's wait, which gets TX_WAIT_ABORTED (``tx_thread_wait_abort``).

    :return: TX_SUCCESS; TX_THREAD_ERROR; TX_WAIT_ABORT_ERROR when it does not wait
    """
    if not _exists(thread):
        return _THREAD_ERROR
    if thread.waiters is None or thread.state == _SUSPENDED:
        return _WAIT_ABORT_ERROR
    thread.release(_WAIT_ABORTED)
    return _SUCCESS


def tx_time_get() -> int:
    """Ticks of 10 ms since the kernel was entered, or as ``tx_time_set`` says; wraps at 2**32."""
    return TX_KERNEL.milliseconds() // _MILLISECONDS_PER_TICK + TX_KERNEL.offset & _TICKS


def tx_time_set(new_time: int) -> int:
    """Set the time in ticks (``tx_time_set``); what waits is not affected."""
    TX_KERNEL.offset = new_time - TX_KERNEL.milliseconds() // _MILLISECONDS_PER_TICK
    return _SUCCESS
