# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The setup callback: when it is called, what comes of its status, and what it may do itself."""

import pytest
from client_bench import CONNECTED, CONNECTING, IDLE, App
from doubles.dialects import CPYTHON_TCP, HOST
from doubles.script import CONNACK
from doubles.script import connect as connect_packet
from doubles.trials import PORT
from secure_bench import SecureApp
from tls_bench import Setup

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *
from nxd_mqtt.tls import *

HOST_NAME = "broker.test"
MINE = 0x1234

with_and_without_a_wait = pytest.mark.parametrize("wait", [500, NX_NO_WAIT])


class SetupError(Exception):
    """A callback with a mistake in it."""


@pytest.fixture
def app():
    """A client with TLS, whose broker accepts."""
    return accepting(SecureApp(CPYTHON_TCP))


def accepting(app):
    """The same application; its next connection is accepted."""
    app.script.accept().expect(connect_packet("me")).send(CONNACK)
    return app


def secure_connect(app, *changes, **named):
    """The call with good arguments, but for those that are named."""
    arguments = {
        "client": app.client,
        "server_ip": HOST_NAME,
        "server_port": PORT,
        "tls_setup": app.setup,
        "keepalive": 0,
        "clean_session": NX_TRUE,
        "wait_option": 500,
    }
    arguments.update(named)
    return nxd_mqtt_client_secure_connect(*arguments.values())


# --- when it is called ---------------------------------------------------------------------------


@with_and_without_a_wait
def test_it_is_called_in_the_call_before_the_network_is_touched(app, wait):
    seen = []
    app.setup = lambda *arguments: seen.append(list(app.sockets.calls)) or NX_SUCCESS
    status = secure_connect(app, wait_option=wait)
    assert status == (NXD_MQTT_SUCCESS if wait else NX_IN_PROGRESS)
    assert seen == [[]]
    app.polls(3)
    assert app.state == CONNECTED
    assert len(seen) == 1


def test_what_it_is_given(app):
    assert secure_connect(app) == NXD_MQTT_SUCCESS
    [(client, session, certificate, trusted)] = app.setup.calls
    assert client is app.client
    assert type(session) is NX_SECURE_TLS_SESSION
    assert type(certificate) is type(trusted) is NX_SECURE_X509_CERT
    assert certificate is not trusted


def test_it_is_not_called_when_connected(app):
    assert secure_connect(app) == NXD_MQTT_SUCCESS
    for wait in (500, NX_NO_WAIT):
        assert secure_connect(app, wait_option=wait) == NXD_MQTT_ALREADY_CONNECTED
    assert len(app.setup.calls) == 1
    assert app.state == CONNECTED


def test_it_is_not_called_while_connecting(app):
    assert secure_connect(app, wait_option=NX_NO_WAIT) == NX_IN_PROGRESS
    assert secure_connect(app, wait_option=NX_NO_WAIT) == NXD_MQTT_CONNECTING
    assert len(app.setup.calls) == 1
    assert app.state == CONNECTING


def test_it_is_not_called_for_a_client_that_was_not_created():
    setup = Setup()
    for client in (NXD_MQTT_CLIENT(), deleted_client()):
        status = nxd_mqtt_client_secure_connect(client, HOST_NAME, PORT, setup, 0, NX_TRUE, 500)
        assert status == NXD_MQTT_INVALID_STATE
    assert setup.calls == []


def deleted_client():
    """A control block whose client is gone."""
    client = SecureApp(CPYTHON_TCP).client
    assert nxd_mqtt_client_delete(client) == NXD_MQTT_SUCCESS
    return client


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"client": None}, NX_PTR_ERROR),
        ({"client": "client"}, NX_PTR_ERROR),
        ({"server_ip": None}, NX_PTR_ERROR),
        ({"server_ip": b"broker.test"}, NX_PTR_ERROR),
        ({"server_ip": ""}, NXD_MQTT_INVALID_PARAMETER),
        ({"server_port": 0}, NX_INVALID_PORT),
        ({"server_port": 65536}, NX_INVALID_PORT),
        ({"server_port": "8883"}, NX_INVALID_PORT),
        ({"keepalive": 65536}, NXD_MQTT_INVALID_PARAMETER),
        ({"keepalive": -1}, NXD_MQTT_INVALID_PARAMETER),
        ({"wait_option": -1}, NXD_MQTT_INVALID_PARAMETER),
        ({"wait_option": None}, NXD_MQTT_INVALID_PARAMETER),
    ],
)
def test_it_is_not_called_for_a_call_that_is_refused(app, changes, wanted):
    assert secure_connect(app, **changes) == wanted
    assert app.setup.calls == []
    assert app.state == IDLE
    assert app.sockets.calls == []
    assert secure_connect(app) == NXD_MQTT_SUCCESS


@pytest.mark.parametrize("setup", [None, 0, "setup", NX_SUCCESS])
def test_a_callback_that_is_none(app, setup):
    assert secure_connect(app, tls_setup=setup) == NX_PTR_ERROR
    assert app.client.reason[:2] == ("call", NX_PTR_ERROR)
    assert app.state == IDLE
    assert secure_connect(app) == NXD_MQTT_SUCCESS


# --- its status ----------------------------------------------------------------------------------


@with_and_without_a_wait
@pytest.mark.parametrize("status", [1, NX_PTR_ERROR, MINE, NXD_MQTT_NOT_CONNECTED, 0xFFFFFFFF, -1])
def test_its_status_is_handed_back_and_nothing_changes(app, status, wait):
    app.setup = Setup(statuses=[status])
    assert secure_connect(app, wait_option=wait) == status
    assert app.client.reason == ("tls", status, "tls_setup has refused")
    assert app.state == IDLE
    assert app.sockets.calls == []
    assert app.told == []
    assert app.statistics["attempts"] == 0
    assert app.poll() == NXD_MQTT_NOT_CONNECTED
    assert secure_connect(app) == NXD_MQTT_SUCCESS
    assert len(app.setup.calls) == 2


def test_none_is_success_as_for_every_callback(app):
    app.setup = lambda *arguments: None
    assert secure_connect(app) == NXD_MQTT_SUCCESS


def test_a_refusal_leaves_unread_messages_and_the_queue_alone(app):
    assert secure_connect(app) == NXD_MQTT_SUCCESS
    assert app.publish(b"kept") == NXD_MQTT_SUCCESS
    app.peer.reset()
    app.polls(3)
    before = dict(app.statistics, reasons=None)
    app.setup = Setup(statuses=[MINE])
    assert secure_connect(app) == MINE
    assert dict(app.statistics, reasons=None) == before


@with_and_without_a_wait
def test_an_exception_passes_through_and_the_client_is_as_before(app, wait):
    def broken(*arguments):
        raise SetupError

    app.setup = broken
    with pytest.raises(SetupError):
        secure_connect(app, wait_option=wait)
    assert app.state == IDLE
    assert app.sockets.calls == []
    app.setup = Setup()
    assert secure_connect(app) == NXD_MQTT_SUCCESS


# --- attempt after attempt -----------------------------------------------------------------------


def reconnecting(app):
    """A client that has lost its link and is to try again."""
    status = nxd_mqtt_client_reconnect_set(app.client, 10, 10)
    assert status == NXD_MQTT_SUCCESS
    assert secure_connect(app) == NXD_MQTT_SUCCESS
    accepting(app)
    app.peer.reset()
    app.poll()
    assert app.state == CONNECTING
    return app


def until(app, done):
    """Poll with the time going on."""
    for _ in range(100):
        if done():
            return
        app.poll(10)
    raise AssertionError("never")


def test_every_attempt_asks_anew(app):
    reconnecting(app)
    until(app, lambda: app.state == CONNECTED)
    assert len(app.setup.calls) == 2
    blocks = [block for call in app.setup.calls for block in call[1:]]
    assert len({id(block) for block in blocks}) == 6


def test_a_refusal_of_a_later_attempt_is_a_failed_attempt(app):
    app.setup = Setup(statuses=[NX_SUCCESS, MINE, MINE])
    reconnecting(app)
    until(app, lambda: app.state == CONNECTED)
    assert len(app.setup.calls) == 4
    assert app.statistics["attempts"] == 4
    assert app.statistics["connects"] == 2
    stages = [reason[:2] for reason in app.statistics["reasons"]]
    assert stages.count(("tls", MINE)) == 2
    assert app.sockets.opened == 2


def test_an_exception_of_a_later_attempt_passes_through_poll(app):
    def broken(client):
        raise SetupError

    reconnecting(app)
    app.setup.doing = broken
    with pytest.raises(SetupError):
        until(app, lambda: False)
    assert app.sockets.open_now == 0
    app.setup.doing = None
    until(app, lambda: app.state == CONNECTED)


def test_what_an_earlier_attempt_was_told_is_forgotten():
    app = accepting(SecureApp(HOST))
    app.setup = Setup(name="other.test")
    assert secure_connect(app) == NXD_MQTT_SUCCESS
    nxd_mqtt_client_disconnect(app.client)
    app.renew_script()
    accepting(app)
    app.setup = Setup()
    assert secure_connect(app) == NXD_MQTT_SUCCESS
    assert app.context.server_hostnames == ["other.test", HOST_NAME]


# --- what it may do itself -----------------------------------------------------------------------


@with_and_without_a_wait
def test_calls_of_the_client_inside_it_are_harmless(app, wait):
    statuses = []

    def setup(client, session, certificate, trusted):
        statuses.append(nxd_mqtt_client_publish(client, "t", "m", 0, 1, 100))
        statuses.append(nxd_mqtt_client_subscribe(client, "t", 1))
        statuses.append(nxd_mqtt_client_poll(client, 10))
        statuses.append(nxd_mqtt_client_login_set(client, None, None))
        statuses.append(nxd_mqtt_client_message_get(client, bytearray(1), bytearray(1))[0])
        statuses.append(nxd_mqtt_client_disconnect(client))
        return NX_SUCCESS

    app.setup = setup
    status = secure_connect(app, wait_option=wait)
    app.polls(3)
    assert status == (NXD_MQTT_SUCCESS if wait else NX_IN_PROGRESS)
    assert app.state == CONNECTED
    assert statuses == [
        NXD_MQTT_NOT_CONNECTED,
        NXD_MQTT_NOT_CONNECTED,
        NXD_MQTT_NOT_CONNECTED,
        NXD_MQTT_SUCCESS,
        NXD_MQTT_NO_MESSAGE,
        NXD_MQTT_SUCCESS,
    ]
    assert app.heard("disconnect") == []


@with_and_without_a_wait
def test_it_may_delete_the_client(app, wait):
    app.setup = lambda client, *blocks: nxd_mqtt_client_delete(client)
    assert secure_connect(app, wait_option=wait) == NXD_MQTT_INVALID_STATE
    assert app.client.state == 0
    assert app.sockets.calls == []
    app.create()
    app.setup = Setup()
    assert secure_connect(app) == NXD_MQTT_SUCCESS


@pytest.mark.parametrize("secure", [False, True])
def test_it_may_connect_by_itself(app, secure):
    def setup(client, *blocks):
        if secure:
            status = secure_connect(app, tls_setup=Setup(), wait_option=NX_NO_WAIT)
        else:
            status = nxd_mqtt_client_connect(client, HOST_NAME, PORT, 0, NX_TRUE, NX_NO_WAIT)
        assert status == NX_IN_PROGRESS
        return NX_SUCCESS

    app.setup = setup
    # The one inside came first.
    assert secure_connect(app, wait_option=NX_NO_WAIT) == NXD_MQTT_CONNECTING
    app.polls(3)
    assert app.state == CONNECTED
    assert app.sockets.count("handshake") == secure
    assert app.sockets.opened == 1


@pytest.mark.parametrize("call", [nxd_mqtt_client_disconnect, nxd_mqtt_client_delete])
def test_a_later_attempt_s_callback_may_end_it(app, call):
    reconnecting(app)
    app.setup.doing = call
    app.polls(1)
    for _ in range(10):
        app.poll(10)
    assert app.state == (IDLE if call is nxd_mqtt_client_disconnect else 0)
    assert app.sockets.open_now == 0
    assert app.sockets.double_closes == []
    # Nothing was sent on a link that nobody wants any more.
    assert all(not one.take() for one in app.sockets.connections[1:])


def test_a_callback_of_another_client_may_be_the_same(app):
    other = accepting(SecureApp(CPYTHON_TCP, setup=app.setup))
    assert secure_connect(app) == NXD_MQTT_SUCCESS
    assert secure_connect(other) == NXD_MQTT_SUCCESS
    assert [call[0] for call in app.setup.calls] == [app.client, other.client]


# --- plain again ---------------------------------------------------------------------------------


def test_a_plain_connect_afterwards_calls_nobody(app):
    assert secure_connect(app) == NXD_MQTT_SUCCESS
    nxd_mqtt_client_disconnect(app.client)
    app.renew_script()
    accepting(app)
    assert App.start(app, 500) == NXD_MQTT_SUCCESS
    assert len(app.setup.calls) == 1
    assert app.sockets.count("handshake") == 1


@pytest.mark.parametrize(
    "add", [nx_secure_tls_trusted_certificate_add, nx_secure_tls_local_certificate_add]
)
def test_who_ignores_that_a_certificate_was_refused_is_not_connected(app, add):
    """Without it the session would trust whatever the platform trusts."""

    def careless(client, session, certificate, trusted_certificate):
        nx_secure_tls_session_create(session)
        nx_secure_x509_certificate_initialize(trusted_certificate, None)
        assert add(session, trusted_certificate) == NX_PTR_ERROR
        return NX_SUCCESS

    assert secure_connect(app, tls_setup=careless) == NXD_MQTT_CONNECT_FAILURE
    assert app.client.reason == ("tls", 0x112, "tls_setup has added what is no certificate")
    assert app.sockets.opened == 0
    assert secure_connect(app) == NXD_MQTT_SUCCESS
