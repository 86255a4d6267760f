# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The frame of NetX's MQTT regression tests: a client, its platform, and a scripted broker.

As there: client id "1234", keepalive 0, clean session off, a wait of one second, a pool of 24
packets of 1,536 bytes. What the callbacks are told is kept in ``told``, in order.
"""

from doubles.dialects import CPYTHON_TCP
from doubles.platform import Platform
from doubles.script import CONNACK, Script

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import nxd_mqtt_client_poll

HOST = "broker.test"
PORT = 1883
SECOND = 100
"""A second in ticks."""

STANDARD_CONNECT = b"\x10\x10\x00\x04MQTT\x04\x00\x00\x00\x00\x041234"
CLEAN_CONNECT = b"\x10\x10\x00\x04MQTT\x04\x02\x00\x00\x00\x041234"

CONNECTED = 3

CONNECT_TOLD = "connect_notify"
DISCONNECT_TOLD = "disconnect_notify"
RECEIVE_TOLD = "receive_notify"
ACKNOWLEDGE_TOLD = "ack_receive_notify"

_MOST_POLLS = 100_000


class Frame:
    """One client, not connected yet, and the script of its broker, still empty.

    :param int payload_size: bytes of the largest packet
    :param int depth: packets that may wait for their acknowledgement
    :param int memory_size: bytes of the receive queue
    """

    def __init__(
        self,
        client_id="1234",
        payload_size=1536,
        depth=24,
        memory_size=0,
        dialect=CPYTHON_TCP,
    ):
        self.ip = Platform(dialect=dialect)
        self.time = self.ip.time
        self.script = Script(self.time)
        self.ip.sockets.listen(PORT, self.script)
        self.pool = NX_PACKET_POOL()
        assert (
            nx_packet_pool_create(self.pool, "pool", payload_size, None, payload_size * depth) == 0
        )
        self.client = NXD_MQTT_CLIENT()
        self.told = []
        self.create(client_id, memory_size)

    def create(self, client_id="1234", memory_size=0):
        """Create the client, with every callback set."""
        status = nxd_mqtt_client_create(
            self.client, "my client", client_id, self.ip, self.pool, memory_size=memory_size
        )
        assert status == NXD_MQTT_SUCCESS
        self.watch()

    def watch(self):
        """Set every callback to one that keeps what it is told."""
        client = self.client
        assert nxd_mqtt_client_receive_notify_set(client, self._received) == NXD_MQTT_SUCCESS
        assert nxd_mqtt_client_disconnect_notify_set(client, self._ended) == NXD_MQTT_SUCCESS
        client.nxd_mqtt_connect_notify = self._connected
        client.nxd_mqtt_connect_context = self
        client.nxd_mqtt_ack_receive_notify = self._acknowledged
        client.nxd_mqtt_ack_receive_context = self

    def _received(self, client, count):
        assert client is self.client
        self.told.append((RECEIVE_TOLD, count))

    def _ended(self, client):
        assert client is self.client
        self.told.append((DISCONNECT_TOLD,))

    def _connected(self, client, status, context):
        assert client is self.client
        assert context is self
        self.told.append((CONNECT_TOLD, status))

    def _acknowledged(self, client, kind, packet_id, return_code, context):
        assert client is self.client
        assert context is self
        self.told.append((ACKNOWLEDGE_TOLD, kind, packet_id, return_code))

    # what a test does

    def connect(self, host=HOST, port=PORT, keepalive=0, clean=NX_FALSE, wait=SECOND):
        """``nxd_mqtt_client_connect`` with the frame's values."""
        return nxd_mqtt_client_connect(self.client, host, port, keepalive, clean, wait)

    def connected(self, keepalive=0, clean=NX_FALSE, wanted=None):
        """Let the next connection be accepted, connect, and forget what was told about it."""
        if wanted is None:
            wanted = bytearray(CLEAN_CONNECT if clean else STANDARD_CONNECT)
            wanted[10:12] = keepalive.to_bytes(2, "big")
        self.script.accept().expect(bytes(wanted)).send(CONNACK)
        assert self.connect(keepalive=keepalive, clean=clean) == NXD_MQTT_SUCCESS
        self.told.clear()
        return self

    def poll(self, times=1):
        """Poll without a wait; the status of the last."""
        status = None
        for _ in range(times):
            status = nxd_mqtt_client_poll(self.client)
        return status

    def run(self, milliseconds):
        """Let time pass as an application does that does nothing but poll with a wait.

        :return: the status of the poll that found the end, SUCCESS when there was none
        """
        end = self.time.elapsed + milliseconds
        for _ in range(_MOST_POLLS):
            left = end - self.time.elapsed
            if left <= 0:
                return nxd_mqtt_client_poll(self.client)
            status = nxd_mqtt_client_poll(self.client, -(-left // 10))
            if status:
                self.time.advance(max(end - self.time.elapsed, 0))
                return status
        raise AssertionError("polls and polls, and the time stands still")

    def get(self, topic_size=256, message_size=1536):
        """(status, topic, message) of ``nxd_mqtt_client_message_get``."""
        topic, message = bytearray(topic_size), bytearray(message_size)
        status, topic_length, message_length = nxd_mqtt_client_message_get(
            self.client, topic, message
        )
        return status, bytes(topic[:topic_length]), bytes(message[:message_length])

    def publish(self, topic="topic1", message="message1", retain=0, quality=1, wait=SECOND):
        """``nxd_mqtt_client_publish`` with the frame's values."""
        return nxd_mqtt_client_publish(self.client, topic, message, retain, quality, wait)

    def forget(self):
        """What was told since the last time."""
        told, self.told[:] = list(self.told), []
        return told

    # what a test ends with

    def check(self):
        """The script was followed and nothing is open that should not be."""
        self.script.check()
        self.no_leak()

    def no_leak(self):
        """Every socket was closed, once."""
        sockets = self.ip.sockets
        assert sockets.opened == sockets.closed
        assert sockets.open_now == 0
        assert sockets.double_closes == []

    def works(self):
        """The client is usable: a good broker is connected to, and left."""
        self.ip.sockets.listen(PORT, script := Script(self.time))
        # What the CONNECT says in detail depends on what was set before.
        script.accept().expect("10 ??").call(lambda connection: connection.send(CONNACK))
        assert self.connect() == NXD_MQTT_SUCCESS
        assert self.client.state == CONNECTED
        assert nxd_mqtt_client_disconnect(self.client) == NXD_MQTT_SUCCESS
        self.ip.sockets.listen(PORT, self.script)

    def finish(self):
        """Disconnect and delete as every regression test does, then check."""
        assert nxd_mqtt_client_disconnect(self.client) == NXD_MQTT_SUCCESS
        assert nxd_mqtt_client_delete(self.client) == NXD_MQTT_SUCCESS
        self.check()


def set_next_packet_id(client, packet_id):
    """Turn the counter of packet identifiers, as NetX's own tests do in its control block."""
    client._session.next_packet_id = packet_id
