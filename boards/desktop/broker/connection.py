# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""One connection's life: bytes in, packets to their handlers, answers and deliveries out.

All connections of a broker run in one event loop and share one `Common`. What is written within
one turn of the loop leaves in one piece. Every way to end passes through `_end`, once.
"""

import asyncio
import socket
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto

from . import packets
from .limits import Limits
from .packets import ConnectRefused, PacketRefused, ProtocolViolation, next_packet
from .sessions import Message, Sessions

# [MQTT-3.1.2-24]
_KEEPALIVE_FACTOR = 1.5
# How long an ended connection may take to hand its last bytes to a client that does not read.
_LINGER_SECONDS = 1.0
# A client may leave this many write buffers of answers unread before its own packets wait.
_UNREAD_ANSWERS = 8
_REMEMBERED_VIOLATIONS = 100

# QoS of a PUBLISH -> what answers it.
_ANSWERS = {1: packets.Puback, 2: packets.Pubrec}


class State(Enum):
    """Where a connection stands."""

    AWAITING_CONNECT = auto()
    CONNECTED = auto()
    ENDED = auto()


@dataclass
class Common:
    """What the connections of one broker share."""

    limits: Limits
    counters: dict[str, int]
    sessions: Sessions
    authenticate: Callable[[str, str | None, bytes | None], int]
    open: dict = field(default_factory=dict)
    """every connection whose socket is open, in the order they were made"""
    connected: dict = field(default_factory=dict)
    """client identifier -> its connection"""
    violations: deque = field(default_factory=lambda: deque(maxlen=_REMEMBERED_VIOLATIONS))
    hold_acknowledgements: bool = False
    mute: bool = False


class Connection(asyncio.Protocol):
    """What asyncio calls for one socket.

    :param Common common: what it shares with the other connections
    """

    def __init__(self, common: Common):
        self._common = common
        self._state = State.AWAITING_CONNECT
        self._transport = None
        self._loop = None
        self._incoming = bytearray()
        self._outgoing: list[bytes] = []
        self._outgoing_size = 0
        self._held: list[bytes] = []
        self._client_id = ""
        self._session = None
        self._will = None
        self._patience: float | None = common.limits.connect_seconds
        self._heard = 0.0
        self._timer = None

    # ------------------------------------------------------------ called by asyncio

    def connection_made(self, transport) -> None:
        """Begin: the client owes a CONNECT."""
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._common.open[self] = None
        transport.set_write_buffer_limits(high=self._common.limits.write_buffer)
        raw = transport.get_extra_info("socket")
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._heard = self._loop.time()
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Take bytes; they wait while the broker is mute."""
        if self._state is State.ENDED:
            return
        self._incoming += data
        if not self._common.mute:
            self._handle_incoming()

    def pause_writing(self) -> None:
        """The client does not read."""
        if self._state is State.CONNECTED:
            self._session.stall()

    def resume_writing(self) -> None:
        """The client reads again."""
        if self._state is State.CONNECTED:
            if not self._transport.is_reading():
                # What the client has sent meanwhile could not be heard.
                self._heard = self._loop.time()
                self._transport.resume_reading()
            self._session.resume()

    def connection_lost(self, error: Exception | None) -> None:
        """The socket is closed."""
        self._common.open.pop(self, None)
        self._end()

    # ------------------------------------------------------------ called by the broker

    @property
    def transport(self):
        """What carries its bytes: asyncio's transport, or a layer on top of that."""
        return self._transport

    def drop(self) -> None:
        """End at once; nothing that waits is sent."""
        self._end()
        self._transport.abort()

    def close(self) -> None:
        """End when the answers so far have been sent."""
        self._flush()
        self._end()
        self._transport.close()
        self._loop.call_later(_LINGER_SECONDS, self._transport.abort)

    def refuse(self, refusal: PacketRefused) -> None:
        """Report what is wrong with the client's bytes, and close."""
        self._report(refusal)
        self.close()

    def release(self) -> None:
        """Go on after a fault knob was turned back."""
        if self._state is State.ENDED or self._common.mute:
            return
        if not self._common.hold_acknowledgements:
            held, self._held = self._held, []
            for answer in held:
                self._send(answer)
        self._handle_incoming()
        if self._state is State.CONNECTED:
            self._pump()

    # ------------------------------------------------------------ in

    def _handle_incoming(self) -> None:
        start = 0
        largest = self._common.limits.packet_size
        try:
            while self._state is not State.ENDED and not self._common.mute:
                packet, start = next_packet(self._incoming, start, packets.FROM_CLIENT, largest)
                if packet is None:
                    break
                self._heard = self._loop.time()
                self._handle(packet)
        except ConnectRefused as refusal:
            self._report(refusal)
            self._refuse(refusal.return_code)
        except PacketRefused as refusal:
            self.refuse(refusal)
        del self._incoming[:start]
        unread = self._common.limits.write_buffer * _UNREAD_ANSWERS
        if self._transport.get_write_buffer_size() > unread:
            self._transport.pause_reading()

    def _handle(self, packet) -> None:
        handlers, statement = _LEGAL[self._state]
        handler = handlers.get(type(packet))
        if handler is None:
            text = f"{type(packet).__name__.upper()} while {self._state.name}"
            raise ProtocolViolation(statement, text)
        handler(self, packet)

    def _report(self, refusal: PacketRefused) -> None:
        self._common.counters["violations"] += 1
        self._common.violations.append(f"{self._client_id or '(not connected)'}: {refusal}")

    def _on_connect(self, packet: packets.Connect) -> None:
        common = self._common
        client_id = packet.client_id or common.sessions.new_client_id()
        return_code = common.authenticate(client_id, packet.username, packet.password)
        if return_code != packets.ACCEPTED:
            self._refuse(return_code)
            return
        previous = common.connected.get(client_id)
        if previous is not None:  # [MQTT-3.1.4-2]
            common.counters["takeovers"] += 1
            previous.close()
        self._client_id = client_id
        self._will = packet.will
        self._patience = packet.keepalive * _KEEPALIVE_FACTOR or None
        self._session, present = common.sessions.open(client_id, packet.clean_session)
        self._state = State.CONNECTED
        common.connected[client_id] = self
        common.counters["connections"] += 1
        self._watch()
        self._send(packets.encode(packets.Connack(packets.ACCEPTED, present)))
        self._session.attach(self._pump)
        self._pump()

    def _refuse(self, return_code: int) -> None:
        self._common.counters["refused"] += 1
        self._send(packets.encode(packets.Connack(return_code)))
        self.close()

    def _on_publish(self, packet: packets.Publish) -> None:
        common = self._common
        common.counters["received"] += 1
        common.counters["received_duplicates"] += packet.duplicate
        answer = _ANSWERS.get(packet.qos)
        if answer is not packets.Pubrec or self._session.begin_exactly_once(packet.packet_id):
            message = Message(packet.topic, packet.payload, packet.qos, packet.retain)
            common.sessions.publish(message)
        if answer is not None:
            common.counters["acknowledged"] += 1
            self._acknowledge(answer(packet.packet_id))

    def _on_pubrel(self, packet: packets.Pubrel) -> None:
        self._session.end_exactly_once(packet.packet_id)
        self._acknowledge(packets.Pubcomp(packet.packet_id))

    def _on_puback(self, packet: packets.Puback) -> None:
        expected = self._session.acknowledge(packet.packet_id)
        name = "delivery_acknowledged" if expected else "unexpected_acknowledgements"
        self._common.counters[name] += 1

    def _on_subscribe(self, packet: packets.Subscribe) -> None:
        self._common.counters["subscribes"] += 1
        granted = self._common.sessions.subscribe(self._session, packet.subscriptions)
        self._acknowledge(packets.Suback(packet.packet_id, granted))
        self._common.sessions.offer_retained(self._session, packet.subscriptions)

    def _on_unsubscribe(self, packet: packets.Unsubscribe) -> None:
        self._common.counters["unsubscribes"] += 1
        self._common.sessions.unsubscribe(self._session, packet.topic_filters)
        self._acknowledge(packets.Unsuback(packet.packet_id))

    def _on_pingreq(self, packet: packets.Pingreq) -> None:
        self._common.counters["pings"] += 1
        self._send(packets.encode(packets.Pingresp()))

    def _on_disconnect(self, packet: packets.Disconnect) -> None:
        self._will = None  # [MQTT-3.14.4-3]
        self.close()

    # ------------------------------------------------------------ out

    def _pump(self) -> None:
        """Send what the session has, as long as the client reads it."""
        if self._common.mute:
            return
        while (delivery := self._session.next_delivery()) is not None:
            self._send(packets.encode(delivery))

    def _acknowledge(self, packet) -> None:
        if self._common.hold_acknowledgements:
            self._held.append(packets.encode(packet))
        else:
            self._send(packets.encode(packet))

    def _send(self, data: bytes) -> None:
        if not self._outgoing:
            self._loop.call_soon(self._flush)
        self._outgoing.append(data)
        self._outgoing_size += len(data)
        # Let the socket refuse early: only then does the session learn that its client is slow.
        if self._outgoing_size >= self._common.limits.write_buffer:
            self._flush()

    def _flush(self) -> None:
        data = b"".join(self._outgoing)
        self._outgoing.clear()
        self._outgoing_size = 0
        if data and not self._transport.is_closing():
            self._transport.write(data)

    # ------------------------------------------------------------ time and the end

    def _watch(self) -> None:
        """Look again when the client will have been silent for too long."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._patience is not None:
            self._timer = self._loop.call_at(self._heard + self._patience, self._on_time)

    def _on_time(self) -> None:
        now = self._loop.time()
        # What the broker itself does not read is not the client's silence.
        if self._common.mute or not self._transport.is_reading():
            self._heard = now
        if now < self._heard + self._patience:
            self._watch()
            return
        self._common.counters["keepalive_timeouts"] += self._state is State.CONNECTED
        self.drop()

    def _end(self) -> None:
        """Leave the broker: whatever the reason, a will that is still there is published."""
        state, self._state = self._state, State.ENDED
        if self._timer is not None:
            self._timer.cancel()
        if state is not State.CONNECTED:
            return
        del self._common.connected[self._client_id]
        self._common.sessions.close(self._session)
        if self._will is not None:  # [MQTT-3.1.2-8]
            self._common.counters["wills"] += 1
            will = self._will
            self._common.sessions.publish(Message(will.topic, will.payload, will.qos, will.retain))


# State -> what a client may send in it, and the statement that anything else breaks. PUBREC and
# PUBCOMP answer QoS 2 deliveries, which this broker never makes.
_LEGAL = {
    State.AWAITING_CONNECT: ({packets.Connect: Connection._on_connect}, "MQTT-3.1.0-1"),
    State.CONNECTED: (
        {
            packets.Publish: Connection._on_publish,
            packets.Puback: Connection._on_puback,
            packets.Pubrel: Connection._on_pubrel,
            packets.Subscribe: Connection._on_subscribe,
            packets.Unsubscribe: Connection._on_unsubscribe,
            packets.Pingreq: Connection._on_pingreq,
            packets.Disconnect: Connection._on_disconnect,
        },
        "MQTT-3.1.0-2",
    ),
}
