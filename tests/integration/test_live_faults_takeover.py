# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Two clients with one identifier throw each other out, at no faster pace than the back-off's."""

import time

from devices import run, turn
from streams import Stream, numbers_of

from nxd_mqtt.nxd import *

# The pauses, in ticks.
MINIMUM, MAXIMUM = 5, 160
FIGHT_SECONDS = 3
MESSAGES_PER_SECOND = 100


def most_attempts(seconds: float) -> float:
    """How often a client may try in a time: its pauses are 0.05, 0.1, 0.2, 0.4, 0.8, 0.8 ... s
    at least.

    A link that stays up for as long as the longest pause begins that row anew, which is no faster.
    """
    return 5 + (seconds - 0.75) / 0.8


def fight(devices, streams, seconds: float) -> None:
    """The super-loop for a while, with messages at an even pace."""
    begun = time.monotonic()
    while (elapsed := time.monotonic() - begun) < seconds:
        for stream in streams:
            stream.total = max(stream.total, int(elapsed * MESSAGES_PER_SECOND))
            stream.pour()
        turn(devices)


def assert_every_loss_was_told(device) -> None:
    """Once each: a link that was up has ended, or is still up."""
    connects = device.statistics()["connects"]
    assert len(device.endings) == connects - device.connected
    assert device.answers == [NXD_MQTT_SUCCESS] * connects
    assert {status for _, status, _ in device.endings} <= {NXD_MQTT_COMMUNICATION_FAILURE}
    assert device.polled == []


def test_two_that_fight_for_an_id_raise_no_storm_and_lose_nothing(broker, make_device):
    witness = make_device("witness", queue=65536, depth=64).connect(broker).subscribe("up")
    first = make_device("twin", depth=256).reconnecting(MINIMUM, MAXIMUM)
    first.connect(broker, clean=NX_FALSE).subscribe("stream")
    second = make_device("twin").reconnecting(MINIMUM, MAXIMUM)
    begun = time.monotonic()
    second.connect(broker, clean=NX_FALSE)
    assert second.client.session_present
    down = Stream(witness, 0)
    up = Stream(first, 0, topic="up")
    devices = (witness, first, second)
    fight(devices, (down, up), FIGHT_SECONDS)
    elapsed = time.monotonic() - begun
    for twin in (first, second):
        assert_every_loss_was_told(twin)
        statistics = twin.statistics()
        assert 2 <= statistics["connects"] <= statistics["attempts"] <= most_attempts(elapsed)
    # The second one has enough, and the first one has its place again.
    assert nxd_mqtt_client_disconnect(second.client) == NXD_MQTT_SUCCESS
    told = len(first.endings)
    run(*devices, until=lambda: first.connected)
    arrived = {device: set() for device in devices}

    def complete() -> bool:
        down.pour()
        up.pour()
        arrived[first] = set(numbers_of(first, second))
        arrived[witness] = set(numbers_of(witness, topic="up"))
        return (
            down.done
            and up.done
            and len(arrived[first]) == down.total
            and len(arrived[witness]) == up.total
        )

    run(*devices, until=complete)
    # Its last loss may have been one of the fight's; after it there is peace.
    assert len(first.endings) - told <= 1
    assert arrived[first] == set(range(down.total))
    assert arrived[witness] == set(range(up.total))
    assert first.client.session_present == 1
    assert_every_loss_was_told(first)
    assert witness.endings == []


def test_the_one_that_was_thrown_out_throws_out_one_that_does_not_come_again(broker, make_device):
    first = make_device("twin").reconnecting(MINIMUM, MAXIMUM).connect(broker, clean=NX_FALSE)
    first.subscribe("stream")
    second = make_device("twin").connect(broker, clean=NX_FALSE)
    run(first, second, until=lambda: second.endings and first.connected)
    publisher = make_device("publisher").connect(broker)
    publisher.publish("stream", b"%08d" % 0)
    run(first, second, until=lambda: first.messages)
    assert [len(device.endings) for device in (first, second)] == [1, 1]
    assert second.polled == [NXD_MQTT_COMMUNICATION_FAILURE]
    assert second.messages == []
    assert first.statistics()["attempts"] == 2
    assert_every_loss_was_told(first)
