# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A client that moves messages over a socket that costs next to nothing: all cost is the client's.

The socket of the doubles keeps accounts of each call, which would be the larger part of what is
measured. The one here moves bytes and does nothing else. The jobs are those of the bench, driven as
there: payloads of 64 bytes, the topic in bytes, buffers that were made once.
"""

import errno
import os
import time
from functools import partial

from doubles.script import CONNACK, puback, publish

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import nxd_mqtt_client_statistics_get

WINDOW = 16
"""Messages of a job, and how many of them are under way where that is more than one."""

TOPIC = b"bench/of/the/cpu"
PAYLOAD = bytes(range(64))

_LAST_PACKET_ID = 65535


class Wire:
    """A pool of sockets that gives out one: itself. Who waits for it need not wait."""

    AF_INET = 2
    SOCK_STREAM = 1

    def __init__(self):
        self._number, other = os.pipe()
        os.close(other)  # a select finds the end of the pipe, at once and for ever
        self.written = bytearray()
        """What the client has sent."""
        self.waiting = memoryview(b"")
        """What it has not read."""

    def answer(self, data):
        """Let the client find these bytes next."""
        self.waiting = memoryview(data)

    def getaddrinfo(self, host, port, *more):
        """The one address."""
        return [(self.AF_INET, self.SOCK_STREAM, 0, "", (host, port))]

    def socket(self, *kind):
        """The one socket."""
        return self

    def settimeout(self, seconds):
        """Every call answers at once."""

    def setsockopt(self, level, option, value):
        """There is nothing to set."""

    def connect(self, address):
        """Whoever listens, it is the test."""

    def fileno(self):
        """What a select may wait for."""
        return self._number

    def send(self, data):
        """Take all."""
        self.written += data
        return len(data)

    def recv_into(self, buffer):
        """Hand out what waits."""
        waiting = self.waiting
        size = min(len(buffer), len(waiting))
        if not size:
            raise BlockingIOError(errno.EAGAIN, "nothing is there")
        buffer[:size] = waiting[:size]
        self.waiting = waiting[size:]
        return size

    def close(self):
        """Give the descriptor back."""
        os.close(self._number)


class Program:
    """A connected client, and the least that a program has around it.

    :param topic: what it publishes to
    """

    def __init__(self, topic=TOPIC):
        self.wire = Wire()
        self._name = topic
        self._topic, self._message = bytearray(64), bytearray(256)
        self.received = 0
        ip, pool = NX_IP(), NX_PACKET_POOL()
        nx_ip_create(ip, "wire", socket_pool=self.wire, clock=lambda: 0)
        nx_packet_pool_create(pool, "packets", 256, None, 256 * WINDOW)
        self.client = client = NXD_MQTT_CLIENT()
        nxd_mqtt_client_create(client, "program", "me", ip, pool)
        nxd_mqtt_client_receive_notify_set(client, self._take)
        nxd_mqtt_client_connect(client, "broker", 1883, 60, NX_TRUE, NX_NO_WAIT)
        self.poll()
        self.wire.answer(CONNACK)
        self.poll()
        self.wire.written.clear()

    def close(self):
        """Give the client up."""
        nxd_mqtt_client_delete(self.client)

    def _take(self, client, count):
        status, _, _ = nxd_mqtt_client_message_get(client, self._topic, self._message)
        if status == NXD_MQTT_SUCCESS:
            self.received += 1

    def _must(self, status):
        if status != NXD_MQTT_SUCCESS:
            raise AssertionError(f"status {status:#x}: {self.client.reason}")

    def poll(self):
        """Sleep until there is something to do, and do it."""
        self._must(nxd_mqtt_client_poll(self.client, NX_WAIT_FOREVER))

    def publish(self, quality):
        """Publish a message."""
        status = nxd_mqtt_client_publish(
            self.client, self._name, PAYLOAD, NX_FALSE, quality, NX_WAIT_FOREVER
        )
        self._must(status)

    def receive(self, count):
        """Poll until so many messages more have been taken."""
        wanted = self.received + count
        while self.received < wanted:
            self.poll()

    @property
    def owed(self):
        """How many messages the broker has not acknowledged."""
        return nxd_mqtt_client_statistics_get(self.client)[1]["unacknowledged"]


def seconds_of(call) -> float:
    """How long the processor is at a call, in this thread."""
    begun = time.thread_time()
    call()
    return time.thread_time() - begun


class Job:
    """A window of messages, as often as wanted: what it does is in ``_run``.

    :param topic: what the client publishes to, and the broker
    """

    receives = True

    def __init__(self, topic=TOPIC):
        self.program = Program(topic)
        self._topic = topic
        self._last = 0

    def close(self):
        """Give the client up."""
        self.program.close()

    def work(self) -> float:
        """Do it once; returns the seconds of the processor that this took, without the checks."""
        return self.watched(seconds_of)

    def watched(self, watch):
        """Do it once; returns what ``watch`` does, which is to call the job, without arguments."""
        answers, wanted = self._script(self._identifiers())
        program = self.program
        received = program.received + WINDOW * self.receives
        answer = watch(partial(self._run, answers))
        found = (bytes(program.wire.written), len(program.wire.waiting), program.owed)
        assert found == (wanted, 0, 0)
        assert program.received == received
        program.wire.written.clear()
        return answer

    def _identifiers(self):
        """The packet identifiers of the next messages."""
        numbers = [(self._last + n) % _LAST_PACKET_ID + 1 for n in range(WINDOW)]
        self._last = numbers[-1]
        return numbers

    def _packet(self, number=None):
        return publish(bytes(self._topic), PAYLOAD, number)

    def _script(self, numbers):
        """What the broker has to say, and what it wants to hear."""
        raise NotImplementedError

    def _run(self, answers):
        raise NotImplementedError


class PublishAtQuality0(Job):
    """One call for each."""

    receives = False

    def _script(self, numbers):
        return b"", self._packet() * WINDOW

    def _run(self, answers):
        for _ in range(WINDOW):
            self.program.publish(0)


class PublishAtQuality1(Job):
    """As many as the store takes; then all acknowledgements are there."""

    receives = False

    def _script(self, numbers):
        return b"".join(map(puback, numbers)), b"".join(map(self._packet, numbers))

    def _run(self, answers):
        for _ in range(WINDOW):
            self.program.publish(1)
        self.program.wire.answer(answers)
        self.program.poll()


class ReceiveAtQuality0(Job):
    """All wait in the socket, and are taken in the receive notify."""

    def _script(self, numbers):
        return self._packet() * WINDOW, b""

    def _run(self, answers):
        self.program.wire.answer(answers)
        self.program.receive(WINDOW)


class ReceiveAtQuality1(ReceiveAtQuality0):
    """The same, and they are acknowledged."""

    def _script(self, numbers):
        return b"".join(map(self._packet, numbers)), b"".join(map(puback, numbers))


class RoundTrip(Job):
    """One at a time, at QoS 1 to itself: its acknowledgement is there, and it comes back."""

    def _script(self, numbers):
        answers = [puback(number) + self._packet(number) for number in numbers]
        wanted = b"".join(self._packet(number) + puback(number) for number in numbers)
        return answers, wanted

    def _run(self, answers):
        program = self.program
        for answer in answers:
            program.publish(1)
            program.wire.answer(answer)
            program.receive(1)


JOBS = (PublishAtQuality0, PublishAtQuality1, ReceiveAtQuality0, ReceiveAtQuality1, RoundTrip)
