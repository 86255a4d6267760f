# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Heap bytes that stay taken after the import, and by a client with its buffers.

The receive queue has 2,048 bytes, the store four packets of 256. What a program takes that also
imports the extensions comes last. Prints lines of a name and a figure.
"""

import heap
from scripted import Pool, Time


def load(name: str):
    return __import__("nxd_mqtt." + name)


def make():
    from nxd_mqtt.nxd import (
        NX_IP,
        NX_PACKET_POOL,
        NXD_MQTT_CLIENT,
        nx_ip_create,
        nx_packet_pool_create,
        nxd_mqtt_client_create,
    )

    ip = NX_IP()
    nx_ip_create(ip, "net", socket_pool=pool, clock=now)
    store = NX_PACKET_POOL()
    nx_packet_pool_create(store, "store", 256, None, 4 * 256)
    client = NXD_MQTT_CLIENT()
    nxd_mqtt_client_create(client, "client", "heap", ip, store, memory_size=2048)
    return client


pool = Pool()
now = Time()
print("nxd", heap.bytes_held(lambda: load("nxd")))
print("object", heap.bytes_held(make))
print("nxd_extensions", heap.bytes_held(lambda: load("nxd_extensions")))
