# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A peer in a thread of its own that says yes to everything, for tests with real threads."""

import socket
import threading

_CONNECT = 1
_PUBLISH = 3
_SUBSCRIBE = 8
_UNSUBSCRIBE = 10
_PINGREQ = 12


class AcknowledgingPeer:
    """Serves the connections of a listener one after the other.

    :param listener: a ``Listener``
    :param bytes greeting: what it sends behind its CONNACK
    """

    def __init__(self, listener, greeting=b""):
        self._listener = listener
        self._greeting = greeting
        self.identifiers = []
        """The packet identifiers of all QoS 1 messages, in the order of their coming."""
        self.acknowledged = 0
        """How many PUBACKs came."""
        self.broken = None
        self._ending = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def join(self):
        """Stop listening, and wait until the last connection has ended."""
        self._ending = True
        # A thread that waits in accept() is not woken by a close in every system.
        socket.create_connection(("127.0.0.1", self._listener.port)).close()
        self._thread.join(10)
        self._listener.close()
        assert not self._thread.is_alive()
        assert self.broken is None, self.broken

    def _serve(self):
        while True:
            sock = self._listener.accept()
            if self._ending:
                sock.close()
                return
            with sock, sock.makefile("rb") as stream:
                try:
                    while self._answer(sock, stream):
                        pass
                except OSError:
                    pass  # the client has thrown the connection away
                except Exception as error:
                    self.broken = error

    def _answer(self, sock, stream):
        """Handle one packet; False at the end of the stream."""
        first = stream.read(1)
        if not first:
            return False
        length = shift = 0
        more = True
        while more:
            byte = stream.read(1)[0]
            length |= (byte & 0x7F) << shift
            shift += 7
            more = byte > 0x7F
        body = stream.read(length)
        kind = first[0] >> 4
        if kind == _CONNECT:
            sock.sendall(b"\x20\x02\x00\x00" + self._greeting)
        elif kind == _PUBLISH and first[0] & 2:
            at = 2 + int.from_bytes(body[:2], "big")
            self.identifiers.append(int.from_bytes(body[at : at + 2], "big"))
            sock.sendall(b"\x40\x02" + body[at : at + 2])
        elif kind == _SUBSCRIBE:
            sock.sendall(b"\x90\x03" + body[:2] + b"\x01")
        elif kind == _UNSUBSCRIBE:
            sock.sendall(b"\xb0\x02" + body[:2])
        elif kind == _PINGREQ:
            sock.sendall(b"\xd0\x00")
        elif kind == 4:
            self.acknowledged += 1
        return True
