# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""How the documents are built: Sphinx's own theme, nothing from the network, drawings from data."""

import runpy
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS))

from bench_table import write_bench  # noqa: E402 - it lies beside this file
from picture import draw_house  # noqa: E402 - it, too
from statements_table import write_statements  # noqa: E402 - it, too

project = "nxd_mqtt"
author = "nxd_mqtt authors"
copyright = "2026, nxd_mqtt authors"

extensions = ["sphinx.ext.autodoc"]
autodoc_member_order = "bysource"
exclude_patterns = ["_build", "_generated"]
html_theme = "alabaster"
html_theme_options = {
    "description": "The NetX Duo MQTT client for CircuitPython",
    "fixed_sidebar": True,
    "page_width": "1080px",
}
html_show_sourcelink = False
nitpicky = True


def _draw(_app) -> None:
    house = runpy.run_path(str(DOCS.parent / "tests" / "tables" / "house.py"))["HOUSE"]
    folder = DOCS / "_generated"
    folder.mkdir(exist_ok=True)
    built = {path.stem for path in (DOCS.parent / "nxd_mqtt").glob("*.py")}
    (folder / "house.svg").write_text(draw_house(house, built), encoding="utf-8")


def setup(app) -> None:
    """Draws the pictures and writes the tables before Sphinx looks for them."""
    app.connect("builder-inited", _draw)
    app.connect("builder-inited", lambda _app: write_statements(DOCS / "_generated"))
    app.connect("builder-inited", lambda _app: write_bench(DOCS / "_generated"))
