# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The rows: every test program of NetX's MQTT client, and what became of it.

A row is (name, departure or reason): the name is what stands between ``netx_mqtt_`` and ``_test``
in the name of NetX's file. A row of ``TWINS`` has a test of ours, ``test_netx_mqtt_<name>_test``;
the text says where it departs from NetX's, if it does. A row of ``WITHOUT`` has none; the text
says why.
"""

TWINS = (
    (
        "api",
        "an empty message is no error; None clears a notify function; lengths and stacks are gone",
    ),
    (
        "branch",
        "faults that are patched into the control block are gone: instead a second create, a "
        "deleted client, every state, a pool without packets",
    ),
    ("connack_error", ""),
    ("connect", "disconnect_notify comes exactly once"),
    ("connect_v6", ""),
    ("connect_auth", "the login outlives a disconnect"),
    ("connect_auth_empty", "the login outlives a disconnect"),
    ("null_password", "also what is sent"),
    ("connect_non_block", "the connection is opened by the first poll"),
    ("connect_non_block_2", ""),
    (
        "connect_packet_send_failure",
        "a CONNECT larger than payload_size is NXD_MQTT_PACKET_POOL_FAILURE",
    ),
    ("connect_will_message", ""),
    ("connect_will_topic_only", ""),
    ("connect_with_auth_will", ""),
    ("not_connected", ""),
    ("publish_qos0", ""),
    ("publish_qos1", ""),
    ("publish_non_zero_packet_id", ""),
    (
        "publish_packet_chain",
        "the same topic and message; packets are not chained, so one that is larger than "
        "payload_size is NXD_MQTT_PACKET_POOL_FAILURE and nobody can hoard packets",
    ),
    ("subscribe", "also what the broker granted"),
    ("unsubscribe", ""),
    ("subscribe_non_zero_packet_id", ""),
    ("subscribe_packet_chain", "the same filter; packets are not chained"),
    (
        "packet_leak",
        "a SUBACK of a wrong length ends the link; a part of one leaves nothing behind",
    ),
    ("receive_qos0", ""),
    ("receive_qos1", ""),
    ("multiple_receive", ""),
    ("receive_span", ""),
    (
        "remaining_length",
        "on the wire, both ways, up to four bytes; the largest length of all would need a pool and "
        "a queue of 256 MB",
    ),
    ("keepalive", "a PINGREQ goes out earlier: after three quarters of the keepalive"),
    ("keepalive_timeout", "the limit is set, and ends the link to the millisecond"),
    ("transmit_queue_depth", "the depth is the pool's"),
    ("subscriber", "at mosquitto and at the embedded broker"),
    ("subscriber_empty_message", "at mosquitto and at the embedded broker"),
    ("websocket_block", "also the goodbye of WebSocket"),
    ("websocket_non_block", ""),
    ("tls_subscriber", "at both brokers; a setup that refuses is no attempt to connect"),
    ("tls_subscriber_twice", "at both brokers; nobody at the port is stage tcp"),
    ("double_subscribers", "at both brokers"),
)

WITHOUT = (
    (
        "publish_qos2",
        "NetX does not build it, and its own client refuses QoS 2; that refusal is in api",
    ),
    (
        "receive_qos2",
        "NetX does not build it; a QoS 2 message ends the link, for no subscription asks for one",
    ),
)

# What the rows above assert in part, and what cannot be asserted here at all.
GONE = (
    (
        "the second loop of every row, over TLS",
        "one test runs the twins once more with secure connects: test_tls_netx.py",
    ),
    ("builds that insist on TLS", "there is one build"),
    ("builds with a cloud helper", "the helper's thread has no counterpart: the program polls"),
    ("a mutex that fails", "a lock cannot fail here; a client that was not created answers as one"),
    ("thread and event group that cannot be created", "there are none"),
    ("stack and stack size", "accepted and ignored"),
    ("packets that the application hoards", "the pool is a measure, and each client has its own"),
    ("every packet is free again after delete", "instead: every socket is closed, once"),
    ("packet_receive_notify", "there are no packets to hand out"),
    ("QoS 2 handshakes", "QoS 2 is refused in both directions"),
    ("an address family of 3", "an address is text"),
    ("a socket that is patched into SYN_SENT", "a poll opens the link as a whole"),
)
