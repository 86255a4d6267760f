# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A second, independent client: it sees which reports reached the broker, and answers each.

A report that the client under test only believed to have sent is missing here.
"""

import json

from .broker.packets import Publish
from .listener import Listener


class Witness(Listener):
    """Subscribed to the reports of one board from the end of the constructor on.

    :param str host: the broker's
    :param int port: the broker's
    :param str topic: the board's MQTT_TOPIC
    """

    def __init__(self, host: str, port: int, topic: str):
        self.seen = set()
        """The numbers of the reports that came."""
        self.repeated = 0
        """How many reports came once more."""
        self._command_topic = topic + "/command"
        super().__init__("witness", (host, port), topic + "/telemetry")

    def wait_for(self, reports: int, seconds: float) -> bool:
        """Wait until so many different reports have come.

        :return: whether they have
        """
        return self.wait_until(lambda: len(self.seen) >= reports, seconds)

    def take(self, packet: Publish) -> None:
        """Note a report, and answer it when it comes for the first time."""
        number = json.loads(packet.payload)["number"]
        with self.news:
            new = number not in self.seen
            self.seen.add(number)
            self.repeated += not new
            self.news.notify_all()
        if new:
            command = f"report {number} is here".encode()
            self.send(Publish(self._command_topic, command, 1, packet_id=number))
