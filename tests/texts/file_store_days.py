# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""How long flash lasts."""


def days(erases, messages_a_day, n):
    """How long the flash lasts that has no wear levelling of its own."""
    return erases / (messages_a_day * (1 + 3 / n))
