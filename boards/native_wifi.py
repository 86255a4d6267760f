# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Wi-Fi that CircuitPython itself drives: ESP32 of all kinds, Pico W, and others with ``wifi``.

Network name and password are CircuitPython's own settings, CIRCUITPY_WIFI_SSID and
CIRCUITPY_WIFI_PASSWORD, so the firmware has often joined before this is asked.
"""

import os

# CircuitPython can only join while the program waits. So long it may take.
_JOIN_SECONDS = 5


def connect():
    """Join if the firmware has not; a network that is away now is joined later, by ``connected``.

    :return: ``wifi.radio``
    :raises RuntimeError: neither joined nor told what to join
    """
    from wifi import radio

    if not connected(radio) and not os.getenv("CIRCUITPY_WIFI_SSID"):
        raise RuntimeError("no Wi-Fi: settings.toml needs CIRCUITPY_WIFI_SSID")
    return radio


def connected(radio) -> bool:
    """Whether the board has joined; if not, one attempt to join is made first.

    :param radio: ``wifi.radio``
    """
    return radio.connected or _join(radio)


def _join(radio) -> bool:
    name = os.getenv("CIRCUITPY_WIFI_SSID")
    if not name:
        return False
    password = os.getenv("CIRCUITPY_WIFI_PASSWORD") or ""
    try:
        # The firmware switches the radio off when it could not join at its start.
        if not radio.enabled:
            radio.enabled = True
        radio.connect(name, password, timeout=_JOIN_SECONDS)
    except OSError as error:  # among them CircuitPython's ConnectionError
        print("Wi-Fi: %s" % error)
        return False
    return radio.connected
