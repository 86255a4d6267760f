# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Threads of the kernel exchange messages over a broker, and nothing is lost on the way."""

import os
import re
import subprocess
import sys

from micropython_lane import SCRIPTS
from repository import ROOT

MESSAGES = 10_000


def check(output: str) -> None:
    """What the program prints: all have arrived, a full queue stood between, nobody starved."""
    counts = {name: int(number) for name, number in re.findall(r"(\w+) (\d+)", output)}
    assert counts["sent"] == counts["acknowledged"] == counts["received"] == MESSAGES
    assert counts["full"] > MESSAGES // 50
    # The receiver alone sleeps for so many ticks.
    assert counts["turns"] >= MESSAGES // 50 // 2


def test_two_threads_and_the_client_s_own_exchange_ten_thousand_messages(broker):
    done = subprocess.run(
        [sys.executable, "-W", "error", SCRIPTS / "tx_exchange.py", broker.host, str(broker.port)]
        + [str(MESSAGES)],
        cwd=ROOT,
        env=dict(os.environ, PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    check(done.stdout)


def test_the_same_on_micropython(broker, micropython):
    check(
        micropython.run(
            "tx_exchange.py", broker.host, broker.port, MESSAGES, heap="256k", seconds=100
        )
    )
