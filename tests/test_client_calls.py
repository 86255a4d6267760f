# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Calls on an open link: waiting for room, the queue and its policies, what can be asked."""

import pytest
from client_bench import App
from doubles.dialects import AIRLIFT, WIZNET
from doubles.platform import Platform
from doubles.script import CONNACK, CONNACK_PRESENT, PINGREQ, PINGRESP, puback, publish
from doubles.script import connect as connect_packet
from doubles.trials import every
from radio_platform import RadioPlatform

from nxd_mqtt.file_store import FileStore
from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *

FULL = NXD_MQTT_PACKET_POOL_FAILURE


def message(number, size=10):
    """A payload that tells its number."""
    return b"%0*d" % (size, number)


def flood(app, count, quality=0, size=10):
    """The broker sends numbered messages."""
    for number in range(1, count + 1):
        app.peer.send(publish("t", message(number, size), number if quality else None))


# --- waiting for room in the store ---------------------------------------------------------------


def full_store(depth=2):
    """An application whose store is full of unacknowledged messages."""
    app = App(depth=depth).connect()
    for _ in range(depth):
        assert app.publish() == NXD_MQTT_SUCCESS
    return app


def test_a_full_store_without_a_wait():
    app = full_store()
    assert app.publish() == FULL
    assert nxd_mqtt_client_subscribe(app.client, "t", 0) == FULL
    assert nxd_mqtt_client_unsubscribe(app.client, "t") == FULL
    assert app.clock.elapsed == 0


@pytest.mark.parametrize("wait", (1, 25, 1000))
def test_a_full_store_with_a_wait_that_is_over(wait):
    app = full_store()
    assert app.publish(wait=wait) == FULL
    assert app.clock.elapsed == wait * 10
    assert app.statistics["published"] == 2


@pytest.mark.parametrize("wait", (100, NX_WAIT_FOREVER))
def test_an_acknowledgement_ends_the_wait(wait):
    app = full_store()
    peer = app.peer
    app.clock.later(430, lambda: peer.send(puback(1)))
    assert app.publish(b"late", wait=wait) == NXD_MQTT_SUCCESS
    assert app.clock.elapsed == 430
    assert app.client.packet_identifier == 3
    assert app.peer.take().endswith(publish("t", b"late", 3))


def test_a_wait_is_one_budget_whatever_comes_meanwhile():
    app = full_store()
    peer = app.peer
    for at in range(100, 2000, 100):
        app.clock.later(at, lambda: peer.send(publish("t", b"noise")))
    assert app.publish(wait=100) == FULL
    assert app.clock.elapsed == 1000


def test_the_end_of_the_link_ends_the_wait():
    app = full_store()
    app.clock.later(300, app.peer.close)
    assert app.publish(wait=1000) == NXD_MQTT_NOT_CONNECTED
    assert app.clock.elapsed == 300
    assert app.heard("disconnect") == [(NXD_MQTT_COMMUNICATION_FAILURE,)]


def test_quality_0_waits_for_a_link_that_takes_nothing():
    app = App(payload_size=16).connect()
    app.peer.accept_limit = 0
    assert app.publish(b"123456", 0) == NXD_MQTT_SUCCESS
    assert app.publish(b"123456", 0) == FULL
    assert app.publish(b"123456", 0, wait=20) == FULL
    assert app.clock.elapsed == 200
    app.clock.later(50, lambda: setattr(app.peer, "accept_limit", None))
    assert app.publish(b"654321", 0, wait=20) == NXD_MQTT_SUCCESS
    assert app.clock.elapsed == 250
    assert app.peer.take() == publish("t", b"123456") + publish("t", b"654321")


def test_a_publish_while_holding_does_not_wait():
    app = full_store()
    flood(app, 60, size=30)
    app.polls(20)
    app.peer.send(puback(1))  # behind messages that find no room
    assert app.publish(wait=NX_WAIT_FOREVER) == FULL
    assert app.clock.elapsed == 0
    app.messages()
    while app.messages() or app.statistics["unacknowledged"] == 2:
        app.poll()
    assert app.publish(wait=100) == NXD_MQTT_SUCCESS


def test_a_publish_whose_wait_begins_to_hold_does_not_go_on_waiting():
    app = full_store()
    peer = app.peer

    def much():
        flood(app, 60, size=30)
        peer.send(puback(1))

    app.clock.later(200, much)
    assert app.publish(wait=1000) == FULL
    assert app.clock.elapsed == 200


def test_a_stored_message_is_accepted_whatever_the_socket_says():
    app = App().connect()
    app.sockets.fail("send", OSError(104, "reset"))
    assert app.publish() == NXD_MQTT_SUCCESS
    assert app.statistics["unacknowledged"] == 1
    app.polls(2)
    app.connect(clean=0)
    app.polls(2)
    assert app.followed + app.peer.take() == publish("t", b"m", 1)
    assert app.statistics["resent"] == 0, "no byte of it was taken: it is no duplicate"


def test_a_quality_0_message_that_meets_the_end_of_the_link():
    app = App().connect()
    app.sockets.fail("send", OSError(104, "reset"))
    assert app.publish(quality=0) == NXD_MQTT_COMMUNICATION_FAILURE
    assert app.publish(quality=0) == NXD_MQTT_NOT_CONNECTED
    app.polls(2)
    assert len(app.heard("disconnect")) == 1


# --- the receive queue ---------------------------------------------------------------------------


@every(where=lambda row: not row.tls)
@pytest.mark.parametrize("quality", (0, 1))
def test_a_full_queue_holds_and_loses_nothing(dialect, quality):
    app = App(queue=128, dialect=dialect).connect()
    flood(app, 200, quality)
    found = []
    while len(found) < 200:
        assert app.polls(3) == [NXD_MQTT_SUCCESS]
        found += app.messages()
    assert found == [message(number) for number in range(1, 201)]
    if quality:
        app.polls(2)
        assert app.peer.take() == b"".join(puback(number) for number in range(1, 201))
    assert app.statistics["dropped"] == 0


def test_a_holding_client_reads_no_further():
    app = App(queue=64).connect()
    flood(app, 1000)
    app.polls(50)
    waiting = app.peer.waiting
    app.polls(50)
    assert app.peer.waiting == waiting
    assert waiting > 1000 * 15 - 2000


@pytest.mark.parametrize("take", (True, False))
def test_a_message_that_is_taken_lets_the_next_one_in(take):
    app = App(queue=64).connect()
    flood(app, 10)
    seen = 0
    while seen < 10:
        if app.statistics["received"] < 10:
            app.poll(100)
        if take:
            assert app.get() == message(seen + 1)
        else:
            assert nxd_mqtt_client_message_discard(app.client) == NXD_MQTT_SUCCESS
        seen += 1
    assert app.clock.elapsed == 0  # a poll with a wait sees at once that there is room again


def test_nothing_is_late_while_holding():
    app = App(queue=64).connect(keepalive=10)
    nxd_mqtt_client_timeout_set(app.client, NXD_MQTT_TIMEOUT_PUBACK, 100)
    app.publish()
    nxd_mqtt_client_subscribe(app.client, "t", 1)
    flood(app, 20)
    for _ in range(60):
        assert app.poll() == NXD_MQTT_SUCCESS
        app.clock.advance(1000)
    assert app.peer.received.count(PINGREQ) >= 7
    while app.messages():
        app.poll()
    app.clock.advance(999)
    assert app.poll() == NXD_MQTT_SUCCESS
    app.clock.advance(1)
    assert app.poll() == NXD_MQTT_COMMUNICATION_FAILURE
    assert app.client.reason[2] == "no PUBACK in time"


def test_drop_new():
    app = App(queue=64).connect()
    nxd_mqtt_client_queue_policy_set(app.client, NXD_MQTT_QUEUE_DROP_NEW)
    flood(app, 10)
    app.polls(10)
    dropped = app.statistics["dropped"]
    kept = app.messages()
    assert kept == [message(number) for number in range(1, 11 - dropped)]
    assert dropped > 0
    flood(app, 1)
    app.polls(2)
    assert app.messages() == [message(1)]


def test_drop_old():
    app = App(queue=64).connect()
    nxd_mqtt_client_queue_policy_set(app.client, NXD_MQTT_QUEUE_DROP_OLD)
    flood(app, 10)
    app.polls(10)
    dropped = app.statistics["dropped"]
    assert app.messages() == [message(number) for number in range(1 + dropped, 11)]
    assert dropped > 0


@pytest.mark.parametrize("policy", (NXD_MQTT_QUEUE_DROP_NEW, NXD_MQTT_QUEUE_DROP_OLD))
def test_quality_1_is_never_dropped(policy):
    app = App(queue=64).connect()
    nxd_mqtt_client_queue_policy_set(app.client, policy)
    flood(app, 20, quality=1)
    found = []
    for _ in range(40):
        app.poll()
        found += app.messages()
    assert found == [message(number) for number in range(1, 21)]
    assert app.statistics["dropped"] == 0


@pytest.mark.parametrize("quality", (0, 1))
def test_a_message_larger_than_the_queue_is_skipped_and_counted(quality):
    app = App(queue=64).connect()
    big = bytes(100_000)
    app.peer.send(publish("topic", big, 7 if quality else None) + publish("t", b"next"))
    while not app.statistics["received"]:
        assert app.poll() == NXD_MQTT_SUCCESS
    assert app.messages() == [b"next"]
    assert app.heard("receive") == [(1,)]
    counted = app.statistics
    assert counted["oversize"] == 1
    assert (counted["skipped_topic_length"], counted["skipped_message_length"]) == (5, 100_000)
    app.poll()
    assert app.peer.take() == (puback(7) if quality else b"")


def test_a_message_that_fills_the_queue_to_the_last_byte():
    app = App(queue=64).connect()
    # Four bytes of the memory are slack, a record takes five, the topic three.
    app.peer.send(publish("t", message(1, 52)) + publish("t", message(2, 53)))
    app.polls(5)
    assert app.messages() == [message(1, 52)]
    assert app.statistics["oversize"] == 1


def test_quality_and_retain_of_the_last_message():
    app = App().connect()
    app.peer.send(publish("t", b"1", 1, flags=3) + publish("t", b"2"))
    app.polls(2)
    assert app.get() == b"1"
    assert (app.client.message_qos, app.client.message_retain) == (1, 1)
    assert app.get() == b"2"
    assert (app.client.message_qos, app.client.message_retain) == (0, 0)


# --- what can be asked ---------------------------------------------------------------------------


def test_socket_get():
    app = App(queue=64)
    assert nxd_mqtt_client_socket_get(app.client) == (NXD_MQTT_SUCCESS, None, 0)
    app.script.expect(connect_packet("me"))
    app.start()
    assert nxd_mqtt_client_socket_get(app.client) == (NXD_MQTT_SUCCESS, None, 0)
    app.poll()
    sock = app.sockets.sockets[0]
    assert nxd_mqtt_client_socket_get(app.client) == (0, sock, NXD_MQTT_WANTS_READ)
    app.script.send(CONNACK)
    app.poll()
    app.peer.accept_limit = 0
    app.publish()
    both = NXD_MQTT_WANTS_READ | NXD_MQTT_WANTS_WRITE
    assert nxd_mqtt_client_socket_get(app.client) == (0, sock, both)
    flood(app, 10)
    app.polls(10)
    assert nxd_mqtt_client_socket_get(app.client) == (0, sock, NXD_MQTT_WANTS_WRITE)
    app.peer.accept_limit = None
    app.poll()
    assert nxd_mqtt_client_socket_get(app.client) == (0, sock, 0)
    nxd_mqtt_client_disconnect(app.client)
    assert nxd_mqtt_client_socket_get(app.client) == (NXD_MQTT_SUCCESS, None, 0)


@pytest.mark.parametrize("dialect", (WIZNET, AIRLIFT), ids=str)
def test_socket_get_where_no_select_can_wait(dialect):
    app = App(dialect=dialect).connect()
    assert nxd_mqtt_client_socket_get(app.client) == (0, None, NXD_MQTT_WANTS_READ)


def test_socket_get_after_somebody_has_closed_all_sockets():
    app = App(ip=RadioPlatform()).connect()
    app.ip.close_all()
    assert nxd_mqtt_client_socket_get(app.client)[:2] == (NXD_MQTT_SUCCESS, None)


def test_deadline_get():
    app = App()
    assert nxd_mqtt_client_deadline_get(app.client) == (NXD_MQTT_SUCCESS, NX_WAIT_FOREVER)
    app.script.expect(connect_packet("me", 10)).send(CONNACK)
    app.start(keepalive=10)
    assert nxd_mqtt_client_deadline_get(app.client) == (NXD_MQTT_SUCCESS, 0)
    while not app.told:
        app.poll()
    app.poll()
    assert nxd_mqtt_client_deadline_get(app.client) == (NXD_MQTT_SUCCESS, 750)
    app.clock.advance(7491)
    assert nxd_mqtt_client_deadline_get(app.client) == (NXD_MQTT_SUCCESS, 1)
    app.clock.advance(9)
    assert nxd_mqtt_client_deadline_get(app.client) == (NXD_MQTT_SUCCESS, 0)
    app.poll()
    assert app.peer.take()[-2:] == PINGREQ
    assert nxd_mqtt_client_deadline_get(app.client)[1] <= 1000
    app.peer.send(PINGRESP)
    app.polls(2)
    nxd_mqtt_client_disconnect(app.client)
    assert nxd_mqtt_client_deadline_get(app.client) == (NXD_MQTT_SUCCESS, NX_WAIT_FOREVER)


def test_deadline_get_says_when_a_turn_has_left_something_to_do():
    app = App(queue=4000).connect()
    flood(app, 200)
    app.poll()
    assert nxd_mqtt_client_deadline_get(app.client) == (NXD_MQTT_SUCCESS, 0)
    app.polls(50)
    assert nxd_mqtt_client_deadline_get(app.client)[1] > 0


def test_message_discard():
    app = App().connect()
    assert nxd_mqtt_client_message_discard(app.client) == NXD_MQTT_NO_MESSAGE
    app.peer.send(publish("t", b"1", 1) + publish("t", b"2"))
    app.polls(2)
    assert nxd_mqtt_client_message_discard(app.client) == NXD_MQTT_SUCCESS
    assert app.messages() == [b"2"]
    assert nxd_mqtt_client_message_discard(app.client) == NXD_MQTT_NO_MESSAGE
    assert app.peer.take() == puback(1)


def test_timeout_set():
    app = App().connect(keepalive=10)
    client = app.client
    for which in (0, 2, 4, 9, 11, 13):
        for ticks in (0, 1, 2**27 // 10, NX_WAIT_FOREVER):
            assert nxd_mqtt_client_timeout_set(client, which, ticks) == NXD_MQTT_SUCCESS
    bad = NXD_MQTT_INVALID_PARAMETER
    for which, ticks in ((1, 5), (3, 5), (14, 5), (None, 5), (4, -1), (4, None), (4, 2**27)):
        assert nxd_mqtt_client_timeout_set(client, which, ticks) == bad
    nxd_mqtt_client_timeout_set(client, NXD_MQTT_TIMEOUT_PINGRESP, 100)
    app.clock.advance(7500)
    app.poll()
    app.clock.advance(1000)
    assert app.poll() == NXD_MQTT_COMMUNICATION_FAILURE


def test_statistics():
    app = App().connect(clean=0)
    assert app.publish() == app.publish(quality=0) == NXD_MQTT_SUCCESS
    app.peer.send(puback(1) + publish("t", b"1"))
    app.publish()
    app.polls(2)
    counted = app.statistics
    assert counted["state"] == 3
    assert (counted["published"], counted["acknowledged"], counted["unacknowledged"]) == (3, 1, 1)
    assert (counted["received"], counted["unread"]) == (1, 1)
    app.peer.close()
    app.polls(2)
    app.connect(clean=0, answer=CONNACK_PRESENT)
    app.polls(2)
    assert app.statistics["resent"] == 1
    app.get()
    assert app.statistics["unread"] == 0


def used(app):
    """How many bytes of the receive queue are in use."""
    return app.statistics["queue_bytes"]


def test_statistics_of_the_receive_queue():
    app = App(queue=512).connect()
    # Four bytes of the memory are slack.
    assert (used(app), app.statistics["queue_size"]) == (0, 508)
    # A record takes five bytes, the topic three, a packet identifier two.
    fill = [0]
    for number, (size, packet_id) in enumerate(((1, None), (100, 7), (20, None), (0, 8))):
        app.peer.send(publish("t", bytes(size), packet_id))
        app.polls(3)
        fill.append(fill[-1] + 8 + size + (2 if packet_id else 0))
        assert used(app) == fill[-1]
        assert app.statistics["unread"] == number + 1
    for taken in fill[1:]:
        assert app.get() is not None
        assert used(app) == fill[-1] - taken
    assert app.statistics["queue_size"] == 508


def test_statistics_of_a_receive_queue_that_is_full_to_the_last_byte():
    app = App(queue=64).connect()
    app.peer.send(publish("t", message(1, 52)))
    app.polls(2)
    assert used(app) == app.statistics["queue_size"] == 60
    app.messages()
    # Too large for the queue: only its packet identifier is kept, until the PUBACK is sent.
    app.peer.send(publish("t", message(2, 53), 9))
    app.polls(3)
    assert app.peer.take() == puback(9)
    assert used(app) == 0


def test_statistics_of_messages_whose_acknowledgement_is_owed():
    app = App()
    nxd_mqtt_client_ack_mode_set(app.client, NXD_MQTT_ACK_ON_GET)
    app.connect(clean=0)
    for number in (1, 2):
        app.peer.send(publish("t", b"1234567890", number))
    app.polls(3)
    assert used(app) == 40
    assert app.get() == b"1234567890"
    assert (app.statistics["unread"], used(app)) == (1, 40)
    app.poll()
    assert app.peer.take() == puback(1)
    assert used(app) == 20
    assert nxd_mqtt_client_message_discard(app.client) == NXD_MQTT_SUCCESS
    assert (app.statistics["unread"], used(app)) == (0, 20)
    app.poll()
    assert app.peer.take() == puback(2)
    assert used(app) == 0


@pytest.mark.parametrize("depth", (1, 8))
def test_statistics_of_the_store_are_as_the_pool_was_made(depth, tmp_path):
    app = App(depth=depth)
    assert (app.statistics["depth"], app.statistics["unacknowledged"]) == (depth, 0)
    store = FileStore(str(tmp_path / "outbox"))
    assert nxd_mqtt_client_store_set(app.client, store) == NXD_MQTT_SUCCESS
    assert app.statistics["depth"] == depth
    app.connect(clean=0)
    accepted = 0
    while app.publish() == NXD_MQTT_SUCCESS:
        accepted += 1
        assert app.statistics["unacknowledged"] == accepted
    assert app.statistics["depth"] == accepted == depth
    nxd_mqtt_client_delete(app.client)


def test_packet_identifier_is_that_of_the_last_accepted_call():
    app = App(depth=3).connect()
    app.publish()
    nxd_mqtt_client_subscribe(app.client, "t", 0)
    assert app.client.packet_identifier == 2
    nxd_mqtt_client_unsubscribe(app.client, "t")
    assert app.client.packet_identifier == 3
    assert app.publish() == FULL
    app.publish(quality=0)
    assert app.client.packet_identifier == 3


def test_a_stack_that_takes_no_more_than_a_kilobyte_at_a_time():
    app = App(payload_size=3000, ip=Platform(dialect=AIRLIFT)).connect()
    app.publish(bytes(2500))
    assert app.peer.take() == publish("t", bytes(2500), 1)
    offers = [size for verb, size in app.sockets.calls if verb == "send"]
    assert max(offers) == 1024
