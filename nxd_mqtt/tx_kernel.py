# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The kernel below ThreadX's names: threads are tasks of asyncio, suspended and released here.

A thread runs until it awaits a ``tx_`` call, and every such call lets the others run, so no loop
around one can stop them. Whoever waits for an object stands in that object's list, by priority,
until somebody releases it or its time is over. The kernel returns when nobody is left who can run.
"""

import asyncio
import sys
from asyncio import CancelledError

from micropython import const

if sys.implementation.name == "cpython":
    from .tx_port_cpython import Signal, Watch, current_task, difference, now, run
else:
    from .tx_port import Signal, Watch, current_task, difference, now, run  # noqa: F401

_READY = const(0)
_COMPLETED = const(1)
_TERMINATED = const(2)
_SUSPENDED = const(3)

_SUCCESS = const(0x00)
_CALLER_ERROR = const(0x13)

_FOREVER = const(0xFFFFFFFF)
_PRIORITIES = const(32)
_NOTHING_LENT = const(32)
_MILLISECONDS_PER_TICK = const(10)
# A longer wait is made of pieces, and the clock is read at least as often: on boards asyncio's
# clock can tell three days.
_DAY = const(86400000)


class TX_THREAD:
    """The control block of a thread, filled by ``tx_thread_create``."""

    # One of ThreadX's numbers, None before it is created.
    state = None

    def create(self, name, entry, entry_input, priority: int, threshold: int, time_slice: int):
        """Fill the control block; the thread is suspended."""
        self.name = name
        # The order among those who wait: its priority, or a higher one that a mutex lends it.
        self.priority = self.rank = priority
        self.lent = _NOTHING_LENT
        self.threshold = threshold
        self.time_slice = time_slice
        self.entry = entry
        self.entry_input = entry_input
        self.run_count = 0
        # Mutexes that it has to let go of when it ends.
        self.owned = []
        self.signal = Signal()
        self.reset()

    def reset(self) -> None:
        """Back to the beginning."""
        self.state = _SUSPENDED
        self.task = None
        # Where it stands while it waits; what for, and how the wait has ended.
        self.waiters = self.wanted = self.given = None
        self.status = _SUCCESS
        # Whether it can go on without another thread: its time will be over, its socket ready.
        self.limited = False
        # Whether it is to be suspended at its next call.
        self.suspending = False

    # -- waiting ------------------------------------------------------------------------------

    async def wait(self, waiters, state: int, ticks: int, expired: int, first: bool = False) -> int:
        """Suspend this thread, which must be the one that calls.

        :param list waiters: of the object that it waits for
        :param int state: ThreadX's number for what it waits for
        :param int ticks: 10 ms each
        :param int expired: the status when they are over
        :param bool first: whether to stand before all others
        :return: the status with which it is released, or expired
        """
        self.signal.clear()
        self.stand(waiters, first)
        self.state = state
        self.status = expired
        self.given = None
        # C takes -1 for the same as for ever.
        self.limited = 0 <= ticks < _FOREVER
        TX_KERNEL.look()
        try:
            await self._pause(ticks * _MILLISECONDS_PER_TICK if self.limited else -1)
        finally:
            if self.waiters is not None:
                self._step_out()
        self.run_count += 1
        await self.obey()
        return self.status

    def stand(self, waiters, first: bool = False) -> None:
        """Join those who wait, behind the last one whose rank is as high."""
        place = 0 if first else len(waiters)
        while place and waiters[place - 1].rank > self.rank:
            place -= 1
        waiters.insert(place, self)
        self.waiters = waiters

    def move(self, priority: int) -> None:
        """Get another priority, and the place that goes with it."""
        self.priority = priority
        self.lend(self.lent)

    def lend(self, priority: int) -> None:
        """Get a priority for as long as it is higher than its own; 32 takes it back."""
        self.lent = priority
        self.rank = min(self.priority, priority)
        waiters = self.waiters
        if waiters is not None:
            waiters.remove(self)
            self.stand(waiters)

    async def _pause(self, milliseconds: int) -> None:
        while milliseconds > _DAY and not self.signal.is_set:
            await self.signal.wait(_DAY)
            milliseconds -= _DAY
        await self.signal.wait(milliseconds)

    def _step_out(self) -> None:
        self.waiters.remove(self)
        self.waiters = None
        self.limited = False
        if self.state != _TERMINATED:
            self.state = _READY

    def release(self, status: int = _SUCCESS, given=None) -> None:
        """End its wait: what it waits for is there, or will never be.

        :param given: what it gets
        """
        self.status = status
        self.given = given
        self._step_out()
        self.signal.set()

    async def obey(self) -> None:
        """Suspend this thread if somebody has asked for it meanwhile."""
        while self.suspending:
            self.suspending = False
            status = self.status
            given = self.given
            await self.wait([], _SUSPENDED, _FOREVER, _SUCCESS)
            self.status = status
            self.given = given

    # -- life ---------------------------------------------------------------------------------

    def start(self) -> None:
        """It may run."""
        self.state = _READY
        if TX_KERNEL.started:
            self.task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        state = _TERMINATED
        self.run_count += 1
        try:
            work = self.entry(self.entry_input)
            if hasattr(work, "send"):
                await work
            state = _COMPLETED
        except CancelledError:  # by terminate, or because the kernel ends
            pass
        except Exception as error:
            TX_KERNEL.fail(error)
        finally:
            # Unless it was reset meanwhile, and begun anew.
            if self.task is current_task():
                self.leave(state)

    def leave(self, state: int) -> None:
        """It has ended."""
        self.state = state
        self.task = None
        self.suspending = False
        while self.owned:
            self.owned[0].abandon(self)
        TX_KERNEL.look()

    def kill(self) -> None:
        """End it at the call at which it stands; one that has not begun never will."""
        if self.waiters is not None:
            self._step_out()
        task = self.task
        self.leave(_TERMINATED)
        if task:
            task.cancel()


class _Kernel:
    """All threads, and the time since they were let loose."""

    def __init__(self):
        self.threads = []
        # What else was created: event flags, queues, semaphores, mutexes, timers.
        self.objects = []
        # The timers that run, once there is one.
        self.timers = None
        # Who runs the MQTT clients.
        self.keepers = []
        self.started = False
        self._over = self._failure = None
        self._read = self._milliseconds = 0
        # Ticks that an application has put the time ahead by.
        self.offset = 0

    def enter(self, define) -> int:
        """Run what an application defines until nobody can run any more."""
        if current_task():
            return _CALLER_ERROR
        try:
            run(self.serve(define))
        finally:
            # On boards an interrupt leaves the loop where it stands.
            self._forget()
        return _SUCCESS

    async def serve(self, define) -> None:
        """The task from which all others are started.

        :raises Exception: what a thread has raised; then all of them have ended
        """
        self._over = Signal()
        self._failure = None
        self._milliseconds = self.offset = 0
        self._read = now()
        try:
            if define:
                define(None)
            self.started = True
            # Of equal priorities in the order of creation, which a board's sort does not keep.
            for priority in range(_PRIORITIES):
                for thread in self.threads:
                    if thread.state == _READY and thread.priority == priority:
                        thread.start()
            self.look()
            while not self._over.is_set:
                await self._over.wait(_DAY)
                self.milliseconds()
        finally:
            await self._end()
        if self._failure:
            raise self._failure

    async def _end(self) -> None:
        # The time stands still, and a thread that is created now will not begin.
        self.milliseconds()
        self.started = False
        threads = list(self.threads)
        tasks = [thread.task for thread in threads if thread.task]
        for thread in threads:
            if thread.state != _COMPLETED and thread.state != _TERMINATED:
                thread.kill()
        for task in tasks:
            try:
                await task
            except CancelledError:  # before it had begun
                pass
        self._forget()

    def _forget(self) -> None:
        """Nothing is created any more, and clients are left to themselves."""
        self.started = False
        self.threads = []
        self.objects = []
        self.timers = None
        while self.keepers:
            self.keepers.pop().drop()

    def milliseconds(self) -> int:
        """Time since the kernel was entered."""
        if self.started:
            read = now()
            self._milliseconds += difference(read, self._read)
            self._read = read
        return self._milliseconds

    def caller(self):
        """The thread that calls; None where it is none."""
        task = current_task()
        for thread in self.threads:
            if task and thread.task is task:
                return thread
        return None

    def keep(self, client):
        """Give an MQTT client a thread of its own; returns what the client tells of changes."""
        from .tx_client import Keeper

        keeper = Keeper(client)
        self.keepers.append(keeper)
        return keeper

    def look(self) -> None:
        """See whether somebody is left who can run, and end if not."""
        for thread in self.threads:
            if thread.state == _READY or thread.limited:
                return
        if self.started:
            self._over.set()

    def fail(self, error) -> None:
        """A thread has raised: end, and raise it where the kernel was entered."""
        self._failure = self._failure or error
        self._over.set()


TX_KERNEL = _Kernel()


async def enter():
    """What every awaited call begins with: let the others run, and be suspended if so wished.

    :return: the thread that calls, None where it is none
    """
    await asyncio.sleep(0)
    thread = TX_KERNEL.caller()
    if thread:
        await thread.obey()
    return thread
