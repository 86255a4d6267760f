# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The rows: ThreadX's regression tests for what is ported, and what became of each.

A row is (name, departure or reason): the name is what stands between ``threadx_`` and ``_test`` in
the name of ThreadX's file. A row of ``TWINS`` has a test of ours, ``test_<name>``; the text says
where it departs from ThreadX's, if it does. A row of ``WITHOUT`` has none; the text says why.
"""

# The files of ThreadX's folder test/tx/regression for threads, event flags, queues, semaphores,
# mutexes, timers and time.
FILES = """
    event_flag_basic event_flag_information event_flag_isr_set_clear event_flag_isr_wait_abort
    event_flag_single_thread_terminate event_flag_suspension event_flag_suspension_consume
    event_flag_suspension_different_bits event_flag_suspension_different_bits_consume
    event_flag_suspension_timeout event_flag_thread_terminate event_flag_trace
    event_flag_zero_request
    mutex_basic mutex_delete mutex_information mutex_misra_prioritize
    mutex_nested_priority_inheritance mutex_no_preemption mutex_preemption
    mutex_priority_inheritance mutex_proritize mutex_suspension_timeout mutex_thread_terminate
    mutex_trace
    queue_basic_eight_word queue_basic_four_word queue_basic_max_message_size queue_basic_one_word
    queue_basic_sixteen_word queue_basic_two_word queue_empty_suspension queue_flush
    queue_flush_no_suspension queue_front_send queue_full_suspension queue_information
    queue_prioritize queue_suspension_timeout queue_thread_terminate queue_trace
    semaphore_basic semaphore_ceiling_put semaphore_delete semaphore_information
    semaphore_non_preemption semaphore_preemption semaphore_prioritize semaphore_thread_terminate
    semaphore_timeout semaphore_trace
    thread_basic_execution thread_basic_time_slice thread_completed
    thread_create_preemption_threshold thread_delayed_suspension thread_exit_callback_transition
    thread_idle_return thread_information thread_misaligned_stack
    thread_multi_level_preemption_threshold thread_multiple_non_current thread_multiple_sleep
    thread_multiple_suspension thread_multiple_time_slice thread_preemptable_suspension
    thread_preemption_change thread_priority_change thread_relinquish thread_reset
    thread_simple_sleep thread_simple_sleep_non_clear thread_simple_suspend
    thread_sleep_for_100ticks thread_sleep_terminate thread_stack_check thread_stack_checking
    thread_stack_fill_value thread_terminate_delete thread_time_slice_change thread_wait_abort
    thread_wait_abort_and_isr
    time_get_set
    timer_activate_deactivate timer_deactivate_accuracy timer_information
    timer_large_timer_accuracy timer_multiple timer_multiple_accuracy timer_simple
"""

_BY_PRIORITY = "those who wait stand by priority at once, so the call finds nothing to do"
_TRACE = "there is no event trace"
_PREEMPTION = "nothing is preempted"
_STACK = "threads have no stacks of their own"
_INTERRUPT = "there are no interrupts: a plain call runs to its end before anything else does"

TWINS = (
    ("event_flag_basic", ""),
    ("event_flag_information", ""),
    ("event_flag_suspension", ""),
    ("event_flag_suspension_consume", ""),
    ("event_flag_suspension_different_bits", ""),
    ("event_flag_suspension_different_bits_consume", ""),
    ("event_flag_suspension_timeout", ""),
    ("event_flag_thread_terminate", ""),
    ("event_flag_single_thread_terminate", ""),
    ("event_flag_zero_request", ""),
    ("mutex_basic", "outside of threads a mutex cannot be got: TX_CALLER_ERROR"),
    ("mutex_delete", ""),
    ("mutex_information", ""),
    (
        "mutex_nested_priority_inheritance",
        "every order of putting, once; a priority that is lent shows in the order of those who "
        "wait, and in nothing else",
    ),
    ("mutex_no_preemption", ""),
    ("mutex_preemption", "the thread that gets the mutex runs when the one that puts it waits"),
    ("mutex_priority_inheritance", "tx_thread_info_get tells a thread's own priority, as in C"),
    ("mutex_proritize", _BY_PRIORITY),
    ("mutex_suspension_timeout", "those who wait get the mutex by priority"),
    ("mutex_thread_terminate", ""),
    ("queue_basic_one_word", "a message is an object, and None is no message"),
    ("queue_basic_two_word", "the size of a message only tells how many there is room for"),
    ("queue_basic_four_word", "the size of a message only tells how many there is room for"),
    ("queue_basic_eight_word", "the size of a message only tells how many there is room for"),
    ("queue_basic_sixteen_word", "the size of a message only tells how many there is room for"),
    ("queue_basic_max_message_size", "the largest size is 16 words"),
    ("queue_empty_suspension", ""),
    ("queue_flush", ""),
    ("queue_flush_no_suspension", ""),
    ("queue_front_send", "who waits to send to the front comes before all others"),
    ("queue_full_suspension", "who sends with a wait does so through tx_wait"),
    ("queue_information", ""),
    ("queue_prioritize", _BY_PRIORITY),
    ("queue_suspension_timeout", ""),
    ("queue_thread_terminate", ""),
    ("semaphore_basic", ""),
    ("semaphore_ceiling_put", ""),
    ("semaphore_delete", ""),
    ("semaphore_information", ""),
    ("semaphore_non_preemption", ""),
    ("semaphore_preemption", "the thread that gets the instance runs when the one that puts waits"),
    ("semaphore_prioritize", _BY_PRIORITY),
    ("semaphore_thread_terminate", ""),
    ("semaphore_timeout", ""),
    ("thread_basic_execution", "a stack of any size will do"),
    ("thread_completed", ""),
    ("thread_delayed_suspension", ""),
    ("thread_information", "a thread that does not wait is followed by none that waits: None"),
    (
        "thread_multiple_non_current",
        "a thread that another one suspends stops at its next call, and one that makes none ends",
    ),
    ("thread_multiple_sleep", ""),
    ("thread_multiple_suspension", ""),
    ("thread_preemption_change", "the threshold is kept, and has no effect"),
    ("thread_priority_change", "the priority has no effect on which thread runs next"),
    ("thread_relinquish", "lets threads of every priority run"),
    ("thread_reset", ""),
    ("thread_simple_sleep", ""),
    ("thread_simple_sleep_non_clear", ""),
    ("thread_simple_suspend", ""),
    ("thread_sleep_for_100ticks", ""),
    ("thread_sleep_terminate", ""),
    ("thread_terminate_delete", ""),
    ("thread_time_slice_change", "the time slice is kept, and has no effect"),
    ("thread_wait_abort", "the thread is ready at once, not suspended until the scheduler runs"),
    ("time_get_set", ""),
    ("timer_activate_deactivate", ""),
    ("timer_deactivate_accuracy", "looked at one tick before and one tick after"),
    ("timer_information", "a control block that is patched in the middle of expiring is gone"),
    ("timer_large_timer_accuracy", "looked at one tick before and one tick after"),
    ("timer_multiple", ""),
    ("timer_multiple_accuracy", ""),
    ("timer_simple", ""),
)

WITHOUT = (
    ("event_flag_isr_set_clear", _INTERRUPT),
    ("event_flag_isr_wait_abort", _INTERRUPT),
    ("event_flag_trace", _TRACE),
    ("mutex_misra_prioritize", "there is one build; prioritizing is in mutex_proritize"),
    ("mutex_trace", _TRACE),
    ("queue_trace", _TRACE),
    ("semaphore_trace", _TRACE),
    ("thread_basic_time_slice", _PREEMPTION),
    ("thread_create_preemption_threshold", _PREEMPTION),
    ("thread_exit_callback_transition", "there is no callback of a thread's beginning and end"),
    ("thread_idle_return", "it patches the scheduler, which is asyncio's loop here"),
    ("thread_misaligned_stack", _STACK),
    ("thread_multi_level_preemption_threshold", _PREEMPTION),
    ("thread_multiple_time_slice", _PREEMPTION),
    ("thread_preemptable_suspension", _PREEMPTION),
    ("thread_stack_check", _STACK),
    ("thread_stack_checking", _STACK),
    ("thread_stack_fill_value", _STACK),
    ("thread_wait_abort_and_isr", _INTERRUPT),
)

GONE = (
    (
        "calls from an interrupt, and from the function of a timer, that are refused",
        "there are no interrupts, and from the function of a timer every plain call is legal",
    ),
    ("control blocks of a wrong size, memory beside them", "a control block is an object"),
    ("NULL for what a call returns", "it is a return value"),
    ("performance figures", "nothing is counted but how often a thread ran"),
    ("tx_thread_entry_exit_notify", "there is no callback of a thread's beginning and end"),
    ("builds without error checks, without callbacks, for MISRA", "there is one build"),
    ("control blocks and lists of the kernel that are patched", "the public calls are asked"),
)
