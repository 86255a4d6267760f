# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Azure IoT Hub with a certificate instead of a key: nothing is signed, and no token runs out.

settings.toml: AZURE_IOT_CONNECTION_STRING ends with x509=true; AZURE_IOT_CERTIFICATE and
AZURE_IOT_KEY are the paths of PEM files. The certificate's common name is the device's id. There
may be AZURE_IOT_ROOTS and AZURE_IOT_PORT. Hubs look at the dates of a certificate, so does TLS on
some boards: set the clock there, as the example azure_sas does.
"""

import os

import boards
from nxd_mqtt.azure_iot_connection import (
    NX_AZURE_IOT,
    NX_AZURE_IOT_HUB_CLIENT,
    nx_azure_iot_connection_string_parse,
    nx_azure_iot_create,
    nx_azure_iot_hub_client_connect,
    nx_azure_iot_hub_client_deinitialize,
    nx_azure_iot_hub_client_device_cert_set,
    nx_azure_iot_hub_client_initialize,
    nx_azure_iot_hub_client_server_set,
    nx_azure_iot_hub_client_trusted_cert_add,
)
from nxd_mqtt.azure_iot_telemetry import (
    nx_azure_iot_hub_client_telemetry_message_create,
    nx_azure_iot_hub_client_telemetry_send,
)
from nxd_mqtt.nxd import (
    NX_FALSE,
    NX_IP,
    NX_PACKET_POOL,
    NX_TRUE,
    nx_ip_create,
    nx_packet_pool_create,
    nxd_mqtt_client_poll,
)
from nxd_mqtt.nxd_extensions import nxd_mqtt_client_statistics_get
from nxd_mqtt.tls import NX_SECURE_X509_CERT, nx_secure_x509_certificate_initialize

LONGEST_WAIT = 1000  # ticks of a hundredth of a second
PACKET_BYTES = 512  # without a token a CONNECT is short


def check(call, status, hub):
    """End the program when a call has failed, and say which one and why."""
    if status:
        raise RuntimeError("%s: status 0x%X, %s" % (call, status, hub.reason))


def read_certificate(hub, name, key=None):
    """The certificate in a file that a setting names, with the key that another one names."""
    certificate = NX_SECURE_X509_CERT()
    path = os.getenv(name)
    status = nx_secure_x509_certificate_initialize(certificate, path, None, key and os.getenv(key))
    check(name, status, hub)
    return certificate


def make_hub(settings, hub):
    """A hub client on this board's network, not connected yet."""
    radio = boards.connect()
    ip, pool, azure = NX_IP(), NX_PACKET_POOL(), NX_AZURE_IOT()
    status = nx_ip_create(ip, "ip", radio=radio, link_up=lambda: boards.connected(radio))
    check("nx_ip_create", status, hub)
    status = nx_packet_pool_create(pool, "pool", PACKET_BYTES, None, 4 * PACKET_BYTES)
    check("nx_packet_pool_create", status, hub)
    check("nx_azure_iot_create", nx_azure_iot_create(azure, "azure", ip, pool), hub)
    host, device = settings["host_name"], settings["device_id"]
    check("initialize", nx_azure_iot_hub_client_initialize(hub, azure, host, device), hub)
    port = int(os.getenv("AZURE_IOT_PORT") or 0)
    status = nx_azure_iot_hub_client_server_set(hub, settings["gateway_host"], port, NX_TRUE)
    check("server_set", status, hub)
    certificate = read_certificate(hub, "AZURE_IOT_CERTIFICATE", "AZURE_IOT_KEY")
    status = nx_azure_iot_hub_client_device_cert_set(hub, certificate)
    check("device_cert_set", status, hub)
    if os.getenv("AZURE_IOT_ROOTS"):
        certificate = read_certificate(hub, "AZURE_IOT_ROOTS")
        status = nx_azure_iot_hub_client_trusted_cert_add(hub, certificate)
        check("trusted_cert_add", status, hub)


def unacknowledged(hub):
    """How much the hub has not acknowledged yet."""
    status, statistics = nxd_mqtt_client_statistics_get(hub)
    check("statistics_get", status, hub)
    return statistics["unacknowledged"]


def main():
    """Send one message as somebody who has shown a certificate."""
    hub = NX_AZURE_IOT_HUB_CLIENT()
    text = os.getenv("AZURE_IOT_CONNECTION_STRING")
    status, settings, cause = nx_azure_iot_connection_string_parse(text)
    if status:
        raise RuntimeError("AZURE_IOT_CONNECTION_STRING: %s" % cause)
    make_hub(settings, hub)
    status = nx_azure_iot_hub_client_connect(hub, NX_FALSE, LONGEST_WAIT)
    if status:
        # A hub that does not know the certificate says so here, as one that refuses a token.
        print("not connected: stage %s, 0x%X, %s" % hub.reason)
    else:
        print("connected with the certificate of %s" % settings["device_id"])
        status, message = nx_azure_iot_hub_client_telemetry_message_create(hub, 0)
        check("message_create", status, hub)
        status = nx_azure_iot_hub_client_telemetry_send(hub, message, "hello", LONGEST_WAIT)
        check("telemetry_send", status, hub)
        while unacknowledged(hub):
            check("poll", nxd_mqtt_client_poll(hub, 10), hub)
        print("sent, and acknowledged")
    check("deinitialize", nx_azure_iot_hub_client_deinitialize(hub), hub)


if __name__ == "__main__":
    main()
