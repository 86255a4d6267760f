# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The code of the pages about IoT Hub does what the words around it say, with the local hub."""

import contextlib
import socket
import threading

import pytest
from text_bench import Network, run_text

from boards.desktop.hub.fixture import iot_hub, iot_hub_certificates
from nxd_mqtt import azure_iot
from nxd_mqtt.azure_iot import *
from nxd_mqtt.nxd import *
from nxd_mqtt.tls import NX_SECURE_X509_CERT, nx_secure_x509_certificate_initialize

HOST = "garden.azure-devices.net"
DEVICE = "greenhouse"
WAIT = 1000
SECONDS = 10

# Named so that pytest finds them; a module of one's own has them from the plugin.
FIXTURES = (iot_hub, iot_hub_certificates)


@pytest.fixture
def iot_hub_options():
    """A hub with a name as real ones have it."""
    return {"host": HOST, "devices": (DEVICE, "dev1")}


def good(status, client=None):
    """A call must succeed."""
    assert status == NX_AZURE_IOT_SUCCESS, (hex(status), client and client.reason)


def make_client(text, port, ca_file=None):
    """A hub client at a port of this machine, not connected, with TLS where there is a root."""
    status, settings, _ = nx_azure_iot_connection_string_parse(text)
    good(status)
    ip, pool, azure, client = NX_IP(), NX_PACKET_POOL(), NX_AZURE_IOT(), NX_AZURE_IOT_HUB_CLIENT()
    good(nx_ip_create(ip, "ip", socket_pool=socket))
    good(nx_packet_pool_create(pool, "pool", 1024, None, 8 * 1024))
    good(nx_azure_iot_create(azure, "azure", ip, pool))
    host, device = settings["host_name"], settings["device_id"]
    good(nx_azure_iot_hub_client_initialize(client, azure, host, device), client)
    good(nx_azure_iot_hub_client_symmetric_key_set(client, settings["symmetric_key"]))
    secure = NX_TRUE if ca_file else NX_FALSE
    good(nx_azure_iot_hub_client_server_set(client, "localhost", port, secure))
    if ca_file:
        root = NX_SECURE_X509_CERT()
        good(nx_secure_x509_certificate_initialize(root, ca_file))
        good(nx_azure_iot_hub_client_trusted_cert_add(client, root))
    return client


@pytest.fixture
def client(iot_hub):
    """A hub client that is not connected; it is given up behind the test."""
    made = make_client(iot_hub.connection_string(DEVICE), iot_hub.plain_port)
    yield made
    nx_azure_iot_hub_client_deinitialize(made)


def connect(client, *features):
    """Connect with features, with a session that is kept."""
    for feature in features:
        good(feature(client))
    good(nx_azure_iot_hub_client_connect(client, NX_FALSE, WAIT), client)


def given(hub):
    """What a block takes for granted: a hub client, and the names of the header."""
    found = {key: value for key, value in vars(azure_iot).items() if not key.startswith("_")}
    return dict(found, hub=hub)


def poll_until(client, done):
    """Let a client work until something is so."""
    for _ in range(SECONDS * 100):
        if done():
            return
        assert nxd_mqtt_client_poll(client, 1) == NXD_MQTT_SUCCESS, client.reason
    raise AssertionError("it never came to that")


# --- the device ----------------------------------------------------------------------------------


@pytest.fixture
def network(monkeypatch):
    """A network in which every name is this machine."""
    made = Network(monkeypatch)
    yield made
    made.stop()


@pytest.fixture
def portal(iot_hub, network, monkeypatch):
    """What the portal shows is in the settings, and the hub is where its name says."""
    network._brokers[8883] = iot_hub
    network.files(roots_pem=iot_hub.ca_file)
    monkeypatch.setenv("AZURE_IOT_CONNECTION_STRING", iot_hub.connection_string(DEVICE))
    return iot_hub


def test_from_a_connection_string_to_a_link(portal, network, capsys):
    names = run_text("azure_connect")
    assert (capsys.readouterr().out, network.asked) == ("connected\n", [HOST])
    assert portal.connected() == [DEVICE]
    good(nx_azure_iot_hub_client_deinitialize(names["hub"]))


def test_what_is_wrong_with_a_device_is_told(portal, capsys):
    portal.enable(DEVICE, False)
    run_text("azure_connect")
    assert capsys.readouterr().out.startswith("0x10085 ('connack', ")


def test_telemetry(client, iot_hub):
    connect(client)
    assert run_text("azure_telemetry", **given(client))["status"] == NX_AZURE_IOT_SUCCESS
    poll_until(client, iot_hub.events)
    (event,) = iot_hub.events()
    assert (event.body, event.properties) == (
        b'{"celsius": 21.5}',
        (("room", "green house & shed"),),
    )
    assert event.system["content-type"] == "application/json"


def test_messages(client, iot_hub, capsys):
    connect(client, nx_azure_iot_hub_client_cloud_message_enable)
    iot_hub.send_message(DEVICE, "water", {"color": "blue & green"})
    iot_hub.send_message(DEVICE, "light")
    poll_until(client, lambda: iot_hub.statistics()["Success"] == 2)
    run_text("azure_messages", **given(client))
    assert capsys.readouterr().out == "water, color blue & green\nlight, color None\n"


def test_a_message_that_is_too_large_is_told(client, iot_hub, capsys):
    connect(client, nx_azure_iot_hub_client_cloud_message_enable)
    iot_hub.send_message(DEVICE, b"x" * 5000)
    poll_until(client, lambda: iot_hub.statistics()["Success"])
    run_text("azure_messages", **given(client))
    assert capsys.readouterr().out == "a message is lost: 0x20010\n"


def test_the_twin(client, iot_hub):
    iot_hub.patch_twin(DEVICE, {"interval": 30})
    connect(client, nx_azure_iot_hub_client_device_twin_enable)
    names = run_text("azure_twin", **given(client))
    assert (names["interval"], names["response_status"]) == (30, 204)
    assert iot_hub.reported(DEVICE) == {"interval": 30}
    iot_hub.patch_twin(DEVICE, {"interval": 45})
    poll_until(client, lambda: client.mailbox.find(4) >= 0)
    assert run_text("azure_twin", **given(client))["interval"] == 45


@pytest.mark.parametrize(("name", "wanted"), [("blink", (200, {"blinked": 3})), ("fly", (404, {}))])
def test_methods(name, wanted, client, iot_hub):
    connect(client, nx_azure_iot_hub_client_direct_method_enable)
    answer = iot_hub.begin_method(DEVICE, name, timeouts=(SECONDS, SECONDS))
    assert run_text("azure_methods", **given(client))["status"] == NX_AZURE_IOT_SUCCESS
    poll_until(client, answer.done)
    assert answer.result() == wanted


def test_the_program_is_told_how_it_stands(client, iot_hub, capsys):
    assert run_text("azure_reconnecting", **given(client))["status"] == NX_AZURE_IOT_CONNECTING
    poll_until(client, iot_hub.connected)
    poll_until(client, lambda: client.state == 3)
    iot_hub.cut(DEVICE)
    poll_until(client, lambda: client.state != 3)
    assert capsys.readouterr().out == "connected\nno link: 0x2000C\n"
    client.status_callback(client, NX_AZURE_IOT_REPLACED)
    assert capsys.readouterr().out == "somebody else connects as this device\n"


def test_a_refusal_is_told_and_is_final(client, iot_hub, capsys):
    iot_hub.enable(DEVICE, False)
    run_text("azure_reconnecting", **given(client))
    while not (status := nxd_mqtt_client_poll(client, 10)):
        pass
    assert status == NXD_MQTT_ERROR_NOT_AUTHORIZED
    wanted = "the hub refuses this device; nothing is tried any more\n"
    assert capsys.readouterr().out == wanted


def test_the_gap_of_a_renewal(client, capsys):
    connect(client)
    run_text("azure_gap", **given(client))
    assert capsys.readouterr().out == "0 renewals, the last gap was 0 ms\n"


def test_tokens_of_somebody_who_has_the_key(client, iot_hub):
    run_text("azure_token", keeper=iot_hub, **given(client))
    connect(client)
    _, statistics = nx_azure_iot_hub_client_statistics_get(client)
    assert statistics["token_expiry"] > 0
    assert iot_hub.connected() == [DEVICE]


def test_plug_and_play(client, iot_hub):
    connect(client, nx_azure_iot_hub_client_properties_enable)
    run_text("azure_model", **given(client))
    poll_until(client, lambda: "interval" in iot_hub.reported(DEVICE))
    assert iot_hub.reported(DEVICE) == {
        "thermostat": {"__t": "c", "celsius": 21.5},
        "interval": {"value": 5, "ac": 200, "av": 3, "ad": "from the next minute on"},
    }


# --- the hub -------------------------------------------------------------------------------------


@contextlib.contextmanager
def my_sensor(text, port, ca_file):
    """Somebody's device: it confirms the interval that is desired, and sends one message."""
    client = make_client(text, port, ca_file)
    good(nx_azure_iot_hub_client_device_twin_enable(client))
    good(nx_azure_iot_hub_client_reconnect_set(client, 2, 10))
    ended = threading.Event()

    def serve():
        good(nx_azure_iot_hub_client_connect(client, NX_FALSE, WAIT), client)
        _, message = nx_azure_iot_hub_client_telemetry_message_create(client, NX_NO_WAIT)
        good(nx_azure_iot_hub_client_telemetry_send(client, message, "hello", NX_NO_WAIT))
        run_text("azure_twin", **given(client))
        while not ended.is_set():
            good(nxd_mqtt_client_poll(client, 1))
        good(nx_azure_iot_hub_client_deinitialize(client))

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(SECONDS)


def shown_tests():
    """The functions that a page shows as somebody's tests."""
    names = run_text("hub_test", my_sensor=my_sensor)
    return [value for name, value in names.items() if name.startswith("test_")]


@pytest.mark.parametrize("function", shown_tests(), ids=lambda each: each.__name__)
def test_a_test_of_one_s_own(function, iot_hub):
    function(iot_hub)


def test_the_plugin_is_there():
    assert run_text("hub_conftest")["pytest_plugins"] == ["boards.desktop.hub.fixture"]


def test_an_hour_in_a_moment():
    @contextlib.contextmanager
    def connected(hub, token):
        client = make_client(hub.connection_string("dev1"), hub.port, hub.ca_file)
        good(nx_azure_iot_hub_client_sas_token_set(client, token))
        connect(client)
        yield
        nx_azure_iot_hub_client_deinitialize(client)

    assert run_text("hub_clock", connected=connected)["closed"] == 1
