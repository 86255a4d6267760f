# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Numbered messages, so that a test can say which of them arrived, and in which order."""

from array import array
from itertools import pairwise

from devices import PUBACK, Device, run

from nxd_mqtt.nxd import NXD_MQTT_SUCCESS


class Stream:
    """QoS 1 messages 0, 1, 2 ..., published as fast as the publisher's store takes them.

    :param Device publisher: who publishes
    :param int total: how many messages; it may be raised while the stream runs
    :param str topic: where to
    :param int size: bytes of a payload
    """

    def __init__(self, publisher: Device, total: int, topic: str = "stream", size: int = 8) -> None:
        self.publisher = publisher
        self.total = total
        self._topic = topic
        self._size = size
        # No list: it would hold on to numbers that the library has made, and be measured as such.
        self._packet_ids = array("H")

    @property
    def sent(self) -> int:
        """How many messages were accepted."""
        return len(self._packet_ids)

    @property
    def done(self) -> bool:
        """Whether all messages were accepted, and acknowledged by the broker."""
        return self.sent == self.total and not self.publisher.statistics()["unacknowledged"]

    def pour(self) -> int:
        """Publish until the store is full or the end is reached; returns the last status."""
        status = NXD_MQTT_SUCCESS
        while self.sent < self.total and status == NXD_MQTT_SUCCESS:
            payload = (b"%08d" % self.sent).ljust(self._size, b".")
            status = self.publisher.try_to_publish(self._topic, payload)
            if status == NXD_MQTT_SUCCESS:
                self._packet_ids.append(self.publisher.client.packet_identifier)
        return status

    def run(self, *others: Device, until, seconds: float = 20) -> None:
        """The super-loop with the stream in it, until a condition holds.

        :param others: devices that are served beside the publisher
        :param until: a callable
        :param float seconds: how long it may take
        """

        def reached() -> bool:
            self.pour()
            return until()

        run(self.publisher, *others, until=reached, seconds=seconds)

    def unacknowledged(self) -> set[int]:
        """The numbers of the messages that were accepted, and that no PUBACK has come for.

        For streams that are shorter than the packet identifiers' range.
        """
        answered = {
            packet_id for kind, packet_id, _ in self.publisher.acknowledged if kind == PUBACK
        }
        ids = enumerate(self._packet_ids)
        return {number for number, packet_id in ids if packet_id not in answered}


def numbers_of(*devices: Device, topic: str = "stream") -> list[int]:
    """The numbers of a stream's messages that devices have collected, in the order of coming."""
    return [
        int(message.payload[:8])
        for device in devices
        for message in device.messages
        if message.topic == topic
    ]


def first_comings(numbers: list[int]) -> list[int]:
    """The numbers without those that came again."""
    return list(dict.fromkeys(numbers))


def longest_step_back(numbers: list[int]) -> int:
    """How far a number lies behind the one that came before it, at most."""
    return max((before - after for before, after in pairwise(numbers)), default=0)
