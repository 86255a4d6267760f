# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The fixture for users' own tests: it works in a project that knows nothing of this one."""

import re
import subprocess
import sys

from repository import ROOT

_CONFTEST = 'pytest_plugins = ["boards.desktop.hub.fixture"]\n'

_PLAIN = """
import pytest
import ssl


def test_there_is_a_hub(iot_hub):
    context = ssl.create_default_context(cafile=iot_hub.ca_file)
    assert context.get_ca_certs()
    assert iot_hub.connection_string("dev1").startswith("HostName=localhost;DeviceId=dev1;")
    assert iot_hub.port != iot_hub.plain_port
    iot_hub.patch_twin("dev1", {"a": 1})


def test_each_test_has_its_own(iot_hub):
    assert "a" not in iot_hub.twin("dev1")["properties"]["desired"]
"""

_CHANGED = """
import pytest


@pytest.fixture
def iot_hub_options():
    return {"host": "hub.example", "devices": ("sensor",), "tls": False}


def test_it_is_as_it_was_asked_for(iot_hub):
    assert iot_hub.connection_string("sensor").startswith("HostName=hub.example;DeviceId=sensor;")
    assert not iot_hub.tls
"""


def test_the_fixture_in_a_project_of_its_own(tmp_path):
    (tmp_path / "conftest.py").write_text(_CONFTEST)
    (tmp_path / "test_plain.py").write_text(_PLAIN)
    (tmp_path / "test_changed.py").write_text(_CHANGED)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(
        [*command, "--rootdir", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert re.search(r"\b3 passed\b", done.stdout), done.stdout + done.stderr
