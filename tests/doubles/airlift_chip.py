# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT

"""An ESP32 with the co-processor firmware, as its driver sees it on the SPI bus.

A command is one transfer, its answer the next: start byte, command, count, parameters with their
lengths (one byte, of some commands two), end byte. What the firmware is asked for is in ``log``.
"""

import struct

from .spi import Bus, Pin

START, END, REPLY = 0xE0, 0xEE, 0x80

TCP, TLS = 0, 2

CONNECTED, NO_SUCH_NETWORK, FAILED, DISCONNECTED = 3, 1, 4, 6
_CLOSED, _ESTABLISHED = 0, 4
_NO_SOCKET = 255

_SEND_DATA, _GET_DATA = 0x44, 0x45
_LONG_PARAMETERS = (_SEND_DATA, _GET_DATA)
_MILLISECONDS_FOR_A_COMMAND = 1


class AirliftChip:
    """The chip, its pins and its bus.

    :param clock: each command takes a millisecond of it
    :param network: what the chip is connected to once it has joined
    :param dict world: access points in reach, name -> password
    """

    def __init__(self, clock, network, world=None, most_sockets=3):
        self.clock = clock
        self.network = network
        self.world = {"garden": "blackbird"} if world is None else world
        self.most_sockets = most_sockets
        self.dead = False
        """Does not answer on the bus until it is reset."""
        self.broken = False
        """Does not answer, reset or not."""
        self.room = None
        """How many more bytes it takes to send, None for all."""
        self.unverified = 0
        """How many sends it takes, and then cannot say that they went out."""
        self.distrusts = ()
        """Host names whose TLS certificate it refuses."""
        self.log = []
        """(host or address, port, mode) of each connection that was asked for."""
        self.joins = []
        """(name, password) of each attempt to join."""
        self.sends = []
        """The size of each piece that came to be sent."""
        self.resets = 0
        self.certificate = self.private_key = None
        self.cs = Pin(self._selected)
        self.reset = Pin(self._reset)
        self.busy = Pin(read=self._busy)
        self.bus = Bus(self)
        self._sockets = {}
        self._forget()

    # pins and bytes

    def _forget(self):
        self.status = DISCONNECTED
        self._found = None
        self._chosen = False
        self._answer = b""
        for number in list(self._sockets):
            self._close(number)

    def _reset(self, level):
        if not level:
            self.resets += 1
            self.dead = self.broken
            self.certificate = self.private_key = None
            self._forget()

    def _selected(self, level):
        self._chosen = not level

    def _busy(self):
        if self.dead or self.broken:
            self.clock.advance(_MILLISECONDS_FOR_A_COMMAND)
            return True
        return self._chosen

    def write(self, data):
        """A command."""
        assert self._chosen
        self.clock.advance(_MILLISECONDS_FOR_A_COMMAND)
        command, parameters = _parse(data)
        answer = _COMMANDS[command](self, *parameters)
        self._answer = _reply(command, answer)

    def read(self, count):
        """More of the answer."""
        assert self._chosen
        taken, self._answer = self._answer[:count], self._answer[count:]
        return taken.ljust(count, b"\xff")

    # the access point

    def leave_network(self, status=DISCONNECTED):
        """The access point is gone, and with it all connections."""
        self.status = status
        for entry in self._sockets.values():
            if entry.connection:
                entry.connection.hang_up()
                entry.connection = None

    def _join(self, name, password=b""):
        name, password = name.decode(), password.decode()
        self.joins.append((name, password))
        if name not in self.world:
            self.status = NO_SUCH_NETWORK
        else:
            self.status = CONNECTED if self.world[name] == password else FAILED
        return [b"\1"]

    def _status(self):
        if self.status == CONNECTED and self.joins[-1][0] not in self.world:
            self.leave_network()
        return [bytes([self.status])]

    def _set_certificate(self, data):
        self.certificate = data
        return [b"\1"]

    def _set_private_key(self, data):
        self.private_key = data
        return [b"\1"]

    # names

    def _look_up(self, name):
        self._found = None
        if self.status == CONNECTED:
            self._found = self.network.look_up(name.decode())
        return [bytes([self._found is not None])]

    def _looked_up(self):
        return [self._found]

    # sockets

    def _get_socket(self):
        free = [n for n in range(self.most_sockets) if n not in self._sockets]
        if not free:
            return [bytes([_NO_SOCKET])]
        self._sockets[free[0]] = _Entry()
        return [bytes([free[0]])]

    @property
    def open_now(self):
        """How many sockets are in use."""
        return len(self._sockets)

    def _start(self, host, *more):
        if len(more) == 4:  # a name, and an address that is not looked at
            host, more = host.decode(), more[1:]
        port, number, mode = struct.unpack(">H", more[0])[0], more[1][0], more[2][0]
        self.log.append((host, port, mode))
        address = self.network.look_up(host) if isinstance(host, str) else host
        if self.status != CONNECTED or address is None or host in self.distrusts:
            return [b"\0"]
        entry = self._sockets[number]
        if not self.network.answers(port):
            return [b"\1"]  # begun, but it never becomes a connection
        entry.connection = self.network.connect(address, port)
        return [bytes([entry.connection is not None])]

    def _entry(self, number):
        return self._sockets.get(number[0], _Entry())

    def _state(self, number):
        connection = self._entry(number).connection
        if connection is None or not (connection.waiting or not connection.ending):
            return [bytes([_CLOSED])]
        return [bytes([_ESTABLISHED])]

    def _available(self, number):
        connection = self._entry(number).connection
        waiting = connection.waiting if connection else 0
        return [struct.pack("<H", min(waiting, 0xFFFF))]

    def _get_data(self, number, size):
        connection = self._entry(number).connection
        return [connection.read(struct.unpack("<H", size)[0]) if connection else b""]

    def _send_data(self, number, data):
        self.sends.append(len(data))
        connection = self._entry(number).connection
        if connection is None or connection.ending:
            return [b"\0"]
        taken = data if self.room is None else data[: self.room]
        if self.room is not None:
            self.room -= len(taken)
        if taken:
            connection.write(taken)
        return [bytes([len(taken)])]

    def _data_sent(self, number):
        if self.unverified:
            self.unverified -= 1
            return [b"\0"]
        return [b"\1"]

    def _close(self, number):
        entry = self._sockets.pop(number, None)
        if entry and entry.connection:
            entry.connection.hang_up()

    def _stop(self, number):
        self._close(number[0])
        return [b"\1"]


class _Entry:
    """A socket of the firmware."""

    connection = None


def _parse(data):
    assert data[0] == START
    assert len(data) % 4 == 0, "the chip takes whole words"
    command, count = data[1], data[2]
    width = 2 if command in _LONG_PARAMETERS else 1
    parameters = []
    at = 3
    for _ in range(count):
        size = int.from_bytes(data[at : at + width], "big")
        at += width
        parameters.append(data[at : at + size])
        at += size
    assert data[at] == END
    return command, parameters


def _reply(command, values):
    width = 2 if command == _GET_DATA else 1
    sized = b"".join(len(value).to_bytes(width, "big") + bytes(value) for value in values)
    return bytes([START, command | REPLY, len(values)]) + sized + bytes([END])


_COMMANDS = {
    0x10: AirliftChip._join,
    0x11: AirliftChip._join,
    0x20: AirliftChip._status,
    0x2A: AirliftChip._data_sent,
    0x2B: AirliftChip._available,
    0x2D: AirliftChip._start,
    0x2E: AirliftChip._stop,
    0x2F: AirliftChip._state,
    0x34: AirliftChip._look_up,
    0x35: AirliftChip._looked_up,
    0x3F: AirliftChip._get_socket,
    0x40: AirliftChip._set_certificate,
    0x41: AirliftChip._set_private_key,
    _SEND_DATA: AirliftChip._send_data,
    _GET_DATA: AirliftChip._get_data,
}
