# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The MicroPython bench: compiles the library and runs a script on a board-sized heap.

A script lies in tests/micropython/ and prints what went wrong; it passes by ending with exit
code 0. It may import ``nxd_mqtt``, ``adafruit_ticks``, ``adafruit_connection_manager``,
``tables.<name>``, and its neighbours ``socketpool`` and ``heap``.
"""

import importlib.util
import os
import signal
import subprocess
from pathlib import Path

import peers
import pytest
from repository import ROOT

SCRIPTS = ROOT / "tests" / "micropython"
_STUBS = SCRIPTS / "stubs"
_TABLES = ROOT / "tests" / "tables"
# The tables that a script may use; the others are written for CPython.
_COMMON_TABLES = ("checks", "models", "packets", "streams")
_DEPENDENCIES = ("adafruit_ticks", "adafruit_connection_manager")


def compile_to(compiler: str, source: Path, target: Path) -> None:
    """Compiles one module with the compiler's default options.

    :param Path source: the .py file
    :param Path target: the .mpy file, whose folder is made
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    command = [compiler, "-s", source.name, "-o", str(target), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail("mpy-cross: " + source.name + "\n" + done.stdout + done.stderr, pytrace=False)


class Lane:
    """One folder of compiled modules, and MicroPython to run scripts on them.

    :param Path folder: an empty folder for the compiled modules

    ``modules`` are the names of the library's modules.
    """

    def __init__(self, folder: Path) -> None:
        self._interpreter = peers.need("micropython")
        self._folder = folder
        compiler = peers.need("mpy-cross")
        self.modules = ["nxd_mqtt"]
        for source in sorted((ROOT / "nxd_mqtt").glob("*.py")):
            compile_to(compiler, source, folder / "nxd_mqtt" / (source.stem + ".mpy"))
            if source.stem != "__init__":
                self.modules.append("nxd_mqtt." + source.stem)
        for name in _COMMON_TABLES:
            compile_to(compiler, _TABLES / (name + ".py"), folder / "tables" / (name + ".mpy"))
        for name in _DEPENDENCIES:
            compile_to(compiler, _installed(name), folder / (name + ".mpy"))

    def run(self, script: str, *arguments: str, heap: str = "128k", seconds: int = 60) -> str:
        """Runs a script of tests/micropython/ and returns what it printed.

        The calling test fails with the script's output when its exit code is not 0.

        :param str script: the file's name
        :param str heap: the size of the interpreter's heap, as its ``-X heapsize`` takes it
        :param int seconds: how long the script may run
        """
        command = [self._interpreter, "-X", "heapsize=" + heap, str(SCRIPTS / script)]
        # Each module keeps its path on the heap: a short one, as on a board.
        path = os.pathsep.join([".", str(_STUBS), ".frozen"])
        process = subprocess.Popen(
            command + [str(argument) for argument in arguments],
            env=dict(os.environ, MICROPYPATH=path),
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        output = _wait(process, seconds)
        if process.returncode:
            message = f"{script} on MicroPython, heap {heap}: exit code {process.returncode}\n"
            pytest.fail(message + output, pytrace=False)
        return output


def _installed(name: str) -> Path:
    return Path(importlib.util.find_spec(name).origin)


def _wait(process: subprocess.Popen, seconds: int) -> str:
    # The command is a small launcher that starts the interpreter: the whole group must end.
    try:
        return process.communicate(timeout=seconds)[0]
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return process.communicate()[0] + f"\nstill running after {seconds} s"
