# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What a session sends, in which order and with which identifiers, over one link and over many."""

import pytest
from doubles.script import DISCONNECT, puback, publish, suback
from hypothesis import given
from hypothesis import strategies as st
from session_bench import ACCEPTED_PRESENT, PINGREQ, PUBACK, RETAIN, Bench, error_of

SUCCESS = 0
PACKET_POOL_FAILURE = 0x10006


def subscribe(packet_id, topic=b"t", quality=1):
    """A SUBSCRIBE as it goes over the wire."""
    body = packet_id.to_bytes(2, "big") + len(topic).to_bytes(2, "big") + topic + bytes([quality])
    return b"\x82" + bytes([len(body)]) + body


def unsubscribe(packet_id, topic=b"t"):
    """An UNSUBSCRIBE as it goes over the wire."""
    body = packet_id.to_bytes(2, "big") + len(topic).to_bytes(2, "big") + topic
    return b"\xa2" + bytes([len(body)]) + body


def again(message, packet_id):
    """A PUBLISH that is sent once more."""
    return publish("t", message, packet_id, flags=10)


# --- bytes ---------------------------------------------------------------------------------------


def test_packets_as_they_go_out():
    bench = Bench(payload_size=200, depth=8).connect()
    for flags in (0, RETAIN, 2, 2 | RETAIN):
        bench.publish(b"m", flags)
        assert bench.take() == publish("t", b"m", (max(flags // 2, 0) and flags - 1) or None, flags)
    assert bench.subscribe(b"a/+", 0) == 3
    assert bench.subscribe(b"#", -1) == 4
    assert bench.take() == subscribe(3, b"a/+", 0) + unsubscribe(4, b"#")
    bench.publish(b"", 0)
    bench.publish(bytes(130), 0, b"topic")
    assert bench.take() == publish("t", b"", flags=0) + publish("topic", bytes(130), flags=0)
    assert bench.session.published == 6


@pytest.mark.parametrize("flags", (0, 2))
def test_the_largest_packet_that_fits(flags):
    size = 64 - 2 - 2 - 1 - flags
    bench = Bench().connect()
    bench.publish(bytes(size), flags)
    assert len(bench.take()) == 64
    assert error_of(bench.publish, bytes(size + 1), flags)[:2] == (PACKET_POOL_FAILURE, "call")
    assert bench.session.published == 1
    bench.publish(b"next", flags)


@pytest.mark.parametrize(("quality", "size"), ((0, 57), (-1, 58)))
def test_the_largest_request_that_fits(quality, size):
    bench = Bench().connect()
    bench.subscribe(bytes(size), quality)
    assert len(bench.take()) == 64
    assert error_of(bench.subscribe, bytes(size + 1), quality)[:2] == (PACKET_POOL_FAILURE, "call")


# --- order ---------------------------------------------------------------------------------------


def test_stored_packets_leave_in_the_order_of_the_calls():
    bench = Bench().connect()
    bench.publish(b"1")
    bench.subscribe()
    bench.publish(b"2")
    bench.subscribe(quality=-1)
    wanted = publish("t", b"1", 1) + subscribe(2) + publish("t", b"2", 3) + unsubscribe(4)
    assert bench.take() == wanted


def test_quality_0_never_overtakes_what_is_stored():
    bench = Bench(payload_size=20).connect()
    for message in (b"1", b"2", b"3"):
        bench.publish(message)
    # Two of the three packets fill the output buffer; one waits in the store.
    assert bench.session.publish(0, b"t", b"q", 0) == PACKET_POOL_FAILURE
    wanted = b"".join(publish("t", b"%d" % number, number) for number in (1, 2, 3))
    assert bench.take() == wanted
    bench.publish(b"q", 0)
    bench.publish(b"4")
    assert bench.take() == publish("t", b"q") + publish("t", b"4", 4)


def test_quality_0_is_refused_while_the_link_takes_nothing_and_its_buffer_is_full():
    bench = Bench(payload_size=16).connect()
    bench.publish(b"12345", 0)
    bench.offer()
    assert bench.session.publish(0, b"t", b"12345", 0) == PACKET_POOL_FAILURE
    assert bench.take() == publish("t", b"12345")
    bench.publish(b"12345", 0)


def test_a_full_store_refuses_and_a_puback_makes_room():
    bench = Bench(depth=2).connect()
    one = bench.publish(b"1")
    bench.subscribe()
    assert bench.session.publish(0, b"t", b"3", 2) == PACKET_POOL_FAILURE
    assert bench.session.request(b"t", 0) == PACKET_POOL_FAILURE
    assert bench.session.packet_id == 2
    assert bench.session.published == 1
    bench.publish(b"q", 0)  # the store is none of its business
    bench.take()
    bench.feed(puback(one))
    assert bench.publish(b"3") == 3


def test_an_owed_pingreq_waits_for_room():
    bench = Bench(payload_size=16).connect(keepalive=10)
    bench.publish(b"12345678901", 0)
    bench.offer()
    bench.tick(7500)
    assert bench.offer() == publish("t", b"12345678901")
    assert bench.deadline() == 10_000
    assert bench.take() == publish("t", b"12345678901") + PINGREQ
    assert bench.take() == b""


# --- identifiers ---------------------------------------------------------------------------------


def test_identifiers_wrap_after_65535_and_are_never_0():
    bench = Bench().connect()
    bench.session.next_packet_id = 65534
    assert [bench.publish(b"") for _ in range(3)] == [65534, 65535, 1]


def test_identifiers_in_use_are_skipped():
    bench = Bench(depth=5).connect()
    assert [bench.publish(b""), bench.subscribe(), bench.publish(b"")] == [1, 2, 3]
    bench.take()
    bench.feed(puback(1))
    bench.session.next_packet_id = 65535
    assert [bench.publish(b""), bench.publish(b""), bench.subscribe()] == [65535, 1, 4]


def test_identifiers_go_on_over_links():
    bench = Bench().connect()
    bench.publish(b"1")
    bench.reconnect()
    assert bench.publish(b"2") == 2
    bench.reconnect(clean=True)
    assert bench.publish(b"3") == 3


@given(st.lists(st.integers(0, 3), max_size=40))
def test_no_identifier_is_used_twice_at_a_time(steps):
    bench = Bench(depth=4).connect()
    bench.session.next_packet_id = 65530
    waiting = []
    for step in steps:
        if step < 3 and len(waiting) < 4:
            number = bench.publish(b"")
            assert number not in waiting and 1 <= number <= 65535
            waiting.append(number)
            bench.take()
        elif waiting:
            assert bench.feed(puback(waiting.pop(step % len(waiting)))) == [PUBACK]
    assert bench.store.count == len(waiting)


# --- one link after the other --------------------------------------------------------------------


@pytest.mark.parametrize("answer", (b"\x20\x02\x00\x00", ACCEPTED_PRESENT))
def test_all_is_sent_again_in_order_with_dup(answer):
    bench = Bench().connect()
    for message in (b"1", b"2", b"3"):
        bench.publish(message)
    bench.take()
    bench.feed(puback(2))
    assert bench.reconnect(answer=answer) == again(b"1", 1) + again(b"3", 3)
    assert bench.session.resent == 2
    assert bench.reconnect() == again(b"1", 1) + again(b"3", 3)
    assert bench.session.resent == 4
    bench.feed(puback(1) + puback(3))
    assert bench.reconnect() == b""
    assert bench.session.resent == 4


def test_what_was_not_sent_goes_out_without_dup_behind_what_was():
    bench = Bench(payload_size=20).connect()
    for message in (b"1", b"2", b"3"):
        bench.publish(message)
    bench.take(limit=16)
    assert bench.store.sent == 2
    wanted = again(b"1", 1) + again(b"2", 2) + publish("t", b"3", 3)
    assert bench.reconnect() == wanted
    assert bench.session.resent == 2


def test_retain_survives_a_resend():
    bench = Bench().connect()
    bench.publish(b"1", 2 | RETAIN)
    bench.take()
    assert bench.reconnect() == publish("t", b"1", 1, flags=11)


def test_new_messages_come_behind_those_sent_again():
    bench = Bench().connect()
    bench.publish(b"1")
    bench.take()
    bench.lose()
    bench.connect()
    bench.publish(b"2")
    assert bench.take() == again(b"1", 1) + publish("t", b"2", 2)


def test_nothing_is_sent_twice_on_one_link():
    bench = Bench().connect()
    bench.publish(b"1")
    bench.take()
    for _ in range(20):
        bench.tick(60000)
        assert bench.take() == b""


def test_a_clean_session_discards_what_was_sent_and_keeps_what_was_not():
    bench = Bench(payload_size=20).connect()
    for message in (b"1", b"2", b"3", b"4"):
        bench.publish(message)
    bench.take(limit=16)
    assert bench.reconnect(clean=True) == publish("t", b"3", 3) + publish("t", b"4", 4)
    assert bench.session.resent == 0
    assert bench.store.count == 2


def test_a_clean_session_discards_what_an_earlier_link_has_sent():
    bench = Bench().connect()
    bench.publish(b"1")
    bench.take()
    bench.lose()
    bench.connect()  # accepted, and lost before anything could be sent again
    bench.publish(b"2")
    assert bench.reconnect(clean=True) == publish("t", b"2", 2)


def test_a_clean_session_keeps_what_no_link_has_taken_a_byte_of():
    bench = Bench().connect()
    bench.publish(b"1")
    assert bench.offer() == publish("t", b"1", 1)
    assert bench.reconnect(clean=True) == publish("t", b"1", 1)


def test_a_clean_session_keeps_it_whatever_was_acknowledged_meanwhile():
    bench = Bench().connect()
    for message in (b"1", b"2", b"3"):
        bench.publish(message)
    assert len(bench.offer()) == 24
    bench.session.sent(8, 0)
    bench.feed(puback(1))
    bench.session.output()
    bench.session.sent(4, 0)  # half of the second; nothing of the third
    assert bench.reconnect(clean=True) == publish("t", b"3", 3)


def test_a_clean_session_that_is_refused_has_discarded_already():
    bench = Bench().connect()
    bench.publish(b"1")
    bench.take()
    bench.lose()
    bench.begin(clean=True)
    error_of(bench.feed, b"\x20\x02\x00\x03")
    bench.lose()
    assert bench.store.count == 0


def test_requests_do_not_outlive_their_link():
    bench = Bench().connect()
    bench.publish(b"1")
    bench.subscribe()
    bench.take()
    bench.subscribe(quality=-1)
    bench.publish(b"2")
    assert bench.reconnect() == again(b"1", 1) + publish("t", b"2", 4)
    assert bench.store.count == 2


def test_half_a_packet_does_not_reach_the_next_link():
    bench = Bench().connect()
    bench.publish(b"12345", 0)
    bench.publish(b"1")
    assert bench.take(limit=3) == publish("t", b"12345")[:3]
    bench.lose()
    assert not bench.session.unsent()
    bench.connect()
    assert bench.take() == publish("t", b"1", 1), "no byte of it was taken: it is no duplicate"


# --- the rule of TLS -----------------------------------------------------------------------------


def test_what_a_tls_layer_refused_is_offered_again_unchanged():
    bench = Bench().connect()
    first = publish("t", b"1", 1)
    bench.publish(b"1")
    assert bench.offer() == first
    bench.publish(b"2")
    bench.publish(b"q", 0)
    assert bench.offer() == first
    assert bench.take() == first + publish("t", b"2", 2) + publish("t", b"q")


def test_after_a_part_was_taken_the_rest_may_be_joined():
    bench = Bench().connect()
    first = publish("t", b"1", 1)
    bench.publish(b"1")
    assert bench.offer() == first
    bench.session.sent(4, bench.now)
    bench.publish(b"2")
    assert bench.offer() == first[4:] + publish("t", b"2", 2)
    assert bench.offer() == first[4:] + publish("t", b"2", 2)
    bench.publish(b"3")
    assert bench.offer() == first[4:] + publish("t", b"2", 2)


def test_a_new_link_owes_nothing_to_what_the_last_one_refused():
    bench = Bench().connect()
    bench.publish(b"1")
    bench.offer()
    bench.lose()
    bench.begin()
    assert not bench.session.unsent()


# --- DISCONNECT ----------------------------------------------------------------------------------


def test_disconnect_stands_between_packets():
    bench = Bench().connect()
    bench.session.disconnect()
    assert bench.take() == DISCONNECT


@pytest.mark.parametrize("taken", (0, 1, 7))
def test_no_disconnect_inside_a_packet(taken):
    bench = Bench().connect()
    bench.publish(b"1")
    bench.take(limit=taken)
    bench.session.fill(0)
    bench.session.disconnect()
    assert bench.take() == publish("t", b"1", 1)[taken:]


def test_no_disconnect_before_the_connack():
    bench = Bench()
    bench.session.disconnect()
    bench.begin()
    bench.session.disconnect()
    assert not bench.session.unsent()


def test_nothing_but_the_connect_leaves_before_the_connack():
    bench = Bench().connect()
    bench.publish(b"1")
    bench.feed(publish("t", b"in", 7))
    bench.lose()
    bench.begin()
    assert bench.take() == b""
    assert bench.session.output() is None


def test_counters():
    bench = Bench().connect()
    bench.publish(b"1")
    bench.publish(b"q", 0)
    bench.subscribe()
    bench.take()
    bench.feed(puback(1) + suback(2, 0))
    counted = bench.session
    assert (counted.published, counted.acknowledged, counted.resent) == (2, 1, 0)
