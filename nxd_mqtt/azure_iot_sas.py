# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Tokens of Azure IoT Hub: what a device signs with its key, instead of telling it.

The hash is the board's own. Where it has none, one in Python comes from a file that is not imported
before.
"""

from binascii import a2b_base64, b2a_base64

from micropython import const

from .azure_iot_text import encode, number, property_value

_BLOCK_BYTES = const(64)
_INNER = const(0x36)
# Takes the inner pad off and puts the outer one, 0x5C, on.
_OUTER = const(0x6A)

_BASE64 = b"+/0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """The keyed hash of a message, RFC 2104."""
    block = bytearray(_BLOCK_BYTES)
    if len(key) > _BLOCK_BYTES:
        key = _sha256(key)
    block[: len(key)] = key
    for pad in (_INNER, _OUTER):
        for place in range(_BLOCK_BYTES):
            block[place] ^= pad
        message = _sha256(bytes(block) + message)
    return message


def token(resource: bytes, key: bytes, expiry: int) -> bytes:
    """A token for a resource.

    :param bytes resource: not encoded
    :param bytes key: decoded
    :param int expiry: when it ends, in seconds since 1970
    """
    resource = encode(resource)
    signature = hmac_sha256(key, b"%s\n%d" % (resource, expiry))
    signature = encode(b2a_base64(signature)[:-1])
    return b"SharedAccessSignature sr=%s&sig=%s&se=%d" % (resource, signature, expiry)


def expiry(ready: bytes) -> int:
    """When a ready-made token ends, or -1 where it does not say; its parts come in any order."""
    bag = ready[ready.find(b" ") + 1 :]
    return number(property_value(bag, b"se") or b"")


def decode_key(text) -> bytes:
    """A key as bytes, from base64 as ``str`` or bytes.

    Interpreters skip what is not base64. Then a key with a wrong character would only be refused by
    the hub, as a wrong key, so this is stricter.
    """
    try:
        data = bytes(text.encode() if isinstance(text, str) else text).strip()
    except UnicodeError:
        # Its own error would hold the key.
        data = b""
    digits = data.rstrip(b"=")
    good = digits and len(data) % 4 == 0 and len(data) - len(digits) < 3
    for byte in digits:
        good = good and byte in _BASE64
    if not good:
        raise ValueError("the key is not base64")
    return a2b_base64(data)


def _sha256(data: bytes) -> bytes:
    try:
        import hashlib

        # CircuitPython has only `new`, MicroPython only the names.
        new = getattr(hashlib, "new", None)
        return (new("sha256", data) if new else hashlib.sha256(data)).digest()
    except (ImportError, AttributeError, ValueError):
        from .azure_iot_sha256 import sha256

        return sha256(data)
