# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Somebody else at the broker: tells of every message, and answers reports by commands."""

from .broker.packets import Publish
from .listener import Listener


class Sibling(Listener):
    """Subscribed to everything below a topic from the end of the constructor on.

    :param broker: where it connects
    :param str topic: a board's MQTT_TOPIC; what comes to ``telemetry`` below it is answered to
        ``command`` below it
    :param told: called with topic and text of each message, in a thread of its own
    :param login: user name and password, if the broker asks for them
    """

    def __init__(self, broker, topic: str, told, login: tuple = (None, None)):
        self._topic = topic
        self._told = told
        self._texts = []
        super().__init__("sibling", (broker.host, broker.port), topic + "/#", login)

    def wait_for(self, text: str, seconds: float) -> bool:
        """Wait until a message with this text has come.

        :return: whether it has
        """
        return self.wait_until(lambda: text in self._texts, seconds)

    def take(self, packet: Publish) -> None:
        """Tell of a message, unless it is our own, and answer a report."""
        part = packet.topic.removeprefix(self._topic + "/")
        text = packet.payload.decode()
        if part == "command":
            return
        self._told(packet.topic, text)
        if part == "telemetry":
            answer = f"report {text} is here".encode()
            self.send(Publish(self._topic + "/command", answer, 0))
        with self.news:
            self._texts.append(text)
            self.news.notify_all()
