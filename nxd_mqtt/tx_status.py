# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The numbers of ThreadX that an application passes in or compares with, as in ``tx_api.h``."""

from micropython import const

TX_NULL = None
TX_FALSE = const(0)
TX_TRUE = const(1)
TX_NO_WAIT = const(0)
TX_WAIT_FOREVER = const(0xFFFFFFFF)
TX_TIMER_TICKS_PER_SECOND = const(100)

TX_OR = const(0)
TX_OR_CLEAR = const(1)
TX_AND = const(2)
TX_AND_CLEAR = const(3)

TX_1_ULONG = const(1)
TX_2_ULONG = const(2)
TX_4_ULONG = const(4)
TX_8_ULONG = const(8)
TX_16_ULONG = const(16)

TX_DONT_START = const(0)
TX_AUTO_START = const(1)
TX_NO_TIME_SLICE = const(0)
TX_NO_ACTIVATE = const(0)
TX_AUTO_ACTIVATE = const(1)
TX_NO_INHERIT = const(0)
TX_INHERIT = const(1)

# What a thread is doing.
TX_READY = const(0)
TX_COMPLETED = const(1)
TX_TERMINATED = const(2)
TX_SUSPENDED = const(3)
TX_SLEEP = const(4)
TX_QUEUE_SUSP = const(5)
TX_SEMAPHORE_SUSP = const(6)
TX_EVENT_FLAG = const(7)
TX_TCP_IP = const(12)
TX_MUTEX_SUSP = const(13)

TX_SUCCESS = const(0x00)
TX_DELETED = const(0x01)
TX_PTR_ERROR = const(0x03)
TX_WAIT_ERROR = const(0x04)
TX_SIZE_ERROR = const(0x05)
TX_GROUP_ERROR = const(0x06)
TX_NO_EVENTS = const(0x07)
TX_OPTION_ERROR = const(0x08)
TX_QUEUE_ERROR = const(0x09)
TX_QUEUE_EMPTY = const(0x0A)
TX_QUEUE_FULL = const(0x0B)
TX_SEMAPHORE_ERROR = const(0x0C)
TX_NO_INSTANCE = const(0x0D)
TX_THREAD_ERROR = const(0x0E)
TX_PRIORITY_ERROR = const(0x0F)
TX_START_ERROR = const(0x10)
TX_DELETE_ERROR = const(0x11)
TX_RESUME_ERROR = const(0x12)
TX_CALLER_ERROR = const(0x13)
TX_SUSPEND_ERROR = const(0x14)
TX_TIMER_ERROR = const(0x15)
TX_TICK_ERROR = const(0x16)
TX_ACTIVATE_ERROR = const(0x17)
TX_THRESH_ERROR = const(0x18)
TX_SUSPEND_LIFTED = const(0x19)
TX_WAIT_ABORTED = const(0x1A)
TX_WAIT_ABORT_ERROR = const(0x1B)
TX_MUTEX_ERROR = const(0x1C)
TX_NOT_AVAILABLE = const(0x1D)
TX_NOT_OWNED = const(0x1E)
TX_INHERIT_ERROR = const(0x1F)
TX_NOT_DONE = const(0x20)
TX_CEILING_EXCEEDED = const(0x21)
TX_INVALID_CEILING = const(0x22)

# What a waiting ``nxd_`` call returns under the kernel: ``tx_wait`` is its form for threads.
NX_WAIT_ERROR = const(0x08)
