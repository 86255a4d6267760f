# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Threads and clients on doubles: a loop of asyncio whose time is the clock that tests advance.

When no task can go on the loop waits as it always does, but for the socket doubles, and waiting
lets the clock run to the next event: nothing sleeps.
"""

import asyncio
import math
import selectors

from client_bench import App
from doubles.clock import Clock
from doubles.dialects import CPYTHON_TCP
from doubles.platform import Platform
from doubles.sockets import READ, WRITE

from nxd_mqtt.tx import TX_KERNEL, TX_SUCCESS, TX_THREAD, tx_thread_create

_EVENTS = {selectors.EVENT_READ: READ, selectors.EVENT_WRITE: WRITE}


class _Selector(selectors.SelectSelector):
    """Waits for socket doubles; what else is registered, the loop's own pipe, is never ready."""

    def __init__(self, pool):
        super().__init__()
        self._pool = pool
        self.waits = 0
        """How often it was asked to wait."""

    def select(self, timeout=None):
        milliseconds = None if timeout is None else max(0, math.ceil(timeout * 1000 - 1e-6))
        if milliseconds != 0:
            self.waits += 1
            self._pool.clock.run_until(self._ready, milliseconds)
        return self._ready()

    def _ready(self):
        numbers = {sock.fileno(): sock for sock in self._pool.sockets if hasattr(sock, "fileno")}
        found = []
        for key in self.get_map().values():
            sock = numbers.get(key.fd)
            if sock is None:
                continue
            wants = sum(double for event, double in _EVENTS.items() if key.events & event)
            ready = sock.ready_for(wants)
            events = sum(event for event, double in _EVENTS.items() if ready & double)
            if events:
                found.append((key, events))
        return found


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self, pool):
        self.selector = _Selector(pool)
        super().__init__(self.selector)
        self._pool = pool

    def time(self):
        return self._pool.clock.elapsed / 1000


class Kernel:
    """An application of threads, with a client that the kernel runs.

    ``told`` holds what the threads of a test have noted.
    """

    def __init__(self, dialect=CPYTHON_TCP, **measures):
        self.clock = Clock()
        self.ip = Platform(clock=self.clock, dialect=dialect)
        self.ip.kernel = TX_KERNEL
        self.measures = measures
        self.entries = []
        self.told = []
        self.app = self.loop = None

    @property
    def client(self):
        """The client."""
        return self.app.client

    def thread(self, entry, priority=10):
        """Have a thread: an async function of no arguments; returns its control block."""
        thread = TX_THREAD()
        self.entries.append((thread, entry, priority))
        return thread

    def run(self, *entries):
        """Run until no thread can run any more."""
        for entry in entries:
            self.thread(entry)
        self.loop = _Loop(self.ip.sockets)
        try:
            self.loop.run_until_complete(TX_KERNEL.serve(self._define))
        finally:
            TX_KERNEL.started = False
            TX_KERNEL.threads = []
            self.loop.close()

    def _define(self, _):
        self.app = App(ip=self.ip, **self.measures)
        for thread, entry, priority in self.entries:
            status = tx_thread_create(
                thread, "test", lambda _, entry=entry: entry(), None, None, 0, priority
            )
            assert status == TX_SUCCESS
