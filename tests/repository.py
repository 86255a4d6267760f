# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The repository as the tests see it: its root, its files, its build scripts."""

import ast
import importlib.util
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

_MADE_BY_COMMANDS = {"build", "dist", "_build", "_generated", "__pycache__", "htmlcov"}
_HIDDEN_BUT_OURS = {".ci", ".github"}


def _is_ours(folder: str) -> bool:
    if folder.startswith("."):
        return folder in _HIDDEN_BUT_OURS
    return folder not in _MADE_BY_COMMANDS and not folder.endswith(".egg-info")


def every_file() -> list[Path]:
    """All files of the repository, sorted, without what the commands make."""
    found = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if _is_ours(name)]
        found += [Path(folder, name) for name in names if name != ".coverage"]
    return sorted(found)


def python_files(*places: str) -> list[Path]:
    """The Python files at or below the places, which are paths from the root."""
    wanted = [(ROOT / place).resolve() for place in places]
    return [
        path
        for path in every_file()
        if path.suffix == ".py" and any(path == one or one in path.parents for one in wanted)
    ]


def package_files() -> list[Path]:
    """The modules of the library."""
    return python_files("nxd_mqtt")


# What needs CPython: a board has no threads of its own.
_DESKTOP = (ROOT / "boards" / "desktop", ROOT / "examples" / "nxd_mqtt_real_threads.py")


def board_files() -> list[Path]:
    """Every file that goes to a board: it must run there as it is."""
    found = python_files("nxd_mqtt", "boards", "code.py", "examples")
    return [path for path in found if not {path, *path.parents} & set(_DESKTOP)]


def relative(path: Path) -> str:
    """The path from the root, as a test names it."""
    return path.relative_to(ROOT).as_posix()


def tree_of(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def load_tool(name: str):
    """A build script of tools/ as a module; tools/ is on nobody's path."""
    specification = importlib.util.spec_from_file_location(name, ROOT / "tools" / (name + ".py"))
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module
