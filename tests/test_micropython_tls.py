# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The library over a real mbedTLS: MicroPython's, played as CircuitPython does it.

MicroPython wraps a socket that is connected; the adapter has CircuitPython's order, wrap first.
"""

import getpass

import pytest
from certificates import OTHER_NAME
from peers import Mosquitto
from tables.tls_cases import ALLOCATE_PACKET_FAILED

from boards.desktop.broker import Broker
from boards.desktop.broker.secure import server_context
from nxd_mqtt.nxd import NXD_MQTT_CONNECT_FAILURE
from nxd_mqtt.tls_reasons import *

# TLS takes its memory from the interpreter's heap here.
HEAP = "256k"
# Enough to connect, and too little for a handshake.
SMALL_HEAP = "128k"
# Two sessions of four messages each.
DONE = "received 8, unacknowledged 0\n"

ISSUER = NX_SECURE_TLS_ISSUER_CERTIFICATE_NOT_FOUND

# mbedTLS does not tell a certificate that signs itself from one of an unknown issuer.
BAD_SERVERS = (
    ("foreign_server", ISSUER, "leads to no root that is trusted"),
    ("incomplete_server", ISSUER, "leads to no root that is trusted"),
    ("self_signed_server", ISSUER, "leads to no root that is trusted"),
    ("misnamed_server", NX_SECURE_X509_CERTIFICATE_DNS_MISMATCH, "is another host's"),
    ("expired_server", NX_SECURE_X509_CERTIFICATE_EXPIRED, "has expired"),
    ("early_server", NX_SECURE_X509_CERTIFICATE_NOT_YET_VALID, "is not valid yet"),
)


@pytest.fixture
def session(micropython, authority):
    """A function that runs the script against whoever has a port; returns what it printed."""

    def run(peer, host="localhost", root=None, name="-", own=(), heap=HEAP):
        arguments = (host, peer.port, root or authority.root, name, *own)
        return micropython.run("tls_session.py", *arguments, heap=heap)

    return run


@pytest.fixture
def mosquitto_with(tmp_path):
    """A function that starts mosquitto with TLS and further lines of configuration."""
    started = []

    def start(files, extra=""):
        lines = (
            f"certfile {files.certificate}\nkeyfile {files.key}\nuser {getpass.getuser()}\n{extra}"
        )
        started.append(Mosquitto(tmp_path, lines))
        started[-1].start()
        return started[-1]

    yield start
    for broker in started:
        broker.kill()


def refused(output, number, words, stage="tls"):
    """Whether the script was refused for this reason."""
    assert output.startswith(f"{NXD_MQTT_CONNECT_FAILURE:#x} {stage} {number:#x} ")
    assert words in output
    return True


# --- good ones -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["server", "rsa_server", "chained_server"])
def test_a_session_with_the_embedded_broker(session, authority, kind):
    with Broker(ssl_context=server_context(*getattr(authority, kind)())) as broker:
        assert session(broker) == DONE
        assert broker.violations() == []


@pytest.mark.parametrize("kind", ["server", "chained_server"])
def test_a_session_with_mosquitto(session, authority, mosquitto_with, kind):
    assert session(mosquitto_with(getattr(authority, kind)())) == DONE


def test_an_address_that_is_in_the_certificate(session, authority):
    with Broker(ssl_context=server_context(*authority.server("127.0.0.1"))) as broker:
        assert session(broker, host="127.0.0.1") == DONE


def test_a_name_that_the_callback_sets(session, authority):
    # It is not where the client connects to: nobody could resolve it.
    with Broker(ssl_context=server_context(*authority.misnamed_server())) as broker:
        assert session(broker, host="127.0.0.1", name=OTHER_NAME) == DONE


@pytest.mark.parametrize("kind", ["client", "rsa_client"])
def test_a_client_certificate_from_files(session, authority, kind):
    context = server_context(*authority.server(), authority.root)
    with Broker(ssl_context=context) as broker:
        assert session(broker, own=getattr(authority, kind)()) == DONE


def test_two_roots_in_one_file(session, authority, tmp_path):
    both = tmp_path / "both.pem"
    with both.open("w") as file:
        for path in (authority.foreign_root, authority.root):
            with open(path) as one:
                file.write(one.read())
    with Broker(ssl_context=server_context(*authority.server())) as broker:
        assert session(broker, root=both) == DONE


# --- bad ones ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "number", "words"), BAD_SERVERS)
def test_bad_servers(session, authority, kind, number, words):
    with Broker(ssl_context=server_context(*getattr(authority, kind)())) as broker:
        assert refused(session(broker), number, words)
        assert broker.statistics()["connections"] == 0


def test_a_name_that_the_callback_got_wrong(session, authority):
    with Broker(ssl_context=server_context(*authority.server())) as broker:
        output = session(broker, name=OTHER_NAME)
    assert refused(output, NX_SECURE_X509_CERTIFICATE_DNS_MISMATCH, "is another host's")


def test_a_missing_client_certificate(session, authority, mosquitto_with):
    extra = f"cafile {authority.root}\nrequire_certificate true\n"
    broker = mosquitto_with(authority.server(), extra)
    # What TLS tells is the server's alert, or that he has gone, if that is seen first.
    assert session(broker).startswith(f"{NXD_MQTT_CONNECT_FAILURE:#x} tls ")
    assert "New client connected" not in broker.log
    assert session(broker, own=authority.client()) == DONE


def test_a_root_that_is_not_there(session, authority, tmp_path):
    with Broker(ssl_context=server_context(*authority.server())) as broker:
        output = session(broker, root=tmp_path / "gone.pem")
        assert refused(output, 0x18E, "cannot read")
        assert broker.statistics()["connections"] == 0


def test_a_root_that_is_junk(session, authority):
    with Broker(ssl_context=server_context(*authority.server())) as broker:
        output = session(broker, root=authority.unreadable())
    assert refused(output, 0x112, "no certificate in what is to be trusted")


def test_a_plain_broker(session):
    with Broker() as broker:
        output = session(broker)
    assert output.startswith(f"{NXD_MQTT_CONNECT_FAILURE:#x} ")


def test_a_heap_that_is_too_small(session, authority):
    with Broker(ssl_context=server_context(*authority.server())) as broker:
        output = session(broker, heap=SMALL_HEAP)
        assert refused(output, ALLOCATE_PACKET_FAILED, "no memory for a TLS handshake")
        assert broker.clients() == []
