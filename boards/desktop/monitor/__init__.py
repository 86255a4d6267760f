# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What a client does, live in the terminal and as a log: for the desktop only.

    python -m boards.desktop.monitor

runs a client and shows it. Around a client of one's own:

    from boards.desktop.monitor import Monitor, Screen

    monitor = Monitor(client, "my client")
    with Screen(monitor) as screen:
        while nxd_mqtt_client_poll(client, 10) == NXD_MQTT_SUCCESS:
            screen.draw()
"""

from .observe import Monitor
from .record import Recorder, RecordError
from .screen import Screen

__all__ = ("Monitor", "RecordError", "Recorder", "Screen")
