# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The broker as a command: `python -m boards.desktop.broker --port 1883`.

With a certificate it speaks TLS, with a path WebSocket, with both WebSocket over TLS.
"""

import argparse
import hmac
import signal
import ssl
import sys
import threading

from .packets import ACCEPTED, BAD_USERNAME_OR_PASSWORD, NOT_AUTHORIZED
from .secure import server_context
from .server import Broker

_EPILOG = """\
A client whose TLS handshake is refused sees only that the connection ends, without an alert that
says why. The reason is printed here, a line for each.
"""


def _name_and_password(text: str) -> tuple[str, bytes]:
    name, colon, password = text.partition(":")
    if not name or not colon:
        # argparse would repeat the argument, password included, for a ValueError.
        raise argparse.ArgumentTypeError("expected NAME:PASSWORD")
    return name, password.encode()


def _port(text: str) -> int:
    # The system would take the rest of a division by 65536.
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"expected 0 to 65535, not {text!r}")
    return int(text)


def _path(text: str) -> str:
    if not text.startswith("/"):
        raise argparse.ArgumentTypeError(f"a path begins with a slash, unlike {text!r}")
    return text


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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m boards.desktop.broker",
        description=__doc__,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=_port, default=1883, help="0 picks a free one")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument(
        "--user",
        type=_name_and_password,
        action="append",
        default=[],
        metavar="NAME:PASSWORD",
        help="accept only users that are named so; may be repeated",
    )
    parser.add_argument(
        "--certificate",
        metavar="FILE",
        help="speak TLS with this certificate (PEM), its intermediates after it",
    )
    parser.add_argument(
        "--key", metavar="FILE", help="its key (PEM, no password), if it is in a file of its own"
    )
    parser.add_argument(
        "--client-authority",
        metavar="FILE",
        help="accept only clients that show a certificate signed by this authority (PEM)",
    )
    parser.add_argument(
        "--websocket",
        type=_path,
        metavar="PATH",
        help="speak WebSocket at this path, which is mostly /mqtt",
    )
    return parser


def _context(options: argparse.Namespace, parser: argparse.ArgumentParser):
    if options.certificate is None:
        if options.key is not None or options.client_authority is not None:
            parser.error("--key and --client-authority need --certificate")
        return None
    try:
        return server_context(
            options.certificate, options.key, options.client_authority, _tell_refusal
        )
    except OSError as error:
        text = f"the certificate, the key or the authority: {error}"
        alone = isinstance(error, ssl.SSLError) and error.filename == options.certificate
        if alone and options.key is None:
            text += " - is the key in it? else --key"
        parser.error(text)


def _tell_refusal(reason: str) -> None:
    print(f"TLS handshake refused: {reason}", file=sys.stderr, flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Run until Ctrl-C or SIGTERM."""
    parser = _parser()
    options = parser.parse_args(arguments)
    context = _context(options, parser)
    users = checker(dict(options.user))
    try:
        broker = Broker(options.port, options.host, users, context, options.websocket)
    except ModuleNotFoundError as error:
        parser.error(str(error))
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        try:
            broker.start()
        except OSError as error:
            # What Python adds in parentheses says the address once more.
            reason = str(error.strerror).partition(" (")[0]
            where = f"{options.host} port {options.port}"
            parser.exit(2, f"{parser.prog}: cannot listen on {where}: {reason}\n")
        try:
            layers = " with TLS" * (context is not None)
            layers += f" at WebSocket path {options.websocket}" * bool(options.websocket)
            print(f"broker listening on {broker.host} port {broker.port}{layers}", flush=True)
            threading.Event().wait()
        finally:
            broker.stop()
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
