# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What TLS says when it fails, as NetX Secure's number and as advice for a person.

Imported only when something has failed. OpenSSL and mbedTLS tell by text, or boards by mbedTLS's
number alone; the first row of which something is in the text counts.
"""

from micropython import const

NX_SECURE_TLS_HANDSHAKE_FAILURE = const(0x107)
NX_SECURE_TLS_UNKNOWN_TLS_VERSION = const(0x10F)
NX_SECURE_TLS_ALLOCATE_PACKET_FAILED = const(0x111)
NX_SECURE_TLS_INVALID_CERTIFICATE = const(0x112)
NX_SECURE_TLS_ALERT_RECEIVED = const(0x114)
NX_SECURE_TLS_INVALID_SELF_SIGNED_CERT = const(0x11A)
NX_SECURE_TLS_ISSUER_CERTIFICATE_NOT_FOUND = const(0x11B)
NX_SECURE_TLS_UNSUPPORTED_FEATURE = const(0x130)
NX_SECURE_TLS_CERTIFICATE_REQUIRED = const(0x145)
NX_SECURE_PKCS1_INVALID_PRIVATE_KEY = const(0x18A)
NX_SECURE_X509_CHAIN_VERIFY_FAILURE = const(0x18C)
NX_SECURE_X509_CERTIFICATE_NOT_FOUND = const(0x18E)
NX_SECURE_X509_CERTIFICATE_EXPIRED = const(0x193)
NX_SECURE_X509_CERTIFICATE_NOT_YET_VALID = const(0x194)
NX_SECURE_X509_CERTIFICATE_DNS_MISMATCH = const(0x195)

# The first of January 2024: a clock that is behind it was never set.
_CLOCK_IS_SET = const(1704067200)
_NOT_SET = "this device's clock is not set, so no certificate is valid: set it first (adafruit_ntp)"

_HUNG_UP = (
    "the server has hung up during the handshake: is it the TLS port, does it want another client "
    "certificate?"
)
_HUNG_UP_LATE = (
    "the server has hung up right after the handshake: does it want a client certificate, or "
    "another one? is it the right port?"
)

# (what is in the text, in lower case; NetX Secure's number; what to do)
_ROWS = (
    # What the server says of us.
    (
        ("alert_certificate_required", "alert certificate required"),
        NX_SECURE_TLS_CERTIFICATE_REQUIRED,
        "the server wants a client certificate: nx_secure_tls_local_certificate_add",
    ),
    (
        ("alert handshake failure",),
        NX_SECURE_TLS_ALERT_RECEIVED,
        "the server refuses the handshake: it may want a client certificate, or other ciphers",
    ),
    (
        ("alert unknown ca", "alert bad cert", "alert unsupported cert", "alert certificate"),
        NX_SECURE_TLS_ALERT_RECEIVED,
        "the server refuses the client certificate: does it trust its issuer, is it in date?",
    ),
    (
        ("alert", "-30592"),
        NX_SECURE_TLS_ALERT_RECEIVED,
        "the server ends the handshake by an alert: see its log",
    ),
    # What we say of the server.
    (
        ("not yet valid", "starts in the future"),
        NX_SECURE_X509_CERTIFICATE_NOT_YET_VALID,
        "the server's certificate is not valid yet: is this device's clock right?",
    ),
    (
        ("expired",),
        NX_SECURE_X509_CERTIFICATE_EXPIRED,
        "the server's certificate has expired: renew it, if this device's clock is right",
    ),
    (
        ("mismatch, certificate", "does not match with the expected cn"),
        NX_SECURE_X509_CERTIFICATE_DNS_MISMATCH,
        "the server's certificate is another host's: connect by the name that is in it, or set "
        "that name by nx_secure_tls_session_sni_extension_set",
    ),
    (
        ("signed certificate in certificate chain", "issuer certificate", "first certificate")
        + ("not correctly signed by the trusted",),
        NX_SECURE_TLS_ISSUER_CERTIFICATE_NOT_FOUND,
        "the server's certificate leads to no root that is trusted: "
        "nx_secure_tls_trusted_certificate_add",
    ),
    (
        ("self-signed", "self signed"),
        NX_SECURE_TLS_INVALID_SELF_SIGNED_CERT,
        "the server's certificate is signed by itself: if it is yours, trust it by "
        "nx_secure_tls_trusted_certificate_add",
    ),
    (
        ("verify", "-9984"),
        NX_SECURE_X509_CHAIN_VERIFY_FAILURE,
        "the server's certificate cannot be verified: is its root trusted, is it this host's, is "
        "the clock right?",
    ),
    # What is no matter of the server's certificate.
    (
        ("invalid cert", "mbedtls_err_x509_", "-8576"),
        NX_SECURE_TLS_INVALID_CERTIFICATE,
        "no certificate in what is trusted, or shown",
    ),
    (
        # OpenSSL reads a key of a pipe again and again until it has failed at "illegal seek".
        ("key values mismatch", "key_values_mismatch", "key type mismatch", "key_type_mismatch")
        + ("no certificate assigned", "invalid key", "illegal seek", "mbedtls_err_pk_", "-15616"),
        NX_SECURE_PKCS1_INVALID_PRIVATE_KEY,
        "the private key is not that of the certificate, or is none",
    ),
    (
        ("wrong version", "wrong_version", "http request", "invalid_record", "invalid record")
        + ("-29184", "packet length", "record layer"),
        NX_SECURE_TLS_UNKNOWN_TLS_VERSION,
        "what answers there does not speak TLS: is it the TLS port?",
    ),
    (
        ("no such file", "enoent", "errno 2]"),
        NX_SECURE_X509_CERTIFICATE_NOT_FOUND,
        "a file is not there",
    ),
    (
        ("alloc_failed", "-32512", "-10368"),
        NX_SECURE_TLS_ALLOCATE_PACKET_FAILED,
        "no memory for a TLS handshake",
    ),
    (
        ("does not support tls",),
        NX_SECURE_TLS_UNSUPPORTED_FEATURE,
        "this network hardware has no TLS: it needs a firmware with the module ssl",
    ),
    (
        # An AirLift's words for every reason.
        ("failed to connect", "failed to establish", "could not connect"),
        NX_SECURE_TLS_HANDSHAKE_FAILURE,
        "nobody listens there, or the co-processor's firmware does not trust the certificate",
    ),
    (
        ("timed out", "etimedout"),
        NX_SECURE_TLS_HANDSHAKE_FAILURE,
        "the handshake has stalled: is it the TLS port?",
    ),
)
_HUNG_UP_TEXTS = ("reset", "eof", "broken pipe", "epipe", "closed by the peer", "-29312")

_OF_DATES = (
    NX_SECURE_X509_CERTIFICATE_NOT_YET_VALID,
    NX_SECURE_X509_CERTIFICATE_EXPIRED,
    NX_SECURE_X509_CHAIN_VERIFY_FAILURE,
)


def verdict(text: str, now: int, established: bool):
    """Say what a failure means.

    :param str text: what TLS or the socket said
    :param int now: seconds since 1970
    :param bool established: whether the handshake was over on this side
    :return: (number, advice with the text); number is 0 for what no row knows
    """
    low = text.lower()
    for fragments, number, words in _ROWS:
        if any(fragment in low for fragment in fragments):
            if number in _OF_DATES and now < _CLOCK_IS_SET:
                return NX_SECURE_X509_CERTIFICATE_NOT_YET_VALID, "%s (%s)" % (_NOT_SET, text)
            return number, "%s (%s)" % (words, text)
    if any(fragment in low for fragment in _HUNG_UP_TEXTS):
        return 0, "%s (%s)" % (_HUNG_UP_LATE if established else _HUNG_UP, text)
    return 0, text
