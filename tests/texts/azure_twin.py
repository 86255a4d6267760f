# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
# ruff: noqa: F821 - a fragment: the test that runs it hands the other names in
"""What is desired now and later, and what is reported."""

import json

nx_azure_iot_hub_client_device_twin_properties_request(hub, 100)
status, twin = nx_azure_iot_hub_client_device_twin_properties_receive(hub, 1000)
if status == NX_AZURE_IOT_SUCCESS:
    interval = json.loads(twin.data)["desired"].get("interval", 60)
    patch = json.dumps({"interval": interval})
    status, request_id, response_status, version = (
        nx_azure_iot_hub_client_device_twin_reported_properties_send(hub, patch, 1000)
    )

# later, after each poll
status, patch = nx_azure_iot_hub_client_device_twin_desired_properties_receive(hub, NX_NO_WAIT)
if status == NX_AZURE_IOT_SUCCESS:
    interval = json.loads(patch.data).get("interval", interval)
