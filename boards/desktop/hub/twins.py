# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The twin of a device or module: how it is merged, counted and shown.

A patch is a JSON merge patch: members are added or replaced, `null` removes, an object goes into
the object that is there, anything else replaces it. A patch is taken whole or not at all. Every
patch that is taken counts `$version` on, whether or not it changes anything.
"""

from collections.abc import Mapping
from copy import deepcopy

from .documents import check_members, dump, size
from .etags import check_etag, etag
from .moments import timestamp
from .refusals import BadRequest

_SECTION_SIZE = 32_768
_TAGS_SIZE = 8192
_VERSION = "$version"
_METADATA = "$metadata"
_LAST_UPDATED = "$lastUpdated"


def merged(target, patch: dict) -> dict:
    """What a merge patch makes of a value; neither is changed."""
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, dict):
            result[name] = merged(result.get(name), value)
        else:
            result[name] = deepcopy(value)
    return result


def difference(old: dict, new: dict) -> dict:
    """The merge patch that makes one object of another, neither having `null` as a member."""
    patch = dict.fromkeys(name for name in old if name not in new)
    for name, value in new.items():
        known = old.get(name)
        if isinstance(value, dict) and isinstance(known, dict):
            inner = difference(known, value)
            if inner:
                patch[name] = inner
        elif name not in old or not _same(known, value):
            patch[name] = value
    return patch


def _same(one, other) -> bool:
    # In Python 1, 1.0 and True are equal; in JSON they are not the same text.
    return dump(one) == dump(other)


def _stamped(metadata, members: dict, patch: dict, moment: str) -> dict:
    """The times of a section's members after a patch: what the patch names gets this moment."""
    known = metadata if isinstance(metadata, dict) else {}
    result = {_LAST_UPDATED: moment}
    for name, value in members.items():
        if name not in patch:
            result[name] = known[name]
        elif isinstance(value, dict):
            result[name] = _stamped(known.get(name), value, patch[name], moment)
        else:
            result[name] = {_LAST_UPDATED: moment}
    return result


class Section:
    """Desired or reported properties, or tags.

    :param limit: its largest size
    """

    def __init__(self, now: float, limit: int = _SECTION_SIZE):
        self.version = 1
        self.members: dict = {}
        self._limit = limit
        self._metadata: dict = {_LAST_UPDATED: timestamp(now)}

    def after(self, patch: dict) -> dict:
        """The members that a patch would lead to.

        :raises BadRequest: the patch may not be merged
        """
        check_members(patch)
        # Nothing gets deeper by this than the deeper of the two.
        members = merged(self.members, patch)
        if size(members) > self._limit:
            raise BadRequest(f"the properties are larger than {self._limit} bytes")
        return members

    def set(self, members: dict, patch: dict, now: float) -> None:
        """Take what `after` returned, with the patch that led to it."""
        self._metadata = _stamped(self._metadata, members, patch, timestamp(now))
        self.members = members
        self.version += 1

    def device_view(self) -> dict:
        """As the device sees it."""
        return self.members | {_VERSION: self.version}

    def service_view(self) -> dict:
        """As a service sees it; what it does with it changes nothing here."""
        view = self.members | {_METADATA: self._metadata, _VERSION: self.version}
        return deepcopy(view)


class Twin:
    """Tags, desired and reported properties of one identity."""

    def __init__(self, now: float):
        self.tags = Section(now, _TAGS_SIZE)
        self.desired = Section(now)
        self.reported = Section(now)
        # Only what a service writes counts: a device that reports is no competing writer.
        self._writes = 1

    @property
    def etag(self) -> str:
        """Another one after each write of a service."""
        return etag(self._writes)

    @property
    def version(self) -> int:
        """Counts every change, of whichever section."""
        return self.tags.version + self.desired.version + self.reported.version - 1

    def device_view(self) -> bytes:
        """The JSON that a device reads."""
        sections = {"desired": self.desired, "reported": self.reported}
        return dump({name: section.device_view() for name, section in sections.items()})

    def service_view(self) -> dict:
        """The part of the hub's JSON that is the twin's own."""
        return {
            "etag": self.etag,
            "version": self.version,
            "tags": deepcopy(self.tags.members),
            "properties": {
                "desired": self.desired.service_view(),
                "reported": self.reported.service_view(),
            },
        }

    def report(self, patch: dict, now: float) -> int:
        """A device reports.

        :return: the new version of the reported properties
        :raises BadRequest: the patch may not be merged
        """
        self.reported.set(self.reported.after(patch), patch, now)
        return self.reported.version

    def write(
        self, document: Mapping, now: float, wanted: str | None = None, whole: bool = False
    ) -> bytes | None:
        """A service writes tags, desired properties, or both.

        :param document: `{"tags": ..., "properties": {"desired": ...}}`
        :param wanted: the etag as in If-Match
        :param whole: what the document does not name goes
        :return: the patch to tell the device, as JSON; None if desired properties are not written
        :raises BadRequest, PreconditionFailed:
        """
        check_etag(wanted, self.etag)
        tags, desired = _written(document)
        changes = []
        for section, wish in ((self.tags, tags), (self.desired, desired)):
            if wish is None and not whole:
                continue
            patch = _replacing(section.members, wish) if whole else wish
            changes.append((section, section.after(patch), patch))
        for section, members, patch in changes:
            section.set(members, patch, now)
        self._writes += bool(changes)
        told = [patch for section, _, patch in changes if section is self.desired]
        return dump(told[0] | {_VERSION: self.desired.version}) if told else None


def _replacing(members: dict, wanted: dict | None) -> dict:
    """The patch that leaves nothing but what is wanted, checked before it is compared."""
    wanted = {} if wanted is None else wanted
    check_members(wanted)
    return difference(members, merged({}, wanted))


def _written(document: Mapping) -> tuple[dict | None, dict | None]:
    """Tags and desired properties of a document, None where they are missing."""
    properties = document.get("properties")
    if properties is None:
        properties = {}
    if not isinstance(properties, Mapping):
        raise BadRequest("properties is an object")
    desired = properties.get("desired")
    if isinstance(desired, Mapping):
        # A service that writes back what it has read does not mean these.
        desired = {key: value for key, value in desired.items() if key not in (_VERSION, _METADATA)}
    return document.get("tags"), desired
