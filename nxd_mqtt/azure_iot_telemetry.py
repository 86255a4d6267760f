# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Telemetry: messages of a device to the cloud, with properties, and its will.

Names and values of properties are percent-encoded here [RFC 3986]. System properties have the
hub's own names: ``$.mid`` message id, ``$.cid`` correlation id, ``$.ct`` content type, ``$.ce``
content encoding, ``$.sub`` component.
"""

from micropython import const

from .azure_iot_calls import _callable, _hub_call
from .azure_iot_packet import NX_PACKET, nx_packet_release
from .azure_iot_text import encode
from .calls import _check_quality, _milliseconds, _octets, _refuse, _within
from .status import MQTTError

_AZURE_INVALID_PARAMETER = const(0x20002)
_AZURE_MESSAGE_TOO_LONG = const(0x20010)
_AZURE_SUCCESS = const(0x00)
_AZURE_TOPIC_TOO_LONG = const(0x2000F)

# What a hub takes: payload and properties together.
_LARGEST_MESSAGE = const(262144)
_LONGEST_TOPIC = const(65535)
# Bytes of a PUBLISH around topic and payload, at most.
_AROUND = const(9)


def nx_azure_iot_hub_client_telemetry_message_create(hub, wait_option: int):
    """Begin a message.

    :param int wait_option: ignored; nothing has to be waited for
    :return: (status, packet): NX_AZURE_IOT_SUCCESS; NX_AZURE_IOT_INVALID_PARAMETER;
        NX_AZURE_IOT_NOT_INITIALIZED
    """
    return _hub_call(hub, (None,), _create)


def _create(hub):
    limit = min(hub._session.store.slot_size - _AROUND, _LONGEST_TOPIC)
    return _AZURE_SUCCESS, NX_PACKET(hub.access.events, None, limit)


def nx_azure_iot_hub_client_telemetry_message_delete(packet) -> int:
    """Give up a message that was not sent.

    :return: NX_AZURE_IOT_SUCCESS; NX_AZURE_IOT_INVALID_PARAMETER
    """
    return nx_packet_release(packet)


def _is_begun(packet) -> bool:
    return isinstance(packet, NX_PACKET) and packet.topic is not None and packet.limit > 0


def nx_azure_iot_hub_client_telemetry_property_add(
    packet, property_name, property_value, wait_option: int = 0
) -> int:
    """Add a property to a message.

    :param packet: a message that is begun
    :param property_name: ``str`` or bytes, any but none
    :param property_value: the same; None for an empty one
    :param int wait_option: ignored
    :return: NX_AZURE_IOT_SUCCESS; NX_AZURE_IOT_INVALID_PARAMETER; NX_AZURE_IOT_TOPIC_TOO_LONG (the
        message is as it was; ``payload_size`` of the pool bounds topic and payload together)
    """
    if not _is_begun(packet):
        return _AZURE_INVALID_PARAMETER
    try:
        name = bytes(_octets(property_name, "property_name"))
        value = bytes(_octets(property_value, "property_value"))
    except MQTTError:
        return _AZURE_INVALID_PARAMETER
    if not name:
        return _AZURE_INVALID_PARAMETER
    between = b"" if packet.topic.endswith(b"/") else b"&"
    topic = b"".join((packet.topic, between, encode(name), b"=", encode(value)))
    if len(topic) > packet.limit:
        return _AZURE_TOPIC_TOO_LONG
    packet.topic = topic
    return _AZURE_SUCCESS


def nx_azure_iot_hub_client_telemetry_component_set(
    packet, component_name, wait_option: int = 0
) -> int:
    """Say which component of the device a message is from; returns as ``..._property_add``."""
    return nx_azure_iot_hub_client_telemetry_property_add(packet, "$.sub", component_name)


def nx_azure_iot_hub_client_telemetry_options_set(packet, QoS: int, retain: int) -> int:
    """Send a message at another quality than 1, or as one to be retained (an extension).

    :param int QoS: 0 or 1
    :param int retain: NX_TRUE for the hub to add the property ``x-opt-retain``; it keeps nothing
    :return: NX_AZURE_IOT_SUCCESS; NX_AZURE_IOT_INVALID_PARAMETER
    """
    if not _is_begun(packet) or not _within(QoS, 0, 1) or not _within(retain, 0, 1):
        return _AZURE_INVALID_PARAMETER
    packet.quality = int(QoS)
    packet.retain = int(retain)
    return _AZURE_SUCCESS


def nx_azure_iot_hub_client_telemetry_send(hub, packet, telemetry_data, wait_option: int) -> int:
    """Send a message; at QoS 1 it is kept until the hub has acknowledged it.

    :param packet: a message that is begun; after success it is released
    :param telemetry_data: ``str``, bytes-like, or None for nothing
    :param int wait_option: ticks to wait for room; the acknowledgement is not waited for
    :return: NX_AZURE_IOT_SUCCESS; NX_AZURE_IOT_DISCONNECTED; NX_AZURE_IOT_MESSAGE_TOO_LONG;
        NXD_MQTT_PACKET_POOL_FAILURE (no room within the wait); NX_AZURE_IOT_INVALID_PARAMETER;
        NX_AZURE_IOT_NOT_INITIALIZED; the others of ``nxd_mqtt_client_publish``
    """
    found = _hub_call(hub, (0,), _send, packet, telemetry_data, wait_option)
    return found[0]


def nx_azure_iot_hub_client_telemetry_send_extended(hub, packet, telemetry_data, wait_option: int):
    """The same, and the packet identifier that the acknowledgement callback will be told.

    :return: (status, packet_id); the identifier is 0 at QoS 0
    """
    return _hub_call(hub, (0,), _send, packet, telemetry_data, wait_option)


def _send(hub, packet, data, wait_option: int):
    if not _is_begun(packet):
        _refuse("packet must be telemetry that is begun", _AZURE_INVALID_PARAMETER)
    data = _octets(data, "telemetry_data")
    wait = _milliseconds(wait_option)
    if len(data) + len(packet.topic) > _LARGEST_MESSAGE:
        _refuse("a hub takes 262144 bytes at most", _AZURE_MESSAGE_TOO_LONG)
    flags = packet.quality << 1 | packet.retain
    status, number = hub.send(packet.topic, data, flags, wait)
    if not status:
        nx_packet_release(packet)
    return status, number


def nx_azure_iot_hub_client_telemetry_ack_callback_set(hub, callback) -> int:
    """Set the function told of each acknowledged message: ``callback(hub, packet_id)``.

    :param callback: a callable, or None for none
    :return: NX_AZURE_IOT_SUCCESS; NX_AZURE_IOT_INVALID_PARAMETER; NX_AZURE_IOT_NOT_INITIALIZED
    """
    return _hub_call(hub, (), _callback_set, callback)


def _callback_set(hub, callback) -> None:
    hub.acknowledged_callback = _callable(callback)


def nx_azure_iot_hub_client_will_message_set(hub, packet, will_message, QoS: int) -> int:
    """Set the telemetry that the hub writes when the link is lost (an extension).

    The hub adds the property ``iothub-MessageType`` with the value ``Will``.

    :param packet: a message that is begun, with its properties; after success it is released
    :param will_message: ``str``, bytes, or None for an empty one
    :param int QoS: 0 or 1
    :return: NX_AZURE_IOT_SUCCESS; NX_AZURE_IOT_INVALID_PARAMETER; NX_AZURE_IOT_NOT_INITIALIZED
    """
    return _hub_call(hub, (), _will_set, packet, will_message, QoS)


def _will_set(hub, packet, will_message, quality: int) -> None:
    if not _is_begun(packet):
        _refuse("packet must be telemetry that is begun", _AZURE_INVALID_PARAMETER)
    _check_quality(quality)
    will_message = bytes(_octets(will_message, "will_message"))
    if len(will_message) > _LONGEST_TOPIC:
        _refuse("will_message exceeds 65535 bytes", _AZURE_INVALID_PARAMETER)
    hub.will = (packet.topic, will_message, int(quality) << 3 | packet.retain << 5)
    nx_packet_release(packet)
