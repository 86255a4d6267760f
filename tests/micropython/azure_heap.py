# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Heap bytes that Azure IoT Hub's texts, tokens and JSON take: to be there, and for one call.

The modules are imported from the lowest up, each without what it needs. Prints lines of a name and
a figure.
"""

import hashlib

import heap

_MODULES = ("wire", "azure_iot_text", "azure_iot_sas", "azure_iot_json", "azure_iot_sha256")
_DOCUMENT = b'{"desired":{"a":"%s","$version":4},"reported":{"b":[%s0],"$version":12}}'

for name in _MODULES:
    print(name, heap.bytes_held(lambda: __import__("nxd_mqtt." + name)))  # noqa: B023 - called at once

from tables.checks import require  # noqa: E402 - the figures above are those of the modules alone

from nxd_mqtt.azure_iot_json import integer, member  # noqa: E402 - as above
from nxd_mqtt.azure_iot_sas import expiry, token  # noqa: E402 - as above
from nxd_mqtt.azure_iot_sha256 import sha256  # noqa: E402 - as above
from nxd_mqtt.azure_iot_text import encode, property_value, query  # noqa: E402 - as above

RESOURCE = b"hub.azure-devices.net/devices/device-1"
KEY = bytes(range(32))
TOPIC = b"$iothub/twin/res/204/?$rid=1a&$version=124"
BAG = b"%24.mid=id%201&%24.to=%2Fdevices%2Fd%2Fmessages&a=1"


def scanned(size: int) -> float:
    """Heap bytes for a member of a document of about twenty times the size."""
    document = _DOCUMENT % (b"x" * 10 * size, b"1, " * 3 * size)
    end = len(document)
    begin, behind = member(document, 0, end, b"reported")
    require(integer(document, *member(document, begin, behind, b"$version")) == 12, "version")
    return heap.bytes_per_call(lambda: member(document, 0, end, b"reported"), 4)


made = token(RESOURCE, KEY, 1700000000)
require(expiry(made) == 1700000000, made)
print("token", heap.bytes_per_call(lambda: token(RESOURCE, KEY, 1700000000), 4))
print("expiry", heap.bytes_per_call(lambda: expiry(made), 4))
print("encode", heap.bytes_per_call(lambda: encode(RESOURCE), 4))
print("property", heap.bytes_per_call(lambda: property_value(BAG, b"a"), 4))
print("query", heap.bytes_per_call(lambda: query(TOPIC, b"$version"), 4))
print("json_1k", scanned(50))
print("json_4k", scanned(200))
# What the hash in Python leaves behind does not fit without a collection, so it is not measured.
for size in (0, 64, 200):
    require(sha256(bytes(size)) == hashlib.sha256(bytes(size)).digest(), "sha256")
