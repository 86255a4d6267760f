# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The main job on doubles: what ``code.py`` says, how it comes back, what it is told."""

import errno
import json
import os
from types import SimpleNamespace

import pytest
from doubles import script
from doubles.platform import Platform
from doubles.played_broker import PlayedBroker
from doubles.script import Script
from repository import ROOT

import boards
from boards.desktop import demo
from boards.desktop.broker.packets import Connect, Puback, Publish, Subscribe
from nxd_mqtt import file_store

CONNECT = script.connect("bench", keepalive=60, clean_session=0)
COMMANDS = "bench/command"
ALL_KEYS = ("BROKER", "PORT", "USERNAME", "PASSWORD", "CLIENT_ID", "TOPIC", "OUTBOX") + (
    ("TLS", "ROOTS", "CERTIFICATE", "KEY", "WEBSOCKET")
)


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

    def __init__(self, link_up=None, outbox=""):
        self.program = demo.load_program()
        self.platform = Platform(link_up=link_up)
        self.clock = self.platform.time
        self.program.network = lambda radio: radio
        self.program.ticks_ms = self.read_clock
        self.lines = []
        self.steps = Script(self.clock)
        values = {"MQTT_BROKER": self.host, "MQTT_CLIENT_ID": "bench", "MQTT_TOPIC": "bench"}
        self.settings = self.program.read_settings(dict(values, MQTT_OUTBOX=str(outbox)).get)

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

    def pauses(self) -> list[tuple[int, float]]:
        """When the end of a link or an attempt was told, and the pause in seconds behind it."""
        lines = [(when, line) for when, line in self.lines if "; next try in " in line]
        return [(when, float(line.split()[-2])) for when, line in lines]

    def play(self, broker=None, count=None):
        """The job and a broker that answers by itself."""
        broker = broker or PlayedBroker()
        self.platform.sockets.listen(self.port, broker)
        return self.program.Job(self.platform, self.settings, count, self.tell), broker

    def job(self, count=None):
        """The job, to be driven turn by turn."""
        self.platform.sockets.listen(self.port, self.steps)
        return self.program.Job(self.platform, self.settings, count, self.tell)

    def drive(self, job, milliseconds: int) -> None:
        """Let the job work for a time."""
        end = self.clock.elapsed + milliseconds
        while self.clock.elapsed < end:
            job.turn()

    def until(self, job, beginning: str) -> None:
        """Let the job work until a line with this beginning is told once more."""
        end = self.clock.elapsed + 100_000
        told = len(self.told(beginning))
        while len(self.told(beginning)) == told:
            assert self.clock.elapsed < end, self.lines
            job.turn()

    def run(self, count: int):
        self.platform.sockets.listen(self.port, self.steps)
        return self.program.run(self.platform, self.settings, count, self.tell)


def numbers(broker) -> list[int]:
    """The numbers of the reports that a broker got, each as often as it came."""
    return [json.loads(payload)["number"] for _, payload, _ in broker.published]


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
        'published {"number": 1, "uptime": 0}',
        "connected, a new session",
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
    bench.steps.send(script.suback(1, 1)).send(script.puback(2)).wait(900).send(
        script.publish(COMMANDS, b"one")
    )
    bench.steps.wait(900).send(script.publish(COMMANDS, b"two")).expect(script.DISCONNECT)
    assert bench.run(1)["received"] == 2
    bench.steps.check()


def test_the_temperature_is_reported_where_there_is_one(monkeypatch):
    monkeypatch.setattr(boards, "temperature", lambda: 21.25)
    bench = Bench()
    bench.steps.expect(CONNECT).send(script.CONNACK)
    job = bench.job()
    bench.drive(job, 100)
    text = next(line for _, line in bench.lines if line.startswith("published "))
    text = text.removeprefix("published ")
    assert json.loads(text) == {"number": 1, "uptime": 0, "temperature": pytest.approx(21.25, 0.01)}


def test_the_login_reaches_the_broker_and_no_line():
    bench = Bench()
    bench.settings["MQTT_USERNAME"] = "gardener"
    bench.settings["MQTT_PASSWORD"] = "blackbird"
    bench.steps.send(script.CONNACK_BAD_LOGIN).expect_close()
    job = bench.job()
    bench.drive(job, 100)
    assert b"\x00\x08gardener\x00\x09blackbird" in bench.steps.connection.received
    assert bench.told(
        "needs your help (connack): the broker rejects MQTT_USERNAME or MQTT_PASSWORD; "
        "next try in 60.0 s"
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


def test_each_failed_attempt_is_told_with_the_pause_behind_it_which_grows_up_to_a_minute():
    bench = Bench()
    job = bench.job()
    bench.platform.sockets.refuse(bench.port)
    bench.drive(job, 300_000)
    assert bench.told("connecting") == [0]
    assert len(bench.told("no link (tcp): ")) == len(bench.pauses()) > 6
    for number, (when, pause) in enumerate(bench.pauses()):
        ceiling = min(2 << number, 60)
        assert ceiling / 2 <= pause <= ceiling
        following = bench.pauses()[number + 1 :]
        if following:
            assert following[0][0] - when == pytest.approx(pause * 1000, abs=100)


def test_only_a_link_that_lasts_makes_the_pauses_short_again():
    bench = Bench()
    job, broker = bench.play()
    for _ in range(3):
        bench.until(job, "connected")
        broker.peer.close()
        bench.until(job, "link lost (session): closed by the peer; next try in ")
    bench.until(job, "connected")
    bench.drive(job, 31_000)
    broker.peer.close()
    bench.until(job, "link lost")
    pauses = [pause for _, pause in bench.pauses()]
    for pause, ceiling in zip(pauses, (2, 4, 8, 2), strict=True):
        assert ceiling / 2 <= pause <= ceiling


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (1, "the broker does not speak MQTT 3.1.1"),
        (2, "the broker rejects MQTT_CLIENT_ID"),
        (4, "the broker rejects MQTT_USERNAME or MQTT_PASSWORD"),
        (5, "the broker does not admit this board"),
    ],
)
def test_what_time_does_not_mend_is_tried_once_a_minute(code, advice):
    bench = Bench()
    for _ in range(3):
        bench.steps.accept().expect(CONNECT).send(bytes([0x20, 2, 0, code])).expect_close()
    job = bench.job()
    bench.drive(job, 121_000)
    bench.steps.check()
    assert [round(when / 1000) for when in bench.told("connecting")] == [0, 60, 120]
    assert len(bench.told("needs your help (connack): %s; next try in 60.0 s" % advice)) == 3


def test_a_refusal_that_somebody_mends_is_over_a_minute_later():
    bench = Bench()
    broker = PlayedBroker()
    broker.code = 5
    job, _ = bench.play(broker)
    bench.drive(job, 1_000)
    broker.code = 0
    bench.drive(job, 62_000)
    assert broker.filters == {COMMANDS: 1}
    assert numbers(broker)[:2] == [1, 2]
    assert bench.told("subscribed")


def test_a_message_that_breaks_the_protocol_again_and_again_is_told_as_such():
    bench = Bench()
    job, broker = bench.play()
    for _ in range(3):
        bench.until(job, "connected")
        broker.peer.send(script.publish(COMMANDS, b"", 9, flags=4))
        bench.until(job, "link lost" if len(broker.connections) < 3 else "needs your help")
    assert len(bench.told("link lost (session): ")) == 2
    (told,) = bench.told("needs your help (session): ")
    bench.until(job, "connecting")
    assert bench.clock.elapsed - told == pytest.approx(60_000, abs=300)


def test_a_broker_that_is_busy_is_tried_again_soon():
    bench = Bench()
    for _ in range(3):
        bench.steps.accept().expect(CONNECT).send(script.CONNACK_UNAVAILABLE).expect_close()
    job = bench.job()
    bench.drive(job, 7_000)
    bench.steps.check()


def test_reports_made_without_a_link_arrive_in_order_when_it_is_back():
    bench = Bench()
    job, broker = bench.play()
    bench.drive(job, 500)
    broker.peer.close()
    bench.platform.sockets.refuse(bench.port)
    bench.drive(job, 5_000)
    published = len(bench.told("published"))
    assert published >= 5
    assert numbers(broker) == [1]
    bench.platform.sockets.listen(bench.port, broker)
    bench.until(job, "connected")
    bench.drive(job, 100)
    assert numbers(broker)[:published] == list(range(1, published + 1))
    assert not any(duplicate for _, _, duplicate in broker.published), "none was sent before"


def test_when_the_store_is_full_the_newer_reports_are_left_out():
    bench = Bench()
    job, broker = bench.play()
    bench.drive(job, 500)
    broker.peer.close()
    bench.platform.sockets.refuse(bench.port)
    bench.drive(job, 60_000)
    assert len(bench.told("published")) == 1 + 8
    bench.platform.sockets.listen(bench.port, broker)
    bench.until(job, "connected")
    bench.drive(job, 2_000)
    uptimes = [json.loads(payload)["uptime"] for _, payload, _ in broker.published]
    assert numbers(broker)[:10] == list(range(1, 11))
    assert uptimes[:9] == list(range(9))
    assert uptimes[9] >= 60


def test_what_happened_meanwhile_is_told_when_the_link_is_back():
    bench = Bench()
    job, broker = bench.play()
    broker.mute = (Publish,)
    bench.drive(job, 1_500)
    broker.peer.close()
    bench.until(job, "connected, the broker has kept the session")
    waiting = len(bench.told("published"))
    (line,) = [line for _, line in bench.lines if line.startswith("so far ")]
    figures = "reconnects=1 unacknowledged=%d resent=0 dropped=0 oversize=0" % waiting
    assert line == "so far " + figures


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


def test_a_broker_that_forgot_is_asked_again_for_the_commands_before_anything_else():
    bench = Bench()
    job, broker = bench.play()
    bench.drive(job, 500)
    broker.mute = (Publish,)
    bench.drive(job, 10_000)
    broker.forget()
    broker.peer.close()
    bench.until(job, "connected, a new session")
    bench.drive(job, 100)
    connect, subscribe, *reports = broker.packets[-1]
    assert isinstance(connect, Connect)
    assert isinstance(subscribe, Subscribe)
    assert subscribe.subscriptions == ((COMMANDS, 1),)
    assert [json.loads(packet.payload)["number"] for packet in reports] == list(range(2, 10))
    assert all(packet.duplicate for packet in reports)
    broker.send(Publish(COMMANDS, b"lights on"))
    bench.until(job, "received bench/command: 'lights on'")
    assert len(bench.told("subscribed to bench/command")) == 2


def test_a_broker_that_kept_the_session_is_not_asked_again():
    bench = Bench()
    job, broker = bench.play()
    bench.drive(job, 500)
    broker.peer.close()
    bench.until(job, "connected, the broker has kept the session")
    bench.drive(job, 5_000)
    assert broker.came(Subscribe) == []
    broker.send(Publish(COMMANDS, b"lights on"))
    bench.until(job, "received bench/command: 'lights on'")


def test_a_subscription_that_was_not_confirmed_is_asked_for_again():
    bench = Bench()
    steps = bench.steps
    steps.accept().expect(CONNECT).send(script.CONNACK).expect(subscribe(1)).close()
    steps.accept().expect(CONNECT).send(script.CONNACK_PRESENT)
    steps.expect(subscribe(1)).expect(report(1, 2, again=True)).send(script.suback(1, 1))
    job = bench.job()
    bench.drive(job, 3_000)
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
    job, broker = bench.play()
    bench.drive(job, 500)
    network[0] = False
    broker.peer.close()
    bench.platform.nap = 30_000
    hours = 100 * 3600
    bench.drive(job, hours * 1000)
    assert bench.platform.sockets.opened == 1, "no attempt without a network"
    assert bench.told("no link (dns): the network is down; next try in ")
    network[0] = True
    bench.platform.nap = None
    bench.until(job, "connected")
    connected = bench.clock.elapsed
    bench.until(job, "published")
    assert bench.clock.elapsed - connected <= 1_000
    uptime = json.loads(bench.lines[-1][1].removeprefix("published "))["uptime"]
    assert uptime >= hours, "the uptime counts on through the clock's wraps"


# --- the outbox ----------------------------------------------------------------------------------


def test_reports_that_were_accepted_survive_a_loss_of_power(tmp_path):
    before = Bench(outbox=tmp_path / "outbox")
    job = before.job()
    before.platform.sockets.refuse(before.port)
    before.drive(job, 2_500)
    accepted = [line for _, line in before.lines if line.startswith("published ")]
    assert len(accepted) == 3
    after = Bench(outbox=tmp_path / "outbox")
    job, broker = after.play()
    after.drive(job, 1_500)
    assert after.lines[0][1] == "outbox %s: 3 reports from before" % (tmp_path / "outbox")
    payloads = ["published " + payload.decode() for _, payload, _ in broker.published]
    assert payloads[:3] == accepted
    assert len(payloads) == 3 + len(after.told("published"))
    assert broker.filters == {COMMANDS: 1}
    job.end()
    third = Bench(outbox=tmp_path / "outbox")
    third.job()
    assert third.lines[0][1].endswith(": 0 reports from before")


def test_old_reports_do_not_count_for_the_end_of_a_run(tmp_path):
    before = Bench(outbox=tmp_path / "outbox")
    job = before.job()
    before.platform.sockets.refuse(before.port)
    before.drive(job, 2_500)
    after = Bench(outbox=tmp_path / "outbox")
    job, broker = after.play(count=2)
    after.drive(job, 500)
    broker.mute = (Publish,)
    after.drive(job, 5_000)
    assert job.figures() == {"published": 2, "acked": 4, "received": 0, "resent": 3}
    assert not job.done()
    broker.send(Puback(broker.published[-1][0]))
    after.drive(job, 2_000)
    assert job.done()


def test_a_full_outbox_lets_the_subscription_in_before_anything_new(tmp_path):
    before = Bench(outbox=tmp_path / "outbox")
    job = before.job()
    before.platform.sockets.refuse(before.port)
    before.drive(job, 500)
    broker = PlayedBroker()
    before.platform.sockets.listen(before.port, broker)
    before.until(job, "subscribed")
    broker.mute = (Publish,)
    before.drive(job, 20_000)
    after = Bench(outbox=tmp_path / "outbox")
    job, broker = after.play()
    after.drive(job, 3_000)
    assert "8 reports from before" in after.lines[0][1]
    kinds = [type(packet) for packet in broker.packets[0]]
    assert kinds[:10] == [Connect] + [Publish] * 8 + [Subscribe]
    assert len(kinds) > 10
    assert broker.filters == {COMMANDS: 1}


def refuse_writing(name, mode, *_):
    """The ``open`` of a drive that is read-only and holds no outbox."""
    code = errno.ENOENT if mode.startswith("r") else errno.EROFS
    raise OSError(code, os.strerror(code))


def test_a_drive_that_is_read_only_does_not_stop_the_job(monkeypatch):
    monkeypatch.setattr(file_store, "open", refuse_writing, raising=False)
    bench = Bench(outbox="/outbox")
    job, broker = bench.play()
    bench.drive(job, 1_500)
    line = "no outbox /outbox: [Errno 30] Read-only file system; reports wait in memory only"
    assert bench.lines[0][1] == line
    assert not bench.told("the outbox")
    assert numbers(broker) == [1, 2]


def test_a_drive_that_fails_is_told_and_its_reports_are_not_counted(tmp_path, monkeypatch):
    bench = Bench(outbox=tmp_path / "outbox")
    job, broker = bench.play()
    bench.drive(job, 500)

    def fail(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        bench.drive(job, 3_000)
    assert numbers(broker) == [1]
    assert len(bench.told("the outbox takes no report: [Errno 28] ")) == 3
    assert bench.pauses() == [], "the link is well"
    bench.drive(job, 2_000)
    assert numbers(broker)[:3] == [1, 2, 3]


def test_without_the_setting_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    bench = Bench()
    job, _ = bench.play()
    bench.drive(job, 2_000)
    assert list(tmp_path.iterdir()) == []
    assert not bench.told("outbox")


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
        "MQTT_OUTBOX": None,
        "MQTT_TLS": False,
        "MQTT_ROOTS": None,
        "MQTT_CERTIFICATE": None,
        "MQTT_KEY": None,
        "MQTT_WEBSOCKET": None,
    }


def test_settings_are_taken_as_they_are(program, monkeypatch):
    for key in ALL_KEYS:
        monkeypatch.setenv("MQTT_" + key, "8883")
    monkeypatch.setenv("MQTT_TLS", "1")
    monkeypatch.setenv("MQTT_WEBSOCKET", "/8883")
    settings = program.read_settings()
    assert settings.pop("MQTT_PORT") == 8883
    assert settings.pop("MQTT_TLS") is True
    assert settings.pop("MQTT_WEBSOCKET") == "/8883"
    assert set(settings.values()) == {"8883"}
    # Some versions of CircuitPython give an unquoted number as one.
    assert program.read_settings({"MQTT_PORT": 1884, "MQTT_CLIENT_ID": 7}.get) == {
        "MQTT_BROKER": None,
        "MQTT_PORT": 1884,
        "MQTT_USERNAME": None,
        "MQTT_PASSWORD": None,
        "MQTT_CLIENT_ID": "7",
        "MQTT_TOPIC": "nxd_mqtt/7",
        "MQTT_OUTBOX": None,
        "MQTT_TLS": False,
        "MQTT_ROOTS": None,
        "MQTT_CERTIFICATE": None,
        "MQTT_KEY": None,
        "MQTT_WEBSOCKET": None,
    }


@pytest.mark.parametrize("port", ["0", "65536", "-1", "18a3", "mqtt", "1.5"])
def test_a_port_that_is_none(program, port):
    with pytest.raises(ValueError, match="MQTT_PORT"):
        program.read_settings({"MQTT_PORT": port, "MQTT_CLIENT_ID": "x"}.get)


@pytest.mark.parametrize(
    ("tls", "path", "port"),
    [("0", "", 1883), ("1", "", 8883), ("0", "/mqtt", 80), ("1", "/mqtt", 443), (1, "", 8883)],
)
def test_the_port_that_is_expected(program, tls, path, port):
    values = {"MQTT_CLIENT_ID": "x", "MQTT_TLS": tls, "MQTT_WEBSOCKET": path}
    assert program.read_settings(values.get)["MQTT_PORT"] == port


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"MQTT_ROOTS": "/r"}, "MQTT_ROOTS is of no use without"),
        ({"MQTT_CERTIFICATE": "/c", "MQTT_KEY": "/k"}, "MQTT_CERTIFICATE is of no use without"),
        ({"MQTT_KEY": "/k"}, "MQTT_KEY is of no use without"),
        ({"MQTT_TLS": "1", "MQTT_CERTIFICATE": "/c"}, "go together"),
        ({"MQTT_TLS": "1", "MQTT_KEY": "/k"}, "go together"),
        ({"MQTT_WEBSOCKET": "mqtt"}, "begins with /"),
    ],
)
def test_settings_that_would_look_secure_or_could_never_connect(program, values, text):
    with pytest.raises(ValueError, match=text):
        program.read_settings(dict(values, MQTT_CLIENT_ID="x").get)


def test_a_wish_for_tls_that_is_neither_yes_nor_no(program):
    with pytest.raises(ValueError, match="MQTT_TLS must be 0 or 1"):
        program.read_settings({"MQTT_TLS": "yes", "MQTT_CLIENT_ID": "x"}.get)


@pytest.mark.parametrize("topic", ["a/#", "+/b", "a\0", "ü" * 101])
def test_a_topic_that_cannot_be_published_to(program, topic):
    with pytest.raises(ValueError, match="MQTT_TOPIC"):
        program.read_settings({"MQTT_TOPIC": topic, "MQTT_CLIENT_ID": "x"}.get)


def test_a_call_that_is_refused_for_good_ends_the_program_with_its_name(program):
    values = {"MQTT_CLIENT_ID": "a\0b", "MQTT_BROKER": "here", "MQTT_TOPIC": "shed"}
    settings = program.read_settings(values.get)
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
