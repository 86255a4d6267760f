# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Each function of the hub client answers as NetX's does, and looks at things in the same order.

First the control block, then whether it is initialized, then the arguments, then whether the
feature is enabled, then whether there is a link. Under the kernel calls that wait are awaited.
"""

import pytest
from azure_bench import CONNECTED, CONNECTING, HOUR, IDLE, MINUTE, Device, good, taken
from doubles.dialects import ALL
from doubles.played_hub import HOST
from kernel_bench import Kernel

from nxd_mqtt.azure_iot import *
from nxd_mqtt.nxd import NX_WAIT_FOREVER as FOREVER
from nxd_mqtt.nxd import (
    NXD_MQTT_CLIENT,
    NXD_MQTT_CONNECT_FAILURE,
    NXD_MQTT_ERROR_NOT_AUTHORIZED,
    NXD_MQTT_INVALID_STATE,
    NXD_MQTT_PACKET_POOL_FAILURE,
)
from nxd_mqtt.tls import NX_SECURE_X509_CERT
from nxd_mqtt.tx import NX_WAIT_ERROR, tx_thread_create, tx_thread_sleep, tx_wait

BAD = NX_AZURE_IOT_INVALID_PARAMETER
OFF = NX_AZURE_IOT_NOT_ENABLED
AWAY = NX_AZURE_IOT_DISCONNECTED
NOTHING = NX_AZURE_IOT_NO_PACKET

# What is no wait.
WAITS = [None, -1, "1", 1.5, 1 << 32]
TEXTS = [None, "", 5, 1.5, b"\xff", "\ud800", "a\0"]


class Row:
    """A function of the hub client.

    :param name: without what all names begin with
    :param good: arguments behind the hub that are right
    :param bad: lists of wrong values for each of them
    :param empty: what follows the status in an answer that has nothing
    :param feature: which one it belongs to
    """

    def __init__(self, name, good=(), bad=(), empty=(), feature=None):
        self.name, self.good, self.bad, self.empty = name, good, bad, empty
        self.feature = feature
        self.function = globals()["nx_azure_iot_hub_client_" + name]

    def __str__(self):
        return self.name

    def status(self, hub, *arguments):
        """The status of a call; what follows it must be nothing."""
        found = self.function(hub, *(arguments or self.good))
        if not self.empty:
            assert isinstance(found, int)
            return found
        assert found[1:] == self.empty or not found[0]
        return found[0]

    def calls(self):
        """Arguments of which one is wrong."""
        for place, values in enumerate(self.bad):
            for value in values:
                yield (*self.good[:place], value, *self.good[place + 1 :])


def begun():
    """Telemetry that is begun, of any hub."""
    return NX_PACKET(b"devices/dev1/messages/events/", None, 500)


def received():
    """A message from the cloud."""
    return NX_PACKET(b"devices/dev1/messages/devicebound/a=1", b"")


NO_PACKETS = [None, 5, "packet", NX_PACKET(None, None)]
PACKET, TWO_PACKETS = (None,), (None, None, None)

ROWS = [
    Row("symmetric_key_set", ("YQ==",), [[None, "", 5, "no base64"]]),
    Row("sas_token_set", ("SharedAccessSignature se=1",), [TEXTS]),
    Row("token_life_set", (60,), [[None, 59, 31_536_001, "60", 60.5]]),
    Row("device_cert_set", bad=[[None, 5, "pem", NX_SECURE_X509_CERT()]], good=(None,)),
    Row("trusted_cert_add", bad=[[None, 5, "pem", NX_SECURE_X509_CERT()]], good=(None,)),
    Row("model_id_set", ("dtmi:a;1",), [TEXTS]),
    Row("component_add", ("thermostat",), [TEXTS]),
    Row("websocket_enable"),
    Row("server_set", ("h", 0, 1), [TEXTS[1:], [None, -1, 65536, "1"], [None, 2, "1"]]),
    Row("reconnect_set", (1, 2), [[None, 0, 3, "1"], [None, 0, "1", 1 << 40]]),
    Row("connect", (0, 0), [[], WAITS]),
    Row("disconnect"),
    Row("deinitialize"),
    Row("connection_status_callback_set", (print,), [[5, "f"]]),
    Row("receive_callback_set", (1, print, None), [[], [5, "f"]]),
    Row("statistics_get", empty=PACKET),
    Row("cloud_message_enable"),
    Row("cloud_message_disable", feature="cloud"),
    Row("cloud_message_receive", (0,), [WAITS], PACKET, "cloud"),
    Row("cloud_message_property_get", (received(), "a"), [NO_PACKETS, TEXTS], PACKET),
    Row("cloud_message_properties_get", (received(),), [NO_PACKETS], PACKET),
    Row("direct_method_enable"),
    Row("direct_method_disable", feature="methods"),
    Row("direct_method_message_receive", (0,), [WAITS], TWO_PACKETS, "methods"),
    Row("command_message_receive", (0,), [WAITS], (*TWO_PACKETS, None), "methods"),
    Row("device_twin_enable"),
    Row("device_twin_disable", feature="twin"),
    Row(
        "device_twin_reported_properties_send",
        (b"{}", 0),
        [[None, "", b"", 5, "\ud800"], WAITS],
        (0, 0, 0),
        "twin",
    ),
    Row("reported_properties_send", (b"{}", 0), [[None, b"", 5], WAITS], (0, 0, 0), "twin"),
    Row("device_twin_properties_request", (0,), [WAITS], feature="twin"),
    Row("device_twin_properties_receive", (0,), [WAITS], PACKET, "twin"),
    Row("device_twin_desired_properties_receive", (0,), [WAITS], PACKET, "twin"),
    Row("reported_properties_response_callback_set", (print, None), [[5, "f"]], feature="twin"),
    Row("telemetry_message_create", (0,), empty=PACKET),
    Row("telemetry_send", (begun(), b"", 0), [NO_PACKETS, [5, "\ud800", [1]], WAITS]),
    Row("telemetry_send_extended", (begun(), b"", 0), [NO_PACKETS, [5, [1]], WAITS], (0,)),
    Row("telemetry_ack_callback_set", (print,), [[5, "f"]]),
    Row(
        "will_message_set",
        (begun(), b"", 1),
        [NO_PACKETS, [5, bytes(65536)], [None, -1, 2, 3, "1"]],
    ),
    Row("direct_method_message_response", (200, None, b"", 0), [["200"], [None, 5], [5], WAITS]),
]
OF_FEATURES = [row for row in ROWS if row.feature]


# --- the order of checks -------------------------------------------------------------------------


@pytest.mark.parametrize("hub", [None, 5, "hub", object(), NXD_MQTT_CLIENT()], ids=repr)
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_first_what_is_no_hub_client_is_a_wrong_parameter(row, hub):
    assert row.status(hub) == BAD
    for arguments in row.calls():
        assert row.status(hub, *arguments) == BAD


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_then_a_hub_client_must_be_initialized(row):
    for hub in (NX_AZURE_IOT_HUB_CLIENT(), given_up()):
        assert row.status(hub) == NX_AZURE_IOT_NOT_INITIALIZED
        for arguments in row.calls():
            assert row.status(hub, *arguments) == NX_AZURE_IOT_NOT_INITIALIZED


def given_up():
    """A hub client that was there."""
    device = Device().connect()
    good(nx_azure_iot_hub_client_deinitialize(device.client))
    return device.client


@pytest.mark.parametrize("features", [(), ("cloud", "methods", "twin")], ids=["off", "on"])
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_then_the_arguments_must_be_right(row, features):
    device = Device(features=features)
    for arguments in row.calls():
        assert row.status(device.client, *arguments) == BAD, arguments
        assert device.client.reason[:2] == ("call", BAD)
    assert (device.state, device.hub.attempts) == (IDLE, [])


@pytest.mark.parametrize("up", [False, True], ids=["away", "up"])
@pytest.mark.parametrize("row", OF_FEATURES, ids=str)
def test_then_the_feature_must_be_enabled(row, up):
    device = Device(features=())
    if up:
        device.connect()
    assert row.status(device.client) == OFF


AWAY_ROWS = [row for row in OF_FEATURES if not row.name.endswith("callback_set")]


@pytest.mark.parametrize("wait", [0, 100, FOREVER])
@pytest.mark.parametrize("row", AWAY_ROWS, ids=str)
def test_then_there_must_be_a_link(row, wait):
    device = Device()
    arguments = (*row.good[:-1], wait) if row.good else ()
    assert row.status(device.client, *arguments) == AWAY
    assert device.clock.elapsed == 0


@pytest.mark.parametrize("wait", [0, 100, FOREVER])
def test_without_a_link_telemetry_and_answers_are_refused_and_stay_the_program_s(wait):
    device = Device().connect()
    device.hub.call("m")
    _, _, context, _ = device.method(10)
    packet = device.message(("a", "1"))
    device.disconnect()
    assert nx_azure_iot_hub_client_telemetry_send(device.client, packet, b"x", wait) == AWAY
    assert device.respond(context, wait=wait) == AWAY
    good(device.start())
    good(nx_azure_iot_hub_client_telemetry_send(device.client, packet, b"x", wait))
    good(device.respond(context, wait=wait))
    device.poll()
    assert device.payloads() == [b"x"]
    assert len(device.hub.method_answers) == 1


RECEIVING = ["cloud_message", "method", "document", "desired"]


@pytest.mark.parametrize("receive", RECEIVING)
def test_a_wait_for_what_does_not_come_takes_as_long_as_it_says(receive):
    device = Device().connect()
    before = device.clock.elapsed
    assert getattr(device, receive)(0)[0] == NOTHING
    assert device.clock.elapsed == before
    assert getattr(device, receive)(150)[0] == NOTHING
    assert device.clock.elapsed == before + 1500


@pytest.mark.parametrize("receive", RECEIVING)
@pytest.mark.parametrize("wait", [1000, FOREVER])
def test_who_waits_when_the_link_is_lost_is_told_at_once(receive, wait):
    device = Device().connect()
    device.clock.later(3000, device.hub.cut)
    assert getattr(device, receive)(wait)[0] == AWAY
    assert device.clock.elapsed == 3000


def test_what_was_received_can_be_taken_without_a_link():
    device = Device().connect()
    device.hub.cloud_message(b"c")
    device.hub.call("m")
    device.hub.change(a=1)
    good(device.request())
    device.polls(8)
    device.hub.cut()
    device.polls()
    assert device.state == IDLE
    assert device.cloud_message() == (0, b"c")
    assert device.method()[:2] == (0, "m")
    assert device.desired()[0] == device.document()[0] == 0
    assert device.cloud_message()[0] == AWAY


def test_a_disconnect_lets_go_of_what_was_received():
    device = Device().connect()
    device.hub.cloud_message(b"c")
    device.hub.call("m")
    device.polls(8)
    device.disconnect()
    assert device.cloud_message()[0] == device.method()[0] == AWAY
    device.works()


# --- connect and disconnect ----------------------------------------------------------------------


def test_connect_answers_by_the_state():
    device = Device()
    device.hub.latency = 100
    assert device.start(0) == NX_AZURE_IOT_CONNECTING
    assert device.start(0) == NX_AZURE_IOT_CONNECTING
    assert device.start(500) == NX_AZURE_IOT_CONNECTING
    device.run(500)
    assert device.told == [0]
    for wait in (0, 500):
        assert device.start(wait) == NX_AZURE_IOT_ALREADY_CONNECTED
    assert len(device.hub.attempts) == 1


def test_a_connect_that_waits_joins_the_attempts_of_a_client_that_reconnects():
    device = Device(again=(10, 100))
    device.network = False
    assert device.start(50) == NX_AZURE_IOT_CONNECTING
    device.network = True
    assert device.start(500) == 0
    assert device.told == [0]


def test_the_callback_is_told_in_blocking_mode_too():
    device = Device()
    device.network = False
    assert device.start(500) == NXD_MQTT_CONNECT_FAILURE
    device.network = True
    assert device.start(500) == 0
    device.hub.code = 5
    device.disconnect()
    assert device.start(500) == NXD_MQTT_ERROR_NOT_AUTHORIZED
    assert device.told == [NXD_MQTT_CONNECT_FAILURE, 0, NXD_MQTT_ERROR_NOT_AUTHORIZED]


def test_a_wait_that_is_over_is_told_once():
    device = Device()
    device.hub.latency = 10_000
    status = device.start(100)
    assert status not in (0, NX_AZURE_IOT_CONNECTING)
    assert device.told == [status]
    device.run(MINUTE)
    assert device.told == [status]


def test_a_disconnect_is_not_told_and_may_come_at_any_time():
    device = Device()
    for prepare in (lambda: None, lambda: device.start(0), lambda: device.start(500)):
        prepare()
        device.disconnect()
        device.polls()
        assert device.state == IDLE
    assert AWAY not in device.told
    device.works()


def test_a_loss_is_told_only_of_a_link_that_was_there():
    device = Device().connect()
    device.hub.cut()
    device.polls()
    assert device.told == [AWAY]
    device.polls(10)
    device.run(MINUTE)
    assert device.told == [AWAY]


def test_the_callback_may_connect_again():
    """NetX's sample has a loop for it; here the callback can do it."""
    device = Device()
    device.doing["status"] = lambda status: status and device.start(0)
    device.connect()
    for _ in range(3):
        device.run(MINUTE)
        device.hub.cut()
        device.run(1000)
        assert device.state == CONNECTED
    assert device.told == [AWAY, 0] * 3


def test_the_callback_may_disconnect():
    device = Device()
    device.doing["status"] = lambda status: device.disconnect()
    device.start(500)
    device.polls()
    assert (device.state, device.told) == (IDLE, [0])
    device.doing.clear()
    device.works()


def test_reconnection_is_set_without_a_link():
    device = Device().connect()
    status = nx_azure_iot_hub_client_reconnect_set(device.client, 1, 2)
    assert status == NXD_MQTT_INVALID_STATE
    device.disconnect()
    good(nx_azure_iot_hub_client_reconnect_set(device.client, 1, 2))
    good(nx_azure_iot_hub_client_reconnect_set(device.client, 0, 0))
    device.works()


# --- limits --------------------------------------------------------------------------------------


def test_there_is_room_for_as_many_as_in_c():
    device = Device()
    certificate = NX_SECURE_X509_CERT()
    certificate.data = b"a certificate"
    full = NX_AZURE_IOT_INSUFFICIENT_BUFFER_SPACE
    for function, thing, most in (
        (nx_azure_iot_hub_client_trusted_cert_add, certificate, 4),
        (nx_azure_iot_hub_client_device_cert_set, certificate, 2),
        (nx_azure_iot_hub_client_component_add, "thermostat", 4),
    ):
        found = [function(device.client, thing) for _ in range(most + 2)]
        assert found == [0] * most + [full] * 2


@pytest.mark.parametrize("kind", [0, 3, 5, 9, 16, -1, None, "1", 1.5, [1]])
def test_a_type_of_message_that_is_none_is_not_supported(kind):
    status = nx_azure_iot_hub_client_receive_callback_set(Device().client, kind, print)
    assert status == NX_AZURE_IOT_NOT_SUPPORTED


def test_properties_are_the_twin_by_another_name():
    """An answer that is not there yet is a success, without a status of the hub's."""
    device = Device().connect()
    device.hub.mute.add("report")
    found = nx_azure_iot_hub_client_reported_properties_send(device.client, "{}", 10)
    assert (found[0], found[2:]) == (0, (0, 0))
    assert found[1] > 0
    device.hub.mute.clear()
    found = nx_azure_iot_hub_client_reported_properties_send(device.client, '{"a":1}', 10)
    assert (found[0], found[2:]) == (0, (204, 1))


def test_request_identifiers_are_odd_for_reports_and_even_for_questions():
    device = Device().connect()
    for _ in range(3):
        device.report()
        good(device.request())
    device.polls()
    assert all(int(request) % 2 for request, _ in device.hub.patches)
    assert not any(int(request) % 2 for request in device.hub.asked)
    assert len({*device.hub.asked}) == 3


def test_a_command_tells_its_component():
    device = Device().connect()
    for name, expected in (("a*b", ("a", "b")), ("b", (None, "b")), ("a*b*c", ("a", "b*c"))):
        device.hub.call(name)
        found = nx_azure_iot_hub_client_command_message_receive(device.client, 10)
        assert (found[0], found[1:3]) == (0, expected)


def test_an_empty_answer_to_a_method_becomes_an_object():
    device = Device().connect()
    for payload in (None, b"", ""):
        device.hub.call("m")
        _, _, context, _ = device.method(10)
        good(device.respond(context, payload))
    device.polls()
    assert [answer[2] for answer in device.hub.method_answers] == [b"{}"] * 3


def test_only_telemetry_is_told_to_the_acknowledgement_callback():
    device = Device().connect()
    found = nx_azure_iot_hub_client_telemetry_send_extended(
        device.client, device.message(), b"1", 0
    )
    assert found[0] == 0
    assert device.report(wait=100)[0] == 0
    device.hub.call("m")
    good(device.respond(device.method(10)[2]))
    device.telemetry(b"0", quality=0)
    device.polls()
    assert device.acknowledged == [found[1]]


@pytest.mark.parametrize("again", [None, (10, 100)])
def test_azure_can_be_given_up_and_made_again(again):
    device = Device(again=again).connect()
    for _ in range(3):
        good(nx_azure_iot_hub_client_deinitialize(device.client))
        assert device.state == 0
        device.initialize()
        good(nx_azure_iot_hub_client_symmetric_key_set(device.client, device.given_key))
        good(device.start())
        good(device.telemetry(b"x"))
    assert device.sockets.open_now == 1
    good(nx_azure_iot_delete(device.azure))
    assert nx_azure_iot_delete(None) == BAD
    other = NX_AZURE_IOT_HUB_CLIENT()
    status = nx_azure_iot_hub_client_initialize(other, device.azure, HOST, "dev1")
    assert status == NX_AZURE_IOT_NOT_INITIALIZED


def test_a_client_that_is_initialized_is_not_initialized_again():
    device = Device().connect()
    status = nx_azure_iot_hub_client_initialize(device.client, device.azure, HOST, "dev1")
    assert status not in (0, BAD)
    device.works()


# --- waits inside callbacks ----------------------------------------------------------------------


def test_a_wait_in_a_callback_is_none():
    device = Device().connect()
    found = []

    def ask(client, _):
        found.append(device.cloud_message(100))
        found.append(device.cloud_message(100)[0])
        found.append(device.method(FOREVER)[0])
        found.append(device.report(wait=FOREVER)[0])

    good(nx_azure_iot_hub_client_receive_callback_set(device.client, 1, ask))
    device.hub.cloud_message(b"c")
    before = device.clock.elapsed
    device.polls(8)
    assert found == [(0, b"c"), NOTHING, NOTHING, NOTHING]
    assert device.clock.elapsed == before
    good(nx_azure_iot_hub_client_receive_callback_set(device.client, 1, None))
    device.works()


def test_callbacks_do_not_nest():
    """What comes while a callback polls is told when it has returned."""
    device = Device().connect()
    depth, deepest = [0], [0]

    def deep(client, _):
        depth[0] += 1
        deepest[0] = max(deepest[0], depth[0])
        device.hub.cloud_message(b"more") if len(device.hub.cloud) < 3 else None
        device.polls()
        depth[0] -= 1

    for kind in (1, 2, 8):
        good(nx_azure_iot_hub_client_receive_callback_set(device.client, kind, deep))
    device.hub.call("m")
    device.hub.change(a=1)
    device.polls(8)
    assert deepest == [1]


def test_what_a_callback_raises_is_raised_by_poll_and_stops_nothing():
    class OwnError(Exception):
        pass

    device = Device(again=(10, 100)).connect()

    def fail(*_):
        raise OwnError

    for kind in (1, 2, 8):
        good(nx_azure_iot_hub_client_receive_callback_set(device.client, kind, fail))
    device.hub.cloud_message(b"c")
    device.hub.call("m")
    device.hub.change(a=1)
    raised = 0
    for _ in range(10):
        try:
            device.poll()
        except OwnError:
            raised += 1
    assert raised == 3
    assert device.cloud_message() == (0, b"c")
    assert device.method()[:2] == (0, "m")
    assert device.desired()[0] == 0
    for kind in (1, 2, 8):
        good(nx_azure_iot_hub_client_receive_callback_set(device.client, kind, None))
    device.doing["status"] = fail
    device.hub.cut()
    with pytest.raises(OwnError):
        device.run(10_000)
    with pytest.raises(OwnError):
        device.run(10_000)
    device.doing.clear()
    device.works()


ENDINGS = ["status", "lost", "cloud", "methods", "document", "desired", "answer", "acknowledged"]


def callback_set(device, which, callback):
    """Set one of the callbacks of a device."""
    client = device.client
    kinds = {"cloud": 1, "methods": 2, "document": 4, "desired": 8}
    if which in kinds:
        good(nx_azure_iot_hub_client_receive_callback_set(client, kinds[which], callback))
    elif which == "answer":
        set_callback = nx_azure_iot_hub_client_reported_properties_response_callback_set
        good(set_callback(client, callback))
    elif which == "acknowledged":
        good(nx_azure_iot_hub_client_telemetry_ack_callback_set(client, callback))
    else:
        device.doing["status"] = lambda status: callback(client, status)


@pytest.mark.parametrize("anew", [False, True], ids=["gone", "anew"])
@pytest.mark.parametrize("which", ENDINGS)
def test_any_callback_may_give_the_client_up(which, anew):
    device = Device().connect()
    called = []

    def end(*_):
        called.append(which)
        callback_set(device, which, None if which not in ("status", "lost") else print)
        good(nx_azure_iot_hub_client_deinitialize(device.client))
        if anew:
            device.begin()
            assert device.start(0) == NX_AZURE_IOT_CONNECTING

    callback_set(device, which, end)
    for _ in range(2):
        device.hub.cloud_message(b"c")
    device.hub.call("m")
    device.hub.change(a=1)
    good(device.request())
    assert device.report()[0] == NOTHING
    good(device.telemetry(b"x"))
    if which == "status":
        device.disconnect()
        device.start(500)
    if which == "lost":
        device.hub.cut()
    device.polls(8)
    assert called == [which]
    device.doing.clear()
    if anew:
        device.works()
    assert (device.state, device.sockets.open_now) == ((CONNECTED, 1) if anew else (0, 0))


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_the_smallest_stores_are_enough_for_everything(depth):
    """Four subscriptions and a question for the twin share what room there is."""
    device = Device(depth=depth, again=(10, 100)).connect()
    device.works()
    device.hub.cut()
    device.works()
    device.hub.cut()
    device.hub.forget()
    device.works()


@pytest.mark.parametrize("dialect", ALL, ids=str)
def test_any_socket_stack_will_do(dialect):
    device = Device(dialect=dialect, again=(10, 100)).connect()
    device.works()
    device.hub.cut()
    # Some stacks do not tell of a reset; the next ping does.
    device.run(10 * MINUTE)
    device.works()
    device.run(HOUR)
    assert device.statistics["renewals"] == 1
    assert device.hub.refused == []


# --- under the kernel ----------------------------------------------------------------------------


class HubKernel(Kernel):
    """An application of threads with a hub client that the kernel runs."""

    def _define(self, _):
        self.app = Device(ip=self.ip, **self.measures)
        for thread, entry, priority in self.entries:
            good(tx_thread_create(thread, "t", lambda _, entry=entry: entry(), 0, 0, 0, priority))

    async def call(self, name, *arguments):
        """Await a function of the hub client."""
        return await tx_wait(globals()["nx_azure_iot_hub_client_" + name], self.client, *arguments)


def kernel_story(story, **measures):
    """Run a thread of a program; the client is given up at its end."""
    kernel = HubKernel(**measures)
    ended = []

    async def entry():
        try:
            await story(kernel, kernel.app)
        finally:
            nx_azure_iot_hub_client_deinitialize(kernel.client)
        ended.append(True)

    kernel.run(entry)
    assert ended


def test_threads_await_everything_that_waits():
    async def story(kernel, device):
        assert await kernel.call("connect", 0, 500) == 0
        assert device.told == [0]
        assert await kernel.call("telemetry_send", device.message(), b"x", 100) == 0
        device.clock.later(700, lambda: device.hub.cloud_message(b"c"))
        assert taken(await kernel.call("cloud_message_receive", 100)) == (0, b"c")
        assert device.clock.elapsed == 700
        device.clock.later(700, lambda: device.hub.call("m"))
        found = await kernel.call("direct_method_message_receive", FOREVER)
        assert found[:2] == (0, "m")
        respond = "direct_method_message_response"
        assert await kernel.call(respond, 200, found[2], b"{}", 100) == 0
        send = "device_twin_reported_properties_send"
        assert (await kernel.call(send, b'{"a":1}', 100))[::2] == (0, 204)
        assert await kernel.call("device_twin_properties_request", 100) == 0
        found = await kernel.call("device_twin_properties_receive", 100)
        assert found[0] == 0
        device.clock.later(700, lambda: device.hub.change(a=1))
        found = await kernel.call("device_twin_desired_properties_receive", 100)
        assert found[0] == 0
        assert await kernel.call("disconnect") == 0
        assert (device.payloads(), len(device.hub.patches)) == ([b"x"], 1)

    kernel_story(story)


def test_threads_are_told_what_they_waited_for_in_vain():
    async def story(kernel, device):
        assert await kernel.call("connect", 0, 500) == 0
        began = device.clock.elapsed
        assert await kernel.call("cloud_message_receive", 50) == (NOTHING, None)
        assert device.clock.elapsed == began + 500
        device.hub.mute.add("report")
        send = "device_twin_reported_properties_send"
        assert (await kernel.call(send, b"{}", 50))[0] == NOTHING
        assert len(device.hub.patches) == 1
        device.clock.later(500, device.hub.cut)
        assert (await kernel.call(send, b"{}", FOREVER))[0] == AWAY
        assert await kernel.call("cloud_message_receive", FOREVER) == (AWAY, None)

    kernel_story(story)


def test_a_thread_that_waits_for_room_gets_it_or_is_told():
    async def story(kernel, device):
        assert await kernel.call("connect", 0, 500) == 0
        device.hub.mute.add("telemetry")
        for _ in range(2):
            assert await kernel.call("telemetry_send", device.message(), b"x", 100) == 0
        full = await kernel.call("telemetry_send", device.message(), b"x", 50)
        assert full == NXD_MQTT_PACKET_POOL_FAILURE
        first = device.hub.events[0].packet_id.to_bytes(2, "big")
        device.clock.later(200, lambda: device.hub.send(b"\x40\x02" + first))
        assert await kernel.call("telemetry_send", device.message(), b"y", 50) == 0

    kernel_story(story, depth=2, features=())


def test_a_call_that_waits_without_being_awaited_is_refused_and_does_nothing():
    async def story(kernel, device):
        assert device.start(500) == NX_WAIT_ERROR
        assert device.state == IDLE
        assert await kernel.call("connect", 0, 500) == 0
        assert device.cloud_message(1)[0] == NX_WAIT_ERROR
        assert device.report(wait=1)[0] == NX_WAIT_ERROR
        assert device.request(1) == NX_WAIT_ERROR
        assert device.telemetry(b"x", wait=1) == NX_WAIT_ERROR
        assert (device.hub.patches, device.hub.asked, device.hub.events) == ([], [], [])
        assert device.cloud_message(0)[0] == NOTHING
        assert device.telemetry(b"x") == 0

    kernel_story(story)


def test_under_the_kernel_tokens_are_renewed_and_nobody_polls():
    async def story(kernel, device):
        assert await kernel.call("connect", 0, 500) == 0
        await tx_thread_sleep(5 * HOUR // 10)
        assert device.statistics["renewals"] == 5
        assert (device.hub.refused, device.hub.expired, device.told) == ([], 0, [0])

    kernel_story(story)


@pytest.mark.parametrize("again", [None, (10, 100)], ids=["alone", "reconnecting"])
def test_a_connect_that_is_awaited_tells_as_one_that_blocks(again):
    async def story(kernel, device):
        device.sockets.refuse(1883)
        status = await kernel.call("connect", 0, 50)
        if again:
            assert (status, device.told, device.state) == (NX_AZURE_IOT_CONNECTING, [], CONNECTING)
        else:
            assert status == NXD_MQTT_CONNECT_FAILURE
            await tx_thread_sleep(1)
            assert device.told == [NXD_MQTT_CONNECT_FAILURE]
        device.sockets.listen(1883, device.hub)
        device.hub.code = 5
        assert await kernel.call("connect", 0, 500) == NXD_MQTT_ERROR_NOT_AUTHORIZED
        await tx_thread_sleep(1)
        assert device.told[-1] == NXD_MQTT_ERROR_NOT_AUTHORIZED
        assert len(device.told) == (1 if again else 2)

    kernel_story(story, again=again)


def test_two_threads_wait_for_two_kinds():
    kernel = HubKernel()
    found = []

    async def clouds():
        while not kernel.app.told:
            await tx_thread_sleep(1)
        found.append(taken(await kernel.call("cloud_message_receive", FOREVER)))

    async def methods():
        while not kernel.app.told:
            await tx_thread_sleep(1)
        found.append((await kernel.call("direct_method_message_receive", FOREVER))[:2])

    async def main():
        assert await kernel.call("connect", 0, 500) == 0
        await tx_thread_sleep(10)
        kernel.app.hub.call("m")
        await tx_thread_sleep(10)
        kernel.app.hub.cloud_message(b"c")
        await tx_thread_sleep(10)
        nx_azure_iot_hub_client_deinitialize(kernel.client)

    kernel.run(clouds, methods, main)
    assert found == [(0, "m"), (0, b"c")]
