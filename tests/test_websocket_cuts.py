# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Wherever a WebSocket link is cut, no QoS 1 message is lost and all keep their order.

A window of messages is sent again for each byte of its first link, the upgrade included; the link
ends behind that byte, and the client, which connects again by itself, goes on. In every dialect the
socket also takes what it likes of each offer.
"""

from itertools import cycle

import pytest
from client_bench import CONNECTED
from doubles.dialects import TAKES_PART
from doubles.played_broker import PlayedBroker
from doubles.script import CONNACK, puback
from doubles.trials import PORT, every
from doubles.websocket_peer import BINARY, PING, frame
from hypothesis import given, settings
from hypothesis import strategies as st
from test_cut_everywhere import COUNT, ENDS, NAMES, TOO_FAR, check_window, pass_time
from websocket_bench import WebSocketApp

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *


class Cut:
    """A server whose first connection ends behind a byte.

    :param int from_client: so many bytes of the client come in
    :param int to_client: so many bytes reach the client
    :param end: ends the connection
    """

    def __init__(self, app, from_client, to_client, end):
        self._app = app
        self._left = from_client
        self._room = to_client
        self._end = end
        self.sent = 0
        app.sockets.listen(PORT, self)

    def __call__(self, connection):
        """Take a connection; the first one is cut."""
        if not self._app.server.ends:
            self._limit(connection)
        self._app.server(connection)
        if len(self._app.server.ends) == 1:
            read = connection.on_data

            def count_and_read():
                read()
                if len(connection.received) == self._left:
                    self._end(connection)

            connection.on_data = count_and_read

    def _limit(self, connection):
        send = connection.send

        def send_and_count(data, pieces=None):
            self.sent += len(data)
            if not connection.ending:
                send(data[: self._room], pieces)
                self._room -= len(data)
                if self._room <= 0:
                    connection.close()

        connection.send = send_and_count
        connection.accept_limit = lambda: self._left - len(connection.received)


def send_window(from_client, to_client, end="read first", forget=False):
    """Ten messages out, over a link that is cut; returns the application."""
    app = WebSocketApp(depth=COUNT + 1, queue=1024)
    app.broker = PlayedBroker()
    app.serve(app.broker)
    app.cut = Cut(app, from_client, to_client, ENDS[end])
    assert nxd_mqtt_client_reconnect_set(app.client, 10, 20) == NXD_MQTT_SUCCESS
    assert app.start(clean=0) == NX_IN_PROGRESS
    assert nxd_mqtt_client_subscribe(app.client, "a/b", 1) == NXD_MQTT_SUCCESS
    for number, name in enumerate(NAMES):
        assert app.publish(name) == NXD_MQTT_SUCCESS
        if number % 3 == 0:
            app.poll()
    app.polls(3)
    if forget:
        app.broker.forget()
    pass_time(app, lambda: not app.statistics["unacknowledged"] and app.state == CONNECTED)
    return app


def sizes_of_window():
    """The bytes that an undisturbed story has in each direction."""
    app = send_window(TOO_FAR, TOO_FAR)
    check_window(app)
    assert len(app.server.ends) == 1
    return len(app.peer.connection.received), app.cut.sent


FROM_CLIENT, TO_CLIENT = sizes_of_window()

every_session = pytest.mark.parametrize("forget", [False, True], ids=["kept", "forgotten"])


def test_the_story_has_the_upgrade_and_frames():
    request = b"GET /mqtt HTTP/1.1\r\n"
    assert len(request) + 150 < FROM_CLIENT < 500
    assert 129 + COUNT * 6 < TO_CLIENT < 300


@every_session
@pytest.mark.parametrize("end", ENDS)
def test_a_link_that_is_cut_on_the_way_to_the_broker(end, forget):
    for count in range(1, FROM_CLIENT + 1):
        app = send_window(count, TOO_FAR, end, forget)
        assert len(app.server.ends) == 2, count
        check_window(app)
        assert app.sockets.double_closes == []


@every_session
def test_a_link_that_is_cut_on_the_way_to_the_client(forget):
    for count in range(TO_CLIENT + 1):
        app = send_window(TOO_FAR, count, forget=forget)
        assert len(app.server.ends) == 2, count
        check_window(app)


# --- sockets that take a part, or nothing --------------------------------------------------------

LIMITS = st.lists(st.just(0) | st.integers(1, 9) | st.integers(1, 400), min_size=1).filter(any)
PAYLOADS = st.lists(st.integers(0, 60) | st.sampled_from((118, 119, 600, 1300)), max_size=6)


def exchange(dialect, limits, sizes):
    """Messages of these sizes through a socket that takes so much of one offer after the other."""
    app = WebSocketApp(payload_size=1500, depth=8, dialect=dialect).connect()
    end = app.peer
    if dialect.short_send == TAKES_PART:
        limited = cycle(limits)
        end.accept_limit = lambda: next(limited)
    messages = [bytes([number]) * size for number, size in enumerate(sizes)]
    for number, message in enumerate(messages):
        while app.publish(message) != NXD_MQTT_SUCCESS:
            app.poll()
        end.raw(frame(b"%d" % number, PING))
        app.poll()
    for _ in range(10_000):
        assert app.poll() == NXD_MQTT_SUCCESS
        if not app.client._link.unsent(app.client._session.unsent()):
            break
    return app, messages


def check_exchange(dialect, limits, sizes):
    """All came, in order, in frames that are whole, and no TLS layer was offered other bytes."""
    app, messages = exchange(dialect, limits, sizes)
    end = app.peer
    assert app.sockets.corruptions == []
    assert end.half == b""
    assert end.connection.lost == b""
    stream = end.take()
    for number, message in enumerate(messages, 1):
        packet = b"\x32" + _length(5 + len(message)) + b"\0\1t" + number.to_bytes(2, "big")
        assert stream.startswith(packet + message)
        stream = stream[len(packet + message) :]
    assert stream == b""
    assert not sizes or end.pongs[-1] == b"%d" % (len(sizes) - 1)
    end.send(b"".join(puback(number + 1) for number in range(len(sizes))))
    app.polls(20)
    assert app.statistics["acknowledged"] == len(sizes)


def _length(size):
    return bytes([size]) if size < 128 else bytes([size & 0x7F | 0x80, size >> 7])


@every()
def test_a_socket_may_take_any_part_of_an_offer(dialect):
    play = given(LIMITS, PAYLOADS)
    settings(max_examples=40)(play(lambda limits, sizes: check_exchange(dialect, limits, sizes)))()


@pytest.mark.long
@every()
def test_a_socket_may_take_any_part_of_very_many_offers(dialect):
    play = given(LIMITS, PAYLOADS)
    settings(max_examples=400)(play(lambda limits, sizes: check_exchange(dialect, limits, sizes)))()


@every(where=lambda dialect: dialect.short_send == TAKES_PART)
@pytest.mark.parametrize("limits", [[1], [0, 1], [0, 0, 3], [2, 0], [None]], ids=str)
def test_a_slow_socket(dialect, limits):
    check_exchange(dialect, limits, [0, 1, 118, 600, 1300])


@every(where=lambda dialect: dialect.tls)
def test_what_was_refused_is_offered_again_unchanged(dialect):
    """Also when more has come to wait meanwhile: a ping's answer, and a second message."""
    app = WebSocketApp(payload_size=1500, dialect=dialect).connect()
    app.peer.accept_limit = 0
    app.publish(b"first")
    app.peer.raw(frame(b"?", PING))
    app.polls(3)
    app.publish(b"second")
    app.polls(3)
    app.peer.accept_limit = None
    app.polls(3)
    assert app.sockets.corruptions == []
    assert [one.opcode for one in app.peer.frames][:2] == [BINARY, BINARY]
    assert app.peer.pongs == [b"?"]
    assert app.peer.take().count(b"second") == 1


@every(where=lambda dialect: dialect.tls)
def test_a_request_that_was_refused_is_offered_again_unchanged(dialect):
    app = WebSocketApp(dialect=dialect)
    limits = iter([0, 0, None])

    def slow(connection):
        connection.accept_limit = lambda: next(limits, None)
        app.server(connection)

    app.sockets.listen(PORT, slow)
    app.script.accept().expect("10 ??").send(CONNACK)
    app.start()
    app.polls(6)
    assert app.sockets.corruptions == []
    assert app.state == CONNECTED
