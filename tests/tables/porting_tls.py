# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The rows of the porting guide for TLS and WebSocket, in the form that ``porting`` describes."""

CONNECTING = (
    (
        "UINT nxd_mqtt_client_secure_connect(NXD_MQTT_CLIENT *client_ptr, NXD_ADDRESS *server_ip, "
        "UINT server_port, UINT (*tls_setup)(NXD_MQTT_CLIENT *, NX_SECURE_TLS_SESSION *, "
        "NX_SECURE_X509_CERT *, NX_SECURE_X509_CERT *), UINT keepalive, UINT clean_session, "
        "ULONG wait_option)",
        "nxd_mqtt_client_secure_connect(client, server_ip, server_port, tls_setup, keepalive, "
        "clean_session, wait_option)",
        "status",
        "NXD_MQTT_SUCCESS NX_IN_PROGRESS NX_PTR_ERROR NX_INVALID_PORT NX_WAIT_ERROR "
        "NXD_MQTT_INVALID_PARAMETER NXD_MQTT_ALREADY_CONNECTED NXD_MQTT_CONNECTING "
        "NXD_MQTT_INVALID_STATE NXD_MQTT_CONNECT_FAILURE NXD_MQTT_COMMUNICATION_FAILURE "
        "NXD_MQTT_SERVER_MESSAGE_FAILURE NXD_MQTT_PACKET_POOL_FAILURE "
        "NXD_MQTT_ERROR_UNACCEPTABLE_PROTOCOL NXD_MQTT_ERROR_IDENTIFYIER_REJECTED "
        "NXD_MQTT_ERROR_SERVER_UNAVAILABLE NXD_MQTT_ERROR_BAD_USERNAME_PASSWORD "
        "NXD_MQTT_ERROR_NOT_AUTHORIZED",
        "tls_setup is called only when the state allows a connect, and again before each further "
        "attempt. A failure of TLS is NXD_MQTT_CONNECT_FAILURE as in C, and client.reason has the "
        "number of TLS with advice. A plain connect afterwards is plain.",
        "test_tls_setup.py::test_its_status_is_handed_back_and_nothing_changes",
    ),
    (
        "UINT nxd_mqtt_client_websocket_set(NXD_MQTT_CLIENT *client_ptr, UCHAR *host, "
        "UINT host_length, UCHAR *uri_path, UINT uri_path_length)",
        "nxd_mqtt_client_websocket_set(client, host, uri_path)",
        "status",
        "NXD_MQTT_SUCCESS NX_PTR_ERROR NXD_MQTT_INVALID_PARAMETER NXD_MQTT_MUTEX_FAILURE",
        "A second call replaces the first one; in C it breaks the client. It counts from the next "
        "connect on.",
        "test_websocket_netx.py::test_netx_mqtt_websocket_block_test",
    ),
)

SESSION = (
    (
        "VOID nx_secure_tls_initialize(VOID)",
        "nx_secure_tls_initialize()",
        "nothing",
        "",
        "It does nothing.",
        "test_tls_functions.py::test_arguments_that_c_code_passes_are_accepted",
    ),
    (
        "UINT nx_secure_tls_session_create(NX_SECURE_TLS_SESSION *session_ptr, "
        "const NX_SECURE_TLS_CRYPTO *cipher_table, VOID *metadata_area, ULONG metadata_size)",
        "nx_secure_tls_session_create(session, cipher_table=None, metadata=None, metadata_size=0)",
        "status",
        "NX_SUCCESS NX_PTR_ERROR",
        "Only the session counts: the platform knows its ciphers and has its own memory.",
        "test_tls_functions.py::test_a_session_that_is_created_again_is_empty",
    ),
    (
        "UINT nx_secure_tls_session_delete(NX_SECURE_TLS_SESSION *tls_session)",
        "nx_secure_tls_session_delete(session)",
        "status",
        "NX_SUCCESS NX_PTR_ERROR",
        "Forgets what the session was told. A program need not call it.",
        "test_tls_functions.py::test_a_session_that_is_created_again_is_empty",
    ),
    (
        "UINT nx_secure_tls_session_packet_buffer_set(NX_SECURE_TLS_SESSION *session_ptr, "
        "UCHAR *buffer_ptr, ULONG buffer_size)",
        "nx_secure_tls_session_packet_buffer_set(session, buffer=None, buffer_size=0)",
        "status",
        "NX_SUCCESS NX_PTR_ERROR",
        "Only checks the session: the platform's TLS has its own buffers.",
        "test_tls_functions.py::test_of_a_session",
    ),
    (
        "UINT nx_secure_tls_session_time_function_set(NX_SECURE_TLS_SESSION *tls_session, "
        "ULONG (*time_func_ptr)(VOID))",
        "nx_secure_tls_session_time_function_set(session, time_function)",
        "status",
        "NX_SUCCESS NX_PTR_ERROR",
        "The platform's TLS looks at the platform's clock; this one only helps to explain a "
        "certificate that was refused.",
        "test_tls_functions.py::test_the_time_function",
    ),
    (
        "UINT nx_secure_tls_session_sni_extension_set(NX_SECURE_TLS_SESSION *tls_session, "
        "NX_SECURE_X509_DNS_NAME *dns_name)",
        "nx_secure_tls_session_sni_extension_set(session, dns_name)",
        "status",
        "NX_SUCCESS NX_PTR_ERROR",
        "The name is also the one that the certificate is checked for. Without it that is the "
        "server_ip of the call that connects, where C checks no name unless the program does.",
        "test_tls_functions.py::test_a_host_name",
    ),
    (
        "UINT nx_secure_x509_dns_name_initialize(NX_SECURE_X509_DNS_NAME *dns_name, "
        "const UCHAR *name_string, USHORT length)",
        "nx_secure_x509_dns_name_initialize(dns_name, name_string)",
        "status",
        "NX_SUCCESS NX_PTR_ERROR",
        "A name that is no text is refused.",
        "test_tls_functions.py::test_no_host_name",
    ),
)

CERTIFICATES = (
    (
        "UINT nx_secure_x509_certificate_initialize(NX_SECURE_X509_CERT *certificate, "
        "UCHAR *certificate_data, USHORT length, UCHAR *raw_data_buffer, USHORT buffer_size, "
        "const UCHAR *private_key, USHORT priv_len, UINT private_key_type)",
        "nx_secure_x509_certificate_initialize(certificate, certificate_data, "
        "raw_data_buffer=None, private_key=None, private_key_type=0)",
        "status",
        "NX_SUCCESS NX_PTR_ERROR 0x19D",
        "PEM, DER, or the path of a file. What is in it is looked at when the client connects, so "
        "a damaged certificate fails there.",
        "test_tls_functions.py::test_a_certificate",
    ),
    (
        "UINT nx_secure_tls_trusted_certificate_add(NX_SECURE_TLS_SESSION *tls_session, "
        "NX_SECURE_X509_CERT *certificate)",
        "nx_secure_tls_trusted_certificate_add(session, certificate)",
        "status",
        "NX_SUCCESS NX_PTR_ERROR",
        "Without any the platform's own roots are trusted; in C nothing is.",
        "test_tls_functions.py::test_adding_certificates",
    ),
    (
        "UINT nx_secure_tls_local_certificate_add(NX_SECURE_TLS_SESSION *tls_session, "
        "NX_SECURE_X509_CERT *certificate)",
        "nx_secure_tls_local_certificate_add(session, certificate)",
        "status",
        "NX_SUCCESS NX_PTR_ERROR",
        "One of those that are added has the private key; the others are the chain behind it.",
        "test_tls_functions.py::test_adding_certificates",
    ),
    (
        "UINT nx_secure_tls_remote_certificate_allocate(NX_SECURE_TLS_SESSION *tls_session, "
        "NX_SECURE_X509_CERT *certificate, UCHAR *raw_certificate_buffer, UINT buffer_size)",
        "nx_secure_tls_remote_certificate_allocate(session, certificate=None, buffer=None, "
        "buffer_size=0)",
        "status",
        "NX_SUCCESS NX_PTR_ERROR",
        "Only checks the session: the platform makes room for the server's certificates.",
        "test_tls_functions.py::test_of_a_session",
    ),
)

PARTS = (
    (
        "TLS and WebSocket: connecting",
        "From ``nxd_mqtt.tls`` and ``nxd_mqtt.websocket``.",
        CONNECTING,
    ),
    (
        "TLS: what a setup callback calls",
        "From ``nxd_mqtt.tls``. :doc:`secure` has a whole callback.",
        SESSION,
    ),
    ("TLS: certificates", "From ``nxd_mqtt.tls``.", CERTIFICATES),
)
