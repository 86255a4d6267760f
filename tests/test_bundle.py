# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The bundle holds what a drive needs and nothing of the desktop."""

import zipfile

import pytest
from repository import ROOT, load_tool

bundle = load_tool("bundle")


@pytest.fixture(scope="module")
def names():
    """The names in the zip."""
    return set(bundle.contents())


def test_the_library_is_whole(names):
    wanted = {"nxd_mqtt/" + path.name for path in (ROOT / "nxd_mqtt").glob("*.py")}
    assert wanted and wanted <= names


def test_the_desktop_stays_at_home(names):
    assert "boards/__init__.py" in names
    assert not [name for name in names if name.startswith("boards/desktop")]


def test_what_the_library_needs_is_in_lib(names):
    assert {"lib/adafruit_connection_manager.py", "lib/adafruit_ticks.py"} <= names


def test_every_kind_of_network_hardware_has_its_module_and_brings_no_driver(names):
    modules = ("native_wifi", "airlift", "wiznet5k", "spi_pins")
    assert {"boards/" + module + ".py" for module in modules} <= names
    assert not [name for name in names if "esp32spi" in name or "adafruit_wiznet5k" in name]


def test_program_settings_and_licence_lie_at_the_top(names):
    top = {name for name in names if "/" not in name}
    assert top == {"code.py", "settings.toml.example", "LICENSE"}


def test_every_file_is_there():
    assert [name for name, path in bundle.contents().items() if not path.is_file()] == []


def test_equal_files_make_equal_zips(tmp_path):
    files = {"nxd_mqtt/status.py": ROOT / "nxd_mqtt" / "status.py", "LICENSE": ROOT / "LICENSE"}
    for name in ("one.zip", "two.zip"):
        bundle.write(tmp_path / name, files)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        assert archive.namelist() == ["LICENSE", "nxd_mqtt/status.py"]
        assert archive.read("LICENSE") == (ROOT / "LICENSE").read_bytes()
