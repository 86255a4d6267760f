# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What the monitor observes: round trips, endings, messages, beside the application."""

import pytest
from client_bench import App
from doubles.played_broker import PlayedBroker
from doubles.trials import PORT
from kernel_bench import Kernel
from monitor_bench import FakeTime, Watched

from boards.desktop.broker.packets import Puback, Publish
from boards.desktop.monitor import Monitor
from boards.desktop.monitor.words import figures_line, printable, sentence, status_words
from nxd_mqtt import status as all_statuses
from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *
from nxd_mqtt.tx import *

LOST = NXD_MQTT_COMMUNICATION_FAILURE


def sentences(app, kind):
    return [sentence(event) for event in app.events if event.kind == kind]


def shown(app):
    """Kind and count of the events that the screen has."""
    return [(event.kind, event.count) for event in app.monitor.snapshot().events]


# --- beside the application ----------------------------------------------------------------------


def test_the_application_s_callbacks_are_told_as_before():
    watched = Watched().up()
    plain = App()
    plain.broker = watched.broker.__class__()
    plain.sockets.listen(1883, plain.broker)
    nxd_mqtt_client_reconnect_set(plain.client, 100, 1600)
    assert plain.start(500, clean=0) == NXD_MQTT_SUCCESS
    for app in (watched, plain):
        app.publish()
        nxd_mqtt_client_subscribe(app.client, "t", 1)
        app.poll()
        app.broker.deliver(b"one")
        app.broker.deliver(b"two")
        app.poll()
        app.broker.peer.close()
        app.poll()
    assert {what[0] for what in plain.told} == {"connect", "acknowledge", "receive", "disconnect"}
    assert watched.told == plain.told


def test_an_exception_of_a_callback_is_the_application_s():
    app = Watched().up()

    def fail():
        raise ZeroDivisionError

    app.doing["acknowledge"] = fail
    app.send()
    with pytest.raises(ZeroDivisionError):
        app.poll()
    assert len(app.of("acknowledged")) == 1


def test_a_client_without_callbacks_is_observed():
    app = App()
    app.client.nxd_mqtt_connect_notify = app.client.nxd_mqtt_ack_receive_notify = None
    nxd_mqtt_client_receive_notify_set(app.client, None)
    nxd_mqtt_client_disconnect_notify_set(app.client, None)
    monitor = Monitor(app.client, time=FakeTime(app.clock))
    app.connect()
    app.peer.close()
    app.poll()
    assert [event.kind for event in monitor.snapshot().events] == ["connected", "lost"]


def test_a_link_that_was_there_before_the_monitor_is_shown():
    app = App().connect()
    app.clock.advance(5000)
    monitor = Monitor(app.client, time=FakeTime(app.clock))
    app.clock.advance(2000)
    snapshot = monitor.snapshot()
    assert (snapshot.state, snapshot.figures["link_seconds"]) == (3, 2.0)
    assert snapshot.title == "me"


def test_a_client_that_is_deleted_leaves_its_last_figures():
    app = Watched().up()
    app.publish_and_wait(10)
    assert nxd_mqtt_client_delete(app.client) == NXD_MQTT_SUCCESS
    app.monitor.look()
    snapshot = app.monitor.snapshot()
    assert (snapshot.figures["state"], snapshot.figures["acknowledged"]) == ("INITIALIZE", 1)
    assert [event.kind for event in app.events][-1] == "ended"
    assert "INITIALIZE (0)" in app.picture()[1]


# --- under the kernel ----------------------------------------------------------------------------


def kernel_with(broker, **measures):
    """A kernel whose client is given a broker, and the monitor that is around it from then on."""
    kernel = Kernel(**measures)
    events = []

    def watch():
        kernel.app.sockets.listen(PORT, broker)
        kernel.app.told.clear()
        monitor = Monitor(kernel.client, time=FakeTime(kernel.clock))
        monitor.listeners.append(events.append)
        return monitor

    return kernel, watch, events


async def reach(kernel):
    """Connect, for good."""
    nxd_mqtt_client_reconnect_set(kernel.client, 100, 100)
    arguments = (kernel.client, "broker.test", PORT, 0, NX_FALSE, 500)
    assert await tx_wait(nxd_mqtt_client_connect, *arguments) == NXD_MQTT_SUCCESS


def test_a_client_that_the_kernel_runs_is_watched_from_a_thread():
    broker = PlayedBroker()
    kernel, watch, events = kernel_with(broker)

    async def work():
        monitor = watch()
        assert tx_thread_create(TX_THREAD(), "look", look, monitor, None, 0, 20, 20) == TX_SUCCESS
        await reach(kernel)
        monitor.subscribe(kernel.client, "room/#", 1)
        arguments = (kernel.client, "t", b"m", 0, 1, NX_WAIT_FOREVER)
        assert await monitor.tx_publish(*arguments) == NXD_MQTT_SUCCESS
        await tx_thread_sleep(100)
        broker.deliver(b"on", "room/1")
        await tx_thread_sleep(100)
        assert monitor.snapshot().figures["unread"] == 1
        monitor.message_get(kernel.client, bytearray(9), bytearray(9))
        broker.peer.close()
        await tx_thread_sleep(300)
        assert nxd_mqtt_client_delete(kernel.client) == NXD_MQTT_SUCCESS

    async def look(monitor):
        while kernel.client.state:
            monitor.look()
            await tx_thread_sleep(10)

    kernel.run(work)
    kinds = [event.kind for event in events if event.kind != "figures"]
    assert kinds[:5] == ["connected", "subscribed", "acknowledged", "arrived", "message"]
    assert kinds[5:] == ["lost", "connected", "ended"]
    assert [event.fields["round_trip"] for event in events if event.kind == "acknowledged"] == [
        True
    ]
    figures = [event.seconds for event in events if event.kind == "figures"]
    assert figures == pytest.approx([0, 1, 2, 3, 4], abs=0.1)
    told = [what[0] for what in kernel.app.told]
    assert told == [
        "connect",
        *("acknowledge",) * 2,
        "receive",
        "disconnect",
        "connect",
        "disconnect",
    ]


def test_a_publish_that_is_awaited_has_a_round_trip_from_when_there_was_room():
    broker = PlayedBroker()
    kernel, watch, events = kernel_with(broker, depth=1)

    async def work():
        monitor = watch()
        await reach(kernel)
        broker.mute = (Publish,)
        for number, delay in ((1, 300), (2, 500)):
            kernel.clock.later(delay, lambda number=number: broker.send(Puback(number)))
            arguments = (kernel.client, "t", b"m", 0, 1)
            assert await monitor.tx_publish(*arguments, 100) == NXD_MQTT_SUCCESS
        full = NXD_MQTT_PACKET_POOL_FAILURE
        assert await monitor.tx_publish(*arguments, 10) == full
        assert monitor.publish(*arguments, 10) == NX_WAIT_ERROR
        await tx_thread_sleep(100)
        assert monitor.snapshot().round_trips == pytest.approx((300, 200))
        assert nxd_mqtt_client_delete(kernel.client) == NXD_MQTT_SUCCESS

    kernel.run(work)
    refused = [event.fields["name"] for event in events if event.kind == "refused"]
    assert refused == ["NXD_MQTT_PACKET_POOL_FAILURE", "NX_WAIT_ERROR"]


# --- round trips ---------------------------------------------------------------------------------


def test_a_round_trip_is_from_publish_to_its_acknowledgement():
    app = Watched().up()
    for milliseconds in (40, 10, 200, 30):
        app.publish_and_wait(milliseconds)
    snapshot = app.monitor.snapshot()
    assert snapshot.round_trips == pytest.approx((40, 10, 200, 30))
    figures = snapshot.figures
    assert figures["round_trip_last"] == pytest.approx(30)
    assert figures["round_trip_median"] == pytest.approx(35)
    assert figures["round_trip_worst"] == pytest.approx(200)
    assert sentences(app, "acknowledged")[0] == "packet 1 after 40.0 ms"


def test_overlapping_messages_have_a_round_trip_each():
    app = Watched().up()
    app.broker.mute = (Publish,)
    app.send()
    first = app.client.packet_identifier
    app.turn(10)
    app.send()
    app.turn(10)
    app.broker.send(Puback(app.client.packet_identifier))
    app.turn(30)
    app.broker.send(Puback(first))
    app.turn()
    assert app.monitor.snapshot().round_trips == pytest.approx((40, 50))


def test_of_round_trips_the_newest_hundred_count():
    app = Watched().up()
    app.publish_and_wait(900)
    for _ in range(100):
        app.publish_and_wait(10)
    figures = app.monitor.snapshot().figures
    assert figures["round_trip_worst"] == pytest.approx(10)
    assert len(app.monitor.snapshot().round_trips) == 100


def test_what_is_sent_again_is_no_round_trip():
    app = Watched().up()
    app.broker.mute = (Publish,)
    app.send()
    app.turn(10)
    app.lose()
    app.broker.mute = ()
    app.turn(2000).turn()
    assert app.statistics["resent"] == 1
    assert [fields["round_trip"] for fields in app.of("acknowledged")] == [False]
    assert sentences(app, "acknowledged") == ["packet 1 after 2.01 s, waited for a link"]
    assert app.monitor.snapshot().round_trips == ()


def test_what_was_published_without_a_link_is_no_round_trip():
    app = Watched().up().lose()
    assert app.send() == NXD_MQTT_SUCCESS
    app.turn(2000).turn()
    assert len(app.of("acknowledged")) == 1
    assert app.monitor.snapshot().round_trips == ()


def test_what_the_application_published_itself_is_acknowledged_without_a_time():
    app = Watched().up()
    app.publish()
    app.turn()
    assert sentences(app, "acknowledged") == ["packet 1"]


def test_quality_0_is_never_awaited():
    app = Watched().up()
    assert app.send(quality=0) == NXD_MQTT_SUCCESS
    app.turn(10)
    app.publish_and_wait(20)
    assert app.monitor.snapshot().round_trips == pytest.approx((20,))


# --- links come and go ---------------------------------------------------------------------------


def test_a_link_s_beginning_end_and_age():
    app = Watched().up()
    assert app.of("connected") == [{"session_present": 0, "attempt": 1}]
    app.turn(61_000)
    assert app.monitor.snapshot().figures["link_seconds"] == 61.0
    app.lose()
    (lost,) = app.of("lost")
    assert (lost["stage"], lost["status"]) == ("session", LOST)
    assert lost["name"] == "NXD_MQTT_COMMUNICATION_FAILURE"
    app.clock.advance(300)
    snapshot = app.monitor.snapshot()
    assert snapshot.figures["state"] == "CONNECTING"
    assert snapshot.figures["link_seconds"] is None
    assert snapshot.figures["without_link_seconds"] == pytest.approx(0.3)
    assert snapshot.ending.kind == "lost"


def test_the_next_attempt_is_told_until_it_is_made():
    app = Watched().up().lose()
    _, ticks = nxd_mqtt_client_deadline_get(app.client)
    assert app.monitor.snapshot().retry_seconds == pytest.approx(ticks / 100)
    app.clock.advance(200)
    assert app.monitor.snapshot().retry_seconds == pytest.approx(ticks / 100 - 0.2)
    app.turn(ticks * 10).turn()
    assert app.monitor.snapshot().retry_seconds is None
    assert app.of("connected")[1] == {"session_present": 1, "attempt": 2}


def test_attempts_that_fail_are_told_one_by_one_with_when_the_next_is():
    app = Watched()
    app.start(host="nowhere.test", port=2)
    for _ in range(3):
        app.turn(20_000)
        app.turn()
    failed = app.of("failed")
    assert len(failed) == app.statistics["attempts"] == 3
    assert {fields["stage"] for fields in failed} == {"dns"}
    for fields in failed:
        assert fields["status"] == NXD_MQTT_CONNECT_FAILURE
        assert 1 <= fields["retry_seconds"] <= 16
    assert "NXD_MQTT_CONNECT_FAILURE (0x10005); next try in " in sentences(app, "failed")[0]


def test_a_broker_that_says_no_refuses():
    app = Watched(reconnect=False)
    app.broker.code = 5
    assert app.start(500) == NXD_MQTT_ERROR_NOT_AUTHORIZED
    app.monitor.look()
    (refused,) = app.of("refused")
    assert refused["name"] == "NXD_MQTT_ERROR_NOT_AUTHORIZED"
    assert refused["retry_seconds"] is None
    assert app.of("failed") == []


def test_an_end_that_was_told_is_not_told_twice():
    app = Watched().up().lose()
    for _ in range(5):
        app.monitor.look()
    assert len(app.of("lost")) == 1
    assert app.of("failed") == []


def test_the_application_s_own_disconnect_is_no_loss():
    app = Watched().up()
    nxd_mqtt_client_disconnect(app.client)
    app.monitor.look()
    assert [event.kind for event in app.events][-1] == "ended"
    assert sentences(app, "ended") == ["session: disconnected by the application"]
    assert app.of("lost") == []


# --- subscriptions and messages ------------------------------------------------------------------


def test_subscriptions_are_told_by_the_name_of_their_filter():
    app = Watched().up()
    app.broker.refuse = ("secret/#",)
    for wanted in ("room/+", "secret/#"):
        assert app.monitor.subscribe(app.client, wanted, 1) == NXD_MQTT_SUCCESS
    nxd_mqtt_client_subscribe(app.client, "unseen", 0)
    app.turn()
    assert sentences(app, "subscribed") == ["room/+ at QoS 1", "packet 3 at QoS 0"]
    assert sentences(app, "not granted") == ["secret/#"]


def test_a_subscription_that_is_asked_for_again_keeps_its_name():
    app = Watched().up()
    app.broker.persistent = False
    app.broker.forget()
    app.monitor.subscribe(app.client, "room/+", 1)
    app.turn().lose()
    app.turn(2000).turn()
    assert sentences(app, "subscribed") == ["room/+ at QoS 1"] * 2


def test_a_message_that_is_taken_is_told_by_topic_and_length_alone():
    app = Watched().up()
    assert app.take() == NXD_MQTT_NO_MESSAGE
    app.broker.deliver(b"open sesame", "room/door")
    app.turn()
    assert app.take() == NXD_MQTT_SUCCESS
    expected = {"topic": "room/door", "bytes": 11, "qos": 1, "retain": 0}
    assert app.of("message") == [expected]
    assert app.of("arrived") == []
    assert "sesame" not in repr(app.events) + repr(app.monitor.snapshot())


def test_payloads_are_kept_where_they_are_asked_for():
    app = Watched(payloads=True).up()
    app.broker.deliver(b"open \xffsesame")
    app.turn().take()
    assert app.of("message")[0]["payload"] == "open \\xffsesame"


def test_messages_that_the_application_takes_itself_are_counted():
    app = Watched().up()
    app.broker.deliver(b"one")
    app.broker.deliver(b"two")
    app.turn()
    assert app.messages() == [b"one", b"two"]
    assert [fields["unread"] for fields in app.of("arrived")] == [1, 2]


def test_how_full_queue_and_window_are_is_what_the_client_says():
    app = Watched(queue=512, depth=3).up()
    app.broker.mute = (Publish,)
    for size in (0, 10, 40):
        app.broker.deliver(b"x" * size, "room/1234")
        app.send()
        app.turn()
    figures = app.monitor.snapshot().figures
    # Flags and length, length of the topic, packet identifier: 9 bytes of each record.
    assert figures["queue_bytes"] == 3 * (9 + 9) + 50
    assert (figures["unread"], figures["queue_size"]) == (3, 508)
    assert (figures["unacknowledged"], figures["depth"]) == (3, 3)
    names = ("queue_bytes", "queue_size", "depth")
    assert [figures[name] for name in names] == [app.statistics[name] for name in names]
    assert len(app.messages()) == 3
    assert app.monitor.snapshot().figures["queue_bytes"] == 0


def test_a_message_that_is_taken_and_not_acknowledged_is_still_in_the_queue():
    app = Watched().up()
    nxd_mqtt_client_ack_mode_set(app.client, NXD_MQTT_ACK_ON_GET)
    app.broker.deliver(b"12345")
    app.turn().take()
    assert "0 messages, 15 of 508 B" in figures_line(app.monitor.snapshot().figures)
    app.turn()
    assert "0 messages, 0 of 508 B" in figures_line(app.monitor.snapshot().figures)


def test_a_call_that_is_refused_is_told_with_its_status():
    app = Watched(depth=1).up()
    app.broker.mute = (Publish,)
    statuses = [app.send() for _ in range(3)]
    assert statuses == [NXD_MQTT_SUCCESS] + [NXD_MQTT_PACKET_POOL_FAILURE] * 2
    words = "publish: NXD_MQTT_PACKET_POOL_FAILURE (0x10006)"
    assert sentences(app, "refused") == [words] * 2
    assert ("refused", 2) in shown(app)
    app.monitor.subscribe(app.client, "a/#/b", 1)
    assert sentences(app, "refused")[-1] == "subscribe: NXD_MQTT_INVALID_PARAMETER (0x10009)"


def test_a_message_too_long_for_the_buffers_is_told():
    app = Watched().up()
    app.broker.deliver(b"12345")
    app.turn()
    answer = app.monitor.message_get(app.client, bytearray(10), bytearray(4))
    assert answer == (NXD_MQTT_INSUFFICIENT_BUFFER_SPACE, 1, 5)
    assert "NXD_MQTT_INSUFFICIENT_BUFFER_SPACE" in sentences(app, "refused")[0]


# --- what is kept --------------------------------------------------------------------------------


def test_frequent_events_of_a_second_share_a_line_and_are_all_told():
    app = Watched().up()
    app.take()
    for _ in range(10):
        app.publish_and_wait(20)
        app.broker.deliver(b"x", "a")
        app.broker.deliver(b"x", "b")
        app.turn()
        while app.take() == NXD_MQTT_SUCCESS:
            pass
    assert shown(app)[-3:] == [("acknowledged", 10), ("message", 10), ("message", 10)]
    assert len(app.of("acknowledged")) == 10
    assert len(app.of("message")) == 20
    app.publish_and_wait(1000)
    assert shown(app)[-1] == ("acknowledged", 1)


def test_events_on_two_sides_of_a_loss_do_not_share_a_line():
    app = Watched().up()
    app.publish_and_wait(1)
    app.lose()
    app.events.clear()
    app.monitor.client.nxd_mqtt_ack_receive_notify(app.client, 4, 9, None, app)
    assert shown(app)[-3:] == [("acknowledged", 1), ("lost", 1), ("acknowledged", 1)]


def test_events_on_the_screen_are_in_the_order_of_their_times():
    app = Watched().up()
    for number in range(40):
        app.publish_and_wait(90)
        app.broker.deliver(b"x", "a" if number % 3 else "b")
        app.turn().take()
    walls = [event.wall for event in app.monitor.snapshot().events]
    assert walls == sorted(walls)


def test_the_events_that_are_kept_are_bounded():
    app = Watched(reconnect=False).up()
    for number in range(300):
        app.monitor.client.nxd_mqtt_ack_receive_notify(app.client, 9, 9, 1, app)
        app.monitor.client.nxd_mqtt_ack_receive_notify(app.client, 4, number, None, app)
    kinds = [kind for kind, _ in shown(app)]
    assert (kinds.count("subscribed"), kinds.count("acknowledged")) == (100, 100)


def test_figures_are_told_once_a_second():
    app = Watched().up()
    for _ in range(100):
        app.turn(50)
    figures = app.of("figures")
    assert 5 <= len(figures) <= 6
    assert figures[-1]["state"] == "CONNECTED"
    app.turn(10_000)  # a pause is not made up for
    app.turn()
    assert len(app.of("figures")) == len(figures) + 1


# --- words ---------------------------------------------------------------------------------------


def test_every_status_has_its_name():
    errors = [
        (name, number)
        for name, number in vars(all_statuses).items()
        if name.startswith("NXD_MQTT_") and number > 0xFFFF
    ]
    assert len(errors) > 15
    for name, number in errors:
        assert status_words(number) == f"{name} ({number:#x})"
    assert status_words(0x10C5) == "status 0x10c5"


def test_a_cause_that_is_an_exception_is_told_by_its_text():
    app = Watched().up()
    app.broker.peer.reset()
    app.turn()
    (lost,) = app.of("lost")
    assert type(lost["cause"]) is str
    assert lost["cause"]


@pytest.mark.parametrize(
    ("text", "harmless"),
    [
        ("room/1", "room/1"),
        ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        ("\x9b2J", "\\x9b2J"),
        ("two\r\nlines", "two\\r\\nlines"),
        ("\u202egpj.exe", "\\u202egpj.exe"),
        ("\u2028\ufeff\U000e0001", "\\u2028\\ufeff\\U000e0001"),
        ("Grüße 雪", "Grüße 雪"),
        ("[bold]", "[bold]"),
    ],
)
def test_what_a_stranger_writes_does_nothing_to_a_terminal(text, harmless):
    assert printable(text) == harmless


def test_of_a_long_text_the_beginning_is_shown():
    assert printable("x" * 65_535) == "x" * 200 + "..."
