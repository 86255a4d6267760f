# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The twin: read whole, reported in patches, and what is desired, also after a time away."""

import json

import pytest
from azure_devices import MOMENT, PATIENCE, in_every_way
from devices import run, run_for

from boards.desktop.hub import Step
from nxd_mqtt.azure_iot import *
from nxd_mqtt.nxd import *

pytest_plugins = ["azure_device_fixtures"]

enable = nx_azure_iot_hub_client_device_twin_enable
request = nx_azure_iot_hub_client_device_twin_properties_request
receive = nx_azure_iot_hub_client_device_twin_properties_receive
receive_desired = nx_azure_iot_hub_client_device_twin_desired_properties_receive
report = nx_azure_iot_hub_client_device_twin_reported_properties_send


def ready(device):
    """Connect a device with its twin enabled, until it has subscribed; returns it."""
    device.enable(enable).connect()
    run(device, until=lambda: not device.statistics()["unacknowledged"])
    return device


def read(device) -> dict:
    """The whole twin, as the device reads it."""
    device.do(request, PATIENCE)
    return json.loads(device.take(receive))


def desired(device, wait=PATIENCE) -> dict:
    """The next desired properties."""
    return json.loads(device.take(receive_desired, wait))


def nothing_desired(device) -> bool:
    """Whether there is no more of it, also when the hub has had time to say so."""
    run_for(device, seconds=0.05)
    return device.refused(receive_desired, NX_NO_WAIT) == NX_AZURE_IOT_NO_PACKET


def lose_link(device) -> None:
    """Cut the link and wait until there is another one."""
    told = len(device.told)
    device.hub.cut(device.id)
    run(device, until=lambda: len(device.told) == told + 2)
    assert device.told[told:] == [NX_AZURE_IOT_DISCONNECTED, NX_AZURE_IOT_SUCCESS]


# -- reading ----------------------------------------------------------------------------------


@in_every_way
def test_the_whole_twin(cloud, make_azure_device, way):
    device = make_azure_device(way)
    cloud.patch_twin(device.id, desired={"interval": 5, "deep": {"a": [1, None, "\u20ac"]}})
    twin = read(ready(device))
    assert twin == {
        "desired": {"interval": 5, "deep": {"a": [1, None, "\u20ac"]}, "$version": 2},
        "reported": {"$version": 1},
    }


def test_a_twin_that_nobody_has_asked_for_does_not_come(make_azure_device):
    device = ready(make_azure_device())
    assert device.refused(receive, MOMENT) == NX_AZURE_IOT_NO_PACKET


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (429, NX_AZURE_IOT_THROTTLED),
        (500, NX_AZURE_IOT_SERVER_RESPONSE_ERROR),
        (400, NX_AZURE_IOT_SERVER_RESPONSE_ERROR),
    ],
)
def test_a_read_that_fails_is_told(cloud, make_azure_device, status, expected):
    device = ready(make_azure_device())
    cloud.faults.answer(status, Step.TWIN_READ, device=device.id)
    device.do(request, PATIENCE)
    assert device.refused(receive, PATIENCE) == expected
    assert str(status) in device.client.reason[2]
    if status == 429:
        # The hub wants a pause, and gets it.
        assert device.refused(request, MOMENT) == NX_AZURE_IOT_THROTTLED
        assert device.refused(report, "{}", MOMENT) == NX_AZURE_IOT_THROTTLED
    else:
        assert read(device)["desired"] == {"$version": 1}


def test_a_twin_that_is_no_json_is_told(cloud, make_azure_device):
    device = ready(make_azure_device())
    cloud.faults.spoil(Step.TWIN_READ, device.id)
    device.do(request, PATIENCE)
    assert device.refused(receive, PATIENCE) == NX_AZURE_IOT_INVALID_PACKET
    assert read(device)["desired"] == {"$version": 1}


def test_a_twin_larger_than_the_queue_is_told(cloud, make_azure_device):
    device = make_azure_device(queue=512)
    cloud.patch_twin(device.id, desired={"large": "x" * 2000})
    ready(device).do(request, PATIENCE)
    assert device.refused(receive, PATIENCE) == NX_AZURE_IOT_MESSAGE_TOO_LONG
    cloud.patch_twin(device.id, desired={"large": None})
    assert desired(device) == {"large": None, "$version": 3}
    assert read(device)["desired"] == {"$version": 3}


@in_every_way
def test_an_answer_that_was_lost_with_its_link_is_told(cloud, make_azure_device, way):
    device = ready(make_azure_device(way).reconnecting())
    cloud.faults.drop(Step.TWIN_READ, device.id)
    device.do(request, PATIENCE)
    assert device.refused(receive, PATIENCE) == NX_AZURE_IOT_DISCONNECTED
    run(device, until=lambda: device.connected)
    assert read(device)["desired"] == {"$version": 1}


def test_an_answer_that_comes_twice_is_taken_once(cloud, make_azure_device):
    device = ready(make_azure_device())
    cloud.faults.duplicate(Step.TWIN_READ, device.id)
    assert read(device)["desired"] == {"$version": 1}
    assert device.refused(receive, MOMENT) == NX_AZURE_IOT_NO_PACKET
    run(device, until=lambda: device.statistics()["strangers"] == 1)


def test_an_answer_that_comes_late_is_waited_for(cloud, make_azure_device):
    device = ready(make_azure_device())
    cloud.faults.delay(Step.TWIN_READ, 0.1, device.id)
    device.do(request, PATIENCE)
    assert device.refused(receive, MOMENT) == NX_AZURE_IOT_NO_PACKET
    assert json.loads(device.take(receive))["desired"] == {"$version": 1}


# -- reporting --------------------------------------------------------------------------------


@in_every_way
def test_reported_properties_get_status_and_version(cloud, make_azure_device, way):
    device = ready(make_azure_device(way))
    first, status, version = device.do(report, '{"a":1,"b":{"c":"\u20ac"}}', PATIENCE)
    assert (status, version) == (204, 2)
    second, status, version = device.do(report, b'{"a":null,"b":{"d":2}}', PATIENCE)
    assert (status, version) == (204, 3)
    assert first != second
    assert cloud.reported(device.id) == {"b": {"c": "\u20ac", "d": 2}}


@pytest.mark.parametrize(
    ("patch", "status"), [("[1]", 400), ("not JSON", 400), ('{"$x":1}', 400), ('{"a":1}', 204)]
)
def test_what_the_hub_says_to_a_patch_is_told(cloud, make_azure_device, patch, status):
    device = ready(make_azure_device())
    assert device.do(report, patch, PATIENCE)[1] == status
    assert cloud.reported(device.id) == ({"a": 1} if status == 204 else {})


@pytest.mark.parametrize("status", [200, 429, 500, 503])
def test_answers_with_every_status(cloud, make_azure_device, status):
    device = ready(make_azure_device())
    cloud.faults.answer(status, Step.REPORT, device=device.id)
    assert device.do(report, '{"a":1}', PATIENCE)[1] == status
    if status == 429:
        assert device.refused(report, '{"a":2}', MOMENT) == NX_AZURE_IOT_THROTTLED
    else:
        assert device.do(report, '{"a":2}', PATIENCE)[1] == 204


def test_an_answer_that_nobody_waits_for_goes_to_the_callback(cloud, make_azure_device):
    device = ready(make_azure_device())
    told = []
    device.do(
        nx_azure_iot_hub_client_reported_properties_response_callback_set,
        lambda client, *answer: told.append(answer),
        "args",
    )
    cloud.faults.delay(Step.REPORT, 0.1, device.id)
    status, late, *rest = report(device.client, '{"a":1}', MOMENT)
    assert (status, rest) == (NX_AZURE_IOT_NO_PACKET, [0, 0])
    status, quick, *rest = nx_azure_iot_hub_client_reported_properties_send(
        device.client, '{"b":2}', NX_NO_WAIT
    )
    assert (status, rest) == (NX_AZURE_IOT_SUCCESS, [0, 0])
    run(device, until=lambda: len(told) == 2)
    assert sorted(answer[:2] for answer in told) == sorted([(late, 204), (quick, 204)])
    assert {answer[2] for answer in told} == {2, 3}
    assert {answer[3] for answer in told} == {"args"}
    assert cloud.reported(device.id) == {"a": 1, "b": 2}
    # Of telemetry it was none.
    assert device.acknowledged == []


def test_many_patches_are_told_apart(cloud, make_azure_device):
    device = ready(make_azure_device(depth=16))
    told = {}
    device.do(
        nx_azure_iot_hub_client_reported_properties_response_callback_set,
        lambda client, number, status, version, args: told.update({number: (status, version)}),
    )
    sent = []
    for number in range(8):
        answer = report(device.client, '{"n":%d}' % number, NX_NO_WAIT)
        assert answer[0] == NX_AZURE_IOT_NO_PACKET
        sent.append(answer[1])
    run(device, until=lambda: len(told) == 8)
    assert [told[number] for number in sent] == [(204, version) for version in range(2, 10)]


@in_every_way
def test_a_patch_outlives_a_lost_link(cloud, make_azure_device, way):
    device = ready(make_azure_device(way).reconnecting())
    cloud.faults.drop(Step.REPORT, device.id, times=2)
    _, status, version = device.do(report, '{"a":1}', PATIENCE)
    assert (status, version) == (204, 2)
    assert device.statistics()["reconnects"] == 2
    assert cloud.reported(device.id) == {"a": 1}


def test_without_a_link_a_patch_is_refused(make_azure_device):
    device = make_azure_device().enable(enable)
    status, _, *rest = report(device.client, '{"a":1}', MOMENT)
    assert (status, rest) == (NX_AZURE_IOT_DISCONNECTED, [0, 0])


# -- what is desired --------------------------------------------------------------------------


@in_every_way
def test_desired_properties_come_as_they_are_changed(cloud, make_azure_device, way):
    device = ready(make_azure_device(way))
    for patch in ({"interval": 5}, {"deep": {"a": 1}}, {"interval": None, "deep": {"a": None}}):
        cloud.patch_twin(device.id, desired=patch)
    assert desired(device) == {"interval": 5, "$version": 2}
    assert desired(device) == {"deep": {"a": 1}, "$version": 3}
    assert desired(device) == {"interval": None, "deep": {"a": None}, "$version": 4}
    assert nothing_desired(device)


def test_a_callback_is_told_of_each_change(cloud, make_azure_device):
    device = make_azure_device()
    taken = []
    device.do(
        nx_azure_iot_hub_client_receive_callback_set,
        NX_AZURE_IOT_HUB_DEVICE_TWIN_DESIRED_PROPERTIES,
        lambda client, args: taken.append(desired(device)),
    )
    ready(device)
    for number in range(3):
        cloud.patch_twin(device.id, desired={"n": number})
    run(device, until=lambda: len(taken) == 3)
    assert [patch["n"] for patch in taken] == [0, 1, 2]


@in_every_way
def test_what_was_changed_while_the_link_was_lost_is_delivered(cloud, make_azure_device, way):
    device = ready(make_azure_device(way).reconnecting(10, 10))
    cloud.patch_twin(device.id, desired={"interval": 5, "unit": "C"})
    assert desired(device) == {"interval": 5, "unit": "C", "$version": 2}
    cloud.cut(device.id)
    run(device, until=lambda: not device.connected)
    cloud.patch_twin(device.id, desired={"interval": 6, "unit": None})
    # After a time away it is the whole section.
    assert desired(device) == {"interval": 6, "$version": 3}
    assert nothing_desired(device)
    cloud.patch_twin(device.id, desired={"interval": 7})
    assert desired(device) == {"interval": 7, "$version": 4}


@in_every_way
def test_what_was_changed_between_two_connects_is_delivered(cloud, make_azure_device, way):
    device = ready(make_azure_device(way))
    assert read(device)["desired"] == {"$version": 1}
    device.disconnect()
    cloud.patch_twin(device.id, desired={"interval": 6})
    device.connect()
    assert desired(device) == {"interval": 6, "$version": 2}
    assert nothing_desired(device)


@pytest.mark.parametrize("learnt", ["read", "patch"])
def test_what_has_not_changed_is_not_delivered_again(cloud, make_azure_device, learnt):
    device = ready(make_azure_device().reconnecting())
    cloud.patch_twin(device.id, desired={"interval": 5})
    assert desired(device)["$version"] == 2
    if learnt == "read":
        assert read(device)["desired"]["$version"] == 2
    reads = cloud.statistics()["twin_reads"]
    lose_link(device)
    cloud.wait(lambda: cloud.statistics()["twin_reads"] == reads + 1)
    assert nothing_desired(device)


def test_a_change_that_was_not_taken_before_the_link_was_lost_comes_once(cloud, make_azure_device):
    device = ready(make_azure_device().reconnecting())
    cloud.patch_twin(device.id, desired={"interval": 5})
    run(device, until=lambda: device.statistics()["unread"] == 1)
    lose_link(device)
    assert desired(device) == {"interval": 5, "$version": 2}
    assert nothing_desired(device)


def test_a_change_that_was_thrown_away_with_the_link_comes_again(cloud, make_azure_device):
    device = ready(make_azure_device())
    cloud.patch_twin(device.id, desired={"interval": 5})
    run(device, until=lambda: device.statistics()["unread"] == 1)
    device.disconnect()  # which lets go of what is unread
    device.connect()
    assert desired(device) == {"interval": 5, "$version": 2}


@in_every_way
def test_a_change_after_a_time_away_does_not_hide_the_one_before(cloud, make_azure_device, way):
    device = ready(make_azure_device(way).reconnecting(10, 10))
    cloud.patch_twin(device.id, desired={"interval": 5, "unit": "C"})
    known = desired(device)
    cloud.cut(device.id)
    run(device, until=lambda: not device.connected)
    cloud.patch_twin(device.id, desired={"unit": "F"})
    # The client reads the twin; a patch overtakes the answer, which then has its version.
    cloud.faults.delay(Step.TWIN_READ, 0.1, device.id)
    run(device, until=lambda: device.connected)
    cloud.patch_twin(device.id, desired={"interval": 7})
    while known["unit"] == "C":
        known |= desired(device)
    assert known == {"interval": 7, "unit": "F", "$version": 4}


def test_the_client_s_own_read_is_patient_with_a_hub_that_fails(cloud, make_azure_device):
    device = ready(make_azure_device().reconnecting())
    cloud.faults.fail(Step.TWIN_READ, device=device.id)
    lose_link(device)
    cloud.wait(lambda: cloud.statistics()["twin_errors"])
    assert nothing_desired(device)
    cloud.patch_twin(device.id, desired={"interval": 5})
    assert desired(device) == {"interval": 5, "$version": 2}


def test_a_patch_that_is_no_json_is_told(cloud, make_azure_device):
    device = ready(make_azure_device())
    cloud.faults.spoil(Step.DESIRED, device.id)
    cloud.patch_twin(device.id, desired={"a": 1})
    cloud.patch_twin(device.id, desired={"b": 2})
    assert device.refused(receive_desired, PATIENCE) == NX_AZURE_IOT_INVALID_PACKET
    assert desired(device) == {"b": 2, "$version": 3}


def test_a_patch_larger_than_the_queue_is_told_and_can_be_read_later(cloud, make_azure_device):
    device = ready(make_azure_device(queue=512).reconnecting())
    cloud.patch_twin(device.id, desired={"large": "x" * 2000})
    assert device.refused(receive_desired, PATIENCE) == NX_AZURE_IOT_MESSAGE_TOO_LONG
    cloud.cut(device.id)
    run(device, until=lambda: not device.connected)
    cloud.patch_twin(device.id, desired={"large": "small"})
    assert desired(device) == {"large": "small", "$version": 3}


def test_a_patch_that_comes_twice_is_delivered_once(cloud, make_azure_device):
    device = ready(make_azure_device())
    cloud.faults.duplicate(Step.DESIRED, device.id)
    cloud.patch_twin(device.id, desired={"a": 1})
    assert desired(device) == {"a": 1, "$version": 2}
    assert nothing_desired(device)


# -- plug and play ----------------------------------------------------------------------------


@in_every_way
def test_the_same_under_the_names_of_plug_and_play(cloud, make_azure_device, way):
    device = make_azure_device(way)
    device.do(nx_azure_iot_hub_client_model_id_set, "dtmi:com:example:Thermostat;1")
    device.do(nx_azure_iot_hub_client_component_add, "thermo")
    device.enable(nx_azure_iot_hub_client_properties_enable).connect()
    device.do(nx_azure_iot_hub_client_properties_request, PATIENCE)
    twin = json.loads(device.take(nx_azure_iot_hub_client_properties_receive))
    assert twin["desired"] == {"$version": 1}
    cloud.patch_twin(device.id, desired={"thermo": {"__t": "c", "target": 21}})
    patch = json.loads(device.take(nx_azure_iot_hub_client_writable_properties_receive))
    assert patch == {"thermo": {"__t": "c", "target": 21}, "$version": 2}
    answer = {"thermo": {"__t": "c", "target": {"value": 21, "ac": 200, "av": 2}}}
    _, status, version = device.do(
        nx_azure_iot_hub_client_reported_properties_send, json.dumps(answer), PATIENCE
    )
    assert (status, version) == (204, 2)
    assert cloud.reported(device.id) == answer
    device.do(nx_azure_iot_hub_client_properties_disable)
    refused = device.refused(nx_azure_iot_hub_client_properties_request, MOMENT)
    assert refused == NX_AZURE_IOT_NOT_ENABLED
