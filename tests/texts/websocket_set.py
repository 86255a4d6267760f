# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT

"""One line more for WebSocket."""

from nxd_mqtt.websocket import *

status = nxd_mqtt_client_websocket_set(client, "broker.example", "/mqtt")
