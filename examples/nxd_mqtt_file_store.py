# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Readings that survive a reset: what publish has accepted is on the drive until it is delivered.

Each start publishes three readings. Start it once with the broker switched off: the readings wait
in two files. Start it again with the broker there: they are delivered, before the new ones.

The files are MQTT_OUTBOX with .0 and .1 behind it. CIRCUITPY belongs to the computer on USB unless
boot.py has these two lines. Then only the board can write there, and to get the drive back one
takes boot.py away, in safe mode, where it is not run. An SD card needs no boot.py, and spares the
flash of the board.

    import storage
    storage.remount("/", readonly=False)
"""

import os

import boards
from nxd_mqtt.file_store import FileStore
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
    nxd_mqtt_client_poll,
    nxd_mqtt_client_publish,
)
from nxd_mqtt.nxd_extensions import nxd_mqtt_client_reconnect_set, nxd_mqtt_client_store_set

READINGS = 3
PLACES = 12  # so many messages of 128 bytes can wait
POLLS = 100  # of a tenth of a second at most


def check(call, status, client):
    """End the program when a call has failed, and say which one and why."""
    if status:
        raise RuntimeError("%s: status 0x%X, %s" % (call, status, client.reason))


def make_client(store):
    """A client whose messages are kept in a store, not connected yet."""
    radio = boards.connect()
    # The files belong to this name: it must be the same at each start.
    name = str(os.getenv("MQTT_CLIENT_ID") or boards.client_id())
    ip, pool, client = NX_IP(), NX_PACKET_POOL(), NXD_MQTT_CLIENT()
    status = nx_ip_create(ip, "ip", radio=radio, link_up=lambda: boards.connected(radio))
    check("nx_ip_create", status, client)
    status = nx_packet_pool_create(pool, "pool", 128, None, PLACES * 128)
    check("nx_packet_pool_create", status, client)
    check("create", nxd_mqtt_client_create(client, "client", name, ip, pool), client)
    # Without this nothing is accepted before there is a link. Pauses of 1 s to 60 s.
    check("reconnect_set", nxd_mqtt_client_reconnect_set(client, 100, 6000), client)
    check("store_set", nxd_mqtt_client_store_set(client, store), client)
    return client


def publish_readings(client, topic, first):
    """Publish readings, numbered on from those that still wait."""
    for number in range(first, first + READINGS):
        text = "reading %d" % number
        status = nxd_mqtt_client_publish(client, topic, text, NX_FALSE, 1, NX_NO_WAIT)
        if status == NXD_MQTT_PACKET_POOL_FAILURE:
            print("no room for %s" % text)
        else:
            check("publish", status, client)
            print("kept %s" % text)


def deliver(client, store):
    """Let the client work until all is acknowledged, or there is no broker to be found."""
    reason = client.reason
    for _ in range(POLLS):
        if store.count == 0 or client.reason is not reason:
            break
        if nxd_mqtt_client_poll(client, 10) != NXD_MQTT_SUCCESS:
            break
    print("%d readings wait on the drive" % store.count)


def main():
    """One start of the board."""
    broker, port = os.getenv("MQTT_BROKER"), int(os.getenv("MQTT_PORT") or 1883)
    topic = str(os.getenv("MQTT_TOPIC") or "nxd_mqtt/file_store") + "/reading"
    store = FileStore(os.getenv("MQTT_OUTBOX") or "/outbox")
    client = make_client(store)
    print("%d readings from before" % store.restored)
    # Not a clean session: the broker is to know what it has got already.
    status = nxd_mqtt_client_connect(client, broker, port, 60, NX_FALSE, NX_NO_WAIT)
    if status != NX_IN_PROGRESS:  # that is how a connect begins that nobody waits for
        check("connect to MQTT_BROKER", status, client)
    publish_readings(client, topic, store.restored + 1)
    deliver(client, store)
    check("delete", nxd_mqtt_client_delete(client), client)


if __name__ == "__main__":
    main()
