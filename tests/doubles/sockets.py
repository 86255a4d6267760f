# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT

"""A socket pool that speaks one stack's dialect, keeps accounts of every call, and fails on order.

Its sockets are the client's end of a connection; a test holds the peer's end, a ``Connection``.
"""

from collections import namedtuple

from .client_end import KINDS, READ, WRITE, Socket
from .dialects import CPYTHON_TCP

__all__ = ("READ", "WRITE", "Socket", "SocketPool", "Wait")

Wait = namedtuple("Wait", "wants milliseconds waited ready")

_HOSTS = {"broker.test": "192.0.2.10", "localhost": "127.0.0.1"}


class SocketPool:
    """All sockets of one radio, and the book of what was done with them."""

    def __init__(self, clock, dialect=CPYTHON_TCP, hosts=None):
        self.clock = clock
        self.dialect = dialect
        self.hosts = dict(_HOSTS if hosts is None else hosts)
        for name, value in dialect.constants.items():
            setattr(self, name, value)
        self.lookup_takes = 0
        """Milliseconds that getaddrinfo blocks."""
        self.connect_takes = 0
        """Milliseconds that a connection needs to come up."""
        self.handshake_takes = 0
        """Milliseconds that TLS needs on top of it."""
        self.sockets = []
        self.connections = []
        self.calls = []
        self.blocked = []
        self.waits = []
        self.corruptions = []
        self.double_closes = []
        self.closed = 0
        self.most_open = 0
        self._faults = {}
        self._listeners = {}

    # the accounts

    @property
    def opened(self):
        """How many sockets were made."""
        return len(self.sockets)

    @property
    def open_now(self):
        """How many sockets hold on to something."""
        return self.opened - self.closed

    def count(self, verb):
        """How often a verb was called."""
        return sum(1 for name, _ in self.calls if name == verb)

    # what a test arranges

    def listen(self, port, acceptor, address=None):
        """Accept connections: ``acceptor(connection)`` is called for each.

        With None as the acceptor nobody answers: a connect runs into its timeout. With an address
        it counts for that one only, else for all of them.
        """
        self._listeners[address, port] = acceptor

    def refuse(self, port, address=None):
        """Stop listening."""
        self._listeners.pop((address, port), None)

    def fail(self, verb, exception, after=0, times=1):
        """Make a verb raise: ``times`` calls (None: all) after ``after`` that still work.

        ``exception`` is an exception, its class, or a callable that returns one. A failing close
        has closed all the same; every other verb fails before it does anything.
        """
        self._faults.setdefault(verb, []).append([after, times, exception])

    def wait(self, sock, want_read=True, want_write=False, milliseconds=None):
        """What a select with a timeout does: the READ and WRITE that are ready, 0 when time is up.

        It is silent about what a TLS layer has already taken off the wire, as a select is.
        """
        if not sock.dialect.pollable:
            raise TypeError("a socket of this stack cannot be polled")
        wants = (READ if want_read else 0) | (WRITE if want_write else 0)
        began = self.clock.elapsed
        seen = [0]

        def look():
            seen[0] = sock.ready_for(wants)
            return seen[0]

        try:
            self.clock.run_until(look, milliseconds)
        finally:
            self.waits.append(Wait(wants, milliseconds, self.clock.elapsed - began, seen[0]))
        return seen[0]

    # the stack's verbs

    def getaddrinfo(self, host, port, *more, **named):
        """The stack's name lookup."""
        self.note("getaddrinfo", host)
        for word in named:
            if word not in self.dialect.lookup_keywords:
                raise TypeError(f"getaddrinfo() has no argument {word!r} here")
        wanted = dict(zip(self.dialect.lookup_keywords, more, strict=False), **named)
        if not isinstance(port, int):
            raise ValueError("Port must be an integer")
        self.clock.advance(self.lookup_takes)
        self.trip("getaddrinfo")
        kind = wanted.get("type", wanted.get("socktype", 0)) or self.SOCK_STREAM
        families = (self.AF_INET, getattr(self, "AF_INET6", None))
        if wanted.get("family"):
            families = (wanted["family"],)
        answers = [
            self._answer(address, port, kind)
            for address in self.addresses(host)
            if self._family(address) in families and self._family(address) is not None
        ]
        if not answers:
            raise self.dialect.unknown_host.make()
        return answers

    def socket(self, family=None, type=None, proto=0, fileno=None):
        """A new socket."""
        self.note("socket", family)
        self.trip("socket")
        wrong = self.dialect.wrong_family
        if wrong and family not in (None, self.AF_INET):
            raise wrong.make()
        most = self.dialect.most_sockets
        if most is not None and self.open_now >= most:
            raise self.dialect.out_of_sockets.make()
        made = KINDS[self.dialect.kind](self, self.dialect)
        self.sockets.append(made)
        self.most_open = max(self.most_open, self.open_now)
        return made

    # for the sockets

    def note(self, verb, detail=None):
        """Write a call into the book."""
        self.calls.append((verb, detail))

    def trip(self, verb):
        """Raise what a test has arranged for this call of the verb."""
        faults = self._faults.get(verb)
        if not faults:
            return
        fault = faults[0]
        if fault[0] > 0:
            fault[0] -= 1
            return
        if fault[1] is not None:
            fault[1] -= 1
            if fault[1] <= 0:
                faults.pop(0)
        exception = fault[2]
        raise exception if isinstance(exception, BaseException) else exception()

    def addresses(self, host):
        """All addresses of a host, or the stack's complaint."""
        if isinstance(host, bytes | bytearray):
            return [".".join(str(part) for part in host)]
        found = self.hosts.get(host)
        if found is None and (":" in host or host.replace(".", "").isdigit()):
            found = host
        if found is None:
            raise self.dialect.unknown_host.make()
        return [found] if isinstance(found, str) else list(found)

    def listener(self, host, port):
        """Who accepts there; KeyError when nobody does."""
        here = (self.addresses(host)[0], port)
        return self._listeners[here if here in self._listeners else (None, port)]

    def _family(self, address):
        return getattr(self, "AF_INET6", None) if ":" in address else self.AF_INET

    def _answer(self, address, port, kind):
        where = (address, port)
        if self.dialect.packed_address:
            where = (bytes(int(part) for part in address.split(".")), port)
        elif ":" in address:
            where = (address, port, 0, 0)
        return (self._family(address), kind, 0, "", where)
