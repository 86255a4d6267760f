# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The upgrade: what is asked for, every way in which a server may say yes, and what follows it."""

import base64

import pytest
from client_bench import CONNECTED, CONNECTING
from doubles.script import CONNACK, publish
from doubles.script import connect as connect_packet
from doubles.trials import PORT
from doubles.websocket_peer import FIELDS, STATUS, answer, except_for, fields_of, frame, good_answer
from websocket_bench import HOST, PATH, WebSocketApp, nobody

from nxd_mqtt.nxd import *
from nxd_mqtt.websocket import *

REQUEST = (
    "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n"
)


def began(**named):
    """An application whose client has asked for the upgrade, and no answer."""
    app = WebSocketApp()
    app.serve(app.script, **named)
    app.script.accept()
    assert app.start() == NX_IN_PROGRESS
    assert app.poll() == NXD_MQTT_SUCCESS
    return app


# --- the request ---------------------------------------------------------------------------------


def keys_of(app, count):
    """The keys of so many links."""
    keys = []
    for _ in range(count):
        app.connect()
        keys.append(fields_of(app.peer.request)[b"sec-websocket-key"])
        assert nxd_mqtt_client_disconnect(app.client) == NXD_MQTT_SUCCESS
    return keys


@pytest.mark.parametrize(
    ("host", "path"),
    [
        (HOST, PATH),
        (b"10.0.0.7:8080", b"/"),
        (bytearray(b"a"), "/$iothub/websocket?iothub-no-client-cert=true"),
        ("h" * 253, "/" + "p" * 900),
    ],
)
def test_the_request_byte_by_byte(host, path):
    app = WebSocketApp()
    assert nxd_mqtt_client_websocket_set(app.client, host, path) == NXD_MQTT_SUCCESS
    app.connect()
    text = [one if isinstance(one, str) else one.decode() for one in (host, path)]
    key = fields_of(app.peer.request)[b"sec-websocket-key"].decode()
    assert app.peer.request.decode() == REQUEST.format(host=text[0], path=text[1], key=key)


def test_the_key_is_sixteen_bytes_and_never_the_same():
    keys = keys_of(WebSocketApp(), 20)
    assert {len(base64.b64decode(key, validate=True)) for key in keys} == {16}
    assert len(set(keys)) == 20


def test_each_link_of_a_client_that_connects_again_asks_anew():
    app = WebSocketApp().connect()
    first = app.peer
    app.peer.close()
    app.polls(2)
    app.connect()
    assert first.request != app.peer.request
    assert len(app.server.ends) == 2


@pytest.mark.parametrize("limit", [1, 7, 100])
def test_the_request_goes_out_in_pieces(limit):
    app = WebSocketApp()
    room = [0, limit]

    def accept(connection):
        connection.accept_limit = lambda: room[0]
        app.server(connection)

    app.sockets.listen(PORT, accept)
    app.script.accept().expect(connect_packet("me")).send(CONNACK)
    assert app.start() == NX_IN_PROGRESS
    for _ in range(500):
        assert app.poll() == NXD_MQTT_SUCCESS
        room.reverse()
        if app.state == CONNECTED:
            break
    assert app.state == CONNECTED
    app.script.check()


# --- the answers that are good -------------------------------------------------------------------

LONG = "x" * 600
GOOD = {
    "as most say it": answer(),
    "as NetX's test says it": answer(except_for(upgrade="WebSocket")),
    "in capitals": answer(except_for(upgrade="WEBSOCKET", connection="UPGRADE")),
    "names in small letters": answer([(name.lower(), value) for name, value in FIELDS]),
    "names in capitals": answer([(name.upper(), value) for name, value in FIELDS]),
    "no reason": answer(status="HTTP/1.1 101"),
    "another reason": answer(status="HTTP/1.1 101 Web Socket Protocol Handshake"),
    "a long reason": answer(status=STATUS + LONG),
    "tokens": answer(except_for(connection="keep-alive, Upgrade", upgrade="h2c, WebSocket")),
    "tokens without blanks": answer(except_for(connection="keep-alive,upgrade,close")),
    "an empty token": answer(except_for(connection=",, Upgrade ,")),
    "tokens in several lines": answer(except_for(connection=["keep-alive", "Upgrade"])),
    "tokens behind the good one": answer(except_for(connection=["Upgrade", "keep-alive"])),
    "twice the same": answer(except_for(connection=["Upgrade"] * 2, upgrade=["websocket"] * 2)),
    "blanks around values": answer([(name, f"  {value} \t ") for name, value in FIELDS]),
    "no blanks": answer().replace(": ", ":"),
    "another order": answer(FIELDS[::-1]),
    "lines that end with LF": answer().replace("\r\n", "\n"),
    "more fields": answer((("Server", "nobody"), *FIELDS, ("Date", "Sat, 01 Jan 2000"))),
    "a long line": answer((("Set-Cookie", LONG), *FIELDS, ("Content-Security-Policy", LONG))),
    "a longer line": answer((*FIELDS, ("X", LONG * 8))),
    "very many fields": answer((*[(f"X-{n}", str(n)) for n in range(500)], *FIELDS)),
    "a line without a colon": answer().replace("Upgrade:", "nonsense\r\nUpgrade:", 1),
    "bytes beyond ASCII": answer((*FIELDS, ("X", "é\xff"))),
    "names that begin alike": answer((*FIELDS, ("Upgrade-Insecure-Requests", "1"))),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_server_that_says_yes(name):
    app = began(response=GOOD[name])
    app.polls(10)
    assert app.peer.take() == connect_packet("me")
    app.peer.send(CONNACK)
    assert app.poll() == NXD_MQTT_SUCCESS
    assert app.state == CONNECTED
    assert app.told == [("connect", 0)]


@pytest.mark.parametrize("name", ["as most say it", "tokens in several lines", "a long line"])
def test_an_answer_in_two_reads(name):
    response = GOOD[name]
    for cut in range(1, len(response)):
        app = began(response=response, pieces=[cut])
        assert app.polls(3) == [NXD_MQTT_SUCCESS], cut
        assert app.peer.take() == connect_packet("me"), cut


def test_an_answer_that_comes_slowly_byte_by_byte():
    app = WebSocketApp()
    app.serve(nobody).silent = True
    app.start()
    app.poll()
    # Each byte is alone in its segment, and the client looks in between.
    for byte in good_answer(app.peer.request):
        assert app.peer.take() == b""
        app.peer.raw(bytes([byte]))
        assert app.poll() == NXD_MQTT_SUCCESS
    assert app.peer.take() == connect_packet("me")


@pytest.mark.parametrize("size", [1, 2, 5, 16, 50])
def test_an_answer_that_has_come_in_small_pieces(size):
    app = began(response=GOOD["more fields"], pieces=size)
    assert app.polls(200) == [NXD_MQTT_SUCCESS], app.client.reason
    assert app.peer.take() == connect_packet("me")


# --- what follows --------------------------------------------------------------------------------


def test_connect_goes_out_behind_the_answer_only():
    app = WebSocketApp()
    app.serve(nobody).silent = True
    assert app.start() == NX_IN_PROGRESS
    assert app.polls(5) == [NXD_MQTT_SUCCESS]
    assert app.peer.request
    assert app.peer.frames == []
    assert app.peer.half == b""
    app.peer.raw(good_answer(app.peer.request))
    assert app.poll() == NXD_MQTT_SUCCESS
    assert app.peer.take() == connect_packet("me")
    assert app.state == CONNECTING


FIRST_WORDS = {
    "CONNACK": frame(CONNACK),
    "CONNACK in two frames": frame(CONNACK[:1], final=False) + frame(CONNACK[1:], opcode=0),
    "a ping and CONNACK": frame(b"hello", opcode=9) + frame(CONNACK),
    "CONNACK and a message": frame(CONNACK + publish("t", b"m")),
    "an empty frame and CONNACK": frame() + frame(CONNACK),
}


@pytest.mark.parametrize("name", FIRST_WORDS)
@pytest.mark.parametrize("whole", [True, False], ids=["one read", "many reads"])
def test_what_a_server_says_behind_the_answer_is_kept(name, whole):
    words = FIRST_WORDS[name]
    pieces = None if whole else [len(answer()) + 20]
    app = began(behind=words, pieces=pieces)
    assert app.polls(10) == [NXD_MQTT_SUCCESS]
    assert app.state == CONNECTED
    assert app.told[0] == ("connect", 0)
    assert app.peer.take() == connect_packet("me")
    assert app.peer.pongs == ([b"hello"] if "ping" in name else [])
    assert app.messages() == ([b"m"] if "message" in name else [])


@pytest.mark.parametrize("extra", range(1, 7))
def test_a_frame_that_begins_in_the_read_of_the_answer(extra):
    app = WebSocketApp()
    app.serve(nobody).silent = True
    app.start()
    app.poll()
    words = frame(CONNACK)
    app.peer.raw(good_answer(app.peer.request) + words[:extra])
    app.polls(3)
    assert app.peer.take() == connect_packet("me")
    app.peer.raw(words[extra:])
    app.poll()
    assert app.state == CONNECTED
