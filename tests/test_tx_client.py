# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A client under the kernel: it has a thread of its own, and its waits are awaited."""

import pytest
from client_bench import CONNECTED, CONNECTING, HOST_NAME, IDLE, App
from doubles.dialects import AIRLIFT, WIZNET
from doubles.script import CONNACK, PINGREQ, PINGRESP, connect, puback, publish, suback
from doubles.trials import PORT
from kernel_bench import Kernel

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *
from nxd_mqtt.tx import *

REFUSED = b"\x20\x02\x00\x05"


async def up(kernel, keepalive=0, clean=1, wait=500):
    """Connect to a broker that accepts; returns the status."""
    kernel.app.script.accept().expect(connect("me", keepalive, clean)).send(CONNACK)
    return await reach(kernel, keepalive, clean, wait)


async def reach(kernel, keepalive=0, clean=1, wait=500, port=PORT):
    """Connect to whatever is there; returns the status."""
    return await tx_wait(
        nxd_mqtt_client_connect, kernel.client, HOST_NAME, port, keepalive, clean, wait
    )


async def send(kernel, wait, message=b"m", quality=1):
    """Publish with a wait; returns the status."""
    return await tx_wait(nxd_mqtt_client_publish, kernel.client, "t", message, 0, quality, wait)


# --- the thread of a client ----------------------------------------------------------------------


def test_nobody_has_to_poll():
    kernel = Kernel()

    async def story():
        app = kernel.app
        assert await up(kernel) == NXD_MQTT_SUCCESS
        assert app.publish() == NXD_MQTT_SUCCESS
        app.peer.take()
        app.peer.send(puback(1) + publish("t", b"hello", 7))
        await tx_thread_sleep(1)
        assert app.heard("acknowledge") == [(4, 1, None)]
        assert app.heard("receive") == [(1,)]
        assert app.get() == b"hello"
        assert app.peer.take() == puback(7)
        assert nxd_mqtt_client_disconnect(kernel.client) == NXD_MQTT_SUCCESS
        assert nxd_mqtt_client_delete(kernel.client) == NXD_MQTT_SUCCESS

    kernel.run(story)
    assert kernel.app.all_closed()
    assert kernel.ip.sockets.blocked == []


def test_callbacks_run_in_the_thread_of_the_client():
    kernel = Kernel()
    found = []

    async def story():
        kernel.app.doing["receive"] = lambda: found.append(tx_thread_identify())
        await up(kernel)
        kernel.app.peer.send(publish("t", b"m"))
        await tx_thread_sleep(1)
        found.append(tx_thread_identify())
        nxd_mqtt_client_delete(kernel.client)

    thread = kernel.thread(story)
    kernel.run()
    assert found[0] is not None
    assert found[1] is thread
    assert found[0] is not thread


def test_every_wait_in_a_callback_counts_as_none():
    kernel = Kernel(depth=1)
    found = []

    def answer():
        found.append(kernel.app.publish(wait=100))
        found.append(kernel.app.publish(wait=100))
        found.append(kernel.app.poll(100))

    async def story():
        await up(kernel)
        kernel.app.doing["receive"] = answer
        kernel.app.peer.send(publish("t", b"m"))
        await tx_thread_sleep(5)
        nxd_mqtt_client_delete(kernel.client)

    kernel.run(story)
    assert found == [NXD_MQTT_SUCCESS, NXD_MQTT_PACKET_POOL_FAILURE, NXD_MQTT_SUCCESS]
    assert kernel.clock.elapsed <= 60


def test_an_idle_client_is_woken_by_its_deadlines_only():
    kernel = Kernel()

    async def story():
        app = kernel.app
        await up(kernel, keepalive=60)
        app.answer_pings()
        before = kernel.loop.selector.waits
        await tx_thread_sleep(60_000)
        woken = kernel.loop.selector.waits - before
        assert woken <= 3 * 600 // 55 + 20, woken
        assert app.peer.received.count(PINGREQ) == 600 // 55
        nxd_mqtt_client_delete(kernel.client)

    kernel.run(story)


def test_a_dead_peer_is_noticed_and_told_without_a_poll():
    kernel = Kernel()

    async def story():
        await up(kernel, keepalive=60)
        while not kernel.app.heard("disconnect"):
            await tx_thread_sleep(10)
        assert 64_900 <= kernel.clock.elapsed <= 65_200
        assert kernel.client.state == IDLE

    kernel.run(story)


def test_taking_a_message_lets_reading_go_on_at_once():
    kernel = Kernel(queue=64)

    async def story():
        app = kernel.app
        await up(kernel)
        app.peer.send(b"".join(publish("t", b"%030d" % n, n) for n in range(1, 6)))
        await tx_thread_sleep(10)
        for number in range(1, 6):
            assert app.statistics["unread"] == 1
            assert app.get() == b"%030d" % number
            began = kernel.clock.elapsed
            await tx_thread_relinquish()
            await tx_thread_relinquish()
            assert kernel.clock.elapsed == began
        nxd_mqtt_client_delete(kernel.client)

    kernel.run(story)


def test_what_a_link_does_not_take_goes_when_it_does():
    kernel = Kernel()

    async def story():
        app = kernel.app
        await up(kernel)
        app.peer.accept_limit = lambda: 3
        assert app.publish(b"1234567890") == NXD_MQTT_SUCCESS
        await tx_thread_sleep(5)
        assert app.peer.take().endswith(publish("t", b"1234567890", 1))
        app.peer.accept_limit = None
        nxd_mqtt_client_delete(kernel.client)

    kernel.run(story)


@pytest.mark.parametrize("dialect", (AIRLIFT, WIZNET), ids=str)
def test_a_socket_that_cannot_be_waited_for_is_looked_at(dialect):
    kernel = Kernel(dialect=dialect)

    async def story():
        app = kernel.app
        assert await up(kernel, keepalive=60) == NXD_MQTT_SUCCESS
        for number in range(1, 10):
            app.peer.send(publish("t", b"%d" % number, number))
            await tx_thread_sleep(4)
            assert app.get() == b"%d" % number
        assert nxd_mqtt_client_delete(kernel.client) == NXD_MQTT_SUCCESS

    kernel.run(story)
    assert kernel.app.all_closed()


def test_a_socket_that_is_closed_is_not_watched_any_more():
    kernel = Kernel()

    async def story():
        await up(kernel)
        nxd_mqtt_client_disconnect(kernel.client)
        registered = [key.fd for key in kernel.loop.selector.get_map().values()]
        assert not [number for number in registered if number >= 1000]
        assert await up(kernel) == NXD_MQTT_SUCCESS
        kernel.app.peer.close()
        await tx_thread_sleep(2)
        assert kernel.client.state == IDLE
        registered = [key.fd for key in kernel.loop.selector.get_map().values()]
        assert not [number for number in registered if number >= 1000]

    kernel.run(story)


# --- a wait would stop all threads ---------------------------------------------------------------


def test_a_call_that_waits_is_refused_and_does_nothing():
    kernel = Kernel()

    async def story():
        app = kernel.app
        assert app.start(wait=1) == NX_WAIT_ERROR
        assert kernel.client.state == IDLE
        await up(kernel)
        assert app.publish(wait=1) == NX_WAIT_ERROR
        assert app.publish(wait=NX_WAIT_FOREVER) == NX_WAIT_ERROR
        assert app.statistics["unacknowledged"] == 0
        assert app.poll(1) == NX_WAIT_ERROR
        assert app.poll() == NXD_MQTT_SUCCESS
        nxd_mqtt_client_delete(kernel.client)

    kernel.run(story)
    assert kernel.ip.sockets.waits == []


def test_without_a_wait_connecting_goes_on_by_itself():
    kernel = Kernel()

    async def story():
        kernel.app.script.accept().send(CONNACK)
        assert kernel.app.start() == NX_IN_PROGRESS
        await tx_thread_sleep(1)
        assert kernel.client.state == CONNECTED
        assert kernel.app.heard("connect") == [(NXD_MQTT_SUCCESS,)]
        nxd_mqtt_client_delete(kernel.client)

    kernel.run(story)


def test_a_kernel_must_be_one():
    ip = NX_IP()
    pool = App().sockets
    assert nx_ip_create(ip, "ip", socket_pool=pool, kernel=object()) == NX_PTR_ERROR
    assert nx_ip_create(ip, "ip", socket_pool=pool, kernel=TX_KERNEL) == NX_SUCCESS


# --- tx_wait: connect ----------------------------------------------------------------------------


def test_connecting_returns_what_it_came_to():
    kernel = Kernel()

    async def story():
        app = kernel.app
        app.script.accept().send(REFUSED)
        assert await reach(kernel) == NXD_MQTT_ERROR_NOT_AUTHORIZED
        assert await reach(kernel, port=7) == NXD_MQTT_CONNECT_FAILURE
        assert kernel.client.reason[0] == "tcp"
        app.script.accept().close()
        assert await reach(kernel) == NXD_MQTT_COMMUNICATION_FAILURE
        assert await up(kernel) == NXD_MQTT_SUCCESS
        assert await reach(kernel) == NXD_MQTT_ALREADY_CONNECTED
        assert await reach(kernel, wait="soon") == NXD_MQTT_INVALID_PARAMETER
        nxd_mqtt_client_delete(kernel.client)
        assert await reach(kernel) == NXD_MQTT_INVALID_STATE

    kernel.run(story)
    # As in C, a caller that waits learns it from the status.
    assert kernel.app.heard("connect")[0] == (NXD_MQTT_ERROR_NOT_AUTHORIZED,)


@pytest.mark.parametrize("wait", (30, 99))
def test_connecting_ends_when_its_wait_is_over(wait):
    kernel = Kernel()

    async def story():
        kernel.app.script.accept()
        assert await reach(kernel, wait=wait) == NXD_MQTT_COMMUNICATION_FAILURE
        assert kernel.client.reason[2] == "the wait is over"
        assert kernel.client.state == IDLE

    kernel.run(story)
    assert kernel.clock.elapsed == wait * 10


def test_a_wait_does_as_the_one_without_a_kernel():
    """The same broker, with a kernel and without: status, reason, time and what is told."""

    def without(arrange, wait):
        app = App()
        arrange(app)
        status = app.start(wait)
        return status, str(app.client.reason), app.clock.elapsed, app.told, app.state

    def under(arrange, wait):
        kernel = Kernel()
        found = []

        async def story():
            arrange(kernel.app)
            found.append(await reach(kernel, wait=wait))
            app = kernel.app
            found.extend((str(app.client.reason), kernel.clock.elapsed, app.told[:], app.state))
            nxd_mqtt_client_delete(kernel.client)

        kernel.run(story)
        return tuple(found)

    arrangements = (
        lambda app: app.script.accept().send(CONNACK),
        lambda app: app.script.accept().wait(200).send(CONNACK),
        lambda app: app.script.accept().send(REFUSED),
        lambda app: app.script.accept(),
        lambda app: app.script.accept().close(),
        lambda app: app.script.accept().send(b"junk"),
        lambda app: app.sockets.refuse(PORT),
        lambda app: app.sockets.listen(PORT, None),
    )
    for arrange in arrangements:
        for wait in (10, 300, 2000):
            assert under(arrange, wait) == without(arrange, wait)


def test_a_further_wait_joins_the_attempts_that_are_made():
    kernel = Kernel()

    async def story():
        app = kernel.app
        app.sockets.refuse(PORT)
        nxd_mqtt_client_reconnect_set(kernel.client, 100, 100)
        assert await reach(kernel, wait=50) == NX_IN_PROGRESS
        assert kernel.client.state == CONNECTING
        app.renew_script()
        app.script.accept().send(CONNACK)
        assert await reach(kernel, wait=200) == NXD_MQTT_SUCCESS
        assert kernel.client.state == CONNECTED
        nxd_mqtt_client_delete(kernel.client)

    kernel.run(story)


def test_a_client_that_is_deleted_lets_go_of_those_who_wait():
    kernel = Kernel(depth=1)
    found = {}

    async def connecting():
        kernel.app.script.accept()
        found["connect"] = await reach(kernel, wait=NX_WAIT_FOREVER)

    async def deleting():
        await tx_thread_sleep(10)
        assert nxd_mqtt_client_delete(kernel.client) == NXD_MQTT_SUCCESS

    kernel.run(connecting, deleting)
    assert found["connect"] not in (NXD_MQTT_SUCCESS, NX_IN_PROGRESS)
    assert kernel.clock.elapsed == 100


# --- tx_wait: publish ----------------------------------------------------------------------------


def test_publishing_waits_for_room():
    kernel = Kernel(depth=1)

    async def story():
        app = kernel.app
        await up(kernel)
        kernel.clock.later(300, lambda: app.peer.send(puback(1)))
        assert await send(kernel, 100) == NXD_MQTT_SUCCESS
        assert await send(kernel, 100) == NXD_MQTT_SUCCESS
        assert kernel.clock.elapsed == 300
        assert await send(kernel, 100) == NXD_MQTT_PACKET_POOL_FAILURE
        assert kernel.clock.elapsed == 1300
        assert await send(kernel, NX_NO_WAIT) == NXD_MQTT_PACKET_POOL_FAILURE
        assert kernel.clock.elapsed == 1300
        nxd_mqtt_client_delete(kernel.client)

    kernel.run(story)


def test_publishing_does_not_wait_for_what_will_never_be():
    kernel = Kernel(depth=1, queue=32)

    async def story():
        app = kernel.app
        assert await send(kernel, 100) == NXD_MQTT_NOT_CONNECTED
        await up(kernel)
        assert await send(kernel, 100, bytes(100)) == NXD_MQTT_PACKET_POOL_FAILURE
        app.peer.send(publish("t", b"1234567890", 1) * 4)
        await tx_thread_sleep(1)
        assert await send(kernel, NX_WAIT_FOREVER) == NXD_MQTT_SUCCESS
        assert await send(kernel, 100, bytes(100)) == NXD_MQTT_PACKET_POOL_FAILURE
        assert kernel.clock.elapsed <= 20
        # Reading has stopped, and the acknowledgement may be behind what nobody takes.
        assert await send(kernel, 50) == NXD_MQTT_PACKET_POOL_FAILURE
        assert 500 <= kernel.clock.elapsed <= 520
        assert await send(kernel, NX_WAIT_FOREVER) == NXD_MQTT_PACKET_POOL_FAILURE
        assert 1500 <= kernel.clock.elapsed <= 1520
        nxd_mqtt_client_delete(kernel.client)

    kernel.run(story)


def test_while_reading_has_stopped_a_sender_waits_for_the_thread_that_takes_messages():
    kernel = Kernel(depth=1, queue=32)

    async def sending():
        app = kernel.app
        await up(kernel)
        app.peer.send(publish("t", b"1234567890", 1) * 4 + puback(1))
        await tx_thread_sleep(1)
        assert await send(kernel, NX_WAIT_FOREVER) == NXD_MQTT_SUCCESS
        assert await send(kernel, NX_WAIT_FOREVER) == NXD_MQTT_SUCCESS
        assert kernel.clock.elapsed == 2400
        nxd_mqtt_client_delete(kernel.client)

    async def taking():
        for _ in range(4):
            await tx_thread_sleep(80)
            kernel.app.get()

    kernel.run(sending, taking)


def test_whoever_waits_for_room_learns_that_the_link_is_gone():
    kernel = Kernel(depth=1)

    async def story():
        await up(kernel)
        assert await send(kernel, 100) == NXD_MQTT_SUCCESS
        kernel.clock.later(200, kernel.app.peer.close)
        assert await send(kernel, NX_WAIT_FOREVER) == NXD_MQTT_NOT_CONNECTED
        assert kernel.clock.elapsed == 200

    kernel.run(story)


def test_the_thread_of_higher_priority_gets_the_room():
    kernel = Kernel(depth=1)
    order = []

    def sender(name, delay):
        async def story():
            await tx_thread_sleep(delay)
            status = await send(kernel, NX_WAIT_FOREVER, name)
            order.append((name, status))

        return story

    async def broker():
        await up(kernel)
        assert await send(kernel, 0) == NXD_MQTT_SUCCESS
        for number in range(1, 4):
            await tx_thread_sleep(10)
            kernel.app.peer.send(puback(number))
        await tx_thread_sleep(10)
        nxd_mqtt_client_delete(kernel.client)

    kernel.thread(broker)
    kernel.thread(sender(b"low", 2), priority=20)
    kernel.thread(sender(b"middle", 3), priority=15)
    kernel.thread(sender(b"high", 4), priority=5)
    kernel.run()
    wanted = [b"high", b"middle", b"low"]
    assert order == [(name, NXD_MQTT_SUCCESS) for name in wanted]


def test_calls_that_never_wait_may_be_awaited_all_the_same():
    kernel = Kernel()

    async def story():
        await up(kernel)
        assert await tx_wait(nxd_mqtt_client_subscribe, kernel.client, "t/#", 1) == NXD_MQTT_SUCCESS
        kernel.app.peer.take()
        kernel.app.peer.send(suback(1, 1))
        await tx_thread_sleep(1)
        assert kernel.app.heard("acknowledge") == [(9, 1, 1)]
        assert await tx_wait(nxd_mqtt_client_unsubscribe, kernel.client, "t/#") == NXD_MQTT_SUCCESS
        assert await tx_wait(nxd_mqtt_client_poll, kernel.client, 10) == NX_WAIT_ERROR
        assert await tx_wait(nxd_mqtt_client_disconnect, kernel.client) == NXD_MQTT_SUCCESS
        assert await tx_wait(nxd_mqtt_client_publish, None, "t", "m", 0, 0, 10) == NX_PTR_ERROR
        nxd_mqtt_client_delete(kernel.client)

    kernel.run(story)


# --- the kernel's end ----------------------------------------------------------------------------


def test_the_kernel_runs_as_long_as_a_client_has_a_link():
    kernel = Kernel()

    async def story():
        await up(kernel, keepalive=0)

    def finish():
        kernel.told.append(kernel.app.heard("receive"))
        kernel.app.peer.close()

    async def plan():
        kernel.clock.later(3_600_000, lambda: kernel.app.peer.send(publish("t", b"late")))
        kernel.clock.later(3_600_500, finish)

    kernel.run(story, plan)
    assert kernel.told == [[(1,)]]
    assert kernel.clock.elapsed == 3_600_500
    assert kernel.app.heard("disconnect") == [(NXD_MQTT_COMMUNICATION_FAILURE,)]


def test_the_kernel_ends_when_only_idle_clients_are_left():
    kernel = Kernel()

    async def story():
        await up(kernel)
        nxd_mqtt_client_disconnect(kernel.client)
        await tx_thread_suspend(tx_thread_identify())
        kernel.told.append("never")

    kernel.run(story)
    assert kernel.told == []


def test_after_the_kernel_a_client_is_one_like_any_other():
    kernel = Kernel()

    async def story():
        nxd_mqtt_client_disconnect(kernel.client)

    kernel.run(story)
    app = kernel.app
    app.connect()
    assert app.publish(wait=10) == NXD_MQTT_SUCCESS
    assert app.poll(10) == NXD_MQTT_SUCCESS


def test_what_a_callback_raises_ends_the_kernel_and_is_raised_there():
    kernel = Kernel()

    def stumble():
        raise KeyError("mine")

    async def story():
        await up(kernel)
        kernel.app.doing["receive"] = stumble
        kernel.app.peer.send(publish("t", b"m", 1))
        try:
            await tx_thread_sleep(1000)
        finally:
            kernel.told.append("left")

    with pytest.raises(KeyError, match="mine"):
        kernel.run(story)
    assert kernel.told == ["left"]
    # Nothing is lost, and the application may go on by itself.
    assert kernel.client.state == CONNECTED
    assert kernel.app.get() == b"m"
    kernel.app.doing.clear()
    assert kernel.app.poll() == NXD_MQTT_SUCCESS
    assert kernel.app.peer.take().endswith(puback(1))


def test_a_client_that_is_deleted_and_created_again_has_one_thread():
    kernel = Kernel()

    async def story():
        for _ in range(5):
            assert await up(kernel) == NXD_MQTT_SUCCESS
            assert nxd_mqtt_client_delete(kernel.client) == NXD_MQTT_SUCCESS
            kernel.app.create()
        await tx_thread_relinquish()
        await tx_thread_relinquish()
        assert len(TX_KERNEL.threads) == 2
        nxd_mqtt_client_delete(kernel.client)

    kernel.run(story)
    assert kernel.app.all_closed()


def test_outside_of_threads_nobody_can_wait():
    async def outside():
        return await tx_wait(nxd_mqtt_client_publish, App().client, "t", "m", 0, 0, 10)

    with pytest.raises(StopIteration) as end:
        running = outside()
        running.send(None)
        running.send(None)
    assert end.value.value == TX_CALLER_ERROR


def test_pings_are_answered_while_a_thread_works():
    kernel = Kernel()

    async def story():
        app = kernel.app
        await up(kernel, keepalive=4)
        for _ in range(100):
            await tx_thread_sleep(10)
            if app.peer.take().endswith(PINGREQ):
                app.peer.send(PINGRESP)
        assert kernel.client.state == CONNECTED
        nxd_mqtt_client_delete(kernel.client)

    kernel.run(story)


def test_a_poll_of_the_application_s_own_takes_nothing_from_the_thread():
    kernel = Kernel()

    async def story():
        app = kernel.app
        await up(kernel)
        nxd_mqtt_client_reconnect_set(kernel.client, 0, 0)
        app.peer.close()
        assert app.poll() == NXD_MQTT_COMMUNICATION_FAILURE
        registered = [key.fd for key in kernel.loop.selector.get_map().values()]
        assert not [number for number in registered if number >= 1000]
        app.script.accept().send(CONNACK)
        app.start()
        app.poll()
        app.peer.send(publish("t", b"m"))
        await tx_thread_sleep(1)
        assert app.get() == b"m"
        nxd_mqtt_client_delete(kernel.client)

    kernel.run(story)


@pytest.mark.parametrize("again", (False, True))
def test_a_client_that_is_deleted_in_its_own_callback_leaves_no_thread_behind(again):
    kernel = Kernel()

    def delete():
        nxd_mqtt_client_delete(kernel.client)
        if again:
            kernel.app.create()

    async def story():
        for _ in range(3):
            await up(kernel)
            kernel.app.doing["receive"] = delete
            kernel.app.peer.send(publish("t", b"m"))
            await tx_thread_sleep(5)
            assert len(TX_KERNEL.threads) == 1 + again
            assert len(TX_KERNEL.keepers) == again
            if not again:
                kernel.app.create()
        nxd_mqtt_client_delete(kernel.client)

    kernel.run(story)
    assert TX_KERNEL.keepers == []


def test_a_client_whose_thread_never_began_is_one_like_any_other():
    kernel = Kernel()

    def stumble(_):
        kernel.app = App(ip=kernel.ip)
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        TX_KERNEL.enter(stumble)
    kernel.app.connect()
    assert kernel.app.poll(1) == NXD_MQTT_SUCCESS


def test_a_refused_wait_says_what_to_do():
    kernel = Kernel()

    async def story():
        assert kernel.app.start(wait=100) == NX_WAIT_ERROR
        assert kernel.client.reason[:2] == ("call", NX_WAIT_ERROR)
        assert "tx_wait" in kernel.client.reason[2]

    kernel.run(story)


def test_calls_that_are_awaited_by_themselves_may_go_through_tx_wait():
    kernel = Kernel()
    group, queue = TX_EVENT_FLAGS_GROUP(), TX_QUEUE()

    async def story():
        assert tx_event_flags_create(group, "group") == TX_SUCCESS
        assert await tx_wait(tx_event_flags_get, group, 1, TX_OR, 10) == (TX_NO_EVENTS, 0)
        assert tx_queue_create(queue, "queue", TX_1_ULONG, None, 4) == TX_SUCCESS
        assert await tx_wait(tx_queue_send, queue, 7, 10) == TX_SUCCESS
        assert await tx_wait(tx_queue_send, queue, 8, 10) == TX_QUEUE_FULL
        assert await tx_wait(tx_queue_receive, queue, 10) == (TX_SUCCESS, 7)
        assert kernel.clock.elapsed == 200

    kernel.run(story)


def test_an_aborted_wait_ends_as_if_its_time_were_over():
    kernel = Kernel(depth=1)
    found = []

    async def waits():
        kernel.app.script.accept()
        found.append((await reach(kernel, wait=NX_WAIT_FOREVER), kernel.clock.elapsed))
        await up(kernel)
        assert await send(kernel, 0) == NXD_MQTT_SUCCESS
        found.append((await send(kernel, NX_WAIT_FOREVER), kernel.clock.elapsed))
        nxd_mqtt_client_delete(kernel.client)

    waiting = kernel.thread(waits)

    async def aborts():
        for _ in range(2):
            await tx_thread_sleep(10)
            assert tx_thread_wait_abort(waiting) == TX_SUCCESS

    kernel.run(aborts)
    assert found == [(NXD_MQTT_COMMUNICATION_FAILURE, 100), (NXD_MQTT_PACKET_POOL_FAILURE, 200)]


def test_calls_that_never_wait_do_not_wait_for_room_either():
    kernel = Kernel(depth=1)

    async def story():
        await up(kernel)
        assert await send(kernel, 0) == NXD_MQTT_SUCCESS
        full = NXD_MQTT_PACKET_POOL_FAILURE
        assert await tx_wait(nxd_mqtt_client_subscribe, kernel.client, "t", 1) == full
        assert await tx_wait(nxd_mqtt_client_unsubscribe, kernel.client, "t") == full
        nxd_mqtt_client_delete(kernel.client)

    kernel.run(story)
    assert kernel.clock.elapsed == 0


def test_a_sender_whom_others_wake_gives_up_in_time_while_nobody_takes_messages():
    kernel = Kernel(depth=1, queue=32)
    found = []

    async def sending():
        app = kernel.app
        await up(kernel)
        app.peer.send(publish("t", b"1234567890", 1) * 4)
        await tx_thread_sleep(1)
        assert await send(kernel, 0) == NXD_MQTT_SUCCESS
        for wait in (50, NX_WAIT_FOREVER):
            began = kernel.clock.elapsed
            assert await send(kernel, wait) == NXD_MQTT_PACKET_POOL_FAILURE
            found.append(kernel.clock.elapsed - began)
        nxd_mqtt_client_delete(kernel.client)

    async def waking():
        while kernel.clock.elapsed < 5000 and len(found) < 2:
            await tx_thread_sleep(5)
            kernel.app.publish(quality=0)

    kernel.run(sending, waking)
    assert found == [500, 1000]
