# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What others wrote and a drive needs under ``lib/``: files, version, licence and source of each.

All of it is taken from the packages that are installed in the environment and from their metadata,
never by importing a name: under ``asyncio`` an import would find the standard library's.
"""

import re
from importlib import metadata
from typing import NamedTuple

LEFT_OUT = {
    "adafruit-blinka": "on a board the firmware is what it stands in for",
    "adafruit-circuitpython-minimqtt": "nothing on the drive imports it",
}
"""What requirements name and a drive does not get, and why."""

_PAGE = """\
The files in lib/ were written by others. They are unchanged copies of what the Python package index
distributes; each has its own licence, and the text of it follows the list.
"""
_RULE = "-" * 78


class Part(NamedTuple):
    """One package of the index: what it is called there, and what it puts into ``lib/``."""

    name: str
    version: str
    licence: str
    licence_text: str
    source: str
    description: str
    module: str
    files: dict[str, bytes]
    requires: list[str]

    @property
    def is_package(self) -> bool:
        """Whether its module is a folder."""
        return self.module + ".py" not in self.files


def normalized(name: str) -> str:
    """A package's name as the index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def required(lines) -> list[str]:
    """The packages that requirements name, without those that a drive does not get.

    :param lines: lines of a requirements file or of a package's metadata
    """
    found = []
    for line in lines:
        text = line.split("#")[0].strip()
        name = normalized(re.split(r"[\s<>=~!;\[(]", text)[0])
        if name and "extra ==" not in text and name not in LEFT_OUT:
            found.append(name)
    return sorted(found)


def part(name: str) -> Part:
    """One package, as it is installed here.

    :param str name: its name on the index
    """
    installed = metadata.distribution(name)
    modules = [path for path in installed.files or () if path.suffix == ".py"]
    files = {path.as_posix(): path.locate().read_bytes() for path in modules}
    tops = {path.parts[0].removesuffix(".py") for path in modules}
    if len(tops) != 1:
        raise ValueError(f"{name}: not one module or package, but {sorted(tops)}")
    fields = installed.metadata
    return Part(
        name=normalized(fields["Name"]),
        version=fields["Version"],
        licence=fields["License-Expression"] or fields["License"] or "",
        licence_text=_licence_text(installed),
        source=_source(fields),
        description=fields["Summary"] or "",
        module=tops.pop(),
        files=files,
        requires=required(installed.requires or ()),
    )


def parts(lines) -> list[Part]:
    """All packages that a drive gets, by name; what they need must be among them.

    :param lines: lines of the project's requirements
    """
    found = [part(name) for name in required(lines)]
    names = {each.name for each in found}
    for each in found:
        missing = set(each.requires) - names
        if missing:
            raise ValueError(f"{each.name} also needs {', '.join(sorted(missing))}")
    return found


def third_party(found: list[Part]) -> str:
    """The page with each package's version, licence and source, and the text of each licence."""
    lines = [_PAGE]
    for each in found:
        folder = "lib/" + each.module + ("/" if each.is_package else ".py")
        lines += [f"{each.name} {each.version}", f"    {folder}", f"    licence: {each.licence}"]
        lines += [f"    source:  {each.source}", ""]
    for each in found:
        lines += [_RULE, f"The licence of {each.name}", _RULE, "", each.licence_text.strip(), ""]
    return "\n".join(lines)


def _licence_text(installed: metadata.Distribution) -> str:
    paths = [path for path in installed.files or () if "licenses" in path.parts]
    texts = [path.locate().read_text(encoding="utf-8") for path in sorted(paths)]
    if not texts:
        raise ValueError(f"{installed.metadata['Name']} brings no text of its licence")
    return "\n".join(texts)


def _source(fields) -> str:
    """The repository, which the metadata call the homepage."""
    for entry in fields.get_all("Project-URL") or ():
        kind, _, address = entry.partition(", ")
        if kind == "Homepage":
            return address.removesuffix(".git")
    raise ValueError(f"{fields['Name']} does not say where its source is")
