# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The pauses between attempts: they double, they are drawn, they begin anew, they end."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nxd_mqtt.nxd import *
from nxd_mqtt.reconnect import Backoff

LOST = NXD_MQTT_COMMUNICATION_FAILURE
NO_LINK = NXD_MQTT_CONNECT_FAILURE
WRONG = NXD_MQTT_INVALID_PACKET
WRONG_FRAME = 0x30007  # NX_WEBSOCKET_INVALID_PACKET
NO_HTTP = 0x30008  # NX_WEBSOCKET_INVALID_STATUS_CODE
NO_TLS = 0x107  # NX_SECURE_TLS_HANDSHAKE_FAILURE
# What ends connections that the broker had accepted.
WHEN_CONNECTED = (LOST, WRONG, WRONG_FRAME)
UNAVAILABLE = NXD_MQTT_ERROR_SERVER_UNAVAILABLE
GIVE_UP = -1
CLOCK = 1 << 29
STABLE = 30_000


def longest(low, high):
    return high


def shortest(low, high):
    return low


@pytest.mark.parametrize(
    ("draw", "pauses"),
    [
        (shortest, [1000, 2000, 4000, 8000, 10000, 10000]),
        (longest, [2000, 4000, 8000, 16000, 20000, 20000]),
    ],
)
def test_the_pause_doubles_up_to_the_longest(draw, pauses):
    backoff = Backoff(1000, 20000, draw)
    assert [backoff.pause(0, NO_LINK, "", False) for _ in pauses] == pauses


def test_one_pause_is_always_the_same():
    backoff = Backoff(700, 700, random.randint)
    assert {backoff.pause(0, LOST, "", False) for _ in range(20)} == {700}


@given(
    st.integers(1, 1 << 20),
    st.integers(0, 1 << 26),
    st.lists(st.tuples(st.booleans(), st.integers(0, CLOCK - 1)), max_size=60),
    st.randoms(use_true_random=False),
)
def test_a_pause_is_never_shorter_or_longer_than_it_may_be(minimum, more, events, chance):
    backoff = Backoff(minimum, minimum + more, chance.randint)
    now = 0
    for connected, span in events:
        if connected:
            backoff.connected(now)
        now = now + span & CLOCK - 1
        assert minimum <= backoff.pause(now, LOST, "", connected) <= minimum + more


def test_a_fleet_does_not_come_back_at_one_time():
    pauses = [Backoff(1000, 60000, random.randint).pause(0, LOST, "", True) for _ in range(300)]
    assert min(pauses) < 1200
    assert max(pauses) > 1800


def climbed(maximum):
    backoff = Backoff(1000, maximum, shortest)
    for _ in range(10):
        backoff.pause(0, NO_LINK, "", False)
    return backoff


@pytest.mark.parametrize("begun", [0, 24 * 24 * 3_600_000, CLOCK - 1])
@pytest.mark.parametrize(("maximum", "stable"), [(120_000, STABLE), (30_000, STABLE), (4000, 4000)])
def test_only_a_link_that_stayed_up_brings_the_pause_down(begun, maximum, stable):
    backoff = climbed(maximum)
    backoff.connected(begun)
    assert backoff.pause(begun + stable - 1 & CLOCK - 1, LOST, "", True) == maximum // 2
    backoff.connected(begun)
    assert backoff.pause(begun + stable & CLOCK - 1, LOST, "", True) == 1000


def test_an_attempt_that_took_long_does_not_bring_the_pause_down():
    backoff = climbed(60_000)
    assert backoff.pause(10 * STABLE, NO_LINK, "", False) == 30_000


@pytest.mark.parametrize("code", range(1, 6))
def test_which_refusals_are_final(code):
    backoff = Backoff(1, 10, shortest)
    pause = backoff.pause(0, NXD_MQTT_ERROR_CONNECT_RETURN_CODE + code, "", False)
    assert (pause == GIVE_UP) == (code != 3)


@pytest.mark.parametrize("status", [NXD_MQTT_PACKET_POOL_FAILURE, NXD_MQTT_INVALID_PARAMETER])
def test_what_cannot_be_sent_is_final(status):
    assert Backoff(1, 10, shortest).pause(0, status, "", False) == GIVE_UP


# Endings of connections (status, cause), and after which of them the client gives up.
STORIES = [
    ([(WRONG, "a")] * 3, 3),
    ([(WRONG, "a"), (WRONG, "b"), (WRONG, "a"), (WRONG, "a"), (WRONG, "a")], 5),
    ([(WRONG, "a"), (WRONG, "a"), (LOST, "x"), (WRONG, "a"), (WRONG, "a"), (WRONG, "a")], 6),
    ([(WRONG, "a"), (NO_LINK, "y"), (WRONG, "a"), (NO_LINK, "y"), (WRONG, "a")], 5),
    ([(NXD_MQTT_SERVER_MESSAGE_FAILURE, "c")] * 3, 3),
    ([(LOST, "x")] * 20, None),
    ([(UNAVAILABLE, "u")] * 20, None),
    ([(WRONG, "a"), (WRONG, "a"), (UNAVAILABLE, "u"), (WRONG, "a"), (WRONG, "a")], 4),
    ([(WRONG_FRAME, "f")] * 3, 3),
    (
        [(WRONG_FRAME, "f"), (NO_TLS, "t"), (WRONG_FRAME, "f"), (NO_HTTP, "h"), (WRONG_FRAME, "f")],
        5,
    ),
    ([(NO_TLS, "t"), (NO_HTTP, "h")] * 10, None),
]


@pytest.mark.parametrize(("endings", "last"), STORIES)
def test_the_same_violation_three_times_in_a_row_is_final(endings, last):
    backoff = Backoff(1, 10, shortest)
    given_up = [
        number
        for number, (status, cause) in enumerate(endings, 1)
        if backoff.pause(0, status, cause, status in WHEN_CONNECTED) == GIVE_UP
    ]
    assert given_up == ([] if last is None else [last])


def test_the_application_s_connect_begins_anew():
    backoff = climbed(60_000)
    for _ in range(2):
        backoff.pause(0, WRONG, "a", True)
    backoff.begin()
    assert [backoff.pause(0, WRONG, "a", True) for _ in range(3)] == [1000, 2000, GIVE_UP]


def test_a_reconnect_is_a_connection_after_a_lost_one():
    backoff = Backoff(1, 10, shortest)
    for _ in range(3):  # the first connect takes four attempts
        backoff.pause(0, NO_LINK, "", False)
    assert not backoff.connected(0)
    for attempts in (1, 2):
        backoff.pause(0, LOST, "", True)
        for _ in range(attempts):
            backoff.pause(0, NO_LINK, "", False)
        assert backoff.connected(0)
    backoff.pause(0, LOST, "", True)
    backoff.begin()
    assert not backoff.connected(0)
