# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Names that ConnectionManager imports for its annotations, which no interpreter evaluates here."""

List = Optional = Tuple = None
