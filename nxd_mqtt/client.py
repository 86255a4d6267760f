# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The MQTT client: one poll, one dispatcher, and the verbs behind NetX's functions.

``poll`` is what NetX's MQTT thread does in one turn: it opens the link that is wanted, sends what
is owed, reads a bounded number of packets and tells the application what happened. Every wait is a
loop over it. A link that is lost is replaced by a new one where the application wants that.
"""

from micropython import const

from .attempt import Attempt
from .inbox import Inbox
from .link import Link
from .reader import Reader
from .session import Session
from .status import MQTTError
from .store import Store
from .teller import Teller
from .transport import NX_IP

_IN_PROGRESS = const(0x37)
_ALREADY_CONNECTED = const(0x10001)
_COMMUNICATION_FAILURE = const(0x10007)
_CONNECT_FAILURE = const(0x10005)
_CONNECTING = const(0x10011)
_INSUFFICIENT_BUFFER_SPACE = const(0x1000D)
_INVALID_STATE = const(0x10012)
_NO_MESSAGE = const(0x1000A)
_NOT_CONNECTED = const(0x10002)
_PACKET_POOL_FAILURE = const(0x10006)
_SERVER_MESSAGE_FAILURE = const(0x10008)
_SUCCESS = const(0x00)
# No status: what a call that is awaited would wait for is not there yet.
_AGAIN = const(-1)
# The upper half of MQTT's own statuses.
_MQTT = const(1)

_STATE_INITIALIZE = const(0)
_STATE_CONNECTING = const(2)
_STATE_CONNECTED = const(3)

# Packet types; they say of what an event speaks.
_CONNACK = const(2)
_SUBACK = const(9)
_DISCONNECT = const(14)

_LINK_WANTED = const(1)
_LINK_OPENING = const(2)
_LINK_OPEN = const(3)

_STAGING_BYTES = const(512)
_STEPS_PER_POLL = const(16)
# How many reasons of endings are remembered.
_REASONS = const(4)

# Milliseconds.
_THREAD_SLICE = const(100)
_MOMENT = const(10)

_GIVE_UP = const(-1)

_CLOCK_MASK = const((1 << 29) - 1)
_HALF_RANGE = const(1 << 28)


class NXD_MQTT_CLIENT:
    """The control block of a client: constructed empty, filled by ``nxd_mqtt_client_create``.

    Attributes that an application sets: ``nxd_mqtt_connect_notify``, ``nxd_mqtt_connect_context``,
    ``nxd_mqtt_ack_receive_notify``, ``nxd_mqtt_ack_receive_context``. Attributes that it reads:
    ``reason`` (stage, status, cause of the last refusal or ending), ``session_present``,
    ``packet_identifier``, ``message_qos``, ``message_retain``.
    """

    def __init__(self):
        self._session = None
        self._teller = Teller(self)
        self.reason = None
        # The topic of the last publish, as it was given and as it was checked.
        self.topic = ([], None)

    # -- life ---------------------------------------------------------------------------------

    def create(self, client_id, ip: NX_IP, payload_size: int, depth: int, memory) -> None:
        """Make every buffer that the client will ever use.

        :param client_id: its bytes
        :param memory: a bytearray for the receive queue
        """
        self.client_id = client_id
        # A will: topic, message, QoS << 3 | retain << 5. A login: asked before every CONNECT.
        self.reason = self.will = self.login = None
        self.receive_notify = self.disconnect_notify = None
        self.nxd_mqtt_connect_notify = self.nxd_mqtt_connect_context = None
        self.nxd_mqtt_ack_receive_notify = self.nxd_mqtt_ack_receive_context = None
        self.session_present = self.packet_identifier = self.message_qos = self.message_retain = 0
        self._ip = ip
        self._lock = ip.lock
        # A kernel's thread that runs the client and wants to be told of changes, else None.
        self.keeper = None
        # What carries the bytes in WebSocket frames, from the next connect on.
        self.websocket = None
        self._link = Link(ip, None, 0)
        self._link.leave()
        self._inbox = Inbox(memory)
        self._reader = Reader(bytearray(_STAGING_BYTES), self._inbox)
        self._teller.begin()
        # The back-off of a client that connects again by itself, else None.
        self.backoff = None
        # The newest ones last.
        self.reasons = [None] * _REASONS
        self._more = False
        self._heard = 0
        self._answer = (_SUCCESS, 0, 0)
        self.attempts = self.connects = self.reconnects = 0
        # How many links there had been when the application disconnected.
        self._left = _GIVE_UP
        # What the last call of connect has begun.
        self.attempt = None
        self._ending = _NOT_CONNECTED
        self._session = Session(Store(payload_size, depth), self._inbox, payload_size)

    @property
    def state(self) -> int:
        """NetX's number: 0 INITIALIZE, 1 IDLE, 2 CONNECTING, 3 CONNECTED (read-only)."""
        return self._session.state if self._session else _STATE_INITIALIZE

    def delete(self) -> None:
        """Disconnect and give everything up."""
        self.disconnect()
        with self._lock:
            if self._link.state:  # a callback has connected again
                self._link.leave()
            self._session.end(_STATE_INITIALIZE)
            self._session.store.close()
            self._inbox.clear()
        if self.keeper:
            self.keeper.wake()

    # -- connecting ---------------------------------------------------------------------------

    def connect(self, host, port: int, keepalive: int, clean: bool, wait: int, secure=None) -> int:
        """Begin to connect, and with a wait see it through.

        :param str host: name or address
        :param int keepalive: seconds
        :param int wait: milliseconds for all of it, -1 for ever
        :param secure: makes the links TLS ones, or None
        """
        blocking = wait != 0 and not self._teller.in_callback()
        keeper = self.keeper
        if blocking and keeper and not keeper.awaiting:
            return keeper.refuse()
        with self._lock:
            answer = (_INVALID_STATE, _SUCCESS, _CONNECTING, _ALREADY_CONNECTED)[self.state]
            # A loop around connect, as in C, waits with the attempts that are being made already.
            joins = answer == _CONNECTING and blocking and self.backoff
            if answer and not joins:
                return answer
            if not joins:
                if self._teller.full():
                    return _PACKET_POOL_FAILURE
                self._ending = _NOT_CONNECTED
                if self.backoff:
                    self.backoff.begin()
                self._session.begin(keepalive, clean)
                self._link = Link(self._ip, host, port, secure, self.websocket)
            attempt = self.attempt
            if not joins or attempt.status != _IN_PROGRESS:
                attempt = self.attempt = Attempt(self)
            attempt.blocking = blocking
        if keeper:
            keeper.wake()
        return attempt.see_through(wait) if blocking and not keeper else _IN_PROGRESS

    def _remaining(self, start: int, wait: int) -> int:
        """What is left of a wait, in milliseconds; -1 when it has no end."""
        if wait < 0:
            return wait
        return max(wait - (self._ip.clock() - start & _CLOCK_MASK), 0)

    def _poll_for(self, wait: int) -> int:
        """A poll that waits for what, where several threads poll, may come to another one."""
        if self._ip.shared and not 0 <= wait < _THREAD_SLICE:
            wait = _THREAD_SLICE
        return self.poll(wait)

    def _open(self) -> None:
        """Open the link that is wanted; blocks, so the lock is not held meanwhile."""
        with self._lock:
            link = self._link
            # What happens on a link must find room among what is to be told.
            if link.due(self._ip.clock()) or self._teller.full():
                return
            link.state = _LINK_OPENING
            self.attempts += 1
            limit = self._session.limits[0] or _HALF_RANGE
            attempt = self.attempt
            if attempt.blocking and attempt.patience > 0:
                limit = min(limit, attempt.patience)
        # What stands if an exception that is not the network's passes through here.
        failure = (_CONNECT_FAILURE, "call", "an exception")
        try:
            login = self.login() if self.login else (None, None)
            link.open(limit)
            with self._lock:
                if link.state == _LINK_OPENING:  # not given up meanwhile
                    link.begin()
                    self._session.connect(self._ip.clock(), self.client_id, self.will, login)
                    self._guarded(NXD_MQTT_CLIENT._send)
            failure = None
        except MQTTError as error:
            failure = (error.status, error.stage, error.cause)
        finally:
            with self._lock:
                if not link.state:
                    link.leave()
                elif failure:
                    self._end(*failure)

    def disconnect(self) -> None:
        """End the link in order, from any state, and let go of unread messages."""
        with self._lock:
            # A link that breaks now is not replaced.
            backoff = self.backoff
            self.backoff = None
            self._guarded(NXD_MQTT_CLIENT._send)
            self._session.disconnect()
            self._guarded(NXD_MQTT_CLIENT._send)
            self.backoff = backoff
            self._left = self.connects
            told = self._session.state == _STATE_CONNECTED
            self._end(_SUCCESS, "session", "disconnected by the application")
            self._ending = _NOT_CONNECTED
        self._teller.tell()
        if not told:  # else unread messages go when disconnect_notify has been told
            self.let_go()

    def let_go(self) -> None:
        """Release unread messages, unless they may be those of a link that has begun since."""
        with self._lock:
            if self._session.state < _STATE_CONNECTING and self._left == self.connects:
                self._inbox.clear()

    def _end(self, status: int, stage: str, cause) -> None:
        """The one way out of a link or an attempt."""
        state = self._session.state
        if state < _STATE_CONNECTING:
            return
        link = self._link
        if state == _STATE_CONNECTING and stage == "session":
            stage = link.stage
            status, cause = link.explain(status, cause)
        now = self._ip.clock()
        pause = _GIVE_UP
        if status and self.backoff:
            pause = self.backoff.pause(now, status, cause, state == _STATE_CONNECTED)
        if pause == _GIVE_UP:
            self._session.end()
            self._ending = status
        else:
            self._session.end(_STATE_CONNECTING)
            self._link = link.again(now, pause)
        self._reader.reset()
        self.reason = (stage, status, cause)
        self.reasons.append(self.reason)
        self.reasons.pop(0)
        if state == _STATE_CONNECTED:
            self._teller.endings.append(self.reason)
            self._teller.note(_DISCONNECT, status)
        elif pause == _GIVE_UP:
            # TLS's and WebSocket's own numbers are for the notify and the reason.
            own = status >> 16 == _MQTT
            attempt = self.attempt
            attempt.status = status if own else _CONNECT_FAILURE
            # NetX tells a blocking caller by the status alone, unless a CONNACK was seen.
            if not (attempt.blocking and status and attempt.status < _SERVER_MESSAGE_FAILURE):
                unanswered = status in (_SUCCESS, _COMMUNICATION_FAILURE)
                self._teller.note(_CONNACK, _CONNECT_FAILURE if unanswered else status)
        link.leave()
        if self.keeper:
            self.keeper.wake()

    # -- the turn -----------------------------------------------------------------------------

    def poll(self, wait: int) -> int:
        """One bounded turn of the engine, after a sleep of at most ``wait``.

        :param int wait: milliseconds, -1 for ever
        :return: SUCCESS while a link or an attempt lives, the status of its end once, then
            NOT_CONNECTED; a kernel, which runs the client itself, refuses a wait
        """
        if wait and not self._teller.in_callback():
            if self.keeper:
                return self.keeper.refuse()
            self._rest(wait)
        if self._link.state == _LINK_WANTED:
            self._open()
        if self._more:  # the last turn has left something to do; it may be that a callback raised
            self._guarded(NXD_MQTT_CLIENT._send)
        self._more = more = True
        self._heard = self._ip.clock()
        budget = _STEPS_PER_POLL
        while more and budget:
            more = self._guarded(NXD_MQTT_CLIENT._receive)
            budget -= 1
            if self._teller.untold:
                self._teller.tell()
        if self._reader.holding:  # acknowledgements that go now may make room
            self._guarded(NXD_MQTT_CLIENT._send)
            self._guarded(NXD_MQTT_CLIENT._receive)
        if not self._guarded(NXD_MQTT_CLIENT._serve):
            with self._lock:
                self._session.store.tick(self._ip.clock())
        self._teller.tell()
        if self._session.state >= _STATE_CONNECTING:
            return _SUCCESS
        with self._lock:
            ending = self._ending
            self._ending = _NOT_CONNECTED
        return ending

    def _guarded(self, step) -> bool:
        """Run one step on an open link under the lock; whether the link is still good for more."""
        with self._lock:
            if self._link.state != _LINK_OPEN:
                self._more = False
                return False
            try:
                return step(self)
            except MQTTError as error:
                self._end(error.status, error.stage, error.cause)
                return False

    def held(self) -> bool:
        """Whether reading has stopped until the application takes a message.

        What holds for want of a PUBACK that the link does not take is no excuse for the peer.
        """
        return self._reader.holding and self._inbox.count > 0

    def _serve(self) -> bool:
        """See what is late: only what a read has not found, so not while reading has stopped."""
        # Before the CONNACK there is nothing that could hide it for long.
        more = self._more and self._reader.connected
        stopped = more or self._teller.full() or self.held()
        now = self._ip.clock()
        self._session.tick(now, stopped)
        self._session.store.tick(now)
        return self._send()

    def _send(self) -> bool:
        """Offer what waits until all is taken or the link takes no more."""
        session = self._session
        # Nothing that is read later may count as older than what goes out now.
        self._heard = now = self._ip.clock()
        more = True
        while more:
            crowded = session.fill(now)
            count = self._link.write(session.output())
            more = count and (session.sent(count, now) or crowded)
        return True

    def _receive(self) -> bool:
        """Handle one packet, or read once; whether there may be more.

        That is noted under the lock, lest a thread that found nothing hides what another one left.
        """
        self._more = False
        if self._teller.full():
            return False
        reader = self._reader
        now = self._heard
        kind = reader.next_packet()
        if not kind:
            if reader.holding:
                return False
            count = self._link.read(reader.space())
            if count < 1:  # below 0 a layer has moved on, though not MQTT
                self._more = count < 0
                return self._more
            reader.filled(count)
            self._heard = now = self._ip.clock()
            self._session.heard(now)
            kind = reader.next_packet()
        if kind and self._session.receive(kind, reader, now):
            number = reader.packet_id
            if kind == _CONNACK:
                self.session_present = self._session.session_present
                self.connects += 1
                if self.backoff:
                    self.reconnects += self.backoff.connected(now)
                self.attempt.status = number = _SUCCESS
            elif kind == _SUBACK:
                number |= reader.return_code << 16
            self._teller.note(kind, number)
        self._more = True
        return True

    def _rest(self, wait: int) -> None:
        """Sleep until there is something to do, or the wait is over.

        Where several threads share the client it is a row of naps: what another thread sends or
        awaits changes what this one has to wait for.
        """
        clock = self._ip.clock
        shared = self._ip.shared
        while True:
            read = write = False
            with self._lock:
                if self._more or self._teller.due():
                    return
                link = self._link
                now = clock()
                limit = link.due(now)
                if link.state == _LINK_OPEN:
                    read = not (self._reader.holding or self._teller.full())
                    write = link.unsent(self._session.unsent())
                    limit = self._session.deadline(now, self.held())
                elif limit == 0:
                    return
                if not (read or write) and link.state != _LINK_WANTED:
                    limit = _MOMENT if limit < 0 else min(limit, _MOMENT)
                nap = limit if wait < 0 else min(wait, limit)
            if shared and not 0 <= nap < _THREAD_SLICE:
                nap = _THREAD_SLICE
            self._ip.wait(link.socket, read, write, nap)
            if not (shared and read and nap) or clock() - now & _CLOCK_MASK < nap:
                return
            wait = self._remaining(now, wait)

    # -- messages -----------------------------------------------------------------------------

    def publish(self, topic, message, flags: int, wait: int) -> int:
        """Accept a message; at QoS 1 it is kept until the broker has acknowledged it.

        :param topic: bytes of a topic name
        :param message: bytes of the payload
        :param int flags: QoS << 1 | retain
        :param int wait: milliseconds to wait for room, -1 for ever
        """
        if wait and self.keeper and not (self.keeper.awaiting or self._teller.in_callback()):
            return self.keeper.refuse()
        start = now = self._ip.clock()
        while True:
            with self._lock:
                session = self._session
                # What is kept while a client connects again finds its link later.
                if session.state != _STATE_CONNECTED and not (
                    flags & 2 and self.backoff and session.state == _STATE_CONNECTING
                ):
                    return _NOT_CONNECTED
                status = session.publish(now, topic, message, flags)
                if not status:
                    return self._hand_over(flags & 2)
                # A kernel's thread finds out by itself whether another one takes messages.
                holding = self.held() and not (self._more or self.keeper)
            left = 0 if holding or self._teller.in_callback() else self._remaining(start, wait)
            if not left:
                return status
            if self.keeper:
                return _AGAIN
            # An end that this poll learns of is still the next poll's to tell.
            ending = self._poll_for(left)
            if ending:
                self._ending = ending
            now = self._ip.clock()

    def _hand_over(self, quality: int) -> int:
        """Offer an accepted packet to the link; what is stored is accepted whatever comes."""
        if quality:
            self.packet_identifier = self._session.packet_id
        sent = self._guarded(NXD_MQTT_CLIENT._send)
        if self.keeper:
            self.keeper.wake()
        return _SUCCESS if sent or quality else _COMMUNICATION_FAILURE

    def request(self, topic, quality: int) -> int:
        """Subscribe to the bytes of a topic filter, or with QoS -1 unsubscribe."""
        with self._lock:
            session = self._session
            waits = self.backoff and session.state == _STATE_CONNECTING
            if session.state != _STATE_CONNECTED and not waits:
                return _NOT_CONNECTED
            status = session.request(topic, quality)
            return status or self._hand_over(1)

    def message_get(self, topic, message):
        """Take the oldest message into two buffers; returns as the NetX function does."""
        inbox = self._inbox
        with self._lock:
            if not inbox.peek():
                return _NO_MESSAGE, 0, 0
            topic_length = inbox.topic_length
            length = inbox.message_length
            if len(topic) < topic_length or len(message) < length:
                return _INSUFFICIENT_BUFFER_SPACE, topic_length, length
            inbox.copy(topic, message)
            flags = inbox.flags
            self.message_qos = flags >> 1 & 1
            self.message_retain = flags & 1
            self.take()
            # Messages of one kind get one and the same answer: a tuple for each would take heap.
            answer = self._answer
            if answer[1] != topic_length or answer[2] != length:
                self._answer = answer = (_SUCCESS, topic_length, length)
            return answer

    def take(self) -> None:
        """The oldest message leaves the queue: what was held has room, or is acknowledged now."""
        self._inbox.take()
        self._more = self._more or self._reader.holding or self._inbox.owed() != 0
        if self.keeper:
            self.keeper.wake()
