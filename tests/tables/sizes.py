# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""How large the compiled library may be: the modules, grouped, with a ceiling in bytes each."""

# What a plain client imports. The other groups are one module each, imported where it is used.
CORE = "__init__ status store inbox wire transport reader session link attempt teller client"

# (group, its modules, bytes of .mpy at most as compiled by default, and with -O3).
#
# The targets are 20,000 for the core and 4,500 for NetX's functions. The core misses its target, by
# little with -O3; nxd keeps its own alone, but not together with calls, without which it does not
# run. The ceilings only go down, unless a feature is added that this list then names: connecting
# again by itself (hooks in session, link and client), acknowledging on get, stores that write
# (hooks in store and client), TLS and WebSocket (layers of link, words for what comes instead of a
# CONNACK; the check of a connect's arguments moved from nxd to calls), forgetting an older request
# for a filter when a newer one is answered (reconnect), poll without the extensions and topics that
# are checked once (nxd, a few bytes of calls), the kernel (hooks in client and nxd), outcomes of a
# connect that no other thread's calls change (attempt, split off client; teller),
# how full queue and store are (nxd_extensions), the name of the IoT Hub client (__init__), calls of
# it that are awaited and answer with more than a status (tx_client).
CEILINGS = (
    ("core", CORE, 22490, 20570),
    ("calls", "calls", 1865, 1730),
    ("nxd", "nxd", 3815, 3565),
    ("nxd_extensions", "nxd_extensions", 3310, 3115),
    ("spi", "spi", 540, 500),
    ("direct", "direct", 410, 385),
    ("reconnect", "reconnect", 1790, 1620),
    ("file_store", "file_store", 5560, 5100),
    ("tls", "tls", 3830, 3545),
    ("tls_context", "tls_context", 2895, 2740),
    ("tls_reasons", "tls_reasons", 4055, 3965),
    ("websocket", "websocket", 4890, 4530),
    # ThreadX; tx_port_cpython is on no board.
    ("tx", "tx", 1700, 1680),
    ("tx_status", "tx_status", 1350, 1280),
    ("tx_port", "tx_port", 1250, 1120),
    ("tx_kernel", "tx_kernel", 2770, 2480),
    ("tx_thread", "tx_thread", 2060, 1850),
    ("tx_client", "tx_client", 1965, 1795),
    ("tx_object", "tx_object", 670, 610),
    ("tx_event_flags", "tx_event_flags", 1280, 1170),
    ("tx_queue", "tx_queue", 1770, 1580),
    ("tx_semaphore", "tx_semaphore", 1060, 960),
    ("tx_mutex", "tx_mutex", 1210, 1090),
    ("tx_timer", "tx_timer", 1790, 1610),
    # Azure IoT Hub: a program pays for what it imports.
    ("azure_iot", "azure_iot", 3240, 3215),
    ("azure_iot_status", "azure_iot_status", 1085, 1055),
    ("azure_iot_text", "azure_iot_text", 2520, 2350),
    ("azure_iot_sas", "azure_iot_sas", 980, 920),
    ("azure_iot_sha256", "azure_iot_sha256", 1100, 1040),
    ("azure_iot_json", "azure_iot_json", 1520, 1360),
    ("azure_iot_packet", "azure_iot_packet", 540, 490),
    ("azure_iot_mailbox", "azure_iot_mailbox", 1955, 1760),
    ("azure_iot_reconnect", "azure_iot_reconnect", 980, 895),
    ("azure_iot_access", "azure_iot_access", 1640, 1515),
    ("azure_iot_feature", "azure_iot_feature", 845, 765),
    ("azure_iot_hub", "azure_iot_hub", 6005, 5505),
    ("azure_iot_calls", "azure_iot_calls", 785, 725),
    ("azure_iot_connection", "azure_iot_connection", 5445, 5110),
    ("azure_iot_telemetry", "azure_iot_telemetry", 2025, 1905),
    ("azure_iot_messages", "azure_iot_messages", 1610, 1520),
    ("azure_iot_methods", "azure_iot_methods", 2010, 1905),
    ("azure_iot_twin", "azure_iot_twin", 4050, 3680),
    ("azure_iot_properties", "azure_iot_properties", 2550, 2395),
)
