# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The whole client: choices become calls, packets, faults and the passing of time.

A story is played in a world, which has the client's platform and the broker's end of each
connection; ``desk`` is that of CPython, MicroPython has its own. Callbacks play stories of their
own inside it. How it ends is in ``ending``.
"""

from tables.checks import require

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *

from .choices import Choices
from .incoming import Broker, answer
from .ledger import Ledger
from .model import PUBLISH, number_at, split
from .statuses import ENDINGS, STATUSES

_CONNACK = b"\x20\x02\x00\x00"
# What one CONNECT is answered with, where it is not accepted; None is silence.
_PLANS = (
    _CONNACK,
    b"\x20\x02\x01\x00",
    None,
    b"\x20\x02\x00\x03",
    b"\x20\x02\x00\x05",
    b"\x20\x02\x02\x00",
    b"\x32\x07\x00\x01t\x00\x01xx",
    _CONNACK + b"\x32\x07\x00\x01t\x00\x01xx\xd0\x00",
)
_TOPICS = ("t", "a/b", "long/" * 7, b"\xc3\xa9")
_FILTERS = ("t", "a/#", "+/b", "$SYS/+", "long/" * 12)
_PAUSES = (0, 1, 10, 90, 1000, 5000, 11000, 60000, 3600000, 1 << 27)
_WAITS = (0, 0, 0, 1, 20, 120)
_ENDINGS_OF_PEERS = ("close", "reset", "vanish", "close")
_TIMEOUTS = (0, 2, 4, 9, 11, 13)
_BACKOFFS = ((0, 0), (1, 1), (1, 100), (50, 3000))
_NAMES = (None, "user", lambda: "fresh", None, "user", lambda: "x" * 300, lambda: "\0")
_EVENTS = ("receive", "connect", "acknowledge", "disconnect")
# How often what was arranged for a callback is played.
_PATIENCE = 6
_MOST_CONNECTIONS = 40
# The calls of one callback, in bytes.
_SNIPPET = 6


class Mischief(Exception):
    """What a callback of the story raises."""


class Story:
    """One client in one world.

    :param world: has ``client``, ``connections`` and what happens to them
    :param choices: all that is going to happen
    """

    def __init__(self, world, choices):
        self.world = world
        self.client = world.client
        self.broker = Broker(world.largest_message)
        self._choices = choices
        self._serial = 0
        self._arranged = {}
        self._inside = False
        self._answer = _CONNACK
        self.clean_chosen = self.backs_off = False
        self.policies = set()
        world.on_connect = self._connected
        self._topic, self._message = bytearray(300), bytearray(world.largest_message + 300)
        self.begin_life()

    # -- a life -------------------------------------------------------------------------------

    def begin_life(self) -> None:
        """The client was created: it is told to tell, and the ledger is empty."""
        client = self.client
        self.ledger = Ledger(ENDINGS)
        self.born_at = len(self.world.connections)
        self.before_link = None
        self.policy = 0
        self.expect(nxd_mqtt_client_receive_notify_set(client, self._on_receive))
        self.expect(nxd_mqtt_client_disconnect_notify_set(client, self._on_disconnect))
        client.nxd_mqtt_connect_notify = self._on_connect
        client.nxd_mqtt_ack_receive_notify = self._on_acknowledge

    def expect(self, status: int, expected: int = NXD_MQTT_SUCCESS) -> None:
        """A call that must succeed, or fail in one way, does."""
        found = "%#x, reason %s" % (status, self.client.reason)
        require(status == expected, "%s instead of %#x" % (found, expected))

    @property
    def lives(self):
        """The connections of this life."""
        return self.world.connections[self.born_at :]

    def call(self, function, *arguments):
        """Call the library: it answers with a status that it may answer with, and never raises.

        :return: what it returned, None when a callback has raised
        """
        try:
            result = self.world.measured(function, self.client, *arguments)
        except Mischief:
            self.ledger.blurred = True
            return None
        status = result[0] if isinstance(result, tuple) else result
        fine = status == NXD_MQTT_SUCCESS or status in STATUSES[function]
        require(fine, "%s%s returned %#x" % (function.__name__, arguments, status))
        require(self.world.open_now <= 1, "%d sockets open" % self.world.open_now)
        return result

    # -- the callbacks ------------------------------------------------------------------------

    def _on_receive(self, client, count) -> None:
        require(client is self.client and count > 0, "receive told %s" % count)
        self._react("receive")

    def _on_connect(self, client, status, context) -> None:
        self.ledger.told_connect(status)
        self._react("connect")

    def _on_acknowledge(self, client, kind, packet_id, code, context) -> None:
        self.ledger.told_acknowledge(kind, packet_id, code, len(self.lives))
        self._react("acknowledge")

    def _on_disconnect(self, client) -> None:
        self.ledger.told_disconnect(client.reason)
        self._react("disconnect")

    def _react(self, event: str) -> None:
        require(not self._inside, "a callback inside a callback")
        snippet, left = self._arranged.get(event, (b"", 0))
        if not left:
            return
        self._arranged[event] = snippet, left - 1
        choices = Choices(snippet)
        mischief = choices.below(8) == 7
        self._inside = True
        try:
            while choices.left:
                choices.one_of(_INSIDE)(self, choices)
        finally:
            self._inside = False
        if mischief:
            raise Mischief

    def quiet(self) -> None:
        """No callback does anything from now on."""
        self._arranged = {}
        self._answer = _CONNACK

    # -- the broker ---------------------------------------------------------------------------

    def _connected(self, connection) -> None:
        """A connection has come up: the answer that is planned follows CONNECT."""
        connection.sent = bytearray()
        connection.answered = connection.parsed = 0
        connection.owed = []
        self.before_link = nxd_mqtt_client_statistics_get(self.client)[1]
        self.policies = {self.policy}
        answer_now, self._answer = self._answer, _CONNACK

        def on_data():
            if not connection.answered and answer_now and split(connection.received)[0]:
                connection.answered = 1
                self.say(connection, answer_now)

        connection.on_data = on_data

    def say(self, connection, data, pieces=None) -> None:
        """The broker sends on a connection that can still carry it."""
        if not (connection.ending or connection.vanished or connection.closed_by_client):
            connection.sent += data
            connection.send(data, pieces)

    def note_owed(self, connection) -> list:
        """What the broker owes for all that the client has written there."""
        packets, _ = split(connection.received)
        for first, body in packets[connection.parsed :]:
            kind = first >> 4
            if kind == PUBLISH and first & 6:
                connection.owed.append((4, number_at(body, 2 + number_at(body, 0))))
            elif kind in (8, 10):
                connection.owed.append((kind + 1, number_at(body, 0)))
            elif kind == 12:
                connection.owed.append((13, 0))
        connection.parsed = len(packets)
        return connection.owed

    # -- what can happen ----------------------------------------------------------------------

    def play(self) -> None:
        """Everything that was chosen; most stories begin with a link."""
        if self._choices.below(8) < 7:
            self._connect(self._choices)
            self.poll()
            self.poll()
        while self._choices.left:
            self._choices.one_of(_ACTIONS)(self, self._choices)

    def _incoming(self, choices) -> None:
        for connection in self.world.connections[-1:]:
            pieces = choices.one_of((None, None, 40, 300))
            self.say(connection, self.broker.burst(choices, self.note_owed(connection)), pieces)

    def _answers(self, choices) -> None:
        for connection in self.world.connections[-1:]:
            owed = self.note_owed(connection)
            data = b""
            for kind, packet_id in owed:
                data += answer(kind, packet_id, 1)
            owed.clear()
            self.say(connection, data)

    def _connect(self, choices) -> None:
        if len(self.world.connections) > _MOST_CONNECTIONS:
            return
        keepalive = choices.one_of((0, 1, 10, 60, 65535))
        clean, wait = choices.below(2), choices.one_of(_WAITS)
        host, port = choices.one_of(self.world.hosts)
        self.connect(host, port, keepalive, clean, wait)

    def connect(self, host, port, keepalive, clean, wait) -> int:
        """Connect, and note what is to be told of it."""
        self.ledger.forgets = self.ledger.forgets or clean == 1
        blocking = wait and not self._inside
        # The call itself may tell a success, or a refusal by CONNACK.
        ledger = self.ledger
        told = ledger.told + ledger.attempts
        ledger.attempts += 1 if blocking else 0
        status = self.call(nxd_mqtt_client_connect, host, port, keepalive, clean, wait)
        if not blocking:
            ledger.attempts += status == NX_IN_PROGRESS
        elif status and status != NX_IN_PROGRESS and ledger.told <= told:
            ledger.attempts -= 1
        return status

    def _poll(self, choices) -> None:
        self.poll(choices.one_of((0, 0, 0, 1, 50)))

    def poll(self, wait: int = 0) -> None:
        """One turn: its status says whether there is a link, or an attempt at one."""
        status = self.call(nxd_mqtt_client_poll, wait)
        if status is not None and not self._inside:
            lives = self.client.state >= 2
            require(lives == (status == NXD_MQTT_SUCCESS), "%#x, lives: %s" % (status, lives))

    def _polls(self, choices) -> None:
        for _ in range(choices.below(20)):
            self.poll()

    def _publish(self, choices) -> None:
        quality = 1 - choices.below(3) // 2
        topic, size = choices.one_of(_TOPICS), choices.one_of((0, 3, 20, 60))
        self.publish(topic, size, quality, choices.one_of((0, 0, 0, 2)))

    def publish(self, topic, size: int, quality: int, wait: int = 0) -> int:
        """Publish a message that can be told from all others."""
        self._serial += 1
        payload = b"%d:" % self._serial + bytes(size)
        name = topic.encode() if isinstance(topic, str) else topic
        ledger = self.ledger
        if not quality:
            ledger.offered.append((name, payload))
        # Its number is not known before, but a callback inside the call may be told of it.
        entry = [self._serial, 0, name, 0]
        status = self.call(nxd_mqtt_client_publish, topic, payload, 0, quality, wait)
        if status == NXD_MQTT_SUCCESS and quality:
            entry[1] = self.client.packet_identifier
            ledger.accepted[payload] = entry
        return status

    def _request(self, choices) -> None:
        if choices.below(3):
            quality = choices.below(2)
            self.call(nxd_mqtt_client_subscribe, choices.one_of(_FILTERS), quality)
        else:
            self.call(nxd_mqtt_client_unsubscribe, choices.one_of(_FILTERS))

    def _get(self, choices) -> None:
        self.get(choices.below(16) == 15)

    def get(self, small: bool = False) -> bool:
        """Take a message, or with buffers that are too small find that it stays."""
        topic, message = self._topic, self._message
        if small:
            topic, message = memoryview(topic)[:1], memoryview(message)[:1]
        status, topic_length, length = self.call(nxd_mqtt_client_message_get, topic, message)
        if status:
            return False
        fields = bytes(topic[:topic_length]), bytes(message[:length])
        flags = self.client.message_qos, self.client.message_retain
        self.ledger.taken.append(flags + fields)
        return True

    def _discard(self, choices) -> None:
        if self.call(nxd_mqtt_client_message_discard) == NXD_MQTT_SUCCESS:
            self.ledger.taken.append(None)

    def _disconnect(self, choices) -> None:
        if choices.below(2):
            self.call(nxd_mqtt_client_disconnect)

    def _pause(self, choices) -> None:
        self.world.advance(choices.one_of(_PAUSES))

    def _peer_ends(self, choices) -> None:
        how = choices.one_of(_ENDINGS_OF_PEERS)
        for connection in self.world.connections[-1:]:
            if not connection.ending:
                getattr(connection, how)()

    def _limits(self, choices) -> None:
        for connection in self.world.connections[-1:]:
            if self.world.may_limit:
                connection.accept_limit = choices.one_of((None, 0, 1, 3, 20))
            connection.deliver_limit = choices.one_of((None, 1, 5, 100))

    def _set(self, choices) -> None:
        which = choices.below(4)
        client = self.client
        if not client.state:
            return
        if which == 0:
            self.policy = choices.below(3)
            self.policies.add(self.policy)
            self.expect(nxd_mqtt_client_queue_policy_set(client, self.policy))
        elif which == 1:
            limit = choices.one_of((0, 10, 100, NX_WAIT_FOREVER))
            self.expect(nxd_mqtt_client_timeout_set(client, choices.one_of(_TIMEOUTS), limit))
        elif which == 2:
            self.expect(nxd_mqtt_client_ack_mode_set(client, choices.below(2)))
        else:
            self._reconnect_set(choices.one_of(_BACKOFFS), choices.one_of((16, 2, 1, 3)))

    def _reconnect_set(self, pauses, depth: int) -> None:
        idle = self.client.state == 1
        expected = NXD_MQTT_SUCCESS if idle else NXD_MQTT_INVALID_STATE
        self.expect(nxd_mqtt_client_reconnect_set(self.client, *(pauses + (depth,))), expected)
        if idle and pauses[1]:
            # One attempt may be told many times.
            self.backs_off = self.ledger.blurred = True

    def _plan(self, choices) -> None:
        self._answer = choices.one_of(_PLANS)

    def _arrange(self, choices) -> None:
        event = choices.one_of(_EVENTS)
        self._arranged[event] = choices.octets(1 + choices.below(_SNIPPET)), _PATIENCE

    def _ask(self, choices) -> None:
        client = self.client
        expected = NXD_MQTT_SUCCESS if client.state else NXD_MQTT_MUTEX_FAILURE
        status, ticks = nxd_mqtt_client_deadline_get(client)
        self.expect(status, expected)
        require(0 <= ticks <= NX_WAIT_FOREVER, "deadline in %d ticks" % ticks)
        status, sock, wants = nxd_mqtt_client_socket_get(client)
        self.expect(status, expected)
        require(0 <= wants <= 3 and (wants or not sock or client._reader.holding), "no wants")
        status, figures = nxd_mqtt_client_statistics_get(client)
        self.expect(status, expected)
        require(not figures or figures["state"] == client.state, "state")

    def _login(self, choices) -> None:
        if not self.client.state:
            return
        text = choices.one_of(_NAMES)
        self.expect(nxd_mqtt_client_login_set(self.client, text, choices.one_of((None, b"p"))))
        retain, quality = choices.below(2), choices.below(2)
        self.expect(nxd_mqtt_client_will_message_set(self.client, "w", b"gone", retain, quality))

    def _fault(self, choices) -> None:
        self.world.sabotage(choices)

    def _again(self, choices) -> None:
        """Delete the client, most of the time create it again."""
        if choices.below(4):
            return
        self.call(nxd_mqtt_client_delete)
        if self.client.state:  # a callback has raised, or connected again
            return
        self.ledger.close(self.lives)
        if choices.below(4) and not self._inside:
            self.revive()

    def revive(self) -> None:
        """A client that was deleted is created anew."""
        self.world.create_client()
        self.begin_life()


# What a callback may do; a client that is born amid its own callbacks is two clients.
_INSIDE = (
    Story._get,
    Story._publish,
    Story._poll,
    Story._discard,
    Story._connect,
    Story._disconnect,
    Story._request,
    Story._incoming,
    Story._set,
    Story._ask,
)
_ACTIONS = (
    Story._incoming,
    Story._poll,
    Story._publish,
    Story._connect,
    Story._answers,
    Story._get,
    Story._incoming,
    Story._poll,
    Story._request,
    Story._answers,
    Story._poll,
    Story._publish,
    Story._get,
    Story._incoming,
    Story._connect,
    Story._pause,
    Story._polls,
    Story._incoming,
    Story._poll,
    Story._publish,
    Story._discard,
    Story._arrange,
    Story._set,
    Story._peer_ends,
    Story._limits,
    Story._plan,
    Story._disconnect,
    Story._login,
    Story._ask,
    Story._fault,
    Story._again,
)
