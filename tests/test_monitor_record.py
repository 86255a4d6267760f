# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What the monitor records: a JSON object a line, at once, and what the page says of its fields."""

import json
import os
import re
from datetime import datetime
from pathlib import Path

import pytest
from monitor_bench import Watched
from repository import ROOT

from boards.desktop.broker.packets import Publish
from boards.desktop.monitor import Recorder, RecordError
from nxd_mqtt.nxd import *

PAGE = ROOT / "docs" / "monitor.rst"
HEAD = {"seconds", "time", "kind"}


def lines_of(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def told(path, payloads=False):
    """The log of a client to which everything happens that can."""
    app = Watched(payloads=payloads, depth=2)
    with Recorder(path) as recorder:
        app.monitor.listeners.append(recorder.take)
        app.start(host="nowhere.test")
        app.turn(20_000)
        nxd_mqtt_client_disconnect(app.client)
        app.broker.code = 5
        app.start()
        app.turn().turn()
        app.broker.code = 0
        app.up()
        app.broker.refuse = ("secret",)
        app.monitor.subscribe(app.client, "room", 1)
        app.monitor.subscribe(app.client, "secret", 1)
        app.turn()
        nxd_mqtt_client_unsubscribe(app.client, "room")
        app.broker.deliver(b"before")
        app.turn().take()
        app.broker.deliver(b"open sesame", "a\x1b[31m/b")
        app.turn().take()
        app.publish_and_wait(12)
        app.broker.mute = (Publish,)
        for _ in range(3):
            app.send("hush")
        app.lose()
        nxd_mqtt_client_disconnect(app.client)
        app.monitor.look()
    return app


def test_each_event_is_a_line_of_its_own_with_its_times(tmp_path):
    app = told(tmp_path / "log")
    lines = lines_of(tmp_path / "log")
    assert [line["kind"] for line in lines] == [event.kind for event in app.events]
    kinds = {line["kind"] for line in lines}
    assert kinds >= {"connected", "lost", "failed", "refused", "ended", "subscribed", "not granted"}
    assert kinds >= {"unsubscribed", "arrived", "message", "acknowledged", "figures"}
    times = [line["seconds"] for line in lines]
    assert times == sorted(times)
    for line in lines:
        moment = datetime.fromisoformat(line["time"])
        assert moment.utcoffset() is not None
        assert (moment - datetime.fromisoformat("2026-01-02T12:00:00+01:00")).total_seconds() == (
            pytest.approx(line["seconds"], abs=0.001)
        )


def test_the_fields_are_those_of_the_page(tmp_path):
    told(tmp_path / "log", payloads=True)
    found = {}
    for line in lines_of(tmp_path / "log"):
        found.setdefault(line["kind"], set()).update(line.keys() - HEAD)
    page = PAGE.read_text(encoding="utf-8")
    table = page.split("Kinds and fields")[1]
    rows = re.findall(r" {3}\* - ``([\w ]+)``\n {5}- (.*(?:\n {7}.*)*)", table)
    described = {kind: set(re.findall(r"``(\w+)``", fields)) for kind, fields in rows}
    assert described == found


def test_a_line_is_in_the_file_as_soon_as_it_is_told(tmp_path):
    app = Watched()
    with Recorder(tmp_path / "log") as recorder:
        app.monitor.listeners.append(recorder.take)
        app.up()
        assert lines_of(tmp_path / "log")[0]["kind"] == "connected"
        app.lose()
        assert "lost" in [line["kind"] for line in lines_of(tmp_path / "log")]


def test_a_log_is_added_to(tmp_path):
    for _ in range(2):
        app = Watched()
        with Recorder(tmp_path / "log") as recorder:
            app.monitor.listeners.append(recorder.take)
            app.up()
    assert [line["kind"] for line in lines_of(tmp_path / "log")].count("connected") == 2


def test_payloads_are_recorded_only_where_they_are_asked_for(tmp_path):
    told(tmp_path / "without")
    told(tmp_path / "with", payloads=True)
    assert "sesame" not in (tmp_path / "without").read_text()
    (message,) = [line for line in lines_of(tmp_path / "with") if line.get("bytes") == 11]
    assert message["payload"] == "open sesame"
    assert message["topic"] == "a\x1b[31m/b"


def test_a_log_does_nothing_to_a_terminal_either(tmp_path):
    told(tmp_path / "log")
    text = (tmp_path / "log").read_bytes()
    assert all(32 <= byte < 127 or byte == 10 for byte in text)


def test_a_path_that_cannot_be_written_is_told(tmp_path):
    with pytest.raises(RecordError, match=r"cannot record to .*/log: No such file or directory"):
        Recorder(tmp_path / "nowhere" / "log")
    with pytest.raises(RecordError, match="Is a directory"):
        Recorder(tmp_path)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_told_once():
    app = Watched()
    with Recorder("/dev/full") as recorder:
        app.monitor.listeners.append(recorder.take)
        with pytest.raises(RecordError, match="cannot record to /dev/full: No space left"):
            app.up()
        app.lose()


def test_a_pipe_can_be_recorded_to():
    reader, writer = os.pipe()
    app = Watched()
    with Recorder(f"/dev/fd/{writer}") as recorder:
        app.monitor.listeners.append(recorder.take)
        app.up()
    os.close(writer)
    with os.fdopen(reader) as file:
        assert json.loads(file.readline())["kind"] == "connected"
