# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A program for a small heap: publishes at QoS 1, subscribes to that, and takes every message.

Arguments: host and port of the broker, and ``pool`` or ``radio``: where sockets come from.
"""

import sys

from nxd_mqtt.nxd import *

HOST, PORT, WAY = sys.argv[1], int(sys.argv[2]), sys.argv[3]
MESSAGES = 200
SECOND = NX_IP_PERIODIC_RATE
TOPIC = b"greenhouse/temperature"

topic = bytearray(32)
message = bytearray(64)
received = [0]
answered = [0]


def succeed(status: int) -> None:
    if status != NXD_MQTT_SUCCESS:
        raise RuntimeError("status 0x%x: %s" % (status, client.reason))


def receive(client, count) -> None:
    status, topic_length, length = nxd_mqtt_client_message_get(client, topic, message)
    succeed(status)
    if topic[:topic_length] != TOPIC or int(message[:length]) != received[0]:
        raise RuntimeError("message %d is another" % received[0])
    received[0] += 1


def acknowledge(client, kind, packet_id, return_code, context) -> None:
    answered[0] += 1


def create_network(ip) -> int:
    if WAY == "radio":
        from radio import Radio

        return nx_ip_create(ip, "network", Radio())
    from socketpool import SocketPool

    return nx_ip_create(ip, "network", socket_pool=SocketPool())


client = NXD_MQTT_CLIENT()
ip = NX_IP()
store = NX_PACKET_POOL()
succeed(create_network(ip))
succeed(nx_packet_pool_create(store, "store", 256, None, 4 * 256))
succeed(nxd_mqtt_client_create(client, "client", "greenhouse", ip, store, memory_size=2048))
succeed(nxd_mqtt_client_receive_notify_set(client, receive))
client.nxd_mqtt_ack_receive_notify = acknowledge
succeed(nxd_mqtt_client_connect(client, HOST, PORT, 60, NX_TRUE, 10 * SECOND))
succeed(nxd_mqtt_client_subscribe(client, TOPIC, 1))
while not answered[0]:
    succeed(nxd_mqtt_client_poll(client, SECOND))
for number in range(MESSAGES):
    text = str(number).encode()
    succeed(nxd_mqtt_client_publish(client, TOPIC, text, NX_FALSE, 1, 10 * SECOND))
while received[0] < MESSAGES or answered[0] <= MESSAGES:
    succeed(nxd_mqtt_client_poll(client, SECOND))
succeed(nxd_mqtt_client_disconnect(client))
print("received %d, answered %d" % (received[0], answered[0]))
