# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Imports each module that it is given; what MicroPython cannot run ends it."""

import sys

for name in sys.argv[1:]:
    __import__(name)
    print(name)
