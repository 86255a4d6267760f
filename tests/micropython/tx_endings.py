# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""How the kernel ends on MicroPython while a client is connected: by a failure, by an interrupt.

Arguments: a folder whose ``asyncio`` is used, ``-`` for MicroPython's own; host and port of the
broker.
"""

import sys

if sys.argv[1] != "-":
    sys.path.insert(0, sys.argv[1])

from socketpool import SocketPool

from nxd_mqtt.nxd import *
from nxd_mqtt.tx import *

HOST, PORT = sys.argv[2], int(sys.argv[3])
SECOND = NX_IP_PERIODIC_RATE
CONNECT = (HOST, PORT, 60, NX_TRUE, 5 * SECOND)

ip, pool, client = NX_IP(), NX_PACKET_POOL(), NXD_MQTT_CLIENT()
told = []


def succeed(status: int) -> None:
    if status:
        raise RuntimeError("status 0x%x: %s" % (status, client.reason))


def make(entry) -> None:
    succeed(tx_thread_create(TX_THREAD(), "thread", entry, 0, None, 0, 3, 3))


def create() -> None:
    succeed(nx_ip_create(ip, "ip", socket_pool=SocketPool(), kernel=TX_KERNEL))
    succeed(nx_packet_pool_create(pool, "pool", 128, None, 4 * 128))
    succeed(nxd_mqtt_client_create(client, "client", "endings", ip, pool))


async def leaves(_) -> None:
    """Disconnects when it has to end, which wakes the client's thread while that is ended, too.

    The client's thread is the younger one, so it has been cancelled by then and has not run since.
    """
    create()
    succeed(await tx_wait(nxd_mqtt_client_connect, client, *CONNECT))
    try:
        while True:
            succeed(await tx_thread_sleep(SECOND))
    finally:
        told.append(nxd_mqtt_client_disconnect(client))


async def fails(_) -> None:
    while client.state != 3:
        succeed(await tx_thread_sleep(1))
    raise ValueError("a thread")


async def interrupts(_) -> None:
    succeed(await tx_wait(nxd_mqtt_client_connect, client, *CONNECT))
    succeed(await tx_thread_sleep(2))
    raise KeyboardInterrupt


def use_without_a_kernel() -> None:
    """The client waits by itself again, and nothing of the dead threads comes back."""
    if client.state == 3:
        succeed(nxd_mqtt_client_disconnect(client))
    succeed(nxd_mqtt_client_connect(client, *CONNECT))
    succeed(nxd_mqtt_client_publish(client, "endings", "m", NX_FALSE, 1, SECOND))
    succeed(nxd_mqtt_client_poll(client, 2))
    succeed(nxd_mqtt_client_disconnect(client))


def define_failure(_) -> None:
    make(leaves)
    make(fails)


def define_interrupt(_) -> None:
    create()
    make(interrupts)


for define, expected in ((define_failure, ValueError), (define_interrupt, KeyboardInterrupt)):
    try:
        tx_kernel_enter(define)
        raise RuntimeError("nothing was raised")
    except expected:
        pass
    use_without_a_kernel()
    succeed(nxd_mqtt_client_delete(client))

# Another kernel meets nothing of the last one.
make_nothing = tx_kernel_enter(lambda _: make(lambda _: told.append("a new kernel")))
succeed(make_nothing)
print(told)
