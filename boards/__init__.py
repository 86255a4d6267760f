# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The board that a program runs on: its radio, its name, its temperature.

``connect`` picks the module that knows the network hardware, one module for each kind. The desktop
is a board too. It is told by the interpreter, not by ``import board``: with Blinka that may work on
a desktop, and it says nothing about the network.
"""

import sys

_DESKTOP = ("desktop", "", "CPythonNetwork")

# A module of this package, the firmware's module that only such hardware has, the class of its
# radio. The first row whose firmware module can be imported is taken.
_HARDWARE = (("native_wifi", "wifi", "Radio"),)

# The same for hardware behind SPI, which no firmware names: its driver library is on the drive.
_SPI = (
    ("airlift", "adafruit_esp32spi", "ESP_SPIcontrol"),
    ("wiznet5k", "adafruit_wiznet5k", "WIZNET5K"),
)

_NOTHING = """\
no network hardware: the firmware has no module wifi, and lib/ has neither adafruit_esp32spi
(AirLift) nor adafruit_wiznet5k (WIZnet Ethernet); both need adafruit_bus_device as well"""

_ABSOLUTE_ZERO = -273.15


def _on_desktop() -> bool:
    return sys.implementation.name == "cpython"


def _module(name: str):
    return __import__("boards." + name, None, None, ("connect", "connected"))


def _pick(named) -> str:
    """The name of the module for the hardware at hand.

    Who names pins means hardware behind SPI, whatever else there is. So a board with Wi-Fi can have
    an Ethernet chip, and a desktop with pins, which Blinka gives it, too; without pins the desktop
    is the desktop, even if a driver is installed there.
    """
    if not named and _on_desktop():
        return _DESKTOP[0]
    for module, firmware, _ in _SPI if named else _HARDWARE + _SPI:
        if module == "airlift" and "cs" in named and "busy" not in named:
            continue  # the pins of another chip: an AirLift's always have that third one
        try:
            __import__(firmware)
        except ImportError:
            continue
        return module
    raise RuntimeError(_NOTHING)


def connect(module=None, **named):
    """Join the network as far as it can be joined now.

    :param module: "native_wifi", "airlift", "wiznet5k" or "desktop"; None to find out
    :param named: pins and what else the ``connect`` of that module takes
    :return: the radio, as ConnectionManager and ``nx_ip_create`` take it
    """
    return _module(module or _pick(named)).connect(**named)


def connected(radio) -> bool:
    """Whether the network is there; a lost one is joined again first, once and without raising.

    To be asked before each attempt to connect to a broker, as the ``link_up`` of ``nx_ip_create``.

    :param radio: what ``connect`` returned, or any other radio of a known kind
    """
    kind = type(radio).__name__
    for module, _, radio_class in (_DESKTOP,) + _HARDWARE + _SPI:
        if kind == radio_class:
            return _module(module).connected(radio)
    return True  # nobody here could join its network again: let the attempt show


def client_id() -> str:
    """A client identifier that no other board has: the chip's serial number in hex.

    The desktop keeps one in a file, see ``boards.desktop.settings``.
    """
    if _on_desktop():
        from boards.desktop.settings import client_id as desktop_id

        return desktop_id()
    from microcontroller import cpu

    return "".join(["%02x" % byte for byte in cpu.uid])


def temperature():
    """The chip's temperature in degrees Celsius, None where it has no sensor."""
    if _on_desktop():
        return None
    from microcontroller import cpu

    degrees = getattr(cpu, "temperature", None)
    # A chip that cannot tell says None, or what is no number: such compares false.
    return degrees if degrees is not None and degrees > _ABSOLUTE_ZERO else None
