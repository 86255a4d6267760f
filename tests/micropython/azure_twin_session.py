# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A device of Azure IoT Hub in a small heap that listens: messages from the cloud, and its twin.

Arguments: host and port without TLS, the connection string, and what is imported: ``parts`` for
what it needs, ``header`` for all that there is. Prints what came.
"""

import json
import sys

from socketpool import SocketPool

from nxd_mqtt.azure_iot_connection import (
    NX_AZURE_IOT,
    NX_AZURE_IOT_HUB_CLIENT,
    nx_azure_iot_connection_string_parse,
    nx_azure_iot_create,
    nx_azure_iot_hub_client_connect,
    nx_azure_iot_hub_client_deinitialize,
    nx_azure_iot_hub_client_initialize,
    nx_azure_iot_hub_client_server_set,
    nx_azure_iot_hub_client_symmetric_key_set,
)
from nxd_mqtt.azure_iot_messages import (
    nx_azure_iot_hub_client_cloud_message_enable,
    nx_azure_iot_hub_client_cloud_message_property_get,
    nx_azure_iot_hub_client_cloud_message_receive,
)
from nxd_mqtt.azure_iot_properties import (
    nx_azure_iot_hub_client_device_twin_desired_properties_receive,
    nx_azure_iot_hub_client_device_twin_enable,
    nx_azure_iot_hub_client_device_twin_properties_receive,
    nx_azure_iot_hub_client_device_twin_properties_request,
    nx_azure_iot_hub_client_device_twin_reported_properties_send,
)
from nxd_mqtt.nxd import (
    NX_FALSE,
    NX_IP,
    NX_IP_PERIODIC_RATE,
    NX_PACKET_POOL,
    nx_ip_create,
    nx_packet_pool_create,
)

HOST, PORT, CONNECTION_STRING, IMPORTED = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
WAIT = 10 * NX_IP_PERIODIC_RATE

if IMPORTED == "header":
    import nxd_mqtt.azure_iot  # noqa: F401 (its heap counts)


def succeed(status: int) -> None:
    if status:
        raise RuntimeError("status 0x%x: %s" % (status, hub.reason))


def received(found) -> bytes:
    status, packet = found
    succeed(status)
    return packet.data


def report(patch: bytes) -> None:
    status, _, answer, _ = nx_azure_iot_hub_client_device_twin_reported_properties_send(
        hub, patch, WAIT
    )
    succeed(status)
    if answer not in (200, 204):
        raise RuntimeError("the hub answers %d" % answer)


hub, azure, ip, pool = NX_AZURE_IOT_HUB_CLIENT(), NX_AZURE_IOT(), NX_IP(), NX_PACKET_POOL()
succeed(nx_ip_create(ip, "network", socket_pool=SocketPool()))
succeed(nx_packet_pool_create(pool, "pool", 768, None, 4 * 768))
succeed(nx_azure_iot_create(azure, "azure", ip, pool))
settings = nx_azure_iot_connection_string_parse(CONNECTION_STRING)[1]
host, device = settings["host_name"], settings["device_id"]
succeed(nx_azure_iot_hub_client_initialize(hub, azure, host, device))
succeed(nx_azure_iot_hub_client_symmetric_key_set(hub, settings["symmetric_key"]))
succeed(nx_azure_iot_hub_client_server_set(hub, HOST, PORT, NX_FALSE))
succeed(nx_azure_iot_hub_client_cloud_message_enable(hub))
succeed(nx_azure_iot_hub_client_device_twin_enable(hub))
succeed(nx_azure_iot_hub_client_connect(hub, NX_FALSE, WAIT))
succeed(nx_azure_iot_hub_client_device_twin_properties_request(hub, WAIT))
twin = received(nx_azure_iot_hub_client_device_twin_properties_receive(hub, WAIT))
print("twin", b'"place":"roof"' in twin.replace(b" ", b""))
report(b'{"ready":true}')
for _ in range(3):
    desired = received(nx_azure_iot_hub_client_device_twin_desired_properties_receive(hub, WAIT))
    report(b'{"interval":%d}' % json.loads(desired)["interval"])
for _ in range(3):
    status, packet = nx_azure_iot_hub_client_cloud_message_receive(hub, WAIT)
    succeed(status)
    found = nx_azure_iot_hub_client_cloud_message_property_get(hub, packet, "color")
    print(str(packet.data, "utf-8"), found[1])
succeed(nx_azure_iot_hub_client_deinitialize(hub))
