# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
# ruff: noqa: F821 - a fragment: the test that runs it hands the other names in
"""Telemetry with properties."""

status, message = nx_azure_iot_hub_client_telemetry_message_create(hub, NX_NO_WAIT)
nx_azure_iot_hub_client_telemetry_property_add(message, "$.ct", "application/json", NX_NO_WAIT)
nx_azure_iot_hub_client_telemetry_property_add(message, "room", "green house & shed", NX_NO_WAIT)
status = nx_azure_iot_hub_client_telemetry_send(hub, message, '{"celsius": 21.5}', 100)
