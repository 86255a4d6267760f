# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The bundle holds what a drive needs and nothing else, and equal trees make equal bundles."""

import ast
import re
import shutil
import subprocess
import sys
import zipfile
from importlib import metadata

import house_rules
import pytest
from repository import ROOT

sys.path.append(str(ROOT / "tools"))
import bundle

# A drive of a megabyte also has to hold the settings, the certificates and the program of a user.
ROOM = 750_000
LARGEST = 32_768

# Modules that a firmware has; CircuitPython has no _thread, and whoever asks for it knows that.
FIRMWARE = {"_asyncio", "_thread", "binascii", "board", "busio", "digitalio", "errno", "gc"}
FIRMWARE |= {"hashlib", "io", "json", "microcontroller", "micropython", "os", "random", "re"}
FIRMWARE |= {"select", "ssl", "struct", "supervisor", "sys", "time", "traceback", "wifi"}
FIRMWARE |= {"rtc", "socketpool"}
# What the pages about boards and about IoT Hub say to copy.
DRIVERS = {"adafruit_esp32spi", "adafruit_ntp", "adafruit_wiznet5k"}
# Imported on a desktop only, where the files are.
DESKTOP = {"boards.desktop.settings", "boards.desktop.demo", "nxd_mqtt.tx_port_cpython"}
# Tried first or left out by libraries that also run elsewhere, or in parts no board can use.
OTHERS = {"typing", "circuitpython_typing", "socket", "uerrno"}


@pytest.fixture(scope="module")
def files():
    """The files of the bundle by name."""
    return bundle.contents()


def ours(files):
    """The Python files that are the project's own."""
    return {
        name: data
        for name, data in files.items()
        if name.endswith(".py") and not name.startswith("lib/")
    }


def test_the_library_is_whole(files):
    wanted = {"nxd_mqtt/" + path.name for path in (ROOT / "nxd_mqtt").glob("*.py")}
    assert wanted
    missing = wanted - set(files)
    assert [name for name in missing if not name.endswith("_cpython.py")] == []


def test_every_kind_of_network_hardware_has_its_module_and_brings_no_driver(files):
    modules = ("native_wifi", "airlift", "wiznet5k", "spi_pins")
    wanted = {"boards/__init__.py"} | {"boards/" + module + ".py" for module in modules}
    assert {name for name in files if name.startswith("boards/")} == wanted
    assert not [name for name in files if "esp32spi" in name or name.startswith("lib/adafruit_wiz")]


def test_every_example_for_boards_is_there(files):
    paths = (ROOT / "examples").glob("*.py")
    sources = {"examples/" + path.name: path.read_text(encoding="utf-8") for path in paths}
    wanted = {name for name, text in sources.items() if not house_rules.not_on_boards(text)}
    assert {name for name in files if name.startswith("examples/")} == wanted


def test_programs_settings_licences_and_papers_lie_at_the_top(files):
    assert {name for name in files if "/" not in name} == {
        "LICENSE",
        "THIRD_PARTY.txt",
        "code.py",
        "nxd_mqtt-circuitpython.json",
        "requirements.txt",
        "settings.toml.example",
    }


def test_what_the_library_needs_is_in_lib_and_nothing_else(files):
    tops = {name.split("/")[1] for name in files if name.startswith("lib/")}
    assert tops == {"adafruit_connection_manager.py", "adafruit_ticks.py", "asyncio"}


def test_lib_has_adafruit_s_asyncio_whole_and_not_the_one_of_this_interpreter(files):
    installed = metadata.distribution("adafruit-circuitpython-asyncio")
    wanted = {"lib/" + path.as_posix() for path in installed.files if path.suffix == ".py"}
    assert {name for name in files if name.startswith("lib/asyncio/")} == wanted
    assert b"Adafruit_CircuitPython_asyncio" in files["lib/asyncio/__init__.py"]
    assert len(wanted) > 5


def test_beyond_lib_every_module_is_the_project_s_own(files):
    for name, data in ours(files).items():
        assert house_rules.heads(data.decode()) == [], name
    assert len(ours(files)) > 30


def test_the_files_are_those_of_the_tree(files):
    for name in ("code.py", "nxd_mqtt/client.py", "boards/airlift.py", "settings.toml.example"):
        assert files[name] == (ROOT / name).read_bytes()


def imported(name, source):
    """The modules that a file imports, with their folders."""
    parents = name.split("/")[:-1]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module
        elif isinstance(node, ast.ImportFrom):
            package = ".".join(parents[: len(parents) - node.level + 1])
            if node.module:
                yield package + "." + node.module
            else:
                yield from (package + "." + alias.name for alias in node.names)


def is_there(module, files):
    """Whether a drive has a module, at the top or in lib."""
    path = module.replace(".", "/")
    places = (path, "lib/" + path.removeprefix("lib/"))
    return any(place + end in files for place in places for end in (".py", "/__init__.py"))


def test_whatever_a_file_imports_is_in_the_bundle_or_in_the_firmware(files):
    missing = set()
    for name, data in files.items():
        if name.endswith(".py"):
            for module in imported(name, data):
                known = {module, module.split(".")[0]} & (FIRMWARE | DRIVERS | DESKTOP | OTHERS)
                if not known and not is_there(module, files):
                    missing.add((name, module))
    assert missing == set()


def test_only_the_libraries_of_others_import_what_no_board_has(files):
    found = {module for name, data in ours(files).items() for module in imported(name, data)}
    assert found & OTHERS == set()
    assert "adafruit_ticks" in found


def test_names_suit_a_fat_drive(files):
    for name in files:
        assert re.fullmatch(r"[A-Za-z0-9_./-]+", name), name
        assert not any(part in ("", ".", "..", "__pycache__") for part in name.split("/")), name
        assert not set(name.split("/")[:-1]) & {"tests", "tools", "docs", "desktop"}, name
    assert len({name.lower() for name in files}) == len(files)


def test_every_file_is_text_as_a_board_reads_it(files):
    for name, data in files.items():
        text = data.decode("utf-8")
        assert "\r" not in text and "\0" not in text and "\ufeff" not in text, name
        assert text.endswith("\n"), name


def test_it_fits_a_small_drive_with_room_to_spare(files):
    print(bundle.summary(files))
    assert bundle.room(files) <= ROOM
    assert max(map(len, files.values())) <= LARGEST


def test_room_is_counted_in_whole_sectors():
    assert bundle.room({"a": b"", "b": b"x", "c": bytes(512), "d": bytes(513)}) == 4 * 512


# --- the zip -------------------------------------------------------------------------------------


def copy_of_the_tree(target, mode):
    """What a bundle is made from, and much that it is not made from, with files of one mode."""
    keep = shutil.ignore_patterns("__pycache__")
    for name in ("boards", "examples", "nxd_mqtt"):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target / name, ignore=keep, copy_function=shutil.copyfile)
    for name in ("LICENSE", "code.py", "pyproject.toml", "requirements.txt"):
        shutil.copyfile(ROOT / name, target / name)
    shutil.copyfile(ROOT / "settings.toml.example", target / "settings.toml.example")
    for path in target.rglob("*.py"):
        path.chmod(mode)


def add_litter(target):
    """What lies about in a tree that is worked in."""
    for name in ("nxd_mqtt/__pycache__/client.pyc", "nxd_mqtt/client.mpy", "settings.toml"):
        (target / name).parent.mkdir(exist_ok=True)
        (target / name).write_text("litter", encoding="utf-8")
    for name in ("tests/test_x.py", "examples/__pycache__/x.pyc", "docs/conf.py", "attic.py"):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_text("litter", encoding="utf-8")


def test_equal_trees_make_equal_zips_whatever_else_lies_about(tmp_path):
    made = []
    for name, mode in (("one", 0o600), ("another_one", 0o755)):
        tree = tmp_path / name
        tree.mkdir()
        copy_of_the_tree(tree, mode)
        if made:
            add_litter(tree)
        files = bundle.contents(tree)
        # The order in which files are found is no one's.
        files = dict(sorted(files.items(), reverse=bool(made)))
        made.append(bundle.write(tmp_path / (name + "_dist"), files).read_bytes())
    assert made[0] == made[1]


def test_the_command_writes_the_zip_and_its_index_and_says_what_is_in_them(tmp_path, files):
    command = [sys.executable, str(ROOT / "tools" / "bundle.py"), str(tmp_path / "made")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    target = tmp_path / "made" / "nxd_mqtt-circuitpython.zip"
    assert f"{target}: {bundle.summary(files)}" in done.stdout
    with zipfile.ZipFile(target) as archive:
        assert archive.namelist() == sorted(files)
        assert {name: archive.read(name) for name in archive.namelist()} == files
        entries = archive.infolist()
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {entry.external_attr >> 16 for entry in entries} == {0o100644}
    beside = target.with_suffix(".json").read_bytes()
    assert beside == files["nxd_mqtt-circuitpython.json"]
