# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The bare socket: the bytes of MQTT and nothing else, the floor under every client's figure.

It blocks, looks at lengths and packet identifiers only, and could not stand a lost link.
"""

import socket

from .. import HOST
from ..bare import packet, text
from . import PATIENCE_SECONDS, PAYLOAD, TOPIC, WINDOW

_BUFFER_BYTES = 65536
_PUBLISH = 0x30
_PUBACK = 0x40
_ACKNOWLEDGEMENT_BYTES = 4


class Peer:
    """A connection that is used from one loop at a time."""

    def __init__(self, port: int, client_id: str = "bare") -> None:
        self._socket = socket.create_connection((HOST, port), PATIENCE_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = bytearray(_BUFFER_BYTES)
        self._packet_id = self._end = self.received = 0
        self._ask(packet(0x10, b"\x00\x04MQTT\x04\x02\x00\x00", text(client_id)), b"\x20\x02\0\0")

    def _ask(self, question: bytes, answer: bytes) -> None:
        self._socket.sendall(question)
        got = self._socket.recv(len(answer))
        if got != answer:
            raise RuntimeError(f"the broker answers {got!r}, not {answer!r}")

    def fileno(self) -> int:
        """The number of its socket."""
        return self._socket.fileno()

    def close(self) -> None:
        """End it in order."""
        self._socket.sendall(b"\xe0\x00")
        self._socket.close()

    def publish(self, quality: int, count: int) -> None:
        """See the package."""
        if quality:
            self._publish_in_window(count)
            return
        wire = packet(_PUBLISH, text(TOPIC), PAYLOAD)
        send = self._socket.sendall
        for _ in range(count):
            send(wire)

    def _publish_in_window(self, count: int) -> None:
        sent = acknowledged = partly = 0
        while acknowledged < count:
            while sent < count and sent - acknowledged < WINDOW:
                sent += 1
                self._send_one()
            read = partly + self._read(0)
            acknowledged += read // _ACKNOWLEDGEMENT_BYTES
            partly = read % _ACKNOWLEDGEMENT_BYTES

    def _send_one(self) -> None:
        self._packet_id = self._packet_id % 0xFFFF + 1
        number = self._packet_id.to_bytes(2, "big")
        self._socket.sendall(packet(_PUBLISH | 2, text(TOPIC), number, PAYLOAD))

    def _read(self, at: int) -> int:
        count = self._socket.recv_into(memoryview(self._buffer)[at:])
        if not count:
            raise RuntimeError("the broker has closed")
        return count

    def subscribe(self, quality: int) -> None:
        """See the package."""
        granted = bytes((quality,))
        self._ask(packet(0x82, b"\0\1", text(TOPIC), granted), b"\x90\x03\0\1" + granted)

    def receive(self, total: int) -> None:
        """See the package."""
        buffer = self._buffer
        while self.received < total:
            end = self._end + self._read(self._end)
            at = self._take(end)
            self._end = end - at
            buffer[: end - at] = buffer[at:end]

    def _take(self, end: int) -> int:
        """Take whole packets, none of which is longer than 127 bytes; returns where they end."""
        buffer = self._buffer
        answers = []
        at = 0
        while end - at >= 2 and end - at >= (size := 2 + buffer[at + 1]):
            if buffer[at] >= _PUBACK:
                at += size
                continue
            self.received += 1
            if buffer[at] & 2:
                number = at + 4 + buffer[at + 3]
                answers.append(b"\x40\x02" + buffer[number : number + 2])
            at += size
        if answers:
            self._socket.sendall(b"".join(answers))
        return at

    def round_trips(self, count: int) -> None:
        """See the package."""
        for _ in range(count):
            self._send_one()
            self.receive(self.received + 1)
