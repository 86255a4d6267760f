# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Never ends, so that the bench can show that it ends a script."""

while True:
    pass
