# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What outlives a link: wills, sessions, what waits in them, and the one who takes an id over."""

import pytest
from devices import NETWORKS, Message, run, run_for

from nxd_mqtt.nxd import *


def watcher_of(broker, make_device, topic: str):
    """A subscriber that is there before anything happens."""
    return make_device("watcher").connect(broker).subscribe(topic, "fence")


def fenced(watcher) -> list[Message]:
    """What the watcher has got when a message published now has reached it."""
    watcher.publish("fence", "")
    run(watcher, until=lambda: watcher.messages and watcher.messages[-1].topic == "fence")
    return watcher.messages[:-1]


# --- wills ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("network", NETWORKS, indirect=True)
@pytest.mark.parametrize(("quality", "retain"), [(0, 0), (1, 0), (1, 1)])
def test_the_will_of_a_client_that_vanishes(broker, make_device, network, quality, retain):
    watcher = watcher_of(broker, make_device, "wills/+")
    mortal = make_device("mortal")
    status = nxd_mqtt_client_will_message_set(
        mortal.client, "wills/mortal", "farewell", retain, quality
    )
    assert status == NXD_MQTT_SUCCESS
    mortal.connect(broker)
    mortal.drop()
    run(watcher, until=lambda: watcher.messages)
    assert watcher.messages == [Message("wills/mortal", b"farewell", quality)]
    later = make_device("later").connect(broker).subscribe("wills/+", "fence")
    assert fenced(later) == [Message("wills/mortal", b"farewell", quality, 1)] * retain


def test_an_empty_will(broker, make_device):
    watcher = watcher_of(broker, make_device, "wills")
    mortal = make_device("mortal")
    assert nxd_mqtt_client_will_message_set(mortal.client, "wills", None, 0, 1) == NXD_MQTT_SUCCESS
    mortal.connect(broker)
    mortal.drop()
    run(watcher, until=lambda: watcher.messages)
    assert watcher.messages == [Message("wills", b"", 1)]


@pytest.mark.parametrize("leave", [nxd_mqtt_client_disconnect, nxd_mqtt_client_delete])
def test_who_leaves_in_order_leaves_no_will(broker, make_device, leave):
    watcher = watcher_of(broker, make_device, "wills")
    guest = make_device("guest")
    nxd_mqtt_client_will_message_set(guest.client, "wills", "farewell", 0, 1)
    guest.connect(broker)
    assert leave(guest.client) == NXD_MQTT_SUCCESS
    # Long enough for a broker to have noticed; the fence alone may overtake the socket's end.
    run_for(watcher, seconds=0.3)
    assert fenced(watcher) == []
    assert [status for _, status, _ in guest.endings] == [NXD_MQTT_SUCCESS]


# --- sessions ------------------------------------------------------------------------------------


def test_a_session_waits_with_its_messages(broker, make_device):
    publisher = make_device("publisher").connect(broker)
    sleeper = make_device("sleeper").connect(broker, clean=NX_FALSE)
    assert sleeper.client.session_present == 0
    sleeper.subscribe("news/#")
    sleeper.disconnect()
    for number in range(30):
        publisher.publish("news/now", b"%d" % number)
    sleeper.connect(broker, clean=NX_FALSE)
    assert sleeper.client.session_present == 1
    run(sleeper, until=lambda: len(sleeper.messages) == 30)
    assert sleeper.payloads() == [b"%d" % number for number in range(30)]
    # The subscription is still there, too.
    publisher.publish("news/later", "x", quality=0)
    run(sleeper, until=lambda: len(sleeper.messages) == 31)
    assert sleeper.messages[-1] == Message("news/later", b"x", 0)


def test_a_clean_session_forgets(broker, make_device):
    publisher = make_device("publisher").connect(broker)
    sleeper = make_device("sleeper").connect(broker, clean=NX_FALSE).subscribe("news")
    sleeper.drop()
    publisher.publish("news", "lost")
    sleeper.connect(broker, clean=NX_TRUE)
    assert sleeper.client.session_present == 0
    sleeper.subscribe("fence")
    assert fenced(sleeper) == []
    sleeper.disconnect()
    sleeper.connect(broker, clean=NX_FALSE)
    assert sleeper.client.session_present == 0


def test_a_link_that_breaks_keeps_the_session(broker, make_device):
    publisher = make_device("publisher").connect(broker)
    sleeper = make_device("sleeper").connect(broker, clean=NX_FALSE).subscribe("news")
    sleeper.drop()
    assert len(sleeper.endings) == 1
    publisher.publish("news", "kept")
    sleeper.connect(broker, clean=NX_FALSE)
    assert sleeper.client.session_present == 1
    run(sleeper, until=lambda: sleeper.messages)
    assert sleeper.messages == [Message("news", b"kept", 1)]


def test_unread_messages_survive_a_broken_link_but_not_the_own_disconnect(pair):
    publisher, reader = pair
    reader.subscribe("a")
    reader.collects = False
    publisher.publish("a", "one")
    publisher.publish("a", "two")
    run(*pair, until=lambda: reader.statistics()["unread"] == 2)
    reader.drop()
    assert reader.take().payload == b"one"
    reader.disconnect()
    assert reader.take() is None


@pytest.mark.parametrize("network", NETWORKS, indirect=True)
def test_who_takes_a_client_id_over_ends_the_first_one(broker, make_device, network):
    first = make_device("twin").connect(broker)
    second = make_device("twin").connect(broker)
    run(first, second, until=lambda: first.endings)
    run_for(first, second, seconds=0.2)
    stage, status, cause = first.client.reason
    assert first.endings == [(stage, status, cause)]
    assert (stage, status) == ("session", NXD_MQTT_COMMUNICATION_FAILURE)
    assert cause
    assert first.polled == [NXD_MQTT_COMMUNICATION_FAILURE]
    assert not first.connected
    assert first.try_to_publish("a", "x") == NXD_MQTT_NOT_CONNECTED
    second.publish("a", "x")
    # And back again.
    first.connect(broker)
    run(first, second, until=lambda: second.endings)
    assert len(second.endings) == 1
    assert len(first.endings) == 1


def test_two_clients_without_an_id_get_ids_of_their_own(broker, make_device):
    nameless = [make_device("").connect(broker), make_device("").connect(broker)]
    for device in nameless:
        device.publish("a", "x")
        assert device.connected


# --- brokers that go away ------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_broker_that_goes_away_and_comes_back(broker, make_device, end):
    device = make_device("device").connect(broker, clean=NX_FALSE).subscribe("a")
    getattr(broker, end)()
    run(device, until=lambda: not device.connected)
    assert device.polled == [NXD_MQTT_COMMUNICATION_FAILURE]
    assert len(device.endings) == 1
    assert device.try_to_connect(broker) == NXD_MQTT_CONNECT_FAILURE
    assert device.client.reason[:2] == ("tcp", NXD_MQTT_CONNECT_FAILURE)
    broker.start()
    device.connect(broker, clean=NX_FALSE).subscribe("a")
    device.publish("a", "again")
    run(device, until=lambda: device.messages)
    assert device.messages == [Message("a", b"again", 1)]
    assert len(device.endings) == 1


def test_what_was_accepted_is_sent_again_whatever_the_broker_remembers(broker, make_device):
    publisher = make_device("publisher").connect(broker, clean=NX_FALSE)
    broker.kill()
    # The client learns of it by sending; what it says SUCCESS to until then is its duty.
    accepted = []
    while publisher.try_to_publish("a", b"%d" % len(accepted)) == NXD_MQTT_SUCCESS:
        accepted.append(b"%d" % len(accepted))
    assert accepted
    run(publisher, until=lambda: not publisher.connected)
    assert publisher.statistics()["unacknowledged"] == len(accepted)
    broker.start()
    subscriber = make_device("subscriber").connect(broker).subscribe("a")
    publisher.connect(broker, clean=NX_FALSE)
    run(publisher, subscriber, until=lambda: len(subscriber.messages) == len(accepted))
    assert subscriber.payloads() == accepted
    run(publisher, until=lambda: publisher.statistics()["unacknowledged"] == 0)
