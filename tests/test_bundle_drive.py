# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The bundle, unpacked into an empty folder, runs there under MicroPython as it would on a drive.

The path is a board's: the drive, its ``lib``, and a folder elsewhere with what stands in for the
firmware. Nothing of the repository is on it, and none of MicroPython's own modules in Python.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import zipfile

import peers
import pytest
from repository import ROOT

from boards.desktop.broker import Broker
from boards.desktop.witness import Witness

sys.path.append(str(ROOT / "tools"))
import bundle

STAND_INS = ROOT / "tests" / "micropython"
SECONDS = 30
CLIENT_ID = "e66000ab"

# About twice a board's 128 KB, because words have 64 bits. All is compiled on the way in, which
# leaves a heap in pieces: below 216k it is chance whether the packet store finds its 4 KB in one.
HEAP = "256k"

# What cannot even be imported without hardware, and the module that is missing.
HARDWARE_ONLY = {"boards.wiznet5k": "adafruit_wiznet5k"}


class Drive:
    """A folder as the zip leaves it, and MicroPython that takes it for its drive.

    :param Path folder: an empty one
    """

    def __init__(self, folder):
        self._interpreter = peers.need("micropython")
        self._firmware = folder / "firmware"
        self.folder = folder / "drive"
        target = bundle.write(folder / "dist", bundle.contents())
        with zipfile.ZipFile(target) as archive:
            archive.extractall(self.folder)
        shutil.copytree(STAND_INS / "bundle_firmware", self._firmware)
        shutil.copytree(STAND_INS / "stubs", self._firmware, dirs_exist_ok=True)
        for name in ("socketpool.py", "bundle_imports.py", "bundle_tasks.py"):
            shutil.copyfile(STAND_INS / name, self._firmware / name)

    def start(self, module, *arguments):
        """Run a module as the program; ``code`` is what a board runs."""
        command = [self._interpreter, "-X", "heapsize=" + HEAP, "-m", module, *arguments]
        path = os.pathsep.join(("lib", str(self._firmware)))
        return subprocess.Popen(
            command,
            env={"PATH": os.environ["PATH"], "MICROPYPATH": path},
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, module, *arguments):
        """Run a module to its end; returns its lines."""
        with Limited(self.start(module, *arguments)) as process:
            output = process.communicate()[0]
        assert process.returncode == 0, output
        return output.splitlines()

    def names(self):
        """The modules on the drive, by the names that imports give them."""
        found = {}
        for path in sorted(self.folder.rglob("*.py")):
            name = path.relative_to(self.folder).as_posix()
            module = name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
            found[module.removeprefix("lib.")] = name
        return found

    def settle(self, **values):
        """Make settings.toml from the example, with these values in place of the example's."""
        text = (self.folder / "settings.toml.example").read_text(encoding="utf-8")
        for name, value in values.items():
            text, count = re.subn(f"(?m)^(# )?{name} = .*$", f'{name} = "{value}"', text)
            assert count == 1, name
        (self.folder / "settings.toml").write_text(text, encoding="utf-8")


class Limited:
    """A process that is ended when its time is over or nobody looks after it any more."""

    def __init__(self, process):
        self._process = process
        self._limit = threading.Timer(SECONDS, process.kill)

    def __enter__(self):
        self._limit.start()
        return self._process

    def __exit__(self, *exception):
        self._limit.cancel()
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()


@pytest.fixture
def drive(tmp_path):
    """A drive as the zip leaves it."""
    return Drive(tmp_path)


def test_nothing_of_the_repository_is_within_reach(drive):
    (drive.folder / "probe.py").write_text("import sys\nprint(sys.path)\n", encoding="utf-8")
    assert drive.run("probe") == [str(["", "lib", str(drive.folder.parent / "firmware")])]


def test_a_fresh_drive_says_what_settings_it_needs(drive):
    lines = drive.run("code")
    assert '    MQTT_BROKER = "the broker\'s name or address"' in lines
    assert "settings.toml.example has them all." in lines


def test_the_program_of_the_drive_does_its_main_job(drive):
    with Broker() as broker, Witness(broker.host, broker.port, "shed") as witness:
        drive.settle(MQTT_BROKER=broker.host, MQTT_PORT=broker.port, MQTT_TOPIC="shed")
        with Limited(drive.start("code")) as process:
            assert witness.wait_for(2, SECONDS), process.stdout.read()
            assert broker.cut(CLIENT_ID)
            assert witness.wait_for(4, SECONDS), process.stdout.read()
            process.send_signal(signal.SIGINT)
            lines = process.communicate()[0].splitlines()
        assert process.returncode == 0, lines
        assert broker.violations() == []
        assert witness.seen == set(range(1, len(witness.seen) + 1))
    assert lines[0] == "joined the name of your network"
    assert lines[1] == f"connecting to {broker.host} port {broker.port} as {CLIENT_ID}"
    assert "connected, a new session" in lines
    assert "received shed/command: 'report 1 is here'" in lines
    assert any(line.startswith("link lost (session): ") for line in lines)
    assert "connected, the broker has kept the session" in lines
    assert lines[-1] == "stopped"


def test_every_module_can_be_imported_from_where_it_lies(drive):
    names = drive.names()
    lines = drive.run("bundle_imports", *names)
    said = dict(line.split(" ", 1) for line in lines)
    assert set(said) == set(names)
    for module, driver in HARDWARE_ONLY.items():
        assert said.pop(module) == f"no module named '{driver}'"
        del names[module]
    assert said == names


def test_tasks_run_on_the_asyncio_of_the_drive(drive):
    assert drive.run("bundle_tasks") == ["lib/asyncio/__init__.py [1, 2, 3, 4, 5, 6]"]


def test_an_example_runs_where_it_is_copied_over_the_program(drive):
    shutil.copyfile(drive.folder / "examples" / "nxd_mqtt_simpletest.py", drive.folder / "code.py")
    with Broker() as broker:
        drive.settle(MQTT_BROKER=broker.host, MQTT_PORT=broker.port, MQTT_TOPIC="shed")
        lines = drive.run("code")
        assert broker.violations() == []
    assert lines == [
        "joined the name of your network",
        "connected",
        "published shed/hello: hello",
        "received shed/hello: hello",
        "disconnected",
    ]


def test_a_program_without_threads_needs_no_asyncio_and_no_examples(drive):
    shutil.rmtree(drive.folder / "examples")
    shutil.rmtree(drive.folder / "lib" / "asyncio")
    with Broker() as broker, Witness(broker.host, broker.port, "shed") as witness:
        drive.settle(MQTT_BROKER=broker.host, MQTT_PORT=broker.port, MQTT_TOPIC="shed")
        with Limited(drive.start("code")) as process:
            assert witness.wait_for(1, SECONDS), process.stdout.read()


def test_the_library_is_found_in_lib_as_well(drive):
    shutil.move(drive.folder / "nxd_mqtt", drive.folder / "lib" / "nxd_mqtt")
    lines = drive.run("bundle_imports", "nxd_mqtt.nxd", "code")
    assert lines == ["nxd_mqtt.nxd lib/nxd_mqtt/nxd.py", "code code.py"]
