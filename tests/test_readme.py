# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The program in the README runs as it is printed, against a real mosquitto."""

import threading
import time

import pytest
from repository import ROOT

import boards

SECONDS = 10


def program() -> str:
    """The one Python block of the README."""
    parts = (ROOT / "README.md").read_text(encoding="utf-8").split("```python\n")
    assert len(parts) == 2
    return parts[1].split("```")[0]


@pytest.fixture
def radio(monkeypatch):
    """The desktop's radio in place of the board's."""
    connection_manager = pytest.importorskip("adafruit_connection_manager")
    monkeypatch.setattr(boards, "connect", connection_manager.CPythonNetwork, raising=False)


def kill_after_publish(broker) -> None:
    """Ends the broker once it has logged the message."""
    deadline = time.monotonic() + SECONDS
    while "room/light" not in broker.log and time.monotonic() < deadline:
        time.sleep(0.01)
    broker.kill()


def test_the_program_runs_until_the_broker_goes(mosquitto, radio, capsys):
    text = program().replace('"192.168.1.10", NXD_MQTT_PORT', f'"127.0.0.1", {mosquitto.port}')
    assert str(mosquitto.port) in text
    killer = threading.Thread(target=kill_after_publish, args=(mosquitto,))
    killer.start()
    exec(compile(text, "README.md", "exec"), {})
    killer.join()
    assert "room/light" in mosquitto.log
    assert "ended with status 0x" in capsys.readouterr().out
