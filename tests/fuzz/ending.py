# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""How every story of a client ends: the world is healed, and the client must be as good as new.

What a live link has brought is counted to the message; then a fresh link carries messages both
ways and whatever is still stored; then the client is deleted and the books must balance.
"""

from tables.checks import require

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *

from .choices import Choices
from .incoming import answer, message
from .ledger import delivered
from .model import PUBLISH, from_server
from .story import Story

_MOST_TURNS = 400
_LIMITS = ((0, 500), (2, 1000), (4, 0), (9, 1000), (11, 1000), (13, 1000))
_NEW_MESSAGES = (message(0x32, b"new", 77, b"one"), message(0x30, b"new", 0, b"two"))
_TAKEN = [(1, 0, b"new", b"one"), (0, 0, b"new", b"two")]


def tell(data, world) -> None:
    """Play one story of a client from its beginning to its end.

    :param world: new, with a client that was created
    """
    story = Story(world, Choices(data))
    story.play()
    story.quiet()
    world.heal()
    if not story.client.state:
        story.revive()
    _count_what_came(story)
    _end(story)
    _begin_afresh(story)
    _close_the_books(story)


def _turn_until(story, done, what: str) -> None:
    """Poll, take messages and acknowledge until something is so."""
    turns = 0
    while not done():
        turns += 1
        require(turns < _MOST_TURNS, "%s: never, reason %s" % (what, story.client.reason))
        story.poll()
        while story.get():
            pass


def _count_what_came(story) -> None:
    """A link that is still alive has read only valid packets, and every message is accounted for.

    Without a link, what ended the last one must have been a violation where it is called one.
    """
    world = story.world
    if not world.connections or story.before_link is None or not story.lives:
        return
    connection = world.connections[-1]
    if story.client.state != 3:
        if world.strict:
            _judge_violation(story, connection)
        return
    for _ in range(_MOST_TURNS):
        story.poll()
        while story.get():
            pass
        if story.client.state != 3 or not (connection.waiting or story.client._more):
            break
    if story.client.state != 3 or connection is not world.connections[-1]:
        return
    if story.client._reader.holding:  # for PUBACKs that cannot go: only time ends that
        return
    found, ending = from_server(delivered(connection))
    kinds = [kind for kind, _ in found]
    require(ending != "broken" or not world.strict, "accepted what is none behind %s" % kinds)
    figures = nxd_mqtt_client_statistics_get(story.client)[1]
    came = kinds.count(PUBLISH)
    grown = {name: figures[name] - story.before_link[name] for name in _COUNTED}
    counted = grown["received"] + grown["oversize"]
    most = counted + grown["dropped"]
    if 2 not in story.policies:
        counted = most
    cut = ending == "cut"
    fine = counted - cut <= came <= most
    require(fine, "%d messages came, counted are %s" % (came, grown))


_COUNTED = ("received", "oversize", "dropped")


def _judge_violation(story, connection) -> None:
    """What the client calls a malformed packet must be one."""
    reason = story.client.reason
    if not reason or reason[:2] != ("session", NXD_MQTT_INVALID_PACKET):
        return
    if story.client._reader.holding:  # for PUBACKs that cannot go: only time ends that
        return
    found, ending = from_server(delivered(connection))
    kinds = [kind for kind, _ in found]
    out_of_turn = kinds.count(2) > 1 or 9 in kinds or kinds[:1] != [2]
    require(ending != "whole" or out_of_turn, "%s for %s" % (reason, kinds))


def _end(story) -> None:
    """After the application's own disconnect all is told and nothing is open."""
    client = story.client
    story.expect(nxd_mqtt_client_disconnect(client))
    story.poll()
    ledger = story.ledger
    require(client.state == 1, "state %d after disconnect" % client.state)
    require(ledger.links == ledger.endings, "an ending was not told")
    require(ledger.attempts == 0 or ledger.blurred, "%d results not told" % ledger.attempts)
    require(story.world.open_now == 0, "a socket stays open")
    figures = nxd_mqtt_client_statistics_get(client)[1]
    require(figures["unread"] == 0, "messages stay after disconnect")


def _begin_afresh(story) -> None:
    """A new link is clean and works both ways; what was stored and not forgotten arrives."""
    client = story.client
    story.expect(nxd_mqtt_client_reconnect_set(client, 0, 0))
    story.expect(nxd_mqtt_client_login_set(client, None, None))
    story.expect(nxd_mqtt_client_ack_mode_set(client, 0))
    story.expect(nxd_mqtt_client_queue_policy_set(client, 0))
    for which, ticks in _LIMITS:
        story.expect(nxd_mqtt_client_timeout_set(client, which, ticks))
    taken = story.ledger.taken
    before = len(taken)
    story.expect(story.connect("broker.test", 1883, 0, 0, 500))
    connection = story.world.connections[-1]
    for one in _NEW_MESSAGES:
        story.say(connection, one)
    _turn_until(story, lambda: len(taken) == before + 2, "two messages come")
    require(taken[before:] == _TAKEN, "came: %s" % taken[before:])

    def acknowledged() -> bool:
        for kind, packet_id in story.note_owed(connection):
            story.say(connection, answer(kind, packet_id, 1))
        connection.owed = []
        return nxd_mqtt_client_statistics_get(client)[1]["unacknowledged"] == 0

    _turn_until(story, acknowledged, "all is acknowledged")
    story.expect(story.publish("t", 3, 1))
    _turn_until(story, acknowledged, "a new message is acknowledged")
    require(b"\x40\x02\x00\x4d" in connection.received, "no PUBACK for the new message")


def _close_the_books(story) -> None:
    """Everything adds up, and nothing is open."""
    client, ledger, world = story.client, story.ledger, story.world
    figures = nxd_mqtt_client_statistics_get(client)[1]
    accepted = len(ledger.accepted)
    least, most = accepted, accepted + len(ledger.offered)
    require(least <= figures["published"] <= most, "published %d" % figures["published"])
    require(figures["acknowledged"] == ledger.acknowledged, "acknowledged")
    require(ledger.acknowledged <= accepted, "more acknowledged than accepted")
    require(ledger.forgets or ledger.acknowledged == accepted, "a message was lost")
    require(figures["received"] >= len(ledger.taken), "received %d" % figures["received"])
    story.expect(nxd_mqtt_client_delete(client))
    require(ledger.links == ledger.endings, "the last ending was not told")
    ledger.close(story.lives)
    world.settle()
