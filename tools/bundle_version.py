# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Which version a bundle carries: the tag of a release, else the one that the files have."""

import os
import re
import subprocess
from pathlib import Path

# One line each, because circup finds them by a pattern and reads no Python.
_DUNDER = r'^{} = "([^"\n]+)"$'
_TAG = re.compile(r"v?(\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?)")


def dunder(source: str, name: str) -> str:
    """What a module says of itself.

    :param str source: its text
    :param str name: ``__version__`` or ``__repo__``
    """
    found = re.search(_DUNDER.format(name), source, re.MULTILINE)
    if found is None:
        raise ValueError("no line with " + name)
    return found.group(1)


def stamped(source: str, version: str) -> str:
    """The module with another ``__version__``."""
    line = f'__version__ = "{version}"'
    return re.sub(_DUNDER.format("__version__"), lambda _: line, source, flags=re.MULTILINE)


def release(root: Path) -> str | None:
    """The version of the release that the files at hand are; None where they are none.

    Between releases the files keep their own version, so equal files make equal bundles. A tree
    with changes in it, or without git, is no release.

    :param Path root: the repository
    """
    if _git(root, "rev-parse", "--show-prefix") != "" or _git(root, "status", "--porcelain") != "":
        return None
    tag = _TAG.fullmatch(_git(root, "describe", "--tags", "--exact-match") or "")
    return tag and tag.group(1)


def _git(root: Path, *arguments: str) -> str | None:
    command = ["git", "--no-optional-locks", "-C", str(root), *arguments]
    # A hook of git names its own repository in the environment, which would win over -C.
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(command, env=clean, capture_output=True, text=True, check=False)
    except OSError:
        return None
    return None if done.returncode else done.stdout.strip()
