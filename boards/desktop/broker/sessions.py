# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What a broker remembers: sessions with their queues, subscriptions, retained messages.

No socket and no clock. A connection attaches to a session with a function that is called
whenever there may be something to send, and then takes deliveries until there is none:

    publish -> Sessions.publish -> Session.offer -> queue -> Session.next_delivery -> connection

A session keeps one queue for QoS 0 and QoS 1, so messages leave in the order they came in.
"""

from collections import deque
from enum import Enum, auto
from typing import NamedTuple

from .limits import Limits
from .packets import Publish
from .topics import matches

_HIGHEST_GRANTED_QOS = 1
_LARGEST_PACKET_ID = 65_535
# Topics whose receivers are remembered until a subscription changes.
_REMEMBERED_ROUTES = 1024


class Message(NamedTuple):
    """An application message on its way through the broker."""

    topic: str
    payload: bytes
    qos: int
    retain: bool


class Reader(Enum):
    """Who is at the other end of a session."""

    AWAY = auto()  # no connection
    READING = auto()  # a connection that takes what it is given
    STALLED = auto()  # a connection whose client does not read


class Session:
    """One client's state, as long as [MQTT-3.1.2-4] and [MQTT-3.1.2-6] let it live."""

    def __init__(self, client_id: str, clean: bool, limits: Limits, counters: dict):
        self.client_id = client_id
        self.clean = clean
        self.subscriptions: dict[str, int] = {}
        self._limits = limits
        self._counters = counters
        self._reader = Reader.AWAY
        self._wake = None
        self._queue: deque[Message] = deque()
        self._queued_qos_0 = 0
        # Packet identifier -> message, in the order of the first sending [MQTT-4.6.0-1].
        self._in_flight: dict[int, Message] = {}
        self._to_repeat: deque[int] = deque()
        self._last_packet_id = 0
        # Identifiers of QoS 2 publishes whose PUBREL has not come.
        self._half_received: set[int] = set()

    def __len__(self) -> int:
        """Messages that wait, those in flight not counted."""
        return len(self._queue)

    def attach(self, wake) -> None:
        """A connection begins: everything unacknowledged is due again [MQTT-4.4.0-1].

        :param wake: called without arguments when a delivery may have become possible
        """
        self._reader = Reader.READING
        self._wake = wake
        self._to_repeat = deque(self._in_flight)

    def detach(self) -> None:
        """The connection has ended; QoS 0 messages do not wait for another one."""
        self._reader = Reader.AWAY
        self._wake = None
        self._counters["dropped"] += self._queued_qos_0
        self._queue = deque(message for message in self._queue if message.qos)
        self._queued_qos_0 = 0

    def stall(self) -> None:
        """The client does not read: deliveries stop."""
        self._reader = Reader.STALLED

    def resume(self) -> None:
        """The client reads again."""
        self._reader = Reader.READING
        self._wake()

    def offer(self, message: Message) -> None:
        """Take a message for this client, or drop and count it where a bound says so."""
        limit = self._limits.queued_messages
        if message.qos == 0 and self._reader is not Reader.READING:
            if self._reader is Reader.AWAY:
                return
            if limit:
                self._counters["dropped"] += 1
                return
        if limit and len(self._queue) >= limit:
            self._counters["dropped"] += 1
            if not (message.qos and self._queued_qos_0):
                return
            self._drop_newest_qos_0()
        self._queue.append(message)
        self._queued_qos_0 += not message.qos
        if self._wake is not None:
            self._wake()

    def _drop_newest_qos_0(self) -> None:
        for index in range(len(self._queue) - 1, -1, -1):
            if self._queue[index].qos == 0:
                del self._queue[index]
                self._queued_qos_0 -= 1
                return

    def next_delivery(self) -> Publish | None:
        """The packet to send now, if the client reads and the window has room."""
        if self._reader is not Reader.READING:
            return None
        while self._to_repeat:
            packet_id = self._to_repeat.popleft()
            if packet_id in self._in_flight:
                self._counters["redelivered"] += 1
                return Publish(*self._in_flight[packet_id], True, packet_id)
        if not self._queue:
            return None
        packet_id = None
        if self._queue[0].qos:
            if len(self._in_flight) >= self._limits.in_flight:
                return None
            packet_id = self._new_packet_id()
            self._in_flight[packet_id] = self._queue[0]
        else:
            self._queued_qos_0 -= 1
        self._counters["delivered"] += 1
        return Publish(*self._queue.popleft(), False, packet_id)

    def _new_packet_id(self) -> int:
        packet_id = self._last_packet_id % _LARGEST_PACKET_ID + 1
        while packet_id in self._in_flight:
            packet_id = packet_id % _LARGEST_PACKET_ID + 1
        self._last_packet_id = packet_id
        return packet_id

    def acknowledge(self, packet_id: int) -> bool:
        """A PUBACK has come.

        :return: whether anything was waiting for it
        """
        if self._in_flight.pop(packet_id, None) is None:
            return False
        self._wake()
        return True

    def begin_exactly_once(self, packet_id: int) -> bool:
        """A QoS 2 PUBLISH has come.

        :return: whether it is new, and not a repetition before its PUBREL [MQTT-4.3.3-2]
        """
        if packet_id in self._half_received:
            return False
        self._half_received.add(packet_id)
        return True

    def end_exactly_once(self, packet_id: int) -> None:
        """A PUBREL has come: the identifier may be used for another message."""
        self._half_received.discard(packet_id)


class Sessions:
    """All sessions of a broker, what they subscribed to, and the retained messages."""

    def __init__(self, limits: Limits, counters: dict):
        self._limits = limits
        self._counters = counters
        self._sessions: dict[str, Session] = {}
        self._retained: dict[str, Message] = {}
        self._routes: dict[str, list[tuple[Session, int]]] = {}
        self._assigned = 0

    def sizes(self) -> dict[str, int]:
        """How much is remembered."""
        queued = sum(len(session) for session in self._sessions.values())
        return {"sessions": len(self._sessions), "retained": len(self._retained), "queued": queued}

    def new_client_id(self) -> str:
        """A client identifier that nobody uses [MQTT-3.1.3-6]."""
        while True:
            self._assigned += 1
            client_id = f"assigned-{self._assigned}"
            if client_id not in self._sessions:
                return client_id

    def open(self, client_id: str, clean: bool) -> tuple[Session, bool]:
        """Find or make the session of a client that connects.

        :return: the session, and whether it was there before
        """
        session = self._sessions.get(client_id)
        if session is not None and not clean:
            return session, True
        if session is not None:
            self._forget(session)
        session = self._sessions[client_id] = Session(
            client_id, clean, self._limits, self._counters
        )
        return session, False

    def close(self, session: Session) -> None:
        """The connection of a session has ended."""
        session.detach()
        if session.clean:
            self._forget(session)

    def _forget(self, session: Session) -> None:
        del self._sessions[session.client_id]
        self._routes.clear()

    def subscribe(self, session: Session, subscriptions) -> tuple[int, ...]:
        """Add subscriptions, or replace those with the same filter [MQTT-3.8.4-3].

        :param subscriptions: pairs of topic filter and requested QoS
        :return: the granted QoS of each
        """
        granted = tuple(min(qos, _HIGHEST_GRANTED_QOS) for _, qos in subscriptions)
        for (topic_filter, _), qos in zip(subscriptions, granted, strict=True):
            session.subscriptions[topic_filter] = qos
        self._routes.clear()
        return granted

    def offer_retained(self, session: Session, subscriptions) -> None:
        """Give the retained messages of new subscriptions [MQTT-3.3.1-6].

        :param subscriptions: pairs as given to `subscribe`
        """
        for topic_filter, _ in subscriptions:
            granted = session.subscriptions[topic_filter]
            for message in tuple(self._retained.values()):
                if matches(topic_filter, message.topic):
                    session.offer(message._replace(qos=min(message.qos, granted)))

    def unsubscribe(self, session: Session, topic_filters) -> None:
        """Remove subscriptions; unknown ones are no fault [MQTT-3.10.4-5]."""
        for topic_filter in topic_filters:
            session.subscriptions.pop(topic_filter, None)
        self._routes.clear()

    def publish(self, message: Message) -> None:
        """Keep a message as far as it is retained, and give it to its subscribers."""
        if message.retain:
            self._retain(message)
        route = self._routes.get(message.topic)
        if route is None:
            route = self._find_route(message.topic)
        for session, granted in route:
            # [MQTT-3.3.1-9]: RETAIN is 0 towards an established subscription.
            qos = min(message.qos, granted)
            session.offer(Message(message.topic, message.payload, qos, False))

    def _retain(self, message: Message) -> None:
        # [MQTT-3.3.1-10]: an empty message removes the retained one and is not kept itself.
        if message.payload:
            self._retained[message.topic] = message
        else:
            self._retained.pop(message.topic, None)

    def _find_route(self, topic: str) -> list[tuple[Session, int]]:
        route = []
        for session in self._sessions.values():
            granted = [
                qos
                for topic_filter, qos in session.subscriptions.items()
                if matches(topic_filter, topic)
            ]
            # [MQTT-3.3.5-1]: overlapping subscriptions deliver once, with the highest QoS.
            if granted:
                route.append((session, max(granted)))
        if len(self._routes) >= _REMEMBERED_ROUTES:
            self._routes.clear()
        self._routes[topic] = route
        return route
