# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The main job on doubles: what ``code.py`` says, how it comes back, what it is told."""

import itertools
import json
from types import SimpleNamespace

import pytest
from doubles import script
from doubles.platform import Platform
from doubles.script import Script
from repository import ROOT

import boards
from boards.desktop import demo

CONNECT = script.connect("bench", keepalive=60, clean_session=0)
COMMANDS = "bench/command"
ALL_KEYS = ("BROKER", "PORT", "USERNAME", "PASSWORD", "CLIENT_ID", "TOPIC")


def subscribe(packet_id: int) -> bytes:
    """The job's SUBSCRIBE."""
    body = packet_id.to_bytes(2, "big") + b"\x00\x0d" + COMMANDS.encode() + b"\x01"
    return bytes([0x82, len(body)]) + body


def report(number: int, packet_id: int, uptime: int = 0, again: bool = False) -> bytes:
    """The job's PUBLISH of a report."""
    text = b'{"number": %d, "uptime": %d}' % (number, uptime)
    return script.publish("bench/telemetry", text, packet_id, flags=0x0A if again else 0x02)


class Bench:
    """The board's program between socket doubles and a clock: nothing in it sleeps."""

    host = "broker.test"
    port = 1883

    def __init__(self, link_up=None):
        self.program = demo.load_program()
        self.platform = Platform(link_up=link_up)
        self.clock = self.platform.time
        self.program.network = lambda radio: radio
        self.program.ticks_ms = self.read_clock
        self.lines = []
        self.steps = Script(self.clock)
        self.settings = self.program.read_settings(
            {"MQTT_BROKER": self.host, "MQTT_CLIENT_ID": "bench", "MQTT_TOPIC": "bench"}.get
        )

    def read_clock(self) -> int:
        """The time; a run that has left the script must not go on for ever."""
        if self.steps.faults:
            self.steps.check()
        return self.clock()

    def tell(self, line: str) -> None:
        self.lines.append((self.clock.elapsed, line))

    def told(self, beginning: str) -> list[int]:
        """When lines with this beginning were told."""
        return [when for when, line in self.lines if line.startswith(beginning)]

    def job(self, count=None):
        """The job, to be driven turn by turn."""
        self.platform.sockets.listen(self.port, self.steps)
        return self.program.Job(self.platform, self.settings, count, self.tell)

    def drive(self, job, milliseconds: int) -> None:
        """Let the job work for a time."""
        end = self.clock.elapsed + milliseconds
        while self.clock.elapsed < end:
            job.turn()

    def run(self, count: int):
        self.platform.sockets.listen(self.port, self.steps)
        return self.program.run(self.platform, self.settings, count, self.tell)


# --- what it says, byte by byte ------------------------------------------------------------------


def test_a_whole_run():
    bench = Bench()
    steps = bench.steps
    steps.expect(CONNECT).send(script.CONNACK)
    steps.expect(subscribe(1)).expect(report(1, 2))
    steps.send(script.suback(1, 1)).send(script.puback(2))
    steps.send(script.publish(COMMANDS, b"lights on", 9)).expect(script.puback(9))
    steps.expect(report(2, 3, uptime=1)).send(script.puback(3))
    steps.expect(script.DISCONNECT).expect_close()
    figures = bench.run(2)
    steps.check()
    assert figures == {"published": 2, "acked": 2, "received": 1, "resent": 0}
    assert [line for _, line in bench.lines] == [
        "connecting to broker.test port 1883 as bench",
        "connected, a new session",
        'published {"number": 1, "uptime": 0}',
        "subscribed to bench/command",
        "received bench/command: 'lights on'",
        'published {"number": 2, "uptime": 1}',
    ]
    first, second = bench.told("published")
    assert second - first == 1000, "one report a second"
    assert bench.platform.sockets.open_now == 0


def test_a_run_with_an_end_waits_for_the_commands_that_answer_it():
    bench = Bench()
    bench.steps.expect(CONNECT).send(script.CONNACK).expect(subscribe(1)).expect(report(1, 2))
    bench.steps.send(script.puback(2)).wait(900).send(script.publish(COMMANDS, b"one"))
    bench.steps.wait(900).send(script.publish(COMMANDS, b"two")).expect(script.DISCONNECT)
    assert bench.run(1)["received"] == 2
    bench.steps.check()


def test_the_temperature_is_reported_where_there_is_one(monkeypatch):
    monkeypatch.setattr(boards, "temperature", lambda: 21.25)
    bench = Bench()
    bench.steps.expect(CONNECT).send(script.CONNACK)
    job = bench.job()
    bench.drive(job, 100)
    text = bench.lines[-1][1].removeprefix("published ")
    assert json.loads(text) == {"number": 1, "uptime": 0, "temperature": pytest.approx(21.25, 0.01)}


def test_the_login_reaches_the_broker_and_no_line():
    bench = Bench()
    bench.settings["MQTT_USERNAME"] = "gardener"
    bench.settings["MQTT_PASSWORD"] = "blackbird"
    bench.steps.send(script.CONNACK_BAD_LOGIN).expect_close()
    job = bench.job()
    bench.drive(job, 100)
    assert b"\x00\x08gardener\x00\x09blackbird" in bench.steps.connection.received
    assert bench.lines[-1][1] == (
        "no link (connack): the broker rejects MQTT_USERNAME or MQTT_PASSWORD; next try in 60 s"
    )
    assert "blackbird" not in str(bench.lines)


def test_what_is_no_text_is_printed_as_bytes_and_what_is_too_long_is_left():
    bench = Bench()
    bench.steps.expect(CONNECT).send(script.CONNACK)
    bench.steps.send(script.publish(COMMANDS, b"\xff\xfe"))
    bench.steps.send(script.publish(COMMANDS, bytes(1025)))
    bench.steps.send(script.publish(COMMANDS, "grün".encode()))
    job = bench.job()
    bench.drive(job, 100)
    lines = [line for _, line in bench.lines if COMMANDS in line or "unread" in line]
    assert lines == [
        "received bench/command: b'\\xff\\xfe'",
        "left unread: a message of 1025 bytes",
        "received bench/command: 'grün'",
    ]
    assert job.figures()["received"] == 2


# --- it comes back -------------------------------------------------------------------------------


def test_the_pauses_between_attempts_grow_up_to_a_minute():
    bench = Bench()
    job = bench.job()
    bench.platform.sockets.refuse(bench.port)
    bench.drive(job, 300_000)
    attempts = bench.told("connecting")
    gaps = [round((b - a) / 1000) for a, b in itertools.pairwise(attempts)]
    assert gaps == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_only_an_acknowledgement_makes_the_pauses_short_again():
    bench = Bench()
    steps = bench.steps
    for _ in range(3):
        steps.accept().expect(CONNECT).send(script.CONNACK).close()
    steps.accept().expect(CONNECT).send(script.CONNACK_PRESENT)
    steps.expect(subscribe(1)).expect(report(1, 2, uptime=7)).send(script.puback(2)).close()
    steps.accept()
    job = bench.job()
    bench.drive(job, 9_000)
    gaps = [b - a for a, b in zip(bench.told("no link"), bench.told("connecting")[1:], strict=True)]
    assert [round(gap / 1000) for gap in gaps] == [1, 2, 4, 1]


@pytest.mark.parametrize("code", [1, 2, 4, 5])
def test_what_time_does_not_mend_is_tried_once_a_minute(code):
    bench = Bench()
    for _ in range(3):
        bench.steps.accept().expect(CONNECT).send(bytes([0x20, 2, 0, code])).expect_close()
    job = bench.job()
    bench.drive(job, 121_000)
    bench.steps.check()
    assert [round(when / 1000) for when in bench.told("connecting")] == [0, 60, 120]


def test_a_broker_that_is_busy_is_tried_again_soon():
    bench = Bench()
    for _ in range(3):
        bench.steps.accept().expect(CONNECT).send(script.CONNACK_UNAVAILABLE).expect_close()
    job = bench.job()
    bench.drive(job, 4_000)
    bench.steps.check()


def test_unacknowledged_reports_are_sent_again_and_the_rest_is_left_out():
    bench = Bench()
    steps = bench.steps
    steps.accept().expect(CONNECT).send(script.CONNACK)
    steps.expect(subscribe(1)).expect(report(1, 2)).send(script.suback(1, 1))
    steps.expect(report(2, 3, uptime=1)).close()
    steps.accept().expect(CONNECT).send(script.CONNACK_PRESENT)
    steps.expect(report(1, 2, again=True)).expect(report(2, 3, uptime=1, again=True))
    steps.send(script.puback(2)).send(script.puback(3))
    steps.expect(report(3, 4, uptime=2)).send(script.puback(4))
    steps.expect(script.DISCONNECT)
    figures = bench.run(3)
    steps.check()
    assert figures == {"published": 3, "acked": 3, "received": 0, "resent": 2}


def test_a_broker_that_forgot_is_asked_again_for_the_commands_before_anything_new():
    bench = Bench()
    steps = bench.steps
    steps.accept().expect(CONNECT).send(script.CONNACK).expect(subscribe(1))
    steps.send(script.suback(1, 1))
    for number in range(1, 9):
        steps.expect(report(number, number + 1, uptime=number - 1))
    steps.wait(5_000).close()
    steps.accept().expect(CONNECT).send(script.CONNACK)
    for number in range(1, 9):
        steps.expect(report(number, number + 1, uptime=number - 1, again=True))
    # The store is full: there is no room for the SUBSCRIBE until the first is acknowledged.
    steps.wait(3_000).send(script.puback(2)).expect(subscribe(10))
    steps.send(script.suback(10, 1)).expect(report(9, 11, uptime=16))
    job = bench.job()
    bench.drive(job, 20_000)
    steps.check()


def test_a_subscription_that_was_not_confirmed_is_asked_for_again():
    bench = Bench()
    steps = bench.steps
    steps.accept().expect(CONNECT).send(script.CONNACK).expect(subscribe(1)).close()
    steps.accept().expect(CONNECT).send(script.CONNACK_PRESENT)
    steps.expect(report(1, 2, again=True)).expect(subscribe(3)).send(script.suback(3, 1))
    job = bench.job()
    bench.drive(job, 2_000)
    assert steps.faults == []
    assert bench.told("subscribed")


def test_a_refused_subscription_stops_nothing():
    bench = Bench()
    steps = bench.steps
    steps.expect(CONNECT).send(script.CONNACK).expect(subscribe(1)).expect(report(1, 2))
    steps.send(script.suback(1, 0x80)).send(script.puback(2)).expect(report(2, 3, uptime=1))
    steps.send(script.puback(3)).expect(script.DISCONNECT)
    assert bench.run(2)["acked"] == 2
    steps.check()
    assert bench.told("the broker refuses bench/command")


def test_after_an_outage_longer_than_the_clock_can_tell_it_reports_at_once():
    network = [True]
    bench = Bench(link_up=lambda: network[0])
    steps = bench.steps
    steps.accept().expect(CONNECT).send(script.CONNACK).expect(subscribe(1))
    steps.send(script.suback(1, 1)).expect(report(1, 2)).send(script.puback(2)).close()
    job = bench.job()
    bench.drive(job, 1_000)
    network[0] = False
    bench.platform.nap = 30_000
    hours = 100 * 3600
    bench.drive(job, hours * 1000)
    assert bench.platform.sockets.opened == 1, "no attempt without a network"
    network[0] = True
    steps.accept().expect(CONNECT).send(script.CONNACK_PRESENT)
    before = bench.clock.elapsed
    bench.drive(job, 120_000)
    when, line = next(item for item in bench.lines if item[0] >= before and "uptime" in item[1])
    assert when == bench.told("connected")[-1]
    uptime = json.loads(line.removeprefix("published "))["uptime"]
    assert uptime >= hours, "the uptime counts on through the clock's wraps"


# --- settings ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def program():
    return demo.load_program()


def test_settings_have_defaults(program, monkeypatch):
    monkeypatch.setattr(boards, "client_id", lambda: "e6600ab")
    assert program.read_settings({"MQTT_BROKER": "here", "MQTT_USERNAME": ""}.get) == {
        "MQTT_BROKER": "here",
        "MQTT_PORT": 1883,
        "MQTT_USERNAME": None,
        "MQTT_PASSWORD": None,
        "MQTT_CLIENT_ID": "e6600ab",
        "MQTT_TOPIC": "nxd_mqtt/e6600ab",
    }


def test_settings_are_taken_as_they_are(program, monkeypatch):
    for key in ALL_KEYS:
        monkeypatch.setenv("MQTT_" + key, "8883")
    settings = program.read_settings()
    assert settings.pop("MQTT_PORT") == 8883
    assert set(settings.values()) == {"8883"}
    # Some versions of CircuitPython give an unquoted number as one.
    assert program.read_settings({"MQTT_PORT": 1884, "MQTT_CLIENT_ID": 7}.get) == {
        "MQTT_BROKER": None,
        "MQTT_PORT": 1884,
        "MQTT_USERNAME": None,
        "MQTT_PASSWORD": None,
        "MQTT_CLIENT_ID": "7",
        "MQTT_TOPIC": "nxd_mqtt/7",
    }


@pytest.mark.parametrize("port", ["0", "65536", "-1", "18a3", "mqtt", "1.5"])
def test_a_port_that_is_none(program, port):
    with pytest.raises(ValueError, match="MQTT_PORT"):
        program.read_settings({"MQTT_PORT": port, "MQTT_CLIENT_ID": "x"}.get)


@pytest.mark.parametrize("topic", ["a/#", "+/b", "ü" * 101])
def test_a_topic_that_cannot_be_published_to(program, topic):
    with pytest.raises(ValueError, match="MQTT_TOPIC"):
        program.read_settings({"MQTT_TOPIC": topic, "MQTT_CLIENT_ID": "x"}.get)


def test_a_call_that_is_refused_for_good_ends_the_program_with_its_name(program):
    settings = program.read_settings({"MQTT_CLIENT_ID": "a\0b", "MQTT_BROKER": "here"}.get)
    with pytest.raises(RuntimeError, match=r"nxd_mqtt_client_create: status 0x10009, \('call'"):
        program.run(boards.connect(), settings)
    with pytest.raises(RuntimeError, match="nx_ip_create: status 0x7"):
        program.run(None, settings)


def test_the_example_names_every_setting():
    text = (ROOT / "settings.toml.example").read_text()
    for key in ALL_KEYS:
        assert f"MQTT_{key} = " in text
    assert "CIRCUITPY_WIFI_SSID = " in text
    assert "CIRCUITPY_WIFI_PASSWORD = " in text


# --- main ----------------------------------------------------------------------------------------


def test_a_board_without_a_broker_is_told_what_to_write(program, monkeypatch, capsys):
    monkeypatch.delenv("MQTT_BROKER", raising=False)
    implementation = SimpleNamespace(name="circuitpython")
    monkeypatch.setattr(program, "sys", SimpleNamespace(implementation=implementation))
    program.main()
    out = capsys.readouterr().out
    for key in ("settings.toml", "CIRCUITPY_WIFI_SSID", "CIRCUITPY_WIFI_PASSWORD", "MQTT_BROKER"):
        assert key in out


def test_the_desktop_without_a_broker_plays_the_demo(program, monkeypatch):
    monkeypatch.delenv("MQTT_BROKER", raising=False)
    monkeypatch.setattr(demo, "main", lambda: 7)
    with pytest.raises(SystemExit) as caught:
        program.main()
    assert caught.value.code == 7
