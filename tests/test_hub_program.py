# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The hub as a command: what it prints is enough to connect, and it ends cleanly."""

import http.client
import signal
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hub_bench import EVENTS, PATIENCE, Device, connect_packet
from repository import ROOT

from boards.desktop.broker.packets import Connack, Publish
from boards.desktop.hub.__main__ import main
from boards.desktop.hub.credentials import make_token

KEY = "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IQ=="


class Program:
    """The command in a process of its own, and what it has said about itself."""

    address = "127.0.0.1"

    def __init__(self, *arguments):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "boards.desktop.hub", *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines = []
        while not self.lines or not self.lines[-1].startswith("service: "):
            line = self.process.stdout.readline()
            assert line, self.process.communicate()
            self.lines.append(line.rstrip("\n"))

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.process.kill()
        self.process.communicate()

    def after(self, start):
        """What stands behind these words, at each place where they begin a line."""
        return [line.removeprefix(start) for line in self.lines if line.startswith(start)]

    def ports(self, end):
        """The ports with TLS, or those without."""
        return [int(line.split()[6]) for line in self.lines if line.endswith(end)]

    def key(self, device_id):
        """The key in a device's connection string."""
        return self.after(f"device {device_id}: ")[0].partition("SharedAccessKey=")[2]

    @property
    def host(self):
        """The hub's name."""
        return self.lines[0].split()[1]

    def token(self, device_id, module_id=None):
        """A token for a device."""
        resource = f"{self.host}/devices/{device_id}"
        return make_token(resource, self.key(device_id), int(time.time()) + 600)

    def end(self, how=signal.SIGINT):
        """Ends it; says its exit status and the rest of what it has printed."""
        if how is not None:
            self.process.send_signal(how)
        out, err = self.process.communicate(timeout=PATIENCE)
        assert err == ""
        return self.process.returncode, out.splitlines()


def context_of(program):
    """What a client trusts that has read the path of the root."""
    return ssl.create_default_context(cafile=program.after("root certificate: ")[0])


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_what_it_prints_is_enough_for_a_device(how):
    with Program("--port", "0", "--plain-port", "0", "--device", "device") as program:
        (plain,) = program.ports("without TLS")
        with Device(program, plain) as device:
            device.say(connect_packet(program))
            device.hear(Connack())
            device.publish(EVENTS + "a=1", b"hello")
            assert program.process.stdout.readline() == "from device: a=1 'hello'\n"
            device.say(Publish("a"))
            device.hear_the_end()
        assert "refused: device: PUBLISH" in program.process.stdout.readline()
        status, (summary,) = program.end(how)
    assert status == 0
    assert summary.startswith("hub ended: ")
    assert "telemetry 1" in summary
    assert "violations 1" in summary


def test_what_it_prints_is_enough_for_tls_and_certificates():
    with Program("--port", "0", "--port", "0", "--x509", "device") as program:
        context = context_of(program)
        certificate, _, key = program.after("device device: certificate ")[0].partition(
            ", its key "
        )
        context.load_cert_chain(certificate, key)

        def wrap(raw):
            return context.wrap_socket(raw, server_hostname="localhost")

        for port in program.ports("with TLS"):
            with Device(program, port, wrap) as device:
                device.say(connect_packet(program, password=None))
                device.hear(Connack())
        assert program.after("device dev1: ") == []
        assert program.end()[0] == 0


def test_what_it_prints_is_enough_for_a_service():
    with Program("--port", "0") as program:
        (string,) = program.after("service: ")
        fields = dict(part.partition("=")[::2] for part in string.split(";"))
        host, _, port = fields["HostName"].partition(":")
        token = make_token(
            host,
            fields["SharedAccessKey"],
            int(time.time()) + 600,
            fields["SharedAccessKeyName"],
        )
        connection = http.client.HTTPSConnection(
            host, int(port), timeout=PATIENCE, context=context_of(program)
        )
        connection.request("GET", "/twins/dev1", headers={"Authorization": token})
        assert connection.getresponse().status == 200
        connection.close()


def test_keys_and_the_place_of_the_root_can_be_given(tmp_path):
    root = tmp_path / "root.pem"
    arguments = ("--port", "0", "--device", "a", "--device", "b", "--key", KEY)
    with Program(*arguments, "--ca-file", str(root), "--host", "hub.example") as program:
        assert program.key("a") == program.key("b") == KEY
        assert program.host == "hub.example"
        assert program.after("root certificate: ") == [str(root)]
        assert root.read_text().startswith("-----BEGIN CERTIFICATE-----")


def test_it_ends_by_itself_and_leaves_no_files():
    with Program("--port", "0", "--seconds", "0.2") as program:
        folder = Path(program.after("root certificate: ")[0]).parent
        assert folder.is_dir()
        status, lines = program.end(None)
    assert (status, lines) == (0, ["hub ended: nothing happened"])
    assert not folder.exists()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--port", "70000"), "0 to 65535"),
        (("--seconds", "-1"), "number of seconds"),
        (("--seconds", "soon"), "number of seconds"),
        (("--key", "no base64!"), "expected base64"),
        (("--key", "c2hvcnQ="), "a key has"),
        (("--device", "a", "--device", "a"), "already"),
        (("--device", "no spaces"), "device"),
        (("--ca-file", "/nowhere/at/all"), "No such file"),
        (("--address", "256.0.0.1", "--port", "0"), "cannot listen"),
    ],
)
def test_bad_options_are_told(arguments, complaint, capsys):
    with pytest.raises(SystemExit) as caught:
        main(list(arguments))
    assert caught.value.code == 2
    said = capsys.readouterr().err
    assert complaint in said
    assert "no base64!" not in said


def test_a_port_that_is_taken_is_told(capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit) as caught:
            main(["--port", str(port)])
    assert caught.value.code == 2
    assert "cannot listen" in capsys.readouterr().err
