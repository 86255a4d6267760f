# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A network of its own for one process and its children, where every port is free.

`unshare` gives the process namespaces in which the loopback interface is down and /etc/hosts can
be another file for nobody else. Here the interface is brought up and the hub gets its real name.

As a program, with a folder to write to, it finds out whether all of that is allowed.
"""

import ctypes
import fcntl
import os
import socket
import struct
import sys
from pathlib import Path

LOOPBACK = "127.0.0.1"

_HOSTS = "/etc/hosts"
_MS_BIND = 0x1000
_SIOCGIFFLAGS, _SIOCSIFFLAGS = 0x8913, 0x8914
_IFF_UP = 0x1
# struct ifreq: a name, then flags, then room for what other requests carry.
_REQUEST = struct.Struct("16sH22x")


def enter(folder: Path, names: tuple[str, ...]) -> None:
    """Makes the new namespaces habitable.

    :param folder: where a file may be written
    :param names: host names that lead to the loopback interface, beside localhost
    """
    _bring_up(b"lo")
    hosts = folder / "hosts"
    hosts.write_text(" ".join((LOOPBACK, "localhost", *names)) + "\n", encoding="ascii")
    _bind(hosts, _HOSTS)


def _bring_up(name: bytes) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        answer = fcntl.ioctl(control, _SIOCGIFFLAGS, _REQUEST.pack(name, 0))
        _, flags = _REQUEST.unpack(answer)
        fcntl.ioctl(control, _SIOCSIFFLAGS, _REQUEST.pack(name, flags | _IFF_UP))


def _bind(source: Path, target: str) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    if library.mount(os.fsencode(source), os.fsencode(target), None, _MS_BIND, None):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), target)


if __name__ == "__main__":
    enter(Path(sys.argv[1]), ())
