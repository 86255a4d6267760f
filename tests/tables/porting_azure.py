# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The rows of the porting guide for IoT Hub: a hub client's life, its login and its callbacks.

They have the form that ``porting`` describes. What a hub does for a device is in
``porting_azure_features``.
"""

_SET = "NX_AZURE_IOT_SUCCESS NX_AZURE_IOT_INVALID_PARAMETER NX_AZURE_IOT_NOT_INITIALIZED"
_CONNECTING = "integration/test_live_azure_connecting.py::"
_LINKS = "integration/test_live_azure_links.py::"

LIFE = (
    (
        "UINT nx_azure_iot_create(NX_AZURE_IOT *nx_azure_iot_ptr, const UCHAR *name_ptr, "
        "NX_IP *ip_ptr, NX_PACKET_POOL *pool_ptr, NX_DNS *dns_ptr, VOID *stack_memory_ptr, "
        "UINT stack_memory_size, UINT priority, UINT (*unix_time_callback)(ULONG *unix_time))",
        "nx_azure_iot_create(azure, name, ip, pool, dns=None, stack=None, stack_size=0, "
        "priority=0, unix_time=None)",
        "status",
        "NX_AZURE_IOT_SUCCESS NX_AZURE_IOT_INVALID_PARAMETER",
        "No thread of its own: the program polls each hub client, or the kernel does. unix_time "
        "returns the seconds; without it the clock of the system counts. dns is ignored, because "
        "connect takes a name.",
        "test_azure_examples.py::test_the_clock_is_set_before_anything_is_signed",
    ),
    (
        "UINT nx_azure_iot_delete(NX_AZURE_IOT *nx_azure_iot_ptr)",
        "nx_azure_iot_delete(azure)",
        "status",
        "NX_AZURE_IOT_SUCCESS NX_AZURE_IOT_INVALID_PARAMETER",
        "It does not look whether a hub client still stands on it.",
        "test_azure_rows.py::test_the_shared_part_is_given_up",
    ),
    (
        "UINT nx_azure_iot_hub_client_initialize(NX_AZURE_IOT_HUB_CLIENT *hub_client_ptr, "
        "NX_AZURE_IOT *nx_azure_iot_ptr, const UCHAR *host_name, UINT host_name_length, "
        "const UCHAR *device_id, UINT device_id_length, const UCHAR *module_id, "
        "UINT module_id_length, const NX_CRYPTO_METHOD **crypto_array, UINT crypto_array_size, "
        "const NX_CRYPTO_CIPHERSUITE **cipher_map, UINT cipher_map_size, UCHAR *metadata_memory, "
        "UINT memory_size, NX_SECURE_X509_CERT *trusted_certificate)",
        "nx_azure_iot_hub_client_initialize(hub, azure, host_name, device_id, module_id=None, "
        "crypto_array=None, crypto_array_size=0, cipher_map=None, cipher_map_size=0, "
        "metadata_memory=None, memory_size=0, trusted_certificate=None)",
        "status",
        _SET + " NX_PTR_ERROR NXD_MQTT_INTERNAL_ERROR",
        "The memory, which C gives to TLS, is the receive queue here: 4,096 bytes unless you say "
        "otherwise. Ciphers are ignored. The four sizes of an array or of memory stay where they "
        "are in C.",
        _CONNECTING + "test_a_key_proves_who_it_is",
    ),
    (
        "UINT nx_azure_iot_hub_client_deinitialize(NX_AZURE_IOT_HUB_CLIENT *hub_client_ptr)",
        "nx_azure_iot_hub_client_deinitialize(hub)",
        "status",
        _SET,
        "As in C.",
        _LINKS + "test_a_client_that_was_given_up_can_be_made_again",
    ),
    (
        "",
        "nx_azure_iot_connection_string_parse(text)",
        "status, settings, cause",
        "NX_AZURE_IOT_SUCCESS NX_AZURE_IOT_INVALID_PARAMETER",
        "Takes apart what the portal shows. In C the parts are constants of the program.",
        "test_azure_rows.py::test_a_connection_string_is_taken_apart",
    ),
)

LOGIN = (
    (
        "UINT nx_azure_iot_hub_client_symmetric_key_set(NX_AZURE_IOT_HUB_CLIENT *hub_client_ptr, "
        "const UCHAR *symmetric_key, UINT symmetric_key_length)",
        "nx_azure_iot_hub_client_symmetric_key_set(hub, symmetric_key)",
        "status",
        _SET,
        "A key that is no base64 is refused here. The token is made anew before each CONNECT, as "
        "in C, and also renewed on a link that stands.",
        _CONNECTING + "test_a_key_proves_who_it_is",
    ),
    (
        "",
        "nx_azure_iot_hub_client_sas_token_set(hub, token)",
        "status",
        _SET,
        "For tokens that somebody else has signed: one that is there, or a function that is asked "
        "before each CONNECT.",
        _CONNECTING + "test_a_token_that_somebody_else_has_signed",
    ),
    (
        "",
        "nx_azure_iot_hub_client_token_life_set(hub, seconds)",
        "status",
        _SET,
        "In C it is a macro, 3,600 seconds as here.",
        "integration/test_live_azure_renewal.py::test_a_key_signs_a_new_token_in_time",
    ),
    (
        "UINT nx_azure_iot_hub_client_device_cert_set(NX_AZURE_IOT_HUB_CLIENT *hub_client_ptr, "
        "NX_SECURE_X509_CERT *device_certificate)",
        "nx_azure_iot_hub_client_device_cert_set(hub, device_certificate)",
        "status",
        _SET + " NX_AZURE_IOT_INSUFFICIENT_BUFFER_SPACE",
        "The certificate is initialized as :doc:`secure` says, with its key; on a board from a "
        "file, whose chain may be in the same one.",
        _CONNECTING + "test_a_certificate_proves_who_it_is",
    ),
    (
        "UINT nx_azure_iot_hub_client_trusted_cert_add(NX_AZURE_IOT_HUB_CLIENT *hub_client_ptr, "
        "NX_SECURE_X509_CERT *trusted_certificate)",
        "nx_azure_iot_hub_client_trusted_cert_add(hub, trusted_certificate)",
        "status",
        _SET + " NX_AZURE_IOT_INSUFFICIENT_BUFFER_SPACE",
        "Without any the platform's own roots are trusted; in C nothing is.",
        _CONNECTING + "test_a_root_that_was_changed_is_noticed_and_can_be_added",
    ),
    (
        "UINT nx_azure_iot_hub_client_model_id_set(NX_AZURE_IOT_HUB_CLIENT *hub_client_ptr, "
        "const UCHAR *model_id_ptr, UINT model_id_length)",
        "nx_azure_iot_hub_client_model_id_set(hub, model_id)",
        "status",
        _SET,
        "As in C.",
        _CONNECTING + "test_the_connect_of_a_plug_and_play_device",
    ),
    (
        "UINT nx_azure_iot_hub_client_component_add(NX_AZURE_IOT_HUB_CLIENT *hub_client_ptr, "
        "const UCHAR *component_name_ptr, USHORT component_name_length)",
        "nx_azure_iot_hub_client_component_add(hub, component_name)",
        "status",
        _SET + " NX_AZURE_IOT_INSUFFICIENT_BUFFER_SPACE",
        "The names are counted and kept, four as in C; nothing else depends on them.",
        "integration/test_live_azure_methods.py::test_commands_of_components_and_of_the_device",
    ),
)

LINK = (
    (
        "UINT nx_azure_iot_hub_client_websocket_enable(NX_AZURE_IOT_HUB_CLIENT *hub_client_ptr)",
        "nx_azure_iot_hub_client_websocket_enable(hub)",
        "status",
        _SET,
        "As in C, without a macro at compile time.",
        _CONNECTING + "test_a_key_proves_who_it_is",
    ),
    (
        "",
        "nx_azure_iot_hub_client_server_set(hub, host, port=0, tls=1)",
        "status",
        _SET,
        "Connects elsewhere than the hub's name says, and keeps that name in user name and token: "
        "for gateways, and for a hub at one's desk.",
        _CONNECTING + "test_through_a_gateway_the_hub_keeps_its_name",
    ),
    (
        "UINT nx_azure_iot_hub_client_connect(NX_AZURE_IOT_HUB_CLIENT *hub_client_ptr, "
        "UINT clean_session, UINT wait_option)",
        "nx_azure_iot_hub_client_connect(hub, clean_session, wait_option)",
        "status",
        _SET + " NX_AZURE_IOT_CONNECTING NX_AZURE_IOT_ALREADY_CONNECTED NX_AZURE_IOT_TIME_NOT_SET "
        "NX_AZURE_IOT_SAS_TOKEN_EXPIRED NX_WAIT_ERROR NXD_MQTT_CONNECT_FAILURE "
        "NXD_MQTT_COMMUNICATION_FAILURE NXD_MQTT_SERVER_MESSAGE_FAILURE "
        "NXD_MQTT_PACKET_POOL_FAILURE NXD_MQTT_ERROR_SERVER_UNAVAILABLE "
        "NXD_MQTT_ERROR_BAD_USERNAME_PASSWORD NXD_MQTT_ERROR_NOT_AUTHORIZED",
        "A clock that was never set and a token that has expired are told before anything is "
        "sent. Features are subscribed without waiting for the hub's answer; where the session is "
        "present, nothing is subscribed twice.",
        _CONNECTING + "test_a_second_connect_changes_nothing",
    ),
    (
        "UINT nx_azure_iot_hub_client_disconnect(NX_AZURE_IOT_HUB_CLIENT *hub_client_ptr)",
        "nx_azure_iot_hub_client_disconnect(hub)",
        "status",
        _SET,
        "As in C: what was received and not taken goes.",
        _LINKS + "test_the_program_s_own_disconnect_begins_anew",
    ),
    (
        "",
        "nx_azure_iot_hub_client_reconnect_set(hub, minimum_ticks, maximum_ticks)",
        "status",
        _SET + " NXD_MQTT_INVALID_STATE",
        "Connects again by itself, which in C the program does. Who is being replaced by another "
        "program of the same id slows down.",
        _LINKS + "test_a_hub_that_was_away_is_found_again",
    ),
    (
        "UINT nx_azure_iot_hub_client_connection_status_callback_set("
        "NX_AZURE_IOT_HUB_CLIENT *hub_client_ptr, VOID (*connection_status_cb)("
        "struct NX_AZURE_IOT_HUB_CLIENT_STRUCT *hub_client_ptr, UINT status))",
        "nx_azure_iot_hub_client_connection_status_callback_set(hub, connection_status_cb)",
        "status",
        _SET,
        "It runs outside the lock, and may call connect. NX_AZURE_IOT_REPLACED is told, which C "
        "does not have; the renewal of a token is not.",
        _LINKS + "test_the_program_may_connect_again_inside_the_callback",
    ),
    (
        "UINT nx_azure_iot_hub_client_receive_callback_set("
        "NX_AZURE_IOT_HUB_CLIENT *hub_client_ptr, UINT message_type, VOID (*callback_ptr)("
        "NX_AZURE_IOT_HUB_CLIENT *hub_client_ptr, VOID *args), VOID *callback_args)",
        "nx_azure_iot_hub_client_receive_callback_set(hub, message_type, callback, "
        "callback_args=None)",
        "status",
        _SET + " NX_AZURE_IOT_NOT_SUPPORTED",
        "Told of a message that was too large, too; receiving it then says so.",
        "integration/test_live_azure_messages.py::test_a_callback_is_told_of_each_message",
    ),
    (
        "",
        "nx_azure_iot_hub_client_statistics_get(hub)",
        "status, statistics",
        _SET,
        "Those of a client, and what was renewed and how long that took.",
        "integration/test_live_azure_renewal.py::"
        "test_a_token_is_renewed_with_traffic_and_nothing_is_lost",
    ),
)

PARTS = (
    (
        "IoT Hub: the client",
        "From ``nxd_mqtt.azure_iot``; :doc:`azure` shows them at work.",
        LIFE,
    ),
    (
        "IoT Hub: who the device is",
        "Between initialize and connect. A key, a token, or a certificate.",
        LOGIN,
    ),
    ("IoT Hub: the link", "The program polls the hub client by ``nxd_mqtt_client_poll``.", LINK),
)
