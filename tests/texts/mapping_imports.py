# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The lines that stand for C's header files."""

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *
