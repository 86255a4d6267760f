# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What the broker remembers, without a socket: matching, retained messages, queues, redelivery."""

import pytest

from boards.desktop.broker.limits import Limits, new_counters
from boards.desktop.broker.packets import Publish
from boards.desktop.broker.sessions import Message, Sessions
from boards.desktop.broker.topics import matches


class House:
    """A broker's memory with clients that take their deliveries at once.

    :param limits: fields of `Limits`
    """

    def __init__(self, **limits):
        self.counters = new_counters()
        self.sessions = Sessions(Limits(**limits), self.counters)
        self.taken = []

    def connect(self, client_id="c", clean=True, *filters):
        """Opens and attaches a session; filters are pairs of topic filter and QoS."""
        session, self.present = self.sessions.open(client_id, clean)
        session.attach(lambda: self.drain(session))
        self.drain(session)
        if filters:
            self.sessions.subscribe(session, filters)
            self.sessions.offer_retained(session, filters)
        return session

    def drain(self, session):
        """Takes what the session has to send."""
        while (delivery := session.next_delivery()) is not None:
            self.taken.append(delivery)

    def publish(self, topic, payload=b"x", qos=0, retain=False):
        """A message from nobody in particular."""
        self.sessions.publish(Message(topic, payload, qos, retain))

    def received(self):
        """Payloads taken since the last call."""
        payloads = [delivery.payload for delivery in self.taken]
        self.taken.clear()
        return payloads


def numbered(count, start=0):
    """Payloads that can be told apart."""
    return [b"%d" % number for number in range(start, start + count)]


# --- matching ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("topic_filter", "topic", "wanted"),
    [
        ("a", "a", True),
        ("a", "A", False),
        ("a", "ab", False),
        ("a", "a/b", False),
        ("a/b", "a", False),
        ("a", "/a", False),
        ("a", "a/", False),
        ("a/", "a/", True),
        ("/", "/", True),
        ("#", "a", True),
        ("#", "a/b/c", True),
        ("#", "/", True),
        ("/#", "/a", True),
        ("/#", "a", False),
        ("sport/tennis/player1/#", "sport/tennis/player1", True),
        ("sport/tennis/player1/#", "sport/tennis/player1/ranking", True),
        ("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", True),
        ("sport/tennis/player1/#", "sport/tennis/player12", False),
        ("sport/tennis/player1/#", "sport/tennis", False),
        ("sport/tennis/+", "sport/tennis/player1", True),
        ("sport/tennis/+", "sport/tennis/player1/ranking", False),
        ("sport/+", "sport", False),
        ("sport/+", "sport/", True),
        ("+", "finance", True),
        ("+", "/finance", False),
        ("/+", "/finance", True),
        ("+/+", "/finance", True),
        ("+/+", "finance", False),
        ("+/b/#", "a/b", True),
        ("+/b/#", "a/b/c/d", True),
        ("+/b/#", "a/c", False),
        ("a/+/c", "a/b/c", True),
        ("a/+/c", "a//c", True),
        ("a/+/c", "a/b/d", False),
        ("a//c", "a//c", True),
        ("#", "$SYS/x", False),
        ("+/x", "$SYS/x", False),
        ("+/#", "$SYS/x", False),
        ("$SYS/#", "$SYS/x", True),
        ("$SYS/#", "$SYS", True),
        ("$SYS/+", "$SYS/x", True),
        ("$SYS/x", "$SYS/x", True),
        ("a/#", "a/$b", True),
        ("a/+", "a/$b", True),
        ("é", "é", True),
        ("é", "e\u0301", False),  # [MQTT-4.7.3-4]
    ],
)
def test_matching(topic_filter, topic, wanted):
    assert matches(topic_filter, topic) is wanted


# --- subscriptions -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("published", "requested", "delivered"),
    [(0, 0, 0), (0, 1, 0), (0, 2, 0), (1, 0, 0), (1, 1, 1), (1, 2, 1), (2, 0, 0), (2, 2, 1)],
)
def test_a_message_keeps_the_lower_qos(published, requested, delivered):
    house = House()
    house.connect("c", True, ("a", requested))
    house.publish("a", b"x", published)
    assert [delivery.qos for delivery in house.taken] == [delivered]


def test_what_is_granted():
    house = House()
    session = house.connect()
    assert house.sessions.subscribe(session, (("a", 0), ("b", 1), ("c", 2))) == (0, 1, 1)


def test_overlapping_subscriptions_deliver_once_with_the_highest_qos():
    house = House()
    house.connect("c", True, ("a/#", 0), ("a/+", 1), ("#", 0))
    house.publish("a/b", b"x", 1)
    assert house.taken == [Publish("a/b", b"x", 1, False, False, 1)]


def test_a_second_subscription_replaces_the_first():
    house = House()
    session = house.connect("c", True, ("a", 1))
    house.sessions.subscribe(session, (("a", 0),))
    house.publish("a", b"x", 1)
    assert house.taken == [Publish("a", b"x")]


def test_unsubscribing():
    house = House()
    session = house.connect("c", True, ("a", 0), ("b", 0))
    house.publish("a")
    house.sessions.unsubscribe(session, ("a", "never"))
    house.publish("a")
    house.publish("b")
    assert [delivery.topic for delivery in house.taken] == ["a", "b"]


def test_what_is_in_flight_survives_unsubscribing():
    house = House(in_flight=1)
    session = house.connect("c", True, ("a", 1))
    for payload in numbered(2):
        house.publish("a", payload, 1)
    house.sessions.unsubscribe(session, ("a",))
    session.acknowledge(1)
    assert house.received() == numbered(2)


def test_routes_are_found_anew_for_many_topics():
    house = House()
    house.connect("c", True, ("#", 0))
    for number in range(3000):
        house.publish(f"t/{number}")
    house.connect("d", True, ("t/5", 0))
    house.publish("t/5")
    assert len(house.taken) == 3002


# --- retained messages ---------------------------------------------------------------------------


def test_retained_messages_reach_new_subscriptions_only():
    house = House()
    house.connect("early", True, ("a", 1))
    house.publish("a", b"x", 1, True)
    assert house.taken == [Publish("a", b"x", 1, False, False, 1)]
    house.taken.clear()
    house.connect("late", True, ("a", 1))
    assert house.taken == [Publish("a", b"x", 1, True, False, 1)]


@pytest.mark.parametrize(
    ("retained", "granted", "delivered"), [(0, 1, 0), (1, 0, 0), (1, 1, 1), (2, 1, 1)]
)
def test_retained_messages_keep_the_lower_qos(retained, granted, delivered):
    house = House()
    house.publish("a", b"x", retained, True)
    house.connect("c", True, ("a", granted))
    assert [(delivery.qos, delivery.retain) for delivery in house.taken] == [(delivered, True)]


def test_the_last_retained_message_counts():
    house = House()
    for topic, payload, retain in (
        ("a", b"1", True),
        ("a", b"2", True),
        ("a", b"not kept", False),
        ("b", b"3", True),
    ):
        house.publish(topic, payload, 0, retain)
    house.connect("c", True, ("#", 0))
    assert house.received() == [b"2", b"3"]


def test_an_empty_message_clears_and_is_delivered():
    house = House()
    house.connect("early", True, ("a", 0))
    house.publish("a", b"1", 0, True)
    house.publish("a", b"", 0, True)
    house.publish("never", b"", 0, True)
    assert house.received() == [b"1", b""]
    house.connect("late", True, ("#", 0))
    assert house.received() == []
    assert house.sessions.sizes()["retained"] == 0


def test_every_subscription_brings_its_retained_messages():
    house = House()
    house.publish("a", b"1", 0, True)
    session = house.connect("c", True, ("a", 0))
    house.sessions.subscribe(session, (("a", 0),))
    house.sessions.offer_retained(session, (("a", 0), ("a", 0)))
    assert house.received() == [b"1"] * 3


def test_retained_messages_of_the_server_are_not_matched_by_wildcards():
    house = House()
    house.publish("$a", b"1", 0, True)
    house.connect("c", True, ("#", 0), ("+", 0))
    assert house.received() == []


def test_retained_messages_outlive_their_session():
    house = House()
    session = house.connect("c", True)
    house.publish("a", b"1", 0, True)
    house.sessions.close(session)
    house.connect("d", True, ("a", 0))
    assert house.received() == [b"1"]


# --- sessions ------------------------------------------------------------------------------------


def test_a_clean_session_ends_with_its_connection():
    house = House()
    house.sessions.close(house.connect("c", True, ("a", 1)))
    house.publish("a", b"x", 1)
    house.connect("c", False)
    assert not house.present
    house.publish("a", b"x", 1)
    assert house.received() == []


def test_a_kept_session_is_present_again():
    house = House()
    session = house.connect("c", False, ("a", 1))
    assert not house.present
    house.sessions.close(session)
    assert house.connect("c", False) is session
    assert house.present
    house.publish("a", b"x", 1)
    assert house.received() == [b"x"]


def test_a_clean_connect_discards_a_kept_session():
    house = House()
    house.sessions.close(house.connect("c", False, ("a", 1)))
    house.publish("a", b"x", 1)
    session = house.connect("c", True)
    assert not house.present
    house.publish("a", b"y", 1)
    house.sessions.close(session)
    house.connect("c", False)
    assert not house.present
    assert house.received() == []


def test_assigned_identifiers_are_nobody_s():
    house = House()
    house.connect("assigned-2")
    assert [house.sessions.new_client_id() for _ in range(2)] == ["assigned-1", "assigned-3"]


def test_the_offline_queue_keeps_qos_1_in_order():
    house = House()
    house.sessions.close(house.connect("c", False, ("a", 1), ("b", 0)))
    for number, payload in enumerate(numbered(10)):
        house.publish("a", payload, number % 2)
        house.publish("b", b"granted 0", 1)
    assert house.sessions.sizes() == {"sessions": 1, "retained": 0, "queued": 5}
    house.connect("c", False)
    assert house.received() == [b"1", b"3", b"5", b"7", b"9"]
    assert house.counters["dropped"] == 0


# --- in flight -----------------------------------------------------------------------------------


def test_the_window_bounds_what_is_in_flight():
    house = House(in_flight=3)
    session = house.connect("c", True, ("a", 1))
    for payload in numbered(5):
        house.publish("a", payload, 1)
    assert [delivery.packet_id for delivery in house.taken] == [1, 2, 3]
    assert session.acknowledge(2)
    assert session.acknowledge(1)
    assert not session.acknowledge(1)
    assert not session.acknowledge(99)
    assert [delivery.packet_id for delivery in house.taken] == [1, 2, 3, 4, 5]
    assert house.received() == numbered(5)


def test_qos_0_does_not_overtake_qos_1():
    house = House(in_flight=1)
    session = house.connect("c", True, ("a", 1))
    for payload, qos in ((b"1", 1), (b"2", 1), (b"3", 0), (b"4", 1)):
        house.publish("a", payload, qos)
    assert house.received() == [b"1"]
    session.acknowledge(1)
    assert house.received() == [b"2", b"3"]
    session.acknowledge(2)
    assert house.received() == [b"4"]


def test_packet_identifiers_wrap_and_pass_over_those_in_flight():
    house = House(in_flight=2)
    session = house.connect("c", True, ("a", 1))
    house.publish("a", b"kept", 1)
    for _ in range(65_534):
        house.publish("a", b"x", 1)
        session.acknowledge(house.taken.pop().packet_id)
    house.publish("a", b"x", 1)
    assert [delivery.packet_id for delivery in house.taken] == [1, 2]


def test_redelivery_has_the_original_order_identifiers_and_dup():
    house = House(in_flight=4)
    session = house.connect("c", False, ("a", 1))
    for payload in numbered(6):
        house.publish("a", payload, 1)
    session.acknowledge(2)  # lets message 4 out, as number 5
    house.sessions.close(session)
    house.publish("a", b"6", 1)
    house.taken.clear()
    house.connect("c", False)
    wanted = [(1, b"0", True), (3, b"2", True), (4, b"3", True), (5, b"4", True)]
    assert [(d.packet_id, d.payload, d.duplicate) for d in house.taken] == wanted
    house.taken.clear()
    for packet_id in (1, 3, 4, 5):
        session.acknowledge(packet_id)
    wanted = [(6, b"5", False), (7, b"6", False)]
    assert [(d.packet_id, d.payload, d.duplicate) for d in house.taken] == wanted
    assert (house.counters["delivered"], house.counters["redelivered"]) == (7, 4)


def test_what_is_acknowledged_before_its_repetition_is_not_repeated():
    house = House()
    session = house.connect("c", False, ("a", 1))
    for payload in numbered(3):
        house.publish("a", payload, 1)
    house.sessions.close(session)
    house.taken.clear()
    session.attach(lambda: house.drain(session))
    assert session.next_delivery().packet_id == 1
    session.acknowledge(2)
    assert [delivery.packet_id for delivery in house.taken] == [3]


def test_exactly_once_survives_the_connection():
    house = House()
    session = house.connect("c", False)
    assert session.begin_exactly_once(5)
    assert not session.begin_exactly_once(5)
    assert session.begin_exactly_once(6)
    house.sessions.close(session)
    session = house.connect("c", False)
    assert not session.begin_exactly_once(5)
    session.end_exactly_once(5)
    session.end_exactly_once(77)
    assert session.begin_exactly_once(5)


# --- bounds --------------------------------------------------------------------------------------


def test_a_full_offline_queue_drops_the_newest():
    house = House(queued_messages=3)
    house.sessions.close(house.connect("c", False, ("a", 1)))
    for payload in numbered(5):
        house.publish("a", payload, 1)
    house.connect("c", False)
    assert house.received() == numbered(3)
    assert house.counters["dropped"] == 2


def test_a_full_queue_drops_qos_0_first():
    house = House(queued_messages=4, in_flight=1)
    session = house.connect("c", True, ("a", 1))
    for payload, qos in (
        (b"1", 1),
        (b"2", 1),
        (b"old", 0),
        (b"3", 1),
        (b"young", 0),
        (b"4", 1),  # pushes the younger out
        (b"5", 1),  # pushes the older out
        (b"6", 1),  # finds nothing to push out
        (b"7", 0),
    ):
        house.publish("a", payload, qos)
    for packet_id in range(1, 10):
        session.acknowledge(packet_id)
    assert house.received() == [b"1", b"2", b"3", b"4", b"5"]
    assert house.counters["dropped"] == 4


def test_a_stalled_reader_keeps_qos_1_and_loses_qos_0():
    house = House()
    session = house.connect("c", True, ("a", 1))
    session.stall()
    for number, payload in enumerate(numbered(6)):
        house.publish("a", payload, number % 2)
    assert house.received() == []
    assert house.counters["dropped"] == 3
    session.resume()
    assert house.received() == [b"1", b"3", b"5"]
    house.publish("a", b"6", 0)
    assert house.received() == [b"6"]


def test_a_stalled_reader_loses_nothing_without_a_limit():
    house = House(queued_messages=0)
    session = house.connect("c", True, ("a", 1))
    session.stall()
    for number, payload in enumerate(numbered(3000)):
        house.publish("a", payload, number % 2)
    session.resume()
    for packet_id in range(1, 1501):
        session.acknowledge(packet_id)
    assert house.received() == numbered(3000)
    assert house.counters["dropped"] == 0


def test_waiting_qos_0_ends_with_the_connection():
    house = House(in_flight=1)
    session = house.connect("c", False, ("a", 1))
    for payload, qos in ((b"1", 1), (b"2", 1), (b"3", 0), (b"4", 1)):
        house.publish("a", payload, qos)
    house.sessions.close(session)
    assert house.counters["dropped"] == 1
    house.connect("c", False)
    session.acknowledge(1)
    session.acknowledge(2)
    assert house.received() == [b"1", b"1", b"2", b"4"]


@pytest.mark.parametrize("window", [0, 65_535])
def test_a_window_that_cannot_be(window):
    with pytest.raises(ValueError, match="in_flight"):
        Limits(in_flight=window)
