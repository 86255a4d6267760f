# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The fuzzer's world on CPython: an application on the bench, and a watch over its memory."""

import random
import tracemalloc

from client_bench import App
from doubles.client_end import TAKES_PART
from doubles.dialects import ALL
from tables.checks import require

from boards.desktop.broker.packets import FROM_CLIENT, next_packet
from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *

from .choices import Choices
from .ending import tell
from .parsing import parse

_DIALECTS = sorted((row for row in ALL if not row.tls), key=lambda row: row.name != "cpython_tcp")
_PAYLOAD_SIZES = (64, 100, 200, 48)
_DEPTHS = (4, 1, 2, 8)
_QUEUES = (512, 128, 64, 32, 40, 2048)
_LARGEST_IN_STREAM = 600
_VERBS = ("recv_into", "send", "getaddrinfo", "socket", "connect", "close", "setsockopt")
_HEAD = 6

# Bytes that one call may take for a moment, the doubles' own included.
CALL_CEILING = 48 * 1024


class Desk:
    """A client on the doubles.

    ``highest`` is the most that one call has taken for a moment, while memory is watched.

    :param choices: of the sizes, and of the socket stack
    """

    strict = True
    largest_message = 2000
    hosts = (("broker.test", 1883),) * 14 + (("nowhere.test", 1883), ("broker.test", 7))

    def __init__(self, choices):
        dialect = choices.one_of(_DIALECTS) if choices.below(2) else _DIALECTS[0]
        size, depth = choices.one_of(_PAYLOAD_SIZES), choices.one_of(_DEPTHS)
        self._app = App(size, depth, choices.one_of(_QUEUES), dialect)
        self._downs = 0
        self._app.ip.link_up = self._is_up
        self.may_limit = dialect.short_send == TAKES_PART
        self.on_connect = None
        self._app.sockets.listen(1883, self._accept)
        self._sizes = self._buffers()
        self.highest = 0

    # -- what a story asks for ----------------------------------------------------------------

    @property
    def client(self):
        """The client, created or deleted."""
        return self._app.client

    @property
    def connections(self):
        """The broker's ends, in the order of time."""
        return self._app.sockets.connections

    @property
    def open_now(self) -> int:
        """How many sockets are open."""
        return self._app.sockets.open_now

    def create_client(self) -> None:
        """Create a client that was deleted."""
        self._app.create()

    def advance(self, milliseconds: int) -> None:
        """Let time pass."""
        self._app.clock.advance(milliseconds)

    def sabotage(self, choices) -> None:
        """A verb of the sockets will fail once, or the network is down for a while."""
        verb = choices.one_of(_VERBS)
        if choices.below(4) == 3:
            self._downs = 2
        else:
            error = choices.one_of((OSError(104), RuntimeError("ESP32 not responding"), OSError(9)))
            self._app.sockets.fail(verb, error, choices.below(3))

    def _accept(self, connection) -> None:
        self.on_connect(connection)

    def _is_up(self) -> bool:
        self._downs -= self._downs > 0
        return self._downs == 0

    def measured(self, function, *arguments):
        """Call a function; while memory is watched, no call may take much."""
        if not tracemalloc.is_tracing():
            return function(*arguments)
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        result = function(*arguments)
        after, peak = tracemalloc.get_traced_memory()
        # What stays are the doubles' books; what stays of the library is counted by its lines.
        taken = peak - max(before, after)
        self.highest = max(self.highest, taken)
        require(taken <= CALL_CEILING, f"{function.__name__} took {taken} bytes")
        return result

    # -- the end ------------------------------------------------------------------------------

    def heal(self) -> None:
        """Nothing fails any more, and everything is carried."""
        sizes = self._buffers()
        require(sizes == self._sizes or not self.client.state, f"buffers {sizes}")
        self._downs = 0
        self._app.sockets._faults.clear()
        for connection in self.connections:
            connection.accept_limit = connection.deliver_limit = None

    def settle(self) -> None:
        """Every socket was closed, one at a time, and everything written was valid."""
        sockets = self._app.sockets
        books = (sockets.opened, sockets.double_closes) == (sockets.closed, [])
        require(books and sockets.most_open <= 1, "sockets: not opened, closed, one by one")
        require(not sockets.blocked, f"blocked: {sockets.blocked}")
        for connection in self.connections:
            at, packet = 0, True
            while packet:
                packet, at = next_packet(connection.received, at, FROM_CLIENT)

    def _buffers(self) -> list:
        """The lengths of all buffers that the client holds on to, but of empty ones."""
        sizes, waiting, seen = [], [self.client], set()
        while waiting:
            one = waiting.pop()
            if id(one) in seen:
                continue
            seen.add(id(one))
            if type(one).__module__.startswith("nxd_mqtt.") and type(one).__name__ != "Link":
                waiting += vars(one).values()
            elif isinstance(one, list):
                waiting += one
            elif isinstance(one, bytearray | memoryview) and len(one):
                sizes.append(len(one))
        return sorted(sizes)


def run(data) -> int:
    """Play one story, of the parser or of the client; what is wrong raises.

    :param bytes data: any
    :return: the most bytes that a call has taken, 0 unless memory is watched
    """
    # Pauses between attempts are drawn at random: the same ones in each run.
    random.seed(0)
    choices = Choices(data)
    if choices.below(4) == 3:
        parse(choices, True, _LARGEST_IN_STREAM)
        return 0
    desk = Desk(choices)
    tell(choices.octets(choices.left), desk)
    return desk.highest
