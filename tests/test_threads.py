# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Several real threads call one client: nothing is lost, nobody waits for another's socket."""

import threading
import time

import pytest
from acknowledging_peer import AcknowledgingPeer
from client_bench import App
from doubles.platform import Platform
from doubles.script import CONNACK, puback, publish
from doubles.script import connect as connect_packet
from loopback import CONNECTED, new_client, real_client
from thread_bench import LongCallback, SlowPool, until

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *

IDLE = 1


# --- an attempt that is given up by another thread -----------------------------------------------


@pytest.mark.parametrize("end", (nxd_mqtt_client_disconnect, nxd_mqtt_client_delete))
@pytest.mark.parametrize("verb", ("getaddrinfo", "connect"))
def test_an_attempt_can_be_given_up_while_it_blocks(listener, threads, verb, end):
    client = new_client(lock=threading.RLock())
    pool = SlowPool(verb)
    client._ip.pool = pool
    told = []
    client.nxd_mqtt_connect_notify = lambda client, status, context: told.append(status)
    results = []

    def connecting():
        results.append(nxd_mqtt_client_connect(client, "127.0.0.1", listener.port, 0, 1, 3000))

    threads.start(connecting)
    assert pool.gate.reached.wait(5)
    assert end(client) == NXD_MQTT_SUCCESS
    assert results == []  # the other thread is still inside the socket stack
    pool.gate.open()
    threads.join()
    assert results == [NXD_MQTT_CONNECT_FAILURE]
    assert [sock.fileno() for sock in pool.sockets] == [-1]
    assert told in ([], [NXD_MQTT_CONNECT_FAILURE])
    assert client.state == (IDLE if end is nxd_mqtt_client_disconnect else 0)
    with listener.accept() as peer:
        assert peer.recv(64) == b""


def test_another_attempt_can_begin_while_one_that_was_given_up_still_blocks(listener, threads):
    client = new_client(lock=threading.RLock())
    pool = SlowPool("getaddrinfo")
    system, client._ip.pool = client._ip.pool, pool
    threads.start(nxd_mqtt_client_connect, client, "127.0.0.1", listener.port, 0, 1, 3000)
    assert pool.gate.reached.wait(5)
    nxd_mqtt_client_disconnect(client)
    client._ip.pool = system
    peer = AcknowledgingPeer(listener)
    assert nxd_mqtt_client_connect(client, "127.0.0.1", listener.port, 0, 1, 300) == 0
    pool.gate.open()
    threads.join()
    assert client.state == CONNECTED
    assert [sock.fileno() for sock in pool.sockets] in ([], [-1])
    nxd_mqtt_client_delete(client)
    peer.join()


# --- sleepers ------------------------------------------------------------------------------------


def test_a_disconnect_wakes_a_thread_that_sleeps_in_poll(listener, threads):
    client, peer = real_client(listener, lock=threading.RLock())
    results = []
    threads.start(lambda: results.append(nxd_mqtt_client_poll(client, NX_WAIT_FOREVER)))
    time.sleep(0.05)
    began = time.monotonic()
    with peer:
        assert nxd_mqtt_client_disconnect(client) == NXD_MQTT_SUCCESS
        threads.join()
        assert time.monotonic() - began < 1
        assert results == [NXD_MQTT_NOT_CONNECTED]


def test_a_thread_that_sleeps_in_poll_keeps_nobody_from_publishing(listener, threads):
    client, peer = real_client(listener, lock=threading.RLock())
    threads.start(nxd_mqtt_client_poll, client, NX_WAIT_FOREVER)
    time.sleep(0.05)
    with peer:
        began = time.monotonic()
        assert nxd_mqtt_client_publish(client, "t", "m", 0, 1, NX_NO_WAIT) == NXD_MQTT_SUCCESS
        assert peer.recv(64) == publish("t", b"m", 1)
        assert time.monotonic() - began < 1
        peer.sendall(b"\x40\x02\x00\x01")
        until(lambda: nxd_mqtt_client_statistics_get(client)[1]["acknowledged"] == 1)
        nxd_mqtt_client_disconnect(client)


def test_a_disconnect_at_any_moment_of_a_poll_with_a_wait_is_no_error(listener, threads):
    acknowledging = AcknowledgingPeer(listener)
    client = new_client(lock=threading.RLock())
    going = [True]

    def polling():
        while going[0]:
            status = nxd_mqtt_client_poll(client, 1)
            assert status in (NXD_MQTT_SUCCESS, NXD_MQTT_NOT_CONNECTED)

    threads.start(polling)
    limit = time.monotonic() + 1.5
    while time.monotonic() < limit and not threads.failures:
        status = nxd_mqtt_client_connect(client, "127.0.0.1", listener.port, 0, 1, 300)
        assert status == NXD_MQTT_SUCCESS
        nxd_mqtt_client_disconnect(client)
    going[0] = False
    threads.join()
    nxd_mqtt_client_delete(client)
    acknowledging.join()


class BusyPlatform(Platform):
    """A platform where another thread gets a turn in just before this one sleeps."""

    def __init__(self):
        super().__init__(lock=threading.RLock())
        self.before_sleep = []

    def wait(self, sock, read, write, milliseconds):
        """Sleep, behind the other thread's turn."""
        if self.before_sleep:
            thread = threading.Thread(target=self.before_sleep.pop())
            thread.start()
            thread.join()
        super().wait(sock, read, write, milliseconds)


def test_a_connect_is_not_overslept_where_another_thread_reads_the_connack():
    app = App(ip=BusyPlatform())
    app.script.expect(connect_packet("me"))

    def other():
        app.script.send(CONNACK)
        app.poll()

    # The first turn opens the link; before its second one the caller sleeps.
    app.ip.before_sleep = [other]
    assert app.start(wait=3000) == NXD_MQTT_SUCCESS
    assert app.clock.elapsed < 1000


def test_a_publish_is_not_overslept_where_another_thread_reads_the_puback():
    app = App(ip=BusyPlatform(), depth=1).connect()
    app.publish()

    def other():
        app.peer.send(puback(1))
        app.poll()

    app.ip.before_sleep = [other]
    assert app.publish(wait=3000) == NXD_MQTT_SUCCESS
    assert app.clock.elapsed < 1000


# --- callbacks -----------------------------------------------------------------------------------


def test_while_a_callback_runs_in_one_thread_another_moves_bytes(listener, threads):
    client, peer = real_client(listener, lock=threading.RLock())
    with peer:
        callback = LongCallback(client, peer, threads)
        peer.sendall(publish("t", b"2") + publish("t", b"3"))
        until(lambda: not nxd_mqtt_client_poll(client, 1) and client._inbox.count == 3)
        assert callback.told == [1]
        callback.gate.open()
        threads.join()
        assert callback.told == [1, 3, 3]
        nxd_mqtt_client_disconnect(client)


# --- all at once ---------------------------------------------------------------------------------


class Stress:
    """What eight threads do to one client, and what it told them."""

    def __init__(self, client):
        self.client = client
        self.going = True
        self.accepted = 0
        self.acknowledged = 0
        self.inside = self.deepest = 0
        self.lock = threading.Lock()
        client.nxd_mqtt_ack_receive_notify = self._acknowledged
        nxd_mqtt_client_receive_notify_set(client, self._received)

    def _acknowledged(self, client, kind, packet_id, code, context):
        self.inside += 1
        self.deepest = max(self.deepest, self.inside)
        self.acknowledged += kind == 4
        self.inside -= 1

    def _received(self, client, count):
        self.inside += 1
        self.deepest = max(self.deepest, self.inside)
        self.inside -= 1

    def publishing(self):
        """Publish at QoS 1, waiting for room."""
        while self.going:
            status = nxd_mqtt_client_publish(self.client, "t", b"payload", 0, 1, 20)
            assert status in (NXD_MQTT_SUCCESS, NXD_MQTT_PACKET_POOL_FAILURE)
            if status == NXD_MQTT_SUCCESS:
                with self.lock:
                    self.accepted += 1

    def polling(self):
        """Poll with a short wait."""
        while self.going:
            assert nxd_mqtt_client_poll(self.client, 1) == NXD_MQTT_SUCCESS

    def asking(self):
        """Subscribe, take messages, ask for numbers."""
        topic, message = bytearray(64), bytearray(64)
        while self.going:
            nxd_mqtt_client_subscribe(self.client, "t", 1)
            nxd_mqtt_client_message_get(self.client, topic, message)
            nxd_mqtt_client_statistics_get(self.client)
            nxd_mqtt_client_deadline_get(self.client)
            time.sleep(0.001)


def test_eight_threads_lose_no_acknowledgement(listener, threads):
    peer = AcknowledgingPeer(listener, greeting=publish("t", b"in", 9) * 20)
    client = new_client(depth=16, lock=threading.RLock())
    stress = Stress(client)
    assert nxd_mqtt_client_connect(client, "127.0.0.1", listener.port, 0, 1, 300) == 0
    for work in [stress.publishing] * 4 + [stress.polling] * 2 + [stress.asking] * 2:
        threads.start(work)
    time.sleep(2)
    stress.going = False
    threads.join()
    statistics = nxd_mqtt_client_statistics_get(client)[1]
    while statistics["unacknowledged"] and client.state == CONNECTED:
        nxd_mqtt_client_poll(client, 10)
        statistics = nxd_mqtt_client_statistics_get(client)[1]
    assert client.state == CONNECTED
    assert stress.accepted == statistics["published"] == statistics["acknowledged"]
    assert stress.acknowledged == stress.accepted == len(peer.identifiers)
    assert stress.accepted > 100
    assert stress.deepest == 1
    assert statistics["received"] == 20
    nxd_mqtt_client_delete(client)
    peer.join()
    assert peer.acknowledged == 20
