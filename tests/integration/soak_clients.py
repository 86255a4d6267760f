# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The two clients of the soak: one publishes numbers, the other one counts what comes of them."""

import socket

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *

# More than is reached: as many as the window lets through. In two minutes packet identifiers begin
# again.
MESSAGES_PER_SECOND = 2000
_TOPIC = "soak"
_FILLING = bytes(range(48))
_PACKET_BYTES = 96
_DEPTH = 32
_QUEUE_BYTES = 4096
# The subscriber is slower than a burst, and busy with something else now and then and after each
# end of a link: links come and go while its queue has messages, or is full.
_MESSAGES_PER_TURN = 8
_BUSY_EVERY_SECONDS = 3
_BUSY_SECONDS = 0.6

_KEEPALIVE_SECONDS = 2
_TIMEOUT_TICKS = {
    NXD_MQTT_TIMEOUT_CONNECT: 100,
    NXD_MQTT_TIMEOUT_CONNACK: 150,
    NXD_MQTT_TIMEOUT_SUBACK: 150,
    NXD_MQTT_TIMEOUT_PINGRESP: 100,
}
_PAUSE_TICKS = (10, 100)
_SUBACK = 9

TURN_SECONDS = 0.005


class Sockets:
    """A pool of sockets that remembers which ones are open."""

    SOCK_STREAM = socket.SOCK_STREAM
    getaddrinfo = staticmethod(socket.getaddrinfo)

    def __init__(self) -> None:
        self._made: list[socket.socket] = []

    def socket(self, family: int, kind: int) -> socket.socket:
        """Makes a socket."""
        self._made = [sock for sock in self._made if sock.fileno() >= 0]
        self._made.append(socket.socket(family, kind))
        return self._made[-1]

    @property
    def open(self) -> int:
        """How many were made and not closed."""
        return sum(sock.fileno() >= 0 for sock in self._made)


def must(status: int, what: str) -> None:
    """Ends the run when a call is refused that may not be."""
    if status not in (NXD_MQTT_SUCCESS, NX_IN_PROGRESS):
        raise RuntimeError(f"{what}: {status:#x}")


class Party:
    """One client that connects again by itself.

    :param str name: its client identifier
    :param Sockets sockets: where its connections come from
    """

    def __init__(self, name: str, sockets: Sockets) -> None:
        self.name = name
        self.endings = self.grants = 0
        self.complaints: set[str] = set()
        self.client = client = NXD_MQTT_CLIENT()
        ip, pool = NX_IP(), NX_PACKET_POOL()
        must(nx_ip_create(ip, "loopback", socket_pool=sockets), "ip")
        must(nx_packet_pool_create(pool, "p", _PACKET_BYTES, None, _PACKET_BYTES * _DEPTH), "pool")
        status = nxd_mqtt_client_create(client, name, name, ip, pool, memory_size=_QUEUE_BYTES)
        must(status, "create")
        must(nxd_mqtt_client_reconnect_set(client, *_PAUSE_TICKS), "reconnect_set")
        for which, ticks in _TIMEOUT_TICKS.items():
            must(nxd_mqtt_client_timeout_set(client, which, ticks), "timeout_set")
        nxd_mqtt_client_disconnect_notify_set(client, self._on_ending)
        client.nxd_mqtt_ack_receive_notify = self._on_acknowledgement

    def _on_ending(self, client) -> None:
        self.endings += 1

    def _on_acknowledgement(self, client, kind: int, packet_id: int, code, context) -> None:
        self.grants += kind == _SUBACK

    def connect(self, peer) -> None:
        """Begin to connect, with the session that the broker has kept."""
        arguments = (peer.host, peer.port, _KEEPALIVE_SECONDS, NX_FALSE, NX_NO_WAIT)
        must(nxd_mqtt_client_connect(self.client, *arguments), "connect")

    @property
    def statistics(self) -> dict:
        """The client's counters."""
        return nxd_mqtt_client_statistics_get(self.client)[1]

    def describe(self) -> str:
        """What somebody wants to know who finds it hanging."""
        return f"{self.name}: last reason {self.client.reason}, {self.statistics}"

    def serve(self) -> None:
        """One turn of the client."""
        status = nxd_mqtt_client_poll(self.client)
        if status != NXD_MQTT_SUCCESS:
            self.complaints.add(f"{self.name}: poll ended: {status:#x} {self.client.reason}")

    def leave(self) -> None:
        """Disconnect; each link that was up has ended once, and been told once."""
        links = self.statistics["reconnects"] + 1
        nxd_mqtt_client_delete(self.client)
        if self.endings != links:
            self.complaints.add(f"{self.name}: {links} links, told of {self.endings} endings")


class Publisher(Party):
    """Publishes numbers, so many a second when it can."""

    sent = 0
    _next = 0.0

    @staticmethod
    def text(number: int) -> bytes:
        """The message that carries a number."""
        return b"%08d" % number + _FILLING[: number % len(_FILLING)]

    def serve(self, now: float, holding: bool) -> None:
        """One turn: publish what is due and finds room."""
        super().serve()
        while not holding and now >= self._next:
            text = self.text(self.sent)
            status = nxd_mqtt_client_publish(self.client, _TOPIC, text, NX_FALSE, 1, NX_NO_WAIT)
            if status != NXD_MQTT_SUCCESS:
                if status != NXD_MQTT_PACKET_POOL_FAILURE:
                    self.complaints.add(f"publish: {status:#x} {self.client.reason}")
                break
            self.sent += 1
            self._next = max(self._next, now - 0.1) + 1 / MESSAGES_PER_SECOND


class Subscriber(Party):
    """Takes numbers and counts what is new, what is not, and what is wrong.

    :param int most: more numbers than will come
    """

    def __init__(self, name: str, sockets: Sockets, most: int) -> None:
        super().__init__(name, sockets)
        self.delivered = self.duplicates = self.reordered = self.damaged = 0
        self._highest = -1
        self._known = 0
        self._busy_until = 0.0
        self._seen = bytearray(most)
        self._topic = bytearray(len(_TOPIC))
        self._message = bytearray(_PACKET_BYTES)

    def subscribe(self) -> None:
        """Ask for the numbers."""
        must(nxd_mqtt_client_subscribe(self.client, _TOPIC, 1), "subscribe")

    def acknowledge(self, on_get: bool) -> None:
        """Say whether a number is acknowledged when it was taken, or when it is in the queue."""
        mode = NXD_MQTT_ACK_ON_GET if on_get else NXD_MQTT_ACK_ON_QUEUE
        must(nxd_mqtt_client_ack_mode_set(self.client, mode), "ack_mode_set")

    def serve(self, now: float) -> None:
        """One turn: take some of what is there, unless busy."""
        super().serve()
        if self.endings > self._known:
            self._known = self.endings
            self._busy_until = now + _BUSY_SECONDS
        if now < self._busy_until or now % _BUSY_EVERY_SECONDS < _BUSY_SECONDS:
            return
        for _ in range(_MESSAGES_PER_TURN):
            status, _, length = nxd_mqtt_client_message_get(self.client, self._topic, self._message)
            if status == NXD_MQTT_NO_MESSAGE:
                return
            must(status, "message_get")
            self.take(bytes(self._message[:length]))

    def take(self, message: bytes) -> None:
        """Count one message."""
        digits = message[:8]
        number = int(digits) if digits.isdigit() else len(self._seen)
        if number >= len(self._seen) or message != Publisher.text(number):
            self.damaged += 1
        elif self._seen[number]:
            self.duplicates += 1
        else:
            self._seen[number] = 1
            self.delivered += 1
            self.reordered += number < self._highest
            self._highest = max(self._highest, number)
