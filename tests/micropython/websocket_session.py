# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""One session over WebSocket frame by frame: upgrade, messages, pings, endings, refusals."""

import gc

import websocket_server
from scripted import Time
from tables.checks import require

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import nxd_mqtt_client_poll
from nxd_mqtt.websocket import *

wire = websocket_server.wire
frame = websocket_server.frame
told = []


def succeed(status: int) -> None:
    require(status == NXD_MQTT_SUCCESS, "status 0x%x" % status)


def sent(*expected) -> None:
    """The client has written exactly these frames since the last look."""
    found = websocket_server.frames()
    require(found == list(expected), "%s instead of %s" % (found, expected))


def polled(data: bytes) -> int:
    """Let a poll find these bytes."""
    wire.answer(data)
    status = nxd_mqtt_client_poll(client)
    while wire.waiting is None and not status and client._more:
        status = nxd_mqtt_client_poll(client)
    return status


def connected(client, status, context) -> None:
    told.append(("connected", status))


def ended(client) -> None:
    told.append(("ended", client.reason[0], client.reason[1]))


def create():
    ip = NX_IP()
    succeed(nx_ip_create(ip, "net", socket_pool=websocket_server.pool, clock=Time()))
    store = NX_PACKET_POOL()
    succeed(nx_packet_pool_create(store, "store", 512, None, 2 * 512))
    made = NXD_MQTT_CLIENT()
    succeed(nxd_mqtt_client_create(made, "client", "one", ip, store, memory_size=512))
    made.nxd_mqtt_connect_notify = connected
    succeed(nxd_mqtt_client_disconnect_notify_set(made, ended))
    websocket_server.set_up(made)
    return made


def connect() -> None:
    status = nxd_mqtt_client_connect(client, "broker", 80, 60, NX_TRUE, NX_NO_WAIT)
    require(status == NX_IN_PROGRESS, "status 0x%x" % status)
    websocket_server.upgrade(client)
    sent((0x82, b"\x10\x0f\0\4MQTT\4\2\0\x3c\0\3one"))
    succeed(polled(b"\x82\x04\x20\x02\x00\x00"))
    require(told == [("connected", 0)], "CONNACK: %s" % told)
    told.clear()


def exchange() -> None:
    message = b"x" * 300
    succeed(nxd_mqtt_client_publish(client, "a", message, NX_FALSE, 1, NX_NO_WAIT))
    sent((0x82, b"\x32\xb1\x02\0\1a\0\1" + message))
    # Two frames for one packet with a ping between them, and two packets in the last one.
    first = frame(b"\x32\x08\0\3a/", 0x02) + frame(b"?!", 0x89)
    succeed(polled(first + frame(b"b\1\2!\x40\2\0\1", 0x80) + frame(b"", 0x89)))
    found = websocket_server.frames()
    require((0x8A, b"?!") in found or (0x8A, b"") in found, "no PONG: %s" % found)
    require((0x82, b"\x40\2\1\2") in found, "no PUBACK: %s" % found)
    topic = bytearray(8)
    payload = bytearray(8)
    require(nxd_mqtt_client_message_get(client, topic, payload) == (0, 3, 1), "no message")
    require(topic[:3] == b"a/b" and payload[:1] == b"!", "another message")
    require(client._session.acknowledged == 1, "PUBACK")


def end() -> None:
    status = polled(frame(b"text", 0x81))
    require(status == NX_WEBSOCKET_INVALID_PACKET, "text ends the link, not 0x%x" % status)
    require(told == [("ended", "websocket", NX_WEBSOCKET_INVALID_PACKET)], "told: %s" % told)
    sent((0x88, b"\x03\xea"))
    told.clear()
    connect()
    status = polled(frame(b"\x03\xe9bye", 0x88))
    require(status == NX_WEBSOCKET_DISCONNECTED, "CLOSE ends the link, not 0x%x" % status)
    sent((0x88, b"\x03\xe9"))
    require("1001" in client.reason[2], str(client.reason))
    told.clear()
    connect()
    succeed(nxd_mqtt_client_disconnect(client))
    sent((0x82, b"\xe0\0"), (0x88, b"\x03\xe8"))
    require(wire.closed == 3, "closed %d times" % wire.closed)
    told.clear()


def refuse() -> None:
    """Answers that are no yes."""
    for answer, wanted in (
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", NX_WEBSOCKET_INVALID_STATUS_CODE),
        (b"\x20\2\0\0", NX_WEBSOCKET_ERROR),
        (b"HTTP/1.1 101 X\r\nUpgrade: websocket\r\n\r\n", NX_WEBSOCKET_ERROR),
    ):
        wire.count = 0
        told.clear()
        nxd_mqtt_client_connect(client, "broker", 80, 60, NX_TRUE, NX_NO_WAIT)
        succeed(nxd_mqtt_client_poll(client))
        status = polled(answer)
        require(status == wanted, "0x%x for %s" % (status, answer))
        require(told == [("connected", wanted)], "told: %s" % told)
        require(client.reason[0] == "websocket", str(client.reason))


client = create()
for part in (connect, exchange, end, refuse):
    # As before any connect on a board: what is free lies together.
    gc.collect()
    part()
print("websocket: as scripted")
