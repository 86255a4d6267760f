# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What has happened and was not yet told: a list of fixed length, first in, first out.

Callbacks run outside the client's lock, one at a time. What happens meanwhile waits here; messages
that follow each other share an entry, because the application reads them from the queue anyway.
"""

from micropython import const

_ENTRIES = const(16)
_MESSAGE = const(3)


class Events:
    """A ring of events: a kind, a number and a detail each."""

    def __init__(self):
        self._kinds = [0] * _ENTRIES
        self._numbers = [0] * _ENTRIES
        self._details = [None] * _ENTRIES
        self._next = 0
        self.count = 0
        self.number = 0
        self.detail = None

    def room(self) -> int:
        """How many events fit."""
        return _ENTRIES - self.count

    def put(self, kind: int, number: int, detail) -> None:
        """Add an event; the caller has seen to it that there is room."""
        place = (self._next + self.count) % _ENTRIES
        if kind == _MESSAGE and self.count and self._kinds[place - 1] == _MESSAGE:
            self._numbers[place - 1] += 1
            return
        self._kinds[place] = kind
        self._numbers[place] = number
        self._details[place] = detail
        self.count += 1

    def take(self) -> int:
        """Remove the oldest event: returns its kind, sets ``number`` and ``detail``."""
        place = self._next
        self._next = (place + 1) % _ENTRIES
        self.count -= 1
        self.number = self._numbers[place]
        self.detail = self._details[place]
        self._details[place] = None
        return self._kinds[place]
