# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The transmit store against a plain list: order, every byte, and no memory but the first."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from tables.models import STORE_SEQUENCES, StoreTrial, store_sequence

from nxd_mqtt.store import Store

PUBLISH = 0x32
SUBSCRIBE = 0x82
UNSUBSCRIBE = 0xA2


def filled(*firsts: int, sent: int = 0) -> StoreTrial:
    """A store with a packet of each first byte, identifiers from 1 on; the first are sent."""
    trial = StoreTrial(16, len(firsts) + 1)
    for packet_id, first in enumerate(firsts, 1):
        assert trial.add(first, packet_id, bytes([packet_id] * packet_id))
    for _ in range(sent):
        trial.send()
    return trial


def identifiers(trial: StoreTrial) -> list[int]:
    """The identifiers of the packets that are left, in order."""
    return [entry.packet_id for entry in trial.entries]


def firsts(trial: StoreTrial) -> list[int]:
    """The first bytes of the packets that are left, in order."""
    return [entry.packet[0] for entry in trial.entries]


def test_an_empty_store():
    store = Store(16, 3)
    assert (store.slot_size, store.depth, store.count, store.sent) == (16, 3, 0, 0)
    assert store.find(1) == -1
    store.rewind()
    store.drop_requests()
    store.drop_sent()
    assert store.count == 0


def test_a_slot_cannot_change_its_size():
    store = Store(4, 2)
    with pytest.raises(ValueError, match="different structures"):
        store.packets[0][:5] = b"12345"


def test_slots_share_no_byte():
    store = Store(4, 3)
    for place in range(3):
        store.packets[place][:] = bytes([place]) * 4
    for place in range(3):
        assert bytes(store.packets[place]) == bytes([place]) * 4


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("sent", range(5))
def test_one_packet_goes_and_the_others_keep_their_order(place, sent):
    trial = filled(PUBLISH, SUBSCRIBE, PUBLISH, UNSUBSCRIBE, sent=sent)
    gone = place + 1
    assert trial.find(gone) == place
    trial.remove(place)
    assert trial.find(gone) == -1
    assert identifiers(trial) == [number for number in (1, 2, 3, 4) if number != gone]
    assert trial.sent == sent - (place < sent)


def test_the_slots_are_used_again_and_again():
    trial = StoreTrial(16, 3)
    memory = {id(packet.obj) for packet in trial.store.packets}
    for packet_id in range(1, 50):
        assert trial.add(PUBLISH, packet_id, bytes([packet_id] * (packet_id % 15)))
        if packet_id % 3 == 0:
            trial.remove(packet_id % 2)
            trial.remove(0)
            trial.remove(0)
    assert {id(packet.obj) for packet in trial.store.packets} == memory


def test_only_what_was_sent_carries_dup():
    trial = filled(PUBLISH, SUBSCRIBE, PUBLISH, PUBLISH, sent=3)
    trial.rewind()
    assert trial.sent == 0
    assert firsts(trial) == [PUBLISH | 8, SUBSCRIBE, PUBLISH | 8, PUBLISH]


def test_dup_stays_when_a_link_did_not_get_that_far():
    trial = filled(PUBLISH, PUBLISH, sent=2)
    trial.rewind()
    trial.send()
    trial.rewind()
    assert firsts(trial) == [PUBLISH | 8, PUBLISH | 8]


def test_a_packet_is_sent_with_its_first_byte():
    trial = filled(PUBLISH, PUBLISH, PUBLISH)
    for _ in range(3):
        trial.hand()
    assert (trial.handed, trial.sent) == (3, 0)
    for count, sent in ((1, 1), (1, 1), (1, 2), (0, 2), (2, 2), (1, 3), (9, 3)):
        trial.take(count)
        assert trial.sent == sent


def test_what_the_link_has_not_taken_is_not_sent_again_but_sent():
    trial = filled(PUBLISH, PUBLISH, PUBLISH)
    for _ in range(3):
        trial.hand()
    trial.take(3)
    trial.rewind()
    assert trial.handed == 0
    assert firsts(trial) == [PUBLISH | 8, PUBLISH | 8, PUBLISH]


def test_an_acknowledgement_does_not_make_the_next_ones_sent():
    trial = filled(PUBLISH, PUBLISH, PUBLISH, sent=1)
    trial.hand()
    trial.hand()
    trial.remove(0)
    trial.take(1)
    assert (trial.handed, trial.sent) == (2, 1)
    trial.drop_sent()
    assert identifiers(trial) == [3]


@pytest.mark.parametrize("sent", range(6))
def test_requests_go_sent_or_not(sent):
    trial = filled(SUBSCRIBE, PUBLISH, UNSUBSCRIBE, SUBSCRIBE, PUBLISH, sent=sent)
    trial.drop_requests()
    assert identifiers(trial) == [2, 5]
    assert trial.sent == (sent >= 2) + (sent >= 5)


@pytest.mark.parametrize("sent", range(5))
def test_messages_that_were_sent_go_and_requests_stay(sent):
    trial = filled(PUBLISH, PUBLISH, SUBSCRIBE, PUBLISH, sent=sent)
    trial.drop_sent()
    assert identifiers(trial) == [place for place in (1, 2, 3, 4) if place > sent or place == 3]
    assert trial.sent == 0


def test_what_an_earlier_link_has_sent_goes_too():
    trial = filled(PUBLISH, PUBLISH, PUBLISH, sent=2)
    trial.rewind()
    trial.drop_sent()
    assert identifiers(trial) == [3]


@pytest.mark.parametrize(("seed", "slot_size", "depth", "steps"), STORE_SEQUENCES)
def test_a_sequence_that_other_interpreters_play_too(seed, slot_size, depth, steps):
    assert store_sequence(seed, slot_size, depth, steps) > 0


class StoreMachine(RuleBasedStateMachine):
    """Any steps in any order."""

    @initialize(slot_size=st.integers(16, 40), depth=st.integers(1, 6))
    def begin(self, slot_size, depth):
        self.trial = StoreTrial(slot_size, depth)

    @rule(
        first=st.sampled_from([0x32, 0x33, 0x82, 0xA2]),
        packet_id=st.integers(1, 9) | st.integers(1, 65535),
        rest=st.binary(max_size=40),
    )
    def add(self, first, packet_id, rest):
        self.trial.add(first, packet_id, rest[: self.trial.slot_size - 1])

    @rule(packet_id=st.integers(0, 9))
    def find(self, packet_id):
        self.trial.find(packet_id)

    @rule()
    def hand(self):
        self.trial.hand()

    @rule(count=st.integers(0, 60))
    def take(self, count):
        self.trial.take(count)

    @rule(place=st.integers(0, 5))
    def remove(self, place):
        self.trial.remove(place)

    @rule()
    def rewind(self):
        self.trial.rewind()

    @rule()
    def drop_requests(self):
        self.trial.drop_requests()

    @rule()
    def drop_sent(self):
        self.trial.drop_sent()


StoreMachine.TestCase.settings = settings(
    max_examples=100, stateful_step_count=40, deadline=None, derandomize=True
)
TestStoreMachine = StoreMachine.TestCase
