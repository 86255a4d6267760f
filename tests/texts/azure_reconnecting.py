# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
# ruff: noqa: F821 - a fragment: the test that runs it hands the other names in
"""A client that connects again by itself, and a program that is told."""


def on_status(hub, status):
    if status == NX_AZURE_IOT_SUCCESS:
        print("connected")
    elif status == NX_AZURE_IOT_REPLACED:
        print("somebody else connects as this device")
    elif status in (NXD_MQTT_ERROR_NOT_AUTHORIZED, NXD_MQTT_ERROR_BAD_USERNAME_PASSWORD):
        print("the hub refuses this device; nothing is tried any more")
    else:
        print("no link: 0x%X" % status)


nx_azure_iot_hub_client_connection_status_callback_set(hub, on_status)
nx_azure_iot_hub_client_reconnect_set(hub, 100, 6000)
status = nx_azure_iot_hub_client_connect(hub, NX_FALSE, NX_NO_WAIT)
