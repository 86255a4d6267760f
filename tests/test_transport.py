# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Every socket stack's way of saying things comes out of the transport as one."""

import importlib.util
import socket
import sys
import threading
import time

import pytest
from doubles.clock import Clock
from doubles.dialects import CPYTHON_TCP, StackError
from doubles.sockets import SocketPool
from doubles.trials import every, opened

from nxd_mqtt import transport
from nxd_mqtt.nxd import (
    NX_IP,
    NX_PTR_ERROR,
    NX_SUCCESS,
    NXD_MQTT_CLIENT,
    NXD_MQTT_COMMUNICATION_FAILURE,
    nx_ip_create,
)
from nxd_mqtt.status import MQTTError
from nxd_mqtt.tx_kernel import TX_KERNEL

SPI = ("wiznet", "airlift", "airlift_patient")
PARTIAL = ("espressif", "rp2", "host", "cpython_tcp", "micropython_tcp")

every_plain = every(where=lambda row: not row.tls)


class Line:
    """A connected socket with the transport's two functions for it, and the peer's end."""

    def __init__(self, dialect):
        self.pool, self.sock, self.peer = opened(dialect)
        self._receive, self._send = transport.dialect(self.sock)

    def receive(self, size=64):
        """The bytes that were read, or 0 for none yet."""
        buffer = bytearray(size)
        count = self._receive(self.sock, buffer)
        return bytes(buffer[:count]) if count else 0

    def send(self, data):
        """How many bytes were taken."""
        return self._send(self.sock, memoryview(data))

    def ends(self, call, *arguments):
        """The cause with which a call says that the connection is over."""
        with pytest.raises(MQTTError) as caught:
            call(*arguments)
        error = caught.value
        assert (error.status, error.stage) == (NXD_MQTT_COMMUNICATION_FAILURE, "session")
        return error.cause


# --- receiving -----------------------------------------------------------------------------------


@every_plain
def test_nothing_yet_is_0_and_never_waits(dialect):
    line = Line(dialect)
    assert [line.receive() for _ in range(3)] == [0, 0, 0]
    assert line.pool.blocked == []


@every_plain
def test_data(dialect):
    line = Line(dialect)
    line.peer.send(b"12345")
    assert line.receive(3) == b"123"
    assert line.receive() == b"45"
    assert line.receive() == 0
    assert line.pool.blocked == []


@every_plain
def test_the_peer_says_goodbye_behind_its_last_bytes(dialect):
    line = Line(dialect)
    line.peer.send(b"12")
    line.peer.close()
    assert line.receive() == b"12"
    line.ends(line.receive)
    assert line.pool.blocked == []


@every_plain
def test_the_peer_throws_the_link_away(dialect):
    line = Line(dialect)
    line.peer.reset()
    if dialect.name == "espressif":
        # It never says so: only the keepalive finds out.
        assert (line.receive(), line.send(b"x")) == (0, 0)
    else:
        line.ends(line.receive)
    assert line.pool.blocked == []


@every("airlift_patient")
def test_a_timeout_that_may_mean_for_ever_is_never_run_into(dialect):
    line = Line(dialect)
    line.receive()
    assert line.pool.count("recv_into") == 0


# --- sending -------------------------------------------------------------------------------------


@every_plain
def test_what_is_sent_arrives(dialect):
    line = Line(dialect)
    assert line.send(b"12345") == 5
    assert line.peer.take() == b"12345"


@every_plain
def test_a_large_offer_is_taken_in_parts(dialect):
    line = Line(dialect)
    data = bytes(range(256)) * 16
    taken = line.send(data)
    wanted = 1024 if dialect.name in SPI else min(len(data), dialect.send_cap or len(data))
    assert taken == wanted
    assert line.peer.take() == data[:taken]


@every(*PARTIAL)
def test_a_short_send(dialect):
    line = Line(dialect)
    line.peer.accept_limit = 3
    assert line.send(b"12345") == 3
    line.peer.accept_limit = 0
    assert line.send(b"45") == 0
    assert line.pool.blocked == []
    line.peer.accept_limit = None
    assert line.send(b"45") == 2
    assert line.peer.take() == b"12345"


@every("wiznet")
def test_a_short_send_of_the_chip_that_waits_for_room(dialect):
    line = Line(dialect)
    line.peer.accept_limit = 0
    assert line.send(b"12345") == 5  # as far as anybody knows; the next read tells
    line.ends(line.receive)


@every("airlift", "airlift_patient")
def test_a_short_send_of_the_co_processor_that_closes_at_it(dialect):
    line = Line(dialect)
    line.peer.accept_limit = 3
    assert line.send(b"12345") == 5  # as far as anybody knows; the next read tells
    line.ends(line.receive)


@every("airlift", "airlift_patient", "wiznet")
def test_a_send_of_the_co_processor_that_fails_without_closing_is_the_last_one(dialect):
    line = Line(dialect)
    line.pool.fail("send", OSError("Timed out waiting for SPI char"))
    assert line.send(b"12345") == 5
    line.ends(line.receive)


@every_plain
def test_sending_to_a_peer_that_has_closed(dialect):
    line = Line(dialect)
    line.peer.close()
    for _ in range(3):
        try:
            line.send(b"x")
        except MQTTError as error:
            assert error.status == NXD_MQTT_COMMUNICATION_FAILURE
    line.ends(line.receive)


# --- what the stacks raise -----------------------------------------------------------------------

NOT_NOW = (11, 35, 2, 3, 110, 116, 60, -1, None)
BROKEN = (5, 9, 32, 54, 57, 104, 107, 113, 128)


def stack_error(number):
    """A board's plain OSError; without a number as a ``timeout`` class has it."""
    return StackError() if number is None else StackError(number, "a number")


@every("host", "native_tls")
@pytest.mark.parametrize("number", NOT_NOW)
def test_errors_that_mean_not_now(dialect, number):
    line = Line(dialect)
    line.peer.send(b"1")
    line.pool.fail("recv_into", stack_error(number))
    line.pool.fail("send", stack_error(number))
    assert (line.receive(), line.send(b"x")) == (0, 0)
    assert (line.receive(), line.send(b"x")) == (b"1", 1)


@every("airlift", "wiznet")
@pytest.mark.parametrize("number", NOT_NOW + BROKEN)
def test_every_error_of_a_co_processor_s_send_is_its_last_word(dialect, number):
    line = Line(dialect)
    line.peer.send(b"1")
    line.pool.fail("send", stack_error(number))
    assert line.send(b"x") == 1
    line.ends(line.receive)


@every("host", "native_tls")
@pytest.mark.parametrize("number", BROKEN)
def test_errors_that_mean_a_broken_link(dialect, number):
    line = Line(dialect)
    line.peer.send(b"1")
    line.pool.fail("recv_into", stack_error(number))
    line.pool.fail("send", stack_error(number))
    assert line.ends(line.receive).errno == number
    assert line.ends(line.send, b"x").errno == number


@every_plain
def test_a_runtime_error_of_a_stack_is_the_network_s(dialect):
    line = Line(dialect)
    line.peer.send(b"1")
    line.pool.fail("recv_into", RuntimeError("The socket has been closed."))
    line.pool.fail("send", RuntimeError("No data was sent, socket was closed."))
    assert isinstance(line.ends(line.receive), RuntimeError)
    if dialect.kind in ("airlift", "wiznet"):
        assert line.send(b"x") == 1
        line.ends(line.receive)
    else:
        assert isinstance(line.ends(line.send, b"x"), RuntimeError)


@every_plain
@pytest.mark.parametrize("error", (RuntimeError("pystack exhausted"), MemoryError()))
def test_an_exhausted_interpreter_is_not_the_network_s(dialect, error):
    line = Line(dialect)
    line.peer.send(b"1")
    line.pool.fail("recv_into", error)
    line.pool.fail("send", error)
    for call, argument in ((line.receive, 64), (line.send, b"x")):
        with pytest.raises(type(error)) as caught:
            call(argument)
        assert caught.value is error


@every(*SPI)
def test_a_co_processor_is_asked_for_a_bounded_number_of_bytes(dialect):
    """Its driver takes heap for as much as it is asked for; a long message is read in pieces."""
    line = Line(dialect)
    line.peer.send(bytes(3000))
    ring = memoryview(bytearray(5000))
    receive, _ = transport.dialect(line.sock)
    assert [receive(line.sock, ring) for _ in range(3)] == [1024, 1024, 952]


# --- real sockets --------------------------------------------------------------------------------


@pytest.fixture
def pair():
    """Two connected sockets of the system, the first without blocking."""
    ours, theirs = socket.socketpair()
    ours.settimeout(0)
    yield ours, theirs
    ours.close()
    theirs.close()


def test_a_real_socket(pair):
    ours, theirs = pair
    receive, send = transport.dialect(ours)
    buffer = bytearray(8)
    assert receive(ours, buffer) == 0
    theirs.sendall(b"12")
    assert (receive(ours, buffer), bytes(buffer[:2])) == (2, b"12")
    assert send(ours, memoryview(b"345")) == 3
    assert theirs.recv(8) == b"345"
    while send(ours, memoryview(bytes(65536))):
        pass  # until there is no room
    theirs.close()
    with pytest.raises(MQTTError):
        receive(ours, buffer) or receive(ours, buffer)


def test_waiting_for_a_real_socket(pair):
    ours, theirs = pair
    platform = NX_IP()
    began = time.monotonic()
    platform.wait(ours, True, False, 0)
    platform.wait(ours, False, True, 5000)
    platform.wait(ours, True, True, -1)
    assert time.monotonic() - began < 1
    platform.wait(ours, True, False, 50)
    assert time.monotonic() - began >= 0.045
    theirs.sendall(b"1")
    platform.wait(ours, True, False, 5000)
    platform.wait(ours, True, False, -1)
    assert time.monotonic() - began < 3


def test_waiting_ends_when_the_peer_has_closed(pair):
    ours, theirs = pair
    theirs.close()
    began = time.monotonic()
    NX_IP().wait(ours, True, False, 5000)
    assert time.monotonic() - began < 1


def test_waiting_for_a_socket_that_another_thread_has_closed_is_no_error(pair):
    ours, _ = pair
    ours.close()
    NX_IP().wait(ours, True, False, 20)


# --- waiting where nothing can be selected -------------------------------------------------------


class SleepingTime:
    """The module ``time`` with a sleep that moves a clock instead."""

    def __init__(self, clock):
        self._clock = clock

    def sleep(self, seconds):
        """Let the clock go on."""
        self._clock.advance(round(seconds * 1000))


@pytest.fixture
def clock(monkeypatch):
    """A clock that the transport's sleeps move."""
    clock = Clock()
    monkeypatch.setattr(transport, "time", SleepingTime(clock))
    return clock


def spi_socket(clock, dialect):
    """A connected socket on that clock, and the peer's end."""
    pool = SocketPool(clock, dialect)
    pool.listen(1883, lambda connection: None)
    sock = pool.socket()
    sock.connect(("broker.test", 1883))
    return sock, pool.connections[0]


@every(*SPI)
@pytest.mark.parametrize("limit", (1000, -1))
def test_an_spi_socket_is_looked_at_until_there_is_data(clock, dialect, limit):
    sock, peer = spi_socket(clock, dialect)
    clock.later(200, lambda: peer.send(b"1"))
    NX_IP().wait(sock, True, False, limit)
    assert 200 <= clock.elapsed <= 220


@every(*SPI)
def test_an_spi_socket_is_looked_at_for_so_long(clock, dialect):
    sock, _ = spi_socket(clock, dialect)
    NX_IP().wait(sock, True, False, 0)
    assert clock.elapsed == 0
    NX_IP().wait(sock, True, False, 105)
    assert 100 <= clock.elapsed <= 120


@every(*SPI, "host")
def test_nothing_to_wait_for_is_a_sleep_of_at_most_a_second(clock, dialect):
    sock, _ = spi_socket(clock, dialect)
    slept = 0
    for limit, least in ((0, 0), (15, 15), (300, 300), (5000, 1000), (-1, 1000)):
        for some in (sock, None):
            NX_IP().wait(some, False, False, limit)
            assert least <= clock.elapsed - slept <= least + 10
            slept = clock.elapsed


class FailingSocket:
    """A co-processor that has stopped answering."""

    def _available(self):
        raise TimeoutError("ESP32 not responding")


def test_a_co_processor_that_fails_while_waiting_is_left_to_the_next_read(clock):
    NX_IP().wait(FailingSocket(), True, False, 100)


# --- polling without memory ----------------------------------------------------------------------


class PollOfBoards:
    """``select.poll`` as boards have it, with ``ipoll``; remembers what was registered."""

    def __init__(self):
        self.registered = []

    def register(self, sock, events):
        """Remember it."""
        self.registered.append((sock, events))

    def ipoll(self, milliseconds):
        """Nothing is ready."""
        return iter(())


def test_a_watcher_exists_where_ipoll_does(monkeypatch):
    monkeypatch.setattr(transport, "poll", PollOfBoards)
    sock = object()
    watcher = transport.watch(sock)
    assert watcher.registered == [(sock, 1)]
    _, spi, _ = opened(next(row for row in every(*SPI).args[1]))
    assert transport.watch(spi) is None


def test_no_watcher_on_the_desktop_and_none_without_select(monkeypatch, pair):
    assert transport.watch(pair[0]) is None
    monkeypatch.setattr(transport, "poll", None)
    assert transport.watch(pair[0]) is None


def test_a_board_without_select(monkeypatch):
    monkeypatch.setitem(sys.modules, "select", None)
    here = importlib.util.spec_from_file_location("nxd_mqtt.transport", transport.__file__)
    copy = importlib.util.module_from_spec(here)
    here.loader.exec_module(copy)
    assert copy.poll is None


def test_a_board_without_threads(monkeypatch):
    monkeypatch.setitem(sys.modules, "_thread", None)
    here = importlib.util.spec_from_file_location("nxd_mqtt.transport", transport.__file__)
    copy = importlib.util.module_from_spec(here)
    here.loader.exec_module(copy)
    ip = copy.NX_IP()
    ip.create(None, Line(CPYTHON_TCP).pool, Clock(), None)
    assert ip.shared is False
    with ip.lock, ip.lock:
        pass
    with pytest.raises(KeyError), ip.lock:
        raise KeyError


# --- the control block ---------------------------------------------------------------------------


def test_control_block_needs_a_radio_or_a_pool():
    assert nx_ip_create(NX_IP(), "none") == NX_PTR_ERROR
    assert nx_ip_create(None, "none", socket_pool=socket) == NX_PTR_ERROR
    assert nx_ip_create(NXD_MQTT_CLIENT(), "none", socket_pool=socket) == NX_PTR_ERROR


def test_control_block_of_a_radio_that_nobody_knows():
    assert nx_ip_create(NX_IP(), "odd", radio=object()) == NX_PTR_ERROR


def test_control_block_has_a_clock_and_a_lock_of_its_own():
    ip = NX_IP()
    assert nx_ip_create(ip, "own", socket_pool=SocketPool(Clock(), CPYTHON_TCP)) == NX_SUCCESS
    before = ip.clock()
    time.sleep(0.002)
    assert 0 < (ip.clock() - before) % 2**29 < 5000
    with ip.lock, ip.lock:
        pass


def test_control_block_keeps_what_it_is_given():
    clock = Clock(5)
    pool = Line(CPYTHON_TCP).pool
    lock = threading.RLock()
    ip = NX_IP()
    nx_ip_create(ip, "given", socket_pool=pool, clock=clock, lock=lock, kernel=TX_KERNEL)
    assert (ip.pool, ip.clock(), ip.lock, ip.kernel) == (pool, 5, lock, TX_KERNEL)
