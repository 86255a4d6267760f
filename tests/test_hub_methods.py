# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Direct methods: who is called, how long anybody waits, and which answers count."""

import string

import pytest
from hub_core_bench import DEVICE, MODULE, START, Capability, House

from boards.desktop.hub.core import Identity
from boards.desktop.hub.methods import Outcome
from boards.desktop.hub.refusals import BadAnswer, BadRequest, NoAnswer, NotFound, NotOnline

RESPONSE = 30


@pytest.fixture
def house():
    """A hub with one device and one module."""
    return House()


class Call:
    """A method called, and the outcomes that its caller was given."""

    def __init__(self, house, body=b"", connect=0, response=RESPONSE, **named):
        self.outcomes = []
        identity, name = named.get("identity", DEVICE), named.get("name", "reboot")
        waits = (connect, response)
        done = self.outcomes.append
        self.request_id = house.core.invoke(identity, name, body, waits, done)

    @property
    def error(self):
        """The kind of the one outcome's error."""
        (outcome,) = self.outcomes
        assert (outcome.status, outcome.body) == (0, b"")
        return type(outcome.error)


def answer(house, call, status=200, body=b"", identity=DEVICE):
    """A device answers a call."""
    return house.core.answer_method(identity, call.request_id, status, body)


# --- calls that are answered ---------------------------------------------------------------------


def test_a_call_reaches_its_device_and_the_answer_its_caller(house):
    peer = house.connect(Capability.METHODS)
    call = Call(house, b'{"in":5}', name="reboot")
    assert peer.take() == [("method", call.request_id, "reboot", b'{"in":5}')]
    assert call.outcomes == []
    assert answer(house, call, 201, b'{"ok":true}')
    assert call.outcomes == [Outcome(201, b'{"ok":true}')]
    assert house.core.counters["methods_sent"] == 1


@pytest.mark.parametrize("body", [b"", b"null", b"1", b'"a"', b"[]", b"{}", b" {} "])
def test_any_json_or_nothing_goes_both_ways_as_it_is(house, body):
    peer = house.connect()
    call = Call(house, body)
    assert peer.take()[0][3] == body
    assert answer(house, call, -1, body)
    assert call.outcomes == [Outcome(-1, body)]


def test_an_answer_counts_once(house):
    house.connect()
    call = Call(house)
    assert answer(house, call)
    assert not answer(house, call, 500)
    assert call.outcomes == [Outcome(200)]
    assert house.core.counters["method_answers"] == 1
    assert house.core.counters["stray_answers"] == 1


def test_calls_are_told_apart_and_answered_in_any_order(house):
    house.connect()
    calls = [Call(house) for _ in range(20)]
    assert len({call.request_id for call in calls}) == 20
    for status, call in reversed(list(enumerate(calls))):
        assert answer(house, call, status)
    assert [call.outcomes[0].status for call in calls] == list(range(20))


def test_nobody_answers_for_another(house):
    house.connect()
    house.connect(identity=MODULE)
    call = Call(house)
    assert not answer(house, call, identity=MODULE)
    assert not answer(house, call, identity=Identity("dev2"))
    assert not house.core.answer_method(DEVICE, "ffff", 200, b"")
    assert call.outcomes == []
    assert answer(house, call)


def test_a_module_is_called_by_its_own_name(house):
    device, module = house.connect(), house.connect(identity=MODULE)
    call = Call(house, identity=MODULE)
    assert (len(device.take()), len(module.take())) == (0, 1)
    assert answer(house, call, identity=MODULE)
    assert call.outcomes == [Outcome(200)]


def test_a_device_may_answer_from_inside_the_call(house):
    peer = house.connect()
    peer.method = lambda request_id, name, body: house.core.answer_method(
        DEVICE, request_id, 200, body
    )
    assert Call(house, b"[1]").outcomes == [Outcome(200, b"[1]")]


def test_a_caller_may_call_again_from_inside_its_outcome(house):
    peer = house.connect()
    second = []
    first = house.core.invoke(
        DEVICE, "a", b"", (0, 30), lambda outcome: second.append(Call(house, name="b"))
    )
    house.core.answer_method(DEVICE, first, 200, b"")
    assert [entry[2] for entry in peer.take()] == ["a", "b"]
    assert answer(house, second[0])


# --- waiting for the device ----------------------------------------------------------------------


@pytest.mark.parametrize("who", ["nobody", "deaf", "module"])
def test_a_device_that_is_not_there_is_told_at_once(house, who):
    if who == "deaf":
        house.connect(Capability.DESIRED, Capability.CLOUD_MESSAGES)
    elif who == "module":
        house.connect(identity=MODULE)
    assert Call(house).error is NotOnline
    assert house.core.counters["methods"] == 1
    assert house.core.counters["methods_sent"] == 0


def test_a_caller_may_wait_for_the_device(house):
    calls = [Call(house, connect=10, name=name) for name in "ab"]
    house.clock.advance(9)
    peer = house.connect(Capability.DESIRED)
    assert peer.take() == []
    peer.capable.add(Capability.METHODS)
    house.core.capabilities_changed(DEVICE, peer)
    assert [entry[2] for entry in peer.take()] == ["a", "b"]
    house.core.capabilities_changed(DEVICE, peer)
    assert peer.take() == []
    assert all(answer(house, call) for call in calls)


def test_a_device_that_comes_is_given_what_waits(house):
    call = Call(house, connect=10)
    peer = type(house.connect(identity=MODULE))()
    house.core.attach(DEVICE, peer)
    assert peer.take() == [("method", call.request_id, "reboot", b"")]


def test_a_device_is_waited_for_no_longer_than_asked(house):
    call = Call(house, connect=10)
    house.clock.advance(9.999)
    house.core.tick()
    assert call.outcomes == []
    assert house.core.next_deadline() == START + 10
    house.clock.advance(0.001)
    house.core.tick()
    assert call.error is NotOnline
    assert house.core.next_deadline() is None


def test_a_device_that_comes_too_late_is_not_called_even_before_the_tick(house):
    call = Call(house, connect=10)
    house.clock.advance(10)
    peer = house.connect()
    house.core.capabilities_changed(DEVICE, peer)
    assert peer.take() == []
    assert call.error is NotOnline


def test_a_call_that_waits_cannot_be_answered(house):
    call = Call(house, connect=10)
    assert not answer(house, call)
    assert call.outcomes == []


# --- waiting for the answer ----------------------------------------------------------------------


def test_an_answer_is_waited_for_no_longer_than_asked(house):
    house.connect()
    call = Call(house, response=7)
    house.clock.advance(6.999)
    house.core.tick()
    assert call.outcomes == []
    house.clock.advance(0.001)
    house.core.tick()
    assert call.error is NoAnswer
    assert not answer(house, call)
    assert len(call.outcomes) == 1


def test_an_answer_that_is_late_is_late_even_before_the_tick(house):
    house.connect()
    call = Call(house, response=7)
    house.clock.advance(7)
    assert not answer(house, call)
    assert call.error is NoAnswer


def test_the_time_for_the_answer_begins_when_the_device_has_the_call(house):
    call = Call(house, connect=10, response=7)
    house.clock.advance(9)
    house.connect()
    assert house.core.next_deadline() == START + 16
    house.clock.advance(6.999)
    assert answer(house, call)


def test_a_device_may_connect_again_and_answer_in_time(house):
    first = house.connect()
    call = Call(house)
    house.core.detach(DEVICE, first)
    house.clock.advance(RESPONSE - 1)
    again = house.connect()
    house.core.capabilities_changed(DEVICE, again)
    assert again.take() == []
    assert answer(house, call)
    assert call.outcomes == [Outcome(200)]


def test_the_loss_of_a_device_is_no_answer(house):
    peer = house.connect()
    call = Call(house)
    house.core.detach(DEVICE, peer)
    house.clock.advance(RESPONSE)
    house.core.tick()
    assert call.error is NoAnswer


def test_a_caller_that_gave_up_hears_nothing(house):
    house.connect()
    call, waiting = Call(house), Call(house, identity=MODULE, connect=10)
    house.core.cancel(call.request_id)
    house.core.cancel(waiting.request_id)
    house.core.cancel("unknown")
    assert not answer(house, call)
    house.clock.advance(1000)
    house.core.tick()
    assert (call.outcomes, waiting.outcomes) == ([], [])


def test_a_device_that_is_deleted_answers_no_more(house):
    house.connect()
    calls = [Call(house), Call(house, identity=MODULE, connect=10)]
    house.core.delete_identity(DEVICE)
    assert [call.error for call in calls] == [NotFound, NotFound]


def test_a_module_that_is_deleted_leaves_the_calls_of_its_device(house):
    house.connect()
    call, gone = Call(house), Call(house, identity=MODULE, connect=10)
    house.core.delete_identity(MODULE)
    assert gone.error is NotFound
    assert answer(house, call)


def test_one_outcome_may_end_other_calls(house):
    house.connect()
    others = []

    def drop_others(outcome):
        for call in others:
            house.core.cancel(call.request_id)

    house.core.invoke(DEVICE, "a", b"", (0, 30), drop_others)
    others += [Call(house), Call(house)]
    house.clock.advance(RESPONSE)
    house.core.tick()
    assert [call.outcomes for call in others] == [[], []]


# --- bad calls and bad answers -------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["a", "a" * 64, string.ascii_letters, "0-9_.*~!#%&'+^`|", "comp*cmd"]
)
def test_a_name_of_plain_characters_is_taken(house, name):
    peer = house.connect()
    Call(house, name=name)
    assert peer.take()[0][2] == name


@pytest.mark.parametrize(
    "name", ["", "a" * 65, "é", *(f"a{character}" for character in ' $()<>@,;:\\"/[]?={}\t\n\0')]
)
def test_any_other_name_is_refused(house, name):
    house.connect()
    with pytest.raises(BadRequest):
        Call(house, name=name)


@pytest.mark.parametrize(
    "arguments",
    [
        {"body": b"{"},
        {"body": b" "},
        {"body": b"\xff"},
        {"body": b'"' + b"x" * 131_071 + b'"'},
        {"connect": -1},
        {"connect": 301},
        {"connect": float("nan")},
        {"response": 4.9},
        {"response": 301},
    ],
)
def test_a_call_that_cannot_be_made_is_refused_and_not_counted(house, arguments):
    peer = house.connect()
    with pytest.raises(BadRequest):
        Call(house, **arguments)
    assert peer.take() == []
    assert house.core.counters["methods"] == 0
    assert house.core.next_deadline() is None


def test_the_bounds_themselves_are_taken(house):
    house.connect()
    for arguments in ({"connect": 300, "response": 300}, {"response": 5}):
        largest = b'"' + b"x" * 131_070 + b'"'
        call = Call(house, largest, **arguments)
        assert answer(house, call, 200, largest)
        assert call.outcomes == [Outcome(200, largest)]


def test_a_hub_may_allow_shorter_waits():
    house = House(shortest_method_seconds=0.1)
    house.connect()
    call = Call(house, response=0.1)
    house.clock.advance(0.1)
    house.core.tick()
    assert call.error is NoAnswer


def test_nobody_is_called_who_does_not_exist(house):
    for identity in (Identity("dev2"), Identity("dev1", "mod2")):
        with pytest.raises(NotFound):
            Call(house, identity=identity)


@pytest.mark.parametrize("body", [b"{", b" ", b"ok", b"\xff", b'"' + b"x" * 131_071 + b'"'])
def test_an_answer_that_is_no_json_or_too_large_is_told_as_that(house, body):
    house.connect()
    call = Call(house)
    assert answer(house, call, 200, body)
    assert call.error is BadAnswer
