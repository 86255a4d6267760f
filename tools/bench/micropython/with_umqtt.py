# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""umqtt.simple: publish at QoS 1 returns with the PUBACK, and ``check_msg`` is its turn.

It makes its socket itself, so it gets ours in place of the module that it takes it from.
"""

from jobs import CONNACK, MESSAGE, TOPIC, Jobs
from stream import StreamPool
from umqtt import simple

_TOPIC = TOPIC.encode()


class Client:
    """Connected when it is made."""

    def __init__(self, pool) -> None:
        simple.socket = pool
        self._client = simple.MQTTClient(b"heap", "broker", 1883)
        self._client.set_callback(self._receive)
        pool.wire.answer(CONNACK)
        self._client.connect()
        self.received = 0

    def _receive(self, topic, message) -> None:
        self.received += 1

    def unacknowledged(self) -> int:
        """It waits for each."""
        return 0

    def publish(self, quality: int) -> None:
        """See the jobs."""
        self._client.publish(_TOPIC, MESSAGE, False, quality)

    def turn(self) -> None:
        """See the jobs."""
        self._client.check_msg()


stream_pool = StreamPool()
Jobs(Client(stream_pool), stream_pool.wire).run()
