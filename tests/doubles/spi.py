# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT

"""What lies below a driver for SPI hardware: pins, a bus with a chip on it, time, and the network.

The drivers are the real ones. A chip is one object that sees its select pin, takes what is written
and gives what is read; the network behind it is that of the other doubles, or the loopback.
"""

import select
import socket
from types import ModuleType

from .connection import Connection

_HOSTS = {"broker.test": "192.0.2.10"}


class Direction:
    """The module ``digitalio``'s directions."""

    INPUT = "input"
    OUTPUT = "output"


class Pin:
    """A DigitalInOut.

    :param changed: called with the new level when it is driven to another one
    :param read: gives the value that is read, where another chip drives the pin
    """

    def __init__(self, changed=None, read=None):
        self.direction = Direction.INPUT
        self._changed = changed
        self._read = read
        self._value = True  # pulled up

    def switch_to_output(self, value=False):
        """Drive it."""
        self.direction = Direction.OUTPUT
        self.value = value

    @property
    def value(self):
        """The level."""
        return self._read() if self._read else self._value

    @value.setter
    def value(self, value):
        before, self._value = self._value, bool(value)
        if self._changed and before != self._value:
            self._changed(self._value)


class Bus:
    """A busio.SPI with one chip on it.

    :param chip: has ``write(data)`` and ``read(count)``
    """

    def __init__(self, chip):
        self.chip = chip
        self.locked = False
        self.baudrate = None

    def try_lock(self):
        """Take the bus."""
        taken = not self.locked
        self.locked = True
        return taken

    def unlock(self):
        """Let the bus go."""
        self.locked = False

    def configure(self, baudrate, polarity, phase):
        """Set speed and mode."""
        assert self.locked
        assert (polarity, phase) == (0, 0)
        self.baudrate = baudrate

    def write(self, data, start=0, end=None):
        """Clock bytes out."""
        assert self.locked
        self.chip.write(bytes(memoryview(data)[start:end]))

    def readinto(self, buffer, start=0, end=None):
        """Clock bytes in."""
        assert self.locked
        wanted = memoryview(buffer)[start:end]
        wanted[:] = self.chip.read(len(wanted))


class DriverTime:
    """The module ``time`` for a driver: sleeping lets the clock advance."""

    def __init__(self, clock):
        self._clock = clock

    def monotonic(self):
        """Seconds."""
        return self._clock.elapsed / 1000

    def monotonic_ns(self):
        """Nanoseconds."""
        return self._clock.elapsed * 1_000_000

    def sleep(self, seconds):
        """Let time pass; less than a millisecond is none."""
        self._clock.advance(int(seconds * 1000))


def modules(**board):
    """The modules that a board's firmware has, as what ``sys.modules`` takes.

    :param board: the names in ``board``
    """
    made = {name: ModuleType(name) for name in ("board", "busio", "digitalio")}
    made["board"].__dict__.update(board)
    made["digitalio"].Direction = Direction
    made["digitalio"].DigitalInOut = lambda pin: pin.digital
    made["busio"].SPI = lambda *pins: pins[0].bus
    return made


class Network:
    """The network behind a chip, on the doubles: names, listeners, and who answers datagrams."""

    def __init__(self, hosts=None):
        self.hosts = dict(_HOSTS if hosts is None else hosts)
        self.asked = []
        """Each name that was looked up."""
        self.connections = []
        self.datagrams = {}
        """Who answers at a UDP port: a function of a datagram that returns those it sends."""
        self._listeners = {}

    def listen(self, port, acceptor, address=None):
        """Accept connections; with None as the acceptor nobody answers."""
        self._listeners[port] = acceptor

    def refuse(self, port):
        """Stop listening."""
        self._listeners.pop(port, None)

    def look_up(self, name):
        """The four bytes of an address, None for a name that nobody knows."""
        self.asked.append(name)
        found = self.hosts.get(name, name)
        parts = found.split(".")
        numbers = len(parts) == 4 and all(part.isdigit() for part in parts)
        return bytes(int(part) for part in parts) if numbers else None

    def answers(self, port):
        """Whether a connection there is taken or refused, and not just ignored."""
        return self._listeners.get(port, True) is not None

    def connect(self, address, port):
        """The far end's ``Connection``, None when it is refused."""
        acceptor = self._listeners.get(port)
        if acceptor is None:
            return None
        made = Connection((".".join(str(byte) for byte in address), port))
        self.connections.append(made)
        acceptor(made)
        return made


_REAL_SECONDS = 0.003


class Loopback(Network):
    """The network behind a chip is this machine: every name is here, connections are real."""

    def look_up(self, name):
        """The loopback's address."""
        self.asked.append(name)
        return b"\x7f\0\0\1"

    def connect(self, address, port):
        """A connection to a real listener."""
        try:
            made = RealConnection(socket.create_connection(("127.0.0.1", port), 5))
        except OSError:
            return None
        self.connections.append(made)
        return made


class RealConnection:
    """A TCP connection in the form that the chips know: that of the wire's side of Connection."""

    def __init__(self, sock):
        self._socket = sock
        self.ending = None

    @property
    def waiting(self):
        """How many bytes wait to be read."""
        # The driver's clock runs ahead of the real one, so who finds nothing waits a little.
        if self.ending or not select.select([self._socket], [], [], _REAL_SECONDS)[0]:
            return 0
        try:
            count = len(self._socket.recv(65536, socket.MSG_PEEK))
        except OSError:
            self.ending = "reset"
            return 0
        if not count:
            self.ending = "fin"
        return count

    @property
    def readable(self):
        """Whether bytes wait to be read."""
        return self.waiting > 0

    def write(self, data):
        """Bytes from the client."""
        try:
            self._socket.sendall(data)
        except OSError:
            self.ending = "reset"

    def read(self, limit):
        """Bytes for the client."""
        return self._socket.recv(limit)

    def hang_up(self):
        """The client closed its socket."""
        self._socket.close()
        self.ending = self.ending or "fin"
