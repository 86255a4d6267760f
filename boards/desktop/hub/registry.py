# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Who belongs to a hub: devices and their modules, with keys, status and connection state.

A change comes as the hub's JSON, already parsed. Nothing of a change that is refused is kept.
"""

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import NamedTuple

from .credentials import decode_key, new_key
from .documents import dump
from .etags import check_etag, etag
from .moments import timestamp
from .refusals import AlreadyExists, BadRequest, ModuleAlreadyExists, ModuleNotFound, NotFound

_NAME = re.compile(r"[A-Za-z0-9\-.%_*?!(),:=@$']{1,128}")
_LARGEST_REASON = 128
_STATUSES = {"enabled": True, "disabled": False}


class Identity(NamedTuple):
    """The name of a device, or of a module of one."""

    device_id: str
    module_id: str | None = None

    @property
    def path(self) -> tuple[str, ...]:
        """What stands behind the host in the scope of its tokens."""
        device = ("devices", self.device_id)
        return device if self.module_id is None else (*device, "modules", self.module_id)

    @property
    def common_name(self) -> str:
        """What its certificate is issued to."""
        return "/".join(self.path[1::2])

    @property
    def device(self) -> "Identity":
        """The device itself."""
        return Identity(self.device_id)


class Authentication(Enum):
    """What a device shows to be let in."""

    SAS = "sas"
    CERTIFICATE = "certificateAuthority"


@dataclass
class Record:
    """What a hub knows about one identity."""

    identity: Identity
    generation: str
    """another one after an identity was deleted and made again"""
    authentication: Authentication = Authentication.SAS
    primary_key: str | None = field(default=None, repr=False)
    """base64, None with a certificate"""
    secondary_key: str | None = field(default=None, repr=False)
    """base64, None with a certificate"""
    enabled: bool = True
    status_reason: str | None = None
    etag: str = ""
    connected: bool = False
    connected_at: float | None = None
    """when `connected` changed"""
    status_at: float | None = None
    """when `enabled` changed"""
    active_at: float | None = None
    """when it was last heard"""
    model_id: str = ""
    messages: int = 0
    """cloud-to-device messages that wait"""

    @property
    def signing_keys(self) -> tuple[bytes, ...]:
        """The keys that its tokens may be signed with."""
        return tuple(decode_key(key) for key in (self.primary_key, self.secondary_key) if key)

    @property
    def connection_state(self) -> str:
        """As the hub's JSON has it."""
        return "Connected" if self.connected else "Disconnected"

    @property
    def status(self) -> str:
        """As the hub's JSON has it."""
        return "enabled" if self.enabled else "disabled"

    def origin(self, now: float) -> dict[str, str]:
        """What the hub adds to a message that comes from here."""
        scope = "device" if self.identity.module_id is None else "module"
        issuer = {Authentication.SAS: "iothub", Authentication.CERTIFICATE: "external"}
        method = {
            "scope": scope,
            "type": self.authentication.value,
            "issuer": issuer[self.authentication],
        }
        origin = {
            "iothub-connection-device-id": self.identity.device_id,
            "iothub-connection-auth-method": dump(method).decode(),
            "iothub-connection-auth-generation-id": self.generation,
            "iothub-enqueuedtime": timestamp(now),
            "iothub-message-source": "Telemetry",
        }
        if self.identity.module_id is not None:
            origin["iothub-connection-module-id"] = self.identity.module_id
        return origin

    def twin_view(self) -> dict:
        """The part of a twin's JSON that is the identity's."""
        view = {
            "deviceId": self.identity.device_id,
            "deviceEtag": self.etag,
            "status": self.status,
            "statusUpdateTime": timestamp(self.status_at),
            "connectionState": self.connection_state,
            "lastActivityTime": timestamp(self.active_at),
            "cloudToDeviceMessageCount": self.messages,
            "authenticationType": self.authentication.value,
            "x509Thumbprint": {"primaryThumbprint": None, "secondaryThumbprint": None},
            "modelId": self.model_id,
        }
        if self.identity.module_id is not None:
            return view | {"moduleId": self.identity.module_id}
        return view | {"capabilities": {"iotEdge": False}}

    def document(self) -> dict:
        """The hub's JSON, keys included."""
        document = {
            "deviceId": self.identity.device_id,
            "generationId": self.generation,
            "etag": self.etag,
            "connectionState": self.connection_state,
            "connectionStateUpdatedTime": timestamp(self.connected_at),
            "lastActivityTime": timestamp(self.active_at),
            "cloudToDeviceMessageCount": self.messages,
            "authentication": {
                "symmetricKey": {
                    "primaryKey": self.primary_key,
                    "secondaryKey": self.secondary_key,
                },
                "x509Thumbprint": {"primaryThumbprint": None, "secondaryThumbprint": None},
                "type": self.authentication.value,
            },
        }
        if self.identity.module_id is not None:
            return document | {"moduleId": self.identity.module_id, "managedBy": None}
        return document | {
            "status": self.status,
            "statusReason": self.status_reason,
            "statusUpdatedTime": timestamp(self.status_at),
            "capabilities": {"iotEdge": False},
        }


def check_name(text: str) -> None:
    """Whether a device or module may be called that.

    :raises BadRequest: it may not
    """
    if not isinstance(text, str) or not _NAME.fullmatch(text):
        raise BadRequest("an id has 1 to 128 characters out of A-Z a-z 0-9 -.%_*?!(),:=@$'")


class Registry:
    """All identities of a hub.

    :param clock: tells seconds since 1970
    :param entropy: makes that many random bytes
    """

    def __init__(
        self, clock: Callable[[], float], entropy: Callable[[int], bytes] = secrets.token_bytes
    ):
        self._clock = clock
        self._entropy = entropy
        self._records: dict[Identity, Record] = {}
        self._changes = 0

    def get(self, identity: Identity) -> Record | None:
        """A record, None if there is none."""
        return self._records.get(identity)

    def find(self, identity: Identity) -> Record:
        """A record.

        :raises NotFound: there is none; ModuleNotFound if only the module is missing
        """
        record = self._records.get(identity)
        if record is not None:
            return record
        if identity.device in self._records:
            raise ModuleNotFound(f"no module {identity.module_id!r} on {identity.device_id!r}")
        raise NotFound(f"no device {identity.device_id!r}")

    def devices(self) -> list[Record]:
        """All devices, in the order they were made."""
        return [record for name, record in self._records.items() if name.module_id is None]

    def modules(self, device_id: str) -> list[Record]:
        """All modules of a device, in the order they were made.

        :raises NotFound: there is no such device
        """
        self.find(Identity(device_id))
        return [
            record
            for name, record in self._records.items()
            if name.device_id == device_id and name.module_id is not None
        ]

    def create(self, identity: Identity, document: Mapping | None = None) -> Record:
        """Add a device or module.

        :raises AlreadyExists, BadRequest, NotFound:
        """
        check_name(identity.device_id)
        if identity.module_id is not None:
            check_name(identity.module_id)
            self.find(identity.device)
        if identity in self._records:
            known = AlreadyExists if identity.module_id is None else ModuleAlreadyExists
            raise known(f"there is {identity.common_name!r} already")
        generation = f"{int(self._clock() * 1000)}{self._changes % 100_000:05}"
        record = self._changed(Record(identity, generation), document or {})
        return self._keep(record)

    def update(self, identity: Identity, document: Mapping, wanted: str | None = None) -> Record:
        """Change a device or module; fields that the document does not name stay.

        :param wanted: the etag as in If-Match
        :raises NotFound, PreconditionFailed, BadRequest:
        """
        record = self.find(identity)
        check_etag(wanted, record.etag)
        return self._keep(self._changed(record, document))

    def delete(self, identity: Identity, wanted: str | None = None) -> list[Identity]:
        """Remove a device with its modules, or one module.

        :param wanted: the etag as in If-Match
        :return: who is gone
        :raises NotFound, PreconditionFailed:
        """
        check_etag(wanted, self.find(identity).etag)
        gone = [identity]
        if identity.module_id is None:
            gone += [record.identity for record in self.modules(identity.device_id)]
        for name in gone:
            del self._records[name]
        return gone

    def _keep(self, record: Record) -> Record:
        self._changes += 1
        record.etag = etag(self._changes)
        known = self._records.get(record.identity)
        if known is None or known.enabled != record.enabled:
            record.status_at = self._clock()
        if known is None:
            self._records[record.identity] = record
            return record
        # Whoever holds the record sees the change.
        known.__dict__.update(record.__dict__)
        return known

    def _changed(self, record: Record, document: Mapping) -> Record:
        """A copy of a record with the fields of a document."""
        record = replace(record)
        for name, known in zip(("deviceId", "moduleId"), record.identity, strict=True):
            if (document.get(name) or known) != known:
                raise BadRequest(f"{name} is another than the one that is asked for")
        # A module has no status of its own.
        status = document.get("status")
        if status is not None and record.identity.module_id is None:
            if not isinstance(status, str) or status not in _STATUSES:
                raise BadRequest("status is enabled or disabled")
            record.enabled = _STATUSES[status]
        reason = document.get("statusReason", record.status_reason)
        if reason is not None and not (isinstance(reason, str) and len(reason) <= _LARGEST_REASON):
            raise BadRequest(f"statusReason is a text of at most {_LARGEST_REASON} characters")
        record.status_reason = reason
        self._authenticate(record, _mapping(document, "authentication"))
        return record

    def _authenticate(self, record: Record, document: Mapping) -> None:
        try:
            kind = document.get("type") or record.authentication.value
            record.authentication = Authentication(kind)
        except ValueError:
            raise BadRequest("authentication is sas or certificateAuthority here")
        if record.authentication is Authentication.CERTIFICATE:
            record.primary_key = record.secondary_key = None
            return
        keys = _mapping(document, "symmetricKey")
        record.primary_key = self._key(keys.get("primaryKey"), record.primary_key)
        record.secondary_key = self._key(keys.get("secondaryKey"), record.secondary_key)

    def _key(self, wanted: str | None, known: str | None) -> str:
        if not wanted:
            return known or new_key(self._entropy)
        decode_key(wanted)
        return wanted


def _mapping(document: Mapping, name: str) -> Mapping:
    value = document.get(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise BadRequest(f"{name} is an object")
    return value
