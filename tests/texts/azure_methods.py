# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
# ruff: noqa: F821 - a fragment: the test that runs it hands the other names in
"""A call of a method, and its answer."""

status, name, context, request = nx_azure_iot_hub_client_direct_method_message_receive(hub, 1000)
if status == NX_AZURE_IOT_SUCCESS:
    code, answer = (200, '{"blinked": 3}') if name == "blink" else (404, "{}")
    status = nx_azure_iot_hub_client_direct_method_message_response(hub, code, context, answer, 100)
