# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Certificates and keys that cannot be used: told before the server hears, and no key is shown."""

import re

import pytest
from brokers import EmbeddedBroker
from certificates import der, pem
from devices import NETWORKS
from tables.tls_cases import CERTIFICATE_FAULTS, KEY_FAULTS
from tls_bench import Local, Setup, descriptors
from tls_devices import managed_sockets

from nxd_mqtt.nxd import *
from nxd_mqtt.tls import *
from nxd_mqtt.tls_reasons import *

PASSWORD = b"open sesame"

on_every_network = pytest.mark.parametrize("network", NETWORKS, indirect=True)


@pytest.fixture(scope="module")
def strict(authority):
    """A broker that wants a certificate of every client."""
    broker = EmbeddedBroker(None, files=authority.server(), client_authority=authority.root)
    broker.start()
    yield broker
    broker.kill()


@pytest.fixture
def bad_certificate(authority, tmp_path):
    """A function that makes what is wrong, by its name in the table."""
    junk = tmp_path / "junk"
    junk.write_bytes(bytes(range(256)))
    files = authority.client()

    def make(case):
        return {
            "no such file": str(tmp_path / "gone.pem"),
            "a folder": str(tmp_path),
            "junk in a file": str(junk),
            "junk": bytes(range(256)),
            "junk in PEM": pem(authority.unreadable()).decode(),
            "the beginning of DER": der(files.certificate)[:100],
            "a key": pem(files.key),
            "no path": "nobody\0knows",
            "no text": b"-----BEGIN CERTIFICATE-----\n\xff\xfe",
        }[case]

    return make


@pytest.fixture
def bad_key(authority, tmp_path):
    """A function that makes what is wrong, by its name in the table."""
    files = authority.client()

    def make(case):
        return {
            "no such file": str(tmp_path / "gone.pem"),
            "another's": authority.mismatched_client().key,
            "of another kind": authority.rsa_client().key,
            "junk": b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            "a certificate": files.certificate,
            "with a password": authority.encrypted(files, PASSWORD).key,
        }[case]

    return make


def check(device, broker, row) -> None:
    """It is told as its row says, nothing is left, and the server was not connected to."""
    connections = broker._broker.statistics()["connections"]
    before = descriptors()
    status, (stage, number, cause) = device.refusal(broker)
    assert status == NXD_MQTT_CONNECT_FAILURE
    assert (stage, number) == (row.stage, row.number)
    assert row.advice in cause
    assert descriptors() <= before
    assert managed_sockets() == 0
    assert broker._broker.statistics()["connections"] == connections


def works(device, broker, authority) -> None:
    """The same client with the right things."""
    device.setup = Setup(authority.root, local=[authority.client()])
    device.session(broker)


# --- what is wrong -------------------------------------------------------------------------------


@on_every_network
@pytest.mark.parametrize("row", CERTIFICATE_FAULTS, ids=lambda row: row.case)
def test_a_root_that_cannot_be_used(
    strict, make_secure_device, authority, bad_certificate, row, network
):
    device = make_secure_device("device", Setup(bad_certificate(row.case)))
    check(device, strict, row)
    works(device, strict, authority)


@on_every_network
@pytest.mark.parametrize("row", CERTIFICATE_FAULTS, ids=lambda row: row.case)
def test_a_client_certificate_that_cannot_be_used(
    strict, make_secure_device, authority, bad_certificate, row, network
):
    local = Local(bad_certificate(row.case), authority.client().key)
    device = make_secure_device("device", Setup(authority.root, local=[local]))
    check(device, strict, row)
    works(device, strict, authority)


@on_every_network
@pytest.mark.parametrize("row", KEY_FAULTS, ids=lambda row: row.case)
def test_a_key_that_cannot_be_used(strict, make_secure_device, authority, bad_key, row, network):
    local = Local(authority.client().certificate, bad_key(row.case))
    device = make_secure_device("device", Setup(authority.root, local=[local]))
    check(device, strict, row)
    works(device, strict, authority)


def test_certificates_of_which_none_has_a_key(strict, make_secure_device, authority):
    local = [Local(authority.client().certificate), Local(authority.intermediate)]
    device = make_secure_device("device", Setup(authority.root, local=local))
    _, (stage, number, cause) = device.refusal(strict)
    assert (stage, number) == ("tls", NX_SECURE_PKCS1_INVALID_PRIVATE_KEY)
    assert "must have a private key" in cause


def test_certificates_of_which_two_have_a_key(strict, make_secure_device, authority):
    local = [authority.client(), authority.rsa_client()]
    device = make_secure_device("device", Setup(authority.root, local=local))
    _, (stage, number, cause) = device.refusal(strict)
    assert (stage, number) == ("tls", NX_SECURE_PKCS1_INVALID_PRIVATE_KEY)
    assert "one local certificate" in cause


def test_without_waiting_it_is_told_by_the_poll(strict, make_secure_device, bad_certificate):
    device = make_secure_device("device", Setup(bad_certificate("no such file")))
    status, (stage, number, _) = device.refusal(strict, wait=NX_NO_WAIT)
    assert status == number
    assert device.answers == [number]
    assert stage == "tls"


# --- secrets -------------------------------------------------------------------------------------


def key_forms(files):
    """A private key as somebody may hand it in by mistake: whole, cut, without its frame."""
    text = pem(files.key).decode()
    lines = text.splitlines()
    body = "".join(lines[1:-1])
    return {
        "another's PEM": text,
        "without its frame": body,
        "without its head": "\n".join(lines[1:]),
        "in one line of hexadecimal": der(files.key).hex(),
        "bytes without their frame": body.encode(),
        "cut": text[: len(text) // 2],
        "a path with NUL": body + "\0",
    }


KEY_FORMS = (
    "another's PEM",
    "without its frame",
    "without its head",
    "in one line of hexadecimal",
    "bytes without their frame",
    "cut",
    "a path with NUL",
)


def pieces(text: str) -> list[str]:
    """What of a key must not be seen anywhere: any twelve characters of it in a row."""
    found = []
    for run in re.findall(r"[A-Za-z0-9+/]{30,}", text):
        found += [run[at : at + 12] for at in range(len(run) - 11)]
    return found


@pytest.mark.parametrize("which", ["key", "certificate", "root"])
@pytest.mark.parametrize("form", KEY_FORMS)
def test_no_reason_holds_a_key(strict, make_secure_device, authority, form, which, capfd):
    secret = key_forms(authority.client("another"))[form]
    files = authority.client()
    root, local = authority.root, Local(files.certificate, secret)
    if which == "certificate":
        local = Local(secret, files.key)
    elif which == "root":
        root, local = secret, files
    device = make_secure_device("device", Setup(root, local=[local]))
    _, (stage, number, cause) = device.refusal(strict)
    assert stage == "tls"
    assert number
    client, session, certificate, trusted = device.setup.calls[0]
    everything = [cause, str(cause), repr(device.client.reason), repr(client), repr(session)]
    everything += [repr(certificate), str(certificate), repr(trusted), str(device.statistics())]
    everything += capfd.readouterr()
    text = secret if isinstance(secret, str) else secret.decode()
    assert pieces(text)
    assert [piece for piece in pieces(text) if any(piece in one for one in everything)] == []


def test_a_key_that_works_is_nowhere_to_be_read(strict, make_secure_device, authority, capfd):
    files = authority.client()
    local = Local(pem(files.certificate), pem(files.key).decode())
    device = make_secure_device("device", Setup(pem(authority.root), local=[local]))
    device.session(strict)
    _, session, certificate, _ = device.setup.calls[0]
    everything = [repr(session), repr(certificate), repr(device.client), repr(device.client.reason)]
    everything += capfd.readouterr()
    found = pieces(pem(files.key).decode())
    assert [piece for piece in found if any(piece in one for one in everything)] == []
