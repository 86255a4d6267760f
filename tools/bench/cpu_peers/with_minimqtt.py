# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""MiniMQTT, which blocks: a publish at QoS 1 returns with its acknowledgement, so it has no window.

It writes a packet in three pieces, which the system's Nagle algorithm holds back for some 40 ms:
that is wall time, and costs no CPU.
"""

import socket

from adafruit_minimqtt.adafruit_minimqtt import MQTT

from .. import HOST
from . import PAYLOAD, TOPIC

# ``loop`` goes on for so long, asleep where nothing comes, and may not be shorter than its socket's
# timeout. Nagle's algorithm is waited for in one go.
_LOOP_SECONDS = 0.05


class Peer:
    """A client with the shortest loop that it allows."""

    def __init__(self, port: int) -> None:
        self._client = MQTT(
            broker=HOST,
            port=port,
            client_id="bench",
            socket_pool=socket,
            use_binary_mode=True,
            socket_timeout=_LOOP_SECONDS,
        )
        self._client.on_message = self._take
        self.received = 0
        self._client.connect()

    def _take(self, client, topic, message) -> None:
        self.received += 1

    def fileno(self) -> int:
        """The number of its socket, which it shows to nobody."""
        return self._client._sock.fileno()

    def close(self) -> None:
        """End it in order."""
        self._client.disconnect()

    def publish(self, quality: int, count: int) -> None:
        """See the package."""
        for _ in range(count):
            self._client.publish(TOPIC, PAYLOAD, qos=quality)

    def subscribe(self, quality: int) -> None:
        """See the package."""
        self._client.subscribe(TOPIC, quality)

    def receive(self, total: int) -> None:
        """See the package."""
        while self.received < total:
            self._client.loop(_LOOP_SECONDS)

    def round_trips(self, count: int) -> None:
        """See the package."""
        for total in range(self.received + 1, self.received + count + 1):
            self._client.publish(TOPIC, PAYLOAD, qos=1)
            # It may have come before the acknowledgement, which publish has waited for.
            self.receive(total)
