# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Three threads and a timer: one measures, one sends what is in the queue, the client has its own.

The queue between the threads is short. Whoever measures too fast waits for room in it, and whoever
sends too fast waits for room among the unacknowledged packets: nothing is lost, nobody polls.
settings.toml must name the broker: MQTT_BROKER; it may also have MQTT_PORT and MQTT_TOPIC.
"""

import os

import boards
from nxd_mqtt.nxd import (
    NX_FALSE,
    NX_IP,
    NX_PACKET_POOL,
    NX_TRUE,
    NX_WAIT_FOREVER,
    NXD_MQTT_CLIENT,
    nx_ip_create,
    nx_packet_pool_create,
    nxd_mqtt_client_connect,
    nxd_mqtt_client_create,
    nxd_mqtt_client_delete,
    nxd_mqtt_client_publish,
)
from nxd_mqtt.tx import (
    TX_1_ULONG,
    TX_AUTO_ACTIVATE,
    TX_KERNEL,
    TX_QUEUE,
    TX_THREAD,
    TX_TIMER,
    TX_WAIT_FOREVER,
    tx_kernel_enter,
    tx_queue_create,
    tx_queue_receive,
    tx_queue_send,
    tx_thread_create,
    tx_thread_sleep,
    tx_timer_create,
    tx_timer_delete,
    tx_wait,
)

READINGS = 20
DONE = 0  # in the queue: no more readings
QUEUE_BYTES = 4 * 4  # four messages of one word
LONGEST_CONNECT = 1000  # ticks of a hundredth of a second

ip, pool, client = NX_IP(), NX_PACKET_POOL(), NXD_MQTT_CLIENT()
measuring, sending = TX_THREAD(), TX_THREAD()
readings, blinking = TX_QUEUE(), TX_TIMER()
counts = {"sent": 0, "acknowledged": 0, "blinks": 0}


def check(call, status):
    """End the program when a call has failed, and say which one and why."""
    if status:
        raise RuntimeError("%s: status 0x%X, %s" % (call, status, client.reason))


def blink(_):
    """The timer: on a board a light would change here."""
    counts["blinks"] += 1


def acknowledged(client, kind, packet_id, return_code, context):
    """The broker has a reading."""
    counts["acknowledged"] += 1


async def measure(_):
    """A thread: puts readings into the queue, and waits when it is full."""
    for number in range(1, READINGS + 1):
        check("send", await tx_wait(tx_queue_send, readings, number, TX_WAIT_FOREVER))
    check("send", await tx_wait(tx_queue_send, readings, DONE, TX_WAIT_FOREVER))


async def send(_):
    """A thread: publishes what is in the queue, and waits while the store is full."""
    broker, port = os.getenv("MQTT_BROKER"), int(os.getenv("MQTT_PORT") or 1883)
    topic = str(os.getenv("MQTT_TOPIC") or "nxd_mqtt/threads") + "/reading"
    arguments = (client, broker, port, 60, NX_TRUE, LONGEST_CONNECT)
    check("connect to MQTT_BROKER", await tx_wait(nxd_mqtt_client_connect, *arguments))
    print("connected")
    while True:
        status, number = await tx_queue_receive(readings, TX_WAIT_FOREVER)
        check("receive", status)
        if number == DONE:
            break
        arguments = (client, topic, "reading %d" % number, NX_FALSE, 1, NX_WAIT_FOREVER)
        check("publish", await tx_wait(nxd_mqtt_client_publish, *arguments))
        counts["sent"] += 1
    while counts["acknowledged"] < counts["sent"]:
        check("sleep", await tx_thread_sleep(1))
    check("delete", nxd_mqtt_client_delete(client))
    check("delete", tx_timer_delete(blinking))


def define(first_unused_memory):
    """Create everything, as tx_application_define does in C."""
    check("ip", nx_ip_create(ip, "ip", radio=boards.connect(), kernel=TX_KERNEL))
    check("pool", nx_packet_pool_create(pool, "pool", 256, None, 2 * 256))
    name = str(os.getenv("MQTT_CLIENT_ID") or boards.client_id())
    check("create", nxd_mqtt_client_create(client, "client", name, ip, pool))
    client.nxd_mqtt_ack_receive_notify = acknowledged
    check("queue", tx_queue_create(readings, "readings", TX_1_ULONG, None, QUEUE_BYTES))
    check("timer", tx_timer_create(blinking, "blink", blink, 0, 1, 1, TX_AUTO_ACTIVATE))
    check("thread", tx_thread_create(measuring, "measure", measure, 0, None, 0, 4, 4))
    check("thread", tx_thread_create(sending, "send", send, 0, None, 0, 3, 3))


def main():
    """Let the threads run until none is left that can."""
    check("kernel", tx_kernel_enter(define))
    print("%d readings sent, %d acknowledged" % (counts["sent"], counts["acknowledged"]))


if __name__ == "__main__":
    main()
