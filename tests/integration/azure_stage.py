# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Microsoft's SDKs in front of the local hub, as a test sees them.

Hub and SDKs live in processes of their own, on one network: the SDKs know the ports 8883 and 443
only, so it is a network where nothing else is, as far as this machine gives one. The test tells the
hub and the SDKs what to do, and asks what came of it.
"""

import functools
import json
import pickle
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import peers
import pytest

HOST = "myhub.azure-devices.net"
LOOPBACK = "127.0.0.1"

# No test needs nearly as long; a machine that is busy may.
PATIENCE_SECONDS = 20

_PORTS = (8883, 443)
_PROGRAMS = Path(__file__).with_name("azure")
_NAMESPACES = (("--net", "--mount"), ("--map-root-user", "--net", "--mount"))
_PEERS = {"device": "azure-iot-device", "service": "azure-iot-hub"}


@functools.cache
def _enclosing() -> list[str]:
    """What a command begins with to get a network of its own; nothing where none is to be had."""
    if shutil.which("unshare"):
        for options in _NAMESPACES:
            command = ["unshare", *options]
            with tempfile.TemporaryDirectory() as folder:
                attempt = [*command, sys.executable, str(_PROGRAMS / "enclosure.py"), folder]
                if not subprocess.run(attempt, capture_output=True, check=False).returncode:
                    return command
    return []


def _need_ports() -> None:
    for port in _PORTS:
        try:
            socket.create_server((LOOPBACK, port)).close()
        except OSError:
            peers.miss("a network of one's own, or port %d" % port)


class Refused(Exception):
    """What a program's SDK could not do; ``answer`` is its line."""

    def __init__(self, answer: dict):
        super().__init__("%(did)s: %(error)s: %(text)s" % answer)
        self.answer = answer


class _Remote:
    """Something in the other process; a value there is called like a function here."""

    def __init__(self, call, path: str):
        self._call = call
        self._path = path

    def __getattr__(self, name: str):
        return _Remote(self._call, "%s.%s" % (self._path, name))

    def __call__(self, *arguments, **options):
        return self._call(self._path, *arguments, **options)


class Stage:
    """The hub's process.

    ``hub`` and ``tap`` stand for what is in it. Where the network is its own, the hub has a name as
    real hubs have; elsewhere it is localhost.

    :param Path folder: for files
    :param words: ``tapped`` for a tap at port 8883
    """

    def __init__(self, folder: Path, *words: str):
        prefix = _enclosing()
        if prefix:
            words += ("enclosed",)
        else:
            _need_ports()
        self.host = HOST if prefix else "localhost"
        self.gateway = "localhost" if prefix else LOOPBACK
        self._log = folder / "stage.log"
        command = [
            sys.executable,
            str(_PROGRAMS / "stage.py"),
            str(folder),
            self.host,
            *words,
        ]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                prefix + command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        self.hub = _Remote(self.call, "hub")
        self.tap = _Remote(self.call, "tap")

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._process.stdin.close()
        try:
            self._process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    @property
    def log(self) -> str:
        """What hub and programs have printed."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def call(self, path: str, *arguments, **options):
        """Calls something in the other process."""
        try:
            pickle.dump((path, arguments, options), self._process.stdin)
            self._process.stdin.flush()
            good, result = pickle.load(self._process.stdout)
        except (EOFError, OSError):
            pytest.fail("the hub's process has ended:\n" + self.log)
        assert good, "%s: %s\n%s" % (path, result, self.log)
        return result


class Actor:
    """A program of an SDK on a stage.

    :param str kind: ``device`` or ``service``
    """

    def __init__(self, stage: Stage, kind: str, name: str = ""):
        self.name = name
        self._stage = stage
        self._number = stage.call("start", peers.need(_PEERS[kind]), kind + ".py")
        self._told = []

    def do(self, what: str, seconds: float = PATIENCE_SECONDS, **arguments):
        """Tells it to do something and returns what came of it.

        :raises Refused: the SDK raised an exception
        """
        self.begin(what, **arguments)
        return self.end_of(what, seconds)

    def begin(self, what: str, **arguments) -> None:
        """Tells it to do something."""
        self._stage.call("write", self._number, json.dumps({"do": what, **arguments}))

    def end_of(self, what: str, seconds: float = PATIENCE_SECONDS):
        """Waits for the answer to what was begun."""
        answer = self._line("did", what, seconds)
        if "error" in answer:
            raise Refused(answer)
        return answer["result"]

    def refusal(self, what: str, **arguments) -> dict:
        """Tells it to do something that must fail, and returns how."""
        with pytest.raises(Refused) as caught:
            self.do(what, **arguments)
        return caught.value.answer

    def told(self, kind: str, seconds: float = PATIENCE_SECONDS) -> dict:
        """The next thing of a kind that the SDK has told its program."""
        line = self._line("told", kind, seconds)
        del line["told"]
        return line

    def told_nothing(self, kind: str) -> bool:
        """Whether it has told nothing more of a kind until now."""
        while (line := self._next(0)) is not None:
            self._told.append(line)
        return not any(line.get("told") == kind for line in self._told)

    def end(self) -> None:
        """Ends the program."""
        self._stage.call("end", self._number)

    def _line(self, key: str, value: str, seconds: float) -> dict:
        for at, line in enumerate(self._told):
            if line.get(key) == value:
                return self._told.pop(at)
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            line = self._next(left)
            if line is not None:
                if line.get(key) == value:
                    return line
                self._told.append(line)
        pytest.fail(
            "no %s %r within %g s; so far %s\n%s"
            % (key, value, seconds, self._told, self._stage.log)
        )

    def _next(self, seconds: float) -> dict | None:
        line = self._stage.call("read", self._number, seconds)
        if line == "":
            pytest.fail("the program has ended:\n" + self._stage.log)
        return line and json.loads(line)


def eventually(probe, seconds: float = PATIENCE_SECONDS):
    """Asks until the answer is true, and returns it."""
    deadline = time.monotonic() + seconds
    while not (found := probe()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


def create(stage: Stage, actor: Actor, way: str, **options) -> None:
    """Registers an actor's device and makes its client.

    :param str way: what it shows to the hub: ``key``, ``certificate``; or ``module`` for one with
        a key
    """
    options["root"] = stage.hub.ca_file()
    if way == "certificate":
        stage.hub.add_device(actor.name, x509=True)
        files = stage.hub.certificate(actor.name)
        options |= {"certificate": files[0], "key": files[1]}
        options |= {"hostname": stage.host, "device_id": actor.name}
        actor.do("create", way="", **options)
    elif way == "module":
        stage.hub.add_device(actor.name)
        stage.hub.add_module(actor.name, "pump")
        text = stage.hub.connection_string(actor.name, "pump")
        actor.do("create", way=text, kind="module", **options)
    else:
        stage.hub.add_device(actor.name)
        actor.do("create", way=stage.hub.connection_string(actor.name), **options)
