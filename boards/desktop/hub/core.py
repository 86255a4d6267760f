# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The hub without a protocol: what its front ends call, and whom it calls back.

A front end speaks one protocol to one client. It lets the core judge the credentials, attaches a
`Peer` for as long as the connection lives, and turns what it hears into calls:

    authorize -> attach -> telemetry, twin, report, next_message, complete ... -> detach

The core reads no clock but the one it was given, owns no timer, no socket and no thread: whoever
runs it calls `tick` when `next_deadline` has come. All calls come from one thread. It calls a peer
from inside such a call, always after its own books are in order, so that a peer may call back.
"""

import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from typing import Protocol

from .cloud_messages import Fate, Feedback, Message, Queue, QueuedMessage, wanted
from .cloud_messages import Record as FeedbackRecord
from .credentials import Policy, Right, new_policies
from .documents import parse_object
from .gate import Gate
from .methods import Invocation, Methods, Outcome
from .quotas import Kind, Limits, Quotas
from .refusals import NotFound, Refused, TooLarge
from .registry import Identity, Record, Registry
from .telemetry import Event, EventLog, Telemetry
from .twins import Twin


class Capability(Enum):
    """What a peer has asked to be told."""

    CLOUD_MESSAGES = auto()
    DESIRED = auto()
    METHODS = auto()


class Closing(Enum):
    """Why the core wants a connection closed."""

    EXPIRED = auto()  # the token it was opened with
    DISABLED = auto()
    DELETED = auto()


class Peer(Protocol):
    """A front end's side of one device's connection."""

    capable: set[Capability]
    """what its client has subscribed to; call `Core.capabilities_changed` after each change"""

    def replaced(self) -> None:
        """Another connection of the same identity begins: close this one."""

    def close(self, reason: Closing) -> None:
        """Close the connection."""

    def wake(self) -> None:
        """A cloud-to-device message may be waiting: call `Core.next_message` until it has none."""

    def desired(self, patch: bytes, version: int) -> None:
        """Desired properties have changed; the patch is JSON and has its `$version` inside too."""

    def method(self, request_id: str, name: str, body: bytes) -> None:
        """Somebody calls a method; the answer goes to `Core.answer_method`."""


_COUNTED = (
    "accepted",  # credentials of devices and modules
    "refused",  # the same, and those of services
    "connections",
    "replaced",  # of these the ones ended by another of the same identity
    "closed",  # of these the ones that the core wanted closed
    "telemetry",
    "twin_reads",  # by devices
    "reports",
    "desired_writes",
    "desired_told",  # of these the ones that reached their device
    "cloud_messages",  # that services have sent
    "deliveries",  # of these, each try
    "methods",
    "methods_sent",  # of these the ones that reached their device
    "method_answers",
    "stray_answers",  # late, foreign and second answers
)


def _say_nothing(outcome: Outcome) -> None:
    pass


@dataclass
class _Connection:
    peer: Peer
    expiry: float | None


class Core:
    """A hub's devices, their twins, messages and methods.

    :param str host: the hub's name, as user names and tokens have it
    :param clock: tells seconds since 1970
    :param Limits limits: what is bounded, and how
    :param aliases: further names of the hub; localhost and its addresses always are
    :param entropy: makes that many random bytes, for keys
    """

    def __init__(
        self,
        host: str = "localhost",
        clock: Callable[[], float] = time.time,
        limits: Limits | None = None,
        aliases: Iterable[str] = (),
        entropy: Callable[[int], bytes] = secrets.token_bytes,
    ):
        self.host = host
        self.limits = limits or Limits()
        self.registry = Registry(clock, entropy)
        """who belongs to the hub; it is changed by the core's own calls only"""
        self.policies: dict[str, Policy] = new_policies(entropy)
        """the keys that services have, by name; `iothubowner` may do everything"""
        self.events = EventLog(self.limits)
        """what devices have sent"""
        self.feedback = Feedback(self.limits.kept_feedback)
        """what became of messages whose senders want to know"""
        self.quotas = Quotas(self.limits, clock)
        self.counters = dict.fromkeys(_COUNTED, 0) | {fate.value: 0 for fate in Fate}
        """how often what has happened; how messages ended by the names of feedback"""
        self._clock = clock
        self._gate = Gate((host, *aliases), self.registry, self.policies, clock)
        self._connections: dict[Identity, _Connection] = {}
        self._twins: dict[Identity, Twin] = {}
        self._queues: dict[str, Queue] = {}
        self._methods = Methods(self.limits, self._deliver_method)

    # ------------------------------------------------------------ who may

    def authorize(
        self,
        host: str,
        device_id: str,
        module_id: str | None = None,
        password: bytes | None = None,
        certificate_name: str | None = None,
    ) -> float | None:
        """Judge the credentials of a device or module.

        :param host: the hub's name as the client gave it
        :param password: a token, or None or empty for none
        :param certificate_name: the common name of the certificate that TLS has verified
        :return: when the token expires, None with a certificate
        :raises Refused: with the `reason`
        """
        identity = Identity(device_id, module_id)
        try:
            expiry = self._gate.device(host, identity, password, certificate_name)
        except Refused:
            self.counters["refused"] += 1
            raise
        self.counters["accepted"] += 1
        return expiry

    def authorize_service(
        self,
        token: bytes | str,
        right: Right = Right.SERVICE_CONNECT,
        event_hubs: bool = False,
    ) -> float:
        """Judge the token of a service.

        :param right: what it wants to do; `REGISTRY_READ` and `REGISTRY_WRITE` for identities
        :param event_hubs: the key signs as text, as it does towards the event hub of a hub
        :return: when the token expires
        :raises Refused: with the `reason`
        """
        try:
            return self._gate.service(token, right, event_hubs)
        except Refused:
            self.counters["refused"] += 1
            raise

    # ------------------------------------------------------------ connections

    def attach(
        self,
        identity: Identity,
        peer: Peer,
        expiry: float | None = None,
        model_id: str | None = None,
    ) -> None:
        """A connection begins; an older one of the same identity is told so, and its locks end.

        :param expiry: what `authorize` returned; `tick` closes the peer at that time
        :param model_id: the model that the client claims to have, shown in its twin
        :raises NotFound:
        """
        record = self.registry.find(identity)
        old = self._connections.get(identity)
        self._connections[identity] = _Connection(peer, expiry)
        self._mark(record, True)
        if model_id is not None:
            record.model_id = model_id
        self.counters["connections"] += 1
        if old is not None and old.peer is not peer:
            self.counters["replaced"] += 1
            self._unlock(identity, old.peer)
            old.peer.replaced()
        self.capabilities_changed(identity, peer)

    def detach(self, identity: Identity, peer: Peer) -> None:
        """A connection has ended: messages that it had locked wait again.

        Of a peer that was replaced or closed by the core nothing is left to end.
        """
        if self.connected(identity) is peer:
            del self._connections[identity]
            self._mark(self.registry.find(identity), False)
        self.release(identity, peer)

    def renew(self, identity: Identity, peer: Peer, expiry: float | None) -> None:
        """The connection goes on with another token."""
        if self.connected(identity) is peer:
            self._connections[identity].expiry = expiry

    def capabilities_changed(self, identity: Identity, peer: Peer) -> None:
        """`peer.capable` is another now: give what has waited for it."""
        if self.connected(identity) is peer:
            self._methods.ready(identity, self._clock())
            self._wake(identity)

    def connected(self, identity: Identity) -> Peer | None:
        """The peer of an identity, None while it is away."""
        connection = self._connections.get(identity)
        return None if connection is None else connection.peer

    def _mark(self, record: Record, connected: bool) -> None:
        record.connected = connected
        record.connected_at = record.active_at = self._clock()

    def _close(self, identity: Identity, reason: Closing) -> None:
        """Have a connection closed, if there is one; from now on the core does not know it."""
        connection = self._connections.pop(identity, None)
        if connection is None:
            return
        self.counters["closed"] += 1
        record = self.registry.get(identity)
        if record is not None:
            self._mark(record, False)
        self._unlock(identity, connection.peer)
        connection.peer.close(reason)

    # ------------------------------------------------------------ what a device does

    def telemetry(
        self,
        identity: Identity,
        body: bytes,
        properties: Iterable[tuple[str, str]] = (),
        system: Mapping[str, str] | None = None,
    ) -> Event:
        """Take a message from a device.

        :param properties: the application's, in their order, decoded
        :param system: message-id, correlation-id, user-id, content-type, content-encoding,
            creation-time and so on, without a protocol's short forms
        :raises TooLarge, Throttled, QuotaExceeded, NotFound:
        """
        record = self.registry.find(identity)
        message = Telemetry(body, tuple(properties), system or {})
        size = message.size
        if size > self.limits.telemetry_size:
            raise TooLarge(f"a message has at most {self.limits.telemetry_size} bytes")
        self.quotas.operation(Kind.TELEMETRY)
        self.quotas.message(size)
        now = record.active_at = self._clock()
        self.counters["telemetry"] += 1
        return self.events.add(identity, message, record.origin(now), now)

    def twin(self, identity: Identity) -> bytes:
        """The twin as its device sees it, as JSON: desired and reported with their `$version`.

        :raises Throttled, NotFound:
        """
        record = self.registry.find(identity)
        self.quotas.operation(Kind.TWIN_READ)
        record.active_at = self._clock()
        self.counters["twin_reads"] += 1
        return self._twins[identity].device_view()

    def report(self, identity: Identity, body: bytes) -> int:
        """Merge reported properties.

        :param body: JSON, an object
        :return: their new version
        :raises BadRequest, Throttled, NotFound:
        """
        record = self.registry.find(identity)
        self.quotas.operation(Kind.TWIN_WRITE)
        now = record.active_at = self._clock()
        version = self._twins[identity].report(parse_object(body), now)
        self.counters["reports"] += 1
        return version

    def next_message(
        self, identity: Identity, owner: object, lock_seconds: float | None = None
    ) -> QueuedMessage | None:
        """Lock the oldest message that waits for a device.

        :param owner: the peer, or one link of it; its locks end together
        :param lock_seconds: how long the lock lasts, None for the hub's own time, `math.inf` for
            as long as the owner
        :return: the message with its `lock`, or None; None for modules, which have no messages
        """
        queue = self._queue(identity)
        if queue is None:
            return None
        queued = queue.lock(owner, self._clock(), lock_seconds)
        self.counters["deliveries"] += queued is not None
        return queued

    def complete(self, identity: Identity, lock: str) -> bool:
        """A message has been dealt with.

        :return: whether the lock was still held; False after it has timed out or was released
        """
        return self._settle(identity, lock, Queue.complete)

    def reject(self, identity: Identity, lock: str) -> bool:
        """A message is not wanted: it goes, with feedback Rejected.

        :return: as `complete`
        """
        return self._settle(identity, lock, Queue.reject)

    def abandon(self, identity: Identity, lock: str) -> bool:
        """A message shall come again.

        :return: as `complete`
        """
        return self._settle(identity, lock, Queue.abandon)

    def release(self, identity: Identity, owner: object) -> None:
        """Abandon all that one owner has locked; `detach` does so for a peer by itself."""
        if self._unlock(identity, owner):
            self._wake(identity)

    def _queue(self, identity: Identity) -> Queue | None:
        return self._queues.get(identity.device_id) if identity.module_id is None else None

    def _settle(self, identity: Identity, lock: str, how: Callable) -> bool:
        queue = self._queue(identity)
        held = queue is not None and how(queue, lock, self._clock())
        # Locks of other messages may have timed out at the same time.
        self._wake(identity)
        return held

    def _unlock(self, identity: Identity, owner: object) -> bool:
        queue = self._queue(identity)
        return queue is not None and queue.release(owner)

    def _wake(self, identity: Identity) -> None:
        queue = self._queue(identity)
        peer = self.connected(identity)
        if peer is None or queue is None or not queue.waiting:
            return
        if Capability.CLOUD_MESSAGES in peer.capable:
            peer.wake()

    def answer_method(self, identity: Identity, request_id: str, status: int, body: bytes) -> bool:
        """A device answers a method; it may have connected again meanwhile.

        :param body: JSON or empty
        :return: whether anybody waited; False for a late, foreign or second answer
        """
        outcome = Outcome(status, bytes(body))
        awaited = self._methods.answer(identity, request_id, outcome, self._clock())
        self.counters["method_answers" if awaited else "stray_answers"] += 1
        return awaited

    # ------------------------------------------------------------ what a service does

    def create_identity(self, identity: Identity, document: Mapping | None = None) -> Record:
        """Add a device, or a module of one.

        :param document: fields as in the hub's JSON (`status`, `authentication` ...), as far as
            they are not to be as usual; keys are made where there are none
        :raises AlreadyExists, BadRequest, NotFound, Throttled:
        """
        self.quotas.operation(Kind.REGISTRY)
        record = self.registry.create(identity, document)
        self._twins[identity] = Twin(self._clock())
        if identity.module_id is None:
            ended = partial(self._message_ended, record)
            self._queues[identity.device_id] = Queue(identity.device_id, self.limits, ended)
        return record

    def read_identity(self, identity: Identity) -> Record:
        """The record of a device or module; its `document()` is the hub's JSON as a dict.

        :raises NotFound, Throttled:
        """
        self.quotas.operation(Kind.REGISTRY)
        return self.registry.find(identity)

    def update_identity(self, identity: Identity, document: Mapping, etag: str = "*") -> Record:
        """Change a device or module; who is disabled by that is disconnected.

        :param etag: as in If-Match: the etag that was read, with or without quotes, or `*`
        :raises NotFound, PreconditionFailed, BadRequest, Throttled:
        """
        self.quotas.operation(Kind.REGISTRY)
        record = self.registry.update(identity, document, etag)
        if not record.enabled:
            modules = self.registry.modules(identity.device_id)
            for member in (record, *modules):
                self._close(member.identity, Closing.DISABLED)
        return record

    def delete_identity(self, identity: Identity, etag: str = "*") -> None:
        """Remove a device with its modules, or one module; whoever is connected is closed.

        :raises NotFound, PreconditionFailed, Throttled:
        """
        self.quotas.operation(Kind.REGISTRY)
        gone = self.registry.delete(identity, etag)
        for name in gone:
            del self._twins[name]
        queue = self._queues.pop(identity.device_id) if identity.module_id is None else None
        for name in gone:
            self._close(name, Closing.DELETED)
            self._methods.drop(name, NotFound(f"{name.common_name!r} was deleted"))
        if queue is not None:
            queue.purge()

    def read_twin(self, identity: Identity) -> dict:
        """The whole twin as a service sees it, as the hub's JSON in a dict; `etag` is inside.

        :raises NotFound, Throttled:
        """
        record = self.registry.find(identity)
        self.quotas.operation(Kind.TWIN_READ)
        return record.twin_view() | self._twins[identity].service_view()

    def patch_twin(self, identity: Identity, patch: Mapping, etag: str | None = None) -> dict:
        """Merge tags and desired properties; a peer that asked for them is told the latter.

        :param patch: `{"tags": ..., "properties": {"desired": ...}}`, either may be missing
        :param etag: as in If-Match, None for whatever there is
        :return: the whole twin
        :raises NotFound, PreconditionFailed, BadRequest, Throttled:
        """
        return self._write_twin(identity, patch, etag, whole=False)

    def replace_twin(self, identity: Identity, document: Mapping, etag: str | None = None) -> dict:
        """As `patch_twin`, but what the document does not name goes."""
        return self._write_twin(identity, document, etag, whole=True)

    def _write_twin(
        self, identity: Identity, document: Mapping, etag: str | None, whole: bool
    ) -> dict:
        record = self.registry.find(identity)
        self.quotas.operation(Kind.TWIN_WRITE)
        twin = self._twins[identity]
        patch = twin.write(document, self._clock(), etag, whole)
        written = record.twin_view() | twin.service_view()
        if patch is not None:
            self.counters["desired_writes"] += 1
            peer = self.connected(identity)
            if peer is not None and Capability.DESIRED in peer.capable:
                self.counters["desired_told"] += 1
                peer.desired(patch, twin.desired.version)
        return written

    def send_message(self, device_id: str, message: Message) -> QueuedMessage:
        """Queue a cloud-to-device message.

        :raises NotFound, QueueFull, TooLarge, BadRequest, Throttled, QuotaExceeded:
        """
        identity = Identity(device_id)
        record = self.registry.find(identity)
        self.quotas.operation(Kind.CLOUD_MESSAGE)
        queue = self._queues[device_id]
        queue.check(message, self._clock())
        self.quotas.message(message.size)
        queued = queue.put(message, self._clock())
        record.messages = len(queue)
        self.counters["cloud_messages"] += 1
        self._wake(identity)
        return queued

    def purge_messages(self, device_id: str) -> int:
        """Drop what waits for a device, locked messages too.

        :return: how many messages that were
        :raises NotFound:
        """
        self.registry.find(Identity(device_id))
        return self._queues[device_id].purge()

    def _message_ended(self, record: Record, queued: QueuedMessage, fate: Fate) -> None:
        self.counters[fate.value] += 1
        record.messages -= 1
        message = queued.message
        if wanted(message.ack, fate):
            self.feedback.add(
                FeedbackRecord(
                    fate=fate,
                    message_id=message.message_id,
                    device_id=queued.device_id,
                    generation=record.generation,
                    at=self._clock(),
                )
            )

    def invoke(
        self,
        identity: Identity,
        name: str,
        body: bytes = b"",
        timeouts: tuple[float, float] = (0, 30),
        done: Callable[[Outcome], None] = _say_nothing,
    ) -> str:
        """Call a method of a device or module.

        :param body: JSON or empty
        :param timeouts: seconds to wait for the device to be there, and then for its answer
        :param done: called once with the `Outcome`: `status` and `body`, or `error`, which is
            NotOnline, NoAnswer, BadAnswer or NotFound; possibly before this call returns
        :return: the request identifier
        :raises NotFound, BadRequest, Throttled:
        """
        self.registry.find(identity)
        self._methods.check(name, body, timeouts)
        self.quotas.operation(Kind.METHOD)
        self.counters["methods"] += 1
        return self._methods.invoke(identity, (name, body), timeouts, self._clock(), done)

    def cancel(self, request_id: str) -> None:
        """Nobody waits for the answer any more: `done` is not called."""
        self._methods.cancel(request_id)

    def _deliver_method(self, invocation: Invocation) -> bool:
        peer = self.connected(invocation.identity)
        if peer is None or Capability.METHODS not in peer.capable:
            return False
        self.counters["methods_sent"] += 1
        peer.method(invocation.request_id, invocation.name, invocation.body)
        return True

    # ------------------------------------------------------------ time

    def next_deadline(self) -> float | None:
        """When, by the clock, `tick` has something to do; None for never."""
        moments = [connection.expiry for connection in self._connections.values()]
        moments += [queue.next_deadline() for queue in self._queues.values()]
        moments.append(self._methods.next_deadline())
        return min((moment for moment in moments if moment is not None), default=None)

    def tick(self) -> None:
        """Let pass what has passed: tokens, locks, lives of messages, methods nobody answered."""
        now = self._clock()
        for identity, connection in list(self._connections.items()):
            over = connection.expiry is not None and now >= connection.expiry
            if over and self._connections.get(identity) is connection:
                self._close(identity, Closing.EXPIRED)
        for device_id, queue in list(self._queues.items()):
            if queue.tick(now):
                self._wake(Identity(device_id))
        self._methods.tick(now)
