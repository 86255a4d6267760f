# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Messages to devices: order, locks, expiry, how often they are tried, and what senders hear."""

import itertools
import math

import pytest
from hub_core_bench import DEVICE, MODULE, START, Capability, House
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from boards.desktop.hub.cloud_messages import Ack, Fate, Feedback, Message, Queue, Record, wanted
from boards.desktop.hub.core import Identity
from boards.desktop.hub.quotas import Limits
from boards.desktop.hub.refusals import BadRequest, NotFound, QueueFull, TooLarge

LIFE = Limits().life_seconds
LOCK = Limits().lock_seconds


@pytest.fixture
def house():
    """A hub with one device and one module."""
    return House()


def take(house, owner="owner", seconds=None):
    """Lock the next message."""
    return house.core.next_message(DEVICE, owner, seconds)


def bodies(house, owner="owner"):
    """Lock all that waits."""
    taken = iter(lambda: take(house, owner), None)
    return [queued.message.body for queued in taken]


def settle(house, how, queued):
    """Complete, reject or abandon a message."""
    return getattr(house.core, how)(DEVICE, queued.lock)


# --- order and locks -----------------------------------------------------------------------------


def test_messages_come_in_their_order_and_each_to_one_owner(house):
    for number in range(4):
        house.send(b"%d" % number)
    assert take(house, "one").message.body == b"0"
    assert take(house, "two").message.body == b"1"
    assert bodies(house, "one") == [b"2", b"3"]
    assert take(house, "two") is None
    assert house.core.counters["cloud_messages"] == house.core.counters["deliveries"] == 4


def test_a_message_arrives_as_it_was_sent(house):
    message = Message(
        body=b"\0\xff",
        properties=(("b", "é"), ("a", ""), ("b", "2")),
        message_id="m",
        correlation_id="c",
        user_id="u",
        content_type="application/json",
        content_encoding="utf-8",
        ack=Ack.FULL,
        expiry=START + 9,
    )
    sent = house.core.send_message("dev1", message)
    queued = take(house)
    assert queued.message == message
    assert queued.to == "/devices/dev1/messages/devicebound"
    assert (queued.enqueued_at, queued.expires_at) == (START, START + 9)
    assert (queued.sequence_number, queued.deliveries) == (1, 1)
    assert (sent.sequence_number, sent.deliveries, sent.lock) == (1, 0, None)


def test_what_was_taken_stays_as_it_was(house):
    house.send(ack=Ack.FULL)
    first = take(house)
    lock = first.lock
    settle(house, "abandon", first)
    second = take(house)
    assert (first.lock, first.deliveries) == (lock, 1)
    assert second.deliveries == 2
    assert second.lock != lock
    assert not settle(house, "complete", first)
    assert settle(house, "complete", second)


@pytest.mark.parametrize("how", ["complete", "reject", "abandon"])
def test_a_lock_is_good_for_one_answer(house, how):
    house.send()
    queued = take(house)
    assert settle(house, how, queued)
    for again in ("complete", "reject", "abandon"):
        assert not settle(house, again, queued)


@pytest.mark.parametrize("lock", ["", "x", "00000001-2", None])
def test_an_unknown_lock_settles_nothing(house, lock):
    house.send()
    take(house)
    assert not house.core.complete(DEVICE, lock)
    assert house.device.messages == 1


def test_an_abandoned_message_takes_its_old_place(house):
    for number in range(3):
        house.send(b"%d" % number)
    first, second = take(house), take(house)
    settle(house, "abandon", second)
    settle(house, "abandon", first)
    assert bodies(house) == [b"0", b"1", b"2"]


def test_a_lock_ends_with_its_time(house):
    house.send()
    queued = take(house)
    house.clock.advance(LOCK - 0.001)
    assert take(house) is None
    house.clock.advance(0.001)
    assert not settle(house, "complete", queued)
    assert take(house).deliveries == 2


def test_a_lock_may_last_as_long_as_its_owner(house):
    house.send()
    queued = take(house, seconds=math.inf)
    assert house.core.next_deadline() is None
    house.clock.advance(LIFE * 100)
    house.core.tick()
    assert settle(house, "complete", queued)


def test_a_lock_may_be_shorter(house):
    house.send()
    take(house, seconds=1)
    house.clock.advance(1)
    assert take(house)


def test_an_owner_gives_back_all_it_has_and_nothing_else(house):
    for number in range(4):
        house.send(b"%d" % number)
    mine, other = [take(house, "me"), take(house, "me")], take(house, "other")
    settle(house, "complete", mine[0])
    house.core.release(DEVICE, "me")
    assert not settle(house, "complete", mine[1])
    assert settle(house, "complete", other)
    assert bodies(house) == [b"1", b"3"]


def test_equal_owners_are_not_the_same_owner(house):
    house.send()
    mine, other = [], []
    take(house, mine)
    house.core.release(DEVICE, other)
    assert take(house) is None
    house.core.release(DEVICE, mine)
    assert take(house)


def test_a_peer_gives_back_what_it_had_when_it_goes(house):
    for end in ("detach", "replace", "disable"):
        house.send(b"x")
        peer = house.connect()
        queued = take(house, peer)
        if end == "detach":
            house.core.detach(DEVICE, peer)
        elif end == "replace":
            house.connect()
        else:
            house.core.update_identity(DEVICE, {"status": "disabled"})
        assert not settle(house, "complete", queued)
        again = take(house)
        assert (again.sequence_number, again.deliveries) == (queued.sequence_number, 2)
        settle(house, "complete", again)


def test_the_end_of_a_replaced_peer_does_not_touch_its_successors_messages(house):
    old = house.connect()
    house.send()
    new = house.connect()
    queued = take(house, new)
    house.core.detach(DEVICE, old)
    assert house.core.connected(DEVICE) is new
    assert settle(house, "complete", queued)


# --- ends ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("ack", Ack)
def test_a_sender_hears_what_it_asked_for(house, ack):
    house.send(ack=ack, message_id="completed")
    settle(house, "complete", take(house))
    house.send(ack=ack, message_id="rejected")
    settle(house, "reject", take(house))
    house.send(ack=ack, message_id="late", expiry=START)
    house.core.tick()
    house.send(ack=ack, message_id="purged")
    house.core.purge_messages("dev1")
    ends = [
        ("completed", Fate.SUCCESS),
        ("rejected", Fate.REJECTED),
        ("late", Fate.EXPIRED),
        ("purged", Fate.PURGED),
    ]
    heard = {Ack.NONE: [], Ack.POSITIVE: ends[:1], Ack.NEGATIVE: ends[1:], Ack.FULL: ends}
    assert house.fates() == heard[ack]
    counted = {fate.value: house.core.counters[fate.value] for fate in Fate}
    assert counted == dict.fromkeys(counted, 1) | {"DeliveryCountExceeded": 0}
    assert house.device.messages == 0


@pytest.mark.parametrize("fate", Fate)
def test_each_end_is_good_or_bad_news(fate):
    assert wanted(Ack.FULL, fate)
    assert not wanted(Ack.NONE, fate)
    assert wanted(Ack.POSITIVE, fate) == (fate is Fate.SUCCESS)
    assert wanted(Ack.NEGATIVE, fate) == (fate is not Fate.SUCCESS)


def test_a_message_expires_at_its_time_and_not_before(house):
    house.send(ack=Ack.FULL, message_id="m")
    house.clock.advance(LIFE - 0.001)
    house.core.tick()
    assert house.fates() == []
    house.clock.advance(0.001)
    assert take(house) is None
    assert house.fates() == [("m", Fate.EXPIRED)]


def test_a_message_may_say_how_long_it_waits(house):
    house.send(b"short", expiry=START + 1)
    house.send(b"long", expiry=START + LIFE * 2)
    house.clock.advance(LIFE)
    assert bodies(house) == [b"long"]


def test_a_message_that_is_late_already_only_ends(house):
    peer = house.connect()
    house.send(ack=Ack.FULL, message_id="m", expiry=START - 1)
    assert take(house, peer) is None
    assert house.fates() == [("m", Fate.EXPIRED)]


def test_a_message_does_not_expire_under_a_lock(house):
    house.send(ack=Ack.FULL, message_id="kept", expiry=START + 1)
    house.send(ack=Ack.FULL, message_id="given back", expiry=START + 1)
    kept, back = take(house), take(house)
    house.clock.advance(2)
    house.core.tick()
    assert house.fates() == []
    assert settle(house, "complete", kept)
    assert settle(house, "abandon", back)
    assert take(house) is None
    assert house.fates() == [("kept", Fate.SUCCESS), ("given back", Fate.EXPIRED)]


def test_a_message_is_tried_so_often_and_no_oftener(house):
    house.send(ack=Ack.FULL, message_id="m")
    for delivery in range(1, 11):
        queued = take(house)
        assert queued.deliveries == delivery
        assert house.fates() == []
        settle(house, "abandon", queued)
    assert take(house) is None
    assert house.fates() == [("m", Fate.DELIVERY_COUNT_EXCEEDED)]


def test_the_last_try_may_succeed():
    house = House(deliveries=1)
    house.send(ack=Ack.FULL, message_id="m")
    assert settle(house, "complete", take(house))
    assert house.fates() == [("m", Fate.SUCCESS)]


def test_locks_that_time_out_and_owners_that_go_count_as_tries():
    house = House(deliveries=2)
    house.send(ack=Ack.FULL, message_id="m")
    take(house)
    house.clock.advance(LOCK)
    take(house)
    house.core.release(DEVICE, "owner")
    assert house.fates() == [("m", Fate.DELIVERY_COUNT_EXCEEDED)]
    assert house.core.counters["deliveries"] == 2


def test_a_purge_takes_locked_messages_too(house):
    for number in range(3):
        house.send(b"%d" % number, ack=Ack.NEGATIVE, message_id=str(number))
    queued = take(house)
    assert house.core.purge_messages("dev1") == 3
    assert house.fates() == [(name, Fate.PURGED) for name in "012"]
    assert not settle(house, "complete", queued)
    assert house.core.purge_messages("dev1") == 0


def test_a_device_that_is_deleted_takes_its_messages_along(house):
    house.send(ack=Ack.FULL, message_id="m")
    house.core.delete_identity(DEVICE)
    assert house.fates() == [("m", Fate.PURGED)]
    house.core.create_identity(DEVICE)
    assert take(house) is None


# --- limits --------------------------------------------------------------------------------------


def test_so_many_messages_wait_and_no_more(house):
    for _ in range(50):
        house.send()
    queued = take(house)
    with pytest.raises(QueueFull):
        house.send()
    settle(house, "complete", queued)
    house.send()
    assert house.device.messages == 50


def test_expired_messages_make_room(house):
    for _ in range(50):
        house.send()
    house.clock.advance(LIFE)
    assert house.send()
    assert house.device.messages == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"body": b"x" * 65_537},
        {"body": b"x" * 65_535, "message_id": "é"},
        {"body": b"x" * 65_500, "properties": (("name", "x" * 33),)},
        {"body": b"", "correlation_id": "x" * 65_537},
        {"body": b"", "user_id": "x" * 65_537},
        {"body": b"", "content_type": "x" * 65_537},
        {"body": b"", "content_encoding": "x" * 65_537},
    ],
)
def test_a_message_has_at_most_64_kilobytes_with_its_properties(house, fields):
    with pytest.raises(TooLarge):
        house.send(**fields)
    assert house.device.messages == 0
    house.send(b"x" * 65_532, properties=(("é", "xx"),))


def test_a_message_waits_for_two_days_at_most(house):
    house.send(expiry=START + 172_800)
    with pytest.raises(BadRequest):
        house.send(expiry=START + 172_801)


def test_messages_go_to_devices_that_exist_and_not_to_modules(house):
    with pytest.raises(NotFound):
        house.core.send_message("dev2", Message(b"x"))
    with pytest.raises(NotFound):
        house.core.purge_messages("dev2")
    house.send()
    assert house.core.next_message(MODULE, "owner") is None
    assert house.core.next_message(Identity("dev2"), "owner") is None
    assert not house.core.complete(MODULE, "lock")
    house.core.release(MODULE, "owner")


# --- waking --------------------------------------------------------------------------------------


def test_a_peer_is_woken_by_a_message_if_it_asked_for_them(house):
    peer = house.connect(Capability.CLOUD_MESSAGES)
    house.send()
    assert peer.take() == ["wake"]
    deaf = house.connect(Capability.METHODS, Capability.DESIRED)
    house.send()
    assert deaf.take() == []
    deaf.capable.add(Capability.CLOUD_MESSAGES)
    house.core.capabilities_changed(DEVICE, deaf)
    assert deaf.take() == ["wake"]


def test_a_peer_that_comes_is_woken_for_what_waits(house):
    house.connect(identity=MODULE)
    peer = house.connect()
    assert peer.take() == []
    house.send()
    house.core.detach(DEVICE, peer)
    waked = type(peer)()
    house.core.attach(DEVICE, waked)
    assert waked.take() == ["wake"]


def test_a_peer_is_not_woken_while_it_has_all_there_is(house):
    peer = house.connect()
    house.send()
    queued = take(house, peer)
    peer.take()
    house.core.capabilities_changed(DEVICE, peer)
    house.core.tick()
    settle(house, "complete", queued)
    assert peer.take() == []


@pytest.mark.parametrize("how", ["abandon", "release", "time"])
def test_a_peer_is_woken_for_a_message_that_comes_back(house, how):
    peer = house.connect()
    house.send()
    queued = take(house, peer)
    peer.take()
    if how == "abandon":
        settle(house, "abandon", queued)
    elif how == "release":
        house.core.release(DEVICE, peer)
    else:
        house.clock.advance(LOCK)
        house.core.tick()
    assert peer.take() == ["wake"]


def test_a_peer_may_take_and_complete_from_inside_the_call_that_wakes_it(house):
    peer = house.connect()
    done = []

    def pump():
        while (queued := take(house, peer)) is not None:
            done.append(queued.message.body)
            settle(house, "complete", queued)

    peer.wake = pump
    for number in range(3):
        house.send(b"%d" % number)
    assert done == [b"0", b"1", b"2"]
    assert house.device.messages == 0


# --- feedback ------------------------------------------------------------------------------------


def records(count):
    """Records that can be told apart."""
    return [Record(Fate.SUCCESS, str(number), "dev1", "g", START) for number in range(count)]


def test_a_record_is_the_hubs_json(house):
    house.send(ack=Ack.FULL, message_id="m")
    house.clock.advance(2)
    settle(house, "complete", take(house))
    (record,) = house.core.feedback.take()
    assert record.document() == {
        "originalMessageId": "m",
        "description": "Success",
        "deviceGenerationId": house.device.generation,
        "deviceId": "dev1",
        "enqueuedTimeUtc": "2023-11-14T22:13:22.000Z",
        "statusCode": "Success",
    }


def test_records_are_taken_once_and_in_order_and_may_be_given_back():
    feedback = Feedback(10)
    made = records(5)
    for record in made:
        feedback.add(record)
    assert feedback.take(2) == made[:2]
    rest = feedback.take()
    assert (rest, feedback.take(), len(feedback)) == (made[2:], [], 0)
    feedback.add(made[0])
    feedback.give_back(rest)
    assert feedback.take() == [*rest, made[0]]


def test_the_oldest_records_go_where_nobody_takes_them():
    feedback = Feedback(3)
    made = records(5)
    for record in made[:2]:
        feedback.add(record)
    taken = feedback.take()
    for record in made[2:]:
        feedback.add(record)
    feedback.give_back(taken)
    assert feedback.take() == made[2:]
    feedback.add(made[0])
    feedback.give_back(made[2:])
    assert feedback.take() == [*made[3:], made[0]]


def test_a_listener_is_called_for_each_record_until_it_ends():
    feedback = Feedback(10)
    heard = []
    end = feedback.follow(lambda: heard.append(len(feedback)))
    for record in records(2):
        feedback.add(record)
    end()
    feedback.add(records(1)[0])
    assert heard == [1, 2]


def test_a_listener_may_purge_from_inside_the_call(house):
    for number in range(3):
        house.send(ack=Ack.FULL, message_id=str(number))
    end = house.core.feedback.follow(lambda: end() or house.core.purge_messages("dev1"))
    house.clock.advance(LIFE)
    house.core.tick()
    assert sorted(house.fates()) == [
        ("0", Fate.EXPIRED),
        ("1", Fate.PURGED),
        ("2", Fate.PURGED),
    ]
    assert house.device.messages == 0


# --- any order of events -------------------------------------------------------------------------


class Courier(RuleBasedStateMachine):
    """A queue against a plain account of what each message has been through."""

    def __init__(self):
        super().__init__()
        self.now = START
        self.limits = Limits(queued_messages=5, deliveries=3, lock_seconds=10, life_seconds=40)
        self.ended = {}
        self.queue = Queue("dev1", self.limits, self.note)
        # Sequence number -> [deliveries, expiry, lock or None, end of the lock, owner]
        self.account = {}
        self.fates = {}

    def note(self, queued, fate):
        """What the queue says of an end."""
        assert queued.sequence_number not in self.ended
        self.ended[queued.sequence_number] = fate

    def close(self, number, fate):
        """What the account says of an end."""
        del self.account[number]
        self.fates[number] = fate

    def give_back(self, number):
        """A lock has ended."""
        entry = self.account[number]
        entry[2] = None
        if entry[0] == self.limits.deliveries:
            self.close(number, Fate.DELIVERY_COUNT_EXCEEDED)

    def settle_time(self):
        """Apply what time has done, in the account."""
        for number, entry in list(self.account.items()):
            if entry[2] is not None and self.now >= entry[3]:
                self.give_back(number)
            if number in self.account and entry[2] is None and self.now >= entry[1]:
                self.close(number, Fate.EXPIRED)

    @rule(life=st.sampled_from([None, 0, 5, 15]))
    def send(self, life):
        """A service sends."""
        self.settle_time()
        message = Message(b"x", expiry=None if life is None else self.now + life)
        try:
            self.queue.check(message, self.now)
        except QueueFull:
            assert len(self.account) == self.limits.queued_messages
            return
        assert len(self.account) < self.limits.queued_messages
        queued = self.queue.put(message, self.now)
        expiry = self.now + (self.limits.life_seconds if life is None else life)
        self.account[queued.sequence_number] = [0, expiry, None, 0, None]

    @rule(owner=st.sampled_from("ab"), seconds=st.sampled_from([None, 3, math.inf]))
    def lock(self, owner, seconds):
        """A device takes one."""
        self.settle_time()
        free = [number for number, entry in self.account.items() if entry[2] is None]
        queued = self.queue.lock(owner, self.now, seconds)
        if not free:
            assert queued is None
            return
        assert queued.sequence_number == min(free)
        entry = self.account[queued.sequence_number]
        entry[0] += 1
        entry[2:] = [queued.lock, self.now + (10 if seconds is None else seconds), owner]
        assert queued.deliveries == entry[0]

    @precondition(lambda self: self.account)
    @rule(data=st.data(), how=st.sampled_from(["complete", "reject", "abandon"]))
    def settle(self, data, how):
        """A device answers, perhaps too late."""
        number = data.draw(st.sampled_from(sorted(self.account)))
        lock = self.account[number][2]
        self.settle_time()
        held = number in self.account and lock is not None and self.account[number][2] == lock
        assert getattr(self.queue, how)(lock, self.now) == held
        if held and how == "abandon":
            self.give_back(number)
            self.settle_time()
            self.queue.tick(self.now)
        elif held:
            fate = Fate.SUCCESS if how == "complete" else Fate.REJECTED
            self.close(number, fate)

    @rule(owner=st.sampled_from("ab"))
    def lose(self, owner):
        """A device loses its link."""
        self.settle_time()
        self.queue.tick(self.now)
        self.queue.release(owner)
        for number, entry in list(self.account.items()):
            if entry[2] is not None and entry[4] == owner:
                self.give_back(number)
        self.settle_time()
        self.queue.tick(self.now)

    @rule(seconds=st.sampled_from([1, 4, 9, 40]), punctual=st.booleans())
    def wait(self, seconds, punctual):
        """Time passes, and the hub is called when it asked to be, or not at all."""
        goal = self.now + seconds
        while punctual and (deadline := self.queue.next_deadline() or math.inf) <= goal:
            self.now = max(self.now, deadline)
            self.settle_time()
            self.queue.tick(self.now)
            after = self.queue.next_deadline()
            assert after is None or after > self.now
        self.now = goal
        self.settle_time()

    @rule()
    def purge(self):
        """A service drops all."""
        self.settle_time()
        self.queue.tick(self.now)
        assert self.queue.purge() == len(self.account)
        for number in list(self.account):
            self.close(number, Fate.PURGED)

    @rule()
    def look(self):
        """The queue has ended what the account has ended, and holds the rest."""
        self.settle_time()
        self.queue.tick(self.now)
        assert self.ended == self.fates
        assert len(self.queue) == len(self.account)
        free = itertools.filterfalse(lambda entry: entry[2] is not None, self.account.values())
        assert self.queue.waiting == any(True for _ in free)

    def teardown(self):
        """Look once more."""
        self.look()


TestCourier = Courier.TestCase
TestCourier.settings = settings(max_examples=60, stateful_step_count=40)
