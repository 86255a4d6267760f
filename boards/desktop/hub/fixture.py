# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A hub for your own tests with pytest.

Put this into the `conftest.py` next to them:

    pytest_plugins = ["boards.desktop.hub.fixture"]

Then a test that names `iot_hub` has a hub of its own, with TLS, a plain port and the device `dev1`:

    def test_the_sensor_reports(iot_hub):
        run_my_device(iot_hub.connection_string("dev1"), iot_hub.port, iot_hub.ca_file)
        assert iot_hub.reported("dev1") == {"interval": 5}

A module that wants another hub has a fixture `iot_hub_options` of its own, which returns the
arguments of `Hub` as a dict.
"""

import pytest

from . import Certificates, Hub


@pytest.fixture(scope="session")
def iot_hub_certificates():
    """The certificates of all hubs, made once."""
    return Certificates()


@pytest.fixture
def iot_hub_options():
    """Arguments of `Hub`, for tests to override."""
    return {}


@pytest.fixture
def iot_hub(iot_hub_certificates, iot_hub_options):
    """A running hub."""
    options = {"plain_port": 0, "certificates": iot_hub_certificates} | iot_hub_options
    with Hub(**options) as hub:
        yield hub
