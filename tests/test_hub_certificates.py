# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The hub's TLS: its certificates, those of its devices, and what a port makes of first bytes."""

import gc
import socket
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from hub_bench import EVENTS, METHODS, PATIENCE, Device, connect_packet, connected

from boards.desktop.broker.packets import Connack
from boards.desktop.hub import Certificates, Hub, port
from boards.desktop.hub.certificates import SERVER_NAMES
from boards.desktop.hub.port import websocket_subprotocols

NOT_AUTHORIZED = 5
AMQP_HEADER = b"AMQP\3\1\0\0"


@pytest.fixture(scope="module")
def certificates():
    """What all hubs of this module show."""
    return Certificates()


@pytest.fixture
def hub(certificates):
    """A hub with TLS, and a plain port beside it."""
    with Hub(devices=("device",), certificates=certificates, plain_port=0) as hub:
        yield hub


def wrapping(hub, files=None, name="localhost", version=None, root=None):
    """Makes a client's socket one with TLS."""
    context = ssl.create_default_context(cadata=root or hub.ca_pem)
    if version is not None:
        context.minimum_version = context.maximum_version = version
    if files is not None:
        context.load_cert_chain(*files)
    return lambda raw: context.wrap_socket(raw, server_hostname=name)


def secured(hub, packet=None, **named):
    """A device that is connected by TLS."""
    device = Device(hub, wrap=wrapping(hub, **named))
    device.say(packet or connect_packet(hub))
    device.hear(Connack())
    return device


# --- the server ----------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_device_comes_through_tls(hub, version):
    with secured(hub, version=version) as device:
        device.subscribe(METHODS)
        device.publish(EVENTS, b"x" * 100_000)
        device.disconnect()
    assert len(hub.events()) == 1


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1", "myhub.azure-devices.net"])
def test_the_certificate_is_good_for_every_name(hub, name):
    with secured(hub, name=name) as device:
        device.hear_nothing()


def test_it_is_not_good_for_other_names(hub):
    with pytest.raises(ssl.SSLCertVerificationError):
        Device(hub, wrap=wrapping(hub, name="elsewhere.example"))
    hub.wait(lambda: hub.statistics()["handshakes_failed"] == 1)
    assert "TLS" in hub.reports()[0]


def test_a_hub_of_another_name_shows_that_too():
    with Hub(host="hub.example", devices=("device",)) as hub, secured(hub, name="hub.example"):
        assert hub.connected() == ["device"]


def test_an_intermediate_stands_between_root_and_server(hub):
    root = x509.load_pem_x509_certificate(hub.ca_pem.encode())
    with secured(hub) as device:
        shown = x509.load_der_x509_certificate(device.socket.getpeercert(binary_form=True))
    # A client that knows the root alone has verified it: the one in between was sent.
    assert shown.issuer != root.subject


def test_the_root_is_a_file_too(hub):
    assert Path(hub.ca_file).read_text() == hub.ca_pem


def test_the_files_go_with_the_certificates():
    made = Certificates()
    folder = Path(made.ca_file).parent
    assert folder.is_dir()
    del made
    gc.collect()
    assert not folder.exists()


def test_a_change_of_root(hub):
    former = hub.ca_pem
    with secured(hub) as device:
        hub.rotate_certificates()
        device.hear_nothing()
    assert hub.ca_pem != former
    with pytest.raises(ssl.SSLCertVerificationError):
        Device(hub, wrap=wrapping(hub, root=former))
    # A client that knows both goes over without a word.
    with secured(hub, root=former + hub.ca_pem), Hub(certificates=hub.certificates) as second:
        Device(second, wrap=wrapping(hub)).socket.close()


# --- devices -------------------------------------------------------------------------------------


def test_a_device_with_a_certificate_needs_no_password(hub):
    hub.add_device("sensor", x509=True)
    packet = connect_packet(hub, "sensor", password=None)
    with secured(hub, packet, files=hub.certificate("sensor")) as device:
        assert hub.connected() == ["sensor"]
        device.disconnect()


@pytest.mark.parametrize("shown", [None, "another"])
def test_another_certificate_or_none_does_not_get_in(hub, shown):
    hub.add_device("sensor", x509=True)
    files = shown and hub.certificate(shown)
    with Device(hub, wrap=wrapping(hub, files)) as device:
        device.say(connect_packet(hub, "sensor", password=None))
        device.hear(Connack(NOT_AUTHORIZED))
        device.hear_the_end()


def test_a_certificate_does_not_replace_a_token(hub):
    with Device(hub, wrap=wrapping(hub, hub.certificate("device"))) as device:
        device.say(connect_packet(hub, password=None))
        device.hear(Connack(NOT_AUTHORIZED))


def test_a_device_of_another_authority_does_not_get_through_tls(hub):
    hub.add_device("sensor", x509=True)
    foreign = Certificates()
    # With TLS 1.3 the client believes in its handshake, and hears of the refusal when it reads.
    with (
        pytest.raises((ssl.SSLError, ConnectionError, AssertionError)),
        Device(hub, wrap=wrapping(hub, foreign.device("sensor"))) as device,
    ):
        device.say(connect_packet(hub, "sensor", password=None))
        device.take()
    hub.wait(lambda: hub.statistics()["handshakes_failed"] == 1)


def test_a_certificate_of_a_former_root_is_still_good(hub):
    hub.add_device("sensor", x509=True)
    files = hub.certificate("sensor")
    hub.rotate_certificates()
    packet = connect_packet(hub, "sensor", password=None)
    for shown in (files, hub.certificate("sensor")):
        secured(hub, packet, files=shown).socket.close()
    assert hub.certificate("sensor") != files


def test_names_of_devices_need_not_be_names_of_files():
    made = Certificates()
    files = made.device("a/b:c*?")
    certificate = x509.load_pem_x509_certificate(Path(files.certificate).read_bytes())
    assert "a/b:c*?" in certificate.subject.rfc4514_string()
    assert made.device("a/b:c*?") == files


# --- ports ---------------------------------------------------------------------------------------


def test_a_plain_port_stands_beside(hub):
    with connected(hub, port=hub.plain_port):
        assert hub.connected() == ["device"]


def test_a_hub_may_have_several_ports(certificates):
    with Hub(port=(0, 0), devices=("device",), certificates=certificates) as hub:
        first, second = hub.ports
        assert first == hub.port != second
        with Device(hub, second, wrapping(hub)) as device:
            device.say(connect_packet(hub))
            device.hear(Connack())


def test_a_port_that_is_taken_is_told_and_nothing_stays_open(hub):
    with pytest.raises(OSError):
        Hub(port=(0, hub.port)).start()
    with connected(hub, port=hub.plain_port):
        pass


@pytest.mark.parametrize(
    "said", [AMQP_HEADER, b"\x16\x03\x01\x02\0\1\0\1\xfc\3\3", b"\0", b"hello"]
)
def test_what_no_front_end_speaks_is_counted_and_closed(hub, said):
    with Device(hub, hub.plain_port) as device:
        device.socket.sendall(said)
        device.hear_the_end()
    assert hub.statistics()["unknown_protocols"] == 1
    assert hub.reports()[0].startswith("no front end for")


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\nHost: a\r\n"])
def test_who_never_says_what_it_speaks_is_closed(hub, said, monkeypatch):
    monkeypatch.setattr(port, "_PATIENCE", 0.05)
    with Device(hub, hub.plain_port) as device:
        device.socket.sendall(said)
        device.hear_the_end()
    assert hub.statistics()["silent_connections"] == 1


def test_half_a_handshake_is_dropped_at_a_stop(hub):
    with socket.create_connection((hub.address, hub.port), PATIENCE) as raw:
        raw.sendall(b"\x16\x03\x01\x02\x00\x01")
        with Device(hub, wrap=wrapping(hub)) as device:
            hub.stop()
            assert raw.recv(1) == b""
            device.hear_the_end()
    assert SERVER_NAMES[0] == hub.host


@pytest.mark.parametrize(
    ("head", "offered"),
    [
        (b"GET / HTTP/1.1\r\nHost: a", None),
        (b"GET / HTTP/1.1\r\nUpgrade: WebSocket", []),
        (b"GET / HTTP/1.1\r\nUpgrade: h2c", None),
        (
            b"GET / HTTP/1.1\r\nsec-websocket-protocol: a, mqtt\r\nUPGRADE: websocket\r\n"
            b"Sec-WebSocket-Protocol: b",
            ["a", "mqtt", "b"],
        ),
    ],
)
def test_what_a_request_says_about_websocket(head, offered):
    assert websocket_subprotocols(head) == offered
