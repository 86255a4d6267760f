# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Writes the tables of the page on performance, from the file that the bench leaves behind.

The file is one run of ``make bench``. Without it, or with one that lacks a part, there is no page:
the build of the documents ends with a word on what is wrong.
"""

import json
import sys
from itertools import groupby
from pathlib import Path

_DOCS = Path(__file__).resolve().parent
# Behind everything else: the tools' folder lends its rows and must hide nothing.
sys.path.append(str(_DOCS.parent / "tools"))

from bench.rows import Row, Target, number, verdict  # noqa: E402 - now found

FILE = _DOCS / "bench.json"

# Part, title, what its rows have in common.
PARTS = (
    (
        "cpu",
        "CPU of a message",
        "On CPython. Less is better. *Wanted* is the highest ratio of our figure to the other's.",
    ),
    (
        "heap",
        "Heap",
        "On MicroPython with 64 bits. Less is better.",
    ),
    ("size", "Compiled size", "Modules as ``mpy-cross`` compiles them by default."),
    (
        "scale",
        "Many clients in one process",
        "On CPython. The columns are numbers of clients. Flat is good.",
    ),
    (
        "growth",
        "Many messages, and long ones",
        "On CPython. The columns are numbers of messages, or sizes of payloads. Flat is good.",
    ),
)

_FIRST_WIDTH = 30
_TARGET_WIDTH = 34


class BenchFileError(Exception):
    """The file of the bench is not there, or is not what the bench writes."""


def read(file: Path) -> tuple[dict, list[Row]]:
    """The content of the file, and its rows.

    :raises BenchFileError: when it cannot make the whole page
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        rows = [Row.from_plain(plain) for plain in content["rows"]]
        _facts(content)
    except OSError as error:
        raise BenchFileError(f"{file.name}: {error.strerror}; make bench writes it") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BenchFileError(f"{file.name} is not what make bench writes: {error!r}") from error
    missing = [part for part, _, _ in PARTS if not any(row.part == part for row in rows)]
    if missing:
        raise BenchFileError(f"{file.name} has no rows of: {', '.join(missing)}")
    return content, rows


# --- text ----------------------------------------------------------------------------------------


def _plain(words: str) -> str:
    """Words that mean nothing to reStructuredText."""
    return "".join("\\" + letter if letter in "\\*`_|" else letter for letter in words)


def target_text(target: Target) -> str:
    """A target for a cell; of one that is missed also how many times the wanted it is."""
    if target.met:
        return _plain(target.text)
    times = f", {number(target.found / target.limit)} times as much" if target.limit else ""
    return _plain(target.text).replace("missed", "**missed**", 1) + times


def _list_table(widths: list[int], lines: list[list[str]]) -> list[str]:
    text = [".. list-table::", "   :header-rows: 1"]
    text += ["   :widths: " + " ".join(map(str, widths)), ""]
    for cells in lines:
        for at, cell in enumerate(cells):
            text.append(("   * - " if at == 0 else "     - ") + cell)
    return [*text, ""]


def _unit_table(unit: str, columns: tuple, rows: list[Row]) -> list[str]:
    """Rows that can stand below one head."""
    aimed = any(row.targets for row in rows)
    lines = [[_plain(unit), *map(_plain, columns), *(["Targets"] if aimed else [])]]
    for row in rows:
        figures = [number(row.figures[column]) for column in columns]
        targets = "; ".join(target_text(target) for target in row.targets) or "none"
        lines.append([_plain(row.name), *figures, *([targets] if aimed else [])])
    rest = 100 - _FIRST_WIDTH - _TARGET_WIDTH * aimed
    widths = [_FIRST_WIDTH, *[rest // len(columns)] * len(columns), *[_TARGET_WIDTH] * aimed]
    return _list_table(widths, lines)


def part_text(part: str, rows: list[Row]) -> str:
    """The tables of one part: a new one where the unit or the columns are others."""
    _, title, about = next(row for row in PARTS if row[0] == part)
    lines = [title, "-" * len(title), "", about, ""]
    chosen = [row for row in rows if row.part == part]
    for (unit, columns), group in groupby(chosen, lambda row: (row.unit, tuple(row.figures))):
        lines += _unit_table(unit, columns, list(group))
    return "\n".join(lines) + "\n"


def missed_text(rows: list[Row]) -> str:
    """How many targets are missed, and which."""
    lines = [f"**{verdict(rows)}.**", ""]
    for row in rows:
        for target in row.targets:
            if not target.met:
                lines.append(f"- {row.part}, {_plain(row.name)}: {target_text(target)}")
    return "\n".join(lines) + "\n"


def _facts(content: dict) -> list[tuple[str, str]]:
    machine = content["machine"]
    return [
        ("Command", f"``{content['command']}``"),
        ("Date", content["when"]),
        ("Processor", f"{_plain(machine['processor'])}, {machine['cores']} cores"),
        ("System", _plain(machine["system"])),
        *((_plain(name), _plain(version)) for name, version in content["versions"].items()),
    ]


def facts_text(content: dict) -> str:
    """Where, when and with what it was measured."""
    lines = [["What", "Which"], *map(list, _facts(content))]
    return "\n".join(_list_table([40, 60], lines)) + "\n"


def write_bench(folder: Path, file: Path = FILE) -> None:
    """Write what the page includes: the facts, what was missed, and the tables of each part.

    :raises BenchFileError: when the file cannot make the whole page
    """
    content, rows = read(file)
    folder.mkdir(exist_ok=True)
    texts = {part: part_text(part, rows) for part, _, _ in PARTS}
    texts |= {"facts": facts_text(content), "missed": missed_text(rows)}
    for name, text in texts.items():
        (folder / f"bench_{name}.txt").write_text(text, encoding="utf-8")
