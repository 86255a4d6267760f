# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
# ruff: noqa: F821 - a fragment: the test that runs it hands the other names in
"""A turn of a loop that takes messages from the cloud."""

nxd_mqtt_client_poll(hub, 10)
while True:
    status, message = nx_azure_iot_hub_client_cloud_message_receive(hub, NX_NO_WAIT)
    if status:
        break
    _, color = nx_azure_iot_hub_client_cloud_message_property_get(hub, message, "color")
    print("%s, color %s" % (str(message.data, "utf-8"), color))
if status not in (NX_AZURE_IOT_NO_PACKET, NX_AZURE_IOT_DISCONNECTED):
    print("a message is lost: 0x%X" % status)
