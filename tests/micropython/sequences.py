# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Plays sequences of steps with the receive queue and the transmit store; prints checksums."""

from tables.models import RING_SEQUENCES, STORE_SEQUENCES, ring_sequence, store_sequence

for sequence in RING_SEQUENCES:
    print("ring", ring_sequence(*sequence))
for sequence in STORE_SEQUENCES:
    print("store", store_sequence(*sequence))
