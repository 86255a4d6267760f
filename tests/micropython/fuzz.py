# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The fuzzer's world on MicroPython: the stories of CPython on a small heap that must not grow.

Arguments: the folder with the compiled stories, the first of the seeds, and how many. Prints what
the heap held before and after.
"""

import errno
import gc
import io
import random
import sys

# In front of this folder, where the file itself has the name of the stories' package.
sys.path.insert(0, sys.argv[1])

from fuzz.choices import Choices
from fuzz.ending import tell
from fuzz.parsing import parse
from tables.checks import require
from tables.models import Numbers

# Imported late by the library, which is no growth.
import nxd_mqtt.reconnect  # noqa: F401
from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *

_POLL = 3
_POLLIN = 1
_WARM_UP = 10
# Names that are interned and caches that fill once; what a client holds on to of a story is the
# reasons of its newest endings.
_GROWTH_CEILING = 1024
_CLIENT_CEILING = 4096
_PERIOD = 1 << 29


class Connection:
    """The broker's end of a connection, with the verbs of the double on CPython."""

    def __init__(self):
        self.arrived = b""
        self.received = bytearray()
        self.lost = bytearray()
        self.accept_limit = self.deliver_limit = self.ending = self.on_data = None
        self.vanished = self.closed_by_client = False

    @property
    def waiting(self) -> int:
        """How many bytes wait to be read."""
        return len(self.arrived)

    def send(self, data, pieces=None) -> None:
        """Let the client find these bytes."""
        self.arrived += data

    def close(self) -> None:
        """Say goodbye; what was sent is read first."""
        self.ending = "fin"

    def reset(self) -> None:
        """Throw the link away."""
        self.ending = "reset"

    def vanish(self) -> None:
        """Be gone without a word."""
        self.vanished = True


class Socket(io.IOBase):
    """The client's end: the verbs of CircuitPython."""

    def __init__(self, world):
        self._world = world
        self._peer = Connection()

    def settimeout(self, seconds) -> None:
        """Every call answers at once."""

    def setsockopt(self, level, option, value) -> None:
        """There is nothing to set."""

    def connect(self, address) -> None:
        """Connect, where somebody listens."""
        self._world.trip()
        if address[1] != 1883:
            raise OSError(errno.ECONNREFUSED)
        self._world.connections.append(self._peer)
        self._world.on_connect(self._peer)

    def send(self, data) -> int:
        """Take what the limit allows."""
        peer = self._peer
        self._world.trip()
        count = len(data) if peer.accept_limit is None else min(len(data), peer.accept_limit)
        if not count:
            raise OSError(errno.EAGAIN)
        if peer.ending or peer.vanished:
            peer.lost += data[:count]
            return count
        peer.received += data[:count]
        if peer.on_data:
            peer.on_data()
        return count

    def recv_into(self, buffer) -> int:
        """Hand out bytes that wait."""
        peer = self._peer
        self._world.trip()
        if not peer.arrived:
            if peer.ending == "reset":
                raise OSError(errno.ECONNRESET)
            if peer.ending:
                return 0
            raise OSError(errno.EAGAIN)
        count = min(len(buffer), len(peer.arrived), peer.deliver_limit or len(buffer))
        buffer[:count] = peer.arrived[:count]
        peer.arrived = peer.arrived[count:]
        return count

    def close(self) -> None:
        """Close, once."""
        require(not self._peer.closed_by_client, "closed twice")
        self._peer.closed_by_client = True
        self._world.open_now -= 1

    def ioctl(self, request: int, argument: int) -> int:
        """Answer ``select.poll``."""
        if request != _POLL:
            return -errno.EINVAL
        return argument if self._peer.arrived or self._peer.ending else argument & ~_POLLIN

    def readable(self) -> bool:
        """Whether a read would find something."""
        return bool(self._peer.arrived or self._peer.ending)


class World(NX_IP):
    """A platform, and the brokers' ends of its connections."""

    AF_INET = 2
    SOCK_STREAM = 1
    strict = False
    may_limit = True
    largest_message = 100
    hosts = (("broker.test", 1883),) * 15 + (("broker.test", 7),)

    def __init__(self, choices):
        self.now = self.open_now = self._fault = 0
        self.connections = []
        self.on_connect = None
        status = nx_ip_create(self, "net", socket_pool=self, clock=self.ticks)
        size, depth = choices.one_of((64, 100, 48)), choices.one_of((4, 1, 2))
        self._queue = choices.one_of((300, 128, 64, 32))
        self._pool = NX_PACKET_POOL()
        status = status or nx_packet_pool_create(self._pool, "pool", size, None, size * depth)
        self.client = NXD_MQTT_CLIENT()
        require(not status, "status %#x" % status)
        self.create_client()

    def create_client(self) -> None:
        """Create the client, or create it again."""
        status = nxd_mqtt_client_create(
            self.client, "fuzz", "me", self, self._pool, memory_size=self._queue
        )
        require(not status, "status %#x" % status)

    # The platform.

    def ticks(self) -> int:
        """The clock."""
        return self.now % _PERIOD

    def wait(self, sock, read, write, milliseconds) -> None:
        """Let the time pass in which nothing happens."""
        if not (read and sock.readable()):
            self.now += 10 if milliseconds < 0 else min(10, milliseconds)

    def getaddrinfo(self, host, port, family=0, type=0, proto=0, flags=0) -> list:
        """The one address."""
        return [(self.AF_INET, self.SOCK_STREAM, 0, "", (host, port))]

    def socket(self, family=0, type=0, proto=0) -> Socket:
        """A new socket."""
        self.open_now += 1
        return Socket(self)

    def trip(self) -> None:
        """Fail, when it is time to."""
        if self._fault:
            self._fault -= 1
            if not self._fault:
                raise OSError(errno.ECONNRESET)

    # What a story asks for.

    def advance(self, milliseconds: int) -> None:
        """Let time pass."""
        self.now += milliseconds

    def sabotage(self, choices) -> None:
        """One of the next calls of a socket fails."""
        self._fault = 1 + choices.below(4)

    def measured(self, function, *arguments):
        """The heap is small enough to notice."""
        return function(*arguments)

    def heal(self) -> None:
        """Nothing fails any more, and everything is carried."""
        self._fault = 0
        for connection in self.connections:
            connection.accept_limit = connection.deliver_limit = None

    def settle(self) -> None:
        """Every socket was closed; the story is forgotten by all who know it."""
        require(self.open_now == 0, "%d sockets open" % self.open_now)
        client = self.client
        client.receive_notify = client.disconnect_notify = None
        client.nxd_mqtt_connect_notify = client.nxd_mqtt_ack_receive_notify = None
        self.on_connect = None
        # The link keeps its closed socket.
        for connection in self.connections:
            connection.on_data = connection.received = connection.sent = None
        self.connections.clear()


def play(number: int) -> int:
    """Play one story; returns how many bytes more the client holds after it."""
    random.seed(0)
    numbers = Numbers(number)
    choices = Choices(numbers.octets(20 + numbers.below(180)))
    if number % 4 == 3:
        parse(choices, False, World.largest_message)
        return 0
    world = World(choices)
    before = held()
    tell(choices.octets(choices.left), world)
    grown = held() - before
    require(grown <= _CLIENT_CEILING, "a client has grown by %d bytes" % grown)
    return grown


def held() -> int:
    """Heap bytes that are still taken."""
    gc.collect()
    return gc.mem_alloc()


def main() -> None:
    """Play all stories; the heap holds afterwards what it has held before."""
    first, count = int(sys.argv[2]), int(sys.argv[3])
    before = most = 0
    for number in range(first, first + count):
        if number == first + _WARM_UP:
            before = held()
        try:
            grown = play(number)
        except BaseException:
            print("story %d:" % number)
            raise
        if number >= first + _WARM_UP:
            most = max(most, grown)
    after = held()
    require(after - before <= _GROWTH_CEILING, "the heap grew from %d to %d" % (before, after))
    figures = (count, after, after - before, most)
    print("stories=%d heap=%d growth=%d of a client=%d" % figures)


main()
