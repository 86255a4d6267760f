# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The rows of the porting guide for what ThreadX's threads wait for, as ``porting`` has them."""

FLAGS = (
    (
        "UINT tx_event_flags_create(TX_EVENT_FLAGS_GROUP *group_ptr, CHAR *name_ptr)",
        "tx_event_flags_create(group, name)",
        "status",
        "TX_SUCCESS TX_GROUP_ERROR",
        "As in C.",
        "test_tx_event_flags.py::test_event_flag_basic",
    ),
    (
        "UINT tx_event_flags_delete(TX_EVENT_FLAGS_GROUP *group_ptr)",
        "tx_event_flags_delete(group)",
        "status",
        "TX_SUCCESS TX_GROUP_ERROR",
        "As in C.",
        "test_tx_event_flags.py::test_delete_ends_every_wait_with_deleted",
    ),
    (
        "UINT tx_event_flags_get(TX_EVENT_FLAGS_GROUP *group_ptr, ULONG requested_flags, "
        "UINT get_option, ULONG *actual_flags_ptr, ULONG wait_option)",
        "await tx_event_flags_get(group, requested_flags, get_option, wait_option)",
        "status, flags that were set",
        "TX_SUCCESS TX_GROUP_ERROR TX_WAIT_ERROR TX_OPTION_ERROR TX_NO_EVENTS TX_DELETED "
        "TX_WAIT_ABORTED",
        "As in C every flag that was set is returned, asked for or not; 0 without success, where C "
        "leaves its variable alone.",
        "test_tx_event_flags.py::test_event_flag_suspension",
    ),
    (
        "UINT tx_event_flags_set(TX_EVENT_FLAGS_GROUP *group_ptr, ULONG flags_to_set, "
        "UINT set_option)",
        "tx_event_flags_set(group, flags_to_set, set_option)",
        "status",
        "TX_SUCCESS TX_GROUP_ERROR TX_OPTION_ERROR",
        "As in C; a thread that waits for the flags runs when this one awaits a call.",
        "test_tx_event_flags.py::test_event_flag_suspension_consume",
    ),
    (
        "UINT tx_event_flags_set_notify(TX_EVENT_FLAGS_GROUP *group_ptr, "
        "VOID (*events_set_notify)(TX_EVENT_FLAGS_GROUP *notify_group_ptr))",
        "tx_event_flags_set_notify(group, events_set_notify)",
        "status",
        "TX_SUCCESS TX_GROUP_ERROR",
        "As in C.",
        "test_tx_event_flags.py::test_notify_is_called_after_every_or_and_never_for_an_and",
    ),
    (
        "UINT tx_event_flags_info_get(TX_EVENT_FLAGS_GROUP *group_ptr, CHAR **name, "
        "ULONG *current_flags, TX_THREAD **first_suspended, ULONG *suspended_count, "
        "TX_EVENT_FLAGS_GROUP **next_group)",
        "tx_event_flags_info_get(group)",
        "status, name, flags, first thread that waits, number of those who wait, next group",
        "TX_SUCCESS TX_GROUP_ERROR",
        "With an error the others are None.",
        "test_tx_event_flags.py::test_event_flag_information",
    ),
)

QUEUES = (
    (
        "UINT tx_queue_create(TX_QUEUE *queue_ptr, CHAR *name_ptr, UINT message_size, "
        "VOID *queue_start, ULONG queue_size)",
        "tx_queue_create(queue, name, message_size, queue_start, queue_size)",
        "status",
        "TX_SUCCESS TX_QUEUE_ERROR TX_SIZE_ERROR",
        "The sizes say how many messages there is room for; the memory is the queue's own.",
        "test_tx_queue.py::test_queue_basic_one_word",
    ),
    (
        "UINT tx_queue_delete(TX_QUEUE *queue_ptr)",
        "tx_queue_delete(queue)",
        "status",
        "TX_SUCCESS TX_QUEUE_ERROR",
        "As in C.",
        "test_tx_queue.py::test_delete_ends_every_wait_with_deleted",
    ),
    (
        "UINT tx_queue_flush(TX_QUEUE *queue_ptr)",
        "tx_queue_flush(queue)",
        "status",
        "TX_SUCCESS TX_QUEUE_ERROR",
        "As in C.",
        "test_tx_queue.py::test_queue_flush",
    ),
    (
        "UINT tx_queue_send(TX_QUEUE *queue_ptr, VOID *source_ptr, ULONG wait_option)",
        "tx_queue_send(queue, message, wait_option)",
        "status",
        "TX_SUCCESS TX_QUEUE_ERROR TX_PTR_ERROR TX_WAIT_ERROR TX_QUEUE_FULL",
        "A message is any object but None, and is not copied. With a wait it is TX_WAIT_ERROR: "
        "its form that waits is made by tx_wait.",
        "test_tx_queue.py::test_queue_full_suspension",
    ),
    (
        "UINT tx_queue_front_send(TX_QUEUE *queue_ptr, VOID *source_ptr, ULONG wait_option)",
        "tx_queue_front_send(queue, message, wait_option)",
        "status",
        "TX_SUCCESS TX_QUEUE_ERROR TX_PTR_ERROR TX_WAIT_ERROR TX_QUEUE_FULL",
        "As tx_queue_send.",
        "test_tx_queue.py::test_queue_front_send",
    ),
    (
        "UINT tx_queue_receive(TX_QUEUE *queue_ptr, VOID *destination_ptr, ULONG wait_option)",
        "await tx_queue_receive(queue, wait_option)",
        "status, message",
        "TX_SUCCESS TX_QUEUE_ERROR TX_WAIT_ERROR TX_QUEUE_EMPTY TX_DELETED TX_WAIT_ABORTED",
        "The message is returned, None without success.",
        "test_tx_queue.py::test_queue_empty_suspension",
    ),
    (
        "UINT tx_queue_send_notify(TX_QUEUE *queue_ptr, "
        "VOID (*queue_send_notify)(TX_QUEUE *notify_queue_ptr))",
        "tx_queue_send_notify(queue, queue_send_notify)",
        "status",
        "TX_SUCCESS TX_QUEUE_ERROR",
        "As in C.",
        "test_tx_queue.py::test_notify_is_called_after_every_message_also_one_that_has_waited",
    ),
    (
        "UINT tx_queue_prioritize(TX_QUEUE *queue_ptr)",
        "tx_queue_prioritize(queue)",
        "status",
        "TX_SUCCESS TX_QUEUE_ERROR",
        "Nothing is left to do: those who wait stand in the order of their priorities.",
        "test_tx_queue.py::test_queue_prioritize",
    ),
    (
        "UINT tx_queue_info_get(TX_QUEUE *queue_ptr, CHAR **name, ULONG *enqueued, "
        "ULONG *available_storage, TX_THREAD **first_suspended, ULONG *suspended_count, "
        "TX_QUEUE **next_queue)",
        "tx_queue_info_get(queue)",
        "status, name, messages, room, first thread that waits, number of those who wait, next "
        "queue",
        "TX_SUCCESS TX_QUEUE_ERROR",
        "With an error the others are None.",
        "test_tx_queue.py::test_queue_information",
    ),
)

SEMAPHORES = (
    (
        "UINT tx_semaphore_create(TX_SEMAPHORE *semaphore_ptr, CHAR *name_ptr, "
        "ULONG initial_count)",
        "tx_semaphore_create(semaphore, name, initial_count)",
        "status",
        "TX_SUCCESS TX_SEMAPHORE_ERROR",
        "As in C.",
        "test_tx_semaphore.py::test_semaphore_basic",
    ),
    (
        "UINT tx_semaphore_delete(TX_SEMAPHORE *semaphore_ptr)",
        "tx_semaphore_delete(semaphore)",
        "status",
        "TX_SUCCESS TX_SEMAPHORE_ERROR",
        "As in C.",
        "test_tx_semaphore.py::test_semaphore_delete",
    ),
    (
        "UINT tx_semaphore_get(TX_SEMAPHORE *semaphore_ptr, ULONG wait_option)",
        "await tx_semaphore_get(semaphore, wait_option)",
        "status",
        "TX_SUCCESS TX_SEMAPHORE_ERROR TX_WAIT_ERROR TX_NO_INSTANCE TX_DELETED TX_WAIT_ABORTED",
        "Those who wait get it in the order of their priorities; in C in the order in which they "
        "came, unless tx_semaphore_prioritize was called.",
        "test_tx_semaphore.py::test_semaphore_timeout",
    ),
    (
        "UINT tx_semaphore_put(TX_SEMAPHORE *semaphore_ptr)",
        "tx_semaphore_put(semaphore)",
        "status",
        "TX_SUCCESS TX_SEMAPHORE_ERROR",
        "As in C.",
        "test_tx_semaphore.py::test_semaphore_non_preemption",
    ),
    (
        "UINT tx_semaphore_ceiling_put(TX_SEMAPHORE *semaphore_ptr, ULONG ceiling)",
        "tx_semaphore_ceiling_put(semaphore, ceiling)",
        "status",
        "TX_SUCCESS TX_SEMAPHORE_ERROR TX_INVALID_CEILING TX_CEILING_EXCEEDED",
        "As in C.",
        "test_tx_semaphore.py::test_semaphore_ceiling_put",
    ),
    (
        "UINT tx_semaphore_put_notify(TX_SEMAPHORE *semaphore_ptr, "
        "VOID (*semaphore_put_notify)(TX_SEMAPHORE *notify_semaphore_ptr))",
        "tx_semaphore_put_notify(semaphore, semaphore_put_notify)",
        "status",
        "TX_SUCCESS TX_SEMAPHORE_ERROR",
        "As in C.",
        "test_tx_semaphore.py::test_notify_is_called_after_every_put",
    ),
    (
        "UINT tx_semaphore_prioritize(TX_SEMAPHORE *semaphore_ptr)",
        "tx_semaphore_prioritize(semaphore)",
        "status",
        "TX_SUCCESS TX_SEMAPHORE_ERROR",
        "As tx_queue_prioritize.",
        "test_tx_semaphore.py::test_semaphore_prioritize",
    ),
    (
        "UINT tx_semaphore_info_get(TX_SEMAPHORE *semaphore_ptr, CHAR **name, "
        "ULONG *current_value, TX_THREAD **first_suspended, ULONG *suspended_count, "
        "TX_SEMAPHORE **next_semaphore)",
        "tx_semaphore_info_get(semaphore)",
        "status, name, instances, first thread that waits, number of those who wait, next "
        "semaphore",
        "TX_SUCCESS TX_SEMAPHORE_ERROR",
        "With an error the others are None.",
        "test_tx_semaphore.py::test_semaphore_information",
    ),
)

MUTEXES = (
    (
        "UINT tx_mutex_create(TX_MUTEX *mutex_ptr, CHAR *name_ptr, UINT inherit)",
        "tx_mutex_create(mutex, name, inherit)",
        "status",
        "TX_SUCCESS TX_MUTEX_ERROR TX_INHERIT_ERROR",
        "Inheritance orders only who waits: nothing is preempted.",
        "test_tx_mutex.py::test_mutex_basic",
    ),
    (
        "UINT tx_mutex_delete(TX_MUTEX *mutex_ptr)",
        "tx_mutex_delete(mutex)",
        "status",
        "TX_SUCCESS TX_MUTEX_ERROR",
        "As in C.",
        "test_tx_mutex.py::test_mutex_delete",
    ),
    (
        "UINT tx_mutex_get(TX_MUTEX *mutex_ptr, ULONG wait_option)",
        "await tx_mutex_get(mutex, wait_option)",
        "status",
        "TX_SUCCESS TX_MUTEX_ERROR TX_WAIT_ERROR TX_CALLER_ERROR TX_NOT_AVAILABLE TX_DELETED "
        "TX_WAIT_ABORTED",
        "Its owner may get it again, as in C.",
        "test_tx_mutex.py::test_mutex_suspension_timeout",
    ),
    (
        "UINT tx_mutex_put(TX_MUTEX *mutex_ptr)",
        "tx_mutex_put(mutex)",
        "status",
        "TX_SUCCESS TX_MUTEX_ERROR TX_NOT_OWNED",
        "As in C.",
        "test_tx_mutex.py::test_mutex_no_preemption",
    ),
    (
        "UINT tx_mutex_prioritize(TX_MUTEX *mutex_ptr)",
        "tx_mutex_prioritize(mutex)",
        "status",
        "TX_SUCCESS TX_MUTEX_ERROR",
        "As tx_queue_prioritize.",
        "test_tx_mutex.py::test_mutex_proritize",
    ),
    (
        "UINT tx_mutex_info_get(TX_MUTEX *mutex_ptr, CHAR **name, ULONG *count, "
        "TX_THREAD **owner, TX_THREAD **first_suspended, ULONG *suspended_count, "
        "TX_MUTEX **next_mutex)",
        "tx_mutex_info_get(mutex)",
        "status, name, count, owner, first thread that waits, number of those who wait, next mutex",
        "TX_SUCCESS TX_MUTEX_ERROR",
        "With an error the others are None.",
        "test_tx_mutex.py::test_mutex_information",
    ),
)

TIMERS = (
    (
        "UINT tx_timer_create(TX_TIMER *timer_ptr, CHAR *name_ptr, "
        "VOID (*expiration_function)(ULONG input), ULONG expiration_input, ULONG initial_ticks, "
        "ULONG reschedule_ticks, UINT auto_activate)",
        "tx_timer_create(timer, name, expiration_function, expiration_input, initial_ticks, "
        "reschedule_ticks, auto_activate)",
        "status",
        "TX_SUCCESS TX_TIMER_ERROR TX_TICK_ERROR TX_ACTIVATE_ERROR",
        "The function is a plain one and must not wait. It runs when the thread that is running "
        "awaits a call, so it may be late.",
        "test_tx_timer.py::test_timer_simple",
    ),
    (
        "UINT tx_timer_delete(TX_TIMER *timer_ptr)",
        "tx_timer_delete(timer)",
        "status",
        "TX_SUCCESS TX_TIMER_ERROR",
        "As in C.",
        "test_tx_timer.py::test_timer_simple",
    ),
    (
        "UINT tx_timer_activate(TX_TIMER *timer_ptr)",
        "tx_timer_activate(timer)",
        "status",
        "TX_SUCCESS TX_TIMER_ERROR TX_ACTIVATE_ERROR",
        "As in C.",
        "test_tx_timer.py::test_timer_activate_deactivate",
    ),
    (
        "UINT tx_timer_deactivate(TX_TIMER *timer_ptr)",
        "tx_timer_deactivate(timer)",
        "status",
        "TX_SUCCESS TX_TIMER_ERROR",
        "As in C: activated again it goes on with what was left.",
        "test_tx_timer.py::test_timer_deactivate_accuracy",
    ),
    (
        "UINT tx_timer_change(TX_TIMER *timer_ptr, ULONG initial_ticks, ULONG reschedule_ticks)",
        "tx_timer_change(timer, initial_ticks, reschedule_ticks)",
        "status",
        "TX_SUCCESS TX_TIMER_ERROR TX_TICK_ERROR",
        "As in C: nothing changes while the timer runs.",
        "test_tx_timer.py::test_timer_simple",
    ),
    (
        "UINT tx_timer_info_get(TX_TIMER *timer_ptr, CHAR **name, UINT *active, "
        "ULONG *remaining_ticks, ULONG *reschedule_ticks, TX_TIMER **next_timer)",
        "tx_timer_info_get(timer)",
        "status, name, active, remaining ticks, reschedule ticks, next timer",
        "TX_SUCCESS TX_TIMER_ERROR",
        "With an error the others are None.",
        "test_tx_timer.py::test_timer_information",
    ),
)

PARTS = (
    ("ThreadX: event flags", "32 flags in a group.", FLAGS),
    ("ThreadX: queues", "Messages are objects of Python's.", QUEUES),
    ("ThreadX: semaphores", "They count.", SEMAPHORES),
    ("ThreadX: mutexes", "They have an owner, who may get them more than once.", MUTEXES),
    ("ThreadX: timers", "Functions that are called after a time.", TIMERS),
)
