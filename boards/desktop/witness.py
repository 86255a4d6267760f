# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A second, independent client: it sees which reports reached the broker, and answers each.

It is a plain socket and the broker's packets, and shares no line with the client under test: a
report that this client only believed to have sent is missing here, and a fault in how it reads
cannot hide behind the same fault in its own double. The broker of the demo reads packets with the
same module; that the module is right is shown by tests against other people's brokers.
"""

import json
import socket
import threading

from .broker.packets import (
    FROM_SERVER,
    Connack,
    Connect,
    Disconnect,
    Puback,
    Publish,
    Suback,
    Subscribe,
    encode,
    next_packet,
)

_READ_BYTES = 65536
_ANSWER_SECONDS = 10


class Witness:
    """Subscribed to the reports of one board from the end of the constructor on.

    :param str host: the broker's
    :param int port: the broker's
    :param str topic: the board's MQTT_TOPIC
    """

    def __init__(self, host: str, port: int, topic: str):
        self.seen = set()
        """The numbers of the reports that came."""
        self.repeated = 0
        """How many reports came once more."""
        self._command_topic = topic + "/command"
        self._news = threading.Condition()
        self._buffer = bytearray()
        self._answered = set()
        self._socket = socket.create_connection((host, port), _ANSWER_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._send(Connect("witness"))
        self._expect(Connack)
        self._send(Subscribe(1, ((topic + "/telemetry", 1),)))
        self._expect(Suback)
        self._socket.settimeout(None)
        self._thread = threading.Thread(target=self._listen, name="witness", daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def close(self) -> None:
        """Leave the broker."""
        try:
            self._send(Disconnect())
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the broker was faster
        self._thread.join()
        self._socket.close()

    def wait_for(self, reports: int, seconds: float) -> bool:
        """Wait until so many different reports have come.

        :return: whether they have
        """
        with self._news:
            return self._news.wait_for(lambda: len(self.seen) >= reports, seconds)

    def _send(self, packet) -> None:
        self._socket.sendall(encode(packet))

    def _expect(self, kind) -> None:
        """Take the answer that is owed now."""
        packet = None
        while packet is None:
            data = self._socket.recv(_READ_BYTES)
            if not data:
                raise ConnectionError("the broker does not want a witness")
            self._buffer += data
            packet = self._next()
        if not isinstance(packet, kind):
            raise ConnectionError(f"{type(packet).__name__} instead of {kind.__name__}")

    def _next(self):
        packet, end = next_packet(self._buffer, 0, FROM_SERVER)
        del self._buffer[:end]
        return packet

    def _listen(self) -> None:
        try:
            while data := self._socket.recv(_READ_BYTES):
                self._buffer += data
                while (packet := self._next()) is not None:
                    if isinstance(packet, Publish):
                        self._take(packet)
        except OSError:
            pass  # the end of the broker is an end of the watch, too

    def _take(self, packet: Publish) -> None:
        if packet.packet_id is not None:
            self._send(Puback(packet.packet_id))
        number = json.loads(packet.payload)["number"]
        with self._news:
            new = number not in self.seen
            self.seen.add(number)
            self.repeated += not new
            self._news.notify_all()
        if new:
            command = f"report {number} is here".encode()
            self._send(Publish(self._command_topic, command, 1, packet_id=number))
