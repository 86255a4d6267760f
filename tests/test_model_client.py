# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Any story of an application, a network and a clock: what the client has promised holds.

``Story`` is the world with what must be true of it; the machines only choose what happens next.
"""

from collections import Counter

import pytest
from client_bench import CONNECTED, CONNECTING, IDLE, App
from doubles.clock import Clock
from doubles.dialects import by_name
from doubles.platform import Platform
from doubles.played_broker import PlayedBroker
from doubles.trials import PORT
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from test_fixed_memory import sizes_of

from boards.desktop.broker.packets import (
    Connect,
    Pingreq,
    Publish,
    Subscribe,
    Unsubscribe,
    encode,
)
from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *

CLOCK = 1 << 29
HOUR = 3_600_000
DAYS_24 = 24 * 24 * HOUR
PUBACK, SUBACK, UNSUBACK = 4, 9, 11

MINIMUM, MAXIMUM = 50, 400  # ticks
KEEPALIVE = 20
# What a lost link, a pause and an attempt can take together, in milliseconds.
BOUND = KEEPALIVE * 1000 + 10_000 + MAXIMUM * 10 + 15_000

DIALECTS = (
    "cpython_tcp",
    "espressif",
    "rp2",
    "host",
    "micropython_tcp",
    "cpython_tls",
    "espressif_tls",
    "airlift",
)
FILTERS = ("a", "a/+", "b/#", "c/d/e")
REFUSED = "secret"
LARGE = 150  # bytes of a message that the receive queue never has room for

SIZES = st.sampled_from((0, 0, 8, 30, LARGE))

# After which a client with reconnection set stays away by itself.
FINAL = (
    NXD_MQTT_ERROR_UNACCEPTABLE_PROTOCOL,
    NXD_MQTT_ERROR_IDENTIFYIER_REJECTED,
    NXD_MQTT_ERROR_BAD_USERNAME_PASSWORD,
    NXD_MQTT_ERROR_NOT_AUTHORIZED,
    NXD_MQTT_INVALID_PACKET,
    NXD_MQTT_SERVER_MESSAGE_FAILURE,
)

MALFORMED = (
    b"\x34\x06\x00\x01a\x00\x01\x00",  # PUBLISH with QoS 2
    b"\x30\x03\x00\x01#",  # a wildcard
    b"\x40\x02\x00\x00",  # packet identifier 0
    b"\x90\x03\xff\xfe\x01",  # a SUBACK that nothing has asked for
    b"\x20\x02\x00\x00",  # a second CONNACK
    b"\x82\x00",  # what only a client sends
    b"\x30\xff\xff\xff\xff\x01",  # a remaining length of five bytes
    b"HTTP/1.1 400 Bad Request\r\n",
)


class OwnError(Exception):
    """What the application's callbacks raise."""


class Story:
    """A client, its application, its broker, and the book of what each was promised.

    :param bool again: whether reconnection is set
    :param int mode: when QoS 1 messages are acknowledged
    :param int policy: what happens when the receive queue is full
    """

    def __init__(self, dialect, start, again, mode, policy):
        ip = Platform(clock=Clock(start), dialect=by_name(dialect), link_up=self._attempt)
        self.app = app = App(payload_size=48, depth=5, queue=96, ip=ip)
        self.client, self.clock, self.again, self.mode = app.client, app.clock, again, mode
        self.broker = app.broker = PlayedBroker()
        self.broker.refuse = (REFUSED,)
        app.sockets.listen(PORT, self.broker)
        app.doing["any"] = self._told
        if again:
            assert nxd_mqtt_client_reconnect_set(self.client, MINIMUM, MAXIMUM) == 0
        assert nxd_mqtt_client_ack_mode_set(self.client, mode) == 0
        assert nxd_mqtt_client_queue_policy_set(self.client, policy) == 0
        self.network, self.attempts, self.calls = True, [], 0
        self.number = 0
        self.ranks = {}  # number of a message: how many were accepted before it
        self.arrived, self.looked_at = [], 0
        self.images = {}  # number of a QoS 1 message: its PUBLISH without DUP
        self.clean = False
        self.clean_links = []  # the numbers of the connections that began clean
        self.wanted, self.newest, self.open_requests = {}, {}, {}
        self.unsure = set()
        self.taken = []
        # Whether unread messages were let go of; whether the application wants no link.
        self.released, self.away = False, True
        self.policy = policy
        self.plans = {}
        self.sizes = self._sizes()

    def _sizes(self):
        buffers = ("list", "dict", "bytearray", "memoryview")
        return [size for size in sizes_of(self.client) if size[0] in buffers and size[1]]

    # what the client calls

    def _attempt(self):
        self.attempts.append((self.calls, self.clock.elapsed))
        if self.clean:
            self.clean_links.append(len(self.app.sockets.connections))
        return self.network

    def _told(self):
        name, *what = self.app.told[-1]
        if name == "acknowledge" and what[0] in (SUBACK, UNSUBACK):
            wanted = self.open_requests.pop(what[1], None)
            if self.newest.get(wanted) == what[1]:
                self.unsure.discard(wanted)
        if name == "connect" and what == [0] and self.clean:
            self.unsure.clear()
        plan = self.plans.get(name)
        if plan:
            if plan != "get":
                del self.plans[name]
            _PLANS[plan](self)

    # what the application does

    def run(self, call, *arguments):
        """Call the client; an exception of a callback's passes through."""
        try:
            return call(*arguments)
        except OwnError:
            return None

    def fail(self):
        """Raise out of a callback."""
        raise OwnError

    def connect(self, clean, wait):
        """Ask for a link."""
        idle = self.client.state == IDLE
        if idle:
            self._give_up()
        before = self.clean, dict(self.wanted), set(self.unsure)
        if idle:
            self.calls += 1
            self.away, self.clean = False, clean
            if clean:
                self.unsure |= set(FILTERS)
                self.wanted.clear()
        status = self.run(self.app.start, wait, KEEPALIVE, int(clean))
        if idle and status == NXD_MQTT_PACKET_POOL_FAILURE:  # inside a callback that stays
            self.clean, self.wanted, self.unsure = before
        elif not idle and not (wait and self.again):  # else it waits with the attempts
            assert status in (NXD_MQTT_CONNECTING, NXD_MQTT_ALREADY_CONNECTED)

    def _give_up(self):
        """Without a link and without one wanted, requests that were not answered are dropped."""
        self.unsure.update(self.open_requests.values())
        self.open_requests.clear()

    def publish(self, quality, wait):
        """Publish a message with a number of its own."""
        number = self.number
        self.number += 1  # a callback may publish before this one is accepted
        payload = b"%06d" % number
        status = self.run(self.app.publish, payload, quality, wait)
        # At QoS 0 the link can end with the message in hand.
        if status in (NXD_MQTT_SUCCESS, NXD_MQTT_COMMUNICATION_FAILURE):
            self.ranks[number] = len(self.ranks)
            if quality:
                packet_id = self.client.packet_identifier
                self.images[number] = encode(Publish("t", payload, 1, packet_id=packet_id))

    def request(self, wanted, quality):
        """Subscribe, or with QoS -1 unsubscribe."""
        if quality < 0:
            status = self.run(nxd_mqtt_client_unsubscribe, self.client, wanted)
        else:
            status = self.run(nxd_mqtt_client_subscribe, self.client, wanted, quality)
        if status == NXD_MQTT_SUCCESS:
            packet_id = self.client.packet_identifier
            self.newest[wanted] = packet_id
            self.open_requests[packet_id] = wanted
            self.unsure.discard(wanted)
            if quality < 0 or wanted == REFUSED:
                self.wanted.pop(wanted, None)
            else:
                self.wanted[wanted] = quality

    def get(self):
        """Take the oldest message."""
        payload = self.app.get()
        if payload is not None:
            self.taken.append(payload)

    def discard(self):
        """Drop the oldest message, which counts as taken."""
        inbox = self.client._inbox
        if inbox.peek():
            topic, payload = bytearray(inbox.topic_length), bytearray(inbox.message_length)
            inbox.copy(topic, payload)
            self.taken.append(bytes(payload))
            assert nxd_mqtt_client_message_discard(self.client) == NXD_MQTT_SUCCESS

    def disconnect(self):
        """End it."""
        assert self.run(nxd_mqtt_client_disconnect, self.client) in (NXD_MQTT_SUCCESS, None)
        self._give_up()
        self.released = self.away = True

    def poll(self, wait=0):
        """One turn."""
        before = self.clock.elapsed
        status = self.run(self.app.poll, wait)
        # A connect step, of which a poll can make one, is not part of the wait.
        assert self.clock.elapsed - before <= wait * 10 + 5000
        return status

    # what must be true at any time

    def check(self):
        """Everything that holds between two calls."""
        app, sockets = self.app, self.app.sockets
        assert sockets.most_open <= 1
        assert (sockets.double_closes, sockets.corruptions) == ([], [])
        assert app.deepest <= 1
        if self.client._teller.untold:  # behind a callback that has raised
            return
        assert self._sizes() == self.sizes
        if app.state == IDLE:
            assert sockets.open_now == 0
            assert self.away or not self.again or self.client.reason[1] in FINAL
            self._give_up()
        else:
            closes = sockets.dialect.kind == "airlift"  # a driver that closes by itself
            assert sockets.open_now == 1 or app.state == CONNECTING or closes
        self._check_told()
        self._check_counters()
        self._check_pauses()
        self._check_arrivals()
        self._check_taken()

    def _check_told(self):
        """Each link that was accepted is told once, and its end once, in turn."""
        told = [what for what in self.app.told if what[0] in ("connect", "disconnect")]
        links = [name for name, status in told if name == "disconnect" or status == 0]
        accepted = links.count("connect")
        assert links == ["connect", "disconnect"] * (len(links) // 2) + ["connect"] * (
            len(links) % 2
        )
        assert accepted == self.app.statistics["connects"]
        assert len(links) % 2 == (self.app.state == CONNECTED)

    def _check_counters(self):
        statistics = self.app.statistics
        answers = Counter(what[1] for what in self.app.told if what[0] == "acknowledge")
        assert statistics["published"] == len(self.ranks)
        assert statistics["acknowledged"] == answers[PUBACK] <= len(self.images)
        waiting = len(self.images) - answers[PUBACK] + len(self.open_requests)
        assert statistics["unacknowledged"] <= waiting
        if not self.clean_links:
            assert statistics["unacknowledged"] == waiting
        assert statistics["attempts"] == len(self.attempts)
        assert statistics["attempts"] >= statistics["connects"] >= statistics["reconnects"]
        read = len(self.taken) + statistics["unread"]
        assert statistics["received"] >= read
        if statistics["connects"] < 2 and not self.released:
            # A message that is dropped when it comes was never received.
            lost = statistics["dropped"] if self.policy == NXD_MQTT_QUEUE_DROP_OLD else 0
            assert statistics["received"] - read <= lost
        if self.policy == NXD_MQTT_QUEUE_HOLD:
            assert statistics["dropped"] == 0

    def _check_pauses(self):
        """Attempts of one call are no closer than the shortest pause; none waits for too long."""
        for place in range(max(len(self.attempts) - 9, 1), len(self.attempts)):
            (call, before), (later_call, after) = self.attempts[place - 1 : place + 1]
            assert call != later_call or after - before >= MINIMUM * 10
        if self.app.state == CONNECTING:
            status, ticks = nxd_mqtt_client_deadline_get(self.client)
            assert status == NXD_MQTT_SUCCESS
            assert ticks <= (1000 if self.app.sockets.open_now else MAXIMUM)

    def _check_arrivals(self):
        """First arrivals are in order; a second one has DUP, and one with DUP was sent before."""
        for packet_id, payload, duplicate in self.broker.published[self.looked_at :]:
            number = int(payload)
            if number in self.arrived:
                assert duplicate and packet_id
                continue
            assert not duplicate or self._was_sent(number)
            assert not self.arrived or self.ranks[number] > self.ranks[self.arrived[-1]]
            self.arrived.append(number)
        self.looked_at = len(self.broker.published)
        for first, *packets in filter(None, self.broker.packets[-3:]):
            # A clean session has nothing to send again.
            assert not any(isinstance(p, Publish) and p.duplicate for p in packets) or not (
                first.clean_session
            )

    def _was_sent(self, number, before=-1):
        """Whether one of the links before this one has taken at least a byte of a message."""
        image = self.images[number]
        for connection in self.app.sockets.connections[:before]:
            stream = bytes(connection.received + connection.lost)
            if image in stream:
                return True
            if any(stream.endswith(image[:end]) for end in range(1, len(image))):
                return True
        return False

    def _check_taken(self):
        """What is taken first is in order; with ack on get only what was taken is acknowledged."""
        firsts = [payload for payload in dict.fromkeys(self.taken) if payload[:1] == b"1"]
        assert firsts == sorted(firsts)
        if self.mode == NXD_MQTT_ACK_ON_GET:
            left = set(self.broker.taken).difference(self.taken)
            assert all(len(payload) >= LARGE for payload in left)

    # the end of every story

    def finish(self):
        """Faults stop: the client is there again in time, and everything is delivered."""
        self.plans.clear()
        self.broker.mute, self.broker.code, self.network = (), 0, True
        self.app.sockets.listen(PORT, self.broker)
        for connection in self.app.sockets.connections:
            connection.close()
        links = len(self.broker.connections)
        began = self.clock.elapsed
        while not self._is_settled(links):
            assert self.clock.elapsed - began <= BOUND, self.client.reason
            if self.app.state == IDLE:
                self.check()
                self.connect(False, 100)
                began = self.clock.elapsed
            self.poll(100)
            while self.client._inbox.count:
                self.get()
        self.check()
        self._check_delivery()

    def _is_settled(self, links):
        """Connected since faults have stopped, and nothing is left to be said."""
        broker, statistics = self.broker, self.app.statistics
        if self.app.state != CONNECTED or len(broker.connections) == links:
            return False
        table = self.client._session.subscriptions
        asking = table and any(start >= 0 for start in table.starts[: table.count])
        waiting = broker.outgoing or broker.peer.waiting or self.client._teller.untold
        return not (statistics["unacknowledged"] or waiting or asking or self.client._more)

    def _check_delivery(self):
        for number in set(self.images).difference(self.arrived):
            # A clean session discards what was sent, and nothing else.
            assert any(self._was_sent(number, link) for link in self.clean_links)
        if not self.released:
            left = set(self.broker.taken).difference(self.taken)
            assert all(len(payload) >= LARGE for payload in left)
        if self.again:
            granted = self.broker.filters.items()
            granted = {name: quality for name, quality in granted if name not in self.unsure}
            wanted = self.wanted.items()
            assert granted == {name: q for name, q in wanted if name not in self.unsure}


_PLANS = {
    "publish": lambda story: story.publish(1, 100),
    "publish at QoS 0": lambda story: story.publish(0, 0),
    "get": Story.get,
    "poll": Story.poll,
    "disconnect": Story.disconnect,
    "connect": lambda story: story.connect(False, 100),
    "subscribe": lambda story: story.request("a", 1),
    "raise": Story.fail,
}


def with_link(function):
    """A rule for a client that has a link, or wants one."""
    return precondition(lambda machine: machine.story.app.state != IDLE)(function)


class ClientMachine(RuleBasedStateMachine):
    """What happens next, of the application, the broker, the network and the clock."""

    mode = NXD_MQTT_ACK_ON_QUEUE

    @initialize(
        dialect=st.sampled_from(DIALECTS),
        start=st.sampled_from((0, DAYS_24, CLOCK - 1)) | st.integers(CLOCK - 60_000, CLOCK - 1),
        again=st.sampled_from((True, True, True, False)),
        policy=st.integers(0, 2),
        clean=st.booleans(),
        limit=st.sampled_from((0, 0, 500)),
    )
    def begin(self, dialect, start, again, policy, clean, limit):
        self.story = Story(dialect, start, again, self.mode, policy)
        status = nxd_mqtt_client_timeout_set(self.story.client, NXD_MQTT_TIMEOUT_PUBACK, limit)
        assert status == NXD_MQTT_SUCCESS
        self.broker = self.story.broker
        self.sent = 0
        self.story.connect(clean, 500)

    @invariant()
    def check(self):
        if hasattr(self, "story"):
            self.story.check()

    def teardown(self):
        if hasattr(self, "story"):
            self.story.finish()

    @property
    def peer(self):
        """The broker's end of the newest connection, unless it has ended."""
        peers = self.broker.connections[-1:]
        return peers[0] if peers and not peers[0].ending else None

    # the application

    @rule(clean=st.sampled_from((False, False, False, True)), wait=st.sampled_from((0, 0, 500)))
    def connect(self, clean, wait):
        self.story.connect(clean, wait)

    @with_link
    @rule()
    def disconnect(self):
        self.story.disconnect()

    @rule(quality=st.sampled_from((0, 1, 1)), wait=st.sampled_from((0, 0, 100)))
    def publish(self, quality, wait):
        self.story.publish(quality, wait)

    @rule(count=st.integers(2, 6))
    def publish_many(self, count):
        for _ in range(count):
            self.story.publish(1, 0)

    @rule(wanted=st.sampled_from((*FILTERS, REFUSED)), quality=st.integers(-1, 1))
    def request(self, wanted, quality):
        self.story.request(wanted, quality)

    @with_link
    @rule(messages=st.lists(st.sampled_from((0, 1, 1)), min_size=1, max_size=5))
    def talk(self, messages):
        for quality in messages:
            self.story.publish(quality, 0)
            self.deliver(quality, [0])
            self.story.poll()
            self.story.get()

    @with_link
    @rule()
    def get(self):
        self.story.get()

    @with_link
    @rule()
    def discard(self):
        self.story.discard()

    @rule(count=st.integers(1, 4))
    def poll(self, count):
        for _ in range(count):
            self.story.poll()

    @with_link
    @rule(wait=st.sampled_from((1, 30, 100, 500, 3000)))
    def poll_with_a_wait(self, wait):
        self.story.poll(wait)

    @rule(
        event=st.sampled_from(("receive", "connect", "disconnect", "acknowledge")),
        plan=st.sampled_from(sorted(_PLANS)),
    )
    def plan(self, event, plan):
        self.story.plans[event] = plan

    # the broker

    @with_link
    @rule(quality=st.sampled_from((0, 1, 1)), sizes=st.lists(SIZES, min_size=1, max_size=6))
    def deliver(self, quality, sizes):
        for size in sizes:
            self.sent += 1
            payload = b"%d%06d" % (quality, self.sent) + b"." * size
            if quality:
                self.broker.deliver(payload)
            elif self.story.app.state == CONNECTED:
                self.broker.send(Publish("t", payload))

    @rule(code=st.sampled_from((0, 0, 0, 3, 3, 1, 5, 6)))
    def answer_connects(self, code):
        self.broker.code = code

    @with_link
    @rule(kinds=st.sampled_from(((Connect,), (Publish,), (Subscribe, Unsubscribe), (Pingreq,))))
    def fall_silent(self, kinds):
        self.broker.mute = kinds

    @with_link
    @rule()
    def forget(self):
        self.broker.forget()
        self.cut("close")

    @with_link
    @rule(junk=st.sampled_from(MALFORMED), times=st.integers(1, 3))
    def send_junk(self, junk, times):
        for _ in range(times):
            if self.peer:
                self.peer.send(junk)
            self.story.poll(MAXIMUM)

    # the network and the clock

    @rule(clean=st.sampled_from((False, False, True)), times=st.integers(1, 3))
    def mend(self, clean, times):
        self.broker.code, self.story.network = 0, True
        self.story.app.sockets.listen(PORT, self.broker)
        if self.peer and (self.peer.vanished or self.peer.accept_limit is not None):
            self.peer.close()
        if self.story.app.state == IDLE:
            self.story.connect(clean, 500)
        for _ in range(times):
            self.story.poll(MAXIMUM)

    @with_link
    @rule(how=st.sampled_from(("close", "reset", "discard")))
    def cut(self, how):
        # A broker answers in order: it speaks again on a new link only.
        self.broker.mute = ()
        if self.peer and how == "close":
            self.peer.close()
        elif self.peer:
            self.peer.reset(how == "discard")

    @with_link
    @rule()
    def vanish(self):
        if self.peer:
            self.peer.vanish()

    @with_link
    @rule(limit=st.sampled_from((0, 0, 1, 7, None)))
    def stall(self, limit):
        # What a send that the co-processor's driver gives up has carried nobody can tell.
        if self.peer and self.story.app.sockets.dialect.kind != "airlift":
            self.peer.accept_limit = limit

    @rule(
        how=st.sampled_from(("refuse", "ignore", "hang up", "lose answers", "listen", "down", "up"))
    )
    def change_the_network(self, how):
        sockets = self.story.app.sockets
        self.story.network = how != "down"
        if how == "refuse":
            sockets.refuse(PORT)
        elif how == "ignore":
            sockets.listen(PORT, None)
        elif how == "hang up":
            sockets.listen(PORT, lambda connection: connection.close())
        elif how == "lose answers":
            sockets.listen(PORT, self._lose_answers)
        else:
            sockets.listen(PORT, self.broker)

    def _lose_answers(self, connection):
        self.broker(connection)
        read = connection.on_data

        def read_and_end():
            read()
            connection.reset(discard=True)

        connection.on_data = read_and_end

    @rule(milliseconds=st.sampled_from((1, 10, 400, 3000, 9000, 25_000, 1 << 26, 1 << 28)))
    def let_time_pass(self, milliseconds):
        self.story.clock.advance(milliseconds)

    @rule(milliseconds=st.sampled_from((-1, -5000, -HOUR, 38 * HOUR, 1 << 28)))
    def set_the_clock(self, milliseconds):
        self.story.clock._start += milliseconds
        self.story.calls += 1  # a pause is no pause any more


class OnGetMachine(ClientMachine):
    """The same, with messages that are acknowledged when they are taken."""

    mode = NXD_MQTT_ACK_ON_GET


SHORT = settings(max_examples=70, stateful_step_count=40, deadline=None, derandomize=True)
LONG = settings(max_examples=1500, stateful_step_count=80, deadline=None, derandomize=True)

ClientMachine.TestCase.settings = SHORT
OnGetMachine.TestCase.settings = SHORT
TestClientMachine = ClientMachine.TestCase
TestOnGetMachine = OnGetMachine.TestCase


class LongMachine(ClientMachine):
    """The same, for longer."""


class LongOnGetMachine(OnGetMachine):
    """The same, for longer."""


LongMachine.TestCase.settings = LONG
LongOnGetMachine.TestCase.settings = LONG
# Each takes a minute where it has a core to itself.
TestLongMachine = pytest.mark.timeout(600)(pytest.mark.long(LongMachine.TestCase))
TestLongOnGetMachine = pytest.mark.timeout(600)(pytest.mark.long(LongOnGetMachine.TestCase))
