# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What outlives a link when the client connects again by itself: when to try, what to ask for.

``Backoff`` says how long to wait after an ending, and when to give up. ``Subscriptions`` remembers
what was subscribed to, for a broker that has forgotten it. Neither knows a clock or a socket.
"""

from micropython import const

from .store import Store

_PACKET_POOL_FAILURE = const(0x10006)
_SERVER_MESSAGE_FAILURE = const(0x10008)
_INVALID_PARAMETER = const(0x10009)
_INVALID_PACKET = const(0x1000F)
_ERROR_UNACCEPTABLE_PROTOCOL = const(0x10081)
_ERROR_IDENTIFYIER_REJECTED = const(0x10082)
_ERROR_BAD_USERNAME_PASSWORD = const(0x10084)
_ERROR_NOT_AUTHORIZED = const(0x10085)

# What no further attempt would mend: a refusal by the broker, a CONNECT or a login of our own that
# cannot be sent. CONNACK 3, "unavailable", is not among them.
_FINAL = (
    _ERROR_UNACCEPTABLE_PROTOCOL,
    _ERROR_IDENTIFYIER_REJECTED,
    _ERROR_BAD_USERNAME_PASSWORD,
    _ERROR_NOT_AUTHORIZED,
    _PACKET_POOL_FAILURE,
    _INVALID_PARAMETER,
)
# Of MQTT, or of WebSocket.
_VIOLATIONS = (_INVALID_PACKET, _SERVER_MESSAGE_FAILURE, 0x30007)
# A message that the client must refuse comes again on each link: so often is often enough.
_SAME_VIOLATIONS = const(3)

# Milliseconds that a link must stay up before the next loss counts as the first one.
_STABLE = const(30000)
_CLOCK_MASK = const((1 << 29) - 1)

_GIVE_UP = const(-1)
_QUIET = const(-1)

_SUBSCRIBE_FIRST = const(0x82)
_PUBLISH = const(0x30)
_PACKET_TYPE = const(0xF0)

_REFUSED = const(0x80)


class Backoff:
    """How long to wait before the next attempt, from loss to loss.

    :param int minimum: milliseconds of the shortest pause
    :param int maximum: milliseconds of the longest pause
    :param draw: callable, a random whole number from its first argument to its second
    """

    def __init__(self, minimum: int, maximum: int, draw):
        self._minimum = minimum
        self._maximum = maximum
        self._draw = draw
        self._since = 0
        self.begin()

    def begin(self) -> None:
        """The application has asked for a link: nothing of an earlier one counts."""
        self._ceiling = self._minimum
        self._violation = None
        self._violations = 0
        self._lost = False

    def connected(self, now: int) -> bool:
        """The broker has accepted a connection; whether it replaces a lost one."""
        lost = self._lost
        self._since = now
        self._lost = False
        return lost

    def pause(self, now: int, status: int, cause, connected: bool) -> int:
        """A link or an attempt has ended.

        :param int status: why
        :param cause: what of the reason tells one protocol violation from another
        :param bool connected: whether the broker had accepted it
        :return: milliseconds to wait before the next attempt, or -1 to give up
        """
        if connected:
            self._lost = True
            if now - self._since & _CLOCK_MASK >= min(self._maximum, _STABLE):
                self._ceiling = self._minimum
        if status in _FINAL or self._repeats(status, cause, connected):
            return _GIVE_UP
        # From the upper half: brokers are not stormed by a fleet that lost them at one time.
        self._ceiling = min(self._ceiling * 2, self._maximum)
        return self._draw(max(self._ceiling // 2, self._minimum), self._ceiling)

    def _repeats(self, status: int, cause, connected: bool) -> bool:
        """Whether connections in a row end by the same violation; one never made is none."""
        if status in _VIOLATIONS:
            same = self._violation == cause
            self._violations = self._violations + 1 if same else 1
            self._violation = cause
        elif connected:
            self._violations = 0
        return self._violations == _SAME_VIOLATIONS


def _filter(packet, end: int):
    """The topic filter, with its length, of a SUBSCRIBE or UNSUBSCRIBE for one filter."""
    at = 1
    while packet[at] > 0x7F:
        at += 1
    return bytes(packet[at + 3 : end])


def _wanted(store, place: int):
    """The topic filter of a request in a store; nothing for one that is past."""
    packet = store.packets[place]
    end = store.lengths[place] - (packet[0] == _SUBSCRIBE_FIRST)
    return _filter(packet, end) if end > 0 else None


class Subscriptions(Store):
    """The SUBSCRIBE packets of all subscriptions, each with a packet identifier of its own.

    A subscription is here from the application's call on. Its first SUBSCRIBE goes through the
    transmit store, in the order of the calls; those of later links come from here, before all that
    the store has. ``starts`` is -1 where nothing is to be sent or awaited on this link; the length
    is 0 where only the answer is awaited, because the application has changed its mind since.

    :param int depth: how many subscriptions can be kept
    """

    def __init__(self, depth: int):
        Store.__init__(self, 0, depth)

    def keep(self, packet_id: int, packet) -> bool:
        """Keep the SUBSCRIBE that the store is about to take.

        :return: False when there is no room for one more filter
        """
        image = bytes(packet)
        place = self._place(_filter(image, -1))
        if self.count == self.depth and (place < 0 or self._awaited(place)):
            return False
        if place >= 0:
            self._drop(place)
        self.packets[self.count] = image
        self.starts[self.count] = _QUIET
        self.add(packet_id, len(image))
        return True

    def forget(self, packet) -> None:
        """The store is about to take an UNSUBSCRIBE."""
        place = self._place(_filter(packet, len(packet)))
        if place >= 0:
            self._drop(place)

    def _place(self, wanted) -> int:
        """The place of a filter, or -1."""
        for place in range(self.count):
            if self.lengths[place] and _filter(self.packets[place], -1) == wanted:
                return place
        return -1

    def _awaited(self, place: int) -> bool:
        """Whether an answer will come to a packet of this table."""
        return place < self.handed and self.starts[place] >= 0

    def _drop(self, place: int) -> None:
        if self._awaited(place):
            self.lengths[place] = 0
        else:
            self.remove(place)

    def renew(self, session_present: int, store) -> None:
        """A link has begun: what a broker without the session must be asked for again waits.

        What the store is about to send is not asked for twice.
        """
        for place in range(store.count - 1, -1, -1):
            if not store.lengths[place]:
                store.remove(place)
        for place in range(self.count - 1, -1, -1):
            if not self.lengths[place]:
                self.remove(place)
            elif not session_present and store.find(self.packet_ids[place]) < 0:
                self.starts[place] = 0

    def answered(self, packet_id: int, code: int) -> bool:
        """A SUBACK came; whether it answers a packet of this table."""
        place = self.find(packet_id)
        if not (0 <= place < self.sent and self._awaited(place)):
            return False
        self.starts[place] = _QUIET
        if code == _REFUSED or not self.lengths[place]:
            self.remove(place)
        return True

    def settled(self, store, place: int, code: int) -> None:
        """A request of the store is answered, and is about to leave it.

        What the broker was asked before for the same filter is past: asked again on a later link
        it would have the last word. Its answer may still come on this one.

        :param int code: of a SUBACK
        """
        wanted = _wanted(store, place)
        for earlier in range(place):
            request = store.packets[earlier][0] & _PACKET_TYPE != _PUBLISH
            if request and _wanted(store, earlier) == wanted:
                store.lengths[earlier] = 0
        place = self.find(store.packet_ids[place])
        if place >= 0 and code == _REFUSED:
            self.remove(place)

    def adopt(self, store) -> None:
        """The store gives its requests up: the next link is asked from here, in any case."""
        for place in range(self.count):
            if store.find(self.packet_ids[place]) >= 0:
                self.starts[place] = 0

    def clear(self) -> None:
        """The application begins anew: nothing is subscribed to."""
        self.count = self.handed = self.sent = 0
