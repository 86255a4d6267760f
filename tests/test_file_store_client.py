# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A client with a file store, and the file store on MicroPython."""

import errno

import pytest
from client_bench import CONNECTED, App
from doubles.drive import Drive, mount
from doubles.platform import Platform
from doubles.played_broker import PlayedBroker
from doubles.trials import PORT

from boards.desktop.broker.packets import Puback, Publish
from nxd_mqtt.file_store import FileStore
from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *


@pytest.fixture
def drive(monkeypatch):
    return mount(monkeypatch, Drive())


def board(broker, clean=0, **named):
    """A board after its start: a new client, the same drive, a link."""
    app = App(**named)
    app.broker = broker
    app.sockets.listen(PORT, broker)
    app.store = FileStore("outbox")
    assert nxd_mqtt_client_store_set(app.client, app.store) == NXD_MQTT_SUCCESS
    assert app.start(500, clean=clean) == NXD_MQTT_SUCCESS
    return app


def silent():
    """A broker that acknowledges nothing."""
    broker = PlayedBroker()
    broker.mute = (Publish,)
    return broker


def test_what_was_not_acknowledged_is_sent_again_after_a_reset(drive):
    broker = silent()
    app = board(broker)
    identifiers = []
    for message in (b"a", b"b", b"c"):
        assert app.publish(message) == NXD_MQTT_SUCCESS
        identifiers.append(app.client.packet_identifier)
    # The board loses its power: nobody says good-bye.
    again = board(broker)
    again.polls(3)
    expected = [(packet_id, b"%c" % (97 + at), True) for at, packet_id in enumerate(identifiers)]
    assert broker.published[-3:] == expected
    assert again.store.restored == again.statistics["unacknowledged"] == 3
    assert again.statistics["resent"] == 3


def test_new_messages_go_behind_those_from_before_with_identifiers_of_their_own(drive):
    broker = silent()
    board(broker).publish(b"old")
    broker.mute = ()
    app = board(broker)
    assert app.publish(b"new") == NXD_MQTT_SUCCESS
    app.polls(3)
    assert [message for _, message, _ in broker.published[-2:]] == [b"old", b"new"]
    assert broker.published[-2][0] != broker.published[-1][0]
    assert app.statistics["unacknowledged"] == 0


def test_a_clean_session_sends_them_as_new_messages(drive):
    broker = silent()
    app = board(broker)
    app.publish(b"a")
    app.polls(2)
    app.publish(b"b")
    app.polls(2)
    broker.published.clear()
    again = board(broker, clean=1)
    again.polls(3)
    assert [entry[1:] for entry in broker.published] == [(b"a", False), (b"b", False)]


def test_what_was_acknowledged_is_not_sent_again_after_a_while_or_a_delete(drive):
    broker = PlayedBroker()
    app = board(broker)
    app.publish(b"a")
    app.polls(3)
    app.clock.advance(6000)
    app.polls(2)
    assert board(broker).store.restored == 0
    app = board(broker)
    app.publish(b"b")
    app.polls(3)
    assert nxd_mqtt_client_delete(app.client) == NXD_MQTT_SUCCESS
    assert board(broker).store.restored == 0
    assert len(broker.published) == 2


def test_a_client_that_is_created_again_takes_its_store_again(drive):
    broker = silent()
    app = board(broker)
    app.publish(b"a")
    assert nxd_mqtt_client_delete(app.client) == NXD_MQTT_SUCCESS
    app.create()
    assert nxd_mqtt_client_store_set(app.client, app.store) == NXD_MQTT_SUCCESS
    assert app.statistics["unacknowledged"] == 1


def test_a_drive_that_fails_is_told_by_publish(drive):
    app = board(silent())
    drive.fail(errno.EIO)
    assert app.publish(b"a") == NXD_MQTT_INTERNAL_ERROR
    stage, status, cause = app.client.reason
    assert (stage, status, cause.errno) == ("store", NXD_MQTT_INTERNAL_ERROR, errno.EIO)
    assert (app.state, app.statistics["unacknowledged"]) == (CONNECTED, 0)
    assert app.statistics["published"] == 0
    assert app.publish(b"b", quality=0) == NXD_MQTT_SUCCESS
    assert app.publish(b"c") == NXD_MQTT_SUCCESS
    app.polls(2)
    assert [message for _, message, _ in app.broker.published] == [b"b", b"c"]


def test_a_drive_that_fails_is_told_by_store_set_and_the_client_goes_on_in_memory(drive):
    drive.read_only = True
    app = App()
    app.sockets.listen(PORT, PlayedBroker())
    status = nxd_mqtt_client_store_set(app.client, FileStore("outbox"))
    assert (status, app.client.reason[0]) == (NXD_MQTT_INTERNAL_ERROR, "store")
    assert app.start(500) == NXD_MQTT_SUCCESS
    assert app.publish(b"a") == NXD_MQTT_SUCCESS
    app.polls(3)
    assert app.statistics["acknowledged"] == 1


def test_a_message_of_before_that_the_broker_acknowledges_late_goes(drive):
    """With reconnection set, the messages find their link by themselves."""
    broker = silent()
    board(broker).publish(b"a")
    app = App(ip=Platform())
    app.sockets.listen(PORT, broker)
    assert nxd_mqtt_client_reconnect_set(app.client, 100, 1600) == NXD_MQTT_SUCCESS
    store = FileStore("outbox")
    assert nxd_mqtt_client_store_set(app.client, store) == NXD_MQTT_SUCCESS
    app.start(500, clean=0)
    broker.send(Puback(broker.published[-1][0]))
    app.polls(3)
    assert (store.count, app.statistics["acknowledged"]) == (0, 1)


# Heap bytes that one message takes on the board's side of the file.
MESSAGE_CEILING = 320


def test_on_micropython(micropython, tmp_path):
    output = micropython.run("file_store.py", tmp_path, heap="192k")
    print(output)
    figures = dict(line.split() for line in output.splitlines())
    assert set(figures) == {"tick", "message", "sectors", "cuts", "refused"}
    assert float(figures["tick"]) == 0
    assert float(figures["message"]) <= MESSAGE_CEILING
    # Two copies of the table of files are not touched: a data sector, the directory, and now and
    # then a second data sector.
    assert 2 <= float(figures["sectors"]) <= 3
    assert int(figures["cuts"]) > 40
    assert int(figures["refused"]) == 1
