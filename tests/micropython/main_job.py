# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Runs the board's own program, with a chip and a radio that stand in for the firmware's modules.

Arguments: the project's root; then host and port of a broker and how many reports to publish, or
nothing more for a board that is told of no broker. A path behind them is that of an outbox: the
board then first loses its power when it has accepted three reports that it could not send.
"""

import sys

from radio import Radio


class Firmware:
    """A module of the firmware."""


class Chip:
    """What the chip tells of itself."""

    uid = b"\xe6\x60\x00\xab"
    temperature = 21.25


def lose_power(code, radio, settings) -> None:
    """A board that has reached nobody, and is gone."""
    job = code.Job(code.network(radio), dict(settings, MQTT_PORT=1), 3, print)
    while job.figures()["published"] < 3:
        job.turn()


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
    values = {"MQTT_BROKER": sys.argv[2], "MQTT_PORT": sys.argv[3]}
    values["MQTT_OUTBOX"] = "".join(sys.argv[5:])
    settings = code.read_settings(values.get)
    settings["interval"] = 20
    radio = boards.connect()
    if settings["MQTT_OUTBOX"]:
        lose_power(code, radio, settings)
    figures = code.run(radio, settings, int(sys.argv[4]))
    print(" ".join("%s=%d" % (name, figures[name]) for name in sorted(figures)))


main()
