# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Devices of the local IoT Hub: hub clients with all that they were told, and the hub itself.

A device reaches the hub in one of three ways: plain TCP, TLS, or WebSocket over TLS. ``run`` of
``devices`` drives it as it drives any other client.
"""

import socket
from collections.abc import Callable

import pytest

from boards.desktop.hub import Hub
from nxd_mqtt.azure_iot import *
from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *
from nxd_mqtt.tls import NX_SECURE_X509_CERT, nx_secure_x509_certificate_initialize

WAYS = ("tcp", "tls", "websocket")
SECURE_WAYS = WAYS[1:]
# Ticks that no call needs, unless the machine is busy; and those of a call that shall find nothing.
PATIENCE = 1000
MOMENT = 5

CONNECTED = 3

in_every_way = pytest.mark.parametrize("way", WAYS)
in_secure_ways = pytest.mark.parametrize("way", SECURE_WAYS)


def certificate(data, key=None) -> NX_SECURE_X509_CERT:
    """A certificate's control block.

    :param data: PEM text, or a path
    :param key: the same of its private key
    """
    block = NX_SECURE_X509_CERT()
    assert nx_secure_x509_certificate_initialize(block, data, None, key) == NX_SUCCESS
    return block


def succeed(client, answer):
    """What a call gives back behind its status, which must say success.

    :return: nothing, the one thing, or a tuple of several
    """
    status, *rest = answer if isinstance(answer, tuple) else (answer,)
    if status != NX_AZURE_IOT_SUCCESS:
        pytest.fail(f"{status:#x} {client.reason}")
    return rest[0] if len(rest) == 1 else tuple(rest) or None


class AzureDevice:
    """One hub client, its measures, and what it was told.

    :param Hub hub: where it is registered
    :param str device_id: who it is
    :param str way: one of ``WAYS``
    :param str text: its connection string, None for that of the device
    :param int queue: bytes of the receive queue
    :param int packet: bytes of the largest packet to send
    :param int depth: how many QoS 1 packets may be unacknowledged
    :param roots: what it trusts, None for the hub's root
    :param unix_time: its clock, None for the system's
    :param platform: further arguments of ``nx_ip_create``
    """

    def __init__(
        self,
        hub: Hub,
        device_id: str,
        way: str = WAYS[0],
        text: str | None = None,
        queue: int = 4096,
        packet: int = 1024,
        depth: int = 8,
        roots=None,
        unix_time=None,
        **platform,
    ) -> None:
        self.hub = hub
        self.id = device_id
        self.way = way
        self.client = NX_AZURE_IOT_HUB_CLIENT()
        self.told: list[int] = []
        self.acknowledged: list[int] = []
        azure, pool = NX_AZURE_IOT(), NX_PACKET_POOL()
        assert nx_packet_pool_create(pool, "packets", packet, None, packet * depth) == NX_SUCCESS
        ip = NX_IP()
        platform.setdefault("socket_pool", socket)
        assert nx_ip_create(ip, "loopback", **platform) == NX_SUCCESS
        assert nx_azure_iot_create(azure, "azure", ip, pool, unix_time=unix_time) == NX_SUCCESS
        status, self.settings, cause = nx_azure_iot_connection_string_parse(
            text or hub.connection_string(device_id)
        )
        assert status == NX_AZURE_IOT_SUCCESS, cause
        self._initialize(azure, queue)
        self._aim(hub.ca_pem if roots is None else roots)

    def _initialize(self, azure, queue: int) -> None:
        settings = self.settings
        self.do(
            lambda client: nx_azure_iot_hub_client_initialize(
                client,
                azure,
                settings["host_name"],
                settings["device_id"],
                settings["module_id"],
                memory_size=queue,
            )
        )
        if settings["symmetric_key"]:
            self.do(nx_azure_iot_hub_client_symmetric_key_set, settings["symmetric_key"])
        self.do(nx_azure_iot_hub_client_connection_status_callback_set, self._on_status)
        self.do(nx_azure_iot_hub_client_telemetry_ack_callback_set, self._on_acknowledge)

    def _aim(self, roots) -> None:
        """Say where to connect, and what to trust there."""
        secure = self.way in SECURE_WAYS
        self.aim(self.hub.port if secure else self.hub.plain_port)
        if self.way == "websocket":
            self.do(nx_azure_iot_hub_client_websocket_enable)
        for root in (roots,) if isinstance(roots, str) else roots:
            self.do(nx_azure_iot_hub_client_trusted_cert_add, certificate(root))

    def _on_status(self, client, status: int) -> None:
        self.told.append(status)

    def _on_acknowledge(self, client, packet_id: int) -> None:
        self.acknowledged.append(packet_id)

    # -- the verbs ----------------------------------------------------------------------------

    def do(self, function: Callable, *arguments):
        """Call one of the client's functions, which must succeed; gives back what it does."""
        return succeed(self.client, function(self.client, *arguments))

    def refused(self, function: Callable, *arguments) -> int:
        """Call one that must fail and give nothing back; returns the status."""
        answer = function(self.client, *arguments)
        status, *rest = answer if isinstance(answer, tuple) else (answer,)
        assert status != NX_AZURE_IOT_SUCCESS
        assert not any(rest)
        return status

    def aim(self, port: int, host: str = "localhost"):
        """Say where to connect; returns the device."""
        secure = NX_TRUE if self.way in SECURE_WAYS else NX_FALSE
        self.do(nx_azure_iot_hub_client_server_set, host, port, secure)
        return self

    def enable(self, *functions):
        """Enable features; returns the device."""
        for function in functions:
            self.do(function)
        return self

    def reconnecting(self, minimum: int = 2, maximum: int = 10):
        """Let it connect again by itself, with pauses in ticks; returns the device."""
        self.do(nx_azure_iot_hub_client_reconnect_set, minimum, maximum)
        return self

    def connect(self, clean: int = NX_FALSE):
        """Connect, which must succeed; returns the device."""
        self.do(nx_azure_iot_hub_client_connect, clean, PATIENCE)
        return self

    def refusal(self, wait: int = PATIENCE) -> int:
        """Connect, which must fail; returns the status."""
        return self.refused(nx_azure_iot_hub_client_connect, NX_FALSE, wait)

    def disconnect(self) -> None:
        """End the link in order."""
        self.do(nx_azure_iot_hub_client_disconnect)

    def delete(self) -> None:
        """Give it up, unless a test has done so."""
        if self.client.state:
            self.do(nx_azure_iot_hub_client_deinitialize)

    def message(self, properties=(), quality: int = 1, retain: int = NX_FALSE) -> NX_PACKET:
        """Telemetry that is begun.

        :param properties: pairs or a dict
        """
        packet = self.do(nx_azure_iot_hub_client_telemetry_message_create, NX_NO_WAIT)
        for name, value in dict(properties).items():
            status = nx_azure_iot_hub_client_telemetry_property_add(packet, name, value, NX_NO_WAIT)
            assert status == NX_AZURE_IOT_SUCCESS, (name, hex(status))
        status = nx_azure_iot_hub_client_telemetry_options_set(packet, quality, retain)
        assert status == NX_AZURE_IOT_SUCCESS
        return packet

    def send(self, data, *arguments, **options) -> int:
        """Send telemetry, waiting for room; returns the packet identifier.

        :param arguments: of ``message``, as are the options
        """
        packet = self.message(*arguments, **options)
        return self.do(nx_azure_iot_hub_client_telemetry_send_extended, packet, data, PATIENCE)

    def take(self, function: Callable, wait: int = PATIENCE) -> bytes:
        """Receive a packet by one of the functions that give nothing else; returns its payload."""
        return self.do(function, wait).data

    # -- what devices.run wants ---------------------------------------------------------------

    @property
    def connected(self) -> bool:
        """Whether there is a link to the hub."""
        return self.client.state == CONNECTED

    def statistics(self) -> dict:
        """The client's counters."""
        return self.do(nx_azure_iot_hub_client_statistics_get)

    def serve(self) -> None:
        """One turn, without a wait."""
        nxd_mqtt_client_poll(self.client)
