# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""MQTT over WebSocket: a client of RFC 6455 as a stream of bytes between the link and its socket.

MQTT packets may span frames and frames packets. Each offer of bytes becomes one binary frame, which
goes out in pieces through one buffer; frames from the server are taken apart as they come. Control
frames are answered in between, never inside a frame of our own.
"""

import hashlib
import os
from binascii import b2a_base64

from micropython import const

from .calls import _call, _created, _refuse, _text
from .status import NX_PTR_ERROR, MQTTError

NXD_MQTT_OVER_WEBSOCKET_TLS_PORT = const(443)

NX_WEBSOCKET_ERROR = const(0x30001)
NX_WEBSOCKET_INVALID_PACKET = const(0x30007)
NX_WEBSOCKET_INVALID_STATUS_CODE = const(0x30008)
NX_WEBSOCKET_DISCONNECTED = const(0x30009)

_REQUEST = (
    b"GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n"
)
# RFC 6455, section 1.3.
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_HTTP = b"HTTP/1."
# The fields that the answer must have; the last two once.
_WANTED = (b"upgrade", b"connection", b"sec-websocket-accept", b"sec-websocket-protocol")
_SWITCHING = b"101"
_NEWLINE = const(10)
# Stands for what is no ASCII.
_UNPRINTABLE = const(0x3F)

_CLOSED = const(0)
# Of the server's answer the status line is awaited, then its fields.
_ASKED = const(1)
_ANSWERED = const(2)
_UPGRADED = const(3)

_CONTINUATION = const(0)
_BINARY = const(2)
_CLOSE = const(8)
_PING = const(9)
_PONG = const(10)

_FIN = const(0x80)
_RESERVED = const(0x70)
_OPCODE = const(0x0F)
_MASKED = const(0x80)
_SIZE = const(0x7F)
_LENGTH_16 = const(126)
_LENGTH_64 = const(127)
_LARGEST_16 = const(65535)
_LONGEST_HEADER = const(10)
_KEY_BYTES = const(4)

_NORMAL = const(1000)
_PROTOCOL_ERROR = const(1002)

_NOTHING = const(-1)

_BUFFER_BYTES = const(512)
_CONTROL_BYTES = const(125)


def nxd_mqtt_client_websocket_set(client, host, uri_path) -> int:
    """Carry MQTT in WebSocket frames, from the next connect on, plain or secure.

    :param host: of the request's Host field, ``str`` or bytes
    :param uri_path: what to ask for, as ``/mqtt``
    :return: NXD_MQTT_SUCCESS; NX_PTR_ERROR for what is missing or empty;
        NXD_MQTT_INVALID_PARAMETER for what cannot be in a request; NXD_MQTT_MUTEX_FAILURE
    """
    return _call(client, NX_PTR_ERROR, _websocket_set, host, uri_path)


def _websocket_set(client, host, uri_path) -> None:
    fields = []
    for value, what in ((host, "host"), (uri_path, "uri_path")):
        if not isinstance(value, (str, bytes, bytearray)) or not value:
            _refuse(what + " is missing", NX_PTR_ERROR)
        field = bytes(_text(value, what))
        if min(field) <= 0x20 or max(field) > 0x7E:
            _refuse(what + " must be printable ASCII without spaces")
        fields.append(field)
    if fields[1][:1] != b"/":
        _refuse("uri_path must begin with /")
    _created(client).websocket = _WebSocket(fields[0], fields[1])


class _WebSocket:
    """The frames of one client, for one link after the other.

    :param bytes host: of the request
    :param bytes path: of the request
    """

    def __init__(self, host: bytes, path: bytes):
        self._host = host
        self._path = path
        # What came and is not taken apart yet, and what is made and not taken yet.
        self._in = bytearray(_BUFFER_BYTES)
        self._in_view = memoryview(self._in)
        self._out = memoryview(bytearray(_BUFFER_BYTES))
        # A line of the server's answer, then the payload of a control frame.
        self._control = bytearray(_CONTROL_BYTES)
        self._pong = bytearray(_CONTROL_BYTES)
        self._header = bytearray(_LONGEST_HEADER)
        self._state = _CLOSED

    # -- a link begins and ends ---------------------------------------------------------------

    def begin(self, link, receive, send):
        """A link is open: ask the server to switch protocols.

        :param receive: how to read from the stream below
        :param send: how to write to it
        :return: how to read and to write MQTT's bytes
        """
        key = b2a_base64(os.urandom(16))[:-1]
        self._accept = b2a_base64(_sha1(key + _GUID))[:-1]
        self._link = link
        link.stage = "websocket"
        self._receive_below = receive
        self._send_below = send
        self._state = _ASKED
        request = _REQUEST % (self._path, self._host, key)
        self._source = memoryview(request)
        self._from = 0
        self._to = len(request)
        self._at = self._end = 0
        # How much there is of a line or a header, how much is needed, what comes behind it.
        self._have = self._rest = 0
        self._need = 2
        self._answered = []
        self._fragmented = False
        # Our own frame: what is still to come of it.
        self._left = 0
        self._pong_size = _NOTHING
        self._close_code = _NORMAL
        return self.receive, self.send

    def leave(self, link) -> None:
        """Say goodbye, if the server stands between two frames; its answer is not waited for."""
        if self._state == _UPGRADED and not self._left and self._flush(link.stream):
            self._state = _CLOSED
            self._make(_CLOSE, 2)
            self._put(self._close_code.to_bytes(2, "big"), 2)
            self._flush(link.stream)

    # -- bytes out ----------------------------------------------------------------------------

    def unsent(self, waits: bool) -> bool:
        """Whether there is something to do when the socket takes bytes."""
        # A PONG that waits is behind bytes that wait, or behind the rest of a packet.
        return (waits and self._state == _UPGRADED) or self._from < self._to

    def send(self, stream, view) -> int:
        """Take bytes into a frame; returns how many were taken.

        :param view: None to go on with what is held back
        """
        if not self._push(stream) or view is None or self._state != _UPGRADED:
            return 0
        if not self._left:
            self._make(_BINARY, len(view))
            self._left = len(view)
        else:
            self._from = self._to = 0
        count = self._put(view, min(self._left, len(view)))
        self._left -= count
        self._push(stream)
        return count

    def _push(self, stream) -> bool:
        """Send what is held back; whether a frame may begin or go on."""
        if not self._flush(stream):
            return False
        if self._pong_size != _NOTHING and not self._left and self._state == _UPGRADED:
            size = self._pong_size
            self._pong_size = _NOTHING
            self._make(_PONG, size)
            self._put(self._pong, size)
            return self._flush(stream)
        return True

    def _flush(self, stream) -> bool:
        """Offer what is made, the same bytes until they are taken; whether all is."""
        while self._from < self._to:
            count = self._send_below(stream, self._source[self._from : self._to])
            if not count:
                return False
            self._from += count
        return True

    def _make(self, opcode: int, size: int) -> None:
        """Begin a frame in the empty buffer: its header, and the key that masks it."""
        out = self._out
        self._source = out
        out[0] = _FIN | opcode
        to = 2
        if size < _LENGTH_16:
            out[1] = _MASKED | size
        else:
            wide = size > _LARGEST_16
            out[1] = _MASKED | (_LENGTH_64 if wide else _LENGTH_16)
            to = 10 if wide else 4
            out[2:to] = size.to_bytes(to - 2, "big")
        # Unpredictable for every frame, so that nobody can write to proxies through it [10.3].
        self._key = os.urandom(_KEY_BYTES)
        self._turn = 0
        out[to : to + _KEY_BYTES] = self._key
        self._from = 0
        self._to = to + _KEY_BYTES

    def _put(self, data, size: int) -> int:
        """Mask payload into the buffer, as much as it has room for."""
        out = self._out
        key = self._key
        turn = self._turn
        to = self._to
        count = min(size, _BUFFER_BYTES - to)
        for place in range(count):
            out[to + place] = data[place] ^ key[turn & 3]
            turn += 1
        self._turn = turn
        self._to = to + count
        return count

    def holds(self) -> bool:
        """Whether something that came is not taken apart yet."""
        return self._at < self._end

    # -- bytes in -----------------------------------------------------------------------------

    def receive(self, stream, buffer) -> int:
        """Read once, or take apart what came.

        :return: bytes of payload; 0 when nothing came, -1 when what came has none
        """
        self._push(stream)
        if self._at == self._end:
            self._at = self._end = 0
            self._end = self._receive_below(stream, self._in)
            if not self._end:
                return 0
        while self._at < self._end:
            count = self._step(stream, buffer)
            if count:
                return count
        return _NOTHING

    def _step(self, stream, buffer) -> int:
        """Take one piece apart of what came; returns how many bytes of data it was."""
        if not self._rest:
            byte = self._in[self._at]
            self._at += 1
            if self._state == _UPGRADED:
                self._head(stream, byte)
            else:
                self._answer(byte)
            return 0
        count = min(self._rest, self._end - self._at)
        data = self._kind < _CLOSE
        if data:
            count = min(count, len(buffer))
        piece = self._in_view[self._at : self._at + count]
        if data:
            buffer[:count] = piece
        else:
            self._control[self._have : self._have + count] = piece
            self._have += count
        self._at += count
        self._rest -= count
        if not self._rest:
            self._ends(stream)
        return count if data else 0

    def _head(self, stream, byte: int) -> None:
        """One more byte of a frame's header."""
        header = self._header
        header[self._have] = byte
        self._have += 1
        if self._have < self._need:
            return
        size = header[1] & _SIZE
        if self._have == 2:
            self._check(header[0], header[1])
            if size >= _LENGTH_16:
                self._need = 4 if size == _LENGTH_16 else _LONGEST_HEADER
                return
        else:
            size = 0
            for place in range(2, self._need):
                size = size << 8 | header[place]
            shorter = _LENGTH_16 if self._need == 4 else _LARGEST_16 + 1
            if size < shorter or size >> 63:
                self._violation("a length in the wrong form")
        self._kind = header[0] & _OPCODE
        self._rest = size
        self._have = 0
        if not size:
            self._ends(stream)

    def _check(self, first: int, second: int) -> None:
        """Refuse what no frame of a server for MQTT begins with."""
        kind = first & _OPCODE
        final = first & _FIN
        if first & _RESERVED or second & _MASKED:
            self._violation("a frame with reserved bits, or masked")
        if kind == _BINARY or kind == _CONTINUATION:
            if (kind == _CONTINUATION) != self._fragmented:
                self._violation("a fragment out of order")
            self._fragmented = not final
        elif not _CLOSE <= kind <= _PONG:
            # [MQTT-6.0.0-1]
            self._violation("a frame of type %d, where MQTT wants binary ones" % kind)
        elif not final or second > _CONTROL_BYTES:
            self._violation("a control frame in pieces, or too long")

    def _ends(self, stream) -> None:
        """A frame has ended."""
        size = self._have
        self._have = 0
        self._need = 2
        if self._kind == _PING:
            # Of several that could not be answered yet, the last one is enough [5.5.3].
            self._pong[:size] = self._control[:size]
            self._pong_size = size
            self._push(stream)
        elif self._kind == _CLOSE:
            if size == 1:
                self._violation("a CLOSE of one byte")
            code = self._control[0] << 8 | self._control[1] if size > 1 else _NORMAL
            # A code that may not be in a frame is not sent back [7.4].
            valid = 999 < code < 1004 or 1006 < code < 1015 or 2999 < code < 5000
            self._close_code = code if valid else _PROTOCOL_ERROR
            self._fail(NX_WEBSOCKET_DISCONNECTED, "closed by the server with code %d" % code)

    def _violation(self, cause: str) -> None:
        self._close_code = _PROTOCOL_ERROR
        self._fail(NX_WEBSOCKET_INVALID_PACKET, cause)

    def _fail(self, status: int, cause: str) -> None:
        raise MQTTError(status, "websocket", cause)

    # -- the server's answer ------------------------------------------------------------------

    def _answer(self, byte: int) -> None:
        """One more byte of the answer to our request."""
        if byte != _NEWLINE:
            # Of a line that is too long the beginning tells whether it matters.
            if self._have < _CONTROL_BYTES:
                self._control[self._have] = byte
                self._have += 1
            if self._state == _ASKED:
                self._expect_http(min(self._have, len(_HTTP)))
            return
        asked = self._state == _ASKED
        if asked:
            self._expect_http(len(_HTTP))
        line = bytes(self._control[: self._have]).strip()
        self._have = 0
        if asked:
            if line[9:12] != _SWITCHING:
                text = bytearray(line)
                for place, each in enumerate(text):
                    if not 0x20 <= each < 0x7F:
                        text[place] = _UNPRINTABLE
                text = str(text, "utf-8")
                self._fail(NX_WEBSOCKET_INVALID_STATUS_CODE, "the server answers: " + text)
            self._state = _ANSWERED
        elif line:
            self._field(line)
        else:
            self._switch()

    def _expect_http(self, size: int) -> None:
        if self._have < size or self._control[:size] != _HTTP[:size]:
            self._fail(NX_WEBSOCKET_ERROR, "what answers does not speak HTTP: is it the port?")

    def _field(self, line: bytes) -> None:
        """A field of the answer: what we need of it, exactly as it must be."""
        name, _, value = line.partition(b":")
        name = name.lower()
        value = value.strip()
        tokens = [token.strip() for token in value.lower().split(b",")]
        if name == b"sec-websocket-extensions":
            self._fail(NX_WEBSOCKET_ERROR, "the server wants an extension")
        if name not in _WANTED:
            return
        good = (
            b"websocket" in tokens,
            b"upgrade" in tokens,
            value == self._accept,
            value == b"mqtt",
        )[_WANTED.index(name)]
        answered = name in self._answered
        if name[:3] == b"sec" and (answered or not good):
            self._fail(NX_WEBSOCKET_ERROR, "the server's %s is wrong" % str(name, "utf-8"))
        if good and not answered:
            self._answered.append(name)

    def _switch(self) -> None:
        """The answer is complete."""
        # The subprotocol must be there, too [MQTT-6.0.0-3].
        if len(self._answered) < len(_WANTED):
            names = [str(name, "utf-8") for name in _WANTED if name not in self._answered]
            self._fail(NX_WEBSOCKET_ERROR, "the answer lacks " + ", ".join(names))
        self._state = _UPGRADED
        self._link.stage = "connack"
        self._link = None


def _sha1(data: bytes) -> bytes:
    # CircuitPython has only `new`, MicroPython only the names.
    new = getattr(hashlib, "new", None)
    return (new("sha1", data) if new else hashlib.sha1(data)).digest()
