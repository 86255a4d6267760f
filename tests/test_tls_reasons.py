# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What OpenSSL and mbedTLS say, word for word, becomes a number and advice."""

import pytest
from tables.tls_cases import CAUSES

from nxd_mqtt.tls_reasons import *
from nxd_mqtt.tls_reasons import verdict

IN_2026 = 1767225600
IN_2000 = 946684800
IN_2020 = 1577836800

VERIFY = "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: "
MBEDTLS = "The certificate "

ISSUER = (NX_SECURE_TLS_ISSUER_CERTIFICATE_NOT_FOUND, "leads to no root that is trusted")
SELF_SIGNED = (NX_SECURE_TLS_INVALID_SELF_SIGNED_CERT, "signed by itself")
EXPIRED = (NX_SECURE_X509_CERTIFICATE_EXPIRED, "has expired")
EARLY = (NX_SECURE_X509_CERTIFICATE_NOT_YET_VALID, "not valid yet")
NAME = (NX_SECURE_X509_CERTIFICATE_DNS_MISMATCH, "another host's")
CHAIN = (NX_SECURE_X509_CHAIN_VERIFY_FAILURE, "cannot be verified")
REQUIRED = (NX_SECURE_TLS_CERTIFICATE_REQUIRED, "wants a client certificate")
REFUSED = (NX_SECURE_TLS_ALERT_RECEIVED, "refuses the handshake")
CLIENT = (NX_SECURE_TLS_ALERT_RECEIVED, "refuses the client certificate")
ALERT = (NX_SECURE_TLS_ALERT_RECEIVED, "ends the handshake by an alert")
KEY = (NX_SECURE_PKCS1_INVALID_PRIVATE_KEY, "private key is not that of the certificate")
NO_TLS = (NX_SECURE_TLS_UNKNOWN_TLS_VERSION, "does not speak TLS")
STALLED = (NX_SECURE_TLS_HANDSHAKE_FAILURE, "has stalled")
HUNG_UP = (0, "has hung up")

# What CPython makes of OpenSSL 1.1.1 and 3, and of the system.
OPENSSL = (
    (VERIFY + "unable to get local issuer certificate (_ssl.c:1006)", ISSUER),
    (VERIFY + "unable to get issuer certificate (_ssl.c:1006)", ISSUER),
    (VERIFY + "unable to verify the first certificate (_ssl.c:1006)", ISSUER),
    (VERIFY + "self-signed certificate in certificate chain (_ssl.c:1006)", ISSUER),
    (VERIFY + "self signed certificate in certificate chain (_ssl.c:1129)", ISSUER),
    (VERIFY + "self-signed certificate (_ssl.c:1006)", SELF_SIGNED),
    (VERIFY + "self signed certificate (_ssl.c:1129)", SELF_SIGNED),
    (VERIFY + "certificate has expired (_ssl.c:1006)", EXPIRED),
    (VERIFY + "certificate is not yet valid (_ssl.c:1006)", EARLY),
    (
        VERIFY + "Hostname mismatch, certificate is not valid for 'localhost'. (_ssl.c:1006)",
        NAME,
    ),
    (
        VERIFY + "IP address mismatch, certificate is not valid for '127.0.0.1'. (_ssl.c:1006)",
        NAME,
    ),
    (VERIFY + "unsuitable certificate purpose (_ssl.c:1006)", CHAIN),
    (VERIFY + "EE certificate key too weak (_ssl.c:1006)", CHAIN),
    (
        "[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] tlsv13 alert certificate required (_ssl.c:2580)",
        REQUIRED,
    ),
    (
        "[SSL: SSLV3_ALERT_HANDSHAKE_FAILURE] sslv3 alert handshake failure (_ssl.c:1006)",
        REFUSED,
    ),
    (
        "[SSL: SSL/TLS_ALERT_HANDSHAKE_FAILURE] ssl/tls alert handshake failure (_ssl.c:1017)",
        REFUSED,
    ),
    ("[SSL: TLSV1_ALERT_UNKNOWN_CA] tlsv1 alert unknown ca (_ssl.c:2580)", CLIENT),
    ("[SSL: SSLV3_ALERT_BAD_CERTIFICATE] sslv3 alert bad certificate (_ssl.c:2580)", CLIENT),
    (
        "[SSL: SSLV3_ALERT_CERTIFICATE_EXPIRED] sslv3 alert certificate expired (_ssl.c:1006)",
        CLIENT,
    ),
    (
        "[SSL: SSLV3_ALERT_CERTIFICATE_REVOKED] sslv3 alert certificate revoked (_ssl.c:2580)",
        CLIENT,
    ),
    (
        "[SSL: SSLV3_ALERT_CERTIFICATE_UNKNOWN] sslv3 alert certificate unknown (_ssl.c:2580)",
        CLIENT,
    ),
    (
        "[SSL: SSLV3_ALERT_UNSUPPORTED_CERTIFICATE] sslv3 alert unsupported certificate "
        "(_ssl.c:2580)",
        CLIENT,
    ),
    ("[SSL: TLSV1_ALERT_INTERNAL_ERROR] tlsv1 alert internal error (_ssl.c:1006)", ALERT),
    ("[SSL: TLSV1_UNRECOGNIZED_NAME] tlsv1 unrecognized name (_ssl.c:1006)", (0, "unrecognized")),
    ("[SSL: TLSV1_ALERT_PROTOCOL_VERSION] tlsv1 alert protocol version (_ssl.c:1006)", ALERT),
    ("[X509: KEY_VALUES_MISMATCH] key values mismatch (_ssl.c:3920)", KEY),
    ("[X509: KEY_TYPE_MISMATCH] key type mismatch (_ssl.c:3920)", KEY),
    ("[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)", NO_TLS),
    ("[SSL: HTTP_REQUEST] http request (_ssl.c:1006)", NO_TLS),
    ("[SSL: PACKET_LENGTH_TOO_LONG] packet length too long (_ssl.c:1006)", NO_TLS),
    ("[SSL: RECORD_LAYER_FAILURE] record layer failure (_ssl.c:1006)", NO_TLS),
    ("_ssl.c:989: The handshake operation timed out", STALLED),
    ("[Errno 104] Connection reset by peer", HUNG_UP),
    ("[Errno 54] Connection reset by peer", HUNG_UP),
    ("[Errno 32] Broken pipe", HUNG_UP),
    (
        "[SSL: UNEXPECTED_EOF_WHILE_READING] EOF occurred in violation of protocol (_ssl.c:1006)",
        HUNG_UP,
    ),
    ("EOF occurred in violation of protocol (_ssl.c:1129)", HUNG_UP),
)

# MicroPython's and CircuitPython's, by text, by name and number, or by the number alone.
BOARDS = (
    ("\nThe certificate is not correctly signed by the trusted CA\n", ISSUER),
    ("\nThe certificate Common Name (CN) does not match with the expected CN\n", NAME),
    ("\nThe certificate validity has expired\n", EXPIRED),
    ("\nThe certificate validity starts in the future\n", EARLY),
    ("(-9984, 'MBEDTLS_ERR_X509_CERT_VERIFY_FAILED')", CHAIN),
    ("-9984", CHAIN),
    ("(-30592, 'MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE')", ALERT),
    ("[Errno -30592]", ALERT),
    ("(-29184, 'MBEDTLS_ERR_SSL_INVALID_RECORD')", NO_TLS),
    ("-29184", NO_TLS),
    ("(-29312, 'MBEDTLS_ERR_SSL_CONN_EOF')", HUNG_UP),
    ("-29312", HUNG_UP),
    ("[Errno 116] ETIMEDOUT", STALLED),
    ("invalid key", KEY),
)


@pytest.mark.parametrize(("text", "wanted"), OPENSSL + BOARDS, ids=lambda part: str(part)[:60])
def test_what_tls_says(text, wanted):
    number, words = verdict(text, IN_2026, False)
    assert number == wanted[0]
    assert wanted[1] in words
    # What was said is kept, for those who know more.
    assert text.strip() in words


@pytest.mark.parametrize(
    "text", ["", "something else", "[Errno 113] No route to host", "(-17040, 'RSA_PUBLIC_FAILED')"]
)
@pytest.mark.parametrize("established", [False, True])
def test_what_nobody_knows_is_passed_on(text, established):
    assert verdict(text, IN_2026, established) == (0, text)


def test_an_end_right_after_the_handshake_is_about_the_client_certificate():
    for text, wanted in OPENSSL + BOARDS:
        number, words = verdict(text, IN_2026, True)
        assert number == wanted[0]
        if wanted is HUNG_UP:
            assert "right after the handshake: does it want a client certificate" in words
        else:
            assert wanted[1] in words


# --- the clock -----------------------------------------------------------------------------------

OF_DATES = (EXPIRED, EARLY, CHAIN)


@pytest.mark.parametrize(("text", "wanted"), OPENSSL + BOARDS, ids=lambda part: str(part)[:60])
@pytest.mark.parametrize("now", [0, IN_2000, IN_2020])
def test_a_clock_that_was_never_set(text, wanted, now):
    number, words = verdict(text, now, False)
    if wanted in OF_DATES:
        assert number == NX_SECURE_X509_CERTIFICATE_NOT_YET_VALID
        assert "clock is not set" in words
        assert text.strip() in words
    else:
        assert number == wanted[0]
        assert "clock is not set" not in words


def test_advice_that_is_another_is_worded_otherwise():
    answers = {verdict(text, IN_2026, False)[1].split(" (")[0] for text, _ in OPENSSL + BOARDS}
    kinds = {wanted for _, wanted in OPENSSL + BOARDS}
    assert len(answers) == len(kinds)


def test_every_cause_has_a_reason_of_its_own():
    told = {(row.stage, row.number, row.advice) for row in CAUSES.values()}
    assert len(told) == len(CAUSES)


def test_the_numbers_are_netx_secures():
    assert NX_SECURE_TLS_HANDSHAKE_FAILURE == 0x107
    assert NX_SECURE_TLS_ALERT_RECEIVED == 0x114
    assert NX_SECURE_TLS_ISSUER_CERTIFICATE_NOT_FOUND == 0x11B
    assert NX_SECURE_X509_CHAIN_VERIFY_FAILURE == 0x18C
