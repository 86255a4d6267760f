# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
# ruff: noqa: F821 - a fragment: the test that runs it hands the other names in
"""Two lines of a setup callback in C, in Python."""

status = nx_secure_x509_certificate_initialize(
    certificate, device_der, NX_NULL, device_key, NX_SECURE_X509_KEY_TYPE_RSA_PKCS1_DER
)
status = nx_secure_x509_dns_name_initialize(dns_name, "broker.example")
