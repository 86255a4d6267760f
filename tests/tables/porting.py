# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The rows of the porting guide for MQTT, its network and TLS: what each call of C has become.

A part is (title, words, rows). A row is (C prototype, Python call, what it returns, statuses,
differences, test). The prototype is empty for a function that C does not have. The Python call is
written with the defaults of the real function. The test shows the call at work; it is a file and a
function in it.
"""

NETWORK = (
    (
        "UINT nx_ip_create(NX_IP *ip_ptr, CHAR *name, ULONG ip_address, ULONG network_mask, "
        "NX_PACKET_POOL *default_pool, VOID (*ip_link_driver)(NX_IP_DRIVER *), VOID *memory_ptr, "
        "ULONG memory_size, UINT priority)",
        "nx_ip_create(ip, name, radio=None, socket_pool=None, ssl_context=None, clock=None, "
        "lock=None, kernel=None, link_up=None)",
        "status",
        "NX_SUCCESS NX_PTR_ERROR",
        "The one call whose arguments are others: a board's IP stack is in its firmware, so this "
        "takes the radio instead of an address, a driver and memory. Give it a radio or a pool of "
        "sockets.",
        "test_bad_arguments.py::test_a_bad_network_is_refused",
    ),
    (
        "UINT nx_packet_pool_create(NX_PACKET_POOL *pool_ptr, CHAR *name, ULONG payload_size, "
        "VOID *memory_ptr, ULONG memory_size)",
        "nx_packet_pool_create(pool, name, payload_size, memory=None, memory_size=0)",
        "status",
        "NX_SUCCESS NX_PTR_ERROR NX_SIZE_ERROR",
        "The pool is only a pair of measures; each client makes its own memory from them. As many "
        "packets as payload_size goes into memory_size can wait for their acknowledgement, and "
        "packets are not chained.",
        "test_netx_publish.py::test_netx_mqtt_transmit_queue_depth_test",
    ),
)

LIFE = (
    (
        "UINT nxd_mqtt_client_create(NXD_MQTT_CLIENT *client_ptr, CHAR *client_name, "
        "CHAR *client_id, UINT client_id_length, NX_IP *ip_ptr, NX_PACKET_POOL *pool_ptr, "
        "VOID *stack_ptr, ULONG stack_size, UINT mqtt_thread_priority, VOID *memory_ptr, "
        "ULONG memory_size)",
        "nxd_mqtt_client_create(client, client_name, client_id, ip, pool, stack=None, "
        "stack_size=0, priority=0, memory=None, memory_size=0)",
        "status",
        "NXD_MQTT_SUCCESS NX_PTR_ERROR NXD_MQTT_INTERNAL_ERROR NXD_MQTT_INVALID_PARAMETER",
        "The stack is accepted and ignored. The last two, which C ignores, are the receive queue: "
        "2,048 bytes unless you say otherwise.",
        "test_netx_api.py::test_netx_mqtt_branch_test_of_create",
    ),
    (
        "UINT nxd_mqtt_client_login_set(NXD_MQTT_CLIENT *client_ptr, CHAR *username, "
        "UINT username_length, CHAR *password, UINT password_length)",
        "nxd_mqtt_client_login_set(client, username, password)",
        "status",
        "NXD_MQTT_SUCCESS NXD_MQTT_INVALID_PARAMETER NXD_MQTT_MUTEX_FAILURE",
        "The login stays until it is set again; in C a disconnect forgets it. Both may be "
        "functions, which are asked before every CONNECT.",
        "test_netx_connect.py::test_netx_mqtt_connect_auth_test",
    ),
    (
        "UINT nxd_mqtt_client_will_message_set(NXD_MQTT_CLIENT *client_ptr, "
        "const UCHAR *will_topic, UINT will_topic_length, UCHAR *will_message, "
        "UINT will_message_length, UINT will_retain_flag, UINT will_QoS)",
        "nxd_mqtt_client_will_message_set(client, will_topic, will_message, will_retain_flag, "
        "will_QoS)",
        "status",
        "NXD_MQTT_SUCCESS NXD_MQTT_INVALID_PARAMETER NXD_MQTT_QOS2_NOT_SUPPORTED "
        "NXD_MQTT_MUTEX_FAILURE",
        "A second call replaces the first one; in C the flags of both add up. The will outlives a "
        "disconnect.",
        "test_netx_connect.py::test_netx_mqtt_connect_will_message_test",
    ),
    (
        "UINT nxd_mqtt_client_delete(NXD_MQTT_CLIENT *client_ptr)",
        "nxd_mqtt_client_delete(client)",
        "status",
        "NXD_MQTT_SUCCESS NX_PTR_ERROR NXD_MQTT_MUTEX_FAILURE",
        "It says DISCONNECT first, so the broker does not publish the will, and it returns at "
        "once, also while connecting. The control block can be created again.",
        "test_netx_endings.py::test_delete_says_goodbye",
    ),
)

LINK = (
    (
        "UINT nxd_mqtt_client_connect(NXD_MQTT_CLIENT *client_ptr, NXD_ADDRESS *server_ip, "
        "UINT server_port, UINT keepalive, UINT clean_session, ULONG wait_option)",
        "nxd_mqtt_client_connect(client, server_ip, server_port, keepalive, clean_session, "
        "wait_option)",
        "status",
        "NXD_MQTT_SUCCESS NX_IN_PROGRESS NX_PTR_ERROR NX_INVALID_PORT NX_WAIT_ERROR "
        "NXD_MQTT_INVALID_PARAMETER NXD_MQTT_ALREADY_CONNECTED NXD_MQTT_CONNECTING "
        "NXD_MQTT_INVALID_STATE NXD_MQTT_CONNECT_FAILURE NXD_MQTT_COMMUNICATION_FAILURE "
        "NXD_MQTT_SERVER_MESSAGE_FAILURE NXD_MQTT_PACKET_POOL_FAILURE "
        "NXD_MQTT_ERROR_UNACCEPTABLE_PROTOCOL NXD_MQTT_ERROR_IDENTIFYIER_REJECTED "
        "NXD_MQTT_ERROR_SERVER_UNAVAILABLE NXD_MQTT_ERROR_BAD_USERNAME_PASSWORD "
        "NXD_MQTT_ERROR_NOT_AUTHORIZED",
        "The server is a name or an address in text. The wait is one budget for all of it, and a "
        "CONNACK that does not come ends the attempt also with NX_WAIT_FOREVER. With NX_NO_WAIT "
        "the next poll opens the link.",
        "test_netx_connect.py::test_netx_mqtt_connect_test",
    ),
    (
        "UINT nxd_mqtt_client_disconnect(NXD_MQTT_CLIENT *client_ptr)",
        "nxd_mqtt_client_disconnect(client)",
        "status",
        "NXD_MQTT_SUCCESS NX_PTR_ERROR NXD_MQTT_MUTEX_FAILURE",
        "It does not wait for the peer's end of TCP, for which C waits for ever unless it is told "
        "otherwise. A success from every state, as in C.",
        "test_netx_endings.py::test_own_disconnect_is_told_once",
    ),
    (
        "UINT nxd_mqtt_client_disconnect_notify_set(NXD_MQTT_CLIENT *client_ptr, "
        "VOID (*disconnect_notify)(NXD_MQTT_CLIENT *))",
        "nxd_mqtt_client_disconnect_notify_set(client, disconnect_notify)",
        "status",
        "NXD_MQTT_SUCCESS NX_PTR_ERROR NXD_MQTT_MUTEX_FAILURE",
        "Told once for every link that ends, as in C also for the program's own disconnect. In it "
        "client.reason says why.",
        "test_netx_endings.py::test_a_loss_is_told_once",
    ),
    (
        "",
        "nxd_mqtt_client_poll(client, wait_option=0)",
        "status",
        "NXD_MQTT_SUCCESS NXD_MQTT_NOT_CONNECTED NXD_MQTT_CONNECT_FAILURE "
        "NXD_MQTT_COMMUNICATION_FAILURE NXD_MQTT_SERVER_MESSAGE_FAILURE NXD_MQTT_INVALID_PACKET "
        "NXD_MQTT_PACKET_POOL_FAILURE NXD_MQTT_INVALID_PARAMETER NXD_MQTT_MUTEX_FAILURE "
        "NX_PTR_ERROR NX_WAIT_ERROR",
        "One bounded step of what is a thread in NetX. A program that polls in a loop calls it; "
        "under the kernel nobody does.",
        "test_poll.py::test_a_poll_without_a_wait_never_blocks_and_takes_no_time",
    ),
)

MESSAGES = (
    (
        "UINT nxd_mqtt_client_publish(NXD_MQTT_CLIENT *client_ptr, CHAR *topic_name, "
        "UINT topic_name_length, CHAR *message, UINT message_length, UINT retain, UINT QoS, "
        "ULONG wait_option)",
        "nxd_mqtt_client_publish(client, topic_name, message, retain, QoS, wait_option)",
        "status",
        "NXD_MQTT_SUCCESS NX_PTR_ERROR NX_WAIT_ERROR NXD_MQTT_INVALID_PARAMETER "
        "NXD_MQTT_QOS2_NOT_SUPPORTED NXD_MQTT_NOT_CONNECTED NXD_MQTT_PACKET_POOL_FAILURE "
        "NXD_MQTT_COMMUNICATION_FAILURE NXD_MQTT_INTERNAL_ERROR",
        "A QoS 1 message that was stored is accepted, whatever the socket says; C may report a "
        "failure and send it later all the same. An empty message is None or an empty object.",
        "test_netx_publish.py::test_netx_mqtt_publish_qos1_test",
    ),
    (
        "UINT nxd_mqtt_client_subscribe(NXD_MQTT_CLIENT *client_ptr, CHAR *topic_name, "
        "UINT topic_name_length, UINT QoS)",
        "nxd_mqtt_client_subscribe(client, topic_name, QoS)",
        "status",
        "NXD_MQTT_SUCCESS NX_PTR_ERROR NXD_MQTT_INVALID_PARAMETER NXD_MQTT_QOS2_NOT_SUPPORTED "
        "NXD_MQTT_NOT_CONNECTED NXD_MQTT_PACKET_POOL_FAILURE NXD_MQTT_MUTEX_FAILURE",
        "It never waits; C may wait for ever for a packet. A SUBACK that refuses comes to "
        "nxd_mqtt_ack_receive_notify, and one that does not come ends the link.",
        "test_netx_subscribe.py::test_netx_mqtt_subscribe_test",
    ),
    (
        "UINT nxd_mqtt_client_unsubscribe(NXD_MQTT_CLIENT *client_ptr, CHAR *topic_name, "
        "UINT topic_name_length)",
        "nxd_mqtt_client_unsubscribe(client, topic_name)",
        "status",
        "NXD_MQTT_SUCCESS NX_PTR_ERROR NXD_MQTT_INVALID_PARAMETER NXD_MQTT_NOT_CONNECTED "
        "NXD_MQTT_PACKET_POOL_FAILURE NXD_MQTT_MUTEX_FAILURE",
        "As nxd_mqtt_client_subscribe.",
        "test_netx_subscribe.py::test_netx_mqtt_unsubscribe_test",
    ),
    (
        "UINT nxd_mqtt_client_receive_notify_set(NXD_MQTT_CLIENT *client_ptr, "
        "VOID (*receive_notify)(NXD_MQTT_CLIENT *client_ptr, UINT message_count))",
        "nxd_mqtt_client_receive_notify_set(client, receive_notify)",
        "status",
        "NXD_MQTT_SUCCESS NX_PTR_ERROR NXD_MQTT_MUTEX_FAILURE",
        "None clears it, where C has no way back. Messages that come while another callback runs "
        "are told one by one when it has returned.",
        "test_netx_receive.py::test_receive_notify_can_be_cleared",
    ),
    (
        "UINT nxd_mqtt_client_message_get(NXD_MQTT_CLIENT *client_ptr, UCHAR *topic_buffer, "
        "UINT topic_buffer_size, UINT *actual_topic_length, UCHAR *message_buffer, "
        "UINT message_buffer_size, UINT *actual_message_length)",
        "nxd_mqtt_client_message_get(client, topic_buffer, message_buffer)",
        "status, topic_length, message_length",
        "NXD_MQTT_SUCCESS NXD_MQTT_NO_MESSAGE NXD_MQTT_INSUFFICIENT_BUFFER_SPACE NX_PTR_ERROR "
        "NXD_MQTT_INVALID_PARAMETER NXD_MQTT_MUTEX_FAILURE",
        "The buffers are bytearrays, made once. When one is too small the lengths say what the "
        "message needs, and it stays. QoS and retain of what was got are attributes of the client.",
        "test_netx_receive.py::test_a_message_that_does_not_fit_its_buffers_stays",
    ),
    (
        "",
        "nxd_mqtt_client_message_discard(client)",
        "status",
        "NXD_MQTT_SUCCESS NXD_MQTT_NO_MESSAGE NX_PTR_ERROR NXD_MQTT_MUTEX_FAILURE",
        "The way past a message that no buffer of the program takes. In C it blocks the queue.",
        "test_netx_receive.py::test_a_message_can_be_discarded_unread",
    ),
)

EXTENSIONS = (
    (
        "",
        "nxd_mqtt_client_reconnect_set(client, minimum_ticks, maximum_ticks, subscriptions=16)",
        "status",
        "NXD_MQTT_SUCCESS NX_PTR_ERROR NXD_MQTT_INVALID_PARAMETER NXD_MQTT_INVALID_STATE "
        "NXD_MQTT_MUTEX_FAILURE",
        "Lets the client connect again by itself, which in C is a loop of the program's.",
        "test_client_reconnect.py::test_a_lost_link_is_replaced",
    ),
    (
        "",
        "nxd_mqtt_client_store_set(client, store)",
        "status",
        "NXD_MQTT_SUCCESS NX_PTR_ERROR NXD_MQTT_INVALID_STATE NXD_MQTT_INTERNAL_ERROR "
        "NXD_MQTT_INVALID_PARAMETER NXD_MQTT_MUTEX_FAILURE",
        "Keeps QoS 1 messages in two files on a drive, through a loss of power.",
        "test_file_store_client.py::test_what_was_not_acknowledged_is_sent_again_after_a_reset",
    ),
    (
        "",
        "nxd_mqtt_client_ack_mode_set(client, mode)",
        "status",
        "NXD_MQTT_SUCCESS NX_PTR_ERROR NXD_MQTT_INVALID_PARAMETER NXD_MQTT_MUTEX_FAILURE",
        "Whether PUBACK goes out when a message is queued, as in C, or when the program takes it.",
        "test_acknowledge_on_get.py::test_a_message_is_acknowledged_when_it_is_taken",
    ),
    (
        "",
        "nxd_mqtt_client_queue_policy_set(client, policy)",
        "status",
        "NXD_MQTT_SUCCESS NX_PTR_ERROR NXD_MQTT_INVALID_PARAMETER NXD_MQTT_MUTEX_FAILURE",
        "What a full receive queue does with a QoS 0 message: hold it, drop it, or drop the "
        "oldest ones.",
        "test_client_calls.py::test_drop_old",
    ),
    (
        "",
        "nxd_mqtt_client_timeout_set(client, which, ticks)",
        "status",
        "NXD_MQTT_SUCCESS NX_PTR_ERROR NXD_MQTT_INVALID_PARAMETER NXD_MQTT_MUTEX_FAILURE",
        "How long each kind of answer may take. C has one limit, of a second, for PINGRESP.",
        "test_client_calls.py::test_timeout_set",
    ),
    (
        "",
        "nxd_mqtt_client_deadline_get(client)",
        "status, ticks",
        "NXD_MQTT_SUCCESS NX_PTR_ERROR NXD_MQTT_MUTEX_FAILURE",
        "How long a loop of the program's may sleep before it must poll.",
        "test_client_calls.py::test_deadline_get",
    ),
    (
        "",
        "nxd_mqtt_client_socket_get(client)",
        "status, socket, wants",
        "NXD_MQTT_SUCCESS NX_PTR_ERROR NXD_MQTT_MUTEX_FAILURE",
        "The socket, for a loop that waits for several things.",
        "test_client_calls.py::test_socket_get",
    ),
    (
        "",
        "nxd_mqtt_client_statistics_get(client)",
        "status, statistics",
        "NXD_MQTT_SUCCESS NX_PTR_ERROR NXD_MQTT_MUTEX_FAILURE",
        "Counters in a dict. In C one reads the fields of the control block.",
        "test_client_calls.py::test_statistics",
    ),
)

# In this order they are on the page.
PARTS = (
    ("Network and packet pool", "From ``nxd_mqtt.nxd``.", NETWORK),
    ("Client", "From ``nxd_mqtt.nxd``.", LIFE),
    ("Link", "From ``nxd_mqtt.nxd``.", LINK),
    (
        "Messages",
        "From ``nxd_mqtt.nxd``; ``nxd_mqtt_client_message_discard`` from "
        "``nxd_mqtt.nxd_extensions``.",
        MESSAGES,
    ),
    (
        "What C leaves to the program",
        "From ``nxd_mqtt.nxd_extensions``. Whoever calls none of them has NetX's behaviour.",
        EXTENSIONS,
    ),
)

# Calls that a program in C makes and one in Python does not: (calls, what to do).
GONE = (
    (
        "nx_system_initialize, nx_arp_enable, nx_tcp_enable, nx_udp_enable, nx_icmp_enable, "
        "nxd_ipv6_enable, nx_dhcp_create, nx_dhcp_start, nx_ip_status_check",
        "Leave them out: ``boards.connect()`` brings the network up, see :doc:`boards`.",
    ),
    (
        "nx_dns_create, nx_dns_host_by_name_get, nxd_dns_host_by_name_get",
        "Leave them out: the calls that connect take a name.",
    ),
    (
        "nx_packet_allocate, nx_packet_data_append",
        "Leave them out: topics and messages are Python's objects. ``nx_packet_release`` is there "
        "for what an IoT Hub client hands out, and need not be called.",
    ),
    (
        "nx_secure_tls_ecc_initialize, nx_secure_tls_session_start, nx_secure_tls_session_end, "
        "nx_crypto_initialize",
        "Leave them out: the platform's TLS has its own ciphers, and the client begins and ends "
        "the session.",
    ),
    (
        "nxd_mqtt_packet_receive_notify, nxd_mqtt_packet_receive_context",
        "There are none: packets are not handed out raw.",
    ),
    (
        "_nxd_mqtt_client_cloud_create, nx_cloud_create, nxd_mqtt_client_publish_packet_send",
        "There are none. They are NetX's way to several clients on one thread.",
    ),
    (
        "nx_azure_iot_hub_client_reported_properties_create, "
        "nx_azure_iot_hub_client_reported_properties_component_begin, "
        "nx_azure_iot_hub_client_reported_properties_status_begin, "
        "nx_azure_iot_hub_client_properties_version_get, "
        "nx_azure_iot_hub_client_properties_component_property_next_get, "
        "nx_azure_iot_json_writer_init, nx_azure_iot_json_reader_init",
        "There are none, nor others like them: JSON goes in and out as text, and Python's ``json`` "
        "makes and reads it. :doc:`azure` says what a component and a status look like.",
    ),
    (
        "nx_azure_iot_provisioning_client_initialize, nx_azure_iot_provisioning_client_register, "
        "nx_azure_iot_adu_agent_start, nx_azure_iot_security_module_enable, nx_azure_iot_log_init",
        "There are none: no provisioning, no updates over the air, no Defender. Register the "
        "device in the portal.",
    ),
    (
        "tx_byte_pool_create, tx_byte_allocate, tx_byte_release, tx_block_pool_create, "
        "tx_block_allocate, tx_block_release",
        "Leave them out: memory is Python's. Buffers that are used again and again are best made "
        "once, as bytearrays.",
    ),
    (
        "tx_interrupt_control",
        "Leave them out: no other thread runs between two calls that are awaited.",
    ),
    (
        "tx_thread_stack_error_notify, tx_thread_entry_exit_notify",
        "There are none. An entry function knows itself when it begins and ends.",
    ),
    (
        "tx_thread_performance_info_get, tx_trace_enable",
        "There are none, nor others like them. The run count is in ``tx_thread_info_get``.",
    ),
)
