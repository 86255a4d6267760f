# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Our own client, driven by the public functions as a program with nothing else to do has it.

``publish`` waits for room by itself; ``nxd_mqtt_client_poll`` sleeps until data or a deadline
comes. Messages are taken in ``receive_notify`` into buffers that were made once.
"""

from nxd_mqtt.nxd import (
    NX_FALSE,
    NX_IP_PERIODIC_RATE,
    NX_TRUE,
    NX_WAIT_FOREVER,
    NXD_MQTT_SUCCESS,
    nxd_mqtt_client_connect,
    nxd_mqtt_client_delete,
    nxd_mqtt_client_message_get,
    nxd_mqtt_client_publish,
    nxd_mqtt_client_receive_notify_set,
    nxd_mqtt_client_subscribe,
)
from nxd_mqtt.nxd_extensions import (
    NXD_MQTT_WANTS_WRITE,
    nxd_mqtt_client_poll,
    nxd_mqtt_client_socket_get,
    nxd_mqtt_client_statistics_get,
)

from .. import HOST
from ..clients import Maker, check
from . import PATIENCE_SECONDS, PAYLOAD, TOPIC, WINDOW

_PACKET_BYTES = 256
_QUEUE_BYTES = 2048
_KEEPALIVE_SECONDS = 60
_PATIENCE = PATIENCE_SECONDS * NX_IP_PERIODIC_RATE


class Peer:
    """A client with a store of as many packets as the window has."""

    def __init__(self, port: int) -> None:
        self._client = client = Maker(_PACKET_BYTES, WINDOW, _QUEUE_BYTES).make("bench")
        self._topic = bytearray(64)
        self._message = bytearray(256)
        self._name = TOPIC.encode()
        self.received = 0
        nxd_mqtt_client_receive_notify_set(client, self._take)
        self._must(
            nxd_mqtt_client_connect(client, HOST, port, _KEEPALIVE_SECONDS, NX_TRUE, _PATIENCE)
        )

    def _must(self, status: int) -> None:
        check(status, self._client)

    def _take(self, client, count: int) -> None:
        status, _, _ = nxd_mqtt_client_message_get(client, self._topic, self._message)
        if status == NXD_MQTT_SUCCESS:
            self.received += 1

    def fileno(self) -> int:
        """The number of its socket."""
        return nxd_mqtt_client_socket_get(self._client)[1].fileno()

    def close(self) -> None:
        """Give the client up."""
        nxd_mqtt_client_delete(self._client)

    def publish(self, quality: int, count: int) -> None:
        """See the package."""
        client, name = self._client, self._name
        for _ in range(count):
            status = nxd_mqtt_client_publish(
                client, name, PAYLOAD, NX_FALSE, quality, NX_WAIT_FOREVER
            )
            if status != NXD_MQTT_SUCCESS:
                self._must(status)
        self._settle()

    def _settle(self) -> None:
        """Poll until the broker has acknowledged everything and everything is sent."""
        client = self._client
        while (
            nxd_mqtt_client_statistics_get(client)[1]["unacknowledged"]
            or nxd_mqtt_client_socket_get(client)[2] & NXD_MQTT_WANTS_WRITE
        ):
            self._must(nxd_mqtt_client_poll(client, _PATIENCE))

    def subscribe(self, quality: int) -> None:
        """See the package."""
        self._must(nxd_mqtt_client_subscribe(self._client, self._name, quality))
        self._settle()

    def receive(self, total: int) -> None:
        """See the package."""
        client = self._client
        while self.received < total:
            status = nxd_mqtt_client_poll(client, _PATIENCE)
            if status != NXD_MQTT_SUCCESS:
                self._must(status)

    def round_trips(self, count: int) -> None:
        """See the package."""
        client, name = self._client, self._name
        for _ in range(count):
            status = nxd_mqtt_client_publish(client, name, PAYLOAD, NX_FALSE, 1, NX_WAIT_FOREVER)
            if status != NXD_MQTT_SUCCESS:
                self._must(status)
            self.receive(self.received + 1)
        self._settle()
