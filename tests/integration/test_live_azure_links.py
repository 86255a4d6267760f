# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Links end: what the program is told, what is asked for again, and two programs with one name."""

import json
import time

import pytest
from azure_devices import MOMENT, PATIENCE, WAYS, in_every_way
from devices import run, run_for

from nxd_mqtt.azure_iot import *
from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *

pytest_plugins = ["azure_device_fixtures"]

IDLE = 1
FEATURES = (
    nx_azure_iot_hub_client_cloud_message_enable,
    nx_azure_iot_hub_client_direct_method_enable,
    nx_azure_iot_hub_client_device_twin_enable,
)
# The filters of all three.
FILTERS = 4

# Bytes from one cut to the next.
STRIDES = {"tcp": 13, "tls": 47, "websocket": 37}

REPLACED = NX_AZURE_IOT_REPLACED
LOST = [NX_AZURE_IOT_SUCCESS, NX_AZURE_IOT_DISCONNECTED]


def ready(device):
    """Connect a device with all features, until it has subscribed; returns it."""
    device.enable(*FEATURES).connect()
    run(device, until=lambda: not device.statistics()["unacknowledged"])
    return device


def works(device) -> bool:
    """Whether every feature does on the present link; fails if not."""
    cloud = device.hub
    cloud.send_message(device.id, b"message")
    assert device.take(nx_azure_iot_hub_client_cloud_message_receive) == b"message"
    answer = cloud.begin_method(device.id, "method", timeouts=(5, 30))
    _, context, _ = device.do(nx_azure_iot_hub_client_direct_method_message_receive, PATIENCE)
    device.do(nx_azure_iot_hub_client_direct_method_message_response, 200, context, "1", PATIENCE)
    run(device, until=answer.done)
    cloud.patch_twin(device.id, desired={"time": time.time()})
    device.take(nx_azure_iot_hub_client_device_twin_desired_properties_receive)
    status = device.do(
        nx_azure_iot_hub_client_device_twin_reported_properties_send, '{"a":1}', PATIENCE
    )[1]
    packet_id = device.send(b"x")
    run(device, until=lambda: packet_id in device.acknowledged)
    return status == 204


def reconnected(device, cut) -> int:
    """Have the link cut and wait for the next one; returns how many SUBSCRIBEs it takes."""
    subscribed = device.hub.statistics()["subscribes"]
    before = len(device.told)
    cut(device.id)
    run(device, until=lambda: len(device.told) == before + 2)
    assert device.told[before:] == [NX_AZURE_IOT_DISCONNECTED, NX_AZURE_IOT_SUCCESS]
    run(device, until=lambda: not device.statistics()["unacknowledged"])
    return device.hub.statistics()["subscribes"] - subscribed


# -- a link is lost ---------------------------------------------------------------------------


@in_every_way
@pytest.mark.parametrize("how", ["cut", "expire"])
def test_without_reconnecting_a_lost_link_is_told_once(cloud, make_azure_device, way, how):
    device = make_azure_device(way).connect()
    getattr(cloud, how)(device.id)
    run(device, until=lambda: not device.connected)
    run_for(device, seconds=0.05)
    assert device.told == LOST
    assert (device.client.state, device.statistics()["attempts"]) == (IDLE, 1)
    device.connect()
    assert device.told == [*LOST, NX_AZURE_IOT_SUCCESS]


@in_every_way
def test_where_the_session_is_present_nothing_is_asked_for_again(cloud, make_azure_device, way):
    device = ready(make_azure_device(way).reconnecting())
    for _ in range(2):
        assert reconnected(device, cloud.cut) == 0
        assert device.client.session_present
        assert works(device)


@in_every_way
def test_where_the_session_is_gone_all_is_asked_for_again(cloud, make_azure_device, way):
    device = ready(make_azure_device(way).reconnecting())
    for _ in range(2):
        cloud.forget_sessions()
        assert reconnected(device, cloud.cut) == FILTERS
        assert not device.client.session_present
        assert works(device)


@in_every_way
def test_a_session_that_is_gone_between_two_connects(cloud, make_azure_device, way):
    device = ready(make_azure_device(way))
    for _ in range(3):
        assert works(device)
        device.disconnect()
        cloud.forget_sessions()
        device.connect()
        assert not device.client.session_present


@in_every_way
def test_a_clean_session_is_asked_for_everything_on_each_link(cloud, make_azure_device, way):
    device = make_azure_device(way).reconnecting().enable(*FEATURES).connect(NX_TRUE)
    run(device, until=lambda: not device.statistics()["unacknowledged"])
    assert reconnected(device, cloud.cut) == FILTERS
    device.disconnect()
    device.connect(NX_TRUE)
    assert works(device)


def test_a_hub_that_was_away_is_found_again(make_azure_device, cloud):
    device = ready(make_azure_device("tls").reconnecting())
    cloud.stop()
    run(device, until=lambda: not device.connected)
    run_for(device, seconds=0.2)
    assert device.statistics()["attempts"] > 1
    cloud.start()
    run(device, until=lambda: device.connected)
    assert device.told == [*LOST, NX_AZURE_IOT_SUCCESS]
    assert works(device)


def test_a_subscription_that_was_lost_with_its_link_is_asked_for_again(cloud, make_azure_device):
    device = make_azure_device().reconnecting().enable(*FEATURES)
    # The CONNACK and one SUBACK, then the link breaks.
    cloud.faults.drop_after_bytes(4 + 5 + 2, device.id)
    device.connect()
    run(device, until=lambda: len(device.told) == 3)
    assert works(device)


def test_a_feature_that_is_enabled_with_a_link_is_asked_for_at_once(cloud, make_azure_device):
    device = make_azure_device().connect()
    for count, feature in enumerate(FEATURES):
        before = cloud.statistics()["subscribes"]
        device.enable(feature, feature)
        run(device, until=lambda: not device.statistics()["unacknowledged"])
        assert cloud.statistics()["subscribes"] - before == 1 + (count == 2)
    assert works(device)


def test_a_store_of_one_packet_is_enough_for_all_features(cloud, make_azure_device):
    device = make_azure_device(depth=1).enable(*FEATURES).connect()
    run(device, until=lambda: cloud.statistics()["subscribes"] and works(device))


def test_the_program_may_connect_again_inside_the_callback(cloud, make_azure_device):
    device = make_azure_device()
    statuses = []

    def on_status(client, status: int) -> None:
        statuses.append(status)
        if status:
            # In a callback no call waits.
            found = nx_azure_iot_hub_client_connect(client, NX_FALSE, PATIENCE)
            assert found == NX_AZURE_IOT_CONNECTING

    device.do(nx_azure_iot_hub_client_connection_status_callback_set, on_status)
    ready(device)
    for _ in range(3):
        before = len(statuses)
        cloud.cut(device.id)
        run(device, until=lambda before=before: len(statuses) == before + 2)
        assert works(device)
    lost = [NX_AZURE_IOT_DISCONNECTED] * 2 + [REPLACED]
    assert statuses[1::2] == lost
    assert statuses[::2] == [NX_AZURE_IOT_SUCCESS] * 4


@pytest.mark.parametrize("wait", [NX_NO_WAIT, PATIENCE])
def test_a_hub_that_is_not_there_is_told(make_azure_device, cloud, listener, wait):
    device = make_azure_device()
    listener.close()
    device.aim(listener.port)
    status = device.refused(nx_azure_iot_hub_client_connect, NX_FALSE, wait)
    run(device, until=lambda: device.told)
    assert device.client.reason[0] == "tcp"
    assert device.client.state == IDLE
    assert device.told == [status if wait else NXD_MQTT_CONNECT_FAILURE]


def test_a_client_that_was_given_up_can_be_made_again(cloud, make_azure_device):
    device = ready(make_azure_device())
    device.do(nx_azure_iot_hub_client_deinitialize)
    status = nx_azure_iot_hub_client_connect(device.client, NX_FALSE, MOMENT)
    assert status == NX_AZURE_IOT_NOT_INITIALIZED
    cloud.wait(lambda: device.id not in cloud.connected())
    again = make_azure_device(device_id=device.id)
    assert works(ready(again))


def delivers(device, number: int) -> None:
    """See that all arrives that a lost link must not take away: all but calls of methods."""
    cloud, text = device.hub, b"%d" % number
    cloud.send_message(device.id, text)
    cloud.patch_twin(device.id, desired={"n": number})
    packet_id = device.send(text)
    receive_desired = nx_azure_iot_hub_client_device_twin_desired_properties_receive
    while json.loads(device.take(receive_desired)).get("n") != number:
        pass  # it was taken before, or is of the link before
    report = nx_azure_iot_hub_client_device_twin_reported_properties_send
    # The hub's answer may be lost behind its acknowledgement; then the program asks again.
    while report(device.client, json.dumps({"n": number}), PATIENCE)[2] != 204:
        pass
    while device.take(nx_azure_iot_hub_client_cloud_message_receive) != text:
        pass
    run(device, until=lambda: packet_id in device.acknowledged)
    assert cloud.reported(device.id) == {"n": number}
    assert text in [event.body for event in cloud.events(device.id)]


@in_every_way
def test_a_link_that_breaks_after_any_byte_loses_nothing(cloud, make_azure_device, way):
    device = make_azure_device(way).reconnecting(1, 1).enable(*FEATURES)
    for count in range(1, 600, STRIDES[way]):
        cloud.faults.drop_after_bytes(count, device.id, times=2)
        device.connect()
        delivers(device, count)
        device.disconnect()
        cloud.faults.clear()


# -- one connection for a device --------------------------------------------------------------


@in_every_way
def test_a_new_link_drops_the_old_one(cloud, make_azure_device, way):
    old = make_azure_device(way).connect()
    new = make_azure_device(way, device_id=old.id).connect()
    run(old, new, until=lambda: not old.connected)
    assert old.told == LOST
    assert new.connected
    assert cloud.connected().count(new.id) == 1
    packet_id = new.send(b"x")
    run(new, until=lambda: packet_id in new.acknowledged)


def told(device) -> int:
    return len(device.told)


def test_who_is_replaced_again_and_again_is_told_so_and_slows_down(cloud, make_azure_device):
    # In all ways at once, because the time is real.
    shortest, longest = 2, 30
    devices = [make_azure_device(way).reconnecting(shortest, longest).connect() for way in WAYS]
    ends = []
    for count in (1, 3, 5, 7):
        for device in devices:
            make_azure_device(device.way, device_id=device.id).connect()
        begun = time.monotonic()
        run(*devices, until=lambda count=count: max(map(told, devices)) == count + 2)
        paused = time.monotonic() - begun
        run(*devices, until=lambda count=count: min(map(told, devices)) == count + 2)
        ends.append({device.told[count] for device in devices})
    assert ends == [{NX_AZURE_IOT_DISCONNECTED}] * 2 + [{REPLACED}] * 2
    # None of the last pauses was less than half of the longest.
    assert paused >= longest / 2 / NX_IP_PERIODIC_RATE * 0.95


def test_two_programs_with_one_name_make_no_storm(cloud, make_azure_device):
    # In all ways at once, because the time is real.
    pairs = []
    for way in WAYS:
        first = make_azure_device(way).reconnecting(1, 40)
        pairs.append((first, make_azure_device(way, device_id=first.id).reconnecting(1, 40)))
    devices = [device.connect() for pair in pairs for device in pair]
    for first, second in pairs:
        run(*devices, until=lambda one=first, two=second: REPLACED in one.told + two.told)
    run_for(*devices, seconds=0.2)
    before = cloud.statistics()["connections"]
    run_for(*devices, seconds=0.5)
    # Each waits for 200 ms at least.
    assert cloud.statistics()["connections"] - before <= len(devices) * 3


def test_the_program_s_own_disconnect_begins_anew(cloud, make_azure_device):
    device = make_azure_device().reconnecting().connect()
    for _ in range(2):
        for _ in range(2):
            reconnected(device, cloud.cut)
        device.disconnect()
        device.connect()
    assert REPLACED not in device.told


def test_a_hub_that_drops_what_it_accepts_is_asked_seldom(cloud, make_azure_device):
    device = make_azure_device().reconnecting(1, 20)
    cloud.faults.drop_after_connack(device.id, times=1000)
    before = cloud.statistics()["connections"]
    device.connect()
    run_for(device, seconds=0.6)
    cloud.faults.clear()
    assert REPLACED in device.told
    # Three quick ones, then one in 100 ms at most.
    assert cloud.statistics()["connections"] - before <= 10
    run(device, until=lambda: device.connected)
    packet_id = device.send(b"x")
    run(device, until=lambda: packet_id in device.acknowledged)
