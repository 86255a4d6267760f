# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT

"""The far end of one connection: what the client wrote, and what it will get to read.

The network in between has no delay of its own: a test that wants one uses its clock.
"""

from collections import deque

_NOT_ASKED = object()


class Connection:
    """The peer's end. A test, or a scripted broker, holds it and plays the peer."""

    def __init__(self, address=None):
        self.address = address
        """The (host, port) that the client asked for."""
        self.received = bytearray()
        """All that the client wrote and that got here."""
        self.lost = bytearray()
        """What the client wrote after the peer was gone."""
        self.accept_limit = None
        """Bytes that the next send() may take: a number, None for all, or a callable."""
        self.deliver_limit = None
        """Bytes that one recv_into() returns at most, None for all."""
        self.on_data = None
        """Called without arguments whenever the client's bytes have come in."""
        self.on_close = None
        """Called without arguments when the client closes its socket."""
        self.closed_by_client = False
        self.goodbye = False
        """Whether the client's TLS has said goodbye."""
        self.vanished = False
        self.ending = None
        """How the peer ended it: None, "fin", "cut" or "reset"."""
        self._arrived = deque()  # (bytes, whether a read ends behind them)
        self.waiting = 0
        """How many bytes wait to be read."""
        self._taken = 0
        self._granted = _NOT_ASKED

    # the peer's verbs

    def send(self, data, pieces=None):
        """Let the client find ``data``; ``pieces`` cuts it so that no read crosses a cut.

        ``pieces`` is the size of every piece, or a list of sizes (what remains is the last).
        """
        data = bytes(data)
        if self.vanished or self.closed_by_client or not data:
            return
        if self.ending:
            raise RuntimeError("this end has said goodbye: it cannot send")
        self.waiting += len(data)
        for piece in _cut(data, pieces):
            self._arrived.append((piece, pieces is not None))

    def take(self):
        """The bytes that came in since the last take()."""
        taken = bytes(self.received[self._taken :])
        self._taken = len(self.received)
        return taken

    def close(self, goodbye=True):
        """End it; what was sent before is read first. A TLS link may end without its goodbye."""
        if not self.ending:
            self.ending = "fin" if goodbye else "cut"

    def reset(self, discard=False):
        """Throw the link away, with ``discard`` also what the client has not read yet."""
        self.ending = "reset"
        if discard:
            self._arrived.clear()
            self.waiting = 0

    def vanish(self):
        """Be gone without a word: the client's bytes disappear and nothing comes any more."""
        self.vanished = True

    # the wire's side, for the socket that this is the other end of

    @property
    def readable(self):
        """Whether bytes wait to be read."""
        return bool(self._arrived)

    def grant(self):
        """How many bytes may be taken now: None for all, 0 for none.

        A callable limit is asked once for each send, even when somebody looks before sending;
        only after a 0 it is asked again.
        """
        limit = self.accept_limit
        if not callable(limit):
            return limit
        if self._granted in (_NOT_ASKED, 0):
            self._granted = limit()
        return self._granted

    def write(self, data):
        """Bytes from the client."""
        self._granted = _NOT_ASKED
        if self.vanished or self.ending:
            self.lost += data
            return
        self.received += data
        if self.on_data:
            self.on_data()

    def read(self, limit):
        """Up to ``limit`` bytes for the client, never across a cut."""
        if self.deliver_limit is not None:
            limit = min(limit, self.deliver_limit)
        taken = bytearray()
        while self._arrived and len(taken) < limit:
            piece, cut = self._arrived.popleft()
            room = limit - len(taken)
            taken += piece[:room]
            if len(piece) > room:
                self._arrived.appendleft((piece[room:], cut))
            elif cut:
                break
        self.waiting -= len(taken)
        return bytes(taken)

    def read_record(self):
        """One whole send() of the peer, as a TLS layer takes it off the wire."""
        record = self._arrived.popleft()[0]
        self.waiting -= len(record)
        return record

    def hang_up(self):
        """The client closed its socket."""
        if not self.closed_by_client:
            self.closed_by_client = True
            if self.on_close:
                self.on_close()


def _cut(data, pieces):
    if pieces is None:
        return [data]
    if isinstance(pieces, int):
        return [data[at : at + pieces] for at in range(0, len(data), pieces)]
    cut = []
    for size in pieces:
        cut.append(data[:size])
        data = data[size:]
    cut.append(data)
    return [piece for piece in cut if piece]
