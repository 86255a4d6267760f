# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Microsoft's device SDK connects to the local hub in every way it has, or is told why not."""

import pytest
from azure_stage import Actor, eventually

pytestmark = pytest.mark.long
pytest_plugins = ["azure_fixtures"]

WRONG_KEY = "d3Jvbmc="


def event_of(hub, name: str):
    """The only event of a device."""
    (event,) = eventually(lambda: hub.events(name))
    return event


@pytest.fixture
def stranger(azure_stage):
    """A device's program without a client, for a name that the hub need not know."""
    actor = Actor(azure_stage, "device", "stranger")
    yield actor
    actor.end()


@pytest.mark.parametrize("websockets", [False, True], ids=["TCP", "WebSocket"])
@pytest.mark.parametrize("way", ["key", "certificate"])
def test_a_device_connects_and_is_heard(new_device, hub, way, websockets):
    device = new_device(way, websockets=websockets)
    device.do("connect")
    assert device.name in hub.connected()
    device.do("send", body="hello")
    event = event_of(hub, device.name)
    assert (event.body, event.identity.device_id) == (b"hello", device.name)
    device.do("disconnect")
    eventually(lambda: device.name not in hub.connected())


def test_a_device_behind_a_gateway_keeps_the_hub_s_name(stranger, azure_stage, hub):
    hub.add_device("behind-a-gateway")
    text = hub.connection_string("behind-a-gateway", gateway=azure_stage.gateway)
    assert "HostName=" + azure_stage.host in text
    stranger.do("create", way=text, root=hub.ca_file())
    stranger.do("connect")
    assert "behind-a-gateway" in hub.connected()


def test_a_token_that_was_made_elsewhere(stranger, hub):
    hub.add_device("with-a-token")
    stranger.do("create", way=hub.token("with-a-token"), root=hub.ca_file())
    stranger.do("connect")
    assert "with-a-token" in hub.connected()


def test_a_device_name_with_every_kind_of_character(stranger, hub):
    name = "Aa0-._:*?!(),=@$'"
    text = hub.add_device(name)
    stranger.do("create", way=text, root=hub.ca_file())
    stranger.do("connect")
    stranger.do("send", body="hello", properties={"a": "b"})
    assert event_of(hub, name).properties == (("a", "b"),)


def test_a_model_is_shown_in_the_twin(new_device, hub):
    device = new_device(product_info="dtmi:com:example:Thermostat;1")
    device.do("connect")
    assert hub.twin(device.name)["modelId"] == "dtmi:com:example:Thermostat;1"


def test_a_module_is_heard_as_itself(new_device, hub):
    module = new_device("module")
    module.do("connect")
    assert module.name + "/pump" in hub.connected()
    module.do("send", body="hello")
    identity = event_of(hub, module.name).identity
    assert (identity.device_id, identity.module_id) == (module.name, "pump")
    module.do("report", patch={"speed": 3})
    assert hub.reported(module.name, "pump") == {"speed": 3}


# ---------------------------------------------------------------- refusals


def create_with_key(actor, azure_stage, name: str, key: str) -> None:
    text = "HostName=%s;DeviceId=%s;SharedAccessKey=%s" % (azure_stage.host, name, key)
    actor.do("create", way=text, root=azure_stage.hub.ca_file())


def test_a_wrong_key(stranger, azure_stage, hub):
    hub.add_device("with-another-key")
    create_with_key(stranger, azure_stage, "with-another-key", WRONG_KEY)
    assert stranger.refusal("connect")["error"] == "CredentialError"
    assert "with-another-key: BAD_SIGNATURE" in hub.reports()


def test_a_device_that_the_hub_does_not_know(stranger, azure_stage, hub):
    create_with_key(stranger, azure_stage, "never-registered", WRONG_KEY)
    assert stranger.refusal("connect")["error"] == "CredentialError"
    assert "never-registered: UNKNOWN_DEVICE" in hub.reports()


def test_a_device_that_is_disabled_while_it_is_connected(device, hub):
    hub.enable(device.name, False)
    # It has lost the connection, and tries once more.
    eventually(lambda: device.told("failure")["error"] == "UnauthorizedError")
    assert device.name not in hub.connected()


def test_a_device_that_is_disabled_and_enabled_again(new_device, hub):
    device = new_device()
    hub.enable(device.name, False)
    assert device.refusal("connect")["error"] == "CredentialError"
    hub.enable(device.name)
    # The refused client may still be busy with the end of its connection, and end the next with it.
    device.do("shutdown")
    device.do("create", way=hub.connection_string(device.name), root=hub.ca_file())
    device.do("connect")


def test_a_certificate_of_another_device(stranger, azure_stage, hub):
    hub.add_device("with-a-certificate", x509=True)
    certificate, key = hub.certificate("somebody-else")
    stranger.do(
        "create",
        way="",
        root=hub.ca_file(),
        certificate=certificate,
        key=key,
        hostname=azure_stage.host,
        device_id="with-a-certificate",
    )
    assert stranger.refusal("connect")["error"] == "CredentialError"
    assert "with-a-certificate" not in hub.connected()


def test_a_hub_that_is_not_trusted(stranger, hub):
    stranger.do("create", way=hub.add_device("without-a-root"))
    answer = stranger.refusal("connect")
    assert (answer["error"], answer["cause"]) == ("ClientError", "TlsExchangeAuthError")
