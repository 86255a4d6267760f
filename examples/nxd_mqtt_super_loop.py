# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A super-loop: the client gets a short turn between other work, and holds none of it up.

The other work is a light that blinks every 50 ms. Every tenth time a report goes out; what comes
back on <MQTT_TOPIC>/command is printed. Only a poll that opens a link may take long, because
looking up a name and connecting block on a board; so the loop begins when there is a link.
"""

import os
import time

from adafruit_ticks import ticks_add, ticks_diff, ticks_ms

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

BLINKS = 38
INTERVAL = 50  # milliseconds between two changes of the light
BLINKS_PER_REPORT = 10


def check(call, status, client):
    """End the program when a call has failed, and say which one and why."""
    if status:
        raise RuntimeError("%s: status 0x%X, %s" % (call, status, client.reason))


class Light:
    """The other work: a light that is switched on and off, when it is time for that."""

    def __init__(self):
        self.on = False
        self.count = 0
        self._due = ticks_ms()

    def turn(self):
        """Switch it, if it is time; returns whether it was."""
        if ticks_diff(ticks_ms(), self._due) < 0:
            return False
        self._due = ticks_add(self._due, INTERVAL)
        self.on = not self.on  # here a board sets the value of a digitalio.DigitalInOut
        self.count += 1
        return True


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


def print_commands(client, topic, message):
    """Take what has come, without waiting for more."""
    while True:
        status, _, length = nxd_mqtt_client_message_get(client, topic, message)
        if status == NXD_MQTT_NO_MESSAGE:
            return
        check("message_get", status, client)
        print("command: %s" % str(message[:length], "utf-8"))


def loop(client, base):
    """The super-loop; returns how many milliseconds the longest poll has taken."""
    light = Light()
    topic, message = bytearray(128), bytearray(128)
    longest = 0
    while light.count < BLINKS:
        if light.turn() and light.count % BLINKS_PER_REPORT == 0:
            report = "%d" % light.count
            status = nxd_mqtt_client_publish(
                client, base + "/telemetry", report, NX_FALSE, 1, NX_NO_WAIT
            )
            check("publish", status, client)
        began = ticks_ms()
        check("poll", nxd_mqtt_client_poll(client, NX_NO_WAIT), client)
        longest = max(longest, ticks_diff(ticks_ms(), began))
        print_commands(client, topic, message)
        time.sleep(0.001)  # stands for all the other work
    return longest


def main():
    """Blink and report, at the same time."""
    broker, port = os.getenv("MQTT_BROKER"), int(os.getenv("MQTT_PORT") or 1883)
    base = str(os.getenv("MQTT_TOPIC") or "nxd_mqtt/super_loop")
    client = make_client()
    check(
        "connect to MQTT_BROKER",
        nxd_mqtt_client_connect(client, broker, port, 60, NX_TRUE, 1000),
        client,
    )
    check("subscribe", nxd_mqtt_client_subscribe(client, base + "/command", 1), client)
    print("connected, the light blinks")
    longest = loop(client, base)
    print("blinked %d times, no poll took longer than %d ms" % (BLINKS, longest))
    check("delete", nxd_mqtt_client_delete(client), client)


if __name__ == "__main__":
    main()
