# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Messages arrive as they were sent: both qualities, every size and type, alone and in crowds."""

import pytest
from devices import NETWORKS, PUBACK, SUBACK, Message, run, turn

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *

# Around these sizes the remaining length takes one byte more: for a topic of four bytes, with a
# packet identifier and without; then the lengths that a careless codec takes for signed.
SIZES = (0, 1, 2, 119, 120, 121, 122, 123, 127, 128, 129, 255, 256, 16375, 16376, 16378, 16379)


def pattern(size: int) -> bytes:
    """Bytes of which none looks like its neighbours."""
    return bytes(index * 7 % 251 for index in range(size))


@pytest.mark.parametrize("network", NETWORKS, indirect=True)
@pytest.mark.parametrize("quality", [0, 1])
def test_a_message_there_and_one_back(broker, make_device, network, quality):
    here = make_device("here").connect(broker).subscribe("to/here", quality=quality)
    there = make_device("there").connect(broker).subscribe("to/there", quality=quality)
    here.publish("to/there", "hello", quality)
    run(here, there, until=lambda: there.messages)
    there.publish("to/here", "hello yourself", quality)
    run(here, there, until=lambda: here.messages)
    assert there.messages == [Message("to/there", b"hello", quality)]
    assert here.messages == [Message("to/here", b"hello yourself", quality)]


@pytest.mark.parametrize(("sent", "subscribed"), [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_a_message_comes_with_the_lower_quality(pair, sent, subscribed):
    publisher, subscriber = pair
    subscriber.subscribe("a", quality=subscribed)
    publisher.publish("a", "x", sent)
    run(*pair, until=lambda: subscriber.messages)
    assert subscriber.messages == [Message("a", b"x", min(sent, subscribed))]


@pytest.mark.parametrize("quality", [0, 1])
def test_every_size(broker, make_device, quality):
    device = make_device("device", queue=20000, packet=20000, depth=2)
    device.connect(broker).subscribe("size", quality=quality)
    for size in SIZES:
        device.messages.clear()
        device.publish("size", pattern(size), quality)
        run(device, until=lambda: device.messages)
        assert device.messages == [Message("size", pattern(size), quality)]


@pytest.mark.parametrize("quality", [0, 1])
def test_a_message_up_to_the_size_of_the_queue(broker, make_device, quality):
    device = make_device("device", queue=512, packet=1024, depth=2)
    device.connect(broker).subscribe("size", quality=quality)
    for size in range(480, 520):
        device.publish("size", pattern(size), quality)
        run(
            device,
            until=lambda size=size: (
                len(device.messages) + device.statistics()["oversize"] > size - 480
            ),
        )
    received = [len(payload) for payload in device.payloads()]
    # A record takes a few bytes beside its payload; the small ones fit, all others are skipped.
    assert received == list(range(480, 480 + len(received)))
    assert received[-1] > 490
    assert received[-1] < 512
    assert device.payloads()[-1] == pattern(received[-1])
    assert device.statistics()["skipped_message_length"] == 519
    device.publish("size", "and it goes on", quality)
    run(device, until=lambda: len(device.messages) > len(received))
    assert device.payloads()[-1] == b"and it goes on"


@pytest.mark.parametrize("quality", [0, 1])
@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("täg/ß", "grün €"),
        ("täg/ß".encode(), "grün €".encode()),
        (bytearray("täg/ß".encode()), bytearray("grün €".encode())),
        (memoryview("täg/ß".encode()), memoryview("grün €".encode())),
        (memoryview("-täg/ß-".encode())[1:-1], memoryview("-grün €-".encode())[1:-1]),
    ],
    ids=["str", "bytes", "bytearray", "memoryview", "part of a memoryview"],
)
def test_every_type(broker, make_device, topic, payload, quality):
    device = make_device("device").connect(broker).subscribe(topic, quality=quality)
    device.publish(topic, payload, quality)
    run(device, until=lambda: device.messages)
    assert device.messages == [Message("täg/ß", "grün €".encode(), quality)]


def test_none_is_an_empty_message(broker, make_device):
    device = make_device("device").connect(broker).subscribe("a")
    device.publish("a", None)
    run(device, until=lambda: device.messages)
    assert device.messages == [Message("a", b"", 1)]


@pytest.mark.parametrize("network", NETWORKS, indirect=True)
def test_many_packets_in_one_segment(broker, make_device, network):
    publisher = make_device("publisher").connect(broker)
    subscriber = make_device("subscriber").connect(broker).subscribe("a")
    numbers = [b"%d" % number for number in range(100)]
    qualities = [0, 0, 0, 0, 0, 1, 0, 0, 0, 0] * 10
    # The subscriber is not polled meanwhile, so its socket holds all of them in one piece. Those
    # of QoS 1 are few enough for the broker's window: otherwise QoS 0 may overtake them.
    for number, quality in zip(numbers, qualities, strict=True):
        publisher.publish("a", number, quality)
    run(subscriber, until=lambda: len(subscriber.messages) == len(numbers))
    assert subscriber.payloads() == numbers
    assert [message.quality for message in subscriber.messages] == qualities


def test_a_burst_leaves_in_the_order_of_the_calls(pair):
    publisher, subscriber = pair
    subscriber.subscribe("a")
    sent = 0
    while sent < 300:
        # Short of room the publisher goes on with what it owes, and tries again.
        if publisher.try_to_publish("a", b"%d" % sent, sent % 3 > 0) == NXD_MQTT_SUCCESS:
            sent += 1
        else:
            turn(pair)
    run(*pair, until=lambda: len(subscriber.messages) == sent)
    # Between the qualities a broker keeps no order when the subscriber's window is full.
    for quality in (0, 1):
        numbers = [int(it.payload) for it in subscriber.messages if it.quality == quality]
        assert numbers == [number for number in range(sent) if (number % 3 > 0) == quality]
    assert publisher.statistics()["resent"] == 0


def test_acknowledgements_are_told_with_identifier_and_code(broker, make_device):
    device = make_device("device").connect(broker)
    device.subscribe("a", quality=0)
    subscribed = device.client.packet_identifier
    device.publish("b", "x")
    published = device.client.packet_identifier
    assert subscribed != published
    assert device.acknowledged == [(SUBACK, subscribed, 0), (PUBACK, published, None)]
    assert device.statistics()["unacknowledged"] == 0


def test_receive_notify_counts_what_is_unread(pair):
    publisher, subscriber = pair
    subscriber.subscribe("a")
    subscriber.collects = False
    told = []
    nxd_mqtt_client_receive_notify_set(subscriber.client, lambda client, count: told.append(count))
    for number in range(3):
        publisher.publish("a", b"%d" % number)
    run(*pair, until=lambda: subscriber.statistics()["unread"] == 3)
    assert told[-1] == 3
    assert nxd_mqtt_client_message_discard(subscriber.client) == NXD_MQTT_SUCCESS
    assert subscriber.take().payload == b"1"
    assert subscriber.take().payload == b"2"
    assert subscriber.take() is None


def test_a_buffer_that_is_too_short_costs_nothing(pair):
    publisher, subscriber = pair
    subscriber.subscribe("topic")
    subscriber.collects = False
    publisher.publish("topic", "payload")
    run(*pair, until=lambda: subscriber.statistics()["unread"])
    for topic, payload in ((bytearray(4), bytearray(7)), (bytearray(5), bytearray(6))):
        answer = nxd_mqtt_client_message_get(subscriber.client, topic, payload)
        assert answer == (NXD_MQTT_INSUFFICIENT_BUFFER_SPACE, 5, 7)
    assert subscriber.take() == Message("topic", b"payload", 1)
