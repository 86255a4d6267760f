# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Direct methods: what a service calls on a device, and the device's answer.

The answer goes out at QoS 1, so a link that is lost behind the call does not lose it; whether the
hub still wants it is the hub's affair. Commands are the same under the names of plug and play.
"""

from micropython import const

from .azure_iot_calls import _hub_call
from .azure_iot_feature import Feature
from .azure_iot_hub import NX_AZURE_IOT_HUB_CLIENT
from .azure_iot_text import decode, query
from .calls import _milliseconds, _octets, _refuse, _within

_AZURE_INVALID_PACKET = const(0x20004)
_AZURE_INVALID_PARAMETER = const(0x20002)
_AZURE_SUCCESS = const(0x00)
_AZURE_WRONG_STATE = const(0x20012)

_METHOD = const(2)
_QUALITY_1 = const(2)
_REQUESTS = b"$iothub/methods/POST/"
# So much of it tells it from others.
_METHODS = b"$iothub/methods/"


class Methods(Feature):
    """The feature of direct methods."""

    filters = (b"$iothub/methods/POST/#",)
    kinds = (_METHOD,)

    def kind_of(self, topic, at: int):
        """As ``Feature.kind_of``."""
        return _METHOD if topic.startswith(_METHODS) else None


class _Context:
    """One call of a method: what its answer is told by.

    :param bytes request: the hub's identifier of the call
    """

    def __init__(self, request: bytes):
        self.request = request

    def answered(self, _) -> None:
        """The answer is handed in."""
        self.request = None


def nx_azure_iot_hub_client_direct_method_enable(hub) -> int:
    """Ask for calls of methods, now or at the next connect.

    :return: NX_AZURE_IOT_SUCCESS; NX_AZURE_IOT_INVALID_PARAMETER; NX_AZURE_IOT_NOT_INITIALIZED
    """
    return _hub_call(hub, (), NX_AZURE_IOT_HUB_CLIENT.enable, Methods)


def nx_azure_iot_hub_client_direct_method_disable(hub) -> int:
    """Ask for no more calls of methods.

    :return: NX_AZURE_IOT_SUCCESS; NX_AZURE_IOT_NOT_ENABLED; NX_AZURE_IOT_DISCONNECTED;
        NX_AZURE_IOT_INVALID_PARAMETER; NX_AZURE_IOT_NOT_INITIALIZED
    """
    return _hub_call(hub, (), NX_AZURE_IOT_HUB_CLIENT.disable, Methods)


def nx_azure_iot_hub_client_direct_method_message_receive(hub, wait_option: int):
    """Take the oldest call of a method.

    :param int wait_option: ticks to wait for one
    :return: (status, method_name, context, packet): the name is ``str``, the context is for the
        answer, the packet has the payload, JSON or nothing. The statuses are those of
        ``nx_azure_iot_hub_client_cloud_message_receive``; NX_AZURE_IOT_INVALID_PACKET for a topic
        that is no call
    """
    return _hub_call(hub, (None, None, None), _receive, wait_option)


def _receive(hub, wait_option: int):
    status, packet = hub.receive(hub.feature(Methods), _METHOD, _milliseconds(wait_option))
    if status:
        return status
    topic = packet.topic
    request = query(topic, b"$rid")
    name, slash, _ = topic[len(_REQUESTS) :].rpartition(b"/?")
    if not (request and name and slash and topic.startswith(_REQUESTS)):
        _refuse("a call of a method without name or request id", _AZURE_INVALID_PACKET)
    try:
        return _AZURE_SUCCESS, str(decode(name), "utf-8"), _Context(request), packet
    except UnicodeError:
        return _refuse("a method's name is no UTF-8", _AZURE_INVALID_PACKET)


def nx_azure_iot_hub_client_direct_method_message_response(
    hub, status_code: int, context, payload, wait_option: int
) -> int:
    """Answer a call of a method, once; also on a later link than the one that brought it.

    :param int status_code: what the service is told, 200 for success by custom
    :param context: of the call
    :param payload: JSON as ``str`` or bytes; None or empty becomes ``{}``, as in C
    :param int wait_option: ticks to wait for room
    :return: NX_AZURE_IOT_SUCCESS; NX_AZURE_IOT_WRONG_STATE (it is answered);
        NX_AZURE_IOT_DISCONNECTED; NX_AZURE_IOT_MESSAGE_TOO_LONG; NXD_MQTT_PACKET_POOL_FAILURE;
        NX_AZURE_IOT_INVALID_PARAMETER; NX_AZURE_IOT_NOT_INITIALIZED
    """
    return _hub_call(hub, (), _respond, status_code, context, payload, wait_option)


def _respond(hub, status_code: int, context, payload, wait_option: int) -> int:
    if not isinstance(context, _Context):
        _refuse("context must be that of a call", _AZURE_INVALID_PARAMETER)
    if not _within(status_code, -(1 << 31), (1 << 31) - 1):
        _refuse("status_code must be a number", _AZURE_INVALID_PARAMETER)
    payload = _octets(payload, "payload")
    wait = _milliseconds(wait_option)
    if context.request is None:
        _refuse("the call is answered already", _AZURE_WRONG_STATE)
    topic = b"$iothub/methods/res/%d/?$rid=%s" % (status_code, context.request)
    return hub.send(topic, payload if len(payload) else b"{}", _QUALITY_1, wait, context.answered)[
        0
    ]


nx_azure_iot_hub_client_command_enable = nx_azure_iot_hub_client_direct_method_enable
nx_azure_iot_hub_client_command_disable = nx_azure_iot_hub_client_direct_method_disable


def nx_azure_iot_hub_client_command_message_receive(hub, wait_option: int):
    """Take the oldest command: a method whose name may begin with a component's.

    :param int wait_option: ticks to wait for one
    :return: (status, component_name, command_name, context, packet), as
        ``nx_azure_iot_hub_client_direct_method_message_receive``; the component is None for the
        device itself
    """
    return _hub_call(hub, (None, None, None, None), _command_receive, wait_option)


def _command_receive(hub, wait_option: int):
    found = _receive(hub, wait_option)
    if not isinstance(found, tuple):
        return found
    status, name, context, packet = found
    component, star, command = name.partition("*")
    if not star:
        component, command = None, name
    return status, component, command, context, packet


nx_azure_iot_hub_client_command_message_response = (
    nx_azure_iot_hub_client_direct_method_message_response
)
