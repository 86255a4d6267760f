# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
# ruff: noqa: F821 - a fragment: the test that runs it hands the other names in
"""How a client gets a file store."""

from nxd_mqtt.file_store import FileStore
from nxd_mqtt.nxd_extensions import nxd_mqtt_client_store_set

store = FileStore("/sd/outbox")
status = nxd_mqtt_client_store_set(client, store)  # after create, before connect
if status != NXD_MQTT_SUCCESS:
    print("messages are in memory only:", client.reason)
