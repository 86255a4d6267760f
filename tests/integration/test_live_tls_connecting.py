# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Secure connections that come about: every kind of server, by every name, with every network."""

import ssl
from types import SimpleNamespace

import pytest
from adafruit_connection_manager import CPythonNetwork, get_radio_ssl_context
from certificates import OTHER_NAME
from devices import NETWORKS, Device, run
from tls_bench import Setup
from tls_devices import SecureDevice
from tls_servers import ShakesHands
from wire_tap import WireTap

from boards.desktop.broker.packets import Connect, Disconnect
from boards.desktop.broker.secure import server_context
from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import nxd_mqtt_client_poll

SERVERS = ("server", "rsa_server", "chained_server")

on_every_network = pytest.mark.parametrize("network", NETWORKS, indirect=True)


@on_every_network
@pytest.mark.parametrize("kind", SERVERS)
def test_three_sessions(start_broker, make_secure_device, authority, kind, network):
    broker = start_broker(files=getattr(authority, kind)())
    device = make_secure_device("device")
    for number in (1, 2, 3):
        device.session(broker)
        assert len(device.setup.calls) == number
    assert device.answers == [NXD_MQTT_SUCCESS] * 3
    assert [status for _, status, _ in device.endings] == [NXD_MQTT_SUCCESS] * 3
    assert broker.connects() == 3


@on_every_network
def test_without_waiting(start_broker, make_secure_device, authority, network):
    broker = start_broker(files=authority.server())
    device = make_secure_device("device")
    assert device.try_to_connect(broker, wait=NX_NO_WAIT) == NX_IN_PROGRESS
    assert len(device.setup.calls) == 1
    run(device, until=lambda: device.answers)
    assert device.answers == [NXD_MQTT_SUCCESS]
    assert len(device.setup.calls) == 1
    device.subscribe("a").publish("a", b"x")
    run(device, until=lambda: device.messages)
    assert device.payloads() == [b"x"]


# --- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_the_name_is_that_of_the_call(start_broker, make_secure_device, authority, host):
    # The certificate is for this one alone, an address among its addresses.
    broker = start_broker(files=authority.server(host))
    device = make_secure_device("device")
    device.session(SimpleNamespace(host=host, port=broker.port))


@on_every_network
@pytest.mark.parametrize("name", [OTHER_NAME, OTHER_NAME.encode()])
def test_the_name_is_the_callbacks(start_broker, make_secure_device, authority, network, name):
    broker = start_broker(files=authority.misnamed_server())
    make_secure_device("device", Setup(authority.root, name=name)).session(broker)


@on_every_network
def test_the_server_is_asked_for_the_name(make_secure_device, authority, network):
    asked = []
    context = server_context(*authority.misnamed_server())
    context.sni_callback = lambda sock, name, context: asked.append(name)
    device = make_secure_device("device", Setup(authority.root, name=OTHER_NAME))
    with ShakesHands(context) as server:
        assert device.try_to_connect(server, wait=NX_NO_WAIT) == NX_IN_PROGRESS
        device.serve()
        device.disconnect()
    assert asked == [OTHER_NAME]
    # A CONNECT was made and a DISCONNECT was not, for there was no CONNACK.
    assert server.received[:1] == b"\x10"


# --- contexts ------------------------------------------------------------------------------------


def test_a_context_that_is_handed_in(start_broker, authority):
    broker = start_broker(files=authority.server(), client_authority=authority.root)
    context = ssl.create_default_context(cafile=authority.root)
    context.load_cert_chain(*authority.client())
    device = SecureDevice("device", Setup(), ssl_context=context)
    device.session(broker)
    assert len(context.get_ca_certs()) == 1


def test_what_a_session_trusts_is_added_to_a_context_that_is_handed_in(start_broker, authority):
    broker = start_broker(files=authority.server())
    context = ssl.create_default_context(cafile=authority.foreign_root)
    device = SecureDevice("device", Setup(), ssl_context=context)
    status, reason = device.refusal(broker)
    assert (status, reason[0]) == (NXD_MQTT_CONNECT_FAILURE, "tls")
    device.setup = Setup(authority.root)
    device.session(broker)
    assert len(context.get_ca_certs()) == 2


@pytest.mark.parametrize("network", NETWORKS[1:], indirect=True)
def test_the_context_of_the_radio_stays_as_it_is(
    start_broker, make_secure_device, authority, network
):
    radio = CPythonNetwork()
    setup = Setup(authority.root, local=[authority.client()])
    device = make_secure_device("device", setup, radio=radio)
    shared = get_radio_ssl_context(radio)
    before = shared.cert_store_stats(), shared.get_ca_certs()
    broker = start_broker(files=authority.server(), client_authority=authority.root)
    device.session(broker)
    assert get_radio_ssl_context(radio) is shared
    assert (shared.cert_store_stats(), shared.get_ca_certs()) == before
    # A session of the same client that trusts nothing in particular trusts as little as before,
    # and has nothing to show.
    device.setup = Setup()
    _, reason = device.refusal(broker)
    assert reason[0] == "tls"


@on_every_network
def test_the_roots_of_the_platform_are_trusted_by_those_who_add_none(
    start_broker, make_secure_device, authority, network, monkeypatch
):
    broker = start_broker(files=authority.server())
    device = make_secure_device("device", Setup())
    assert device.refusal(broker)[0] == NXD_MQTT_CONNECT_FAILURE
    # OpenSSL's way to say where the platform keeps its roots.
    monkeypatch.setenv("SSL_CERT_FILE", authority.root)
    make_secure_device("other", Setup()).session(broker)


@on_every_network
def test_roots_that_are_added_are_all_that_is_trusted(
    start_broker, make_secure_device, authority, network, monkeypatch
):
    monkeypatch.setenv("SSL_CERT_FILE", authority.root)
    broker = start_broker(files=authority.server())
    device = make_secure_device("device", Setup(authority.foreign_root))
    status, reason = device.refusal(broker)
    assert (status, reason[0]) == (NXD_MQTT_CONNECT_FAILURE, "tls")


# --- besides -------------------------------------------------------------------------------------


def test_a_plain_connect_after_a_secure_one_is_plain(start_broker, authority, tmp_path):
    secure = start_broker(files=authority.server())
    folder = tmp_path / "plain"
    folder.mkdir()
    plain = type(secure)(folder)
    plain.start()
    try:
        tap = WireTap()
        device = SecureDevice("device", Setup(authority.root), socket_pool=tap)
        for _ in range(2):
            device.session(secure)
            assert Device.try_to_connect(device, plain) == NXD_MQTT_SUCCESS
            device.publish("a", "x")
            device.disconnect()
    finally:
        plain.kill()
    # TLS writes by itself, so of the secure ones nothing goes through the tap.
    packets = tap.packets(Connect, Disconnect)
    assert [[type(one) for one in sent] for sent in packets] == [[Connect, Disconnect]] * 2
    assert len(device.setup.calls) == 2


@on_every_network
def test_two_clients_at_once(start_broker, make_secure_device, authority, network):
    broker = start_broker(files=authority.server())
    one, other = make_secure_device("one"), make_secure_device("other")
    one.connect(broker).subscribe("to/one")
    other.connect(broker).subscribe("to/other")
    for number in range(5):
        one.publish("to/other", b"%d" % number)
        other.publish("to/one", b"%d" % -number)
    run(one, other, until=lambda: len(one.messages) == len(other.messages) == 5)
    assert one.payloads() == [b"%d" % -number for number in range(5)]
    assert other.payloads() == [b"%d" % number for number in range(5)]
    assert nxd_mqtt_client_delete(one.client) == NXD_MQTT_SUCCESS
    other.publish("to/other", b"still here")
    assert nxd_mqtt_client_poll(other.client) == NXD_MQTT_SUCCESS
