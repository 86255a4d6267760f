# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A program of its own that publishes bursts on request, so that its CPU is nobody's.

``python -m bench.cpu_peers.feeder PORT QUALITY`` reads a number of messages a line, and answers
with a line when they are sent, at QoS 1 when they are acknowledged.
"""

import subprocess
import sys
from pathlib import Path

from .with_socket import Peer

_TOOLS = Path(__file__).resolve().parents[2]


class Feeder:
    """The feeder as its user has it; use it with ``with``.

    :param int port: where the broker listens
    :param int quality: QoS of the messages
    """

    def __init__(self, port: int, quality: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(port), str(quality)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=_TOOLS,
        )

    def __enter__(self) -> "Feeder":
        return self

    def __exit__(self, kind, value, trace) -> None:
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def feed(self, count: int) -> None:
        """Have so many messages published; does not wait for it."""
        self._process.stdin.write(f"{count}\n")
        self._process.stdin.flush()

    def join(self) -> None:
        """Wait until the feeder has sent what ``feed`` has asked for."""
        if not self._process.stdout.readline():
            raise RuntimeError("the feeder has ended")


def main(port: str, quality: str) -> None:
    """Publish bursts until there are no more requests."""
    peer = Peer(int(port), "feeder")
    for line in sys.stdin:
        peer.publish(int(quality), int(line))
        print(line, end="", flush=True)
    peer.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
