# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Builds the zip that is unpacked on a CIRCUITPY drive: library, boards, program, dependencies.

``python tools/bundle.py`` writes it to ``dist/``, with its index beside it; a folder behind the
command is taken instead.
"""

import re
import sys
import zipfile
from pathlib import Path

import bundle_lib
import bundle_metadata
import bundle_version

ROOT = Path(__file__).resolve().parent.parent
NAME = "nxd_mqtt-circuitpython"

# A drive has no use for the desktop's board, nor for what runs on CPython only.
_LEFT_OUT = re.compile(
    r"boards/desktop/|nxd_mqtt/\w+_cpython\.py|examples/nxd_mqtt_real_threads\.py"
)
_PATTERNS = ("nxd_mqtt/**/*.py", "boards/**/*.py", "examples/*.py")
_FILES = ("code.py", "settings.toml.example", "LICENSE")
_INIT = bundle_metadata.LIBRARY + "/__init__.py"

# A fixed date and one system's file modes make equal trees equal zips; the date is the first that
# the format knows.
_DATE = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_MODE = 0o100644

# What a file takes on a drive, in steps of this many bytes.
SECTOR = 512


def own_files(root: Path = ROOT) -> dict[str, bytes]:
    """The project's files for a drive, by their names there.

    :param Path root: the repository
    """
    paths = [path for pattern in _PATTERNS for path in root.glob(pattern)]
    paths += [root / name for name in _FILES]
    found = {path.relative_to(root).as_posix(): path for path in paths}
    return {name: path.read_bytes() for name, path in found.items() if not _LEFT_OUT.match(name)}


def contents(root: Path = ROOT) -> dict[str, bytes]:
    """The files of the zip by name.

    :param Path root: the repository
    """
    found = own_files(root)
    version = bundle_version.release(root)
    init = found[_INIT].decode()
    if version is not None:
        init = bundle_version.stamped(init, version)
        found[_INIT] = init.encode()
    requirements = (root / "requirements.txt").read_text(encoding="utf-8")
    parts = bundle_lib.parts(requirements.splitlines())
    for part in parts:
        found.update({"lib/" + name: data for name, data in part.files.items()})
    found["THIRD_PARTY.txt"] = bundle_lib.third_party(parts).encode()
    found["requirements.txt"] = bundle_metadata.requirements(parts).encode()
    found[NAME + ".json"] = bundle_metadata.index(root, init, parts).encode()
    return found


def write(folder: Path, files: dict[str, bytes]) -> Path:
    """Writes the zip and its index, and returns the zip's path.

    :param Path folder: where they go; it is made
    :param dict files: the files of the zip by name
    """
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / (NAME + ".zip")
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in sorted(files.items()):
            entry = zipfile.ZipInfo(name, _DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = _UNIX
            entry.external_attr = _MODE << 16
            archive.writestr(entry, data)
    (folder / (NAME + ".json")).write_bytes(files[NAME + ".json"])
    return target


def room(files: dict[str, bytes]) -> int:
    """The bytes that the files take on a drive."""
    return sum(-(-len(data) // SECTOR) * SECTOR for data in files.values())


def summary(files: dict[str, bytes]) -> str:
    """How many files there are, how much room they take on a drive, and which is the largest."""
    largest = max(files, key=lambda name: len(files[name]))
    text = f"{len(files)} files, {room(files):,} bytes on a drive, "
    return text + f"the largest {largest} with {len(files[largest]):,}"


def main() -> None:
    """Writes the zip and says what is in it."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "dist"
    files = contents()
    target = write(folder, files)
    print(f"{target}: {summary(files)}; the zip has {target.stat().st_size:,}")


if __name__ == "__main__":
    main()
