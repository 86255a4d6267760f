# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT

"""A W5500 Ethernet chip, as its driver sees it on the SPI bus: registers and buffers.

Each transfer is an address, a control byte (block, and whether it writes) and data. Eight sockets
have a block of registers each and 2 KB in either direction.
"""

from .spi import Bus, Pin

_SOCKETS = 8
_BUFFER = 2048

# Common registers.
_MODE, _ADDRESS, _RETRY_TIME, _RETRIES, _PHY, _VERSION = 0x00, 0x0F, 0x19, 0x1B, 0x2E, 0x39
_DEFAULTS = {_RETRY_TIME: 0x07, _RETRY_TIME + 1: 0xD0, _RETRIES: 8, _VERSION: 4}

# Socket registers.
_S_MODE, _S_COMMAND, _S_INTERRUPT, _S_STATUS, _S_PORT, _S_PEER, _S_PEER_PORT = 0, 1, 2, 3, 4, 12, 16
_S_TX_FREE, _S_TX_READ, _S_TX_WRITE = 0x20, 0x22, 0x24
_S_RX_SIZE, _S_RX_READ, _S_RX_WRITE = 0x26, 0x28, 0x2A

_UDP = 2
_CLOSED, _INIT, _SYN_SENT, _ESTABLISHED, _CLOSE_WAIT, _OPEN_UDP = 0, 0x13, 0x15, 0x17, 0x1C, 0x22
_SENT, _TIMEOUT = 0x10, 0x08

_WRITES = 0x04
_COMMON, _REGISTERS, _TX, _RX = range(4)
_TRANSFERS_IN_A_MILLISECOND = 3


class WiznetChip:
    """The chip, its pins and its bus.

    :param clock: three transfers take a millisecond of it
    :param network: what is at the other end of the cable
    """

    def __init__(self, clock, network):
        self.clock = clock
        self.network = network
        self.cable = True
        self.missing = False
        """No chip on the bus at all."""
        self.takes = None
        """How many bytes of the next send go out before the link is lost; it is not confirmed."""
        self.connects = []
        """(address, port) of each connection that was asked for."""
        self.resets = 0
        self.cs = Pin(self._selected)
        self.reset = Pin(self._reset)
        self.bus = Bus(self)
        self._transfers = 0
        self._head = b""
        self._restart()

    def _restart(self):
        self.common = bytearray(64)
        for at, value in _DEFAULTS.items():
            self.common[at] = value
        self.sockets = [_HardwareSocket(self) for _ in range(_SOCKETS)]

    def _reset(self, level):
        if not level:
            self.resets += 1
            self._restart()

    @property
    def address(self):
        """The chip's IP address."""
        return bytes(self.common[_ADDRESS : _ADDRESS + 4])

    @property
    def patience(self):
        """How many milliseconds it tries before it gives a peer up."""
        retry_time = int.from_bytes(self.common[_RETRY_TIME : _RETRY_TIME + 2], "big") / 10
        doubled = min(self.common[_RETRIES], 5)
        rest = self.common[_RETRIES] - doubled
        return int(retry_time * (2 ** (doubled + 1) - 1 + rest * 2**doubled))

    @property
    def open_now(self):
        """How many sockets are in use."""
        return sum(1 for each in self.sockets if each.registers[_S_STATUS] != _CLOSED)

    # the bus

    def _selected(self, level):
        self._head = b""
        self._transfers += 1
        if not self._transfers % _TRANSFERS_IN_A_MILLISECOND:
            self.clock.advance(1)

    def _place(self):
        """The memory that a transfer is about, the address in it, and the socket."""
        address, control = int.from_bytes(self._head[:2], "big"), self._head[2]
        block = control >> 3
        if not block:
            return self.common, address, None
        owner = self.sockets[block >> 2]
        return (None, owner.registers, owner.outgoing, owner.incoming)[block & 3], address, owner

    def write(self, data):
        """The head of a transfer, or what it writes."""
        for value in data:
            if len(self._head) < 3:
                self._head += bytes([value])
            elif self._head[2] & _WRITES and not self.missing:
                self._store(value)

    def _store(self, value):
        memory, address, owner = self._place()
        self._head = (address + 1 & 0xFFFF).to_bytes(2, "big") + self._head[2:]
        if memory is self.common:
            if address == _MODE and value & 0x80:
                self._restart()
            elif address < len(memory) and address != _VERSION:
                memory[address] = value
        elif memory is owner.registers:
            owner.store(address, value)
        else:
            memory[address % _BUFFER] = value

    def read(self, count):
        """What a transfer reads."""
        if self.missing:
            return b"\xff" * count
        memory, address, owner = self._place()
        if memory is self.common:
            self.common[_PHY] = self.cable
            return bytes(
                memory[at] if at < len(memory) else 0 for at in range(address, address + count)
            )
        if memory is owner.registers:
            owner.look()
        return bytes(memory[at % len(memory)] for at in range(address, address + count))


class _HardwareSocket:
    """One of the chip's sockets."""

    def __init__(self, chip):
        self.chip = chip
        self.registers = bytearray(64)
        self.outgoing = bytearray(_BUFFER)
        self.incoming = bytearray(_BUFFER)
        self._connection = None
        self._deadline = 0
        self._set(_S_TX_FREE, _BUFFER)

    def _get(self, at):
        return int.from_bytes(self.registers[at : at + 2], "big")

    def _set(self, at, value):
        self.registers[at : at + 2] = (value & 0xFFFF).to_bytes(2, "big")

    def _status(self, status):
        self.registers[_S_STATUS] = status

    def store(self, address, value):
        """The driver writes a register."""
        if address == _S_COMMAND:
            _COMMANDS[value](self)
        elif address == _S_INTERRUPT:
            self.registers[_S_INTERRUPT] &= ~value  # a one written takes the one away
        elif address != _S_STATUS:
            self.registers[address] = value

    def look(self):
        """See what the network has done."""
        status, connection = self.registers[_S_STATUS], self._connection
        if status == _SYN_SENT and self.chip.clock.elapsed >= self._deadline:
            self.registers[_S_INTERRUPT] |= _TIMEOUT
            self._status(_CLOSED)
        if status != _ESTABLISHED:
            return
        room = _BUFFER - self._get(_S_RX_SIZE)
        if self.chip.cable and room:
            self._arrive(connection.read(min(room, connection.waiting)))
        if connection.ending == "reset":
            self._status(_CLOSED)
        elif connection.ending and not connection.waiting:
            self._status(_CLOSE_WAIT)

    def _arrive(self, data):
        at = self._get(_S_RX_WRITE)
        for offset, value in enumerate(data):
            self.incoming[(at + offset) % _BUFFER] = value
        self._set(_S_RX_WRITE, at + len(data))
        self._set(_S_RX_SIZE, self._get(_S_RX_SIZE) + len(data))

    # commands

    def _open(self):
        for at in (_S_TX_READ, _S_TX_WRITE, _S_RX_READ, _S_RX_WRITE, _S_RX_SIZE):
            self._set(at, 0)
        self._status(_OPEN_UDP if self.registers[_S_MODE] == _UDP else _INIT)

    def _connect(self):
        if self.registers[_S_STATUS] != _INIT:
            return
        address, port = bytes(self.registers[_S_PEER : _S_PEER + 4]), self._get(_S_PEER_PORT)
        self.chip.connects.append((address, port))
        if not self.chip.network.answers(port):
            self._deadline = self.chip.clock.elapsed + self.chip.patience
            self._status(_SYN_SENT)
            return
        self._connection = self.chip.network.connect(address, port)
        self._status(_ESTABLISHED if self._connection else _CLOSED)

    def _send(self):
        at, end = self._get(_S_TX_READ), self._get(_S_TX_WRITE)
        data = bytes(self.outgoing[n % _BUFFER] for n in range(at, at + (end - at & 0xFFFF)))
        self._set(_S_TX_READ, end)
        if self.registers[_S_STATUS] == _OPEN_UDP:
            self._send_datagram(data)
        elif self.registers[_S_STATUS] == _ESTABLISHED:
            self._send_stream(data)

    def _send_stream(self, data):
        chip = self.chip
        if chip.takes is None:
            self._connection.write(data)
            self.registers[_S_INTERRUPT] |= _SENT
            return
        self._connection.write(data[: chip.takes])
        self._disconnect()

    def _send_datagram(self, data):
        self.registers[_S_INTERRUPT] |= _SENT
        port = self._get(_S_PEER_PORT)
        answer = self.chip.network.datagrams.get(port)
        peer = bytes(self.registers[_S_PEER : _S_PEER + 4])
        for reply in answer(data) if answer and self.chip.cable else ():
            size = len(reply).to_bytes(2, "big")
            self._arrive(peer + port.to_bytes(2, "big") + size + reply)

    def _receive(self):
        self._set(_S_RX_SIZE, self._get(_S_RX_WRITE) - self._get(_S_RX_READ))

    def _close(self):
        self._disconnect()
        self._status(_CLOSED)

    def _disconnect(self):
        if self._connection:
            self._connection.hang_up()
            self._connection = None
            self._status(_CLOSED)


_COMMANDS = {
    0x01: _HardwareSocket._open,
    0x04: _HardwareSocket._connect,
    0x08: _HardwareSocket._disconnect,
    0x10: _HardwareSocket._close,
    0x20: _HardwareSocket._send,
    0x40: _HardwareSocket._receive,
}


class NameServer:
    """Answers questions for addresses, as ``Network.datagrams[53]``.

    :param network: whose names it knows
    """

    def __init__(self, network):
        self._network = network

    def __call__(self, question):
        labels, at = [], 12
        while question[at]:
            labels.append(question[at + 1 : at + 1 + question[at]].decode())
            at += 1 + question[at]
        address = self._network.look_up(".".join(labels))
        if address is None:
            return [question[:2] + b"\x81\x83" + question[4:]]
        head = question[:2] + b"\x81\x80\0\1\0\1\0\0\0\0"
        answer = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + address
        return [head + question[12:] + answer]


class AddressServer:
    """Answers DHCP, as ``Network.datagrams[67]``.

    :param str address: what it gives
    :param int lease: seconds
    """

    def __init__(self, address="192.168.1.77", lease=43200):
        self.address = address
        self.lease = lease
        self.silent = False
        self.garbled = False
        self.heard = []
        """The message type of each question: 1 a discover, 3 a request."""
        self.hostnames = []

    def __call__(self, question):
        options = _options(question)
        kind = options[53][0]
        self.heard.append(kind)
        self.hostnames.append(options[12].decode())
        if self.silent:
            return []
        reply = bytearray(240)
        reply[:4] = b"\2\1\6\0"
        reply[4:8] = question[4:8]
        reply[16:20] = _packed(self.address)
        reply[28:34] = question[28:34]
        reply[236:240] = question[236:240]
        reply += bytes([53, 1, {1: 2, 3: 5}[kind], 54, 4]) + _packed("192.168.1.1")
        reply += b"\x33\4" + self.lease.to_bytes(4, "big") + b"\1\4" + _packed("255.255.255.0")
        reply += b"\3\4" + _packed("192.168.1.1")
        # A name server's address with three bytes is none.
        reply += b"\6\3\1\2\3" if self.garbled else b"\6\4" + _packed("192.168.1.1")
        return [bytes(reply) + b"\xff"]


def _packed(address):
    return bytes(int(part) for part in address.split("."))


def _options(message):
    found, at = {}, 240
    while message[at] != 255:
        size = message[at + 1]
        found[message[at]] = bytes(message[at + 2 : at + 2 + size])
        at += 2 + size
    return found
