# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The scripted socket for clients that read piece by piece; handing out bytes takes no heap.

Only ``read`` does, and as much as the interpreter's own sockets take for it: it is the same code.
"""

import errno
import io

from scripted import Pool, Wire


class Stream(Wire):
    """A wire whose waiting bytes may be taken in several reads."""

    def __init__(self) -> None:
        Wire.__init__(self)
        self.at = 0
        self._file = io.BytesIO(bytes(len(self.written)))

    def answer(self, data: bytes) -> None:
        """Let the client read these bytes next; nothing else may wait."""
        self.waiting = data
        self.at = 0
        self._file.seek(0)
        self._file.write(data)
        self._file.seek(0)

    def _taken(self, end: int) -> None:
        self.at = end
        if end == len(self.waiting):
            self.waiting = None

    # -- as CircuitPython has it --------------------------------------------------------------

    def recv_into(self, buffer, count: int = 0) -> int:
        """Hand out as many bytes as wait and are wanted."""
        data = self.waiting
        if data is None:
            raise OSError(errno.EAGAIN)
        at = self.at
        count = min(count or len(buffer), len(data) - at)
        # A slice of a view would take heap.
        for place in range(count):
            buffer[place] = data[at + place]
        self._taken(at + count)
        return count

    # -- as MicroPython has it ----------------------------------------------------------------

    def setblocking(self, flag) -> None:
        """Every call answers at once."""

    def write(self, data, count: int = -1) -> int:
        """Take all, or the first bytes."""
        if count < 0:
            return self.send(data)
        for place in range(count):
            self.written[self.count + place] = data[place]
        self.count += count
        return count

    def read(self, count: int):
        """So many bytes, or None where none wait."""
        if self.waiting is None:
            return None
        self._taken(self.at + count)
        return self._file.read(count)


class StreamPool(Pool):
    """Gives out one stream."""

    def __init__(self) -> None:
        self.wire = Stream()
