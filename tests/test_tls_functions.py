# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The functions of NetX Secure that a setup callback calls: their statuses, their effects."""

import time

import pytest
from tables.tls_cases import INVALID_PRIVATE_KEY_TYPE

import nxd_mqtt.tls
from nxd_mqtt.nxd import NX_PTR_ERROR, NX_SUCCESS
from nxd_mqtt.tls import *

PEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"

SESSION_FUNCTIONS = (
    nx_secure_tls_session_create,
    nx_secure_tls_session_delete,
    nx_secure_tls_session_packet_buffer_set,
    nx_secure_tls_remote_certificate_allocate,
)
ADDERS = (nx_secure_tls_trusted_certificate_add, nx_secure_tls_local_certificate_add)
NO_SESSIONS = (None, 0, "session", NX_SECURE_X509_CERT(), NX_SECURE_TLS_SESSION)
NO_DATA = (None, "", b"", bytearray(), 5, ["a"], object())
DATA = (PEM, PEM.encode(), bytearray(b"0\x82"), memoryview(b"0\x82"), "/root.pem")


@pytest.fixture
def session():
    """A session as a callback is given it."""
    return NX_SECURE_TLS_SESSION()


@pytest.fixture
def certificate():
    """A certificate that was initialized."""
    certificate = NX_SECURE_X509_CERT()
    assert nx_secure_x509_certificate_initialize(certificate, PEM) == NX_SUCCESS
    return certificate


def filled(session) -> bool:
    """Whether a session holds anything."""
    return bool(session.trusted or session.local or session.name or session.clock is not time.time)


# --- sessions ------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", SESSION_FUNCTIONS)
def test_of_a_session(function, session):
    assert function(session) == NX_SUCCESS
    for wrong in NO_SESSIONS:
        assert function(wrong) == NX_PTR_ERROR


@pytest.mark.parametrize("function", SESSION_FUNCTIONS[:2])
def test_a_session_that_is_created_again_is_empty(function, session, certificate):
    name = NX_SECURE_X509_DNS_NAME()
    nx_secure_x509_dns_name_initialize(name, "broker")
    for add in ADDERS:
        assert add(session, certificate) == NX_SUCCESS
    assert nx_secure_tls_session_sni_extension_set(session, name) == NX_SUCCESS
    assert nx_secure_tls_session_time_function_set(session, lambda: 0) == NX_SUCCESS
    assert filled(session)
    assert function(session) == NX_SUCCESS
    assert not filled(session)


def test_arguments_that_c_code_passes_are_accepted(session, certificate):
    assert nx_secure_tls_initialize() is None
    buffer = bytearray(10)
    assert nx_secure_tls_session_create(session, "ciphers", buffer, len(buffer)) == NX_SUCCESS
    assert nx_secure_tls_session_packet_buffer_set(session, buffer, len(buffer)) == NX_SUCCESS
    status = nx_secure_tls_remote_certificate_allocate(session, certificate, buffer, len(buffer))
    assert status == NX_SUCCESS
    assert not filled(session)


def test_the_time_function(session):
    assert session.clock is time.time
    assert nx_secure_tls_session_time_function_set(session, lambda: 5) == NX_SUCCESS
    assert session.clock() == 5
    for wrong in (None, 5, "now"):
        assert nx_secure_tls_session_time_function_set(session, wrong) == NX_PTR_ERROR
    for wrong in NO_SESSIONS:
        assert nx_secure_tls_session_time_function_set(wrong, time.time) == NX_PTR_ERROR
    assert session.clock() == 5


# --- certificates --------------------------------------------------------------------------------


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("key", [None, *DATA])
@pytest.mark.parametrize(
    "key_type",
    [
        NX_SECURE_X509_KEY_TYPE_NONE,
        NX_SECURE_X509_KEY_TYPE_RSA_PKCS1_DER,
        NX_SECURE_X509_KEY_TYPE_EC_DER,
    ],
)
def test_a_certificate(data, key, key_type):
    certificate = NX_SECURE_X509_CERT()
    status = nx_secure_x509_certificate_initialize(certificate, data, bytearray(9), key, key_type)
    assert status == NX_SUCCESS
    assert certificate.data is data
    assert certificate.key is key
    assert certificate.key_type == key_type


@pytest.mark.parametrize("data", NO_DATA)
def test_no_certificate(data, certificate):
    assert nx_secure_x509_certificate_initialize(certificate, data) == NX_PTR_ERROR
    assert certificate.data is PEM


@pytest.mark.parametrize("key", NO_DATA[1:])
def test_no_key(key, certificate):
    assert nx_secure_x509_certificate_initialize(certificate, b"0", None, key) == NX_PTR_ERROR
    assert certificate.data is PEM


@pytest.mark.parametrize("key_type", [3, -1, 0x10000, None, "EC"])
def test_no_key_type(key_type, certificate):
    status = nx_secure_x509_certificate_initialize(certificate, b"0", None, b"0", key_type)
    assert status == INVALID_PRIVATE_KEY_TYPE
    assert certificate.data is PEM


@pytest.mark.parametrize("wrong", [None, 0, "certificate", NX_SECURE_TLS_SESSION()])
def test_no_control_block_of_a_certificate(wrong, session):
    assert nx_secure_x509_certificate_initialize(wrong, PEM) == NX_PTR_ERROR
    for add in ADDERS:
        assert add(session, wrong) == NX_PTR_ERROR
    assert not filled(session)


@pytest.mark.parametrize(("add", "where"), zip(ADDERS, ("trusted", "local"), strict=True))
def test_adding_certificates(add, where, session, certificate):
    other = NX_SECURE_X509_CERT()
    assert add(session, other) == NX_PTR_ERROR  # it was never initialized
    assert nx_secure_x509_certificate_initialize(other, b"0") == NX_SUCCESS
    assert add(session, certificate) == NX_SUCCESS
    assert add(session, other) == NX_SUCCESS
    assert getattr(session, where) == [certificate, other]
    for wrong in NO_SESSIONS:
        assert add(wrong, certificate) == NX_PTR_ERROR


# --- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["broker.example", b"broker.example", bytearray(b"broker.example")]
)
def test_a_host_name(text, session):
    name = NX_SECURE_X509_DNS_NAME()
    assert nx_secure_tls_session_sni_extension_set(session, name) == NX_PTR_ERROR
    assert nx_secure_x509_dns_name_initialize(name, text) == NX_SUCCESS
    assert nx_secure_tls_session_sni_extension_set(session, name) == NX_SUCCESS
    assert session.name == "broker.example"


def test_no_host_name(session):
    name = NX_SECURE_X509_DNS_NAME()
    for wrong in NO_DATA:
        assert nx_secure_x509_dns_name_initialize(name, wrong) == NX_PTR_ERROR
    for wrong in (None, "name", session):
        assert nx_secure_x509_dns_name_initialize(wrong, "broker") == NX_PTR_ERROR
        assert nx_secure_tls_session_sni_extension_set(session, wrong) == NX_PTR_ERROR
    assert nx_secure_x509_dns_name_initialize(name, "broker") == NX_SUCCESS
    for wrong in NO_SESSIONS:
        assert nx_secure_tls_session_sni_extension_set(wrong, name) == NX_PTR_ERROR
    assert session.name is None


def test_a_host_name_that_is_no_text(session):
    name = NX_SECURE_X509_DNS_NAME()
    # Nothing raises for the value of an argument.
    assert nx_secure_x509_dns_name_initialize(name, b"\xff\xfe") == NX_PTR_ERROR
    assert name.name is None


# --- the module ----------------------------------------------------------------------------------


def test_a_program_keeps_its_own_time():
    assert "time" not in vars(nxd_mqtt.tls)
    assert nxd_mqtt.tls.NXD_MQTT_TLS_PORT == 8883


def test_control_blocks_do_not_show_what_they_hold(session):
    certificate = NX_SECURE_X509_CERT()
    nx_secure_x509_certificate_initialize(certificate, b"public", None, b"secret key")
    nx_secure_tls_local_certificate_add(session, certificate)
    for block in (certificate, session):
        assert "secret" not in repr(block) + str(block)


def test_a_length_that_was_left_in_place_is_refused(certificate):
    """``(certificate, der, der_length, NX_NULL, 0)``: half of C's arguments, one place too far."""
    status = nx_secure_x509_certificate_initialize(certificate, b"0\x82\x01", 3, None, 0)
    assert status == NX_PTR_ERROR
