# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A fleet: many clients in one process and one thread, each polled only when there is a reason.

The loop is the one that a program with many clients has, written with the public functions: a
selector waits for the sockets of ``nxd_mqtt_client_socket_get``, a heap keeps the deadlines of
``nxd_mqtt_client_deadline_get``, and whoever is ready or due is polled. What a turn costs depends
on how many that are, not on how many there are.
"""

import heapq
import resource
import selectors
import time

from nxd_mqtt.nxd import (
    NX_FALSE,
    NX_IN_PROGRESS,
    NX_IP_PERIODIC_RATE,
    NX_NO_WAIT,
    NX_TRUE,
    NX_WAIT_FOREVER,
    nxd_mqtt_client_connect,
    nxd_mqtt_client_delete,
    nxd_mqtt_client_publish,
)
from nxd_mqtt.nxd_extensions import (
    NXD_MQTT_WANTS_READ,
    NXD_MQTT_WANTS_WRITE,
    nxd_mqtt_client_deadline_get,
    nxd_mqtt_client_poll,
    nxd_mqtt_client_socket_get,
    nxd_mqtt_client_statistics_get,
)

from . import HOST
from .clients import Maker, check

# The measures of each client: those of a small device.
PACKET = 256
DEPTH = 4
QUEUE = 2048

_KEEPALIVE_SECONDS = 60
_PATIENCE_SECONDS = 30
# How many connect at the same time: more than a broker takes on at once would have to try again.
_WAVE = 50
# Beside the sockets of the clients.
_OTHER_FILES = 64

_EVENTS = {
    NXD_MQTT_WANTS_READ: selectors.EVENT_READ,
    NXD_MQTT_WANTS_WRITE: selectors.EVENT_WRITE,
    NXD_MQTT_WANTS_READ | NXD_MQTT_WANTS_WRITE: selectors.EVENT_READ | selectors.EVENT_WRITE,
}


def allow_open_files(clients: int) -> None:
    """Let this process, and what it starts from now on, have a socket for each client.

    :raises RuntimeError: with the limit that stands in the way, and what can be done about it
    """
    wanted = clients + _OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    if soft == unlimited or soft >= wanted:
        return
    try:
        if hard != unlimited and hard < wanted:
            raise ValueError("over the hard limit")
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError) as error:
        raise RuntimeError(
            f"{clients} clients need {wanted} open files, and this process may have {soft} "
            f"(hard limit {hard}): {error}. Raise the hard limit as an administrator, for instance "
            f"with `ulimit -Hn {wanted}`, or ask for fewer clients"
        ) from error


class Member:
    """One client of the fleet, and what the loop remembers of it."""

    __slots__ = ("client", "due", "number", "sent", "socket", "wants")

    def __init__(self, number: int, client) -> None:
        self.number = number
        self.client = client
        self.socket = None
        self.wants = self.sent = 0
        # When the loop will look at it at the latest.
        self.due = None

    @property
    def statistics(self) -> dict:
        """The client's counters."""
        return nxd_mqtt_client_statistics_get(self.client)[1]


class Fleet:
    """Clients that are all connected to one broker.

    :param int port: where it listens
    :param int size: how many clients
    :param int keepalive: seconds
    """

    def __init__(self, port: int, size: int, keepalive: int = _KEEPALIVE_SECONDS) -> None:
        self._port = port
        self._keepalive = keepalive
        self._selector = selectors.DefaultSelector()
        self._deadlines: list[tuple] = []
        self.polls = 0
        """How often a client was polled."""
        maker = Maker(PACKET, DEPTH, QUEUE)
        self.members = [Member(number, maker.make(f"fleet-{number}")) for number in range(size)]

    # -- the loop -----------------------------------------------------------------------------

    def turn(self, until: float) -> None:
        """Sleep until a client is ready or due, or until a time comes; poll those.

        :param float until: by ``time.monotonic``
        """
        deadlines = self._deadlines
        if deadlines and deadlines[0][0] < until:
            until = deadlines[0][0]
        ready = self._selector.select(max(until - time.monotonic(), 0))
        for key, _ in ready:
            self._serve(key.data)
        now = time.monotonic()
        while deadlines and deadlines[0][0] <= now:
            due, number = heapq.heappop(deadlines)
            member = self.members[number]
            if member.due == due:  # else it has been due earlier since
                member.due = None
                self._serve(member)

    def _serve(self, member: Member) -> None:
        self.polls += 1
        check(nxd_mqtt_client_poll(member.client), member.client)
        self.settle(member)

    def settle(self, member: Member) -> None:
        """Ask what a client waits for, after every call that may have changed it."""
        _, sock, wants = nxd_mqtt_client_socket_get(member.client)
        if sock is not member.socket or wants != member.wants:
            self._watch(member, sock, wants)
        _, ticks = nxd_mqtt_client_deadline_get(member.client)
        if ticks == NX_WAIT_FOREVER:
            return
        due = time.monotonic() + ticks / NX_IP_PERIODIC_RATE
        # Most deadlines only move away: who is looked at too early is asked again then.
        if member.due is None or due < member.due:
            member.due = due
            heapq.heappush(self._deadlines, (due, member.number))

    def _watch(self, member: Member, sock, wants: int) -> None:
        selector = self._selector
        if member.socket is not None and member.wants:
            selector.unregister(member.socket)
        member.socket = sock
        member.wants = wants if sock is not None else 0
        if member.wants:
            selector.register(sock, _EVENTS[wants], member)

    def run(self, until) -> None:
        """Take turns until a condition holds.

        :param until: a callable
        :raises RuntimeError: when it does not in time
        """
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not until():
            if time.monotonic() > deadline:
                raise RuntimeError(f"not within {_PATIENCE_SECONDS} seconds")
            self.turn(deadline)

    # -- the verbs ----------------------------------------------------------------------------

    def connect(self) -> None:
        """Connect all of them, some at a time."""
        connected = []

        def told(client, status, _) -> None:
            check(status, client)
            connected.append(client)

        for start in range(0, len(self.members), _WAVE):
            wave = self.members[start : start + _WAVE]
            for member in wave:
                member.client.nxd_mqtt_connect_notify = told
                self._begin(member)
            self.run(lambda: len(connected) == start + len(wave))  # noqa: B023

    def _begin(self, member: Member) -> None:
        client = member.client
        status = nxd_mqtt_client_connect(
            client, HOST, self._port, self._keepalive, NX_TRUE, NX_NO_WAIT
        )
        check(status, client, NX_IN_PROGRESS)
        self.settle(member)

    def run_for(self, seconds: float) -> None:
        """Take turns for a while."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.turn(end)

    def publish(self, number: int, topic: bytes, message: bytes) -> None:
        """One client publishes at QoS 1."""
        member = self.members[number]
        client = member.client
        check(nxd_mqtt_client_publish(client, topic, message, NX_FALSE, 1, NX_NO_WAIT), client)
        member.sent += 1
        self.settle(member)

    def publish_evenly(self, messages: int, seconds: float, make) -> None:
        """Publish so many messages, by one client after the other, and see all acknowledgements.

        :param float seconds: from the first message to the last
        :param make: callable, topic and message for the number of a client and how many messages it
            has sent
        """
        size = len(self.members)
        began = time.monotonic()
        for count in range(messages):
            when = began + count * seconds / messages
            # At least once, or a program that is late would never hear of its acknowledgements.
            self.turn(when)
            while time.monotonic() < when:
                self.turn(when)
            number = count % size
            self.publish(number, *make(number, self.members[number].sent))
        for member in self.members:
            self.run(lambda: not member.statistics["unacknowledged"])  # noqa: B023

    def close(self) -> None:
        """Give all clients up."""
        for member in self.members:
            self._watch(member, None, 0)
            member.client.nxd_mqtt_connect_notify = None
            nxd_mqtt_client_delete(member.client)
        self._selector.close()
        self._deadlines.clear()
