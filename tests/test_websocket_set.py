# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""``nxd_mqtt_client_websocket_set``: what it takes, what it refuses, and from when on it counts."""

import pytest
from client_bench import App
from doubles.script import connect as connect_packet
from doubles.websocket_peer import fields_of
from websocket_bench import HOST, PATH, WebSocketApp

from nxd_mqtt.nxd import *
from nxd_mqtt.websocket import *

MISSING = (None, "", b"", 7, 1.5, ["a"], object())
SPOILED = (
    "a b",
    " a",
    "a ",
    "a\r\nX: y",
    "a\n",
    "a\r",
    "a\t",
    "a\0",
    "ä",
    b"a\x7f",
    b"a\x80",
    b"\xff",
    "\ud800",
)


def request_of(app):
    """What the next link asks for: (path, host)."""
    app.connect()
    head = app.peer.request
    return head.split(b" ")[1], fields_of(head)[b"host"]


@pytest.mark.parametrize("value", MISSING, ids=repr)
def test_what_is_missing_or_no_text_is_a_bad_pointer(value):
    app = WebSocketApp()
    for arguments in ((value, PATH), (HOST, value), (value, value)):
        assert nxd_mqtt_client_websocket_set(app.client, *arguments) == NX_PTR_ERROR
        assert app.client.reason[:2] == ("call", NX_PTR_ERROR)
    # What was set before stays.
    assert request_of(app) == (PATH.encode(), HOST.encode())


@pytest.mark.parametrize("value", SPOILED, ids=repr)
def test_what_would_spoil_the_request_is_refused(value):
    app = WebSocketApp()
    path = b"/" + value if isinstance(value, bytes) else "/" + value
    for arguments in ((value, PATH), (HOST, path)):
        status = nxd_mqtt_client_websocket_set(app.client, *arguments)
        assert status == NXD_MQTT_INVALID_PARAMETER
        assert app.client.reason[:2] == ("call", NXD_MQTT_INVALID_PARAMETER)
    assert request_of(app) == (PATH.encode(), HOST.encode())


@pytest.mark.parametrize("path", ["mqtt", b"mqtt/", "?a=b", "*", "http://host/mqtt"])
def test_a_path_begins_with_a_slash(path):
    app = WebSocketApp()
    status = nxd_mqtt_client_websocket_set(app.client, HOST, path)
    assert status == NXD_MQTT_INVALID_PARAMETER
    assert "uri_path" in app.client.reason[2]


@pytest.mark.parametrize("client", [None, 0, "client", object(), NXD_MQTT_CLIENT])
def test_a_client_that_is_none_is_a_bad_pointer(client):
    assert nxd_mqtt_client_websocket_set(client, HOST, PATH) == NX_PTR_ERROR
    assert nxd_mqtt_client_websocket_set(client, None, None) == NX_PTR_ERROR


def test_a_client_that_is_not_created():
    client = NXD_MQTT_CLIENT()
    assert nxd_mqtt_client_websocket_set(client, HOST, PATH) == NXD_MQTT_MUTEX_FAILURE
    # The arguments are looked at first.
    assert nxd_mqtt_client_websocket_set(client, None, PATH) == NX_PTR_ERROR
    app = WebSocketApp()
    assert nxd_mqtt_client_delete(app.client) == NXD_MQTT_SUCCESS
    assert nxd_mqtt_client_websocket_set(app.client, HOST, PATH) == NXD_MQTT_MUTEX_FAILURE


def test_the_arguments_are_kept_as_they_were():
    app = WebSocketApp()
    host, path = bytearray(b"first"), bytearray(b"/first")
    assert nxd_mqtt_client_websocket_set(app.client, host, path) == NXD_MQTT_SUCCESS
    host[:] = b"later"
    path[:] = b"/later"
    assert request_of(app) == (b"/first", b"first")


def test_a_second_call_replaces_the_first():
    app = WebSocketApp()
    for number in range(3):
        host, path = f"host{number}", f"/path{number}"
        assert nxd_mqtt_client_websocket_set(app.client, host, path) == NXD_MQTT_SUCCESS
        assert request_of(app) == (path.encode(), host.encode())
        assert nxd_mqtt_client_disconnect(app.client) == NXD_MQTT_SUCCESS


def test_it_counts_from_the_next_connect_on():
    app = WebSocketApp().connect()
    assert nxd_mqtt_client_websocket_set(app.client, "other", "/other") == NXD_MQTT_SUCCESS
    # The link that is there goes on in its own frames.
    assert app.publish(b"m") == NXD_MQTT_SUCCESS
    assert app.peer.half == b""
    assert len(app.peer.frames) == 2
    assert nxd_mqtt_client_disconnect(app.client) == NXD_MQTT_SUCCESS
    assert app.peer.close_code == 1000
    assert request_of(app) == (b"/other", b"other")


def test_a_client_without_it_speaks_plain_mqtt():
    app = App().connect()
    assert app.peer.received == connect_packet("me")


def test_a_plain_link_stays_plain_until_the_next():
    app = App().connect()
    assert nxd_mqtt_client_websocket_set(app.client, HOST, PATH) == NXD_MQTT_SUCCESS
    assert app.publish(quality=0) == NXD_MQTT_SUCCESS
    assert nxd_mqtt_client_disconnect(app.client) == NXD_MQTT_SUCCESS
    assert app.peer.take() == b"\x30\4\0\1tm" + b"\xe0\0"
    app.script.accept()
    app.start()
    app.poll()
    assert app.peer.received.startswith(b"GET /mqtt HTTP/1.1\r\n")


def test_delete_forgets_it():
    app = WebSocketApp().connect()
    assert nxd_mqtt_client_delete(app.client) == NXD_MQTT_SUCCESS
    app.create()
    app.script.accept()
    app.start()
    app.poll()
    assert app.sockets.connections[-1].received == connect_packet("me")


def test_two_clients_have_one_each():
    first = WebSocketApp()
    second = WebSocketApp()
    assert nxd_mqtt_client_websocket_set(second.client, "second", "/2") == NXD_MQTT_SUCCESS
    assert request_of(first) == (PATH.encode(), HOST.encode())
    assert request_of(second) == (b"/2", b"second")
    first.publish(b"1")
    second.publish(b"2")
    assert first.peer.data_frames()[-1].endswith(b"1")
    assert second.peer.data_frames()[-1].endswith(b"2")


def test_the_port_of_websocket_over_tls():
    assert NXD_MQTT_OVER_WEBSOCKET_TLS_PORT == 443


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("NX_WEBSOCKET_ERROR", 0x30001),
        ("NX_WEBSOCKET_INVALID_PACKET", 0x30007),
        ("NX_WEBSOCKET_INVALID_STATUS_CODE", 0x30008),
        ("NX_WEBSOCKET_DISCONNECTED", 0x30009),
    ],
)
def test_the_numbers_are_those_of_netx(name, number):
    assert globals()[name] == number
