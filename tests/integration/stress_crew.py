# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A crew of threads that calls one client at random, and keeps account of what it was told.

What is wrong is noted in ``complaints``, so that the threads go on and the whole of it is seen. The
random choices of each thread follow from the seed; when a thread gets its turn does not.
"""

import faulthandler
import random
import socket
import tempfile
import threading
import time
import traceback
import zlib
from collections import Counter
from contextlib import contextmanager

from devices import CONNECTED, PUBACK

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *

SIZE = 8
# The longest that a call may take, on a busy machine; each wait that is asked for is far shorter.
CALL_SECONDS = 20
# Long enough for a crew that has been told to stop.
STOP_SECONDS = 30

IDLE = 1
_CALLBACKS = "callbacks"
_KEEPALIVE_SECONDS = 2
_PUBLISH_WAITS = (NX_NO_WAIT, NX_NO_WAIT, 1, 5, 20, NX_WAIT_FOREVER)
_POLL_WAITS = (1, 2, 5, 20, NX_WAIT_FOREVER)
_CONNECT_WAITS = (NX_NO_WAIT, 1, 20, 300)
_FILTERS = ("in/#", "in/+", "in/observer", "in/0", "in/1/never")
_TIMEOUTS = (
    NXD_MQTT_TIMEOUT_CONNECT,
    NXD_MQTT_TIMEOUT_CONNACK,
    NXD_MQTT_TIMEOUT_PUBACK,
    NXD_MQTT_TIMEOUT_SUBACK,
    NXD_MQTT_TIMEOUT_UNSUBACK,
    NXD_MQTT_TIMEOUT_PINGRESP,
)

# What each call may return. A connect that waits may also say NX_IN_PROGRESS where the client
# connects again by itself; one that does not wait, and only that, says it otherwise.
_ATTEMPT = {NXD_MQTT_ALREADY_CONNECTED, NXD_MQTT_CONNECTING, NXD_MQTT_PACKET_POOL_FAILURE}
_REQUEST = {NXD_MQTT_SUCCESS, NXD_MQTT_NOT_CONNECTED, NXD_MQTT_PACKET_POOL_FAILURE}
_TAKE = {NXD_MQTT_SUCCESS, NXD_MQTT_NO_MESSAGE}
_ENDS = {NXD_MQTT_CONNECT_FAILURE, NXD_MQTT_COMMUNICATION_FAILURE}
STATUSES = {
    "publish 0": _REQUEST | {NXD_MQTT_COMMUNICATION_FAILURE},
    "publish 1": _REQUEST,
    "subscribe": _REQUEST,
    "unsubscribe": _REQUEST,
    "poll": {NXD_MQTT_SUCCESS, NXD_MQTT_NOT_CONNECTED} | _ENDS,
    "message_get": _TAKE,
    "message_get short": {NXD_MQTT_INSUFFICIENT_BUFFER_SPACE, NXD_MQTT_NO_MESSAGE},
    "message_discard": _TAKE,
    "connect": _ATTEMPT | _ENDS | {NXD_MQTT_SUCCESS},
    "connect again": _ATTEMPT | _ENDS | {NXD_MQTT_SUCCESS, NX_IN_PROGRESS},
    "connect no wait": _ATTEMPT | {NX_IN_PROGRESS},
    # All others do what they are asked for.
    "other": {NXD_MQTT_SUCCESS},
}


class Sockets:
    """A pool of sockets that remembers those it has made; several threads may ask."""

    SOCK_STREAM = socket.SOCK_STREAM
    getaddrinfo = staticmethod(socket.getaddrinfo)

    def __init__(self) -> None:
        self._made: list[socket.socket] = []

    def socket(self, family: int, kind: int) -> socket.socket:
        """Makes a socket."""
        self._made.append(socket.socket(family, kind))
        return self._made[-1]

    @property
    def open(self) -> int:
        """How many were not closed."""
        return sum(sock.fileno() >= 0 for sock in self._made)


def text(sender: str, number: int) -> bytes:
    """A message that says whose it is, and whether it is whole."""
    head = b"%s:%d:" % (sender.encode(), number)
    body = head + bytes((number + place * 7) % 251 for place in range(number % 83))
    return body + b":%08x" % zlib.crc32(body)


class Sender:
    """Numbers what one thread publishes, and remembers what was accepted at QoS 1.

    :param str name: of the thread
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.begun = 0
        self.accepted: list[int] = []
        # Of QoS 0: those that were counted, whether or not the link took them.
        self.offered = 0

    def next(self) -> bytes:
        """The next message."""
        self.begun += 1
        return text(self.name, self.begun - 1)

    def note(self, quality: int, status: int) -> None:
        """The last message was accepted, or was not."""
        if quality and status == NXD_MQTT_SUCCESS:
            self.accepted.append(self.begun - 1)
        elif not quality and status in (NXD_MQTT_SUCCESS, NXD_MQTT_COMMUNICATION_FAILURE):
            self.offered += 1


class Hand:
    """One of those who call: a thread of the crew, or whatever thread runs a callback.

    :param crew: the crew
    :param str name: of the thread
    """

    def __init__(self, crew, name: str) -> None:
        self.crew = crew
        self.client = crew.client
        self.name = name
        self.random = random.Random(f"{crew.seed} {name}")
        self.sender = Sender(name)
        self.calls: Counter = Counter()
        self.longest = (0.0, None)
        self.busy = None
        self._topic = bytearray(32)
        self._message = bytearray(512)

    def call(self, kind: str, function, *arguments):
        """Call the client and check the status; returns it, or what is behind it."""
        self.busy = began, _, _ = (time.monotonic(), function.__name__, arguments)
        try:
            answer = function(self.client, *arguments)
        finally:
            self.busy = None
            self.longest = max(self.longest, (time.monotonic() - began, kind))
        status = answer[0] if isinstance(answer, tuple) else answer
        self.calls[kind, status] += 1
        if status not in STATUSES[kind]:
            self.crew.complain(f"{self.name}: {kind} {arguments} is {status:#x}")
        return answer

    # -- what it may do -----------------------------------------------------------------------

    def publish(self, quality=None, wait=None, topic=None) -> None:
        """Publish one message, somewhere."""
        draw = self.random
        quality = draw.randint(0, 1) if quality is None else quality
        wait = draw.choice(_PUBLISH_WAITS) if wait is None else wait
        topic = topic or draw.choice(("in/", "out/", "out/", "out/")) + self.name
        message = self.sender.next()
        arguments = (topic, message, NX_FALSE, quality, wait)
        status = self.call(f"publish {quality}", nxd_mqtt_client_publish, *arguments)
        self.sender.note(quality, status)
        if status == NXD_MQTT_NOT_CONNECTED:
            self.connect()

    def publish_and_keep_the_identifier(self) -> None:
        """Publish, and ask for the packet identifier before another thread publishes."""
        with self.crew.lock:
            accepted = len(self.sender.accepted)
            self.publish(1, NX_NO_WAIT, "out/" + self.name)
            if len(self.sender.accepted) > accepted:
                self.crew.identifiers[self.client.packet_identifier] += 1

    def subscribe(self) -> None:
        """Ask for messages."""
        quality = self.random.randint(0, 1)
        self.call("subscribe", nxd_mqtt_client_subscribe, self.random.choice(_FILTERS), quality)

    def unsubscribe(self) -> None:
        """Ask for fewer messages."""
        self.call("unsubscribe", nxd_mqtt_client_unsubscribe, self.random.choice(_FILTERS))

    def poll(self) -> None:
        """One turn."""
        if self.call("poll", nxd_mqtt_client_poll) != NXD_MQTT_SUCCESS:
            self.connect()

    def poll_and_wait(self) -> None:
        """One turn after a sleep."""
        status = self.call("poll", nxd_mqtt_client_poll, self.random.choice(_POLL_WAITS))
        if status != NXD_MQTT_SUCCESS:
            self.connect()

    def take(self) -> None:
        """Take a message, which must be one that was sent."""
        answer = self.call("message_get", nxd_mqtt_client_message_get, self._topic, self._message)
        status, topic_length, length = answer
        if status == NXD_MQTT_SUCCESS:
            topic = self._topic[:topic_length].decode()
            self.crew.came(topic, bytes(self._message[:length]))

    def take_with_short_buffers(self) -> None:
        """Learn how long the next message is."""
        self.call("message_get short", nxd_mqtt_client_message_get, bytearray(2), self._message)

    def discard(self) -> None:
        """Drop a message."""
        self.call("message_discard", nxd_mqtt_client_message_discard)

    def ask(self) -> None:
        """Ask for numbers."""
        _, statistics = self.call("other", nxd_mqtt_client_statistics_get)
        if statistics["acknowledged"] > statistics["published"]:
            self.crew.complain(f"{self.name}: {statistics}")
        self.call("other", nxd_mqtt_client_deadline_get)
        self.call("other", nxd_mqtt_client_socket_get)

    def set(self) -> None:
        """Change settings that cost no message and no link."""
        draw = self.random
        self.call("other", nxd_mqtt_client_queue_policy_set, draw.randint(0, 2))
        self.call("other", nxd_mqtt_client_ack_mode_set, draw.randint(0, 1))
        self.call("other", nxd_mqtt_client_login_set, draw.choice((None, "me")), b"secret")
        ticks = draw.choice((NX_WAIT_FOREVER, *self.crew.timeouts))
        self.call("other", nxd_mqtt_client_timeout_set, draw.choice(_TIMEOUTS), ticks)

    def connect(self) -> None:
        """Connect, also where others do the same."""
        crew = self.crew
        if crew.leaving:
            return
        wait = self.random.choice(_CONNECT_WAITS)
        if self.name == _CALLBACKS:
            wait = NX_NO_WAIT
        kind = "connect no wait"
        if wait != NX_NO_WAIT:
            kind = "connect again" if crew.again else "connect"
        arguments = (crew.peer.host, crew.peer.port, _KEEPALIVE_SECONDS, NX_FALSE, wait)
        self.call(kind, nxd_mqtt_client_connect, *arguments)

    def disconnect(self) -> None:
        """End the link, and begin another one."""
        self.call("other", nxd_mqtt_client_disconnect)
        self.connect()

    def pause(self) -> None:
        """Let others have their turn."""
        time.sleep(self.random.choice((0, 0.0001, 0.002)))

    ACTIONS = {
        publish: 300,
        publish_and_keep_the_identifier: 60,
        subscribe: 30,
        unsubscribe: 20,
        poll: 150,
        poll_and_wait: 150,
        take: 200,
        take_with_short_buffers: 10,
        discard: 10,
        ask: 50,
        set: 20,
        disconnect: 2,
        pause: 100,
    }

    def work(self) -> None:
        """Do one thing after the other until the crew stops."""
        actions, weights = list(self.ACTIONS), list(self.ACTIONS.values())
        try:
            while self.crew.going:
                self.random.choices(actions, weights)[0](self)
        except BaseException:
            self.crew.complain(f"{self.name}: {traceback.format_exc()}")


class Crew:
    """Eight threads on one client.

    :param client: created with the lock
    :param peer: whatever has a host and a port
    :param lock: that of the client
    :param seed: of the random choices
    :param bool again: whether the client connects again by itself
    :param timeouts: ticks that a peer may be given for its answers
    """

    def __init__(self, client, peer, lock, seed, again=False, timeouts=(2000,)) -> None:
        self.client = client
        self.peer = peer
        self.lock = lock
        self.seed = seed
        self.again = again
        self.timeouts = timeouts
        self.going = True
        # Nobody connects any more.
        self.leaving = False
        self.complaints: list[str] = []
        self.identifiers: Counter = Counter()
        self.told: Counter = Counter()
        self.acknowledged: Counter = Counter()
        self.taken = 0
        self.endings: list[tuple] = []
        self._inside = None
        self._caller = Hand(self, _CALLBACKS)
        self.hands = [Hand(self, str(number)) for number in range(SIZE)]
        self._threads = [
            threading.Thread(target=hand.work, name=hand.name, daemon=True) for hand in self.hands
        ]
        self.senders = {hand.name: hand.sender for hand in (*self.hands, self._caller)}
        self._listen()

    def _listen(self) -> None:
        client = self.client
        assert nxd_mqtt_client_receive_notify_set(client, self._on_message) == NXD_MQTT_SUCCESS
        assert nxd_mqtt_client_disconnect_notify_set(client, self._on_ending) == NXD_MQTT_SUCCESS
        client.nxd_mqtt_connect_notify = self._on_answer
        client.nxd_mqtt_ack_receive_notify = self._on_acknowledgement

    def complain(self, text: str) -> None:
        """Something is wrong; the first few tell enough."""
        if len(self.complaints) < 20:
            self.complaints.append(text)

    # -- callbacks ----------------------------------------------------------------------------

    @contextmanager
    def _callback(self, name: str):
        """What a callback is: alone, and without an exception."""
        me = threading.get_ident()
        if self._inside is not None:
            self.complain(f"{name} in {me} while {self._inside} runs")
        self._inside = (name, me)
        self.told[name] += 1
        try:
            yield self._caller.random.random()
        except BaseException:
            self.complain(f"{name}: {traceback.format_exc()}")
        finally:
            if self._inside != (name, me):
                self.complain(f"{name} in {me} was interrupted by {self._inside}")
            self._inside = None

    def _on_message(self, client, count: int) -> None:
        with self._callback("receive") as chance:
            if count < 1:
                self.complain(f"receive_notify is told of {count} messages")
            self._caller.take()
            if chance < 0.3:
                self._caller.publish()
            elif chance < 0.35:
                self._caller.poll()
            elif chance < 0.351:
                self._caller.disconnect()

    def _on_acknowledgement(self, client, kind, packet_id, code, context) -> None:
        with self._callback("acknowledge") as chance:
            if kind == PUBACK:
                self.acknowledged[packet_id] += 1
            if chance < 0.1:
                self._caller.publish()
            elif chance < 0.2:
                self._caller.ask()
            elif chance < 0.2005:
                self._caller.disconnect()

    def _on_answer(self, client, status: int, context) -> None:
        with self._callback("connect") as chance:
            self.told["connect", status] += 1
            if chance < 0.5:
                self._caller.subscribe()

    def _on_ending(self, client) -> None:
        with self._callback("disconnect") as chance:
            self.endings.append(client.reason)
            if chance < 0.5:
                self._caller.connect()
            elif chance < 0.7:
                self._caller.take()

    # -- what came ----------------------------------------------------------------------------

    def came(self, topic: str, message: bytes) -> None:
        """A message was taken by anybody: it must be one that was sent."""
        self.taken += 1
        try:
            name, number, _ = message.split(b":", 2)
            sender = self.senders[name.decode()]
            whole = message == text(sender.name, int(number)) and int(number) < sender.begun
            fitting = topic in ("in/" + sender.name, "out/" + sender.name)
        except (ValueError, KeyError):
            whole = fitting = False
        if not (whole and fitting):
            self.complain(f"nobody has sent {message!r} to {topic}")

    # -- its life -----------------------------------------------------------------------------

    def start(self) -> None:
        """The threads begin."""
        for thread in self._threads:
            thread.start()

    def hanging(self) -> str:
        """Who is in a call for too long, with the stacks of all threads; else nothing."""
        now = time.monotonic()
        late = [
            (hand.name, hand.busy)
            for hand in self.hands
            if (busy := hand.busy) and now - busy[0] > CALL_SECONDS
        ]
        return f"{late}\n{stacks()}" if late else ""

    @property
    def working(self) -> bool:
        """Whether a thread has not come to its end."""
        return any(thread.is_alive() for thread in self._threads)

    @property
    def accepted(self) -> set[bytes]:
        """All messages that were accepted at QoS 1."""
        return {text(s.name, number) for s in self.senders.values() for number in s.accepted}

    @property
    def offered(self) -> int:
        """How many QoS 0 messages the client has counted."""
        return sum(sender.offered for sender in self.senders.values())

    @property
    def connected(self) -> bool:
        """Whether there is a link to a broker."""
        return self.client.state == CONNECTED

    def serve(self) -> None:
        """One turn of the client, when the threads have stopped."""
        if self.client.state == IDLE:
            self._caller.connect()
        self._caller.call("poll", nxd_mqtt_client_poll, 1)
        # What is owed to us may be behind thousands of messages that have to be taken.
        while nxd_mqtt_client_statistics_get(self.client)[1]["unread"]:
            self._caller.take()

    def leave(self) -> None:
        """The last disconnect."""
        self.leaving = True
        self._caller.call("other", nxd_mqtt_client_disconnect)

    def calls(self) -> Counter:
        """How often each call has returned which status."""
        return sum((hand.calls for hand in (*self.hands, self._caller)), Counter())


def stacks() -> str:
    """Where all threads are."""
    with tempfile.TemporaryFile("w+") as file:
        faulthandler.dump_traceback(file, all_threads=True)
        file.seek(0)
        return file.read()
