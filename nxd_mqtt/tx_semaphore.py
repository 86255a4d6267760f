# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""ThreadX's counting semaphores."""

from micropython import const

from .tx_kernel import enter
from .tx_object import Waited, exists, first_of, may_create, release_all

_SEMAPHORE_SUSP = const(6)

_SUCCESS = const(0x00)
_DELETED = const(0x01)
_WAIT_ERROR = const(0x04)
_SEMAPHORE_ERROR = const(0x0C)
_NO_INSTANCE = const(0x0D)
_CEILING_EXCEEDED = const(0x21)
_INVALID_CEILING = const(0x22)


class TX_SEMAPHORE(Waited):
    """The control block of a semaphore, filled by ``tx_semaphore_create``."""

    def create(self, name, count: int) -> None:
        """So many instances are there."""
        Waited.create(self, name)
        self.count = count

    def put(self) -> None:
        """One instance more, for the first who waits."""
        if self.waiters:
            self.waiters[0].release()
        else:
            self.count += 1
        self.tell()


def tx_semaphore_ceiling_put(semaphore, ceiling: int) -> int:
    """Put an instance, unless there are enough (``tx_semaphore_ceiling_put``).

    :param int ceiling: as many as there may be
    :return: TX_SUCCESS; TX_SEMAPHORE_ERROR; TX_INVALID_CEILING when it is 0; TX_CEILING_EXCEEDED
        when there would be more
    """
    if not exists(semaphore, TX_SEMAPHORE):
        return _SEMAPHORE_ERROR
    if ceiling == 0:
        return _INVALID_CEILING
    if not semaphore.waiters and semaphore.count >= ceiling:
        return _CEILING_EXCEEDED
    semaphore.put()
    return _SUCCESS


def tx_semaphore_create(semaphore, name, initial_count: int) -> int:
    """Create a semaphore (``tx_semaphore_create``).

    :param TX_SEMAPHORE semaphore: the control block
    :param name: for people
    :param int initial_count: instances that are there
    :return: TX_SUCCESS; TX_SEMAPHORE_ERROR
    """
    if not may_create(semaphore, TX_SEMAPHORE):
        return _SEMAPHORE_ERROR
    semaphore.create(name, initial_count)
    return _SUCCESS


def tx_semaphore_delete(semaphore) -> int:
    """Delete a semaphore; whoever waits for it gets TX_DELETED (``tx_semaphore_delete``).

    :return: TX_SUCCESS; TX_SEMAPHORE_ERROR
    """
    if not exists(semaphore, TX_SEMAPHORE):
        return _SEMAPHORE_ERROR
    semaphore.delete()
    release_all(semaphore.waiters, _DELETED)
    return _SUCCESS


async def tx_semaphore_get(semaphore, wait_option: int) -> int:
    """Take an instance (``tx_semaphore_get``).

    :param int wait_option: ticks of 10 ms, TX_NO_WAIT, TX_WAIT_FOREVER
    :return: TX_SUCCESS; TX_SEMAPHORE_ERROR; TX_WAIT_ERROR for a wait outside of threads;
        TX_NO_INSTANCE when there was none in time; TX_DELETED; TX_WAIT_ABORTED
    """
    thread = await enter()
    if not exists(semaphore, TX_SEMAPHORE):
        return _SEMAPHORE_ERROR
    if wait_option and not thread:
        return _WAIT_ERROR
    if semaphore.count:
        semaphore.count -= 1
        return _SUCCESS
    if not wait_option:
        return _NO_INSTANCE
    return await thread.wait(semaphore.waiters, _SEMAPHORE_SUSP, wait_option, _NO_INSTANCE)


def tx_semaphore_info_get(semaphore):
    """Ask about a semaphore (``tx_semaphore_info_get``).

    :return: (status, name, instances, first thread that waits, number of those who wait, next
        created semaphore); status TX_SUCCESS, or TX_SEMAPHORE_ERROR and None for the others
    """
    if not exists(semaphore, TX_SEMAPHORE):
        return _SEMAPHORE_ERROR, None, None, None, None, None
    waiters = semaphore.waiters
    first = first_of(waiters)
    return _SUCCESS, semaphore.name, semaphore.count, first, len(waiters), semaphore.next()


def tx_semaphore_prioritize(semaphore) -> int:
    """Put the thread of the highest priority first, where it is (``tx_semaphore_prioritize``).

    :return: TX_SUCCESS; TX_SEMAPHORE_ERROR
    """
    return _SUCCESS if exists(semaphore, TX_SEMAPHORE) else _SEMAPHORE_ERROR


def tx_semaphore_put(semaphore) -> int:
    """Put an instance (``tx_semaphore_put``).

    :return: TX_SUCCESS; TX_SEMAPHORE_ERROR
    """
    if not exists(semaphore, TX_SEMAPHORE):
        return _SEMAPHORE_ERROR
    semaphore.put()
    return _SUCCESS


def tx_semaphore_put_notify(semaphore, semaphore_put_notify) -> int:
    """Have a function called whenever an instance is put (``tx_semaphore_put_notify``).

    :param semaphore_put_notify: function of the semaphore, after a thread that waited is released;
        or None
    :return: TX_SUCCESS; TX_SEMAPHORE_ERROR
    """
    if not exists(semaphore, TX_SEMAPHORE):
        return _SEMAPHORE_ERROR
    semaphore.notify = semaphore_put_notify
    return _SUCCESS
