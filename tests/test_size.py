# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The library stays small: each group of compiled modules keeps its ceiling."""

import peers
import pytest
from repository import load_tool
from tables.sizes import CEILINGS

sizes = load_tool("sizes")


@pytest.fixture(scope="module")
def measured():
    """Bytes by module name."""
    return sizes.module_sizes(peers.need("mpy-cross"))


@pytest.mark.parametrize("way", [0, 1], ids=["default", "O3"])
@pytest.mark.parametrize("group", [name for name, *_ in CEILINGS])
def test_a_group_keeps_its_ceiling(measured, group, way):
    found = {name: rest for name, *rest in sizes.groups(measured)}
    sums, ceilings, missing = found[group]
    excess = sums[way] - ceilings[way]
    assert excess <= 0, f"{group}: {sums[way]} bytes, {excess} too many; missing: {missing}"


def test_the_table_names_modules_sums_and_what_is_missing(monkeypatch):
    measured = {"a": (10, 9), "b": (5, 4), "c": (1, 1)}
    found = sizes.groups(measured, [("first", "a b d", 14, 13), ("second", "c", 1, 1)])
    assert found == [("first", (15, 13), (14, 13), ["d"]), ("second", (1, 1), (1, 1), [])]


def test_the_table_is_printed(measured):
    lines = sizes.table(measured).splitlines()
    assert any(line.split()[:1] == ["status"] for line in lines)
    assert [line.split()[0] for line in lines[-len(CEILINGS) :]] == [name for name, *_ in CEILINGS]


def test_the_size_does_not_depend_on_the_folder(tmp_path):
    compiler = peers.need("mpy-cross")
    results = set()
    for folder in (tmp_path, tmp_path / "a_rather_long_folder_name"):
        folder.mkdir(exist_ok=True)
        source = folder / "module.py"
        source.write_text("def f():\n    raise ValueError('x')\n")
        results.add(sizes.compiled_size(compiler, source))
    assert len(results) == 1
