# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What is observed of a client: its figures, its round trips, and what happened last.

All of it comes from the client's public calls and its notify callbacks.
"""

import threading
import time
from collections import deque
from dataclasses import dataclass, field, replace
from datetime import datetime
from heapq import merge
from statistics import median

from nxd_mqtt.nxd import (
    NX_IP_PERIODIC_RATE,
    NX_NO_WAIT,
    NX_SUCCESS,
    NXD_MQTT_ERROR_CONNECT_RETURN_CODE,
    NXD_MQTT_NO_MESSAGE,
    NXD_MQTT_SERVER_MESSAGE_FAILURE,
    NXD_MQTT_SUCCESS,
    nxd_mqtt_client_disconnect_notify_set,
    nxd_mqtt_client_message_get,
    nxd_mqtt_client_publish,
    nxd_mqtt_client_receive_notify_set,
    nxd_mqtt_client_subscribe,
)
from nxd_mqtt.nxd_extensions import (
    nxd_mqtt_client_deadline_get,
    nxd_mqtt_client_statistics_get,
)
from nxd_mqtt.tx import tx_wait

from .words import state_name, status_name

CONNECTING = 2
CONNECTED = 3

_SUBACK = 9
_UNSUBACK = 11
_REFUSED = 0x80
# The bits of a CONNACK's return code in a status.
_CODE = 0x7F

# How many round trips the median is of, and how many events are kept to be shown, of the frequent
# ones and of the rare ones.
_ROUND_TRIPS = 100
_EVENTS = 100
# Topic filters whose names are known when their SUBACK comes.
_FILTERS = 1000

# Kinds of which there may be thousands in a second, as of calls that are refused: on the screen
# those of one kind and topic that come within a second are one line.
_FREQUENT = ("message", "arrived", "acknowledged")
_FOLD_SECONDS = 1.0
_FIGURES_SECONDS = 1.0


class Time:
    """The two clocks of a monitor: one that never jumps, one that people read."""

    def seconds(self) -> float:
        """Seconds since some moment."""
        return time.monotonic()

    def wall(self) -> datetime:
        """Date and time, with the offset of the zone."""
        return datetime.now().astimezone()


@dataclass(frozen=True)
class Event:
    """Something that happened to a client, or its figures of one second."""

    kind: str
    seconds: float
    """since the monitor was made"""
    wall: datetime
    fields: dict
    number: int = 0
    """greater than that of every event before"""
    count: int = 1
    """how many of its kind this one stands for"""

    @property
    def frequent(self) -> bool:
        """Whether there may be many like it."""
        return self.kind in _FREQUENT or "call" in self.fields

    def follows(self, other) -> bool:
        """Whether one line on the screen does for both."""
        return (
            self.kind == other.kind
            and self.fields.get("topic") == other.fields.get("topic")
            and self.fields.get("call") == other.fields.get("call")
        )


@dataclass(frozen=True)
class Snapshot:
    """What a picture is drawn of: all that was known at one moment."""

    title: str
    wall: datetime
    seconds: float
    """since the monitor was made"""
    state: int
    session_present: int
    figures: dict
    """as the ``figures`` of the log"""
    round_trips: tuple
    """milliseconds, the newest last"""
    events: tuple
    """the newest last"""
    ending: Event | None
    """the last end of a link or of an attempt"""
    retry_seconds: float | None
    """until the client tries again"""


@dataclass
class _RoundTrips:
    """When what is not acknowledged was published, and how long what is took."""

    taken: deque = field(default_factory=lambda: deque(maxlen=_ROUND_TRIPS))
    _published: dict = field(default_factory=dict)

    def published(self, packet_id: int, seconds: float, connected: bool) -> None:
        """A message was accepted; without a link there is no round trip yet."""
        self._published[packet_id] = (seconds, connected)

    def lost(self) -> None:
        """A link has ended: of what is sent again nobody knows which copy is acknowledged."""
        self._published = {
            packet_id: (seconds, False) for packet_id, (seconds, _) in self._published.items()
        }

    def acknowledged(self, packet_id: int, seconds: float) -> tuple[float | None, bool]:
        """Milliseconds since a message was published, and whether that was one round trip."""
        start, direct = self._published.pop(packet_id, (None, False))
        if start is None:
            return None, False
        passed = (seconds - start) * 1000
        if direct:
            self.taken.append(passed)
        return passed, direct

    def figures(self) -> dict:
        """Last, median and worst of the last ones, in milliseconds."""
        taken = self.taken
        return {
            "round_trip_last": taken[-1] if taken else None,
            "round_trip_median": median(taken) if taken else None,
            "round_trip_worst": max(taken) if taken else None,
        }


class Monitor:
    """Watches one client.

    The notify callbacks that the application has set go on being called, so set them before.
    ``publish``, ``subscribe`` and ``message_get`` stand in for NetX's functions and tell the
    monitor what those alone know: when a message was published, what a filter or a topic is called.

    :param NXD_MQTT_CLIENT client: created, connected or not
    :param str title: what it is called on the screen
    :param bool payloads: whether payloads are shown and recorded, and not their lengths alone
    :param Time time: the clocks
    """

    def __init__(self, client, title="", *, payloads=False, time=None):
        self.client = client
        self.listeners = []
        """Functions that are called with every event, those of figures included."""
        self._title = title or str(client.client_id or b"client", "utf-8", "backslashreplace")
        self._payloads = payloads
        self._time = time or Time()
        self._start = self._next_figures = self._time.seconds()
        self._lock = threading.RLock()
        self._number = 0
        self._frequent = deque(maxlen=_EVENTS)
        self._rare = deque(maxlen=_EVENTS)
        self._round_trips = _RoundTrips()
        self._filters = {}
        self._takes = False
        self._known = list(self._statistics()["reasons"])
        self._lost = False
        self._ending = self._retry = None
        # A link that was there already is at least as old as the monitor.
        self._since = self._start
        self._chain()

    # -- what a program calls -----------------------------------------------------------------

    def publish(self, client, topic_name, message, retain: int, QoS: int, wait_option: int) -> int:  # noqa: N803 - NetX's signature
        """``nxd_mqtt_client_publish``, noticed."""
        connected = client.state == CONNECTED
        began = self._time.seconds()
        status = nxd_mqtt_client_publish(client, topic_name, message, retain, QoS, wait_option)
        if wait_option != NX_NO_WAIT:  # the wait for room is no part of the round trip
            began = self._time.seconds()
        return self._published(status, QoS, began, connected)

    async def tx_publish(self, client, topic_name, message, retain, QoS, wait_option) -> int:  # noqa: N803 - NetX's signature
        """``await tx_wait(nxd_mqtt_client_publish, ...)``, noticed."""
        arguments = (client, topic_name, message, retain, QoS, wait_option)
        status = await tx_wait(nxd_mqtt_client_publish, *arguments)
        # What is accepted is accepted at the end of the wait, on the link of that moment.
        return self._published(status, QoS, self._time.seconds(), client.state == CONNECTED)

    def subscribe(self, client, topic_name, QoS: int) -> int:  # noqa: N803 - NetX's signature
        """``nxd_mqtt_client_subscribe``, noticed."""
        status = nxd_mqtt_client_subscribe(client, topic_name, QoS)
        if status != NXD_MQTT_SUCCESS:
            self._refused("subscribe", status)
        elif len(self._filters) < _FILTERS:
            self._filters[client.packet_identifier] = _text(topic_name)
        return status

    def message_get(self, client, topic_buffer, message_buffer):
        """``nxd_mqtt_client_message_get``, noticed."""
        self._takes = True
        answer = nxd_mqtt_client_message_get(client, topic_buffer, message_buffer)
        status, topic_length, length = answer
        if status == NXD_MQTT_SUCCESS:
            fields = {
                "topic": _text(topic_buffer[:topic_length]),
                "bytes": length,
                "qos": client.message_qos,
                "retain": client.message_retain,
            }
            if self._payloads:
                fields["payload"] = _text(message_buffer[:length])
            self._note("message", fields)
        elif status != NXD_MQTT_NO_MESSAGE:
            self._refused("message_get", status)
        return answer

    def look(self) -> None:
        """Sees what no callback tells, and what is due.

        To be called in the loop that polls the client; where the kernel runs it, in a thread.
        """
        statistics = self._statistics()
        self._see_endings(statistics["reasons"])
        now = self._time.seconds()
        if now >= self._next_figures:
            late = now - self._next_figures
            self._next_figures = now + _FIGURES_SECONDS - late % _FIGURES_SECONDS
            self._tell(self._event("figures", self._figures(statistics)))

    def snapshot(self) -> Snapshot:
        """All that is known now; to be called where ``look`` is."""
        client = self.client
        figures = self._figures(self._statistics())
        now = self._time.seconds()
        retry = None if self._retry is None else max(self._retry - now, 0)
        with self._lock:
            return Snapshot(
                title=self._title,
                wall=self._time.wall(),
                seconds=now - self._start,
                state=client.state,
                session_present=client.session_present,
                figures=figures,
                round_trips=tuple(self._round_trips.taken),
                events=tuple(merge(self._frequent, self._rare, key=lambda one: one.number)),
                ending=self._ending,
                retry_seconds=retry if client.state == CONNECTING else None,
            )

    # -- what the client tells ----------------------------------------------------------------

    def _chain(self) -> None:
        """Set callbacks that go on to those that the application has set."""
        client = self.client
        self._then = (
            client.nxd_mqtt_connect_notify,
            client.nxd_mqtt_ack_receive_notify,
            client.receive_notify,
            client.disconnect_notify,
        )
        client.nxd_mqtt_connect_notify = self._on_connect
        client.nxd_mqtt_ack_receive_notify = self._on_acknowledgement
        nxd_mqtt_client_receive_notify_set(client, self._on_receive)
        nxd_mqtt_client_disconnect_notify_set(client, self._on_disconnect)

    def _on_connect(self, client, status: int, context) -> None:
        # What has failed is seen among the reasons, as are the attempts that no callback tells of.
        if status == NXD_MQTT_SUCCESS:
            self._since = self._time.seconds()
            self._retry = None
            fields = {
                "session_present": client.session_present,
                "attempt": self._statistics()["attempts"],
            }
            self._note("connected", fields)
        if self._then[0]:
            self._then[0](client, status, context)

    def _on_acknowledgement(self, client, kind: int, packet_id: int, code, context) -> None:
        if kind in (_SUBACK, _UNSUBACK):
            fields = {"filter": self._filters.get(packet_id), "packet": packet_id}
            name = "unsubscribed"
            if kind == _SUBACK:
                name = "not granted" if code == _REFUSED else "subscribed"
                fields["qos"] = None if code == _REFUSED else code
            self._note(name, fields)
        else:
            with self._lock:
                passed, direct = self._round_trips.acknowledged(packet_id, self._time.seconds())
            fields = {"packet": packet_id, "milliseconds": passed, "round_trip": direct}
            self._note("acknowledged", fields)
        if self._then[1]:
            self._then[1](client, kind, packet_id, code, context)

    def _on_receive(self, client, count: int) -> None:
        if not self._takes:
            self._note("arrived", {"unread": count})
        if self._then[2]:
            self._then[2](client, count)

    def _on_disconnect(self, client) -> None:
        self._since = self._time.seconds()
        self._lost = True
        with self._lock:
            self._round_trips.lost()
        self._known.append(client.reason)
        self._note_ending("lost", client.reason)
        if self._then[3]:
            self._then[3](client)

    # -- what is kept -------------------------------------------------------------------------

    def _see_endings(self, reasons: list) -> None:
        """Note what has ended and no callback told of, and when the client tries again."""
        new = [reason for reason in reasons if not any(reason is one for one in self._known)]
        self._known = reasons
        if new or self._lost:
            self._lost = False
            self._retry = None
            if self.client.state == CONNECTING:
                _, ticks = nxd_mqtt_client_deadline_get(self.client)
                self._retry = self._time.seconds() + ticks / NX_IP_PERIODIC_RATE
        for reason in new:
            status = reason[1]
            by_broker = status & ~_CODE == NXD_MQTT_ERROR_CONNECT_RETURN_CODE
            by_broker = by_broker or status == NXD_MQTT_SERVER_MESSAGE_FAILURE
            self._note_ending("refused" if by_broker else "failed", reason)

    def _note_ending(self, kind: str, reason) -> None:
        stage, status, cause = reason
        fields = {"stage": stage, "status": status, "name": status_name(status)}
        fields["cause"] = str(cause)
        if kind != "lost":
            left = self._retry and self._retry - self._time.seconds()
            fields["retry_seconds"] = left and max(left, 0)
        self._ending = self._note(kind if status != NX_SUCCESS else "ended", fields)

    def _published(self, status: int, quality: int, began: float, connected: bool) -> int:
        if status != NXD_MQTT_SUCCESS:
            self._refused("publish", status)
        elif quality:
            with self._lock:
                self._round_trips.published(self.client.packet_identifier, began, connected)
        return status

    def _refused(self, call: str, status: int) -> None:
        self._note("refused", {"call": call, "status": status, "name": status_name(status)})

    def _event(self, kind: str, fields: dict) -> Event:
        with self._lock:
            self._number += 1
            seconds = self._time.seconds() - self._start
            return Event(kind, seconds, self._time.wall(), fields, self._number)

    def _note(self, kind: str, fields: dict) -> Event:
        event = self._event(kind, fields)
        with self._lock:
            self._keep(event)
        self._tell(event)
        return event

    def _keep(self, event: Event) -> None:
        """Keep an event to be shown, in the line of one before it where that does."""
        if not event.frequent:
            self._rare.append(event)
            return
        events = self._frequent
        border = self._rare[-1].number if self._rare else 0
        for place in range(len(events) - 1, -1, -1):
            other = events[place]
            if other.number < border or event.seconds - other.seconds >= _FOLD_SECONDS:
                break
            if event.follows(other):
                events[place] = replace(other, fields=event.fields, count=other.count + 1)
                return
        events.append(event)

    def _tell(self, event: Event) -> None:
        for listener in self.listeners:
            listener(event)

    # -- figures ------------------------------------------------------------------------------

    def _statistics(self) -> dict:
        """As the client counts; when it is deleted, as it has counted last."""
        status, statistics = nxd_mqtt_client_statistics_get(self.client)
        if status != NXD_MQTT_SUCCESS:
            return self._counted | {"state": self.client.state}
        self._counted = statistics
        return statistics

    def _figures(self, statistics: dict) -> dict:
        """The client's counters, and what the monitor knows besides."""
        figures = {name: value for name, value in statistics.items() if type(value) is int}
        connected = statistics["state"] == CONNECTED
        age = self._time.seconds() - self._since
        figures |= {
            "state": state_name(statistics["state"]),
            "link_seconds": age if connected else None,
            "without_link_seconds": None if connected else age,
        }
        return figures | self._round_trips.figures()


def _text(data) -> str:
    """A string, or bytes as text whatever they are."""
    return data if isinstance(data, str) else str(data, "utf-8", "backslashreplace")
