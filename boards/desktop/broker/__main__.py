# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The broker as a command: `python -m boards.desktop.broker --port 1883`."""

import argparse
import hmac
import signal
import threading

from .packets import ACCEPTED, BAD_USERNAME_OR_PASSWORD, NOT_AUTHORIZED
from .server import Broker


def _name_and_password(text: str) -> tuple[str, bytes]:
    name, colon, password = text.partition(":")
    if not name or not colon:
        # argparse would repeat the argument, password included, for a ValueError.
        raise argparse.ArgumentTypeError("expected NAME:PASSWORD")
    return name, password.encode()


def checker(users: dict[str, bytes]):
    """Make an `authenticate` that knows these users; nobody else comes in, if there are any."""

    def authenticate(client_id: str, username: str | None, password: bytes | None) -> int:
        if not users:
            return ACCEPTED
        if username is None:
            return NOT_AUTHORIZED
        known = hmac.compare_digest(users.get(username, b""), password or b"")
        return ACCEPTED if known and username in users else BAD_USERNAME_OR_PASSWORD

    return authenticate


def main(arguments: list[str] | None = None) -> int:
    """Run until Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m boards.desktop.broker", description=__doc__)
    parser.add_argument("--port", type=int, default=1883, help="0 picks a free one")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument(
        "--user",
        type=_name_and_password,
        action="append",
        default=[],
        metavar="NAME:PASSWORD",
        help="accept only users that are named so; may be repeated",
    )
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with Broker(options.port, options.host, checker(dict(options.user))) as broker:
            print(f"broker listening on {broker.host} port {broker.port}", flush=True)
            threading.Event().wait()
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
