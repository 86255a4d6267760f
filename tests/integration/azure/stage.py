# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The process around the hub: hub, tap and the SDKs' programs share one network.

A test starts it, in a network of its own where that can be had, and calls it through its standard
input and output with pickles: the path of an attribute and arguments in, whether it went well and
what came of it out. It ends with its input, and so do the programs that it has started.
"""

import os
import pickle
import queue
import subprocess
import sys
import threading
from operator import attrgetter
from pathlib import Path

import enclosure
from tap import Tap

from boards.desktop.hub import Hub

# The SDKs know no other ports; the second takes WebSocket, too.
MQTT_PORT, HTTPS_PORT = 8883, 443

_END_SECONDS = 5


class Program:
    """A program in an SDK's interpreter, line by line.

    :param command: what to run
    :param dict environment: what it has beside ours
    """

    def __init__(self, command, environment):
        self._process = subprocess.Popen(
            command,
            env=os.environ | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self._lines = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put("")

    def write(self, line: str) -> None:
        """One line for it."""
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def read(self, seconds: float) -> str | None:
        """Its next line; empty at its end, None if there is none in time."""
        try:
            return self._lines.get(timeout=seconds)
        except queue.Empty:
            return None

    def end(self) -> int:
        """Ends it, and returns its exit code; it has time to close its connection."""
        self._process.stdin.close()
        try:
            return self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()


class Stage:
    """What a test calls.

    :param Hub hub: open
    :param Tap tap: None where nobody listens in
    """

    def __init__(self, hub, tap):
        self.hub = hub
        self.tap = tap
        self._programs = []
        self._methods = []

    def start(self, interpreter: str, name: str) -> int:
        """Starts one of the programs beside this file, and returns its number."""
        command = [interpreter, str(Path(__file__).with_name(name))]
        environment = {"REQUESTS_CA_BUNDLE": self.hub.ca_file}
        self._programs.append(Program(command, environment))
        return len(self._programs) - 1

    def write(self, number: int, line: str) -> None:
        """A line for a program."""
        self._programs[number].write(line)

    def read(self, number: int, seconds: float) -> str | None:
        """A program's next line."""
        return self._programs[number].read(seconds)

    def end(self, number: int) -> int:
        """Ends a program, and returns its exit code."""
        return self._programs[number].end()

    def begin_method(self, *arguments, **options) -> int:
        """Calls a method as the hub's `begin_method` does, and returns the call's number."""
        self._methods.append(self.hub.begin_method(*arguments, **options))
        return len(self._methods) - 1

    def end_method(self, number: int, seconds: float):
        """Waits for a method's status and answer."""
        return self._methods[number].result(seconds)

    def end_all(self) -> None:
        """Ends what still runs."""
        for program in self._programs:
            program.end()


def serve(stage, wishes, answers) -> None:
    """Does what is asked for, until nothing more is."""
    while True:
        try:
            path, arguments, options = pickle.load(wishes)
        except EOFError:
            return
        try:
            found = attrgetter(path)(stage)
            result = found(*arguments, **options) if callable(found) else found
            answer = pickle.dumps((True, result))
        except Exception as error:  # whatever it is, it is the test that asked
            answer = pickle.dumps((False, repr(error)))
        answers.write(answer)
        answers.flush()


def main(folder: Path, host: str, enclosed: bool, tapped: bool) -> None:
    """Opens the ports and serves the test.

    :param Path folder: for files
    :param str host: the hub's name
    :param bool enclosed: whether the network is ours alone
    :param bool tapped: whether a tap listens at the port for MQTT, in the hub's place
    """
    wishes, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    # What anything prints goes to the log.
    os.dup2(2, 1)
    if enclosed:
        enclosure.enter(folder, (host,))
    ports = (HTTPS_PORT,) if tapped else (HTTPS_PORT, MQTT_PORT)
    tap = None
    with Hub(port=ports, plain_port=0, host=host, devices=()) as hub:
        if tapped:
            target = (enclosure.LOOPBACK, hub.plain_port)
            context = hub.certificates.server_context()
            tap = Tap((enclosure.LOOPBACK, MQTT_PORT), context, target)
            tap.start()
        stage = Stage(hub, tap)
        serve(stage, wishes, answers)
        stage.end_all()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], "enclosed" in sys.argv[3:], "tapped" in sys.argv[3:])
