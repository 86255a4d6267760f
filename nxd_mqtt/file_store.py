# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A transmit store that is also a journal on a drive: an accepted message survives loss of power.

Two files take turns. A generation is a header at both ends of one file with records between them:
the messages that were live when it began, then each new one together with the identifiers that
were acknowledged since. When the next record does not fit, what is live goes into the other file as
the next generation; its header is written last, and the old file stays as it is until then.

The checksum of a record is also made of its place and of the generation's salt, so that what an
earlier use of the file has left behind, or an attempt at the same generation, is never taken for a
record of this one.
"""

import os
from binascii import crc32
from struct import pack, pack_into, unpack

from micropython import const

from .status import MQTTError
from .store import Store

_INTERNAL_ERROR = const(0x10004)
_INVALID_PARAMETER = const(0x10009)

_ENOENT = const(2)
_EIO = const(5)
_ENOSPC = const(28)

_PUBLISH = const(0x30)
_PACKET_TYPE = const(0xF0)
_DUP = const(0x08)
_NO_DUP = const(0xF7)

_CLOCK_MASK = const((1 << 29) - 1)
_LONGEST_IDLE = const(1 << 28)

_BLOCK = const(4096)
_STEP = const(16)
_END_MARK = const(2)

# Magic, version, depth of the store, generation, bytes of it, salt, length of the client id; behind
# them the client id and the checksum.
_HEADER = "<4sHHIIIH"
_HEADER_BYTES = const(22)
_MAGIC = b"NXDJ"
_VERSION = const(1)

# Salt and place, which only the checksum sees; then magic, number of acknowledged identifiers,
# packet identifier, bytes of the packet. Behind them the identifiers, the packet, the checksum.
_RECORD = "<IIHHHI"
_SEED_BYTES = const(8)
_RECORD_BYTES = const(10)
_RECORD_MAGIC = const(0x524A)
_CHECKSUM_BYTES = const(4)

_MEND = ": remove them, or use another path"


def _refuse(cause: str) -> None:
    raise MQTTError(_INVALID_PARAMETER, "store", cause)


def _padded(size: int) -> int:
    return size + _STEP - 1 & -_STEP


def _record_size(acknowledged: int, length: int) -> int:
    return _padded(_RECORD_BYTES + 2 * acknowledged + length + _CHECKSUM_BYTES)


def _opened(name: str, mode: str):
    # Without a buffer of the interpreter's: a write is a write.
    return open(name, mode, 0)


def _settle(file) -> None:
    """Put what was written on the medium, as far as the platform can."""
    file.flush()
    if hasattr(os, "fsync"):
        os.fsync(file.fileno())
    elif hasattr(os, "sync"):
        os.sync()


class FileStore(Store):
    """A store whose QoS 1 messages are also on a drive, for ``nxd_mqtt_client_store_set``.

    A message is one write and one sync, before ``publish`` returns. A new generation is begun when
    a file is full: at most ``depth`` + 2 writes and three syncs. With the default size at least
    ``depth`` - 1 messages lie between two of them if each packet is as large as the pool allows,
    more where they are smaller. Acknowledgements ride with the next message.

    ``restored`` messages were found at the latest attach, and ``damaged`` places that were corrupt
    or torn. ``writes``, ``syncs``, ``compactions`` (generations begun because a file was full) and
    ``failures`` (of the drive) are counted from the first attach on.

    :param str path: the two files have this name with ``.0`` and ``.1`` behind it
    :param int size: bytes of each file; 0 for twice what a full store takes
    :param int idle: milliseconds without a message or an acknowledgement after which those
        acknowledgements are written that no message has taken along
    :param sync: callable(file) that puts on the medium what was written; None for ``flush`` and
        then ``os.fsync``, or ``os.sync`` where that is all there is
    :raises ValueError: when an argument cannot be meant
    """

    def __init__(self, path: str, size: int = 0, idle: int = 5000, sync=None):
        if not path or size < 0 or not 0 <= idle < _LONGEST_IDLE:
            raise ValueError("no path, or a wrong size or idle")
        Store.__init__(self, 0, 0)
        self._names = (path + ".0", path + ".1")
        self._wanted = size
        self._idle = idle
        self._settle = sync or _settle
        self._files = None
        self.restored = self.damaged = self.writes = self.syncs = 0
        self.compactions = self.failures = self._pending = 0

    # -- begin and end ------------------------------------------------------------------------

    def attach(self, client_id, store: Store) -> None:
        """Take over the memory of a client's empty store and restore what the files have.

        :param client_id: bytes; the files belong to it
        :raises MQTTError: when the files cannot be used; what is in them stays
        """
        if self._files:
            _refuse("the store has a client already")
        self._client_id = bytes(client_id)
        self._header = _padded(_HEADER_BYTES + len(client_id) + _CHECKSUM_BYTES)
        self.slot_size = store.slot_size
        self.depth = depth = store.depth
        self.packets = store.packets
        self.lengths = store.lengths
        self.packet_ids = store.packet_ids
        self.starts = store.starts
        self.count = self.handed = self.sent = self.restored = self.damaged = self._pending = 0
        self._gone = [0] * depth
        self._busy = self._doubtful = self._stale = False
        full = 2 * self._header + _STEP + depth * _record_size(0, store.slot_size)
        # Two blocks at least: an erased one must not take both headers.
        self._size = self._wanted or max(2 * full + _BLOCK - 1 & -_BLOCK, 2 * _BLOCK)
        if self._size < full:
            _refuse("size must be at least %d for this pool" % full)
        largest = _SEED_BYTES + _record_size(depth, store.slot_size) + _END_MARK
        self._buffer = bytearray(max(largest, self._header))
        self._view = memoryview(self._buffer)
        self._open()

    def _open(self) -> None:
        self._files = [None, None]
        made = []
        opened = False
        try:
            for index in (0, 1):
                try:
                    self._files[index] = _opened(self._names[index], "r+b")
                except OSError as error:
                    if error.errno != _ENOENT:
                        raise
            found = self._find()
            for index in (0, 1):
                if not self._files[index]:
                    self._files[index] = _opened(self._names[index], "w+b")
                    made.append(self._names[index])
            if found:
                self._restore(found)
            else:
                self._create()
            opened = True
        except OSError as error:
            self._fail(error)
        finally:
            if not opened:
                self._release()
                for name in made:
                    self._attempt(os.remove, name)

    def _fail(self, error) -> None:
        self.failures += 1
        raise MQTTError(_INTERNAL_ERROR, "store", error)

    def _attempt(self, function, *arguments) -> None:
        """Do what may fail without harm."""
        try:
            function(*arguments)
        except OSError:
            self.failures += 1

    def _release(self) -> None:
        files = self._files
        self._files = None
        for file in files:
            if file:
                self._attempt(file.close)

    def close(self) -> None:
        """Write the acknowledgements that wait, and let go of the files."""
        if self._files:
            try:
                if self._pending:
                    self._attempt(self._append, -1)
            finally:
                self._release()

    # -- what the store does ------------------------------------------------------------------

    def add(self, packet_id: int, length: int) -> None:
        """Keep the packet that was written into ``packets[count]``; a message also in the file.

        :raises MQTTError: when the drive fails; then nothing is kept
        """
        place = self.count
        if self.packets[place][0] & _PACKET_TYPE == _PUBLISH:
            self.packet_ids[place] = packet_id
            self.lengths[place] = length
            try:
                self._append(place)
            except OSError as error:
                self._fail(error)
        else:
            Store.add(self, packet_id, length)

    def remove(self, place: int) -> None:
        """Forget one entry; the file learns of it with the next message."""
        if self.packets[place][0] & _PACKET_TYPE == _PUBLISH:
            # A message takes all along, so no more than ``depth`` can wait.
            self._gone[self._pending] = self.packet_ids[place]
            self._pending += 1
            self._busy = True
        Store.remove(self, place)

    def drop_sent(self) -> None:
        """A clean session begins: what was accepted goes out all the same, as new messages."""
        for place in range(self.count):
            if self.packets[place][0] & _PACKET_TYPE == _PUBLISH:
                self.packets[place][0] &= _NO_DUP
        self.handed = self.sent = 0

    def tick(self, now: int) -> None:
        """Write the acknowledgements that wait, when nothing has happened for ``idle``."""
        if not self._pending:
            return
        if self._busy:
            self._busy = False
            self._since = now
        elif now - self._since & _CLOCK_MASK >= self._idle:
            self._since = now
            self._attempt(self._append, -1)

    # -- writing ------------------------------------------------------------------------------

    def _append(self, place: int) -> None:
        """Write the acknowledgements that wait, and the packet at a place if that is not -1."""
        if not self._files:
            raise OSError(_EIO, "the store is closed")
        size = _record_size(self._pending, self.lengths[place] if place >= 0 else 0)
        if place < 0 and self._position + size > self._limit:
            return  # not worth a new generation: the next message takes them along
        if self._stale:
            self._reopen()
        self._stale = True
        if self._doubtful:
            # Before the old generation goes on, the one that failed must be none.
            file = self._files[1 - self._current]
            self._write_headers(file, 0, file.seek(0, 2), 0)
            self._doubtful = False
        if self._position + size > self._limit:
            self._compact(self.count + (place >= 0))
            self.compactions += 1
        else:
            file = self._files[self._current]
            self._write_record(file, self._salt, self._position, self._pending, place)
            if place >= 0:
                self._sync(file)
            self._position += size
            self._pending = 0
            self.count += place >= 0
        self._stale = False

    def _reopen(self) -> None:
        """FatFs refuses everything on a file that an error of the medium has met once."""
        files = self._files
        for index in (0, 1):
            try:
                files[index].close()
            except OSError:
                pass  # that of before, told once more
            files[index] = _opened(self._names[index], "r+b")

    def _write(self, file, at: int, piece) -> None:
        file.seek(at)
        self.writes += 1
        if file.write(piece) != len(piece):
            raise OSError(_ENOSPC, "no space left")

    def _sync(self, file) -> None:
        self.syncs += 1
        self._settle(file)

    def _write_record(self, file, salt: int, position: int, acknowledged: int, place: int) -> int:
        """Write one record and the mark of the end; returns where the next one begins."""
        buffer = self._buffer
        packet_id = length = 0
        if place >= 0:
            packet_id = self.packet_ids[place]
            length = self.lengths[place]
        pack_into(
            _RECORD, buffer, 0, salt, position, _RECORD_MAGIC, acknowledged, packet_id, length
        )
        to = _SEED_BYTES + _RECORD_BYTES
        for index in range(acknowledged):
            pack_into("<H", buffer, to, self._gone[index])
            to += 2
        if length:
            buffer[to : to + length] = self.packets[place][:length]
            to += length
        pack_into("<I", buffer, to, crc32(self._view[:to]))
        size = _record_size(acknowledged, length)
        end = _SEED_BYTES + size + _END_MARK
        for index in range(to + _CHECKSUM_BYTES, end):
            buffer[index] = 0
        self._write(file, position, self._view[_SEED_BYTES:end])
        return position + size

    def _write_headers(self, file, generation: int, size: int, salt: int) -> None:
        """Write both headers, one after the other; generation 0 is none."""
        buffer = self._buffer
        name = self._client_id
        end = _HEADER_BYTES + len(name)
        fields = (_MAGIC, _VERSION, self.depth, generation, size, salt, len(name))
        pack_into(_HEADER, buffer, 0, *fields)
        buffer[_HEADER_BYTES:end] = name
        pack_into("<I", buffer, end, crc32(self._view[:end]))
        for at in (0, size - self._header):
            self._write(file, at, self._view[: end + _CHECKSUM_BYTES])
            self._sync(file)

    def _compact(self, count: int) -> None:
        """Begin a generation in the other file with the messages among the first entries."""
        other = 1 - self._current
        file = self._files[other]
        generation = self._generation + 1
        size = self._fill(file, file.seek(0, 2), self._size)
        # Of an earlier attempt, cut short, everything but the same messages has another salt.
        salt = generation
        for place in range(count):
            salt = crc32(self.packets[place][: self.lengths[place]], salt)
        position = self._header
        for place in range(count):
            if self.packets[place][0] & _PACKET_TYPE == _PUBLISH:
                position = self._write_record(file, salt, position, 0, place)
        if position == self._header:
            # No record has put the mark of the end there.
            self._write(file, position, b"\0\0")
        self._sync(file)
        # From here on the next start may find the new generation, even if this fails.
        self._doubtful = True
        self._write_headers(file, generation, size, salt)
        # No call and no jump from here on: an interrupt is raised at none but these.
        self._current = other
        self._generation = generation
        self._salt = salt
        self._position = position
        self._limit = size - self._header - _END_MARK
        self._pending = 0
        self.count = count
        self._doubtful = False

    def _fill(self, file, at: int, end: int) -> int:
        """Write zeros up to an offset; returns it, or where the beginning is behind it, that."""
        if at < end:
            self._buffer[:] = bytes(len(self._buffer))
        while at < end:
            piece = self._view[: end - at]
            self._write(file, at, piece)
            at += len(piece)
        return at

    def _create(self) -> None:
        """Fill both files, new ones or what an attempt has left, and begin with nothing."""
        for file in self._files:
            length = file.seek(0, 2)
            # The beginning of a magic number stays: it says whose the file is.
            self._fill(file, min(length, self._header), max(length, self._size))
            self._sync(file)
        self._current = 1
        self._generation = 0
        self._compact(0)

    # -- reading ------------------------------------------------------------------------------

    def _find(self):
        """Look for the newest header.

        :return: its generation, size, salt and depth; None where there is nothing to restore
        """
        newest = none = (0, 0, 0, 0)
        for index in (0, 1):
            file = self._files[index]
            first = last = none
            start = length = 0
            if file:
                length = file.seek(0, 2)
                first = self._read_header(file, 0) or none
                last = self._read_header(file, max(length - self._header, 0)) or none
                file.seek(0)
                start = file.read(4)
            best = max(first, last)
            if best[0] > newest[0]:
                newest = best
                self._current = index
                self._broken = first != last or best[1] != length
            elif best == none and start != b"\0\0\0\0":
                # Before their first use there are zeros; else there was a generation.
                self.damaged += 1
        if newest != none:
            return newest
        self.damaged = 0
        for file in self._files:
            if file and not self._is_empty(file):
                _refuse("the files are no journal of this version" + _MEND)
        return None

    def _is_empty(self, file) -> bool:
        """Whether a file holds nothing, or what a loss of power leaves of a first header."""
        file.seek(0)
        version = file.read(6)
        start = version[:4].rstrip(b"\0")
        version = version[4:].rstrip(b"\0")
        self.damaged += start != b""
        if not _MAGIC.startswith(start) or version not in (b"", b"\1"):
            return False
        # The first header is written when all is zeros; a part of it is its beginning.
        file.seek(self._header if start == _MAGIC else 4)
        found = 1
        while found:
            found = file.readinto(self._view)
            if any(self._view[:found]):
                return False
        return True

    def _read_header(self, file, at: int):
        """Generation, size, salt and depth of a valid header, or None."""
        file.seek(at)
        fields = file.read(_HEADER_BYTES)
        if len(fields) < _HEADER_BYTES:
            return None
        magic, version, depth, generation, size, salt, length = unpack(_HEADER, fields)
        if magic != _MAGIC or not self._is_sound(file, at, _HEADER_BYTES + length, 0):
            return None
        file.seek(at + _HEADER_BYTES)
        if version != _VERSION:
            _refuse("the files are of another version" + _MEND)
        if file.read(length) != self._client_id:
            _refuse("the files belong to another client id: use that one, or another path")
        return generation, size, salt, depth

    def _is_sound(self, file, at: int, count: int, checksum: int) -> bool:
        """Whether so many bytes are followed by their checksum, begun with another one."""
        file.seek(at)
        while count:
            piece = self._view[:count]
            got = file.readinto(piece)
            if not got:
                return False
            checksum = crc32(piece[:got], checksum)
            count -= got
        return file.read(_CHECKSUM_BYTES) == pack("<I", checksum)

    def _restore(self, found) -> None:
        """Find out which messages are live: identifier, place of the packet, bytes of it."""
        self._generation, size, self._salt, depth = found
        self._limit = size - self._header - _END_MARK
        self.damaged += self._broken
        file = self._files[self._current]
        live = []
        position = self._header
        end = 0
        # To the very end: what lies behind damage, or where an end only seems to be, counts. Not
        # beyond a file that was cut short: FAT makes it longer where one only looks.
        stop = min(self._limit, file.seek(0, 2))
        while position + _STEP <= stop:
            size = self._read_record(file, position, live)
            if size and end:
                self.damaged += 1
                self._broken = True
                end = 0
            elif not size:
                end = end or position
            position += size or _STEP
        if end:
            file.seek(end)
            self.damaged += file.read(_END_MARK) != b"\0\0"
        # Behind damage, or under a header that tells another depth, nothing more is written.
        whole = not self._broken and depth == self.depth
        self._position = (end or position) if whole else self._limit
        # More can be live only where a record was lost with its acknowledgements. As brokers
        # acknowledge the oldest first, they were for those.
        if self.damaged:
            del live[: max(len(live) - depth, 0)]
        self._load(file, live)

    def _read_record(self, file, position: int, live: list) -> int:
        """Apply the record at a place; returns its size, 0 if there is none."""
        file.seek(position)
        magic, acknowledged, packet_id, length = unpack("<HHHI", file.read(_RECORD_BYTES))
        size = _record_size(acknowledged, length)
        if magic != _RECORD_MAGIC or position + size > self._limit:
            return 0
        count = _RECORD_BYTES + 2 * acknowledged + length
        if not self._is_sound(file, position, count, crc32(pack("<II", self._salt, position))):
            return 0
        file.seek(position + _RECORD_BYTES)
        gone = unpack("<%dH" % acknowledged, file.read(2 * acknowledged))
        # An identifier that is used again was free: its acknowledgement is lost.
        live[:] = [one for one in live if one[0] != packet_id and one[0] not in gone]
        if packet_id:
            live.append((packet_id, position + count - length, length))
        return size

    def _load(self, file, live: list) -> None:
        """Read the live messages into the slots; the broker may know each of them."""
        if len(live) > self.depth:
            _refuse("%d messages are kept: use a larger pool" % len(live))
        for packet_id, at, length in live:
            if length > self.slot_size:
                _refuse("a message of %d bytes is kept: use a larger payload_size" % length)
            packet = self.packets[self.count]
            file.seek(at)
            if file.readinto(packet[:length]) != length:
                raise OSError(_EIO, "short read")
            packet[0] |= _DUP
            Store.add(self, packet_id, length)
        self.restored = self.count
