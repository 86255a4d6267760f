# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""No row is missing: each of ThreadX's regression tests has a twin or a reason in the documents."""

import ast
from functools import cache

import pytest
from repository import ROOT, tree_of
from tables.threadx_tests import FILES, GONE, TWINS, WITHOUT

KINDS = ("thread", "event_flags", "queue", "semaphore", "mutex", "timer")
PAGE = (ROOT / "docs" / "regression_tx.rst").read_text(encoding="utf-8")


@cache
def functions():
    """The tests of each file: {name of the file: names of its functions}."""
    return {
        f"test_tx_{kind}.py": {
            node.name
            for node in tree_of(ROOT / "tests" / f"test_tx_{kind}.py").body
            if isinstance(node, ast.FunctionDef)
        }
        for kind in KINDS
    }


def file_of(name):
    """The one file in which a row has its twin."""
    found = [file for file, names in functions().items() if "test_" + name in names]
    assert len(found) == 1, name
    return found[0]


def plain(text):
    """Without line breaks and indentation."""
    return " ".join(text.split())


def table(title):
    """The rows of the table below a title of the page, its heading left out."""
    text = PAGE.split("\n" + title + "\n-", 1)[1].split("   * - ", 1)[1]
    return [plain(row) for row in text.split("\n\n", 1)[0].split("   * - ")][1:]


def test_every_file_of_threadx_is_a_row():
    names = [name for name, _ in TWINS + WITHOUT]
    assert len(names) == len(set(names))
    assert set(names) == set(FILES.split())


@pytest.mark.parametrize("name", [name for name, _ in TWINS])
def test_a_row_has_a_twin_in_the_file_of_its_kind(name):
    kind = name.split("_")[0]
    kind = {"event": "event_flags", "time": "thread"}.get(kind, kind)
    assert file_of(name) == f"test_tx_{kind}.py"


def test_a_row_without_a_twin_has_a_reason():
    names = set.union(*functions().values())
    for name, reason in WITHOUT:
        assert reason
        assert "test_" + name not in names
    assert all(reason for _, reason in GONE)


def test_the_page_shows_the_twins():
    wanted = [f"``{name}`` - ``{file_of(name)}`` - {text or 'nothing'}" for name, text in TWINS]
    assert table("Twins") == wanted


def test_the_page_shows_what_has_no_twin_and_why():
    assert table("Rows without a twin") == [f"``{name}`` - {why}" for name, why in WITHOUT]
    assert table("Parts of rows") == [f"{part} - {why}" for part, why in GONE]
