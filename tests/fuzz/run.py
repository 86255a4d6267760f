# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The command behind `make fuzz`: plays stories for a bounded time and says what it has found.

Hypothesis makes up stories, with every call's memory watched; atheris, where it can be installed,
follows the branches of the library. A story that fails is made small. Exit code 1 is a finding, and
the last line is the command that plays it again.
"""

import argparse
import faulthandler
import gc
import os
import random
import re
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st
from hypothesis.configuration import set_hypothesis_home_dir

from .desk import CALL_CEILING, run
from .findings import STORIES

_TESTS = Path(__file__).resolve().parent.parent
_ROOT = _TESTS.parent

_WORK = _ROOT / "build" / "fuzz"
_ATHERIS = "atheris==3.0.0"
_INSTALL_SECONDS = 60
_LONGEST = 600
_SHRINK_SECONDS = 15
_HANG_SECONDS = 30
_ROUND = 200
# Bytes that the library may hold on to after all stories: caches of numbers and of names.
_GROWTH_CEILING = 4096


def noise(number: int) -> bytes:
    """A story of bytes drawn at random, the same for the same number."""
    draw = random.Random(number)
    return draw.randbytes(draw.choice((30, 80, 300, _LONGEST)))


ACTIONS = st.lists(st.binary(min_size=1, max_size=12), max_size=60).map(b"".join)
DATA = ACTIONS | st.integers(0, 1 << 32).map(noise)


def play(data: bytes) -> int:
    """Play a story; it fails when it fails again: a process fills its caches once.

    One that hangs ends the process with a traceback, and is left in the file ``hangs``.
    """
    hangs = _WORK / "hangs"
    hangs.write_bytes(data)
    faulthandler.dump_traceback_later(_HANG_SECONDS, exit=True, file=sys.__stderr__)
    try:
        return run(data)
    except Exception:
        return run(data)
    finally:
        faulthandler.cancel_dump_traceback_later()
        hangs.unlink()


class Finding(Exception):
    """A story that fails.

    :param bytes data: the story
    """

    def __init__(self, data: bytes, error: BaseException | None):
        super().__init__(data.hex())
        self.data = data
        self.error = error


def fails(data: bytes) -> Exception | None:
    """What a story raises."""
    try:
        play(data)
    except Exception as error:
        return error
    return None


def smaller(finding: Finding) -> Finding:
    """Leave out of a story what it does not need to fail, as long as time allows."""
    until = time.monotonic() + _SHRINK_SECONDS
    size = len(finding.data)
    while size:
        at = 0
        while at < len(finding.data) and time.monotonic() < until:
            data = finding.data[:at] + finding.data[at + size :]
            error = fails(data)
            if error:
                finding = Finding(data, error)
            else:
                at += size
        size //= 2
    return finding


class Hypothesis:
    """Rounds of made-up stories, one seed after the other, until the time is over."""

    def __init__(self, seed: int, until: float):
        self.seed = seed
        self.runs = self.highest = 0
        self._until = until

    def play(self) -> None:
        """Play until the time is over.

        :raises Finding: a story that fails
        """
        while time.monotonic() < self._until:
            test = settings(
                max_examples=_ROUND,
                database=None,
                deadline=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )(given(DATA)(self.play_one))
            seeded(self.seed)(test)()
            self.seed += 1

    def play_one(self, data: bytes) -> None:
        """Play one story, unless the time is over."""
        if time.monotonic() > self._until:
            return
        self.runs += 1
        try:
            self.highest = max(self.highest, play(data))
        except Exception as error:
            raise Finding(data, error)


def held() -> int:
    """Bytes that lines of the library have allocated and that are still there."""
    gc.collect()
    lines = [tracemalloc.Filter(True, str(_ROOT / "nxd_mqtt" / "*"))]
    return sum(trace.size for trace in tracemalloc.take_snapshot().filter_traces(lines).traces)


def play_hypothesis(seed: int, seconds: float) -> bool:
    """Play the stories that are kept, then new ones; returns whether all were well."""
    _WORK.mkdir(parents=True, exist_ok=True)
    tracemalloc.start()
    phase = Hypothesis(seed, time.monotonic() + seconds)
    try:
        for _, story in STORIES:
            phase.play_one(bytes.fromhex(story))
        for number in range(50):
            phase.play_one(noise(number))
        before = held()
        phase.play()
        growth = held() - before
    except Finding as finding:
        return report(smaller(finding))
    finally:
        tracemalloc.stop()
    print(
        f"hypothesis: runs={phase.runs} crashes=0 seeds={seed}..{phase.seed} "
        f"heap of a call={phase.highest} of {CALL_CEILING} growth={growth} of {_GROWTH_CEILING}"
    )
    return growth <= _GROWTH_CEILING


# -- atheris ----------------------------------------------------------------------------------


def find_atheris() -> Path | None:
    """The folder with atheris, installed when it is not there; None where it does not install."""
    folder = _WORK / _ATHERIS
    if (folder / "atheris").is_dir():
        return folder
    options = ["install", "--quiet", "--only-binary=:all:", "--no-deps", "--retries", "1"]
    target = ["--target", str(folder), _ATHERIS]
    # An environment that was made without pip is filled from outside.
    for pip in ([sys.executable, "-m", "pip"], ["pip", "--python", sys.executable]):
        try:
            subprocess.run(
                pip + options + target,
                timeout=_INSTALL_SECONDS,
                check=True,
                capture_output=True,
            )
            return folder
        except (OSError, subprocess.SubprocessError):
            continue
    return None


def play_atheris(folder: Path, seed: int, seconds: int) -> bool:
    """Let atheris look for new branches; returns whether all was well."""
    corpus, found = _WORK / "corpus", _WORK / "found"
    for place in (corpus, found):
        place.mkdir(parents=True, exist_ok=True)
    for number, (_, story) in enumerate(STORIES):
        (corpus / f"story-{number}").write_bytes(bytes.fromhex(story))
    for number in range(40):
        (corpus / f"noise-{number}").write_bytes(noise(number))
    before = set(found.iterdir())
    command = [
        sys.executable,
        "-m",
        "fuzz.with_atheris",
        str(corpus),
        f"-max_total_time={seconds}",
        f"-max_len={_LONGEST}",
        f"-seed={seed + 1}",
        f"-artifact_prefix={found}{os.sep}",
        "-timeout=30",
        "-rss_limit_mb=512",
        "-malloc_limit_mb=64",
        "-print_final_stats=1",
    ]
    paths = [str(folder), os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        command,
        cwd=_TESTS,
        env=dict(os.environ, PYTHONPATH=os.pathsep.join(filter(None, paths))),
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds + 120,
    )
    figures = dict(re.findall(r"stat::(\w+):\s*(\d+)", done.stderr))
    fresh = sorted(set(found.iterdir()) - before)
    if done.returncode or fresh:
        print(done.stdout + done.stderr[-6000:])
        if fresh:
            data = fresh[0].read_bytes()
            return report(smaller(Finding(data, fails(data))))
        return False
    runs, memory = figures["number_of_executed_units"], figures["peak_rss_mb"]
    print(f"atheris: runs={runs} crashes=0 seed={seed + 1} memory of the process={memory} MB")
    return True


# -- the command ------------------------------------------------------------------------------


def report(finding: Finding) -> bool:
    """Say what was found and how to see it again."""
    path = _WORK / "finding"
    path.write_bytes(finding.data)
    print(f"crashes=1: {type(finding.error).__name__} {str(finding.error)[:300]}")
    print(f"story: {finding.data.hex()}")
    python = os.path.relpath(sys.executable, _TESTS)
    path = os.path.relpath(path, _TESTS)
    print(f"again: cd tests && {python} -m fuzz.run --replay {path}")
    return False


def main() -> int:
    """Play for so many seconds, or play one story again."""
    set_hypothesis_home_dir(_WORK)
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--seconds", type=int, default=60, help="for all of it")
    parser.add_argument("--seed", type=int, default=None, help="of the first round")
    parser.add_argument("--replay", help="a story: a file, or bytes in hex")
    arguments = parser.parse_args()
    if arguments.replay is not None:
        path = Path(arguments.replay)
        data = path.read_bytes() if path.is_file() else bytes.fromhex(arguments.replay)
        tracemalloc.start()
        print(f"heap of a call={run(data)} of {CALL_CEILING}")
        return 0
    seed = arguments.seed if arguments.seed is not None else int(time.time())
    folder = find_atheris()
    share = 0.5 if folder else 1
    fine = play_hypothesis(seed, arguments.seconds * share)
    if fine and folder:
        fine = play_atheris(folder, seed, int(arguments.seconds * (1 - share)))
    elif not folder:
        print("atheris does not install here: hypothesis alone")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
