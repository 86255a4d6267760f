# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Heap bytes that a read takes, of the scripted stream and of a socket of the system.

Arguments: the folder of ``heap`` and ``scripted``, host and port of somebody who sends enough.
Prints lines of a name and a figure.
"""

import socket
import sys

sys.path.append(sys.argv[1])

import heap
from stream import Stream

DATA = bytes(128)
SIZES = (1, 2, 10, 31, 32, 64)

stream = Stream()
buffer = bytearray(64)
near = socket.socket()
near.connect(socket.getaddrinfo(sys.argv[2], int(sys.argv[3]))[0][-1])


def without_read() -> None:
    """All that a client does with a stream, but read."""
    stream.count = 0
    stream.answer(DATA)
    stream.recv_into(buffer, 10)
    stream.recv_into(buffer)
    stream.send(DATA)
    stream.write(DATA, 3)


print("stream_takes_nothing", heap.bytes_per_call(without_read))
for size in SIZES:

    def read_stream(count=size) -> None:
        stream.answer(DATA)
        stream.read(count)

    def read_socket(count=size) -> None:
        near.read(count)

    print("stream_%d" % size, heap.bytes_per_call(read_stream))
    print("socket_%d" % size, heap.bytes_per_call(read_socket))
near.close()
