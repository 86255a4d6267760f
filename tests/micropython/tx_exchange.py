# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Two application threads and the client's own exchange messages over a queue that is often full.

Arguments: host and port of the broker, how many messages. Runs on CPython, too. The sender waits
for room in a short store, the receiver for a flag that is set when a message has come; the receive
queue has room for a few. A third thread sleeps for a tick at a time, and must come to its turn.
"""

import sys

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import NXD_MQTT_WANTS_READ, nxd_mqtt_client_socket_get
from nxd_mqtt.tx import *

HOST, PORT, MESSAGES = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
TOPIC = b"exchange"
CAME = 1
# The receiver is slow once in so many messages: then the queue fills up.
ROUND = 50

ip, pool, client = NX_IP(), NX_PACKET_POOL(), NXD_MQTT_CLIENT()
sender, receiver, ticker = TX_THREAD(), TX_THREAD(), TX_THREAD()
events = TX_EVENT_FLAGS_GROUP()
counts = {"sent": 0, "acknowledged": 0, "received": 0, "full": 0, "turns": 0, "over": 0}


def succeed(status: int) -> None:
    if status:
        raise RuntimeError("status 0x%x: %s" % (status, client.reason))


def receive(client, count) -> None:
    succeed(tx_event_flags_set(events, CAME, TX_OR))


def acknowledge(client, kind, packet_id, return_code, context) -> None:
    counts["acknowledged"] += kind == 4


async def send(_) -> None:
    wait = 10 * TX_TIMER_TICKS_PER_SECOND
    succeed(await tx_wait(nxd_mqtt_client_connect, client, HOST, PORT, 60, NX_TRUE, wait))
    succeed(nxd_mqtt_client_subscribe(client, TOPIC, 1))
    for number in range(MESSAGES):
        message = b"%d" % number
        succeed(await tx_wait(nxd_mqtt_client_publish, client, TOPIC, message, NX_FALSE, 1, wait))
        counts["sent"] += 1


async def take(_) -> None:
    topic, message = bytearray(16), bytearray(16)
    while counts["received"] < MESSAGES:
        status, _ = await tx_event_flags_get(
            events, CAME, TX_OR_CLEAR, 20 * TX_TIMER_TICKS_PER_SECOND
        )
        succeed(status)
        while True:
            if not nxd_mqtt_client_socket_get(client)[2] & NXD_MQTT_WANTS_READ:
                counts["full"] += 1
            status, _, length = nxd_mqtt_client_message_get(client, topic, message)
            if status == NXD_MQTT_NO_MESSAGE:
                break
            succeed(status)
            if int(message[:length]) != counts["received"]:
                raise RuntimeError("message %d is another" % counts["received"])
            counts["received"] += 1
            if counts["received"] % ROUND == 0:
                succeed(await tx_thread_sleep(1))
    counts["over"] = 1


async def tick(_) -> None:
    while not counts["over"]:
        succeed(await tx_thread_sleep(1))
        counts["turns"] += 1
    while counts["acknowledged"] < MESSAGES:
        succeed(await tx_thread_sleep(1))
    succeed(nxd_mqtt_client_delete(client))


def define(_) -> None:
    if sys.implementation.name == "cpython":
        import socket as sockets
    else:
        from socketpool import SocketPool

        sockets = SocketPool()
    succeed(nx_ip_create(ip, "ip", socket_pool=sockets, kernel=TX_KERNEL))
    succeed(nx_packet_pool_create(pool, "pool", 128, None, 8 * 128))
    succeed(nxd_mqtt_client_create(client, "client", "exchange", ip, pool, memory_size=128))
    succeed(nxd_mqtt_client_receive_notify_set(client, receive))
    client.nxd_mqtt_ack_receive_notify = acknowledge
    succeed(tx_event_flags_create(events, "events"))
    succeed(tx_thread_create(sender, "sender", send, 0, None, 0, 3, 3))
    succeed(tx_thread_create(receiver, "receiver", take, 0, None, 0, 4, 4))
    succeed(tx_thread_create(ticker, "ticker", tick, 0, None, 0, 5, 5))


succeed(tx_kernel_enter(define))
print("sent %(sent)d acknowledged %(acknowledged)d received %(received)d" % counts)
print("full %(full)d turns %(turns)d" % counts)
