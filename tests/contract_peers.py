# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The contract's peer on the socket doubles, and lines to it and to the real one."""

from device.contract import Line
from device.peer import PORTS, Commands
from doubles.websocket_peer import WebSocketServer
from secure_bench import context_of
from tls_bench import Setup

from nxd_mqtt.nxd import *
from nxd_mqtt.tls import _Secure
from nxd_mqtt.websocket import _WebSocket

PLAYED_PORTS = {name: 18830 + number for number, name in enumerate(PORTS)}

# What a peer takes that does not read.
_ROOM = 3000


class PlayedPeer:
    """Accepts connections of a pool and does what they are told, in the doubles' time.

    :param clock: the doubles'
    """

    def __init__(self, clock):
        self._clock = clock
        self.sessions = []

    def __call__(self, connection):
        """Take a new connection, or the server's end of a WebSocket."""
        self.sessions.append(_Session(self._clock, connection))


class _Session:
    def __init__(self, clock, connection):
        self._clock = clock
        self._connection = connection
        self._commands = Commands()
        self._actions = iter(())
        self._busy = False
        connection.on_data = self._go_on

    def _go_on(self):
        while not self._busy:
            for verb, argument in self._actions:
                self._do(verb, argument)
                if self._busy:
                    return
            data = self._connection.take()
            if not data:
                return
            self._actions = self._commands.feed(data)

    def _do(self, verb, argument):
        connection = self._connection
        if verb == "send":
            connection.send(argument)
        elif verb == "close":
            connection.close()
        else:
            self._busy = True
            self._clock.later(argument, self._wake)
            if verb == "hold":
                limit = len(connection.received) + _ROOM
                connection.accept_limit = lambda: max(limit - len(connection.received), 0)

    def _wake(self):
        self._busy = False
        self._connection.accept_limit = None
        self._go_on()


def serve(pool, framed=False):
    """Let the peer listen on all of its ports."""
    peer = PlayedPeer(pool.clock)

    def readily(connection):
        pool.handshake_takes = 0
        (WebSocketServer(peer) if framed else peer)(connection)

    def never(connection):
        pool.handshake_takes = 60_000

    for name in ("tcp", "tls", "ws", "wss"):
        pool.listen(PLAYED_PORTS[name], readily)
    pool.listen(PLAYED_PORTS["silent"], None)
    pool.listen(PLAYED_PORTS["mute"], never)
    return peer


def layers(ip, name, setup=None):
    """What a line of this name has between socket and bytes."""
    secure = None
    if name in ("tls", "wss"):
        client, packets = NXD_MQTT_CLIENT(), NX_PACKET_POOL()
        nx_packet_pool_create(packets, "packets", 64, None, 64)
        assert nxd_mqtt_client_create(client, "kit", "kit", ip, packets) == NXD_MQTT_SUCCESS
        secure = _Secure(client, setup or Setup())
    websocket = _WebSocket(b"broker.test", b"/mqtt") if name in ("ws", "wss") else None
    return secure, websocket


def played_line(ip, name):
    """A line over a platform of the doubles."""
    serve(ip.sockets, name in ("ws", "wss"))
    ip.nap = 10
    if name in ("tls", "wss") and not ip.manager:
        ip.ssl_context = context_of(ip.sockets)
    return Line(ip, "broker.test", PLAYED_PORTS, name, *layers(ip, name))


def real_line(peer, name, root=None, **platform):
    """A line over the system's sockets to a ``Peer``."""
    ip = NX_IP()
    assert nx_ip_create(ip, "real", **platform) == NX_SUCCESS
    setup = Setup(root) if root else None
    line = Line(ip, "127.0.0.1", peer.ports, name, *layers(ip, name, setup))
    line.hold, line.silence, line.short_limit = 250, 30, 200
    return line
