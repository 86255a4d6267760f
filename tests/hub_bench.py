# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A device made by hand for the tests of the local IoT Hub: packets on a socket, nothing more.

It speaks with the embedded broker's codec, and insists on every packet that it hears.
"""

import socket
import time

from boards.desktop.broker import packets
from boards.desktop.broker.packets import Connack, Connect, Disconnect, Pingreq, Pingresp, Publish

PATIENCE = 5
START = 1_800_000_000

EVENTS = "devices/device/messages/events/"
CLOUD_MESSAGES = "devices/device/messages/devicebound/#"
TWIN_ANSWERS = "$iothub/twin/res/#"
DESIRED = "$iothub/twin/PATCH/properties/desired/#"
METHODS = "$iothub/methods/POST/#"


class Clock:
    """A clock that goes on when it is told to."""

    def __init__(self, now=START):
        self.now = now

    def __call__(self):
        return self.now


def forward(hub, clock, seconds):
    """Lets time pass; all that is due has happened afterwards."""
    clock.now += seconds
    hub.tick()


class Device:
    """A socket that says packets and insists on those it hears.

    :param Hub hub: whom to connect to
    :param port: its first one if None
    :param wrap: makes another socket of the connected one, as TLS does
    :param buffer: bytes that the system keeps for what was not read; None for its own choice
    """

    def __init__(self, hub, port=None, wrap=None, buffer=None):
        self.socket = socket.socket()
        self.socket.settimeout(PATIENCE)
        if buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        try:
            self.socket.connect((hub.address, port or hub.port))
        except OSError:
            self.socket.close()
            raise
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if wrap is not None:
            self.socket = wrap(self.socket)
        self._heard = bytearray()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.socket.close()

    def say(self, *said):
        """Sends packets in one piece."""
        self.socket.sendall(b"".join(map(packets.encode, said)))

    def take(self):
        """Receives one packet."""
        while True:
            packet, end = packets.next_packet(self._heard, 0, packets.FROM_SERVER)
            if packet is not None:
                del self._heard[:end]
                return packet
            data = self.socket.recv(65536)
            assert data, "the hub has closed"
            self._heard += data

    def hear(self, *wanted):
        """Receives exactly these packets, in this order."""
        for packet in wanted:
            assert self.take() == packet

    def hear_the_end(self):
        """Waits until the hub has closed; nothing else may come."""
        assert self.read_to_the_end() == b""

    def read_to_the_end(self):
        """All bytes up to the end."""
        data = bytearray(self._heard)
        self._heard.clear()
        try:
            while part := self.socket.recv(65536):
                data += part
        except ConnectionResetError:
            pass
        return bytes(data)

    def hear_nothing(self):
        """Everything that was on its way before the answer to a ping would be heard."""
        self.say(Pingreq())
        self.hear(Pingresp())

    def subscribe(self, *filters):
        """Subscribes at QoS 1, to one filter after the other."""
        for number, topic_filter in enumerate(filters, 100):
            self.say(packets.Subscribe(number, ((topic_filter, 1),)))
            self.hear(packets.Suback(number, (1,)))

    def publish(self, topic, payload=b"", packet_id=9, **fields):
        """Publishes at QoS 1, and hears the PUBACK."""
        self.say(Publish(topic, payload, 1, packet_id=packet_id, **fields))
        self.hear(packets.Puback(packet_id))

    def disconnect(self):
        """Says goodbye, and waits for the end."""
        self.say(Disconnect())
        self.hear_the_end()


def connect_packet(hub, device_id="device", module_id=None, **fields):
    """A CONNECT that the hub takes; fields replace what is in it."""
    name = device_id if module_id is None else f"{device_id}/{module_id}"
    fields.setdefault("client_id", name)
    fields.setdefault("username", f"{hub.host}/{name}/?api-version=2021-04-12")
    if "password" not in fields:
        fields["password"] = hub.token(device_id, module_id).encode()
    return Connect(**fields)


def answer_to(hub, packet):
    """The return code of CONNACK, after which a refused client is closed."""
    with Device(hub) as device:
        device.say(packet)
        connack = device.take()
        if connack.return_code:
            device.hear_the_end()
        return connack.return_code


def connected(hub, device_id="device", module_id=None, *, present=False, port=None, **fields):
    """A device with its CONNACK."""
    device = Device(hub, port)
    device.say(connect_packet(hub, device_id, module_id, **fields))
    device.hear(Connack(0, present))
    return device


def subscribed(hub, *filters, **fields):
    """A device with its SUBACKs."""
    device = connected(hub, **fields)
    device.subscribe(*filters)
    return device


def finished(future):
    """Whether a call has ended; waits for it a little."""
    deadline = time.monotonic() + PATIENCE
    while not future.done() and time.monotonic() < deadline:
        time.sleep(0.002)
    return future.done()
