# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Threads that meet at the ends of a client's lives: no call takes what belongs to another one."""

import threading
import time

import pytest
from acknowledging_peer import AcknowledgingPeer
from doubles.script import publish
from loopback import new_client, real_client
from thread_bench import LongCallback, SlowPool, until

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *

IDLE, CONNECTING = 1, 2
HOST = "127.0.0.1"


def held_client(verb):
    """A client whose next attempt stands still in a call of the socket stack, and that stack."""
    client = new_client(lock=threading.RLock())
    pool = SlowPool(verb)
    system, client._ip.pool = client._ip.pool, pool
    return client, pool, system


def start_to_connect(client, threads, port, wait):
    """Another thread connects; returns the list that gets its result."""
    results = []

    def connect():
        results.append(nxd_mqtt_client_connect(client, HOST, port, 0, 1, wait))

    threads.start(connect)
    assert client._ip.pool.gate.reached.wait(5)
    return results


def create_again(client):
    """Delete a client and create it anew."""
    ip = client._ip
    nxd_mqtt_client_delete(client)
    packets = NX_PACKET_POOL()
    nx_packet_pool_create(packets, "packets", 128, None, 1024)
    assert nxd_mqtt_client_create(client, "client", "me", ip, packets) == NXD_MQTT_SUCCESS


def test_a_link_that_opens_while_the_client_is_deleted_is_closed(listener, threads):
    client, peer = real_client(listener, lock=threading.RLock())
    pool = client._ip.pool = SlowPool("connect")

    def again(client):
        client.disconnect_notify = None
        nxd_mqtt_client_connect(client, HOST, listener.port, 0, 1, NX_NO_WAIT)
        threads.start(nxd_mqtt_client_poll, client)
        assert pool.gate.reached.wait(5)

    nxd_mqtt_client_disconnect_notify_set(client, again)
    with peer:
        assert nxd_mqtt_client_delete(client) == NXD_MQTT_SUCCESS
        pool.gate.open()
        threads.join()
    assert [sock.fileno() for sock in pool.sockets] == [-1]


@pytest.mark.parametrize("pause", [0, 10])
def test_a_call_of_an_earlier_life_does_not_succeed(listener, threads, pause):
    client, pool, _ = held_client("getaddrinfo")
    nxd_mqtt_client_reconnect_set(client, pause, pause)
    results = start_to_connect(client, threads, listener.port, 3000)
    create_again(client)
    pool.gate.open()
    threads.join()
    assert results == [NXD_MQTT_CONNECT_FAILURE]
    assert client.state == IDLE


def test_the_wait_of_a_call_of_an_earlier_life_does_not_end_an_attempt_of_the_next(
    listener, threads
):
    client, pool, system = held_client("getaddrinfo")
    results = start_to_connect(client, threads, listener.port, 20)
    create_again(client)
    client._ip.pool = system
    assert nxd_mqtt_client_connect(client, HOST, listener.port, 0, 1, NX_NO_WAIT) == NX_IN_PROGRESS
    nxd_mqtt_client_poll(client)
    with listener.accept():
        time.sleep(0.3)  # the wait of the first call is over
        pool.gate.open()
        threads.join()
        assert results == [NXD_MQTT_CONNECT_FAILURE]
        assert client.state == CONNECTING
        nxd_mqtt_client_delete(client)


def test_a_call_that_was_given_up_does_not_report_the_success_of_another(listener, threads):
    client, pool, system = held_client("getaddrinfo")
    results = start_to_connect(client, threads, listener.port, 3000)
    nxd_mqtt_client_disconnect(client)
    client._ip.pool = system
    peer = AcknowledgingPeer(listener)
    assert nxd_mqtt_client_connect(client, HOST, listener.port, 0, 1, 300) == NXD_MQTT_SUCCESS
    pool.gate.open()
    threads.join()
    nxd_mqtt_client_delete(client)
    peer.join()
    assert results == [NXD_MQTT_CONNECT_FAILURE]


def test_a_poll_beside_a_long_callback_sleeps(listener, threads):
    client, peer = real_client(listener, lock=threading.RLock())
    with peer:
        callback = LongCallback(client, peer, threads)
        peer.sendall(publish("t", b"2"))
        until(lambda: not nxd_mqtt_client_poll(client, 1) and client._inbox.count == 2)
        turns = 0
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            nxd_mqtt_client_poll(client, 10)
            turns += 1
        callback.gate.open()
        threads.join()
        nxd_mqtt_client_disconnect(client)
    assert turns < 20
