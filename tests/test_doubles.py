# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT

"""The doubles keep their word: the clock, the peer's end, waiting, the accounts, the faults."""

import errno

import pytest
from doubles import dialects
from doubles.clock import Clock, WouldBlockForever
from doubles.dialects import AS_IF_SILENT, StackError
from doubles.sockets import READ, WRITE, SocketPool
from doubles.trials import PORT, every, opened, outcome

SPI = {"wiznet", "airlift", "airlift_patient"}


# the clock


def test_clock_counts_only_when_told():
    clock = Clock()
    assert clock() == 0
    clock.advance(1500)
    assert clock() == clock.elapsed == 1500


def test_clock_wraps_as_a_board_does():
    clock = Clock(2**29 - 65_000)
    assert clock() == 2**29 - 65_000
    clock.advance(65_001)
    assert clock() == 1
    assert clock.elapsed == 65_001


def test_planned_calls_fire_in_order_at_their_time():
    clock = Clock()
    fired = []
    for name, milliseconds in (("c", 30), ("a", 10), ("b", 10), ("d", 31)):
        clock.later(milliseconds, lambda name=name: fired.append((name, clock())))
    clock.advance(30)
    assert fired == [("a", 10), ("b", 10), ("c", 30)]
    assert clock.next_due() == 1


def test_planned_call_may_plan_and_advance():
    clock = Clock()
    fired = []

    def first():
        fired.append(("first", clock()))
        clock.later(5, lambda: fired.append(("second", clock())))
        clock.later(50, lambda: fired.append(("third", clock())))
        clock.advance(20)

    clock.later(10, first)
    clock.advance(12)
    assert fired == [("first", 10), ("second", 15)]
    assert clock() == 30  # never back to 12
    clock.advance(30)
    assert fired[-1] == ("third", 60)


def test_later_zero_needs_an_advance():
    clock = Clock()
    fired = []
    clock.later(0, lambda: fired.append(1))
    assert not fired
    clock.advance()
    assert fired


def test_run_until_goes_from_event_to_event():
    clock = Clock()
    fired = []
    clock.later(10, lambda: fired.append(1))
    clock.later(20, lambda: fired.append(2))
    assert clock.run_until(lambda: len(fired) == 2, 100)
    assert clock() == 20
    assert not clock.run_until(lambda: False, 100)
    assert clock() == 120
    with pytest.raises(WouldBlockForever):
        clock.run_until(lambda: False)


# waiting


@every()
def test_wait(dialect):
    pool, sock, peer = opened(dialect)
    if dialect.name in SPI:
        with pytest.raises(TypeError):
            pool.wait(sock, True, False, 100)
        return
    pool.clock.later(40, lambda: None)
    pool.clock.later(70, lambda: peer.send(b"x"))
    assert pool.wait(sock, True, False, 100) == READ
    assert pool.wait(sock, True, True, 100) == READ | WRITE
    peer.accept_limit = 0
    assert pool.wait(sock, False, True, 30) == 0
    assert pool.clock() == 100
    assert pool.waits == [(READ, 100, 70, READ), (READ | WRITE, 100, 0, 3), (WRITE, 30, 30, 0)]
    with pytest.raises(WouldBlockForever):
        pool.wait(sock, False, True)


@every(where=lambda row: row.pollable)
def test_wait_sees_a_close(dialect):
    pool, sock, peer = opened(dialect)
    pool.clock.later(20, peer.close)
    assert pool.wait(sock, True, False, 100) == READ
    peer.ending = None
    pool.clock.later(20, peer.reset)
    silent = dialect.receive_ends["reset"] == AS_IF_SILENT
    assert pool.wait(sock, True, False, 100) == (0 if silent else READ)
    sock.close()
    assert pool.wait(sock, True, True, 10) == 0


# the peer's end


def test_take_gives_what_is_new():
    _, sock, peer = opened(dialects.CPYTHON_TCP)
    sock.send(b"ab")
    assert peer.take() == b"ab"
    sock.send(b"c")
    assert (peer.take(), peer.take(), peer.received) == (b"c", b"", b"abc")


def test_sends_of_the_peer_run_together_unless_cut():
    _, sock, peer = opened(dialects.CPYTHON_TCP)
    peer.send(b"ab")
    peer.send(b"cd")
    assert sock.recv(64) == b"abcd"
    peer.send(b"abcdef", pieces=[1, 2])
    assert [sock.recv(64) for _ in range(3)] == [b"a", b"bc", b"def"]
    peer.send(b"abcde", pieces=2)
    assert [sock.recv(64) for _ in range(3)] == [b"ab", b"cd", b"e"]


@every("cpython_tcp", "cpython_tls")
def test_deliver_limit_dribbles(dialect):
    _, sock, peer = opened(dialect)
    peer.deliver_limit = 2
    peer.send(b"abcde")
    assert [sock.recv(64) for _ in range(3)] == [b"ab", b"cd", b"e"]


def test_recv_into_keeps_to_its_count():
    _, sock, peer = opened(dialects.ESPRESSIF)
    peer.send(b"abcdef")
    buffer = bytearray(b"........")
    assert sock.recv_into(buffer, 2) == 2
    assert buffer == b"ab......"
    assert sock.recv_into(memoryview(buffer)[4:]) == 4
    assert buffer == b"ab..cdef"
    with pytest.raises(ValueError):
        sock.recv_into(buffer, 9)
    assert sock.recv_into(bytearray()) == 0


def test_accept_limit_is_asked_once_a_send():
    pool, sock, peer = opened(dialects.CPYTHON_TCP)
    grants = iter([0, 2, 3])
    peer.accept_limit = lambda: next(grants)
    assert outcome(sock.send, b"abcde") == (BlockingIOError, errno.EAGAIN)
    assert pool.wait(sock, False, True, 0) == WRITE
    assert sock.send(b"abcde") == 2
    assert sock.send(b"cde") == 3


def test_callbacks_of_the_peer():
    _, sock, peer = opened(dialects.CPYTHON_TCP)
    told = []
    peer.on_data = lambda: told.append(bytes(peer.take()))
    peer.on_close = lambda: told.append("closed")
    sock.send(b"hello")
    assert sock.send(b"") == 0
    sock.close()
    assert told == [b"hello", "closed"]


def test_peer_cannot_send_after_goodbye():
    _, _, peer = opened(dialects.CPYTHON_TCP)
    peer.close()
    with pytest.raises(RuntimeError):
        peer.send(b"x")


# the accounts and the faults


def test_accounts():
    pool = SocketPool(Clock())
    pool.listen(PORT, lambda connection: None)
    first, second = pool.socket(), pool.socket()
    first.close()
    second.connect(("localhost", PORT))
    second.settimeout(0)
    second.send(b"abc")
    outcome(second.recv_into, bytearray(7))
    assert (pool.opened, pool.closed, pool.open_now, pool.most_open) == (2, 1, 1, 2)
    assert pool.sockets == [first, second]
    assert pool.calls == [
        ("socket", None),
        ("socket", None),
        ("close", None),
        ("connect", ("localhost", PORT)),
        ("settimeout", 0),
        ("send", 3),
        ("recv_into", 7),
    ]
    assert pool.count("socket") == 2


FAILING = {
    "getaddrinfo": lambda pool, sock: pool.getaddrinfo("localhost", PORT),
    "socket": lambda pool, sock: pool.socket(),
    "connect": lambda pool, sock: sock.connect(("localhost", PORT)),
    "setsockopt": lambda pool, sock: sock.setsockopt(6, 1, 1),
    "settimeout": lambda pool, sock: sock.settimeout(1),
    "send": lambda pool, sock: sock.send(b"x"),
    "recv_into": lambda pool, sock: sock.recv_into(bytearray(1)),
    "close": lambda pool, sock: sock.close(),
}


@pytest.mark.parametrize("verb", FAILING)
def test_fault_of_each_verb(verb):
    pool, sock, _ = opened(dialects.CPYTHON_TCP)
    pool.fail(verb, RuntimeError("pystack exhausted"))
    with pytest.raises(RuntimeError, match="pystack"):
        FAILING[verb](pool, sock)
    assert sock.closed == (verb == "close")


def test_faults_wait_and_repeat():
    pool, sock, _ = opened(dialects.CPYTHON_TCP)
    pool.fail("send", StackError(32, "x"), after=1, times=2)
    pool.fail("send", lambda: MemoryError("later"), after=1)
    results = []
    for _ in range(6):
        try:
            results.append(sock.send(b"x"))
        except (OSError, MemoryError) as error:
            results.append(type(error))
    assert results == [1, StackError, StackError, 1, MemoryError, 1]
    pool.fail("send", OSError, times=None)
    for _ in range(3):
        with pytest.raises(OSError):
            sock.send(b"x")


def test_connection_manager_s_way_of_opening():
    pool = SocketPool(Clock(), dialects.AIRLIFT)
    pool.listen(PORT, lambda connection: None)
    found = pool.getaddrinfo("broker.test", PORT, 0, pool.SOCK_STREAM)[0]
    sock = pool.socket(found[0], found[1])
    sock.settimeout(10)
    sock.connect((found[-1][0], PORT))
    assert sock.send(b"x") == 1
