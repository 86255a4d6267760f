# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Wherever a link is cut, byte by byte and in both directions, no QoS 1 message is lost.

One story is played again for each byte of its first link: connect, subscribe, ten messages at
QoS 1. The link ends behind that byte, and the client, which connects again by itself, goes on.
"""

import pytest
from client_bench import CONNECTED, App
from doubles.played_broker import PlayedBroker
from doubles.trials import PORT

from boards.desktop.broker.packets import Publish
from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *

COUNT = 10
LAST_ID = 65535
NAMES = [b"%c" % (65 + number) for number in range(COUNT)]
PUBLISH = b"\x32\x06\x00\x01t"
TOO_FAR = 10_000  # more bytes than a story has
SEED_IDS = (1, LAST_ID - 4)

# How the link ends, for what the client has not read by then.
ENDS = {
    "read first": lambda connection: connection.close(),
    "thrown away": lambda connection: connection.reset(discard=True),
}


class CutBroker(PlayedBroker):
    """Its first connections end behind a byte.

    :param int from_client: so many bytes of the client come in on the first one
    :param int to_client: so many bytes reach the client
    :param end: ends the connection
    :param int then: so many bytes of the client come in on the second one
    """

    def __init__(self, from_client, to_client, end, then=None):
        super().__init__()
        self._cuts = [(from_client, to_client)]
        if then is not None:
            self._cuts.append((then, TOO_FAR))
        self._end = end
        self.sent = 0

    def __call__(self, connection):
        """Take a connection, to be cut."""
        super().__call__(connection)
        if not self._cuts:
            return
        left, self._room = self._cuts.pop(0)
        read, send = connection.on_data, connection.send

        def count_and_read():
            read()
            if len(connection.received) == left:
                self._end(connection)

        def send_and_count(data, pieces=None):
            self.sent += len(data)
            if not connection.ending:
                send(data[: self._room], pieces)
                self._room -= len(data)
                if self._room <= 0:
                    connection.close()

        connection.accept_limit = lambda: left - len(connection.received)
        connection.on_data, connection.send = count_and_read, send_and_count


def device(broker, first_id=1, mode=NXD_MQTT_ACK_ON_QUEUE):
    """An application with reconnection set."""
    app = App(depth=COUNT + 1, queue=1024)
    app.broker = broker
    app.sockets.listen(PORT, broker)
    app.client._session.next_packet_id = first_id
    assert nxd_mqtt_client_reconnect_set(app.client, 10, 20) == NXD_MQTT_SUCCESS
    assert nxd_mqtt_client_ack_mode_set(app.client, mode) == NXD_MQTT_SUCCESS
    assert app.start(clean=0) == NX_IN_PROGRESS
    return app


def pass_time(app, ready):
    """Turns of the client until something is so, a second of them at most."""
    for _ in range(100):
        app.poll()
        if ready():
            return
        app.clock.advance(10)
    raise AssertionError(app.client.reason)


def send_window(broker, first_id=1, forget=False):
    """Ten messages out, over a link that is cut; returns the application."""
    app = device(broker, first_id)
    assert nxd_mqtt_client_subscribe(app.client, "a/b", 1) == NXD_MQTT_SUCCESS
    for number, name in enumerate(NAMES):
        assert app.publish(name) == NXD_MQTT_SUCCESS
        if number % 3 == 0:
            app.poll()
    app.polls(3)
    if forget:
        broker.forget()
    pass_time(app, lambda: not app.statistics["unacknowledged"] and app.state == CONNECTED)
    return app


def check_window(app):
    """What must have come of ten messages, whatever has happened to the link."""
    broker = app.broker
    payloads = [payload for _, payload, _ in broker.published]
    assert list(dict.fromkeys(payloads)) == NAMES
    owners = {}
    for at, (packet_id, payload, duplicate) in enumerate(broker.published):
        # One identifier for each message, on whatever link.
        assert owners.setdefault(packet_id, payload) == payload
        assert duplicate or payload not in payloads[:at]
    assert len(owners) == COUNT
    assert broker.filters == {"a/b": 1}
    assert app.statistics["acknowledged"] == COUNT
    assert app.sockets.most_open == 1


def check_duplicates(app):
    """DUP exactly where the first link has taken the beginning of the message."""
    first, *later = app.broker.packets
    connection = app.broker.connections[0]
    stream = bytes(connection.received + connection.lost)
    begun = stream.count(PUBLISH)
    # The fixed header alone, or a part of it, may be what the first link has taken.
    begun += any(stream.endswith(PUBLISH[:end]) for end in range(1, 5))
    assert not any(packet.duplicate for packet in first if isinstance(packet, Publish))
    for packets in later:
        messages = [packet for packet in packets if isinstance(packet, Publish)]
        sent = [packet for packet in messages if NAMES.index(packet.payload) < begun]
        assert all(packet.duplicate for packet in sent)
        assert not any(packet.duplicate for packet in messages if packet not in sent)


def sizes_of_window():
    """The bytes that an undisturbed story has in each direction."""
    app = send_window(CutBroker(TOO_FAR, TOO_FAR, ENDS["read first"]))
    check_window(app)
    assert len(app.broker.connections) == 1
    return len(app.broker.peer.received), app.broker.sent


FROM_CLIENT, TO_CLIENT = sizes_of_window()


def test_the_story_is_as_long_as_its_packets():
    connect, subscribe, message = 16, 10, 8
    assert connect + subscribe + COUNT * message == FROM_CLIENT
    assert TO_CLIENT == 4 + 5 + COUNT * 4


every_start = pytest.mark.parametrize("first_id", SEED_IDS)
every_session = pytest.mark.parametrize("forget", [False, True], ids=["kept", "forgotten"])


@every_start
@every_session
@pytest.mark.parametrize("end", ENDS)
def test_a_link_that_is_cut_on_the_way_to_the_broker(end, forget, first_id):
    for count in range(1, FROM_CLIENT + 1):
        broker = CutBroker(count, TOO_FAR, ENDS[end])
        app = send_window(broker, first_id, forget)
        assert len(broker.connections) == 2
        check_window(app)
        check_duplicates(app)


@every_start
@every_session
def test_a_link_that_is_cut_on_the_way_to_the_client(forget, first_id):
    for count in range(TO_CLIENT + 1):
        broker = CutBroker(TOO_FAR, count, ENDS["read first"])
        app = send_window(broker, first_id, forget)
        assert len(broker.connections) == 2
        check_window(app)
        check_duplicates(app)


@every_start
@pytest.mark.parametrize("end", ENDS)
def test_a_second_link_that_is_cut_behind_its_connect(end, first_id):
    """The broker has a new session then, of which the client may have heard nothing."""
    for count in range(1, FROM_CLIENT + 1):
        broker = CutBroker(count, TOO_FAR, ENDS[end], 16)
        check_window(send_window(broker, first_id, True))
        assert len(broker.connections) == 3


@pytest.mark.long
@every_start
@every_session
@pytest.mark.parametrize("end", ENDS)
def test_two_links_that_are_cut_one_after_the_other(end, forget, first_id):
    for count in range(1, FROM_CLIENT + 1, 2):
        for then in range(1, FROM_CLIENT + 1, 3):
            broker = CutBroker(count, TOO_FAR, ENDS[end], then)
            check_window(send_window(broker, first_id, forget))
            assert len(broker.connections) in {2, 3}


def test_the_identifiers_of_a_window_wrap():
    app = send_window(CutBroker(60, TOO_FAR, ENDS["thrown away"]), LAST_ID - 4)
    identifiers = dict.fromkeys(packet_id for packet_id, _, _ in app.broker.published)
    assert list(identifiers) == [LAST_ID - 3, LAST_ID - 2, LAST_ID - 1, LAST_ID, 1, 2, 3, 4, 5, 6]


@every_session
def test_an_identifier_that_waits_for_its_answer_is_not_given_away(forget):
    """The oldest message keeps its identifier while the others go round all of them."""
    app = device(PlayedBroker())
    app.polls(2)
    app.broker.mute = (Publish,)
    app.publish(NAMES[0])
    oldest = app.client.packet_identifier
    app.polls(2)
    for number in range(1, COUNT):
        app.client._session.next_packet_id = oldest
        app.publish(NAMES[number])
        assert app.client.packet_identifier == oldest + number
        app.broker.mute = () if number == 5 else (Publish,)
        if number % 3 == 0:
            app.broker.peer.reset()
            if forget:
                app.broker.forget()
            app.poll()
    app.broker.mute = ()
    app.broker.peer.close()
    pass_time(app, lambda: not app.statistics["unacknowledged"] and app.state == CONNECTED)
    owners = {}
    for packet_id, payload, _ in app.broker.published:
        assert owners.setdefault(packet_id, payload) == payload
    assert sorted(owners.values()) == NAMES


# --- the other direction -------------------------------------------------------------------------


class Reader:
    """An application that takes a message in each turn, and looks at what is acknowledged."""

    def __init__(self, broker, mode):
        self.app = device(broker, mode=mode)
        self._mode = mode
        self.taken = []
        nxd_mqtt_client_subscribe(self.app.client, "t", 1)
        self._coming = list(NAMES)
        pass_time(self.app, self._turn)

    def _turn(self):
        broker = self.app.broker
        while self._coming and broker.filters:
            broker.deliver(self._coming.pop(0))
        if self._mode == NXD_MQTT_ACK_ON_GET:
            assert set(broker.taken) <= set(self.taken)
        if self.app.clock.elapsed % 20 == 0:
            payload = self.app.get()
            if payload is not None:
                self.taken.append(payload)
        return len(broker.taken) == COUNT and not self.app.client._inbox.count


def check_taken(reader):
    """Each message was taken, and first in order; none twice without a cut."""
    assert list(dict.fromkeys(reader.taken)) == NAMES
    assert reader.app.broker.taken == NAMES
    assert nxd_mqtt_client_message_discard(reader.app.client) == NXD_MQTT_NO_MESSAGE


def sizes_of_delivery(mode):
    """The bytes that undisturbed messages to the client have in each direction."""
    broker = CutBroker(TOO_FAR, TOO_FAR, ENDS["read first"])
    reader = Reader(broker, mode)
    check_taken(reader)
    assert len(reader.taken) == COUNT
    return len(broker.peer.received), broker.sent


every_mode = pytest.mark.parametrize(
    "mode", [NXD_MQTT_ACK_ON_QUEUE, NXD_MQTT_ACK_ON_GET], ids=["on queue", "on get"]
)


@every_mode
def test_messages_to_the_client_that_are_cut_on_their_way(mode):
    _, to_client = sizes_of_delivery(mode)
    assert to_client == 4 + 5 + COUNT * 8
    for count in range(to_client + 1):
        broker = CutBroker(TOO_FAR, count, ENDS["read first"])
        check_taken(Reader(broker, mode))
        assert len(broker.connections) == 2


@every_mode
@pytest.mark.parametrize("end", ENDS)
def test_acknowledgements_that_are_cut_on_their_way(mode, end):
    from_client, _ = sizes_of_delivery(mode)
    for count in range(1, from_client + 1):
        broker = CutBroker(count, TOO_FAR, ENDS[end])
        check_taken(Reader(broker, mode))
        # Behind the last byte nothing is left that needs another link.
        assert len(broker.connections) == 2 or count == from_client
