# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Points in time as the hub writes them."""

from datetime import datetime, timedelta, timezone

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

NEVER = "0001-01-01T00:00:00Z"


def timestamp(moment: float | None) -> str:
    """A time in UTC with milliseconds.

    :param moment: seconds since 1970, None for never
    """
    if moment is None:
        return NEVER
    text = (_EPOCH + timedelta(seconds=moment)).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
