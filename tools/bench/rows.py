# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A row of the bench: what was measured, the figures side by side, and how they meet the targets.

Figures come from rounds, in which everybody has a turn. A figure is the median over the rounds. A
ratio is taken in each round, where both had the same machine, and then the median of those.
"""

from statistics import median
from typing import NamedTuple

OURS = "nxd_mqtt"


class Target(NamedTuple):
    """What a figure should be at most, and what it is."""

    what: str
    limit: float
    found: float

    @property
    def met(self) -> bool:
        """Whether it is no more than wanted."""
        return self.found <= self.limit

    @property
    def text(self) -> str:
        """The target as a reader sees it."""
        answer = "met" if self.met else "missed"
        found, limit = number(self.found), number(self.limit)
        if found == limit and not self.met:
            found = f"{self.found:,.4f}"
        return f"{answer}: {found} {self.what}, {limit} wanted"


class Row(NamedTuple):
    """One measurement of one part, with a figure for everybody who took part."""

    part: str
    name: str
    unit: str
    figures: dict[str, float]
    targets: list[Target]

    def plain(self) -> dict:
        """As JSON has it."""
        return {**self._asdict(), "targets": [target._asdict() for target in self.targets]}

    @classmethod
    def from_plain(cls, plain: dict) -> "Row":
        """The row that ``plain`` was made of."""
        return cls(**{**plain, "targets": [Target(**target) for target in plain["targets"]]})


# --- figures from rounds -------------------------------------------------------------------------


def medians(rounds: list[dict[str, float]]) -> dict[str, float]:
    """The median of each figure over the rounds, in the order of the first round."""
    return {name: median(each[name] for each in rounds) for name in rounds[0]}


def ratio(rounds: list[dict[str, float]], upper: str, lower: str) -> float:
    """The median of the ratios of two figures, each ratio taken within one round."""
    return median(each[upper] / each[lower] for each in rounds)


# --- text ----------------------------------------------------------------------------------------


def number(value: float) -> str:
    """A figure with as many digits as mean something: 12,345, 123, 12.3, 1.23, 0.04."""
    size = abs(value)
    digits = 0 if size >= 100 or value == int(value) else 1 if size >= 10 else 2
    return f"{value:,.{digits}f}"


def table(rows: list[Row]) -> str:
    """All rows as text: rows with the same columns share a head, each target has its own line."""
    lines = []
    columns = ()
    for row in rows:
        if columns != (row.part, row.unit, *row.figures):
            columns = (row.part, row.unit, *row.figures)
            lines += [""] if lines else []
            lines.append(_line(f"{row.part}: {row.unit}", row.figures, row.figures))
        figures = [number(figure) for figure in row.figures.values()]
        lines.append(_line(row.name, figures, row.figures))
        lines += ["    " + target.text for target in row.targets]
    return "\n".join([*lines, "", verdict(rows)])


def _line(first: str, cells, columns) -> str:
    pairs = zip(cells, columns, strict=True)
    return f"{first:<48}" + "".join(f"{cell:>{max(len(column), 8) + 2}}" for cell, column in pairs)


def verdict(rows: list[Row]) -> str:
    """How many targets were missed."""
    targets = [target for row in rows for target in row.targets]
    missed = sum(not target.met for target in targets)
    return f"{missed} of {len(targets)} targets missed"
