# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The twin's side of a device: which question an answer belongs to, and which version is known.

The hub tells of desired properties only while a device is connected. So the twin is read again
after every further connect, and its desired section is handed on where its version is not the one
that the program knows.
"""

from random import randint

from micropython import const

from .azure_iot_hub import ANSWER, NEVER, Feature, left
from .azure_iot_json import integer, member
from .azure_iot_status import NX_AZURE_IOT_DISCONNECTED
from .azure_iot_text import number, query

DOCUMENT = const(3)
DESIRED = const(4)

# So much of a topic tells it from others.
_ANSWERS = b"$iothub/twin/res"
_PATCHES = b"$iothub/twin/PAT"
_BEFORE_STATUS = const(17)

_THROTTLED = const(429)
# NetX's pauses in seconds, and what is added to them at most, in percent.
_SHORTEST_PAUSE = const(3)
_LONGEST_PAUSE = const(600)
_JITTER = const(60)

# Milliseconds: for an answer to the client's own question, and for room to ask it.
_PATIENCE = const(60000)
_SECOND = const(1000)
_CLOCK_MASK = const((1 << 29) - 1)

_MOST_REPORTS = const(8)
LOST = const(-1)
_UNKNOWN = const(-1)


def answer_status(topic) -> int:
    """What the hub's answer to a question says: 200 and so on; -1 where it says nothing."""
    return number(topic[_BEFORE_STATUS:].partition(b"/")[0])


def _version_of(topic) -> int:
    return number(query(topic, b"$version") or b"")


def is_good(status: int) -> bool:
    """Whether that is a success; hubs were seen to say 200 and 204."""
    return 200 <= status < 300


def desired_section(topic, data):
    """The desired properties in a message of kind DESIRED, and their version or -1.

    :raises ValueError: it is no JSON
    """
    start, end = 0, len(data)
    if topic.startswith(_ANSWERS):
        span = member(data, 0, end, b"desired")
        if not span:
            raise ValueError("a twin without desired properties")
        start, end = span
    span = member(data, start, end, b"$version")
    return data[start:end], integer(data, span[0], span[1]) if span else _UNKNOWN


class Report:
    """One patch of reported properties, and the hub's answer to it.

    :param int number: the request's identifier
    :param bool awaited: whether a call waits for the answer; else a callback is told
    """

    # The answer's; LOST where the link has ended behind the patch, and nobody knows.
    status = version = packet_id = 0

    def __init__(self, number: int, awaited: bool):
        self.number = number
        self.awaited = awaited


class Twin(Feature):
    """The feature of the twin."""

    filters = (b"$iothub/twin/res/#", b"$iothub/twin/PATCH/properties/desired/#")
    kinds = (DOCUMENT, DESIRED)

    def __init__(self, hub):
        Feature.__init__(self, hub)
        # Even ones read, odd ones report. An answer to somebody else's question is told by it, so
        # two runs of a program begin at different numbers.
        self._number = randint(1, 1 << 27) * 2
        self._reports = []
        # The question that is open, and whether it is the client's own; whether the client has one
        # to ask, and whether one of the program's was lost.
        self._reading = 0
        self._own = self._wanting = self._lost = False
        # The version of the desired properties that is queued or taken, and that is taken.
        self._version = self._taken = _UNKNOWN
        # Whether they were told of on this link.
        self._patched_here = False
        self._throttles = 0
        self._until = NEVER
        self.callback = None
        hub.callbacks[ANSWER] = (Twin._tell, self)

    # -- a link begins and ends ---------------------------------------------------------------

    def began(self, again: bool) -> None:
        """As ``Feature.began``: reads the twin again."""
        self._give_up_reports()
        self._patched_here = False
        # What was not acknowledged has left the queue, and comes again.
        self._version = max(self._queued(DESIRED), self._queued(DOCUMENT))
        if self._version < 0:
            self._version = self._taken
        if again:
            self._wanting = True
            self.turn(self.hub._ip.clock())

    def _queued(self, kind: int) -> int:
        """The version that the newest message of a kind in the queue has; -1 without any."""
        mailbox = self.hub.mailbox
        with self.hub._lock:
            at = mailbox.find(kind, True)
            if at < 0:
                return _UNKNOWN
            topic = mailbox.topic(at)
            if topic.startswith(_PATCHES):
                return _version_of(topic)
            try:
                return desired_section(topic, mailbox.body(at))[1]
            except ValueError:
                return _UNKNOWN

    def ended(self) -> None:
        """As ``Feature.ended``: what was asked on that link is not answered any more."""
        self._give_up_reports()
        self._lost = self._lost or (self._reading != 0 and not self._own)
        self._reading = 0
        self._wanting = False
        self.alarm = NEVER

    def _give_up_reports(self) -> None:
        """The answer to what the hub had acknowledged went to a link that is gone."""
        find = self.hub._session.store.find
        for report in self._reports:
            if report.packet_id and not report.status and find(report.packet_id) < 0:
                report.status = LOST

    def left(self) -> None:
        """As ``Feature.left``."""
        self._version = self._taken
        self._reports = []
        self._lost = False

    def busy(self) -> bool:
        """As ``Feature.busy``."""
        for report in self._reports:
            if report.awaited and not report.status:
                return True
        return self._reading != 0

    def turn(self, now: int) -> None:
        """As ``Feature.turn``: asks what the client has to ask, and waits for no other answer."""
        self._reading = 0
        self.alarm = NEVER
        pause = self._pause(now)
        if self._wanting and not pause:
            pause = _SECOND if self.read(True) else _PATIENCE
        if pause:
            self.alarm = now + pause & _CLOCK_MASK

    # -- questions ----------------------------------------------------------------------------

    def throttled(self) -> bool:
        """Whether the hub has asked for a pause."""
        return self._pause(self.hub._ip.clock()) > 0

    def _pause(self, now: int) -> int:
        """Milliseconds left of the pause that the hub has asked for."""
        pause = 0 if self._until == NEVER else left(self._until, now)
        if not pause:
            self._until = NEVER  # the clock comes round to it again
        return pause

    def read(self, own: bool, wait: int = 0) -> int:
        """Ask for the whole twin.

        :param bool own: whether it is the client that wants to know
        :param int wait: milliseconds to wait for room, -1 for ever
        """
        self._number += 2
        asked = self._number
        topic = b"$iothub/twin/GET/?$rid=%d" % asked
        status, _ = self.hub.send(topic, b"", 0, wait)
        if not status:
            self._reading = asked
            self._own = own
            if not own:
                self._lost = self._wanting = False
                self.alarm = self.hub._ip.clock() + _PATIENCE & _CLOCK_MASK
        return status

    def report(self, patch, wait: int, awaited: bool):
        """Hand in a patch of reported properties.

        :return: (status, Report or None)
        """
        if len(self._reports) >= _MOST_REPORTS:
            # Nobody waits for the oldest one any more, or it would be gone.
            self._reports.pop(0)
        self._number += 2
        report = Report(self._number + 1, awaited)
        # Before it is sent: another thread may find the answer.
        self._reports.append(report)
        topic = b"$iothub/twin/PATCH/properties/reported/?$rid=%d" % report.number
        status, report.packet_id = self.hub.send(topic, patch, 2, wait)
        if status:
            self.forget(report)
        return status, report

    def forget(self, report) -> None:
        """A patch was not handed in, or its answer is taken."""
        if report in self._reports:
            self._reports.remove(report)

    # -- what comes ---------------------------------------------------------------------------

    def kind_of(self, topic, at: int):
        """As ``Feature.kind_of``: takes answers to their questions."""
        if topic.startswith(_PATCHES):
            return self._patched(topic) if at >= 0 else DESIRED
        if not topic.startswith(_ANSWERS):
            return None
        if at < 0:
            return self._answered(at, 0)
        status = answer_status(topic)
        asked = number(query(topic, b"$rid") or b"")
        self._note(status)
        if asked > 0 and asked == self._reading:
            return self._answered(at, status)
        for report in self._reports:
            if report.number == asked and not report.status:
                report.version = max(_version_of(topic), 0)
                report.status = status
                return 0 if report.awaited else ANSWER
        return -1

    def _patched(self, topic) -> int:
        version = _version_of(topic)
        if version >= 0:
            if version <= self._version:
                return 0  # a document that came before has it
            self._version = version
            self._patched_here = True
        return DESIRED

    def _answered(self, at: int, status: int) -> int:
        """The answer to the open question is here, or was too large to be here."""
        if not self._reading:
            return 0
        self._reading = 0
        now = self.hub._ip.clock()
        pause = self._pause(now)
        if self._own and at >= 0 and not is_good(status):
            self.alarm = now + max(pause, _PATIENCE) & _CLOCK_MASK
            return 0
        self._wanting = False
        self.alarm = now + pause & _CLOCK_MASK if pause else NEVER
        known = at >= 0 and is_good(status) and self._is_known(self.hub.mailbox.body(at))
        if self._own:
            return 0 if known else DESIRED
        return DOCUMENT

    def _is_known(self, document) -> bool:
        """Whether the program knows the desired properties of a document; from now on it does."""
        try:
            _, version = desired_section(_ANSWERS, document)
        except ValueError:
            return False  # whoever takes it is told
        if self._patched_here and version < self._version:
            return True  # what was told since is newer
        known = version == self._version
        self._version = version
        return known

    def _note(self, status: int) -> None:
        """Note a request to slow down, as NetX does: twice as long each time, and some more.

        An alarm goes off when the pause is over, so that a clock that comes round finds none.
        """
        if status != _THROTTLED:
            self._throttles = 0
            self._until = NEVER
            return
        self._throttles += 1
        pause = min(_SHORTEST_PAUSE << min(self._throttles, 8), _LONGEST_PAUSE) * 1000
        pause += pause * randint(0, _JITTER) // 100
        self._until = self.hub._ip.clock() + pause & _CLOCK_MASK
        if self.alarm == NEVER:
            self.alarm = self._until

    def verdict(self, kind: int):
        """As ``Feature.verdict``: a question that was lost with its link."""
        if kind == DOCUMENT and self._lost:
            self._lost = False
            return NX_AZURE_IOT_DISCONNECTED
        return Feature.verdict(self, kind)

    def taken(self, version: int) -> None:
        """The program has the desired properties of a version."""
        if version >= 0:
            self._taken = version

    def _tell(self, twin) -> None:
        """Tell the program of answers that no call waits for; called with the hub client."""
        for report in list(twin._reports):
            if report.status and not report.awaited:
                twin.forget(report)
                if twin.callback:
                    function, argument = twin.callback
                    status = max(report.status, 0)
                    function(self, report.number, status, report.version, argument)
