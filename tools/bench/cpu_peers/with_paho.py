# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""paho-mqtt, driven from a loop of our own with ``loop_read`` and a select on its socket.

Its documentation offers a thread of its own (``loop_start``) as well. That costs more CPU, because
each publish wakes the thread and hands the socket over. Without it ``publish`` writes at once.
"""

import select

from paho.mqtt.client import MQTT_ERR_SUCCESS, CallbackAPIVersion, Client

from .. import HOST
from . import PATIENCE_SECONDS, PAYLOAD, TOPIC, WINDOW


class Peer:
    """A client without a thread."""

    def __init__(self, port: int) -> None:
        self._client = client = Client(CallbackAPIVersion.VERSION2, "bench")
        client.max_inflight_messages_set(WINDOW)
        client.max_queued_messages_set(0)
        client.on_message = self._take
        client.on_publish = self._count
        client.on_subscribe = self._count
        self.received = self._answers = 0
        client.connect(HOST, port)
        self._poll = select.poll()
        self._poll.register(client.socket(), select.POLLIN)
        while not client.is_connected():
            self._turn()

    def _take(self, client, data, message) -> None:
        self.received += 1

    def _count(self, client, data, number, reason, properties) -> None:
        self._answers += 1

    def _turn(self) -> None:
        """Sleep until there is something to read, and read it; what is late is seen to as well."""
        if not self._poll.poll(PATIENCE_SECONDS * 1000):
            raise RuntimeError("nothing comes")
        if self._client.loop_read() or self._client.loop_misc():
            raise RuntimeError("the link has ended")
        self._write()

    def _write(self) -> None:
        while self._client.want_write():
            self._client.loop_write()

    def fileno(self) -> int:
        """The number of its socket."""
        return self._client.socket().fileno()

    def close(self) -> None:
        """End it in order."""
        self._client.disconnect()

    def publish(self, quality: int, count: int) -> None:
        """See the package."""
        client = self._client
        if not quality:
            for _ in range(count):
                if client.publish(TOPIC, PAYLOAD).rc != MQTT_ERR_SUCCESS:
                    raise RuntimeError("the link has ended")
                if client.want_write():
                    self._wait_for_room()
            return
        before = self._answers
        for sent in range(count):
            while sent - (self._answers - before) >= WINDOW:
                self._turn()
            client.publish(TOPIC, PAYLOAD, 1)
        while self._answers - before < count:
            self._turn()

    def _wait_for_room(self) -> None:
        while self._client.want_write():
            select.select([], [self._client.socket()], [], PATIENCE_SECONDS)
            self._client.loop_write()

    def subscribe(self, quality: int) -> None:
        """See the package."""
        before = self._answers
        self._client.subscribe(TOPIC, quality)
        while self._answers == before:
            self._turn()

    def receive(self, total: int) -> None:
        """See the package."""
        while self.received < total:
            self._turn()

    def round_trips(self, count: int) -> None:
        """See the package."""
        for _ in range(count):
            self._client.publish(TOPIC, PAYLOAD, 1)
            self.receive(self.received + 1)
