# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Draws the plan of the house as an SVG, from the same table that the tests hold the imports to."""

from drawing import BOLD, SOFT, box, picture, text, wrapped

_BOX = (216, 88)
_GAP = 12
_LABEL = 76
_PER_ROW = 4
_FLOORS = ("roof", "floor 3", "floor 2", "floor 1", "floor 0")
_FILLS = {"roof": "three", "floor 3": "one", "floor 2": "two", "floor 1": "two", "floor 0": "four"}
_SMALL = 10


def _imports(row: tuple) -> str:
    _, _, _, arrows, late = row
    words = "imports " + arrows if arrows else "imports nothing of ours"
    if late:
        words = (words + ", " if arrows else "finds ") + late
    return words


def _box(x: int, y: int, row: tuple, is_built: bool) -> list[str]:
    floor, module, idea = row[:3]
    fill, edge = (_FILLS[floor], "box") if is_built else ("none", "late")
    parts = [
        box(x, y, _BOX, fill, edge),
        text(x + 9, y + 19, module, 14, BOLD),
        text(x + 9, y + 36, idea, 12),
    ]
    lines = wrapped(_imports(row), _BOX[0] + 10, _SMALL)
    return parts + [
        text(x + 9, y + 51 + 11 * n, line, _SMALL, SOFT) for n, line in enumerate(lines)
    ]


def draw_house(house: tuple, built: set) -> str:
    """The SVG of the plan, the roof on top; what is not built yet is dashed.

    :param tuple house: rows of floor, module, idea, arrows, arrows inside functions
    :param set built: names of the modules that exist
    """
    parts, told = [], []
    y = _GAP
    for floor in _FLOORS:
        rows = [row for row in house if row[0] == floor]
        parts.append(text(_GAP, y + 22, floor, 13))
        for number, row in enumerate(rows):
            down, right = divmod(number, _PER_ROW)
            x = _LABEL + right * (_BOX[0] + _GAP)
            parts += _box(x, y + down * (_BOX[1] + _GAP), row, row[1] in built)
            told.append(f"{row[1]} on {floor} {_imports(row)}.")
        y += -(-len(rows) // _PER_ROW) * (_BOX[1] + _GAP) + _GAP
    width = _LABEL + _PER_ROW * (_BOX[0] + _GAP)
    return picture((width, y), "The plan of the house", " ".join(told), parts)
