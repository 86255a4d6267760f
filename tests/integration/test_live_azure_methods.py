# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Direct methods and commands: what a service calls on a device, and what it is answered."""

import pytest
from azure_devices import MOMENT, PATIENCE, in_every_way
from devices import run

from boards.desktop.hub import Step
from boards.desktop.hub.refusals import NotOnline
from nxd_mqtt.azure_iot import *
from nxd_mqtt.nxd import *

pytest_plugins = ["azure_device_fixtures"]

enable = nx_azure_iot_hub_client_direct_method_enable
receive = nx_azure_iot_hub_client_direct_method_message_receive
respond = nx_azure_iot_hub_client_direct_method_message_response

EVERY_MARK = "!#%&'*+-.^_`|~Az09"


def ready(device):
    """Connect a device that takes methods, until it has subscribed; returns it."""
    device.enable(enable).connect()
    run(device, until=lambda: not device.statistics()["unacknowledged"])
    return device


@in_every_way
@pytest.mark.parametrize(
    ("asked", "body"),
    [({"delay": 3, "why": "\u20ac"}, b'{"delay": 3, "why": "\\u20ac"}'), (None, b""), (5, b"5")],
    ids=["object", "empty", "number"],
)
def test_a_method_is_called_and_answered(cloud, make_azure_device, way, asked, body):
    device = ready(make_azure_device(way))
    answer = cloud.begin_method(device.id, "reboot", asked)
    name, context, packet = device.do(receive, PATIENCE)
    assert (name, packet.data) == ("reboot", body)
    device.do(respond, 200, context, '{"ok":true}', PATIENCE)
    run(device, until=answer.done)
    assert answer.result() == (200, {"ok": True})
    assert device.acknowledged == []


@pytest.mark.parametrize("status", [0, 200, 404, -5, 999999999])
@pytest.mark.parametrize(
    ("payload", "expected"),
    [(None, {}), ("", {}), (b"{}", {}), ("null", None), ('"\u20ac"', "\u20ac"), ("[1,2]", [1, 2])],
)
def test_answers_of_every_kind(cloud, make_azure_device, status, payload, expected):
    device = ready(make_azure_device())
    answer = cloud.begin_method(device.id, "ask")
    _, context, _ = device.do(receive, PATIENCE)
    device.do(respond, status, context, payload, PATIENCE)
    run(device, until=answer.done)
    assert answer.result() == (status, expected)


def test_a_name_keeps_every_character(cloud, make_azure_device):
    device = ready(make_azure_device())
    cloud.begin_method(device.id, EVERY_MARK)
    assert device.do(receive, PATIENCE)[0] == EVERY_MARK


@in_every_way
def test_several_calls_are_told_apart(cloud, make_azure_device, way):
    device = ready(make_azure_device(way))
    answers = [cloud.begin_method(device.id, "echo", number) for number in range(10)]
    calls = [device.do(receive, PATIENCE) for _ in answers]
    for _, context, packet in reversed(calls):
        device.do(respond, 200 + int(packet.data), context, packet.data, PATIENCE)
    run(device, until=lambda: all(answer.done() for answer in answers))
    assert [answer.result() for answer in answers] == [(200 + n, n) for n in range(10)]


def test_a_callback_answers_at_once(cloud, make_azure_device):
    device = make_azure_device()

    def on_method(client, args) -> None:
        name, context, packet = device.do(receive, PATIENCE)
        status = 200 if name == "known" else 404
        device.do(respond, status, context, packet.data, PATIENCE)

    device.do(
        nx_azure_iot_hub_client_receive_callback_set, NX_AZURE_IOT_HUB_DIRECT_METHOD, on_method
    )
    ready(device)
    answers = [cloud.begin_method(device.id, name, 1) for name in ("known", "unknown", "known")]
    run(device, until=lambda: all(answer.done() for answer in answers))
    assert [answer.result()[0] for answer in answers] == [200, 404, 200]


def test_nobody_is_called_who_has_not_asked_for_it(cloud, make_azure_device):
    device = make_azure_device().connect()
    with pytest.raises(NotOnline):
        cloud.invoke_method(device.id, "x")
    assert device.refused(receive, MOMENT) == NX_AZURE_IOT_NOT_ENABLED


def test_who_wants_no_more_calls_gets_none(cloud, make_azure_device):
    device = ready(make_azure_device())
    device.do(nx_azure_iot_hub_client_direct_method_disable)
    run(device, until=lambda: not device.statistics()["unacknowledged"])
    with pytest.raises(NotOnline):
        cloud.invoke_method(device.id, "x")
    assert device.refused(receive, MOMENT) == NX_AZURE_IOT_NOT_ENABLED


def test_a_call_that_waits_for_the_device_comes_when_it_connects(cloud, make_azure_device):
    device = make_azure_device()
    answer = cloud.begin_method(device.id, "early", timeouts=(10, 30))
    ready(device)
    _, context, _ = device.do(receive, PATIENCE)
    device.do(respond, 200, context, "1", PATIENCE)
    run(device, until=answer.done)
    assert answer.result() == (200, 1)


# -- answers ----------------------------------------------------------------------------------


@in_every_way
@pytest.mark.parametrize("forgotten", [False, True], ids=["kept", "forgotten"])
def test_an_answer_after_a_reconnect(cloud, make_azure_device, way, forgotten):
    device = ready(make_azure_device(way).reconnecting())
    answer = cloud.begin_method(device.id, "slow")
    _, context, _ = device.do(receive, PATIENCE)
    if forgotten:
        cloud.forget_sessions()
    cloud.cut(device.id)
    run(device, until=lambda: len(device.told) == 3)
    device.do(respond, 200, context, "1", PATIENCE)
    run(device, until=answer.done)
    assert answer.result() == (200, 1)


@in_every_way
def test_an_answer_while_the_link_is_away(cloud, make_azure_device, way):
    device = ready(make_azure_device(way).reconnecting(10, 10))
    answer = cloud.begin_method(device.id, "slow")
    _, context, _ = device.do(receive, PATIENCE)
    cloud.cut(device.id)
    run(device, until=lambda: not device.connected)
    device.do(respond, 200, context, "1", PATIENCE)
    run(device, until=answer.done)
    assert answer.result() == (200, 1)


def test_an_answer_on_a_link_that_the_program_makes(cloud, make_azure_device):
    device = ready(make_azure_device())
    answer = cloud.begin_method(device.id, "slow")
    _, context, _ = device.do(receive, PATIENCE)
    device.disconnect()
    # Refused, it is not answered yet.
    assert device.refused(respond, 200, context, "1", MOMENT) == NX_AZURE_IOT_DISCONNECTED
    device.connect()
    device.do(respond, 200, context, "1", PATIENCE)
    run(device, until=answer.done)
    assert answer.result() == (200, 1)


def test_an_answer_that_is_lost_on_its_way_goes_again(cloud, make_azure_device):
    device = ready(make_azure_device().reconnecting())
    cloud.faults.drop(Step.METHOD_ANSWER, device.id, times=2)
    answer = cloud.begin_method(device.id, "slow")
    _, context, _ = device.do(receive, PATIENCE)
    device.do(respond, 200, context, "1", PATIENCE)
    run(device, until=answer.done)
    assert answer.result() == (200, 1)
    assert device.statistics()["reconnects"] == 2


@in_every_way
def test_a_call_is_answered_once(cloud, make_azure_device, way):
    device = ready(make_azure_device(way))
    answer = cloud.begin_method(device.id, "once")
    _, context, _ = device.do(receive, PATIENCE)
    device.do(respond, 200, context, "1", PATIENCE)
    assert device.refused(respond, 500, context, "2", PATIENCE) == NX_AZURE_IOT_WRONG_STATE
    run(device, until=answer.done)
    assert answer.result() == (200, 1)
    assert device.connected


def test_an_answer_that_is_too_large_can_be_given_shorter(cloud, make_azure_device):
    device = ready(make_azure_device(packet=512))
    answer = cloud.begin_method(device.id, "large")
    _, context, _ = device.do(receive, PATIENCE)
    status = device.refused(respond, 200, context, '"%s"' % ("x" * 512), PATIENCE)
    assert status == NX_AZURE_IOT_MESSAGE_TOO_LONG
    device.do(respond, 413, context, None, PATIENCE)
    run(device, until=answer.done)
    assert answer.result() == (413, {})


def test_an_answer_that_nobody_waits_for_does_no_harm(cloud, make_azure_device):
    device = ready(make_azure_device())
    cloud.begin_method(device.id, "slow")
    _, context, _ = device.do(receive, PATIENCE)
    cloud.remove_device(device.id)
    run(device, until=lambda: not device.connected)
    cloud.add_device(device.id)
    device.do(nx_azure_iot_hub_client_symmetric_key_set, cloud.key(device.id))
    device.connect()
    device.do(respond, 200, context, "1", PATIENCE)
    run(device, until=lambda: not device.statistics()["unacknowledged"])
    assert device.connected


def test_a_call_larger_than_the_queue_is_told_of(cloud, make_azure_device):
    device = ready(make_azure_device(queue=512))
    cloud.begin_method(device.id, "large", "x" * 2000)
    assert device.refused(receive, PATIENCE) == NX_AZURE_IOT_MESSAGE_TOO_LONG
    cloud.begin_method(device.id, "small", "x")
    assert device.do(receive, PATIENCE)[0] == "small"


# -- commands ---------------------------------------------------------------------------------


@in_every_way
def test_commands_of_components_and_of_the_device(cloud, make_azure_device, way):
    device = make_azure_device(way)
    device.do(nx_azure_iot_hub_client_model_id_set, "dtmi:com:example:Thermostat;1")
    device.do(nx_azure_iot_hub_client_component_add, "thermo")
    device.enable(nx_azure_iot_hub_client_command_enable).connect()
    run(device, until=lambda: not device.statistics()["unacknowledged"])
    for called, component, command in (
        ("thermo*getMaxMin", "thermo", "getMaxMin"),
        ("reboot", None, "reboot"),
        ("thermo*a*b", "thermo", "a*b"),
    ):
        answer = cloud.begin_method(device.id, called, {"since": 1})
        *names, context, packet = device.do(
            nx_azure_iot_hub_client_command_message_receive, PATIENCE
        )
        assert names == [component, command]
        assert packet.data == b'{"since": 1}'
        device.do(nx_azure_iot_hub_client_command_message_response, 200, context, "1", PATIENCE)
        run(device, until=answer.done)
        assert answer.result() == (200, 1)
    device.do(nx_azure_iot_hub_client_command_disable)
    refused = device.refused(nx_azure_iot_hub_client_command_message_receive, MOMENT)
    assert refused == NX_AZURE_IOT_NOT_ENABLED
