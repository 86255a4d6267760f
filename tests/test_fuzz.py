# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The fuzzer in short: some stories are played, and bugs that are planted are found."""

import tracemalloc

import pytest
from fuzz import run as command
from fuzz.desk import CALL_CEILING, run
from fuzz.findings import STORIES
from hypothesis import HealthCheck, given, settings

from nxd_mqtt import client, inbox, link, reader, store, teller

# How many stories may pass before a planted bug is found.
PATIENCE = 1500


@pytest.mark.parametrize("story", [row[1] for row in STORIES], ids=[row[0] for row in STORIES])
def test_a_story_that_is_kept_ends_well(story):
    run(bytes.fromhex(story))


@pytest.mark.parametrize("first", range(0, 400, 100))
def test_stories_drawn_at_random_end_well(first):
    for number in range(first, first + 100):
        run(command.noise(number))


@settings(max_examples=200, suppress_health_check=list(HealthCheck))
@given(command.DATA)
def test_stories_that_hypothesis_makes_up_end_well(data):
    run(data)


def test_no_call_takes_much_memory_for_a_moment(monkeypatch, tmp_path):
    monkeypatch.setattr(command, "_WORK", tmp_path)
    tracemalloc.start()
    try:
        highest = max(command.play(command.noise(number)) for number in range(60))
    finally:
        tracemalloc.stop()
    assert 0 < highest <= CALL_CEILING


# --- planted bugs --------------------------------------------------------------------------------


def keep_what_is_parsed(one):
    one._start = one._end = one._stage = 0


def acknowledge_twice(one, kind, number, original=teller.Teller.note):
    original(one, kind, number)
    if kind == 14:
        one._endings.append(one._endings[-1])
        original(one, kind, number)


def grow(one, count, original=reader.Reader.filled):
    original(one, count)
    one.kept_back = [*getattr(one, "kept_back", []), bytearray(count)]


def close_nothing(one):
    one.live = False


def no_duplicates(one):
    one.handed = one.sent = 0


def take_two(one, original=inbox.Inbox.take):
    original(one)
    if one.peek():
        original(one)


def forget_one(one, place, original=store.Store.remove):
    original(one, place)
    if one.count > 1:
        original(one, one.count - 1)


def believe_all(data, start, end, state, wildcards):
    return 0


def owe_nothing(one):
    return 0


def raise_something(one, packet_id):
    return [][packet_id]


PLANTED = (
    ("a parser that keeps the old link's bytes", reader.Reader, "reset", keep_what_is_parsed),
    ("an ending told twice", teller.Teller, "note", acknowledge_twice),
    ("a buffer that grows", reader.Reader, "filled", grow),
    ("a socket that stays open", link.Link, "close", close_nothing),
    ("messages sent again without DUP", store.Store, "rewind", no_duplicates),
    ("a message that is skipped", inbox.Inbox, "take", take_two),
    ("a stored message that is lost", store.Store, "remove", forget_one),
    ("text that is not checked", reader, "scan_text", believe_all),
    ("messages that are not acknowledged", inbox.Inbox, "owed", owe_nothing),
    ("an exception that is no MQTTError", store.Store, "find", raise_something),
    ("a violation that is let pass", reader, "violation", lambda cause: None),
    ("an unread message that stays", client.NXD_MQTT_CLIENT, "let_go", lambda one: None),
)


@pytest.mark.parametrize(
    ("owner", "name", "bug"), [row[1:] for row in PLANTED], ids=[row[0] for row in PLANTED]
)
def test_a_planted_bug_is_found(monkeypatch, owner, name, bug):
    monkeypatch.setattr(owner, name, bug)
    with pytest.raises((AssertionError, AttributeError, IndexError)):
        for number in range(PATIENCE):
            run(command.noise(number))


def test_a_finding_is_made_small_and_can_be_played_again(monkeypatch, tmp_path, capsys):
    def fail_on_hash(data):
        if b"#" in data:
            raise ValueError("a hash")
        return 0

    monkeypatch.setattr(command, "run", fail_on_hash)
    monkeypatch.setattr(command, "STORIES", ())
    monkeypatch.setattr(command, "noise", lambda number: b"")
    monkeypatch.setattr(command, "_WORK", tmp_path)
    monkeypatch.setattr(command, "_SHRINK_SECONDS", 1)
    assert not command.play_hypothesis(1, 10)
    said = capsys.readouterr().out
    assert "crashes=1: ValueError a hash\nstory: 23\n" in said
    assert "python -m fuzz.run --replay " in said
    assert (tmp_path / "finding").read_bytes() == b"#"
