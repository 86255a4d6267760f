# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A device is one client with everything it was told, driven by NetX's functions only.

``run`` is the super-loop that such a program has: it sleeps until a socket is ready or a deadline
comes, polls each client without a wait, and takes its messages.
"""

import select
import socket
import time
from typing import NamedTuple

import pytest
from adafruit_connection_manager import CPythonNetwork

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *

CONNECTED = 3
SUBACK = 9
UNSUBACK = 11
PUBACK = 4

# No test needs nearly as long; a machine that is busy may.
_PATIENCE_SECONDS = 20
# The longest sleep of the loop: conditions may depend on more than sockets.
_SLICE_SECONDS = 0.05

NETWORKS = ("socket pool", "connection manager")


class Message(NamedTuple):
    """What message_get and the attributes beside it say."""

    topic: str
    payload: bytes
    quality: int = 0
    retain: int = 0


def make_ip(
    network=NETWORKS[0], lock=None, socket_pool=socket, radio=None, ssl_context=None
) -> NX_IP:
    """A network interface, on a pool of sockets or on ConnectionManager.

    :param str network: one of ``NETWORKS``
    :param radio: for the second of them, None for a new one
    """
    ip = NX_IP()
    source = {"socket_pool": socket_pool}
    if network != NETWORKS[0]:
        source = {"radio": radio or CPythonNetwork()}
    status = nx_ip_create(ip, "loopback", lock=lock, ssl_context=ssl_context, **source)
    assert status == NX_SUCCESS
    return ip


class Device:
    """One client, its measures and its memory of what it was told.

    :param str client_id: of the client
    :param str network: one of ``NETWORKS``
    :param int queue: bytes of the receive queue
    :param int packet: bytes of the largest packet to send
    :param int depth: how many QoS 1 packets may be unacknowledged
    :param platform: further arguments of ``make_ip``
    """

    def __init__(
        self, client_id, network=NETWORKS[0], queue=8192, packet=1024, depth=16, **platform
    ) -> None:
        self.client = NXD_MQTT_CLIENT()
        self.endings: list[tuple] = []
        self.answers: list[int] = []
        self.acknowledged: list[tuple] = []
        self.polled: list[int] = []
        self.messages: list[Message] = []
        self.collects = True
        self._topic = bytearray(queue)
        self._payload = bytearray(queue)
        pool = NX_PACKET_POOL()
        assert nx_packet_pool_create(pool, "packets", packet, None, packet * depth) == NX_SUCCESS
        ip = make_ip(network, **platform)
        status = nxd_mqtt_client_create(
            self.client, "device", client_id, ip, pool, memory_size=queue
        )
        assert status == NXD_MQTT_SUCCESS
        nxd_mqtt_client_disconnect_notify_set(self.client, self._on_ending)
        self.client.nxd_mqtt_connect_notify = self._on_answer
        self.client.nxd_mqtt_ack_receive_notify = self._on_acknowledgement

    def _on_ending(self, client) -> None:
        self.endings.append(client.reason)

    def _on_answer(self, client, status: int, context) -> None:
        self.answers.append(status)

    def _on_acknowledgement(self, client, kind: int, packet_id: int, return_code, context) -> None:
        self.acknowledged.append((kind, packet_id, return_code))

    def reconnecting(self, minimum=20, maximum=100, subscriptions=16):
        """Let it connect again by itself, with pauses in ticks; returns the device."""
        status = nxd_mqtt_client_reconnect_set(self.client, minimum, maximum, subscriptions)
        assert status == NXD_MQTT_SUCCESS, hex(status)
        return self

    def allow(self, which: int, ticks: int):
        """Say how long the peer may take for one kind of answer; returns the device."""
        status = nxd_mqtt_client_timeout_set(self.client, which, ticks)
        assert status == NXD_MQTT_SUCCESS, hex(status)
        return self

    # -- the verbs ----------------------------------------------------------------------------

    def try_to_connect(self, peer, keepalive=60, clean=NX_TRUE, wait=500) -> int:
        """Connect to whatever has a host and a port; returns the status."""
        return nxd_mqtt_client_connect(self.client, peer.host, peer.port, keepalive, clean, wait)

    def connect(self, peer, keepalive=60, clean=NX_TRUE):
        """Connect, which must succeed; returns the device."""
        status = self.try_to_connect(peer, keepalive, clean)
        if status != NXD_MQTT_SUCCESS:
            pytest.fail(f"connect: {status:#x} {self.client.reason}")
        return self

    def subscribe(self, *topic_filters, quality=1):
        """Subscribe and wait for the answers, which must grant it; returns the device."""
        for topic_filter in topic_filters:
            status = nxd_mqtt_client_subscribe(self.client, topic_filter, quality)
            assert status == NXD_MQTT_SUCCESS, hex(status)
            self.until_acknowledged(SUBACK)
            assert self.acknowledged[-1][2] == quality
        return self

    def unsubscribe(self, topic_filter) -> None:
        """Unsubscribe and wait for the answer."""
        assert nxd_mqtt_client_unsubscribe(self.client, topic_filter) == NXD_MQTT_SUCCESS
        self.until_acknowledged(UNSUBACK)

    def until_acknowledged(self, kind: int) -> None:
        """Run until the last packet with an identifier was answered."""
        packet_id = self.client.packet_identifier
        run(self, until=lambda: any(it[:2] == (kind, packet_id) for it in self.acknowledged))

    def try_to_publish(self, topic, payload, quality=1, retain=NX_FALSE, wait=NX_NO_WAIT) -> int:
        """Publish; returns the status."""
        return nxd_mqtt_client_publish(self.client, topic, payload, retain, quality, wait)

    def publish(self, topic, payload, quality=1, retain=NX_FALSE) -> None:
        """Publish, waiting for room; QoS 1 also for the acknowledgement."""
        status = self.try_to_publish(topic, payload, quality, retain, wait=500)
        if status != NXD_MQTT_SUCCESS:
            pytest.fail(f"publish: {status:#x} {self.client.reason}")
        if quality:
            self.until_acknowledged(PUBACK)

    def take(self) -> Message | None:
        """The oldest message of the receive queue."""
        status, topic_length, length = nxd_mqtt_client_message_get(
            self.client, self._topic, self._payload
        )
        if status == NXD_MQTT_NO_MESSAGE:
            return None
        assert status == NXD_MQTT_SUCCESS, hex(status)
        topic = self._topic[:topic_length].decode()
        client = self.client
        payload = bytes(self._payload[:length])
        return Message(topic, payload, client.message_qos, client.message_retain)

    def disconnect(self) -> None:
        """End the link in order; the status is SUCCESS in every state."""
        assert nxd_mqtt_client_disconnect(self.client) == NXD_MQTT_SUCCESS

    def drop(self) -> None:
        """Lose the link as when a cable is pulled, but at once: nothing says goodbye."""
        nxd_mqtt_client_socket_get(self.client)[1].shutdown(socket.SHUT_RDWR)
        run(self, until=lambda: not self.connected)

    def crash(self) -> None:
        """Vanish as a program that ends without a word: no call must follow."""
        nxd_mqtt_client_socket_get(self.client)[1].shutdown(socket.SHUT_RDWR)

    # -- the loop -----------------------------------------------------------------------------

    @property
    def connected(self) -> bool:
        """Whether there is a link to a broker."""
        return self.client.state == CONNECTED

    def statistics(self) -> dict:
        """The client's counters."""
        return nxd_mqtt_client_statistics_get(self.client)[1]

    def payloads(self) -> list[bytes]:
        """The payloads of the messages collected so far."""
        return [message.payload for message in self.messages]

    def serve(self) -> None:
        """One turn: poll without a wait, and take what is there."""
        status = nxd_mqtt_client_poll(self.client)
        if status not in {NXD_MQTT_SUCCESS, NXD_MQTT_NOT_CONNECTED}:
            self.polled.append(status)
        while self.collects and (message := self.take()):
            self.messages.append(message)


def wait(devices, seconds: float) -> None:
    """Sleep until one of them has something to do.

    :param devices: whatever has a ``client``
    :param float seconds: the longest sleep
    """
    readers = []
    writers = []
    for device in devices:
        _, ticks = nxd_mqtt_client_deadline_get(device.client)
        seconds = min(seconds, ticks / NX_IP_PERIODIC_RATE)
        _, sock, wants = nxd_mqtt_client_socket_get(device.client)
        if wants & NXD_MQTT_WANTS_READ:
            readers.append(sock)
        if wants & NXD_MQTT_WANTS_WRITE:
            writers.append(sock)
    try:
        select.select(readers, writers, [], seconds)
    except (OSError, ValueError):
        pass  # another thread has just ended that link; polling tells


def turn(devices, seconds: float = _SLICE_SECONDS) -> None:
    """One turn of the super-loop: sleep until something is to be done, then serve everyone.

    :param float seconds: the longest sleep
    """
    wait(devices, seconds)
    for device in devices:
        device.serve()


def run(*devices, until, seconds: float = _PATIENCE_SECONDS) -> None:
    """The super-loop, until a condition holds; the test fails when it does not in time.

    :param until: a callable
    :param float seconds: how long it may take
    """
    deadline = time.monotonic() + seconds
    while not until():
        if time.monotonic() > deadline:
            story = [(device.statistics(), device.client.reason) for device in devices]
            pytest.fail(f"not within {seconds} seconds: {story}")
        turn(devices)


def run_for(*devices, seconds: float) -> None:
    """The super-loop for a while."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        turn(devices, min(left, _SLICE_SECONDS))
