# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Twins of NetX's interoperability tests: a subscriber at a real broker, over real sockets."""

import socket
import time

import pytest

from boards.desktop.broker import Broker
from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import nxd_mqtt_client_poll

KEEPALIVE = 300
CLIENT_ID = "mytestclient"
TOPIC = "test"
PATIENCE = 10
SUBACK_TYPE = 9


@pytest.fixture(params=["mosquitto", "embedded"])
def broker(request):
    """Somebody who has a host and a port."""
    if request.param == "mosquitto":
        yield request.getfixturevalue("mosquitto")
    else:
        with Broker(port=0) as embedded:
            yield embedded


class Member:
    """A client with real sockets and the buffers of the interoperability tests."""

    def __init__(self, broker, client_id, clean=NX_FALSE):
        self.client, ip, pool = NXD_MQTT_CLIENT(), NX_IP(), NX_PACKET_POOL()
        assert nx_ip_create(ip, "desktop", socket_pool=socket) == NX_SUCCESS
        assert nx_packet_pool_create(pool, "pool", 256, None, 2048) == NX_SUCCESS
        assert (
            nxd_mqtt_client_create(self.client, "client", client_id, ip, pool) == NXD_MQTT_SUCCESS
        )
        self.received = 0
        self.granted = None
        assert nxd_mqtt_client_receive_notify_set(self.client, self.receive) == NXD_MQTT_SUCCESS
        self.client.nxd_mqtt_ack_receive_notify = self.acknowledge
        connect = nxd_mqtt_client_connect(
            self.client, broker.host, broker.port, KEEPALIVE, clean, NX_WAIT_FOREVER
        )
        assert connect == NXD_MQTT_SUCCESS

    def receive(self, client, count):
        self.received += 1

    def acknowledge(self, client, kind, packet_id, return_code, context):
        if kind == SUBACK_TYPE:
            self.granted = return_code

    def until(self, done):
        """Poll until something is so."""
        deadline = time.monotonic() + PATIENCE
        while not done():
            assert time.monotonic() < deadline
            assert nxd_mqtt_client_poll(self.client, 10) == NXD_MQTT_SUCCESS

    def subscribe(self):
        """Subscribe, and wait for the broker's word."""
        assert nxd_mqtt_client_subscribe(self.client, TOPIC, 0) == NXD_MQTT_SUCCESS
        self.until(lambda: self.granted is not None)
        assert self.granted == 0

    def get(self):
        """The next message, when it has come."""
        self.until(lambda: self.received)
        topic, message = bytearray(12), bytearray(32)
        status, topic_length, message_length = nxd_mqtt_client_message_get(
            self.client, topic, message
        )
        return status, bytes(topic[:topic_length]), bytes(message[:message_length])

    def leave(self):
        """Every goodbye is a success."""
        assert nxd_mqtt_client_unsubscribe(self.client, TOPIC) == NXD_MQTT_SUCCESS
        assert nxd_mqtt_client_disconnect(self.client) == NXD_MQTT_SUCCESS
        assert nxd_mqtt_client_delete(self.client) == NXD_MQTT_SUCCESS


def heard(broker, message):
    """What a subscriber gets when somebody else publishes a message."""
    subscriber = Member(broker, CLIENT_ID)
    subscriber.subscribe()
    publisher = Member(broker, "somebody else", NX_TRUE)
    publish = nxd_mqtt_client_publish(publisher.client, TOPIC, message, NX_FALSE, 0, 100)
    assert publish == NXD_MQTT_SUCCESS
    got = subscriber.get()
    publisher.leave()
    subscriber.leave()
    return got


def test_netx_mqtt_subscriber_test(broker):
    assert heard(broker, "hello") == (NXD_MQTT_SUCCESS, b"test", b"hello")


def test_netx_mqtt_subscriber_empty_message_test(broker):
    assert heard(broker, None) == (NXD_MQTT_SUCCESS, b"test", b"")
