# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Plays stories for atheris, which watches the branches of the library; ``run`` starts this."""

import sys

import atheris

with atheris.instrument_imports(include=["nxd_mqtt"]):
    import nxd_mqtt.nxd  # noqa: F401
    import nxd_mqtt.nxd_extensions  # noqa: F401
    import nxd_mqtt.reconnect  # noqa: F401


def main() -> None:
    """Play until the options of the fuzzer say stop."""
    from .desk import run

    atheris.Setup(sys.argv, run)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
