# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Pings, goodbyes and refusals of two real WebSocket servers."""

import threading

import pytest
from devices import run
from test_live_websocket import test_messages_of_many_sizes_both_ways as exchange_messages
from websocket_servers import BridgedServer, EmbeddedServer, WebSocketDevice
from websockets.exceptions import ConcurrencyError

from boards.desktop.broker import Broker
from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *
from nxd_mqtt.websocket import *

IDLE = 1


@pytest.fixture(params=[False, True], ids=["plain", "tls"])
def start(request, tmp_path, authority):
    """A function that starts a server of a class."""
    started = []

    def make(kind):
        server = kind(tmp_path, authority.server() if request.param else None)
        server.root = authority.root if request.param else None
        server.start()
        started.append(server)
        return server

    yield make
    for server in started:
        server.stop()


def connected(server, client_id="control", **measures):
    """A device with a link."""
    return WebSocketDevice(client_id, server, server.root, **measures).connect(server)


def refused(device, server):
    """The reason of an attempt that fails."""
    assert device.try_to_connect(server) == NXD_MQTT_CONNECT_FAILURE
    assert device.client.state == IDLE
    return device.client.reason


@pytest.mark.parametrize("payload", [b"", b"payload", bytes(125)], ids=len)
def test_pings_of_the_embedded_broker_are_answered(start, payload):
    server = start(EmbeddedServer)
    device = connected(server)
    for count in range(1, 6):
        assert server.broker.ping("control", payload)
        run(device, until=lambda count=count: server.broker.statistics()["pongs"] == count)
    device.disconnect()


def test_pings_of_websockets_are_answered(start):
    server = start(BridgedServer)
    device = connected(server)
    for payload in (b"", b"payload", bytes(range(125))):
        answered = server.links[0].ping(payload)
        run(device, until=answered.is_set)
    device.disconnect()


def test_websockets_hears_an_orderly_goodbye(start):
    server = start(BridgedServer)
    device = connected(server)
    device.disconnect()
    run(device, until=lambda: server.codes)
    assert server.codes == [1000]


@pytest.mark.parametrize("code", [1000, 1001, 1011, 4000])
def test_a_goodbye_of_websockets_is_answered_and_told(start, code):
    server = start(BridgedServer)
    device = connected(server)
    # It waits for the answer.
    closing = threading.Thread(target=server.goodbye, args=(code, "because"), daemon=True)
    closing.start()
    run(device, until=lambda: device.endings)
    closing.join(10)
    ((stage, status, cause),) = device.endings
    assert (stage, status) == ("websocket", NX_WEBSOCKET_DISCONNECTED)
    assert str(code) in cause
    run(device, until=lambda: server.codes)
    # The library notes the code of the answer.
    assert server.codes == [code]
    device.connect(server)
    device.disconnect()


def _say(link, text) -> list:
    """Send beside the thread of the bridge, which may just be sending; what was sent."""
    try:
        link.send(text)
    except ConcurrencyError:
        return []
    return [text]


def test_a_text_message_of_websockets_ends_the_link(start):
    server = start(BridgedServer)
    device = connected(server)
    said = []
    run(device, until=lambda: said or said.extend(_say(server.links[0], "text")))
    run(device, until=lambda: device.endings)
    assert device.endings[0][:2] == ("websocket", NX_WEBSOCKET_INVALID_PACKET)
    run(device, until=lambda: server.codes)
    assert server.codes == [1002]


def test_a_wrong_path_is_refused_with_its_code(start):
    server = start(EmbeddedServer)
    device = WebSocketDevice("lost", server, server.root)
    status = nxd_mqtt_client_websocket_set(device.client, "localhost", "/elsewhere")
    assert status == NXD_MQTT_SUCCESS
    stage, status, cause = refused(device, server)
    assert (stage, status) == ("websocket", NX_WEBSOCKET_INVALID_STATUS_CODE)
    assert "404" in cause
    # The right one is as good as ever.
    assert nxd_mqtt_client_websocket_set(device.client, "localhost", "/mqtt") == NXD_MQTT_SUCCESS
    device.connect(server)
    device.disconnect()


def test_a_broker_without_websocket_is_told_apart(start):
    server = start(EmbeddedServer)
    device = WebSocketDevice("lost", server)
    with Broker() as broker:
        assert refused(device, broker)[:2] == ("websocket", NXD_MQTT_CONNECT_FAILURE)
    server.stop()


def test_an_exchange_while_pings_come(start):
    server = start(EmbeddedServer)
    device = connected(server, "both ways", queue=65536, packet=20_000, depth=8)
    device.disconnect()

    def pinging(client_id, **measures):
        made = WebSocketDevice(client_id, server, server.root, **measures)
        made.serve = lambda serve=made.serve: (server.broker.ping(client_id, b"?"), serve())
        return made

    exchange_messages(server, pinging)
    assert server.broker.statistics()["pongs"] > 20
