# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""How often the system is called for a message: the ceilings in the table only go down.

On a desktop a call of the system takes longer than all that is done for a message between two of
them, and on a co-processor a hundred times as long. They are counted on the socket double, so they
are the same on every machine.
"""

import math
from typing import NamedTuple

import pytest
from client_bench import App
from doubles.script import PINGRESP, puback, publish

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *

STAGING = 512
"""Bytes of the staging buffer: no read brings more of what is short."""

DEPTH = 16
TOPIC_AND_HEAD = len(publish("t", b"", 1))


class Calls(NamedTuple):
    """How often a client has called its socket, and how often it has slept."""

    sends: int
    reads: int
    waits: int = 0


class Story:
    """A connected application, and what its socket is asked for from now on."""

    def __init__(self):
        self.app = App(payload_size=2048, depth=DEPTH, queue=20_000).connect(keepalive=60)
        self._before = self._now()

    def _now(self):
        sockets = self.app.sockets
        return Calls(sockets.count("send"), sockets.count("recv_into"), len(sockets.waits))

    def calls(self):
        """What it was asked for so far."""
        return Calls(*(now - before for now, before in zip(self._now(), self._before, strict=True)))

    def forget(self):
        """What was asked for so far belongs to how the story begins."""
        self.app.peer.take()
        self._before = self._now()

    def fill(self):
        """Publish as many messages at QoS 1 as the store takes; returns their wire images."""
        for number in range(DEPTH):
            assert self.app.publish(b"%d" % number) == NXD_MQTT_SUCCESS
        return b"".join(publish("t", b"%d" % n, n + 1) for n in range(DEPTH))

    def drain(self, most=DEPTH):
        """Poll until all that waits is read and taken; returns the messages.

        At most so many are taken between two polls.
        """
        app = self.app
        topic, message = bytearray(8), bytearray(20_000)
        taken = []
        while True:
            app.poll()
            for _ in range(most):
                status, _, length = nxd_mqtt_client_message_get(app.client, topic, message)
                if status == NXD_MQTT_SUCCESS:
                    taken.append(bytes(message[:length]))
            if not (app.peer.waiting or app.statistics["unread"]):
                return taken


# --- the stories ---------------------------------------------------------------------------------


def idle(story):
    """A poll that has nothing to do."""
    assert story.app.poll() == NXD_MQTT_SUCCESS


def idle_wait(story):
    """A poll that sleeps for nothing."""
    assert story.app.poll(30) == NXD_MQTT_SUCCESS


def one_publish(story, quality=1):
    """A message goes out at once, by itself."""
    assert story.app.publish(b"hello", quality) == NXD_MQTT_SUCCESS
    assert story.app.peer.take() == publish("t", b"hello", 1 if quality else None)


def one_publish_at_quality_0(story):
    """The same at QoS 0."""
    one_publish(story, 0)


def long_publish(story):
    """A message that fills a slot of the store."""
    message = bytes(2048 - TOPIC_AND_HEAD - 1)
    assert story.app.publish(message) == NXD_MQTT_SUCCESS
    assert story.app.peer.take() == publish("t", message, 1)


def one_round_trip(story):
    """A message and its acknowledgement, which a sleeping poll waits for."""
    app = story.app
    assert app.publish() == NXD_MQTT_SUCCESS
    app.clock.later(5, lambda: app.peer.send(puback(1)))
    app.poll(NX_WAIT_FOREVER)
    assert app.statistics["acknowledged"] == 1


def many_publishes(story):
    """Each of many calls sends its message at once: nothing says that another one follows."""
    wanted = story.fill()
    assert story.app.peer.take() == wanted


def many_publishes_in_a_callback(story):
    """The same from a receive notify."""
    app = story.app
    wanted = []
    app.doing["receive"] = lambda: wanted.append(story.fill())
    app.peer.send(publish("t", b"go"))
    app.poll()
    assert app.peer.take() == wanted[0]


def many_publishes_that_waited(story):
    """What a link would not take goes out together when it does."""
    app = story.app
    app.peer.accept_limit = 0
    wanted = story.fill()
    app.peer.accept_limit = None
    story.forget()
    app.poll()
    assert app.peer.take() == wanted


def many_acknowledgements(story):
    """Many PUBACKs that wait are read at once."""
    story.fill()
    story.forget()
    story.app.peer.send(b"".join(puback(number + 1) for number in range(DEPTH)))
    story.drain()
    assert story.app.statistics["acknowledged"] == DEPTH


def _messages(story, count, size, quality, most=DEPTH):
    payloads = [b"%04d" % number * (size // 4) for number in range(count)]
    flood = b"".join(
        publish("t", payload, number + 1 if quality else None)
        for number, payload in enumerate(payloads)
    )
    story.app.peer.send(flood)
    assert story.drain(most) == payloads
    wanted = b"".join(puback(number + 1) for number in range(count)) if quality else b""
    assert story.app.peer.take() == wanted


def one_message(story):
    """A message comes, is taken and acknowledged."""
    _messages(story, 1, 64, 1)


def messages_at_quality_0(story):
    """Many short messages that wait in the socket."""
    _messages(story, 32, 64, 0)


def messages_at_quality_1(story):
    """The same, each acknowledged."""
    _messages(story, 32, 64, 1)


def one_long_message(story):
    """A message that is much longer than the staging buffer."""
    _messages(story, 1, 16_000, 1)


def long_messages(story):
    """Some messages that are longer than the staging buffer."""
    _messages(story, 4, 4000, 1)


def long_messages_one_by_one(story):
    """More than the queue holds, taken one at a time: they wrap in it, and wait for room."""
    _messages(story, 20, 4000, 1, most=1)


def one_ping(story):
    """A PINGREQ and its answer."""
    app = story.app
    app.clock.advance(55_000)
    app.poll()
    app.peer.send(PINGRESP)
    app.poll()
    assert app.state == 3


def reads_for(count, size, quality=1):
    """How many reads so many messages take through the staging buffer."""
    head = len(publish("t", bytes(size), 1 if quality else None)) - size
    return math.ceil(count * (head + size) / STAGING)


# At most so many. What was read is followed by a read that finds nothing, unless the poll has
# handled as much as one may.
CEILINGS = {
    idle: Calls(0, 1),
    idle_wait: Calls(0, 1, 1),
    one_ping: Calls(1, 3),
    one_publish: Calls(1, 0),
    one_publish_at_quality_0: Calls(1, 0),
    long_publish: Calls(1, 0),
    one_round_trip: Calls(1, 2, 1),
    many_publishes: Calls(DEPTH, 0),
    many_publishes_in_a_callback: Calls(DEPTH, 2),
    # What a link has refused is offered again by itself.
    many_publishes_that_waited: Calls(2, 1),
    many_acknowledgements: Calls(0, 1),
    one_message: Calls(1, 2),
    messages_at_quality_0: Calls(0, reads_for(32, 64, 0)),
    # A poll handles sixteen, and acknowledges them together.
    messages_at_quality_1: Calls(2, reads_for(32, 64)),
    # The head of each is staged, the rest is read to where it is kept.
    one_long_message: Calls(1, 2 + 1),
    long_messages: Calls(1, 4 * 2 + 1),
    long_messages_one_by_one: Calls(17, 45),
}


@pytest.mark.parametrize("play", CEILINGS, ids=lambda play: play.__name__)
def test_no_more_calls_than(play):
    story = Story()
    play(story)
    found = story.calls()
    ceiling = CEILINGS[play]
    assert all(have <= most for have, most in zip(found, ceiling, strict=True)), (found, ceiling)
