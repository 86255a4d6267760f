# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""When a hub client connects again: at once for a new token, seldom when it is being replaced.

A hub has one connection for a device. Two programs with one id would drop each other for ever; what
they see is a link that the hub closes in order, soon after it has accepted it, again and again.
"""

from micropython import const

from .reconnect import Backoff
from .transport import CLOSED

_AZURE_INVALID_PARAMETER = const(0x20002)
_AZURE_SAS_TOKEN_EXPIRED = const(0x20017)

# Milliseconds: a link that lasted longer was not dropped for another one.
_SHORT = const(300000)
# One that lasted no longer may end by a reset, because what was on its way found it closed.
_AT_ONCE = const(10000)
_CLOCK_MASK = const((1 << 29) - 1)
# So many in a row are no accident.
_SUSPICIOUS = const(3)
# As for other clients: behind a link that was up for so long the pauses are short again.
_STABLE = const(30000)
_GIVE_UP = const(-1)
_WEBSOCKET_DISCONNECTED = const(0x30009)

# The cause of the end of a link that the client itself has ended for a new token.
RENEWAL = "the token is renewed"


def _is_reset(cause) -> bool:
    """Whether a socket says that the peer has closed: EPIPE, ECONNRESET on macOS and elsewhere."""
    return getattr(cause, "errno", 0) in (32, 54, 104)


def _planned(status: int, cause) -> bool:
    return status == _AZURE_SAS_TOKEN_EXPIRED and cause is RENEWAL


class Rivals:
    """How often in a row the hub has closed a link that it had accepted."""

    def __init__(self):
        self._since = self._closed = 0

    def connected(self, now: int) -> None:
        """The hub has accepted a link."""
        self._since = now

    def ended(self, now: int, status: int, cause) -> None:
        """A link that the hub had accepted has ended."""
        if cause is not RENEWAL:
            age = now - self._since & _CLOCK_MASK
            in_order = cause == CLOSED or status == _WEBSOCKET_DISCONNECTED
            dropped = age < _SHORT if in_order else age < _AT_ONCE and _is_reset(cause)
            self._closed = self._closed + 1 if dropped else 0

    def forgive(self) -> None:
        """The last one was closed for another reason."""
        self._closed = max(self._closed - 1, 0)

    def suspected(self) -> bool:
        """Whether another program seems to connect with the same id."""
        return self._closed >= _SUSPICIOUS


class HubBackoff(Backoff):
    """The back-off of a hub client that connects again by itself.

    :param int minimum: milliseconds of the shortest pause
    :param int maximum: milliseconds of the longest pause
    :param draw: callable, a random whole number from its first argument to its second
    :param Rivals rivals: of the client
    """

    def __init__(self, minimum: int, maximum: int, draw, rivals):
        self._rivals = rivals
        Backoff.__init__(self, minimum, maximum, draw)

    def pause(self, now: int, status: int, cause, connected: bool) -> int:
        """As ``Backoff.pause``; none for a planned end, a long one for who is replaced."""
        if _planned(status, cause):
            if now - self._since & _CLOCK_MASK >= min(self._maximum, _STABLE):
                self._ceiling = self._minimum
            return 0
        if status == _AZURE_INVALID_PARAMETER:
            return _GIVE_UP  # the program's token is none, and will not become one
        pause = Backoff.pause(self, now, status, cause, connected)
        if pause != _GIVE_UP and self._rivals.suspected():
            pause = max(pause, self._draw(self._maximum // 2, self._maximum))
        return pause


class Once:
    """Stands for the back-off of a client that has none, while it renews its token."""

    def begin(self) -> None:
        """There is nothing to forget."""

    def connected(self, now: int) -> bool:
        """The new link replaces none that was lost."""
        return False

    def pause(self, now: int, status: int, cause, connected: bool) -> int:
        """One attempt, at once."""
        return 0 if _planned(status, cause) else _GIVE_UP
