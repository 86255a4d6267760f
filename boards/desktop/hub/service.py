# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The hub's HTTPS interface for services: identities, twins, methods, and what AMQP would carry.

As at the real hub, with If-Match and the real error codes:

    GET /devices                               GET PUT DELETE /devices/{id}
    GET /devices/{id}/modules                  GET PUT DELETE /devices/{id}/modules/{id}
    GET PATCH PUT /twins/{id}                  GET PATCH PUT /twins/{id}/modules/{id}
    POST /twins/{id}/methods                   POST /twins/{id}/modules/{id}/methods
    DELETE /devices/{id}/commands              GET /statistics/devices, /statistics/service

This hub's own, as the real one has AMQP for that:

    POST /messages/devicebound            a message to the device in `iothub-to`; the body is the
        message's; `iothub-messageid`, `-correlationid`, `-userid`, `-ack`, `-expiry` (seconds since
        1970), `content-type` and `content-encoding` are its system's properties, and every
        `iothub-app-NAME` is one of the application's
    GET /messages/serviceBound/feedback   a list of records, which are gone from then on
    GET /events?from=N&device=ID          a list of telemetry from a sequence number on; bodies
        are in base64
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass

from .cloud_messages import Ack, Message
from .core import Core
from .credentials import Right
from .documents import dump, parse, parse_object
from .exchange import Reply, Request
from .methods import Outcome
from .moments import timestamp
from .refusals import BadRequest, HubError
from .registry import Identity
from .telemetry import Event

_OK, _NO_CONTENT, _NOT_FOUND, _NOT_ALLOWED = 200, 204, 404, 405
_TO = "/devices/{}/messages/devicebound"
_PROPERTY = "iothub-app-"
# Stands for one part of a path.
_ANY = None


@dataclass
class Call:
    """A request on its way to its answer."""

    request: Request
    names: tuple[str, ...]
    """the parts of the path that are names"""
    answer: Callable[[Reply], None]

    @property
    def identity(self) -> Identity:
        """The device or module that the path names."""
        return Identity(*self.names)

    @property
    def wanted_etag(self) -> str | None:
        """What If-Match says."""
        return self.request.headers.get("if-match")


def error_reply(error: HubError) -> Reply:
    """How an error is told."""
    code = f"ErrorCode:{error.name};{error}"
    body = {"Message": code, "ExceptionMessage": f"{error.code}"}
    return Reply(error.status, body, {"iothub-errorcode": error.name})


def event_document(event: Event) -> dict:
    """An event as JSON."""
    return {
        "sequenceNumber": event.sequence_number,
        "offset": str(event.offset),
        "enqueuedTime": timestamp(event.enqueued_at),
        "deviceId": event.identity.device_id,
        "moduleId": event.identity.module_id,
        "properties": dict(event.properties),
        "systemProperties": dict(event.system),
        "body": base64.b64encode(event.body).decode(),
    }


class Service:
    """Answers the requests of services.

    :param Core core: what answers them
    """

    def __init__(self, core: Core):
        self._core = core

    def handle(self, request: Request, answer: Callable[[Reply], None]) -> None:
        """Answer a request, now or later."""
        try:
            route = _find(request)
            if isinstance(route, Reply):
                answer(route)
                return
            right, function, names = route
            self._core.authorize_service(request.headers.get("authorization", ""), right)
            reply = function(self, Call(request, names, answer))
        except HubError as error:
            reply = error_reply(error)
        if reply is not None:
            answer(reply)

    # ------------------------------------------------------------ identities

    def _list_devices(self, call: Call) -> Reply:
        try:
            limit = int(call.request.query.get("top", 1000))
        except ValueError:
            raise BadRequest("top is a number") from None
        records = self._core.registry.devices()[:limit]
        return Reply(_OK, [record.document() for record in records])

    def _list_modules(self, call: Call) -> Reply:
        records = self._core.registry.modules(*call.names)
        return Reply(_OK, [record.document() for record in records])

    def _read_identity(self, call: Call) -> Reply:
        return _tagged(self._core.read_identity(call.identity).document())

    def _write_identity(self, call: Call) -> Reply:
        document = parse_object(call.request.body)
        if call.wanted_etag is None:
            record = self._core.create_identity(call.identity, document)
        else:
            record = self._core.update_identity(call.identity, document, call.wanted_etag)
        return _tagged(record.document())

    def _delete_identity(self, call: Call) -> Reply:
        self._core.delete_identity(call.identity, call.wanted_etag or "*")
        return Reply(_NO_CONTENT)

    def _count_devices(self, call: Call) -> Reply:
        records = self._core.registry.devices()
        enabled = sum(record.enabled for record in records)
        return Reply(
            _OK,
            {
                "totalDeviceCount": len(records),
                "enabledDeviceCount": enabled,
                "disabledDeviceCount": len(records) - enabled,
            },
        )

    def _count_connected(self, call: Call) -> Reply:
        connected = sum(record.connected for record in self._core.registry.devices())
        return Reply(_OK, {"connectedDeviceCount": connected})

    # ------------------------------------------------------------ twins and methods

    def _read_twin(self, call: Call) -> Reply:
        return _tagged(self._core.read_twin(call.identity))

    def _patch_twin(self, call: Call) -> Reply:
        patch = parse_object(call.request.body)
        return _tagged(self._core.patch_twin(call.identity, patch, call.wanted_etag))

    def _replace_twin(self, call: Call) -> Reply:
        document = parse_object(call.request.body)
        return _tagged(self._core.replace_twin(call.identity, document, call.wanted_etag))

    def _invoke(self, call: Call) -> None:
        document = parse_object(call.request.body)
        name = document.get("methodName")
        if not isinstance(name, str):
            raise BadRequest("methodName is a text")
        timeouts = (
            document.get("connectTimeoutInSeconds") or 0,
            document.get("responseTimeoutInSeconds") or 30,
        )
        if not all(isinstance(one, int | float) for one in timeouts):
            raise BadRequest("a time-out is a number")
        body = dump(document["payload"]) if "payload" in document else b""
        self._core.invoke(
            call.identity, name, body, timeouts, lambda outcome: call.answer(_told(outcome))
        )

    # ------------------------------------------------------------ what AMQP would carry

    def _send_message(self, call: Call) -> Reply:
        headers = call.request.headers
        start, end = _TO.split("{}")
        to = headers.get("iothub-to", "")
        if not (to.startswith(start) and to.lower().endswith(end)):
            raise BadRequest("iothub-to is " + _TO.format("{id}"))
        device_id = to[len(start) : -len(end)]
        try:
            ack = Ack(headers.get("iothub-ack", "none"))
            expiry = headers.get("iothub-expiry")
            expiry = None if expiry is None else float(expiry)
        except ValueError:
            raise BadRequest("iothub-ack or iothub-expiry has no such value") from None
        message = Message(
            body=call.request.body,
            properties=tuple(
                (name[len(_PROPERTY) :], value)
                for name, value in call.request.raw_headers
                if name.lower().startswith(_PROPERTY)
            ),
            message_id=headers.get("iothub-messageid", ""),
            correlation_id=headers.get("iothub-correlationid", ""),
            user_id=headers.get("iothub-userid", ""),
            content_type=headers.get("content-type", ""),
            content_encoding=headers.get("content-encoding", ""),
            ack=ack,
            expiry=expiry,
        )
        self._core.send_message(device_id, message)
        return Reply(_NO_CONTENT)

    def _purge(self, call: Call) -> Reply:
        (device_id,) = call.names
        count = self._core.purge_messages(device_id)
        return Reply(_OK, {"deviceId": device_id, "moduleId": None, "totalMessagesPurged": count})

    def _take_feedback(self, call: Call) -> Reply:
        return Reply(_OK, [record.document() for record in self._core.feedback.take()])

    def _read_events(self, call: Call) -> Reply:
        query = call.request.query
        try:
            start = int(query.get("from", 0))
        except ValueError:
            raise BadRequest("from is a number") from None
        wanted = [
            event_document(event)
            for event in self._core.events
            if event.sequence_number >= start
            and query.get("device", event.identity.device_id) == event.identity.device_id
        ]
        return Reply(_OK, wanted)


def _tagged(document: dict) -> Reply:
    return Reply(_OK, document, {"etag": '"{}"'.format(document["etag"])})


def _told(outcome: Outcome) -> Reply:
    if outcome.error is not None:
        return error_reply(outcome.error)
    payload = parse(outcome.body) if outcome.body else None
    return Reply(_OK, {"status": outcome.status, "payload": payload})


_DEVICE = ("devices", _ANY)
_MODULE = (*_DEVICE, "modules", _ANY)
_TWIN = ("twins", _ANY)
_MODULE_TWIN = (*_TWIN, "modules", _ANY)
_READ, _WRITE, _CONNECT = Right.REGISTRY_READ, Right.REGISTRY_WRITE, Right.SERVICE_CONNECT


def _routes():
    """Path -> method -> the right that it takes, and what answers it."""
    identity = {
        "GET": (_READ, Service._read_identity),
        "PUT": (_WRITE, Service._write_identity),
        "DELETE": (_WRITE, Service._delete_identity),
    }
    twin = {
        "GET": (_CONNECT, Service._read_twin),
        "PATCH": (_CONNECT, Service._patch_twin),
        "PUT": (_CONNECT, Service._replace_twin),
    }
    return {
        ("devices",): {"GET": (_READ, Service._list_devices)},
        _DEVICE: identity,
        (*_DEVICE, "modules"): {"GET": (_READ, Service._list_modules)},
        _MODULE: identity,
        (*_DEVICE, "commands"): {"DELETE": (_CONNECT, Service._purge)},
        _TWIN: twin,
        _MODULE_TWIN: twin,
        (*_TWIN, "methods"): {"POST": (_CONNECT, Service._invoke)},
        (*_MODULE_TWIN, "methods"): {"POST": (_CONNECT, Service._invoke)},
        ("statistics", "devices"): {"GET": (_READ, Service._count_devices)},
        ("statistics", "service"): {"GET": (_CONNECT, Service._count_connected)},
        ("messages", "devicebound"): {"POST": (_CONNECT, Service._send_message)},
        ("messages", "serviceBound", "feedback"): {"GET": (_CONNECT, Service._take_feedback)},
        ("events",): {"GET": (_CONNECT, Service._read_events)},
    }


_ROUTES = _routes()


def _matches(pattern: tuple, path: tuple[str, ...]) -> bool:
    return len(pattern) == len(path) and all(
        wanted in (_ANY, part) for wanted, part in zip(pattern, path, strict=True)
    )


def _find(request: Request):
    """A right, a function and names; or the reply to a request that nothing answers."""
    for pattern, methods in _ROUTES.items():
        if not _matches(pattern, request.path):
            continue
        if request.method not in methods:
            return Reply(_NOT_ALLOWED, {"Message": "no such method here"})
        names = tuple(
            part for wanted, part in zip(pattern, request.path, strict=True) if wanted is _ANY
        )
        return *methods[request.method], names
    return Reply(_NOT_FOUND, {"Message": "no such path"})
