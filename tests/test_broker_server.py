# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The broker over real loopback sockets, spoken to in bytes."""

import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from boards.desktop.broker import Broker

PATIENCE = 5

CONNACK = b"\x20\2\0\0"
CONNACK_PRESENT = b"\x20\2\1\0"
PINGREQ = b"\xc0\0"
PINGRESP = b"\xd0\0"
DISCONNECT = b"\xe0\0"


class Client:
    """A socket that says bytes and insists on the bytes it hears.

    :param Broker broker: whom to connect to
    :param int buffer: bytes that the system keeps for the socket each way; None for its own choice
    """

    def __init__(self, broker, buffer=None):
        family = socket.AF_INET6 if ":" in broker.host else socket.AF_INET
        self.socket = socket.socket(family)
        self.socket.settimeout(PATIENCE)
        if buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer)
        try:
            self.socket.connect((broker.host, broker.port))
        except OSError:
            self.socket.close()
            raise
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.socket.close()

    def say(self, *packets):
        """Sends packets in one piece."""
        self.socket.sendall(b"".join(packets))

    def hear(self, *packets):
        """Receives exactly these packets."""
        wanted = b"".join(packets)
        heard = self.take(len(wanted))
        assert heard == wanted

    def take(self, count):
        """Receives a number of bytes, or what comes before the end."""
        heard = bytearray()
        while len(heard) < count and (data := self.socket.recv(count - len(heard))):
            heard += data
        return heard

    def hear_the_end(self):
        """Waits until the broker has closed; says how long it took."""
        begun = time.monotonic()
        try:
            assert self.socket.recv(100) == b""
        except ConnectionResetError:
            pass
        return time.monotonic() - begun

    def hear_nothing(self):
        """Everything that was on its way before the answer to a ping would be heard."""
        self.say(PINGREQ)
        self.hear(PINGRESP)


def field(text):
    """A text with its length."""
    data = text.encode()
    return len(data).to_bytes(2, "big") + data


def connect_packet(client_id, flags=2, keepalive=0, rest=b""):
    """CONNECT."""
    body = b"\0\4MQTT\4" + bytes((flags,)) + keepalive.to_bytes(2, "big") + field(client_id) + rest
    return bytes((0x10, len(body))) + body


def publish(topic, payload, qos=0, packet_id=0, retain=0, dup=0):
    """PUBLISH."""
    number = packet_id.to_bytes(2, "big") if qos else b""
    body = field(topic) + number + payload
    return bytes((0x30 | dup << 3 | qos << 1 | retain, len(body))) + body


def subscribe(packet_id, *filters):
    """SUBSCRIBE; filters are pairs of topic filter and QoS."""
    body = packet_id.to_bytes(2, "big")
    body += b"".join(field(name) + bytes((qos,)) for name, qos in filters)
    return bytes((0x82, len(body))) + body


def suback(packet_id, *codes):
    """SUBACK."""
    return bytes((0x90, 2 + len(codes))) + packet_id.to_bytes(2, "big") + bytes(codes)


def answer(first, packet_id):
    """PUBACK, PUBREC, PUBREL, PUBCOMP and UNSUBACK."""
    return bytes((first, 2)) + packet_id.to_bytes(2, "big")


def puback(packet_id):
    """PUBACK."""
    return answer(0x40, packet_id)


def connected(broker, client_id, flags=2, keepalive=0, rest=b"", wanted=CONNACK):
    """A client with its CONNACK."""
    client = Client(broker)
    client.say(connect_packet(client_id, flags, keepalive, rest))
    client.hear(wanted)
    return client


def subscribed(broker, client_id, *filters, flags=2):
    """A client with its SUBACK."""
    client = connected(broker, client_id, flags)
    client.say(subscribe(1, *filters))
    client.hear(suback(1, *(min(qos, 1) for _, qos in filters)))
    return client


def until(condition):
    """Waits for something that another thread or process does."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


@pytest.fixture
def broker():
    """A broker that takes everybody; nothing may have been wrong in it without being looked at."""
    with Broker() as broker:
        yield broker


# --- connecting ----------------------------------------------------------------------------------


def test_connect_ping_disconnect(broker):
    with connected(broker, "c") as client:
        assert broker.clients() == ["c"]
        client.say(PINGREQ, PINGREQ)
        client.hear(PINGRESP, PINGRESP)
        client.say(DISCONNECT)
        client.hear_the_end()
    assert broker.clients() == []
    assert broker.violations() == []
    statistics = broker.statistics()
    assert (statistics["connections"], statistics["pings"], statistics["refused"]) == (1, 2, 0)


def test_one_byte_at_a_time(broker):
    with Client(broker) as client:
        for byte in connect_packet("c") + subscribe(1, ("a", 1)) + publish("a", b"x", 1, 9):
            client.say(bytes((byte,)))
        client.hear(CONNACK, suback(1, 1), publish("a", b"x", 1, 1), puback(9))


def test_everything_in_one_piece(broker):
    with Client(broker) as client:
        client.say(
            connect_packet("c"),
            subscribe(1, ("a", 0)),
            publish("a", b"1"),
            publish("a", b"2"),
            PINGREQ,
            DISCONNECT,
            PINGREQ,
        )
        client.hear(CONNACK, suback(1, 0), publish("a", b"1"), publish("a", b"2"), PINGRESP)
        client.hear_the_end()


def test_an_empty_identifier_is_assigned_one(broker):
    with connected(broker, ""), connected(broker, ""):
        assert len(set(broker.clients())) == 2


@pytest.mark.parametrize(
    ("packet", "wanted"),
    [
        (connect_packet("", flags=0), b"\x20\2\0\2"),
        (b"\x10\x0d\0\4MQTT\5\2\0\0\0\1a", b"\x20\2\0\1"),
        (b"\x10\x0d\0\4MQTT\3\2\0\0\0\1a", b"\x20\2\0\1"),
    ],
)
def test_connects_that_are_answered_and_closed(broker, packet, wanted):
    with Client(broker) as client:
        client.say(packet)
        client.hear(wanted)
        client.hear_the_end()
    assert broker.statistics()["refused"] == 1


@pytest.mark.parametrize(
    ("packet", "statement"),
    [
        (PINGREQ, "MQTT-3.1.0-1"),
        (publish("a", b"x"), "MQTT-3.1.0-1"),
        (connect_packet("c", flags=3), "MQTT-3.1.2-3"),
        (b"GET / HTTP/1.1\r\n", "MQTT-2.2.2-2"),
        (b"\x16\3\1\2\0", "MQTT-2.2.2-2"),  # TLS
    ],
)
def test_first_packets_that_are_not_answered(broker, packet, statement):
    with Client(broker) as client:
        client.say(packet)
        client.hear_the_end()
    assert len(broker.violations()) == 1
    assert f"[{statement}]" in broker.violations()[0]


@pytest.mark.parametrize(
    ("packet", "statement"),
    [
        (connect_packet("c"), "MQTT-3.1.0-2"),
        (b"\x36\5\0\1a\0\1", "MQTT-3.3.1-4"),
        (b"\x30\3\0\1#", "MQTT-3.3.2-2"),
        (b"\x80\6\0\1\0\1a\0", "MQTT-3.8.1-1"),
        (answer(0x50, 1), "MQTT-3.1.0-2"),
        (answer(0x70, 1), "MQTT-3.1.0-2"),
        (CONNACK, "MQTT-4.8.0-1"),
    ],
)
def test_malformed_packets_close_the_connection(broker, packet, statement):
    with subscribed(broker, "watcher", ("will", 0)) as watcher:
        with connected(broker, "c", 6, 0, field("will") + field("w")) as client:
            # What came before is answered.
            client.say(PINGREQ, packet, PINGREQ)
            client.hear(PINGRESP)
            client.hear_the_end()
        watcher.hear(publish("will", b"w"))
    assert broker.violations()[0].startswith(f"c: [{statement}]")
    assert broker.statistics()["violations"] == 1


def test_packets_beyond_the_limit():
    with Broker(packet_size=100) as broker, connected(broker, "c") as client:
        client.say(publish("a", bytes(94)))
        client.hear_nothing()
        client.say(b"\x30\x63")
        client.hear_the_end()
        assert "at most 100" in broker.violations()[0]


def test_silence_instead_of_connect():
    with Broker(connect_seconds=0.05) as broker, Client(broker) as client:
        assert client.hear_the_end() < 1
        assert broker.statistics()["keepalive_timeouts"] == 0


# --- authentication ------------------------------------------------------------------------------


def test_who_is_asked_what():
    asked = []

    def authenticate(*arguments):
        asked.append(arguments)
        return {"good": 0, "bad": 4}.get(arguments[1], 5)

    with Broker(authenticate=authenticate) as broker:
        connected(broker, "a", 0xC2, 0, field("good") + b"\0\2\0\xff").socket.close()
        for client_id, flags, rest, code in (
            ("b", 0xC2, field("bad") + field(""), 4),
            ("c", 0x82, field(""), 5),
            ("d", 0x02, b"", 5),
        ):
            with Client(broker) as client:
                client.say(connect_packet(client_id, flags, 0, rest), subscribe(1, ("a", 0)))
                client.hear(bytes((0x20, 2, 0, code)))
                client.hear_the_end()
        assert broker.statistics()["refused"] == 3
        assert broker.statistics()["subscribes"] == 0
    assert asked == [
        ("a", "good", b"\0\xff"),
        ("b", "bad", b""),
        ("c", "", None),
        ("d", None, None),
    ]


def test_a_refused_connect_does_not_end_the_session_of_that_name():
    with (
        Broker(authenticate=lambda client_id, username, password: 0 if username else 5) as broker,
        connected(broker, "c", 0x82, 0, field("u")) as client,
        Client(broker) as thief,
    ):
        thief.say(connect_packet("c"))
        thief.hear(b"\x20\2\0\5")
        client.hear_nothing()


# --- publish and subscribe -----------------------------------------------------------------------


def test_qos_0(broker):
    with subscribed(broker, "s", ("a/+", 0)) as reader, connected(broker, "p") as writer:
        writer.say(publish("a/b", b"1"), publish("b", b"no"), publish("a/c", b""))
        reader.hear(publish("a/b", b"1"), publish("a/c", b""))
        writer.hear_nothing()


def test_qos_1(broker):
    with subscribed(broker, "s", ("a", 1)) as reader, connected(broker, "p") as writer:
        writer.say(publish("a", b"1", 1, 77), publish("a", b"2", 1, 78))
        writer.hear(puback(77), puback(78))
        reader.hear(publish("a", b"1", 1, 1), publish("a", b"2", 1, 2))
        reader.say(puback(1), puback(2), puback(3))
        reader.hear_nothing()
    statistics = broker.statistics()
    assert statistics["received"] == statistics["acknowledged"] == statistics["delivered"] == 2
    assert statistics["delivery_acknowledged"] == 2
    assert statistics["unexpected_acknowledgements"] == 1


def test_a_repetition_with_qos_1_is_a_message_and_is_counted(broker):
    with subscribed(broker, "s", ("a", 0)) as reader, connected(broker, "p") as writer:
        writer.say(publish("a", b"1", 1, 7), publish("a", b"1", 1, 7, dup=1))
        writer.hear(puback(7), puback(7))
        reader.hear(publish("a", b"1"), publish("a", b"1"))
    assert broker.statistics()["received_duplicates"] == 1


def test_qos_2_is_delivered_once(broker):
    with subscribed(broker, "s", ("a", 2)) as reader:
        with connected(broker, "p", 0) as writer:
            writer.say(publish("a", b"1", 2, 7), publish("a", b"1", 2, 7, dup=1))
            writer.hear(answer(0x50, 7), answer(0x50, 7))
        with connected(broker, "p", 0, wanted=CONNACK_PRESENT) as writer:
            writer.say(publish("a", b"1", 2, 7, dup=1))
            writer.hear(answer(0x50, 7))
            writer.say(answer(0x62, 7), answer(0x62, 7))
            writer.hear(answer(0x70, 7), answer(0x70, 7))
            writer.say(publish("a", b"2", 2, 7))
            writer.hear(answer(0x50, 7))
        reader.hear(publish("a", b"1", 1, 1), publish("a", b"2", 1, 2))


def test_retained_messages(broker):
    with connected(broker, "p") as writer:
        writer.say(publish("a", b"1", retain=1), publish("b", b"2", 1, 7, retain=1))
        writer.hear(puback(7))
    with subscribed(broker, "s", ("#", 1)) as reader, connected(broker, "p") as writer:
        reader.hear(publish("a", b"1", retain=1), publish("b", b"2", 1, 1, retain=1))
        writer.say(publish("a", b"", retain=1))
        reader.hear(publish("a", b""))
    with subscribed(broker, "late", ("a", 1)) as reader:
        reader.hear_nothing()


def test_unsubscribe(broker):
    with subscribed(broker, "s", ("a", 0)) as reader:
        reader.say(b"\xa2\x08\0\5" + field("a") + field("b"), publish("a", b"1"))
        reader.hear(answer(0xB0, 5))
        reader.hear_nothing()


def test_a_subscriber_of_its_own_topic(broker):
    with subscribed(broker, "c", ("a", 1)) as client:
        client.say(publish("a", b"1", 1, 1))
        client.hear(publish("a", b"1", 1, 1), puback(1))


# --- the end of a connection ---------------------------------------------------------------------

WILL = field("will") + field("w")


def test_the_will_of_a_lost_client(broker):
    with subscribed(broker, "s", ("will", 1)) as watcher:
        connected(broker, "c", 0x0E, 0, WILL).socket.close()
        watcher.hear(publish("will", b"w", 1, 1))
    assert broker.statistics()["wills"] == 1


def test_the_will_of_a_client_that_was_cut(broker):
    with subscribed(broker, "s", ("will", 1)) as watcher:
        with connected(broker, "c", 0x26, 0, WILL) as client:
            assert broker.cut("c")
            assert broker.clients() == ["s"]
            client.hear_the_end()
        watcher.hear(publish("will", b"w"))
        assert not broker.cut("c")
    with subscribed(broker, "late", ("will", 1)) as watcher:
        watcher.hear(publish("will", b"w", retain=1))


def test_no_will_after_disconnect(broker):
    with subscribed(broker, "s", ("will", 1)) as watcher:
        with connected(broker, "c", 6, 0, WILL) as client:
            client.say(DISCONNECT)
            client.hear_the_end()
        watcher.hear_nothing()


def test_takeover(broker):
    with (
        subscribed(broker, "s", ("will", 1)) as watcher,
        connected(broker, "c", 6, 0, WILL) as client,
        connected(broker, "c") as successor,
    ):
        client.hear_the_end()
        watcher.hear(publish("will", b"w"))
        successor.hear_nothing()
        assert broker.clients() == ["s", "c"]
    assert broker.statistics()["takeovers"] == 1


def test_takeover_of_a_kept_session(broker):
    with subscribed(broker, "c", ("a", 1), flags=0) as client:
        client.say(publish("a", b"1", 1, 9))
        client.hear(publish("a", b"1", 1, 1), puback(9))
        with connected(broker, "c", 0, wanted=CONNACK_PRESENT) as successor:
            successor.hear(publish("a", b"1", 1, 1, dup=1))
            client.hear_the_end()


def test_keepalive(broker):
    with subscribed(broker, "s", ("will", 1)) as watcher:
        with connected(broker, "c", 6, 1, WILL) as client, connected(broker, "d", 2, 0):
            assert 1.2 < client.hear_the_end() < 2.5
        watcher.hear(publish("will", b"w"))
    assert broker.statistics()["keepalive_timeouts"] == 1


def test_pings_keep_a_connection(broker):
    with connected(broker, "c", 2, 1) as client:
        begun = time.monotonic()
        while time.monotonic() < begun + 1.7:
            client.hear_nothing()
            client.socket.settimeout(0.3)
            with pytest.raises(TimeoutError):
                client.socket.recv(1)
            client.socket.settimeout(PATIENCE)
        assert broker.clients() == ["c"]


# --- sessions ------------------------------------------------------------------------------------


def test_a_kept_session_gets_what_it_missed(broker):
    subscribed(broker, "s", ("a", 1), flags=0).socket.close()
    until(lambda: broker.clients() == [])
    with connected(broker, "p") as writer:
        writer.say(publish("a", b"1", 1, 1), publish("a", b"no"), publish("a", b"2", 1, 2))
        writer.hear(puback(1), puback(2))
    with connected(broker, "s", 0, wanted=CONNACK_PRESENT) as reader:
        reader.hear(publish("a", b"1", 1, 1), publish("a", b"2", 1, 2))
        reader.say(puback(1))
        reader.hear_nothing()
    with connected(broker, "s", 0, wanted=CONNACK_PRESENT) as reader:
        reader.hear(publish("a", b"2", 1, 2, dup=1))
    with connected(broker, "s", 2) as reader:
        reader.hear_nothing()
    connected(broker, "s", 0, wanted=CONNACK).socket.close()


def test_redelivery_in_order_after_a_cut():
    with Broker(in_flight=5) as broker, connected(broker, "p") as writer:
        reader = subscribed(broker, "s", ("a", 1), flags=0)
        writer.say(*(publish("a", b"%d" % number, 1, number) for number in range(1, 9)))
        writer.hear(*map(puback, range(1, 9)))
        first = [publish("a", b"%d" % number, 1, number) for number in range(1, 6)]
        reader.hear(*first)
        reader.say(puback(3))
        reader.hear(publish("a", b"6", 1, 6))
        assert broker.cut("s")
        reader.socket.close()
        with connected(broker, "s", 0, wanted=CONNACK_PRESENT) as reader:
            order = (1, 2, 4, 5, 6)
            reader.hear(*(publish("a", b"%d" % number, 1, number, dup=1) for number in order))
            reader.say(*map(puback, order))
            reader.hear(publish("a", b"7", 1, 7), publish("a", b"8", 1, 8))
        assert broker.statistics()["redelivered"] == 5


# --- slow readers --------------------------------------------------------------------------------

BIG = 60_000


def big(qos, packet_id, number):
    """A large PUBLISH that knows its number."""
    body = field("a") + (packet_id.to_bytes(2, "big") if qos else b"") + b"%05d" % number
    body += bytes(BIG)
    length = len(body)
    header = (0x30 | qos << 1, length & 0x7F | 0x80, length >> 7 & 0x7F | 0x80, length >> 14)
    return bytes(header) + body


def stalled_reader(broker, qos):
    """A subscriber with a small window of TCP, which does not read from now on."""
    reader = Client(broker, buffer=4096)
    reader.say(connect_packet("s", 0), subscribe(1, ("a", qos)))
    reader.hear(CONNACK, suback(1, qos))
    return reader


def test_a_slow_reader_loses_qos_0_and_delays_nobody(broker):
    count = 200
    with stalled_reader(broker, 0) as reader, connected(broker, "p") as writer:
        for number in range(count):
            writer.say(big(0, 0, number))
        writer.hear_nothing()
        statistics = broker.statistics()
        assert statistics["queued"] == 0
        assert 0 < statistics["dropped"] < count
        delivered = [big(0, 0, number) for number in range(statistics["delivered"])]
        assert statistics["delivered"] + statistics["dropped"] == count
        reader.hear(*delivered)
        # It reads again, so it is served again.
        writer.say(big(0, 0, count))
        reader.hear(big(0, 0, count))


@pytest.mark.parametrize("qos", [0, 1])
def test_a_slow_reader_loses_nothing_without_a_limit(qos):
    count = 200
    with (
        Broker(queued_messages=0, in_flight=count) as broker,
        stalled_reader(broker, qos) as reader,
        connected(broker, "p") as writer,
    ):
        for number in range(count):
            writer.say(big(qos, number + 1, number))
        writer.hear(*(puback(number + 1) for number in range(count) if qos))
        writer.hear_nothing()
        assert broker.statistics()["queued"] > 50
        for number in range(count):
            reader.hear(big(qos, number + 1, number))
        assert broker.statistics()["dropped"] == 0


def test_a_client_that_reads_no_answers_is_not_read_any_more():
    broker = Broker(write_buffer=1000, socket_buffer=8192)
    with broker, Client(broker, buffer=32_768) as client:
        client.say(connect_packet("c", 2, 1))
        client.hear(CONNACK)
        client.socket.setblocking(False)
        sent, quiet_since = 0, time.monotonic()
        # The answers are as long as the questions, so the broker must stop at some point. That
        # lasts longer than the keepalive, which does not run out while the broker does not read.
        while time.monotonic() < quiet_since + 1.6:
            try:
                # Half a packet may have gone out the last time.
                sent += client.socket.send((PINGREQ * 5000)[sent % 2 :])
                quiet_since = time.monotonic()
            except BlockingIOError:
                time.sleep(0.01)
        assert broker.clients() == ["c"]
        client.socket.settimeout(PATIENCE)
        assert client.take(sent - sent % 2) == PINGRESP * (sent // 2)


# --- faults on purpose ---------------------------------------------------------------------------


def test_held_acknowledgements(broker):
    with connected(broker, "c") as client:
        broker.hold_acknowledgements = True
        client.say(subscribe(1, ("a", 1)), publish("a", b"1", 1, 5), publish("a", b"2", 2, 6))
        client.hear(publish("a", b"1", 1, 1), publish("a", b"2", 1, 2))
        client.hear_nothing()
        assert broker.hold_acknowledgements
        broker.hold_acknowledgements = False
        client.hear(suback(1, 1), puback(5), answer(0x50, 6))
        client.say(publish("a", b"3", 1, 7))
        client.hear(publish("a", b"3", 1, 3), puback(7))


def test_held_acknowledgements_are_lost_with_the_connection(broker):
    with connected(broker, "c", 0) as client:
        broker.hold_acknowledgements = True
        client.say(publish("a", b"1", 1, 5))
        client.hear_nothing()
        broker.cut("c")
    broker.hold_acknowledgements = False
    with connected(broker, "c", 0, wanted=CONNACK_PRESENT) as client:
        client.hear_nothing()
        client.say(publish("a", b"1", 1, 5, dup=1))
        client.hear(puback(5))


def test_a_mute_broker(broker):
    with subscribed(broker, "s", ("a", 1)) as reader, connected(broker, "p", 2, 1) as writer:
        broker.mute = True
        writer.say(PINGREQ, publish("a", b"1", 1, 5))
        with Client(broker) as late:
            late.say(connect_packet("late"))
            for client in (reader, writer, late):
                client.socket.settimeout(0.05)
                with pytest.raises(TimeoutError):
                    client.socket.recv(1)
                client.socket.settimeout(PATIENCE)
            assert broker.mute
            broker.mute = False
            late.hear(CONNACK)
        writer.hear(PINGRESP, puback(5))
        reader.hear(publish("a", b"1", 1, 1))


def test_a_mute_broker_keeps_a_will_to_itself(broker):
    with subscribed(broker, "s", ("will", 1)) as watcher, connected(broker, "c", 6, 0, WILL):
        broker.mute = True
        assert broker.cut("c")
        assert broker.statistics()["queued"] == 1
        broker.mute = False
        watcher.hear(publish("will", b"w"))


def test_a_mute_broker_lets_no_keepalive_run_out():
    with Broker(connect_seconds=0.1) as broker, connected(broker, "c", 2, 1) as client:
        broker.mute = True
        with Client(broker) as late:
            for one in (client, late):
                one.socket.settimeout(0.9)
                with pytest.raises(TimeoutError):
                    one.socket.recv(1)
                one.socket.settimeout(PATIENCE)
            broker.mute = False
            client.hear_nothing()
            assert late.hear_the_end() < 1


# --- the broker itself ---------------------------------------------------------------------------


def test_a_restart_keeps_port_sessions_and_retained_messages(broker):
    port = broker.port
    reader = subscribed(broker, "s", ("a", 1), flags=0)
    with connected(broker, "p", 0x0E, 0, field("a") + field("w")) as writer:
        writer.say(publish("r", b"1", retain=1), publish("a", b"1", 1, 5))
        writer.hear(puback(5))
        reader.hear(publish("a", b"1", 1, 1))
        broker.restart()
        writer.hear_the_end()
        reader.hear_the_end()
    reader.socket.close()
    assert broker.port == port
    with connected(broker, "s", 0, wanted=CONNACK_PRESENT) as reader:
        # The will of a client that the broker itself left is published too.
        reader.hear(publish("a", b"1", 1, 1, dup=1), publish("a", b"w", 1, 2))
        reader.say(subscribe(9, ("r", 0)))
        reader.hear(suback(9, 0), publish("r", b"1", retain=1))


def test_a_restart_that_forgets(broker):
    with subscribed(broker, "s", ("a", 1), flags=0) as reader:
        reader.say(publish("r", b"1", retain=1))
        reader.hear_nothing()
    broker.restart(keep_sessions=False)
    with subscribed(broker, "s", ("r", 0), flags=0) as reader:
        reader.hear_nothing()
    assert broker.statistics()["connections"] == 2


def test_stopped_and_started(broker):
    with subscribed(broker, "s", ("a", 1), flags=0) as reader:
        broker.stop()
        broker.stop()
        reader.hear_the_end()
        assert broker.clients() == []
        assert not broker.cut("s")
        assert broker.statistics()["sessions"] == 1
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((broker.host, broker.port), timeout=PATIENCE)
    broker.mute = True
    broker.start()
    with pytest.raises(RuntimeError):
        broker.start()
    with Client(broker) as reader:
        reader.say(connect_packet("s", 0))
        reader.socket.settimeout(0.05)
        with pytest.raises(TimeoutError):
            reader.socket.recv(1)
        reader.socket.settimeout(PATIENCE)
        broker.mute = False
        reader.hear(CONNACK_PRESENT)


def test_stopping_leaves_no_thread():
    before = threading.active_count()
    with Broker() as broker, connected(broker, "c"), Client(broker):
        assert threading.active_count() == before + 1
    assert threading.active_count() == before


def test_a_port_that_is_taken(broker):
    with pytest.raises(OSError), Broker(port=broker.port):
        pass


def test_a_limit_that_is_none():
    with pytest.raises(TypeError):
        Broker(patience=3)


def test_ipv6():
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    with Broker(host="::1") as broker, connected(broker, "c") as client:
        client.hear_nothing()
        assert broker.clients() == ["c"]


def test_calls_from_inside_the_broker_s_thread():
    brokers = []

    def authenticate(client_id, username, password):
        brokers[0].cut("first")
        brokers[0].hold_acknowledgements = not brokers[0].hold_acknowledgements
        return 0

    with Broker(authenticate=authenticate) as broker:
        brokers.append(broker)
        with connected(broker, "first") as first, Client(broker) as second:
            second.say(connect_packet("second"), publish("a", b"1", 1, 1))
            first.hear_the_end()
            second.hear(CONNACK, puback(1))


def test_many_messages_pass(broker):
    count, at_once = 2000, 20
    with subscribed(broker, "s", ("a", 1)) as reader, connected(broker, "p") as writer:
        for start in range(1, count, at_once):
            numbers = range(start, start + at_once)
            writer.say(*(publish("a", b"%d" % number, 1, number) for number in numbers))
            reader.hear(*(publish("a", b"%d" % number, 1, number) for number in numbers))
            reader.say(*map(puback, numbers))
            writer.hear(*map(puback, numbers))
    assert broker.statistics()["dropped"] == 0


# --- the command ---------------------------------------------------------------------------------


def running(*arguments):
    """The broker as a process of its own, and its first line."""
    process = subprocess.Popen(
        [sys.executable, "-m", "boards.desktop.broker", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    return process, process.stdout.readline()


class At:
    """Where a broker's first line says it is."""

    def __init__(self, line):
        words = line.split()
        self.host, self.port = words[3], int(words[5])


@pytest.mark.parametrize("how", ["SIGINT", "SIGTERM"])
def test_the_command(how):
    process, line = running("--port", "0", "--user", "me:se:cret", "--user", "you:")
    with process:
        for flags, rest, wanted in (
            (0xC2, field("me") + field("se:cret"), CONNACK),
            (0xC2, field("me") + field("wrong"), b"\x20\2\0\4"),
            (0xC2, field("nobody") + field(""), b"\x20\2\0\4"),
            (0xC2, field("you") + field(""), CONNACK),
            (0x02, b"", b"\x20\2\0\5"),
        ):
            connected(At(line), "c", flags, 0, rest, wanted).socket.close()
        process.send_signal(getattr(signal, how))
        assert process.communicate(timeout=PATIENCE) == ("", "")
    assert process.returncode == 0


def test_the_command_does_not_repeat_a_password():
    process, line = running("--user", "secret")
    with process:
        assert line == ""
        assert "secret" not in process.communicate(timeout=PATIENCE)[1]
    assert process.returncode == 2
