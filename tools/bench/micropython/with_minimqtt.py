# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""MiniMQTT: publish at QoS 1 returns with the PUBACK, and the shortest ``loop`` is its turn.

Its loop goes round for as long as it is told and at least a millisecond. Here each look at the
clock takes one, so it goes round once.
"""

from adafruit_minimqtt import adafruit_minimqtt
from jobs import CONNACK, MESSAGE, TOPIC, Jobs
from stream import StreamPool


class Client:
    """Connected when it is made."""

    def __init__(self, pool) -> None:
        self._now = 0
        adafruit_minimqtt.ticks_ms = self._clock
        self._client = adafruit_minimqtt.MQTT(
            broker="broker",
            client_id="heap",
            keep_alive=3600,
            socket_pool=pool,
            socket_timeout=0,
            use_binary_mode=True,
        )
        self._client.on_message = self._receive
        pool.wire.answer(CONNACK)
        self._client.connect()
        self.received = 0

    def _clock(self) -> int:
        self._now += 1
        return self._now

    def _receive(self, client, topic, message) -> None:
        self.received += 1

    def unacknowledged(self) -> int:
        """It waits for each."""
        return 0

    def publish(self, quality: int) -> None:
        """See the jobs."""
        self._client.publish(TOPIC, MESSAGE, False, quality)

    def turn(self) -> None:
        """See the jobs."""
        self._client.loop(0)


stream_pool = StreamPool()
Jobs(Client(stream_pool), stream_pool.wire).run()
