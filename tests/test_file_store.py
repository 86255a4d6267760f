# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What a file store keeps, what it writes and when, and which files it refuses to touch."""

import errno
import os

import pytest
from doubles.drive import Drive, Publisher, mount

from nxd_mqtt import file_store
from nxd_mqtt.file_store import FileStore
from nxd_mqtt.status import (
    NXD_MQTT_INTERNAL_ERROR,
    NXD_MQTT_INVALID_PARAMETER,
    MQTTError,
)
from nxd_mqtt.store import Store

SUBSCRIBE = 0x82
IDLE = 5000
CLOCK_PERIOD = 1 << 29


@pytest.fixture
def drive(monkeypatch):
    return mount(monkeypatch, Drive())


@pytest.fixture
def publisher(drive):
    return Publisher(drive).attach()


def contents(drive):
    return {name: bytes(content) for name, content in drive.files.items()}


def sizes(drive):
    return {name: len(content) for name, content in drive.files.items()}


def refused(publisher, status=NXD_MQTT_INVALID_PARAMETER, **changes):
    """Attach, which must be refused and leave the files as they are; returns the cause."""
    before = contents(publisher.drive)
    with pytest.raises(MQTTError) as caught:
        publisher.attach(**changes)
    assert (caught.value.status, caught.value.stage) == (status, "store")
    assert contents(publisher.drive) == before
    assert publisher.drive.open_files == []
    return caught.value.cause


# --- what is kept --------------------------------------------------------------------------------


def test_a_message_is_there_again_with_its_identifier_its_order_and_dup(publisher):
    for length in (0, 30, 1, 7):
        publisher.publish(length)
    publisher.attach()
    assert publisher.kept() == publisher.live
    assert publisher.dups() == [True] * 4
    assert (publisher.store.count, publisher.store.restored, publisher.store.damaged) == (4, 4, 0)
    assert (publisher.store.handed, publisher.store.sent) == (0, 0)


def test_what_was_acknowledged_before_the_next_message_does_not_come_again(publisher):
    first, second, _ = publisher.publish(), publisher.publish(), publisher.publish()
    publisher.acknowledge(second)
    publisher.acknowledge(first)
    publisher.publish()
    assert publisher.attach().kept() == publisher.live
    assert len(publisher.live) == 2


def test_what_was_acknowledged_after_the_last_message_comes_again(publisher):
    publisher.publish()
    publisher.acknowledge_all()
    assert publisher.attach().kept() == publisher.accepted


def test_an_identifier_can_be_used_again_at_once(publisher):
    for _ in range(3):
        publisher.publish()
        publisher.acknowledge_all()
        publisher._packet_id = 1
    publisher.publish()
    assert publisher.attach().kept() == publisher.live


def test_requests_stay_in_memory(publisher):
    publisher.publish()
    publisher.publish(first=SUBSCRIBE)
    publisher.publish()
    assert publisher.store.count == 3
    assert publisher.attach().kept() == publisher.live
    assert publisher.store.count == 2


def test_a_request_writes_nothing_and_is_not_journalled_when_it_goes(publisher):
    store = publisher.store
    before = contents(publisher.drive)
    publisher.publish(first=SUBSCRIBE)
    store.drop_requests()
    store.tick(0)
    store.tick(IDLE)
    store.close()
    assert contents(publisher.drive) == before


def test_a_request_between_messages_does_not_come_along_in_a_compaction(publisher):
    publisher.publish(first=SUBSCRIBE)
    while not publisher.store.compactions:
        if len(publisher.live) > 2:
            publisher.acknowledge(publisher.live[0][0])
        publisher.publish()
    assert publisher.attach().kept() == publisher.live


def test_a_link_that_is_lost_writes_nothing(publisher):
    publisher.publish()
    publisher.publish()
    before = contents(publisher.drive)
    publisher.store.handed = publisher.store.sent = 1
    publisher.store.rewind()
    assert publisher.dups() == [True, False]
    assert contents(publisher.drive) == before


def test_a_clean_session_sends_all_as_new_messages(publisher):
    publisher.publish(first=SUBSCRIBE)
    publisher.publish()
    publisher.publish()
    store = publisher.store
    store.handed = store.sent = 3
    store.rewind()
    assert publisher.dups() == [False, True, True]
    store.handed = store.sent = 1
    store.drop_sent()
    assert (store.count, store.handed, store.sent) == (3, 0, 0)
    assert publisher.dups() == [False, False, False]
    publisher.attach()
    publisher.store.drop_sent()
    assert publisher.dups() == [False, False]
    assert publisher.kept() == publisher.live


def test_a_client_id_can_be_long_or_empty(monkeypatch):
    for client_id in (b"", b"x" * 3000):
        drive = mount(monkeypatch, Drive())
        publisher = Publisher(drive, client_id=client_id).attach()
        publisher.publish()
        assert publisher.attach().kept() == publisher.live


def test_the_memory_is_that_of_the_client_s_own_store(drive):
    memory = Store(48, 4)
    store = FileStore("journal")
    store.attach(b"me", memory)
    for name in ("packets", "lengths", "packet_ids", "starts"):
        assert getattr(store, name) is getattr(memory, name)
    assert (store.slot_size, store.depth) == (48, 4)


def test_a_store_serves_a_client_created_again(publisher):
    publisher.publish()
    store = publisher.store
    store.close()
    store.close()
    assert publisher.drive.open_files == []
    store.attach(b"me", Store(48, 4))
    assert publisher.kept() == publisher.live
    with pytest.raises(MQTTError) as caught:
        store.attach(b"me", Store(48, 4))
    assert (caught.value.status, caught.value.stage) == (NXD_MQTT_INVALID_PARAMETER, "store")
    publisher.publish()
    assert publisher.attach().kept() == publisher.live


# --- what is written, and when -------------------------------------------------------------------


def test_a_message_is_one_write_and_one_sync_and_a_compaction_is_bounded(drive):
    publisher = Publisher(drive, depth=8).attach()
    store = publisher.store
    files = sizes(drive)
    assert set(files.values()) == {8192}
    in_place = 0
    for number in range(5000):
        writes, syncs, compactions = drive.writes, drive.syncs, store.compactions
        publisher.publish(number * 7 % 35)
        writes, syncs = drive.writes - writes, drive.syncs - syncs
        if store.compactions == compactions:
            assert (writes, syncs) == (1, 1)
            in_place += 1
        else:
            assert (writes, syncs) == (store.count + 2, 3)
        if number % 5 == 4:
            publisher.acknowledge_all()
    assert store.compactions > 20
    assert in_place + store.compactions == 5000
    assert (store.writes, store.syncs) == (drive.writes, drive.syncs)
    assert sizes(drive) == files
    publisher.attach()
    # All were acknowledged behind the last message.
    assert publisher.kept() == publisher.accepted[-5:]


def test_with_the_default_size_the_messages_between_compactions_are_at_least_depth_less_one(drive):
    publisher = Publisher(drive, slot_size=512, depth=16).attach()
    largest = 512 - 8
    for _ in range(16):
        publisher.publish(largest)
    since = []
    count = compactions = 0
    for _ in range(400):
        publisher.acknowledge(publisher.live[0][0])
        publisher.publish(largest)
        count += 1
        if publisher.store.compactions > compactions:
            compactions += 1
            since.append(count)
            count = 0
    assert min(since[1:]) >= 15


def test_acknowledgements_wait_for_the_next_message(publisher):
    publisher.publish()
    drive = publisher.drive
    writes = drive.writes
    publisher.acknowledge_all()
    for now in range(0, IDLE, 100):
        publisher.store.tick(now)
    assert drive.writes == writes
    publisher.publish()
    assert drive.writes == writes + 1
    publisher.store.tick(IDLE * 2)
    assert drive.writes == writes + 1


@pytest.mark.parametrize("start", [0, 77, CLOCK_PERIOD - 1, CLOCK_PERIOD - IDLE // 2])
def test_acknowledgements_are_written_when_nothing_happens_for_a_while(publisher, start):
    store, drive = publisher.store, publisher.drive
    publisher.publish()
    publisher.acknowledge_all()
    writes, syncs = drive.writes, drive.syncs
    for later in (0, 1, IDLE - 1):
        store.tick((start + later) % CLOCK_PERIOD)
    assert drive.writes == writes
    store.tick((start + IDLE) % CLOCK_PERIOD)
    assert (drive.writes, drive.syncs) == (writes + 1, syncs)
    store.tick((start + 3 * IDLE) % CLOCK_PERIOD)
    assert drive.writes == writes + 1
    assert publisher.attach().kept() == []


def test_another_acknowledgement_begins_the_wait_again(publisher):
    store, drive = publisher.store, publisher.drive
    first, second = publisher.publish(), publisher.publish()
    publisher.acknowledge(first)
    store.tick(0)
    publisher.acknowledge(second)
    store.tick(IDLE)
    writes = drive.writes
    store.tick(2 * IDLE - 1)
    assert drive.writes == writes
    store.tick(2 * IDLE)
    assert drive.writes == writes + 1


def test_the_wait_can_be_set(drive):
    publisher = Publisher(drive, idle=10).attach()
    publisher.publish()
    publisher.acknowledge_all()
    publisher.store.tick(5)
    publisher.store.tick(15)
    assert publisher.attach().kept() == []


def test_close_writes_acknowledgements_and_nothing_else(publisher):
    publisher.publish()
    writes, syncs = publisher.drive.writes, publisher.drive.syncs
    publisher.acknowledge_all()
    publisher.store.close()
    assert (publisher.drive.writes, publisher.drive.syncs) == (writes + 1, syncs)
    publisher.attach().store.close()
    assert publisher.drive.writes == writes + 1
    assert publisher.attach().kept() == []


def test_acknowledgements_that_find_no_room_wait_for_the_next_message(drive):
    publisher = Publisher(drive, depth=1, size=192).attach()
    writes = compactions = waited = 0
    for number in range(200):
        publisher.publish(number % 3 * 17)
        publisher.acknowledge_all()
        writes, compactions = publisher.store.writes, publisher.store.compactions
        publisher.store.tick(0)
        publisher.store.tick(IDLE)
        assert publisher.store.compactions == compactions
        waited += publisher.store.writes == writes
    assert waited > 50
    assert publisher.attach().kept() in ([], publisher.live)


def test_a_store_that_is_full_compacts_each_time_and_loses_nothing(drive):
    smallest = 64 + 16 + 4 * 64
    publisher = Publisher(drive, size=smallest).attach()
    for _ in range(4):
        publisher.publish(41)
    for _ in range(20):
        publisher.acknowledge(publisher.live[0][0])
        publisher.publish(41)
    assert publisher.store.compactions >= 20
    assert publisher.attach().kept() == publisher.live
    assert set(sizes(drive).values()) == {smallest}


def test_what_syncs_can_be_handed_in(drive):
    synced = []
    publisher = Publisher(drive, sync=synced.append).attach()
    made = len(synced)
    publisher.publish()
    assert len(synced) == made + 1
    assert drive.syncs == 0
    assert synced[-1] in drive.open_files


def test_without_fsync_the_whole_drive_is_synced(monkeypatch, drive):
    class Board:
        """The `os` of a board."""

        synced = 0

        @classmethod
        def sync(cls):
            cls.synced += 1

    publisher = Publisher(drive)
    monkeypatch.setattr(file_store, "os", Board)
    publisher.attach()
    publisher.publish()
    assert (Board.synced, drive.syncs) == (publisher.store.syncs, 0)
    monkeypatch.setattr(file_store, "os", object())
    publisher.publish()
    assert Board.synced == publisher.store.syncs - 1


def test_on_a_real_drive(tmp_path):
    path = str(tmp_path / "queue")
    store = FileStore(path)
    store.attach(b"me", Store(64, 3))
    for packet_id in (7, 8, 9):
        store.packets[store.count][:4] = b"\x32\2\0" + bytes([packet_id])
        store.add(packet_id, 4)
    store.remove(1)
    store.close()
    assert sorted(os.listdir(tmp_path)) == ["queue.0", "queue.1"]
    store = FileStore(path)
    store.attach(b"me", Store(64, 3))
    assert store.packet_ids[: store.count] == [7, 9]
    assert [bytes(packet[:4]) for packet in store.packets[:2]] == [b"\x3a\2\0\7", b"\x3a\2\0\x09"]
    store.close()


# --- arguments -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments", [("",), ("j", -1), ("j", 0, -1), ("j", 0, CLOCK_PERIOD // 2)], ids=str
)
def test_arguments_that_cannot_be_meant(arguments):
    with pytest.raises(ValueError, match="no path, or a wrong size or idle"):
        FileStore(*arguments)


def test_a_size_that_is_too_small_for_the_pool(drive):
    cause = refused(Publisher(drive, size=64 + 16 + 4 * 64 - 1))
    assert cause == "size must be at least 336 for this pool"
    assert drive.files == {}


@pytest.mark.parametrize(
    ("slot_size", "depth", "size"), [(48, 4, 8192), (512, 8, 12288), (512, 16, 20480)]
)
def test_the_default_size(drive, slot_size, depth, size):
    Publisher(drive, slot_size=slot_size, depth=depth).attach()
    full = 2 * 32 + 16 + depth * (slot_size + 16)
    assert set(sizes(drive).values()) == {size}
    assert size >= 2 * full
    assert size in (8192, -(-2 * full // 4096) * 4096)


# --- files that are not there, or not ours -------------------------------------------------------


def test_both_files_are_made_with_their_full_size_and_synced(drive):
    Publisher(drive, size=1000).attach()
    assert sizes(drive) == {"journal.0": 1000, "journal.1": 1000}
    header = [entry for entry in drive.diary if entry[0] == "write"][-2]
    at = drive.diary.index(header)
    assert header[3].startswith(b"NXDJ")
    synced = [entry for entry in drive.diary[:at] if entry[0] == "sync"]
    assert {name for _, name in synced} == {"journal.0", "journal.1"}
    assert bytes(drive.files["journal.1"]) == bytes(1000)


def test_the_header_is_at_both_ends(publisher):
    content = publisher.drive.files["journal.0"]
    header = bytes(content[:28])
    assert header[:6] == b"NXDJ\1\0"
    assert bytes(content[-32:-4]) == header
    assert content.count(b"NXDJ") == 2


def test_a_directory_in_the_place_of_a_file(drive):
    drive.folders.add("journal.1")
    publisher = Publisher(drive)
    cause = refused(publisher, NXD_MQTT_INTERNAL_ERROR)
    assert cause.errno == errno.EISDIR
    assert drive.files == {}


def test_a_drive_that_is_read_only(drive):
    drive.read_only = True
    assert refused(Publisher(drive), NXD_MQTT_INTERNAL_ERROR).errno == errno.EROFS


def test_a_folder_that_is_not_there(tmp_path):
    store = FileStore(str(tmp_path / "no" / "queue"))
    with pytest.raises(MQTTError) as caught:
        store.attach(b"me", Store(48, 4))
    assert (caught.value.status, caught.value.cause.errno) == (NXD_MQTT_INTERNAL_ERROR, 2)
    assert store.failures == 1


def test_the_journal_of_another_client(publisher):
    publisher.publish()
    publisher.store.close()
    for other in (b"", b"us", b"me too"):
        cause = refused(publisher, client_id=other)
        assert cause == ("the files belong to another client id: use that one, or another path")
    assert publisher.attach(client_id=b"me").kept() == publisher.live


FOREIGN = {
    "text": b"Dear diary",
    "an N": b"Nothing of ours" + bytes(100),
    "behind zeros": bytes(9000) + b"\1",
    "behind a beginning": b"NXD" + bytes(5000) + b"\1",
    "behind one zero": b"\0XDJ" + bytes(100),
    "in capitals": b"NXDX" + bytes(100),
    "a later version": b"NXDJ\2\0" + bytes(8000),
    "a much later version": b"NXDJ\0\1" + bytes(8000),
    "records without a header": b"NXDJ\1\0" + b"\xa5" * 20000,
}


@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN)
@pytest.mark.parametrize("index", [0, 1])
@pytest.mark.parametrize("twin", [None, b"", bytes(8192)], ids=["alone", "empty", "zeros"])
def test_a_file_that_is_no_journal_is_not_touched(monkeypatch, content, index, twin):
    drive = mount(monkeypatch, Drive({f"journal.{index}": content}))
    if twin is not None:
        drive.files[f"journal.{1 - index}"] = bytearray(twin)
    cause = refused(Publisher(drive))
    expected = "no journal of this version"
    assert expected in cause


def test_another_version_of_a_whole_journal_is_refused(publisher):
    """A header that is sound and tells a version of its own."""
    publisher.store.close()
    for at in (0, 8192 - 32):
        content = publisher.drive.files["journal.0"]
        content[at + 4] = 2
        checksum = file_store.crc32(bytes(content[at : at + 24]))
        content[at + 24 : at + 28] = checksum.to_bytes(4, "little")
    assert "of another version" in refused(publisher)


BEGUN = {
    "nothing": (b"", 0),
    "zeros": (bytes(8192), 0),
    "few zeros": (bytes(3), 0),
    "one byte": (b"N", 1),
    "a magic number": (b"NXDJ", 1),
    "a magic number in zeros": (b"NXDJ" + bytes(8188), 1),
    "a torn magic number": (b"NX" + bytes(8190), 1),
    "half a header": (b"NXDJ\1\0\4\0\1\0", 1),
    "half a version": (b"NXDJ\1", 1),
}


@pytest.mark.parametrize(("content", "damaged"), BEGUN.values(), ids=BEGUN)
@pytest.mark.parametrize("index", [0, 1])
def test_what_is_left_of_a_first_header_begins_anew(monkeypatch, content, damaged, index):
    drive = mount(monkeypatch, Drive({f"journal.{index}": content}))
    publisher = Publisher(drive).attach()
    assert (publisher.store.restored, publisher.store.damaged) == (0, damaged)
    size = max(len(content), 8192)
    assert len(drive.files[f"journal.{index}"]) == size
    for _ in range(200):
        publisher.publish()
        publisher.acknowledge_all()
    publisher.publish()
    assert publisher.attach().kept() == publisher.live


def test_records_whose_headers_are_both_lost_are_left_alone(publisher):
    for _ in range(3):
        publisher.publish()
    publisher.store.close()
    content = publisher.drive.files["journal.0"]
    content[20] ^= 1
    content[-20] ^= 1
    before = bytes(content)
    assert "no journal" in refused(publisher)
    assert bytes(content) == before
    content[-20] ^= 1
    assert publisher.attach().kept() == publisher.live


@pytest.mark.parametrize(
    ("first", "second", "at"),
    [(b"a much longer client id", b"me", 30), (b"me", b"a much longer client id", 10)],
)
def test_another_client_s_journal_with_a_damaged_header_is_left_alone(drive, first, second, at):
    publisher = Publisher(drive, client_id=first).attach()
    publisher.publish()
    publisher.store.close()
    content = drive.files["journal.0"]
    content[at] ^= 1
    before = bytes(content)
    assert refused(publisher, client_id=second)
    assert bytes(content) == before


def test_close_gives_the_files_back_whatever_a_sync_raises(drive):
    def broken(file):
        raise RuntimeError("a driver")

    publisher = Publisher(drive).attach()
    publisher.publish()
    publisher.acknowledge_all()
    publisher.store._settle = broken
    with pytest.raises(RuntimeError):
        publisher.publish()
    publisher.store.close()
    assert drive.open_files == []


def test_a_store_that_is_closed_takes_nothing(drive):
    publisher = Publisher(drive).attach()
    publisher.publish()
    publisher.store.close()
    with pytest.raises(MQTTError) as caught:
        publisher.publish()
    assert caught.value.status == NXD_MQTT_INTERNAL_ERROR
    assert publisher.store.count == 1
    publisher.store.remove(0)
    publisher.store.tick(0)
    publisher.store.tick(IDLE)


def test_an_interrupt_behind_the_write_does_not_cost_an_older_message(drive):
    """The journal and the memory must not disagree, however a call ends."""
    publisher = Publisher(drive).attach()
    publisher.publish()
    settle = publisher.store._settle

    def interrupted(file):
        settle(file)
        publisher.store._settle = settle
        raise KeyboardInterrupt

    publisher.store._settle = interrupted
    with pytest.raises(KeyboardInterrupt):
        publisher.publish()
    for _ in range(3):
        publisher.publish()
    oldest = publisher.live[0]
    publisher.attach()
    assert oldest in publisher.kept()


@pytest.mark.parametrize("index", [0, 1])
def test_a_file_that_is_gone_is_made_again(publisher, index):
    drive = publisher.drive
    while not publisher.store.compactions:
        publisher.publish()
        publisher.acknowledge_all()
    publisher.publish()
    publisher.store.close()
    del drive.files[f"journal.{index}"]
    publisher.attach()
    assert publisher.store.damaged >= 1
    if index == 0:  # the older generation
        assert publisher.kept() == publisher.live
    publisher.live = publisher.kept()
    for _ in range(300):
        publisher.publish()
        publisher.acknowledge_all()
    publisher.publish()
    publisher.attach()
    assert (publisher.kept(), publisher.store.damaged) == (publisher.live, 0)
    assert sizes(drive) == {"journal.0": 8192, "journal.1": 8192}


# --- a pool that has changed ---------------------------------------------------------------------


def test_a_larger_pool_goes_on_and_the_files_grow(drive):
    publisher = Publisher(drive, size=0, slot_size=48, depth=4).attach()
    publisher.publish(20)
    publisher.publish(40)
    publisher.attach(slot_size=700, depth=12)
    assert publisher.kept() == publisher.live
    assert publisher.store.damaged == 0
    for number in range(300):
        publisher.publish(600 if number % 2 else 5)
        if number % 7 == 6:
            publisher.acknowledge_all()
    assert publisher.store.compactions > 3
    assert set(sizes(drive).values()) == {20480}
    assert publisher.attach().store.count == len(publisher.accepted[-6:])


def test_a_smaller_pool_goes_on_and_keeps_the_size_of_the_files(drive):
    publisher = Publisher(drive, slot_size=700, depth=12).attach()
    for _ in range(12):
        publisher.publish(5)
    for packet_id, _ in publisher.live[:10]:
        publisher.acknowledge(packet_id)
    publisher.publish(5)
    publisher.attach(slot_size=48, depth=3)
    assert publisher.kept() == publisher.live
    for _ in range(1000):
        publisher.acknowledge(publisher.live[0][0])
        publisher.publish(9)
    assert publisher.store.compactions > 1
    publisher.attach()
    assert publisher.kept() == publisher.live
    assert set(sizes(drive).values()) == {20480}


def test_a_pool_with_fewer_places_than_messages_is_refused(publisher):
    for _ in range(4):
        publisher.publish()
    publisher.store.close()
    cause = refused(publisher, depth=3)
    assert cause == "4 messages are kept: use a larger pool"
    assert publisher.attach(depth=4).kept() == publisher.live


def test_a_pool_whose_packets_are_too_small_is_refused(publisher):
    publisher.publish(5)
    publisher.publish(30)
    publisher.store.close()
    cause = refused(publisher, slot_size=20)
    assert cause == "a message of 37 bytes is kept: use a larger payload_size"
    assert publisher.attach(slot_size=37).kept() == publisher.live


def test_nothing_that_a_packet_holds_is_told(publisher):
    publisher.publish(30)
    publisher.store.close()
    message = publisher.live[0][1][-9:].decode()
    told = refused(publisher, slot_size=20) + refused(publisher, client_id=b"you")
    told += repr(publisher.store) + str(publisher.store)
    assert message not in told
    assert "me" not in told.split()
