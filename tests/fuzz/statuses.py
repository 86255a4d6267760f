# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Which statuses each function may return to arguments that are in order."""

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *

# How a link or an attempt can end.
ENDINGS = (
    NXD_MQTT_CONNECT_FAILURE,
    NXD_MQTT_COMMUNICATION_FAILURE,
    NXD_MQTT_SERVER_MESSAGE_FAILURE,
    NXD_MQTT_INVALID_PACKET,
    NXD_MQTT_PACKET_POOL_FAILURE,
    NXD_MQTT_INVALID_PARAMETER,
    NXD_MQTT_ERROR_UNACCEPTABLE_PROTOCOL,
    NXD_MQTT_ERROR_IDENTIFYIER_REJECTED,
    NXD_MQTT_ERROR_SERVER_UNAVAILABLE,
    NXD_MQTT_ERROR_BAD_USERNAME_PASSWORD,
    NXD_MQTT_ERROR_NOT_AUTHORIZED,
)

_REQUEST = (NXD_MQTT_NOT_CONNECTED, NXD_MQTT_PACKET_POOL_FAILURE, NXD_MQTT_MUTEX_FAILURE)

# Beside NXD_MQTT_SUCCESS, on a client that was created or deleted.
STATUSES = {
    nxd_mqtt_client_poll: ENDINGS + (NXD_MQTT_NOT_CONNECTED, NXD_MQTT_MUTEX_FAILURE),
    nxd_mqtt_client_connect: ENDINGS
    + (
        NX_IN_PROGRESS,
        NXD_MQTT_CONNECTING,
        NXD_MQTT_ALREADY_CONNECTED,
        NXD_MQTT_INVALID_STATE,
    ),
    nxd_mqtt_client_publish: (
        NXD_MQTT_NOT_CONNECTED,
        NXD_MQTT_PACKET_POOL_FAILURE,
        NXD_MQTT_COMMUNICATION_FAILURE,
    ),
    nxd_mqtt_client_subscribe: _REQUEST,
    nxd_mqtt_client_unsubscribe: _REQUEST,
    nxd_mqtt_client_message_get: (
        NXD_MQTT_NO_MESSAGE,
        NXD_MQTT_INSUFFICIENT_BUFFER_SPACE,
        NXD_MQTT_MUTEX_FAILURE,
    ),
    nxd_mqtt_client_message_discard: (NXD_MQTT_NO_MESSAGE, NXD_MQTT_MUTEX_FAILURE),
    nxd_mqtt_client_disconnect: (NXD_MQTT_MUTEX_FAILURE,),
    nxd_mqtt_client_delete: (NXD_MQTT_MUTEX_FAILURE,),
}
