# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Runs the board's own program, with a chip and a radio that stand in for the firmware's modules.

Arguments: the project's root; then host and port of a broker and how many reports to publish, or
nothing more for a board that is told of no broker.
"""

import sys

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
    sys.path.append(sys.argv[1])
    import code

    import boards

    if len(sys.argv) == 2:
        code.main()
        return
    settings = code.read_settings({"MQTT_BROKER": sys.argv[2], "MQTT_PORT": sys.argv[3]}.get)
    settings["interval"] = 20
    figures = code.run(boards.connect(), settings, int(sys.argv[4]))
    print(" ".join("%s=%d" % (name, figures[name]) for name in sorted(figures)))


main()
