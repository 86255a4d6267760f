# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""From a connection string to a link."""

import os

import boards
from nxd_mqtt.azure_iot import *
from nxd_mqtt.nxd import *
from nxd_mqtt.tls import *

text = os.getenv("AZURE_IOT_CONNECTION_STRING")
status, settings, cause = nx_azure_iot_connection_string_parse(text)
if status:
    raise ValueError(cause)

ip, pool, azure, hub = NX_IP(), NX_PACKET_POOL(), NX_AZURE_IOT(), NX_AZURE_IOT_HUB_CLIENT()
nx_ip_create(ip, "ip", radio=boards.connect())
nx_packet_pool_create(pool, "pool", 1024, None, 8 * 1024)
nx_azure_iot_create(azure, "azure", ip, pool)
nx_azure_iot_hub_client_initialize(hub, azure, settings["host_name"], settings["device_id"])
nx_azure_iot_hub_client_symmetric_key_set(hub, settings["symmetric_key"])

root = NX_SECURE_X509_CERT()
nx_secure_x509_certificate_initialize(root, "/roots.pem")
nx_azure_iot_hub_client_trusted_cert_add(hub, root)

status = nx_azure_iot_hub_client_connect(hub, NX_FALSE, 1000)
print("connected" if status == NX_AZURE_IOT_SUCCESS else "0x%X %s" % (status, hub.reason))
