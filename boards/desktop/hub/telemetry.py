# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The log of what devices have sent, kept as an event hub keeps it.

All of one device's events are in one partition, in their order. Each has a sequence number (0, 1, 2
... in its partition), an offset (where it begins, in bytes of its partition) and the time it came.
"""

import heapq
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from .quotas import Limits
from .registry import Identity


@dataclass(frozen=True)
class Telemetry:
    """A message as a device sends it."""

    body: bytes
    properties: tuple[tuple[str, str], ...] = ()
    """the application's, in their order"""
    system: Mapping[str, str] = field(default_factory=dict)
    """message-id and so on"""

    @property
    def size(self) -> int:
        """Bytes, the properties included; of the system's own only the values count."""
        texts = [text for pair in self.properties for text in pair]
        texts += self.system.values()
        return len(self.body) + sum(len(text.encode()) for text in texts)


@dataclass(frozen=True)
class Event:
    """One message of a device."""

    partition: int
    sequence_number: int
    offset: int
    enqueued_at: float
    """seconds since 1970"""
    identity: Identity
    body: bytes
    properties: tuple[tuple[str, str], ...]
    """the application's, in their order"""
    system: Mapping[str, str]
    """message-id and so on as the device gave them, and what the hub has added"""


@dataclass
class _Partition:
    events: deque[Event]
    next_number: int = 0
    next_offset: int = 0


class EventLog:
    """The events of all devices."""

    def __init__(self, limits: Limits):
        self._partitions = [
            _Partition(deque(maxlen=limits.kept_events)) for _ in range(limits.partitions)
        ]
        self._listeners: list[Callable[[Event], None]] = []

    def __len__(self) -> int:
        """Events that are remembered."""
        return sum(len(partition.events) for partition in self._partitions)

    def __iter__(self) -> Iterator[Event]:
        """All events that are remembered, by time; those of one partition in their order."""
        parts = [partition.events for partition in self._partitions]
        return iter(list(heapq.merge(*parts, key=lambda event: event.enqueued_at)))

    def partition_of(self, device_id: str) -> int:
        """Where a device's events are."""
        return zlib.crc32(device_id.encode()) % len(self._partitions)

    def add(
        self, identity: Identity, message: Telemetry, added: Mapping[str, str], now: float
    ) -> Event:
        """Keep an event, and tell those who follow.

        :param added: the hub's own properties
        """
        number = self.partition_of(identity.device_id)
        partition = self._partitions[number]
        event = Event(
            partition=number,
            sequence_number=partition.next_number,
            offset=partition.next_offset,
            enqueued_at=now,
            identity=identity,
            body=bytes(message.body),
            properties=message.properties,
            system={**message.system, **added},
        )
        partition.next_number += 1
        # Never twice the same, not even behind an empty message.
        partition.next_offset += message.size + 1
        partition.events.append(event)
        for listener in tuple(self._listeners):
            listener(event)
        return event

    def read(
        self,
        partition: int = 0,
        wanted: Callable[[Event], bool] = lambda event: True,
        limit: int | None = None,
    ) -> list[Event]:
        """The oldest events of a partition that are wanted.

        :param limit: how many at most, None for all
        """
        found = [event for event in self._partitions[partition].events if wanted(event)]
        return found[:limit]

    def follow(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Call something with every event from now on.

        :return: what ends that
        """
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def properties(self, partition: int = 0) -> tuple[int, int, int]:
        """First kept sequence number, last sequence number (-1 without any), next offset."""
        part = self._partitions[partition]
        first = part.next_number - len(part.events)
        return first, part.next_number - 1, part.next_offset
