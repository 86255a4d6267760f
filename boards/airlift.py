# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Wi-Fi by an ESP32 on the SPI bus (AirLift), driven by ``adafruit_esp32spi``.

Network name and password are CircuitPython's own settings, CIRCUITPY_WIFI_SSID and
CIRCUITPY_WIFI_PASSWORD, though here it is this module that joins.
"""

import os

# The driver waits while it joins. So long it may take.
_JOIN_SECONDS = 5


def connect(cs=None, busy=None, reset=None, spi=None, certificate=None, private_key=None):
    """Reset the co-processor and join; a network that is away now is joined later.

    A board with an AirLift on it has names for its pins. Otherwise the FeatherWing is taken for
    granted, whose solder bridges lead to D13, D11 and D12.

    :param cs: chip select, a pin of ``board`` or a DigitalInOut
    :param busy: the pin by which the co-processor says that it is ready
    :param reset: its reset pin
    :param spi: the bus, None for the board's
    :param certificate: the client's certificate for TLS, PEM text; the co-processor takes it only
        while it has not joined
    :param private_key: the key of that certificate, RSA in PEM text
    :return: an ``ESP_SPIcontrol``
    :raises RuntimeError: neither joined nor told what to join
    """
    from adafruit_esp32spi.adafruit_esp32spi import ESP_SPIcontrol

    from boards.spi_pins import bus, digital

    radio = ESP_SPIcontrol(
        spi or bus(),
        digital(cs, "ESP_CS", "D13"),
        digital(busy, "ESP_BUSY", "D11"),
        digital(reset, "ESP_RESET", "D12"),
    )
    radio.nxd_identity = (certificate, private_key)
    if not connected(radio) and not os.getenv("CIRCUITPY_WIFI_SSID"):
        raise RuntimeError("no Wi-Fi: settings.toml needs CIRCUITPY_WIFI_SSID")
    return radio


def connected(radio) -> bool:
    """Whether the co-processor has joined; if not, one attempt to join is made first.

    One that does not answer is reset by its driver, which takes ten seconds to give it up.

    :param radio: an ``ESP_SPIcontrol``
    """
    try:
        return radio.connected or _join(radio)
    except (OSError, RuntimeError) as error:  # older drivers raise RuntimeError
        if "pystack" in str(error):
            raise
        print("Wi-Fi: %s" % error)
        return False


def _join(radio) -> bool:
    name = os.getenv("CIRCUITPY_WIFI_SSID")
    if not name:
        return False
    # After a reset it has forgotten them.
    certificate, private_key = getattr(radio, "nxd_identity", (None, None))
    if certificate:
        radio.set_certificate(certificate)
    if private_key:
        radio.set_private_key(private_key)
    radio.connect_AP(name, os.getenv("CIRCUITPY_WIFI_PASSWORD") or "", _JOIN_SECONDS)
    return radio.connected
