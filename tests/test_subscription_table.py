# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What a client with reconnection set asks a new link for: the whole table, a part, or nothing."""

import pytest
from client_bench import CONNECTED, App
from doubles.played_broker import PlayedBroker
from doubles.trials import PORT

from boards.desktop.broker.packets import (
    Connect,
    Publish,
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
)
from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *
from nxd_mqtt.reconnect import Subscriptions

SUBACK, UNSUBACK = 9, 11


def device(clean=0, subscriptions=16, **named):
    """An application that is connected, with reconnection set."""
    app = App(**named)
    app.broker = PlayedBroker()
    app.sockets.listen(PORT, app.broker)
    status = nxd_mqtt_client_reconnect_set(app.client, 100, 100, subscriptions)
    assert status == NXD_MQTT_SUCCESS
    assert app.start(500, clean=clean) == NXD_MQTT_SUCCESS
    app.told.clear()
    return app


def subscribe(app, wanted, quality=1, turns=2):
    status = nxd_mqtt_client_subscribe(app.client, wanted, quality)
    app.polls(turns)
    return status


def unsubscribe(app, wanted, turns=2):
    status = nxd_mqtt_client_unsubscribe(app.client, wanted)
    app.polls(turns)
    return status


def again(app):
    """The link is lost and replaced; returns what the new one has brought after its CONNECT."""
    app.broker.peer.close()
    app.polls(2)
    app.clock.advance(2000)
    app.polls(4)
    assert app.state == CONNECTED
    first, *others = app.broker.packets[-1]
    assert isinstance(first, Connect)
    return others


def ask_in_vain(app):
    """The session is lost, and the next link does not answer what it is asked for."""
    app.broker.forget()
    app.broker.mute = (Subscribe,)
    again(app)


def filters(packets):
    return [packet.subscriptions[0] for packet in packets if isinstance(packet, Subscribe)]


def test_a_kept_session_needs_nothing():
    app = device()
    subscribe(app, "a")
    subscribe(app, "b/#", 0)
    assert again(app) == []


def test_a_lost_session_is_asked_for_whole_and_in_order():
    app = device()
    for wanted, quality in (("a", 1), ("b/#", 0), ("+/c", 1)):
        subscribe(app, wanted, quality)
    identifiers = [packet.packet_id for packet in app.broker.came(Subscribe)]
    app.broker.forget()
    packets = again(app)
    assert filters(packets) == [("a", 1), ("b/#", 0), ("+/c", 1)]
    assert [packet.packet_id for packet in packets] == identifiers
    assert app.broker.filters == {"a": 1, "b/#": 0, "+/c": 1}


def test_a_clean_session_is_asked_for_whole_each_time():
    app = device(clean=1)
    subscribe(app, "a")
    for _ in range(3):
        assert filters(again(app)) == [("a", 1)]


def test_the_table_goes_before_stored_messages():
    app = device()
    subscribe(app, "answers")
    app.broker.peer.close()
    app.polls(2)
    app.broker.forget()
    app.publish(b"question")
    app.clock.advance(2000)
    app.polls(3)
    kinds = [type(packet) for packet in app.broker.packets[-1]]
    assert kinds == [Connect, Subscribe, Publish]


def test_the_application_is_told_of_each_answer_with_its_own_identifier():
    app = device()
    subscribe(app, "a")
    packet_id = app.client.packet_identifier
    app.broker.forget()
    again(app)
    assert app.heard("acknowledge") == [(SUBACK, packet_id, 1)] * 2


@pytest.mark.parametrize("forget", [True, False])
def test_a_request_without_an_answer_is_sent_in_any_case(forget):
    app = device()
    subscribe(app, "kept")
    subscribe(app, "gone")
    app.broker.mute = (Subscribe, Unsubscribe)
    subscribe(app, "new")
    unsubscribe(app, "gone")
    app.broker.mute = ()
    if forget:
        app.broker.forget()
    packets = again(app)
    asked = [("kept", 1), ("new", 1)] if forget else [("new", 1)]
    assert filters(packets) == asked
    assert isinstance(packets[-1], Unsubscribe)
    assert app.broker.filters == {"kept": 1, "new": 1}
    assert app.statistics["unacknowledged"] == 0
    app.broker.forget()
    assert filters(again(app)) == [("kept", 1), ("new", 1)]


def test_what_the_table_has_asked_for_in_vain_is_asked_for_again():
    app = device()
    subscribe(app, "a")
    subscribe(app, "b")
    ask_in_vain(app)
    app.broker.mute = ()
    # The session is there now, but nobody has said that the filters are.
    packets = again(app)
    assert filters(packets) == [("a", 1), ("b", 1)]
    assert again(app) == []


def test_requests_while_there_is_no_link_are_sent_on_the_next():
    app = device()
    app.broker.peer.close()
    app.polls(2)
    assert subscribe(app, "a") == NXD_MQTT_SUCCESS
    assert unsubscribe(app, "b") == NXD_MQTT_SUCCESS
    app.clock.advance(2000)
    app.polls(3)
    kinds = [type(packet) for packet in app.broker.packets[-1]]
    assert kinds == [Connect, Subscribe, Unsubscribe]


def test_a_filter_is_in_the_table_once_with_its_newest_quality():
    app = device(subscriptions=1)
    for quality in (1, 0, 1, 0):
        assert subscribe(app, "a", quality) == NXD_MQTT_SUCCESS
    app.broker.forget()
    assert filters(again(app)) == [("a", 0)]


def test_what_was_unsubscribed_from_is_not_asked_for():
    app = device()
    for wanted in ("a", "b", "c"):
        subscribe(app, wanted)
    unsubscribe(app, "b")
    app.broker.forget()
    assert filters(again(app)) == [("a", 1), ("c", 1)]


def test_subscribing_behind_an_unsubscribe_wins():
    app = device()
    subscribe(app, "a")
    unsubscribe(app, "a", 0)
    subscribe(app, "a", 0)
    assert app.broker.filters == {"a": 0}
    app.broker.forget()
    assert filters(again(app)) == [("a", 0)]


def test_unsubscribing_behind_a_subscribe_wins():
    app = device()
    subscribe(app, "a", 1, 0)
    unsubscribe(app, "a")
    app.broker.forget()
    assert again(app) == []


def test_a_refused_filter_is_not_kept():
    app = device(subscriptions=1)
    app.broker.refuse = ("secret",)
    assert subscribe(app, "secret") == NXD_MQTT_SUCCESS
    assert app.heard("acknowledge")[-1] == (SUBACK, 1, 0x80)
    assert subscribe(app, "a") == NXD_MQTT_SUCCESS
    app.broker.forget()
    assert filters(again(app)) == [("a", 1)]


def test_a_filter_that_is_refused_later_is_given_up():
    app = device()
    subscribe(app, "a")
    subscribe(app, "b")
    app.broker.refuse = ("a",)
    app.broker.forget()
    again(app)
    assert app.heard("acknowledge")[-2:] == [(SUBACK, 1, 0x80), (SUBACK, 2, 1)]
    app.broker.forget()
    assert filters(again(app)) == [("b", 1)]


def test_a_full_table_refuses_one_more_filter():
    app = device(subscriptions=2)
    assert subscribe(app, "a", 1, 0) == NXD_MQTT_SUCCESS
    assert subscribe(app, "b") == NXD_MQTT_SUCCESS
    assert subscribe(app, "c") == NXD_MQTT_PACKET_POOL_FAILURE
    assert subscribe(app, "a", 0) == NXD_MQTT_SUCCESS
    unsubscribe(app, "b")
    assert subscribe(app, "c") == NXD_MQTT_SUCCESS
    app.broker.forget()
    assert sorted(filters(again(app))) == [("a", 0), ("c", 1)]


def test_a_table_is_larger_than_the_output_and_the_store():
    app = device(payload_size=32, depth=1)
    wanted = ["filter/%02d" % number for number in range(16)]
    for one in wanted:
        assert subscribe(app, one) == NXD_MQTT_SUCCESS
    app.broker.forget()
    app.broker.peer.close()
    app.polls(2)
    app.publish(b"last")
    app.clock.advance(2000)
    app.polls(30)
    assert [one for one, _ in filters(app.broker.packets[-1])] == wanted
    assert isinstance(app.broker.packets[-1][-1], Publish)


def test_subscribing_again_while_the_table_asks_is_no_violation():
    app = device()
    subscribe(app, "a")
    ask_in_vain(app)
    old, new = app.client.packet_identifier, subscribe(app, "a", 0)
    assert new == NXD_MQTT_SUCCESS
    new = app.client.packet_identifier
    assert old != new
    app.broker.peer.send(b"\x90\x03\x00%c\x01\x90\x03\x00%c\x00" % (old, new))
    assert app.polls(3) == [NXD_MQTT_SUCCESS]
    app.broker.mute = ()
    app.broker.forget()
    again(app)
    assert app.broker.filters == {"a": 0}
    unsubscribe(app, "a")
    app.broker.forget()
    assert again(app) == []


def test_an_answer_that_was_not_asked_for_ends_the_link():
    app = device()
    subscribe(app, "a")
    app.broker.peer.send(b"\x90\x03\x00\x01\x01")
    app.poll()
    assert app.client.reason[2] == "SUBACK unasked"


def test_an_identifier_of_the_table_is_not_given_to_a_message():
    app = device()
    subscribe(app, "a")
    app.client._session.next_packet_id = 1
    app.publish()
    assert app.client.packet_identifier == 2


def test_a_missing_answer_to_the_table_is_late():
    app = device()
    subscribe(app, "a")
    ask_in_vain(app)
    app.clock.advance(10_000)
    app.poll()
    assert app.client.reason[2] == "no SUBACK in time"


@pytest.mark.parametrize(("forget", "asked"), [(True, [("a", 1), ("b", 1)]), (False, [("b", 1)])])
def test_the_application_s_disconnect_keeps_the_table(forget, asked):
    app = device()
    subscribe(app, "a")
    app.broker.mute = (Subscribe,)
    subscribe(app, "b")
    nxd_mqtt_client_disconnect(app.client)
    app.broker.mute = ()
    if forget:
        app.broker.forget()
    assert app.start(500, clean=0) == NXD_MQTT_SUCCESS
    app.polls(3)
    # What was not answered is asked for in any case.
    assert filters(app.broker.packets[-1]) == asked


def test_a_clean_start_of_the_application_empties_the_table():
    app = device()
    subscribe(app, "a")
    nxd_mqtt_client_disconnect(app.client)
    assert app.start(500, clean=1) == NXD_MQTT_SUCCESS
    assert again(app) == []


def test_without_reconnection_nothing_is_asked_for():
    app = device()
    nxd_mqtt_client_disconnect(app.client)
    nxd_mqtt_client_reconnect_set(app.client, 0, 0)
    app.start(500, clean=0)
    subscribe(app, "a")
    app.broker.forget()
    app.broker.peer.close()
    app.polls(3)
    app.start(500, clean=0)
    app.polls(3)
    assert [type(packet) for packet in app.broker.packets[-1]] == [Connect]


def test_long_filters_are_told_apart():
    table = Subscriptions(4)
    packets = []
    for last in b"ab":
        body = b"\x00\x01\x00\xc8" + b"x" * 199 + bytes([last]) + b"\x01"
        packets.append(b"\x82" + bytes([len(body) & 0x7F | 0x80, len(body) >> 7]) + body)
    assert [table.keep(number, packet) for number, packet in enumerate(packets * 2, 1)] == [
        True
    ] * 4
    assert table.count == 2


def test_unsubscribing_from_what_the_table_still_asks_for():
    app = device()
    subscribe(app, "a")
    ask_in_vain(app)
    unsubscribe(app, "a")
    assert app.heard("acknowledge")[-1][0] == UNSUBACK
    late = app.broker.came(Subscribe)[0].packet_id
    app.broker.peer.send(b"\x90\x03\x00%c\x01" % late)
    assert app.polls(3) == [NXD_MQTT_SUCCESS]
    app.broker.forget()
    assert again(app) == []


def test_unsubscribing_before_the_table_was_answered_and_a_loss():
    app = device()
    subscribe(app, "a")
    ask_in_vain(app)
    unsubscribe(app, "a")
    assert again(app) == []


@pytest.mark.parametrize(("rows", "losses"), [(16, 20), (1, 3)])
def test_subscribing_at_each_connack_does_not_fill_the_table(rows, losses):
    app = device(clean=1, subscriptions=rows)
    found = []
    app.doing["connect"] = lambda: found.append(nxd_mqtt_client_subscribe(app.client, "a", 1))
    subscribe(app, "a")
    for _ in range(losses):
        assert filters(again(app)) == [("a", 1)]
    assert found == [NXD_MQTT_SUCCESS] * losses


def test_a_full_table_has_no_room_beside_a_filter_that_awaits_its_answer():
    app = device(subscriptions=1)
    subscribe(app, "a")
    ask_in_vain(app)
    assert subscribe(app, "a", 0) == NXD_MQTT_PACKET_POOL_FAILURE
    app.broker.peer.send(b"\x90\x03\x00\x01\x01")
    app.polls(2)
    assert subscribe(app, "a", 0) == NXD_MQTT_SUCCESS


def test_a_table_that_is_longer_than_the_output_buffer_goes_out_at_once():
    wanted = ["topic/%02d" % number for number in range(12)]
    app = device(payload_size=64)
    for one in wanted:
        subscribe(app, one)
    app.broker.forget()
    app.broker.mute = (Subscribe,)  # nothing wakes the client in between
    assert filters(again(app)) == [(one, 1) for one in wanted]


def test_a_message_does_not_overtake_the_table():
    app = device(payload_size=32, depth=2)
    for wanted in ("a", "b", "f" * 20):
        subscribe(app, wanted)
    app.broker.forget()
    found = []
    app.doing["connect"] = lambda: found.append(app.publish(b"", 0))
    assert [type(packet) for packet in again(app)] == [Subscribe] * 3
    assert found == [NXD_MQTT_PACKET_POOL_FAILURE]


@pytest.mark.parametrize(("first", "wanted"), [(Unsubscribe, [("a", 0)]), (Subscribe, [])])
def test_the_last_call_wins_in_any_order_of_answers(first, wanted):
    app = device()
    app.broker.mute = (Subscribe, Unsubscribe)
    answers = []
    for kind in (Unsubscribe, Subscribe) if first is Unsubscribe else (Subscribe, Unsubscribe):
        if kind is Subscribe:
            subscribe(app, "a", 0)
            answers.append(Suback(app.client.packet_identifier, (0,)))
        else:
            unsubscribe(app, "a")
            answers.append(Unsuback(app.client.packet_identifier))
    for answer in reversed(answers):
        app.broker.send(answer)
    app.polls(3)
    app.broker.mute = ()
    app.broker.forget()
    assert filters(again(app)) == wanted


@pytest.mark.parametrize("last", [Subscribe, Unsubscribe])
@pytest.mark.parametrize("late", [True, False], ids=["answered late", "never answered"])
def test_an_older_request_for_a_filter_is_not_asked_after_a_newer_one(last, late):
    app = device()
    app.broker.mute = (Subscribe, Unsubscribe)
    subscribe(app, "b")
    subscribe(app, "a", 0)
    older = Suback(app.client.packet_identifier, (0,))
    if last is Subscribe:
        subscribe(app, "a", 1)
        app.broker.send(Suback(app.client.packet_identifier, (1,)))
    else:
        unsubscribe(app, "a")
        app.broker.send(Unsuback(app.client.packet_identifier))
    if late:
        app.broker.send(older)
    app.polls(3)
    app.broker.mute = ()
    packets = again(app)
    assert filters(packets) == [("b", 1)]
    assert not [packet for packet in packets if isinstance(packet, Unsubscribe)]


def test_no_answer_is_awaited_from_a_link_that_is_gone():
    app = device(subscriptions=1)
    subscribe(app, "a")
    ask_in_vain(app)
    app.broker.mute = ()
    app.broker.peer.close()
    app.polls(2)
    # The table is full, and the filter is replaced all the same.
    assert subscribe(app, "a", 0) == NXD_MQTT_SUCCESS
    app.clock.advance(2000)
    app.polls(4)
    assert app.broker.filters == {"a": 0}
