# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT

"""The client's end of a connection: the verbs of a socket, as each stack has them.

What a verb returns or raises comes out of the socket's dialect; which verbs and private
attributes there are is the class. The pool keeps the accounts.
"""

import ssl
from collections import namedtuple

from .clock import WouldBlockForever
from .connection import Connection
from .dialects import (
    AS_IF_SILENT,
    CLOSES,
    DUMMY,
    FOREVER,
    MBEDTLS,
    RETURNS_ZERO,
    TAKES_PART,
    WAITS_FOR_ALL,
    Failure,
)

READ = 1
WRITE = 2

Corruption = namedtuple("Corruption", "first second")


class Socket:
    """The verbs that every stack has; CircuitPython's own sockets have no others."""

    def __init__(self, pool, dialect, carrier=None):
        self._owner = pool
        self._carrier = carrier  # the plain socket that a TLS one of the boards sits on
        self._disowned = False  # a board's TLS lets go of its carrier when a handshake fails
        self.dialect = dialect
        self._timeout = None
        self._released = False
        self._closes = 0
        self._swallowed = 0
        self._decrypted = b""  # taken off the wire by TLS, not yet read
        self._promised = b""  # what a TLS layer holds since a send found no room
        self.connection = None
        """The peer's end, None until connected."""
        self.options = []
        """What setsockopt was asked for."""
        self.mode = None
        """What connect was told besides the address."""

    # the stack's verbs

    def connect(self, address, mode=None, /):
        """Connect, in the stack's own way of blocking."""
        self._enter("connect", address)
        host, port = address[:2]
        self.mode = mode
        self._owner.addresses(host)  # a stack looks names up here too, and complains here too
        if self.connection:
            raise self.dialect.connected_already.make()
        if self._timeout == 0 and self.dialect.connect_now:
            # It goes on in the background whatever this raises.
            self._owner.clock.later(max(1, self._owner.connect_takes), lambda: self._try(address))
            raise self.dialect.connect_now.make()
        self._connect_blocking(host, port)

    def settimeout(self, seconds, /):
        """Seconds, 0 or None, in the stack's own meaning."""
        self._enter("settimeout", seconds)
        if seconds is not None and seconds < 0:
            raise ValueError("Timeout must be a non-negative number")
        self._timeout = seconds
        if self._carrier:
            self._carrier._timeout = seconds

    def setblocking(self, flag, /):
        """settimeout(None) or settimeout(0)."""
        self._enter("setblocking", flag)
        self._timeout = None if flag else 0

    def setsockopt(self, level, option, value, /):
        """Set an option, where the stack can."""
        self._enter("setsockopt", (level, option, value))
        if isinstance(self.dialect.setsockopt, Failure):
            raise self.dialect.setsockopt.make()
        if self.dialect.setsockopt != DUMMY:
            self.options.append((level, option, value))

    def send(self, data, /):
        """Write what the stack takes, and tell how much that was."""
        offer = bytes(memoryview(data))
        self._enter("send", len(offer))
        if not self.connection:
            raise self.dialect.not_connected.make()
        if self._gone():
            if self.dialect.short_send == CLOSES:
                self._release()
            raise self._send_end().make()
        if not offer:
            return 0
        return _SEND[self.dialect.short_send](self, offer)

    def recv_into(self, buffer, nbytes=0, /):
        """Read what is there, in the stack's own way of having nothing."""
        if not 0 <= nbytes <= len(buffer):
            raise ValueError("nbytes must be 0 to len(buffer)")
        limit = nbytes or len(buffer)
        self._enter("recv_into", limit)
        if not self.connection and not self._released:
            raise self.dialect.not_connected.make()
        if not limit:
            return 0
        if not self._receivable():
            nothing = self._await_bytes()
            if nothing is not None:
                return nothing
        data = self._read(limit)
        buffer[: len(data)] = data
        return len(data)

    def close(self):
        """Give the socket back."""
        self._owner.note("close")
        if self._disowned:
            return
        self._closes += 1
        if self._closes > 1:
            self._owner.double_closes.append(self)
        if self._released:
            if self.dialect.close_twice:
                raise self.dialect.close_twice.make()
            return
        self._release()
        self._owner.trip("close")

    # for the pool and for tests

    @property
    def closed(self):
        """Whether it was given back, by its owner or by its driver."""
        return self._released

    @property
    def timeout(self):
        """What the last settimeout or setblocking asked for."""
        return self._timeout

    def ready_for(self, wants):
        """READ and WRITE as far as they are wanted and a select sees them."""
        if not self.connection or self._released:
            return 0
        end = self._receive_end()
        ended = end not in (None, AS_IF_SILENT)
        ready = 0
        if wants & READ and (ended or self.connection.readable):
            ready |= READ
        if wants & WRITE and (ended or (end is None and self.connection.grant() != 0)):
            ready |= WRITE
        return ready

    def shake_hands(self):
        """What TLS does first on a connection: here it only fails when a test wants it to."""
        if not self.dialect.tls:
            return
        pool = self._owner
        pool.note("handshake", self._timeout)
        try:
            limit = _milliseconds(self._timeout)
            if limit is not None and pool.handshake_takes > limit:
                pool.clock.advance(limit)
                raise self.dialect.handshake_overtime.make()
            pool.clock.advance(pool.handshake_takes)
            pool.trip("handshake")
        except Exception:
            if self._carrier:
                self._disowned = True
            else:
                self._release()
            raise

    def inherit(self, plain, takes_over):
        """Begin as ``plain`` is now.

        CPython's TLS socket takes the descriptor over, and closing the plain one then does
        nothing; the boards' TLS socket closes the plain one when it is closed. Where a handshake
        fails CPython closes, and a board leaves the plain socket to who made it.
        """
        self.connection = plain.connection
        self._timeout = plain.timeout
        if takes_over:
            plain._released = True
            self._owner.sockets[self._owner.sockets.index(plain)] = self
        if self.connection:
            self.shake_hands()

    # connecting

    def _connect_blocking(self, host, port):
        dialect, pool = (self._carrier or self).dialect, self._owner
        allowed = dialect.connect_patience
        if dialect.connect_minds_timeout and self._timeout is not None:
            allowed = min(allowed, _milliseconds(self._timeout))
        try:
            acceptor = pool.listener(host, port)
        except KeyError:
            raise dialect.refused.make() from None
        if acceptor is None or pool.connect_takes > allowed:
            pool.clock.advance(allowed)
            raise dialect.connect_overtime.make()
        pool.clock.advance(pool.connect_takes)
        self._establish(acceptor, (host, port))

    def _try(self, address):
        host, port = address[:2]
        try:
            acceptor = self._owner.listener(host, port)
        except KeyError:
            acceptor = Connection.reset
        if acceptor and not self._released:
            self._establish(acceptor, (host, port))

    def _establish(self, acceptor, address):
        self.connection = Connection(address)
        if self._carrier:
            self._carrier.connection = self.connection
        self._owner.connections.append(self.connection)
        acceptor(self.connection)
        self.shake_hands()

    # receiving

    def _receivable(self):
        return bool(self._decrypted) or bool(self.connection and self.connection.readable)

    def _receive_end(self):
        """What a read finds behind the last byte: None while the peer may still send."""
        if self._released:
            return AS_IF_SILENT
        ending = self.connection.ending
        return self.dialect.receive_ends[ending] if ending else None

    def _await_bytes(self):
        """Wait as the timeout asks. None when there are bytes now, else what a read returns."""
        end = self._receive_end()
        if end in (None, AS_IF_SILENT):
            if self._timeout == 0:
                return self._nothing()
            self._owner.blocked.append(("recv_into", self._timeout))
            came = self._owner.clock.run_until(self._something, _milliseconds(self._timeout))
            if not came:
                raise self.dialect.overtime.make()
            if self._receivable():
                return None
            end = self._receive_end()
        return _outcome(end)

    def _nothing(self):
        if self.dialect.nothing == FOREVER:
            self._owner.blocked.append(("recv_into", self._timeout))
            raise WouldBlockForever("this stack takes settimeout(0) for: no limit")
        return _outcome(self.dialect.nothing)

    def _something(self):
        return self._receivable() or self._receive_end() not in (None, AS_IF_SILENT)

    def _read(self, limit):
        if not self.dialect.tls:
            return self.connection.read(limit)
        if not self._decrypted:
            self._decrypted = self.connection.read_record()
        if self.connection.deliver_limit is not None:
            limit = min(limit, self.connection.deliver_limit)
        data, self._decrypted = self._decrypted[:limit], self._decrypted[limit:]
        return data

    # sending

    def _gone(self):
        ending = self.connection.ending
        if self._released or ending == "reset":
            return True
        if ending and self._swallowed >= self.dialect.swallowed_sends:
            return True
        self._swallowed += bool(ending)
        return False

    def _send_end(self):
        return self.dialect.send_ends[self.connection.ending or "fin"]

    def _room(self, offer):
        grant = self.connection.grant()
        sizes = (len(offer), self.dialect.send_cap, grant)
        return min(size for size in sizes if size is not None)

    def _send_part(self, offer):
        if not self._room(offer):
            self._await_room(offer)
        if self._promised:
            return self._keep_promise(offer)
        taken = offer[: self._room(offer)]
        self.connection.write(taken)
        return len(taken)

    def _await_room(self, offer):
        waited = False
        if self._timeout != 0 and self.dialect.send_waits:
            self._owner.blocked.append(("send", self._timeout))
            limit = _milliseconds(self._timeout)
            waited = True
            if self._owner.clock.run_until(lambda: self._room(offer), limit):
                return
        if self.dialect.tls:
            self._promised = self._promised or offer
        raise (self.dialect.send_overtime if waited else self.dialect.full).make()

    def _keep_promise(self, offer):
        """A TLS layer has already made its record: that is what goes out, whatever comes now."""
        promised = self._promised
        same = offer == promised if self.dialect.tls == MBEDTLS else offer.startswith(promised)
        if not same:
            self._owner.corruptions.append(Corruption(promised, offer))
        if self.dialect.tls != MBEDTLS and len(offer) < len(promised):
            raise ssl.SSLError(1, "bad write retry")
        self._promised = b""
        cap = self.dialect.send_cap
        self.connection.write(promised[:cap])
        return len((offer if self.dialect.tls == MBEDTLS else promised)[:cap])

    def _send_when_all_fits(self, offer):
        offer = offer[: self.dialect.send_cap]
        if self._room(offer) < len(offer):
            # The chip's driver loops until there is room; timeout 0 means no limit to it.
            self._owner.blocked.append(("send", self._timeout))
            limit = _milliseconds(self._timeout) or self.dialect.send_patience
            fits = self._owner.clock.run_until(lambda: self._room(offer) == len(offer), limit)
            if not fits:
                raise self.dialect.send_overtime.make()
        self.connection.write(offer)
        return len(offer)

    def _send_all_or_close(self, offer):
        taken = offer[: self._room(offer)]
        self.connection.write(taken)
        if len(taken) < len(offer):
            self._release()
            raise self.dialect.full.make()
        return len(taken)

    # closing

    def _release(self):
        if not self._released:
            self._released = True
            if self._carrier:
                self._carrier._release()
            else:
                self._owner.closed += 1
            if self.connection:
                self.connection.hang_up()

    def _enter(self, verb, detail):
        self._owner.note(verb, detail)
        if self._released and self.dialect.after_close:
            raise self.dialect.after_close.make()
        self._owner.trip(verb)


_SEND = {
    TAKES_PART: Socket._send_part,
    WAITS_FOR_ALL: Socket._send_when_all_fits,
    CLOSES: Socket._send_all_or_close,
}


class FullSocket(Socket):
    """A socket that can also hand out bytes of its own."""

    def recv(self, size, /):
        """Up to ``size`` bytes."""
        buffer = bytearray(size)
        return bytes(buffer[: self.recv_into(buffer)])


class DesktopSocket(FullSocket):
    """CPython's socket, which has a descriptor as long as it is open."""

    def fileno(self):
        """A number that no other socket of the pool has; -1 behind the end."""
        return -1 if self._released else 1000 + self._owner.sockets.index(self)


class DesktopTLSSocket(DesktopSocket):
    """CPython's TLS socket."""

    def pending(self):
        """Bytes that are decrypted already, which no select tells about."""
        return len(self._decrypted)

    def unwrap(self):
        """Say TLS's goodbye; the other side's is not there yet."""
        self._enter("unwrap", None)
        if self._gone():
            raise self._send_end().make()
        self.connection.goodbye = True
        if self.connection.ending != "fin":
            raise self.dialect.nothing.make()


class CoProcessorSocket(FullSocket):
    """A socket behind SPI: when a send fails nobody knows what has gone."""

    _failed = False

    def send(self, data, /):
        """Write what the stack takes, and tell how much that was."""
        try:
            return super().send(data)
        except (OSError, RuntimeError):
            self._failed = True
            if self.connection:
                self.connection.lost += bytes(data)
            raise


class WiznetSocket(CoProcessorSocket):
    """The chip on SPI: what is connected is a property, what is there a method."""

    @property
    def _connected(self):
        alive = bool(self.connection) and not self._released
        if alive and self.connection.ending and not self.connection.readable:
            alive = False
        if not alive:
            # The driver closes here, so that the owner's own close() raises afterwards.
            if self._released:
                raise self.dialect.close_twice.make()
            self._release()
        return alive

    def close(self):
        """Give the socket back; one whose send has failed may be closed on the spot, and again."""
        if self._failed and self._closes:
            self._owner.note("close")
            raise self.dialect.close_twice.make()
        super().close()

    def _available(self):
        return self.connection.waiting if self.connection and not self._released else 0


class AirLiftSocket(CoProcessorSocket):
    """The co-processor on SPI: both are methods, and only asking tells a closed link."""

    _forgotten = False

    def _connected(self):
        if self._available():
            return True
        if self._released or not self.connection or self.connection.ending:
            # The driver closes here, and forgets the number of the co-processor's socket.
            self._release()
            self._forgotten = True
            return False
        return True

    def close(self):
        """Give the socket back, if the driver has not done so."""
        if self._forgotten:
            self._owner.note("close")
        else:
            super().close()

    def _available(self):
        # The driver moves at most so many bytes at once.
        waiting = self.connection.waiting if self.connection and not self._released else 0
        return min(waiting, 4000)


KINDS = {
    "native": Socket,
    "full": FullSocket,
    "desktop": DesktopSocket,
    "desktop_tls": DesktopTLSSocket,
    "wiznet": WiznetSocket,
    "airlift": AirLiftSocket,
}


def _milliseconds(seconds):
    return None if seconds is None else int(seconds * 1000)


def _outcome(word_or_failure):
    if word_or_failure == RETURNS_ZERO:
        return 0
    raise word_or_failure.make()
