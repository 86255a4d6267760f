# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The device kit runs here as on a board, passes on good streams, and tells of bad ones."""

import json
import os
import socket
import ssl
import subprocess
import sys
import threading
from pathlib import Path

import house_rules
import pytest
from contract_peers import played_line
from device.contract import CHECKS, judge
from device.peer import NAME, PORTS, Peer, context_for
from doubles.dialects import ESPRESSIF, RP2
from doubles.platform import Platform
from repository import ROOT

from boards.desktop.broker.secure import server_context

KIT = ROOT / "tests" / "device"

LINES = ("tcp", "tls", "ws", "wss")
# The kit is compiled on the heap, and words are twice as long as on a board.
HEAP = "192k"
BOARD_FILES = ("contract.py", "main.py")


@pytest.fixture(scope="module")
def peer(authority):
    """The kit's peer on this machine."""
    with Peer(ssl_context=server_context(*authority.server())) as peer:
        yield peer


@pytest.fixture
def settings(monkeypatch, peer, authority):
    """Puts the kit's settings into the environment, with these lines."""

    def put(*lines):
        ports = {name: peer.ports[name] for name in (*lines, "refused", "silent", "mute")}
        monkeypatch.setenv("NXD_PEER_HOST", "127.0.0.1")
        monkeypatch.setenv("NXD_PEER_PORTS", " ".join(f"{k}={v}" for k, v in ports.items()))
        monkeypatch.setenv("NXD_PEER_CA", authority.root)
        monkeypatch.setenv("NXD_PEER_PATIENCE", "15")

    return put


def verdict_of(output):
    """The last line; and before it there is a line for each check."""
    *progress, last = output.splitlines()
    verdict = json.loads(last)
    told = [line for line in progress if line.split()[0] in LINES]
    assert len(told) == verdict["passed"] + len(verdict["failed"]) + len(verdict["skipped"])
    return verdict


def is_clean(verdict, *lines):
    """Whether all checks of these lines have passed, but for those that need TLS."""
    assert verdict["failed"] == []
    plain = [name for name in lines if name in ("tcp", "ws")]
    wanted = {f"{name} {title}" for name in plain for title in ("pending", "handshake_limit")}
    assert {skipped["check"] for skipped in verdict["skipped"]} == wanted
    return verdict["passed"] == len(CHECKS) * len(lines) - len(wanted)


def on_cpython(code=0):
    """Run the kit as the README says for a desktop, until it exits so; returns what it printed."""
    done = subprocess.run(
        [sys.executable, str(KIT / "main.py")],
        env=dict(os.environ, PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert done.stderr == ""
    return done.stdout


def test_on_cpython(settings):
    settings("wss")
    verdict = verdict_of(on_cpython())
    assert is_clean(verdict, "wss")
    assert (verdict["board"], verdict["stack"]) == ("desktop", "CPythonNetwork")
    assert verdict["interpreter"].startswith("cpython 3.")


def test_with_the_peer_as_a_command(monkeypatch, tmp_path):
    command = [sys.executable, str(KIT / "peer.py"), "127.0.0.1", "--first-port", "0"]
    with subprocess.Popen(
        [*command, "--tls", str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert "peer-root.pem" in process.stdout.readline()
            for _ in range(4):
                name, _, value = process.stdout.readline().partition(" = ")
                monkeypatch.setenv(name, value.strip().strip('"'))
            assert os.environ["NXD_PEER_CA"] == "/peer-root.pem"
            assert os.environ["NXD_PEER_NAME"] == "nxd-peer"
            ports = os.environ["NXD_PEER_PORTS"].split()
            monkeypatch.setenv("NXD_PEER_PORTS", " ".join([ports[1], *ports[4:]]))
            monkeypatch.setenv("NXD_PEER_CA", str(tmp_path / "peer-root.pem"))
            monkeypatch.setenv("NXD_PEER_PATIENCE", "15")
            verdict = verdict_of(on_cpython())
        finally:
            process.terminate()
    assert is_clean(verdict, "tls")


def test_on_micropython(settings, micropython):
    settings("tcp", "ws")
    verdict = verdict_of(micropython.run("device.py", str(ROOT), heap=HEAP))
    assert is_clean(verdict, "tcp", "ws")
    assert verdict["board"] == "linux"
    assert verdict["interpreter"].startswith("micropython 1.")
    assert verdict["stack"] == "Radio"


def test_on_micropython_with_its_own_tls(settings, micropython):
    settings("tls")
    verdict = verdict_of(micropython.run("device.py", str(ROOT), heap=HEAP))
    assert is_clean(verdict, "tls")


def test_without_settings_it_says_what_to_do(monkeypatch):
    monkeypatch.delenv("NXD_PEER_HOST", raising=False)
    output = on_cpython(1)
    assert "peer.py" in output
    assert "NXD_PEER_PORTS" in output


@pytest.mark.parametrize(
    ("name", "value"),
    (
        ("NXD_PEER_PORTS", "tcp 18830"),
        ("NXD_PEER_PORTS", "tcp=x refused=1 silent=1 mute=1"),
        ("NXD_PEER_PORTS", "tcp=70000 refused=1 silent=1 mute=1"),
        ("NXD_PEER_PORTS", "tpc=1 refused=1 silent=1 mute=1"),
        ("NXD_PEER_PORTS", "refused=1 silent=1 mute=1"),
        ("NXD_PEER_PATIENCE", "long"),
        ("NXD_PEER_PATIENCE", "-5"),
    ),
)
def test_a_setting_that_cannot_be_used_is_named(settings, monkeypatch, name, value):
    settings("tcp")
    monkeypatch.setenv(name, value)
    assert on_cpython(1).startswith(f"{name}: ")


def test_the_readme_s_command_has_the_settings_that_are_printed():
    page = (KIT / "README.md").read_text()
    ports = " ".join(f"{name}={18830 + number}" for number, name in enumerate(PORTS))
    assert f'NXD_PEER_PORTS="{ports}"' in page
    assert f"NXD_PEER_CA=peer-root.pem NXD_PEER_NAME={NAME} " in page


# --- the peer as a command -----------------------------------------------------------------------


def refused_peer(*arguments):
    """What the peer's command says on its way out, before any setting."""
    done = subprocess.run(
        [sys.executable, str(KIT / "peer.py"), "127.0.0.1", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_port_of_the_peer_that_is_taken(peer, tmp_path):
    taken = peer.ports["ws"]
    for first in (taken, taken - PORTS.index("ws")):
        said = refused_peer("--first-port", str(first), "--tls", str(tmp_path))
        assert said.count("\n") == 1
        assert "cannot listen on 127.0.0.1 port " in said
        assert said.endswith("; --first-port 0 takes free ones\n")
    # The root of a peer that serves already stays.
    assert list(tmp_path.iterdir()) == []


def test_a_peer_that_cannot_listen_leaves_nothing_behind(peer):
    taken = peer.ports["ws"]
    threads = threading.active_count()
    for first in (taken, taken - PORTS.index("ws")):
        with pytest.raises(OSError, match=r"port \d+ \((tcp|ws)\): Address already in use"):
            Peer(first_port=first)
    assert threading.active_count() == threads


def test_a_first_port_that_leaves_no_room():
    assert "expected 0 to 65529" in refused_peer("--first-port", "65530")


def test_a_folder_that_does_not_exist(tmp_path):
    said = refused_peer("--first-port", "0", "--tls", str(tmp_path / "gone"))
    assert "gone" in said


def test_a_client_that_compares_host_names_only_is_content():
    context, root = context_for("127.0.0.1", NAME)
    trust = ssl.create_default_context(cadata=root.decode())
    with Peer(ssl_context=context) as peer:
        for name in (NAME, "127.0.0.1"):
            with (
                socket.create_connection(("127.0.0.1", peer.ports["tls"]), 5) as plain,
                trust.wrap_socket(plain, server_hostname=name) as secure,
            ):
                assert ("DNS", NAME) in secure.getpeercert()["subjectAltName"]


def test_a_check_that_fails_is_told_by_the_exit_code(settings, monkeypatch):
    settings("tls")
    monkeypatch.setenv("NXD_PEER_NAME", "elsewhere.example")
    verdict = verdict_of(on_cpython(1))
    assert "tls in_order" in [one["check"] for one in verdict["failed"]]


# --- stacks that lie -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lie", "check", "text"),
    (
        ("loses", "tcp in_order", "other bytes"),
        ("blocks", "tcp nothing_yet", "reading nothing takes time"),
    ),
)
def test_a_stack_that_lies_is_found_out(settings, micropython, lie, check, text):
    settings("tcp")
    verdict = verdict_of(micropython.run("device.py", str(ROOT), lie, heap=HEAP))
    failed = {one["check"]: one["text"] for one in verdict["failed"]}
    assert text in failed[check]
    # It goes on behind a check that fails.
    assert verdict["passed"] > 5


def doubling(send):
    """A send that takes less than it says."""

    def lie(sock, data):
        count = send(sock, data)
        return count + 1 if count == 512 else count

    return lie


def losing(send):
    """A send that says it has taken what it could not."""

    def lie(sock, data):
        try:
            return send(sock, data)
        except OSError:
            return len(data)

    return lie


def early(receive):
    """A read that tells the end before the last bytes."""

    def lie(sock, buffer, nbytes=0):
        return 0 if sock.connection.ending else receive(sock, buffer, nbytes)

    return lie


def deaf(receive):
    """A read that never tells the end."""

    def lie(sock, buffer, nbytes=0):
        sock.connection.ending = None
        return receive(sock, buffer, nbytes)

    return lie


@pytest.mark.parametrize(
    ("verb", "lie", "check"),
    (
        ("send", doubling, "echo"),
        ("send", losing, "stops_when_full"),
        ("recv_into", early, "last_bytes_first"),
        ("recv_into", deaf, "close_is_told"),
    ),
)
def test_a_lie_fails_its_check(monkeypatch, verb, lie, check):
    ip = Platform(dialect=RP2)
    made = ip.sockets.socket()
    made.close()
    monkeypatch.setattr(type(made), verb, lie(getattr(type(made), verb)))
    verdict, text = judge(played_line(ip, "tcp"), dict(CHECKS)[check])
    assert verdict == "failed", text


def test_a_longer_offer_behind_a_refusal_would_be_found_out():
    # The kit's own manners: what TLS has not taken is offered again unchanged.
    ip = Platform(dialect=ESPRESSIF)
    line = played_line(ip, "tls")
    for title in ("stops_when_full", "same_bytes_again"):
        assert judge(line, dict(CHECKS)[title]) == ("passed", "")
    assert ip.sockets.corruptions == []


# --- files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BOARD_FILES)
@pytest.mark.parametrize("rule", (house_rules.syntax, house_rules.not_on_boards), ids=str)
def test_what_goes_to_a_board_keeps_its_rules(rule, name):
    assert rule((KIT / name).read_text()) == []


def test_every_check_is_described():
    page = Path(ROOT / "docs" / "device.rst").read_text()
    for title, check in CHECKS:
        assert f"``{title}``" in page
        assert check.__doc__
