# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Microsoft's service SDK over HTTPS: the registry, twins and methods of the local hub."""

import base64

import pytest

from boards.desktop.hub.faults import Step

pytestmark = pytest.mark.long
pytest_plugins = ["azure_fixtures"]

PRIMARY = base64.b64encode(b"primary key of 32 bytes, exactly").decode()
SECONDARY = base64.b64encode(b"secondary key, also of 32 bytes.").decode()
NEWER = base64.b64encode(b"a newer primary key, of 32 bytes").decode()


def with_keys(device_id: str, **fields) -> dict:
    """What a device is registered with."""
    keys = {"primary_key": PRIMARY, "secondary_key": SECONDARY, "status": "enabled"}
    return {"device_id": device_id} | keys | fields


def keys_of(document: dict) -> tuple[str, str]:
    """Both keys of a device."""
    keys = document["authentication"]["symmetric_key"]
    return keys["primary_key"], keys["secondary_key"]


def without_metadata(section: dict) -> dict:
    """What of a section somebody has put there."""
    return {name: value for name, value in section.items() if not name.startswith("$")}


# ---------------------------------------------------------------- the registry


def test_a_device_is_created_read_and_deleted(service):
    made = service.do("create_device", **with_keys("made"))
    assert (made["device_id"], made["status"], keys_of(made)) == (
        "made",
        "enabled",
        (PRIMARY, SECONDARY),
    )
    assert made["connection_state"] == "Disconnected"
    assert service.do("read_device", device_id="made") == made
    assert "made" in service.do("list_devices")
    service.do("delete_device", device_id="made")
    assert service.refusal("read_device", device_id="made")["status"] == 404
    assert "made" not in service.do("list_devices")


def test_a_device_is_created_once(service):
    service.do("create_device", **with_keys("once"))
    answer = service.refusal("create_device", **with_keys("once"))
    assert answer["status"] == 409
    assert "DeviceAlreadyExists" in answer["body"]


def test_a_device_is_updated_by_its_etag(service):
    made = service.do("create_device", **with_keys("changed"))
    fields = with_keys("changed", primary_key=NEWER, status="disabled", status_reason="broken")
    changed = service.do("update_device", etag=made["etag"], **fields)
    assert keys_of(changed) == (NEWER, SECONDARY)
    assert (changed["status"], changed["status_reason"]) == ("disabled", "broken")
    assert changed["etag"] != made["etag"]
    assert changed["generation_id"] == made["generation_id"]
    assert service.do("read_device", device_id="changed") == changed
    assert service.refusal("update_device", etag=made["etag"], **fields)["status"] == 412
    service.do("update_device", etag=None, **with_keys("changed"))


def test_a_device_is_deleted_by_its_etag(service):
    made = service.do("create_device", **with_keys("deleted"))
    answer = service.refusal("delete_device", device_id="deleted", etag="AAAA")
    assert answer["status"] == 412
    service.do("delete_device", device_id="deleted", etag=made["etag"])
    assert service.refusal("delete_device", device_id="deleted")["status"] == 404


def test_a_device_of_the_same_name_is_another_one(service):
    first = service.do("create_device", **with_keys("again"))
    service.do("delete_device", device_id="again")
    second = service.do("create_device", **with_keys("again"))
    assert first["generation_id"] != second["generation_id"]


def test_a_device_with_a_certificate(service):
    made = service.do("create_authority_device", device_id="signed", status="enabled")
    assert made["authentication"]["type"] == "certificateAuthority"


def test_a_thumbprint_is_not_taken(service):
    thumbprints = {"primary_thumbprint": "A" * 40, "secondary_thumbprint": "B" * 40}
    fields = {"device_id": "self-signed", "status": "enabled"} | thumbprints
    assert service.refusal("create_x509_device", **fields)["status"] == 400


def test_modules(service):
    service.do("create_device", **with_keys("with-modules"))
    keys = {"managed_by": "somebody", "primary_key": PRIMARY, "secondary_key": SECONDARY}
    made = service.do("create_module", device_id="with-modules", module_id="pump", **keys)
    assert (made["module_id"], keys_of(made)) == ("pump", (PRIMARY, SECONDARY))
    assert service.do("read_module", device_id="with-modules", module_id="pump") == made
    assert service.do("list_modules", device_id="with-modules") == ["pump"]
    twin = service.do("module_twin", device_id="with-modules", module_id="pump")
    assert (twin["device_id"], twin["module_id"]) == ("with-modules", "pump")
    service.do("delete_module", device_id="with-modules", module_id="pump")
    assert service.do("list_modules", device_id="with-modules") == []


def test_what_is_connected_is_shown(service, device):
    shown = service.do("read_device", device_id=device.name)
    assert shown["connection_state"] == "Connected"


def test_a_device_that_the_service_has_made_connects_with_its_key(
    service, new_device, azure_stage, hub
):
    device = new_device()
    service.do("create_device", **with_keys("made-by-the-service"))
    text = "HostName=%s;DeviceId=made-by-the-service;SharedAccessKey=%s"
    for key in (PRIMARY, SECONDARY):
        device.do("create", way=text % (azure_stage.host, key), root=hub.ca_file())
        device.do("connect")
        assert "made-by-the-service" in hub.connected()
        device.do("shutdown")


# ---------------------------------------------------------------- who may


def test_a_wrong_key(service, azure_stage):
    text = "HostName=%s;SharedAccessKeyName=iothubowner;SharedAccessKey=%s"
    service.do("create", connection=text % (azure_stage.host, PRIMARY))
    assert service.refusal("read_device", device_id="any")["status"] == 401


def test_a_policy_that_nobody_has_made(service, azure_stage):
    text = "HostName=%s;SharedAccessKeyName=nobody;SharedAccessKey=%s"
    service.do("create", connection=text % (azure_stage.host, PRIMARY))
    assert service.refusal("twin", device_id="any")["status"] == 401


# ---------------------------------------------------------------- twins


@pytest.fixture
def named(hub):
    """The name of a device that never connects."""
    name = "twin-%d" % len(hub.core.registry.devices())
    hub.add_device(name)
    return name


def test_a_new_twin(service, named):
    twin = service.do("twin", device_id=named)
    assert twin["device_id"] == named
    assert twin["connection_state"] == "Disconnected"
    for section in ("desired", "reported"):
        assert without_metadata(twin["properties"][section]) == {}
        assert twin["properties"][section]["$version"] == 1


def test_a_twin_is_patched(service, named):
    service.do("patch_twin", device_id=named, desired={"a": 1, "b": {"c": 2}}, tags={"room": "x"})
    patch = {"a": None, "b": {"d": [3]}}
    twin = service.do("patch_twin", device_id=named, desired=patch, tags={"floor": 2})
    assert without_metadata(twin["properties"]["desired"]) == {"b": {"c": 2, "d": [3]}}
    assert twin["tags"] == {"room": "x", "floor": 2}
    assert twin["properties"]["desired"]["$version"] == 3
    assert service.do("twin", device_id=named) == twin


def test_a_twin_is_replaced(service, named):
    service.do("patch_twin", device_id=named, desired={"a": 1, "b": 2}, tags={"room": "x"})
    twin = service.do("replace_twin", device_id=named, desired={"b": 3}, tags={"floor": 2})
    assert without_metadata(twin["properties"]["desired"]) == {"b": 3}
    assert twin["tags"] == {"floor": 2}


@pytest.mark.parametrize("what", ["patch_twin", "replace_twin"])
def test_a_twin_is_changed_by_its_etag(service, named, what):
    old = service.do("twin", device_id=named)
    new = service.do(what, device_id=named, desired={"a": 1}, etag=old["etag"])
    assert new["etag"] != old["etag"]
    answer = service.refusal(what, device_id=named, desired={"a": 2}, etag=old["etag"])
    assert answer["status"] == 412
    assert service.do("twin", device_id=named) == new


def test_a_report_is_seen_and_leaves_the_etag(service, device):
    before = service.do("twin", device_id=device.name)
    device.do("report", patch={"firmware": "1.2"})
    twin = service.do("twin", device_id=device.name)
    assert without_metadata(twin["properties"]["reported"]) == {"firmware": "1.2"}
    assert twin["connection_state"] == "Connected"
    assert twin["etag"] == before["etag"]


def test_a_patch_reaches_the_device(service, device):
    device.do("take_desired")
    service.do("patch_twin", device_id=device.name, desired={"a": {"b": None}, "c": 1})
    assert device.told("desired")["patch"] == {"a": {"b": None}, "c": 1, "$version": 2}


def test_a_replacement_reaches_the_device_as_a_patch(service, device):
    device.do("take_desired")
    service.do("patch_twin", device_id=device.name, desired={"a": 1, "b": 2})
    device.told("desired")
    service.do("replace_twin", device_id=device.name, desired={"b": 3})
    assert device.told("desired")["patch"]["b"] == 3
    assert without_metadata(device.do("twin")["desired"]) == {"b": 3}


def test_the_twin_of_nobody(service):
    assert service.refusal("twin", device_id="nobody")["status"] == 404
    assert service.refusal("patch_twin", device_id="nobody", desired={})["status"] == 404


# ---------------------------------------------------------------- methods


@pytest.mark.parametrize("payload", [0, "text \u20ac", [1], {"a": {"b": None}}], ids=range(4))
def test_a_method_is_answered(service, device, payload):
    device.do("take_methods", answers={"echo": (207, payload)})
    result = service.do("invoke", device_id=device.name, name="echo", payload=payload)
    assert (result["status"], result["payload"]) == (207, payload)
    assert device.told("method") == {"name": "echo", "payload": payload}


def test_a_method_without_a_payload(service, device):
    device.do("take_methods", answers={"reset": (200, None)})
    result = service.do("invoke", device_id=device.name, name="reset")
    assert (result["status"], result.get("payload")) == (200, None)
    # The SDK sends an empty text for a payload that it was not given.
    assert device.told("method")["payload"] == ""


def test_a_method_of_a_device_that_is_away(service, named):
    answer = service.refusal("invoke", device_id=named, name="reset")
    assert answer["status"] == 404
    assert "DeviceNotOnline" in answer["body"]


def test_a_method_of_nobody(service):
    answer = service.refusal("invoke", device_id="nobody", name="reset")
    assert answer["status"] == 404
    assert "DeviceNotFound" in answer["body"]


def test_a_method_that_is_not_answered_in_time(service, device, hub):
    device.do("take_methods", answers={})
    hub.faults.silence(Step.METHOD, device=device.name)
    answer = service.refusal("invoke", device_id=device.name, name="reset", response_seconds=5)
    assert answer["status"] == 504


def test_a_method_waits_for_the_device_to_connect(service, device):
    device.do("take_methods", answers={"wake": (200, "awake")})
    device.do("disconnect")
    service.begin("invoke", device_id=device.name, name="wake", connect_seconds=10)
    device.do("connect")
    assert service.end_of("invoke")["payload"] == "awake"
