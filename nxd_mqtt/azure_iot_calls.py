# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What every function of the hub client's face does: check, run, answer with the hub's statuses.

As for the client's own functions a refusal is noted in ``hub.reason``.
"""

from micropython import const

from .azure_iot_hub import NX_AZURE_IOT_HUB_CLIENT
from .calls import _refuse, _refused, _text
from .status import MQTTError

_AZURE_INVALID_PARAMETER = const(0x20002)
_AZURE_MESSAGE_TOO_LONG = const(0x20010)
_AZURE_NOT_INITIALIZED = const(0x20008)
_AZURE_SUCCESS = const(0x00)

_POOL_FAILURE = const(0x10006)

# What MQTT's own checks say, as the hub client says it. A packet that can never fit is raised.
_TRANSLATED = {
    0x10009: _AZURE_INVALID_PARAMETER,
    0x1000C: _AZURE_INVALID_PARAMETER,
    _POOL_FAILURE: _AZURE_MESSAGE_TOO_LONG,
}


def _is_new(hub) -> bool:
    return not hub.state or not hub.access


def _hub_refused(hub, error) -> int:
    """Note why a call is refused; returns the status as the hub client says it."""
    error.status = _TRANSLATED.get(error.status, error.status)
    return _refused(hub, error)


def _hub_call(hub, empty, function, *arguments):
    """Run a call; what it raises becomes the status.

    :param tuple empty: what follows the status where there is nothing else to give back
    :param function: called with the hub client and the arguments
    """
    status = _AZURE_INVALID_PARAMETER
    if isinstance(hub, NX_AZURE_IOT_HUB_CLIENT):
        status = _AZURE_NOT_INITIALIZED
        if not _is_new(hub):
            try:
                status = function(hub, *arguments) or _AZURE_SUCCESS
            except MQTTError as error:
                status = _hub_refused(hub, error)
    if empty and not isinstance(status, tuple):
        return (status,) + empty
    return status


def _usable(function, *arguments):
    """What a function makes of what a program has given; a ValueError refuses it."""
    try:
        return function(*arguments)
    except ValueError as error:
        return _refuse(str(error), _AZURE_INVALID_PARAMETER)


def _name(value, what: str) -> bytes:
    """The bytes of a text that must be there."""
    if value is None or not len(_text(value, what)):
        _refuse(what + " is missing", _AZURE_INVALID_PARAMETER)
    return bytes(_text(value, what))


def _callable(callback, what: str = "a callback"):
    """A callback, or None for none."""
    if callback is not None and not callable(callback):
        _refuse(what + " must be callable", _AZURE_INVALID_PARAMETER)
    return callback
