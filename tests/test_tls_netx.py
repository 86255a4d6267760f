# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The second loop of NetX's regression tests: every row once more, over TLS.

The twins are functions that make a ``Frame`` and talk to its broker; here they get one whose
connects are secure. What they look at on the wire is what TLS has carried.
"""

import inspect
from itertools import product

import pytest
import test_netx_api
import test_netx_connect
import test_netx_endings
import test_netx_keepalive
import test_netx_publish
import test_netx_receive
import test_netx_subscribe
from doubles.tls import Context
from netx_frame import HOST, PORT, SECOND, Frame
from tls_bench import Setup

from nxd_mqtt.nxd import *
from nxd_mqtt.tls import nxd_mqtt_client_secure_connect

MODULES = (
    test_netx_api,
    test_netx_connect,
    test_netx_endings,
    test_netx_keepalive,
    test_netx_publish,
    test_netx_receive,
    test_netx_subscribe,
)


# About clients that never connect.
NO_LINKS = ("test_netx_mqtt_branch_test_without_a_mutex",)


class SecureFrame(Frame):
    """A frame that connects over TLS."""

    made = []

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        # What each client of the frame connects by; the callback trusts what the platform trusts.
        self.setup = Setup()
        self.ip.ssl_context = Context(self.ip.sockets)
        self.made.append(self)

    def connect(self, host=HOST, port=PORT, keepalive=0, clean=NX_FALSE, wait=SECOND):
        """``nxd_mqtt_client_secure_connect`` with the frame's values."""
        return nxd_mqtt_client_secure_connect(
            self.client, host, port, self.setup, keepalive, clean, wait
        )


def examples(function):
    """Every set of arguments that the twin's own parameters give it."""
    choices = []
    for mark in getattr(function, "pytestmark", []):
        names = [name.strip() for name in mark.args[0].split(",")]
        rows = [getattr(row, "values", row if len(names) > 1 else (row,)) for row in mark.args[1]]
        choices.append([dict(zip(names, row, strict=True)) for row in rows])
    for chosen in product(*choices):
        yield {name: value for row in chosen for name, value in row.items()}


def twins():
    """All tests of these modules that make a frame, with their arguments."""
    for module in MODULES:
        for name, function in vars(module).items():
            if name in NO_LINKS or not name.startswith("test_"):
                continue
            if "Frame(" in inspect.getsource(function):
                for number, arguments in enumerate(examples(function)):
                    yield pytest.param(module, function, arguments, id=f"{name}-{number}")


@pytest.mark.parametrize(("module", "function", "arguments"), twins())
def test_the_second_loop(module, function, arguments, monkeypatch):
    monkeypatch.setattr(module, "Frame", SecureFrame)
    monkeypatch.setattr(SecureFrame, "made", [])
    function(**arguments)
    assert SecureFrame.made
    for frame in SecureFrame.made:
        pool = frame.ip.sockets
        # Nothing was plain: every connection has begun with a handshake, and every one was set up.
        assert pool.count("handshake") == len(pool.connections)
        assert len(frame.setup.calls) >= len(pool.connections)
