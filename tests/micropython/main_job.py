# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Runs the board's own program, with a chip and a radio that stand in for the firmware's modules.

Arguments: the project's root, host and port of a broker, how many reports to publish.
"""

import sys

from radio import Radio


class Firmware:
    """A module of the firmware."""

    def __init__(self, **names) -> None:
        for name, value in names.items():
            setattr(self, name, value)


class Chip:
    """What the chip tells of itself."""

    uid = b"\xe6\x60\x00\xab"
    temperature = 21.25


sys.modules["wifi"] = Firmware(radio=Radio())
sys.modules["microcontroller"] = Firmware(cpu=Chip())
sys.path.append(sys.argv[1])

import boards
import code

settings = code.read_settings({"MQTT_BROKER": sys.argv[2], "MQTT_PORT": sys.argv[3]}.get)
settings["interval"] = 10
figures = code.run(boards.connect(), settings, int(sys.argv[4]))
print(" ".join("%s=%d" % (name, figures[name]) for name in sorted(figures)))
