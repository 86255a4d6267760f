# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A session over the interpreter's own TLS: connect, QoS 1 both ways, disconnect, and once more.

Arguments: the host to connect to and its port, the path of the root to trust, the host name that
the certificate must have or ``-`` for the host, and where it shows one, the paths of a certificate
and its key. Prints what was received, or why there is no connection.
"""

import sys

import tls_contexts
from radio import Radio
from tables.checks import require

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import nxd_mqtt_client_poll, nxd_mqtt_client_statistics_get
from nxd_mqtt.tls import *

# Before anybody imports the one of the interpreter.
sys.modules["ssl"] = tls_contexts

HOST, PORT, ROOT, NAME = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
OWN = sys.argv[5:]
SECONDS = NX_IP_PERIODIC_RATE
# The larger ones fill several TLS records of the other end.
SIZES = (0, 1, 300, 1000)

setups = []
acknowledged = []


def succeed(status: int) -> None:
    require(status == NXD_MQTT_SUCCESS, "status 0x%x" % status)


def tls_setup(client, session, certificate, trusted_certificate) -> int:
    setups.append(session)
    succeed(nx_secure_tls_session_create(session))
    succeed(nx_secure_x509_certificate_initialize(trusted_certificate, ROOT))
    succeed(nx_secure_tls_trusted_certificate_add(session, trusted_certificate))
    if OWN:
        succeed(nx_secure_x509_certificate_initialize(certificate, OWN[0], None, OWN[1]))
        succeed(nx_secure_tls_local_certificate_add(session, certificate))
    if NAME != "-":
        name = NX_SECURE_X509_DNS_NAME()
        succeed(nx_secure_x509_dns_name_initialize(name, NAME))
        succeed(nx_secure_tls_session_sni_extension_set(session, name))
    return NX_SUCCESS


def acknowledge(client, kind, packet_id, return_code, context) -> None:
    acknowledged.append(kind)


def create(radio):
    ip, pool, client = NX_IP(), NX_PACKET_POOL(), NXD_MQTT_CLIENT()
    succeed(nx_ip_create(ip, "net", radio))
    succeed(nx_packet_pool_create(pool, "store", 1100, None, 4 * 1100))
    succeed(nxd_mqtt_client_create(client, "client", "bench", ip, pool, memory_size=4096))
    client.nxd_mqtt_ack_receive_notify = acknowledge
    return client


def wait_until(client, ready) -> None:
    for _ in range(1000):
        if ready():
            return
        succeed(nxd_mqtt_client_poll(client, SECONDS))
    require(False, "too many polls")


def session(client) -> int:
    """The rest of a life: there and back; returns how many messages came."""
    topic, message = bytearray(8), bytearray(1100)
    got = []

    def take() -> bool:
        while True:
            status, _, length = nxd_mqtt_client_message_get(client, topic, message)
            if status != NXD_MQTT_SUCCESS:
                return len(got) == len(SIZES)
            got.append(bytes(message[:length]))

    del acknowledged[:]
    succeed(nxd_mqtt_client_subscribe(client, "tls", 1))
    wait_until(client, lambda: acknowledged)
    for size in SIZES:
        succeed(nxd_mqtt_client_publish(client, "tls", b"\x5a" * size, NX_FALSE, 1, 5 * SECONDS))
    wait_until(client, take)
    wait_until(client, lambda: len(acknowledged) == 1 + len(SIZES))
    require([len(one) for one in got] == list(SIZES), "sizes")
    require(all(one == b"\x5a" * len(one) for one in got), "payloads")
    succeed(nxd_mqtt_client_disconnect(client))
    return len(got)


def main() -> None:
    radio = Radio()
    client = create(radio)
    received = 0
    for life in range(2):
        status = nxd_mqtt_client_secure_connect(
            client, HOST, PORT, tls_setup, 30, NX_TRUE, 5 * SECONDS
        )
        if status:
            stage, number, words = client.reason
            print("0x%x %s 0x%x %s" % (status, stage, number, words))
            return
        require(len(setups) == 1 + life, "one setup for each attempt")
        received += session(client)
    figures = nxd_mqtt_client_statistics_get(client)[1]
    print("received %d, unacknowledged %d" % (received, figures["unacknowledged"]))


main()
