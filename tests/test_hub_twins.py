# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Twins: merging against a model without trees, versions, etags, limits, and what is shown."""

import json

import pytest
from hub_core_bench import DEVICE, HOST, MODULE, START, Capability, House
from hypothesis import given
from hypothesis import strategies as st

from boards.desktop.hub.documents import check_members, dump, parse, parse_object, size
from boards.desktop.hub.refusals import BadRequest, NotFound, PreconditionFailed
from boards.desktop.hub.twins import Twin, difference, merged

# Few names, so that patches meet.
NAMES = st.sampled_from(["a", "b", "c", "é"])
SCALARS = st.one_of(
    st.booleans(),
    st.integers(-(2**52), 2**52 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text("xyz", max_size=3),
    st.sampled_from([0, 1, 1.0, True, False]),
)
ITEMS = st.lists(st.one_of(SCALARS, st.none(), st.dictionaries(NAMES, SCALARS)), max_size=2)


def objects(*leaves):
    """JSON objects up to four deep."""
    values = st.one_of(SCALARS, ITEMS, *leaves)
    for _ in range(3):
        values = st.one_of(values, st.dictionaries(NAMES, values, max_size=3))
    return st.dictionaries(NAMES, values, max_size=4)


DOCUMENTS = objects()
PATCHES = objects(st.none())


class Flat:
    """A document as a table of paths, which knows objects only by their names: the model."""

    def __init__(self):
        self.leaves = {}
        self.objects = {()}

    def _forget(self, path):
        """Take away what is at a path and below it."""
        for known in [*self.leaves, *self.objects]:
            if known[: len(path)] == path:
                self.leaves.pop(known, None)
                self.objects.discard(known)

    def patch(self, patch, path=()):
        """Apply a patch line by line."""
        for name, value in patch.items():
            here = (*path, name)
            if isinstance(value, dict):
                if here not in self.objects:
                    self._forget(here)
                    self.objects.add(here)
                self.patch(value, here)
            else:
                self._forget(here)
                if value is not None:
                    self.leaves[here] = value

    def document(self):
        """The document that the table stands for."""
        made = {(): {}}
        for path in sorted(self.objects - {()}, key=len):
            made[path] = made[path[:-1]][path[-1]] = {}
        for path, value in self.leaves.items():
            made[path[:-1]][path[-1]] = value
        return made[()]


def text(value):
    """A value as JSON in which 1, 1.0 and true differ."""
    return json.dumps(value, sort_keys=True)


# --- merging -------------------------------------------------------------------------------------


@given(st.lists(PATCHES, max_size=6))
def test_merging_agrees_with_the_model(patches):
    document, model = {}, Flat()
    for patch in patches:
        document = merged(document, patch)
        model.patch(patch)
        assert text(document) == text(model.document())


@given(DOCUMENTS, PATCHES)
def test_merging_changes_neither_side(document, patch):
    before = text(document), text(patch)
    merged(document, patch)
    assert (text(document), text(patch)) == before
    assert text(merged(document, {})) == text(document)


@given(DOCUMENTS, DOCUMENTS)
def test_the_difference_leads_from_one_document_to_the_other(old, new):
    assert text(merged(old, difference(old, new))) == text(new)
    assert difference(new, new) == {}


# Cases of the standard for merge patches, as far as both are objects.
RULES = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    ({"e": 1}, {"a": 1}, {"e": 1, "a": 1}),
    ({"a": "foo"}, {"a": {"b": 1}}, {"a": {"b": 1}}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ({"a": {"b": 1}}, {"a": {}}, {"a": {"b": 1}}),
    ({"a": [1, 2]}, {"a": [None]}, {"a": [None]}),
    ({"a": 1}, {"b": None}, {"a": 1}),
]


@pytest.mark.parametrize(("document", "patch", "wanted"), RULES)
def test_a_patch_adds_replaces_and_removes(document, patch, wanted):
    assert merged(document, patch) == wanted


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ({"a": 1}, {"a": True}, {"a": True}),
        ({"a": 1}, {"a": 1.0}, {"a": 1.0}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1}}, {"a": {"c": None}}),
        ({"a": {"b": 1}}, {"a": {}}, {"a": {"b": None}}),
        ({"a": {}}, {}, {"a": None}),
        ({}, {"a": {}}, {"a": {}}),
    ],
)
def test_a_difference_names_what_changed_and_nothing_else(old, new, wanted):
    assert text(difference(old, new)) == text(wanted)


# --- JSON ----------------------------------------------------------------------------------------

NO_JSON = [
    b"",
    b" ",
    b"{",
    b'{"a":1,}',
    b"{'a':1}",
    b'{"a":NaN}',
    b'{"a":Infinity}',
    b'{"a":-Infinity}',
    b'{"a":1e999}',
    b'{"a":01}',
    b'{"a":"\xff"}',
    b'{"a":"\\ud800"}',
    b'{"\\udc00":1}',
    b'\xef\xbb\xbf{"a":1}',
    b'{"a":1}{"b":1}',
    b'{"a":1}\0',
    b'{"a":"\n"}',
    '{"a":1}'.encode("utf-16"),
    b'{"a":' * 100_000,
    b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    b'{"a":' + b"9" * 10_000 + b"}",
]


@pytest.mark.parametrize("body", NO_JSON, ids=range(len(NO_JSON)))
def test_what_is_no_json_is_refused(body):
    with pytest.raises(BadRequest):
        parse(body)


@given(st.binary(max_size=100))
def test_junk_is_refused_or_read(junk):
    try:
        value = parse(junk)
    except BadRequest:
        return
    assert value == json.loads(junk)


@pytest.mark.parametrize("body", [b"[]", b"1", b"null", b'"a"', b"true"])
def test_a_report_is_an_object(body):
    assert parse(body) == json.loads(body)
    with pytest.raises(BadRequest):
        parse_object(body)


def test_text_is_sent_as_it_is_and_without_spaces():
    assert dump({"é": ["😀", 1.5, None]}) == '{"é":["😀",1.5,null]}'.encode()


# --- what may stand in a twin --------------------------------------------------------------------


def nested(depth, innermost=1):
    """An object with that many objects in one another below the one at the root."""
    for _ in range(depth):
        innermost = {"n": innermost}
    return {"n": innermost}


GOOD_MEMBERS = [
    {},
    {"a": None},
    {"a" * 1024: 1},
    {"é" * 512: 1},
    {"a-b_c:/#+*'\"\\": 1, "ключ": 1, "😀": 1, "\ud7ff\ue000": 1, "\xa0": 1},
    {"__t": "c", "a": {"__t": "c"}},
    {"a": "x" * 4096, "b": "é" * 2048},
    {"a": 2**52 - 1, "b": -(2**52), "c": 1e300, "d": -0.0},
    {"a": [1, [2, [3]], {"b": None}]},
    nested(10),
    nested(9, [1]),
    nested(8, [[1]]),
]


@pytest.mark.parametrize("members", GOOD_MEMBERS)
def test_members_within_the_limits_are_taken_and_shown(members):
    check_members(members)
    twin = Twin(START)
    twin.report(members, START)
    shown = json.loads(twin.device_view())["reported"]
    assert shown == merged({}, members) | {"$version": 2}


BAD_MEMBERS = [
    {"": 1},
    {"a" * 1025: 1},
    {"é" * 513: 1},
    *({f"a{character}b": 1} for character in ". $\0\t\n\r\x1f\x7f\x80\x9f"),
    {"$version": 1},
    {"$metadata": {}},
    {"a": {"b.c": 1}},
    {"a": {"b": {"$c": None}}},
    {"a": [{"b c": 1}]},
    {"a": "x" * 4097},
    {"a": "é" * 2049},
    {"a": ["x" * 4097]},
    {"a": 2**52},
    {"a": -(2**52) - 1},
    {"a": {"b": [10**400]}},
    {"a": float("inf")},
    {"a": float("nan")},
    {"a": (1,)},
    {"a": b"x"},
    {1: 1},
    nested(11),
    nested(10, {}),
    nested(10, [1]),
    nested(9, [[1]]),
    [],
    None,
    "a",
    {"a": "\u2028"} | nested(50),
]


@pytest.mark.parametrize("members", BAD_MEMBERS, ids=range(len(BAD_MEMBERS)))
def test_members_beyond_the_limits_are_refused_and_nothing_is_kept(members):
    twin = Twin(START)
    twin.report({"kept": 1}, START)
    before = twin.service_view()
    with pytest.raises(BadRequest):
        twin.report(members, START + 1)
    if members is not None:
        for document in ({"tags": members}, {"properties": {"desired": members}}):
            if members in ({"$version": 1}, {"$metadata": {}}) and "tags" not in document:
                continue
            with pytest.raises(BadRequest):
                twin.write(document, START + 1)
            with pytest.raises(BadRequest):
                twin.write(document, START + 1, whole=True)
    assert twin.service_view() == before


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ({}, 0),
        ({"abc": "de"}, 5),
        ({"é": "é"}, 4),
        ({"a": 123456}, 9),
        ({"a": 1.5}, 9),
        ({"a": True}, 5),
        ({"a": {"b": [1, "xy", None]}}, 16),
    ],
)
def test_the_size_of_a_section_counts_names_and_values(value, wanted):
    assert size(value) == wanted


def filled(total):
    """Members of exactly that size."""
    members = {f"n{number}": "x" * 4000 for number in range(10, 10 + total // 4003)}
    rest = total - size(members)
    return members | ({"r": "x" * (rest - 1)} if rest else {})


SECTIONS = [
    (32_768, lambda twin, members: twin.report(members, START)),
    (32_768, lambda twin, members: twin.write({"properties": {"desired": members}}, START)),
    (8192, lambda twin, members: twin.write({"tags": members}, START)),
]


@pytest.mark.parametrize(("limit", "write"), SECTIONS, ids=["reported", "desired", "tags"])
def test_a_section_is_as_large_as_it_may_be_and_no_larger(limit, write):
    twin = Twin(START)
    write(twin, filled(limit))
    before = twin.service_view()
    with pytest.raises(BadRequest):
        write(twin, {"z": ""})
    assert twin.service_view() == before
    write(twin, {"r": None, "z": ""})


# --- versions, etags, times ----------------------------------------------------------------------


def test_a_new_twin_is_empty_and_of_version_1():
    assert json.loads(Twin(START).device_view()) == {
        "desired": {"$version": 1},
        "reported": {"$version": 1},
    }


@given(st.lists(st.tuples(st.sampled_from(["report", "desired", "tags", "bad"]), PATCHES)))
def test_every_patch_that_is_taken_counts_its_section_on(steps):
    twin, models = Twin(START), {name: Flat() for name in ("report", "desired", "tags")}
    taken = dict.fromkeys(models, 0)
    tags = {twin.etag}
    for kind, patch in steps:
        if kind == "bad":
            with pytest.raises(BadRequest):
                twin.report(patch | {"b.d": 1}, START)
            continue
        if kind == "report":
            assert twin.report(patch, START) == taken[kind] + 2
        else:
            document = {"tags": patch} if kind == "tags" else {"properties": {"desired": patch}}
            twin.write(document, START)
            assert twin.etag not in tags
            tags.add(twin.etag)
        taken[kind] += 1
        models[kind].patch(patch)
    view = twin.service_view()
    assert view["version"] == 2 + sum(taken.values())
    for kind, name in (("report", "reported"), ("desired", "desired")):
        section = view["properties"][name]
        assert section.pop("$version") == 1 + taken[kind]
        del section["$metadata"]
        assert text(section) == text(models[kind].document())
    assert text(view["tags"]) == text(models["tags"].document())


def test_a_device_that_reports_is_no_competing_writer():
    twin = Twin(START)
    read = twin.etag
    twin.report({"a": 1}, START)
    assert twin.etag == read
    twin.write({"tags": {"a": 1}}, START, f'"{read}"')
    with pytest.raises(PreconditionFailed):
        twin.write({"tags": {"a": 2}}, START, f'"{read}"')
    assert twin.tags.members == {"a": 1}


def test_a_write_that_names_nothing_changes_nothing():
    twin = Twin(START)
    before = twin.service_view()
    assert twin.write({"deviceId": "dev1", "properties": {}}, START + 1) is None
    assert twin.service_view() == before


def test_tags_and_desired_are_written_both_or_not_at_all():
    twin = Twin(START)
    with pytest.raises(BadRequest):
        twin.write({"tags": {"a": 1}, "properties": {"desired": {"b.c": 1}}}, START)
    assert twin.tags.members == {}
    twin.write({"tags": {"a": 1}, "properties": {"desired": {"b": 1}}}, START)
    assert (twin.tags.members, twin.desired.members) == ({"a": 1}, {"b": 1})


@pytest.mark.parametrize("document", [{"properties": 1}, {"properties": []}, {"tags": 1}])
def test_a_write_of_another_shape_is_refused(document):
    with pytest.raises(BadRequest):
        Twin(START).write(document, START)


def test_each_member_has_the_time_of_its_last_change():
    twin = Twin(0)
    twin.report({"a": {"b": 1, "c": 1}, "d": 1, "e": 1}, 1)
    twin.report({"a": {"c": 2}, "d": {"f": 1}, "e": None}, 2)
    stamp = [{"$lastUpdated": f"1970-01-01T00:00:0{second}.000Z"} for second in range(3)]
    assert twin.service_view()["properties"]["reported"]["$metadata"] == stamp[2] | {
        "a": stamp[2] | {"b": stamp[1], "c": stamp[2]},
        "d": stamp[2] | {"f": stamp[2]},
    }


def test_what_was_read_is_the_readers_own():
    twin = Twin(START)
    twin.write({"tags": {"a": {"b": 1}}, "properties": {"desired": {"a": [1]}}}, START)
    before = text(twin.service_view())
    view = twin.service_view()
    view["tags"]["a"]["b"] = 2
    view["properties"]["desired"]["a"].append(2)
    view["properties"]["desired"]["$metadata"].clear()
    assert text(twin.service_view()) == before


def test_what_was_written_may_be_changed_by_its_writer():
    twin, values = Twin(START), [1]
    twin.write({"properties": {"desired": {"a": values}}}, START)
    values.append(2)
    assert twin.desired.members == {"a": [1]}


# --- what a device is told -----------------------------------------------------------------------


def told(twin, desired, **named):
    """The patch that a device gets for a write of desired properties."""
    patch = twin.write({"properties": {"desired": desired}}, START, **named)
    return json.loads(patch)


def test_a_device_is_told_the_patch_with_its_nulls_and_the_version():
    twin = Twin(START)
    assert told(twin, {"a": {"b": 1}, "c": 1}) == {"a": {"b": 1}, "c": 1, "$version": 2}
    assert told(twin, {"a": {"b": None}}) == {"a": {"b": None}, "$version": 3}
    assert twin.desired.members == {"a": {}, "c": 1}


def test_a_device_is_not_told_of_tags():
    assert Twin(START).write({"tags": {"a": 1}}, START) is None


def test_a_replacement_is_told_as_the_patch_that_makes_it():
    twin = Twin(START)
    told(twin, {"a": {"b": 1, "c": 1}, "d": 1})
    wanted = {"a": {"c": None}, "d": None, "e": 2, "$version": 3}
    assert told(twin, {"a": {"b": 1}, "e": 2}, whole=True) == wanted
    assert twin.desired.members == {"a": {"b": 1}, "e": 2}


@given(DOCUMENTS, DOCUMENTS)
def test_a_device_that_follows_replacements_has_what_the_hub_has(first, second):
    twin, followed = Twin(START), {}
    for wanted in (first, second):
        patch = told(twin, wanted, whole=True)
        assert patch.pop("$version") == twin.desired.version
        followed = merged(followed, patch)
        assert text(followed) == text(wanted) == text(twin.desired.members)


def test_a_replacement_takes_away_what_it_does_not_name():
    twin = Twin(START)
    twin.write({"tags": {"a": 1}, "properties": {"desired": {"b": 1}}}, START)
    patch = twin.write({"tags": {"c": None, "d": 1}}, START, whole=True)
    assert (twin.tags.members, twin.desired.members) == ({"d": 1}, {})
    assert json.loads(patch) == {"b": None, "$version": 3}


def test_a_twin_that_was_read_can_be_written_back():
    twin = Twin(START)
    told(twin, {"a": 1})
    for whole in (False, True):
        patch = twin.write(twin.service_view(), START, whole=whole)
        assert set(json.loads(patch)) <= {"a", "$version"}
        assert twin.desired.members == {"a": 1}


# --- through the core ----------------------------------------------------------------------------


@pytest.fixture
def house():
    """A hub with one device and one module."""
    return House()


def desired(house, patch, identity=DEVICE):
    """Write desired properties."""
    return house.core.patch_twin(identity, {"properties": {"desired": patch}})


def test_desired_properties_reach_a_peer_that_asked_for_them(house):
    peer = house.connect(Capability.DESIRED)
    desired(house, {"a": None, "b": 1})
    assert peer.take() == [("desired", b'{"a":null,"b":1,"$version":2}', 2)]
    assert house.core.counters["desired_told"] == 1


def test_desired_properties_reach_nobody_else(house):
    deaf = house.connect(Capability.METHODS, Capability.CLOUD_MESSAGES)
    module = house.connect(identity=MODULE)
    desired(house, {"a": 1})
    gone = house.connect()
    house.core.detach(DEVICE, gone)
    desired(house, {"a": 2})
    assert (deaf.take(), module.take(), gone.take()) == (["replaced"], [], [])
    assert house.core.counters["desired_writes"] == 2
    assert house.core.counters["desired_told"] == 0


def test_what_was_missed_is_in_the_twin_and_is_not_told_later(house):
    desired(house, {"a": 1})
    peer = house.connect()
    house.core.capabilities_changed(DEVICE, peer)
    assert peer.take() == []
    assert json.loads(house.core.twin(DEVICE))["desired"] == {"a": 1, "$version": 2}
    assert house.core.counters["twin_reads"] == 1


def test_a_module_has_a_twin_of_its_own(house):
    peer = house.connect(identity=MODULE)
    desired(house, {"a": 1}, MODULE)
    assert peer.take() == [("desired", b'{"a":1,"$version":2}', 2)]
    assert house.core.report(MODULE, b'{"b":2}') == 2
    assert house.core.read_twin(MODULE)["moduleId"] == "mod1"
    assert json.loads(house.core.twin(DEVICE)) == json.loads(Twin(START).device_view())


def test_a_report_that_is_refused_changes_nothing(house):
    assert house.core.report(DEVICE, b'{"a":1}') == 2
    for body in (b"", b"[]", b"{", b'{"b c":1}'):
        with pytest.raises(BadRequest):
            house.core.report(DEVICE, body)
    assert json.loads(house.core.twin(DEVICE))["reported"] == {"a": 1, "$version": 2}
    assert house.core.counters["reports"] == 1


def test_a_service_reads_twin_and_identity_together(house):
    house.core.attach(DEVICE, house.connect(), None, "dtmi:x;1")
    house.core.report(DEVICE, b'{"a":1}')
    twin = desired(house, {"b": 1})
    assert twin == house.core.read_twin(DEVICE)
    assert twin["deviceId"] == "dev1"
    assert (twin["status"], twin["connectionState"]) == ("enabled", "Connected")
    assert twin["modelId"] == "dtmi:x;1"
    assert twin["authenticationType"] == "sas"
    assert twin["version"] == 4
    assert twin["properties"]["reported"]["a"] == 1
    assert HOST not in text(twin)
    assert house.device.primary_key not in text(twin)


def test_replacing_through_the_core_honours_the_etag(house):
    stale = house.core.read_twin(DEVICE)["etag"]
    house.core.patch_twin(DEVICE, {"tags": {"b": 1}})
    with pytest.raises(PreconditionFailed):
        house.core.replace_twin(DEVICE, {"tags": {"a": 1}}, stale)
    stale = house.core.read_twin(DEVICE)["etag"]
    fresh = house.core.replace_twin(DEVICE, {"tags": {"a": 1}}, stale)
    assert fresh["tags"] == {"a": 1}
    with pytest.raises(PreconditionFailed):
        house.core.replace_twin(DEVICE, {"tags": {"a": 2}}, stale)
    with pytest.raises(PreconditionFailed):
        house.core.patch_twin(DEVICE, {"tags": {"a": 2}}, stale)
    assert house.core.read_twin(DEVICE) == fresh


def test_a_twin_lives_as_long_as_its_identity(house):
    house.core.report(DEVICE, b'{"a":1}')
    house.core.delete_identity(DEVICE)
    for act in (house.core.twin, house.core.read_twin):
        with pytest.raises(NotFound):
            act(DEVICE)
    house.core.create_identity(DEVICE)
    assert json.loads(house.core.twin(DEVICE))["reported"] == {"$version": 1}


def test_a_peer_may_report_from_inside_the_call_that_tells_it(house):
    peer = house.connect()
    versions = []
    peer.desired = lambda patch, version: versions.append(
        house.core.report(DEVICE, patch[:-14] + b"}")
    )
    desired(house, {"a": 1})
    assert versions == [2]
    assert json.loads(house.core.twin(DEVICE)) == {
        "desired": {"a": 1, "$version": 2},
        "reported": {"a": 1, "$version": 2},
    }
