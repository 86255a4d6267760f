# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The table of what Microsoft's SDK sends is what it sends; our own client is compared with it."""

import pytest
from azure_stage import eventually
from azure_wire import plain
from tables.azure_sdk_packets import *

pytestmark = pytest.mark.long
pytest_plugins = ["azure_fixtures"]
WORDS = ("tapped",)


class Recorder:
    """Compares what a device has sent since it was asked last with the table."""

    def __init__(self, stage, device_id: str):
        self._stage = stage
        self._device_id = device_id
        self._seen = {}

    def expect(self, step: str) -> None:
        """Waits for as many packets as the table has, and compares them."""
        rows = []

        def enough() -> bool:
            rows.extend(self._new())
            return len(rows) >= len(SENT[step])

        eventually(enough)
        assert rows == list(SENT[step]), step

    def _new(self) -> list:
        found = []
        for number, packets in enumerate(self._stage.tap.packets()):
            found += packets[self._seen.get(number, 0) :]
            self._seen[number] = len(packets)
        return [plain(packet, self._stage.host, self._device_id) for packet in found]


@pytest.fixture
def recorded(azure_stage, new_device):
    """A function that makes a device, and what records it."""

    def make(way="key", **options):
        device = new_device(way, **options)
        recorder = Recorder(azure_stage, device.name)
        recorder._new()
        return device, recorder

    return make


def test_a_session_with_everything(recorded, hub):
    device, recorder = recorded()
    device.do("connect")
    recorder.expect("connect with a key")
    device.do("send", body=BODY)
    recorder.expect("telemetry")
    device.do("send", body=BODY, **TELEMETRY)
    recorder.expect("telemetry with properties")
    device.do("send", body=BODY, **MORE_TELEMETRY)
    recorder.expect("telemetry with more properties")
    device.do("twin")
    recorder.expect("read the twin for the first time")
    device.do("twin")
    recorder.expect("read the twin")
    device.do("report", patch=PATCH)
    recorder.expect("report")
    device.do("take_messages")
    recorder.expect("ask for messages")
    device.do("take_desired")
    recorder.expect("ask for desired properties")
    device.do("take_methods", answers={"reset": ANSWER})
    recorder.expect("ask for methods")
    hub.send_message(device.name, b"hello")
    recorder.expect("a message has come")
    hub.invoke_method(device.name, "reset", {"delay": 5})
    recorder.expect("answer a method")
    hub.invoke_method(device.name, "unknown")
    recorder.expect("answer a method with nothing")
    hub.cut(device.name)
    recorder.expect("connect again")
    device.do("disconnect")
    recorder.expect("disconnect")


def test_a_renewal_of_the_token(recorded):
    device, recorder = recorded(sastoken_ttl=122)
    device.do("connect")
    recorder.expect("connect with a key")
    recorder.expect("renew the token")


def test_a_certificate(recorded):
    device, recorder = recorded("certificate")
    # The tap has ended TLS, so the hub sees no certificate.
    assert device.refusal("connect")["error"] == "CredentialError"
    recorder.expect("connect with a certificate")


def test_a_model(recorded):
    device, recorder = recorded(product_info=MODEL_ID)
    device.do("connect")
    recorder.expect("connect with a model")


def test_a_module(recorded):
    device, recorder = recorded("module")
    device.do("connect")
    recorder.expect("connect as a module")
    device.do("send", body=BODY)
    recorder.expect("telemetry of a module")
