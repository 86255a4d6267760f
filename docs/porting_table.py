# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Writes the blocks of the porting guide: each call, and an application in C beside its port.

The calls come from the tables that the tests hold to the modules, the application from the two
files as they are.
"""

import re
import runpy
import sys
from pathlib import Path

_DOCS = Path(__file__).resolve().parent
_ROOT = _DOCS.parent
# Behind everything else: the tests' folder lends its tables and must hide nothing.
sys.path.append(str(_ROOT / "tests"))

from tables import (  # noqa: E402 - now found
    porting,
    porting_azure,
    porting_azure_features,
    porting_tls,
    porting_tx,
    porting_tx_objects,
)

BEFORE = _DOCS / "port" / "application.c"
AFTER = _ROOT / "examples" / "nxd_mqtt_netx_demo.py"

PARTS = porting.PARTS + porting_tls.PARTS + porting_azure.PARTS + porting_azure_features.PARTS
PARTS += porting_tx.PARTS + porting_tx_objects.PARTS

_WIDTH = 76


class PairsError(Exception):
    """The table of pairs does not fit the two files."""


# --- calls ---------------------------------------------------------------------------------------


def _wrapped(call: str) -> list[str]:
    """A prototype or a call in lines of code, arguments one below the other where it is long."""
    if len(call) <= _WIDTH:
        return [call]
    head, _, rest = call.partition("(")
    lines = [head + "("]
    for argument in re.split(r", (?![^()]*\))", rest[:-1]):
        if len(lines) > 1 and len(lines[-1]) + len(argument) + 2 <= _WIDTH:
            lines[-1] += " " + argument + ","
        else:
            lines.append("    " + argument + ",")
    lines[-1] = lines[-1][:-1] + ")"
    return lines


def _code(language: str, call: str) -> list[str]:
    return [f".. code-block:: {language}", "", *("   " + line for line in _wrapped(call)), ""]


def _linked(words: str) -> str:
    """Names of functions and constants in a sentence as code."""
    return re.sub(r"(?<![`\w.])(\w*_\w+(?:\.\w+)?|\w+\.\w+_\w+)(?![`\w])", r"``\1``", words)


def _name(row: tuple) -> str:
    return re.match(r"(?:await )?(\w+)", row[1])[1]


def _block(row: tuple) -> list[str]:
    before, call, returns, statuses, differences, test = row
    name = _name(row)
    lines = [f".. _call-{name}:", "", name, "~" * len(name), ""]
    if before:
        lines += _code("c", before)
    else:
        lines += ["C does not have it.", ""]
    lines += _code("python", call)
    lines += [f":Returns: {returns}"]
    if statuses:
        lines += [":Statuses: " + ", ".join(f"``{word}``" for word in statuses.split())]
    return [*lines, f":Differs: {_linked(differences)}", f":Shown by: ``{test}``", ""]


def index_text(parts: tuple = PARTS) -> str:
    """Links to all calls, part by part."""
    lines = []
    for title, _, rows in parts:
        links = [f":ref:`call-{_name(row)}`" for row in rows]
        lines += [title, "    " + ", ".join(links), ""]
    return "\n".join(lines)


def calls_text(parts: tuple = PARTS) -> str:
    """The blocks of all calls, under a heading for each part, in reStructuredText."""
    lines = []
    for title, words, rows in parts:
        lines += [title, "-" * len(title), "", words, ""]
        for row in rows:
            lines += _block(row)
    return "\n".join(lines)


def gone_text() -> str:
    """The calls that a program leaves out, and what to do instead."""
    lines = []
    for calls, words in porting.GONE:
        lines += [", ".join(f"``{call}``" for call in calls.split(", ")), "    " + words, ""]
    return "\n".join(lines)


# --- the application -----------------------------------------------------------------------------


def _parts(file: Path, starts: list[str]) -> list[str]:
    """A file from the first start on, cut before each start.

    :raises PairsError: when a start is not there, or not behind the one before it
    """
    lines = file.read_text(encoding="utf-8").splitlines()
    cuts = []
    for start in starts:
        behind = range(cuts[-1] + 1 if cuts else 0, len(lines))
        found = [number for number in behind if lines[number].startswith(start)]
        if not found:
            raise PairsError(f"{file.name} has no line with {start!r} behind the pair before it")
        cuts.append(found[0])
    ends = [*cuts[1:], len(lines)]
    return ["\n".join(lines[a:b]).strip("\n") for a, b in zip(cuts, ends, strict=True)]


def _column(language: str, text: str) -> list[str]:
    code = ["         " + line if line else "" for line in text.splitlines()]
    return ["   .. container:: pair-half", "", f"      .. code-block:: {language}", "", *code, ""]


def application_text(before: Path = BEFORE, after: Path = AFTER) -> str:
    """The two applications part by part, the C beside the Python."""
    pairs = runpy.run_path(str(_DOCS / "port" / "pairs.py"))["PAIRS"]
    left = _parts(before, [pair[1] for pair in pairs])
    right = _parts(after, [pair[2] for pair in pairs])
    lines = []
    for (words, _, _), c_text, python_text in zip(pairs, left, right, strict=True):
        lines += [words, ""] if words else []
        lines += [".. container:: pair", ""]
        lines += _column("c", c_text) + _column("python", python_text)
    return "\n".join(lines)


def write_porting(folder: Path) -> None:
    """Write what the page includes.

    :raises PairsError: when the table of pairs does not fit the two files
    """
    folder.mkdir(exist_ok=True)
    texts = {
        "index": index_text(),
        "calls": calls_text(),
        "gone": gone_text(),
        "application": application_text(),
    }
    for name, text in texts.items():
        (folder / f"porting_{name}.txt").write_text(text + "\n", encoding="utf-8")
