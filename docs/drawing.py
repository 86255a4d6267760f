# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What the drawings have in common: colours for light and dark, boxes, words and arrows as SVG."""

from xml.sax.saxutils import escape

# Each drawing brings its own ground, so it can be read on a page of any colour.
_STYLE = """\
svg { --ground: #ffffff; --ink: #1d1d1d; --soft: #555555; --line: #777777;
      --one: #e8eef7; --two: #e6f3ee; --three: #fdf3e1; --four: #f0f0f0; }
@media (prefers-color-scheme: dark) {
svg { --ground: #16181c; --ink: #f0f0f0; --soft: #b9bec6; --line: #8a8f98;
      --one: #24344d; --two: #1f3d33; --three: #453620; --four: #2d3036; } }
.ground { fill: var(--ground); }
.box { stroke: var(--line); }
.late { stroke: var(--line); stroke-dasharray: 5 4; }
.one { fill: var(--one); } .two { fill: var(--two); }
.three { fill: var(--three); } .four { fill: var(--four); } .none { fill: var(--ground); }
.line { stroke: var(--line); fill: none; }
.dashed { stroke: var(--line); fill: none; stroke-dasharray: 6 4; }
.head { fill: var(--line); }
text { fill: var(--ink); font-family: sans-serif; }
.soft { fill: var(--soft); }"""

_ARROW_HEAD = (
    '<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" '
    'markerHeight="8" orient="auto-start-reverse"><path class="head" d="M0 0 10 5 0 10z"/>'
    "</marker></defs>"
)

# Of a letter of a sans-serif font, in parts of its size; generous.
_LETTER = 0.64


def width_of(words: str, size: int) -> float:
    """About how wide words are drawn."""
    return len(words) * size * _LETTER


def wrapped(words: str, width: float, size: int) -> list[str]:
    """Words in lines that are about as wide as they may be."""
    lines = [""]
    for word in words.split():
        longer = (lines[-1] + " " + word).strip()
        if lines[-1] and width_of(longer, size) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def text(x: float, y: float, words: str, size: int = 12, style: str = "") -> str:
    """One line of words.

    :param str style: further attributes
    """
    space = " " if style else ""
    return f'<text x="{x:g}" y="{y:g}" font-size="{size}"{space}{style}>{escape(words)}</text>'


MIDDLE = 'text-anchor="middle"'
BOLD = 'font-weight="bold"'
SOFT = 'class="soft"'


def box(x: float, y: float, size: tuple, fill: str, edge: str = "box") -> str:
    """A box with round corners.

    :param tuple size: width and height
    :param str fill: ``one`` to ``four``, or ``none``
    :param str edge: ``box``, or ``late`` for a dashed one
    """
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{size[0]:g}" height="{size[1]:g}" rx="5" '
        f'class="{edge} {fill}"/>'
    )


def arrow(path: str, style: str = "line") -> str:
    """A line with a head at its end.

    :param str path: as in the attribute ``d``
    :param str style: ``line`` or ``dashed``
    """
    return f'<path class="{style}" d="{path}" marker-end="url(#head)"/>'


def picture(size: tuple, title: str, description: str, parts: list[str]) -> str:
    """The whole drawing.

    :param tuple size: width and height
    :param str title: what it is
    :param str description: what it shows, for whoever does not see it
    """
    width, height = size
    start = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width:g} {height:g}" role="img" aria-labelledby="title description">'
    )
    head = [
        start,
        f'<title id="title">{escape(title)}</title>',
        f'<desc id="description">{escape(description)}</desc>',
        f"<style>{_STYLE}</style>",
        _ARROW_HEAD,
        '<rect class="ground" width="100%" height="100%" rx="6"/>',
    ]
    return "\n".join([*head, *parts, "</svg>\n"])
