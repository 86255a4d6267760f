# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The broker as an object: a listening socket, an event loop in a thread of its own, and knobs."""

import asyncio
import concurrent.futures
import socket
import threading

from .connection import Common, Connection
from .limits import Limits, new_counters
from .packets import ACCEPTED
from .secure import common_name
from .sessions import Sessions

# A call from another thread waits this long for the loop; only a broken broker takes so long.
_CALL_SECONDS = 10
# At a stop, a TLS handshake may take this long to end; then it is broken off.
_ACCEPT_SECONDS = 0.2
_BACKLOG = 128


def _accept_everybody(client_id: str, username: str | None, password: bytes | None) -> int:
    return ACCEPTED


def _listen(host: str, port: int, buffer: int) -> socket.socket:
    family, _, _, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.create_server(address, family=family, backlog=_BACKLOG)
    if buffer:
        # Accepted sockets inherit it.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    return listener


def _websocket_class():
    try:
        from .websocket import WebSocket
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"WebSocket needs {error.name}: install nxd-mqtt[desktop]", name=error.name
        )
    return WebSocket


class Broker:
    """An MQTT 3.1.1 broker in this process.

    QoS 0 and 1 to subscribers, QoS 0, 1 and 2 from publishers. Used as a context manager, or
    through `start` and `stop`; what it remembers outlives a stop. Every method may be called from
    any thread.

    :param int port: where to listen; 0 picks a free port, which `port` then tells
    :param str host: name or address, IPv4 or IPv6
    :param authenticate: called in the broker's thread with client identifier, user name
        (str or None) and password (bytes or None); returns a CONNACK return code
    :param ssl_context: an `ssl.SSLContext` for TLS, as `secure.server_context` makes it; None for
        plain TCP
    :param websocket: the path to speak WebSocket at, with or without TLS; True for any path, None
        for MQTT without WebSocket
    :param limits: fields of `limits.Limits`
    :raises ModuleNotFoundError: WebSocket is asked for, and wsproto is not installed
    """

    def __init__(
        self,
        port=0,
        host="127.0.0.1",
        authenticate=_accept_everybody,
        ssl_context=None,
        websocket=None,
        **limits,
    ):
        self.host = host
        self.port = port
        self._ssl_context = ssl_context
        self._path = websocket
        self._layer = _websocket_class() if websocket else None
        limits = Limits(**limits)
        counters = new_counters()
        sessions = Sessions(limits, counters)
        self._common = Common(limits, counters, sessions, authenticate or _accept_everybody)
        self._listener = None
        self._loop = None
        self._thread = None
        self._stopping = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exception):
        self.stop()

    # ------------------------------------------------------------ life

    def start(self) -> None:
        """Listen, and serve in a daemon thread.

        :raises OSError: the address cannot be listened on
        """
        if self._thread is not None:
            raise RuntimeError("the broker is running")
        self._listener = _listen(self.host, self.port, self._common.limits.socket_buffer)
        # From now on the port stays the same, so that clients find a restarted broker again.
        self.port = self._listener.getsockname()[1]
        started = concurrent.futures.Future()
        self._thread = threading.Thread(
            target=self._run, args=(started,), name="mqtt-broker", daemon=True
        )
        self._thread.start()
        started.result()

    def stop(self) -> None:
        """Drop all connections and end the thread; sessions and retained messages stay."""
        if self._thread is None:
            return
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()
        self._thread = self._loop = None

    def restart(self, keep_sessions: bool = True) -> None:
        """Stop and start on the same port.

        :param bool keep_sessions: false forgets sessions and retained messages
        """
        self.stop()
        if not keep_sessions:
            self._common.sessions = Sessions(self._common.limits, self._common.counters)
        self.start()

    def _run(self, started: concurrent.futures.Future) -> None:
        try:
            asyncio.run(self._serve(started))
        finally:
            # Nobody waits for a loop that could not start.
            started.cancel()

    async def _serve(self, started: concurrent.futures.Future) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        limits = self._common.limits
        server = await self._loop.create_server(
            self._new_protocol,
            sock=self._listener,
            ssl=self._ssl_context,
            ssl_handshake_timeout=limits.connect_seconds if self._ssl_context else None,
        )
        started.set_result(None)
        await self._stopping.wait()
        # asyncio loses sockets that it is just accepting when their server closes, so accepting
        # ends first, then what was begun, then the server.
        self._loop.remove_reader(self._listener)
        accepting = asyncio.all_tasks() - {asyncio.current_task()}
        if accepting:
            _, unfinished = await asyncio.wait(accepting, timeout=_ACCEPT_SECONDS)
            for task in unfinished:
                task.cancel()
            await asyncio.gather(*unfinished, return_exceptions=True)
        server.close()
        while self._common.open:
            for connection in tuple(self._common.open):
                connection.drop()
            await asyncio.sleep(0)

    def _new_protocol(self) -> asyncio.Protocol:
        common = self._common
        connection = Connection(common)
        if self._layer is None:
            return connection
        return self._layer(connection, common.counters, self._path, common.limits.frame_size)

    def _call(self, function, *arguments):
        """Run a function where the connections live."""
        if self._thread is None or threading.current_thread() is self._thread:
            return function(*arguments)

        async def run():
            return function(*arguments)

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(_CALL_SECONDS)

    # ------------------------------------------------------------ what goes on

    def clients(self) -> list[str]:
        """The identifiers of connected clients, longest connected first."""
        return self._call(list, self._common.connected)

    def statistics(self) -> dict[str, int]:
        """Counters since the broker was made, and how much it remembers now."""
        return self._call(lambda: self._common.counters | self._common.sessions.sizes())

    def violations(self) -> list[str]:
        """The last hundred reasons why the broker ended a connection, as client: [number] text."""
        return self._call(list, self._common.violations)

    def common_name(self, client_id: str) -> str | None:
        """The common name in the certificate that a connected client has shown, None without."""

        def find() -> str | None:
            connection = self._common.connected.get(client_id)
            return None if connection is None else common_name(connection.transport)

        return self._call(find)

    # ------------------------------------------------------------ faults on purpose

    def cut(self, client_id: str) -> bool:
        """Drop a client's TCP connection at once, without a packet; its will is published.

        :return: whether the client was connected
        """

        def drop() -> bool:
            connection = self._common.connected.get(client_id)
            if connection is not None:
                connection.drop()
            return connection is not None

        return self._call(drop)

    def ping(self, client_id: str, payload: bytes = b"") -> bool:
        """Send a WebSocket PING; the statistic `pongs` counts the right answers.

        :param bytes payload: 125 bytes at most
        :return: whether the client was connected, by WebSocket
        """

        def send() -> bool:
            connection = self._common.connected.get(client_id)
            if connection is None or self._layer is None:
                return False
            connection.transport.ping(payload)
            return True

        return self._call(send)

    @property
    def hold_acknowledgements(self) -> bool:
        """While true, packets are handled but PUBACK, PUBREC, PUBCOMP, SUBACK and UNSUBACK wait.

        They go out, in order, when it becomes false; those of ended connections are lost.
        """
        return self._common.hold_acknowledgements

    @hold_acknowledgements.setter
    def hold_acknowledgements(self, value: bool) -> None:
        self._call(self._turn, "hold_acknowledgements", value)

    @property
    def mute(self) -> bool:
        """While true, the broker takes bytes and connections, but handles and sends no packet.

        TLS and WebSocket go on below: their handshakes are answered, and so is a PING.

        When it becomes false, waiting bytes are handled; those of ended connections are lost.
        Keepalive does not run out meanwhile.
        """
        return self._common.mute

    @mute.setter
    def mute(self, value: bool) -> None:
        self._call(self._turn, "mute", value)

    def _turn(self, knob: str, value: bool) -> None:
        setattr(self._common, knob, bool(value))
        for connection in tuple(self._common.open):
            # Later, as this may run inside a connection's own call of `authenticate`.
            self._loop.call_soon(connection.release)
