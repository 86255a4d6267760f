# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A fixed piece of plain Python that the time of other work is told in.

What slows everything down on this machine just now (a busy core, a slow clock, a neighbour in the
cache) slows this down, too, if it is measured right beside the other. And it changes for no change
of the library.
"""

import gc
import statistics
import sys
import time
from _thread import RLock
from struct import pack_into

_TURNS = 80
_WARM_UPS = 10
_ROUNDS = 40


class Yardstick:
    """A mailbox for one parcel, which is put in and taken out.

    It is made of what the library is made of, in about its proportions: short functions, a lock
    and a ``try`` around each step, small numbers in attributes and in a buffer. So it gains and
    loses by another version of Python what the library does. The few bytes that the library copies
    are not in it, because that costs the same in all versions.
    """

    def __init__(self) -> None:
        self._lock = RLock()
        self._buffer = memoryview(bytearray(256))
        self._parcel = bytes(64)
        self._at = self._count = self._number = 0
        self._notes = [0] * 8

    def measure(self) -> float:
        """Seconds of the processor that a turn takes now."""
        begun = time.thread_time()
        for _ in range(_TURNS):
            self.turn()
        return (time.thread_time() - begun) / _TURNS

    @property
    def open(self) -> bool:
        """Whether there is room."""
        return self._count < 2

    def turn(self) -> bool:
        """Put a parcel in and take it out; whether it is the same."""
        return self._send(self._parcel, 2, -1)

    def _send(self, parcel, flags: int, wait: int) -> bool:
        with self._lock:
            if not self.open and not (flags & 2 and wait):
                return False
            self._put(parcel, flags)
            self._note(3, self._number)
            return self._guarded(Yardstick._get)

    def _guarded(self, step) -> bool:
        with self._lock:
            if self._count > 1:
                return False
            try:
                return step(self)
            except ValueError:
                return False

    def _put(self, parcel, flags: int) -> bool:
        if not isinstance(parcel, bytes) or not self._fits(len(parcel)):
            return False
        self._at = self._header(self._at, 0x30 | flags, len(parcel))
        self._number = self._number + 1 if self._number < 65535 else 1
        self._count += 1
        return True

    def _fits(self, length: int) -> bool:
        room = len(self._buffer) - self._at
        while room > 1 << 20:
            room >>= 1
        return length < room

    def _header(self, at: int, first: int, length: int) -> int:
        buffer = self._buffer
        buffer[at] = first
        pack_into(">H", buffer, at + 1, length)
        return at + 3

    def _note(self, kind: int, number: int) -> None:
        place = (self._number + kind) % 8
        if kind == 3 and self._notes[place] & 0x0F == kind and not number:
            return
        self._notes[place] = number << 4 | kind

    def _get(self) -> bool:
        if not self._count:
            return False
        buffer = self._buffer
        at = self._at - 3
        length = buffer[at + 1] << 8 | buffer[at + 2]
        self._count -= 1
        if not self._count:
            self._at = 0
        return length == len(self._parcel)


def untraced(function, *arguments):
    """Call a function while nobody traces this thread; returns its answer.

    Who measures branches looks at each line of the library and at none of the tests.
    """
    tracer = sys.gettrace()
    sys.settrace(None)
    try:
        return function(*arguments)
    finally:
        sys.settrace(tracer)


def in_yardsticks(work) -> float:
    """How many turns of the yardstick a piece of work takes.

    The processor's time of this thread is what counts, not that of the clock: who else wants the
    processor is in the second one only. Work and yardstick take turns, and the answer is the median
    of many rounds.

    :param work: does it once and returns the seconds of the processor that it took
    """
    return untraced(_in_yardsticks, work)


def _in_yardsticks(work) -> float:
    yardstick = Yardstick()
    collects = gc.isenabled()
    gc.disable()
    try:
        for _ in range(_WARM_UPS):
            work()
            before = yardstick.measure()
        found = []
        for _ in range(_ROUNDS):
            worked = work()
            after = yardstick.measure()
            found.append(2 * worked / (before + after))
            before = after
    finally:
        if collects:
            gc.enable()
    return statistics.median(found)
