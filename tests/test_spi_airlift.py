# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The client on the real ``adafruit_esp32spi``, over a co-processor that is a double."""

import pytest
from client_bench import CONNECTED, IDLE
from doubles.played_broker import PlayedBroker
from doubles.script import CONNACK, PINGREQ, puback, publish
from doubles.script import connect as connect_packet
from doubles.spi import Loopback
from doubles.trials import PORT
from spi_bench import Airlift, reason, resumed, sends_itself_messages, wait_for

import boards
from boards.desktop.broker import Broker
from nxd_mqtt.nxd import (
    NXD_MQTT_COMMUNICATION_FAILURE,
    NXD_MQTT_CONNECT_FAILURE,
    NXD_MQTT_NOT_CONNECTED,
    NXD_MQTT_SUCCESS,
    nxd_mqtt_client_disconnect,
)
from nxd_mqtt.nxd_extensions import nxd_mqtt_client_reconnect_set

TCP, TLS = 0, 2


@pytest.fixture
def hardware(monkeypatch):
    """A board with an AirLift that has joined."""
    made = Airlift(monkeypatch)
    made.connect()
    return made


def test_the_pool_is_the_drivers_own(hardware):
    app = hardware.app()
    assert type(app.ip.pool).__module__ == "adafruit_esp32spi.adafruit_esp32spi_socketpool"
    assert type(hardware.radio).__name__ == "ESP_SPIcontrol"


def test_connect_tells_the_chip_name_and_port_and_plain_tcp(hardware):
    app = hardware.app().connect()
    assert app.state == CONNECTED
    assert hardware.chip.log == [("broker.test", PORT, TCP)]
    assert (app.ip.managed, hardware.chip.open_now) == (1, 1)


def test_publish_at_qos_1_and_its_acknowledgement(hardware):
    app = hardware.app().connect()
    assert app.publish(b"on") == NXD_MQTT_SUCCESS
    assert app.peer.take() == publish("t", b"on", 1)
    app.peer.send(puback(1))
    app.poll()
    assert app.heard("acknowledge") == [(4, 1, None)]
    assert app.statistics["unacknowledged"] == 0


def test_messages_come_in_whatever_pieces_they_arrive(hardware):
    app = hardware.app().connect()
    wanted = [b"%d" % number * 30 for number in range(9)]
    stream = b"".join(publish("t", each, at + 1) for at, each in enumerate(wanted))
    app.peer.send(stream, pieces=7)
    wait_for(app, lambda: len(app.told) == len(wanted))
    assert app.messages() == wanted
    assert app.peer.take() == b"".join(puback(at + 1) for at in range(9))


def test_more_than_the_driver_moves_at_once_arrives_whole(hardware):
    app = hardware.app(payload_size=9000).connect()
    message = bytes(range(256)) * 32
    assert app.publish(message) == NXD_MQTT_SUCCESS
    assert app.peer.take() == publish("t", message, 1)
    assert max(hardware.chip.sends) == 64
    assert app.poll() == NXD_MQTT_SUCCESS


def test_disconnect_gives_the_socket_back(hardware):
    app = hardware.app().connect()
    assert nxd_mqtt_client_disconnect(app.client) == NXD_MQTT_SUCCESS
    assert app.peer.closed_by_client
    assert (app.ip.managed, hardware.chip.open_now) == (0, 0)


def test_nobody_listens(hardware):
    app = hardware.app()
    hardware.network.refuse(PORT)
    assert app.start(500) == NXD_MQTT_CONNECT_FAILURE
    cause = "Could not connect to remote server"
    assert reason(app) == ("tcp", NXD_MQTT_CONNECT_FAILURE, cause)
    assert (app.ip.managed, hardware.chip.open_now, app.state) == (0, 0, IDLE)


def test_nobody_answers(hardware):
    app = hardware.app()
    hardware.network.listen(PORT, None)
    began = hardware.clock.elapsed
    assert app.start(500) == NXD_MQTT_CONNECT_FAILURE
    assert reason(app)[2] == "Failed to establish connection"
    assert 3000 <= hardware.clock.elapsed - began < 3500
    assert (app.ip.managed, hardware.chip.open_now) == (0, 0)


def test_a_name_that_nobody_knows(hardware):
    app = hardware.app()
    assert app.start(3000, host="nobody.test") == NXD_MQTT_CONNECT_FAILURE
    assert reason(app)[1:] == (NXD_MQTT_CONNECT_FAILURE, "Failed to request hostname")
    assert hardware.chip.log == []
    assert (app.ip.managed, hardware.chip.open_now) == (0, 0)


def test_a_chip_without_a_free_socket(hardware):
    app = hardware.app()
    taken = [hardware.pool().socket() for _ in range(hardware.chip.most_sockets)]
    assert app.start(500) == NXD_MQTT_CONNECT_FAILURE
    assert reason(app) == ("tcp", NXD_MQTT_CONNECT_FAILURE, "23")
    taken[0].close()
    app.script.expect(connect_packet("me")).send(CONNACK)
    assert app.start(500) == NXD_MQTT_SUCCESS


def test_a_close_by_the_peer_is_noticed_behind_what_it_sent(hardware):
    app = hardware.app().connect()
    app.peer.send(publish("t", b"last", 9))
    app.peer.close()
    assert app.polls(5) == [NXD_MQTT_COMMUNICATION_FAILURE, NXD_MQTT_NOT_CONNECTED]
    assert reason(app) == ("session", NXD_MQTT_COMMUNICATION_FAILURE, "closed by the peer")
    assert app.messages() == [b"last"]
    assert (app.ip.managed, hardware.chip.open_now) == (0, 0)


def test_connecting_again_takes_the_same_number_of_sockets(hardware):
    app = hardware.app()
    for _ in range(2 * hardware.chip.most_sockets):
        app.connect()
        app.peer.close()
        wait_for(app, lambda: app.state == IDLE)
        app.renew_script()
    assert (app.ip.managed, hardware.chip.open_now) == (0, 0)


def test_other_sockets_of_the_radio_are_left_alone(hardware):
    app = hardware.app().connect()
    hardware.network.listen(80, lambda connection: None)
    other = hardware.pool().socket()
    other.connect(("broker.test", 80))
    nxd_mqtt_client_disconnect(app.client)
    assert not hardware.network.connections[1].closed_by_client
    assert hardware.chip.open_now == 1


# -- a send that fails half-way -------------------------------------------------------------------


def test_a_publish_that_went_half_way_is_repeated_as_a_duplicate(hardware):
    app = hardware.app().connect(clean=0)
    hardware.chip.room = 10
    assert app.publish(b"halfway there") == NXD_MQTT_SUCCESS
    wait_for(app, lambda: app.state == IDLE)
    assert len(app.peer.take()) == 10
    assert reason(app)[:2] == ("session", NXD_MQTT_COMMUNICATION_FAILURE)
    assert (app.ip.managed, hardware.chip.open_now) == (0, 0)
    hardware.chip.room = None
    assert resumed(app) == publish("t", b"halfway there", 1, flags=0x0A)
    assert app.statistics["resent"] == 1


def test_of_several_packets_in_one_send_all_that_may_have_gone_are_duplicates(hardware):
    app = hardware.app().connect(clean=0)
    hardware.chip.room = 0
    app.publish(b"one")
    wait_for(app, lambda: app.state == IDLE)
    hardware.chip.room = None
    app.renew_script()
    app.script.accept().expect(connect_packet("me", 0, 0)).send(bytes.fromhex("20 02 01 00"))
    assert app.start(3000, clean=0) == NXD_MQTT_SUCCESS
    app.polls(3)
    app.peer.take()
    # A whole packet and a bit of the next go out in one send.
    hardware.chip.room = len(publish("t", b"two", 2)) + 4
    app.publish(b"two")
    app.publish(b"three")
    wait_for(app, lambda: app.state == IDLE)
    hardware.chip.room = None
    assert resumed(app) == b"".join(
        publish("t", each, at + 1, flags=0x0A) for at, each in enumerate((b"one", b"two", b"three"))
    )


def test_a_send_that_cannot_be_verified_ends_the_link_and_is_repeated(hardware):
    app = hardware.app().connect(clean=0)
    hardware.chip.unverified = 1
    app.publish(b"on")
    assert app.peer.take() == publish("t", b"on", 1)
    wait_for(app, lambda: app.state == IDLE)
    assert (app.ip.managed, hardware.chip.open_now) == (0, 0)
    assert resumed(app) == publish("t", b"on", 1, flags=0x0A)


# -- the chip or its network goes away ------------------------------------------------------------


def test_lost_wifi_ends_the_link_and_is_joined_again_by_the_next_attempt(hardware):
    app = hardware.app(link_up=lambda: boards.connected(hardware.radio))
    broker = PlayedBroker()
    hardware.network.listen(PORT, broker)
    nxd_mqtt_client_reconnect_set(app.client, 10, 100)
    assert app.start(3000, clean=0) == NXD_MQTT_SUCCESS
    asked = len(hardware.chip.joins)
    hardware.chip.world.clear()
    hardware.chip.leave_network()
    assert app.publish(b"meanwhile") == NXD_MQTT_SUCCESS
    wait_for(app, lambda: len(hardware.chip.joins) > asked)
    assert reason(app)[2] == "the network is down"
    hardware.chip.world["garden"] = "blackbird"
    wait_for(app, lambda: app.state == CONNECTED)
    wait_for(app, lambda: app.statistics["unacknowledged"] == 0)
    assert len(broker.connections) == 2
    assert app.ip.managed == 1


def test_a_chip_that_hangs_is_found_out_by_the_keepalive_and_reset(hardware):
    app = hardware.app(link_up=lambda: boards.connected(hardware.radio))
    broker = PlayedBroker()
    hardware.network.listen(PORT, broker)
    nxd_mqtt_client_reconnect_set(app.client, 10, 100)
    assert app.start(3000, keepalive=60, clean=0) == NXD_MQTT_SUCCESS
    resets = hardware.chip.resets
    hardware.chip.dead = True
    began = hardware.clock.elapsed
    wait_for(app, lambda: len(broker.connections) == 2 and app.state == CONNECTED)
    assert hardware.chip.resets == resets + 1
    assert hardware.clock.elapsed - began < 120_000


def test_a_quiet_link_is_kept_by_pings(hardware):
    app = hardware.app().connect(keepalive=10)
    app.answer_pings()
    for _ in range(60):
        assert app.poll(100) == NXD_MQTT_SUCCESS
    assert app.peer.received.endswith(PINGREQ)


# -- what the driver does, so that it is known ----------------------------------------------------


def test_a_read_without_timeout_never_tells_nothing_from_closed(hardware):
    hardware.network.listen(PORT, lambda connection: None)
    sock = hardware.pool().socket()
    sock.connect(("broker.test", PORT))
    sock.settimeout(0)
    buffer = bytearray(8)
    assert sock.recv_into(buffer) == 0
    hardware.network.connections[0].close()
    assert sock.recv_into(buffer) == 0
    assert sock._connected() is False


def test_a_short_send_closes_the_drivers_socket(hardware):
    hardware.network.listen(PORT, lambda connection: None)
    sock = hardware.pool().socket()
    sock.connect(("broker.test", PORT))
    hardware.chip.room = 70
    with pytest.raises(ConnectionError, match=r"Failed to send 200 bytes \(sent 70\)"):
        sock.send(bytes(200))
    assert hardware.network.connections[0].closed_by_client
    assert hardware.chip.open_now == 0


# -- through real sockets -------------------------------------------------------------------------


def test_the_embedded_broker(monkeypatch):
    hardware = Airlift(monkeypatch, Loopback())
    hardware.connect()
    with Broker() as broker:
        app = hardware.app(payload_size=4096, queue=8192)
        assert app.start(3000, port=broker.port) == NXD_MQTT_SUCCESS
        sends_itself_messages(app)
    wait_for(app, lambda: app.state == IDLE, 100_000)
    assert reason(app) == ("session", NXD_MQTT_COMMUNICATION_FAILURE, "closed by the peer")
    assert app.ip.managed == 0
