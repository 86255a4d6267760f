# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The smallest whole program: connect, subscribe, publish, and take the message that comes back.

settings.toml must name the broker: MQTT_BROKER = "its name or address". It may also have MQTT_PORT,
MQTT_CLIENT_ID and MQTT_TOPIC; settings.toml.example tells what they mean.
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
    nxd_mqtt_client_disconnect,
    nxd_mqtt_client_message_get,
    nxd_mqtt_client_poll,
    nxd_mqtt_client_publish,
    nxd_mqtt_client_subscribe,
)

QOS = 1
KEEPALIVE = 60  # seconds
LONGEST_CONNECT = 1000  # ticks of a hundredth of a second
POLLS = 100  # of a tenth of a second at most


def check(call, status, client):
    """End the program when a call has failed, and say which one and why."""
    if status:
        raise RuntimeError("%s: status 0x%X, %s" % (call, status, client.reason))


def make_client():
    """A client on this board's network, not connected yet."""
    radio = boards.connect()
    name = str(os.getenv("MQTT_CLIENT_ID") or boards.client_id())
    ip, pool, client = NX_IP(), NX_PACKET_POOL(), NXD_MQTT_CLIENT()
    status = nx_ip_create(ip, "ip", radio=radio, link_up=lambda: boards.connected(radio))
    check("nx_ip_create", status, client)
    # Up to eight packets of 256 bytes wait for their acknowledgement.
    status = nx_packet_pool_create(pool, "pool", 256, None, 8 * 256)
    check("nx_packet_pool_create", status, client)
    check("create", nxd_mqtt_client_create(client, "client", name, ip, pool), client)
    return client


def wait_for_message(client):
    """Let the client work until a message is there, and print it."""
    topic, message = bytearray(128), bytearray(128)
    for _ in range(POLLS):
        check("poll", nxd_mqtt_client_poll(client, 10), client)
        status, topic_length, length = nxd_mqtt_client_message_get(client, topic, message)
        if status != NXD_MQTT_NO_MESSAGE:
            check("message_get", status, client)
            text = (str(topic[:topic_length], "utf-8"), str(message[:length], "utf-8"))
            print("received %s: %s" % text)
            return
    print("nothing came back")


def main():
    """Send one message to ourselves."""
    broker, port = os.getenv("MQTT_BROKER"), int(os.getenv("MQTT_PORT") or 1883)
    topic = str(os.getenv("MQTT_TOPIC") or "nxd_mqtt/simpletest") + "/hello"
    client = make_client()
    status = nxd_mqtt_client_connect(client, broker, port, KEEPALIVE, NX_TRUE, LONGEST_CONNECT)
    check("connect to MQTT_BROKER", status, client)
    print("connected")
    check("subscribe", nxd_mqtt_client_subscribe(client, topic, QOS), client)
    status = nxd_mqtt_client_publish(client, topic, "hello", NX_FALSE, QOS, NX_NO_WAIT)
    check("publish", status, client)
    print("published %s: hello" % topic)
    wait_for_message(client)
    check("disconnect", nxd_mqtt_client_disconnect(client), client)
    check("delete", nxd_mqtt_client_delete(client), client)
    print("disconnected")


if __name__ == "__main__":
    main()
