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
    """What is printed meanwhile by whoever else is at the broker, or at the hub."""
    boards: bool = True
    """Whether it runs on boards, too."""
    micropython: bool = True
    """Whether MicroPython can stand in for a board; its TLS takes no chain of certificates."""
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

_SAS = (
    "connected as sensor",
    'sent {"reading": 1}',
    'sent {"reading": 2}',
    'sent {"reading": 3}',
    "all is acknowledged",
    "the cloud says: good morning",
    "with tone = short & friendly",
)
_AT_THE_HUB = (
    'the hub has {"reading": 1} with room = green house',
    'the hub has {"reading": 2} with room = green house',
    'the hub has {"reading": 3} with room = green house',
)
_X509 = ("connected with the certificate of sensor", "sent, and acknowledged")
_AZURE_WEBSOCKET = ("connected by WebSocket", "sent, and acknowledged")
_TWIN = (
    "connected",
    "the interval is 100 ms",
    "the interval is 50 ms",
    "no link: 0x2000C",
    "connected",
    "the interval is 20 ms",
    "the interval is 0 ms",
    "stopped: readings=# reconnects=1",
)
_DRIVEN = (
    "reported interval: 50",
    "reported interval: 20",
    "reported interval: 0",
    "the hub has # different readings",
)
_METHODS = (
    "connected as sensor",
    "blink blink blink",
    "blink was called, the answer is 200",
    "blink was called, the answer is 400",
    "fly was called, the answer is 404",
    "stop was called, the answer is 200",
)
_CALLED = (
    "blink has answered 200",
    "blink has answered 400",
    "fly has answered 404",
    "stop has answered 200",
)

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
    Example("azure_sas", _SAS, _AT_THE_HUB, heap="256k"),
    Example("azure_x509", _X509, ("the hub has hello",), micropython=False),
    Example("azure_websocket", _AZURE_WEBSOCKET, ("the hub has framed",), heap="256k"),
    Example("azure_twin_sensor", _TWIN, _DRIVEN, heap="288k"),
    Example("azure_methods", _METHODS, _CALLED, heap="256k"),
)
