# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Heap of a message and of a client on MicroPython, and the .mpy bytes of what a client imports.

All clients are compiled as by default and run over the same scripted socket, which takes no heap
itself, in a fresh interpreter. Heap bytes are counts and the same in every run.
"""

import sys
import tempfile
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "tests"))
sys.path.append(str(Path(__file__).resolve().parents[1]))

import peers
import sizes
from micropython_lane import SCRIPTS, Lane, compile_to

from .peer_modules import OUR_LIBRARIES, PEERS, fetch_umqtt, source
from .rows import OURS, Row, Target

BARE = "bare socket"

_HERE = Path(__file__).resolve().parent / "micropython"
_HEAP = "1m"
# How often something else is imported first: the smallest figure counts, see ``held.py``.
_LUCK = 4
_QUICK_LUCK = 1

# Our script's name of a job, its name here, and the bytes that ours may take.
_JOBS = (
    ("publish_0", "publish QoS 0", 64),
    ("publish_1", "publish QoS 1 and its PUBACK", 64),
    ("receive_0", "receive QoS 0", 192),
    ("receive_1", "receive QoS 1 and its PUBACK", 192),
    ("poll", "poll with nothing to do", 0),
)
_HELD_LIMIT = 48_000
# What a plain client imports of ours: modules, and the groups of the table of sizes that they are.
_ROOTS = "nxd_mqtt.nxd"
_GROUPS = ("core", "calls", "nxd")
_SIZE_LIMITS = (("core", ("core",), 20_000), ("nxd", ("nxd",), 4_500))


class Bench:
    """Compiled clients, and MicroPython to run them.

    :param Path folder: an empty folder
    :param Path kept: a folder in which what was fetched stays

    ``sizes`` are the .mpy bytes of the peers' modules.
    """

    def __init__(self, folder: Path, kept: Path) -> None:
        self._lane = Lane(folder)
        self._folder = folder
        self._compiler = peers.need("mpy-cross")
        self.sizes: dict[str, int] = {}
        for name in ("heap", "scripted"):
            self._compile(SCRIPTS / (name + ".py"), name)
        self._compile(_HERE / "spare.py", "spare")
        umqtt = fetch_umqtt(kept)
        self.peers = {name: peer for name, peer in PEERS.items() if umqtt or name != "umqtt.simple"}
        """Those that take part."""
        for peer in self.peers.values():
            for module in (peer.modules + " " + peer.libraries).split():
                self._compile(umqtt if module == "umqtt.simple" else source(module), module)

    def _compile(self, path: Path, module: str) -> None:
        package = path.name == "__init__.py"
        parts = [*module.split("."), "__init__"] if package else module.split(".")
        target = self._folder.joinpath(*parts).with_suffix(".mpy")
        compile_to(self._compiler, path, target)
        self.sizes[module] = target.stat().st_size

    def messages(self) -> dict[str, dict[str, float]]:
        """Heap bytes of each job, by client."""
        found = {OURS: _figures(self._lane.run("message_heap.py", heap=_HEAP))}
        for name, peer in self.peers.items():
            found[name] = _figures(self._run(f"with_{peer.script}.py"))
        return found

    def held(self, luck: int, with_libraries: bool) -> dict[str, float]:
        """Heap bytes that each client holds.

        :param int luck: how many runs the smallest figure is taken of
        :param bool with_libraries: count where sockets and time come from, too
        """
        clients = {OURS: ("nxd_mqtt", _ROOTS, OUR_LIBRARIES)}
        for name, peer in self.peers.items():
            clients[name] = (peer.script, peer.root, peer.library_roots)
        found = {}
        for name, (client, root, libraries) in clients.items():
            aside = libraries.replace(" ", ",")
            modules = f"/{aside},{root}" if with_libraries else f"{aside}/{root}"
            outputs = [self._run("held.py", client, spares, modules) for spares in range(luck)]
            found[name] = min(sum(map(int, output.split())) for output in outputs)
        return found

    def _run(self, script: str, *arguments) -> str:
        return self._lane.run(str(_HERE / script), *arguments, heap=_HEAP)


def _figures(output: str) -> dict[str, float]:
    """Lines of a name and a figure."""
    return {name: float(figure) for name, figure in map(str.split, output.splitlines())}


# --- rows ----------------------------------------------------------------------------------------


def message_rows(found: dict[str, dict[str, float]]) -> list[Row]:
    """A row for each job, of the figures of each client; ours has measured the bare socket, too."""
    rows = []
    for job, name, limit in _JOBS:
        figures = {client: figures[job] for client, figures in found.items()}
        figures[BARE] = found[OURS]["socket_alone"]
        target = Target("bytes", limit, figures[OURS])
        rows.append(Row("heap", name, "heap bytes a message", figures, [target]))
    return rows


def held_rows(aside: dict[str, float], together: dict[str, float]) -> list[Row]:
    """What a client holds, without and with the modules that sockets and time come from."""
    unit = "heap bytes of import and client"
    target = Target("bytes", _HELD_LIMIT, aside[OURS])
    return [
        Row("heap", "libraries for sockets and time aside", unit, aside, [target]),
        Row("heap", "with those libraries", unit, together, []),
    ]


def size_rows(groups: dict[str, int], sizes_of_peers: dict[str, int], names) -> list[Row]:
    """The .mpy bytes of what a plain QoS 1 client imports.

    :param dict groups: bytes of our groups
    :param dict sizes_of_peers: bytes of the peers' modules
    :param names: of the peers that take part
    """
    alone = {OURS: sum(groups.get(group, 0) for group in _GROUPS)}
    libraries = {OURS: OUR_LIBRARIES}
    for name in names:
        alone[name] = _sum(sizes_of_peers, PEERS[name].modules)
        libraries[name] = PEERS[name].libraries
    together = {name: alone[name] + _sum(sizes_of_peers, libraries[name]) for name in alone}
    targets = []
    for what, members, limit in _SIZE_LIMITS:
        size = sum(groups.get(group, 0) for group in members)
        targets.append(Target(f"bytes of {what}", limit, size))
    unit = ".mpy bytes that a plain QoS 1 client imports"
    return [
        Row("size", "libraries for sockets and time aside", unit, alone, targets),
        Row("size", "with those libraries", unit, together, []),
    ]


def _sum(found: dict[str, int], modules: str) -> int:
    return sum(found[module] for module in modules.split())


def measure(quick: bool) -> list[Row]:
    """All rows of heap and size.

    :param bool quick: measure what is held with less patience: up to 2 KB too much
    """
    compiled = sizes.module_sizes(peers.need("mpy-cross"))
    groups = {name: sums[0] for name, sums, _, _ in sizes.groups(compiled)}
    luck = _QUICK_LUCK if quick else _LUCK
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), Path(sys.prefix, "share", "nxd_mqtt_bench"))
        rows = [
            *message_rows(bench.messages()),
            *held_rows(bench.held(luck, False), bench.held(luck, True)),
            *size_rows(groups, bench.sizes, bench.peers),
        ]
    absent = "".join(
        f" (no {name}: not to be fetched)" for name in PEERS if name not in bench.peers
    )
    return [row._replace(name=row.name + absent) for row in rows]
