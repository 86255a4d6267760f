# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT

"""A drive whose power can be cut at any byte and whose every operation can fail, and its diary.

It stands in the place of ``open`` and ``os`` in the module under test. ``Publisher`` writes
messages through a file store on it and knows which of them must be there afterwards.
"""

import errno
from random import Random

from nxd_mqtt import file_store
from nxd_mqtt.file_store import FileStore
from nxd_mqtt.store import Store
from nxd_mqtt.wire import packet_size, put_publish

SECTOR = 512
DUP = 0x08


class PowerCut(Exception):
    """The power went; nothing that the program does from here on has an effect."""


class _File:
    """An open file without a buffer."""

    def __init__(self, drive, name):
        self._drive = drive
        self._name = name
        self._at = 0
        self.closed = False

    def _content(self, verb):
        if self.closed:
            raise ValueError("I/O operation on closed file")
        self._drive.operate(verb)
        return self._drive.files[self._name]

    def seek(self, offset, whence=0):
        """Go to an offset from the beginning, or from the end."""
        content = self._content("seek")
        self._at = offset + (len(content) if whence == 2 else 0)
        if self._at < 0:
            raise OSError(errno.EINVAL, "before the beginning")
        return self._at

    def read(self, count):
        """The next bytes, fewer at the end."""
        piece = bytes(self._content("read")[self._at : self._at + count])
        self._at += len(piece)
        return piece

    def readinto(self, buffer):
        """The next bytes into a buffer, at most ``longest_read`` at once; returns how many."""
        count = min(len(buffer), self._drive.longest_read or len(buffer))
        piece = self.read(count)
        buffer[: len(piece)] = piece
        return len(piece)

    def write(self, data):
        """Overwrite, and lengthen the file where it ends; returns how many bytes were taken."""
        self._content("write")
        data = bytes(data)
        count = self._drive.write(self._name, self._at, data)
        self._at += count
        return count

    def flush(self):
        """There is nothing to flush, but it may fail."""
        self._content("flush")

    def fileno(self):
        """What ``fsync`` takes: the drive knows the file by its name."""
        return self._name

    def close(self):
        """Give the file back; also a close that fails does so, and a second one does nothing."""
        if self.closed:
            return
        self.closed = True
        self._drive.open_files.remove(self)
        self._drive.operate("close")


class Drive:
    """Files in memory.

    :param files: name to content, what is on it already
    :param int capacity: bytes of all files together, None for any

    ``longest_read`` and ``longest_write`` are the most bytes that it moves at once, None for any.
    ``diary`` has every write, sync and making of a file, and what a test puts between them.
    """

    def __init__(self, files=None, capacity=None):
        self.files = {name: bytearray(content) for name, content in (files or {}).items()}
        self.capacity = capacity
        self.folders = set()
        self.diary = []
        self.open_files = []
        self.failed = 0
        self.read_only = False
        self.longest_read = self.longest_write = None
        self.writes = self.syncs = 0
        self._fault = None
        self._torn = self._torn_next = False
        self._power = None
        self._dead = False

    # what a test arranges

    def fail(self, number, after=0, times=1, verbs=None, torn=False):
        """Raise OSError with a number: ``times`` operations (None: all) after so many that work.

        :param verbs: of which operations, None for all
        :param bool torn: a write that fails has half of its bytes on the drive
        """
        self._fault = [number, after, times, verbs]
        self._torn = torn

    def mend(self):
        """Nothing fails any more."""
        self._fault = None

    def cut_after(self, count):
        """Cut the power when so many more bytes were written."""
        self._power = count

    def survivors(self, seed):
        """What is on the medium of a drive that did not write in order what was not synced."""
        return images(self.diary, seed)

    # what the module under test uses, as `open` and as `os`

    def open(self, name, mode, buffering):
        """Open a file to read and write; as a board would, with no buffer in between."""
        if (mode, buffering) not in (("r+b", 0), ("w+b", 0)):
            raise ValueError(f"open with {mode!r}, {buffering}")
        self.operate("open")
        if self.read_only:
            raise OSError(errno.EROFS, "read-only file system")
        if name in self.folders:
            raise OSError(errno.EISDIR, "is a directory")
        if mode == "w+b":
            if name in self.files:
                raise FileExistsError("would be lost: " + name)
            self.files[name] = bytearray()
            self.diary.append(("make", name))
        elif name not in self.files:
            raise OSError(errno.ENOENT, "no such file")
        self.open_files.append(_File(self, name))
        return self.open_files[-1]

    def remove(self, name):
        """Delete a file."""
        self.operate("remove")
        del self.files[name]
        self.diary.append(("remove", name))

    def fsync(self, name):
        """Put on the medium what was written to a file."""
        self.operate("sync")
        if self._power == 0:
            self._die()
        self.syncs += 1
        self.diary.append(("sync", name))

    # inside

    def operate(self, verb):
        """An operation begins; it fails if a test wants that."""
        if self._dead:
            raise PowerCut
        fault = self._fault
        if fault and (fault[3] is None or verb in fault[3]):
            if fault[1]:
                fault[1] -= 1
            elif fault[2] is None or fault[2] > 0:
                self.failed += 1
                if fault[2]:
                    fault[2] -= 1
                if verb == "write" and self._torn:
                    self._torn_next = True
                    return
                raise OSError(fault[0], "as the test wants it")

    def write(self, name, at, data):
        """Write to a file, as far as the power reaches."""
        content = self.files[name]
        number = self._fault[0] if self._torn_next else 0
        if number:
            self._torn_next = False
            data = data[: len(data) // 2]
        dies = self._power is not None and self._power < len(data)
        if dies:
            data = data[: self._power]
        room = len(data)
        if self.capacity is not None:
            free = self.capacity - sum(map(len, self.files.values()))
            room = max(len(content) - at, 0) + free
            if room <= 0:
                raise OSError(errno.ENOSPC, "no space left")
        data = data[:room][: self.longest_write]
        content.extend(bytes(max(at - len(content), 0)))
        content[at : at + len(data)] = data
        self.writes += 1
        self.diary.append(("write", name, at, data))
        if self._power is not None:
            self._power -= len(data)
        if dies:
            self._die()
        if number:
            raise OSError(number, "as the test wants it, in the middle of a write")
        return len(data)

    def _die(self):
        self._dead = True
        raise PowerCut


def apply(files, entry, data=None):
    """Do to a dict of files what an entry of a diary tells; others than writes change nothing."""
    if entry[0] == "make":
        files[entry[1]] = bytearray()
    elif entry[0] == "remove":
        del files[entry[1]]
    elif entry[0] == "write":
        _, name, at, whole = entry
        data = whole if data is None else data
        content = files[name]
        content.extend(bytes(max(at - len(content), 0)))
        content[at : at + len(data)] = data


def _pieces(entry):
    """A write cut at the borders of sectors: each of them is on the medium as a whole or not."""
    _, name, at, data = entry
    found = []
    while data:
        count = min(SECTOR - at % SECTOR, len(data))
        found.append(("write", name, at, data[:count]))
        at += count
        data = data[count:]
    return found


def images(diary, seed, sector=SECTOR):
    """The files after a cut at the end of a diary, if the drive has written in any order.

    What was synced is there; of what was written to a file since, some sectors are.
    """
    numbers = Random(seed)
    files = {}
    waiting = {}
    for entry in diary:
        if entry[0] in ("make", "remove"):
            apply(files, entry)
            waiting[entry[1]] = []
        elif entry[0] == "write":
            waiting.setdefault(entry[1], []).extend(_pieces(entry))
        elif entry[0] == "sync":
            for piece in waiting.pop(entry[1], []):
                apply(files, piece)
    pieces = [piece for pending in waiting.values() for piece in pending]
    numbers.shuffle(pieces)
    for piece in pieces[: numbers.randint(0, len(pieces))]:
        apply(files, piece)
    return files


# --- a publisher on it ---------------------------------------------------------------------------


def mount(monkeypatch, drive):
    """Let the file store use a drive."""
    monkeypatch.setattr(file_store, "open", drive.open, raising=False)
    monkeypatch.setattr(file_store, "os", drive)
    return drive


class Publisher:
    """A file store, the messages that go through it, and the plain list of them.

    A message is (packet identifier, packet). ``accepted`` has all of them in order, ``live`` those
    that were not acknowledged; an acknowledgement that was synced is in ``settled``.
    """

    def __init__(self, drive, slot_size=48, depth=4, size=0, client_id=b"me", **named):
        self.drive = drive
        self.slot_size = slot_size
        self.depth = depth
        self.client_id = client_id
        self._named = dict(named, size=size)
        self.accepted = []
        self.live = []
        self.settled = []
        self._waiting = []
        self.written = 0
        self.store = None

    def attach(self, **changes):
        """A new client with the same path; returns self."""
        for name, value in changes.items():
            setattr(self, name, value)
        self.store = FileStore("journal", **self._named)
        self.store.attach(self.client_id, Store(self.slot_size, self.depth))
        # A new client begins to count at 1.
        self._packet_id = 1
        return self

    def next_packet(self, length=10, first=0x32):
        """A packet identifier and a packet that no other one equals; its payload has 3 bytes."""
        while self.store.find(self._packet_id) >= 0:
            self._packet_id = self._packet_id % 65535 + 1
        packet_id = self._packet_id
        self._packet_id = self._packet_id % 65535 + 1
        self.written += 1
        message = self.written.to_bytes(3, "big") + b"-" * (length - 3)
        packet = bytearray(packet_size(5 + len(message)))
        put_publish(packet, 0, first & 15, b"t", packet_id, message)
        packet[0] = first
        return packet_id, bytes(packet)

    def publish(self, length=10, first=0x32):
        """Accept a message; what the store raises passes through. Returns its identifier."""
        packet_id, packet = message = self.next_packet(length, first)
        store = self.store
        store.packets[store.count][: len(packet)] = packet
        self.drive.diary.append(("begins", message))
        store.add(packet_id, len(packet))
        if first & 0xF0 == 0x30:
            self.settled += self._waiting
            self._waiting = []
            self.accepted.append(message)
            self.live.append(message)
            self.drive.diary.append(("accepted", message, list(self.live), list(self.settled)))
        return packet_id

    def acknowledge(self, packet_id):
        """The broker has acknowledged a message."""
        self.store.remove(self.store.find(packet_id))
        message = next(message for message in self.live if message[0] == packet_id)
        self.live.remove(message)
        self._waiting.append(message)
        self.drive.diary.append(("acknowledged", message))

    def acknowledge_all(self):
        """The broker has acknowledged everything, in order."""
        for packet_id, _ in list(self.live):
            self.acknowledge(packet_id)

    def kept(self):
        """The messages in the store, as they were accepted."""
        store = self.store
        found = []
        for place in range(store.count):
            packet = bytes(store.packets[place][: store.lengths[place]])
            found.append((store.packet_ids[place], bytes([packet[0] & ~DUP]) + packet[1:]))
        return found

    def dups(self):
        """Which of the packets in the store carry DUP."""
        return [bool(packet[0] & DUP) for packet in self.store.packets[: self.store.count]]
