# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Our hub client sends what Microsoft's SDK sends; where it does not, a table says so and why."""

import importlib.util
import json
import re
import sys
from dataclasses import asdict
from functools import cache

import pytest
from doubles.platform import Platform
from doubles.played_broker import PlayedBroker
from repository import ROOT
from tables.azure_sdk_packets import *
from tables.azure_wire import FIELDS, PACKETS
from wire_comparison import expected

from boards.desktop.broker.packets import Pingreq, Publish
from nxd_mqtt.azure_iot import *
from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import nxd_mqtt_client_poll

HOST = "wire.azure-devices.net"
DEVICE = "gadget"
KEY = "c2VjcmV0IG9mIGEgZGV2aWNl"
PORT = 1883
CONNECTED = 3
NOON = 1_800_000_000
# More seconds than a token lives.
TWO_HOURS = 7200
REQUEST = "1a"

PLACEHOLDERS = (
    (re.escape(HOST), "{host}"),
    (DEVICE, "{device}"),
    (r"\bsig=[0-9A-Za-z%]+&", "sig={signature}&"),
    (r"\bse=[0-9]+$", "se={expiry}"),
    (rf"\$rid={REQUEST}$", "$rid={request}"),
    (r"\$rid=[0-9]+$", "$rid={number}"),
)

# What the SDK calls a system property -> what a property bag calls it.
SYSTEM = {
    "message_id": "$.mid",
    "correlation_id": "$.cid",
    "content_type": "$.ct",
    "content_encoding": "$.ce",
    "user_id": "$.uid",
    "expiry_time_utc": "$.exp",
}


def plain(packet):
    """A packet as the table writes it."""
    fields = asdict(packet)
    fields.pop("packet_id", None)
    return type(packet).__name__.upper(), {name: text(value) for name, value in fields.items()}


def text(value):
    """A field without what differs from run to run."""
    if isinstance(value, tuple):
        return tuple(text(one) for one in value)
    if isinstance(value, bytes):
        value = value.decode()
    if isinstance(value, str):
        for pattern, placeholder in PLACEHOLDERS:
            value = re.sub(pattern, placeholder, value)
    return value


def good(status, *rest):
    """Insists on success."""
    assert status == NX_AZURE_IOT_SUCCESS, hex(status)
    return rest


class Wire:
    """A hub client on the doubles, and a broker that keeps what it sends.

    :param module: id of a module, or None
    :param key: of the device; None for one that shows a certificate instead
    """

    def __init__(self, module=None, key=KEY):
        self.ip = Platform(hosts={HOST: "192.0.2.20"})
        self.broker = PlayedBroker()
        self.ip.sockets.listen(PORT, self.broker)
        self.hub = NX_AZURE_IOT_HUB_CLIENT()
        self._taken = 0
        azure, pool = NX_AZURE_IOT(), NX_PACKET_POOL()
        good(nx_packet_pool_create(pool, "packets", 1024, None, 8192))
        good(nx_azure_iot_create(azure, "azure", self.ip, pool, unix_time=self._now))
        good(nx_azure_iot_hub_client_initialize(self.hub, azure, HOST, DEVICE, module))
        good(nx_azure_iot_hub_client_server_set(self.hub, None, PORT, NX_FALSE))
        good(nx_azure_iot_hub_client_reconnect_set(self.hub, 1, 1))
        if key:
            good(nx_azure_iot_hub_client_symmetric_key_set(self.hub, key))

    def _now(self):
        return NOON + self.ip.time.elapsed // 1000

    def connect(self):
        """Connect; a session is gone on with."""
        good(nx_azure_iot_hub_client_connect(self.hub, NX_FALSE, 500))

    def sent(self):
        """What was sent since this was asked last, as rows."""
        for _ in range(4):
            nxd_mqtt_client_poll(self.hub)
        packets = [packet for link in self.broker.packets for packet in link]
        new = [packet for packet in packets[self._taken :] if not isinstance(packet, Pingreq)]
        self._taken = len(packets)
        return [plain(packet) for packet in new]

    def run(self, until, seconds=TWO_HOURS):
        """Poll, in simulated time."""
        end = self._now() + seconds
        while not until():
            assert self._now() < end
            nxd_mqtt_client_poll(self.hub, 100)

    def statistics(self):
        """The client's counters."""
        return good(*nx_azure_iot_hub_client_statistics_get(self.hub))[0]

    def telemetry(self, properties=None, **system):
        """Send telemetry with properties in the order of the arguments."""
        (packet,) = good(*nx_azure_iot_hub_client_telemetry_message_create(self.hub, 0))
        named = {SYSTEM[name]: value for name, value in system.items()}
        for name, value in (named | (properties or {})).items():
            good(nx_azure_iot_hub_client_telemetry_property_add(packet, name, value, 0))
        good(nx_azure_iot_hub_client_telemetry_send(self.hub, packet, BODY, 0))

    def read_twin(self):
        """Read the twin; the hub answers when what was sent is looked at."""
        good(nx_azure_iot_hub_client_device_twin_properties_request(self.hub, 0))
        request = self.broker.packets[-1][-1].topic.partition("$rid=")[2]
        answer = f"$iothub/twin/res/200/?$rid={request}"
        self.broker.send(Publish(answer, b'{"desired":{"$version":1}}'))

    def report(self):
        """Report, without a wait for the answer."""
        patch = json.dumps(PATCH)
        found = nx_azure_iot_hub_client_device_twin_reported_properties_send(self.hub, patch, 0)
        assert found[0] == NX_AZURE_IOT_NO_PACKET

    def answer(self, method, status, payload):
        """Be called, and answer."""
        self.broker.send(Publish(f"$iothub/methods/POST/{method}/?$rid={REQUEST}", b"{}"))
        name, context, _ = good(
            *nx_azure_iot_hub_client_direct_method_message_receive(self.hub, 100)
        )
        assert name == method
        good(
            nx_azure_iot_hub_client_direct_method_message_response(
                self.hub, status, context, payload, 0
            )
        )


def session():
    """Nearly everything, on one device."""
    wire = Wire()
    hub = wire.hub
    wire.connect()
    yield "connect with a key", wire.sent()
    wire.telemetry()
    yield "telemetry", wire.sent()
    wire.telemetry(**TELEMETRY)
    yield "telemetry with properties", wire.sent()
    wire.telemetry(**MORE_TELEMETRY)
    yield "telemetry with more properties", wire.sent()
    good(nx_azure_iot_hub_client_device_twin_enable(hub))
    nxd_mqtt_client_poll(hub)
    wire.read_twin()
    yield "read the twin for the first time", wire.sent()
    wire.read_twin()
    yield "read the twin", wire.sent()
    wire.report()
    yield "report", wire.sent()
    good(nx_azure_iot_hub_client_cloud_message_enable(hub))
    yield "ask for messages", wire.sent()
    good(nx_azure_iot_hub_client_device_twin_enable(hub))
    yield "ask for desired properties", wire.sent()
    good(nx_azure_iot_hub_client_direct_method_enable(hub))
    yield "ask for methods", wire.sent()
    wire.broker.deliver(b"hello", f"devices/{DEVICE}/messages/devicebound/")
    yield "a message has come", wire.sent()
    assert wire.broker.taken == [b"hello"]
    status, value = ANSWER
    wire.answer("reset", status, json.dumps(value))
    yield "answer a method", wire.sent()
    wire.answer("unknown", 404, None)
    yield "answer a method with nothing", wire.sent()
    wire.broker.peer.reset()
    wire.run(lambda: wire.statistics()["connects"] == 2)
    assert hub.session_present
    yield "connect again", wire.sent()
    good(nx_azure_iot_hub_client_disconnect(hub))
    yield "disconnect", wire.sent()


def renewal():
    """A token that is good for an hour, and more time than that."""
    wire = Wire()
    wire.connect()
    first = wire.sent()
    wire.run(lambda: wire.statistics()["renewals"] == 1)
    renewed = wire.sent()
    # It is another token, though the rows cannot show it.
    assert len({link[0].password for link in wire.broker.packets}) == 2
    assert first == renewed[1:]
    yield "renew the token", renewed


def others():
    """Devices of another kind."""
    wire = Wire(key=None)
    wire.connect()
    yield "connect with a certificate", wire.sent()
    wire = Wire()
    good(nx_azure_iot_hub_client_model_id_set(wire.hub, MODEL_ID))
    wire.connect()
    yield "connect with a model", wire.sent()
    wire = Wire(module=MODULE_ID)
    wire.connect()
    yield "connect as a module", wire.sent()
    wire.telemetry()
    yield "telemetry of a module", wire.sent()


@cache
def recorded():
    """What our client sends, by step."""
    return {step: rows for play in (session, renewal, others) for step, rows in play()}


def strays(fields=FIELDS, packets=PACKETS):
    """The steps in which something else is sent than the tables say."""
    return [
        step for step, rows in recorded().items() if rows != expected(step, fields, packets).rows
    ]


def without(rows, gone):
    """The rows of a table but for one."""
    return tuple(row for row in rows if row is not gone)


def test_every_step_of_the_sdk_is_played():
    assert set(recorded()) == set(SENT)


@pytest.mark.parametrize("step", SENT)
def test_the_same_is_sent_but_for_the_listed_differences(step):
    assert recorded()[step] == expected(step).rows


@pytest.mark.parametrize("row", FIELDS, ids=lambda row: f"{row[2]}-{row[3]}")
def test_no_difference_of_a_field_is_listed_that_is_none(row):
    assert strays() == []
    assert strays(fields=without(FIELDS, row)) != []


@pytest.mark.parametrize("row", PACKETS, ids=lambda row: row[0])
def test_no_packet_is_listed_as_alone_that_is_not(row):
    assert strays(packets=without(PACKETS, row)) == [row[0]]


def test_a_difference_that_is_none_is_noticed():
    for row in (
        ("CONNECT", "", "clean_session", False, True, "."),
        ("SUBSCRIBE", "", "subscriptions", (("$iothub/methods/POST/#", 1),), (), "."),
        ("PUBLISH", "devices/", "topic", "%20", "+", "."),
    ):
        assert strays(fields=(*FIELDS, row)) != []


# Steps that are wholly equal: a row that reached further than meant would show here.
EQUAL = {
    "telemetry",
    "telemetry with properties",
    "telemetry of a module",
    "ask for messages",
    "ask for methods",
    "a message has come",
    "answer a method",
    "disconnect",
}


def test_these_steps_are_equal_byte_by_byte():
    assert {step for step in SENT if not expected(step).differences} == EQUAL
    for step in EQUAL:
        assert recorded()[step] == list(SENT[step])


# --- the page ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def generator():
    """The module that writes the page's tables; docs/ is on nobody's path."""
    path = ROOT / "docs" / "azure_wire_table.py"
    specification = importlib.util.spec_from_file_location("azure_wire_table", path)
    module = importlib.util.module_from_spec(specification)
    before = list(sys.path)
    specification.loader.exec_module(module)
    sys.path[:] = before
    return module


def test_the_page_shows_every_step_and_every_difference(generator):
    shown = generator.wire_text()
    for step in SENT:
        assert shown.count(f"   * - {step}\n") == 1
    for number, row in enumerate((*PACKETS, *FIELDS), 1):
        assert f"   * - {number}\n" in shown
        assert row[-1].endswith(".")
        assert f"     - {row[-1]}\n" in shown
    page = (ROOT / "docs" / "azure_wire.rst").read_text(encoding="utf-8")
    assert ".. include:: _generated/azure_wire.txt\n" in page


def test_the_page_says_of_each_step_what_differs(generator):
    cells = dict(generator.steps())
    assert {step for step, cell in cells.items() if cell == "nothing"} == EQUAL
    for step in SENT:
        numbers = {int(number) for number in re.findall(r"\d+", cells[step])}
        rows = (*PACKETS, *FIELDS)
        assert [rows[number - 1] for number in sorted(numbers)] == expected(step).differences
