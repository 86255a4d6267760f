# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What a feature of the hub client is: filters, kinds of messages, and an alarm of its own.

The client knows no more of cloud messages, methods and the twin than this. Its session tells the
alarms to whoever wants to sleep.
"""

from micropython import const

from .session import Session

_AZURE_NO_SUBSCRIBE_ACK = const(0x20014)

# The kind of a message that is announced and need not be kept.
ANSWER = const(5)

_REFUSED = const(0x80)

# No alarm.
NEVER = const(-1)
_CLOCK_MASK = const((1 << 29) - 1)
_HALF_RANGE = const(1 << 28)


def left(alarm: int, now: int) -> int:
    """Milliseconds until an alarm; more than anybody sleeps where none is set."""
    if alarm == NEVER:
        return _HALF_RANGE
    ahead = alarm - now & _CLOCK_MASK
    return ahead if ahead < _HALF_RANGE else 0


class AlarmedSession(Session):
    """A session whose deadline has the client's alarms in it.

    :param hub: the client, with the session that it was created with
    """

    def __init__(self, hub):
        self._hub = hub
        made = hub._session
        Session.__init__(self, made.store, hub._inbox, 0)
        # The largest of the buffers there is once only.
        self._output = made._output

    def deadline(self, now: int, holding: bool) -> int:
        """As a session's."""
        return self._hub.due(now, Session.deadline(self, now, holding))


class Feature:
    """What a program has enabled: filters to subscribe to, and the kinds of messages they bring.

    :param hub: the client
    """

    # When ``turn`` is to be called, in milliseconds of the client's clock.
    alarm = NEVER
    # The filters that the hub has refused on this link.
    refused = ()
    filters = kinds = ()

    def __init__(self, hub):
        self.hub = hub

    def answered(self, asked, packet_id: int, code: int) -> None:
        """The hub has answered a SUBSCRIBE.

        :param asked: packet identifiers by filter
        :param int code: 0x80 where it refuses
        """
        for each in self.filters:
            if asked.get(each) == packet_id:
                refused = [other for other in self.refused if other != each]
                self.refused = refused + [each] if code == _REFUSED else refused

    def kind_of(self, topic, at: int):
        """The kind of a message: None for one of another feature, 0 for one that is dealt with.

        :param bytes topic: at least as much of it as tells kinds apart
        :param int at: the message's place, -1 for one that was too large for the queue
        """

    def began(self, again: bool) -> None:
        """A link has begun, not the first one where it is again."""

    def ended(self) -> None:
        """A link has ended."""

    def let_go(self) -> None:
        """The program has ended the link, and unread messages have gone."""

    def busy(self) -> bool:
        """Whether an answer is awaited that a new link would not bring."""
        return False

    def verdict(self, kind: int):
        """Why there is no message of a kind, and none will come; None where it may."""
        return _AZURE_NO_SUBSCRIBE_ACK if self.refused else None

    def turn(self, now: int) -> None:
        """The alarm has come."""
