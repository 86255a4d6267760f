# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""ThreadX's queues, by the stories of its own regression tests."""

import asyncio
from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tx_bench import Stage, others_run

from nxd_mqtt.tx import *


@pytest.fixture
def stage():
    return Stage()


@pytest.fixture
def queue():
    """A control block; each story creates it."""
    return TX_QUEUE()


def creating(queue, capacity=3, words=TX_1_ULONG):
    """What defines an application with one queue."""

    def define(_):
        status = tx_queue_create(queue, "queue 0", words, None, capacity * words * 4)
        assert status == TX_SUCCESS

    return define


def receives(stage, queue, name, priority=16, auto_start=TX_AUTO_START, ticks=TX_WAIT_FOREVER):
    """A thread that receives, and tells what, until there is nothing."""

    async def entry(_):
        while True:
            status, message = await tx_queue_receive(queue, ticks)
            stage.told.append((name, status, message))
            if status != TX_SUCCESS:
                return

    return stage.thread(priority, auto_start)(entry)


def sends(stage, queue, message, priority=16, auto_start=TX_AUTO_START, function=tx_queue_send):
    """A thread that sends one message, and tells with which status."""

    async def entry(_):
        status = await tx_wait(function, queue, message, TX_WAIT_FOREVER)
        stage.told.append((message, status))

    return stage.thread(priority, auto_start)(entry)


async def received(queue):
    """All messages, without a wait."""
    messages = []
    while True:
        status, message = await tx_queue_receive(queue, TX_NO_WAIT)
        if status != TX_SUCCESS:
            assert (status, message) == (TX_QUEUE_EMPTY, None)
            return messages
        messages.append(message)


# --- the stories of ThreadX's tests ---------------------------------------------------------------


async def refusals(queue, thread):
    """What every call says of what is no queue."""
    missing = TX_QUEUE()
    assert tx_queue_create(None, "queue", 1, None, 12) == TX_QUEUE_ERROR
    assert tx_queue_create(queue, "queue", 0, None, 12) == TX_QUEUE_ERROR
    for words, size in ((0, 12), (17, 1200), (47, 12), (1, 1), (1, 3), (2, 7)):
        assert tx_queue_create(missing, "queue", words, None, size) == TX_SIZE_ERROR
    for wrong in (None, missing, thread):
        assert tx_queue_delete(wrong) == TX_QUEUE_ERROR
        assert tx_queue_flush(wrong) == TX_QUEUE_ERROR
        assert tx_queue_send_notify(wrong, print) == TX_QUEUE_ERROR
        assert await tx_queue_receive(wrong, 5) == (TX_QUEUE_ERROR, None)
        for send in (tx_queue_send, tx_queue_front_send):
            assert send(wrong, None, 5) == TX_QUEUE_ERROR
            assert await tx_wait(send, wrong, "message", 5) == TX_QUEUE_ERROR
    for send in (tx_queue_send, tx_queue_front_send):
        assert send(queue, None, 5) == TX_PTR_ERROR
        assert send(queue, "message", 5) == TX_WAIT_ERROR
        assert send(queue, "message", TX_WAIT_FOREVER) == TX_WAIT_ERROR


def basic(stage, words):
    """Queues of one message and of three, of messages of some words."""
    one, three = TX_QUEUE(), TX_QUEUE()

    @stage.thread()
    async def thread_0(_):
        await refusals(one, thread_0)
        for message in range(2):
            assert tx_queue_send(one, message, TX_NO_WAIT) == TX_SUCCESS
            assert tx_queue_send(one, message, TX_NO_WAIT) == TX_QUEUE_FULL
            assert await received(one) == [message]
        for first in (10, 20, 30):
            for message in range(first, first + 3):
                assert tx_queue_send(three, message, TX_NO_WAIT) == TX_SUCCESS
            assert tx_queue_send(three, "more", TX_NO_WAIT) == TX_QUEUE_FULL
            assert tx_queue_front_send(three, "more", TX_NO_WAIT) == TX_QUEUE_FULL
            assert await received(three) == [first, first + 1, first + 2]
        assert tx_queue_delete(one) == TX_SUCCESS
        assert tx_queue_delete(three) == TX_SUCCESS
        assert tx_queue_send(three, 1, TX_NO_WAIT) == TX_QUEUE_ERROR

    def define(_):
        creating(one, 1, words)(None)
        # What is left over is too small for another message.
        status = tx_queue_create(three, "queue 1", words, bytearray(1), 4 * words * 4 - 1)
        assert status == TX_SUCCESS

    stage.play(define)


def test_queue_basic_one_word(stage):
    basic(stage, TX_1_ULONG)


def test_queue_basic_two_word(stage):
    basic(stage, TX_2_ULONG)


def test_queue_basic_four_word(stage):
    basic(stage, TX_4_ULONG)


def test_queue_basic_eight_word(stage):
    basic(stage, TX_8_ULONG)


def test_queue_basic_sixteen_word(stage):
    basic(stage, TX_16_ULONG)


def test_queue_basic_max_message_size(stage):
    # Every size up to the largest, not powers of two only.
    basic(stage, 13)


def test_queue_empty_suspension(stage, queue):
    @stage.thread(17)
    async def thread_0(_):
        await others_run()
        assert tx_queue_send(queue, 1, TX_NO_WAIT) == TX_SUCCESS
        # It is handed over, so the queue is empty.
        assert tx_queue_info_get(queue)[2:4] == (0, 3)
        await others_run()
        tx_thread_resume(thread_2)
        await others_run()
        assert tx_queue_send(queue, 2, TX_NO_WAIT) == TX_SUCCESS
        assert tx_queue_send(queue, 3, TX_NO_WAIT) == TX_SUCCESS
        assert tx_queue_info_get(queue)[2:6] == (0, 3, None, 0)
        await others_run()
        assert stage.told == [("one", 0, 1), ("one", 0, 2), ("two", 0, 3)]

    receives(stage, queue, "one")
    thread_2 = receives(stage, queue, "two", auto_start=TX_DONT_START)
    stage.play(creating(queue))


def test_queue_full_suspension(stage, queue):
    @stage.thread()
    async def thread_0(_):
        # The ring is turned, so that messages go round its end.
        for message in range(3):
            assert tx_queue_send(queue, message, TX_NO_WAIT) == TX_SUCCESS
        assert await tx_queue_receive(queue, TX_NO_WAIT) == (TX_SUCCESS, 0)
        assert await tx_queue_receive(queue, TX_NO_WAIT) == (TX_SUCCESS, 1)
        for message in (3, 4):
            assert tx_queue_send(queue, message, TX_NO_WAIT) == TX_SUCCESS
        tx_thread_resume(thread_1)
        assert await tx_wait(tx_queue_send, queue, 5, TX_WAIT_FOREVER) == TX_SUCCESS
        await others_run()
        assert stage.told[:4] == [("one", 0, 2), ("one", 0, 3), ("one", 0, 4), ("one", 0, 5)]

    thread_1 = receives(stage, queue, "one", auto_start=TX_DONT_START)
    stage.play(creating(queue))


def test_queue_suspension_timeout(stage, queue):
    empty = TX_QUEUE()

    @stage.thread()
    async def thread_0(_):
        creating(empty)(None)
        tx_thread_resume(thread_1)
        tx_thread_resume(thread_2)
        for message in range(3):
            tx_queue_send(queue, message, TX_NO_WAIT)
        assert await tx_wait(tx_queue_front_send, queue, "front", 3) == TX_QUEUE_FULL
        assert tx_time_get() == 3
        assert stage.told == []
        assert await tx_wait(tx_queue_send, queue, "end", 32) == TX_QUEUE_FULL
        assert tx_time_get() == 35
        assert stage.told == [("one", TX_QUEUE_EMPTY, None), ("two", TX_QUEUE_EMPTY, None)]
        # Nobody waits any more, and nothing of theirs is in it.
        assert tx_queue_info_get(queue)[4:6] == (None, 0)
        assert await received(queue) == [0, 1, 2]

    thread_1 = receives(stage, empty, "one", 16, TX_DONT_START, 20)
    thread_2 = receives(stage, empty, "two", 16, TX_DONT_START, 20)
    stage.play(creating(queue))


def test_queue_thread_terminate(stage, queue):
    @stage.thread()
    async def thread_0(_):
        await others_run()
        assert await tx_thread_terminate(thread_1) == TX_SUCCESS
        assert tx_queue_info_get(queue)[4:6] == (None, 0)
        for message in range(3):
            assert tx_queue_send(queue, message, TX_NO_WAIT) == TX_SUCCESS
        tx_thread_resume(thread_2)
        await others_run()
        assert tx_queue_info_get(queue)[4:6] == (thread_2, 1)
        assert await tx_thread_terminate(thread_2) == TX_SUCCESS
        assert await received(queue) == [0, 1, 2]
        assert stage.told == []

    thread_1 = receives(stage, queue, "one")
    thread_2 = sends(stage, queue, "late", auto_start=TX_DONT_START)
    stage.play(creating(queue))


def test_queue_flush(stage, queue):
    @stage.thread()
    async def thread_0(_):
        for message in range(3):
            tx_queue_send(queue, message, TX_NO_WAIT)
        for thread in stage.threads[1:]:
            tx_thread_resume(thread)
        await others_run()
        assert tx_queue_info_get(queue)[5] == 3
        assert tx_queue_flush(queue) == TX_SUCCESS
        # Their messages are gone, too, and they are told that all is well.
        assert tx_queue_info_get(queue)[2:6] == (0, 3, None, 0)
        await others_run()
        assert stage.told == [("c", TX_SUCCESS), ("a", TX_SUCCESS), ("b", TX_SUCCESS)]
        assert await received(queue) == []
        assert tx_queue_flush(queue) == TX_SUCCESS

    sends(stage, queue, "a", auto_start=TX_DONT_START)
    sends(stage, queue, "b", auto_start=TX_DONT_START)
    sends(stage, queue, "c", auto_start=TX_DONT_START, function=tx_queue_front_send)
    stage.play(creating(queue))


def test_queue_flush_no_suspension(stage, queue):
    @stage.thread()
    async def thread_0(_):
        for _ in range(2):
            for message in range(3):
                assert tx_queue_send(queue, message, TX_NO_WAIT) == TX_SUCCESS
            assert tx_queue_flush(queue) == TX_SUCCESS
            assert queue.ring == [None] * 3
        assert tx_queue_flush(queue) == TX_SUCCESS

    stage.play(creating(queue))


def test_queue_front_send(stage, queue):
    @stage.thread()
    async def thread_0(_):
        for message in (1, 2, 3):
            assert tx_queue_front_send(queue, message, TX_NO_WAIT) == TX_SUCCESS
        assert tx_queue_front_send(queue, 4, TX_NO_WAIT) == TX_QUEUE_FULL
        assert await received(queue) == [3, 2, 1]
        assert tx_queue_send(queue, 5, TX_NO_WAIT) == TX_SUCCESS
        assert tx_queue_front_send(queue, 6, TX_NO_WAIT) == TX_SUCCESS
        assert tx_queue_send(queue, 7, TX_NO_WAIT) == TX_SUCCESS
        for thread in stage.threads[1:]:
            tx_thread_resume(thread)
            await others_run()
        # The last that was sent to the front is the first, and needs no room.
        assert tx_queue_info_get(queue)[2:6] == (3, 0, thread_3, 3)
        assert await received(queue) == ["at front", "front", 6, 5, 7, "end"]
        await others_run()
        assert stage.told == [("at front", 0), ("front", 0), ("end", 0)]
        tx_thread_resume(thread_4)
        await others_run()
        assert tx_queue_front_send(queue, 8, TX_NO_WAIT) == TX_SUCCESS
        await others_run()
        assert stage.told[-1] == ("four", TX_SUCCESS, 8)

    sends(stage, queue, "end", 1, TX_DONT_START)
    sends(stage, queue, "front", 16, TX_DONT_START, tx_queue_front_send)
    thread_3 = sends(stage, queue, "at front", 16, TX_DONT_START, tx_queue_front_send)

    @stage.thread(16, TX_DONT_START)
    async def thread_4(_):
        stage.told.append(("four", *await tx_queue_receive(queue, TX_WAIT_FOREVER)))

    # The fourth is started later.
    stage.threads.remove(thread_4)
    stage.play(creating(queue))


def test_queue_prioritize(stage, queue):
    missing = TX_QUEUE()

    @stage.thread()
    async def thread_0(_):
        assert tx_queue_prioritize(None) == TX_QUEUE_ERROR
        assert tx_queue_prioritize(missing) == TX_QUEUE_ERROR
        assert tx_queue_prioritize(queue) == TX_SUCCESS
        await others_run()
        for _ in range(2):
            assert tx_queue_info_get(queue)[4:6] == (thread_3, 4)
            assert tx_queue_prioritize(queue) == TX_SUCCESS
        await tx_thread_terminate(thread_3)
        assert tx_queue_info_get(queue)[4:6] == (thread_4, 3)
        for message in range(3):
            tx_queue_send(queue, message, TX_NO_WAIT)
        await others_run()
        assert stage.told == [("four", 0, 0), ("two", 0, 1), ("one", 0, 2)]

    receives(stage, queue, "one", 16)
    receives(stage, queue, "two", 15)
    thread_3 = receives(stage, queue, "three", 3)
    thread_4 = receives(stage, queue, "four", 4)
    stage.play(creating(queue))


def test_queue_information(stage, queue):
    second = TX_QUEUE()

    @stage.thread()
    async def thread_0(_):
        creating(second, 7)(None)
        assert tx_queue_info_get(None) == (TX_QUEUE_ERROR,) + (None,) * 6
        assert tx_queue_info_get(TX_QUEUE()) == (TX_QUEUE_ERROR,) + (None,) * 6
        tx_queue_send(second, 1, TX_NO_WAIT)
        tx_queue_send(second, 2, TX_NO_WAIT)
        information = tx_queue_info_get(second)
        assert information == (TX_SUCCESS, "queue 0", 2, 5, None, 0, queue)
        await others_run()
        information = tx_queue_info_get(queue)
        assert information == (TX_SUCCESS, "queue 0", 0, 3, thread_1, 1, second)
        assert tx_thread_info_get(thread_1)[2] == TX_QUEUE_SUSP

    thread_1 = receives(stage, queue, "one")
    stage.play(creating(queue))


# --- what else holds ------------------------------------------------------------------------------


def test_delete_ends_every_wait_with_deleted(stage, queue):
    full = TX_QUEUE()

    @stage.thread()
    async def thread_0(_):
        await others_run()
        assert tx_queue_delete(queue) == TX_SUCCESS
        assert tx_queue_delete(full) == TX_SUCCESS
        await others_run()

    def define(_):
        creating(queue)(None)
        creating(full, 1)(None)
        tx_queue_send(full, 0, TX_NO_WAIT)

    receives(stage, queue, "one")
    sends(stage, full, "end")
    sends(stage, full, "front", function=tx_queue_front_send)
    stage.play(define)
    assert sorted(stage.told) == [
        ("end", TX_DELETED),
        ("front", TX_DELETED),
        ("one", TX_DELETED, None),
    ]


def test_a_message_is_the_object_itself(stage, queue):
    messages = [b"bytes", {"a": 1}, 0, "", object(), False]

    @stage.thread()
    async def thread_0(_):
        for message in messages:
            assert tx_queue_send(queue, message, TX_NO_WAIT) == TX_SUCCESS
        for message, got in zip(messages, await received(queue), strict=True):
            assert got is message
        # Nothing is kept of what was taken.
        assert queue.ring == [None] * 6

    stage.play(creating(queue, 6))


def test_notify_is_called_after_every_message_also_one_that_has_waited(stage, queue):
    def notify(told):
        assert told is queue
        stage.told.append(queue.enqueued)

    @stage.thread()
    async def thread_0(_):
        tx_queue_send_notify(queue, notify)
        tx_queue_send(queue, 1, TX_NO_WAIT)
        tx_queue_front_send(queue, 2, TX_NO_WAIT)
        tx_queue_send(queue, 3, TX_NO_WAIT)
        assert stage.told == [1, 2]
        tx_thread_resume(thread_1)
        tx_thread_resume(thread_2)
        await others_run()
        assert stage.told == [1, 2]
        await tx_queue_receive(queue, TX_NO_WAIT)
        await tx_queue_receive(queue, TX_NO_WAIT)
        await others_run()
        assert stage.told == [1, 2, 2, ("front", 0), 2, ("end", 0)]
        await tx_queue_receive(queue, TX_NO_WAIT)
        tx_queue_send(queue, 3, TX_NO_WAIT)
        assert stage.told[6:] == [2]
        assert await tx_wait(tx_queue_send, queue, 4, 2) == TX_QUEUE_FULL
        tx_queue_send_notify(queue, None)
        await received(queue)
        tx_queue_send(queue, 4, TX_NO_WAIT)
        assert len(stage.told) == 7

    thread_1 = sends(stage, queue, "end", auto_start=TX_DONT_START)
    thread_2 = sends(stage, queue, "front", 16, TX_DONT_START, tx_queue_front_send)
    stage.play(creating(queue, 2))


def test_what_ended_a_wait_is_kept_while_the_thread_is_suspended(stage, queue):
    @stage.thread()
    async def thread_0(_):
        await others_run()
        await tx_thread_suspend(thread_1)
        await tx_thread_suspend(thread_2)
        tx_queue_send(queue, "message", TX_NO_WAIT)
        await tx_thread_sleep(10)
        assert stage.told == []
        tx_thread_resume(thread_1)
        tx_thread_resume(thread_2)
        await others_run()
        assert stage.told[0] == ("one", TX_SUCCESS, "message")
        assert stage.told[1] == ("two", TX_QUEUE_EMPTY, None)

    thread_1 = receives(stage, queue, "one", 3)
    thread_2 = receives(stage, queue, "two", 9, ticks=5)
    stage.play(creating(queue))


def test_outside_of_threads_there_is_no_wait(stage, queue):
    async def outside():
        stage.told.append(await tx_queue_receive(queue, 1))
        stage.told.append(await tx_queue_receive(queue, TX_NO_WAIT))
        stage.told.append(await tx_wait(tx_queue_send, queue, 1, 1))
        stage.told.append(tx_queue_send(queue, 1, TX_NO_WAIT))

    @stage.thread()
    async def thread_0(_):
        await asyncio.create_task(outside())

    stage.play(creating(queue))
    assert stage.told[:2] == [(TX_WAIT_ERROR, None), (TX_QUEUE_EMPTY, None)]
    assert stage.told[2:] == [TX_CALLER_ERROR, TX_SUCCESS]


def test_ten_thousand_messages_through_a_queue_that_is_always_full(stage, queue):
    number = 10_000

    @stage.thread()
    async def sender(_):
        for message in range(number):
            assert await tx_wait(tx_queue_send, queue, message, 100) == TX_SUCCESS

    @stage.thread()
    async def receiver(_):
        for expected in range(number):
            assert await tx_queue_receive(queue, 100) == (TX_SUCCESS, expected)
        stage.told.append("done")

    stage.play(creating(queue, 4))
    assert stage.told == ["done"]


# --- against a model ------------------------------------------------------------------------------

STEPS = st.one_of(
    st.tuples(st.just("send")),
    st.tuples(st.just("front")),
    st.tuples(st.just("receive")),
    st.tuples(st.just("flush")),
    st.tuples(st.just("wait to send"), st.integers(0, 3)),
    st.tuples(st.just("wait to front"), st.integers(0, 3)),
    st.tuples(st.just("wait to receive"), st.integers(0, 3)),
)


class Model:
    """A queue as ThreadX's manual describes it; who waits is sorted by priority."""

    def __init__(self, capacity):
        self.capacity = capacity
        self.messages = deque()
        self.at_front, self.senders, self.receivers = [], [], []
        self.told = []

    def send(self, message, front=False):
        """Send without a wait."""
        if len(self.messages) == self.capacity:
            return TX_QUEUE_FULL
        if self.receivers:
            self.told.append((self.receivers.pop(0)[1], TX_SUCCESS, message))
        elif front:
            self.messages.appendleft(message)
        else:
            self.messages.append(message)
        return TX_SUCCESS

    def receive(self):
        """Receive without a wait."""
        if not self.messages:
            return TX_QUEUE_EMPTY, None
        if self.at_front:
            message = self.at_front.pop(0)
            self.told.append((message, TX_SUCCESS))
            return TX_SUCCESS, message
        message = self.messages.popleft()
        if self.senders:
            _, following = self.senders.pop(0)
            self.messages.append(following)
            self.told.append((following, TX_SUCCESS))
        return TX_SUCCESS, message

    def wait_to_send(self, message, priority, front):
        """Send, or join those who wait for room."""
        if self.send(message, front) == TX_SUCCESS:
            self.told.append((message, TX_SUCCESS))
        elif front:
            self.at_front.insert(0, message)
        else:
            self.senders.append((priority, message))
            self.senders.sort(key=lambda waiter: waiter[0])

    def wait_to_receive(self, name, priority):
        """Receive, or join those who wait for a message."""
        status, message = self.receive()
        if status == TX_SUCCESS:
            self.told.append((name, status, message))
        else:
            self.receivers.append((priority, name))
            self.receivers.sort(key=lambda waiter: waiter[0])

    def flush(self):
        """Throw everything away."""
        if self.messages:
            self.messages.clear()
            self.told += [(message, TX_SUCCESS) for message in self.at_front]
            self.told += [(message, TX_SUCCESS) for _, message in self.senders]
            self.at_front, self.senders = [], []


class Driver:
    """Does to a queue and to its model the same."""

    def __init__(self, capacity):
        self.queue, self.model, self.stage = TX_QUEUE(), Model(capacity), Stage()
        self._number = 0

    async def _send(self, request):
        function, message = request
        status = await tx_wait(function, self.queue, message, TX_WAIT_FOREVER)
        self.stage.told.append((message, status))

    async def _receive(self, name):
        status, message = await tx_queue_receive(self.queue, TX_WAIT_FOREVER)
        self.stage.told.append((name, status, message))

    async def step(self, what, priority=0):
        """One call of the driver, or a new thread with one."""
        queue, model = self.queue, self.model
        self._number += 1
        number = self._number
        if what in ("send", "front"):
            front = what == "front"
            function = tx_queue_front_send if front else tx_queue_send
            assert function(queue, number, TX_NO_WAIT) == model.send(number, front)
        elif what == "receive":
            assert await tx_queue_receive(queue, TX_NO_WAIT) == model.receive()
        elif what == "flush":
            assert tx_queue_flush(queue) == TX_SUCCESS
            model.flush()
        elif what == "wait to receive":
            tx_thread_create(TX_THREAD(), number, self._receive, number, None, 0, priority)
            model.wait_to_receive(number, priority)
        else:
            front = what == "wait to front"
            request = (tx_queue_front_send if front else tx_queue_send, number)
            tx_thread_create(TX_THREAD(), number, self._send, request, None, 0, priority)
            model.wait_to_send(number, priority, front)
        await others_run()
        # A receiver and a sender that are released by one call both go on; in which order they tell
        # so is not the queue's.
        assert sorted(self.stage.told, key=str) == sorted(model.told, key=str)
        assert tx_queue_info_get(queue)[2] == len(model.messages)
        waiting = len(model.at_front) + len(model.senders) + len(model.receivers)
        assert tx_queue_info_get(queue)[5] == waiting


@given(st.integers(1, 3), st.lists(STEPS, max_size=30))
def test_any_sequence_is_as_the_model_has_it(capacity, steps):
    driver = Driver(capacity)

    @driver.stage.thread()
    async def thread_0(_):
        for step in steps:
            await driver.step(*step)

    driver.stage.play(creating(driver.queue, capacity))


TIMES = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=12)


class Traffic:
    """Senders and receivers that sleep and wait as they like.

    :param queue: that they use
    """

    def __init__(self, queue):
        self._queue = queue
        self.sent, self.got = [], []

    async def send(self, request):
        """The entry of a sender: its name, and how long it sleeps and waits each time."""
        name, times = request
        for number, (sleep, wait) in enumerate(times):
            await tx_thread_sleep(sleep)
            if await tx_wait(tx_queue_send, self._queue, (name, number), wait) == TX_SUCCESS:
                self.sent.append((name, number))

    async def receive(self, times):
        """The entry of a receiver: how long it sleeps and waits each time."""
        for sleep, wait in times:
            await tx_thread_sleep(sleep)
            status, message = await tx_queue_receive(self._queue, wait)
            if status == TX_SUCCESS:
                self.got.append(message)


@settings(max_examples=60)
@given(st.integers(1, 3), st.lists(TIMES, min_size=1, max_size=3), st.lists(TIMES, max_size=3))
def test_with_any_times_nothing_is_lost_and_each_sender_s_order_is_kept(
    capacity, senders, receivers
):
    stage, queue = Stage(), TX_QUEUE()
    traffic = Traffic(queue)

    @stage.thread(31)
    async def thread_0(_):
        await tx_thread_sleep(1000)
        traffic.got.extend(await received(queue))

    def define(_):
        creating(queue, capacity)(None)
        for request in enumerate(senders):
            tx_thread_create(TX_THREAD(), "sender", traffic.send, request, None, 0, 3)
        for times in receivers:
            tx_thread_create(TX_THREAD(), "receiver", traffic.receive, times, None, 0, 3)

    stage.play(define)
    assert sorted(traffic.got) == sorted(traffic.sent)
    if len(receivers) <= 1:
        # Sorted by name alone, which keeps each one's own order, they are as sent.
        assert sorted(traffic.got, key=lambda message: message[0]) == sorted(traffic.sent)
