# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What the receive queue does when it is full, when a link begins, and in any story at all."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from ring_bench import OVERHEAD, octets, put
from tables.models import ADMITTED, DROP_NEW, DROP_OLD, HELD, HOLD, SKIPPED, RingTrial

# --- policies ------------------------------------------------------------------------------------


@pytest.mark.parametrize("packet_id", [0, 1])
def test_hold_drops_nothing(packet_id):
    trial = RingTrial(32)
    put(trial, 28)
    assert put(trial, 8, packet_id) == HELD
    assert trial.inbox.dropped == 0


def test_drop_new_drops_the_new_message_at_quality_0_only():
    trial = RingTrial(32)
    trial.set_policy(DROP_NEW)
    put(trial, 20)
    assert put(trial, 9) == SKIPPED
    assert put(trial, 9, packet_id=1) == HELD
    assert put(trial, 8) == ADMITTED
    assert (trial.inbox.dropped, trial.inbox.count) == (1, 2)
    trial.drain()


def test_drop_old_drops_as_many_as_the_new_message_needs():
    trial = RingTrial(44)
    trial.set_policy(DROP_OLD)
    for first in range(5):
        put(trial, 8, first=first)
    assert put(trial, 17) == ADMITTED
    assert (trial.inbox.dropped, trial.inbox.count) == (3, 3)
    trial.drain()


def test_drop_old_makes_room_for_quality_1():
    trial = RingTrial(32)
    trial.set_policy(DROP_OLD)
    put(trial, 28)
    assert put(trial, 20, packet_id=1) == ADMITTED
    assert put(trial, 20, packet_id=2) == HELD
    assert trial.inbox.count == 1


def test_drop_old_makes_room_for_the_acknowledgement_of_a_skipped_message():
    trial = RingTrial(32)
    trial.set_policy(DROP_OLD)
    put(trial, 28)
    assert trial.message(2, b"t", 1, bytes(100)) == SKIPPED
    assert (trial.inbox.dropped, trial.inbox.count, trial.owed()) == (1, 0, 1)


def test_drop_old_never_drops_quality_1():
    trial = RingTrial(32)
    trial.set_policy(DROP_OLD)
    put(trial, 14, packet_id=1)
    trial.acknowledge()
    put(trial, 14)
    assert put(trial, 8) == SKIPPED
    assert put(trial, 11, packet_id=2) == HELD
    assert (trial.inbox.dropped, trial.inbox.count) == (1, 2)
    trial.drain()


def test_drop_old_lets_a_burst_pass_and_keeps_the_newest():
    """A whole burst may come before anybody asks for acknowledgements."""
    trial = RingTrial(44)
    trial.set_policy(DROP_OLD)
    for first in range(50):
        assert put(trial, 8, first=first) == ADMITTED
    assert (trial.inbox.count, trial.inbox.dropped) == (5, 45)
    trial.drain()


def test_drop_old_drops_nothing_where_it_would_free_nothing():
    """A PUBACK that is owed holds the room behind it, too: the messages there may as well stay."""
    trial = RingTrial(44)
    trial.set_policy(DROP_OLD)
    put(trial, 16, packet_id=1)
    put(trial, 12)
    put(trial, 12)
    trial.take()
    assert put(trial, 12) == SKIPPED
    assert (trial.inbox.count, trial.inbox.dropped) == (2, 1)
    trial.acknowledge()
    assert put(trial, 16) == ADMITTED
    trial.drain()


def test_drop_new_drops_nothing_while_there_is_room():
    trial = RingTrial(32)
    trial.set_policy(DROP_NEW)
    for _ in range(10):
        assert put(trial, 28) == ADMITTED
        trial.take()
    assert trial.inbox.dropped == 0


# --- a new link ----------------------------------------------------------------------------------


def fill_for_settle() -> RingTrial:
    """Read and acknowledged in every combination, skipped ones included."""
    trial = RingTrial(128)
    put(trial, 11, packet_id=1)
    put(trial, 11, packet_id=2)
    trial.acknowledge()
    trial.take()
    trial.take()
    put(trial, 9)
    put(trial, 11, packet_id=3)
    trial.message(2, b"t", 4, bytes(200))
    put(trial, 9)
    put(trial, 11, packet_id=5)
    return trial


def test_a_kept_session_sends_again_what_was_not_acknowledged():
    trial = fill_for_settle()
    trial.settle(True)
    assert trial.owed() == 0
    assert trial.unread == 2
    trial.drain()


def test_a_new_session_leaves_messages_to_be_read_and_never_acknowledged():
    trial = fill_for_settle()
    trial.settle(False)
    assert trial.owed() == 0
    assert trial.unread == 4
    trial.drain()


@pytest.mark.parametrize("session_present", [True, False])
def test_a_message_that_was_acknowledged_stays(session_present):
    trial = RingTrial(64)
    put(trial, 12, packet_id=1)
    put(trial, 12, packet_id=2)
    trial.acknowledge()
    trial.settle(session_present)
    assert trial.unread == (1 if session_present else 2)
    put(trial, 12, packet_id=2)
    assert trial.owed() == 2
    trial.drain()


def test_what_a_kept_session_sends_again_finds_the_room_of_the_copy():
    trial = RingTrial(32)
    for _ in range(5):
        assert put(trial, 18, packet_id=1) == ADMITTED
        assert put(trial, 10) == ADMITTED
        trial.settle(True)
        assert put(trial, 18, packet_id=1) == ADMITTED
        trial.drain()


def test_clear_forgets_messages_and_acknowledgements():
    trial = fill_for_settle()
    trial.clear()
    assert not trial.peek()
    assert trial.owed() == 0
    assert put(trial, trial.capacity) == ADMITTED


# --- any story -----------------------------------------------------------------------------------


class RingMachine(RuleBasedStateMachine):
    """Any steps in any order, as far as the reader, the session and the application allow."""

    def __init__(self):
        super().__init__()
        self.trial = None

    @initialize(size=st.integers(32, 90), policy=st.sampled_from([HOLD, DROP_NEW, DROP_OLD]))
    def begin(self, size, policy):
        self.trial = RingTrial(size)
        self.trial.set_policy(policy)

    @rule(
        flags=st.integers(0, 3),
        topic=st.binary(min_size=1, max_size=8),
        packet_id=st.integers(1, 65535),
        message=st.binary(max_size=24),
    )
    @precondition(lambda self: not self.trial.filling)
    def admit(self, flags, topic, packet_id, message):
        self.trial.admit(flags, topic, packet_id, message)

    @rule(
        flags=st.integers(0, 3),
        packet_id=st.integers(1, 65535),
        over=st.integers(-3, 3),
        whole=st.booleans(),
    )
    @precondition(lambda self: not self.trial.filling)
    def admit_near_the_limit(self, flags, packet_id, over, whole):
        """As large as what is free, or as the ring, or a little more or less."""
        room = self.trial.capacity if whole else self.trial.room()
        size = max(room - OVERHEAD - 1 - (flags & 2) + over, 0)
        self.trial.admit(flags, b"t", packet_id, octets(size))

    @rule(count=st.integers(0, 30))
    @precondition(lambda self: self.trial.filling)
    def write(self, count):
        self.trial.write(count)

    @rule()
    @precondition(lambda self: self.trial.filling)
    def commit(self):
        self.trial.commit()

    @rule()
    @precondition(lambda self: self.trial.filling)
    def abort(self):
        self.trial.abort()

    @rule()
    def peek(self):
        self.trial.peek()

    @rule(spare=st.integers(0, 3))
    def copy(self, spare):
        self.trial.copy(spare)

    @rule()
    def take(self):
        self.trial.take()

    @rule()
    def owed(self):
        self.trial.owed()

    @rule()
    def acknowledge(self):
        self.trial.acknowledge()

    @rule(session_present=st.booleans())
    @precondition(lambda self: not self.trial.filling)
    def settle(self, session_present):
        self.trial.settle(session_present)

    @rule()
    def clear(self):
        self.trial.clear()

    @rule(policy=st.sampled_from([HOLD, DROP_NEW, DROP_OLD]))
    def set_policy(self, policy):
        self.trial.set_policy(policy)

    def teardown(self):
        if self.trial:
            if self.trial.filling:
                self.trial.commit()
            self.trial.drain()


RingMachine.TestCase.settings = settings(
    max_examples=200, stateful_step_count=50, deadline=None, derandomize=True
)
TestRingMachine = RingMachine.TestCase
