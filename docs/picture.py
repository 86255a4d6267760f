# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Draws the plan of the house as an SVG, from the same table that the tests hold the imports to."""

from xml.sax.saxutils import escape

_BOX = (216, 88)
_GAP = 12
_LABEL = 76
_PER_ROW = 4
_FLOORS = ("roof", "floor 3", "floor 2", "floor 1", "floor 0")
_FILLS = {
    "roof": "#fdf3e1",
    "floor 3": "#e8eef7",
    "floor 2": "#e6f3ee",
    "floor 1": "#e6f3ee",
    "floor 0": "#f0f0f0",
}


def _text(x: int, y: int, words: str, style: str) -> str:
    return f'<text x="{x}" y="{y}" {style}>{escape(words)}</text>'


def _box(x: int, y: int, row: tuple, is_built: bool) -> list[str]:
    floor, module, idea, arrows, late = row
    edge = 'stroke="#777"' if is_built else 'stroke="#999" stroke-dasharray="5 4"'
    fill = _FILLS[floor] if is_built else "#fff"
    imports = "imports " + arrows if arrows else "imports nothing of ours"
    if late:
        imports = (imports + ", " if arrows else "finds ") + late
    lines = _wrapped(imports, 36)
    small = 'font-size="10" fill="#555"'
    parts = [
        f'<rect x="{x}" y="{y}" width="{_BOX[0]}" height="{_BOX[1]}" rx="5" fill="{fill}" {edge}/>',
        _text(x + 9, y + 19, module, 'font-size="14" font-weight="bold"'),
        _text(x + 9, y + 36, idea, 'font-size="12"'),
    ]
    return parts + [_text(x + 9, y + 51 + 11 * n, line, small) for n, line in enumerate(lines)]


def _wrapped(words: str, width: int) -> list[str]:
    lines = [""]
    for word in words.split():
        if len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] = (lines[-1] + " " + word).strip()
    return lines


def draw_house(house: tuple, built: set) -> str:
    """The SVG of the plan, the roof on top; what is not built yet is dashed.

    :param tuple house: rows of floor, module, idea, arrows, arrows inside functions
    :param set built: names of the modules that exist
    """
    parts = []
    y = _GAP
    for floor in _FLOORS:
        rows = [row for row in house if row[0] == floor]
        parts.append(_text(_GAP, y + 22, floor, 'font-size="13" fill="#333"'))
        for number, row in enumerate(rows):
            down, right = divmod(number, _PER_ROW)
            x = _LABEL + right * (_BOX[0] + _GAP)
            parts += _box(x, y + down * (_BOX[1] + _GAP), row, row[1] in built)
        y += -(-len(rows) // _PER_ROW) * (_BOX[1] + _GAP) + _GAP
    width = _LABEL + _PER_ROW * (_BOX[0] + _GAP)
    start = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{y}" '
        f'viewBox="0 0 {width} {y}" font-family="sans-serif">'
    )
    return "\n".join([start, *parts, "</svg>\n"])
