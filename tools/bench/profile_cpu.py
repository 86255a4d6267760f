# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Where our own client spends its time in one job of the CPU rows, by function.

``python tools/bench/profile_cpu.py PART_OF_A_NAME``, such as ``"receive QoS 1"``. A profiler weighs
calls too heavily: it says where to look, and ``cpu.py`` what it has brought.
"""

import cProfile
import pstats
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import cpu
from bench.broker import running_broker
from bench.cpu_peers import jobs, with_nxd_mqtt

_SHOWN = 25


class _Profiled(jobs.Stopwatch):
    """Measures its laps, and profiles what runs in them and nothing else."""

    profile = cProfile.Profile()

    def __enter__(self) -> None:
        super().__enter__()
        self.profile.enable()

    def __exit__(self, kind, value, trace) -> None:
        self.profile.disable()
        super().__exit__(kind, value, trace)


def main(wanted: str) -> None:
    """Profile the first job whose name has the text."""
    job = next((job for job in cpu.JOBS if wanted in job.name), None)
    if job is None:
        sys.exit("no such row; there are: " + "; ".join(job.name for job in cpu.JOBS))
    jobs.Stopwatch = _Profiled
    with running_broker() as port:
        peer = with_nxd_mqtt.Peer(port)
        watch = getattr(jobs, job.function)(peer, port, job.quality, job.count)
        peer.close()
    print(f"{job.name}: {watch.messages:,} messages")
    pstats.Stats(_Profiled.profile).strip_dirs().sort_stats("tottime").print_stats(_SHOWN)


if __name__ == "__main__":
    main(*sys.argv[1:] or [""])
