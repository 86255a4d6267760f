# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The twin's functions: read it, report properties, take what is desired.

What a twin holds is JSON. ``nx_azure_iot_hub_client_properties_`` and ``..._device_twin_`` are two
names of the same; the first ones are plug and play's.
"""

from micropython import const

from .azure_iot_calls import _callable, _hub_call
from .azure_iot_hub import AGAIN, NX_AZURE_IOT_HUB_CLIENT
from .azure_iot_twin import (
    DESIRED,
    DOCUMENT,
    LOST,
    Twin,
    answer_status,
    desired_section,
    is_good,
    is_whole,
)
from .calls import _milliseconds, _octets, _refuse

_AZURE_DISCONNECTED = const(0x2000C)
_AZURE_INSUFFICIENT_BUFFER_SPACE = const(0x20003)
_AZURE_INVALID_PACKET = const(0x20004)
_AZURE_INVALID_PARAMETER = const(0x20002)
_AZURE_NO_PACKET = const(0x20005)
_AZURE_NOT_ENABLED = const(0x20007)
_AZURE_SERVER_RESPONSE_ERROR = const(0x2000E)
_AZURE_SUCCESS = const(0x00)
_AZURE_THROTTLED = const(0x20015)

_TOO_MANY_REQUESTS = const(429)


def nx_azure_iot_hub_client_device_twin_enable(hub) -> int:
    """Use the twin: subscribe to answers and to desired properties, now or at the next connect.

    :return: NX_AZURE_IOT_SUCCESS; NX_AZURE_IOT_INVALID_PARAMETER; NX_AZURE_IOT_NOT_INITIALIZED
    """
    return _hub_call(hub, (), NX_AZURE_IOT_HUB_CLIENT.enable, Twin)


def nx_azure_iot_hub_client_device_twin_disable(hub) -> int:
    """Use the twin no more.

    :return: NX_AZURE_IOT_SUCCESS; NX_AZURE_IOT_NOT_ENABLED; NX_AZURE_IOT_DISCONNECTED;
        NX_AZURE_IOT_INVALID_PARAMETER; NX_AZURE_IOT_NOT_INITIALIZED
    """
    return _hub_call(hub, (), NX_AZURE_IOT_HUB_CLIENT.disable, Twin)


def nx_azure_iot_hub_client_device_twin_reported_properties_send(hub, message, wait_option: int):
    """Report properties, and wait for the hub's answer.

    The patch is kept until the hub has acknowledged it, and sent again on a new link. An answer
    that comes when the wait is over goes to the callback.

    :param message: JSON, ``str`` or bytes; null deletes a property
    :param int wait_option: ticks for room and answer
    :return: (status, request_id, response_status, version): with NX_AZURE_IOT_SUCCESS the hub has
        answered, and ``response_status`` says what: 200 or 204 done, 400 not understood, 429 too
        often, 5xx an error of the hub's. The other statuses: NX_AZURE_IOT_NO_PACKET (handed in, not
        answered yet); NX_AZURE_IOT_DISCONNECTED (not handed in; or with
        a request_id, the link was lost behind the patch, and the answer with it);
        NX_AZURE_IOT_THROTTLED (not handed in: the hub
        wants a pause); NX_AZURE_IOT_NOT_ENABLED; NX_AZURE_IOT_NO_SUBSCRIBE_ACK;
        NX_AZURE_IOT_MESSAGE_TOO_LONG; NX_AZURE_IOT_INSUFFICIENT_BUFFER_SPACE (eight are open, or
        the queue is full of other kinds); NXD_MQTT_PACKET_POOL_FAILURE;
        NX_AZURE_IOT_INVALID_PARAMETER; NX_AZURE_IOT_NOT_INITIALIZED
    """
    return _hub_call(hub, (0, 0, 0), _report, message, wait_option)


def nx_azure_iot_hub_client_reported_properties_send(hub, message, wait_option: int):
    """The same under plug and play's name: as in C what is not answered yet is a success.

    :return: (status, request_id, response_status, version); ``response_status`` 0 is no answer yet
    """
    found = _hub_call(hub, (0, 0, 0), _report, message, wait_option)
    if found[0] == _AZURE_NO_PACKET:
        return (_AZURE_SUCCESS,) + found[1:]
    return found


def _report(hub, message, wait_option: int):
    message = _octets(message, "message")
    if not len(message):
        _refuse("message is empty", _AZURE_INVALID_PARAMETER)
    wait = _milliseconds(wait_option)
    twin = hub.feature(Twin)
    if not twin:
        return _AZURE_NOT_ENABLED
    start = hub._ip.clock()
    # A call that is awaited is made again and again, with what is left of its wait.
    kept = hub.keeper.awaiting if hub.keeper else None
    report = kept[0] if kept else None
    if not report:
        status, report = twin.report(message, wait, wait != 0)
        if status:
            return status
        if kept:
            kept[0] = report
    return _answer(hub, twin, report, hub._remaining(start, wait))


def _answer(hub, twin, report, wait: int):
    found = None
    try:
        found = hub.wait_for(lambda: twin.outcome(report), wait)
    finally:
        # Who waits no longer is not told by the call.
        if found != AGAIN:
            report.awaited = False
    if found is not report:
        if found is None:
            # The patch is handed in, whatever the link does.
            found = _AZURE_INSUFFICIENT_BUFFER_SPACE if hub.held() else _AZURE_NO_PACKET
        return found, report.number, 0, 0
    twin.forget(report)
    if report.status == LOST:
        return _AZURE_DISCONNECTED, report.number, 0, 0
    return _AZURE_SUCCESS, report.number, report.status, report.version


def nx_azure_iot_hub_client_reported_properties_response_callback_set(
    hub, callback, callback_args=None
) -> int:
    """Set the function told of answers that no call waits for.

    :param callback: ``callback(hub, request_id, response_status, version, args)``, or None; it
        needs the twin to be enabled. Status 0: the link was lost behind the patch, and the answer
        with it
    :return: NX_AZURE_IOT_SUCCESS; NX_AZURE_IOT_NOT_ENABLED; NX_AZURE_IOT_INVALID_PARAMETER;
        NX_AZURE_IOT_NOT_INITIALIZED
    """
    return _hub_call(hub, (), _callback_set, callback, callback_args)


def _callback_set(hub, callback, argument):
    told = (callback, argument) if _callable(callback) else None
    twin = hub.feature(Twin)
    if not twin:
        return _AZURE_NOT_ENABLED
    twin.callback = told
    return _AZURE_SUCCESS


def nx_azure_iot_hub_client_device_twin_properties_request(hub, wait_option: int) -> int:
    """Ask for the whole twin, which ``..._device_twin_properties_receive`` then takes.

    :param int wait_option: ticks to wait for room
    :return: NX_AZURE_IOT_SUCCESS when the question is on its way; NX_AZURE_IOT_DISCONNECTED;
        NX_AZURE_IOT_THROTTLED; NX_AZURE_IOT_NOT_ENABLED; NXD_MQTT_PACKET_POOL_FAILURE;
        NX_AZURE_IOT_INVALID_PARAMETER; NX_AZURE_IOT_NOT_INITIALIZED
    """
    return _hub_call(hub, (), _request, wait_option)


def _request(hub, wait_option: int) -> int:
    wait = _milliseconds(wait_option)
    twin = hub.feature(Twin)
    if not twin:
        return _AZURE_NOT_ENABLED
    return _AZURE_THROTTLED if twin.throttled() else twin.read(wait)


def nx_azure_iot_hub_client_device_twin_properties_receive(hub, wait_option: int):
    """Take the whole twin that was asked for.

    :param int wait_option: ticks to wait for it
    :return: (status, packet), as ``nx_azure_iot_hub_client_cloud_message_receive``; also
        NX_AZURE_IOT_DISCONNECTED (the link was lost behind the question: ask again);
        NX_AZURE_IOT_NO_PACKET (also when the hub has not answered for a minute: ask again);
        NX_AZURE_IOT_THROTTLED; NX_AZURE_IOT_SERVER_RESPONSE_ERROR (``hub.reason`` has the hub's
        number); NX_AZURE_IOT_INVALID_PACKET (it is no JSON)
    """
    return _hub_call(hub, (None,), _document_receive, wait_option)


def _document_receive(hub, wait_option: int):
    twin = hub.feature(Twin)
    found = hub.receive(twin, DOCUMENT, _milliseconds(wait_option))
    status, packet = found
    if status:
        return found
    answer = answer_status(packet.topic)
    if not is_good(answer):
        status = _AZURE_SERVER_RESPONSE_ERROR
        if answer == _TOO_MANY_REQUESTS:
            status = _AZURE_THROTTLED
        _refuse("the hub answers %d" % answer, status)
    _, version = _section(packet)
    twin.taken(packet, version)
    return found


def _section(packet):
    try:
        return desired_section(packet.topic, packet.data)
    except ValueError:
        return _refuse("the twin is no JSON with desired properties", _AZURE_INVALID_PACKET)


def nx_azure_iot_hub_client_device_twin_desired_properties_receive(hub, wait_option: int):
    """Take the next desired properties: a patch, or after a reconnect the whole section.

    In a patch null is a property that was deleted. A whole section, which ``packet.whole`` tells,
    does not have it at all.

    :param int wait_option: ticks to wait for them
    :return: (status, packet), as ``nx_azure_iot_hub_client_cloud_message_receive``; also
        NX_AZURE_IOT_INVALID_PACKET (it is no JSON)
    """
    return _hub_call(hub, (None,), _desired_receive, wait_option)


def _desired_receive(hub, wait_option: int):
    twin = hub.feature(Twin)
    found = hub.receive(twin, DESIRED, _milliseconds(wait_option))
    status, packet = found
    if not status:
        packet.data, version = _section(packet)
        packet.whole = is_whole(packet.topic)
        twin.taken(packet, version)
    return found


nx_azure_iot_hub_client_properties_enable = nx_azure_iot_hub_client_device_twin_enable
nx_azure_iot_hub_client_properties_disable = nx_azure_iot_hub_client_device_twin_disable
nx_azure_iot_hub_client_properties_request = nx_azure_iot_hub_client_device_twin_properties_request
nx_azure_iot_hub_client_properties_receive = nx_azure_iot_hub_client_device_twin_properties_receive
nx_azure_iot_hub_client_writable_properties_receive = (
    nx_azure_iot_hub_client_device_twin_desired_properties_receive
)
