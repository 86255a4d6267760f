# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The IoT Hub client: an MQTT client that keeps the rules of a hub.

It subscribes to what the enabled features want, sorts what comes by feature, and renews its token
by a planned reconnect. It is an ``NXD_MQTT_CLIENT``, so a program polls it as one, and what can be
set on a client can be set on it, but for what it uses itself: the notify callbacks and the login;
``nx_azure_iot_hub_client_reconnect_set`` is its own form of that of a client.

Cloud messages, methods and the twin are features, each made when it is enabled.
"""

import gc as _gc

from micropython import const

from .azure_iot_access import Access
from .azure_iot_feature import ANSWER, NEVER, AlarmedSession, left
from .azure_iot_mailbox import KindInbox, KindReader, Mailbox
from .azure_iot_packet import NX_PACKET
from .azure_iot_reconnect import RENEWAL, Once, Rivals
from .client import NXD_MQTT_CLIENT
from .reconnect import Subscriptions
from .teller import get_ident

_AZURE_DISCONNECTED = const(0x2000C)
_AZURE_INSUFFICIENT_BUFFER_SPACE = const(0x20003)
_AZURE_MESSAGE_TOO_LONG = const(0x20010)
_AZURE_NO_PACKET = const(0x20005)
_AZURE_NOT_ENABLED = const(0x20007)
_AZURE_REPLACED = const(0x20081)
_AZURE_SAS_TOKEN_EXPIRED = const(0x20017)

# What a wait gives to whoever awaits the call, until there is an answer.
AGAIN = const(-1)

_SUCCESS = const(0x00)
_NOT_CONNECTED = const(0x10002)
_FULL = const(0x10006)
_CONNECT_FAILURE = const(0x10005)
# The upper half of the hub client's statuses.
_AZURE = const(2)

_STATE_CONNECTING = const(2)
_STATE_CONNECTED = const(3)

_PUBACK = const(4)
_SUBACK = const(9)
_QUALITY_1 = const(0x02)

# Three features have four filters.
_FILTERS = const(4)

_CLOCK_MASK = const((1 << 29) - 1)
# Milliseconds: how often a clock that may be set meanwhile is asked, and a busy link.
_HOUR = const(3600000)
_SECOND = const(1000)


class NX_AZURE_IOT_HUB_CLIENT(NXD_MQTT_CLIENT):
    """The control block of a hub client, filled by ``nx_azure_iot_hub_client_initialize``."""

    def __init__(self):
        NXD_MQTT_CLIENT.__init__(self)
        self.access = None

    def begin(self, access: Access) -> None:
        """The client was created: it becomes one of a hub.

        :param Access access: the way to it
        """
        self.access = access
        self.login = access.login
        self.features = []
        self.components = []
        self.status_callback = self.acknowledged_callback = None
        # By kind: who is told of a message, what they are told with it, how many were too large.
        self.callbacks = [None] * (ANSWER + 1)
        self._oversize = [0] * (ANSWER + 1)
        self._inbox = KindInbox(self._inbox._ring)
        self.mailbox = Mailbox(self)
        self._reader = KindReader(self._reader._data, self._inbox)
        self._session = AlarmedSession(self)
        self._session.subscriptions = Subscriptions(_FILTERS)
        self.rivals = Rivals()
        # Whether a filter has still to be asked for; which packet has asked for one.
        self.wanting = False
        self._asked = {}
        # Filters of what was disabled and still has to be unsubscribed from.
        self._unwanted = []
        # Identifiers of what is no telemetry, though it is published at QoS 1.
        self._unspoken = []
        # When to look at the token, and since when a link for a new one is under way.
        self._alarm = self._renewing = NEVER
        self.renewals = self.gap = self.longest_gap = self.strangers = 0
        # What the program is still to be told, in order: how it stands with the connection, or of a
        # kind of messages its negative. A callback that raises keeps nothing else back.
        self._owed = []
        self.receive_notify = NX_AZURE_IOT_HUB_CLIENT._on_message
        self.disconnect_notify = NX_AZURE_IOT_HUB_CLIENT._on_disconnect
        self.nxd_mqtt_connect_notify = NX_AZURE_IOT_HUB_CLIENT._on_connect
        self.nxd_mqtt_ack_receive_notify = NX_AZURE_IOT_HUB_CLIENT._on_acknowledge

    # -- the turn -----------------------------------------------------------------------------

    def due(self, now: int, soonest: int) -> int:
        """Milliseconds until the first alarm of features and token, at most ``soonest``."""
        if self.state == _STATE_CONNECTED:
            soonest = min(soonest, left(self._alarm, now))
            for feature in self.features:
                soonest = min(soonest, left(feature.alarm, now))
        return soonest

    def poll(self, wait: int) -> int:
        """One turn of the client, and what is due of the hub's."""
        status = NXD_MQTT_CLIENT.poll(self, wait)
        if self._reader.skipped:
            self._as_callback(self._on_skipped)
        if self._owed:
            self.settle()
        if self._reader.holding:
            with self._lock:
                self._more = self.mailbox.compact() or self._more
        if self._session.state == _STATE_CONNECTED and not self._teller.in_callback():
            now = self._ip.clock()
            if self.wanting:
                self.subscribe()
            for feature in self.features:
                # There is mostly none, and this is done in each turn.
                if feature.alarm >= 0 and left(feature.alarm, now) == 0:
                    feature.turn(now)
            if left(self._alarm, now) == 0:
                self._look_at_token(now)
        return status

    # -- what the program is told -------------------------------------------------------------

    def _on_connect(self, status: int, context) -> None:
        if status:
            return  # the end of the attempt has been noted
        now = self._ip.clock()
        renewed = self._renewing
        self._forget_renewal()
        self.rivals.connected(now)
        self._alarm = now
        if self._session._clean:
            # What that has given up is never acknowledged.
            find = self._session.store.find
            self._unspoken = [number for number in self._unspoken if find(number) >= 0]
        for feature in self.features:
            feature.refused = ()
        # The next lines of poll subscribe: here the call stack is deep already.
        self.wanting = True
        for feature in self.features:
            feature.began(self.connects > 1)
        self._owed.append(-ANSWER)
        if renewed == NEVER:
            self._owed.append(_SUCCESS)
        else:
            self.renewals += 1
            self.gap = now - renewed & _CLOCK_MASK
            self.longest_gap = max(self.longest_gap, self.gap)
        self._tell_all()

    def _on_disconnect(self) -> None:
        _, status, cause = self.reason
        self._alarm = NEVER
        for feature in self.features:
            feature.ended()
        self._owed.append(-ANSWER)
        if cause is RENEWAL or not status:
            self._tell_all()
            return
        status = _AZURE_DISCONNECTED
        try:
            if self.access.expired():
                self.rivals.forgive()
                status = _AZURE_SAS_TOKEN_EXPIRED
            elif self.rivals.suspected():
                status = _AZURE_REPLACED
        finally:
            # The program's clock may raise; it is told all the same.
            self._owed.append(status)
        self._tell_all()

    def settle(self) -> None:
        """Tell the program what it is owed, unless a callback is running."""
        while self._owed and self._as_callback(self._tell_owed):
            pass

    def _tell_all(self) -> None:
        """The same in a callback; what raises leaves the rest for the next turn."""
        while self._owed:
            self._tell_owed()

    def _tell_owed(self) -> None:
        owed = self._owed.pop(0)
        if owed < 0:
            self._announce(-owed)
        elif self.status_callback:
            self.status_callback(self, owed)

    def _as_callback(self, function) -> bool:
        """Run what tells the program something; callbacks never nest.

        :return: whether it has run
        """
        teller = self._teller
        with self._lock:
            if teller.thread:
                return False
            teller.thread = get_ident()
        try:
            function()
        finally:
            teller.thread = 0
        return True

    def _end(self, status: int, stage: str, cause) -> None:
        state = self.state
        if state == _STATE_CONNECTED:
            self.rivals.ended(self._ip.clock(), status, cause)
        NXD_MQTT_CLIENT._end(self, status, stage, cause)
        if state != _STATE_CONNECTING:
            return
        # To a client only MQTT's own statuses are outcomes of a connect.
        attempt = self.attempt
        if status >> 16 == _AZURE and attempt.status == _CONNECT_FAILURE:
            attempt.status = status
        if status and self.state < _STATE_CONNECTING:
            self._owed.append(status)
        elif status and self._renewing != NEVER:
            # The program was not told of the end that was planned.
            self._owed.append(_AZURE_DISCONNECTED)
        self._forget_renewal()

    def _on_acknowledge(self, kind: int, packet_id: int, code, context) -> None:
        if kind == _SUBACK:
            for feature in self.features:
                feature.answered(self._asked, packet_id, code)
        elif kind == _PUBACK:
            if packet_id in self._unspoken:
                self._unspoken.remove(packet_id)
            elif self.acknowledged_callback:
                self.acknowledged_callback(self, packet_id)

    # -- features -----------------------------------------------------------------------------

    def enable(self, wanted) -> None:
        """Put a feature in, and subscribe for it as soon as there is a link.

        :param wanted: a class of features
        """
        if not self.feature(wanted):
            feature = wanted(self)
            self._unwanted = [each for each in self._unwanted if each not in feature.filters]
            self.features.append(feature)
            self.subscribe()

    def disable(self, wanted) -> int:
        """Take a feature out: no more of its messages are wanted."""
        feature = self.feature(wanted)
        if not feature:
            return _AZURE_NOT_ENABLED
        if self.state != _STATE_CONNECTED and not self.backoff:
            return _AZURE_DISCONNECTED
        with self._lock:
            self.features.remove(feature)
            self._unwanted.extend(feature.filters)
            # What nobody can take any more would fill the queue.
            for kind in feature.kinds:
                self.drop_all(kind)
        self.subscribe()
        return _SUCCESS

    def feature(self, wanted):
        """The feature of a class, if it is enabled, else None."""
        for feature in self.features:
            if isinstance(feature, wanted):
                return feature
        return None

    def subscribe(self) -> int:
        """Ask for the filters of all features that the hub was not asked for yet.

        There may be no room for all of them; then the next turns go on with it.
        """
        with self._lock:
            self.wanting = True
            table = self._session.subscriptions
            if not table:
                table = self._session.subscriptions = Subscriptions(_FILTERS)
            while self._unwanted:
                status = self.request(self._unwanted[0], -1)
                if status:
                    return status
                self._unwanted.pop(0)
            for feature in self.features:
                for each in feature.filters:
                    # The table has a filter as the packet does, with its length.
                    if table._place(bytes((0, len(each))) + each) >= 0:
                        continue
                    status = self.request(each, 1)
                    if status:
                        return status
                    self._asked[each] = self.packet_identifier
            self.wanting = False
        return _SUCCESS

    def _on_message(self, count: int) -> None:
        """Look at what has come: what no feature wants is dropped, what one wants is told."""
        mailbox = self.mailbox
        while True:
            with self._lock:
                at = mailbox.find(0)
                if at < 0:
                    return
                kind = self._kind_of(mailbox.topic(at), at)
                if 0 < kind < ANSWER:
                    mailbox.keep(at, kind)
                else:
                    self._drop(at)
                    self.strangers += kind < 0
            # Here and not by a function: callbacks of programs go on deep.
            callback = self.callbacks[kind] if kind > 0 else None
            if callback:
                callback[0](self, callback[1])

    def _kind_of(self, topic, at: int) -> int:
        """The kind of a message; 0 for one that a feature has dealt with, -1 for nobody's."""
        for feature in self.features:
            kind = feature.kind_of(topic, at)
            if kind is not None:
                return kind
        return -1

    def announce(self, kind: int) -> None:
        """Tell of a kind from outside of callbacks, or behind the one that is running."""
        self._owed.append(-kind)
        self.settle()

    def _announce(self, kind: int) -> None:
        callback = self.callbacks[kind]
        if callback:
            callback[0](self, callback[1])

    def _on_skipped(self) -> None:
        """Messages were too large for the queue: whoever asks for their kind is told."""
        skipped = self._reader.skipped
        while skipped:
            with self._lock:
                kind = self._kind_of(skipped.pop(0), NEVER)
                if kind > 0:
                    self._oversize[kind] += 1
                else:
                    self.strangers += kind < 0
            if kind > 0:
                self._announce(kind)

    def drop_all(self, kind: int) -> None:
        """Nobody takes what has come of a kind."""
        with self._lock:
            self._oversize[kind] = 0
            at = self.mailbox.find(kind)
            while at >= 0:
                self._drop(at)
                at = self.mailbox.find(kind)

    def _drop(self, at: int) -> None:
        """A message leaves the queue: its PUBACK may be owed now."""
        self.mailbox.remove(at)
        self._more = self._more or self._inbox.owed() != 0
        if self.keeper:
            self.keeper.wake()

    # -- what calls of the program do ---------------------------------------------------------

    def wait_for(self, ready, wait: int):
        """Poll until something is there, or the wait is over, or the client has been given up.

        :param ready: callable, None as long as it is not there
        :param int wait: milliseconds, -1 for ever
        :return: what ``ready`` has returned; AGAIN where a kernel's thread awaits the call
        """
        start = self._ip.clock()
        while True:
            found = ready()
            if found is not None or self.state < _STATE_CONNECTING:
                return found
            holding = self.held() and not (self._more or self.keeper)
            rest = 0 if holding or self._teller.in_callback() else self._remaining(start, wait)
            if not rest:
                return None
            if self.keeper:
                return AGAIN if self.keeper.awaiting else self.keeper.refuse()
            # An end that this poll learns of is still the next poll's to tell.
            ending = self._poll_for(rest)
            if ending:
                self._ending = ending

    def receive(self, feature, kind: int, wait: int):
        """Take the oldest message of a kind.

        :param feature: the one that the kind belongs to, None where it is not enabled
        :param int wait: milliseconds, -1 for ever
        :return: (status, packet or None)
        """
        if not feature:
            return _AZURE_NOT_ENABLED, None
        # A closure takes heap: most messages are there, or not, at once.
        found = self._take_one(feature, kind)
        if found is None and wait:
            found = self._await_one(feature, kind, wait)
        if found is None:
            found = self.nothing()
        return found if isinstance(found, tuple) else (found, None)

    def _await_one(self, feature, kind: int, wait: int):
        return self.wait_for(lambda: self._take_one(feature, kind), wait)

    def listen(self, wait: int) -> int:
        """See that the hub was asked for all filters: before that an answer would be lost.

        :param int wait: milliseconds to wait for it, -1 for ever
        :return: SUCCESS, or what the call that wants to ask has to return
        """
        # Without a link, or one to come, it is the publish that is refused.
        if not self.wanting or self.subscribe() in (_SUCCESS, _NOT_CONNECTED):
            return _SUCCESS
        found = self.wait_for(lambda: None if self.wanting else _SUCCESS, wait)
        return _FULL if found is None else found

    def nothing(self) -> int:
        """Why a message that was waited for is not there."""
        # What is not told as a loss is none: the token is being renewed.
        if self.state != _STATE_CONNECTED and self._renewing == NEVER:
            return _AZURE_DISCONNECTED
        return _AZURE_INSUFFICIENT_BUFFER_SPACE if self.held() else _AZURE_NO_PACKET

    def _take_one(self, feature, kind: int):
        with self._lock:
            mailbox = self.mailbox
            at = mailbox.find(kind)
            if at >= 0:
                packet = NX_PACKET(mailbox.topic(at), mailbox.body(at))
                self._drop(at)
                return _SUCCESS, packet
            if self._oversize[kind]:
                self._oversize[kind] -= 1
                return _AZURE_MESSAGE_TOO_LONG
            if feature not in self.features:  # disabled meanwhile
                return _AZURE_NOT_ENABLED
            return feature.verdict(kind)

    def send(self, topic, message, flags: int, wait: int, noted=None):
        """Publish, for a feature or as telemetry.

        :param int flags: QoS << 1 | retain
        :param int wait: milliseconds to wait for room, -1 for ever
        :param noted: called with its packet identifier when it is accepted, before anybody can find
            an answer; without it the message is telemetry, and its acknowledgement is told
        :return: (status, packet identifier)
        """
        if wait and self.keeper and not (self.keeper.awaiting or self._teller.in_callback()):
            return self.keeper.refuse(), 0

        found = self._send_once(topic, message, flags, noted)
        if wait and self._may_go_later(found[0]):
            found = self._await_room(topic, message, flags, noted, wait)
        return (_AZURE_DISCONNECTED, 0) if found[0] == _NOT_CONNECTED else found

    def _send_once(self, topic, message, flags: int, noted):
        with self._lock:
            status = self.publish(topic, message, flags, 0)
            number = self.packet_identifier if flags & _QUALITY_1 else 0
            if noted and not status:
                if number:
                    self._unspoken.append(number)
                noted(number)
        return status, number

    def _may_go_later(self, status: int) -> bool:
        """Whether there was no room for a message, or no link while the token is renewed."""
        return status == _FULL or (status == _NOT_CONNECTED and self._renewing != NEVER)

    def _await_room(self, topic, message, flags: int, noted, wait: int):
        last = _FULL, 0

        def once():
            nonlocal last
            last = self._send_once(topic, message, flags, noted)
            return None if self._may_go_later(last[0]) else last

        found = self.wait_for(once, wait)
        if found is None:
            return last
        return found if isinstance(found, tuple) else (found, 0)

    # -- the token ----------------------------------------------------------------------------

    def _look_at_token(self, now: int) -> None:
        """Renew it when it is due, and say when to look again: the clock may be set meanwhile."""
        with self._lock:
            if left(self._alarm, now):
                return  # another thread was here
            self._alarm = self._later(now, 1)
        # The program's clock may take its time, or raise.
        due = self.access.renew_in()
        pressing = self.access.pressing()
        with self._lock:
            self._alarm = self._later(now, due)
            if due or not (pressing or self._is_quiet()) or self.state != _STATE_CONNECTED:
                return
            self._renew(now)
        self._teller.tell()

    def _later(self, now: int, seconds: int) -> int:
        """An alarm in so many seconds, or in an hour, but not at once; none for less than 0."""
        sleep = max(min(seconds * 1000, _HOUR), _SECOND)
        return now + sleep & _CLOCK_MASK if seconds >= 0 else NEVER

    def _is_quiet(self) -> bool:
        """Whether nothing is on its way that a new link would not carry on."""
        reader = self._reader
        session = self._session
        for feature in self.features:
            if feature.busy():
                return False
        if self._more or self._teller.untold or reader._stage or reader._start != reader._end:
            return False
        if self._link.unsent(session.unsent()):
            return False
        return not (session._clean and session.store.count)

    def _renew(self, now: int) -> None:
        self._guarded(NXD_MQTT_CLIENT._send)
        self._session.disconnect()
        if not self._guarded(NXD_MQTT_CLIENT._send):
            return  # it has broken; what follows is an ordinary loss
        if not self.backoff:
            self.backoff = Once()
        self._renewing = now
        self._end(_AZURE_SAS_TOKEN_EXPIRED, "session", RENEWAL)

    def _forget_renewal(self) -> None:
        self._renewing = NEVER
        if isinstance(self.backoff, Once):
            self.backoff = None

    def leave(self) -> None:
        """End the link in order: the program disconnects."""
        self.disconnect()
        self._forget_renewal()
        self._alarm = NEVER
        self._oversize = [0] * (ANSWER + 1)
        for feature in self.features:
            feature.ended()
            feature.let_go()
        self.announce(ANSWER)


_gc.collect()
