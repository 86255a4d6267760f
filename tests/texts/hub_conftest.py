# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A hub for each test that names it."""

pytest_plugins = ["boards.desktop.hub.fixture"]
