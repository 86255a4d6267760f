# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Peers on loopback that are no good TLS servers: they say something else, stop, or hang up.

``accepted`` counts connections; ``ends`` the ones of which the peer has seen the end.
"""

import socket
import ssl
import struct
import threading

from strange_peers import LOOPBACK

_READ_BYTES = 65536
_DRIP_SECONDS = 0.02
_SILENCE_SECONDS = 0.2


class Peer:
    """Listens, and serves each connection in a thread of its own, until its ``with`` ends.

    :param context: an ``ssl.SSLContext`` of a server, for those that shake hands
    """

    host = LOOPBACK

    def __init__(self, context=None) -> None:
        self.context = context
        self.accepted = 0
        self.ends = 0
        self.received = b""
        self.stopping = threading.Event()
        self._threads = []

    def __enter__(self):
        self._listener = socket.create_server((self.host, 0))
        self.port = self._listener.getsockname()[1]
        self._run(self._accept)
        return self

    def __exit__(self, *exception):
        self.stopping.set()
        # Whoever waits in accept is woken, on every system.
        socket.create_connection((self.host, self.port), 5).close()
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive()
        self._listener.close()

    def _run(self, function, *arguments) -> None:
        self._threads.append(threading.Thread(target=function, args=arguments, daemon=True))
        self._threads[-1].start()

    def _accept(self) -> None:
        while True:
            sock, _ = self._listener.accept()
            if self.stopping.is_set():
                sock.close()
                return
            self.accepted += 1
            self._run(self._serve, sock)

    def _serve(self, sock: socket.socket) -> None:
        sock.settimeout(10)
        try:
            self.serve(sock)
        except OSError:
            pass
        finally:
            self.ends += 1
            sock.close()

    def serve(self, sock: socket.socket) -> None:
        """What it does with one connection; it is closed afterwards."""
        raise NotImplementedError

    def flight(self, sock: socket.socket) -> bytes:
        """What a TLS server answers to the ClientHello that has come."""
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        shaking = self.context.wrap_bio(incoming, outgoing, server_side=True)
        incoming.write(sock.recv(_READ_BYTES))
        try:
            shaking.do_handshake()
        except ssl.SSLWantReadError:
            pass
        return outgoing.read()

    @staticmethod
    def read_to_the_end(sock: socket.socket) -> None:
        """Take what comes until the client closes."""
        while sock.recv(_READ_BYTES):
            pass


def _reset(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


class SaysNothing(Peer):
    """Takes everything, and is silent."""

    def serve(self, sock) -> None:
        self.read_to_the_end(sock)


class _Answers(Peer):
    answer = b""

    def serve(self, sock) -> None:
        sock.recv(_READ_BYTES)
        sock.sendall(self.answer)
        self.read_to_the_end(sock)


class AnswersConnack(_Answers):
    """Says CONNACK to whatever comes: one byte too few to be seen that it is no TLS."""

    answer = b"\x20\x02\x00\x00"


class AnswersMore(_Answers):
    """A plain broker that is not strict: CONNACK and PINGRESP."""

    answer = b"\x20\x02\x00\x00\xd0\x00"


class SpeaksHTTP(_Answers):
    """A plain web server."""

    answer = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class SpeaksSSH(Peer):
    """Speaks first."""

    def serve(self, sock) -> None:
        sock.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
        self.read_to_the_end(sock)


class ClosesAtOnce(Peer):
    """Accepts, and that was it."""

    def serve(self, sock) -> None:
        sock.shutdown(socket.SHUT_WR)
        self.read_to_the_end(sock)


class ClosesOnHello(Peer):
    """Takes a ClientHello for something bad, as a strict broker does."""

    def serve(self, sock) -> None:
        sock.recv(_READ_BYTES)


class AnswersConnackAndCloses(Peer):
    """Says goodbye after the CONNACK."""

    def serve(self, sock) -> None:
        sock.recv(_READ_BYTES)
        sock.sendall(AnswersConnack.answer)


class ResetsOnHello(Peer):
    """Throws the connection away."""

    def serve(self, sock) -> None:
        sock.recv(_READ_BYTES)
        _reset(sock)


class StopsInHandshake(Peer):
    """A TLS server that says half of what it has to say, and then no more."""

    def serve(self, sock) -> None:
        flight = self.flight(sock)
        sock.sendall(flight[: len(flight) // 2])
        self.read_to_the_end(sock)


class ClosesInHandshake(Peer):
    """The same, and then it closes."""

    def serve(self, sock) -> None:
        flight = self.flight(sock)
        sock.sendall(flight[: len(flight) // 2])


class ResetsInHandshake(Peer):
    """The same, and then it throws the connection away."""

    def serve(self, sock) -> None:
        flight = self.flight(sock)
        sock.sendall(flight[: len(flight) // 2])
        _reset(sock)


class Drips(Peer):
    """A TLS server whose bytes come one by one, with a pause after each: never quite silent."""

    def serve(self, sock) -> None:
        for byte in self.flight(sock):
            sock.sendall(bytes((byte,)))
            if self.stopping.wait(_DRIP_SECONDS):
                return


class ShakesHands(Peer):
    """A good TLS server that says no MQTT; when ``go`` is set, not before.

    ``received`` is what came through TLS.
    """

    def __init__(self, context) -> None:
        super().__init__(context)
        self.go = threading.Event()
        self.go.set()

    def serve(self, sock) -> None:
        assert self.go.wait(10)
        with self.context.wrap_socket(sock, server_side=True) as stream:
            data = stream.recv(_READ_BYTES)
            while data:
                self.received += data
                data = stream.recv(_READ_BYTES)


class AlertsLate(Peer):
    """A TLS 1.3 server that refuses a client's certificate when the client has said all it wants.

    The alert is then what the client reads next, which no end of the connection can overtake.
    """

    def serve(self, sock) -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        shaking = self.context.wrap_bio(incoming, outgoing, server_side=True)
        try:
            while True:
                incoming.write(sock.recv(_READ_BYTES))
                try:
                    shaking.do_handshake()
                except ssl.SSLWantReadError:
                    sock.sendall(outgoing.read())
        except ssl.SSLError:
            self._hear_out(sock)
        sock.sendall(outgoing.read())
        self.read_to_the_end(sock)

    @staticmethod
    def _hear_out(sock) -> None:
        sock.settimeout(_SILENCE_SECONDS)
        try:
            while sock.recv(_READ_BYTES):
                pass
        except TimeoutError:
            pass
        sock.settimeout(10)
