# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A WebSocket server on the socket doubles, for whoever plays a broker and knows of none.

``WebSocketServer`` is the acceptor of a pool's port. It upgrades a connection and hands it on to
another acceptor, such as a ``Script``, as an ``End``: that has the verbs of a ``Connection``, with
the bytes of MQTT. What the client sends goes through wsproto: what is wrong fails the test.
What goes to the client is made here byte by byte, so that it can also be wrong.
"""

import base64
import hashlib
from collections import namedtuple

from wsproto import ConnectionType, WSConnection
from wsproto.connection import ConnectionState
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, Ping, Pong, Request

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_END_OF_HEAD = b"\r\n\r\n"

Frame = namedtuple("Frame", "final opcode key payload")
Frame.__doc__ = """A frame of the client; ``key`` is None when it was not masked."""


def frame(payload=b"", opcode=BINARY, final=True, form=None, reserved=0, key=None, length=None):
    """A frame as a server sends it, or as none should.

    :param form: bytes that the length takes: 0 (in the second byte), 2 or 8; None is the shortest
    :param int reserved: the three reserved bits, 0x70 at most
    :param key: masks it
    :param length: what it claims, if that is not the payload's
    """
    length = len(payload) if length is None else length
    if form is None:
        form = 0 if length < 126 else 2 if length < 65536 else 8
    low = {0: length, 2: 126, 8: 127}[form]
    head = bytes([0x80 * final | reserved | opcode, 0x80 * (key is not None) | low])
    if form:
        head += length.to_bytes(form, "big")
    return head + (b"" if key is None else key + masked(payload, key)) + payload * (key is None)


def masked(payload, key):
    """The payload with the key laid over it; the same again takes it off."""
    return bytes(byte ^ key[at & 3] for at, byte in enumerate(payload))


def close(code=None, words=b""):
    """A CLOSE frame."""
    return frame(b"" if code is None else code.to_bytes(2, "big") + words, CLOSE)


def accept_of(request):
    """What answers the key of a request."""
    key = fields_of(request)[b"sec-websocket-key"]
    return base64.b64encode(hashlib.sha1(key + _GUID).digest())


def fields_of(request):
    """The header fields of a request: names in small letters."""
    lines = request.split(b"\r\n")[1:-2]
    return {name.lower(): value for name, value in (line.split(b": ", 1) for line in lines)}


STATUS = "HTTP/1.1 101 Switching Protocols"
FIELDS = (
    ("Upgrade", "websocket"),
    ("Connection", "Upgrade"),
    ("Sec-WebSocket-Accept", "{accept}"),
    ("Sec-WebSocket-Protocol", "mqtt"),
)


def answer(fields=FIELDS, status=STATUS):
    """An answer to the request, where ``{accept}`` stands for the right key."""
    return "\r\n".join([status, *(": ".join(field) for field in fields), "", ""])


def good_answer(request):
    """The bytes that answer a request as they should."""
    return answer().replace("{accept}", accept_of(request).decode()).encode()


def except_for(**changes):
    """The fields of a good answer, but for some.

    :param changes: by the field's last word in small letters: another value, None for none, or
        a list of values, each in a line of its own
    """
    found = []
    for name, value in FIELDS:
        values = changes.get(name.rpartition("-")[2].lower(), value)
        for one in [values] if isinstance(values, str) else values or []:
            found.append((name, one))
    return tuple(found)


class WebSocketServer:
    """Accepts connections of a pool, and hands them on when they are upgraded.

    :param acceptor: called with an ``End``, as a pool's listener is with a ``Connection``
    :param response: text or bytes of the answer to the request; None never answers
    :param pieces: in which the answer comes, as in ``Connection.send``
    :param bytes behind: what follows the answer in the same piece
    """

    def __init__(self, acceptor, response=None, pieces=None, behind=b""):
        self.acceptor = acceptor
        self.response = answer() if response is None else response
        self.pieces = pieces
        self.behind = behind
        self.silent = False
        """Does not answer a request."""
        self.frames_of = frame
        """Makes the frames of what a broker sends, out of its bytes."""
        self.ends = []

    def __call__(self, connection):
        """Take a new connection."""
        self.ends.append(End(self, connection))


class End:
    """The server's end of one connection, with the verbs of ``Connection`` for MQTT's bytes."""

    def __init__(self, server, connection):
        self.connection = connection
        self.request = b""
        """The client's request, once it is complete."""
        self.frames = []
        """Every frame that the client has sent, as a ``Frame``."""
        self.received = bytearray()
        """The bytes of MQTT in them."""
        self.pongs = []
        """The payload of each PONG that has come."""
        self.close_code = None
        """What the client's CLOSE says."""
        self.on_data = self.on_close = None
        self._server = server
        self._raw = bytearray()
        self._taken = 0
        self._judge = WSConnection(ConnectionType.SERVER)
        connection.on_data = self._read
        connection.on_close = self._hung_up

    # the verbs of a broker

    def send(self, data, pieces=None):
        """Let the client find ``data`` in frames."""
        if data:
            self.connection.send(self._server.frames_of(bytes(data)), pieces)

    def raw(self, data, pieces=None):
        """Let the client find these very bytes."""
        self.connection.send(data, pieces)

    def take(self):
        """The bytes of MQTT that came in since the last take()."""
        taken = bytes(self.received[self._taken :])
        self._taken = len(self.received)
        return taken

    def close(self, goodbye=True):
        """End the connection, without a CLOSE frame."""
        self.connection.close(goodbye)

    def reset(self, discard=False):
        """Throw the connection away."""
        self.connection.reset(discard)

    def vanish(self):
        """Be gone without a word."""
        self.connection.vanish()

    def __getattr__(self, name):
        # ``ending``, ``closed_by_client``, ``waiting``: as the connection has them.
        return getattr(self.connection, name)

    @property
    def accept_limit(self):
        """How many bytes the next send takes, frames and all."""
        return self.connection.accept_limit

    @accept_limit.setter
    def accept_limit(self, limit):
        self.connection.accept_limit = limit

    @property
    def half(self):
        """The beginning of a frame whose end has not come."""
        return bytes(self._raw)

    def data_frames(self):
        """The payload of each frame with MQTT in it."""
        return [one.payload for one in self.frames if one.opcode == BINARY]

    # what the client sends

    def _read(self):
        self._raw += self.connection.take()
        if not self.request:
            end = self._raw.find(_END_OF_HEAD)
            if end < 0:
                return
            self.request = bytes(self._raw[: end + len(_END_OF_HEAD)])
            del self._raw[: len(self.request)]
            self._upgrade()
        self._take_frames()

    def _upgrade(self):
        self._judge.receive_data(self.request)
        (request,) = self._judge.events()
        assert isinstance(request, Request)
        assert request.subprotocols == ["mqtt"]
        self._judge.send(AcceptConnection("mqtt"))
        server = self._server
        if not server.silent:
            response = server.response
            if isinstance(response, str):
                response = response.replace("{accept}", accept_of(self.request).decode()).encode()
            self.connection.send(response + server.behind, server.pieces)
        server.acceptor(self)

    def _take_frames(self):
        one, size = _first_frame(self._raw)
        while one:
            self.frames.append(one)
            self._judge.receive_data(bytes(self._raw[:size]))
            for event in self._judge.events():
                _EVENTS[type(event)](self, event)
            del self._raw[:size]
            one, size = _first_frame(self._raw)

    def _data(self, event):
        self.received += event.data
        if self.on_data:
            self.on_data()

    def _pinged(self, event):
        raise AssertionError("this client has no reason to ping")

    def _ponged(self, event):
        self.pongs.append(bytes(event.payload))

    def _closed(self, event):
        if self._judge.state is ConnectionState.OPEN:
            raise AssertionError(f"wsproto refuses a frame of the client: {event.reason}")
        self.close_code = event.code

    def _hung_up(self):
        if self.on_close:
            self.on_close()


_EVENTS = {
    BytesMessage: End._data,
    Ping: End._pinged,
    Pong: End._ponged,
    CloseConnection: End._closed,
}


def _first_frame(data):
    """The first frame of a client's bytes and its size, (None, 0) when it is not complete."""
    if len(data) < 2:
        return None, 0
    length, at = data[1] & 0x7F, 2
    if length > 125:
        at = 4 if length == 126 else 10
        length = int.from_bytes(data[2:at], "big")
    key = None
    if data[1] & 0x80:
        key = bytes(data[at : at + 4])
        at += 4
    if len(data) < at + length:
        return None, 0
    payload = bytes(data[at : at + length])
    payload = masked(payload, key) if key is not None else payload
    return Frame(bool(data[0] & 0x80), data[0] & 0x7F, key, payload), at + length
