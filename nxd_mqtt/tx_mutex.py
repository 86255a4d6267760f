# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""ThreadX's mutexes: one owner, who may get it again, and who may be lent a waiter's priority."""

from micropython import const

from .tx_kernel import TX_KERNEL, enter
from .tx_object import Waited, exists, first_of, may_create, release_all

_MUTEX_SUSP = const(13)

_SUCCESS = const(0x00)
_DELETED = const(0x01)
_WAIT_ERROR = const(0x04)
_CALLER_ERROR = const(0x13)
_MUTEX_ERROR = const(0x1C)
_NOT_AVAILABLE = const(0x1D)
_NOT_OWNED = const(0x1E)
_INHERIT_ERROR = const(0x1F)

_INHERIT = const(1)
_NOTHING_LENT = const(32)


class TX_MUTEX(Waited):
    """The control block of a mutex, filled by ``tx_mutex_create``."""

    def create(self, name, inherit: int) -> None:
        """Nobody owns it."""
        Waited.create(self, name)
        self.inherit = inherit
        self.owner = None
        # How many times its owner has got it.
        self.count = 0
        # The highest priority of those who wait, where the owner is to have it.
        self.lends = _NOTHING_LENT

    def give(self, thread) -> None:
        """It has a new owner."""
        self.owner = thread
        self.count = 1
        thread.owned.append(self)

    def lend(self, thread) -> None:
        """A thread is about to wait: its owner is to be as high."""
        if self.inherit:
            self.lends = min(self.lends, thread.rank)
            self.owner.lend(min(self.owner.lent, thread.rank))

    def abandon(self, thread) -> None:
        """Its owner lets go of it for good; the first who waits gets it."""
        owned = thread.owned
        owned.remove(self)
        if self.inherit:
            lent = _NOTHING_LENT
            for mutex in owned:
                lent = min(lent, mutex.lends)
            thread.lend(lent)
        self.owner = None
        self.count = 0
        self.lends = _NOTHING_LENT
        if self.waiters:
            following = self.waiters[0]
            self.give(following)
            following.release()
            if self.inherit and self.waiters:
                self.lends = self.waiters[0].rank


def tx_mutex_create(mutex, name, inherit: int) -> int:
    """Create a mutex (``tx_mutex_create``).

    :param TX_MUTEX mutex: the control block
    :param name: for people
    :param int inherit: TX_INHERIT: as long as others wait its owner has the highest of their
        priorities, which counts where the owner waits itself; TX_NO_INHERIT
    :return: TX_SUCCESS; TX_MUTEX_ERROR; TX_INHERIT_ERROR
    """
    if not may_create(mutex, TX_MUTEX):
        return _MUTEX_ERROR
    if inherit not in (0, _INHERIT):
        return _INHERIT_ERROR
    mutex.create(name, inherit)
    return _SUCCESS


def tx_mutex_delete(mutex) -> int:
    """Delete a mutex; whoever waits for it gets TX_DELETED (``tx_mutex_delete``).

    :return: TX_SUCCESS; TX_MUTEX_ERROR
    """
    if not exists(mutex, TX_MUTEX):
        return _MUTEX_ERROR
    mutex.delete()
    release_all(mutex.waiters, _DELETED)
    if mutex.owner:
        mutex.abandon(mutex.owner)
    return _SUCCESS


async def tx_mutex_get(mutex, wait_option: int) -> int:
    """Get a mutex; its owner gets it once more (``tx_mutex_get``).

    :param int wait_option: ticks of 10 ms, TX_NO_WAIT, TX_WAIT_FOREVER
    :return: TX_SUCCESS; TX_MUTEX_ERROR; TX_WAIT_ERROR for a wait outside of threads;
        TX_CALLER_ERROR outside of threads; TX_NOT_AVAILABLE when it was not free in time;
        TX_DELETED; TX_WAIT_ABORTED
    """
    thread = await enter()
    if not exists(mutex, TX_MUTEX):
        return _MUTEX_ERROR
    if not thread:
        return _WAIT_ERROR if wait_option else _CALLER_ERROR
    if mutex.owner is None:
        mutex.give(thread)
        return _SUCCESS
    if mutex.owner is thread:
        mutex.count += 1
        return _SUCCESS
    if not wait_option:
        return _NOT_AVAILABLE
    mutex.lend(thread)
    return await thread.wait(mutex.waiters, _MUTEX_SUSP, wait_option, _NOT_AVAILABLE)


def tx_mutex_info_get(mutex):
    """Ask about a mutex (``tx_mutex_info_get``).

    :return: (status, name, how often it was got, owner, first thread that waits, number of those
        who wait, next created mutex); status TX_SUCCESS, or TX_MUTEX_ERROR and None for the others
    """
    if not exists(mutex, TX_MUTEX):
        return _MUTEX_ERROR, None, None, None, None, None, None
    waiters = mutex.waiters
    first = first_of(waiters)
    return _SUCCESS, mutex.name, mutex.count, mutex.owner, first, len(waiters), mutex.next()


def tx_mutex_prioritize(mutex) -> int:
    """Put the thread of the highest priority first, where it is (``tx_mutex_prioritize``).

    :return: TX_SUCCESS; TX_MUTEX_ERROR
    """
    return _SUCCESS if exists(mutex, TX_MUTEX) else _MUTEX_ERROR


def tx_mutex_put(mutex) -> int:
    """Let go of a mutex, as often as it was got (``tx_mutex_put``).

    :return: TX_SUCCESS; TX_MUTEX_ERROR; TX_NOT_OWNED when the caller does not own it
    """
    if not exists(mutex, TX_MUTEX):
        return _MUTEX_ERROR
    owner = mutex.owner
    if owner is None or owner is not TX_KERNEL.caller():
        return _NOT_OWNED
    mutex.count -= 1
    if not mutex.count:
        mutex.abandon(owner)
    return _SUCCESS
