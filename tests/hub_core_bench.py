# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The hub's core without a protocol: a clock to set forward, keys that are known, and peers."""

from boards.desktop.hub.cloud_messages import Message
from boards.desktop.hub.core import Capability, Core, Identity
from boards.desktop.hub.credentials import make_token
from boards.desktop.hub.quotas import Limits

START = 1_700_000_000.0
HOST = "hub.example.net"
DEVICE = Identity("dev1")
MODULE = Identity("dev1", "mod1")


class Clock:
    """Seconds since 1970, which pass when a test says so."""

    def __init__(self, now=START):
        self.now = now

    def __call__(self):
        return self.now

    def advance(self, seconds):
        """Let time pass."""
        self.now += seconds


class Entropy:
    """Bytes that are all alike in one piece, and others in the next."""

    def __init__(self):
        self._pieces = 0

    def __call__(self, count):
        self._pieces += 1
        return bytes([self._pieces]) * count


class Peer:
    """A front end's side of a connection, which remembers what it was told.

    :param capable: what it has asked for; everything if nothing is named
    """

    def __init__(self, *capable):
        self.capable = set(capable or Capability)
        self.told = []

    def replaced(self):
        """Another connection has come."""
        self.told.append("replaced")

    def close(self, reason):
        """The hub wants the connection closed."""
        self.told.append(("close", reason))

    def wake(self):
        """There may be a message."""
        self.told.append("wake")

    def desired(self, patch, version):
        """Desired properties have changed."""
        self.told.append(("desired", patch, version))

    def method(self, request_id, name, body):
        """Somebody calls a method."""
        self.told.append(("method", request_id, name, body))

    def take(self):
        """What it was told since the last call."""
        told, self.told = self.told, []
        return told


class House:
    """A hub with one device and one module.

    :param limits: fields of `Limits`
    """

    def __init__(self, **limits):
        self.clock = Clock()
        self.core = Core(HOST, self.clock, Limits(**limits), entropy=Entropy())
        self.device = self.core.create_identity(DEVICE)
        self.module = self.core.create_identity(MODULE)

    def connect(self, *capable, identity=DEVICE, expiry=None):
        """Attach a peer."""
        peer = Peer(*capable)
        self.core.attach(identity, peer, expiry)
        peer.take()
        return peer

    def token(self, identity=DEVICE, key=None, life=3600, host=HOST):
        """A token of a device or module, as bytes."""
        key = key or self.core.registry.find(identity).primary_key
        expiry = int(self.clock() + life)
        return make_token("/".join((host, *identity.path)), key, expiry).encode()

    def send(self, body=b"x", **fields):
        """Queue a message for the device."""
        return self.core.send_message(DEVICE.device_id, Message(body, **fields))

    def fates(self):
        """The feedback since the last call: pairs of message identifier and fate."""
        return [(record.message_id, record.fate) for record in self.core.feedback.take()]
