# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Tokens end, clocks are wrong, devices sleep, hubs drop links: the device stays with its hub.

Days pass on the clock of the doubles. The played hub checks each signature and ends each link when
its token does.
"""

import random

import pytest
from azure_bench import (
    CONNECTED,
    CONNECTING,
    DAY,
    HOUR,
    IDLE,
    MINUTE,
    SECOND,
    Device,
    good,
    taken,
)
from doubles.played_hub import CLOUD, HOST, START, make_token
from doubles.script import publish

from nxd_mqtt.azure_iot import *
from nxd_mqtt.nxd import (
    NXD_MQTT_CONNECT_FAILURE,
    NXD_MQTT_ERROR_NOT_AUTHORIZED,
)

AGAIN = (300, 60000)
# Milliseconds of a token's hour after which a new one is due, and after which it is pressing.
DUE = 3600 * 85 // 100 * SECOND
PRESSING = 3600 * 97 // 100 * SECOND
LONGEST_LIFE = 31_536_000

FINE, LOST = NX_AZURE_IOT_SUCCESS, NX_AZURE_IOT_DISCONNECTED
EXPIRED, REPLACED = NX_AZURE_IOT_SAS_TOKEN_EXPIRED, NX_AZURE_IOT_REPLACED


@pytest.fixture(autouse=True)
def the_same_jitter_each_time():
    random.seed(7)


class Program:
    """A program that takes everything in its callbacks, answers methods, and keeps a book."""

    def __init__(self, device):
        self.device = device
        self.cloud, self.versions, self.calls = [], [], []
        self.sent = 0
        for kind, take in ((1, self._cloud), (2, self._method), (8, self._desired)):
            good(nx_azure_iot_hub_client_receive_callback_set(device.client, kind, take))

    def _cloud(self, client, _):
        status, payload = self.device.cloud_message()
        good(status)
        self.cloud.append(payload)

    def _method(self, client, _):
        status, name, context, _ = self.device.method()
        good(status)
        self.calls.append(name)
        good(self.device.respond(context))

    def _desired(self, client, _):
        status, payload = self.device.desired()
        good(status)
        self.versions.append(int(payload.rpartition(b":")[2].strip(b" }")))

    def measure(self):
        """Send a message that differs from all others."""
        self.sent += 1
        good(self.device.telemetry(b"%d" % self.sent, ("n", str(self.sent)), wait=100))


# --- a week --------------------------------------------------------------------------------------


class Week:
    """Seven days with a token of an hour: a device, its program, and a service that sends."""

    def __init__(self, again):
        self.device = device = Device(again=again)
        device.hub.latency = 40
        device.sockets.connect_takes = 120
        self.program = Program(device.connect())
        self.cloud, self.versions, self.calls = [], [], []
        # What a hub wants of a device that has just gone is the hard part of it.
        device.hub.on_goodbye = self._in_the_gap

    def _in_the_gap(self):
        self._send()
        self.versions.append(self.device.hub.change(gap=len(self.versions)))

    def _send(self):
        self.cloud.append(b"c%d" % len(self.cloud))
        self.device.hub.cloud_message(self.cloud[-1], "n=%d" % len(self.cloud))

    def step(self, number):
        """Five minutes; sometimes they end in the gap of a renewal."""
        device = self.device
        device.run(5 * MINUTE, lambda: number % 2 and device.state == CONNECTING)
        self.program.measure()
        if device.hub.online:
            if number % 7 == 0:
                self._send()
            if number % 11 == 0:
                self.versions.append(device.hub.change(step=number))
            if number % 13 == 0:
                self.calls.append("m%d" % number)
                device.hub.call(self.calls[-1])
            if number % 29 == 0:
                assert device.report(b'{"n":%d}' % number, wait=100)[::2] == (0, 204)

    def end(self):
        """Let everything arrive."""
        self.device.run(MINUTE)


@pytest.mark.parametrize("again", [None, AGAIN], ids=["alone", "reconnecting"])
def test_a_week_with_a_token_of_an_hour_loses_nothing(again):
    week = Week(again)
    device, hub, program = week.device, week.device.hub, week.program
    number = 0
    while device.clock.elapsed < 7 * DAY:
        number += 1
        week.step(number)
    week.end()
    assert hub.refused == []
    assert (hub.expired, hub.violations) == (0, [])
    # Each token is used for 85 % of its hour.
    renewals = device.clock.elapsed // (DUE + SECOND)
    assert renewals - 1 <= device.statistics["renewals"] <= renewals + 1
    assert device.statistics["renewals"] == len(hub.logins) - 1 == hub.goodbyes
    # TCP's 120 ms and the 40 ms of a CONNACK.
    assert device.statistics["gap"] == device.statistics["longest_gap"] == 160
    assert {int(payload) for payload in device.payloads()} == set(range(1, program.sent + 1))
    assert not any(event.duplicate for event in hub.events)
    assert program.cloud == week.cloud
    assert hub.cloud == []
    assert program.versions == week.versions
    assert program.calls == week.calls
    assert len(hub.method_answers) == len(week.calls)
    # A planned renewal is no news.
    assert device.told == []


def test_a_renewal_asks_for_no_filter_again():
    device = Device(features=("cloud", "methods")).connect()
    device.run(DAY)
    assert device.statistics["renewals"] == 28
    assert {link for link, _ in device.hub.subscribed} == {1}


def test_a_renewal_of_a_clean_session_subscribes_again():
    device = Device().connect(clean=1)
    device.run(HOUR)
    assert device.statistics["renewals"] == 1
    assert [login.clean for login in device.hub.logins] == [True, True]
    assert len([link for link, _ in device.hub.subscribed if link == 2]) == 4
    device.works()


# --- long lives ----------------------------------------------------------------------------------


@pytest.mark.parametrize("start", [0, 2**29 - 5000, 2**28 - 5000])
@pytest.mark.parametrize("days", [3, 4, 30])
def test_a_token_of_days_is_renewed_when_it_is_due(days, start):
    """Three days fit into half of the millisecond clock, four do not, thirty not into all of it."""
    device = Device(features=(), life=days * 86400, start=start).connect()
    due = days * DAY * 85 // 100
    device.run(due - SECOND)
    assert device.statistics["renewals"] == 0
    device.run(3 * SECOND)
    assert device.statistics["renewals"] == 1
    assert device.statistics["token_expiry"] == device.unix_time() - 2 + days * 86400
    assert device.told == []


def test_a_token_of_a_minute_is_renewed_every_51_seconds():
    device = Device(life=60).connect()
    device.run(10 * MINUTE)
    assert device.statistics["renewals"] == 600 // 51
    assert device.hub.expired == 0


# --- clocks --------------------------------------------------------------------------------------


@pytest.mark.parametrize("year", [1970, 2000, 2023])
def test_a_clock_that_was_never_set_is_told_before_anything_is_sent(year):
    device = Device(again=AGAIN)
    device.skew = (year - 1970) * 31_556_952 - START
    assert device.start() == NX_AZURE_IOT_TIME_NOT_SET
    assert device.client.reason[1] == NX_AZURE_IOT_TIME_NOT_SET
    assert (device.state, device.hub.attempts) == (IDLE, [])
    device.skew = 0
    device.works()
    assert device.hub.refused == []


def test_a_clock_that_is_two_days_slow_is_refused_by_the_hub_alone():
    device = Device(again=AGAIN)
    device.skew = -2 * 86400
    assert device.start() == NXD_MQTT_ERROR_NOT_AUTHORIZED
    assert device.hub.refused == ["expired"]
    device.run(HOUR)
    assert len(device.hub.attempts) == 1


def test_a_clock_that_is_lost_on_the_way_costs_no_attempt_until_it_is_set():
    device = Device(again=AGAIN).connect()
    device.skew = -START
    device.hub.cut()
    device.run(HOUR)
    assert (device.state, len(device.hub.attempts)) == (CONNECTING, 1)
    assert device.client.reason[1] == NX_AZURE_IOT_TIME_NOT_SET
    device.skew = 0
    device.run(15 * MINUTE)
    assert device.told == [LOST, FINE]
    assert device.hub.refused == []


@pytest.mark.parametrize("ahead", [40 * 60, 24 * 3600])
def test_a_clock_that_is_set_forward_makes_no_refusal(ahead):
    """A token is signed with the old time; with the new one it seems to be old, or over."""
    device = Device(features=(), again=AGAIN).connect()
    device.run(10 * MINUTE)
    device.skew = ahead
    device.run(2 * DAY)
    assert device.hub.refused == []
    assert device.hub.expired == 0
    assert device.statistics["renewals"] > 40


def test_a_clock_that_was_slow_and_is_set_right():
    """The hub ends the link when its token ends; the next one is signed with the right time."""
    device = Device(again=AGAIN)
    device.skew = -50 * 60
    device.connect()
    device.run(5 * MINUTE)
    device.skew = 0
    device.run(2 * HOUR)
    assert device.hub.refused == []
    assert device.told in ([], [EXPIRED, FINE])
    device.works()


def test_a_clock_that_is_set_back_is_told_by_the_refusal():
    device = Device(again=AGAIN).connect()
    device.run(10 * MINUTE)
    device.skew = -2 * 3600
    device.run(2 * HOUR)
    assert device.hub.expired == 1
    assert device.told == [LOST, NXD_MQTT_ERROR_NOT_AUTHORIZED]
    device.skew = 0
    device.works()


# --- sleep ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["close", "vanish"])
@pytest.mark.parametrize("hours", [3, 40, 80, 149, 150, 400])
def test_a_device_that_slept_past_its_token_comes_back_with_a_new_one(hours, how):
    """No poll for hours: of 2**27, 2**28 and 2**29 milliseconds some are too many for the clock."""
    device = Device(again=AGAIN).connect()
    device.clock.later(30 * MINUTE, lambda: device.hub.cut(how))
    device.clock.advance(hours * HOUR)
    device.run(10 * MINUTE)
    assert device.state == CONNECTED
    assert device.hub.refused == []
    assert device.told in ([], [EXPIRED, FINE])
    device.works()


def test_a_device_without_reconnection_learns_that_its_token_was_over():
    device = Device().connect()
    device.clock.advance(3 * HOUR)
    assert device.hub.expired == 1
    device.run(MINUTE)
    assert device.told == [EXPIRED]
    device.works()


# --- the moment of a renewal ---------------------------------------------------------------------


def before_renewal(device, milliseconds):
    """Go to a time before the renewal; no ping will be due around it."""
    device.run(DUE - 20 * SECOND)
    good(device.telemetry(b"", quality=0))
    device.run(20 * SECOND - milliseconds)
    device.hub.events.clear()


def test_a_renewal_waits_for_the_end_of_a_message():
    device = Device().connect()
    before_renewal(device, 10 * SECOND)
    device.hub.trickle(publish(CLOUD + "n=1", b"x" * 40, 1000))
    device.run(4 * MINUTE)
    assert device.statistics["renewals"] == 0
    device.run(2 * MINUTE)
    assert device.statistics["renewals"] == 1
    assert device.cloud_message() == (0, b"x" * 40)


def test_a_renewal_waits_for_bytes_that_the_link_does_not_take():
    device = Device().connect()
    before_renewal(device, SECOND)
    device.hub.connections[-1].accept_limit = 0
    good(device.telemetry(b"late"))
    device.run(MINUTE)
    assert (device.statistics["renewals"], device.payloads()) == (0, [])
    device.hub.connections[-1].accept_limit = None
    device.run(3 * SECOND)
    assert (device.statistics["renewals"], device.payloads()) == (1, [b"late"])


def test_a_renewal_waits_for_the_answer_to_a_question():
    device = Device().connect()
    before_renewal(device, SECOND)
    device.hub.mute.add("get")
    good(device.request())
    device.run(12 * SECOND)
    assert device.statistics["renewals"] == 0
    device.hub.mute.clear()
    device.hub.answer(200, device.hub.asked[0], device.hub.document())
    device.run(3 * SECOND)
    assert device.statistics["renewals"] == 1
    assert device.document()[0] == 0


def test_a_renewal_waits_for_the_answer_to_a_report():
    device = Device().connect()
    before_renewal(device, SECOND)
    device.hub.mute.add("report")
    device.clock.later(12 * SECOND, lambda: device.hub.answer(204, device.hub.patches[0][0]))
    assert device.report(wait=2000)[::2] == (0, 204)
    assert device.statistics["renewals"] == 0
    device.run(3 * SECOND)
    assert device.statistics["renewals"] == 1


def test_a_renewal_happens_in_time_in_any_case():
    """A message comes so slowly that the token would end before it: the new link brings it."""
    device = Device().connect()
    number = device.hub.cloud_message(b"first")
    before_renewal(device, 10 * SECOND)
    assert device.cloud_message() == (0, b"first")
    device.hub.cloud.append([number + 1, "", b"x" * 400, True])
    device.hub.trickle(publish(CLOUD, b"x" * 400, number + 1))
    device.run(PRESSING - device.clock.elapsed - SECOND)
    assert device.statistics["renewals"] == 0
    device.run(3 * SECOND)
    assert device.statistics["renewals"] == 1
    assert device.cloud_message(100) == (0, b"x" * 400)
    assert (device.hub.expired, device.told) == (0, [])


@pytest.mark.parametrize("what", ["get", "report"])
def test_an_answer_that_never_comes_does_not_put_renewals_off_for_ever(what):
    device = Device().connect()
    device.hub.mute.add(what)
    if what == "get":
        good(device.request())
    else:
        assert device.report(wait=100)[0] == NX_AZURE_IOT_NO_PACKET
    device.run(DUE + 90 * SECOND - device.clock.elapsed)
    assert device.statistics["renewals"] == 1


def test_telemetry_that_is_handed_in_during_a_renewal_arrives():
    device = Device().connect()
    device.sockets.connect_takes = 500
    device.hub.latency = 500
    device.run(2 * HOUR, lambda: device.state == CONNECTING)
    assert device.telemetry(b"in the gap") == 0
    device.run(5 * SECOND)
    assert device.payloads() == [b"in the gap"]
    assert device.acknowledged == [device.hub.events[0].packet_id]


def test_a_method_that_was_called_before_a_renewal_is_answered_behind_it():
    device = Device().connect()
    device.run(DUE - SECOND)
    request = device.hub.call("slow")
    status, name, context, _ = device.method(10)
    assert (status, name) == (0, "slow")
    device.run(10 * SECOND)
    assert device.statistics["renewals"] == 1
    good(device.respond(context))
    device.polls()
    assert device.hub.method_answers == [(request, 200, b"{}")]


@pytest.mark.parametrize("turns", [0, 1])
def test_a_disconnect_during_a_renewal_is_the_last_word(turns):
    device = Device().connect()
    device.hub.latency = 500
    device.run(2 * HOUR, lambda: device.state == CONNECTING)
    device.polls(turns)
    device.disconnect()
    device.run(2 * HOUR)
    assert (device.state, len(device.hub.attempts)) == (IDLE, 1 + turns)
    assert device.told == []
    device.hub.latency = 0
    device.works()


def test_a_connect_during_a_renewal_waits_for_its_end():
    device = Device().connect()
    device.hub.latency = 500
    device.run(2 * HOUR, lambda: device.state == CONNECTING)
    assert device.start(0) == NX_AZURE_IOT_CONNECTING
    assert device.start(500) == FINE
    assert (device.state, len(device.hub.attempts)) == (CONNECTED, 2)


def test_two_threads_that_poll_renew_a_token_once():
    """One has found that the token is due; before it goes on the other one has renewed it."""
    device = Device().connect()
    device.run(DUE - SECOND)
    client = device.client

    def found_by_both():
        del client._is_quiet
        client._look_at_token(device.clock())
        device.polls(8)
        assert device.state == CONNECTED
        return True

    client._is_quiet = found_by_both
    device.run(MINUTE)
    assert device.statistics["renewals"] == len(device.hub.logins) - 1 == 1


# --- renewals that fail --------------------------------------------------------------------------


def test_without_reconnection_a_renewal_that_fails_is_told_and_is_the_end():
    device = Device().connect()
    device.run(DUE - MINUTE)
    device.network = False
    device.run(HOUR)
    assert device.state == IDLE
    assert device.told == [NXD_MQTT_CONNECT_FAILURE]
    assert len(device.hub.attempts) == 1
    device.network = True
    device.told.clear()
    device.works()
    assert device.told == [FINE]


def test_with_reconnection_a_renewal_that_fails_is_a_loss_and_is_mended():
    device = Device(again=AGAIN).connect()
    device.run(DUE - MINUTE)
    device.network = False
    good(device.telemetry(b"before"))
    device.run(HOUR)
    assert (device.state, device.told) == (CONNECTING, [LOST])
    good(device.telemetry(b"meanwhile"))
    device.network = True
    device.run(15 * MINUTE)
    assert device.told == [LOST, FINE]
    assert device.payloads() == [b"before", b"meanwhile"]
    assert device.hub.refused == []


def test_a_renewal_that_fails_begins_with_the_shortest_pauses():
    """The link was up for most of an hour: what was long ago does not count."""
    device = Device(again=AGAIN)
    device.network = False
    assert device.start(0) == NX_AZURE_IOT_CONNECTING
    device.run(3 * HOUR)
    device.network = True
    device.run(20 * MINUTE)
    assert device.state == CONNECTED
    device.run(DUE - device.clock.elapsed + device.hub.logins[0].at - SECOND)
    device.network = False
    device.run(3 * SECOND)
    assert device.state == CONNECTING
    device.network = True
    device.run(7 * SECOND)
    assert device.state == CONNECTED


@pytest.mark.parametrize("again", [None, AGAIN], ids=["alone", "reconnecting"])
def test_a_device_that_is_disabled_learns_it_at_its_renewal(again):
    device = Device(again=again).connect()
    device.hub.disabled = True
    device.run(3 * HOUR)
    assert (device.state, len(device.hub.attempts)) == (IDLE, 2)
    assert device.told[-1] == NXD_MQTT_ERROR_NOT_AUTHORIZED
    device.hub.disabled = False
    device.works()


# --- what is not taken ---------------------------------------------------------------------------


def test_a_program_that_only_reports_is_not_stopped_by_what_it_does_not_take():
    """At each renewal the client reads the twin; the program has never asked for it."""
    device = Device(features=("twin",)).connect()
    for number in range(300):
        device.run(5 * MINUTE)
        assert device.report(b'{"n":%d}' % number, wait=100)[::2] == (0, 204)
    assert device.statistics["renewals"] == 29


def test_a_message_that_is_not_taken_does_not_stop_the_methods():
    device = Device(features=("cloud", "methods"), queue=512).connect()
    device.hub.cloud_message(b"nobody wants it now")
    for number in range(50):
        request = device.hub.call("m%d" % number)
        status, name, context, _ = device.method(100)
        assert (status, name) == (0, "m%d" % number)
        good(device.respond(context))
        device.poll()
        assert device.hub.method_answers[-1][0] == request
    assert device.cloud_message() == (0, b"nobody wants it now")


# --- tokens of others ----------------------------------------------------------------------------


def test_tokens_from_a_callable_are_renewed():
    device = Device(features=(), key=None)
    asked = []

    def sign():
        asked.append(device.clock.elapsed)
        return make_token(device.unix_time() + 1800)

    good(nx_azure_iot_hub_client_sas_token_set(device.client, sign))
    device.connect()
    device.run(DAY)
    assert device.hub.refused == []
    assert device.hub.expired == 0
    assert device.statistics["renewals"] == 86400 // 1530
    assert len(asked) == len(device.hub.logins)


def test_a_token_that_cannot_be_renewed_is_used_to_its_end():
    device = Device(key=None, again=AGAIN)
    good(nx_azure_iot_hub_client_sas_token_set(device.client, make_token(START + 3600)))
    device.connect()
    device.run(2 * HOUR)
    assert device.told == [EXPIRED]
    assert (device.state, len(device.hub.attempts)) == (CONNECTING, 1)
    token = make_token(device.unix_time() + 3600)
    good(nx_azure_iot_hub_client_sas_token_set(device.client, token))
    device.run(15 * MINUTE)
    assert device.told == [EXPIRED, FINE]
    assert device.hub.refused == []


def test_tokens_that_end_soon_are_no_sign_of_a_rival():
    """A program that sets a new token whenever it hears that the last one is over."""
    device = Device(key=None, again=(100, 1000))

    def sign(status):
        if status:
            token = make_token(device.unix_time() + 120)
            good(nx_azure_iot_hub_client_sas_token_set(device.client, token))

    sign(EXPIRED)
    device.connect()
    device.doing["status"] = sign
    device.run(20 * MINUTE)
    assert set(device.told[::2]) == {EXPIRED}
    assert len(device.told) > 16
    assert device.hub.refused == []


# --- storms --------------------------------------------------------------------------------------


def most_in_five_minutes(attempts):
    """The largest number of attempts in any five minutes."""
    return max(sum(1 for other in attempts if 0 <= other - each < 5 * MINUTE) for each in attempts)


@pytest.mark.parametrize("how", ["close", "reset"])
@pytest.mark.parametrize("again", [AGAIN, (500, 30000), (300, 12000)], ids=str)
@pytest.mark.parametrize("features", [(), ("cloud", "methods", "twin")], ids=["bare", "full"])
@pytest.mark.parametrize("seed", range(3))
def test_a_hub_that_drops_each_link_is_not_stormed(again, how, features, seed):
    random.seed(seed)
    device = Device(features=features, again=again)
    device.hub.drop = 50
    device.hub.drop_how = how
    assert device.start(0) == NX_AZURE_IOT_CONNECTING
    device.run(2 * DAY, lambda: device.state == CONNECTED and not device.hub.drop)
    device.run(MINUTE)
    assert len(device.hub.attempts) == 51
    assert most_in_five_minutes(device.hub.attempts) <= 12
    assert device.state == CONNECTED
    # Each link is told when it begins and when it ends.
    assert device.told[::2] == [FINE] * 51
    assert len(device.told) == 101


@pytest.mark.parametrize("features", [(), ("cloud", "methods", "twin")], ids=["bare", "full"])
def test_who_is_replaced_again_and_again_is_told_so(features):
    device = Device(features=features, again=(100, 6000))
    device.hub.drop = 6
    device.start(0)
    device.run(HOUR, lambda: device.state == CONNECTED and not device.hub.drop)
    assert device.told[1::2] == [LOST, LOST] + [REPLACED] * 4


def lose(device, how):
    """A link that was up for two minutes ends; a new one begins."""
    device.run(2 * MINUTE)
    device.hub.cut(how)
    device.run(SECOND)
    device.run(HOUR, lambda: device.state == CONNECTED)


def test_who_is_replaced_after_minutes_is_told_so_and_slows_down():
    device = Device(again=(100, 60000)).connect()
    for _ in range(4):
        lose(device, "close")
    assert device.told[::2] == [LOST, LOST, REPLACED, REPLACED]
    pauses = [b - a for a, b in zip(device.hub.attempts, device.hub.attempts[1:], strict=False)]
    assert max(pauses[:2]) < 2 * MINUTE + 5 * SECOND
    assert min(pauses[2:]) >= 7 * MINUTE


def test_a_broken_network_is_not_taken_for_a_rival():
    device = Device(again=AGAIN).connect()
    for _ in range(6):
        lose(device, "reset")
    assert device.told == [LOST, FINE] * 6


def test_a_rival_that_has_gone_is_forgotten():
    device = Device(again=(100, 6000)).connect()
    for _ in range(4):
        lose(device, "close")
    assert device.told[-2] == REPLACED
    device.run(10 * MINUTE)
    lose(device, "close")
    assert device.told[-2:] == [LOST, FINE]


def test_a_hub_that_is_down_for_a_day_is_asked_seldom():
    device = Device(again=AGAIN)
    device.hub.code = 3
    device.start(0)
    device.run(DAY)
    assert most_in_five_minutes(device.hub.attempts) <= 12
    assert 100 < len(device.hub.attempts) < 320
    device.hub.code = 0
    device.run(15 * MINUTE)
    assert device.told == [FINE]


# --- throttling of the client's own questions ----------------------------------------------------


def test_a_hub_that_throttles_is_not_asked_for_the_twin_again_and_again():
    device = Device(again=AGAIN).connect()
    device.hub.verdicts = [429] * 5
    device.hub.cut()
    device.run(30 * MINUTE)
    assert len(device.hub.asked) == 6
    assert device.desired()[0] == 0


def pause_of(device):
    """The milliseconds for which no question may be asked; the next one is asked then."""
    assert device.document(100)[0] == NX_AZURE_IOT_THROTTLED
    began = device.clock.elapsed
    while device.request() == NX_AZURE_IOT_THROTTLED:
        assert device.report()[0] == NX_AZURE_IOT_THROTTLED
        device.run(SECOND // 2)
    return device.clock.elapsed - began


def test_a_throttled_device_waits_as_long_as_netx_does():
    """3 * 2**n seconds, 600 at most, and up to 60 % more."""
    device = Device(life=LONGEST_LIFE).connect()
    device.hub.verdicts = [429] * 12
    good(device.request())
    for n in range(1, 13):
        pause = min(3 * 2**n, 600) * SECOND
        assert pause - SECOND <= pause_of(device) <= pause * 16 // 10 + SECOND
    assert device.document(100)[0] == 0
    device.hub.verdicts = [429]
    good(device.request())
    assert pause_of(device) <= 11 * SECOND


def test_a_pause_that_is_over_stays_over():
    """Alarms are told from times that have passed by half of the clock's range, three days."""
    device = Device(life=LONGEST_LIFE).connect()
    device.hub.verdicts = [429]
    good(device.request())
    assert device.document(100)[0] == NX_AZURE_IOT_THROTTLED
    for _ in range(8):
        device.run(20 * HOUR)
        assert device.request() == 0
        assert device.document(100)[0] == 0


@pytest.mark.parametrize("hours", [1, 70, 80, 100, 140, 148])
def test_a_pause_is_over_for_who_has_slept_through_it(hours):
    device = Device(again=AGAIN).connect()
    device.hub.verdicts = [429]
    good(device.request())
    assert device.document(100)[0] == NX_AZURE_IOT_THROTTLED
    device.clock.advance(hours * HOUR)
    device.run(MINUTE)
    assert device.state == CONNECTED
    assert device.request() == 0


def test_the_hub_is_found_by_its_name_at_each_attempt():
    device = Device(again=AGAIN).connect()
    device.sockets.hosts[HOST] = "192.0.2.99"
    device.hub.cut()
    device.run(MINUTE)
    assert device.hub.connections[-1].address[0] == "192.0.2.99"


def test_what_a_packet_is_taken_as():
    """The bench's own helper gives a payload, and nothing where there is none."""
    assert taken((5, None)) == (5, None)
