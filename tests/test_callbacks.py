# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What a callback may rely on: one at a time, no lock held, every call allowed, none repeated."""

import pytest
from client_bench import CONNECTED, IDLE, App
from doubles.platform import Platform
from doubles.script import CONNACK, puback, publish, suback, unsuback
from doubles.script import connect as connect_packet
from doubles.trials import PORT

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *

COMMUNICATION_FAILURE = NXD_MQTT_COMMUNICATION_FAILURE

# --- what makes each callback run ----------------------------------------------------------------


def receive(app):
    app.connect()
    app.peer.send(publish("t", b"1", 1))


def acknowledge(app):
    app.connect()
    app.publish()
    app.peer.send(puback(1))


def connect(app):
    app.script.accept().expect(connect_packet("me")).send(CONNACK)
    app.start()


def disconnect(app):
    app.connect()
    app.peer.send(publish("t", b"1"))
    app.peer.close()


OCCASIONS = (receive, acknowledge, connect, disconnect)
every_callback = pytest.mark.parametrize("occasion", OCCASIONS, ids=lambda one: one.__name__)


def run(app, occasion, action):
    """Have the callback run and do something, once; then let the client go on."""
    occasion(app)
    name = occasion.__name__

    def once():
        app.doing.pop(name)
        action()

    app.doing[name] = once
    for _ in range(20):
        if app.state:
            app.poll()
    assert name not in app.doing


# --- one at a time -------------------------------------------------------------------------------


@every_callback
def test_callbacks_are_never_nested(occasion):
    app = App(queue=4000)

    def more():
        if app.state == CONNECTED:
            app.peer.send(publish("t", b"2", 2) + publish("t", b"3"))
            app.publish()
        app.polls(10)
        before = len(app.told)
        nxd_mqtt_client_disconnect(app.client)
        app.polls(10)
        assert len(app.told) == before

    run(app, occasion, more)
    assert app.deepest == 1
    assert len(app.heard("disconnect")) == 1


def test_what_happens_meanwhile_is_told_afterwards_in_order():
    app = App().connect()
    nxd_mqtt_client_subscribe(app.client, "t", 1)
    nxd_mqtt_client_unsubscribe(app.client, "t")
    app.publish()

    def first():
        app.doing.clear()
        app.peer.send(suback(1, 0x80) + unsuback(2) + publish("t", b"2") + puback(3))
        app.peer.close()
        app.polls(5)
        assert app.told == [("receive", 1)]

    app.doing["receive"] = first
    app.peer.send(publish("t", b"1"))
    app.polls(2)
    assert app.told == [
        ("receive", 1),
        ("acknowledge", 9, 1, 0x80),
        ("acknowledge", 11, 2, None),
        ("receive", 2),
        ("acknowledge", 4, 3, None),
        ("disconnect", COMMUNICATION_FAILURE),
    ]


def test_two_ends_that_wait_to_be_told_keep_their_own_reasons():
    app = App().connect()
    causes = []

    def inside():
        app.doing.pop("receive")
        app.peer.close()
        app.polls(3)
        app.script.accept().expect(connect_packet("me")).send(CONNACK + b"\xf0\x00")
        app.start()
        app.polls(5)

    app.doing["receive"] = inside
    app.doing["disconnect"] = lambda: causes.append(app.client.reason[1])
    app.peer.send(publish("t", b"1"))
    app.polls(3)
    assert causes == [COMMUNICATION_FAILURE, NXD_MQTT_INVALID_PACKET]


def test_reading_stops_when_too_many_acknowledgements_are_left_to_be_told():
    app = App(depth=60).connect()
    seen = []

    def inside():
        app.doing.clear()
        app.peer.send(b"".join(puback(number) for number in range(1, 61)))
        app.polls(100)
        seen.append(app.statistics["acknowledged"])

    app.doing["receive"] = inside
    for _ in range(60):
        assert app.publish() == NXD_MQTT_SUCCESS
    app.peer.send(publish("t", b"1"))
    while len(app.heard("acknowledge")) < 60:
        assert app.poll() == NXD_MQTT_SUCCESS
    assert 0 < seen[0] <= 16
    assert [number for _, number, _ in app.heard("acknowledge")] == list(range(1, 61))
    assert app.deepest == 1


def test_messages_that_come_meanwhile_are_told_one_by_one():
    app = App(queue=40_000).connect()
    app.peer.send(publish("t", b"1234567890") * 500)

    def inside():
        app.doing.clear()
        app.polls(100)

    app.doing["receive"] = inside
    while len(app.heard("receive")) < 500:
        assert app.poll() == NXD_MQTT_SUCCESS
    assert [count for (count,) in app.heard("receive")][-1] == 500
    assert app.deepest == 1
    assert len(app.messages()) == 500


def test_there_is_always_room_to_tell_the_end():
    app = App(queue=40_000).connect()
    app.peer.send(publish("t", b"1234567890") * 100)

    def inside():
        app.doing.clear()
        app.polls(100)
        nxd_mqtt_client_disconnect(app.client)
        app.polls(100)
        for _ in range(50):
            app.start()
            nxd_mqtt_client_disconnect(app.client)

    app.doing["receive"] = inside
    app.polls(10)
    names = [what[0] for what in app.told]
    assert names.count("disconnect") == 1
    assert "receive" not in names[names.index("disconnect") :]
    assert app.state == IDLE
    app.renew_script()
    app.connect()


# --- every call is legal, and none waits ---------------------------------------------------------

BUFFER = bytearray(600)
CALLS = {
    "poll": nxd_mqtt_client_poll,
    "poll and wait": lambda c: nxd_mqtt_client_poll(c, NX_WAIT_FOREVER),
    "publish 0": lambda c: nxd_mqtt_client_publish(c, "t", "m", 0, 0, NX_WAIT_FOREVER),
    "publish 1": lambda c: nxd_mqtt_client_publish(c, "t", "m", 0, 1, NX_WAIT_FOREVER),
    "subscribe": lambda c: nxd_mqtt_client_subscribe(c, "t", 1),
    "unsubscribe": lambda c: nxd_mqtt_client_unsubscribe(c, "t"),
    "message_get": lambda c: nxd_mqtt_client_message_get(c, BUFFER, BUFFER)[0],
    "message_discard": nxd_mqtt_client_message_discard,
    "connect": lambda c: nxd_mqtt_client_connect(c, "broker.test", PORT, 0, 1, NX_WAIT_FOREVER),
    "connect at once": lambda c: nxd_mqtt_client_connect(c, "broker.test", PORT, 0, 1, 0),
    "disconnect": nxd_mqtt_client_disconnect,
    "delete": nxd_mqtt_client_delete,
    "login_set": lambda c: nxd_mqtt_client_login_set(c, None, None),
    "will_message_set": lambda c: nxd_mqtt_client_will_message_set(c, "w", "m", 0, 0),
    "receive_notify_set": lambda c: nxd_mqtt_client_receive_notify_set(c, None),
    "disconnect_notify_set": lambda c: nxd_mqtt_client_disconnect_notify_set(c, None),
    "queue_policy_set": lambda c: nxd_mqtt_client_queue_policy_set(c, 1),
    "timeout_set": lambda c: nxd_mqtt_client_timeout_set(c, 4, 100),
    "statistics_get": lambda c: nxd_mqtt_client_statistics_get(c)[0],
    "socket_get": lambda c: nxd_mqtt_client_socket_get(c)[0],
    "deadline_get": lambda c: nxd_mqtt_client_deadline_get(c)[0],
}


@every_callback
@pytest.mark.parametrize("call", CALLS)
def test_every_call_is_legal_in_every_callback(occasion, call):
    app = App()
    found = []

    def inside():
        for _ in range(3):
            found.append(CALLS[call](app.client))

    run(app, occasion, inside)
    assert all(isinstance(status, int) for status in found)
    assert app.clock.elapsed == 0
    assert app.sockets.waits == []
    assert app.deepest == 1
    nxd_mqtt_client_disconnect(app.client)
    assert app.all_closed()
    if call in ("delete", "will_message_set"):
        nxd_mqtt_client_delete(app.client)
        app.create()
    app.renew_script()
    app.connect()
    app.peer.send(publish("t", b"after"))
    app.polls(2)
    assert app.messages()[-1:] == [b"after"]


def test_a_wait_for_room_in_a_callback_does_not_wait():
    app = App(depth=1).connect()
    app.publish()
    found = []
    run_once = [lambda: found.append(app.publish(wait=NX_WAIT_FOREVER))]
    app.doing["receive"] = lambda: run_once and run_once.pop()()
    app.peer.send(publish("t", b"1"))
    app.poll()
    assert found == [NXD_MQTT_PACKET_POOL_FAILURE]
    assert app.clock.elapsed == 0


@pytest.mark.parametrize("wait", (0, 500, NX_WAIT_FOREVER))
def test_connecting_again_inside_disconnect_notify(wait):
    app = App().connect()
    app.script.accept().expect(connect_packet("me")).send(CONNACK)
    found = []
    app.doing["disconnect"] = lambda: found.append(app.start(wait))
    app.peer.close()
    app.polls(6)
    assert found == [NX_IN_PROGRESS]
    assert app.told == [("disconnect", COMMUNICATION_FAILURE), ("connect", NXD_MQTT_SUCCESS)]
    assert app.state == CONNECTED


def test_connecting_again_inside_connect_notify():
    app = App()
    app.script.reset().accept().expect(connect_packet("me")).send(CONNACK)
    app.doing["connect"] = lambda: app.state == IDLE and app.start(500)
    app.start()
    app.polls(10)
    told = [status for (status,) in app.heard("connect")]
    assert told == [NXD_MQTT_CONNECT_FAILURE, NXD_MQTT_SUCCESS]
    assert app.state == CONNECTED


def test_disconnecting_inside_receive_notify():
    app = App().connect()
    app.doing["receive"] = lambda: nxd_mqtt_client_disconnect(app.client)
    app.peer.send(publish("t", b"1", 1) + publish("t", b"2", 2))
    assert app.polls(3) == [NXD_MQTT_NOT_CONNECTED]
    assert app.told == [("receive", 1), ("disconnect", NXD_MQTT_SUCCESS)]
    assert app.messages() == []
    assert app.all_closed()


def test_unread_messages_can_be_taken_in_the_notify_of_an_own_disconnect_from_a_callback():
    app = App().connect()
    app.doing["receive"] = lambda: nxd_mqtt_client_disconnect(app.client)
    taken = []
    app.doing["disconnect"] = lambda: taken.extend(app.messages())
    app.peer.send(publish("t", b"1"))
    app.polls(2)
    assert taken == [b"1"]


def test_delete_and_create_inside_a_callback():
    app = App().connect()

    def anew():
        app.doing.clear()
        nxd_mqtt_client_delete(app.client)
        app.create()
        app.script.accept().expect(connect_packet("me")).send(CONNACK)
        assert app.start(wait=500) == NX_IN_PROGRESS  # it is still inside the callback

    app.doing["receive"] = anew
    app.peer.send(publish("t", b"1"))
    app.polls(6)
    assert app.deepest == 1
    assert app.state == CONNECTED


# --- exceptions ----------------------------------------------------------------------------------


class Complaint(Exception):
    """What a callback of an application may raise."""


def complain():
    raise Complaint


@every_callback
def test_an_exception_passes_through_poll_and_is_not_repeated(occasion):
    app = App()
    occasion(app)
    app.doing[occasion.__name__] = complain
    with pytest.raises(Complaint):
        app.polls(10)
    app.polls(10)
    assert len(app.heard(occasion.__name__)) == 1
    app.doing.clear()
    nxd_mqtt_client_disconnect(app.client)
    app.renew_script()
    app.connect()
    app.peer.send(publish("t", b"after"))
    app.polls(2)
    assert app.messages()[-1:] == [b"after"]


def test_what_waits_behind_an_exception_is_told_by_the_next_poll():
    app = App().connect()
    app.doing["receive"] = complain
    app.peer.send(publish("t", b"1") + publish("t", b"2"))
    app.peer.close()
    for _ in range(2):
        with pytest.raises(Complaint):
            app.polls(5)
    assert app.polls(3) == [COMMUNICATION_FAILURE, NXD_MQTT_NOT_CONNECTED]
    assert app.told == [("receive", 1), ("receive", 2), ("disconnect", COMMUNICATION_FAILURE)]


@pytest.mark.parametrize("call", (nxd_mqtt_client_disconnect, nxd_mqtt_client_delete))
def test_an_exception_out_of_disconnect_notify_passes_through_the_call_that_ended_the_link(call):
    app = App().connect()
    app.peer.send(publish("t", b"unread"))
    app.poll()
    app.doing["disconnect"] = complain
    with pytest.raises(Complaint):
        call(app.client)
    assert app.peer.closed_by_client
    assert len(app.heard("disconnect")) == 1
    assert app.messages() == []
    app.doing.clear()
    nxd_mqtt_client_delete(app.client)
    app.create()
    app.connect()


@pytest.mark.parametrize("answer", (CONNACK, b"\x20\x02\x00\x05"))
def test_an_exception_out_of_connect_notify_passes_through_a_blocking_connect(answer):
    app = App()
    app.script.accept().expect(connect_packet("me")).send(answer)
    app.doing["connect"] = complain
    with pytest.raises(Complaint):
        app.start(500)
    app.doing.clear()
    assert app.state == (CONNECTED if answer == CONNACK else IDLE)
    nxd_mqtt_client_disconnect(app.client)
    app.connect()


# --- the lock ------------------------------------------------------------------------------------


class CountingLock:
    """A lock for one thread that knows whether it is held."""

    def __init__(self):
        self.held = 0
        self.taken = 0

    def __enter__(self):
        self.held += 1
        self.taken += 1

    def __exit__(self, *error):
        self.held -= 1


class WatchedPlatform(Platform):
    """A platform that looks at the lock whenever something may take long."""

    def __init__(self, lock):
        super().__init__(lock=lock, link_up=self._asked)
        self.watched = lock
        self.seen = []

    def _asked(self):
        self.look("link_up")
        return True

    def look(self, where):
        """Note whether the lock is held now."""
        self.seen.append((where, self.watched.held))

    def wait(self, sock, read, write, milliseconds):
        """Sleep."""
        self.look("sleep")
        super().wait(sock, read, write, milliseconds)


def test_the_lock_is_never_held_while_calling_back_sleeping_or_opening():
    lock = CountingLock()
    ip = WatchedPlatform(lock)
    app = App(ip=ip)
    app.doing["any"] = lambda: ip.look("callback")
    nxd_mqtt_client_login_set(app.client, lambda: ip.look("login"), None)
    app.script.call(lambda peer: ip.look("opening"))
    app.script.expect(connect_packet("me")).wait(50).send(CONNACK)
    app.start(500)
    nxd_mqtt_client_subscribe(app.client, "t", 1)
    app.publish()
    app.peer.send(suback(1, 0) + puback(2) + publish("t", b"1"))
    app.poll(10)
    for _ in range(9):
        app.publish(wait=10)
    app.peer.close()
    app.polls(3)
    assert {where for where, _ in ip.seen} == {"link_up", "login", "opening", "sleep", "callback"}
    assert {held for _, held in ip.seen} == {0}
    assert {what[0] for what in app.told} == {"connect", "acknowledge", "receive", "disconnect"}
    assert lock.taken > 0
