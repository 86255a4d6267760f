# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The hub's core as a whole: connections, the event log, quotas, time, and who is told what."""

import json

import pytest
from hub_core_bench import DEVICE, HOST, MODULE, START, Capability, Clock, Entropy, House, Peer
from hypothesis import given
from hypothesis import strategies as st

from boards.desktop.hub import refusals
from boards.desktop.hub.core import Closing, Core, Identity
from boards.desktop.hub.quotas import Kind, Limits, Quotas, Throttle
from boards.desktop.hub.refusals import (
    BadRequest,
    HubError,
    NotFound,
    PreconditionFailed,
    QuotaExceeded,
    Refused,
    Throttled,
    TooLarge,
)
from boards.desktop.hub.telemetry import EventLog, Telemetry

OTHER = Identity("dev2")


@pytest.fixture
def house():
    """A hub with one device and one module."""
    return House()


# --- connections ---------------------------------------------------------------------------------


def test_one_connection_of_an_identity_drops_the_other(house):
    first, module = house.connect(), house.connect(identity=MODULE)
    second = house.connect()
    assert (first.take(), second.take(), module.take()) == (["replaced"], [], [])
    assert house.core.connected(DEVICE) is second
    assert house.core.counters["connections"] == 3
    assert house.core.counters["replaced"] == 1


def test_the_end_of_a_replaced_connection_ends_nothing_else(house):
    first = house.connect()
    first.replaced = lambda: house.core.detach(DEVICE, first)
    second = house.connect()
    house.core.detach(DEVICE, first)
    assert house.core.connected(DEVICE) is second
    assert house.device.connected


def test_a_replaced_peer_may_leave_a_will(house):
    first = house.connect()
    first.replaced = lambda: house.core.telemetry(DEVICE, b"will")
    house.connect()
    assert [event.body for event in house.core.events] == [b"will"]


def test_the_same_peer_may_attach_again(house):
    peer = house.connect()
    house.core.attach(DEVICE, peer, START + 5)
    assert peer.take() == []
    assert house.core.next_deadline() == START + 5


def test_the_register_knows_who_is_connected_and_since_when(house):
    house.clock.advance(1)
    peer = house.connect()
    house.clock.advance(1)
    assert (house.device.connected, house.device.connected_at) == (True, START + 1)
    assert not house.module.connected
    house.core.detach(DEVICE, peer)
    assert (house.device.connected, house.device.connected_at) == (False, START + 2)
    assert house.core.connected(DEVICE) is None


def test_the_register_knows_when_a_device_was_last_heard(house):
    for act in (
        lambda: house.core.telemetry(DEVICE, b""),
        lambda: house.core.twin(DEVICE),
        lambda: house.core.report(DEVICE, b"{}"),
    ):
        house.clock.advance(1)
        act()
        assert house.device.active_at == house.clock()


def test_nobody_connects_who_does_not_exist(house):
    with pytest.raises(NotFound):
        house.core.attach(OTHER, Peer())
    assert house.core.connected(OTHER) is None


def test_the_end_of_somebody_unknown_is_no_fault(house):
    house.core.detach(OTHER, Peer())
    house.core.detach(DEVICE, Peer())
    house.core.renew(DEVICE, Peer(), START)
    house.core.capabilities_changed(OTHER, Peer())
    assert house.core.next_deadline() is None


# --- tokens that end -----------------------------------------------------------------------------


def test_a_connection_is_closed_when_its_token_expires_and_not_before(house):
    peer = house.connect(expiry=START + 60)
    house.clock.advance(59.999)
    house.core.tick()
    assert peer.take() == []
    house.clock.advance(0.001)
    house.core.tick()
    assert peer.take() == [("close", Closing.EXPIRED)]
    house.core.tick()
    assert peer.take() == []
    assert house.core.connected(DEVICE) is None
    assert not house.device.connected
    assert house.core.counters["closed"] == 1


def test_a_certificate_does_not_expire(house):
    peer = house.connect(expiry=None)
    house.clock.advance(10**9)
    house.core.tick()
    assert peer.take() == []


def test_a_token_may_be_renewed_on_the_way(house):
    peer = house.connect(expiry=START + 60)
    house.core.renew(DEVICE, peer, START + 120)
    house.clock.advance(119)
    house.core.tick()
    assert peer.take() == []
    house.clock.advance(1)
    house.core.tick()
    assert peer.take() == [("close", Closing.EXPIRED)]


def test_nobody_renews_for_another(house):
    first = house.connect(expiry=START + 60)
    second = house.connect(expiry=START + 60)
    house.core.renew(DEVICE, first, None)
    house.clock.advance(60)
    house.core.tick()
    assert second.take() == [("close", Closing.EXPIRED)]


def test_a_peer_that_connects_anew_while_it_is_closed_stays(house):
    old, new = house.connect(expiry=START + 60), Peer()
    house.connect(identity=MODULE, expiry=START + 60).close = lambda reason: house.core.attach(
        DEVICE, new, START + 999
    )
    # The module comes first this time.
    house.core.detach(DEVICE, old)
    house.core.attach(DEVICE, old, START + 60)
    old.take()
    house.clock.advance(60)
    house.core.tick()
    assert old.take() == ["replaced"]
    assert house.core.connected(DEVICE) is new


def test_what_a_peer_had_waits_again_when_its_token_ends(house):
    peer = house.connect(expiry=START + 60)
    house.send()
    house.clock.advance(59)
    queued = house.core.next_message(DEVICE, peer)
    house.clock.advance(1)
    house.core.tick()
    assert not house.core.complete(DEVICE, queued.lock)
    assert house.core.next_message(DEVICE, "other").deliveries == 2


# --- the service's hand --------------------------------------------------------------------------


def test_a_device_that_is_disabled_is_closed_with_its_modules(house):
    house.core.create_identity(OTHER)
    peers = [house.connect(identity=name) for name in (DEVICE, MODULE, OTHER)]
    house.core.update_identity(DEVICE, {"status": "disabled"})
    closed = [("close", Closing.DISABLED)]
    assert [peer.take() for peer in peers] == [closed, closed, []]
    assert house.core.connected(MODULE) is None


def test_a_device_that_is_deleted_is_closed_with_its_modules(house):
    peers = [house.connect(identity=name) for name in (DEVICE, MODULE)]
    # A peer that hears of it ends its connection.
    peers[0].close = lambda reason: house.core.detach(DEVICE, peers[0])
    house.core.delete_identity(DEVICE)
    assert peers[1].take() == [("close", Closing.DELETED)]
    assert house.core.counters["closed"] == 2
    house.core.detach(MODULE, peers[1])
    with pytest.raises(NotFound):
        house.core.telemetry(DEVICE, b"will")


def test_a_module_is_deleted_alone(house):
    peers = [house.connect(identity=name) for name in (DEVICE, MODULE)]
    house.send()
    house.core.delete_identity(MODULE)
    assert peers[0].take() == ["wake"]
    assert peers[1].take() == [("close", Closing.DELETED)]
    assert house.device.messages == 1


@pytest.mark.parametrize("document", [{}, {"statusReason": "x"}, {"status": "enabled"}])
def test_other_changes_leave_the_connection(house, document):
    peer = house.connect()
    house.core.update_identity(DEVICE, document)
    assert peer.take() == []
    assert house.core.connected(DEVICE) is peer


def test_a_write_with_a_stale_etag_does_nothing(house):
    peer, stale = house.connect(), house.device.etag
    house.core.update_identity(DEVICE, {"statusReason": "x"}, stale)
    with pytest.raises(PreconditionFailed):
        house.core.update_identity(DEVICE, {"status": "disabled"}, stale)
    with pytest.raises(PreconditionFailed):
        house.core.delete_identity(DEVICE, stale)
    assert peer.take() == []
    assert house.core.read_identity(DEVICE) is house.device


def test_an_identity_that_was_refused_leaves_nothing_behind(house):
    with pytest.raises(BadRequest):
        house.core.create_identity(OTHER, {"status": "maybe"})
    for act in (house.core.twin, house.core.read_identity):
        with pytest.raises(NotFound):
            act(OTHER)
    house.core.create_identity(OTHER)
    assert house.core.twin(OTHER)


# --- telemetry -----------------------------------------------------------------------------------


def test_an_event_is_kept_as_it_was_sent_with_what_the_hub_knows(house):
    properties = [("b", "é"), ("a", ""), ("b", "2")]
    event = house.core.telemetry(DEVICE, b"\0\xff", properties, {"message-id": "m"})
    assert (event.body, event.properties) == (b"\0\xff", tuple(properties))
    assert (event.identity, event.enqueued_at) == (DEVICE, START)
    assert event.system == {
        "message-id": "m",
        "iothub-connection-device-id": "dev1",
        "iothub-connection-auth-method": '{"scope":"device","type":"sas","issuer":"iothub"}',
        "iothub-connection-auth-generation-id": house.device.generation,
        "iothub-enqueuedtime": "2023-11-14T22:13:20.000Z",
        "iothub-message-source": "Telemetry",
    }
    assert list(house.core.events) == [event]


def test_an_event_of_a_module_names_both(house):
    document = {"authentication": {"type": "certificateAuthority"}}
    house.core.update_identity(MODULE, document)
    system = house.core.telemetry(MODULE, b"").system
    assert system["iothub-connection-device-id"] == "dev1"
    assert system["iothub-connection-module-id"] == "mod1"
    method = json.loads(system["iothub-connection-auth-method"])
    assert (method["scope"], method["type"]) == ("module", "certificateAuthority")


def test_a_device_cannot_claim_to_be_another(house):
    claim = {"iothub-connection-device-id": "dev2", "iothub-message-source": "twin"}
    system = house.core.telemetry(DEVICE, b"", (), claim).system
    assert system["iothub-connection-device-id"] == "dev1"
    assert system["iothub-message-source"] == "Telemetry"


def test_what_a_device_sends_later_does_not_change_what_it_has_sent(house):
    body, system = bytearray(b"first"), {"message-id": "1"}
    event = house.core.telemetry(DEVICE, body, (), system)
    body[:] = b"later"
    system["message-id"] = "2"
    assert (event.body, event.system["message-id"]) == (b"first", "1")


def test_events_are_numbered_and_their_offsets_rise(house):
    events = [house.core.telemetry(DEVICE, body) for body in (b"", b"", b"abc", b"d")]
    assert [event.sequence_number for event in events] == [0, 1, 2, 3]
    offsets = [event.offset for event in events]
    assert offsets[0] == 0
    assert offsets == sorted(set(offsets))
    assert offsets[3] - offsets[2] > 3


def test_events_are_read_by_what_is_wanted(house):
    for number in range(5):
        house.core.telemetry(DEVICE, b"%d" % number)
        house.clock.advance(1)
    read = house.core.events.read

    def bodies(*arguments, **named):
        return [event.body for event in read(*arguments, **named)]

    assert bodies() == [b"0", b"1", b"2", b"3", b"4"]
    assert bodies(0, lambda event: event.sequence_number > 2) == [b"3", b"4"]
    assert bodies(0, lambda event: event.enqueued_at >= START + 3, 1) == [b"3"]
    assert bodies(limit=0) == []


def test_a_listener_hears_each_event_until_it_ends(house):
    heard = []
    end = house.core.events.follow(heard.append)
    house.core.telemetry(DEVICE, b"a")
    house.core.telemetry(MODULE, b"b")
    end()
    house.core.telemetry(DEVICE, b"c")
    assert [event.body for event in heard] == [b"a", b"b"]


def test_a_listener_may_end_itself_and_leave_the_others(house):
    heard = []
    end = house.core.events.follow(lambda event: end())
    house.core.events.follow(heard.append)
    for _ in range(2):
        house.core.telemetry(DEVICE, b"")
    assert len(heard) == 2


def test_the_oldest_events_go_and_the_numbers_go_on():
    house = House(kept_events=3)
    for number in range(5):
        house.core.telemetry(DEVICE, b"%d" % number)
    assert [event.body for event in house.core.events] == [b"2", b"3", b"4"]
    first, last, end = house.core.events.properties()
    assert (first, last) == (2, 4)
    assert end > house.core.events.read()[-1].offset
    assert len(house.core.events) == 3


def test_a_log_without_events_says_so(house):
    assert house.core.events.properties() == (0, -1, 0)


@given(st.lists(st.sampled_from(["a", "b", "c", "d", "e"]), max_size=30), st.integers(1, 4))
def test_each_device_has_one_partition_and_each_partition_its_own_numbers(senders, partitions):
    log = EventLog(Limits(partitions=partitions))
    for number, name in enumerate(senders):
        log.add(Identity(name), Telemetry(b"%d" % number), {}, START + number)
    assert [event.body for event in log] == [b"%d" % number for number in range(len(senders))]
    for partition in range(partitions):
        events = log.read(partition)
        assert [event.sequence_number for event in events] == list(range(len(events)))
        assert {log.partition_of(event.identity.device_id) for event in events} <= {partition}
    assert sum(len(log.read(partition)) for partition in range(partitions)) == len(senders)


@pytest.mark.parametrize(
    ("body", "properties", "system"),
    [
        (262_144, [], {}),
        (262_140, [("a", "bcd")], {}),
        (262_140, [("é", "é")], {}),
        (262_140, [], {"message-id": "abcd"}),
    ],
)
def test_a_message_has_256_kilobytes_with_its_properties_and_no_more(
    house, body, properties, system
):
    house.core.telemetry(DEVICE, b"x" * body, properties, system)
    with pytest.raises(TooLarge):
        house.core.telemetry(DEVICE, b"x" * (body + 1), properties, system)
    assert len(house.core.events) == 1
    assert house.core.counters["telemetry"] == 1


# --- quotas --------------------------------------------------------------------------------------


ACTS = {
    Kind.TELEMETRY: lambda house: house.core.telemetry(DEVICE, b""),
    Kind.TWIN_READ: lambda house: house.core.twin(DEVICE),
    Kind.TWIN_WRITE: lambda house: house.core.report(DEVICE, b"{}"),
    Kind.METHOD: lambda house: house.core.invoke(DEVICE, "a"),
    Kind.CLOUD_MESSAGE: lambda house: house.send(),
    Kind.REGISTRY: lambda house: house.core.read_identity(DEVICE),
}


@pytest.mark.parametrize("kind", Kind)
def test_each_kind_of_operation_is_throttled_alone(kind):
    house = House(operations_per_second={kind: 4})
    # Building the house took some of the register's.
    house.clock.advance(1)
    for _ in range(4):
        ACTS[kind](house)
    with pytest.raises(Throttled):
        ACTS[kind](house)
    for other in set(Kind) - {kind}:
        for _ in range(10):
            ACTS[other](house)
    house.clock.advance(1 / 4)
    ACTS[kind](house)


def test_a_service_is_throttled_as_a_device_is():
    house = House(operations_per_second={Kind.TWIN_READ: 1, Kind.TWIN_WRITE: 1})
    house.core.read_twin(DEVICE)
    house.core.patch_twin(DEVICE, {"tags": {"a": 1}})
    for act in (house.core.read_twin, house.core.twin):
        with pytest.raises(Throttled):
            act(DEVICE)
    for act in (house.core.patch_twin, house.core.replace_twin):
        with pytest.raises(Throttled):
            act(DEVICE, {"tags": {"a": 2}})
    house.clock.advance(1)
    assert house.core.read_twin(DEVICE)["tags"] == {"a": 1}


REGISTRY_ACTS = [
    lambda core: core.create_identity(OTHER),
    lambda core: core.read_identity(DEVICE),
    lambda core: core.update_identity(DEVICE, {"status": "disabled"}),
    lambda core: core.delete_identity(DEVICE),
]


@pytest.mark.parametrize("act", REGISTRY_ACTS)
def test_every_way_to_the_register_is_throttled(act):
    house = House(operations_per_second={Kind.REGISTRY: 2})
    with pytest.raises(Throttled):
        act(house.core)
    assert [record.identity for record in house.core.registry.devices()] == [DEVICE]
    assert house.device.enabled
    house.clock.advance(1)
    act(house.core)


def test_nothing_is_throttled_unless_asked_for(house):
    for act in ACTS.values():
        for _ in range(40):
            act(house)


@given(
    st.floats(0.1, 50),
    st.lists(st.floats(0, 2), max_size=60),
)
def test_a_throttle_never_lets_through_more_than_its_rate(rate, pauses):
    throttle, now, passed = Throttle(rate, 0.0), 0.0, 0
    for pause in pauses:
        now += pause
        passed += throttle.take(now)
        assert passed <= max(1, rate) + rate * now + 1e-6


def test_a_clock_that_is_set_back_neither_gives_nor_takes():
    throttle = Throttle(1, 100.0)
    assert throttle.take(100.0)
    assert not throttle.take(50.0)
    assert not throttle.take(50.9)
    assert throttle.take(51.0)


def test_the_messages_of_a_day_are_counted_by_their_size():
    house = House(messages_per_day=4)
    house.core.telemetry(DEVICE, b"")
    house.core.telemetry(DEVICE, b"x" * 4096)
    house.send(b"x" * 100)
    with pytest.raises(QuotaExceeded):
        house.core.telemetry(DEVICE, b"x" * 4097)
    house.send()
    for kind in (Kind.CLOUD_MESSAGE, Kind.TELEMETRY):
        with pytest.raises(QuotaExceeded):
            ACTS[kind](house)
    assert (house.core.counters["telemetry"], house.device.messages) == (2, 2)
    assert house.core.quotas.used_today == 4


def test_a_day_ends_at_midnight_in_utc():
    clock = Clock(86_400 * 100 + 86_399)
    quotas = Quotas(Limits(messages_per_day=1), clock)
    quotas.message(1)
    with pytest.raises(QuotaExceeded):
        quotas.message(1)
    clock.advance(1)
    quotas.message(1)


def test_a_message_that_is_refused_is_not_counted():
    house = House(messages_per_day=2, queued_messages=1)
    house.send()
    with pytest.raises(HubError):
        house.send()
    assert house.core.quotas.used_today == 1


# --- time ----------------------------------------------------------------------------------------


def test_the_next_deadline_is_the_earliest_of_all(house):
    assert house.core.next_deadline() is None
    house.connect(expiry=START + 500)
    assert house.core.next_deadline() == START + 500
    house.send(expiry=START + 400)
    assert house.core.next_deadline() == START + 400
    house.core.invoke(DEVICE, "a", b"", (0, 300))
    assert house.core.next_deadline() == START + 300
    house.core.next_message(DEVICE, "owner", 200)
    assert house.core.next_deadline() == START + 200


def test_a_tick_at_the_deadline_always_gets_further(house):
    house.connect(expiry=START + 35)
    house.core.invoke(MODULE, "a", b"", (10, 30))
    for number in range(3):
        house.send(expiry=START + 10 * number + 5)
    house.core.next_message(DEVICE, "owner", 7)
    moments = []
    while (deadline := house.core.next_deadline()) is not None:
        moments.append(deadline - START)
        house.clock.now = deadline
        house.core.tick()
    assert moments == sorted(set(moments)) == [7, 10, 15, 25, 35]


def test_no_wall_clock_is_read(house, monkeypatch):
    def forbidden():
        raise AssertionError("a clock was read that was not handed in")

    for name in ("time", "monotonic"):
        monkeypatch.setattr(f"time.{name}", forbidden)
    peer = house.connect(expiry=START + 9)
    house.core.authorize(HOST, "dev1", None, house.token())
    house.send()
    house.core.next_message(DEVICE, peer)
    house.core.telemetry(DEVICE, b"")
    house.core.report(DEVICE, b"{}")
    house.core.patch_twin(DEVICE, {"tags": {}})
    house.core.invoke(DEVICE, "a")
    house.clock.advance(99)
    house.core.tick()
    assert ("close", Closing.EXPIRED) in peer.take()


def test_two_hubs_with_the_same_clock_and_entropy_do_the_same():
    def story():
        clock = Clock()
        core = Core(HOST, clock, entropy=Entropy())
        record = core.create_identity(DEVICE)
        event = core.telemetry(DEVICE, b"x")
        core.report(DEVICE, b'{"a":1}')
        core.delete_identity(DEVICE)
        again = core.create_identity(DEVICE)
        return record.document(), event, again.document(), core.read_twin(DEVICE)

    assert story() == story()


# --- what a client is shown ----------------------------------------------------------------------


def test_every_refusal_has_numbers_and_a_name_of_its_own():
    kinds = [kind for kind in vars(refusals).values() if isinstance(kind, type)]
    kinds = [kind for kind in kinds if issubclass(kind, HubError)]
    assert len({kind.code for kind in kinds}) == len({kind.name for kind in kinds}) == len(kinds)
    for kind in kinds:
        assert kind.status == kind.code // 1000


def test_a_refusal_tells_its_reason_to_the_program_only(house):
    with pytest.raises(Refused) as refused:
        house.core.authorize(HOST, "dev2")
    assert refused.value.reason is refusals.Reason.UNKNOWN_DEVICE
    assert (refused.value.status, refused.value.name) == (401, "IotHubUnauthorizedAccess")
    assert "dev2" not in str(refused.value)


def test_the_hub_has_capabilities_for_each_thing_it_tells():
    assert {capability.name for capability in Capability} == {
        "CLOUD_MESSAGES",
        "DESIRED",
        "METHODS",
    }
