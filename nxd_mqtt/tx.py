# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""All of ThreadX in one import, as ``tx_api.h`` is: ``from nxd_mqtt.tx import *``.

A board that is short of memory imports the files by themselves: ``tx_thread``, ``tx_event_flags``
and so on, with the numbers from ``tx_status``.
"""

from .tx_client import tx_wait
from .tx_event_flags import (
    TX_EVENT_FLAGS_GROUP,
    tx_event_flags_create,
    tx_event_flags_delete,
    tx_event_flags_get,
    tx_event_flags_info_get,
    tx_event_flags_set,
    tx_event_flags_set_notify,
)
from .tx_kernel import TX_KERNEL, TX_THREAD
from .tx_mutex import (
    TX_MUTEX,
    tx_mutex_create,
    tx_mutex_delete,
    tx_mutex_get,
    tx_mutex_info_get,
    tx_mutex_prioritize,
    tx_mutex_put,
)
from .tx_queue import (
    TX_QUEUE,
    tx_queue_create,
    tx_queue_delete,
    tx_queue_flush,
    tx_queue_front_send,
    tx_queue_info_get,
    tx_queue_prioritize,
    tx_queue_receive,
    tx_queue_send,
    tx_queue_send_notify,
)
from .tx_semaphore import (
    TX_SEMAPHORE,
    tx_semaphore_ceiling_put,
    tx_semaphore_create,
    tx_semaphore_delete,
    tx_semaphore_get,
    tx_semaphore_info_get,
    tx_semaphore_prioritize,
    tx_semaphore_put,
    tx_semaphore_put_notify,
)
from .tx_status import *
from .tx_thread import (
    tx_kernel_enter,
    tx_thread_create,
    tx_thread_delete,
    tx_thread_identify,
    tx_thread_info_get,
    tx_thread_preemption_change,
    tx_thread_priority_change,
    tx_thread_relinquish,
    tx_thread_reset,
    tx_thread_resume,
    tx_thread_sleep,
    tx_thread_suspend,
    tx_thread_terminate,
    tx_thread_time_slice_change,
    tx_thread_wait_abort,
    tx_time_get,
    tx_time_set,
)
from .tx_timer import (
    TX_TIMER,
    tx_timer_activate,
    tx_timer_change,
    tx_timer_create,
    tx_timer_deactivate,
    tx_timer_delete,
    tx_timer_info_get,
)
