# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What Azure IoT Hub wants as text: escapes, property bags, topics, names, connection strings.

Bytes in, bytes out. What cannot be used is a ValueError that names the field and never its value,
because the value may be a key.
"""

from binascii import unhexlify

from micropython import const

# RFC 3986, section 2.3: what stands for itself everywhere.
_UNRESERVED = b"-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
# What an id may have besides letters and digits. The hub takes + and # in none that speaks MQTT.
_OF_IDS = b"-.%_*?!(),:=@$'"
_LONGEST_ID = const(128)
_MOST_DIGITS = const(10)

# One version for all: model ids came with 2020-09-30.
_USER_NAME = b"%s/%s/?api-version=2021-04-12&DeviceClientType=nxd_mqtt"

# What a connection string may have, and what becomes of it.
_PARTS = (
    ("HostName", "host_name"),
    ("DeviceId", "device_id"),
    ("ModuleId", "module_id"),
    ("SharedAccessKey", "symmetric_key"),
    ("GatewayHostName", "gateway_host"),
    ("x509", "x509"),
    ("SharedAccessKeyName", None),
)


def encode(text: bytes) -> bytes:
    """Percent-encode, RFC 3986: only unreserved characters stay."""
    size = len(text)
    for byte in text:
        if byte not in _UNRESERVED:
            size += 2
    if size == len(text):
        return bytes(text)
    out = bytearray(size)
    at = 0
    for byte in text:
        if byte in _UNRESERVED:
            out[at] = byte
            at += 1
        else:
            out[at : at + 3] = b"%%%02X" % byte
            at += 3
    return bytes(out)


def decode(text: bytes) -> bytes:
    """Undo percent-encoding, once; an escape that is none stays as it is."""
    if b"%" not in text:
        return text
    parts = text.split(b"%")
    for place in range(1, len(parts)):
        part = parts[place]
        try:
            parts[place] = unhexlify(part[:2]) + part[2:] if part else b"%"
        except ValueError:
            parts[place] = b"%" + part
    return b"".join(parts)


def properties(bag: bytes):
    """The properties of a bag, as pairs of name and value, decoded and in order.

    A property without ``=`` has an empty value.
    """
    found = []
    for part in bag.split(b"&"):
        if part:
            name, _, value = part.partition(b"=")
            found.append((decode(name), decode(value)))
    return found


def property_value(bag: bytes, name: bytes):
    """The value of the first property of that name, or None."""
    for part in bag.split(b"&"):
        each, _, value = part.partition(b"=")
        if part and decode(each) == name:
            return decode(value)
    return None


def query(topic: bytes, name: bytes):
    """What a topic says behind its last ``?`` of ``$rid`` or ``$version``, or None."""
    mark = topic.rfind(b"?")
    bag = b"&%s&" % topic[mark + 1 :]
    begin = bag.find(b"&%s=" % name)
    if mark < 0 or begin < 0:
        return None
    begin += len(name) + 2
    return bag[begin : bag.find(b"&", begin)]


def number(text) -> int:
    """A decimal number of at most ten digits, or -1."""
    if not 0 < len(text) <= _MOST_DIGITS:
        return -1
    value = 0
    for byte in text:
        if not 0x30 <= byte <= 0x39:
            return -1
        value = value * 10 + byte - 0x30
    return value


def client_id(device_id: bytes, module_id=None) -> bytes:
    """The client id of a device or of its module."""
    return device_id + b"/" + module_id if module_id else device_id


def user_name(host: bytes, device_id: bytes, module_id=None, model_id=None) -> bytes:
    """The user name of a CONNECT; ids are not encoded there, a model id is."""
    name = _USER_NAME % (host, client_id(device_id, module_id))
    return name + b"&model-id=" + encode(model_id) if model_id else name


def resource(host: bytes, device_id: bytes, module_id=None) -> bytes:
    """What a token is for; the token encodes it."""
    return host + b"/" + _path(device_id, module_id)


def events_topic(device_id: bytes, module_id=None) -> bytes:
    """Where telemetry goes; a property bag may follow."""
    return _path(device_id, module_id) + b"/messages/events/"


def devicebound_filter(device_id: bytes) -> bytes:
    """Where cloud-to-device messages come from."""
    return _path(device_id, None) + b"/messages/devicebound/#"


def _path(device_id: bytes, module_id) -> bytes:
    path = b"devices/" + device_id
    return path + b"/modules/" + module_id if module_id else path


def check_id(value: bytes, what: str) -> None:
    """Raise ValueError unless it can be the id of a device or module.

    :param str what: names it in the error
    """
    if not 0 < len(value) <= _LONGEST_ID:
        raise ValueError(what + " must have 1 to 128 characters")
    for byte in value:
        letter = 0x61 <= byte | 0x20 <= 0x7A
        if not (letter or 0x30 <= byte <= 0x39 or byte in _OF_IDS):
            raise ValueError(what + " has a character that ids cannot have")


def connection_string(text: str):
    """Take a device's connection string apart.

    :return: a dict of ``host_name``, ``device_id``, ``module_id``, ``symmetric_key``,
        ``gateway_host``, ``x509``; None for what is not there. Other names are ignored.
    """
    given = _given(text)
    found = {}
    for name, key in _PARTS:
        value = given[name]
        if key:
            found[key] = value
        elif value:
            raise ValueError("this connection string is for services: take the device's own")
    for name in ("HostName", "DeviceId"):
        if not given[name]:
            raise ValueError("the connection string lacks " + name)
    # Whatever it says instead, there is no certificate.
    certificate = (found["x509"] or "").lower() == "true" or None
    found["x509"] = certificate
    if not certificate and not found["symmetric_key"]:
        raise ValueError("the connection string lacks SharedAccessKey, or x509=true")
    if certificate and found["symmetric_key"]:
        raise ValueError("the connection string has SharedAccessKey and x509: which one?")
    return found


def _given(text: str):
    """What a connection string says, by the names that we know."""
    given = {}
    for name, _ in _PARTS:
        given[name] = None
    for part in text.split(";"):
        # What is behind the first = belongs to the value: keys end with it.
        name, equals, value = part.strip().partition("=")
        if name and not equals:
            raise ValueError("the connection string has a part without =")
        if name in given:
            if given[name] is not None:
                raise ValueError("the connection string has %s twice" % name)
            if not value:
                raise ValueError("the connection string has nothing for " + name)
            given[name] = value
    return given
