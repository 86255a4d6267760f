# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""An upgrade that comes to nothing: every answer that is none, servers that go or are silent."""

import pytest
from client_bench import CONNECTED, CONNECTING, IDLE
from doubles.dialects import ALL
from doubles.script import CONNACK
from doubles.trials import PORT
from doubles.websocket_peer import FIELDS, STATUS, accept_of, answer, except_for, good_answer
from websocket_bench import ERROR, REFUSED, WebSocketApp, nobody

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *

SECOND = 100
LIMIT = 10_000
OVERDUE = NXD_MQTT_COMMUNICATION_FAILURE

both = pytest.mark.parametrize("wait", [0, 30 * SECOND], ids=["poll", "wait"])


def attempt(app, wait=0, seconds=30):
    """Connect one way or the other until it has ended; the status of that."""
    status = app.start(wait)
    if wait:
        return status
    assert status == NX_IN_PROGRESS
    for _ in range(seconds * 100):
        status = app.poll(1)
        if status:
            return status
    raise AssertionError("it never ends")


def ended(app, status, result, wait):
    """The attempt has ended at the upgrade, was told once, and left nothing behind."""
    assert app.state == IDLE
    assert app.reason() == ("websocket", status)
    assert app.told == ([] if wait else [("connect", result)])
    assert app.all_closed()
    assert app.peer.frames == []
    assert app.peer.half == b""
    assert app.polls(3) == [NXD_MQTT_NOT_CONNECTED]


def works(app):
    """The next link is a good one."""
    app.renew_script()
    app.connect()
    assert app.state == CONNECTED


# --- HTTP that is no yes -------------------------------------------------------------------------

CODES = {
    "403": "HTTP/1.1 403 Forbidden",
    "401": "HTTP/1.1 401 Unauthorized",
    "301": "HTTP/1.1 301 Moved Permanently",
    "400": "HTTP/1.1 400 Bad Request",
    "404": "HTTP/1.1 404",
    "426": "HTTP/1.1 426 Upgrade Required",
    "500": "HTTP/1.1 500 Internal Server Error",
    "200": "HTTP/1.1 200 OK",
    "100": "HTTP/1.1 100 Continue",
    "102": "HTTP/1.1 102 Processing",
    "503": "HTTP/1.0 503 Service Unavailable",
    "1010": "HTTP/1.1 201 101",
}


@pytest.mark.parametrize("code", CODES)
@both
def test_a_server_that_refuses(code, wait):
    status = CODES[code]
    page = answer((*FIELDS, ("Content-Length", "4")), status=status) + "page"
    app = WebSocketApp()
    app.serve(nobody, response=page)
    assert attempt(app, wait) == (NXD_MQTT_CONNECT_FAILURE if wait else REFUSED)
    ended(app, REFUSED, REFUSED, wait)
    assert status in app.client.reason[2]
    works(app)


def test_a_refusal_is_known_with_its_first_line():
    app = WebSocketApp()
    app.serve(nobody, response=CODES["403"] + "\r\n")
    app.start()
    assert app.polls(2) == [REFUSED, NXD_MQTT_NOT_CONNECTED]


@pytest.mark.parametrize("size", [1, 3, 12])
def test_a_refusal_in_pieces(size):
    app = WebSocketApp()
    app.serve(nobody, response=CODES["403"] + "\r\n", pieces=size)
    assert attempt(app) == REFUSED
    assert "403" in app.client.reason[2]


def test_a_refusal_with_a_page_that_is_longer_than_any_buffer():
    app = WebSocketApp()
    app.serve(nobody, response=CODES["500"] + "\r\n" * 2 + "x" * 100_000)
    assert attempt(app) == REFUSED
    works(app)


def test_what_a_server_writes_into_its_refusal_is_shown_without_its_control_characters():
    app = WebSocketApp()
    app.serve(nobody, response=b"HTTP/1.1 403 \x1b[31mno\0\xff\r\n\r\n")
    assert attempt(app) == REFUSED
    assert app.client.reason[2].isprintable()
    assert "403" in app.client.reason[2]


# --- an answer that is a yes and wrong -----------------------------------------------------------

WRONG = {
    "no accept": except_for(accept=None),
    "another accept": except_for(accept="s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
    "an empty accept": except_for(accept=""),
    "accept with more": except_for(accept="{accept}="),
    "accept twice": except_for(accept=["{accept}"] * 2),
    "another accept before it": except_for(accept=["x", "{accept}"]),
    "another subprotocol before it": except_for(protocol=["chat", "mqtt"]),
    "accept, and another one": except_for(accept=["{accept}", "x"]),
    "no subprotocol": except_for(protocol=None),
    "another subprotocol": except_for(protocol="mqttv3.1"),
    "subprotocol in capitals": except_for(protocol="MQTT"),
    "an empty subprotocol": except_for(protocol=""),
    "two subprotocols": except_for(protocol="mqtt, chat"),
    "subprotocol twice": except_for(protocol=["mqtt"] * 2),
    "no upgrade": except_for(upgrade=None),
    "another upgrade": except_for(upgrade="h2c"),
    "an upgrade like it": except_for(upgrade="websockets"),
    "no connection": except_for(connection=None),
    "another connection": except_for(connection="keep-alive"),
    "a connection like it": except_for(connection="upgraded"),
    "an extension": (*FIELDS, ("Sec-WebSocket-Extensions", "permessage-deflate")),
    "an extension first": (("sec-websocket-extensions", "x"), *FIELDS),
    "nothing at all": (),
}


@pytest.mark.parametrize("name", WRONG)
@both
def test_a_yes_that_is_wrong(name, wait):
    app = WebSocketApp()
    app.serve(nobody, response=answer(WRONG[name]))
    assert attempt(app, wait) == (NXD_MQTT_CONNECT_FAILURE if wait else ERROR)
    ended(app, ERROR, ERROR, wait)
    works(app)


def test_capitals_count_in_the_accept():
    app = WebSocketApp()

    def swap(end):
        key = accept_of(end.request).decode().swapcase()
        end.raw(answer(except_for(accept=key)).encode())

    app.serve(swap).silent = True
    assert attempt(app) == ERROR


def test_the_accept_of_another_link_is_wrong():
    app = WebSocketApp().connect()
    old = accept_of(app.peer.request).decode()
    app.peer.close()
    app.polls(3)
    app.told.clear()
    app.serve(nobody, response=answer(except_for(accept=old)))
    assert attempt(app) == ERROR
    assert "accept" in app.client.reason[2]


# --- what is no HTTP -----------------------------------------------------------------------------

NO_HTTP = {
    "CONNACK": CONNACK,
    "a TLS alert": b"\x15\x03\x03\x00\x02\x02\x46",
    "an empty line": b"\r\n",
    "a line feed": b"\n",
    "a greeting": b"SSH-2.0-OpenSSH_9.2\r\n",
    "HTTP of another time": b"HTTP/2.0 101 Switching Protocols\r\n\r\n",
    "a short line": b"HTTP\r\n",
    "in small letters": b"http/1.1 101 Switching Protocols\r\n\r\n",
    "an answer behind an empty line": b"\r\n" + STATUS.encode() + b"\r\n",
    "zeros": bytes(40),
    "a frame": b"\x82\x04\x20\x02\x00\x00",
    "without an end": b"x" * 5000,
}


@pytest.mark.parametrize("name", NO_HTTP)
@both
def test_what_is_no_http_is_told_apart(name, wait):
    app = WebSocketApp()
    app.serve(nobody, response=NO_HTTP[name])
    began = app.clock.elapsed
    assert attempt(app, wait) == (NXD_MQTT_CONNECT_FAILURE if wait else ERROR)
    ended(app, ERROR, ERROR, wait)
    assert "HTTP" in app.client.reason[2]
    # Nobody waits for more of it.
    assert app.clock.elapsed - began < 1000
    works(app)


@pytest.mark.parametrize("name", ["a line feed", "a short line", "CONNACK"])
def test_what_is_no_http_is_told_apart_also_behind_an_answer_that_was(name):
    app = WebSocketApp()
    app.serve(nobody, response=CODES["403"] + "\r\n")
    assert attempt(app) == REFUSED
    app.serve(nobody, response=NO_HTTP[name])
    assert attempt(app) == ERROR


# --- servers that go, or are silent --------------------------------------------------------------

HALVES = (b"", b"HT", b"HTTP/1.1 101 Swit", b"HTTP/1.1 101 X\r\nUpgrade: webso")
ENDS = {"goodbye": lambda end: end.close(), "reset": lambda end: end.reset()}


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize("end", ENDS)
@both
def test_a_server_that_goes_in_the_middle(half, end, wait):
    app = WebSocketApp()

    def leaves(peer):
        peer.raw(half)
        ENDS[end](peer)

    app.serve(leaves).silent = True
    assert attempt(app, wait) == NXD_MQTT_CONNECT_FAILURE
    ended(app, NXD_MQTT_CONNECT_FAILURE, NXD_MQTT_CONNECT_FAILURE, wait)
    works(app)


@pytest.mark.parametrize("half", HALVES)
@both
def test_a_server_that_never_answers(half, wait):
    app = WebSocketApp()
    app.serve(lambda end: end.raw(half)).silent = True
    began = app.clock.elapsed
    assert attempt(app, wait) == NXD_MQTT_CONNECT_FAILURE
    assert LIMIT <= app.clock.elapsed - began <= LIMIT + 10
    ended(app, NXD_MQTT_CONNECT_FAILURE, NXD_MQTT_CONNECT_FAILURE, wait)
    assert "in time" in str(app.client.reason[2])
    works(app)


def test_a_server_whose_answer_never_ends():
    """A field each second: the limit is for all of it."""
    app = WebSocketApp()

    def more(end):
        end.raw(b"X: y\r\n")
        app.clock.later(1000, lambda: end.connection.closed_by_client or more(end))

    def begin(end):
        end.raw(STATUS.encode() + b"\r\n")
        more(end)

    app.serve(begin).silent = True
    began = app.clock.elapsed
    assert attempt(app) == NXD_MQTT_CONNECT_FAILURE
    assert app.clock.elapsed - began <= LIMIT + 10
    assert app.reason() == ("websocket", NXD_MQTT_CONNECT_FAILURE)


def test_the_limit_is_that_of_the_connack_and_covers_both():
    app = WebSocketApp()
    assert nxd_mqtt_client_timeout_set(app.client, NXD_MQTT_TIMEOUT_CONNACK, 300) == 0

    def late(end):
        app.clock.later(2000, lambda: end.raw(good_answer(end.request)))

    app.serve(late).silent = True
    began = app.clock.elapsed
    assert attempt(app) == OVERDUE
    # The upgrade has taken two seconds of the three; the CONNACK never came.
    assert 3000 <= app.clock.elapsed - began <= 3010
    assert app.reason() == ("connack", OVERDUE)
    assert app.peer.data_frames()


def test_a_disconnect_in_the_middle_ends_it():
    app = WebSocketApp()
    app.serve(nobody).silent = True
    app.start()
    app.poll()
    assert app.state == CONNECTING
    assert nxd_mqtt_client_disconnect(app.client) == NXD_MQTT_SUCCESS
    assert app.state == IDLE
    assert app.all_closed()
    # No frame before the answer, a CLOSE neither.
    assert app.peer.half == b""
    assert app.peer.frames == []
    works(app)


# --- waiting, not spinning -----------------------------------------------------------------------


@pytest.mark.parametrize("dialect", [one for one in ALL if one.pollable], ids=str)
def test_waiting_for_the_answer_is_one_wait(dialect):
    app = WebSocketApp(dialect=dialect)
    app.serve(nobody).silent = True
    assert app.start(3 * SECOND) == NXD_MQTT_CONNECT_FAILURE
    waits = app.sockets.waits
    # CONNECT waits behind the upgrade, and is no reason to wait for room to write.
    assert len(waits) <= 3
    assert all(not wait.wants & 2 for wait in waits)
    assert app.sockets.count("recv_into") <= 6
    assert app.sockets.count("send") == 1
    assert app.sockets.blocked == []


def test_waiting_for_room_for_the_request_is_one_wait():
    app = WebSocketApp()

    def full(connection):
        connection.accept_limit = 0
        app.server(connection)

    app.sockets.listen(PORT, full)
    assert app.start(3 * SECOND) == NXD_MQTT_CONNECT_FAILURE
    assert len(app.sockets.waits) <= 3
    assert all(wait.wants & 2 for wait in app.sockets.waits)


@pytest.mark.parametrize("count", [1, 10])
def test_a_turn_while_the_answer_is_missing_takes_no_time(count):
    app = WebSocketApp()
    app.serve(nobody).silent = True
    app.start()
    app.poll()
    began = app.clock.elapsed
    calls = len(app.sockets.calls)
    assert app.polls(count) == [NXD_MQTT_SUCCESS]
    assert app.clock.elapsed == began
    assert len(app.sockets.calls) - calls <= 2 * count
    assert app.sockets.waits == []
