# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A session with a real broker: connect, subscribe, publish at QoS 1, receive what came back.

Arguments: host and port of the broker.
"""

import gc
import sys

from radio import Radio
from tables.checks import require

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import nxd_mqtt_client_poll, nxd_mqtt_client_statistics_get

HOST, PORT = sys.argv[1], int(sys.argv[2])
MESSAGES = 40
SECONDS = NX_IP_PERIODIC_RATE
TOPIC = "bench/°C".encode()
# Payloads grow by so many bytes: from nothing to more than the staging buffer holds.
STEP = 16

got = [0] * MESSAGES
acknowledged = []
topic_buffer = bytearray(64)
message_buffer = bytearray(700)


def succeed(status: int) -> None:
    require(status == NXD_MQTT_SUCCESS, "status 0x%x" % status)


def payload(number: int) -> bytes:
    return bytes([number]) * (number * STEP)


def receive(client, count) -> None:
    while True:
        status, topic_length, length = nxd_mqtt_client_message_get(
            client, topic_buffer, message_buffer
        )
        if status == NXD_MQTT_NO_MESSAGE:
            return
        succeed(status)
        require(topic_buffer[:topic_length] == TOPIC, "topic")
        number = length // STEP
        require(message_buffer[:length] == payload(number), "message %d" % number)
        require(client.message_qos == number & 1, "quality of message %d" % number)
        got[number] += 1


def acknowledge(client, kind, packet_id, return_code, context) -> None:
    acknowledged.append((kind, return_code))


def create():
    ip = NX_IP()
    succeed(nx_ip_create(ip, "net", Radio()))
    pool = NX_PACKET_POOL()
    succeed(nx_packet_pool_create(pool, "store", 768, None, 4 * 768))
    client = NXD_MQTT_CLIENT()
    succeed(nxd_mqtt_client_create(client, "client", "bench", ip, pool, memory_size=2048))
    succeed(nxd_mqtt_client_receive_notify_set(client, receive))
    client.nxd_mqtt_ack_receive_notify = acknowledge
    return client


def wait_until(client, ready) -> None:
    for _ in range(1000):
        if ready():
            return
        succeed(nxd_mqtt_client_poll(client, SECONDS))
    require(False, "too many polls")


def main() -> None:
    client = create()
    succeed(nxd_mqtt_client_connect(client, HOST, PORT, 30, NX_TRUE, 5 * SECONDS))
    succeed(nxd_mqtt_client_subscribe(client, TOPIC, 1))
    wait_until(client, lambda: acknowledged)
    require(acknowledged == [(9, 1)], "SUBACK: %s" % acknowledged)
    for number in range(MESSAGES):
        quality = number & 1
        succeed(
            nxd_mqtt_client_publish(client, TOPIC, payload(number), NX_FALSE, quality, 5 * SECONDS)
        )
    wait_until(client, lambda: min(got) and len(acknowledged) == 1 + MESSAGES // 2)
    require(max(got) == 1, "each message once")
    figures = nxd_mqtt_client_statistics_get(client)[1]
    require(figures["unacknowledged"] == 0, "%d unacknowledged" % figures["unacknowledged"])
    succeed(nxd_mqtt_client_disconnect(client))
    require(nxd_mqtt_client_poll(client) == NXD_MQTT_NOT_CONNECTED, "disconnected")
    gc.collect()
    print("received %d, heap taken %d" % (sum(got), gc.mem_alloc()))


main()
