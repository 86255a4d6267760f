# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
# ruff: noqa: F821 - a fragment: the test that runs it hands the other names in
"""A certificate of the device's own, in a setup callback."""

if not status:
    status = nx_secure_x509_certificate_initialize(certificate, "/device.pem", None, "/device.key")
if not status:
    status = nx_secure_tls_local_certificate_add(session, certificate)
