# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
# ruff: noqa: F821 - a fragment: the test that runs it hands the other names in
"""Tokens from somebody who has the key."""


def ask_for_token():
    return keeper.token("greenhouse")


nx_azure_iot_hub_client_sas_token_set(hub, ask_for_token)
