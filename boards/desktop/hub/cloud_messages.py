# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Messages from the cloud to one device, and what became of them.

    waiting --lock--> locked --complete--> gone: Success
       ^                |   \\-reject--> gone: Rejected
       +----abandon-----+   \\-too often--> gone: DeliveryCountExceeded

A waiting message goes when its time is over (Expired); a locked one may still be completed then.
All go when the queue is emptied (Purged). A lock that times out, or whose owner is lost, counts as
abandoned. An abandoned message takes its old place, so the order stays.
"""

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum

from .moments import timestamp
from .quotas import Limits
from .refusals import BadRequest, QueueFull, TooLarge


class Ack(Enum):
    """Of which ends a service wants to hear."""

    NONE = "none"
    POSITIVE = "positive"
    NEGATIVE = "negative"
    FULL = "full"


class Fate(Enum):
    """How a message ended, as feedback has it."""

    SUCCESS = "Success"
    EXPIRED = "Expired"
    DELIVERY_COUNT_EXCEEDED = "DeliveryCountExceeded"
    REJECTED = "Rejected"
    PURGED = "Purged"


@dataclass(frozen=True)
class Message:
    """What a service sends."""

    body: bytes
    properties: tuple[tuple[str, str], ...] = ()
    """the application's, in their order"""
    message_id: str = ""
    correlation_id: str = ""
    user_id: str = ""
    content_type: str = ""
    content_encoding: str = ""
    ack: Ack = Ack.NONE
    expiry: float | None = None
    """seconds since 1970, None for as long as the hub keeps messages"""

    @property
    def size(self) -> int:
        """Bytes, the properties included."""
        texts = [self.message_id, self.correlation_id, self.user_id]
        texts += [self.content_type, self.content_encoding]
        texts += [text for pair in self.properties for text in pair]
        return len(self.body) + sum(len(text.encode()) for text in texts)


@dataclass
class QueuedMessage:
    """A message on its way to a device. What a queue gives out is a copy: it stays as it was."""

    message: Message
    device_id: str
    sequence_number: int
    """another one for each message of a device, rising"""
    enqueued_at: float
    expires_at: float
    deliveries: int = 0
    """how often it has been locked, this time included"""
    lock: str | None = None
    """what completes, rejects or abandons it"""
    locked_until: float = field(default=0.0, repr=False)
    owner: object = field(default=None, repr=False)

    @property
    def to(self) -> str:
        """Its address."""
        return f"/devices/{self.device_id}/messages/devicebound"


@dataclass(frozen=True)
class Record:
    """What became of one message."""

    fate: Fate
    message_id: str
    device_id: str
    generation: str
    at: float

    def document(self) -> dict:
        """One member of the hub's JSON list of feedback."""
        return {
            "originalMessageId": self.message_id,
            "description": self.fate.value,
            "deviceGenerationId": self.generation,
            "deviceId": self.device_id,
            "enqueuedTimeUtc": timestamp(self.at),
            "statusCode": self.fate.value,
        }


class Feedback:
    """Records that wait for a service.

    :param limit: how many are kept; the oldest go first
    """

    def __init__(self, limit: int):
        self._records: deque[Record] = deque(maxlen=limit)
        self._listeners: list[Callable[[], None]] = []

    def __len__(self) -> int:
        return len(self._records)

    def add(self, record: Record) -> None:
        """A message has ended, and its sender wants to know."""
        self._records.append(record)
        for listener in tuple(self._listeners):
            listener()

    def take(self, limit: int = 1000) -> list[Record]:
        """Remove the oldest records."""
        count = min(limit, len(self._records))
        return [self._records.popleft() for _ in range(count)]

    def give_back(self, records: list[Record]) -> None:
        """Put records back that were taken and not accepted."""
        room = self._records.maxlen - len(self._records)
        self._records.extendleft(reversed(records[-room:] if room else []))

    def follow(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call something whenever there is a new record.

        :return: what ends that
        """
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)


class Queue:
    """The messages of one device.

    :param ended: called with each message that has ended, and how
    """

    def __init__(
        self, device_id: str, limits: Limits, ended: Callable[[QueuedMessage, Fate], None]
    ):
        self._device_id = device_id
        self._limits = limits
        self._ended = ended
        # By sequence number, which is their order too.
        self._messages: dict[int, QueuedMessage] = {}
        self._locks: dict[str, QueuedMessage] = {}
        self._last_number = 0
        self._last_lock = 0

    def __len__(self) -> int:
        """Messages that have not ended, locked ones included."""
        return len(self._messages)

    @property
    def waiting(self) -> bool:
        """Whether there is a message that nobody has locked."""
        return len(self._locks) < len(self._messages)

    def check(self, message: Message, now: float) -> None:
        """Whether a message may be queued.

        :raises TooLarge, BadRequest, QueueFull: it may not
        """
        limits = self._limits
        if message.size > limits.cloud_message_size:
            raise TooLarge(f"a message to a device has at most {limits.cloud_message_size} bytes")
        if message.expiry is not None and message.expiry > now + limits.longest_life_seconds:
            raise BadRequest(f"a message waits at most {limits.longest_life_seconds:.0f} seconds")
        self.tick(now)
        if len(self._messages) >= limits.queued_messages:
            raise QueueFull(f"{limits.queued_messages} messages wait for this device")

    def put(self, message: Message, now: float) -> QueuedMessage:
        """Queue a message that has been checked."""
        expiry = message.expiry
        if expiry is None:
            expiry = now + self._limits.life_seconds
        self._last_number += 1
        queued = QueuedMessage(message, self._device_id, self._last_number, now, expiry)
        self._messages[self._last_number] = queued
        return replace(queued)

    def lock(self, owner: object, now: float, seconds: float | None = None) -> QueuedMessage | None:
        """Lock the oldest message that waits.

        :param owner: whose locks `release` ends together
        :param seconds: how long the lock lasts, None for the hub's own time
        """
        self.tick(now)
        for queued in self._messages.values():
            if queued.lock is None:
                self._last_lock += 1
                queued.lock = f"{self._last_lock:08x}-{queued.sequence_number:x}"
                queued.deliveries += 1
                queued.owner = owner
                duration = self._limits.lock_seconds if seconds is None else seconds
                queued.locked_until = now + duration
                self._locks[queued.lock] = queued
                return replace(queued)
        return None

    def complete(self, lock: str, now: float) -> bool:
        """A message has been dealt with.

        :return: whether it was still locked
        """
        return self._settle(lock, now, Fate.SUCCESS)

    def reject(self, lock: str, now: float) -> bool:
        """A message is not wanted.

        :return: whether it was still locked
        """
        return self._settle(lock, now, Fate.REJECTED)

    def abandon(self, lock: str, now: float) -> bool:
        """A message shall come again.

        :return: whether it was still locked
        """
        self.tick(now)
        queued = self._locks.get(lock)
        if queued is not None:
            self._unlock(queued)
        return queued is not None

    def release(self, owner: object) -> bool:
        """Abandon all that one owner has locked.

        :return: whether that was anything
        """
        held = [queued for queued in self._locks.values() if queued.owner is owner]
        for queued in held:
            self._unlock(queued)
        return bool(held)

    def purge(self) -> int:
        """Drop all messages.

        :return: how many
        """
        messages = list(self._messages.values())
        for queued in messages:
            self._end(queued, Fate.PURGED)
        return len(messages)

    def next_deadline(self) -> float | None:
        """When `tick` has something to do, None for never."""
        moments = [
            queued.expires_at if queued.lock is None else queued.locked_until
            for queued in self._messages.values()
        ]
        return min((moment for moment in moments if moment < math.inf), default=None)

    def tick(self, now: float) -> bool:
        """End what has waited for too long, and locks that were held for too long.

        :return: whether a lock has timed out
        """
        late = [queued for queued in self._locks.values() if now >= queued.locked_until]
        for queued in late:
            self._unlock(queued)
        for queued in list(self._messages.values()):
            if queued.lock is None and now >= queued.expires_at:
                self._end(queued, Fate.EXPIRED)
        return bool(late)

    def _settle(self, lock: str, now: float, fate: Fate) -> bool:
        self.tick(now)
        queued = self._locks.get(lock)
        if queued is not None:
            self._end(queued, fate)
        return queued is not None

    def _unlock(self, queued: QueuedMessage) -> None:
        if queued.deliveries >= self._limits.deliveries:
            self._end(queued, Fate.DELIVERY_COUNT_EXCEEDED)
            return
        self._locks.pop(queued.lock, None)
        queued.lock = queued.owner = None

    def _end(self, queued: QueuedMessage, fate: Fate) -> None:
        # Whoever hears of the end of one message may have ended others by now.
        if self._messages.pop(queued.sequence_number, None) is not None:
            self._locks.pop(queued.lock, None)
            queued.lock = queued.owner = None
            self._ended(queued, fate)


_WANTED = {
    Ack.NONE: frozenset(),
    Ack.POSITIVE: frozenset({Fate.SUCCESS}),
    Ack.NEGATIVE: frozenset(Fate) - {Fate.SUCCESS},
    Ack.FULL: frozenset(Fate),
}


def wanted(ack: Ack, fate: Fate) -> bool:
    """Whether a sender wants to hear of this end."""
    return fate in _WANTED[ack]
