# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
# ruff: noqa: F821 - a fragment: the test that runs it hands the other names in
"""A client that connects again by itself, in a program's loop."""

nxd_mqtt_client_store_set(client, FileStore("/sd/outbox"))  # if power may go, too
nxd_mqtt_client_ack_mode_set(client, NXD_MQTT_ACK_ON_GET)  # if no command may be missed
nxd_mqtt_client_reconnect_set(client, 100, 6000)  # pauses of 1 s to 60 s
nxd_mqtt_client_connect(client, "broker.local", NXD_MQTT_PORT, 60, NX_FALSE, NX_NO_WAIT)
asked = False
while nxd_mqtt_client_poll(client, 10) == NXD_MQTT_SUCCESS:
    if not asked:
        asked = nxd_mqtt_client_subscribe(client, "room/command", 1) == NXD_MQTT_SUCCESS
    ...
