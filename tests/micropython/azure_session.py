# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A device of Azure IoT Hub in a small heap: telemetry with properties, and a method.

Arguments: host and port without TLS, the connection string, and what is imported: ``telemetry`` for
no methods, ``methods`` for both, ``header`` for all that there is. Prints how often it did what.
"""

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
from nxd_mqtt.azure_iot_telemetry import (
    nx_azure_iot_hub_client_telemetry_ack_callback_set,
    nx_azure_iot_hub_client_telemetry_message_create,
    nx_azure_iot_hub_client_telemetry_property_add,
    nx_azure_iot_hub_client_telemetry_send,
)
from nxd_mqtt.nxd import (
    NX_FALSE,
    NX_IP,
    NX_IP_PERIODIC_RATE,
    NX_PACKET_POOL,
    nx_ip_create,
    nx_packet_pool_create,
    nxd_mqtt_client_poll,
)

HOST, PORT, CONNECTION_STRING, IMPORTED = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
WAIT = 10 * NX_IP_PERIODIC_RATE
MESSAGES = 20
CALLS = 0 if IMPORTED == "telemetry" else 5

if CALLS:
    from nxd_mqtt.azure_iot_methods import (
        nx_azure_iot_hub_client_direct_method_enable,
        nx_azure_iot_hub_client_direct_method_message_receive,
        nx_azure_iot_hub_client_direct_method_message_response,
    )
if IMPORTED == "header":
    import nxd_mqtt.azure_iot  # noqa: F401 (its heap counts)

acknowledged = [0]


def succeed(status: int) -> None:
    if status:
        raise RuntimeError("status 0x%x: %s" % (status, hub.reason))


def acknowledge(hub, packet_id) -> None:
    acknowledged[0] += 1


def send(number: int) -> None:
    status, packet = nx_azure_iot_hub_client_telemetry_message_create(hub, WAIT)
    succeed(status)
    add = nx_azure_iot_hub_client_telemetry_property_add
    succeed(add(packet, "$.ct", "application/json", WAIT))
    succeed(add(packet, "level", "low & steady", WAIT))
    message = b'{"number":%d}' % number
    succeed(nx_azure_iot_hub_client_telemetry_send(hub, packet, message, WAIT))


def answer() -> None:
    receive = nx_azure_iot_hub_client_direct_method_message_receive
    status, name, context, packet = receive(hub, WAIT)
    succeed(status)
    respond = nx_azure_iot_hub_client_direct_method_message_response
    succeed(respond(hub, 200, context, b'{"%s":%s}' % (name.encode(), packet.data), WAIT))


hub, azure, ip, pool = NX_AZURE_IOT_HUB_CLIENT(), NX_AZURE_IOT(), NX_IP(), NX_PACKET_POOL()
succeed(nx_ip_create(ip, "network", socket_pool=SocketPool()))
succeed(nx_packet_pool_create(pool, "pool", 768, None, 4 * 768))
succeed(nx_azure_iot_create(azure, "azure", ip, pool))
settings = nx_azure_iot_connection_string_parse(CONNECTION_STRING)[1]
host, device = settings["host_name"], settings["device_id"]
succeed(nx_azure_iot_hub_client_initialize(hub, azure, host, device))
succeed(nx_azure_iot_hub_client_symmetric_key_set(hub, settings["symmetric_key"]))
succeed(nx_azure_iot_hub_client_server_set(hub, HOST, PORT, NX_FALSE))
succeed(nx_azure_iot_hub_client_telemetry_ack_callback_set(hub, acknowledge))
if CALLS:
    succeed(nx_azure_iot_hub_client_direct_method_enable(hub))
succeed(nx_azure_iot_hub_client_connect(hub, NX_FALSE, WAIT))
for number in range(MESSAGES):
    send(number)
while acknowledged[0] < MESSAGES:
    succeed(nxd_mqtt_client_poll(hub, WAIT))
for _ in range(CALLS):
    answer()
succeed(nx_azure_iot_hub_client_deinitialize(hub))
print("acknowledged %d, answered %d" % (acknowledged[0], CALLS))
