# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A stretch of wire that has whatever fault it is struck with.

A fault waits for its occasion: a cut for a connection whose bytes it can fall into, a refusal for
somebody to refuse. ``faults`` counts those that have happened, not those that were asked for.
"""

import asyncio
import contextlib
import socket
import struct
import threading
import time
from collections import Counter

TO_BROKER = 0
TO_CLIENT = 1

_READ_BYTES = 65536
# Between two bytes that dribble, and between two looks whether a stall is over.
_BYTE_SECONDS = 0.001
_LOOK_SECONDS = 0.01
# SO_LINGER with no time: the end is a reset, which also takes bytes that are on their way.
_RESET = struct.pack("ii", 1, 0)
_PATIENCE_SECONDS = 10


class Frames:
    """Follows one direction of a connection and knows where its packets end."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._left = 0

    def ends(self, data: bytes) -> set[int]:
        """After how many bytes of the data a packet is complete."""
        found = set()
        at = 0
        while at < len(data):
            if self._left:
                step = min(self._left, len(data) - at)
                self._left -= step
                at += step
            else:
                at += 1
                if not self._header(data[at - 1]):
                    continue
            if not self._left:
                found.add(at)
        return found

    def _header(self, byte: int) -> bool:
        """One more byte of a fixed header; whether it is complete."""
        self._head.append(byte)
        if len(self._head) == 1 or byte & 0x80:
            return False
        # The remaining length, lowest seven bits first.
        for place, part in enumerate(self._head[1:]):
            self._left |= (part & 0x7F) << 7 * place
        self._head.clear()
        return True


class _Fault:
    """A fault that was struck: for how long, where, and whether it has happened."""

    def __init__(self, kind: str, seconds: float, direction: int, skip: int) -> None:
        self.kind = kind
        self.direction = direction
        self.skip = skip
        self.happened = False
        self._until = time.monotonic() + seconds

    @property
    def lasts(self) -> bool:
        return time.monotonic() < self._until


class _Wire:
    """One connection: reader and writer of both ends, and where packets end in each direction."""

    def __init__(self, near: tuple) -> None:
        self.near = near
        self.far: tuple | None = None
        self.frames = (Frames(), Frames())
        # Whether all that is sent vanishes.
        self.swallows = False

    def way(self, direction: int) -> tuple:
        """Where to read and where to write."""
        if direction == TO_BROKER:
            return self.near[0], self.far[1]
        return self.far[0], self.near[1]


class FaultProxy:
    """Passes connections on to a broker, with the faults that it is struck with.

    :param peer: whatever has a host and a port
    """

    host = "127.0.0.1"

    # What a fault does, by its kind:
    # cut        the connection ends with FIN, between two packets
    # reset      it ends with RST, between two packets
    # middle     it ends with FIN, inside a packet
    # stall      bytes in one direction are held, and come later
    # blackhole  whatever is sent vanishes, now and for ever; so it does on what connects meanwhile
    # dribble    bytes come one at a time
    # refuse     the connection ends, and what connects meanwhile is closed at once
    ENDS = ("cut", "reset", "middle")
    LASTING = ("stall", "blackhole", "dribble", "refuse")

    def __init__(self, peer) -> None:
        self._peer = peer
        self.faults: Counter = Counter()
        self._armed: list[_Fault] = []
        self._lasting: dict[str, _Fault] = {}
        self._wires: list[_Wire] = []
        self._loop = asyncio.new_event_loop()
        self._listener = socket.create_server((self.host, 0))
        self.port = self._listener.getsockname()[1]

    # -- its thread ---------------------------------------------------------------------------

    def __enter__(self):
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._do(asyncio.start_server(self._accept, sock=self._listener))
        return self

    def __exit__(self, *exception):
        self._do(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_PATIENCE_SECONDS)
        self._loop.close()

    def _do(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_PATIENCE_SECONDS)

    async def _stop(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    # -- faults -------------------------------------------------------------------------------

    def strike(self, kind: str, seconds: float = 0, direction: int = TO_BROKER, skip: int = 0):
        """Have a fault, as soon as there is an occasion; may be called in any thread.

        :param str kind: one of ``ENDS`` or ``LASTING``
        :param float seconds: how long a lasting one lasts
        :param int direction: which bytes a stall holds
        :param int skip: how many bytes pass before a connection ends
        """
        self._do(self._strike(_Fault(kind, seconds, direction, skip)))

    def heal(self) -> None:
        """Faults that last are over, those that wait will not come; what has vanished stays so."""
        self._do(self._heal())

    @property
    def connections(self) -> int:
        """How many there are at this moment."""
        return len(self._wires)

    async def _strike(self, fault: _Fault) -> None:
        if fault.kind in self.ENDS:
            self._armed.append(fault)
            return
        self._lasting[fault.kind] = fault
        for wire in self._wires:
            if fault.kind == "blackhole":
                wire.swallows = True
                self._note(fault)
            elif fault.kind == "refuse" and not wire.swallows:
                self._end(wire, reset=True)

    async def _heal(self) -> None:
        self._armed.clear()
        self._lasting.clear()

    def _now(self, kind: str) -> _Fault | None:
        fault = self._lasting.get(kind)
        return fault if fault and fault.lasts else None

    def _note(self, fault: _Fault) -> None:
        self.faults[fault.kind] += not fault.happened
        fault.happened = True

    # -- connections --------------------------------------------------------------------------

    async def _accept(self, near_reader, near_writer) -> None:
        try:
            if fault := self._now("refuse"):
                self._note(fault)
            elif fault := self._now("blackhole"):
                self._note(fault)
                while await near_reader.read(_READ_BYTES):
                    pass
            else:
                await self._pass_on((near_reader, near_writer))
        except (OSError, asyncio.CancelledError):
            return  # no broker there, or the proxy stops: nobody waits for this task
        finally:
            near_writer.close()

    async def _pass_on(self, near) -> None:
        wire = _Wire(near)
        self._wires.append(wire)
        try:
            wire.far = await asyncio.open_connection(self._peer.host, self._peer.port)
            await self._both_ways(wire)
        finally:
            self._wires.remove(wire)
            if wire.far:
                wire.far[1].close()

    async def _both_ways(self, wire: _Wire) -> None:
        pumps = [
            asyncio.create_task(self._pump(wire, direction)) for direction in (TO_BROKER, TO_CLIENT)
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            # Of a link that only swallows, neither end learns that the other one has gone.
            if wire.swallows:
                await asyncio.wait(pumps)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)

    async def _pump(self, wire: _Wire, direction: int) -> None:
        source, sink = wire.way(direction)
        try:
            while (data := await source.read(_READ_BYTES)) and not sink.is_closing():
                await self._stall(direction)
                if wire.swallows:
                    continue
                place = self._place(wire.frames[direction].ends(data), len(data))
                await self._write(wire, sink, data[:place])
                if place is not None:
                    self._end(wire, self._strike_armed())
                    return
        except OSError:
            return  # the other end is gone

    async def _stall(self, direction: int) -> None:
        while (fault := self._now("stall")) and fault.direction == direction:
            self._note(fault)
            await asyncio.sleep(_LOOK_SECONDS)

    def _place(self, ends: set[int], length: int) -> int | None:
        """After how many bytes the next end of a connection falls, if it falls into these."""
        if not self._armed:
            return None
        fault = self._armed[0]
        inside = fault.kind == "middle"
        for place in range(max(fault.skip, 1), length + 1):
            if (place in ends) != inside:
                return place
        fault.skip = max(fault.skip - length, 0)
        return None

    def _strike_armed(self) -> bool:
        """The oldest fault that waits happens now; whether it is a reset."""
        fault = self._armed.pop(0)
        self._note(fault)
        return fault.kind == "reset"

    async def _write(self, wire: _Wire, sink, data: bytes) -> None:
        at = 0
        while at < len(data) and not wire.swallows and (fault := self._now("dribble")):
            self._note(fault)
            sink.write(data[at : at + 1])
            at += 1
            await sink.drain()
            await asyncio.sleep(_BYTE_SECONDS)
        if not wire.swallows:
            sink.write(data[at:])
            await sink.drain()

    def _end(self, wire: _Wire, reset: bool) -> None:
        for _, writer in filter(None, (wire.near, wire.far)):
            if reset:
                raw = writer.get_extra_info("socket")
                with contextlib.suppress(OSError):  # it is closed already
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                writer.transport.abort()
            else:
                writer.close()
