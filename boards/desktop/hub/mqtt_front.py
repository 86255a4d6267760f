# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What the MQTT connections of one hub share: the core, sessions, faults, counters, and waiting.

And what stands between MQTT's fields and the core's: who a CONNECT is, and which properties of a
message are the application's and which the system's.
"""

import heapq
import itertools
import json
from collections import deque
from collections.abc import Callable

from boards.desktop.broker import packets

from .cloud_messages import Ack, QueuedMessage
from .core import Core
from .faults import Faults
from .moments import timestamp
from .mqtt_sessions import Sessions
from .mqtt_topics import BadText, Operation, Properties, User, client_id, read_topic, read_user
from .refusals import HubError, Refused
from .registry import Identity

_REMEMBERED_REPORTS = 100

# A property's short form in a topic -> its name in the core.
_SYSTEM = {
    "$.mid": "message-id",
    "$.cid": "correlation-id",
    "$.uid": "user-id",
    "$.to": "to",
    "$.ct": "content-type",
    "$.ce": "content-encoding",
    "$.ctime": "creation-time",
    "$.exp": "expiry-time",
    "$.sub": "dt-subject",
    "$.ifid": "iothub-interface-id",
}

# Beside what the core counts.
COUNTED = (
    "sessions_resumed",  # accepted CONNECTs with session present
    "connects_refused",  # CONNECTs answered with another return code than 0
    "disconnects",  # DISCONNECT packets
    "keepalive_timeouts",
    "stalls",  # times that a client did not read what waited for it
    "violations",  # connections ended because of what the client sent
    "closed_expired",  # connections ended because their token was
    "closed_disabled",
    "closed_deleted",
    "received",  # PUBLISH packets, repetitions included
    "received_duplicates",  # of these the ones with DUP
    "acknowledged",  # of these the ones answered with PUBACK
    "twin_errors",  # reads and reports answered with no 2xx
    "answers_unheard",  # twin answers to those who had not subscribed to them
    "delivered",  # cloud-to-device messages sent, each delivery once
    "redelivered",  # of these the ones with DUP
    "delivery_acknowledged",
    "unexpected_acknowledgements",  # PUBACKs for nothing in flight, or too late
    "wills",
    "subscribes",  # SUBSCRIBE packets
    "filters_refused",  # filters answered with 0x80
    "unsubscribes",  # UNSUBSCRIBE packets
    "pings",  # PINGREQ packets
    "pongs",  # WebSocket PONG frames
    "handshakes_failed",  # TLS
    "silent_connections",  # that never said what they speak
    "unknown_protocols",
)


class Rejected(Exception):
    """A CONNECT that is answered with a return code.

    :param int return_code: of CONNACK
    :param str text: why, for the hub's own report
    """

    def __init__(self, return_code: int, text: str):
        super().__init__(text)
        self.return_code = return_code


class Front:
    """Shared by all MQTT connections of a hub.

    :param Core core: what they work for
    :param Faults faults: what goes wrong
    :param clock: the core's
    :param bool lenient: whether the filters of Adafruit's library are taken
    """

    def __init__(self, core: Core, faults: Faults, clock: Callable[[], float], lenient=False):
        self.core = core
        self.faults = faults
        self.lenient = lenient
        self.sessions = Sessions()
        self.counters = dict.fromkeys(COUNTED, 0)
        self.reports: deque[str] = deque(maxlen=_REMEMBERED_REPORTS)
        self.listeners: list[Callable[[str], None]] = []
        self.open = {}
        """every connection whose socket is open, in the order they were made"""
        self.connect_seconds = 10.0
        self._clock = clock
        self._waiting = []
        self._turns = itertools.count()

    def count(self, name: str) -> None:
        """Count one more."""
        self.counters[name] += 1

    def report(self, text: str) -> None:
        """Remember why something was not taken, and tell those who follow."""
        self.reports.append(text)
        for listener in self.listeners:
            listener(text)

    def connected_names(self) -> list[str]:
        """The client identifiers of all who are connected."""
        return [one.name for one in self.open if one.is_connected]

    # ------------------------------------------------------------ waiting by the hub's clock

    def later(self, seconds: float, function: Callable, *arguments) -> None:
        """Call a function when the hub's clock has gone on so far."""
        due = self._clock() + seconds
        heapq.heappush(self._waiting, (due, next(self._turns), function, arguments))

    def tick(self) -> None:
        """Call what is due."""
        while self._waiting and self._waiting[0][0] <= self._clock():
            _, _, function, arguments = heapq.heappop(self._waiting)
            function(*arguments)

    # ------------------------------------------------------------ who connects

    def judge(
        self, packet: packets.Connect, certificate_name: str | None
    ) -> tuple[User, Identity, float | None]:
        """Let a client in.

        :param certificate_name: the common name in the client's certificate, None without
        :return: its user name's parts, who it is, and when its token expires
        :raises Rejected: it stays outside
        """
        try:
            user = read_user(packet.username or "")
        except BadText as error:
            raise Rejected(packets.BAD_USERNAME_OR_PASSWORD, str(error)) from None
        if packet.client_id != client_id(user.device_id, user.module_id):
            text = "the client identifier is not the one in the user name"
            raise Rejected(packets.IDENTIFIER_REJECTED, text)
        try:
            expiry = self.core.authorize(
                user.host, user.device_id, user.module_id, packet.password, certificate_name
            )
        except Refused as refused:
            raise Rejected(packets.NOT_AUTHORIZED, refused.reason.name) from None
        return user, Identity(user.device_id, user.module_id), expiry

    def publish_will(self, identity: Identity, will: packets.Will) -> None:
        """Pass on what a lost client has left."""
        properties, system = event_properties(will_properties(will, identity))
        properties.append(("iothub-MessageType", "Will"))
        if will.retain:
            properties.append(RETAINED)
        try:
            self.core.telemetry(identity, will.payload, properties, system)
        except HubError as error:
            self.report(f"{identity.common_name}: its will: {error}")
        else:
            self.count("wills")


# ---------------------------------------------------------------- properties

RETAINED = ("x-opt-retain", "true")
"""what RETAIN becomes"""


def will_properties(will: packets.Will, identity: Identity) -> Properties:
    """What a will tells in its topic.

    :raises BadText: the hub takes no such will
    """
    request = read_topic(will.topic, *identity)
    if request is None or request.operation is not Operation.TELEMETRY or will.qos > 1:
        raise BadText("a will that is no telemetry at QoS 0 or 1")
    return request.properties


def event_properties(properties: Properties) -> tuple[list[tuple[str, str]], dict[str, str]]:
    """The core's form of a bag.

    :return: the application's properties in their order, and the system's by name
    """
    mine, system = [], {}
    for name, value in properties:
        if name in _SYSTEM:
            system[_SYSTEM[name]] = value or ""
        else:
            mine.append((name, value or ""))
    return mine, system


def message_properties(queued: QueuedMessage) -> Properties:
    """The bag of a cloud-to-device message, the system's properties first."""
    message = queued.message
    system = (
        ("$.mid", message.message_id),
        ("$.to", queued.to),
        ("$.cid", message.correlation_id),
        ("$.uid", message.user_id),
        ("$.ct", message.content_type),
        ("$.ce", message.content_encoding),
        ("$.exp", message.expiry and timestamp(message.expiry)),
        ("iothub-ack", message.ack is not Ack.NONE and message.ack.value),
    )
    return [(name, value) for name, value in system if value] + list(message.properties)


def error_body(error: HubError) -> bytes:
    """What an answer with an error says."""
    return json.dumps({"errorCode": error.code, "message": f"{error.name}: {error}"}).encode()
