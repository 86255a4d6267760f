# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A secure connect, and its setup callback."""

from nxd_mqtt.nxd import *
from nxd_mqtt.tls import *


def tls_setup(client, session, certificate, trusted_certificate):
    status = nx_secure_tls_session_create(session)
    if status == NX_SUCCESS:
        status = nx_secure_x509_certificate_initialize(trusted_certificate, "/roots.pem")
    if status == NX_SUCCESS:
        status = nx_secure_tls_trusted_certificate_add(session, trusted_certificate)
    return status


status = nxd_mqtt_client_secure_connect(
    client, "broker.example", NXD_MQTT_TLS_PORT, tls_setup, 60, NX_FALSE, 500
)
