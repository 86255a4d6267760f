# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What the client expects of any stream below it, as checks that run on every interpreter.

A check is a function over a ``Line``: our end of a stream, and a peer at the other end that does
what it is told (``peer.py``). It raises ``Broken`` with what it has seen, or ``Skipped``.
"""

import gc

from nxd_mqtt.link import Link
from nxd_mqtt.status import MQTTError
from nxd_mqtt.transport import is_spi

_LIMIT = 8000
_SHORT = 1000
_CLOCK_MASK = (1 << 29) - 1
# The pattern that both sides count by, and the byte that is not in it.
_PERIOD = 251
_END = b"\xff"
_CHUNK = 512
# More than that no stack and no network in between holds for a peer that does not read.
_BOUND = 16 << 20
_RESTS = 100000


class Broken(Exception):
    """The stream does not do what the client expects."""


class Skipped(Exception):
    """This cannot be asked of this stream."""


def expect(claim, text):
    """Raise Broken with a text, unless a claim holds."""
    if not claim:
        raise Broken(text)


class Line:
    """Our end of a stream to the peer, opened as often as a check needs it.

    :param ip: a platform, as ``nx_ip_create`` has filled it
    :param str host: of the peer
    :param ports: a dict of the peer's ports by name
    :param str name: of the port, and of the line: ``tcp``, ``tls``, ``ws`` or ``wss``
    :param secure: what makes a link secure, None for none
    :param websocket: what puts its bytes into frames, None for none
    """

    def __init__(self, ip, host, ports, name, secure=None, websocket=None):
        self.ip = ip
        self.host = host
        self.ports = ports
        self.name = name
        self.secure = secure
        self.websocket = websocket
        self.link = None
        # Milliseconds: that the peer does not read, that silence is watched, that a limit is.
        self.hold = 1200
        self.silence = 300
        self.short_limit = 1000
        self._pattern = bytes([at % _PERIOD for at in range(_PERIOD + _CHUNK)])
        self._view = memoryview(self._pattern)
        self._buffer = bytearray(_CHUNK)

    # our end

    def open(self, host=None, port=None, limit=_LIMIT):
        """Open a new stream; what opening raises passes through.

        :param int port: the line's own if it is left out
        :param int limit: milliseconds that connecting may take
        """
        self.close()
        gc.collect()
        self._rests = 0
        port = port or self.ports[self.name]
        self.link = Link(self.ip, host or self.host, port, self.secure, self.websocket)
        self.link.open(limit)
        self.link.begin()
        start = self.now()
        while self.link.stage == "websocket":
            self.link.write(None)
            expect(not self.read(self._buffer), "bytes before the stream was open")
            self.rest(start, self.link.stage == "websocket", False, "the WebSocket did not open")
        return self

    def close(self):
        """Let go of the stream; harmless when there is none."""
        if self.link:
            self.link.leave()

    def read(self, buffer):
        """Read once; returns how many bytes."""
        count = -1
        while count < 0:  # a layer has taken something that is its own
            count = self.link.read(buffer)
        expect(0 <= count <= len(buffer), "a read of %d into %d" % (count, len(buffer)))
        return count

    def write(self, data):
        """Offer bytes once; returns how many were taken."""
        count = self.link.write(data)
        expect(0 <= count <= len(data), "%d taken of %d" % (count, len(data)))
        return count

    # time

    def now(self):
        """Milliseconds."""
        return self.ip.clock()

    def since(self, start):
        """Milliseconds since then."""
        return self.now() - start & _CLOCK_MASK

    def wait(self, read, write, milliseconds):
        """Wait as the client does, and go on with what a layer holds back."""
        self.ip.wait(self.link.socket, read, write or self.link.unsent(False), milliseconds)
        self.link.write(None)

    def rest(self, start, read, write, text):
        """Wait a moment; Broken when it has taken too long since the start."""
        self._rests += 1
        # A wait that says "now" each time lets no time pass where time is played.
        expect(self.since(start) < _LIMIT and self._rests < _RESTS, text)
        if read or write:
            self.wait(read, write, 100)

    # the peer

    def say(self, data):
        """Send all of it."""
        view = memoryview(data)
        start = self.now()
        sent = 0
        while sent < len(view):
            count = self.write(view[sent:])
            sent += count
            if not count:
                self.rest(start, False, True, "%d of %d bytes sent" % (sent, len(view)))
        self.flush()

    def flush(self):
        """Wait until no layer holds anything back."""
        start = self.now()
        self.link.write(None)
        while self.link.unsent(False):
            self.rest(start, False, True, "bytes stay behind in a layer")

    def hear(self, total, size=_CHUNK):
        """Take so much of the pattern, in reads of a size; returns how many reads had nothing."""
        start = self.now()
        room = memoryview(self._buffer)[:size]
        got = empty = 0
        while got < total:
            count = self.read(room)
            self.compare(got, room[:count], total)
            got += count
            if not count:
                empty += got > 0
                self.rest(start, True, False, "%d of %d bytes came" % (got, total))
        return empty

    def compare(self, at, data, total):
        """Broken unless data is the pattern from a place on, and ends within the total."""
        expect(at + len(data) <= total, "more than %d bytes came" % total)
        place = at % _PERIOD
        wanted = self._view[place : place + len(data)]
        expect(bytes(data) == bytes(wanted), "other bytes than were sent, after %d" % at)

    def answer(self):
        """The next line that the peer says."""
        start = self.now()
        found = b""
        one = bytearray(1)
        while found[-1:] != b"\n":
            if self.read(one):
                found += one
            else:
                self.rest(start, True, False, "no answer behind %r" % found)
        return str(found[:-1], "utf-8")

    def pattern(self, at, size):
        """The pattern from a place on, at most a chunk of it."""
        place = at % _PERIOD
        return self._view[place : place + min(size, _CHUNK)]

    def settle(self):
        """Hear from the peer once: what TLS has to say of its own at first comes before that."""
        self.say(b"s1\n")
        self.hear(1)
        self.quiet()

    def quiet(self):
        """See that nothing comes for a while."""
        start = self.now()
        while self.since(start) < self.silence:
            self.wait(True, False, self.silence)
            expect(not self.read(self._buffer), "bytes that nobody has sent")

    def ends(self):
        """Wait for the end of the stream; Broken when it does not come, or bytes do."""
        start = self.now()
        try:
            while True:
                expect(not self.read(self._buffer), "bytes that nobody has sent")
                self.rest(start, True, False, "the peer's end is not told")
        except MQTTError:
            return

    def refuses(self, stages, limit=_LIMIT, **where):
        """Broken unless opening fails at one of these stages, and in time."""
        start = self.now()
        try:
            self.open(limit=limit, **where)
        except MQTTError as error:
            expect(error.stage in stages, "stage %s: %r" % (error.stage, error.cause))
            took = self.since(start)
            expect(took < limit + _SHORT, "%d ms, where %d are the limit" % (took, limit))
            return
        raise Broken("it opens")

    def on_chip(self):
        """Whether the stream is that of a chip behind SPI."""
        return is_spi(self.link.socket)


# --- bytes in ------------------------------------------------------------------------------------


def nothing_yet(line):
    """Where nothing has come a read is 0, at once, as often as one asks."""
    line.open()
    line.settle()
    start = line.now()
    for _ in range(20):
        expect(line.read(bytearray(16)) == 0, "bytes that nobody has sent")
    expect(line.since(start) < _SHORT, "reading nothing takes time")


def in_order(line):
    """Bytes come whole and in order."""
    line.open()
    line.say(b"s5000\n")
    line.hear(5000)
    line.quiet()


def small_reads(line):
    """A read into a small buffer leaves the rest for the next one."""
    line.open()
    line.say(b"s300\n")
    line.hear(300, 7)
    line.quiet()


def one_by_one(line):
    """Also one byte at a time."""
    line.open()
    line.say(b"s40\n")
    line.hear(40, 1)


def pending(line):
    """What a TLS layer has decrypted is read without another wake-up."""
    line.open()
    if not line.secure or line.on_chip():
        raise Skipped("no TLS layer on this side")
    line.say(b"s2000\n")
    empty = line.hear(2000, 16)
    expect(not empty, "%d reads had nothing in between" % empty)


# --- bytes out -----------------------------------------------------------------------------------


def takes_some(line):
    """Where there is room a send takes at least one byte, and all arrives once."""
    line.open()
    start = line.now()
    line.say(b"e200\n")
    sent = 0
    while sent < 200:
        count = line.write(line.pattern(sent, 200 - sent))
        sent += count
        if not count:
            line.rest(start, False, True, "a send takes nothing")
    line.flush()
    line.hear(200)
    line.quiet()


def small_sends(line):
    """Sends of every small size arrive in order."""
    line.open()
    line.say(b"e820\n")
    sent = 0
    for size in range(1, 41):
        line.say(line.pattern(sent, size))
        sent += size
    line.hear(820)


def echo(line):
    """64 KB go out while they come back."""
    line.open()
    total = 65536
    line.say(b"e%d\n" % total)
    start = line.now()
    room = memoryview(line._buffer)
    sent = got = 0
    while got < total:
        moved = 0
        if sent < total:
            moved = line.write(line.pattern(sent, total - sent))
            sent += moved
        count = line.read(room)
        line.compare(got, room[:count], total)
        got += count
        if moved or count:
            start = line.now()
        else:
            line.rest(start, True, sent < total, "%d out and %d back" % (sent, got))
    line.quiet()


def _fill(line, size, hold):
    """Send to a peer that does not read for so long.

    :return: (bytes that were taken, the offer that was refused at last or None)
    """
    line.open()
    if line.on_chip():
        raise Skipped("the chip's driver waits for room, or ends the link")
    line.say(b"h%d\n" % hold)
    start = line.now()
    sent = 0
    while line.since(start) < hold:
        offer = line.pattern(sent, size)
        count = line.write(offer)
        sent += count
        if not count:
            return sent, offer
        expect(sent < _BOUND, "no end to what a peer takes that does not read")
    return sent, None


def _overfill(line, size):
    """Send to a peer that does not read, and on when it does; see what has arrived."""
    hold = line.hold
    sent, offer = _fill(line, size, hold)
    while not offer and hold < 16 * line.hold:  # a stack may need longer to be full
        hold *= 4
        sent, offer = _fill(line, size, hold)
    expect(offer, "no end to what a peer takes that does not read")
    goal = sent + 3000
    start = line.now()
    while sent < goal:
        # The same bytes as before, until some are taken.
        count = line.write(offer)
        sent += count
        if count:
            offer = line.pattern(sent, min(size, goal - sent))
        else:
            expect(line.since(start) < hold + _LIMIT, "it does not go on when the peer reads again")
            line.wait(False, True, 100)
    line.say(_END)
    expect(line.answer() == "%d good" % sent, "of %d bytes other ones have arrived" % sent)


def stops_when_full(line):
    """A send takes nothing when the peer does not read, and goes on without loss when it does."""
    _overfill(line, _CHUNK)


def same_bytes_again(line):
    """What was not taken is offered again unchanged, however small, and arrives once."""
    _overfill(line, 200)


# --- endings -------------------------------------------------------------------------------------


def close_is_told(line):
    """The peer's end is told."""
    line.open()
    line.say(b"c0\n")
    line.ends()


def last_bytes_first(line):
    """The peer's end is told behind its last bytes, and not before."""
    line.open()
    line.say(b"c700\n")
    try:
        line.hear(700, 50)
    except MQTTError as error:
        raise Broken("the end comes before the last bytes: %r" % error.cause)
    line.ends()


def close_twice(line):
    """Closing again is harmless."""
    line.open()
    line.close()
    line.close()
    expect(not line.link.live, "a socket that is still open")


def nothing_after_close(line):
    """Behind our own end no byte comes."""
    line.open()
    line.say(b"s100\n")
    line.wait(True, False, _SHORT)
    line.close()
    try:
        expect(not line.read(bytearray(16)), "bytes out of a closed socket")
    except MQTTError:
        pass


def again_and_again(line):
    """Streams come and go, and none is left behind."""
    for _ in range(6):
        line.open()
        line.say(b"s10\n")
        line.hear(10)
        line.close()


# --- opening -------------------------------------------------------------------------------------


def refused(line):
    """Where nobody listens opening fails in time, at stage tcp."""
    stages = ("tcp",) if not line.secure else ("tcp", "tls")
    line.refuses(stages, port=line.ports["refused"])


def unknown_name(line):
    """A name that does not exist is not resolved."""
    # A chip has one error for all.
    line.refuses(("dns", "tcp"), host="no.such.name.invalid", limit=60_000)


def time_limit(line):
    """Where nobody answers opening fails when its limit is over."""
    line.open()
    if line.on_chip():
        raise Skipped("the chip's driver has a limit of its own")
    line.refuses(("tcp",), limit=line.short_limit, port=line.ports["silent"])


def handshake_limit(line):
    """Where nobody shakes hands opening fails when its limit is over."""
    line.open()
    if not line.secure or line.on_chip():
        raise Skipped("no TLS layer on this side")
    line.refuses(("tcp", "tls"), limit=line.short_limit, port=line.ports["mute"])


def works_after_failures(line):
    """Attempts that fail leave nothing that is in the way of one that does not."""
    for _ in range(4):
        line.refuses(("tcp", "tls"), port=line.ports["refused"])
    in_order(line)


# --- waiting -------------------------------------------------------------------------------------


def wakes(line):
    """A wait ends when bytes come."""
    line.open()
    line.settle()
    line.say(b"w300\ns5\n")
    start = line.now()
    buffer = bytearray(8)
    while not line.read(buffer):
        expect(line.since(start) < _LIMIT, "nothing came")
        line.wait(True, False, _LIMIT)
    took = line.since(start)
    expect(took < _LIMIT // 2, "%d ms until bytes were told that came after 300" % took)


def sleeps(line):
    """A wait for what does not come takes its time, and no more."""
    line.open()
    line.settle()
    start = line.now()
    line.wait(True, False, 400)
    took = line.since(start)
    expect(350 <= took <= 400 + _SHORT, "a wait of 400 ms took %d" % took)


def room_wakes(line):
    """A wait for room ends at once where there is room."""
    line.open()
    line.settle()
    start = line.now()
    line.wait(False, True, 4000)
    expect(line.since(start) < 2000, "room is not told")


CHECKS = (
    ("nothing_yet", nothing_yet),
    ("in_order", in_order),
    ("small_reads", small_reads),
    ("one_by_one", one_by_one),
    ("pending", pending),
    ("takes_some", takes_some),
    ("small_sends", small_sends),
    ("echo", echo),
    ("stops_when_full", stops_when_full),
    ("same_bytes_again", same_bytes_again),
    ("close_is_told", close_is_told),
    ("last_bytes_first", last_bytes_first),
    ("close_twice", close_twice),
    ("nothing_after_close", nothing_after_close),
    ("again_and_again", again_and_again),
    ("refused", refused),
    ("unknown_name", unknown_name),
    ("time_limit", time_limit),
    ("handshake_limit", handshake_limit),
    ("works_after_failures", works_after_failures),
    ("wakes", wakes),
    ("sleeps", sleeps),
    ("room_wakes", room_wakes),
)


def judge(line, check):
    """Run one check.

    :return: ("passed", ""), ("skipped", why) or ("failed", what was seen)
    """
    try:
        check(line)
    except Skipped as why:
        return "skipped", str(why)
    except Broken as what:
        return "failed", str(what)
    except MQTTError as error:
        return "failed", "%s: %#x, %r" % (error.stage, error.status, error.cause)
    except Exception as error:  # a link lets no other one through
        return "failed", "%r" % error
    finally:
        line.close()
        gc.collect()
    return "passed", ""
