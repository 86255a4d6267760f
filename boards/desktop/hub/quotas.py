# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""How much a hub takes: sizes, operations in a second, messages in a day."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from .refusals import QuotaExceeded, Throttled

_DAY = 86_400


class Kind(Enum):
    """Operations that are counted apart."""

    TELEMETRY = auto()
    TWIN_READ = auto()
    TWIN_WRITE = auto()
    METHOD = auto()
    CLOUD_MESSAGE = auto()
    REGISTRY = auto()


@dataclass(frozen=True)
class Limits:
    """The bounds of a hub, those of the service where it has them."""

    telemetry_size: int = 262_144
    """bytes of one message from a device, its properties included"""
    cloud_message_size: int = 65_536
    """bytes of one message to a device, its properties included"""
    method_size: int = 131_072
    """bytes of a method's request, and of its response"""
    shortest_method_seconds: float = 5.0
    """what a caller of a method has to wait for its answer at least; the longest is 300"""
    queued_messages: int = 50
    """cloud-to-device messages that wait for one device"""
    deliveries: int = 10
    """how often one of them is tried"""
    lock_seconds: float = 60.0
    """how long a receiver may take for one of them"""
    life_seconds: float = 3600.0
    """how long one of them waits if it does not say"""
    longest_life_seconds: float = 172_800.0
    """how long one of them may ask to wait"""
    partitions: int = 1
    """into how many the event log is split"""
    kept_events: int = 100_000
    """events that a partition remembers"""
    kept_feedback: int = 10_000
    """records of feedback that nobody has fetched"""
    operations_per_second: Mapping[Kind, float] = field(default_factory=dict)
    """kind -> how many; a kind that is missing is not throttled"""
    messages_per_day: int = 0
    """messages from and to devices in a day of UTC, each counted by `meter_size`; 0 is without
    limit"""
    meter_size: int = 4096
    """a message counts once for each of these bytes that it begins"""


class Throttle:
    """Lets through as many operations as a rate allows, and a second's worth at once.

    :param rate: operations in a second
    """

    def __init__(self, rate: float, now: float):
        self._rate = rate
        self._largest = max(1.0, rate)
        self._left = self._largest
        self._at = now

    def take(self, now: float) -> bool:
        """One operation more.

        :return: whether it is let through
        """
        # A clock that was set back gives nothing, and takes nothing.
        passed = max(0.0, now - self._at)
        self._left = min(self._largest, self._left + passed * self._rate)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Quotas:
    """What is left of a hub's throttles and of its day."""

    def __init__(self, limits: Limits, clock: Callable[[], float]):
        self._limits = limits
        self._clock = clock
        now = clock()
        rates = limits.operations_per_second
        self._throttles = {kind: Throttle(rate, now) for kind, rate in rates.items()}
        self._day = now // _DAY
        self.used_today = 0

    def operation(self, kind: Kind) -> None:
        """Count an operation.

        :raises Throttled: too many of this kind
        """
        throttle = self._throttles.get(kind)
        if throttle is not None and not throttle.take(self._clock()):
            raise Throttled(f"too many operations: {kind.name}")

    def message(self, size: int) -> None:
        """Count a message towards the day.

        :param size: in bytes
        :raises QuotaExceeded: it would be one too many
        """
        day = self._clock() // _DAY
        if day != self._day:
            self._day, self.used_today = day, 0
        meters = max(1, -(-size // self._limits.meter_size))
        limit = self._limits.messages_per_day
        if limit and self.used_today + meters > limit:
            raise QuotaExceeded(f"all {limit} messages of the day are used up")
        self.used_today += meters
