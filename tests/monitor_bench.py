# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A monitored client on the doubles, pictures of it as text, and the program in a terminal."""

import fcntl
import os
import re
import select
import struct
import subprocess
import sys
import termios
import time
from datetime import datetime, timedelta, timezone
from io import StringIO

import pyte
from client_bench import App
from doubles.played_broker import PlayedBroker
from doubles.trials import PORT
from repository import ROOT
from rich.console import Console

from boards.desktop.broker.packets import Puback, Publish
from boards.desktop.monitor import Monitor
from boards.desktop.monitor.draw import Picture
from boards.desktop.monitor.observe import Time
from nxd_mqtt.nxd import NX_NO_WAIT, NXD_MQTT_SUCCESS
from nxd_mqtt.nxd_extensions import nxd_mqtt_client_reconnect_set

NOON = datetime(2026, 1, 2, 12, 0, 0, tzinfo=timezone(timedelta(hours=1)))
COMMAND = [sys.executable, "-m", "boards.desktop.monitor"]
# A session of its own gets its terminal, where Ctrl-C comes from, and then runs the command.
_TAKE_TERMINAL = """\
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
PATIENCE = 20
"""Seconds for what takes a moment on an idle machine."""


QUICK = ("--every", "0.02", "--take-every", "0.3")
"""Options of a client that does something at once."""


class FakeTime(Time):
    """The clocks of a monitor, moved by a test; it begins at noon.

    :param Clock clock: milliseconds
    """

    def __init__(self, clock):
        self._clock = clock

    def seconds(self):
        return self._clock.elapsed / 1000

    def wall(self):
        return NOON + timedelta(milliseconds=self._clock.elapsed)


class Watched(App):
    """An application with a monitor, and a broker that answers.

    ``events`` has every event that the monitor has told.
    """

    def __init__(self, payloads=False, reconnect=True, title="watched", **named):
        super().__init__(**named)
        self.broker = PlayedBroker()
        self.sockets.listen(PORT, self.broker)
        if reconnect:
            assert nxd_mqtt_client_reconnect_set(self.client, 100, 1600) == NXD_MQTT_SUCCESS
        self.monitor = Monitor(self.client, title, payloads=payloads, time=FakeTime(self.clock))
        self.events = []
        self.monitor.listeners.append(self.events.append)

    def up(self, clean=0):
        """Connect."""
        assert self.start(500, clean=clean) == NXD_MQTT_SUCCESS
        return self.turn()

    def turn(self, milliseconds=0):
        """Let time pass, run the client once, let the monitor look."""
        self.clock.advance(milliseconds)
        self.poll()
        self.monitor.look()
        return self

    def send(self, message="m", topic="t", quality=1):
        """Publish by way of the monitor; returns the status."""
        return self.monitor.publish(self.client, topic, message, 0, quality, NX_NO_WAIT)

    def publish_and_wait(self, milliseconds):
        """Publish a message that is acknowledged after so long."""
        self.broker.mute = (Publish,)
        assert self.send() == NXD_MQTT_SUCCESS
        self.turn(milliseconds)
        self.broker.mute = ()
        self.broker.send(Puback(self.client.packet_identifier))
        return self.turn()

    def take(self):
        """Take a message by way of the monitor; returns the status."""
        return self.monitor.message_get(self.client, bytearray(600), bytearray(600))[0]

    def lose(self):
        """The broker ends the connection, and the client learns of it."""
        self.broker.peer.close()
        return self.turn()

    def of(self, kind):
        """The fields of the events of a kind."""
        return [event.fields for event in self.events if event.kind == kind]

    def picture(self, columns=80, rows=24, footer="", encoding="utf-8"):
        """The lines of the picture of this moment, as a terminal without colours has them."""
        return drawn(self.monitor.snapshot(), columns, rows, footer, encoding)


class _File(StringIO):
    """A file of text that says which encoding it has."""

    def __init__(self, encoding):
        super().__init__()
        self._encoding = encoding

    @property
    def encoding(self):
        return self._encoding


def drawn(snapshot, columns=80, rows=24, footer="", encoding="utf-8", **named):
    """The lines of a picture, with colours only if asked for by ``color_system``."""
    file = _File(encoding)
    named = {"color_system": None} | named
    console = Console(
        file=file, width=columns, height=rows, force_terminal=True, legacy_windows=False, **named
    )
    console.print(Picture(snapshot, footer), end="")
    return file.getvalue().removesuffix("\n").split("\n")


def totals(text):
    """The numbers of the program's last line."""
    last = text.rstrip().splitlines()[-1].rpartition("\x1b[?1049l")[2]
    return {name: int(number) for name, number in re.findall(r"(\w+)=(\d+)\b", last)}


def run(*arguments, environment=None, **named):
    """The program with its output in pipes, until it ends."""
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=ROOT,
        env=os.environ | (environment or {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=PATIENCE,
        check=False,
        **named,
    )


class Terminal:
    """The program in a terminal of its own, and what that terminal shows.

    Used as a context manager. ``raw`` has the bytes that came.
    """

    def __init__(self, *arguments, columns=80, rows=24, environment=None):
        self.screen = pyte.Screen(columns, rows)
        self.raw = bytearray()
        self._stream = pyte.ByteStream(self.screen)
        self._master, slave = os.openpty()
        self.resize(columns, rows)
        named = {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "NO_COLOR": ""}
        self.process = subprocess.Popen(
            [sys.executable, "-c", _TAKE_TERMINAL, *COMMAND, *arguments],
            cwd=ROOT,
            env=os.environ | named | (environment or {}),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._master)

    def resize(self, columns, rows):
        """Give the terminal another size."""
        size = struct.pack("HHHH", rows, columns, 0, 0)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, size)
        self.screen.resize(rows, columns)

    @property
    def lines(self):
        """What stands on the screen."""
        return list(self.screen.display)

    @property
    def text(self):
        """The same in one string."""
        return "\n".join(self.lines)

    def until(self, ready):
        """Read until ``ready(self)``, or fail with what is on the screen."""
        end = time.monotonic() + PATIENCE
        while not ready(self):
            if not self._read(end - time.monotonic()):
                raise AssertionError("never came; the screen:\n" + self.text)
        return self

    def until_shown(self, *texts):
        """Read until all of these texts stand on the screen at once."""
        return self.until(lambda terminal: all(text in terminal.text for text in texts))

    def press(self, keys):
        """Type."""
        os.write(self._master, keys)

    def end(self):
        """Read to the end; returns the exit code."""
        end = time.monotonic() + PATIENCE
        while self._read(end - time.monotonic()):
            pass
        return self.process.wait(PATIENCE)

    def _read(self, seconds):
        ready, _, _ = select.select([self._master], [], [], max(seconds, 0))
        try:
            data = os.read(self._master, 65536) if ready else b""
        except OSError:  # nobody has the other end any more
            data = b""
        self.raw += data
        self._stream.feed(data)
        return bool(data)
