# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Plain asyncio: one task runs the client, and the others go on while it waits for the network.

It sleeps until the socket has bytes or the client has a deadline, so an idle link costs next to
nothing. A board needs Adafruit's library asyncio in lib/; MicroPython and the desktop have one.
"""

import asyncio
import os

import boards
from nxd_mqtt.nxd import (
    NX_FALSE,
    NX_IP,
    NX_IP_PERIODIC_RATE,
    NX_NO_WAIT,
    NX_PACKET_POOL,
    NX_TRUE,
    NXD_MQTT_CLIENT,
    nx_ip_create,
    nx_packet_pool_create,
    nxd_mqtt_client_connect,
    nxd_mqtt_client_create,
    nxd_mqtt_client_delete,
    nxd_mqtt_client_poll,
    nxd_mqtt_client_publish,
)
from nxd_mqtt.nxd_extensions import (
    NXD_MQTT_WANTS_WRITE,
    nxd_mqtt_client_deadline_get,
    nxd_mqtt_client_socket_get,
    nxd_mqtt_client_statistics_get,
)

READINGS = 5
LONGEST_NAP = 100  # ticks of a hundredth of a second; another task may have changed the deadline
NAP_WITHOUT_SOCKET = 2  # between two looks at a socket that asyncio cannot wait for


def check(call, status, client):
    """End the program when a call has failed, and say which one and why."""
    if status:
        raise RuntimeError("%s: status 0x%X, %s" % (call, status, client.reason))


def make_client():
    """A client on this board's network, not connected yet."""
    radio = boards.connect()
    name = str(os.getenv("MQTT_CLIENT_ID") or boards.client_id())
    ip, pool, client = NX_IP(), NX_PACKET_POOL(), NXD_MQTT_CLIENT()
    status = nx_ip_create(ip, "ip", radio=radio, link_up=lambda: boards.connected(radio))
    check("nx_ip_create", status, client)
    status = nx_packet_pool_create(pool, "pool", 128, None, 8 * 128)
    check("nx_packet_pool_create", status, client)
    check("create", nxd_mqtt_client_create(client, "client", name, ip, pool), client)
    return client


def _leave_once():
    yield


async def _ready_on_a_board(sock, write):
    queue = asyncio.core._io_queue
    # CircuitPython's returns what is to be awaited; MicroPython's nothing, one leaves by oneself.
    await ((queue.queue_write if write else queue.queue_read)(sock) or _leave_once())


async def _ready_on_the_desktop(sock, write):
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    (loop.add_writer if write else loop.add_reader)(sock, ready.set)
    try:
        await ready.wait()
    finally:
        (loop.remove_writer if write else loop.remove_reader)(sock)


async def work_to_do(client):
    """Let the other tasks run until the client has something to do."""
    status, ticks = nxd_mqtt_client_deadline_get(client)
    check("deadline_get", status, client)
    status, sock, wants = nxd_mqtt_client_socket_get(client)
    check("socket_get", status, client)
    if sock is None or not wants:  # no link, or one behind SPI, or the receive queue is full
        await asyncio.sleep(min(ticks, NAP_WITHOUT_SOCKET) / NX_IP_PERIODIC_RATE)
        return
    ready = _ready_on_a_board if hasattr(asyncio, "sleep_ms") else _ready_on_the_desktop
    seconds = min(ticks, LONGEST_NAP) / NX_IP_PERIODIC_RATE
    try:
        await asyncio.wait_for(ready(sock, wants & NXD_MQTT_WANTS_WRITE), seconds)
    except asyncio.TimeoutError:
        pass  # it is time for the deadline


async def run_client(client):
    """The client's task: until all readings are acknowledged."""
    acknowledged = 0
    while acknowledged < READINGS:
        await work_to_do(client)
        check("poll", nxd_mqtt_client_poll(client, NX_NO_WAIT), client)
        status, statistics = nxd_mqtt_client_statistics_get(client)
        check("statistics_get", status, client)
        acknowledged = statistics["acknowledged"]
    print("%d readings are acknowledged" % acknowledged)


async def publish_readings(client, topic):
    """Another task: it publishes when it wants to."""
    for number in range(1, READINGS + 1):
        text = "reading %d" % number
        status = nxd_mqtt_client_publish(client, topic, text, NX_FALSE, 1, NX_NO_WAIT)
        check("publish", status, client)
        print("published %s" % text)
        await asyncio.sleep(0.2)


async def count():
    """A third task, which must not be held up by the network."""
    for _ in range(50):
        await asyncio.sleep(0.03)
    print("counted to 50 meanwhile")


async def main_task():
    """Connect, which blocks on a board, then run all tasks together."""
    broker, port = os.getenv("MQTT_BROKER"), int(os.getenv("MQTT_PORT") or 1883)
    topic = str(os.getenv("MQTT_TOPIC") or "nxd_mqtt/asyncio") + "/reading"
    client = make_client()
    check(
        "connect to MQTT_BROKER",
        nxd_mqtt_client_connect(client, broker, port, 60, NX_TRUE, 1000),
        client,
    )
    print("connected")
    await asyncio.gather(run_client(client), publish_readings(client, topic), count())
    check("delete", nxd_mqtt_client_delete(client), client)


def main():
    """Run all tasks to their end."""
    asyncio.run(main_task())


if __name__ == "__main__":
    main()
