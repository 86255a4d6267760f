# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""TLS on every network hardware: the same life, the same endings, and every socket given back."""

import ssl
import sys
from types import SimpleNamespace

import pytest
from certificates import pem
from client_bench import CONNECTED, IDLE
from doubles.dialects import AIRLIFT, CPYTHON_TCP, ESPRESSIF, HOST, WIZNET, replace
from doubles.script import CONNACK, DISCONNECT, puback, publish
from doubles.tls import Context, refusal
from doubles.trials import PORT
from secure_bench import SecureApp, every_board, every_network, every_way
from tls_bench import Setup

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import nxd_mqtt_client_reconnect_set
from nxd_mqtt.tls import *
from nxd_mqtt.tls_reasons import *

ALLOCATE_PACKET_FAILED = 0x111
UNSUPPORTED_FEATURE = 0x130

CONNECT_LIMIT = 5000
# With room for one socket, a second attempt fails otherwise where the first one's is still open.
TWICE = 2


# --- a life --------------------------------------------------------------------------------------


@every_way
@every_network
def test_a_whole_life(network, radio):
    app = SecureApp(network, radio).connect()
    assert app.publish(b"out") == NXD_MQTT_SUCCESS
    assert app.peer.take() == publish("t", b"out", 1)
    app.peer.send(puback(1) + publish("t", b"in", 7))
    app.polls(3)
    assert app.heard("acknowledge") == [(4, 1, None)]
    assert app.messages() == [b"in"]
    app.poll()
    assert app.peer.take() == puback(7)
    assert nxd_mqtt_client_disconnect(app.client) == NXD_MQTT_SUCCESS
    assert app.peer.take() == DISCONNECT
    assert app.peer.closed_by_client
    assert app.nothing_left()
    assert app.sockets.blocked == []


@every_way
@every_network
def test_the_server_is_asked_for_by_its_name(network, radio):
    app = SecureApp(network, radio).connect()
    assert app.peer.address == ("broker.test", PORT) or network is CPYTHON_TCP
    if network is AIRLIFT:
        assert app.sockets.sockets[0].mode == 2
    else:
        assert app.context.server_hostnames == ["broker.test"]
        assert app.sockets.count("handshake") == 1


@every_way
@pytest.mark.parametrize("network", (HOST, ESPRESSIF, WIZNET, CPYTHON_TCP), ids=str)
def test_a_server_name_changes_nothing_about_where_it_connects(network, radio):
    app = SecureApp(network, radio, Setup(name="name.in.the.certificate"))
    app.script.accept().send(CONNACK)
    assert app.start(500, host="192.0.2.10") == NXD_MQTT_SUCCESS
    assert app.context.server_hostnames == ["name.in.the.certificate"]
    assert app.peer.address == ("192.0.2.10", PORT)


@every_way
@every_network
def test_a_plain_connect_afterwards_is_plain(network, radio):
    app = SecureApp(network, radio).connect()
    nxd_mqtt_client_disconnect(app.client)
    app.renew_script()
    shaken = app.sockets.count("handshake")
    app.script.accept().send(CONNACK)
    status = nxd_mqtt_client_connect(app.client, "broker.test", PORT, 0, 1, 500)
    assert status == NXD_MQTT_SUCCESS
    assert app.sockets.count("handshake") == shaken
    assert app.sockets.sockets[-1].mode is None
    assert len(app.setup.calls) == 1
    nxd_mqtt_client_disconnect(app.client)
    assert app.nothing_left()


@pytest.mark.parametrize("radio", (False, True), ids=("pool", "radio"))
def test_a_desktop_s_tls_says_goodbye(radio):
    app = SecureApp(CPYTHON_TCP, radio).connect()
    nxd_mqtt_client_disconnect(app.client)
    assert app.peer.goodbye
    assert app.nothing_left()


# --- endings -------------------------------------------------------------------------------------


@every_way
@every_network
@pytest.mark.parametrize("end", ("close", "cut", "reset"))
def test_an_ending_is_told_once_and_closes(network, radio, end):
    app = SecureApp(network, radio).connect(keepalive=10)
    app.answer_pings()
    app.poll(500)
    if end == "reset":
        app.peer.reset()
    else:
        app.peer.close(goodbye=end == "close")
    assert app.until_ended() == NXD_MQTT_COMMUNICATION_FAILURE
    assert len(app.heard("disconnect")) == 1
    assert app.client.reason[:2] == ("session", NXD_MQTT_COMMUNICATION_FAILURE)
    assert app.state == IDLE
    assert app.nothing_left()


@every_way
@every_network
def test_the_last_bytes_are_read_before_the_ending(network, radio):
    app = SecureApp(network, radio).connect()
    app.peer.send(publish("t", b"last"))
    app.peer.close()
    assert app.until_ended() == NXD_MQTT_COMMUNICATION_FAILURE
    assert app.messages() == [b"last"]


@every_way
@every_network
def test_every_attempt_shakes_hands_anew(network, radio):
    app = SecureApp(network, radio)
    app.sockets.fail("connect", OSError(113, "no route"), times=2)
    nxd_mqtt_client_reconnect_set(app.client, 100, 100)
    app.script.accept().send(CONNACK)
    app.script.accept().send(CONNACK)
    assert app.start(2000) == NXD_MQTT_SUCCESS
    assert len(app.setup.calls) == 3
    app.peer.reset()
    while len(app.heard("connect")) < 2 and app.clock.elapsed < 60_000:
        app.poll(100)
    if network is ESPRESSIF:  # where a reset is silence, and this link has no keepalive
        return
    assert app.state == CONNECTED
    assert len(app.setup.calls) == 4
    assert (app.sockets.open_now, app.sockets.opened) == (1, 4)
    nxd_mqtt_client_disconnect(app.client)
    assert app.nothing_left()


# --- handshakes that fail ------------------------------------------------------------------------


def fails(app, stage, number):
    """Whether connecting fails so, often, nothing is left of it, and it works again afterwards."""
    for _ in range(TWICE):
        assert app.start(1000) == NXD_MQTT_CONNECT_FAILURE
        assert app.client.reason[:2] == (stage, number)
        assert app.state == IDLE
        assert app.nothing_left()
    assert app.heard("disconnect") == []
    app.renew_script()
    app.connect()
    nxd_mqtt_client_disconnect(app.client)
    assert app.nothing_left()


BOARD_FAILURES = (
    ("unknown issuer", NX_SECURE_TLS_ISSUER_CERTIFICATE_NOT_FOUND),
    ("wrong name", NX_SECURE_X509_CERTIFICATE_DNS_MISMATCH),
    ("expired", NX_SECURE_X509_CERTIFICATE_EXPIRED),
    ("not yet valid", NX_SECURE_X509_CERTIFICATE_NOT_YET_VALID),
    ("no words", NX_SECURE_X509_CHAIN_VERIFY_FAILURE),
    ("alert", NX_SECURE_TLS_ALERT_RECEIVED),
    ("no TLS", NX_SECURE_TLS_UNKNOWN_TLS_VERSION),
    ("hung up", NX_SECURE_TLS_HANDSHAKE_FAILURE),
)


@every_way
@every_board
@pytest.mark.parametrize(("what", "number"), BOARD_FAILURES, ids=str)
def test_what_a_board_s_tls_reports(network, radio, what, number):
    app = SecureApp(replace(network, most_sockets=1), radio)
    app.sockets.fail("handshake", lambda: refusal(what), times=TWICE)
    fails(app, "tls", number)


DESKTOP_FAILURES = (
    ("self-signed certificate in certificate chain", NX_SECURE_TLS_ISSUER_CERTIFICATE_NOT_FOUND),
    ("Hostname mismatch, certificate is not valid for", NX_SECURE_X509_CERTIFICATE_DNS_MISMATCH),
    ("certificate has expired", NX_SECURE_X509_CERTIFICATE_EXPIRED),
)


@every_way
@pytest.mark.parametrize(("text", "number"), DESKTOP_FAILURES)
def test_what_a_desktop_s_tls_reports(radio, text, number):
    app = SecureApp(replace(CPYTHON_TCP, most_sockets=1), radio)
    error = ssl.SSLCertVerificationError(1, "certificate verify failed: " + text)
    app.sockets.fail("handshake", error, times=TWICE)
    fails(app, "tls", number)


@every_way
@every_network
def test_a_server_that_nobody_serves(network, radio):
    app = SecureApp(replace(network, most_sockets=1), radio)
    app.sockets.refuse(PORT)
    for _ in range(TWICE):
        assert app.start(1000) == NXD_MQTT_CONNECT_FAILURE
        assert app.nothing_left()
        # A co-processor does not say whether TCP or TLS has failed.
        assert app.client.reason[0] == "tcp" or network is AIRLIFT


@every_way
def test_a_co_processor_that_does_not_say_what_has_failed(radio):
    app = SecureApp(replace(AIRLIFT, most_sockets=1), radio)
    error = ConnectionError("Failed to connect to host", "broker.test")
    app.sockets.fail("connect", error, times=TWICE)
    fails(app, "tls", NX_SECURE_TLS_HANDSHAKE_FAILURE)


@every_way
@every_board
@pytest.mark.parametrize("verb", ("wrap_socket", "handshake"))
def test_no_memory_for_a_handshake(network, radio, verb):
    app = SecureApp(replace(network, most_sockets=1), radio)
    app.sockets.fail(verb, MemoryError("memory allocation failed"), times=TWICE)
    fails(app, "tls", ALLOCATE_PACKET_FAILED)


@every_way
@every_board
def test_a_context_that_cannot_use_what_it_was_given(network, radio):
    app = SecureApp(replace(network, most_sockets=1), radio)
    app.sockets.fail("wrap_socket", ValueError("invalid key"), times=TWICE)
    fails(app, "tls", NX_SECURE_PKCS1_INVALID_PRIVATE_KEY)


@every_way
@pytest.mark.parametrize("network", (HOST, ESPRESSIF, WIZNET, CPYTHON_TCP), ids=str)
def test_a_handshake_that_stalls_ends_in_time(network, radio):
    app = SecureApp(replace(network, most_sockets=1), radio)
    app.sockets.handshake_takes = 60_000
    for _ in range(TWICE):
        began = app.clock.elapsed
        assert app.start(1000) == NXD_MQTT_CONNECT_FAILURE
        assert app.clock.elapsed - began == CONNECT_LIMIT
        assert app.nothing_left()
    if network is CPYTHON_TCP:
        assert app.client.reason[:2] == ("tls", NX_SECURE_TLS_HANDSHAKE_FAILURE)
    app.sockets.handshake_takes = 0
    app.renew_script()
    app.connect()


@every_way
@every_network
def test_an_exhausted_interpreter_passes_through(network, radio):
    app = SecureApp(network, radio)
    app.sockets.fail("connect", RuntimeError("pystack exhausted"))
    # ConnectionManager's stand-in for TLS makes an OSError of it.
    with pytest.raises(OSError if network is AIRLIFT else RuntimeError, match="pystack"):
        app.start(1000)
    app.connect()
    nxd_mqtt_client_disconnect(app.client)
    assert app.nothing_left()


# --- certificates --------------------------------------------------------------------------------


def firmware(monkeypatch, app):
    """A module ssl as a board has it, whose contexts are doubles; returns those that were made."""
    made = []

    def create_default_context():
        made.append(Context(app.sockets))
        return made[-1]

    board = SimpleNamespace(create_default_context=create_default_context)
    monkeypatch.setitem(sys.modules, "ssl", board)
    return made


@every_board
def test_what_a_session_trusts_does_not_get_into_the_radio_s_context(
    monkeypatch, authority, network
):
    app = SecureApp(network, True, Setup(authority.root, authority.foreign_root))
    made = firmware(monkeypatch, app)
    app.connect()
    assert app.context.trusted == []
    roots = pem(authority.root) + pem(authority.foreign_root)
    ((trusted,),) = [context.trusted for context in made]
    assert trusted.split() == roots.decode().split()
    assert made[0].server_hostnames == ["broker.test"]


@every_board
def test_a_context_that_was_handed_in_gets_certificate_and_key(authority, network):
    files = authority.client()
    app = SecureApp(network, False, Setup(local=[files]))
    app.connect()
    certificates, key = app.context.shown[0]
    assert certificates.split() == pem(files.certificate).decode().split()
    assert key.split() == pem(files.key).decode().split()


@every_way
def test_a_co_processor_is_told_no_certificates(authority, radio):
    app = SecureApp(AIRLIFT, radio, Setup(authority.root))
    assert app.start(1000) == NXD_MQTT_CONNECT_FAILURE
    assert app.client.reason[:2] == ("tls", UNSUPPORTED_FEATURE)
    assert app.sockets.opened == 0


@every_way
@every_board
def test_roots_that_a_board_cannot_read(monkeypatch, authority, network, radio):
    app = SecureApp(network, radio, Setup(authority.root))
    firmware(monkeypatch, app)
    app.sockets.fail("load_verify_locations", ValueError("invalid cert"))
    assert app.start(1000) == NXD_MQTT_CONNECT_FAILURE
    assert app.client.reason[:2] == ("tls", 0x112)
    assert app.sockets.opened == 0
    app.connect()
