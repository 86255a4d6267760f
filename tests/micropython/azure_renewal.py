# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A device of Azure IoT Hub in a small heap that renews its token, and connects again by itself.

Arguments: host and port without TLS, the connection string, and ``board`` for the interpreter's own
hash or ``python`` for the library's. The clocks go on by an hour when the program says so. Its
telemetry says how far it is, and the hub's side acts on that. Prints what became of it.
"""

import sys
import time

from adafruit_ticks import ticks_ms
from socketpool import SocketPool

if sys.argv[4] == "python":
    # Before anybody imports the interpreter's.
    sys.modules["hashlib"] = object()

from nxd_mqtt.azure_iot_connection import (
    NX_AZURE_IOT,
    NX_AZURE_IOT_HUB_CLIENT,
    nx_azure_iot_connection_string_parse,
    nx_azure_iot_create,
    nx_azure_iot_hub_client_connect,
    nx_azure_iot_hub_client_connection_status_callback_set,
    nx_azure_iot_hub_client_deinitialize,
    nx_azure_iot_hub_client_initialize,
    nx_azure_iot_hub_client_reconnect_set,
    nx_azure_iot_hub_client_server_set,
    nx_azure_iot_hub_client_symmetric_key_set,
)
from nxd_mqtt.azure_iot_methods import (
    nx_azure_iot_hub_client_direct_method_enable,
    nx_azure_iot_hub_client_direct_method_message_receive,
    nx_azure_iot_hub_client_direct_method_message_response,
)
from nxd_mqtt.azure_iot_telemetry import (
    nx_azure_iot_hub_client_telemetry_message_create,
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

HOST, PORT, CONNECTION_STRING = sys.argv[1], int(sys.argv[2]), sys.argv[3]
WAIT = 10 * NX_IP_PERIODIC_RATE
HOUR = 3600
RENEWALS = 2

ahead = [0]
told = []


def succeed(status: int) -> None:
    if status:
        raise RuntimeError("status 0x%x: %s" % (status, hub.reason))


def clock() -> int:
    return ticks_ms() + ahead[0] * 1000 & (1 << 29) - 1


def unix_time() -> int:
    return int(time.time()) + ahead[0]


def tell(hub, status: int) -> None:
    told.append(status)


def send(text: str) -> None:
    """At any time: what is sent while there is no link goes out on the next one."""
    status, packet = nx_azure_iot_hub_client_telemetry_message_create(hub, WAIT)
    succeed(status)
    succeed(nx_azure_iot_hub_client_telemetry_send(hub, packet, text, WAIT))


def poll_until(ready) -> None:
    for _ in range(1000):
        if ready():
            return
        succeed(nxd_mqtt_client_poll(hub, NX_IP_PERIODIC_RATE // 10))
    raise RuntimeError("too many polls: %s" % told)


def is_answered() -> bool:
    return not hub._session.store.count


def renew(number: int) -> None:
    # What is awaited would be an hour late.
    poll_until(is_answered)
    before = hub.connects
    ahead[0] += HOUR
    send("hour %d" % number)
    poll_until(lambda: hub.connects > before and hub.state == 3)


def answer() -> None:
    receive = nx_azure_iot_hub_client_direct_method_message_receive
    status, _, context, packet = receive(hub, WAIT)
    succeed(status)
    respond = nx_azure_iot_hub_client_direct_method_message_response
    succeed(respond(hub, 200, context, packet.data, WAIT))


hub, azure, ip, pool = NX_AZURE_IOT_HUB_CLIENT(), NX_AZURE_IOT(), NX_IP(), NX_PACKET_POOL()
succeed(nx_ip_create(ip, "network", socket_pool=SocketPool(), clock=clock))
succeed(nx_packet_pool_create(pool, "pool", 768, None, 4 * 768))
succeed(nx_azure_iot_create(azure, "azure", ip, pool, unix_time=unix_time))
settings = nx_azure_iot_connection_string_parse(CONNECTION_STRING)[1]
host, device = settings["host_name"], settings["device_id"]
succeed(nx_azure_iot_hub_client_initialize(hub, azure, host, device))
succeed(nx_azure_iot_hub_client_symmetric_key_set(hub, settings["symmetric_key"]))
succeed(nx_azure_iot_hub_client_server_set(hub, HOST, PORT, NX_FALSE))
succeed(nx_azure_iot_hub_client_reconnect_set(hub, 1, 4))
succeed(nx_azure_iot_hub_client_connection_status_callback_set(hub, tell))
succeed(nx_azure_iot_hub_client_direct_method_enable(hub))
succeed(nx_azure_iot_hub_client_connect(hub, NX_FALSE, WAIT))
for number in range(RENEWALS):
    renew(number)
send("cut me")
poll_until(lambda: len(told) == 3)
answer()
send("done")
poll_until(is_answered)
print("renewals", hub.renewals, "told", ["%x" % status for status in told])
print("in Python", "nxd_mqtt.azure_iot_sha256" in sys.modules)
succeed(nx_azure_iot_hub_client_deinitialize(hub))
