# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Telemetry, patches and answers in a file outlive the program, and reach the hub after it."""

from azure_devices import MOMENT, PATIENCE, in_every_way
from devices import run

from boards.desktop.hub import Step
from nxd_mqtt.azure_iot import *
from nxd_mqtt.file_store import FileStore
from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *

pytest_plugins = ["azure_device_fixtures"]


def stored(device, folder):
    """Give a device a store in a folder; returns the device."""
    device.do(nxd_mqtt_client_store_set, FileStore(str(folder / "outbox")))
    return device


@in_every_way
def test_telemetry_outlives_the_program(cloud, make_azure_device, tmp_path, way):
    device = stored(make_azure_device(way), tmp_path).connect()
    cloud.faults.no_acknowledgement(device.id, times=5)
    for number in range(5):
        device.send(b"%d" % number, {"n": "%d" % number})
    cloud.wait(lambda: len(cloud.events(device.id)) == 5)
    # The program has ended without a word, and starts again.
    again = stored(make_azure_device(way, device_id=device.id), tmp_path)
    assert again.statistics()["unacknowledged"] == 5
    again.connect()
    last = again.send(b"5", {"n": "5"})
    run(again, until=lambda: last in again.acknowledged)
    events = [(event.body, event.properties) for event in cloud.events(device.id)]
    assert events[5:] == [(b"%d" % n, (("n", "%d" % n),)) for n in range(6)]
    assert len(again.acknowledged) == 6
    assert again.statistics()["unacknowledged"] == 0


def test_what_was_sent_without_a_link_outlives_the_program(cloud, make_azure_device, tmp_path):
    device = stored(make_azure_device("tls").reconnecting(), tmp_path)
    port = device.hub.port
    device.aim(1)
    status = device.refused(nx_azure_iot_hub_client_connect, NX_FALSE, NX_NO_WAIT)
    assert status == NX_AZURE_IOT_CONNECTING
    for number in range(3):
        device.send(b"%d" % number)
    assert cloud.events(device.id) == []
    again = stored(make_azure_device("tls", device_id=device.id).aim(port), tmp_path).connect()
    run(again, until=lambda: len(cloud.events(device.id)) == 3)
    assert [event.body for event in cloud.events(device.id)] == [b"0", b"1", b"2"]


def test_a_patch_and_an_answer_outlive_the_program(cloud, make_azure_device, tmp_path):
    device = stored(make_azure_device(), tmp_path).enable(
        nx_azure_iot_hub_client_device_twin_enable, nx_azure_iot_hub_client_direct_method_enable
    )
    device.connect()
    run(device, until=lambda: not device.statistics()["unacknowledged"])
    answer = cloud.begin_method(device.id, "reboot")
    _, context, _ = device.do(nx_azure_iot_hub_client_direct_method_message_receive, PATIENCE)
    cloud.faults.drop(Step.METHOD_ANSWER, device.id)
    device.do(nx_azure_iot_hub_client_direct_method_message_response, 200, context, "1", PATIENCE)
    run(device, until=lambda: not device.connected)
    again = stored(make_azure_device(device_id=device.id), tmp_path).connect()
    run(again, until=answer.done)
    assert answer.result() == (200, 1)
    again.enable(nx_azure_iot_hub_client_device_twin_enable)
    cloud.faults.drop(Step.REPORT, device.id)
    found = nx_azure_iot_hub_client_device_twin_reported_properties_send(
        again.client, '{"restarts":1}', PATIENCE
    )
    # Handed in, and not answered.
    assert found[0] == NX_AZURE_IOT_NO_PACKET
    assert found[1] > 0
    assert cloud.reported(device.id) == {}
    third = stored(make_azure_device(device_id=device.id), tmp_path).connect()
    run(third, until=lambda: cloud.reported(device.id) == {"restarts": 1})


def test_a_store_that_is_full_refuses_and_loses_nothing(cloud, make_azure_device, tmp_path):
    device = stored(make_azure_device(depth=4), tmp_path).connect()
    cloud.faults.no_acknowledgement(device.id, times=4)
    for number in range(4):
        device.send(b"%d" % number)
    packet = device.message()
    status = device.refused(nx_azure_iot_hub_client_telemetry_send, packet, b"4", MOMENT)
    assert status == NXD_MQTT_PACKET_POOL_FAILURE
    again = stored(make_azure_device(depth=4, device_id=device.id), tmp_path).connect()
    again.send(b"4")
    run(again, until=lambda: not again.statistics()["unacknowledged"])
    assert [event.body for event in cloud.events(device.id)[4:]] == [b"%d" % n for n in range(5)]


def test_a_store_comes_before_the_first_link(make_azure_device, tmp_path):
    device = make_azure_device().connect()
    store = FileStore(str(tmp_path / "outbox"))
    assert nxd_mqtt_client_store_set(device.client, store) == NXD_MQTT_INVALID_STATE
