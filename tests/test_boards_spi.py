# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Boards with network hardware behind SPI: which module is picked, pins, joining, addresses."""

import sys
from types import SimpleNamespace

import pytest
from doubles.airlift_chip import CONNECTED as JOINED
from doubles.airlift_chip import DISCONNECTED
from spi_bench import Airlift, Wiznet, airlift, wiznet5k

import boards

ADDRESS = bytes([192, 168, 1, 77])
NOWHERE = bytes(4)


# -- which module is picked -----------------------------------------------------------------------


@pytest.fixture
def picked(monkeypatch):
    """What boards.connect calls, on a board with these modules, or on the desktop."""
    module = lambda name: SimpleNamespace(connect=lambda **named: (name, named))  # noqa: E731
    monkeypatch.setattr(boards, "_module", module)

    def make(*present, interpreter="circuitpython"):
        implementation = SimpleNamespace(name=interpreter)
        monkeypatch.setattr(boards, "sys", SimpleNamespace(implementation=implementation))
        for name in ("wifi", "adafruit_esp32spi", "adafruit_wiznet5k"):
            found = SimpleNamespace() if name in present else None
            monkeypatch.setitem(sys.modules, name, found)
        return boards.connect

    return make


BOTH = ("adafruit_esp32spi", "adafruit_wiznet5k")


def test_wifi_of_the_firmware_comes_first(picked):
    assert picked("wifi", *BOTH)() == ("native_wifi", {})


def test_without_it_the_driver_on_the_drive_decides(picked):
    assert picked("adafruit_wiznet5k")() == ("wiznet5k", {})
    assert picked("adafruit_esp32spi")() == ("airlift", {})
    assert picked(*BOTH)() == ("airlift", {})


def test_pins_are_for_hardware_behind_spi(picked):
    for interpreter in ("circuitpython", "cpython"):
        connect = picked("wifi", *BOTH, interpreter=interpreter)
        assert connect(cs=1, busy=2, reset=3) == ("airlift", {"cs": 1, "busy": 2, "reset": 3})
        assert connect(cs=1) == ("wiznet5k", {"cs": 1})


def test_the_desktop_stays_the_desktop_without_pins(picked):
    assert picked(*BOTH, interpreter="cpython")() == ("desktop", {})


def test_pins_without_a_driver_say_what_is_missing(picked):
    connect = picked("wifi", interpreter="cpython")
    with pytest.raises(RuntimeError, match="adafruit_esp32spi"):
        connect(cs=1, busy=2, reset=3)


def test_a_module_can_be_named(picked):
    assert picked(*BOTH)("wiznet5k", hostname="shed") == ("wiznet5k", {"hostname": "shed"})


# -- AirLift --------------------------------------------------------------------------------------


@pytest.fixture
def air(monkeypatch):
    """A board with an AirLift that nobody has asked for yet."""
    return Airlift(monkeypatch)


def named_pins(chip, cs, busy, reset):
    """Pins of ``board`` by their names."""
    found = {cs: chip.cs, busy: chip.busy, reset: chip.reset}
    return {name: SimpleNamespace(digital=pin) for name, pin in found.items()}


@pytest.mark.parametrize("names", [("ESP_CS", "ESP_BUSY", "ESP_RESET"), ("D13", "D11", "D12")])
def test_the_usual_pins_need_not_be_said(air, names):
    air.board(SPI=lambda: air.chip.bus, **named_pins(air.chip, *names))
    assert boards.connect("airlift").connected


def test_pins_of_the_board_are_made_digital_and_a_bus_is_made_of_three(air):
    chip = air.chip
    wire = SimpleNamespace(bus=chip.bus)
    air.board(SCK=wire, MOSI=wire, MISO=wire)
    pins = named_pins(chip, "cs", "busy", "reset")
    radio = boards.connect(**pins)  # on the desktop, by its pins
    assert type(radio).__name__ == "ESP_SPIcontrol"
    assert boards.connected(radio)
    assert chip.bus.baudrate == 8_000_000


def test_a_pin_that_the_board_does_not_have_is_named(air):
    air.board(SPI=lambda: air.chip.bus)
    with pytest.raises(RuntimeError, match="no pin ESP_CS or D13"):
        boards.connect("airlift")


def test_airlift_joins_with_the_settings_of_circuitpython(air):
    assert air.connect().connected
    assert air.chip.joins == [("garden", "blackbird")]
    assert boards.connected(air.radio)
    assert len(air.chip.joins) == 1, "nothing is done while it is there"


def test_airlift_joins_an_open_network(air, monkeypatch):
    air.chip.world = {"garden": ""}
    monkeypatch.delenv("CIRCUITPY_WIFI_PASSWORD")
    assert air.connect().connected


def test_a_network_that_is_away_at_the_start_is_joined_when_it_is_there(air, capsys):
    air.chip.world = {}
    radio = air.connect()
    assert boards.connected(radio) is False
    assert "No such ssid" in capsys.readouterr().out
    air.chip.world["garden"] = "blackbird"
    assert boards.connected(radio) is True


def test_a_lost_network_is_joined_again_with_one_attempt_a_question(air):
    radio = air.connect()
    air.chip.world.clear()
    asked, began = len(air.chip.joins), air.clock.elapsed
    assert not boards.connected(radio)
    assert len(air.chip.joins) == asked + 1
    assert air.clock.elapsed - began < 6000
    air.chip.world["garden"] = "blackbird"
    assert boards.connected(radio)


def test_a_wrong_password_is_told_and_never_printed(air, capsys):
    air.chip.world["garden"] = "nightingale"
    assert not boards.connected(air.connect())
    out = capsys.readouterr().out
    assert "Failed to connect to ssid" in out
    assert "blackbird" not in out


def test_airlift_without_settings(air, monkeypatch):
    radio = air.connect()
    monkeypatch.delenv("CIRCUITPY_WIFI_SSID")
    air.chip.leave_network()
    assert boards.connected(radio) is False
    with pytest.raises(RuntimeError, match="CIRCUITPY_WIFI_SSID"):
        air.connect()


def test_a_chip_that_does_not_answer_is_reset(air):
    radio = air.connect()
    air.chip.dead = True
    assert boards.connected(radio) is True
    assert air.chip.resets == 2


def test_a_chip_that_never_answers_is_no_exception_and_takes_no_more_than_half_a_minute(
    air, capsys
):
    radio = air.connect()
    air.chip.broken = True
    began = air.clock.elapsed
    assert boards.connected(radio) is False
    assert air.clock.elapsed - began < 30_000
    assert capsys.readouterr().out == "Wi-Fi: ESP32 not responding\n"


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("pystack exhausted")])
@pytest.mark.parametrize("module", [airlift, wiznet5k])
def test_an_exhausted_interpreter_is_no_matter_of_the_network(module, error):
    class Radio:
        @property
        def connected(self):
            raise error

        link_status = connected

    with pytest.raises(type(error)):
        module.connected(Radio())


class BoardBytes(bytes):
    """Bytes as on a board, where the driver may look for text in them."""

    def __contains__(self, text):
        return bytes.__contains__(self, text.encode())


def test_certificate_and_key_are_handed_over_before_joining_and_again_after_a_reset(air):
    certificate = BoardBytes(b"-----BEGIN CERTIFICATE-----\nabc\n")
    key = BoardBytes(b"-----BEGIN RSA PRIVATE KEY-----\nabc\n")
    radio = air.connect(certificate=certificate, private_key=key)
    assert (air.chip.status, air.chip.certificate, air.chip.private_key) == (
        JOINED,
        certificate,
        key,
    )
    air.chip.dead = True
    assert boards.connected(radio)
    assert (air.chip.resets, air.chip.certificate, air.chip.private_key) == (2, certificate, key)


def test_a_radio_that_was_made_by_hand_is_joined_as_well(air):
    radio = air.connect()
    del radio.nxd_identity
    air.chip.leave_network(DISCONNECTED)
    assert boards.connected(radio)


# -- WIZnet ---------------------------------------------------------------------------------------


@pytest.fixture
def wire(monkeypatch):
    """A board with a W5500 that nobody has asked for yet."""
    return Wiznet(monkeypatch)


@pytest.mark.parametrize("names", [("W5K_CS", "W5K_SPI"), ("D10", "SPI")])
def test_wiznet_pins_need_not_be_said(wire, names):
    cs, bus = names
    wire.board(**{cs: SimpleNamespace(digital=wire.chip.cs), bus: lambda: wire.chip.bus})
    assert boards.connected(boards.connect("wiznet5k"))


def test_on_the_desktop_a_pin_is_enough(wire):
    radio = boards.connect(cs=wire.chip.cs, spi=wire.chip.bus)
    assert type(radio).__name__ == "WIZNET5K"
    assert wire.chip.address == ADDRESS


def test_the_address_comes_from_dhcp(wire):
    radio = wire.connect(hostname="shed")
    assert wire.chip.address == ADDRESS
    assert wire.dhcp.heard == [1, 3]
    assert wire.dhcp.hostnames == ["shed", "shed"]
    assert boards.connected(radio)
    assert wire.dhcp.heard == [1, 3], "nothing is asked while there is a lease"


def test_or_from_the_program(wire):
    radio = wire.connect(address=("10.0.0.5", "255.255.255.0", "10.0.0.1", "10.0.0.2"))
    assert wire.chip.address == bytes([10, 0, 0, 5])
    assert wire.dhcp.heard == []
    wire.chip.cable = False
    assert not boards.connected(radio)
    wire.chip.cable = True
    assert boards.connected(radio)
    assert wire.chip.address == bytes([10, 0, 0, 5])


def test_the_mac_is_the_processors_own(wire, monkeypatch):
    mac = wire.connect().mac_address
    assert mac[0] == 2
    monkeypatch.setitem(
        sys.modules, "microcontroller", SimpleNamespace(cpu=SimpleNamespace(uid=b"12345678"))
    )
    assert wire.connect().mac_address not in (mac, bytes.fromhex("deadbeeffeed"))
    assert wire.connect(mac=b"\x02abcde").mac_address == b"\x02abcde"


def test_a_processor_without_a_serial_number_needs_to_be_told(wire, monkeypatch):
    monkeypatch.setitem(sys.modules, "microcontroller", SimpleNamespace())
    with pytest.raises(RuntimeError, match="mac"):
        wire.connect()
    assert wire.connect(mac="02:00:00:00:00:01").mac_address == b"\x02\0\0\0\0\1"


def test_no_chip_on_the_bus(wire):
    wire.chip.missing = True
    with pytest.raises(RuntimeError, match="Failed to initialize WIZnet module"):
        wire.connect()


def test_the_reset_pin_is_used_where_it_is_given(wire):
    wire.connect(reset=SimpleNamespace(digital=wire.chip.reset))
    assert wire.chip.resets == 1


def test_a_cable_that_is_out_at_the_start_can_be_put_in_later(wire):
    wire.chip.cable = False
    radio = wire.connect()
    assert boards.connected(radio) is False
    wire.chip.cable = True
    assert boards.connected(radio) is True
    assert wire.chip.address == ADDRESS


def test_a_cable_that_was_out_may_lead_to_another_network(wire):
    radio = wire.connect()
    wire.chip.cable = False
    assert not boards.connected(radio)
    wire.chip.cable = True
    wire.dhcp.address = "10.0.0.9"
    assert boards.connected(radio)
    assert wire.chip.address == bytes([10, 0, 0, 9])


def test_dhcp_that_does_not_answer_is_given_up_within_a_minute_and_a_bit(wire, capsys):
    wire.dhcp.silent = True
    began = wire.clock.elapsed
    radio = wire.connect()
    assert wire.clock.elapsed - began < 80_000
    assert "No response from DHCP server" in capsys.readouterr().out
    wire.dhcp.silent = False
    assert boards.connected(radio)


def test_an_answer_that_makes_no_sense_is_no_exception(wire, capsys):
    wire.dhcp.garbled = True
    radio = wire.connect()
    assert capsys.readouterr().out == "Ethernet: IPv4 address must be 4 bytes.\n"
    wire.dhcp.garbled = False
    assert boards.connected(radio)


def test_a_lease_is_renewed_when_half_of_it_is_over(wire):
    radio = wire.connect()
    wire.clock.advance(wire.dhcp.lease * 500 + 1000)
    assert boards.connected(radio)
    assert wire.dhcp.heard == [1, 3, 3]
    assert wire.chip.address == ADDRESS


def test_a_lease_that_has_run_out_is_asked_for_anew(wire):
    radio = wire.connect()
    wire.clock.advance(wire.dhcp.lease * 1000 + 1000)
    wire.dhcp.silent = True
    assert not boards.connected(radio)
    assert wire.chip.address == NOWHERE
    wire.dhcp.silent = False
    assert boards.connected(radio)


def test_a_lease_of_a_week_is_more_than_the_driver_can_count_and_is_taken(wire):
    wire.dhcp.lease = 7 * 24 * 3600
    radio = wire.connect()
    assert wire.chip.address == ADDRESS
    assert radio.ifconfig[3] == bytes([192, 168, 1, 1])
    assert boards.connected(radio)
    wire.chip.cable = False
    boards.connected(radio)
    wire.chip.cable = True
    assert boards.connected(radio)


def test_a_radio_made_by_hand_is_asked_for_its_link(wire):
    radio = wire.connect()
    del radio.nxd_dhcp
    wire.chip.cable = False
    assert not boards.connected(radio)
    wire.chip.cable = True
    assert boards.connected(radio)
    assert wire.dhcp.heard == [1, 3]
