# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""MQTT clients under the kernel: each has its own thread, as in NetX, and nobody calls poll.

The thread polls, and sleeps until the client's deadline, until its socket is ready, or until a call
changes what there is to wait for. A call that waits would stop every thread, so it is refused here;
``tx_wait`` is its form for threads.
"""

from micropython import const

from .nxd_extensions import nxd_mqtt_client_deadline_get, nxd_mqtt_client_socket_get
from .tx_kernel import TX_KERNEL, TX_THREAD, Watch, enter

_TCP_IP = const(12)

_SUCCESS = const(0x00)
_NX_WAIT_ERROR = const(0x08)
_CALLER_ERROR = const(0x13)
_WAIT_ABORTED = const(0x1A)
_IN_PROGRESS = const(0x37)
_FULL = const(0x10006)
_AGAIN = const(-1)

_FOREVER = const(0xFFFFFFFF)
_LONGEST_WAIT = const(1 << 24)
_MILLISECONDS_PER_TICK = const(10)
_PRIORITY = const(2)
# Ticks after which a socket in a co-processor, which cannot be waited for, is looked at again.
_NAP = const(2)
# Who waits for a socket waits no longer, and so counts among those who can run: a minute.
_ROUND = const(6000)
# How long a thread waits for another one to take messages while reading has stopped: a second.
_PATIENCE = const(100)


class Keeper:
    """The thread of one client, and those who wait for what it does.

    :param client: just created
    """

    def __init__(self, client):
        # While ``tx_wait`` calls the client: what the call keeps from one asking to the next.
        self.awaiting = None
        self._client = client
        self._waiters = []
        self._watch = self._socket = None
        self._wants = 0
        self._thread = TX_THREAD()
        self._thread.create("MQTT", self._run, None, _PRIORITY, _PRIORITY, 0)
        TX_KERNEL.threads.append(self._thread)
        self._thread.start()

    def wake(self) -> None:
        """A call has changed what there is to wait for."""
        # The number of a closed socket may be another one's in a moment.
        if self._watch and not self._client._link.live:
            self._unwatch()
        self._thread.signal.set()

    def refuse(self) -> int:
        """A call would wait, and all threads with it; returns its status."""
        self._client.reason = ("call", _NX_WAIT_ERROR, "a call that waits is made by tx_wait here")
        return _NX_WAIT_ERROR

    async def _run(self, _) -> None:
        client = self._client
        try:
            while True:
                client.poll(0)
                self._release()
                if not client.state or client.keeper is not self:
                    break  # it is deleted, or created anew and has another thread
                ticks = self._look()
                if ticks:
                    await self._thread.wait([], _TCP_IP, ticks, _SUCCESS)
                else:
                    await enter()
        finally:
            self._unwatch()
            self._release()
            TX_KERNEL.threads.remove(self._thread)
            TX_KERNEL.keepers.remove(self)
            self.drop()

    def drop(self) -> None:
        """There is no kernel any more: the client is one like any other."""
        self._watch = None
        if self._client.keeper is self:
            self._client.keeper = None

    def _release(self) -> None:
        while self._waiters:
            self._waiters[0].release()

    def _look(self) -> int:
        """Watch what the client waits for; returns the ticks after which to poll at the latest."""
        _, sock, wants = nxd_mqtt_client_socket_get(self._client)
        _, ticks = nxd_mqtt_client_deadline_get(self._client)
        if sock is not self._socket or wants != self._wants:
            self._unwatch()
            if sock and wants:
                self._socket = sock
                self._wants = wants
                self._watch = Watch(sock, wants, self._thread.signal)
        elif self._watch:
            self._watch.again()
        if wants and not sock:
            return min(ticks, _NAP)
        return min(ticks, _ROUND) if sock else ticks

    def _unwatch(self) -> None:
        if self._watch:
            self._watch.close()
        self._watch = self._socket = None
        self._wants = 0

    async def call(self, thread, function, *arguments) -> int:
        """What ``tx_wait`` does with a client.

        :param thread: that calls
        """
        client = self._client
        wait = left = arguments[-1] if arguments else 0
        start = TX_KERNEL.milliseconds()
        kept = [None]
        while True:
            self.awaiting = kept
            try:
                answer = function(client, *(arguments[:-1] + (left,) if arguments else ()))
            finally:
                self.awaiting = None
            status = answer[0] if isinstance(answer, tuple) else answer
            if status == _IN_PROGRESS and wait:
                status = await self._see_through(thread, wait)
                return kept[0] or status if status == _IN_PROGRESS else status
            if status != _AGAIN:
                return answer
            if client.held():
                if not await self._taken(thread, left):
                    wait = 0
            elif await thread.wait(self._waiters, _TCP_IP, left, _SUCCESS) == _WAIT_ABORTED:
                wait = 0
            if wait != _FOREVER:
                passed = TX_KERNEL.milliseconds() - start
                left = max(wait - passed // _MILLISECONDS_PER_TICK, 0)

    async def _taken(self, thread, left: int) -> bool:
        """Wait while reading has stopped: whether another thread takes messages meanwhile.

        The acknowledgement that would make room may be behind them, and the thread that waits may
        be the one that should take them.
        """
        client = self._client
        inbox = client._inbox
        taken = inbox.received - inbox.count
        left = min(left, _PATIENCE)
        end = TX_KERNEL.milliseconds() + left * _MILLISECONDS_PER_TICK
        # Whatever the client does ends the wait, so what is left of it is reckoned anew.
        while client.held() and left > 0:
            expired = await thread.wait(self._waiters, _TCP_IP, left, _FULL)
            if inbox.received - inbox.count != taken:
                return True
            if expired:
                return False
            left = -((TX_KERNEL.milliseconds() - end) // _MILLISECONDS_PER_TICK)
        return not client.held()

    async def _see_through(self, thread, ticks: int) -> int:
        """Wait for the end of an attempt to connect, as the client itself does elsewhere."""
        client = self._client
        attempt = client.attempt
        start = client._ip.clock()
        milliseconds = ticks * _MILLISECONDS_PER_TICK if ticks < _LONGEST_WAIT else -1
        try:
            while attempt.waits(start, milliseconds):
                left = -(-attempt.patience // _MILLISECONDS_PER_TICK)
                left = left if left > 0 else _FOREVER
                if await thread.wait(self._waiters, _TCP_IP, left, _SUCCESS) == _WAIT_ABORTED:
                    milliseconds = 0
        finally:
            attempt.blocking = False
        return attempt.outcome()


async def tx_wait(function, subject, *arguments):
    """Await a call that may wait: the form for threads of ``nxd_`` calls, and of ``tx_`` calls.

    ``await tx_wait(nxd_mqtt_client_publish, client, topic, message, NX_FALSE, 1, 500)`` is what
    C writes as ``nxd_mqtt_client_publish(client, topic, ..., 500)``.

    :param function: a function that ends with a wait option: connect, secure_connect, publish of a
        client, ``tx_queue_send``, ``tx_queue_front_send``
    :param subject: its first argument, a client that the kernel runs or a queue
    :param arguments: the others
    :return: what the function returns; TX_CALLER_ERROR outside of threads
    """
    thread = await enter()
    if not thread:
        return _CALLER_ERROR
    keeper = getattr(subject, "keeper", None)
    if keeper:
        return await keeper.call(thread, function, *arguments)
    if hasattr(subject, "tx_wait") and len(arguments) > 1:
        return await subject.tx_wait(function, *arguments)
    found = function(subject, *arguments)
    # What is awaited by itself waits here as well.
    return await found if hasattr(found, "send") else found
