# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A login, and a will: the message that the broker sends for a board that has vanished.

Others see on <MQTT_TOPIC>/status whether this board is there. It says "online" itself. When it goes
in order it says "offline", too. When its power or its network goes it cannot: then the broker says
it, because the board has left these words with it when it connected. That is the will.

settings.toml: MQTT_BROKER, MQTT_USERNAME, MQTT_PASSWORD. Without TLS the password travels as it is.
"""

import os

import boards
from nxd_mqtt.nxd import (
    NX_IP,
    NX_IP_PERIODIC_RATE,
    NX_NO_WAIT,
    NX_PACKET_POOL,
    NX_TRUE,
    NXD_MQTT_CLIENT,
    NXD_MQTT_ERROR_BAD_USERNAME_PASSWORD,
    NXD_MQTT_ERROR_NOT_AUTHORIZED,
    NXD_MQTT_SUCCESS,
    nx_ip_create,
    nx_packet_pool_create,
    nxd_mqtt_client_connect,
    nxd_mqtt_client_create,
    nxd_mqtt_client_delete,
    nxd_mqtt_client_disconnect,
    nxd_mqtt_client_login_set,
    nxd_mqtt_client_poll,
    nxd_mqtt_client_publish,
    nxd_mqtt_client_will_message_set,
)

KEEPALIVE = 10  # seconds; after one and a half times that the broker takes a silent board for lost
SECONDS = 10  # how long this example stays
REFUSALS = (NXD_MQTT_ERROR_BAD_USERNAME_PASSWORD, NXD_MQTT_ERROR_NOT_AUTHORIZED)


def check(call, status, client):
    """End the program when a call has failed, and say which one and why."""
    if status:
        raise RuntimeError("%s: status 0x%X, %s" % (call, status, client.reason))


def make_client(topic):
    """A client with a login and a will, not connected yet."""
    radio = boards.connect()
    name = str(os.getenv("MQTT_CLIENT_ID") or boards.client_id())
    ip, pool, client = NX_IP(), NX_PACKET_POOL(), NXD_MQTT_CLIENT()
    status = nx_ip_create(ip, "ip", radio=radio, link_up=lambda: boards.connected(radio))
    check("nx_ip_create", status, client)
    status = nx_packet_pool_create(pool, "pool", 256, None, 8 * 256)
    check("nx_packet_pool_create", status, client)
    check("create", nxd_mqtt_client_create(client, "client", name, ip, pool), client)
    username, password = os.getenv("MQTT_USERNAME"), os.getenv("MQTT_PASSWORD")
    check("login_set", nxd_mqtt_client_login_set(client, username, password), client)
    # Retained: who asks later is told, too.
    status = nxd_mqtt_client_will_message_set(client, topic, "offline", NX_TRUE, 1)
    check("will_message_set", status, client)
    return client


def stay(client, topic):
    """Be online for a while, then say goodbye; unless the link is lost before."""
    status = nxd_mqtt_client_publish(client, topic, "online", NX_TRUE, 1, NX_NO_WAIT)
    check("publish", status, client)
    print("online")
    for _ in range(SECONDS):
        if nxd_mqtt_client_poll(client, NX_IP_PERIODIC_RATE) != NXD_MQTT_SUCCESS:
            print("the link is lost: now the broker says 'offline' for us")
            return
    # A goodbye takes the will back, so this has to be said by ourselves.
    status = nxd_mqtt_client_publish(client, topic, "offline", NX_TRUE, 0, NX_NO_WAIT)
    check("publish", status, client)
    check("disconnect", nxd_mqtt_client_disconnect(client), client)
    print("said 'offline' ourselves, and disconnected")


def main():
    """Log in, and stay until the time is over or the link is lost."""
    broker, port = os.getenv("MQTT_BROKER"), int(os.getenv("MQTT_PORT") or 1883)
    topic = str(os.getenv("MQTT_TOPIC") or "nxd_mqtt/will") + "/status"
    client = make_client(topic)
    status = nxd_mqtt_client_connect(client, broker, port, KEEPALIVE, NX_TRUE, 1000)
    if status in REFUSALS:
        print("the broker refuses MQTT_USERNAME or MQTT_PASSWORD")
    else:
        check("connect to MQTT_BROKER", status, client)
        stay(client, topic)
    check("delete", nxd_mqtt_client_delete(client), client)


if __name__ == "__main__":
    main()
