# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The firmware's ``os``, whose ``getenv`` reads settings.toml of the drive at each call."""

from uos import *


def getenv(key, default=None):
    """Text where the value is quoted, else a number."""
    try:
        with open("settings.toml") as file:
            lines = file.readlines()
    except OSError:
        return default
    for line in lines:
        name, _, value = line.partition("=")
        if name.strip() == key:
            value = value.strip()
            return value[1:-1] if value[0] == '"' else int(value)
    return default
