# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Several real threads share one client, on the desktop only: no board has the module threading.

The lock that makes it safe is handed to nx_ip_create, and must be an RLock. One thread polls for
all; the others publish whenever they like.
"""

import os
import threading

import boards
from nxd_mqtt.nxd import (
    NX_FALSE,
    NX_IP,
    NX_IP_PERIODIC_RATE,
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
from nxd_mqtt.nxd_extensions import nxd_mqtt_client_statistics_get

PUBLISHERS = 4
MESSAGES = 25  # of each publisher
PLACES = 8  # fewer than there are messages, so the publishers have to wait for room


def check(call, status, client):
    """End the thread when a call has failed, and say which one and why."""
    if status:
        raise RuntimeError("%s: status 0x%X, %s" % (call, status, client.reason))


def make_client():
    """A client that several threads may call, not connected yet."""
    radio = boards.connect()
    name = str(os.getenv("MQTT_CLIENT_ID") or boards.client_id())
    ip, pool, client = NX_IP(), NX_PACKET_POOL(), NXD_MQTT_CLIENT()
    status = nx_ip_create(ip, "ip", radio=radio, lock=threading.RLock())
    check("nx_ip_create", status, client)
    status = nx_packet_pool_create(pool, "pool", 128, None, PLACES * 128)
    check("nx_packet_pool_create", status, client)
    check("create", nxd_mqtt_client_create(client, "client", name, ip, pool), client)
    return client


def publish_all(client, topic, name):
    """A thread of its own: publish, and wait up to ten seconds for room where there is none."""
    for number in range(1, MESSAGES + 1):
        text = "%s %d" % (name, number)
        wait = 10 * NX_IP_PERIODIC_RATE
        check("publish", nxd_mqtt_client_publish(client, topic, text, NX_FALSE, 1, wait), client)


def poll_until(stop, client):
    """The thread that does what NetX's MQTT thread does."""
    while not stop.is_set():
        check("poll", nxd_mqtt_client_poll(client, 10), client)


def statistics(client):
    """What the client has counted."""
    status, counted = nxd_mqtt_client_statistics_get(client)
    check("statistics_get", status, client)
    return counted


def main():
    """Run all threads until every message is acknowledged."""
    broker, port = os.getenv("MQTT_BROKER"), int(os.getenv("MQTT_PORT") or 1883)
    topic = str(os.getenv("MQTT_TOPIC") or "nxd_mqtt/threads") + "/message"
    client = make_client()
    check(
        "connect to MQTT_BROKER",
        nxd_mqtt_client_connect(client, broker, port, 60, NX_TRUE, 1000),
        client,
    )
    print("connected")
    stop = threading.Event()
    poller = threading.Thread(target=poll_until, args=(stop, client))
    names = ["thread %d" % number for number in range(1, PUBLISHERS + 1)]
    publishers = [threading.Thread(target=publish_all, args=(client, topic, n)) for n in names]
    for thread in [poller] + publishers:
        thread.start()
    for thread in publishers:
        thread.join()
    while poller.is_alive() and statistics(client)["unacknowledged"]:
        stop.wait(0.01)
    stop.set()
    poller.join()
    counted = statistics(client)
    figures = (PUBLISHERS, counted["published"], counted["acknowledged"])
    print("%d threads published %d messages, %d are acknowledged" % figures)
    check("delete", nxd_mqtt_client_delete(client), client)


if __name__ == "__main__":
    main()
