# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Servers and clients with bad certificates: each refusal has its reason, and leaves nothing."""

import ssl
from types import SimpleNamespace

import pytest
from certificates import OTHER_NAME
from devices import run
from tables.tls_cases import BAD_CLIENTS, BAD_SERVERS, TLS_1_2, TLS_1_3, Refusal
from tls_bench import Setup, settled
from tls_bench import descriptors as open_files
from tls_devices import SecureDevice, in_two_ways, managed_sockets
from tls_servers import AlertsLate, ShakesHands

from boards.desktop.broker.secure import server_context
from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *
from nxd_mqtt.tls_reasons import *

VERSIONS = (TLS_1_2, TLS_1_3)
# Seconds since 1970 of 1 January 2000, where a board's clock begins.
YEAR_2000 = 946684800


def check(found, row: Refusal, wait) -> None:
    """The status and the reason of a refusal are those of its row."""
    status, (stage, number, cause) = found
    assert (stage, number) == (row.stage, row.number)
    assert row.advice in cause
    if wait == NX_NO_WAIT:
        assert status == number
    elif number < NXD_MQTT_ALREADY_CONNECTED:
        assert status == NXD_MQTT_CONNECT_FAILURE
    else:
        assert status == number


# --- servers -------------------------------------------------------------------------------------


@in_two_ways
@pytest.mark.parametrize("row", BAD_SERVERS, ids=lambda row: row.case)
def test_a_bad_server(start_broker, make_secure_device, authority, afterwards, row, network, wait):
    broker = start_broker(files=getattr(authority, row.case)())
    device = make_secure_device("device")
    before = open_files()
    check(device.refusal(broker, wait), row, wait)
    assert broker.connects() == 0
    assert len(device.setup.calls) == 1
    afterwards(device, before)


def test_the_reasons_of_bad_servers_differ():
    told = {(row.number, row.advice) for row in BAD_SERVERS}
    # A missing intermediate is an unknown authority to everybody who has not seen it.
    assert len(told) == len(BAD_SERVERS) - 1


@pytest.mark.parametrize("kind", ["expired_server", "early_server"])
def test_a_clock_that_was_never_set(start_broker, make_secure_device, authority, kind):
    broker = start_broker(files=getattr(authority, kind)())
    device = make_secure_device("device", Setup(authority.root, clock=lambda: YEAR_2000))
    row = Refusal(kind, "tls", NX_SECURE_X509_CERTIFICATE_NOT_YET_VALID, "clock is not set")
    check(device.refusal(broker), row, 500)


@pytest.mark.parametrize("kind", ["foreign_server", "misnamed_server", "self_signed_server"])
def test_what_no_clock_would_mend_is_told_as_ever(
    start_broker, make_secure_device, authority, kind
):
    broker = start_broker(files=getattr(authority, kind)())
    device = make_secure_device("device", Setup(authority.root, clock=lambda: YEAR_2000))
    row = next(row for row in BAD_SERVERS if row.case == kind)
    check(device.refusal(broker), row, 500)


def test_a_name_that_the_callback_got_wrong(start_broker, make_secure_device, authority):
    broker = start_broker(files=authority.server())
    device = make_secure_device("device", Setup(authority.root, name=OTHER_NAME))
    row = next(row for row in BAD_SERVERS if row.case == "misnamed_server")
    check(device.refusal(broker), row, 500)


def test_an_address_that_is_not_in_the_certificate(start_broker, make_secure_device, authority):
    broker = start_broker(files=authority.server("localhost"))
    device = make_secure_device("device")
    status, reason = device.refusal(broker)
    assert (status, *reason[:2]) == (
        NXD_MQTT_CONNECT_FAILURE,
        "tls",
        NX_SECURE_X509_CERTIFICATE_DNS_MISMATCH,
    )
    device.session(SimpleNamespace(host="localhost", port=broker.port))


def test_a_root_that_is_missing_says_how_to_trust_it(start_broker, make_secure_device, authority):
    # The server shows its root as well, so OpenSSL sees one that signs itself, in a chain.
    files = authority.chained_server()
    broker = start_broker(files=files)
    device = make_secure_device("device", Setup(authority.foreign_root))
    status, (stage, number, cause) = device.refusal(broker)
    assert (status, stage) == (NXD_MQTT_CONNECT_FAILURE, "tls")
    assert number == NX_SECURE_TLS_ISSUER_CERTIFICATE_NOT_FOUND
    assert "nx_secure_tls_trusted_certificate_add" in cause


def test_a_server_of_an_old_version(make_secure_device, authority):
    context = server_context(*authority.server())
    context.maximum_version = TLS_1_2
    mine = ssl.create_default_context(cafile=authority.root)
    mine.minimum_version = TLS_1_3
    device = SecureDevice("device", Setup(), ssl_context=mine)
    with ShakesHands(context) as server:
        status, (stage, number, _) = device.refusal(server)
    assert (status, stage) == (NXD_MQTT_CONNECT_FAILURE, "tls")
    assert number == NX_SECURE_TLS_ALERT_RECEIVED


# --- clients -------------------------------------------------------------------------------------


@in_two_ways
@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.name)
@pytest.mark.parametrize("case", [None, "foreign_client", "expired_client"])
def test_a_bad_client(
    start_broker, make_secure_device, authority, afterwards, case, version, network, wait
):
    broker = start_broker(files=authority.server(), client_authority=authority.root)
    row = next(row for row in BAD_CLIENTS[broker.name, version] if row.case == case)
    local = [getattr(authority, case)()] if case else []
    mine = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    mine.maximum_version = version
    setup = Setup(authority.root, local=local)
    device = make_secure_device("device", setup, ssl_context=mine)
    before = open_files()
    check(device.refusal(broker, wait), row, wait)
    assert broker.connects() == 0
    afterwards(device, before)


@in_two_ways
@pytest.mark.parametrize("row", BAD_CLIENTS["mosquitto", TLS_1_3], ids=lambda row: row.case)
def test_an_alert_behind_the_handshake(make_secure_device, authority, row, network, wait):
    context = server_context(*authority.server(), authority.root)
    context.minimum_version = TLS_1_3
    local = [getattr(authority, row.case)()] if row.case else []
    device = make_secure_device("device", Setup(authority.root, local=local))
    before = open_files()
    with AlertsLate(context) as server:
        check(device.refusal(server, wait), row, wait)
    assert settled(before)
    assert managed_sockets() == 0


def test_a_bad_client_is_good_with_another_certificate(start_broker, make_secure_device, authority):
    broker = start_broker(files=authority.server(), client_authority=authority.root)
    device = make_secure_device("device")
    device.refusal(broker)
    device.setup = Setup(authority.root, local=[authority.client()])
    device.session(broker)
    device.setup = Setup(authority.root, local=[authority.foreign_client()])
    device.refusal(broker)
    assert broker.connects() == 1


# --- with reconnection ---------------------------------------------------------------------------


def test_a_client_that_tries_again_asks_the_callback_each_time(
    start_broker, make_secure_device, authority
):
    broker = start_broker(files=authority.foreign_server())
    device = make_secure_device("device").reconnecting(2, 4)
    assert device.try_to_connect(broker, wait=NX_NO_WAIT) == NX_IN_PROGRESS
    run(device, until=lambda: device.statistics()["attempts"] >= 3)
    statistics = device.statistics()
    assert statistics["attempts"] == len(device.setup.calls)
    assert statistics["connects"] == 0
    assert {reason[:2] for reason in statistics["reasons"]} == {
        ("tls", NX_SECURE_TLS_ISSUER_CERTIFICATE_NOT_FOUND)
    }
    assert device.answers == []
    # As soon as the callback knows better, it works.
    device.setup.trust(authority.foreign_root)
    run(device, until=lambda: device.answers)
    assert device.answers == [NXD_MQTT_SUCCESS]
    assert device.statistics()["attempts"] == len(device.setup.calls)
