# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Power that goes at every byte, drives that fail at every operation, any steps in any order."""

import errno

import pytest
from doubles.drive import Drive, PowerCut, Publisher, apply, images, mount
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from nxd_mqtt.status import NXD_MQTT_INTERNAL_ERROR, MQTTError

SIZE = 528
# Where no more packet of the largest size fits, a short one does.
ROOM_FOR_A_SHORT_ONE = 560
IDLE = 5000


class Promise:
    """What must be on the drive, as a diary tells it: what was accepted, begun, settled."""

    def __init__(self):
        self.known = []
        self.live = []
        self.settled = []

    def note(self, entry):
        """Read one entry of a diary."""
        if entry[0] == "begins":
            self.known.append(entry[1])
        elif entry[0] == "accepted":
            self.live, self.settled = entry[2:]
        elif entry[0] == "acknowledged":
            self.live = [message for message in self.live if message != entry[1]]

    def check(self, publisher):
        """All that was accepted and not acknowledged is kept, in order, and nothing made up."""
        kept = publisher.kept()
        places = [self.known.index(message) for message in kept]
        assert places == sorted(set(places))
        assert [message for message in kept if message in self.live] == self.live
        assert not set(kept).intersection(self.settled)
        assert publisher.dups() == [True] * len(kept)


def goes_on(publisher):
    """A message that is accepted now is there again."""
    publisher.live = publisher.kept()
    if len(publisher.live) == publisher.depth:
        publisher.acknowledge(publisher.live[0][0])
    publisher.publish(7)
    publisher.store._release()
    assert publisher.attach().kept() == publisher.live


def short(publisher, number):
    if len(publisher.live) > 2:
        publisher.acknowledge_all()
    publisher.publish(3 + number % 9)


def long(publisher, number):
    if len(publisher.live) == publisher.depth:
        publisher.acknowledge(publisher.live[0][0])
    publisher.publish(38 + number % 3)


def with_pauses(publisher, number):
    if len(publisher.live) == publisher.depth:
        publisher.acknowledge_all()
        publisher.store.tick(number)
        publisher.store.tick(number + IDLE)
    publisher.publish(number * 11 % 40)


def with_restarts(publisher, number):
    if len(publisher.live) == publisher.depth:
        publisher.acknowledge_all()
    if number % 4 == 3 and publisher.live:
        publisher.acknowledge(publisher.live[0][0])
        publisher.store.close()
        publisher.attach()
        publisher.live = publisher.kept()
    publisher.publish(number * 5 % 40)


RUNS = {"short": short, "long": long, "pauses": with_pauses, "restarts": with_restarts}


def recorded(monkeypatch, step, compactions=5):
    """The diary of a run from the making of the files on."""
    drive = mount(monkeypatch, Drive())
    publisher = Publisher(drive, size=SIZE).attach()
    seen = 0
    number = 0
    while seen < compactions:
        before = publisher.store
        began = before.compactions
        step(publisher, number)
        seen += before.compactions - began
        number += 1
    return drive.diary


def after_cut(monkeypatch, files, promise):
    """A new client on what is left: nothing is lost, and it goes on."""
    drive = mount(monkeypatch, Drive(files))
    publisher = Publisher(drive, size=SIZE).attach()
    publisher.written = 9000
    promise.check(publisher)
    goes_on(publisher)
    assert set(map(len, drive.files.values())) == {SIZE}
    return publisher


@pytest.mark.parametrize("step", RUNS.values(), ids=RUNS)
def test_power_goes_at_every_byte(monkeypatch, step):
    diary = recorded(monkeypatch, step)
    promise = Promise()
    files = {}
    cuts = 0
    for entry in diary:
        promise.note(entry)
        if entry[0] == "write":
            for count in range(1, len(entry[3])):
                partly = {name: bytes(content) for name, content in files.items()}
                partly = {name: bytearray(content) for name, content in partly.items()}
                apply(partly, entry, entry[3][:count])
                after_cut(monkeypatch, partly, promise)
                cuts += 1
        apply(files, entry)
        after_cut(monkeypatch, files, promise)
    assert cuts > 2000


@pytest.mark.parametrize("step", RUNS.values(), ids=RUNS)
@pytest.mark.parametrize("sector", [16, 64, 512])
def test_power_goes_while_the_drive_writes_in_any_order(monkeypatch, step, sector):
    """Of what was not synced any part may be on the medium, in pieces of any size."""
    diary = recorded(monkeypatch, step)
    for end in range(len(diary) + 1):
        promise = Promise()
        for entry in diary[:end]:
            promise.note(entry)
        for seed in range(4):
            files = images(diary[:end], seed, sector)
            after_cut(monkeypatch, files, promise)


def test_power_goes_again_while_what_was_cut_is_mended(monkeypatch):
    """Cuts in the first writes after a cut, at any byte of both."""
    diary = recorded(monkeypatch, long, 3)
    ends = [at for at, entry in enumerate(diary) if entry[0] == "write"][-12:]
    for end in ends:
        promise = Promise()
        for entry in diary[:end]:
            promise.note(entry)
        for first in range(0, len(diary[end][3]), 9):
            files = {}
            for entry in diary[:end]:
                apply(files, entry)
            apply(files, diary[end], diary[end][3][:first])
            for second in range(0, 400, 11):
                drive = mount(monkeypatch, Drive(files))
                publisher = Publisher(drive, size=SIZE).attach()
                promise.check(publisher)
                publisher.written = 5000
                kept = publisher.kept()
                publisher.live = list(kept)
                drive.diary.clear()
                drive.cut_after(second)
                with pytest.raises(PowerCut):
                    for number in range(40):
                        long(publisher, number)
                again = Promise()
                again.known = list(promise.known)
                again.live = list(kept)
                for entry in drive.diary:
                    again.note(entry)
                after_cut(monkeypatch, drive.files, again)


@pytest.mark.parametrize(
    "start",
    [b"NX", b"NXDJ", b""],
    ids=["part", "magic", "empty"],
)
def test_power_goes_while_a_journal_is_begun_anew(monkeypatch, start):
    """However often it goes, the files are still taken for ours."""
    cut = True
    count = 0
    while cut:
        drive = Drive({"journal.0": start})
        cut = False
        for after in (count, count // 3, count // 2):
            drive = mount(monkeypatch, Drive(drive.files))
            drive.cut_after(after)
            try:
                Publisher(drive, size=SIZE).attach()
            except PowerCut:
                cut = True
        drive = mount(monkeypatch, Drive(drive.files))
        publisher = Publisher(drive, size=SIZE).attach()
        assert publisher.store.restored == 0
        goes_on(publisher)
        count += 13


def test_an_attempt_at_a_generation_leaves_nothing_that_a_later_one_could_take_for_its_own(
    monkeypatch,
):
    """The later one has the same number and lies in the same file, but is shorter."""
    for before in range(1, 5):
        drive = mount(monkeypatch, Drive())
        publisher = Publisher(drive, size=SIZE).attach()
        number = 0
        while publisher.store._position + 64 <= publisher.store._limit:
            long(publisher, number)
            number += 1
        # All records of the next generation are written, its header is not.
        drive.cut_after(4 * 64 + 8)
        with pytest.raises(PowerCut):
            long(publisher, number)
        drive = mount(monkeypatch, Drive(drive.files))
        publisher.drive = drive
        publisher.attach()
        publisher.live = publisher.kept()
        for packet_id, _ in publisher.live[:before]:
            publisher.acknowledge(packet_id)
        while not publisher.store.compactions:
            publisher.publish(3)
            publisher.acknowledge(publisher.live[-1][0])
        for _ in range(3):
            publisher.publish(3)
            publisher.store._release()
            publisher.attach()
            assert publisher.kept() == publisher.live
            assert publisher.store.damaged == 0
            publisher.acknowledge_all()


# --- drives that fail ----------------------------------------------------------------------------


def accepts(publisher, length=9):
    """Publish; the status."""
    store = publisher.store
    before = (store.count, publisher.kept(), store.failures)
    try:
        publisher.publish(length)
    except MQTTError as error:
        assert (error.status, error.stage) == (NXD_MQTT_INTERNAL_ERROR, "store")
        assert isinstance(error.cause, OSError)
        assert (store.count, publisher.kept(), store.failures - 1) == before
        return error.cause.errno
    return 0


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EROFS])
@pytest.mark.parametrize("torn", [False, True])
@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("length", [5, 40])
def test_a_drive_that_fails_at_any_operation(monkeypatch, number, torn, times, length):
    """Also in a compaction and in what tidies up behind one that failed."""
    after = 0
    failed = True
    while failed:
        drive = mount(monkeypatch, Drive())
        publisher = Publisher(drive, size=ROOM_FOR_A_SHORT_ONE).attach()
        publisher.publish(length)
        drive.fail(number, after, times, torn=torn)
        statuses = []
        for _ in range(14):
            if len(publisher.live) == publisher.depth:
                publisher.acknowledge(publisher.live[0][0])
            # A shorter one may fit where a longer one did not.
            statuses.append(accepts(publisher, length))
            statuses.append(accepts(publisher, 3) if statuses[-1] else 0)
            assert publisher.kept() == publisher.live
        failed = any(statuses)
        assert statuses.count(number) <= times
        drive.mend()
        assert publisher.store.failures == len(statuses) - statuses.count(0)
        waiting = set(publisher._waiting)
        publisher.store._release()
        publisher.attach()
        promise = Promise()
        for entry in drive.diary:
            promise.note(entry)
        promise.check(publisher)
        # One that was refused may be on the drive all the same, if nothing has worked since.
        refused = set(publisher.kept()) - set(publisher.live) - waiting
        assert refused.isdisjoint(publisher.accepted)
        assert len(refused) <= (statuses[-1] != 0 or statuses[-2] != 0)
        goes_on(publisher)
        after += 1
    assert after > 50


@pytest.mark.parametrize("step", RUNS.values(), ids=RUNS)
@pytest.mark.parametrize("times", [1, 2])
def test_power_goes_after_a_drive_has_failed(monkeypatch, step, times):
    """What is accepted behind a failure is not lost to what the failure has left."""
    after = 0
    drive = None
    while drive is None or drive.failed:
        drive = mount(monkeypatch, Drive())
        publisher = Publisher(drive, size=ROOM_FOR_A_SHORT_ONE).attach()
        drive.fail(errno.EIO, after, times, verbs=("write", "sync"), torn=after % 2)
        for number in range(12):
            try:
                step(publisher, number)
            except MQTTError:
                if publisher.store.count < publisher.depth:
                    accepts(publisher, 3)
            survivor = mount(monkeypatch, Drive(drive.files))
            other = Publisher(survivor, size=ROOM_FOR_A_SHORT_ONE).attach()
            other.written = 9000
            assert [
                message for message in other.kept() if message in publisher.live
            ] == publisher.live
            goes_on(other)
            mount(monkeypatch, drive)
        after += 1
    assert after > 20


def test_a_drive_that_fails_while_acknowledgements_are_written_is_tried_again(monkeypatch):
    drive = mount(monkeypatch, Drive())
    publisher = Publisher(drive).attach()
    store = publisher.store
    publisher.publish()
    publisher.acknowledge_all()
    store.tick(0)
    drive.fail(errno.EIO, verbs=("write",), times=2, torn=True)
    store.tick(IDLE)
    assert store.failures == 1
    store.tick(IDLE + 1)
    assert store.failures == 1
    store.tick(2 * IDLE)
    assert store.failures == 2
    store.tick(3 * IDLE)
    assert store.failures == 2
    assert publisher.attach().kept() == []


def test_a_write_that_takes_only_a_part_is_a_failure(monkeypatch):
    drive = mount(monkeypatch, Drive())
    publisher = Publisher(drive).attach()
    publisher.publish()
    drive.longest_write = 20
    assert accepts(publisher) == errno.ENOSPC
    drive.longest_write = None
    assert accepts(publisher, 3) == 0
    assert publisher.attach().kept() == publisher.live


def test_close_never_fails(monkeypatch):
    for after in range(6):
        drive = mount(monkeypatch, Drive())
        publisher = Publisher(drive).attach()
        publisher.publish()
        publisher.acknowledge_all()
        drive.fail(errno.EIO, after, None)
        publisher.store.close()
        assert drive.open_files == []
        # Seek, write and the closing of two files; the first one that fails ends the writing.
        assert publisher.store.failures == (3, 3, 2, 1, 0, 0)[after]


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
@pytest.mark.parametrize("torn", [False, True])
def test_a_drive_that_fails_while_the_files_are_made_is_left_as_it_was(monkeypatch, number, torn):
    after = 0
    failed = True
    while failed:
        drive = mount(monkeypatch, Drive())
        publisher = Publisher(drive, size=SIZE)
        drive.fail(number, after, 1, verbs=("open", "write", "read", "seek", "sync"), torn=torn)
        try:
            publisher.attach()
            failed = False
        except MQTTError as error:
            assert (error.status, error.stage) == (NXD_MQTT_INTERNAL_ERROR, "store")
            assert error.cause.errno == number
            assert publisher.store.failures == 1
            assert drive.files == {}
        drive.mend()
        if failed:
            publisher.attach()
            goes_on(publisher)
        after += 1
    assert after > 10


def test_a_drive_that_is_too_small_is_left_as_it_was(monkeypatch):
    for capacity in range(0, 2 * 8192, 600):
        drive = mount(monkeypatch, Drive({"diary.txt": b"mine"}, capacity))
        with pytest.raises(MQTTError) as caught:
            Publisher(drive).attach()
        assert caught.value.status == NXD_MQTT_INTERNAL_ERROR
        assert caught.value.cause.errno == errno.ENOSPC
        assert drive.files == {"diary.txt": b"mine"}


def test_files_that_were_there_are_not_removed_when_making_fails(monkeypatch):
    drive = mount(monkeypatch, Drive({"journal.0": bytes(100)}, capacity=9000))
    with pytest.raises(MQTTError):
        Publisher(drive).attach()
    assert set(drive.files) == {"journal.0"}
    assert not any(drive.files["journal.0"])
    drive.capacity = None
    goes_on(Publisher(drive).attach())


def test_what_cannot_be_removed_again_is_counted(monkeypatch):
    drive = mount(monkeypatch, Drive(capacity=9000))
    drive.fail(errno.EIO, verbs=("remove", "close"), times=None)
    publisher = Publisher(drive)
    with pytest.raises(MQTTError) as caught:
        publisher.attach()
    assert caught.value.cause.errno == errno.ENOSPC
    assert publisher.store.failures == 1 + 2 + 2
    drive.mend()
    drive.capacity = None
    goes_on(publisher.attach())


def test_a_drive_that_fails_while_it_is_read_changes_nothing(monkeypatch):
    drive = mount(monkeypatch, Drive())
    publisher = Publisher(drive, size=SIZE).attach()
    for _ in range(4):
        publisher.publish()
    publisher.store.close()
    before = {name: bytes(content) for name, content in drive.files.items()}
    after = 0
    failed = True
    while failed:
        drive.fail(errno.EIO, after)
        try:
            publisher.attach()
            failed = False
        except MQTTError as error:
            assert (error.status, error.cause.errno) == (NXD_MQTT_INTERNAL_ERROR, errno.EIO)
        drive.mend()
        assert {name: bytes(content) for name, content in drive.files.items()} == before
        after += 1
    assert after > 30
    assert publisher.kept() == publisher.live


def test_files_that_cannot_grow_refuse_messages_and_keep_what_there_is(monkeypatch):
    drive = mount(monkeypatch, Drive())
    publisher = Publisher(drive, size=400).attach()
    publisher.publish()
    drive.capacity = 1000
    publisher.store.close()
    publisher.store = None
    publisher._named["size"] = 0
    publisher.attach()
    assert publisher.kept() == publisher.live
    status = number = 0
    while not status:
        publisher.acknowledge_all()
        status = accepts(publisher)
        number += 1
    assert (status, number > 5) == (errno.ENOSPC, True)
    assert accepts(publisher) == errno.ENOSPC
    drive.capacity = None
    assert accepts(publisher) == 0
    assert publisher.attach().kept() == publisher.live


def test_a_message_that_cannot_be_read_back_as_a_whole_is_a_failure(monkeypatch):
    """Checksums are taken piece by piece, messages are not."""
    drive = mount(monkeypatch, Drive())
    publisher = Publisher(drive).attach()
    publisher.publish(30)
    publisher.store.close()
    drive.longest_read = 36
    with pytest.raises(MQTTError) as caught:
        publisher.attach()
    assert caught.value.status == NXD_MQTT_INTERNAL_ERROR
    assert caught.value.cause.errno == errno.EIO
    drive.longest_read = 37
    assert publisher.attach().kept() == publisher.live


def test_what_is_not_the_drive_s_fault_passes_through_and_closes_the_files(monkeypatch):
    drive = mount(monkeypatch, Drive())

    def exhausted(file):
        raise RuntimeError("pystack exhausted")

    with pytest.raises(RuntimeError):
        Publisher(drive, sync=exhausted).attach()
    assert (drive.files, drive.open_files) == ({}, [])


# --- any steps in any order ----------------------------------------------------------------------


class Machine(RuleBasedStateMachine):
    """A client that publishes, is acknowledged, restarts, and loses its power."""

    @initialize(size=st.sampled_from([336, 352, 528, 0]))
    def begin(self, size):
        self.patch = pytest.MonkeyPatch()
        self.drive = mount(self.patch, Drive())
        self.publisher = Publisher(self.drive, size=size).attach()
        self.now = 0

    def teardown(self):
        if hasattr(self, "patch"):
            self.patch.undo()

    @precondition(lambda self: len(self.publisher.live) < 4)
    @rule(length=st.integers(3, 41))
    def publish(self, length):
        self.publisher.publish(length)

    @precondition(lambda self: self.publisher.live)
    @rule(place=st.integers(0, 3))
    def acknowledge(self, place):
        live = self.publisher.live
        self.publisher.acknowledge(live[place % len(live)][0])

    @rule(later=st.sampled_from([1, IDLE, 3 * IDLE]))
    def tick(self, later):
        self.now = (self.now + later) % (1 << 29)
        self.publisher.store.tick(self.now)

    @rule()
    def close(self):
        self.publisher.store.close()
        self.restart()

    @rule()
    def clean_session(self):
        self.publisher.store.drop_sent()

    @rule(after=st.integers(0, 12), times=st.integers(1, 3), torn=st.booleans())
    def failing(self, after, times, torn):
        self.drive.fail(errno.EIO, after, times, torn=torn)
        for _ in range(3):
            if len(self.publisher.live) < 4:
                accepts(self.publisher, 30)
        self.drive.mend()

    @rule(seed=st.integers(0, 99))
    def power_goes(self, seed):
        self.publisher.store._release()
        self.lose_power(seed)

    @precondition(lambda self: len(self.publisher.live) < 4)
    @rule(after=st.integers(0, 300), length=st.integers(3, 41), seed=st.integers(0, 99))
    def power_goes_in_a_publish(self, after, length, seed):
        self.drive.cut_after(after)
        try:
            self.publisher.publish(length)
        except PowerCut:
            pass
        self.lose_power(seed)

    def lose_power(self, seed):
        """Half of the drives write in order."""
        files = self.drive.survivors(seed) if seed % 2 else self.drive.files
        diary = self.drive.diary
        self.drive = self.publisher.drive = mount(self.patch, Drive(files))
        # What is on the medium now was not written a moment ago.
        self.drive.diary = [entry for entry in diary if entry[0] not in ("write", "sync", "make")]
        for name, content in files.items():
            self.drive.diary += [("make", name), ("write", name, 0, bytes(content)), ("sync", name)]
        self.restart()

    def restart(self):
        publisher = self.publisher
        publisher.attach()
        promise = Promise()
        for entry in self.drive.diary:
            promise.note(entry)
        # One that was refused may have come back; nobody has promised to keep it.
        promise.live = [m for m in publisher.live if m in publisher.accepted]
        promise.settled = publisher.settled
        promise.check(publisher)
        publisher.live = publisher.kept()
        publisher._waiting = [m for m in publisher._waiting if m not in publisher.live]

    @invariant()
    def memory_is_as_it_should_be(self):
        if hasattr(self, "publisher"):
            assert self.publisher.kept() == self.publisher.live
            assert self.publisher.store.damaged <= 3


Machine.TestCase.settings = settings(
    max_examples=120, stateful_step_count=40, deadline=None, derandomize=True
)
TestMachine = Machine.TestCase
