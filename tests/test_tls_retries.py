# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A TLS layer that has found no room is offered the same bytes again, whatever comes meanwhile.

mbedTLS has made its record by then: it sends that one, and claims to have taken what is offered
now. So what is longer loses bytes, and nobody is told.
"""

import pytest
from doubles.dialects import AIRLIFT, CPYTHON_TCP, ESPRESSIF, HOST, RP2, WIZNET
from doubles.played_broker import PlayedBroker
from doubles.script import puback, publish
from hypothesis import given, settings
from hypothesis import strategies as st
from secure_bench import SecureApp, every_board

from boards.desktop.broker.packets import (
    FROM_CLIENT,
    Connect,
    Disconnect,
    Puback,
    Publish,
    next_packet,
)
from nxd_mqtt.nxd import *

NETWORKS = (HOST, ESPRESSIF, RP2, WIZNET, CPYTHON_TCP)

every_network = pytest.mark.parametrize("network", NETWORKS, ids=str)
framed_or_not = pytest.mark.parametrize("framed", (False, True), ids=("bare", "framed"))

GRANTS = st.sampled_from((0, 0, 0, 1, 2, 5, 13, None))
STEPS = st.one_of(
    st.tuples(st.just("publish"), st.integers(0, 1), st.integers(0, 40)),
    st.tuples(st.just("deliver"), st.just(0), st.integers(0, 40)),
    st.tuples(st.just("ping"), st.just(0), st.integers(0, 20)),
    st.tuples(st.just("poll"), st.just(0), st.integers(1, 3)),
)


class Pattern:
    """How much each send finds room for: what was drawn, again and again until it is ended."""

    def __init__(self, grants):
        self._grants = grants
        self._number = 0
        self.ended = False

    def __call__(self):
        if self.ended:
            return None
        self._number += 1
        return self._grants[self._number % len(self._grants)]


def packets_of(data):
    """The packets in bytes from the client, and what is left behind the last of them."""
    found, at = [], 0
    packet, at = next_packet(data, 0, FROM_CLIENT)
    while packet is not None:
        found.append(packet)
        packet, at = next_packet(data, at, FROM_CLIENT)
    return found, bytes(data[at:])


class Story:
    """A client whose broker takes bytes as it likes."""

    def __init__(self, network, framed, grants):
        self.broker = PlayedBroker()
        self.app = SecureApp(network, framed=framed, depth=4)
        self.app.serve(self.broker)
        assert self.app.start(500) == NXD_MQTT_SUCCESS
        self.pattern = Pattern(grants)
        self.app.peer.accept_limit = self.pattern
        self.accepted = []
        self.delivered = []
        self._number = 0

    def publish(self, quality, size):
        """Publish something that no other message equals."""
        self._number += 1
        payload = b"%d" % self._number + b"." * size
        if self.app.publish(payload, quality) == NXD_MQTT_SUCCESS:
            self.accepted.append((quality, payload))

    def deliver(self, _, size):
        """The broker sends a message, which wants its acknowledgement."""
        payload = b"in %d" % len(self.delivered) + b"." * size
        self.delivered.append(payload)
        self.broker.deliver(payload)

    def ping(self, _, size):
        """The server wants an answer from the layer in between."""
        if self.app.framed:
            self.app.peer.raw(bytes([0x89, size]) + b"p" * size)

    def poll(self, _, times):
        """Turns of the client, which also takes what has come."""
        self.app.polls(times)
        self.app.messages()

    def play(self, steps):
        """Do what was drawn."""
        for verb, quality, size in steps:
            getattr(self, verb)(quality, size)

    def finish(self):
        """From now on there is room; returns the packets that the broker got."""
        self.pattern.ended = True
        for _ in range(50):
            self.poll(0, 1)
        assert self.app.sockets.corruptions == []
        packets, rest = packets_of(self.app.peer.received)
        assert rest == b""
        return packets


@every_network
@framed_or_not
@settings(max_examples=25)
@given(steps=st.lists(STEPS, max_size=25), grants=st.lists(GRANTS, min_size=1, max_size=12))
def test_nothing_is_lost_doubled_or_mixed_up(network, framed, steps, grants):
    story = Story(network, framed, grants)
    story.play(steps)
    packets = story.finish()
    published = [(one.qos, bytes(one.payload)) for one in packets if isinstance(one, Publish)]
    assert published == story.accepted
    assert not any(one.duplicate for one in packets if isinstance(one, Publish))
    assert story.broker.taken == story.delivered
    kinds = {type(one) for one in packets[1:]}
    assert isinstance(packets[0], Connect)
    assert kinds <= {Publish, Puback}


@every_network
@framed_or_not
@settings(max_examples=12)
@given(steps=st.lists(STEPS, max_size=15), grants=st.lists(GRANTS, min_size=1, max_size=6))
def test_a_farewell_does_not_corrupt_either(network, framed, steps, grants):
    story = Story(network, framed, grants)
    story.play(steps)
    nxd_mqtt_client_disconnect(story.app.client)
    assert story.app.sockets.corruptions == []
    packets, rest = packets_of(story.app.peer.received)
    left = [one for one in packets if isinstance(one, Disconnect)]
    # It stands at the end and behind a whole packet, or was left out.
    assert not left or (len(left) == 1 and packets[-1] == left[0] and rest == b"")
    assert story.app.nothing_left()


@every_network
def test_a_publish_during_a_refusal_does_not_lengthen_the_offer(network):
    app = SecureApp(network).connect()
    app.peer.accept_limit = 0
    app.publish(b"first")
    app.poll()
    app.publish(b"second")
    app.peer.send(publish("t", b"in", 9))
    app.polls(2)
    app.peer.accept_limit = None
    app.polls(3)
    wanted = publish("t", b"first", 1) + publish("t", b"second", 2) + puback(9)
    got = app.peer.take()
    assert sorted(packets_of(got)[0], key=repr) == sorted(packets_of(wanted)[0], key=repr)
    assert got.startswith(publish("t", b"first", 1))
    assert app.sockets.corruptions == []


@every_board
def test_the_double_would_tell_of_a_longer_offer(network):
    app = SecureApp(network).connect()
    app.peer.accept_limit = 0
    stream = app.client._link.stream
    with pytest.raises(OSError):
        stream.send(b"first")
    app.peer.accept_limit = None
    assert stream.send(b"first and more") == len(b"first and more")
    assert app.peer.take() == b"first"
    assert len(app.sockets.corruptions) == 1


def test_a_co_processor_s_short_send_ends_the_link():
    app = SecureApp(AIRLIFT).connect()
    app.peer.accept_limit = 3
    app.publish(b"lost half-way")
    assert app.until_ended() == NXD_MQTT_COMMUNICATION_FAILURE
    assert app.nothing_left()
