# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The jobs that CPU is measured in: each warms up, measures, and checks that it has happened.

The figures are seconds of this process's CPU and of the clock for one message.
"""

import fcntl
import struct
import termios
import time

from . import PATIENCE_SECONDS, PAYLOAD, TOPIC
from .feeder import Feeder
from .with_socket import Peer as Bare

BACKLOG = 200

_WITNESSED = 50
_PAUSE_SECONDS = 0.0005
# Fixed header, length of the topic, topic, payload; the packet identifier comes on top.
_PACKET_BYTES = 2 + 2 + len(TOPIC) + len(PAYLOAD)
_PACKET_ID_BYTES = 2


class Stopwatch:
    """Adds up CPU and time of the laps that it is used around with ``with``, and their messages."""

    def __init__(self) -> None:
        self.cpu = self.wall = 0.0
        self.messages = 0

    def __enter__(self) -> None:
        self._wall = time.perf_counter()
        self._cpu = time.process_time()

    def __exit__(self, kind, value, trace) -> None:
        self.cpu += time.process_time() - self._cpu
        self.wall += time.perf_counter() - self._wall

    @property
    def figures(self) -> dict[str, float]:
        """Seconds for one message."""
        return {"cpu": self.cpu / self.messages, "wall": self.wall / self.messages}


def publish(peer, port: int, quality: int, count: int) -> Stopwatch:
    """Publish without a pause; a witness sees that what is published is what comes."""
    _witness(peer, port, quality)
    peer.publish(quality, count // 5)
    watch = Stopwatch()
    with watch:
        peer.publish(quality, count)
    watch.messages = count
    _confirm(peer)
    return watch


def _witness(peer, port: int, quality: int) -> None:
    witness = Bare(port, "witness")
    witness.subscribe(0)
    peer.publish(quality, _WITNESSED)
    witness.receive(_WITNESSED)
    witness.close()


def _confirm(peer) -> None:
    """The broker reads in order: with this one it has read them all, and found them good."""
    peer.publish(1, 1)


def receive(peer, port: int, quality: int, count: int) -> Stopwatch:
    """Receive a stream: whoever is slower than the broker finds more at each read."""
    peer.subscribe(quality)
    with Feeder(port, quality) as feeder:
        _receive_stream(peer, feeder, count // 5)
        return _receive_stream(peer, feeder, count)


def _receive_stream(peer, feeder, count: int) -> Stopwatch:
    total = peer.received + count
    watch = Stopwatch()
    feeder.feed(count)
    with watch:
        peer.receive(total)
    watch.messages = count
    feeder.join()
    if peer.received != total:
        raise RuntimeError(f"{peer.received - total} messages too many")
    return watch


def receive_backlog(peer, port: int, quality: int, count: int) -> Stopwatch:
    """Receive backlogs that lie in the socket before the client looks: nobody has to wait."""
    peer.subscribe(quality)
    watch = Stopwatch()
    with Feeder(port, quality) as feeder:
        _receive_backlog(peer, feeder, quality, Stopwatch())
        for _ in range(count // BACKLOG):
            _receive_backlog(peer, feeder, quality, watch)
    return watch


def _receive_backlog(peer, feeder, quality: int, watch: Stopwatch) -> None:
    before = peer.received
    feeder.feed(BACKLOG)
    feeder.join()
    size = _PACKET_BYTES + _PACKET_ID_BYTES * quality
    _wait_for_bytes(peer.fileno(), BACKLOG * size)
    with watch:
        peer.receive(before + BACKLOG)
    watch.messages += BACKLOG
    if peer.received - before != BACKLOG:
        raise RuntimeError(f"{peer.received - before} messages of {BACKLOG}")


def _wait_for_bytes(number: int, wanted: int) -> None:
    """Wait until so many bytes can be read from a socket."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (waiting := _readable(number)) < wanted:
        if time.monotonic() > deadline:
            raise RuntimeError(f"{waiting} bytes of {wanted} lie in the socket")
        time.sleep(_PAUSE_SECONDS)


def _readable(number: int) -> int:
    return struct.unpack("i", fcntl.ioctl(number, termios.FIONREAD, bytes(4)))[0]


def round_trips(peer, port: int, quality: int, count: int) -> Stopwatch:
    """Publish at QoS 1 to itself, one message at a time."""
    peer.subscribe(1)
    peer.round_trips(count // 5)
    before = peer.received
    watch = Stopwatch()
    with watch:
        peer.round_trips(count)
    watch.messages = count
    if peer.received - before != count:
        raise RuntimeError(f"{peer.received - before} messages of {count}")
    return watch
