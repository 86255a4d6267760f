# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
# ruff: noqa: F821 - a fragment: the test that runs it hands the other names in
"""An hour in a moment."""

import time

from boards.desktop.hub import Hub

ahead = 0


def now():
    return time.time() + ahead


with Hub(clock=now) as hub:
    token = hub.token("dev1", seconds=3600)
    with connected(hub, token):
        ahead += 3601
        hub.tick()
        closed = hub.statistics()["closed_expired"]
