# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The program in the README."""

import boards
from nxd_mqtt.nxd import *

ip, pool, client = NX_IP(), NX_PACKET_POOL(), NXD_MQTT_CLIENT()
nx_ip_create(ip, "ip", radio=boards.connect())
nx_packet_pool_create(pool, "pool", 512, None, 4096)
nxd_mqtt_client_create(client, "client", "my-board", ip, pool)

status = nxd_mqtt_client_connect(client, "192.168.1.10", NXD_MQTT_PORT, 60, NX_FALSE, 500)
if status == NXD_MQTT_SUCCESS:
    status = nxd_mqtt_client_publish(client, "room/light", "on", NX_FALSE, 1, NX_NO_WAIT)
while status == NXD_MQTT_SUCCESS:
    status = nxd_mqtt_client_poll(client, NX_IP_PERIODIC_RATE)
print("ended with status %#x because of %s" % (status, client.reason))
