# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A bare socket that moves the bytes of MQTT and no more: the floor under every client's figures.

It sends each packet whole by ``sendall``, reads into one large buffer, and looks at what it must:
the headers, and the packet identifiers that it has to acknowledge. It checks nothing, keeps nothing
to send it again, and cannot stand a lost link.
"""

import socket

from . import HOST

_BUFFER_BYTES = 1 << 18
_PATIENCE_SECONDS = 60
_PUBLISH = 3
_PUBACK = b"\x40\x02"
_PUBACK_BYTES = 4


def packet(first: int, *fields: bytes) -> bytes:
    """An MQTT packet.

    :param int first: its first byte
    :param fields: what follows the remaining length
    """
    body = b"".join(fields)
    left = len(body)
    head = bytearray([first])
    while left > 0x7F:
        head.append(left & 0x7F | 0x80)
        left >>= 7
    head.append(left)
    return bytes(head) + body


def text(value: str) -> bytes:
    """A string as MQTT has it: its length before it."""
    return len(value).to_bytes(2, "big") + value.encode()


class BareSocket:
    """A connection to a broker.

    :param int port: where it listens
    :param str client_id: the name in CONNECT
    """

    def __init__(self, port: int, client_id: str) -> None:
        self._socket = socket.create_connection((HOST, port), _PATIENCE_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = bytearray(_BUFFER_BYTES)
        self._view = memoryview(self._buffer)
        self._ask(packet(0x10, b"\x00\x04MQTT\x04\x02\x00\x00", text(client_id)), b"\x20\x02\0\0")

    def _ask(self, question: bytes, answer: bytes) -> None:
        self._socket.sendall(question)
        got = b""
        while len(got) < len(answer):
            got += self._socket.recv(len(answer) - len(got))
        if got != answer:
            raise RuntimeError(f"the broker answers {got!r}, not {answer!r}")

    def close(self) -> None:
        """End it in order."""
        self._socket.sendall(b"\xe0\x00")
        self._socket.close()

    def publish(self, topic: str, message: bytes, count: int, window: int) -> None:
        """Publish at QoS 1 and see every acknowledgement.

        :param int window: the most messages without their acknowledgement
        """
        first = packet(0x32, text(topic), b"\0\0", message)
        before = len(first) - len(message) - 2
        wire = bytearray(first)
        sent = acknowledged = partly = 0
        while acknowledged < count:
            while sent < count and sent - acknowledged < window:
                sent += 1
                wire[before : before + 2] = (sent % 0xFFFF + 1).to_bytes(2, "big")
                self._socket.sendall(wire)
            read = partly + self._read(0)
            acknowledged += read // _PUBACK_BYTES
            partly = read % _PUBACK_BYTES

    def _read(self, at: int) -> int:
        count = self._socket.recv_into(self._view[at:] if at else self._buffer)
        if not count:
            raise RuntimeError("the broker has closed")
        return count

    def subscribe(self, topic: str) -> None:
        """Ask for the messages of a topic at QoS 1."""
        self._ask(packet(0x82, b"\0\1", text(topic), b"\1"), b"\x90\x03\0\1\1")

    def receive(self, topic: str, count: int) -> None:
        """Read so many messages, of QoS 1 and of one topic, and acknowledge them."""
        buffer = self._buffer
        head = 2 + len(topic) + 2
        end = skip = received = 0
        while received < count:
            end += self._read(end)
            at = 0
            acknowledgements = []
            while True:
                step = min(skip, end - at)
                at += step
                skip -= step
                # The longest head there can be is here, or all of the packet.
                if skip or end - at < 2 or (end - at < head + 5 and end - at < 2 + buffer[at + 1]):
                    break
                if buffer[at] >> 4 != _PUBLISH:
                    raise RuntimeError(f"the broker sends {buffer[at]:#x}")
                skip, at = _length(buffer, at + 1)
                acknowledgements += (_PUBACK, buffer[at + head - 2 : at + head])
                received += 1
            buffer[: end - at] = self._view[at:end]
            end -= at
            if acknowledgements:
                self._socket.sendall(b"".join(acknowledgements))
        while skip:
            skip -= min(skip, self._read(0))


def _length(buffer, at: int) -> tuple[int, int]:
    """A remaining length, and where it ends."""
    length = shift = 0
    while buffer[at] > 0x7F:
        length |= (buffer[at] & 0x7F) << shift
        shift += 7
        at += 1
    return length | buffer[at] << shift, at + 1
