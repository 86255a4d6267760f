# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""One HTTP connection: requests in, one after the other, answers out; h11 knows the grammar.

An answer may come later than its request, as a method's does. Meanwhile the connection reads on
only as far as the system's buffers go.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import parse_qsl, unquote, urlsplit

import h11

_LARGEST_BODY = 1_048_576
_LARGEST_HEAD = 16_384
_JSON = "application/json; charset=utf-8"
_NO_CONTENT, _TOO_LARGE = 204, 413


@dataclass
class Reply:
    """What a request is answered with: bytes as they are, anything else as JSON."""

    status: int
    body: object = b""
    headers: dict[str, str] = field(default_factory=dict)

    def data(self) -> bytes:
        """The body's bytes."""
        if isinstance(self.body, bytes):
            return self.body
        return json.dumps(self.body).encode()


@dataclass
class Request:
    """What a client asks for."""

    method: str
    path: tuple[str, ...]
    """its parts, decoded"""
    query: dict[str, str]
    headers: dict[str, str]
    """names in lower case"""
    raw_headers: tuple[tuple[str, str], ...] = ()
    """in their order, names as they were written"""
    body: bytes = b""


Handler = Callable[[Request, Callable[[Reply], None]], None]


def read_request(event: h11.Request) -> Request:
    """Take the fields out of the request line and the headers."""
    target = urlsplit(event.target.decode("latin-1"))
    parts = tuple(unquote(part) for part in target.path.strip("/").split("/"))
    raw = tuple(
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in event.headers.raw_items()
    )
    headers = {name.lower(): value for name, value in raw}
    query = dict(parse_qsl(target.query, keep_blank_values=True))
    return Request(event.method.decode(), parts, query, headers, raw)


class Exchange(asyncio.Protocol):
    """What asyncio calls for one socket that speaks HTTP.

    :param Handler handle: called with each request and with what takes its reply, once
    :param report: called with what was wrong with a request
    """

    def __init__(self, handle: Handler, report: Callable[[str], None]):
        self._handle = handle
        self._report = report
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=_LARGEST_HEAD)
        self._transport = None
        self._request: Request | None = None
        self._body = bytearray()
        self._answering = False
        self._going_on = False

    # ------------------------------------------------------------ called by asyncio

    def connection_made(self, transport) -> None:
        """Begin."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Take bytes of requests."""
        self._http.receive_data(data)
        self._go_on()

    def connection_lost(self, error: Exception | None) -> None:
        """The socket is closed; an answer that still comes goes nowhere."""
        self._transport = None

    # ------------------------------------------------------------ how

    def _go_on(self) -> None:
        """Handle what is complete, as long as no answer is owed."""
        if self._going_on:
            # An answer that came at once: the loop below is still running.
            return
        self._going_on = True
        try:
            while self._transport is not None and not self._answering:
                if not self._take(self._http.next_event()):
                    return
        except h11.RemoteProtocolError as error:
            self._report(f"HTTP: {error}")
            self._refuse(error.error_status_hint)
        finally:
            self._going_on = False

    def _take(self, event) -> bool:
        """Take one event; whether there may be another one."""
        if event in (h11.NEED_DATA, h11.PAUSED):
            self._continue()
            return False
        if isinstance(event, h11.Request):
            self._request = read_request(event)
            self._body.clear()
        elif isinstance(event, h11.Data):
            self._body += event.data
            if len(self._body) > _LARGEST_BODY:
                self._refuse(_TOO_LARGE)
        elif isinstance(event, h11.EndOfMessage):
            self._answering = True
            self._request.body = bytes(self._body)
            self._handle(self._request, self._answer)
        return True

    def _continue(self) -> None:
        if self._http.they_are_waiting_for_100_continue:
            self._send(h11.InformationalResponse(status_code=100, headers=[]))

    def _answer(self, reply: Reply) -> None:
        if self._transport is None:
            return
        self._write(reply)
        self._answering = False
        if self._http.our_state is h11.MUST_CLOSE:
            self._transport.close()
            return
        self._http.start_next_cycle()
        self._go_on()

    def _refuse(self, status: int) -> None:
        if self._http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self._write(Reply(status, {"Message": "bad request"}, {"connection": "close"}))
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def _write(self, reply: Reply) -> None:
        body = reply.data()
        headers = reply.headers
        if reply.status != _NO_CONTENT:
            headers = {"content-type": _JSON, "content-length": str(len(body))} | headers
        head = h11.Response(
            status_code=reply.status,
            headers=list(headers.items()),
            reason=HTTPStatus(reply.status).phrase,
        )
        # HEAD is told how long the body would be, and no more.
        if self._request and self._request.method == "HEAD":
            body = b""
        self._send(head, h11.Data(data=body), h11.EndOfMessage())

    def _send(self, *events) -> None:
        self._transport.write(b"".join(self._http.send(event) or b"" for event in events))
