# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The twin's side of a device: which question an answer belongs to, and which version is known.

The hub tells of desired properties only while a device is connected. So the twin is read again
after every further connect, and its desired section is handed on where its version is not the one
that the program knows.
"""

import gc as _gc
from random import randint

from micropython import const

from .azure_iot_feature import ANSWER, NEVER, Feature, left
from .azure_iot_json import integer, member
from .azure_iot_text import number, query

_AZURE_DISCONNECTED = const(0x2000C)
_AZURE_INSUFFICIENT_BUFFER_SPACE = const(0x20003)
_AZURE_NO_PACKET = const(0x20005)
_AZURE_NO_SUBSCRIBE_ACK = const(0x20014)
_AZURE_NOT_ENABLED = const(0x20007)
_AZURE_THROTTLED = const(0x20015)

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
_FULL = const(0x10006)
LOST = const(-1)
_UNKNOWN = const(-1)

# Who wants the whole twin: the client has to know what has changed while it was away.
_NOBODY = const(0)
_CLIENT = const(1)
_PROGRAM = const(2)

# What a document is to a program.
_NEW = const(0)
_KNOWN = const(1)
_STALE = const(2)
# A minute and four seconds.
_MOST_STALE = const(6)


def answer_status(topic) -> int:
    """What the hub's answer to a question says: 200 and so on; -1 where it says nothing."""
    return number(topic[_BEFORE_STATUS:].partition(b"/")[0])


def _version_of(topic) -> int:
    return number(query(topic, b"$version") or b"")


def is_good(status: int) -> bool:
    """Whether that is a success; hubs were seen to say 200 and 204."""
    return 200 <= status < 300


def is_whole(topic) -> bool:
    """Whether a message of kind DESIRED has a whole twin, and not a patch."""
    return topic.startswith(_ANSWERS)


def desired_section(topic, data):
    """The desired properties in a message of kind DESIRED, and their version or -1.

    :raises ValueError: it is no JSON
    """
    start, end = 0, len(data)
    if is_whole(topic):
        span = member(data, 0, end, b"desired")
        if not span:
            raise ValueError("a twin without desired properties")
        start, end = span
    span = member(data, start, end, b"$version")
    whole = not start and end == len(data)
    return data if whole else data[start:end], integer(data, span[0], span[1]) if span else _UNKNOWN


class Report:
    """One patch of reported properties, and the hub's answer to it.

    :param int number: the request's identifier
    :param bool awaited: whether a call waits for the answer; else a callback is told
    :param int since: when it was handed in, in milliseconds
    """

    # The answer's; LOST where the link has ended behind the patch, and nobody knows.
    status = version = packet_id = 0

    def __init__(self, number: int, awaited: bool, since: int):
        self.number = number
        self.awaited = awaited
        self.since = since


def _is_old(report, now: int) -> bool:
    return now - report.since & _CLOCK_MASK >= _PATIENCE


def _tell(hub, twin) -> None:
    """Tell the program of answers that no call waits for."""
    for report in list(twin._reports):
        if report.status and not report.awaited:
            twin.forget(report)
            if twin.callback:
                function, argument = twin.callback
                status = max(report.status, 0)
                function(hub, report.number, status, report.version, argument)


class Twin(Feature):
    """The feature of the twin.

    Of the whole twin at any time

    - nobody wants it: a new link, or a gap between two versions, makes it due;
    - the client wants it, and no question is open: a pause runs, the hub's or one behind a failure;
    - the client wants it, and a question is open: the answer is handed on if it is news;
    - the program wants it, and its question is open: the answer waits to be taken. After a minute
      it is given up, and whoever waits is told.
    """

    filters = (b"$iothub/twin/res/#", b"$iothub/twin/PATCH/properties/desired/#")
    kinds = (DOCUMENT, DESIRED)

    def __init__(self, hub):
        Feature.__init__(self, hub)
        # Even ones read, odd ones report. An answer to somebody else's question is told by it, so
        # two runs of a program begin at different numbers.
        self._number = randint(1, 1 << 27) * 2
        self._reports = []
        # Who wants the whole twin, the question that is open, why one of the program's has failed;
        # whether the client has to know, whoever asks.
        self._wanted = _NOBODY
        self._reading = self._failed = 0
        self._due = False
        # Versions of the desired properties: up to which nothing is missing in what was queued, and
        # in what was taken; the newest one that was told of, on this link if it is so marked.
        self._version = self._taken = self._newest = _UNKNOWN
        self._told_here = False
        self._throttles = self._stale = 0
        self._until = NEVER
        self.callback = None
        hub.callbacks[ANSWER] = (_tell, self)

    # -- a link begins and ends ---------------------------------------------------------------

    def began(self, again: bool) -> None:
        """As ``Feature.began``: reads the twin again."""
        self._give_up_reports()
        if again:
            # The whole section that is asked for now takes the place of what waits; a program that
            # never takes any would have its queue full of them.
            self.hub.drop_all(DESIRED)
            self._version = self._newest = self._taken
        self._told_here = False
        now = self.hub._ip.clock()
        for report in self._reports:
            report.since = now
        self._due = self._due or again
        # The next lines of poll ask: here the call stack is deep already.
        self.alarm = now

    def _joined(self, version: int, topic, found: int) -> int:
        """The version behind which nothing is missing, when one more message is known."""
        follows = version < 0 or found == version + 1 or is_whole(topic)
        return found if found >= 0 and follows else version

    def ended(self) -> None:
        """As ``Feature.ended``: what was asked on that link is not answered any more."""
        self._give_up_reports()
        if self._wanted == _PROGRAM:
            self._failed = _AZURE_DISCONNECTED
        self._wanted = _NOBODY
        self._reading = 0
        self.alarm = NEVER

    def _give_up_reports(self) -> None:
        """The answer to what the hub had acknowledged went to a link that is gone."""
        find = self.hub._session.store.find
        for report in self._reports:
            if report.packet_id and not report.status and find(report.packet_id) < 0:
                report.status = LOST

    def let_go(self) -> None:
        """As ``Feature.let_go``."""
        for report in self._reports:
            report.status = report.status or LOST

    def busy(self) -> bool:
        """As ``Feature.busy``; what is not answered for a minute is not waited for."""
        now = self.hub._ip.clock()
        for report in self._reports:
            if report.awaited and not report.status and not _is_old(report, now):
                return True
        return self._reading != 0

    def turn(self, now: int) -> None:
        """As ``Feature.turn``: asks what is to be asked, and waits for no older answer."""
        with self.hub._lock:
            if left(self.alarm, now):
                return  # another thread was here
            overdue = self._reading != 0 and self._wanted == _PROGRAM
            if overdue:
                self._wanted = _NOBODY
                self._failed = _AZURE_NO_PACKET
            if self._due and not self._wanted:
                self._wanted = _CLIENT
            self._reading = 0
            self.alarm = NEVER
            pause = self._pause(now)
            if self._wanted and not pause:
                pause = _SECOND if self._ask(0, self._wanted) else _PATIENCE
            self._arm(now, pause)
        # Who waits by a callback must be told, too.
        self.hub.announce(ANSWER)
        if overdue:
            self.hub.announce(DOCUMENT)

    def _arm(self, now: int, pause: int) -> None:
        """Set the alarm, and give up reports that were not answered for a minute.

        :param int pause: milliseconds until the next question; 0 for none
        """
        for report in self._reports:
            if not report.awaited and not report.status:
                if _is_old(report, now):
                    report.status = LOST
                pause = pause or _PATIENCE
        self.alarm = now + pause & _CLOCK_MASK if pause else NEVER

    # -- questions ----------------------------------------------------------------------------

    def throttled(self) -> bool:
        """Whether the hub has asked for a pause."""
        return self._pause(self.hub._ip.clock()) > 0

    def _pause(self, now: int) -> int:
        """Milliseconds left of the pause that the hub has asked for."""
        pause = 0 if self._until == NEVER else left(self._until, now)
        # The clock comes round to one that is over; who slept through it sees one that is too long.
        if not 0 < pause <= _LONGEST_PAUSE * 2000:
            self._until = NEVER
            return 0
        return pause

    def _ask(self, wait: int, wanted: int) -> int:
        status = self.hub.listen(wait)
        if status:
            return status
        self._number += 2
        asked = self._number

        def noted(_) -> None:
            self._reading = asked
            self._wanted = wanted
            if wanted == _PROGRAM:
                self._failed = 0
            self.alarm = self.hub._ip.clock() + _PATIENCE & _CLOCK_MASK

        topic = b"$iothub/twin/GET/?$rid=%d" % asked
        return self.hub.send(topic, b"", 0, wait, noted)[0]

    def read(self, wait: int) -> int:
        """Ask for the whole twin, because the program wants it.

        :param int wait: milliseconds to wait for room, -1 for ever
        """
        return self._ask(wait, _PROGRAM)

    def report(self, patch, wait: int, awaited: bool):
        """Hand in a patch of reported properties.

        :return: (status, Report or None)
        """
        if self.throttled():
            return _AZURE_THROTTLED, None
        if self.filters[0] in self.refused:
            return _AZURE_NO_SUBSCRIBE_ACK, None
        now = self.hub._ip.clock()
        if len(self._reports) >= _MOST_REPORTS:
            return _AZURE_INSUFFICIENT_BUFFER_SPACE, None
        status = self.hub.listen(wait)
        if status:
            return status, None
        self._number += 2
        report = Report(self._number + 1, awaited, now)

        def noted(packet_id: int) -> None:
            report.packet_id = packet_id
            self._reports.append(report)
            if self.alarm == NEVER:
                self.alarm = now + _PATIENCE & _CLOCK_MASK

        topic = b"$iothub/twin/PATCH/properties/reported/?$rid=%d" % report.number
        status, _ = self.hub.send(topic, patch, 2, wait, noted)
        return status, report

    def outcome(self, report):
        """What a call that waits for an answer has to know; None as long as there is nothing."""
        if report.status:
            return report
        if self not in self.hub.features:  # disabled meanwhile
            return _AZURE_NOT_ENABLED
        return _AZURE_NO_SUBSCRIBE_ACK if self.filters[0] in self.refused else None

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
            return self._answered(at, 0) if self._reading else 0
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
        if version < 0:
            return DESIRED
        if version <= self._newest:
            return 0  # what came before has it
        self._newest = version
        self._told_here = True
        if version == self._version + 1 or (self._version < 0 and not self._wanted):
            self._version = version
        else:
            # What lies between was told to nobody.
            self._due = True
            if not self._wanted:
                self.alarm = self.hub._ip.clock()
        return DESIRED

    def _answered(self, at: int, status: int) -> int:
        """The answer to the open question is here, or was too large to be here."""
        wanted = self._wanted
        self._reading = 0
        now = self.hub._ip.clock()
        pause = self._pause(now)
        is_here = at >= 0 and is_good(status)
        if at >= 0 and not is_here:
            if wanted == _PROGRAM:
                self._wanted = _NOBODY
            self._arm(now, max(pause, _PATIENCE) if self._due else pause)
            return DOCUMENT if wanted == _PROGRAM else 0
        news = self._compare(self.hub.mailbox.view(at)) if is_here else _NEW
        if news == _STALE:
            # A hub that lags is not asked again and again.
            self._stale = min(self._stale + 1, _MOST_STALE)
            self._arm(now, max(pause, _SECOND << self._stale))
            return 0
        self._stale = 0
        self._due = False
        self._wanted = _NOBODY
        self._arm(now, pause)
        if wanted == _CLIENT:
            return 0 if news == _KNOWN else DESIRED
        return DOCUMENT

    def _compare(self, document) -> int:
        """What the desired properties of a document are to who knows what was told of before."""
        try:
            _, version = desired_section(_ANSWERS, document)
        except ValueError:
            return _NEW  # whoever takes it is told
        if self._told_here and version < self._newest:
            return _STALE
        known = version == self._version
        self._version = self._newest = version
        return _KNOWN if known else _NEW

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
        """As ``Feature.verdict``: a question that was lost, or not answered."""
        if kind == DOCUMENT and self._failed:
            status = self._failed
            self._failed = 0
            return status
        needed = self.filters[0 if kind == DOCUMENT else 1]
        return _AZURE_NO_SUBSCRIBE_ACK if needed in self.refused else None

    def taken(self, packet, version: int) -> None:
        """The program has the desired properties of a version: all of them, or a patch."""
        self._taken = self._joined(self._taken, packet.topic, version)


_gc.collect()
