# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Direct methods that somebody waits for.

    waiting for the device --it is there--> sent --it answers--> done
        |                                    |
        +--connect time-out: NotOnline       +--response time-out: NoAnswer

The request goes out once. A device that loses its link may connect again and answer in time.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from .documents import parse
from .quotas import Limits
from .refusals import BadAnswer, BadRequest, HubError, NoAnswer, NotOnline
from .registry import Identity

_NAME = re.compile(r"[!#%&'*+\-.0-9A-Z^_`a-z|~]{1,64}")
_LONGEST_CONNECT = 300
_LONGEST_RESPONSE = 300


@dataclass(frozen=True)
class Outcome:
    """How a call ended."""

    status: int = 0
    """the device's own"""
    body: bytes = b""
    """JSON or empty"""
    error: HubError | None = None
    """why there is no answer"""


@dataclass
class Invocation:
    """One call of a method."""

    request_id: str
    identity: Identity
    name: str
    body: bytes
    response_seconds: float
    done: Callable[[Outcome], None]
    deadline: float
    sent: bool = False


class Methods:
    """All calls that have not ended.

    :param deliver: called with an invocation; whether its device is there and has been given it
    """

    def __init__(self, limits: Limits, deliver: Callable[[Invocation], bool]):
        self._limits = limits
        self._deliver = deliver
        # By request identifier, in the order they came.
        self._open: dict[str, Invocation] = {}
        self._last = 0

    def check(self, name: str, body: bytes, timeouts: tuple[float, float]) -> None:
        """Whether a call may be made at all.

        :raises BadRequest: it may not
        """
        if not _NAME.fullmatch(name):
            raise BadRequest("a method's name has 1 to 64 printable characters, no separators")
        if len(body) > self._limits.method_size:
            raise BadRequest(f"a method's request has at most {self._limits.method_size} bytes")
        if body:
            parse(body)
        connect, response = timeouts
        if not 0 <= connect <= _LONGEST_CONNECT:
            raise BadRequest(f"the connect time-out is 0 to {_LONGEST_CONNECT} seconds")
        shortest = self._limits.shortest_method_seconds
        if not shortest <= response <= _LONGEST_RESPONSE:
            raise BadRequest(f"the response time-out is {shortest} to {_LONGEST_RESPONSE} seconds")

    def invoke(self, identity: Identity, request, timeouts, now: float, done) -> str:
        """Call a method that has been checked.

        :param request: name and body
        :param timeouts: seconds for the device to be there, and then for its answer
        :param done: called once with the outcome, if nobody cancels
        :return: the request identifier
        """
        connect, response = timeouts
        self._last += 1
        request_id = f"{self._last:x}"
        invocation = Invocation(request_id, identity, *request, response, done, now + connect)
        self._open[request_id] = invocation
        if not self._send(invocation, now) and not connect:
            self._end(invocation, Outcome(error=NotOnline("the device is not there")))
        return request_id

    def _send(self, invocation: Invocation, now: float) -> bool:
        # Before the device has it: its answer may come from inside the call.
        connect_deadline = invocation.deadline
        invocation.sent = True
        invocation.deadline = now + invocation.response_seconds
        if not self._deliver(invocation):
            invocation.sent = False
            invocation.deadline = connect_deadline
        return invocation.sent

    def ready(self, identity: Identity, now: float) -> None:
        """A device takes methods now: give it those that wait for it."""
        self.tick(now)
        for invocation in list(self._open.values()):
            waits = invocation.request_id in self._open and not invocation.sent
            if waits and invocation.identity == identity:
                self._send(invocation, now)

    def answer(self, identity: Identity, request_id: str, outcome: Outcome, now: float) -> bool:
        """A device answers.

        :return: whether anybody waited
        """
        self.tick(now)
        invocation = self._open.get(request_id)
        if invocation is None or invocation.identity != identity or not invocation.sent:
            return False
        self._end(invocation, self._checked(outcome))
        return True

    def _checked(self, outcome: Outcome) -> Outcome:
        if len(outcome.body) > self._limits.method_size:
            return Outcome(error=BadAnswer("the answer is too large"))
        try:
            if outcome.body:
                parse(outcome.body)
        except BadRequest:
            return Outcome(error=BadAnswer("the answer is no JSON"))
        return outcome

    def cancel(self, request_id: str) -> None:
        """Nobody waits any more."""
        self._open.pop(request_id, None)

    def drop(self, identity: Identity, error: HubError) -> None:
        """End all calls of a device that is gone."""
        for invocation in list(self._open.values()):
            if invocation.identity == identity:
                self._end(invocation, Outcome(error=error))

    def next_deadline(self) -> float | None:
        """When `tick` has something to do, None for never."""
        return min((invocation.deadline for invocation in self._open.values()), default=None)

    def tick(self, now: float) -> None:
        """End the calls whose time is over."""
        for invocation in list(self._open.values()):
            if now >= invocation.deadline:
                sent = invocation.sent
                error = NoAnswer("no answer in time") if sent else NotOnline("not there in time")
                self._end(invocation, Outcome(error=error))

    def _end(self, invocation: Invocation, outcome: Outcome) -> None:
        # Whoever hears of one outcome may have ended other calls by now.
        if self._open.pop(invocation.request_id, None) is not None:
            invocation.done(outcome)
