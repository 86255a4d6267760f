# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Another thread gets its turn where it hurts most: between two steps of one call of the client.

The turns are not left to luck: a lock lets another thread in when it is released, and attributes
that are shared let it in when they are read or written outside the lock.
"""

import threading

import pytest
from client_bench import CONNECTED, CONNECTING, IDLE, App
from doubles.platform import Platform
from doubles.script import CONNACK, puback, publish

from nxd_mqtt.client import NXD_MQTT_CLIENT
from nxd_mqtt.inbox import Inbox
from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *

PATIENCE_SECONDS = 10


def elsewhere(function):
    """Run a function in another thread, to its end; returns what it returns."""
    results = []
    thread = threading.Thread(target=lambda: results.append(function()), daemon=True)
    thread.start()
    thread.join(PATIENCE_SECONDS)
    assert len(results) == 1, "the other thread hangs, or has failed"
    return results[0]


class Door:
    """A reentrant lock behind which another thread stands, to come in once it is free."""

    def __init__(self):
        self._lock = threading.RLock()
        self._depth = 0
        self._waiting = None

    def let_in(self, function):
        """At its next release another thread runs the function."""
        self._waiting = function

    @property
    def free(self):
        """Whether the thread that asks has not got it."""
        if not self._lock.acquire(False):
            return False
        try:
            return self._depth == 0
        finally:
            self._lock.release()

    def acquire(self, blocking=True):
        """Take it."""
        taken = self._lock.acquire(blocking)
        self._depth += taken
        return taken

    def release(self):
        """Give it back."""
        self._depth -= 1
        last = self._depth == 0
        self._lock.release()
        if last and self._waiting:
            function, self._waiting = self._waiting, None
            elsewhere(function)

    def __enter__(self):
        self.acquire()
        return self

    def __exit__(self, *error):
        self.release()


class Seam:
    """An attribute behind which another thread stands, to come in where it is used unguarded.

    ``seams`` of its object has what that thread does, by ("read" or "write", name): after a read,
    before a write.
    """

    def __set_name__(self, owner, name):
        self._name = name

    def __get__(self, owner, kind=None):
        if owner is None:
            return None
        value = owner.__dict__[self._name]
        self._let_in(owner, "read")
        return value

    def __set__(self, owner, value):
        self._let_in(owner, "write")
        owner.__dict__[self._name] = value

    def _let_in(self, owner, how):
        seams = owner.__dict__.get("seams") or {}
        if (how, self._name) in seams and seams["door"].free:
            elsewhere(seams.pop((how, self._name)))


class SharedClient(NXD_MQTT_CLIENT):
    """A client with seams."""

    receive_notify = Seam()
    _ending = Seam()


class SharedInbox(Inbox):
    """A receive queue with a seam."""

    count = Seam()


@pytest.fixture
def door():
    """The client's lock."""
    return Door()


@pytest.fixture
def app(door):
    """A client on the doubles that several threads call."""
    return App(ip=Platform(lock=door), depth=1)


def open_seams(app, door, **seams):
    """Say what another thread does at which seam, as ``read_name`` or ``write_name``."""
    made = {tuple(key.split("_", 1)): function for key, function in seams.items()}
    made["door"] = door
    app.client.__class__ = SharedClient
    app.client._inbox.__class__ = SharedInbox
    app.client.__dict__["seams"] = app.client._inbox.__dict__["seams"] = made
    return made


# --- connect -------------------------------------------------------------------------------------


def disconnect_and_connect(app):
    """What another thread does: its attempt takes the place of the one before."""
    nxd_mqtt_client_disconnect(app.client)
    return app.start(NX_NO_WAIT)


def test_the_wait_of_a_call_does_not_end_the_attempt_of_a_call_right_behind_it(app, door):
    door.let_in(lambda: disconnect_and_connect(app))
    assert app.start(wait=10) == NXD_MQTT_CONNECT_FAILURE
    assert app.state == CONNECTING


def test_a_call_does_not_report_the_success_of_a_call_right_behind_it(app, door):
    app.script.send(CONNACK)
    door.let_in(lambda: disconnect_and_connect(app) and app.poll())
    assert app.start(wait=300) == NXD_MQTT_CONNECT_FAILURE
    assert app.state == CONNECTED


def test_a_connect_that_waits_returns_an_outcome(app, door):
    app.script.send(CONNACK)
    seams = open_seams(app, door)

    def connected():
        # The next thing that the call itself writes is its ending.
        seams["write", "_ending"] = lambda: disconnect_and_connect(app)

    app.doing["connect"] = connected
    assert app.start(wait=300) in (NXD_MQTT_SUCCESS, NXD_MQTT_CONNECT_FAILURE)


# --- what is left in the buffer ------------------------------------------------------------------


def test_packets_that_another_thread_leaves_in_the_buffer_are_not_slept_over(app, door):
    app.connect()
    app.polls(3)
    count = 40

    def other():
        app.peer.send(publish("t", b"m") * count)
        return app.poll()

    door.let_in(other)  # this poll finds nothing, and the other one more than it may handle
    app.poll()
    assert 0 < app.statistics["received"] < count
    assert nxd_mqtt_client_deadline_get(app.client) == (NXD_MQTT_SUCCESS, 0)
    before = app.clock.elapsed
    while app.statistics["received"] < count:
        app.poll(100)
    assert app.clock.elapsed == before


def test_packets_that_a_callback_had_no_room_for_are_not_slept_over():
    app = App(depth=20).connect()

    def callback():
        app.script.accept().send(CONNACK)
        app.start()
        app.polls(3)
        for packet_id in range(1, 21):
            app.publish()
            app.peer.send(puback(packet_id))
        app.polls(3)
        assert app.statistics["unacknowledged"] > 0

    # Not in a poll, which would go on reading behind the callback.
    app.doing["disconnect"] = callback
    nxd_mqtt_client_disconnect(app.client)
    assert nxd_mqtt_client_deadline_get(app.client) == (NXD_MQTT_SUCCESS, 0)
    before = app.clock.elapsed
    while app.statistics["unacknowledged"]:
        app.poll(100)
    assert app.clock.elapsed == before


# --- notify functions ----------------------------------------------------------------------------


def test_receive_notify_is_not_told_of_no_message(app, door):
    app.connect()
    app.peer.send(publish("t", b"m"))
    seams = open_seams(app, door)
    seams["read", "count"] = app.get
    app.poll()
    assert (0,) not in app.heard("receive")
    app.poll()
    assert app.get() is None


def test_a_notify_that_goes_while_it_is_looked_at_is_no_error(app, door):
    app.connect()
    app.peer.send(publish("t", b"m"))
    seams = open_seams(app, door)
    seams["read", "receive_notify"] = lambda: nxd_mqtt_client_receive_notify_set(app.client, None)
    assert app.poll() == NXD_MQTT_SUCCESS
    assert app.get() == b"m"


# --- endings -------------------------------------------------------------------------------------


def test_one_poll_of_two_tells_the_end_of_a_link(app, door):
    app.connect()
    app.peer.close()
    statuses = []

    def other():
        statuses.append(app.poll())
        return True

    open_seams(app, door, read__ending=other)
    statuses.append(app.poll())
    statuses.append(app.poll())
    assert statuses.count(NXD_MQTT_COMMUNICATION_FAILURE) == 1
    assert set(statuses) == {NXD_MQTT_COMMUNICATION_FAILURE, NXD_MQTT_NOT_CONNECTED}


def test_an_end_that_another_thread_notices_beside_a_waiting_publish_is_told(app, door):
    app.connect()
    app.publish()  # the store is full

    def other():
        app.peer.reset()
        return app.publish(quality=0)

    open_seams(app, door, write__ending=other)
    door.let_in(lambda: True)
    status = app.publish(wait=5)
    if app.state == CONNECTED:  # nobody writes there any more
        assert status == NXD_MQTT_PACKET_POOL_FAILURE
        other()
    assert app.state == IDLE
    assert app.poll() == NXD_MQTT_COMMUNICATION_FAILURE
    assert app.poll() == NXD_MQTT_NOT_CONNECTED


# --- unread messages -----------------------------------------------------------------------------


def test_a_disconnect_that_is_told_late_takes_no_message_of_a_later_link(app):
    app.connect()

    def callback():
        del app.doing["receive"]
        nxd_mqtt_client_disconnect(app.client)
        app.script.accept().send(CONNACK + publish("t", b"new", 7))
        app.start()
        app.polls(3)
        app.peer.close()
        app.polls(3)
        assert app.state == IDLE

    app.doing["receive"] = callback
    app.peer.send(publish("t", b"old"))
    app.poll()
    assert app.messages()[-1:] == [b"new"]


def test_a_disconnect_behind_a_link_that_is_lost_lets_go_of_unread_messages(app):
    app.connect()
    app.peer.send(publish("t", b"one") + publish("t", b"two"))

    def callback():
        del app.doing["receive"]
        app.peer.close()
        app.polls(3)
        assert app.state == IDLE
        nxd_mqtt_client_disconnect(app.client)

    app.doing["receive"] = callback
    app.polls(3)
    assert app.messages() == []
