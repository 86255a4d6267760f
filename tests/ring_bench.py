# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Messages of an exact size for the tests of the receive queue, into a ring and out of it."""

from tables.models import RingTrial

# Flags, length and topic length: what a message needs beside its topic and payload.
OVERHEAD = 7


def octets(count: int, first: int = 0) -> bytes:
    """Bytes that differ from their neighbours."""
    return bytes((first + at * 37) & 0xFF for at in range(count))


def put(trial: RingTrial, need: int, packet_id: int = 0, first: int = 0) -> int:
    """A message that needs so many bytes of the ring, at QoS 1 if it has an identifier."""
    flags = 2 if packet_id else 0
    return trial.message(flags, b"t", packet_id, octets(need - OVERHEAD - 1 - flags, first))


def get(trial: RingTrial) -> None:
    """Read the oldest message, and acknowledge all that is owed."""
    trial.copy(0)
    assert trial.take()
    while trial.acknowledge():
        pass
