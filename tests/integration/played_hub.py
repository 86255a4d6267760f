# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A script that answers as an IoT Hub does, from the other side of a real broker.

It is a client of the broker itself: it subscribes to what a device publishes, and publishes what a
hub would send. So the broker is the judge of the device's MQTT, and nothing of the local IoT Hub
takes part. It knows one device, keeps its twin, and believes everything.
"""

import json
import socket
import threading

import pytest

from boards.desktop.broker.packets import (
    FROM_SERVER,
    Connack,
    Connect,
    Disconnect,
    Puback,
    Publish,
    Suback,
    Subscribe,
    encode,
    next_packet,
)

HOST = "played.azure-devices.net"
NAME = "hub"
_PATIENCE_SECONDS = 10

_READ = "$iothub/twin/GET/?$rid="
_REPORT = "$iothub/twin/PATCH/properties/reported/?$rid="
_ANSWER = "$iothub/methods/res/"


class PlayedHub:
    """The script, on a connection of its own; a thread takes what comes.

    ``events`` are (property bag, payload, QoS) of telemetry, ``reports`` the payloads of reported
    properties, ``answers`` (status, request, payload) of methods; ``reads`` counts questions for
    the twin. ``read_status`` and ``report_status`` are what it answers.

    :param broker: whatever has a host and a port
    :param str device_id: of the device
    :param password: of the user ``NAME``, None for a broker that asks nobody
    """

    def __init__(self, broker, device_id: str, password: bytes | None = None) -> None:
        self._broker = broker
        self._device_id = device_id
        self._password = password
        self._socket = None
        self._thread = None
        self._news = threading.Condition()
        self._granted = 0
        self._packet_id = 0
        self._acknowledged = 0
        self.events: list[tuple] = []
        self.reports: list[bytes] = []
        self.answers: list[tuple] = []
        self.reads = 0
        self.desired = {"$version": 1}
        self.reported = {"$version": 1}
        self.read_status = 200
        self.report_status = 204

    # -- its own link -------------------------------------------------------------------------

    def start(self) -> None:
        """Connect and subscribe; returns when the broker has granted all of it."""
        self._socket = socket.create_connection((self._broker.host, self._broker.port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._thread = threading.Thread(target=self._listen, args=(self._socket,), daemon=True)
        self._thread.start()
        self._granted = 0
        username = None if self._password is None else NAME
        self._say(Connect(NAME, username=username, password=self._password))
        filters = (
            f"devices/{self._device_id}/messages/events/#",
            "$iothub/twin/GET/#",
            "$iothub/twin/PATCH/properties/reported/#",
            "$iothub/methods/res/#",
        )
        for number, topic_filter in enumerate(filters, 1):
            self._say(Subscribe(number, ((topic_filter, 1),)))
        self.wait(lambda: self._granted == len(filters))

    def stop(self) -> None:
        """Leave; harmless when it is not there, or its broker is not."""
        if self._thread is None:
            return
        try:
            self._say(Disconnect())
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the broker has gone before
        self._thread.join(_PATIENCE_SECONDS)
        self._socket.close()
        self._thread = None

    def _say(self, packet) -> None:
        with self._news:  # a test and the thread may say something at a time
            self._socket.sendall(encode(packet))

    def _listen(self, sock) -> None:
        heard = bytearray()
        while data := _received(sock):
            heard += data
            packet, end = next_packet(heard, 0, FROM_SERVER)
            while packet is not None:
                del heard[:end]
                with self._news:
                    self._take(packet)
                    self._news.notify_all()
                packet, end = next_packet(heard, 0, FROM_SERVER)

    def wait(self, condition) -> None:
        """Wait until something is so; the test fails when it is not in time."""
        with self._news:
            if not self._news.wait_for(condition, _PATIENCE_SECONDS):
                pytest.fail("the played hub waits in vain")

    # -- what comes ---------------------------------------------------------------------------

    def _take(self, packet) -> None:
        if isinstance(packet, Connack):
            assert not packet.return_code
        elif isinstance(packet, Suback):
            assert packet.return_codes == (1,)
            self._granted += 1
        elif isinstance(packet, Puback):
            self._acknowledged += 1
        elif isinstance(packet, Publish):
            if packet.qos:
                self._say(Puback(packet.packet_id))
            self._hear(packet.topic, packet.payload, packet.qos)

    def _hear(self, topic: str, payload: bytes, quality: int) -> None:
        _, found, bag = topic.partition("/messages/events/")
        if found:
            self.events.append((bag, payload, quality))
        elif topic.startswith(_READ):
            self.reads += 1
            self._answer_read(topic.removeprefix(_READ))
        elif topic.startswith(_REPORT):
            self.reports.append(payload)
            self._answer_report(topic.removeprefix(_REPORT), payload)
        elif topic.startswith(_ANSWER):
            status, _, request = topic.removeprefix(_ANSWER).partition("/?$rid=")
            self.answers.append((int(status), request, payload))

    def _answer_read(self, request: str) -> None:
        good = self.read_status == 200
        document = {"desired": self.desired, "reported": self.reported} if good else {}
        self.say(f"$iothub/twin/res/{self.read_status}/?$rid={request}", json.dumps(document))

    def _answer_report(self, request: str, payload: bytes) -> None:
        topic = f"$iothub/twin/res/{self.report_status}/?$rid={request}"
        if self.report_status == 204:
            _merge(self.reported, json.loads(payload))
            topic += f"&$version={self.reported['$version']}"
        self.say(topic)

    # -- what the service side does -----------------------------------------------------------

    def say(self, topic: str, payload: str | bytes = b"") -> None:
        """Publish at QoS 0, as a hub does with what is only for a device that is there."""
        self._say(Publish(topic, payload.encode() if isinstance(payload, str) else payload))

    def send_message(self, payload: bytes, bag: str = "") -> None:
        """Send a message to the device, connected or not; returns when the broker has it."""
        self._packet_id += 1
        topic = f"devices/{self._device_id}/messages/devicebound/{bag}"
        wanted = self._acknowledged + 1
        self._say(Publish(topic, payload, 1, packet_id=self._packet_id))
        self.wait(lambda: self._acknowledged == wanted)

    def change(self, **properties) -> bytes:
        """Change desired properties; returns the patch that a connected device is told."""
        with self._news:
            _merge(self.desired, properties)
            version = self.desired["$version"]
        patch = json.dumps(properties | {"$version": version}).encode()
        self.say(f"$iothub/twin/PATCH/properties/desired/?$version={version}", patch)
        return patch

    def call(self, name: str, payload: bytes, request: str) -> None:
        """Call a method."""
        self.say(f"$iothub/methods/POST/{name}/?$rid={request}", payload)


def _received(sock) -> bytes:
    try:
        return sock.recv(65536)
    except OSError:
        return b""


def _merge(properties: dict, patch: dict) -> None:
    properties["$version"] += 1
    for name, value in patch.items():
        if value is None:
            properties.pop(name, None)
        else:
            properties[name] = value
