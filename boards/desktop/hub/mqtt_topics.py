# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The texts of the hub's MQTT dialect: user names, topics, filters and property bags.

All of it is text to fields and back; nothing here knows a connection. What is not documented is
`None`, what is documented but badly written raises `BadText`.
"""

import re
from dataclasses import dataclass, field
from enum import Enum, auto
from urllib.parse import quote, unquote_to_bytes

Properties = list[tuple[str, str | None]]

_TWIN_ANSWERS = "$iothub/twin/res/#"
_DESIRED = "$iothub/twin/PATCH/properties/desired/#"
_METHODS = "$iothub/methods/POST/#"
# What Adafruit's library subscribes to in their place.
_LENIENT_TWIN_ANSWERS = "$iothub/twin/res/200/#"
_LENIENT_METHODS = "$iothub/methods/#"

_TWIN_READ = "$iothub/twin/GET/"
_REPORT = "$iothub/twin/PATCH/properties/reported/"
_METHOD_ANSWER = "$iothub/methods/res/"

_BROKEN_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
_STATUS = re.compile("-?[0-9]{1,9}")


class BadText(ValueError):
    """A documented text that is badly written."""


class Feature(Enum):
    """What a device can subscribe to."""

    CLOUD_MESSAGES = auto()
    TWIN_ANSWERS = auto()
    DESIRED = auto()
    METHODS = auto()


class Operation(Enum):
    """What a device can do by a PUBLISH."""

    TELEMETRY = auto()
    TWIN_READ = auto()
    REPORT = auto()
    METHOD_ANSWER = auto()


@dataclass(frozen=True)
class User:
    """What a user name tells."""

    host: str
    device_id: str
    module_id: str | None = None
    options: dict[str, str | None] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Request:
    """What a PUBLISH asks for."""

    operation: Operation
    properties: Properties = field(default_factory=list)
    """of telemetry"""
    request_id: str = ""
    status: int = 0
    """of a method's answer"""


# ---------------------------------------------------------------- percent-encoding


def _decode(text: str) -> str:
    if _BROKEN_PERCENT.search(text):
        raise BadText("a % without two hexadecimal digits")
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        raise BadText("percent-encoded bytes that are not UTF-8") from None


def _encode(text: str) -> str:
    return quote(text, safe="")


def decode_bag(text: str) -> Properties:
    """Read a property bag.

    :param str text: `name=value` pairs joined by `&`; a name alone has the value None
    :raises BadText: an empty name, or what percent-encoding forbids
    """
    properties = []
    if not text:
        return properties
    for pair in text.split("&"):
        name, equals, value = pair.partition("=")
        if not name:
            raise BadText("a property without a name")
        if "=" in value:
            raise BadText("a property with two =")
        properties.append((_decode(name), _decode(value) if equals else None))
    return properties


def encode_bag(properties: Properties) -> str:
    """Write a property bag; a value of None leaves the name alone."""
    return "&".join(
        _encode(name) if value is None else f"{_encode(name)}={_encode(value)}"
        for name, value in properties
    )


# ---------------------------------------------------------------- user names


def _is_query(text: str) -> bool:
    return text.startswith(("?", "api-version="))


def read_user(text: str) -> User:
    """Read a user name: host/device[/module], alone or with /?api-version=... or /api-version=...

    :raises BadText: another form
    """
    parts = text.split("/", 2)
    rest = parts.pop() if len(parts) == 3 else ""
    if len(parts) != 2 or not all(parts):
        raise BadText("a user name that is not host/device")
    module_id = None
    if rest and not _is_query(rest):
        module_id, _, rest = rest.partition("/")
        if not module_id:
            raise BadText("a user name with an empty part")
    if rest and not _is_query(rest):
        raise BadText("a user name with too many parts")
    options = dict(decode_bag(rest.removeprefix("?")))
    return User(parts[0], parts[1], module_id, options)


def client_id(device_id: str, module_id: str | None) -> str:
    """The client identifier that belongs to a user name."""
    return device_id if module_id is None else f"{device_id}/{module_id}"


# ---------------------------------------------------------------- topics from a device


def _own_topics(device_id: str, module_id: str | None) -> list[str]:
    """How a device may begin its own topics: some clients encode the ids, some do not."""
    starts = []
    for write in (str, _encode):
        start = f"devices/{write(device_id)}/"
        if module_id is not None:
            start += f"modules/{write(module_id)}/"
        starts.append(start)
    return starts


def _request_id(query: str) -> str:
    """The request id in ?$rid=..., as it is written: an answer repeats it letter for letter."""
    if not query.startswith("?"):
        raise BadText("a topic without ?$rid=")
    for pair in query[1:].split("&"):
        name, _, value = pair.partition("=")
        if _decode(name) == "$rid" and value:
            return value
    raise BadText("a topic without a request id")


def read_topic(topic: str, device_id: str, module_id: str | None = None) -> Request | None:
    """Read the topic of a PUBLISH.

    :return: None for a topic that is not documented, or is somebody else's
    :raises BadText: a documented one with a bad property bag, status or request id
    """
    for start in _own_topics(device_id, module_id):
        events = start + "messages/events/"
        if topic.startswith(events):
            return Request(Operation.TELEMETRY, decode_bag(topic[len(events) :].removesuffix("/")))
    if topic.startswith(_TWIN_READ):
        return Request(Operation.TWIN_READ, request_id=_request_id(topic[len(_TWIN_READ) :]))
    if topic.startswith(_REPORT):
        return Request(Operation.REPORT, request_id=_request_id(topic[len(_REPORT) :]))
    if topic.startswith(_METHOD_ANSWER):
        status, _, query = topic[len(_METHOD_ANSWER) :].partition("/")
        if not _STATUS.fullmatch(status):
            raise BadText("a method's answer whose status is no number")
        return Request(Operation.METHOD_ANSWER, request_id=_request_id(query), status=int(status))
    return None


# ---------------------------------------------------------------- filters


def read_filter(
    topic_filter: str, device_id: str, module_id: str | None = None, lenient: bool = False
) -> Feature | None:
    """Tell what a topic filter asks for.

    :param bool lenient: take the two filters of Adafruit's library, too
    :return: None for one that is not documented, or is somebody else's
    """
    known = {
        _TWIN_ANSWERS: Feature.TWIN_ANSWERS,
        _DESIRED: Feature.DESIRED,
        _METHODS: Feature.METHODS,
    }
    if lenient:
        known[_LENIENT_TWIN_ANSWERS] = Feature.TWIN_ANSWERS
        known[_LENIENT_METHODS] = Feature.METHODS
    if module_id is None:
        # A module has no queue of cloud-to-device messages.
        for start in ("devices/+/", *_own_topics(device_id, None)):
            known[start + "messages/devicebound/#"] = Feature.CLOUD_MESSAGES
    return known.get(topic_filter)


def takes_status(topic_filter: str, status: int) -> bool:
    """Whether a filter for twin answers lets one with this status through."""
    return topic_filter == _TWIN_ANSWERS or topic_filter == f"$iothub/twin/res/{status}/#"


# ---------------------------------------------------------------- topics to a device


def cloud_message_topic(topic_filter: str, device_id: str, properties: Properties) -> str:
    """The topic of a cloud-to-device message, in the writing that the device has asked for.

    :param str topic_filter: by which it has subscribed
    """
    written = topic_filter.split("/")[1]
    if written == "+":
        written = device_id
    return f"devices/{written}/messages/devicebound/{encode_bag(properties)}"


def twin_answer_topic(status: int, request_id: str, version: int | None = None) -> str:
    """The topic of the answer to a twin's read or report; version is the one that a report made."""
    topic = f"$iothub/twin/res/{status}/?$rid={request_id}"
    return topic if version is None else f"{topic}&$version={version}"


def desired_topic(version: int) -> str:
    """The topic that tells of changed desired properties."""
    return f"$iothub/twin/PATCH/properties/desired/?$version={version}"


def method_topic(name: str, request_id: str) -> str:
    """The topic of a method's invocation."""
    return f"$iothub/methods/POST/{_encode(name)}/?$rid={request_id}"
