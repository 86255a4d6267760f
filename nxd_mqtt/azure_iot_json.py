# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Finds a member of a JSON object in the text itself, and tells text that is no JSON, RFC 8259.

Nothing is built from the text, so a document may be as large as the buffer that holds it: bytes, a
bytearray or a memoryview. Objects and arrays lie in each other at most 32 deep.
"""

from micropython import const

from .azure_iot_text import number
from .wire import scan_text

_DEEPEST_NESTING = const(32)
# A bit for each object or array around, the innermost lowest, set for an object; and one on top.
_OUTSIDE = const(1)
_ROOT = const(3)

# What stands before: an opening bracket, a comma, a name and its colon, a value.
_OPENED = const(0)
_NEXT = const(1)
_NAMED = const(2)
_ENDED = const(3)

_QUOTE = const(0x22)
_COMMA = const(0x2C)
_MINUS = const(0x2D)
_DOT = const(0x2E)
_ZERO = const(0x30)
_COLON = const(0x3A)
_BACKSLASH = const(0x5C)
_SMALL_E = const(0x65)
_SMALL_U = const(0x75)
_BLANKS = b" \n\r\t"
_DIGITS = b"0123456789"
_HEX = b"0123456789ABCDEFabcdef"
_ESCAPED = b'"\\/bfnrtu'
# Of an array, of an object.
_OPENING = b"[{"
_CLOSING = b"]}"
_WORDS = (b"true", b"false", b"null")


def member(text, start: int, end: int, name: bytes):
    """Where the value of an object's member begins and ends; None where there is no such member.

    Of members with one name the last one counts. Names are compared as they are written, so one
    that is written with escapes is not found.

    :param int start: of the object, or of blanks before it
    :param int end: of the object, or of blanks behind it
    :return: a pair of places in the text; ValueError where it is no JSON object, all of it
    """
    # Of a view that ends where the text does, nothing can be read behind it.
    view = memoryview(text)[start:end]
    try:
        found = _scan(view, name)
    except IndexError:
        raise ValueError("the JSON object does not end")
    return (start + found[0], start + found[1]) if found else None


def integer(text, start: int, end: int) -> int:
    """The number that a value is, or -1 where it is none, or has a sign or over ten digits."""
    return number(text[start:end])


def _scan(text, name: bytes):
    """The same in a text that begins at 0 and ends with its buffer."""
    at = _skip(text, 0)
    _must(text[at] == _OPENING[1])
    at += 1
    around = _ROOT
    before = _OPENED
    found = None
    # Where the value begins that is asked for, while it lasts.
    begin = 0
    while around != _OUTSIDE:
        at = _skip(text, at)
        byte = text[at]
        if byte == _CLOSING[around & 1] and (before == _OPENED or before == _ENDED):
            at += 1
            around >>= 1
            before = _ENDED
        elif before == _ENDED:
            _must(byte == _COMMA)
            at += 1
            before = _NEXT
        elif around & 1 and before != _NAMED:
            behind = _string(text, at)
            asked = around == _ROOT and behind - at == len(name) + 2 and _reads(text, at + 1, name)
            at = _colon(text, behind)
            before = _NAMED
            if asked:
                begin = at
        elif byte in _OPENING:
            at += 1
            around = around << 1 | (byte == _OPENING[1])
            before = _OPENED
            _must(not around >> _DEEPEST_NESTING + 1)
        else:
            at = _scalar(text, at)
            before = _ENDED
        if begin and around == _ROOT and before == _ENDED:
            found = (begin, at)
            begin = 0
    _must(_skip(text, at) == len(text))
    return found


def _must(claim) -> None:
    if not claim:
        raise ValueError("no JSON object")


def _skip(text, at: int) -> int:
    """The next place that has no blank."""
    size = len(text)
    while at < size and text[at] in _BLANKS:
        at += 1
    return at


def _colon(text, at: int) -> int:
    """The place behind a colon and the blanks around it."""
    at = _skip(text, at)
    _must(text[at] == _COLON)
    return _skip(text, at + 1)


def _reads(text, at: int, word: bytes) -> bool:
    """Whether a word is here."""
    for byte in word:
        if text[at] != byte:
            return False
        at += 1
    return True


def _scalar(text, at: int) -> int:
    """The place behind a value that holds no others."""
    byte = text[at]
    if byte == _QUOTE:
        return _string(text, at)
    for word in _WORDS:
        if byte == word[0]:
            _must(_reads(text, at, word))
            return at + len(word)
    return _number(text, at)


def _string(text, at: int) -> int:
    """The place behind a string."""
    _must(text[at] == _QUOTE)
    at += 1
    begin = at
    foreign = False
    byte = text[at]
    while byte != _QUOTE:
        if byte < 0x20:
            _must(False)
        if byte == _BACKSLASH:
            at = _escape(text, at + 1)
        elif byte > 0x7F:
            foreign = True
        at += 1
        byte = text[at]
    _must(not foreign or not scan_text(text, begin, at, 0, True))
    return at + 1


def _escape(text, at: int) -> int:
    """The last place of an escape, from the character behind its backslash on."""
    byte = text[at]
    _must(byte in _ESCAPED)
    if byte == _SMALL_U:
        for _ in range(4):
            at += 1
            _must(text[at] in _HEX)
    return at


def _number(text, at: int) -> int:
    """The place behind a number."""
    if text[at] == _MINUS:
        at += 1
    # A zero stands alone before the dot.
    at = at + 1 if text[at] == _ZERO else _digits(text, at)
    if text[at] == _DOT:
        at = _digits(text, at + 1)
    if text[at] | 0x20 == _SMALL_E:
        at += 1
        if text[at] in b"+-":
            at += 1
        at = _digits(text, at)
    return at


def _digits(text, at: int) -> int:
    """The place behind digits, of which there must be one."""
    _must(text[at] in _DIGITS)
    while text[at] in _DIGITS:
        at += 1
    return at
