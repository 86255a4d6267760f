# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Twins of NetX's regression tests for publish: the PUBLISH byte for byte, and what is kept."""

import pytest
from doubles.script import CONNACK, CONNACK_PRESENT, DISCONNECT, puback, suback
from netx_frame import (
    ACKNOWLEDGE_TOLD,
    CLEAN_CONNECT,
    DISCONNECT_TOLD,
    SECOND,
    STANDARD_CONNECT,
    Frame,
    set_next_packet_id,
)

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import nxd_mqtt_client_statistics_get

PUBLISH_0 = b"\x30\x10\x00\x06topic1message1"
PUBACK_TYPE = 4


def publish_1(packet_id, number=1, duplicate=False):
    """The PUBLISH of QoS 1 of the regression tests."""
    head = b"\x3a\x12" if duplicate else b"\x32\x12"
    return head + b"\x00\x06topic1" + packet_id.to_bytes(2, "big") + b"message%d" % number


def unacknowledged(frame):
    """How many packets wait for their acknowledgement."""
    return nxd_mqtt_client_statistics_get(frame.client)[1]["unacknowledged"]


def test_netx_mqtt_publish_qos0_test():
    frame = Frame().connected()
    frame.script.expect(PUBLISH_0)
    assert frame.publish(quality=0, wait=1) == NXD_MQTT_SUCCESS
    frame.script.close()
    frame.finish()


def test_netx_mqtt_publish_qos1_test():
    frame = Frame().connected()
    frame.script.expect(publish_1(1)).send(puback(1))
    assert frame.publish(wait=1) == NXD_MQTT_SUCCESS
    assert frame.client.packet_identifier == 1
    assert unacknowledged(frame) == 1
    assert frame.poll() == NXD_MQTT_SUCCESS
    assert frame.forget() == [(ACKNOWLEDGE_TOLD, PUBACK_TYPE, 1, None)]
    assert unacknowledged(frame) == 0
    frame.script.close()
    frame.finish()


@pytest.mark.parametrize(
    "topic, message, retain, quality, wire",
    [
        ("t", None, 0, 0, b"\x30\x03\x00\x01t"),
        ("t", "", 0, 0, b"\x30\x03\x00\x01t"),
        ("t", b"", 1, 0, b"\x31\x03\x00\x01t"),
        ("t", b"m", 1, 1, b"\x33\x06\x00\x01t\x00\x01m"),
        (b"t", bytearray(b"\0\xff"), 0, 0, b"\x30\x05\x00\x01t\0\xff"),
        (bytearray(b"t"), memoryview(b"xyz")[1:], 7, 0, b"\x31\x05\x00\x01tyz"),
        (memoryview(b"t"), "\u00fc", 0, 0, b"\x30\x05\x00\x01t\xc3\xbc"),
        ("/", "m", 0, 0, b"\x30\x04\x00\x01/m"),
        ("$a/ b", "m", 0, 0, b"\x30\x08\x00\x05$a/ bm"),
    ],
)
def test_publish_takes_text_and_bytes(topic, message, retain, quality, wire):
    frame = Frame().connected()
    frame.script.expect(wire)
    assert frame.publish(topic, message, retain, quality) == NXD_MQTT_SUCCESS
    frame.script.expect(DISCONNECT)
    frame.finish()


def test_netx_mqtt_publish_non_zero_packet_id_test():
    frame = Frame().connected()
    for number, packet_id in ((1, 1), (2, 0xFFFF), (3, 1)):
        if packet_id == 0xFFFF:
            set_next_packet_id(frame.client, packet_id)
        frame.script.expect(publish_1(packet_id, number)).send(puback(packet_id))
        assert frame.publish(message="message%d" % number) == NXD_MQTT_SUCCESS
        assert frame.client.packet_identifier == packet_id != 0
        assert frame.poll() == NXD_MQTT_SUCCESS
    frame.script.close()
    frame.finish()


def test_packet_ids_skip_those_in_use():
    frame = Frame().connected()
    frame.script.expect(publish_1(1)).expect(publish_1(2, 2)).expect(publish_1(3, 3)).send(
        puback(2)
    )
    for number in (1, 2, 3):
        assert frame.publish(message="message%d" % number) == NXD_MQTT_SUCCESS
    frame.poll()
    set_next_packet_id(frame.client, 0xFFFF)
    # 1 and 3 still wait for their acknowledgement.
    for number, packet_id in ((4, 0xFFFF), (5, 2), (6, 4)):
        frame.script.expect(publish_1(packet_id, number))
        assert frame.publish(message="message%d" % number) == NXD_MQTT_SUCCESS
        assert frame.client.packet_identifier == packet_id
    frame.script.close()
    frame.finish()


def test_packet_ids_do_not_start_again_while_packets_wait():
    frame = Frame().connected()
    frame.script.expect(publish_1(1)).close()
    assert frame.publish() == NXD_MQTT_SUCCESS
    assert frame.poll() == NXD_MQTT_COMMUNICATION_FAILURE
    frame.script.accept().expect(STANDARD_CONNECT).send(CONNACK)
    frame.script.expect(publish_1(1, duplicate=True)).expect(publish_1(2, 2)).send(puback(1))
    assert frame.connect() == NXD_MQTT_SUCCESS
    assert frame.publish(message="message2") == NXD_MQTT_SUCCESS
    frame.forget()
    frame.poll()
    # The first is gone, and the second is not.
    assert frame.forget() == [(ACKNOWLEDGE_TOLD, PUBACK_TYPE, 1, None)]
    assert unacknowledged(frame) == 1
    frame.script.close()
    frame.finish()


def test_netx_mqtt_publish_packet_chain_test():
    frame = Frame(payload_size=523).connected()
    topic, message = "t" * 256, "m" * 256
    # 1 + 2 bytes of header, 2 of the topic's length, 2 of the packet identifier.
    frame.script.expect(b"\x32\x84\x04\x01\x00" + b"t" * 256 + b"\x00\x01" + b"m" * 256)
    assert frame.publish(topic, message) == NXD_MQTT_SUCCESS
    # In C a chain that runs out of packets is an INTERNAL_ERROR; here nothing is chained.
    for size in (256, 195):
        frame.client.reason = None
        assert frame.publish("t" * size, "m" * 328) == NXD_MQTT_PACKET_POOL_FAILURE
        assert frame.client.reason[:2] == ("call", NXD_MQTT_PACKET_POOL_FAILURE)
        assert frame.publish("t" * size, "m" * 330, quality=0) == NXD_MQTT_PACKET_POOL_FAILURE
    frame.script.close()
    frame.finish()


def test_netx_mqtt_transmit_queue_depth_test():
    frame = Frame(payload_size=128, depth=20).connected()
    for packet_id in range(1, 21):
        frame.script.expect(publish_1(packet_id))
        assert frame.publish(wait=NX_NO_WAIT) == NXD_MQTT_SUCCESS
    assert frame.publish(wait=NX_NO_WAIT) == NXD_MQTT_PACKET_POOL_FAILURE
    assert frame.client.packet_identifier == 20
    # What waits counts whatever it is; what needs no acknowledgement does not.
    subscribe = nxd_mqtt_client_subscribe(frame.client, "topic1", 1)
    assert subscribe == NXD_MQTT_PACKET_POOL_FAILURE
    unsubscribe = nxd_mqtt_client_unsubscribe(frame.client, "topic1")
    assert unsubscribe == NXD_MQTT_PACKET_POOL_FAILURE
    frame.script.expect(PUBLISH_0)
    assert frame.publish(quality=0, wait=NX_NO_WAIT) == NXD_MQTT_SUCCESS
    # The refused calls used no packet identifier.
    frame.script.send(puback(7)).expect(publish_1(21))
    frame.poll()
    assert frame.publish(wait=NX_NO_WAIT) == NXD_MQTT_SUCCESS
    frame.script.close()
    frame.finish()


def test_depth_holds_for_subscribe():
    frame = Frame(depth=2).connected()
    for packet_id in (1, 2):
        frame.script.expect(b"\x82\x0b" + packet_id.to_bytes(2, "big") + b"\x00\x06topic1\x01")
        assert nxd_mqtt_client_subscribe(frame.client, "topic1", 1) == NXD_MQTT_SUCCESS
    assert nxd_mqtt_client_subscribe(frame.client, "a", 0) == NXD_MQTT_PACKET_POOL_FAILURE
    assert frame.publish(wait=NX_NO_WAIT) == NXD_MQTT_PACKET_POOL_FAILURE
    frame.script.send(suback(1, 1)).expect(publish_1(3))
    frame.poll()
    assert frame.publish(wait=NX_NO_WAIT) == NXD_MQTT_SUCCESS
    frame.script.close()
    frame.finish()


@pytest.mark.parametrize("wait", [0, 1, SECOND])
def test_publish_waits_for_room_no_longer_than_it_is_told(wait):
    frame = Frame(depth=1).connected()
    frame.script.expect(publish_1(1))
    assert frame.publish() == NXD_MQTT_SUCCESS
    began = frame.time.elapsed
    assert frame.publish(message="message2", wait=wait) == NXD_MQTT_PACKET_POOL_FAILURE
    assert frame.time.elapsed - began == wait * 10
    frame.script.close()
    frame.finish()


@pytest.mark.parametrize("wait", [SECOND, NX_WAIT_FOREVER])
def test_publish_goes_on_when_there_is_room(wait):
    frame = Frame(depth=1).connected()
    frame.script.expect(publish_1(1)).wait(300).send(puback(1)).expect(publish_1(2, 2))
    assert frame.publish() == NXD_MQTT_SUCCESS
    assert frame.publish(message="message2", wait=wait) == NXD_MQTT_SUCCESS
    assert frame.time.elapsed == 300
    assert frame.forget() == [(ACKNOWLEDGE_TOLD, PUBACK_TYPE, 1, None)]
    frame.script.close()
    frame.finish()


def test_publish_that_waits_learns_of_the_end():
    frame = Frame(depth=1).connected()
    frame.script.expect(publish_1(1)).wait(300).close()
    assert frame.publish() == NXD_MQTT_SUCCESS
    assert frame.publish(wait=NX_WAIT_FOREVER) == NXD_MQTT_NOT_CONNECTED
    assert frame.forget() == [(DISCONNECT_TOLD,)]
    frame.finish()


# --- what a link leaves behind ---------------------------------------------------------------


@pytest.mark.parametrize("answer", [CONNACK, CONNACK_PRESENT])
def test_unacknowledged_messages_are_sent_again_in_order(answer):
    frame = Frame().connected()
    frame.script.expect(publish_1(1)).expect(publish_1(2, 2)).expect(publish_1(3, 3))
    frame.script.send(puback(2)).close()
    for number in (1, 2, 3):
        assert frame.publish(message="message%d" % number) == NXD_MQTT_SUCCESS
    assert frame.poll() == NXD_MQTT_COMMUNICATION_FAILURE
    assert frame.forget() == [(ACKNOWLEDGE_TOLD, PUBACK_TYPE, 2, None), (DISCONNECT_TOLD,)]
    frame.script.accept().expect(STANDARD_CONNECT).send(answer)
    frame.script.expect(publish_1(1, duplicate=True)).expect(publish_1(3, 3, duplicate=True))
    assert frame.connect() == NXD_MQTT_SUCCESS
    frame.script.send(puback(1) + puback(3))
    frame.poll()
    assert unacknowledged(frame) == 0
    assert nxd_mqtt_client_statistics_get(frame.client)[1]["resent"] == 2
    frame.script.expect(DISCONNECT)
    frame.finish()


def test_nothing_is_sent_again_on_a_living_link():
    frame = Frame().connected()
    frame.script.expect(publish_1(1))
    assert frame.publish() == NXD_MQTT_SUCCESS
    assert frame.run(3_600_000) == NXD_MQTT_SUCCESS
    frame.script.close()
    frame.finish()


def test_own_disconnect_keeps_what_waits():
    frame = Frame().connected()
    frame.script.expect(publish_1(1)).expect(DISCONNECT).expect_close()
    assert frame.publish() == NXD_MQTT_SUCCESS
    assert nxd_mqtt_client_disconnect(frame.client) == NXD_MQTT_SUCCESS
    assert unacknowledged(frame) == 1
    frame.script.accept().expect(STANDARD_CONNECT).send(CONNACK)
    frame.script.expect(publish_1(1, duplicate=True)).close()
    assert frame.connect() == NXD_MQTT_SUCCESS
    frame.finish()


def test_clean_session_forgets_what_was_sent():
    frame = Frame().connected()
    frame.script.expect(publish_1(1)).close()
    assert frame.publish() == NXD_MQTT_SUCCESS
    assert frame.poll() == NXD_MQTT_COMMUNICATION_FAILURE
    assert unacknowledged(frame) == 1
    frame.connected(clean=NX_TRUE)
    assert unacknowledged(frame) == 0
    frame.script.expect(publish_1(2)).close()
    assert frame.publish() == NXD_MQTT_SUCCESS
    frame.finish()


def test_clean_session_keeps_what_waits_until_a_link_is_there():
    frame = Frame().connected()
    frame.script.expect(publish_1(1)).close()
    assert frame.publish() == NXD_MQTT_SUCCESS
    assert frame.poll() == NXD_MQTT_COMMUNICATION_FAILURE
    frame.ip.sockets.refuse(1883)
    assert frame.connect(clean=NX_TRUE) == NXD_MQTT_CONNECT_FAILURE
    assert unacknowledged(frame) == 1
    frame.ip.sockets.listen(1883, frame.script)
    frame.script.accept().expect(STANDARD_CONNECT).send(CONNACK)
    frame.script.expect(publish_1(1, duplicate=True)).close()
    assert frame.connect() == NXD_MQTT_SUCCESS
    frame.finish()


def test_clean_session_keeps_what_was_never_sent():
    frame = Frame().connected()
    frame.script.stall().wait(10).reset()
    frame.script.connection.accept_limit = 0
    assert frame.publish() == NXD_MQTT_SUCCESS
    assert frame.run(20) == NXD_MQTT_COMMUNICATION_FAILURE
    frame.script.accept().expect(CLEAN_CONNECT).send(CONNACK).expect(publish_1(1)).send(puback(1))
    assert frame.connect(clean=NX_TRUE) == NXD_MQTT_SUCCESS
    frame.poll()
    assert unacknowledged(frame) == 0
    frame.script.expect(DISCONNECT)
    frame.finish()


@pytest.mark.parametrize(
    "acknowledgement",
    [
        pytest.param(puback(2), id="an identifier that is not in use"),
        pytest.param(b"\xb0\x02\x00\x01", id="UNSUBACK for a PUBLISH"),
    ],
)
def test_an_acknowledgement_of_nothing_is_ignored(acknowledgement):
    frame = Frame().connected()
    frame.script.expect(publish_1(1)).send(acknowledgement)
    assert frame.publish() == NXD_MQTT_SUCCESS
    assert frame.run(1000) == NXD_MQTT_SUCCESS
    assert unacknowledged(frame) == 1
    assert frame.told == []
    frame.script.send(puback(1))
    frame.poll()
    assert frame.forget() == [(ACKNOWLEDGE_TOLD, PUBACK_TYPE, 1, None)]
    frame.script.close()
    frame.finish()


def test_a_stored_message_is_accepted_whatever_the_socket_says():
    frame = Frame().connected()
    frame.script.reset()
    assert frame.publish() == NXD_MQTT_SUCCESS
    assert unacknowledged(frame) == 1
    assert frame.poll() in (NXD_MQTT_COMMUNICATION_FAILURE, NXD_MQTT_NOT_CONNECTED)
    assert frame.told == [(DISCONNECT_TOLD,)]
    frame.finish()


def test_a_message_that_is_not_stored_fails_with_its_link():
    frame = Frame().connected()
    frame.script.reset()
    assert frame.publish(quality=0) == NXD_MQTT_COMMUNICATION_FAILURE
    frame.poll()
    assert frame.told == [(DISCONNECT_TOLD,)]
    frame.finish()
