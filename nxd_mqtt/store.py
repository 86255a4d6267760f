# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The transmit store: packets that wait for an acknowledgement, in send order, by packet id.

Each entry is the wire image of one PUBLISH (QoS 1), SUBSCRIBE or UNSUBSCRIBE, exactly as NetX
keeps them in its transmit queue. Memory is one block cut into slots when the store is made; an
entry that goes gives its slot to the end of the list, so nothing is allocated later.

The entries before ``handed`` are in the output buffer or have left it; of those before ``sent`` the
link has taken at least a byte, so the broker may know them.
"""

from micropython import const

_PUBLISH = const(0x30)
_PACKET_TYPE = const(0xF0)
_DUP = const(0x08)


class Store:
    """A fixed number of slots of a fixed size.

    :param int slot_size: bytes of the largest packet that can be kept
    :param int depth: how many packets can be kept
    """

    def __init__(self, slot_size: int, depth: int):
        self.slot_size = slot_size
        self.depth = depth
        self.count = self.handed = self.sent = 0
        block = memoryview(bytearray(slot_size * depth))
        self.packets = [block[i * slot_size : (i + 1) * slot_size] for i in range(depth)]
        self.lengths = [0] * depth
        self.packet_ids = [0] * depth
        # Where in the output buffer each one begins that was handed over and not sent.
        self.starts = [0] * depth

    def add(self, packet_id: int, length: int) -> None:
        """Keep the packet that was written into ``packets[count]``.

        :param int packet_id: its packet identifier, not 0 and not in use
        :param int length: bytes of the packet
        """
        self.packet_ids[self.count] = packet_id
        self.lengths[self.count] = length
        self.count += 1

    def find(self, packet_id: int) -> int:
        """The place of a packet identifier, or -1 when it is not in use."""
        # What comes after the entries is left from packets that have gone.
        found = packet_id in self.packet_ids
        place = self.packet_ids.index(packet_id) if found else self.count
        return place if place < self.count else -1

    def remove(self, place: int) -> None:
        """Forget one entry: it was acknowledged, or it is given up."""
        self.packets.append(self.packets.pop(place))
        self.lengths.append(self.lengths.pop(place))
        self.packet_ids.append(self.packet_ids.pop(place))
        self.starts.append(self.starts.pop(place))
        self.count -= 1
        if place < self.handed:
            self.handed -= 1
        if place < self.sent:
            self.sent -= 1

    def taken(self, position: int) -> None:
        """The link has taken the output buffer up to a position: what begins before it is sent."""
        while self.sent < self.handed and self.starts[self.sent] < position:
            self.sent += 1

    def rewind(self) -> None:
        """Send all again, as a new link needs: what was sent carries DUP [MQTT-3.3.1-1]."""
        for place in range(self.sent):
            if self.packets[place][0] & _PACKET_TYPE == _PUBLISH:
                self.packets[place][0] |= _DUP
        self.handed = self.sent = 0

    def drop_requests(self) -> None:
        """Forget SUBSCRIBE and UNSUBSCRIBE packets: no link will follow that could carry them."""
        for place in range(self.count - 1, -1, -1):
            if self.packets[place][0] & _PACKET_TYPE != _PUBLISH:
                self.remove(place)

    def drop_sent(self) -> None:
        """Forget the messages that a link has carried, for a clean session [MQTT-3.1.2-6].

        Requests stay: a client that connects by itself still wants their answers.
        """
        for place in range(self.count - 1, -1, -1):
            first = self.packets[place][0]
            if first & _PACKET_TYPE == _PUBLISH and (place < self.sent or first & _DUP):
                self.remove(place)
        self.handed = self.sent = 0

    def tick(self, now: int) -> None:
        """A turn of the client: for stores that have something to do from time to time.

        :param int now: milliseconds
        """

    def close(self) -> None:
        """The client is given up: for stores that hold more than memory."""
