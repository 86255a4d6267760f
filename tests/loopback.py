# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Real sockets on one machine: a listening one, and a client that is connected to it."""

import socket

from doubles.script import CONNACK
from doubles.script import connect as connect_packet

from nxd_mqtt.nxd import (
    NX_IN_PROGRESS,
    NX_IP,
    NX_NO_WAIT,
    NX_PACKET_POOL,
    NXD_MQTT_CLIENT,
    NXD_MQTT_SUCCESS,
    nx_ip_create,
    nx_packet_pool_create,
    nxd_mqtt_client_connect,
    nxd_mqtt_client_create,
)
from nxd_mqtt.nxd_extensions import nxd_mqtt_client_poll

CONNECTED = 3


class Listener:
    """Listens on a free loopback port."""

    def __init__(self):
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(5)
        self.port = self._socket.getsockname()[1]

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def accept(self):
        """The next connection, as a socket that gives up after five seconds."""
        peer, _ = self._socket.accept()
        peer.settimeout(5)
        return peer

    def close(self):
        """Stop listening."""
        self._socket.close()


def new_client(payload_size=128, depth=8, queue=2048, lock=None, radio=None):
    """A client that is not connected, on the system's sockets, with a radio's or without."""
    ip = NX_IP()
    pool = None if radio else socket
    nx_ip_create(ip, "loopback", radio=radio, socket_pool=pool, lock=lock)
    pool = NX_PACKET_POOL()
    nx_packet_pool_create(pool, "packets", payload_size, None, payload_size * depth)
    client = NXD_MQTT_CLIENT()
    status = nxd_mqtt_client_create(client, "real", "me", ip, pool, memory_size=queue)
    assert status == NXD_MQTT_SUCCESS
    return client


def real_client(listener, **named):
    """A client that is connected, and the peer's socket."""
    client = new_client(**named)
    status = nxd_mqtt_client_connect(client, "127.0.0.1", listener.port, 0, 1, NX_NO_WAIT)
    assert status == NX_IN_PROGRESS
    nxd_mqtt_client_poll(client)
    peer = listener.accept()
    assert peer.recv(64) == connect_packet("me")
    peer.sendall(CONNACK)
    while client.state != CONNECTED:
        assert nxd_mqtt_client_poll(client, 100) == NXD_MQTT_SUCCESS
    return client, peer
