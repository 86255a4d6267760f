# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The rows of the porting guide for ThreadX's kernel, time and threads, as ``porting`` has them.

A Python call that begins with ``await`` may suspend its thread; the others are plain calls, which
callbacks may make, too. The rows of queues and their like are in ``porting_tx_objects``.
"""

KERNEL = (
    (
        "VOID tx_kernel_enter(VOID)",
        "tx_kernel_enter(tx_application_define=None)",
        "status",
        "TX_SUCCESS TX_CALLER_ERROR",
        "It is given the function that C finds by its name, and returns when no thread is left "
        "that can run; in C it never does. What a thread raises is raised here.",
        "test_tx_thread.py::test_the_kernel_returns_when_no_thread_is_left_that_can_run",
    ),
    (
        "",
        "await tx_wait(function, subject, *arguments)",
        "status, or what else the function returns",
        "TX_CALLER_ERROR",
        "The waiting form of connect, secure_connect and publish of a client under the kernel, and "
        "of tx_queue_send and tx_queue_front_send: called as they are they may not wait.",
        "test_tx_client.py::test_connecting_returns_what_it_came_to",
    ),
    (
        "ULONG tx_time_get(VOID)",
        "tx_time_get()",
        "ticks",
        "",
        "Ticks of 10 ms since the kernel was entered, 32 bits.",
        "test_tx_thread.py::test_time",
    ),
    (
        "VOID tx_time_set(ULONG new_time)",
        "tx_time_set(new_time)",
        "status",
        "TX_SUCCESS",
        "Waits that are under way end when they would have.",
        "test_tx_thread.py::test_time",
    ),
)

THREADS = (
    (
        "UINT tx_thread_create(TX_THREAD *thread_ptr, CHAR *name_ptr, "
        "VOID (*entry_function)(ULONG entry_input), ULONG entry_input, VOID *stack_start, "
        "ULONG stack_size, UINT priority, UINT preempt_threshold, ULONG time_slice, "
        "UINT auto_start)",
        "tx_thread_create(thread, name, entry_function, entry_input, stack_start=None, "
        "stack_size=0, priority=0, preempt_threshold=0, time_slice=0, auto_start=1)",
        "status",
        "TX_SUCCESS TX_THREAD_ERROR TX_PTR_ERROR TX_PRIORITY_ERROR TX_THRESH_ERROR TX_START_ERROR",
        "The entry is an async function. Stack, threshold and time slice are accepted and have no "
        "effect: a thread runs until it awaits a call.",
        "test_tx_thread.py::test_create",
    ),
    (
        "UINT tx_thread_delete(TX_THREAD *thread_ptr)",
        "tx_thread_delete(thread)",
        "status",
        "TX_SUCCESS TX_THREAD_ERROR TX_DELETE_ERROR",
        "As in C.",
        "test_tx_thread.py::test_thread_terminate_delete",
    ),
    (
        "UINT tx_thread_sleep(ULONG timer_ticks)",
        "await tx_thread_sleep(timer_ticks)",
        "status",
        "TX_SUCCESS TX_WAIT_ABORTED TX_CALLER_ERROR",
        "As in C.",
        "test_tx_thread.py::test_sleep",
    ),
    (
        "VOID tx_thread_relinquish(VOID)",
        "await tx_thread_relinquish()",
        "status",
        "TX_SUCCESS",
        "Every thread that is ready runs before this one goes on, whatever its priority is.",
        "test_tx_thread.py::test_relinquish",
    ),
    (
        "UINT tx_thread_suspend(TX_THREAD *thread_ptr)",
        "await tx_thread_suspend(thread)",
        "status",
        "TX_SUCCESS TX_THREAD_ERROR TX_SUSPEND_ERROR",
        "Another thread stops at its next call that is awaited, not in the middle of what it does.",
        "test_tx_thread.py::test_suspend",
    ),
    (
        "UINT tx_thread_resume(TX_THREAD *thread_ptr)",
        "tx_thread_resume(thread)",
        "status",
        "TX_SUCCESS TX_THREAD_ERROR TX_SUSPEND_LIFTED TX_RESUME_ERROR",
        "The thread that is resumed runs when this one awaits a call, even if its priority is "
        "higher.",
        "test_tx_thread.py::test_resume",
    ),
    (
        "UINT tx_thread_terminate(TX_THREAD *thread_ptr)",
        "await tx_thread_terminate(thread)",
        "status",
        "TX_SUCCESS TX_THREAD_ERROR",
        "The thread leaves its functions by asyncio's CancelledError, so what is in finally is "
        "done. Its mutexes are free again, as in C.",
        "test_tx_thread.py::test_terminate",
    ),
    (
        "UINT tx_thread_reset(TX_THREAD *thread_ptr)",
        "tx_thread_reset(thread)",
        "status",
        "TX_SUCCESS TX_THREAD_ERROR TX_NOT_DONE",
        "As in C.",
        "test_tx_thread.py::test_thread_reset",
    ),
    (
        "UINT tx_thread_wait_abort(TX_THREAD *thread_ptr)",
        "tx_thread_wait_abort(thread)",
        "status",
        "TX_SUCCESS TX_THREAD_ERROR TX_WAIT_ABORT_ERROR",
        "As in C.",
        "test_tx_thread.py::test_thread_wait_abort",
    ),
    (
        "TX_THREAD *tx_thread_identify(VOID)",
        "tx_thread_identify()",
        "the thread that runs, or None",
        "",
        "None outside of threads.",
        "test_tx_thread.py::test_identify",
    ),
    (
        "UINT tx_thread_info_get(TX_THREAD *thread_ptr, CHAR **name, UINT *state, "
        "ULONG *run_count, UINT *priority, UINT *preemption_threshold, ULONG *time_slice, "
        "TX_THREAD **next_thread, TX_THREAD **next_suspended_thread)",
        "tx_thread_info_get(thread)",
        "status, name, state, run count, priority, preemption threshold, time slice, next thread, "
        "next suspended thread",
        "TX_SUCCESS TX_THREAD_ERROR",
        "With an error the others are None.",
        "test_tx_thread.py::test_thread_information",
    ),
    (
        "UINT tx_thread_priority_change(TX_THREAD *thread_ptr, UINT new_priority, "
        "UINT *old_priority)",
        "tx_thread_priority_change(thread, new_priority)",
        "status, old priority",
        "TX_SUCCESS TX_THREAD_ERROR TX_PRIORITY_ERROR",
        "A thread that waits takes its new place among those who wait.",
        "test_tx_thread.py::test_thread_priority_change",
    ),
    (
        "UINT tx_thread_preemption_change(TX_THREAD *thread_ptr, UINT new_threshold, "
        "UINT *old_threshold)",
        "tx_thread_preemption_change(thread, new_threshold)",
        "status, old threshold",
        "TX_SUCCESS TX_THREAD_ERROR TX_THRESH_ERROR",
        "The number is kept and has no effect.",
        "test_tx_thread.py::test_thread_preemption_change",
    ),
    (
        "UINT tx_thread_time_slice_change(TX_THREAD *thread_ptr, ULONG new_time_slice, "
        "ULONG *old_time_slice)",
        "tx_thread_time_slice_change(thread, new_time_slice)",
        "status, old time slice",
        "TX_SUCCESS TX_THREAD_ERROR",
        "The number is kept and has no effect.",
        "test_tx_thread.py::test_thread_time_slice_change",
    ),
)

PARTS = (
    (
        "ThreadX: kernel and time",
        "From ``nxd_mqtt.tx``, as all that follow. How threads differ from C's is said above.",
        KERNEL,
    ),
    ("ThreadX: threads", "An ``await`` stands where the calling thread may have to wait.", THREADS),
)
