# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT

"""Each row of the table of stacks is played as it is written: connect, read, send, close."""

import errno
import ssl

import pytest
from doubles import dialects
from doubles.clock import Clock, WouldBlockForever
from doubles.dialects import CLOSES, FOREVER, TAKES_PART, WAITS_FOR_ALL, StackError
from doubles.sockets import WRITE, SocketPool
from doubles.trials import PORT, every, opened, outcome

EAGAIN, EBADF = 11, 9
SPI = {"wiznet", "airlift", "airlift_patient"}
ZERO = 0  # a read that returns 0


NOTHING_YET = {
    "espressif": (StackError, EAGAIN),
    "rp2": (StackError, EAGAIN),
    "host": (StackError, EAGAIN),
    "native_tls": (StackError, EAGAIN),
    "espressif_tls": (StackError, EAGAIN),
    "wiznet": (StackError, EAGAIN),
    "airlift": ZERO,
    "cpython_tcp": (BlockingIOError, errno.EAGAIN),
    "cpython_tls": (ssl.SSLWantReadError, 2),
    "micropython_tcp": (StackError, EAGAIN),
}
PEER_CLOSED = {
    "espressif": (StackError, 128),
    "rp2": ZERO,
    "host": (StackError, 107),
    "native_tls": ZERO,
    "espressif_tls": ZERO,
    "wiznet": ZERO,
    "airlift": ZERO,
    "cpython_tcp": ZERO,
    "cpython_tls": ZERO,
    "micropython_tcp": ZERO,
}
PEER_CUT = {
    **PEER_CLOSED,
    "native_tls": (StackError, 107),
    "espressif_tls": (StackError, 128),
    "cpython_tls": (ssl.SSLEOFError, 8),
}
PEER_RESET = {
    "espressif": (StackError, EAGAIN),
    "rp2": (StackError, 104),
    "host": (StackError, 104),
    "native_tls": (StackError, 104),
    "espressif_tls": (StackError, EAGAIN),
    "wiznet": ZERO,
    "airlift": ZERO,
    "cpython_tcp": (ConnectionResetError, errno.ECONNRESET),
    "cpython_tls": (ConnectionResetError, errno.ECONNRESET),
    "micropython_tcp": (StackError, 104),
}
OVERTIME = {
    "espressif": (StackError, 116),
    "rp2": (StackError, 110),
    "host": (StackError, 110),
    "native_tls": (StackError, 110),
    "espressif_tls": (StackError, 116),
    "wiznet": (StackError, 110),
    "airlift": (StackError, 110),
    "airlift_patient": (StackError, 110),
    "cpython_tcp": (TimeoutError, None),
    "cpython_tls": (TimeoutError, None),
    "micropython_tcp": (StackError, 110),
}
REFUSED = {
    "espressif": (StackError, 111),
    "rp2": (StackError, 104),
    "host": (StackError, 111),
    "native_tls": (StackError, 111),
    "espressif_tls": (StackError, 111),
    "wiznet": (ConnectionError, None),
    "airlift": (ConnectionError, None),
    "airlift_patient": (ConnectionError, None),
    "cpython_tcp": (ConnectionRefusedError, errno.ECONNREFUSED),
    "cpython_tls": (ConnectionRefusedError, errno.ECONNREFUSED),
    "micropython_tcp": (StackError, 111),
}


def rows(table):
    """Parametrize over a table of outcomes."""
    cases = [(dialects.by_name(name), wanted) for name, wanted in table.items()]
    return pytest.mark.parametrize("dialect, wanted", cases, ids=list(table))


@rows(NOTHING_YET)
def test_nothing_yet(dialect, wanted):
    pool, sock, _ = opened(dialect)
    assert outcome(sock.recv_into, bytearray(8)) == wanted
    assert pool.blocked == []


@rows(PEER_CLOSED)
def test_peer_closed(dialect, wanted):
    _, sock, peer = opened(dialect)
    peer.send(b"last")
    peer.close()
    buffer = bytearray(8)
    assert sock.recv_into(buffer) == 4  # what was sent before is read first
    assert buffer[:4] == b"last"
    assert outcome(sock.recv_into, buffer) == wanted


@rows(PEER_CUT)
def test_peer_cut_without_a_tls_goodbye(dialect, wanted):
    _, sock, peer = opened(dialect)
    peer.close(goodbye=False)
    assert outcome(sock.recv_into, bytearray(8)) == wanted


@rows(PEER_RESET)
def test_peer_reset(dialect, wanted):
    _, sock, peer = opened(dialect)
    peer.send(b"gone")
    peer.reset(discard=True)
    assert outcome(sock.recv_into, bytearray(8)) == wanted
    end = dialect.send_ends["reset"]
    assert outcome(sock.send, b"x")[0] is end.kind


@rows(OVERTIME)
def test_read_with_a_timeout_waits_and_is_told_on(dialect, wanted):
    pool, sock, _ = opened(dialect, timeout=2)
    assert outcome(sock.recv_into, bytearray(8)) == wanted
    assert pool.clock() == 2000
    assert pool.blocked == [("recv_into", 2)]


@every()
def test_read_with_a_timeout_ends_when_bytes_come(dialect):
    pool, sock, peer = opened(dialect, timeout=2)
    pool.clock.later(300, lambda: peer.send(b"abc"))
    buffer = bytearray(8)
    assert sock.recv_into(buffer) == 3
    assert pool.clock() == 300
    assert pool.blocked == [("recv_into", 2)]


@every()
def test_read_without_a_limit_never_ends(dialect):
    pool, sock, _ = opened(dialect, timeout=None)
    with pytest.raises(WouldBlockForever):
        sock.recv_into(bytearray(8))
    assert pool.blocked == [("recv_into", None)]


def test_patient_airlift_takes_zero_for_no_limit():
    pool, sock, peer = opened(dialects.AIRLIFT_PATIENT)
    peer.send(b"ab")
    assert sock._available() == 2
    assert sock.recv_into(bytearray(8)) == 2
    with pytest.raises(WouldBlockForever):
        sock.recv_into(bytearray(8))
    assert pool.blocked == [("recv_into", 0)]


@rows(REFUSED)
def test_nobody_listens(dialect, wanted):
    pool = SocketPool(Clock(), dialect)
    sock = pool.socket()
    assert outcome(sock.connect, ("broker.test", PORT)) == wanted
    assert pool.open_now == 1  # a failed connect leaves the socket to its owner
    sock.close()
    assert pool.open_now == 0


@every()
def test_nobody_answers(dialect):
    pool = SocketPool(Clock(), dialect)
    pool.listen(PORT, None)
    sock = pool.socket()
    sock.settimeout(5)
    with pytest.raises((OSError, RuntimeError)):
        sock.connect(("broker.test", PORT))
    waited = dialect.connect_patience if dialect.name in SPI else 5000
    assert pool.clock() == waited
    assert pool.blocked == []  # connects are excepted


@every()
def test_connect_with_timeout_zero(dialect):
    pool = SocketPool(Clock(), dialect)
    pool.listen(PORT, lambda connection: None)
    sock = pool.socket()
    sock.settimeout(0)
    if dialect.connect_now is None:
        sock.connect(("broker.test", PORT))
        assert sock.connection
        return
    assert outcome(sock.connect, ("broker.test", PORT))[1] in (110, 115, 116, errno.EINPROGRESS)
    assert not sock.connection
    assert pool.wait(sock, False, True, 1000) == WRITE
    assert sock.send(b"x") == 1


@every("cpython_tcp")
def test_refused_in_the_background(dialect):
    pool = SocketPool(Clock(), dialect)
    sock = pool.socket()
    sock.settimeout(0)
    assert outcome(sock.connect, ("broker.test", PORT)) == (BlockingIOError, errno.EINPROGRESS)
    pool.clock.advance(10)
    assert outcome(sock.send, b"x") == (ConnectionResetError, errno.ECONNRESET)


@every()
def test_connecting_takes_its_time_and_the_name_lookup_too(dialect):
    pool = SocketPool(Clock(), dialect)
    pool.lookup_takes, pool.connect_takes = 70, 300
    pool.listen(PORT, lambda connection: None)
    address = pool.getaddrinfo("broker.test", PORT, 0, pool.SOCK_STREAM)[0][-1]
    pool.socket().connect(address)
    assert pool.clock() == 370


@every()
def test_after_own_close(dialect):
    _, sock, peer = opened(dialect)
    sock.close()
    assert peer.closed_by_client
    peer.send(b"too late")
    read = outcome(sock.recv_into, bytearray(4)) if dialect.nothing != FOREVER else ZERO
    if dialect.name == "wiznet":
        assert read == (RuntimeError, None)
    elif "airlift" in dialect.name:
        assert read == ZERO
        assert outcome(sock.send, b"x") == (ConnectionError, None)
        sock.settimeout(0)
    else:
        assert read in ((StackError, EBADF), (OSError, errno.EBADF))


@every()
def test_second_close_is_recorded(dialect):
    pool, sock, _ = opened(dialect)
    sock.close()
    assert pool.double_closes == []
    wanted = (RuntimeError, None) if dialect.name == "wiznet" else None
    assert outcome(sock.close) == wanted
    assert pool.double_closes == [sock]
    assert pool.closed == 1


@every()
def test_send_into_a_full_link(dialect):
    pool, sock, peer = opened(dialect)
    peer.accept_limit = 0
    got = outcome(sock.send, b"0123456789")
    if dialect.short_send == TAKES_PART:
        assert got == (dialect.full.kind, dialect.full.arguments[0])
        assert pool.blocked == []
    elif dialect.short_send == CLOSES:
        assert got == (ConnectionError, None)
        assert sock.closed and peer.closed_by_client
    else:
        assert dialect.short_send == WAITS_FOR_ALL
        assert got == (RuntimeError, None)
        assert pool.blocked == [("send", 0)]
    assert not peer.received


@every()
def test_send_with_a_timeout_into_a_full_link(dialect):
    pool, sock, peer = opened(dialect, timeout=1)
    peer.accept_limit = 0
    pool.clock.later(400, lambda: setattr(peer, "accept_limit", None))
    got = outcome(sock.send, b"0123456789")
    if not dialect.send_waits:
        assert got == (StackError, EAGAIN)
        assert pool.blocked == []
    elif dialect.short_send != CLOSES:
        assert got == 10
        assert pool.blocked == [("send", 1)]
        assert pool.clock() == 400


@every("rp2", "cpython_tcp", "cpython_tls", "micropython_tcp")
def test_send_times_out(dialect):
    pool, sock, peer = opened(dialect, timeout=1)
    peer.accept_limit = 0
    kind, _ = outcome(sock.send, b"0123456789")
    assert kind is dialect.send_overtime.kind
    assert pool.clock() == 1000


@every()
def test_short_send(dialect):
    _, sock, peer = opened(dialect)
    grants = iter([3, 100])
    peer.accept_limit = lambda: next(grants)
    got = outcome(sock.send, b"0123456789")
    if dialect.short_send == TAKES_PART:
        assert got == 3
        assert sock.send(b"3456789") == 7
        assert peer.received == b"0123456789"
    elif dialect.short_send == CLOSES:
        assert got == (ConnectionError, None)
        assert sock.closed
        assert peer.received == b"012"


@every()
def test_send_cap(dialect):
    _, sock, peer = opened(dialect)
    taken = sock.send(memoryview(bytes(9000)))
    assert taken == (dialect.send_cap or 9000) == len(peer.received)


@every()
def test_send_after_the_peer_closed(dialect):
    _, sock, peer = opened(dialect)
    peer.close()
    if dialect.swallowed_sends:
        assert sock.send(b"swallowed") == 9
        assert peer.lost == b"swallowed"
    assert isinstance(outcome(sock.send, b"x"), tuple)
    assert not peer.received


@every()
def test_half_open(dialect):
    pool, sock, peer = opened(dialect)
    sock.send(b"before")
    peer.vanish()
    assert sock.send(b"after") == 5
    peer.send(b"never arrives")
    if dialect.nothing != FOREVER:
        assert outcome(sock.recv_into, bytearray(4)) == NOTHING_YET[dialect.name]
    assert (peer.received, peer.lost) == (b"before", b"after")
    if dialect.pollable:
        assert pool.wait(sock, True, False, 500) == 0


@every()
def test_read_with_a_timeout_ends_when_the_peer_closes(dialect):
    pool, sock, peer = opened(dialect, timeout=2)
    pool.clock.later(300, peer.close)
    got = outcome(sock.recv_into, bytearray(8))
    if "airlift" in dialect.name:
        assert (got, pool.clock()) == ((StackError, 110), 2000)  # this driver never looks
    else:
        assert (got, pool.clock()) == (PEER_CLOSED[dialect.name], 300)


def test_background_connect_of_a_closed_socket_comes_to_nothing():
    pool = SocketPool(Clock(), dialects.RP2)
    pool.listen(PORT, lambda connection: None)
    sock = pool.socket()
    sock.settimeout(0)
    assert outcome(sock.connect, ("broker.test", PORT)) == (StackError, 115)
    sock.close()
    pool.clock.advance(10)
    assert pool.connections == []
