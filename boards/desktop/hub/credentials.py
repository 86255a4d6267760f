# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Shared access signatures: how a token is made, read and judged.

    SharedAccessSignature sr={resource}&sig={signature}&se={expiry}[&skn={policy}]

The signature is the HMAC-SHA256 of `sr` as it stands in the token, a line feed and `se`. Every
value is percent-encoded; a plus sign that is not encoded means a space, which no signature has.
Nothing here tells a key or a signature in its repr or in an exception.
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum, auto
from urllib.parse import quote, unquote, unquote_plus

from .refusals import BadRequest, Reason, Refused

_PREFIX = "SharedAccessSignature "
_KEY_SIZE = 32
# Decoded, in bytes.
_SMALLEST_KEY = 16
_LARGEST_KEY = 64
_EXPIRY = re.compile(r"[0-9]{1,12}")
_SCHEME = re.compile(r"(?:amqps?|https?|sb)://", re.IGNORECASE)
# Some clients sign the whole of their user name.
_VERSION_SEGMENT = re.compile(r"\??api-version=")


class Right(Enum):
    """What a policy may allow."""

    REGISTRY_READ = auto()
    REGISTRY_WRITE = auto()
    SERVICE_CONNECT = auto()
    DEVICE_CONNECT = auto()


@dataclass(frozen=True)
class Policy:
    """A name with rights and keys, as a hub has several."""

    name: str
    rights: frozenset[Right]
    primary_key: str = field(repr=False)
    """base64"""
    secondary_key: str = field(repr=False)
    """base64"""


_RIGHTS = {
    "iothubowner": frozenset(Right),
    "service": frozenset({Right.SERVICE_CONNECT}),
    "device": frozenset({Right.DEVICE_CONNECT}),
    "registryRead": frozenset({Right.REGISTRY_READ}),
    "registryReadWrite": frozenset({Right.REGISTRY_READ, Right.REGISTRY_WRITE}),
}


def new_key(entropy: Callable[[int], bytes] = secrets.token_bytes) -> str:
    """A key as the hub makes them, in base64."""
    return base64.b64encode(entropy(_KEY_SIZE)).decode()


def new_policies(entropy: Callable[[int], bytes] = secrets.token_bytes) -> dict[str, Policy]:
    """The policies that every new hub has, by name."""
    return {
        name: Policy(name, rights, new_key(entropy), new_key(entropy))
        for name, rights in _RIGHTS.items()
    }


def decode_key(key: str) -> bytes:
    """A key's bytes.

    :raises BadRequest: it is not base64, or too short or too long
    """
    try:
        decoded = base64.b64decode(key, validate=True)
    except (ValueError, TypeError):
        raise BadRequest("a key is base64")
    if not _SMALLEST_KEY <= len(decoded) <= _LARGEST_KEY:
        raise BadRequest(f"a key has {_SMALLEST_KEY} to {_LARGEST_KEY} bytes")
    return decoded


def _sign(key: bytes, resource: str, expiry: str) -> bytes:
    return hmac.new(key, f"{resource}\n{expiry}".encode(), hashlib.sha256).digest()


def make_token(resource: str, key: str, expiry: int, policy: str | None = None) -> str:
    """A token for a resource.

    :param resource: not encoded: `host/devices/id`, `host/devices/id/modules/id`, or a host
    :param key: base64
    :param expiry: seconds since 1970, from when on the token is refused
    :param policy: whose key it is, None for a device's own
    """
    encoded = quote(resource, safe="")
    signature = base64.b64encode(_sign(decode_key(key), encoded, str(expiry)))
    token = f"{_PREFIX}sr={encoded}&sig={quote(signature, safe='')}&se={expiry}"
    return token if policy is None else f"{token}&skn={quote(policy, safe='')}"


def host_name(text: str) -> str:
    """A host for comparisons: no scheme, no port, small letters."""
    text = _SCHEME.sub("", text.lower(), count=1)
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text


@dataclass(frozen=True)
class Token:
    """A token that could be read; whether it is any good is another question."""

    resource: str
    """still encoded, as it was signed"""
    signature: bytes = field(repr=False)
    expiry: str
    policy: str | None

    @property
    def scope(self) -> tuple[str, ...]:
        """The host and what follows it, each decoded."""
        host, *path = _SCHEME.sub("", unquote(self.resource), count=1).split("/")
        if path and _VERSION_SEGMENT.match(path[-1]):
            path.pop()
        if path and not path[-1]:
            path.pop()
        return (host_name(host), *path)


def read_token(token: bytes | str) -> Token:
    """Take a token apart.

    :raises Refused: BAD_TOKEN
    """
    found = _take_apart(token)
    # Raised out here, so that what could not be read is no context of it.
    if found is None:
        raise Refused(Reason.BAD_TOKEN)
    return found


def _take_apart(token: bytes | str) -> Token | None:
    try:
        text = token.decode("ascii") if isinstance(token, bytes) else token
        fields = [part.partition("=") for part in text.removeprefix(_PREFIX).split("&")]
        values = {name: value for name, _, value in fields}
        signature = base64.b64decode(unquote_plus(values["sig"]), validate=True)
        resource, expiry = values["sr"], values["se"]
    except (KeyError, ValueError):
        return None
    sound = text.startswith(_PREFIX) and len(values) == len(fields) and _EXPIRY.fullmatch(expiry)
    if not sound or not resource:
        return None
    return Token(resource, signature, expiry, unquote(values.get("skn", "")) or None)


def check_signature(token: Token, keys: Iterable[bytes], now: float) -> float:
    """Judge signature and expiry.

    Every key is tried to its end, so that the time it takes tells nothing about any.

    :param keys: as they sign: decoded from base64 for IoT Hub, the text itself for Event Hubs
    :return: the expiry
    :raises Refused: BAD_SIGNATURE or EXPIRED
    """
    good = False
    for key in keys:
        expected = _sign(key, token.resource, token.expiry)
        good |= hmac.compare_digest(expected, token.signature)
    if not good:
        raise Refused(Reason.BAD_SIGNATURE)
    expiry = int(token.expiry)
    if now >= expiry:
        raise Refused(Reason.EXPIRED)
    return float(expiry)


def covers(token: Token, wanted: tuple[str, ...]) -> bool:
    """Whether a policy's token reaches as far as a resource: it names the resource or a parent."""
    scope = token.scope
    return scope == wanted[: len(scope)]
