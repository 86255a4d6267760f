# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT

"""A clock that stands still until a test moves it, and fires what was planned on its way.

It reads like a board's tick counter: milliseconds that wrap at 2**29.
"""

import heapq

_TICKS_MASK = 2**29 - 1


class WouldBlockForever(AssertionError):
    """Something waits and nothing that is planned can ever end the wait."""


class Clock:
    """Milliseconds that pass only when told to."""

    def __init__(self, start=0):
        self._start = start
        self._planned = []
        self._sequence = 0  # equal times fire in the order they were planned
        self.elapsed = 0
        """Milliseconds since this clock was made; never wraps."""

    def __call__(self):
        return (self._start + self.elapsed) & _TICKS_MASK

    def later(self, milliseconds, function):
        """Call ``function()`` once, when ``milliseconds`` have passed (0: at the next advance)."""
        due = self.elapsed + max(0, milliseconds)
        self._sequence += 1
        heapq.heappush(self._planned, (due, self._sequence, function))

    def next_due(self):
        """Milliseconds until the next planned call, None if nothing is planned."""
        return max(0, self._planned[0][0] - self.elapsed) if self._planned else None

    def advance(self, milliseconds=0):
        """Let time pass. Planned calls fire in order and see the time they were planned for."""
        target = self.elapsed + milliseconds
        while self._planned and self._planned[0][0] <= target:
            due, _, function = heapq.heappop(self._planned)
            # max: a fired function may itself have let time pass, and time never goes back.
            self.elapsed = max(self.elapsed, due)
            function()
        self.elapsed = max(self.elapsed, target)

    def run_until(self, ready, milliseconds=None):
        """Go from planned call to planned call until ``ready()``; False when the time is over."""
        deadline = None if milliseconds is None else self.elapsed + milliseconds
        while not ready():
            left = None if deadline is None else deadline - self.elapsed
            if left is not None and left <= 0:
                return False
            steps = [step for step in (self.next_due(), left) if step is not None]
            if not steps:
                raise WouldBlockForever("a wait without limit, and nothing is planned")
            self.advance(min(steps))
        return True
