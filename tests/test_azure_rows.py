# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Calls of the hub client that no story needs: taking a connection string apart, giving up."""

import socket

import pytest

from boards.desktop.hub import Hub
from nxd_mqtt.azure_iot import *
from nxd_mqtt.nxd import *

WAIT = 500


@pytest.fixture
def azure():
    """What hub clients stand on."""
    ip, pool, made = NX_IP(), NX_PACKET_POOL(), NX_AZURE_IOT()
    assert nx_ip_create(ip, "ip", socket_pool=socket) == NX_SUCCESS
    assert nx_packet_pool_create(pool, "pool", 1024, None, 8 * 1024) == NX_SUCCESS
    assert nx_azure_iot_create(made, "azure", ip, pool) == NX_AZURE_IOT_SUCCESS
    return made


@pytest.fixture
def client(azure):
    """A hub client that is not connected."""
    made = NX_AZURE_IOT_HUB_CLIENT()
    status = nx_azure_iot_hub_client_initialize(made, azure, "localhost", "dev1")
    assert status == NX_AZURE_IOT_SUCCESS
    return made


def test_a_connection_string_is_taken_apart():
    text = "HostName=h.example;DeviceId=d;SharedAccessKey=a2V5;GatewayHostName=edge"
    status, settings, cause = nx_azure_iot_connection_string_parse(text)
    assert (status, cause) == (NX_AZURE_IOT_SUCCESS, None)
    assert settings == {
        "host_name": "h.example",
        "device_id": "d",
        "module_id": None,
        "symmetric_key": "a2V5",
        "gateway_host": "edge",
        "x509": None,
    }


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (None, "the connection string must be str"),
        ("DeviceId=d;SharedAccessKey=a2V5", "the connection string lacks HostName"),
        ("HostName=h;DeviceId=d", "the connection string lacks SharedAccessKey, or x509=true"),
        (
            "HostName=h;SharedAccessKeyName=owner;SharedAccessKey=a2V5",
            "this connection string is for services: take the device's own",
        ),
    ],
)
def test_a_connection_string_that_cannot_be_used_says_why(text, cause):
    answer = (NX_AZURE_IOT_INVALID_PARAMETER, None, cause)
    assert nx_azure_iot_connection_string_parse(text) == answer


def test_the_shared_part_is_given_up(azure):
    assert nx_azure_iot_delete(azure) == NX_AZURE_IOT_SUCCESS
    made = NX_AZURE_IOT_HUB_CLIENT()
    status = nx_azure_iot_hub_client_initialize(made, azure, "localhost", "dev1")
    assert status == NX_AZURE_IOT_NOT_INITIALIZED
    assert nx_azure_iot_delete(None) == NX_AZURE_IOT_INVALID_PARAMETER


def test_telemetry_that_is_given_up_cannot_be_sent(client):
    status, packet = nx_azure_iot_hub_client_telemetry_message_create(client, NX_NO_WAIT)
    assert status == NX_AZURE_IOT_SUCCESS
    assert nx_azure_iot_hub_client_telemetry_message_delete(packet) == NX_AZURE_IOT_SUCCESS
    refused = NX_AZURE_IOT_INVALID_PARAMETER
    assert nx_azure_iot_hub_client_telemetry_message_delete(packet) == refused
    assert nx_azure_iot_hub_client_telemetry_property_add(packet, "a", "b") == refused
    assert nx_azure_iot_hub_client_telemetry_send(client, packet, "c", NX_NO_WAIT) == refused


def test_a_twin_that_is_disabled_is_used_no_more(client):
    with Hub(plain_port=0) as hub:
        key = hub.key("dev1")
        assert nx_azure_iot_hub_client_symmetric_key_set(client, key) == NX_AZURE_IOT_SUCCESS
        status = nx_azure_iot_hub_client_server_set(client, None, hub.plain_port, NX_FALSE)
        assert status == NX_AZURE_IOT_SUCCESS
        assert nx_azure_iot_hub_client_device_twin_enable(client) == NX_AZURE_IOT_SUCCESS
        assert nx_azure_iot_hub_client_connect(client, NX_FALSE, WAIT) == NX_AZURE_IOT_SUCCESS
        hub.patch_twin("dev1", {"a": 1})
        receive = nx_azure_iot_hub_client_device_twin_desired_properties_receive
        status, packet = receive(client, WAIT)
        assert (status, packet.data) == (NX_AZURE_IOT_SUCCESS, b'{"a":1,"$version":2}')
        assert nx_azure_iot_hub_client_device_twin_disable(client) == NX_AZURE_IOT_SUCCESS
        assert receive(client, NX_NO_WAIT) == (NX_AZURE_IOT_NOT_ENABLED, None)
        assert nx_azure_iot_hub_client_device_twin_disable(client) == NX_AZURE_IOT_NOT_ENABLED

        def unsubscribed():
            nxd_mqtt_client_poll(client, NX_NO_WAIT)
            return hub.statistics()["unsubscribes"] == 2

        assert hub.wait(unsubscribed)
        assert nx_azure_iot_hub_client_deinitialize(client) == NX_AZURE_IOT_SUCCESS


def test_a_store_that_is_full_without_a_link_is_told_as_that(client):
    with Hub(plain_port=0) as hub:
        key = hub.key("dev1")
        assert nx_azure_iot_hub_client_symmetric_key_set(client, key) == NX_AZURE_IOT_SUCCESS
        status = nx_azure_iot_hub_client_server_set(client, None, hub.plain_port, NX_FALSE)
        assert status == NX_AZURE_IOT_SUCCESS
        assert nx_azure_iot_hub_client_reconnect_set(client, 100, 100) == NX_AZURE_IOT_SUCCESS
        assert nx_azure_iot_hub_client_connect(client, NX_FALSE, WAIT) == NX_AZURE_IOT_SUCCESS
        hub.cut("dev1")
        while client.state == 3:
            assert nxd_mqtt_client_poll(client, 1) == NXD_MQTT_SUCCESS
        statuses = []
        for _ in range(9):
            _, packet = nx_azure_iot_hub_client_telemetry_message_create(client, NX_NO_WAIT)
            send = nx_azure_iot_hub_client_telemetry_send
            statuses.append(send(client, packet, "x", NX_NO_WAIT))
        assert statuses == [NX_AZURE_IOT_SUCCESS] * 8 + [NXD_MQTT_PACKET_POOL_FAILURE]
        assert nx_azure_iot_hub_client_deinitialize(client) == NX_AZURE_IOT_SUCCESS
