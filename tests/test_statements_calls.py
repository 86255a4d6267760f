# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What the standard forbids to send is refused in the call, and what is sent is as it says."""

import pytest
from client_bench import IDLE, App
from tables.packets import CONNECTS
from tables.statement_calls import CALLS, CONNECT_ROWS, SENDS

from nxd_mqtt.nxd import *


def client_with(app, client_id):
    """Create the bench's client anew, with another client identifier; returns the status."""
    nxd_mqtt_client_delete(app.client)
    return nxd_mqtt_client_create(app.client, "app", client_id, app.ip, app.packets)


def connect_without_identifier(app, clean):
    """Connect a client that leaves its name to the server."""
    assert client_with(app, "") == NXD_MQTT_SUCCESS
    return app.start(clean=clean)


# The calls of the table: each takes the client on its bench, and the value.
ASKED = {
    "publish to": lambda app, topic: nxd_mqtt_client_publish(app.client, topic, "m", 0, 1, 0),
    "subscribe to": lambda app, topic: nxd_mqtt_client_subscribe(app.client, topic, 1),
    "unsubscribe from": lambda app, topic: nxd_mqtt_client_unsubscribe(app.client, topic),
    "will topic": lambda app, topic: nxd_mqtt_client_will_message_set(app.client, topic, "m", 0, 1),
    "user name": lambda app, name: nxd_mqtt_client_login_set(app.client, name, "p"),
    "client id": client_with,
    "publish QoS": lambda app, qos: nxd_mqtt_client_publish(app.client, "t", "m", 0, qos, 0),
    "subscribe QoS": lambda app, qos: nxd_mqtt_client_subscribe(app.client, "t", qos),
    "will QoS": lambda app, qos: nxd_mqtt_client_will_message_set(app.client, "t", "m", 0, qos),
    "connect without an identifier": connect_without_identifier,
}
NEEDS_NO_LINK = ("client id", "connect without an identifier")

VERBS = {
    "publish": nxd_mqtt_client_publish,
    "subscribe": nxd_mqtt_client_subscribe,
    "unsubscribe": nxd_mqtt_client_unsubscribe,
    "disconnect": nxd_mqtt_client_disconnect,
}

LOGGED_IN, WITH_PASSWORD, WITH_WILL, CLEAN_SESSION = 0x80, 0x40, 0x04, 0x02


@pytest.mark.parametrize("row", CALLS, ids=[row[1] for row in CALLS])
def test_what_must_not_be_sent_is_refused(row):
    _, _, call, values, status, cause = row
    linked = call not in NEEDS_NO_LINK
    app = App().connect() if linked else App()
    for value in values:
        assert ASKED[call](app, value) == status, repr(value)[:40]
        assert app.client.reason[:2] == ("call", status)
        assert cause in app.client.reason[2]
    assert app.told == []
    if linked:
        assert app.poll() == NXD_MQTT_SUCCESS
        assert app.peer.take() == b""
        # The next one that is in order is taken, and has the first identifier.
        assert app.publish() == NXD_MQTT_SUCCESS
        assert app.peer.take() == b"\x32\6\0\1t\0\1m"
    else:
        assert app.state < IDLE or app.poll() == NXD_MQTT_NOT_CONNECTED
        assert app.sockets.opened == 0


@pytest.mark.parametrize("row", SENDS, ids=[row[1] for row in SENDS])
def test_what_is_sent_is_as_the_standard_says(row):
    _, _, call, arguments, wanted = row
    app = App().connect()
    assert VERBS[call](app.client, *arguments) == NXD_MQTT_SUCCESS
    assert app.peer.take() == wanted


def settings_of(flags, fields):
    """The will and the login of which a CONNECT tells: (will or None, user name, password)."""
    rest = list(fields[1:])
    will = None
    if flags & WITH_WILL:
        will = rest.pop(0), rest.pop(0), flags >> 5 & 1, flags >> 3 & 1
    name = rest.pop(0) if flags & LOGGED_IN else None
    password = rest.pop(0) if flags & WITH_PASSWORD else None
    assert rest == []
    return will, name, password


@pytest.mark.parametrize("name", [name for _, name in CONNECT_ROWS])
def test_connect_is_as_the_standard_says(name):
    keepalive, flags, fields, wanted = next(row[1:] for row in CONNECTS if row[0] == name)
    will, user_name, password = settings_of(flags, fields)
    app = App()
    assert client_with(app, fields[0]) == NXD_MQTT_SUCCESS
    if will:
        assert nxd_mqtt_client_will_message_set(app.client, *will) == NXD_MQTT_SUCCESS
    assert nxd_mqtt_client_login_set(app.client, user_name, password) == NXD_MQTT_SUCCESS
    app.script.accept().expect(wanted)
    app.start(keepalive=keepalive, clean=flags & CLEAN_SESSION)
    assert app.poll() == NXD_MQTT_SUCCESS
    app.script.check()


def test_every_connect_of_the_table_of_packets_is_played():
    assert {name for _, name in CONNECT_ROWS} == {row[0] for row in CONNECTS}
    assert len(CONNECT_ROWS) == len(CONNECTS)


def test_every_call_and_every_kind_of_packet_is_played():
    assert {row[2] for row in CALLS} == set(ASKED)
    assert {row[2] for row in SENDS} == set(VERBS)
    for rows in (CALLS, SENDS):
        assert len({row[1] for row in rows}) == len(rows)
