# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What threads need of asyncio on CPython: a loop, a clock, a signal, a watch over a socket."""

import asyncio


class Signal:
    """What one task waits for: somebody sets it, or the time is over."""

    def __init__(self):
        self.is_set = False
        self._future = None

    def clear(self) -> None:
        """What was set until now is not waited for."""
        self.is_set = False

    def set(self) -> None:
        """Let the task that waits go on."""
        self.is_set = True
        self._wake()

    def _wake(self) -> None:
        if self._future and not self._future.done():
            self._future.set_result(None)

    async def wait(self, milliseconds: int) -> None:
        """Wait until it is set.

        :param int milliseconds: at most, -1 for ever
        """
        if self.is_set:
            return
        loop = asyncio.get_running_loop()
        self._future = loop.create_future()
        timer = None
        if milliseconds >= 0:
            timer = loop.call_later(milliseconds / 1000, self._wake)
        try:
            await self._future
        finally:
            self._future = None
            if timer:
                timer.cancel()


class Watch:
    """Sets a signal while a socket is ready, until it is closed.

    :param sock: a socket
    :param int wants: 1 to read, 2 to write, 3 for both
    :param signal: of the thread that handles the socket
    """

    def __init__(self, sock, wants: int, signal):
        self._loop = asyncio.get_running_loop()
        # A closed socket has no number any more, and the loop has to forget it all the same.
        self._number = sock.fileno()
        if wants & 1:
            self._loop.add_reader(self._number, signal.set)
        if wants & 2:
            self._loop.add_writer(self._number, signal.set)

    def again(self) -> None:
        """What the socket was ready for is done: watch on."""

    def close(self) -> None:
        """Watch no longer."""
        self._loop.remove_reader(self._number)
        self._loop.remove_writer(self._number)


def run(coroutine) -> None:
    """Run a coroutine, and what it starts, until it ends."""
    asyncio.run(coroutine)


def current_task():
    """The task that is running, None outside of the loop."""
    try:
        return asyncio.current_task()
    except RuntimeError:  # a thread without a loop
        return None


def now() -> int:
    """The loop's time in milliseconds."""
    return int(asyncio.get_running_loop().time() * 1000)


def difference(later: int, earlier: int) -> int:
    """Milliseconds between two times of ``now``."""
    return later - earlier
