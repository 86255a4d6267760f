# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The client's functions that NetX does not have, because there a thread does their work.

Their defaults keep NetX's behaviour: a program that calls none of them but poll behaves as in C.
"""

from micropython import const

from .calls import _call, _created, _milliseconds, _refuse, _within
from .client import NXD_MQTT_CLIENT
from .status import (
    NX_PTR_ERROR,
    NX_WAIT_FOREVER,
    NXD_MQTT_NO_MESSAGE,
    NXD_MQTT_SUCCESS,
)

NXD_MQTT_QUEUE_HOLD = const(0)
NXD_MQTT_QUEUE_DROP_NEW = const(1)
NXD_MQTT_QUEUE_DROP_OLD = const(2)

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

_LINK_WANTED = const(1)
_LINK_OPEN = const(3)


def _exists(client) -> None:
    _created(client)


def nxd_mqtt_client_poll(client, wait_option: int = 0) -> int:
    """Run one bounded turn of the client: NetX's MQTT thread, called by the application.

    :param int wait_option: ticks to sleep at most before it, until data or a deadline comes
    :return: NXD_MQTT_SUCCESS while a link or an attempt lives; the status of its end once; then
        NXD_MQTT_NOT_CONNECTED; NX_PTR_ERROR; NXD_MQTT_INVALID_PARAMETER
    """
    # Without a wait it is called in a loop, and must take no memory.
    if wait_option == 0 and isinstance(client, NXD_MQTT_CLIENT) and client.state:
        return client.poll(0)
    return _call(client, NX_PTR_ERROR, _poll, wait_option)


def _poll(client, ticks: int) -> int:
    wait = _milliseconds(ticks)
    return _created(client).poll(wait)


def nxd_mqtt_client_deadline_get(client):
    """Ask how long the application may sleep if the socket stays silent.

    :return: (status, ticks); ticks is NX_WAIT_FOREVER when only a call can change anything
    """
    status = _call(client, NX_PTR_ERROR, _exists)
    if status:
        return status, NX_WAIT_FOREVER
    with client._lock:
        link = client._link
        if client._more or client._untold or link.state == _LINK_WANTED:
            return NXD_MQTT_SUCCESS, 0
        if link.state != _LINK_OPEN:
            return NXD_MQTT_SUCCESS, NX_WAIT_FOREVER
        left = client._session.deadline(client._ip.clock(), client._reader.holding)
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
        if client._session.unsent():
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
        error
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
        "received": inbox.received,
        "unread": inbox.count,
        "dropped": inbox.dropped,
        "oversize": inbox.oversize,
        "skipped_topic_length": client._reader.skipped_topic,
        "skipped_message_length": client._reader.skipped_message,
    }
