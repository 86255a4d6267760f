# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The programs on the page about boards run as printed, and differ in how the radio is made."""

import socket
import sys
import textwrap
from types import SimpleNamespace

import pytest
from doubles.spi import Loopback
from repository import ROOT
from spi_bench import Airlift, Wiznet, forget_radios

import boards
from boards.desktop.broker import Broker

PAGE = ROOT / "docs" / "boards.rst"


def programs():
    """The program of each section, by its title."""
    found, title = {}, None
    blocks = PAGE.read_text(encoding="utf-8").split("\n\n")
    for at, block in enumerate(blocks):
        lines = block.strip("\n").split("\n")
        if len(lines) == 2 and set(lines[1]) == {"-"}:
            title = lines[0]
        if block.startswith(".. code-block:: python"):
            rest = []
            for each in blocks[at + 1 :]:
                if not each.startswith("   "):
                    break
                rest.append(each)
            found[title] = textwrap.dedent("\n\n".join(rest)) + "\n"
    return found


@pytest.fixture
def broker():
    """The embedded broker."""
    forget_radios()
    with Broker() as made:
        yield made


def run(title, broker, capsys):
    """Run a program against the broker; returns the last line that it prints."""
    text = programs()[title].replace('"192.168.1.10", NXD_MQTT_PORT', f'"127.0.0.1", {broker.port}')
    assert str(broker.port) in text
    names = {}
    exec(compile(text, title, "exec"), names)
    names["nxd_mqtt_client_delete"](names["client"])
    return capsys.readouterr().out.splitlines()[-1]


def test_every_kind_of_hardware_has_its_program():
    assert list(programs()) == ["Native Wi-Fi", "AirLift", "WIZnet Ethernet", "Desktop"]


def test_they_are_the_same_but_for_how_the_radio_is_made():
    def rest(text):
        lines = [line for line in text.splitlines() if line and line != "import board"]
        return [line for line in lines if not line.startswith("radio = ")]

    wanted = rest(programs()["Desktop"])
    assert len(wanted) == 9
    assert [rest(text) for text in programs().values()] == [wanted] * 4


def test_desktop(broker, capsys):
    assert run("Desktop", broker, capsys) == "published"


def test_native_wifi(broker, capsys, monkeypatch):
    class Radio:
        connected = True

    interpreter = SimpleNamespace(implementation=SimpleNamespace(name="circuitpython"))
    monkeypatch.setattr(boards, "sys", interpreter)
    monkeypatch.setitem(sys.modules, "wifi", SimpleNamespace(radio=Radio()))
    pool = SimpleNamespace(SocketPool=lambda radio: socket)
    monkeypatch.setitem(sys.modules, "socketpool", pool)
    assert run("Native Wi-Fi", broker, capsys) == "published"


def test_airlift(broker, capsys, monkeypatch):
    hardware = Airlift(monkeypatch, Loopback())
    chip = hardware.chip
    pins = {"D13": chip.cs, "D11": chip.busy, "D12": chip.reset}
    made = {name: SimpleNamespace(digital=pin) for name, pin in pins.items()}
    hardware.board(SPI=lambda: chip.bus, **made)
    assert run("AirLift", broker, capsys) == "published"
    assert chip.log == [("127.0.0.1", broker.port, 0)]


def test_wiznet(broker, capsys, monkeypatch):
    hardware = Wiznet(monkeypatch, Loopback())
    chip = hardware.chip
    hardware.board(SPI=lambda: chip.bus, D10=SimpleNamespace(digital=chip.cs))
    assert run("WIZnet Ethernet", broker, capsys) == "published"
    assert chip.connects == [(bytes([127, 0, 0, 1]), broker.port)]
