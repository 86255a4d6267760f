# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A subscriber of plain sockets and the broker's packets, which hands each message to its heirs.

It shares no line with the client of this library, so a fault in how that reads or writes cannot
hide behind the same fault here. The broker of the desktop reads packets with the same module; that
the module is right is shown by tests against other people's brokers.
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


class Listener:
    """Subscribed to one filter from the end of the constructor on.

    An heir sets what ``take`` needs before it calls this constructor.

    :param str name: the client identifier
    :param address: host and port of the broker
    :param str topic_filter: what to subscribe to, at QoS 1
    :param login: user name and password, if the broker asks for them
    """

    def __init__(self, name: str, address: tuple, topic_filter: str, login: tuple = (None, None)):
        self.news = threading.Condition()
        """Notified by heirs, for those who wait in ``wait_until``."""
        self._buffer = bytearray()
        self._socket = socket.create_connection(address, _ANSWER_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        username, password = login
        self.send(Connect(name, username=username, password=password))
        self._expect(Connack)
        self.send(Subscribe(1, ((topic_filter, 1),)))
        self._expect(Suback)
        self._socket.settimeout(None)
        self._thread = threading.Thread(target=self._listen, name=name, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def close(self) -> None:
        """Leave the broker."""
        try:
            self.send(Disconnect())
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the broker was faster
        self._thread.join()
        self._socket.close()

    def take(self, packet: Publish) -> None:
        """A message has come; called in a thread of its own."""
        raise NotImplementedError

    def wait_until(self, condition, seconds: float) -> bool:
        """Wait until a condition holds, which is looked at whenever there are news.

        :return: whether it does
        """
        with self.news:
            return self.news.wait_for(condition, seconds)

    def send(self, packet) -> None:
        """Send a packet to the broker."""
        self._socket.sendall(encode(packet))

    def _expect(self, kind) -> None:
        """Take the answer that is owed now."""
        packet = self._packet()
        if not isinstance(packet, kind):
            raise ConnectionError(f"{type(packet).__name__} instead of {kind.__name__}")

    def _packet(self):
        while True:
            packet, end = next_packet(self._buffer, 0, FROM_SERVER)
            del self._buffer[:end]
            if packet is not None:
                return packet
            data = self._socket.recv(_READ_BYTES)
            if not data:
                raise ConnectionError("the broker has closed the link")
            self._buffer += data

    def _listen(self) -> None:
        try:
            while True:
                packet = self._packet()
                if isinstance(packet, Publish):
                    if packet.packet_id is not None:
                        self.send(Puback(packet.packet_id))
                    self.take(packet)
        except OSError:
            pass  # the end of the link is the end of the watch
