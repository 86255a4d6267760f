# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Writes the tables of the page on MQTT's statements, from the tables that the tests play."""

import re
import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
# Behind everything else: the tests' folder lends its tables and must hide nothing.
sys.path.append(str(_ROOT / "tests"))

from tables import packets, statement_calls, statement_packets, statements  # noqa: E402 - now found

from nxd_mqtt import status as _status  # noqa: E402 - it, too

_BYTES_SHOWN = 32
_NAMES = {number: name for name, number in vars(_status).items() if name.startswith("NXD_MQTT_")}

_TOLD_BY = {
    "acknowledge": "``nxd_mqtt_ack_receive_notify``",
    "connect": "``nxd_mqtt_connect_notify``",
}

_LIVES = "test_what_may_come_leaves_a_link_that_works"
CASE_TESTS = {
    statement_packets.ENDS: "test_a_violation_ends_the_link_at_once",
    statement_packets.IGNORES: _LIVES,
    statement_packets.ACCEPTS: _LIVES,
    statement_packets.ANSWERS: _LIVES,
}
CALL_TEST = "test_what_must_not_be_sent_is_refused"
SEND_TEST = "test_what_is_sent_is_as_the_standard_says"
CONNECT_TEST = "test_connect_is_as_the_standard_says"


def rows_with_tests() -> list[tuple[str, str, str]]:
    """Each row of every table as (statements, name of the case or nothing, test)."""
    found = [(row[0], row[1], CASE_TESTS[row[4][0]]) for row in statements.CASES]
    found += [(row[0], row[1], CALL_TEST) for row in statement_calls.CALLS]
    found += [(row[0], row[1], SEND_TEST) for row in statement_calls.SENDS]
    found += [(row[0], row[1], CONNECT_TEST) for row in statement_calls.CONNECT_ROWS]
    found += [(row[0], "", row[1]) for row in statement_calls.STORIES]
    return found


def _tests_of(number: str, rows: list) -> str:
    """The tests of a statement, each with how many rows of its table it plays for it."""
    counts = {}
    for numbers, name, test in rows:
        if number in numbers.split():
            counts[test] = counts.get(test, 0) + bool(name)
    cells = []
    for test, count in counts.items():
        cells.append(f"``{test}``" + (f" ({count} case{'s' * (count > 1)})" if count else ""))
    return ", ".join(cells)


def _octets(packet: bytes) -> str:
    rest = " ..." if len(packet) > _BYTES_SHOWN else ""
    return f"``{packet[:_BYTES_SHOWN].hex(' ')}{rest}``"


def _packets(variants: tuple) -> str:
    more = len(variants) - 1
    return _octets(variants[0]) + (f" and {more} more like it" if more else "")


def _cause(words: str) -> str:
    return "*%s*" % re.sub(r"\{\w+\}", "n", words)


def _told(told: tuple) -> str:
    """What the application learns, in words."""
    messages = sum(1 for what in told if what[0] == "message")
    parts = [_TOLD_BY[what[0]] for what in told if what[0] != "message"]
    if messages:
        parts.append("a message" if messages == 1 else f"{messages} messages")
    return ": " + ", ".join(parts) if parts else ""


def _action(action: tuple) -> str:
    word = action[0]
    if word == statement_packets.ENDS:
        return f"ends it: ``{_NAMES[action[1]]}``, {_cause(action[3])}"
    if word == statement_packets.IGNORES:
        return "ignores it"
    if word == statement_packets.ACCEPTS:
        return "accepts it" + _told(action[1])
    return f"answers {_octets(action[2])}" + _told(action[1])


def _table(title: str, heads: tuple, widths: tuple, rows) -> str:
    lines = [title, "-" * len(title), "", ".. list-table::", "   :header-rows: 1"]
    lines += ["   :widths: " + " ".join(map(str, widths)), ""]
    for row in (heads, *rows):
        for number, cell in enumerate(row):
            lines.append(("   * - " if number == 0 else "     - ") + cell)
    return "\n".join(lines) + "\n"


def _numbers(statements_of_row: str) -> str:
    return ", ".join(statements_of_row.split())


def _cases() -> list[tuple]:
    return [
        (name, state, _packets(variants), _action(action), _numbers(numbers))
        for numbers, name, state, variants, action in statements.CASES
    ]


def _calls() -> list[tuple]:
    return [
        (name, str(len(values)), f"``{_NAMES[number]}``, {_cause(words)}", _numbers(numbers))
        for numbers, name, _, values, number, words in statement_calls.CALLS
    ]


def _sends() -> list[tuple]:
    connects = {row[0]: row[-1] for row in packets.CONNECTS}
    found = [
        ("CONNECT: " + name, _octets(connects[name]), _numbers(numbers))
        for numbers, name in statement_calls.CONNECT_ROWS
    ]
    return found + [(row[1], _octets(row[4]), _numbers(row[0])) for row in statement_calls.SENDS]


def _statements() -> list[tuple]:
    rows = rows_with_tests()
    return [(*row, _tests_of(row[0], rows)) for row in statements.STATEMENTS]


# (title, heads, widths, what makes the rows)
_TABLES = (
    (
        "Statements",
        ("Statement", "What it says", "What the client does", "Tests"),
        (13, 25, 25, 37),
        _statements,
    ),
    (
        "Statements that do not apply",
        ("Statement", "What it says", "Why"),
        (16, 44, 40),
        lambda: statements.NOT_OURS,
    ),
    (
        "What a server may send",
        ("Case", "When", "Packets", "What the client does", "Statements"),
        (22, 14, 20, 30, 14),
        _cases,
    ),
    (
        "What a call refuses",
        ("Call", "Values", "Status, and words of the cause", "Statements"),
        (32, 8, 42, 18),
        _calls,
    ),
    ("What the client sends", ("Packet", "Bytes", "Statements"), (30, 40, 30), _sends),
)


def statements_text() -> str:
    """The tables of the page, in reStructuredText."""
    return "\n".join(_table(title, heads, widths, rows()) for title, heads, widths, rows in _TABLES)


def write_statements(folder: Path) -> None:
    """Write the tables where the page includes them."""
    folder.mkdir(exist_ok=True)
    (folder / "statements.txt").write_text(statements_text(), encoding="utf-8")
