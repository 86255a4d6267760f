# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""ThreadX's timers: plain functions that are called after a time, once or again and again.

One hidden thread of the kernel calls them, in the order of their times. While a timer runs the
kernel does not return.
"""

from micropython import const

from .tx_kernel import TX_KERNEL, TX_THREAD
from .tx_object import Created, exists, may_create

_SUSPENDED = const(3)

_SUCCESS = const(0x00)
_TIMER_ERROR = const(0x15)
_TICK_ERROR = const(0x16)
_ACTIVATE_ERROR = const(0x17)

_AUTO_ACTIVATE = const(1)
_FOREVER = const(0xFFFFFFFF)
_MILLISECONDS_PER_TICK = const(10)


class TX_TIMER(Created):
    """The control block of a timer, filled by ``tx_timer_create``."""

    def create(self, name, function, argument, initial: int, again: int) -> None:
        """It does not run."""
        Created.create(self, name)
        self.function = function
        self.argument = argument
        # Ticks until it expires, once it runs, and from then on; 0 for never again.
        self.remaining = initial
        self.again = again
        # The kernel's time at which it expires, in milliseconds; None while it does not run.
        self.due = None
        # Whether its function is being called.
        self.expiring = False

    def start(self) -> None:
        """Let it run for what remains; for ever is never."""
        if self.remaining != _FOREVER:
            if TX_KERNEL.timers is None:
                TX_KERNEL.timers = _Timers()
            TX_KERNEL.timers.add(self, _now() + self.remaining * _MILLISECONDS_PER_TICK)

    def stop(self) -> None:
        """Keep what remains."""
        if self.due is not None:
            self.remaining = self.left() or self.again
            self.due = None
            if TX_KERNEL.timers:  # not when the kernel has ended
                TX_KERNEL.timers.remove(self)

    def left(self) -> int:
        """Ticks until it expires: none while its function runs, or should be running."""
        if self.due is None:
            return self.remaining
        return 0 if self.expiring else _ticks(self.due - _now())


def _now() -> int:
    """The kernel's time, which begins when it is entered."""
    return TX_KERNEL.milliseconds() if TX_KERNEL.started else 0


def _ticks(milliseconds: int) -> int:
    """Ticks until a time that may be over."""
    return max(-(-milliseconds // _MILLISECONDS_PER_TICK), 0)


class _Timers:
    """The timers that run, in the order of their times, and the thread that calls them."""

    def __init__(self):
        self._running = []
        self._waiters = []
        self._thread = TX_THREAD()
        self._thread.create("System Timer Thread", self._run, None, 0, 0, 0)
        TX_KERNEL.threads.append(self._thread)
        self._thread.start()

    def add(self, timer, due: int) -> None:
        """A timer begins to run; of equal times the one that is added first is the first."""
        running = self._running
        place = len(running)
        while place and running[place - 1].due > due:
            place -= 1
        timer.due = due
        running.insert(place, timer)
        self._look_again()

    def remove(self, timer) -> None:
        """A timer does not run any more."""
        if timer in self._running:  # not one of an earlier kernel
            self._running.remove(timer)
        self._look_again()

    def _look_again(self) -> None:
        """What the thread waits for has changed."""
        if self._waiters:
            self._thread.release()

    async def _run(self, _) -> None:
        running = self._running
        while True:
            now = _now()
            # One that is late by more than its period is called for each.
            while running and running[0].due <= now:
                self._expire(running[0])
            ticks = _ticks(running[0].due - _now()) if running else _FOREVER
            await self._thread.wait(self._waiters, _SUSPENDED, ticks, _SUCCESS)

    def _expire(self, timer) -> None:
        due = timer.due
        self._running.pop(0)
        timer.due = None
        timer.remaining = timer.again
        if timer.again:
            self.add(timer, due + timer.again * _MILLISECONDS_PER_TICK)
        timer.expiring = True
        if timer.function:
            timer.function(timer.argument)
        timer.expiring = False


def tx_timer_activate(timer) -> int:
    """Let a timer run (``tx_timer_activate``).

    :return: TX_SUCCESS; TX_TIMER_ERROR; TX_ACTIVATE_ERROR when it runs, or has expired and is not
        to do so again
    """
    if not exists(timer, TX_TIMER):
        return _TIMER_ERROR
    if timer.due is not None or not timer.remaining:
        return _ACTIVATE_ERROR
    timer.start()
    return _SUCCESS


def tx_timer_change(timer, initial_ticks: int, reschedule_ticks: int) -> int:
    """Change the times of a timer that does not run (``tx_timer_change``).

    :return: TX_SUCCESS, also where it runs and nothing is changed; TX_TIMER_ERROR; TX_TICK_ERROR
    """
    if not exists(timer, TX_TIMER):
        return _TIMER_ERROR
    if not initial_ticks:
        return _TICK_ERROR
    if timer.due is None:
        timer.remaining = initial_ticks
        timer.again = reschedule_ticks
    return _SUCCESS


def tx_timer_create(
    timer,
    name,
    expiration_function,
    expiration_input,
    initial_ticks: int,
    reschedule_ticks: int,
    auto_activate: int,
) -> int:
    """Create a timer (``tx_timer_create``).

    :param TX_TIMER timer: the control block
    :param name: for people
    :param expiration_function: a plain function of one argument, which must not wait
    :param expiration_input: that argument
    :param int initial_ticks: 10 ms each, until it expires for the first time
    :param int reschedule_ticks: from then on, 0 for never again
    :param int auto_activate: TX_AUTO_ACTIVATE, or TX_NO_ACTIVATE to wait for ``tx_timer_activate``
    :return: TX_SUCCESS; TX_TIMER_ERROR; TX_TICK_ERROR; TX_ACTIVATE_ERROR
    """
    if not may_create(timer, TX_TIMER):
        return _TIMER_ERROR
    if not initial_ticks:
        return _TICK_ERROR
    if auto_activate not in (0, _AUTO_ACTIVATE):
        return _ACTIVATE_ERROR
    timer.create(name, expiration_function, expiration_input, initial_ticks, reschedule_ticks)
    if auto_activate:
        timer.start()
    return _SUCCESS


def tx_timer_deactivate(timer) -> int:
    """Stop a timer; activated again it runs for what remains (``tx_timer_deactivate``).

    :return: TX_SUCCESS; TX_TIMER_ERROR
    """
    if not exists(timer, TX_TIMER):
        return _TIMER_ERROR
    timer.stop()
    return _SUCCESS


def tx_timer_delete(timer) -> int:
    """Stop a timer and forget it (``tx_timer_delete``).

    :return: TX_SUCCESS; TX_TIMER_ERROR
    """
    if not exists(timer, TX_TIMER):
        return _TIMER_ERROR
    timer.stop()
    timer.delete()
    return _SUCCESS


def tx_timer_info_get(timer):
    """Ask about a timer (``tx_timer_info_get``).

    :return: (status, name, TX_TRUE while it runs, ticks until it expires, reschedule ticks, next
        created timer); status TX_SUCCESS, or TX_TIMER_ERROR and None for the others
    """
    if not exists(timer, TX_TIMER):
        return _TIMER_ERROR, None, None, None, None, None
    active = int(timer.due is not None)
    return _SUCCESS, timer.name, active, timer.left(), timer.again, timer.next()
