# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""When it is drawn, and on what: a live picture on a terminal, plain lines on anything else.

A thread of its own writes, so that a slow terminal never keeps the client waiting.
"""

import threading
import time
from collections import deque

from rich.console import Console
from rich.live import Live

from .draw import Picture
from .words import figures_line, printable, sentence

FRAMES_PER_SECOND = 5

# How many plain lines wait for a reader that is slow; older ones are given up.
_LINES = 1000
# A writer that is stuck for longer is left alone at the end.
_CLOSE_SECONDS = 2
# Of refused calls one line in so many.
_REFUSAL_SECONDS = 1


def is_live(console: Console) -> bool:
    """Whether a console is a terminal on which the cursor can be moved."""
    return console.file.isatty() and console.is_terminal and not console.is_dumb_terminal


class Screen:
    """Draws a monitor from ``with`` to the end of it.

    :param Monitor monitor: what is drawn
    :param str footer: what stands in the lower border
    :param Console console: where, None for standard output
    :param bool plain: lines on a terminal, too
    """

    def __init__(self, monitor, footer="", console=None, plain=False):
        self._monitor = monitor
        self._footer = footer
        console = console or Console(highlight=False, markup=False, emoji=False)
        self.live = is_live(console) and not plain
        self._surface = _Picture(console) if self.live else _Lines(console, monitor)
        self._next = 0.0
        self._failure = None
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._write, name="screen", daemon=True)

    def __enter__(self):
        self.draw()
        try:
            self._surface.begin()
            self._thread.start()
        except BaseException:
            self._surface.end()
            raise
        return self

    def __exit__(self, *exception):
        self._done.set()
        self._thread.join(_CLOSE_SECONDS)
        try:
            self._surface.end()
        except OSError:
            pass  # it is gone; who draws has been told

    def draw(self) -> None:
        """To be called in the program's loop: takes a picture when one is due, and never waits.

        :raises Exception: what ended the drawing; an OSError when the output is gone
        """
        if self._failure is not None:
            raise self._failure
        self._monitor.look()
        now = time.monotonic()
        if now >= self._next:
            self._next = now + 1 / FRAMES_PER_SECOND
            self._surface.picture = Picture(self._monitor.snapshot(), self._footer)

    def _write(self) -> None:
        try:
            while not self._done.wait(1 / FRAMES_PER_SECOND):
                self._surface.write()
            self._surface.write()
        except Exception as error:  # a picture that stands still would look like a client that does
            self._failure = error


class _Picture:
    """A terminal, whole; what stood there comes back at the end."""

    def __init__(self, console: Console):
        self.picture = None
        self._live = Live(
            console=console,
            screen=True,
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=False,
            get_renderable=lambda: self.picture,
        )

    def begin(self) -> None:
        self._live.start()

    def write(self) -> None:
        self._live.refresh()

    def end(self) -> None:
        self._live.stop()


class _Lines:
    """Anything else: a line for what is rare, and one each second for what is not."""

    def __init__(self, console: Console, monitor):
        self.picture = None
        self._file = console.file
        self._waiting = deque(maxlen=_LINES)
        self._next_refusal = 0.0
        monitor.listeners.append(self._take)

    def begin(self) -> None:
        pass

    def end(self) -> None:
        pass

    def write(self) -> None:
        while self._waiting:
            self._file.write(self._waiting.popleft() + "\n")
        self._file.flush()

    def _take(self, event) -> None:
        # The figures of each second count what is frequent, but for calls that are refused, and
        # messages whose payloads are asked for.
        if event.frequent and "payload" not in event.fields:
            if "call" not in event.fields or event.seconds < self._next_refusal:
                return
            self._next_refusal = event.seconds + _REFUSAL_SECONDS
        text = figures_line(event.fields) if event.kind == "figures" else sentence(event)
        self._waiting.append(f"{event.wall:%H:%M:%S} {event.kind}: {printable(text, 1000)}")
