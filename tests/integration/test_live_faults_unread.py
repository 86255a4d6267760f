# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What a device that vanishes has not taken comes again, where it acknowledges what is taken."""

import pytest
from devices import run, run_for
from streams import Stream, first_comings, numbers_of

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *

# How many messages there are; how many were taken and acknowledged; how many were taken after
# that, in the turn in which the device vanishes.
TOTAL, TAKEN, TAKEN_LAST = 15, 5, 2


def worker(broker, make_device, mode: int, queue=4096):
    """A device that works on messages one by one; a session is kept for it."""
    device = make_device("worker", queue=queue).reconnecting()
    assert nxd_mqtt_client_ack_mode_set(device.client, mode) == NXD_MQTT_SUCCESS
    return device.connect(broker, clean=NX_FALSE)


def take(device, count: int) -> list[int]:
    """The numbers of the oldest messages."""
    return [int(device.take().payload) for _ in range(count)]


@pytest.mark.parametrize(
    ("mode", "acknowledged", "again"),
    [
        # Those that were taken in the last turn come again, too: their PUBACKs were not sent.
        pytest.param(NXD_MQTT_ACK_ON_GET, TAKEN, range(TAKEN, TOTAL), id="on get"),
        # All the others were acknowledged when they came; they are lost with the device.
        pytest.param(NXD_MQTT_ACK_ON_QUEUE, TOTAL, [], id="on queue"),
    ],
)
def test_what_a_device_that_vanishes_has_not_taken(broker, make_device, mode, acknowledged, again):
    publisher = make_device("publisher").connect(broker)
    first = worker(broker, make_device, mode).subscribe("stream")
    first.collects = False
    stream = Stream(publisher, TOTAL)
    stream.run(first, until=lambda: stream.done and first.statistics()["unread"] == TOTAL)
    assert take(first, TAKEN) == list(range(TAKEN))
    run(first, until=lambda: broker.delivered() == acknowledged)
    assert take(first, TAKEN_LAST) == list(range(TAKEN, TAKEN + TAKEN_LAST))
    first.crash()

    second = worker(broker, make_device, mode)
    assert second.client.session_present == 1
    stream.total += 1
    # The last message is new: when it is there, all that comes again has come.
    stream.run(second, until=lambda: TOTAL in numbers_of(second))
    assert numbers_of(second) == [*again, TOTAL]
    # All of it is acknowledged at last: a third one gets nothing.
    run(second, until=lambda: broker.delivered() == acknowledged + len(again) + 1)
    second.crash()
    third = worker(broker, make_device, mode)
    run_for(third, seconds=0.1)
    assert third.messages == []


def test_more_than_the_queue_holds_comes_again_in_order(broker, make_device):
    total = 60
    publisher = make_device("publisher").connect(broker)
    first = worker(broker, make_device, NXD_MQTT_ACK_ON_GET, queue=256).subscribe("stream")
    first.collects = False
    stream = Stream(publisher, total)
    stream.run(first, until=lambda: stream.done and first.statistics()["unread"] >= 8)
    taken = []
    while len(taken) < 25:
        taken += take(first, min(first.statistics()["unread"], 3))
        run_for(first, seconds=0.01)
    run(first, until=lambda: broker.delivered() == len(taken))
    assert taken == list(range(len(taken)))
    first.crash()
    second = worker(broker, make_device, NXD_MQTT_ACK_ON_GET, queue=256)
    run(second, until=lambda: total - 1 in numbers_of(second))
    assert first_comings(numbers_of(second)) == list(range(len(taken), total))


def test_a_device_that_lives_on_sees_only_the_last_turn_again(broker, make_device):
    publisher = make_device("publisher").connect(broker)
    device = worker(broker, make_device, NXD_MQTT_ACK_ON_GET).subscribe("stream")
    device.collects = False
    stream = Stream(publisher, TOTAL)
    stream.run(device, until=lambda: stream.done and device.statistics()["unread"] == TOTAL)
    assert take(device, TAKEN) == list(range(TAKEN))
    run(device, until=lambda: broker.delivered() == TAKEN)
    assert take(device, TAKEN_LAST) == list(range(TAKEN, TAKEN + TAKEN_LAST))
    # There is something to send now: a loop that sleeps must not sleep on.
    assert nxd_mqtt_client_deadline_get(device.client) == (NXD_MQTT_SUCCESS, 0)
    device.drop()
    run(device, until=lambda: device.connected)
    # What it had not taken is not in the queue twice, though the broker sends it again.
    device.collects = True
    stream.total += 1
    stream.run(device, until=lambda: TOTAL in numbers_of(device))
    numbers = numbers_of(device)
    assert numbers == [*range(TAKEN, TOTAL + 1)]
    assert device.statistics()["reconnects"] == 1
