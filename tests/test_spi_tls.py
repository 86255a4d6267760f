# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""TLS where a co-processor does it and where there is none, and WebSocket, on the real drivers."""

import pytest
from client_bench import CONNECTED, HOST_NAME, IDLE
from doubles.script import CONNACK, puback, publish
from doubles.script import connect as connect_packet
from doubles.spi import Loopback
from doubles.trials import PORT
from spi_bench import Airlift, Wiznet, reason, sends_itself_messages, wait_for

from boards.desktop.broker import Broker
from nxd_mqtt.nxd import (
    NX_FALSE,
    NX_SUCCESS,
    NX_TRUE,
    NXD_MQTT_CONNECT_FAILURE,
    NXD_MQTT_SUCCESS,
    nxd_mqtt_client_disconnect,
)
from nxd_mqtt.nxd_extensions import nxd_mqtt_client_reconnect_set
from nxd_mqtt.tls import (
    NXD_MQTT_TLS_PORT,
    nx_secure_tls_session_create,
    nx_secure_tls_trusted_certificate_add,
    nx_secure_x509_certificate_initialize,
    nxd_mqtt_client_secure_connect,
)
from nxd_mqtt.websocket import nxd_mqtt_client_websocket_set

TCP, TLS = 0, 2


class Setup:
    """A setup callback that trusts what the radio trusts, and counts."""

    def __init__(self):
        self.calls = 0

    def __call__(self, client, session, certificate, trusted_certificate):
        self.calls += 1
        return nx_secure_tls_session_create(session)


@pytest.fixture
def hardware(monkeypatch):
    """A board with an AirLift that has joined."""
    made = Airlift(monkeypatch)
    made.connect()
    return made


def application(hardware, **named):
    """An application, and a broker that accepts it once."""
    app = hardware.app(**named)
    hardware.network.listen(NXD_MQTT_TLS_PORT, app.script)
    app.script.accept().expect(connect_packet("me")).send(CONNACK)
    return app


def secure(app, setup=None, clean=NX_TRUE, wait=500, host=HOST_NAME):
    """Connect by TLS; returns the status."""
    return nxd_mqtt_client_secure_connect(
        app.client, host, NXD_MQTT_TLS_PORT, setup or Setup(), 0, clean, wait
    )


def test_the_co_processor_is_told_the_name_and_that_it_is_tls(hardware):
    app = application(hardware)
    assert secure(app) == NXD_MQTT_SUCCESS
    assert hardware.chip.log == [(HOST_NAME, NXD_MQTT_TLS_PORT, TLS)]
    assert (app.state, app.ip.managed, hardware.chip.open_now) == (CONNECTED, 1, 1)


def test_publish_and_receive(hardware):
    app = application(hardware, payload_size=3000)
    secure(app)
    app.peer.take()
    assert app.publish(b"x" * 2500) == NXD_MQTT_SUCCESS
    assert app.peer.take() == publish("t", b"x" * 2500, 1)
    app.peer.send(puback(1) + publish("t", b"on", 7))
    app.polls(3)
    assert app.messages() == [b"on"]
    assert app.peer.take() == puback(7)
    assert app.statistics["unacknowledged"] == 0


def test_the_one_tls_socket_is_given_back_and_plain_is_plain_again(hardware):
    app = application(hardware)
    for _ in range(2):
        assert secure(app) == NXD_MQTT_SUCCESS
        assert nxd_mqtt_client_disconnect(app.client) == NXD_MQTT_SUCCESS
        assert (app.ip.managed, hardware.chip.open_now) == (0, 0)
        app.renew_script()
        hardware.network.listen(NXD_MQTT_TLS_PORT, app.script)
        app.script.accept().expect(connect_packet("me")).send(CONNACK)
    assert app.start(500) == NXD_MQTT_SUCCESS
    assert [mode for _, _, mode in hardware.chip.log] == [TLS, TLS, TCP]


def test_somebody_else_has_the_one_tls_socket(hardware):
    app = application(hardware)
    hardware.network.listen(443, lambda connection: None)
    hardware.network.hosts["web.test"] = "192.0.2.11"
    other = hardware.pool().socket()
    other.connect(("web.test", 443), TLS)
    assert secure(app) == NXD_MQTT_CONNECT_FAILURE
    assert "Only one open SSL connection allowed" in reason(app)[2]
    assert (app.ip.managed, hardware.chip.open_now) == (0, 1)
    other.close()
    assert secure(app) == NXD_MQTT_SUCCESS


def test_a_server_that_the_firmware_does_not_trust(hardware):
    app = application(hardware)
    hardware.chip.distrusts = (HOST_NAME,)
    assert secure(app) == NXD_MQTT_CONNECT_FAILURE
    stage, _, cause = reason(app)
    assert stage == "tls"
    assert "Could not connect to remote server" in cause
    assert (app.ip.managed, hardware.chip.open_now, app.state) == (0, 0, IDLE)


def test_a_name_that_nobody_knows(hardware):
    app = application(hardware)
    assert secure(app, host="nobody.test") == NXD_MQTT_CONNECT_FAILURE
    assert "Failed to request hostname" in reason(app)[2]
    assert (app.ip.managed, hardware.chip.open_now) == (0, 0)


def test_roots_of_ones_own_cannot_be_given_to_it(hardware):
    def setup(client, session, certificate, trusted_certificate):
        nx_secure_tls_session_create(session)
        nx_secure_x509_certificate_initialize(trusted_certificate, "-----BEGIN CERTIFICATE-----")
        return nx_secure_tls_trusted_certificate_add(session, trusted_certificate)

    app = application(hardware)
    assert secure(app, setup) == NXD_MQTT_CONNECT_FAILURE
    stage, _, cause = reason(app)
    assert stage == "tls"
    assert "firmware" in cause
    assert hardware.chip.log == []
    assert (app.ip.managed, hardware.chip.open_now) == (0, 0)


def test_each_attempt_asks_the_callback_and_a_lost_publish_is_a_duplicate(hardware):
    app = hardware.app()
    hardware.network.listen(NXD_MQTT_TLS_PORT, app.script)
    setup = Setup()
    nxd_mqtt_client_reconnect_set(app.client, 10, 100)
    wanted = connect_packet("me", 0, 0)
    app.script.accept().expect(wanted).send(CONNACK)
    app.script.accept().expect(wanted).send(bytes.fromhex("20 02 01 00"))
    assert secure(app, setup, NX_FALSE) == NXD_MQTT_SUCCESS
    hardware.chip.room = 10
    assert app.publish(b"halfway there") == NXD_MQTT_SUCCESS
    wait_for(app, lambda: app.state != CONNECTED)
    hardware.chip.room = None
    wait_for(app, lambda: len(hardware.network.connections) == 2 and app.state == CONNECTED)
    app.polls(3)
    assert app.peer.take() == wanted + publish("t", b"halfway there", 1, flags=0x0A)
    assert setup.calls == 2
    assert [mode for _, _, mode in hardware.chip.log] == [TLS, TLS]


def test_without_a_firmware_that_has_tls_an_ethernet_chip_has_none(monkeypatch):
    hardware = Wiznet(monkeypatch)
    hardware.connect()
    app = application(hardware)
    assert secure(app) == NXD_MQTT_CONNECT_FAILURE
    stage, _, cause = reason(app)
    assert stage == "tls"
    assert "does not support TLS" in cause
    assert (app.ip.managed, hardware.chip.open_now) == (0, 0)
    app.renew_script()
    app.script.expect(connect_packet("me")).send(CONNACK)
    hardware.network.listen(PORT, app.script)
    assert app.start(500) == NX_SUCCESS


@pytest.mark.parametrize("board", [Airlift, Wiznet])
def test_websocket_through_the_embedded_broker(board, monkeypatch):
    hardware = board(monkeypatch, Loopback())
    hardware.connect()
    with Broker(websocket="/mqtt") as broker:
        app = hardware.app(payload_size=2048, queue=8192)
        assert nxd_mqtt_client_websocket_set(app.client, HOST_NAME, "/mqtt") == NX_SUCCESS
        assert app.start(3000, port=broker.port) == NXD_MQTT_SUCCESS
        sends_itself_messages(app)
        assert nxd_mqtt_client_disconnect(app.client) == NXD_MQTT_SUCCESS
    assert app.ip.managed == 0
