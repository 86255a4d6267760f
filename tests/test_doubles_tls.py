# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT

"""The doubles' TLS has the manners of the real one, and a board's differs from a desktop's."""

import pytest
from doubles import dialects
from doubles.clock import Clock
from doubles.sockets import READ, SocketPool
from doubles.tls import REFUSALS, Context, refusal
from doubles.trials import PORT, outcome

BOARDS = (dialects.HOST, dialects.ESPRESSIF, dialects.RP2, dialects.WIZNET)
PEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"

every_board = pytest.mark.parametrize("plain", BOARDS, ids=str)


def wrapped(plain, timeout=None):
    """A pool, its plain socket, and the TLS socket over it, not connected."""
    pool = SocketPool(Clock(), plain)
    pool.listen(PORT, lambda connection: None)
    sock = pool.socket()
    stream = Context(pool).wrap_socket(sock, server_hostname="broker.test")
    stream.settimeout(timeout)
    return pool, sock, stream


@every_board
def test_a_board_s_tls_connects_the_plain_socket(plain):
    pool, sock, stream = wrapped(plain)
    stream.connect(("broker.test", PORT))
    assert sock.connection is stream.connection is pool.connections[0]
    pool.connections[0].send(b"wire")
    if plain.pollable:
        assert pool.wait(sock, True, False, 0) == READ
    else:
        assert sock._available() == 4
    assert stream.recv_into(bytearray(1)) == 1
    # The record is off the wire now, and the plain socket knows nothing of what is left of it.
    assert sock.ready_for(READ) == 0
    assert stream.recv_into(bytearray(8)) == 3


@every_board
def test_a_board_s_tls_fails_to_connect_as_the_plain_socket_does(plain):
    pool, _, stream = wrapped(plain)
    pool.refuse(PORT)
    kind = plain.refused.kind
    assert outcome(stream.connect, ("broker.test", PORT))[0] is kind
    stream.close()
    assert (pool.open_now, pool.double_closes) == (0, [])


@every_board
def test_a_board_s_failed_handshake_leaves_the_plain_socket_open(plain):
    pool, sock, stream = wrapped(plain)
    pool.fail("handshake", refusal("unknown issuer"))
    assert outcome(stream.connect, ("broker.test", PORT))[1] == -9984
    stream.close()
    assert pool.open_now == 1
    sock.close()
    assert (pool.open_now, pool.double_closes) == (0, [])


def test_a_desktop_s_failed_handshake_closes():
    pool = SocketPool(Clock())
    pool.listen(PORT, lambda connection: None)
    sock = pool.socket()
    sock.connect(("broker.test", PORT))
    pool.fail("handshake", OSError(1, "refused"))
    assert outcome(Context(pool).wrap_socket, sock) == (PermissionError, 1)
    assert pool.open_now == 0
    sock.close()
    assert pool.double_closes == []


@pytest.mark.parametrize("plain", (*BOARDS, dialects.CPYTHON_TCP), ids=str)
def test_a_handshake_that_takes_too_long(plain):
    pool, _, stream = wrapped(plain, timeout=2)
    pool.handshake_takes = 2001
    _, number = outcome(stream.connect, ("broker.test", PORT))
    assert number == {"espressif": 116, "cpython_tcp": None}.get(plain.name, 110)
    assert pool.clock.elapsed == 2000


def test_a_handshake_that_takes_its_time():
    pool, _, stream = wrapped(dialects.HOST, timeout=2)
    pool.handshake_takes = 2000
    stream.connect(("broker.test", PORT))
    assert pool.clock.elapsed == 2000


@every_board
def test_a_link_that_is_cut_below_tls(plain):
    pool, _, stream = wrapped(plain, timeout=0.5)
    stream.connect(("broker.test", PORT))
    stream.settimeout(0)
    pool.connections[0].close(goodbye=False)
    wanted = {"host": 107, "espressif": 128}.get(plain.name, -29312)
    assert outcome(stream.recv_into, bytearray(1))[1] == wanted


def test_a_desktop_s_socket_has_a_descriptor_until_it_is_closed():
    pool = SocketPool(Clock())
    first, second = pool.socket(), pool.socket()
    assert first.fileno() != second.fileno()
    assert first.fileno() >= 0
    first.close()
    assert first.fileno() == -1


def test_a_desktop_s_goodbye_does_not_wait():
    pool, _, stream = wrapped(dialects.CPYTHON_TCP)
    stream.connect(("broker.test", PORT))
    peer = pool.connections[0]
    stream.settimeout(0)
    assert outcome(stream.unwrap)[1] == 2
    assert peer.goodbye
    peer.reset()
    assert outcome(stream.unwrap)[0] is ConnectionResetError


def test_a_context_remembers_whom_to_trust_and_what_to_show(tmp_path):
    context = Context(SocketPool(Clock(), dialects.HOST))
    context.load_verify_locations(cadata=PEM)
    assert context.trusted == [PEM]
    with pytest.raises(ValueError):
        context.load_verify_locations(cadata="no certificate")
    with pytest.raises(ValueError):
        context.load_verify_locations(cafile="roots.pem")
    paths = [tmp_path / name for name in ("certificate", "key")]
    for path in paths:
        path.write_text(path.name)
    context.load_cert_chain(*map(str, paths))
    assert context.shown == [("certificate", "key")]


def test_a_context_fails_as_a_test_wants_it():
    pool = SocketPool(Clock(), dialects.HOST)
    context = Context(pool)
    pool.fail("load_verify_locations", ValueError("invalid cert"))
    pool.fail("load_cert_chain", ValueError("invalid key"))
    with pytest.raises(ValueError, match="cert"):
        context.load_verify_locations(cadata=PEM)
    with pytest.raises(ValueError, match="key"):
        context.load_cert_chain("certificate", "key")
    context.load_verify_locations(cadata=PEM)


@pytest.mark.parametrize("what", REFUSALS)
def test_a_board_s_errors_are_plain_ones_with_mbedtls_s_number(what):
    error = refusal(what)
    assert error.errno < -256
    assert error.strerror.startswith("MBEDTLS_ERR_")
    assert refusal(what) is not error


def test_an_airlift_s_connect_remembers_its_mode():
    pool = SocketPool(Clock(), dialects.AIRLIFT)
    pool.listen(PORT, lambda connection: None)
    secure, plain = pool.socket(), pool.socket()
    secure.connect(("broker.test", PORT), 2)
    plain.connect(("broker.test", PORT))
    assert (secure.mode, plain.mode) == (2, None)
