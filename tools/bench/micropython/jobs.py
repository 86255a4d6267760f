# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What every client is measured at, and that it did it: 64 bytes out and in, at QoS 0 and 1.

A client is an object with ``publish(quality)``, ``turn()``, ``received`` and ``unacknowledged()``.
"""

import heap

ROUNDS = 50
TOPIC = "bench/heap"
MESSAGE = bytes(64)
CONNACK = b"\x20\2\0\0"

_TOPIC = TOPIC.encode()
_PUBLISH_0 = b"\x30\x4c\0\x0a" + _TOPIC + MESSAGE
_PUBLISH_1 = b"\x32\x4e\0\x0a" + _TOPIC + b"\0\7" + MESSAGE
_PUBACK_7 = b"\x40\2\0\7"


def _check(good: bool, what: str) -> None:
    if not good:
        raise RuntimeError(what)


class Jobs:
    """The jobs of one connected client.

    :param client: see the module
    :param wire: its scripted socket
    """

    def __init__(self, client, wire) -> None:
        self._client = client
        self._wire = wire
        self._identifier = 0
        self._puback = bytearray(b"\x40\2\0\0")

    def run(self) -> None:
        """Print lines of a name and the heap bytes of one message."""
        client, wire = self._client, self._wire
        self._measure("publish_0", self._publish_0)
        _check(bytes(wire.written[: wire.count]) == _PUBLISH_0, "publish_0 was not sent")
        self._measure("publish_1", self._publish_1)
        identifier = bytes((0, ROUNDS + 1))
        expected = _PUBLISH_1.replace(b"\0\7", identifier)
        _check(bytes(wire.written[: wire.count]) == expected, "publish_1 was not sent")
        _check(client.unacknowledged() == 0, "publish_1 was not acknowledged")
        self._measure("receive_0", self._receive_0)
        self._measure("receive_1", self._receive_1)
        _check(bytes(wire.written[: wire.count]) == _PUBACK_7, "receive_1 was not acknowledged")
        _check(client.received == 2 * (ROUNDS + 1), "received %d" % client.received)
        self._measure("poll", client.turn)

    def _measure(self, name: str, call) -> None:
        print(name, heap.bytes_per_call(call, ROUNDS))
        _check(self._wire.waiting is None, name + ": not all was read")

    def _publish_0(self) -> None:
        self._wire.count = 0
        self._client.publish(0)

    def _publish_1(self) -> None:
        """The PUBACK waits already, for clients that block until it comes."""
        self._wire.count = 0
        self._identifier += 1
        self._puback[3] = self._identifier
        self._wire.answer(self._puback)
        self._client.publish(1)

    def _receive_0(self) -> None:
        self._wire.answer(_PUBLISH_0)
        self._client.turn()

    def _receive_1(self) -> None:
        self._wire.count = 0
        self._wire.answer(_PUBLISH_1)
        self._client.turn()
