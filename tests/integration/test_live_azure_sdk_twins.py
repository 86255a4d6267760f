# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Microsoft's device SDK and the local hub agree about the twin and about methods."""

import pytest
from azure_stage import PATIENCE_SECONDS, eventually

from boards.desktop.hub.faults import Step

pytestmark = pytest.mark.long
pytest_plugins = ["azure_fixtures"]

NESTED = {"target": {"low": 1.5, "high": None}, "names": ["a", "b"], "text": "\u20ac"}
PAYLOADS = (None, 0, -1.5, True, "text \u20ac", [], [1, [2]], {}, {"a": {"b": None}})


def without_metadata(section: dict) -> dict:
    return {name: value for name, value in section.items() if not name.startswith("$")}


# ---------------------------------------------------------------- twins


def test_the_whole_twin(device, hub):
    hub.patch_twin(device.name, NESTED, tags={"room": "cellar"})
    device.do("report", patch={"firmware": "1.2"})
    twin = device.do("twin")
    assert set(twin) == {"desired", "reported"}
    assert without_metadata(twin["desired"]) == NESTED | {"target": {"low": 1.5}}
    assert without_metadata(twin["reported"]) == {"firmware": "1.2"}
    assert (twin["desired"]["$version"], twin["reported"]["$version"]) == (2, 2)


def test_reports_are_merged_and_null_deletes(device, hub):
    device.do("report", patch={"a": 1, "b": {"c": 2, "d": 3}})
    device.do("report", patch={"a": None, "b": {"c": None, "e": [4]}})
    assert hub.reported(device.name) == {"b": {"d": 3, "e": [4]}}
    assert device.do("twin")["reported"]["$version"] == 3


def test_desired_changes_are_told(device, hub):
    device.do("take_desired")
    hub.patch_twin(device.name, NESTED)
    assert device.told("desired")["patch"] == NESTED | {"$version": 2}
    hub.patch_twin(device.name, {"names": None})
    assert device.told("desired")["patch"] == {"names": None, "$version": 3}
    assert device.told_nothing("desired")


def test_what_changed_while_the_device_was_away_comes_when_it_is_back(device, hub):
    # This SDK reads the twin after each connect, but subscribes to the answers only when its
    # program has read the twin; without that it never learns what it has missed.
    device.do("twin")
    device.do("take_desired")
    hub.patch_twin(device.name, {"a": 1})
    device.told("desired")
    device.do("disconnect")
    hub.patch_twin(device.name, {"a": 2})
    hub.patch_twin(device.name, {"b": 3})
    device.do("connect")
    patch = device.told("desired")["patch"]
    assert (without_metadata(patch), patch["$version"]) == ({"a": 2, "b": 3}, 4)
    assert device.told_nothing("desired")


def test_nothing_is_told_where_nothing_has_changed(device, hub):
    device.do("twin")
    device.do("take_desired")
    hub.patch_twin(device.name, {"a": 1})
    device.told("desired")
    reads = hub.statistics()["twin_reads"]
    device.do("disconnect")
    device.do("connect")
    eventually(lambda: hub.statistics()["twin_reads"] == reads + 1)
    device.do("twin")
    assert device.told_nothing("desired")


@pytest.mark.parametrize("status", [400, 429, 500])
@pytest.mark.parametrize(
    ("step", "what"),
    [(Step.TWIN_READ, ("twin", {})), (Step.REPORT, ("report", {"patch": {"a": 1}}))],
    ids=["read", "report"],
)
def test_an_error_reaches_the_program(device, hub, status, step, what):
    name, arguments = what
    hub.faults.answer(status, step, device=device.name)
    answer = device.refusal(name, **arguments)
    assert (answer["error"], answer["cause"]) == ("ClientError", "ServiceError")
    assert device.do(name, **arguments) != answer


def test_what_is_no_object_is_not_a_report(device, hub):
    assert device.refusal("report", patch=[1])["cause"] == "ServiceError"
    assert hub.reported(device.name) == {}


def test_a_report_beyond_the_limit_is_refused(device, hub):
    patch = {"n%d" % number: "x" * 4000 for number in range(9)}
    assert device.refusal("report", patch=patch)["cause"] == "ServiceError"
    assert hub.reported(device.name) == {}


# ---------------------------------------------------------------- methods


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_a_method_and_its_answer(device, hub, payload):
    device.do("take_methods", answers={"echo": (200, payload)})
    assert hub.invoke_method(device.name, "echo", payload) == (200, payload)
    assert device.told("method") == {"name": "echo", "payload": payload}


@pytest.mark.parametrize("status", [0, 200, 299, 404, 500])
def test_the_status_of_an_answer(device, hub, status):
    device.do("take_methods", answers={"try": (status, {"reason": "\u20ac"})})
    assert hub.invoke_method(device.name, "try", {}) == (status, {"reason": "\u20ac"})


def test_the_name_of_a_method(device, hub):
    device.do("take_methods", answers={})
    name = "set-point.100%&'*"
    assert hub.invoke_method(device.name, name, 1)[0] == 404
    assert device.told("method")["name"] == name


def test_methods_at_the_same_time_get_their_own_answers(device, azure_stage):
    answers = {"m%d" % number: (200, number) for number in range(10)}
    device.do("take_methods", answers=answers)
    calls = [azure_stage.call("begin_method", device.name, name) for name in answers]
    results = [azure_stage.call("end_method", call, PATIENCE_SECONDS) for call in calls]
    assert results == list(answers.values())


def test_a_method_waits_for_a_device_that_is_about_to_connect(device, azure_stage):
    device.do("take_methods", answers={"wake": (200, "awake")})
    device.do("disconnect")
    call = azure_stage.call("begin_method", device.name, "wake", None, (10, 10))
    device.do("connect")
    assert azure_stage.call("end_method", call, PATIENCE_SECONDS) == (200, "awake")


def test_the_methods_of_a_module(new_device, azure_stage):
    module = new_device("module")
    module.do("connect")
    module.do("take_methods", answers={"spin": (200, 7)})
    call = azure_stage.call("begin_method", module.name, "spin", module_id="pump")
    assert azure_stage.call("end_method", call, PATIENCE_SECONDS) == (200, 7)
