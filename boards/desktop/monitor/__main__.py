# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The monitor as a command: `python -m boards.desktop.monitor`.

Shows a client at work, live: its state, how full its queue and its window are, round-trip times,
counters and the last events. Without --broker it starts a broker in this process, and its client
publishes to itself. Where the output is no terminal, it prints lines.

The password of --username is read from the environment, from MQTT_PASSWORD.
"""

import argparse
import math
import os
import signal
import sys
import time
from contextlib import ExitStack

from boards.desktop.broker import Broker

try:
    from . import Recorder, RecordError, Screen
except ModuleNotFoundError as error:
    sys.exit(f"the monitor needs {error.name}: install nxd-mqtt[desktop]")

import boards

from .play import Faults, Player, PlayError
from .words import ending_words, milliseconds

_EPILOG = """\
The exit code is 0; 1 where the broker never accepted the client or has refused it for good; 2 for
what cannot be used: an option, a port, a file.
"""
_PORTS = {False: 1883, True: 8883}
_EMBEDDED_ID = "monitor"
_EMBEDDED_TOPIC = "monitor/demo"
# Seconds: of the embedded client, so that there is something to see at once.
_EMBEDDED_EVERY = 0.25
_EMBEDDED_TAKE = 2.0
_SWITCH_SECONDS = 0.0005
_UNUSABLE = 2
_INTERRUPTED = 130

# Bytes of the receive queue; the embedded client's is so small that one sees it fill.
_QUEUE = 16384
_EMBEDDED_QUEUE = 1024


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0.01 <= value <= 1e6:
        raise argparse.ArgumentTypeError(f"expected seconds from 0.01 on, not {text!r}")
    return value


def _number(least: int, most: int):
    def number(text: str) -> int:
        if not text.isdecimal() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"expected {least} to {most}, not {text!r}")
        return int(text)

    return number


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m boards.desktop.monitor",
        description=__doc__,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_link_options(parser)
    _add_work_options(parser)
    add = parser.add_argument_group("what is shown and kept").add_argument
    add("--payload", action="store_true", help="show and record payloads, not their lengths alone")
    add("--record", metavar="FILE", help="add a JSON object for each event to it, a line each")
    add("--seconds", type=_seconds, metavar="N", help="end after so many")
    add("--plain", action="store_true", help="print lines, on a terminal too")
    return parser


def _add_link_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("which broker, and how")
    add = group.add_argument
    peer = group.add_mutually_exclusive_group()
    peer.add_argument("--broker", metavar="HOST", help="its name or address")
    peer.add_argument(
        "--embedded", action="store_true", help="a broker in this process; so without --broker"
    )
    add(
        "--port",
        type=_number(0, 65535),
        metavar="N",
        help="1883, or 8883 with --tls; the embedded broker takes one that is free",
    )
    add("--tls", action="store_true", help="speak TLS with --broker")
    add("--roots", metavar="FILE", help="trust these certificates (PEM), not the system's")
    add("--username", metavar="NAME", help="log in; the password is in MQTT_PASSWORD")
    add("--client-id", metavar="NAME", help="this machine's own one unless given")
    add("--keepalive", type=_number(0, 65535), default=60, metavar="SECONDS", help="60; 0 for none")
    add("--keep-session", action="store_true", help="let the broker keep the session over links")
    add(
        "--faults",
        type=_seconds,
        metavar="SECONDS",
        help="how often the embedded broker stops to acknowledge or cuts the link, on purpose",
    )


def _add_work_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("what the client does").add_argument
    add("--topic", action="append", default=[], metavar="FILTER", help="subscribe; repeatable")
    add("--publish", metavar="TOPIC", help="publish a counter to it")
    add("--qos", type=_number(0, 1), default=1, metavar="0|1", help="of both; 1 unless given")
    add(
        "--every",
        type=_seconds,
        metavar="SECONDS",
        help=f"between two messages; 1 unless given, {_EMBEDDED_EVERY:g} without --broker",
    )
    add(
        "--take-every",
        type=_seconds,
        metavar="SECONDS",
        help="let messages wait in the receive queue; not at all unless given, "
        f"{_EMBEDDED_TAKE:g} without --broker",
    )


def _options(parser: argparse.ArgumentParser, arguments) -> argparse.Namespace:
    """The options, complete."""
    options = parser.parse_args(arguments)
    options.embedded = options.broker is None
    options.queue_bytes = _QUEUE
    for name in ("tls", "roots", "username"):
        if options.embedded and getattr(options, name):
            parser.error(f"--{name} needs --broker")
    if options.roots and not options.tls:
        parser.error("--roots needs --tls")
    if options.faults and not options.embedded:
        parser.error("--faults is for the embedded broker")
    if options.embedded:
        _complete_embedded(options)
    elif options.port == 0:
        parser.error("argument --port: expected 1 to 65535, not '0'")
    options.port = _PORTS[options.tls] if options.port is None else options.port
    options.every = options.every or 1.0
    options.take_every = options.take_every or 0.0
    options.client_id = options.client_id or boards.client_id()
    return options


def _complete_embedded(options: argparse.Namespace) -> None:
    if not options.publish and not options.topic:
        options.publish = _EMBEDDED_TOPIC
    options.topic = options.topic or [options.publish]
    options.every = options.every or _EMBEDDED_EVERY
    options.take_every = options.take_every or _EMBEDDED_TAKE
    options.client_id = options.client_id or _EMBEDDED_ID
    options.keep_session = True
    options.queue_bytes = _EMBEDDED_QUEUE
    options.port = options.port or 0


class _Course:
    """What came of it: whether it ever connected, and why it last did not."""

    def __init__(self, monitor):
        self.connected = self.interrupted = self.gave_up = False
        self.ending = None
        self.figures = {}
        monitor.listeners.append(self._take)

    def _take(self, event) -> None:
        if event.kind == "connected":
            self.connected = True
        elif event.kind in ("lost", "failed", "refused") and "stage" in event.fields:
            self.ending = event

    def close(self) -> int:
        """Say how it went; returns the exit code."""
        if self.connected and not self.gave_up:
            print(_summary(self.figures))
            return 0
        reason = "no answer in time" if self.ending is None else ending_words(self.ending.fields)
        what = "given up" if self.connected else "never connected"
        print(f"{what}: {reason}", file=sys.stderr)
        return _INTERRUPTED if self.interrupted else 1


def _summary(figures: dict) -> str:
    names = ("published", "acknowledged", "resent", "received", "dropped", "connects", "reconnects")
    middle = figures["round_trip_median"]
    trip = "none" if middle is None else milliseconds(middle).replace(" ", "")
    return " ".join([*(f"{name}={figures[name]}" for name in names), f"round_trip={trip}"])


def _run(options: argparse.Namespace, stack: ExitStack) -> int:
    """Play until the time is over, the client gives up, or somebody interrupts."""
    broker = faults = None
    recorder = stack.enter_context(Recorder(options.record)) if options.record else None
    host, port = options.broker, options.port
    where = f"{host} port {port}" + " with TLS" * options.tls
    if options.embedded:
        broker = _start(Broker(port), stack)
        host, port = broker.host, broker.port
        where = f"embedded broker {host} port {port}"
        if options.faults:
            faults = Faults(broker, options.client_id, options.faults)
    title = f"{options.client_id} at {where}"
    player = Player(options, host, port, title, os.environ.get("MQTT_PASSWORD"))
    stack.callback(player.end)
    course = _Course(player.monitor)
    footer = "Ctrl-C ends"
    if recorder:
        player.monitor.listeners.append(recorder.take)
        footer = f"recording to {options.record}, {footer}"
    try:
        with Screen(player.monitor, footer, plain=options.plain) as screen:
            _play(options, player, screen, faults, course)
    except KeyboardInterrupt:
        course.interrupted = True
    course.figures = player.monitor.snapshot().figures
    return course.close()


def _start(broker: Broker, stack: ExitStack) -> Broker:
    try:
        return stack.enter_context(broker)
    except OSError as error:
        # What Python adds in parentheses says the address once more.
        reason = str(error.strerror).partition(" (")[0]
        raise PlayError(f"cannot listen on {broker.host} port {broker.port}: {reason}")


def _play(options, player: Player, screen: Screen, faults, course: _Course) -> None:
    end = time.monotonic() + (options.seconds or math.inf)
    while time.monotonic() < end and not course.gave_up:
        if faults:
            faults.turn()
        course.gave_up = not player.turn()
        screen.draw()


def _prepare() -> None:
    """An end by a signal is one by Ctrl-C; any encoding will do for the output."""
    # Who draws must let go of the interpreter soon, or the round trips would be its own times.
    sys.setswitchinterval(_SWITCH_SECONDS)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.default_int_handler)
    # What the encoding lacks is written as an escape sequence of Python's.
    sys.stdout.reconfigure(errors="backslashreplace")


def main(arguments: list[str] | None = None) -> int:
    """Run until Ctrl-C or SIGTERM, or for as long as was asked for; returns the exit code."""
    parser = _parser()
    options = _options(parser, arguments)
    _prepare()
    try:
        with ExitStack() as stack:
            return _run(options, stack)
    except BrokenPipeError:  # the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:  # before there was anything to see
        return _INTERRUPTED
    except (PlayError, RecordError) as error:
        text = str(error)
    print(f"{parser.prog}: {text}", file=sys.stderr)
    return _UNUSABLE


if __name__ == "__main__":
    raise SystemExit(main())
