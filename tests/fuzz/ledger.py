# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The book of a story: what the application was told and gave away, held against the wires.

It knows nothing of how the client works. One ledger is for one life of a client, from create to
delete; ``close`` draws the balance.
"""

from tables.checks import require

from .model import PUBLISH, from_server, number_at, publish_fields, split

_ACCEPTED = 0
_PUBACK = 4
_SUBACK = 9
_UNSUBACK = 11
_CONNECT_FIRST = 0x10
_PUBACK_FIRST = 0x40
_DISCONNECT_FIRST = 0xE0
_DUP = 8

STAGES = ("call", "dns", "tcp", "connack", "session")


class Ledger:
    """What one client has done so far.

    :param known: the statuses that an ending may have
    """

    def __init__(self, known):
        self._known = known
        # Attempts whose result is to be told, those that were, and what blurs the count: an
        # exception, or a client that tries again by itself.
        self.attempts = self.told = 0
        self.blurred = False
        self.links = self.endings = 0
        # QoS 1 messages by their payload: [order, packet identifier, topic, connections when told].
        self.accepted = {}
        self.offered = []
        self.acknowledged = 0
        self.taken = []
        self.forgets = False

    # -- what the callbacks were told ---------------------------------------------------------

    def told_connect(self, status: int) -> None:
        """A connect notify."""
        require(status == _ACCEPTED or status in self._known, "connect told %#x" % status)
        require(self.attempts or self.blurred, "a connect that was told already: %#x" % status)
        self.attempts -= 1
        self.told += 1
        if status == _ACCEPTED:
            require(self.links == self.endings, "connected while connected")
            self.links += 1

    def told_disconnect(self, reason) -> None:
        """A disconnect notify."""
        self.endings += 1
        require(self.links == self.endings, "an ending of no link, or told twice: %s" % (reason,))
        self.judge(reason)

    def judge(self, reason) -> None:
        """A reason has the form that the documents promise."""
        stage, status, cause = reason
        fine = stage in STAGES and (status == _ACCEPTED or status in self._known)
        require(fine and cause is not None, "reason %s" % (reason,))

    def told_acknowledge(self, kind: int, packet_id: int, code, connections: int) -> None:
        """An acknowledge notify."""
        require((code is None) == (kind != _SUBACK), "type %d with code %s" % (kind, code))
        require(kind in (_PUBACK, _SUBACK, _UNSUBACK), "acknowledge type %d" % kind)
        if kind != _PUBACK:
            return
        self.acknowledged += 1
        for entry in self.accepted.values():
            if entry[1] == packet_id and not entry[3]:
                entry[3] = connections
                return
        require(False, "PUBACK told for %d, which was not waiting" % packet_id)

    # -- the balance --------------------------------------------------------------------------

    def close(self, connections) -> list:
        """Hold everything against what went over the wires; returns the messages that came in."""
        arrived = []
        seen = set()
        seen_once = set()
        vague = False
        for index, connection in enumerate(connections):
            found, _ = from_server(delivered(connection))
            messages = [fields for kind, fields in found if kind == PUBLISH]
            arrived += messages
            packets, rest = split(connection.received)
            require(rest is not None, "the client wrote a length that is none")
            self._frame(packets)
            self._publishes(packets, index, seen, seen_once, vague)
            vague = vague or bool(rest) or bool(connection.lost)
            sent = [number_at(body, 0) for first, body in packets if first == _PUBACK_FIRST]
            owed = [fields[2] for fields in messages if fields[2]]
            require(sent == owed[: len(sent)], "PUBACKs %s for %s" % (sent, owed))
        self._order_of_taken(arrived)
        return arrived

    def _frame(self, packets) -> None:
        """CONNECT is the first packet and comes once, DISCONNECT is the last one."""
        firsts = [first for first, _ in packets]
        require(not firsts or firsts[0] == _CONNECT_FIRST, "first packet %s" % firsts)
        require(firsts.count(_CONNECT_FIRST) < 2, "more than one CONNECT")
        require(_DISCONNECT_FIRST not in firsts[:-1], "something behind DISCONNECT")

    def _publishes(self, packets, index: int, seen, seen_once, vague: bool) -> None:
        """Each message once on a link, in the order of the calls, with DUP where it is due."""
        last = -1
        for first, body in packets:
            if first >> 4 != PUBLISH:
                continue
            fields = publish_fields(first, body)
            require(fields is not None, "the client wrote a PUBLISH that is none")
            flags, topic, packet_id, payload = fields
            if not packet_id:
                require((topic, payload) in self.offered, "QoS 0 of nobody: %s" % payload)
                require(payload not in seen_once, "QoS 0 twice: %s" % payload)
                seen_once.add(payload)
                continue
            entry = self.accepted.get(payload)
            require(entry and entry[1:3] == [packet_id, topic], "QoS 1 of nobody: %s" % payload)
            require(entry[0] > last, "twice, or not in the order of the calls: %s" % payload)
            last = entry[0]
            require(not entry[3] or index < entry[3], "sent after its PUBACK: %s" % payload)
            again = flags & _DUP
            require(again or payload not in seen, "no DUP on link %d: %s" % (index, payload))
            require(not again or payload in seen or vague, "DUP, but not again: %s" % payload)
            seen.add(payload)

    def _order_of_taken(self, arrived) -> None:
        """What was taken is what arrived, in that order; some of it may have been dropped."""
        place = 0
        for one in self.taken:
            while place < len(arrived) and not _is_same(one, arrived[place]):
                place += 1
            require(place < len(arrived), "taken, but never sent so: %s" % (one,))
            place += 1


def _is_same(taken, fields) -> bool:
    """Whether a message that was taken, None for one that was discarded, is one that arrived."""
    if taken is None:
        return True
    flags, topic, _, payload = fields
    return taken == (flags >> 1 & 3, flags & 1, topic, payload)


def delivered(connection) -> bytes:
    """What the client has read of what the broker sent."""
    return bytes(connection.sent[: len(connection.sent) - connection.waiting])
