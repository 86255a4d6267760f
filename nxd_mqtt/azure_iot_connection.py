# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A hub client's life: who it is, how it proves it, and when it is connected.

Waits are in ticks of 10 ms. After a refused call ``hub.reason`` says what was wrong with it; keys
and tokens are in no text.
"""

import gc as _gc
from time import time as _time  # `import *` must not hand a program another `time`

from micropython import const

from .azure_iot_access import Access
from .azure_iot_calls import _callable, _hub_call, _hub_refused, _name, _usable
from .azure_iot_hub import NX_AZURE_IOT_HUB_CLIENT
from .azure_iot_reconnect import HubBackoff
from .azure_iot_sas import decode_key
from .azure_iot_text import check_id, client_id, connection_string
from .calls import _connect as _connect_to
from .calls import _milliseconds, _refuse, _text, _within
from .nxd import (
    NX_IP,
    NX_PACKET_POOL,
    nxd_mqtt_client_create,
    nxd_mqtt_client_delete,
)
from .status import MQTTError

_AZURE_ALREADY_CONNECTED = const(0x2000A)
_AZURE_CONNECTING = const(0x2000B)
_AZURE_INSUFFICIENT_BUFFER_SPACE = const(0x20003)
_AZURE_INVALID_PARAMETER = const(0x20002)
_AZURE_NOT_INITIALIZED = const(0x20008)
_AZURE_NOT_SUPPORTED = const(0x20009)
_AZURE_SUCCESS = const(0x00)

_IN_PROGRESS = const(0x37)
_INVALID_STATE = const(0x10012)
_STATE_IDLE = const(1)
_STATE_CONNECTING = const(2)
_STATE_CONNECTED = const(3)

# Seconds; the hub closes links that are silent for one and a half of it.
_KEEPALIVE = const(240)
# Bytes of the receive queue: a twin of medium size, or some messages.
_QUEUE_BYTES = const(4096)
# As many as C has room for.
_MOST_ROOTS = const(4)
_MOST_CERTIFICATES = const(2)
_MOST_COMPONENTS = const(4)
_LONGEST_LIFE = const(31536000)
_LONGEST_TICKS = const((1 << 27) // 10)
_MILLISECONDS_PER_TICK = const(10)

_WEBSOCKET_PATH = "/$iothub/websocket"

# What a program may set a callback for, and the kind that the queue knows it by.
_KINDS = {1: 1, 2: 2, 4: 3, 8: 4}


class NX_AZURE_IOT:
    """The control block of what all hub clients share, filled by ``nx_azure_iot_create``."""

    ip = pool = unix_time = None


def nx_azure_iot_create(
    azure,
    name,
    ip,
    pool,
    dns=None,
    stack=None,
    stack_size: int = 0,
    priority: int = 0,
    unix_time=None,
) -> int:
    """Say what hub clients stand on (``nx_azure_iot_create``).

    :param NX_AZURE_IOT azure: the control block
    :param name: for people
    :param NX_IP ip: the network
    :param NX_PACKET_POOL pool: the measures of the transmit store; a CONNECT with a token needs a
        ``payload_size`` of 768 bytes
    :param dns: ignored, as are stack, stack_size and priority
    :param unix_time: callable, seconds since 1970; default ``time.time``
    :return: NX_AZURE_IOT_SUCCESS; NX_AZURE_IOT_INVALID_PARAMETER
    """
    good = isinstance(azure, NX_AZURE_IOT) and isinstance(ip, NX_IP)
    if not good or not isinstance(pool, NX_PACKET_POOL):
        return _AZURE_INVALID_PARAMETER
    if unix_time is not None and not callable(unix_time):
        return _AZURE_INVALID_PARAMETER
    azure.ip = ip
    azure.pool = pool
    azure.unix_time = unix_time or _time
    return _AZURE_SUCCESS


def nx_azure_iot_delete(azure) -> int:
    """Give the shared part up, when no client stands on it any more.

    :return: NX_AZURE_IOT_SUCCESS; NX_AZURE_IOT_INVALID_PARAMETER
    """
    if not isinstance(azure, NX_AZURE_IOT):
        return _AZURE_INVALID_PARAMETER
    azure.ip = azure.pool = azure.unix_time = None
    return _AZURE_SUCCESS


def nx_azure_iot_connection_string_parse(text):
    """Take a device's connection string apart (an extension).

    :param text: as the portal shows it, ``str``
    :return: (status, settings, cause). The settings are a dict of ``host_name``, ``device_id``,
        ``module_id``, ``symmetric_key``, ``gateway_host`` and ``x509``, None for what is not there;
        with NX_AZURE_IOT_INVALID_PARAMETER None, and the cause says what is wrong
    """
    if not isinstance(text, str):
        return _AZURE_INVALID_PARAMETER, None, "the connection string must be str"
    try:
        return _AZURE_SUCCESS, connection_string(text), None
    except ValueError as error:
        return _AZURE_INVALID_PARAMETER, None, str(error)


def nx_azure_iot_hub_client_initialize(
    hub,
    azure,
    host_name,
    device_id,
    module_id=None,
    crypto_array=None,
    crypto_array_size: int = 0,
    cipher_map=None,
    cipher_map_size: int = 0,
    metadata_memory=None,
    memory_size: int = 0,
    trusted_certificate=None,
) -> int:
    """Create a hub client: every buffer that it will ever use is made here.

    :param NX_AZURE_IOT_HUB_CLIENT hub: the control block
    :param NX_AZURE_IOT azure: what it stands on
    :param host_name: of the hub, as ``name.azure-devices.net``
    :param device_id: 1 to 128 characters that a hub allows
    :param module_id: of a module of the device, or None
    :param crypto_array: ignored, as are the three behind it
    :param metadata_memory: a bytearray for the receive queue, or None to make one
    :param int memory_size: bytes of the receive queue, 0 for all of the memory or 4,096
    :param NX_SECURE_X509_CERT trusted_certificate: a root to trust, or None
    :return: NX_AZURE_IOT_SUCCESS; NX_AZURE_IOT_INVALID_PARAMETER; the statuses of
        ``nxd_mqtt_client_create``
    """
    if not isinstance(hub, NX_AZURE_IOT_HUB_CLIENT) or not isinstance(azure, NX_AZURE_IOT):
        return _AZURE_INVALID_PARAMETER
    if not azure.ip:
        return _AZURE_NOT_INITIALIZED
    try:
        access = _access(azure, host_name, device_id, module_id)
        if trusted_certificate is not None:
            access.trusted.append(_certificate(trusted_certificate))
    except MQTTError as error:
        return _hub_refused(hub, error)
    if not memory_size and metadata_memory is None:
        memory_size = _QUEUE_BYTES
    name = client_id(access.device, access.module)
    memory = {"memory": metadata_memory, "memory_size": memory_size}
    status = nxd_mqtt_client_create(hub, "hub client", name, azure.ip, azure.pool, **memory)
    if not status:
        hub.begin(access)
    return status


def _access(azure, host_name, device_id, module_id) -> Access:
    host = _host(host_name, "host_name")
    device = _name(device_id, "device_id")
    _usable(check_id, device, "device_id")
    module = b"" if module_id is None else bytes(_text(module_id, "module_id"))
    if module:
        _usable(check_id, module, "module_id")
    return Access(azure, host, device, module)


def _host(value, what: str) -> bytes:
    host = _name(value, what)
    if min(host) <= 0x20 or max(host) > 0x7E or b"/" in host:
        _refuse(what + " must be a name without spaces", _AZURE_INVALID_PARAMETER)
    return host


def _certificate(certificate):
    if not getattr(certificate, "data", None):
        _refuse("certificate is not initialized", _AZURE_INVALID_PARAMETER)
    return certificate


def nx_azure_iot_hub_client_deinitialize(hub) -> int:
    """Disconnect and give the client up; its control block can be initialized again.

    :return: NX_AZURE_IOT_SUCCESS; NX_AZURE_IOT_INVALID_PARAMETER; NX_AZURE_IOT_NOT_INITIALIZED
    """
    return _hub_call(hub, (), nxd_mqtt_client_delete)


# -- what proves who it is, before connect ----------------------------------------------------


def nx_azure_iot_hub_client_symmetric_key_set(hub, symmetric_key) -> int:
    """Sign a token with the device's key at every connect.

    :param symmetric_key: base64, as the portal shows it, ``str`` or bytes
    :return: NX_AZURE_IOT_SUCCESS; NX_AZURE_IOT_INVALID_PARAMETER; NX_AZURE_IOT_NOT_INITIALIZED
    """
    return _hub_call(hub, (), _key_set, symmetric_key)


def _key_set(hub, symmetric_key) -> None:
    if not isinstance(symmetric_key, (str, bytes, bytearray)):
        _refuse("the key must be str or bytes", _AZURE_INVALID_PARAMETER)
    hub.access.key = _usable(decode_key, symmetric_key)
    hub.access.token = None


def nx_azure_iot_hub_client_sas_token_set(hub, token) -> int:
    """Use tokens that somebody else has signed (an extension).

    :param token: ``str`` or bytes, used until it expires; or a callable asked before every CONNECT,
        which lets the client renew it in time
    :return: NX_AZURE_IOT_SUCCESS; NX_AZURE_IOT_INVALID_PARAMETER; NX_AZURE_IOT_NOT_INITIALIZED
    """
    return _hub_call(hub, (), _token_set, token)


def _token_set(hub, token) -> None:
    hub.access.token = token if callable(token) else _name(token, "token")
    hub.access.key = None


def nx_azure_iot_hub_client_token_life_set(hub, seconds: int) -> int:
    """Say how long the tokens that the client signs are good for (an extension).

    :param int seconds: 60 to 31,536,000; 3,600 unless it is set; at 85 % of it a new one is used
    :return: NX_AZURE_IOT_SUCCESS; NX_AZURE_IOT_INVALID_PARAMETER; NX_AZURE_IOT_NOT_INITIALIZED
    """
    return _hub_call(hub, (), _life_set, seconds)


def _life_set(hub, seconds: int) -> None:
    if not _within(seconds, 60, _LONGEST_LIFE):
        _refuse("a token's life must be 60 to 31536000 seconds", _AZURE_INVALID_PARAMETER)
    hub.access.life = seconds


def nx_azure_iot_hub_client_device_cert_set(hub, device_certificate) -> int:
    """Show the hub a certificate with its key, instead of a token; more of them are its chain.

    :param NX_SECURE_X509_CERT device_certificate: initialized, with the private key
    :return: NX_AZURE_IOT_SUCCESS; NX_AZURE_IOT_INSUFFICIENT_BUFFER_SPACE (there are two);
        NX_AZURE_IOT_INVALID_PARAMETER; NX_AZURE_IOT_NOT_INITIALIZED
    """
    return _hub_call(hub, (), _show, device_certificate)


def _show(hub, certificate) -> int:
    status = _add(hub, "local", _MOST_CERTIFICATES, certificate)
    if not status:
        hub.access.key = hub.access.token = None
    return status


def nx_azure_iot_hub_client_trusted_cert_add(hub, trusted_certificate) -> int:
    """Trust hubs whose chain leads to this root, and to others that are added.

    Without any the platform's roots are trusted.

    :param NX_SECURE_X509_CERT trusted_certificate: initialized
    :return: NX_AZURE_IOT_SUCCESS; NX_AZURE_IOT_INSUFFICIENT_BUFFER_SPACE (there are four);
        NX_AZURE_IOT_INVALID_PARAMETER; NX_AZURE_IOT_NOT_INITIALIZED
    """
    return _hub_call(hub, (), _add, "trusted", _MOST_ROOTS, trusted_certificate)


def _add(hub, which: str, most: int, certificate) -> int:
    certificates = getattr(hub.access, which)
    if len(certificates) == most:
        return _AZURE_INSUFFICIENT_BUFFER_SPACE
    certificates.append(_certificate(certificate))
    return _AZURE_SUCCESS


# -- what it says of itself, and where it connects --------------------------------------------


def nx_azure_iot_hub_client_model_id_set(hub, model_id) -> int:
    """Announce the model of a plug and play device.

    :param model_id: as ``dtmi:com:example:Thermostat;1``
    :return: NX_AZURE_IOT_SUCCESS; NX_AZURE_IOT_INVALID_PARAMETER; NX_AZURE_IOT_NOT_INITIALIZED
    """
    return _hub_call(hub, (), _model_id_set, model_id)


def _model_id_set(hub, model_id) -> None:
    hub.access.model = _name(model_id, "model_id")


def nx_azure_iot_hub_client_component_add(hub, component_name) -> int:
    """Name a component of the model; four at most, as in C, where receiving properties needs it.

    Here nothing does: commands and telemetry carry the names of their components themselves.

    :return: NX_AZURE_IOT_SUCCESS; NX_AZURE_IOT_INSUFFICIENT_BUFFER_SPACE;
        NX_AZURE_IOT_INVALID_PARAMETER; NX_AZURE_IOT_NOT_INITIALIZED
    """
    return _hub_call(hub, (), _component_add, component_name)


def _component_add(hub, component_name) -> int:
    name = _name(component_name, "component_name")
    if len(hub.components) == _MOST_COMPONENTS:
        return _AZURE_INSUFFICIENT_BUFFER_SPACE
    hub.components.append(name)
    return _AZURE_SUCCESS


def nx_azure_iot_hub_client_websocket_enable(hub) -> int:
    """Connect by WebSocket, port 443, where 8883 is closed.

    :return: NX_AZURE_IOT_SUCCESS; NX_AZURE_IOT_INVALID_PARAMETER; NX_AZURE_IOT_NOT_INITIALIZED
    """
    return _hub_call(hub, (), _websocket_enable)


def _websocket_enable(hub) -> None:
    hub.access.websocket = True


def nx_azure_iot_hub_client_server_set(hub, host, port: int = 0, tls: int = 1) -> int:
    """Connect to another host than the hub's name says: a gateway, or a hub at one's desk.

    User name and token keep the hub's name; the certificate must have that of the host (an
    extension).

    :param host: name or address, None for the hub's own
    :param int port: 0 for the usual one
    :param int tls: NX_FALSE sends the token unencrypted: for a hub at one's desk only
    :return: NX_AZURE_IOT_SUCCESS; NX_AZURE_IOT_INVALID_PARAMETER; NX_AZURE_IOT_NOT_INITIALIZED
    """
    return _hub_call(hub, (), _server_set, host, port, tls)


def _server_set(hub, host, port: int, tls: int) -> None:
    if not _within(port, 0, 65535) or not _within(tls, 0, 1):
        _refuse("port must be 0 to 65535, tls 0 or 1", _AZURE_INVALID_PARAMETER)
    if host is not None:
        hub.access.server = str(_host(host, "host"), "utf-8")
    hub.access.port = port
    hub.access.secure = bool(tls)


# -- connecting -------------------------------------------------------------------------------


def nx_azure_iot_hub_client_reconnect_set(hub, minimum_ticks: int, maximum_ticks: int) -> int:
    """Let the client connect again by itself, as ``nxd_mqtt_client_reconnect_set`` (an extension).

    A refused login is final. Who is being replaced by another program with the same id, which the
    status callback is told by NX_AZURE_IOT_REPLACED, waits for at least half of the longest pause.

    :param int minimum_ticks: the shortest pause, 10 ms each
    :param int maximum_ticks: the longest pause; 0 for both turns it off (the default, as in C)
    :return: NX_AZURE_IOT_SUCCESS; NX_AZURE_IOT_INVALID_PARAMETER; NX_AZURE_IOT_NOT_INITIALIZED;
        NXD_MQTT_INVALID_STATE with a link, or on the way to one
    """
    return _hub_call(hub, (), _reconnect_set, minimum_ticks, maximum_ticks)


def _reconnect_set(hub, minimum: int, maximum: int) -> None:
    backoff = None
    if maximum != 0 or minimum != 0:
        if not _within(maximum, 1, _LONGEST_TICKS) or not _within(minimum, 1, maximum):
            cause = "the pauses must be ticks from 1 on, the shorter one first"
            _refuse(cause, _AZURE_INVALID_PARAMETER)
        from random import randint

        ticks = _MILLISECONDS_PER_TICK
        backoff = HubBackoff(minimum * ticks, maximum * ticks, randint, hub.rivals)
    with hub._lock:
        if hub.state != _STATE_IDLE:
            _refuse("call it before connect, or after disconnect", _INVALID_STATE)
        hub.backoff = backoff


def nx_azure_iot_hub_client_connect(hub, clean_session: int, wait_option: int) -> int:
    """Connect, with a new token; subscribes for all features that are enabled.

    :param int clean_session: NX_FALSE to go on with what the hub keeps for the device, which is
        what IoT Hub is made for; NX_TRUE to begin anew
    :param int wait_option: ticks for all of it; with NX_NO_WAIT poll goes on with it and the status
        callback is told how it ended
    :return: NX_AZURE_IOT_SUCCESS; NX_AZURE_IOT_CONNECTING; NX_AZURE_IOT_ALREADY_CONNECTED;
        NX_AZURE_IOT_TIME_NOT_SET; NX_AZURE_IOT_SAS_TOKEN_EXPIRED; NX_AZURE_IOT_INVALID_PARAMETER;
        NX_AZURE_IOT_NOT_INITIALIZED; those of ``nxd_mqtt_client_secure_connect``, above all
        NXD_MQTT_ERROR_NOT_AUTHORIZED and NXD_MQTT_ERROR_BAD_USERNAME_PASSWORD: the hub does not
        know the device, has disabled it, or its key is another one
    """
    return _hub_call(hub, (), _connect, clean_session, wait_option)


def _connect(hub, clean_session: int, wait_option: int) -> int:
    access = hub.access
    wait = _milliseconds(wait_option)
    joins = hub.state == _STATE_CONNECTING and wait and hub.backoff
    if hub.state >= _STATE_CONNECTING and not joins:
        connected = hub.state == _STATE_CONNECTED
        return _AZURE_ALREADY_CONNECTED if connected else _AZURE_CONNECTING
    access.check()
    # A clean session gives all subscriptions up.
    hub.wanting = True
    status = _open(hub, access, clean_session, wait_option)
    if status == _IN_PROGRESS:
        if not (hub.keeper and hub.keeper.awaiting and wait):
            return _AZURE_CONNECTING
        # Who awaits the call goes on with it, and says that at its end.
        hub.keeper.awaiting[0] = _AZURE_CONNECTING
        return status
    # As in C the callback is told of failures, too.
    hub.settle()
    return status


def _open(hub, access, clean_session: int, wait_option: int) -> int:
    if access.websocket:
        from .websocket import nxd_mqtt_client_websocket_set

        status = nxd_mqtt_client_websocket_set(hub, access.server, _WEBSOCKET_PATH)
        if status:
            return status
    secure = None
    if access.secure:
        from .tls import _Secure

        secure = _Secure(hub, access.setup)
    # Not by the client's own faces: what opens a link would stand on their frames.
    clean = bool(clean_session)
    where = access.where()
    return _connect_to(hub, access.server, where, _KEEPALIVE, clean, wait_option, secure)


def nx_azure_iot_hub_client_disconnect(hub) -> int:
    """End the link in order, or give up connecting; unread messages go.

    :return: NX_AZURE_IOT_SUCCESS, connected or not; NX_AZURE_IOT_INVALID_PARAMETER;
        NX_AZURE_IOT_NOT_INITIALIZED
    """
    return _hub_call(hub, (), NX_AZURE_IOT_HUB_CLIENT.leave)


# -- callbacks and figures --------------------------------------------------------------------


def nx_azure_iot_hub_client_connection_status_callback_set(hub, connection_status_cb) -> int:
    """Set the function told how it stands with the connection: ``callback(hub, status)``.

    NX_AZURE_IOT_SUCCESS: connected; NX_AZURE_IOT_DISCONNECTED: the link is lost;
    NX_AZURE_IOT_SAS_TOKEN_EXPIRED: lost when the token's time had passed; NX_AZURE_IOT_REPLACED:
    lost, as twice before, because the hub seems to have another link for this device; others: an
    attempt to connect has failed. A planned renewal of the token is not told.

    :param connection_status_cb: a callable, or None for none
    :return: NX_AZURE_IOT_SUCCESS; NX_AZURE_IOT_INVALID_PARAMETER; NX_AZURE_IOT_NOT_INITIALIZED
    """
    return _hub_call(hub, (), _status_callback_set, connection_status_cb)


def _status_callback_set(hub, callback) -> None:
    hub.status_callback = _callable(callback)


def nx_azure_iot_hub_client_receive_callback_set(
    hub, message_type: int, callback, callback_args=None
) -> int:
    """Set the function told of each message of a type: ``callback(hub, callback_args)``.

    It is told of one that was too large for the queue, too; taking it then says so.

    :param int message_type: NX_AZURE_IOT_HUB_CLOUD_TO_DEVICE_MESSAGE and its neighbours
    :param callback: a callable, or None for none
    :return: NX_AZURE_IOT_SUCCESS; NX_AZURE_IOT_NOT_SUPPORTED; NX_AZURE_IOT_INVALID_PARAMETER;
        NX_AZURE_IOT_NOT_INITIALIZED
    """
    return _hub_call(hub, (), _receive_callback_set, message_type, callback, callback_args)


def _receive_callback_set(hub, message_type: int, callback, argument) -> int:
    kind = _within(message_type, 1, 8) and _KINDS.get(message_type)
    if not kind:
        return _AZURE_NOT_SUPPORTED
    hub.callbacks[kind] = (callback, argument) if _callable(callback) else None
    return _AZURE_SUCCESS


def nx_azure_iot_hub_client_statistics_get(hub):
    """Ask what happened so far (an extension).

    :return: (status, statistics): those of ``nxd_mqtt_client_statistics_get``, and "renewals" of
        the token with the "gap" of the last and the "longest_gap" of any in milliseconds without a
        link, "token_expiry" in seconds since 1970 or 0, "strangers": messages that were nobody's
    """
    return _hub_call(hub, (None,), _statistics)


def _statistics(hub):
    from .nxd_extensions import nxd_mqtt_client_statistics_get

    status, found = nxd_mqtt_client_statistics_get(hub)
    found["renewals"] = hub.renewals
    found["gap"] = hub.gap
    found["longest_gap"] = hub.longest_gap
    found["token_expiry"] = hub.access.expiry
    found["strangers"] = hub.strangers
    return status, found


_gc.collect()
