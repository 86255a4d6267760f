# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A device that connects over TLS, and what must be true of one that was refused."""

import socket

import adafruit_connection_manager as connection_manager
import pytest
from devices import NETWORKS, Device, run

from nxd_mqtt.nxd import *
from nxd_mqtt.tls import nxd_mqtt_client_secure_connect

IDLE = 1

# Both networks and both ways to connect, without their product.
in_two_ways = pytest.mark.parametrize(
    ("network", "wait"),
    list(zip(NETWORKS, (500, NX_NO_WAIT), strict=True)),
    indirect=["network"],
)


class SecureDevice(Device):
    """One client whose connects are secure ones.

    :param str client_id: of the client
    :param setup: the callback
    :param str network: one of ``devices.NETWORKS``
    :param measures: further arguments of ``Device``
    """

    def __init__(self, client_id, setup, network=NETWORKS[0], **measures) -> None:
        super().__init__(client_id, network, **measures)
        self.setup = setup

    def try_to_connect(self, peer, keepalive=60, clean=NX_TRUE, wait=500) -> int:
        """Connect over TLS to whatever has a host and a port; returns the status."""
        return nxd_mqtt_client_secure_connect(
            self.client, peer.host, peer.port, self.setup, keepalive, clean, wait
        )

    def session(self, broker) -> None:
        """A whole life, from connect to disconnect, with a message there and back."""
        self.messages.clear()
        self.connect(broker).subscribe("tls/session")
        self.publish("tls/session", "hello")
        run(self, until=lambda: self.messages)
        assert self.messages[0][:3] == ("tls/session", b"hello", 1)
        self.disconnect()

    def refusal(self, peer, wait=500) -> tuple:
        """Connect, which must fail, and leave the client idle.

        :return: the status, as the call or the poll tells it, and the reason
        """
        assert self.client.state == IDLE
        answered, polled, ended = len(self.answers), len(self.polled), len(self.endings)
        status = self.try_to_connect(peer, wait=wait)
        if wait == NX_NO_WAIT:
            assert status == NX_IN_PROGRESS
            run(self, until=lambda: len(self.polled) > polled)
            status = self.polled[-1]
            # The notification tells the raw number; an end of the link is a failed connect.
            told = self.answers[answered:]
            unanswered = status == NXD_MQTT_COMMUNICATION_FAILURE
            assert told == [NXD_MQTT_CONNECT_FAILURE if unanswered else status]
        assert NXD_MQTT_SUCCESS not in self.answers[answered:]
        assert self.client.state == IDLE
        assert len(self.endings) == ended
        return status, self.client.reason


def managed_sockets() -> int:
    """How many of the system's sockets ConnectionManager thinks are open."""
    return connection_manager.get_connection_manager(socket).managed_socket_count
