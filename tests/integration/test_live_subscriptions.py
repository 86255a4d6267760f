# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A subscriber gets what its filters match, once, and nothing when it has unsubscribed."""

import pytest
from devices import Message, run

TOPICS = (
    "a",
    "a/b",
    "a/c",
    "a/b/c",
    "a//c",
    "a/b/d",
    "a/b/c/d",
    "/a",
    "b/a/c",
    "$inner/a",
    "$inner/a/b",
)

# Topic filter: which of the topics above it matches.
MATCHES = (
    ("a/+/c", ["a/b/c", "a//c"]),
    ("a/#", ["a", "a/b", "a/c", "a/b/c", "a//c", "a/b/d", "a/b/c/d"]),
    ("+/+/c", ["a/b/c", "a//c", "b/a/c"]),
    ("+", ["a"]),
    ("/+", ["/a"]),
    ("+/b/#", ["a/b", "a/b/c", "a/b/d", "a/b/c/d"]),
    ("#", [topic for topic in TOPICS if not topic.startswith("$")]),
    ("+/a", ["/a"]),
    ("+/a/#", ["/a", "b/a/c"]),
    ("$inner/#", ["$inner/a", "$inner/a/b"]),
    ("$inner/+", ["$inner/a"]),
)


def fence(*devices) -> None:
    """Waits until all that was published before has arrived: after it, silence is silence."""
    publisher, subscriber = devices[0], devices[-1]
    publisher.publish("fence", "")
    run(*devices, until=lambda: subscriber.messages and subscriber.messages[-1].topic == "fence")
    subscriber.messages.pop()


@pytest.mark.parametrize(("topic_filter", "topics"), MATCHES)
def test_wildcards(pair, topic_filter, topics):
    publisher, subscriber = pair
    # The fence comes first: "#" covers it too, and each message may come once only.
    subscriber.subscribe("fence", topic_filter)
    for topic in TOPICS:
        publisher.publish(topic, topic)
    fence(*pair)
    assert [message.topic for message in subscriber.messages] == topics
    assert subscriber.payloads() == [topic.encode() for topic in topics]


def test_a_subscription_is_replaced_by_one_with_the_same_filter(pair):
    publisher, subscriber = pair
    subscriber.subscribe("fence").subscribe("a", quality=1).subscribe("a", quality=0)
    publisher.publish("a", "x")
    fence(*pair)
    assert subscriber.messages == [Message("a", b"x", 0)]


def test_unsubscribe(pair):
    publisher, subscriber = pair
    subscriber.subscribe("fence", "a/+", "b")
    publisher.publish("a/1", "before")
    publisher.publish("b", "before")
    fence(*pair)
    subscriber.unsubscribe("a/+")
    publisher.publish("a/1", "after")
    publisher.publish("b", "after")
    fence(*pair)
    assert subscriber.messages == [
        Message("a/1", b"before", 1),
        Message("b", b"before", 1),
        Message("b", b"after", 1),
    ]


def test_unsubscribing_from_what_was_never_subscribed_is_acknowledged(broker, make_device):
    device = make_device("device").connect(broker)
    device.unsubscribe("never")
    assert device.connected


def test_many_subscriptions_of_one_client(pair):
    publisher, subscriber = pair
    topics = [f"level/{number}" for number in range(40)]
    subscriber.subscribe(*topics, "fence")
    for topic in reversed(topics):
        publisher.publish(topic, topic)
    fence(*pair)
    assert [message.topic for message in subscriber.messages] == topics[::-1]


# --- retained messages ---------------------------------------------------------------------------


@pytest.mark.parametrize("quality", [0, 1])
def test_a_retained_message_is_there_for_later_subscribers(broker, make_device, quality):
    publisher = make_device("publisher").connect(broker)
    present = make_device("present").connect(broker).subscribe("fence", "state")
    publisher.publish("state", "first", quality, retain=1)
    publisher.publish("state", "on", quality, retain=1)
    fence(publisher, present)
    # Who is there already sees them go by as ordinary messages [MQTT-3.3.1-9].
    assert present.messages == [
        Message("state", b"first", quality),
        Message("state", b"on", quality),
    ]
    later = make_device("later").connect(broker).subscribe("state", "fence")
    fence(publisher, later)
    assert later.messages == [Message("state", b"on", quality, retain=1)]


def test_an_empty_retained_message_clears(broker, make_device):
    publisher = make_device("publisher").connect(broker)
    present = make_device("present").connect(broker).subscribe("fence", "state")
    publisher.publish("state", "on", retain=1)
    publisher.publish("state", None, retain=1)
    fence(publisher, present)
    assert present.payloads() == [b"on", b""]
    later = make_device("later").connect(broker).subscribe("state", "fence")
    fence(publisher, later)
    assert later.messages == []


def test_retained_messages_that_a_wildcard_covers(broker, make_device):
    publisher = make_device("publisher").connect(broker)
    for topic in ("room/1", "room/2", "hall"):
        publisher.publish(topic, topic, retain=1)
    later = make_device("later").connect(broker).subscribe("room/+", "fence")
    fence(publisher, later)
    assert sorted(later.messages) == [
        Message("room/1", b"room/1", 1, 1),
        Message("room/2", b"room/2", 1, 1),
    ]
