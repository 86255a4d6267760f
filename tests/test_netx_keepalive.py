# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Twins of NetX's regression tests for keepalive: when PINGREQ is due, and when to give up."""

import pytest
from doubles.script import DISCONNECT, PINGREQ, PINGRESP, puback, publish
from netx_frame import DISCONNECT_TOLD, SECOND, Frame
from test_netx_publish import publish_1

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import NXD_MQTT_TIMEOUT_PINGRESP, nxd_mqtt_client_timeout_set


def times(frame):
    """Where a step of the script writes down when it was its turn."""
    seen = []
    return seen, lambda connection: seen.append(frame.time.elapsed)


def test_netx_mqtt_keepalive_test():
    frame = Frame().connected(keepalive=1)
    seen, now = times(frame)
    assert frame.run(600) == NXD_MQTT_SUCCESS
    frame.script.expect(publish_1(1)).call(now).send(puback(1))
    frame.script.expect(PINGREQ).call(now).send(PINGRESP)
    assert frame.publish() == NXD_MQTT_SUCCESS
    # The answer clears what is outstanding: the next PINGREQ follows, and the link lives.
    frame.script.expect(PINGREQ).call(now).send(PINGRESP)
    assert frame.run(1500) == NXD_MQTT_SUCCESS
    published, first, second = seen
    assert first - published <= 1000
    assert second - first <= 1000
    frame.script.close()
    frame.finish()


def test_netx_mqtt_keepalive_timeout_test():
    frame = Frame().connected(keepalive=1)
    status = nxd_mqtt_client_timeout_set(frame.client, NXD_MQTT_TIMEOUT_PINGRESP, SECOND)
    assert status == NXD_MQTT_SUCCESS
    seen, now = times(frame)
    assert frame.run(600) == NXD_MQTT_SUCCESS
    frame.script.expect(publish_1(1)).call(now).send(puback(1))
    # The keepalive goes on while the answer is outstanding, and does not put its limit off.
    frame.script.expect(PINGREQ).call(now).expect(PINGREQ).expect_close().call(now)
    assert frame.publish() == NXD_MQTT_SUCCESS
    assert frame.run(2000) == NXD_MQTT_COMMUNICATION_FAILURE
    published, asked, closed = seen
    assert asked - published <= 1000
    assert closed - asked == 1000
    assert frame.told[-1] == (DISCONNECT_TOLD,)
    assert frame.told.count((DISCONNECT_TOLD,)) == 1
    assert frame.client.reason == ("session", NXD_MQTT_COMMUNICATION_FAILURE, "no PINGRESP in time")
    frame.finish()


@pytest.mark.parametrize(
    "keepalive, due",
    [(1, 750), (2, 1500), (4, 3000), (20, 15_000), (60, 55_000), (65535, 65_530_000)],
)
def test_when_a_ping_is_due(keepalive, due):
    frame = Frame().connected(keepalive=keepalive)
    seen, now = times(frame)
    for _ in range(3):
        frame.script.expect(PINGREQ).call(now).send(PINGRESP)
    assert frame.run(3 * due) == NXD_MQTT_SUCCESS
    assert seen == [due, 2 * due, 3 * due]
    frame.script.expect(DISCONNECT)
    frame.finish()


def test_without_keepalive_nothing_is_sent():
    frame = Frame().connected(keepalive=0)
    assert frame.run(24 * 3_600_000) == NXD_MQTT_SUCCESS
    frame.script.expect(DISCONNECT)
    frame.finish()


def test_a_half_open_link_is_noticed():
    frame = Frame().connected(keepalive=60)
    frame.script.vanish()
    assert frame.run(64_990) == NXD_MQTT_SUCCESS
    assert frame.run(10) == NXD_MQTT_COMMUNICATION_FAILURE
    assert frame.told == [(DISCONNECT_TOLD,)]
    frame.finish()


def test_a_link_that_only_swallows_is_noticed():
    frame = Frame().connected(keepalive=60)
    frame.script.vanish()
    for _ in range(7):
        frame.publish(quality=0)
        frame.run(10_000)
    assert frame.client.state == 1
    assert frame.told == [(DISCONNECT_TOLD,)]
    frame.finish()


def test_pings_go_out_while_messages_come_in():
    frame = Frame().connected(keepalive=4)
    for _ in range(6):
        frame.script.wait(500).send(publish("t"))
    frame.script.expect(PINGREQ).send(PINGRESP)
    # The broker hears nothing from us while it talks: it must hear a PINGREQ in time.
    assert frame.run(3000) == NXD_MQTT_SUCCESS
    frame.script.expect(DISCONNECT)
    frame.finish()


def test_an_unasked_pingresp_is_ignored():
    frame = Frame().connected(keepalive=60)
    frame.script.send(PINGRESP * 3)
    assert frame.poll() == NXD_MQTT_SUCCESS
    frame.script.expect(PINGREQ).expect_close()
    assert frame.run(70_000) == NXD_MQTT_COMMUNICATION_FAILURE
    frame.finish()


def test_an_old_ping_does_not_end_a_new_link():
    frame = Frame().connected(keepalive=60)
    frame.script.expect(PINGREQ).close()
    assert frame.run(60_000) == NXD_MQTT_COMMUNICATION_FAILURE
    frame.connected(keepalive=60)
    frame.script.expect(PINGREQ).send(PINGRESP)
    assert frame.run(70_000) == NXD_MQTT_SUCCESS
    frame.script.close()
    frame.finish()


def test_the_limit_of_a_pingresp_can_be_taken_away():
    frame = Frame().connected(keepalive=60)
    status = nxd_mqtt_client_timeout_set(frame.client, NXD_MQTT_TIMEOUT_PINGRESP, NX_WAIT_FOREVER)
    assert status == NXD_MQTT_SUCCESS
    frame.script.expect(PINGREQ)
    assert frame.run(100_000) == NXD_MQTT_SUCCESS
    assert frame.client.state == 3
    frame.script.close()
    frame.finish()
