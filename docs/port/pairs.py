# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Which lines of the two applications belong together, for the worked port in the guide.

A row is (what there is to say, text of the first line in C, text of the first line in Python). A
part goes on until the next one begins, so together they are the whole of both files.
"""

PAIRS = (
    (
        "Header files become imports. Small boards import names one by one, because each takes "
        "memory; ``from nxd_mqtt.nxd import *`` and ``from nxd_mqtt.tx import *`` do, too.",
        "#include <stdio.h>",
        "import os",
    ),
    (
        "Constants stay. The broker may be a name; it comes from ``settings.toml``.",
        "#define CLIENT_ID",
        "BROKER =",
    ),
    (
        "Control blocks are constructed empty. The memory of stacks and pools is gone: what C sets "
        "aside Python makes by itself. Buffers for messages stay, as bytearrays.",
        "static NX_IP ",
        "ip = NX_IP()",
    ),
    (
        "A callback keeps its signature, and may make every call that does not wait.",
        "static VOID message_came(",
        "def message_came(",
    ),
    ("", "static VOID link_lost(", "def link_lost("),
    (
        "Lengths are gone, and so is the stack of the client's thread.",
        "static UINT prepare(",
        "def prepare(",
    ),
    (
        "",
        "        status = nxd_mqtt_client_receive_notify_set(",
        "        status = nxd_mqtt_client_receive_notify_set(",
    ),
    (
        "",
        "        status = nxd_mqtt_client_disconnect_notify_set(",
        "        status = nxd_mqtt_client_disconnect_notify_set(",
    ),
    (
        "A function that waits is ``async``, and is awaited. A call that waits for the network is "
        "made by ``tx_wait``, which lets the other threads run meanwhile, but for the moment in "
        "which the link is opened. Waits stay in ticks.",
        "static UINT connect_to_broker(",
        "async def connect_to_broker(",
    ),
    (
        "subscribe never waits, so it is called as it is.",
        "static UINT send_and_wait(",
        "async def send_and_wait(",
    ),
    (
        "",
        "    status = nxd_mqtt_client_publish(",
        "    arguments = (client, TOPIC",
    ),
    (
        "An out-pointer becomes a further return value, after the status.",
        "    status = tx_event_flags_get(",
        "    wait = 5 * NX_IP_PERIODIC_RATE",
    ),
    (
        "The two lengths are returned; the buffers are used for every message.",
        "static VOID print_messages(",
        "def print_messages(",
    ),
    (
        "The thread's entry. Nobody polls: under the kernel the client has its own thread, as in "
        "NetX.",
        "static VOID application_entry(",
        "async def application_entry(",
    ),
    (
        "",
        "        status = nxd_mqtt_client_unsubscribe(",
        "        status = nxd_mqtt_client_unsubscribe(",
    ),
    (
        "",
        "    nxd_mqtt_client_disconnect(",
        "    nxd_mqtt_client_disconnect(",
    ),
    (
        "The pool is two numbers. The network is the board's: ARP and TCP are in its firmware.",
        "VOID tx_application_define(",
        "def tx_application_define(",
    ),
    (
        "",
        "    nx_ip_create(",
        "    nx_ip_create(",
    ),
    (
        "The stack of a thread is accepted and ignored.",
        "    tx_event_flags_create(",
        "    tx_event_flags_create(",
    ),
    (
        "The kernel is given the function that C finds by its name. It returns when no thread is "
        "left that can run.",
        "int main(",
        "def main(",
    ),
)
