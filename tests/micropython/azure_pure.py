# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Plays Azure IoT Hub's tables: texts, hashes, tokens, JSON; prints how many rows held."""

import sys
from binascii import hexlify

from tables import azure_vectors as vectors
from tables.checks import require

from nxd_mqtt.azure_iot_json import member
from nxd_mqtt.azure_iot_sas import decode_key, expiry, hmac_sha256, token
from nxd_mqtt.azure_iot_text import (
    check_id,
    client_id,
    connection_string,
    decode,
    devicebound_filter,
    encode,
    events_topic,
    number,
    properties,
    property_value,
    query,
    resource,
    user_name,
)


def refusal(call, *arguments) -> str:
    """What a call's ValueError says; it must raise one."""
    try:
        call(*arguments)
    except ValueError as error:
        return str(error)
    raise AssertionError("taken: %r" % (arguments,))


def check_rows(rows, call) -> int:
    """Rows whose last column is what a call returns for those before it."""
    for row in rows:
        found = call(*row[:-1])
        require(found == row[-1], "%r, not %r" % (found, row))
    return len(rows)


def check_text() -> int:
    """Escapes, bags, topics, names, ids."""
    rows = check_rows(vectors.ENCODED, encode)
    for plain, encoded in vectors.ENCODED:
        require(decode(encoded) == plain, encoded)
    rows += check_rows(vectors.DECODED, decode)
    rows += check_rows(vectors.BAGS, lambda bag: tuple(properties(bag)))
    rows += check_rows(vectors.VALUES, property_value)
    rows += check_rows(vectors.QUERIES, query)
    rows += check_rows(vectors.NUMBERS, number)
    for host, device, module, model, user, client in vectors.USER_NAMES:
        require(user_name(host, device, module, model) == user, user)
        require(client_id(device, module) == client, client)
    for host, device, module, place, events in vectors.PLACES:
        require(resource(host, device, module) == place, place)
        require(events_topic(device, module) == events, events)
    require(devicebound_filter(b"d") == b"devices/d/messages/devicebound/#", "filter")
    for value in vectors.IDS:
        check_id(value, "device_id")
    for value in vectors.NO_IDS:
        require(refusal(check_id, value, "device_id").startswith("device_id "), value)
    names = len(vectors.USER_NAMES) + len(vectors.PLACES)
    return rows + names + len(vectors.IDS) + len(vectors.NO_IDS)


def check_connection_strings() -> int:
    """What is found in them, and what the errors name."""
    keys = ("host_name", "device_id", "module_id", "symmetric_key", "gateway_host", "x509")
    for row in vectors.CONNECTION_STRINGS:
        found = connection_string(row[0])
        require([found[key] for key in keys] == list(row[1:]), row)
    for wrong, named in vectors.NO_CONNECTION_STRINGS:
        said = refusal(connection_string, wrong)
        require(named in said and vectors.SECRET[:6] not in said, said)
    return len(vectors.CONNECTION_STRINGS) + len(vectors.NO_CONNECTION_STRINGS)


def check_hmac() -> int:
    """The hash with a key, by the hash that there is."""
    for key, message, digest in vectors.HMAC:
        found = str(hexlify(hmac_sha256(key, message)), "utf-8")
        require(found.startswith(digest), digest)
    return len(vectors.HMAC)


def check_keys() -> int:
    """Keys, tokens, and when they end."""
    rows = check_rows(vectors.KEYS, decode_key)
    for wrong in vectors.NO_KEYS:
        require(refusal(decode_key, wrong) == "the key is not base64", wrong)
    rows += check_rows(vectors.TOKENS, token)
    rows += check_rows(vectors.EXPIRIES, expiry)
    return rows + len(vectors.NO_KEYS)


def check_json() -> int:
    """Members found, and what is no JSON."""
    for document, name, value in vectors.MEMBERS:
        for kind in (bytes, bytearray, memoryview):
            span = member(kind(document), 0, len(document), name)
            require((document[span[0] : span[1]] if span else None) == value, document)
        for end in range(len(document.rstrip())):
            require(refusal(member, document + b" ", 0, end, name), document)
    for wrong in vectors.NO_OBJECTS:
        for kind in (bytes, bytearray, memoryview):
            require("JSON" in refusal(member, kind(wrong), 0, len(wrong), b"a"), wrong)
    deep = vectors.nested(vectors.DEEPEST)
    require(member(deep, 0, len(deep), b"a") == (5, len(deep) - 1), "deep")
    deep = vectors.nested(vectors.DEEPEST + 1)
    refusal(member, deep, 0, len(deep), b"a")
    return len(vectors.MEMBERS) + len(vectors.NO_OBJECTS)


class _New:
    """CircuitPython's hashlib: all algorithms by one name, if this version has them."""

    def __init__(self, algorithms) -> None:
        self._algorithms = algorithms

    def new(self, name, data):
        """A hash of the data."""
        if name not in self._algorithms:
            raise ValueError("Unsupported hash algorithm")
        return self._algorithms[name](data)


def check_hashes() -> int:
    """Every hashlib that a board may have, and none."""
    import hashlib

    own = "nxd_mqtt.azure_iot_sha256"
    rows = check_hmac()
    sys.modules["hashlib"] = _New({"sha256": hashlib.sha256})
    rows += check_hmac()
    require(own not in sys.modules, "imported for nothing")
    for poor in (_New({}), object()):
        sys.modules["hashlib"] = poor
        rows += check_hmac()
    require(own in sys.modules, "not imported")
    sys.modules["hashlib"] = hashlib
    return rows


def check_sha256() -> int:
    """The hash in Python."""
    from nxd_mqtt.azure_iot_sha256 import sha256

    for message, times, digest in vectors.SHA256:
        require(str(hexlify(sha256(message * times)), "utf-8") == digest, digest)
    return len(vectors.SHA256)


CHECKS = (check_text, check_connection_strings, check_keys, check_json, check_hashes, check_sha256)

for check in CHECKS:
    print(check.__name__, check())
