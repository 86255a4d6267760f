# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Bad networks in every dialect: the same failures have the same statuses, and nothing leaks."""

import pytest
from doubles.dialects import ALL, AS_IF_SILENT
from doubles.script import CONNACK, CONNACK_NOT_AUTHORIZED, DISCONNECT, PINGREQ, puback, publish
from netx_frame import DISCONNECT_TOLD, PORT, SECOND, STANDARD_CONNECT, Frame

from nxd_mqtt.nxd import *

PLAIN = [dialect for dialect in ALL if not dialect.tls]

every = pytest.mark.parametrize("dialect", PLAIN, ids=str)
both = pytest.mark.parametrize(
    "wait", [pytest.param(0, id="poll"), pytest.param(5 * SECOND, id="wait")]
)


def attempt(frame, wait):
    """Connect one way or the other; the status that it ended with."""
    status = frame.connect(wait=wait)
    if wait:
        return status
    assert status == NX_IN_PROGRESS
    return frame.run(40_000)


@every
@both
def test_refused(dialect, wait):
    frame = Frame(dialect=dialect)
    frame.ip.sockets.refuse(PORT)
    for _ in range(20):
        assert attempt(frame, wait) == NXD_MQTT_CONNECT_FAILURE
        assert frame.client.reason[:2] == ("tcp", NXD_MQTT_CONNECT_FAILURE)
    frame.no_leak()
    frame.ip.sockets.listen(PORT, frame.script)
    frame.works()
    frame.no_leak()


@every
@both
def test_no_answer(dialect, wait):
    frame = Frame(dialect=dialect)
    frame.ip.sockets.listen(PORT, None)
    assert attempt(frame, wait) == NXD_MQTT_CONNECT_FAILURE
    assert frame.client.reason[:2] == ("tcp", NXD_MQTT_CONNECT_FAILURE)
    frame.works()
    frame.no_leak()


@every
@both
def test_unknown_host(dialect, wait):
    frame = Frame(dialect=dialect)
    hosts = dict(frame.ip.sockets.hosts)
    frame.ip.sockets.hosts.clear()
    for _ in range(20):
        assert attempt(frame, wait) == NXD_MQTT_CONNECT_FAILURE
        # A stack that has one error for everything may look a name up while it connects.
        assert frame.client.reason[0] in ("dns", "tcp")
    frame.ip.sockets.hosts.update(hosts)
    frame.works()
    frame.no_leak()


@every
def test_no_socket_left(dialect):
    frame = Frame(dialect=dialect)
    frame.ip.sockets.fail("socket", dialect.out_of_sockets.make, times=3)
    for _ in range(3):
        assert frame.connect() == NXD_MQTT_CONNECT_FAILURE
        assert frame.client.reason[:2] == ("tcp", NXD_MQTT_CONNECT_FAILURE)
    frame.works()
    frame.no_leak()


@every
@both
def test_closed_before_the_connack(dialect, wait):
    frame = Frame(dialect=dialect)
    frame.script.accept().expect(STANDARD_CONNECT).close()
    assert attempt(frame, wait) == NXD_MQTT_COMMUNICATION_FAILURE
    frame.check()
    frame.works()
    frame.no_leak()


@every
@both
def test_refused_by_the_broker(dialect, wait):
    frame = Frame(dialect=dialect)
    # One that refuses hangs up at once, and what it said must be heard first.
    frame.script.accept().expect(STANDARD_CONNECT).send(CONNACK_NOT_AUTHORIZED).close()
    assert attempt(frame, wait) == NXD_MQTT_ERROR_NOT_AUTHORIZED
    frame.check()
    frame.works()
    frame.no_leak()


@every
@both
def test_silence(dialect, wait):
    frame = Frame(dialect=dialect)
    frame.script.accept().expect(STANDARD_CONNECT).expect_close()
    assert attempt(frame, wait) == NXD_MQTT_COMMUNICATION_FAILURE
    assert frame.client.reason[:2] == ("connack", NXD_MQTT_COMMUNICATION_FAILURE)
    frame.check()
    # Nothing was waited for inside a socket.
    assert frame.ip.sockets.blocked == []
    frame.works()
    frame.no_leak()


@every
def test_a_session_in_every_dialect(dialect):
    frame = Frame(dialect=dialect).connected(keepalive=60)
    frame.script.send(publish("t", b"m", 7), pieces=1).expect(puback(7))
    frame.script.expect(publish("t", b"m", 1)).send(puback(1))
    frame.run(500)
    assert nxd_mqtt_client_publish(frame.client, "t", "m", 0, 1, SECOND) == NXD_MQTT_SUCCESS
    frame.run(500)
    assert frame.get() == (NXD_MQTT_SUCCESS, b"t", b"m")
    frame.script.expect(DISCONNECT).expect_close()
    assert frame.ip.sockets.blocked == []
    frame.finish()


@every
@pytest.mark.parametrize("ending", ["fin", "reset"])
def test_the_peer_ends_it(dialect, ending):
    frame = Frame(dialect=dialect).connected(keepalive=4)
    frame.script.send(publish("t", b"m"))
    if ending == "fin":
        frame.script.close()
    else:
        frame.script.reset()
    # A stack that does not tell of a reset is found out by the keepalive.
    silent = dialect.receive_ends[ending] == AS_IF_SILENT
    assert frame.run(20_000 if silent else 100) == NXD_MQTT_COMMUNICATION_FAILURE
    assert frame.told[-1] == (DISCONNECT_TOLD,)
    assert frame.told.count((DISCONNECT_TOLD,)) == 1
    assert frame.client.reason[:2] == ("session", NXD_MQTT_COMMUNICATION_FAILURE)
    # What came before the end was read.
    assert frame.get() == (NXD_MQTT_SUCCESS, b"t", b"m")
    frame.works()
    frame.no_leak()


@every
def test_the_peer_vanishes(dialect):
    frame = Frame(dialect=dialect).connected(keepalive=60)
    frame.script.vanish()
    assert frame.run(66_000) == NXD_MQTT_COMMUNICATION_FAILURE
    assert bytes(frame.script.connection.lost) == PINGREQ
    assert frame.told == [(DISCONNECT_TOLD,)]
    frame.works()
    frame.no_leak()


@every
def test_a_close_that_fails(dialect):
    frame = Frame(dialect=dialect)
    frame.ip.sockets.fail("close", OSError(9, "bad file"), times=None)
    frame.script.accept().expect(STANDARD_CONNECT).send(CONNACK).expect(DISCONNECT)
    assert frame.connect() == NXD_MQTT_SUCCESS
    assert nxd_mqtt_client_disconnect(frame.client) == NXD_MQTT_SUCCESS
    frame.check()
    frame.works()
    frame.no_leak()
