# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Peers: a missing one is skipped and named, or fails where peers are a must; mosquitto obeys."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import peers
import pytest
from repository import ROOT

CONNECT = bytes.fromhex("10 0e 00 04 4d 51 54 54 04 02 00 3c 00 02 61 62")
CONNACK = bytes.fromhex("20 02 00 00")

ASKING = """
import peers

def test_that_asks_for_a_peer(monkeypatch):
    monkeypatch.setitem(peers._FINDERS, "mosquitto", lambda: None)
    peers.need("mosquitto")
"""


def outcome_without_mosquitto(folder: Path, required: str) -> tuple[int, str]:
    """Exit code and output of a pytest run in which mosquitto is missing."""
    (folder / "test_asking.py").write_text(ASKING, encoding="utf-8")
    pytest_command = Path(sys.executable).with_name("pytest")
    done = subprocess.run(
        [str(pytest_command), "-p", "conftest", "-p", "no:cacheprovider", str(folder)],
        env=dict(os.environ, PYTHONPATH=str(ROOT / "tests"), NXD_REQUIRE_PEERS=required),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_a_missing_peer_is_skipped_and_named_in_the_summary(tmp_path):
    code, output = outcome_without_mosquitto(tmp_path, "")
    assert code == 0
    assert "1 skipped" in output
    assert "\nmissing peers: mosquitto\n" in output


def test_a_missing_peer_fails_where_peers_are_required(tmp_path):
    code, output = outcome_without_mosquitto(tmp_path, "1")
    assert code == 1
    assert "1 failed" in output
    assert "\nmissing peers: mosquitto\n" in output


# Their environment is made for the tests that take longer.
AZURE = ("azure-iot-device", "azure-iot-hub")


@pytest.mark.parametrize("name", sorted(set(peers._FINDERS) - set(AZURE)))
def test_a_peer_that_is_there_is_a_program(name):
    assert os.access(peers.need(name), os.X_OK)


@pytest.mark.long
@pytest.mark.parametrize("name", AZURE)
def test_an_interpreter_with_microsoft_s_package_can_import_it(name):
    module = name.replace("-", ".")
    done = subprocess.run([peers.need(name), "-c", "import " + module], check=False)
    assert done.returncode == 0


def test_a_package_of_microsoft_s_that_is_not_installed_is_missing():
    assert peers.find_azure("azure-iot-elsewhere") is None


def answer_to_connect(broker: peers.Mosquitto) -> bytes:
    with socket.create_connection((broker.host, broker.port), timeout=5) as link:
        link.sendall(CONNECT)
        return link.recv(16)


def test_mosquitto_answers(mosquitto):
    assert answer_to_connect(mosquitto) == CONNACK


def test_mosquitto_comes_back_on_its_port(mosquitto):
    for end in (mosquitto.stop, mosquitto.kill):
        end()
        with pytest.raises(OSError):
            answer_to_connect(mosquitto)
        mosquitto.start()
        assert answer_to_connect(mosquitto) == CONNACK


def test_mosquitto_takes_more_configuration_and_logs(tmp_path):
    broker = peers.Mosquitto(tmp_path, "max_keepalive 30\n")
    broker.start()
    broker.stop()
    broker.stop()
    assert "terminating" in broker.log


def test_a_configuration_that_mosquitto_refuses_is_a_failure_with_its_log(tmp_path):
    broker = peers.Mosquitto(tmp_path, "no_such_option 1\n")
    with pytest.raises(pytest.fail.Exception, match="no_such_option"):
        broker.start()
