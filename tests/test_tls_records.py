# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""How TLS cuts the broker's bytes into records makes no difference, and none is left lying.

What a TLS layer has taken off the wire and not handed out yet no select tells of: it has to be
read without another wake-up, or it lies there until something else comes.
"""

import pytest
from doubles.dialects import AIRLIFT, CPYTHON_TCP, ESPRESSIF, HOST, WIZNET
from doubles.script import CONNACK, DISCONNECT, PINGREQ, PINGRESP, puback, publish, suback, unsuback
from doubles.script import connect as connect_packet
from secure_bench import SecureApp

from nxd_mqtt import transport
from nxd_mqtt.nxd import *

NETWORKS = (HOST, ESPRESSIF, WIZNET, AIRLIFT, CPYTHON_TCP)
# Where a TLS layer keeps what it has decrypted; a co-processor's does that on its own side.
LAYERED = (HOST, ESPRESSIF, WIZNET, CPYTHON_TCP)

every_network = pytest.mark.parametrize("network", NETWORKS, ids=str)
every_layer = pytest.mark.parametrize("network", LAYERED, ids=str)
framed_or_not = pytest.mark.parametrize("framed", (False, True), ids=("bare", "framed"))

SECOND = NX_IP_PERIODIC_RATE

MESSAGES = [b"at most once", b"at least once", b"." * 200, b""]
ANSWERS = puback(7) + puback(8)


class WatcherOfBoards:
    """``select.poll`` with ``ipoll``, which sees the wire and not what TLS has taken off it."""

    def register(self, sock, events):
        """Watch a socket."""
        self._sock = sock
        self._events = events

    def ipoll(self, milliseconds):
        """What is ready now."""
        assert milliseconds == 0
        return iter([(self._sock, self._sock.ready_for(self._events))])


@pytest.fixture(params=(False, True), ids=("unwatched", "watched"))
def watched(request, monkeypatch):
    """Whether the board's poll objects are there, which a link asks before it reads."""
    if request.param:
        monkeypatch.setattr(transport, "poll", WatcherOfBoards)
    return request.param


class Round:
    """A client asks for something, and its broker has a story to tell.

    :param SecureApp app: connected, with nothing on its way
    """

    def __init__(self, app):
        self.app = app
        client = app.client
        assert nxd_mqtt_client_subscribe(client, "t", 1) == NXD_MQTT_SUCCESS
        subscribed = client.packet_identifier
        assert app.publish(b"out") == NXD_MQTT_SUCCESS
        published = client.packet_identifier
        assert nxd_mqtt_client_unsubscribe(client, "x") == NXD_MQTT_SUCCESS
        unsubscribed = client.packet_identifier
        app.poll()
        app.peer.take()
        app.told.clear()
        self._acknowledged = [(9, subscribed, 1), (4, published, None), (11, unsubscribed, None)]
        self.story = b"".join(
            (
                suback(subscribed, 1),
                puback(published),
                publish("t", MESSAGES[0]),
                publish("t", MESSAGES[1], 7),
                unsuback(unsubscribed),
                publish("t", MESSAGES[2], 8),
                publish("t", MESSAGES[3]),
            )
        )

    def is_told(self, turns=8):
        """Whether the application has heard it all, and once, after so many turns."""
        app = self.app
        app.polls(turns)
        heard = app.heard("acknowledge"), app.messages(), app.peer.take()
        return heard == (self._acknowledged, MESSAGES, ANSWERS)


def connected(network, framed=False, **named):
    """An application in whose packets the story finds room."""
    return SecureApp(network, framed=framed, payload_size=256, **named).connect()


# --- boundaries ----------------------------------------------------------------------------------


@every_network
@framed_or_not
def test_two_records_cut_at_every_byte(network, framed, watched):
    app = connected(network, framed)
    for at in range(1, 320):
        one = Round(app)
        app.peer.send(one.story, [at])
        assert one.is_told(), at
    assert app.clock.elapsed == 0
    assert app.sockets.blocked == []


@every_network
@framed_or_not
def test_a_second_record_that_comes_later(network, framed, watched):
    app = connected(network, framed)
    for at in range(1, 320, 3):
        one = Round(app)
        app.peer.send(one.story[:at])
        app.polls(3)
        app.peer.send(one.story[at:])
        assert one.is_told(), at


@every_network
@framed_or_not
def test_records_of_one_size(network, framed, watched):
    app = connected(network, framed)
    for size in (1, 2, 3, 7, 64, 511, 512, 513):
        one = Round(app)
        app.peer.send(one.story, size)
        assert one.is_told(turns=3 + len(one.story) // size), size


@every_network
@framed_or_not
def test_the_answer_to_connect_and_all_behind_it_in_one_record(network, framed):
    app = SecureApp(network, framed=framed)
    behind = publish("t", b"kept for you", 7) + publish("t", b"and new")
    app.script.accept().expect(connect_packet("me")).send(CONNACK + behind)
    assert app.start(500) == NXD_MQTT_SUCCESS
    app.poll()
    assert app.messages() == [b"kept for you", b"and new"]
    assert app.clock.elapsed == 0


# --- what no select tells of ---------------------------------------------------------------------


def small_messages(count):
    """Many messages, and what they are."""
    payloads = [b"%03d" % number for number in range(count)]
    return b"".join(publish("t", payload) for payload in payloads), payloads


@every_network
@framed_or_not
def test_a_record_is_read_to_its_end_without_waiting(network, framed, watched):
    app = connected(network, framed, queue=8192)
    data, payloads = small_messages(200)
    assert len(data) > 3 * 512
    app.peer.send(data)
    turns = 0
    got = []
    while len(got) < len(payloads):
        assert app.poll(SECOND) == NXD_MQTT_SUCCESS
        got += app.messages()
        turns += 1
        assert turns < len(payloads)
    assert got == payloads
    assert app.clock.elapsed == 0
    app.poll(SECOND)
    assert app.clock.elapsed == 1000


@every_layer
@framed_or_not
def test_a_full_queue_leaves_the_rest_of_a_record_and_comes_back_for_it(network, framed, watched):
    app = connected(network, framed, queue=64)
    data, payloads = small_messages(60)
    app.peer.send(data)
    app.polls(5)
    assert app.peer.waiting == 0
    assert app.statistics["received"] < len(payloads)
    # While it holds nothing is read, and time is not spent at full speed.
    began = app.clock.elapsed
    app.poll(SECOND)
    assert app.clock.elapsed > began
    began = app.clock.elapsed
    got = []
    while len(got) < len(payloads):
        payload = app.get()
        if payload is None:
            app.poll(SECOND)
        else:
            got.append(payload)
        assert app.clock.elapsed == began, len(got)
    assert got == payloads


@every_layer
def test_the_end_behind_a_record_is_told_behind_its_messages(network, watched):
    app = connected(network, queue=64)
    data, payloads = small_messages(60)
    app.peer.send(data)
    app.peer.close()
    got = []
    for _ in range(1000):
        status = app.poll()
        got += app.messages()
        if status:
            break
    assert got == payloads
    assert status == NXD_MQTT_COMMUNICATION_FAILURE
    assert app.heard("disconnect") == [(NXD_MQTT_COMMUNICATION_FAILURE,)]
    assert app.nothing_left()


@every_layer
def test_an_answer_in_the_layer_is_in_time(network, watched):
    # The PINGRESP lies behind messages that hold: its deadline stands still meanwhile.
    app = SecureApp(network, queue=64).connect(keepalive=20)
    data, payloads = small_messages(30)
    app.peer.send(data + PINGRESP)
    app.polls(3)
    while app.clock.elapsed < 60_000:
        assert app.poll(SECOND) == NXD_MQTT_SUCCESS
    assert PINGREQ in app.peer.take()
    got = []
    while len(got) < len(payloads):
        assert app.poll() == NXD_MQTT_SUCCESS
        got += app.messages()
    assert app.poll(SECOND) == NXD_MQTT_SUCCESS
    assert nxd_mqtt_client_disconnect(app.client) == NXD_MQTT_SUCCESS
    assert app.peer.take().endswith(DISCONNECT)
