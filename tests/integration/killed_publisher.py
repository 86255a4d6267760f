# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A program that publishes numbers through a file store until somebody kills it.

It is run as a process of its own: ``killed_publisher.py PORT PATH FIRST``. Each number that publish
has accepted is written to standard output, at once. With FIRST -1 it publishes nothing new and
ends when everything that the store has kept is acknowledged.
"""

import os
import socket
import sys

from nxd_mqtt.file_store import FileStore
from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *

HOST = "127.0.0.1"
CLIENT_ID = "killed"
TOPIC = "kills"
DEPTH = 16
# Small, so that the journal is compacted often.
GENERATION_BYTES = 4096
DRAIN = -1


def make_client(port: int, path: str) -> NXD_MQTT_CLIENT:
    """A client with a file store that is connecting."""
    ip, pool, client = NX_IP(), NX_PACKET_POOL(), NXD_MQTT_CLIENT()
    statuses = [
        nx_ip_create(ip, "loopback", socket_pool=socket),
        nx_packet_pool_create(pool, "packets", 64, None, 64 * DEPTH),
        nxd_mqtt_client_create(client, "killed", CLIENT_ID, ip, pool),
        nxd_mqtt_client_store_set(client, FileStore(path, GENERATION_BYTES)),
        nxd_mqtt_client_reconnect_set(client, 1, 10),
        nxd_mqtt_client_connect(client, HOST, port, 60, NX_FALSE, NX_NO_WAIT),
    ]
    if statuses != [0, 0, 0, 0, 0, NX_IN_PROGRESS]:
        raise SystemExit(f"{statuses}: {client.reason}")
    return client


def publish_for_ever(client, number: int) -> None:
    """Publish numbers, each when there is room for it."""
    while True:
        payload = b"%010d" % number
        status = nxd_mqtt_client_publish(client, TOPIC, payload, NX_FALSE, 1, NX_WAIT_FOREVER)
        if status != NXD_MQTT_SUCCESS:
            raise SystemExit(f"{status:#x}: {client.reason}")
        os.write(1, b"%d\n" % number)
        number += 1


def drain(client) -> None:
    """Run until the broker has acknowledged everything."""
    while nxd_mqtt_client_statistics_get(client)[1]["unacknowledged"]:
        if nxd_mqtt_client_poll(client, 10) != NXD_MQTT_SUCCESS:
            raise SystemExit(str(client.reason))
    nxd_mqtt_client_delete(client)


def main() -> None:
    """Do as the arguments say."""
    port, path, first = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    client = make_client(port, path)
    if first == DRAIN:
        drain(client)
    else:
        publish_for_ever(client, first)


if __name__ == "__main__":
    main()
