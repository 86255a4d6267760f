# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""How large the compiled library may be: the modules, grouped, with a ceiling in bytes each."""

# What a plain client imports. The other groups are one module each, imported where it is used.
CORE = "__init__ status store inbox wire transport reader session link teller client"

# (group, its modules, bytes of .mpy at most as compiled by default, and with -O3).
#
# The targets are 20,000 for the core and 4,500 for NetX's functions. The core misses its target, by
# little with -O3; nxd keeps its own alone, but not together with calls, without which it does not
# run. The ceilings only go down, unless a feature is added that this list then names: connecting
# again by itself (hooks in session, link and client), acknowledging on get, stores that write
# (hooks in store and client), TLS and WebSocket (layers of link, words for what comes instead of a
# CONNACK; the check of a connect's arguments moved from nxd to calls), forgetting an older request
# for a filter when a newer one is answered (reconnect), poll without the extensions and topics that
# are checked once (nxd, a few bytes of calls).
CEILINGS = (
    ("core", CORE, 22050, 20165),
    ("calls", "calls", 2080, 1945),
    ("nxd", "nxd", 3860, 3605),
    ("nxd_extensions", "nxd_extensions", 3220, 3030),
    ("spi", "spi", 540, 500),
    ("direct", "direct", 410, 385),
    ("reconnect", "reconnect", 1790, 1620),
    ("file_store", "file_store", 5560, 5100),
    ("tls", "tls", 3785, 3500),
    ("tls_context", "tls_context", 2895, 2740),
    ("tls_reasons", "tls_reasons", 4055, 3965),
    ("websocket", "websocket", 4890, 4530),
)
