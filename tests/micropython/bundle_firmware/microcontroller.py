# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The firmware's ``microcontroller``: what the chip tells of itself."""


class cpu:
    """The chip."""

    uid = b"\xe6\x60\x00\xab"
    temperature = 21.25
