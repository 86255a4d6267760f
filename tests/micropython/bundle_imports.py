# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Imports each module that it is given as the first one of a program, and says where it lies.

A module that needs one that is not there is named with what it needs.
"""

import gc
import sys

ALWAYS_THERE = set(sys.modules)

for name in sys.argv[1:]:
    try:
        module = __import__(name, None, None, ("x",))
        print(name, module.__file__)
    except ImportError as error:
        print(name, error)
    for other in list(sys.modules):
        if other not in ALWAYS_THERE:
            del sys.modules[other]
    module = None
    gc.collect()
