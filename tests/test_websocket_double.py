# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The WebSocket server of the doubles says what wsproto understands, and finds what is wrong."""

import pytest
from doubles.clock import Clock
from doubles.sockets import SocketPool
from doubles.trials import PORT
from doubles.websocket_peer import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    Frame,
    WebSocketServer,
    close,
    frame,
    masked,
)
from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Ping,
    Pong,
    RejectConnection,
    Request,
)
from wsproto.utilities import RemoteProtocolError

KEY = b"\x37\xfa\x21\x3d"


class Client:
    """A client of wsproto on a socket double."""

    def __init__(self, acceptor=lambda end: None, **named):
        pool = SocketPool(Clock())
        self.server = WebSocketServer(acceptor, **named)
        pool.listen(PORT, self.server)
        self._socket = pool.socket()
        self._socket.connect(("broker.test", PORT))
        self._socket.settimeout(0)
        self._frames = WSConnection(ConnectionType.CLIENT)
        self.say(Request("broker.test", "/mqtt", subprotocols=["mqtt"]))

    @property
    def end(self):
        """The server's end."""
        return self.server.ends[-1]

    def say(self, event):
        """Send what wsproto makes of an event."""
        self._socket.send(self._frames.send(event))

    def hear(self):
        """The events in what has come."""
        while self.end.waiting:
            self._frames.receive_data(self._socket.recv(65536))
        return list(self._frames.events())


def upgraded():
    """A client whose upgrade was accepted."""
    client = Client()
    (accepted,) = client.hear()
    assert isinstance(accepted, AcceptConnection)
    assert (accepted.subprotocol, accepted.extensions) == ("mqtt", [])
    return client


def test_the_answer_is_accepted():
    upgraded()


def test_another_answer_is_not():
    client = Client(response="HTTP/1.1 403 Forbidden\r\n\r\n")
    assert isinstance(client.hear()[0], RejectConnection)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65535, 65536, 70000])
def test_frames_to_a_client(size):
    client = upgraded()
    client.end.send(b"x" * size or b"y")
    client.end.raw(frame(b"a" * size))
    data = b"".join(event.data for event in client.hear())
    assert data == (b"x" * size or b"y") + b"a" * size


def test_fragments_and_control_frames_to_a_client():
    client = upgraded()
    client.end.raw(frame(b"a", BINARY, False) + frame(b"?", PING) + frame(b"b", CONTINUATION))
    client.end.raw(frame(b"!", PONG) + close(1001, b"away"))
    assert client.hear() == [
        BytesMessage(b"a", message_finished=False),
        Ping(b"?"),
        BytesMessage(b"b"),
        Pong(b"!"),
        CloseConnection(1001, "away"),
    ]


def test_frames_of_a_client():
    client = upgraded()
    client.say(BytesMessage(b"\xc0\0"))
    client.say(Pong(b"payload"))
    client.say(CloseConnection(1000))
    end = client.end
    assert end.take() == b"\xc0\0"
    assert end.pongs == [b"payload"]
    assert end.close_code == 1000
    assert [one.opcode for one in end.frames] == [BINARY, PONG, CLOSE]
    assert end.half == b""


def test_half_a_frame_of_a_client():
    client = upgraded()
    whole = b"\x82\x85" + KEY + masked(b"hello", KEY)
    for byte in whole[:-1]:
        client._socket.send(bytes([byte]))
    assert (client.end.half, client.end.frames) == (whole[:-1], [])
    client._socket.send(whole[-1:])
    assert client.end.frames == [Frame(True, BINARY, KEY, b"hello")]


def test_the_example_of_the_standard():
    assert masked(b"Hello", KEY) == bytes.fromhex("7f9f4d5158")


@pytest.mark.parametrize(
    "wrong",
    [
        b"\x82\x01x",
        b"\xc2\x80" + KEY,
        b"\x82\xfe\x00\x01" + KEY + b"x",
        b"\x83\x80" + KEY,
        b"\x80\x80" + KEY,
    ],
    ids=["not masked", "reserved bit", "long length", "opcode", "continuation"],
)
def test_a_client_that_is_wrong_is_found(wrong):
    client = upgraded()
    with pytest.raises(AssertionError, match="wsproto refuses"):
        client._socket.send(wrong)


def test_a_request_that_is_wrong_is_found():
    pool = SocketPool(Clock())
    pool.listen(PORT, WebSocketServer(lambda end: None))
    sock = pool.socket()
    sock.connect(("broker.test", PORT))
    with pytest.raises(RemoteProtocolError):
        sock.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
