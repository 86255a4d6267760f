# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The boot.py that takes the drive from the computer."""

import storage

storage.remount("/", readonly=False)
