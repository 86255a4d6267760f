# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""ThreadX's names on MicroPython: with its own asyncio, and with Adafruit's, as boards have it."""

import importlib.metadata
from pathlib import Path

import pytest

# The script is compiled there, with all of ThreadX and of the clients' functions, on 64 bits.
HEAP = "256k"


@pytest.fixture(scope="module")
def adafruit_asyncio(tmp_path_factory):
    """A folder with Adafruit's package alone; what else lies beside it is for CPython."""
    folder = tmp_path_factory.mktemp("adafruit")
    distribution = importlib.metadata.distribution("adafruit-circuitpython-asyncio")
    files = [file for file in distribution.files if file.match("asyncio/*.py")]
    assert {"core.py", "task.py"} <= {file.name for file in files}
    (folder / "asyncio").mkdir()
    for file in files:
        source = Path(distribution.locate_file(file))
        (folder / "asyncio" / file.name).write_bytes(source.read_bytes())
    return folder


def test_the_objects_with_micropython_s_own_asyncio(micropython):
    assert micropython.run("tx_objects.py", "-", heap=HEAP).startswith("12 stories with")


def test_the_objects_with_adafruit_s_asyncio(micropython, adafruit_asyncio):
    output = micropython.run("tx_objects.py", str(adafruit_asyncio), heap=HEAP)
    assert output.startswith("12 stories with " + str(adafruit_asyncio))


def test_the_kernel_s_end_with_a_client_connected(micropython, port):
    told = micropython.run("tx_endings.py", "-", "127.0.0.1", port, heap=HEAP, seconds=30)
    assert told == "[0, 'a new kernel']\n"


def test_the_kernel_s_end_with_adafruit_s_asyncio(micropython, adafruit_asyncio, port):
    told = micropython.run(
        "tx_endings.py", str(adafruit_asyncio), "127.0.0.1", port, heap=HEAP, seconds=30
    )
    assert told == "[0, 'a new kernel']\n"
