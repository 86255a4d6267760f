# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What the tests of our own hub client ask for: the local hub, and devices of it."""

import itertools

import pytest
from azure_devices import WAYS, AzureDevice

from boards.desktop.hub import Hub

_names = ("azure-%d" % number for number in itertools.count(1))


@pytest.fixture(scope="module")
def cloud():
    """A hub for the tests of a file; each of them has devices of its own."""
    with Hub(plain_port=0, devices=()) as hub:
        yield hub


@pytest.fixture
def make_azure_device(cloud):
    """A function that registers devices and makes their clients.

    It takes the arguments of ``AzureDevice``; ``hub`` for another one than ``cloud``, ``x509`` for
    a device that shows a certificate, ``device_id`` for one that is registered already.
    """
    made = []

    def make(way=WAYS[0], hub=None, x509=False, device_id=None, **measures) -> AzureDevice:
        hub = hub or cloud
        if device_id is None:
            device_id = next(_names)
            hub.add_device(device_id, x509=x509)
        device = AzureDevice(hub, device_id, way, **measures)
        made.append(device)
        return device

    yield make
    for device in made:
        device.delete()
