# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Draws the way of a message out and in, step by step, from the lines of ``flow.txt``."""

import re
from pathlib import Path

from drawing import BOLD, MIDDLE, SOFT, arrow, box, picture, text, wrapped

FILE = Path(__file__).resolve().parent / "flow.txt"

_SPACE = 262
_PLACE = (170, 34)
_LEFT = 18
_TOP = 18
_STEP = 48
_WORDS = 11
_FILLS = ("three", "two", "one", "four")


class FlowError(Exception):
    """A line of the file is none of those that can be drawn."""


def read_flow(words: str) -> tuple[list[str], list[tuple[str, list[tuple]]]]:
    """The places, and the ways: each a title and its steps (from, to, what happens).

    :raises FlowError: for a line of another form, or a step between places that are none
    """
    places, ways = [], []
    for line in words.splitlines():
        if not line or line.startswith("#"):
            continue
        step = re.fullmatch(r"(.+?) > (.+?) : (.+)", line)
        if line.startswith("places: "):
            places = line[len("places: ") :].split(" | ")
        elif line.startswith("way: "):
            ways.append((line[len("way: ") :], []))
        elif ways and step and {step[1], step[2]} <= set(places):
            ways[-1][1].append(step.groups())
        else:
            raise FlowError(f"what is this: {line}")
    return places, ways


def _step(places: list[str], step: tuple, number: int, y: float) -> list[str]:
    start, end, words = step
    a, b = (_LEFT + _PLACE[0] / 2 + _SPACE * places.index(each) for each in (start, end))
    side = 4 if a < b else -4
    lines = wrapped(words, _SPACE - 22, _WORDS)
    top = y - 6 - 13 * (len(lines) - 1)
    parts = [arrow(f"M{a + side:g} {y:g}H{b - side:g}")]
    for at, line in enumerate(lines):
        said = f"{number}. {line}" if at == 0 else line
        parts.append(text((a + b) / 2, top + 13 * at, said, _WORDS, MIDDLE))
    return parts


def draw_flow(words: str) -> str:
    """The SVG of a message's ways.

    :param str words: as in ``flow.txt``
    """
    places, ways = read_flow(words)
    middle = _PLACE[0] / 2
    height = _TOP + _PLACE[1] + sum(40 + _STEP * len(steps) for _, steps in ways) + 22
    parts = []
    for at, place in enumerate(places):
        x = _LEFT + _SPACE * at
        parts.append(
            f'<path class="dashed" d="M{x + middle:g} {_TOP + _PLACE[1]}V{height - 10:g}"/>'
        )
        parts.append(box(x, _TOP, _PLACE, _FILLS[at % len(_FILLS)]))
        parts.append(text(x + middle, _TOP + 22, place, 13, f"{MIDDLE} {BOLD}"))
    y = _TOP + _PLACE[1]
    told = []
    for title, steps in ways:
        y += 40
        parts.append(text(_LEFT + middle + 12, y - 12, title, 13, SOFT))
        for number, step in enumerate(steps, 1):
            y += _STEP
            parts += _step(places, step, number, y - 10)
        told.append(f"{title}: " + "; ".join(f"{a} to {b}, {said}" for a, b, said in steps) + ".")
    width = 2 * _LEFT + _SPACE * (len(places) - 1) + _PLACE[0]
    return picture((width, height), "A message's way out and in", " ".join(told), parts)


def write_flow(folder: Path) -> None:
    """Write the drawing where the page shows it.

    :raises FlowError: when a line of the file cannot be drawn
    """
    folder.mkdir(exist_ok=True)
    drawing = draw_flow(FILE.read_text(encoding="utf-8"))
    (folder / "flow.svg").write_text(drawing, encoding="utf-8")
