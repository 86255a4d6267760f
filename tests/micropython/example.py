# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Runs an example as a board would, with a chip, a radio and TLS that stand in for the firmware's.

Arguments: the project's root, the example's name, and perhaps a folder with another asyncio than
the interpreter's own, which is then named at the end. The settings are in the environment.
"""

import sys

import device_tls
from radio import Radio


class Firmware:
    """A module of the firmware."""


class Chip:
    """What the chip tells of itself."""

    uid = b"\xe6\x60\x00\xab"
    temperature = 21.25


def main() -> None:
    wifi = sys.modules["wifi"] = Firmware()
    wifi.radio = Radio()
    microcontroller = sys.modules["microcontroller"] = Firmware()
    microcontroller.cpu = Chip()
    sys.modules["ssl"] = device_tls
    sys.path[:0] = sys.argv[3:]
    sys.path.append(sys.argv[1])
    sys.path.append(sys.argv[1] + "/examples")
    __import__("nxd_mqtt_" + sys.argv[2]).main()
    if len(sys.argv) > 3:
        print(sys.modules["asyncio"].__file__)


main()
