# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The status numbers of NetX Duo that the client returns, and the one error it raises inside.

The numbers and names are those of ``nx_api.h`` and ``nxd_mqtt_client.h``; a name is here when an
application compares with it or passes it in.
"""

from micropython import const

NX_NULL = None
NX_FALSE = const(0)
NX_TRUE = const(1)
NX_NO_WAIT = const(0)
NX_WAIT_FOREVER = const(0xFFFFFFFF)
NX_IP_PERIODIC_RATE = const(100)

NX_SUCCESS = const(0x00)
NX_PTR_ERROR = const(0x07)
NX_SIZE_ERROR = const(0x09)
NX_IN_PROGRESS = const(0x37)
NX_INVALID_PORT = const(0x46)

NXD_MQTT_SUCCESS = const(0x00)
NXD_MQTT_ALREADY_CONNECTED = const(0x10001)
NXD_MQTT_NOT_CONNECTED = const(0x10002)
NXD_MQTT_MUTEX_FAILURE = const(0x10003)
NXD_MQTT_INTERNAL_ERROR = const(0x10004)
NXD_MQTT_CONNECT_FAILURE = const(0x10005)
NXD_MQTT_PACKET_POOL_FAILURE = const(0x10006)
NXD_MQTT_COMMUNICATION_FAILURE = const(0x10007)
NXD_MQTT_SERVER_MESSAGE_FAILURE = const(0x10008)
NXD_MQTT_INVALID_PARAMETER = const(0x10009)
NXD_MQTT_NO_MESSAGE = const(0x1000A)
NXD_MQTT_QOS2_NOT_SUPPORTED = const(0x1000C)
NXD_MQTT_INSUFFICIENT_BUFFER_SPACE = const(0x1000D)
NXD_MQTT_INVALID_PACKET = const(0x1000F)
NXD_MQTT_CONNECTING = const(0x10011)
NXD_MQTT_INVALID_STATE = const(0x10012)
NXD_MQTT_ERROR_CONNECT_RETURN_CODE = const(0x10080)
NXD_MQTT_ERROR_UNACCEPTABLE_PROTOCOL = const(0x10081)
NXD_MQTT_ERROR_IDENTIFYIER_REJECTED = const(0x10082)
NXD_MQTT_ERROR_SERVER_UNAVAILABLE = const(0x10083)
NXD_MQTT_ERROR_BAD_USERNAME_PASSWORD = const(0x10084)
NXD_MQTT_ERROR_NOT_AUTHORIZED = const(0x10085)

NXD_MQTT_PORT = const(1883)


class MQTTError(Exception):
    """A link that ends, or an argument that cannot be used.

    :param int status: the ``NX_`` or ``NXD_MQTT_`` number that says it to a C programmer
    :param str stage: where it happened: ``call``, ``dns``, ``tcp``, ``tls``, ``websocket``,
        ``connack``, ``session`` or ``store``
    :param cause: text for a person, or the exception of the layer below
    """

    def __init__(self, status: int, stage: str, cause):
        self.status = status
        self.stage = stage
        self.cause = cause


def violation(cause: str) -> None:
    """End the connection because of what the peer sent."""
    raise MQTTError(NXD_MQTT_INVALID_PACKET, "session", cause)
