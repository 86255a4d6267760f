# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The demo with a local IoT Hub: it counts right, ends by itself, and can fail."""

import os
import subprocess
import sys

import pytest
from repository import ROOT

from boards.desktop import azure_demo
from boards.desktop.hub import Hub

SUMMARY = "sent=200 acknowledged=200 received=3 methods=2 twin=3 renewals=1 reconnects=1 lost=0"
SECONDS = 30


def test_as_a_user_starts_it():
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-m", "boards.desktop.azure_demo"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    lines = done.stdout.splitlines()
    assert (done.returncode, done.stderr, lines[-1]) == (0, "", SUMMARY)
    assert " device: the cloud says: this was sent while you were away" in lines
    assert "  cloud: the device has come with a new token" in lines


def test_make_azure_demo():
    done = subprocess.run(
        ["make", "-n", "azure-demo"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1].strip().endswith("python -m boards.desktop.azure_demo")


def test_key_and_tokens_are_not_told(monkeypatch, capsys):
    keys = []

    class Told(Hub):
        """A hub that tells the device's key to the test."""

        def stop(self):
            keys.append(self.key("demo-board"))
            super().stop()

    monkeypatch.setattr(azure_demo, "Hub", Told)
    assert azure_demo.main() == 0
    out = capsys.readouterr().out
    assert out.splitlines()[-1] == SUMMARY
    assert keys
    assert not any(secret in out for secret in (*keys, "SharedAccess", "sig="))


# --- it can fail ---------------------------------------------------------------------------------


def test_a_reading_that_the_hub_does_not_have_is_lost(monkeypatch, capsys):
    class Forgetful(Hub):
        """A hub that acknowledges everything, and has lost one message at the end."""

        def events(self, device_id=None):
            found = super().events(device_id)
            return [event for event in found if event.body != b'{"reading": 7}' or len(found) < 200]

    monkeypatch.setattr(azure_demo, "Hub", Forgetful)
    monkeypatch.setattr(azure_demo, "_STEP_SECONDS", 2)
    assert azure_demo.main() == 1
    assert capsys.readouterr().out.splitlines()[-1].endswith("lost=1")


def test_a_device_that_the_hub_refuses_says_so_and_ends(monkeypatch, capsys):
    class Refusing(Hub):
        """A hub that has disabled the device."""

        def start(self):
            self.enable("demo-board", False)
            super().start()

    monkeypatch.setattr(azure_demo, "Hub", Refusing)
    monkeypatch.setattr(azure_demo, "_STEP_SECONDS", 1)
    assert azure_demo.main() == 1
    lines = capsys.readouterr().out.splitlines()
    assert " device: no link: 0x10085" in lines
    assert any(
        line.startswith(" device: I give up: status 0x10085, ('connack', ") for line in lines
    )
    assert lines[-1].startswith("sent=0 acknowledged=0 received=0 ")


@pytest.mark.parametrize("name", sorted(azure_demo._WANTED))
def test_every_counter_counts_for_the_exit_code(name, monkeypatch):
    totals = azure_demo._WANTED | {name: azure_demo._WANTED[name] + 1}
    monkeypatch.setattr(azure_demo, "play", lambda: totals)
    assert azure_demo.main() == 1


def test_an_answer_that_never_comes_is_told(monkeypatch, capsys):
    class Deaf(Hub):
        """A hub that gives up each method at once."""

        def begin_method(self, device_id, name, payload=None, timeouts=(0, 30), module_id=None):
            return super().begin_method(device_id, "x" * 65, payload, timeouts, module_id)

    monkeypatch.setattr(azure_demo, "Hub", Deaf)
    monkeypatch.setattr(azure_demo, "_STEP_SECONDS", 1)
    assert azure_demo.main() == 1
    out = capsys.readouterr().out
    assert "  cloud: a method's name has 1 to 64 printable characters" in out
    assert "methods=0" in out
