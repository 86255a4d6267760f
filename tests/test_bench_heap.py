# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The bench of heap and size: its socket moves bytes for nothing, its rows say what was found."""

import contextlib
import importlib.util
import sys
from concurrent.futures import ThreadPoolExecutor

import peers
import pytest
from repository import ROOT

sys.path.append(str(ROOT / "tools"))

from bench import heap, peer_modules
from bench.rows import OURS, table

SCRIPTS = ROOT / "tools" / "bench" / "micropython"

MESSAGES = {
    "publish_0": 32.0,
    "publish_1": 65.0,
    "receive_0": 128.0,
    "receive_1": 160.0,
    "poll": 0.0,
}


def send_enough(listener) -> None:
    """Send more than will be read, to the first who connects."""
    with listener.accept() as connection:
        connection.sendall(bytes(20_000))
        with contextlib.suppress(ConnectionResetError):  # it does not read all
            connection.recv(1)


def figures_of(output: str) -> dict[str, float]:
    """Lines of a name and a figure."""
    return {name: float(figure) for name, figure in map(str.split, output.splitlines())}


# --- rows ----------------------------------------------------------------------------------------


def test_a_job_has_a_row_with_everybody_and_the_bare_socket():
    found = {OURS: {**MESSAGES, "socket_alone": 0.0}, "umqtt.simple": dict(MESSAGES, poll=8.0)}
    rows = heap.message_rows(found)
    assert [row.targets[0].met for row in rows] == [True, False, True, True, True]
    assert [row.targets[0].limit for row in rows] == [64, 64, 192, 192, 0]
    assert rows[1].figures == {OURS: 65.0, "umqtt.simple": 65.0, "bare socket": 0.0}
    assert rows[4].figures == {OURS: 0.0, "umqtt.simple": 8.0, "bare socket": 0.0}


def test_what_is_held_has_its_target_without_the_libraries():
    aside, together = heap.held_rows(
        {OURS: 48_001.0, "MiniMQTT": 1.0}, {OURS: 9.0, "MiniMQTT": 2.0}
    )
    assert [target.text for target in aside.targets] == ["missed: 48,001 bytes, 48,000 wanted"]
    assert together.targets == []
    assert together.figures == {OURS: 9.0, "MiniMQTT": 2.0}


def test_sizes_are_those_of_all_modules_that_a_client_imports():
    ours = dict.fromkeys(peer_modules.OUR_LIBRARIES.split(), 10)
    chumicro = peer_modules.PEERS["chumicro-mqtt"]
    sizes = {
        **ours,
        **dict.fromkeys(chumicro.modules.split(), 100),
        **dict.fromkeys(chumicro.libraries.split(), 1),
    }
    groups = {"core": 20_000, "calls": 2_000, "nxd": 4_501, "nxd_extensions": 3_000}
    alone, together = heap.size_rows(groups, sizes, ["chumicro-mqtt"])
    assert alone.figures == {OURS: 26_501, "chumicro-mqtt": 300}
    assert together.figures == {OURS: 26_521, "chumicro-mqtt": 308}
    assert [target.met for target in alone.targets] == [True, False]
    assert "missed: 4,501 bytes of nxd, 4,500 wanted" in table([alone, together])


# --- the modules of the peers --------------------------------------------------------------------


def test_modules_are_found_where_they_are_installed():
    assert peer_modules.source("websockets.frames").name == "frames.py"
    assert peer_modules.source("websockets").name == "__init__.py"
    assert peer_modules.source("adafruit_ticks").name == "adafruit_ticks.py"


def test_a_peer_that_is_not_installed_is_named():
    with pytest.raises(FileNotFoundError, match="no_such_peer is not installed"):
        peer_modules.source("no_such_peer.client")


def test_what_was_fetched_is_not_fetched_again(tmp_path, monkeypatch):
    kept = tmp_path / f"umqtt_simple-{peer_modules.UMQTT_VERSION}.py"
    kept.write_text("", encoding="utf-8")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nobody"))
    assert peer_modules.fetch_umqtt(tmp_path) == kept


def test_without_the_package_index_there_is_no_umqtt(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    assert peer_modules.fetch_umqtt(tmp_path / "kept") is None
    assert not (tmp_path / "kept").exists()


# --- the scripted stream -------------------------------------------------------------------------


def test_the_scripted_stream_costs_what_a_socket_costs(micropython, listener):
    script = str(SCRIPTS / "stream_costs.py")
    with ThreadPoolExecutor() as pool:
        sending = pool.submit(send_enough, listener)
        folder = str(ROOT / "tests" / "micropython")
        output = micropython.run(script, folder, "127.0.0.1", str(listener.port))
        sending.result()
    figures = figures_of(output)
    assert figures.pop("stream_takes_nothing") == 0
    sizes = [name.removeprefix("socket_") for name in figures if name.startswith("socket_")]
    assert len(sizes) == 6
    for size in sizes:
        assert figures["stream_" + size] == figures["socket_" + size] > 0, size


# --- all of it -----------------------------------------------------------------------------------


@pytest.mark.long
def test_the_bench_measures_ours_and_a_peer(monkeypatch):
    if importlib.util.find_spec("adafruit_minimqtt") is None:
        peers.miss("MiniMQTT")
    minimqtt = {"MiniMQTT": peer_modules.PEERS["MiniMQTT"]}
    minimqtt["umqtt.simple"] = peer_modules.PEERS["umqtt.simple"]
    monkeypatch.setattr(heap, "PEERS", minimqtt)
    monkeypatch.setattr(heap, "fetch_umqtt", lambda folder: None)
    rows = heap.measure(True)
    assert [row.part for row in rows] == ["heap"] * 7 + ["size"] * 2
    for row in rows:
        assert list(row.figures)[:2] == [OURS, "MiniMQTT"]
        assert row.name.endswith(" (no umqtt.simple: not to be fetched)")
        assert row.unit != "heap bytes a message" or row.figures[OURS] < row.figures["MiniMQTT"]
        assert row.unit == "heap bytes a message" or min(row.figures.values()) > 10_000
    assert rows[0].figures["MiniMQTT"] == 704
    assert rows[0].figures["bare socket"] == 0
