# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Somebody else at the broker: a client that tells what it gets, and answers reports by commands.

As ``witness`` it is a plain socket and the broker's packets, and shares no line with the client
that an example shows.
"""

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


class Sibling:
    """Subscribed to everything below a topic from the end of the constructor on.

    :param broker: where it connects
    :param str topic: a board's MQTT_TOPIC; what comes to ``telemetry`` below it is answered to
        ``command`` below it
    :param told: called with topic and text of each message, in a thread of its own
    :param login: user name and password, if the broker asks for them
    """

    def __init__(self, broker, topic: str, told, login: tuple = (None, None)):
        self._topic = topic
        self._told = told
        self._news = threading.Condition()
        self._texts = []
        self._buffer = bytearray()
        self._socket = socket.create_connection((broker.host, broker.port), _ANSWER_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        name, password = login
        self._send(Connect("sibling", username=name, password=password))
        self._expect(Connack)
        self._send(Subscribe(1, ((topic + "/#", 1),)))
        self._expect(Suback)
        self._socket.settimeout(None)
        self._thread = threading.Thread(target=self._listen, name="sibling", daemon=True)
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

    def wait_for(self, text: str, seconds: float) -> bool:
        """Wait until a message with this text has come.

        :return: whether it has
        """
        with self._news:
            return self._news.wait_for(lambda: text in self._texts, seconds)

    def _send(self, packet) -> None:
        self._socket.sendall(encode(packet))

    def _expect(self, kind) -> None:
        """Take the answer that is owed now."""
        while (packet := self._next()) is None:
            self._buffer += self._read()
        if not isinstance(packet, kind):
            raise ConnectionError(f"{type(packet).__name__} instead of {kind.__name__}")

    def _read(self) -> bytes:
        data = self._socket.recv(_READ_BYTES)
        if not data:
            raise ConnectionError("the broker does not want a sibling")
        return data

    def _next(self):
        packet, end = next_packet(self._buffer, 0, FROM_SERVER)
        del self._buffer[:end]
        return packet

    def _listen(self) -> None:
        try:
            while True:
                while (packet := self._next()) is None:
                    self._buffer += self._read()
                if isinstance(packet, Publish):
                    self._take(packet)
        except OSError:
            pass  # the end of the link is the end of the watch

    def _take(self, packet: Publish) -> None:
        if packet.packet_id is not None:
            self._send(Puback(packet.packet_id))
        part = packet.topic.removeprefix(self._topic + "/")
        text = packet.payload.decode()
        if part == "command":
            return  # its own
        self._told(packet.topic, text)
        if part == "telemetry":
            answer = f"report {text} is here".encode()
            self._send(Publish(self._topic + "/command", answer, 0))
        with self._news:
            self._texts.append(text)
            self._news.notify_all()
