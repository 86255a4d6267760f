# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Members found in JSON text, and text that is no JSON, with the standard library as the judge."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tables import azure_vectors as vectors

from nxd_mqtt.azure_iot_json import integer, member

KINDS = (bytes, bytearray, memoryview)


def found(text: bytes, name: bytes):
    """The member's value as it is written, or None."""
    span = member(text, 0, len(text), name)
    return text[span[0] : span[1]] if span else None


def _no_constant(name):
    raise ValueError(name)


def judged(text: bytes):
    """The object that a text is by the standard library, or None."""
    try:
        value = json.loads(text.decode(), parse_constant=_no_constant)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def accepted(text: bytes) -> bool:
    """Whether we take a text for a JSON object."""
    try:
        member(text, 0, len(text), b"a")
    except ValueError:
        return False
    return True


# --- what is found -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("text", "name", "value"), vectors.MEMBERS)
def test_a_member(text, name, value, kind):
    span = member(kind(text), 0, len(text), name)
    assert (span and text[span[0] : span[1]]) == value


@pytest.mark.parametrize("behind", [b"", b"}", b" 7", b'"', b"\xff"])
@pytest.mark.parametrize(("text", "name", "value"), vectors.MEMBERS)
def test_a_member_of_an_object_within_a_buffer(text, name, value, behind):
    buffer = bytearray(b'{"a":' + text + behind)
    end = 5 + len(text)
    span = member(buffer, 5, end, name)
    assert (span and buffer[span[0] : span[1]]) == value


def test_a_member_of_a_member():
    text = b' {"desired":{"$version":3,"a":{"$version":4}},"$version":5} '
    outer = member(text, 0, len(text), b"desired")
    assert integer(text, *member(text, *outer, b"$version")) == 3
    inner = member(text, *outer, b"a")
    assert integer(text, *member(text, *inner, b"$version")) == 4
    assert integer(text, *member(text, 0, len(text), b"$version")) == 5


@pytest.mark.parametrize("kind", KINDS)
def test_integer(kind):
    text = kind(b'[12,-1,1.0,1e3,"1",null,9999999999,10000000000]')
    spans = [(1, 3), (4, 6), (7, 10), (11, 14), (15, 18), (19, 23), (24, 34), (35, 46), (4, 4)]
    assert [integer(text, *span) for span in spans] == [12, -1, -1, -1, -1, -1, 9999999999, -1, -1]


@pytest.mark.parametrize("depth", range(1, vectors.DEEPEST + 1))
def test_objects_and_arrays_in_each_other(depth):
    text = vectors.nested(depth)
    assert found(text, b"a") == text[5:-1]


@pytest.mark.parametrize("depth", [vectors.DEEPEST + 1, vectors.DEEPEST + 2, 1000])
def test_objects_and_arrays_too_deep_in_each_other(depth):
    assert not accepted(vectors.nested(depth))


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", vectors.NO_OBJECTS)
def test_what_is_no_object(text, kind):
    assert judged(text) is None
    with pytest.raises(ValueError, match=r"no JSON object|does not end"):
        member(kind(text), 0, len(text), b"a")


@pytest.mark.parametrize(("text", "name", "value"), vectors.MEMBERS)
def test_an_object_that_is_cut(text, name, value):
    whole = len(text.rstrip())
    for end in range(whole):
        assert not accepted(text[:end])
        # The rest is there, but is no part of it.
        with pytest.raises(ValueError, match="JSON"):
            member(text, 0, end, name)
    assert found(text[:whole], name) == value


# --- as the standard library does ----------------------------------------------------------------

NAMES = st.text("ab", max_size=2) | st.text(st.characters(exclude_categories=["Cs"]), max_size=3)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6)
    | st.sampled_from(['"', "\\", "}", "]", "\\u12", "\x7f", "℃"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)
STYLES = st.sampled_from(
    [{}, {"indent": 1}, {"separators": (",", ":")}, {"separators": (" , ", " :\r\t")}]
)


@st.composite
def documents(draw):
    """The text of any JSON object, in any style; half of them beyond ASCII."""
    value = draw(st.dictionaries(NAMES, VALUES, max_size=4))
    ascii_only = draw(st.booleans())
    text = json.dumps(value, ensure_ascii=ascii_only, **draw(STYLES))
    blanks = draw(st.sampled_from(["", " ", "\r\n\t"]))
    # Surrogates cannot be written but as escapes.
    return (blanks + text + blanks).encode(errors="ignore")


@given(documents())
def test_any_object_s_members_are_found(text):
    value = judged(text)
    assert value is not None
    for name, expected in value.items():
        written = json.dumps(name, ensure_ascii=False)[1:-1].encode()
        # A name that is written in another way is not looked for.
        if b'"%s"' % written in text and "\\u" not in text.decode():
            assert json.loads(found(text, written)) == expected
    assert found(text, b"not there at all") is None


PIECES = [b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b"\\u00", b"0", b"1", b"-", b".", b"e"]
PIECES += [b"E+", b" ", b"\n", b"\0", b"\x1f", b"\x7f", b"\x80", b"\xc3\xbc", b"\xed\xa0\x80"]
PIECES += [b"true", b"null", b"NaN", b'"a"', b'"a":', b"{}", b"/", b"'"]


@st.composite
def damaged(draw):
    """The text of a JSON object to which some things were done."""
    text = draw(documents())
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(text)))
        cut = draw(st.integers(0, 3))
        text = text[:at] + draw(st.sampled_from(PIECES) | st.just(b"")) + text[at + cut :]
    return text


@given(damaged() | st.lists(st.sampled_from(PIECES)).map(b"".join) | st.binary())
@example(b'{"a":1')
@example(b'{"a":"\xc3"}')
def test_exactly_what_is_json_is_taken(text):
    assert accepted(text) == (judged(text) is not None)


@given(documents(), st.data())
def test_what_is_cut_is_refused(text, data):
    whole = len(text.rstrip())
    end = data.draw(st.integers(0, whole - 1))
    assert not accepted(text[:end])


@given(documents(), st.sampled_from([b"x", b"}", b"]", b",", b"{}", b"0", b'"', b"\0"]))
def test_what_goes_on_is_refused(text, more):
    assert not accepted(text + more)
