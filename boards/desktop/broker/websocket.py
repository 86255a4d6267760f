# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""MQTT in WebSocket frames: what stands between a socket and a `Connection` that knows of none.

Towards asyncio it is the protocol of a socket, towards the connection the transport. RFC 6455
itself is wsproto's; here is what MQTT and the broker make of it. The connection begins with the
socket, so its patience with a client that never says CONNECT covers the handshake, too.
"""

import asyncio

from wsproto import ConnectionType, WSConnection
from wsproto.connection import ConnectionState
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Ping,
    Pong,
    RejectConnection,
    TextMessage,
)
from wsproto.frame_protocol import CloseReason
from wsproto.utilities import RemoteProtocolError

from .packets import PacketRefused, ProtocolViolation

_SUBPROTOCOL = "mqtt"
_METHOD = b"GET "
_END_OF_HEAD = b"\r\n\r\n"
_LARGEST_HEAD = 8192
_BAD_REQUEST, _NOT_FOUND, _HEAD_TOO_LARGE = 400, 404, 431

# With a frame size, a message ends after so many frames, wherever the packets do: a reader meets
# packets that span frames of one message, and packets that span messages.
_FRAMES_OF_A_MESSAGE = 3


class WebSocket(asyncio.Protocol, asyncio.Transport):
    """One socket that speaks WebSocket, and the transport of the connection behind it.

    :param Connection connection: whose bytes the frames carry
    :param counters: where it counts
    :param path: what a client has to ask for; True takes any
    :param int frame_size: largest payload of a sent frame; 0 is without limit
    """

    def __init__(self, connection, counters, path, frame_size=0):
        super().__init__()
        self._connection = connection
        self._counters = counters
        self._path = path
        self._frame_size = frame_size
        self._transport = None
        self._head = bytearray()
        self._frames = WSConnection(ConnectionType.SERVER)
        self._close_code = CloseReason.NORMAL_CLOSURE
        self._closing = False
        self._stalled = False
        self._owed_pong = None
        self._pinged = None

    # ------------------------------------------------------------ called by asyncio

    def connection_made(self, transport) -> None:
        """Begin: the client owes a request for the upgrade."""
        self._transport = transport
        self._connection.connection_made(self)

    def data_received(self, data: bytes) -> None:
        """Take bytes, of the request at first, of frames later."""
        state = self._frames.state
        if state is ConnectionState.CONNECTING:
            self._take_head(data)
        elif state is ConnectionState.OPEN or state is ConnectionState.LOCAL_CLOSING:
            self._frames.receive_data(data)
            self._take_frames()

    def pause_writing(self) -> None:
        """The client does not read."""
        self._stalled = True
        self._connection.pause_writing()

    def resume_writing(self) -> None:
        """The client reads again."""
        self._stalled = False
        pong, self._owed_pong = self._owed_pong, None
        if pong is not None and not self.is_closing():
            self._send(pong)
        self._connection.resume_writing()

    def connection_lost(self, error: Exception | None) -> None:
        """The socket is closed."""
        self._connection.connection_lost(error)

    # ------------------------------------------------------------ called by the connection

    def write(self, data: bytes) -> None:
        """Send bytes of packets in frames."""
        if self._frames.state is not ConnectionState.OPEN:
            # The client has said CLOSE, and reads nothing after the answer to it.
            return
        size = self._frame_size or len(data)
        frames = bytearray()
        for number, start in enumerate(range(0, len(data), size), 1):
            last = start + size >= len(data) or number % _FRAMES_OF_A_MESSAGE == 0
            part = BytesMessage(data[start : start + size], message_finished=last)
            frames += self._frames.send(part)
        self._transport.write(frames)

    def close(self) -> None:
        """Send CLOSE, and wait for the client's; the connection limits how long."""
        if self._closing:
            return
        self._closing = True
        state = self._frames.state
        if state is ConnectionState.OPEN or state is ConnectionState.REMOTE_CLOSING:
            self._send(CloseConnection(self._close_code))
        if state is not ConnectionState.OPEN:
            self._transport.close()

    def abort(self) -> None:
        """Close the socket at once."""
        self._transport.abort()

    def is_closing(self) -> bool:
        """Whether nothing is written any more."""
        return self._closing or self._transport.is_closing()

    def is_reading(self) -> bool:
        """As the socket's."""
        return self._transport.is_reading()

    def pause_reading(self) -> None:
        """As the socket's."""
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """As the socket's."""
        self._transport.resume_reading()

    def get_write_buffer_size(self) -> int:
        """As the socket's, frames and all."""
        return self._transport.get_write_buffer_size()

    def set_write_buffer_limits(self, high=None, low=None) -> None:
        """As the socket's."""
        self._transport.set_write_buffer_limits(high, low)

    def get_extra_info(self, name, default=None):
        """As the socket's."""
        return self._transport.get_extra_info(name, default)

    # ------------------------------------------------------------ called by the broker

    def ping(self, payload: bytes) -> None:
        """Send a PING, which the client has to answer with the same payload."""
        self._pinged = payload
        self._send(Ping(payload))

    # ------------------------------------------------------------ the handshake

    def _take_head(self, data: bytes) -> None:
        self._head += data
        end = self._head.find(_END_OF_HEAD)
        if self._head[: len(_METHOD)] != _METHOD[: len(self._head)]:
            # Said before the head has ended, as TLS or MQTT never end one.
            self._reject("not a GET")
        elif end < 0 and len(self._head) > _LARGEST_HEAD:
            self._reject("an endless request", _HEAD_TOO_LARGE)
        elif end >= 0 and end + len(_END_OF_HEAD) < len(self._head):
            self._reject("frames before the handshake was answered")
        elif end >= 0:
            self._upgrade()

    def _upgrade(self) -> None:
        try:
            self._frames.receive_data(bytes(self._head))
            request = next(self._frames.events())
        except RemoteProtocolError as refusal:
            hint = refusal.event_hint
            self._reject(str(refusal), hint.status_code, hint.headers)
            return
        except UnicodeError:
            self._reject("a header that is no text")
            return
        target = request.target
        if self._path not in (True, target, target.partition("?")[0]):
            self._reject("another path", _NOT_FOUND)
        elif _SUBPROTOCOL not in request.subprotocols:  # [MQTT-6.0.0-3]
            self._reject("no subprotocol " + _SUBPROTOCOL)
        else:
            self._send(AcceptConnection(_SUBPROTOCOL))

    def _reject(self, reason: str, status: int = _BAD_REQUEST, headers=()) -> None:
        headers = [*headers, (b"Connection", b"close")]
        self._send(RejectConnection(status, headers))
        self._connection.refuse(PacketRefused("WebSocket handshake: " + reason))

    # ------------------------------------------------------------ frames

    def _take_frames(self) -> None:
        for event in self._frames.events():
            if isinstance(event, CloseConnection):
                self._on_close(event)
            elif self.is_closing():
                continue
            elif isinstance(event, BytesMessage):
                self._connection.data_received(event.data)
            elif isinstance(event, TextMessage):
                text = "a WebSocket frame of text"
                refusal = ProtocolViolation("MQTT-6.0.0-1", text)
                self._refuse(CloseReason.UNSUPPORTED_DATA, refusal)
            elif isinstance(event, Ping):
                self._on_ping(event)
            elif isinstance(event, Pong):
                self._counters["pongs"] += event.payload == self._pinged

    def _on_ping(self, event: Ping) -> None:
        if self._stalled:
            # RFC 6455 asks for an answer to the last one only, so nothing piles up.
            self._owed_pong = event.response()
        else:
            self._send(event.response())

    def _on_close(self, event: CloseConnection) -> None:
        state = self._frames.state
        if state is ConnectionState.OPEN:
            # That was wsproto's verdict on a frame, not the client's word.
            self._refuse(event.code, PacketRefused(f"WebSocket: {event.reason}"))
        elif state is ConnectionState.REMOTE_CLOSING:
            self._close_code = event.code
            self._connection.close()
        else:
            self._transport.close()

    def _refuse(self, code: int, refusal: PacketRefused) -> None:
        self._close_code = code
        self._connection.refuse(refusal)

    def _send(self, event) -> None:
        self._transport.write(self._frames.send(event))
