# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The two plots of the performance page: CPU and heap of a message, ours beside the others'.

Each row is a panel with a scale of its own, for some are slower by orders of magnitude. The same
rows make the same bytes, on every day.
"""

from pathlib import Path

from .rows import OURS, Row, number

# file, part, what the unit of its rows contains
PLOTS = (
    ("bench_cpu.svg", "cpu", "CPU"),
    ("bench_heap.svg", "heap", "message"),
)

_COLUMNS = 2
_PANEL_INCHES = (4.6, 1.7)
_OURS_COLOUR = "#1f6fb2"
_OTHERS_COLOUR = "#b8bec6"
# Room for the figure beside the longest bar.
_MARGIN = 0.18
_SETTINGS = {
    "svg.hashsalt": OURS,
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def draw(folder: Path, rows: list[Row]) -> list[Path]:
    """Draw both plots; returns the files.

    :param Path folder: where they go
    """
    drawn = []
    for name, part, unit in PLOTS:
        chosen = [row for row in rows if row.part == part and unit in row.unit]
        if chosen:
            drawn.append(folder / name)
            draw_panels(drawn[-1], chosen)
    return drawn


def draw_panels(file: Path, rows: list[Row]) -> None:
    """One plot: a panel with bars for every row."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    lines = -(-len(rows) // _COLUMNS)
    size = (_PANEL_INCHES[0] * _COLUMNS, _PANEL_INCHES[1] * lines)
    with matplotlib.rc_context(_SETTINGS):
        figure, panels = pyplot.subplots(lines, _COLUMNS, figsize=size, squeeze=False)
        for panel in panels.flat[len(rows) :]:
            panel.set_visible(False)
        for panel, row in zip(panels.flat, rows, strict=False):
            _draw_panel(panel, row)
        figure.tight_layout()
        figure.savefig(file, format="svg", metadata={"Date": None})
        pyplot.close(figure)


def _draw_panel(panel, row: Row) -> None:
    names = list(row.figures)
    figures = list(row.figures.values())
    colours = [_OURS_COLOUR if name == OURS else _OTHERS_COLOUR for name in names]
    bars = panel.barh(names, figures, color=colours)
    panel.bar_label(bars, [number(figure) for figure in figures], padding=3)
    panel.invert_yaxis()
    panel.margins(x=_MARGIN)
    panel.set_title(row.name, loc="left", fontweight="bold")
    panel.set_xlabel(row.unit)
