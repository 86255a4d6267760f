# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The hub as a command: `python -m boards.desktop.hub --device sensor`.

It prints what a device and a service are configured with, then a line for each message that comes
and for each thing that it refuses. Ctrl-C ends it, with a summary.
"""

import argparse
import binascii
import signal
import threading
from pathlib import Path

from . import Hub, HubError
from .telemetry import Event

_LONGEST_SHOWN = 200


def _port(text: str) -> int:
    # The system would take the rest of a division by 65536.
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"expected 0 to 65535, not {text!r}")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 <= seconds < threading.TIMEOUT_MAX:
        raise argparse.ArgumentTypeError(f"expected a number of seconds, not {text!r}")
    return seconds


def _key(text: str) -> str:
    try:
        binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        # argparse would repeat the key for a ValueError.
        raise argparse.ArgumentTypeError("expected base64") from None
    return text


def _add_ports(add) -> None:
    add(
        "--port",
        type=_port,
        action="append",
        help="speak TLS here, every protocol; 8883 if there is none, 0 picks a free one; may be"
        " repeated, as Microsoft's own clients insist on 8883 and on 443 for WebSocket and HTTPS",
    )
    add("--plain-port", type=_port, metavar="PORT", help="the same without TLS, for boards")
    add("--address", default="127.0.0.1", help="where to listen; 0.0.0.0 is every address")
    add(
        "--host",
        default="localhost",
        help="the hub's name, in connection strings and in its certificate",
    )


def _add_devices(add) -> None:
    add(
        "--device",
        action="append",
        default=[],
        metavar="ID",
        help="a device with a key; dev1 if there is none at all; may be repeated",
    )
    add(
        "--x509",
        action="append",
        default=[],
        metavar="ID",
        help="a device with a certificate; may be repeated",
    )
    add(
        "--key",
        type=_key,
        help="the key of all devices, in base64, so that they need not be configured again",
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m boards.desktop.hub",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    _add_ports(add)
    _add_devices(add)
    add("--ca-file", type=Path, metavar="FILE", help="write the root certificate here, too")
    add("--lenient", action="store_true", help="take the topic filters of Adafruit's library")
    add("--seconds", type=_seconds, help="end after so long")
    return parser


def _show_event(event: Event) -> None:
    shown = event.body[:_LONGEST_SHOWN].decode(errors="backslashreplace")
    more = "..." * (len(event.body) > _LONGEST_SHOWN)
    properties = "".join(f" {name}={value}" for name, value in event.properties)
    print(f"from {event.identity.common_name}:{properties} {shown!r}{more}", flush=True)


def _show_report(text: str) -> None:
    print(f"refused: {text}", flush=True)


def _make(options: argparse.Namespace) -> Hub:
    hub = Hub(
        options.port or (8883,),
        plain_port=options.plain_port,
        host=options.host,
        address=options.address,
        devices=(),
        lenient=options.lenient,
    )
    devices = options.device
    if not devices and not options.x509:
        devices = ["dev1"]
    for device_id in devices:
        hub.add_device(device_id, key=options.key)
    for device_id in options.x509:
        hub.add_device(device_id, x509=True)
    if options.ca_file is not None:
        options.ca_file.write_text(hub.ca_pem)
    hub.follow(_show_event, _show_report)
    return hub


def _introduce(hub: Hub, options: argparse.Namespace) -> None:
    for port in hub.ports:
        print(f"hub {hub.host} listening on {hub.address} port {port} with TLS")
    if hub.plain_port is not None:
        print(f"hub {hub.host} listening on {hub.address} port {hub.plain_port} without TLS")
    print(f"root certificate: {options.ca_file or hub.ca_file}")
    for record in hub.core.registry.devices():
        name = record.identity.device_id
        print(f"device {name}: {hub.connection_string(name)}")
        if record.primary_key is None:
            certificate, key = hub.certificate(name)
            print(f"device {name}: certificate {certificate}, its key {key}")
    print(f"service: {hub.service_connection_string}", flush=True)


def _summary(hub: Hub) -> str:
    counted = [f"{name} {count}" for name, count in sorted(hub.statistics().items()) if count]
    return ", ".join(counted) or "nothing happened"


def _serve(hub: Hub, options: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    try:
        hub.start()
    except OSError as error:
        # What Python adds in parentheses says the address once more.
        reason = str(error.strerror).partition(" (")[0]
        parser.exit(2, f"{parser.prog}: cannot listen on {options.address}: {reason}\n")
    try:
        _introduce(hub, options)
        threading.Event().wait(options.seconds)
    finally:
        hub.stop()


def main(arguments: list[str] | None = None) -> int:
    """Run until Ctrl-C or SIGTERM, or for as long as was asked."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        hub = _make(options)
    except (HubError, OSError) as error:
        parser.error(str(error))
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        _serve(hub, options, parser)
    except KeyboardInterrupt:
        pass
    print(f"hub ended: {_summary(hub)}", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
