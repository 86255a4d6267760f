# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Whatever a server can send, statement by statement, through the whole client.

A violation ends the link in the very poll that reads it, once, with a reason that names it, however
the bytes come; what is in order, or is to be ignored, leaves a link that works.
"""

import pytest
from client_bench import CONNECTED as STATE_CONNECTED
from client_bench import CONNECTING, IDLE, App
from doubles.script import PINGREQ, puback, publish
from tables.statement_packets import (
    ACCEPTS,
    ANSWERS,
    BEFORE,
    CLEAN,
    ENDS,
    IGNORES,
    PINGING,
    PUBLISHING,
    STATES,
    SUBSCRIBING,
    UNSUBSCRIBING,
)
from tables.statements import CASES

from nxd_mqtt.nxd import *

ENDINGS = [row for row in CASES if row[4][0] == ENDS]
LIVING = [row for row in CASES if row[4][0] in (IGNORES, ACCEPTS, ANSWERS)]

# What a link in these states awaits, and what is told of it.
AWAITED = {
    PUBLISHING: (b"\x40\2\0\1", ("acknowledge", 4, 1, None)),
    SUBSCRIBING: (b"\x90\3\0\1\0", ("acknowledge", 9, 1, 0)),
    UNSUBSCRIBING: (b"\xb0\2\0\1", ("acknowledge", 11, 1, None)),
}
# A keepalive, and the time after which its PINGREQ goes out.
KEEPALIVE, MILLISECONDS_TO_PING = 60, 55_000


def names(rows):
    """The rows as the tests are called."""
    return [f"{name}, {state}" for _, name, state, _, _ in rows]


def in_state(state):
    """A client in one of the states of the table, of which nothing is to be told."""
    if state in (BEFORE, CLEAN):
        app = App()
        app.script.accept()
        assert app.start(NX_NO_WAIT, 0, int(state == CLEAN)) == NX_IN_PROGRESS
        assert app.poll() == NXD_MQTT_SUCCESS
        assert app.state == CONNECTING
    else:
        app = App().connect(keepalive=KEEPALIVE * (state == PINGING))
    if state == PUBLISHING:
        assert app.publish() == NXD_MQTT_SUCCESS
    elif state == SUBSCRIBING:
        assert nxd_mqtt_client_subscribe(app.client, "t", 1) == NXD_MQTT_SUCCESS
    elif state == UNSUBSCRIBING:
        assert nxd_mqtt_client_unsubscribe(app.client, "t") == NXD_MQTT_SUCCESS
    elif state == PINGING:
        app.clock.advance(MILLISECONDS_TO_PING)
        assert app.poll() == NXD_MQTT_SUCCESS
        assert app.peer.received.endswith(PINGREQ)
    app.peer.take()
    assert app.told == []
    return app


def remaining_length(packet):
    """The remaining length that a packet claims, None where there is no end to it."""
    length = 0
    for place, byte in enumerate(packet[1:5]):
        length |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return length
    return None


def ended(app, packet, action):
    """The link or the attempt has ended, which was told once, and says why."""
    _, status, stage, words = action
    cause = words.format(
        *packet, kind=packet[0] >> 4, flags=packet[0] & 0x0F, length=remaining_length(packet)
    )
    shown = packet[:16].hex(" ")
    assert app.state == IDLE, shown
    assert app.client.reason[:2] == (stage, status), shown
    assert cause in app.client.reason[2], shown
    call = "connect" if stage == "connack" else "disconnect"
    assert app.told == [(call, status)], shown
    assert app.peer.closed_by_client, shown
    assert app.all_closed(), shown
    assert app.peer.take() == b"", shown
    assert app.messages() == []
    # And once is all.
    assert app.polls(3) == [NXD_MQTT_NOT_CONNECTED]
    assert app.told == [(call, status)], shown


def told_of(app):
    """What the application learns: the callbacks without the count of messages, the messages."""
    told = [what for what in app.told if what[0] != "receive"]
    topic, payload = bytearray(600), bytearray(600)
    while True:
        status, topic_length, length = nxd_mqtt_client_message_get(app.client, topic, payload)
        if status != NXD_MQTT_SUCCESS:
            return tuple(told)
        quality, retain = app.client.message_qos, app.client.message_retain
        message = "message", bytes(topic[:topic_length]), bytes(payload[:length]), quality, retain
        told.append(message)


def lived(app, packet, action):
    """The client has done what it had to do, and the link is there."""
    told = action[1] if len(action) > 1 else ()
    answer = action[2] if len(action) > 2 else b""
    shown = packet[:16].hex(" ")
    assert app.state == STATE_CONNECTED, shown
    assert told_of(app) == told, shown
    assert app.peer.take() == answer, shown
    return told


def works(app, state, told):
    """The link does all that it did: what is awaited comes, and what is published gets through."""
    packet, wanted = AWAITED.get(state, (None, None))
    app.told.clear()
    if wanted and wanted[:3] not in [what[:3] for what in told]:
        app.peer.send(packet)
        assert app.poll() == NXD_MQTT_SUCCESS
        assert app.told == [wanted]
        app.told.clear()
    assert app.publish(b"after") == NXD_MQTT_SUCCESS
    identifier = app.client.packet_identifier
    assert app.peer.take() == publish("t", b"after", identifier)
    app.peer.send(puback(identifier))
    assert app.poll() == NXD_MQTT_SUCCESS
    assert app.told == [("acknowledge", 4, identifier, None)]


# --- what must not come ----------------------------------------------------------------------


@pytest.mark.parametrize("row", ENDINGS, ids=names(ENDINGS))
def test_a_violation_ends_the_link_at_once(row):
    _, _, state, packets, action = row
    for packet in packets:
        app = in_state(state)
        app.peer.send(packet)
        assert app.poll() == action[1], packet[:16].hex(" ")
        ended(app, packet, action)


@pytest.mark.parametrize("row", ENDINGS, ids=names(ENDINGS))
def test_a_violation_byte_by_byte_ends_the_link(row):
    _, _, state, packets, action = row
    for packet in packets:
        app = in_state(state)
        status = NXD_MQTT_SUCCESS
        for byte in packet:
            assert status == NXD_MQTT_SUCCESS
            app.peer.send(bytes([byte]))
            status = app.poll()
            if status:
                break
        assert status == action[1], packet[:16].hex(" ")
        ended(app, packet, action)


@pytest.mark.parametrize("row", ENDINGS, ids=names(ENDINGS))
def test_nothing_behind_a_violation_is_taken(row):
    _, _, state, packets, action = row
    for packet in packets:
        app = in_state(state)
        app.peer.send(packet + publish("t", b"late") + publish("t", b"later", 9))
        assert app.poll() == action[1], packet[:16].hex(" ")
        ended(app, packet, action)


ATTEMPTS = [row for row in ENDINGS if row[2] in (BEFORE, CLEAN)]


@pytest.mark.parametrize("row", ATTEMPTS, ids=names(ATTEMPTS))
def test_a_connect_that_waits_returns_it(row):
    _, _, state, packets, action = row
    for packet in packets:
        app = App()
        app.script.accept().call(lambda peer, packet=packet: peer.send(packet))
        assert app.start(500, 0, int(state == CLEAN)) == action[1], packet[:16].hex(" ")
        assert app.peer.take().startswith(b"\x10")
        ended(app, packet, action)


# --- what may come ---------------------------------------------------------------------------


@pytest.mark.parametrize("row", LIVING, ids=names(LIVING))
def test_what_may_come_leaves_a_link_that_works(row):
    _, _, state, packets, action = row
    for packet in packets:
        app = in_state(state)
        app.peer.send(packet)
        assert app.polls(3) == [NXD_MQTT_SUCCESS]
        works(app, state, lived(app, packet, action))


@pytest.mark.parametrize("row", LIVING, ids=names(LIVING))
def test_what_may_come_byte_by_byte_works_too(row):
    _, _, state, packets, action = row
    for packet in packets:
        app = in_state(state)
        for byte in packet:
            app.peer.send(bytes([byte]))
            assert app.poll() == NXD_MQTT_SUCCESS, packet[:16].hex(" ")
        works(app, state, lived(app, packet, action))


def test_every_state_and_every_case_is_played():
    assert len(ENDINGS) + len(LIVING) == len(CASES)
    assert {row[2] for row in CASES} == set(STATES)
    assert all(row[3] for row in CASES)
    assert len(set(names(CASES))) == len(CASES)


def test_every_first_byte_is_played_before_and_after_the_connack():
    before = {packet[0] for row in CASES if row[2] in (BEFORE, CLEAN) for packet in row[3]}
    after = {packet[0] for row in CASES if row[2] not in (BEFORE, CLEAN) for packet in row[3]}
    assert before == after == set(range(256))
