# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What the hub remembers of an MQTT client: its subscriptions, and what it has not acknowledged."""

from dataclasses import dataclass, field

from .mqtt_topics import Feature

_LARGEST_PACKET_ID = 0xFFFF


@dataclass
class Subscription:
    """One topic filter of a client."""

    topic_filter: str
    feature: Feature
    qos: int


@dataclass
class Delivery:
    """A cloud-to-device message that was sent at QoS 1."""

    sequence: int
    lock: str


@dataclass
class Session:
    """One client's state; with CleanSession 0 it outlives the connection."""

    clean: bool
    generation: str
    """of the device that it belongs to"""
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    """by topic filter, in the order of the subscribing"""
    in_flight: dict[int, Delivery] = field(default_factory=dict)
    """by packet identifier"""
    _last_packet_id: int = 0

    def find(self, feature: Feature) -> list[Subscription]:
        """The subscriptions that ask for a feature."""
        return [one for one in self.subscriptions.values() if one.feature is feature]

    def deliver(self, sequence: int, lock: str) -> tuple[int, bool]:
        """Take a packet identifier for a message.

        :return: the identifier, and whether this client has been sent the message before; then it
            is the same again, as MQTT wants for a message that was not acknowledged
        """
        for packet_id, delivery in self.in_flight.items():
            if delivery.sequence == sequence:
                delivery.lock = lock
                return packet_id, True
        packet_id = self._last_packet_id
        while True:
            packet_id = packet_id % _LARGEST_PACKET_ID + 1
            if packet_id not in self.in_flight:
                break
        self._last_packet_id = packet_id
        self.in_flight[packet_id] = Delivery(sequence, lock)
        return packet_id, False


class Sessions:
    """The sessions of all clients, by identity."""

    def __init__(self):
        self._kept: dict[object, Session] = {}

    def open(self, identity, generation: str, clean: bool) -> tuple[Session, bool]:
        """Begin or resume the session of a client.

        :param generation: without the session of the same one a new one begins
        :return: the session, and whether it was there
        """
        session = self._kept.get(identity)
        if clean or session is None or session.generation != generation:
            session = self._kept[identity] = Session(clean, generation)
            return session, False
        return session, True

    def close(self, identity, session: Session) -> None:
        """A connection has ended."""
        if session.clean and self._kept.get(identity) is session:
            del self._kept[identity]

    def forget(self) -> None:
        """Lose all sessions: the next connection of each client begins a new one."""
        self._kept.clear()
