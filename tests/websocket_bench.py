# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""An application whose client speaks WebSocket, and a server that unpacks it for the broker."""

from client_bench import App
from doubles.dialects import ALL, CPYTHON_TCP
from doubles.script import Script
from doubles.trials import PORT
from doubles.websocket_peer import WebSocketServer

from nxd_mqtt.nxd import NXD_MQTT_SUCCESS
from nxd_mqtt.websocket import nxd_mqtt_client_websocket_set

HOST, PATH = "test.host.org", "/mqtt"

ERROR = 0x30001
VIOLATION = 0x30007
REFUSED = 0x30008
CLOSED = 0x30009

PLAIN = [dialect for dialect in ALL if not dialect.tls]


class WebSocketApp(App):
    """The application of the other tests, with frames around what it says.

    ``peer`` and the script see the bytes of MQTT; ``peer.connection`` has those of the socket.
    """

    def __init__(self, dialect=CPYTHON_TCP, **named):
        super().__init__(dialect=dialect, **named)
        status = nxd_mqtt_client_websocket_set(self.client, HOST, PATH)
        assert status == NXD_MQTT_SUCCESS

    def renew_script(self):
        """Forget what the broker was to do; the next connection is its first."""
        self.script = Script(self.clock)
        self.serve(self.script)

    def serve(self, acceptor, **named):
        """Let another broker be behind the server, or the server be another."""
        self.server = WebSocketServer(acceptor, **named)
        self.sockets.listen(PORT, self.server)
        return self.server

    @property
    def peer(self):
        """The server's end of the newest connection."""
        return self.server.ends[-1]

    def reason(self):
        """Stage and status of the last ending."""
        return self.client.reason[:2]


def nobody(end):
    """A broker that says nothing."""
