# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Why the hub says no: one exception for each reason, with the numbers that a client is shown.

The numbers are the hub's own over HTTPS. Over MQTT the answer to a twin request carries `status`.
"""

from enum import Enum, auto


class HubError(Exception):
    """Anything that the hub refuses; no text of it ever holds a key or a token."""

    status = 500
    code = 500001
    name = "ServerError"


class Reason(Enum):
    """What was wrong with somebody's credentials."""

    NO_CREDENTIALS = auto()  # neither a token nor a certificate
    UNKNOWN_HUB = auto()  # the host in the user name is not this hub
    UNKNOWN_DEVICE = auto()
    UNKNOWN_MODULE = auto()
    UNKNOWN_POLICY = auto()  # a token's `skn` names no policy
    DISABLED = auto()
    BAD_TOKEN = auto()  # not readable as a token
    BAD_SIGNATURE = auto()
    EXPIRED = auto()
    WRONG_SCOPE = auto()  # signed for something else
    WRONG_METHOD = auto()  # a token from a device with certificate, or the other way round
    BAD_CERTIFICATE = auto()  # issued to another name
    NO_RIGHT = auto()  # the policy does not allow this


class Refused(HubError):
    """Credentials were not accepted.

    :param Reason reason: what was wrong; a client is never told more than that it was refused
    """

    status = 401
    code = 401002
    name = "IotHubUnauthorizedAccess"

    def __init__(self, reason: Reason):
        super().__init__(reason.name)
        self.reason = reason


class BadRequest(HubError):
    """What was sent cannot be taken: no JSON, a forbidden name, too deep, a value out of range."""

    status = 400
    code = 400004
    name = "ArgumentInvalid"


class QuotaExceeded(HubError):
    """The messages of this day are used up."""

    status = 403
    code = 403002
    name = "IotHubQuotaExceeded"


class QueueFull(HubError):
    """As many cloud-to-device messages wait for this device as may."""

    status = 403
    code = 403004
    name = "DeviceMaximumQueueDepthExceeded"


class NotFound(HubError):
    """No device of that name."""

    status = 404
    code = 404001
    name = "DeviceNotFound"


class ModuleNotFound(NotFound):
    """No module of that name on this device."""

    code = 404010
    name = "ModuleNotFound"


class NotOnline(HubError):
    """Nobody who takes methods was connected in time."""

    status = 404
    code = 404103
    name = "DeviceNotOnline"


class AlreadyExists(HubError):
    """There is a device of that name."""

    status = 409
    code = 409001
    name = "DeviceAlreadyExists"


class ModuleAlreadyExists(AlreadyExists):
    """There is a module of that name on this device."""

    code = 409301
    name = "ModuleAlreadyExistsOnDevice"


class PreconditionFailed(HubError):
    """Somebody else has written since the etag was read."""

    status = 412
    code = 412001
    name = "PreconditionFailed"


class TooLarge(HubError):
    """More bytes than one message may have."""

    status = 413
    code = 413001
    name = "MessageTooLarge"


class Throttled(HubError):
    """Too many operations of one kind in a short time."""

    status = 429
    code = 429001
    name = "ThrottlingException"


class BadAnswer(HubError):
    """A device answered a method with something that is no JSON."""

    status = 502
    code = 502000
    name = "DeviceInvalidResponse"


class NoAnswer(HubError):
    """A device took a method and did not answer in time."""

    status = 504
    code = 504101
    name = "GatewayTimeout"
