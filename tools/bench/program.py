# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""One client as a program has it that moves messages and does nothing else, for the bench.

Its loops are those that a user writes with the public functions: sleep until the socket is ready or
a deadline comes, poll once, then publish until there is no room, or take until there is nothing.
"""

import select

from nxd_mqtt.nxd import (
    NX_FALSE,
    NX_IP_PERIODIC_RATE,
    NX_NO_WAIT,
    NX_TRUE,
    NXD_MQTT_NO_MESSAGE,
    NXD_MQTT_PACKET_POOL_FAILURE,
    nxd_mqtt_client_connect,
    nxd_mqtt_client_delete,
    nxd_mqtt_client_message_get,
    nxd_mqtt_client_publish,
    nxd_mqtt_client_subscribe,
)
from nxd_mqtt.nxd_extensions import (
    NXD_MQTT_WANTS_READ,
    NXD_MQTT_WANTS_WRITE,
    nxd_mqtt_client_deadline_get,
    nxd_mqtt_client_poll,
    nxd_mqtt_client_socket_get,
    nxd_mqtt_client_statistics_get,
)

from . import HOST
from .clients import Maker, check

_KEEPALIVE_SECONDS = 60
_TICKS = 1000
_EVENTS = {
    NXD_MQTT_WANTS_READ: select.POLLIN,
    NXD_MQTT_WANTS_WRITE: select.POLLOUT,
    NXD_MQTT_WANTS_READ | NXD_MQTT_WANTS_WRITE: select.POLLIN | select.POLLOUT,
}


class Program:
    """A connected client.

    :param int port: where the broker listens
    :param str client_id: its name
    :param int packet: bytes of the largest packet to send
    :param int depth: how many messages may be without their acknowledgement
    :param int queue: bytes of the receive queue
    """

    def __init__(
        self, port: int, client_id: str, packet: int = 256, depth: int = 16, queue: int = 8192
    ) -> None:
        self.client = Maker(packet, depth, queue).make(client_id)
        self.topic = bytearray(64)
        self.message = bytearray(queue)
        """The last topic and the last payload that were received."""
        status = nxd_mqtt_client_connect(
            self.client, HOST, port, _KEEPALIVE_SECONDS, NX_TRUE, _TICKS
        )
        check(status, self.client)
        _, self._socket, _ = nxd_mqtt_client_socket_get(self.client)
        self._wants = NXD_MQTT_WANTS_READ
        self._sleeper = select.poll()
        self._sleeper.register(self._socket, select.POLLIN)

    def close(self) -> None:
        """Give the client up."""
        nxd_mqtt_client_delete(self.client)

    def turn(self) -> None:
        """Sleep until there is something to do, and do it."""
        client = self.client
        _, ticks = nxd_mqtt_client_deadline_get(client)
        if ticks:
            _, _, wants = nxd_mqtt_client_socket_get(client)
            if wants != self._wants:
                self._wants = wants
                self._sleeper.modify(self._socket, _EVENTS.get(wants, 0))
            self._sleeper.poll(ticks * 1000 // NX_IP_PERIODIC_RATE)
        check(nxd_mqtt_client_poll(client), client)

    def publish(self, topic: bytes, message: bytes, count: int) -> None:
        """Publish at QoS 1 and see every acknowledgement; the window is the depth."""
        client = self.client
        sent = 0
        while True:
            while sent < count:
                status = nxd_mqtt_client_publish(client, topic, message, NX_FALSE, 1, NX_NO_WAIT)
                if status == NXD_MQTT_PACKET_POOL_FAILURE:
                    break
                check(status, client)
                sent += 1
            if sent == count and not self.statistics()["unacknowledged"]:
                return
            self.turn()

    def statistics(self) -> dict:
        """The client's counters."""
        return nxd_mqtt_client_statistics_get(self.client)[1]

    def subscribe(self, topic: bytes) -> None:
        """Ask for the messages of a topic at QoS 1, and wait until that is granted."""
        check(nxd_mqtt_client_subscribe(self.client, topic, 1), self.client)
        while self.statistics()["unacknowledged"]:
            self.turn()

    def receive(self, count: int) -> None:
        """Take so many messages out of the receive queue."""
        client = self.client
        topic, message = self.topic, self.message
        received = 0
        while received < count:
            self.turn()
            while True:
                status, _, _ = nxd_mqtt_client_message_get(client, topic, message)
                if status == NXD_MQTT_NO_MESSAGE:
                    break
                check(status, client)
                received += 1
        while nxd_mqtt_client_deadline_get(client)[1] == 0:  # the last acknowledgements
            self.turn()
