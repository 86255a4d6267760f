# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Entity tags: who writes may say what he has read, and is refused if that has changed."""

import base64

from .refusals import PreconditionFailed

ANY = "*"


def etag(number: int) -> str:
    """The tag of the n-th state of something."""
    return base64.b64encode(number.to_bytes(8, "big")).decode()


def check_etag(wanted: str | None, actual: str) -> None:
    """Compare what If-Match says.

    :param wanted: a tag with or without quotes, `*` or None for whatever there is
    :raises PreconditionFailed: it is another
    """
    if wanted is None:
        return
    wanted = wanted.strip().removeprefix("W/").strip('"')
    if wanted not in (ANY, actual):
        raise PreconditionFailed("somebody else has written meanwhile")
