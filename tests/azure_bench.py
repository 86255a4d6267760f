# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A device on the bench: a hub client on the doubles, a played hub, a program that takes notes."""

from doubles.clock import Clock
from doubles.dialects import CPYTHON_TCP
from doubles.platform import Platform
from doubles.played_hub import DEVICE, HOST, KEY, START, PlayedHub

from nxd_mqtt.azure_iot import *
from nxd_mqtt.nxd import NX_PACKET_POOL, nx_packet_pool_create
from nxd_mqtt.nxd_extensions import nxd_mqtt_client_poll

IDLE, CONNECTING, CONNECTED = 1, 2, 3
SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000
PORT = 1883
ALL = "cloud", "methods", "twin"

_ENABLE = {
    "cloud": nx_azure_iot_hub_client_cloud_message_enable,
    "methods": nx_azure_iot_hub_client_direct_method_enable,
    "twin": nx_azure_iot_hub_client_device_twin_enable,
}


class Device:
    """A hub client and its program; ``told`` are the statuses of the connection callback.

    :param features: what is enabled: "cloud", "methods", "twin"
    :param again: (minimum, maximum) of ``reconnect_set``, or None
    :param life: seconds of a token's life
    :param ip: a platform over the doubles, or None for a new one
    """

    def __init__(
        self,
        features=ALL,
        again=None,
        life=None,
        key=KEY,
        payload_size=1024,
        depth=8,
        queue=4096,
        dialect=CPYTHON_TCP,
        start=0,
        ip=None,
    ):
        self.ip = ip or Platform(Clock(start), dialect, link_up=lambda: self.network)
        self.clock = self.ip.time
        self.network = True
        self.sockets = self.ip.sockets
        self.sockets.hosts[HOST] = "192.0.2.20"
        self.hub = PlayedHub(self.clock)
        self.sockets.listen(PORT, self.hub)
        self.skew = 0
        """Seconds that the device's own clock is ahead."""
        self.pool = NX_PACKET_POOL()
        nx_packet_pool_create(self.pool, "packets", payload_size, None, payload_size * depth)
        self.azure = NX_AZURE_IOT()
        good(nx_azure_iot_create(self.azure, "azure", self.ip, self.pool, unix_time=self.unix_time))
        self.client = NX_AZURE_IOT_HUB_CLIENT()
        self.queue = queue
        self.told, self.acknowledged, self.doing = [], [], {}
        self.given_key, self.life, self.again, self.features = key, life, again, features
        self.begin()

    def begin(self):
        """Create the client with all that was asked for."""
        self.initialize()
        client = self.client
        if self.given_key:
            good(nx_azure_iot_hub_client_symmetric_key_set(client, self.given_key))
        if self.life:
            good(nx_azure_iot_hub_client_token_life_set(client, self.life))
        if self.again:
            good(nx_azure_iot_hub_client_reconnect_set(client, *self.again))
        for feature in self.features:
            good(_ENABLE[feature](client))

    def initialize(self):
        """Create the client and set its callbacks."""
        client = self.client
        good(
            nx_azure_iot_hub_client_initialize(
                client, self.azure, HOST, DEVICE, memory_size=self.queue
            )
        )
        good(nx_azure_iot_hub_client_server_set(client, None, PORT, 0))
        good(nx_azure_iot_hub_client_connection_status_callback_set(client, self._on_status))
        good(nx_azure_iot_hub_client_telemetry_ack_callback_set(client, self._on_acknowledge))

    # what the client calls

    def unix_time(self):
        """Seconds since 1970, as the device believes."""
        return START + self.clock.elapsed // 1000 + self.skew

    def _on_status(self, client, status):
        assert client is self.client
        self.told.append(status)
        if "status" in self.doing:
            self.doing["status"](status)

    def _on_acknowledge(self, client, packet_id):
        assert client is self.client
        self.acknowledged.append(packet_id)

    # verbs

    def start(self, wait=500, clean=0):
        """Connect; returns the status."""
        return nx_azure_iot_hub_client_connect(self.client, clean, wait)

    def connect(self, clean=0):
        """Connect, with success; forget what the callback was told."""
        good(self.start(500, clean))
        self.poll()
        self.told.clear()
        return self

    def poll(self, wait=0):
        """One turn of at most ``wait`` ticks."""
        return nxd_mqtt_client_poll(self.client, wait)

    def polls(self, count=4):
        """Some turns in a row, without a wait."""
        for _ in range(count):
            self.poll()

    def run(self, milliseconds, until=lambda: False):
        """Poll for so long; a program that has no link sleeps a second between two looks."""
        end = self.clock.elapsed + milliseconds
        while self.clock.elapsed < end and not until():
            ticks = -(-(end - self.clock.elapsed) // 10)
            if self.client.state == IDLE:
                self.clock.advance(min(SECOND, end - self.clock.elapsed))
                ticks = 0
            self.poll(ticks)

    def disconnect(self):
        """End the link in order."""
        good(nx_azure_iot_hub_client_disconnect(self.client))

    def message(self, *pairs):
        """Telemetry that is begun, with properties."""
        status, packet = nx_azure_iot_hub_client_telemetry_message_create(self.client, 0)
        good(status)
        for name, value in pairs:
            good(nx_azure_iot_hub_client_telemetry_property_add(packet, name, value, 0))
        return packet

    def telemetry(self, data, *pairs, wait=0, quality=1):
        """Send telemetry; returns the status."""
        packet = self.message(*pairs)
        good(nx_azure_iot_hub_client_telemetry_options_set(packet, quality, 0))
        return nx_azure_iot_hub_client_telemetry_send(self.client, packet, data, wait)

    def cloud_message(self, wait=0):
        """(status, payload) of the next message from the cloud."""
        return taken(nx_azure_iot_hub_client_cloud_message_receive(self.client, wait))

    def desired(self, wait=0):
        """(status, payload) of the next desired properties."""
        client = self.client
        return taken(nx_azure_iot_hub_client_device_twin_desired_properties_receive(client, wait))

    def document(self, wait=0):
        """(status, payload) of the whole twin that was asked for."""
        return taken(nx_azure_iot_hub_client_device_twin_properties_receive(self.client, wait))

    def request(self, wait=0):
        """Ask for the whole twin; returns the status."""
        return nx_azure_iot_hub_client_device_twin_properties_request(self.client, wait)

    def report(self, patch=b'{"a":1}', wait=0):
        """(status, request id, response status, version)"""
        return nx_azure_iot_hub_client_device_twin_reported_properties_send(
            self.client, patch, wait
        )

    def method(self, wait=0):
        """(status, name, context, payload) of the next call of a method."""
        status, name, context, packet = nx_azure_iot_hub_client_direct_method_message_receive(
            self.client, wait
        )
        return status, name, context, packet and packet.data

    def respond(self, context, payload=b"{}", status=200, wait=0):
        """Answer a call of a method; returns the status."""
        return nx_azure_iot_hub_client_direct_method_message_response(
            self.client, status, context, payload, wait
        )

    # the world

    @property
    def state(self):
        """NetX's number of the client's state."""
        return self.client.state

    @property
    def statistics(self):
        """The client's counters."""
        status, found = nx_azure_iot_hub_client_statistics_get(self.client)
        good(status)
        return found

    def payloads(self):
        """The payloads of all telemetry that the hub has got."""
        return [event.payload for event in self.hub.events]

    def works(self):
        """Go through everything that a device can do; assert that it works."""
        self.polls()
        if self.state != CONNECTED:
            if self.state == IDLE:
                good(self.start(500))
            self.run(30 * MINUTE, lambda: self.state == CONNECTED)
        self.polls()
        self.hub.verdicts.clear()
        self.hub.mute.clear()
        assert self.state == CONNECTED, self.client.reason
        while not (self.desired()[0] and self.cloud_message()[0] and self.method()[0]):
            pass  # what came before
        good(self.telemetry(b"works", wait=100))
        self.poll()
        assert self.payloads()[-1] == b"works"
        self.hub.cloud_message(b"to you")
        assert self.cloud_message(100) == (0, b"to you")
        request = self.hub.call("works")
        status, name, context, _ = self.method(100)
        assert (status, name) == (0, "works")
        good(self.respond(context, wait=100))
        self.poll()
        assert self.hub.method_answers[-1] == (request, 200, b"{}")
        assert self.report(wait=100)[::2] == (0, 204)
        good(self.request(100))
        status, document = self.document(100)
        good(status)
        assert b'"desired"' in document
        version = self.hub.change(works=True)
        status, patch = self.desired(100)
        assert status == 0 and b"%d" % version in patch


def good(status):
    """Insist on success."""
    assert status == NX_AZURE_IOT_SUCCESS, hex(status)


def taken(found):
    """A received packet as its payload."""
    status, packet = found
    return status, packet and packet.data
