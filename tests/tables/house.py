# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The plan of the house: floors, modules, and the arrows along which a module may import."""

_BELOW_CLIENT = "status store inbox transport reader session link attempt teller"
_THREADX = (
    "tx_client tx_event_flags tx_kernel tx_mutex tx_queue tx_semaphore tx_status tx_thread tx_timer"
)

_AZURE_RECONNECT = "reconnect transport azure_iot_status"
_AZURE_ACCESS = "status calls azure_iot_sas azure_iot_status azure_iot_text"
_AZURE_HUB = (
    "client reconnect teller azure_iot_access azure_iot_feature azure_iot_mailbox "
    "azure_iot_packet "
    "azure_iot_reconnect azure_iot_status"
)
_AZURE_CALLS = "status calls azure_iot_hub azure_iot_status"
_AZURE_LIFE = (
    "status calls nxd nxd_extensions azure_iot_access azure_iot_calls azure_iot_hub "
    "azure_iot_reconnect azure_iot_sas azure_iot_status azure_iot_text"
)
_AZURE_FACE = "status calls azure_iot_calls azure_iot_packet azure_iot_status azure_iot_text"
_AZURE_MESSAGES = _AZURE_FACE + " azure_iot_feature azure_iot_hub"
_AZURE_METHODS = (
    "calls azure_iot_calls azure_iot_feature azure_iot_hub azure_iot_status azure_iot_text"
)
_AZURE_TWIN = "azure_iot_feature azure_iot_json azure_iot_status azure_iot_text"
_AZURE_PROPERTIES = "calls azure_iot_calls azure_iot_hub azure_iot_status azure_iot_twin"
_AZURE = (
    "azure_iot_connection azure_iot_hub azure_iot_messages azure_iot_methods azure_iot_packet "
    "azure_iot_properties azure_iot_status azure_iot_telemetry"
)

# (floor, module, what it is, modules it may import, modules it may import inside functions only)
HOUSE = (
    (
        "roof",
        "__init__",
        "finds the module of a name",
        "",
        "nxd nxd_extensions tls tls_reasons websocket azure_iot",
    ),
    ("floor 0", "status", "NetX's numbers, and MQTTError", "", ""),
    ("floor 0", "store", "unacknowledged QoS 1 packets", "", ""),
    ("floor 0", "inbox", "the receive queue", "", ""),
    ("floor 1", "wire", "bytes to fields and back", "status", ""),
    ("floor 1", "transport", "radio, socket, TLS", "status", "spi direct"),
    ("floor 1", "spi", "sockets in co-processors", "transport", ""),
    ("floor 1", "direct", "a pool without a manager", "", ""),
    ("floor 1", "reconnect", "back-off, subscriptions", "store", ""),
    ("floor 2", "reader", "bytes in, packets out", "status wire", ""),
    ("floor 2", "session", "the protocol's states", "status wire", ""),
    ("floor 3", "link", "one socket's life", "status transport", ""),
    ("floor 3", "attempt", "what a connect came to", "", ""),
    ("floor 3", "teller", "what is to be told", "", ""),
    ("floor 3", "client", "the engine", _BELOW_CLIENT, ""),
    ("roof", "calls", "check, call, status", "status wire client", ""),
    ("roof", "nxd", "NetX's own functions", "status client calls", ""),
    ("roof", "nxd_extensions", "functions NetX lacks", "status client calls nxd", "reconnect"),
    ("roof", "tls_reasons", "TLS's failures in words", "", ""),
    ("roof", "tls_context", "certificates into TLS", "status", "tls_reasons"),
    ("roof", "tls", "secure connect", "status transport teller calls tls_context", "tls_reasons"),
    ("roof", "websocket", "RFC 6455", "status calls", ""),
    ("roof", "file_store", "a store on a drive", "status store", ""),
    ("roof", "tx_status", "ThreadX's numbers", "", ""),
    ("roof", "tx_port", "asyncio of boards", "", ""),
    ("roof", "tx_port_cpython", "asyncio of CPython", "", ""),
    ("roof", "tx_kernel", "threads, over asyncio", "tx_port tx_port_cpython", "tx_client"),
    ("roof", "tx_thread", "threads and time", "tx_kernel", ""),
    ("roof", "tx_client", "clients as threads", "nxd_extensions tx_kernel", ""),
    ("roof", "tx_object", "what is created and waited for", "tx_kernel", ""),
    ("roof", "tx_event_flags", "event flags", "tx_kernel tx_object", ""),
    ("roof", "tx_queue", "queues of messages", "tx_kernel tx_object", ""),
    ("roof", "tx_semaphore", "counting semaphores", "tx_kernel tx_object", ""),
    ("roof", "tx_mutex", "mutexes with owners", "tx_kernel tx_object", ""),
    ("roof", "tx_timer", "functions called in time", "tx_kernel tx_object", ""),
    ("roof", "tx", "all of ThreadX in one import", _THREADX, ""),
    ("roof", "azure_iot_status", "IoT Hub's numbers", "", ""),
    ("roof", "azure_iot_text", "names, topics, bags", "", ""),
    ("roof", "azure_iot_json", "members of JSON text", "azure_iot_text wire", ""),
    ("roof", "azure_iot_sha256", "a hash where there is none", "", ""),
    ("roof", "azure_iot_sas", "tokens", "azure_iot_text", "azure_iot_sha256"),
    ("roof", "azure_iot_packet", "messages in hand", "azure_iot_status", ""),
    ("roof", "azure_iot_mailbox", "kinds in one queue", "inbox reader", ""),
    ("roof", "azure_iot_reconnect", "renewed, lost, replaced", _AZURE_RECONNECT, ""),
    ("roof", "azure_iot_access", "login and token", _AZURE_ACCESS, "tls"),
    ("roof", "azure_iot_feature", "what a feature is", "session", ""),
    ("roof", "azure_iot_hub", "a client of a hub", _AZURE_HUB, ""),
    ("roof", "azure_iot_calls", "check, call, status", _AZURE_CALLS, ""),
    ("roof", "azure_iot_connection", "a hub client's life", _AZURE_LIFE, "tls websocket"),
    ("roof", "azure_iot_telemetry", "to the cloud", _AZURE_FACE, ""),
    ("roof", "azure_iot_messages", "from the cloud", _AZURE_MESSAGES, ""),
    ("roof", "azure_iot_methods", "calls from the cloud", _AZURE_METHODS, ""),
    ("roof", "azure_iot_twin", "versions, answers", _AZURE_TWIN, ""),
    ("roof", "azure_iot_properties", "the twin's functions", _AZURE_PROPERTIES, ""),
    ("roof", "azure_iot", "all of IoT Hub in one import", _AZURE, ""),
    ("roof", "minimqtt", "MiniMQTT's class", "status client calls", ""),
)

# Modules that know no socket, no clock and no thread: time and bytes come in as arguments.
PURE = ("status", "store", "inbox", "wire", "reconnect", "reader", "session")
PURE_IMPORTS = "micropython struct errno binascii random"

# What a module of the library may import from outside: everywhere, and where only.
BOARD_IMPORTS = (
    "adafruit_connection_manager adafruit_ticks time struct errno micropython select gc os sys "
    "json re random binascii hashlib ssl _thread"
)
ONLY_IN = {
    "asyncio": ("tx_port", "tx_port_cpython", "tx_kernel", "tx_thread"),
    "adafruit_minimqtt": ("minimqtt",),
}

# What no board has, or has in part; nothing that goes to a board may import it.
NOT_ON_BOARDS = (
    "__future__ abc base64 collections contextlib copy dataclasses datetime enum functools hmac "
    "itertools logging queue threading types typing weakref"
)
