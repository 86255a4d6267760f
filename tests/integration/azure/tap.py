# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A tap between an SDK and the hub: it ends TLS, and keeps the MQTT packets that the SDK sends."""

import asyncio
import threading

from boards.desktop.broker.packets import FROM_CLIENT, next_packet

_READ_BYTES = 65536


class Tap:
    """A listening socket with TLS whose connections lead on to a plain port.

    :param tuple address: where to listen
    :param ssl.SSLContext context: the hub's own
    :param tuple target: address of the plain port
    """

    def __init__(self, address, context, target):
        self._address = address
        self._context = context
        self._target = target
        self._sent = []
        self._listens = threading.Event()

    def start(self) -> None:
        """Listens from now on, until the process ends."""
        threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True).start()
        if not self._listens.wait(10):
            raise OSError("the tap cannot listen")

    def packets(self) -> list[list]:
        """The whole packets of each connection so far, the oldest connection first."""
        return [_packets_of(bytes(sent)) for sent in self._sent]

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._carry, *self._address, ssl=self._context)
        self._listens.set()
        await server.serve_forever()

    async def _carry(self, reader, writer) -> None:
        sent = bytearray()
        self._sent.append(sent)
        far_reader, far_writer = await asyncio.open_connection(*self._target)
        await asyncio.gather(_pump(reader, far_writer, sent), _pump(far_reader, writer))


async def _pump(reader, writer, kept=None) -> None:
    try:
        while data := await reader.read(_READ_BYTES):
            if kept is not None:
                kept += data
            writer.write(data)
            await writer.drain()
    except OSError:
        # A connection that breaks ends like one that is closed.
        pass
    writer.close()


def _packets_of(data: bytes) -> list:
    found = []
    packet, end = next_packet(data, 0, FROM_CLIENT)
    while packet is not None:
        found.append(packet)
        packet, end = next_packet(data, end, FROM_CLIENT)
    return found
