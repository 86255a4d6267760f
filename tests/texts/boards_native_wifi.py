# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The program for native Wi-Fi."""

import boards
from nxd_mqtt.nxd import *

radio = boards.connect()
ip, pool, client = NX_IP(), NX_PACKET_POOL(), NXD_MQTT_CLIENT()
nx_ip_create(ip, "ip", radio=radio, link_up=lambda: boards.connected(radio))
nx_packet_pool_create(pool, "pool", 512, None, 4096)
nxd_mqtt_client_create(client, "client", "my-board", ip, pool)
status = nxd_mqtt_client_connect(client, "192.168.1.10", NXD_MQTT_PORT, 60, NX_FALSE, 500)
status = status or nxd_mqtt_client_publish(client, "room/light", "on", NX_FALSE, 1, NX_NO_WAIT)
print("published" if status == NXD_MQTT_SUCCESS else client.reason)
