# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""chumicro-mqtt: ``handle`` is its turn, which reads once and sends what one turn sends.

The clock stands still: nothing is due.
"""

from chumicro_mqtt import MQTTClient
from jobs import CONNACK, MESSAGE, TOPIC, Jobs
from stream import StreamPool

_CONNECTED = "connected"


class Client:
    """Connected when it is made."""

    def __init__(self, pool) -> None:
        self._client = client = MQTTClient(pool.wire, client_id="heap")
        client.on_message = self._receive
        # Asked for with each message at QoS 1 alone: at QoS 0 it would cost heap.
        self._on_publish = self._acknowledge
        client.connect()
        pool.wire.answer(CONNACK)
        for _ in range(3):
            client.handle(0)
        if client.state != _CONNECTED:
            raise RuntimeError(client.last_error)
        self.received = self._sent = self._acknowledged = 0

    def _receive(self, topic, message) -> None:
        self.received += 1

    def _acknowledge(self, topic, message) -> None:
        self._acknowledged += 1

    def unacknowledged(self) -> int:
        """Those that were published and not called back."""
        return self._sent - self._acknowledged

    def publish(self, quality: int) -> None:
        """See the jobs."""
        if quality:
            self._sent += 1
            self._client.publish(TOPIC, MESSAGE, qos=1, on_publish=self._on_publish)
        else:
            self._client.publish(TOPIC, MESSAGE)
        self._client.handle(0)

    def turn(self) -> None:
        """See the jobs."""
        self._client.handle(0)


stream_pool = StreamPool()
Jobs(Client(stream_pool), stream_pool.wire).run()
