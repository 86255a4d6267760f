# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""How the documents are built: Sphinx's own theme, nothing from the network, drawings from data."""

import runpy
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS))

from azure_wire_table import write_azure_wire  # noqa: E402 - it lies beside this file
from bench_table import write_bench  # noqa: E402 - it, too
from flow_diagram import write_flow  # noqa: E402 - it, too
from picture import draw_house  # noqa: E402 - it, too
from porting_table import write_porting  # noqa: E402 - it, too
from state_diagram import write_states  # noqa: E402 - it, too
from statements_table import write_statements  # noqa: E402 - it, too
from troubles_table import write_troubles  # noqa: E402 - it, too

project = "nxd_mqtt"
author = "nxd_mqtt authors"
copyright = "2026, nxd_mqtt authors"

extensions = ["sphinx.ext.autodoc"]
autodoc_member_order = "bysource"
exclude_patterns = ["_build", "_generated"]
html_theme = "alabaster"
html_theme_options = {
    "description": "The NetX Duo MQTT client for CircuitPython",
    "page_width": "1240px",
    "body_max_width": "none",
}
html_static_path = ["_static"]
html_css_files = ["nxd.css"]
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
    for write in (
        write_statements,
        write_bench,
        write_porting,
        write_troubles,
        write_states,
        write_flow,
        write_azure_wire,
    ):
        app.connect("builder-inited", lambda _app, write=write: write(DOCS / "_generated"))
