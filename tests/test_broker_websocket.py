# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The broker over WebSocket: to an independent client, and in frames made by hand."""

import base64
import hashlib
import socket
import ssl
import subprocess
import sys
import threading
import time

import pytest
from certificates import Authority
from test_broker_server import (
    BIG,
    CONNACK,
    DISCONNECT,
    PATIENCE,
    PINGREQ,
    PINGRESP,
    WILL,
    At,
    Client,
    big,
    connect_packet,
    puback,
    publish,
    running,
    suback,
    subscribe,
    until,
)
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import connect

from boards.desktop.broker import Broker
from boards.desktop.broker.__main__ import main
from boards.desktop.broker.secure import server_context

PATH = "/mqtt"
MASK = b"\x5a\xa5\x0f\xf0"
KEY = base64.b64encode(bytes(range(16)))
ACCEPT = base64.b64encode(
    hashlib.sha1(KEY + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
)  # RFC 6455, 4.2.2

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
FINAL = 0x80


@pytest.fixture
def broker():
    """A broker that speaks WebSocket."""
    with Broker(websocket=PATH) as broker:
        yield broker


# --- an independent client -----------------------------------------------------------------------


class Web:
    """A client of the package `websockets` that insists on the bytes it hears.

    :param Broker broker: whom to connect to
    :param named: further arguments of `websockets`
    """

    def __init__(self, broker, path=PATH, scheme="ws", **named):
        url = f"{scheme}://localhost:{broker.port}{path}"
        named.setdefault("subprotocols", ["mqtt"])
        self.socket = connect(
            url, proxy=None, open_timeout=PATIENCE, close_timeout=PATIENCE, max_size=None, **named
        )
        self._heard = bytearray()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.socket.close()

    def say(self, *packets):
        """Sends packets in one frame."""
        self.socket.send(b"".join(packets))

    def hear(self, *packets):
        """Receives exactly these packets, however they are framed."""
        wanted = b"".join(packets)
        while len(self._heard) < len(wanted):
            message = self.socket.recv(PATIENCE)
            assert isinstance(message, bytes)
            self._heard += message
        assert self._heard == wanted
        self._heard.clear()

    def hear_the_end(self):
        """Waits for the broker's CLOSE; says its code."""
        with pytest.raises(ConnectionClosed) as caught:
            self.socket.recv(PATIENCE)
        return caught.value.rcvd.code


def web(broker, client_id="c", flags=2, keepalive=0, rest=b"", **named):
    """The same with its CONNACK."""
    client = Web(broker, **named)
    client.say(connect_packet(client_id, flags, keepalive, rest))
    client.hear(CONNACK)
    return client


def test_connect_publish_disconnect(broker):
    with Web(broker) as client:
        assert client.socket.subprotocol == "mqtt"
        client.say(connect_packet("c"))
        client.hear(CONNACK)
        assert broker.clients() == ["c"]
        client.say(subscribe(1, ("a", 1)))
        client.hear(suback(1, 1))
        client.say(publish("a", b"1", 1, 5))
        client.hear(publish("a", b"1", 1, 1), puback(5))
        client.say(PINGREQ)
        client.hear(PINGRESP)
        client.say(DISCONNECT)
        assert client.hear_the_end() == 1000
    assert broker.clients() == []
    assert broker.violations() == []


def test_packets_that_span_frames(broker):
    with Web(broker) as client:
        for byte in connect_packet("c") + subscribe(1, ("a", 1)) + publish("a", b"x", 1, 9):
            client.say(bytes((byte,)))
        client.hear(CONNACK, suback(1, 1), publish("a", b"x", 1, 1), puback(9))


def test_packets_that_share_a_frame(broker):
    with Web(broker) as client:
        client.say(connect_packet("c"), subscribe(1, ("a", 0)), publish("a", b"1"), PINGREQ)
        client.hear(CONNACK, suback(1, 0), publish("a", b"1"), PINGRESP)


def test_a_fragmented_message(broker):
    said = connect_packet("c") + subscribe(1, ("a", 1)) + publish("a", b"x", 1, 9)
    with Web(broker) as client:
        client.socket.send(said[start : start + 7] for start in range(0, len(said), 7))
        client.hear(CONNACK, suback(1, 1), publish("a", b"x", 1, 1), puback(9))


@pytest.mark.parametrize("size", [125, 126, 127, 65_535, 65_536, 300_000])
def test_every_form_of_length(size):
    # Topic, type and length are left out of the size of the frame by taking them from the payload.
    header = 1 + (1 if size < 130 else 3) + 3
    payload = bytes(size - header)
    length = len(payload) + 3
    varied = (
        bytes((length,))
        if length < 128
        else bytes((length & 0x7F | 0x80, length >> 7 & 0x7F | 0x80, length >> 14))
    )
    packet = b"\x30" + varied + b"\0\1a" + payload
    with Broker(websocket=PATH, write_buffer=1_000_000) as broker, web(broker) as client:
        client.say(subscribe(1, ("a", 0)))
        client.hear(suback(1, 0))
        client.say(packet)
        client.hear(packet)


def test_a_ping_is_answered(broker):
    with web(broker) as client:
        answered = client.socket.ping(b"payload")
        assert answered.wait(PATIENCE)


def test_the_broker_pings(broker):
    with web(broker), web(broker, "other"):
        assert broker.ping("c", b"payload")
        until(lambda: broker.statistics()["pongs"] == 1)
        assert not broker.ping("nobody")


def test_a_broker_without_websocket_pings_nobody():
    with Broker() as broker, Client(broker) as client:
        client.say(connect_packet("c"))
        client.hear(CONNACK)
        assert not broker.ping("c")


def test_the_client_closes(broker):
    with web(broker, "watcher") as watcher:
        watcher.say(subscribe(1, ("will", 0)))
        watcher.hear(suback(1, 0))
        client = web(broker, "c", 6, 0, WILL)
        begun = time.monotonic()
        client.socket.close(1001)
        assert time.monotonic() - begun < 0.9
        assert client.socket.close_code == 1001
        # CLOSE is no DISCONNECT.
        watcher.hear(publish("will", b"w"))
    assert broker.violations() == []


def test_a_malformed_packet_closes_after_the_answers(broker):
    with web(broker) as client:
        client.say(PINGREQ, connect_packet("c"), PINGREQ)
        client.hear(PINGRESP)
        assert client.hear_the_end() == 1000
    assert broker.violations()[0].startswith("c: [MQTT-3.1.0-2]")


def test_a_takeover(broker):
    with web(broker) as first, web(broker):
        assert first.hear_the_end() == 1000
        assert broker.clients() == ["c"]
    assert broker.statistics()["takeovers"] == 1


def test_a_cut_says_no_close(broker):
    with web(broker) as client:
        assert broker.cut("c")
        with pytest.raises(ConnectionClosed) as caught:
            client.socket.recv(PATIENCE)
        assert caught.value.rcvd is None


def test_a_text_frame(broker):
    with web(broker) as client:
        client.socket.send("text")
        assert client.hear_the_end() == 1003
    assert broker.violations() == ["c: [MQTT-6.0.0-1] a WebSocket frame of text"]


def test_many_messages_pass(broker):
    count, at_once = 500, 20
    with web(broker, "s") as reader, web(broker, "p") as writer:
        reader.say(subscribe(1, ("a", 1)))
        reader.hear(suback(1, 1))
        for start in range(1, count, at_once):
            numbers = range(start, start + at_once)
            writer.say(*(publish("a", b"%d" % number, 1, number) for number in numbers))
            reader.hear(*(publish("a", b"%d" % number, 1, number) for number in numbers))
            reader.say(*map(puback, numbers))
            writer.hear(*map(puback, numbers))
    assert broker.statistics()["dropped"] == 0


# --- the handshake -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "protocols", "status"),
    [
        ("/", ["mqtt"], 404),
        ("/mqtt/", ["mqtt"], 404),
        ("/MQTT", ["mqtt"], 404),
        (PATH, None, 400),
        (PATH, ["mqttv3.1"], 400),
    ],
)
def test_what_is_not_served(broker, path, protocols, status):
    with pytest.raises(InvalidStatus) as caught:
        Web(broker, path, subprotocols=protocols)
    assert caught.value.response.status_code == status
    assert broker.statistics()["violations"] == 1
    web(broker).socket.close()


@pytest.mark.parametrize(
    ("served", "path"),
    [(True, "/"), (True, "/what/ever?a=b"), (PATH, "/mqtt?a=b"), ("/mqtt?a=b", "/mqtt?a=b")],
)
def test_paths_that_are_served(served, path):
    with Broker(websocket=served) as broker:
        web(broker, path=path).socket.close()


def test_one_of_several_subprotocols(broker):
    with web(broker, subprotocols=["other", "mqtt"]) as client:
        assert client.socket.subprotocol == "mqtt"


def request(first=b"GET /mqtt HTTP/1.1", leave_out=(), **changed):
    """A request for the upgrade."""
    headers = {
        "Host": b"localhost",
        "Upgrade": b"websocket",
        "Connection": b"keep-alive, Upgrade",
        "Sec_WebSocket_Key": KEY,
        "Sec_WebSocket_Version": b"13",
        "Sec_WebSocket_Protocol": b"mqtt",
    } | changed
    lines = [
        name.replace("_", "-").encode() + b": " + value
        for name, value in headers.items()
        if name not in leave_out
    ]
    return b"\r\n".join([first, *lines, b"", b""])


def response(client):
    """The broker's answer, to its end: the status line and the other lines."""
    heard = bytearray()
    while not heard.endswith(b"\r\n\r\n"):
        byte = client.socket.recv(1)
        assert byte
        heard += byte
    first, *lines = heard.decode().lower().splitlines()
    return first, set(lines)


@pytest.mark.parametrize("cut", [1, 3, 4, 50])
def test_a_request_in_pieces(broker, cut):
    with Client(broker) as client:
        client.say(request()[:cut])
        client.say(request()[cut:])
        first, lines = response(client)
    assert first.startswith("http/1.1 101")
    assert "sec-websocket-accept: " + ACCEPT.decode().lower() in lines
    assert {"upgrade: websocket", "connection: upgrade", "sec-websocket-protocol: mqtt"} <= lines


TLS_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"

BAD_REQUESTS = {
    "POST": (request(b"POST /mqtt HTTP/1.1"), 400),
    "HTTP/1.0 without a head": (b"GET /mqtt HTTP/1.0\r\n\r\n", 400),
    "no HTTP": (b"GET me out\r\n\r\n", 400),
    "MQTT": (connect_packet("c"), 400),
    "TLS": (TLS_HELLO, 400),
    "no Upgrade": (request(leave_out=["Upgrade"]), 400),
    "no Connection": (request(leave_out=["Connection"]), 400),
    "no key": (request(leave_out=["Sec_WebSocket_Key"]), 400),
    "no host": (request(leave_out=["Host"]), 400),
    "no version": (request(leave_out=["Sec_WebSocket_Version"]), 400),
    "an old version": (request(Sec_WebSocket_Version=b"8"), 426),
    "another upgrade": (request(Upgrade=b"h2c"), 400),
    "no text": (request(Sec_WebSocket_Protocol=b"mqtt\xff"), 400),
    "a host that is no name": (request(Host=b"xn--\xff"), 400),
    "early frames": (request() + b"\x82", 400),
    "an endless head": (b"GET /mqtt HTTP/1.1\r\nA: " + bytes(8200).replace(b"\0", b"a"), 431),
}


@pytest.mark.parametrize("what", BAD_REQUESTS)
def test_bad_requests(broker, what):
    said, status = BAD_REQUESTS[what]
    with Client(broker) as client:
        client.say(said)
        first, lines = response(client)
        assert first.startswith(f"http/1.1 {status} ")
        assert "connection: close" in lines
        if status == 426:
            assert "sec-websocket-version: 13" in lines
        assert client.hear_the_end() < 0.9
    assert len(broker.violations()) == 1
    assert "WebSocket handshake: " in broker.violations()[0]
    web(broker).socket.close()


@pytest.mark.parametrize("begun", [b"", b"GET /mqtt HTTP/1.1\r\n", request()])
def test_silence_instead_of_connect(begun):
    with Broker(websocket=PATH, connect_seconds=0.1) as broker, Client(broker) as client:
        client.say(begun)
        if begun == request():
            response(client)
            client.say(b"\x89\x80" + MASK)
            client.hear(b"\x8a\0")
        assert client.hear_the_end() < 3


# --- frames made by hand -------------------------------------------------------------------------


def frame(payload=b"", opcode=BINARY, flags=FINAL):
    """A masked frame."""
    length = len(payload)
    if length < 126:
        header = bytes((flags | opcode, 0x80 | length))
    else:
        header = bytes((flags | opcode, 0xFE)) + length.to_bytes(2, "big")
    masked = bytes(byte ^ MASK[index % 4] for index, byte in enumerate(payload))
    return header + MASK + masked


class Raw(Client):
    """A socket that has been upgraded, and the frames that it says and hears.

    :param Broker broker: whom to connect to
    """

    def __init__(self, broker, buffer=None):
        super().__init__(broker, buffer)
        self.say(request())
        assert response(self)[0].startswith("http/1.1 101")

    def hear_frame(self, most=None):
        """The first byte and the payload of the next frame."""
        first, length = self.take(2)
        if length == 126:
            length = int.from_bytes(self.take(2), "big")
        elif length == 127:
            length = int.from_bytes(self.take(8), "big")
        assert length < 0x80 or length > 125
        assert most is None or length <= most
        return first, bytes(self.take(length))


def raw(broker, client_id="c", flags=2, keepalive=0, buffer=None):
    """The same with its CONNACK."""
    client = Raw(broker, buffer)
    client.say(frame(connect_packet(client_id, flags, keepalive)))
    assert client.hear_frame() == (FINAL | BINARY, CONNACK)
    return client


def test_every_byte_of_a_frame_by_itself(broker):
    with Raw(broker) as client:
        for packet, answer in ((connect_packet("c"), CONNACK), (PINGREQ, PINGRESP)):
            for byte in frame(packet):
                client.say(bytes((byte,)))
            assert client.hear_frame() == (FINAL | BINARY, answer)


def test_several_frames_in_one_piece(broker):
    with Raw(broker) as client:
        client.say(frame(connect_packet("c")), frame(), frame(PINGREQ), frame(PINGREQ))
        assert client.hear_frame() == (FINAL | BINARY, CONNACK + PINGRESP * 2)


def test_control_frames_between_fragments(broker):
    with raw(broker) as client:
        client.say(
            frame(PINGREQ[:1], BINARY, 0),
            frame(b"one", PING),
            frame(b"", CONTINUATION, 0),
            frame(b"stray", PONG),
            frame(PINGREQ[1:], CONTINUATION),
        )
        assert client.hear_frame() == (FINAL | PONG, b"one")
        assert client.hear_frame() == (FINAL | BINARY, PINGRESP)
    assert broker.statistics()["pongs"] == 0


def test_only_the_right_pong_counts(broker):
    with raw(broker) as client:
        assert broker.ping("c", b"right")
        assert client.hear_frame() == (FINAL | PING, b"right")
        client.say(frame(b"wrong", PONG), frame(b"right", PONG), frame(PINGREQ))
        client.hear_frame()
    assert broker.statistics()["pongs"] == 1


@pytest.mark.parametrize("payload", [b"", b"\x03\xe8", b"\x03\xe9away", b"\x0f\xa0"])
def test_a_close_is_answered_with_its_code(broker, payload):
    with raw(broker) as client:
        client.say(frame(payload, CLOSE))
        assert client.hear_frame() == (FINAL | CLOSE, payload[:2])
        assert client.hear_the_end() < 0.9
    assert broker.clients() == []
    assert broker.violations() == []


def test_the_broker_s_close_waits_for_the_client_s(broker):
    with raw(broker) as client:
        client.say(frame(DISCONNECT))
        assert client.hear_frame() == (FINAL | CLOSE, b"\x03\xe8")
        client.say(frame(PINGREQ), frame(b"", PING))
        client.socket.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.socket.recv(1)
        client.socket.settimeout(PATIENCE)
        client.say(frame(b"\x03\xe8", CLOSE))
        assert client.hear_the_end() < 0.9


def test_the_broker_s_close_does_not_wait_for_ever(broker):
    with raw(broker) as client:
        client.say(frame(DISCONNECT))
        client.hear_frame()
        assert client.hear_the_end() < 2


def test_both_close_at_once(broker):
    with raw(broker) as client:
        client.say(frame(DISCONNECT), frame(b"\x03\xe8", CLOSE))
        assert client.hear_frame() == (FINAL | CLOSE, b"\x03\xe8")
        assert client.hear_the_end() < 0.9


BAD_FRAMES = {
    "no mask": (b"\x82\2" + PINGREQ, 1002),
    "a reserved bit": (frame(PINGREQ, BINARY, FINAL | 0x40), 1002),
    "an unknown opcode": (frame(b"", 3), 1002),
    "an unknown control": (frame(b"", 11), 1002),
    "a fragmented control": (frame(b"", PING, 0), 1002),
    "a large control": (frame(bytes(126), PING), 1002),
    "the middle first": (frame(PINGREQ, CONTINUATION), 1002),
    "two beginnings": (frame(PINGREQ[:1], BINARY, 0) + frame(PINGREQ[1:]), 1002),
    "a long way to say 2": (b"\x82\xfe\0\2" + MASK + bytes(2), 1002),
    "half a code": (frame(b"\x03", CLOSE), 1002),
    "a code for nobody": (frame(b"\x03\xed", CLOSE), 1002),
    "text": (frame(b"text", TEXT), 1003),
    "the beginning of text": (frame(b"te", TEXT, 0), 1003),
    "text that is none": (frame(b"\xff", TEXT), 1007),
}


@pytest.mark.parametrize("what", BAD_FRAMES)
def test_bad_frames(broker, what):
    said, code = BAD_FRAMES[what]
    with raw(broker) as client:
        client.say(frame(PINGREQ), said, frame(PINGREQ))
        assert client.hear_frame() == (FINAL | BINARY, PINGRESP)
        first, payload = client.hear_frame()
        assert (first, payload[:2]) == (FINAL | CLOSE, code.to_bytes(2, "big"))
        client.socket.shutdown(socket.SHUT_WR)
        assert client.hear_the_end() < 0.9
    assert broker.statistics()["violations"] == len(broker.violations()) == 1
    assert broker.violations()[0].startswith("c: ")


def test_a_mute_broker_goes_on_below_mqtt(broker):
    with raw(broker) as client:
        broker.mute = True
        client.say(frame(PINGREQ), frame(b"below", PING))
        assert client.hear_frame() == (FINAL | PONG, b"below")
        with Raw(broker) as late:
            late.say(frame(connect_packet("late")))
            broker.mute = False
            assert late.hear_frame() == (FINAL | BINARY, CONNACK)
        assert client.hear_frame() == (FINAL | BINARY, PINGRESP)


# --- time ----------------------------------------------------------------------------------------


def test_websocket_pings_do_not_keep_mqtt_alive(broker):
    with raw(broker, keepalive=1) as client:
        client.socket.settimeout(0.2)
        begun = time.monotonic()
        pongs = 0
        try:
            while time.monotonic() < begun + PATIENCE:
                client.say(frame(b"", PING))
                pongs += client.hear_frame() == (FINAL | PONG, b"")
                time.sleep(0.1)
        except (OSError, ValueError):  # ended, in the middle of a frame or before it
            pass
        assert 1.2 < time.monotonic() - begun < 3
        assert pongs > 5
    assert broker.statistics()["keepalive_timeouts"] == 1


@pytest.mark.parametrize("begun", [b"", b"GET", request()])
def test_a_stop_ends_whatever_was_begun(broker, begun):
    with Client(broker) as client, web(broker) as other:
        client.say(begun)
        started = time.monotonic()
        broker.stop()
        assert time.monotonic() - started < 3
        with pytest.raises(ConnectionClosed):
            other.socket.recv(PATIENCE)
        while client.socket.recv(1000):
            pass
    broker.start()
    web(broker).socket.close()


# --- frames of a size, and pressure --------------------------------------------------------------


def test_frames_of_a_size():
    size = 5
    packet = publish("a", bytes(range(100)))
    with Broker(websocket=PATH, frame_size=size) as broker, raw(broker) as client:
        client.say(frame(subscribe(1, ("a", 0)) + packet))
        wanted = suback(1, 0) + packet
        frames = []
        while sum(len(payload) for _, payload in frames) < len(wanted):
            frames.append(client.hear_frame(size))
    assert b"".join(payload for _, payload in frames) == wanted
    kinds = [first for first, _ in frames]
    message = [BINARY, CONTINUATION, FINAL | CONTINUATION]
    assert kinds[:6] == message * 2
    assert kinds[-1] in (FINAL | CONTINUATION, FINAL | BINARY)
    assert len(frames) == -(-len(wanted) // size)


@pytest.mark.parametrize("size", [1, 2, 125, 126])
def test_frames_of_a_size_to_an_independent_client(size):
    with Broker(websocket=PATH, frame_size=size) as broker, Web(broker) as client:
        client.say(connect_packet("c"), subscribe(1, ("a", 1)))
        client.hear(CONNACK, suback(1, 1))
        for number in range(1, 6):
            client.say(publish("a", bytes(100), 1, number))
            client.hear(publish("a", bytes(100), 1, number), puback(number))
            client.say(puback(number))


@pytest.mark.parametrize("qos", [0, 1])
def test_a_slow_reader_loses_nothing_without_a_limit(qos):
    count = 200
    with (
        Broker(websocket=PATH, queued_messages=0, in_flight=count, socket_buffer=BIG) as broker,
        raw(broker, "s", 0, buffer=4096) as reader,
        web(broker, "p") as writer,
    ):
        reader.say(frame(subscribe(1, ("a", qos))))
        assert reader.hear_frame() == (FINAL | BINARY, suback(1, qos))
        for number in range(count):
            writer.say(big(qos, number + 1, number))
        if qos:
            writer.hear(*(puback(number + 1) for number in range(count)))
        writer.say(PINGREQ)
        writer.hear(PINGRESP)
        assert broker.statistics()["queued"] > 50
        heard = bytearray()
        wanted = b"".join(big(qos, number + 1, number) for number in range(count))
        while len(heard) < len(wanted):
            heard += reader.hear_frame()[1]
        assert heard == wanted
        assert broker.statistics()["dropped"] == 0


def test_a_client_that_reads_no_answers_is_not_read_any_more():
    broker = Broker(websocket=PATH, write_buffer=1000, socket_buffer=8192)
    said = frame(PINGREQ * 500) * 1000
    with broker, raw(broker, keepalive=1, buffer=32_768) as client:
        client.socket.settimeout(0.1)
        sent, quiet_since = 0, time.monotonic()
        while sent < len(said) and time.monotonic() < quiet_since + 1.7:
            try:
                sent += client.socket.send(said[sent : sent + 10_000])
                quiet_since = time.monotonic()
            except TimeoutError:
                pass
        assert sent < len(said) // 2
        assert broker.clients() == ["c"]
        client.socket.settimeout(PATIENCE)
        rest = len(frame(PINGREQ * 500))
        end = -(-sent // rest) * rest
        writer = threading.Thread(target=client.say, args=(said[sent:end],))
        writer.start()
        wanted = PINGRESP * (500 * end // rest)
        heard = bytearray()
        while len(heard) < len(wanted):
            heard += client.hear_frame()[1]
        writer.join()
        assert heard == wanted


def test_a_client_that_reads_no_pongs_gets_the_last_one():
    count = 20_000
    broker = Broker(websocket=PATH, write_buffer=1000, socket_buffer=8192)
    with broker, raw(broker, buffer=4096) as client:
        for start in range(0, count, 1000):
            numbers = range(start, start + 1000)
            client.say(*(frame(b"%0125d" % number, PING) for number in numbers))
        heard = []
        while not heard or heard[-1] < count - 1:
            first, payload = client.hear_frame()
            assert first == FINAL | PONG
            heard.append(int(payload))
    assert heard == sorted(heard)
    assert len(heard) < count // 2


# --- over TLS ------------------------------------------------------------------------------------


def test_over_tls_with_a_client_certificate(tmp_path):
    authority = Authority(tmp_path)
    context = server_context(*authority.server(), authority.root)
    # This client reads in one thread and writes in another: a ticket that comes while it says its
    # first words can make it deaf.
    context.num_tickets = 0
    trust = ssl.create_default_context(cafile=authority.root)
    with Broker(ssl_context=context, websocket=PATH, frame_size=1000) as broker:
        with pytest.raises((OSError, EOFError, WebSocketException)):
            Web(broker, scheme="wss", ssl=trust)
        trust.load_cert_chain(*authority.client("device"))
        with web(broker, scheme="wss", ssl=trust) as client:
            assert broker.common_name("c") == "device"
            client.say(subscribe(1, ("a", 1)), big(1, 7, 0))
            client.hear(suback(1, 1), big(1, 1, 0), puback(7))
            assert broker.ping("c", b"p")
            until(lambda: broker.statistics()["pongs"] == 1)
            client.say(DISCONNECT)
            assert client.hear_the_end() == 1000
        begun = time.monotonic()
        web(broker, scheme="wss", ssl=trust).socket.close()
        assert time.monotonic() - begun < 3
        until(lambda: broker.clients() == [])


# --- the package that it needs -------------------------------------------------------------------


def test_without_wsproto(monkeypatch):
    monkeypatch.delitem(sys.modules, "boards.desktop.broker.websocket", raising=False)
    monkeypatch.setitem(sys.modules, "wsproto", None)
    with pytest.raises(ModuleNotFoundError, match=r"needs wsproto: install nxd-mqtt\[desktop\]"):
        Broker(websocket=PATH)
    with Broker() as broker, Client(broker) as client:
        client.say(connect_packet("c"))
        client.hear(CONNACK)


def test_nothing_is_imported_before_it_is_asked_for():
    program = (
        "import sys, boards.desktop.broker as b; b.Broker(); print('wsproto' in sys.modules); "
        "b.Broker(websocket=True); print('wsproto' in sys.modules)"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=20
    )
    assert said.stdout.split() == ["False", "True"]


def test_the_command():
    process, line = running("--port", "0", "--websocket", PATH)
    with process:
        assert line.endswith(" at WebSocket path /mqtt\n")
        web(At(line)).socket.close()
        process.terminate()
        assert process.communicate(timeout=PATIENCE) == ("", "")
    assert process.returncode == 0


@pytest.mark.parametrize("path", ["mqtt", ""])
def test_the_command_with_a_path_that_nothing_matches(path, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["--port", "0", "--websocket", path])
    assert caught.value.code == 2
    assert "argument --websocket: a path begins with a slash" in capsys.readouterr().err
