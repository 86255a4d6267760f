# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""An answer may come in any order, and behind any number of messages."""

from itertools import permutations

import pytest
from client_bench import CONNECTED, App
from doubles.script import PINGREQ, PINGRESP, puback, publish, suback, unsuback

from nxd_mqtt.nxd import *

KEEPALIVE = 30
MESSAGES = 50
# What the application hears of each answer: type, packet identifier, return code.
ANSWERS = {
    puback(1): (4, 1, None),
    suback(2, 1): (9, 2, 1),
    unsuback(3): (11, 3, None),
    PINGRESP: None,
}


@pytest.mark.parametrize("quality", [0, 1])
@pytest.mark.parametrize("order", list(permutations(ANSWERS)))
def test_each_answer_behind_fifty_messages(order, quality):
    app = App().connect(keepalive=KEEPALIVE)
    app.clock.advance(KEEPALIVE * 1000 - 5000)
    app.poll()
    app.publish()
    nxd_mqtt_client_subscribe(app.client, "a", 1)
    nxd_mqtt_client_unsubscribe(app.client, "b")
    assert app.peer.take().startswith(PINGREQ)
    for place, answer in enumerate(order):
        for number in range(MESSAGES):
            packet_id = place * MESSAGES + number + 1 if quality else None
            app.peer.send(publish("t", b"message", packet_id))
        app.peer.send(answer)
    found = []
    for _ in range(60):
        assert app.poll() == NXD_MQTT_SUCCESS
        found += app.messages()
    assert found == [b"message"] * MESSAGES * len(order)
    wanted = [ANSWERS[answer] for answer in order if ANSWERS[answer]]
    assert app.heard("acknowledge") == wanted
    # No answer is awaited any more: nothing is late, only the next ping is due.
    app.clock.advance(9_000)
    assert app.poll() == NXD_MQTT_SUCCESS
    assert app.state == CONNECTED
    assert app.statistics["unacknowledged"] == 0
