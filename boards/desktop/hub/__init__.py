# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A local IoT Hub for demonstrations and tests on the desktop.

It knows devices, checks their tokens and certificates, and has twins, methods, messages both ways
and the hub's own rules; it shares nothing with the client, so that each of the two checks the
other. Beyond the standard library it needs the extra `desktop`.

    from boards.desktop.hub import Hub

    with Hub(devices=("sensor",)) as hub:
        print(hub.connection_string("sensor"), hub.port, hub.ca_file)
"""

try:
    from .certificates import Certificates
    from .faults import Step
    from .hub import Hub
    from .quotas import Limits
    from .refusals import HubError
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        f"the hub needs {error.name}: install nxd-mqtt[desktop]", name=error.name
    )

__all__ = ("Certificates", "Hub", "HubError", "Limits", "Step")
