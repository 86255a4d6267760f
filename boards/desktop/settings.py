# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What the desktop keeps between two runs: client identifiers, one for each program at a time.

A broker ends a connection when a second one comes with the same client identifier, so an identifier
must not be in use twice; and it keeps undelivered messages under it, so it must stay the same. Each
lies in a file of its own, ``client_id_1`` and so on, in the folder ``nxd_mqtt`` of
``$XDG_STATE_HOME``, which is ``~/.local/state`` unless it is set. A program locks the first file
that is free and has its identifier until it ends.
"""

import fcntl
import itertools
import os
import secrets
from pathlib import Path

# Every 3.1.1 broker takes 1 to 23 letters and digits [MQTT-3.1.3-5].
_LONGEST = 23
_READ_BYTES = 64


def state_folder(getenv=os.getenv) -> Path:
    """Where the files are.

    :param getenv: looks a variable of the environment up
    """
    home = getenv("XDG_STATE_HOME") or ""
    if not os.path.isabs(home):  # the standard says to ignore it then
        home = Path.home() / ".local" / "state"
    return Path(home) / "nxd_mqtt"


def client_id(folder: Path | None = None) -> str:
    """A client identifier that is this program's alone until it ends.

    Where no file can be kept it is a new one at each call.

    :param Path folder: where the files are, None for ``state_folder()``
    """
    try:
        folder = folder or state_folder()
        folder.mkdir(parents=True, exist_ok=True)
        for number in itertools.count(1):
            descriptor = os.open(folder / f"client_id_{number}", os.O_RDWR | os.O_CREAT, 0o600)
            if _lock(descriptor):
                return _read_or_make(descriptor)
    except (OSError, RuntimeError):  # RuntimeError: there is no home
        return _new()


def _lock(descriptor: int) -> bool:
    """Take the file; it stays open, and so locked, until the program ends."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except OSError as error:
        os.close(descriptor)
        if isinstance(error, BlockingIOError):
            return False
        raise


def _read_or_make(descriptor: int) -> str:
    kept = os.read(descriptor, _READ_BYTES).decode("ascii", "replace").strip()
    if kept.isascii() and kept.isalnum() and len(kept) <= _LONGEST:
        return kept
    made = _new()
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{made}\n".encode(), 0)
    return made


def _new() -> str:
    return "desktop" + secrets.token_hex(8)
