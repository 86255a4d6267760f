# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A module to import and forget."""


class Spare:
    """Nothing."""

    def nothing(self) -> None:
        """Do it."""


def nothing() -> None:
    """Do it."""
