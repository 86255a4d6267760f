# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""One MQTT session without a socket: its state, identifiers, acknowledgements and deadlines.

Bytes to send wait in one output buffer (``output``, ``sent``); packets received are handed in
(``receive``); time is an argument, in milliseconds of a clock that wraps at 2**29. Everything that
changes the state is in this file, and which packet is legal in which state is the table ``_LEGAL``.

The output buffer is filled in the order that keeps promises: owed PUBACKs, an owed PINGREQ, what a
new link is asked for again, then stored packets in the order of the calls. A QoS 0 packet joins
only when no stored packet waits.
"""

from micropython import const

from .status import MQTTError, violation
from .wire import packet_size, put_connect, put_publish, put_request, put_short

_COMMUNICATION_FAILURE = const(0x10007)
_ERROR_CONNECT_RETURN_CODE = const(0x10080)
_PACKET_POOL_FAILURE = const(0x10006)
_SERVER_MESSAGE_FAILURE = const(0x10008)
_SUCCESS = const(0x00)

_STATE_IDLE = const(1)
_STATE_CONNECTING = const(2)
_STATE_CONNECTED = const(3)

_CONNACK = const(2)
_PUBLISH = const(3)
_PUBACK = const(4)
_SUBACK = const(9)
_UNSUBACK = const(11)
_PINGRESP = const(13)

_PUBACK_FIRST = const(0x40)
_SUBSCRIBE_FIRST = const(0x82)
_UNSUBSCRIBE_FIRST = const(0xA2)
_PINGREQ_FIRST = const(0xC0)
_DISCONNECT_FIRST = const(0xE0)
_DUP = const(0x08)

_USERNAME = const(0x80)
_PASSWORD = const(0x40)
_WILL = const(0x04)
_CLEAN = const(0x02)

_LAST_CODE = const(5)
_LAST_PACKET_ID = const(65535)

_CLOCK_MASK = const((1 << 29) - 1)
# Half of what a difference of two clock readings can tell: beyond it time is a guess.
_LONGEST_GAP = const(1 << 27)
# Who sleeps for so long may wake late and still be in time.
_LONGEST_SLEEP = const(1 << 26)

# The return codes of a SUBACK [MQTT-3.9.3-2].
_GRANTS = b"\x00\x01\x02\x80"

# What the peer owes, by the packet type of its answer; that of a request is one less.
_ANSWERS = b"\x02\x04\x09\x0b\x0d"
_NAMES = "CONNACK PUBACK SUBACK UNSUBACK PINGRESP"

# By state: the packet types that may come, a bit each: 2; 3, 4, 9, 11, 13. Each leads to CONNECTED,
# what is not here ends the connection.
_LEGAL = (0, 0, 0x0004, 0x2A18)


class Session:
    """The protocol engine of one client, for one link after the other.

    :param store: the transmit store
    :param inbox: the receive queue, for the acknowledgements that it owes
    :param int output_size: bytes of the output buffer; the largest packet must fit
    """

    # The table of subscriptions of a client that connects again by itself, else None.
    subscriptions = None

    def __init__(self, store, inbox, output_size: int):
        self.store = store
        self._inbox = inbox
        self._output = memoryview(bytearray(output_size))
        self.next_packet_id = 1
        self.packet_id = 0
        # Milliseconds; 0 is off. At 0 the limit of a connect step, which the link observes.
        self.limits = [10000] * (_PINGRESP + 1)
        self.limits[0] = 5000
        self.limits[_PUBACK] = 0
        self._since = [0] * (_PINGRESP + 1)
        self._interval = self._ticked = self._last_sent = self._last_received = 0
        self.published = self.acknowledged = self.resent = self.session_present = 0
        # CONNECTs since the last one that the broker has accepted, but for those that it refused.
        self._unanswered = 0
        self.end()

    # -- a link begins and ends ---------------------------------------------------------------

    def begin(self, keepalive: int, clean: bool) -> None:
        """The application wants a link.

        :param int keepalive: seconds, 0 is none
        """
        if clean and self.subscriptions:
            self.subscriptions.clear()
        self.state = _STATE_CONNECTING
        self._keepalive = keepalive
        self._clean = clean

    def connect(self, now: int, client_id, will, login) -> None:
        """A link is open: write CONNECT.

        :param int now: milliseconds
        :param will: None, or (topic, message, QoS << 3 | retain << 5)
        :param login: (user name or None, password or None), in bytes
        """
        flags = _CLEAN if self._clean else 0
        fields = [client_id]
        if will:
            flags |= _WILL | will[2]
            fields += will[:2]
        if login[0] is not None:
            flags |= _USERNAME
            fields.append(login[0])
            if login[1] is not None:
                flags |= _PASSWORD
                fields.append(login[1])
        self._to = put_connect(self._output, self._keepalive, flags, fields)
        if self._to < 0:
            self._to = 0
            raise MQTTError(_PACKET_POOL_FAILURE, "connack", "CONNECT exceeds payload_size")
        if self._clean:
            self.store.drop_sent()
        self._unanswered += 1
        milliseconds = self._keepalive * 1000
        self._interval = milliseconds - min(milliseconds // 4, 5000)
        self._ticked = self._last_sent = self._last_received = now
        self._await(_CONNACK, now)

    def disconnect(self) -> None:
        """Write DISCONNECT, if the peer stands at the boundary of two packets."""
        if self.state == _STATE_CONNECTED and self._from == self._to:
            self._to = put_short(self._output, self._to, _DISCONNECT_FIRST)

    def end(self, state: int = _STATE_IDLE) -> None:
        """The link is gone, or was never there.

        :param int state: CONNECTING when another one will follow, which carries what is stored;
            at INITIALIZE the client is given up
        """
        self.state = state
        self._from = self._to = self._offered = 0
        self._ping_owed = False
        # How many answers of each packet type are awaited.
        self._awaited = [0] * (_PINGRESP + 1)
        # What was handed over and not sent goes out on the next link as if for the first time.
        store = self.store
        table = self.subscriptions
        store.handed = store.sent
        if table:
            table.rewind()
        if state != _STATE_CONNECTING:
            if table:
                table.adopt(store)
            store.drop_requests()

    # -- the application's calls --------------------------------------------------------------

    def publish(self, now: int, topic, message, flags: int) -> int:
        """Accept a PUBLISH: QoS 1 into the store, QoS 0 straight into the output buffer.

        :param int flags: QoS << 1 | retain
        :return: SUCCESS, or PACKET_POOL_FAILURE when there is no room now
        :raises MQTTError: when the packet can never fit
        """
        size = self._fitting(2 + len(topic) + (flags & 2) + len(message))
        store = self.store
        if flags & 2:
            if store.count == store.depth:
                return _PACKET_POOL_FAILURE
            self.packet_id = self._new_packet_id()
            put_publish(store.packets[store.count], 0, flags, topic, self.packet_id, message)
            store.add(self.packet_id, size)
        else:
            waits = self._waits() and self.fill(now)
            if waits or self._to + size > len(self._output):
                return _PACKET_POOL_FAILURE
            self._to = put_publish(self._output, self._to, flags, topic, 0, message)
        self.published += 1
        return _SUCCESS

    def _waits(self) -> bool:
        """Whether there is a stored packet that has not got into the output buffer."""
        table = self.subscriptions or self.store
        return self.store.handed < self.store.count or table.handed < table.count

    def request(self, topic, quality: int) -> int:
        """Accept a SUBSCRIBE, or with QoS -1 an UNSUBSCRIBE; returns as ``publish`` does."""
        store = self.store
        size = self._fitting(4 + len(topic) + (quality >= 0))
        if store.count == store.depth:
            return _PACKET_POOL_FAILURE
        self.packet_id = self._new_packet_id()
        first = _UNSUBSCRIBE_FIRST if quality < 0 else _SUBSCRIBE_FIRST
        packet = store.packets[store.count][:size]
        put_request(packet, first, self.packet_id, topic, quality)
        table = self.subscriptions
        if table and quality < 0:
            table.forget(packet)
        elif table and not table.keep(self.packet_id, packet):
            return _PACKET_POOL_FAILURE
        store.add(self.packet_id, size)
        return _SUCCESS

    def _fitting(self, remaining: int) -> int:
        size = packet_size(remaining)
        if size > self.store.slot_size:
            raise MQTTError(_PACKET_POOL_FAILURE, "call", "packet exceeds payload_size")
        return size

    def _new_packet_id(self) -> int:
        """The next identifier that no stored packet uses [MQTT-2.3.1-2]."""
        while True:
            packet_id = self.next_packet_id
            self.next_packet_id = packet_id + 1 if packet_id < _LAST_PACKET_ID else 1
            taken = self.subscriptions and self.subscriptions.find(packet_id) >= 0
            if self.store.find(packet_id) < 0 and not taken:
                return packet_id

    # -- bytes out ----------------------------------------------------------------------------

    def fill(self, now: int) -> bool:
        """Move what is owed and what is stored into the output buffer, as far as it has room.

        :return: whether more may wait than it has room for
        """
        if self.state != _STATE_CONNECTED:
            return False
        output = self._output
        last = len(output) - 4
        to = self._to
        while to <= last:
            packet_id = self._inbox.owed()
            if not packet_id:
                break
            to = put_short(output, to, _PUBACK_FIRST, packet_id)
            self._inbox.acknowledged()
        if self._ping_owed and to <= last:
            to = put_short(output, to, _PINGREQ_FIRST)
            self._ping_owed = False
            # One is enough for a link that takes nothing: count it as sent.
            self._last_sent = now
        table = self.subscriptions
        if table:
            to = self._copy(table, to, now)
        if not table or table.handed == table.count:
            to = self._copy(self.store, to, now)
        self._to = to
        return to > last or self._waits()

    def _copy(self, store, to: int, now: int) -> int:
        """Copy stored packets to ``to`` in the output buffer; returns where they end."""
        output = self._output
        place = store.handed
        while place < store.count:
            if store.starts[place] >= 0:
                packet = store.packets[place]
                size = store.lengths[place]
                end = to + size
                if end > len(output):
                    break
                output[to:end] = packet[:size]
                store.starts[place] = to
                to = end
                first = packet[0]
                if first & _DUP:
                    self.resent += 1
                self._await((first >> 4) + 1, now)
            place += 1
        store.handed = place
        return to

    def unsent(self) -> bool:
        """Whether bytes wait for the link."""
        return self._from < self._to

    def output(self):
        """The bytes to offer to the link, or None.

        What a TLS layer could not take must be offered again unchanged and no longer: a layer
        that has already encrypted it would lose what was added.
        """
        if self._from == self._to:
            return None
        self._offered = self._offered or self._to
        return self._output[self._from : self._offered]

    def sent(self, count: int, now: int) -> bool:
        """The link took so many of the bytes offered; whether there are more to offer."""
        if count:
            self._from += count
            self._offered = 0
            self._last_sent = now
            self.store.taken(self._from)
            if self.subscriptions:
                self.subscriptions.taken(self._from)
            if self._from == self._to:
                self._from = self._to = 0
        return self._from < self._to

    # -- packets in ---------------------------------------------------------------------------

    def heard(self, now: int) -> None:
        """Bytes came: the peer lives, though its PINGRESP may be behind a long message."""
        self._last_received = self._since[_PINGRESP] = now

    def receive(self, kind: int, reader, now: int) -> bool:
        """A packet arrived.

        :param int kind: its packet type
        :param reader: has its fields
        :return: whether the application is to be told
        :raises MQTTError: when the packet ends the connection
        """
        if not _LEGAL[self.state] >> kind & 1:
            violation("packet type %d unasked" % kind)
        self._last_received = now
        if kind == _PUBLISH:
            return reader.kept
        if kind == _CONNACK:
            return self._connack(kind, reader, now)
        if kind != _PINGRESP:
            return self._acknowledge(kind, reader, now)
        if self._awaited[kind]:
            self._answered(kind, now)
        return False

    def _connack(self, kind: int, reader, now: int) -> bool:
        flags = reader.packet_id >> 8
        code = reader.return_code
        # A session cannot be present after a clean start [MQTT-3.2.2-1] nor a refusal [-4].
        if code or flags > 1 or (flags and self._clean):
            status = _SERVER_MESSAGE_FAILURE
            if not flags and code <= _LAST_CODE:
                status = _ERROR_CONNECT_RETURN_CODE + code
                # That one has begun no session.
                self._unanswered -= 1
            raise MQTTError(status, "connack", "CONNACK with flags %d, code %d" % (flags, code))
        self._answered(kind, now)
        reader.connected = True
        # A CONNECT whose answer was lost may have begun the session that is present now.
        self.session_present = 0 if self._unanswered > 1 else flags
        self._unanswered = 0
        self._inbox.settle(self.session_present)
        if self.subscriptions:
            self.subscriptions.renew(self.session_present, self.store)
        if not self._clean:
            self.store.rewind()
        self.state = _STATE_CONNECTED
        return True

    def _acknowledge(self, kind: int, reader, now: int) -> bool:
        """PUBACK, SUBACK or UNSUBACK: the stored packet that it answers goes."""
        store = self.store
        subscriptions = self.subscriptions
        packet_id = reader.packet_id
        code = reader.return_code
        if kind == _SUBACK and code not in _GRANTS:
            violation("SUBACK with code %d" % code)
        place = store.find(packet_id)
        if 0 <= place < store.sent and store.packets[place][0] >> 4 == kind - 1:
            if subscriptions and kind != _PUBACK:
                subscriptions.settled(store, place, code)
            store.remove(place)
            if kind == _PUBACK:
                self.acknowledged += 1
        elif kind != _SUBACK:
            return False
        elif not (subscriptions and subscriptions.answered(packet_id, code)):
            violation("SUBACK unasked")
        self._answered(kind, now)
        return True

    # -- time ---------------------------------------------------------------------------------

    def _await(self, kind: int, now: int) -> None:
        if not self._awaited[kind]:
            self._since[kind] = now
        self._awaited[kind] += 1

    def _answered(self, kind: int, now: int) -> None:
        self._awaited[kind] -= 1
        self._since[kind] = now

    def tick(self, now: int, holding: bool) -> None:
        """See whether the peer is late and whether a PINGREQ is due.

        :param bool holding: the socket is not being read, so nothing can be late
        :raises MQTTError: when an answer is overdue, or the clock cannot be believed
        """
        gap = now - self._ticked & _CLOCK_MASK
        self._ticked = now
        if gap > _LONGEST_GAP:
            raise MQTTError(_COMMUNICATION_FAILURE, "session", "the clock jumped")
        if holding:
            self._last_received = now
        for kind in _ANSWERS if any(self._awaited) else b"":
            if not self._awaited[kind]:
                continue
            if holding:
                self._since[kind] = now
            elif self._left(kind, now) <= 0:
                name = _NAMES.split()[_ANSWERS.find(bytes((kind,)))]
                raise MQTTError(_COMMUNICATION_FAILURE, "session", "no %s in time" % name)
        if not self._ping_owed and self._quiet(now) <= 0:
            self._ping_owed = True
            self._await(_PINGRESP, now)

    def _left(self, kind: int, now: int) -> int:
        """Milliseconds until an answer is overdue."""
        limit = self.limits[kind]
        return limit - (now - self._since[kind] & _CLOCK_MASK) if limit else _LONGEST_GAP

    def _quiet(self, now: int) -> int:
        """Milliseconds until a PINGREQ is due.

        The broker must hear from us [MQTT-3.1.2-23], and we must hear from it: a link that only
        swallows what we send would otherwise look alive.
        """
        if self.state != _STATE_CONNECTED or not self._interval:
            return _LONGEST_GAP
        silence = now - self._last_sent & _CLOCK_MASK
        if not self._awaited[_PINGRESP]:
            silence = max(silence, now - self._last_received & _CLOCK_MASK)
        return self._interval - silence

    def deadline(self, now: int, holding: bool) -> int:
        """Milliseconds until ``tick`` has something to do, or must be called anyway."""
        soonest = _LONGEST_SLEEP
        if not self._ping_owed:
            soonest = min(soonest, self._quiet(now))
        if not holding and any(self._awaited):
            for kind in _ANSWERS:
                if self._awaited[kind]:
                    soonest = min(soonest, self._left(kind, now))
        return max(soonest, 0)
