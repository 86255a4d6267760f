# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The file store on the machine's own files and on a FAT drive in memory that loses its power.

The argument is a folder. Prints lines of a name and figures.
"""

import os
import sys

import heap
from tables.checks import require

from nxd_mqtt.file_store import FileStore
from nxd_mqtt.status import MQTTError
from nxd_mqtt.store import Store

SLOT = 48
DEPTH = 4
SECTOR = 512
SECTORS = 80
READ_ONLY = 30


class Flash:
    """A block device in memory that loses its power after so many blocks.

    The write that is cut fails, so that the program stops; what it tidies up then is swallowed.
    """

    def __init__(self):
        self.content = bytearray(SECTOR * SECTORS)
        self.left = -1
        self.dead = False
        self.written = 0
        self.faults = 0

    def readblocks(self, block, buffer, offset=0):
        begin = block * SECTOR + offset
        buffer[:] = memoryview(self.content)[begin : begin + len(buffer)]

    def writeblocks(self, block, buffer, offset=0):
        if self.faults:
            self.faults -= 1
            return -5  # as a flash chip's driver says it: the file system then blames the file
        for at in range(0, len(buffer), SECTOR):
            if self.dead:
                return 0
            if self.left == 0:
                self.dead = True
                raise OSError(5)
            self.left -= 1
            self.written += 1
            begin = block * SECTOR + offset + at
            self.content[begin : begin + SECTOR] = memoryview(buffer)[at : at + SECTOR]
        return 0

    def ioctl(self, operation, argument):
        return {4: SECTORS, 5: SECTOR}.get(operation, 0)


def attached(path, size=0):
    store = FileStore(path, size)
    store.attach(b"me", Store(SLOT, DEPTH))
    return store


def put(store, packet_id, number, length=20):
    """Accept a message that is told from others by its number."""
    packet = store.packets[store.count]
    packet[0] = 0x32
    packet[1] = length - 2
    packet[2] = number >> 8
    packet[3] = number & 255
    for at in range(4, length):
        packet[at] = at
    store.add(packet_id, length)


def numbers(store):
    """The numbers of the messages that are kept; the rest of each must be whole."""
    found = []
    for place in range(store.count):
        packet = store.packets[place]
        length = store.lengths[place]
        require(packet[0] & ~8 == 0x32 and packet[1] == length - 2, "a packet has changed")
        for at in range(4, length):
            require(packet[at] == at, "a packet has changed")
        found.append(packet[2] << 8 | packet[3])
    return found


def round_trip(path):
    """Identifiers, order, DUP; a compaction; a torn tail; a flipped byte."""
    store = attached(path)
    for number in range(300):
        if store.count == DEPTH:
            store.remove(1)
        put(store, number + 1, number, 4 + number % (SLOT - 4))
    expected = numbers(store)
    identifiers = store.packet_ids[:DEPTH]
    require(store.compactions > 0, "no compaction")
    store.close()
    store = attached(path)
    require(numbers(store) == expected, "restored %s" % numbers(store))
    require(store.packet_ids[:DEPTH] == identifiers, "identifiers")
    require(all(packet[0] == 0x3A for packet in store.packets[:DEPTH]), "DUP")
    require((store.restored, store.damaged) == (DEPTH, 0), "damaged %d" % store.damaged)
    # The newest record loses its last byte: what a loss of power leaves.
    name = path + "." + str(store._current)
    end = store._position
    store.remove(0)
    put(store, 999, 999)
    store.close()
    with open(name, "r+b") as file:
        file.seek(end + 30)
        file.write(b"\xff")
    store = attached(path)
    require(numbers(store) == expected, "behind a torn tail %s" % numbers(store))
    require(store.damaged == 1, "damaged %d" % store.damaged)
    store.remove(0)
    put(store, 1000, 1000)
    store.close()
    store = attached(path)
    require(numbers(store) == expected[1:] + [1000], "after it %s" % numbers(store))
    require(store.damaged == 0, "damaged %d" % store.damaged)
    store.close()


def taken_by(path):
    """Heap bytes that a tick and a message take."""
    store = attached(path)
    print("tick", heap.bytes_per_call(lambda: store.tick(5), 50))

    def publish():
        store.remove(0)
        put(store, 7, 7, 40)

    print("message", heap.bytes_per_call(publish, 50))
    store.close()


def mount(flash, **named):
    os.mount(os.VfsFat(flash), "/flash", **named)


def cut_after(flash, image, blocks):
    """Publish until the power goes; whether it went. All that was accepted is there again."""
    flash.content[:] = image
    flash.left = -1
    mount(flash)
    store = attached("/flash/queue", 512)
    flash.left = blocks
    accepted = numbers(store)
    went = False
    for number in range(100, 120):
        if store.count == DEPTH:
            store.remove(0)
            accepted.pop(0)
        try:
            put(store, number, number, 44)
            accepted.append(number)
        except MQTTError as error:
            went = True
            require(error.stage == "store", "stage " + error.stage)
            break
    # Nothing that is closed now reaches the drive.
    flash.dead = True
    store.close()
    os.umount("/flash")
    flash.dead = False
    flash.left = -1
    mount(flash)
    store = attached("/flash/queue", 512)
    found = numbers(store)
    for number in accepted:
        require(number in found, "%d is lost after %d blocks: %s" % (number, blocks, found))
    require(found == sorted(found), "order %s" % found)
    store.close()
    os.umount("/flash")
    return went


def on_fat():
    flash = Flash()
    os.VfsFat.mkfs(flash)
    mount(flash)
    round_trip("/flash/queue")
    store = attached("/flash/queue")
    before = (store.writes, flash.written)
    for number in range(8):
        store.remove(0)
        put(store, number + 1, number, 8)
    require(store.writes == before[0] + 8, "writes")
    print("sectors", (flash.written - before[1]) / 8)
    store.close()
    os.remove("/flash/queue.0")
    os.remove("/flash/queue.1")
    store = attached("/flash/queue", 512)
    put(store, 1, 1)
    put(store, 2, 2)
    store.close()
    os.umount("/flash")
    image = bytes(flash.content)
    blocks = 0
    while cut_after(flash, image, blocks):
        blocks += 1
    print("cuts", blocks)
    mount(flash, readonly=True)
    try:
        attached("/flash/queue")
        require(False, "a drive that is read-only")
    except MQTTError as error:
        require((error.status, error.cause.errno) == (0x10004, READ_ONLY), "status")
    os.umount("/flash")
    a_fault_of_the_medium(flash)


def a_fault_of_the_medium(flash):
    """One write fails; FatFs would refuse everything on that file from then on."""
    flash.dead = False
    flash.left = -1
    os.VfsFat.mkfs(flash)
    mount(flash)
    store = attached("/flash/queue")
    put(store, 1, 1)
    refused = 0
    for number in range(2, 12):
        if store.count == DEPTH:
            store.remove(0)
        if number == 4:
            flash.faults = 1
        try:
            put(store, number, number)
        except MQTTError as error:
            require(error.cause.errno == 5, "errno %s" % error.cause)
            refused += 1
    expected = numbers(store)
    store.close()
    store = attached("/flash/queue")
    require(numbers(store) == expected, "restored %s" % numbers(store))
    store.close()
    os.umount("/flash")
    print("refused", refused)


folder = sys.argv[1]
round_trip(folder + "/queue")
taken_by(folder + "/queue")
on_fat()
