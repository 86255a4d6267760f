# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The programs on the page about boards differ in how the radio is made, and in nothing else.

That they run is shown where all texts of the pages are run.
"""

import re

from repository import ROOT

DOCS = ROOT / "docs"
PAGE = (DOCS / "boards.rst").read_text(encoding="utf-8")


def programs():
    """The program of each section, by its title."""
    found = {}
    for section in re.split(r"\n(?=[^\n]+\n-+\n)", PAGE):
        for path, first in re.findall(r"literalinclude:: (\S+)\n   :start-at: (.+)", section):
            text = (DOCS / path).read_text(encoding="utf-8")
            found[section.split("\n")[0]] = text[text.index("\n" + first + "\n") + 1 :]
    return found


def test_every_kind_of_hardware_has_its_program():
    assert list(programs()) == ["Native Wi-Fi", "AirLift", "WIZnet Ethernet", "Desktop"]


def test_they_are_the_same_but_for_how_the_radio_is_made():
    def rest(text):
        lines = [line for line in text.splitlines() if line and line != "import board"]
        return [line for line in lines if not line.startswith("radio = ")]

    wanted = rest(programs()["Desktop"])
    assert len(wanted) == 9
    assert [rest(text) for text in programs().values()] == [wanted] * 4
