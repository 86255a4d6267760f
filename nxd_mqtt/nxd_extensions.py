# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The client's functions that NetX does not have, because there a thread does their work.

Their defaults keep NetX's behaviour: a program that calls none of them but poll behaves as in C.
"""

from micropython import const

from .calls import _call, _created, _refuse, _within
from .client import NXD_MQTT_CLIENT
from .nxd import nxd_mqtt_client_poll  # noqa: F401 (programs look for it here, too)
from .status import (
    NX_PTR_ERROR,
    NX_WAIT_FOREVER,
    NXD_MQTT_INVALID_STATE,
    NXD_MQTT_NO_MESSAGE,
    NXD_MQTT_SUCCESS,
)

NXD_MQTT_QUEUE_HOLD = const(0)
NXD_MQTT_QUEUE_DROP_NEW = const(1)
NXD_MQTT_QUEUE_DROP_OLD = const(2)

NXD_MQTT_ACK_ON_QUEUE = const(0)
NXD_MQTT_ACK_ON_GET = const(1)

NXD_MQTT_TIMEOUT_CONNECT = const(0)
NXD_MQTT_TIMEOUT_CONNACK = const(2)
NXD_MQTT_TIMEOUT_PUBACK = const(4)
NXD_MQTT_TIMEOUT_SUBACK = const(9)
NXD_MQTT_TIMEOUT_UNSUBACK = const(11)
NXD_MQTT_TIMEOUT_PINGRESP = const(13)

NXD_MQTT_WANTS_READ = const(1)
NXD_MQTT_WANTS_WRITE = const(2)

_TIMEOUTS = (0, 2, 4, 9, 11, 13)
_MILLISECONDS_PER_TICK = const(10)
_LONGEST_TICKS = const((1 << 27) // 10)

_MOST_SUBSCRIPTIONS = const(1000)

_STATE_IDLE = const(1)
_LINK_OPEN = const(3)


def _exists(client) -> None:
    _created(client)


def nxd_mqtt_client_deadline_get(client):
    """Ask how long the application may sleep if the socket stays silent.

    :return: (status, ticks); ticks is NX_WAIT_FOREVER when only a call can change anything
    """
    status = _call(client, NX_PTR_ERROR, _exists)
    if status:
        return status, NX_WAIT_FOREVER
    with client._lock:
        link = client._link
        now = client._ip.clock()
        left = link.due(now)
        if client._more or client._teller.due():
            left = 0
        elif link.state == _LINK_OPEN:
            left = client._session.deadline(now, client.held())
        elif left < 0:
            return NXD_MQTT_SUCCESS, NX_WAIT_FOREVER
    # Rounded up: a poll that comes a moment early would find nothing to do.
    return NXD_MQTT_SUCCESS, -(-left // _MILLISECONDS_PER_TICK)


def nxd_mqtt_client_socket_get(client):
    """Ask for the open socket, for an application that waits for several.

    :return: (status, socket, wants); wants joins NXD_MQTT_WANTS_READ and NXD_MQTT_WANTS_WRITE;
        socket is None where there is none, or none that a select could wait for
    """
    status = _call(client, NX_PTR_ERROR, _exists)
    if status:
        return status, None, 0
    with client._lock:
        link = client._link
        if link.state != _LINK_OPEN:
            return NXD_MQTT_SUCCESS, None, 0
        wants = 0 if client._reader.holding else NXD_MQTT_WANTS_READ
        if link.unsent(client._session.unsent()):
            wants |= NXD_MQTT_WANTS_WRITE
        waitable = link.live and not hasattr(link.socket, "_available")
        return NXD_MQTT_SUCCESS, link.socket if waitable else None, wants


def nxd_mqtt_client_message_discard(client) -> int:
    """Drop the oldest message of the receive queue unread.

    :return: NXD_MQTT_SUCCESS; NXD_MQTT_NO_MESSAGE; NX_PTR_ERROR; NXD_MQTT_MUTEX_FAILURE
    """
    return _call(client, NX_PTR_ERROR, _message_discard)


def _message_discard(client) -> int:
    with _created(client)._lock:
        if not client._inbox.peek():
            return NXD_MQTT_NO_MESSAGE
        client.take()
    return NXD_MQTT_SUCCESS


def nxd_mqtt_client_queue_policy_set(client, policy: int) -> int:
    """Say what happens to a QoS 0 message that finds the receive queue full.

    :param int policy: NXD_MQTT_QUEUE_HOLD (stop reading until there is room; the default),
        NXD_MQTT_QUEUE_DROP_NEW or NXD_MQTT_QUEUE_DROP_OLD; QoS 1 messages are never dropped
    :return: NXD_MQTT_SUCCESS; NX_PTR_ERROR; NXD_MQTT_INVALID_PARAMETER
    """
    return _call(client, NX_PTR_ERROR, _queue_policy_set, policy)


def _queue_policy_set(client, policy: int) -> None:
    if not _within(policy, 0, 2):
        _refuse("no such queue policy")
    _created(client)._inbox.policy = policy


def nxd_mqtt_client_ack_mode_set(client, mode: int) -> int:
    """Say when a QoS 1 message is acknowledged.

    :param int mode: NXD_MQTT_ACK_ON_QUEUE (when it is in the receive queue; the default, as in C)
        or NXD_MQTT_ACK_ON_GET (when the application has taken or discarded it: what a crash takes
        away before that, the broker sends again)
    :return: NXD_MQTT_SUCCESS; NX_PTR_ERROR; NXD_MQTT_INVALID_PARAMETER
    """
    return _call(client, NX_PTR_ERROR, _ack_mode_set, mode)


def _ack_mode_set(client, mode: int) -> None:
    if not _within(mode, 0, 1):
        _refuse("no such acknowledgement mode")
    _created(client)._inbox.ack_on_get = mode
    client._more = True  # what was unacknowledged until now may be owed


def _idle(client) -> NXD_MQTT_CLIENT:
    """The client, if it has no link and wants none."""
    if _created(client).state != _STATE_IDLE:
        _refuse("call it before connect, or after disconnect", NXD_MQTT_INVALID_STATE)
    return client


def nxd_mqtt_client_reconnect_set(
    client, minimum_ticks: int, maximum_ticks: int, subscriptions: int = 16
) -> int:
    """Let the client connect again by itself, from the first connect on.

    It stays CONNECTING until it succeeds, is refused for good, has lost three connections in a row
    to the same protocol violation, or ``nxd_mqtt_client_disconnect`` is called. Meanwhile QoS 1
    messages and requests are accepted; what was subscribed to is asked for again where the broker
    has no session any more.

    The pause between two attempts doubles from the shortest to the longest, each drawn at random
    from the upper half; it is the shortest again after a link that was up for 30 s, or for the
    longest pause where that is less.

    :param int minimum_ticks: the shortest pause, 10 ms each
    :param int maximum_ticks: the longest pause; 0 for both turns it off (the default, as in C)
    :param int subscriptions: how many topic filters can be remembered
    :return: NXD_MQTT_SUCCESS; NX_PTR_ERROR; NXD_MQTT_INVALID_PARAMETER; NXD_MQTT_INVALID_STATE
        with a link, or on the way to one
    """
    return _call(client, NX_PTR_ERROR, _reconnect_set, minimum_ticks, maximum_ticks, subscriptions)


def _reconnect_set(client, minimum: int, maximum: int, depth: int) -> None:
    backoff = table = None
    if maximum != 0 or minimum != 0:
        if not _within(maximum, 1, _LONGEST_TICKS) or not _within(minimum, 1, maximum):
            _refuse("the pauses must be ticks from 1 on, the shorter one first")
        if not _within(depth, 1, _MOST_SUBSCRIPTIONS):
            _refuse("subscriptions must be 1 to 1000")
        from random import randint

        from .reconnect import Backoff, Subscriptions

        ticks = _MILLISECONDS_PER_TICK
        backoff = Backoff(minimum * ticks, maximum * ticks, randint)
        table = Subscriptions(depth)
    with _created(client)._lock:
        _idle(client).backoff = backoff
        client._session.subscriptions = table


def nxd_mqtt_client_store_set(client, store) -> int:
    """Keep unacknowledged QoS 1 messages where the store keeps them, before the first connect.

    What the store has kept from before is sent at the next connect. From then on ``publish`` also
    returns NXD_MQTT_INTERNAL_ERROR, when the medium fails; ``client.reason`` has the cause.

    :param store: a ``FileStore``
    :return: NXD_MQTT_SUCCESS; NX_PTR_ERROR; NXD_MQTT_INVALID_STATE after the first link;
        NXD_MQTT_INTERNAL_ERROR when the medium fails; NXD_MQTT_INVALID_PARAMETER for what is on the
        medium and is not this client's
    """
    if not hasattr(store, "attach") or isinstance(store, type):
        return NX_PTR_ERROR
    return _call(client, NX_PTR_ERROR, _store_set, store)


def _store_set(client, store) -> None:
    with _created(client)._lock:
        session = _idle(client)._session
        # The identifiers that the files bring must not be in use.
        if session.store.count or client.connects or hasattr(session.store, "attach"):
            _refuse("the client has a store, or had a link", NXD_MQTT_INVALID_STATE)
        store.attach(client.client_id, session.store)
        session.store = store


def nxd_mqtt_client_timeout_set(client, which: int, ticks: int) -> int:
    """Say how long the peer may take.

    :param int which: one of the ``NXD_MQTT_TIMEOUT_`` constants
    :param int ticks: 10 ms each; NX_WAIT_FOREVER or 0 for no limit
    :return: NXD_MQTT_SUCCESS; NX_PTR_ERROR; NXD_MQTT_INVALID_PARAMETER
    """
    return _call(client, NX_PTR_ERROR, _timeout_set, which, ticks)


def _timeout_set(client, which: int, ticks: int) -> None:
    if ticks == NX_WAIT_FOREVER:
        ticks = 0
    known = _within(which, 0, 13) and which in _TIMEOUTS
    if not known or not _within(ticks, 0, _LONGEST_TICKS):
        _refuse("no such timeout, or too many ticks")
    _created(client)._session.limits[which] = ticks * _MILLISECONDS_PER_TICK


def nxd_mqtt_client_statistics_get(client):
    """Ask what happened so far.

    :return: (status, statistics): a dict of counters since the client was created, None with an
        error; there is room for "depth" "unacknowledged" packets; "queue_bytes" of "queue_size" are
        of messages that are unread, or not acknowledged yet; "attempts" counts links that were
        tried, "connects" those that the broker accepted, "reconnects" those of them that replaced a
        lost one; "reasons" are the last four endings, each as ``client.reason``
    """
    status = _call(client, NX_PTR_ERROR, _exists)
    if status:
        return status, None
    session = client._session
    inbox = client._inbox
    return NXD_MQTT_SUCCESS, {
        "state": session.state,
        "published": session.published,
        "acknowledged": session.acknowledged,
        "resent": session.resent,
        "unacknowledged": session.store.count,
        "depth": session.store.depth,
        "received": inbox.received,
        "unread": inbox.count,
        "queue_bytes": max(inbox._unread, inbox._unacked),
        "queue_size": inbox._size,
        "dropped": inbox.dropped,
        "oversize": inbox.oversize,
        "attempts": client.attempts,
        "connects": client.connects,
        "reconnects": client.reconnects,
        "reasons": [reason for reason in client.reasons if reason],
        "skipped_topic_length": client._reader.skipped_topic,
        "skipped_message_length": client._reader.skipped_message,
    }
