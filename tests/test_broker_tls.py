# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The broker over TLS: who gets in, who does not, and handshakes that never end."""

import socket
import ssl
import subprocess
import sys
import threading
import time

import pytest
from certificates import OTHER_NAME, Files, der, pem
from test_broker_server import (
    BIG,
    CONNACK,
    DISCONNECT,
    PATIENCE,
    PINGREQ,
    PINGRESP,
    At,
    Client,
    big,
    connect_packet,
    field,
    puback,
    publish,
    running,
    suback,
    subscribe,
    until,
)

from boards.desktop.broker import Broker
from boards.desktop.broker.__main__ import main
from boards.desktop.broker.secure import server_context

GOOD_SERVERS = ("server", "rsa_server", "chained_server")
GOOD_CLIENTS = ("client", "rsa_client", "chained_client")

# What OpenSSL calls the fault of each bad server.
BAD_SERVERS = (
    ("foreign_server", 20),  # unable to get local issuer certificate
    ("incomplete_server", 20),
    ("misnamed_server", 62),  # hostname mismatch
    ("expired_server", 10),
    ("early_server", 9),
    ("self_signed_server", 18),
)

# The beginning of a handshake: a record of 512 bytes is announced, and some of it is there.
HALF_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"


@pytest.fixture
def broker(authority):
    """A broker with a good certificate, which asks nobody for theirs."""
    with Broker(ssl_context=server_context(*authority.server())) as broker:
        yield broker


@pytest.fixture
def strict_broker(authority):
    """A broker that wants a certificate of every client."""
    context = server_context(*authority.server(), authority.root)
    with Broker(ssl_context=context) as broker:
        yield broker


def client_context(authority, files=None, version=None):
    """What a client trusts, and what it shows."""
    context = ssl.create_default_context(cafile=authority.root)
    if files is not None:
        context.load_cert_chain(*files)
    if version is not None:
        context.maximum_version = version
    return context


def secure(broker, context, name="localhost", buffer=None):
    """A client that has shaken hands."""
    client = Client(broker, buffer)
    client.socket = context.wrap_socket(client.socket, server_hostname=name)
    return client


def connected(broker, context, client_id="c", keepalive=0):
    """The same with its CONNACK."""
    client = secure(broker, context)
    client.say(connect_packet(client_id, 2, keepalive))
    client.hear(CONNACK)
    return client


def ends(client):
    """Waits until the connection ends, however TLS calls it; says how long it took."""
    begun = time.monotonic()
    try:
        while client.socket.recv(100):
            pass
    except TimeoutError:
        raise
    except OSError:
        pass
    return time.monotonic() - begun


def refused(broker, context):
    """Whether a client gets no answer to its CONNECT; with TLS 1.3 it believes in its handshake."""
    try:
        with secure(broker, context) as client:
            client.say(connect_packet("c"))
            return client.take(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


# --- who gets in ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", GOOD_SERVERS)
@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
def test_mqtt_over_tls(authority, kind, name):
    context = server_context(*getattr(authority, kind)())
    with (
        Broker(ssl_context=context) as broker,
        secure(broker, client_context(authority), name) as client,
    ):
        client.say(connect_packet("c"), subscribe(1, ("a", 1)), publish("a", b"1", 1, 5))
        client.hear(CONNACK, suback(1, 1), publish("a", b"1", 1, 1), puback(5))
        assert broker.clients() == ["c"]
        client.say(DISCONNECT)
        client.hear_the_end()
        assert broker.violations() == []


def test_a_server_of_another_name(authority):
    context = server_context(*authority.server(OTHER_NAME))
    with Broker(ssl_context=context) as broker:
        secure(broker, client_context(authority), OTHER_NAME).socket.close()


@pytest.mark.parametrize(("kind", "fault"), BAD_SERVERS)
def test_bad_servers_are_known_by_their_fault(authority, kind, fault):
    context = server_context(*getattr(authority, kind)())
    with Broker(ssl_context=context) as broker:
        with pytest.raises(ssl.SSLCertVerificationError) as caught:
            secure(broker, client_context(authority))
        assert caught.value.verify_code == fault
        assert broker.statistics()["connections"] == 0


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("kind", [None, "foreign_client", "expired_client"])
def test_clients_without_a_good_certificate(authority, strict_broker, kind, version):
    files = getattr(authority, kind)() if kind else None
    assert refused(strict_broker, client_context(authority, files, version))
    assert strict_broker.statistics()["connections"] == 0
    good = client_context(authority, authority.client())
    connected(strict_broker, good).socket.close()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("kind", GOOD_CLIENTS)
def test_clients_with_a_good_certificate(authority, strict_broker, kind, version):
    files = getattr(authority, kind)("my device")
    context = client_context(authority, files, version)
    with connected(strict_broker, context, "c") as client:
        assert client.socket.version() == {772: "TLSv1.3", 771: "TLSv1.2"}[version]
        assert strict_broker.common_name("c") == "my device"
        assert strict_broker.common_name("nobody") is None


def test_a_certificate_that_nobody_asked_for_has_no_name(authority, broker):
    with connected(broker, client_context(authority, authority.client())):
        assert broker.common_name("c") is None


def test_no_certificate_replaces_a_password(authority):
    context = server_context(*authority.server(), authority.root)
    with (
        Broker(
            authenticate=lambda *who: 0 if who[1:] == ("u", b"p") else 4, ssl_context=context
        ) as broker,
        secure(broker, client_context(authority, authority.client())) as client,
        secure(broker, client_context(authority, authority.client())) as thief,
    ):
        thief.say(connect_packet("t"))
        thief.hear(b"\x20\2\0\4")
        client.say(connect_packet("c", 0xC2, 0, field("u") + field("p")))
        client.hear(CONNACK)


# --- the other kind of peer ----------------------------------------------------------------------


def test_a_plain_client_at_the_tls_port(authority, broker):
    with Client(broker) as client:
        client.say(connect_packet("c"))
        ends(client)
    assert broker.statistics()["connections"] == 0
    connected(broker, client_context(authority)).socket.close()


def test_a_tls_client_at_the_plain_port(authority):
    with Broker() as broker:
        assert refused(broker, client_context(authority))
        assert "MQTT-2.2.2-2" in broker.violations()[0]


# --- time ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("begun", [b"", HALF_HELLO])
def test_silence_instead_of_a_handshake(authority, begun):
    context = server_context(*authority.server())
    with Broker(ssl_context=context, connect_seconds=0.1) as broker, Client(broker) as client:
        client.say(begun)
        assert ends(client) < 3


def test_silence_instead_of_connect(authority):
    context = server_context(*authority.server())
    with (
        Broker(ssl_context=context, connect_seconds=0.2) as broker,
        secure(broker, client_context(authority)) as client,
    ):
        assert ends(client) < 3


def test_keepalive(authority, broker):
    with connected(broker, client_context(authority), keepalive=1) as client:
        assert 1.2 < ends(client) < 3
    assert broker.statistics()["keepalive_timeouts"] == 1


@pytest.mark.parametrize("begun", [b"", HALF_HELLO])
def test_a_stop_while_a_handshake_is_open(authority, broker, begun):
    before = threading.active_count()
    with Client(broker) as client, connected(broker, client_context(authority)) as other:
        client.say(begun)
        started = time.monotonic()
        broker.stop()
        assert time.monotonic() - started < 3
        assert ends(client) < 3
        assert ends(other) < 3
    assert threading.active_count() == before - 1
    broker.start()
    with connected(broker, client_context(authority)):
        assert broker.clients() == ["c"]


def test_stops_in_the_middle_of_many_handshakes(authority, broker):
    context = client_context(authority)
    for _ in range(5):
        stopping = threading.Event()

        def shake(stopping=stopping):
            while not stopping.is_set():
                refused(broker, context)

        workers = [threading.Thread(target=shake) for _ in range(3)]
        for worker in workers:
            worker.start()
        accepted = broker.statistics()["connections"]
        until(lambda accepted=accepted: broker.statistics()["connections"] > accepted + 3)
        started = time.monotonic()
        broker.stop()
        elapsed = time.monotonic() - started
        stopping.set()
        for worker in workers:
            worker.join(PATIENCE)
        assert elapsed < 3
        assert broker.clients() == []
        broker.start()


# --- bytes ---------------------------------------------------------------------------------------


def test_one_byte_in_a_record(authority, broker):
    with secure(broker, client_context(authority)) as client:
        for byte in connect_packet("c") + subscribe(1, ("a", 1)) + publish("a", b"x", 1, 9):
            client.say(bytes((byte,)))
        client.hear(CONNACK, suback(1, 1), publish("a", b"x", 1, 1), puback(9))


@pytest.mark.parametrize("qos", [0, 1])
def test_a_slow_reader_loses_nothing(authority, qos):
    count = 200
    context = server_context(*authority.server())
    broker = Broker(
        ssl_context=context, queued_messages=0, in_flight=count, socket_buffer=BIG, write_buffer=BIG
    )
    with (
        broker,
        secure(broker, client_context(authority), buffer=4096) as reader,
        connected(broker, client_context(authority), "p") as writer,
    ):
        reader.say(connect_packet("s", 0), subscribe(1, ("a", qos)))
        reader.hear(CONNACK, suback(1, qos))
        for number in range(count):
            writer.say(big(qos, number + 1, number))
        writer.hear(*(puback(number + 1) for number in range(count) if qos))
        writer.hear_nothing()
        assert broker.statistics()["queued"] > 50
        for number in range(count):
            reader.hear(big(qos, number + 1, number))
        assert broker.statistics()["dropped"] == 0


def test_a_client_that_reads_no_answers_is_not_read_any_more(authority):
    context = server_context(*authority.server())
    broker = Broker(ssl_context=context, write_buffer=1000, socket_buffer=8192)
    with broker, secure(broker, client_context(authority), buffer=32_768) as client:
        client.say(connect_packet("c"))
        client.hear(CONNACK)
        client.socket.settimeout(0.3)
        sent = 0
        with pytest.raises(TimeoutError):
            while sent < 1_000_000:
                client.say(PINGREQ * 500)
                sent += 500
        client.socket.settimeout(PATIENCE)
        assert client.take(sent * 2) == PINGRESP * sent
        # The record that found no room has begun, and TLS wants the rest of it.
        client.say(PINGREQ * 500)
        client.hear(PINGRESP * 500)
        assert broker.clients() == ["c"]


# --- files ---------------------------------------------------------------------------------------


def unusable(authority):
    """Pairs of certificate and key that no server can use, by what is wrong."""
    good = authority.server()
    return {
        "no such file": Files(good.certificate + ".gone", good.key),
        "no certificate": Files(authority.unreadable(), good.key),
        "no key": Files(good.certificate, good.certificate),
        "another's key": Files(good.certificate, authority.client().key),
        "a password": authority.encrypted(good, b"secret"),
    }


FAULTS = ("no such file", "no certificate", "no key", "another's key", "a password")


@pytest.mark.parametrize("fault", FAULTS)
def test_files_that_cannot_be_used(authority, fault):
    with pytest.raises(OSError):
        server_context(*unusable(authority)[fault])


def test_an_authority_that_cannot_be_used(authority):
    with pytest.raises(OSError):
        server_context(*authority.server(), authority.unreadable())


def test_certificate_and_key_in_one_file(authority, tmp_path):
    both = tmp_path / "both.pem"
    both.write_bytes(b"".join(map(pem, authority.server())))
    with (
        Broker(ssl_context=server_context(both)) as broker,
        connected(broker, client_context(authority)),
    ):
        assert broker.clients() == ["c"]


@pytest.mark.parametrize("kind", ["client", "rsa_client"])
def test_certificates_and_keys_as_bytes(authority, kind):
    files = getattr(authority, kind)()
    text = pem(files.certificate).decode()
    assert der(files.certificate) == ssl.PEM_cert_to_DER_cert(text)
    label = b"RSA" if kind == "rsa_client" else b"EC"
    assert pem(files.key).startswith(b"-----BEGIN " + label + b" PRIVATE KEY-----\n")
    # A sequence whose first field is the version, 0 in PKCS#1 and 1 in SEC1.
    key = der(files.key)
    length = 4 if label == b"RSA" else 2
    assert key[0] == 0x30
    assert key[length : length + 3] == (b"\2\1\0" if label == b"RSA" else b"\2\1\1")


def test_an_authority_makes_each_certificate_once(authority):
    assert authority.server() == authority.server()
    assert authority.client("one") != authority.client("two")
    assert authority.server() != authority.server("localhost")


# --- the command ---------------------------------------------------------------------------------


def test_the_command(authority):
    files = authority.server()
    process, line = running(
        *("--port", "0", "--certificate", files.certificate, "--key", files.key),
        *("--client-authority", authority.root),
    )
    with process:
        assert line.endswith(" with TLS\n")
        context = client_context(authority, authority.client())
        connected(At(line), context).socket.close()
        assert refused(At(line), client_context(authority))
        process.terminate()
        said, refusals = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert said == ""
    assert refusals.startswith("TLS handshake refused: ")
    assert "PEER_DID_NOT_RETURN_A_CERTIFICATE" in refusals
    assert refusals.count("\n") == 1


def refused_command(*arguments):
    """What the command says on its way out."""
    done = subprocess.run(
        [sys.executable, "-m", "boards.desktop.broker", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    return done.stderr


@pytest.mark.parametrize("fault", FAULTS)
def test_the_command_with_files_that_cannot_be_used(authority, fault):
    files = unusable(authority)[fault]
    said = refused_command("--certificate", files.certificate, "--key", files.key)
    assert "the certificate, the key or the authority" in said
    assert files.certificate in said
    assert "else --key" not in said


def test_the_command_with_a_certificate_without_its_key(authority):
    certificate = authority.server().certificate
    said = refused_command("--certificate", certificate)
    assert certificate in said
    assert said.endswith(" - is the key in it? else --key\n")


def test_the_command_with_an_authority_that_cannot_be_used(authority, tmp_path):
    both = tmp_path / "both.pem"
    both.write_bytes(b"".join(map(pem, authority.server())))
    bad = authority.unreadable()
    said = refused_command("--certificate", str(both), "--client-authority", bad)
    assert bad in said
    assert "else --key" not in said


@pytest.mark.parametrize("layers", [(), ("--websocket", "/mqtt")])
def test_the_command_with_a_port_in_use(broker, layers):
    said = refused_command("--port", str(broker.port), *layers)
    assert said == (
        "python -m boards.desktop.broker: "
        f"cannot listen on 127.0.0.1 port {broker.port}: Address already in use\n"
    )


@pytest.mark.parametrize("port", ["70000", "-1", "mqtt"])
def test_the_command_with_a_port_that_is_none(port):
    assert "expected 0 to 65535" in refused_command("--port=" + port)


def test_the_command_s_help_says_what_a_refused_client_sees(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "without an alert" in capsys.readouterr().out


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_refusals_are_told(authority, version):
    told = []
    context = server_context(*authority.server(), authority.root, told.append)
    with Broker(ssl_context=context) as broker:
        for files, reason in (
            (None, "PEER_DID_NOT_RETURN_A_CERTIFICATE"),
            (authority.expired_client(), "certificate has expired"),
        ):
            assert refused(broker, client_context(authority, files, version))
            until(lambda: told)
            assert reason in told.pop()
        with Client(broker) as client:
            client.say(connect_packet("c"))
            ends(client)
        assert len(told) == 1
        connected(broker, client_context(authority, authority.client())).socket.close()
        assert len(told) == 1


@pytest.mark.parametrize("option", ["--key", "--client-authority"])
def test_the_command_with_options_that_need_another(authority, option):
    assert "need --certificate" in refused_command(option, authority.root)


def test_a_broker_that_cannot_listen_keeps_no_port(authority, broker):
    with pytest.raises(OSError):
        Broker(broker.port, ssl_context=server_context(*authority.server())).start()
    with socket.create_connection((broker.host, broker.port), PATIENCE):
        pass
