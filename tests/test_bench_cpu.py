# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The bench of CPU: the jobs do what they say, notice when it did not happen, and become rows."""

import json
import sys

import peers
import pytest
from repository import ROOT

sys.path.append(str(ROOT / "tools"))

from bench import cpu
from bench.cpu_peers import PAYLOAD, TOPIC, jobs, with_nxd_mqtt, with_socket
from bench.cpu_peers.__main__ import main as measure_one
from bench.rows import OURS

from boards.desktop.broker import Broker

COUNT = 400
DRIVEN = (with_nxd_mqtt.Peer, with_socket.Peer)
JOBS = [(job.function, job.quality) for job in cpu.JOBS]


@pytest.fixture
def port(monkeypatch):
    # The embedded broker sends no more than these before they are acknowledged.
    monkeypatch.setattr(jobs, "BACKLOG", 20)
    with Broker(port=0) as broker:
        yield broker.port


# --- the jobs ------------------------------------------------------------------------------------


@pytest.mark.parametrize("peer", DRIVEN, ids=["ours", "bare"])
@pytest.mark.parametrize(("function", "quality"), JOBS)
def test_a_job_measures_so_many_messages(port, peer, function, quality):
    driven = peer(port)
    watch = getattr(jobs, function)(driven, port, quality, COUNT)
    driven.close()
    assert watch.messages == COUNT
    assert 0 < watch.figures["cpu"] < 1
    assert 0 < watch.figures["wall"] < 1


class Forgetful(with_socket.Peer):
    """Publishes one message less than it should, and counts one more than has come."""

    def publish(self, quality: int, count: int) -> None:
        super().publish(quality, count - 1)

    def receive(self, total: int) -> None:
        super().receive(total)
        self.received += 1


@pytest.mark.parametrize(("function", "quality"), [job for job in JOBS if job[0] != "publish"])
def test_a_message_too_many_is_noticed(port, function, quality):
    driven = Forgetful(port)
    with pytest.raises(RuntimeError, match="messages"):
        getattr(jobs, function)(driven, port, quality, COUNT)


@pytest.mark.parametrize("quality", [0, 1])
def test_a_message_that_was_not_published_is_noticed(port, quality, monkeypatch):
    monkeypatch.setattr(with_socket, "PATIENCE_SECONDS", 0.5)
    with pytest.raises(TimeoutError):
        jobs.publish(Forgetful(port), port, quality, COUNT)


def test_a_backlog_that_does_not_come_is_noticed(port, monkeypatch):
    monkeypatch.setattr(jobs, "PATIENCE_SECONDS", 0.1)
    monkeypatch.setattr(jobs, "_PACKET_BYTES", jobs._PACKET_BYTES + 1)
    with pytest.raises(RuntimeError, match="1680 bytes of 1700 lie in the socket"):
        jobs.receive_backlog(with_socket.Peer(port), port, 0, COUNT)


def test_ours_never_has_more_without_acknowledgement_than_the_window(port):
    driven = with_nxd_mqtt.Peer(port)
    assert driven._client._session.store.depth == 16
    driven.close()


def test_the_messages_are_those_of_the_contract():
    assert len(PAYLOAD) == 64
    assert len(TOPIC) == 16


def test_a_measurement_prints_one_line(port, capsys):
    measure_one("with_socket", "publish", "0", str(COUNT), str(port))
    (line,) = capsys.readouterr().out.splitlines()
    assert set(json.loads(line)) == {"cpu", "wall"}


# --- rows ----------------------------------------------------------------------------------------


def job_of(**targets) -> cpu.Job:
    """A job with targets."""
    return cpu.Job(
        "publish", "publish", 0, 100, {}, **{"targets": {}, "wall_targets": {}, **targets}
    )


def turn(ours: float, peer: float) -> dict:
    """A round in which CPU is as given, and the clock ten times that."""
    return {
        OURS: {"cpu": ours, "wall": ours * 10},
        "peer": {"cpu": peer, "wall": peer * 10},
    }


def test_a_row_has_medians_and_the_median_ratio():
    rounds = [turn(1, 2), turn(9, 10), turn(8, 40)]
    (row,) = cpu.rows_of(job_of(targets={"peer": 0.4}), rounds)
    assert row.figures == {OURS: 8, "peer": 10}
    assert [target.text for target in row.targets] == ["missed: 0.50 of peer, 0.40 wanted"]
    assert "CPU" in row.unit


def test_who_cannot_take_part_is_missing_and_so_is_the_target(monkeypatch):
    monkeypatch.setattr(cpu, "_OPTIONAL", {"chumicro-mqtt": "no_such_module"})
    assert cpu.present() == [name for name in cpu.MODULES if name != "chumicro-mqtt"]
    (row,) = cpu.rows_of(job_of(targets={"peer": 0.5, "chumicro-mqtt": 1.0}), [turn(1, 2)])
    assert [target.what for target in row.targets] == ["of peer"]


def test_the_clock_has_a_row_of_its_own_where_it_is_wanted():
    rows = cpu.rows_of(job_of(wall_targets={"peer": 0.5}), [turn(1, 2)])
    assert [row.figures[OURS] for row in rows] == [1, 10]
    assert [len(row.targets) for row in rows] == [0, 1]
    assert rows[1].targets[0].met
    assert "clock" in rows[1].unit


def test_the_targets_are_those_that_were_promised():
    wanted = {job.name.split(",")[0]: job.targets for job in cpu.JOBS if job.targets}
    assert wanted == {
        "publish QoS 0": {"paho-mqtt": 0.6, "chumicro-mqtt": 0.8},
        "publish QoS 1": {"paho-mqtt": 0.6, "chumicro-mqtt": 0.8},
        "receive QoS 0": {"paho-mqtt": 0.6, "chumicro-mqtt": 1.0},
        "receive QoS 1": {"paho-mqtt": 0.6, "chumicro-mqtt": 1.0},
    }
    assert [job.wall_targets for job in cpu.JOBS if job.wall_targets] == [{"bare socket": 1.5}]


def test_a_measurement_that_fails_ends_the_bench_and_says_whose_it_was():
    with pytest.raises(RuntimeError, match=r"bare socket, publish QoS 0:\n(.|\n)*refused"):
        cpu.run(cpu.BARE, cpu.JOBS[0], 10, peers.free_port())


@pytest.mark.long
def test_a_quick_run_has_a_figure_for_everybody(monkeypatch):
    peers.need("mosquitto")
    ours = {name: cpu.MODULES[name] for name in (OURS, cpu.BARE)}
    monkeypatch.setattr(cpu, "MODULES", ours)
    rows = cpu.measure(True)
    assert len(rows) == len(cpu.JOBS) + 1
    for row in rows:
        assert set(row.figures) == set(ours)
        assert all(figure > 0 for figure in row.figures.values())
