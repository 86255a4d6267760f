# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Twins of NetX's regression tests for the arguments: which status, and which check comes first.

The lengths that C passes are gone, so a bad length has become an empty or unusable object. Where a
row uses a client that was never created, so does its twin: arguments are looked at before it.
"""

import pytest
from doubles.script import CONNACK, DISCONNECT
from netx_frame import CONNECT_TOLD, HOST, PORT, SECOND, STANDARD_CONNECT, Frame

from nxd_mqtt.nxd import *

INVALID = NXD_MQTT_INVALID_PARAMETER
POINTER = NX_PTR_ERROR

BUFFER = bytearray(16)

# function, arguments behind the client, status: the row "api" of the regression tests.
API = [
    (nxd_mqtt_client_connect, (None, PORT, 0, 0, 0), POINTER),
    (nxd_mqtt_client_connect, (HOST, 0, 0, 0, 0), NX_INVALID_PORT),
    (nxd_mqtt_client_login_set, (5, None), INVALID),
    (nxd_mqtt_client_login_set, ("name", 5), INVALID),
    (nxd_mqtt_client_publish, (None, "m", 0, 0, 0), INVALID),
    (nxd_mqtt_client_publish, ("", "m", 0, 0, 0), INVALID),
    (nxd_mqtt_client_publish, ("t", "m", 0, 4, 0), INVALID),
    (nxd_mqtt_client_publish, ("t", "m", 0, 3, 0), INVALID),
    (nxd_mqtt_client_publish, ("t", "m", 0, 2, 0), NXD_MQTT_QOS2_NOT_SUPPORTED),
    (nxd_mqtt_client_publish, ("t", None, 0, 0, 0), NXD_MQTT_NOT_CONNECTED),
    (nxd_mqtt_client_publish, ("t", "", 0, 0, 0), NXD_MQTT_NOT_CONNECTED),
    (nxd_mqtt_client_publish, ("t", 5, 0, 0, 0), INVALID),
    (nxd_mqtt_client_subscribe, (None, 0), INVALID),
    (nxd_mqtt_client_subscribe, ("", 0), INVALID),
    (nxd_mqtt_client_subscribe, ("t", 3), INVALID),
    (nxd_mqtt_client_subscribe, ("t", 2), NXD_MQTT_QOS2_NOT_SUPPORTED),
    (nxd_mqtt_client_unsubscribe, (None,), INVALID),
    (nxd_mqtt_client_unsubscribe, ("",), INVALID),
    (nxd_mqtt_client_receive_notify_set, (5,), POINTER),
    (nxd_mqtt_client_disconnect_notify_set, (5,), POINTER),
    (nxd_mqtt_client_message_get, (None, None), INVALID),
    (nxd_mqtt_client_message_get, (None, BUFFER), INVALID),
    (nxd_mqtt_client_message_get, (BUFFER, None), INVALID),
    (nxd_mqtt_client_message_get, (BUFFER, b"read only"), INVALID),
    (nxd_mqtt_client_will_message_set, (None, "m", 0, 0), INVALID),
    (nxd_mqtt_client_will_message_set, ("", "m", 0, 0), INVALID),
    (nxd_mqtt_client_will_message_set, ("t", "m", 0, 4), INVALID),
    (nxd_mqtt_client_will_message_set, ("t", "m", 2, 0), INVALID),
    (nxd_mqtt_client_will_message_set, ("t", "m", 0, 2), NXD_MQTT_QOS2_NOT_SUPPORTED),
]

# The same, when it is the client that is missing: good arguments behind it.
WITHOUT_CLIENT = [
    (nxd_mqtt_client_connect, (HOST, PORT, 0, 0, 0), POINTER),
    (nxd_mqtt_client_login_set, ("name", "word"), INVALID),
    (nxd_mqtt_client_will_message_set, ("t", "m", 0, 0), INVALID),
    (nxd_mqtt_client_publish, ("t", "m", 0, 0, 0), POINTER),
    (nxd_mqtt_client_subscribe, ("t", 0), POINTER),
    (nxd_mqtt_client_unsubscribe, ("t",), POINTER),
    (nxd_mqtt_client_receive_notify_set, (None,), POINTER),
    (nxd_mqtt_client_disconnect_notify_set, (None,), POINTER),
    (nxd_mqtt_client_message_get, (BUFFER, BUFFER), POINTER),
    (nxd_mqtt_client_disconnect, (), POINTER),
    (nxd_mqtt_client_delete, (), POINTER),
]

# And what a client answers that was never created, or was deleted, once the arguments are good.
UNCREATED = [
    (nxd_mqtt_client_connect, (HOST, PORT, 0, 0, 0), NXD_MQTT_INVALID_STATE),
    (nxd_mqtt_client_login_set, ("name", "word"), NXD_MQTT_MUTEX_FAILURE),
    (nxd_mqtt_client_will_message_set, ("t", "m", 0, 0), NXD_MQTT_MUTEX_FAILURE),
    (nxd_mqtt_client_publish, ("t", "m", 0, 0, 0), NXD_MQTT_NOT_CONNECTED),
    (nxd_mqtt_client_subscribe, ("t", 0), NXD_MQTT_MUTEX_FAILURE),
    (nxd_mqtt_client_unsubscribe, ("t",), NXD_MQTT_MUTEX_FAILURE),
    (nxd_mqtt_client_receive_notify_set, (None,), NXD_MQTT_MUTEX_FAILURE),
    (nxd_mqtt_client_message_get, (BUFFER, BUFFER), NXD_MQTT_MUTEX_FAILURE),
    (nxd_mqtt_client_disconnect, (), NXD_MQTT_MUTEX_FAILURE),
]


def status_of(result):
    """The status of a result, which may be a tuple that begins with it."""
    return result[0] if isinstance(result, tuple) else result


def named(rows):
    """Parametrize over rows of function, arguments, status."""
    names = [f"{row[0].__name__[len('nxd_mqtt_client_') :]}{row[1]}" for row in rows]
    return pytest.mark.parametrize("function, arguments, wanted", rows, ids=names)


@named(API)
def test_netx_mqtt_api_test(function, arguments, wanted):
    assert status_of(function(NXD_MQTT_CLIENT(), *arguments)) == wanted


@named(API)
def test_netx_mqtt_api_test_of_a_created_client(function, arguments, wanted):
    frame = Frame()
    assert status_of(function(frame.client, *arguments)) == wanted
    assert frame.ip.sockets.calls == []
    stage, status, cause = frame.client.reason or ("call", wanted, "not connected")
    assert (stage, status) == ("call", wanted)
    assert isinstance(cause, str)


@pytest.mark.parametrize("client", [None, 5, "client", object(), NX_PACKET_POOL()])
@named(WITHOUT_CLIENT)
def test_netx_mqtt_api_test_without_a_client(function, arguments, wanted, client):
    assert status_of(function(client, *arguments)) == wanted


def test_netx_mqtt_api_test_of_create():
    frame = Frame()
    ip, pool = frame.ip, frame.pool
    for arguments, wanted in (
        ((None, "n", "id", ip, pool), POINTER),
        ((NXD_MQTT_CLIENT(), "n", "id", None, pool), POINTER),
        ((NXD_MQTT_CLIENT(), "n", "id", ip, None), POINTER),
        # In C a wrong number in the control block, or a stack of no size.
        ((NXD_MQTT_CLIENT(), "n", "id", NX_IP(), pool), POINTER),
        ((NXD_MQTT_CLIENT(), "n", "id", ip, NX_PACKET_POOL()), POINTER),
        ((NXD_MQTT_CLIENT(), None, None, ip, pool, None, 0), NXD_MQTT_SUCCESS),
    ):
        assert nxd_mqtt_client_create(*arguments) == wanted


def test_netx_mqtt_not_connected_test():
    frame = Frame()
    assert frame.publish(quality=0) == NXD_MQTT_NOT_CONNECTED
    assert frame.publish(quality=1) == NXD_MQTT_NOT_CONNECTED
    assert nxd_mqtt_client_subscribe(frame.client, "topic1", 0) == NXD_MQTT_NOT_CONNECTED
    assert nxd_mqtt_client_unsubscribe(frame.client, "topic1") == NXD_MQTT_NOT_CONNECTED
    assert nxd_mqtt_client_delete(frame.client) == NXD_MQTT_SUCCESS
    assert frame.ip.sockets.calls == []
    assert frame.told == []


# --- states ----------------------------------------------------------------------------------


def test_netx_mqtt_branch_test_of_create():
    frame = Frame()
    again = nxd_mqtt_client_create(frame.client, "n", "id", frame.ip, frame.pool)
    assert again == NXD_MQTT_INTERNAL_ERROR
    # The client that was there is still the same.
    frame.connected()
    again = nxd_mqtt_client_create(frame.client, "n", "id", frame.ip, frame.pool)
    assert again == NXD_MQTT_INTERNAL_ERROR
    frame.script.expect(DISCONNECT)
    frame.finish()


@pytest.mark.parametrize("deleted", [False, True])
@named(UNCREATED)
def test_netx_mqtt_branch_test_without_a_mutex(function, arguments, wanted, deleted):
    client = NXD_MQTT_CLIENT()
    if deleted:
        frame = Frame()
        client = frame.client
        assert nxd_mqtt_client_delete(client) == NXD_MQTT_SUCCESS
    assert status_of(function(client, *arguments)) == wanted


def test_netx_mqtt_branch_test():
    frame = Frame()
    assert nxd_mqtt_client_delete(frame.client) == NXD_MQTT_SUCCESS
    assert frame.connect() == NXD_MQTT_INVALID_STATE
    frame.create()
    frame.ip.sockets.refuse(PORT)
    assert frame.connect() == NXD_MQTT_CONNECT_FAILURE
    assert frame.connect(wait=NX_NO_WAIT) == NX_IN_PROGRESS
    assert frame.connect() == NXD_MQTT_CONNECTING
    assert frame.connect(wait=NX_NO_WAIT) == NXD_MQTT_CONNECTING
    assert frame.poll() == NXD_MQTT_CONNECT_FAILURE
    frame.ip.sockets.listen(PORT, frame.script)
    frame.script.accept().expect(STANDARD_CONNECT).wait(100).send(CONNACK).expect(DISCONNECT)
    assert frame.connect(wait=NX_NO_WAIT) == NX_IN_PROGRESS
    frame.poll()
    assert frame.connect() == NXD_MQTT_CONNECTING
    frame.run(100)
    assert frame.connect() == NXD_MQTT_ALREADY_CONNECTED
    assert frame.connect(wait=NX_NO_WAIT) == NXD_MQTT_ALREADY_CONNECTED
    # Bad arguments are named before the state.
    assert frame.connect(port=0) == NX_INVALID_PORT
    assert frame.told == [
        (CONNECT_TOLD, NXD_MQTT_CONNECT_FAILURE),
        (CONNECT_TOLD, NXD_MQTT_SUCCESS),
    ]
    frame.finish()


@pytest.mark.parametrize("payload_size, memory_size", [(0, 1024), (-1, 1024), (256, 255), (256, 0)])
def test_netx_mqtt_branch_test_of_a_pool_without_packets(payload_size, memory_size):
    frame = Frame()
    pool = NX_PACKET_POOL()
    status = nx_packet_pool_create(pool, "pool", payload_size, None, memory_size)
    assert status == NX_SIZE_ERROR
    client = NXD_MQTT_CLIENT()
    assert nxd_mqtt_client_create(client, "n", "id", frame.ip, pool) == POINTER


def test_netx_mqtt_branch_test_of_a_packet_larger_than_the_pool_has():
    frame = Frame(payload_size=32, depth=2).connected()
    subscribe = nxd_mqtt_client_subscribe(frame.client, "t" * 26, 1)
    assert subscribe == NXD_MQTT_PACKET_POOL_FAILURE
    frame.script.expect(b"\x82\x1e\x00\x01\x00\x19" + b"t" * 25 + b"\x01").expect(DISCONNECT)
    assert nxd_mqtt_client_subscribe(frame.client, "t" * 25, 1) == NXD_MQTT_SUCCESS
    frame.finish()


# --- the ends --------------------------------------------------------------------------------


def test_disconnect_is_a_success_in_every_state():
    frame = Frame()
    assert nxd_mqtt_client_disconnect(frame.client) == NXD_MQTT_SUCCESS
    frame.connected()
    frame.script.close()
    frame.poll()
    assert nxd_mqtt_client_disconnect(frame.client) == NXD_MQTT_SUCCESS
    assert nxd_mqtt_client_disconnect(frame.client) == NXD_MQTT_SUCCESS
    frame.check()


@pytest.mark.parametrize("wait_before", [0, SECOND])
def test_a_deleted_client_can_be_created_again(wait_before):
    frame = Frame().connected()
    frame.run(wait_before * 10)
    frame.script.expect(DISCONNECT)
    assert nxd_mqtt_client_delete(frame.client) == NXD_MQTT_SUCCESS
    assert frame.client.state == 0
    frame.create()
    frame.connected()
    frame.script.expect(DISCONNECT)
    frame.finish()
