# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""ThreadX's message queues: a fixed number of messages, for which threads wait, or for their room.

A message is any object but None. It is not copied, so what is sent should not be changed after.
"""

from micropython import const

from .tx_kernel import TX_KERNEL, enter
from .tx_object import Waited, exists, first_of, may_create, release_all

_QUEUE_SUSP = const(5)

_SUCCESS = const(0x00)
_DELETED = const(0x01)
_PTR_ERROR = const(0x03)
_WAIT_ERROR = const(0x04)
_SIZE_ERROR = const(0x05)
_QUEUE_ERROR = const(0x09)
_QUEUE_EMPTY = const(0x0A)
_QUEUE_FULL = const(0x0B)

_BYTES_PER_ULONG = const(4)
_16_ULONG = const(16)


class TX_QUEUE(Waited):
    """The control block of a queue, filled by ``tx_queue_create``.

    Who waits for it receives, while it is empty, or sends, while it is full.
    """

    def create(self, name, capacity: int) -> None:
        """It is empty."""
        Waited.create(self, name)
        # Those who wait to send to the front, the last first.
        self.at_front = []
        self.ring = [None] * capacity
        self.start = self.enqueued = 0

    def append(self, message) -> None:
        """Put a message behind all others."""
        ring = self.ring
        ring[(self.start + self.enqueued) % len(ring)] = message
        self.enqueued += 1

    def push(self, message) -> None:
        """Put a message before all others."""
        ring = self.ring
        self.start = (self.start or len(ring)) - 1
        ring[self.start] = message
        self.enqueued += 1

    def pop(self):
        """Take the first message."""
        ring = self.ring
        message = ring[self.start]
        ring[self.start] = None
        self.start = (self.start + 1) % len(ring)
        self.enqueued -= 1
        return message

    def receive(self):
        """Take the first message, and let the first who waits with one have the room.

        A message for the front is the first, though it has found no room yet.
        """
        if self.at_front:
            thread = self.at_front[0]
            message = thread.wanted
        else:
            message = self.pop()
            thread = first_of(self.waiters)
            if thread:
                self.append(thread.wanted)
        if thread:
            thread.release()
        return message

    def release_all(self, status: int) -> None:
        """End every wait."""
        release_all(self.at_front, status)
        release_all(self.waiters, status)

    async def tx_wait(self, function, message, wait_option: int) -> int:
        """What ``tx_wait`` does with a queue: wait for room.

        :param function: ``tx_queue_send`` or ``tx_queue_front_send``
        """
        status = function(self, message, 0)
        if status != _QUEUE_FULL or not wait_option:
            return status
        thread = TX_KERNEL.caller()
        thread.wanted = message
        first = function is tx_queue_front_send
        waiters = self.at_front if first else self.waiters
        status = await thread.wait(waiters, _QUEUE_SUSP, wait_option, _QUEUE_FULL, first)
        thread.wanted = None
        if status == _SUCCESS:
            self.tell()
        return status


def _send(queue, message, wait_option: int, put) -> int:
    """Hand a message to whoever waits for one, or put it into the queue.

    :param put: ``TX_QUEUE.append`` or ``TX_QUEUE.push``
    """
    if not exists(queue, TX_QUEUE):
        return _QUEUE_ERROR
    if message is None:
        return _PTR_ERROR
    if wait_option:
        return _WAIT_ERROR
    if queue.enqueued == len(queue.ring):
        return _QUEUE_FULL
    if queue.waiters:
        queue.waiters[0].release(_SUCCESS, message)
    else:
        put(queue, message)
    queue.tell()
    return _SUCCESS


def tx_queue_create(queue, name, message_size: int, queue_start, queue_size: int) -> int:
    """Create a queue (``tx_queue_create``).

    :param TX_QUEUE queue: the control block
    :param name: for people
    :param int message_size: in words of 4 bytes, 1 to 16; it only tells how many messages there is
        room for
    :param queue_start: ignored, the queue has its own memory
    :param int queue_size: bytes; there is room for queue_size // (message_size * 4) messages
    :return: TX_SUCCESS; TX_QUEUE_ERROR; TX_SIZE_ERROR
    """
    if not may_create(queue, TX_QUEUE):
        return _QUEUE_ERROR
    if not 1 <= message_size <= _16_ULONG or queue_size < message_size * _BYTES_PER_ULONG:
        return _SIZE_ERROR
    queue.create(name, queue_size // (message_size * _BYTES_PER_ULONG))
    return _SUCCESS


def tx_queue_delete(queue) -> int:
    """Delete a queue; whoever waits for it gets TX_DELETED (``tx_queue_delete``).

    :return: TX_SUCCESS; TX_QUEUE_ERROR
    """
    if not exists(queue, TX_QUEUE):
        return _QUEUE_ERROR
    queue.delete()
    queue.release_all(_DELETED)
    queue.ring = None
    return _SUCCESS


def tx_queue_flush(queue) -> int:
    """Throw all messages away, those that wait for room too (``tx_queue_flush``).

    Who waits for room gets TX_SUCCESS, as in ThreadX.

    :return: TX_SUCCESS; TX_QUEUE_ERROR
    """
    if not exists(queue, TX_QUEUE):
        return _QUEUE_ERROR
    if queue.enqueued:
        while queue.enqueued:
            queue.pop()
        queue.release_all(_SUCCESS)
    return _SUCCESS


def tx_queue_front_send(queue, message, wait_option: int) -> int:
    """Send a message, to be received before all others (``tx_queue_front_send``).

    :param message: any object but None
    :param int wait_option: TX_NO_WAIT; to wait for room ``await tx_wait(tx_queue_front_send, queue,
        message, wait_option)``
    :return: TX_SUCCESS; TX_QUEUE_ERROR; TX_PTR_ERROR; TX_WAIT_ERROR; TX_QUEUE_FULL
    """
    return _send(queue, message, wait_option, TX_QUEUE.push)


def tx_queue_info_get(queue):
    """Ask about a queue (``tx_queue_info_get``).

    :return: (status, name, messages in it, messages that it has room for, first thread that waits,
        number of those who wait, next created queue); status TX_SUCCESS, or TX_QUEUE_ERROR and None
        for the others
    """
    if not exists(queue, TX_QUEUE):
        return _QUEUE_ERROR, None, None, None, None, None, None
    room = len(queue.ring) - queue.enqueued
    first = first_of(queue.at_front) or first_of(queue.waiters)
    number = len(queue.at_front) + len(queue.waiters)
    return _SUCCESS, queue.name, queue.enqueued, room, first, number, queue.next()


def tx_queue_prioritize(queue) -> int:
    """Put the thread of the highest priority first, where it is (``tx_queue_prioritize``).

    :return: TX_SUCCESS; TX_QUEUE_ERROR
    """
    return _SUCCESS if exists(queue, TX_QUEUE) else _QUEUE_ERROR


async def tx_queue_receive(queue, wait_option: int):
    """Receive the first message (``tx_queue_receive``).

    :param int wait_option: ticks of 10 ms, TX_NO_WAIT, TX_WAIT_FOREVER
    :return: (status, message); status TX_SUCCESS, or with None for the message TX_QUEUE_ERROR,
        TX_WAIT_ERROR for a wait outside of threads, TX_QUEUE_EMPTY when there was none in time,
        TX_DELETED, TX_WAIT_ABORTED
    """
    thread = await enter()
    if not exists(queue, TX_QUEUE):
        return _QUEUE_ERROR, None
    if wait_option and not thread:
        return _WAIT_ERROR, None
    if queue.enqueued:
        return _SUCCESS, queue.receive()
    if not wait_option:
        return _QUEUE_EMPTY, None
    status = await thread.wait(queue.waiters, _QUEUE_SUSP, wait_option, _QUEUE_EMPTY)
    message = thread.given
    thread.given = None
    return status, message


def tx_queue_send(queue, message, wait_option: int) -> int:
    """Send a message, to be received after all others (``tx_queue_send``).

    :param message: any object but None
    :param int wait_option: TX_NO_WAIT; to wait for room ``await tx_wait(tx_queue_send, queue,
        message, wait_option)``
    :return: TX_SUCCESS; TX_QUEUE_ERROR; TX_PTR_ERROR; TX_WAIT_ERROR; TX_QUEUE_FULL
    """
    return _send(queue, message, wait_option, TX_QUEUE.append)


def tx_queue_send_notify(queue, queue_send_notify) -> int:
    """Have a function called whenever a message is sent (``tx_queue_send_notify``).

    :param queue_send_notify: function of the queue, after a thread that waited is released; or None
    :return: TX_SUCCESS; TX_QUEUE_ERROR
    """
    if not exists(queue, TX_QUEUE):
        return _QUEUE_ERROR
    queue.notify = queue_send_notify
    return _SUCCESS
