# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""How the bench makes clients of ours, and what it does when one of their calls fails."""

import socket

from nxd_mqtt.nxd import (
    NX_IP,
    NX_PACKET_POOL,
    NXD_MQTT_CLIENT,
    NXD_MQTT_SUCCESS,
    nx_ip_create,
    nx_packet_pool_create,
    nxd_mqtt_client_create,
)


class Maker:
    """Makes clients that share a network and the measures of their stores.

    :param int packet: bytes of the largest packet to send
    :param int depth: how many messages may be without their acknowledgement
    :param int queue: bytes of the receive queue
    """

    def __init__(self, packet: int, depth: int, queue: int) -> None:
        self._ip = NX_IP()
        nx_ip_create(self._ip, "loopback", socket_pool=socket)
        self._pool = NX_PACKET_POOL()
        nx_packet_pool_create(self._pool, "packets", packet, None, packet * depth)
        self._queue = queue

    def make(self, name: str) -> NXD_MQTT_CLIENT:
        """A client that is not connected."""
        client = NXD_MQTT_CLIENT()
        status = nxd_mqtt_client_create(
            client, name, name, self._ip, self._pool, memory_size=self._queue
        )
        check(status, client)
        return client


def check(status: int, client, wanted: int = NXD_MQTT_SUCCESS) -> None:
    """Raise RuntimeError, with the client's reason, for any other status than the wanted one."""
    if status != wanted:
        raise RuntimeError(f"status {status:#x}: {client.reason}")
