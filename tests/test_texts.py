# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The code of README and documents does what the words around it say."""

import errno
import socket
import sys
import threading
from types import SimpleNamespace

import pytest
from certificates import der
from doubles.drive import Drive, mount
from doubles.spi import Loopback
from spi_bench import Airlift, Wiznet, forget_radios
from text_bench import (
    Network,
    connected,
    new_client,
    poll_until,
    run_text,
    statistics,
    subscribed,
)

import boards
from boards.desktop.broker.packets import ACCEPTED, NOT_AUTHORIZED
from nxd_mqtt.file_store import FileStore
from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *
from nxd_mqtt.tls import *

SECONDS = 10


@pytest.fixture
def network(monkeypatch):
    """Everything that is not a broker's is still to be served."""
    forget_radios()
    made = Network(monkeypatch)
    yield made
    made.stop()


def at_the_broker(broker, what, number=1):
    """Wait until a broker has counted so many of something."""
    gate = threading.Event()
    for _ in range(SECONDS * 100):
        if broker.statistics()[what] >= number:
            return
        gate.wait(0.01)
    raise AssertionError(broker.statistics())


# --- README --------------------------------------------------------------------------------------


def test_readme(network, capsys, threads):
    broker = network.serve(1883)

    def end():
        at_the_broker(broker, "received")
        broker.stop()

    threads.start(end)
    names = run_text("readme_program")
    threads.join()
    assert capsys.readouterr().out.startswith("ended with status 0x10007 because of ('session', ")
    assert broker.statistics()["acknowledged"] == 1
    assert network.asked[0] == "192.168.1.10"
    assert nxd_mqtt_client_delete(names["client"]) == NXD_MQTT_SUCCESS


# --- boards --------------------------------------------------------------------------------------


@pytest.fixture
def publishes(network, capsys):
    """A function that runs a board's program and sees its message at the broker."""
    broker = network.serve(1883)

    def run(names):
        assert nxd_mqtt_client_delete(names["client"]) == NXD_MQTT_SUCCESS
        at_the_broker(broker, "received")
        assert broker.violations() == []
        return capsys.readouterr().out.splitlines()[-1] == "published"

    return run


def test_desktop(publishes):
    assert publishes(run_text("boards_desktop"))


def test_native_wifi(publishes, monkeypatch):
    class Radio:
        connected = True

    interpreter = SimpleNamespace(implementation=SimpleNamespace(name="circuitpython"))
    monkeypatch.setattr(boards, "sys", interpreter)
    monkeypatch.setitem(sys.modules, "wifi", SimpleNamespace(radio=Radio()))
    pool = SimpleNamespace(SocketPool=lambda radio: socket)
    monkeypatch.setitem(sys.modules, "socketpool", pool)
    assert publishes(run_text("boards_native_wifi"))


def test_airlift(publishes, monkeypatch):
    hardware = Airlift(monkeypatch, Loopback())
    chip = hardware.chip
    pins = {"D13": chip.cs, "D11": chip.busy, "D12": chip.reset}
    made = {name: SimpleNamespace(digital=pin) for name, pin in pins.items()}
    hardware.board(SPI=lambda: chip.bus, **made)
    assert publishes(run_text("boards_airlift"))
    assert chip.log == [("192.168.1.10", 1883, 0)]


def test_wiznet(publishes, monkeypatch):
    hardware = Wiznet(monkeypatch, Loopback())
    chip = hardware.chip
    hardware.board(SPI=lambda: chip.bus, D10=SimpleNamespace(digital=chip.cs))
    assert publishes(run_text("boards_wiznet"))
    assert chip.connects == [(bytes([192, 168, 1, 10]), 1883)]


# --- file_store ----------------------------------------------------------------------------------


@pytest.fixture
def drive(monkeypatch):
    """The drive that a board has."""
    return mount(monkeypatch, Drive())


def test_file_store(network, drive, capsys):
    network.serve(1883)
    client = new_client()
    names = run_text("file_store_outbox", client=client)
    assert (names["status"], names["store"].restored) == (NXD_MQTT_SUCCESS, 0)
    assert capsys.readouterr().out == ""
    assert sorted(drive.files) == ["/sd/outbox.0", "/sd/outbox.1"]
    connected(client)
    assert nxd_mqtt_client_publish(client, "t", "m", NX_FALSE, 1, NX_NO_WAIT) == NXD_MQTT_SUCCESS
    assert names["store"].count == 1
    poll_until(client, lambda: names["store"].count == 0)
    nxd_mqtt_client_delete(client)


def test_file_store_where_the_drive_is_read_only(drive, capsys):
    drive.read_only = True
    names = run_text("file_store_outbox", client=new_client())
    assert names["status"] == NXD_MQTT_INTERNAL_ERROR
    assert capsys.readouterr().out.startswith("messages are in memory only: ('store', ")


def test_an_hour_of_messages():
    pool = NX_PACKET_POOL()
    run_text("file_store_hour", pool=pool)
    assert (pool.depth, pool.payload_size) == (60, 128)


def test_boot_lets_the_program_write(drive, monkeypatch):
    def remount(path, readonly):
        assert path == "/"
        drive.read_only = readonly

    drive.read_only = True
    monkeypatch.setitem(sys.modules, "storage", SimpleNamespace(remount=remount))
    client = new_client()
    assert nxd_mqtt_client_store_set(client, FileStore("/outbox")) == NXD_MQTT_INTERNAL_ERROR
    assert client.reason[2].errno == errno.EROFS
    run_text("file_store_boot")
    assert nxd_mqtt_client_store_set(client, FileStore("/outbox")) == NXD_MQTT_SUCCESS


def test_how_long_flash_lasts():
    days = run_text("file_store_days")["days"]
    assert days(100_000, 500, 3) == 100
    assert days(10_000, 24, 10_000) == pytest.approx(10_000 / 24, rel=0.001)


# --- mapping -------------------------------------------------------------------------------------


def test_calls_of_c(network):
    network.serve(1883)
    client = subscribed(connected(new_client()), "room/light")
    nxd_mqtt_client_publish(client, "room/light", "off", NX_FALSE, 1, NX_NO_WAIT)
    poll_until(client, lambda: statistics(client)["unread"])
    topic, message = bytearray(32), bytearray(32)
    names = run_text("mapping_calls", client=client, topic=topic, message=message)
    assert names["status"] == NXD_MQTT_SUCCESS
    assert topic[: names["topic_length"]] == b"room/light"
    assert message[: names["message_length"]] == b"off"
    poll_until(client, lambda: statistics(client)["unread"])
    _, _, length = nxd_mqtt_client_message_get(client, topic, message)
    assert message[:length] == b"on"
    nxd_mqtt_client_delete(client)


def test_the_lines_for_headers():
    names = run_text("mapping_imports")
    wanted = "nxd_mqtt_client_publish nxd_mqtt_client_poll nxd_mqtt_client_statistics_get NX_FALSE"
    assert set(wanted.split()) <= set(names)


# --- reliability ---------------------------------------------------------------------------------


def test_a_loop_that_ends_when_the_client_is_refused_for_good(network, drive, threads):
    admitted = [ACCEPTED]
    broker = network.serve(1883, authenticate=lambda *named: admitted[0])
    client = new_client()

    def lose_twice():
        at_the_broker(broker, "subscribes")
        broker.cut("me")
        at_the_broker(broker, "connections", 2)
        admitted[0] = NOT_AUTHORIZED
        broker.cut("me")

    threads.start(lose_twice)
    names = run_text("reliability_reconnecting", client=client, FileStore=FileStore)
    threads.join()
    assert names["asked"] is True
    assert client.reason[1] == NXD_MQTT_ERROR_NOT_AUTHORIZED
    assert statistics(client)["reconnects"] == 1
    assert sorted(drive.files) == ["/sd/outbox.0", "/sd/outbox.1"]
    assert set(network.asked) == {"broker.local"}
    nxd_mqtt_client_delete(client)


# --- secure --------------------------------------------------------------------------------------


def connect_securely(client, setup, host="192.168.1.10"):
    """Connect by a setup callback; returns the status."""
    return nxd_mqtt_client_secure_connect(client, host, 8883, setup, 60, NX_TRUE, 500)


def test_a_secure_connect(network, authority):
    broker = network.serve_tls(8883, authority.server("broker.example"))
    network.files(roots_pem=authority.root)
    client = new_client()
    assert run_text("secure_connect", client=client)["status"] == NXD_MQTT_SUCCESS
    assert broker.clients() == ["me"]
    nxd_mqtt_client_delete(client)


def test_a_secure_connect_to_somebody_else(network, authority):
    network.serve_tls(8883, authority.misnamed_server())
    network.files(roots_pem=authority.root)
    client = new_client()
    assert run_text("secure_connect", client=client)["status"] == NXD_MQTT_CONNECT_FAILURE
    assert client.reason[:2] == ("tls", 0x195)


def trusting(authority, session, certificate):
    """Begin a session that trusts the authority; returns the status."""
    return (
        nx_secure_tls_session_create(session)
        or nx_secure_x509_certificate_initialize(certificate, authority.root)
        or nx_secure_tls_trusted_certificate_add(session, certificate)
    )


def test_an_address_and_a_name(network, authority):
    network.serve_tls(8883, authority.server("broker.example"))

    def setup(client, session, certificate, trusted_certificate):
        status = trusting(authority, session, trusted_certificate)
        given = dict(vars(sys.modules["nxd_mqtt.tls"]), status=status, session=session)
        return run_text("secure_name", **given)["status"]

    client = new_client()
    assert connect_securely(client, setup) == NXD_MQTT_SUCCESS
    assert network.asked == ["192.168.1.10"]
    nxd_mqtt_client_delete(client)


def test_a_client_certificate(network, authority):
    files = authority.client("greenhouse")
    broker = network.serve_tls(8883, authority.server("broker.example"), authority.root)
    paths = {"roots_pem": authority.root, "device_pem": files.certificate, "device_key": files.key}
    network.files(**paths)

    def setup(client, session, certificate, trusted_certificate):
        status = nx_secure_tls_session_create(session)
        nx_secure_x509_certificate_initialize(trusted_certificate, "/roots.pem")
        nx_secure_tls_trusted_certificate_add(session, trusted_certificate)
        given = dict(vars(sys.modules["nxd_mqtt.tls"]), status=status, session=session)
        return run_text("secure_client_certificate", certificate=certificate, **given)["status"]

    client = new_client()
    assert connect_securely(client, setup, "broker.example") == NXD_MQTT_SUCCESS
    assert broker.common_name("me") == "greenhouse"
    nxd_mqtt_client_delete(client)


def test_a_setup_that_is_carried_over(network, authority):
    files = authority.rsa_client("shed")
    broker = network.serve_tls(8883, authority.server("broker.example"), authority.root)

    def setup(client, session, certificate, trusted_certificate):
        assert trusting(authority, session, trusted_certificate) == NX_SUCCESS
        names = run_text(
            "secure_carried_over",
            certificate=certificate,
            device_der=der(files.certificate),
            device_key=der(files.key),
            dns_name=NX_SECURE_X509_DNS_NAME(),
            **vars(sys.modules["nxd_mqtt.tls"]),
        )
        assert names["status"] == NX_SUCCESS
        nx_secure_tls_local_certificate_add(session, certificate)
        return nx_secure_tls_session_sni_extension_set(session, names["dns_name"])

    client = new_client()
    assert connect_securely(client, setup) == NXD_MQTT_SUCCESS
    assert broker.common_name("me") == "shed"
    nxd_mqtt_client_delete(client)


def test_websocket(network):
    broker = network.serve(80, websocket="/mqtt")
    client = new_client()
    assert run_text("websocket_set", client=client)["status"] == NXD_MQTT_SUCCESS
    connected(client, port=80)
    assert broker.ping("me"), "connected by WebSocket"
    nxd_mqtt_client_delete(client)
