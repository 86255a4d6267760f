# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The client that the program shows: it connects, subscribes, publishes, and takes what comes."""

import json
import time

import boards
from nxd_mqtt.nxd import (
    NX_FALSE,
    NX_IN_PROGRESS,
    NX_IP,
    NX_IP_PERIODIC_RATE,
    NX_NO_WAIT,
    NX_PACKET_POOL,
    NX_SUCCESS,
    NXD_MQTT_CLIENT,
    NXD_MQTT_INSUFFICIENT_BUFFER_SPACE,
    NXD_MQTT_NO_MESSAGE,
    NXD_MQTT_NOT_CONNECTED,
    NXD_MQTT_SUCCESS,
    nx_ip_create,
    nx_packet_pool_create,
    nxd_mqtt_client_connect,
    nxd_mqtt_client_create,
    nxd_mqtt_client_delete,
    nxd_mqtt_client_disconnect,
    nxd_mqtt_client_login_set,
    nxd_mqtt_client_poll,
    nxd_mqtt_client_publish,
    nxd_mqtt_client_subscribe,
)
from nxd_mqtt.nxd_extensions import (
    nxd_mqtt_client_message_discard,
    nxd_mqtt_client_reconnect_set,
)

from .observe import Monitor

PACKET_BYTES = 1024
DEPTH = 16
_TOPIC_BYTES = 65535

# Ticks of 10 ms: the pauses between two attempts, and the longest sleep of a turn.
_SHORTEST_PAUSE = 100
_LONGEST_PAUSE = 1000
_TURN_TICKS = 5


class PlayError(Exception):
    """A setting that the client refuses; the text says which."""


def _expect(wanted: int, what: str, status: int, reason=None) -> None:
    if status != wanted:
        cause = f"status {status:#x}" if reason is None else reason[2]
        raise PlayError(f"{what}: {cause}")


def _tls_setup(roots):
    """The callback that says what to trust.

    :param roots: the path of a PEM file, None for the system's roots
    """
    from nxd_mqtt.tls import (
        nx_secure_tls_session_create,
        nx_secure_tls_trusted_certificate_add,
        nx_secure_x509_certificate_initialize,
    )

    def setup(client, session, certificate, trusted) -> int:
        status = nx_secure_tls_session_create(session)
        if roots and not status:
            status = nx_secure_x509_certificate_initialize(trusted, roots)
            status = status or nx_secure_tls_trusted_certificate_add(session, trusted)
        return status

    return setup


class Player:
    """One client at work, and its monitor.

    :param options: of the program, see ``__main__``
    :param str host: the broker's
    :param int port: the broker's
    :param str title: what it is called on the screen
    :param password: of ``options.username``, or None
    :raises PlayError: a setting that the client refuses
    """

    def __init__(self, options, host: str, port: int, title: str, password=None):
        self._options = options
        self._filters = list(options.topic)
        self._number = 0
        self._topic = bytearray(_TOPIC_BYTES)
        self._message = bytearray(options.queue_bytes)
        self._client = client = NXD_MQTT_CLIENT()
        self._create(password)
        self.monitor = Monitor(client, title, payloads=options.payload)
        self._check_topics()
        self._next_publish = self._next_take = time.monotonic()
        self._connect(host, port)

    def _create(self, password) -> None:
        options = self._options
        client = self._client
        ip = NX_IP()
        _expect(NX_SUCCESS, "network", nx_ip_create(ip, "network", radio=boards.connect()))
        pool = NX_PACKET_POOL()
        status = nx_packet_pool_create(pool, "window", PACKET_BYTES, None, PACKET_BYTES * DEPTH)
        _expect(NX_SUCCESS, "window", status)
        status = nxd_mqtt_client_create(
            client, "monitor", options.client_id, ip, pool, memory_size=options.queue_bytes
        )
        _expect(NXD_MQTT_SUCCESS, "--client-id", status, client.reason)
        status = nxd_mqtt_client_login_set(client, options.username, password)
        _expect(NXD_MQTT_SUCCESS, "--username or password", status, client.reason)
        status = nxd_mqtt_client_reconnect_set(client, _SHORTEST_PAUSE, _LONGEST_PAUSE, 1000)
        _expect(NXD_MQTT_SUCCESS, "reconnection", status, client.reason)

    def _check_topics(self) -> None:
        """Without a link a call is refused for that, or else for its arguments."""
        client = self._client
        options = self._options
        for wanted in self._filters:
            status = nxd_mqtt_client_subscribe(client, wanted, options.qos)
            _expect(NXD_MQTT_NOT_CONNECTED, "--topic", status, client.reason)
        if options.publish:
            status = nxd_mqtt_client_publish(
                client, options.publish, None, NX_FALSE, options.qos, NX_NO_WAIT
            )
            _expect(NXD_MQTT_NOT_CONNECTED, "--publish", status, client.reason)

    def _connect(self, host: str, port: int) -> None:
        options = self._options
        how = (options.keepalive, NX_FALSE if options.keep_session else 1, NX_NO_WAIT)
        if options.tls:
            from nxd_mqtt.tls import nxd_mqtt_client_secure_connect

            setup = _tls_setup(options.roots)
            status = nxd_mqtt_client_secure_connect(self._client, host, port, setup, *how)
        else:
            status = nxd_mqtt_client_connect(self._client, host, port, *how)
        _expect(NX_IN_PROGRESS, "connect", status, self._client.reason)

    def turn(self) -> bool:
        """Do what is due and run the client; whether it has a link or tries to get one."""
        now = time.monotonic()
        self._ask()
        if self._options.publish and now >= self._next_publish:
            self._publish()
            # Late is late: what a stop has held up is not made up for in one go.
            self._next_publish = max(self._next_publish + self._options.every, now)
        if now >= self._next_take:
            self._take()
            self._next_take = now + self._options.take_every
        return nxd_mqtt_client_poll(self._client, self._ticks()) == NXD_MQTT_SUCCESS

    def end(self) -> None:
        """Take leave of the broker."""
        nxd_mqtt_client_disconnect(self._client)
        self.monitor.look()
        nxd_mqtt_client_delete(self._client)

    def _ticks(self) -> int:
        """How long the client may sleep."""
        if not self._options.publish:
            return _TURN_TICKS
        left = int((self._next_publish - time.monotonic()) * NX_IP_PERIODIC_RATE)
        return min(max(left, 0), _TURN_TICKS)

    def _ask(self) -> None:
        """Subscribe, each filter once: the client itself asks again on later links."""
        while self._filters:
            status = self.monitor.subscribe(self._client, self._filters[0], self._options.qos)
            if status != NXD_MQTT_SUCCESS:
                return
            self._filters.pop(0)

    def _publish(self) -> None:
        self._number += 1
        message = json.dumps({"number": self._number})
        options = self._options
        self.monitor.publish(
            self._client, options.publish, message, NX_FALSE, options.qos, NX_NO_WAIT
        )

    def _take(self) -> None:
        status = NXD_MQTT_SUCCESS
        while status != NXD_MQTT_NO_MESSAGE:
            status, _, _ = self.monitor.message_get(self._client, self._topic, self._message)
            if status == NXD_MQTT_INSUFFICIENT_BUFFER_SPACE:
                nxd_mqtt_client_message_discard(self._client)
            elif status != NXD_MQTT_SUCCESS:
                return


class Faults:
    """What the embedded broker does on purpose: it holds acknowledgements, and cuts the link.

    Each period ends with a half in which nothing is acknowledged; every second one with a cut.

    :param Broker broker: the embedded one
    :param str client_id: whose link is cut
    :param float period: seconds
    """

    def __init__(self, broker, client_id: str, period: float):
        self._broker = broker
        self._client_id = client_id
        self._period = period
        self._start = time.monotonic()
        self._phase = 0

    def turn(self) -> None:
        """Do what is due."""
        phase = int((time.monotonic() - self._start) / self._period * 2)
        if phase == self._phase:
            return
        self._phase = phase
        if phase % 4 == 0:
            self._broker.cut(self._client_id)
        self._broker.hold_acknowledgements = phase % 2 == 1
