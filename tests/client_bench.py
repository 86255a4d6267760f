# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""An application on the bench: a client on the doubles, a broker played by the test, a diary."""

from doubles.dialects import CPYTHON_TCP
from doubles.platform import Platform
from doubles.script import CONNACK, PINGREQ, PINGRESP, Script
from doubles.script import connect as connect_packet
from doubles.trials import PORT

from nxd_mqtt.nxd import (
    NX_NO_WAIT,
    NX_PACKET_POOL,
    NXD_MQTT_CLIENT,
    NXD_MQTT_SUCCESS,
    nx_packet_pool_create,
    nxd_mqtt_client_connect,
    nxd_mqtt_client_create,
    nxd_mqtt_client_disconnect_notify_set,
    nxd_mqtt_client_message_get,
    nxd_mqtt_client_publish,
    nxd_mqtt_client_receive_notify_set,
)
from nxd_mqtt.nxd_extensions import nxd_mqtt_client_poll, nxd_mqtt_client_statistics_get

IDLE, CONNECTING, CONNECTED = 1, 2, 3
HOST_NAME = "broker.test"


class App:
    """A client whose callbacks write into ``told`` and then do what a test has asked for.

    ``told`` holds ("receive", count), ("connect", status), ("acknowledge", type, packet id, code)
    and ("disconnect", status of the reason).

    :param ip: a platform over the doubles, or None for a new one
    """

    def __init__(self, payload_size=64, depth=8, queue=512, dialect=CPYTHON_TCP, ip=None):
        self.ip = ip or Platform(dialect=dialect)
        self.clock = self.ip.time
        self.sockets = self.ip.sockets
        self.renew_script()
        self.packets = NX_PACKET_POOL()
        nx_packet_pool_create(self.packets, "packets", payload_size, None, payload_size * depth)
        self.queue = queue
        self.client = NXD_MQTT_CLIENT()
        self.told = []
        self.doing = {}
        self.depth = self.deepest = 0
        self.create()

    def create(self):
        """Create the client and set all its callbacks."""
        client = self.client
        status = nxd_mqtt_client_create(
            client, "app", "me", self.ip, self.packets, memory_size=self.queue
        )
        assert status == NXD_MQTT_SUCCESS
        nxd_mqtt_client_receive_notify_set(client, self._on_receive)
        nxd_mqtt_client_disconnect_notify_set(client, self._on_disconnect)
        client.nxd_mqtt_connect_notify = self._on_connect
        client.nxd_mqtt_connect_context = self
        client.nxd_mqtt_ack_receive_notify = self._on_acknowledge
        client.nxd_mqtt_ack_receive_context = self

    def renew_script(self):
        """Forget what the broker was to do; the next connection is its first."""
        self.script = Script(self.clock)
        self.sockets.listen(PORT, self.script)

    # callbacks

    def _on_receive(self, client, count):
        self._tell("receive", count)

    def _on_disconnect(self, client):
        self._tell("disconnect", client.reason[1])

    def _on_connect(self, client, status, context):
        assert context is self
        self._tell("connect", status)

    def _on_acknowledge(self, client, kind, packet_id, code, context):
        assert context is self
        self._tell("acknowledge", kind, packet_id, code)

    def _tell(self, *what):
        self.told.append(what)
        self.depth += 1
        self.deepest = max(self.deepest, self.depth)
        try:
            for name in (what[0], "any"):
                if name in self.doing:
                    self.doing[name]()
        finally:
            self.depth -= 1

    def heard(self, name):
        """What the callbacks of one kind were told."""
        return [what[1:] for what in self.told if what[0] == name]

    # verbs

    def start(self, wait=NX_NO_WAIT, keepalive=0, clean=1, host=HOST_NAME, port=PORT):
        """Connect; returns the status."""
        return nxd_mqtt_client_connect(self.client, host, port, keepalive, clean, wait)

    def connect(self, keepalive=0, clean=1, answer=CONNACK):
        """Connect to a broker that accepts, and forget what the callbacks were told.

        ``followed`` is what the client has sent behind its CONNECT already.
        """
        wanted = connect_packet("me", keepalive, clean)
        self.script.accept().expect(wanted).send(answer)
        assert self.start(500, keepalive, clean) == NXD_MQTT_SUCCESS
        written = self.peer.take()
        assert written.startswith(wanted)
        self.followed = written[len(wanted) :]
        self.told.clear()
        return self

    def poll(self, wait=NX_NO_WAIT):
        """One turn; returns the status."""
        return nxd_mqtt_client_poll(self.client, wait)

    def polls(self, count):
        """Many turns; returns the statuses without repetitions."""
        found = []
        for _ in range(count):
            status = self.poll()
            if found[-1:] != [status]:
                found.append(status)
        return found

    def publish(self, message=b"m", quality=1, wait=NX_NO_WAIT):
        """Publish; returns the status."""
        return nxd_mqtt_client_publish(self.client, "t", message, 0, quality, wait)

    def get(self):
        """The oldest message's payload, or None."""
        topic, message = bytearray(600), bytearray(600)
        status, _, length = nxd_mqtt_client_message_get(self.client, topic, message)
        return bytes(message[:length]) if status == NXD_MQTT_SUCCESS else None

    def messages(self):
        """The payloads of all messages, taken out."""
        found = []
        payload = self.get()
        while payload is not None:
            found.append(payload)
            payload = self.get()
        return found

    # the world

    @property
    def peer(self):
        """The broker's end of the newest connection."""
        return self.sockets.connections[-1]

    @property
    def state(self):
        """NetX's number of the client's state."""
        return self.client.state

    @property
    def statistics(self):
        """The client's counters."""
        return nxd_mqtt_client_statistics_get(self.client)[1]

    def answer_pings(self):
        """The broker answers each PINGREQ from now on."""
        peer = self.peer

        def answer():
            if peer.take().endswith(PINGREQ):
                peer.send(PINGRESP)

        peer.on_data = answer

    def all_closed(self):
        """Whether every socket that was opened was closed, once."""
        return (self.sockets.open_now, self.sockets.double_closes) == (0, [])
