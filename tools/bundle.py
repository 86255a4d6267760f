# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Builds the zip that is unpacked on a CIRCUITPY drive: library, boards, program, dependencies."""

import importlib.util
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "dist" / "nxd_mqtt-circuitpython.zip"

# The desktop is no board of its own on a drive.
_LEFT_OUT = ROOT / "boards" / "desktop"
_FOLDERS = ("nxd_mqtt", "boards")
_FILES = ("code.py", "settings.toml.example", "LICENSE")
_DEPENDENCIES = ("adafruit_connection_manager", "adafruit_ticks")

# A fixed date makes equal trees equal zips; it is the first that the format knows.
_DATE = (1980, 1, 1, 0, 0, 0)


def own_files(root: Path) -> list[Path]:
    """The project's files for a drive, sorted.

    :param Path root: the repository
    """
    found = [path for folder in _FOLDERS for path in sorted((root / folder).rglob("*.py"))]
    found = [path for path in found if _LEFT_OUT not in path.parents]
    return found + [root / name for name in _FILES]


def dependency(name: str) -> Path:
    """The one .py file of a dependency, from the environment."""
    return Path(importlib.util.find_spec(name).origin)


def contents(root: Path = ROOT) -> dict[str, Path]:
    """Names in the zip, and the files they are made from."""
    found = {path.relative_to(root).as_posix(): path for path in own_files(root)}
    for name in _DEPENDENCIES:
        found["lib/" + name + ".py"] = dependency(name)
    return found


def write(target: Path, files: dict[str, Path]) -> None:
    """Writes the zip.

    :param Path target: the zip
    :param dict files: names in it, and files
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w") as archive:
        for name, path in sorted(files.items()):
            entry = zipfile.ZipInfo(name, _DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes())


def main() -> None:
    """Writes the zip and names it."""
    files = contents()
    missing = [name for name, path in files.items() if not path.is_file()]
    if missing:
        sys.exit("missing: " + ", ".join(missing))
    write(TARGET, files)
    print(TARGET.relative_to(ROOT), "-", len(files), "files")


if __name__ == "__main__":
    main()
