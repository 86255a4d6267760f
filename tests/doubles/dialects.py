# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT

"""How each socket stack speaks, as data: one row for each stack, no behaviour.

A row says what a verb returns or raises in each situation. ``sockets`` looks everything up here,
so a stack that behaves differently on another firmware is ``replace(ROW, field=...)``.
"""

import errno
import socket
import ssl
from dataclasses import dataclass, field, replace

__all__ = (
    "AIRLIFT",
    "AIRLIFT_PATIENT",
    "ALL",
    "CPYTHON_TCP",
    "CPYTHON_TLS",
    "ESPRESSIF",
    "ESPRESSIF_TLS",
    "HOST",
    "MICROPYTHON_TCP",
    "NATIVE_TLS",
    "RP2",
    "RP2_TLS",
    "WIZNET",
    "WIZNET_TLS",
    "Dialect",
    "Failure",
    "StackError",
    "by_name",
    "failure",
    "gaierror",
    "replace",
)


class StackError(OSError):
    """An OSError that stays a plain one.

    CPython turns ``OSError(11, ...)`` into BlockingIOError by itself. Boards have no such names,
    so code that relies on them must fail here.
    """


class gaierror(StackError):
    """What a board's pool raises for a name that it cannot resolve."""


@dataclass(frozen=True)
class Failure:
    """An exception to be made anew each time it is raised."""

    kind: type
    arguments: tuple

    def make(self):
        """A fresh exception."""
        return self.kind(*self.arguments)


def failure(kind, *arguments):
    """A Failure; a bare number stands for the errno of a board's plain OSError."""
    if isinstance(kind, int):
        return Failure(StackError, (kind, f"errno {kind}"))
    return Failure(kind, arguments)


# What recv_into does, where a row does not raise: it returns 0, it goes on as if the peer were
# merely silent, or it never comes back.
RETURNS_ZERO = "returns 0"
AS_IF_SILENT = "as if silent"
FOREVER = "for ever"

# What becomes of a send() that finds less room than it offers: it takes a part, it waits until
# there is room for all whatever the timeout, or it closes the socket.
TAKES_PART = "takes part"
WAITS_FOR_ALL = "waits for all"
CLOSES = "closes"

# What a TLS layer makes of the offer that follows a refused one: mbedTLS sends what was offered
# first and claims to have taken the second; OpenSSL refuses a shorter one and claims the first.
MBEDTLS = "mbedTLS"
OPENSSL = "OpenSSL"

# What setsockopt does, where it does not raise.
WORKS = "works"
DUMMY = "dummy"

_NATIVE_CONSTANTS = {
    "AF_INET": 2,
    "AF_INET6": 10,
    "SOCK_STREAM": 1,
    "SOCK_DGRAM": 2,
    "SOL_SOCKET": 0xFFF,
    "SO_REUSEADDR": 4,
    "IPPROTO_TCP": 6,
    "TCP_NODELAY": 1,
    "EAI_NONAME": -2,
    "gaierror": gaierror,
}
_SPI_CONSTANTS = {
    "AF_INET": 2,
    "SOCK_STREAM": 1,
    "SOCK_DGRAM": 2,
    "SOL_SOCKET": 0xFFF,
    "SO_REUSEADDR": 4,
}
_CPYTHON_CONSTANTS = {
    "AF_INET": socket.AF_INET,
    "AF_INET6": socket.AF_INET6,
    "SOCK_STREAM": socket.SOCK_STREAM,
    "SOCK_DGRAM": socket.SOCK_DGRAM,
    "SOL_SOCKET": socket.SOL_SOCKET,
    "SO_REUSEADDR": socket.SO_REUSEADDR,
    "IPPROTO_TCP": socket.IPPROTO_TCP,
    "TCP_NODELAY": socket.TCP_NODELAY,
    "gaierror": socket.gaierror,
    "timeout": socket.timeout,
}
_MICROPYTHON_CONSTANTS = {
    "AF_INET": 2,
    "AF_INET6": 10,
    "SOCK_STREAM": 1,
    "SOCK_DGRAM": 2,
    "SOL_SOCKET": 1,
    "SO_REUSEADDR": 2,
}


# What most of the boards' stacks raise; the numbers are Linux's, whatever this runs on.
_NO_SUCH_NAME = failure(gaierror, -2, "Name or service not known")
_OUT_OF_SOCKETS = failure(RuntimeError, "Out of sockets")
_BAD_FILE = failure(9)
_AGAIN = failure(11)
_CONNECTED = failure(106)
_NOT_CONNECTED = failure(107)
_OVERTIME = failure(110)
_REFUSED = failure(111)
_IN_PROGRESS = failure(115)


@dataclass(frozen=True)
class Dialect:
    """One socket stack. A field holds a Failure (raised), or one of the words above."""

    name: str
    constants: dict
    kind: str = "native"
    """Which class in ``sockets`` has this stack's methods and private attributes."""

    # getaddrinfo and socket
    unknown_host: Failure = _NO_SUCH_NAME
    lookup_keywords: tuple = ("family", "type", "proto", "flags")
    packed_address: bool = False
    wrong_family: Failure | None = None
    most_sockets: int | None = None
    out_of_sockets: Failure = _OUT_OF_SOCKETS

    # connect; connect_now is timeout 0, None where the stack connects blocking all the same
    refused: Failure = _REFUSED
    connect_overtime: Failure = _OVERTIME
    connect_now: Failure | None = _IN_PROGRESS
    connect_patience: int = 30_000
    connect_minds_timeout: bool = True
    handshake_overtime: Failure = _OVERTIME
    connected_already: Failure = _CONNECTED
    not_connected: Failure = _NOT_CONNECTED

    # recv_into
    nothing: object = _AGAIN
    overtime: Failure = _OVERTIME
    receive_ends: dict = field(default_factory=dict)

    # send; after a goodbye swallowed_sends of them still seem to work
    short_send: str = TAKES_PART
    full: Failure = _AGAIN
    send_waits: bool = True
    send_overtime: Failure = _OVERTIME
    send_patience: int | None = None
    send_cap: int | None = None
    send_ends: dict = field(default_factory=dict)
    swallowed_sends: int = 1

    # the rest; after_close None: verbs go on and find nobody
    setsockopt: object = WORKS
    after_close: Failure | None = _BAD_FILE
    close_twice: Failure | None = None
    pollable: bool = True
    tls: str | None = None

    def __str__(self):
        return self.name


def _ends(fin, cut=None, reset=None):
    """How the far end can be gone, and what a verb makes of it.

    "fin" said goodbye, "cut" ended a TLS link without TLS's goodbye, "reset" threw the link away.
    """
    return {"fin": fin, "cut": cut or fin, "reset": reset or fin}


ESPRESSIF = Dialect(
    name="espressif",
    constants=_NATIVE_CONSTANTS,
    most_sockets=8,
    connect_overtime=failure(116),
    connect_now=failure(116),
    not_connected=failure(128),
    overtime=failure(116),
    # A hard error never shows as itself here: reads find nothing, writes find no room, for ever.
    receive_ends=_ends(failure(128), reset=AS_IF_SILENT),
    send_waits=False,
    send_cap=2920,
    send_ends=_ends(failure(128), reset=failure(11)),
)
RP2 = Dialect(
    name="rp2",
    constants=_NATIVE_CONSTANTS,
    most_sockets=8,
    refused=failure(104),
    receive_ends=_ends(RETURNS_ZERO, reset=failure(104)),
    send_cap=1460,
    send_ends=_ends(failure(104)),
)
HOST = Dialect(
    name="host",
    constants=_NATIVE_CONSTANTS,
    connect_now=failure(110),
    receive_ends=_ends(failure(107), reset=failure(104)),
    send_waits=False,
    send_cap=2920,
    send_ends=_ends(failure(32), reset=failure(104)),
)
NATIVE_TLS = Dialect(
    name="native_tls",
    constants=_NATIVE_CONSTANTS,
    most_sockets=8,
    connect_now=failure(110),
    receive_ends=_ends(RETURNS_ZERO, cut=failure(107), reset=failure(104)),
    send_waits=False,
    send_cap=4096,
    send_ends=_ends(failure(104)),
    tls=MBEDTLS,
)
ESPRESSIF_TLS = replace(
    NATIVE_TLS,
    name="espressif_tls",
    connect_now=failure(116),
    connect_overtime=failure(116),
    handshake_overtime=failure(116),
    overtime=failure(116),
    not_connected=failure(128),
    receive_ends=_ends(RETURNS_ZERO, cut=failure(128), reset=AS_IF_SILENT),
    send_ends=_ends(failure(128), reset=failure(11)),
)
# Where the socket below returns 0 for a closed link, mbedTLS has a number of its own for that.
_END_OF_LINK = failure(StackError, -29312, "MBEDTLS_ERR_SSL_CONN_EOF")
RP2_TLS = replace(
    NATIVE_TLS,
    name="rp2_tls",
    receive_ends=_ends(RETURNS_ZERO, cut=_END_OF_LINK, reset=failure(104)),
)
WIZNET_TLS = replace(
    NATIVE_TLS,
    name="wiznet_tls",
    receive_ends=_ends(RETURNS_ZERO, cut=_END_OF_LINK),
    # The driver's RuntimeError has no number, which reads as "invalid argument" above.
    send_ends=_ends(failure(22)),
)
WIZNET = Dialect(
    name="wiznet",
    constants={**_SPI_CONSTANTS, "AF_INET": 3},
    kind="wiznet",
    unknown_host=failure(RuntimeError, "Failed to resolve hostname!"),
    wrong_family=failure(RuntimeError, "Only AF_INET family supported by W5K modules."),
    most_sockets=7,
    out_of_sockets=failure(RuntimeError, "All sockets in use."),
    refused=failure(ConnectionError, "Failed to establish connection."),
    connect_overtime=failure(ConnectionError, "Failed to establish connection."),
    connect_now=None,
    connect_minds_timeout=False,
    not_connected=failure(RuntimeError, "No data was sent, socket was closed."),
    receive_ends=_ends(RETURNS_ZERO),
    short_send=WAITS_FOR_ALL,
    send_overtime=failure(RuntimeError, "Unable to write data to the socket."),
    send_patience=30_000,
    send_cap=2048,
    send_ends=_ends(failure(RuntimeError, "No data was sent, socket was closed.")),
    swallowed_sends=0,
    setsockopt=failure(StackError),
    after_close=failure(RuntimeError, "The socket has been closed."),
    close_twice=failure(RuntimeError, "The socket has been closed."),
    pollable=False,
)
AIRLIFT = Dialect(
    name="airlift",
    constants=_SPI_CONSTANTS,
    kind="airlift",
    unknown_host=failure(ConnectionError, "Failed to request hostname"),
    lookup_keywords=("family", "socktype", "proto", "flags"),
    packed_address=True,
    wrong_family=failure(ValueError, "Only AF_INET family supported"),
    most_sockets=3,
    out_of_sockets=failure(StackError, 23, "ENFILE"),
    refused=failure(ConnectionError, "Could not connect to remote server"),
    connect_overtime=failure(TimeoutError, "Failed to establish connection"),
    connect_now=None,
    connect_patience=3_000,
    connect_minds_timeout=False,
    not_connected=failure(ConnectionError, "Failed to send bytes (sent 0)"),
    nothing=RETURNS_ZERO,
    receive_ends=_ends(AS_IF_SILENT),
    short_send=CLOSES,
    full=failure(ConnectionError, "Failed to send bytes (sent fewer)"),
    send_ends=_ends(failure(ConnectionError, "Failed to send bytes (sent 0)")),
    swallowed_sends=0,
    setsockopt=DUMMY,
    after_close=None,
    pollable=False,
)
# Older releases of the same driver take settimeout(0) for "no limit".
AIRLIFT_PATIENT = replace(AIRLIFT, name="airlift_patient", nothing=FOREVER)
CPYTHON_TCP = Dialect(
    name="cpython_tcp",
    constants=_CPYTHON_CONSTANTS,
    kind="desktop",
    unknown_host=failure(socket.gaierror, -2, "Name or service not known"),
    refused=failure(ConnectionRefusedError, errno.ECONNREFUSED, "Connection refused"),
    connect_overtime=failure(TimeoutError, "timed out"),
    connect_now=failure(BlockingIOError, errno.EINPROGRESS, "Operation now in progress"),
    connect_patience=130_000,
    connected_already=failure(OSError, errno.EISCONN, "Transport endpoint is already connected"),
    not_connected=failure(OSError, errno.ENOTCONN, "Transport endpoint is not connected"),
    nothing=failure(BlockingIOError, errno.EAGAIN, "Resource temporarily unavailable"),
    overtime=failure(TimeoutError, "timed out"),
    receive_ends=_ends(
        RETURNS_ZERO,
        reset=failure(ConnectionResetError, errno.ECONNRESET, "Connection reset by peer"),
    ),
    full=failure(BlockingIOError, errno.EAGAIN, "Resource temporarily unavailable"),
    send_overtime=failure(TimeoutError, "timed out"),
    send_ends=_ends(
        failure(BrokenPipeError, errno.EPIPE, "Broken pipe"),
        reset=failure(ConnectionResetError, errno.ECONNRESET, "Connection reset by peer"),
    ),
    after_close=failure(OSError, errno.EBADF, "Bad file descriptor"),
)
CPYTHON_TLS = replace(
    CPYTHON_TCP,
    name="cpython_tls",
    kind="desktop_tls",
    handshake_overtime=failure(TimeoutError, "_ssl.c: The handshake operation timed out"),
    nothing=failure(ssl.SSLWantReadError, 2, "The operation did not complete (read)"),
    overtime=failure(TimeoutError, "The read operation timed out"),
    receive_ends=_ends(
        RETURNS_ZERO,
        cut=failure(ssl.SSLEOFError, 8, "EOF occurred in violation of protocol"),
        reset=failure(ConnectionResetError, errno.ECONNRESET, "Connection reset by peer"),
    ),
    full=failure(ssl.SSLWantWriteError, 3, "The operation did not complete (write)"),
    send_overtime=failure(TimeoutError, "The write operation timed out"),
    tls=OPENSSL,
)
# As seen through an adapter that adds CircuitPython's recv_into.
MICROPYTHON_TCP = Dialect(
    name="micropython_tcp",
    constants=_MICROPYTHON_CONSTANTS,
    kind="full",
    unknown_host=failure(-2),
    receive_ends=_ends(RETURNS_ZERO, reset=failure(104)),
    send_ends=_ends(failure(32), reset=failure(104)),
)

ALL = (
    ESPRESSIF,
    RP2,
    HOST,
    NATIVE_TLS,
    ESPRESSIF_TLS,
    WIZNET,
    AIRLIFT,
    AIRLIFT_PATIENT,
    CPYTHON_TCP,
    CPYTHON_TLS,
    MICROPYTHON_TCP,
)


def by_name(name):
    """The row of that name."""
    return {row.name: row for row in ALL}[name]
