# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Certificates and keys in every form and order, against brokers that want to see one."""

import gc
import sys
import warnings

import pytest
from brokers import EmbeddedBroker
from certificates import Authority, der, pem
from cryptography.hazmat.primitives import serialization
from devices import NETWORKS
from tls_bench import Local, Setup, settled
from tls_bench import descriptors as open_files
from tls_devices import managed_sockets

from nxd_mqtt.nxd import *
from nxd_mqtt.tls import *

EC_DER = NX_SECURE_X509_KEY_TYPE_EC_DER
RSA_DER = NX_SECURE_X509_KEY_TYPE_RSA_PKCS1_DER

CLIENTS = ("client", "rsa_client", "chained_client")
CERTIFICATE_FORMS = (
    "PEM text",
    "PEM text without a last line end",
    "PEM text with Windows line ends",
    "PEM text with words around it",
    "PEM bytes",
    "PEM bytearray",
    "DER bytes",
    "DER memoryview",
    "path of PEM",
    "path of DER",
)
KEY_FORMS = (*CERTIFICATE_FORMS, "PKCS #8 PEM bytes", "PKCS #8 DER bytes", "path of PKCS #8 DER")

on_every_network = pytest.mark.parametrize("network", NETWORKS, indirect=True)


@pytest.fixture
def strict_broker(start_broker, authority):
    """A broker that wants a certificate of every client."""
    return start_broker(files=authority.server(), client_authority=authority.root)


@pytest.fixture(scope="module")
def embedded(authority):
    """One that stays, for what is no matter of brokers."""
    broker = EmbeddedBroker(None, files=authority.server(), client_authority=authority.root)
    broker.start()
    yield broker
    broker.kill()


def in_form(form, path, folder):
    """A certificate or a key in another form."""
    text = pem(path).decode()
    file = folder / "other.der"
    file.write_bytes(der(path))
    return {
        "PEM text": text,
        "PEM text without a last line end": text.rstrip("\n"),
        "PEM text with Windows line ends": text.replace("\n", "\r\n"),
        "PEM text with words around it": "mine:\n" + text + "and no more",
        "PEM bytes": pem(path),
        "PEM bytearray": bytearray(pem(path)),
        "DER bytes": der(path),
        "DER memoryview": memoryview(der(path)),
        "path of PEM": path,
        "path of DER": str(file),
    }[form]


def as_pkcs8(path, encoding):
    """A private key in the format that tells of which kind it is."""
    key = serialization.load_pem_private_key(pem(path), None)
    return key.private_bytes(
        encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


# --- one certificate -----------------------------------------------------------------------------


@on_every_network
@pytest.mark.parametrize("kind", CLIENTS)
def test_a_client_certificate(strict_broker, make_secure_device, authority, kind, network):
    setup = Setup(authority.root, local=[getattr(authority, kind)()])
    device = make_secure_device("device", setup)
    device.session(strict_broker)
    device.session(strict_broker)
    assert len(setup.calls) == 2


@pytest.mark.parametrize("form", CERTIFICATE_FORMS)
def test_forms_of_a_root(embedded, make_secure_device, authority, form, tmp_path):
    root = in_form(form, authority.root, tmp_path)
    make_secure_device("device", Setup(root, local=[authority.client()])).session(embedded)


@pytest.mark.parametrize("form", CERTIFICATE_FORMS)
def test_forms_of_a_client_certificate(embedded, make_secure_device, authority, form, tmp_path):
    files = authority.client()
    local = Local(in_form(form, files.certificate, tmp_path), files.key)
    make_secure_device("device", Setup(authority.root, local=[local])).session(embedded)


@pytest.mark.parametrize(("kind", "key_type"), [("client", EC_DER), ("rsa_client", RSA_DER)])
@pytest.mark.parametrize("form", KEY_FORMS)
def test_forms_of_a_key(embedded, make_secure_device, authority, form, kind, key_type, tmp_path):
    files = getattr(authority, kind)()
    if form.startswith("PKCS #8"):
        pems = "PEM" in form
        encoding = serialization.Encoding.PEM if pems else serialization.Encoding.DER
        key, key_type = as_pkcs8(files.key, encoding), NX_SECURE_X509_KEY_TYPE_NONE
    elif form == "path of PKCS #8 DER":
        file = tmp_path / "key.der"
        file.write_bytes(as_pkcs8(files.key, serialization.Encoding.DER))
        key, key_type = str(file), NX_SECURE_X509_KEY_TYPE_NONE
    else:
        key = in_form(form, files.key, tmp_path)
    local = Local(files.certificate, key, key_type)
    make_secure_device("device", Setup(authority.root, local=[local])).session(embedded)


@pytest.mark.parametrize("kind", CLIENTS)
def test_certificate_and_key_in_one_text(embedded, make_secure_device, authority, kind):
    files = getattr(authority, kind)()
    both = pem(files.certificate) + pem(files.key)
    local = Local(both, both)
    make_secure_device("device", Setup(authority.root, local=[local])).session(embedded)


# --- chains --------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("form", ["PEM bytes", "DER bytes", "path of PEM"])
def test_a_chain_that_is_added_in_any_order(
    embedded, make_secure_device, authority, order, form, tmp_path
):
    make_secure_device("device", chain_of_two(authority, order, form, tmp_path)).session(embedded)


@on_every_network
def test_a_chain_in_two_parts_with_every_broker(
    strict_broker, make_secure_device, authority, network, tmp_path
):
    setup = chain_of_two(authority, -1, "DER bytes", tmp_path)
    make_secure_device("device", setup).session(strict_broker)


def chain_of_two(authority, order, form, folder) -> Setup:
    """A callback that adds the device's own certificate and the intermediate, or the reverse."""
    files = authority.chained_client()
    # The file has the intermediate after the leaf; DER is of the first alone.
    leaf = Local(der(files.certificate), files.key)
    intermediate = Local(in_form(form, authority.intermediate, folder))
    return Setup(authority.root, local=[leaf, intermediate][::order])


def test_a_chain_without_its_middle_is_refused(strict_broker, make_secure_device, authority):
    files = authority.chained_client()
    setup = Setup(authority.root, local=[Local(der(files.certificate), files.key)])
    make_secure_device("device", setup).refusal(strict_broker)
    assert strict_broker.connects() == 0


@on_every_network
def test_both_ends_with_a_chain(start_broker, make_secure_device, authority, network):
    broker = start_broker(files=authority.chained_server(), client_authority=authority.root)
    setup = Setup(authority.root, local=[authority.chained_client()])
    make_secure_device("device", setup).session(broker)


# --- several roots -------------------------------------------------------------------------------


@pytest.mark.parametrize("together", [False, True])
def test_several_roots(start_broker, make_secure_device, authority, tmp_path, together):
    servers = []
    authorities = [authority]
    for name in "bc":
        folder = tmp_path / name
        folder.mkdir()
        authorities.append(Authority(folder))
    for one in authorities:
        servers.append(start_broker(files=one.server()))
    first, second, third = servers
    roots = [one.root for one in authorities[:2]]
    if together:
        roots = [b"".join(pem(root) for root in roots)]
    device = make_secure_device("device", Setup(*roots))
    device.session(first)
    device.session(second)
    _, reason = device.refusal(third)
    assert reason[0] == "tls"
    device.session(second)


# --- what is left behind -------------------------------------------------------------------------


@on_every_network
def test_client_keys_leave_no_descriptor(strict_broker, make_secure_device, authority, network):
    setup = Setup(authority.root, local=[authority.chained_client()])
    device = make_secure_device("device", setup)
    device.session(strict_broker)  # what is loaded once is loaded
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always", ResourceWarning)
        before = open_files()
        for number in range(6):
            device.connect(strict_broker)
            if number % 2:
                device.disconnect()
            else:
                device.drop()
        assert settled(before)
        gc.collect()
    assert [str(warning.message) for warning in warned] == []
    assert managed_sockets() == 0


class _Opened:
    """The files that this process opens for writing while a test listens; hooks stay for ever."""

    def __init__(self):
        self.listening = False
        self.written = []
        sys.addaudithook(self._hear)

    def _hear(self, event, arguments):
        if self.listening and event == "open":
            path, mode, flags = arguments
            if (mode and set(mode) & set("wax+")) or (flags or 0) & 3:
                self.written.append(path)


@pytest.fixture(scope="module")
def opened():
    """Who knows what is opened."""
    return _Opened()


def test_a_key_is_never_written_to_a_file(embedded, make_secure_device, authority, opened):
    files = authority.client()
    local = Local(pem(files.certificate), der(files.key), EC_DER)
    device = make_secure_device("device", Setup(pem(authority.root), local=[local]))
    opened.listening = True
    try:
        device.connect(embedded)
        device.disconnect()
    finally:
        opened.listening = False
    assert opened.written == []
