# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""When a session sends PINGREQ and when it gives its peer up, wherever its clock stands."""

import pytest
from doubles.script import PINGRESP, puback, publish, suback, unsuback
from session_bench import (
    ACCEPTED,
    CLOCK_PERIOD,
    CONNACK,
    LONGEST_GAP,
    PINGREQ,
    Bench,
    error_of,
)
from session_bench import PINGRESP as PINGRESP_TYPE
from session_bench import PUBACK as PUBACK_TYPE
from session_bench import SUBACK as SUBACK_TYPE
from session_bench import UNSUBACK as UNSUBACK_TYPE

from nxd_mqtt.status import MQTTError

COMMUNICATION_FAILURE = 0x10007

TWENTY_FOUR_DAYS = (24 * 86_400_000) % CLOCK_PERIOD
STARTS = (0, 1, TWENTY_FOUR_DAYS, CLOCK_PERIOD - 65_000, CLOCK_PERIOD - 5000, CLOCK_PERIOD - 1)

every_start = pytest.mark.parametrize("start", STARTS)


def overdue(bench, milliseconds, name, stage="session"):
    """The peer may be silent so long, less a millisecond."""
    bench.tick(milliseconds - 1)
    status, where, cause = error_of(bench.tick, 1)
    assert (status, where) == (COMMUNICATION_FAILURE, stage)
    assert name in cause


# --- PINGREQ -------------------------------------------------------------------------------------

# keepalive in seconds, milliseconds until PINGREQ is due: K - min(K/4, 5 s)
DUE = ((1, 750), (2, 1500), (10, 7500), (20, 15_000), (60, 55_000), (65_535, 65_530_000))


@every_start
@pytest.mark.parametrize(("keepalive", "due"), DUE)
def test_pingreq_is_due_after_so_much_silence(start, keepalive, due):
    bench = Bench(start=start).connect(keepalive)
    assert bench.deadline() == due
    bench.tick(due - 1)
    assert bench.take() == b""
    bench.tick(1)
    assert bench.take() == PINGREQ


@every_start
def test_pingreq_counts_from_the_last_packet_sent(start):
    bench = Bench(start=start).connect(10)
    bench.tick(5000)
    bench.feed(PINGRESP)  # so that the last receive is no earlier than the last send
    bench.publish(b"q", 0)
    bench.take()
    assert bench.deadline() == 7500
    bench.tick(7499)
    assert bench.take() == b""
    bench.tick(1)
    assert bench.take() == PINGREQ


@every_start
def test_pingreq_is_due_although_the_peer_talks(start):
    bench = Bench(start=start).connect(10)
    for _ in range(3):
        bench.tick(2400)
        bench.feed(publish("t"))
    assert bench.deadline() == 300
    bench.tick(300)
    assert bench.take() == PINGREQ


@every_start
def test_pingreq_is_due_although_we_talk_where_the_peer_is_silent(start):
    bench = Bench(start=start).connect(10)
    for _ in range(3):
        bench.tick(2400)
        bench.publish(b"q", 0)
        bench.take()
    assert bench.deadline() == 300
    bench.tick(300)
    assert bench.take() == PINGREQ


def test_a_link_that_swallows_all_is_noticed_within_keepalive_and_ping_timeout():
    bench = Bench().connect(10)
    waited = 0
    while waited < 7500 + 10_000 - 500:
        bench.tick(500)
        waited += 500
        bench.publish(b"q", 0)
        bench.take()
    assert error_of(bench.tick, 500)[2] == "no PINGRESP in time"


def test_a_refused_send_is_none():
    bench = Bench().connect(10)
    bench.tick(5000)
    bench.publish(b"q", 0)
    bench.offer()
    assert bench.deadline() == 2500


def test_keepalive_0_means_no_pingreq_and_no_deadline():
    bench = Bench().connect(0)
    assert bench.deadline() >= LONGEST_GAP // 2
    for _ in range(40):
        bench.tick(LONGEST_GAP)
        assert bench.take() == b""


def test_pings_go_on_while_they_are_answered():
    bench = Bench().connect(10)
    for _ in range(5):
        bench.tick(7500)
        assert bench.take() == PINGREQ
        bench.feed(PINGRESP)


def test_one_pingreq_is_enough_for_a_link_that_takes_nothing():
    bench = Bench().connect(10)
    bench.tick(7500)
    assert bench.offer() == PINGREQ
    assert bench.deadline() > 0  # or a client that sleeps until then would not sleep at all
    for _ in range(5):
        bench.tick(10)
        assert bench.offer() == PINGREQ
    assert bench.take() == PINGREQ


def test_no_pingreq_before_the_connack():
    bench = Bench()
    bench.session.limits[CONNACK] = 0
    bench.begin(10)
    bench.tick(60_000)
    assert bench.take() == b""
    assert bench.deadline() >= LONGEST_GAP // 2


# --- what the peer owes --------------------------------------------------------------------------


@every_start
def test_connack_deadline(start):
    bench = Bench(start=start)
    bench.begin()
    assert bench.deadline() == 10_000
    overdue(bench, 10_000, "CONNACK", "session")


@every_start
@pytest.mark.parametrize(("quality", "name"), ((1, "SUBACK"), (-1, "UNSUBACK")))
def test_request_deadline(start, quality, name):
    bench = Bench(start=start).connect()
    bench.subscribe(quality=quality)
    bench.tick(3000)
    bench.take()
    bench.tick(1000)
    bench.subscribe(quality=quality)
    bench.take()
    overdue(bench, 9000, name)


@every_start
def test_pingresp_deadline(start):
    bench = Bench(start=start).connect(20)
    bench.tick(15_000)
    bench.take()
    overdue(bench, 10_000, "PINGRESP")


def test_puback_has_no_deadline_unless_one_is_set():
    bench = Bench().connect()
    bench.publish(b"1")
    bench.take()
    for _ in range(10):
        bench.tick(LONGEST_GAP)
    bench.session.limits[PUBACK_TYPE] = 2000
    assert bench.deadline() == 0


def test_puback_deadline_counts_from_the_last_acknowledgement():
    bench = Bench().connect()
    bench.session.limits[PUBACK_TYPE] = 2000
    bench.publish(b"1")
    bench.publish(b"2")
    bench.tick(5000)
    bench.take()  # from here: what was not sent cannot be late
    bench.tick(1000)
    bench.publish(b"3")
    bench.take()
    assert bench.deadline() == 1000
    bench.feed(puback(1))
    assert bench.deadline() == 2000
    bench.tick(1999)
    bench.feed(puback(2) + puback(3))
    assert bench.deadline() >= LONGEST_GAP // 2
    bench.tick(60_000)
    bench.publish(b"4")
    bench.take()
    overdue(bench, 2000, "PUBACK")


def test_an_answer_ends_its_deadline():
    bench = Bench().connect(0)
    one, two = bench.subscribe(), bench.subscribe(quality=-1)
    bench.take()
    bench.feed(suback(one, 0) + unsuback(two))
    bench.tick(LONGEST_GAP)


def test_a_deadline_of_0_is_none():
    bench = Bench()
    for kind in (CONNACK, SUBACK_TYPE, UNSUBACK_TYPE, PINGRESP_TYPE):
        bench.session.limits[kind] = 0
    bench.begin(20)
    bench.tick(600_000)
    bench.feed(ACCEPTED)
    bench.subscribe()
    bench.subscribe(quality=-1)
    bench.take()
    bench.tick(600_000)
    assert bench.take() == PINGREQ
    bench.tick(600_000)


def test_the_longest_limits_that_can_be_set():
    bench = Bench().connect()
    bench.session.limits[SUBACK_TYPE] = LONGEST_GAP
    bench.subscribe()
    bench.take()
    bench.tick(LONGEST_GAP // 2)
    bench.tick(LONGEST_GAP // 2 - 1)
    assert error_of(bench.tick, 1)[2] == "no SUBACK in time"


def test_no_deadline_outlives_its_link():
    bench = Bench().connect(20)
    bench.session.limits[PUBACK_TYPE] = 2000
    bench.publish(b"1")
    bench.subscribe()
    bench.take()
    bench.tick(1500)
    bench.lose()
    bench.later(9000)
    bench.connect(0)
    assert bench.deadline() >= LONGEST_GAP // 2
    bench.take()
    overdue(bench, 2000, "PUBACK")


# --- holding -------------------------------------------------------------------------------------


@every_start
def test_deadlines_stand_still_while_holding_and_start_again(start):
    bench = Bench(start=start).connect(0)
    bench.session.limits[PUBACK_TYPE] = 8000
    bench.publish(b"1")
    bench.subscribe()
    bench.take()
    for _ in range(10):
        bench.tick(7000, holding=True)
        assert bench.deadline(holding=True) >= LONGEST_GAP // 2
    bench.tick(7999)
    assert error_of(bench.tick, 1)[2] == "no PUBACK in time"


def test_pingreqs_go_out_while_holding():
    bench = Bench().connect(10)
    for _ in range(5):
        assert bench.deadline(holding=True) == 7500
        bench.tick(7500, holding=True)
        assert bench.take() == PINGREQ
    overdue(bench, 10_000, "PINGRESP")


def test_silence_while_holding_is_ours():
    bench = Bench().connect(10)
    for _ in range(10):
        bench.tick(7000, holding=True)
        bench.publish(b"q", 0)
        bench.take()
    bench.tick(7499)
    assert bench.take() == b""
    bench.tick(1)
    assert bench.take() == PINGREQ


# --- the clock -----------------------------------------------------------------------------------


@every_start
def test_a_clock_that_jumps_ends_the_link(start):
    bench = Bench(start=start).connect(0)
    bench.tick(LONGEST_GAP)
    status, stage, cause = error_of(bench.tick, LONGEST_GAP + 1)
    assert (status, stage) == (COMMUNICATION_FAILURE, "session")
    assert "clock" in cause


@every_start
def test_a_clock_that_goes_back_ends_the_link(start):
    bench = Bench(start=start).connect(0)
    assert "clock" in error_of(bench.tick, -1)[2]


def test_a_jump_between_two_links_is_nothing():
    bench = Bench().connect(10)
    bench.tick(1000)
    bench.lose()
    bench.later(LONGEST_GAP + 5000)
    bench.connect(10)
    bench.tick(1000)


@pytest.mark.parametrize("keepalive", (0, 65_535))
def test_who_sleeps_until_the_deadline_is_never_late_for_the_clock(keepalive):
    bench = Bench().connect(keepalive)
    for _ in range(6):
        bench.later(1)  # the application does something between two turns
        bench.tick(bench.deadline() + 1000)  # and a system wakes a sleeper late
        bench.take()
        bench.feed(PINGRESP)


# --- deadline and tick ---------------------------------------------------------------------------


def awaiting_connack(bench):
    bench.begin(60)


def silent(bench):
    bench.connect(60)


def awaiting_pingresp(bench):
    bench.connect(60).tick(55_000)
    bench.take()


def awaiting_suback(bench):
    bench.connect(60).subscribe()
    bench.take()
    bench.later(7)


def awaiting_two_answers(bench):
    bench.connect(60).subscribe()
    bench.take()
    bench.tick(9990)
    bench.subscribe(quality=-1)
    bench.take()


def talking(bench):
    bench.connect(60).tick(54_000)
    bench.feed(PINGRESP)
    bench.publish(b"q", 0)
    bench.take()


def nearly_due(bench):
    bench.connect(60).tick(54_999)


SITUATIONS = (
    awaiting_connack,
    silent,
    awaiting_pingresp,
    awaiting_suback,
    awaiting_two_answers,
    talking,
    nearly_due,
)


def acts(bench, milliseconds):
    """Whether a tick after so long finds something to do."""
    try:
        bench.tick(milliseconds)
    except MQTTError:
        return True
    return bench.take() != b""


@every_start
@pytest.mark.parametrize("situation", SITUATIONS)
def test_nothing_happens_before_the_deadline_and_something_at_it(situation, start):
    early, punctual = Bench(start=start), Bench(start=start)
    situation(early)
    situation(punctual)
    limit = early.deadline()
    assert 0 < limit < LONGEST_GAP // 2
    assert not acts(early, limit - 1)
    assert acts(punctual, limit)


@pytest.mark.parametrize("situation", SITUATIONS)
def test_a_deadline_that_has_passed_is_0(situation):
    bench = Bench()
    situation(bench)
    bench.later(bench.deadline() + 5)
    assert bench.deadline() == 0
