# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""ThreadX's event flags: 32 flags in a group, for which threads wait, one or several at once."""

from micropython import const

from .tx_kernel import enter
from .tx_object import Waited, exists, first_of, may_create, release_all

_EVENT_FLAG = const(7)

_SUCCESS = const(0x00)
_DELETED = const(0x01)
_WAIT_ERROR = const(0x04)
_GROUP_ERROR = const(0x06)
_NO_EVENTS = const(0x07)
_OPTION_ERROR = const(0x08)

_OR = const(0)
_AND = const(2)
_AND_CLEAR = const(3)
# What two options have in common.
_CLEAR = const(1)

_FLAGS = const(0xFFFFFFFF)


class TX_EVENT_FLAGS_GROUP(Waited):
    """The control block of a group, filled by ``tx_event_flags_create``."""

    def create(self, name) -> None:
        """No flag is set."""
        Waited.create(self, name)
        self.flags = 0

    def set(self, flags: int) -> None:
        """Set flags, and release everybody who waits for what is set now.

        What one of them clears is cleared for later calls, not for those who wait as well.
        """
        now = self.flags = self.flags | flags
        waiters = self.waiters
        place = 0
        while place < len(waiters):
            thread = waiters[place]
            wanted, option = thread.wanted
            if _is_there(now, wanted, option):
                self.took(wanted, option)
                thread.release(_SUCCESS, now)
            else:
                place += 1
        self.tell()

    def took(self, wanted: int, option: int) -> None:
        """Somebody has got what he waited for."""
        if option & _CLEAR:
            self.flags &= ~wanted


def _is_there(flags: int, wanted: int, option: int) -> bool:
    """Whether flags are what somebody waits for; nothing never is."""
    found = flags & wanted
    return found == wanted != 0 if option & _AND else found != 0


def tx_event_flags_create(group, name) -> int:
    """Create a group, no flag of which is set (``tx_event_flags_create``).

    :param TX_EVENT_FLAGS_GROUP group: the control block
    :param name: for people
    :return: TX_SUCCESS; TX_GROUP_ERROR
    """
    if not may_create(group, TX_EVENT_FLAGS_GROUP):
        return _GROUP_ERROR
    group.create(name)
    return _SUCCESS


def tx_event_flags_delete(group) -> int:
    """Delete a group; whoever waits for it gets TX_DELETED (``tx_event_flags_delete``).

    :return: TX_SUCCESS; TX_GROUP_ERROR
    """
    if not exists(group, TX_EVENT_FLAGS_GROUP):
        return _GROUP_ERROR
    group.delete()
    release_all(group.waiters, _DELETED)
    return _SUCCESS


async def tx_event_flags_get(group, requested_flags: int, get_option: int, wait_option: int):
    """Wait for flags (``tx_event_flags_get``).

    :param int requested_flags: one bit each; a request for none is never met, and does not wait
    :param int get_option: TX_OR for one of them at least, TX_AND for all of them; TX_OR_CLEAR and
        TX_AND_CLEAR clear all that were requested
    :param int wait_option: ticks of 10 ms, TX_NO_WAIT, TX_WAIT_FOREVER
    :return: (status, every flag that was set then, 0 without success); status TX_SUCCESS,
        TX_GROUP_ERROR, TX_WAIT_ERROR for a wait outside of threads, TX_OPTION_ERROR, TX_NO_EVENTS
        when they were not set in time, TX_DELETED, TX_WAIT_ABORTED
    """
    thread = await enter()
    if not exists(group, TX_EVENT_FLAGS_GROUP):
        return _GROUP_ERROR, 0
    if wait_option and not thread:
        return _WAIT_ERROR, 0
    if not _OR <= get_option <= _AND_CLEAR:
        return _OPTION_ERROR, 0
    wanted = requested_flags & _FLAGS
    now = group.flags
    if _is_there(now, wanted, get_option):
        group.took(wanted, get_option)
        return _SUCCESS, now
    if not (wait_option and wanted):
        return _NO_EVENTS, 0
    thread.wanted = (wanted, get_option)
    status = await thread.wait(group.waiters, _EVENT_FLAG, wait_option, _NO_EVENTS)
    return status, thread.given or 0


def tx_event_flags_info_get(group):
    """Ask about a group (``tx_event_flags_info_get``).

    :return: (status, name, flags that are set, first thread that waits, number of those who wait,
        next created group); status TX_SUCCESS, or TX_GROUP_ERROR and None for the others
    """
    if not exists(group, TX_EVENT_FLAGS_GROUP):
        return _GROUP_ERROR, None, None, None, None, None
    waiters = group.waiters
    return _SUCCESS, group.name, group.flags, first_of(waiters), len(waiters), group.next()


def tx_event_flags_set(group, flags_to_set: int, set_option: int) -> int:
    """Set flags, or clear them (``tx_event_flags_set``).

    :param int flags_to_set: one bit each
    :param int set_option: TX_OR sets them; TX_AND clears all others
    :return: TX_SUCCESS; TX_GROUP_ERROR; TX_OPTION_ERROR
    """
    if not exists(group, TX_EVENT_FLAGS_GROUP):
        return _GROUP_ERROR
    if set_option == _AND:
        group.flags &= flags_to_set
    elif set_option == _OR:
        # A mask such as ~1 is negative; any other takes no memory this way.
        group.set(flags_to_set if flags_to_set >= 0 else flags_to_set & _FLAGS)
    else:
        return _OPTION_ERROR
    return _SUCCESS


def tx_event_flags_set_notify(group, events_set_notify) -> int:
    """Have a function called whenever flags are set (``tx_event_flags_set_notify``).

    :param events_set_notify: function of the group, after those who waited are released; or None
    :return: TX_SUCCESS; TX_GROUP_ERROR
    """
    if not exists(group, TX_EVENT_FLAGS_GROUP):
        return _GROUP_ERROR
    group.notify = events_set_notify
    return _SUCCESS
