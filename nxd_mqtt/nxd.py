# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""NetX Duo's own MQTT functions: each checks its arguments, calls the client, returns a status.

Names, argument order, statuses and the order of the checks are those of ``nxd_mqtt_client.h``.
Length arguments are gone; results that C writes through pointers follow the status. Waits are in
ticks of 10 ms (``NX_IP_PERIODIC_RATE`` a second) and bound the whole call.

After a refused call ``client.reason`` says what was wrong with it.
"""

import gc as _gc

from micropython import const

from .calls import (
    _call,
    _check_quality,
    _connect,
    _created,
    _field,
    _is_plain,
    _milliseconds,
    _octets,
    _refuse,
    _refused,
    _text,
    _topic,
    _topic_filter,
    _within,
)
from .client import NX_IP, NXD_MQTT_CLIENT
from .status import *
from .status import MQTTError

# With the subscriptions of a client that connects by itself fewer than there are identifiers.
_DEEPEST = const(64000)
_DEFAULT_QUEUE = const(2048)
_SMALLEST_QUEUE = const(32)
_SMALLEST_PACKET = const(16)

_BUFFERS = (bytearray, memoryview)
# What nobody can change after it was checked.
_FIXED = (str, bytes)


# What loading the modules has left behind goes before anything that stays is made: small heaps
# break into pieces by it.
_gc.collect()


class NX_PACKET_POOL:
    """The control block of the transmit store's measures, filled by ``nx_packet_pool_create``."""

    payload_size = depth = 0


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
    :param ssl_context: for secure connections, instead of the radio's or the platform's own; what
        a session trusts and shows is added to it
    :param clock: callable, milliseconds that wrap at 2**29; default ``adafruit_ticks.ticks_ms``
    :param lock: an ``RLock`` where several real threads call one client; a plain one is refused
    :param kernel: ``TX_KERNEL`` of ``nxd_mqtt.tx``, where each client is to have its own thread
    :param link_up: callable, asked before each attempt whether the network is there
    :return: NX_SUCCESS; NX_PTR_ERROR for anything that cannot serve as what it is given for
    """
    if not isinstance(ip, NX_IP) or (radio is None and not hasattr(socket_pool, "getaddrinfo")):
        return NX_PTR_ERROR
    for function in (clock, link_up):
        if function is not None and not callable(function):
            return NX_PTR_ERROR
    if ssl_context is not None and not hasattr(ssl_context, "wrap_socket"):
        return NX_PTR_ERROR
    if lock is not None and not _is_reentrant(lock):
        return NX_PTR_ERROR
    if kernel is not None and not hasattr(kernel, "keep"):
        return NX_PTR_ERROR
    try:
        ip.create(radio, socket_pool, clock, lock)
    except ValueError:  # ConnectionManager does not know this radio
        return NX_PTR_ERROR
    ip.ssl_context = ssl_context
    ip.kernel = kernel
    ip.link_up = link_up
    return NX_SUCCESS


def _is_reentrant(lock) -> bool:
    """Whether one thread can take a lock twice, as the client does; a plain one would deadlock."""
    if not hasattr(lock, "acquire"):
        return hasattr(lock, "__enter__")
    with lock:
        again = lock.acquire(False)
        if again:
            lock.release()
    return again


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
    if not 0 < depth <= _DEEPEST:
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
    if not isinstance(ip, NX_IP) or not ip.clock:
        return NX_PTR_ERROR
    if not isinstance(pool, NX_PACKET_POOL) or not pool.depth:
        return NX_PTR_ERROR
    if memory is not None and not _is_writable(memory):
        return NX_PTR_ERROR
    return _call(client, NX_PTR_ERROR, _create, client_id, ip, pool, memory, memory_size)


def _is_writable(memory) -> bool:
    """Whether something is a buffer of bytes that can be written."""
    try:
        memory[:1] = memory[:1]
        return isinstance(memory, _BUFFERS) and _is_plain(memory)
    except (TypeError, ValueError):
        return False


def _create(client, client_id, ip, pool, memory, size) -> None:
    if client.state:
        _refuse("the client exists already", NXD_MQTT_INTERNAL_ERROR)
    size = size or (_DEFAULT_QUEUE if memory is None else len(memory))
    if not _within(size, _SMALLEST_QUEUE, 1 << 28 if memory is None else len(memory)):
        _refuse("memory_size cannot be used")
    # A desktop's heap is large, and takes long to collect.
    if hasattr(_gc, "mem_free"):
        _gc.collect()
    memory = bytearray(size) if memory is None else memoryview(memory)[:size]
    client.create(_text(client_id, "client id"), ip, pool.payload_size, pool.depth, memory)
    if ip.kernel:
        client.keeper = ip.kernel.keep(client)


def nxd_mqtt_client_login_set(client, username, password) -> int:
    """Set user name and password; they stay until they are set again.

    :param username: ``str``, bytes, None for none, or a callable asked before every CONNECT
    :param password: the same; it is sent only with a user name [MQTT-3.1.2-22]
    :return: NXD_MQTT_SUCCESS; NXD_MQTT_INVALID_PARAMETER; NXD_MQTT_MUTEX_FAILURE
    """
    return _call(client, NXD_MQTT_INVALID_PARAMETER, _login_set, username, password)


def _login_set(client, username, password) -> None:
    def login():
        name = _asked(username, _text, "user name")
        return name, _asked(password, _field, "password")

    # What is no callable is refused now, not at the next connect.
    _asked(None if callable(username) else username, _text, "user name")
    _asked(None if callable(password) else password, _field, "password")
    _created(client).login = login


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
    return _call(
        client,
        NXD_MQTT_INVALID_PARAMETER,
        _will_message_set,
        will_topic,
        will_message,
        will_retain_flag,
        will_QoS,
    )


def _will_message_set(client, will_topic, message, retain: int, quality: int) -> None:
    will_topic = _topic(will_topic)
    if not _within(retain, 0, 1):
        _refuse("will_retain_flag must be 0 or 1")
    _check_quality(quality)
    message = _field(message, "will message")
    _created(client).will = (will_topic, message, quality << 3 | retain << 5)


def nxd_mqtt_client_connect(
    client, server_ip, server_port: int, keepalive: int, clean_session: int, wait_option: int
) -> int:
    """Connect to a broker.

    :param str server_ip: host name or address
    :param int server_port: 1 to 65535
    :param int keepalive: seconds, 0 for none
    :param int clean_session: NX_TRUE to begin anew, NX_FALSE to go on with the broker's session
    :param int wait_option: ticks for all of it; with NX_NO_WAIT poll goes on with it and
        ``nxd_mqtt_connect_notify`` is told how it ended. Where the client connects again by itself
        NX_IN_PROGRESS says that the wait is over and poll goes on, and a further call with a wait
        waits with the attempts that are being made
    :return: NXD_MQTT_SUCCESS; NX_IN_PROGRESS; NX_PTR_ERROR; NX_INVALID_PORT;
        NXD_MQTT_INVALID_PARAMETER; NXD_MQTT_ALREADY_CONNECTED; NXD_MQTT_CONNECTING;
        NXD_MQTT_INVALID_STATE; NXD_MQTT_CONNECT_FAILURE; NXD_MQTT_COMMUNICATION_FAILURE;
        NXD_MQTT_SERVER_MESSAGE_FAILURE; NXD_MQTT_PACKET_POOL_FAILURE; 0x10080 + the CONNACK's code
    """
    return _call(
        client,
        NX_PTR_ERROR,
        _connect,
        server_ip,
        server_port,
        keepalive,
        bool(clean_session),
        wait_option,
    )


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
        NXD_MQTT_COMMUNICATION_FAILURE (QoS 0 only: the link ended); NXD_MQTT_INTERNAL_ERROR (the
        drive of a file store fails)
    """
    if not isinstance(client, NXD_MQTT_CLIENT):
        return NX_PTR_ERROR
    try:
        # Programs publish to one topic again and again: what was checked need not be once more.
        known = client.topic
        name = known[1] if topic_name is known[0] else _topic(topic_name)
        message = _octets(message, "message")
        _check_quality(QoS)
        wait = _milliseconds(wait_option)
        flags = QoS << 1 | (1 if retain else 0)
        client = _created(client, NXD_MQTT_NOT_CONNECTED)
        if name is not known[1] and isinstance(topic_name, _FIXED):
            client.topic = (topic_name, name)
        return client.publish(name, message, flags, wait)
    except MQTTError as error:
        return _refused(client, error)


def nxd_mqtt_client_poll(client, wait_option: int = 0) -> int:
    """Run one bounded turn of the client: NetX's MQTT thread, called by the application.

    :param int wait_option: ticks to sleep at most before it, until data or a deadline comes
    :return: NXD_MQTT_SUCCESS while a link or an attempt lives; the status of its end once; then
        NXD_MQTT_NOT_CONNECTED; NX_PTR_ERROR; NXD_MQTT_INVALID_PARAMETER
    """
    if not isinstance(client, NXD_MQTT_CLIENT):
        return NX_PTR_ERROR
    try:
        # It is called in a loop, and must take no memory.
        wait = 0 if wait_option == 0 else _milliseconds(wait_option)
        return _created(client).poll(wait)
    except MQTTError as error:
        return _refused(client, error)


def nxd_mqtt_client_subscribe(client, topic_name, QoS: int) -> int:
    """Ask for the messages of a topic filter; never waits.

    :param topic_name: the filter, ``str`` or bytes
    :param int QoS: the highest quality of service wanted, 0 or 1
    :return: NXD_MQTT_SUCCESS when the request is on its way; NX_PTR_ERROR;
        NXD_MQTT_INVALID_PARAMETER; NXD_MQTT_QOS2_NOT_SUPPORTED; NXD_MQTT_NOT_CONNECTED;
        NXD_MQTT_PACKET_POOL_FAILURE (also when no more subscriptions can be remembered)
    """
    return _call(client, NX_PTR_ERROR, _request, topic_name, QoS, True)


def nxd_mqtt_client_unsubscribe(client, topic_name) -> int:
    """Ask for no more messages of a topic filter; returns as ``nxd_mqtt_client_subscribe``."""
    return _call(client, NX_PTR_ERROR, _request, topic_name, -1, False)


def _request(client, topic_name, quality: int, subscribes: bool) -> int:
    wanted = _topic_filter(topic_name)
    if subscribes:
        _check_quality(quality)
    return _created(client).request(wanted, quality)


def _notify_set(client, attribute: str, notify) -> None:
    if notify is not None and not callable(notify):
        _refuse("a notify must be callable", NX_PTR_ERROR)
    setattr(_created(client), attribute, notify)


def nxd_mqtt_client_receive_notify_set(client, receive_notify) -> int:
    """Set the function told of each message: ``receive_notify(client, message_count)``.

    :param receive_notify: a callable, or None for none
    :return: NXD_MQTT_SUCCESS; NX_PTR_ERROR; NXD_MQTT_MUTEX_FAILURE
    """
    return _call(client, NX_PTR_ERROR, _notify_set, "receive_notify", receive_notify)


def nxd_mqtt_client_disconnect_notify_set(client, disconnect_notify) -> int:
    """Set the function told of each end of a link: ``disconnect_notify(client)``.

    :param disconnect_notify: a callable, or None for none
    :return: NXD_MQTT_SUCCESS; NX_PTR_ERROR; NXD_MQTT_MUTEX_FAILURE
    """
    return _call(client, NX_PTR_ERROR, _notify_set, "disconnect_notify", disconnect_notify)


def nxd_mqtt_client_message_get(client, topic_buffer, message_buffer):
    """Take the oldest message out of the receive queue; never waits.

    :param topic_buffer: bytearray or memoryview that takes the topic
    :param message_buffer: the same for the payload
    :return: (status, topic_length, message_length). The statuses: NXD_MQTT_SUCCESS;
        NXD_MQTT_NO_MESSAGE; NXD_MQTT_INSUFFICIENT_BUFFER_SPACE (the message stays, the lengths
        say what it needs); NX_PTR_ERROR; NXD_MQTT_INVALID_PARAMETER
    """
    if not isinstance(client, NXD_MQTT_CLIENT):
        return NX_PTR_ERROR, 0, 0
    try:
        if isinstance(topic_buffer, _BUFFERS) and isinstance(message_buffer, _BUFFERS):
            return _created(client).message_get(topic_buffer, message_buffer)
    except (TypeError, ValueError):  # a view of something that is no bytes, or read-only
        pass
    except MQTTError as error:
        return _refused(client, error), 0, 0
    cause = "both buffers must be bytearrays"
    return _refused(client, MQTTError(NXD_MQTT_INVALID_PARAMETER, "call", cause)), 0, 0


def nxd_mqtt_client_disconnect(client) -> int:
    """End the link in order, or give up connecting; unread messages go.

    :return: NXD_MQTT_SUCCESS, connected or not; NX_PTR_ERROR; NXD_MQTT_MUTEX_FAILURE
    """
    return _call(client, NX_PTR_ERROR, _leave, "disconnect")


def _leave(client, verb: str) -> None:
    getattr(_created(client), verb)()


def nxd_mqtt_client_delete(client) -> int:
    """Disconnect and give the client up; its control block can be created again.

    :return: NXD_MQTT_SUCCESS; NX_PTR_ERROR; NXD_MQTT_MUTEX_FAILURE
    """
    return _call(client, NX_PTR_ERROR, _leave, "delete")
