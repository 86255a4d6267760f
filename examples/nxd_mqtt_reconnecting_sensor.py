# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A sensor that loses its link and none of its readings: they wait, and the client connects again.

It takes ten readings a second, whether there is a link or not. There is room for 32 that
wait; one that finds none is offered again, so it comes late and is not lost.
"""

import os

from adafruit_ticks import ticks_add, ticks_diff, ticks_ms

import boards
from nxd_mqtt.nxd import (
    NX_FALSE,
    NX_IN_PROGRESS,
    NX_IP,
    NX_NO_WAIT,
    NX_PACKET_POOL,
    NXD_MQTT_CLIENT,
    NXD_MQTT_PACKET_POOL_FAILURE,
    NXD_MQTT_SUCCESS,
    nx_ip_create,
    nx_packet_pool_create,
    nxd_mqtt_client_connect,
    nxd_mqtt_client_create,
    nxd_mqtt_client_delete,
    nxd_mqtt_client_disconnect_notify_set,
    nxd_mqtt_client_poll,
    nxd_mqtt_client_publish,
)
from nxd_mqtt.nxd_extensions import nxd_mqtt_client_reconnect_set, nxd_mqtt_client_statistics_get

READINGS = 20
INTERVAL = 100  # milliseconds between two readings
SHORTEST_PAUSE, LONGEST_PAUSE = 25, 3000  # ticks of a hundredth of a second between two attempts


def check(call, status, client):
    """End the program when a call has failed, and say which one and why."""
    if status:
        raise RuntimeError("%s: status 0x%X, %s" % (call, status, client.reason))


def statistics(client):
    """What the client has counted."""
    status, counted = nxd_mqtt_client_statistics_get(client)
    check("statistics_get", status, client)
    return counted


def on_connect(client, status, context):
    """The client tells of each link that it has made, and of a refusal for good."""
    if status == NXD_MQTT_SUCCESS:
        print("connected; waiting: %d" % statistics(client)["unacknowledged"])


def on_disconnect(client):
    """The client tells of each link that has ended, the last one included."""
    print("link ended: %s" % client.reason[2])


def make_client():
    """A client that connects again by itself, not connected yet."""
    radio = boards.connect()
    name = str(os.getenv("MQTT_CLIENT_ID") or boards.client_id())
    ip, pool, client = NX_IP(), NX_PACKET_POOL(), NXD_MQTT_CLIENT()
    status = nx_ip_create(ip, "ip", radio=radio, link_up=lambda: boards.connected(radio))
    check("nx_ip_create", status, client)
    status = nx_packet_pool_create(pool, "pool", 128, None, 32 * 128)
    check("nx_packet_pool_create", status, client)
    check("create", nxd_mqtt_client_create(client, "client", name, ip, pool), client)
    status = nxd_mqtt_client_reconnect_set(client, SHORTEST_PAUSE, LONGEST_PAUSE)
    check("reconnect_set", status, client)
    client.nxd_mqtt_connect_notify = on_connect
    status = nxd_mqtt_client_disconnect_notify_set(client, on_disconnect)
    check("disconnect_notify_set", status, client)
    return client


def main():
    """Publish all readings, and go on until the last one is acknowledged."""
    broker, port = os.getenv("MQTT_BROKER"), int(os.getenv("MQTT_PORT") or 1883)
    topic = str(os.getenv("MQTT_TOPIC") or "nxd_mqtt/sensor") + "/reading"
    client = make_client()
    # Not a clean session: what is not acknowledged is sent again on the next link.
    status = nxd_mqtt_client_connect(client, broker, port, 60, NX_FALSE, NX_NO_WAIT)
    if status != NX_IN_PROGRESS:  # that is how a connect begins that nobody waits for
        check("connect to MQTT_BROKER", status, client)
    taken = 0
    due = ticks_ms()
    while taken < READINGS or statistics(client)["unacknowledged"]:
        if taken < READINGS and ticks_diff(ticks_ms(), due) >= 0:
            text = "%d" % (taken + 1)
            status = nxd_mqtt_client_publish(client, topic, text, NX_FALSE, 1, NX_NO_WAIT)
            if status != NXD_MQTT_PACKET_POOL_FAILURE:
                check("publish", status, client)
                taken += 1
                due = ticks_add(due, INTERVAL)
        check("poll", nxd_mqtt_client_poll(client, 5), client)
    counted = statistics(client)
    check("delete", nxd_mqtt_client_delete(client), client)
    lost = taken - counted["acknowledged"]
    print("readings=%d reconnects=%d lost=%d" % (taken, counted["reconnects"], lost))


if __name__ == "__main__":
    main()
