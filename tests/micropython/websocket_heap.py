# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Heap bytes that WebSocket takes: to be there, and for one message, with the collector off.

As for a link without it: a payload of 64 bytes, topic and buffers of the caller, a socket that
takes nothing itself. Prints lines of a name and a figure.
"""

import heap

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import nxd_mqtt_client_poll

ROUNDS = 16
TOPIC = b"bench/heap"
MESSAGE = bytes(64)
# Where the packet identifier of our own PUBLISH lies: behind header, length, topic.
_IDENTIFIER = 14
_FRAME_HEADER = 6

imported = heap.bytes_held(lambda: __import__("nxd_mqtt.websocket"))

import websocket_server  # noqa: E402 - the figure above is that of the module alone
from scripted import Time  # noqa: E402 - its neighbour
from tables.checks import require  # noqa: E402 - its neighbour

wire = websocket_server.wire
RECEIVED_0 = websocket_server.frame(b"\x30\x4c\0\x0abench/heap" + MESSAGE)
RECEIVED_1 = websocket_server.frame(b"\x32\x4e\0\x0abench/heap\0\7" + MESSAGE)
PING = websocket_server.frame(b"payload", 0x89)
topic_buffer = bytearray(16)
message_buffer = bytearray(64)
puback = bytearray(websocket_server.frame(b"\x40\2\0\0"))
arrived = [0]


def receive(client, count) -> None:
    arrived[0] += 1
    nxd_mqtt_client_message_get(client, topic_buffer, message_buffer)


def created_client():
    ip = NX_IP()
    nx_ip_create(ip, "net", socket_pool=websocket_server.pool, clock=Time())
    store = NX_PACKET_POOL()
    nx_packet_pool_create(store, "store", 256, None, 4 * 256)
    made = NXD_MQTT_CLIENT()
    nxd_mqtt_client_create(made, "client", "heap", ip, store)
    nxd_mqtt_client_receive_notify_set(made, receive)
    return made


def set_up():
    websocket_server.set_up(client)
    return client.websocket


def connect() -> None:
    nxd_mqtt_client_connect(client, "broker", 80, 60, NX_TRUE, NX_NO_WAIT)
    websocket_server.upgrade(client)
    wire.answer(b"\x82\x04\x20\2\0\0")
    nxd_mqtt_client_poll(client)
    require(client.state == 3, "not connected: %s" % (client.reason,))


def publish_0() -> None:
    wire.count = 0
    nxd_mqtt_client_publish(client, TOPIC, MESSAGE, 0, 0, 0)


def publish_1() -> None:
    """With its PUBACK, else the store would be full soon."""
    wire.count = 0
    nxd_mqtt_client_publish(client, TOPIC, MESSAGE, 0, 1, 0)
    for place in (0, 1):
        at = _FRAME_HEADER + _IDENTIFIER + place
        puback[4 + place] = wire.written[at] ^ wire.written[2 + (_IDENTIFIER + place & 3)]
    wire.answer(puback)
    nxd_mqtt_client_poll(client)


def receive_0() -> None:
    wire.answer(RECEIVED_0)
    nxd_mqtt_client_poll(client)


def receive_1() -> None:
    wire.count = 0
    wire.answer(RECEIVED_1)
    nxd_mqtt_client_poll(client)


def ping() -> None:
    wire.count = 0
    wire.answer(PING)
    nxd_mqtt_client_poll(client)


def poll() -> None:
    nxd_mqtt_client_poll(client)


client = created_client()
print("import", imported)
print("object", heap.bytes_held(set_up))
connect()
for name, call in (
    ("publish_0", publish_0),
    ("publish_1", publish_1),
    ("receive_0", receive_0),
    ("receive_1", receive_1),
    ("ping", ping),
    ("poll", poll),
):
    print(name, heap.bytes_per_call(call, ROUNDS))
    require(wire.waiting is None, name + ": not read")
require(client._session.acknowledged == ROUNDS + 1, "acknowledged")
require(arrived[0] == 2 * (ROUNDS + 1), "received %d" % arrived[0])
