# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Links of Microsoft's device SDK that are renewed, cut, taken over, and come again."""

import itertools

import pytest
from azure_stage import Actor, eventually

from boards.desktop.hub.faults import Step

pytestmark = pytest.mark.long
pytest_plugins = ["azure_fixtures"]

SERVER_UNAVAILABLE = 3
# It renews a token two minutes before its end.
RENEWS_EVERY_SECOND = 121

_names = ("with-a-token-%d" % number for number in itertools.count(1))


def counted(hub, *names: str) -> list[int]:
    """Some of the hub's counters."""
    statistics = hub.statistics()
    return [statistics[name] for name in names]


# ---------------------------------------------------------------- tokens


def test_tokens_are_renewed_and_nothing_is_lost(new_device, hub):
    device = new_device(sastoken_ttl=RENEWS_EVERY_SECOND)
    before = counted(hub, "connections", "disconnects")
    device.do("connect")
    device.do("take_messages")
    for number in range(3):
        renewed = [before[0] + number + 2]
        eventually(lambda wanted=renewed: counted(hub, "connections") >= wanted)
        hub.send_message(device.name, b"%d" % number)
        device.do("send", body=str(number))
        assert device.told("message")["body"] == str(number)
    device.do("disconnect")
    connections, disconnects = counted(hub, "connections", "disconnects")
    assert connections - before[0] >= 4
    assert disconnects - before[1] == connections - before[0]
    assert [event.body for event in hub.events(device.name)] == [b"0", b"1", b"2"]
    assert counted(hub, "connects_refused", "closed_expired") == [0, 0]


@pytest.fixture
def with_token(azure_stage, hub):
    """A device's program without a client; a token that is given to it is its own affair."""
    actor = Actor(azure_stage, "device", next(_names))
    hub.add_device(actor.name)
    yield actor
    actor.end()


def test_a_token_is_replaced_before_it_runs_out(with_token, hub):
    name = with_token.name
    token = hub.token(name, seconds=RENEWS_EVERY_SECOND + 1)
    with_token.do("create", way=token, root=hub.ca_file())
    with_token.do("connect")
    with_token.told("token wanted")
    disconnects = counted(hub, "disconnects")
    with_token.do("replace_token", token=hub.token(name))
    assert counted(hub, "disconnects") == [disconnects[0] + 1]
    assert name in hub.connected()


def test_a_token_that_runs_out_ends_the_link_and_another_one_brings_it_back(with_token, hub):
    name = with_token.name
    with_token.do("create", way=hub.token(name, seconds=3), root=hub.ca_file())
    with_token.do("connect")
    # It loses the connection, tries once more, loses that, too, and gives up.
    failures = sorted(with_token.told("failure")["error"] for _ in range(3))
    assert failures == ["ConnectionDroppedError", "ConnectionDroppedError", "UnauthorizedError"]
    assert counted(hub, "closed_expired") == [1]
    assert name not in hub.connected()
    with_token.do("replace_token", token=hub.token(name))
    assert name in hub.connected()


# ---------------------------------------------------------------- lost links


def test_a_link_that_is_cut_comes_again_with_everything_it_had(device, hub):
    device.do("take_messages")
    device.do("take_methods", answers={"reset": (200, None)})
    resumed = counted(hub, "sessions_resumed")
    assert hub.cut(device.name)
    eventually(lambda: counted(hub, "sessions_resumed") == [resumed[0] + 1])
    hub.send_message(device.name, b"x")
    assert device.told("message")["body"] == "x"
    assert hub.invoke_method(device.name, "reset") == (200, None)


def test_a_hub_that_is_not_available_for_a_while(new_device, hub):
    device = new_device(connection_retry_interval=1)
    device.do("connect")
    refused = counted(hub, "connects_refused")
    hub.faults.refuse(SERVER_UNAVAILABLE, device=device.name, times=2)
    hub.cut(device.name)
    eventually(lambda: counted(hub, "connects_refused") == [refused[0] + 2])
    eventually(lambda: device.name in hub.connected())
    device.do("send", body="x")
    assert [event.body for event in hub.events(device.name)] == [b"x"]


def test_a_hub_that_ends_links_right_after_it_has_accepted_them(new_device, hub):
    device = new_device(connection_retry_interval=1)
    device.do("connect")
    connections = counted(hub, "connections")
    hub.faults.drop_after_connack(device=device.name, times=3)
    hub.cut(device.name)
    eventually(lambda: counted(hub, "connections") == [connections[0] + 4])
    device.do("send", body="x")
    assert [event.body for event in hub.events(device.name)] == [b"x"]


def test_telemetry_that_was_not_acknowledged_comes_again(device, hub):
    duplicates = counted(hub, "received_duplicates")
    hub.faults.no_acknowledgement(device=device.name)
    device.begin("send", body="x")
    eventually(lambda: hub.events(device.name))
    hub.cut(device.name)
    device.end_of("send")
    assert [event.body for event in hub.events(device.name)] == [b"x", b"x"]
    assert counted(hub, "received_duplicates") == [duplicates[0] + 1]


def test_a_message_that_was_lost_with_the_link_comes_again(device, hub):
    device.do("take_messages")
    connections = counted(hub, "connections")
    hub.faults.drop(Step.CLOUD_MESSAGE, device=device.name)
    hub.send_message(device.name, b"x")
    assert device.told("message")["body"] == "x"
    assert counted(hub, "connections") == [connections[0] + 1]
    assert device.told_nothing("message")


def test_the_second_connection_of_a_device_ends_the_first(azure_stage, new_device, hub):
    first = new_device(connection_retry=False)
    first.do("connect")
    replaced = counted(hub, "replaced")
    second = Actor(azure_stage, "device", first.name)
    text = hub.connection_string(first.name)
    second.do("create", way=text, root=hub.ca_file())
    second.do("connect")
    eventually(lambda: not first.told("state")["connected"])
    assert counted(hub, "replaced") == [replaced[0] + 1]
    second.do("send", body="x")
    assert hub.connected().count(first.name) == 1
    second.end()
