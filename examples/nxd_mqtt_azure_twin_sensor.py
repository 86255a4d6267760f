# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
# ruff: noqa: F403, F405 - the two headers as a program in C has them
"""A sensor that Azure IoT Hub's device twin drives: the cloud says how often it reports.

The desired property interval is in milliseconds, 0 stops the program; the reported one confirms it.
A lost link loses no reading, and a change made meanwhile counts when it is back. Its settings are
those of the example azure_sas.
"""

import json
import os
import time

from adafruit_ticks import ticks_add, ticks_diff, ticks_ms

import boards
from nxd_mqtt.azure_iot import *
from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import nxd_mqtt_client_statistics_get
from nxd_mqtt.tls import NX_SECURE_X509_CERT, nx_secure_x509_certificate_initialize

LONGEST_WAIT = 1000  # ticks of a hundredth of a second
PACKET_BYTES = 1024  # a CONNECT with a token is the largest packet
BEGINNING_OF_2024 = 1704067200  # in seconds since 1970: a clock that is behind it was never set
FIRST_INTERVAL, SHORTEST, LONGEST = 100, 10, 86400000  # milliseconds


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


def on_status(hub, status):
    """The client tells of each link that it has made, and of each that is lost."""
    print("no link: 0x%X" % status if status else "connected")


def make_hub(hub, settings):
    """A hub client that connects again by itself, not connected yet."""
    radio = boards.connect()
    set_clock(radio)
    ip, pool, azure = NX_IP(), NX_PACKET_POOL(), NX_AZURE_IOT()
    check("ip", nx_ip_create(ip, "ip", radio, link_up=lambda: boards.connected(radio)), hub)
    status = nx_packet_pool_create(pool, "pool", PACKET_BYTES, None, 16 * PACKET_BYTES)
    check("nx_packet_pool_create", status, hub)
    check("nx_azure_iot_create", nx_azure_iot_create(azure, "azure", ip, pool), hub)
    host, device = settings["host_name"], settings["device_id"]
    check("initialize", nx_azure_iot_hub_client_initialize(hub, azure, host, device), hub)
    status = nx_azure_iot_hub_client_symmetric_key_set(hub, settings["symmetric_key"])
    check("symmetric_key_set", status, hub)
    port = int(os.getenv("AZURE_IOT_PORT") or 0)
    status = nx_azure_iot_hub_client_server_set(hub, settings["gateway_host"], port, NX_TRUE)
    check("server_set", status, hub)
    if os.getenv("AZURE_IOT_ROOTS"):
        roots = NX_SECURE_X509_CERT()
        status = nx_secure_x509_certificate_initialize(roots, os.getenv("AZURE_IOT_ROOTS"))
        check("AZURE_IOT_ROOTS", status, hub)
        check("cert_add", nx_azure_iot_hub_client_trusted_cert_add(hub, roots), hub)
    check("twin_enable", nx_azure_iot_hub_client_device_twin_enable(hub), hub)
    check("reconnect_set", nx_azure_iot_hub_client_reconnect_set(hub, 10, 6000), hub)
    status = nx_azure_iot_hub_client_connection_status_callback_set(hub, on_status)
    check("status_callback_set", status, hub)


class Sensor:
    """Reports in an interval that the twin sets."""

    def __init__(self, hub):
        self.hub = hub
        self.interval = FIRST_INTERVAL
        self.taken = 0
        self.due = ticks_ms()

    def obey(self, desired):
        """Do what the cloud desires, and report what was made of it."""
        wanted = desired.get("interval", self.interval)
        if not isinstance(wanted, int) or (wanted and not SHORTEST <= wanted <= LONGEST):
            wanted = self.interval
        self.interval = wanted
        self.due = ticks_ms()
        print("the interval is %d ms" % wanted)
        # Nobody waits for the answer: the report is kept until the hub has it.
        patch = '{"interval": %d}' % wanted
        status = nx_azure_iot_hub_client_device_twin_reported_properties_send(self.hub, patch, 0)[0]
        if status != NX_AZURE_IOT_NO_PACKET:
            print("the report is not handed in: 0x%X" % status)

    def ask(self):
        """Read the whole twin, at the start."""
        hub = self.hub
        status = nx_azure_iot_hub_client_device_twin_properties_request(hub, LONGEST_WAIT)
        check("properties_request", status, hub)
        status, twin = nx_azure_iot_hub_client_device_twin_properties_receive(hub, LONGEST_WAIT)
        check("properties_receive", status, hub)
        self.obey(json.loads(twin.data)["desired"])

    def turn(self):
        """Take a reading when one is due, and see what the cloud wants."""
        hub = self.hub
        if ticks_diff(self.due, ticks_ms()) <= 0:
            status, message = nx_azure_iot_hub_client_telemetry_message_create(hub, 0)
            check("message_create", status, hub)
            text = '{"reading": %d}' % (self.taken + 1)
            status = nx_azure_iot_hub_client_telemetry_send(hub, message, text, NX_NO_WAIT)
            if status != NXD_MQTT_PACKET_POOL_FAILURE:  # no room: it is offered again
                check("telemetry_send", status, hub)
                self.taken += 1
                self.due = ticks_add(self.due, self.interval)
        check("poll", nxd_mqtt_client_poll(hub, 1), hub)
        status, patch = nx_azure_iot_hub_client_device_twin_desired_properties_receive(hub, 0)
        if not status:
            self.obey(json.loads(patch.data))
        elif status not in (NX_AZURE_IOT_NO_PACKET, NX_AZURE_IOT_DISCONNECTED):
            print("desired properties that cannot be used: 0x%X" % status)


def main():
    """Report until the twin says stop, and go on until all is acknowledged."""
    hub = NX_AZURE_IOT_HUB_CLIENT()
    text = os.getenv("AZURE_IOT_CONNECTION_STRING")
    status, settings, cause = nx_azure_iot_connection_string_parse(text)
    if status:
        raise RuntimeError("AZURE_IOT_CONNECTION_STRING: %s" % cause)
    make_hub(hub, settings)
    check("connect", nx_azure_iot_hub_client_connect(hub, NX_FALSE, LONGEST_WAIT), hub)
    sensor = Sensor(hub)
    sensor.ask()
    while sensor.interval:
        sensor.turn()
    counted = {"unacknowledged": 1}
    while counted["unacknowledged"]:
        check("poll", nxd_mqtt_client_poll(hub, 10), hub)
        status, counted = nxd_mqtt_client_statistics_get(hub)
        check("statistics_get", status, hub)
    print("stopped: readings=%d reconnects=%d" % (sensor.taken, counted["reconnects"]))
    check("deinitialize", nx_azure_iot_hub_client_deinitialize(hub), hub)


if __name__ == "__main__":
    main()
