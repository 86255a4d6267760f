# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""CPython as a board: the machine's own network, and what a demo needs besides."""


def connect():
    """The radio that ConnectionManager knows as the machine's own sockets."""
    from adafruit_connection_manager import CPythonNetwork

    return CPythonNetwork()


def connected(radio) -> bool:
    """Always: the operating system joins networks by itself.

    :param radio: what ``connect`` returned
    """
    return True
