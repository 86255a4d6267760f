# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Listening sockets that take every protocol: each connection's first bytes tell which it is.

TLS is a property of a port; what comes through it is not. The table that names the protocols is
handed in, so that a further front end is a further row:

    b"\\x10"  CONNECT of MQTT
    b"A"     AMQP
    letters  HTTP, and with "Upgrade: websocket" the subprotocol that it names
"""

import asyncio
import socket
import ssl
import weakref
from collections.abc import Callable
from dataclasses import dataclass

MQTT, AMQP, HTTP = "mqtt", "amqp", "http"
# Rows of the table for what comes in WebSocket frames: this and the subprotocol.
WEBSOCKET = "websocket:"

_FIRST_BYTES = {0x10: MQTT, ord("A"): AMQP} | dict.fromkeys(b"GPDH", HTTP)
_END_OF_HEAD = b"\r\n\r\n"
_LARGEST_HEAD = 8192

_BACKLOG = 128
# Time for a TLS handshake, and again for the first bytes after it.
_PATIENCE = 10.0
# After an accept that failed, mostly for want of file descriptors.
_ACCEPT_PAUSE = 0.1


@dataclass
class Protocols:
    """What the ports of one hub share."""

    table: dict[str, Callable[[], asyncio.Protocol]]
    context: Callable[[], ssl.SSLContext]
    """asked for every handshake, so that the certificate may change"""
    count: Callable[[str], None]
    report: Callable[[str], None]


def listen(address: str, port: int) -> socket.socket:
    """Open a listening socket.

    :param int port: 0 takes a free one
    """
    family, _, _, _, where = socket.getaddrinfo(
        address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.create_server(where, family=family, backlog=_BACKLOG)
    listener.setblocking(False)
    return listener


def websocket_subprotocols(head: bytes) -> list[str] | None:
    """Read what a request says about WebSocket.

    :param bytes head: the request up to its empty line
    :return: the offered subprotocols; None for a request without an upgrade to WebSocket
    """
    upgrade, offered = False, []
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.decode("latin-1").partition(":")
        name, value = name.strip().lower(), value.strip()
        if name == "upgrade":
            upgrade = upgrade or value.lower() == "websocket"
        elif name == "sec-websocket-protocol":
            offered += [part.strip() for part in value.split(",")]
    return offered if upgrade else None


class Ports:
    """The open ports of a hub and the sockets that came through them.

    :param Protocols protocols: what to do with them
    """

    def __init__(self, protocols: Protocols):
        self._protocols = protocols
        self._tasks: set[asyncio.Task] = set()
        self._transports = weakref.WeakSet()

    def open(self, listener: socket.socket, secure: bool) -> None:
        """Accept from now on; the listener is closed with the ports."""
        self._start(self._accept(listener, secure))

    async def close(self) -> None:
        """Accept nothing more, and drop whatever is connected."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        # Losing one connection may begin another: one more round finds nothing.
        while open_transports := [one for one in self._transports if not _is_closed(one)]:
            for transport in open_transports:
                transport.abort()
            await asyncio.sleep(0)

    # ------------------------------------------------------------ how

    def _start(self, coroutine) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _accept(self, listener: socket.socket, secure: bool) -> None:
        loop = asyncio.get_running_loop()
        with listener:
            while True:
                try:
                    raw, _ = await loop.sock_accept(listener)
                except OSError as error:
                    self._protocols.report(f"accept: {error.strerror}")
                    await asyncio.sleep(_ACCEPT_PAUSE)
                    continue
                self._start(self._begin(raw, secure))

    async def _begin(self, raw: socket.socket, secure: bool) -> None:
        loop = asyncio.get_running_loop()
        options = {}
        if secure:
            options = {"ssl": self._protocols.context(), "ssl_handshake_timeout": _PATIENCE}
        try:
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            transport, _ = await loop.connect_accepted_socket(
                lambda: _Sniffer(self._protocols), raw, **options
            )
        except OSError as error:
            self._protocols.count("handshakes_failed")
            self._protocols.report(f"TLS handshake: {error}")
            raw.close()
        except asyncio.CancelledError:
            raw.close()
            raise
        else:
            self._transports.add(transport)


def _is_closed(transport) -> bool:
    raw = transport.get_extra_info("socket")
    return raw is None or raw.fileno() < 0


class _Sniffer(asyncio.Protocol):
    """Reads first bytes, then steps aside for the protocol that they belong to."""

    def __init__(self, protocols: Protocols):
        self._protocols = protocols
        self._transport = None
        self._seen = bytearray()
        self._timer = None

    def connection_made(self, transport) -> None:
        """Begin: somebody owes a first byte."""
        self._transport = transport
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(_PATIENCE, self._give_up, "silent_connections")

    def data_received(self, data: bytes) -> None:
        """Take bytes until they tell their protocol."""
        self._seen += data
        name = self._protocol_name()
        if name is None:
            return
        self._timer.cancel()
        make = self._protocols.table.get(name)
        if make is None:
            self._protocols.report(f"no front end for {name}")
            self._give_up("unknown_protocols")
            return
        protocol = make()
        self._transport.set_protocol(protocol)
        protocol.connection_made(self._transport)
        protocol.data_received(bytes(self._seen))

    def connection_lost(self, error: Exception | None) -> None:
        """Gone before it said anything useful."""
        self._timer.cancel()

    def _protocol_name(self) -> str | None:
        """The row of the table; None while more bytes are needed."""
        first = self._seen[0]
        name = _FIRST_BYTES.get(first, f"first byte 0x{first:02x}")
        if name is not HTTP:
            return name
        end = self._seen.find(_END_OF_HEAD)
        if end < 0:
            # What never ends its head is refused as HTTP, which has the words for it.
            return HTTP if len(self._seen) > _LARGEST_HEAD else None
        offered = websocket_subprotocols(bytes(self._seen[:end]))
        if offered is None:
            return HTTP
        for subprotocol in offered:
            if WEBSOCKET + subprotocol in self._protocols.table:
                return WEBSOCKET + subprotocol
        return WEBSOCKET

    def _give_up(self, counter: str) -> None:
        self._protocols.count(counter)
        self._transport.close()
