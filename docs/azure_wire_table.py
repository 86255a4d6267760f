# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Writes the tables of the page on Microsoft's SDK, from those that the tests compare by."""

import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
# Behind everything else: the tests' folder lends its tables and must hide nothing.
sys.path.append(str(_ROOT / "tests"))

from tables.azure_sdk_packets import SENT  # noqa: E402 - now found
from tables.azure_wire import FIELDS, PACKETS  # noqa: E402 - it, too
from wire_comparison import expected  # noqa: E402 - it, too

_DIFFERENCES = (*PACKETS, *FIELDS)
_BLANKS = {" ": "one space", "": "nothing"}


def _code(value) -> str:
    return _BLANKS.get(value) or f"``{value}``"


def _packet(name: str, values: dict) -> str:
    """A packet in as many words as tell it from others."""
    if name == "SUBSCRIBE":
        filters = ", ".join(_code(one) for one, _ in values["subscriptions"])
        return f"SUBSCRIBE to {filters}"
    return f"PUBLISH to ``{values['topic']}``" if name == "PUBLISH" else name


def _theirs(step: str) -> str:
    return ", then ".join(_packet(*row) for row in SENT[step])


def steps() -> list[tuple[str, str]]:
    """Each step with the numbers of what differs in it."""
    found = []
    for step in SENT:
        rows = expected(step).differences
        numbers = [str(_DIFFERENCES.index(row) + 1) for row in rows]
        found.append((step, ", ".join(numbers) or "nothing"))
    return found


def _steps() -> list[tuple]:
    return [(step, _theirs(step), cell) for step, cell in steps()]


def _differences() -> list[tuple]:
    found = []
    for number, row in enumerate(_DIFFERENCES, 1):
        if row in PACKETS:
            step, _, packet, whose, why = row
            shown = _packet(*packet)
            cells = ("no packet", shown) if whose == "ours" else (shown, "no packet")
            found.append((str(number), step, *cells, why))
            continue
        name, words, field, theirs, ours, why = row
        where = f"{name} to ``{words}...``" if words else name
        found.append((str(number), f"{where}: {field}", _code(theirs), _code(ours), why))
    return found


def _table(title: str, heads: tuple, widths: tuple, rows: list) -> str:
    lines = [title, "-" * len(title), "", ".. list-table::", "   :header-rows: 1"]
    lines += ["   :widths: " + " ".join(map(str, widths)), ""]
    for row in (heads, *rows):
        for number, cell in enumerate(row):
            lines.append(("   * - " if number == 0 else "     - ") + cell)
    return "\n".join(lines) + "\n"


def wire_text() -> str:
    """The tables of the page, in reStructuredText."""
    steps_heads = ("Step", "What the SDK sends", "What differs here")
    heads = ("No.", "Where", "Microsoft's SDK", "This client", "Why")
    return "\n".join(
        (
            _table("Step by step", steps_heads, (25, 55, 20), _steps()),
            _table("What differs", heads, (5, 18, 21, 21, 35), _differences()),
        )
    )


def write_azure_wire(folder: Path) -> None:
    """Write the tables where the page includes them."""
    folder.mkdir(exist_ok=True)
    (folder / "azure_wire.txt").write_text(wire_text(), encoding="utf-8")
