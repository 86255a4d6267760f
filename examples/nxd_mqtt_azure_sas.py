# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Azure IoT Hub with a device's key: telemetry with properties, and a message from the cloud.

settings.toml: AZURE_IOT_CONNECTION_STRING is the device's own, as the portal shows it. There may be
AZURE_IOT_ROOTS, the path of a PEM file with the roots to trust, and AZURE_IOT_PORT for a hub that
listens elsewhere. A token is signed for a time: where the board has no clock the network is asked,
which takes adafruit_ntp in lib/.
"""

import os
import time

import boards
from nxd_mqtt.azure_iot_connection import (
    NX_AZURE_IOT,
    NX_AZURE_IOT_HUB_CLIENT,
    nx_azure_iot_connection_string_parse,
    nx_azure_iot_create,
    nx_azure_iot_hub_client_connect,
    nx_azure_iot_hub_client_deinitialize,
    nx_azure_iot_hub_client_initialize,
    nx_azure_iot_hub_client_server_set,
    nx_azure_iot_hub_client_symmetric_key_set,
    nx_azure_iot_hub_client_trusted_cert_add,
)
from nxd_mqtt.azure_iot_messages import (
    nx_azure_iot_hub_client_cloud_message_enable,
    nx_azure_iot_hub_client_cloud_message_properties_get,
    nx_azure_iot_hub_client_cloud_message_receive,
)
from nxd_mqtt.azure_iot_status import NX_AZURE_IOT_NO_PACKET
from nxd_mqtt.azure_iot_telemetry import (
    nx_azure_iot_hub_client_telemetry_message_create,
    nx_azure_iot_hub_client_telemetry_property_add,
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
PACKET_BYTES = 1024  # a CONNECT with a token is the largest packet
BEGINNING_OF_2024 = 1704067200  # in seconds since 1970: a clock that is behind it was never set


def check(call, status, hub):
    """End the program when a call has failed, and say which one and why."""
    if status:
        raise RuntimeError("%s: status 0x%X, %s" % (call, status, hub.reason))


def set_clock(radio):
    """Ask the network what time it is, unless the board knows."""
    if time.time() < BEGINNING_OF_2024:
        import rtc
        from adafruit_connection_manager import get_radio_socketpool
        from adafruit_ntp import NTP

        rtc.RTC().datetime = NTP(get_radio_socketpool(radio), tz_offset=0).datetime


def make_hub(settings, hub):
    """A hub client on this board's network, not connected yet."""
    radio = boards.connect()
    set_clock(radio)
    ip, pool, azure = NX_IP(), NX_PACKET_POOL(), NX_AZURE_IOT()
    status = nx_ip_create(ip, "ip", radio=radio, link_up=lambda: boards.connected(radio))
    check("nx_ip_create", status, hub)
    status = nx_packet_pool_create(pool, "pool", PACKET_BYTES, None, 4 * PACKET_BYTES)
    check("nx_packet_pool_create", status, hub)
    check("nx_azure_iot_create", nx_azure_iot_create(azure, "azure", ip, pool), hub)
    host, device = settings["host_name"], settings["device_id"]
    check("initialize", nx_azure_iot_hub_client_initialize(hub, azure, host, device), hub)
    status = nx_azure_iot_hub_client_symmetric_key_set(hub, settings["symmetric_key"])
    check("symmetric_key_set", status, hub)
    port = int(os.getenv("AZURE_IOT_PORT") or 0)
    status = nx_azure_iot_hub_client_server_set(hub, settings["gateway_host"], port, NX_TRUE)
    check("server_set", status, hub)
    roots = os.getenv("AZURE_IOT_ROOTS")
    if roots:
        certificate = NX_SECURE_X509_CERT()
        status = nx_secure_x509_certificate_initialize(certificate, roots)
        check("AZURE_IOT_ROOTS", status, hub)
        status = nx_azure_iot_hub_client_trusted_cert_add(hub, certificate)
        check("trusted_cert_add", status, hub)


def send(hub, number):
    """Send a reading; it is kept until the hub has it."""
    status, message = nx_azure_iot_hub_client_telemetry_message_create(hub, 0)
    check("message_create", status, hub)
    for name, value in (("$.ct", "application/json"), ("$.ce", "utf-8"), ("room", "green house")):
        status = nx_azure_iot_hub_client_telemetry_property_add(message, name, value, 0)
        check("property_add", status, hub)
    text = '{"reading": %d}' % number
    status = nx_azure_iot_hub_client_telemetry_send(hub, message, text, LONGEST_WAIT)
    check("telemetry_send", status, hub)
    print("sent %s" % text)


def unacknowledged(hub):
    """How much the hub has not acknowledged yet."""
    status, statistics = nxd_mqtt_client_statistics_get(hub)
    check("statistics_get", status, hub)
    return statistics["unacknowledged"]


def receive(hub):
    """Wait for a message from the cloud, and print it."""
    status, message = nx_azure_iot_hub_client_cloud_message_receive(hub, LONGEST_WAIT)
    if status == NX_AZURE_IOT_NO_PACKET:
        print("the cloud has sent nothing")
        return
    check("cloud_message_receive", status, hub)
    print("the cloud says: %s" % str(message.data, "utf-8"))
    status, pairs = nx_azure_iot_hub_client_cloud_message_properties_get(hub, message)
    check("properties_get", status, hub)
    for name, value in pairs:
        if not name.startswith("$"):
            print("with %s = %s" % (name, value))


def main():
    """Send three readings, and take one message."""
    hub = NX_AZURE_IOT_HUB_CLIENT()
    text = os.getenv("AZURE_IOT_CONNECTION_STRING")
    status, settings, cause = nx_azure_iot_connection_string_parse(text)
    if status:
        raise RuntimeError("AZURE_IOT_CONNECTION_STRING: %s" % cause)
    make_hub(settings, hub)
    check("enable", nx_azure_iot_hub_client_cloud_message_enable(hub), hub)
    # Not a clean session: the hub delivers what it was told while we were away.
    status = nx_azure_iot_hub_client_connect(hub, NX_FALSE, LONGEST_WAIT)
    check("connect", status, hub)
    print("connected as %s" % settings["device_id"])
    for number in range(1, 4):
        send(hub, number)
    while unacknowledged(hub):
        check("poll", nxd_mqtt_client_poll(hub, 10), hub)
    print("all is acknowledged")
    receive(hub)
    check("deinitialize", nx_azure_iot_hub_client_deinitialize(hub), hub)


if __name__ == "__main__":
    main()
