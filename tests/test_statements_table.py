# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""No statement of MQTT 3.1.1 is missing, none is claimed without a test, and the page shows all."""

import ast
import importlib.util
import sys

import pytest
from repository import ROOT, python_files, tree_of
from tables.statement_calls import STORIES
from tables.statements import CASES, NOT_OURS, STATEMENTS

# How many statements each section has: appendix B of the standard, where a misprint makes
# "MQTT-3-8.3-4" of the last one in 3.8.3.
APPENDIX = {
    "1.5.3": 3,
    "2.2.2": 2,
    "2.3.1": 7,
    "3.1.0": 2,
    "3.1.2": 24,
    "3.1.3": 11,
    "3.1.4": 5,
    "3.2.0": 1,
    "3.2.2": 6,
    "3.3.1": 12,
    "3.3.2": 3,
    "3.3.4": 1,
    "3.3.5": 2,
    "3.6.1": 1,
    "3.8.1": 1,
    "3.8.3": 4,
    "3.8.4": 6,
    "3.9.3": 2,
    "3.10.1": 1,
    "3.10.3": 2,
    "3.10.4": 6,
    "3.12.4": 1,
    "3.14.1": 1,
    "3.14.4": 3,
    "4.1.0": 2,
    "4.3.1": 1,
    "4.3.2": 2,
    "4.3.3": 2,
    "4.4.0": 1,
    "4.5.0": 2,
    "4.6.0": 6,
    "4.7.1": 3,
    "4.7.2": 1,
    "4.7.3": 4,
    "4.8.0": 2,
    "6.0.0": 4,
    "7.0.0": 2,
    "7.1.1": 1,
    "7.1.2": 1,
}
NUMBERS = [
    f"MQTT-{section}-{number}"
    for section, count in APPENDIX.items()
    for number in range(1, count + 1)
]
STORY_FILE = "test_statements_stories.py"


@pytest.fixture(scope="module")
def generator():
    """The module that writes the page's tables; docs/ is on nobody's path."""
    path = ROOT / "docs" / "statements_table.py"
    specification = importlib.util.spec_from_file_location("statements_table", path)
    module = importlib.util.module_from_spec(specification)
    before = list(sys.path)
    specification.loader.exec_module(module)
    sys.path[:] = before
    return module


def named_tests(name):
    """The names of the tests in the files that match."""
    return {
        node.name
        for path in python_files("tests")
        if path.match(name)
        for node in tree_of(path).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_every_statement_of_the_appendix_is_in_its_table_in_order():
    assert len(NUMBERS) == 141
    ours = [row[0] for row in STATEMENTS]
    others = [row[0] for row in NOT_OURS]
    assert sorted(ours + others) == sorted(NUMBERS)
    for numbers in (ours, others):
        assert numbers == [number for number in NUMBERS if number in numbers]


def test_every_row_says_something():
    for row in STATEMENTS + NOT_OURS:
        assert len(row) == 3
        assert all(text.endswith(".") for text in row[1:]), row


def test_exactly_the_statements_of_ours_have_cases(generator):
    claimed = {number for row in generator.rows_with_tests() for number in row[0].split()}
    assert claimed == {row[0] for row in STATEMENTS}


def test_every_case_names_a_test_that_exists(generator):
    assert {row[2] for row in generator.rows_with_tests()} <= named_tests("test_statements*.py")


def test_every_story_is_in_the_table_once():
    names = [name for _, name in STORIES]
    assert len(names) == len(set(names))
    assert set(names) == named_tests(STORY_FILE)


def test_the_page_shows_every_statement_and_every_case(generator):
    text = generator.statements_text()
    for number, says, does in STATEMENTS + NOT_OURS:
        assert f"   * - {number}\n     - {says}\n     - {does}\n" in text + "\n"
    for _, name, state, packets, _ in CASES:
        assert f"   * - {name}\n     - {state}\n     - ``{packets[0][:10].hex(' ')}" in text
    page = (ROOT / "docs" / "statements.rst").read_text(encoding="utf-8")
    assert ".. include:: _generated/statements.txt\n" in page
