# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Twins of NetX's two tests of MQTT over WebSocket, and what goes wrong there made right."""

import pytest
from doubles.script import CONNACK, PINGRESP, publish
from doubles.websocket_peer import PING, WebSocketServer, answer, except_for, frame
from netx_frame import CONNECT_TOLD, CONNECTED, PORT, SECOND, STANDARD_CONNECT, Frame

from nxd_mqtt.nxd import *
from nxd_mqtt.websocket import *

HOST, PATH = "test.host.org", "/mqtt"
LOOPS = 4
# As NetX's server says it, with the capital letters.
ANSWER = answer(except_for(upgrade="WebSocket"))
PIECES = [50, 50]


class WebSocketFrame(Frame):
    """A client that speaks WebSocket, and NetX's server of it."""

    def __init__(self, **named):
        super().__init__(**named)
        status = nxd_mqtt_client_websocket_set(self.client, HOST, PATH)
        assert status == NXD_MQTT_SUCCESS
        self.server = WebSocketServer(self.script, response=ANSWER)
        self.ip.sockets.listen(PORT, self.server)

    @property
    def end(self):
        """The server's end of the newest connection."""
        return self.server.ends[-1]


def loop(number):
    """A fresh client, and the server of one of NetX's loops; odd ones answer in three pieces."""
    bench = WebSocketFrame()
    bench.server.pieces = PIECES if number % 2 else None
    bench.script.accept().expect(STANDARD_CONNECT).call(
        lambda end: end.raw(bytes.fromhex("82 04 20 02 00 00"))
    )
    return bench


def test_netx_mqtt_websocket_block_test():
    for number in range(LOOPS):
        bench = loop(number)
        assert bench.connect(wait=NX_WAIT_FOREVER) == NXD_MQTT_SUCCESS
        assert bench.client.state == CONNECTED
        assert bench.end.request.startswith(b"GET /mqtt HTTP/1.1\r\nHost: test.host.org\r\n")
        assert nxd_mqtt_client_disconnect(bench.client) == NXD_MQTT_SUCCESS
        assert bench.end.take() == STANDARD_CONNECT + b"\xe0\0"
        assert bench.end.close_code == 1000
        assert nxd_mqtt_client_delete(bench.client) == NXD_MQTT_SUCCESS
        bench.no_leak()


def test_netx_mqtt_websocket_non_block_test():
    for number in range(LOOPS):
        bench = loop(number)
        assert bench.connect(wait=NX_NO_WAIT) == NX_IN_PROGRESS
        assert bench.run(10 * SECOND) == NXD_MQTT_SUCCESS
        assert bench.told == [(CONNECT_TOLD, NXD_MQTT_SUCCESS)]
        assert nxd_mqtt_client_disconnect(bench.client) == NXD_MQTT_SUCCESS
        assert nxd_mqtt_client_delete(bench.client) == NXD_MQTT_SUCCESS
        bench.no_leak()


def linked():
    """A client with a link."""
    bench = loop(0)
    assert bench.connect() == NXD_MQTT_SUCCESS
    bench.forget()
    return bench


# --- what NetX gets wrong ------------------------------------------------------------------------


def test_a_packet_of_125_bytes_both_ways():
    bench = linked()
    payload = b"x" * (125 - 2 - 2 - 6 - 2)
    packet = publish("topic1", payload, 1)
    assert len(packet) == 125
    assert bench.publish(message=payload) == NXD_MQTT_SUCCESS
    assert bench.end.data_frames()[-1] == packet
    bench.end.raw(b"\x82\x7d" + packet)
    assert bench.poll(2) == NXD_MQTT_SUCCESS
    assert bench.get() == (NXD_MQTT_SUCCESS, b"topic1", payload)


def test_an_empty_ping_does_no_harm():
    bench = linked()
    bench.end.raw(b"\x89\x00" + frame(publish("t", b"m")))
    assert bench.poll(2) == NXD_MQTT_SUCCESS
    assert bench.end.pongs == [b""]
    assert bench.get()[2] == b"m"


def test_a_ping_is_answered():
    bench = linked()
    bench.end.raw(frame(b"payload", PING))
    bench.poll()
    assert bench.end.pongs == [b"payload"]


def test_a_second_call_breaks_nothing():
    bench = linked()
    assert nxd_mqtt_client_websocket_set(bench.client, HOST, PATH) == NXD_MQTT_SUCCESS
    bench.end.raw(frame(PINGRESP + publish("t", b"m")))
    assert bench.poll(2) == NXD_MQTT_SUCCESS
    assert bench.get()[2] == b"m"
    assert nxd_mqtt_client_disconnect(bench.client) == NXD_MQTT_SUCCESS
    bench.script.accept().expect(STANDARD_CONNECT).send(CONNACK)
    assert bench.connect() == NXD_MQTT_SUCCESS


def test_token_lists_and_bytes_behind_the_answer_are_taken():
    bench = WebSocketFrame()
    bench.server.response = answer(except_for(connection="keep-alive, Upgrade"))
    bench.server.behind = frame(CONNACK)
    bench.script.accept().expect(STANDARD_CONNECT)
    assert bench.connect() == NXD_MQTT_SUCCESS
    bench.script.check()


# --- failures that are told to a client that does not wait ---------------------------------------

FAILURES = {
    NX_WEBSOCKET_ERROR: lambda end: end.raw(b"\x20\2\0\0\0\0\0\0"),
    NX_WEBSOCKET_INVALID_STATUS_CODE: lambda end: end.raw(b"HTTP/1.1 403 Forbidden\r\n\r\n"),
}
LATER_FAILURES = {
    NX_WEBSOCKET_INVALID_PACKET: b"\x81\0",
    NX_WEBSOCKET_DISCONNECTED: b"\x88\2\x03\xe9",
}


def check_failure(bench, status):
    """It is told once, as it is, and a client that waits is told CONNECT_FAILURE."""
    assert bench.connect(wait=NX_NO_WAIT) == NX_IN_PROGRESS
    assert bench.run(10 * SECOND) == status
    assert bench.forget() == [(CONNECT_TOLD, status)]
    assert bench.client.reason[:2] == ("websocket", status)
    assert bench.connect() == NXD_MQTT_CONNECT_FAILURE
    assert bench.forget() == []
    assert bench.client.reason[:2] == ("websocket", status)
    bench.no_leak()


@pytest.mark.parametrize("status", FAILURES, ids=hex)
def test_a_failed_upgrade_is_told_with_its_own_number(status):
    bench = WebSocketFrame()
    bench.server.silent = True
    bench.server.acceptor = FAILURES[status]
    check_failure(bench, status)


@pytest.mark.parametrize("status", LATER_FAILURES, ids=hex)
def test_a_failure_behind_the_upgrade_is_told_with_its_own_number(status):
    bench = WebSocketFrame()
    bench.server.acceptor = lambda end: end.raw(LATER_FAILURES[status])
    check_failure(bench, status)
