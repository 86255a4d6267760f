# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A handshake that finds no memory: collected before, told with advice, and tried once more."""

import gc

import adafruit_connection_manager as connection_manager
import pytest
from client_bench import CONNECTED, IDLE
from doubles.dialects import CPYTHON_TCP, HOST
from doubles.script import CONNACK
from doubles.script import connect as connect_packet
from doubles.trials import PORT
from secure_bench import SecureApp, every_way
from tables.tls_cases import ALLOCATE_PACKET_FAILED

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import nxd_mqtt_client_reconnect_set

VERBS = ("wrap_socket", "handshake")
# Where somebody else has a connection that he does not use.
OTHER_PORT = 443

# The desktop and a board: the one shakes hands when it wraps, the other when it connects.
networks = pytest.mark.parametrize("network", (CPYTHON_TCP, HOST), ids=str)


def out_of_memory():
    """What an interpreter raises."""
    return MemoryError("memory allocation failed, allocating 16717 bytes")


def accepting(app):
    """The next connection is accepted."""
    app.script.accept().expect(connect_packet("me")).send(CONNACK)
    return app


@every_way
@networks
@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("wait", [500, NX_NO_WAIT])
def test_no_memory_is_told_and_leaves_nothing(network, radio, verb, wait):
    app = SecureApp(network, radio)
    app.sockets.fail(verb, out_of_memory)
    status = app.start(wait)
    if wait == NX_NO_WAIT:
        assert status == NX_IN_PROGRESS
        assert app.polls(3) == [ALLOCATE_PACKET_FAILED, NXD_MQTT_NOT_CONNECTED]
        assert app.told == [("connect", ALLOCATE_PACKET_FAILED)]
    else:
        assert status == NXD_MQTT_CONNECT_FAILURE
        assert app.told == []
    assert app.client.reason[:2] == ("tls", ALLOCATE_PACKET_FAILED)
    assert "no memory" in app.client.reason[2]
    assert app.state == IDLE
    assert app.nothing_left()
    app.renew_script()
    assert accepting(app).start(500) == NXD_MQTT_SUCCESS
    assert app.state == CONNECTED


@networks
def test_a_client_that_tries_again_does_so_after_it(network):
    app = SecureApp(network)
    app.sockets.fail("handshake", out_of_memory, times=2)
    assert nxd_mqtt_client_reconnect_set(app.client, 10, 10) == NXD_MQTT_SUCCESS
    app.script.accept().close()
    app.script.accept().close()
    accepting(app)
    assert app.start(500) == NXD_MQTT_SUCCESS
    assert app.statistics["attempts"] == len(app.setup.calls) == 3
    assert app.sockets.open_now == 1


@networks
@pytest.mark.parametrize("verb", VERBS)
def test_connection_manager_frees_idle_sockets_and_it_is_tried_again(network, verb):
    app = SecureApp(network, True)
    app.sockets.listen(OTHER_PORT, lambda connection: None)
    manager = app.ip.manager
    idle = manager.get_socket("broker.test", OTHER_PORT, "http:", "somebody else")
    manager.free_socket(idle)
    assert (manager.managed_socket_count, manager.available_socket_count) == (1, 1)
    app.sockets.fail(verb, out_of_memory)
    if verb == "handshake" or network is CPYTHON_TCP:
        # The first of the two got as far as a connection.
        app.script.accept().close()
    assert accepting(app).start(500) == NXD_MQTT_SUCCESS
    assert app.state == CONNECTED
    # One attempt for the client, and one call of the callback.
    assert app.statistics["attempts"] == len(app.setup.calls) == 1
    assert (manager.managed_socket_count, manager.available_socket_count) == (1, 0)
    assert app.sockets.open_now == 1
    nxd_mqtt_client_disconnect(app.client)
    assert app.nothing_left()
    connection_manager.connection_manager_close_all(app.sockets)


@networks
def test_garbage_is_collected_before_each_handshake(network):
    class Cycle:
        """Garbage that only the collector finds."""

    def leave_garbage(client):
        cycle = Cycle()
        cycle.itself = cycle

    def garbage():
        return sum(isinstance(one, Cycle) for one in gc.get_objects())

    app = accepting(SecureApp(network))
    app.setup.doing = leave_garbage
    seen = []
    wrap = app.context.wrap_socket

    def wrap_socket(*arguments, **named):
        seen.append(garbage())
        return wrap(*arguments, **named)

    app.context.wrap_socket = wrap_socket
    gc.disable()
    try:
        assert app.start(500) == NXD_MQTT_SUCCESS
    finally:
        gc.enable()
    assert seen == [0]


def test_no_memory_on_a_plain_link_passes_through():
    app = SecureApp(CPYTHON_TCP)
    app.sockets.fail("socket", out_of_memory)
    with pytest.raises(MemoryError):
        nxd_mqtt_client_connect(app.client, "broker.test", PORT, 0, NX_TRUE, 500)
    assert app.state == IDLE
    assert app.nothing_left()
