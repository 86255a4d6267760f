# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The hub over WebSocket, to an independent client: the same ports, the same rules."""

import json
import socket
import ssl

import pytest
from hub_bench import (
    CLOUD_MESSAGES,
    EVENTS,
    METHODS,
    PATIENCE,
    TWIN_ANSWERS,
    connect_packet,
    connected,
)
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from boards.desktop.broker import packets
from boards.desktop.broker.packets import (
    Connack,
    Disconnect,
    Pingreq,
    Pingresp,
    Puback,
    Publish,
    Suback,
    Subscribe,
    Will,
)
from boards.desktop.hub import Hub

PATH = "/$iothub/websocket"


@pytest.fixture
def hub():
    """A hub without TLS."""
    with Hub(tls=False, devices=("device",)) as hub:
        yield hub


class Web:
    """A client of the package `websockets` that insists on the packets it hears."""

    def __init__(self, hub, path=PATH, context=None, **named):
        scheme = "ws" if context is None else "wss"
        named.setdefault("subprotocols", ["mqtt"])
        self.socket = connect(
            f"{scheme}://{hub.host}:{hub.port}{path}",
            sock=socket.create_connection((hub.address, hub.port), PATIENCE),
            proxy=None,
            ssl=context,
            open_timeout=PATIENCE,
            close_timeout=PATIENCE,
            max_size=None,
            **named,
        )
        self._heard = bytearray()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.socket.close()

    def say(self, *said):
        """Sends packets in one frame."""
        self.socket.send(b"".join(map(packets.encode, said)))

    def take(self):
        """Receives one packet, however it is framed."""
        while True:
            packet, end = packets.next_packet(self._heard, 0, packets.FROM_SERVER)
            if packet is not None:
                del self._heard[:end]
                return packet
            message = self.socket.recv(PATIENCE)
            assert isinstance(message, bytes)
            self._heard += message

    def hear(self, *wanted):
        """Receives exactly these packets, in this order."""
        for packet in wanted:
            assert self.take() == packet

    def hear_the_end(self):
        """Waits for the hub's CLOSE; says its code."""
        with pytest.raises(ConnectionClosed) as caught:
            self.socket.recv(PATIENCE)
        return caught.value.rcvd.code


def trusting(hub):
    """What a client of `websockets` trusts.

    It reads and writes in two threads. With TLS 1.3 the server's tickets come while the request
    goes out, and before Python 3.13 two threads in one TLS connection disturb each other.
    """
    context = ssl.create_default_context(cadata=hub.ca_pem)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


def web(hub, **named):
    """A client with its CONNACK."""
    client = Web(hub, **named)
    client.say(connect_packet(hub))
    client.hear(Connack())
    return client


def test_everything_goes_through_a_websocket(hub):
    hub.patch_twin("device", {"a": 1})
    with web(hub) as client:
        assert client.socket.subprotocol == "mqtt"
        filters = ((TWIN_ANSWERS, 1), (METHODS, 1), (CLOUD_MESSAGES, 1))
        client.say(Subscribe(1, filters))
        client.hear(Suback(1, (1, 1, 1)))
        client.say(
            Publish(EVENTS + "a=1", b"x", 1, packet_id=2), Publish("$iothub/twin/GET/?$rid=1")
        )
        client.hear(Puback(2))
        assert json.loads(client.take().payload)["desired"]["a"] == 1
        call = hub.begin_method("device", "reboot")
        client.hear(Publish("$iothub/methods/POST/reboot/?$rid=1"))
        client.say(Publish("$iothub/methods/res/200/?$rid=1"))
        assert call.result(PATIENCE) == (200, None)
        hub.send_message("device", b"hello", ack="full")
        client.say(Puback(client.take().packet_id), Pingreq())
        client.hear(Pingresp())
        assert hub.feedback()[0]["statusCode"] == "Success"
        client.say(Disconnect())
        assert client.hear_the_end() == 1000
    assert hub.events()[0].properties == (("a", "1"),)
    assert hub.connected() == []


def test_it_goes_through_tls_and_with_a_query():
    with Hub(devices=("device",)) as hub:
        context = trusting(hub)
        path = PATH + "?iothub-no-client-cert=true"
        with web(hub, context=context, path=path) as client:
            client.say(Publish(EVENTS, bytes(200_000), 1, packet_id=1))
            client.hear(Puback(1))
        assert len(hub.events()[0].body) == 200_000


def test_a_certificate_goes_through_a_websocket():
    with Hub(devices=()) as hub:
        hub.add_device("sensor", x509=True)
        context = trusting(hub)
        context.load_cert_chain(*hub.certificate("sensor"))
        with Web(hub, context=context) as client:
            client.say(connect_packet(hub, "sensor", password=None))
            client.hear(Connack())


def test_a_bad_token_is_refused_the_same_way(hub):
    with Web(hub) as client:
        client.say(connect_packet(hub, password=b"secret"))
        client.hear(Connack(5))
        assert client.hear_the_end() == 1000


@pytest.mark.parametrize(
    ("path", "subprotocols", "status"),
    [
        ("/mqtt", ["mqtt"], 404),
        ("/", ["mqtt"], 404),
        (PATH, ["AMQPWSB10"], 400),
        (PATH, None, 400),
    ],
)
def test_other_paths_and_subprotocols_are_refused(hub, path, subprotocols, status):
    with pytest.raises(InvalidStatus) as caught:
        Web(hub, path, subprotocols=subprotocols)
    assert caught.value.response.status_code == status
    assert hub.statistics()["violations"] == 1


def test_a_websocket_and_a_socket_take_over_from_each_other(hub):
    with web(hub) as first, connected(hub) as second:
        assert first.hear_the_end() == 1000
        second.hear_nothing()
        with web(hub):
            second.hear_the_end()
    assert hub.statistics()["replaced"] == 2


def test_closing_without_disconnect_lets_the_will_go(hub):
    with Web(hub) as client:
        client.say(connect_packet(hub, will=Will(EVENTS, b"gone")))
        client.hear(Connack())
    hub.wait(hub.events)
    assert hub.events()[0].body == b"gone"


def test_a_cut_gives_no_close(hub):
    with web(hub) as client:
        assert hub.cut("device")
        with pytest.raises(ConnectionClosed) as caught:
            client.socket.recv(PATIENCE)
        assert caught.value.rcvd is None


def test_qos_2_ends_it(hub):
    with web(hub) as client:
        client.say(Publish(EVENTS, b"", 2, packet_id=1))
        assert client.hear_the_end() == 1000
    assert hub.statistics()["violations"] == 1


def test_a_hub_stops_while_websockets_are_open(hub):
    with web(hub) as client:
        hub.stop()
        with pytest.raises(ConnectionClosed):
            client.socket.recv(PATIENCE)
    hub.start()
    with web(hub):
        assert hub.connected() == ["device"]
