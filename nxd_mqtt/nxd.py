# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""NetX Duo's own MQTT functions: each checks its arguments, calls the client, returns a status.

Names, argument order, statuses and the order of the checks are those of ``nxd_mqtt_client.h``.
Length arguments are gone; results that C writes through pointers follow the status. Waits are in
ticks of 10 ms (``NX_IP_PERIODIC_RATE`` a second) and bound the whole call.

After a refused call ``client.reason`` says what was wrong with it.
"""

from micropython import const

from .client import NX_IP, NXD_MQTT_CLIENT
from .status import *
from .status import MQTTError
from .wire import scan_text

_MILLISECONDS_PER_TICK = const(10)
_LONGEST_WAIT = const(1 << 24)
_LARGEST = const(65535)
_DEFAULT_QUEUE = const(2048)
_SMALLEST_QUEUE = const(32)
_SMALLEST_PACKET = const(16)

_PLUS = const(0x2B)
_HASH = const(0x23)
_SLASH = const(0x2F)
_WILDCARD = const(-2)

_BUFFERS = (bytearray, memoryview)
_BYTES_LIKE = (bytes, bytearray, memoryview)


class NX_PACKET_POOL:
    """The control block of the transmit store's measures, filled by ``nx_packet_pool_create``."""

    payload_size = depth = 0


def _within(number, lowest: int, highest: int) -> bool:
    return isinstance(number, int) and lowest <= number <= highest


def milliseconds(ticks: int) -> int:
    """A wait in ticks as milliseconds: -1 where it is longer than the clock can tell."""
    return ticks * _MILLISECONDS_PER_TICK if ticks < _LONGEST_WAIT else -1


def refused(client, status: int, cause: str) -> int:
    """Note in ``client.reason`` why a call is refused; returns the status."""
    client.reason = ("call", status, cause)
    return status


def _refuse(cause: str) -> None:
    raise MQTTError(NXD_MQTT_INVALID_PARAMETER, "call", cause)


def _check_quality(quality) -> None:
    """Refuse a quality of service that is not offered."""
    if quality not in (0, 1):
        status = NXD_MQTT_QOS2_NOT_SUPPORTED if quality == 2 else NXD_MQTT_INVALID_PARAMETER
        raise MQTTError(status, "call", "QoS must be 0 or 1")


def _octets(value, what: str):
    """The bytes of text or of a bytes-like object.

    :param value: ``str``, ``bytes``, ``bytearray``, a ``memoryview`` of bytes; None is empty
    :param str what: names the argument in the error
    """
    if value is None:
        return b""
    try:
        if isinstance(value, str):
            return value.encode()
        if isinstance(value, _BYTES_LIKE) and getattr(value, "itemsize", 1) == 1:
            return value
    except UnicodeError:
        pass
    return _refuse(what + " must be UTF-8 str, or bytes")


def _field(value, what: str):
    """The bytes of a field with a 16-bit length: a password, a will message."""
    data = _octets(value, what)
    if len(data) > _LARGEST:
        _refuse(what + " exceeds 65535 bytes")
    return data


def _text(value, what: str, wildcards: bool = True):
    """The bytes of a field that must be text [MQTT-1.5.3-1]."""
    data = _field(value, what)
    state = scan_text(data, 0, len(data), 0, wildcards)
    if state == _WILDCARD:
        _refuse(what + " holds a wildcard")
    if state:
        _refuse(what + " is not UTF-8 or holds NUL")
    return data


def _topic(value, wildcards: bool):
    """The bytes of a topic; to publish to it must be free of wildcards [MQTT-3.3.2-2]."""
    return _text(value or _refuse("topic is empty"), "topic", wildcards)


def _topic_filter(value):
    """The bytes of a topic filter; wildcards stand for whole levels [MQTT-4.7.1-2] [-3]."""
    data = _topic(value, True)
    last = len(data) - 1
    for at in range(last + 1):
        byte = data[at]
        if byte == _HASH or byte == _PLUS:
            alone = at == 0 or data[at - 1] == _SLASH
            ends = at == last or (byte == _PLUS and data[at + 1] == _SLASH)
            if not (alone and ends):
                _refuse("a wildcard must be a whole level")
    return data


def invalid(client, cause: str) -> int:
    """Refuse a call for one of its arguments."""
    return refused(client, NXD_MQTT_INVALID_PARAMETER, cause)


def absent(client, status: int, uncreated: int = NXD_MQTT_MUTEX_FAILURE) -> int:
    """The status for a client that is none, or was not created; 0 for one that can be used."""
    if not isinstance(client, NXD_MQTT_CLIENT):
        return status
    return NXD_MQTT_SUCCESS if client.state else refused(client, uncreated, "not created")


def _call(client, function, *arguments) -> int:
    """Call the engine; what it refuses becomes a status."""
    try:
        return function(client, *arguments) or NXD_MQTT_SUCCESS
    except MQTTError as error:
        return refused(client, error.status, error.cause)


def nx_ip_create(
    ip,
    name,
    radio=None,
    socket_pool=None,
    ssl_context=None,
    clock=None,
    lock=None,
    kernel=None,
    link_up=None,
) -> int:
    """Fill the control block of the network (``nx_ip_create``).

    :param NX_IP ip: the control block
    :param name: for people
    :param radio: ``wifi.radio``, an AirLift, a WIZnet5k or ``CPythonNetwork``: sockets then come
        from ConnectionManager
    :param socket_pool: a pool to take sockets from directly, instead of a radio
    :param ssl_context: for secure connections, instead of the radio's own
    :param clock: callable, milliseconds that wrap at 2**29; default ``adafruit_ticks.ticks_ms``
    :param lock: an ``RLock`` where several real threads call one client
    :param kernel: runs the clients' threads
    :param link_up: callable, asked before each attempt whether the network is there
    :return: NX_SUCCESS; NX_PTR_ERROR without a control block, radio or pool
    """
    if not isinstance(ip, NX_IP) or (radio is None and socket_pool is None):
        return NX_PTR_ERROR
    try:
        ip.create(radio, socket_pool, clock, lock)
    except ValueError:  # ConnectionManager does not know this radio
        return NX_PTR_ERROR
    ip.ssl_context = ssl_context
    ip.kernel = kernel
    ip.link_up = link_up
    return NX_SUCCESS


def nx_packet_pool_create(pool, name, payload_size: int, memory=None, memory_size: int = 0) -> int:
    """Say how many unacknowledged packets of which size a client keeps (``nx_packet_pool_create``).

    :param NX_PACKET_POOL pool: the control block
    :param int payload_size: bytes of the largest packet, CONNECT included
    :param memory: ignored; each client makes its own
    :param int memory_size: bytes for packets; the depth is memory_size // payload_size
    :return: NX_SUCCESS; NX_PTR_ERROR; NX_SIZE_ERROR when not one packet fits
    """
    if not isinstance(pool, NX_PACKET_POOL):
        return NX_PTR_ERROR
    if not _within(payload_size, _SMALLEST_PACKET, 1 << 28) or not isinstance(memory_size, int):
        return NX_SIZE_ERROR
    depth = memory_size // payload_size
    if not 0 < depth < _LARGEST:
        return NX_SIZE_ERROR
    pool.payload_size = payload_size
    pool.depth = depth
    return NX_SUCCESS


def nxd_mqtt_client_create(
    client,
    client_name,
    client_id,
    ip,
    pool,
    stack=None,
    stack_size: int = 0,
    priority: int = 0,
    memory=None,
    memory_size: int = 0,
) -> int:
    """Create a client: every buffer it will ever use is made here.

    :param NXD_MQTT_CLIENT client: the control block
    :param client_name: for people
    :param client_id: ``str`` or bytes, None or empty for one that the broker chooses
    :param NX_IP ip: the network
    :param NX_PACKET_POOL pool: the measures of the transmit store
    :param stack: ignored, as are stack_size and priority
    :param memory: a bytearray for the receive queue, or None to make one
    :param int memory_size: bytes of the receive queue, 0 for all of memory or 2,048
    :return: NXD_MQTT_SUCCESS; NX_PTR_ERROR; NXD_MQTT_INTERNAL_ERROR when it exists already;
        NXD_MQTT_INVALID_PARAMETER for a client id or a size that cannot be used
    """
    if not isinstance(client, NXD_MQTT_CLIENT) or not isinstance(ip, NX_IP) or not ip.clock:
        return NX_PTR_ERROR
    if not isinstance(pool, NX_PACKET_POOL) or not pool.depth:
        return NX_PTR_ERROR
    if memory is not None and not isinstance(memory, _BUFFERS):
        return NX_PTR_ERROR
    if client.state:
        return refused(client, NXD_MQTT_INTERNAL_ERROR, "the client exists already")
    size = memory_size or (_DEFAULT_QUEUE if memory is None else len(memory))
    if not _within(size, _SMALLEST_QUEUE, 1 << 28 if memory is None else len(memory)):
        return invalid(client, "memory_size cannot be used")
    memory = bytearray(size) if memory is None else memoryview(memory)[:size]
    try:
        client_id = _text(client_id, "client id")
    except MQTTError as error:
        return refused(client, error.status, error.cause)
    client.create(client_id, ip, pool.payload_size, pool.depth, memory)
    return NXD_MQTT_SUCCESS


def nxd_mqtt_client_login_set(client, username, password) -> int:
    """Set user name and password; they stay until they are set again.

    :param username: ``str``, bytes, None for none, or a callable asked before every CONNECT
    :param password: the same; it is sent only with a user name [MQTT-3.1.2-22]
    :return: NXD_MQTT_SUCCESS; NXD_MQTT_INVALID_PARAMETER; NXD_MQTT_MUTEX_FAILURE
    """
    status = absent(client, NXD_MQTT_INVALID_PARAMETER)
    return status or _call(client, _login_set, username, password)


def _login_set(client, username, password) -> None:
    def login():
        name = _asked(username, _text, "user name")
        return name, _asked(password, _field, "password")

    # What is no callable is refused now, not at the next connect.
    if not callable(username) and not callable(password):
        login()
    client.login = login


def _asked(value, convert, what: str):
    """A setting in bytes, or None: itself, or what a callable says it is now."""
    if callable(value):
        value = value()
    return None if value is None else convert(value, what)


def nxd_mqtt_client_will_message_set(
    client, will_topic, will_message, will_retain_flag: int, will_QoS: int
) -> int:
    """Set the message that the broker publishes when this client vanishes.

    :param will_topic: ``str`` or bytes
    :param will_message: ``str``, bytes, or None for an empty one
    :param int will_retain_flag: NX_TRUE or NX_FALSE
    :param int will_QoS: 0 or 1
    :return: NXD_MQTT_SUCCESS; NXD_MQTT_INVALID_PARAMETER; NXD_MQTT_QOS2_NOT_SUPPORTED
    """
    status = absent(client, NXD_MQTT_INVALID_PARAMETER)
    if status:
        return status
    if will_retain_flag not in (0, 1):
        return invalid(client, "will_retain_flag must be 0 or 1")
    return _call(client, _will_message_set, will_topic, will_message, will_retain_flag, will_QoS)


def _will_message_set(client, topic, message, retain: int, quality: int) -> None:
    topic = _topic(topic, False)
    _check_quality(quality)
    client.will = (topic, _field(message, "will message"), quality << 3 | retain << 5)


def nxd_mqtt_client_connect(
    client, server_ip, server_port: int, keepalive: int, clean_session: int, wait_option: int
) -> int:
    """Connect to a broker.

    :param str server_ip: host name or address
    :param int server_port: 1 to 65535
    :param int keepalive: seconds, 0 for none
    :param int clean_session: NX_TRUE to begin anew, NX_FALSE to go on with the broker's session
    :param int wait_option: ticks for all of it; with NX_NO_WAIT poll goes on with it and
        ``nxd_mqtt_connect_notify`` is told how it ended
    :return: NXD_MQTT_SUCCESS; NX_IN_PROGRESS; NX_PTR_ERROR; NX_INVALID_PORT;
        NXD_MQTT_INVALID_PARAMETER; NXD_MQTT_ALREADY_CONNECTED; NXD_MQTT_CONNECTING;
        NXD_MQTT_INVALID_STATE; NXD_MQTT_CONNECT_FAILURE; NXD_MQTT_COMMUNICATION_FAILURE;
        NXD_MQTT_SERVER_MESSAGE_FAILURE; NXD_MQTT_PACKET_POOL_FAILURE; 0x10080 + the CONNACK's code
    """
    if not isinstance(client, NXD_MQTT_CLIENT):
        return NX_PTR_ERROR
    if not isinstance(server_ip, str):
        return refused(client, NX_PTR_ERROR, "server_ip must be str")
    if not _within(server_port, 1, _LARGEST):
        return refused(client, NX_INVALID_PORT, "server_port must be 1 to 65535")
    status = absent(client, NX_PTR_ERROR, NXD_MQTT_INVALID_STATE)
    if status:
        return status
    if not server_ip or not _within(keepalive, 0, _LARGEST):
        return invalid(client, "no server_ip, or keepalive over 65535")
    if not _within(wait_option, 0, NX_WAIT_FOREVER):
        return invalid(client, "wait_option must be ticks")
    if not clean_session and not len(client.client_id):
        return invalid(client, "no client id needs a clean session")
    wait = milliseconds(wait_option)
    connect = NXD_MQTT_CLIENT.connect
    return _call(client, connect, server_ip, server_port, keepalive, bool(clean_session), wait)


def nxd_mqtt_client_publish(
    client, topic_name, message, retain: int, QoS: int, wait_option: int
) -> int:
    """Publish a message; at QoS 1 it is kept until the broker has acknowledged it.

    :param topic_name: ``str`` or bytes
    :param message: ``str``, bytes-like, or None for an empty one
    :param int retain: NX_TRUE for the broker to keep it for later subscribers
    :param int QoS: 0 or 1
    :param int wait_option: ticks to wait for room; the acknowledgement is not waited for
    :return: NXD_MQTT_SUCCESS; NX_PTR_ERROR; NXD_MQTT_INVALID_PARAMETER;
        NXD_MQTT_QOS2_NOT_SUPPORTED; NXD_MQTT_NOT_CONNECTED; NXD_MQTT_PACKET_POOL_FAILURE;
        NXD_MQTT_COMMUNICATION_FAILURE (QoS 0 only: the link ended)
    """
    status = absent(client, NX_PTR_ERROR, NXD_MQTT_NOT_CONNECTED)
    if status:
        return status
    if not _within(wait_option, 0, NX_WAIT_FOREVER):
        return invalid(client, "wait_option must be ticks")
    try:
        topic = _topic(topic_name, False)
        _check_quality(QoS)
        flags = QoS << 1 | (1 if retain else 0)
        return client.publish(topic, _octets(message, "message"), flags, milliseconds(wait_option))
    except MQTTError as error:
        return refused(client, error.status, error.cause)


def nxd_mqtt_client_subscribe(client, topic_name, QoS: int) -> int:
    """Ask for the messages of a topic filter; never waits.

    :param topic_name: the filter, ``str`` or bytes
    :param int QoS: the highest quality of service wanted, 0 or 1
    :return: NXD_MQTT_SUCCESS when the request is on its way; NX_PTR_ERROR;
        NXD_MQTT_INVALID_PARAMETER; NXD_MQTT_QOS2_NOT_SUPPORTED; NXD_MQTT_NOT_CONNECTED;
        NXD_MQTT_PACKET_POOL_FAILURE
    """
    status = absent(client, NX_PTR_ERROR)
    return status or _call(client, _subscribe, topic_name, QoS)


def _subscribe(client, topic, quality: int) -> int:
    topic = _topic_filter(topic)
    _check_quality(quality)
    return client.request(topic, quality)


def nxd_mqtt_client_unsubscribe(client, topic_name) -> int:
    """Ask for no more messages of a topic filter; returns as ``nxd_mqtt_client_subscribe``."""
    status = absent(client, NX_PTR_ERROR)
    return status or _call(client, _unsubscribe, topic_name)


def _unsubscribe(client, topic) -> int:
    return client.request(_topic_filter(topic), -1)


def _notify_set(client, attribute: str, notify) -> int:
    status = absent(client, NX_PTR_ERROR)
    if status:
        return status
    if notify is not None and not callable(notify):
        return refused(client, NX_PTR_ERROR, "a notify function must be callable")
    setattr(client, attribute, notify)
    return NXD_MQTT_SUCCESS


def nxd_mqtt_client_receive_notify_set(client, receive_notify) -> int:
    """Set the function told of each message: ``receive_notify(client, message_count)``.

    :param receive_notify: a callable, or None for none
    :return: NXD_MQTT_SUCCESS; NX_PTR_ERROR; NXD_MQTT_MUTEX_FAILURE
    """
    return _notify_set(client, "nxd_mqtt_client_receive_notify", receive_notify)


def nxd_mqtt_client_disconnect_notify_set(client, disconnect_notify) -> int:
    """Set the function told of each end of a link: ``disconnect_notify(client)``.

    :param disconnect_notify: a callable, or None for none
    :return: NXD_MQTT_SUCCESS; NX_PTR_ERROR; NXD_MQTT_MUTEX_FAILURE
    """
    return _notify_set(client, "nxd_mqtt_disconnect_notify", disconnect_notify)


def nxd_mqtt_client_message_get(client, topic_buffer, message_buffer):
    """Take the oldest message out of the receive queue; never waits.

    :param topic_buffer: bytearray or memoryview that takes the topic
    :param message_buffer: the same for the payload
    :return: (status, topic_length, message_length). The statuses: NXD_MQTT_SUCCESS;
        NXD_MQTT_NO_MESSAGE; NXD_MQTT_INSUFFICIENT_BUFFER_SPACE (the message stays, the lengths
        say what it needs); NX_PTR_ERROR; NXD_MQTT_INVALID_PARAMETER
    """
    status = absent(client, NX_PTR_ERROR)
    if status:
        return status, 0, 0
    if isinstance(topic_buffer, _BUFFERS) and isinstance(message_buffer, _BUFFERS):
        try:
            return client.message_get(topic_buffer, message_buffer)
        except (TypeError, ValueError):  # a view of something that is no bytes, or read-only
            pass
    return invalid(client, "topic_buffer and message_buffer must be bytearrays"), 0, 0


def nxd_mqtt_client_disconnect(client) -> int:
    """End the link in order, or give up connecting; unread messages go.

    :return: NXD_MQTT_SUCCESS, connected or not; NX_PTR_ERROR; NXD_MQTT_MUTEX_FAILURE
    """
    return absent(client, NX_PTR_ERROR) or _call(client, NXD_MQTT_CLIENT.disconnect)


def nxd_mqtt_client_delete(client) -> int:
    """Disconnect and give the client up; its control block can be created again.

    :return: NXD_MQTT_SUCCESS; NX_PTR_ERROR; NXD_MQTT_MUTEX_FAILURE
    """
    return absent(client, NX_PTR_ERROR) or _call(client, NXD_MQTT_CLIENT.delete)
