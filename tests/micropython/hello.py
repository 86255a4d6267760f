# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Shows that the bench works: answers its arguments, or ends with the exit code it is told."""

import sys

if sys.implementation.name != "micropython":
    sys.exit("not MicroPython")
if len(sys.argv) > 2 and sys.argv[1] == "exit":
    print("told to fail")
    sys.exit(int(sys.argv[2]))
print("hello", *sys.argv[1:])
