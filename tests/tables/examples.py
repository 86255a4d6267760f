# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What each example prints, and where it runs.

In a line ``#`` stands for a number that varies, and ``*`` for any text.
"""

from typing import NamedTuple


class Example(NamedTuple):
    """One file ``examples/nxd_mqtt_<name>.py``."""

    name: str
    lines: tuple[str, ...]
    """What it prints, over all of its starts."""
    others: tuple[str, ...] = ()
    """What is printed meanwhile by whoever else is at the broker."""
    boards: bool = True
    """Whether it runs on boards, too."""
    port: bool = False
    """Whether it follows a C program line by line, and looks at no status that C does not."""
    heap: str = "192k"
    """The heap of MicroPython, which compiles it on the way in; a word has 64 bits there."""


_SIMPLETEST = (
    "connected",
    "published nxd_mqtt/example/hello: hello",
    "received nxd_mqtt/example/hello: hello",
    "disconnected",
)
_WILL = ("online", "the link is lost: now the broker says 'offline' for us")
_WATCHED = ("nxd_mqtt/example/status is online", "nxd_mqtt/example/status is offline")
_TLS = ("connected to localhost, which has proved its name", "published, 0 not acknowledged")
_FILE_STORE = (
    "0 readings from before",
    "kept reading 1",
    "kept reading 2",
    "kept reading 3",
    "3 readings wait on the drive",
    "3 readings from before",
    "kept reading 4",
    "kept reading 5",
    "kept reading 6",
    "0 readings wait on the drive",
)
_DELIVERED = (
    "the broker is away",
    "the broker is there",
    "got reading 1",
    "got reading 2",
    "got reading 3",
    "got reading 4",
    "got reading 5",
    "got reading 6",
)
_SENSOR = (
    "connected; waiting: #",
    "link ended: *",
    "connected; waiting: #",
    "link ended: disconnected by the application",
    "readings=20 reconnects=1 lost=0",
)
_SUPER_LOOP = (
    "connected, the light blinks",
    "command: report 10 is here",
    "command: report 20 is here",
    "command: report 30 is here",
    "blinked 38 times, no poll took longer than # ms",
)
_ASYNCIO = (
    "connected",
    "published reading 1",
    "published reading 2",
    "published reading 3",
    "published reading 4",
    "published reading 5",
    "5 readings are acknowledged",
    "counted to 50 meanwhile",
)
_REAL_THREADS = ("connected", "4 threads published 100 messages, 100 are acknowledged")

_NETX_DEMO = ("nxd_mqtt/example/echo: hello", "ended with status 0x0")
_THREADS = ("connected", "20 readings sent, 20 acknowledged")

EXAMPLES = (
    Example("simpletest", _SIMPLETEST),
    Example("will_and_login", _WILL, _WATCHED),
    Example("tls", _TLS),
    Example("file_store", _FILE_STORE, _DELIVERED),
    Example("reconnecting_sensor", _SENSOR, ("got 20 different readings",)),
    Example("super_loop", _SUPER_LOOP, ("got 10", "got 20", "got 30")),
    Example("websocket", ("connected by WebSocket at /mqtt", "received: framed")),
    Example("asyncio", _ASYNCIO),
    Example("real_threads", _REAL_THREADS, boards=False),
    Example("netx_demo", _NETX_DEMO, port=True, heap="256k"),
    Example("threads", _THREADS, heap="256k"),
)
