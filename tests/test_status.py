# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""NetX's numbers are NetX's, and the one error carries status, stage and cause."""

import pytest

from nxd_mqtt import status

# As in NetX Duo's nx_api.h and nxd_mqtt_client.h.
NUMBERS = {
    "NX_NULL": None,
    "NX_FALSE": 0,
    "NX_TRUE": 1,
    "NX_NO_WAIT": 0,
    "NX_WAIT_FOREVER": 0xFFFFFFFF,
    "NX_IP_PERIODIC_RATE": 100,
    "NX_SUCCESS": 0,
    "NX_PTR_ERROR": 0x07,
    "NX_WAIT_ERROR": 0x08,
    "NX_SIZE_ERROR": 0x09,
    "NX_IN_PROGRESS": 0x37,
    "NX_INVALID_PORT": 0x46,
    "NXD_MQTT_SUCCESS": 0,
    "NXD_MQTT_ALREADY_CONNECTED": 0x10001,
    "NXD_MQTT_NOT_CONNECTED": 0x10002,
    "NXD_MQTT_MUTEX_FAILURE": 0x10003,
    "NXD_MQTT_INTERNAL_ERROR": 0x10004,
    "NXD_MQTT_CONNECT_FAILURE": 0x10005,
    "NXD_MQTT_PACKET_POOL_FAILURE": 0x10006,
    "NXD_MQTT_COMMUNICATION_FAILURE": 0x10007,
    "NXD_MQTT_SERVER_MESSAGE_FAILURE": 0x10008,
    "NXD_MQTT_INVALID_PARAMETER": 0x10009,
    "NXD_MQTT_NO_MESSAGE": 0x1000A,
    "NXD_MQTT_QOS2_NOT_SUPPORTED": 0x1000C,
    "NXD_MQTT_INSUFFICIENT_BUFFER_SPACE": 0x1000D,
    "NXD_MQTT_INVALID_PACKET": 0x1000F,
    "NXD_MQTT_CONNECTING": 0x10011,
    "NXD_MQTT_INVALID_STATE": 0x10012,
    "NXD_MQTT_ERROR_CONNECT_RETURN_CODE": 0x10080,
    "NXD_MQTT_ERROR_UNACCEPTABLE_PROTOCOL": 0x10081,
    "NXD_MQTT_ERROR_IDENTIFYIER_REJECTED": 0x10082,
    "NXD_MQTT_ERROR_SERVER_UNAVAILABLE": 0x10083,
    "NXD_MQTT_ERROR_BAD_USERNAME_PASSWORD": 0x10084,
    "NXD_MQTT_ERROR_NOT_AUTHORIZED": 0x10085,
    "NXD_MQTT_PORT": 1883,
    "NXD_MQTT_TLS_PORT": 8883,
}


PUBLIC = sorted(name for name in vars(status) if name.startswith("NX"))


@pytest.mark.parametrize("name", PUBLIC)
def test_a_number_is_netx_s(name):
    assert getattr(status, name) == NUMBERS[name]


def test_the_numbers_that_every_program_compares_with_are_there():
    assert {"NXD_MQTT_SUCCESS", "NXD_MQTT_NO_MESSAGE", "NX_IN_PROGRESS"} <= set(PUBLIC)


def test_the_error_carries_status_stage_and_cause():
    cause = OSError(110)
    error = status.MQTTError(status.NXD_MQTT_CONNECT_FAILURE, "tcp", cause)
    assert isinstance(error, Exception)
    assert (error.status, error.stage, error.cause) == (0x10005, "tcp", cause)


def test_a_violation_ends_the_session_as_an_invalid_packet():
    with pytest.raises(status.MQTTError) as caught:
        status.violation("what was wrong")
    error = caught.value
    assert (error.status, error.stage, error.cause) == (0x1000F, "session", "what was wrong")
