# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The hub as an object: ports, an event loop in a thread of its own, and everything to look at.

    with Hub(devices=("sensor",)) as hub:
        print(hub.connection_string("sensor"), hub.port, hub.ca_file)

What has to do with time goes by the clock that was handed in. The loop looks at it every few
milliseconds; whoever moves a clock of his own calls `tick`, and all that is due has happened when
that returns. Keep alive and handshakes are the exception: they go by the machine's time.
"""

import asyncio
import concurrent.futures
import json
import threading
import time
from collections.abc import Callable

from boards.desktop.broker.websocket import WebSocket

from .certificates import Certificates, Files
from .cloud_messages import Ack, Message
from .core import Closing, Core
from .credentials import make_token
from .exchange import Exchange
from .faults import Faults
from .mqtt import Connection
from .mqtt_front import Front
from .port import HTTP, MQTT, WEBSOCKET, Ports, Protocols, listen
from .quotas import Limits
from .registry import Identity
from .service import Service

WEBSOCKET_PATH = "/$iothub/websocket"
HTTPS_PORT = 443

# A call from another thread waits this long for the loop; only a broken hub takes so long.
_CALL_SECONDS = 10
_TICK_SECONDS = 0.01
_POLL_SECONDS = 0.002
_POLICY = "iothubowner"


class Hub:
    """An IoT Hub in this process.

    Used as a context manager, or through `start` and `stop`; what it remembers outlives a stop.
    Every method may be called from any thread.

    :param port: where to listen, or several of them; 0 picks a free one, which `port` then tells
    :param bool tls: whether these ports speak TLS
    :param plain_port: one more port, without TLS; None for none
    :param str host: the hub's name, as connection strings and tokens have it
    :param str address: where to listen
    :param devices: ids of devices that are there from the beginning
    :param clock: tells seconds since 1970
    :param Limits limits: what is bounded, and how
    :param bool lenient: take the topic filters of Adafruit's library, too
    :param Certificates certificates: what the server shows; None makes new ones
    """

    def __init__(
        self,
        port=0,
        *,
        tls: bool = True,
        plain_port: int | None = None,
        host: str = "localhost",
        address: str = "127.0.0.1",
        devices=("dev1",),
        clock: Callable[[], float] = time.time,
        limits: Limits | None = None,
        lenient: bool = False,
        certificates: Certificates | None = None,
    ):
        self.host = host
        self.address = address
        self.ports = [port] if isinstance(port, int) else list(port)
        self.plain_port = plain_port
        self.tls = tls
        self.certificates = certificates or Certificates((host,))
        self.faults = Faults()
        self.core = Core(host, clock, limits)
        self._clock = clock
        self._front = Front(self.core, self.faults, clock, lenient)
        self._service = Service(self.core)
        self._loop = None
        self._thread = None
        self._stopping = None
        for device_id in devices:
            self.add_device(device_id)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exception):
        self.stop()

    # ------------------------------------------------------------ life

    @property
    def port(self) -> int:
        """The first port."""
        return self.ports[0]

    def start(self) -> None:
        """Listen, and serve in a daemon thread.

        :raises OSError: a port cannot be listened on
        """
        if self._thread is not None:
            raise RuntimeError("the hub is running")
        listeners = self._listen()
        started = concurrent.futures.Future()
        self._thread = threading.Thread(
            target=self._run, args=(listeners, started), name="iot-hub", daemon=True
        )
        self._thread.start()
        started.result()

    def stop(self) -> None:
        """Drop all connections and end the thread; devices, twins, messages and sessions stay."""
        if self._thread is None:
            return
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()
        self._thread = self._loop = None

    def _listen(self) -> list:
        """Open every port, with whether it speaks TLS; from now on their numbers stay the same."""
        wanted = [(port, self.tls) for port in self.ports]
        if self.plain_port is not None:
            wanted.append((self.plain_port, False))
        listeners = []
        try:
            for port, secure in wanted:
                listeners.append((listen(self.address, port), secure))
        except OSError:
            for listener, _ in listeners:
                listener.close()
            raise
        numbers = [listener.getsockname()[1] for listener, _ in listeners]
        self.ports = numbers[: len(self.ports)]
        if self.plain_port is not None:
            self.plain_port = numbers[-1]
        return listeners

    def _run(self, listeners, started: concurrent.futures.Future) -> None:
        try:
            asyncio.run(self._serve(listeners, started))
        finally:
            # Nobody waits for a loop that could not start.
            started.cancel()

    async def _serve(self, listeners, started: concurrent.futures.Future) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        ports = Ports(self._protocols())
        for listener, secure in listeners:
            ports.open(listener, secure)
        ticking = self._loop.create_task(self._keep_ticking())
        started.set_result(None)
        await self._stopping.wait()
        ticking.cancel()
        await asyncio.gather(ticking, return_exceptions=True)
        await ports.close()

    def _protocols(self) -> Protocols:
        front = self._front

        def websocket():
            return WebSocket(Connection(front), front.counters, WEBSOCKET_PATH)

        table = {
            MQTT: lambda: Connection(front),
            HTTP: lambda: Exchange(self._service.handle, front.report),
            WEBSOCKET + "mqtt": websocket,
            # Which refuses every other subprotocol.
            WEBSOCKET: websocket,
        }
        return Protocols(table, self.certificates.server_context, front.count, front.report)

    async def _keep_ticking(self) -> None:
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            self._tick()

    def _tick(self) -> None:
        self.core.tick()
        self._front.tick()

    def _call(self, function, *arguments):
        """Run a function where the connections live."""
        if self._thread is None or threading.current_thread() is self._thread:
            return function(*arguments)

        async def run():
            return function(*arguments)

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(_CALL_SECONDS)

    # ------------------------------------------------------------ time

    def tick(self) -> None:
        """Let happen what is due by the clock: tokens, messages' lives, time-outs, delays."""
        self._call(self._tick)

    def wait(self, condition: Callable[[], object], seconds: float = 5.0):
        """Wait, by the machine's time, for something to become true.

        :return: what the condition said at last
        :raises TimeoutError: it did not
        """
        deadline = time.monotonic() + seconds
        while not (result := condition()):
            if time.monotonic() > deadline:
                raise TimeoutError("what was waited for did not happen")
            time.sleep(_POLL_SECONDS)
        return result

    # ------------------------------------------------------------ devices

    def add_device(
        self, device_id: str, x509: bool = False, enabled: bool = True, key: str | None = None
    ) -> str:
        """Add a device.

        :param bool x509: it shows a certificate, and no token
        :param key: its primary key in base64; None makes one
        :return: its connection string
        """
        document = {"status": "enabled" if enabled else "disabled"}
        if x509:
            document["authentication"] = {"type": "certificateAuthority"}
        elif key is not None:
            document["authentication"] = {"symmetricKey": {"primaryKey": key}}
        self._call(self.core.create_identity, Identity(device_id), document)
        return self.connection_string(device_id)

    def add_module(self, device_id: str, module_id: str) -> str:
        """Add a module to a device.

        :return: its connection string
        """
        self._call(self.core.create_identity, Identity(device_id, module_id))
        return self.connection_string(device_id, module_id)

    def remove_device(self, device_id: str) -> None:
        """Remove a device with its modules; who is connected is closed."""
        self._call(self.core.delete_identity, Identity(device_id))

    def enable(self, device_id: str, enabled: bool = True) -> None:
        """Enable a device or, with false, disable it, which closes its connection."""
        document = {"status": "enabled" if enabled else "disabled"}
        self._call(self.core.update_identity, Identity(device_id), document)

    def key(self, device_id: str, module_id: str | None = None) -> str | None:
        """The primary key in base64, None for a device with a certificate."""
        identity = Identity(device_id, module_id)
        return self._call(self.core.registry.find, identity).primary_key

    def token(self, device_id: str, module_id: str | None = None, seconds: float = 3600) -> str:
        """A token made with the primary key, good for so long by the hub's clock."""
        resource = "/".join((self.host, *Identity(device_id, module_id).path))
        expiry = int(self._clock() + seconds)
        return make_token(resource, self.key(device_id, module_id), expiry)

    def certificate(self, device_id: str) -> Files:
        """Files with a certificate that has the device's name, and its key."""
        return self.certificates.device(device_id)

    def connection_string(
        self, device_id: str, module_id: str | None = None, gateway: str | None = None
    ) -> str:
        """What a client is configured with; it tells no port, as no connection string does.

        :param gateway: the host to connect to in place of the hub's name
        """
        parts = [f"HostName={self.host}", f"DeviceId={device_id}"]
        if module_id is not None:
            parts.append(f"ModuleId={module_id}")
        key = self.key(device_id, module_id)
        parts.append("x509=true" if key is None else f"SharedAccessKey={key}")
        if gateway is not None:
            parts.append(f"GatewayHostName={gateway}")
        return ";".join(parts)

    # ------------------------------------------------------------ services

    @property
    def service_connection_string(self) -> str:
        """What a service is configured with, the first port included where it is not 443."""
        host = self.host if self.port == HTTPS_PORT else f"{self.host}:{self.port}"
        key = self.core.policies[_POLICY].primary_key
        return f"HostName={host};SharedAccessKeyName={_POLICY};SharedAccessKey={key}"

    def service_token(self, policy: str = _POLICY, seconds: float = 3600) -> str:
        """A token for a service."""
        expiry = int(self._clock() + seconds)
        return make_token(self.host, self.core.policies[policy].primary_key, expiry, policy)

    @property
    def ca_pem(self) -> str:
        """The root that clients have to trust, as PEM."""
        return self.certificates.ca_pem

    @property
    def ca_file(self) -> str:
        """The path of a file with that root."""
        return self.certificates.ca_file

    def rotate_certificates(self) -> None:
        """Go over to another root: the next handshake shows a server certificate below it."""
        self._call(self.certificates.rotate)

    # ------------------------------------------------------------ what a cloud does

    def events(self, device_id: str | None = None) -> list:
        """What devices have sent, oldest first, as `telemetry.Event`."""
        events = self._call(list, self.core.events)
        return [one for one in events if device_id in (None, one.identity.device_id)]

    def send_message(self, device_id: str, body=b"", properties=(), **fields) -> None:
        """Send a cloud-to-device message.

        :param body: bytes or text
        :param properties: pairs or a dict
        :param fields: of `cloud_messages.Message`: message_id, ack ("full"), expiry ...
        """
        if isinstance(body, str):
            body = body.encode()
        pairs = tuple(properties.items() if isinstance(properties, dict) else properties)
        fields["ack"] = Ack(fields.get("ack", Ack.NONE))
        self._call(self.core.send_message, device_id, Message(body, pairs, **fields))

    def purge_messages(self, device_id: str) -> int:
        """Drop the messages that wait for a device; says how many."""
        return self._call(self.core.purge_messages, device_id)

    def feedback(self) -> list[dict]:
        """Take the feedback records there are, as the hub's JSON has them."""
        return [record.document() for record in self._call(self.core.feedback.take)]

    def twin(self, device_id: str, module_id: str | None = None) -> dict:
        """The whole twin."""
        return self._call(self.core.read_twin, Identity(device_id, module_id))

    def reported(self, device_id: str, module_id: str | None = None) -> dict:
        """The reported properties, without what the hub adds to them."""
        return _plain(self.twin(device_id, module_id)["properties"]["reported"])

    def patch_twin(self, device_id: str, desired=None, tags=None, module_id=None) -> dict:
        """Merge desired properties and tags; says the whole twin."""
        patch = {}
        if desired is not None:
            patch["properties"] = {"desired": desired}
        if tags is not None:
            patch["tags"] = tags
        return self._call(self.core.patch_twin, Identity(device_id, module_id), patch)

    def begin_method(
        self, device_id: str, name: str, payload=None, timeouts=(0, 30), module_id=None
    ) -> concurrent.futures.Future:
        """Call a method without waiting for its answer.

        :param payload: anything that JSON can say; None is an empty body
        :param timeouts: seconds to wait for the device to be there, and then for its answer
        :return: becomes (status, payload), or raises what `refusals` has for it
        """
        answered = concurrent.futures.Future()

        def done(outcome) -> None:
            if outcome.error is not None:
                answered.set_exception(outcome.error)
            else:
                body = json.loads(outcome.body) if outcome.body else None
                answered.set_result((outcome.status, body))

        body = b"" if payload is None else json.dumps(payload).encode()
        identity = Identity(device_id, module_id)
        self._call(self.core.invoke, identity, name, body, timeouts, done)
        return answered

    def invoke_method(self, device_id: str, name: str, payload=None, timeouts=(0, 30)):
        """Call a method, and wait for its answer: (status, payload)."""
        return self.begin_method(device_id, name, payload, timeouts).result()

    # ------------------------------------------------------------ what goes on

    def connected(self) -> list[str]:
        """The client identifiers of all who are connected."""
        return self._call(self._front.connected_names)

    def statistics(self) -> dict[str, int]:
        """Counters since the hub was made."""
        return self._call(lambda: self._front.counters | self.core.counters)

    def reports(self) -> list[str]:
        """The last hundred reasons why the hub refused something, as client: text."""
        return self._call(list, self._front.reports)

    def follow(self, event=None, report=None) -> None:
        """Be told of what goes on, in the hub's thread.

        :param event: called with each telemetry event
        :param report: called with each text that `reports` gets
        """
        if event is not None:
            self._call(self.core.events.follow, event)
        if report is not None:
            self._call(self._front.listeners.append, report)

    # ------------------------------------------------------------ trouble on purpose

    def cut(self, device_id: str, module_id: str | None = None) -> bool:
        """Drop a connection at once, without a packet; its will becomes telemetry.

        :return: whether there was one
        """
        return self._call(self._with_peer, Identity(device_id, module_id), _drop)

    def expire(self, device_id: str, module_id: str | None = None) -> bool:
        """Close a connection as if its token had run out now.

        :return: whether there was one
        """

        def close(peer) -> None:
            peer.close(Closing.EXPIRED)

        return self._call(self._with_peer, Identity(device_id, module_id), close)

    def forget_sessions(self) -> None:
        """Lose all MQTT sessions, as a hub that moves does: the next CONNECT finds none."""
        self._call(self._front.sessions.forget)

    def _with_peer(self, identity: Identity, function) -> bool:
        peer = self.core.connected(identity)
        if peer is not None:
            function(peer)
        return peer is not None


def _drop(peer) -> None:
    peer.drop()


def _plain(document: dict) -> dict:
    return {name: value for name, value in document.items() if not name.startswith("$")}
