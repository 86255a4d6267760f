# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Hundreds of links, each with a fault at another step: the heap stays as it was after the first.

Takes the number of rounds and 1 for a client that connects again by itself. Prints the heap bytes
that are taken after each tenth of the rounds, a round being one link for each fault.
"""

import errno
import gc
import io
import sys

from scripted import Time
from tables.checks import require

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import nxd_mqtt_client_poll, nxd_mqtt_client_reconnect_set

_POLL = 3
_POLLIN = 1

NETWORK = (OSError, errno.EIO)
ODD = (RuntimeError, "All sockets in use.")
FULL = (MemoryError, "no room")

# The verb that fails, at which of its calls for a link, and with what.
FAULTS = (
    ("getaddrinfo", 0, NETWORK),
    ("getaddrinfo", 0, FULL),
    ("socket", 0, NETWORK),
    ("socket", 0, ODD),
    ("settimeout", 0, NETWORK),
    ("settimeout", 1, ODD),
    ("setsockopt", 0, ODD),
    ("connect", 0, NETWORK),
    ("connect", 0, ODD),
    ("connect", 0, FULL),
    ("send", 0, NETWORK),
    ("send", 0, ODD),
    ("recv_into", 0, NETWORK),
    ("recv_into", 1, NETWORK),
    ("recv_into", 2, ODD),
    ("end", 0, None),
    ("junk", 0, None),
    ("login", 0, (ValueError, "the application's own")),
)
ANSWERS = {0x10: b"\x20\2\1\0", 0x82: b"\x90\3\0\1\1"}
QUALITY_1 = 0x32


class Network:
    """The pool: gives out sockets that reach a broker, counts them, and fails once on order."""

    AF_INET = 2
    SOCK_STREAM = 1

    def __init__(self) -> None:
        self.opened = self.closed = self.links = self.arrived = 0
        self.fail("", 0, None)

    def fail(self, verb: str, after: int, error) -> None:
        """Let a call of a verb fail, after so many that work."""
        self._verb = verb
        self._after = after
        self._error = error
        self.tripped = error is None

    def trip(self, verb: str) -> None:
        """Fail, if it is this call."""
        if verb != self._verb or self.tripped:
            return
        self._after -= 1
        if self._after < 0:
            self.tripped = True
            raise self._error[0](self._error[1])

    def getaddrinfo(self, host, port, family=0, type=0, proto=0, flags=0) -> list:
        """The one address."""
        self.trip("getaddrinfo")
        return [(self.AF_INET, self.SOCK_STREAM, 0, "", (host, port))]

    def socket(self, family=0, type=0, proto=0):
        """A new socket; there is never a second one."""
        self.trip("socket")
        require(self.opened == self.closed, "two sockets are open")
        self.opened += 1
        self.newest = Socket(self)
        return self.newest


class Socket(io.IOBase):
    """A link to a broker that accepts everything, keeps the session and acknowledges."""

    def __init__(self, network) -> None:
        self._network = network
        self._open = True
        self.ended = False
        self.waiting = b""

    def settimeout(self, seconds) -> None:
        """Every call answers at once."""
        self._network.trip("settimeout")

    def setsockopt(self, level, option, value) -> None:
        """There is nothing to set."""
        self._network.trip("setsockopt")

    def connect(self, address) -> None:
        """The broker is there."""
        self._network.trip("connect")
        self._network.links += 1

    def send(self, data) -> int:
        """Take all, and answer."""
        self._network.trip("send")
        at = 0
        while at < len(data):
            end = at + 2 + data[at + 1]
            if data[at] & 0xF7 == QUALITY_1:
                self._network.arrived += 1
                self.waiting += b"\x40\2" + bytes(data[at + 5 : at + 7])
            self.waiting += ANSWERS.get(data[at], b"")
            at = end
        return at

    def recv_into(self, buffer) -> int:
        """What waits, the end, or nothing yet."""
        self._network.trip("recv_into")
        count = len(self.waiting)
        if not count and not self.ended:
            raise OSError(errno.EAGAIN)
        buffer[:count] = self.waiting
        self.waiting = b""
        return count

    def close(self) -> None:
        """Count it, once."""
        require(self._open, "closed twice")
        self._open = False
        self._network.closed += 1

    def ioctl(self, request: int, argument: int) -> int:
        """Answer ``select.poll``: reading always tells something."""
        return argument if request == _POLL else -errno.EINVAL


class Device:
    """A client on that network."""

    def __init__(self, again: bool) -> None:
        self.network = Network()
        self.now = Time()
        ip = NX_IP()
        require(nx_ip_create(ip, "net", socket_pool=self.network, clock=self.now) == 0, "ip")
        store = NX_PACKET_POOL()
        nx_packet_pool_create(store, "store", 64, None, 4 * 64)
        self.client = NXD_MQTT_CLIENT()
        nxd_mqtt_client_create(self.client, "client", "one", ip, store, memory_size=128)
        nxd_mqtt_client_login_set(self.client, self.login, None)
        if again:
            require(nxd_mqtt_client_reconnect_set(self.client, 1, 5) == 0, "reconnect")

    def login(self) -> str:
        """The user name, or what the fault is."""
        self.network.trip("login")
        return "me"

    def turn(self) -> None:
        """Time passes, and a poll that may let a fault's exception through."""
        self.now.now += 20
        if self.client.state == 1:
            nxd_mqtt_client_connect(self.client, "broker", 1883, 60, 0, 0)
        try:
            nxd_mqtt_client_poll(self.client)
        except (MemoryError, ValueError):
            pass

    def connect(self) -> None:
        """Turns until the fault has happened, and there is a link with nothing left to say."""
        session = self.client._session
        for _ in range(30):
            self.turn()
            if self.client.state == 3 and not session.store.count and self.network.tripped:
                return
        require(False, "no link: %s" % (self.client.reason,))

    def cycle(self, verb: str, after: int, error) -> None:
        """Publish, lose the link, meet the fault, and have a link again."""
        network = self.network
        nxd_mqtt_client_publish(self.client, "t", b"message", 0, 1, 0)
        if verb == "junk":
            network.newest.waiting += b"\x36\6\0\1t\0\1m"
        else:
            network.newest.ended = True
        while self.client.state == 3:
            nxd_mqtt_client_poll(self.client)
        require(network.opened == network.closed, "%s: left open" % verb)
        network.fail(verb, after, error)
        links = network.links
        self.connect()
        require(network.links > links, "no new link")
        require(network.opened == network.closed + 1, "%s: left open" % verb)


def main(rounds: int, again: bool) -> None:
    device = Device(again)
    device.connect()
    for number in range(1, rounds + 1):
        for fault in FAULTS:
            device.cycle(*fault)
        if number % 3 == 0:
            gc.collect()
            print(number * len(FAULTS), gc.mem_alloc())
    cycles = rounds * len(FAULTS)
    require(device.network.arrived >= cycles, "lost")
    require(device.client._session.acknowledged == cycles, "not all acknowledged")
    nxd_mqtt_client_disconnect(device.client)
    require(device.network.opened == device.network.closed, "left open at the end")


main(int(sys.argv[1]), sys.argv[2] == "1")
