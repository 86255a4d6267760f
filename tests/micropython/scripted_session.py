# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""One session byte by byte on a scripted socket: connect, subscribe, publish, receive, end."""

from scripted import Pool, Time
from tables.checks import require

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import nxd_mqtt_client_poll, nxd_mqtt_client_statistics_get

pool = Pool()
wire = pool.wire
now = Time()
told = []


def sent(expected: bytes) -> None:
    """The client has written exactly this since the last look."""
    written = bytes(wire.written[: wire.count])
    require(written == expected, "%s instead of %s" % (written, expected))
    wire.count = 0


def succeed(status: int) -> None:
    require(status == NXD_MQTT_SUCCESS, "status 0x%x" % status)


def acknowledged(client, kind, packet_id, return_code, context) -> None:
    told.append((kind, packet_id, return_code))


def connected(client, status, context) -> None:
    told.append(("connected", status))


def ended(client) -> None:
    told.append(("ended", client.reason[1]))


def create():
    ip = NX_IP()
    succeed(nx_ip_create(ip, "net", socket_pool=pool, clock=now))
    store = NX_PACKET_POOL()
    succeed(nx_packet_pool_create(store, "store", 128, None, 4 * 128))
    client = NXD_MQTT_CLIENT()
    succeed(nxd_mqtt_client_create(client, "client", "one", ip, store, memory_size=256))
    client.nxd_mqtt_ack_receive_notify = acknowledged
    client.nxd_mqtt_connect_notify = connected
    succeed(nxd_mqtt_client_disconnect_notify_set(client, ended))
    return client


def connect(client) -> None:
    status = nxd_mqtt_client_connect(client, "broker", 1883, 60, NX_FALSE, NX_NO_WAIT)
    require(status == NX_IN_PROGRESS, "status 0x%x" % status)
    succeed(nxd_mqtt_client_poll(client))
    sent(b"\x10\x0f\0\4MQTT\4\0\0\x3c\0\3one")
    wire.answer(b"\x20\2\1\0")
    succeed(nxd_mqtt_client_poll(client))
    require(told == [("connected", 0)] and client.session_present, "CONNACK: %s" % told)
    told.clear()


def exchange(client) -> None:
    succeed(nxd_mqtt_client_subscribe(client, "a/+", 1))
    sent(b"\x82\x08\0\1\0\3a/+\1")
    wire.answer(b"\x90\3\0\1\1")
    succeed(nxd_mqtt_client_poll(client))
    succeed(nxd_mqtt_client_publish(client, "a/b", b"\0\xff", NX_FALSE, 1, NX_NO_WAIT))
    sent(b"\x32\x09\0\3a/b\0\2\0\xff")
    wire.answer(b"\x40\2\0\2" + b"\x32\x08\0\3a/b\1\2!" + b"\x31\x07\0\3a/c??")
    succeed(nxd_mqtt_client_poll(client))
    sent(b"\x40\2\1\2")
    require(told == [(9, 1, 1), (4, 2, None)], "acknowledgements: %s" % told)
    told.clear()
    succeed(nxd_mqtt_client_publish(client, "a", "text", NX_TRUE, 0, NX_NO_WAIT))
    sent(b"\x31\x07\0\1atext")


def take(client, topic: bytes, message: bytes, quality: int, retain: int) -> None:
    topics = bytearray(16)
    messages = bytearray(16)
    status, topic_length, message_length = nxd_mqtt_client_message_get(client, topics, messages)
    succeed(status)
    require(topics[:topic_length] == topic and messages[:message_length] == message, "message")
    require((client.message_qos, client.message_retain) == (quality, retain), "its flags")


def end(client) -> None:
    now.now += 55000
    succeed(nxd_mqtt_client_poll(client))
    sent(b"\xc0\0")
    wire.answer(b"\xd0\0")
    succeed(nxd_mqtt_client_poll(client))
    wire.answer(b"\x36\6\0\1t\0\1m")
    require(nxd_mqtt_client_poll(client) == NXD_MQTT_INVALID_PACKET, "QoS 3 ends the link")
    require(told == [("ended", NXD_MQTT_INVALID_PACKET)], "told: %s" % told)
    require("QoS 3" in client.reason[2] and wire.closed == 1, str(client.reason))
    told.clear()


def again(client) -> None:
    connect(client)
    succeed(nxd_mqtt_client_disconnect(client))
    sent(b"\xe0\0")
    require(wire.closed == 2, "closed %d times" % wire.closed)
    figures = nxd_mqtt_client_statistics_get(client)[1]
    for name, expected in (("published", 2), ("acknowledged", 1), ("received", 2), ("unread", 0)):
        require(figures[name] == expected, "%s %d" % (name, figures[name]))
    succeed(nxd_mqtt_client_delete(client))


def main() -> None:
    client = create()
    connect(client)
    exchange(client)
    take(client, b"a/b", b"!", 1, 0)
    take(client, b"a/c", b"??", 0, 1)
    end(client)
    again(client)
    print("session: as scripted")


main()
