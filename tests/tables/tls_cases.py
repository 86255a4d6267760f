# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Everything that TLS can refuse, and what the client says about it.

``advice`` is in the cause of ``client.reason``, with what TLS itself has said after it.
"""

import ssl
from collections import namedtuple

from nxd_mqtt.tls_reasons import *

ALLOCATE_PACKET_FAILED = 0x111
INVALID_CERTIFICATE = 0x112
CERTIFICATE_NOT_FOUND = 0x18E
INVALID_PRIVATE_KEY_TYPE = 0x19D
COMMUNICATION_FAILURE = 0x10007

TLS_1_2 = ssl.TLSVersion.TLSv1_2
TLS_1_3 = ssl.TLSVersion.TLSv1_3

Refusal = namedtuple("Refusal", "case stage number advice")

# Methods of tests/certificates.py. A server whose intermediate is missing and one of an unknown
# authority look the same: in both cases the chain ends before it reaches a root.
BAD_SERVERS = (
    Refusal(
        "foreign_server",
        "tls",
        NX_SECURE_TLS_ISSUER_CERTIFICATE_NOT_FOUND,
        "nx_secure_tls_trusted_certificate_add",
    ),
    Refusal(
        "incomplete_server",
        "tls",
        NX_SECURE_TLS_ISSUER_CERTIFICATE_NOT_FOUND,
        "nx_secure_tls_trusted_certificate_add",
    ),
    Refusal(
        "self_signed_server", "tls", NX_SECURE_TLS_INVALID_SELF_SIGNED_CERT, "signed by itself"
    ),
    Refusal("expired_server", "tls", NX_SECURE_X509_CERTIFICATE_EXPIRED, "renew it"),
    Refusal("early_server", "tls", NX_SECURE_X509_CERTIFICATE_NOT_YET_VALID, "clock right"),
    Refusal(
        "misnamed_server",
        "tls",
        NX_SECURE_X509_CERTIFICATE_DNS_MISMATCH,
        "nx_secure_tls_session_sni_extension_set",
    ),
)

# Of what the server says, by who says it. With TLS 1.2 it comes in the handshake, with 1.3 behind
# it, and is found even where the CONNECT can no longer be written. mosquitto sends an alert; the
# embedded broker's asyncio only hangs up, so that a missing certificate, a wrong one and a plain
# server are one and the same to the client.
_ALERTS = {
    None: (NX_SECURE_TLS_CERTIFICATE_REQUIRED, "nx_secure_tls_local_certificate_add"),
    "foreign_client": (NX_SECURE_TLS_ALERT_RECEIVED, "does it trust its issuer"),
    "expired_client": (NX_SECURE_TLS_ALERT_RECEIVED, "in date"),
}
BAD_CLIENTS = {
    ("mosquitto", TLS_1_2): (
        # TLS 1.2 has no alert of its own for this.
        Refusal(None, "tls", NX_SECURE_TLS_ALERT_RECEIVED, "it may want a client certificate"),
        Refusal("foreign_client", "tls", *_ALERTS["foreign_client"]),
        Refusal("expired_client", "tls", *_ALERTS["expired_client"]),
    ),
    ("mosquitto", TLS_1_3): tuple(
        Refusal(case, "connack", *told) for case, told in _ALERTS.items()
    ),
    ("embedded", TLS_1_2): tuple(
        Refusal(case, "tls", NX_SECURE_TLS_HANDSHAKE_FAILURE, "another client certificate?")
        for case in _ALERTS
    ),
    ("embedded", TLS_1_3): tuple(
        Refusal(case, "connack", COMMUNICATION_FAILURE, "client certificate") for case in _ALERTS
    ),
}

NO_TLS = (NX_SECURE_TLS_UNKNOWN_TLS_VERSION, "does not speak TLS: is it the TLS port?")
HUNG_UP = (NX_SECURE_TLS_HANDSHAKE_FAILURE, "has hung up during the handshake: is it the TLS port")
STALLED = (NX_SECURE_TLS_HANDSHAKE_FAILURE, "stalled: is it the TLS port?")

# Classes of tests/integration/tls_servers.py. Whoever closes, with or without a reset, before he
# has said a word of TLS may be anything.
STRANGERS = (
    Refusal("AnswersMore", "tls", *NO_TLS),
    Refusal("SpeaksHTTP", "tls", *NO_TLS),
    Refusal("SpeaksSSH", "tls", *NO_TLS),
    Refusal("AnswersConnackAndCloses", "tls", *HUNG_UP),
    Refusal("ClosesAtOnce", "tls", *HUNG_UP),
    Refusal("ClosesOnHello", "tls", *HUNG_UP),
    Refusal("ResetsOnHello", "tls", *HUNG_UP),
    Refusal("ResetsInHandshake", "tls", *HUNG_UP),
    Refusal("ClosesInHandshake", "tls", *HUNG_UP),
)
# A CONNACK is shorter than the head of a TLS record, so that it says nothing yet.
STALLS = ("SaysNothing", "AnswersConnack", "StopsInHandshake", "Drips")

# What the client has been given: (what is wrong, a part of the advice, the number).
CERTIFICATE_FAULTS = (
    Refusal("no such file", "tls", CERTIFICATE_NOT_FOUND, "cannot read"),
    Refusal("a folder", "tls", CERTIFICATE_NOT_FOUND, "cannot read"),
    Refusal("junk in a file", "tls", INVALID_CERTIFICATE, "certificate"),
    Refusal("junk", "tls", INVALID_CERTIFICATE, "certificate"),
    Refusal("junk in PEM", "tls", INVALID_CERTIFICATE, "certificate"),
    Refusal("the beginning of DER", "tls", INVALID_CERTIFICATE, "certificate"),
    Refusal("a key", "tls", INVALID_CERTIFICATE, "certificate"),
    Refusal("no path", "tls", INVALID_CERTIFICATE, "certificate"),
    Refusal("no text", "tls", INVALID_CERTIFICATE, "certificate"),
)
# OpenSSL does not say which of the two it cannot read.
KEY_FAULTS = (
    Refusal("no such file", "tls", CERTIFICATE_NOT_FOUND, "cannot read"),
    Refusal("another's", "tls", NX_SECURE_PKCS1_INVALID_PRIVATE_KEY, "private key is not that"),
    Refusal(
        "of another kind", "tls", NX_SECURE_PKCS1_INVALID_PRIVATE_KEY, "private key is not that"
    ),
    Refusal("junk", "tls", INVALID_CERTIFICATE, "certificate or key cannot be used"),
    Refusal("a certificate", "tls", INVALID_CERTIFICATE, "certificate or key cannot be used"),
    Refusal("with a password", "tls", INVALID_CERTIFICATE, "certificate or key cannot be used"),
)

# Of each thing that can be wrong, one row: no two are told alike.
_SERVERS = {row.case: row for row in BAD_SERVERS}
_CLIENTS = {row.case: row for row in BAD_CLIENTS["mosquitto", TLS_1_3]}
CAUSES = {
    "unknown authority": _SERVERS["foreign_server"],
    "signed by itself": _SERVERS["self_signed_server"],
    "expired": _SERVERS["expired_server"],
    "not valid yet": _SERVERS["early_server"],
    "wrong host name": _SERVERS["misnamed_server"],
    "no client certificate": _CLIENTS[None],
    "wrong client certificate": _CLIENTS["foreign_client"],
    "plain server at the TLS port": Refusal(None, "tls", *NO_TLS),
    "plain server that hangs up": Refusal(None, "tls", *HUNG_UP),
    "TLS server at the plain port": Refusal(
        None, "connack", COMMUNICATION_FAILURE, "is it the right port"
    ),
    "stalled": Refusal(None, "tls", *STALLED),
    "no memory": Refusal(None, "tls", ALLOCATE_PACKET_FAILED, "no memory for a TLS handshake"),
    "another's key": KEY_FAULTS[1],
    "no such file": CERTIFICATE_FAULTS[0],
    "no certificate in it": CERTIFICATE_FAULTS[2],
    "clock not set": Refusal(
        None, "tls", NX_SECURE_X509_CERTIFICATE_NOT_YET_VALID, "clock is not set"
    ),
}
