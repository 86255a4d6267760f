# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The client's platform on the doubles: its waits advance the clock instead of sleeping."""

from doubles.clock import Clock
from doubles.dialects import CPYTHON_TCP
from doubles.sockets import SocketPool
from nxd_mqtt.nxd import NX_IP, NX_SUCCESS, nx_ip_create


class Platform(NX_IP):
    """An NX_IP over a pool of socket doubles.

    :param clock: the clock to advance, or None for a new one
    :param dialect: which socket stack the pool plays
    """

    def __init__(self, clock=None, dialect=CPYTHON_TCP, link_up=None, lock=None, hosts=None):
        super().__init__()
        self.nap = None
        """Milliseconds that a rest takes where there is nothing to wait for; None is a moment."""
        self.time = clock or Clock()
        self.sockets = SocketPool(self.time, dialect=dialect, hosts=hosts)
        status = nx_ip_create(
            self,
            "doubles",
            socket_pool=self.sockets,
            clock=self.time,
            link_up=link_up,
            lock=lock,
        )
        assert status == NX_SUCCESS

    def wait(self, sock, read, write, milliseconds):
        """Let the time pass in which nothing happens."""
        limit = None if milliseconds < 0 else milliseconds
        if sock is not None and self.sockets.dialect.pollable and (read or write):
            self.sockets.wait(sock, read, write, limit)
        elif sock is not None and read:
            self.time.run_until(sock._available, limit)
        else:
            self.time.advance(self.nap or limit)
