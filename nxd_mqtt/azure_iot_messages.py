# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Messages that the cloud sends to a device, with their properties.

A message is acknowledged, and so completed at the hub, when it is in the receive queue, or with
``NXD_MQTT_ACK_ON_GET`` when the program has taken it.
"""

from micropython import const

from .azure_iot_calls import _hub_call, _name
from .azure_iot_feature import Feature
from .azure_iot_hub import NX_AZURE_IOT_HUB_CLIENT
from .azure_iot_packet import NX_PACKET
from .azure_iot_text import devicebound_filter, properties, property_value
from .calls import _milliseconds, _refuse

_AZURE_INVALID_PACKET = const(0x20004)
_AZURE_INVALID_PARAMETER = const(0x20002)
_AZURE_NOT_FOUND = const(0x20006)
_AZURE_SUCCESS = const(0x00)

_CLOUD_MESSAGE = const(1)
_DEVICES = b"devices/"
_BEFORE_BAG = b"/messages/devicebound/"


class CloudMessages(Feature):
    """The feature of messages from the cloud."""

    kinds = (_CLOUD_MESSAGE,)

    def __init__(self, hub):
        Feature.__init__(self, hub)
        self.filters = (devicebound_filter(hub.access.device),)

    def kind_of(self, topic, at: int):
        """As ``Feature.kind_of``."""
        return _CLOUD_MESSAGE if topic.startswith(_DEVICES) else None


def nx_azure_iot_hub_client_cloud_message_enable(hub) -> int:
    """Ask for messages from the cloud, now or at the next connect.

    :return: NX_AZURE_IOT_SUCCESS; NX_AZURE_IOT_INVALID_PARAMETER; NX_AZURE_IOT_NOT_INITIALIZED
    """
    return _hub_call(hub, (), NX_AZURE_IOT_HUB_CLIENT.enable, CloudMessages)


def nx_azure_iot_hub_client_cloud_message_disable(hub) -> int:
    """Ask for no more messages from the cloud; those that have come are dropped.

    :return: NX_AZURE_IOT_SUCCESS; NX_AZURE_IOT_NOT_ENABLED; NX_AZURE_IOT_DISCONNECTED;
        NX_AZURE_IOT_INVALID_PARAMETER; NX_AZURE_IOT_NOT_INITIALIZED
    """
    return _hub_call(hub, (), NX_AZURE_IOT_HUB_CLIENT.disable, CloudMessages)


def nx_azure_iot_hub_client_cloud_message_receive(hub, wait_option: int):
    """Take the oldest message from the cloud.

    :param int wait_option: ticks to wait for one
    :return: (status, packet). The statuses: NX_AZURE_IOT_SUCCESS; NX_AZURE_IOT_NO_PACKET;
        NX_AZURE_IOT_DISCONNECTED; NX_AZURE_IOT_NOT_ENABLED; NX_AZURE_IOT_MESSAGE_TOO_LONG (one came
        that is larger than the receive queue; it is gone); NX_AZURE_IOT_NO_SUBSCRIBE_ACK;
        NX_AZURE_IOT_INSUFFICIENT_BUFFER_SPACE (the queue is full of other kinds: take those first);
        NX_AZURE_IOT_INVALID_PARAMETER; NX_AZURE_IOT_NOT_INITIALIZED
    """
    return _hub_call(hub, (None,), _receive, wait_option)


def _receive(hub, wait_option: int):
    feature = hub.feature(CloudMessages)
    return hub.receive(feature, _CLOUD_MESSAGE, _milliseconds(wait_option))


def _bag(hub, packet) -> bytes:
    """The property bag of a message, not decoded."""
    if not isinstance(packet, NX_PACKET) or packet.topic is None:
        _refuse("packet must be a received one", _AZURE_INVALID_PARAMETER)
    _, found, bag = packet.topic.partition(_BEFORE_BAG)
    if not found:
        _refuse("packet must be a message from the cloud", _AZURE_INVALID_PARAMETER)
    return bag


def nx_azure_iot_hub_client_cloud_message_property_get(hub, packet, property_name):
    """Ask for a property of a message, decoded.

    :param packet: a message from the cloud
    :param property_name: ``str`` or bytes; system properties begin with ``$``, as ``$.mid``
    :return: (status, value). The value is ``str``, None with an error. The statuses:
        NX_AZURE_IOT_SUCCESS; NX_AZURE_IOT_NOT_FOUND; NX_AZURE_IOT_INVALID_PACKET (the value is no
        UTF-8); NX_AZURE_IOT_INVALID_PARAMETER; NX_AZURE_IOT_NOT_INITIALIZED
    """
    return _hub_call(hub, (None,), _property_get, packet, property_name)


def _property_get(hub, packet, property_name):
    value = property_value(_bag(hub, packet), _name(property_name, "property_name"))
    if value is None:
        return _AZURE_NOT_FOUND
    return _AZURE_SUCCESS, _string(value)


def _string(value: bytes) -> str:
    try:
        return str(value, "utf-8")
    except UnicodeError:
        return _refuse("a property is no UTF-8", _AZURE_INVALID_PACKET)


def nx_azure_iot_hub_client_cloud_message_properties_get(hub, packet):
    """Ask for all properties of a message, decoded and in their order (an extension).

    :param packet: a message from the cloud
    :return: (status, list of (name, value)), as ``..._cloud_message_property_get``
    """
    return _hub_call(hub, (None,), _properties_get, packet)


def _properties_get(hub, packet):
    pairs = properties(_bag(hub, packet))
    return _AZURE_SUCCESS, [(_string(name), _string(value)) for name, value in pairs]
