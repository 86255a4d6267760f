# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What the tests with Microsoft's SDKs ask for: a hub, devices, a back end."""

import itertools

import pytest
from azure_stage import Actor, Stage, create

_names = ("device-%d" % number for number in itertools.count(1))


@pytest.fixture(scope="module")
def azure_stage(request, tmp_path_factory):
    """A hub for the tests of a file; each of them has devices of its own.

    A file with the line ``WORDS = ("tapped",)`` gets a tap.
    """
    words = getattr(request.module, "WORDS", ())
    with Stage(tmp_path_factory.mktemp("azure"), *words) as stage:
        yield stage


@pytest.fixture
def hub(azure_stage):
    """The hub."""
    return azure_stage.hub


@pytest.fixture
def new_device(azure_stage):
    """A function that registers a device and starts an SDK for it, not yet connected."""
    made = []

    def make(way: str = "key", **options) -> Actor:
        actor = Actor(azure_stage, "device", next(_names))
        made.append(actor)
        create(azure_stage, actor, way, **options)
        return actor

    yield make
    for actor in made:
        actor.end()


@pytest.fixture
def device(new_device):
    """A device that has connected with its key."""
    actor = new_device()
    actor.do("connect")
    return actor


@pytest.fixture
def service(azure_stage, hub):
    """A back end, which may do everything."""
    actor = Actor(azure_stage, "service")
    actor.do("create", connection=hub.service_connection_string())
    yield actor
    actor.end()
