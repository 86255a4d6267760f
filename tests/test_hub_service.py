# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The hub's HTTPS interface, asked by the standard library's client."""

import base64
import http.client
import json
import ssl

import pytest
from hub_bench import (
    CLOUD_MESSAGES,
    DESIRED,
    EVENTS,
    METHODS,
    PATIENCE,
    Clock,
    Device,
    connect_packet,
    connected,
    forward,
    subscribed,
)

from boards.desktop.broker.packets import Puback, Publish
from boards.desktop.hub import Hub
from boards.desktop.hub.credentials import make_token

VERSION = "?api-version=2021-04-12"


@pytest.fixture
def clock():
    """The hub's clock."""
    return Clock()


@pytest.fixture
def hub(clock):
    """A hub with a device and a module, without TLS."""
    with Hub(tls=False, devices=("device",), clock=clock) as hub:
        hub.add_module("device", "module")
        yield hub


class Client:
    """A service.

    :param token: what it shows, the owner's if None
    :param context: for TLS
    """

    def __init__(self, hub, token=None, context=None):
        self._token = hub.service_token() if token is None else token
        if context is None:
            self.http = http.client.HTTPConnection(hub.address, hub.port, timeout=PATIENCE)
        else:
            self.http = http.client.HTTPSConnection(
                hub.host, hub.port, timeout=PATIENCE, context=context
            )

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.http.close()

    def send(self, method, path, body=None, **headers):
        """Sends a request; JSON unless the body is bytes."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self.http.request(method, path + VERSION, data, {"Authorization": self._token} | headers)

    def answer(self):
        """Receives an answer: status, JSON or None."""
        response = self.http.getresponse()
        data = response.read()
        self.headers, self.reason = response.headers, response.reason
        return response.status, json.loads(data) if data else None

    def ask(self, method, path, body=None, **headers):
        """Both."""
        self.send(method, path, body, **headers)
        return self.answer()


@pytest.fixture
def client(hub):
    """A service that may do everything."""
    with Client(hub) as made:
        yield made


def path_events(query):
    """The request for some of the events."""
    return f"/events{VERSION}&{query}"


# --- who may -------------------------------------------------------------------------------------


def test_no_token_or_a_bad_one_is_401(hub, clock):
    owner = hub.core.policies["iothubowner"].primary_key
    elsewhere = make_token("elsewhere", owner, clock() + 60, "iothubowner")
    expired = hub.service_token(seconds=0)
    for token in ("", "secret", hub.token("device"), elsewhere, expired):
        with Client(hub, token) as client:
            status, document = client.ask("GET", "/twins/device")
        assert status == 401
        assert "IotHubUnauthorizedAccess" in document["Message"]
        assert owner not in str(document)


@pytest.mark.parametrize(
    ("policy", "method", "path", "status"),
    [
        ("service", "GET", "/twins/device", 200),
        ("service", "GET", "/devices/device", 401),
        ("registryRead", "GET", "/devices/device", 200),
        ("registryRead", "DELETE", "/devices/device", 401),
        ("registryRead", "GET", "/twins/device", 401),
        ("registryReadWrite", "DELETE", "/devices/device", 204),
        ("device", "GET", "/twins/device", 401),
    ],
)
def test_a_policy_allows_what_it_is_for(hub, policy, method, path, status):
    with Client(hub, hub.service_token(policy)) as client:
        assert client.ask(method, path)[0] == status


def test_what_is_not_there_is_404_and_what_cannot_be_done_405(client):
    assert client.ask("GET", "/nothing")[0] == 404
    assert client.ask("GET", "/")[0] == 404
    assert client.ask("DELETE", "/twins/device")[0] == 405


def test_a_question_for_the_head_alone_gets_no_body(client):
    assert client.ask("HEAD", "/twins/device") == (405, None)
    assert client.ask("GET", "/twins/device")[0] == 200


def test_a_service_comes_through_tls():
    with Hub(devices=("device",)) as hub:
        context = ssl.create_default_context(cadata=hub.ca_pem)
        with Client(hub, context=context) as client:
            assert client.ask("GET", "/twins/device")[0] == 200


# --- identities ----------------------------------------------------------------------------------


def test_a_device_is_made_read_changed_and_removed(hub, client):
    status, made = client.ask("PUT", "/devices/new", {"deviceId": "new", "status": "disabled"})
    assert (status, made["deviceId"], made["status"]) == (200, "new", "disabled")
    assert client.headers["ETag"] == f'"{made["etag"]}"'
    assert len(base64.b64decode(made["authentication"]["symmetricKey"]["primaryKey"])) == 32
    assert client.ask("GET", "/devices/new") == (200, made)
    made["status"] = "enabled"
    status, changed = client.ask("PUT", "/devices/new", made, If_Match=f'"{made["etag"]}"')
    assert (status, changed["status"]) == (200, "enabled")
    assert changed["etag"] != made["etag"]
    with connected(hub, "new"):
        assert client.ask("GET", "/devices/new")[1]["connectionState"] == "Connected"
    assert client.ask("DELETE", "/devices/new", If_Match='"*"') == (204, None)
    assert client.ask("GET", "/devices/new")[0] == 404


def test_a_device_is_made_once_and_changed_by_who_has_read_it(client):
    status, document = client.ask("PUT", "/devices/device", {"deviceId": "device"})
    assert status == 409
    assert document["Message"].startswith("ErrorCode:DeviceAlreadyExists")
    assert client.headers["iothub-errorcode"] == "DeviceAlreadyExists"
    assert client.reason == "Conflict"
    assert client.ask("PUT", "/devices/device", {}, If_Match='"former"')[0] == 412
    assert client.ask("DELETE", "/devices/device", If_Match='"former"')[0] == 412
    assert client.ask("PUT", "/devices/device", {}, If_Match='"*"')[0] == 200
    assert client.ask("PUT", "/devices/nobody", {}, If_Match='"*"')[0] == 404


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"deviceId": "other"}'])
def test_a_bad_document_is_400(client, body):
    assert client.ask("PUT", "/devices/new", body)[0] == 400
    assert client.ask("GET", "/devices/new")[0] == 404


def test_devices_are_listed_and_counted(hub, client):
    hub.add_device("second", enabled=False)
    with connected(hub):
        devices = client.ask("GET", "/devices")[1]
        assert [one["deviceId"] for one in devices] == ["device", "second"]
        assert client.ask("GET", "/statistics/devices")[1] == {
            "totalDeviceCount": 2,
            "enabledDeviceCount": 1,
            "disabledDeviceCount": 1,
        }
        assert client.ask("GET", "/statistics/service")[1] == {"connectedDeviceCount": 1}
    client.send("GET", "/devices" + VERSION + "&top=1&x=")
    assert len(client.answer()[1]) == 1


def test_modules_are_made_and_listed(hub, client):
    status, module = client.ask("PUT", "/devices/device/modules/second", {})
    assert (status, module["moduleId"]) == (200, "second")
    modules = client.ask("GET", "/devices/device/modules")[1]
    assert [one["moduleId"] for one in modules] == ["module", "second"]
    assert client.ask("GET", "/devices/device/modules/module")[1] == modules[0]
    assert client.ask("DELETE", "/devices/device/modules/second")[0] == 204
    assert client.ask("GET", "/devices/device/modules/second")[0] == 404
    assert client.ask("PUT", "/devices/nobody/modules/a", {})[0] == 404
    with connected(hub, "device", "module"):
        pass


def test_names_in_a_path_are_encoded(hub, client):
    assert client.ask("PUT", "/devices/a%3Ab%25", {})[1]["deviceId"] == "a:b%"
    assert client.ask("GET", "/devices/a:b%25")[0] == 200
    assert hub.key("a:b%")


# --- twins ---------------------------------------------------------------------------------------


def test_a_twin_is_patched_and_its_device_told(hub, client):
    status, before = client.ask("GET", "/twins/device")
    assert (status, before["deviceId"]) == (200, "device")
    with subscribed(hub, DESIRED) as device:
        patch = {"tags": {"place": "cellar"}, "properties": {"desired": {"a": 1}}}
        etag = f'"{before["etag"]}"'
        status, after = client.ask("PATCH", "/twins/device", patch, If_Match=etag)
        assert json.loads(device.take().payload) == {"a": 1, "$version": 2}
    assert (status, after["tags"]) == (200, {"place": "cellar"})
    assert after["properties"]["desired"]["a"] == 1
    assert client.headers["ETag"] == f'"{after["etag"]}"'
    assert client.ask("PATCH", "/twins/device", patch, If_Match=etag)[0] == 412


def test_a_twin_is_replaced(hub, client):
    hub.patch_twin("device", {"a": 1, "b": 1}, tags={"c": 1})
    document = {"properties": {"desired": {"b": 2}}}
    status, twin = client.ask("PUT", "/twins/device", document, If_Match='"*"')
    desired = twin["properties"]["desired"]
    assert (status, desired["b"], "a" in desired) == (200, 2, False)


def test_a_module_has_a_twin(client):
    patch = {"properties": {"desired": {"a": 1}}}
    status, twin = client.ask("PATCH", "/twins/device/modules/module", patch)
    assert (status, twin["moduleId"]) == (200, "module")
    assert client.ask("GET", "/twins/device/modules/module")[1] == twin
    assert "a" not in client.ask("GET", "/twins/device")[1]["properties"]["desired"]


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"properties": {"desired": {"$a": 1}}}'])
def test_a_bad_patch_is_400(client, body):
    before = client.ask("GET", "/twins/device")
    assert client.ask("PATCH", "/twins/device", body)[0] == 400
    assert client.ask("GET", "/twins/device") == before


# --- methods -------------------------------------------------------------------------------------


def test_a_method_is_called(hub, client):
    with subscribed(hub, METHODS) as device:
        client.send("POST", "/twins/device/methods", {"methodName": "add", "payload": [1, 2]})
        device.hear(Publish("$iothub/methods/POST/add/?$rid=1", b"[1,2]"))
        device.publish("$iothub/methods/res/201/?$rid=1", b'{"sum": 3}')
        assert client.answer() == (200, {"status": 201, "payload": {"sum": 3}})
        # The connection goes on, and a call without a payload has an empty body.
        client.send("POST", "/twins/device/methods", {"methodName": "stop"})
        device.hear(Publish("$iothub/methods/POST/stop/?$rid=2", b""))
        device.publish("$iothub/methods/res/200/?$rid=2", b"")
        assert client.answer() == (200, {"status": 200, "payload": None})


def test_a_method_of_a_module_is_called(hub, client):
    with connected(hub, "device", "module") as device:
        device.subscribe(METHODS)
        client.send("POST", "/twins/device/modules/module/methods", {"methodName": "a"})
        device.hear(Publish("$iothub/methods/POST/a/?$rid=1"))
        device.publish("$iothub/methods/res/200/?$rid=1", b"1")
        assert client.answer()[1]["payload"] == 1


def test_nobody_there_is_404_and_no_answer_504(hub, client, clock):
    call = {"methodName": "reboot", "responseTimeoutInSeconds": 10}
    status, document = client.ask("POST", "/twins/device/methods", call)
    assert (status, document["ExceptionMessage"]) == (404, "404103")
    with subscribed(hub, METHODS) as device:
        client.send("POST", "/twins/device/methods", call)
        device.take()
        forward(hub, clock, 10)
        assert client.answer()[0] == 504
        client.send("POST", "/twins/device/methods", call)
        device.take()
        device.publish("$iothub/methods/res/200/?$rid=3", b"{")
        assert client.answer()[0] == 502


def test_a_call_may_wait_for_its_device(hub, client):
    call = {"methodName": "reboot", "connectTimeoutInSeconds": 10}
    client.send("POST", "/twins/device/methods", call)
    with subscribed(hub, METHODS) as device:
        device.hear(Publish("$iothub/methods/POST/reboot/?$rid=1"))
        device.publish("$iothub/methods/res/200/?$rid=1")
        assert client.answer()[0] == 200


@pytest.mark.parametrize(
    "call",
    [
        {},
        {"methodName": 1},
        {"methodName": ""},
        {"methodName": "a", "connectTimeoutInSeconds": "x"},
        {"methodName": "a", "responseTimeoutInSeconds": 1000},
    ],
)
def test_a_bad_call_is_400(client, call):
    assert client.ask("POST", "/twins/device/methods", call)[0] == 400


def test_a_service_that_hangs_up_disturbs_nobody(hub, client):
    with subscribed(hub, METHODS) as device:
        client.send("POST", "/twins/device/methods", {"methodName": "reboot"})
        device.take()
        client.http.close()
        device.publish("$iothub/methods/res/200/?$rid=1", b"")
        device.hear_nothing()


# --- messages, feedback and events ---------------------------------------------------------------


def test_a_message_is_sent_and_its_end_told(hub, client):
    with subscribed(hub, CLOUD_MESSAGES) as device:
        status, _ = client.ask(
            "POST",
            "/messages/devicebound",
            b"hello",
            iothub_to="/devices/device/messages/devicebound",
            iothub_messageid="m1",
            iothub_ack="full",
            iothub_app_Place="cellar",
        )
        packet = device.take()
        assert (status, packet.payload) == (204, b"hello")
        assert "%24.mid=m1&" in packet.topic
        assert packet.topic.endswith("&iothub-ack=full&Place=cellar")
        assert client.ask("GET", "/messages/serviceBound/feedback") == (200, [])
        device.say(Puback(packet.packet_id))
        device.hear_nothing()
    (record,) = client.ask("GET", "/messages/serviceBound/feedback")[1]
    assert (record["originalMessageId"], record["statusCode"]) == ("m1", "Success")
    assert client.ask("GET", "/messages/serviceBound/feedback") == (200, [])


def test_waiting_messages_are_counted_and_purged(hub, client):
    for _ in range(3):
        hub.send_message("device", b"x")
    assert client.ask("GET", "/devices/device")[1]["cloudToDeviceMessageCount"] == 3
    assert client.ask("DELETE", "/devices/device/commands")[1]["totalMessagesPurged"] == 3
    assert client.ask("GET", "/devices/device")[1]["cloudToDeviceMessageCount"] == 0


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 400),
        ({"iothub_to": "device"}, 400),
        ({"iothub_to": "/devices/nobody/messages/devicebound"}, 404),
        ({"iothub_to": "/devices/device/messages/devicebound", "iothub_ack": "often"}, 400),
        ({"iothub_to": "/devices/device/messages/devicebound", "iothub_expiry": "soon"}, 400),
    ],
)
def test_a_bad_message_is_refused(client, headers, status):
    assert client.ask("POST", "/messages/devicebound", b"x", **headers)[0] == status


def test_a_full_queue_and_a_large_message_are_refused(client):
    to = "/devices/device/messages/devicebound"
    status, _ = client.ask("POST", "/messages/devicebound", bytes(65_537), iothub_to=to)
    assert status == 413
    answers = [
        client.ask("POST", "/messages/devicebound", b"x", iothub_to=to)[0] for _ in range(51)
    ]
    assert answers == [204] * 50 + [403]


def test_events_can_be_read(hub, client):
    hub.add_device("other")
    with connected(hub) as device, connected(hub, "other") as other:
        device.publish(EVENTS + "a=1&%24.ct=text%2Fplain", b"\xff")
        other.publish("devices/other/messages/events/", b"2")
        device.publish(EVENTS, b"3")
    first, *rest = client.ask("GET", "/events")[1]
    assert (first["sequenceNumber"], first["deviceId"]) == (0, "device")
    assert (base64.b64decode(first["body"]), first["properties"]) == (b"\xff", {"a": "1"})
    assert first["systemProperties"]["content-type"] == "text/plain"
    assert first["enqueuedTime"].startswith("2027-01-15T08:00:00")
    assert len(rest) == 2
    client.send("GET", path_events("from=1&device=device&x="))
    assert [base64.b64decode(one["body"]) for one in client.answer()[1]] == [b"3"]
    client.send("GET", path_events("from=x&y="))
    assert client.answer()[0] == 400


# --- HTTP itself ---------------------------------------------------------------------------------


def request(hub, method="GET", path="/twins/device", rest=""):
    """A request as bytes."""
    token = hub.service_token()
    head = f"{method} {path} HTTP/1.1\r\nHost: a\r\nAuthorization: {token}\r\n{rest}\r\n"
    return head.encode()


def statuses(data):
    """The status of each answer in the bytes."""
    return [int(part[:3]) for part in data.split(b"HTTP/1.1 ")[1:]]


def test_many_requests_in_one_piece_are_answered_in_order(hub):
    last = request(hub, path="/devices/nobody", rest="Connection: close\r\n")
    with Device(hub) as device:
        device.socket.sendall(request(hub) * 300 + last)
        assert statuses(device.read_to_the_end()) == [200] * 300 + [404]


def test_one_byte_at_a_time(hub):
    rest = "Connection: close\r\nContent-Length: 2\r\n"
    with Device(hub) as device:
        for byte in request(hub, "PATCH", rest=rest) + b"{}":
            device.socket.sendall(bytes((byte,)))
        assert statuses(device.read_to_the_end()) == [200]


def test_who_asks_first_is_told_to_go_on(hub):
    rest = "Connection: close\r\nContent-Length: 2\r\nExpect: 100-continue\r\n"
    with Device(hub) as device:
        device.socket.sendall(request(hub, "PATCH", rest=rest))
        assert device.socket.recv(100).startswith(b"HTTP/1.1 100 ")
        device.socket.sendall(b"{}")
        assert statuses(device.read_to_the_end()) == [200]


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (b"GET nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400),
        (b"GET /" + b"a" * 20_000, 431),
        (b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n" + bytes(1_048_577), 413),
    ],
)
def test_what_is_no_http_is_refused(hub, said, status):
    with Device(hub) as device:
        device.socket.sendall(said)
        assert statuses(device.read_to_the_end()) == [status]
    with connected(hub) as device:
        device.hear_nothing()


def test_a_device_and_a_service_share_a_port(hub, client):
    with Device(hub) as device:
        device.say(connect_packet(hub))
        device.take()
        assert client.ask("GET", "/twins/device")[1]["connectionState"] == "Connected"
