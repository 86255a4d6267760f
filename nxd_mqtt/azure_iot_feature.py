# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What a feature of the hub client is: filters, kinds of messages, and an alarm of its own.

The client knows no more of cloud messages, methods and the twin than this.
"""

from micropython import const

from .azure_iot_status import NX_AZURE_IOT_NO_SUBSCRIBE_ACK

# The kind of a message that is announced and need not be kept.
ANSWER = const(5)

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

    def kind_of(self, topic, at: int):
        """The kind of a message: None for one of another feature, 0 for one that is dealt with.

        :param bytes topic: at least as much of it as tells kinds apart
        :param int at: the message's place, -1 for one that was too large for the queue
        """

    def began(self, again: bool) -> None:
        """A link has begun, not the first one where it is again."""

    def ended(self) -> None:
        """A link has ended."""

    def left(self) -> None:
        """The program has ended the link, and unread messages have gone."""

    def busy(self) -> bool:
        """Whether an answer is awaited that a new link would not bring."""
        return False

    def verdict(self, kind: int):
        """Why there is no message of a kind, and none will come; None where it may."""
        return NX_AZURE_IOT_NO_SUBSCRIBE_ACK if self.refused else None

    def turn(self, now: int) -> None:
        """The alarm has come."""
