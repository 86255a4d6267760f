# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The main job against brokers, on CPython and on MicroPython, and the demo."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from relay import Relay
from repository import ROOT

import boards
from boards.desktop import demo
from boards.desktop.broker import Broker
from boards.desktop.witness import Witness

RUN_SECONDS = 30


@pytest.fixture(params=["embedded", "mosquitto"])
def broker(request):
    """Something that listens: the embedded broker, and a real mosquitto."""
    if request.param == "mosquitto":
        yield request.getfixturevalue("mosquitto")
        return
    with Broker() as embedded:
        yield embedded


class Running(threading.Thread):
    """The program against a broker, in a thread; its pauses are a tenth of a board's."""

    def __init__(self, host: str, port: int, name: str, count: int):
        super().__init__(daemon=True)
        self._program = demo.load_program()
        self._program._SHORTEST_PAUSE //= 10
        self._program._LONGEST_PAUSE //= 10
        values = {"MQTT_BROKER": host, "MQTT_PORT": port, "MQTT_CLIENT_ID": name}
        self._settings = self._program.read_settings(dict(values, MQTT_TOPIC=name).get)
        self._settings["interval"] = 10
        self._count = count
        self.lines = []
        self.figures = {}
        self.start()

    def run(self):
        radio = boards.connect()
        self.figures = self._program.run(radio, self._settings, self._count, self.lines.append)


def test_a_link_lost_in_the_middle_of_a_window_loses_nothing(broker, request):
    count = 100
    name = "window" + str(time.time_ns())
    with Relay(broker.host, broker.port) as relay, Witness(broker.host, broker.port, name) as seen:
        running = Running(relay.host, relay.port, name, count)
        assert seen.wait_for(count // 2, RUN_SECONDS)
        relay.hold_answers()
        assert seen.wait_for(len(seen.seen) + 4, RUN_SECONDS)
        relay.cut()
        running.join(RUN_SECONDS)
        assert not running.is_alive()
        assert seen.seen == set(range(1, count + 1))
        figures = running.figures
    assert figures["published"] == figures["acked"] == count
    assert figures["received"] >= count
    assert figures["resent"] >= 3
    assert relay.connections == 2
    assert "connected, the broker has kept the session" in running.lines


def test_many_losses_at_any_moment_lose_nothing(broker):
    count = 60
    name = "losses" + str(time.time_ns())
    with Relay(broker.host, broker.port) as relay, Witness(broker.host, broker.port, name) as seen:
        running = Running(relay.host, relay.port, name, count)
        for part in range(1, 5):
            assert seen.wait_for(part * count // 6, RUN_SECONDS)
            relay.cut()
        running.join(RUN_SECONDS)
        assert seen.seen == set(range(1, count + 1))
    assert running.figures["acked"] == count
    assert relay.connections == 5


def test_the_desktop_works_with_a_broker_that_it_is_told_of(tmp_path):
    with Broker() as broker, Witness(broker.host, broker.port, "shed") as witness:
        environment = dict(
            os.environ,
            MQTT_BROKER=broker.host,
            MQTT_PORT=str(broker.port),
            MQTT_TOPIC="shed",
            XDG_STATE_HOME=str(tmp_path),
            PYTHONUNBUFFERED="1",
        )
        with subprocess.Popen(
            [sys.executable, "code.py"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert witness.wait_for(2, RUN_SECONDS)
            client_id = (tmp_path / "nxd_mqtt" / "client_id_1").read_text().strip()
            assert client_id in broker.clients()
            process.send_signal(signal.SIGINT)
            out, _ = process.communicate(timeout=RUN_SECONDS)
        assert process.returncode == 0
        assert f"as {client_id}\n" in out
        assert "received shed/command: 'report 1 is here'\n" in out
        # The interrupt may come between a line and its end.
        assert out.endswith("stopped\n")
        assert broker.violations() == []


# --- the demo ------------------------------------------------------------------------------------


def totals_of(line: str) -> dict[str, int]:
    """The numbers of the demo's last line, in its order."""
    pairs = (part.split("=") for part in line.split(" "))
    return {name: int(number) for name, number in pairs}


def test_the_demo_as_a_user_starts_it():
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-m", "boards.desktop.demo"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    totals = totals_of(lines[-1])
    assert list(totals) == ["published", "acked", "received", "resent", "lost"]
    assert totals["published"] == totals["acked"] == 200
    assert totals["received"] >= 200
    assert totals["resent"] >= 3
    assert totals["lost"] == 0
    assert any("I cut the link" in line for line in lines)
    assert len(lines) < 40, "readable"


def test_the_demo_leaves_the_module_code_to_the_standard_library():
    demo.load_program()
    assert not hasattr(sys.modules.get("code", object()), "run")


def test_a_report_that_the_witness_misses_is_lost(monkeypatch, capsys):
    monkeypatch.setattr(demo, "_REPORTS", 100)
    monkeypatch.setattr(demo, "_STEP_SECONDS", 3)
    monkeypatch.setattr(demo, "Witness", Forgetful)
    assert demo.main() == 1
    totals = totals_of(capsys.readouterr().out.splitlines()[-1])
    assert totals["acked"] == 100
    assert totals["lost"] == 1


class Forgetful(Witness):
    """A witness that never sees report 7."""

    def take(self, packet):
        if b'"number": 7,' not in packet.payload:
            super().take(packet)


GOOD = {"published": 200, "acked": 200, "received": 200, "resent": 5, "lost": 0}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, 0),
        ({"lost": 1}, 1),
        ({"acked": 199}, 1),
        ({"published": 199, "acked": 199}, 1),
        ({"resent": 0}, 1),
        ({"received": 0}, 1),
    ],
)
def test_the_verdict_of_the_demo(change, code):
    assert demo.verdict(GOOD | change) == code


def test_a_board_that_breaks_down_ends_the_demo(monkeypatch, capsys):
    monkeypatch.setattr(demo, "_STEP_SECONDS", 0.1)
    monkeypatch.setattr(demo._Board, "run", lambda board: None)
    assert demo.main() == 1
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "published=0 acked=0 received=0 resent=0 lost=200"


# --- on a board's interpreter --------------------------------------------------------------------


# code.py and boards/ are compiled on the way in, and words have 64 bits: twice a board's.
_HEAP = "192k"


def test_the_program_runs_on_micropython(micropython):
    with Broker() as broker, Witness(broker.host, broker.port, "nxd_mqtt/e66000ab") as witness:
        arguments = (str(ROOT), broker.host, str(broker.port), "40")
        cutter = threading.Timer(0, lambda: witness.wait_for(20, 30) and broker.cut("e66000ab"))
        cutter.start()
        lines = micropython.run("main_job.py", *arguments, heap=_HEAP).splitlines()
        cutter.join()
        assert witness.seen == set(range(1, 41))
        assert broker.violations() == []
    totals = totals_of(lines[-1])
    assert totals["acked"] == totals["published"] == 40
    assert totals["received"] >= 40
    assert 'published {"number": 1, "uptime": 0, "temperature": 21.3}' in lines
    assert "connected, the broker has kept the session" in lines
    assert any(line.startswith("link lost (session): ") for line in lines)
    assert any(line.startswith("so far reconnects=1 ") for line in lines)


def test_the_outbox_outlives_the_program_on_micropython(micropython, tmp_path):
    outbox = str(tmp_path / "outbox")
    with Broker() as broker, Witness(broker.host, broker.port, "nxd_mqtt/e66000ab") as witness:
        arguments = (str(ROOT), broker.host, str(broker.port), "5", outbox)
        lines = micropython.run("main_job.py", *arguments, heap=_HEAP).splitlines()
        assert broker.violations() == []
        assert witness.seen == {1, 2, 3, 4, 5}
        assert witness.repeated == 3
    assert f"outbox {outbox}: 0 reports from before" in lines
    assert f"outbox {outbox}: 3 reports from before" in lines
    totals = totals_of(lines[-1])
    assert (totals["published"], totals["acked"]) == (5, 3 + 5)


def test_a_board_without_a_broker_says_so_on_micropython(micropython):
    lines = micropython.run("main_job.py", str(ROOT), heap=_HEAP).splitlines()
    assert '    MQTT_BROKER = "the broker\'s name or address"' in lines
