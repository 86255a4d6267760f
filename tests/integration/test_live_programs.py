# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Whole programs: a super-loop as on a board, and real threads that share one client."""

import threading
import time
from collections.abc import Callable

import pytest
from devices import NETWORKS, make_ip, run
from strange_peers import SilentPeer

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *

THREAD_SECONDS = 30


# --- a super-loop --------------------------------------------------------------------------------


class Thermometer:
    """A program in NetX's style: an ``init`` and a ``step``, neither of which ever waits.

    It reports a temperature with each step and obeys commands; when the link is gone it makes a
    new one, with the session that the broker has kept.
    """

    def __init__(self, peer, network: str):
        self._peer = peer
        self._subscribed = False
        self._topic = bytearray(64)
        self._message = bytearray(64)
        self.unit = "C"
        self.reported = 0
        self.links = 0
        self.statuses: set[int] = set()
        self.client = NXD_MQTT_CLIENT()
        pool = NX_PACKET_POOL()
        self._check(nx_packet_pool_create(pool, "pool", 128, None, 4 * 128))
        ip = make_ip(network)
        self._check(
            nxd_mqtt_client_create(self.client, "thermometer", "t1", ip, pool, memory_size=512)
        )
        self.client.nxd_mqtt_connect_notify = self._on_connect

    def _check(self, status: int) -> bool:
        self.statuses.add(status)
        return status == NXD_MQTT_SUCCESS

    def _on_connect(self, client, status: int, context) -> None:
        self.links += status == NXD_MQTT_SUCCESS
        self._subscribed = bool(client.session_present)

    def step(self, temperature: int) -> None:
        """What its main loop does each time round."""
        status = nxd_mqtt_client_poll(self.client)
        if status == NXD_MQTT_NOT_CONNECTED:
            peer = self._peer
            self._check(
                nxd_mqtt_client_connect(self.client, peer.host, peer.port, 60, NX_FALSE, NX_NO_WAIT)
            )
            return
        if not self._subscribed:
            status = nxd_mqtt_client_subscribe(self.client, "t1/unit", 1)
            self._subscribed = self._check(status)
        text = f"{temperature}{self.unit}"
        status = nxd_mqtt_client_publish(self.client, "t1/state", text, NX_FALSE, 1, NX_NO_WAIT)
        self.reported += self._check(status)
        status, _, length = nxd_mqtt_client_message_get(self.client, self._topic, self._message)
        if self._check(status):
            self.unit = self._message[:length].decode()


@pytest.mark.parametrize("network", NETWORKS, indirect=True)
def test_a_super_loop(broker, make_device, network):
    master = make_device("master").connect(broker).subscribe("t1/state")
    thermometer = Thermometer(broker, network)

    def serve(until: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 20
        while not until():
            assert time.monotonic() < deadline, (thermometer.statuses, thermometer.client.reason)
            thermometer.step(len(master.messages))
            master.serve()

    serve(lambda: len(master.messages) >= 50)
    master.publish("t1/unit", "F")
    serve(lambda: master.messages[-1].payload.endswith(b"F"))
    nxd_mqtt_client_socket_get(thermometer.client)[1].shutdown(2)
    master.try_to_publish("t1/unit", "K")
    serve(lambda: master.messages[-1].payload.endswith(b"K"))
    assert thermometer.links == 2
    nxd_mqtt_client_delete(thermometer.client)
    run(master, until=lambda: len(master.messages) >= thermometer.reported)
    assert thermometer.statuses <= {
        NXD_MQTT_SUCCESS,
        NX_IN_PROGRESS,
        NXD_MQTT_NO_MESSAGE,
        NXD_MQTT_NOT_CONNECTED,
        NXD_MQTT_PACKET_POOL_FAILURE,
    }


def test_polls_without_a_wait_do_not_wait_for_a_silent_peer(make_device):
    device = make_device("device")
    with SilentPeer() as silent:
        begun = time.monotonic()
        assert device.try_to_connect(silent, wait=NX_NO_WAIT) == NX_IN_PROGRESS
        for _ in range(1000):
            assert nxd_mqtt_client_poll(device.client) == NXD_MQTT_SUCCESS
        # The CONNACK is waited for ten seconds, but not inside a poll.
        assert time.monotonic() - begun < 5
    assert device.answers == []


# --- threads -------------------------------------------------------------------------------------


class Crew:
    """Threads whose exceptions fail the test."""

    def __init__(self):
        self._threads: list[threading.Thread] = []
        self._failures: list[BaseException] = []
        self.stop = threading.Event()

    def start(self, work: Callable, *arguments) -> threading.Thread:
        """Starts one thread."""
        thread = threading.Thread(target=self._run, args=(work, *arguments), daemon=True)
        self._threads.append(thread)
        thread.start()
        return thread

    def _run(self, work: Callable, *arguments) -> None:
        try:
            work(*arguments)
        except BaseException as error:
            self._failures.append(error)
            self.stop.set()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.stop.set()
        for thread in self._threads:
            thread.join(THREAD_SECONDS)
        stuck = [thread.name for thread in self._threads if thread.is_alive()]
        assert not stuck
        if self._failures:
            raise self._failures[0]


def publish_numbers(device, crew: Crew, name: str, count: int) -> None:
    """A thread's work: publish numbers under its own name, trying again without room."""
    deadline = time.monotonic() + THREAD_SECONDS
    for number in range(count):
        while device.try_to_publish("crew/" + name, b"%d" % number, wait=10) != NXD_MQTT_SUCCESS:
            assert device.connected, device.client.reason
            assert time.monotonic() < deadline, (name, number, device.statistics())
            if crew.stop.is_set():
                return


def poll_until_stopped(device, crew: Crew) -> None:
    """A thread's work: what the MQTT thread does in NetX."""
    while not crew.stop.is_set():
        assert nxd_mqtt_client_poll(device.client, 5) == NXD_MQTT_SUCCESS


@pytest.mark.parametrize("network", NETWORKS, indirect=True)
def test_threads_share_one_client(broker, make_device, network):
    device = make_device("device", queue=1024, depth=8, lock=threading.RLock()).connect(broker)
    device.subscribe("crew/#")
    names = ("red", "green", "blue")
    count = 300
    received = []
    with Crew() as crew:
        crew.start(poll_until_stopped, device, crew)
        for name in names:
            crew.start(publish_numbers, device, crew, name, count)
        deadline = time.monotonic() + THREAD_SECONDS
        while len(received) < len(names) * count and not crew.stop.is_set():
            assert time.monotonic() < deadline, (len(received), device.statistics())
            message = device.take()
            if message is None:
                crew.stop.wait(0.001)
            else:
                received.append(message)
    for name in names:
        mine = [int(it.payload) for it in received if it.topic == "crew/" + name]
        assert mine == list(range(count))
    assert device.connected
    assert device.endings == []
    assert device.statistics()["published"] == len(names) * count
    run(device, until=lambda: device.statistics()["unacknowledged"] == 0)


def test_a_disconnect_ends_a_poll_that_waits_in_another_thread(broker, make_device):
    device = make_device("device", lock=threading.RLock()).connect(broker)
    polled = []
    with Crew() as crew:
        poller = crew.start(lambda: polled.append(nxd_mqtt_client_poll(device.client, 2000)))
        poller.join(0.1)
        assert poller.is_alive()
        begun = time.monotonic()
        device.disconnect()
        poller.join(10)
        assert time.monotonic() - begun < 2
    assert polled == [NXD_MQTT_NOT_CONNECTED]
    assert [status for _, status, _ in device.endings] == [NXD_MQTT_SUCCESS]


@pytest.mark.parametrize("give_up", [nxd_mqtt_client_disconnect, nxd_mqtt_client_delete])
def test_giving_up_ends_a_connect_that_waits_in_another_thread(make_device, give_up):
    device = make_device("device", lock=threading.RLock())
    connected = []
    with SilentPeer() as silent, Crew() as crew:
        connecting = crew.start(lambda: connected.append(device.try_to_connect(silent, wait=2000)))
        with silent.accept() as other_end:
            other_end.settimeout(10)
            assert other_end.recv(1) == b"\x10"
            begun = time.monotonic()
            assert give_up(device.client) == NXD_MQTT_SUCCESS
            connecting.join(10)
            assert time.monotonic() - begun < 2
            # What the attempt had opened is closed.
            while other_end.recv(100):
                pass
    assert connected == [NXD_MQTT_CONNECT_FAILURE]
    assert device.endings == []


def test_a_connect_waits_for_a_callback_of_another_thread(broker, make_device):
    """A callback that takes its time may delay a connect that may wait, but not make it fail."""
    device = make_device("device", lock=threading.RLock()).connect(broker).subscribe("a")
    begun = threading.Event()
    go_on = threading.Event()

    def slow_receive_notify(client, count: int) -> None:
        begun.set()
        go_on.wait(THREAD_SECONDS)

    nxd_mqtt_client_receive_notify_set(device.client, slow_receive_notify)
    publisher = make_device("publisher").connect(broker)
    for _ in range(20):
        publisher.publish("a", "x")
    with Crew() as crew:
        try:
            crew.start(device.serve)
            assert begun.wait(THREAD_SECONDS)
            device.collects = False
            for _ in range(20):
                nxd_mqtt_client_poll(device.client)
            device.disconnect()
            threading.Timer(0.2, go_on.set).start()
            assert device.try_to_connect(broker, wait=1000) == NXD_MQTT_SUCCESS
        finally:
            go_on.set()


def reconnect(device, broker) -> None:
    """Connects, also when another thread is still telling what happened on the last link."""
    deadline = time.monotonic() + THREAD_SECONDS
    while (status := device.try_to_connect(broker, clean=NX_FALSE)) != NXD_MQTT_SUCCESS:
        assert status == NXD_MQTT_PACKET_POOL_FAILURE
        assert time.monotonic() < deadline
        device.serve()


def test_a_link_that_comes_and_goes_under_threads(broker, make_device):
    """Publishers go on while another thread ends and makes the link: nothing accepted is lost."""
    device = make_device("device", depth=8, lock=threading.RLock())
    device.connect(broker, clean=NX_FALSE)
    watcher = make_device("watcher", queue=65536).connect(broker).subscribe("crew/#")
    accepted = []

    def publish() -> None:
        number = 0
        while not crew.stop.is_set():
            status = device.try_to_publish("crew/one", b"%d" % number, wait=1)
            if status == NXD_MQTT_SUCCESS:
                accepted.append(number)
                number += 1
            else:
                assert status in {NXD_MQTT_NOT_CONNECTED, NXD_MQTT_PACKET_POOL_FAILURE}

    with Crew() as crew:
        crew.start(publish)
        for _ in range(10):
            target = len(watcher.messages) + 20
            run(device, watcher, until=lambda target=target: len(watcher.messages) > target)
            device.drop()
            reconnect(device, broker)
    run(device, watcher, until=lambda: device.statistics()["unacknowledged"] == 0)
    run(watcher, until=lambda: int(watcher.messages[-1].payload) == accepted[-1])
    numbers = [int(payload) for payload in watcher.payloads()]
    assert sorted(set(numbers)) == accepted
    assert len(device.endings) == 10
