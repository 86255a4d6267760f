# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A secure client on the doubles of every network hardware, with a pool or with a radio."""

import pytest
from adafruit_connection_manager import create_fake_ssl_context
from client_bench import HOST_NAME, App
from doubles.dialects import AIRLIFT, CPYTHON_TCP, ESPRESSIF, HOST, RP2, WIZNET
from doubles.platform import Platform
from doubles.tls import Context
from doubles.trials import PORT
from doubles.websocket_peer import WebSocketServer
from radio_platform import RadioPlatform
from tls_bench import Setup

from nxd_mqtt.nxd import NX_NO_WAIT, NX_SUCCESS, nx_ip_create
from nxd_mqtt.tls import nxd_mqtt_client_secure_connect
from nxd_mqtt.websocket import nxd_mqtt_client_websocket_set

NETWORKS = (HOST, ESPRESSIF, RP2, WIZNET, AIRLIFT, CPYTHON_TCP)
# Those whose TLS is the firmware's own, and reports what mbedTLS has said.
BOARDS = (HOST, ESPRESSIF, RP2, WIZNET)

every_network = pytest.mark.parametrize("network", NETWORKS, ids=str)
every_board = pytest.mark.parametrize("network", BOARDS, ids=str)
every_way = pytest.mark.parametrize("radio", (False, True), ids=("pool", "radio"))


class CoProcessor:
    """What ConnectionManager's context for a co-processor asks the radio for."""

    TLS_MODE = 2


def context_of(pool):
    """The TLS context that a program has on this network's hardware."""
    if pool.dialect.kind == "airlift":
        return create_fake_ssl_context(pool, CoProcessor())
    return Context(pool)


def secure_platform(network, radio=False, **named):
    """A platform with TLS; ``context`` is what makes its sockets secure."""
    if radio:
        made = []
        ip = RadioPlatform(
            dialect=network,
            ssl_context=lambda pool: made.append(context_of(pool)) or made[0],
            **named,
        )
        ip.context = made[0]
        return ip
    ip = Platform(dialect=network, **named)
    ip.context = context_of(ip.sockets)
    status = nx_ip_create(
        ip, "secure", socket_pool=ip.sockets, ssl_context=ip.context, clock=ip.time
    )
    assert status == NX_SUCCESS
    return ip


class SecureApp(App):
    """An application that connects over TLS.

    :param network: the dialect of the plain sockets
    :param bool radio: with a radio, else with a pool and a context
    :param bool framed: with WebSocket between TLS and MQTT; ``peer`` has MQTT's bytes
    """

    def __init__(self, network, radio=False, setup=None, framed=False, **named):
        self.setup = setup or Setup()
        self.framed = framed
        super().__init__(ip=secure_platform(network, radio), **named)
        self.context = self.ip.context
        if framed:
            nxd_mqtt_client_websocket_set(self.client, HOST_NAME, "/mqtt")

    def renew_script(self):
        """Forget what the broker was to do; the next connection is its first."""
        super().renew_script()
        self.serve(self.script)

    def serve(self, acceptor):
        """Let another broker be there, behind a WebSocket server if that is the way."""
        self.server = WebSocketServer(acceptor) if self.framed else acceptor
        self.sockets.listen(PORT, self.server)

    @property
    def peer(self):
        """The broker's end of the newest connection."""
        return self.server.ends[-1] if self.framed else self.sockets.connections[-1]

    def start(self, wait=NX_NO_WAIT, keepalive=0, clean=1, host=HOST_NAME, port=PORT):
        """Connect; returns the status."""
        return nxd_mqtt_client_secure_connect(
            self.client, host, port, self.setup, keepalive, clean, wait
        )

    def nothing_left(self):
        """Whether every socket is closed, once, and ConnectionManager has forgotten them."""
        manager = self.ip.manager
        return self.all_closed() and not (manager and manager.managed_socket_count)

    def until_ended(self, ticks=10_000):
        """Poll until the link has ended; returns the status that said so."""
        end = self.clock.elapsed + ticks * 10
        while self.clock.elapsed <= end:
            status = self.poll(100)
            if status:
                return status
        raise AssertionError("still connected after %d ticks" % ticks)
