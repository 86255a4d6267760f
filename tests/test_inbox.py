# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The receive queue against a plain list: order, every byte, exact room, fixed memory.

``RingTrial`` does each step with the ring and with the list; a test here is a story of steps.
"""

import pytest
from ring_bench import OVERHEAD, get, octets, put
from tables.models import ADMITTED, HELD, RING_SEQUENCES, SKIPPED, RingTrial, ring_sequence

from nxd_mqtt.inbox import Inbox

# --- capacity ------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [*range(32, 72), 2048])
@pytest.mark.parametrize("packet_id", [0, 9])
def test_the_largest_message_is_exactly_as_large_as_the_ring(size, packet_id):
    trial = RingTrial(size)
    assert put(trial, trial.capacity, packet_id) == ADMITTED
    get(trial)
    assert put(trial, trial.capacity + 1, packet_id) == SKIPPED
    assert trial.inbox.oversize == 1
    trial.drain()


@pytest.mark.parametrize("size", [70_000 + 9, (1 << 24) + 300])
def test_lengths_of_three_and_four_bytes(size):
    trial = RingTrial(size)
    message = bytes(trial.capacity - OVERHEAD - 300)
    trial.admit(0, b"t" * 300, 0, message)
    trial.commit()
    trial.copy(0)
    trial.drain()


def test_every_byte_of_the_ring_is_used_and_not_one_more():
    trial = RingTrial(44)
    for _ in range(5):
        assert put(trial, 8) == ADMITTED
    assert trial.room() == 0
    assert put(trial, 8) == HELD
    get(trial)
    assert put(trial, 9) == HELD
    assert put(trial, 8) == ADMITTED
    trial.drain()


def test_a_message_may_be_empty():
    trial = RingTrial(32)
    for flags in range(4):
        trial.message(flags, b"a", 7, b"")
        get(trial)
    trial.message(0, b"", 0, b"")
    get(trial)


# --- wraps ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("small", [8, 9, 10, 11])
@pytest.mark.parametrize("size", [41, 44])
def test_a_message_of_any_length_begins_at_any_offset(size, small):
    """One message always stays, so that the ring never starts again at its beginning."""
    for large in range(8, size - 4 - small + 1):
        trial = RingTrial(size)
        assert put(trial, small) == ADMITTED
        for turn in range(40):
            packet_id = turn % 3 if large >= 10 else 0
            assert put(trial, large, packet_id, first=turn) == ADMITTED
            get(trial)
            assert put(trial, small, first=turn) == ADMITTED
            get(trial)
        trial.drain()


@pytest.mark.parametrize("piece", [1, 2, 3, 5, 100])
@pytest.mark.parametrize("packet_id", [0, 0x8142])
def test_a_message_comes_in_pieces_over_the_end_of_the_ring(packet_id, piece):
    trial = RingTrial(55)
    put(trial, 8)
    for turn in range(100):
        flags = 2 if packet_id else 0
        topic = octets(1 + turn % 5, turn)
        assert trial.admit(flags, topic, packet_id, octets(turn % 9)) == ADMITTED
        while trial.missing:
            trial.write(piece)
        trial.commit()
        get(trial)
    trial.drain()


def test_a_full_ring_is_read_whole_wherever_it_begins():
    """Headers that run over the end share no byte with anything, even with no byte free."""
    for first in range(8, 60):
        for second in range(8, 60):
            trial = RingTrial(64)
            if put(trial, first) != ADMITTED or put(trial, 8, 1) != ADMITTED:
                continue
            get(trial)
            if put(trial, second, 2) != ADMITTED:
                continue
            while trial.room() >= 16:
                assert put(trial, 8, first=second) == ADMITTED
            if trial.room() >= 8:
                assert put(trial, trial.room()) == ADMITTED
                assert trial.room() == 0
            trial.drain()


def test_identifiers_and_lengths_are_read_over_the_end():
    trial = RingTrial(33)
    put(trial, 8)
    for turn in range(100):
        packet_id = 0x0102 + turn * 257
        assert trial.message(3, b"ab", packet_id, b"c" * (turn % 3)) == ADMITTED
        assert trial.owed() == packet_id
        get(trial)
    trial.drain()


# --- the way in ----------------------------------------------------------------------------------


def test_a_message_cannot_be_read_before_it_is_complete():
    trial = RingTrial(64)
    trial.admit(2, b"t", 5, b"message")
    trial.write(8)
    assert not trial.peek()
    assert not trial.owed()
    trial.commit()
    assert trial.peek()
    assert trial.owed() == 5


def test_an_aborted_message_leaves_nothing():
    trial = RingTrial(32)
    put(trial, 8)
    for _ in range(20):
        assert trial.admit(2, b"t", 5, b"0123456789") == ADMITTED
        trial.write(11)
        trial.abort()
    assert put(trial, 20) == ADMITTED
    trial.drain()


def test_an_aborted_skip_leaves_nothing():
    trial = RingTrial(32)
    assert trial.admit(2, b"t", 5, bytes(40)) == SKIPPED
    trial.write(1)
    trial.abort()
    assert trial.owed() == 0
    assert put(trial, 28) == ADMITTED


def test_everything_else_goes_on_while_a_message_comes_in():
    trial = RingTrial(64)
    put(trial, 10, packet_id=1)
    put(trial, 10, packet_id=2)
    trial.admit(2, b"t", 3, b"0123456789")
    trial.write(7)
    get(trial)
    trial.write(3)
    get(trial)
    assert trial.unread == 0
    trial.write(2)
    trial.clear()
    trial.commit()
    assert trial.owed() == 3
    trial.drain()


def test_commit_without_a_message_does_nothing():
    trial = RingTrial(32)
    trial.inbox.commit()
    trial.check()
    assert not trial.peek()


# --- larger than the ring ------------------------------------------------------------------------


def test_a_skipped_message_is_acknowledged_in_its_turn():
    trial = RingTrial(64)
    put(trial, 16, packet_id=1)
    assert trial.message(2, b"t", 2, bytes(100)) == SKIPPED
    put(trial, 16, packet_id=3)
    trial.copy(0)
    trial.take()
    trial.copy(0)
    trial.take()
    for packet_id in (1, 2, 3):
        assert trial.owed() == packet_id
        trial.acknowledge()
    assert trial.room() == trial.capacity


def test_a_skipped_message_at_quality_0_leaves_no_trace_but_a_count():
    trial = RingTrial(32)
    assert trial.message(0, b"t", 0, bytes(100)) == SKIPPED
    assert (trial.inbox.oversize, trial.inbox.received, trial.room()) == (1, 0, 28)


def test_the_acknowledgement_of_a_skipped_message_needs_room_too():
    trial = RingTrial(32)
    put(trial, 22)
    assert trial.message(2, b"t", 2, bytes(100)) == HELD
    assert trial.inbox.oversize == 0
    get(trial)
    assert trial.message(2, b"t", 2, bytes(100)) == SKIPPED
    assert trial.owed() == 2


def test_skipped_messages_alone_fill_the_ring_and_go_when_acknowledged():
    trial = RingTrial(32)
    for packet_id in range(1, 5):
        assert trial.message(2, b"t", packet_id, bytes(100)) == SKIPPED
    assert trial.message(2, b"t", 5, bytes(100)) == HELD
    assert not trial.peek()
    trial.acknowledge()
    assert trial.message(2, b"t", 5, bytes(100)) == SKIPPED


def test_a_skipped_message_gives_its_room_back_while_others_are_unread():
    trial = RingTrial(32)
    trial.message(2, b"t", 1, bytes(100))
    put(trial, 8)
    trial.acknowledge()
    assert put(trial, 20) == ADMITTED
    trial.drain()


def test_a_skipped_message_between_others_gives_its_room_back():
    trial = RingTrial(32)
    put(trial, 8)
    trial.message(2, b"t", 1, bytes(100))
    put(trial, 8)
    trial.acknowledge()
    trial.take()
    assert put(trial, 20) == ADMITTED
    trial.drain()


# --- both sides have to be done with a message ---------------------------------------------------


def test_room_comes_free_when_a_message_is_both_taken_and_acknowledged():
    for taken_first in (True, False):
        trial = RingTrial(32)
        put(trial, 28, packet_id=1)
        steps = (trial.take, trial.acknowledge) if taken_first else (trial.acknowledge, trial.take)
        assert steps[0]()
        assert put(trial, 8) == HELD
        assert steps[1]()
        assert put(trial, 28) == ADMITTED


def test_a_taken_message_at_quality_0_frees_its_room_at_once():
    trial = RingTrial(32)
    for _ in range(5):
        assert put(trial, 28) == ADMITTED
        assert trial.take()
    assert put(trial, 14) == ADMITTED
    assert put(trial, 14) == ADMITTED
    assert trial.take()
    assert put(trial, 14) == ADMITTED


def test_acknowledgements_keep_the_order_of_arrival():
    trial = RingTrial(128)
    for packet_id in (7, 0, 65535, 256, 0, 1):
        put(trial, 12, packet_id)
    for packet_id in (7, 65535, 256, 1, 0):
        assert trial.owed() == packet_id
        assert trial.owed() == packet_id
        trial.acknowledge()
    trial.drain()


def test_the_memory_is_the_caller_s():
    memory = bytearray(64)
    inbox = Inbox(memory)
    assert inbox.admit(0, 5) == ADMITTED
    inbox.write(memoryview(b"\0\1tab"), 0, 5)
    inbox.commit()
    assert b"\0\1tab" in memory
    assert len(memory) == 64


@pytest.mark.parametrize(("seed", "size", "steps"), RING_SEQUENCES)
def test_a_sequence_that_other_interpreters_play_too(seed, size, steps):
    assert ring_sequence(seed, size, steps) > 0
