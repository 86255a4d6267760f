# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""MQTT in WebSocket frames, for networks that let nothing else pass.

settings.toml: MQTT_BROKER, and MQTT_WEBSOCKET, the path on the server. One more line before the
connect is all that a program needs. With TLS as well, as most servers want it, the connect is that
of the TLS example, and the port 443.
"""

import os

import boards
from nxd_mqtt.nxd import (
    NX_FALSE,
    NX_IP,
    NX_NO_WAIT,
    NX_PACKET_POOL,
    NX_TRUE,
    NXD_MQTT_CLIENT,
    NXD_MQTT_NO_MESSAGE,
    nx_ip_create,
    nx_packet_pool_create,
    nxd_mqtt_client_connect,
    nxd_mqtt_client_create,
    nxd_mqtt_client_delete,
    nxd_mqtt_client_message_get,
    nxd_mqtt_client_poll,
    nxd_mqtt_client_publish,
    nxd_mqtt_client_subscribe,
)
from nxd_mqtt.websocket import nxd_mqtt_client_websocket_set

POLLS = 100  # of a tenth of a second at most


def check(call, status, client):
    """End the program when a call has failed, and say which one and why."""
    if status:
        raise RuntimeError("%s: status 0x%X, %s" % (call, status, client.reason))


def make_client(broker, path):
    """A client that speaks WebSocket, not connected yet."""
    radio = boards.connect()
    name = str(os.getenv("MQTT_CLIENT_ID") or boards.client_id())
    ip, pool, client = NX_IP(), NX_PACKET_POOL(), NXD_MQTT_CLIENT()
    status = nx_ip_create(ip, "ip", radio=radio, link_up=lambda: boards.connected(radio))
    check("nx_ip_create", status, client)
    status = nx_packet_pool_create(pool, "pool", 256, None, 8 * 256)
    check("nx_packet_pool_create", status, client)
    check("create", nxd_mqtt_client_create(client, "client", name, ip, pool), client)
    check("websocket_set", nxd_mqtt_client_websocket_set(client, broker, path), client)
    return client


def wait_for_message(client):
    """Let the client work until a message is there, and print it."""
    topic, message = bytearray(128), bytearray(128)
    for _ in range(POLLS):
        check("poll", nxd_mqtt_client_poll(client, 10), client)
        status, _, length = nxd_mqtt_client_message_get(client, topic, message)
        if status != NXD_MQTT_NO_MESSAGE:
            check("message_get", status, client)
            print("received: %s" % str(message[:length], "utf-8"))
            return
    print("nothing came back")


def main():
    """Send one message to ourselves, in frames."""
    broker, port = os.getenv("MQTT_BROKER"), int(os.getenv("MQTT_PORT") or 80)
    path = os.getenv("MQTT_WEBSOCKET") or "/mqtt"
    topic = str(os.getenv("MQTT_TOPIC") or "nxd_mqtt/websocket") + "/hello"
    client = make_client(broker, path)
    status = nxd_mqtt_client_connect(client, broker, port, 60, NX_TRUE, 1000)
    if status:
        # A wrong path shows here as the server's own words, where the server looks at it.
        print("not connected: stage %s, 0x%X, %s" % client.reason)
    else:
        print("connected by WebSocket at %s" % path)
        check("subscribe", nxd_mqtt_client_subscribe(client, topic, 1), client)
        status = nxd_mqtt_client_publish(client, topic, "framed", NX_FALSE, 1, NX_NO_WAIT)
        check("publish", status, client)
        wait_for_message(client)
    check("delete", nxd_mqtt_client_delete(client), client)


if __name__ == "__main__":
    main()
