# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Faults on demand: what goes wrong next, for whom, and how often.

A fault belongs to a step of a device's life. When a device comes to that step, the front end asks
what is planned for it. Faults of different kinds come together, those of one kind after each other,
in the order in which they were planned.
"""

import threading
from dataclasses import dataclass, field
from enum import Enum, auto

SERVER_UNAVAILABLE = 3
THROTTLED = 429
SERVER_ERROR = 500
# For faults that stay until they are cleared.
ALWAYS = 1 << 62

_NO_JSON = b'{"cut off": '


class Step(Enum):
    """Where something can go wrong."""

    CONNECT = auto()
    """the CONNECT of a device whose credentials are good"""
    CONNECTED = auto()
    """right after its CONNACK"""
    SUBSCRIBE = auto()
    TELEMETRY = auto()
    TWIN_READ = auto()
    REPORT = auto()
    METHOD_ANSWER = auto()
    CLOUD_MESSAGE = auto()
    """a cloud-to-device message on its way out"""
    METHOD = auto()
    """a method's invocation on its way out"""
    DESIRED = auto()
    """a desired patch on its way out"""


@dataclass
class Plan:
    """What is to go wrong at one step, taken together."""

    drop: bool = False
    """the connection ends instead"""
    delay: float = 0.0
    """seconds of the hub's clock before the step"""
    return_code: int = 0
    """of CONNACK"""
    status: int = 0
    """of the answer, which nothing else is done for"""
    silent: bool = False
    """done, but not answered; an outgoing message is not sent"""
    twice: bool = False
    """the answer or the outgoing message comes two times"""
    spoilt: bool = False
    """the JSON in the answer or in the outgoing message is none"""

    def body(self, body: bytes) -> bytes:
        """What is sent in place of a body."""
        return _NO_JSON if self.spoilt else body


NOTHING = Plan()


@dataclass
class Fault:
    """One planned fault."""

    steps: tuple[Step, ...]
    device_id: str | None
    times: int
    changes: dict = field(default_factory=dict)


class Faults:
    """The plan of everything that goes wrong.

    In all methods `device` is a device's id, None for every device, and `times` says how often.
    A module counts as its device.
    """

    def __init__(self):
        self._planned: list[Fault] = []
        self._cuts: list[list] = []
        # Tests plan in their thread what the hub takes in its own.
        self._lock = threading.Lock()

    # ------------------------------------------------------------ planning

    def refuse(self, return_code: int = SERVER_UNAVAILABLE, device=None, times: int = 1) -> None:
        """Answer CONNECT with another return code, though the credentials are good."""
        self._plan((Step.CONNECT,), device, times, return_code=return_code)

    def drop(self, step: Step, device=None, times: int = 1) -> None:
        """End the connection when the step comes, without a packet."""
        self._plan((step,), device, times, drop=True)

    def drop_after_connack(self, device=None, times: int = 1) -> None:
        """Accept, then end the connection, as a hub does that another client takes over."""
        self.drop(Step.CONNECTED, device, times)

    def drop_after_bytes(self, count: int, device=None, times: int = 1) -> None:
        """End a connection after so many bytes to the device, CONNACK included, mid-packet."""
        with self._lock:
            self._cuts.append([device, count, times])

    def throttle(self, *steps: Step, device=None, times: int = 1) -> None:
        """Answer with 429; without steps any read of the twin and any report."""
        self.answer(THROTTLED, *steps, device=device, times=times)

    def fail(self, *steps: Step, device=None, times: int = 1) -> None:
        """Answer with 500; without steps any read of the twin and any report."""
        self.answer(SERVER_ERROR, *steps, device=device, times=times)

    def answer(self, status: int, *steps: Step, device=None, times: int = 1) -> None:
        """Answer with a status, and do nothing."""
        self._plan(steps or (Step.TWIN_READ, Step.REPORT), device, times, status=status)

    def delay(self, step: Step, seconds: float, device=None, times: int = 1) -> None:
        """Let the step wait, by the hub's clock; the connection goes on meanwhile."""
        self._plan((step,), device, times, delay=seconds)

    def silence(self, step: Step, device=None, times: int = 1) -> None:
        """Do it and do not answer; an outgoing message is lost, a cloud-to-device message waits."""
        self._plan((step,), device, times, silent=True)

    def no_acknowledgement(self, device=None, times: int = 1) -> None:
        """Take telemetry without PUBACK."""
        self.silence(Step.TELEMETRY, device, times)

    def duplicate(self, step: Step, device=None, times: int = 1) -> None:
        """Send an answer or an outgoing message twice."""
        self._plan((step,), device, times, twice=True)

    def spoil(self, step: Step, device=None, times: int = 1) -> None:
        """Send something that is no JSON."""
        self._plan((step,), device, times, spoilt=True)

    def clear(self) -> None:
        """Forget every fault that is still planned."""
        with self._lock:
            self._planned.clear()
            self._cuts.clear()

    def planned(self) -> int:
        """How many faults are still to come."""
        with self._lock:
            return sum(fault.times for fault in self._planned) + sum(cut[2] for cut in self._cuts)

    def _plan(self, steps: tuple[Step, ...], device, times: int, **changes) -> None:
        with self._lock:
            self._planned.append(Fault(steps, device, times, changes))

    # ------------------------------------------------------------ for the front end

    def take(self, step: Step, device_id: str) -> Plan:
        """Use up what is planned for a device at a step."""
        changes = {}
        with self._lock:
            for fault in self._planned:
                fits = step in fault.steps and fault.device_id in (None, device_id)
                if fits and changes.keys().isdisjoint(fault.changes):
                    fault.times -= 1
                    changes |= fault.changes
            self._planned = [fault for fault in self._planned if fault.times > 0]
        return Plan(**changes) if changes else NOTHING

    def take_allowance(self, device_id: str) -> int | None:
        """How many bytes a new connection may send before it is cut; None for any number."""
        with self._lock:
            for cut in self._cuts:
                if cut[0] in (None, device_id):
                    cut[2] -= 1
                    self._cuts = [one for one in self._cuts if one[2] > 0]
                    return cut[1]
        return None
