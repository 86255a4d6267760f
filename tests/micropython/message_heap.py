# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Heap bytes that one message takes, through NetX's functions and with the collector off.

The payload has 64 bytes, topic and buffers belong to the caller, the socket takes nothing itself.
Prints lines of a name and a figure.
"""

import heap
from scripted import Pool, Time
from tables.checks import require

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import nxd_mqtt_client_poll

ROUNDS = 50
TOPIC = b"bench/heap"
MESSAGE = bytes(64)
RECEIVED_0 = b"\x30\x4c\0\x0abench/heap" + MESSAGE
RECEIVED_1 = b"\x32\x4e\0\x0abench/heap\0\7" + MESSAGE
# Where the packet identifier of our own PUBLISH lies: behind header, length, topic.
_IDENTIFIER = 14

pool = Pool()
wire = pool.wire
topic_buffer = bytearray(16)
message_buffer = bytearray(64)
puback = bytearray(b"\x40\2\0\0")
arrived = [0]


def receive(client, count) -> None:
    arrived[0] += 1
    nxd_mqtt_client_message_get(client, topic_buffer, message_buffer)


def connected_client():
    ip = NX_IP()
    nx_ip_create(ip, "net", socket_pool=pool, clock=Time())
    store = NX_PACKET_POOL()
    nx_packet_pool_create(store, "store", 256, None, 4 * 256)
    client = NXD_MQTT_CLIENT()
    nxd_mqtt_client_create(client, "client", "heap", ip, store)
    nxd_mqtt_client_receive_notify_set(client, receive)
    nxd_mqtt_client_connect(client, "broker", 1883, 60, NX_TRUE, NX_NO_WAIT)
    nxd_mqtt_client_poll(client)
    wire.answer(b"\x20\2\0\0")
    nxd_mqtt_client_poll(client)
    require(client.state == 3, "not connected: %s" % (client.reason,))
    return client


client = connected_client()


def publish_0() -> None:
    wire.count = 0
    nxd_mqtt_client_publish(client, TOPIC, MESSAGE, 0, 0, 0)


def publish_1() -> None:
    """With its PUBACK, else the store would be full soon."""
    wire.count = 0
    nxd_mqtt_client_publish(client, TOPIC, MESSAGE, 0, 1, 0)
    puback[2] = wire.written[_IDENTIFIER]
    puback[3] = wire.written[_IDENTIFIER + 1]
    wire.answer(puback)
    nxd_mqtt_client_poll(client)


def receive_0() -> None:
    wire.answer(RECEIVED_0)
    nxd_mqtt_client_poll(client)


def receive_1() -> None:
    wire.count = 0
    wire.answer(RECEIVED_1)
    nxd_mqtt_client_poll(client)


def poll() -> None:
    nxd_mqtt_client_poll(client)


def socket_alone() -> None:
    """What the measuring itself would add."""
    wire.count = 0
    wire.send(MESSAGE)
    wire.answer(MESSAGE)
    wire.recv_into(message_buffer)


def main() -> None:
    for name, call in (
        ("socket_alone", socket_alone),
        ("publish_0", publish_0),
        ("publish_1", publish_1),
        ("receive_0", receive_0),
        ("receive_1", receive_1),
        ("poll", poll),
    ):
        print(name, heap.bytes_per_call(call, ROUNDS))
        require(wire.waiting is None, name + ": not read")
    require(client._session.acknowledged == ROUNDS + 1, "acknowledged")
    require(arrived[0] == 2 * (ROUNDS + 1), "received %d" % arrived[0])
    require(bytes(wire.written[:4]) == b"\x40\2\0\7", "PUBACK")


main()
