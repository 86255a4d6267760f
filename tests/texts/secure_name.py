# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
# ruff: noqa: F821 - a fragment: the test that runs it hands the other names in
"""Another name than that of the connect, in a setup callback."""

name = NX_SECURE_X509_DNS_NAME()
if not status:
    status = nx_secure_x509_dns_name_initialize(name, "broker.example")
if not status:
    status = nx_secure_tls_session_sni_extension_set(session, name)
