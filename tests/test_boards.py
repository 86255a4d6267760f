# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The boards: which module is picked, how Wi-Fi is joined again, what a board is called."""

import math
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

import boards
from boards import native_wifi
from boards.desktop import settings as desktop_settings

NETWORK = {"CIRCUITPY_WIFI_SSID": "garden", "CIRCUITPY_WIFI_PASSWORD": "blackbird"}


class Radio:
    """A ``wifi.radio`` in a world of access points.

    :param dict world: the access points in reach, name -> password
    """

    def __init__(self, world):
        self.world = world
        self.enabled = True
        self.attempts = []
        self._joined = None

    @property
    def connected(self):
        return self.enabled and self._joined in self.world

    def connect(self, ssid, password=b"", *, channel=0, bssid=None, timeout=None):
        if not self.enabled:
            raise RuntimeError("wifi is not enabled")
        if password and not 8 <= len(password) <= 64:
            raise ValueError("password length must be 8-64")
        self.attempts.append((ssid, timeout))
        if ssid not in self.world:
            raise ConnectionError("No network with that ssid")
        if self.world[ssid] != password:
            raise ConnectionError("Authentication failure")
        self._joined = ssid


@pytest.fixture
def board(monkeypatch):
    """Makes this interpreter a board with these modules in its firmware."""

    def make(**firmware):
        interpreter = SimpleNamespace(implementation=SimpleNamespace(name="circuitpython"))
        monkeypatch.setattr(boards, "sys", interpreter)
        for name in ("wifi", "microcontroller", "adafruit_esp32spi", "adafruit_wiznet5k"):
            monkeypatch.setitem(sys.modules, name, firmware.get(name))

    return make


@pytest.fixture
def garden(monkeypatch):
    """The settings of a board in the garden."""
    for key, value in NETWORK.items():
        monkeypatch.setenv(key, value)


def test_cpython_is_the_desktop():
    radio = boards.connect()
    assert type(radio).__name__ == "CPythonNetwork"
    assert boards.connected(radio) is True
    assert boards.temperature() is None


def test_a_board_with_wifi_is_found_by_its_firmware(board):
    radio = Radio({})
    radio.world["garden"] = "blackbird"
    radio.connect("garden", "blackbird")
    board(wifi=SimpleNamespace(radio=radio))
    assert boards.connect() is radio
    assert len(radio.attempts) == 1, "the firmware has joined already"


def test_a_board_without_network_says_so(board):
    board()
    with pytest.raises(RuntimeError, match="network hardware") as told:
        boards.connect()
    assert "adafruit_esp32spi" in str(told.value)
    assert "adafruit_wiznet5k" in str(told.value)


def test_a_radio_that_nobody_here_knows_is_taken_for_connected():
    assert boards.connected(object()) is True


def test_wifi_is_joined_with_the_settings_of_circuitpython(board, garden):
    radio = Radio({"garden": "blackbird"})
    board(wifi=SimpleNamespace(radio=radio))
    assert boards.connect().connected
    assert radio.attempts == [("garden", 5)]


def test_an_open_network_needs_no_password(monkeypatch):
    monkeypatch.setenv("CIRCUITPY_WIFI_SSID", "open")
    monkeypatch.delenv("CIRCUITPY_WIFI_PASSWORD", raising=False)
    assert boards.connected(Radio({"open": ""}))


def test_wifi_that_is_away_at_the_start_is_joined_when_it_is_there(board, garden, capsys):
    radio = Radio({})
    board(wifi=SimpleNamespace(radio=radio))
    assert boards.connect() is radio
    assert boards.connected(radio) is False
    assert capsys.readouterr().out == "Wi-Fi: No network with that ssid\n" * 2
    radio.world["garden"] = "blackbird"
    assert boards.connected(radio) is True


def test_lost_wifi_is_joined_again_with_one_attempt_a_question(garden):
    radio = Radio({"garden": "blackbird"})
    assert boards.connected(radio)
    asked = len(radio.attempts)
    assert boards.connected(radio)
    assert len(radio.attempts) == asked, "nothing is done while it is there"
    del radio.world["garden"]
    assert not boards.connected(radio)
    assert len(radio.attempts) == asked + 1
    radio.world["garden"] = "blackbird"
    assert boards.connected(radio)


def test_a_radio_that_the_firmware_switched_off_is_switched_on(garden):
    radio = Radio({"garden": "blackbird"})
    radio.enabled = False
    assert boards.connected(radio)


def test_a_wrong_password_is_told_and_never_printed(garden, capsys):
    radio = Radio({"garden": "nightingale"})
    assert not boards.connected(radio)
    out = capsys.readouterr().out
    assert out == "Wi-Fi: Authentication failure\n"
    assert "blackbird" not in out


def test_wifi_without_settings(board, monkeypatch):
    monkeypatch.delenv("CIRCUITPY_WIFI_SSID", raising=False)
    radio = Radio({"garden": "blackbird"})
    board(wifi=SimpleNamespace(radio=radio))
    assert not native_wifi.connected(radio)
    with pytest.raises(RuntimeError, match="CIRCUITPY_WIFI_SSID"):
        boards.connect()


def test_a_board_is_called_by_its_serial_number(board):
    board(microcontroller=SimpleNamespace(cpu=SimpleNamespace(uid=b"\xe6\x00\x0a")))
    assert boards.client_id() == "e6000a"


@pytest.mark.parametrize(
    ("chip", "degrees"),
    [
        (SimpleNamespace(temperature=21.5), 21.5),
        (SimpleNamespace(temperature=None), None),
        (SimpleNamespace(temperature=math.nan), None),
        (SimpleNamespace(), None),
    ],
)
def test_the_temperature_of_the_chip(board, chip, degrees):
    board(microcontroller=SimpleNamespace(cpu=chip))
    assert boards.temperature() == degrees


# --- the desktop's name --------------------------------------------------------------------------


def another_program(folder) -> str:
    """The client identifier that a program gets that runs now."""
    done = subprocess.run(
        [sys.executable, "-c", "import boards; print(boards.client_id())"],
        env=dict(os.environ, XDG_STATE_HOME=str(folder)),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_the_desktop_has_the_same_name_in_every_run(tmp_path):
    name = another_program(tmp_path)
    assert name.isalnum()
    assert len(name) <= 23
    assert another_program(tmp_path) == name
    assert (tmp_path / "nxd_mqtt" / "client_id_1").read_text() == name + "\n"


def test_two_programs_at_the_same_time_have_two_names(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    ours = boards.client_id()
    assert another_program(tmp_path) == another_program(tmp_path) != ours
    assert boards.client_id() not in (ours, another_program(tmp_path))


@pytest.mark.parametrize("kept", [b"", b"a b\n", b"\xff\xfe", b"x" * 24, b"name\nand more\n"])
def test_a_spoilt_file_is_replaced(tmp_path, kept):
    file = tmp_path / "client_id_1"
    file.write_bytes(kept)
    made = desktop_settings.client_id(tmp_path)
    assert made.isalnum()
    assert file.read_text() == made + "\n"


def test_a_name_of_ones_own_is_kept(tmp_path):
    (tmp_path / "client_id_1").write_text("greenhouse7")
    assert desktop_settings.client_id(tmp_path) == "greenhouse7"


def test_where_nothing_can_be_kept_the_name_is_new(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    assert desktop_settings.client_id(blocked) != desktop_settings.client_id(blocked)


@pytest.mark.parametrize("home", ["", "relative/folder"])
def test_the_usual_folder(home):
    folder = desktop_settings.state_folder({"XDG_STATE_HOME": home}.get)
    assert folder.parts[-3:] == (".local", "state", "nxd_mqtt")
    assert folder.is_absolute()
