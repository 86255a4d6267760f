# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The peers that run on MicroPython: which modules each is made of, found where pip has put them.

``umqtt.simple`` is on the package index as a bare archive, which pip fetches, checks and unpacks,
and then refuses to build. So pip is told to leave what it has unpacked.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

UMQTT_VERSION = "1.3.4"
_UMQTT = (
    f"micropython-umqtt.simple=={UMQTT_VERSION} "
    "--hash=sha256:b6a2520239e3992c63a7de9370ee9b3d9d27819a90359c521f1c0f7ccab8d12f\n"
)
_PIP = ("-m", "pip", "download", "--quiet", "--no-clean", "--no-deps", "--no-binary", ":all:")
_FETCH_SECONDS = 120


class Peer(NamedTuple):
    """What a plain QoS 1 client imports of a peer.

    :param str script: its name in the folder ``micropython``
    :param str root: the module that a program imports
    :param str modules: all modules of the client itself
    :param str library_roots: what it is imported with: where sockets and time come from
    :param str libraries: all modules of those
    """

    script: str
    root: str
    modules: str
    library_roots: str = ""
    libraries: str = ""


_ADAFRUIT = "adafruit_connection_manager adafruit_ticks"

# Our own modules are found in the repository. Where chumicro-sockets has a module for each kind of
# firmware, it is CircuitPython's, which is the smaller one.
PEERS = {
    "chumicro-mqtt": Peer(
        "chumicro",
        "chumicro_mqtt.client",
        "chumicro_mqtt chumicro_mqtt.client chumicro_mqtt._wire",
        "chumicro_timing chumicro_sockets.sockets_factory",
        "chumicro_timing chumicro_timing.deadline chumicro_timing.ticks chumicro_sockets "
        "chumicro_sockets.sockets_factory chumicro_sockets._connector chumicro_sockets._adapters "
        "chumicro_sockets._adapters.cp",
    ),
    "MiniMQTT": Peer(
        "minimqtt",
        "adafruit_minimqtt.adafruit_minimqtt",
        "adafruit_minimqtt adafruit_minimqtt.adafruit_minimqtt adafruit_minimqtt.matcher",
        _ADAFRUIT,
        _ADAFRUIT,
    ),
    "umqtt.simple": Peer("umqtt", "umqtt.simple", "umqtt.simple"),
}
OUR_LIBRARIES = _ADAFRUIT


def fetch_umqtt(folder: Path) -> Path | None:
    """The file of umqtt.simple, fetched once into a folder; None where it cannot be fetched."""
    kept = folder / f"umqtt_simple-{UMQTT_VERSION}.py"
    if not kept.exists():
        with tempfile.TemporaryDirectory() as unpacked:
            _download(Path(unpacked))
            for found in Path(unpacked).glob("**/umqtt/simple.py"):
                folder.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(found, kept)
    return kept if kept.exists() else None


def _download(folder: Path) -> None:
    wanted = folder / "wanted.txt"
    wanted.write_text(_UMQTT, encoding="utf-8")
    # It ends with an error in any case: there is nothing in the archive that it could build.
    subprocess.run(
        [sys.executable, *_PIP, "--dest", folder / "none", "--requirement", wanted],
        env=dict(os.environ, TMPDIR=str(folder)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=_FETCH_SECONDS,
        check=False,
    )


def source(module: str) -> Path:
    """The file of a module of a peer that pip has installed; it is not imported.

    :raises FileNotFoundError: when it is not installed
    """
    package, _, rest = module.partition(".")
    found = importlib.util.find_spec(package)
    if found is None:
        raise FileNotFoundError(f"{package} is not installed")
    if found.submodule_search_locations is None:
        return Path(found.origin)
    path = Path(found.submodule_search_locations[0], *rest.split(".") if rest else [])
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
