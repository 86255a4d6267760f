# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Twins of NetX's regression tests for receiving: messages in any segments, and message_get."""

import pytest
from doubles.script import DISCONNECT, puback, publish
from netx_frame import DISCONNECT_TOLD, RECEIVE_TOLD, Frame

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import nxd_mqtt_client_message_discard, nxd_mqtt_client_statistics_get

MESSAGE_0 = b"\x30\x13\x00\x05topicMESSAGE_QOS0"
MESSAGE_1 = b"\x32\x15\x00\x05topic\x12\x34MESSAGE_QOS1"
GOT_0 = (NXD_MQTT_SUCCESS, b"topic", b"MESSAGE_QOS0")
GOT_1 = (NXD_MQTT_SUCCESS, b"topic", b"MESSAGE_QOS1")
NOTHING = (NXD_MQTT_NO_MESSAGE, b"", b"")


def test_netx_mqtt_receive_qos0_test():
    frame = Frame().connected()
    frame.script.wait(500).send(MESSAGE_0)
    assert frame.run(490) == NXD_MQTT_SUCCESS
    assert frame.told == []
    assert frame.run(10) == NXD_MQTT_SUCCESS
    assert frame.told == [(RECEIVE_TOLD, 1)]
    assert frame.get() == GOT_0
    assert (frame.client.message_qos, frame.client.message_retain) == (0, 0)
    assert frame.get() == NOTHING
    frame.script.close()
    frame.finish()


def test_netx_mqtt_receive_qos1_test():
    frame = Frame().connected()
    frame.script.wait(500).send(MESSAGE_1).expect(puback(0x1234))
    assert frame.run(500) == NXD_MQTT_SUCCESS
    assert frame.told == [(RECEIVE_TOLD, 1)]
    assert frame.get() == GOT_1
    assert frame.client.message_qos == 1
    frame.script.close()
    frame.finish()


def test_netx_mqtt_multiple_receive_test():
    frame = Frame().connected()
    frame.script.wait(500).send(MESSAGE_0).wait(10).send(MESSAGE_1).expect(puback(0x1234))
    assert frame.run(600) == NXD_MQTT_SUCCESS
    assert frame.told == [(RECEIVE_TOLD, 1), (RECEIVE_TOLD, 2)]
    assert frame.get() == GOT_0
    assert frame.get() == GOT_1
    assert frame.get() == NOTHING
    frame.script.close()
    frame.finish()


def test_netx_mqtt_receive_span_test():
    size = len(MESSAGE_0)
    frame = Frame().connected()
    frame.script.send(MESSAGE_0 * 2, pieces=[1, 1, 1, size - 2, size - 1])
    frame.poll(5)
    assert frame.told == [(RECEIVE_TOLD, 1), (RECEIVE_TOLD, 2)]
    assert frame.get() == GOT_0
    assert frame.get() == GOT_0
    frame.script.close()
    frame.finish()


def test_any_number_of_messages_in_one_segment():
    frame = Frame().connected()
    acknowledgements = b""
    messages = b""
    for number in range(1, 21):
        messages += publish("t%d" % number, b"m%d" % number, number)
        acknowledgements += puback(number)
    frame.script.send(messages)
    frame.poll(5)
    assert frame.script.connection.take()[18:] == acknowledgements
    assert frame.told == [(RECEIVE_TOLD, number) for number in range(1, 21)]
    for number in range(1, 21):
        assert frame.get() == (NXD_MQTT_SUCCESS, b"t%d" % number, b"m%d" % number)
    frame.script.expect(acknowledgements).close()
    frame.finish()


def test_messages_over_any_number_of_segments():
    frame = Frame().connected()
    frame.script.send(MESSAGE_1 + MESSAGE_0, pieces=1).expect(puback(0x1234))
    frame.poll(len(MESSAGE_0 + MESSAGE_1))
    assert frame.get() == GOT_1
    assert frame.get() == GOT_0
    frame.script.close()
    frame.finish()


# --- remaining lengths -----------------------------------------------------------------------

LENGTHS = [
    (3, b"\x03"),
    (127, b"\x7f"),
    (128, b"\x80\x01"),
    (16383, b"\xff\x7f"),
    (16384, b"\x80\x80\x01"),
    (2097151, b"\xff\xff\x7f"),
    (2097152, b"\x80\x80\x80\x01"),
]


@pytest.mark.parametrize("remaining, encoded", LENGTHS)
def test_netx_mqtt_remaining_length_test(remaining, encoded):
    size = remaining - 3
    frame = Frame(payload_size=remaining + 32, depth=1, memory_size=remaining + 32).connected()
    packet = b"\x30" + encoded + b"\x00\x01t" + bytes(size)
    frame.script.expect(packet).send(packet)
    assert frame.publish("t", bytes(size), quality=0) == NXD_MQTT_SUCCESS
    frame.run(10)
    while not frame.told:
        assert frame.poll() == NXD_MQTT_SUCCESS
    assert frame.get(1, size) == (NXD_MQTT_SUCCESS, b"t", bytes(size))
    frame.script.close()
    frame.finish()


@pytest.mark.parametrize(
    "encoded", [b"\x80\x80\x80\x80\x7f", b"\x80\x80\x80\x80", b"\xff\xff\xff\xff\xff"]
)
@pytest.mark.parametrize("first", [b"\x30", b"\x40"])
def test_netx_mqtt_remaining_length_test_error(first, encoded):
    frame = Frame().connected()
    frame.script.send(first + encoded).expect_close()
    assert frame.poll() == NXD_MQTT_INVALID_PACKET
    assert frame.told == [(DISCONNECT_TOLD,)]
    frame.finish()


@pytest.mark.parametrize("length", [b"\x87\x00", b"\x87\x80\x00", b"\x87\x80\x80\x00"])
def test_a_length_of_more_bytes_than_needed_is_taken(length):
    frame = Frame().connected()
    frame.script.send(b"\x30" + length + b"\x00\x01tbody").expect(DISCONNECT)
    assert frame.poll() == NXD_MQTT_SUCCESS
    assert frame.get() == (NXD_MQTT_SUCCESS, b"t", b"body")
    frame.finish()


# --- message_get -----------------------------------------------------------------------------


@pytest.mark.parametrize("topic_size, message_size", [(4, 12), (5, 11), (0, 0), (0, 100), (100, 0)])
def test_a_message_that_does_not_fit_its_buffers_stays(topic_size, message_size):
    frame = Frame().connected()
    frame.script.send(MESSAGE_0)
    frame.poll()
    topic, message = bytearray(b"?" * topic_size), bytearray(b"?" * message_size)
    got = nxd_mqtt_client_message_get(frame.client, topic, message)
    # The lengths say what it needs; C leaves them alone.
    assert got == (NXD_MQTT_INSUFFICIENT_BUFFER_SPACE, 5, 12)
    assert topic == b"?" * topic_size
    assert message == b"?" * message_size
    assert frame.get(5, 12) == GOT_0
    frame.script.close()
    frame.finish()


@pytest.mark.parametrize(
    "packet, wanted, quality, retain",
    [
        (b"\x30\x03\x00\x01t", (0, b"t", b""), 0, 0),
        (b"\x31\x04\x00\x01tm", (0, b"t", b"m"), 0, 1),
        (b"\x33\x06\x00\x01t\x00\x01m", (0, b"t", b"m"), 1, 1),
        (b"\x3a\x06\x00\x01t\x00\x01m", (0, b"t", b"m"), 1, 0),
        (b"\x30\x07\x00\x05\xf0\x9f\x98\x80/", (0, b"\xf0\x9f\x98\x80/", b""), 0, 0),
        (b"\x30\x06\x00\x01t\x00\xff\x00", (0, b"t", b"\x00\xff\x00"), 0, 0),
    ],
)
def test_every_kind_of_message(packet, wanted, quality, retain):
    frame = Frame().connected()
    frame.script.send(packet)
    if quality:
        frame.script.expect(puback(1))
    frame.poll()
    assert frame.get() == wanted
    assert (frame.client.message_qos, frame.client.message_retain) == (quality, retain)
    frame.script.close()
    frame.finish()


def test_message_get_inside_receive_notify():
    frame = Frame().connected()
    got = []
    nxd_mqtt_client_receive_notify_set(frame.client, lambda client, count: got.append(frame.get()))
    frame.script.send(MESSAGE_0 + MESSAGE_1).expect(puback(0x1234))
    frame.poll()
    assert got == [GOT_0, GOT_1]
    frame.script.close()
    frame.finish()


def test_receive_notify_can_be_cleared():
    frame = Frame().connected()
    assert nxd_mqtt_client_receive_notify_set(frame.client, None) == NXD_MQTT_SUCCESS
    frame.script.send(MESSAGE_0)
    frame.poll()
    assert frame.told == []
    assert frame.get() == GOT_0
    frame.script.close()
    frame.finish()


def test_a_message_can_be_discarded_unread():
    frame = Frame().connected()
    assert nxd_mqtt_client_message_discard(frame.client) == NXD_MQTT_NO_MESSAGE
    frame.script.send(MESSAGE_0 + MESSAGE_1).expect(puback(0x1234))
    frame.poll()
    assert nxd_mqtt_client_message_discard(frame.client) == NXD_MQTT_SUCCESS
    assert frame.get() == GOT_1
    frame.script.close()
    frame.finish()


def test_a_message_larger_than_the_queue_is_skipped_and_acknowledged():
    frame = Frame(memory_size=64).connected()
    frame.script.send(publish("big", bytes(1000), 7) + publish("big", bytes(1000)) + MESSAGE_0)
    frame.script.expect(puback(7))
    frame.poll(10)
    assert frame.get() == GOT_0
    statistics = nxd_mqtt_client_statistics_get(frame.client)[1]
    assert statistics["oversize"] == 2
    assert statistics["skipped_topic_length"] == 3
    assert statistics["skipped_message_length"] == 1000
    frame.script.close()
    frame.finish()


# --- unread messages and the end of a link ---------------------------------------------------


def test_unread_messages_survive_a_lost_link():
    frame = Frame().connected()
    frame.script.send(MESSAGE_0 + MESSAGE_1).expect(puback(0x1234)).close()
    assert frame.poll() in (NXD_MQTT_SUCCESS, NXD_MQTT_COMMUNICATION_FAILURE)
    frame.poll()
    assert frame.client.state == 1
    assert frame.get() == GOT_0
    frame.connected()
    assert frame.get() == GOT_1
    frame.script.close()
    frame.finish()


def test_unread_messages_go_with_the_own_disconnect_after_its_notify():
    frame = Frame().connected()
    frame.script.send(MESSAGE_0 + MESSAGE_0).expect(DISCONNECT).expect_close()
    frame.poll()
    got = []
    nxd_mqtt_client_disconnect_notify_set(frame.client, lambda client: got.append(frame.get()))
    assert nxd_mqtt_client_disconnect(frame.client) == NXD_MQTT_SUCCESS
    assert got == [GOT_0]
    assert frame.get() == NOTHING
    frame.finish()


def test_unread_messages_go_with_a_disconnect_after_the_loss():
    frame = Frame().connected()
    frame.script.send(MESSAGE_0).close()
    frame.poll()
    frame.poll()
    assert nxd_mqtt_client_disconnect(frame.client) == NXD_MQTT_SUCCESS
    assert frame.get() == NOTHING
    frame.finish()


def test_a_message_that_was_cut_off_is_none():
    frame = Frame().connected()
    frame.script.send(MESSAGE_1[:-1]).close()
    frame.poll(2)
    assert frame.told == [(DISCONNECT_TOLD,)]
    assert frame.get() == NOTHING
    frame.connected()
    frame.script.send(MESSAGE_1).expect(puback(0x1234))
    frame.poll()
    assert frame.get() == GOT_1
    frame.script.close()
    frame.finish()
