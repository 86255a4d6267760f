# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Real sockets that keep what a device has sent, for tests that ask what went over the wire."""

import socket

from boards.desktop.broker.packets import FROM_CLIENT, next_packet


class _TappedSocket(socket.socket):
    """A socket whose ``sent`` are the bytes that the system has taken from the device."""

    def __init__(self, *arguments) -> None:
        super().__init__(*arguments)
        self.sent = bytearray()

    def send(self, data) -> int:
        count = super().send(data)
        self.sent += data[:count]
        return count


class WireTap:
    """A pool of sockets to make a device with: ``make_device(..., socket_pool=tap)``."""

    SOCK_STREAM = socket.SOCK_STREAM
    getaddrinfo = staticmethod(socket.getaddrinfo)

    def __init__(self) -> None:
        self._sockets: list[_TappedSocket] = []

    def socket(self, *arguments) -> socket.socket:
        """A new socket."""
        self._sockets.append(_TappedSocket(*arguments))
        return self._sockets[-1]

    def packets(self, *kinds) -> list[list]:
        """What was sent on each connection that has got as far as a CONNECT.

        :param kinds: packet classes to keep
        """
        return [
            [packet for packet in _packets_of(one.sent) if isinstance(packet, kinds)]
            for one in self._sockets
            if one.sent
        ]


def _packets_of(data: bytes) -> list:
    found = []
    packet, end = next_packet(data, 0, FROM_CLIENT)
    while packet is not None:
        found.append(packet)
        packet, end = next_packet(data, end, FROM_CLIENT)
    return found
