# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Junk: whatever a function is called with, it returns a status, and the client lives on."""

import inspect

import pytest
from doubles.clock import WouldBlockForever
from doubles.script import CONNACK
from hypothesis import given, settings
from hypothesis import strategies as st
from netx_frame import PORT, Frame

from nxd_mqtt import nxd, nxd_extensions
from nxd_mqtt.nxd import NX_IN_PROGRESS, NX_IP, NX_PACKET_POOL, NXD_MQTT_CLIENT, NXD_MQTT_SUCCESS

FUNCTIONS = {
    name: function
    for module in (nxd, nxd_extensions)
    for name, function in vars(module).items()
    if name.startswith(("nxd_", "nx_")) and inspect.isfunction(function)
}

STATES = ("uncreated", "idle", "connecting", "connected", "deleted")


def view(kind):
    """A memoryview of eight bytes, seen in one of the odd ways that CPython has."""
    plain = memoryview(bytearray(b"12345678"))
    if kind == "square":
        return plain.cast("B", (2, 4))
    if kind == "steps":
        return plain[::2]
    if kind == "read-only":
        return plain.toreadonly()
    return plain.cast(kind)


VIEWS = st.sampled_from(["B", "b", "c", "I", "d", "square", "steps", "read-only"]).map(view)
TEXTS = st.text(st.characters(), max_size=30) | st.sampled_from(
    ["a/#", "+", "a\0", "\ud800", "t", ""]
)
BYTES = st.binary(max_size=30)
NUMBERS = (
    st.integers(-5, 300)
    | st.integers(-(1 << 70), 1 << 70)
    | st.sampled_from([0, 1, 2, 3, 65535, 65536, 0xFFFFFFFF, 1 << 32, True, False])
    | st.floats()
    | st.sampled_from([0.0, 1.0, 2.0, 13.0, 1j])
)
SINGLE = st.none() | NUMBERS | TEXTS | BYTES | BYTES.map(bytearray) | VIEWS
# Callables take anything: what raises inside a callback of the application is its own affair.
CALLABLES = SINGLE.map(lambda value: lambda *arguments: value)
THINGS = (
    st.builds(object) | st.builds(NX_IP) | st.builds(NX_PACKET_POOL) | st.builds(NXD_MQTT_CLIENT)
)
JUNK = (
    SINGLE
    | CALLABLES
    | THINGS
    | st.lists(SINGLE, max_size=3)
    | st.tuples(SINGLE)
    | st.dictionaries(TEXTS, NUMBERS, max_size=2)
    | st.sampled_from([object, Exception, ...])
)


def accept_everybody(connection):
    """A broker that accepts each connection and acknowledges nothing."""

    def answer():
        if bytes(connection.received[:1]) == b"\x10":
            connection.send(CONNACK)
            connection.on_data = None

    connection.on_data = answer


def frame_in(state):
    """A client in one of its states."""
    frame = Frame()
    frame.ip.sockets.listen(PORT, accept_everybody)
    if state == "connecting":
        assert frame.connect(wait=0) == NX_IN_PROGRESS
    elif state == "connected":
        assert frame.connect() == NXD_MQTT_SUCCESS
    elif state == "deleted":
        assert nxd.nxd_mqtt_client_delete(frame.client) == NXD_MQTT_SUCCESS
    elif state == "uncreated":
        frame.client = NXD_MQTT_CLIENT()
    return frame


def lives_on(frame):
    """The client can be left, connected, polled and left again."""
    client = frame.client
    if client.state == 0:
        return
    assert nxd.nxd_mqtt_client_login_set(client, None, None) == NXD_MQTT_SUCCESS
    frame.watch()
    assert nxd.nxd_mqtt_client_disconnect(client) == NXD_MQTT_SUCCESS
    for limit in (0, 2):
        assert nxd_extensions.nxd_mqtt_client_timeout_set(client, limit, 500) == NXD_MQTT_SUCCESS
    assert frame.connect() == NXD_MQTT_SUCCESS
    assert frame.poll() == NXD_MQTT_SUCCESS
    assert nxd.nxd_mqtt_client_delete(client) == NXD_MQTT_SUCCESS


def call_with_junk(name, state, data):
    """Call a function; only with its first argument it may be lucky."""
    function = FUNCTIONS[name]
    frame = frame_in(state)
    parameters = list(inspect.signature(function).parameters)
    arguments = [data.draw(JUNK, label=parameter) for parameter in parameters]
    if parameters[0] == "client" and data.draw(st.booleans(), label="a real client"):
        arguments[0] = frame.client
    try:
        result = function(*arguments)
    except WouldBlockForever:  # it was told to wait for ever, and nothing will come
        result = 0
    status = result[0] if isinstance(result, tuple) else result
    assert isinstance(status, int)
    if name != "nxd_mqtt_client_create":
        lives_on(frame)
        assert nxd.nxd_mqtt_client_delete(frame.client) is not None
        if state != "uncreated":
            assert frame.ip.sockets.opened == frame.ip.sockets.closed


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
@settings(max_examples=100)
@given(st.data(), st.sampled_from(STATES))
def test_junk(name, data, state):
    call_with_junk(name, state, data)


def almost_right(parameters, frame, draw):
    """Good arguments for all parameters but one."""
    good = {
        "client": frame.client,
        "server_ip": "broker.test",
        "server_port": PORT,
        "keepalive": 0,
        "clean_session": 0,
        "wait_option": 0,
        "topic_name": "t",
        "message": "m",
        "retain": 0,
        "QoS": 1,
        "username": "u",
        "password": "p",
        "will_topic": "t",
        "will_message": "m",
        "will_retain_flag": 0,
        "will_QoS": 0,
        "topic_buffer": bytearray(64),
        "message_buffer": bytearray(64),
        "which": 13,
        "ticks": 100,
        "policy": 0,
    }
    bad = draw(st.sampled_from(parameters))
    return [draw(JUNK) if name == bad or name not in good else good[name] for name in parameters]


@pytest.mark.parametrize("name", sorted(name for name in FUNCTIONS if name.startswith("nxd_")))
@settings(max_examples=200)
@given(st.data(), st.sampled_from(STATES))
def test_one_argument_of_junk(name, data, state):
    function = FUNCTIONS[name]
    frame = frame_in(state)
    parameters = list(inspect.signature(function).parameters)
    arguments = almost_right(parameters, frame, data.draw)
    try:
        result = function(*arguments)
        polled = frame.poll()
    except WouldBlockForever:
        result = polled = 0
    assert isinstance(result[0] if isinstance(result, tuple) else result, int)
    assert isinstance(polled, int)
    if name != "nxd_mqtt_client_create":
        lives_on(frame)


def test_every_function_is_tried():
    assert {"nxd_mqtt_client_connect", "nxd_mqtt_client_poll", "nx_ip_create"} <= set(FUNCTIONS)
    assert len(FUNCTIONS) >= 21
