# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What every function of a face does: check its arguments, run the client, answer with a status.

Arguments become the bytes of MQTT fields here. A refusal is raised as MQTTError and turned into its
status in one place; it is noted in ``client.reason``. The order is C's: first the control block,
then the arguments, then whether the client was created.

The names are underscored because programs take everything else out of a face by ``import *``.
"""

from micropython import const

from .client import NXD_MQTT_CLIENT
from .status import MQTTError
from .wire import scan_text

_SUCCESS = const(0x00)
_PTR_ERROR = const(0x07)
_INVALID_PORT = const(0x46)
_MUTEX_FAILURE = const(0x10003)
_INVALID_PARAMETER = const(0x10009)
_QOS2_NOT_SUPPORTED = const(0x1000C)
_INVALID_STATE = const(0x10012)

_FOREVER = const(0xFFFFFFFF)
_MILLISECONDS_PER_TICK = const(10)
_LONGEST_WAIT = const(1 << 24)
_FIELD_LIMIT = const(65535)

_STATE_IDLE = const(1)

_PLUS = const(0x2B)
_HASH = const(0x23)
_SLASH = const(0x2F)
_WILDCARD = const(-2)

# On boards a bool is no int.
_INTEGERS = (int, bool)
_BYTES = (bytes, bytearray)


def _refused(client, error) -> int:
    """Note in ``client.reason`` why a call is refused; returns the status."""
    client.reason = (error.stage, error.status, error.cause)
    return error.status


def _refuse(cause: str, status: int = _INVALID_PARAMETER) -> None:
    """Raise the error of a call that is refused."""
    raise MQTTError(status, "call", cause)


def _created(client, status: int = _MUTEX_FAILURE) -> NXD_MQTT_CLIENT:
    """The client, if it is created."""
    return client if client.state else _refuse("the client is not created", status)


def _call(client, wrong: int, function, *arguments) -> int:
    """Run a call; what it raises becomes the status.

    :param int wrong: the status for a client that is none
    :param function: called with the client and the arguments
    """
    if not isinstance(client, NXD_MQTT_CLIENT):
        return wrong
    try:
        return function(client, *arguments) or _SUCCESS
    except MQTTError as error:
        return _refused(client, error)


def _within(number, lowest: int, highest: int) -> bool:
    """Whether something is a whole number from the lowest to the highest."""
    return isinstance(number, _INTEGERS) and lowest <= number <= highest


def _milliseconds(ticks: int) -> int:
    """A wait in ticks as milliseconds: -1 where it is longer than the clock can tell."""
    if not _within(ticks, 0, _FOREVER):
        _refuse("wait_option must be ticks")
    return ticks * _MILLISECONDS_PER_TICK if ticks < _LONGEST_WAIT else -1


def _connect(client, host, port: int, keepalive: int, clean: bool, ticks: int, secure=None) -> int:
    """Check what a connect was called with, in C's order, and connect.

    :param secure: for TLS, else None; asked before it begins, and its refusal is the status
    """
    if not isinstance(host, str):
        _refuse("server_ip must be str", _PTR_ERROR)
    if not _within(port, 1, _FIELD_LIMIT):
        _refuse("server_port must be 1 to 65535", _INVALID_PORT)
    if not host or not _within(keepalive, 0, _FIELD_LIMIT):
        _refuse("no server_ip, or bad keepalive")
    wait = _milliseconds(ticks)
    if not len(_created(client, _INVALID_STATE).client_id) and not clean:
        _refuse("no id needs a clean session")
    if secure and client.state == _STATE_IDLE:
        secure.setup()
        _created(client, _INVALID_STATE)
    return client.connect(host, port, keepalive, clean, wait, secure)


def _check_quality(quality) -> None:
    """Refuse a quality of service that is not offered."""
    if not _within(quality, 0, 1):
        status = _QOS2_NOT_SUPPORTED if quality == 2 else _INVALID_PARAMETER
        _refuse("QoS must be 0 or 1", status)


def _is_plain(value) -> bool:
    """Whether something is bytes, or a view of bytes in a row; boards know no others."""
    if not isinstance(value, memoryview):
        return isinstance(value, _BYTES)
    return getattr(value, "format", "B") == "B" and getattr(value, "ndim", 1) == 1


def _octets(value, what: str):
    """The bytes of text or of a bytes-like object.

    :param value: ``str``, ``bytes``, ``bytearray``, a ``memoryview`` of bytes; None is empty
    :param str what: names the argument in the error
    """
    if value is None or isinstance(value, _BYTES):
        return value or b""
    try:
        if isinstance(value, str):
            return value.encode()
        if _is_plain(value):
            return value
    except ValueError:  # a surrogate, or a view that was released
        pass
    return _refuse(what + " must be UTF-8 str, or bytes")


def _field(value, what: str):
    """The bytes of a field with a 16-bit length: a password, a will message."""
    data = _octets(value, what)
    if len(data) > _FIELD_LIMIT:
        _refuse(what + " exceeds 65535 bytes")
    return data


def _text(value, what: str, wildcards: bool = True):
    """The bytes of a field that must be text [MQTT-1.5.3-1]."""
    data = _field(value, what)
    state = scan_text(data, 0, len(data), 0, wildcards)
    if state == _WILDCARD:
        _refuse(what + " holds a wildcard")
    if state:
        _refuse(what + " is not UTF-8 or holds NUL")
    return data


def _topic(value, wildcards: bool = False):
    """The bytes of a topic, which is never empty [MQTT-4.7.3-1].

    :param bool wildcards: whether it is a filter; a topic to publish to has none [MQTT-3.3.2-2]
    """
    data = _text(value, "topic", wildcards)
    return data if len(data) else _refuse("topic is empty")


def _topic_filter(value):
    """The bytes of a topic filter; wildcards stand for whole levels [MQTT-4.7.1-2] [-3]."""
    data = _topic(value, True)
    last = len(data) - 1
    for at in range(last + 1):
        byte = data[at]
        if byte == _HASH or byte == _PLUS:
            alone = at == 0 or data[at - 1] == _SLASH
            ends = at == last or (byte == _PLUS and data[at + 1] == _SLASH)
            if not (alone and ends):
                _refuse("wildcards must be whole levels")
    return data
