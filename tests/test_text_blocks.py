# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Every piece of Python in README and documents comes from a file that a test runs."""

import ast
import re
import textwrap

import pytest
from repository import ROOT, python_files, relative
from text_bench import TEXTS

README = ROOT / "README.md"
PAGES = sorted((ROOT / "docs").glob("*.rst"))
# Other tests run these: that of the examples, and that of the main job.
RUN_ELSEWHERE = ("examples", "code.py")


def readme_blocks(text):
    """The Python blocks of Markdown, each with the line that it begins in."""
    for found in re.finditer(r"```python\n(.*?)```", text, re.DOTALL):
        yield text.count("\n", 0, found.start()) + 1, found.group(1)


def page_blocks(text):
    """The Python blocks of reStructuredText, each with the line that it begins in."""
    lines = text.splitlines()
    for at, line in enumerate(lines):
        mark = re.fullmatch(r"( *)\.\. (?:code-block|code|sourcecode):: python3?", line)
        if mark:
            rest = []
            for each in lines[at + 1 :]:
                if each.strip() and not each.startswith(mark.group(1) + " "):
                    break
                rest.append(each)
            block = textwrap.dedent("\n".join(rest)).strip("\n")
            yield at + 1, re.sub(r"\A(:[\w-]+:.*\n)+\n", "", block)


def squeezed(text):
    """Code without what is white in it, but for the ends of lines."""
    lines = (" ".join(line.split()) for line in text.splitlines())
    return "\n" + "\n".join(line for line in lines if line) + "\n"


def blocks():
    """Parameters: every block, named by its file and line."""
    found = [(README, *block) for block in readme_blocks(README.read_text(encoding="utf-8"))]
    for page in PAGES:
        found += [(page, *block) for block in page_blocks(page.read_text(encoding="utf-8"))]
    return [pytest.param(text, id=f"{relative(page)}:{line}") for page, line, text in found]


@pytest.fixture(scope="module")
def sources():
    """All files that tests run, squeezed."""
    files = python_files(*RUN_ELSEWHERE, "tests/texts")
    return [squeezed(path.read_text(encoding="utf-8")) for path in files]


@pytest.mark.parametrize("text", blocks())
def test_a_block_comes_from_a_file_that_a_test_runs(text, sources):
    assert any(squeezed(text) in source for source in sources), "put it into tests/texts/:\n" + text


def names_run():
    """The files of ``tests/texts/`` that a test runs, by their names."""
    found = set()
    for path in python_files("tests"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "run_text":
                found |= {each.value for each in node.args if isinstance(each, ast.Constant)}
    return found


def test_every_text_is_run_by_a_test():
    assert {path.stem for path in TEXTS.glob("*.py")} == names_run()


def test_every_text_is_printed_somewhere():
    printed = [squeezed(text) for (text,) in (block.values for block in blocks())]
    lost = []
    for path in TEXTS.glob("*.py"):
        text = squeezed(path.read_text(encoding="utf-8"))
        if not any(block in text for block in printed) and not is_included(path):
            lost.append(path.stem)
    assert lost == []


def included():
    """The Python files that pages include, as paths from the root, and the pages."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for name in re.findall(r"\.\. literalinclude:: (\S+\.py)", text):
            yield relative((page.parent / name).resolve()), relative(page)


def is_included(path):
    """Whether a page includes a file."""
    return relative(path) in {name for name, _ in included()}


def test_what_pages_include_is_known_to_a_test():
    tests = "".join(path.read_text(encoding="utf-8") for path in python_files("tests"))
    for name, page in included():
        known = name.startswith(("examples/", "nxd_mqtt/", "tests/")) or name == "code.py"
        assert known or name.rpartition("/")[2] in tests, f"{page} includes {name}"


# --- the rule can fail ---------------------------------------------------------------------------


def test_blocks_are_found_wherever_they_stand():
    page = """\
Words

.. code-block:: python
   :caption: one

   a = 1

   b = 2

Term
    .. code-block:: python

       c = 3
    More words.

.. code-block:: c

   d = 4;
"""
    assert list(page_blocks(page)) == [(3, "a = 1\n\nb = 2"), (11, "c = 3")]
    assert list(readme_blocks("x\n```python\na = 1\n```\n")) == [(2, "a = 1\n")]


def test_white_space_does_not_count_and_everything_else_does():
    source = squeezed("if x:\n    call(a,  b)  # why\n\n    call(c)\n")
    assert squeezed("call(a, b)    # why\ncall(c)") in source
    assert squeezed("call(a, b)") not in source
    assert squeezed("call(a, b)  # why\ncall(d)") not in source
