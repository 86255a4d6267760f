# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What a session makes of each packet in each state, without a socket and without a clock."""

import pytest
from doubles.script import puback, publish, suback, unsuback
from session_bench import (
    ACCEPTED,
    ACCEPTED_PRESENT,
    CONNACK,
    CONNECTED,
    CONNECTING,
    IDLE,
    PINGRESP,
    PUBACK,
    PUBLISH,
    SUBACK,
    UNSUBACK,
    Bench,
    connect_bytes,
    error_of,
)

INVALID_PACKET = 0x1000F
SERVER_MESSAGE_FAILURE = 0x10008
PACKET_POOL_FAILURE = 0x10006

LEGAL = {CONNECTING: {CONNACK}, CONNECTED: {PUBLISH, PUBACK, SUBACK, UNSUBACK, PINGRESP}}


def bench_in(state):
    """A session in that state that waits for a SUBACK with identifier 1 where it can."""
    bench = Bench()
    if state == CONNECTING:
        bench.begin()
    if state == CONNECTED:
        bench.connect()
        bench.subscribe()
        bench.take()
        bench.reader.packet_id = 1
    return bench


# --- every state with every packet ---------------------------------------------------------------


@pytest.mark.parametrize("kind", range(16))
@pytest.mark.parametrize("state", (IDLE, CONNECTING, CONNECTED))
def test_a_packet_is_legal_in_its_states_only(state, kind):
    bench = bench_in(state)
    assert bench.session.state == state
    receive = bench.session.receive
    if kind in LEGAL.get(state, ()):
        receive(kind, bench.reader, bench.now)
        assert bench.session.state == CONNECTED
        return
    status, stage, cause = error_of(receive, kind, bench.reader, bench.now)
    assert (status, stage) == (INVALID_PACKET, "session")
    assert str(kind) in cause
    assert bench.session.state == state  # the client ends the link; a session never does so alone


def test_states_of_a_life():
    bench = Bench()
    assert bench.session.state == IDLE
    bench.begin()
    assert bench.session.state == CONNECTING
    assert bench.feed(ACCEPTED) == [CONNACK]
    assert bench.session.state == CONNECTED
    bench.lose()
    assert bench.session.state == IDLE


def test_a_second_connack_is_a_violation():
    bench = Bench().connect()
    assert error_of(bench.feed, ACCEPTED)[0] == INVALID_PACKET
    assert bench.session.state == CONNECTED


def test_a_message_before_the_connack_is_a_violation_and_is_not_kept():
    bench = Bench()
    bench.begin()
    assert error_of(bench.feed, publish("t", b"early"))[0] == INVALID_PACKET
    bench.lose()
    assert not bench.inbox.peek()


# --- CONNECT -------------------------------------------------------------------------------------

WILL = (b"w", b"bye", 0)
CONNECTS = (
    (False, None, (None, None), 0x00, ()),
    (True, None, (None, None), 0x02, ()),
    (True, WILL, (None, None), 0x06, (b"w", b"bye")),
    (True, (b"w", b"", 1 << 3 | 1 << 5), (None, None), 0x2E, (b"w", b"")),
    (False, None, (b"joe", None), 0x80, (b"joe",)),
    (False, None, (b"", None), 0x80, (b"",)),
    (False, None, (b"joe", b""), 0xC0, (b"joe", b"")),
    (False, None, (b"joe", b"x"), 0xC0, (b"joe", b"x")),
    # A password without a user name is not allowed on the wire [MQTT-3.1.2-22].
    (False, None, (None, b"x"), 0x00, ()),
    (True, WILL, (b"joe", b"x"), 0xC6, (b"w", b"bye", b"joe", b"x")),
)


@pytest.mark.parametrize(("clean", "will", "login", "flags", "fields"), CONNECTS)
def test_connect_packet(clean, will, login, flags, fields):
    bench = Bench()
    bench.session.begin(300, clean)
    bench.session.connect(0, b"me", will, login)
    assert bench.take() == connect_bytes(flags, 300, b"me", *fields)


def test_a_connect_that_exceeds_the_packet_size_ends_the_attempt_and_touches_nothing():
    bench = Bench(payload_size=16).connect(clean=True)
    bench.publish(b"1")
    bench.take()
    bench.lose()
    bench.session.begin(0, True)
    status, stage, _ = error_of(bench.session.connect, 0, b"i", None, (b"a name", None))
    assert (status, stage) == (PACKET_POOL_FAILURE, "connack")
    assert not bench.session.unsent()
    assert bench.store.count == 1


# --- CONNACK -------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", range(1, 6))
def test_connack_that_refuses(code):
    bench = Bench()
    bench.begin()
    status, stage, cause = error_of(bench.feed, bytes([0x20, 2, 0, code]))
    assert (status, stage) == (0x10080 + code, "connack")
    assert str(code) in cause
    assert bench.session.state == CONNECTING


@pytest.mark.parametrize("code", (6, 128, 255))
def test_connack_with_an_unknown_code(code):
    bench = Bench()
    bench.begin()
    status, stage, _ = error_of(bench.feed, bytes([0x20, 2, 0, code]))
    assert (status, stage) == (SERVER_MESSAGE_FAILURE, "connack")


@pytest.mark.parametrize("flags", (2, 3, 0x80, 0xFF))
def test_connack_with_reserved_bits(flags):
    bench = Bench()
    bench.begin()
    status, stage, cause = error_of(bench.feed, bytes([0x20, 2, flags, 0]))
    assert (status, stage) == (SERVER_MESSAGE_FAILURE, "connack")
    assert "CONNACK" in cause and str(flags) in cause


@pytest.mark.parametrize(("clean", "answer"), ((True, b"\x01\x00"), (False, b"\x01\x05")))
def test_connack_with_session_present_where_there_can_be_none(clean, answer):
    bench = Bench()
    bench.begin(clean=clean)
    status, stage, cause = error_of(bench.feed, b"\x20\x02" + answer)
    assert (status, stage) == (SERVER_MESSAGE_FAILURE, "connack")
    assert "CONNACK" in cause


@pytest.mark.parametrize("answer", (ACCEPTED, ACCEPTED_PRESENT))
def test_what_follows_a_connack_in_the_same_bytes_is_not_lost(answer):
    bench = Bench()
    bench.begin()
    assert bench.feed(answer + publish("t", b"1")) == [CONNACK, PUBLISH]
    assert bench.reader.packet_id >> 8 == answer[2]


def test_unacknowledged_messages_go_when_the_broker_sends_them_again():
    bench = Bench().connect()
    bench.feed(publish("t", b"first", 1))
    assert bench.take() == puback(1)
    bench.feed(publish("t", b"second", 2))
    bench.lose()
    bench.connect(answer=ACCEPTED_PRESENT)
    assert bench.inbox.count == 1
    assert bench.take() == b""
    assert bench.feed(publish("t", b"second", 2, flags=10)) == [PUBLISH]
    assert bench.take() == puback(2)


def test_unacknowledged_messages_stay_when_the_broker_has_forgotten_them():
    bench = Bench().connect()
    bench.feed(publish("t", b"second", 2))
    bench.lose()
    bench.connect(answer=ACCEPTED)
    assert bench.inbox.count == 1
    assert bench.take() == b""


# --- messages in ---------------------------------------------------------------------------------


def test_messages_are_told_and_acknowledged_in_the_order_of_their_coming():
    bench = Bench().connect()
    told = bench.feed(publish("a", b"", 7) + publish("b", b"") + publish("c", b"", 65535))
    assert told == [PUBLISH] * 3
    assert bench.take() == puback(7) + puback(65535)


def test_a_message_that_is_too_large_is_not_told_but_acknowledged():
    bench = Bench(queue=32).connect()
    assert bench.feed(publish("t", bytes(100), 7)) == []
    assert bench.take() == puback(7)


def test_pubacks_that_find_no_room_wait_for_it():
    bench = Bench(payload_size=16).connect()
    bench.feed(b"".join(publish("t", b"", number) for number in range(1, 8)))
    assert bench.offer() == b"".join(puback(number) for number in range(1, 5))
    assert bench.take() == b"".join(puback(number) for number in range(1, 8))


def test_a_puback_goes_out_before_what_is_stored():
    bench = Bench().connect()
    one = bench.publish(b"out")
    bench.feed(publish("t", b"in", 7))
    assert bench.take() == puback(7) + publish("t", b"out", one)


# --- acknowledgements ----------------------------------------------------------------------------


def test_puback_frees_its_packet_and_no_other():
    bench = Bench().connect()
    first, second = bench.publish(b"1"), bench.publish(b"2")
    bench.take()
    assert bench.feed(puback(second)) == [PUBACK]
    assert bench.reader.packet_id == second
    assert bench.store.count == 1
    assert bench.feed(puback(first)) == [PUBACK]
    assert (bench.store.count, bench.session.acknowledged) == (0, 2)


def test_an_acknowledgement_that_nothing_waits_for_is_ignored():
    bench = Bench().connect()
    one = bench.publish(b"1")
    two = bench.subscribe()
    bench.take()
    assert bench.feed(puback(77) + unsuback(77)) == []
    assert bench.feed(unsuback(one) + puback(two) + unsuback(two)) == []
    assert bench.store.count == 2
    assert bench.session.acknowledged == 0
    assert bench.feed(puback(one) + puback(one)) == [PUBACK]


def test_an_acknowledgement_of_what_was_not_sent_is_ignored():
    bench = Bench().connect()
    one = bench.publish(b"1")
    assert bench.feed(puback(one)) == []
    assert bench.take() == publish("t", b"1", one)
    assert bench.feed(puback(one)) == [PUBACK]


def test_an_acknowledgement_of_the_last_link_s_packet_counts_once_it_was_sent_again():
    bench = Bench().connect()
    one = bench.publish(b"1")
    bench.take()
    bench.lose()
    bench.connect()
    assert bench.feed(puback(one)) == []
    bench.take()
    assert bench.feed(puback(one)) == [PUBACK]


@pytest.mark.parametrize("code", (0, 1, 2, 0x80))
def test_suback_codes(code):
    bench = Bench().connect()
    one = bench.subscribe()
    bench.take()
    assert bench.feed(suback(one, code)) == [SUBACK]
    assert (bench.reader.packet_id, bench.reader.return_code) == (one, code)
    assert bench.store.count == 0


@pytest.mark.parametrize("code", (3, 0x7F, 0x81, 0xFF))
def test_suback_with_a_reserved_code(code):
    bench = Bench().connect()
    one = bench.subscribe()
    bench.take()
    status, stage, cause = error_of(bench.feed, suback(one, code))
    assert (status, stage) == (INVALID_PACKET, "session")
    assert "SUBACK" in cause and str(code) in cause


def test_suback_that_nobody_asked_for():
    bench = Bench().connect()
    one, two, three = bench.publish(b"1"), bench.subscribe(quality=-1), bench.subscribe()
    bench.take()
    for number in (one, two, 77):
        status, stage, cause = error_of(bench.feed, suback(number, 0))
        assert (status, stage) == (INVALID_PACKET, "session")
        assert "SUBACK" in cause
    assert bench.feed(suback(three, 0)) == [SUBACK]
    assert error_of(bench.feed, suback(three, 0))[0] == INVALID_PACKET


def test_unsuback():
    bench = Bench().connect()
    one = bench.subscribe(quality=-1)
    bench.take()
    assert bench.feed(unsuback(one)) == [UNSUBACK]
    assert bench.reader.packet_id == one
    assert bench.store.count == 0


def test_pingresp_is_never_told_and_may_come_unasked():
    bench = Bench().connect(keepalive=10)
    assert bench.feed(b"\xd0\x00") == []
    bench.tick(7500)
    bench.take()
    assert bench.feed(b"\xd0\x00\xd0\x00") == []
