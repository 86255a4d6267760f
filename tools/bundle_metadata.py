# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The papers of a bundle, in the forms that circup and CircuitPython's library bundles have."""

import json
from pathlib import Path

from bundle_lib import Part
from bundle_version import dunder

try:
    import tomllib
except ImportError:  # Python 3.10; pytest brings the same under this name
    import tomli as tomllib

LIBRARY = "nxd_mqtt"

_REQUIREMENTS = """\
# What lib/ holds, for `circup install -r requirements.txt`: that puts the compiled form of the same
# libraries there, in the versions of circup's own bundle.
"""


def requirements(parts: list[Part]) -> str:
    """A requirements file that names what is in ``lib/``."""
    return _REQUIREMENTS + "".join(f"{each.name}=={each.version}\n" for each in parts)


def index(root: Path, init: str, parts: list[Part]) -> str:
    """The libraries of the bundle by module, as JSON with the fields of Adafruit's library bundle.

    :param Path root: the repository
    :param str init: the text of the library's ``__init__.py``, as it goes into the bundle
    :param list parts: what is in ``lib/``
    """
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    modules = {each.name: each.module for each in parts}
    library = {
        "package": True,
        "pypi_name": project["name"],
        "version": dunder(init, "__version__"),
        "repo": dunder(init, "__repo__").removesuffix(".git"),
        "path": LIBRARY,
        "dependencies": sorted(modules.values()),
        "external_dependencies": [],
        "pypi_description": project["description"],
    }
    entries = {each.module: _entry(each, modules) for each in parts}
    entries[LIBRARY] = library
    return json.dumps(entries, indent=2, sort_keys=True) + "\n"


def _entry(part: Part, modules: dict[str, str]) -> dict:
    return {
        "package": part.is_package,
        "pypi_name": part.name,
        "version": part.version,
        "repo": part.source,
        "path": "lib/" + part.module,
        "dependencies": [modules[name] for name in part.requires],
        "external_dependencies": [],
        "pypi_description": part.description,
    }
