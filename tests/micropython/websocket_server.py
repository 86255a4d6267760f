# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A WebSocket server on the scripted socket: answers the upgrade, makes and opens frames."""

import hashlib
from binascii import b2a_base64

from scripted import Pool
from tables.checks import require

from nxd_mqtt.nxd import NX_SUCCESS, NXD_MQTT_SUCCESS
from nxd_mqtt.nxd_extensions import nxd_mqtt_client_poll
from nxd_mqtt.websocket import nxd_mqtt_client_websocket_set

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_KEY = b"Sec-WebSocket-Key: "
_ANSWER = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n"
    b"Sec-WebSocket-Accept: %s\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n"
)

pool = Pool()
wire = pool.wire


def frame(payload: bytes, first: int = 0x82) -> bytes:
    """A frame as a server sends it, of less than 126 bytes."""
    require(len(payload) < 126, "too long for this server")
    return bytes([first, len(payload)]) + payload


def answer_to(request: bytes) -> bytes:
    """What makes a WebSocket of the link."""
    start = request.index(_KEY) + len(_KEY)
    key = request[start : request.index(b"\r\n", start)]
    return _ANSWER % b2a_base64(hashlib.sha1(key + _GUID).digest())[:-1]


def frames() -> list:
    """The (first byte, payload) of all that the client has written since the last look."""
    written = wire.written
    found = []
    at = 0
    while at < wire.count:
        first = written[at]
        require(written[at + 1] & 0x80, "not masked")
        size = written[at + 1] & 0x7F
        at += 2
        if size == 126:
            size = written[at] << 8 | written[at + 1]
            at += 2
        payload = bytearray(written[at + 4 : at + 4 + size])
        for place in range(size):
            payload[place] ^= written[at + (place & 3)]
        found.append((first, bytes(payload)))
        at += 4 + size
    require(at == wire.count, "half a frame")
    wire.count = 0
    return found


def upgrade(client) -> None:
    """Let a client that is connecting have its WebSocket."""
    require(nxd_mqtt_client_poll(client) == NXD_MQTT_SUCCESS, "poll: %s" % (client.reason,))
    wire.answer(answer_to(bytes(wire.written[: wire.count])))
    wire.count = 0
    require(nxd_mqtt_client_poll(client) == NX_SUCCESS, "poll: %s" % (client.reason,))


def set_up(client) -> None:
    """Make a client speak WebSocket."""
    status = nxd_mqtt_client_websocket_set(client, "broker", "/mqtt")
    require(status == NXD_MQTT_SUCCESS, "set: 0x%x" % status)
