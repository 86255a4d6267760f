# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A client behaves on its hundredth day as on its first, also where the tick counter wraps.

The counter has 29 bits of milliseconds: it wraps every 6.2 days. A clock that jumps ends a link
with a reason, because what has passed is a guess then; nothing else comes of it.
"""

from itertools import pairwise

import pytest
from client_bench import CONNECTED, CONNECTING, IDLE, App
from doubles.clock import Clock
from doubles.platform import Platform
from doubles.played_broker import PlayedBroker
from doubles.trials import PORT

from boards.desktop.broker.packets import (
    Connect,
    Pingreq,
    Publish,
    Subscribe,
    Unsubscribe,
)
from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *

WRAP = 1 << 29
HOUR = 3_600_000
DAY = 24 * HOUR
LOST = NXD_MQTT_COMMUNICATION_FAILURE
MINIMUM, MAXIMUM = 100, 1600  # ticks

STARTS = (0, 24 * DAY, WRAP - 1, WRAP - 700, WRAP - 9_000, WRAP - 56_000, WRAP - 100_000)
every_start = pytest.mark.parametrize("start", STARTS)
JUMPS = (-1, -20, -5_000, -HOUR, -100 * HOUR, 38 * HOUR, WRAP // 2 - 1, WRAP // 2, WRAP // 2 + 1)
every_jump = pytest.mark.parametrize("jump_by", JUMPS)


class TimedBroker(PlayedBroker):
    """Notes when each packet came.

    :param clock: the clock of the test
    """

    def __init__(self, clock):
        super().__init__()
        self._clock = clock
        self.arrivals = []

    def _answer(self, connection, packet):
        self.arrivals.append((type(packet), self._clock.elapsed))
        super()._answer(connection, packet)

    def times(self, kind):
        """When the packets of a class came."""
        return [when for name, when in self.arrivals if name is kind]


def device(start=0, again=True):
    """An application whose tick counter begins anywhere."""
    app = App(queue=128, ip=Platform(clock=Clock(start)))
    app.broker = TimedBroker(app.clock)
    app.sockets.listen(PORT, app.broker)
    if again:
        assert nxd_mqtt_client_reconnect_set(app.client, MINIMUM, MAXIMUM) == NXD_MQTT_SUCCESS
    return app


def up(app, keepalive=0):
    """Connect, and forget what was told."""
    assert app.start(500, keepalive, clean=0) == NXD_MQTT_SUCCESS
    app.told.clear()
    return app


def jump(app, milliseconds):
    """Set the counter right behind a poll, without that the time would pass."""
    app.poll()
    app.clock._start += milliseconds


def live(app, milliseconds, step=1000):
    """Polls in regular intervals; returns the statuses without repetitions."""
    statuses = set()
    end = app.clock.elapsed + milliseconds
    while app.clock.elapsed < end:
        statuses.add(app.poll())
        app.messages()
        app.clock.advance(step)
    return statuses


# --- the wrap ------------------------------------------------------------------------------------


@every_start
@pytest.mark.parametrize(("keepalive", "interval"), [(60, 55_000), (10, 7_500), (1, 750)])
def test_pings_come_at_their_times(start, keepalive, interval):
    app = up(device(start), keepalive)
    assert live(app, 3 * 60_000, 10) == {NXD_MQTT_SUCCESS}
    # A poll comes every 10 ms, and each ping is answered at once.
    assert app.broker.times(Pingreq) == list(range(interval, 180_000, interval))


@every_start
def test_messages_put_pings_off(start):
    app = up(device(start), 60)
    for _ in range(10):
        app.clock.advance(20_000)
        app.publish(b"m", 1)
        app.poll()
    assert app.broker.times(Pingreq) == []
    live(app, 60_000)
    assert len(app.broker.times(Pingreq)) == 1


def ask_for(app, kind):
    """Make the broker owe an answer, which does not come."""
    app.broker.mute = (kind,)
    calls = {
        Publish: app.publish,
        Subscribe: lambda: nxd_mqtt_client_subscribe(app.client, "a", 1),
        Unsubscribe: lambda: nxd_mqtt_client_unsubscribe(app.client, "a"),
    }
    assert calls[kind]() == NXD_MQTT_SUCCESS


@every_start
@pytest.mark.parametrize("again", [True, False])
@pytest.mark.parametrize("kind", [Publish, Subscribe, Unsubscribe])
def test_an_answer_is_late_when_its_time_is_over_and_not_before(start, again, kind):
    app = device(start, again)
    nxd_mqtt_client_timeout_set(app.client, NXD_MQTT_TIMEOUT_PUBACK, 1000)
    ask_for(up(app), kind)
    assert live(app, 10_000) == {NXD_MQTT_SUCCESS}
    assert app.state == CONNECTED
    assert app.poll() == (NXD_MQTT_SUCCESS if again else LOST)
    assert app.heard("disconnect") == [(LOST,)]


@every_start
def test_a_ping_that_is_not_answered_ends_the_link(start):
    app = up(device(start), 60)
    app.broker.mute = (Pingreq,)
    live(app, 65_000, 100)
    assert app.state == CONNECTED
    app.poll()
    assert (app.state, app.client.reason[2]) == (CONNECTING, "no PINGRESP in time")


@every_start
@pytest.mark.parametrize("again", [True, False])
def test_a_connect_that_is_not_answered_ends_with_its_limit(start, again):
    app = device(start, again)
    app.broker.mute = (Connect,)
    app.start()
    assert live(app, 10_000) == {NXD_MQTT_SUCCESS}
    assert app.poll() == (NXD_MQTT_SUCCESS if again else LOST)
    assert app.client.reason[:2] == ("connack", LOST)
    assert app.all_closed()


@every_start
@pytest.mark.parametrize("again", [True, False])
def test_waits_end_with_their_time(start, again):
    app = device(start, again)
    app.broker.mute = (Connect,)
    assert app.start(300, clean=0) == (NX_IN_PROGRESS if again else LOST)
    assert app.clock.elapsed == 3000
    nxd_mqtt_client_disconnect(app.client)
    app.broker.mute = (Publish,)
    up(app)
    while app.publish() == NXD_MQTT_SUCCESS:
        pass
    began = app.clock.elapsed
    assert app.publish(wait=200) == NXD_MQTT_PACKET_POOL_FAILURE
    assert app.clock.elapsed - began == 2000
    assert app.poll(150) == NXD_MQTT_SUCCESS
    assert app.clock.elapsed - began == 3500


@every_start
def test_no_attempt_is_early_or_missing(start):
    app = up(device(start))
    for _ in range(12):
        app.broker.peer.close()
        app.poll()
        ended, links = app.clock.elapsed, app.client.attempts
        _, ticks = nxd_mqtt_client_deadline_get(app.client)
        assert MINIMUM <= ticks <= MAXIMUM
        live(app, ticks * 10, 10)
        assert app.client.attempts == links
        app.poll()
        assert (app.client.attempts, app.clock.elapsed) == (links + 1, ended + ticks * 10)
        app.poll()
        assert app.state == CONNECTED


@every_start
def test_attempts_that_fail_keep_their_pauses(start):
    app = up(device(start))
    app.sockets.refuse(PORT)
    app.broker.peer.close()
    pauses = []
    for _ in range(12):
        app.poll()
        pauses.append(nxd_mqtt_client_deadline_get(app.client)[1])
        before = app.clock.elapsed, app.client.attempts
        app.poll(NX_WAIT_FOREVER)
        assert 0 <= pauses[-1] * 10 - (app.clock.elapsed - before[0]) < 10
        assert app.client.attempts == before[1] + 1
    assert all(MINIMUM <= pause <= MAXIMUM for pause in pauses)
    assert min(pauses[5:]) >= MAXIMUM // 2


@every_start
def test_a_link_that_was_up_for_long_brings_the_pause_down(start):
    app = up(device(start))
    # How long each link is up, and the longest pause behind it.
    story = ((1, 200), (1, 400), (1, 800), (15, 1600), (15, 1600), (16, 200), (1, 400), (40, 200))
    for seconds, longest in story:
        app.clock.advance(seconds * 1000)
        app.broker.peer.close()
        app.poll()
        assert longest // 2 <= nxd_mqtt_client_deadline_get(app.client)[1] <= longest
        app.poll(NX_WAIT_FOREVER)
        app.poll()
        assert app.state == CONNECTED


# --- days ----------------------------------------------------------------------------------------


def days(app, number, step=10_000):
    """A link with keepalive for so many days."""
    up(app, 60)
    assert live(app, number * DAY, step) == {NXD_MQTT_SUCCESS}
    assert (app.state, len(app.broker.connections), app.told) == (CONNECTED, 1, [])
    pings = app.broker.times(Pingreq)
    gaps = {after - before for before, after in pairwise(pings)}
    # 55 s after the last one, at the next poll.
    assert gaps == {60_000}
    assert len(pings) == number * DAY // 60_000 - 1


def test_a_link_is_up_for_a_week():
    days(device(), 7)


@pytest.mark.long
@every_start
def test_a_link_is_up_for_forty_days(start):
    days(device(start), 40)


@every_start
def test_without_keepalive_polls_may_be_a_day_apart(start):
    app = up(device(start))
    for number in range(40):
        app.clock.advance(DAY)
        assert app.poll() == NXD_MQTT_SUCCESS
        app.publish(b"%d" % number)
        app.broker.deliver(b"%d" % number)
        app.poll()
        assert app.messages() == [b"%d" % number]
    assert len(app.broker.connections) == 1
    assert app.statistics["acknowledged"] == 40


def test_a_poll_without_limit_sleeps_no_longer_than_the_clock_can_tell():
    app = up(device(24 * DAY))
    before = app.clock.elapsed
    for _ in range(30):
        assert app.poll(NX_WAIT_FOREVER) == NXD_MQTT_SUCCESS
    assert 20 * DAY < app.clock.elapsed - before < 30 * DAY
    assert app.state == CONNECTED


@every_start
def test_a_client_that_holds_pings_for_days(start):
    app = up(device(start), 60)
    for number in range(20):
        app.broker.deliver(b"%d" % number * 20)
    end = app.clock.elapsed + DAY
    while app.clock.elapsed < end:
        assert app.poll() == NXD_MQTT_SUCCESS
        app.clock.advance(50_000)
    assert (app.state, len(app.broker.connections)) == (CONNECTED, 1)
    assert len(app.broker.times(Pingreq)) > DAY // 101_000
    live(app, 120_000)
    assert (app.state, len(app.broker.taken)) == (CONNECTED, 20)


@pytest.mark.parametrize("idle", [HOUR, WRAP // 2 - 1, WRAP // 2 + 5, WRAP - 1, WRAP + 7])
def test_a_client_without_a_link_may_rest_for_as_long_as_it_likes(idle):
    app = device(WRAP - 5)
    for _ in range(3):
        up(app, 60)
        live(app, 300_000)
        nxd_mqtt_client_disconnect(app.client)
        app.clock.advance(idle)
    assert app.heard("disconnect") == [(NXD_MQTT_SUCCESS,)]
    assert len(app.broker.times(Pingreq)) == 15


@pytest.mark.parametrize("asleep", [HOUR, WRAP // 2, WRAP - 1, WRAP, WRAP + 5, 3 * WRAP])
def test_an_application_that_sleeps_in_a_pause_waits_for_one_pause_at_most(asleep):
    app = up(device(WRAP - 5))
    app.broker.peer.close()
    app.poll()
    app.clock.advance(asleep)
    began = app.clock.elapsed
    while app.state != CONNECTED:
        app.poll(100)
    assert app.clock.elapsed - began <= MAXIMUM * 10


# --- jumps ---------------------------------------------------------------------------------------


@every_jump
@pytest.mark.parametrize("keepalive", [0, 60])
def test_a_jump_ends_the_link_with_a_reason_and_a_new_link_mends_it(jump_by, keepalive):
    app = up(device(WRAP - 3 * 60_000), keepalive)
    live(app, 60_000)
    jump(app, jump_by)
    assert app.poll() == NXD_MQTT_SUCCESS
    assert app.state == CONNECTING
    assert app.client.reason == ("session", LOST, "the clock jumped")
    assert app.told == [("disconnect", LOST)]
    live(app, 300_000)
    assert (app.state, len(app.broker.connections)) == (CONNECTED, 2)
    assert len(app.broker.times(Pingreq)) == (6 if keepalive else 0)


@every_jump
def test_a_jump_without_reconnection_is_told_by_poll(jump_by):
    app = up(device(again=False))
    jump(app, jump_by)
    assert app.polls(3) == [LOST, NXD_MQTT_NOT_CONNECTED]
    assert (app.state, app.all_closed()) == (IDLE, True)
    up(app)
    assert live(app, 60_000) == {NXD_MQTT_SUCCESS}


@every_jump
def test_a_jump_before_the_connack_is_an_attempt_that_failed(jump_by):
    app = device()
    app.broker.mute = (Connect,)
    app.start(clean=0)
    app.poll()
    app.broker.mute = ()
    jump(app, jump_by)
    app.poll()
    assert app.client.reason == ("connack", LOST, "the clock jumped")
    live(app, MAXIMUM * 10)
    assert (app.state, app.client.attempts) == (CONNECTED, 2)


@every_jump
def test_a_jump_in_a_pause_costs_one_pause_or_spares_it(jump_by):
    app = up(device())
    app.sockets.refuse(PORT)
    app.broker.peer.close()
    app.poll()
    live(app, 500)
    jump(app, jump_by)
    before = app.clock.elapsed, app.client.attempts
    live(app, 60_000)
    # 1, 2, 4, 8 s at least: no storm, and no silence.
    assert 4 <= app.client.attempts - before[1] <= 8
    app.sockets.listen(PORT, app.broker)
    live(app, MAXIMUM * 10 + 1000)
    assert app.state == CONNECTED


@pytest.mark.parametrize("forward", [HOUR, 20 * HOUR, 37 * HOUR])
def test_an_application_that_was_away_for_hours_pings_and_goes_on(forward):
    app = up(device(WRAP - HOUR), 60)
    live(app, 60_000)
    app.clock.advance(forward)
    assert live(app, 120_000) == {NXD_MQTT_SUCCESS}
    assert (app.state, len(app.broker.connections)) == (CONNECTED, 1)


@every_jump
def test_what_was_accepted_before_a_jump_arrives_behind_it(jump_by):
    app = up(device(WRAP - 100))
    app.broker.mute = (Publish,)
    for number in range(4):
        app.publish(b"%d" % number)
    app.broker.mute = ()
    jump(app, jump_by)
    live(app, 30_000)
    assert app.statistics["unacknowledged"] == 0
    assert [payload for _, payload, _ in app.broker.published] == [b"0", b"1", b"2", b"3"] * 2
