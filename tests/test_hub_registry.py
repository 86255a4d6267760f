# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The hub's register: names, keys, statuses, etags, and what a service reads of them."""

import base64
import string

import pytest
from hub_core_bench import START, Clock, Entropy

from boards.desktop.hub.etags import check_etag, etag
from boards.desktop.hub.moments import timestamp
from boards.desktop.hub.refusals import (
    AlreadyExists,
    BadRequest,
    ModuleAlreadyExists,
    ModuleNotFound,
    NotFound,
    PreconditionFailed,
)
from boards.desktop.hub.registry import Authentication, Identity, Registry, check_name

ALLOWED = string.ascii_letters + string.digits + "-.%_*?!(),:=@$'"
DEVICE = Identity("dev1")
MODULE = Identity("dev1", "mod1")
KEY, OTHER_KEY = (base64.b64encode(bytes([number]) * 32).decode() for number in (200, 201))


@pytest.fixture
def clock():
    """A clock that is set forward."""
    return Clock()


@pytest.fixture
def registry(clock):
    """A register with one device and one module."""
    made = Registry(clock, Entropy())
    made.create(DEVICE)
    made.create(MODULE)
    return made


def names(records):
    """Who is in a list."""
    return [record.identity for record in records]


# --- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*ALLOWED, "a" * 128, ALLOWED])
def test_a_name_of_allowed_characters_is_taken(name):
    check_name(name)


REFUSED = sorted(set(map(chr, range(256))) - set(ALLOWED)) + ["\u0394", "\u0665"]


@pytest.mark.parametrize("character", REFUSED)
def test_any_other_character_is_refused(character):
    for name in (character, "a" + character, character + "a", f"a{character}a"):
        with pytest.raises(BadRequest):
            check_name(name)


@pytest.mark.parametrize("name", ["", "a" * 129, None, 7, b"a"])
def test_a_name_has_1_to_128_characters(name):
    with pytest.raises(BadRequest):
        check_name(name)


def test_devices_and_modules_are_not_made_with_other_names(registry):
    for identity in (
        Identity("a/b"),
        Identity("a b"),
        Identity("dev1", "a#"),
        Identity("dev1", ""),
    ):
        with pytest.raises(BadRequest):
            registry.create(identity)
    assert names(registry.devices()) == [DEVICE]


def test_capitals_count(registry):
    registry.create(Identity("DEV1"))
    assert names(registry.devices()) == [DEVICE, Identity("DEV1")]


# --- making, finding, removing -------------------------------------------------------------------


def test_who_is_there_cannot_be_made_again(registry):
    with pytest.raises(AlreadyExists) as device:
        registry.create(DEVICE)
    with pytest.raises(ModuleAlreadyExists) as module:
        registry.create(MODULE)
    assert (device.value.code, module.value.code) == (409001, 409301)


def test_who_is_not_there_cannot_be_found_changed_or_removed(registry):
    for act in (registry.find, lambda name: registry.update(name, {}), registry.delete):
        with pytest.raises(NotFound) as device:
            act(Identity("dev2"))
        with pytest.raises(NotFound) as of_no_device:
            act(Identity("dev2", "mod1"))
        with pytest.raises(ModuleNotFound) as module:
            act(Identity("dev1", "mod2"))
        codes = [error.value.code for error in (device, of_no_device, module)]
        assert codes == [404001, 404001, 404010]
    assert registry.get(Identity("dev2")) is None


def test_a_module_needs_its_device(registry):
    with pytest.raises(NotFound):
        registry.create(Identity("dev2", "mod1"))
    with pytest.raises(NotFound):
        registry.modules("dev2")


def test_devices_and_modules_are_listed_apart_and_in_order(registry):
    for identity in (Identity("b"), Identity("a"), Identity("a", "z"), Identity("a", "y")):
        registry.create(identity)
    assert names(registry.devices()) == [DEVICE, Identity("b"), Identity("a")]
    assert names(registry.modules("a")) == [Identity("a", "z"), Identity("a", "y")]
    assert names(registry.modules("b")) == []


def test_a_device_takes_its_modules_along(registry):
    registry.create(Identity("dev2"))
    registry.create(Identity("dev2", "mod1"))
    assert registry.delete(DEVICE) == [DEVICE, MODULE]
    assert registry.get(MODULE) is None
    assert names(registry.modules("dev2")) == [Identity("dev2", "mod1")]


def test_a_module_goes_alone(registry):
    assert registry.delete(MODULE) == [MODULE]
    assert names(registry.devices()) == [DEVICE]


def test_a_device_that_is_made_again_is_of_another_generation(registry):
    first = registry.find(DEVICE)
    registry.delete(DEVICE)
    second = registry.create(DEVICE)
    assert first.generation != second.generation
    assert first.primary_key != second.primary_key


# --- keys ----------------------------------------------------------------------------------------


def authentication(primary=None, secondary=None, kind="sas"):
    """A document that sets keys."""
    keys = {"primaryKey": primary, "secondaryKey": secondary}
    return {"authentication": {"type": kind, "symmetricKey": keys}}


def test_two_keys_are_made_and_they_differ(registry):
    record = registry.find(DEVICE)
    assert record.authentication is Authentication.SAS
    assert len(set(record.signing_keys)) == 2
    assert [len(key) for key in record.signing_keys] == [32, 32]


def test_keys_may_be_brought_along(registry):
    record = registry.create(Identity("dev2"), authentication(KEY, OTHER_KEY))
    assert (record.primary_key, record.secondary_key) == (KEY, OTHER_KEY)
    assert record.signing_keys == (bytes([200]) * 32, bytes([201]) * 32)


@pytest.mark.parametrize(
    "document", [{}, {"status": None}, {"authentication": None}, authentication("", None)]
)
def test_a_change_that_names_no_keys_leaves_them(registry, document):
    before = registry.find(DEVICE)
    keys = before.primary_key, before.secondary_key
    after = registry.update(DEVICE, document)
    assert (after.primary_key, after.secondary_key) == keys


def test_one_key_may_be_changed_alone(registry):
    secondary = registry.find(DEVICE).secondary_key
    record = registry.update(DEVICE, authentication(KEY))
    assert (record.primary_key, record.secondary_key) == (KEY, secondary)


def test_a_certificate_takes_the_keys_away_and_a_key_brings_new_ones(registry):
    before = registry.find(DEVICE).primary_key
    record = registry.update(DEVICE, authentication(kind="certificateAuthority"))
    assert record.authentication is Authentication.CERTIFICATE
    assert (record.primary_key, record.secondary_key, record.signing_keys) == (None, None, ())
    record = registry.update(DEVICE, authentication(kind="sas"))
    assert before != record.primary_key is not None


BAD_DOCUMENTS = [
    {"deviceId": "dev2"},
    {"moduleId": "mod1"},
    {"status": "Disabled"},
    {"status": ["disabled"]},
    {"statusReason": "x" * 129},
    {"statusReason": 7},
    {"authentication": "sas"},
    {"authentication": {"symmetricKey": [KEY]}},
    authentication("short"),
    authentication(KEY, "c2hvcnQ="),
    authentication(kind="selfSigned"),
    authentication(kind=["sas"]),
]


@pytest.mark.parametrize("document", BAD_DOCUMENTS)
def test_a_bad_document_is_refused_and_changes_nothing(registry, document):
    before = registry.find(DEVICE).document()
    change = {"statusReason": "changed", **document}
    with pytest.raises(BadRequest):
        registry.update(DEVICE, change)
    assert registry.find(DEVICE).document() == before
    with pytest.raises(BadRequest):
        registry.create(Identity("dev3"), change)
    assert registry.get(Identity("dev3")) is None


# --- statuses and etags --------------------------------------------------------------------------


def test_a_status_changes_with_its_reason_and_time(registry, clock):
    clock.advance(5)
    reason = "stolen".rjust(128)
    record = registry.update(DEVICE, {"status": "disabled", "statusReason": reason})
    assert (record.enabled, record.status, record.status_reason) == (False, "disabled", reason)
    assert record.status_at == START + 5
    clock.advance(5)
    assert registry.update(DEVICE, {"statusReason": "found"}).status_at == START + 5
    assert registry.update(DEVICE, {"status": "enabled"}).status_at == START + 10


def test_who_holds_a_record_sees_its_changes(registry):
    held = registry.find(DEVICE)
    registry.update(DEVICE, {"status": "disabled"})
    assert not held.enabled
    assert registry.find(DEVICE) is held


def test_a_module_has_no_status(registry):
    record = registry.update(MODULE, {"status": "disabled"})
    assert record.enabled
    assert "status" not in record.document()


def test_every_change_has_another_etag_and_a_stale_one_is_refused(registry):
    first = registry.find(DEVICE).etag
    second = registry.update(DEVICE, {"statusReason": "a"}, f'"{first}"').etag
    assert first != second != registry.find(MODULE).etag
    with pytest.raises(PreconditionFailed):
        registry.update(DEVICE, {"statusReason": "b"}, first)
    with pytest.raises(PreconditionFailed):
        registry.delete(DEVICE, first)
    assert registry.find(DEVICE).status_reason == "a"
    registry.delete(DEVICE, second)
    assert registry.get(DEVICE) is None


@pytest.mark.parametrize("wanted", [None, "*", '"*"', "{}", '"{}"', 'W/"{}"', ' "{}" '])
def test_if_match_is_taken_as_it_is_sent(wanted):
    check_etag(wanted and wanted.replace("{}", etag(7)), etag(7))


@pytest.mark.parametrize("wanted", ["", '""', etag(8), etag(7).lower(), etag(7) + '",""'])
def test_another_etag_is_refused(wanted):
    with pytest.raises(PreconditionFailed):
        check_etag(wanted, etag(7))


# --- what is read --------------------------------------------------------------------------------


def test_the_document_of_a_device_has_the_hubs_fields(registry, clock):
    record = registry.create(Identity("dev2"), authentication(KEY, OTHER_KEY))
    record.connected, record.connected_at, record.messages = True, START + 0.5, 3
    assert record.document() == {
        "deviceId": "dev2",
        "generationId": record.generation,
        "etag": etag(3),
        "connectionState": "Connected",
        "connectionStateUpdatedTime": "2023-11-14T22:13:20.500Z",
        "lastActivityTime": "0001-01-01T00:00:00Z",
        "cloudToDeviceMessageCount": 3,
        "authentication": {
            "symmetricKey": {"primaryKey": KEY, "secondaryKey": OTHER_KEY},
            "x509Thumbprint": {"primaryThumbprint": None, "secondaryThumbprint": None},
            "type": "sas",
        },
        "status": "enabled",
        "statusReason": None,
        "statusUpdatedTime": "2023-11-14T22:13:20.000Z",
        "capabilities": {"iotEdge": False},
    }


def test_the_document_of_a_module_names_both(registry):
    document = registry.find(MODULE).document()
    assert (document["deviceId"], document["moduleId"]) == ("dev1", "mod1")
    assert document["connectionState"] == "Disconnected"


def test_a_document_that_was_read_can_be_written_back(registry):
    for identity in (DEVICE, MODULE):
        before = registry.find(identity).document()
        after = registry.update(identity, before, before["etag"]).document()
        assert after | {"etag": ""} == before | {"etag": ""}


@pytest.mark.parametrize(
    ("identity", "path", "common_name"),
    [
        (DEVICE, ("devices", "dev1"), "dev1"),
        (MODULE, ("devices", "dev1", "modules", "mod1"), "dev1/mod1"),
    ],
)
def test_an_identity_knows_its_scope_and_the_name_on_its_certificate(identity, path, common_name):
    assert identity.path == path
    assert identity.common_name == common_name
    assert identity.device == DEVICE


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (None, "0001-01-01T00:00:00Z"),
        (0, "1970-01-01T00:00:00.000Z"),
        (START + 0.25, "2023-11-14T22:13:20.250Z"),
    ],
)
def test_times_are_written_in_utc_with_milliseconds(moment, text):
    assert timestamp(moment) == text
