# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""MQTT packets on one socket: bytes in and out, patience, and the ways to end.

What the packets mean is the matter of the class that inherits this one. What is written within one
turn of the loop leaves in one piece. Every way to end passes through `_end`, once.
"""

import asyncio

from boards.desktop.broker import packets
from boards.desktop.broker.packets import ConnectRefused, PacketRefused, next_packet

from .mqtt_front import Front
from .mqtt_topics import BadText
from .refusals import HubError

# How long an ended connection may take to hand its last bytes to a client that does not read.
_LINGER_SECONDS = 1.0
# What a PUBLISH takes beside its payload: a topic and some bytes of the packet's own.
_LARGEST_HEAD = 65_535 + 16


class Link(asyncio.Protocol):
    """What asyncio, or a WebSocket, calls for one socket.

    :param Front front: what it shares with the other connections
    """

    def __init__(self, front: Front):
        self._front = front
        self._transport = None
        self._loop = None
        self._ended = False
        self._stalled = False
        """whether the client does not read what it is sent"""
        self._allowance: int | None = None
        """after how many bytes the connection is cut"""
        self._patience: float | None = front.connect_seconds
        """how long the client may say nothing"""
        self._heard = 0.0
        self._timer = None
        self._incoming = bytearray()
        self._outgoing = bytearray()
        self._flushing = False
        self._largest = front.core.limits.telemetry_size + _LARGEST_HEAD

    # ------------------------------------------------------------ what the heir says

    @property
    def name(self) -> str:
        """Who it is, for reports."""
        raise NotImplementedError

    def _is_ready(self) -> bool:
        """Whether the next packet is taken now."""
        raise NotImplementedError

    def _take(self, packet) -> None:
        """Take a packet."""
        raise NotImplementedError

    def _refuse_connect(self, return_code: int, text: str) -> None:
        """Answer a CONNECT that breaks MQTT's rules."""
        raise NotImplementedError

    def _leave(self) -> None:
        """The connection has ended."""
        raise NotImplementedError

    def wake(self) -> None:
        """There may be something to send."""
        raise NotImplementedError

    # ------------------------------------------------------------ called by asyncio

    def connection_made(self, transport) -> None:
        """Begin: the client owes a CONNECT."""
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._front.open[self] = None
        self._heard = self._loop.time()
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Take bytes."""
        if not self._ended:
            self._incoming += data
            self._take_packets()

    def pause_writing(self) -> None:
        """The client does not read: what it says waits, and so does what waits for it."""
        self._stalled = True
        self._front.count("stalls")
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """The client reads again."""
        self._stalled = False
        self._heard = self._loop.time()
        if not self._ended:
            self._transport.resume_reading()
            self.wake()

    def connection_lost(self, error: Exception | None) -> None:
        """The socket is closed."""
        self._front.open.pop(self, None)
        self._end()

    # ------------------------------------------------------------ ways to end

    def refuse(self, refusal: Exception) -> None:
        """Report what is wrong with the client's bytes, and close."""
        self._front.count("violations")
        self._front.report(f"{self.name}: {refusal}")
        self.close_gently()

    def drop(self) -> None:
        """End at once, without a word; what was said before is on its way."""
        self._flush()
        self._end()
        self._transport.abort()

    def close_gently(self) -> None:
        """End when what was said so far has been sent."""
        self._flush()
        self._end()
        self._transport.close()
        self._loop.call_later(_LINGER_SECONDS, self._transport.abort)

    def _end(self) -> None:
        if not self._ended:
            self._ended = True
            if self._timer is not None:
                self._timer.cancel()
            self._leave()

    # ------------------------------------------------------------ packets

    def _take_packets(self) -> None:
        start = 0
        try:
            while not self._ended and self._is_ready():
                packet, start = next_packet(
                    self._incoming, start, packets.FROM_CLIENT, self._largest
                )
                if packet is None:
                    break
                self._heard = self._loop.time()
                self._take(packet)
        except ConnectRefused as refusal:
            self._refuse_connect(refusal.return_code, str(refusal))
        except (PacketRefused, BadText, HubError) as refusal:
            self.refuse(refusal)
        del self._incoming[:start]

    def _send(self, packet) -> None:
        if not self._flushing:
            self._flushing = True
            self._loop.call_soon(self._flush)
        self._outgoing += packets.encode(packet)
        if len(self._outgoing) >= self._largest:
            # Let the socket refuse early: only then it is known that the client is slow.
            self._flush()

    def _flush(self) -> None:
        self._flushing = False
        data = bytes(self._outgoing)
        self._outgoing.clear()
        if not data or self._transport.is_closing():
            return
        if self._allowance is not None:
            data = data[: self._allowance]
            self._allowance -= len(data)
        self._transport.write(data)
        if self._allowance == 0:
            self._allowance = None
            self._front.report(f"{self.name}: cut, as planned")
            self.close_gently()

    # ------------------------------------------------------------ patience

    def _watch(self) -> None:
        """Look again when the client will have been silent for too long."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._patience is not None:
            self._timer = self._loop.call_at(self._heard + self._patience, self._on_time)

    def _on_time(self) -> None:
        now = self._loop.time()
        if self._stalled:
            # What the hub itself does not read is not the client's silence.
            self._heard = now
        if now < self._heard + self._patience:
            self._watch()
            return
        self._front.count("keepalive_timeouts")
        self.drop()
