# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""How large the compiled library may be: the modules, grouped, with a ceiling in bytes each."""

# What a plain client imports. The other groups are one roof module each.
CORE = "__init__ status store inbox wire transport reconnect reader session link client"

# (group, its modules, bytes of .mpy at most)
CEILINGS = (
    ("core", CORE, 18600),
    ("nxd", "nxd", 4700),
    ("nxd_extensions", "nxd_extensions", 2000),
)
