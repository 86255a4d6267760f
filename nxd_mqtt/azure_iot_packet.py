# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Packets of the IoT Hub client: a received message, or telemetry that is being written.

A received packet has left the queue; it takes its own size of heap until it is released.
"""

from micropython import const

_AZURE_INVALID_PARAMETER = const(0x20002)
_AZURE_SUCCESS = const(0x00)

_BUFFERS = (bytearray, memoryview)


class NX_PACKET:
    """One message; programs get packets from the hub client and read ``data``, its bytes.

    :param bytes topic: where it came from, or where it will go
    :param bytes data: the payload
    :param int limit: bytes that the topic may grow to
    """

    # Of desired properties: whether they are all there are, and not a patch. What a whole section
    # does not have was deleted.
    whole = False

    def __init__(self, topic, data, limit: int = 0):
        self.topic = topic
        self.data = data
        self.limit = limit
        self.quality = 1
        self.retain = 0


def nx_packet_release(packet) -> int:
    """Let go of a packet (``nx_packet_release``).

    :return: NX_AZURE_IOT_SUCCESS; NX_AZURE_IOT_INVALID_PARAMETER for what is none, or is released
    """
    if not isinstance(packet, NX_PACKET) or packet.topic is None:
        return _AZURE_INVALID_PARAMETER
    packet.topic = packet.data = None
    return _AZURE_SUCCESS


def nx_packet_length_get(packet):
    """Ask how long the payload of a packet is (``nx_packet_length_get``).

    :return: (status, bytes)
    """
    if not isinstance(packet, NX_PACKET) or packet.topic is None:
        return _AZURE_INVALID_PARAMETER, 0
    return _AZURE_SUCCESS, len(packet.data or b"")


def nx_packet_data_retrieve(packet, buffer):
    """Copy the payload of a packet (``nx_packet_data_retrieve``).

    :param buffer: a bytearray or memoryview that is long enough
    :return: (status, bytes); NX_AZURE_IOT_INVALID_PARAMETER copies nothing
    """
    status, length = nx_packet_length_get(packet)
    try:
        if not status and isinstance(buffer, _BUFFERS) and len(buffer) >= length:
            buffer[:length] = packet.data or b""
            return _AZURE_SUCCESS, length
    except (TypeError, ValueError):
        pass  # a view of something that is no bytes, or read-only
    return _AZURE_INVALID_PARAMETER, length
