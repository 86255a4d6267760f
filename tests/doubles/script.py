# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT

"""A broker that follows a list of steps, byte by byte, and remembers where the client strayed.

A ``Script`` is the acceptor of a pool's port. Its steps run as bytes arrive and as time passes;
``check()`` at the end of a test raises unless all was as written.
"""

from collections import deque

CONNACK = bytes.fromhex("20 02 00 00")
CONNACK_PRESENT = bytes.fromhex("20 02 01 00")
CONNACK_BAD_VERSION = bytes.fromhex("20 02 00 01")
CONNACK_BAD_IDENTIFIER = bytes.fromhex("20 02 00 02")
CONNACK_UNAVAILABLE = bytes.fromhex("20 02 00 03")
CONNACK_BAD_LOGIN = bytes.fromhex("20 02 00 04")
CONNACK_NOT_AUTHORIZED = bytes.fromhex("20 02 00 05")
PINGREQ = bytes.fromhex("C0 00")
PINGRESP = bytes.fromhex("D0 00")
DISCONNECT = bytes.fromhex("E0 00")


class ScriptError(AssertionError):
    """The client did not do what the script says."""


def puback(packet_identifier):
    """A PUBACK, as either side sends it."""
    return b"\x40\x02" + packet_identifier.to_bytes(2, "big")


def suback(packet_identifier, *codes):
    """A SUBACK with its return codes."""
    return bytes([0x90, 2 + len(codes)]) + packet_identifier.to_bytes(2, "big") + bytes(codes)


def unsuback(packet_identifier):
    """An UNSUBACK."""
    return b"\xb0\x02" + packet_identifier.to_bytes(2, "big")


def publish(topic, message=b"", packet_identifier=None, flags=None):
    """A PUBLISH, as either side sends it; nothing is checked, so that it can be a bad one.

    With a packet identifier it is QoS 1. ``flags`` are the header's low four bits.
    """
    topic = topic.encode() if isinstance(topic, str) else topic
    body = len(topic).to_bytes(2, "big") + topic
    if flags is None:
        flags = 0 if packet_identifier is None else 2
    if packet_identifier is not None:
        body += packet_identifier.to_bytes(2, "big")
    body += message
    return bytes([0x30 | flags]) + _remaining(len(body)) + body


def connect(client_identifier, keepalive=0, clean_session=1):
    """A CONNECT without login and will, as a client sends it."""
    name = client_identifier.encode()
    body = b"\x00\x04MQTT\x04" + bytes([clean_session << 1]) + keepalive.to_bytes(2, "big")
    body += len(name).to_bytes(2, "big") + name
    return b"\x10" + _remaining(len(body)) + body


def _remaining(length):
    encoded = bytearray()
    while True:
        length, low = divmod(length, 128)
        encoded.append(low | (0x80 if length else 0))
        if not length:
            return bytes(encoded)


def _pattern(wanted):
    """Bytes, or text in hex with spaces, as a list of values; "??" is any byte (None)."""
    if not isinstance(wanted, str):
        return list(bytes(wanted))
    digits = "".join(wanted.split())
    if len(digits) % 2:
        raise ValueError(f"an odd number of hex digits: {wanted!r}")
    pairs = (digits[at : at + 2] for at in range(0, len(digits), 2))
    return [None if pair == "??" else int(pair, 16) for pair in pairs]


def _hex(values):
    return " ".join("??" if value is None else f"{value:02x}" for value in values)


class Script:
    """The steps of one or several connections, in order; every step method returns the script.

    A step that is added to a connection that plays already is played when its turn comes, which
    may be at once.
    """

    def __init__(self, clock):
        self.clock = clock
        self.connections = []
        """The connections that came, in order."""
        self.faults = []
        """What went wrong so far, one line each."""
        self._planned = []
        self._players = []

    # the steps

    def accept(self):
        """What follows belongs to the next connection (the first may be left unsaid)."""
        self._planned.append([])
        return self

    def expect(self, wanted):
        """The client's next bytes are exactly these."""
        return self._step("expect", _pattern(wanted))

    def send(self, data, pieces=None):
        """Send at once; ``pieces`` as in Connection.send."""
        return self._step("send", (bytes(_pattern(data)), pieces))

    def wait(self, milliseconds):
        """Let time pass before the next step."""
        return self._step("wait", milliseconds)

    def close(self, goodbye=True):
        """End the connection; what was sent is read first."""
        return self._step("close", goodbye)

    def reset(self, discard=False):
        """Throw the connection away."""
        return self._step("reset", discard)

    def vanish(self):
        """Be gone without a word; what the client writes from now on counts for nothing."""
        return self._step("vanish")

    def stall(self):
        """Stop reading: the client's next send finds no room."""
        return self._step("stall")

    def resume(self):
        """Read again."""
        return self._step("resume")

    def expect_close(self):
        """The client closes its socket."""
        return self._step("expect_close")

    def call(self, function):
        """Call ``function(connection)``."""
        return self._step("call", function)

    # what a test asks

    @property
    def connection(self):
        """The newest connection."""
        return self.connections[-1]

    @property
    def done(self):
        """Whether all steps were played and nothing went wrong."""
        return not self._complaints()

    def check(self):
        """Raise ScriptError unless all was as written."""
        complaints = self._complaints()
        if complaints:
            raise ScriptError("\n".join(complaints))

    def __call__(self, connection):
        """Take a new connection: this is what a pool's listen() wants."""
        number = len(self.connections)
        self.connections.append(connection)
        if number >= len(self._planned):
            self.faults.append(f"connection {number + 1} is not in the script")
            connection.reset()
            return
        player = _Player(self, number + 1, connection, self._planned[number])
        self._players.append(player)
        player.run()

    def _step(self, name, argument=None):
        if not self._planned:
            self._planned.append([])
        if len(self._players) == len(self._planned):
            self._players[-1].add((name, argument))
        else:
            self._planned[-1].append((name, argument))
        return self

    def _complaints(self):
        complaints = list(self.faults)
        for player in self._players:
            complaints += player.complaints()
        for number in range(len(self._players) + 1, len(self._planned) + 1):
            complaints.append(f"connection {number} never came")
        return complaints


class _Player:
    """Plays the steps of one connection."""

    def __init__(self, script, number, connection, steps):
        self._script = script
        self._name = f"connection {number}"
        self._connection = connection
        self._steps = deque(steps)
        self._offset = 0  # how many of the client's bytes were as expected
        self._sleeping = False
        self._strayed = False
        self._running = False
        connection.on_data = self.run
        connection.on_close = self.run

    def add(self, step):
        """One more step at the end."""
        self._steps.append(step)
        self.run()

    def run(self):
        """Play on until a step has to wait."""
        if self._running:
            return  # called out of one of its own steps
        self._running = True
        try:
            while self._steps and not (self._sleeping or self._strayed):
                name, argument = self._steps[0]
                if not _PLAY[name](self, argument):
                    break
                self._steps.popleft()
        finally:
            self._running = False

    def complaints(self):
        """What is left over: steps, or bytes that no step wanted."""
        if self._strayed:
            return []
        complaints = []
        if self._steps:
            names = ", ".join(self._describe(*step) for step in self._steps)
            complaints.append(f"{self._name}: steps left over: {names}")
        unread = self._connection.received[self._offset :]
        if unread:
            complaints.append(f"{self._name}: unread from offset {self._offset}: {_hex(unread)}")
        return complaints

    def _describe(self, name, argument):
        return f"{name} {_hex(argument)}" if name == "expect" else name

    def _expect(self, wanted):
        got = self._connection.received[self._offset : self._offset + len(wanted)]
        for at, (want, have) in enumerate(zip(wanted, got, strict=False)):
            if want not in (None, have):
                self._stray(at, wanted, self._connection.received[self._offset :])
                return False
        if len(got) < len(wanted):
            return False
        self._offset += len(wanted)
        return True

    def _stray(self, at, wanted, got):
        self._strayed = True
        self._script.faults.append(
            f"{self._name}: mismatch at offset {self._offset + at} (byte {at} of this step): "
            f"wanted {_hex(wanted)}, got {_hex(got)}"
        )

    def _send(self, argument):
        data, pieces = argument
        self._connection.send(data, pieces)
        return True

    def _wait(self, milliseconds):
        self._sleeping = True
        self._script.clock.later(milliseconds, self._wake)
        return True

    def _wake(self):
        self._sleeping = False
        self.run()

    def _close(self, goodbye):
        self._connection.close(goodbye)
        return True

    def _reset(self, discard):
        self._connection.reset(discard)
        return True

    def _vanish(self, _):
        self._connection.vanish()
        return True

    def _stall(self, _):
        self._connection.accept_limit = 0
        return True

    def _resume(self, _):
        self._connection.accept_limit = None
        return True

    def _expect_close(self, _):
        return self._connection.closed_by_client

    def _call(self, function):
        function(self._connection)
        return True


_PLAY = {
    "expect": _Player._expect,
    "send": _Player._send,
    "wait": _Player._wait,
    "close": _Player._close,
    "reset": _Player._reset,
    "vanish": _Player._vanish,
    "stall": _Player._stall,
    "resume": _Player._resume,
    "expect_close": _Player._expect_close,
    "call": _Player._call,
}
