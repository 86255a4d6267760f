# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The doubles' dialects of AirLift and WIZnet are those of the real drivers.

Each situation is brought about twice, on the double and on the driver over a chip, and must come
out the same: what is returned, or the kind of exception and its errno.
"""

import pytest
from doubles import dialects
from doubles.clock import Clock
from doubles.sockets import SocketPool
from spi_bench import Airlift, Wiznet

PORT = 1883
SILENT = 1884
NOBODY = 1885


class Stack:
    """A socket pool, and the network and the clock behind it."""

    def __init__(self, pool, network, clock):
        self.pool, self.network, self.clock = pool, network, clock
        network.listen(PORT, lambda connection: None)
        network.listen(SILENT, None)

    def opened(self, timeout=0):
        """A socket that is connected, and the peer's end."""
        sock = self.pool.socket()
        sock.connect(("broker.test", PORT))
        sock.settimeout(timeout)
        return sock, self.network.connections[-1]


def outcome(function, *arguments):
    """What a call returns, or the kind of exception and its errno."""
    try:
        return function(*arguments)
    except OSError as error:
        # On boards the first argument is the errno, on CPython only where there is another one.
        number = error.errno or (error.args[0] if error.args else None)
        return "OSError", number if isinstance(number, int) else None
    except (RuntimeError, ValueError) as error:
        return type(error).__name__


def nothing_yet(stack):
    """Read where nothing is."""
    return outcome(stack.opened()[0].recv_into, bytearray(8))


def overtime(stack):
    """Read with a timeout where nothing comes."""
    return outcome(stack.opened(timeout=1)[0].recv_into, bytearray(8))


def comes_late(stack):
    """Read with a timeout what comes in time."""
    sock, peer = stack.opened(timeout=2)
    stack.clock.later(1000, lambda: peer.send(b"abc"))
    return outcome(sock.recv_into, bytearray(8))


def some_bytes(stack):
    """Read less than there is, then the rest."""
    sock, peer = stack.opened()
    peer.send(b"abcde")
    buffer = bytearray(3)
    return [outcome(sock.recv_into, buffer), bytes(buffer), outcome(sock.recv_into, buffer)]


def nbytes_too_large(stack):
    """Ask for more than the buffer holds."""
    return outcome(stack.opened()[0].recv_into, bytearray(3), 4)


def available(stack):
    """How many bytes wait."""
    sock, peer = stack.opened()
    peer.send(b"abcde")
    return sock._available()


def closed_by_peer(stack):
    """Read after the peer has said goodbye."""
    sock, peer = stack.opened()
    peer.close()
    return [outcome(sock.recv_into, bytearray(8)) for _ in range(2)]


def bytes_before_goodbye(stack):
    """Read what came before the goodbye, and the goodbye."""
    sock, peer = stack.opened()
    peer.send(b"abc")
    peer.close()
    return [outcome(sock.recv_into, bytearray(8)) for _ in range(2)]


def thrown_away(stack):
    """Read after a reset."""
    sock, peer = stack.opened()
    peer.reset()
    return outcome(sock.recv_into, bytearray(8))


def send_after_goodbye(stack):
    """Write after the peer has said goodbye."""
    sock, peer = stack.opened()
    peer.close()
    sock.recv_into(bytearray(8))
    return outcome(sock.send, b"abc")


def send_after_reset(stack):
    """Write after a reset."""
    sock, peer = stack.opened()
    peer.reset()
    sock.recv_into(bytearray(8))
    return outcome(sock.send, b"abc")


def send_much(stack):
    """Offer more than fits."""
    sock, peer = stack.opened()
    taken = outcome(sock.send, bytes(5000))
    return taken, len(peer.received)


def send_unconnected(stack):
    """Write before connecting."""
    return outcome(stack.pool.socket().send, b"abc")


def refused(stack):
    """Connect where nobody listens."""
    return outcome(stack.pool.socket().connect, ("broker.test", NOBODY))


def ignored(stack):
    """Connect to somebody who does not answer."""
    sock = stack.pool.socket()
    sock.settimeout(0)
    return outcome(sock.connect, ("broker.test", SILENT))


def unknown_host(stack):
    """Look up a name that nobody has."""
    return outcome(stack.pool.getaddrinfo, "nobody.test", PORT)


def known_host(stack):
    """Look up a name."""
    answer = stack.pool.getaddrinfo("broker.test", PORT, 0, stack.pool.SOCK_STREAM)
    family, kind, _, _, (address, port) = answer[0]
    return family, kind, address, port


def port_in_text(stack):
    """Look up with a port that is no number."""
    return outcome(stack.pool.getaddrinfo, "broker.test", "1883")


def wrong_family(stack):
    """Ask for a socket of another family."""
    try:
        stack.pool.socket(10)
    except (RuntimeError, ValueError) as error:
        return type(error).__name__, str(error)
    return None


def too_many(stack):
    """Open sockets until there are none left."""
    found = []
    for _ in range(10):
        found.append(outcome(stack.pool.socket))
        if isinstance(found[-1], str | tuple):
            return len(found), found[-1]
    return None


def option(stack):
    """Set TCP_NODELAY."""
    return outcome(stack.opened()[0].setsockopt, 6, 1, 1)


def verbs_after_close(stack):
    """Go on after the own close."""
    sock, _ = stack.opened()
    sock.close()
    return [
        outcome(sock.recv_into, bytearray(8)),
        outcome(sock.send, b"abc"),
        outcome(sock.settimeout, 1),
        outcome(sock.close),
    ]


def asked_whether_connected(stack):
    """Ask the driver itself, which closes where the peer has gone; then close."""
    sock, peer = stack.opened()

    def ask():
        found = sock._connected
        return found() if callable(found) else found

    found = [ask()]
    peer.send(b"abc")
    peer.close()
    found.append(ask())
    sock.recv_into(bytearray(8))
    found.append(ask())
    return [*found, peer.closed_by_client, outcome(sock.close)]


def peer_sees_close(stack):
    """The peer learns of the own close."""
    sock, peer = stack.opened()
    sock.close()
    return peer.closed_by_client


SITUATIONS = [
    nothing_yet,
    overtime,
    comes_late,
    some_bytes,
    nbytes_too_large,
    available,
    closed_by_peer,
    bytes_before_goodbye,
    thrown_away,
    send_after_goodbye,
    send_after_reset,
    send_much,
    send_unconnected,
    refused,
    ignored,
    unknown_host,
    known_host,
    port_in_text,
    wrong_family,
    too_many,
    option,
    verbs_after_close,
    asked_whether_connected,
    peer_sees_close,
]


def on_the_double(row):
    """The stack of the doubles."""
    clock = Clock()
    pool = SocketPool(clock, row)
    return Stack(pool, pool, clock)


def on_the_driver(hardware):
    """The stack of the real driver."""
    hardware.connect()
    return Stack(hardware.pool(), hardware.network, hardware.clock)


# The driver for WIZnet chips minds the end of a socket that could not be made.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda each: each.__name__)
@pytest.mark.parametrize(
    ("row", "hardware"),
    [(dialects.AIRLIFT, Airlift), (dialects.WIZNET, Wiznet)],
    ids=["airlift", "wiznet"],
)
def test_the_double_does_as_the_driver_does(row, hardware, situation, monkeypatch):
    ours = situation(on_the_double(row))
    theirs = situation(on_the_driver(hardware(monkeypatch)))
    assert ours == theirs


@pytest.mark.parametrize(
    ("row", "hardware"),
    [(dialects.AIRLIFT, Airlift), (dialects.WIZNET, Wiznet)],
    ids=["airlift", "wiznet"],
)
def test_the_constants_are_those_of_the_driver(row, hardware, monkeypatch):
    pool = on_the_driver(hardware(monkeypatch)).pool
    assert {name: getattr(pool, name) for name in row.constants} == row.constants
    for name in ("IPPROTO_TCP", "TCP_NODELAY", "AF_INET6", "gaierror"):
        assert hasattr(pool, name) == (name in row.constants)
