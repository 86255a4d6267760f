# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Threads of ThreadX on the bench: stories are played on a clock that nobody waits for."""

import asyncio
import selectors
from collections import Counter

from nxd_mqtt.tx_kernel import TX_KERNEL, TX_THREAD
from nxd_mqtt.tx_status import TX_AUTO_START, TX_COMPLETED, TX_SUCCESS
from nxd_mqtt.tx_thread import tx_thread_create, tx_thread_relinquish

# A story waits no more often: a kernel that did not return would let time pass for ever.
_MOST_WAITS = 50000
_SECONDS_PER_TICK = 0.01


class _Clock(selectors.DefaultSelector):
    """Where a loop waits: here the time passes at once, unless a socket is ready."""

    # A microsecond past the millisecond: products with 1000 then never fall short of it.
    now = 0.000001
    _waits = 0

    def select(self, timeout=None):
        """What is ready; nothing, and it is later."""
        ready = super().select(0)
        if not ready and timeout != 0:
            assert timeout is not None, "nobody will ever run"
            self.now = round(self.now + timeout, 6)
            self._waits += 1
            assert self._waits < _MOST_WAITS, "the kernel does not return"
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose time jumps to the next timer when nothing else is ready."""

    def __init__(self):
        self.clock = _Clock()
        super().__init__(self.clock)
        # After some months a nanosecond is less than such a number can tell.
        self._clock_resolution = 0.000001

    def time(self):
        """Seconds since it was made."""
        return self.clock.now


class Stage:
    """The threads of a story, in the order in which they are created; the first one plays it.

    ``told`` is what they write down, ``count`` what they count.
    """

    def __init__(self):
        self.told = []
        self.count = Counter()
        self.threads = []
        self._cast = []
        self._loop = None

    def thread(self, priority=16, auto_start=TX_AUTO_START):
        """A decorator that makes the control block of a thread from its entry function."""

        def decorate(entry):
            thread = TX_THREAD()
            self.threads.append(thread)
            self._cast.append((thread, entry, priority, auto_start))
            return thread

        return decorate

    def define(self, _):
        """Create all threads."""
        for thread, entry, priority, auto_start in self._cast:
            status = tx_thread_create(
                thread, entry.__name__, entry, None, None, 0, priority, priority, 0, auto_start
            )
            assert status == TX_SUCCESS

    def play(self, define=None):
        """Play until nobody can run any more; the first thread must have come to its end.

        :param define: creates what the threads use
        """

        def define_all(first_unused_memory):
            if define:
                define(first_unused_memory)
            self.define(first_unused_memory)

        self.run(define_all)
        assert self.threads[0].state == TX_COMPLETED

    def run(self, define):
        """Run the kernel on a virtual clock, as ``tx_kernel_enter`` does on a real one."""
        self._loop = VirtualLoop()
        try:
            self._loop.run_until_complete(TX_KERNEL.serve(define))
            assert asyncio.all_tasks(self._loop) == set()
            assert not TX_KERNEL.threads
            assert not TX_KERNEL.objects
        finally:
            self._loop.close()
            # What could not even end leaves nothing to the next story.
            if TX_KERNEL.started:
                TX_KERNEL.__init__()

    def compute(self, ticks):
        """Be the thread that takes so long between two calls."""
        self._loop.clock.now = round(self._loop.clock.now + ticks * _SECONDS_PER_TICK, 6)

    def later(self, ticks, function):
        """Have the loop call something that is no thread."""
        self._loop.call_later(ticks * _SECONDS_PER_TICK, function)


async def others_run():
    """Relinquish until every other thread waits, as preemption and time slices do it in C."""
    for _ in range(12):
        await tx_thread_relinquish()
