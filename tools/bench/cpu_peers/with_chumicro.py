# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""chumicro-mqtt, driven by ``handle`` in the loop of its documentation.

A tick reads once and sends one packet. Between ticks the loop sleeps on ``io_socket`` for what
``io_interest`` says, as its runner does, but only where a tick would find nothing to do.
"""

import select

from chumicro_mqtt import MQTTClient
from chumicro_timing import ticks_ms

from .. import HOST
from . import PATIENCE_SECONDS, PAYLOAD, TOPIC, WINDOW

_READ = 1
# The knobs that its documentation names for throughput.
_RECEIVE_BYTES = 4096
_CONNECTED = "connected"


class Peer:
    """A client whose knobs are set for throughput."""

    def __init__(self, port: int) -> None:
        self._client = client = MQTTClient.from_config(
            {"mqtt.broker.host": HOST, "mqtt.broker.port": port, "mqtt.client_id": "bench"},
            rx_buffer_size=_RECEIVE_BYTES,
            recv_budget_per_tick=_RECEIVE_BYTES,
            max_tx_queue_size=64,
        )
        client.on_message = self._take
        client.on_publish = self._count
        self.received = self._answers = 0
        client.connect()
        while client.state != _CONNECTED:
            if client.last_error:
                raise client.last_error
            client.handle(ticks_ms())
        self._poll = select.poll()
        self._poll.register(client.io_socket, select.POLLIN)

    def _take(self, topic, payload) -> None:
        self.received += 1

    def _count(self, topic, payload) -> None:
        self._answers += 1

    def _turn(self) -> None:
        client = self._client
        now = ticks_ms()
        if client.io_interest(now) == _READ and not self._poll.poll(PATIENCE_SECONDS * 1000):
            raise RuntimeError("nothing comes")
        client.handle(now)
        if client.state != _CONNECTED:
            raise RuntimeError(f"the link has ended: {client.last_error}")

    def _settle(self) -> None:
        """Tick until everything is sent."""
        while self._client.io_interest(ticks_ms()) != _READ:
            self._client.handle(ticks_ms())

    def fileno(self) -> int:
        """The number of its socket."""
        return self._client.io_socket.fileno()

    def close(self) -> None:
        """End it in order."""
        self._client.disconnect()

    def publish(self, quality: int, count: int) -> None:
        """See the package."""
        client = self._client
        if not quality:
            for _ in range(count):
                client.publish(TOPIC, PAYLOAD)
                client.handle(ticks_ms())
            self._settle()
            return
        before = self._answers
        sent = 0
        while self._answers - before < count:
            if sent < count and sent - (self._answers - before) < WINDOW:
                client.publish(TOPIC, PAYLOAD, qos=1)
                sent += 1
                client.handle(ticks_ms())
            else:
                self._turn()

    def subscribe(self, quality: int) -> None:
        """See the package."""
        granted = []
        self._client.subscribe(
            TOPIC, quality, on_subscribe=lambda topic, answer: granted.append(answer)
        )
        while not granted:
            self._turn()

    def receive(self, total: int) -> None:
        """See the package."""
        while self.received < total:
            self._turn()
        self._settle()

    def round_trips(self, count: int) -> None:
        """See the package."""
        for _ in range(count):
            self._client.publish(TOPIC, PAYLOAD, qos=1)
            self.receive(self.received + 1)
