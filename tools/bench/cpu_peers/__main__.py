# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""One measurement in a process of its own.

``python -m bench.cpu_peers PEER JOB QUALITY COUNT PORT``, PEER being a module's name, prints a line
of JSON: seconds of CPU and of the clock for one message.
"""

import importlib
import json
import sys

from . import jobs


def main(name: str, job: str, quality: str, count: str, port: str) -> None:
    """Connect a peer, do a job with it, print the figures."""
    peer = importlib.import_module("." + name, __package__).Peer(int(port))
    watch = getattr(jobs, job)(peer, int(port), int(quality), int(count))
    peer.close()
    print(json.dumps(watch.figures))


if __name__ == "__main__":
    main(*sys.argv[1:])
