# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A link opens once and closes once, on every socket stack, whatever fails on the way."""

import socket

import adafruit_connection_manager
import pytest
from doubles.dialects import CPYTHON_TCP, ESPRESSIF, HOST, WIZNET, StackError, replace
from doubles.platform import Platform
from doubles.trials import PORT, every
from radio_platform import RadioPlatform

from nxd_mqtt import transport
from nxd_mqtt.link import Link
from nxd_mqtt.nxd import (
    NX_IP,
    NX_SUCCESS,
    NXD_MQTT_COMMUNICATION_FAILURE,
    NXD_MQTT_CONNECT_FAILURE,
    nx_ip_create,
)
from nxd_mqtt.status import MQTTError

every_plain = every(where=lambda row: not row.tls)
every_way = pytest.mark.parametrize("radio", (False, True), ids=("pool", "radio"))


def platform(radio, dialect=CPYTHON_TCP, **named):
    """A platform where somebody listens."""
    made = (RadioPlatform if radio else Platform)(dialect=dialect, **named)
    made.sockets.listen(PORT, lambda connection: None)
    return made


def nothing_left(ip):
    """Whether every socket was closed, each once, and ConnectionManager has forgotten them."""
    managed = ip.manager.managed_socket_count if ip.manager else 0
    return (ip.sockets.open_now, ip.sockets.double_closes, managed) == (0, [], 0)


def failed(ip, host="broker.test", milliseconds=5000):
    """(status, stage, cause) with which opening fails, with nothing left open."""
    link = Link(ip, host, PORT)
    with pytest.raises(MQTTError) as caught:
        link.open(milliseconds)
    assert nothing_left(ip)
    link.leave()
    assert nothing_left(ip)
    return caught.value.status, caught.value.stage, caught.value.cause


# --- a life --------------------------------------------------------------------------------------


@every_way
@every_plain
def test_a_whole_life(dialect, radio):
    ip = platform(radio, dialect)
    link = Link(ip, "broker.test", PORT)
    assert ip.sockets.opened == 0
    link.open(5000)
    peer = ip.sockets.connections[0]
    assert link.write(memoryview(b"out")) == 3
    assert peer.take() == b"out"
    buffer = bytearray(8)
    assert link.read(buffer) == 0
    peer.send(b"in")
    assert (link.read(buffer), bytes(buffer[:2])) == (2, b"in")
    link.leave()
    link.leave()
    assert peer.closed_by_client
    assert nothing_left(ip)
    assert [verb for verb, _ in ip.sockets.blocked] == []


@every_way
@every_plain
def test_a_link_s_socket_does_not_block_once_it_is_open(dialect, radio):
    ip = platform(radio, dialect)
    link = Link(ip, "broker.test", PORT)
    link.open(5000)
    timeouts = [seconds for verb, seconds in ip.sockets.calls if verb == "settimeout"]
    assert timeouts == [5.0, 0]


@every_way
@every(where=lambda row: not row.tls and row.setsockopt == "works")
def test_small_packets_are_not_held_back(dialect, radio):
    ip = platform(radio, dialect)
    Link(ip, "broker.test", PORT).open(5000)
    assert ip.sockets.sockets[0].options == [(6, 1, 1)]


@every_way
@every_plain
def test_a_peer_that_closes_ends_reading(dialect, radio):
    ip = platform(radio, dialect)
    link = Link(ip, "broker.test", PORT)
    link.open(5000)
    ip.sockets.connections[0].close()
    with pytest.raises(MQTTError) as caught:
        link.read(bytearray(8))
    assert caught.value.status == NXD_MQTT_COMMUNICATION_FAILURE
    link.leave()
    assert nothing_left(ip)


# --- opening that fails --------------------------------------------------------------------------


@every_way
@every_plain
def test_nobody_listens(dialect, radio):
    ip = platform(radio, dialect)
    ip.sockets.refuse(PORT)
    assert failed(ip)[:2] == (NXD_MQTT_CONNECT_FAILURE, "tcp")


@every_way
@every_plain
def test_nobody_answers(dialect, radio):
    ip = platform(radio, dialect)
    ip.sockets.listen(PORT, None)
    assert failed(ip, milliseconds=3000)[:2] == (NXD_MQTT_CONNECT_FAILURE, "tcp")
    if dialect.connect_minds_timeout:
        assert ip.time.elapsed == 3000


@every_way
@every_plain
def test_unknown_host(dialect, radio):
    ip = platform(radio, dialect)
    status, stage, cause = failed(ip, "nowhere.test")
    assert status == NXD_MQTT_CONNECT_FAILURE
    assert stage == "dns"
    assert isinstance(cause, dialect.unknown_host.kind)
    assert ip.sockets.opened == 0


@every_way
def test_a_network_that_is_down_is_not_touched(radio):
    ip = platform(radio)
    ip.link_up = lambda: False
    assert failed(ip)[:2] == (NXD_MQTT_CONNECT_FAILURE, "dns")
    assert ip.sockets.calls == []
    ip.link_up = lambda: True
    Link(ip, "broker.test", PORT).open(5000)


VERBS = (("getaddrinfo", 0), ("socket", 0), ("settimeout", 0), ("setsockopt", 0), ("connect", 0))
AFTER_CONNECT = (("settimeout", 1),)


@every_way
@every_plain
@pytest.mark.parametrize(("verb", "after"), VERBS + AFTER_CONNECT)
@pytest.mark.parametrize("error", (RuntimeError("pystack exhausted"), MemoryError()), ids=repr)
def test_an_exhausted_interpreter_passes_through(dialect, radio, verb, after, error):
    ip = platform(radio, dialect)
    ip.sockets.fail(verb, error, after)
    link = Link(ip, "broker.test", PORT)
    with pytest.raises(type(error)) as caught:
        link.open(5000)
    assert caught.value is error
    link.leave()
    assert nothing_left(ip)


@every_way
@every_plain
@pytest.mark.parametrize("verb", ("getaddrinfo", "socket", "connect"))
@pytest.mark.parametrize(
    "error", (RuntimeError("All sockets in use."), StackError(5, "a number")), ids=repr
)
def test_everything_else_is_a_failure_of_the_network(dialect, radio, verb, error):
    ip = platform(radio, dialect)
    ip.sockets.fail(verb, error)
    status, stage, _ = failed(ip)
    assert (status, stage) == (NXD_MQTT_CONNECT_FAILURE, "tcp")
    Link(ip, "broker.test", PORT).open(5000)


@every_way
def test_no_more_sockets(radio):
    ip = platform(radio, replace(ESPRESSIF, most_sockets=1))
    first = Link(ip, "broker.test", PORT)
    first.open(5000)
    with pytest.raises(MQTTError):
        Link(ip, "broker.test", PORT).open(5000)
    first.leave()
    assert nothing_left(ip)


# --- addresses -----------------------------------------------------------------------------------

TWO = {"two.test": ["2001:db8::1", "192.0.2.7"]}


def test_several_addresses_are_tried_in_their_order():
    ip = Platform(hosts=TWO)
    ip.sockets.listen(PORT, lambda connection: None, "192.0.2.7")
    link = Link(ip, "two.test", PORT)
    link.open(5000)
    assert [where for verb, where in ip.sockets.calls if verb == "connect"] == [
        ("2001:db8::1", PORT, 0, 0),
        ("192.0.2.7", PORT),
    ]
    assert [family for verb, family in ip.sockets.calls if verb == "socket"] == [
        ip.sockets.AF_INET6,
        ip.sockets.AF_INET,
    ]
    assert (ip.sockets.most_open, ip.sockets.open_now) == (1, 1)
    link.leave()
    assert nothing_left(ip)


def test_the_first_address_that_answers_is_taken():
    ip = Platform(hosts=TWO)
    ip.sockets.listen(PORT, lambda connection: None)
    Link(ip, "two.test", PORT).open(5000)
    assert ip.sockets.opened == 1
    assert ip.sockets.connections[0].address[0] == "2001:db8::1"


def test_addresses_share_the_time():
    ip = Platform(hosts=TWO)
    ip.sockets.listen(PORT, None)
    assert failed(ip, "two.test", 5000)[:2] == (NXD_MQTT_CONNECT_FAILURE, "tcp")
    assert ip.time.elapsed == 5000
    assert ip.sockets.opened == 2


def test_the_reason_is_that_of_the_last_address():
    ip = Platform(hosts=TWO)
    ip.sockets.listen(PORT, None, "2001:db8::1")
    assert isinstance(failed(ip, "two.test")[2], ConnectionRefusedError)


@pytest.mark.parametrize("address", ("192.0.2.9", "2001:db8::2"))
def test_an_address_in_the_place_of_a_name(address):
    ip = Platform()
    ip.sockets.listen(PORT, lambda connection: None, address)
    Link(ip, address, PORT).open(5000)
    assert ip.sockets.connections[0].address == (address, PORT)


# --- closing -------------------------------------------------------------------------------------


@every_way
@every_plain
@pytest.mark.parametrize(
    "error", (StackError(9, "a number"), RuntimeError("The socket has been closed."))
)
def test_closing_never_fails(dialect, radio, error):
    ip = platform(radio, dialect)
    link = Link(ip, "broker.test", PORT)
    link.open(5000)
    ip.sockets.fail("close", error)
    link.leave()
    assert nothing_left(ip)


@every_way
def test_closing_where_the_driver_has_closed_already(radio):
    ip = platform(radio, WIZNET)
    link = Link(ip, "broker.test", PORT)
    link.open(5000)
    ip.sockets.connections[0].close()
    assert not ip.sockets.sockets[0]._connected  # the driver closes when it is asked
    link.leave()
    assert nothing_left(ip)


@every_way
def test_a_link_that_was_never_opened(radio):
    ip = platform(radio)
    link = Link(ip, "broker.test", PORT)
    link.leave()
    assert ip.sockets.calls == []


# --- ConnectionManager ---------------------------------------------------------------------------


def test_links_to_one_broker_do_not_share_a_socket():
    ip = platform(True)
    links = [Link(ip, "broker.test", PORT) for _ in range(3)]
    for link in links:
        link.open(5000)
    assert (ip.sockets.open_now, ip.manager.managed_socket_count) == (3, 3)
    links[1].leave()
    assert ip.manager.managed_socket_count == 2
    assert not ip.sockets.sockets[0].closed


def test_one_link_after_the_other():
    ip = platform(True)
    for _ in range(20):
        link = Link(ip, "broker.test", PORT)
        link.open(5000)
        link.leave()
        assert nothing_left(ip)


def test_idle_sockets_of_others_make_room():
    ip = platform(True, replace(ESPRESSIF, most_sockets=1))
    idle = ip.manager.get_socket("broker.test", PORT, "http:")
    ip.manager.free_socket(idle)
    link = Link(ip, "broker.test", PORT)
    link.open(5000)
    assert idle.closed
    link.leave()
    assert nothing_left(ip)


@pytest.mark.parametrize(
    "error", (RuntimeError("refused"), StackError(111, "a number"), MemoryError())
)
def test_a_second_try_of_the_manager_leaves_nothing_of_the_first(error):
    ip = platform(True)
    ip.manager.free_socket(ip.manager.get_socket("broker.test", PORT, "http:"))
    ip.sockets.fail("connect", error)
    link = Link(ip, "broker.test", PORT)
    link.open(5000)
    assert (ip.sockets.open_now, ip.manager.managed_socket_count) == (1, 1)
    link.leave()
    assert nothing_left(ip)


@every_plain
@pytest.mark.parametrize("forget", (False, True))
def test_somebody_closes_all_sockets(dialect, forget):
    ip = platform(True, dialect)
    link = Link(ip, "broker.test", PORT)
    link.open(5000)
    ip.close_all(forget)
    assert ip.sockets.open_now == 0
    link.leave()
    assert nothing_left(ip)


# --- polling without memory ----------------------------------------------------------------------


class PollOfBoards:
    """``select.poll`` with ``ipoll``, over the doubles; POLLIN is 1, POLLOUT 4, POLLHUP 16."""

    hang_up = False

    def register(self, sock, events):
        """Watch a socket."""
        self._sock = sock
        self._events = events

    def ipoll(self, milliseconds):
        """What is ready now; a board may tell POLLOUT unasked."""
        events = self._sock.ready_for(self._events) | 4 | (16 if self.hang_up else 0)
        return iter([(self._sock, events)])


def test_reading_asks_first_where_that_is_free(monkeypatch):
    monkeypatch.setattr(transport, "poll", PollOfBoards)
    ip = platform(False, HOST)
    link = Link(ip, "broker.test", PORT)
    link.open(5000)
    buffer = bytearray(8)
    assert link.read(buffer) == 0
    assert ip.sockets.count("recv_into") == 0
    ip.sockets.connections[0].send(b"1")
    assert link.read(buffer) == 1
    monkeypatch.setattr(PollOfBoards, "hang_up", True)
    ip.sockets.connections[0].reset()
    with pytest.raises(MQTTError):
        link.read(buffer)


class SilentPoll(PollOfBoards):
    """Nothing is ready."""

    def ipoll(self, milliseconds):
        """Nothing."""
        return iter(())


def test_reading_where_nothing_is_ready(monkeypatch):
    monkeypatch.setattr(transport, "poll", SilentPoll)
    ip = platform(False, HOST)
    link = Link(ip, "broker.test", PORT)
    link.open(5000)
    assert link.read(bytearray(8)) == 0
    assert ip.sockets.count("recv_into") == 0


def test_a_name_without_an_address_is_not_resolved():
    ip = platform(False)
    ip.sockets.getaddrinfo = lambda *arguments, **named: []
    status, stage, _ = failed(ip)
    assert (status, stage) == (NXD_MQTT_CONNECT_FAILURE, "dns")


# --- the system's own sockets --------------------------------------------------------------------


def desktop(radio):
    """A platform with the system's sockets."""
    ip = NX_IP()
    if radio:
        status = nx_ip_create(ip, "real", radio=adafruit_connection_manager.CPythonNetwork())
    else:
        status = nx_ip_create(ip, "real", socket_pool=socket)
    assert status == NX_SUCCESS
    return ip


@every_way
def test_a_real_life(listener, radio):
    link = Link(desktop(radio), "127.0.0.1", listener.port)
    link.open(2000)
    with listener.accept() as peer:
        assert link.write(memoryview(b"out")) == 3
        assert peer.recv(8) == b"out"
        buffer = bytearray(8)
        assert link.read(buffer) == 0
        peer.sendall(b"in")
        NX_IP().wait(link.socket, True, False, 2000)
        assert (link.read(buffer), bytes(buffer[:2])) == (2, b"in")
        link.leave()
        assert peer.recv(8) == b""


@every_way
def test_a_real_port_where_nobody_listens(listener, radio):
    listener.close()
    link = Link(desktop(radio), "127.0.0.1", listener.port)
    with pytest.raises(MQTTError) as caught:
        link.open(2000)
    assert (caught.value.status, caught.value.stage) == (NXD_MQTT_CONNECT_FAILURE, "tcp")
    assert isinstance(caught.value.cause, ConnectionRefusedError)


@every_way
def test_a_real_name_that_does_not_exist(radio):
    link = Link(desktop(radio), "nowhere.invalid", 1883)
    with pytest.raises(MQTTError) as caught:
        link.open(2000)
    assert (caught.value.status, caught.value.stage) == (NXD_MQTT_CONNECT_FAILURE, "dns")
