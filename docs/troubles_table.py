# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Writes the entries of the page on troubles: by status, and by the words of a reason."""

import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
# Behind everything else: the tests' folder lends its tables and must hide nothing.
sys.path.append(str(_ROOT / "tests"))

from tables import trouble_reasons, troubles  # noqa: E402 - now found


def _heading(title: str, line: str) -> list[str]:
    return [title, line * len(title), ""]


def statuses_text(parts: tuple = troubles.PARTS) -> str:
    """An entry for each status, under a heading for each part, in reStructuredText."""
    lines = []
    for title, words, rows in parts:
        lines += [*_heading(title, "~"), words, ""]
        for name, number, comes, mend in rows:
            lines += [
                f"``{name}``, 0x{number:X}",
                f"    {comes}",
                "",
                f"    *What to do:* {mend}",
                "",
            ]
    return "\n".join(lines)


def _shown(quote: str) -> str:
    """Words as they are seen: what stands for a number or a name is not."""
    return quote.replace("%d", "n").replace("%s", "...").strip()


def reasons_text(stages: tuple = trouble_reasons.STAGES) -> str:
    """The words of reasons, under a heading for each stage."""
    lines = []
    for stage, words, rows in stages:
        lines += [*_heading(stage, "~"), words, ""]
        for quotes, advice in rows:
            told = ", ".join(f"*{_shown(quote)}*" for quote in quotes)
            lines += [told, f"    {advice}", ""]
    return "\n".join(lines)


def write_troubles(folder: Path) -> None:
    """Write what the page includes."""
    folder.mkdir(exist_ok=True)
    for name, text in (("statuses", statuses_text()), ("reasons", reasons_text())):
        (folder / f"troubles_{name}.txt").write_text(text + "\n", encoding="utf-8")
