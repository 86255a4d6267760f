# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A handshake goes on in one thread while another changes its mind: what it brings is closed."""

import socket
import ssl
import threading

import pytest
from loopback import new_client
from thread_bench import Gate, until
from tls_bench import Setup, settled
from tls_bench import descriptors as open_files

from boards.desktop.broker.secure import server_context
from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *
from nxd_mqtt.tls import nxd_mqtt_client_secure_connect

CONNECT_PACKET = 0x10

CHANGES = (nxd_mqtt_client_disconnect, nxd_mqtt_client_delete)


@pytest.fixture
def setup(authority):
    """A callback that trusts the server."""
    return Setup(authority.root)


@pytest.fixture
def client():
    """A client that several threads may call."""
    return new_client(lock=threading.RLock())


class Attempt:
    """A secure connect in a thread of its own, and its status when it has one."""

    def __init__(self, threads, client, port, setup):
        self.status = None
        threads.start(self._connect, client, port, setup)

    def _connect(self, client, port, setup):
        self.status = nxd_mqtt_client_secure_connect(
            client, "127.0.0.1", port, setup, 0, NX_TRUE, 1000
        )


def what_comes(peer, authority) -> bytes:
    """Shake hands at last, and read until the client has closed."""
    found = b""
    try:
        context = server_context(*authority.server())
        with context.wrap_socket(peer, server_side=True) as stream:
            data = stream.recv(100)
            while data:
                found += data
                data = stream.recv(100)
    except ssl.SSLError:
        pass
    except OSError as error:
        assert not isinstance(error, TimeoutError)
    return found


@pytest.mark.parametrize("change", CHANGES)
def test_a_handshake_that_nobody_waits_for(client, listener, threads, setup, authority, change):
    before = open_files()
    attempt = Attempt(threads, client, listener.port, setup)
    peer = listener.accept()
    until(lambda: peer.recv(1, socket.MSG_PEEK))  # its ClientHello has come
    assert change(client) == NXD_MQTT_SUCCESS
    until(lambda: attempt.status is not None or client.state < 2)
    # The call has returned long before the server goes on, or does when it does.
    assert what_comes(peer, authority) == b""
    until(lambda: attempt.status is not None)
    assert attempt.status == NXD_MQTT_CONNECT_FAILURE
    assert client.state == (1 if change is nxd_mqtt_client_disconnect else 0)
    assert settled(before)


@pytest.mark.parametrize("change", CHANGES)
def test_a_handshake_that_stalls_and_nobody_waits_for(
    client, listener, threads, setup, authority, change
):
    nxd_mqtt_client_timeout_set(client, NXD_MQTT_TIMEOUT_CONNECT, 50)
    before = open_files()
    attempt = Attempt(threads, client, listener.port, setup)
    with listener.accept() as peer:
        assert peer.recv(1)
        assert change(client) == NXD_MQTT_SUCCESS
        until(lambda: attempt.status is not None)
        assert attempt.status == NXD_MQTT_CONNECT_FAILURE
    assert settled(before)


def test_the_same_client_connects_while_the_old_handshake_still_stalls(
    client, listener, threads, setup, authority
):
    before = open_files()
    old = Attempt(threads, client, listener.port, setup)
    first = listener.accept()
    assert first.recv(1, socket.MSG_PEEK)
    nxd_mqtt_client_disconnect(client)
    new = Attempt(threads, client, listener.port, setup)
    second = listener.accept()
    # The old one shakes hands at last: it must not become the client's link.
    assert what_comes(first, authority) == b""
    context = server_context(*authority.server())
    with context.wrap_socket(second, server_side=True) as stream:
        assert stream.recv(100)[0] == CONNECT_PACKET
        stream.sendall(b"\x20\x02\x00\x00")
        until(lambda: new.status is not None)
        assert new.status == NXD_MQTT_SUCCESS
        until(lambda: old.status is not None)
        assert old.status == NXD_MQTT_CONNECT_FAILURE
        assert len(setup.calls) == 2
        nxd_mqtt_client_disconnect(client)
        assert stream.recv(100)[0] == 0xE0
    assert settled(before)


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_mind_inside_the_callback_of_another_thread(
    client, listener, threads, setup, change
):
    gate = Gate()
    setup.doing = lambda client: gate.pass_through()
    attempt = Attempt(threads, client, listener.port, setup)
    assert gate.reached.wait(5)
    # The lock is not held meanwhile, and there is nothing yet that could be ended.
    assert change(client) == NXD_MQTT_SUCCESS
    setup.doing = None
    if change is nxd_mqtt_client_delete:
        gate.open()
        until(lambda: attempt.status is not None)
        assert attempt.status == NXD_MQTT_INVALID_STATE
    else:
        gate.open()
        listener.accept().close()
        until(lambda: attempt.status is not None)
        assert attempt.status == NXD_MQTT_CONNECT_FAILURE


def test_several_clients_in_several_threads(listener, threads, authority):
    setup = Setup(authority.root, local=[authority.client()])
    clients = [new_client(lock=threading.RLock()) for _ in range(4)]
    attempts = [Attempt(threads, one, listener.port, setup) for one in clients]
    context = server_context(*authority.server(), authority.root)
    peers = []
    for _ in clients:
        stream = context.wrap_socket(listener.accept(), server_side=True)
        peers.append(stream)
        assert stream.recv(100)[0] == CONNECT_PACKET
        assert stream.getpeercert()["subject"]
        stream.sendall(b"\x20\x02\x00\x00")
    until(lambda: all(one.status is not None for one in attempts))
    assert [one.status for one in attempts] == [NXD_MQTT_SUCCESS] * len(clients)
    for one in clients:
        nxd_mqtt_client_delete(one)
    for stream in peers:
        stream.close()
