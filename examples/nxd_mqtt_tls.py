# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""TLS: connect only to a broker that proves its name, and talk to it so that nobody else can read.

settings.toml: MQTT_BROKER is the name in the broker's certificate, MQTT_ROOTS the path of a PEM
file with the roots to trust. Without MQTT_ROOTS the board trusts what its firmware does. Set the
clock first (adafruit_ntp does): a certificate is valid for a time, and many boards begin in 2000.
"""

import os

import boards
from nxd_mqtt.nxd import (
    NX_FALSE,
    NX_IP,
    NX_NO_WAIT,
    NX_PACKET_POOL,
    NX_SUCCESS,
    NX_TRUE,
    NXD_MQTT_CLIENT,
    nx_ip_create,
    nx_packet_pool_create,
    nxd_mqtt_client_create,
    nxd_mqtt_client_delete,
    nxd_mqtt_client_poll,
    nxd_mqtt_client_publish,
)
from nxd_mqtt.nxd_extensions import nxd_mqtt_client_statistics_get
from nxd_mqtt.tls import (
    NXD_MQTT_TLS_PORT,
    nx_secure_tls_session_create,
    nx_secure_tls_trusted_certificate_add,
    nx_secure_x509_certificate_initialize,
    nxd_mqtt_client_secure_connect,
)

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
    status = nx_packet_pool_create(pool, "pool", 256, None, 8 * 256)
    check("nx_packet_pool_create", status, client)
    check("create", nxd_mqtt_client_create(client, "client", name, ip, pool), client)
    return client


def tls_setup(client, session, certificate, trusted_certificate):
    """Say whom to trust; called before each attempt to connect."""
    roots = os.getenv("MQTT_ROOTS")
    status = nx_secure_tls_session_create(session)
    if roots and status == NX_SUCCESS:
        status = nx_secure_x509_certificate_initialize(trusted_certificate, roots)
    if roots and status == NX_SUCCESS:
        status = nx_secure_tls_trusted_certificate_add(session, trusted_certificate)
    return status


def unacknowledged(client):
    """How many messages the broker has not acknowledged yet."""
    status, statistics = nxd_mqtt_client_statistics_get(client)
    check("statistics_get", status, client)
    return statistics["unacknowledged"]


def main():
    """Send one message that nobody on the way can read."""
    broker, port = os.getenv("MQTT_BROKER"), int(os.getenv("MQTT_PORT") or NXD_MQTT_TLS_PORT)
    topic = str(os.getenv("MQTT_TOPIC") or "nxd_mqtt/tls") + "/secret"
    client = make_client()
    status = nxd_mqtt_client_secure_connect(client, broker, port, tls_setup, 60, NX_TRUE, 1000)
    if status:
        # A number for each thing that can be wrong, and words that say what to do.
        print("not connected: stage %s, 0x%X, %s" % client.reason)
    else:
        print("connected to %s, which has proved its name" % broker)
        status = nxd_mqtt_client_publish(client, topic, "hello", NX_FALSE, 1, NX_NO_WAIT)
        check("publish", status, client)
        polls = 0
        while unacknowledged(client) and polls < POLLS:
            check("poll", nxd_mqtt_client_poll(client, 10), client)
            polls += 1
        print("published, %d not acknowledged" % unacknowledged(client))
    check("delete", nxd_mqtt_client_delete(client), client)


if __name__ == "__main__":
    main()
