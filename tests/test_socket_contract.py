# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Every stream does what the client expects: each dialect of the doubles, and the system's own."""

import socket

import pytest
from adafruit_connection_manager import CPythonNetwork
from contract_peers import played_line, real_line
from device.contract import CHECKS, judge
from device.peer import Peer
from doubles.dialects import ALL
from doubles.platform import Platform
from radio_platform import RadioPlatform
from secure_bench import NETWORKS, context_of

from boards.desktop.broker.secure import server_context

every_check = pytest.mark.parametrize("check", [check for _, check in CHECKS], ids=dict(CHECKS))
ways = pytest.mark.parametrize(("name", "radio"), (("tcp", False), ("tcp", True), ("ws", False)))
secure_ways = pytest.mark.parametrize(
    ("name", "radio"), (("tls", False), ("tls", True), ("wss", True))
)


ON_CHIPS = ("stops_when_full", "same_bytes_again", "time_limit", "handshake_limit", "pending")
WITHOUT_TLS = ("handshake_limit", "pending")


def holds(line, check, may_skip):
    """Whether a check passes on a line, or is skipped where it may be."""
    verdict, text = judge(line, check)
    assert verdict == ("skipped" if check.__name__ in may_skip else "passed"), text


def nothing_left(ip):
    """Every socket was closed, once, and TLS was offered what it has been offered before."""
    assert (ip.sockets.open_now, ip.sockets.double_closes) == (0, [])
    assert ip.sockets.corruptions == []
    if ip.manager:
        assert ip.manager.managed_socket_count == 0
        # It would keep the doubles for ever.
        ip.close_all(forget=True)


def may_skip(dialect, name):
    """What cannot be asked of a stack of the doubles."""
    if not dialect.pollable:
        return ON_CHIPS
    return () if name in ("tls", "wss") else WITHOUT_TLS


@ways
@pytest.mark.parametrize("dialect", ALL, ids=str)
@every_check
def test_a_dialect(dialect, name, radio, check):
    ip = (RadioPlatform if radio else Platform)(dialect=dialect)
    holds(played_line(ip, name), check, may_skip(dialect, name))
    nothing_left(ip)


@secure_ways
@pytest.mark.parametrize("dialect", NETWORKS, ids=str)
@every_check
def test_a_network_with_tls(dialect, name, radio, check):
    if radio:
        ip = RadioPlatform(dialect=dialect, ssl_context=context_of)
    else:
        ip = Platform(dialect=dialect)
    holds(played_line(ip, name), check, may_skip(dialect, name))
    nothing_left(ip)


@pytest.fixture(scope="module")
def peer(authority):
    """The peer of the device kit, on this machine."""
    with Peer(ssl_context=server_context(*authority.server())) as peer:
        yield peer


OWN = [("tcp", False), ("tls", False), ("ws", False), ("wss", False), ("tcp", True), ("wss", True)]


@pytest.mark.parametrize(("name", "radio"), OWN)
@every_check
def test_the_system_s_own_sockets(peer, authority, name, radio, check):
    named = {"radio": CPythonNetwork()} if radio else {"socket_pool": socket}
    line = real_line(peer, name, authority.root, **named)
    holds(line, check, may_skip(ALL[0], name))
