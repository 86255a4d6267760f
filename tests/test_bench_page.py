# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The page on performance shows what the bench has left, and is not built without it."""

import importlib.util
import json
import re
import sys

import pytest
from repository import ROOT

DOCS = ROOT / "docs"
NAMES = ("facts", "missed", "cpu", "heap", "size", "scale", "growth")


def row(part, name, figures, targets=(), unit="µs of CPU a message"):  # noqa: RUF001
    """A row as the file has it."""
    targets = [{"what": what, "limit": limit, "found": found} for what, limit, found in targets]
    return {"part": part, "name": name, "unit": unit, "figures": figures, "targets": targets}


CONTENT = {
    "when": "2026-01-02",
    "command": "make bench",
    "machine": {"processor": "A * processor", "cores": 2, "system": "Linux 6 x86_64"},
    "versions": {"python": "3.11.2", "chumicro-mqtt": "0.30.3"},
    "rows": [
        row("cpu", "publish", {"nxd_mqtt": 4.0, "a peer": 5.0}, [("of a peer", 0.6, 0.8)]),
        row("cpu", "receive", {"nxd_mqtt": 4.0, "a peer": 12345.0}),
        row("cpu", "echo", {"nxd_mqtt": 80.0}, unit="µs of the clock a message"),  # noqa: RUF001
        row("heap", "poll", {"nxd_mqtt": 1.0}, [("bytes", 0, 1.0)]),
        row("size", "core", {"nxd_mqtt": 100.0}, [("bytes", 100, 100.0)]),
        row("scale", "idle", {"10": 1.0, "1,000": 2.0}),
        row("growth", "by payload", {"16 bytes": 1.0, "bare socket, 64 KB": 2.0}),
    ],
}


@pytest.fixture(scope="module")
def generator():
    """The module that writes the page's tables; docs/ is on nobody's path."""
    path = DOCS / "bench_table.py"
    specification = importlib.util.spec_from_file_location("bench_table", path)
    module = importlib.util.module_from_spec(specification)
    before = list(sys.path)
    specification.loader.exec_module(module)
    sys.path[:] = before
    return module


@pytest.fixture
def written(generator, tmp_path):
    """Writes the page's parts from a content; returns them by name."""

    def write(content):
        file = tmp_path / "bench.json"
        file.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
        generator.write_bench(tmp_path / "made", file)
        made = (tmp_path / "made").glob("*.txt")
        return {path.stem.removeprefix("bench_"): path.read_text("utf-8") for path in made}

    return write


def test_every_row_is_on_the_page_with_its_figures(written):
    texts = written(CONTENT)
    assert set(texts) == set(NAMES)
    assert "   * - receive\n     - 4\n     - 12,345\n     - none\n" in texts["cpu"]
    assert "   * - idle\n     - 1\n     - 2\n" in texts["scale"]
    for each in CONTENT["rows"]:
        assert f"   * - {each['name']}\n" in texts[each["part"]]
        assert all(column.replace("_", "\\_") in texts[each["part"]] for column in each["figures"])


def test_rows_of_one_unit_share_a_table(written):
    text = written(CONTENT)["cpu"]
    assert text.count(".. list-table::") == 2
    assert text.count("µs of CPU a message") == 1  # noqa: RUF001


def test_a_target_says_whether_it_is_met_and_by_how_much_it_is_missed(written):
    texts = written(CONTENT)
    wanted = "**missed**: 0.80 of a peer, 0.60 wanted, 1.33 times as much"
    assert wanted in texts["cpu"]
    assert "- met: 100 bytes, 100 wanted\n" in texts["size"]
    assert "**2 of 3 targets missed.**" in texts["missed"]
    assert f"- cpu, publish: {wanted}\n" in texts["missed"]
    assert "- heap, poll: **missed**: 1 bytes, 0 wanted\n" in texts["missed"]
    assert "core" not in texts["missed"]


def test_the_facts_are_those_of_the_run(written):
    text = written(CONTENT)["facts"]
    for words in ("``make bench``", "2026-01-02", "A \\* processor, 2 cores", "Linux 6 x86\\_64"):
        assert f"     - {words}\n" in text
    assert "   * - chumicro-mqtt\n     - 0.30.3\n" in text


def without(name):
    """The content, less one of its keys."""
    return {key: value for key, value in CONTENT.items() if key != name}


BROKEN = {
    "no JSON": "{",
    "no object": "[]",
    "no rows": without("rows"),
    "no machine": without("machine"),
    "a row that is none": CONTENT | {"rows": [{"part": "cpu"}]},
    "a version that is none": CONTENT | {"versions": {"python": None}},
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_said_to_be_broken(generator, written, content):
    with pytest.raises(generator.BenchFileError, match=r"bench\.json is not what make bench"):
        written(content)


def test_a_file_that_lacks_a_part_is_refused(generator, written):
    rows = [each for each in CONTENT["rows"] if each["part"] not in {"size", "growth"}]
    with pytest.raises(generator.BenchFileError, match="no rows of: size, growth"):
        written(CONTENT | {"rows": rows})


def test_a_file_that_is_missing_names_the_command(generator, tmp_path):
    with pytest.raises(generator.BenchFileError, match="make bench writes it"):
        generator.write_bench(tmp_path, tmp_path / "bench.json")


def test_the_page_includes_every_part_and_both_plots():
    page = (DOCS / "performance.rst").read_text(encoding="utf-8")
    for name in NAMES:
        assert page.count(f".. include:: _generated/bench_{name}.txt\n") == 1
    for name in ("cpu", "heap"):
        assert f".. image:: bench_{name}.svg\n" in page


def test_the_page_prints_no_figure_of_its_own():
    page = (DOCS / "performance.rst").read_text(encoding="utf-8")
    # A measured figure has a unit behind it; sizes of buffers and messages are settings.
    assert not re.findall(r"\d\s*(?:µs|ms|%|times)", page)  # noqa: RUF001
