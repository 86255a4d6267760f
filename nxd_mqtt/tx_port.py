# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What threads need of asyncio on boards: a loop, a clock, a signal, a watch over a socket.

The files ``tx_port*`` are ports, as ThreadX has one for each processor; this one is for
CircuitPython's asyncio and for MicroPython's. A task that waits is put into asyncio's own queues,
as asyncio's events do it: a wait takes no helper task and next to no memory.
"""

import asyncio
from asyncio import core

from micropython import const

# asyncio's queue of sockets: which side of a socket is waited for.
_READABLE = const(0)
_WRITABLE = const(1)


class _Leave:
    """Awaited by a task that somebody else puts back into a queue."""

    gone = False

    def __init__(self):
        self._end = StopIteration()

    def __iter__(self):
        return self

    __await__ = __iter__

    def __next__(self):
        self.gone = not self.gone
        if self.gone:
            return
        # An exception that is raised again and again must not gather a trace.
        self._end.__traceback__ = None
        raise self._end


class Signal:
    """What one task waits for: somebody sets it, or the time is over."""

    def __init__(self):
        self.is_set = False
        self._task = None
        self._timed = False
        self._leave = _Leave()

    def clear(self) -> None:
        """What was set until now is not waited for."""
        self.is_set = False

    def set(self) -> None:
        """Let the task that waits go on."""
        self.is_set = True
        task = self._task
        # One that is cancelled meanwhile is in its queue already, with what it is to raise.
        if task and (task.data is None or task.data is self):
            self._task = None
            if self._timed:
                core._task_queue.remove(task)
            core._task_queue.push(task)

    def remove(self, task) -> None:
        """Forget a task that is cancelled; asyncio then puts it into its queue."""
        self._task = None

    async def wait(self, milliseconds: int) -> None:
        """Wait until it is set.

        :param int milliseconds: at most, -1 for ever
        """
        if self.is_set:
            return
        task = core.cur_task
        self._timed = milliseconds >= 0
        if self._timed:
            core._task_queue.push(task, core.ticks_add(core.ticks(), milliseconds))
        else:
            task.data = self
        self._task = task
        self._leave.gone = False
        try:
            await self._leave
        finally:
            self._task = None


class Watch:
    """Sets a signal whenever a socket is ready, until it is closed.

    :param sock: a socket that ``select.poll`` takes
    :param int wants: 1 to read, 2 to write, 3 for both
    :param signal: of the thread that handles the socket
    """

    def __init__(self, sock, wants: int, signal):
        self._signal = signal
        self._sides = []
        for side in (_READABLE, _WRITABLE):
            if wants >> side & 1:
                seen = Signal()
                self._sides.append((seen, asyncio.create_task(self._watch(sock, side, seen))))

    async def _watch(self, sock, side: int, seen) -> None:
        leave = _Leave()
        while True:
            core._io_queue._enqueue(sock, side)
            leave.gone = False
            await leave
            seen.clear()
            self._signal.set()
            await seen.wait(-1)

    def again(self) -> None:
        """What the socket was ready for is done: watch on."""
        for seen, _ in self._sides:
            seen.set()

    def close(self) -> None:
        """Watch no longer."""
        for _, task in self._sides:
            task.cancel()


def run(coroutine) -> None:
    """Run a coroutine, and what it starts, until it ends."""
    try:
        asyncio.run(coroutine)
    finally:
        # What this loop has left undone must not meet the next one.
        core.cur_task = None
        asyncio.new_event_loop()


def current_task():
    """The task that is running, None outside of the loop."""
    return core.cur_task


def now() -> int:
    """The loop's time in milliseconds; it wraps."""
    return core.ticks()


def difference(later: int, earlier: int) -> int:
    """Milliseconds between two times of ``now`` that are less than three days apart."""
    return core.ticks_diff(later, earlier)
