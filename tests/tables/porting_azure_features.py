# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The rows of the porting guide for what a hub does: telemetry, messages, methods, the twin."""

_SET = "NX_AZURE_IOT_SUCCESS NX_AZURE_IOT_INVALID_PARAMETER NX_AZURE_IOT_NOT_INITIALIZED"
_DISABLE = _SET + " NX_AZURE_IOT_NOT_ENABLED NX_AZURE_IOT_DISCONNECTED"
_RECEIVE = (
    _DISABLE + " NX_AZURE_IOT_NO_PACKET NX_AZURE_IOT_MESSAGE_TOO_LONG "
    "NX_AZURE_IOT_NO_SUBSCRIBE_ACK NX_AZURE_IOT_INSUFFICIENT_BUFFER_SPACE NX_WAIT_ERROR"
)
_SEND = (
    _SET + " NX_AZURE_IOT_DISCONNECTED NX_AZURE_IOT_MESSAGE_TOO_LONG "
    "NXD_MQTT_PACKET_POOL_FAILURE NX_WAIT_ERROR"
)
_ANSWER = _SEND + " NX_AZURE_IOT_WRONG_STATE"
_DOCUMENT = (
    _RECEIVE + " NX_AZURE_IOT_THROTTLED NX_AZURE_IOT_SERVER_RESPONSE_ERROR "
    "NX_AZURE_IOT_INVALID_PACKET"
)
_REQUEST = _SEND + " NX_AZURE_IOT_THROTTLED NX_AZURE_IOT_NOT_ENABLED"
_REPORT = _REQUEST + " NX_AZURE_IOT_NO_PACKET NX_AZURE_IOT_INSUFFICIENT_BUFFER_SPACE"
_REPORT += " NX_AZURE_IOT_NO_SUBSCRIBE_ACK"
_PROPERTY = "NX_AZURE_IOT_SUCCESS NX_AZURE_IOT_INVALID_PARAMETER NX_AZURE_IOT_TOPIC_TOO_LONG"
_GET = _SET + " NX_AZURE_IOT_NOT_FOUND NX_AZURE_IOT_INVALID_PACKET"

_HUB = "NX_AZURE_IOT_HUB_CLIENT *hub_client_ptr"
_PATH = "integration/test_live_azure_"
_TELEMETRY = _PATH + "telemetry.py::"
_MESSAGES = _PATH + "messages.py::"
_METHODS = _PATH + "methods.py::"
_TWINS = _PATH + "twins.py::"
_PLUG_AND_PLAY = _TWINS + "test_the_same_under_the_names_of_plug_and_play"
_COMMANDS = _METHODS + "test_commands_of_components_and_of_the_device"

TELEMETRY = (
    (
        f"UINT nx_azure_iot_hub_client_telemetry_message_create({_HUB}, NX_PACKET **packet_pptr, "
        "UINT wait_option)",
        "nx_azure_iot_hub_client_telemetry_message_create(hub, wait_option)",
        "status, packet",
        _SET,
        "The packet is an object of the heap; there is nothing to wait for.",
        _TELEMETRY + "test_a_message_arrives_once_with_body_and_properties",
    ),
    (
        "UINT nx_azure_iot_hub_client_telemetry_message_delete(NX_PACKET *packet_ptr)",
        "nx_azure_iot_hub_client_telemetry_message_delete(packet)",
        "status",
        "NX_AZURE_IOT_SUCCESS NX_AZURE_IOT_INVALID_PARAMETER",
        "A second call is refused; in C it must not happen.",
        "test_azure_rows.py::test_telemetry_that_is_given_up_cannot_be_sent",
    ),
    (
        "UINT nx_azure_iot_hub_client_telemetry_property_add(NX_PACKET *packet_ptr, "
        "const UCHAR *property_name, USHORT property_name_length, const UCHAR *property_value, "
        "USHORT property_value_length, UINT wait_option)",
        "nx_azure_iot_hub_client_telemetry_property_add(packet, property_name, property_value, "
        "wait_option=0)",
        "status",
        _PROPERTY,
        "Name and value are encoded here. In C the program encodes them: leave that out.",
        _TELEMETRY + "test_properties_keep_every_character_and_their_order",
    ),
    (
        "UINT nx_azure_iot_hub_client_telemetry_component_set(NX_PACKET *packet_ptr, "
        "const UCHAR *component_name, USHORT component_name_length, UINT wait_option)",
        "nx_azure_iot_hub_client_telemetry_component_set(packet, component_name, wait_option=0)",
        "status",
        _PROPERTY,
        "As in C.",
        _TELEMETRY + "test_a_component_is_named",
    ),
    (
        "",
        "nx_azure_iot_hub_client_telemetry_options_set(packet, QoS, retain)",
        "status",
        "NX_AZURE_IOT_SUCCESS NX_AZURE_IOT_INVALID_PARAMETER",
        "QoS 0 for one message, which in C is a macro for all of them; and the retain flag.",
        _TELEMETRY + "test_retain_becomes_a_property",
    ),
    (
        f"UINT nx_azure_iot_hub_client_telemetry_send({_HUB}, NX_PACKET *packet_ptr, "
        "const UCHAR *telemetry_data, UINT data_size, UINT wait_option)",
        "nx_azure_iot_hub_client_telemetry_send(hub, packet, telemetry_data, wait_option)",
        "status",
        _SEND,
        "A client that connects again by itself accepts it without a link, too. Topic and payload "
        "must fit one packet of the pool.",
        _TELEMETRY + "test_without_a_link_and_without_reconnecting_it_is_refused",
    ),
    (
        f"UINT nx_azure_iot_hub_client_telemetry_send_extended({_HUB}, NX_PACKET *packet_ptr, "
        "const UCHAR *telemetry_data, UINT data_size, USHORT *packet_id_ptr, UINT wait_option)",
        "nx_azure_iot_hub_client_telemetry_send_extended(hub, packet, telemetry_data, wait_option)",
        "status, packet_id",
        _SEND,
        "The identifier is 0 at QoS 0.",
        _TELEMETRY + "test_many_messages_keep_their_order_and_are_each_acknowledged",
    ),
    (
        f"UINT nx_azure_iot_hub_client_telemetry_ack_callback_set({_HUB}, "
        "VOID (*callback_ptr)(NX_AZURE_IOT_HUB_CLIENT *hub_client_ptr, USHORT packet_id))",
        "nx_azure_iot_hub_client_telemetry_ack_callback_set(hub, callback)",
        "status",
        _SET,
        "As in C.",
        _TELEMETRY + "test_many_messages_keep_their_order_and_are_each_acknowledged",
    ),
    (
        "",
        "nx_azure_iot_hub_client_will_message_set(hub, packet, will_message, QoS)",
        "status",
        _SET,
        "In C the program would call ``nxd_mqtt_client_will_message_set`` with the topic. It "
        "counts from the next connect on.",
        _TELEMETRY + "test_the_will_becomes_telemetry_when_the_link_is_lost",
    ),
)

MESSAGES = (
    (
        f"UINT nx_azure_iot_hub_client_cloud_message_enable({_HUB})",
        "nx_azure_iot_hub_client_cloud_message_enable(hub)",
        "status",
        _SET,
        "The filter names this device, where C's has a wildcard. Without a link it is remembered.",
        _MESSAGES + "test_a_message_with_its_properties",
    ),
    (
        f"UINT nx_azure_iot_hub_client_cloud_message_disable({_HUB})",
        "nx_azure_iot_hub_client_cloud_message_disable(hub)",
        "status",
        _DISABLE,
        "Messages that have come and were not taken are dropped.",
        _MESSAGES + "test_a_device_that_wants_no_more_gets_none",
    ),
    (
        f"UINT nx_azure_iot_hub_client_cloud_message_receive({_HUB}, NX_PACKET **packet_pptr, "
        "UINT wait_option)",
        "nx_azure_iot_hub_client_cloud_message_receive(hub, wait_option)",
        "status, packet",
        _RECEIVE,
        "packet.data is the payload. A message that is larger than the queue is told to whoever "
        "asks; in C the packets of the pool are chained for it.",
        _MESSAGES + "test_a_message_with_its_properties",
    ),
    (
        f"UINT nx_azure_iot_hub_client_cloud_message_property_get({_HUB}, NX_PACKET *packet_ptr, "
        "const UCHAR *property_name, USHORT property_name_length, const UCHAR **property_value, "
        "USHORT *property_value_length)",
        "nx_azure_iot_hub_client_cloud_message_property_get(hub, packet, property_name)",
        "status, value",
        _GET,
        "The value is decoded, and ``str``. In C it is as it was sent.",
        _MESSAGES + "test_a_message_with_its_properties",
    ),
    (
        "",
        "nx_azure_iot_hub_client_cloud_message_properties_get(hub, packet)",
        "status, pairs of name and value",
        _GET,
        "All of them, in their order. In C one has to know their names.",
        _MESSAGES + "test_properties_keep_every_character_and_their_order",
    ),
)

METHODS = (
    (
        f"UINT nx_azure_iot_hub_client_direct_method_enable({_HUB})",
        "nx_azure_iot_hub_client_direct_method_enable(hub)",
        "status",
        _SET,
        "Without a link it is remembered, as in C.",
        _METHODS + "test_a_method_is_called_and_answered",
    ),
    (
        f"UINT nx_azure_iot_hub_client_direct_method_disable({_HUB})",
        "nx_azure_iot_hub_client_direct_method_disable(hub)",
        "status",
        _DISABLE,
        "Calls that have come and were not taken are dropped.",
        _METHODS + "test_who_wants_no_more_calls_gets_none",
    ),
    (
        f"UINT nx_azure_iot_hub_client_direct_method_message_receive({_HUB}, "
        "const UCHAR **method_name_pptr, USHORT *method_name_length_ptr, VOID **context_pptr, "
        "USHORT *context_length_ptr, NX_PACKET **packet_pptr, UINT wait_option)",
        "nx_azure_iot_hub_client_direct_method_message_receive(hub, wait_option)",
        "status, method_name, context, packet",
        _RECEIVE + " NX_AZURE_IOT_INVALID_PACKET",
        "The context is an object, and outlives the packet.",
        _METHODS + "test_a_method_is_called_and_answered",
    ),
    (
        f"UINT nx_azure_iot_hub_client_direct_method_message_response({_HUB}, UINT status_code, "
        "VOID *context_ptr, USHORT context_length, const UCHAR *payload, UINT payload_length, "
        "UINT wait_option)",
        "nx_azure_iot_hub_client_direct_method_message_response(hub, status_code, context, "
        "payload, wait_option)",
        "status",
        _ANSWER,
        "At QoS 1, where C sends it at QoS 0. A call is answered once; a second answer is "
        "NX_AZURE_IOT_WRONG_STATE.",
        _METHODS + "test_a_call_is_answered_once",
    ),
    (
        f"UINT nx_azure_iot_hub_client_command_enable({_HUB})",
        "nx_azure_iot_hub_client_command_enable(hub)",
        "status",
        _SET,
        "Another name of ``nx_azure_iot_hub_client_direct_method_enable``.",
        _COMMANDS,
    ),
    (
        f"UINT nx_azure_iot_hub_client_command_disable({_HUB})",
        "nx_azure_iot_hub_client_command_disable(hub)",
        "status",
        _DISABLE,
        "Another name of ``nx_azure_iot_hub_client_direct_method_disable``.",
        _COMMANDS,
    ),
    (
        f"UINT nx_azure_iot_hub_client_command_message_receive({_HUB}, "
        "const UCHAR **component_name_pptr, USHORT *component_name_length_ptr, "
        "const UCHAR **command_name_pptr, USHORT *command_name_length_ptr, VOID **context_pptr, "
        "USHORT *context_length_ptr, NX_PACKET **packet_pptr, UINT wait_option)",
        "nx_azure_iot_hub_client_command_message_receive(hub, wait_option)",
        "status, component_name, command_name, context, packet",
        _RECEIVE + " NX_AZURE_IOT_INVALID_PACKET",
        "The component is None for the device itself.",
        _COMMANDS,
    ),
    (
        f"UINT nx_azure_iot_hub_client_command_message_response({_HUB}, UINT status_code, "
        "VOID *context_ptr, USHORT context_length, const UCHAR *payload, UINT payload_length, "
        "UINT wait_option)",
        "nx_azure_iot_hub_client_command_message_response(hub, status_code, context, payload, "
        "wait_option)",
        "status",
        _ANSWER,
        "Another name of ``nx_azure_iot_hub_client_direct_method_message_response``.",
        _COMMANDS,
    ),
)

TWIN = (
    (
        f"UINT nx_azure_iot_hub_client_device_twin_enable({_HUB})",
        "nx_azure_iot_hub_client_device_twin_enable(hub)",
        "status",
        _SET,
        "From the second link on the client reads the twin itself, and hands on what the program "
        "does not know. In C the program has to ask.",
        _TWINS + "test_what_was_changed_while_the_link_was_lost_is_delivered",
    ),
    (
        f"UINT nx_azure_iot_hub_client_device_twin_disable({_HUB})",
        "nx_azure_iot_hub_client_device_twin_disable(hub)",
        "status",
        _DISABLE,
        "What has come and was not taken is dropped.",
        "test_azure_rows.py::test_a_twin_that_is_disabled_is_used_no_more",
    ),
    (
        f"UINT nx_azure_iot_hub_client_device_twin_reported_properties_send({_HUB}, "
        "UCHAR *message_buffer, UINT message_length, UINT *request_id_ptr, "
        "UINT *response_status_ptr, ULONG *version_ptr, UINT wait_option)",
        "nx_azure_iot_hub_client_device_twin_reported_properties_send(hub, message, wait_option)",
        "status, request_id, response_status, version",
        _REPORT,
        "At QoS 1, so that a lost link does not lose it; C sends it at QoS 0. SUBACK is not "
        "waited for.",
        _TWINS + "test_reported_properties_get_status_and_version",
    ),
    (
        f"UINT nx_azure_iot_hub_client_device_twin_properties_request({_HUB}, UINT wait_option)",
        "nx_azure_iot_hub_client_device_twin_properties_request(hub, wait_option)",
        "status",
        _REQUEST,
        "As in C.",
        _TWINS + "test_the_whole_twin",
    ),
    (
        f"UINT nx_azure_iot_hub_client_device_twin_properties_receive({_HUB}, "
        "NX_PACKET **packet_pptr, UINT wait_option)",
        "nx_azure_iot_hub_client_device_twin_properties_receive(hub, wait_option)",
        "status, packet",
        _DOCUMENT,
        "An answer that was lost with its link is told, where C waits for it.",
        _TWINS + "test_the_whole_twin",
    ),
    (
        f"UINT nx_azure_iot_hub_client_device_twin_desired_properties_receive({_HUB}, "
        "NX_PACKET **packet_pptr, UINT wait_option)",
        "nx_azure_iot_hub_client_device_twin_desired_properties_receive(hub, wait_option)",
        "status, packet",
        _RECEIVE + " NX_AZURE_IOT_INVALID_PACKET",
        "After a time away it is the whole desired section, where that has changed.",
        _TWINS + "test_desired_properties_come_as_they_are_changed",
    ),
    (
        f"UINT nx_azure_iot_hub_client_reported_properties_response_callback_set({_HUB}, "
        "VOID (*callback_ptr)(NX_AZURE_IOT_HUB_CLIENT *hub_client_ptr, UINT request_id, "
        "UINT response_status, ULONG version, VOID *args), VOID *callback_args)",
        "nx_azure_iot_hub_client_reported_properties_response_callback_set(hub, callback, "
        "callback_args=None)",
        "status",
        _SET + " NX_AZURE_IOT_NOT_ENABLED",
        "The twin must be enabled before. Older releases of C call it "
        "``nx_azure_iot_hub_client_report_properties_response_callback_set``.",
        _TWINS + "test_an_answer_that_nobody_waits_for_goes_to_the_callback",
    ),
    (
        f"UINT nx_azure_iot_hub_client_properties_enable({_HUB})",
        "nx_azure_iot_hub_client_properties_enable(hub)",
        "status",
        _SET,
        "Another name of ``nx_azure_iot_hub_client_device_twin_enable``.",
        _PLUG_AND_PLAY,
    ),
    (
        f"UINT nx_azure_iot_hub_client_properties_disable({_HUB})",
        "nx_azure_iot_hub_client_properties_disable(hub)",
        "status",
        _DISABLE,
        "Another name of ``nx_azure_iot_hub_client_device_twin_disable``.",
        _PLUG_AND_PLAY,
    ),
    (
        f"UINT nx_azure_iot_hub_client_properties_request({_HUB}, UINT wait_option)",
        "nx_azure_iot_hub_client_properties_request(hub, wait_option)",
        "status",
        _REQUEST,
        "Another name of ``nx_azure_iot_hub_client_device_twin_properties_request``.",
        _PLUG_AND_PLAY,
    ),
    (
        f"UINT nx_azure_iot_hub_client_properties_receive({_HUB}, NX_PACKET **packet_pptr, "
        "UINT wait_option)",
        "nx_azure_iot_hub_client_properties_receive(hub, wait_option)",
        "status, packet",
        _DOCUMENT,
        "Another name of ``nx_azure_iot_hub_client_device_twin_properties_receive``.",
        _PLUG_AND_PLAY,
    ),
    (
        f"UINT nx_azure_iot_hub_client_writable_properties_receive({_HUB}, "
        "NX_PACKET **packet_pptr, UINT wait_option)",
        "nx_azure_iot_hub_client_writable_properties_receive(hub, wait_option)",
        "status, packet",
        _RECEIVE + " NX_AZURE_IOT_INVALID_PACKET",
        "Another name of ``nx_azure_iot_hub_client_device_twin_desired_properties_receive``.",
        _PLUG_AND_PLAY,
    ),
    (
        f"UINT nx_azure_iot_hub_client_reported_properties_send({_HUB}, NX_PACKET *packet_ptr, "
        "UINT *request_id_ptr, UINT *response_status_ptr, ULONG *version_ptr, UINT wait_option)",
        "nx_azure_iot_hub_client_reported_properties_send(hub, message, wait_option)",
        "status, request_id, response_status, version",
        _REPORT,
        "It takes the JSON itself, and no packet that a writer has filled. No answer yet is "
        "response_status 0, as in C.",
        _PLUG_AND_PLAY,
    ),
)

PACKETS = (
    (
        "UINT nx_packet_release(NX_PACKET *packet_ptr)",
        "nx_packet_release(packet)",
        "status",
        "NX_AZURE_IOT_SUCCESS NX_AZURE_IOT_INVALID_PARAMETER",
        "A program need not call it; it lets go of the payload at once.",
        _MESSAGES + "test_bodies_of_every_size",
    ),
    (
        "UINT nx_packet_length_get(NX_PACKET *packet_ptr, ULONG *length)",
        "nx_packet_length_get(packet)",
        "status, length",
        "NX_AZURE_IOT_SUCCESS NX_AZURE_IOT_INVALID_PARAMETER",
        "Or ``len(packet.data)``.",
        _MESSAGES + "test_bodies_of_every_size",
    ),
    (
        "UINT nx_packet_data_retrieve(NX_PACKET *packet_ptr, VOID *buffer_start, "
        "ULONG *bytes_copied)",
        "nx_packet_data_retrieve(packet, buffer)",
        "status, length",
        "NX_AZURE_IOT_SUCCESS NX_AZURE_IOT_INVALID_PARAMETER",
        "A buffer that is too small is refused, and the length says what it needs. Or "
        "``packet.data``.",
        _MESSAGES + "test_bodies_of_every_size",
    ),
)

PARTS = (
    ("IoT Hub: telemetry", "From ``nxd_mqtt.azure_iot``.", TELEMETRY),
    ("IoT Hub: messages from the cloud", "From ``nxd_mqtt.azure_iot``.", MESSAGES),
    ("IoT Hub: methods", "From ``nxd_mqtt.azure_iot``.", METHODS),
    ("IoT Hub: the twin", "From ``nxd_mqtt.azure_iot``.", TWIN),
    (
        "IoT Hub: packets",
        "From ``nxd_mqtt.azure_iot``. They are what the hub client hands out, and nothing of "
        "NetX's pool.",
        PACKETS,
    ),
)
