# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Real threads on the bench: their failures are not lost, and a test may hold them somewhere."""

import socket
import threading
import time

from doubles.script import publish

from nxd_mqtt.nxd import nxd_mqtt_client_receive_notify_set
from nxd_mqtt.nxd_extensions import nxd_mqtt_client_poll


class Threads:
    """Threads whose exceptions are not lost."""

    def __init__(self):
        self._threads = []
        self.failures = []

    def start(self, function, *arguments):
        """Run a function in a thread."""

        def body():
            try:
                function(*arguments)
            except BaseException as error:
                self.failures.append(error)

        thread = threading.Thread(target=body, daemon=True)
        self._threads.append(thread)
        thread.start()

    def join(self, seconds=10):
        """Wait for all of them; none may have failed."""
        for thread in self._threads:
            thread.join(seconds)
            assert not thread.is_alive()
        assert self.failures == []


def until(condition, seconds=5):
    """Wait for what another thread does."""
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.001)


class Gate:
    """Where a blocking call of a socket stack stands until a test lets it go on."""

    def __init__(self):
        self.reached = threading.Event()
        self._open = threading.Event()

    def pass_through(self):
        """Stand here."""
        self.reached.set()
        assert self._open.wait(10)

    def open(self):
        """Let everybody go on."""
        self._open.set()


class LongCallback:
    """A receive_notify that stands at a gate for the first message, and the thread it runs in."""

    def __init__(self, client, peer, threads):
        self.gate = Gate()
        self.told = []
        nxd_mqtt_client_receive_notify_set(client, self._notify)
        peer.sendall(publish("t", b"1"))
        threads.start(nxd_mqtt_client_poll, client, 300)
        assert self.gate.reached.wait(5)

    def _notify(self, client, count):
        self.told.append(count)
        if len(self.told) == 1:
            self.gate.pass_through()


class SlowSocket(socket.socket):
    """A socket that may take long to connect."""

    gate = None

    def connect(self, address):
        """Connect, some time."""
        if self.gate:
            self.gate.pass_through()
        super().connect(address)


class SlowPool:
    """The system's sockets, with a gate before one of the calls that block."""

    SOCK_STREAM = socket.SOCK_STREAM

    def __init__(self, verb):
        self._verb = verb
        self.gate = Gate()
        self.sockets = []

    def getaddrinfo(self, *arguments):
        """Look a name up."""
        if self._verb == "getaddrinfo":
            self.gate.pass_through()
        return socket.getaddrinfo(*arguments)

    def socket(self, family, kind):
        """Make a socket."""
        made = SlowSocket(family, kind)
        if self._verb == "connect":
            made.gate = self.gate
        self.sockets.append(made)
        return made
