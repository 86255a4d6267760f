# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""One call of connect: what has come of it so far, and how long its caller waits for that."""

from micropython import const

_SUCCESS = const(0x00)
_IN_PROGRESS = const(0x37)
_NOT_CONNECTED = const(0x10002)
_CONNECT_FAILURE = const(0x10005)
_COMMUNICATION_FAILURE = const(0x10007)

_LINK_OPEN = const(3)


class Attempt:
    """What a client tries since a call of connect; the next call puts another one in its place.

    :param client: whose attempt it is
    """

    # What has come of it; NX_IN_PROGRESS until that is known.
    status = _IN_PROGRESS
    # Whether a caller waits, and for how many milliseconds more; -1 is for ever.
    blocking = False
    patience = 0

    def __init__(self, client):
        self._client = client

    def see_through(self, wait: int) -> int:
        """Poll until there is a result or the wait is over.

        :param int wait: milliseconds, -1 for ever
        """
        client = self._client
        ending = _SUCCESS
        start = client._ip.clock()
        try:
            while self.waits(start, wait):
                ending = client._poll_for(self.patience)
        finally:
            self.blocking = False
        return self.outcome(ending)

    def waits(self, start: int, wait: int) -> bool:
        """Whether its caller has still to wait, for ``patience``; if not, it may be given up.

        :param int start: when the call began, in milliseconds
        """
        client = self._client
        with client._lock:
            if client.attempt is not self or self.status != _IN_PROGRESS:
                return False
            self.blocking = True
            self.patience = client._remaining(start, wait)
            if not self.patience and not client.backoff:
                opened = client._link.state == _LINK_OPEN
                status = _COMMUNICATION_FAILURE if opened else _CONNECT_FAILURE
                client._end(status, "session" if opened else "tcp", "the wait is over")
        return self.patience != 0

    def outcome(self, ending: int = _SUCCESS) -> int:
        """What has come of it; IN_PROGRESS when poll goes on with it.

        :param int ending: what the last poll has answered
        """
        client = self._client
        with client._lock:
            status = self.status
            if client.attempt is not self:  # another thread has given it up for its own
                return _CONNECT_FAILURE if status == _IN_PROGRESS else status
            if status == _IN_PROGRESS:
                return status
            # What the caller has not learned from the result is for the next poll to tell: a link
            # that came and went in one turn.
            client._ending = _NOT_CONNECTED if status else ending or client._ending
        client._teller.tell()
        return status
