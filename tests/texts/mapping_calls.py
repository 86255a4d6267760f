# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
# ruff: noqa: F821 - a fragment: the test that runs it hands the other names in
"""Two calls of C in Python."""

status = nxd_mqtt_client_publish(client, "room/light", "on", NX_FALSE, 1, NX_IP_PERIODIC_RATE)
status, topic_length, message_length = nxd_mqtt_client_message_get(client, topic, message)
