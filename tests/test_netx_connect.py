# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Twins of NetX's regression tests for connect: the CONNECT byte for byte, and every answer."""

import pytest
from doubles.script import (
    CONNACK,
    CONNACK_BAD_LOGIN,
    CONNACK_NOT_AUTHORIZED,
    CONNACK_PRESENT,
    CONNACK_UNAVAILABLE,
    DISCONNECT,
)
from netx_frame import (
    CLEAN_CONNECT,
    CONNECT_TOLD,
    DISCONNECT_TOLD,
    PORT,
    SECOND,
    STANDARD_CONNECT,
    Frame,
)

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import (
    NXD_MQTT_TIMEOUT_CONNACK,
    NXD_MQTT_TIMEOUT_CONNECT,
    nxd_mqtt_client_timeout_set,
)

IN_ORDER = ("session", NXD_MQTT_SUCCESS, "disconnected by the application")


def test_netx_mqtt_connect_test():
    frame = Frame()
    frame.script.accept().expect(STANDARD_CONNECT).send(CONNACK).wait(20).close()
    assert frame.connect() == NXD_MQTT_SUCCESS
    assert frame.told == [(CONNECT_TOLD, NXD_MQTT_SUCCESS)]
    assert frame.run(20) == NXD_MQTT_COMMUNICATION_FAILURE
    frame.finish()
    assert frame.told == [(CONNECT_TOLD, NXD_MQTT_SUCCESS), (DISCONNECT_TOLD,)]


def test_a_broker_that_leaves_right_after_its_connack():
    frame = Frame()
    frame.script.accept().expect(STANDARD_CONNECT).send(CONNACK).close()
    assert frame.connect() == NXD_MQTT_SUCCESS
    # That the link ended inside connect changes nothing: poll tells it, once.
    assert frame.poll() == NXD_MQTT_COMMUNICATION_FAILURE
    assert frame.poll() == NXD_MQTT_NOT_CONNECTED
    assert frame.told == [(CONNECT_TOLD, NXD_MQTT_SUCCESS), (DISCONNECT_TOLD,)]
    frame.finish()


def test_netx_mqtt_connect_v6_test():
    frame = Frame()
    frame.script.accept().expect(STANDARD_CONNECT).send(CONNACK)
    assert frame.connect("2001::5") == NXD_MQTT_SUCCESS
    assert frame.script.connection.address == ("2001::5", PORT)
    frame.script.close()
    frame.finish()


def test_netx_mqtt_connack_error_test():
    frame = Frame()
    frame.script.accept().expect(STANDARD_CONNECT).send(CONNACK_NOT_AUTHORIZED).expect_close()
    assert frame.connect() == NXD_MQTT_ERROR_NOT_AUTHORIZED
    frame.finish()
    assert frame.told == [(CONNECT_TOLD, NXD_MQTT_ERROR_NOT_AUTHORIZED)]


def connect_auth(username, password, connect):
    """Refused without a login, accepted with it, and then with a broker that hangs up."""
    frame = Frame()
    frame.script.accept().expect(STANDARD_CONNECT).send(CONNACK_NOT_AUTHORIZED).expect_close()
    assert frame.connect() == NXD_MQTT_ERROR_NOT_AUTHORIZED
    assert nxd_mqtt_client_login_set(frame.client, username, password) == NXD_MQTT_SUCCESS
    frame.script.accept().expect(connect).send(CONNACK).expect(DISCONNECT).expect_close()
    assert frame.connect() == NXD_MQTT_SUCCESS
    assert nxd_mqtt_client_disconnect(frame.client) == NXD_MQTT_SUCCESS
    # The login outlives the disconnect here; in C it has to be set again.
    frame.script.accept().expect(connect).close()
    assert frame.connect() == NXD_MQTT_COMMUNICATION_FAILURE
    frame.finish()


def test_netx_mqtt_connect_auth_test():
    connect_auth(
        "username",
        "password",
        b"\x10\x24\x00\x04MQTT\x04\xc0\x00\x00\x00\x041234\x00\x08username\x00\x08password",
    )


def test_netx_mqtt_connect_auth_empty_test():
    connect_auth("", "", b"\x10\x14\x00\x04MQTT\x04\xc0\x00\x00\x00\x041234\x00\x00\x00\x00")


@pytest.mark.parametrize(
    "username, password, connect",
    [
        ("username", None, b"\x10\x1a\x00\x04MQTT\x04\x80\x00\x00\x00\x041234\x00\x08username"),
        ("", None, b"\x10\x12\x00\x04MQTT\x04\x80\x00\x00\x00\x041234\x00\x00"),
        (None, "password", STANDARD_CONNECT),
        (None, None, STANDARD_CONNECT),
        (
            b"n",
            b"\xff\x00",
            b"\x10\x17\x00\x04MQTT\x04\xc0\x00\x00\x00\x041234\x00\x01n\x00\x02\xff\x00",
        ),
    ],
)
def test_netx_mqtt_null_password_test(username, password, connect):
    frame = Frame()
    assert nxd_mqtt_client_login_set(frame.client, username, password) == NXD_MQTT_SUCCESS
    frame.script.accept().expect(connect).send(CONNACK).expect(DISCONNECT).expect_close()
    assert frame.connect() == NXD_MQTT_SUCCESS
    frame.finish()


def test_a_login_may_be_asked_before_every_connect():
    frame = Frame()
    tokens = iter(("one", "two"))
    assert nxd_mqtt_client_login_set(frame.client, "user", lambda: next(tokens)) == NXD_MQTT_SUCCESS
    for token in (b"one", b"two"):
        connect = b"\x10\x1b\x00\x04MQTT\x04\xc0\x00\x00\x00\x041234\x00\x04user\x00\x03" + token
        frame.script.accept().expect(connect).send(CONNACK).expect(DISCONNECT).expect_close()
        assert frame.connect() == NXD_MQTT_SUCCESS
        assert nxd_mqtt_client_disconnect(frame.client) == NXD_MQTT_SUCCESS
    frame.finish()


# --- wills -----------------------------------------------------------------------------------

WILL = b"\x10\x20\x00\x04MQTT\x04\x2c\x00\x00\x00\x041234\x00\x05topic\x00\x07message"
WILL_TOPIC = b"\x10\x19\x00\x04MQTT\x04\x04\x00\x00\x00\x041234\x00\x05topic\x00\x00"
WILL_AND_LOGIN = (
    b"\x10\x34\x00\x04MQTT\x04\xec\x00\x00\x00\x041234"
    b"\x00\x05topic\x00\x07message\x00\x08username\x00\x08password"
)


def will(frame, message, retain, quality):
    """Set the will of the regression tests."""
    return nxd_mqtt_client_will_message_set(frame.client, "topic", message, retain, quality)


def test_netx_mqtt_connect_will_message_test():
    frame = Frame()
    assert will(frame, "message", NX_TRUE, 1) == NXD_MQTT_SUCCESS
    frame.connected(wanted=WILL)
    frame.script.close()
    frame.finish()


@pytest.mark.parametrize("message", [None, "", b""])
def test_netx_mqtt_connect_will_topic_only_test(message):
    frame = Frame()
    assert will(frame, message, NX_FALSE, 0) == NXD_MQTT_SUCCESS
    frame.connected(wanted=WILL_TOPIC)
    frame.script.close()
    frame.finish()


def test_netx_mqtt_connect_with_auth_will_test():
    frame = Frame()
    assert will(frame, "message", NX_TRUE, 1) == NXD_MQTT_SUCCESS
    assert nxd_mqtt_client_login_set(frame.client, "username", "password") == NXD_MQTT_SUCCESS
    frame.connected(wanted=WILL_AND_LOGIN)
    frame.script.close()
    frame.finish()


def test_a_will_that_is_set_twice_is_overwritten():
    frame = Frame()
    assert will(frame, "message", NX_TRUE, 1) == NXD_MQTT_SUCCESS
    assert will(frame, None, NX_FALSE, 0) == NXD_MQTT_SUCCESS
    frame.connected(wanted=WILL_TOPIC)
    frame.script.expect(DISCONNECT).expect_close()
    frame.finish()


def test_login_and_will_outlive_a_disconnect_a_loss_and_a_refusal():
    frame = Frame()
    assert will(frame, "message", NX_TRUE, 1) == NXD_MQTT_SUCCESS
    assert nxd_mqtt_client_login_set(frame.client, "username", "password") == NXD_MQTT_SUCCESS
    frame.connected(wanted=WILL_AND_LOGIN)
    frame.script.expect(DISCONNECT).expect_close()
    assert nxd_mqtt_client_disconnect(frame.client) == NXD_MQTT_SUCCESS
    frame.script.accept().expect(WILL_AND_LOGIN).send(CONNACK_BAD_LOGIN).expect_close()
    assert frame.connect() == NXD_MQTT_ERROR_BAD_USERNAME_PASSWORD
    frame.connected(wanted=WILL_AND_LOGIN)
    frame.script.close()
    assert frame.poll() == NXD_MQTT_COMMUNICATION_FAILURE
    frame.connected(wanted=WILL_AND_LOGIN)
    frame.script.close()
    frame.finish()


def test_netx_mqtt_connect_packet_send_failure_test():
    frame = Frame(payload_size=64)
    assert will(frame, "m" * 40, NX_FALSE, 0) == NXD_MQTT_SUCCESS
    # In C: CONNECT_FAILURE. Here a packet beyond payload_size is always the pool's failure.
    frame.script.accept().expect_close()
    assert frame.connect() == NXD_MQTT_PACKET_POOL_FAILURE
    assert frame.client.reason[1] == NXD_MQTT_PACKET_POOL_FAILURE
    assert will(frame, "m" * 37, NX_FALSE, 0) == NXD_MQTT_SUCCESS
    largest = b"\x10\x3e\x00\x04MQTT\x04\x04\x00\x00\x00\x041234\x00\x05topic\x00\x25" + b"m" * 37
    frame.connected(wanted=largest)
    frame.script.close()
    frame.finish()


# --- without waiting -------------------------------------------------------------------------


def test_netx_mqtt_connect_non_block_test():
    frame = Frame()
    frame.script.accept().expect(STANDARD_CONNECT).wait(500).send(CONNACK)
    assert frame.connect(wait=NX_NO_WAIT) == NX_IN_PROGRESS
    assert frame.ip.sockets.calls == []
    assert frame.told == []
    assert frame.run(1000) == NXD_MQTT_SUCCESS
    assert frame.told == [(CONNECT_TOLD, NXD_MQTT_SUCCESS)]
    frame.script.close()
    frame.finish()


def test_netx_mqtt_connect_non_block_2_test():
    frame = Frame()
    for turn in range(1, 7):
        answer = CONNACK_UNAVAILABLE if turn % 2 else CONNACK
        frame.script.accept().expect(STANDARD_CONNECT).send(answer)
        if turn % 2:
            frame.script.expect_close()
        else:
            frame.script.wait(20).close()
        assert frame.connect(wait=NX_NO_WAIT) == NX_IN_PROGRESS
        ended = frame.run(1000)
        if turn % 2:
            assert ended == NXD_MQTT_ERROR_SERVER_UNAVAILABLE
            assert frame.forget() == [(CONNECT_TOLD, NXD_MQTT_ERROR_SERVER_UNAVAILABLE)]
        else:
            assert ended == NXD_MQTT_COMMUNICATION_FAILURE
            assert frame.forget() == [(CONNECT_TOLD, NXD_MQTT_SUCCESS), (DISCONNECT_TOLD,)]
    frame.finish()


def test_connect_without_waiting_learns_of_a_refusal():
    frame = Frame()
    frame.ip.sockets.refuse(PORT)
    assert frame.connect(wait=NX_NO_WAIT) == NX_IN_PROGRESS
    assert frame.poll() == NXD_MQTT_CONNECT_FAILURE
    assert frame.told == [(CONNECT_TOLD, NXD_MQTT_CONNECT_FAILURE)]
    assert frame.poll() == NXD_MQTT_NOT_CONNECTED
    assert frame.client.reason[:2] == ("tcp", NXD_MQTT_CONNECT_FAILURE)
    frame.no_leak()


def test_connect_without_waiting_ends_when_nobody_answers_the_syn():
    frame = Frame()
    frame.ip.sockets.listen(PORT, None)
    assert nxd_mqtt_client_timeout_set(frame.client, NXD_MQTT_TIMEOUT_CONNECT, 2 * SECOND) == 0
    assert frame.connect(wait=NX_NO_WAIT) == NX_IN_PROGRESS
    assert frame.poll() == NXD_MQTT_CONNECT_FAILURE
    assert frame.time.elapsed == 2000
    assert frame.told == [(CONNECT_TOLD, NXD_MQTT_CONNECT_FAILURE)]
    assert frame.client.reason[:2] == ("tcp", NXD_MQTT_CONNECT_FAILURE)
    frame.no_leak()


@pytest.mark.parametrize("limit, wanted", [(None, 10_000), (SECOND, 1000), (30 * SECOND, 30_000)])
def test_connect_without_waiting_ends_when_no_connack_comes(limit, wanted):
    frame = Frame()
    frame.script.accept().expect(STANDARD_CONNECT).expect_close()
    if limit:
        status = nxd_mqtt_client_timeout_set(frame.client, NXD_MQTT_TIMEOUT_CONNACK, limit)
        assert status == NXD_MQTT_SUCCESS
    assert frame.connect(wait=NX_NO_WAIT) == NX_IN_PROGRESS
    assert frame.run(wanted - 10) == NXD_MQTT_SUCCESS
    assert frame.told == []
    assert frame.run(10) == NXD_MQTT_COMMUNICATION_FAILURE
    assert frame.told == [(CONNECT_TOLD, NXD_MQTT_CONNECT_FAILURE)]
    assert frame.client.reason[:2] == ("connack", NXD_MQTT_COMMUNICATION_FAILURE)
    frame.check()


# --- waiting ---------------------------------------------------------------------------------


@pytest.mark.parametrize("wait", [1, 50, SECOND, 5 * SECOND])
def test_connect_waits_no_longer_than_it_is_told(wait):
    frame = Frame()
    frame.script.accept().expect(STANDARD_CONNECT).expect_close()
    assert frame.connect(wait=wait) == NXD_MQTT_COMMUNICATION_FAILURE
    assert frame.time.elapsed == wait * 10
    # A caller that waits learns it from the status alone.
    assert frame.told == []
    frame.check()


def test_a_wait_is_one_budget_for_name_connection_and_answer():
    frame = Frame()
    frame.ip.sockets.connect_takes = 700
    frame.script.accept().expect(STANDARD_CONNECT).wait(700).send(CONNACK)
    assert frame.connect(wait=SECOND) == NXD_MQTT_COMMUNICATION_FAILURE
    assert frame.time.elapsed == 1000
    frame.no_leak()


def test_connect_for_ever_ends_all_the_same_when_no_connack_comes():
    frame = Frame()
    frame.script.accept().expect(STANDARD_CONNECT).expect_close()
    assert frame.connect(wait=NX_WAIT_FOREVER) == NXD_MQTT_COMMUNICATION_FAILURE
    assert frame.time.elapsed == 10_000
    frame.check()


def test_a_connack_may_come_in_pieces_and_with_more_behind_it():
    frame = Frame()
    publish = b"\x30\x06\x00\x01they"
    frame.script.accept().expect(STANDARD_CONNECT).send(CONNACK + publish, pieces=1)
    assert frame.connect() == NXD_MQTT_SUCCESS
    frame.poll(10)
    assert frame.get() == (NXD_MQTT_SUCCESS, b"t", b"hey")
    frame.script.expect(DISCONNECT)
    frame.finish()


def test_bytes_of_a_refused_connection_do_not_reach_the_next():
    frame = Frame()
    frame.script.accept().expect(STANDARD_CONNECT).send(CONNACK_UNAVAILABLE + b"\x20\x02")
    assert frame.connect() == NXD_MQTT_ERROR_SERVER_UNAVAILABLE
    frame.connected()
    frame.script.close()
    frame.finish()


def test_session_present_is_told():
    frame = Frame()
    for answer, present in ((CONNACK_PRESENT, 1), (CONNACK, 0)):
        frame.script.accept().expect(STANDARD_CONNECT).send(answer).expect(DISCONNECT)
        assert frame.connect() == NXD_MQTT_SUCCESS
        assert frame.client.session_present == present
        assert nxd_mqtt_client_disconnect(frame.client) == NXD_MQTT_SUCCESS
        assert frame.client.reason == IN_ORDER
    frame.finish()


@pytest.mark.parametrize(
    "clean, connect", [(1, CLEAN_CONNECT), (2, CLEAN_CONNECT), (0, STANDARD_CONNECT)]
)
def test_clean_session_is_a_truth(clean, connect):
    frame = Frame().connected(clean=clean, wanted=connect)
    frame.script.expect(DISCONNECT)
    frame.finish()


@pytest.mark.parametrize("client_id", [None, "", b""])
def test_a_client_without_an_id_must_begin_anew(client_id):
    frame = Frame(client_id=client_id)
    assert frame.connect(clean=NX_FALSE) == NXD_MQTT_INVALID_PARAMETER
    assert frame.ip.sockets.calls == []
    frame.connected(clean=NX_TRUE, wanted=b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x00\x00\x00")
    frame.script.expect(DISCONNECT)
    frame.finish()
