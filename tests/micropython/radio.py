# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The radio of the bench; ConnectionManager takes a radio for native Wi-Fi by its class's name."""


class Radio:
    """A radio that is always joined."""

    connected = True
