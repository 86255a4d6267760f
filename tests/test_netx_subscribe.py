# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Twins of NetX's regression tests for subscribe and unsubscribe, and what becomes of answers."""

import pytest
from doubles.script import CONNACK, DISCONNECT, suback, unsuback
from netx_frame import (
    ACKNOWLEDGE_TOLD,
    DISCONNECT_TOLD,
    SECOND,
    STANDARD_CONNECT,
    Frame,
    set_next_packet_id,
)

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import (
    NXD_MQTT_TIMEOUT_SUBACK,
    NXD_MQTT_TIMEOUT_UNSUBACK,
    nxd_mqtt_client_statistics_get,
    nxd_mqtt_client_timeout_set,
)

SUBACK_TYPE = 9
UNSUBACK_TYPE = 11
REFUSED = 0x80


def subscription(packet_id, quality=1):
    """The SUBSCRIBE of the regression tests."""
    return b"\x82\x0b" + packet_id.to_bytes(2, "big") + b"\x00\x06topic1" + bytes([quality])


def unsubscription(packet_id):
    """The UNSUBSCRIBE of the regression tests."""
    return b"\xa2\x0a" + packet_id.to_bytes(2, "big") + b"\x00\x06topic1"


def unacknowledged(frame):
    """How many packets wait for their acknowledgement."""
    return nxd_mqtt_client_statistics_get(frame.client)[1]["unacknowledged"]


@pytest.mark.parametrize("quality", [1, 0])
def test_netx_mqtt_subscribe_test(quality):
    frame = Frame().connected()
    frame.script.expect(subscription(1, quality)).send(suback(1, quality))
    assert nxd_mqtt_client_subscribe(frame.client, "topic1", quality) == NXD_MQTT_SUCCESS
    assert frame.client.packet_identifier == 1
    # The SUBACK is not waited for.
    assert frame.told == []
    assert frame.poll() == NXD_MQTT_SUCCESS
    assert frame.told == [(ACKNOWLEDGE_TOLD, SUBACK_TYPE, 1, quality)]
    assert unacknowledged(frame) == 0
    frame.script.close()
    frame.finish()


def test_netx_mqtt_unsubscribe_test():
    frame = Frame().connected()
    frame.script.expect(subscription(1)).send(suback(1, 1))
    frame.script.expect(unsubscription(2)).send(unsuback(2))
    assert nxd_mqtt_client_subscribe(frame.client, "topic1", 1) == NXD_MQTT_SUCCESS
    assert nxd_mqtt_client_unsubscribe(frame.client, "topic1") == NXD_MQTT_SUCCESS
    assert frame.client.packet_identifier == 2
    assert frame.poll() == NXD_MQTT_SUCCESS
    assert frame.told == [
        (ACKNOWLEDGE_TOLD, SUBACK_TYPE, 1, 1),
        (ACKNOWLEDGE_TOLD, UNSUBACK_TYPE, 2, None),
    ]
    frame.script.close()
    frame.finish()


def test_netx_mqtt_subscribe_non_zero_packet_id_test():
    frame = Frame().connected()
    for packet_id in (1, 0xFFFF, 1):
        if packet_id == 0xFFFF:
            set_next_packet_id(frame.client, packet_id)
        frame.script.expect(subscription(packet_id)).send(suback(packet_id, 1))
        assert nxd_mqtt_client_subscribe(frame.client, "topic1", 1) == NXD_MQTT_SUCCESS
        assert frame.client.packet_identifier == packet_id != 0
        assert frame.poll() == NXD_MQTT_SUCCESS
    frame.script.close()
    frame.finish()


def test_netx_mqtt_subscribe_packet_chain_test():
    frame = Frame(payload_size=264).connected()
    frame.script.expect(b"\x82\x85\x02\x00\x01\x01\x00" + b"t" * 256 + b"\x01")
    assert nxd_mqtt_client_subscribe(frame.client, "t" * 256, 1) == NXD_MQTT_SUCCESS
    # Nothing is chained: one byte more is too much.
    subscribe = nxd_mqtt_client_subscribe(frame.client, "t" * 257, 1)
    assert subscribe == NXD_MQTT_PACKET_POOL_FAILURE
    frame.script.expect(b"\xa2\x85\x02\x00\x02\x01\x01" + b"t" * 257)
    assert nxd_mqtt_client_unsubscribe(frame.client, "t" * 257) == NXD_MQTT_SUCCESS
    unsubscribe = nxd_mqtt_client_unsubscribe(frame.client, "t" * 258)
    assert unsubscribe == NXD_MQTT_PACKET_POOL_FAILURE
    frame.script.close()
    frame.finish()


def test_netx_mqtt_packet_leak_test():
    frame = Frame().connected()
    # As there: a SUBACK that announces four bytes and brings three. A length that no SUBACK of ours
    # can have ends the link at once.
    frame.script.expect(subscription(1)).send(b"\x90\x04\x00\x01\x01").expect_close()
    assert nxd_mqtt_client_subscribe(frame.client, "topic1", 1) == NXD_MQTT_SUCCESS
    assert frame.poll() == NXD_MQTT_INVALID_PACKET
    assert unacknowledged(frame) == 0
    frame.finish()


def test_a_suback_that_stays_a_part_leaves_nothing_behind():
    frame = Frame().connected()
    frame.script.expect(subscription(1)).send(b"\x90\x03\x00\x01").wait(100).close()
    assert nxd_mqtt_client_subscribe(frame.client, "topic1", 1) == NXD_MQTT_SUCCESS
    assert frame.run(200) == NXD_MQTT_COMMUNICATION_FAILURE
    assert frame.forget() == [(DISCONNECT_TOLD,)]
    assert unacknowledged(frame) == 0
    frame.connected()
    frame.script.expect(subscription(2)).send(suback(2, 1)).close()
    assert nxd_mqtt_client_subscribe(frame.client, "topic1", 1) == NXD_MQTT_SUCCESS
    frame.poll()
    assert frame.told[0] == (ACKNOWLEDGE_TOLD, SUBACK_TYPE, 2, 1)
    frame.finish()


@pytest.mark.parametrize("topic", ["#", "+", "a/#", "+/b/+", "/+", "$SYS/#", "a b", b"\xc3\xbc/#"])
def test_filters_with_wildcards(topic):
    name = topic if isinstance(topic, bytes) else topic.encode()
    frame = Frame().connected()
    body = b"\x00\x01" + len(name).to_bytes(2, "big") + name + b"\x00"
    frame.script.expect(b"\x82" + bytes([len(body)]) + body).expect(DISCONNECT)
    assert nxd_mqtt_client_subscribe(frame.client, topic, 0) == NXD_MQTT_SUCCESS
    frame.finish()


@pytest.mark.parametrize("granted", [0, 2, REFUSED])
def test_what_the_broker_grants_is_told(granted):
    frame = Frame().connected()
    frame.script.expect(subscription(1)).send(suback(1, granted)).expect(DISCONNECT)
    assert nxd_mqtt_client_subscribe(frame.client, "topic1", 1) == NXD_MQTT_SUCCESS
    assert frame.poll() == NXD_MQTT_SUCCESS
    assert frame.told == [(ACKNOWLEDGE_TOLD, SUBACK_TYPE, 1, granted)]
    assert unacknowledged(frame) == 0
    frame.finish()


def test_requests_do_not_outlive_their_link():
    frame = Frame().connected()
    frame.script.expect(subscription(1)).expect(unsubscription(2)).close()
    assert nxd_mqtt_client_subscribe(frame.client, "topic1", 1) == NXD_MQTT_SUCCESS
    assert nxd_mqtt_client_unsubscribe(frame.client, "topic1") == NXD_MQTT_SUCCESS
    assert unacknowledged(frame) == 2
    assert frame.poll() == NXD_MQTT_COMMUNICATION_FAILURE
    assert unacknowledged(frame) == 0
    frame.connected()
    frame.script.expect(DISCONNECT)
    frame.finish()


ASK = {
    NXD_MQTT_TIMEOUT_SUBACK: lambda client: nxd_mqtt_client_subscribe(client, "topic1", 1),
    NXD_MQTT_TIMEOUT_UNSUBACK: lambda client: nxd_mqtt_client_unsubscribe(client, "topic1"),
}
SAID = {NXD_MQTT_TIMEOUT_SUBACK: subscription(1), NXD_MQTT_TIMEOUT_UNSUBACK: unsubscription(1)}


@pytest.mark.parametrize("ticks, wanted", [(None, 10_000), (2 * SECOND, 2000)])
@pytest.mark.parametrize("kind", ASK)
def test_an_answer_that_does_not_come_ends_the_link(kind, ticks, wanted):
    frame = Frame().connected()
    if ticks:
        assert nxd_mqtt_client_timeout_set(frame.client, kind, ticks) == NXD_MQTT_SUCCESS
    frame.script.expect(SAID[kind]).expect_close()
    assert ASK[kind](frame.client) == NXD_MQTT_SUCCESS
    assert frame.run(wanted - 10) == NXD_MQTT_SUCCESS
    assert frame.run(10) == NXD_MQTT_COMMUNICATION_FAILURE
    assert frame.told == [(DISCONNECT_TOLD,)]
    assert frame.client.reason[:2] == ("session", NXD_MQTT_COMMUNICATION_FAILURE)
    frame.finish()


def test_subscribe_never_waits():
    frame = Frame().connected()
    frame.script.connection.accept_limit = 0
    began = frame.time.elapsed
    assert nxd_mqtt_client_subscribe(frame.client, "topic1", 1) == NXD_MQTT_SUCCESS
    assert frame.time.elapsed == began
    frame.script.connection.accept_limit = None
    frame.script.expect(subscription(1)).close()
    frame.poll()
    frame.finish()


def test_a_request_inside_a_callback_of_the_connect():
    frame = Frame()

    def subscribe(client, status, context):
        assert status == NXD_MQTT_SUCCESS
        assert nxd_mqtt_client_subscribe(client, "topic1", 1) == NXD_MQTT_SUCCESS

    frame.client.nxd_mqtt_connect_notify = subscribe
    frame.script.accept().expect(STANDARD_CONNECT).send(CONNACK)
    frame.script.expect(subscription(1)).send(suback(1, 1))
    assert frame.connect() == NXD_MQTT_SUCCESS
    frame.poll()
    assert frame.told == [(ACKNOWLEDGE_TOLD, SUBACK_TYPE, 1, 1)]
    frame.script.close()
    frame.finish()
