# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The session with a real broker, over WebSocket: its clients are told so when they are created.

Arguments: host and port of the broker.
"""

import nxd_mqtt.nxd
from nxd_mqtt.websocket import nxd_mqtt_client_websocket_set

_create = nxd_mqtt.nxd.nxd_mqtt_client_create


def create(client, *arguments, **named) -> int:
    return _create(client, *arguments, **named) or nxd_mqtt_client_websocket_set(
        client, "localhost", "/mqtt"
    )


nxd_mqtt.nxd.nxd_mqtt_client_create = create

import broker_session  # noqa: E402, F401 - it runs, with the function above
