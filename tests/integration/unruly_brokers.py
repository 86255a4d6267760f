# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A broker on real sockets that leaves unanswered what a test names, and may send without end."""

import select
import socket
import threading

from doubles.played_broker import PlayedBroker

from boards.desktop.broker.packets import Publish, encode

_READ_BYTES = 65536
_SLICE_SECONDS = 0.05
# Little enough that the sender soon notices that nobody reads.
_SEND_BUFFER_BYTES = 65536
_LARGEST_PACKET_ID = 65535
_MESSAGES_AT_ONCE = 100


class _Connection:
    """One socket, with the verbs that a played broker uses."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self.ending = False
        self.on_data = None
        self._data = b""

    def read(self) -> None:
        """Hand on what has come, or learn that no more will."""
        try:
            self._data = self.socket.recv(_READ_BYTES)
        except OSError:
            self._data = b""
        self.ending = not self._data
        if self._data:
            self.on_data()

    def take(self) -> bytes:
        data, self._data = self._data, b""
        return data

    def send(self, data: bytes) -> None:
        try:
            self.socket.sendall(data)
        except OSError:
            self.ending = True


class UnrulyBroker(PlayedBroker):
    """A played broker on a loopback port; ``mute`` names the packet classes it does not answer.

    It runs in a thread of its own, for as long as its ``with`` statement.
    """

    host = "127.0.0.1"

    def __init__(self, *mute) -> None:
        super().__init__()
        self.mute = mute
        self._broken: Exception | None = None
        self._ending = False

    def __enter__(self):
        self._listener = socket.create_server((self.host, 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exception):
        self._ending = True
        self._thread.join(10)
        self._listener.close()
        for connection in self.connections:
            connection.socket.close()
        if self._broken and not exception[0]:
            raise self._broken

    def _serve(self) -> None:
        try:
            while not self._ending:
                living = {one.socket: one for one in self.connections if not one.ending}
                for ready in select.select([self._listener, *living], [], [], _SLICE_SECONDS)[0]:
                    if ready is self._listener:
                        self(_Connection(self._listener.accept()[0]))
                    else:
                        living[ready].read()
        except Exception as error:  # what a client may not send is for the test to learn of
            self._broken = error


class Gush:
    """Numbered QoS 1 messages without end, sent by a thread as fast as the system takes them.

    No acknowledgement is waited for, as no broker may do that has a window; so all that keeps the
    messages back is the device's end of the connection.

    :param UnrulyBroker broker: sends them on its newest connection; it must not answer pings, as
        their answers would land inside messages
    :param int size: bytes of a payload
    """

    def __init__(self, broker: UnrulyBroker, size: int) -> None:
        self._socket = broker.peer.socket
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
        self._size = size
        self._ending = False
        self.sent = 0
        """How many messages have left the thread."""
        self._thread = threading.Thread(target=self._send, daemon=True)
        self._thread.start()

    @property
    def over(self) -> bool:
        """Whether the thread has sent its last message."""
        return not self._thread.is_alive()

    def end(self) -> None:
        """No new messages; those that are being sent are sent."""
        self._ending = True

    @staticmethod
    def packet_id(number: int) -> int:
        """The packet identifier of a message."""
        return number % _LARGEST_PACKET_ID + 1

    def _send(self) -> None:
        while not self._ending:
            numbers = range(self.sent, self.sent + _MESSAGES_AT_ONCE)
            self._socket.sendall(b"".join(map(self._message, numbers)))
            self.sent += _MESSAGES_AT_ONCE

    def _message(self, number: int) -> bytes:
        payload = (b"%08d" % number).ljust(self._size, b".")
        return encode(Publish("stream", payload, 1, False, False, self.packet_id(number)))
