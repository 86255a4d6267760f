# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Heap bytes that one message of the hub client takes, of each kind, with the collector off.

Payloads have 64 bytes, and the socket takes nothing itself. An acknowledgement is part of what is
measured. Prints lines of a name and a figure.
"""

import heap
from scripted import Pool, Time
from tables.checks import require

from nxd_mqtt.azure_iot import *
from nxd_mqtt.nxd import *

ROUNDS = 20
PAYLOAD = b'{"celsius":%52d}' % 20
KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
NOT_YET = NX_AZURE_IOT_NO_PACKET

pool = Pool()
wire = pool.wire
hub = NX_AZURE_IOT_HUB_CLIENT()
puback = bytearray(b"\x40\2\0\0")
counts = {"acknowledged": 0, "answered": 0, "desired": 0}


def publication(topic: bytes, payload: bytes) -> bytearray:
    """A PUBLISH of the hub's at QoS 1."""
    body = bytes((0, len(topic))) + topic + b"\0\7" + payload
    return bytearray(bytes((0x32, len(body) & 0x7F | 0x80, len(body) >> 7)) + body)


CLOUD_MESSAGE = publication(b"devices/one/messages/devicebound/%24.mid=a&level=low", PAYLOAD)
CALL = publication(b"$iothub/methods/POST/blink/?$rid=1a", PAYLOAD)
# A patch of another version for each round.
PATCHES = [
    publication(
        b"$iothub/twin/PATCH/properties/desired/?$version=%d" % number,
        b'{"interval":%35d,"$version":%d}' % (5, number),
    )
    for number in range(1000, 1001 + ROUNDS)
]
# An answer to a report. Its identifier has nine digits, which are filled in.
ANSWER = publication(b"$iothub/twin/res/204/?$rid=200000001&$version=1000", b"")
IDENTIFIER = bytes(ANSWER).index(b"200000001")


def succeed(status: int) -> None:
    require(status == 0, status)


def acknowledged(hub, packet_id) -> None:
    counts["acknowledged"] += 1


def answered(hub, request_id, response_status, version, args) -> None:
    counts["answered"] += response_status == 204 and version == 1000


def poll() -> None:
    succeed(nxd_mqtt_client_poll(hub))


def connect() -> None:
    ip, store, azure = NX_IP(), NX_PACKET_POOL(), NX_AZURE_IOT()
    succeed(nx_ip_create(ip, "net", socket_pool=pool, clock=Time()))
    succeed(nx_packet_pool_create(store, "store", 768, None, 6 * 768))
    succeed(nx_azure_iot_create(azure, "azure", ip, store, unix_time=lambda: 1800000000))
    succeed(nx_azure_iot_hub_client_initialize(hub, azure, "hub.example", "one"))
    succeed(nx_azure_iot_hub_client_symmetric_key_set(hub, KEY))
    succeed(nx_azure_iot_hub_client_server_set(hub, "hub", 1883, NX_FALSE))
    succeed(nx_azure_iot_hub_client_telemetry_ack_callback_set(hub, acknowledged))
    succeed(nx_azure_iot_hub_client_cloud_message_enable(hub))
    succeed(nx_azure_iot_hub_client_direct_method_enable(hub))
    succeed(nx_azure_iot_hub_client_device_twin_enable(hub))
    succeed(nx_azure_iot_hub_client_reported_properties_response_callback_set(hub, answered))
    nx_azure_iot_hub_client_connect(hub, NX_FALSE, NX_NO_WAIT)
    poll()
    wire.answer(b"\x20\2\0\0")
    poll()
    for number in range(1, 5):
        wire.answer(bytes((0x90, 3, 0, number, 1)))
        poll()
    # From here on identifiers of reports have nine digits.
    hub.features[2]._number = 200000000


def topic_end() -> int:
    """Where the topic ends of the PUBLISH that was written."""
    written = wire.written
    at = 2 + (written[1] > 0x7F)
    return at + 2 + (written[at] << 8 | written[at + 1])


def acknowledge() -> None:
    """Answer the PUBLISH that was written, else the store would be full soon."""
    written = wire.written
    at = topic_end()
    puback[2] = written[at]
    puback[3] = written[at + 1]
    wire.answer(puback)
    poll()


def send(packet) -> None:
    wire.count = 0
    succeed(nx_azure_iot_hub_client_telemetry_send(hub, packet, PAYLOAD, NX_NO_WAIT))


def telemetry_0() -> None:
    """At QoS 0, without properties."""
    packet = nx_azure_iot_hub_client_telemetry_message_create(hub, NX_NO_WAIT)[1]
    succeed(nx_azure_iot_hub_client_telemetry_options_set(packet, 0, NX_FALSE))
    send(packet)


def telemetry() -> None:
    """At QoS 1, without properties."""
    packet = nx_azure_iot_hub_client_telemetry_message_create(hub, NX_NO_WAIT)[1]
    send(packet)
    acknowledge()


def telemetry_properties() -> None:
    """At QoS 1, with two of them."""
    packet = nx_azure_iot_hub_client_telemetry_message_create(hub, NX_NO_WAIT)[1]
    add = nx_azure_iot_hub_client_telemetry_property_add
    succeed(add(packet, "level", "low", NX_NO_WAIT))
    succeed(add(packet, "$.ct", "application/json", NX_NO_WAIT))
    send(packet)
    acknowledge()


def cloud_message() -> None:
    wire.answer(CLOUD_MESSAGE)
    poll()
    status, packet = nx_azure_iot_hub_client_cloud_message_receive(hub, NX_NO_WAIT)
    require(status == 0 and packet.data == PAYLOAD, status)


def cloud_message_property() -> None:
    """The same, and a property is asked for."""
    wire.answer(CLOUD_MESSAGE)
    poll()
    status, packet = nx_azure_iot_hub_client_cloud_message_receive(hub, NX_NO_WAIT)
    succeed(status)
    found = nx_azure_iot_hub_client_cloud_message_property_get(hub, packet, "level")
    require(found == (0, "low"), found)


def method() -> None:
    """A call, and the answer to it."""
    wire.answer(CALL)
    poll()
    status, name, context, packet = nx_azure_iot_hub_client_direct_method_message_receive(
        hub, NX_NO_WAIT
    )
    require(status == 0 and name == "blink", status)
    wire.count = 0
    succeed(
        nx_azure_iot_hub_client_direct_method_message_response(
            hub, 200, context, packet.data, NX_NO_WAIT
        )
    )
    acknowledge()


def desired() -> None:
    wire.answer(PATCHES[counts["desired"]])
    counts["desired"] += 1
    poll()
    status, packet = nx_azure_iot_hub_client_device_twin_desired_properties_receive(hub, NX_NO_WAIT)
    require(status == 0 and len(packet.data) == 64, status)


def reported() -> None:
    """A patch, and its answer, of which the callback is told."""
    wire.count = 0
    found = nx_azure_iot_hub_client_device_twin_reported_properties_send(hub, PAYLOAD, NX_NO_WAIT)
    require(found[0] == NOT_YET, found)
    begin = topic_end() - 9
    for place in range(9):
        ANSWER[IDENTIFIER + place] = wire.written[begin + place]
    acknowledge()
    wire.answer(ANSWER)
    poll()


CALLS = (
    poll,
    telemetry_0,
    telemetry,
    telemetry_properties,
    cloud_message,
    cloud_message_property,
    method,
    desired,
    reported,
)


def main() -> None:
    connect()
    for call in CALLS:
        print(call.__name__, heap.bytes_per_call(call, ROUNDS))
        wire.count = 0
        require(wire.waiting is None and not hub._inbox.count, call.__name__)
    rounds = ROUNDS + 1
    expected = {"acknowledged": 2 * rounds, "answered": rounds, "desired": rounds}
    require(counts == expected, counts)


main()
