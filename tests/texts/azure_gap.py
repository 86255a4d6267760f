# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
# ruff: noqa: F821 - a fragment: the test that runs it hands the other names in
"""How often the token was renewed, and how long there was no link."""

status, statistics = nx_azure_iot_hub_client_statistics_get(hub)
print("%d renewals, the last gap was %d ms" % (statistics["renewals"], statistics["gap"]))
