# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""JSON as the hub takes it: strictly, and with its own rules for what may stand in a twin."""

import json
import math
import re

from .refusals import BadRequest

# Objects in objects, below the one at the root.
_DEEPEST = 10
_LONGEST_NAME = 1024
_LONGEST_TEXT = 4096
_SMALLEST_INTEGER = -(2**52)
_LARGEST_INTEGER = 2**52 - 1
_FORBIDDEN_IN_NAMES = re.compile(r"[\x00-\x20\x7f-\x9f.$]")
# What a number and a truth value count, whatever they look like.
_NUMBER_SIZE = 8
_TRUTH_SIZE = 4


def _refuse_constant(text: str):
    raise ValueError(f"{text} is no JSON")


def parse(body: bytes):
    """The value of a JSON text in UTF-8.

    :raises BadRequest: it is none
    """
    try:
        value = json.loads(body.decode(), parse_constant=_refuse_constant)
        # Half of a surrogate pair is no character, and nothing that could be sent again.
        dump(value)
    except (ValueError, RecursionError):
        raise BadRequest("the body is no JSON")
    return value


def parse_object(body: bytes) -> dict:
    """The object of a JSON text.

    :raises BadRequest: it is no JSON, or another value
    """
    value = parse(body)
    if not isinstance(value, dict):
        raise BadRequest("the body is no JSON object")
    return value


def dump(value) -> bytes:
    """The JSON text of a value, in UTF-8 and without spaces."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode()


def check_members(members, depth: int = 0) -> None:
    """Whether an object may be merged into a twin.

    :param members: a dict; names and values of any origin
    :raises BadRequest: it may not
    """
    if not isinstance(members, dict):
        raise BadRequest("properties are a JSON object")
    if depth > _DEEPEST:
        raise BadRequest(f"more than {_DEEPEST} objects in one another")
    for name, value in members.items():
        _check_name(name)
        _check_value(value, depth)


def _check_name(name) -> None:
    if not isinstance(name, str) or not name or len(name.encode()) > _LONGEST_NAME:
        raise BadRequest(f"a property's name has 1 to {_LONGEST_NAME} bytes")
    if _FORBIDDEN_IN_NAMES.search(name):
        raise BadRequest("a property's name has no dot, dollar, space or control character")


def _check_list(items: list, depth: int) -> None:
    if depth >= _DEEPEST:
        raise BadRequest(f"more than {_DEEPEST} values in one another")
    for item in items:
        _check_value(item, depth + 1)


def _check_text(text: str, depth: int) -> None:
    if len(text.encode()) > _LONGEST_TEXT:
        raise BadRequest(f"a text has at most {_LONGEST_TEXT} bytes")


def _check_float(number: float, depth: int) -> None:
    if not math.isfinite(number):
        raise BadRequest("a number is finite")


def _check_integer(number: int, depth: int) -> None:
    if not _SMALLEST_INTEGER <= number <= _LARGEST_INTEGER:
        raise BadRequest("an integer is at least -2**52 and less than 2**52")


def _accept(value, depth: int) -> None:
    pass


_CHECKS = {
    dict: lambda members, depth: check_members(members, depth + 1),
    list: _check_list,
    str: _check_text,
    float: _check_float,
    int: _check_integer,
    bool: _accept,
    type(None): _accept,
}


def _check_value(value, depth: int) -> None:
    check = _CHECKS.get(type(value))
    if check is None:
        raise BadRequest(f"a property is no {type(value).__name__}")
    check(value, depth)


def size(value) -> int:
    """What a value counts towards the size of its section."""
    if isinstance(value, dict):
        return sum(len(name.encode()) + size(inner) for name, inner in value.items())
    if isinstance(value, list):
        return sum(size(item) for item in value)
    if isinstance(value, str):
        return len(value.encode())
    if isinstance(value, bool) or value is None:
        return _TRUTH_SIZE
    return _NUMBER_SIZE
