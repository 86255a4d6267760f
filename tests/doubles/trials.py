# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT

"""One-line set-ups for tests of whatever talks to a socket."""

import pytest

from .clock import Clock
from .dialects import ALL
from .sockets import SocketPool

PORT = 1883


def opened(dialect, timeout=0):
    """A pool, its only socket, connected, and the peer's end."""
    pool = SocketPool(Clock(), dialect)
    pool.listen(PORT, lambda connection: None)
    sock = pool.socket(pool.AF_INET, pool.SOCK_STREAM)
    sock.connect(("broker.test", PORT))
    sock.settimeout(timeout)
    return pool, sock, pool.connections[0]


def outcome(call, *arguments):
    """What a call returned, or (class, errno) of what it raised."""
    try:
        return call(*arguments)
    except (OSError, RuntimeError, ValueError) as error:
        return type(error), getattr(error, "errno", None)


def every(*names, where=None):
    """Parametrize ``dialect`` over all rows, over those of that name, or where a test holds."""
    rows = [row for row in ALL if not names or row.name in names]
    if where:
        rows = [row for row in rows if where(row)]
    return pytest.mark.parametrize("dialect", rows, ids=str)
