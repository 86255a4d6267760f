# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The monitor as a command: in a pipe, with brokers of all kinds, with what it cannot use."""

import json
import re
import socket
import subprocess

import pytest
from monitor_bench import COMMAND, PATIENCE, QUICK, run, totals
from repository import ROOT

from boards.desktop.broker import Broker
from boards.desktop.broker.packets import ACCEPTED, BAD_USERNAME_OR_PASSWORD
from boards.desktop.broker.secure import server_context
from boards.desktop.monitor.__main__ import main

# --- in a pipe -----------------------------------------------------------------------------------


def test_a_pipe_gets_plain_lines_and_the_totals_last():
    done = run(*QUICK, "--seconds", "1.5")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert re.match(r"\d\d:\d\d:\d\d connected: new session, attempt 1$", lines[1])
    figures = [line for line in lines if " figures: " in line]
    assert 2 <= len(figures) <= 3
    assert "CONNECTED, " in figures[-1]
    assert not [line for line in lines if " message: " in line or " acknowledged: " in line]
    assert "\x1b" not in done.stdout
    assert totals(done.stdout)["published"] >= 30


def test_in_lines_too_payloads_are_shown_to_whoever_asks():
    done = run(*QUICK, "--seconds", "1.5", "--payload")
    assert re.search(r" message: \S+, \d+ B, QoS 1: \{\"number\": 1\}$", done.stdout, re.MULTILINE)


def test_an_encoding_that_lacks_letters_is_no_error():
    done = run(
        *("--seconds", "0.5", "--publish", "Grüße/雪"), environment={"PYTHONIOENCODING": "ascii"}
    )
    assert done.returncode == 0
    assert "subscribed: Gr\\xfc\\xdfe/\\u96ea at QoS 1" in done.stdout


def test_a_reader_that_has_seen_enough_ends_it():
    with subprocess.Popen(
        COMMAND, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL
    ) as process:
        assert b"figures" in process.stdout.readline()
        process.stdout.close()
        assert process.wait(PATIENCE) == 0
        assert process.stderr.read() == b""


# --- brokers -------------------------------------------------------------------------------------


def test_a_broker_that_is_not_there_is_told_in_words():
    with socket.socket() as taken:  # bound, and nobody listens
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        done = run("--broker", "127.0.0.1", "--port", str(port), "--seconds", "1")
    assert done.returncode == 1
    assert re.search(
        r"^never connected: tcp: .*refused, NXD_MQTT_CONNECT_FAILURE \(0x10005\)$", done.stderr
    )
    assert re.search(r" failed: tcp: .*; next try in \d\.\d s", done.stdout)


def test_a_password_goes_to_the_broker_and_nowhere_else(tmp_path):
    asked = []

    def authenticate(client_id, username, password):
        asked.append((client_id, username, password))
        return ACCEPTED if password == b"open-sesame" else BAD_USERNAME_OR_PASSWORD

    arguments = ("--username", "ali", "--client-id", "cave", "--publish", "t", *QUICK)
    with Broker(0, authenticate=authenticate) as broker:
        at = ("--broker", "127.0.0.1", "--port", str(broker.port))
        record = ("--record", str(tmp_path / "log"), "--seconds", "0.5")
        good = run(*at, *arguments, *record, environment={"MQTT_PASSWORD": "open-sesame"})
        bad = run(*at, *arguments, environment={"MQTT_PASSWORD": "open-barley"})
    assert asked[0] == ("cave", "ali", b"open-sesame")
    assert good.returncode == 0
    assert totals(good.stdout)["acknowledged"] > 0
    # Refused for good: it ends by itself, without --seconds.
    assert bad.returncode == 1
    assert "NXD_MQTT_ERROR_BAD_USERNAME_PASSWORD (0x10084)" in bad.stderr
    log = (tmp_path / "log").read_text()
    for text in (good.stdout, good.stderr, bad.stdout, bad.stderr, log):
        assert "sesame" not in text
        assert "barley" not in text


def test_a_broker_with_tls_is_connected_to_where_its_root_is_trusted(authority):
    files = authority.server("localhost")
    context = server_context(files.certificate, files.key, None, lambda reason: None)
    with Broker(0, ssl_context=context) as broker:
        at = ("--broker", "localhost", "--port", str(broker.port), "--tls", "--seconds", "0.8")
        trusted = run(*at, "--roots", authority.root, "--client-id", "a", "--publish", "t", *QUICK)
        unknown = run(*at, "--client-id", "b")
    assert trusted.returncode == 0, trusted.stderr
    assert totals(trusted.stdout)["acknowledged"] > 0
    assert unknown.returncode == 1
    assert "never connected: tls: " in unknown.stderr


def test_mosquitto_is_monitored_like_any_broker(mosquitto, tmp_path):
    done = run(
        *("--broker", mosquitto.host, "--port", str(mosquitto.port), "--client-id", "m"),
        *("--topic", "a/+", "--topic", "b", "--publish", "a/1", "--every", "0.05"),
        *("--seconds", "1", "--record", str(tmp_path / "log"), "--payload"),
    )
    assert done.returncode == 0
    assert totals(done.stdout)["received"] > 10
    log = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert [line["filter"] for line in log if line["kind"] == "subscribed"] == ["a/+", "b"]
    messages = [line for line in log if line["kind"] == "message"]
    assert messages[0]["topic"] == "a/1"
    assert json.loads(messages[0]["payload"]) == {"number": 1}
    assert log[-1]["kind"] == "ended"


# --- what cannot be used -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--qos", "2"), "argument --qos: expected 0 to 1, not '2'"),
        (("--port", "70000"), "argument --port: expected 0 to 65535"),
        (("--broker", "x", "--port", "0"), "argument --port: expected 1 to 65535"),
        (("--every", "0"), "argument --every: expected seconds from 0.01 on"),
        (("--seconds", "soon"), "argument --seconds: expected seconds"),
        (("--seconds", "nan"), "argument --seconds: expected seconds"),
        (("--embedded", "--broker", "x"), "not allowed with argument"),
        (("--tls",), "--tls needs --broker"),
        (("--username", "x"), "--username needs --broker"),
        (("--broker", "x", "--roots", "y"), "--roots needs --tls"),
        (("--broker", "x", "--faults", "1"), "--faults is for the embedded broker"),
        (("--nonsense",), "unrecognized arguments: --nonsense"),
    ],
)
def test_an_option_that_cannot_be_used_is_told(arguments, words, capsys):
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    assert ended.value.code == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--topic", "a/#/b"), "--topic: wildcards must be whole levels"),
        (("--publish", "a/+"), "--publish: topic holds a wildcard"),
        (("--record", "nowhere/log"), "cannot record to nowhere/log: No such file or directory"),
    ],
)
def test_what_cannot_be_used_is_told_before_anything_begins(arguments, words):
    done = run(*arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_a_port_that_is_taken_is_told():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("--port", str(port))
    assert done.returncode == 2
    assert f"cannot listen on 127.0.0.1 port {port}: Address already in use" in done.stderr
