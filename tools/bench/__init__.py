# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The bench: what a message costs here, beside other clients and a bare socket.

Each part is a module with ``measure(quick)``, which returns rows; ``python tools/bench`` runs all.
"""

# Everything happens on this machine.
HOST = "127.0.0.1"
