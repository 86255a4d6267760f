# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Bad arguments: each gets its status and its reason, and leaves the client as it was."""

import pytest
from doubles.script import DISCONNECT
from netx_frame import HOST, PORT, Frame

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *

INVALID = NXD_MQTT_INVALID_PARAMETER
NO_QOS2 = NXD_MQTT_QOS2_NOT_SUPPORTED
TOO_LARGE = NXD_MQTT_PACKET_POOL_FAILURE
POINTER = NX_PTR_ERROR

LONGEST = 65535
BIG_PACKET = 2 * LONGEST


class Cousin(int):
    """An int of somebody else's making is one all the same."""


NOT_TEXT = {
    "empty": "",
    "empty bytes": b"",
    "None": None,
    "a number": 5,
    "a list": ["t"],
    "an object": object(),
    "a view of numbers": memoryview(bytearray(8)).cast("I"),
    "a view of signed bytes": memoryview(bytearray(b"tttt")).cast("b"),
    "a view of characters": memoryview(bytearray(b"tttt")).cast("c"),
    "a view of a square": memoryview(bytearray(b"tttt")).cast("B", (2, 2)),
    "NUL": "a\0b",
    "NUL in bytes": b"a\0b",
    "no UTF-8": b"a\xff",
    "UTF-8 too long": b"\xc0\xaf",
    "half a character": b"a\xe2\x82",
    "a surrogate": "a\ud800",
    "a surrogate in bytes": b"a\xed\xa0\x80",
    "beyond Unicode": b"\xf4\x90\x80\x80",
    "65,536 bytes": "t" * (LONGEST + 1),
    "65,536 bytes in 32,768 characters": "\u00fc" * (LONGEST // 2 + 1),
}
WITH_WILDCARDS = {"#": "#", "+": "+", "a/#": "a/#", "a+b": "a+b", "+ in bytes": b"+/a"}
NO_FILTERS = {name: name for name in ("a#", "#/a", "a/#/b", "a+", "+a", "a/+b/c", "##", "++", "+#")}
NO_QUALITIES = {2: NO_QOS2, 3: INVALID, 4: INVALID, -1: INVALID, 256: INVALID}
NO_NUMBERS = {"None": None, "text": "1", "bytes": b"1", "a fraction": 1.0, "a list": [1]}
NO_FIELDS = {
    name: value
    for name, value in NOT_TEXT.items()
    if "view" in name or name in ("a number", "a list")
}
NO_FIELDS["65,536 bytes"] = bytes(LONGEST + 1)
NO_FIELDS["a surrogate"] = "\ud800"


def publish(client, topic="t", message="m", retain=0, quality=1, wait=0):
    return nxd_mqtt_client_publish(client, topic, message, retain, quality, wait)


def will(client, topic="t", message="m", retain=0, quality=1):
    return nxd_mqtt_client_will_message_set(client, topic, message, retain, quality)


def subscribe(client, topic="t", quality=1):
    return nxd_mqtt_client_subscribe(client, topic, quality)


def unsubscribe(client, topic="t"):
    return nxd_mqtt_client_unsubscribe(client, topic)


def login(client, username="u", password="p"):
    return nxd_mqtt_client_login_set(client, username, password)


def connect(client, host=HOST, port=PORT, keepalive=0, clean=0, wait=0):
    return nxd_mqtt_client_connect(client, host, port, keepalive, clean, wait)


def timeout(client, which=13, ticks=100):
    return nxd_mqtt_client_timeout_set(client, which, ticks)


def get(client, topic=None, message=None):
    topic = bytearray(8) if topic is None else topic
    message = bytearray(8) if message is None else message
    return nxd_mqtt_client_message_get(client, topic, message)[0]


def with_each(function, argument, values, status):
    """Rows: one argument of a function takes each of the bad values."""
    return [
        pytest.param(
            function, {argument: value}, status, id=f"{function.__name__} {argument} {name}"
        )
        for name, value in values.items()
    ]


def with_qualities(function):
    """Rows: the qualities of service that are not offered."""
    rows = [
        pytest.param(
            function, {"quality": quality}, status, id=f"{function.__name__} QoS {quality}"
        )
        for quality, status in NO_QUALITIES.items()
    ]
    return rows + with_each(function, "quality", NO_NUMBERS, INVALID)


BAD = (
    with_each(publish, "topic", NOT_TEXT, INVALID)
    + with_each(publish, "topic", WITH_WILDCARDS, INVALID)
    + with_qualities(publish)
    + with_each(publish, "message", {**NO_FIELDS, "65,536 bytes": [0]}, INVALID)
    + with_each(publish, "message", {"over the limit": bytes(BIG_PACKET)}, TOO_LARGE)
    + with_each(publish, "wait", {**NO_NUMBERS, "-1": -1, "too long": 1 << 32}, INVALID)
    + with_each(subscribe, "topic", {**NOT_TEXT, **NO_FILTERS}, INVALID)
    + with_qualities(subscribe)
    + with_each(unsubscribe, "topic", {**NOT_TEXT, **NO_FILTERS}, INVALID)
    + with_each(will, "topic", NOT_TEXT, INVALID)
    + with_each(will, "topic", WITH_WILDCARDS, INVALID)
    + with_qualities(will)
    + with_each(will, "message", NO_FIELDS, INVALID)
    + with_each(will, "retain", {**NO_NUMBERS, "2": 2, "-1": -1}, INVALID)
    + with_each(login, "username", {k: v for k, v in NOT_TEXT.items() if v}, INVALID)
    + with_each(login, "password", NO_FIELDS, INVALID)
    + with_each(get, "topic", {"bytes": b"12345678", "text": "12345678", "a number": 8}, INVALID)
    + with_each(get, "message", {"bytes": b"12345678", "text": "12345678", "a list": [0]}, INVALID)
    + with_each(timeout, "which", {**NO_NUMBERS, "1": 1, "-2": -2, "99": 99, "2.0": 2.0}, INVALID)
    + with_each(timeout, "ticks", {**NO_NUMBERS, "-1": -1, "too long": 1 << 31}, INVALID)
    + with_each(nxd_mqtt_client_poll, "wait_option", {**NO_NUMBERS, "-1": -1}, INVALID)
    + with_each(
        nxd_mqtt_client_queue_policy_set,
        "policy",
        {"None": None, "": "", "3": 3, "-1": -1},
        INVALID,
    )
    + with_each(
        nxd_mqtt_client_receive_notify_set, "receive_notify", {"a number": 5, "text": "f"}, POINTER
    )
    + with_each(
        nxd_mqtt_client_disconnect_notify_set, "disconnect_notify", {"a number": 5, "": ""}, POINTER
    )
)

BAD_CONNECTS = (
    with_each(connect, "host", {"None": None, "a number": 5, "bytes": b"broker.test"}, POINTER)
    + with_each(connect, "host", {"empty": ""}, INVALID)
    + with_each(connect, "port", {"0": 0, "-1": -1, "65536": 65536}, NX_INVALID_PORT)
    + with_each(connect, "port", NO_NUMBERS, NX_INVALID_PORT)
    + with_each(connect, "keepalive", {"-1": -1, "65536": 65536, **NO_NUMBERS}, INVALID)
    + with_each(connect, "wait", {"-1": -1, "too long": 1 << 32, **NO_NUMBERS}, INVALID)
)


def reason_of(client, status):
    """The reason of a refused call names a cause in words."""
    stage, noted, cause = client.reason
    assert (stage, noted) == ("call", status)
    assert isinstance(cause, str)
    assert cause


@pytest.mark.parametrize("function, arguments, wanted", BAD)
def test_a_bad_argument_is_refused(function, arguments, wanted):
    frame = Frame(payload_size=BIG_PACKET, depth=1).connected()
    assert function(frame.client, **arguments) == wanted
    reason_of(frame.client, wanted)
    assert frame.told == []
    # Not a byte was sent, no identifier was used, and a good call works.
    frame.script.expect(b"\x32\x06\x00\x01t\x00\x01m").expect(DISCONNECT)
    assert publish(frame.client) == NXD_MQTT_SUCCESS
    frame.finish()


@pytest.mark.parametrize("function, arguments, wanted", BAD_CONNECTS)
def test_a_bad_connect_is_refused(function, arguments, wanted):
    frame = Frame()
    assert function(frame.client, **arguments) == wanted
    reason_of(frame.client, wanted)
    assert frame.ip.sockets.calls == []
    assert frame.told == []
    frame.works()
    frame.no_leak()


GOOD_ODD = [
    (publish, {"retain": None}, b"\x32\x06\x00\x01t\x00\x01m"),
    (publish, {"retain": "yes"}, b"\x33\x06\x00\x01t\x00\x01m"),
    (publish, {"quality": True}, b"\x32\x06\x00\x01t\x00\x01m"),
    (publish, {"quality": Cousin(1)}, b"\x32\x06\x00\x01t\x00\x01m"),
    (publish, {"message": memoryview(b"m?m?")[::2]}, b"\x32\x07\x00\x01t\x00\x01mm"),
    (publish, {"topic": memoryview(b"t?t?")[::2]}, b"\x32\x07\x00\x02tt\x00\x01m"),
    (subscribe, {"quality": False}, b"\x82\x06\x00\x01\x00\x01t\x00"),
]


@pytest.mark.parametrize("function, arguments, wire", GOOD_ODD)
def test_an_odd_argument_that_can_be_used(function, arguments, wire):
    frame = Frame().connected()
    frame.script.expect(wire).expect(DISCONNECT)
    assert function(frame.client, **arguments) == NXD_MQTT_SUCCESS
    frame.finish()


# --- a view that was given back, as CPython allows ---------------------------------------------


def released():
    """A memoryview of nothing any more."""
    view = memoryview(bytearray(8))
    view.release()
    return view


@pytest.mark.parametrize(
    "function, argument",
    [
        (publish, "topic"),
        (publish, "message"),
        (subscribe, "topic"),
        (unsubscribe, "topic"),
        (will, "topic"),
        (will, "message"),
        (login, "username"),
        (login, "password"),
        (get, "topic"),
        (get, "message"),
    ],
)
def test_a_released_view_is_refused(function, argument):
    frame = Frame().connected()
    frame.script.send(b"\x30\x04\x00\x01tm")
    frame.poll()
    assert function(frame.client, **{argument: released()}) == INVALID
    assert frame.get() == (NXD_MQTT_SUCCESS, b"t", b"m")
    frame.script.expect(DISCONNECT)
    frame.finish()


# --- longest fields --------------------------------------------------------------------------


def test_the_longest_topic_works():
    frame = Frame(payload_size=BIG_PACKET, depth=1).connected()
    frame.script.expect(b"\x30\x81\x80\x04\xff\xff" + b"t" * LONGEST).expect(DISCONNECT)
    assert publish(frame.client, "t" * LONGEST, None, quality=0) == NXD_MQTT_SUCCESS
    frame.finish()


def test_a_topic_that_the_pool_cannot_hold():
    frame = Frame(payload_size=64).connected()
    for function in (publish, subscribe, unsubscribe):
        assert function(frame.client, topic="t" * LONGEST) == TOO_LARGE
        reason_of(frame.client, TOO_LARGE)
    frame.script.expect(DISCONNECT)
    frame.finish()


@pytest.mark.parametrize("quality", [0, 1])
def test_the_largest_packet_of_the_pool(quality):
    frame = Frame(payload_size=64).connected()
    # 2 bytes of header, 3 of the topic, at QoS 1 2 of the identifier.
    room = 64 - 5 - 2 * quality
    assert publish(frame.client, message=bytes(room + 1), quality=quality) == TOO_LARGE
    identifier = b"\x00\x01" if quality else b""
    packet = bytes([0x30 | quality << 1, 62]) + b"\x00\x01t" + identifier + bytes(room)
    frame.script.expect(packet).expect(DISCONNECT)
    assert publish(frame.client, message=bytes(room), quality=quality) == NXD_MQTT_SUCCESS
    frame.finish()


# --- create ----------------------------------------------------------------------------------

READ_ONLY = memoryview(bytes(2048))
NUMBERS = memoryview(bytearray(2048)).cast("I")

BAD_CREATES = [
    pytest.param({"client_id": 5}, INVALID, id="client_id a number"),
    pytest.param({"client_id": "a\0"}, INVALID, id="client_id with NUL"),
    pytest.param({"client_id": b"\xff"}, INVALID, id="client_id no UTF-8"),
    pytest.param({"client_id": "a" * 65536}, INVALID, id="client_id of 65,536 bytes"),
    pytest.param({"memory": 5}, POINTER, id="memory a number"),
    pytest.param({"memory": bytes(2048)}, POINTER, id="memory bytes"),
    pytest.param({"memory": READ_ONLY}, POINTER, id="memory that cannot be written"),
    pytest.param({"memory": NUMBERS}, POINTER, id="memory of numbers"),
    pytest.param({"memory": bytearray(8)}, INVALID, id="memory of 8 bytes"),
    pytest.param({"memory_size": -1}, INVALID, id="memory_size -1"),
    pytest.param({"memory_size": 1}, INVALID, id="memory_size 1"),
    pytest.param({"memory_size": 1.5}, INVALID, id="memory_size a fraction"),
    pytest.param({"memory_size": "2048"}, INVALID, id="memory_size text"),
    pytest.param({"memory": bytearray(64), "memory_size": 65}, INVALID, id="more than memory has"),
]


@pytest.mark.parametrize("arguments, wanted", BAD_CREATES)
def test_a_bad_create_is_refused(arguments, wanted):
    frame = Frame()
    client = NXD_MQTT_CLIENT()
    arguments = {"client_id": "id", **arguments}
    status = nxd_mqtt_client_create(
        client, client_name="n", ip=frame.ip, pool=frame.pool, **arguments
    )
    assert status == wanted
    assert client.state == 0
    # Its control block can still be filled.
    assert nxd_mqtt_client_create(client, "n", "id", frame.ip, frame.pool) == NXD_MQTT_SUCCESS


BAD_NETWORKS = [
    pytest.param({}, id="neither radio nor pool"),
    pytest.param({"radio": 5}, id="radio a number"),
    pytest.param({"radio": object()}, id="radio that nobody knows"),
    pytest.param({"socket_pool": 5}, id="pool a number"),
    pytest.param({"socket_pool": object()}, id="pool without sockets"),
    pytest.param({"clock": 5}, id="clock a number"),
    pytest.param({"lock": 5}, id="lock a number"),
    pytest.param({"link_up": 5}, id="link_up a number"),
]


@pytest.mark.parametrize("arguments", BAD_NETWORKS)
def test_a_bad_network_is_refused(arguments):
    ip = NX_IP()
    if arguments and not {"radio", "socket_pool"} & set(arguments):
        arguments = {"socket_pool": Frame().ip.sockets, **arguments}
    assert nx_ip_create(ip, "ip", **arguments) == POINTER
    # It is as if it had not been tried: a client cannot be created on it.
    pool = Frame().pool
    assert nxd_mqtt_client_create(NXD_MQTT_CLIENT(), "n", "id", ip, pool) == POINTER
    assert nx_ip_create(ip, "ip", socket_pool=Frame().ip.sockets) == NX_SUCCESS


@pytest.mark.parametrize("ip", [None, 5, NXD_MQTT_CLIENT()])
def test_a_network_that_is_none(ip):
    assert nx_ip_create(ip, "ip", socket_pool=Frame().ip.sockets) == POINTER


@pytest.mark.parametrize(
    "pool, payload_size, memory_size, wanted",
    [
        (None, 256, 1024, POINTER),
        (5, 256, 1024, POINTER),
        (NX_PACKET_POOL(), None, 1024, NX_SIZE_ERROR),
        (NX_PACKET_POOL(), 256.0, 1024, NX_SIZE_ERROR),
        (NX_PACKET_POOL(), "256", 1024, NX_SIZE_ERROR),
        (NX_PACKET_POOL(), 1, 1024, NX_SIZE_ERROR),
        (NX_PACKET_POOL(), 1 << 30, 1 << 31, NX_SIZE_ERROR),
        (NX_PACKET_POOL(), 256, None, NX_SIZE_ERROR),
        (NX_PACKET_POOL(), 256, "1024", NX_SIZE_ERROR),
        (NX_PACKET_POOL(), 256, 1024.0, NX_SIZE_ERROR),
        (NX_PACKET_POOL(), 256, -1024, NX_SIZE_ERROR),
        (NX_PACKET_POOL(), 16, 1 << 30, NX_SIZE_ERROR),
    ],
)
def test_a_bad_pool_is_refused(pool, payload_size, memory_size, wanted):
    assert nx_packet_pool_create(pool, "pool", payload_size, None, memory_size) == wanted


# --- logins that are asked later -------------------------------------------------------------


@pytest.mark.parametrize(
    "username, password", [(lambda: "u", 5), (5, lambda: "p"), (lambda: "u", "\ud800")]
)
def test_what_is_no_callable_is_refused_at_once(username, password):
    frame = Frame()
    assert nxd_mqtt_client_login_set(frame.client, username, password) == INVALID
    frame.works()
    frame.no_leak()


@pytest.mark.parametrize("answer", [5, "a\0", b"\xff", ["u"]])
@pytest.mark.parametrize("wait", [0, 100])
def test_a_login_that_cannot_be_used_fails_the_connect(answer, wait):
    frame = Frame()
    assert nxd_mqtt_client_login_set(frame.client, lambda: answer, None) == NXD_MQTT_SUCCESS
    status = frame.connect(wait=wait)
    if not wait:
        assert status == NX_IN_PROGRESS
        status = frame.poll()
    assert status == INVALID
    reason_of(frame.client, INVALID)
    frame.no_leak()
    assert nxd_mqtt_client_login_set(frame.client, None, None) == NXD_MQTT_SUCCESS
    frame.works()
    frame.no_leak()
