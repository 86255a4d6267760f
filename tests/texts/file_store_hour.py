# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
# ruff: noqa: F821 - a fragment: the test that runs it hands the other names in
"""A pool for an hour with a message a minute."""

nx_packet_pool_create(pool, "an hour", 128, None, 60 * 128)
