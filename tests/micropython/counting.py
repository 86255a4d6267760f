# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Shows that heap bytes are counted: a list costs, a number does not."""

import sys

import heap

buffer = bytearray(8)


def free() -> None:
    buffer[0] = 1


def costly() -> None:
    buffer[0] = len([1, 2, 3])


if heap.bytes_per_call(free) != 0:
    sys.exit("an assignment by index is counted as %s bytes" % heap.bytes_per_call(free))
if heap.bytes_per_call(costly) < 32:
    sys.exit("a list is counted as %s bytes" % heap.bytes_per_call(costly))
if heap.bytes_held(lambda: bytearray(1000)) < 1000:
    sys.exit("a buffer that is kept is not counted")
