# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A stretch of wire that breaks by itself, at bytes that a seed has chosen.

Bytes are counted in both directions together. When the next cut is reached, what comes before it
is passed on and both ends are closed: in the middle of a packet, of a CONNECT, of an answer.
"""

import asyncio
import random
import socket
import struct
import threading
from contextlib import closing

_READ_BYTES = 65536
# Every third cut comes while a link is being made: in CONNECT, CONNACK or the first packet.
_EARLY_BYTES = 60
# SO_LINGER with no time: the end is a reset, which also takes bytes that are on their way.
_RESET = struct.pack("ii", 1, 0)


class CuttingProxy:
    """Passes connections on to a broker, and cuts them a given number of times.

    :param peer: whatever has a host and a port
    :param int cuts: how often to cut; afterwards the wire is whole
    :param int span: bytes over which the cuts are spread
    :param int seed: the same seed cuts at the same bytes
    """

    host = "127.0.0.1"

    def __init__(self, peer, cuts: int, span: int, seed: int) -> None:
        self._peer = peer
        self._random = random.Random(seed)
        self._planned = cuts
        self._stretch = span // cuts
        self._left = self._next_stretch()
        self.cuts = 0
        self._loop = asyncio.new_event_loop()
        self._listener = socket.create_server((self.host, 0))
        self.port = self._listener.getsockname()[1]

    def __enter__(self):
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        starting = asyncio.start_server(self._pass_on, sock=self._listener)
        self._server = asyncio.run_coroutine_threadsafe(starting, self._loop).result(10)
        return self

    def __exit__(self, *exception):
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _stop(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _next_stretch(self) -> int:
        early = self._random.random() < 1 / 3
        return self._random.randrange(1, _EARLY_BYTES if early else 2 * self._stretch)

    async def _pass_on(self, near_reader, near_writer) -> None:
        with closing(near_writer):
            try:
                far = await asyncio.open_connection(self._peer.host, self._peer.port)
                with closing(far[1]):
                    await self._both_ways((near_reader, near_writer), far)
            except (OSError, asyncio.CancelledError):
                return  # no broker there, or the proxy stops: nobody waits for this task

    async def _both_ways(self, near, far) -> None:
        """Runs until one direction ends; then the other has nobody to talk to either."""
        pumps = [
            asyncio.create_task(self._pump(source, sink, (near[1], far[1])))
            for source, sink in ((near[0], far[1]), (far[0], near[1]))
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)

    async def _pump(self, source, sink, ends) -> None:
        try:
            # What was read before a cut, but comes to its turn after it, belongs to nobody.
            while (data := await source.read(_READ_BYTES)) and not sink.is_closing():
                if self.cuts < self._planned:
                    cut_here = len(data) >= self._left
                    data = data[: self._left]
                    self._left -= len(data)
                    sink.write(data)
                    if cut_here:
                        self._cut(ends)
                        return
                else:
                    sink.write(data)
                await sink.drain()
        except OSError:
            return  # the other end is gone

    def _cut(self, ends) -> None:
        self.cuts += 1
        self._left = self._next_stretch()
        reset = self._random.random() < 0.5
        for writer in ends:
            if reset:
                raw = writer.get_extra_info("socket")
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                writer.transport.abort()
            else:
                writer.close()
