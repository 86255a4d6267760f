# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Azure IoT Hub's direct methods: functions of the board that a service calls, with an answer.

There are blink, with a request like {"times": 3}, temperature, and stop, which ends the program;
another name is answered by 404, a request that cannot be used by 400. Its settings are those of the
example azure_sas.
"""

import json
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
from nxd_mqtt.azure_iot_methods import (
    nx_azure_iot_hub_client_direct_method_enable,
    nx_azure_iot_hub_client_direct_method_message_receive,
    nx_azure_iot_hub_client_direct_method_message_response,
)
from nxd_mqtt.azure_iot_status import NX_AZURE_IOT_NO_PACKET
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
MOST_BLINKS = 10


def check(call, status, hub):
    """End the program when a call has failed, and say which one and why."""
    if status:
        raise RuntimeError("%s: status 0x%X, %s" % (call, status, hub.reason))


def blink(request):
    """Blink so many times; on a board with a light it would."""
    times = request["times"]
    if not 1 <= times <= MOST_BLINKS:
        raise ValueError("times must be 1 to %d" % MOST_BLINKS)
    print("blink " * (times - 1) + "blink")
    return {"blinked": times}


def temperature(request):
    """What the chip measures, null where it cannot."""
    return {"celsius": boards.temperature()}


METHODS = {"blink": blink, "temperature": temperature, "stop": lambda request: {}}


def answer_to(name, data):
    """Call what a service wants to be called: status and answer."""
    if name not in METHODS:
        return 404, {"error": "there is no " + name}
    try:
        return 200, METHODS[name](json.loads(data) if data else {})
    except (ValueError, KeyError, TypeError) as error:
        return 400, {"error": "%s %s" % (type(error).__name__, error)}


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
    check("enable", nx_azure_iot_hub_client_direct_method_enable(hub), hub)


def serve(hub):
    """Answer one call, if one comes in time; returns its name."""
    status, name, context, request = nx_azure_iot_hub_client_direct_method_message_receive(hub, 100)
    if status == NX_AZURE_IOT_NO_PACKET:
        return None
    check("message_receive", status, hub)
    code, answer = answer_to(name, request.data)
    status = nx_azure_iot_hub_client_direct_method_message_response(
        hub, code, context, json.dumps(answer), LONGEST_WAIT
    )
    check("message_response", status, hub)
    print("%s was called, the answer is %d" % (name, code))
    return name


def unacknowledged(hub):
    """How much the hub has not acknowledged yet."""
    status, statistics = nxd_mqtt_client_statistics_get(hub)
    check("statistics_get", status, hub)
    return statistics["unacknowledged"]


def main():
    """Answer calls until stop is called, and its answer has arrived."""
    hub = NX_AZURE_IOT_HUB_CLIENT()
    text = os.getenv("AZURE_IOT_CONNECTION_STRING")
    status, settings, cause = nx_azure_iot_connection_string_parse(text)
    if status:
        raise RuntimeError("AZURE_IOT_CONNECTION_STRING: %s" % cause)
    make_hub(settings, hub)
    status = nx_azure_iot_hub_client_connect(hub, NX_FALSE, LONGEST_WAIT)
    check("connect", status, hub)
    print("connected as %s" % settings["device_id"])
    while serve(hub) != "stop":
        pass
    while unacknowledged(hub):
        check("poll", nxd_mqtt_client_poll(hub, 10), hub)
    check("deinitialize", nx_azure_iot_hub_client_deinitialize(hub), hub)


if __name__ == "__main__":
    main()
