# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A broker on the doubles that answers by itself, remembers sessions, and fails as it is told.

The scripted broker is for tests that know every byte. This one is for those that know what must
come of it: it answers each packet as a broker does, at once, and keeps what came for the test.
"""

from boards.desktop.broker.packets import (
    FROM_CLIENT,
    Connack,
    Connect,
    Disconnect,
    Pingreq,
    Pingresp,
    Puback,
    Publish,
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
    encode,
    next_packet,
)


class PlayedBroker:
    """Accepts connections of one pool; give it to ``SocketPool.listen``.

    :param bool persistent: keeps the session of a client that asks for one
    """

    def __init__(self, persistent=True):
        self.persistent = persistent
        self.connections = []
        self.packets = []
        """One list for each connection: the packets that came, in order."""
        self.published = []
        """(packet identifier, payload, duplicate) of each PUBLISH that came."""
        self.filters = {}
        """The granted topic filters of the session, with their QoS."""
        self.session = False
        """Whether a session is kept."""
        self.code = 0
        """The return code of the next CONNACKs."""
        self.mute = ()
        """Packet classes that are not answered."""
        self.refuse = ()
        """Topic filters that get a SUBACK with 0x80."""
        self.outgoing = []
        """The QoS 1 messages for the client that it has not acknowledged, in order."""
        self.taken = []
        """The payload of each of those that it has acknowledged, in order."""
        self._online = None
        self._packet_id = 0

    def __call__(self, connection):
        """Take a new connection."""
        self.connections.append(connection)
        self.packets.append([])
        buffer = bytearray()
        seen = self.packets[-1]

        def read():
            buffer.extend(connection.take())
            packet, end = next_packet(buffer, 0, FROM_CLIENT)
            while packet is not None:
                del buffer[:end]
                seen.append(packet)
                self._answer(connection, packet)
                packet, end = next_packet(buffer, 0, FROM_CLIENT)

        connection.on_data = read

    @property
    def peer(self):
        """Its end of the newest connection."""
        return self.connections[-1]

    def forget(self):
        """Lose the session, as a broker does that starts again without its persistence."""
        self.session = False
        self.filters.clear()
        self.outgoing.clear()

    def came(self, kind):
        """The packets of a class that the newest connection has brought."""
        return [packet for packet in self.packets[-1] if isinstance(packet, kind)]

    def send(self, packet):
        """Send a packet to the client."""
        if not self.peer.ending:
            self.peer.send(encode(packet))

    def deliver(self, payload, topic="t"):
        """Send a message at QoS 1, on each link of the session until it is acknowledged."""
        self._packet_id = self._packet_id % 65535 + 1
        message = Publish(topic, payload, 1, packet_id=self._packet_id)
        self.outgoing.append(message)
        if self.connections and self._online is self.peer:
            self._deliver(message)

    def _deliver(self, message):
        if not self.peer.ending:
            self.peer.send(encode(message))
            message.duplicate = True

    def _answer(self, connection, packet):
        answer = _ANSWERS[type(packet)](self, packet)
        muted = isinstance(packet, tuple(self.mute))
        if answer is not None and not muted and not connection.ending:
            connection.send(encode(answer))
            if isinstance(answer, Connack) and not answer.return_code:
                self._online = connection
                for message in self.outgoing:
                    self._deliver(message)

    def _puback(self, packet):
        waiting = [message for message in self.outgoing if message.packet_id == packet.packet_id]
        for message in waiting:
            self.outgoing.remove(message)
            self.taken.append(bytes(message.payload))

    def _connect(self, packet):
        if self.code:
            return Connack(self.code)
        present = self.session and not packet.clean_session
        if not present:
            self.forget()
        self.session = self.persistent and not packet.clean_session
        return Connack(0, present)

    def _publish(self, packet):
        self.published.append((packet.packet_id, bytes(packet.payload), packet.duplicate))
        return Puback(packet.packet_id) if packet.qos else None

    def _subscribe(self, packet):
        codes = []
        for wanted, quality in packet.subscriptions:
            refused = wanted in self.refuse
            codes.append(0x80 if refused else quality)
            if not refused:
                self.filters[wanted] = quality
        return Suback(packet.packet_id, tuple(codes))

    def _unsubscribe(self, packet):
        for wanted in packet.topic_filters:
            self.filters.pop(wanted, None)
        return Unsuback(packet.packet_id)

    def _nothing(self, packet):
        return None

    def _pingreq(self, packet):
        return Pingresp()


_ANSWERS = {
    Connect: PlayedBroker._connect,
    Publish: PlayedBroker._publish,
    Puback: PlayedBroker._puback,
    Subscribe: PlayedBroker._subscribe,
    Unsubscribe: PlayedBroker._unsubscribe,
    Pingreq: PlayedBroker._pingreq,
    Disconnect: PlayedBroker._nothing,
}
