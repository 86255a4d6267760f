# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT

"""What a stack has besides bytes: lookups, constants, limits, TLS, its driver's private names."""

import errno
import ssl

import pytest
from doubles import dialects
from doubles.clock import Clock
from doubles.dialects import StackError
from doubles.sockets import READ, SocketPool
from doubles.tls import Context
from doubles.trials import PORT, every, opened, outcome

EAGAIN = 11
SPI = {"wiznet", "airlift", "airlift_patient"}


@every()
def test_second_connect_and_verbs_before_the_first(dialect):
    _, sock, _ = opened(dialect)
    assert outcome(sock.connect, ("broker.test", PORT)) in (
        (OSError, errno.EISCONN),
        (StackError, 106),
    )
    fresh = SocketPool(Clock(), dialect).socket()
    assert isinstance(outcome(fresh.send, b"x"), tuple)
    assert isinstance(outcome(fresh.recv_into, bytearray(1)), tuple)


@every()
def test_unknown_host(dialect):
    pool = SocketPool(Clock(), dialect)
    kind, number = outcome(pool.getaddrinfo, "nowhere.test", PORT)
    assert kind is dialect.unknown_host.kind
    assert number == (None if dialect.name in SPI else -2)
    if hasattr(pool, "gaierror"):
        assert kind is pool.gaierror


@every()
def test_lookup(dialect):
    pool = SocketPool(Clock(), dialect, {"two.test": ["2001:db8::1", "192.0.2.7"]})
    last = [answer[-1] for answer in pool.getaddrinfo("two.test", PORT)]
    packed = bytes([192, 0, 2, 7]) if dialect.packed_address else "192.0.2.7"
    assert last[-1] == (packed, PORT)
    assert len(last) == (1 if dialect.name in SPI else 2)
    assert pool.getaddrinfo("192.0.2.9", PORT)[0][0] == pool.AF_INET
    with pytest.raises(TypeError):
        pool.getaddrinfo("two.test", PORT, surprise=1)
    with pytest.raises(ValueError):
        pool.getaddrinfo("two.test", "1883")
    kind = dialect.unknown_host.kind
    assert outcome(pool.getaddrinfo, "192.0.2.9", PORT, 99)[0] is kind


@every("airlift")
def test_airlift_spells_the_type_of_a_lookup_differently(dialect):
    pool = SocketPool(Clock(), dialect)
    pool.getaddrinfo("broker.test", PORT, socktype=1)
    with pytest.raises(TypeError):
        pool.getaddrinfo("broker.test", PORT, type=1)


def test_listener_of_one_address():
    pool = SocketPool(Clock(), hosts={"two.test": ["192.0.2.6", "192.0.2.7"]})
    pool.listen(PORT, lambda connection: None, "192.0.2.7")
    answers = pool.getaddrinfo("two.test", PORT)
    assert outcome(pool.socket().connect, answers[0][-1]) == (
        ConnectionRefusedError,
        errno.ECONNREFUSED,
    )
    pool.socket().connect(answers[1][-1])
    pool.refuse(PORT, "192.0.2.7")
    assert outcome(pool.socket().connect, answers[1][-1]) == (
        ConnectionRefusedError,
        errno.ECONNREFUSED,
    )


@every()
def test_constants_and_families(dialect):
    pool = SocketPool(Clock(), dialect)
    assert hasattr(pool, "TCP_NODELAY") == (dialect.name not in SPI | {"micropython_tcp"})
    assert hasattr(pool, "AF_INET6") == (dialect.name not in SPI)
    if dialect.wrong_family:
        with pytest.raises((RuntimeError, ValueError)):
            pool.socket(10)


@every(where=lambda row: row.most_sockets)
def test_most_sockets(dialect):
    pool = SocketPool(Clock(), dialect)
    made = [pool.socket() for _ in range(dialect.most_sockets)]
    with pytest.raises((OSError, RuntimeError)):
        pool.socket()
    made[0].close()
    pool.socket()
    assert pool.most_open == dialect.most_sockets


@every()
def test_verbs_that_a_stack_lacks(dialect):
    _, sock, _ = opened(dialect)
    for verb in ("read", "write", "makefile", "sendall", "shutdown"):
        assert not hasattr(sock, verb)
    assert hasattr(sock, "fileno") == dialect.name.startswith("cpython")
    assert hasattr(sock, "unwrap") == (dialect.name == "cpython_tls")
    assert hasattr(sock, "recv") == (dialect.kind != "native")
    assert hasattr(sock, "pending") == (dialect.name == "cpython_tls")
    assert hasattr(sock, "_available") == (dialect.name in SPI)
    with pytest.raises(TypeError):
        sock.recv_into(buffer=bytearray(1))


@every()
def test_setsockopt(dialect):
    _, sock, _ = opened(dialect)
    if dialect.name == "wiznet":
        assert outcome(sock.setsockopt, 6, 1, 1) == (StackError, None)
        return
    sock.setsockopt(6, 1, 1)
    assert sock.options == ([] if "airlift" in dialect.name else [(6, 1, 1)])


@every()
def test_set_timeout_and_set_blocking(dialect):
    _, sock, _ = opened(dialect)
    sock.setblocking(True)
    assert sock.timeout is None
    sock.setblocking(False)
    assert sock.timeout == 0
    with pytest.raises(ValueError):
        sock.settimeout(-1)


# TLS


@every("native_tls", "espressif_tls")
def test_mbedtls_wants_the_same_bytes_again(dialect):
    pool, sock, peer = opened(dialect)
    peer.accept_limit = 0
    assert outcome(sock.send, b"first")[1] == EAGAIN
    assert outcome(sock.send, b"first")[1] == EAGAIN
    peer.accept_limit = None
    assert sock.send(b"first") == 5
    assert (peer.received, pool.corruptions) == (b"first", [])


@every("native_tls", "espressif_tls")
def test_mbedtls_loses_what_a_longer_retry_adds(dialect):
    pool, sock, peer = opened(dialect)
    peer.accept_limit = 0
    assert outcome(sock.send, b"first")[1] == EAGAIN
    peer.accept_limit = None
    assert sock.send(b"first+more") == 10
    assert peer.received == b"first"
    assert pool.corruptions == [(b"first", b"first+more")]


@every("cpython_tls")
def test_openssl_takes_a_longer_retry_and_refuses_a_shorter_one(dialect):
    pool, sock, peer = opened(dialect)
    peer.accept_limit = 0
    assert outcome(sock.send, b"first")[1] == 3
    peer.accept_limit = None
    with pytest.raises(ssl.SSLError):
        sock.send(b"fir")
    assert sock.send(b"first+more") == 5
    assert sock.send(b"+more") == 5
    assert peer.received == b"first+more"
    assert len(pool.corruptions) == 1


@every("cpython_tls", "native_tls", "espressif_tls")
def test_what_tls_has_decrypted_no_select_tells(dialect):
    pool, sock, peer = opened(dialect)
    peer.send(b"one record")
    peer.send(b"another")
    assert pool.wait(sock, True, False, 0) == READ
    buffer = bytearray(3)
    assert sock.recv_into(buffer) == 3
    if dialect.name == "cpython_tls":
        assert sock.pending() == 7
    assert sock.recv_into(bytearray(64)) == 7  # a read never crosses a record
    assert sock.recv_into(buffer) == 3
    assert pool.wait(sock, True, False, 100) == 0
    assert pool.clock() == 100
    assert sock.recv_into(bytearray(64)) == 4


def test_context_on_cpython_takes_the_socket_over():
    pool = SocketPool(Clock())
    pool.listen(8883, lambda connection: None)
    context = Context(pool)
    plain = pool.socket()
    plain.settimeout(3)
    wrapped = context.wrap_socket(plain, server_hostname="broker.test")
    plain.close()
    assert pool.open_now == 1
    wrapped.connect(("broker.test", 8883))
    assert wrapped.timeout == 3
    assert context.server_hostnames == ["broker.test"]
    wrapped.close()
    assert (pool.opened, pool.open_now, pool.double_closes) == (1, 0, [])
    assert ("handshake", 3) in pool.calls


def test_context_on_a_board_sits_on_the_plain_socket():
    pool = SocketPool(Clock(), dialects.ESPRESSIF)
    pool.listen(8883, lambda connection: None)
    context = Context(pool)
    plain = pool.socket()
    wrapped = context.wrap_socket(plain, server_hostname="broker.test")
    wrapped.connect(("broker.test", 8883))
    wrapped.settimeout(0)
    assert outcome(wrapped.recv_into, bytearray(1)) == (StackError, EAGAIN)
    wrapped.close()
    assert plain.closed
    assert (pool.opened, pool.open_now) == (1, 0)


def test_failing_tls_leaves_the_plain_socket_to_its_owner():
    pool = SocketPool(Clock(), dialects.ESPRESSIF)
    pool.listen(8883, lambda connection: None)
    context = Context(pool)
    pool.fail("wrap_socket", MemoryError)
    pool.fail("handshake", StackError(-0x2700, "certificate"))
    plain = pool.socket()
    with pytest.raises(MemoryError):
        context.wrap_socket(plain)
    assert pool.open_now == 1
    wrapped = context.wrap_socket(plain)
    assert outcome(wrapped.connect, ("broker.test", 8883)) == (StackError, -0x2700)
    assert pool.open_now == 1
    with pytest.raises(ValueError):
        context.wrap_socket(plain, server_side=True)


def test_context_over_a_connected_socket_shakes_hands_at_once():
    pool, sock, peer = opened(dialects.CPYTHON_TCP)
    wrapped = Context(pool).wrap_socket(sock)
    assert wrapped.connection is peer
    assert pool.count("handshake") == 1


# the SPI drivers' private attributes


def test_wiznet_connected_is_a_property_that_closes():
    pool, sock, peer = opened(dialects.WIZNET)
    assert sock._connected is True
    peer.send(b"abc")
    peer.close()
    assert (sock._available(), sock._connected) == (3, True)
    sock.recv_into(bytearray(8))
    assert sock._connected is False
    assert pool.open_now == 0
    assert outcome(sock.close) == (RuntimeError, None)
    assert pool.double_closes == []  # the owner closed only once
    with pytest.raises(RuntimeError):
        assert sock._connected


def test_airlift_connected_is_a_method_that_closes():
    pool, sock, peer = opened(dialects.AIRLIFT)
    assert sock._connected() is True
    peer.send(bytes(5000))
    peer.close()
    assert sock._available() == 4000
    assert sock._connected() is True
    assert sock.recv(6000) == bytes(5000)
    assert sock._connected() is False
    assert (sock.recv_into(bytearray(8)), pool.open_now) == (0, 0)
    sock.close()
    assert pool.double_closes == []


def test_airlift_read_with_a_timeout_does_not_notice_a_close():
    pool, sock, peer = opened(dialects.AIRLIFT, timeout=1)
    peer.close()
    assert outcome(sock.recv_into, bytearray(8)) == (StackError, 110)
    assert pool.clock() == 1000


def test_airlift_connect_takes_a_mode():
    pool = SocketPool(Clock(), dialects.AIRLIFT)
    pool.listen(PORT, lambda connection: None)
    pool.socket().connect(("broker.test", PORT), 2)
    assert pool.connections[0].address == ("broker.test", PORT)
