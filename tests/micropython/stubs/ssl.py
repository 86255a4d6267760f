# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""CircuitPython's way to make a TLS context, on MicroPython's TLS."""

import tls


def create_default_context():
    """A client's context that verifies its peer."""
    context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    context.verify_mode = tls.CERT_REQUIRED
    return context
