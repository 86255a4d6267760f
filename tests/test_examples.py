# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Every example runs here as on a board, and prints what its row in the table says."""

import ast
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from repository import ROOT
from tables.examples import EXAMPLES

from boards.desktop import example

ROWS = {row.name: row for row in EXAMPLES}

every_example = pytest.mark.parametrize("row", EXAMPLES, ids=lambda row: row.name)
on_every_board = pytest.mark.parametrize(
    "row", [row for row in EXAMPLES if row.boards and row.micropython], ids=lambda row: row.name
)


def fits(lines, wanted):
    """Whether lines are those of the table."""
    patterns = [re.escape(line).replace(r"\#", r"\d+").replace(r"\*", ".*") for line in wanted]
    assert len(lines) == len(patterns), lines
    for line, pattern in zip(lines, patterns, strict=True):
        assert re.fullmatch(pattern, line)
    return True


def by_speaker(out):
    """What was printed: by the example, and by others."""
    lines = out.splitlines()
    mark = "sibling: "
    own = [line for line in lines if not line.startswith(mark)]
    return own, [line.removeprefix(mark) for line in lines if line.startswith(mark)]


def readings_have_waited(text):
    """Whether more readings waited for the second link than for the first."""
    first, second = map(int, re.findall(r"waiting: (\d+)", text))
    return first < second


def no_poll_has_waited(text):
    """Whether no poll took as long as a wait for the network; a crowded machine takes its time."""
    return int(re.search(r"longer than (\d+) ms", text).group(1)) < 500


def no_reading_is_lost(text):
    """Whether the hub has as many readings as were taken."""
    taken = re.search(r"readings=(\d+)", text).group(1)
    return f"the hub has {taken} different readings" in text


# What the numbers that vary have to be.
FIGURES = {
    "reconnecting_sensor": readings_have_waited,
    "super_loop": no_poll_has_waited,
    "azure_twin_sensor": no_reading_is_lost,
}


def as_it_should_be(row, own, others):
    """Whether an example printed what its row says."""
    figures = FIGURES.get(row.name, bool)
    return fits(own, row.lines) and fits(others, row.others) and figures("\n".join(own + others))


# --- they run ------------------------------------------------------------------------------------


@every_example
def test_on_the_desktop(row, capsys):
    example.play(row.name)
    assert as_it_should_be(row, *by_speaker(capsys.readouterr().out))


class Board:
    """MicroPython in place of a board, with the settings of a stage."""

    def __init__(self, micropython, monkeypatch):
        self._micropython = micropython
        self._patch = monkeypatch

    def play(self, row, *folders):
        """Play an example; returns what it prints, what others say, and complaints."""
        out, others = "", []
        with example.stage_of(row.name, others.append) as stage:
            for name, value in stage.settings.items():
                self._patch.setenv(name, value)
            for start in range(1, stage.starts + 1):
                stage.before(start)
                arguments = (str(ROOT), row.name, *folders)
                out += self._micropython.run("example.py", *arguments, heap=row.heap)
            stage.after()
            return out.splitlines(), others, stage.complaints()


@pytest.fixture
def board(micropython, monkeypatch):
    """A board."""
    return Board(micropython, monkeypatch)


@on_every_board
def test_on_a_boards_interpreter(row, board):
    own, others, complaints = board.play(row)
    assert as_it_should_be(row, own, others)
    assert complaints == []


def test_asyncio_with_the_library_that_a_board_has(board, tmp_path):
    # On this desktop the standard library's comes first in the path, so it is found by its place.
    places = [Path(place) / "asyncio" for place in sys.path if "site-packages" in place]
    (place,) = [place for place in places if place.is_dir()]
    (tmp_path / "asyncio").symlink_to(place)
    row = ROWS["asyncio"]
    own, _, complaints = board.play(row, str(tmp_path))
    assert own.pop() == str(tmp_path / "asyncio" / "__init__.py")
    assert fits(own, row.lines)
    assert complaints == []


# --- what they say when something is wrong -------------------------------------------------------


@pytest.fixture
def staged(monkeypatch):
    """A function that makes an example's stage and gives the example its settings, some changed."""
    opened = []

    def open_stage(name, **changes):
        stage = example.stage_of(name, lambda line: None)
        opened.append(stage)
        stage.__enter__()
        for key, value in (stage.settings | changes).items():
            monkeypatch.setenv(key, value)
        return example.load(name)

    yield open_stage
    for stage in opened:
        stage.__exit__(None, None, None)


def test_a_wrong_password_is_told(staged, capsys):
    staged("will_and_login", MQTT_PASSWORD="wrong").main()
    assert capsys.readouterr().out == "the broker refuses MQTT_USERNAME or MQTT_PASSWORD\n"


def test_a_board_that_nothing_happens_to_says_goodbye_itself(monkeypatch, capsys):
    said = []
    with example.Stage(said.append) as stage:
        sibling = stage.watch(stage._open, lambda topic, text: said.append(text))
        for key, value in stage.settings.items():
            monkeypatch.setenv(key, value)
        module = example.load("will_and_login")
        module.SECONDS = 1
        module.main()
        assert sibling.wait_for("offline", 10)
        assert stage.broker.statistics()["wills"] == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "said 'offline' ourselves, and disconnected"
    assert said == ["online", "offline"]


def test_a_broker_that_cannot_prove_its_name_is_told(staged, authority, capsys):
    staged("tls", MQTT_ROOTS=authority.foreign_root).main()
    assert capsys.readouterr().out.startswith("not connected: stage tls, 0x11B, ")


def test_roots_that_are_not_there_are_told(staged, tmp_path, capsys):
    staged("tls", MQTT_ROOTS=str(tmp_path / "roots.pem")).main()
    assert capsys.readouterr().out.startswith("not connected: stage tls, 0x18E, ")


def test_a_wrong_websocket_path_is_told(staged, capsys):
    staged("websocket", MQTT_WEBSOCKET="/elsewhere").main()
    out = capsys.readouterr().out
    assert out.startswith("not connected: stage websocket, 0x30008, ")
    assert "404" in out


def test_a_drive_that_does_not_take_the_outbox_is_told(staged, tmp_path):
    module = staged("file_store", MQTT_OUTBOX=str(tmp_path / "missing" / "outbox"))
    with pytest.raises(RuntimeError, match=r"store_set: status 0x10004, .*No such file"):
        module.main()


@pytest.mark.parametrize("name", ["simpletest", "super_loop", "asyncio", "real_threads"])
def test_a_broker_that_is_not_there_is_told(name, staged, listener):
    module = staged(name, MQTT_PORT=str(listener.port))
    listener.close()
    with pytest.raises(RuntimeError, match=r"connect to MQTT_BROKER: status 0x10005, \('tcp', "):
        module.main()


@pytest.mark.parametrize("name", ["simpletest", "file_store", "reconnecting_sensor", "asyncio"])
def test_a_board_that_is_told_of_no_broker_says_so(name, staged, monkeypatch):
    module = staged(name)
    monkeypatch.delenv("MQTT_BROKER")
    with pytest.raises(RuntimeError, match=r"connect to MQTT_BROKER: status 0x7, .*server_ip"):
        module.main()


# --- the command ---------------------------------------------------------------------------------


def command(*arguments):
    """Run the command as a user does."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return subprocess.run(
        [sys.executable, "-m", "boards.desktop.example", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_as_a_user_starts_it():
    done = command("simpletest")
    assert (done.returncode, done.stderr) == (0, "")
    assert fits(done.stdout.splitlines(), ROWS["simpletest"].lines)


def test_the_name_of_the_file_will_do(capsys):
    assert example.main(["nxd_mqtt_simpletest"]) == 0
    assert capsys.readouterr().out.endswith("disconnected\n")


def test_an_example_that_fails_fails_the_command(monkeypatch, tmp_path):
    (tmp_path / "nxd_mqtt_bad.py").write_text('"""Bad."""\n\n\ndef main():\n    raise OSError(5)\n')
    monkeypatch.setattr(example, "EXAMPLES", tmp_path)
    before = dict(os.environ)
    with pytest.raises(OSError):
        example.main(["bad"])
    assert dict(os.environ) == before


def test_without_a_name_they_are_listed(capsys):
    assert example.main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == example.names()
    assert all(line.rstrip().endswith(".") for line in lines)


def test_a_name_that_there_is_not(capsys):
    with pytest.raises(SystemExit) as caught:
        example.main(["simplest"])
    assert caught.value.code == 2
    assert "no such example: simplest; there are " in capsys.readouterr().err


def test_lines_of_several_threads_come_out_whole(capsys, threads):
    lines = example._Lines(sys.stdout)

    def talk(letter):
        for _ in range(200):
            print(letter * 10, letter * 10, file=lines)

    for letter in "ab":
        threads.start(talk, letter)
    threads.join()
    out = capsys.readouterr().out
    assert set(out.splitlines()) == {letter * 10 + " " + letter * 10 for letter in "ab"}
    assert out.count("\n") == 400


@pytest.mark.parametrize(
    ("arguments", "environment", "wanted"),
    [
        (["NAME=simpletest"], {}, "example simpletest"),
        ([], {}, "example"),
        ([], {"NAME": "a-desktop"}, "example"),
    ],
)
def test_make_example(arguments, environment, wanted):
    done = subprocess.run(
        ["make", "-n", "example", *arguments],
        cwd=ROOT,
        env={key: value for key, value in os.environ.items() if key != "NAME"} | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1].strip().endswith("python -m boards.desktop." + wanted)


# --- what every example must be ------------------------------------------------------------------


def test_every_example_has_a_row_and_every_row_an_example():
    assert sorted(ROWS) == example.names()
    assert len(ROWS) == len(EXAMPLES)
    assert set(example.STAGES) <= set(ROWS)


def test_the_page_shows_every_example():
    text = (ROOT / "docs" / "examples.rst").read_text(encoding="utf-8")
    for name in ROWS:
        assert f".. literalinclude:: ../examples/nxd_mqtt_{name}.py\n" in text
        assert f"make example NAME={name}\n" in text


@every_example
def test_an_example_looks_at_every_status(row):
    path = example.EXAMPLES / f"nxd_mqtt_{row.name}.py"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = [node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)]
    calls = [node.value if isinstance(node, ast.Await) else node for node in calls]
    dropped = [
        node.lineno
        for node in calls
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id.startswith(("nx_", "nxd_", "tx_"))
        # The kernel has no status: it returns when nobody is left to run.
        and node.func.id != "tx_kernel_enter"
    ]
    assert row.port or dropped == []


@every_example
def test_an_example_is_short_and_runs_only_when_it_is_started(row):
    path = example.EXAMPLES / f"nxd_mqtt_{row.name}.py"
    text = path.read_text(encoding="utf-8")
    assert text.endswith('\n\nif __name__ == "__main__":\n    main()\n')
    assert len(text.splitlines()) <= 170
    specification = importlib.util.spec_from_file_location("tried", path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    assert callable(module.main)
