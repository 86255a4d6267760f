# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The broker of the bench: a mosquitto that never drops a message and logs next to nothing."""

import contextlib
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "tests"))

import peers

_SETTINGS = "max_inflight_messages 0\nlog_type none\nlog_type error\n"


@contextlib.contextmanager
def running_broker():
    """The port of a broker that runs for as long as the ``with`` does."""
    with tempfile.TemporaryDirectory() as folder:
        broker = peers.Mosquitto(Path(folder), _SETTINGS)
        broker.start()
        try:
            yield broker.port
        finally:
            broker.stop()


def found() -> bool:
    """Whether there is a mosquitto on this machine."""
    return peers.find_mosquitto() is not None


def version() -> str:
    """Mosquitto's version, such as 2.0.11."""
    # It has no option that prints the version alone, and an old one ends its help with 1.
    done = subprocess.run(
        [peers.find_mosquitto(), "-h"], capture_output=True, text=True, check=False
    )
    return re.search(r"version (\S+)", done.stdout + done.stderr)[1]
