# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""An assertion that tells what was wrong on every interpreter."""


def require(claim, what: str) -> None:
    """Fail unless the claim holds.

    :param str what: was expected, or was found instead
    """
    if not claim:
        raise AssertionError(what)
