# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Three WebSocket servers that know nothing of each other, behind one small surface.

The surface: ``name``, ``host``, ``port``, ``path``, ``start``, ``stop``; each is made with a folder
and, for TLS, with the paths of a certificate and its key. In the embedded broker it is wsproto that
speaks; ``websockets`` is a library whose server is bridged to an embedded broker without WebSocket;
``iotcore`` is a broker of its own with tungstenite in it.
"""

import functools
import socket
import subprocess
import threading
from pathlib import Path

import peers
from cryptography.hazmat.primitives import serialization
from devices import Device
from tls_bench import Setup

from boards.desktop.broker import Broker
from boards.desktop.broker.secure import server_context
from nxd_mqtt.nxd import NX_TRUE, NXD_MQTT_SUCCESS
from nxd_mqtt.tls import nxd_mqtt_client_secure_connect
from nxd_mqtt.websocket import nxd_mqtt_client_websocket_set

LOOPBACK = "127.0.0.1"
LARGEST_PAYLOAD = 200_000

_READ_BYTES = 65536
_START_SECONDS = 10
# A server with an intermediate's bad habit: no frame is longer.
_FRAME_SIZE = 700


class EmbeddedServer:
    """The desktop board's own broker, which speaks WebSocket by wsproto.

    :param Path folder: not needed, it writes no files
    :param files: paths of a certificate and its key, None for plain links
    """

    name = "embedded"
    host = LOOPBACK
    path = "/mqtt"

    def __init__(self, folder: Path, files=None) -> None:
        context = server_context(*files) if files else None
        self.broker = Broker(
            0, ssl_context=context, websocket=self.path, frame_size=_FRAME_SIZE, queued_messages=0
        )
        self.start = self.broker.start
        self.stop = self.broker.stop

    @property
    def port(self) -> int:
        """Where it listens."""
        return self.broker.port


class BridgedServer:
    """The server of the ``websockets`` library, which brings each link to a broker behind it.

    :param Path folder: not needed, it writes no files
    :param files: paths of a certificate and its key, None for plain links
    """

    name = "websockets"
    host = LOOPBACK
    path = "/mqtt"

    def __init__(self, folder: Path, files=None) -> None:
        self.broker = Broker(0, queued_messages=0)
        self.links = []
        self.codes = []
        """What the CLOSE of each link said."""
        self._context = server_context(*files) if files else None
        self._server = self._thread = None
        # A link that is closed in the middle of a message in fragments has failed, with 1011.
        self._sending = threading.Lock()
        self.port = 0

    def start(self) -> None:
        """Listen, on the same port as the last time."""
        from websockets.sync.server import serve

        self.broker.start()
        self._server = serve(
            self._bridge,
            self.host,
            self.port,
            subprotocols=["mqtt"],
            ssl=self._context,
            max_size=None,
        )
        self.port = self._server.socket.getsockname()[1]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Be gone, links and all."""
        if self._server is not None:
            self._server.shutdown()
            self._thread.join(_START_SECONDS)
            self._server = None
        self.broker.stop()
        for link in tuple(self.links):
            _cut(link.socket)

    def goodbye(self, code: int, reason: str) -> None:
        """Close the first link, and wait for the answer."""
        with self._sending:
            self.links[0].close(code, reason)

    def _bridge(self, link) -> None:
        from websockets.exceptions import ConnectionClosed

        self.links.append(link)
        with socket.create_connection((self.broker.host, self.broker.port)) as inner:
            inner.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            back = threading.Thread(target=self._bring_back, args=(link, inner), daemon=True)
            back.start()
            try:
                for data in link:
                    inner.sendall(data)
            except (ConnectionClosed, OSError):
                pass
            finally:
                _cut(inner)
                back.join(_START_SECONDS)
                self.codes.append(link.close_code)
                self.links.remove(link)

    def _bring_back(self, link, inner) -> None:
        from websockets.exceptions import ConnectionClosed

        try:
            while data := inner.recv(_READ_BYTES):
                # A message in fragments, wherever the packets begin.
                starts = range(0, len(data), _FRAME_SIZE)
                with self._sending:
                    link.send(data[at : at + _FRAME_SIZE] for at in starts)
            link.close()
        except (ConnectionClosed, OSError):
            pass


def _cut(sock) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # somebody was faster


class IotcoreServer:
    """A broker of its own, compiled into the ``iotcore`` package, with its own WebSocket.

    :param Path folder: where its configuration is written
    :param files: paths of a certificate and its key, None for plain links
    """

    name = "iotcore"
    host = LOOPBACK
    path = "/mqtt"

    def __init__(self, folder: Path, files=None) -> None:
        self.port = peers.free_port()
        lines = [
            "id = 0",
            "[router]",
            "id = 0",
            "max_connections = 100",
            "max_outgoing_packet_count = 200",
            "max_segment_size = 10485760",
            "max_segment_count = 10",
            "[ws.1]",
            'name = "websocket"',
            f'listen = "{self.host}:{self.port}"',
            "next_connection_delay_ms = 1",
        ]
        if files:
            certificate, key = files
            lines += ["[ws.1.tls]", f'certpath = "{certificate}"', f'keypath = "{_pkcs8(key)}"']
        lines += [
            "[ws.1.connections]",
            "connection_timeout_ms = 5000",
            f"max_payload_size = {LARGEST_PAYLOAD}",
            "max_inflight_count = 100",
            "dynamic_filters = true",
        ]
        self._configuration = folder / "iotcore.toml"
        self._configuration.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self._broker = None

    def start(self) -> None:
        """Start it, in a process of its own."""
        try:
            from iotcore import Broker as Iotcore
        except ImportError:
            peers.miss("iotcore")
        self._broker = Iotcore(config_path=str(self._configuration))
        self._broker.start(_START_SECONDS)

    def stop(self) -> None:
        """End it."""
        if self._broker is not None:
            try:
                self._broker.stop()
            except subprocess.TimeoutExpired:
                pass


def _pkcs8(path) -> str:
    """The same key in a file of the only format that every library reads."""
    key = serialization.load_pem_private_key(Path(path).read_bytes(), None)
    target = Path(path).with_suffix(".pkcs8")
    target.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return str(target)


KINDS = {kind.name: kind for kind in (EmbeddedServer, BridgedServer, IotcoreServer)}


class WebSocketDevice(Device):
    """One client that speaks WebSocket.

    :param str client_id: of the client
    :param server: whose path it asks for
    :param root: path of the certificate to trust; None for plain links
    :param measures: further arguments of ``Device``
    """

    def __init__(self, client_id, server, root=None, **measures) -> None:
        super().__init__(client_id, **measures)
        status = nxd_mqtt_client_websocket_set(self.client, "localhost", server.path)
        assert status == NXD_MQTT_SUCCESS
        if root:
            self.try_to_connect = functools.partial(self._secure_connect, Setup(root))

    def _secure_connect(self, setup, peer, keepalive=60, clean=NX_TRUE, wait=500) -> int:
        return nxd_mqtt_client_secure_connect(
            self.client, peer.host, peer.port, setup, keepalive, clean, wait
        )
