# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Runs the device kit as a board would, with a radio and TLS that stand in for the firmware's.

Arguments: the project's root; then, for a stack that lies, what it does wrong: ``loses`` a byte, or
``blocks`` where there is nothing to read. The kit's settings are in the environment.
"""

import sys
import time

import device_tls
from radio import Radio


class Firmware:
    """A module of the firmware."""


def loses(receive):
    """A read that leaves out a byte once in a while."""
    seen = [0]

    def receive_less(sock, buffer, nbytes=0):
        count = receive(sock, buffer, nbytes)
        seen[0] += count
        if count > 2 and seen[0] > 3000:
            seen[0] = 0
            buffer[: count - 1] = bytes(buffer[1:count])
            return count - 1
        return count

    return receive_less


def blocks(receive):
    """A read that waits where it has been told not to."""

    def receive_late(sock, buffer, nbytes=0):
        try:
            return receive(sock, buffer, nbytes)
        except OSError:
            time.sleep(0.06)
            raise

    return receive_late


def main():
    wifi = sys.modules["wifi"] = Firmware()
    wifi.radio = Radio()
    sys.modules["ssl"] = device_tls
    sys.path.append(sys.argv[1])
    sys.path.append(sys.argv[1] + "/tests/device")
    if len(sys.argv) > 2:
        import socketpool

        lie = {"loses": loses, "blocks": blocks}[sys.argv[2]]
        socketpool.Socket.recv_into = lie(socketpool.Socket.recv_into)
        # A link whose poll object said that there is nothing would not even ask.
        link = __import__("nxd_mqtt.link", None, None, ("watch",))
        link.watch = lambda sock: None
    __import__("main").main()


main()
