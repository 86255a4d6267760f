# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A client with reconnection set: when it tries again, when it stops, what it tells."""

import pytest
from client_bench import CONNECTED, CONNECTING, IDLE, App
from doubles.dialects import StackError
from doubles.played_broker import PlayedBroker
from doubles.trials import PORT

from boards.desktop.broker.packets import Connect, Puback, Publish
from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *

MINIMUM, MAXIMUM = 100, 1600  # ticks
LOST = NXD_MQTT_COMMUNICATION_FAILURE
QOS_2 = bytes.fromhex("34 06 00 01 61 00 01 00")


def device(broker=None, minimum=MINIMUM, maximum=MAXIMUM, **named):
    """An application with reconnection set, and a broker that answers it."""
    app = App(**named)
    app.broker = broker or PlayedBroker()
    app.sockets.listen(PORT, app.broker)
    assert nxd_mqtt_client_reconnect_set(app.client, minimum, maximum) == NXD_MQTT_SUCCESS
    return app


def up(app, clean=0):
    """Connect, and forget what was told."""
    assert app.start(500, clean=clean) == NXD_MQTT_SUCCESS
    app.told.clear()
    return app


def ticks_left(app):
    status, ticks = nxd_mqtt_client_deadline_get(app.client)
    assert status == NXD_MQTT_SUCCESS
    return ticks


def lose(app):
    """The broker ends the connection, and the client learns of it."""
    app.broker.peer.close()
    assert app.poll() == NXD_MQTT_SUCCESS
    return app


def attempt(app):
    """Let the time pass until the next attempt, and make it."""
    before = app.client.attempts
    app.clock.advance(ticks_left(app) * 10)
    status = app.poll()
    assert app.client.attempts == before + 1
    return status


def test_a_lost_link_is_replaced():
    app = lose(up(device()))
    assert app.state == CONNECTING
    assert app.told == [("disconnect", LOST)]
    assert app.all_closed()
    assert attempt(app) == NXD_MQTT_SUCCESS
    assert app.state == CONNECTED
    assert app.heard("connect") == [(NXD_MQTT_SUCCESS,)]
    assert app.sockets.open_now == 1
    statistics = app.statistics
    assert (statistics["attempts"], statistics["connects"], statistics["reconnects"]) == (2, 2, 1)
    assert [reason[:2] for reason in statistics["reasons"]] == [("session", LOST)]


def test_nothing_is_tried_before_the_pause_is_over():
    app = lose(up(device()))
    left = ticks_left(app) * 10
    assert 1000 <= left <= 2000
    app.clock.advance(left - 20)
    assert app.polls(5) == [NXD_MQTT_SUCCESS]
    assert (app.client.attempts, len(app.broker.connections)) == (1, 1)
    app.clock.advance(20)
    app.poll()
    assert app.client.attempts == 2


def test_a_poll_with_a_wait_sleeps_through_the_pause():
    app = lose(up(device()))
    before = app.clock.elapsed
    assert app.poll(NX_WAIT_FOREVER) == NXD_MQTT_SUCCESS
    assert 1000 <= app.clock.elapsed - before <= 2000
    assert app.state == CONNECTED


def test_a_poll_waits_no_longer_than_it_is_told_to():
    app = lose(up(device()))
    before = app.clock.elapsed
    assert app.poll(7) == NXD_MQTT_SUCCESS
    assert app.clock.elapsed - before == 70


def test_the_pauses_of_failing_attempts_grow_and_are_bounded():
    app = lose(up(device()))
    app.sockets.refuse(PORT)
    pauses = []
    for _ in range(9):
        pauses.append(ticks_left(app))
        assert attempt(app) == NXD_MQTT_SUCCESS
    for step, pause in enumerate(pauses):
        ceiling = min(MINIMUM << step + 1, MAXIMUM)
        assert ceiling // 2 <= pause <= ceiling
    assert app.heard("connect") == []
    assert app.told == [("disconnect", LOST)]
    assert app.client.reason[:2] == ("tcp", NXD_MQTT_CONNECT_FAILURE)
    assert len(app.statistics["reasons"]) == 4


def test_an_hour_of_links_that_end_at_once_is_no_storm():
    app = device()
    app.start()

    def hang_up():
        app.broker.peer.close()

    app.doing["connect"] = hang_up
    while app.clock.elapsed < 3_600_000:
        app.poll(NX_WAIT_FOREVER)
    # From 8 to 16 seconds each, after the first few.
    assert 3600 // 16 <= app.statistics["attempts"] <= 3600 // 8 + 5


def test_the_first_connect_is_tried_for_as_long_as_it_takes():
    app = device()
    app.sockets.refuse(PORT)
    assert app.start() == NX_IN_PROGRESS
    for _ in range(40):
        assert app.poll(NX_WAIT_FOREVER) == NXD_MQTT_SUCCESS
        assert app.state == CONNECTING
    app.sockets.listen(PORT, app.broker)
    app.poll(NX_WAIT_FOREVER)
    app.poll(NX_WAIT_FOREVER)
    assert app.state == CONNECTED
    assert app.told == [("connect", NXD_MQTT_SUCCESS)]
    assert app.statistics["reconnects"] == 0


def test_a_blocking_connect_sees_failing_attempts_through():
    app = device()
    app.sockets.refuse(PORT)
    app.clock.later(20_000, lambda: app.sockets.listen(PORT, app.broker))
    assert app.start(NX_WAIT_FOREVER) == NXD_MQTT_SUCCESS
    assert app.clock.elapsed > 20_000
    assert app.state == CONNECTED


def test_a_blocking_connect_whose_wait_is_over_goes_on_in_poll():
    app = device()
    app.sockets.refuse(PORT)
    assert app.start(500) == NX_IN_PROGRESS
    assert (app.clock.elapsed, app.state) == (5000, CONNECTING)
    app.sockets.listen(PORT, app.broker)
    app.poll(NX_WAIT_FOREVER)
    app.poll(NX_WAIT_FOREVER)
    assert app.told == [("connect", NXD_MQTT_SUCCESS)]


@pytest.mark.parametrize("wait", [NX_NO_WAIT, 1000])
@pytest.mark.parametrize("code", [1, 2, 4, 5])
def test_a_refusal_is_final(code, wait):
    app = device()
    app.broker.code = code
    refusal = NXD_MQTT_ERROR_CONNECT_RETURN_CODE + code
    status = app.start(wait)
    if wait == NX_NO_WAIT:
        status = app.poll()
    assert status == refusal
    assert app.state == IDLE
    assert app.heard("connect") == [(refusal,)]
    assert app.polls(100) == [NXD_MQTT_NOT_CONNECTED]
    assert ticks_left(app) == NX_WAIT_FOREVER
    assert len(app.broker.connections) == 1


def test_a_refusal_of_a_later_link_is_final_too():
    app = lose(up(device()))
    app.broker.code = 5
    assert attempt(app) == NXD_MQTT_ERROR_NOT_AUTHORIZED
    assert app.poll() == NXD_MQTT_NOT_CONNECTED
    assert app.told == [("disconnect", LOST), ("connect", NXD_MQTT_ERROR_NOT_AUTHORIZED)]
    assert app.state == IDLE


def test_a_broker_that_is_unavailable_is_asked_again():
    app = device()
    app.broker.code = 3
    app.start()
    app.polls(3)
    assert app.state == CONNECTING
    assert app.client.reason[:2] == ("connack", NXD_MQTT_ERROR_SERVER_UNAVAILABLE)
    app.broker.code = 0
    attempt(app)
    assert app.state == CONNECTED


def test_a_connect_that_cannot_be_sent_is_final():
    app = device(payload_size=16)
    assert nxd_mqtt_client_login_set(app.client, "a user name", "a password") == NXD_MQTT_SUCCESS
    assert app.start(1000) == NXD_MQTT_PACKET_POOL_FAILURE
    assert app.state == IDLE


def test_a_login_that_is_none_is_final():
    app = device()
    nxd_mqtt_client_login_set(app.client, lambda: 17, None)
    assert app.start(1000) == NXD_MQTT_INVALID_PARAMETER
    assert app.state == IDLE


def raise_once(app):
    """A login that cannot be told when it is asked for the first time."""
    names = [ValueError("no clock yet"), "me"]

    def username():
        name = names.pop(0)
        if isinstance(name, Exception):
            raise name
        return name

    nxd_mqtt_client_login_set(app.client, username, None)


def test_a_login_that_raises_is_asked_again():
    app = device()
    raise_once(app)
    app.start()
    with pytest.raises(ValueError, match="no clock yet"):
        app.poll()
    assert app.state == CONNECTING
    attempt(app)
    assert app.state == CONNECTED


def test_a_poison_message_is_not_an_endless_storm():
    app = up(device())
    for number in range(3):
        app.broker.peer.send(QOS_2)
        status = app.poll()
        if number < 2:
            assert status == NXD_MQTT_SUCCESS
            attempt(app)
            assert app.state == CONNECTED
    assert status == NXD_MQTT_INVALID_PACKET
    assert app.polls(9) == [NXD_MQTT_NOT_CONNECTED]
    assert app.state == IDLE
    assert app.heard("disconnect") == [(NXD_MQTT_INVALID_PACKET,)] * 3
    assert "QoS 2" in app.client.reason[2]


def test_other_endings_between_poison_messages_begin_the_count_anew():
    app = up(device())
    for _ in range(5):
        for _ in range(2):
            app.broker.peer.send(QOS_2)
            app.poll()
            attempt(app)
        lose(app)
        attempt(app)
    assert app.state == CONNECTED


def test_attempts_without_a_connection_do_not_begin_the_count_anew():
    app = up(device())
    for number in range(3):
        app.broker.peer.send(QOS_2)
        app.poll()
        if number < 2:
            app.sockets.refuse(PORT)
            attempt(app)
            app.sockets.listen(PORT, app.broker)
            attempt(app)
    assert app.state == IDLE


@pytest.mark.parametrize("connected", [True, False])
def test_the_application_s_disconnect_ends_it(connected):
    app = up(device())
    if not connected:
        lose(app)
    app.told.clear()
    assert nxd_mqtt_client_disconnect(app.client) == NXD_MQTT_SUCCESS
    assert app.state == IDLE
    assert app.polls(9) == [NXD_MQTT_NOT_CONNECTED]
    app.clock.advance(3_600_000)
    assert app.polls(9) == [NXD_MQTT_NOT_CONNECTED]
    assert len(app.broker.connections) == 1
    assert len(app.told) == 1


def test_delete_ends_it():
    app = lose(up(device()))
    nxd_mqtt_client_delete(app.client)
    app.clock.advance(3_600_000)
    assert app.poll() == NXD_MQTT_MUTEX_FAILURE
    assert len(app.broker.connections) == 1


def test_disconnect_inside_disconnect_notify_ends_it():
    app = up(device())
    app.doing["disconnect"] = lambda: nxd_mqtt_client_disconnect(app.client)
    app.broker.peer.close()
    app.poll()
    assert app.state == IDLE
    assert app.polls(9)[-1] == NXD_MQTT_NOT_CONNECTED


def test_connect_inside_disconnect_notify_is_on_its_way_already():
    app = up(device())
    found = []
    app.doing["disconnect"] = lambda: found.append(app.start())
    lose(app)
    assert found == [NXD_MQTT_CONNECTING]


def test_what_is_published_meanwhile_is_sent_in_order():
    app = lose(up(device(depth=4)))
    assert [app.publish(b"%d" % number) for number in range(5)] == [0, 0, 0, 0, 0x10006]
    assert app.publish(b"x", 0) == NXD_MQTT_NOT_CONNECTED
    attempt(app)
    app.poll()
    assert app.broker.published == [(n + 1, b"%d" % n, False) for n in range(4)]
    assert app.statistics["acknowledged"] == 4


def test_what_is_published_before_the_first_link_is_sent_on_it():
    app = device()
    assert app.publish() == NXD_MQTT_NOT_CONNECTED
    app.start()
    assert app.publish() == NXD_MQTT_SUCCESS
    app.polls(3)
    assert app.broker.published == [(1, b"m", False)]


def test_what_is_on_its_way_is_resent_first_with_dup():
    app = up(device())
    app.broker.mute = (Publish,)
    app.publish(b"1")
    app.publish(b"2")
    lose(app)
    app.publish(b"3")
    app.broker.mute = ()
    attempt(app)
    app.poll()
    assert app.broker.published[2:] == [(1, b"1", True), (2, b"2", True), (3, b"3", False)]
    assert app.statistics["resent"] == 2


def test_a_clean_session_sends_only_what_was_not_sent():
    app = up(device(), clean=1)
    app.broker.mute = (Publish,)
    app.publish(b"1")
    lose(app)
    app.publish(b"2")
    attempt(app)
    assert [packet.payload for packet in app.broker.came(Publish)] == [b"2"]
    assert app.broker.came(Connect)[0].clean_session


def test_without_a_link_publishing_ends_with_its_wait():
    app = lose(up(device(depth=1)))
    app.sockets.refuse(PORT)
    app.publish()
    before = app.clock.elapsed
    assert app.publish(wait=500) == NXD_MQTT_PACKET_POOL_FAILURE
    assert app.clock.elapsed - before == 5000


def test_publishing_with_a_wait_outlasts_the_loss():
    app = lose(up(device(depth=1)))
    app.publish()
    assert app.publish(wait=NX_WAIT_FOREVER) == NXD_MQTT_SUCCESS


def test_a_network_that_is_down_is_not_tried():
    app = device()
    down = [True]
    app.ip.link_up = lambda: not down[0]
    app.start()
    for _ in range(5):
        app.poll(NX_WAIT_FOREVER)
    assert app.client.reason[:2] == ("dns", NXD_MQTT_CONNECT_FAILURE)
    assert app.sockets.opened == 0
    down[0] = False
    app.poll(NX_WAIT_FOREVER)
    app.poll(NX_WAIT_FOREVER)
    assert app.state == CONNECTED


def test_messages_that_were_received_outlive_the_loss():
    app = up(device())
    app.broker.send(Publish("t", b"0"))
    app.poll()
    lose(app)
    attempt(app)
    app.broker.send(Publish("t", b"1"))
    app.poll()
    assert app.messages() == [b"0", b"1"]


def test_a_loss_in_the_middle_of_a_packet_leaves_a_clean_parser():
    app = up(device())
    app.broker.peer.send(b"\x30\x20\x00\x01t and then")
    app.poll()
    lose(app)
    attempt(app)
    app.broker.send(Publish("t", b"whole"))
    app.poll()
    assert app.messages() == [b"whole"]


def test_a_callback_that_polls_for_long_does_not_lose_an_ending():
    app = up(device(minimum=1, maximum=1))
    busy = []

    def stay():
        if not busy:
            busy.append(True)
            for _ in range(200):
                app.clock.advance(100)
                app.poll()
                app.broker.peer.close()

    app.doing["receive"] = stay
    app.broker.send(Publish("t"))
    app.poll()
    endings = app.statistics["connects"] - 1
    assert len(app.heard("disconnect")) == endings + (app.state != CONNECTED)
    # Room for events has ended the attempts, and now there is room again.
    app.doing.clear()
    app.clock.advance(1000)
    app.polls(5)
    app.clock.advance(1000)
    app.polls(5)
    assert app.statistics["connects"] > endings
    told = [what for what in app.told if what[0] in ("connect", "disconnect")]
    kinds = [kind for kind, _ in told]
    assert kinds == ["disconnect", "connect"] * (len(kinds) // 2) + ["disconnect"] * (
        len(kinds) % 2
    )


@pytest.mark.parametrize(
    "arguments",
    [(0, 1), (1, 0), (2, 1), (-1, 5), (1, 1 << 40), ("1", 2), (1, None), (1, 2, 0), (1, 2, 5000)],
)
def test_pauses_that_are_none_are_refused(arguments):
    app = App()
    status = nxd_mqtt_client_reconnect_set(app.client, *arguments)
    assert status == NXD_MQTT_INVALID_PARAMETER


def test_it_is_set_without_a_link_only():
    app = up(device())
    assert nxd_mqtt_client_reconnect_set(app.client, 0, 0) == NXD_MQTT_INVALID_STATE
    lose(app)
    assert nxd_mqtt_client_reconnect_set(app.client, 0, 0) == NXD_MQTT_INVALID_STATE
    nxd_mqtt_client_disconnect(app.client)
    assert nxd_mqtt_client_reconnect_set(app.client, 0, 0) == NXD_MQTT_SUCCESS
    app.told.clear()
    up(app)
    app.broker.peer.close()
    assert app.polls(3) == [LOST, NXD_MQTT_NOT_CONNECTED]
    assert nxd_mqtt_client_reconnect_set(None, 1, 1) == NX_PTR_ERROR
    assert nxd_mqtt_client_reconnect_set(NXD_MQTT_CLIENT(), 1, 1) == NXD_MQTT_MUTEX_FAILURE


def test_an_hour_without_a_link_keeps_the_first_messages_that_fit():
    app = lose(up(device(depth=8)))
    app.sockets.refuse(PORT)
    accepted = []
    for second in range(3600):
        if app.publish(b"%d" % second) == NXD_MQTT_SUCCESS:
            accepted.append(b"%d" % second)
        app.clock.advance(1000)
        app.poll()
    assert accepted == [b"%d" % second for second in range(8)]
    app.sockets.listen(PORT, app.broker)
    app.poll(NX_WAIT_FOREVER)
    app.polls(5)
    assert [payload for _, payload, _ in app.broker.published] == accepted


def test_late_acknowledgements_bring_no_duplicates():
    app = up(device())
    app.broker.mute = (Publish,)
    for number in range(8):
        app.publish(b"%d" % number)
    for _ in range(60):
        app.clock.advance(1000)
        app.poll()
    assert [duplicate for _, _, duplicate in app.broker.published] == [False] * 8
    for number in range(8):
        app.broker.send(Puback(number + 1))
    app.polls(9)
    statistics = app.statistics
    assert (statistics["acknowledged"], statistics["resent"]) == (8, 0)


@pytest.mark.parametrize("again", [True, False])
def test_the_newest_reason_is_not_hidden_by_that_of_a_link_before(again):
    app = device() if again else App()
    app.broker = PlayedBroker()
    app.sockets.listen(PORT, app.broker)
    app.start(500)
    app.broker.peer.close()
    app.publish(b"x", 0)  # is swallowed
    # Learns of the end, which is told in the next call only.
    assert app.publish(b"x", 0) == LOST
    app.broker.code = 5
    if again:
        app.clock.advance(2000)
    status = app.poll() if again else app.start(500)
    assert status == NXD_MQTT_ERROR_NOT_AUTHORIZED
    assert app.client.reason[:2] == ("connack", NXD_MQTT_ERROR_NOT_AUTHORIZED)
    assert app.heard("disconnect") == [(LOST,)]


def test_a_connect_inside_a_callback_does_not_shorten_later_attempts():
    app = App()
    app.broker = PlayedBroker()
    app.sockets.listen(PORT, app.broker)
    app.start(500)
    app.doing["disconnect"] = lambda: app.start(1)
    app.sockets.connect_takes = 3000
    app.broker.peer.close()
    app.polls(2)
    assert app.state == CONNECTED


def test_a_login_that_raises_inside_a_blocking_connect_does_not_shorten_later_attempts():
    app = device()
    raise_once(app)
    with pytest.raises(ValueError, match="no clock yet"):
        app.start(100)
    app.sockets.connect_takes = 3000
    attempt(app)
    assert app.state == CONNECTED


def test_a_disconnect_that_breaks_tells_one_end():
    app = up(device())
    app.sockets.fail("send", StackError(104))
    nxd_mqtt_client_disconnect(app.client)
    assert [what[0] for what in app.told] == ["disconnect"]
    assert app.state == IDLE
    assert app.polls(9) == [NXD_MQTT_NOT_CONNECTED]


def test_the_count_of_reconnects_outlives_other_pauses():
    app = lose(up(device()))
    attempt(app)
    nxd_mqtt_client_disconnect(app.client)
    nxd_mqtt_client_reconnect_set(app.client, 1, 1)
    assert app.statistics["reconnects"] == 1


def miss_the_connack(app):
    """The broker forgets the session, begins one for a CONNECT, and its answer is lost."""
    app.broker.forget()
    app.broker.mute = (Connect,)
    lose(app)
    attempt(app)
    lose(app)
    app.broker.mute = ()
    attempt(app)
    app.polls(5)
    assert app.state == CONNECTED


def test_a_subscription_survives_a_connack_that_was_lost():
    app = up(device())
    assert nxd_mqtt_client_subscribe(app.client, "t", 1) == NXD_MQTT_SUCCESS
    app.polls(5)
    miss_the_connack(app)
    assert app.broker.filters == {"t": 1}
    # The broker has said 1; a program that subscribes by itself must hear 0.
    assert app.client.session_present == 0
    lose(app)
    attempt(app)
    assert app.client.session_present == 1


def test_unread_messages_survive_a_connack_that_was_lost():
    app = up(device())
    nxd_mqtt_client_ack_mode_set(app.client, NXD_MQTT_ACK_ON_GET)
    app.broker.send(Publish("t", b"the only copy", 1, packet_id=1))
    app.polls(5)
    miss_the_connack(app)
    assert app.messages() == [b"the only copy"]


def test_a_loop_around_connect_as_in_c_waits_with_the_attempts():
    app = device()
    app.sockets.refuse(PORT)
    app.clock.later(20_000, lambda: app.sockets.listen(PORT, app.broker))
    statuses = []
    while not statuses or statuses[-1] != NXD_MQTT_SUCCESS:
        statuses.append(app.start(100))
        assert app.clock.elapsed == len(statuses) * 1000 or app.state == CONNECTED
        assert len(statuses) < 60
    assert set(statuses) == {NX_IN_PROGRESS, NXD_MQTT_SUCCESS}
    assert app.told == [("connect", NXD_MQTT_SUCCESS)]


def test_a_call_that_waits_with_the_attempts_learns_of_a_refusal():
    app = lose(up(device()))
    app.broker.code = 5
    assert app.start(1000) == NXD_MQTT_ERROR_NOT_AUTHORIZED
    assert app.polls(3) == [NXD_MQTT_NOT_CONNECTED]


def test_a_call_after_a_loss_waits_for_the_next_link():
    app = lose(up(device()))
    assert app.start(1000) == NXD_MQTT_SUCCESS
    assert app.state == CONNECTED
    assert len(app.broker.connections) == 2


def test_a_call_without_a_wait_does_not_wait_with_the_attempts():
    app = lose(up(device()))
    assert app.start() == NXD_MQTT_CONNECTING


def test_a_refused_connect_is_no_reason_to_doubt_the_session():
    app = up(device())
    assert nxd_mqtt_client_subscribe(app.client, "t", 1) == NXD_MQTT_SUCCESS
    app.polls(5)
    app.broker.code = 3
    lose(app)
    attempt(app)
    app.broker.code = 0
    attempt(app)
    app.polls(5)
    assert app.client.session_present == 1
    assert [type(packet) for packet in app.broker.packets[-1]] == [Connect]


def test_a_refused_connect_does_not_end_a_doubt():
    app = up(device())
    nxd_mqtt_client_subscribe(app.client, "t", 1)
    app.polls(5)
    app.broker.forget()
    app.broker.mute = (Connect,)
    lose(app)
    attempt(app)
    lose(app)
    app.broker.mute = ()
    app.broker.code = 3
    attempt(app)
    app.broker.code = 0
    attempt(app)
    app.polls(5)
    assert app.client.session_present == 0
    assert app.broker.filters == {"t": 1}
