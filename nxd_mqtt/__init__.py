# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""
`nxd_mqtt`
================================================================================

The NetX Duo (Azure RTOS, Eclipse ThreadX) MQTT 3.1.1 client for CircuitPython.

A name is looked up in the module that its prefix tells, when it is first used, so a program pays
only for what it calls. Programs write ``from nxd_mqtt.nxd import *``.

* Author(s): nxd_mqtt authors

Implementation Notes
--------------------

**Software and Dependencies:**

* Adafruit CircuitPython firmware: https://circuitpython.org/downloads
* Adafruit's Connection Manager library:
  https://github.com/adafruit/Adafruit_CircuitPython_ConnectionManager
* Adafruit's Ticks library: https://github.com/adafruit/Adafruit_CircuitPython_Ticks
"""

__version__ = "0.0.0+auto.0"
__repo__ = "https://github.com/nxd-mqtt/CircuitPython_NXD_MQTT.git"

__all__ = ()

_MODULES = {"nx": "nxd nxd_extensions tls tls_reasons websocket azure_iot", "tx": "tx"}


def __getattr__(name):
    modules = _MODULES.get(name[:2].lower())
    if modules:
        for module in modules.split():
            found = __import__(module, globals(), None, (name,), 1)
            if hasattr(found, name):
                return getattr(found, name)
    raise AttributeError(name)
