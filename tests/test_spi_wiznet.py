# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The client on the real ``adafruit_wiznet5k``, over an Ethernet chip that is a double."""

import pytest
from client_bench import CONNECTED, IDLE
from doubles.script import CONNACK, PINGREQ, puback, publish
from doubles.script import connect as connect_packet
from doubles.spi import Loopback
from doubles.trials import PORT
from spi_bench import Wiznet, reason, resumed, sends_itself_messages, wait_for

from boards.desktop.broker import Broker
from nxd_mqtt.nxd import (
    NXD_MQTT_COMMUNICATION_FAILURE,
    NXD_MQTT_CONNECT_FAILURE,
    NXD_MQTT_NOT_CONNECTED,
    NXD_MQTT_SUCCESS,
    nxd_mqtt_client_disconnect,
)

# The driver minds the end of a socket that could not be made.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

BROKER = bytes([192, 0, 2, 10])


@pytest.fixture
def hardware(monkeypatch):
    """A board with a WIZnet chip that has an address."""
    made = Wiznet(monkeypatch)
    made.connect()
    return made


def test_the_pool_is_the_drivers_own(hardware):
    app = hardware.app()
    assert type(app.ip.pool).__module__ == "adafruit_wiznet5k.adafruit_wiznet5k_socketpool"
    assert (type(hardware.radio).__name__, hardware.radio.chip) == ("WIZNET5K", "w5500")


def test_connect_asks_the_name_server_and_then_the_broker(hardware):
    app = hardware.app().connect()
    assert app.state == CONNECTED
    assert hardware.chip.connects[-1] == (BROKER, PORT)
    assert set(hardware.network.asked) == {"broker.test"}
    assert (app.ip.managed, hardware.chip.open_now) == (1, 1)


def test_an_address_needs_no_name_server(hardware):
    app = hardware.app()
    app.script.expect(connect_packet("me")).send(CONNACK)
    assert app.start(3000, host="192.0.2.10") == NXD_MQTT_SUCCESS
    assert hardware.network.asked == []


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


def test_more_than_the_chips_buffer_arrives_whole(hardware):
    app = hardware.app(payload_size=9000).connect()
    message = bytes(range(256)) * 32
    assert app.publish(message) == NXD_MQTT_SUCCESS
    assert app.peer.take() == publish("t", message, 1)
    assert app.poll() == NXD_MQTT_SUCCESS


def test_more_than_the_chips_buffer_is_received_whole(hardware):
    app = hardware.app(queue=4096).connect()
    wanted = [bytes([number]) * 500 for number in range(7)]
    app.peer.send(b"".join(publish("t", each, at + 1) for at, each in enumerate(wanted)))
    wait_for(app, lambda: len(app.told) == len(wanted))
    assert app.messages() == wanted


def test_disconnect_gives_the_socket_back(hardware):
    app = hardware.app().connect()
    assert nxd_mqtt_client_disconnect(app.client) == NXD_MQTT_SUCCESS
    assert app.peer.closed_by_client
    assert (app.ip.managed, hardware.chip.open_now) == (0, 0)


def test_nobody_listens(hardware):
    app = hardware.app()
    hardware.network.refuse(PORT)
    assert app.start(500) == NXD_MQTT_CONNECT_FAILURE
    cause = "Failed to establish connection."
    assert reason(app) == ("tcp", NXD_MQTT_CONNECT_FAILURE, cause)
    assert (app.ip.managed, hardware.chip.open_now, app.state) == (0, 0, IDLE)


def test_nobody_answers_for_as_long_as_the_chip_repeats_itself(hardware):
    app = hardware.app()
    hardware.network.listen(PORT, None)
    began = hardware.clock.elapsed
    assert app.start(500) == NXD_MQTT_CONNECT_FAILURE
    assert reason(app)[2] == "Failed to establish connection."
    assert hardware.chip.patience == 6200
    assert 6200 <= hardware.clock.elapsed - began < 7000
    assert (app.ip.managed, hardware.chip.open_now) == (0, 0)


def test_a_name_that_nobody_knows(hardware):
    app = hardware.app()
    began = hardware.clock.elapsed
    assert app.start(3000, host="nobody.test") == NXD_MQTT_CONNECT_FAILURE
    assert hardware.clock.elapsed - began < 6000
    assert reason(app)[1:] == (NXD_MQTT_CONNECT_FAILURE, "Failed to resolve hostname!")
    assert hardware.chip.connects == []
    assert (app.ip.managed, hardware.chip.open_now) == (0, 0)


def test_a_cable_that_is_out_is_an_attempt_that_fails(hardware):
    app = hardware.app()
    hardware.chip.cable = False
    assert app.start(3000, host="192.0.2.10") == NXD_MQTT_CONNECT_FAILURE
    assert reason(app)[2] == "The Ethernet connection is down."
    assert (app.ip.managed, hardware.chip.open_now) == (0, 0)


def test_a_chip_without_a_free_socket(hardware):
    app = hardware.app()
    taken = [hardware.pool().socket() for _ in range(7)]
    assert app.start(500) == NXD_MQTT_CONNECT_FAILURE
    assert reason(app) == ("tcp", NXD_MQTT_CONNECT_FAILURE, "All sockets in use.")
    taken[0].close()
    app.script.expect(connect_packet("me")).send(CONNACK)
    assert app.start(500) == NXD_MQTT_SUCCESS


def test_a_close_by_the_peer_is_noticed_behind_what_it_sent(hardware):
    app = hardware.app().connect()
    app.peer.send(publish("t", b"last"))
    app.peer.close()
    assert app.polls(5) == [NXD_MQTT_COMMUNICATION_FAILURE, NXD_MQTT_NOT_CONNECTED]
    assert reason(app) == ("session", NXD_MQTT_COMMUNICATION_FAILURE, "closed by the peer")
    assert app.messages() == [b"last"]
    assert (app.ip.managed, hardware.chip.open_now) == (0, 0)


def test_a_peer_that_hangs_up_at_once_holds_nothing_up(hardware):
    app = hardware.app()
    app.script.accept().close()
    began = hardware.clock.elapsed
    assert app.start(500) == NXD_MQTT_COMMUNICATION_FAILURE
    assert hardware.clock.elapsed - began < 500
    assert reason(app)[0] == "connack"
    assert (app.ip.managed, hardware.chip.open_now) == (0, 0)


def test_a_reset_by_the_peer_is_noticed(hardware):
    app = hardware.app().connect()
    app.peer.reset()
    assert app.poll() == NXD_MQTT_COMMUNICATION_FAILURE
    assert (app.ip.managed, hardware.chip.open_now) == (0, 0)


def test_connecting_again_takes_the_same_number_of_sockets(hardware):
    app = hardware.app()
    for _ in range(16):
        app.connect()
        app.peer.close()
        wait_for(app, lambda: app.state == IDLE)
        app.renew_script()
    assert (app.ip.managed, hardware.chip.open_now) == (0, 0)


def test_a_publish_of_which_the_chip_confirms_nothing_is_repeated_as_a_duplicate(hardware):
    # All of it went out before the link was lost, so the broker may well have it.
    app = hardware.app().connect(clean=0)
    packet = publish("t", b"on", 1)
    hardware.chip.takes = len(packet)
    assert app.publish(b"on") == NXD_MQTT_SUCCESS
    wait_for(app, lambda: app.state == IDLE)
    assert app.peer.take() == packet
    assert reason(app)[2] == "The socket has been closed."
    hardware.chip.takes = None
    assert resumed(app) == publish("t", b"on", 1, flags=0x0A)


def test_a_quiet_link_is_kept_by_pings(hardware):
    app = hardware.app().connect(keepalive=10)
    app.answer_pings()
    for _ in range(60):
        assert app.poll(100) == NXD_MQTT_SUCCESS
    assert app.peer.received.endswith(PINGREQ)


def test_a_cable_that_is_pulled_ends_the_link_by_the_keepalive(hardware):
    app = hardware.app().connect(keepalive=10)
    app.answer_pings()
    hardware.chip.cable = False
    began = hardware.clock.elapsed
    wait_for(app, lambda: app.state == IDLE)
    assert hardware.clock.elapsed - began < 25_000
    assert app.ip.managed == 0


# -- what the driver does by itself, so that it is known ------------------------------------------


class Enough(Exception):
    """The time is over that a test waits for a driver."""


def by_hand(hardware):
    """A radio as the driver's own examples make it, without DHCP."""
    driver = hardware.driver("adafruit_wiznet5k.adafruit_wiznet5k")
    hardware.radio = driver.WIZNET5K(hardware.chip.bus, hardware.chip.cs, is_dhcp=False)
    return hardware.radio


def test_the_driver_waits_for_ever_for_a_peer_that_hangs_up_at_once(hardware):
    def enough():
        raise Enough

    by_hand(hardware)
    hardware.network.listen(PORT, lambda connection: connection.close())
    hardware.clock.later(2000, enough)
    with pytest.raises(Enough):
        hardware.pool().socket().connect(("192.0.2.10", PORT))


def test_the_driver_cannot_count_a_lease_of_a_week(hardware):
    hardware.dhcp.lease = 7 * 24 * 3600
    with pytest.raises(OverflowError):
        by_hand(hardware).set_dhcp()


# -- through real sockets -------------------------------------------------------------------------


def test_the_embedded_broker(monkeypatch):
    hardware = Wiznet(monkeypatch, Loopback())
    hardware.connect()
    with Broker() as broker:
        app = hardware.app(payload_size=4096, queue=8192)
        assert app.start(3000, port=broker.port) == NXD_MQTT_SUCCESS
        sends_itself_messages(app)
    wait_for(app, lambda: app.state == IDLE, 100_000)
    assert reason(app) == ("session", NXD_MQTT_COMMUNICATION_FAILURE, "closed by the peer")
    assert app.ip.managed == 0
