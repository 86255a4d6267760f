# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A journal cut off at every byte, with every byte changed, and with whole blocks gone."""

import pytest
from doubles.drive import Drive, Publisher, mount

HEADER = 28
HEADER_ROOM = 32
SIZE = 528
END_MARK = 2
CHANGES = (0xFF, 0x01, 0x80)


def young(publisher):
    """A first generation, acknowledgements in it, not full."""
    publisher.publish(0)
    publisher.publish(30)
    publisher.acknowledge(publisher.live[0][0])
    publisher.publish(17)


def full(publisher):
    """The newest generation has as many messages as can be, two acknowledged in one record."""
    for _ in range(4):
        publisher.publish(9)
    while publisher.store.compactions < 3:
        publisher.acknowledge(publisher.live[0][0])
        publisher.publish(9)
    for _ in range(2):
        publisher.acknowledge(publisher.live[0][0])
    publisher.publish(3)
    publisher.publish(3)


def mixed(publisher):
    """An older generation, messages acknowledged out of order, acknowledgements alone."""
    while publisher.store.compactions < 2:
        publisher.publish(publisher.written % 40)
        if len(publisher.live) == 3:
            publisher.acknowledge(publisher.live[1][0])
            publisher.acknowledge(publisher.live[1][0])
    publisher.store.tick(0)
    publisher.store.tick(5000)
    publisher.publish(12)


SCENES = {"young": young, "full": full, "mixed": mixed}


class Scene:
    """A journal that is complete, and where on the drive each of its records lies."""

    def __init__(self, monkeypatch, play):
        self.monkeypatch = monkeypatch
        self.drive = mount(monkeypatch, Drive())
        publisher = Publisher(self.drive, size=SIZE).attach()
        play(publisher)
        publisher.store._release()  # the power goes
        self.live = list(publisher.live)
        self.accepted = list(publisher.accepted)
        self.settled = list(publisher.settled)
        self.name = "journal.%d" % publisher.store._current
        self.other = "journal.%d" % (1 - publisher.store._current)
        self.records = self._records()
        self.end = self.records[-1][1]
        assert bytes(self.drive.files[self.name][self.end : self.end + END_MARK]) == b"\0\0"

    def _records(self):
        """Beginning, end of what is checked and end with padding, of each record."""
        writes = [entry for entry in self.drive.diary if entry[0] == "write"]
        headers = [at for at, entry in enumerate(writes) if entry[3].startswith(b"NXDJ")]
        first = headers[-2]
        while writes[first - 1][1] == self.name and writes[first - 1][2] >= HEADER_ROOM:
            first -= 1
        found = []
        for _, name, at, data in writes[first:]:
            if not data.startswith(b"NXDJ") and any(data) and name == self.name:
                acknowledged = int.from_bytes(data[2:4], "little")
                length = int.from_bytes(data[6:10], "little")
                checked = 14 + 2 * acknowledged + length
                found.append((at, at + len(data) - END_MARK, at + checked))
        return found

    def record_at(self, at):
        """The record whose checked bytes hold an offset."""
        return next((record for record in self.records if record[0] <= at < record[2]), None)

    def messages_in(self, record):
        """The messages whose packets a record holds."""
        piece = bytes(self.drive.files[self.name][record[0] : record[1]])
        return [message for message in self.accepted if message[1] in piece]

    def attach(self, **files):
        """A new client on the same drive, with files that are changed; returns its publisher."""
        content = dict(self.drive.files)
        content.update({name.replace("_", "."): data for name, data in files.items()})
        drive = mount(self.monkeypatch, Drive(content))
        return Publisher(drive, size=SIZE).attach()

    def changed(self, name, at, change):
        """The same with one byte changed."""
        content = bytearray(self.drive.files[name])
        content[at] ^= change
        return self.attach(**{name.replace(".", "_"): content})

    def cut(self, name, length):
        """The same with one file cut off."""
        return self.attach(**{name.replace(".", "_"): self.drive.files[name][:length]})


@pytest.fixture(params=SCENES.values(), ids=SCENES)
def scene(request, monkeypatch):
    return Scene(monkeypatch, request.param)


def in_order(messages, of):
    places = [of.index(message) for message in messages]
    return places == sorted(places)


def goes_on(publisher):
    """What is written behind the damage is there again; later the damage is not."""
    publisher.live = publisher.kept()
    assert len(publisher.live) == len(set(publisher.live))
    for compactions in (0, 2):
        count = 2
        while count or publisher.store.compactions < compactions:
            if len(publisher.live) == publisher.depth:
                publisher.acknowledge(publisher.live[0][0])
            publisher.publish(30)
            count = max(count - 1, 0)
        publisher.store._release()
        publisher.attach()
        assert publisher.kept() == publisher.live
    assert publisher.store.damaged == 0
    assert {len(content) for content in publisher.drive.files.values()} == {SIZE}


def test_a_changed_byte_takes_one_record_at_most(scene):
    for at in range(SIZE):
        record = scene.record_at(at)
        hit = scene.messages_in(record) if record else []
        for change in CHANGES:
            publisher = scene.changed(scene.name, at, change)
            kept = publisher.kept()
            assert in_order(kept, scene.accepted)
            assert set(scene.live) - set(kept) <= set(hit)
            assert publisher.dups() == [True] * len(kept)
            if not record:
                assert kept == scene.live
            header = at < HEADER or 0 <= at - (SIZE - HEADER_ROOM) < HEADER
            mark = scene.end <= at < scene.end + END_MARK
            assert publisher.store.damaged == bool(record or header or mark), at
        goes_on(publisher)


def test_a_changed_byte_of_the_other_file_takes_nothing(scene):
    for at in range(SIZE):
        for change in CHANGES:
            publisher = scene.changed(scene.other, at, change)
            assert publisher.kept() == scene.live
        goes_on(publisher)


def test_a_journal_cut_off_keeps_the_records_before_the_cut(scene):
    for length in range(SIZE):
        publisher = scene.cut(scene.name, length)
        kept = publisher.kept()
        assert in_order(kept, scene.accepted)
        if length >= HEADER:
            gone = [record for record in scene.records if record[2] > length]
            hit = {message for record in gone for message in scene.messages_in(record)}
            assert set(scene.live) - set(kept) <= hit
            assert not hit.intersection(kept) or gone[0][0] < length
            assert publisher.store.damaged >= 1
        elif length:
            assert publisher.store.damaged >= 1
        goes_on(publisher)


def test_the_other_file_cut_off_takes_nothing(scene):
    for length in range(SIZE):
        publisher = scene.cut(scene.other, length)
        assert publisher.kept() == scene.live
        goes_on(publisher)


@pytest.mark.parametrize("value", [0x00, 0xFF, 0x5A])
@pytest.mark.parametrize("length", [16, 64, 100])
def test_a_block_that_is_gone_takes_no_more_than_it_holds(scene, value, length):
    """Erased, or overwritten: no record beside it goes, also where it reads as an end."""
    for at in range(0, SIZE - length, 16):
        content = bytearray(scene.drive.files[scene.name])
        content[at : at + length] = bytes([value]) * length
        touched = [record for record in scene.records if record[0] < at + length and record[2] > at]
        hit = {message for record in touched for message in scene.messages_in(record)}
        publisher = scene.attach(**{scene.name.replace(".", "_"): content})
        kept = publisher.kept()
        assert in_order(kept, scene.accepted)
        assert set(scene.live) - set(kept) <= hit
        goes_on(publisher)


def test_acknowledgements_lost_with_their_record_do_not_fill_the_store(monkeypatch):
    scene = Scene(monkeypatch, full)
    acknowledging = scene.records[-2]
    publisher = scene.changed(scene.name, acknowledging[0] + 12, 0xFF)
    hit = scene.messages_in(acknowledging)
    assert [message for message in scene.live if message not in hit] == publisher.kept()[-3:]
    assert publisher.store.count == publisher.depth


def test_acknowledgements_lost_do_not_hide_that_the_pool_has_become_too_small(monkeypatch):
    scene = Scene(monkeypatch, full)
    content = bytearray(scene.drive.files[scene.name])
    content[scene.records[-2][0] + 12] ^= 0xFF
    drive = mount(monkeypatch, Drive({**scene.drive.files, scene.name: content}))
    publisher = Publisher(drive, size=SIZE, depth=3)
    with pytest.raises(Exception, match="4 messages are kept"):
        publisher.attach()
    assert publisher.drive.files[scene.name] == content


def test_records_that_a_payload_holds_are_none(monkeypatch):
    """A message that carries the journal of another time, and is hit itself."""
    drive = mount(monkeypatch, Drive())
    publisher = Publisher(drive, slot_size=200).attach()
    publisher.publish(12)
    stolen = bytes(drive.files["journal.0"][32:96])
    store = publisher.store
    packet = b"\x32\x80\1\0\1t\0\x63" + b"-" * 6 + stolen
    store.packets[store.count][: len(packet)] = packet
    store.add(99, len(packet))
    drive.files["journal.0"][84] ^= 1
    publisher.attach()
    assert publisher.kept() == publisher.live
    assert publisher.store.damaged == 1


def test_an_identifier_whose_acknowledgement_is_lost_is_there_once(monkeypatch):
    drive = mount(monkeypatch, Drive())
    publisher = Publisher(drive).attach()
    first = publisher.publish()
    publisher.acknowledge(first)
    second = publisher.publish()
    publisher._packet_id = first
    publisher.publish()
    drive.files["journal.0"][32 + 32 + 12] ^= 1
    publisher.attach()
    assert publisher.store.damaged == 1
    assert publisher.store.find(second) == -1
    assert publisher.kept() == publisher.live[-1:]
    assert publisher.live[-1][0] == first
